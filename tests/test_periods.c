/* SPDX-License-Identifier: ISC */
/*
 * Figures as store gives them, on a real database: whom they count, when they are published, and that
 * they stay as they were.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "candor/figures.h"

#include "store/officer.h"
#include "support/files.h"

static struct store s;
static struct arena arena;
static Candor__RoomSetup setup_msg;
static char folder[] = "/tmp/candor-periods-XXXXXX";
static struct answer out;
static int64_t n_added;
static day_t january; /* of the year that is looked at */

static const char *const ids[] = { "privacy", "theft", "harm" };
static const struct officer anna = { .name = "Anna Berg", .role = ROLE_LEAD },
			    audra = { .name = "Audra Auditor", .role = ROLE_AUDITOR };

static void
begin(void)
{
	static Candor__Category category[3], *categories[3];
	static Candor__Site site, *sites[] = { &site };

	cr_assert(sodium_init() >= 0);
	cr_assert(mkdtemp(folder) != NULL);
	cr_assert(eq(int, chdir(folder), 0));
	arena_init(&arena, test_alloc(16u << 20), 16u << 20);
	s.arena = &arena;
	candor__room_setup__init(&setup_msg);
	for (size_t i = 0; i < 3; i++) {
		candor__category__init(&category[i]);
		category[i].id = strdup(ids[i]);
		categories[i] = &category[i];
	}
	candor__site__init(&site);
	site.id = strdup("main");
	site.headcount = 1000;
	setup_msg.categories = categories;
	setup_msg.n_categories = 3;
	setup_msg.sites = sites;
	setup_msg.n_sites = 1;
	setup_msg.figures_months = 12;
	setup_msg.figures_k = 5;
	s.setup = &setup_msg;
	january = day_from_civil(2024, 1, 1);
	s.today = january;
	cr_assert(eq(int, db_open(&s.db), 0));
	db_begin(s.db);
	db_run(s.db, OFFICER_ADD, db_t(anna.name));
}

static void
end(void)
{
	db_close(s.db);
	unlink("candor.db");
	unlink("candor.db-wal");
	cr_assert(eq(int, chdir("/"), 0));
	rmdir(folder);
}

TestSuite(periods, .init = begin, .fini = end, .timeout = 60);

/* A case that Anna reads, or not. Closed after so many days; 0: never. Its number. */
static int64_t
add(const char *category, day_t on, bool read, unsigned closed_after)
{
	int64_t number = ++n_added;
	uint8_t hash[32] = { 0 };

	memcpy(hash, &number, sizeof(number));
	db_run(s.db, CASE_ADD, db_i(number), db_b(hash, sizeof(hash)), db_i(0), db_t(category),
	    db_t("high"), db_t("main"), db_i(on), db_i(closed_after > 0 ? CASE_CLOSED : CASE_NEW),
	    db_i(3));
	db_run(s.db, CLOCK_ADD, db_i(number), db_t("acknowledge"), db_i(on + 7), db_i(7), db_i(0),
	    db_i(0), db_i(1), db_i(on));
	db_run(s.db, CLOCK_SET, db_i(number), db_t("acknowledge"), db_i(on + 7), db_i(on), db_i(0),
	    db_i(0), db_i(on + 2), db_i(1), db_i(0));
	if (closed_after > 0) {
		db_run(s.db, CASE_SET_OUTCOME, db_i(number), db_i(OUTCOME_SUBSTANTIATED), db_t(""));
		db_run(s.db, RETENTION_SET, db_i(number), db_i(on + (day_t)closed_after), db_i(72),
		    db_i(on + 3000));
	}
	if (read)
		db_run(s.db, READER_ADD, db_i(number), db_t(anna.name));
	cr_assert(not(db_failed(s.db)));
	return number;
}

static const Candor__Figures *
get(const struct officer *who, day_t from, day_t to)
{
	Candor__FiguresGet m = CANDOR__FIGURES_GET__INIT;
	struct call c = { .who = who, .actor = who->name, .msg = &m.base };

	m.from = from;
	m.to = to;
	out = (struct answer){ 0 };
	cr_assert(eq(int, figures_get(&s, &c, &out), KEEP));
	cr_assert(not(db_failed(s.db)));
	cr_assert(eq(u32, out.kind, MSG_FIGURES));
	return (const Candor__Figures *)out.msg;
}

static const Candor__FigureTable *
table(const Candor__FigurePeriod *p, const char *name)
{
	for (size_t i = 0; i < p->n_tables; i++)
		if (strcmp(p->tables[i]->name, name) == 0)
			return p->tables[i];
	cr_fatal("no table %s", name);
}

static void
publish_all(void)
{
	while (figures_pass(&s, true))
		;
	cr_assert(not(db_failed(s.db)));
}

Test(periods, every_case_is_counted_once_in_the_period_it_was_received_in)
{
	uint32_t n[2][3] = { 0 };
	const Candor__Figures *f;

	for (unsigned i = 0; i < 300; i++) {
		unsigned year = i % 2, kind = i % 7 == 0 ? 1 : i % 5 == 0 ? 2 : 0;

		add(ids[kind], january + (day_t)(year * 366 + i), true, 10);
		n[(year * 366 + i) / 366][kind]++;
	}
	s.today = day_from_civil(2027, 1, 2);
	publish_all();
	f = get(&audra, 0, s.today);
	cr_assert(f->all);
	cr_assert(eq(sz, f->n_periods, 2));
	for (size_t y = 0; y < 2; y++) {
		const Candor__FigureTable *t = table(f->periods[y], "category");

		cr_assert(eq(u32, t->total, n[y][0] + n[y][1] + n[y][2]));
		for (size_t i = 0; i < 3; i++) {
			cr_assert(not(t->rows[i]->withheld));
			cr_assert(eq(u32, t->rows[i]->n, n[y][i]));
		}
		cr_assert(eq(u32, table(f->periods[y], "acknowledged")->rows[0]->n, t->total));
		cr_assert(eq(i32, f->periods[y]->times[0]->median, 2));
		cr_assert(eq(i32, f->periods[y]->times[1]->p90, 10));
	}
}

Test(periods, nothing_is_published_before_a_period_is_over_and_all_of_it_released)
{
	for (unsigned i = 0; i < 10; i++)
		add("privacy", january + (day_t)i, true, 0);
	s.today = january + 365; /* 31 December */
	cr_assert(not(figures_pass(&s, true)));
	cr_assert(eq(sz, get(&audra, 0, 0)->n_periods, 0));
	cr_assert(eq(i32, get(&audra, 0, 0)->until, january + 365));
	s.today++;
	/* What was filed late on the last day may be in the inbox still. */
	cr_assert(not(figures_pass(&s, false)));
	cr_assert(figures_pass(&s, true));
	cr_assert(eq(sz, get(&audra, 0, 0)->n_periods, 1));
}

Test(periods, what_was_published_stays_as_it_was_whatever_happens_to_its_cases)
{
	struct span before, after;
	int64_t number = 0;

	for (unsigned i = 0; i < 12; i++)
		number = add("privacy", january + (day_t)i, true, 20);
	s.today = january + 400;
	publish_all();
	(void)get(&audra, 0, 0);
	cr_assert(eq(int, wire_pack(&arena, &before, out.msg), 0));
	db_run(s.db, DESTROY_CLOCKS, db_i(number));
	db_run(s.db, DESTROY_CASE, db_i(number), db_i(CASE_DESTROYED));
	add("theft", january + 3, true, 20); /* as if a clock had been wrong */
	setup_msg.figures_k = 3;
	publish_all();
	(void)get(&audra, 0, 0);
	cr_assert(eq(int, wire_pack(&arena, &after, out.msg), 0));
	cr_assert(eq(sz, before.len, after.len));
	cr_assert(eq(int, memcmp(before.p, after.p, before.len), 0));
}

Test(periods, a_period_with_too_few_reports_lasts_until_there_are_enough)
{
	const Candor__Figures *f;

	setup_msg.figures_months = 3;
	for (unsigned i = 0; i < 4; i++)
		add("privacy", january + (day_t)i, true, 0);
	add("theft", january + 200, true, 0); /* in the third quarter */
	s.today = january + 366;
	publish_all();
	f = get(&audra, 0, 0);
	cr_assert(eq(sz, f->n_periods, 1));
	cr_assert(eq(i32, f->periods[0]->first, january));
	cr_assert(eq(i32, f->periods[0]->last, day_from_civil(2024, 9, 30)));
	cr_assert(eq(u32, table(f->periods[0], "month")->total, 5));
}

Test(periods, periods_do_not_overlap_when_their_length_is_changed)
{
	const Candor__Figures *f;

	setup_msg.figures_months = 3;
	for (unsigned i = 0; i < 730; i += 5)
		add("privacy", january + (day_t)i, true, 0);
	s.today = day_from_civil(2024, 7, 1);
	publish_all();
	setup_msg.figures_months = 12;
	s.today = day_from_civil(2026, 1, 1);
	publish_all();
	f = get(&audra, 0, 0);
	cr_assert(eq(sz, f->n_periods, 4));
	for (size_t i = 1; i < f->n_periods; i++)
		cr_assert(eq(i32, f->periods[i]->first, f->periods[i - 1]->last + 1));
	cr_assert(eq(i32, f->periods[3]->last, day_from_civil(2025, 12, 31)));
}

Test(periods, an_officer_s_figures_do_not_know_of_a_case_that_is_kept_from_them)
{
	struct span with, without;

	for (unsigned i = 0; i < 20; i++)
		add(ids[i % 2], january + (day_t)i, true, 20);
	s.today = january + 50;
	cr_assert(not(get(&anna, january, s.today)->all));
	cr_assert(eq(int, wire_pack(&arena, &without, out.msg), 0));
	for (unsigned i = 0; i < 5; i++)
		add("harm", january + (day_t)i, false, 20);
	(void)get(&anna, january, s.today);
	cr_assert(eq(int, wire_pack(&arena, &with, out.msg), 0));
	cr_assert(eq(sz, with.len, without.len));
	cr_assert(eq(int, memcmp(with.p, without.p, with.len), 0));
	cr_assert(get(&anna, january, s.today)->periods[0]->running);
}
