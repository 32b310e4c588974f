/* SPDX-License-Identifier: ISC */
/*
 * `candor stats`: figures of whole periods, as text, JSON, CSV or a report for a board. Runs in the
 * client. Everything shown follows from what the service published: numbers that it withholds never
 * reach the client.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "candor/strip.h"

#include "json.h"
#include "officer.h"
#include "private_file.h"
#include "stats.h"
#include "term.h"
#include "verb.h"

#define PERIODS_MAX 240
#define USAGE                                                                                      \
	"stats [--from YYYY-MM] [--to YYYY-MM] [--by category|site|severity|kind|month|"           \
	"acknowledged|outcome|followed] [--format text|json|csv|html] [FILE]"

static const struct {
	const char *name, *title, *unit;
} known_tables[STATS_TABLES] = {
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
	} known[] = {
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

	for (size_t i = 0; i < NELEM(known); i++)
		if (strcmp(known[i].table, table) == 0 && strcmp(known[i].key, key) == 0)
			return known[i].title;
	return key;
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

static int
add_up(struct stats *s)
{
	int r;

	for (size_t k = 0; k < STATS_TABLES; k++) {
		struct stats_table *t = &s->tables[k];

		t->name = known_tables[k].name;
		t->title = known_tables[k].title;
		t->unit = known_tables[k].unit;
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

/* ---- fetching --------------------------------------------------------------------------------- */

struct fetched {
	Candor__FigurePeriod *periods[PERIODS_MAX];
	size_t n;
	bool all;
	day_t until;
};

static int
fetch(struct officer_session *s, struct fetched *got, day_t from, day_t to)
{
	Candor__FiguresGet ask = CANDOR__FIGURES_GET__INIT;
	int r;

	ask.from = from;
	ask.to = to;
	do {
		const Candor__Figures *page;
		ProtobufCMessage *answer;

		if ((r = officer_call(
			 s, &s->c->arena, MSG_FIGURES_GET, &ask.base, MSG_FIGURES, &answer)) != 0)
			return r;
		page = (const Candor__Figures *)answer;
		for (size_t i = 0; i < page->n_periods && got->n < PERIODS_MAX; i++)
			got->periods[got->n++] = page->periods[i];
		got->all = page->all;
		got->until = page->until;
		ask.from = page->next;
	} while (ask.from != 0 && got->n < PERIODS_MAX);
	return 0;
}

/* Those that lie from one day to another. */
static size_t
within(Candor__FigurePeriod ***out, struct fetched *got, day_t from, day_t to)
{
	size_t n = 0;

	for (size_t i = 0; i < got->n; i++)
		if (got->periods[i]->first >= from && got->periods[i]->last <= to) {
			if (n++ == 0)
				*out = &got->periods[i];
		}
	return n;
}

static unsigned
months_between(day_t first, day_t last)
{
	unsigned n = 0;

	while (n < DAY_MONTHS_MAX && day_add_months(first, n) <= last)
		n++;
	return n;
}

/* The same day a year before. */
static day_t
year_before(day_t day)
{
	char text[DAY_CHARS + 1];

	day_format(text, day);
	return day_from_civil(atoi(text) - 1, (unsigned)atoi(text + 5), 1);
}

static int
fail_none(struct client *c, const struct fetched *got)
{
	char day[DAY_CHARS + 1];

	if (!got->all)
		return client_fail(c, EX_DATAERR, "no case that you can read was filed then");
	if (got->until == 0)
		return client_fail(c, EX_DATAERR, "nothing was filed yet");
	day_format(day, got->until);
	return client_fail(c, EX_DATAERR,
	    "there are no figures of then: they are published when a period is over and has enough "
	    "reports; "
	    "the one that is under way lasts until %s at least",
	    day);
}

/* What is shown: from one day to another (0: as it suits), and the same time a year before. */
static int
choose(struct stats *s, struct fetched *got, day_t from, day_t to)
{
	day_t december, first, end;

	if (got->n == 0)
		return fail_none(s->c, got);
	if (to == 0)
		to = got->periods[got->n - 1]->last;
	if (from == 0) {
		figures_period(&from, &december, to, 12);
		for (size_t i = 0; i < got->n; i++)
			if (got->periods[i]->last == to && got->periods[i]->first < from)
				from = got->periods[i]->first;
	}
	if ((s->n_periods = within(&s->periods, got, from, to)) == 0)
		return fail_none(s->c, got);
	s->all = got->all;
	s->first = s->periods[0]->first;
	s->last = s->periods[s->n_periods - 1]->last;
	s->months = months_between(s->first, s->last);
	s->k = s->periods[s->n_periods - 1]->k;
	if (s->months > 12 || s->periods[s->n_periods - 1]->running)
		return add_up(s);
	first = year_before(s->first);
	end = year_before(s->last + 1) - 1;
	s->n_before = within(&s->before, got, first, end);
	if (s->n_before > 0 &&
	    (s->before[0]->first != first || s->before[s->n_before - 1]->last != end))
		s->n_before = 0;
	return add_up(s);
}

/* ---- text ------------------------------------------------------------------------------------- */

#define TITLE_COLUMNS 38
#define NUMBER_COLUMNS 9

static void
print_right(FILE *f, const char *text, unsigned columns)
{
	fprintf(f, "%*s", (int)columns, text);
}

/* Text of others, made inert, in so many columns. */
static void
print_title(struct client *c, FILE *f, const char *text, unsigned columns)
{
	size_t len = strlen(text), shown = 0;

	for (size_t i = 0; i < len; i++)
		shown += ((unsigned char)text[i] & 0xc0) != 0x80;
	if (shown <= columns) {
		term_show_str(c, f, text);
		fprintf(f, "%*s", (int)(columns - shown), "");
		return;
	}
	for (len = 0, shown = 0; shown < columns - 1; len++)
		shown += ((unsigned char)text[len + 1] & 0xc0) != 0x80;
	term_show(c, f, text, len);
	fputs("\u2026", f);
}

static void print_headline(FILE *f, const char *label, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void
print_headline(FILE *f, const char *label, const char *fmt, ...)
{
	va_list ap;

	fprintf(f, "  %-22s ", label);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fputc('\n', f);
}

static const char *
percent_text(char out[STATS_NUMBER_MAX], struct stats_cell percent)
{
	if (percent.partly && percent.n == 0)
		return stats_number(out, percent);
	snprintf(out, STATS_NUMBER_MAX, "%u %%%s", (unsigned)percent.n, percent.partly ? "+" : "");
	return out;
}

static void
print_time(FILE *f, const struct stats *s, const char *label, int which)
{
	struct stats_time t = stats_time_of(s, which);

	if (t.median >= 0 && t.p90 >= 0)
		print_headline(f, label, "median %d days, nine in ten within %d", t.median, t.p90);
	else if (t.median >= 0)
		print_headline(f, label, "median %d days", t.median);
}

static void
print_headlines(FILE *f, const struct stats *s)
{
	const struct stats_table *filed = &s->tables[STATS_MONTH],
				 *closed = &s->tables[STATS_OUTCOME];
	const Candor__FigurePeriod *last = s->periods[s->n_periods - 1];
	const struct stats_row *in_time = stats_row_of(s, STATS_ACKNOWLEDGED, "in-time"),
			       *again = stats_row_of(s, STATS_FOLLOWED, "wrote-again");
	double rate = stats_per_hundred(s, filed->total, last->people);
	char n[STATS_NUMBER_MAX], p[STATS_NUMBER_MAX], day[DAY_CHARS + 1];
	int change;

	if (stats_change(&change, filed->total, filed->total_before))
		print_headline(f, "Reports", "%s (%+d %% on a year before)",
		    stats_number(n, filed->total), change);
	else
		print_headline(f, "Reports", "%s", stats_number(n, filed->total));
	if (rate >= 0)
		print_headline(f, "For 100 employees", "%.1f a year", rate);
	if (in_time != NULL)
		print_headline(f, "Acknowledged in time", "%s",
		    percent_text(p, stats_percent(in_time->now, filed->total)));
	print_time(f, s, "Until acknowledged", STATS_ACKNOWLEDGE);
	print_headline(f, "Cases closed", "%s", stats_number(n, closed->total));
	print_time(f, s, "Until closed", STATS_CLOSE);
	print_headline(f, "Substantiated", "%s of those closed",
	    percent_text(p, stats_percent(stats_substantiated(s), closed->total)));
	if (again != NULL)
		print_headline(f, "Reporter wrote again", "%s of those closed",
		    percent_text(p, stats_percent(again->now, closed->total)));
	day_format(day, last->overdue_on);
	print_headline(f, "Overdue", "%s on %s",
	    stats_number(n, (struct stats_cell){ last->overdue, last->overdue_withheld }), day);
}

static bool
worth_a_line(const struct stats_row *row)
{
	return row->now.n > 0 || row->now.partly || strcmp(row->key, "*") != 0;
}

static void
print_table(FILE *f, const struct stats *s, const struct stats_table *t)
{
	char n[STATS_NUMBER_MAX];

	fprintf(f, "\n%s%s%s\n", term_style(s->c, f, TERM_BOLD), t->title,
	    term_style(s->c, f, TERM_PLAIN));
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct stats_row *row = &t->rows[i];
		int change;

		if (!worth_a_line(row))
			continue;
		fputs("  ", f);
		print_title(s->c, f, row->title, TITLE_COLUMNS);
		print_right(f, stats_number(n, row->now), NUMBER_COLUMNS);
		print_right(f, percent_text(n, stats_percent(row->now, t->total)), NUMBER_COLUMNS);
		if (stats_change(&change, row->now, row->before))
			fprintf(f, "%*s%+d %%", 2, "", change);
		fputc('\n', f);
	}
	fputs("  ", f);
	print_title(s->c, f, strcmp(t->of, "closed") == 0 ? "All closed" : "All", TITLE_COLUMNS);
	print_right(f, stats_number(n, t->total), NUMBER_COLUMNS);
	fputc('\n', f);
}

/* One table, a column for each period: as many of the last as fit. */
static void
print_by_period(FILE *f, const struct stats *s, const struct stats_table *t)
{
	size_t room = (term_columns() - TITLE_COLUMNS - 4) / (NUMBER_COLUMNS + 1),
	       from = s->n_periods >= room ? s->n_periods - room + 1 : 0;
	char n[STATS_NUMBER_MAX], label[STATS_LABEL_MAX];

	fprintf(f, "\n%s%-*s", term_style(s->c, f, TERM_BOLD), TITLE_COLUMNS + 2, t->title);
	for (size_t i = from; i < s->n_periods; i++) {
		stats_label(label, s->periods[i]->first, s->periods[i]->last);
		label[NUMBER_COLUMNS] = '\0';
		fprintf(f, "%*s", NUMBER_COLUMNS + 1, label);
	}
	fprintf(f, "%*s%s\n", NUMBER_COLUMNS + 1, "all", term_style(s->c, f, TERM_PLAIN));
	for (size_t k = 0; k <= t->n_rows; k++) {
		const struct stats_row *row = k < t->n_rows ? &t->rows[k] : NULL;

		if (row != NULL && !worth_a_line(row))
			continue;
		fputs("  ", f);
		print_title(s->c, f, row != NULL ? row->title : "All", TITLE_COLUMNS);
		for (size_t i = from; i < s->n_periods; i++)
			print_right(f,
			    stats_number(n, row != NULL
						? stats_cell_of(s->periods[i], t->name, row->key)
						: stats_total_of(s->periods[i], t->name)),
			    NUMBER_COLUMNS + 1);
		print_right(
		    f, stats_number(n, row != NULL ? row->now : t->total), NUMBER_COLUMNS + 1);
		fputc('\n', f);
	}
}

static void
print_text(FILE *f, const struct stats *s, const struct stats_table *by)
{
	char from[DAY_CHARS + 1], to[DAY_CHARS + 1];

	day_format(from, s->first);
	day_format(to, s->last);
	term_show_str(s->c, f, *s->c->site.name != '\0' ? s->c->site.name : "Candor");
	fprintf(f, ": %s to %s%s, %s\n", from, to,
	    s->periods[s->n_periods - 1]->running ? " (under way)" : "",
	    s->all ? "all cases" : "the cases that you can read");
	if (by != NULL) {
		print_by_period(f, s, by);
	} else {
		fputc('\n', f);
		print_headlines(f, s);
		for (size_t i = 0; i < STATS_TABLES; i++)
			print_table(f, s, &s->tables[i]);
	}
	fprintf(f,
	    "\n-   withheld: fewer than %u, or it would give such a number away\n"
	    "5+  5, and what is withheld of some period\n",
	    s->k);
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static json_t *
json_of_cell(struct stats_cell cell)
{
	return cell.partly ? json_null() : json_integer((json_int_t)cell.n);
}

static json_t *
json_of_days(int32_t days)
{
	return days < 0 ? json_null() : json_integer(days);
}

static json_t *
json_of_table(const struct stats *s, const struct stats_table *t)
{
	json_t *rows = json_array(), *periods;

	for (size_t i = 0; i < t->n_rows; i++) {
		const struct stats_row *row = &t->rows[i];

		periods = json_array();
		for (size_t k = 0; k < s->n_periods; k++)
			json_array_append_new(
			    periods, json_of_cell(stats_cell_of(s->periods[k], t->name, row->key)));
		json_array_append_new(rows,
		    json_pack("{s:s, s:s, s:o, s:I, s:o, s:o}", t->name, row->key, "title",
			row->title, "n", json_of_cell(row->now), "at_least", (json_int_t)row->now.n,
			"a_year_before", s->n_before > 0 ? json_of_cell(row->before) : json_null(),
			"by_period", periods));
	}
	return json_pack("{s:s, s:o, s:I, s:o}", "of", t->of, "total", json_of_cell(t->total),
	    "at_least", (json_int_t)t->total.n, "rows", rows);
}

static json_t *
json_of_period(const Candor__FigurePeriod *p)
{
	json_t *one = json_pack("{s:o, s:o, s:b, s:o, s:o, s:o, s:o}", "from", cjson_day(p->first),
	    "to", cjson_day(p->last), "running", p->running, "filed",
	    json_of_cell(stats_total_of(p, "month")), "closed",
	    json_of_cell(stats_total_of(p, "outcome")), "overdue",
	    p->overdue_withheld ? json_null() : json_integer(p->overdue), "overdue_on",
	    cjson_day(p->overdue_on));

	for (size_t i = 0; i < p->n_times; i++)
		json_object_set_new(one, i == STATS_CLOSE ? "days_to_close" : "days_to_acknowledge",
		    json_pack("{s:o, s:o}", "median", json_of_days(p->times[i]->median), "p90",
			json_of_days(p->times[i]->p90)));
	return one;
}

static json_t *
json_of_times(const struct stats *s, int which)
{
	struct stats_time t = stats_time_of(s, which);

	return json_pack(
	    "{s:o, s:o}", "median", json_of_days(t.median), "p90", json_of_days(t.p90));
}

static json_t *
json_of_percent(const struct stats_row *row, const struct stats_table *of)
{
	return row != NULL ? json_of_cell(stats_percent(row->now, of->total)) : json_null();
}

static json_t *
json_of_stats(const struct stats *s, const struct stats_table *by)
{
	const struct stats_table *filed = &s->tables[STATS_MONTH],
				 *closed = &s->tables[STATS_OUTCOME];
	const struct stats_row *in_time = stats_row_of(s, STATS_ACKNOWLEDGED, "in-time"),
			       *again = stats_row_of(s, STATS_FOLLOWED, "wrote-again");
	json_t *tables = json_object(), *periods = json_array();
	double rate = stats_per_hundred(s, filed->total, s->periods[s->n_periods - 1]->people);

	for (size_t i = 0; i < s->n_periods; i++)
		json_array_append_new(periods, json_of_period(s->periods[i]));
	for (size_t i = 0; i < STATS_TABLES; i++)
		if (by == NULL || by == &s->tables[i])
			json_object_set_new(
			    tables, s->tables[i].name, json_of_table(s, &s->tables[i]));
	return json_pack("{s:o, s:o, s:I, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
			 "s:o}",
	    "from", cjson_day(s->first), "to", cjson_day(s->last), "k", (json_int_t)s->k,
	    "all_cases", s->all, "filed", json_of_cell(filed->total), "filed_a_year_before",
	    s->n_before > 0 ? json_of_cell(filed->total_before) : json_null(),
	    "per_100_employees_a_year", rate < 0 ? json_null() : json_real(rate), "closed",
	    json_of_cell(closed->total), "acknowledged_in_time_percent",
	    json_of_percent(in_time, filed), "substantiated_percent",
	    json_of_cell(stats_percent(stats_substantiated(s), closed->total)),
	    "reporter_wrote_again_percent", json_of_percent(again, closed), "days_to_acknowledge",
	    json_of_times(s, STATS_ACKNOWLEDGE), "days_to_close", json_of_times(s, STATS_CLOSE),
	    "tables", tables, "periods", periods);
}

/* ---- CSV -------------------------------------------------------------------------------------- */

/* A cell as RFC 4180 has it; one that a spreadsheet would take for a formula begins with an apostrophe. */
static void
csv_text(struct client *c, FILE *f, const char *text)
{
	arena_mark_t mark = arena_mark(&c->scratch);
	struct span inert;

	if (strip_inert(&c->scratch, &inert, text, strlen(text)) < 0)
		inert = (struct span){ NULL, 0 };
	fputc('"', f);
	if (inert.len > 0 && strchr("=+-@\t\r\n", inert.p[0]) != NULL)
		fputc('\'', f);
	for (size_t i = 0; i < inert.len; i++) {
		if (inert.p[i] == '"')
			fputc('"', f);
		fputc(inert.p[i] == '\n' || inert.p[i] == '\r' ? ' ' : inert.p[i], f);
	}
	fputc('"', f);
	arena_release(&c->scratch, mark);
}

static void
csv_line(const struct stats *s, FILE *f, const Candor__FigurePeriod *p, const char *figure,
    const struct stats_row *row, struct stats_cell cell, const char *unit)
{
	char from[DAY_CHARS + 1], to[DAY_CHARS + 1];

	day_format(from, p != NULL ? p->first : s->first);
	day_format(to, p != NULL ? p->last : s->last);
	fprintf(f, "%s,%s,%s,", from, to, figure);
	csv_text(s->c, f, row != NULL ? row->key : "");
	fputc(',', f);
	csv_text(s->c, f, row != NULL ? row->title : "");
	if (cell.partly)
		fprintf(f, ",,%llu,%s,yes\r\n", (unsigned long long)cell.n, unit);
	else
		fprintf(f, ",%llu,%llu,%s,no\r\n", (unsigned long long)cell.n,
		    (unsigned long long)cell.n, unit);
}

static void
csv_days(
    const struct stats *s, FILE *f, const Candor__FigurePeriod *p, const char *figure, int32_t days)
{
	csv_line(s, f, p, figure, NULL,
	    (struct stats_cell){ days < 0 ? 0 : (uint64_t)days, days < 0 }, "days");
}

static void
print_csv(FILE *f, const struct stats *s, const struct stats_table *by)
{
	static const char *const names[STATS_TIMES][2] = {
		{ "days-to-acknowledge-median", "days-to-acknowledge-p90" },
		{ "days-to-close-median", "days-to-close-p90" },
	};

	fputs("from,to,figure,key,title,n,at_least,unit,withheld\r\n", f);
	for (size_t i = 0; i <= s->n_periods; i++) {
		const Candor__FigurePeriod *p = i < s->n_periods ? s->periods[i] : NULL;

		if (p == NULL && s->n_periods == 1)
			break;
		for (size_t k = 0; k < STATS_TABLES; k++) {
			const struct stats_table *t = &s->tables[k];

			if (by != NULL && by != t)
				continue;
			for (size_t n = 0; n < t->n_rows; n++) {
				const struct stats_row *row = &t->rows[n];

				if (p == NULL || find_row(p, t->name, row->key) != NULL)
					csv_line(s, f, p, t->name, row,
					    p != NULL ? stats_cell_of(p, t->name, row->key)
						      : row->now,
					    t->of);
			}
		}
		csv_line(s, f, p, "filed", NULL,
		    p != NULL ? stats_total_of(p, "month") : s->tables[STATS_MONTH].total, "filed");
		csv_line(s, f, p, "closed", NULL,
		    p != NULL ? stats_total_of(p, "outcome") : s->tables[STATS_OUTCOME].total,
		    "closed");
		for (int k = 0; k < STATS_TIMES; k++) {
			struct stats_time t = stats_time_of(s, k);

			if (p != NULL && (size_t)k < p->n_times)
				t = (struct stats_time){ p->times[k]->median, p->times[k]->p90 };
			csv_days(s, f, p, names[k][0], t.median);
			csv_days(s, f, p, names[k][1], t.p90);
		}
		if (p != NULL)
			csv_line(s, f, p, "overdue", NULL,
			    (struct stats_cell){ p->overdue, p->overdue_withheld }, "cases");
	}
}

/* ---- the verb --------------------------------------------------------------------------------- */

enum format { TEXT, JSON, CSV, HTML, N_FORMATS };
static const char *const formats[N_FORMATS] = { "text", "json", "csv", "html" };

static int
parse_format(struct client *c, enum format *out, const char *text, const char *file)
{
	const char *dot = file != NULL ? strrchr(file, '.') : NULL;

	*out = c->json ? JSON : TEXT;
	if (text == NULL && dot != NULL)
		for (unsigned i = JSON; i < N_FORMATS; i++)
			*out = strcmp(dot + 1, formats[i]) == 0 ? (enum format)i : *out;
	if (text == NULL)
		return 0;
	for (unsigned i = 0; i < N_FORMATS; i++)
		if (strcmp(text, formats[i]) == 0) {
			*out = (enum format)i;
			return 0;
		}
	return client_fail(
	    c, EX_USAGE, "\"%s\" is no format: there are text, json, csv and html", text);
}

static int
parse_month(struct client *c, day_t *out, const char *option, const char *text)
{
	if (text == NULL || figures_month_parse(out, text) == 0)
		return 0;
	return client_fail(c, EX_USAGE,
	    "%s: \"%s\" is no month; figures are of whole ones, as in `%s 2026-03`", option, text,
	    option);
}

static int
parse_by(struct client *c, size_t *out, const char *text)
{
	*out = STATS_TABLES;
	for (size_t i = 0; text != NULL && i < STATS_TABLES; i++)
		if (strcmp(text, known_tables[i].name) == 0)
			*out = i;
	return text == NULL || *out < STATS_TABLES
		   ? 0
		   : client_fail(c, EX_USAGE,
			 "--by: \"%s\" is nothing to divide by\nusage: candor %s", text, USAGE);
}

static int
print(const struct stats *s, enum format format, const struct stats_table *by, FILE *f)
{
	if (format == JSON && f == stdout)
		return cjson_print(s->c, json_of_stats(s, by));
	if (format == JSON) {
		json_t *root = json_of_stats(s, by);

		if (root == NULL || json_dumpf(root, f, JSON_INDENT(2)) != 0)
			return client_fail_memory(s->c);
		json_decref(root);
		fputc('\n', f);
	} else if (format == CSV) {
		print_csv(f, s, by);
	} else if (format == HTML) {
		stats_html(s, f);
	} else {
		print_text(f, s, by);
	}
	return fflush(f) == 0 && !ferror(f)
		   ? 0
		   : client_fail(s->c, EX_IOERR, "the figures could not be written");
}

static int
print_to_file(
    const struct stats *s, enum format format, const struct stats_table *by, const char *path)
{
	FILE *f;
	int fd, r;

	if ((r = private_file_open_new(s->c, &fd, path)) != 0)
		return r;
	if ((f = fdopen(dup(fd), "w")) == NULL) {
		r = client_fail_memory(s->c);
	} else {
		r = print(s, format, by, f);
		if (fclose(f) != 0 && r == 0)
			r = client_fail(s->c, EX_IOERR, "the figures could not be written");
	}
	if (private_file_finish(s->c, fd, path, r == 0) != 0 && r == 0)
		r = EX_IOERR;
	return r;
}

int
officer_stats(struct officer_session *session, int argc, char **argv)
{
	struct client *c = session->c;
	const char *from_text = NULL, *to_text = NULL, *by_text = NULL, *format_text = NULL;
	const struct verb_option options[] = {
		{ "--from", .value = &from_text },
		{ "--to", .value = &to_text },
		{ "--by", .value = &by_text },
		{ "--format", .value = &format_text },
	};
	struct stats s = { .c = c };
	struct fetched *got;
	enum format format;
	day_t from = 0, to = 0, ask_from, december;
	size_t by;
	int r;

	if ((r = verb_options(c, USAGE, options, NELEM(options), &argc, argv, 0, 1)) != 0 ||
	    (r = parse_format(c, &format, format_text, argv[1])) != 0 ||
	    (r = parse_month(c, &from, "--from", from_text)) != 0 ||
	    (r = parse_month(c, &to, "--to", to_text)) != 0 || (r = parse_by(c, &by, by_text)) != 0)
		return r;
	if (from != 0 && to != 0 && from > to)
		return client_fail(c, EX_USAGE, "--from is later than --to");
	if (format == HTML && by < STATS_TABLES)
		return client_fail(
		    c, EX_USAGE, "--by is for text, JSON and CSV: the report has all");
	if (to != 0)
		to = day_add_months(to, 1) - 1;
	if ((got = arena_alloc(&c->arena, sizeof(*got))) == NULL)
		return client_fail_memory(c);
	/* With the year before that; when nothing is asked for, what is shown may be of last year. */
	ask_from = year_before(from != 0 ? from : year_before(to != 0 ? to : officer_today()));
	if (from == 0)
		figures_period(&ask_from, &december, ask_from, 12);
	if ((r = officer_begin(session)) != 0 || (r = fetch(session, got, ask_from, to)) != 0 ||
	    (r = choose(&s, got, from, to)) != 0)
		return r;
	return argc > 1
		   ? print_to_file(&s, format, by < STATS_TABLES ? &s.tables[by] : NULL, argv[1])
		   : print(&s, format, by < STATS_TABLES ? &s.tables[by] : NULL, stdout);
}

int
verb_stats(struct client *c, int argc, char **argv)
{
	struct officer_session s = { .c = c };
	int r = officer_stats(&s, argc, argv);

	officer_end(&s);
	return r;
}
