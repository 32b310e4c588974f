/* SPDX-License-Identifier: ISC */
/*
 * The clocks of a case, as they stand in the database: each with the terms that were in force when the
 * case came. candor/clocks.h says how they run; here they are read, changed and written. Store only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "officer.h"

#define BREACH_NOTICE "breach-notice"
#define BREACH_DAYS 60 /* 45 CFR 164.404(b): calendar days from discovery */

struct clocks {
	int64_t number;
	struct clock k[CLOCKS_MAX], was[CLOCKS_MAX];
	size_t n;
};

/* ---- rows ------------------------------------------------------------------------------------- */

static void
read_clocks(struct store *s, struct clocks *c, int64_t number)
{
	const enum db_query q = DB_CLOCKS;

	memset(c, 0, sizeof(*c));
	c->number = number;
	for (bool ok = db_row(s->db, CLOCKS, db_i(number)); ok && c->n < CLOCKS_MAX;
	     ok = db_next(s->db, q))
		c->k[c->n++] = (struct clock){
			.name = db_text(s->db, q, 0, s->arena),
			.due = (day_t)db_int(s->db, q, 1),
			.started_on = (day_t)db_int(s->db, q, 2),
			.paused_on = (day_t)db_int(s->db, q, 3),
			.ended_on = (day_t)db_int(s->db, q, 4),
			.paused = (unsigned)db_int(s->db, q, 5),
			.span = (unsigned)db_int(s->db, q, 6),
			.unit = (enum clock_unit)db_int(s->db, q, 7),
			.base = (enum clock_base)db_int(s->db, q, 8),
			.met_by = (enum clock_met_by)db_int(s->db, q, 9),
			.end = (enum clock_end)db_int(s->db, q, 10),
			.told = (unsigned)db_int(s->db, q, 11),
		};
	memcpy(c->was, c->k, sizeof(c->k));
}

/* Those that changed. */
static void
write_clocks(struct store *s, const struct clocks *c)
{
	bool any = false;

	for (size_t i = 0; i < c->n; i++) {
		const struct clock *k = &c->k[i];

		if (memcmp(k, &c->was[i], sizeof(*k)) == 0)
			continue;
		db_run(s->db, CLOCK_SET, db_i(c->number), db_t(k->name), db_i(k->due),
		    db_i(k->started_on), db_i(k->paused_on), db_i(k->paused), db_i(k->ended_on),
		    db_i(k->end), db_i(k->told));
		any = true;
	}
	if (any)
		db_run(s->db, READER_REFRESH, db_i(c->number));
}

static struct clock *
find(struct clocks *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->k[i].name, name) == 0)
			return &c->k[i];
	return NULL;
}

size_t
store_clocks(struct store *s, int64_t number, Candor__Clock ***out)
{
	struct clocks *c = store_alloc(s, sizeof(*c));

	read_clocks(s, c, number);
	*out = store_alloc(s, CLOCKS_MAX * sizeof(**out));
	for (size_t i = 0; i < c->n; i++) {
		const struct clock *k = &c->k[i];
		Candor__Clock *m = STORE_NEW(s, Clock, clock);

		m->name = k->name;
		m->due = k->due;
		m->met_on = k->end == CLOCK_END_MET ? k->ended_on : 0;
		m->ended_on = k->end != CLOCK_END_MET ? k->ended_on : 0;
		m->end = k->end;
		m->started_on = k->started_on;
		m->span = k->span;
		m->unit = k->unit;
		m->since = k->base;
		m->met_by = k->met_by;
		m->paused_on = k->paused_on;
		m->paused = k->paused;
		(*out)[i] = m;
	}
	return c->n;
}

/* ---- a case comes ----------------------------------------------------------------------------- */

static bool
rule_applies(const Candor__ClockRule *rule, const char *category)
{
	return rule->n_categories == 0 ||
	       store_has_word(rule->categories, rule->n_categories, category);
}

static void
add(struct store *s, int64_t number, struct clock k, day_t received_on)
{
	if (k.base == CLOCK_FROM_RECEIVED || k.base == CLOCK_FROM_DISCOVERED) {
		day_t promised = k.due;

		clock_start(&k, received_on, &s->calendar);
		k.due = promised != 0 ? promised : k.due;
	}
	db_run(s->db, CLOCK_ADD, db_i(number), db_t(k.name), db_i(k.due), db_i(k.span),
	    db_i(k.unit), db_i(k.base), db_i(k.met_by), db_i(k.started_on));
}

void
clocks_begin(struct store *s, int64_t number, const Candor__StoreReport *m)
{
	const Candor__Category *category = store_category(s, m->category);

	/* What the reporter was told counts, whatever the configuration says by now. */
	for (size_t i = 0; i < m->n_clocks; i++) {
		struct clock k = { .name = m->clocks[i]->name, .due = m->clocks[i]->due };

		if (strcmp(k.name, "feedback") == 0) {
			k.base = CLOCK_FROM_ACKNOWLEDGED;
			k.unit = CLOCK_IN_MONTHS;
			k.span = m->feedback_months;
		} else {
			k.met_by = CLOCK_BY_ACK;
			k.span = (unsigned)(k.due - m->received_on);
		}
		add(s, number, k, m->received_on);
	}
	if (category != NULL && category->breach_notice && m->kind == 0)
		add(s, number,
		    (struct clock){ .name = store_text(s, BREACH_NOTICE),
			.span = BREACH_DAYS,
			.base = CLOCK_FROM_DISCOVERED },
		    m->received_on);
	for (size_t i = 0; i < s->setup->n_clocks; i++) {
		const Candor__ClockRule *rule = s->setup->clocks[i];

		if (rule_applies(rule, m->category))
			add(s, number,
			    (struct clock){ .name = rule->name,
				.span = rule->days,
				.unit = rule->working ? CLOCK_IN_WORKING_DAYS : CLOCK_IN_DAYS,
				.base = (enum clock_base)rule->since,
				.met_by = (enum clock_met_by)rule->met_by },
			    m->received_on);
	}
}

/* ---- it goes on ------------------------------------------------------------------------------- */

void
clocks_follow(struct store *s, int64_t number, enum case_event event)
{
	struct clocks c;

	read_clocks(s, &c, number);
	for (size_t i = 0; i < c.n; i++)
		clock_on_event(&c.k[i], event, s->today, &s->calendar);
	write_clocks(s, &c);
}

void
clocks_end(struct store *s, int64_t number, const char *name, enum clock_act act, day_t on)
{
	struct clocks c;
	struct clock *k;

	read_clocks(s, &c, number);
	if ((k = find(&c, name)) != NULL && k->end == CLOCK_END_NOT)
		clock_do(k, act, on, &s->calendar);
	write_clocks(s, &c);
}

void
clocks_meet(struct store *s, int64_t number, const char *name, day_t on)
{
	clocks_end(s, number, name, CLOCK_ACT_MEET, on);
}

const char *
clocks_left(struct store *s, int64_t number)
{
	const size_t cap = CLOCKS_MAX * (CLOCK_NAME_MAX + 32);
	char *text = store_alloc(s, cap);
	struct clocks c;
	size_t used = 0;

	*text = '\0';
	read_clocks(s, &c, number);
	for (size_t i = 0; i < c.n; i++) {
		char day[DAY_CHARS + 1];

		if (!clock_runs(&c.k[i]) || !clock_is_deadline(c.k[i].name))
			continue;
		day_format(day, c.k[i].due);
		used += (size_t)snprintf(text + used, cap - used, "%s%.*s by %s",
		    used > 0 ? ", " : "", CLOCK_NAME_MAX, c.k[i].name, day);
	}
	return text;
}

/* ---- officers --------------------------------------------------------------------------------- */

static enum verdict
set_discovered(struct store *s, const struct call *c, const struct found *f, struct clocks *all,
    struct answer *out)
{
	const Candor__CaseClock *m = (const Candor__CaseClock *)c->msg;
	char day[DAY_CHARS + 1], due[DAY_CHARS + 1] = "";
	struct clock *notice = find(all, BREACH_NOTICE);

	if (m->on <= 0 || m->on > s->today)
		return store_refuse(
		    s, out, EX_DATAERR, "the day of discovery is today or a day before");
	db_run(s->db, CASE_SET_DISCOVERED, db_i(f->number), db_i(m->on));
	for (size_t i = 0; i < all->n; i++)
		if (all->k[i].base == CLOCK_FROM_DISCOVERED && all->k[i].started_on != 0)
			clock_start(&all->k[i], m->on, &s->calendar);
	day_format(day, m->on);
	audit(s, c->who->name, "discovered", f->number, day);
	if (notice == NULL)
		return store_done(s, out, "%s was discovered on %s", f->text, day);
	day_format(due, notice->due);
	return store_done(s, out, "%s was discovered on %s: " BREACH_NOTICE " by %s%s", f->text,
	    day, due,
	    notice->end != CLOCK_END_NOT ? ", which ended"
	    : notice->due < s->today     ? ", which is over"
					 : "");
}

static enum verdict
do_act(struct store *s, const struct call *c, const struct found *f, struct clocks *all,
    struct answer *out)
{
	static const char *const done[CLOCK_ACT__N] = {
		[CLOCK_ACT_PAUSE] = "stands still from today on",
		[CLOCK_ACT_RESUME] = "runs again, until ",
		[CLOCK_ACT_MEET] = "is met",
		[CLOCK_ACT_WAIVE] = "is waived",
	};
	const Candor__CaseClock *m = (const Candor__CaseClock *)c->msg;
	enum clock_act act = (enum clock_act)m->act;
	day_t on = m->on != 0 ? m->on : s->today;
	struct clock *k = find(all, m->clock);
	char why[200], day[DAY_CHARS + 1];

	if (k == NULL)
		return store_refuse(s, out, EX_DATAERR,
		    "%s has no clock of that name: `candor case clocks %s` lists them", f->text,
		    f->text);
	if (clock_may(k, act, s->today, why, sizeof(why)) < 0)
		return store_refuse(s, out, EX_DATAERR, "%s: %s", f->text, why);
	if (m->entry.len == 0 && (act == CLOCK_ACT_PAUSE || act == CLOCK_ACT_WAIVE))
		return store_refuse(
		    s, out, EX_DATAERR, "to %s a clock needs a reason", clock_act_name(act));
	if (on > s->today || on < f->summary->received_on ||
	    (on != s->today && (act != CLOCK_ACT_MEET || k->paused_on > on)))
		return store_refuse(s, out, EX_DATAERR,
		    "that day is not possible: a clock is met on a day since the case came, not "
		    "later than today");
	clock_do(k, act, on, &s->calendar);
	audit(s, c->who->name, clock_act_name(act), f->number, k->name);
	day_format(day, k->due);
	return store_done(s, out, "%s: %s %s%s", f->text, k->name, done[act],
	    act == CLOCK_ACT_RESUME && k->due != 0 ? day : "");
}

enum verdict
case_clock(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseClock *m = (const Candor__CaseClock *)c->msg;
	enum verdict v;
	struct clocks all;
	struct found f;

	if (m->act >= CLOCK_ACT__N)
		return store_refuse(s, out, EX_DATAERR, "there is no such thing to do to a clock");
	if (officer_find_kept(s, c, m->number, &f, out) != KEEP)
		return UNDO;
	if (m->entry.len > 0 && case_add_note(s, c, f.number, &m->entry, out) != KEEP)
		return UNDO;
	read_clocks(s, &all, f.number);
	v = m->act == CLOCK_ACT_DISCOVERED ? set_discovered(s, c, &f, &all, out)
					   : do_act(s, c, &f, &all, out);
	if (v == KEEP)
		write_clocks(s, &all);
	return v;
}

/* ---- the calendar ----------------------------------------------------------------------------- */

static int
by_day(const void *a, const void *b)
{
	const day_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void
clocks_set_calendar(struct store *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->setup->n_holidays && n < NELEM(s->holidays); i++)
		n += day_parse(&s->holidays[n], s->setup->holidays[i], DAY_CHARS) == 0;
	qsort(s->holidays, n, sizeof(*s->holidays), by_day);
	s->calendar = (struct calendar){ s->setup->working_week, s->holidays, n };
}

/* FNV-1a: what tells that it changed. */
static int64_t
calendar_sum(const struct calendar *c)
{
	uint64_t sum = 14695981039346656037u ^ c->week;

	for (size_t i = 0; i < c->n_holidays; i++)
		sum = (sum * 1099511628211u) ^ (uint64_t)c->holidays[i];
	return (int64_t)(sum >> 1);
}

void
clocks_follow_calendar(struct store *s)
{
	enum { AT_A_TIME = 256 };
	int64_t sum = calendar_sum(&s->calendar), numbers[AT_A_TIME], last = 0;
	struct clocks c;
	size_t n;

	if (db_row(s->db, META_GET, db_t("calendar")) && db_int(s->db, DB_META_GET, 0) == sum)
		return;
	db_run(s->db, META_SET, db_t("calendar"), db_i(sum));
	do {
		n = 0;
		for (bool ok = db_row(s->db, CLOCKS_WORKING, db_i(last), db_i(AT_A_TIME)); ok;
		     ok = db_next(s->db, DB_CLOCKS_WORKING))
			numbers[n++] = db_int(s->db, DB_CLOCKS_WORKING, 0);
		for (size_t i = 0; i < n && !db_failed(s->db); i++) {
			arena_mark_t mark = arena_mark(s->arena);

			read_clocks(s, &c, last = numbers[i]);
			for (size_t k = 0; k < c.n; k++)
				/* What ran out already, did. */
				if (c.k[k].unit == CLOCK_IN_WORKING_DAYS && clock_runs(&c.k[k]) &&
				    c.k[k].due >= s->today)
					clock_reckon(&c.k[k], &s->calendar);
			write_clocks(s, &c);
			arena_release(s->arena, mark);
		}
	} while (n == AT_A_TIME && !db_failed(s->db));
}
