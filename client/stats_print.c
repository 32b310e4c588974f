/* SPDX-License-Identifier: ISC */
/* Figures as text, JSON and CSV: see stats.h. Runs in the client. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "candor/strip.h"

#include "json.h"
#include "officer.h"
#include "stats.h"
#include "term.h"

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

void
stats_text(const struct stats *s, const struct stats_table *by, FILE *f)
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

json_t *
stats_json(const struct stats *s, const struct stats_table *by)
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

void
stats_csv(const struct stats *s, const struct stats_table *by, FILE *f)
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

				if (p == NULL || stats_has(p, t->name, row->key))
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
