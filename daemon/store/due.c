/* SPDX-License-Identifier: ISC */
/*
 * Clocks that run out: once a day, an event for each that does so soon, and one for each that did. What
 * was told stands beside the clock, so that a day without us loses and repeats nothing. Store only.
 */
#include <string.h>

#include "store.h"

#define AT_A_TIME 256

struct clock_row {
	int64_t number;
	char *name;
	day_t due;
	enum case_state state;
};

static size_t
read_rows(struct store *s, struct clock_row *rows)
{
	const enum db_query q = DB_CLOCKS_RUNNING_OUT;
	size_t n = 0;

	for (bool ok = db_row(s->db, CLOCKS_RUNNING_OUT, db_i(s->today),
		 db_i(s->today + (day_t)s->setup->due_days));
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

static void
tell(struct store *s, const struct clock_row *row)
{
	bool over = row->due < s->today;

	db_run(s->db, CLOCK_TOLD, db_i(row->number), db_t(row->name),
	    db_i(over ? CLOCK_TOLD_OVERDUE : CLOCK_TOLD_DUE));
	if (row->state != CASE_DESTROYED)
		store_clock_event(
		    s, over ? "overdue" : "due", row->number, row->state, row->name, row->due);
}

void
store_clock_pass(struct store *s)
{
	size_t n;

	if (db_row(s->db, META_GET, db_t("clock_pass")) &&
	    db_int(s->db, DB_META_GET, 0) >= s->today)
		return;
	db_run(s->db, META_SET, db_t("clock_pass"), db_i(s->today));
	do {
		arena_mark_t mark = arena_mark(s->arena);
		struct clock_row *rows = store_alloc(s, AT_A_TIME * sizeof(*rows));

		n = read_rows(s, rows);
		for (size_t i = 0; i < n && !db_failed(s->db); i++) {
			arena_mark_t inner = arena_mark(s->arena);

			tell(s, &rows[i]);
			arena_release(s->arena, inner);
		}
		arena_release(s->arena, mark);
	} while (n > 0 && !db_failed(s->db));
}
