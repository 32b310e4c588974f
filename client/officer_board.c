/* SPDX-License-Identifier: ISC */
/*
 * `candor board`: an officer's cases by state and deadline, what ran out first; what they have to see to;
 * and where many cases came lately. Runs in the client; shows no word of a case.
 */
#include <string.h>

#include <jansson.h>

#include "candor/casestate.h"

#include "json.h"
#include "officer_work.h"
#include "term.h"
#include "verb.h"

#define OVERDUE_MAX 1000 /* as candor.proto says */
#define PATTERN_MAX 200

/* ---- for people: 80 columns ------------------------------------------------------------------- */

#define DUE_WIDTH 26

static void
print_case(
    struct client *c, const Candor__CaseSummary *k, const char *me, bool state, int32_t today)
{
	const Candor__Clock *next = officer_next_clock(k->clocks, k->n_clocks);
	char due[CLOCK_TEXT_MAX] = "-", what[48];
	bool late = next != NULL && officer_clock_text(due, next, today);
	bool mine = strcmp(k->assignee, me) == 0;
	int used;

	printf("  %s", mine ? "*" : " ");
	officer_cell(c, k->number, 11);
	snprintf(what, sizeof(what), "%.18s%s", state ? k->state : k->category,
	    !state && k->kind == 1 ? "?" : "");
	officer_cell(c, what, 19);
	snprintf(what, sizeof(what), "%.9s", k->severity);
	officer_cell(c, what, 8);
	used = snprintf(what, sizeof(what), "%.15s%s", due, next != NULL ? ", " : "");
	snprintf(what + used, sizeof(what) - (size_t)used, "%.*s", DUE_WIDTH - used,
	    next != NULL ? next->name : "");
	fputs(late ? term_style(c, stdout, TERM_RED) : "", stdout);
	officer_cell(c, what, DUE_WIDTH);
	fputs(late ? term_style(c, stdout, TERM_PLAIN) : "", stdout);
	snprintf(what, sizeof(what), "%.8s", *k->assignee != '\0' ? k->assignee : "-");
	officer_cell(c, what, 0);
	putchar('\n');
}

static void
print_column(struct client *c, const Candor__BoardColumn *k, const char *title, const char *more,
    const char *me, bool state, int32_t today)
{
	printf("\n%s%s  %u%s%s\n", term_style(c, stdout, TERM_BOLD), title, k->count,
	    state && k->count == OVERDUE_MAX ? " or more" : "", term_style(c, stdout, TERM_PLAIN));
	for (size_t i = 0; i < k->n_cases; i++)
		print_case(c, k->cases[i], me, state, today);
	if (k->count > k->n_cases)
		printf("   and %u more: candor cases %s\n", k->count - (uint32_t)k->n_cases, more);
}

static bool
is_over(const char *state)
{
	enum case_state s;

	return case_state_parse(&s, state) == 0 &&
	       (s == CASE_CLOSED || s == CASE_DESTROYED || s == CASE_MERGED);
}

static void
print_patterns(struct client *c, const Candor__Board *b)
{
	for (size_t i = 0; i < b->n_patterns; i++) {
		const Candor__Pattern *p = b->patterns[i];

		printf("%s%s%u%s cases of ", i == 0 ? "\n" : "", term_style(c, stdout, TERM_YELLOW),
		    p->cases, p->cases == PATTERN_MAX ? " or more" : "");
		term_show_str(c, stdout, p->category);
		if (*p->site != '\0')
			fputs(" at ", stdout);
		term_show_str(c, stdout, p->site);
		printf(" within %u days%s\n", p->days, term_style(c, stdout, TERM_PLAIN));
	}
}

static void
print_board(struct officer_session *s, const Candor__Board *b, bool mine)
{
	const char *me = s->me->name;
	struct client *c = s->c;
	char day[11], more[48];
	unsigned over = 0;

	printf("%s%s%s, %s", term_style(c, stdout, TERM_BOLD), mine ? "Yours" : "Board",
	    term_style(c, stdout, TERM_PLAIN), client_day(day, b->today));
	puts(mine ? "" : "  (* yours, ? a question before posting)");
	if (b->overdue != NULL && b->overdue->count > 0)
		print_column(c, b->overdue, "overdue", mine ? "--mine --overdue" : "--overdue", me,
		    true, b->today);
	for (size_t i = 0; i < b->n_columns; i++) {
		const Candor__BoardColumn *k = b->columns[i];

		if (is_over(k->state) || k->count == 0)
			continue;
		snprintf(more, sizeof(more), "%s--state %s", mine ? "--mine " : "", k->state);
		print_column(c, k, k->state, more, me, false, b->today);
	}
	for (size_t i = 0; i < b->n_columns; i++)
		if (is_over(b->columns[i]->state) && b->columns[i]->count > 0)
			printf("%s%u %s", over++ > 0 ? ", " : "\n", b->columns[i]->count,
			    b->columns[i]->state);
	if (over > 0)
		putchar('\n');
	if (b->n_correctives > 0)
		printf("\n%syour actions%s\n", term_style(c, stdout, TERM_BOLD),
		    term_style(c, stdout, TERM_PLAIN));
	for (size_t i = 0; i < b->n_correctives; i++) {
		printf("   %s %u  ", b->correctives[i]->number, b->correctives[i]->n);
		corrective_print(c, b->correctives[i], b->today);
	}
	print_patterns(c, b);
}

/* ---- for programs --------------------------------------------------------------------------- */

static json_t *
json_of_column(const Candor__BoardColumn *k, int32_t today)
{
	json_t *cases = json_array();

	for (size_t i = 0; i < k->n_cases; i++)
		json_array_append_new(cases, officer_case_json(k->cases[i], today));
	return json_pack(
	    "{s:s, s:I, s:o}", "state", k->state, "count", (json_int_t)k->count, "cases", cases);
}

static json_t *
json_of_board(const Candor__Board *b)
{
	static const Candor__BoardColumn none = CANDOR__BOARD_COLUMN__INIT;
	json_t *columns = json_array(), *patterns = json_array();

	for (size_t i = 0; i < b->n_columns; i++)
		json_array_append_new(columns, json_of_column(b->columns[i], b->today));
	for (size_t i = 0; i < b->n_patterns; i++) {
		const Candor__Pattern *p = b->patterns[i];

		json_array_append_new(
		    patterns, json_pack("{s:s, s:o, s:I, s:I}", "category", p->category, "site",
				  cjson_or_null(p->site), "cases", (json_int_t)p->cases, "days",
				  (json_int_t)p->days));
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "today", cjson_day(b->today), "overdue",
	    json_of_column(b->overdue != NULL ? b->overdue : &none, b->today), "columns", columns,
	    "corrective_actions", corrective_json(b->correctives, b->n_correctives, b->today),
	    "patterns", patterns);
}

/* ---- the verb ------------------------------------------------------------------------------- */

int
officer_board(struct officer_session *s, int argc, char **argv)
{
	Candor__BoardQuery query = CANDOR__BOARD_QUERY__INIT;
	const char *limit = NULL;
	bool mine = false;
	const struct verb_option options[] = {
		{ "--mine", .flag = &mine },
		{ "--limit", .value = &limit },
	};
	struct client *c = s->c;
	ProtobufCMessage *answer;
	int r;

	if ((r = verb_options(c, "board [--mine] [--limit N]", options, NELEM(options), &argc, argv,
		 0, 0)) != 0 ||
	    (limit != NULL &&
		(r = officer_number(c, &query.limit, limit, 20, "number of cases")) != 0) ||
	    (r = officer_begin(s)) != 0)
		return r;
	query.mine = mine;
	if ((r = officer_call(s, &c->arena, MSG_BOARD_GET, &query.base, MSG_BOARD, &answer)) != 0)
		return r;
	if (c->json)
		return cjson_print(c, json_of_board((const Candor__Board *)answer));
	print_board(s, (const Candor__Board *)answer, mine);
	return 0;
}

OFFICER_VERB(verb_board, officer_board)
