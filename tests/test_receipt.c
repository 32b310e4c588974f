/* SPDX-License-Identifier: ISC */
/* The reporter's receipt: drawn, typed again, and turned into keys. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>

#include "candor/age.h"
#include "candor/receipt.h"
#include "eff_words.h"

static void
setup(void)
{
	cr_assert(ge(int, sodium_init(), 0));
}

TestSuite(receipt, .init = setup, .timeout = 60);

Test(receipt, the_list_is_sorted_and_its_words_fit)
{
	for (size_t i = 0; i < EFF_WORDS; i++) {
		cr_assert(ne(ptr, (void *)(uintptr_t)eff_words[i], NULL));
		cr_assert(le(sz, strlen(eff_words[i]), 9));
		if (i > 0)
			cr_assert(
			    lt(int, strcmp(eff_words[i - 1], eff_words[i]), 0), "%s", eff_words[i]);
	}
}

Test(receipt, a_new_receipt_has_seven_words_and_reads_back)
{
	char words[RECEIPT_MAX_CHARS], back[RECEIPT_MAX_CHARS], other[RECEIPT_MAX_CHARS];
	unsigned bad, n;

	for (int i = 0; i < 2000; i++) {
		receipt_new(words);
		cr_assert(
		    zero(int, receipt_parse(back, words, strlen(words), &bad, &n)), "%s", words);
		cr_assert(eq(str, back, words));
	}
	receipt_new(other);
	cr_assert(ne(str, words, other));
}

Test(receipt, what_people_type_is_understood)
{
	static const char expected[] = "abacus zoom drop-down yo-yo t-shirt felt-tip down";
	static const char *const typed[] = {
		"abacus zoom drop-down yo-yo t-shirt felt-tip down",
		"  ABACUS  Zoom\tdrop-down\nyo-yo t-shirt felt-tip down\r\n",
		"abacus, zoom, drop-down, yo-yo, t-shirt, felt-tip, down",
		"abacus-zoom-drop-down-yo-yo-t-shirt-felt-tip-down",
		"1. abacus 2. zoom 3. drop-down 4. yo-yo 5. t-shirt 6. felt-tip 7. down",
		"1) abacus\n2) zoom\n3) drop down\n4) yo yo\n5) t shirt\n6) felt tip\n7) down\n",
		"abacus\u00a0zoom\u3000drop-down yo-yo t-shirt felt-tip down.",
		"1 abacus 2 zoom 3 drop-down 4 yo-yo 5 t-shirt 6 felt-tip 7 down",
	};

	for (size_t i = 0; i < NELEM(typed); i++) {
		char out[RECEIPT_MAX_CHARS];
		unsigned bad, n;

		cr_assert(zero(int, receipt_parse(out, typed[i], strlen(typed[i]), &bad, &n)), "%s",
		    typed[i]);
		cr_assert(eq(str, out, expected));
	}
}

Test(receipt, a_mistyped_word_is_pointed_at)
{
	static const struct {
		const char *text;
		unsigned bad, n;
	} c[] = {
		{ "", 0, 0 },
		{ " \n1. 2.", 0, 0 },
		{ "abacus zoom", 0, 2 },
		{ "abacus abacus abacus abacus abacus abacus abacus abacus", 0, 8 },
		{ "abacus abacus abakus abacus abacus abacus abacus", 3, 7 },
		{ "abacus abacus abacus abacus abacus abacus abacusabacusabacus", 7, 7 },
		{ "abacus abacus abacus abacus abacus drop abacus", 6, 7 },
		{ "\u00e1bacus abacus abacus abacus abacus abacus abacus", 1, 7 },
		{ "abacus ab\xff\xff\xff abacus abacus abacus abacus abacus", 2, 7 },
	};

	for (size_t i = 0; i < NELEM(c); i++) {
		char out[RECEIPT_MAX_CHARS] = "untouched";
		unsigned bad = 99, n = 99;

		cr_assert(eq(int, receipt_parse(out, c[i].text, strlen(c[i].text), &bad, &n),
			      CANDOR_EINVAL),
		    "%s", c[i].text);
		cr_assert(eq(u32, bad, c[i].bad), "%s", c[i].text);
		cr_assert(eq(u32, n, c[i].n), "%s", c[i].text);
		cr_assert(eq(str, out, "untouched"));
	}
}

Test(receipt, words_of_a_megabyte_are_only_counted)
{
	size_t len = 1 << 20;
	char *text = malloc(len), out[RECEIPT_MAX_CHARS];
	unsigned bad, n;

	for (size_t i = 0; i < len; i++)
		text[i] = i % 2 ? ' ' : 'a';
	cr_assert(eq(int, receipt_parse(out, text, len, &bad, &n), CANDOR_EINVAL));
	cr_assert(eq(u32, n, len / 2));
	memset(text, 'a', len);
	cr_assert(eq(int, receipt_parse(out, text, len, &bad, &n), CANDOR_EINVAL));
	cr_assert(eq(u32, n, 1));
	free(text);
}

static void
check_vector(const char *words, uint8_t site_fill, const char *lookup, const char *identity,
    const char *recipient, const char *hash)
{
	uint8_t site[SITE_ID_BYTES], h[32];
	struct receipt_keys k;
	char hex[65], text[AGE_RECIPIENT_CHARS + 1];

	for (uint8_t i = 0; i < sizeof(site); i++)
		site[i] = (uint8_t)(site_fill + i);
	cr_assert(zero(int, receipt_derive(&k, words, site)));
	sodium_bin2hex(hex, sizeof(hex), k.lookup, 32);
	cr_expect(eq(str, hex, lookup));
	sodium_bin2hex(hex, sizeof(hex), k.identity, 32);
	cr_expect(eq(str, hex, identity));
	age_recipient_format(text, k.recipient);
	cr_expect(eq(str, text, recipient));
	receipt_lookup_hash(h, k.lookup);
	sodium_bin2hex(hex, sizeof(hex), h, 32);
	cr_expect(eq(str, hex, hash));
}

/* doc/PROTOCOL.md has the same. */
Test(receipt, words_give_the_keys_of_the_protocols_vectors)
{
	check_vector("abacus abdomen abdominal abide abiding ability ablaze", 0,
	    "a3dd7cd4a0d0d68755eb929e19128c41e3f5e05e9ae3c1cf63227fac24fbb80d",
	    "46f9036c641cde48bc1a044f4f0bddc27c86c686fed99bca91efc00751c4ef57",
	    "age169sp0tyeazf8kzw927ev8jn4rce07zkf5npy4c2dzyhugl6w0q8qk970lq",
	    "db6591a76a3dba4cb5c9b5173c3f194285cb2c07c4f06ceb26b0ef14edb82eee");
	check_vector("zoom yo-yo t-shirt felt-tip drop-down zookeeper zone", 0x80,
	    "58ce334e7b1fb259363cc2543146a15855123f79a5283bce26b1785efd110025",
	    "43a2635efee3d1ed41518b5575ec034b1d436cf6df36d0564477f1392b89af0a",
	    "age1fpe6nff2d7e57fweqq9ynld8r84ujccnfv47attrdz3asrnc0f6qusqt4j",
	    "d70cb45f25d9a4a45b3ccf0197842d4a17fec047b1eb4c85148d9dc6e7c14f61");
}

Test(receipt, another_site_or_word_gives_other_keys)
{
	static const uint8_t site[2][SITE_ID_BYTES] = { { 1 }, { 2 } };
	struct receipt_keys a, b, c;

	cr_assert(zero(
	    int, receipt_derive(&a, "abacus abacus abacus abacus abacus abacus abacus", site[0])));
	cr_assert(zero(
	    int, receipt_derive(&b, "abacus abacus abacus abacus abacus abacus abacus", site[1])));
	cr_assert(zero(
	    int, receipt_derive(&c, "abacus abacus abacus abacus abacus abacus zoom", site[0])));
	cr_assert(ne(int, memcmp(a.lookup, b.lookup, 32), 0));
	cr_assert(ne(int, memcmp(a.identity, b.identity, 32), 0));
	cr_assert(ne(int, memcmp(a.lookup, c.lookup, 32), 0));
	cr_assert(ne(int, memcmp(a.lookup, a.identity, 32), 0));
}
