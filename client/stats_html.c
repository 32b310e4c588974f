/* SPDX-License-Identifier: ISC */
/*
 * Figures as one HTML page for a board: no script, nothing fetched, light and dark and on paper. Each
 * chart is a table with bars drawn in it, or has its numbers beneath it, so that nobody needs to see it.
 * Runs in the client; whatever came from elsewhere is escaped.
 */
#include <string.h>
#include <time.h>

#include "candor/strip.h"

#include "client.h"
#include "officer.h"
#include "stats.h"

/* ---- the page --------------------------------------------------------------------------------- */

/* clang-format off */
static const char style[] =
	":root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1b2430;--soft:#5c6876;--line:#dfe4ea;"
	"--bar:#2f6db5;--track:#eaeff5;--then:#9aa7b6;--good:#1f7a4d;--note:#eef3f9}"
	"@media(prefers-color-scheme:dark){:root{--page:#12161c;--card:#1a2029;--ink:#e8edf3;--soft:#9dabba;"
	"--line:#2b343f;--bar:#6ea8e8;--track:#242d38;--then:#66758a;--good:#6cc796;--note:#1d2733}}"
	"*{box-sizing:border-box}"
	"body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,\"Segoe UI\","
	"Roboto,\"Helvetica Neue\",\"DejaVu Sans\",Arial,sans-serif;font-variant-numeric:tabular-nums}"
	"main{max-width:1060px;margin:0 auto;padding:40px 24px 56px}"
	"header{margin-bottom:28px}"
	"header p{margin:0;color:var(--soft)}"
	"h1{font-size:30px;line-height:1.2;letter-spacing:-.01em;margin:2px 0 6px;font-weight:650}"
	"h2{font-size:17px;margin:0 0 2px;font-weight:620}"
	".sub{color:var(--soft);margin:0 0 14px;font-size:13.5px}"
	".tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:14px;margin-bottom:18px}"
	".tile,section{background:var(--card);border:1px solid var(--line);border-radius:10px}"
	".tile{padding:16px 18px 14px}"
	".tile b{display:block;font-size:30px;line-height:1.15;font-weight:640;letter-spacing:-.015em}"
	".tile b small{font-size:17px;font-weight:560;letter-spacing:0}"
	".tile span{display:block;color:var(--soft);font-size:13.5px}"
	".tile b .soft{display:inline;font-size:inherit}.apart th[scope=row]{font-size:13px}"
	".tile .what{color:var(--ink);font-weight:560;font-size:14px;margin-bottom:4px}"
	"section{padding:20px 22px 16px;margin-bottom:18px;break-inside:avoid}"
	".pair{display:grid;grid-template-columns:1fr 1fr;gap:18px;align-items:start}"
	"table{border-collapse:collapse;width:100%}"
	"th,td{padding:6px 0 6px 14px;text-align:right;border-top:1px solid var(--line);font-weight:400;"
	"vertical-align:middle;white-space:nowrap}"
	"thead th{border-top:0;color:var(--soft);font-size:12.5px;padding-top:0}"
	"th:first-child,td:first-child{padding-left:0}"
	"th[scope=row],thead th:first-child{text-align:left;white-space:normal}"
	"tfoot th,tfoot td{border-top:2px solid var(--line);font-weight:600}"
	"td.bar{width:34%;padding-left:18px}"
	"td.bar svg{display:block;width:100%;height:14px}"
	".in th[scope=row]{padding-left:18px}"
	".soft{color:var(--soft)}"
	"svg text{fill:var(--soft);font-size:12px;font-family:inherit}"
	"svg .n{fill:var(--ink);font-weight:560}"
	".months{width:100%;height:auto;display:block}"
	".b{fill:var(--bar)}.t{fill:var(--track)}.w{fill:url(#hatch)}.then{fill:var(--then)}"
	".l{stroke:var(--line);stroke-width:1}.r{stroke:var(--bar);stroke-width:2;stroke-linecap:round}"
	".h1{fill:var(--track)}.h2{stroke:var(--then);stroke-width:1.5}"
	".key{display:inline-block;width:11px;height:11px;border-radius:2px;margin:0 5px 0 12px;vertical-align:-1px}"
	"footer{color:var(--soft);font-size:13.5px}"
	"footer dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:0}"
	"footer dt{color:var(--ink);font-weight:560}footer dd{margin:0}"
	"@media screen and (max-width:760px){.tiles{grid-template-columns:repeat(2,1fr)}.pair{grid-template-columns:1fr;gap:0}"
	"main{padding:24px 14px}section{padding:16px 14px;overflow-x:auto}td.bar{width:22%}"
	"footer dl{grid-template-columns:1fr}}"
	"@page{size:A4;margin:15mm 14mm}"
	"@media print{:root{color-scheme:light;--page:#fff;--card:#fff;--ink:#111;--soft:#555;--line:#ccc;"
	"--bar:#2f6db5;--track:#eef1f5;--then:#8b98a8;--good:#1f7a4d;--note:#fff}"
	"*{print-color-adjust:exact;-webkit-print-color-adjust:exact}"
	"body{font-size:10.5pt}main{padding:0;max-width:none}h1{font-size:20pt}h2{font-size:12pt}"
	"section,.tile{border-radius:4px}section{padding:11px 14px;margin-bottom:10px}"
	".tile{padding:9px 12px}.tile b{font-size:19pt}.tile b small{font-size:11pt}"
	"td.bar{width:19%}.apart th[scope=row]{font-size:8.5pt}section{font-size:9.5pt}"
	".tile span,.sub,footer{font-size:9pt}.tile .what{font-size:9.5pt}th,td{padding-top:3px;padding-bottom:3px}.tiles,.pair{gap:10px}}";
/* clang-format on */

/* Text of others. */
static void
put(const struct stats *s, FILE *f, const char *text)
{
	arena_mark_t mark = arena_mark(&s->c->scratch);
	struct span inert;

	if (strip_inert(&s->c->scratch, &inert, text, strlen(text)) < 0)
		inert = (struct span){ NULL, 0 };
	for (size_t i = 0; i < inert.len; i++) {
		static const char special[] = "&<>\"'";
		const char *at = inert.p[i] != '\0' ? strchr(special, inert.p[i]) : NULL;

		if (at != NULL)
			fprintf(f, "&#%d;", *at);
		else
			fputc(inert.p[i], f);
	}
	arena_release(&s->c->scratch, mark);
}

/* A number in a cell; what is withheld is said to those who hear it. */
static void
put_cell(FILE *f, struct stats_cell cell)
{
	char n[STATS_NUMBER_MAX];

	if (cell.partly && cell.n == 0)
		fputs("<span class=soft aria-label=withheld>\u2013</span>", f);
	else
		fputs(stats_number(n, cell), f);
}

static void
put_percent(FILE *f, struct stats_cell percent)
{
	if (percent.partly && percent.n == 0)
		fputs("<span class=soft aria-label=\"not known\">\u2013</span>", f);
	else
		fprintf(f, "%u&#8239;%%%s", (unsigned)percent.n, percent.partly ? "+" : "");
}

static void
put_change(FILE *f, struct stats_cell now, struct stats_cell before)
{
	int change;

	if (!stats_change(&change, now, before))
		fputs("<span class=soft aria-label=\"not known\">\u2013</span>", f);
	else
		fprintf(f, "%s%d&#8239;%%",
		    change > 0   ? "+"
		    : change < 0 ? "\u2212"
				 : "\u00b1",
		    change < 0 ? -change : change);
}

/* ---- what matters most ------------------------------------------------------------------------ */

static void
tile_begin(FILE *f, const char *what)
{
	fprintf(f, "<div class=tile><span class=what>%s</span><b>", what);
}

static void
tile_percent(
    FILE *f, const char *what, struct stats_cell n, struct stats_cell total, const char *of)
{
	char a[STATS_NUMBER_MAX], b[STATS_NUMBER_MAX];
	struct stats_cell percent = stats_percent(n, total);

	tile_begin(f, what);
	put_percent(f, percent);
	fputs("</b><span>", f);
	if (percent.n > 0 || !percent.partly)
		fprintf(f, "%s of %s %s", stats_number(a, n), stats_number(b, total), of);
	else
		fprintf(f, "of %s: too few to tell", of);
	fputs("</span></div>\n", f);
}

static void
tile_time(FILE *f, const struct stats *s, const char *what, int which)
{
	struct stats_time t = stats_time_of(s, which);

	tile_begin(f, what);
	if (t.median >= 0)
		fprintf(f, "%d <small>%s</small></b><span>median", t.median,
		    t.median == 1 ? "day" : "days");
	else
		fputs("<span class=soft>\u2013</span></b><span>see below, by period", f);
	if (t.p90 >= 0)
		fprintf(f, "; nine in ten within %d", t.p90);
	fputs("</span></div>\n", f);
}

static void
put_tiles(const struct stats *s, FILE *f)
{
	const struct stats_table *filed = &s->tables[STATS_MONTH],
				 *closed = &s->tables[STATS_OUTCOME];
	const struct stats_row *in_time = stats_row_of(s, STATS_ACKNOWLEDGED, "in-time"),
			       *again = stats_row_of(s, STATS_FOLLOWED, "wrote-again");
	const Candor__FigurePeriod *last = s->periods[s->n_periods - 1];
	double rate = stats_per_hundred(s, filed->total, last->people);
	const struct stats_cell unknown = { 0, true };
	char day[DAY_CHARS + 1];
	int change;

	fputs("<div class=tiles>\n", f);
	tile_begin(f, "Reports received");
	put_cell(f, filed->total);
	fputs("</b><span>", f);
	if (stats_change(&change, filed->total, filed->total_before)) {
		put_change(f, filed->total, filed->total_before);
		fputs(" on the year before", f);
	} else {
		fputs("no year before to compare with", f);
	}
	fputs("</span></div>\n", f);

	tile_begin(f, "For 100 employees");
	if (rate >= 0)
		fprintf(f, "%.1f", rate);
	else
		fputs("<span class=soft>\u2013</span>", f);
	fprintf(f, "</b><span>reports a year; %u people</span></div>\n", last->people);

	tile_percent(f, "Acknowledged in time", in_time != NULL ? in_time->now : unknown,
	    filed->total, "reports");
	tile_begin(f, "Overdue");
	day_format(day, last->overdue_on);
	if (last->overdue_withheld)
		fprintf(f, "<small>under %u</small>", s->k);
	else
		fprintf(f, "%u", last->overdue);
	fprintf(f, "</b><span>past a deadline on %s</span></div>\n", day);

	tile_begin(f, "Cases closed");
	put_cell(f, closed->total);
	fputs("</b><span>", f);
	if (stats_change(&change, closed->total, closed->total_before)) {
		put_change(f, closed->total, closed->total_before);
		fputs(" on the year before", f);
	} else {
		fputs("in these months, whenever received", f);
	}
	fputs("</span></div>\n", f);
	tile_time(f, s, "Until closed", STATS_CLOSE);
	tile_percent(f, "Substantiated", stats_substantiated(s), closed->total, "closed cases");
	tile_percent(f, "Reporter wrote again", again != NULL ? again->now : unknown, closed->total,
	    "closed cases");
	fputs("</div>\n", f);
}

/* ---- charts ----------------------------------------------------------------------------------- */

enum { CHART_WIDTH = 1000, CHART_HEIGHT = 198, CHART_TOP = 22, CHART_BASE = 162 };

static uint64_t
largest(const struct stats_table *t)
{
	uint64_t most = 1;

	for (size_t i = 0; i < t->n_rows; i++) {
		most = t->rows[i].now.n > most ? t->rows[i].now.n : most;
		if (!t->rows[i].before.partly && t->rows[i].before.n > most)
			most = t->rows[i].before.n;
	}
	return most;
}

/* "Mar", and the year under the first month of each. */
static void
put_month(FILE *f, double x, const char *key, bool first)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	unsigned month = (unsigned)(key[5] - '0') * 10 + (unsigned)(key[6] - '0');

	fprintf(f, "<text x=%.1f y=%d text-anchor=middle>%.3s</text>", x, CHART_BASE + 15,
	    &names[3 * ((month - 1) % 12)]);
	if (first || month == 1)
		fprintf(
		    f, "<text x=%.1f y=%d text-anchor=middle>%.4s</text>", x, CHART_BASE + 28, key);
}

static void
put_months(const struct stats *s, FILE *f)
{
	const struct stats_table *t = &s->tables[STATS_MONTH];
	uint64_t most = largest(t);
	double step = (double)CHART_WIDTH / (double)(t->n_rows > 0 ? t->n_rows : 1),
	       width = step * .62 < 56 ? step * .62 : 56;
	char n[STATS_NUMBER_MAX];

	fprintf(f,
	    "<section><h2>%s</h2>\n<p class=sub>By the day on which they were received.</p>\n"
	    "<svg class=months viewBox=\"0 0 %d %d\" role=img "
	    "aria-label=\"Reports by month; the numbers stand above the columns\">\n"
	    "<line class=l x1=0 x2=%d y1=%d.5 y2=%d.5 />\n",
	    t->title, CHART_WIDTH, CHART_HEIGHT, CHART_WIDTH, CHART_BASE, CHART_BASE);
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct stats_row *row = &t->rows[i];
		double x = step * ((double)i + .5),
		       high = (double)row->now.n * (CHART_BASE - CHART_TOP) / (double)most;
		bool withheld = row->now.partly && row->now.n == 0;

		if (withheld)
			high = 14;
		fprintf(f,
		    "<g><title>%s: %s</title><rect class=%s x=%.1f y=%.1f width=%.1f height=%.1f "
		    "rx=2 />",
		    row->key, withheld ? "withheld" : stats_number(n, row->now),
		    withheld ? "w" : "b", x - width / 2, CHART_BASE - high, width, high);
		fprintf(f, "<text class=n x=%.1f y=%.1f text-anchor=middle>%s</text>", x,
		    CHART_BASE - high - 6, withheld ? "\u2013" : stats_number(n, row->now));
		put_month(f, x, row->key, i == 0);
		fputs("</g>\n", f);
	}
	fputs("</svg></section>\n", f);
}

/* A bar; the year before as a mark on it. */
static void
put_bar(FILE *f, const struct stats_row *row, uint64_t most)
{
	double now = (double)row->now.n * 100 / (double)most,
	       then = (double)row->before.n * 100 / (double)most;

	fputs("<td class=bar><svg viewBox=\"0 0 100 14\" preserveAspectRatio=none aria-hidden=true>"
	      "<rect class=t width=100 height=14 />",
	    f);
	fprintf(f, "<rect class=b width=%.2f height=14 />", now);
	if (!row->before.partly && row->before.n > 0)
		fprintf(
		    f, "<rect class=then x=%.2f width=.8 height=14 />", then < 99.2 ? then : 99.2);
	fputs("</svg></td>", f);
}

static bool
is_withheld(const struct stats_row *row)
{
	return row->now.partly && row->now.n == 0;
}

static bool
worth_a_row(const struct stats_row *row)
{
	return !is_withheld(row) && (row->now.n > 0 || (!row->before.partly && row->before.n > 0) ||
					(strcmp(row->key, "*") != 0 && *row->key != '\0'));
}

/* What is withheld, in one row: which they are, and how many in all. */
static void
put_withheld(const struct stats *s, FILE *f, const struct stats_table *t)
{
	struct stats_cell rest = { t->total.n, t->total.partly };
	size_t n = 0;

	for (size_t i = 0; i < t->n_rows; i++) {
		const struct stats_row *row = &t->rows[i];

		rest.n -= row->now.n < rest.n ? row->now.n : rest.n;
		rest.partly = rest.partly || (row->now.partly && !is_withheld(row));
		if (!is_withheld(row))
			continue;
		fputs(
		    n++ == 0 ? "<tr class=\"apart soft\"><th scope=row>Each withheld: " : ", ", f);
		put(s, f, row->title);
	}
	if (n == 0)
		return;
	fputs("</th><td class=bar><svg viewBox=\"0 0 100 14\" preserveAspectRatio=none "
	      "aria-hidden=true>"
	      "<rect class=t width=100 height=14 /><rect class=w width=100 height=14 "
	      "/></svg></td><td>",
	    f);
	if (rest.partly)
		put_cell(f, (struct stats_cell){ 0, true });
	else
		put_cell(f, rest);
	fputs("</td><td>", f);
	put_percent(
	    f, rest.partly ? (struct stats_cell){ 0, true } : stats_percent(rest, t->total));
	fprintf(f, "</td>%s%s</tr>\n", s->n_before > 0 ? "<td></td>" : "",
	    t == &s->tables[STATS_SITE] ? "<td></td>" : "");
}

/* The rows in the order in which they are shown: of categories the most frequent first. */
static const struct stats_row *
next_row(const struct stats_table *t, bool sorted, const struct stats_row *shown)
{
	const struct stats_row *best = NULL, *end = t->rows + t->n_rows;

	if (!sorted)
		return shown == NULL ? t->rows : shown + 1 < end ? shown + 1 : NULL;
	for (const struct stats_row *row = t->rows; row < end; row++) {
		bool later = shown == NULL || row->now.n < shown->now.n ||
			     (row->now.n == shown->now.n && row > shown);

		if (later && (best == NULL || row->now.n > best->now.n))
			best = row;
	}
	return best;
}

/* A table with bars. Places of work with the reports for a hundred people there. */
static void
put_table(const struct stats *s, FILE *f, enum stats_table_id id, const char *sub)
{
	const struct stats_table *t = &s->tables[id];
	uint64_t most = largest(t);
	bool compare = s->n_before > 0, sites = id == STATS_SITE, sorted = id == STATS_CATEGORY;

	fprintf(f,
	    "<section><h2>%s</h2>\n<p class=sub>%s</p>\n<table><thead><tr><th scope=col>%s</th>"
	    "<th></th><th scope=col>Number</th><th "
	    "scope=col>Share</th>%s%s</tr></thead>\n<tbody>\n",
	    t->title, sub, t->unit, compare ? "<th scope=col>Year before</th>" : "",
	    sites ? "<th scope=col>For 100 people</th>" : "");
	for (const struct stats_row *row = NULL; (row = next_row(t, sorted, row)) != NULL;) {
		if (!worth_a_row(row))
			continue;
		fprintf(f, "<tr%s><th scope=row>",
		    row->parent != NULL && *row->parent != '\0' ? " class=in" : "");
		put(s, f, row->title);
		fputs("</th>", f);
		put_bar(f, row, most);
		fputs("<td>", f);
		put_cell(f, row->now);
		fputs("</td><td>", f);
		put_percent(f, stats_percent(row->now, t->total));
		fputs("</td>", f);
		if (compare) {
			fputs("<td>", f);
			put_change(f, row->now, row->before);
			fputs("</td>", f);
		}
		if (sites) {
			double rate = stats_per_hundred(s, stats_site_total(s, row), row->people);

			if (rate >= 0)
				fprintf(f, "<td>%.1f</td>", rate);
			else
				fputs("<td><span class=soft aria-label=\"not "
				      "known\">\u2013</span></td>",
				    f);
		}
		fputs("</tr>\n", f);
	}
	put_withheld(s, f, t);
	fprintf(f, "</tbody><tfoot><tr><th scope=row>%s</th><td class=bar></td><td>",
	    strcmp(t->of, "closed") == 0 ? "Closed cases" : "Reports");
	put_cell(f, t->total);
	fputs("</td><td></td>", f);
	if (compare) {
		fputs("<td>", f);
		put_change(f, t->total, t->total_before);
		fputs("</td>", f);
	}
	fputs(sites ? "<td></td></tr></tfoot></table></section>\n"
		    : "</tr></tfoot></table></section>\n",
	    f);
}

/* ---- by period -------------------------------------------------------------------------------- */

static void
put_days(FILE *f, int32_t days)
{
	if (days >= 0)
		fprintf(f, "<td>%d</td>", days);
	else
		fputs("<td><span class=soft aria-label=withheld>\u2013</span></td>", f);
}

/* Those of the year before, and those shown. */
static const Candor__FigurePeriod *
period_at(const struct stats *s, size_t i)
{
	return i < s->n_before ? s->before[i] : s->periods[i - s->n_before];
}

/* From the median to what nine in ten stay within, on a line of days. */
static void
put_range(FILE *f, const Candor__FigureTime *t, int32_t most)
{
	double a = (double)t->median * 96 / most + 2, b = (double)t->p90 * 96 / most + 2;

	fputs("<td class=bar><svg viewBox=\"0 0 100 14\" preserveAspectRatio=none aria-hidden=true>"
	      "<rect class=t width=100 height=14 />",
	    f);
	if (t->median >= 0 && t->p90 >= 0)
		fprintf(f, "<rect class=b x=%.2f y=5.5 width=%.2f height=3 />", a, b - a);
	if (t->median >= 0)
		fprintf(f, "<rect class=b x=%.2f width=1.6 height=14 />", a - .8);
	fputs("</svg></td>", f);
}

static void
put_times(const struct stats *s, FILE *f, size_t which, const char *title, const char *sub)
{
	char label[STATS_LABEL_MAX];
	int32_t most = 1;

	for (size_t i = 0; i < s->n_before + s->n_periods; i++)
		if (which < period_at(s, i)->n_times) {
			const Candor__FigureTime *t = period_at(s, i)->times[which];

			most = t->median > most ? t->median : most;
			most = t->p90 > most ? t->p90 : most;
		}
	fprintf(f,
	    "<section><h2>%s</h2>\n<p class=sub>%s</p>\n<table><thead><tr><th scope=col>Period</th>"
	    "<th></th><th scope=col>Median</th><th scope=col>Nine in "
	    "ten</th></tr></thead><tbody>\n",
	    title, sub);
	for (size_t i = 0; i < s->n_before + s->n_periods; i++) {
		const Candor__FigurePeriod *p = period_at(s, i);

		if (which >= p->n_times)
			continue;
		fprintf(f, "<tr><th scope=row>%s</th>", stats_label(label, p->first, p->last));
		put_range(f, p->times[which], most);
		put_days(f, p->times[which]->median);
		put_days(f, p->times[which]->p90);
		fputs("</tr>\n", f);
	}
	fputs("</tbody></table></section>\n", f);
}

/* ---- all of it -------------------------------------------------------------------------------- */

static void
put_head(const struct stats *s, FILE *f)
{
	const char *site = *s->c->site.name != '\0' ? s->c->site.name : "Candor";
	char from[DAY_CHARS + 1], to[DAY_CHARS + 1], made[DAY_CHARS + 1], label[STATS_LABEL_MAX];

	day_format(from, s->first);
	day_format(to, s->last);
	day_format(made, officer_today());
	stats_label(label, s->first, s->last);
	fputs("<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n"
	      "<meta name=viewport content=\"width=device-width,initial-scale=1\">\n"
	      "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src "
	      "'unsafe-inline'\">\n<title>",
	    f);
	put(s, f, site);
	fprintf(f,
	    ": incident reports, %s</title>\n<style>%s</style></head>\n<body>"
	    "<svg width=0 height=0 style=\"position:absolute\" aria-hidden=true><defs>"
	    "<pattern id=hatch width=6 height=6 patternUnits=userSpaceOnUse "
	    "patternTransform=\"rotate(45)\"><rect class=h1 width=6 height=6 />"
	    "<line class=h2 x1=0 x2=0 y1=0 y2=6 /></pattern></defs></svg>\n<main>\n<header><p>",
	    label, style);
	put(s, f, site);
	fprintf(f,
	    "</p>\n<h1>Incident reports, %s</h1>\n<p>%s to %s%s. %s. Made on %s.</p></header>\n",
	    label, from, to, s->periods[s->n_periods - 1]->running ? ", which is not over yet" : "",
	    s->all ? "All cases" : "The cases that the officer who made this report can read",
	    made);
}

static void
put_foot(const struct stats *s, FILE *f)
{
	fprintf(f,
	    "<footer><section><h2>How to read this</h2>\n<dl>"
	    "<dt>\u2013</dt><dd>Withheld. Numbers from 1 to %u are not told, nor as many of the "
	    "next larger "
	    "ones as it takes that none of them follows from the rest; zeros beside them neither. "
	    "Every "
	    "period is published once, and periods do not overlap.</dd>"
	    "<dt>12+</dt><dd>12, and what is withheld of some of the periods.</dd>"
	    "<dt>Share</dt><dd>Of the number at the foot of the table.</dd>"
	    "%s"
	    "<dt>For 100</dt><dd>Reports for a hundred people who work there, within the place "
	    "included, "
	    "reckoned to a year.</dd>"
	    "<dt>Acknowledged</dt><dd>Of the reports received in a period, by its end; one that "
	    "came in its "
	    "last days may not be yet.</dd>"
	    "<dt>Closed</dt><dd>By the day on which a case was closed, whenever it was received; "
	    "substantiated is fully or in part.</dd>"
	    "<dt>Nine in ten</dt><dd>Days within which nine in ten were done.</dd>"
	    "</dl></section></footer>\n</main></body></html>\n",
	    s->k - 1,
	    s->n_before > 0
		? "<dt>Year before</dt><dd>Change against the same months a year before; the "
		  "grey mark on a bar is where it was.</dd>"
		: "");
}

void
stats_html(const struct stats *s, FILE *f)
{
	put_head(s, f);
	put_tiles(s, f);
	put_months(s, f);
	put_table(s, f, STATS_CATEGORY, "What they are about.");
	put_table(s, f, STATS_SITE,
	    "Where it happened, as far as that is told: a small place counts as the one it belongs "
	    "to.");
	fputs("<div class=pair>\n", f);
	put_table(s, f, STATS_SEVERITY, "As the house rates the category.");
	put_table(s, f, STATS_KIND, "Some ask before they post.");
	fputs("</div>\n<div class=pair>\n", f);
	put_table(s, f, STATS_OUTCOME, "Of the cases closed in these months.");
	put_table(s, f, STATS_FOLLOWED, "Whether they came back to a closed case with more.");
	fputs("</div>\n<div class=pair>\n", f);
	put_times(s, f, STATS_ACKNOWLEDGE, "Days until acknowledged",
	    "Of reports received in the period.");
	put_times(s, f, STATS_CLOSE, "Days until closed", "Of cases closed in the period.");
	fputs("</div>\n", f);
	put_foot(s, f);
}
