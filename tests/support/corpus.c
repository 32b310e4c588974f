/* SPDX-License-Identifier: ISC */
/* Texts with marked spans: see corpus.h. Tests and bench only. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "corpus.h"

#define OPENS "{{"
#define CLOSES "}}"
#define PARTS_TEXTS "%%"

struct reading {
	struct corpus *c;
	const char *path;
	size_t line;
};

static void fault(const struct reading *r, const char *what) __attribute__((noreturn));

static void
fault(const struct reading *r, const char *what)
{
	fprintf(stderr, "%s:%zu: %s\n", r->path, r->line, what);
	exit(EX_DATAERR);
}

static void *
grown(const struct reading *r, void *p, size_t n, size_t size)
{
	if ((n & (n - 1)) == 0 && (p = realloc(p, (n == 0 ? 1 : 2 * n) * size)) == NULL)
		fault(r, "no memory");
	return p;
}

static size_t
label_of(const struct reading *r, const char *name, size_t len)
{
	struct corpus *c = r->c;

	for (size_t i = 0; i < c->n_labels; i++)
		if (strlen(c->labels[i]) == len && memcmp(c->labels[i], name, len) == 0)
			return i;
	if (c->n_labels == CORPUS_LABELS || len == 0 || len >= CORPUS_LABEL_BYTES)
		fault(r, "a label that is too long, or one too many");
	if ((c->labels[c->n_labels] = strndup(name, len)) == NULL)
		fault(r, "no memory");
	return c->n_labels++;
}

/* The text from p to end, of which the marks are taken out at its place. */
static void
read_text(struct reading *r, char *p, char *end)
{
	struct corpus *c = r->c;
	struct corpus_text t = { .p = p, .line = r->line + 1 };
	char *to = p;
	bool open = false;

	while (p < end) {
		char *bar;

		r->line += *p == '\n';
		if (end - p >= 2 && memcmp(p, OPENS, 2) == 0) {
			bar = memchr(p, '|', (size_t)(end - p));
			if (open || bar == NULL)
				fault(r, "a mark in a mark, or one without a label");
			t.spans = grown(r, t.spans, t.n_spans, sizeof(*t.spans));
			t.spans[t.n_spans++] = (struct corpus_span){ (size_t)(to - t.p), 0,
				label_of(r, p + 2, (size_t)(bar - p) - 2) };
			open = true;
			p = bar + 1;
		} else if (open && end - p >= 2 && memcmp(p, CLOSES, 2) == 0) {
			t.spans[t.n_spans - 1].end = (size_t)(to - t.p);
			open = false;
			p += 2;
		} else {
			*to++ = *p++;
		}
	}
	if (open)
		fault(r, "a mark that is not closed");
	t.len = (size_t)(to - t.p);
	*to = 0;
	c->texts = grown(r, c->texts, c->n_texts, sizeof(*c->texts));
	c->texts[c->n_texts++] = t;
}

static char *
whole_file(struct reading *r, size_t *len)
{
	FILE *f = fopen(r->path, "r");
	char *p = NULL;
	size_t cap = 0;
	ssize_t n;

	if (f == NULL)
		fault(r, "cannot be read: run from the top of the tree");
	n = getdelim(&p, &cap, 0, f);
	fclose(f);
	if (n < 0)
		fault(r, "is empty");
	*len = (size_t)n;
	return p;
}

void
corpus_read(struct corpus *c, const char *path)
{
	struct reading r = { .c = c, .path = path };
	char *p, *end, *text = NULL;
	size_t len;

	*c = (struct corpus){ 0 };
	c->bytes = p = whole_file(&r, &len);
	for (end = p + len; p < end;) {
		char *nl = memchr(p, '\n', (size_t)(end - p));
		char *next = nl == NULL ? end : nl + 1;
		size_t n = (size_t)(nl == NULL ? end - p : nl - p);
		bool parts = n == strlen(PARTS_TEXTS) && memcmp(p, PARTS_TEXTS, n) == 0;

		if (text == NULL)
			r.line++;
		if (parts || next == end) {
			if (text != NULL)
				read_text(&r, text, (parts ? p : end) - 1);
			r.line += text != NULL; /* the newline before the mark */
			r.line += text != NULL && parts;
			text = parts ? next : NULL;
		} else if (text == NULL && *p != '#') {
			fault(&r, "neither a # line nor behind a %% line");
		}
		p = next;
	}
	if (c->n_texts == 0)
		fault(&r, "no texts");
}

void
corpus_free(struct corpus *c)
{
	for (size_t i = 0; i < c->n_texts; i++)
		free(c->texts[i].spans);
	for (size_t i = 0; i < c->n_labels; i++)
		free(c->labels[i]);
	free(c->texts);
	free(c->bytes);
}
