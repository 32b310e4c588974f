/* SPDX-License-Identifier: ISC */
/*
 * Where the words stand that a writer insists on keeping: see candor/strip.h. Any process; pure. The
 * words, not places in a text, travel: what is sent is not what was typed.
 */
#include <string.h>

#include "candor/strip.h"

static bool
in_word(char c)
{
	unsigned char b = (unsigned char)c;

	return (b >= '0' && b <= '9') || ((b | 0x20) >= 'a' && (b | 0x20) <= 'z') || b >= 0x80;
}

/* Do the n bytes of word stand at text + at, and not within a longer word? */
static bool
stands(const char *text, size_t len, size_t at, const char *word, size_t n)
{
	if (n == 0 || n > len - at || memcmp(text + at, word, n) != 0)
		return false;
	if (at > 0 && in_word(text[at - 1]) && in_word(word[0]))
		return false;
	return at + n == len || !in_word(text[at + n]) || !in_word(word[n - 1]);
}

/* Count the spans, and write them when there is where to. */
static size_t
find(struct strip_span *out, const char *text, size_t len, char *const *words, size_t n_words)
{
	size_t n = 0;

	for (size_t at = 0; at < len;) {
		size_t longest = 0;

		for (size_t i = 0; i < n_words; i++) {
			size_t bytes = strlen(words[i]);

			if (bytes > longest && stands(text, len, at, words[i], bytes))
				longest = bytes;
		}
		if (longest > 0) {
			if (out != NULL)
				out[n] = (struct strip_span){ at, at + longest, STRIP__N };
			n++;
		}
		at += longest > 0 ? longest : 1;
	}
	return n;
}

int
strip_keep_words(struct arena *a, struct strip_keep *keep, const char *text, size_t len,
    char *const *words, size_t n_words)
{
	struct strip_span *spans;

	keep->n_spans = 0;
	if (n_words == 0)
		return 0;
	keep->n_spans = find(NULL, text, len, words, n_words);
	if ((spans = arena_alloc(a, keep->n_spans * sizeof(*spans))) == NULL)
		return CANDOR_ENOMEM;
	find(spans, text, len, words, n_words);
	keep->spans = spans;
	return 0;
}
