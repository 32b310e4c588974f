/* SPDX-License-Identifier: ISC */
/*
 * `candor template …`, and what `--template` puts in front of an officer who writes to a reporter. Runs in
 * the client. Must never put a case's number into a text for a reporter.
 */
#include "officer_template.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "candor/template.h"

#include "json.h"
#include "term.h"
#include "verb.h"

int
officer_templates(struct officer_session *s, const Candor__Templates **out)
{
	Candor__Empty empty = CANDOR__EMPTY__INIT;
	ProtobufCMessage *answer;
	int r =
	    officer_call(s, &s->c->arena, MSG_TEMPLATE_LIST, &empty.base, MSG_TEMPLATES, &answer);

	if (r == 0)
		*out = (const Candor__Templates *)answer;
	return r;
}

/* ---- which one ------------------------------------------------------------------------------ */

/* "es" of "es_MX.UTF-8"; what the environment says of messages, as other programs read it. */
static bool
is_own_language(const char *lang)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
	size_t len = strlen(lang);

	for (size_t i = 0; i < NELEM(names); i++) {
		const char *v = getenv(names[i]);

		if (v != NULL && *v != '\0')
			return strncmp(v, lang, len) == 0 && strchr("_.@", v[len]) != NULL;
	}
	return false;
}

static int
choose(struct officer_session *s, const Candor__Templates *all, const struct template_choice *want,
    const Candor__Template **out)
{
	char known[256] = "";
	int best = 0;

	for (size_t i = 0; i < all->n_templates; i++) {
		const Candor__Template *t = all->templates[i];
		size_t used = strlen(known);
		int fit;

		if (strcmp(t->id, want->id) != 0) {
			if (i == 0 || strcmp(t->id, all->templates[i - 1]->id) != 0)
				snprintf(known + used, sizeof(known) - used, "%s%s",
				    used > 0 ? ", " : "", t->id);
			continue;
		}
		if (want->language != NULL)
			fit = strcmp(t->lang, want->language) == 0 ? 4 : 0;
		else
			fit = is_own_language(t->lang) ? 3 : strcmp(t->lang, "en") == 0 ? 2 : 1;
		if (fit > best) {
			best = fit;
			*out = t;
		}
	}
	if (best > 0)
		return 0;
	return client_fail(s->c, EX_DATAERR,
	    "there is no template \"%s\"%s%s: `candor template list` shows what there is%s%s",
	    want->id, want->language != NULL ? " in the language " : "",
	    want->language != NULL ? want->language : "", *known != '\0' ? "; others are " : "",
	    known);
}

/* ---- filling ---------------------------------------------------------------------------------- */

static const Candor__Clock *
clock_named(const Candor__CaseSummary *k, const char *name)
{
	for (size_t i = 0; i < k->n_clocks; i++)
		if (strcmp(k->clocks[i]->name, name) == 0)
			return k->clocks[i];
	return NULL;
}

/* Days as texts; where there is none, its name stays and is seen. */
struct days {
	char received[11], acknowledged[11], acknowledge_by[11], feedback_by[11], today[11];
};

static const char *
day_or_none(char out[11], int32_t day)
{
	return day != 0 ? client_day(out, day) : NULL;
}

static void
values_of(struct officer_session *s, const Candor__CaseRecord *record, const char *outcome,
    const Candor__Templates *all, struct days *d, const char *values[TEMPLATE__N])
{
	const Candor__CaseSummary *k = record->summary;
	const Candor__Clock *ack = clock_named(k, "acknowledge"),
			    *feedback = clock_named(k, "feedback");
	const char *of = outcome != NULL ? outcome : record->outcome;

	values[TEMPLATE_CATEGORY] = k->category;
	for (size_t i = 0; i < all->n_categories; i++)
		if (strcmp(all->categories[i]->id, k->category) == 0)
			values[TEMPLATE_CATEGORY] = all->categories[i]->title;
	values[TEMPLATE_SITE] = *s->c->site.name != '\0' ? s->c->site.name : NULL;
	values[TEMPLATE_RECEIVED] = day_or_none(d->received, k->received_on);
	values[TEMPLATE_ACKNOWLEDGED] = day_or_none(d->acknowledged, ack != NULL ? ack->met_on : 0);
	values[TEMPLATE_ACKNOWLEDGE_BY] =
	    day_or_none(d->acknowledge_by, ack != NULL ? ack->due : 0);
	values[TEMPLATE_FEEDBACK_BY] =
	    day_or_none(d->feedback_by, feedback != NULL ? feedback->due : 0);
	values[TEMPLATE_TODAY] = client_day(d->today, record->today);
	values[TEMPLATE_OUTCOME] = *of != '\0' && strcmp(of, "none") != 0 ? of : NULL;
	values[TEMPLATE_OFFICER] = s->me->name;
}

/* ask: for the officer's own words, when the text waits for some. */
static int
fill(struct officer_session *s, const struct open_case *k, const Candor__Template *t,
    const Candor__Templates *all, const char *outcome, bool ask, struct span *out)
{
	const char *values[TEMPLATE__N] = { NULL };
	struct span words;
	struct days d;
	int r;

	values_of(s, k->record, outcome, all, &d, values);
	if (ask && strstr(t->text, "{{words}}") != NULL) {
		if ((r = officer_words(
			 s, &words, "Your own words, to stand in the middle of the template")) != 0)
			return r;
		/* Without what stood behind them. */
		values[TEMPLATE_WORDS] = arena_copy(&s->c->arena, words.p, words.len);
		if (values[TEMPLATE_WORDS] == NULL)
			return client_fail_memory(s->c);
	}
	return template_fill(&s->c->arena, out, t->text, values) == 0 ? 0
								      : client_fail_memory(s->c);
}

static int
check_filled(struct client *c, struct span words)
{
	struct span left = template_left((const char *)words.p, words.len);

	if (left.len == 0)
		return 0;
	return client_fail(c, EX_DATAERR,
	    "the text still has %.*s: write what belongs there, or take it out",
	    left.len < 40 ? (int)left.len : 40, (const char *)left.p);
}

/* Until nothing in braces is left. */
static int
edit(struct client *c, const char *prompt, struct span *words)
{
	int r;

	for (;;) {
		if ((r = term_text(c, &c->arena, words, prompt, (const char *)words->p,
			 WIRE_TEXT_MAX)) != 0 ||
		    (r = check_filled(c, *words)) == 0)
			return r;
		term_tell(c);
	}
}

int
template_words(struct officer_session *s, const struct open_case *k,
    const struct template_choice *want, const char *outcome, const char *prompt, struct span *words)
{
	const Candor__CaseSummary *of = k->record->summary;
	bool editor = s->c->interactive && s->words == NULL;
	const Candor__Templates *all;
	const Candor__Template *t;
	int r;

	if (want->id == NULL)
		return want->language == NULL
			   ? officer_words(s, words, prompt)
			   : client_fail(s->c, EX_USAGE, "--language goes with --template");
	if ((r = officer_templates(s, &all)) != 0 || (r = choose(s, all, want, &t)) != 0)
		return r;
	if (!template_suits(t, of->category, of->kind))
		fprintf(stderr, "candor: the template %s is meant for other cases than this one\n",
		    t->id);
	if ((r = fill(s, k, t, all, outcome, true, words)) != 0)
		return r;
	return editor ? edit(s->c, prompt, words) : check_filled(s->c, *words);
}

int
template_take_words(struct officer_session *s, const struct open_case *k,
    const struct template_choice *t, const char *outcome, const char *prompt, struct span *sealed)
{
	struct span words;
	int r = template_words(s, k, t, outcome, prompt, &words);

	return r != 0 ? r : case_seal_words(s, k, words, true, sealed);
}

/* ---- the verb ------------------------------------------------------------------------------- */

static json_t *
json_of(const Candor__Template *t)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:s}", "id", t->id, "language", t->lang,
	    "title", t->title, "categories", cjson_strings(t->categories, t->n_categories), "for",
	    cjson_or_null(t->kind), "text", t->text);
}

static int
list(struct officer_session *s, int argc, char **argv)
{
	static const struct officer_column columns[] = { { "TEMPLATE", 24 }, { "LANGUAGE", 8 },
		{ "FOR", 9 }, { "TITLE", 0 } };
	struct client *c = s->c;
	const Candor__Templates *all;
	json_t *out = NULL;
	int r;

	if ((r = verb_options(c, "template list", NULL, 0, &argc, argv, 0, 0)) != 0 ||
	    (r = officer_begin(s)) != 0 || (r = officer_templates(s, &all)) != 0)
		return r;
	if (c->json && (out = json_array()) == NULL)
		return client_fail_memory(c);
	if (!c->json && all->n_templates > 0)
		officer_heading(c, columns, NELEM(columns));
	for (size_t i = 0; i < all->n_templates; i++) {
		const Candor__Template *t = all->templates[i];

		if (c->json) {
			json_array_append_new(out, json_of(t));
			continue;
		}
		officer_cell(c, t->id, columns[0].width);
		officer_cell(c, t->lang, columns[1].width);
		officer_cell(c, *t->kind != '\0' ? t->kind : "both", columns[2].width);
		officer_cell(c, t->title, 0);
		putchar('\n');
	}
	if (c->json)
		return cjson_print(c, out);
	if (all->n_templates == 0)
		fputs("This site has no templates: an administrator puts them into the folder that "
		      "`templates` in candor.conf names.\n",
		    stderr);
	return 0;
}

/* One as it is, or filled for a case. */
static int
show(struct officer_session *s, int argc, char **argv)
{
	struct template_choice want = { 0 };
	const char *number = NULL;
	const struct verb_option options[] = {
		{ "--language", .value = &want.language },
		{ "--case", .value = &number },
	};
	struct client *c = s->c;
	const Candor__Templates *all;
	const Candor__Template *t;
	struct open_case k;
	struct span text;
	char *of;
	int r;

	if ((r = verb_options(c, "template show ID [--language L] [--case CASE]", options,
		 NELEM(options), &argc, argv, 1, 1)) != 0 ||
	    (number != NULL && (r = officer_case_number(c, &of, number)) != 0) ||
	    (r = officer_begin(s)) != 0 || (r = officer_templates(s, &all)) != 0)
		return r;
	want.id = argv[1];
	if ((r = choose(s, all, &want, &t)) != 0)
		return r;
	text = (struct span){ (const uint8_t *)t->text, strlen(t->text) };
	if (number != NULL && ((r = case_fetch(s, &k, of)) != 0 ||
				  (r = fill(s, &k, t, all, NULL, false, &text)) != 0))
		return r;
	if (c->json) {
		json_t *one = json_of(t);

		json_object_set_new(one, "text", cjson_text(text));
		return cjson_print(c, one);
	}
	term_show(c, stdout, (const char *)text.p, text.len);
	putchar('\n');
	return 0;
}

int
officer_template(struct officer_session *s, int argc, char **argv)
{
	static const struct officer_verb verbs[] = { { "list", list }, { "show", show } };

	return officer_run(s, "template", verbs, NELEM(verbs), argc, argv);
}

OFFICER_VERB(verb_template, officer_template)
