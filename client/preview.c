/* SPDX-License-Identifier: ISC */
/*
 * The preview: what goes, marked where it stands, and what the reporter would rather keep or take out.
 * See draft.h. Client; shown on the terminal alone.
 */
#include "draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "term.h"

/* More marks than this have no number: what they stand for goes. */
#define MARKS_MAX 99

/* A place in a field: something that goes, or words that are kept. */
struct mark {
	const struct draft_field *field;
	struct strip_span span;
	bool kept;
};

struct preview {
	struct client *c;
	struct draft_field *fields;
	size_t n_fields;
	struct draft_choice *choice;
	unsigned not_keepable;
	unsigned found; /* mask of the labels of what goes */
	struct mark *marks;
	size_t n_marks;
};

/* What a field is called before its writer. */
static const char *
title_of(const char *name)
{
	static const char *const titles[][2] = {
		{ "place", "Place" },
		{ "platform", "Platform" },
		{ "narrative", "What happened" },
		{ "text", "Your message" },
	};

	for (size_t i = 0; i < NELEM(titles); i++)
		if (strcmp(titles[i][0], name) == 0)
			return titles[i][1];
	return "Address";
}

static bool
keepable(const struct preview *p, enum strip_label label)
{
	return strip_label_keepable(label) && (p->not_keepable & 1u << label) == 0;
}

/* A number for a mark that the reporter can turn over; 0: it has none. */
static size_t
number(struct preview *p, const struct draft_field *f, const struct strip_span *s, bool kept)
{
	if (p->n_marks == MARKS_MAX || (!kept && !keepable(p, s->label)) ||
	    s->end - s->start > STRIP_KEEP_WORD_BYTES)
		return 0;
	p->marks[p->n_marks++] = (struct mark){ f, *s, kept };
	return p->n_marks;
}

static void
show_mark(struct preview *p, struct term_flow *w, const struct draft_field *f,
    const struct strip_span *s, bool kept)
{
	const char *label = kept ? "kept" : strip_label_name(s->label);
	size_t nth = number(p, f, s, kept);
	FILE *t = p->c->tty;
	char tail[64];

	snprintf(tail, sizeof(tail), kept ? "+|%s" : "-|%s", label);
	if (nth > 0)
		snprintf(tail + strlen(tail), sizeof(tail) - strlen(tail), " %zu", nth);
	term_flow_style(w, term_style(p->c, t, kept ? TERM_GREEN : TERM_RED));
	term_flow_text(p->c, w, kept ? "[+" : "[-", 2);
	term_flow_text(p->c, w, (const char *)f->shown.p + s->start, s->end - s->start);
	term_flow_text(p->c, w, tail, strlen(tail));
	term_flow_text(p->c, w, "]", 1);
	term_flow_style(w, term_style(p->c, t, TERM_PLAIN));
}

/* The text, what goes and what is kept marked in place. */
static void
show_field(struct preview *p, const struct draft_field *f)
{
	const struct strip_result *r = &f->result;
	const char *text = (const char *)f->shown.p;
	size_t at = 0, gone = 0, kept = 0;
	struct client *c = p->c;
	struct term_flow w;
	FILE *t = c->tty;

	fprintf(t, "%s%s%s\n", term_style(c, t, TERM_BOLD), title_of(f->name),
	    term_style(c, t, TERM_PLAIN));
	term_flow_begin(&w, t, 2);
	while (gone < r->n_spans || kept < f->n_kept) {
		bool next_kept = gone == r->n_spans ||
				 (kept < f->n_kept && f->kept[kept].start < r->spans[gone].start);
		const struct strip_span *s = next_kept ? &f->kept[kept++] : &r->spans[gone++];

		if (s->start < at) /* kept in part: the site has the last word */
			continue;
		term_flow_text(c, &w, text + at, s->start - at);
		show_mark(p, &w, f, s, next_kept);
		at = s->end;
	}
	term_flow_text(c, &w, text + at, f->shown.len - at);
	term_flow_end(&w);
	if (r->n_spans > 0) {
		fprintf(t, "%sas it will be sent:%s\n", term_style(c, t, TERM_DIM),
		    term_style(c, t, TERM_PLAIN));
		term_flow_begin(&w, t, 2);
		term_flow_text(c, &w, (const char *)r->text.p, r->text.len);
		term_flow_end(&w);
	}
	putc('\n', t);
}

/* What the labels mean that were found, and which kinds are kept. */
static void
show_labels(const struct preview *p)
{
	FILE *t = p->c->tty;

	for (unsigned i = 0; i < STRIP__N; i++) {
		const char *name = strip_label_name((enum strip_label)i);

		if ((p->choice->keep & 1u << i) != 0)
			fprintf(t, "  %-18s all kept, as you wish\n", name);
		else if ((p->found & 1u << i) != 0)
			fprintf(t, "  %-18s %s%s\n", name, strip_label_reason((enum strip_label)i),
			    keepable(p, (enum strip_label)i) ? "" : "; goes in any case");
	}
}

/* Strip and show everything. */
static int
show(struct preview *p)
{
	struct client *c = p->c;
	FILE *t = c->tty;
	int r;

	p->found = 0;
	p->n_marks = 0;
	fputs(term_style(c, t, TERM_BOLD), t);
	term_wrap(c, t, 0,
	    "\nThis is what you wrote. What stands in [-…-] is taken out, since it may say who you "
	    "are.");
	fprintf(t, "%s\n", term_style(c, t, TERM_PLAIN));
	for (size_t i = 0; i < p->n_fields; i++) {
		struct draft_field *f = &p->fields[i];

		if ((r = draft_strip(c, f, p->choice, p->not_keepable)) != 0)
			return r;
		if (f->shown.len == 0)
			continue;
		show_field(p, f);
		for (size_t k = 0; k < f->result.n_spans; k++)
			p->found |= 1u << f->result.spans[k].label;
	}
	show_labels(p);
	if (p->found == 0 && p->choice->keep == 0 && p->choice->keep_words.n == 0)
		term_wrap(c, t, 0, "Nothing was found that says who you are.");
	term_wrap(c, t, 0,
	    "A program does not see everything: read it once more as somebody who knows you "
	    "would.");
	putc('\n', t);
	return 0;
}

/* ---- choosing --------------------------------------------------------------------------------- */

static size_t
words_find(const struct draft_words *words, const char *text, size_t len)
{
	for (size_t i = 0; i < words->n; i++)
		if (strlen(words->v[i]) == len && memcmp(words->v[i], text, len) == 0)
			return i;
	return words->n;
}

/* Put words on the list, or take them off it when they are there. False: it is full. */
static bool
words_turn(struct draft_words *words, const char *text, size_t len)
{
	size_t i = words_find(words, text, len);

	if (i < words->n) {
		words->n--;
		memmove(words->v[i], words->v[i + 1], (words->n - i) * sizeof(words->v[0]));
		return true;
	}
	if (words->n == NELEM(words->v) || len >= sizeof(words->v[0]))
		return false;
	memcpy(words->v[words->n], text, len);
	words->v[words->n++][len] = '\0';
	return true;
}

static void
turn_words(struct preview *p, struct draft_words *words, const char *text, size_t len)
{
	if (!words_turn(words, text, len))
		term_wrap(p->c, p->c->tty, 0,
		    "These are too many, or too long. Change what you wrote instead.");
}

/* One mark by its number, or all of a kind by its label. */
static int
turn(struct preview *p)
{
	struct client *c = p->c;
	enum strip_label label;
	struct span typed;
	char *end;
	unsigned long nth;
	int r;

	if ((r = term_line(c, &c->arena, &typed,
		 "Which? The number of a mark, or a label for all of its kind (Enter: none): ",
		 NULL, 64)) != 0 ||
	    typed.len == 0)
		return r;
	nth = strtoul((const char *)typed.p, &end, 10);
	if (*end == '\0' && nth > 0 && nth <= p->n_marks) {
		const struct mark *m = &p->marks[nth - 1];

		turn_words(p, &p->choice->keep_words,
		    (const char *)m->field->shown.p + m->span.start, m->span.end - m->span.start);
		return 0;
	}
	if (strip_label_parse(&label, (const char *)typed.p) < 0 ||
	    ((p->found | p->choice->keep) & 1u << label) == 0)
		fprintf(c->tty, "There is no such mark and no such label above.\n");
	else if (!keepable(p, label))
		fprintf(c->tty, "%s goes in any case.\n", strip_label_name(label));
	else
		p->choice->keep ^= 1u << label;
	return 0;
}

static bool
stands_somewhere(struct preview *p, char *words)
{
	struct strip_keep at = { 0 };

	for (size_t i = 0; i < p->n_fields; i++)
		if (strip_keep_words(&p->c->scratch, &at, (const char *)p->fields[i].shown.p,
			p->fields[i].shown.len, &words, 1) == 0 &&
		    at.n_spans > 0)
			return true;
	return false;
}

/* Words that no rule found. */
static int
take_out(struct preview *p)
{
	struct draft_words *words = &p->choice->drop_words;
	struct client *c = p->c;
	union {
		const uint8_t *c;
		char *m;
	} typed_words;
	struct span typed;
	int r;

	for (size_t i = 0; i < words->n; i++) {
		fputs("  taken out: ", c->tty);
		term_show_str(c, c->tty, words->v[i]);
		putc('\n', c->tty);
	}
	if ((r = term_line(c, &c->arena, &typed,
		 words->n == 0 ? "Which words, as you wrote them (Enter: none): "
			       : "Which words, or ones above to have them back (Enter: none): ",
		 NULL, STRIP_KEEP_WORD_BYTES)) != 0 ||
	    typed.len == 0)
		return r;
	typed_words.c = typed.p;
	if (words_find(words, (const char *)typed.p, typed.len) == words->n &&
	    !stands_somewhere(p, typed_words.m))
		fprintf(c->tty, "That does not stand in what you wrote.\n");
	else
		turn_words(p, words, (const char *)typed.p, typed.len);
	return 0;
}

int
draft_preview(struct client *c, struct draft_field *fields, size_t n, struct draft_choice *choice,
    unsigned not_keepable, const char *go, bool *send)
{
	enum { GO, KEEP, TAKE, EDIT, QUIT };
	const struct term_item items[] = {
		[GO] = { "go", go, NULL },
		[KEEP] = { "keep", "keep what is marked, or let it go after all", NULL },
		[TAKE] = { "take", "take out more words", NULL },
		[EDIT] = { "edit", "change what you wrote", NULL },
		[QUIT] = { "quit", "stop here; nothing is sent", NULL },
	};
	struct preview p = { c, fields, n, choice, not_keepable, 0, NULL, 0 };
	size_t picked;
	int r;

	if ((p.marks = arena_alloc(&c->arena, MARKS_MAX * sizeof(*p.marks))) == NULL)
		return client_fail_memory(c);
	for (;;) {
		arena_mark_t mark = arena_mark(&c->arena);

		if ((r = show(&p)) != 0 ||
		    (r = term_choose(c, &picked, "What next? ", items, NELEM(items))) != 0)
			return r;
		*send = picked == GO;
		if (picked == GO)
			return 0;
		if (picked == QUIT)
			return client_fail(c, EX_NOINPUT, "abandoned: nothing was sent");
		if (picked != EDIT && (r = picked == KEEP ? turn(&p) : take_out(&p)) > 0)
			return r;
		arena_release(&c->arena, mark);
		if (picked == EDIT)
			return 0;
	}
}
