/* SPDX-License-Identifier: ISC */
/*
 * `candor case breach`: the assessment that 45 CFR 164.402 asks for before anybody may say that it was no
 * breach, and who has to be told until when. Runs in the client; the worksheet is sealed to the case like a
 * note, as text and as numbers.
 */
#include <string.h>

#include <jansson.h>

#include "candor/breach.h"

#include "json.h"
#include "officer_work.h"
#include "term.h"
#include "verb.h"

#define ANSWER_MAX 2000
#define TEXT_MAX 16384
#define PATIENTS_MAX 100000000

/* A worksheet and the messages that it consists of. */
struct sheet {
	Candor__Worksheet w;
	Candor__Factor factor[BREACH_FACTOR__N], *factors[BREACH_FACTOR__N];
};

/* ---- as text ---------------------------------------------------------------------------------- */

struct text {
	char *p;
	size_t len;
	bool full;
};

static void PRINTF_LIKE(2, 3) add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->p + t->len, TEXT_MAX - t->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= TEXT_MAX - t->len)
		t->full = true;
	else
		t->len += (size_t)n;
}

static char *
text_of(struct client *c, const Candor__Worksheet *w)
{
	struct text t = { .p = arena_alloc(&c->arena, TEXT_MAX) };
	struct breach_notice notices[BREACH_NOTICES_MAX];
	char day[11];
	size_t n;

	if (t.p == NULL)
		return NULL;
	add(&t, "Breach assessment (45 CFR 164.402), discovered on %s\n",
	    client_day(day, w->discovered_on));
	for (size_t i = 0; i < w->n_factors && i < BREACH_FACTOR__N; i++)
		add(&t, "\n%zu. %s: risk %s\n%s\n", i + 1, breach_factor_titles[i],
		    breach_level_name(w->factors[i]->level), w->factors[i]->text);
	add(&t, "\nPatients affected: %u", w->patients);
	if (w->residents > 0)
		add(&t, ", %u of them in one State", w->residents);
	add(&t, "\nDecision: %s\n%s\n",
	    w->breach ? "a breach" : "no breach: a low probability that the data was compromised",
	    w->reason);
	n = w->breach ? breach_notices(notices, w->discovered_on, w->patients, w->residents) : 0;
	for (size_t i = 0; i < n; i++)
		add(&t, "%sTo be told by %s: %s (%s)", i == 0 ? "\n" : "\n",
		    client_day(day, notices[i].by), notices[i].who, notices[i].rule);
	if (w->breach && w->patients == 0)
		add(&t, "\nThe number of patients is not known yet: whom to tell depends on it");
	return t.full ? NULL : t.p;
}

json_t *
breach_json(const Candor__Worksheet *w)
{
	struct breach_notice notices[BREACH_NOTICES_MAX];
	json_t *factors = json_object(), *list = json_array();
	size_t n =
	    w->breach ? breach_notices(notices, w->discovered_on, w->patients, w->residents) : 0;

	for (size_t i = 0; i < w->n_factors && i < BREACH_FACTOR__N; i++)
		json_object_set_new(factors, breach_factor_ids[i],
		    json_pack("{s:s, s:s}", "level", breach_level_name(w->factors[i]->level),
			"text", w->factors[i]->text));
	for (size_t i = 0; i < n; i++)
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:o}", "to", notices[i].id, "rule", notices[i].rule,
			      "by", cjson_day(notices[i].by)));
	return json_pack("{s:o, s:o, s:I, s:I, s:s, s:s, s:o}", "discovered_on",
	    cjson_day(w->discovered_on), "factors", factors, "patients", (json_int_t)w->patients,
	    "residents", (json_int_t)w->residents, "decision",
	    w->breach ? "breach" : "low-probability", "reason", w->reason, "notices", list);
}

/* ---- asking ----------------------------------------------------------------------------------- */

static int
ask_text(struct client *c, char **out, const char *prompt)
{
	struct span text;
	int r = term_text(c, &c->arena, &text, prompt, NULL, ANSWER_MAX);

	if (r == 0 && (*out = arena_copy(&c->arena, text.p, text.len)) == NULL)
		r = client_fail_memory(c);
	return r;
}

static int
ask_number(struct client *c, uint32_t *out, const char *prompt)
{
	struct span text;
	int r;

	for (;;) {
		if ((r = term_line(c, &c->arena, &text, prompt, NULL, 12)) != 0)
			return r;
		if (officer_number(c, out, (const char *)text.p, PATIENTS_MAX, "number") == 0)
			return 0;
		term_tell(c);
	}
}

static int
ask_day(struct client *c, int32_t *out, int32_t usual)
{
	char initial[11];
	struct span text;
	int r;

	client_day(initial, usual);
	for (;;) {
		if ((r = term_line(c, &c->arena, &text,
			 "Discovered on (any workforce member knew): ", initial, 10)) != 0)
			return r;
		if (officer_day(c, out, (const char *)text.p) == 0)
			return 0;
		term_tell(c);
	}
}

static int
ask_level(struct client *c, uint32_t *level)
{
	static const struct term_item items[] = { { "low", NULL, NULL }, { "medium", NULL, NULL },
		{ "high", NULL, NULL } };
	size_t choice;
	int r = term_choose(c, &choice, "Risk: ", items, NELEM(items));

	if (r == 0)
		*level = (uint32_t)choice + BREACH_LEVEL_LOW;
	return r;
}

static int
ask_sheet(struct client *c, struct sheet *sheet, int32_t discovered)
{
	char prompt[160];
	bool breach;
	int r = ask_day(c, &sheet->w.discovered_on, discovered);

	for (size_t i = 0; r == 0 && i < BREACH_FACTOR__N; i++) {
		snprintf(prompt, sizeof(prompt), "%zu of %d. %s: %s", i + 1, BREACH_FACTOR__N,
		    breach_factor_titles[i], breach_factor_questions[i]);
		if ((r = ask_text(c, &sheet->factor[i].text, prompt)) == 0)
			r = ask_level(c, &sheet->factor[i].level);
	}
	if (r != 0 ||
	    (r = ask_number(c, &sheet->w.patients, "Patients affected (0: not known yet): ")) != 0)
		return r;
	if (sheet->w.patients > BREACH_MANY &&
	    (r = ask_number(c, &sheet->w.residents,
		 "Of them, residents of the State with the most of them: ")) != 0)
		return r;
	if ((r = term_confirm(c, &breach, true,
		 "Is it a breach? (no: the four factors show a low probability of compromise)")) !=
	    0)
		return r;
	sheet->w.breach = breach;
	return ask_text(c, &sheet->w.reason, "Why");
}

/* ---- reading JSON ----------------------------------------------------------------------------- */

static int
wrong(struct client *c, const char *what)
{
	return client_fail(c, EX_DATAERR,
	    "%s: wanted is {\"discovered_on\": DAY, \"factors\": {\"nature\", \"recipient\", "
	    "\"acquired\", \"mitigation\": {\"level\": \"low\", \"medium\" or \"high\", "
	    "\"text\"}}, "
	    "\"patients\": N, \"residents\": N, \"decision\": \"breach\" or \"low-probability\", "
	    "\"reason\"}",
	    what);
}

static int
take_text(struct client *c, char **out, const json_t *from, const char *what)
{
	const char *text = json_string_value(from);

	if (text == NULL || strlen(text) > ANSWER_MAX)
		return wrong(c, what);
	return (*out = officer_string(c, text)) != NULL ? 0 : client_fail_memory(c);
}

static int
take_number(struct client *c, uint32_t *out, const json_t *from, const char *what)
{
	json_int_t n = json_integer_value(from);

	if (from == NULL)
		return 0;
	if (!json_is_integer(from) || n < 0 || n > PATIENTS_MAX)
		return wrong(c, what);
	*out = (uint32_t)n;
	return 0;
}

static int
take_factor(struct client *c, Candor__Factor *f, const json_t *from, const char *id)
{
	const char *level = json_string_value(json_object_get(from, "level"));

	for (unsigned i = BREACH_LEVEL_LOW; level != NULL && i < BREACH_LEVEL__N; i++)
		if (strcmp(level, breach_level_name(i)) == 0)
			f->level = i;
	return f->level == 0 ? wrong(c, id)
			     : take_text(c, &f->text, json_object_get(from, "text"), id);
}

static int
take_sheet(struct client *c, struct sheet *sheet, const json_t *from, int32_t discovered)
{
	const char *day = json_string_value(json_object_get(from, "discovered_on"));
	const char *decision = json_string_value(json_object_get(from, "decision"));
	const json_t *factors = json_object_get(from, "factors");
	int r = 0;

	sheet->w.discovered_on = discovered;
	if (day != NULL && (r = officer_day(c, &sheet->w.discovered_on, day)) != 0)
		return r;
	for (size_t i = 0; i < BREACH_FACTOR__N; i++)
		if ((r = take_factor(c, &sheet->factor[i],
			 json_object_get(factors, breach_factor_ids[i]), breach_factor_ids[i])) !=
		    0)
			return r;
	if (decision == NULL ||
	    (strcmp(decision, "breach") != 0 && strcmp(decision, "low-probability") != 0))
		return wrong(c, "decision");
	sheet->w.breach = strcmp(decision, "breach") == 0;
	if ((r = take_number(
		 c, &sheet->w.patients, json_object_get(from, "patients"), "patients")) != 0 ||
	    (r = take_number(
		 c, &sheet->w.residents, json_object_get(from, "residents"), "residents")) != 0)
		return r;
	return take_text(c, &sheet->w.reason, json_object_get(from, "reason"), "reason");
}

static int
read_sheet(struct officer_session *s, struct sheet *sheet, int32_t discovered)
{
	struct client *c = s->c;
	json_error_t error;
	struct span words;
	json_t *root;
	int r;

	if ((r = officer_words(s, &words, "Worksheet")) != 0)
		return r;
	root = json_loadb((const char *)words.p, words.len, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(root))
		r = wrong(c, "this is no JSON object");
	else
		r = take_sheet(c, sheet, root, discovered);
	json_decref(root);
	return r;
}

/* ---- the verb ------------------------------------------------------------------------------- */

static int
check_sheet(struct client *c, const struct sheet *sheet, int32_t today)
{
	if (sheet->w.discovered_on > today)
		return client_fail(c, EX_DATAERR, "it cannot be discovered later than today");
	if (sheet->w.residents > sheet->w.patients)
		return client_fail(c, EX_DATAERR,
		    "more residents of one State (%u) than patients (%u)", sheet->w.residents,
		    sheet->w.patients);
	return 0;
}

/* What else is to be done about it: the clock is no part of the worksheet. */
static void
hint(const char *number, const Candor__Worksheet *w, int32_t discovered)
{
	char day[11];

	client_day(day, w->discovered_on);
	if (w->discovered_on != discovered)
		fprintf(stderr, "The clock runs from another day: candor case discovered %s %s\n",
		    number, day);
	fprintf(stderr,
	    w->breach ? "When all are told: candor case met %s breach-notice\n"
		      : "No notice is due: candor case waive %s breach-notice\n",
	    number);
}

int
case_breach(struct officer_session *s, int argc, char **argv)
{
	Candor__CaseWrite write = CANDOR__CASE_WRITE__INIT;
	Candor__TextEntry entry = CANDOR__TEXT_ENTRY__INIT;
	struct client *c = s->c;
	struct sheet sheet = { 0 };
	int32_t seen_on, discovered;
	struct open_case k;
	struct span sealed;
	int r;

	if ((r = verb_options(c, "case breach CASE", NULL, 0, &argc, argv, 1, 1)) != 0 ||
	    (r = officer_case_number(c, &write.number, argv[1])) != 0 ||
	    (r = officer_begin(s)) != 0 || (r = case_open(s, &k, write.number)) != 0 ||
	    (r = case_seen_on(s, &k, &seen_on)) != 0)
		return r;
	discovered = k.record->discovered_on != 0 ? k.record->discovered_on
		     : seen_on != 0               ? seen_on
						  : k.record->summary->received_on;
	candor__worksheet__init(&sheet.w);
	for (size_t i = 0; i < BREACH_FACTOR__N; i++)
		candor__factor__init(sheet.factors[i] = &sheet.factor[i]);
	sheet.w.factors = sheet.factors;
	sheet.w.n_factors = BREACH_FACTOR__N;
	r = c->interactive && s->words == NULL ? ask_sheet(c, &sheet, discovered)
					       : read_sheet(s, &sheet, discovered);
	if (r != 0 || (r = check_sheet(c, &sheet, k.record->today)) != 0)
		return r;
	entry.worksheet = &sheet.w;
	if ((entry.text = text_of(c, &sheet.w)) == NULL)
		return client_fail_memory(c);
	if ((r = case_seal(s, &k, &entry, false, &sealed)) != 0)
		return r;
	write.entry = wire_bytes(sealed.p, sealed.len);
	write.worksheet = true;
	if (!c->json) {
		term_wrap(c, stdout, 2, entry.text);
		putchar('\n');
	}
	r = case_send_words(s, MSG_CASE_WRITE, &write.base);
	if (r == 0)
		hint(write.number, &sheet.w,
		    k.record->discovered_on != 0 ? k.record->discovered_on
						 : k.record->summary->received_on);
	return r;
}
