/* SPDX-License-Identifier: ISC */
/*
 * What the language packs know of a word (see en/README.md). The table is made when Candor is built
 * and lies in memory that all workers share. Any process; pure.
 */
#include <string.h>

#include <utf8proc.h>

#include "candor/utf8.h"
#include "strip/internal.h"
#include "strip/lexicon.h"

extern const uint32_t strip_lexicon[1 << LEXICON_SLOT_BITS];
extern const struct strip_lex strip_sorts[];

static struct strip_lex
look_up(uint64_t hash)
{
	uint32_t print = lexicon_print(hash), e;
	size_t slot = lexicon_slot(hash);

	while ((e = strip_lexicon[slot]) != 0) {
		if (e >> LEXICON_SORT_BITS == print)
			return strip_sorts[e & ((1u << LEXICON_SORT_BITS) - 1)];
		slot = (slot + 1) & ((1u << LEXICON_SLOT_BITS) - 1);
	}
	return (struct strip_lex){ 0 };
}

struct strip_lex
strip_word(const uint8_t *folded, size_t len)
{
	return look_up(lexicon_hash(folded, len));
}

/* Letters that are no others with a mark. */
static const struct {
	uint32_t from;
	char to[3];
} special[] = { { 0xdf, "ss" }, { 0xe6, "ae" }, { 0xf0, "d" }, { 0xf8, "o" }, { 0xfe, "th" },
	{ 0x111, "d" }, { 0x131, "i" }, { 0x142, "l" }, { 0x153, "oe" } };

#define DECOMPOSED_MAX 4

/* Add one character folded at out, which has room for 8 bytes. */
static size_t
fold_one(uint8_t *out, uint32_t c)
{
	int32_t d[DECOMPOSED_MAX];
	utf8proc_ssize_t n;
	int class = 0;
	size_t len = 0;

	c = (uint32_t)utf8proc_tolower((int32_t)c);
	for (size_t i = 0; i < NELEM(special); i++)
		if (special[i].from == c) {
			len = strlen(special[i].to);
			memcpy(out, special[i].to, len);
			return len;
		}
	n = utf8proc_decompose_char((int32_t)c, d, DECOMPOSED_MAX, UTF8PROC_DECOMPOSE, &class);
	if (c >= 0xac00 && c <= 0xd7a3)
		n = 0; /* Hangul syllables stay whole */
	if (n < 1 || n > DECOMPOSED_MAX)
		return utf8_encode((char *)out, c);
	if (utf8proc_category(d[0]) != UTF8PROC_CATEGORY_MN)
		len = utf8_encode((char *)out, (uint32_t)d[0]);
	return len;
}

size_t
strip_fold(uint8_t *out, size_t room, const uint8_t *word, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		uint32_t c = word[i];
		size_t step = 1;

		if (room - n < 8)
			return 0;
		if (c < 0x80) {
			out[n++] = (uint8_t)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
		} else {
			if ((step = utf8_decode(&c, (const char *)word + i, len - i)) == 0)
				return 0;
			n += fold_one(out + n, c);
		}
		i += step;
	}
	return n;
}
