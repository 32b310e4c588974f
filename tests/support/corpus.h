/* SPDX-License-Identifier: ISC */
/*
 * Texts with marked spans, and how well stripping does on them: for the tests and the bench.
 *
 * A corpus is a plain text: lines with # at its head, then texts, each behind a line "%%". A span is
 * marked where it stands, {{label|the words}}. What goes and what stays is told by the labels: in a
 * text for the reporter profile those that begin with "reporter-" go, and all others stay; in one for
 * de-identification all go.
 */
#ifndef CANDOR_TESTS_CORPUS_H
#define CANDOR_TESTS_CORPUS_H

#include <stdio.h>

#include "candor/strip.h"

#define CORPUS_LABELS 48

struct corpus_span {
	size_t start, end;
	size_t label; /* of the corpus's labels */
};

struct corpus_text {
	const char *p;
	size_t len;
	size_t line; /* of the file, where it begins */
	struct corpus_span *spans;
	size_t n_spans;
};

struct corpus {
	char *labels[CORPUS_LABELS];
	size_t n_labels;
	struct corpus_text *texts;
	size_t n_texts;
	char *bytes; /* what the texts point into */
};

/* Read a corpus, or end the process with file, line and fault on standard error: it is ours. */
void corpus_read(struct corpus *c, const char *path);
void corpus_free(struct corpus *c);

/* How stripping did. A span is gone when none of its words is left at its place, kept when all are;
 * a word is a run of letters and digits, and one of less than three counts only where a span has no
 * longer one. Evening out does not count as removal. */
struct corpus_score {
	struct corpus_score_label {
		char name[32];
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
