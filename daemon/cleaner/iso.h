/* SPDX-License-Identifier: ISC */
/*
 * The boxes of ISO 14496-12, of which HEIC, AVIF, MP4, M4A and MOV are made: reading them one after
 * another, writing them, and those small ones that say how to decode or to show what is coded. The
 * cleaner; pure.
 */
#ifndef CANDOR_CLEANER_ISO_H
#define CANDOR_CLEANER_ISO_H

#include "cleaner/coded.h"

#define ISO_TYPE(s)                                                                                \
	((uint32_t)(s)[0] << 24 | (uint32_t)(s)[1] << 16 | (uint32_t)(s)[2] << 8 | (uint32_t)(s)[3])

struct iso_box {
	uint32_t type; /* ISO_TYPE("moov") */
	struct span body;
};

/* Take the next box. 1; 0 at the end (a few bytes too short for one are the end, too); or
 * CANDOR_EBADMSG for one that reaches beyond. */
int iso_next(struct span *in, struct iso_box *box) MUST_CHECK;

/* The first box of this type in a row of them; false when there is none before the row ends or breaks. */
bool iso_find(struct span in, const char *type, struct span *body);

/* Begin a box, and end the one that began there. */
size_t iso_begin(struct sink *to, const char *type);
size_t iso_begin_full(struct sink *to, const char *type, unsigned version, uint32_t flags);
void iso_end(struct sink *to, size_t begun);

/* What boxes said about the coded bytes that they describe. */
struct iso_coding {
	unsigned length_bytes; /* of NAL units */
	uint64_t pixels;       /* of ispe */
	bool alpha;            /* an auxC that says so */
	uint8_t object;        /* esds: ISO 14496-1, table 5; 0: none */
};

/*
 * Write the box without what tells, when it is one that decoders or screens need; not when it is
 * another. 1 when written, 0 when not, or CANDOR_EBADMSG. *coding gets what it says.
 */
int iso_keep(struct sink *to, const struct iso_box *box, struct iso_coding *coding) MUST_CHECK;

#endif
