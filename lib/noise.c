/* SPDX-License-Identifier: ISC */
/*
 * Noise_NK and Noise_IK over 25519, ChaChaPoly, SHA512 (noiseprotocol.org, revision 34): see
 * candor/noise.h. Runs wherever a session ends; keeps nothing outside the caller's structs, and
 * must not go on after an error.
 */
#include "candor/noise.h"

#include <string.h>

#include <sodium.h>

enum token { END, E, S, EE, ES, SE, SS };

#define MESSAGES 2
#define STEP_FAILED (MESSAGES + 1)
#define SEALED_KEY_BYTES (NOISE_KEY_BYTES + NOISE_TAG_BYTES)

/* Both patterns have "<- s" before the first message, and both mix a key (es) before anything is
 * encrypted, so that there is no unencrypted payload. overhead: bytes of a message beside it. */
/* clang-format off */
static const struct pattern {
	const char name[NOISE_HASH_BYTES]; /* padded with zeros: h starts with it (section 5.2) */
	struct {
		enum token tokens[5];
		size_t overhead;
	} message[MESSAGES];
} patterns[] = {
	[NOISE_NK] = { "Noise_NK_25519_ChaChaPoly_SHA512", {
		{ { E, ES }, NOISE_KEY_BYTES + NOISE_TAG_BYTES },
		{ { E, EE }, NOISE_KEY_BYTES + NOISE_TAG_BYTES },
	} },
	[NOISE_IK] = { "Noise_IK_25519_ChaChaPoly_SHA512", {
		{ { E, ES, S, SS }, NOISE_KEY_BYTES + SEALED_KEY_BYTES + NOISE_TAG_BYTES },
		{ { E, EE, SE },    NOISE_KEY_BYTES + NOISE_TAG_BYTES },
	} },
};
/* clang-format on */

/* ---- The cipher and the symmetric state (sections 5.1 and 5.2) ---------------------------- */

static void
nonce_bytes(uint8_t nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES], uint64_t n)
{
	memset(nonce, 0, 4);
	for (unsigned i = 0; i < 8; i++)
		nonce[4 + i] = (uint8_t)(n >> (8 * i));
}

static int
encrypt(struct noise_cipher *c, uint8_t *out, const uint8_t *plain, size_t len, const uint8_t *ad,
    size_t ad_len)
{
	uint8_t nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];

	if (c->nonce == UINT64_MAX)
		return CANDOR_EINVAL;
	nonce_bytes(nonce, c->nonce++);
	crypto_aead_chacha20poly1305_ietf_encrypt(
	    out, NULL, plain, len, ad, ad_len, NULL, nonce, c->key);
	return 0;
}

/* len includes the tag, and the caller has seen that it is there. */
static int
decrypt(struct noise_cipher *c, uint8_t *out, const uint8_t *sealed, size_t len, const uint8_t *ad,
    size_t ad_len)
{
	uint8_t nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];

	if (c->nonce == UINT64_MAX)
		return CANDOR_EBADMSG;
	nonce_bytes(nonce, c->nonce);
	if (crypto_aead_chacha20poly1305_ietf_decrypt(
		out, NULL, NULL, sealed, len, ad, ad_len, nonce, c->key) != 0)
		return CANDOR_EBADMSG;
	c->nonce++;
	return 0;
}

static void
hmac(uint8_t out[NOISE_HASH_BYTES], const uint8_t key[NOISE_HASH_BYTES], const uint8_t *p,
    size_t len, const uint8_t *q, size_t q_len)
{
	crypto_auth_hmacsha512_state st;

	crypto_auth_hmacsha512_init(&st, key, NOISE_HASH_BYTES);
	crypto_auth_hmacsha512_update(&st, p, len);
	crypto_auth_hmacsha512_update(&st, q, q_len);
	crypto_auth_hmacsha512_final(&st, out);
	sodium_memzero(&st, sizeof(st));
}

/* HKDF with two outputs (section 4.3); out1 may be ck itself. */
static void
hkdf(uint8_t out1[NOISE_HASH_BYTES], uint8_t out2[NOISE_HASH_BYTES],
    const uint8_t ck[NOISE_HASH_BYTES], const uint8_t *ikm, size_t ikm_len)
{
	static const uint8_t one = 1, two = 2;
	uint8_t temp[NOISE_HASH_BYTES];

	hmac(temp, ck, ikm, ikm_len, NULL, 0);
	hmac(out1, temp, &one, 1, NULL, 0);
	hmac(out2, temp, out1, NOISE_HASH_BYTES, &two, 1);
	sodium_memzero(temp, sizeof(temp));
}

static void
mix_hash(struct noise_handshake *hs, const void *p, size_t len)
{
	crypto_hash_sha512_state st;

	crypto_hash_sha512_init(&st);
	crypto_hash_sha512_update(&st, hs->h, sizeof(hs->h));
	crypto_hash_sha512_update(&st, p, len);
	crypto_hash_sha512_final(&st, hs->h);
}

static int
mix_dh(struct noise_handshake *hs, enum token token)
{
	bool initiator = hs->role == NOISE_INITIATOR;
	/* The token's first letter is the initiator's key, its second the responder's. */
	bool own_e = token == EE || token == (initiator ? ES : SE);
	bool peer_e = token == EE || token == (initiator ? SE : ES);
	uint8_t shared[NOISE_KEY_BYTES], key[NOISE_HASH_BYTES];

	/* libsodium refuses an all-zero result: a peer's low-order point. */
	if (crypto_scalarmult(shared, own_e ? hs->e : hs->s, peer_e ? hs->re : hs->rs) != 0)
		return CANDOR_EBADMSG;
	hkdf(hs->ck, key, hs->ck, shared, sizeof(shared));
	memcpy(hs->cipher.key, key, NOISE_KEY_BYTES);
	hs->cipher.nonce = 0;
	sodium_memzero(shared, sizeof(shared));
	sodium_memzero(key, sizeof(key));
	return 0;
}

static int
encrypt_and_hash(struct noise_handshake *hs, uint8_t *out, const uint8_t *plain, size_t len)
{
	int r = encrypt(&hs->cipher, out, plain, len, hs->h, sizeof(hs->h));

	if (r == 0)
		mix_hash(hs, out, len + NOISE_TAG_BYTES);
	return r;
}

static int
decrypt_and_hash(struct noise_handshake *hs, uint8_t *out, const uint8_t *sealed, size_t len)
{
	uint8_t h[NOISE_HASH_BYTES];

	/* Hashed before it is decrypted, since the two may share memory. */
	memcpy(h, hs->h, sizeof(h));
	mix_hash(hs, sealed, len);
	return decrypt(&hs->cipher, out, sealed, len, h, sizeof(h));
}

/* ---- The handshake (section 5.3) ---------------------------------------------------------- */

int
noise_begin(struct noise_handshake *hs, enum noise_pattern pattern, enum noise_role role,
    const void *prologue, size_t len, const uint8_t *s, const uint8_t *s_public, const uint8_t *rs)
{
	bool initiator = role == NOISE_INITIATOR;

	if ((initiator && rs == NULL) || ((!initiator || pattern == NOISE_IK) && s == NULL))
		return CANDOR_EINVAL;
	*hs = (struct noise_handshake){ .pattern = pattern, .role = role };
	memcpy(hs->h, patterns[pattern].name, sizeof(hs->h));
	memcpy(hs->ck, hs->h, sizeof(hs->ck));
	if (s != NULL) {
		memcpy(hs->s, s, sizeof(hs->s));
		if (s_public != NULL)
			memcpy(hs->s_public, s_public, sizeof(hs->s_public));
		else
			crypto_scalarmult_base(hs->s_public, s);
	}
	if (initiator)
		memcpy(hs->rs, rs, sizeof(hs->rs));
	mix_hash(hs, prologue, len);
	mix_hash(hs, initiator ? hs->rs : hs->s_public, NOISE_KEY_BYTES);
	return 0;
}

void
noise_fix_ephemeral(struct noise_handshake *hs, const uint8_t secret[NOISE_KEY_BYTES])
{
	memcpy(hs->e, secret, sizeof(hs->e));
	hs->has_fixed_ephemeral = true;
}

static bool
is_turn(const struct noise_handshake *hs, bool write)
{
	bool initiators = hs->step % 2 == 0;

	return hs->step < MESSAGES && (initiators == (hs->role == NOISE_INITIATOR)) == write;
}

/* Whatever went wrong, nothing of it may be used again. */
static int
fail(struct noise_handshake *hs, int r)
{
	sodium_memzero(hs, sizeof(*hs));
	hs->step = STEP_FAILED;
	return r;
}

static int
write_token(struct noise_handshake *hs, enum token token, uint8_t **out)
{
	int r;

	switch (token) {
	case E:
		if (!hs->has_fixed_ephemeral)
			randombytes_buf(hs->e, sizeof(hs->e));
		crypto_scalarmult_base(hs->e_public, hs->e);
		memcpy(*out, hs->e_public, NOISE_KEY_BYTES);
		mix_hash(hs, hs->e_public, NOISE_KEY_BYTES);
		*out += NOISE_KEY_BYTES;
		return 0;
	case S:
		r = encrypt_and_hash(hs, *out, hs->s_public, NOISE_KEY_BYTES);
		*out += SEALED_KEY_BYTES;
		return r;
	default:
		return mix_dh(hs, token);
	}
}

static int
read_token(struct noise_handshake *hs, enum token token, const uint8_t **in)
{
	int r;

	switch (token) {
	case E:
		memcpy(hs->re, *in, NOISE_KEY_BYTES);
		mix_hash(hs, hs->re, NOISE_KEY_BYTES);
		*in += NOISE_KEY_BYTES;
		return 0;
	case S:
		r = decrypt_and_hash(hs, hs->rs, *in, SEALED_KEY_BYTES);
		*in += SEALED_KEY_BYTES;
		return r;
	default:
		return mix_dh(hs, token);
	}
}

int
noise_write(struct noise_handshake *hs, uint8_t *out, size_t cap, size_t *out_len,
    const uint8_t *payload, size_t len)
{
	size_t overhead;
	uint8_t *p = out;
	int r;

	if (!is_turn(hs, true))
		return CANDOR_EINVAL;
	overhead = patterns[hs->pattern].message[hs->step].overhead;
	if (cap > NOISE_MESSAGE_MAX)
		cap = NOISE_MESSAGE_MAX;
	if (cap < overhead || len > cap - overhead)
		return CANDOR_ETOOBIG;
	for (const enum token *t = patterns[hs->pattern].message[hs->step].tokens; *t != END; t++) {
		if ((r = write_token(hs, *t, &p)) < 0)
			return fail(hs, r);
	}
	if ((r = encrypt_and_hash(hs, p, payload, len)) < 0)
		return fail(hs, r);
	hs->step++;
	*out_len = overhead + len;
	return 0;
}

int
noise_read(struct noise_handshake *hs, uint8_t *out, size_t cap, size_t *out_len,
    const uint8_t *message, size_t len)
{
	size_t overhead;
	const uint8_t *p = message;
	int r;

	if (!is_turn(hs, false))
		return CANDOR_EINVAL;
	overhead = patterns[hs->pattern].message[hs->step].overhead;
	if (len < overhead || len > NOISE_MESSAGE_MAX)
		return fail(hs, CANDOR_EBADMSG);
	if (len - overhead > cap)
		return fail(hs, CANDOR_ETOOBIG);
	for (const enum token *t = patterns[hs->pattern].message[hs->step].tokens; *t != END; t++) {
		if ((r = read_token(hs, *t, &p)) < 0)
			return fail(hs, r);
	}
	if ((r = decrypt_and_hash(hs, out, p, len - overhead + NOISE_TAG_BYTES)) < 0)
		return fail(hs, r);
	hs->step++;
	*out_len = len - overhead;
	return 0;
}

bool
noise_done(const struct noise_handshake *hs)
{
	return hs->step == MESSAGES;
}

int
noise_split(struct noise_handshake *hs, struct noise_session *out)
{
	uint8_t k1[NOISE_HASH_BYTES], k2[NOISE_HASH_BYTES];
	bool initiator = hs->role == NOISE_INITIATOR;

	if (!noise_done(hs))
		return CANDOR_EINVAL;
	hkdf(k1, k2, hs->ck, NULL, 0);
	memcpy(out->send.key, initiator ? k1 : k2, NOISE_KEY_BYTES);
	memcpy(out->receive.key, initiator ? k2 : k1, NOISE_KEY_BYTES);
	out->send.nonce = out->receive.nonce = 0;
	sodium_memzero(k1, sizeof(k1));
	sodium_memzero(k2, sizeof(k2));
	sodium_memzero(hs, sizeof(*hs));
	hs->step = STEP_FAILED;
	return 0;
}

int
noise_encrypt(struct noise_session *s, uint8_t *out, const uint8_t *plain, size_t len)
{
	if (len > NOISE_MESSAGE_MAX - NOISE_TAG_BYTES)
		return CANDOR_ETOOBIG;
	return encrypt(&s->send, out, plain, len, NULL, 0);
}

int
noise_decrypt(struct noise_session *s, uint8_t *out, const uint8_t *message, size_t len)
{
	if (len < NOISE_TAG_BYTES || len > NOISE_MESSAGE_MAX)
		return CANDOR_EBADMSG;
	return decrypt(&s->receive, out, message, len, NULL, 0);
}
