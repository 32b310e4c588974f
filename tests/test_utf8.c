/* SPDX-License-Identifier: ISC */
/* UTF-8: what decodes, what does not, and what may be shown. */
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "candor/utf8.h"

Test(utf8, every_character_survives_encoding_and_decoding)
{
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		char text[UTF8_MAX_BYTES];
		uint32_t back = 0xdead;
		size_t n;

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		n = utf8_encode(text, c);
		cr_assert(eq(sz, utf8_decode(&back, text, n), n), "U+%04X", c);
		cr_assert(eq(u32, back, c));
		for (size_t cut = 0; cut < n; cut++)
			cr_assert(eq(sz, utf8_decode(&back, text, cut), 0), "U+%04X cut", c);
	}
}

Test(utf8, malformed_bytes_are_refused)
{
	/* clang-format off */
	const struct span bad[] = {
		SPAN_STR("\x80"),                 /* continuation first */
		SPAN_STR("\xc0\xaf"),             /* overlong */
		SPAN_STR("\xe0\x80\xaf"),
		SPAN_STR("\xf0\x80\x80\xaf"),
		SPAN_STR("\xc0\x80"),
		SPAN_STR("\xed\xa0\x80"),         /* surrogate */
		SPAN_STR("\xf4\x90\x80\x80"),     /* U+110000 */
		SPAN_STR("\xf8\x88\x80\x80\x80"), /* five bytes */
		SPAN_STR("\xfe"),
		SPAN_STR("\xff"),
		SPAN_STR("\xc3("),                /* no continuation */
		SPAN_STR("a\xc3"),                /* cut short behind something good */
	};
	/* clang-format on */

	for (size_t i = 0; i < NELEM(bad); i++) {
		cr_assert(not(utf8_valid((const char *)bad[i].p, bad[i].len)), "case %zu", i);
		cr_assert(not(utf8_printable((const char *)bad[i].p, bad[i].len)), "case %zu", i);
	}
}

Test(utf8, names_of_people_are_printable)
{
	static const char *const good[] = { "", "Ada Lovelace", "Zoë Kravčenko", "李 小龍",
		"O’Brien", "Nguyễn Thị Minh", "محمد", "Jean\u00a0Paul" };

	for (size_t i = 0; i < NELEM(good); i++) {
		cr_assert(utf8_valid(good[i], strlen(good[i])));
		cr_assert(utf8_printable(good[i], strlen(good[i])), "%s", good[i]);
	}
}

Test(utf8, what_acts_or_hides_is_not_printable)
{
	static const uint32_t bad[] = { 0, '\t', '\n', '\r', 0x1b, 0x7f, 0x85, 0x9b, 0xad, 0x34f,
		0x61c, 0x180e, 0x200b, 0x200d, 0x200e, 0x200f, 0x2028, 0x202a, 0x202e, 0x2060,
		0x2066, 0x2069, 0x206f, 0x2800, 0x3164, 0xe000, 0xfdd0, 0xfe0f, 0xfeff, 0xfff9,
		0xfffe, 0xffff, 0x1fffe, 0xe0001, 0xe0100, 0xf0000, 0x10ffff, 0x110000, 0xd800 };

	for (size_t i = 0; i < NELEM(bad); i++)
		cr_assert(not(utf8_char_printable(bad[i])), "U+%04X", bad[i]);
	cr_assert(utf8_char_printable(' '));
	cr_assert(utf8_char_printable('~'));
	cr_assert(utf8_char_printable(0xa0));
	cr_assert(utf8_char_printable(0xfffd));
	cr_assert(utf8_char_printable(0x1f600));
}

Test(utf8, blanks_are_told_from_letters)
{
	static const uint32_t yes[] = { ' ', 0xa0, 0x1680, 0x2000, 0x200a, 0x202f, 0x205f, 0x3000 };
	static const uint32_t no[] = { 'a', '\t', '\n', 0x1f, 0x21, 0x200b, 0x2028, 0x3001 };

	for (size_t i = 0; i < NELEM(yes); i++)
		cr_assert(utf8_char_blank(yes[i]), "U+%04X", yes[i]);
	for (size_t i = 0; i < NELEM(no); i++)
		cr_assert(not(utf8_char_blank(no[i])), "U+%04X", no[i]);
}
