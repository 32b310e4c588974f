/* SPDX-License-Identifier: ISC */
/*
 * What officers do to a case: move it through the state table, write into it, say whose it is and who
 * reads it. Store only.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "officer.h"

#define ACTIONS_MAX 16

/* Add an officer's note, or a reply to the reporter; one that goes out once the case is resolved is
 * the feedback that the reporter is due. */
static enum verdict
write_entry(struct store *s, const struct call *c, const struct found *f, enum case_state state,
    const ProtobufCBinaryData *entry, enum entry_kind kind, struct answer *out)
{
	bool to_reporter = kind == ENTRY_REPLY;
	struct merged_into into;
	unsigned n;

	if (to_reporter && entry->len > REPLY_MAX_BYTES)
		return store_refuse(s, out, EX_DATAERR, "a reply may have %u bytes, sealed",
		    (unsigned)REPLY_MAX_BYTES);
	if (db_row(s->db, ENTRY_LAST, db_i(f->number)) &&
	    db_int(s->db, DB_ENTRY_LAST, 0) >= ENTRIES_MAX)
		return store_refuse(s, out, EX_DATAERR,
		    "%s has %u entries, as many as a case can have", f->text,
		    (unsigned)ENTRIES_MAX);
	if (state == CASE_MERGED && work_merged_into(s, f->number, &into))
		state = into.state;
	store_entry(
	    s, f->number, kind, c->who->name, s->today, WIRE_SPAN(*entry), entry->len, 0, NULL, &n);
	if (to_reporter && (state == CASE_RESOLVED || state == CASE_CLOSED))
		clocks_meet(s, f->number, "feedback", s->today);
	return KEEP;
}

enum verdict
case_check_action(struct store *s, const char *action, struct answer *out)
{
	const Candor__RoomSetup *site = s->setup;

	return store_has_word(site->actions, site->n_actions, action)
		   ? KEEP
		   : store_refuse(s, out, EX_DATAERR, "an action is not one of this site's: %s",
			 store_words(s, site->actions, site->n_actions));
}

static enum verdict
take_outcome(struct store *s, const Candor__CaseAct *m, const struct found *f, struct answer *out)
{
	enum case_outcome outcome = OUTCOME_NONE;
	char actions[2048] = "";
	size_t used = 0;

	if (case_outcome_parse(&outcome, m->outcome) < 0 || outcome == OUTCOME_NONE)
		return store_refuse(s, out, EX_DATAERR,
		    "to resolve takes an outcome: substantiated, partly, unsubstantiated, "
		    "insufficient-information, referred or out-of-scope");
	if (m->n_actions > ACTIONS_MAX)
		return store_refuse(
		    s, out, EX_DATAERR, "at most %u actions", (unsigned)ACTIONS_MAX);
	for (size_t i = 0; i < m->n_actions; i++) {
		size_t len = strlen(m->actions[i]);

		if (case_check_action(s, m->actions[i], out) != KEEP)
			return UNDO;
		if (len + 2 > sizeof(actions) - used)
			return store_refuse(s, out, EX_DATAERR, "these are too many actions");
		memcpy(actions + used, m->actions[i], len);
		used += len;
		actions[used++] = '\n';
	}
	db_run(s->db, CASE_SET_OUTCOME, db_i(f->number), db_i(outcome), db_t(actions));
	return KEEP;
}

/* What an event does beside the state: who is told, which clock stops. */
static void
follow_up(struct store *s, const Candor__CaseAct *m, const struct found *f, enum case_event event,
    enum case_state state)
{
	static const char *const told[EV__N] = {
		[EV_ACK] = "changed",
		[EV_TRIAGE] = "changed",
		[EV_INVESTIGATE] = "changed",
		[EV_AWAIT] = "changed",
		[EV_RESOLVE] = "resolved",
		[EV_CLOSE] = "closed",
		[EV_REOPEN] = "reopened",
	};

	if (f->state == CASE_MERGED)
		db_run(s->db, CASE_MERGE, db_i(f->number), db_i(0));
	if (event == EV_REOPEN)
		db_run(s->db, CASE_SET_OUTCOME, db_i(f->number), db_i(OUTCOME_NONE), db_t(""));
	clocks_follow(s, f->number, event);
	if (event == EV_CLOSE)
		legal_closed(s, f->number);
	else if (event == EV_REOPEN)
		legal_reopened(s, f->number);
	for (size_t i = 0; event == EV_RESOLVE && i < m->n_actions; i++)
		if (strcmp(m->actions[i], "breach-notice") == 0)
			clocks_meet(s, f->number, "breach-notice", s->today);
	if (told[event] != NULL)
		store_event(s, told[event], f->number, state);
}

enum verdict
case_act(struct store *s, const struct call *c, struct answer *out)
{
	/* The others are not an officer's to cause. */
	const unsigned others =
	    1u << EV_RELEASED | 1u << EV_ANSWERED | 1u << EV_DESTROY | 1u << EV_MERGE;
	const Candor__CaseAct *m = (const Candor__CaseAct *)c->msg;
	enum case_event event = m->event < EV__N ? (enum case_event)m->event : EV__N;
	enum case_state state;
	char allowed[160];
	const char *left;
	struct found f;

	if (officer_find(s, c, m->number, &f, out) != KEEP)
		return UNDO;
	state = event == EV__N || (others & 1u << event) ? CASE_NONE : case_next(f.state, event);
	if (state == CASE_NONE) {
		case_allowed(allowed, sizeof(allowed), f.state);
		return store_refuse(s, out, EX_DATAERR, "%s is %s; allowed now: %s", f.text,
		    case_state_name(f.state), allowed);
	}
	if (event == EV_RESOLVE && take_outcome(s, m, &f, out) != KEEP)
		return UNDO;
	db_run(s->db, CASE_SET_STATE, db_i(f.number), db_i(state));
	follow_up(s, m, &f, event, state);
	db_run(s->db, READER_REFRESH, db_i(f.number));
	if (m->entry.len > 0 && write_entry(s, c, &f, state, &m->entry,
				    m->to_reporter ? ENTRY_REPLY : ENTRY_NOTE, out) != KEEP)
		return UNDO;
	audit(s, c->who->name, case_event_name(event), f.number,
	    event == EV_RESOLVE ? m->outcome : "");
	left = event == EV_RESOLVE || event == EV_CLOSE ? clocks_left(s, f.number) : "";
	return store_done(s, out, "%s is %s%s%s", f.text, case_state_name(state),
	    *left != '\0' ? "; still to do: " : "", left);
}

enum verdict
case_write(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseWrite *m = (const Candor__CaseWrite *)c->msg;
	enum entry_kind kind = m->to_reporter ? ENTRY_REPLY
			       : m->worksheet ? ENTRY_WORKSHEET
					      : ENTRY_NOTE;
	const char *what = m->to_reporter ? "reply" : m->worksheet ? "worksheet" : "note";
	struct found f;

	if (officer_find_kept(s, c, m->number, &f, out) != KEEP)
		return UNDO;
	if (m->entry.len == 0)
		return store_refuse(s, out, EX_DATAERR, "a %s needs words", what);
	if (write_entry(s, c, &f, f.state, &m->entry, kind, out) != KEEP)
		return UNDO;
	audit(s, c->who->name, what, f.number, "");
	return store_done(s, out, "%s has a new %s", f.text, what);
}

enum verdict
case_add_note(struct store *s, const struct call *c, int64_t number,
    const ProtobufCBinaryData *entry, struct answer *out)
{
	struct found f;

	if (officer_find_kept(s, c, store_number(s, number), &f, out) != KEEP)
		return UNDO;
	return write_entry(s, c, &f, f.state, entry, ENTRY_NOTE, out);
}

static enum verdict
assign(struct store *s, const struct call *c, const struct found *f, const char *name,
    struct answer *out)
{
	const struct officer *to = charter_officer(s, name);

	if (to == NULL)
		return store_refuse(
		    s, out, EX_DATAERR, "there is no such officer: see `candor directory show`");
	if (!db_row(s->db, READER_HAS, db_i(f->number), db_t(to->name)))
		return store_refuse(s, out, EX_DATAERR,
		    "%s cannot read %s: grant first (`candor case grant`)", to->name, f->text);
	db_run(s->db, CASE_ASSIGN, db_i(f->number), db_t(to->name));
	db_run(s->db, READER_REFRESH, db_i(f->number));
	store_event(s, "assigned", f->number, f->state);
	audit(s, c->actor, "assign", f->number, to->name);
	return store_done(s, out, "%s is %s's", f->text, to->name);
}

enum verdict
case_assign(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseAssign *m = (const Candor__CaseAssign *)c->msg;
	struct found f;

	if (officer_find_kept(s, c, m->number, &f, out) != KEEP ||
	    assign(s, c, &f, m->officer, out) != KEEP)
		return UNDO;
	store_wake(s, f.number);
	return KEEP;
}

/* May the sender decide that this reader reads no more? Oneself, and who left: yes; another: a lead. */
static bool
may_drop(struct store *s, const struct call *c, const char *name)
{
	const struct officer *o = charter_officer(s, name);

	return o == NULL || o == c->who || (o->role != ROLE_OFFICER && o->role != ROLE_LEAD) ||
	       (c->who != NULL && c->who->role == ROLE_LEAD);
}

/* Is this the list of readers that a case may get? *readers are the officers that it names. */
static enum verdict
check_readers(struct store *s, const struct call *c, const Candor__CaseWrap *m,
    const struct found *f, const struct officer **readers, struct answer *out)
{
	if (m->n_readers == 0)
		return store_refuse(s, out, EX_DATAERR,
		    "somebody must be able to read %s: grant it to another first", f->text);
	if (m->n_readers > DIRECTORY_OFFICERS_MAX || m->secret.len == 0)
		return store_refuse(s, out, EX_DATAERR, "that wrap is not usable");
	for (size_t i = 0; i < m->n_readers; i++) {
		const struct officer *o = readers[i] = charter_officer(s, m->readers[i]);
		const char *name = store_cut(s, m->readers[i], OFFICER_NAME_MAX);

		if (o == NULL || (o->role != ROLE_OFFICER && o->role != ROLE_LEAD))
			return store_refuse(s, out, EX_DATAERR,
			    "%s is no officer or lead of the directory, who may read cases", name);
		if (c->who == NULL && !db_row(s->db, READER_HAS, db_i(f->number), db_t(o->name)) &&
		    !approval_stands(s, c, "escrow", 0, o->name))
			return store_refuse(s, out, EX_NOPERM,
			    "opening cases with the escrow is not approved for %s", name);
	}
	return KEEP;
}

static bool
is_among(const struct officer *const *readers, size_t n, const struct officer *o)
{
	for (size_t i = 0; i < n; i++)
		if (readers[i] == o)
			return true;
	return false;
}

/* Note who reads it no more, and is allowed to. */
static enum verdict
note_dropped(struct store *s, const struct call *c, const struct found *f,
    const struct officer *const *readers, size_t n, bool *changed, struct answer *out)
{
	char *dropped[DIRECTORY_OFFICERS_MAX];
	size_t n_dropped = 0;

	for (bool ok = db_row(s->db, READERS, db_i(f->number)); ok && n_dropped < NELEM(dropped);
	     ok = db_next(s->db, DB_READERS)) {
		char *name = db_text(s->db, DB_READERS, 0, s->arena);

		if (!is_among(readers, n, charter_officer(s, name)))
			dropped[n_dropped++] = name;
	}
	db_reset(s->db);
	for (size_t i = 0; i < n_dropped; i++) {
		if (!may_drop(s, c, dropped[i]))
			return store_refuse(s, out, EX_NOPERM,
			    "only a lead, or %s, decides that %s reads %s no more", dropped[i],
			    dropped[i], f->text);
		audit(s, c->actor, "revoke", f->number, dropped[i]);
		*changed = true;
	}
	return KEEP;
}

enum verdict
case_take_wrap(struct store *s, const struct call *c, const Candor__CaseWrap *m, struct answer *out)
{
	const struct officer *readers[DIRECTORY_OFFICERS_MAX];
	bool changed = false;
	struct found f;

	if (officer_find_kept(s, c, m->number, &f, out) != KEEP ||
	    check_readers(s, c, m, &f, readers, out) != KEEP)
		return UNDO;
	if (m->directory_version != charter_version(s))
		return store_refuse(
		    s, out, EX_DATAERR, "the directory of officers changed meanwhile: do it again");
	if (db_run(s->db, KEY_SET, db_i(f.number), db_i(m->wrap_version),
		db_b(m->secret.data, m->secret.len)) == 0)
		return store_refuse(s, out, EX_TEMPFAIL,
		    "somebody else changed who reads %s at the same time: try again", f.text);
	if (note_dropped(s, c, &f, readers, m->n_readers, &changed, out) != KEEP)
		return UNDO;
	for (size_t i = 0; i < m->n_readers; i++) {
		if (db_row(s->db, READER_HAS, db_i(f.number), db_t(readers[i]->name)))
			continue;
		audit(s, c->actor, "grant", f.number, readers[i]->name);
		changed = true;
	}
	if (!changed)
		audit(s, c->actor, "reseal", f.number, "");
	db_run(s->db, READER_DROP_ALL, db_i(f.number));
	for (size_t i = 0; i < m->n_readers; i++) {
		db_run(s->db, OFFICER_ADD, db_t(readers[i]->name));
		db_run(s->db, READER_ADD, db_i(f.number), db_t(readers[i]->name));
	}
	people_sealed(s, f.number, m->directory_version);
	work_readers(s, f.number);
	db_run(s->db, READER_REFRESH, db_i(f.number));
	db_run(s->db, CASE_UNASSIGN, db_i(f.number));
	if (*m->assignee != '\0' && assign(s, c, &f, m->assignee, out) != KEEP)
		return UNDO;
	store_wake(s, f.number);
	return store_done(s, out, "%zu can read %s", m->n_readers, f.text);
}

enum verdict
case_wrap(struct store *s, const struct call *c, struct answer *out)
{
	return case_take_wrap(s, c, (const Candor__CaseWrap *)c->msg, out);
}
