/* SPDX-License-Identifier: ISC */
/*
 * Texts with marked spans, for the tests, the bench, and what learns of them.
 *
 * A corpus is a plain text: lines with # at its head, then texts, each behind a line "%%". A span is
 * marked where it stands, {{label|the words}}. What goes and what stays is told by the labels: in a
 * text for the reporter profile those that begin with "reporter-" go, and all others stay; in one for
 * de-identification all go.
 */
#ifndef CANDOR_TESTS_CORPUS_H
#define CANDOR_TESTS_CORPUS_H

#include <stddef.h>

#define CORPUS_LABELS 48
#define CORPUS_LABEL_BYTES 32

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

#endif
