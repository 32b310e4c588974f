/* SPDX-License-Identifier: ISC */
/*
 * The clocks of a case: how they stand, and `candor case clocks`, `discovered`, `pause`, `resume`, `met`
 * and `waive`. Runs in the client. Reasons are sealed to the case like any note.
 */
#include <string.h>

#include <jansson.h>

#include "candor/clocks.h"

#include "json.h"
#include "officer_case.h"
#include "term.h"
#include "verb.h"

#define BREACH_NOTICE "breach-notice"

static struct clock
clock_of(const Candor__Clock *m)
{
	return (struct clock){
		.name = m->name,
		.started_on = m->started_on,
		.due = m->due,
		.paused_on = m->paused_on,
		.ended_on = m->met_on != 0 ? m->met_on : m->ended_on,
		.paused = m->paused,
		.span = m->span,
		.unit = (enum clock_unit)m->unit,
		.base = (enum clock_base)m->since,
		.met_by = (enum clock_met_by)m->met_by,
		.end = (enum clock_end)m->end,
	};
}

static const Candor__Clock *
find(const Candor__CaseRecord *record, const char *name)
{
	const Candor__CaseSummary *k = record->summary;

	for (size_t i = 0; i < k->n_clocks; i++)
		if (strcmp(k->clocks[i]->name, name) == 0)
			return k->clocks[i];
	return NULL;
}

/* ---- how it stands -------------------------------------------------------------------------- */

const Candor__Clock *
officer_next_clock(Candor__Clock *const *clocks, size_t n)
{
	const Candor__Clock *next = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct clock k = clock_of(clocks[i]);

		if (clock_runs(&k) && clock_is_deadline(k.name) &&
		    (next == NULL || k.due < next->due))
			next = clocks[i];
	}
	return next;
}

static const char *
days_word(int32_t n)
{
	return n == 1 ? "day" : "days";
}

bool
officer_clock_text(char out[CLOCK_TEXT_MAX], const Candor__Clock *m, int32_t today)
{
	const struct clock k = clock_of(m);
	int32_t n;
	const char *standing = clock_standing(&k, today, &n), *days = days_word(n);
	char on[11];

	client_day(on, k.ended_on != 0 ? k.ended_on : k.paused_on);
	if (strcmp(standing, "overdue") == 0)
		snprintf(out, CLOCK_TEXT_MAX, "%d %s over", n, days);
	else if (strcmp(standing, "running") == 0 && n == 0)
		snprintf(out, CLOCK_TEXT_MAX, "today");
	else if (strcmp(standing, "running") == 0)
		snprintf(out, CLOCK_TEXT_MAX, "in %d %s", n, days);
	else if (strcmp(standing, "late") == 0)
		snprintf(out, CLOCK_TEXT_MAX, "met %s, %d %s late", on, n, days);
	else if (strcmp(standing, "closed") == 0)
		snprintf(out, CLOCK_TEXT_MAX, "not met when closed %s", on);
	else if (strcmp(standing, "paused") == 0)
		snprintf(out, CLOCK_TEXT_MAX, "paused since %s", on);
	else
		snprintf(out, CLOCK_TEXT_MAX, "%s%s%s", standing, k.ended_on != 0 ? " " : "",
		    k.ended_on != 0 ? on : "");
	return strcmp(standing, "overdue") == 0;
}

/* "10 working days from acknowledgement", "6 years from closing" */
static void
terms_text(char out[CLOCK_TEXT_MAX], const Candor__Clock *k)
{
	static const char *const units[CLOCK_IN__N] = { "days", "working days", "months" };

	if (k->span == 0 || k->unit >= CLOCK_IN__N)
		snprintf(out, CLOCK_TEXT_MAX, "-");
	else if (k->unit == CLOCK_IN_MONTHS && k->span % 12 == 0)
		snprintf(out, CLOCK_TEXT_MAX, "%u %s from %s", k->span / 12,
		    k->span == 12 ? "year" : "years", clock_base_noun(k->since));
	else
		snprintf(out, CLOCK_TEXT_MAX, "%u %s from %s", k->span, units[k->unit],
		    clock_base_noun(k->since));
}

/* Which verbs the clock allows now, as "pause, met, waive" or "-". */
static void
allowed_text(char out[CLOCK_TEXT_MAX], const Candor__Clock *m, int32_t today)
{
	const struct clock k = clock_of(m);
	char why[256];

	out[0] = '\0';
	for (unsigned act = CLOCK_ACT_PAUSE; act < CLOCK_ACT__N; act++)
		if (clock_may(&k, (enum clock_act)act, today, why, sizeof(why)) == 0) {
			size_t used = strlen(out);

			snprintf(out + used, CLOCK_TEXT_MAX - used, "%s%s", used > 0 ? ", " : "",
			    clock_act_name(act));
		}
	if (out[0] == '\0')
		snprintf(out, CLOCK_TEXT_MAX, "-");
}

json_t *
officer_clocks_json(Candor__Clock *const *clocks, size_t n, int32_t today)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		const Candor__Clock *m = clocks[i];
		const struct clock k = clock_of(m);
		int32_t days;
		const char *standing = clock_standing(&k, today, &days);
		bool overdue = strcmp(standing, "overdue") == 0;
		bool late = overdue || (k.due != 0 && k.ended_on > k.due);
		json_t *left = strcmp(standing, "running") == 0 ? json_integer(days) : json_null();

		if (json_array_append_new(list,
			json_pack(
			    "{s:s, s:o, s:o, s:b, s:s, s:o, s:i, s:s, s:o, s:i, s:s, s:s, s:o, "
			    "s:i, s:o, s:s}",
			    "name", k.name, "due", cjson_day(k.due), "met_on", cjson_day(m->met_on),
			    "overdue", overdue, "standing", standing, "days_left", left, "late_by",
			    late ? (int)days : 0, "from", clock_base_name(k.base), "from_on",
			    cjson_day(k.started_on), "span", (int)k.span, "unit",
			    clock_unit_name(k.unit), "met_by", clock_meets_it(k.name, k.met_by),
			    "paused_on", cjson_day(k.paused_on), "paused", (int)k.paused,
			    "ended_on", cjson_day(k.ended_on), "basis", clock_basis(k.name))) !=
		    0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

void
case_print_clocks(struct client *c, const Candor__CaseRecord *record,
    void (*label)(struct client *c, const char *text))
{
	const Candor__CaseSummary *k = record->summary;

	for (size_t i = 0; i < k->n_clocks; i++) {
		char text[CLOCK_TEXT_MAX], day[11];
		bool overdue = officer_clock_text(text, k->clocks[i], record->today);

		label(c, k->clocks[i]->name);
		printf("%s%s%s", overdue ? term_style(c, stdout, TERM_RED) : "", text,
		    overdue ? term_style(c, stdout, TERM_PLAIN) : "");
		printf(k->clocks[i]->due != 0 ? " (by %s)\n" : "\n",
		    client_day(day, k->clocks[i]->due));
	}
}

void
case_print_discovery(struct client *c, const Candor__CaseRecord *record, int32_t seen_on)
{
	const Candor__Clock *notice = find(record, BREACH_NOTICE);
	int32_t received = record->summary->received_on;
	int32_t late = seen_on != 0 && seen_on < received ? received - seen_on : 0;
	char day[11], due[11];

	if (notice == NULL || notice->end != CLOCK_END_NOT)
		return;
	if (record->discovered_on != 0) {
		printf("  Discovered on %s, as an officer set it.\n",
		    client_day(day, record->discovered_on));
		return;
	}
	printf("  Nobody has set the day of discovery yet: " BREACH_NOTICE
	       " runs from the day it came.\n");
	if (late == 0)
		return;
	printf("  %sThe reporter saw it on %s, %d %s before filing%s, and what anybody of the "
	       "workforce knew counts\n"
	       "  (45 CFR 164.404(a)(2)): from then it would run out on %s. To set it:\n"
	       "  candor case discovered %s %s\n",
	    term_style(c, stdout, TERM_BOLD), client_day(day, seen_on), late, days_word(late),
	    term_style(c, stdout, TERM_PLAIN), client_day(due, seen_on + (int32_t)notice->span),
	    record->summary->number, day);
}

/* ---- candor case clocks --------------------------------------------------------------------- */

enum { CLOCK, STANDING, DUE, FROM, TERMS, BASIS, ALLOWED, N_COLUMNS };

struct row {
	char cells[N_COLUMNS][CLOCK_TEXT_MAX];
	bool overdue;
};

static void
row_of(struct row *row, const Candor__Clock *k, int32_t today)
{
	char day[11];

	snprintf(row->cells[CLOCK], CLOCK_TEXT_MAX, "%.*s", CLOCK_NAME_MAX, k->name);
	row->overdue = officer_clock_text(row->cells[STANDING], k, today);
	snprintf(
	    row->cells[DUE], CLOCK_TEXT_MAX, "%s", k->due != 0 ? client_day(day, k->due) : "-");
	snprintf(row->cells[FROM], CLOCK_TEXT_MAX, "%s",
	    k->started_on != 0 ? client_day(day, k->started_on) : "-");
	terms_text(row->cells[TERMS], k);
	snprintf(row->cells[BASIS], CLOCK_TEXT_MAX, "%s", clock_basis(k->name));
	allowed_text(row->cells[ALLOWED], k, today);
}

static void
print_table(struct client *c, const Candor__CaseRecord *record)
{
	struct officer_column columns[N_COLUMNS] = { { "CLOCK", 5 }, { "STANDING", 8 },
		{ "DUE", 3 }, { "FROM", 4 }, { "TERMS", 5 }, { "BASIS", 5 }, { "ALLOWED", 0 } };
	const Candor__CaseSummary *k = record->summary;
	struct row row;

	for (size_t i = 0; i < k->n_clocks; i++) {
		row_of(&row, k->clocks[i], record->today);
		for (size_t n = 0; n < ALLOWED; n++)
			if (strlen(row.cells[n]) > columns[n].width)
				columns[n].width = (unsigned)strlen(row.cells[n]);
	}
	officer_heading(c, columns, N_COLUMNS);
	for (size_t i = 0; i < k->n_clocks; i++) {
		row_of(&row, k->clocks[i], record->today);
		for (size_t n = 0; n < N_COLUMNS; n++) {
			bool red = n == STANDING && row.overdue;

			fputs(red ? term_style(c, stdout, TERM_RED) : "", stdout);
			officer_cell(c, row.cells[n], columns[n].width);
			fputs(red ? term_style(c, stdout, TERM_PLAIN) : "", stdout);
		}
		putchar('\n');
	}
}

int
case_clocks(struct officer_session *s, int argc, char **argv)
{
	struct client *c = s->c;
	const Candor__CaseSummary *k;
	struct open_case open;
	int32_t seen_on;
	char *number;
	int r;

	if ((r = verb_options(c, "case clocks CASE", NULL, 0, &argc, argv, 1, 1)) != 0 ||
	    (r = officer_case_number(c, &number, argv[1])) != 0 || (r = officer_begin(s)) != 0 ||
	    (r = case_open(s, &open, number)) != 0 || (r = case_seen_on(s, &open, &seen_on)) != 0)
		return r;
	k = open.record->summary;
	if (c->json)
		return cjson_print(
		    c, json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "case", number, "state",
			   k->state, "today", cjson_day(open.record->today), "received_on",
			   cjson_day(k->received_on), "seen_on", cjson_day(seen_on),
			   "discovered_on", cjson_day(open.record->discovered_on), "clocks",
			   officer_clocks_json(k->clocks, k->n_clocks, open.record->today)));
	print_table(c, open.record);
	case_print_discovery(c, open.record, seen_on);
	return 0;
}

/* ---- what is done to them ------------------------------------------------------------------- */

static int
day_of(struct client *c, int32_t *day, const char *text)
{
	if (day_parse(day, text, strlen(text)) == 0)
		return 0;
	return client_fail(c, EX_USAGE, "\"%s\" is no day; days look like 2026-11-22", text);
}

int
case_discovered(struct officer_session *s, int argc, char **argv)
{
	Candor__CaseClock set = CANDOR__CASE_CLOCK__INIT;
	struct client *c = s->c;
	struct open_case open;
	int32_t seen_on, received;
	char day[11], seen[11];
	int r;

	if ((r = verb_options(c, "case discovered CASE [DATE]", NULL, 0, &argc, argv, 1, 2)) != 0 ||
	    (r = officer_case_number(c, &set.number, argv[1])) != 0 ||
	    (argc == 3 && (r = day_of(c, &set.on, argv[2])) != 0) || (r = officer_begin(s)) != 0 ||
	    (r = case_open(s, &open, set.number)) != 0 ||
	    (r = case_seen_on(s, &open, &seen_on)) != 0)
		return r;
	received = open.record->summary->received_on;
	if (set.on == 0)
		set.on = seen_on != 0 && seen_on < received ? seen_on : received;
	client_day(day, set.on);
	if (set.on > open.record->today)
		return client_fail(
		    c, EX_DATAERR, "%s is to come: the day of discovery is past", day);
	if (seen_on != 0 && seen_on < set.on)
		fprintf(stderr,
		    "candor: the reporter saw it on %s already, and what anybody of the workforce "
		    "knew counts (45 CFR 164.404(a)(2))\n",
		    client_day(seen, seen_on));
	else if (received < set.on)
		fprintf(stderr, "candor: whoever filed it knew on %s already\n",
		    client_day(seen, received));
	else if (set.on < received)
		fprintf(stderr,
		    "candor: it was filed %d %s after that day, which are taken from the time for "
		    "notices\n",
		    received - set.on, days_word(received - set.on));
	set.act = CLOCK_ACT_DISCOVERED;
	return officer_do(s, MSG_CASE_CLOCK, &set.base);
}

int
case_clock(struct officer_session *s, int argc, char **argv)
{
	static const struct {
		enum clock_act act;
		bool reason; /* it must have one */
		const char *prompt;
	} acts[] = {
		{ CLOCK_ACT_PAUSE, true, "Why it stands still, for the case's readers" },
		{ CLOCK_ACT_RESUME, false, "A note for the case's readers" },
		{ CLOCK_ACT_MEET, false, "A note for the case's readers" },
		{ CLOCK_ACT_WAIVE, true, "Why it need not be met, for the case's readers" },
	};
	Candor__CaseClock m = CANDOR__CASE_CLOCK__INIT;
	struct client *c = s->c;
	const char *on = NULL;
	const struct verb_option options[] = { { "--on", .value = &on } };
	const Candor__Clock *found;
	struct open_case open;
	struct clock clock;
	char usage[64], why[256];
	struct span sealed;
	size_t i = 0;
	int r;

	while (strcmp(argv[0], clock_act_name(acts[i].act)) != 0)
		i++; /* the table of verbs has no others */
	snprintf(usage, sizeof(usage), "case %s CASE CLOCK%s", argv[0],
	    acts[i].act == CLOCK_ACT_MEET ? " [--on DATE]" : "");
	if ((r = verb_options(
		 c, usage, options, acts[i].act == CLOCK_ACT_MEET, &argc, argv, 2, 2)) != 0 ||
	    (r = officer_case_number(c, &m.number, argv[1])) != 0 ||
	    (on != NULL && (r = day_of(c, &m.on, on)) != 0) || (r = officer_begin(s)) != 0 ||
	    (r = case_open(s, &open, m.number)) != 0)
		return r;
	if ((m.clock = officer_string(c, argv[2])) == NULL)
		return client_fail_memory(c);
	if ((found = find(open.record, m.clock)) == NULL)
		return client_fail(c, EX_DATAERR,
		    "%s has no clock of that name: `candor case clocks %s` lists them", m.number,
		    m.number);
	clock = clock_of(found);
	if (clock_may(&clock, acts[i].act, open.record->today, why, sizeof(why)) < 0)
		return client_fail(c, EX_DATAERR, "%s: %s", m.number, why);
	if (acts[i].reason)
		r = case_take_words(s, &open, acts[i].prompt, false, &sealed);
	else
		r = case_optional_words(s, &open, "Add a note?", acts[i].prompt, false, &sealed);
	if (r != 0)
		return r;
	m.act = acts[i].act;
	m.entry = wire_bytes(sealed.p, sealed.len);
	return case_send_words(s, MSG_CASE_CLOCK, &m.base);
}
