/* SPDX-License-Identifier: ISC */
/*
 * Files in age's format (age-encryption.org/v1, C2SP): X25519 recipients, scrypt for passphrases,
 * ASCII armor. Whole files in memory for what is small, a writer and a reader of 64 KiB chunks for
 * what is not. Pure; keys and plaintext stay in the arena or struct that the caller puts in its
 * slab. Checked against tests/vectors/age and Debian's age.
 */
#ifndef CANDOR_AGE_H
#define CANDOR_AGE_H

#include "candor/arena.h"

#define AGE_KEY_BYTES 32
#define AGE_FILE_KEY_BYTES 16
#define AGE_CHUNK_BYTES 65536 /* plaintext of every chunk but the last */
#define AGE_TAG_BYTES 16
#define AGE_NONCE_BYTES 16
#define AGE_RECIPIENT_CHARS 62 /* "age1…" */
#define AGE_IDENTITY_CHARS 74  /* "AGE-SECRET-KEY-1…" */
#define AGE_RECIPIENTS_MAX 256
/* The smallest header, age_header_bytes(1); nonce and tag make an empty file 200 bytes. */
#define AGE_HEADER_MIN_BYTES 168
#define AGE_SCRYPT_LOG_N 18     /* what age itself writes */
#define AGE_SCRYPT_LOG_N_MAX 20 /* what we are willing to open: 1 GiB */

/* Public keys and secrets as text, bech32 (BIP 173). Parsing returns 0 or CANDOR_EINVAL; text is
 * text_len bytes, without white space. Formatting writes a NUL at the end. Any process. */
int age_recipient_parse(
    uint8_t recipient[AGE_KEY_BYTES], const char *text, size_t text_len) MUST_CHECK;
void age_recipient_format(
    char out[AGE_RECIPIENT_CHARS + 1], const uint8_t recipient[AGE_KEY_BYTES]);
int age_identity_parse(
    uint8_t identity[AGE_KEY_BYTES], const char *text, size_t text_len) MUST_CHECK;
void age_identity_format(char out[AGE_IDENTITY_CHARS + 1], const uint8_t identity[AGE_KEY_BYTES]);

/* A new identity and its recipient, from libsodium's random bytes. Any process that may hold keys. */
void age_keypair(uint8_t identity[AGE_KEY_BYTES], uint8_t recipient[AGE_KEY_BYTES]);

/* The recipient that belongs to an identity. */
void age_recipient_of(uint8_t recipient[AGE_KEY_BYTES], const uint8_t identity[AGE_KEY_BYTES]);

/* Exact bytes of a header to n X25519 recipients, payload nonce not included. */
size_t age_header_bytes(size_t n);

/* Exact bytes of a whole file of len plaintext bytes to n X25519 recipients. */
size_t age_file_bytes(size_t len, size_t n);

/*
 * Encrypt len bytes to n recipients (1..AGE_RECIPIENTS_MAX): *out is the file, in the arena.
 * CANDOR_EINVAL for n out of range or a low-order recipient, CANDOR_ENOMEM. Any process.
 */
int age_seal(struct arena *a, struct span *out, const uint8_t *plain, size_t len,
    const uint8_t (*recipients)[AGE_KEY_BYTES], size_t n) MUST_CHECK;

/*
 * Open a file with one X25519 identity: *out is the plaintext, in the arena. Returns 0;
 * CANDOR_ENOTFOUND when it is well-formed but not for this identity; CANDOR_EBADMSG for
 * everything else that is wrong; CANDOR_ENOMEM. Any process that may hold keys.
 */
int age_open(struct arena *a, struct span *out, const uint8_t *file, size_t len,
    const uint8_t identity[AGE_KEY_BYTES]) MUST_CHECK;

/* The same with a passphrase (age's scrypt stanza); log_n is the work factor when sealing.
 * Opening refuses more than AGE_SCRYPT_LOG_N_MAX with CANDOR_EBADMSG. Blocks for the time that
 * scrypt takes (about a second): clients only. */
int age_seal_passphrase(struct arena *a, struct span *out, const uint8_t *plain, size_t len,
    const char *passphrase, size_t passphrase_len, unsigned log_n) MUST_CHECK;
int age_open_passphrase(struct arena *a, struct span *out, const uint8_t *file, size_t len,
    const char *passphrase, size_t passphrase_len) MUST_CHECK;

/* True when a file's first stanza asks for a passphrase. Armored or not; never fails. */
bool age_wants_passphrase(const uint8_t *file, size_t len);

/* ASCII armor (strict PEM, 64 columns). Dearmoring a file that is not armored gives
 * CANDOR_EINVAL, a malformed armor CANDOR_EBADMSG. */
bool age_is_armored(const uint8_t *file, size_t len);
int age_armor(struct arena *a, struct span *out, const uint8_t *file, size_t len) MUST_CHECK;
int age_dearmor(struct arena *a, struct span *out, const uint8_t *text, size_t len) MUST_CHECK;

/* ---- Large files, chunk by chunk ---------------------------------------------------------- */

/* State of the payload's stream (STREAM, ChaCha20-Poly1305); holds the payload key. */
struct age_stream {
	uint8_t key[AGE_KEY_BYTES];
	uint64_t counter;
	bool ended;
};

/*
 * Begin writing a file: *head gets header and nonce, in the arena. Then call
 * age_stream_encrypt() with exactly AGE_CHUNK_BYTES each, and last = true with what remains
 * (0 bytes only when the file is empty). out needs len + AGE_TAG_BYTES and may be plain itself.
 */
int age_stream_begin(struct arena *a, struct age_stream *s, struct span *head,
    const uint8_t (*recipients)[AGE_KEY_BYTES], size_t n) MUST_CHECK;
int age_stream_encrypt(
    struct age_stream *s, uint8_t *out, const uint8_t *plain, size_t len, bool last) MUST_CHECK;

/*
 * Begin reading a file of which the first len bytes are at file: *used gets the bytes that header
 * and nonce took. CANDOR_EAGAIN when the header does not end within len bytes (a header larger
 * than 64 KiB is CANDOR_EBADMSG). Then hand age_stream_decrypt() the payload in pieces of
 * AGE_CHUNK_BYTES + AGE_TAG_BYTES, the last one shorter or as long, with last = true.
 */
int age_stream_open(struct arena *a, struct age_stream *s, size_t *used, const uint8_t *file,
    size_t len, const uint8_t identity[AGE_KEY_BYTES]) MUST_CHECK;
int age_stream_decrypt(
    struct age_stream *s, uint8_t *out, const uint8_t *sealed, size_t len, bool last) MUST_CHECK;

#endif
