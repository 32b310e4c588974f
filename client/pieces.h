/* SPDX-License-Identifier: ISC */
/*
 * Reading a text of any length in pieces that end where lines end: for the filter and for attachments.
 * Client.
 */
#ifndef CANDOR_CLIENT_PIECES_H
#define CANDOR_CLIENT_PIECES_H

#include "candor/base.h"

struct client;

struct pieces {
	int fd;
	const char *what; /* names it in errors */
	uint8_t *buf;     /* cap bytes, in locked memory */
	size_t cap, len;
	size_t taken; /* of len, handed out before */
	bool eof;
	uint64_t offset; /* in the whole text, of the piece handed out last */
};

/* Hand out the next piece, valid until the next call: it ends with a line feed, at the end of the text,
 * or, in a line longer than cap, between two characters. Length 0: there is no more. EX_IOERR. */
int pieces_next(struct client *c, struct pieces *p, struct span *out) MUST_CHECK;

/* Hand out the next line without its line feed. *more is false at the end. EX_DATAERR for a line longer
 * than cap. */
int pieces_line(struct client *c, struct pieces *p, struct span *out, bool *more) MUST_CHECK;

#endif
