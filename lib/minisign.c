/* SPDX-License-Identifier: ISC */
/*
 * Signatures in minisign's format: see candor/minisign.h. Verifying runs in any process, signing in
 * the charter holder's client; a secret key leaves this file only in what the caller asked for.
 */
#include "candor/minisign.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base64.h"

#define UNTRUSTED "untrusted comment: "
#define TRUSTED "trusted comment: "
#define PREHASH_BYTES 64
#define CHECKSUM_BYTES 32
#define SCRYPT_OPS_MAX 33554432 /* what minisign itself writes: about 2 s */
#define SCRYPT_BYTES_MAX ((uint64_t)1 << 30)

/* The files' binary parts, byte for byte; all members are bytes, so that there are no gaps. */
struct public_blob {
	uint8_t alg[2];
	struct minisign_public key;
};

struct signature_blob {
	uint8_t alg[2];
	uint8_t key_id[8];
	uint8_t sig[crypto_sign_BYTES];
};

struct sealed_part {
	uint8_t key_id[8];
	uint8_t key[crypto_sign_SECRETKEYBYTES];
	uint8_t checksum[CHECKSUM_BYTES];
};

struct secret_blob {
	uint8_t alg[2];
	uint8_t kdf[2];
	uint8_t checksum_alg[2];
	uint8_t salt[crypto_pwhash_scryptsalsa208sha256_SALTBYTES];
	uint8_t ops[8];
	uint8_t mem[8];
	struct sealed_part sealed;
};

#define VARIANT sodium_base64_VARIANT_ORIGINAL
#define BASE64_CHARS(n) (((n) + 2) / 3 * 4)

_Static_assert(sizeof(struct public_blob) == 42, "a public key");
_Static_assert(sizeof(struct signature_blob) == 74, "a signature");
_Static_assert(sizeof(struct secret_blob) == 158, "a secret key");
_Static_assert(BASE64_CHARS(sizeof(struct public_blob)) == MINISIGN_PUBLIC_CHARS, "its line");

static const uint8_t ALG_LEGACY[2] = { 'E', 'd' }; /* also the algorithm of keys */
static const uint8_t ALG_PREHASHED[2] = { 'E', 'D' };
static const uint8_t KDF_NONE[2] = { 0, 0 };
static const uint8_t KDF_SCRYPT[2] = { 'S', 'c' };
static const uint8_t CHECKSUM_BLAKE2B[2] = { 'B', '2' };

#define SAME(a, b) (memcmp((a), (b), sizeof(a)) == 0)

/* Cut a line off, without LF or CRLF; the last one may lack it. */
static struct span
next_line(struct span *rest)
{
	const uint8_t *lf = rest->len > 0 ? memchr(rest->p, '\n', rest->len) : NULL;
	struct span line = { rest->p, lf != NULL ? (size_t)(lf - rest->p) : rest->len };
	size_t cut = line.len + (lf != NULL);

	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	rest->p += cut;
	rest->len -= cut;
	return line;
}

static bool
starts_with(struct span line, const char *prefix)
{
	size_t n = strlen(prefix);

	return line.len >= n && memcmp(line.p, prefix, n) == 0;
}

/* ---- Public keys -------------------------------------------------------------------------------- */

int
minisign_public_parse(struct minisign_public *out, const char *text, size_t len)
{
	struct public_blob b;

	if (!base64_exactly((uint8_t *)&b, sizeof(b), text, len, VARIANT) ||
	    !SAME(b.alg, ALG_LEGACY))
		return CANDOR_EINVAL;
	*out = b.key;
	return 0;
}

void
minisign_public_format(char out[MINISIGN_PUBLIC_CHARS + 1], const struct minisign_public *k)
{
	struct public_blob b = { .key = *k };

	memcpy(b.alg, ALG_LEGACY, sizeof(b.alg));
	sodium_bin2base64(out, MINISIGN_PUBLIC_CHARS + 1, (const uint8_t *)&b, sizeof(b), VARIANT);
}

/* ---- Secret keys -------------------------------------------------------------------------------- */

void
minisign_keypair(struct minisign_secret *out)
{
	randombytes_buf(out->pub.key_id, sizeof(out->pub.key_id));
	crypto_sign_keypair(out->pub.key, out->key);
}

void
minisign_from_seed(struct minisign_secret *out, const uint8_t seed[32])
{
	uint8_t hash[crypto_generichash_BYTES];

	crypto_sign_seed_keypair(out->pub.key, out->key, seed);
	crypto_generichash(hash, sizeof(hash), out->pub.key, sizeof(out->pub.key), NULL, 0);
	memcpy(out->pub.key_id, hash, sizeof(out->pub.key_id));
}

static void
secret_checksum(uint8_t out[CHECKSUM_BYTES], const struct secret_blob *b)
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, NULL, 0, CHECKSUM_BYTES);
	crypto_generichash_update(&st, b->alg, sizeof(b->alg));
	crypto_generichash_update(&st, b->sealed.key_id, sizeof(b->sealed.key_id));
	crypto_generichash_update(&st, b->sealed.key, sizeof(b->sealed.key));
	crypto_generichash_final(&st, out, CHECKSUM_BYTES);
	sodium_memzero(&st, sizeof(st));
}

int
minisign_secret_format(struct arena *a, struct span *out, const struct minisign_secret *k)
{
	static const char comment[] = UNTRUSTED "minisign secret key, without passphrase\n";
	const size_t chars = BASE64_CHARS(sizeof(struct secret_blob));
	const size_t size = sizeof(comment) - 1 + chars + 1;
	struct secret_blob b = { 0 };
	char *text;

	if ((text = arena_alloc(a, size + 1)) == NULL)
		return CANDOR_ENOMEM;
	memcpy(b.alg, ALG_LEGACY, sizeof(b.alg));
	memcpy(b.checksum_alg, CHECKSUM_BLAKE2B, sizeof(b.checksum_alg));
	memcpy(b.sealed.key_id, k->pub.key_id, sizeof(b.sealed.key_id));
	memcpy(b.sealed.key, k->key, sizeof(b.sealed.key));
	memcpy(text, comment, sizeof(comment));
	sodium_bin2base64(
	    text + sizeof(comment) - 1, chars + 1, (const uint8_t *)&b, sizeof(b), VARIANT);
	text[size - 1] = '\n';
	sodium_memzero(&b, sizeof(b));
	*out = (struct span){ (const uint8_t *)text, size };
	return 0;
}

static uint64_t
little_endian(const uint8_t p[8])
{
	uint64_t v = 0;

	for (unsigned i = 8; i > 0; i--)
		v = v << 8 | p[i - 1];
	return v;
}

/* Take the passphrase's mask off the sealed part. */
static int
unmask(struct secret_blob *b, const char *passphrase, size_t passphrase_len)
{
	uint64_t ops = little_endian(b->ops), mem = little_endian(b->mem);
	uint8_t mask[sizeof(b->sealed)], *p = (uint8_t *)&b->sealed;

	if (ops > SCRYPT_OPS_MAX || mem > SCRYPT_BYTES_MAX)
		return CANDOR_EINVAL;
	if (passphrase == NULL)
		return CANDOR_EPERM;
	if (crypto_pwhash_scryptsalsa208sha256(
		mask, sizeof(mask), passphrase, passphrase_len, b->salt, ops, (size_t)mem) != 0)
		return CANDOR_ENOMEM;
	for (size_t i = 0; i < sizeof(mask); i++)
		p[i] ^= mask[i];
	sodium_memzero(mask, sizeof(mask));
	return 0;
}

int
minisign_secret_parse(struct minisign_secret *out, const char *file, size_t len,
    const char *passphrase, size_t passphrase_len)
{
	struct span rest = { (const uint8_t *)file, len }, comment = next_line(&rest),
		    line = next_line(&rest);
	uint8_t checksum[CHECKSUM_BYTES], pub[crypto_sign_PUBLICKEYBYTES];
	uint8_t key[crypto_sign_SECRETKEYBYTES];
	struct secret_blob b;
	int r = CANDOR_EINVAL;

	if (!starts_with(comment, UNTRUSTED) || rest.len > 0 ||
	    !base64_exactly((uint8_t *)&b, sizeof(b), line.p, line.len, VARIANT) ||
	    !SAME(b.alg, ALG_LEGACY) || !SAME(b.checksum_alg, CHECKSUM_BLAKE2B))
		goto out;
	if (SAME(b.kdf, KDF_SCRYPT)) {
		if ((r = unmask(&b, passphrase, passphrase_len)) < 0)
			goto out;
		secret_checksum(checksum, &b);
	} else if (SAME(b.kdf, KDF_NONE)) {
		/* minisign writes zeros there; whether the key is one, its halves tell. */
		memcpy(checksum, b.sealed.checksum, sizeof(checksum));
	} else {
		goto out;
	}
	crypto_sign_seed_keypair(pub, key, b.sealed.key);
	r = CANDOR_EBADMSG;
	if (sodium_memcmp(checksum, b.sealed.checksum, sizeof(checksum)) != 0 ||
	    sodium_memcmp(key, b.sealed.key, sizeof(key)) != 0)
		goto out;
	memcpy(out->pub.key_id, b.sealed.key_id, sizeof(out->pub.key_id));
	memcpy(out->key, b.sealed.key, sizeof(out->key));
	memcpy(out->pub.key, pub, sizeof(out->pub.key));
	r = 0;
out:
	sodium_memzero(&b, sizeof(b));
	sodium_memzero(key, sizeof(key));
	return r;
}

/* ---- Signatures --------------------------------------------------------------------------------- */

/* Signature and trusted comment, as the second signature covers them. */
static size_t
join(uint8_t out[MINISIGN_SIGNATURE_MAX], const uint8_t sig[crypto_sign_BYTES], const void *comment,
    size_t comment_len)
{
	memcpy(out, sig, crypto_sign_BYTES);
	memcpy(out + crypto_sign_BYTES, comment, comment_len);
	return crypto_sign_BYTES + comment_len;
}

int
minisign_sign(struct arena *a, struct span *out, const uint8_t *text, size_t len,
    const struct minisign_secret *k, const char *trusted_comment)
{
	uint8_t hash[PREHASH_BYTES], joint[MINISIGN_SIGNATURE_MAX], second[crypto_sign_BYTES];
	char line1[BASE64_CHARS(sizeof(struct signature_blob)) + 1];
	char line2[BASE64_CHARS(crypto_sign_BYTES) + 1];
	size_t comment_len = strlen(trusted_comment);
	struct signature_blob b;
	char *file;
	int n;

	if (comment_len > sizeof(joint) - crypto_sign_BYTES ||
	    strpbrk(trusted_comment, "\r\n") != NULL)
		return CANDOR_EINVAL;
	if ((file = arena_alloc(a, MINISIGN_SIGNATURE_MAX + 1)) == NULL)
		return CANDOR_ENOMEM;
	memcpy(b.alg, ALG_PREHASHED, sizeof(b.alg));
	memcpy(b.key_id, k->pub.key_id, sizeof(b.key_id));
	crypto_generichash(hash, sizeof(hash), text, len, NULL, 0);
	crypto_sign_detached(b.sig, NULL, hash, sizeof(hash), k->key);
	crypto_sign_detached(
	    second, NULL, joint, join(joint, b.sig, trusted_comment, comment_len), k->key);
	sodium_bin2base64(line1, sizeof(line1), (const uint8_t *)&b, sizeof(b), VARIANT);
	sodium_bin2base64(line2, sizeof(line2), second, sizeof(second), VARIANT);
	n = snprintf(file, MINISIGN_SIGNATURE_MAX + 1,
	    UNTRUSTED "signature made by Candor\n%s\n" TRUSTED "%s\n%s\n", line1, trusted_comment,
	    line2);
	if (n > MINISIGN_SIGNATURE_MAX)
		return CANDOR_EINVAL;
	*out = (struct span){ (const uint8_t *)file, (size_t)n };
	return 0;
}

int
minisign_verify(const uint8_t *text, size_t len, const uint8_t *sig, size_t sig_len,
    const struct minisign_public *k)
{
	struct span rest = { sig, sig_len }, untrusted, line1, trusted, line2;
	uint8_t hash[PREHASH_BYTES], joint[MINISIGN_SIGNATURE_MAX], second[crypto_sign_BYTES];
	const size_t prefix = sizeof(TRUSTED) - 1;
	struct signature_blob b;
	size_t n;

	if (sig_len > MINISIGN_SIGNATURE_MAX)
		return CANDOR_EBADMSG;
	untrusted = next_line(&rest);
	line1 = next_line(&rest);
	trusted = next_line(&rest);
	line2 = next_line(&rest);
	if (rest.len > 0 || !starts_with(untrusted, UNTRUSTED) || !starts_with(trusted, TRUSTED) ||
	    !base64_exactly((uint8_t *)&b, sizeof(b), line1.p, line1.len, VARIANT) ||
	    !base64_exactly(second, sizeof(second), line2.p, line2.len, VARIANT) ||
	    !SAME(b.key_id, k->key_id))
		return CANDOR_EBADMSG;
	if (SAME(b.alg, ALG_PREHASHED)) {
		crypto_generichash(hash, sizeof(hash), text, len, NULL, 0);
		text = hash;
		len = sizeof(hash);
	} else if (!SAME(b.alg, ALG_LEGACY)) {
		return CANDOR_EBADMSG;
	}
	n = join(joint, b.sig, trusted.p + prefix, trusted.len - prefix);
	if (crypto_sign_verify_detached(b.sig, text, len, k->key) != 0 ||
	    crypto_sign_verify_detached(second, joint, n, k->key) != 0)
		return CANDOR_EBADMSG;
	return 0;
}
