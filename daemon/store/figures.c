/* SPDX-License-Identifier: ISC */
/*
 * Figures of whole periods: how many reports of what, how fast, with what outcome. What is small is
 * withheld, see candor/figures.h.
 *
 * Two kinds, so that no two answers held against each other tell more than one. An auditor gets periods
 * that are over, of all cases: each is counted once, when it is over and what was filed in it is
 * among the cases, and kept as it was published. Periods do not overlap, and one with fewer reports than
 * may be told lasts until there are enough. Officers and leads get the cases that they read, counted anew:
 * of those they can list each one. Of all cases, the number would tell somebody who is kept out of one
 * that there is one. Store only.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "candor/figures.h"

#include "officer.h"

#define ANSWER_MAX_BYTES 58000
#define LIVE_MONTHS_MAX 12 /* of one answer: a tenth of a second for each 50,000 cases */
#define TIMES_MAX 3654     /* days, ten years; longer counts as that */

struct times {
	uint32_t acknowledge[TIMES_MAX], close[TIMES_MAX];
};

/* Tables and what they divide. Reports by the day on which they were received, closed cases by that. */
enum table { CATEGORY, SITE, SEVERITY, KIND, MONTH, ACKNOWLEDGED, OUTCOME, FOLLOWED, N_TABLES };
static const struct {
	const char *name, *of;
} tables[N_TABLES] = {
	[CATEGORY] = { "category", "filed" },
	[SITE] = { "site", "filed" },
	[SEVERITY] = { "severity", "filed" },
	[KIND] = { "kind", "filed" },
	[MONTH] = { "month", "filed" },
	[ACKNOWLEDGED] = { "acknowledged", "filed" },
	[OUTCOME] = { "outcome", "closed" },
	[FOLLOWED] = { "followed", "closed" },
};

/* Rows that stand for no id: those of others, and (a site) that none was given. */
#define KEY_OTHER "*"
#define KEY_NONE ""

static unsigned
months_of(const struct store *s)
{
	return s->setup->figures_months > 0 ? s->setup->figures_months : FIGURES_MONTHS;
}

static uint32_t
k_of(const struct store *s)
{
	return s->setup->figures_k >= FIGURES_K_MIN ? s->setup->figures_k : FIGURES_K;
}

/* ---- a period's tables, empty ----------------------------------------------------------------- */

static Candor__FigureRow *
add_row(struct store *s, Candor__FigureTable *t, const char *key, char *title)
{
	Candor__FigureRow *row = STORE_NEW(s, FigureRow, figure_row);

	row->key = store_text(s, key);
	if (title != NULL)
		row->title = title;
	t->rows[t->n_rows++] = row;
	return row;
}

static void
add_words(struct store *s, Candor__FigureTable *t, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_row(s, t, words[i], NULL);
}

/* Which rows there are follows from the configuration and the calendar, never from what was filed. */
static Candor__FigureTable *
table_new(struct store *s, enum table which, day_t first, day_t last)
{
	static const char *const severities[] = { "low", "medium", "high", "critical" };
	static const char *const kinds[] = { "incident", "question" };
	static const char *const acknowledged[] = { "in-time", "late" }; /* or not yet */
	static const char *const followed[] = { "wrote-again", "did-not" };
	Candor__FigureTable *t = STORE_NEW(s, FigureTable, figure_table);
	size_t most = s->setup->n_sites + s->setup->n_categories + OUTCOME__N + 4 +
		      (size_t)(last - first) / 28 + 2;
	char month[MONTH_CHARS + 1];

	t->name = store_text(s, tables[which].name);
	t->of = store_text(s, tables[which].of);
	t->rows = store_alloc(s, most * sizeof(*t->rows));
	switch (which) {
	case CATEGORY:
		for (size_t i = 0; i < s->setup->n_categories; i++)
			add_row(s, t, s->setup->categories[i]->id, s->setup->categories[i]->title);
		add_row(s, t, KEY_OTHER, NULL);
		break;
	case SITE:
		for (size_t i = 0; i < s->setup->n_sites; i++) {
			const Candor__Site *site = s->setup->sites[i];
			Candor__FigureRow *row = add_row(s, t, site->id, site->title);

			row->people = site->headcount;
			row->parent = site->parent;
		}
		add_row(s, t, KEY_NONE, NULL);
		add_row(s, t, KEY_OTHER, NULL);
		break;
	case SEVERITY:
		add_words(s, t, severities, NELEM(severities));
		break;
	case KIND:
		add_words(s, t, kinds, NELEM(kinds));
		break;
	case MONTH:
		for (day_t d = first; d <= last; d = day_add_months(d, 1)) {
			figures_month(month, d);
			add_row(s, t, month, NULL);
		}
		break;
	case ACKNOWLEDGED:
		add_words(s, t, acknowledged, NELEM(acknowledged));
		break;
	case OUTCOME:
		for (int i = OUTCOME_NONE + 1; i < OUTCOME__N; i++)
			add_row(s, t, case_outcome_name((enum case_outcome)i), NULL);
		break;
	default:
		add_words(s, t, followed, NELEM(followed));
	}
	return t;
}

/* ---- counting --------------------------------------------------------------------------------- */

/* The row of that key; the last one stands for all others. */
static void
count_key(Candor__FigureTable *t, struct span key)
{
	size_t i = 0;

	while (
	    i + 1 < t->n_rows && (strlen(t->rows[i]->key) != key.len ||
				     (key.len > 0 && memcmp(t->rows[i]->key, key.p, key.len) != 0)))
		i++;
	t->rows[i]->n++;
}

static void
count_row(Candor__FigureTable *t, size_t i)
{
	if (i < t->n_rows)
		t->rows[i]->n++;
}

static void
count_time(uint32_t *times, int64_t days)
{
	if (times != NULL)
		times[days < 0 ? 0 : days < TIMES_MAX ? days : TIMES_MAX - 1]++;
}

/* What is counted: cases that the reader reads ("": all), into a period's tables and into times; NULL: not
 * there. */
struct count {
	struct store *s;
	const char *reader;
	Candor__FigurePeriod *period;
	struct times *times, *year;
};

static void
count_both(const struct count *c, size_t offset, int64_t days)
{
	struct times *all[] = { c->times, c->year };

	for (size_t i = 0; i < NELEM(all); i++)
		if (all[i] != NULL)
			count_time((uint32_t *)((char *)all[i] + offset), days);
}

static void
count_filed(const struct count *c, day_t first, day_t last)
{
	const enum db_query q = DB_FIGURES_FILED;
	struct store *s = c->s;
	char month[MONTH_CHARS + 1];
	day_t shown = -1;

	for (bool ok = db_row(s->db, FIGURES_FILED, db_i(first), db_i(last), db_t(c->reader)); ok;
	     ok = db_next(s->db, q)) {
		day_t on = (day_t)db_int(s->db, q, 4);
		int64_t due = db_int(s->db, q, 5), met = db_int(s->db, q, 6);

		if (met > 0)
			count_both(c, offsetof(struct times, acknowledge), met - on);
		if (c->period == NULL)
			continue;
		count_key(c->period->tables[CATEGORY], db_span(s->db, q, 0));
		count_key(c->period->tables[SITE], db_span(s->db, q, 1));
		count_key(c->period->tables[SEVERITY], db_span(s->db, q, 2));
		count_row(c->period->tables[KIND], (size_t)db_int(s->db, q, 3));
		if (on != shown) /* they come day by day */
			figures_month(month, shown = on);
		count_key(c->period->tables[MONTH], (struct span){ (uint8_t *)month, MONTH_CHARS });
		/* The clocks of a destroyed case are gone: it was acknowledged, let us say in time. */
		count_row(c->period->tables[ACKNOWLEDGED], met > due || (met == 0 && due > 0));
	}
}

static void
count_closed(const struct count *c, day_t first, day_t last)
{
	const enum db_query q = DB_FIGURES_CLOSED;
	struct store *s = c->s;

	for (bool ok = db_row(s->db, FIGURES_CLOSED, db_i(first), db_i(last), db_t(c->reader)); ok;
	     ok = db_next(s->db, q)) {
		count_both(c, offsetof(struct times, close), db_int(s->db, q, 1));
		if (c->period == NULL)
			continue;
		count_row(c->period->tables[OUTCOME], (size_t)db_int(s->db, q, 0) - 1);
		count_row(c->period->tables[FOLLOWED], db_int(s->db, q, 2) == 0);
	}
}

static void
count_days(const struct count *c, day_t first, day_t last)
{
	count_filed(c, first, last);
	count_closed(c, first, last);
}

/* ---- withholding ------------------------------------------------------------------------------ */

static void
withhold_table(struct store *s, Candor__FigureTable *t, uint32_t k)
{
	struct figure *cells = store_alloc(s, t->n_rows * sizeof(*cells));

	for (size_t i = 0; i < t->n_rows; i++) {
		cells[i].n = t->rows[i]->n;
		t->total += t->rows[i]->n;
	}
	if (figures_withhold(cells, t->n_rows, k) == FIGURES_NOTHING) {
		t->withheld = true;
		t->total = 0;
	}
	for (size_t i = 0; i < t->n_rows; i++) {
		t->rows[i]->n = cells[i].n;
		t->rows[i]->withheld = cells[i].withheld;
	}
}

/* The median of k or more, and what nine in ten stay below of twice as many. */
static int32_t
quantile(const uint32_t *times, unsigned part, uint32_t least)
{
	uint64_t n = 0;

	for (size_t i = 0; i < TIMES_MAX; i++)
		n += times[i];
	return n < least ? -1 : (int32_t)figures_quantile(times, TIMES_MAX, part);
}

static Candor__FigureTime *
time_of(struct store *s, const char *name, const uint32_t *times, const uint32_t *year, uint32_t k)
{
	Candor__FigureTime *t = STORE_NEW(s, FigureTime, figure_time);

	t->name = store_text(s, name);
	t->median = quantile(times, 50, k);
	t->p90 = quantile(times, 90, 2 * k);
	t->year_median = quantile(year, 50, k);
	t->year_p90 = quantile(year, 90, 2 * k);
	return t;
}

/* ---- a period --------------------------------------------------------------------------------- */

/* What is counted of a year so far, from one of its periods to the next. */
struct year {
	day_t first, upto;
	struct times times;
};

static day_t
new_year(day_t day)
{
	day_t first, last;

	figures_period(&first, &last, day, 12);
	return first;
}

static Candor__FigurePeriod *
period_of(struct store *s, const char *reader, day_t first, day_t last, struct year *year)
{
	Candor__FigurePeriod *p = STORE_NEW(s, FigurePeriod, figure_period);
	struct times *times = store_alloc(s, sizeof(*times));
	day_t january = new_year(last);
	struct count c = { s, reader, NULL, NULL, &year->times };

	p->first = first;
	p->last = last;
	p->running = last >= s->today;
	p->k = k_of(s);
	for (size_t i = 0; i < s->setup->n_sites; i++)
		if (*s->setup->sites[i]->parent == '\0')
			p->people += s->setup->sites[i]->headcount;
	p->tables = store_alloc(s, N_TABLES * sizeof(Candor__FigureTable *));
	for (; p->n_tables < N_TABLES; p->n_tables++)
		p->tables[p->n_tables] = table_new(s, (enum table)p->n_tables, first, last);
	if (year->first != january || year->upto + 1 != first) {
		memset(year, 0, sizeof(*year));
		if (first != january)
			count_days(&c, january, first > january ? first - 1 : last);
	}
	c.times = times;
	c.period = p;
	if (first < january)
		c.year = NULL; /* a period that began in an earlier year */
	count_days(&c, first, last);
	year->first = january;
	year->upto = last;
	for (size_t i = 0; i < p->n_tables; i++)
		withhold_table(s, p->tables[i], p->k);
	p->times = store_alloc(s, 2 * sizeof(Candor__FigureTime *));
	p->times[p->n_times++] =
	    time_of(s, "acknowledge", times->acknowledge, year->times.acknowledge, p->k);
	p->times[p->n_times++] = time_of(s, "close", times->close, year->times.close, p->k);
	return p;
}

static void
set_overdue(Candor__FigurePeriod *p, int64_t n, day_t on)
{
	p->overdue_on = on;
	p->overdue_withheld = n > 0 && n < p->k;
	p->overdue = p->overdue_withheld ? 0 : (uint32_t)n;
}

/* ---- periods that are over -------------------------------------------------------------------- */

/* Where the next one begins; false: nothing was filed yet. */
static bool
next_period(struct store *s, day_t *first, day_t *last)
{
	day_t begin;

	if (db_row0(s->db, FIGURES_LAST))
		*first = (day_t)db_int(s->db, DB_FIGURES_LAST, 0) + 1;
	else if (db_row0(s->db, FIGURES_FIRST_CASE))
		figures_period(
		    first, last, (day_t)db_int(s->db, DB_FIGURES_FIRST_CASE, 0), months_of(s));
	else
		return false;
	figures_period(&begin, last, *first, months_of(s));
	db_reset(s->db);
	return true;
}

static bool
enough(struct store *s, day_t first, day_t last)
{
	return db_row(s->db, FIGURES_ENOUGH, db_i(first), db_i(last), db_i(k_of(s))) &&
	       db_int(s->db, DB_FIGURES_ENOUGH, 0) >= k_of(s);
}

static void
publish(struct store *s, day_t first, day_t last)
{
	struct year *year = store_alloc(s, sizeof(*year));
	Candor__FigurePeriod *p = period_of(s, "", first, last, year);
	struct span packed;

	if (db_row(s->db, FIGURES_OVERDUE, db_i(last + 1)))
		set_overdue(p, db_int(s->db, DB_FIGURES_OVERDUE, 0), last + 1);
	if (wire_pack(s->arena, &packed, &p->base) == 0)
		db_run(s->db, FIGURES_ADD, db_i(first), db_i(last), db_b(packed.p, packed.len));
}

bool
figures_pass(struct store *s, bool released)
{
	arena_mark_t mark = arena_mark(s->arena);
	day_t first, last, begin, all_until = s->today;

	if (released)
		db_run(s->db, META_SET, db_t("released_on"), db_i(s->today));
	else if (!s->setup->immediate)
		all_until = db_row(s->db, META_GET, db_t("released_on"))
				? (day_t)db_int(s->db, DB_META_GET, 0)
				: 0;
	if (!next_period(s, &first, &last))
		return false;
	while (last < all_until && !enough(s, first, last))
		figures_period(&begin, &last, last + 1, months_of(s));
	if (last >= all_until)
		return false;
	publish(s, first, last);
	arena_release(s->arena, mark);
	return !db_failed(s->db);
}

/* ---- the request ------------------------------------------------------------------------------ */

/* One more, unless the answer is full. */
static bool
add_period(Candor__Figures *f, Candor__FigurePeriod *p, size_t *bytes)
{
	*bytes += protobuf_c_message_get_packed_size(&p->base) + 8;
	if (*bytes > ANSWER_MAX_BYTES && f->n_periods > 0) {
		f->next = p->first;
		return false;
	}
	f->periods[f->n_periods++] = p;
	return true;
}

static void
add_published(struct store *s, Candor__Figures *f, day_t from, day_t to)
{
	day_t first, last;
	size_t bytes = 0;

	f->all = true;
	if (next_period(s, &first, &last))
		f->until = last;
	for (bool ok = db_row(s->db, FIGURES_FROM, db_i(from), db_i(to)); ok;
	     ok = db_next(s->db, DB_FIGURES_FROM)) {
		struct span packed = db_span(s->db, DB_FIGURES_FROM, 2);
		ProtobufCMessage *p;

		if (f->n_periods == LIVE_MONTHS_MAX) {
			f->next = (day_t)db_int(s->db, DB_FIGURES_FROM, 0);
			break;
		}
		if (wire_unpack_as(s->arena, &p, &candor__figure_period__descriptor, packed.p,
			packed.len) == 0 &&
		    !add_period(f, (Candor__FigurePeriod *)p, &bytes))
			break;
	}
}

static void
add_read(struct store *s, Candor__Figures *f, const char *reader, day_t from, day_t to)
{
	struct year *year = store_alloc(s, sizeof(*year));
	unsigned months = 0;
	int64_t overdue = 0;
	size_t bytes = 0;
	day_t first, last;

	if (from > s->today || !db_row0(s->db, FIGURES_FIRST_CASE))
		return;
	first = (day_t)db_int(s->db, DB_FIGURES_FIRST_CASE, 0);
	figures_period(&first, &last, from > first ? from : first, months_of(s));
	if (db_row(s->db, FIGURES_OVERDUE_OF, db_i(s->today), db_t(reader)))
		overdue = db_int(s->db, DB_FIGURES_OVERDUE_OF, 0);
	for (; first <= to && first <= s->today;
	     figures_period(&first, &last, last + 1, months_of(s))) {
		Candor__FigurePeriod *p;

		if (months + months_of(s) > LIVE_MONTHS_MAX) {
			f->next = first;
			break;
		}
		months += months_of(s);
		p = period_of(s, reader, first, last, year);
		set_overdue(p, overdue, s->today);
		if (!add_period(f, p, &bytes))
			break;
	}
}

enum verdict
figures_get(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__FiguresGet *m = (const Candor__FiguresGet *)c->msg;
	Candor__Figures *f = STORE_NEW(s, Figures, figures);
	day_t to = m->to != 0 ? m->to : s->today;
	char from_text[DAY_CHARS + 1], to_text[DAY_CHARS + 1], detail[2 * DAY_CHARS + 8];

	if (m->from > to || m->from < 0)
		return store_refuse(
		    s, out, EX_DATAERR, "figures go from an earlier day to a later one");
	f->periods = store_alloc(s, LIVE_MONTHS_MAX * sizeof(Candor__FigurePeriod *));
	if (c->who->role == ROLE_AUDITOR)
		add_published(s, f, m->from, to);
	else
		add_read(s, f, c->who->name, m->from, to);
	day_format(from_text, m->from);
	day_format(to_text, to);
	snprintf(detail, sizeof(detail), "%s to %s", m->from != 0 ? from_text : "start", to_text);
	audit(s, c->actor, "figures", 0, detail);
	return store_answer(out, MSG_FIGURES, f);
}
