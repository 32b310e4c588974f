/* SPDX-License-Identifier: ISC */
/*
 * An officer's keys: see candor/keys.h. What holds secrets runs in clients; intake and desk read
 * public halves alone. Never writes a secret anywhere but where the caller says.
 */
#include "candor/keys.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base64.h"

#define LABEL_NOISE "candor/v1/noise"
#define LABEL_SIGN "candor/v1/sign"
#define FINGERPRINT_BYTES 16
#define KEY_CHARS 43 /* 32 bytes in unpadded base64 */

_Static_assert(AGE_RECIPIENT_CHARS + 2 * (1 + KEY_CHARS) < KEYS_PUBLIC_MAX, "the line fits");

void
hkdf_sha256(uint8_t *out, size_t out_len, const uint8_t *ikm, size_t ikm_len, const uint8_t *salt,
    size_t salt_len, const void *info, size_t info_len)
{
	crypto_auth_hmacsha256_state st;
	uint8_t prk[32], block[32];
	size_t block_len = 0;

	/* Extract. No salt counts as zeros, which is what an empty HMAC key is padded to. */
	crypto_auth_hmacsha256_init(&st, salt_len > 0 ? salt : prk, salt_len);
	crypto_auth_hmacsha256_update(&st, ikm, ikm_len);
	crypto_auth_hmacsha256_final(&st, prk);
	/* Expand. */
	for (uint8_t i = 1; out_len > 0; i++) {
		size_t n = out_len < sizeof(block) ? out_len : sizeof(block);

		crypto_auth_hmacsha256_init(&st, prk, sizeof(prk));
		crypto_auth_hmacsha256_update(&st, block, block_len);
		crypto_auth_hmacsha256_update(&st, info, info_len);
		crypto_auth_hmacsha256_update(&st, &i, 1);
		crypto_auth_hmacsha256_final(&st, block);
		block_len = sizeof(block);
		memcpy(out, block, n);
		out += n;
		out_len -= n;
	}
	sodium_memzero(&st, sizeof(st));
	sodium_memzero(prk, sizeof(prk));
	sodium_memzero(block, sizeof(block));
}

void
keys_derive(struct officer_secret *out, const uint8_t identity[AGE_KEY_BYTES])
{
	uint8_t seed[crypto_sign_SEEDBYTES];

	memcpy(out->age, identity, sizeof(out->age));
	age_recipient_of(out->pub.age, identity);
	hkdf_sha256(out->noise, sizeof(out->noise), identity, AGE_KEY_BYTES, NULL, 0, LABEL_NOISE,
	    sizeof(LABEL_NOISE) - 1);
	crypto_scalarmult_base(out->pub.noise, out->noise);
	hkdf_sha256(seed, sizeof(seed), identity, AGE_KEY_BYTES, NULL, 0, LABEL_SIGN,
	    sizeof(LABEL_SIGN) - 1);
	crypto_sign_seed_keypair(out->pub.sign, out->sign, seed);
	sodium_memzero(seed, sizeof(seed));
}

/* ---- Public halves as text ------------------------------------------------------------------ */

bool
keys_x25519_valid(const uint8_t key[32])
{
	/* The orders 1, 2, 4 and 8, and 0 and 1 again beyond the prime; the last bit does not count
	 * (RFC 7748, section 5). */
	/* clang-format off */
	static const uint8_t low_order[][32] = {
		{ 0 },
		{ 1 },
		{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
		  0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 },
		{ 0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
		  0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57 },
		{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
		{ 0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
		{ 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	};
	/* clang-format on */

	for (size_t i = 0; i < NELEM(low_order); i++) {
		if (memcmp(key, low_order[i], 31) == 0 && (key[31] & 0x7f) == low_order[i][31])
			return false;
	}
	return true;
}

int
keys_base64_parse(uint8_t key[32], const char *text, size_t len)
{
	uint8_t bytes[32];

	if (!base64_exactly(
		bytes, sizeof(bytes), text, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING))
		return CANDOR_EINVAL;
	memcpy(key, bytes, sizeof(bytes));
	return 0;
}

void
keys_public_format(char out[KEYS_PUBLIC_MAX], const struct officer_public *k)
{
	const uint8_t *const rest[] = { k->noise, k->sign };
	char *p = out + AGE_RECIPIENT_CHARS;

	age_recipient_format(out, k->age);
	for (size_t i = 0; i < NELEM(rest); i++) {
		*p++ = ' ';
		sodium_bin2base64(
		    p, KEY_CHARS + 1, rest[i], 32, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
		p += KEY_CHARS;
	}
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next word, between white space; empty at the end. */
static struct span
next_word(const char **p, const char *end)
{
	const char *start;

	while (*p < end && is_space(**p))
		(*p)++;
	start = *p;
	while (*p < end && !is_space(**p))
		(*p)++;
	return (struct span){ (const uint8_t *)start, (size_t)(*p - start) };
}

int
keys_public_parse(struct officer_public *out, const char *text, size_t len)
{
	struct officer_public k = { 0 };
	const char *p = text, *end = text + len;
	struct span age = next_word(&p, end), noise = next_word(&p, end), sign = next_word(&p, end);

	if (age_recipient_parse(k.age, (const char *)age.p, age.len) < 0 ||
	    keys_base64_parse(k.noise, (const char *)noise.p, noise.len) < 0 ||
	    keys_base64_parse(k.sign, (const char *)sign.p, sign.len) < 0 ||
	    next_word(&p, end).len > 0 || !keys_x25519_valid(k.age) || !keys_x25519_valid(k.noise))
		return CANDOR_EINVAL;
	*out = k;
	return 0;
}

void
keys_fingerprint(char out[KEYS_FINGERPRINT_CHARS + 1], const struct officer_public *k)
{
	crypto_generichash_state st;
	uint8_t hash[FINGERPRINT_BYTES];
	char *p = out;

	crypto_generichash_init(&st, NULL, 0, sizeof(hash));
	crypto_generichash_update(&st, k->age, sizeof(k->age));
	crypto_generichash_update(&st, k->noise, sizeof(k->noise));
	crypto_generichash_update(&st, k->sign, sizeof(k->sign));
	crypto_generichash_final(&st, hash, sizeof(hash));
	for (size_t i = 0; i < sizeof(hash); i += 2) {
		if (i > 0)
			*p++ = ' ';
		sodium_bin2hex(p, 5, hash + i, 2);
		p += 4;
	}
}

/* ---- Key files -------------------------------------------------------------------------------- */

/* The one identity among the lines; a second one would leave open which is meant. */
static int
parse_lines(uint8_t identity[AGE_KEY_BYTES], struct span text)
{
	const char *p = (const char *)text.p, *end = p + text.len;
	uint8_t found[AGE_KEY_BYTES];
	unsigned n = 0;
	int r = 0;

	while (r == 0 && p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		const char *line_end = lf != NULL ? lf : end;
		struct span word = next_word(&p, line_end);

		if (word.len > 0 && *word.p != '#') {
			r = age_identity_parse(found, (const char *)word.p, word.len);
			if (++n > 1 || next_word(&p, line_end).len > 0)
				r = CANDOR_EINVAL;
		}
		p = lf != NULL ? lf + 1 : end;
	}
	if (n == 0)
		r = CANDOR_EINVAL;
	if (r == 0)
		memcpy(identity, found, sizeof(found));
	sodium_memzero(found, sizeof(found));
	return r;
}

int
keys_file_parse(struct arena *a, uint8_t identity[AGE_KEY_BYTES], const uint8_t *file, size_t len,
    const char *passphrase, size_t passphrase_len)
{
	arena_mark_t mark = arena_mark(a);
	struct span text = { file, len };
	int r = 0;

	if (age_wants_passphrase(file, len)) {
		if (passphrase == NULL)
			return CANDOR_EPERM;
		if (age_is_armored(file, len))
			r = age_dearmor(a, &text, file, len);
		if (r == 0)
			r = age_open_passphrase(
			    a, &text, text.p, text.len, passphrase, passphrase_len);
		if (r == CANDOR_ENOTFOUND)
			r = CANDOR_EBADMSG;
	}
	if (r == 0)
		r = parse_lines(identity, text);
	arena_release(a, mark);
	return r;
}

int
keys_file_format(struct arena *a, struct span *out, const uint8_t identity[AGE_KEY_BYTES],
    const char *passphrase, size_t passphrase_len)
{
	static const char form[] = "# public key: %s\n%s\n";
	const size_t cap = sizeof(form) + AGE_RECIPIENT_CHARS + AGE_IDENTITY_CHARS;
	char public[AGE_RECIPIENT_CHARS + 1], secret[AGE_IDENTITY_CHARS + 1];
	uint8_t recipient[AGE_KEY_BYTES];
	struct span sealed;
	char *text;
	size_t len;
	int r;

	if ((text = arena_alloc(a, cap)) == NULL)
		return CANDOR_ENOMEM;
	age_recipient_of(recipient, identity);
	age_recipient_format(public, recipient);
	age_identity_format(secret, identity);
	len = (size_t)snprintf(text, cap, form, public, secret);
	sodium_memzero(secret, sizeof(secret));
	if (passphrase == NULL) {
		*out = (struct span){ (const uint8_t *)text, len };
		return 0;
	}
	r = age_seal_passphrase(
	    a, &sealed, (const uint8_t *)text, len, passphrase, passphrase_len, AGE_SCRYPT_LOG_N);
	sodium_memzero(text, cap);
	return r < 0 ? r : age_armor(a, out, sealed.p, sealed.len);
}
