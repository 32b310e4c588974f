/* SPDX-License-Identifier: ISC */
/* How stripping for the reporter does on whole hands of texts: floors, so that no change makes it worse
 * unseen. `make bench ONLY=strip` prints all figures. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/score.h"

#define ARENA_BYTES (16u << 20)

/* In per cent of spans that go, of people who stay, and of other words that are lost. */
static void
reaches(const char *pattern, double gone, double kept, double lost)
{
	struct corpus_score score = { 0 };
	size_t spans[2] = { 0 }, right[2] = { 0 };
	void *mem = malloc(ARENA_BYTES);
	struct arena a;
	glob_t files;

	cr_assert(mem != NULL);
	arena_init(&a, mem, ARENA_BYTES);
	cr_assert(eq(int, glob(pattern, 0, NULL, &files), 0), "run from the top of the tree");
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct corpus c;

		corpus_read(&c, files.gl_pathv[i]);
		for (size_t k = 0; k < c.n_texts; k++) {
			struct strip_result r;

			arena_end(&a);
			cr_assert(eq(int,
			    strip(&a, &r, c.texts[k].p, c.texts[k].len, STRIP_REPORTER, NULL), 0));
			corpus_judge(
			    &score, &c, &c.texts[k], &r, STRIP_REPORTER, files.gl_pathv[i], NULL);
		}
		corpus_free(&c);
	}
	for (size_t i = 0; i < score.n_labels; i++) {
		spans[score.labels[i].goes] += score.labels[i].spans;
		right[score.labels[i].goes] += score.labels[i].right;
	}
	cr_assert(ge(dbl, 100.0 * (double)right[1] / (double)spans[1], gone));
	cr_assert(ge(dbl, 100.0 * (double)right[0] / (double)spans[0], kept));
	cr_assert(le(dbl, 100.0 * (double)score.lost / (double)score.words, lost));
	globfree(&files);
	free(mem);
}

Test(corpus, texts_that_were_learned_lose_their_writer)
{
	reaches("tests/corpus/reporter/*.txt", 91, 98, 1);
}

Test(corpus, texts_that_were_held_out_lose_most_of_it)
{
	reaches("tests/corpus/reporter/held-out/*.txt", 75, 95.5, 2);
}
