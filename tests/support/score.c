/* SPDX-License-Identifier: ISC */
/* How stripping did on texts with marked spans: see score.h. Tests and bench only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "score.h"

static bool
word_byte(char ch)
{
	unsigned char b = (unsigned char)ch;

	return (b >= '0' && b <= '9') || ((b | 0x20) >= 'a' && (b | 0x20) <= 'z') || b >= 0x80;
}

/* The next word of p from *at, before end. */
static bool
next_word(const char *p, size_t end, size_t *at, size_t *from)
{
	while (*at < end && !word_byte(p[*at]))
		(*at)++;
	*from = *at;
	while (*at < end && word_byte(p[*at]))
		(*at)++;
	return *at > *from;
}

/* The label under which bytes from..to were removed, in part or whole; STRIP__N: they were not. */
static enum strip_label
removed(const struct strip_result *r, size_t from, size_t to)
{
	for (size_t i = 0; i < r->n_spans; i++)
		if (r->spans[i].start < to && r->spans[i].end > from &&
		    strip_label_keepable(r->spans[i].label))
			return r->spans[i].label;
	return STRIP__N;
}

static bool
must_go(const char *label, enum strip_profile profile)
{
	return profile == STRIP_DEIDENTIFY || strncmp(label, "reporter-", 9) == 0;
}

static struct corpus_score_label *
tally_of(struct corpus_score *score, const char *label, enum strip_profile profile)
{
	struct corpus_score_label *l;

	for (size_t i = 0; i < score->n_labels; i++)
		if (strcmp(score->labels[i].name, label) == 0)
			return &score->labels[i];
	if (score->n_labels == CORPUS_LABELS)
		abort();
	l = &score->labels[score->n_labels++];
	snprintf(l->name, sizeof(l->name), "%s", label);
	l->goes = must_go(label, profile);
	return l;
}

#define WORD_MIN 3

/* Is the span as it should be: no word of it left, or none removed? */
static bool
span_right(const char *p, const struct corpus_span *s, const struct strip_result *r, bool goes)
{
	for (size_t least = WORD_MIN; least > 0; least -= WORD_MIN - 1) {
		size_t seen = 0, from;

		for (size_t at = s->start; next_word(p, s->end, &at, &from);) {
			if (at - from < least)
				continue;
			seen++;
			if ((removed(r, from, at) != STRIP__N) != goes)
				return false;
		}
		if (seen > 0)
			break;
	}
	return true;
}

void
corpus_judge(struct corpus_score *score, const struct corpus *c, const struct corpus_text *text,
    const struct strip_result *result, enum strip_profile profile, const char *path, FILE *misses)
{
	const struct corpus_span *s = text->spans, *end = s + text->n_spans;
	size_t from;

	for (size_t i = 0; i < text->n_spans; i++) {
		struct corpus_score_label *l = tally_of(score, c->labels[s[i].label], profile);
		bool right = span_right(text->p, &s[i], result, l->goes);

		l->spans++;
		l->right += right;
		if (!right && misses != NULL)
			fprintf(misses, "%s:%zu: %s %s: %.*s\n", path, text->line,
			    l->goes ? "left" : "removed", l->name, (int)(s[i].end - s[i].start),
			    text->p + s[i].start);
	}
	for (size_t at = 0; next_word(text->p, text->len, &at, &from);) {
		enum strip_label label = removed(result, from, at);
		bool goes;

		while (s < end && s->end <= from)
			s++;
		goes = s < end && s->start < at && must_go(c->labels[s->label], profile);
		if (label != STRIP__N) {
			score->removals[label].words++;
			score->removals[label].right += goes;
		}
		if (goes)
			continue;
		score->words++;
		score->lost += label != STRIP__N;
		if (label != STRIP__N && misses != NULL)
			fprintf(misses, "%s:%zu: lost as %s: %.*s\n", path, text->line,
			    strip_label_name(label), (int)(at - from), text->p + from);
	}
}
