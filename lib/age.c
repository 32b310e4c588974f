/* SPDX-License-Identifier: ISC */
/*
 * Files in age's format: see candor/age.h; C2SP's age.md is the specification. Any process that may
 * see plaintext; never reads further than len, never gives out a byte that was not authenticated.
 *
 *   age-encryption.org/v1
 *   -> X25519 SHARE            a stanza per recipient: arguments on its first line, then a body
 *   BODY                       in lines of 64 base64 characters, the last one shorter
 *   --- MAC
 *   nonce, then chunks of 64 KiB, each with its tag
 */
#include "candor/age.h"

#include <string.h>

#include <sodium.h>

#include "base64.h"
#include "bech32.h"
#include "candor/keys.h"

#define VERSION "age-encryption.org/v1\n"
#define X25519_STANZA "-> X25519 "
#define SCRYPT_STANZA "-> scrypt "
#define FOOTER "---"
#define X25519_LABEL "age-encryption.org/v1/X25519"
#define SCRYPT_LABEL "age-encryption.org/v1/scrypt"
#define RECIPIENT_PREFIX "age"
#define IDENTITY_PREFIX "AGE-SECRET-KEY-"

#define SALT_BYTES 16
#define WRAP_BYTES (AGE_FILE_KEY_BYTES + AGE_TAG_BYTES) /* a sealed file key */
#define MAC_BYTES 32
#define B64_CHARS(n) (((n)*4 + 2) / 3) /* without padding */
#define BODY_LINE_CHARS 64
#define BODY_LINE_BYTES 48
#define HEADER_MAX_BYTES 65536
#define SEALED_CHUNK_BYTES (AGE_CHUNK_BYTES + AGE_TAG_BYTES)

#define X25519_STANZA_BYTES                                                                        \
	(sizeof(X25519_STANZA) - 1 + B64_CHARS(AGE_KEY_BYTES) + 1 + B64_CHARS(WRAP_BYTES) + 1)
#define SCRYPT_STANZA_MAX_BYTES                                                                    \
	(sizeof(SCRYPT_STANZA) - 1 + B64_CHARS(SALT_BYTES) + sizeof(" 20") +                       \
	    B64_CHARS(WRAP_BYTES) + 1)
#define FOOTER_BYTES (sizeof(FOOTER " ") - 1 + B64_CHARS(MAC_BYTES) + 1)
#define FRAME_BYTES (sizeof(VERSION) - 1 + FOOTER_BYTES)

_Static_assert(FRAME_BYTES + X25519_STANZA_BYTES == AGE_HEADER_MIN_BYTES, "the smallest header");
_Static_assert(AGE_SCRYPT_LOG_N_MAX <= 99, "two digits");

/* ---- Keys --------------------------------------------------------------------------------- */

int
age_recipient_parse(uint8_t recipient[AGE_KEY_BYTES], const char *text, size_t text_len)
{
	return bech32_decode(recipient, RECIPIENT_PREFIX, text, text_len);
}

void
age_recipient_format(char out[AGE_RECIPIENT_CHARS + 1], const uint8_t recipient[AGE_KEY_BYTES])
{
	bech32_encode(out, RECIPIENT_PREFIX, recipient);
}

int
age_identity_parse(uint8_t identity[AGE_KEY_BYTES], const char *text, size_t text_len)
{
	return bech32_decode(identity, IDENTITY_PREFIX, text, text_len);
}

void
age_identity_format(char out[AGE_IDENTITY_CHARS + 1], const uint8_t identity[AGE_KEY_BYTES])
{
	bech32_encode(out, IDENTITY_PREFIX, identity);
}

void
age_keypair(uint8_t identity[AGE_KEY_BYTES], uint8_t recipient[AGE_KEY_BYTES])
{
	randombytes_buf(identity, AGE_KEY_BYTES);
	crypto_scalarmult_base(recipient, identity);
}

void
age_recipient_of(uint8_t recipient[AGE_KEY_BYTES], const uint8_t identity[AGE_KEY_BYTES])
{
	crypto_scalarmult_base(recipient, identity);
}

/* ---- What both directions derive ------------------------------------------------------------ */

static const uint8_t zero_nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];

/* The key that seals the file key to an X25519 recipient. -1 for a point of low order. */
static int
x25519_wrap_key(uint8_t key[32], const uint8_t secret[32], const uint8_t peer[32],
    const uint8_t share[AGE_KEY_BYTES], const uint8_t recipient[AGE_KEY_BYTES])
{
	uint8_t shared[32], salt[2 * AGE_KEY_BYTES];
	int r = crypto_scalarmult(shared, secret, peer);

	memcpy(salt, share, AGE_KEY_BYTES);
	memcpy(salt + AGE_KEY_BYTES, recipient, AGE_KEY_BYTES);
	hkdf_sha256(key, 32, shared, sizeof(shared), salt, sizeof(salt), X25519_LABEL,
	    sizeof(X25519_LABEL) - 1);
	sodium_memzero(shared, sizeof(shared));
	return r;
}

static int
scrypt_wrap_key(uint8_t key[32], const char *passphrase, size_t passphrase_len,
    const uint8_t salt[SALT_BYTES], unsigned log_n)
{
	uint8_t labelled[sizeof(SCRYPT_LABEL) - 1 + SALT_BYTES];

	memcpy(labelled, SCRYPT_LABEL, sizeof(SCRYPT_LABEL) - 1);
	memcpy(labelled + sizeof(SCRYPT_LABEL) - 1, salt, SALT_BYTES);
	return crypto_pwhash_scryptsalsa208sha256_ll((const uint8_t *)passphrase, passphrase_len,
		   labelled, sizeof(labelled), (uint64_t)1 << log_n, 8, 1, key, 32) == 0
		   ? 0
		   : CANDOR_ENOMEM;
}

static void
header_mac(uint8_t mac[MAC_BYTES], const uint8_t file_key[AGE_FILE_KEY_BYTES],
    const uint8_t *header, size_t len)
{
	uint8_t key[32];

	hkdf_sha256(key, sizeof(key), file_key, AGE_FILE_KEY_BYTES, NULL, 0, "header", 6);
	crypto_auth_hmacsha256(mac, header, len, key);
	sodium_memzero(key, sizeof(key));
}

static void
stream_init(struct age_stream *s, const uint8_t file_key[AGE_FILE_KEY_BYTES],
    const uint8_t nonce[AGE_NONCE_BYTES])
{
	*s = (struct age_stream){ 0 };
	hkdf_sha256(s->key, sizeof(s->key), file_key, AGE_FILE_KEY_BYTES, nonce, AGE_NONCE_BYTES,
	    "payload", 7);
}

/* ---- Writing a header ----------------------------------------------------------------------- */

size_t
age_header_bytes(size_t n)
{
	return FRAME_BYTES + n * X25519_STANZA_BYTES;
}

static size_t
payload_bytes(size_t len)
{
	size_t chunks = len == 0 ? 1 : (len - 1) / AGE_CHUNK_BYTES + 1;

	return len + chunks * AGE_TAG_BYTES;
}

size_t
age_file_bytes(size_t len, size_t n)
{
	return age_header_bytes(n) + AGE_NONCE_BYTES + payload_bytes(len);
}

static uint8_t *
put(uint8_t *p, const void *bytes, size_t len)
{
	memcpy(p, bytes, len);
	return p + len;
}

/* In base64, and end; libsodium's NUL stands for a moment where end goes. */
static uint8_t *
put_base64(uint8_t *p, const uint8_t *bytes, size_t len, char end)
{
	size_t n = B64_CHARS(len);

	sodium_bin2base64((char *)p, n + 1, bytes, len, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	p[n] = (uint8_t)end;
	return p + n + 1;
}

static uint8_t *
put_wrap(uint8_t *p, const uint8_t file_key[AGE_FILE_KEY_BYTES], const uint8_t key[32])
{
	uint8_t wrap[WRAP_BYTES];

	crypto_aead_chacha20poly1305_ietf_encrypt(
	    wrap, NULL, file_key, AGE_FILE_KEY_BYTES, NULL, 0, NULL, zero_nonce, key);
	return put_base64(p, wrap, sizeof(wrap), '\n');
}

/* One key pair and one shared secret per recipient: the two curve operations that it costs. */
static int
put_x25519(
    uint8_t **p, const uint8_t file_key[AGE_FILE_KEY_BYTES], const uint8_t recipient[AGE_KEY_BYTES])
{
	uint8_t secret[32], share[32], key[32];
	int r;

	age_keypair(secret, share);
	r = x25519_wrap_key(key, secret, recipient, share, recipient);
	sodium_memzero(secret, sizeof(secret));
	*p = put(*p, X25519_STANZA, sizeof(X25519_STANZA) - 1);
	*p = put_base64(*p, share, sizeof(share), '\n');
	*p = put_wrap(*p, file_key, key);
	sodium_memzero(key, sizeof(key));
	return r == 0 ? 0 : CANDOR_EINVAL;
}

static int
put_scrypt(uint8_t **p, const uint8_t file_key[AGE_FILE_KEY_BYTES], const char *passphrase,
    size_t passphrase_len, unsigned log_n)
{
	uint8_t salt[SALT_BYTES], key[32];
	int r;

	randombytes_buf(salt, sizeof(salt));
	if ((r = scrypt_wrap_key(key, passphrase, passphrase_len, salt, log_n)) < 0)
		return r;
	*p = put(*p, SCRYPT_STANZA, sizeof(SCRYPT_STANZA) - 1);
	*p = put_base64(*p, salt, sizeof(salt), ' ');
	if (log_n >= 10)
		*(*p)++ = (uint8_t)('0' + log_n / 10);
	*(*p)++ = (uint8_t)('0' + log_n % 10);
	*(*p)++ = '\n';
	*p = put_wrap(*p, file_key, key);
	sodium_memzero(key, sizeof(key));
	return 0;
}

/* The end of a header that starts at out, the nonce, and the stream that follows. */
static uint8_t *
put_footer(uint8_t *p, const uint8_t *out, const uint8_t file_key[AGE_FILE_KEY_BYTES],
    struct age_stream *s)
{
	uint8_t mac[MAC_BYTES], nonce[AGE_NONCE_BYTES];

	p = put(p, FOOTER, sizeof(FOOTER) - 1);
	header_mac(mac, file_key, out, (size_t)(p - out));
	*p++ = ' ';
	p = put_base64(p, mac, sizeof(mac), '\n');
	randombytes_buf(nonce, sizeof(nonce));
	stream_init(s, file_key, nonce);
	return put(p, nonce, sizeof(nonce));
}

/* Header and nonce to n recipients at out, which has age_header_bytes(n) + AGE_NONCE_BYTES. */
static int
put_header(uint8_t *out, struct age_stream *s, const uint8_t (*recipients)[AGE_KEY_BYTES], size_t n)
{
	uint8_t file_key[AGE_FILE_KEY_BYTES];
	uint8_t *p = put(out, VERSION, sizeof(VERSION) - 1);
	int r = 0;

	randombytes_buf(file_key, sizeof(file_key));
	for (size_t i = 0; i < n && r == 0; i++)
		r = put_x25519(&p, file_key, recipients[i]);
	if (r == 0)
		put_footer(p, out, file_key, s);
	sodium_memzero(file_key, sizeof(file_key));
	return r;
}

/* ---- The payload ---------------------------------------------------------------------------- */

static void
chunk_nonce(uint8_t nonce[12], const struct age_stream *s, bool last)
{
	memset(nonce, 0, 3);
	for (unsigned i = 0; i < 8; i++)
		nonce[3 + i] = (uint8_t)(s->counter >> (56 - 8 * i));
	nonce[11] = last;
}

/* May a chunk of len plaintext bytes stand here? Only the last is short; it is empty only alone. */
static bool
chunk_fits(const struct age_stream *s, size_t len, bool last)
{
	if (s->ended || len > AGE_CHUNK_BYTES)
		return false;
	return last ? len > 0 || s->counter == 0 : len == AGE_CHUNK_BYTES;
}

static void
stream_advance(struct age_stream *s, bool last)
{
	s->counter++;
	if (last) {
		sodium_memzero(s, sizeof(*s));
		s->ended = true;
	}
}

int
age_stream_encrypt(struct age_stream *s, uint8_t *out, const uint8_t *plain, size_t len, bool last)
{
	uint8_t nonce[12];

	if (!chunk_fits(s, len, last))
		return CANDOR_EINVAL;
	chunk_nonce(nonce, s, last);
	crypto_aead_chacha20poly1305_ietf_encrypt(
	    out, NULL, plain, len, NULL, 0, NULL, nonce, s->key);
	stream_advance(s, last);
	return 0;
}

int
age_stream_decrypt(struct age_stream *s, uint8_t *out, const uint8_t *sealed, size_t len, bool last)
{
	uint8_t nonce[12];

	if (len < AGE_TAG_BYTES || !chunk_fits(s, len - AGE_TAG_BYTES, last))
		return CANDOR_EBADMSG;
	chunk_nonce(nonce, s, last);
	if (crypto_aead_chacha20poly1305_ietf_decrypt(
		out, NULL, NULL, sealed, len, NULL, 0, nonce, s->key) != 0)
		return CANDOR_EBADMSG;
	stream_advance(s, last);
	return 0;
}

static void
encrypt_all(struct age_stream *s, uint8_t *out, const uint8_t *plain, size_t len)
{
	for (;;) {
		size_t n = len > AGE_CHUNK_BYTES ? AGE_CHUNK_BYTES : len;

		/* Cannot fail: the chunks are of the sizes that it asks for. */
		if (age_stream_encrypt(s, out, plain, n, n == len) < 0 || n == len)
			return;
		out += n + AGE_TAG_BYTES;
		plain += n;
		len -= n;
	}
}

static int
decrypt_all(
    struct arena *a, struct span *out, struct age_stream *s, const uint8_t *sealed, size_t len)
{
	arena_mark_t mark = arena_mark(a);
	size_t chunks = len / SEALED_CHUNK_BYTES + (len % SEALED_CHUNK_BYTES != 0);
	uint8_t *plain, *p;

	if (len < chunks * AGE_TAG_BYTES || chunks == 0)
		return CANDOR_EBADMSG;
	if ((plain = p = arena_alloc(a, len - chunks * AGE_TAG_BYTES)) == NULL)
		return CANDOR_ENOMEM;
	while (len > 0) {
		size_t n = len > SEALED_CHUNK_BYTES ? SEALED_CHUNK_BYTES : len;

		if (age_stream_decrypt(s, p, sealed, n, n == len) < 0) {
			arena_release(a, mark);
			return CANDOR_EBADMSG;
		}
		p += n - AGE_TAG_BYTES;
		sealed += n;
		len -= n;
	}
	*out = (struct span){ plain, (size_t)(p - plain) };
	return 0;
}

/* ---- Sealing ---------------------------------------------------------------------------------- */

int
age_stream_begin(struct arena *a, struct age_stream *s, struct span *head,
    const uint8_t (*recipients)[AGE_KEY_BYTES], size_t n)
{
	arena_mark_t mark = arena_mark(a);
	size_t size = age_header_bytes(n) + AGE_NONCE_BYTES;
	uint8_t *p;
	int r;

	if (n < 1 || n > AGE_RECIPIENTS_MAX)
		return CANDOR_EINVAL;
	if ((p = arena_alloc(a, size)) == NULL)
		return CANDOR_ENOMEM;
	if ((r = put_header(p, s, recipients, n)) < 0) {
		arena_release(a, mark);
		return r;
	}
	*head = (struct span){ p, size };
	return 0;
}

int
age_seal(struct arena *a, struct span *out, const uint8_t *plain, size_t len,
    const uint8_t (*recipients)[AGE_KEY_BYTES], size_t n)
{
	arena_mark_t mark = arena_mark(a);
	struct age_stream s;
	uint8_t *file;
	size_t size;
	int r;

	if (n < 1 || n > AGE_RECIPIENTS_MAX)
		return CANDOR_EINVAL;
	if (len > SIZE_MAX / 2)
		return CANDOR_ENOMEM;
	size = age_file_bytes(len, n);
	if ((file = arena_alloc(a, size)) == NULL)
		return CANDOR_ENOMEM;
	if ((r = put_header(file, &s, recipients, n)) < 0) {
		arena_release(a, mark);
		return r;
	}
	encrypt_all(&s, file + age_header_bytes(n) + AGE_NONCE_BYTES, plain, len);
	*out = (struct span){ file, size };
	return 0;
}

int
age_seal_passphrase(struct arena *a, struct span *out, const uint8_t *plain, size_t len,
    const char *passphrase, size_t passphrase_len, unsigned log_n)
{
	arena_mark_t mark = arena_mark(a);
	uint8_t file_key[AGE_FILE_KEY_BYTES];
	struct age_stream s;
	uint8_t *file, *p;
	int r;

	if (log_n < 1 || log_n > AGE_SCRYPT_LOG_N_MAX)
		return CANDOR_EINVAL;
	if (len > SIZE_MAX / 2)
		return CANDOR_ENOMEM;
	file = arena_alloc(
	    a, FRAME_BYTES + SCRYPT_STANZA_MAX_BYTES + AGE_NONCE_BYTES + payload_bytes(len));
	if (file == NULL)
		return CANDOR_ENOMEM;
	p = put(file, VERSION, sizeof(VERSION) - 1);
	randombytes_buf(file_key, sizeof(file_key));
	if ((r = put_scrypt(&p, file_key, passphrase, passphrase_len, log_n)) < 0) {
		arena_release(a, mark);
		goto out;
	}
	p = put_footer(p, file, file_key, &s);
	encrypt_all(&s, p, plain, len);
	*out = (struct span){ file, (size_t)(p - file) + payload_bytes(len) };
out:
	sodium_memzero(file_key, sizeof(file_key));
	return r;
}

/* ---- Reading a header ------------------------------------------------------------------------- */

/* What the reader opens files with: an identity, or (identity NULL) a passphrase. */
struct opener {
	const uint8_t *identity;
	uint8_t recipient[AGE_KEY_BYTES]; /* of the identity */
	const char *passphrase;
	size_t passphrase_len;
};

/* A stanza as it came. Of the body only the length and as much as a wrap of ours can have. */
struct stanza {
	struct span type, arg[2];
	size_t n_args;
	uint8_t body[BODY_LINE_BYTES];
	size_t body_len;
};

/* Cut the line at *rest off, without its LF. False when there is no LF. */
static bool
next_line(struct span *line, struct span *rest)
{
	const uint8_t *lf = rest->len > 0 ? memchr(rest->p, '\n', rest->len) : NULL;

	if (lf == NULL)
		return false;
	*line = (struct span){ rest->p, (size_t)(lf - rest->p) };
	rest->p = lf + 1;
	rest->len -= line->len + 1;
	return true;
}

static bool
starts_with(struct span s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.len >= n && memcmp(s.p, prefix, n) == 0;
}

static bool
is_word(struct span s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.p, word, s.len) == 0;
}

/* Exactly len bytes, without padding, as a header has them. */
static bool
is_bytes(uint8_t *out, size_t len, struct span text)
{
	return base64_exactly(
	    out, len, text.p, text.len, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

/* "-> type arg arg": words of visible ASCII, single blanks between. */
static int
parse_arguments(struct stanza *st, struct span line)
{
	struct span word = { line.p + 3, 0 };
	const uint8_t *end = line.p + line.len;

	if (!starts_with(line, "-> "))
		return CANDOR_EBADMSG;
	st->type = (struct span){ NULL, 0 };
	st->n_args = 0;
	for (const uint8_t *p = word.p;; p++) {
		if (p < end && *p != ' ') {
			if (*p < '!' || *p > '~')
				return CANDOR_EBADMSG;
			word.len++;
			continue;
		}
		if (word.len == 0)
			return CANDOR_EBADMSG;
		if (st->type.p == NULL)
			st->type = word;
		else if (st->n_args++ < NELEM(st->arg))
			st->arg[st->n_args - 1] = word;
		if (p == end)
			return 0;
		word = (struct span){ p + 1, 0 };
	}
}

/* The body: full lines, then one that is not. CANDOR_EAGAIN where the bytes end too early. */
static int
parse_body(struct stanza *st, struct span *rest)
{
	struct span line;

	st->body_len = 0;
	do {
		uint8_t bytes[BODY_LINE_BYTES];
		size_t n;

		if (!next_line(&line, rest))
			return CANDOR_EAGAIN;
		n = line.len * 3 / 4;
		if (line.len > BODY_LINE_CHARS || !is_bytes(bytes, n, line))
			return CANDOR_EBADMSG;
		if (st->body_len == 0)
			memcpy(st->body, bytes, n);
		st->body_len += n;
	} while (line.len == BODY_LINE_CHARS);
	return 0;
}

/* The file key out of a sealed one. Whether key or seal is wrong cannot be told: not for us. */
static int
unwrap(uint8_t file_key[AGE_FILE_KEY_BYTES], const struct stanza *st, const uint8_t key[32])
{
	return crypto_aead_chacha20poly1305_ietf_decrypt(
		   file_key, NULL, NULL, st->body, WRAP_BYTES, NULL, 0, zero_nonce, key) == 0
		   ? 0
		   : CANDOR_ENOTFOUND;
}

static int
unwrap_x25519(uint8_t file_key[AGE_FILE_KEY_BYTES], const struct stanza *st, const struct opener *o)
{
	uint8_t share[AGE_KEY_BYTES], key[32];
	int r = CANDOR_EBADMSG;

	if (st->n_args != 1 || !is_bytes(share, sizeof(share), st->arg[0]) ||
	    st->body_len != WRAP_BYTES)
		return CANDOR_EBADMSG;
	if (o->identity == NULL)
		return CANDOR_ENOTFOUND;
	if (x25519_wrap_key(key, o->identity, share, share, o->recipient) == 0)
		r = unwrap(file_key, st, key);
	sodium_memzero(key, sizeof(key));
	return r;
}

static int
parse_log_n(unsigned *log_n, struct span text)
{
	unsigned n = 0;

	if (text.len < 1 || text.len > 2 || text.p[0] == '0')
		return CANDOR_EBADMSG;
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return CANDOR_EBADMSG;
		n = n * 10 + (unsigned)(text.p[i] - '0');
	}
	*log_n = n;
	return n > AGE_SCRYPT_LOG_N_MAX ? CANDOR_EBADMSG : 0;
}

static int
unwrap_scrypt(uint8_t file_key[AGE_FILE_KEY_BYTES], const struct stanza *st, const struct opener *o)
{
	uint8_t salt[SALT_BYTES], key[32];
	unsigned log_n;
	int r;

	if (st->n_args != 2 || !is_bytes(salt, sizeof(salt), st->arg[0]) ||
	    st->body_len != WRAP_BYTES || parse_log_n(&log_n, st->arg[1]) < 0)
		return CANDOR_EBADMSG;
	if (o->identity != NULL)
		return CANDOR_ENOTFOUND;
	if ((r = scrypt_wrap_key(key, o->passphrase, o->passphrase_len, salt, log_n)) == 0)
		r = unwrap(file_key, st, key);
	sodium_memzero(key, sizeof(key));
	return r;
}

/*
 * Read the stanzas up to the footer, which is left in *rest, and find the file key. Returns 0,
 * CANDOR_ENOTFOUND when none of them is for o, CANDOR_EAGAIN, CANDOR_EBADMSG, CANDOR_ENOMEM.
 */
static int
read_stanzas(uint8_t file_key[AGE_FILE_KEY_BYTES], struct span *rest, const struct opener *o)
{
	size_t n = 0, n_scrypt = 0;
	int found = CANDOR_ENOTFOUND, r;

	for (;; n++) {
		struct stanza st;
		struct span line, from = *rest;
		bool is_scrypt;

		if (!next_line(&line, rest))
			return CANDOR_EAGAIN;
		if (starts_with(line, FOOTER)) {
			*rest = from;
			return n > 0 ? found : CANDOR_EBADMSG;
		}
		if ((r = parse_arguments(&st, line)) < 0 || (r = parse_body(&st, rest)) < 0)
			return r;
		is_scrypt = is_word(st.type, "scrypt");
		n_scrypt += is_scrypt;
		/* A passphrase's stanza stands alone: else a sender could not be told by it. */
		if (n_scrypt > 0 && n > 0)
			return CANDOR_EBADMSG;
		if (found == 0)
			continue;
		if (is_scrypt)
			found = unwrap_scrypt(file_key, &st, o);
		else if (is_word(st.type, "X25519"))
			found = unwrap_x25519(file_key, &st, o);
		if (found != 0 && found != CANDOR_ENOTFOUND)
			return found;
	}
}

/* Header and nonce at the beginning of file: *s is ready for the payload, which begins at *used. */
static int
open_header(
    struct age_stream *s, size_t *used, const uint8_t *file, size_t len, const struct opener *o)
{
	struct span rest = { file, len > HEADER_MAX_BYTES ? HEADER_MAX_BYTES : len }, line;
	uint8_t file_key[AGE_FILE_KEY_BYTES], mac[MAC_BYTES], expected[MAC_BYTES];
	const size_t version = sizeof(VERSION) - 1, footer = sizeof(FOOTER) - 1;
	size_t end;
	int found, r = CANDOR_EBADMSG;

	if (len > 0 && memcmp(file, VERSION, len < version ? len : version) != 0)
		return CANDOR_EBADMSG;
	if (len < version)
		return CANDOR_EAGAIN;
	rest.p += version;
	rest.len -= version;
	found = read_stanzas(file_key, &rest, o);
	if (found != 0 && found != CANDOR_ENOTFOUND) {
		r = found == CANDOR_EAGAIN && len > HEADER_MAX_BYTES ? CANDOR_EBADMSG : found;
		goto out;
	}
	end = (size_t)(rest.p - file) + footer;
	if (!next_line(&line, &rest) || !starts_with(line, FOOTER " "))
		goto out;
	line.p += footer + 1;
	line.len -= footer + 1;
	if (!is_bytes(mac, sizeof(mac), line))
		goto out;
	if (found != 0) {
		r = found;
		goto out;
	}
	header_mac(expected, file_key, file, end);
	if (sodium_memcmp(mac, expected, sizeof(mac)) != 0)
		goto out;
	rest.len = len - (size_t)(rest.p - file);
	if (rest.len < AGE_NONCE_BYTES) {
		r = CANDOR_EAGAIN;
		goto out;
	}
	stream_init(s, file_key, rest.p);
	*used = (size_t)(rest.p - file) + AGE_NONCE_BYTES;
	r = 0;
out:
	sodium_memzero(file_key, sizeof(file_key));
	return r;
}

static int
open_file(
    struct arena *a, struct span *out, const uint8_t *file, size_t len, const struct opener *o)
{
	struct age_stream s;
	size_t used;
	int r = open_header(&s, &used, file, len, o);

	if (r == CANDOR_EAGAIN)
		return CANDOR_EBADMSG;
	if (r == 0)
		r = decrypt_all(a, out, &s, file + used, len - used);
	sodium_memzero(&s, sizeof(s));
	return r;
}

int
age_open(struct arena *a, struct span *out, const uint8_t *file, size_t len,
    const uint8_t identity[AGE_KEY_BYTES])
{
	struct opener o = { .identity = identity };

	age_recipient_of(o.recipient, identity);
	return open_file(a, out, file, len, &o);
}

int
age_open_passphrase(struct arena *a, struct span *out, const uint8_t *file, size_t len,
    const char *passphrase, size_t passphrase_len)
{
	struct opener o = { .passphrase = passphrase, .passphrase_len = passphrase_len };

	return open_file(a, out, file, len, &o);
}

int
age_stream_open(struct arena *a, struct age_stream *s, size_t *used, const uint8_t *file,
    size_t len, const uint8_t identity[AGE_KEY_BYTES])
{
	struct opener o = { .identity = identity };

	(void)a;
	age_recipient_of(o.recipient, identity);
	return open_header(s, used, file, len, &o);
}
