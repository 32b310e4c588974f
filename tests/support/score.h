/* SPDX-License-Identifier: ISC */
/* How well stripping does on texts with marked spans: for the tests and the bench. */
#ifndef CANDOR_TESTS_SCORE_H
#define CANDOR_TESTS_SCORE_H

#include <stdio.h>

#include "candor/strip.h"
#include "corpus.h"

/* How stripping did. A span is gone when none of its words is left at its place, kept when all are;
 * a word is a run of letters and digits, and one of less than three counts only where a span has no
 * longer one. Evening out does not count as removal. */
struct corpus_score {
	struct corpus_score_label {
		char name[CORPUS_LABEL_BYTES];
		bool goes;
		size_t spans, right; /* gone, or kept */
	} labels[CORPUS_LABELS];
	size_t n_labels;
	struct corpus_score_removal {
		size_t words, right; /* removed under this label; and that had to go */
	} removals[STRIP__N];
	size_t words, lost; /* outside of all spans that go; of these removed */
};

/* Add what the result of stripping this text tells. Faults go to misses, if it is not NULL, a line
 * each: FILE:LINE, fault, label, the words. */
void corpus_judge(struct corpus_score *score, const struct corpus *c,
    const struct corpus_text *text, const struct strip_result *result, enum strip_profile profile,
    const char *path, FILE *misses);

#endif
