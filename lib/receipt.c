/* SPDX-License-Identifier: ISC */
/*
 * The reporter's receipt: see candor/receipt.h. Runs in the client; the store alone calls
 * receipt_lookup_hash(). Must never let the words out of what the caller keeps locked.
 */
#include "candor/receipt.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "candor/utf8.h"
#include "eff_words.h"

#define WORD_MAX 9 /* characters */
#define KDF_CONTEXT "receipt_"

_Static_assert(RECEIPT_MAX_CHARS == RECEIPT_WORDS * (WORD_MAX + 1), "a blank or NUL each");
_Static_assert(SITE_ID_BYTES == crypto_pwhash_SALTBYTES, "the site's id is the salt");
_Static_assert(sizeof(KDF_CONTEXT) - 1 == crypto_kdf_CONTEXTBYTES, "of crypto_kdf");

void
receipt_new(char out[RECEIPT_MAX_CHARS])
{
	char *p = out;

	for (unsigned i = 0; i < RECEIPT_WORDS; i++) {
		const char *word = eff_words[randombytes_uniform(EFF_WORDS)];
		size_t n = strlen(word);

		memcpy(p, word, n);
		p += n;
		*p++ = ' ';
	}
	p[-1] = '\0';
}

static int
compare_word(const void *key, const void *element)
{
	const char *const *word = element;

	return strcmp(key, *word);
}

static bool
is_listed(const char *word)
{
	return bsearch(word, eff_words, EFF_WORDS, sizeof(eff_words[0]), compare_word) != NULL;
}

/* A piece of what was typed, in small letters; of one that is too long only the beginning. */
struct piece {
	char text[WORD_MAX + 2];
	size_t len; /* 0: there is no further piece */
};

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Bytes of the separator at p, 0 for what belongs to a word. */
static size_t
separator(const char *p, size_t len)
{
	uint32_t c;
	size_t n = utf8_decode(&c, p, len);

	if (n == 0)
		return 0;
	return utf8_char_blank(c) || (c >= '\t' && c <= '\r') ||
		       (c != 0 && c < 0x80 && strchr(",-.;:)", (int)c) != NULL)
		   ? n
		   : 0;
}

/* The next piece that is not a number. */
static void
next_piece(struct piece *out, const char **p, const char *end)
{
	bool is_number;

	do {
		size_t n;

		*out = (struct piece){ 0 };
		is_number = true;
		while (*p < end && (n = separator(*p, (size_t)(end - *p))) > 0)
			*p += n;
		for (; *p < end && separator(*p, (size_t)(end - *p)) == 0; (*p)++, out->len++) {
			is_number = is_number && **p >= '0' && **p <= '9';
			if (out->len < sizeof(out->text) - 1)
				out->text[out->len] = lower(**p);
		}
	} while (is_number && out->len > 0);
}

/* Four words of the list have a hyphen in them, and none of their first halves is a word by itself:
 * are two pieces one such word? */
static bool
is_joint(
    char joint[2 * sizeof(((struct piece *)0)->text)], const struct piece *a, const struct piece *b)
{
	size_t n = strlen(a->text), m = strlen(b->text);

	if (n == 0 || m == 0)
		return false;
	memcpy(joint, a->text, n);
	joint[n] = '-';
	memcpy(joint + n + 1, b->text, m + 1);
	return is_listed(joint);
}

int
receipt_parse(char out[RECEIPT_MAX_CHARS], const char *text, size_t len, unsigned *bad_word,
    unsigned *n_words)
{
	const char *p = text, *end = text + len;
	char words[RECEIPT_MAX_CHARS], *w = words;
	char joint[2 * sizeof(((struct piece *)0)->text)];
	struct piece piece, following;
	unsigned n = 0, bad = 0;
	int r = CANDOR_EINVAL;

	next_piece(&piece, &p, end);
	while (piece.len > 0) {
		const char *word = piece.text;

		n++;
		next_piece(&following, &p, end);
		if (is_joint(joint, &piece, &following)) {
			word = joint;
			next_piece(&following, &p, end);
		}
		if (!is_listed(word)) {
			if (bad == 0)
				bad = n;
		} else if (n <= RECEIPT_WORDS) {
			w = stpcpy(w, word);
			*w++ = ' ';
		}
		piece = following;
	}
	*n_words = n;
	*bad_word = n == RECEIPT_WORDS ? bad : 0;
	if (n == RECEIPT_WORDS && bad == 0) {
		w[-1] = '\0';
		memcpy(out, words, (size_t)(w - words));
		r = 0;
	}
	sodium_memzero(words, sizeof(words));
	sodium_memzero(joint, sizeof(joint));
	sodium_memzero(&piece, sizeof(piece));
	sodium_memzero(&following, sizeof(following));
	return r;
}

int
receipt_derive(struct receipt_keys *out, const char *words, const uint8_t site_id[SITE_ID_BYTES])
{
	uint8_t master[crypto_kdf_KEYBYTES];

	if (crypto_pwhash(master, sizeof(master), words, strlen(words), site_id,
		RECEIPT_ARGON2_PASSES, RECEIPT_ARGON2_BYTES, crypto_pwhash_ALG_ARGON2ID13) != 0)
		return CANDOR_ENOMEM;
	crypto_kdf_derive_from_key(out->lookup, sizeof(out->lookup), 1, KDF_CONTEXT, master);
	crypto_kdf_derive_from_key(out->identity, sizeof(out->identity), 2, KDF_CONTEXT, master);
	crypto_scalarmult_base(out->recipient, out->identity);
	sodium_memzero(master, sizeof(master));
	return 0;
}

void
receipt_lookup_hash(uint8_t out[32], const uint8_t lookup[RECEIPT_LOOKUP_BYTES])
{
	crypto_generichash(out, 32, lookup, RECEIPT_LOOKUP_BYTES, NULL, 0);
}
