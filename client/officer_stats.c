/* SPDX-License-Identifier: ISC */
/*
 * `candor stats`: figures of whole periods, as text, JSON, CSV or a report for a board. Runs in the
 * client. Everything shown follows from what the service published: numbers that it withholds never
 * reach the client.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "json.h"
#include "officer.h"
#include "private_file.h"
#include "stats.h"
#include "verb.h"

#define PERIODS_MAX 240
#define USAGE                                                                                      \
	"stats [--from YYYY-MM] [--to YYYY-MM] [--by category|site|severity|kind|month|"           \
	"acknowledged|outcome|followed] [--format text|json|csv|html] [FILE]"

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
		return stats_add_up(s);
	first = year_before(s->first);
	end = year_before(s->last + 1) - 1;
	s->n_before = within(&s->before, got, first, end);
	if (s->n_before > 0 &&
	    (s->before[0]->first != first || s->before[s->n_before - 1]->last != end))
		s->n_before = 0;
	return stats_add_up(s);
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
		if (strcmp(text, stats_table_name((enum stats_table_id)i)) == 0)
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
		return cjson_print(s->c, stats_json(s, by));
	if (format == JSON) {
		json_t *root = stats_json(s, by);

		if (root == NULL || json_dumpf(root, f, JSON_INDENT(2)) != 0)
			return client_fail_memory(s->c);
		json_decref(root);
		fputc('\n', f);
	} else if (format == CSV) {
		stats_csv(s, by, f);
	} else if (format == HTML) {
		stats_html(s, f);
	} else {
		stats_text(s, by, f);
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

OFFICER_VERB(verb_stats, officer_stats)
