/* SPDX-License-Identifier: ISC */
/*
 * Signatures in minisign's format (jedisct1.github.io/minisign): prehashed Ed25519 ("ED"), trusted
 * comment included. The charter key signs the directory with it, the daemon the heads of its audit log. Pure; Debian's minisign verifies
 * ours and we verify its.
 */
#ifndef CANDOR_MINISIGN_H
#define CANDOR_MINISIGN_H

#include "candor/arena.h"

#define MINISIGN_PUBLIC_CHARS 56 /* "RW…" base64, without NUL */
#define MINISIGN_SIGNATURE_MAX 1024

struct minisign_public {
	uint8_t key_id[8];
	uint8_t key[32];
};

struct minisign_secret {
	struct minisign_public pub;
	uint8_t key[64]; /* Ed25519 secret, as libsodium keeps it; hold it in locked memory */
};

/* From the base64 line. CANDOR_EINVAL when it is not a minisign public key. Any process. */
int minisign_public_parse(struct minisign_public *out, const char *text, size_t len) MUST_CHECK;
void minisign_public_format(char out[MINISIGN_PUBLIC_CHARS + 1], const struct minisign_public *k);

/* A new pair. Where the charter key is made: `candord --init`. */
void minisign_keypair(struct minisign_secret *out);

/* The pair of a seed of 32 bytes, its key id derived from the public half: the daemon's key that signs
 * the audit log, and an officer's. store, client, `candord --init`. */
void minisign_from_seed(struct minisign_secret *out, const uint8_t seed[32]);

/* The secret key file as minisign reads it, without passphrase (minisign -W), in the arena. */
int minisign_secret_format(
    struct arena *a, struct span *out, const struct minisign_secret *k) MUST_CHECK;

/*
 * Parse a secret key file. Without passphrase (NULL) CANDOR_EPERM says that one is needed; with a
 * wrong one CANDOR_EBADMSG. scrypt as the file asks for it, up to 1 GiB: blocks. CANDOR_EINVAL when
 * it is no such file. Client.
 */
int minisign_secret_parse(struct minisign_secret *out, const char *file, size_t len,
    const char *passphrase, size_t passphrase_len) MUST_CHECK;

/* Sign text; the .minisig file goes to *out in the arena. trusted_comment is one line. Client. */
int minisign_sign(struct arena *a, struct span *out, const uint8_t *text, size_t len,
    const struct minisign_secret *k, const char *trusted_comment) MUST_CHECK;

/* 0 when sig (a .minisig file, prehashed or legacy) signs text under k, comment included;
 * CANDOR_EBADMSG otherwise. Any process. */
int minisign_verify(const uint8_t *text, size_t len, const uint8_t *sig, size_t sig_len,
    const struct minisign_public *k) MUST_CHECK;

#endif
