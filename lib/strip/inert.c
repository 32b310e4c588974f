/* SPDX-License-Identifier: ISC */
/*
 * Make somebody else's text harmless to a terminal. Any process; apart from the stripping engine,
 * so that a room can have this without that.
 */
#include <string.h>

#include "candor/strip.h"
#include "candor/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Joiners and variation selectors: not to be seen alone, but scripts and emoji need them. */
static bool
joins(uint32_t c)
{
	return c == 0x200c || c == 0x200d || (c >= 0xfe00 && c <= 0xfe0f);
}

/* Copy to out, unless it is NULL; returns how many bytes it takes. */
static size_t
inert(uint8_t *out, const char *text, size_t len)
{
	size_t size = 0;

	for (size_t i = 0; i < len;) {
		const char *from = text + i;
		uint32_t c = 0;
		size_t n = utf8_decode(&c, from, len - i);

		i += n == 0 ? 1 : n;
		if (n == 0 || !(c == '\n' || c == '\t' || utf8_char_printable(c) || joins(c))) {
			from = REPLACEMENT;
			n = sizeof(REPLACEMENT) - 1;
		}
		if (out != NULL)
			memcpy(out + size, from, n);
		size += n;
	}
	return size;
}

int
strip_inert(struct arena *a, struct span *out, const char *text, size_t len)
{
	size_t size;
	uint8_t *p;

	if (len > SIZE_MAX / 4)
		return CANDOR_ENOMEM;
	size = inert(NULL, text, len);
	if ((p = arena_alloc(a, size + 1)) == NULL)
		return CANDOR_ENOMEM;
	inert(p, text, len);
	*out = (struct span){ p, size };
	return 0;
}
