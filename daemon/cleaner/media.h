/* SPDX-License-Identifier: ISC */
/*
 * What sound, film and HEIC share: numbers out of hostile bytes, a view that is eaten from the front, and
 * an output that remembers that something went wrong, so that writers need not ask after each byte. The
 * cleaner; pure.
 */
#ifndef CANDOR_CLEANER_MEDIA_H
#define CANDOR_CLEANER_MEDIA_H

#include "cleaner/clean.h"

static inline uint16_t
be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

static inline uint64_t
be64(const uint8_t *p)
{
	return (uint64_t)be32(p) << 32 | be32(p + 4);
}

static inline uint16_t
le16(const uint8_t *p)
{
	return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t
le32(const uint8_t *p)
{
	return (uint32_t)le16(p + 2) << 16 | le16(p);
}

/* Take n bytes from the front of in. False, and nothing taken, when it has not so many. */
bool media_take(struct span *in, size_t n, struct span *out);

/* Take a big-endian number of 0..8 bytes. */
bool media_number(struct span *in, size_t bytes, uint64_t *v);

/* What is written to. After a failure nothing more is, and sink_result() tells. */
struct sink {
	struct clean_out *out;
	bool failed;
};

void sink_put(struct sink *to, const void *p, size_t len);
void sink_span(struct sink *to, struct span s);
void sink_zeros(struct sink *to, size_t n);
/* A big-endian number of 1..8 bytes; and a little-endian one. */
void sink_number(struct sink *to, uint64_t v, size_t bytes);
void sink_little(struct sink *to, uint64_t v, size_t bytes);

/* Where the next byte goes. */
size_t sink_at(const struct sink *to);
/* The bytes written from at on, to be changed in place; NULL after a failure. */
uint8_t *sink_from(struct sink *to, size_t at);

/* 0, CANDOR_ETOOBIG or CANDOR_ENOMEM. */
int sink_result(const struct sink *to) MUST_CHECK;

#endif
