/* SPDX-License-Identifier: ISC */
/*
 * UTF-8 and what may be shown: see candor/utf8.h. Any process; never allocates, never fails on
 * hostile bytes other than by saying so.
 */
#include "candor/utf8.h"

struct range {
	uint32_t first, last;
};

/* clang-format off */
/* Not to be shown: Unicode 15 categories Cc, Cf, Co, Zl, Zp, and whatever else is default-ignorable
 * (DerivedCoreProperties.txt). Ascending. Non-characters are told by their last 16 bits. */
static const struct range unprintable[] = {
	{ 0x0000, 0x001f },     /* C0 controls */
	{ 0x007f, 0x009f },     /* DEL, C1 controls */
	{ 0x00ad, 0x00ad },     /* soft hyphen */
	{ 0x034f, 0x034f },     /* combining grapheme joiner */
	{ 0x0600, 0x0605 },     /* Arabic number signs */
	{ 0x061c, 0x061c },     /* Arabic letter mark (bidi) */
	{ 0x06dd, 0x06dd },     /* Arabic end of ayah */
	{ 0x070f, 0x070f },     /* Syriac abbreviation mark */
	{ 0x0890, 0x0891 },     /* Arabic pound and piastre mark above */
	{ 0x08e2, 0x08e2 },     /* Arabic disputed end of ayah */
	{ 0x115f, 0x1160 },     /* Hangul fillers */
	{ 0x17b4, 0x17b5 },     /* Khmer inherent vowels */
	{ 0x180b, 0x180f },     /* Mongolian selectors and vowel separator */
	{ 0x200b, 0x200f },     /* zero widths, left-to-right and right-to-left marks */
	{ 0x2028, 0x202e },     /* line and paragraph separators, bidi embeddings and overrides */
	{ 0x2060, 0x206f },     /* word joiner, bidi isolates, deprecated controls */
	{ 0x2800, 0x2800 },     /* Braille pattern without dots */
	{ 0x3164, 0x3164 },     /* Hangul filler */
	{ 0xe000, 0xf8ff },     /* private use */
	{ 0xfdd0, 0xfdef },     /* non-characters */
	{ 0xfe00, 0xfe0f },     /* variation selectors */
	{ 0xfeff, 0xfeff },     /* byte order mark */
	{ 0xffa0, 0xffa0 },     /* half-width Hangul filler */
	{ 0xfff0, 0xfffb },     /* interlinear annotation and unassigned ignorables */
	{ 0x110bd, 0x110bd },   /* Kaithi number signs */
	{ 0x110cd, 0x110cd },
	{ 0x13430, 0x1343f },   /* hieroglyph format controls */
	{ 0x1bca0, 0x1bca3 },   /* shorthand format controls */
	{ 0x1d173, 0x1d17a },   /* musical format controls */
	{ 0xe0000, 0xe0fff },   /* tags, further variation selectors */
	{ 0xf0000, 0x10ffff },  /* private use */
};

/* Category Zs. */
static const struct range blank[] = {
	{ 0x0020, 0x0020 }, { 0x00a0, 0x00a0 }, { 0x1680, 0x1680 }, { 0x2000, 0x200a },
	{ 0x202f, 0x202f }, { 0x205f, 0x205f }, { 0x3000, 0x3000 },
};
/* clang-format on */

static bool
in_ranges(uint32_t c, const struct range *r, size_t n)
{
	size_t low = 0;

	while (n > 0) {
		size_t half = n / 2;

		if (c > r[low + half].last) {
			low += half + 1;
			n -= half + 1;
		} else if (c < r[low + half].first) {
			n = half;
		} else {
			return true;
		}
	}
	return false;
}

size_t
utf8_decode(uint32_t *c, const char *text, size_t len)
{
	/* By the number of continuation bytes: the bits of the first byte that count, and the
	 * smallest character that needs so many. */
	static const struct {
		uint8_t mask, lead, bits;
		uint32_t least;
	} form[] = {
		{ 0x80, 0x00, 0x7f, 0 },
		{ 0xe0, 0xc0, 0x1f, 0x80 },
		{ 0xf0, 0xe0, 0x0f, 0x800 },
		{ 0xf8, 0xf0, 0x07, 0x10000 },
	};
	uint8_t first;
	uint32_t v;

	if (len == 0)
		return 0;
	first = (uint8_t)text[0];
	for (size_t more = 0; more < NELEM(form); more++) {
		if ((first & form[more].mask) != form[more].lead)
			continue;
		if (more >= len)
			return 0;
		v = first & form[more].bits;
		for (size_t i = 1; i <= more; i++) {
			uint8_t b = (uint8_t)text[i];

			if ((b & 0xc0) != 0x80)
				return 0;
			v = v << 6 | (b & 0x3f);
		}
		if (v < form[more].least || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
			return 0;
		*c = v;
		return more + 1;
	}
	return 0;
}

size_t
utf8_encode(char out[UTF8_MAX_BYTES], uint32_t c)
{
	static const uint8_t lead[] = { 0x00, 0xc0, 0xe0, 0xf0 };
	size_t more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

	for (size_t i = more; i > 0; i--) {
		out[i] = (char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	out[0] = (char)(lead[more] | c);
	return more + 1;
}

bool
utf8_valid(const char *text, size_t len)
{
	uint32_t c;

	for (size_t n; len > 0; text += n, len -= n) {
		if ((n = utf8_decode(&c, text, len)) == 0)
			return false;
	}
	return true;
}

bool
utf8_char_printable(uint32_t c)
{
	if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) || (c & 0xfffe) == 0xfffe)
		return false;
	return !in_ranges(c, unprintable, NELEM(unprintable));
}

bool
utf8_char_blank(uint32_t c)
{
	return in_ranges(c, blank, NELEM(blank));
}

bool
utf8_printable(const char *text, size_t len)
{
	uint32_t c;

	for (size_t n; len > 0; text += n, len -= n) {
		if ((n = utf8_decode(&c, text, len)) == 0 || !utf8_char_printable(c))
			return false;
	}
	return true;
}
