/* SPDX-License-Identifier: ISC */
/* Words that a reporter insists on: where they stand, and that nothing of them goes. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "candor/strip.h"

#define ARENA_BYTES (1u << 20)

static struct arena a;

static void
setup(void)
{
	void *mem = malloc(ARENA_BYTES);

	cr_assert(mem != NULL);
	arena_init(&a, mem, ARENA_BYTES);
}

static void
teardown(void)
{
	free(a.base);
}

TestSuite(keep, .init = setup, .fini = teardown);

/* "start-end " of each place. */
static const char *
places(const char *text, char **words, size_t n)
{
	static char out[256];
	struct strip_keep keep = { 0 };

	cr_assert(strip_keep_words(&a, &keep, text, strlen(text), words, n) == 0);
	out[0] = '\0';
	for (size_t i = 0; i < keep.n_spans; i++)
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "%zu-%zu ",
		    keep.spans[i].start, keep.spans[i].end);
	return out;
}

Test(keep, words_are_found_wherever_they_stand)
{
	char *words[] = { "Fox", "Ann Lee" };

	cr_assert(eq(str, (char *)places("Fox told Ann Lee. Fox!", words, 2), "0-3 9-16 18-21 "));
}

Test(keep, words_within_longer_words_are_not_found)
{
	char *words[] = { "Fox", "ö" };

	cr_assert(eq(str, (char *)places("Foxes, aFox, Föx, 1Fox", words, 2), ""));
}

Test(keep, the_longest_of_two_that_begin_alike_is_found)
{
	char *words[] = { "Ann", "Ann Lee" };

	cr_assert(eq(str, (char *)places("Ann Lee, Ann", words, 2), "0-7 9-12 "));
}

Test(keep, no_words_and_empty_words_are_nowhere)
{
	char *words[] = { "" };

	cr_assert(eq(str, (char *)places("Fox", words, 0), ""));
	cr_assert(eq(str, (char *)places("Fox", words, 1), ""));
	cr_assert(eq(str, (char *)places("", words, 1), ""));
}

static const char *
stripped(const char *text, char *word, unsigned never)
{
	struct strip_keep keep = { .never = never };
	struct strip_result r;

	cr_assert(strip_keep_words(&a, &keep, text, strlen(text), &word, 1) == 0);
	cr_assert(strip(&a, &r, text, strlen(text), STRIP_REPORTER, &keep) == 0);
	return (const char *)r.text.p;
}

Test(keep, what_is_kept_stays_and_the_rest_goes)
{
	static const char text[] = "My name is Wanda Okafor. My badge is T-20917.";
	char word[] = "Wanda Okafor", none[] = "nobody";

	cr_assert(eq(str, (char *)stripped(text, word, 0),
	    "My name is Wanda Okafor. My badge is [id removed]."));
	cr_assert(eq(str, (char *)stripped(text, none, 0),
	    "My name is [name removed]. My badge is [id removed]."));
}

Test(keep, what_the_site_rules_out_goes_all_the_same)
{
	char word[] = "T-20917";

	cr_assert(eq(str, (char *)stripped("My badge is T-20917.", word, 1u << STRIP_REPORTER_ID),
	    "My badge is [id removed]."));
}
