/* SPDX-License-Identifier: ISC */
/*
 * Four eyes: what the site lets nobody do alone waits until another person approves it. The request is
 * noted; approved, it is good for doing that very thing once, within thirty days. Store only.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "officer.h"

#define GOOD_FOR_DAYS 30
#define LIST_MAX 200

static bool
asked_for(const struct store *s, const char *what)
{
	return store_has_word(s->setup->four_eyes, s->setup->n_four_eyes, what);
}

static bool
does_casework(const struct officer *o)
{
	return o != NULL && (o->role == ROLE_OFFICER || o->role == ROLE_LEAD);
}

/* Is there anybody who could approve: another reader of the case, or another officer or lead? */
static bool
has_second(struct store *s, const struct call *c, int64_t number)
{
	const struct directory *d = s->charter.directory;

	for (size_t i = 0; d != NULL && i < d->n_officers; i++) {
		const struct officer *o = &d->officers[i];

		if (o != c->who && does_casework(o) &&
		    (number == 0 || db_row(s->db, READER_HAS, db_i(number), db_t(o->name))))
			return true;
	}
	return false;
}

/* "export of C-…", "escrow for Anna Berg" */
static char *
name_of(struct store *s, const char *what, int64_t number, const char *detail)
{
	char *out = store_alloc(s, 160);

	snprintf(out, 160, "%s%s%s%s%s", what, number != 0 ? " of " : "",
	    number != 0 ? store_number(s, number) : "", *detail != '\0' ? " for " : "", detail);
	return out;
}

enum verdict
approval_wanted_for(struct store *s, const struct call *c, const char *what, int64_t number,
    const char *detail, bool once, struct answer *out)
{
	enum approval_state state = APPROVAL_NONE;
	int64_t id = 0;

	if (!asked_for(s, what))
		return KEEP;
	db_run(s->db, APPROVAL_EXPIRE, db_i(s->today - GOOD_FOR_DAYS));
	if (db_row(s->db, APPROVAL_OF, db_t(what), db_i(number), db_t(c->actor), db_t(detail))) {
		id = db_int(s->db, DB_APPROVAL_OF, 0);
		state = (enum approval_state)db_int(s->db, DB_APPROVAL_OF, 1);
	}
	if (state == APPROVAL_GIVEN) {
		if (once)
			db_run(s->db, APPROVAL_DROP, db_i(id));
		return KEEP;
	}
	if (!has_second(s, c, number)) {
		store_refuse(s, out, EX_NOPERM,
		    "%s needs another person's approval, and nobody else %s",
		    name_of(s, what, number, detail),
		    number != 0 ? "reads this case: grant it to somebody first"
				: "is enrolled as officer or lead");
		return UNDO;
	}
	if (state != APPROVAL_WAITS) {
		/* A request that was refused may be made anew. */
		db_run(s->db, APPROVAL_DROP, db_i(id));
		db_run(s->db, APPROVAL_ADD, db_t(what), db_i(number), db_t(c->actor), db_t(detail),
		    db_i(s->today));
		id = db_last_id(s->db);
		audit(s, c->actor, "ask", number, what);
	}
	store_refuse(s, out, EX_NOPERM,
	    "%s waits for the approval of another %s (`candor approve`, request %lld): do it again "
	    "once it is given",
	    name_of(s, what, number, detail),
	    number != 0 ? "reader of the case" : "officer or lead", (long long)id);
	return WAIT;
}

bool
approval_stands(
    struct store *s, const struct call *c, const char *what, int64_t number, const char *detail)
{
	if (!asked_for(s, what))
		return true;
	if (detail == NULL)
		return db_row(s->db, APPROVAL_ANY, db_t(what), db_i(number), db_t(c->actor),
		    db_i(s->today - GOOD_FOR_DAYS));
	return db_row(s->db, APPROVAL_OF, db_t(what), db_i(number), db_t(c->actor), db_t(detail)) &&
	       db_int(s->db, DB_APPROVAL_OF, 1) == APPROVAL_GIVEN &&
	       db_int(s->db, DB_APPROVAL_OF, 2) >= s->today - GOOD_FOR_DAYS;
}

enum verdict
approval_wanted(
    struct store *s, const struct call *c, const char *what, int64_t number, struct answer *out)
{
	return approval_wanted_for(s, c, what, number, "", true, out);
}

/* From the columns with which APPROVALS and APPROVAL_GET begin. */
static Candor__Approval *
approval_of_row(struct store *s, enum db_query q, const struct call *c)
{
	static const char *const states[] = { [APPROVAL_WAITS] = "waiting",
		[APPROVAL_GIVEN] = "approved",
		[APPROVAL_REFUSED] = "refused" };
	Candor__Approval *a = STORE_NEW(s, Approval, approval);
	int64_t number = db_int(s->db, q, 2), state = db_int(s->db, q, 5);

	a->id = (uint32_t)db_int(s->db, q, 0);
	a->what = db_text(s->db, q, 1, s->arena);
	if (number != 0)
		a->number = store_number(s, number);
	a->asked_by = db_text(s->db, q, 3, s->arena);
	a->detail = db_text(s->db, q, 4, s->arena);
	a->state = store_text(s, state > 0 && state < (int64_t)NELEM(states) ? states[state] : "?");
	a->by = db_text(s->db, q, 6, s->arena);
	a->on = (int32_t)db_int(s->db, q, 7);
	a->yours = strcmp(a->asked_by, c->actor) == 0;
	return a;
}

enum verdict
approval_list(struct store *s, const struct call *c, struct answer *out)
{
	Candor__ApprovalList *list = STORE_NEW(s, ApprovalList, approval_list);

	list->approvals = store_alloc(s, LIST_MAX * sizeof(*list->approvals));
	for (bool ok = db_row(s->db, APPROVALS, db_t(c->actor), db_i(s->today - GOOD_FOR_DAYS));
	     ok && list->n_approvals < LIST_MAX; ok = db_next(s->db, DB_APPROVALS))
		list->approvals[list->n_approvals++] = approval_of_row(s, DB_APPROVALS, c);
	db_reset(s->db);
	return store_answer(out, MSG_APPROVALS, list);
}

enum verdict
approval_judge(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__Approve *m = (const Candor__Approve *)c->msg;
	const Candor__Approval *a;
	int64_t number;

	if (!db_row(
		s->db, APPROVAL_GET, db_i(m->id), db_t(c->actor), db_i(s->today - GOOD_FOR_DAYS)))
		return store_refuse(s, out, EX_DATAERR,
		    "there is no request %u that you could approve: see `candor approve`", m->id);
	number = db_int(s->db, DB_APPROVAL_GET, 2);
	a = approval_of_row(s, DB_APPROVAL_GET, c);
	if (a->yours)
		return store_refuse(
		    s, out, EX_NOPERM, "you asked for this yourself: another person decides");
	if (strcmp(a->state, "waiting") != 0)
		return store_refuse(
		    s, out, EX_DATAERR, "request %u is %s already", m->id, a->state);
	db_run(s->db, APPROVAL_SET, db_i(m->id),
	    db_i(m->refuse ? APPROVAL_REFUSED : APPROVAL_GIVEN), db_t(c->actor), db_i(s->today));
	if (m->entry.len > 0 && (number == 0 || !m->refuse))
		return store_refuse(
		    s, out, EX_DATAERR, "a reason goes with the refusal of what concerns a case");
	if (m->entry.len > 0 && case_add_note(s, c, number, &m->entry, out) != KEEP)
		return UNDO;
	audit(s, c->actor, m->refuse ? "refuse" : "approve", number, a->what);
	return store_done(s, out, "%s is %s: %s may %s", name_of(s, a->what, number, a->detail),
	    m->refuse ? "refused" : "approved", a->asked_by,
	    m->refuse     ? "not do it"
	    : number != 0 ? "do it now, once, within 30 days"
			  : "do it now, for 30 days");
}
