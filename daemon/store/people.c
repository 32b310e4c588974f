/* SPDX-License-Identifier: ISC */
/*
 * Who can open which case. A case's secret is sealed to the keys that a version of the directory holds;
 * a person whose key changed since, or who left it, cannot open the case, whatever the list of its
 * readers says. Nobody leaves whom a case depends on, and a case that a lost key closed is
 * remembered until it is sealed anew. Store only.
 */
#include <string.h>
#include <sysexits.h>

#include "officer.h"

/* Since which version of the directory the key counts of somebody who is not in it: no case is sealed to
 * a version as high. */
#define NEVER INT64_MAX
/* Rows looked at for one answer, and numbers in it. */
#define SCAN_ROWS 500

static bool
reads_cases(const struct officer *o)
{
	return o->role == ROLE_OFFICER || o->role == ROLE_LEAD;
}

/* Note a person's key as of this version. True when it is another than before. */
static bool
note_key(struct store *s, const char *name, const uint8_t *key, int64_t since)
{
	return db_run(s->db, OFFICER_KEY, db_t(name),
		   key != NULL ? db_b(key, AGE_KEY_BYTES) : db_b("", 0), db_i(since)) > 0;
}

void
people_begin(struct store *s)
{
	const struct directory *d = s->charter.directory;

	for (size_t i = 0; d != NULL && i < d->n_officers; i++) {
		const struct officer *o = &d->officers[i];

		if (!reads_cases(o))
			continue;
		db_run(s->db, OFFICER_ADD, db_t(o->name));
		db_run(s->db, OFFICER_KEY_FIRST, db_t(o->name), db_b(o->keys.age, AGE_KEY_BYTES));
	}
	db_run(s->db, OFFICER_KEY_NONE, db_i(NEVER));
}

/* Remember the cases of this person that nobody can open now; how many of theirs are such. */
static int64_t
note_closed(struct store *s, const char *name)
{
	db_run(s->db, CLOSED_ADD_OF, db_t(name));
	return db_row(s->db, CLOSED_COUNT_OF, db_t(name)) ? db_int(s->db, DB_CLOSED_COUNT_OF, 0)
							  : 0;
}

enum verdict
people_adopt(struct store *s, const struct directory *before, const struct directory *after,
    struct answer *out)
{
	const int64_t version = (int64_t)after->version;
	const char *changed[DIRECTORY_OFFICERS_MAX], *gone[DIRECTORY_OFFICERS_MAX];
	size_t n_changed = 0, n_gone = 0;
	int64_t n, closed = 0;

	for (size_t i = 0; before != NULL && i < before->n_officers; i++) {
		const struct officer *o = &before->officers[i], *now;

		now = directory_by_name(after, o->name);
		if (reads_cases(o) &&
		    (now == NULL || !reads_cases(now) || strcmp(now->name, o->name) != 0) &&
		    note_key(s, o->name, NULL, NEVER))
			gone[n_gone++] = o->name;
	}
	for (size_t i = 0; i < after->n_officers; i++) {
		const struct officer *o = &after->officers[i];

		if (!reads_cases(o))
			continue;
		db_run(s->db, OFFICER_ADD, db_t(o->name));
		if (note_key(s, o->name, o->keys.age, version))
			changed[n_changed++] = o->name;
	}
	if (before == NULL || memcmp(before->escrow, after->escrow, AGE_KEY_BYTES) != 0)
		db_run(s->db, META_SET, db_t("escrow_since"), db_i(version));
	for (size_t i = 0; i < n_gone; i++)
		if ((n = note_closed(s, gone[i])) > 0)
			return store_refuse(s, out, EX_DATAERR,
			    "%lld case%s could be opened by nobody without %s: have %s handed over "
			    "first (`candor hand-over`), or recovered with the escrow identity "
			    "(`candor recover`)",
			    (long long)n, n == 1 ? "" : "s", gone[i], n == 1 ? "it" : "them");
	for (size_t i = 0; i < n_changed; i++)
		closed += note_closed(s, changed[i]);
	return store_done(s, out,
	    closed > 0 ? "version %llu is in force; %lld cases are sealed to nobody's present key: "
			 "whose key "
			 "changed runs `candor key rotate`, or, if the old one is lost, the escrow "
			 "is used "
			 "(`candor recover`)"
		       : "version %llu is in force",
	    (unsigned long long)after->version, (long long)closed);
}

void
people_sealed(struct store *s, int64_t number, uint64_t version)
{
	db_run(s->db, CASE_SEALED, db_i(number), db_i((int64_t)version));
	db_run(s->db, CLOSED_DROP, db_i(number));
	db_run(s->db, CLOSED_ADD, db_i(number));
}

int64_t
people_closed(struct store *s)
{
	return db_row0(s->db, CLOSED_COUNT) ? db_int(s->db, DB_CLOSED_COUNT, 0) : 0;
}

/* ---- the scan --------------------------------------------------------------------------------- */

/* Cases of one person, newest first. */
static void
scan_officer(
    struct store *s, const struct call *c, const Candor__CaseScan *m, Candor__CaseNumbers *list)
{
	int64_t after = NUMBER_END, escrow_since = 0, rows = 0;
	const char *officer = *m->officer != '\0' ? m->officer : c->actor;
	/* Of the escrow's interest are those that this person cannot open; of a reader's, those of their
	 * own that are not sealed to the present keys. */
	const int col_stale = c->who != NULL ? 4 : 3;

	if (number_parse(&after, m->after) < 0)
		after = NUMBER_END;
	if (db_row(s->db, META_GET, db_t("escrow_since")))
		escrow_since = db_int(s->db, DB_META_GET, 0);
	for (bool ok = db_row(s->db, CASE_SCAN, db_t(officer),
		 db_i(*m->after != '\0' ? m->after_on : INT32_MAX), db_i(after), db_t(c->actor),
		 db_i(escrow_since), db_i(SCAN_ROWS));
	     ok; ok = db_next(s->db, DB_CASE_SCAN)) {
		int64_t number = db_int(s->db, DB_CASE_SCAN, 0);
		char *text = store_number(s, number);

		list->last = text;
		list->last_on = (int32_t)db_int(s->db, DB_CASE_SCAN, 1);
		list->more = ++rows == SCAN_ROWS;
		if ((m->stale && db_int(s->db, DB_CASE_SCAN, col_stale) == 0) ||
		    (c->who != NULL && db_int(s->db, DB_CASE_SCAN, 5) == 0) ||
		    (*m->category != '\0' &&
			strcmp(db_text(s->db, DB_CASE_SCAN, 2, s->arena), m->category) != 0))
			continue;
		list->numbers[list->n_numbers++] = text;
	}
}

/* Those that nobody can open. */
static void
scan_closed(struct store *s, const Candor__CaseScan *m, Candor__CaseNumbers *list)
{
	int64_t after = 0;

	if (number_parse(&after, m->after) < 0)
		after = 0;
	for (bool ok = db_row(s->db, CLOSED, db_i(after), db_i(SCAN_ROWS)); ok;
	     ok = db_next(s->db, DB_CLOSED)) {
		list->last = store_number(s, db_int(s->db, DB_CLOSED, 0));
		list->numbers[list->n_numbers++] = list->last;
	}
	list->more = list->n_numbers == SCAN_ROWS;
}

enum verdict
case_scan(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseScan *m = (const Candor__CaseScan *)c->msg;
	Candor__CaseNumbers *list = STORE_NEW(s, CaseNumbers, case_numbers);
	const struct officer *to;
	enum verdict v;

	list->numbers = store_alloc(s, SCAN_ROWS * sizeof(*list->numbers));
	if (c->who == NULL) {
		to = charter_officer(s, m->to);
		if (to == NULL || !reads_cases(to))
			return store_refuse(s, out, EX_DATAERR,
			    "the escrow opens cases for an officer or lead of the directory");
		if ((v = approval_wanted_for(s, c, "escrow", 0, to->name, false, out)) != KEEP)
			return v;
		if (*m->after == '\0')
			audit(s, c->actor, "recover", 0, to->name);
		if (m->closed) {
			scan_closed(s, m, list);
			return store_answer(out, MSG_SCANNED, list);
		}
	}
	scan_officer(s, c, m, list);
	return store_answer(out, MSG_SCANNED, list);
}
