/* SPDX-License-Identifier: ISC */
/*
 * Whether a text names somebody: so that the client can ask whether an officer who is named shall be
 * kept out. Any process; pure. Must not guess: a surname alone is nobody's.
 */
#include <string.h>

#include "strip/internal.h"

#define PARTS_MAX 6
#define PART_BYTES 64

struct word {
	const uint8_t *p;
	size_t len;
};

static bool
in_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c >= 0x80 ||
	       c == '\'' || c == '-';
}

/* The word at or behind *at, which moves behind it; its length is 0 at the end. */
static struct word
next_word(const uint8_t *text, size_t len, size_t *at)
{
	struct word w;
	size_t i = *at;

	while (i < len && !in_word(text[i]))
		i++;
	w.p = text + i;
	while (i < len && in_word(text[i]))
		i++;
	w.len = (size_t)(text + i - w.p);
	if (w.len > 2 && w.p[w.len - 2] == '\'' && (w.p[w.len - 1] | 0x20) == 's')
		w.len -= 2; /* Fox's */
	*at = i;
	return w;
}

static bool
same(const struct word *a, const struct word *b)
{
	uint8_t x[PART_BYTES], y[PART_BYTES];
	size_t n = strip_fold(x, sizeof(x), a->p, a->len);

	return n > 0 && n == strip_fold(y, sizeof(y), b->p, b->len) && memcmp(x, y, n) == 0;
}

static bool
is_title(const struct word *w)
{
	uint8_t low[PART_BYTES];
	size_t n = strip_fold(low, sizeof(low) - 1, w->p, w->len);
	uint8_t class = n > 0 ? strip_word(low, n).class : C_NONE;

	return class == C_TITLE || class == C_ROLE;
}

bool
strip_mentions(const char *text, size_t len, const char *name)
{
	const uint8_t *t = (const uint8_t *)text, *p = (const uint8_t *)name;
	size_t name_len = strlen(name), at = 0, n = 0, run = 0;
	struct word part[PARTS_MAX], w, before = { 0 };

	while (n < PARTS_MAX && (w = next_word(p, name_len, &at)).len > 0)
		if (n > 0 || !is_title(&w))
			part[n++] = w;
	if (n == 0)
		return false;
	for (at = 0; (w = next_word(t, len, &at)).len > 0; before = w) {
		run = same(&w, &part[run]) ? run + 1 : same(&w, &part[0]);
		if (run == n && (n > 1 || is_title(&before)))
			return true;
		if (run == n)
			run = 0;
		if (before.len > 0 && same(&w, &part[n - 1]) && is_title(&before))
			return true;
	}
	return false;
}
