/* SPDX-License-Identifier: ISC */
/*
 * An officer's keys: one age identity, from which the Noise key (the session) and the Ed25519 key
 * (signed actions) follow by HKDF-SHA256 under labels of their own, and the one line of public
 * halves that is enrolled in the directory. Pure.
 */
#ifndef CANDOR_KEYS_H
#define CANDOR_KEYS_H

#include "candor/age.h"

#define KEYS_PUBLIC_MAX 192
#define KEYS_FINGERPRINT_CHARS 39 /* eight groups of four hex digits */

struct officer_public {
	uint8_t age[32];
	uint8_t noise[32];
	uint8_t sign[32];
};

struct officer_secret {
	struct officer_public pub;
	uint8_t age[32];
	uint8_t noise[32];
	uint8_t sign[64];
};

/* HKDF-SHA256 (RFC 5869): out_len bytes up to 64. */
void hkdf_sha256(uint8_t *out, size_t out_len, const uint8_t *ikm, size_t ikm_len,
    const uint8_t *salt, size_t salt_len, const void *info, size_t info_len);

/* All keys of one age identity: HKDF labels "candor/v1/noise" and "candor/v1/sign", no salt.
 * Client; keep it in locked memory. */
void keys_derive(struct officer_secret *out, const uint8_t identity[AGE_KEY_BYTES]);

/* The line: "age1… NOISE SIGN", the last two unpadded URL-safe base64. NUL at the end. */
void keys_public_format(char out[KEYS_PUBLIC_MAX], const struct officer_public *k);

/* The line back; CANDOR_EINVAL when it is not one. Surrounding white space is allowed. */
int keys_public_parse(struct officer_public *out, const char *text, size_t len) MUST_CHECK;

/* A key of 43 characters of unpadded URL-safe base64; CANDOR_EINVAL for anything else. */
int keys_base64_parse(uint8_t key[32], const char *text, size_t len) MUST_CHECK;

/* False for the points of low order, with which every shared secret is zero. */
bool keys_x25519_valid(const uint8_t key[32]);

/* BLAKE2b-128 of the three keys, as "abcd ef01 …", to read out by telephone. */
void keys_fingerprint(char out[KEYS_FINGERPRINT_CHARS + 1], const struct officer_public *k);

/*
 * The age identity in a key file (comments and blank lines allowed, as age-keygen writes it), with
 * a passphrase when the file is an age file itself (armored or not). CANDOR_EPERM: it wants a
 * passphrase and none was given; CANDOR_EBADMSG: wrong passphrase or damaged; CANDOR_EINVAL: no
 * identity in it. Client.
 */
int keys_file_parse(struct arena *a, uint8_t identity[AGE_KEY_BYTES], const uint8_t *file,
    size_t len, const char *passphrase, size_t passphrase_len) MUST_CHECK;

/* A key file to write; with a passphrase (NULL: none) it is an armored age file. */
int keys_file_format(struct arena *a, struct span *out, const uint8_t identity[AGE_KEY_BYTES],
    const char *passphrase, size_t passphrase_len) MUST_CHECK;

#endif
