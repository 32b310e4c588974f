/* SPDX-License-Identifier: ISC */
/*
 * The board: an officer's cases by state, those first whose deadline comes first; what ran out; their own
 * corrective actions; and categories and places of which there are many cases lately. Each part
 * is read off one index, and of what is merely counted the count is kept or bounded. Store only.
 */
#include <string.h>

#include "officer.h"

#define COLUMN_USUAL 5
#define COLUMN_MAX 20
#define OVERDUE_MAX 1000
#define CORRECTIVES_MAX 10
#define PATTERNS_SHOWN 8
#define PATTERNS_TRIED 16
#define PATTERN_CASES_MAX 200

/* ---- patterns --------------------------------------------------------------------------------- */

void
board_noticed(struct store *s, const char *category, const char *site, day_t on)
{
	int64_t enough = s->setup->pattern_cases;

	if (enough > 0 &&
	    db_row(s->db, ALIKE_COUNT, db_t(category), db_t(site),
		db_i(on - (day_t)s->setup->pattern_days), db_i(enough)) &&
	    db_int(s->db, DB_ALIKE_COUNT, 0) == enough)
		db_run(s->db, PATTERN_SET, db_t(category), db_t(site), db_i(on));
}

/* Those that the asker's own cases show: what they cannot read is not counted. */
static void
add_patterns(struct store *s, const char *who, Candor__Board *b)
{
	day_t since = s->today - (day_t)s->setup->pattern_days;
	struct {
		char *category, *site;
	} tried[PATTERNS_TRIED];
	size_t n = 0;

	if (s->setup->pattern_cases == 0)
		return;
	for (bool ok = db_row(s->db, PATTERNS, db_i(since), db_i(PATTERNS_TRIED));
	     ok && n < PATTERNS_TRIED; ok = db_next(s->db, DB_PATTERNS)) {
		tried[n].category = db_text(s->db, DB_PATTERNS, 0, s->arena);
		tried[n++].site = db_text(s->db, DB_PATTERNS, 1, s->arena);
	}
	b->patterns = store_alloc(s, PATTERNS_SHOWN * sizeof(*b->patterns));
	for (size_t i = 0; i < n && b->n_patterns < PATTERNS_SHOWN; i++) {
		Candor__Pattern *p;
		int64_t cases;

		if (!db_row(s->db, PATTERN_COUNT, db_t(tried[i].category), db_t(tried[i].site),
			db_i(since), db_i(PATTERN_CASES_MAX), db_t(who)) ||
		    (cases = db_int(s->db, DB_PATTERN_COUNT, 0)) < s->setup->pattern_cases)
			continue;
		p = STORE_NEW(s, Pattern, pattern);
		p->category = tried[i].category;
		p->site = tried[i].site;
		p->cases = (uint32_t)cases;
		p->days = s->setup->pattern_days;
		b->patterns[b->n_patterns++] = p;
	}
}

/* ---- columns ---------------------------------------------------------------------------------- */

static Candor__BoardColumn *
column(
    struct store *s, const char *name, enum db_query q, const char *who, int64_t of, size_t limit)
{
	Candor__BoardColumn *k = STORE_NEW(s, BoardColumn, board_column);

	k->state = store_text(s, name);
	k->cases = store_alloc(s, limit * sizeof(*k->cases));
	for (bool ok = db_row_(s->db, q, DB_ARGS(db_t(who), db_i(of), db_i((int64_t)limit)));
	     ok && k->n_cases < limit; ok = db_next(s->db, q))
		k->cases[k->n_cases++] = officer_summary(s, q);
	return k;
}

enum verdict
board_get(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__BoardQuery *m = (const Candor__BoardQuery *)c->msg;
	Candor__Board *b = STORE_NEW(s, Board, board);
	const char *who = c->who->name;
	size_t limit = m->limit == 0 ? COLUMN_USUAL : m->limit < COLUMN_MAX ? m->limit : COLUMN_MAX;
	enum db_query q = m->mine ? DB_OVERDUE_COUNT_MINE : DB_OVERDUE_COUNT;
	uint32_t counts[CASE__N] = { 0 };

	b->today = s->today;
	for (bool ok = db_row(s->db, BOARD_COUNTS, db_t(who), db_i(m->mine)); ok;
	     ok = db_next(s->db, DB_BOARD_COUNTS)) {
		int64_t state = db_int(s->db, DB_BOARD_COUNTS, 0);

		if (state > CASE_NONE && state < CASE__N)
			counts[state] = (uint32_t)db_int(s->db, DB_BOARD_COUNTS, 1);
	}
	b->columns = store_alloc(s, CASE__N * sizeof(*b->columns));
	for (unsigned i = CASE_NONE + 1; i < CASE__N; i++) {
		/* What is over is counted, not shown. */
		size_t shown =
		    i == CASE_CLOSED || i == CASE_DESTROYED || i == CASE_MERGED || counts[i] == 0
			? 0
			: limit;
		Candor__BoardColumn *k = column(s, case_state_name((enum case_state)i),
		    m->mine ? DB_BOARD_STATE_MINE : DB_BOARD_STATE, who, i, shown);

		k->count = counts[i];
		b->columns[b->n_columns++] = k;
	}
	b->overdue = column(
	    s, "overdue", m->mine ? DB_BOARD_OVERDUE_MINE : DB_BOARD_OVERDUE, who, s->today, limit);
	if (db_row_(s->db, q, DB_ARGS(db_t(who), db_i(s->today), db_i(OVERDUE_MAX))))
		b->overdue->count = (uint32_t)db_int(s->db, q, 0);
	b->n_correctives = work_correctives_of(s, who, CORRECTIVES_MAX, &b->correctives);
	add_patterns(s, who, b);
	return store_answer(out, MSG_BOARD, b);
}
