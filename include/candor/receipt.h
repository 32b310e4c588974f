/* SPDX-License-Identifier: ISC */
/*
 * The reporter's receipt: seven words of the EFF large list (90 bits), and the keys that follow
 * from them. The words never leave the client; what it sends are the lookup id and the recipient.
 * Vectors in doc/PROTOCOL.md.
 */
#ifndef CANDOR_RECEIPT_H
#define CANDOR_RECEIPT_H

#include "candor/arena.h"

#define RECEIPT_WORDS 7
#define RECEIPT_MAX_CHARS (RECEIPT_WORDS * 10) /* longest word 9, a blank or NUL each */
#define RECEIPT_LOOKUP_BYTES 32
#define SITE_ID_BYTES 16
/* Argon2id v1.3, one lane: fixed for ever, since a receipt must open years later. */
#define RECEIPT_ARGON2_PASSES 3
#define RECEIPT_ARGON2_BYTES (64u * 1024 * 1024)

struct receipt_keys {
	uint8_t lookup[RECEIPT_LOOKUP_BYTES]; /* says which case; the store keeps only its hash */
	uint8_t identity[32];                 /* age identity that opens replies */
	uint8_t recipient[32];                /* its public half */
};

/* Draw seven words, single blanks between them, NUL at the end. Client. */
void receipt_new(char out[RECEIPT_MAX_CHARS]);

/*
 * Bring what a person typed to the form of receipt_new(): any case, any white space, commas or
 * hyphens between words, leading numbers ("1. ") left out. Returns 0; CANDOR_EINVAL when there are
 * not seven words or one is not in the list: *bad_word then is its number from 1 (0: wrong count,
 * *n_words has it). Client.
 */
int receipt_parse(char out[RECEIPT_MAX_CHARS], const char *text, size_t len, unsigned *bad_word,
    unsigned *n_words) MUST_CHECK;

/*
 * Derive the keys: Argon2id(words, salt = the site's id) gives a master key, crypto_kdf with context
 * "receipt_" subkey 1 the lookup id, subkey 2 the age identity. Takes RECEIPT_ARGON2_BYTES of memory
 * for about 0.2 s. CANDOR_ENOMEM when that is not to be had. Client.
 */
int receipt_derive(
    struct receipt_keys *out, const char *words, const uint8_t site_id[SITE_ID_BYTES]) MUST_CHECK;

/* What the store keeps of a lookup id: BLAKE2b-256 keyed with nothing, of the 32 bytes. */
void receipt_lookup_hash(uint8_t out[32], const uint8_t lookup[RECEIPT_LOOKUP_BYTES]);

#endif
