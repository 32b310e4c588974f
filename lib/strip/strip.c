/* SPDX-License-Identifier: ISC */
/*
 * Stripping: the four stages in a row, the last of them here (apply). See candor/strip.h. Any
 * process; pure. Must never keep or show what it takes out.
 */
#include <string.h>

#include "strip/internal.h"

static const struct {
	const char *name, *reason;
} labels[] = {
#define X(id, text, why) [STRIP_##id] = { text, why },
	STRIP_LABELS(X)
#undef X
};

/* scan.re knows them too, so that they stay what they are. */
static const char *const placeholders[STRIP__N] = {
	[STRIP_REPORTER_NAME] = "[name removed]",
	[STRIP_REPORTER_CONTACT] = "[contact removed]",
	[STRIP_REPORTER_ID] = "[id removed]",
	[STRIP_REPORTER_ROLE] = "[role removed]",
	[STRIP_REPORTER_TENURE] = "[time removed]",
	[STRIP_REPORTER_RELATION] = "[relation removed]",
	[STRIP_SIGN_OFF] = "[signature removed]",
	[STRIP_EMAIL] = "[e-mail removed]",
	[STRIP_PHONE] = "[phone removed]",
	[STRIP_INVISIBLE] = "",
	[STRIP_LOOKALIKE] = "",
	[STRIP_NAME] = "[name removed]",
	[STRIP_URL] = "[link removed]",
	[STRIP_SSN] = "[number removed]",
	[STRIP_CARD] = "[card removed]",
	[STRIP_IP] = "[ip removed]",
	[STRIP_RECORD] = "[record removed]",
	[STRIP_DATE] = "[date removed]",
	[STRIP_REPORTER_TIME] = "[time removed]",
	[STRIP_PLACE] = "[location removed]",
	[STRIP_ADDRESS] = "[address removed]",
	[STRIP_AGE] = "[age 90 or over]",
	[STRIP_ACCOUNT] = "[account removed]",
	[STRIP_LICENCE] = "[licence removed]",
	[STRIP_VEHICLE] = "[vehicle removed]",
	[STRIP_DEVICE] = "[device removed]",
	[STRIP_IBAN] = "[account removed]",
	[STRIP_OTHER_ID] = "[id removed]",
};

const char *
strip_label_name(enum strip_label label)
{
	return labels[label].name;
}

const char *
strip_label_reason(enum strip_label label)
{
	return labels[label].reason;
}

int
strip_label_parse(enum strip_label *out, const char *name)
{
	for (unsigned i = 0; i < STRIP__N; i++)
		if (strcmp(labels[i].name, name) == 0) {
			*out = (enum strip_label)i;
			return 0;
		}
	return CANDOR_EINVAL;
}

unsigned
strip_mask(char *const *names, size_t n)
{
	unsigned mask = 0;

	for (size_t i = 0; i < n; i++) {
		enum strip_label label;

		if (strip_label_parse(&label, names[i]) == 0)
			mask |= 1u << label;
	}
	return mask;
}

bool
strip_label_keepable(enum strip_label label)
{
	return label != STRIP_INVISIBLE && label != STRIP_LOOKALIKE;
}

/* What one finds may be what another goes by: again, until none finds any, so that stripping twice is
 * stripping once. Each round takes at least one token; few texts take three. */
#define ROUNDS_MAX 32

void
strip_reporter(struct strip_tokens *t, const struct strip_keep *keep)
{
	const struct strip_taking taking = strip_reporter_takes(keep);
	struct strip_known known = { .n = 0 };
	unsigned sentences = 0;
	bool found = true;

	for (unsigned n = 0; found && n < ROUNDS_MAX; n++) {
		found = strip_by_rules(t, &known, &taking);
		found |= strip_known_find(t, &known, &taking);
		found |= strip_tag(t, &known, &taking, &sentences);
	}
}

/* The way back from the evened text to the text as given; asked in rising order. */
struct way {
	const struct strip_evened *text;
	size_t next;   /* the first edit that is not passed */
	ptrdiff_t off; /* given minus evened, behind the edits passed */
};

static void
pass(struct way *w)
{
	const struct strip_edit *e = &w->text->edits[w->next++];

	w->off = (ptrdiff_t)(e->in + e->in_len) - (ptrdiff_t)(e->out + e->out_len);
}

static size_t
given_start(struct way *w, size_t at)
{
	const struct strip_edit *e = w->text->edits;

	while (w->next < w->text->n_edits && e[w->next].out + e[w->next].out_len <= at)
		pass(w);
	if (w->next < w->text->n_edits && e[w->next].out < at)
		return e[w->next].in;
	return (size_t)((ptrdiff_t)at + w->off);
}

/* As given_start(), for the byte behind the last one: stays before what was dropped there. */
static size_t
given_end(struct way *w, size_t at)
{
	const struct strip_edit *e = w->text->edits;

	while (w->next < w->text->n_edits && e[w->next].out < at) {
		if (e[w->next].out + e[w->next].out_len > at) {
			const struct strip_edit *cut = &e[w->next];

			pass(w);
			return cut->in + cut->in_len;
		}
		pass(w);
	}
	return (size_t)((ptrdiff_t)at + w->off);
}

struct apply {
	const struct strip_evened *text;
	struct strip_result *out;
	enum strip_profile profile;
	uint8_t *p; /* NULL: count only */
};

static void
add_span(struct apply *ap, size_t start, size_t end, enum strip_label label)
{
	if (ap->p != NULL)
		ap->out->spans[ap->out->n_spans] = (struct strip_span){ start, end, label };
	ap->out->n_spans++;
}

static void
add_text(struct apply *ap, const void *p, size_t len)
{
	if (ap->p != NULL)
		memcpy(ap->p + ap->out->text.len, p, len);
	ap->out->text.len += len;
}

static void
add_placeholder(struct apply *ap, const struct strip_token *tok)
{
	char pseudonym[STRIP_PSEUDONYM_MAX];

	if (ap->profile == STRIP_DEIDENTIFY && tok->label == STRIP_NAME)
		add_text(ap, pseudonym, strip_pseudonym(pseudonym, tok));
	else
		add_text(ap, placeholders[tok->label], strlen(placeholders[tok->label]));
}

/* The spans of the edits passed. */
static void
add_edits(struct apply *ap, size_t *i, const struct way *w)
{
	for (; *i < w->next; (*i)++) {
		const struct strip_edit *e = &ap->text->edits[*i];

		if (e->label != STRIP__N)
			add_span(ap, e->in, e->in + e->in_len, (enum strip_label)e->label);
	}
}

/* Write, or only count, text and spans. */
static void
apply(struct apply *ap, const struct strip_tokens *t)
{
	struct way w = { .text = ap->text };
	size_t at = 0, edit = 0;

	ap->out->text.len = ap->out->n_spans = 0;
	for (size_t i = 0; i < t->n; i++) {
		const struct strip_token *tok = &t->tok[i];
		size_t start, end;

		if (tok->label == STRIP__N)
			continue;
		add_text(ap, ap->text->p + at, tok->start - at);
		add_placeholder(ap, tok);
		at = tok->end;
		start = given_start(&w, tok->start);
		add_edits(ap, &edit, &w);
		end = given_end(&w, tok->end);
		edit = w.next; /* those within are covered */
		add_span(ap, start, end, (enum strip_label)tok->label);
	}
	add_text(ap, ap->text->p + at, ap->text->len - at);
	w.next = ap->text->n_edits;
	add_edits(ap, &edit, &w);
}

/* Mark the tokens of which a byte stands in a span that is kept. */
static int
mark_kept(const struct strip_tokens *t, const struct strip_evened *text, size_t len,
    const struct strip_keep *keep)
{
	struct way begin = { .text = text }, end = { .text = text };
	size_t last = 0, k = 0;

	for (size_t i = 0; i < keep->n_spans; i++) {
		const struct strip_span *s = &keep->spans[i];

		if (s->start < last || s->end < s->start || s->end > len)
			return CANDOR_EINVAL;
		last = s->end;
	}
	for (size_t i = 0; i < t->n && k < keep->n_spans; i++) {
		size_t start = given_start(&begin, t->tok[i].start);

		while (k < keep->n_spans && keep->spans[k].end <= start)
			k++;
		t->tok[i].kept =
		    k < keep->n_spans && given_end(&end, t->tok[i].end) > keep->spans[k].start;
	}
	return 0;
}

int
strip(struct arena *a, struct strip_result *out, const char *text, size_t len,
    enum strip_profile profile, const struct strip_keep *keep)
{
	static const struct strip_keep nothing;
	struct strip_result made = { 0 };
	struct strip_evened even;
	struct strip_tokens tokens;
	struct apply ap = { .text = &even, .out = &made, .profile = profile };
	uint8_t *p;
	int r;

	if (keep == NULL)
		keep = &nothing;
	if ((r = strip_even(a, &even, (const uint8_t *)text, len)) < 0)
		return r;
	if (profile == STRIP_DEIDENTIFY) {
		if ((r = strip_entity_scan(a, &tokens, &even)) < 0 ||
		    (r = mark_kept(&tokens, &even, len, keep)) < 0 ||
		    (r = strip_entities(a, &tokens, keep)) < 0)
			return r;
	} else {
		if ((r = strip_scan(a, &tokens, &even)) < 0)
			return r;
		strip_phrases(&tokens);
		if ((r = mark_kept(&tokens, &even, len, keep)) < 0)
			return r;
		strip_reporter(&tokens, keep);
	}
	apply(&ap, &tokens);
	if ((made.spans = arena_alloc(a, made.n_spans * sizeof(*made.spans))) == NULL ||
	    (p = arena_alloc(a, made.text.len + 1)) == NULL)
		return CANDOR_ENOMEM;
	ap.p = p;
	apply(&ap, &tokens);
	made.text.p = p;
	made.n_normalised = even.n_normalised;
	*out = made;
	return 0;
}
