/* SPDX-License-Identifier: ISC */
/* Drafts: stripping and preview. See draft.h. */
#include "draft.h"

#include <stdio.h>
#include <string.h>

#include "client.h"
#include "term.h"

/* What stands in the place of words that the reporter takes out; strip() leaves it alone. */
static const char dropped[] = "[words removed]";

static size_t
word_list(char **out, struct draft_words *words)
{
	for (size_t i = 0; i < words->n; i++)
		out[i] = words->v[i];
	return words->n;
}

/* The field as given, less the words that the reporter takes out. */
static int
drop_words(struct client *c, struct draft_field *f, struct draft_choice *choice)
{
	char *words[STRIP_KEEP_WORDS], *to;
	struct strip_keep at = { 0 };
	size_t from = 0;

	f->shown = f->given;
	if (f->given.p == NULL)
		f->shown.p = (const uint8_t *)"";
	if (strip_keep_words(&c->scratch, &at, (const char *)f->shown.p, f->shown.len, words,
		word_list(words, &choice->drop_words)) < 0)
		return CANDOR_ENOMEM;
	if (at.n_spans == 0)
		return 0;
	if ((to = arena_alloc(&c->arena, f->given.len + at.n_spans * sizeof(dropped))) == NULL)
		return CANDOR_ENOMEM;
	f->shown = (struct span){ (const uint8_t *)to, 0 };
	for (size_t i = 0; i <= at.n_spans; i++) {
		size_t end = i < at.n_spans ? at.spans[i].start : f->given.len;

		memcpy(to + f->shown.len, f->given.p + from, end - from);
		f->shown.len += end - from;
		if (i == at.n_spans)
			break;
		memcpy(to + f->shown.len, dropped, sizeof(dropped) - 1);
		f->shown.len += sizeof(dropped) - 1;
		from = at.spans[i].end;
	}
	return 0;
}

/* Strip text into f->result, in the scratch arena, as intake will. */
static int
strip_text(struct client *c, struct draft_field *f, struct strip_keep *keep, struct span text,
    struct draft_choice *choice)
{
	char *words[STRIP_KEEP_WORDS];
	int r = strip_keep_words(&c->scratch, keep, (const char *)text.p, text.len, words,
	    word_list(words, &choice->keep_words));

	if (r < 0)
		return r;
	return strip(&c->scratch, &f->result, (const char *)text.p, text.len, STRIP_REPORTER, keep);
}

static int
strip_field(struct client *c, struct draft_field *f, struct draft_choice *choice, unsigned never)
{
	struct strip_keep keep = { .labels = choice->keep, .never = never }, again = keep;
	struct strip_result first;
	int r;

	if ((r = drop_words(c, f, choice)) < 0 ||
	    (r = strip_text(c, f, &keep, f->shown, choice)) < 0)
		return r;
	/* intake strips what is sent once more: with words kept that may take out more. */
	first = f->result;
	if (keep.n_spans > 0 && (r = strip_text(c, f, &again, first.text, choice)) < 0)
		return r;
	first.text = f->result.text;
	f->result = first;
	f->result.text.p = arena_copy(&c->arena, first.text.p, first.text.len);
	f->result.spans = arena_copy(&c->arena, first.spans, first.n_spans * sizeof(*first.spans));
	f->kept = arena_copy(&c->arena, keep.spans, keep.n_spans * sizeof(*keep.spans));
	f->n_kept = keep.n_spans;
	return f->result.text.p == NULL || f->result.spans == NULL || f->kept == NULL
		   ? CANDOR_ENOMEM
		   : 0;
}

int
draft_strip(
    struct client *c, struct draft_field *f, struct draft_choice *choice, unsigned not_keepable)
{
	arena_mark_t mark = arena_mark(&c->scratch);
	int r = strip_field(c, f, choice, not_keepable);

	arena_release(&c->scratch, mark);
	if (r == CANDOR_EINVAL)
		return client_fail(c, EX_DATAERR,
		    "\"%s\" is not plain text: UTF-8 without NUL is wanted", f->name);
	return r < 0 ? client_fail_memory(c) : 0;
}

void
draft_removed(json_t *list, const char *field, const struct strip_result *result, uint64_t offset)
{
	for (size_t i = 0; i < result->n_spans; i++) {
		const struct strip_span *s = &result->spans[i];

		json_array_append_new(
		    list, json_pack("{s:s,s:s,s:I,s:I}", "field", field, "label",
			      strip_label_name(s->label), "start", (json_int_t)(offset + s->start),
			      "end", (json_int_t)(offset + s->end)));
	}
}

void
draft_wish(struct draft_wish *out, struct draft_choice *choice)
{
	out->n_labels = 0;
	for (unsigned i = 0; i < STRIP__N; i++) {
		union {
			const char *c;
			char *m;
		} u = { .c = strip_label_name((enum strip_label)i) };

		if ((choice->keep & 1u << i) != 0)
			out->labels[out->n_labels++] = u.m;
	}
	out->n_words = word_list(out->words, &choice->keep_words);
}

void
draft_tell_not_keepable(unsigned keep, unsigned not_keepable)
{
	for (unsigned i = 0; i < STRIP__N; i++)
		if ((keep & 1u << i) != 0 &&
		    ((not_keepable & 1u << i) != 0 || !strip_label_keepable((enum strip_label)i)))
			fprintf(stderr,
			    "candor: \"%s\" is taken out all the same: this site lets nobody "
			    "keep it\n",
			    strip_label_name((enum strip_label)i));
}
