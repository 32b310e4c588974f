/* SPDX-License-Identifier: ISC */
/*
 * The session: Noise_NK and Noise_IK over 25519, ChaChaPoly, SHA512 (noiseprotocol.org, revision
 * 34). Pure: bytes in, bytes out; the caller owns all memory and keeps it in its slab, since every
 * struct here holds keys. Checked against tests/vectors/noise.
 */
#ifndef CANDOR_NOISE_H
#define CANDOR_NOISE_H

#include "candor/base.h"

#define NOISE_KEY_BYTES 32
#define NOISE_TAG_BYTES 16
#define NOISE_HASH_BYTES 64
#define NOISE_MESSAGE_MAX 65535

enum noise_pattern {
	NOISE_NK, /* reporters: the responder's key is known, the initiator has none */
	NOISE_IK, /* officers: the initiator sends its own static key, encrypted */
};

enum noise_role { NOISE_INITIATOR, NOISE_RESPONDER };

/* One direction's cipher: key and nonce counter. */
struct noise_cipher {
	uint8_t key[NOISE_KEY_BYTES];
	uint64_t nonce;
};

/* A handshake under way. */
struct noise_handshake {
	enum noise_pattern pattern;
	enum noise_role role;
	unsigned step; /* messages written and read so far; 2 when done, 3 after an error */
	uint8_t h[NOISE_HASH_BYTES];
	uint8_t ck[NOISE_HASH_BYTES];
	struct noise_cipher cipher;
	uint8_t s[NOISE_KEY_BYTES], s_public[NOISE_KEY_BYTES]; /* own static pair, if any */
	uint8_t e[NOISE_KEY_BYTES], e_public[NOISE_KEY_BYTES]; /* own ephemeral pair */
	uint8_t rs[NOISE_KEY_BYTES], re[NOISE_KEY_BYTES];      /* the peer's public keys */
	bool has_fixed_ephemeral;
};

/* An established session. */
struct noise_session {
	struct noise_cipher send, receive;
};

/*
 * Begin a handshake.
 *
 * prologue, len  bytes both sides must agree on; mixed in, not sent
 * s              own 32-byte static secret; NULL for the NK initiator
 * s_public       its public half, or NULL to have it computed (one more scalar multiplication)
 * rs             the responder's 32-byte public key; NULL for a responder
 *
 * Returns 0, or CANDOR_EINVAL when a key that the pattern needs is missing. Any process.
 */
int noise_begin(struct noise_handshake *hs, enum noise_pattern pattern, enum noise_role role,
    const void *prologue, size_t len, const uint8_t *s, const uint8_t *s_public,
    const uint8_t *rs) MUST_CHECK;

/* For the published vectors alone: use this ephemeral secret instead of a random one. */
void noise_fix_ephemeral(struct noise_handshake *hs, const uint8_t secret[NOISE_KEY_BYTES]);

/*
 * Write the next handshake message, carrying len bytes of payload (0 in Candor), to out, which
 * has room for cap bytes. *out_len gets its length. CANDOR_EINVAL out of turn or done,
 * CANDOR_ETOOBIG when cap or NOISE_MESSAGE_MAX is too small; CANDOR_EBADMSG when the peer's key is
 * of low order (an all-zero shared secret), the handshake is useless then.
 */
int noise_write(struct noise_handshake *hs, uint8_t *out, size_t cap, size_t *out_len,
    const uint8_t *payload, size_t len) MUST_CHECK;

/*
 * Read the peer's next handshake message; its payload goes to out (room for cap bytes).
 * CANDOR_EBADMSG when it is truncated, forged or an all-zero shared secret results, CANDOR_ETOOBIG
 * when cap is too small, CANDOR_EINVAL out of turn. The handshake is wiped after an error: forget it.
 */
int noise_read(struct noise_handshake *hs, uint8_t *out, size_t cap, size_t *out_len,
    const uint8_t *message, size_t len) MUST_CHECK;

/* True once both messages went through. */
bool noise_done(const struct noise_handshake *hs);

/* Turn a finished handshake into a session, and wipe it. CANDOR_EINVAL when it is not finished. */
int noise_split(struct noise_handshake *hs, struct noise_session *out) MUST_CHECK;

/*
 * Encrypt len bytes; out needs len + NOISE_TAG_BYTES and may be the same as plain. CANDOR_ETOOBIG
 * beyond NOISE_MESSAGE_MAX; CANDOR_EINVAL when the nonces are used up.
 */
int noise_encrypt(
    struct noise_session *s, uint8_t *out, const uint8_t *plain, size_t len) MUST_CHECK;

/*
 * Decrypt a message of len bytes; out gets len - NOISE_TAG_BYTES and may be the same as message.
 * CANDOR_EBADMSG when it is too short or forged; the session is useless then: close it.
 */
int noise_decrypt(
    struct noise_session *s, uint8_t *out, const uint8_t *message, size_t len) MUST_CHECK;

#endif
