/* SPDX-License-Identifier: ISC */
/*
 * Cases as officers see them: the list, the record, a piece of an entry. A case is shown only to those
 * who read it: to anybody else it does not exist. Store only.
 */
#include <string.h>
#include <sysexits.h>

#include "officer.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 200
#define PAGE_MAX_BYTES 60000
#define PART_MAX_BYTES 61440

Candor__CaseSummary *
officer_summary(struct store *s, enum db_query q)
{
	Candor__CaseSummary *c = STORE_NEW(s, CaseSummary, case_summary);
	int64_t number = db_int(s->db, q, 0);

	c->number = store_number(s, number);
	c->state = store_text(s, case_state_name((enum case_state)db_int(s->db, q, 1)));
	c->kind = (uint32_t)db_int(s->db, q, 2);
	c->category = db_text(s->db, q, 3, s->arena);
	c->severity = db_text(s->db, q, 4, s->arena);
	c->site = db_text(s->db, q, 5, s->arena);
	c->assignee = db_text(s->db, q, 6, s->arena);
	c->received_on = (int32_t)db_int(s->db, q, 7);
	c->n_clocks = store_clocks(s, number, &c->clocks);
	c->held = case_is_held(s, number);
	c->n_tags = work_tags(s, number, &c->tags);
	return c;
}

enum verdict
officer_find(
    struct store *s, const struct call *c, const char *text, struct found *f, struct answer *out)
{
	const enum db_query q = c->who != NULL ? DB_CASE_GET : DB_CASE_ANY;

	if (number_parse(&f->number, text) < 0)
		return store_refuse(
		    s, out, EX_DATAERR, "that is no case number: they look like C-7K3M-9QX2");
	number_format(f->text, f->number);
	if (c->who == NULL && !approval_stands(s, c, "escrow", 0, NULL))
		return store_refuse(
		    s, out, EX_NOPERM, "opening cases with the escrow is not approved");
	if (c->who != NULL ? !db_row(s->db, CASE_GET, db_i(f->number), db_t(c->who->name))
			   : !db_row(s->db, CASE_ANY, db_i(f->number)))
		return store_refuse(
		    s, out, EX_DATAERR, "there is no case %s that you can read", f->text);
	f->state = (enum case_state)db_int(s->db, q, 1);
	f->outcome = (enum case_outcome)db_int(s->db, q, 8);
	f->actions = db_text(s->db, q, 9, s->arena);
	f->feedback_months = (unsigned)db_int(s->db, q, 10);
	f->summary = officer_summary(s, q);
	f->category = f->summary->category;
	return KEEP;
}

enum verdict
officer_find_kept(
    struct store *s, const struct call *c, const char *text, struct found *f, struct answer *out)
{
	if (officer_find(s, c, text, f, out) != KEEP)
		return UNDO;
	if (f->state == CASE_DESTROYED)
		return store_refuse(s, out, EX_DATAERR, "%s is destroyed", f->text);
	return KEEP;
}

enum verdict
case_list(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseQuery *m = (const Candor__CaseQuery *)c->msg;
	Candor__CaseList *list = STORE_NEW(s, CaseList, case_list);
	size_t limit = m->limit == 0 ? LIMIT_DEFAULT : m->limit > LIMIT_MAX ? LIMIT_MAX : m->limit;
	/* The newest first, or the longest overdue. */
	int64_t after_on = m->overdue ? 0 : INT32_MAX, after = m->overdue ? 0 : NUMBER_END;
	enum case_state state = CASE_NONE;
	enum db_query q = DB_PAGE_ALL;
	size_t bytes = 0;

	if (m->state[0] != '\0' && (case_state_parse(&state, m->state) < 0 || state == CASE_NONE))
		return store_refuse(s, out, EX_DATAERR,
		    "there is no such state; there are: new, acknowledged, triaged, investigating, "
		    "awaiting-reporter, resolved, closed, reopened, destroyed, merged");
	if (m->after[0] != '\0') {
		if (number_parse(&after, m->after) < 0 ||
		    !db_row(s->db, READER_HAS, db_i(after), db_t(c->who->name)))
			return store_refuse(s, out, EX_DATAERR,
			    "the page cannot begin behind a case that you cannot read");
		after_on = db_int(s->db, DB_READER_HAS, m->overdue);
		if (m->overdue && after_on == 0)
			return store_refuse(s, out, EX_DATAERR,
			    "%s is not overdue any more: list from the start", m->after);
	}
	if (m->overdue)
		q = DB_PAGE_OVERDUE;
	else if (m->mine)
		q = DB_PAGE_MINE;
	else if (m->tag[0] != '\0')
		q = DB_PAGE_TAG;
	else if (state != CASE_NONE)
		q = DB_PAGE_STATE;
	else if (m->category[0] != '\0')
		q = DB_PAGE_CATEGORY;
	list->today = s->today;
	list->cases = store_alloc(s, limit * sizeof(*list->cases));
	for (bool ok = db_row_(s->db, q,
		 DB_ARGS(db_t(c->who->name), db_i(after_on), db_i(after), db_i(state),
		     db_t(m->category), db_i(m->mine), db_i(m->overdue ? s->today : 0),
		     db_i((int64_t)limit + 1), db_t(m->tag)));
	     ok; ok = db_next(s->db, q)) {
		Candor__CaseSummary *one = officer_summary(s, q);

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
		"attachment", "breach" };

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

enum verdict
case_get(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseRef *m = (const Candor__CaseRef *)c->msg;
	Candor__CaseRecord *r = STORE_NEW(s, CaseRecord, case_record);
	char allowed[160];
	struct span part;
	struct found f;

	if (officer_find(s, c, m->number, &f, out) != KEEP)
		return UNDO;
	r->summary = f.summary;
	r->today = s->today;
	if (db_row(s->db, CASE_DISCOVERED, db_i(f.number)))
		r->discovered_on = (int32_t)db_int(s->db, DB_CASE_DISCOVERED, 1);
	if (db_row(s->db, KEY_GET, db_i(f.number))) {
		part = db_copy(s->db, DB_KEY_GET, 0, s->arena);
		r->secret = wire_bytes(part.p, part.len);
		r->wrap_version = (uint32_t)db_int(s->db, DB_KEY_GET, 1);
	}
	add_readers(s, r, f.number);
	add_entries(s, r, f.number);
	add_references(s, r, f.number);
	work_record(s, c->actor, f.number, r);
	if (f.outcome != OUTCOME_NONE)
		r->outcome = store_text(s, case_outcome_name(f.outcome));
	r->n_actions = store_lines(s, f.actions, &r->actions);
	case_allowed(allowed, sizeof(allowed), f.state);
	r->allowed = store_text(s, allowed);
	/* A search reads everything, and nobody has seen it for that. */
	if (c->who != NULL && !m->search)
		db_run(s->db, CASE_UNREAD, db_i(f.number), db_i(0));
	audit(s, c->actor, "read", f.number, m->search ? "search" : "");
	return store_answer(out, MSG_CASE, r);
}

enum verdict
entry_get(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__EntryGet *m = (const Candor__EntryGet *)c->msg;
	Candor__EntryPart *part = STORE_NEW(s, EntryPart, entry_part);
	int64_t offset = m->offset < (uint64_t)INT64_MAX ? (int64_t)m->offset : INT64_MAX;
	struct found f;

	if (officer_find(s, c, m->number, &f, out) != KEEP)
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
