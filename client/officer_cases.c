/* SPDX-License-Identifier: ISC */
/*
 * `candor cases`: the list of cases that an officer may see, without a word of what is in them. Runs
 * in the client.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "candor/casestate.h"
#include "candor/day.h"

#include "json.h"
#include "officer.h"
#include "term.h"
#include "verb.h"

#define PAGE_MAX 200 /* of one answer: candor.proto */
#define LIST_MAX 100000
#define LIST_USUAL 50

enum { CASE, STATE, CATEGORY, SEVERITY, RECEIVED, DUE, CLOCK, ASSIGNEE, N_COLUMNS };

static const struct officer_column usual[N_COLUMNS] = {
	[CASE] = { "CASE", 11 },
	[STATE] = { "STATE", 5 },
	[CATEGORY] = { "CATEGORY", 8 },
	[SEVERITY] = { "SEVERITY", 8 },
	[RECEIVED] = { "RECEIVED", DAY_CHARS },
	[DUE] = { "DUE", 3 },
	[CLOCK] = { "CLOCK", 5 },
	[ASSIGNEE] = { "ASSIGNEE", 0 },
};

/* A case as cells, most of them the message's. */
struct row {
	const char *cells[N_COLUMNS];
	char received[11], due[CLOCK_TEXT_MAX];
	bool overdue;
};

static void
row_of(struct row *row, const Candor__CaseSummary *k, int32_t today)
{
	const Candor__Clock *next = officer_next_clock(k->clocks, k->n_clocks);

	snprintf(row->due, sizeof(row->due), "-");
	row->overdue = next != NULL && officer_clock_text(row->due, next, today);
	row->cells[CASE] = k->number;
	row->cells[STATE] = k->state;
	row->cells[CATEGORY] = k->category;
	row->cells[SEVERITY] = k->severity;
	row->cells[RECEIVED] = client_day(row->received, k->received_on);
	row->cells[DUE] = row->due;
	row->cells[CLOCK] = next != NULL ? next->name : "-";
	row->cells[ASSIGNEE] = *k->assignee != '\0' ? k->assignee : "-";
}

/* Columns as wide as the first page needs them: a line of the list is to fit on one of the screen. */
static void
fit_columns(struct officer_column columns[N_COLUMNS], const Candor__CaseList *page)
{
	memcpy(columns, usual, sizeof(usual));
	for (size_t i = 0; i < page->n_cases; i++) {
		struct row row;

		row_of(&row, page->cases[i], page->today);
		for (size_t k = 0; k < ASSIGNEE; k++) {
			size_t len = strlen(row.cells[k]);

			if (len > columns[k].width)
				columns[k].width = len < 40 ? (unsigned)len : 40;
		}
	}
}

static void
print_case(struct client *c, const struct officer_column *columns, const Candor__CaseSummary *k,
    int32_t today)
{
	struct row row;

	row_of(&row, k, today);
	for (size_t i = 0; i < N_COLUMNS; i++) {
		bool red = (i == DUE || i == CLOCK) && row.overdue;

		fputs(red ? term_style(c, stdout, TERM_RED) : "", stdout);
		officer_cell(c, row.cells[i], columns[i].width);
		fputs(red ? term_style(c, stdout, TERM_PLAIN) : "", stdout);
	}
	putchar('\n');
}

json_t *
officer_case_json(const Candor__CaseSummary *k, int32_t today)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:o}", "case",
	    k->number, "state", k->state, "kind", k->kind == 1 ? "question" : "incident",
	    "category", k->category, "severity", k->severity, "site", cjson_or_null(k->site),
	    "assignee", cjson_or_null(k->assignee), "received_on", cjson_day(k->received_on),
	    "clocks", officer_clocks_json(k->clocks, k->n_clocks, today), "held", k->held, "tags",
	    cjson_strings(k->tags, k->n_tags));
}

/* Page after page, until there are limit of them or no more. */
static int
list(struct officer_session *s, Candor__CaseQuery *query, uint32_t limit, json_t *out)
{
	bool filtered = *query->state != '\0' || *query->category != '\0' || *query->tag != '\0' ||
			*query->after != '\0' || query->mine || query->overdue;
	struct officer_column columns[N_COLUMNS];
	struct client *c = s->c;
	uint32_t shown = 0;
	char after[32];
	bool more = true;
	int r;

	while (more && shown < limit) {
		arena_mark_t mark = arena_mark(&c->arena);
		const Candor__CaseList *page;
		ProtobufCMessage *answer;

		query->limit = limit - shown < PAGE_MAX ? limit - shown : PAGE_MAX;
		if ((r = officer_call(
			 s, &c->arena, MSG_CASE_LIST, &query->base, MSG_CASES, &answer)) != 0)
			return r;
		page = (const Candor__CaseList *)answer;
		if (shown == 0 && page->n_cases > 0 && out == NULL) {
			fit_columns(columns, page);
			officer_heading(c, columns, NELEM(columns));
		}
		for (size_t i = 0; i < page->n_cases; i++) {
			if (out == NULL)
				print_case(c, columns, page->cases[i], page->today);
			else if (json_array_append_new(
				     out, officer_case_json(page->cases[i], page->today)) != 0)
				return client_fail_memory(c);
		}
		shown += (uint32_t)page->n_cases;
		more = page->more && page->n_cases > 0;
		if (page->n_cases > 0) {
			snprintf(
			    after, sizeof(after), "%s", page->cases[page->n_cases - 1]->number);
			query->after = after;
		}
		arena_release(&c->arena, mark);
	}
	fflush(stdout);
	if (more)
		fprintf(stderr, "There are more: candor cases … --after %s\n", query->after);
	else if (shown == 0)
		fputs(filtered ? "No case that you can read matches.\n"
			       : "There are no cases that you can read.\n",
		    stderr);
	return 0;
}

/* EX_USAGE unless it names a state that a case can be listed in. */
static int
check_state(struct client *c, const char *state)
{
	char known[256] = "";
	enum case_state parsed;

	if (state == NULL || (case_state_parse(&parsed, state) == 0 && parsed != CASE_NONE))
		return 0;
	for (int i = CASE_NONE + 1; i < CASE__N; i++) {
		size_t used = strlen(known);

		snprintf(known + used, sizeof(known) - used, "%s%s", used > 0 ? ", " : "",
		    case_state_name((enum case_state)i));
	}
	return client_fail(c, EX_USAGE, "\"%s\" is no state: there are %s", state, known);
}

int
officer_cases(struct officer_session *s, int argc, char **argv)
{
	struct client *c = s->c;
	const char *state = NULL, *category = NULL, *tag = NULL, *limit_text = NULL, *after = NULL;
	Candor__CaseQuery query = CANDOR__CASE_QUERY__INIT;
	bool mine = false, overdue = false;
	const struct verb_option options[] = {
		{ "--state", .value = &state },
		{ "--category", .value = &category },
		{ "--tag", .value = &tag },
		{ "--limit", .value = &limit_text },
		{ "--after", .value = &after },
		{ "--mine", .flag = &mine },
		{ "--overdue", .flag = &overdue },
	};
	uint32_t limit = LIST_USUAL;
	json_t *out = NULL;
	int r;

	if ((r = verb_options(c,
		 "cases [--state S] [--category C] [--mine] [--overdue] [--tag T] [--limit N] "
		 "[--after CASE]",
		 options, NELEM(options), &argc, argv, 0, 0)) != 0 ||
	    (r = check_state(c, state)) != 0 || (r = officer_text(c, &query.state, state)) != 0 ||
	    (r = officer_text(c, &query.category, category)) != 0 ||
	    (r = officer_text(c, &query.tag, tag)) != 0 ||
	    (limit_text != NULL &&
		(r = officer_number(c, &limit, limit_text, LIST_MAX, "limit")) != 0) ||
	    (limit == 0 && (r = client_fail(c, EX_USAGE, "--limit must be 1 at least")) != 0) ||
	    (after != NULL && (r = officer_case_number(c, &query.after, after)) != 0))
		return r;
	query.mine = mine;
	query.overdue = overdue;
	if ((r = officer_begin(s)) != 0)
		return r;
	if (c->json && (out = json_array()) == NULL)
		return client_fail_memory(c);
	r = list(s, &query, limit, out);
	if (r == 0 && out != NULL)
		return cjson_print(c, out);
	json_decref(out);
	return r;
}

OFFICER_VERB(verb_cases, officer_cases)
