/* SPDX-License-Identifier: ISC */
/*
 * Taking the padding off a stream that is too large for memory: bytes go in as they are decrypted,
 * content comes out; what may be padding is held back as a count. See candor/pad.h. Client.
 */
#ifndef CANDOR_CLIENT_UNPAD_H
#define CANDOR_CLIENT_UNPAD_H

#include "candor/base.h"

/* Writes len bytes of content; 0 or an error, which ends the stream. */
typedef int unpad_sink(void *ctx, const uint8_t *p, size_t len);

struct unpad {
	unpad_sink *sink;
	void *ctx;
	uint64_t in, out; /* bytes taken, bytes of content given */
	uint64_t zeros;   /* zeros held back behind mark */
	bool mark;        /* a byte 0x80 is held back, too */
};

/* Take len bytes. Returns what the sink returned. */
int unpad_write(struct unpad *u, const uint8_t *p, size_t len) MUST_CHECK;

/* The stream ended: 0 when it ended in a mark and zeros, at a size that padding gives; else
 * CANDOR_EBADMSG. */
int unpad_end(const struct unpad *u) MUST_CHECK;

#endif
