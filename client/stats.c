/* SPDX-License-Identifier: ISC */
/* What follows from the figures that the service published: see stats.h. Runs in the client. */
#include "stats.h"

#include <stdlib.h>
#include <string.h>

#include "client.h"

static const struct {
	const char *name, *title, *unit;
} known[STATS_TABLES] = {
	[STATS_CATEGORY] = { "category", "Reports by category", "Category" },
	[STATS_SITE] = { "site", "Reports by place of work", "Place of work" },
	[STATS_SEVERITY] = { "severity", "Reports by severity", "Severity" },
	[STATS_KIND] = { "kind", "Incidents and questions", "Kind" },
	[STATS_MONTH] = { "month", "Reports by month", "Month" },
	[STATS_ACKNOWLEDGED] = { "acknowledged", "How soon reports were acknowledged",
	    "Acknowledged" },
	[STATS_OUTCOME] = { "outcome", "Outcomes of closed cases", "Outcome" },
	[STATS_FOLLOWED] = { "followed", "Reporters of closed cases", "The reporter" },
};

/* What rows are called that have no title of their own. */
static const char *
title_of(const char *table, const char *key)
{
	static const struct {
		const char *table, *key, *title;
	} rows[] = {
		{ "category", "*", "Another category" },
		{ "site", "*", "Another place" },
		{ "site", "", "Not said" },
		{ "severity", "low", "Low" },
		{ "severity", "medium", "Medium" },
		{ "severity", "high", "High" },
		{ "severity", "critical", "Critical" },
		{ "kind", "incident", "Incident" },
		{ "kind", "question", "Question before posting" },
		{ "acknowledged", "in-time", "In time" },
		{ "acknowledged", "late", "Late, or not yet" },
		{ "outcome", "substantiated", "Substantiated" },
		{ "outcome", "partly", "Partly substantiated" },
		{ "outcome", "unsubstantiated", "Unsubstantiated" },
		{ "outcome", "insufficient-information", "Insufficient information" },
		{ "outcome", "referred", "Referred" },
		{ "outcome", "out-of-scope", "Out of scope" },
		{ "followed", "wrote-again", "Wrote again" },
		{ "followed", "did-not", "Did not" },
	};

	for (size_t i = 0; i < NELEM(rows); i++)
		if (strcmp(rows[i].table, table) == 0 && strcmp(rows[i].key, key) == 0)
			return rows[i].title;
	return key;
}

const char *
stats_table_name(enum stats_table_id t)
{
	return known[t].name;
}

/* ---- what follows from what was published ----------------------------------------------------- */

const Candor__FigureTable *
stats_table_of(const Candor__FigurePeriod *p, const char *name)
{
	for (size_t i = 0; i < p->n_tables; i++)
		if (strcmp(p->tables[i]->name, name) == 0)
			return p->tables[i];
	return NULL;
}

static const Candor__FigureRow *
find_row(const Candor__FigurePeriod *p, const char *table, const char *key)
{
	const Candor__FigureTable *t = stats_table_of(p, table);

	for (size_t i = 0; t != NULL && i < t->n_rows; i++)
		if (strcmp(t->rows[i]->key, key) == 0)
			return t->rows[i];
	return NULL;
}

struct stats_cell
stats_cell_of(const Candor__FigurePeriod *p, const char *table, const char *key)
{
	const Candor__FigureRow *row = find_row(p, table, key);

	return row != NULL ? (struct stats_cell){ row->n, row->withheld }
			   : (struct stats_cell){ 0, false };
}

bool
stats_has(const Candor__FigurePeriod *p, const char *table, const char *key)
{
	return find_row(p, table, key) != NULL;
}

struct stats_cell
stats_total_of(const Candor__FigurePeriod *p, const char *table)
{
	const Candor__FigureTable *t = stats_table_of(p, table);

	return (struct stats_cell){ t != NULL ? t->total : 0, t != NULL && t->withheld };
}

static void
add(struct stats_cell *sum, struct stats_cell cell)
{
	sum->n += cell.n;
	sum->partly = sum->partly || cell.partly;
}

const struct stats_row *
stats_row_of(const struct stats *s, enum stats_table_id t, const char *key)
{
	for (size_t i = 0; i < s->tables[t].n_rows; i++)
		if (strcmp(s->tables[t].rows[i].key, key) == 0)
			return &s->tables[t].rows[i];
	return NULL;
}

const char *
stats_number(char out[STATS_NUMBER_MAX], struct stats_cell cell)
{
	if (cell.partly && cell.n == 0)
		snprintf(out, STATS_NUMBER_MAX, "-");
	else
		snprintf(out, STATS_NUMBER_MAX, "%llu%s", (unsigned long long)cell.n,
		    cell.partly ? "+" : "");
	return out;
}

struct stats_cell
stats_percent(struct stats_cell n, struct stats_cell total)
{
	if (total.partly || total.n == 0)
		return (struct stats_cell){ 0, true };
	if (n.partly)
		return (struct stats_cell){ n.n * 100 / total.n, true };
	return (struct stats_cell){ (n.n * 200 + total.n) / (2 * total.n), false };
}

bool
stats_change(int *percent, struct stats_cell now, struct stats_cell before)
{
	if (now.partly || before.partly || before.n == 0)
		return false;
	*percent = (int)(((int64_t)now.n - (int64_t)before.n) * 100 / (int64_t)before.n);
	return true;
}

double
stats_per_hundred(const struct stats *s, struct stats_cell n, uint32_t people)
{
	if (n.partly || people == 0 || s->months == 0 || s->periods[s->n_periods - 1]->running)
		return -1;
	return (double)n.n * 100 / people * 12 / s->months;
}

struct stats_cell
stats_site_total(const struct stats *s, const struct stats_row *site)
{
	const struct stats_table *t = &s->tables[STATS_SITE];
	struct stats_cell sum = site->now;

	for (size_t i = 0; i < t->n_rows; i++)
		if (*site->key != '\0' && strcmp(t->rows[i].parent, site->key) == 0)
			add(&sum, t->rows[i].now);
	return sum;
}

struct stats_time
stats_time_of(const struct stats *s, int which)
{
	const Candor__FigurePeriod *last = s->periods[s->n_periods - 1];
	const Candor__FigureTime *t;
	day_t january, december;

	if ((size_t)which >= last->n_times)
		return (struct stats_time){ -1, -1 };
	t = last->times[which];
	if (s->n_periods == 1)
		return (struct stats_time){ t->median, t->p90 };
	figures_period(&january, &december, last->last, 12);
	if (s->first == january)
		return (struct stats_time){ t->year_median, t->year_p90 };
	return (struct stats_time){ -1, -1 };
}

struct stats_cell
stats_substantiated(const struct stats *s)
{
	const struct stats_row *rows[] = { stats_row_of(s, STATS_OUTCOME, "substantiated"),
		stats_row_of(s, STATS_OUTCOME, "partly") };
	struct stats_cell sum = { 0, false };

	for (size_t i = 0; i < NELEM(rows); i++)
		if (rows[i] != NULL)
			add(&sum, rows[i]->now);
	return sum;
}

const char *
stats_label(char out[STATS_LABEL_MAX], day_t first, day_t last)
{
	static const struct {
		unsigned months;
		char letter;
	} named[] = { { 3, 'Q' }, { 6, 'H' } };
	char from[MONTH_CHARS + 1], to[MONTH_CHARS + 1];
	day_t begin, end;

	figures_month(from, first);
	figures_month(to, last);
	figures_period(&begin, &end, first, 12);
	if (begin == first && end == last) {
		snprintf(out, STATS_LABEL_MAX, "%.4s", from);
		return out;
	}
	for (size_t i = 0; i < NELEM(named); i++) {
		figures_period(&begin, &end, first, named[i].months);
		if (begin == first && end == last) {
			snprintf(out, STATS_LABEL_MAX, "%.4s %c%u", from, named[i].letter,
			    ((unsigned)atoi(from + 5) - 1) / named[i].months + 1);
			return out;
		}
	}
	if (strcmp(from, to) == 0)
		snprintf(out, STATS_LABEL_MAX, "%s", from);
	else
		snprintf(out, STATS_LABEL_MAX, "%s to %s", from, to);
	return out;
}

/* ---- adding up -------------------------------------------------------------------------------- */

static bool
has_row(const struct stats_table *t, const char *key)
{
	for (size_t i = 0; i < t->n_rows; i++)
		if (strcmp(t->rows[i].key, key) == 0)
			return true;
	return false;
}

/* Rows as the last period has them, and behind them what only earlier ones had; months in their order. */
static int
add_rows(struct stats *s, struct stats_table *t, bool months)
{
	size_t most = 0;

	for (size_t i = 0; i < s->n_periods; i++) {
		const Candor__FigureTable *from = stats_table_of(s->periods[i], t->name);

		most += from != NULL ? from->n_rows : 0;
	}
	if ((t->rows = arena_alloc(&s->c->arena, most * sizeof(*t->rows))) == NULL)
		return client_fail_memory(s->c);
	for (size_t i = 0; i < s->n_periods; i++) {
		const Candor__FigureTable *from =
		    stats_table_of(s->periods[months ? i : s->n_periods - 1 - i], t->name);

		for (size_t k = 0; from != NULL && k < from->n_rows; k++) {
			const Candor__FigureRow *row = from->rows[k];

			if (!has_row(t, row->key))
				t->rows[t->n_rows++] = (struct stats_row){ .key = row->key,
					.title = *row->title != '\0' ? row->title
								     : title_of(t->name, row->key),
					.parent = row->parent,
					.people = row->people };
		}
	}
	return 0;
}

int
stats_add_up(struct stats *s)
{
	int r;

	for (size_t k = 0; k < STATS_TABLES; k++) {
		struct stats_table *t = &s->tables[k];

		t->name = known[k].name;
		t->title = known[k].title;
		t->unit = known[k].unit;
		t->of = k == STATS_OUTCOME || k == STATS_FOLLOWED ? "closed" : "filed";
		if ((r = add_rows(s, t, k == STATS_MONTH)) != 0)
			return r;
		for (size_t i = 0; i < s->n_periods; i++) {
			add(&t->total, stats_total_of(s->periods[i], t->name));
			for (size_t n = 0; n < t->n_rows; n++)
				add(&t->rows[n].now,
				    stats_cell_of(s->periods[i], t->name, t->rows[n].key));
		}
		t->total_before.partly = s->n_before == 0;
		for (size_t i = 0; i < s->n_before; i++)
			add(&t->total_before, stats_total_of(s->before[i], t->name));
		for (size_t n = 0; n < t->n_rows; n++) {
			t->rows[n].before.partly = s->n_before == 0;
			for (size_t i = 0; i < s->n_before; i++)
				add(&t->rows[n].before,
				    stats_cell_of(s->before[i], t->name, t->rows[n].key));
		}
	}
	return 0;
}
