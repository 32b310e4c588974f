/* SPDX-License-Identifier: ISC */
/*
 * What officers and administrators ask. Desk knows them by their keys and checked their roles; here
 * their names are looked up in the directory again, and a case is shown and changed only for those
 * who read it: to anybody else it does not exist. Store only.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "store.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 200
#define PAGE_MAX_BYTES 60000
#define PART_MAX_BYTES 61440
#define ACTIONS_MAX 16

/* A request's sender and its body. */
struct call {
	const struct officer *who; /* NULL: an unknown key */
	const ProtobufCMessage *msg;
};

/* A case that the sender may read. */
struct found {
	int64_t number;
	char text[NUMBER_CHARS + 1];
	enum case_state state;
	enum case_outcome outcome;
	unsigned feedback_months;
	const char *category;
	char *actions;
	Candor__CaseSummary *summary;
};

typedef enum verdict (*call_fn)(struct store *s, const struct call *c, struct answer *out);

/* ---- finding a case --------------------------------------------------------------------------- */

/* From the columns with which the queries CASE_GET and PAGE_… begin. */
static Candor__CaseSummary *
summary_of_row(struct store *s, enum db_query q)
{
	Candor__CaseSummary *c = STORE_NEW(s, CaseSummary, case_summary);
	int64_t number = db_int(s->db, q, 0);

	c->number = store_alloc(s, NUMBER_CHARS + 1);
	number_format(c->number, number);
	c->state = store_text(s, case_state_name((enum case_state)db_int(s->db, q, 1)));
	c->kind = (uint32_t)db_int(s->db, q, 2);
	c->category = db_text(s->db, q, 3, s->arena);
	c->severity = db_text(s->db, q, 4, s->arena);
	c->site = db_text(s->db, q, 5, s->arena);
	c->assignee = db_text(s->db, q, 6, s->arena);
	c->received_on = (int32_t)db_int(s->db, q, 7);
	c->n_clocks = store_clocks(s, number, &c->clocks);
	return c;
}

static enum verdict
find_case(
    struct store *s, const struct call *c, const char *text, struct found *f, struct answer *out)
{
	if (number_parse(&f->number, text) < 0)
		return store_refuse(
		    s, out, EX_DATAERR, "that is no case number: they look like C-7K3M-9QX2");
	number_format(f->text, f->number);
	if (!db_row(s->db, CASE_GET, db_i(f->number), db_t(c->who->name)))
		return store_refuse(
		    s, out, EX_DATAERR, "there is no case %s that you can read", f->text);
	f->state = (enum case_state)db_int(s->db, DB_CASE_GET, 1);
	f->outcome = (enum case_outcome)db_int(s->db, DB_CASE_GET, 8);
	f->actions = db_text(s->db, DB_CASE_GET, 9, s->arena);
	f->feedback_months = (unsigned)db_int(s->db, DB_CASE_GET, 10);
	f->summary = summary_of_row(s, DB_CASE_GET);
	f->category = f->summary->category;
	return KEEP;
}

static enum verdict
case_list(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseQuery *m = (const Candor__CaseQuery *)c->msg;
	Candor__CaseList *list = STORE_NEW(s, CaseList, case_list);
	size_t limit = m->limit == 0 ? LIMIT_DEFAULT : m->limit > LIMIT_MAX ? LIMIT_MAX : m->limit;
	int64_t after_on = INT32_MAX, after = NUMBER_END;
	enum case_state state = CASE_NONE;
	enum db_query q = DB_PAGE_ALL;
	size_t bytes = 0;

	if (m->state[0] != '\0' && (case_state_parse(&state, m->state) < 0 || state == CASE_NONE))
		return store_refuse(s, out, EX_DATAERR,
		    "there is no such state; there are: new, acknowledged, triaged, investigating, "
		    "awaiting-reporter, resolved, closed, reopened, destroyed");
	if (m->after[0] != '\0') {
		if (number_parse(&after, m->after) < 0 ||
		    !db_row(s->db, READER_HAS, db_i(after), db_t(c->who->name)))
			return store_refuse(s, out, EX_DATAERR,
			    "the page cannot begin behind a case that you cannot read");
		after_on = db_int(s->db, DB_READER_HAS, 0);
	}
	if (m->tag[0] != '\0') /* no case bears a tag */
		return store_answer(out, MSG_CASES, list);
	if (m->mine)
		q = DB_PAGE_MINE;
	else if (m->overdue)
		q = DB_PAGE_OVERDUE;
	else if (state != CASE_NONE)
		q = DB_PAGE_STATE;
	else if (m->category[0] != '\0')
		q = DB_PAGE_CATEGORY;
	list->cases = store_alloc(s, limit * sizeof(*list->cases));
	for (bool ok = db_row_(s->db, q,
		 DB_ARGS(db_t(c->who->name), db_i(after_on), db_i(after), db_i(state),
		     db_t(m->category), db_i(m->mine), db_i(m->overdue ? s->today : 0),
		     db_i((int64_t)limit + 1)));
	     ok; ok = db_next(s->db, q)) {
		Candor__CaseSummary *one = summary_of_row(s, q);

		bytes += protobuf_c_message_get_packed_size(&one->base) + 4;
		if (list->n_cases == limit || bytes > PAGE_MAX_BYTES) {
			list->more = true;
			break;
		}
		list->cases[list->n_cases++] = one;
	}
	return store_answer(out, MSG_CASES, list);
}

/* ---- one case --------------------------------------------------------------------------------- */

static void
add_entries(struct store *s, Candor__CaseRecord *r, int64_t number)
{
	static const char *const kinds[ENTRY__N] = { "report", "message", "note", "reply",
		"attachment" };

	r->entries = store_alloc(s, ENTRIES_MAX * sizeof(*r->entries));
	for (bool ok = db_row(s->db, ENTRIES, db_i(number)); ok && r->n_entries < ENTRIES_MAX;
	     ok = db_next(s->db, DB_ENTRIES)) {
		Candor__EntryInfo *e = STORE_NEW(s, EntryInfo, entry_info);
		int64_t kind = db_int(s->db, DB_ENTRIES, 1);

		e->n = (uint32_t)db_int(s->db, DB_ENTRIES, 0);
		e->kind = store_text(s, kind >= 0 && kind < ENTRY__N ? kinds[kind] : "?");
		e->from = db_text(s->db, DB_ENTRIES, 2, s->arena);
		e->on = (int32_t)db_int(s->db, DB_ENTRIES, 3);
		e->bytes = (uint64_t)db_int(s->db, DB_ENTRIES, 4);
		e->of = (uint32_t)db_int(s->db, DB_ENTRIES, 5);
		r->entries[r->n_entries++] = e;
	}
}

static void
add_readers(struct store *s, Candor__CaseRecord *r, int64_t number)
{
	r->readers = store_alloc(s, DIRECTORY_OFFICERS_MAX * sizeof(*r->readers));
	for (bool ok = db_row(s->db, READERS, db_i(number));
	     ok && r->n_readers < DIRECTORY_OFFICERS_MAX; ok = db_next(s->db, DB_READERS))
		r->readers[r->n_readers++] = db_text(s->db, DB_READERS, 0, s->arena);
}

static void
add_references(struct store *s, Candor__CaseRecord *r, int64_t number)
{
	enum { REFERENCES_MAX = 16 };

	r->references = store_alloc(s, REFERENCES_MAX * sizeof(*r->references));
	for (bool ok = db_row(s->db, REFERENCES, db_i(number));
	     ok && r->n_references < REFERENCES_MAX; ok = db_next(s->db, DB_REFERENCES)) {
		Candor__Reference *f = STORE_NEW(s, Reference, reference);

		f->plugin = db_text(s->db, DB_REFERENCES, 0, s->arena);
		f->reference = db_text(s->db, DB_REFERENCES, 1, s->arena);
		r->references[r->n_references++] = f;
	}
}

static enum verdict
case_get(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseRef *m = (const Candor__CaseRef *)c->msg;
	Candor__CaseRecord *r = STORE_NEW(s, CaseRecord, case_record);
	char allowed[160];
	struct span part;
	struct found f;

	if (find_case(s, c, m->number, &f, out) != KEEP)
		return UNDO;
	r->summary = f.summary;
	if (db_row(s->db, KEY_GET, db_i(f.number))) {
		part = db_copy(s->db, DB_KEY_GET, 0, s->arena);
		r->secret = wire_bytes(part.p, part.len);
		r->wrap_version = (uint32_t)db_int(s->db, DB_KEY_GET, 1);
	}
	add_readers(s, r, f.number);
	add_entries(s, r, f.number);
	add_references(s, r, f.number);
	if (f.outcome != OUTCOME_NONE)
		r->outcome = store_text(s, case_outcome_name(f.outcome));
	r->n_actions = store_lines(s, f.actions, &r->actions);
	case_allowed(allowed, sizeof(allowed), f.state);
	r->allowed = store_text(s, allowed);
	audit(s, c->who->name, "read", f.number, "");
	return store_answer(out, MSG_CASE, r);
}

static enum verdict
entry_get(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__EntryGet *m = (const Candor__EntryGet *)c->msg;
	Candor__EntryPart *part = STORE_NEW(s, EntryPart, entry_part);
	int64_t offset = m->offset < (uint64_t)INT64_MAX ? (int64_t)m->offset : INT64_MAX;
	struct found f;

	if (find_case(s, c, m->number, &f, out) != KEEP)
		return UNDO;
	if (!db_row(s->db, ENTRY_GET, db_i(f.number), db_i(m->n)))
		return store_refuse(s, out, EX_DATAERR, "%s has no entry %u", f.text, m->n);
	part->total = (uint64_t)db_int(s->db, DB_ENTRY_GET, 1);
	if (db_row(s->db, PIECE_AT, db_i(db_int(s->db, DB_ENTRY_GET, 0)), db_i(offset))) {
		struct span data = db_span(s->db, DB_PIECE_AT, 1);
		uint64_t skip = (uint64_t)(offset - db_int(s->db, DB_PIECE_AT, 0));

		if (skip < data.len) {
			size_t n = data.len - (size_t)skip;
			uint8_t *copy;

			n = n < PART_MAX_BYTES ? n : PART_MAX_BYTES;
			copy = store_alloc(s, n);
			memcpy(copy, data.p + skip, n);
			part->data = wire_bytes(copy, n);
		}
	}
	return store_answer(out, MSG_ENTRY, part);
}

/* ---- changing a case -------------------------------------------------------------------------- */

/* Add an officer's note, or a reply to the reporter; one that goes out once the case is resolved is
 * the feedback that the reporter is due. */
static enum verdict
write_entry(struct store *s, const struct call *c, const struct found *f, enum case_state state,
    const ProtobufCBinaryData *entry, bool to_reporter, struct answer *out)
{
	unsigned n;

	if (to_reporter && entry->len > REPLY_MAX_BYTES)
		return store_refuse(s, out, EX_DATAERR, "a reply may have %u bytes, sealed",
		    (unsigned)REPLY_MAX_BYTES);
	if (db_row(s->db, ENTRY_LAST, db_i(f->number)) &&
	    db_int(s->db, DB_ENTRY_LAST, 0) >= ENTRIES_MAX)
		return store_refuse(s, out, EX_DATAERR,
		    "%s has %u entries, as many as a case can have", f->text,
		    (unsigned)ENTRIES_MAX);
	store_entry(s, f->number, to_reporter ? ENTRY_REPLY : ENTRY_NOTE, c->who->name, s->today,
	    WIRE_SPAN(*entry), entry->len, 0, NULL, &n);
	if (to_reporter && (state == CASE_RESOLVED || state == CASE_CLOSED)) {
		db_run(s->db, CLOCK_MEET, db_i(f->number), db_t("feedback"), db_i(s->today));
		db_run(s->db, READER_REFRESH, db_i(f->number));
	}
	return KEEP;
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
		bool known = false;

		for (size_t k = 0; k < s->setup->n_actions && !known; k++)
			known = strcmp(m->actions[i], s->setup->actions[k]) == 0;
		if (!known || len + 2 > sizeof(actions) - used) {
			char list[768] = "";
			size_t at = 0;

			for (size_t k = 0; k < s->setup->n_actions && at < sizeof(list); k++)
				at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s",
				    k > 0 ? ", " : "", s->setup->actions[k]);
			return store_refuse(
			    s, out, EX_DATAERR, "an action is not one of this site's: %s", list);
		}
		memcpy(actions + used, m->actions[i], len);
		used += len;
		actions[used++] = '\n';
	}
	db_run(s->db, CASE_SET_OUTCOME, db_i(f->number), db_i(outcome), db_t(actions));
	return KEEP;
}

/* What an event does beside the state: who is told, which clock stops. */
static void
follow_up(struct store *s, const struct found *f, enum case_event event, enum case_state state)
{
	static const char *const told[EV__N] = {
		[EV_RESOLVE] = "resolved",
		[EV_CLOSE] = "closed",
		[EV_REOPEN] = "reopened",
	};

	if (event == EV_ACK) {
		db_run(s->db, CLOCK_MEET, db_i(f->number), db_t("acknowledge"), db_i(s->today));
		if (f->feedback_months > 0)
			db_run(s->db, CLOCK_SET_DUE, db_i(f->number), db_t("feedback"),
			    db_i(day_add_months(s->today, f->feedback_months)));
	} else if (event == EV_REOPEN) {
		db_run(s->db, CASE_SET_OUTCOME, db_i(f->number), db_i(OUTCOME_NONE), db_t(""));
	}
	if (told[event] != NULL)
		store_event(s, told[event], f->number, state);
}

static enum verdict
case_act(struct store *s, const struct call *c, struct answer *out)
{
	/* The others are not an officer's to cause. */
	const unsigned others = 1u << EV_RELEASED | 1u << EV_ANSWERED | 1u << EV_DESTROY;
	const Candor__CaseAct *m = (const Candor__CaseAct *)c->msg;
	enum case_event event = m->event < EV__N ? (enum case_event)m->event : EV__N;
	enum case_state state;
	char allowed[160];
	struct found f;

	if (find_case(s, c, m->number, &f, out) != KEEP)
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
	follow_up(s, &f, event, state);
	db_run(s->db, READER_REFRESH, db_i(f.number));
	if (m->entry.len > 0 &&
	    write_entry(s, c, &f, state, &m->entry, m->to_reporter, out) != KEEP)
		return UNDO;
	audit(s, c->who->name, case_event_name(event), f.number,
	    event == EV_RESOLVE ? m->outcome : "");
	return store_done(s, out, "%s is %s", f.text, case_state_name(state));
}

static enum verdict
case_write(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseWrite *m = (const Candor__CaseWrite *)c->msg;
	const char *what = m->to_reporter ? "reply" : "note";
	struct found f;

	if (find_case(s, c, m->number, &f, out) != KEEP)
		return UNDO;
	if (m->entry.len == 0)
		return store_refuse(s, out, EX_DATAERR, "a %s needs words", what);
	if (f.state == CASE_DESTROYED)
		return store_refuse(s, out, EX_DATAERR, "%s is destroyed", f.text);
	if (write_entry(s, c, &f, f.state, &m->entry, m->to_reporter, out) != KEEP)
		return UNDO;
	audit(s, c->who->name, what, f.number, "");
	return store_done(s, out, "%s has a new %s", f.text, what);
}

static enum verdict
case_assign(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseAssign *m = (const Candor__CaseAssign *)c->msg;
	const struct officer *to = charter_officer(s, m->officer);
	struct found f;

	if (find_case(s, c, m->number, &f, out) != KEEP)
		return UNDO;
	if (to == NULL)
		return store_refuse(
		    s, out, EX_DATAERR, "there is no such officer: see `candor directory show`");
	if (!db_row(s->db, READER_HAS, db_i(f.number), db_t(to->name)))
		return store_refuse(s, out, EX_DATAERR,
		    "%s cannot read %s: grant first (`candor case grant`)", to->name, f.text);
	db_run(s->db, CASE_ASSIGN, db_i(f.number), db_t(to->name));
	store_event(s, "assigned", f.number, f.state);
	store_wake(s, f.number);
	audit(s, c->who->name, "assign", f.number, to->name);
	return store_done(s, out, "%s is %s's", f.text, to->name);
}

static enum verdict
case_wrap(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseWrap *m = (const Candor__CaseWrap *)c->msg;
	struct found f;

	if (find_case(s, c, m->number, &f, out) != KEEP)
		return UNDO;
	if (m->n_readers == 0)
		return store_refuse(s, out, EX_DATAERR,
		    "somebody must be able to read %s: grant it to another first", f.text);
	if (m->n_readers > DIRECTORY_OFFICERS_MAX || m->secret.len == 0)
		return store_refuse(s, out, EX_DATAERR, "that wrap is not usable");
	for (size_t i = 0; i < m->n_readers; i++) {
		const struct officer *o = charter_officer(s, m->readers[i]);

		if (o == NULL || o->role == ROLE_ADMIN)
			return store_refuse(s, out, EX_DATAERR,
			    "%s is no officer in the directory who may read cases",
			    store_cut(s, m->readers[i], OFFICER_NAME_MAX));
	}
	if (db_run(s->db, KEY_SET, db_i(f.number), db_i(m->wrap_version),
		db_b(m->secret.data, m->secret.len)) == 0)
		return store_refuse(s, out, EX_TEMPFAIL,
		    "somebody else changed who reads %s at the same time: try again", f.text);
	db_run(s->db, READER_DROP_ALL, db_i(f.number));
	for (size_t i = 0; i < m->n_readers; i++) {
		const char *name = charter_officer(s, m->readers[i])->name;

		db_run(s->db, OFFICER_ADD, db_t(name));
		db_run(s->db, READER_ADD, db_i(f.number), db_t(name));
		audit(s, c->who->name, "reader", f.number, name);
	}
	db_run(s->db, READER_REFRESH, db_i(f.number));
	db_run(s->db, CASE_UNASSIGN, db_i(f.number));
	store_wake(s, f.number);
	return store_done(s, out, "%zu can read %s", m->n_readers, f.text);
}

/* ---- the directory ---------------------------------------------------------------------------- */

static enum verdict
directory_get(struct store *s, const struct call *c, struct answer *out)
{
	/* The proposal, too: the charter holder who is to sign it may be nobody of the directory. */
	(void)c;
	return store_answer(out, MSG_DIRECTORY, charter_message(s, true));
}

static enum verdict
directory_put(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__DirectoryText *m = (const Candor__DirectoryText *)c->msg;
	const char *actor = c->who != NULL ? c->who->name : "";
	enum verdict v;

	if (m->signature.len > 0) {
		/* The officer's name lies in the directory that is about to be replaced. */
		actor = store_text(s, actor);
		v = charter_adopt(s, WIRE_SPAN(m->text), WIRE_SPAN(m->signature), out);
		if (v == KEEP && s->effects.directory)
			audit(s, actor, "directory", 0, "signed");
		return v;
	}
	if (c->who == NULL || c->who->role != ROLE_ADMIN)
		return store_refuse(s, out, EX_NOPERM, "only an administrator may propose");
	if ((v = charter_propose(s, WIRE_SPAN(m->text), out)) == KEEP)
		audit(s, actor, "directory", 0, "proposed");
	return v;
}

/* ---- administrators --------------------------------------------------------------------------- */

static enum verdict
status_get(struct store *s, const struct call *c, struct answer *out)
{
	Candor__Status *m = STORE_NEW(s, Status, status);

	(void)c;
	m->version = store_text(s, CANDOR_VERSION);
	m->directory_version = charter_version(s);
	m->n_officers = (uint32_t)(s->charter.directory ? s->charter.directory->n_officers : 0);
	m->n_categories_without_officer = charter_unserved(s, &m->categories_without_officer);
	m->immediate = s->setup->immediate;
	m->n_release_times = s->setup->n_release_times;
	m->release_times = s->setup->release_times;
	m->n_plugins = store_plugins(s, &m->plugins);
	m->proposal_waits = db_row0(s->db, PROPOSAL_GET);
	m->schema_version = db_version(s->db);
	m->n_problems = store_problems(s, &m->problems);
	return store_answer(out, MSG_STATUS, m);
}

static enum verdict
plugin_list(struct store *s, const struct call *c, struct answer *out)
{
	Candor__PluginList *m = STORE_NEW(s, PluginList, plugin_list);

	(void)c;
	m->n_plugins = store_plugins(s, &m->plugins);
	return store_answer(out, MSG_PLUGINS, m);
}

/* The ledger's requests are in ledger.c. */
#define LEDGER(handler, fn)                                                                        \
	static enum verdict handler(struct store *s, const struct call *c, struct answer *out)     \
	{                                                                                          \
		return fn(s, c->who->name, c->msg, out);                                           \
	}

LEDGER(plugin_test, ledger_test)
LEDGER(delivery_get, ledger_get)
LEDGER(delivery_list, ledger_list)
LEDGER(delivery_retry, ledger_retry)
LEDGER(delivery_discard, ledger_discard)

/* The answer goes out before the inbox is looked at: neither it nor its timing tells what was in it. */
static enum verdict
release(struct store *s, const struct call *c, struct answer *out)
{
	s->effects.release = true;
	db_run(s->db, META_SET, db_t("next_release"), db_i(s->now));
	audit(s, c->who->name, "release", 0, "");
	return store_done(s, out, "whatever waited is released");
}

/* ---- the table -------------------------------------------------------------------------------- */

#define OF(role) (1u << ROLE_##role)
#define CASEWORK (OF(OFFICER) | OF(LEAD))
#define ENROLLED (CASEWORK | OF(AUDITOR) | OF(ADMIN))
#define ANYONE (1u << ROLE__N)

/* clang-format off */
static const struct {
	uint16_t kind;
	unsigned roles;
	bool reads; /* and changes nothing */
	call_fn fn;
} calls[] = {
	{ MSG_DIRECTORY_GET,    ENROLLED | ANYONE,                true,  directory_get },
	{ MSG_DIRECTORY_PUT,    ENROLLED | ANYONE,                false, directory_put },
	{ MSG_CASE_LIST,        CASEWORK,                         true,  case_list },
	{ MSG_CASE_GET,         CASEWORK,                         false, case_get },
	{ MSG_ENTRY_GET,        CASEWORK,                         true,  entry_get },
	{ MSG_CASE_ACT,         CASEWORK,                         false, case_act },
	{ MSG_CASE_WRITE,       CASEWORK,                         false, case_write },
	{ MSG_CASE_ASSIGN,      CASEWORK,                         false, case_assign },
	{ MSG_CASE_WRAP,        CASEWORK,                         false, case_wrap },
	{ MSG_STATUS_GET,       OF(ADMIN) | OF(LEAD) | OF(AUDITOR), true, status_get },
	{ MSG_PLUGIN_LIST,      OF(ADMIN),                        true,  plugin_list },
	{ MSG_PLUGIN_TEST,      OF(ADMIN),                        false, plugin_test },
	{ MSG_DELIVERY_LIST,    OF(ADMIN),                        true,  delivery_list },
	{ MSG_DELIVERY_GET,     OF(ADMIN),                        true,  delivery_get },
	{ MSG_DELIVERY_RETRY,   OF(ADMIN),                        false, delivery_retry },
	{ MSG_DELIVERY_DISCARD, OF(ADMIN),                        false, delivery_discard },
	{ MSG_RELEASE,          OF(ADMIN),                        false, release },
};
/* clang-format on */

bool
store_officer_reads(unsigned kind)
{
	for (size_t i = 0; i < NELEM(calls); i++)
		if (calls[i].kind == kind)
			return calls[i].reads;
	return true;
}

enum verdict
store_officer_call(
    struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out)
{
	const Candor__OfficerCall *m = (const Candor__OfficerCall *)msg;
	struct call c = { .who = m->actor[0] != '\0' ? charter_officer(s, m->actor) : NULL };
	unsigned role = c.who != NULL ? 1u << c.who->role : ANYONE;
	ProtobufCMessage *body;
	size_t i = 0;

	(void)worker;
	while (i < NELEM(calls) && calls[i].kind != m->kind)
		i++;
	if (i == NELEM(calls) || wire_unpack(s->arena, &body, m->kind, PARTY_OFFICER, PARTY_DESK,
				     m->body.data, m->body.len) < 0)
		return DISHONEST;
	if ((calls[i].roles & role) == 0)
		return store_refuse(
		    s, out, EX_NOPERM, "the directory of officers does not let you do this");
	c.msg = body;
	return calls[i].fn(s, &c, out);
}
