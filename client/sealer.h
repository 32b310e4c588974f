/* SPDX-License-Identifier: ISC */
/*
 * Writing an age file of any size as its plaintext comes, without padding, and the SHA-256 of both sides:
 * for exports and backups. Client.
 */
#ifndef CANDOR_CLIENT_SEALER_H
#define CANDOR_CLIENT_SEALER_H

#include <sodium/crypto_hash_sha256.h>

#include "candor/age.h"

#define SEALER_BUF_BYTES (AGE_CHUNK_BYTES + AGE_TAG_BYTES)

/* Where the file goes: false, errno set, when it cannot. */
typedef bool sealer_sink(void *ctx, const void *p, size_t len);

struct sealer {
	sealer_sink *sink;
	void *ctx;
	uint8_t *buf; /* SEALER_BUF_BYTES in locked memory; wiped by sealer_end() */
	size_t have;
	struct age_stream stream;
	crypto_hash_sha256_state plain, sealed;
};

/* Begin a file to one recipient: sink, ctx and buf are set. The header is made in a. CANDOR_EINVAL for a
 * recipient that is none, CANDOR_ENOMEM, CANDOR_ESYS when the sink failed. */
int sealer_begin(
    struct sealer *s, struct arena *a, const uint8_t recipient[AGE_KEY_BYTES]) MUST_CHECK;
/* CANDOR_ESYS when the sink failed. */
int sealer_write(struct sealer *s, const uint8_t *p, size_t len) MUST_CHECK;
/* The plaintext ended; 32 bytes each. */
int sealer_end(struct sealer *s, uint8_t plain[32], uint8_t sealed[32]) MUST_CHECK;

#endif
