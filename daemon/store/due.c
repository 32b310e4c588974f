/* SPDX-License-Identifier: ISC */
/*
 * Clocks that run out: an event for each that does so soon, one when it did, and one for each step of
 * the site's ladder. How many of these were told stands beside the clock, so that each is told once,
 * whatever happened to us meanwhile: after days without us, every step that was reached goes out in its
 * order, since each is for other people; only that a clock runs out soon is not told once it did.
 * Store only.
 */
#include <string.h>

#include "store.h"

#define AT_A_TIME 256
/* Of one pass, so that others are served between: some 100 µs each. */
#define PASS_MAX 2048

struct clock_row {
	int64_t number;
	char *name;
	day_t due;
	enum case_state state;
};

static size_t
read_rows(struct store *s, struct clock_row *rows, unsigned told, day_t until)
{
	const enum db_query q = DB_CLOCKS_AT_STEP;
	size_t n = 0;

	for (bool ok = db_row(s->db, CLOCKS_AT_STEP, db_i(told), db_i(until), db_i(AT_A_TIME));
	     ok && n < AT_A_TIME; ok = db_next(s->db, q)) {
		rows[n].number = db_int(s->db, q, 0);
		rows[n].name = db_text(s->db, q, 1, s->arena);
		rows[n].due = (day_t)db_int(s->db, q, 2);
		rows[n].state = (enum case_state)db_int(s->db, q, 3);
		n++;
	}
	db_reset(s->db);
	return n;
}

/* The step that comes once so many were told. */
static void
tell(struct store *s, const struct clock_row *row, unsigned told)
{
	db_run(s->db, CLOCK_TOLD, db_i(row->number), db_t(row->name), db_i(told + 1));
	if (row->state == CASE_DESTROYED)
		return;
	if (told >= CLOCK_TOLD_OVERDUE)
		store_escalation(s, row->number, row->state, row->name, row->due,
		    s->setup->escalation[told - CLOCK_TOLD_OVERDUE]->contact ? ESCALATED_TO_CONTACT
									     : "");
	else if (told == CLOCK_TOLD_DUE || row->due >= s->today)
		store_clock_event(s, told == CLOCK_TOLD_DUE ? "overdue" : "due", row->number,
		    row->state, row->name, row->due);
}

/* The last day on which a clock ran out that is to be told of, when so many steps were. */
static day_t
until_of(const struct store *s, unsigned told)
{
	unsigned after = 1;

	if (told == CLOCK_TOLD_NOTHING)
		return s->today + (day_t)s->setup->due_days;
	if (told >= CLOCK_TOLD_OVERDUE)
		after = s->setup->escalation[told - CLOCK_TOLD_OVERDUE]->after_days;
	return s->today - (day_t)(after > 0 ? after : 1);
}

/* All of one step, as long as there is room in the pass. False: there is none left. */
static bool
take_step(struct store *s, unsigned told, size_t *room)
{
	size_t n = AT_A_TIME;

	while (n == AT_A_TIME && !db_failed(s->db)) {
		arena_mark_t mark = arena_mark(s->arena);
		struct clock_row *rows = store_alloc(s, AT_A_TIME * sizeof(*rows));

		if (*room < AT_A_TIME)
			return false;
		n = read_rows(s, rows, told, until_of(s, told));
		*room -= n;
		for (size_t i = 0; i < n && !db_failed(s->db); i++) {
			arena_mark_t inner = arena_mark(s->arena);

			tell(s, &rows[i], told);
			arena_release(s->arena, inner);
		}
		arena_release(s->arena, mark);
	}
	return true;
}

bool
store_clock_pass(struct store *s)
{
	size_t n_steps = CLOCK_TOLD_OVERDUE + s->setup->n_escalation, room = PASS_MAX;
	int64_t last =
	    db_row(s->db, META_GET, db_t("clock_pass")) ? db_int(s->db, DB_META_GET, 0) : s->today;

	/* The machine's clock was wrong, and went back: what was told too early is told in its time. */
	if (last > s->today)
		db_run(s->db, CLOCKS_UNTELL, db_i(s->today),
		    db_i(s->today + (day_t)s->setup->due_days));
	for (unsigned told = 0; told < n_steps; told++)
		if (!take_step(s, told, &room))
			return true;
	if (last != s->today || !db_row(s->db, META_GET, db_t("clock_pass")))
		db_run(s->db, META_SET, db_t("clock_pass"), db_i(s->today));
	return false;
}
