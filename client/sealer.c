/* SPDX-License-Identifier: ISC */
/* Writing an age file as its plaintext comes: see sealer.h. Runs in the client. */
#include "sealer.h"

#include <string.h>

#include <sodium/utils.h>

static int
put(struct sealer *s, const uint8_t *p, size_t len)
{
	crypto_hash_sha256_update(&s->sealed, p, len);
	return s->sink(s->ctx, p, len) ? 0 : CANDOR_ESYS;
}

int
sealer_begin(struct sealer *s, struct arena *a, const uint8_t recipient[AGE_KEY_BYTES])
{
	arena_mark_t mark = arena_mark(a);
	uint8_t to[1][AGE_KEY_BYTES];
	struct span head;
	int r;

	s->have = 0;
	crypto_hash_sha256_init(&s->plain);
	crypto_hash_sha256_init(&s->sealed);
	memcpy(to[0], recipient, AGE_KEY_BYTES);
	if ((r = age_stream_begin(a, &s->stream, &head, (const uint8_t(*)[AGE_KEY_BYTES])to, 1)) ==
	    0)
		r = put(s, head.p, head.len);
	arena_release(a, mark);
	return r;
}

static int
flush(struct sealer *s, bool last)
{
	size_t len = s->have;
	int r = age_stream_encrypt(&s->stream, s->buf, s->buf, len, last);

	s->have = 0;
	return r < 0 ? r : put(s, s->buf, len + AGE_TAG_BYTES);
}

int
sealer_write(struct sealer *s, const uint8_t *p, size_t len)
{
	crypto_hash_sha256_update(&s->plain, p, len);
	while (len > 0) {
		size_t n = AGE_CHUNK_BYTES - s->have;
		int r;

		/* A full chunk goes once more comes: the last one is marked. */
		if (n == 0) {
			if ((r = flush(s, false)) < 0)
				return r;
			continue;
		}
		n = len < n ? len : n;
		memcpy(s->buf + s->have, p, n);
		s->have += n;
		p += n;
		len -= n;
	}
	return 0;
}

int
sealer_end(struct sealer *s, uint8_t plain[32], uint8_t sealed[32])
{
	int r = flush(s, true);

	crypto_hash_sha256_final(&s->plain, plain);
	crypto_hash_sha256_final(&s->sealed, sealed);
	sodium_memzero(s->buf, SEALER_BUF_BYTES);
	sodium_memzero(&s->stream, sizeof(s->stream));
	return r;
}
