/* SPDX-License-Identifier: ISC */
/*
 * What intake asks: to file a report, to keep pieces of attachments for one, to look up a receipt,
 * to add a message. Store only; sees sealed bytes and a hash of the receipt's lookup id.
 */
#include "store.h"

#include <string.h>
#include <sysexits.h>

/* Sealed pieces are a little larger than what is in them: padding of at most 12 %, and age. */
#define SEALED_BYTES(n) ((n) + (n) / 8 + 8192)

/* The dates that a reporter is told. */
static void
take_dates(Candor__Stored *out, Candor__Clock *const *clocks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(clocks[i]->name, "acknowledge") == 0)
			out->acknowledge_by = clocks[i]->due;
		if (strcmp(clocks[i]->name, "feedback") == 0)
			out->feedback_by = clocks[i]->due;
	}
}

/* The report of this receipt, while it waits in the inbox; else NULL. */
static const Candor__StoreReport *
in_inbox(struct store *s, struct span hash)
{
	ProtobufCMessage *msg;
	struct span body;

	if (!db_row(s->db, INBOX_GET, db_b(hash.p, hash.len)))
		return NULL;
	body = db_span(s->db, DB_INBOX_GET, 0);
	if (wire_unpack(
		s->arena, &msg, MSG_STORE_REPORT, PARTY_INTAKE, PARTY_STORE, body.p, body.len) < 0)
		return NULL;
	return (const Candor__StoreReport *)msg;
}

/* Was it filed before? Then with these dates. */
static bool
filed_before(struct store *s, struct span hash, Candor__Stored *out)
{
	const Candor__StoreReport *waiting;
	Candor__Clock **clocks;
	size_t n;

	if (db_row(s->db, CASE_BY_LOOKUP, db_b(hash.p, hash.len))) {
		n = store_clocks(s, db_int(s->db, DB_CASE_BY_LOOKUP, 0), &clocks);
		take_dates(out, clocks, n);
		return true;
	}
	if ((waiting = in_inbox(s, hash)) == NULL)
		return false;
	take_dates(out, waiting->clocks, waiting->n_clocks);
	return true;
}

/* Give the session's staged attachments to what is filed; *id is 0 when there are none. False when
 * they are not all there. */
static bool
keep_stage(struct store *s, struct span name, unsigned n_attachments, int64_t *id)
{
	*id = 0;
	if (n_attachments == 0)
		return true;
	if (!db_row(s->db, STAGE_GET, db_b(name.p, name.len)) ||
	    db_int(s->db, DB_STAGE_GET, 2) + 1 != n_attachments)
		return false;
	*id = db_int(s->db, DB_STAGE_GET, 0);
	db_run(s->db, STAGE_KEEP, db_i(*id));
	return true;
}

/* Pack msg as it came: what the inbox keeps. */
static struct span
packed(struct store *s, const ProtobufCMessage *msg)
{
	struct span body = { NULL, 0 };

	if (wire_pack(s->arena, &body, msg) < 0)
		body = (struct span){ store_alloc(s, 1), 0 };
	return body;
}

static bool
stage_name_valid(const ProtobufCBinaryData *stage, unsigned n_attachments)
{
	return n_attachments <= ATTACHMENTS_MAX &&
	       (stage->len == KEY_BYTES || (stage->len == 0 && n_attachments == 0));
}

/* What intake always sends. */
static bool
report_honest(const struct store *s, const Candor__StoreReport *m)
{
	return m->lookup_hash.len == SEAL_HASH_BYTES && m->case_recipient.len == AGE_KEY_BYTES &&
	       m->case_proof.len == SEAL_HASH_BYTES && m->secret.len > 0 && m->entry.len > 0 &&
	       m->n_readers > 0 && m->n_readers <= DIRECTORY_OFFICERS_MAX && m->n_clocks <= 8 &&
	       m->received_on > 0 && m->received_on <= s->today + 1 &&
	       stage_name_valid(&m->stage, m->n_attachments);
}

enum verdict
store_report(struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out)
{
	const Candor__StoreReport *m = (const Candor__StoreReport *)msg;
	struct span hash = WIRE_SPAN(m->lookup_hash), body;
	Candor__Stored *stored = STORE_NEW(s, Stored, stored);
	int64_t stage;

	if (!report_honest(s, m))
		return DISHONEST;
	if (filed_before(s, hash, stored)) {
		stored->again = true;
		if (m->stage.len > 0)
			db_run(s->db, STAGE_DROP, db_b(m->stage.data, m->stage.len), db_i(worker));
		return store_answer(out, MSG_STORED, stored);
	}
	if (m->directory_version != charter_version(s)) {
		out->push_directory = true;
		return store_refuse(s, out, EX_TEMPFAIL, "the directory of officers has changed");
	}
	if (store_category(s, m->category) == NULL) /* a reload is on its way to intake */
		return store_refuse(s, out, EX_TEMPFAIL, "the categories have changed");
	for (size_t i = 0; i < m->n_readers; i++)
		if (charter_officer(s, m->readers[i]) == NULL)
			return DISHONEST;
	if (!keep_stage(s, WIRE_SPAN(m->stage), m->n_attachments, &stage))
		return store_refuse(
		    s, out, EX_TEMPFAIL, "the attachments did not arrive: send them again");
	body = packed(s, msg);
	db_run(s->db, INBOX_ADD, db_b(hash.p, hash.len), db_i(m->immediate),
	    stage > 0 ? db_i(stage) : db_t(NULL), db_b(body.p, body.len));
	s->effects.urgent |= m->immediate || s->setup->immediate;
	take_dates(stored, m->clocks, m->n_clocks);
	return store_answer(out, MSG_STORED, stored);
}

enum verdict
store_stage(struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out)
{
	const Candor__Stage *m = (const Candor__Stage *)msg;
	const Candor__Limits *limits = s->setup->limits;
	int64_t id = 0, bytes = 0, at = 0, size = (int64_t)m->data.len;
	bool new, next;

	if (m->stage.len != KEY_BYTES || m->data.len == 0 || m->n >= ATTACHMENTS_MAX)
		return DISHONEST;
	new = !db_row(s->db, STAGE_GET, db_b(m->stage.data, m->stage.len));
	if (!new) {
		int64_t n = db_int(s->db, DB_STAGE_GET, 2), seq = db_int(s->db, DB_STAGE_GET, 3);

		id = db_int(s->db, DB_STAGE_GET, 0);
		bytes = db_int(s->db, DB_STAGE_GET, 1);
		next = m->n == n + 1 && m->seq == 0;
		if (!next && (m->n != n || m->seq != seq + 1))
			return store_refuse(
			    s, out, EX_DATAERR, "pieces of attachments must come in order");
		at = next ? 0 : db_int(s->db, DB_STAGE_GET, 4);
	} else if (m->n != 0 || m->seq != 0) {
		return store_refuse(s, out, EX_DATAERR,
		    "the first piece of an attachment is missing: send it from the start");
	}
	if (limits != NULL && at + size > (int64_t)SEALED_BYTES(limits->attachment_bytes))
		return store_refuse(s, out, EX_DATAERR, "an attachment may have %llu bytes at most",
		    (unsigned long long)limits->attachment_bytes);
	if (limits != NULL && db_row0(s->db, STAGE_TOTAL) &&
	    db_int(s->db, DB_STAGE_TOTAL, 0) + size > (int64_t)limits->staged_bytes)
		return store_refuse(s, out, EX_TEMPFAIL,
		    "too many attachments are being sent at the moment: try again in a few "
		    "minutes");
	if (new) {
		db_run(
		    s->db, STAGE_ADD, db_b(m->stage.data, m->stage.len), db_i(worker), db_i(size));
		id = db_last_id(s->db);
	} else {
		db_run(s->db, STAGE_MOVE, db_i(id), db_i(bytes + size), db_i(m->n), db_i(m->seq),
		    db_i(at + size));
	}
	db_run(s->db, STAGE_PIECE_ADD, db_i(id), db_i(m->n), db_i(at),
	    db_b(m->data.data, m->data.len));
	return store_answer(out, MSG_STAGED, STORE_NEW(s, Empty, empty));
}

enum verdict
store_stage_drop(struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out)
{
	const Candor__StageDrop *m = (const Candor__StageDrop *)msg;

	(void)out;
	if (m->stage.len != KEY_BYTES)
		return DISHONEST;
	db_run(s->db, STAGE_DROP, db_b(m->stage.data, m->stage.len), db_i(worker));
	return KEEP;
}

static void
add_replies(struct store *s, Candor__Followed *f, int64_t number, unsigned after)
{
	size_t bytes = 0;

	f->replies = store_alloc(s, ENTRIES_MAX * sizeof(*f->replies));
	for (bool ok = db_row(s->db, REPLIES, db_i(number), db_i(after)); ok;
	     ok = db_next(s->db, DB_REPLIES)) {
		Candor__Reply *reply = STORE_NEW(s, Reply, reply);
		struct span sealed = db_copy(s->db, DB_REPLIES, 2, s->arena);

		reply->n = (uint32_t)db_int(s->db, DB_REPLIES, 0);
		reply->on = (int32_t)db_int(s->db, DB_REPLIES, 1);
		reply->sealed = wire_bytes(sealed.p, sealed.len);
		bytes += sealed.len + 16;
		if (bytes > REPLIES_MAX_BYTES || f->n_replies == ENTRIES_MAX) {
			f->more = true;
			break;
		}
		f->replies[f->n_replies++] = reply;
	}
}

static void
follow_case(struct store *s, Candor__LookedUp *up, unsigned after)
{
	Candor__Followed *f = up->followed;
	int64_t number = db_int(s->db, DB_CASE_BY_LOOKUP, 0);
	enum case_state state = (enum case_state)db_int(s->db, DB_CASE_BY_LOOKUP, 1);
	struct span recipient = db_copy(s->db, DB_CASE_BY_LOOKUP, 5, s->arena);
	struct span proof = db_copy(s->db, DB_CASE_BY_LOOKUP, 7, s->arena);
	struct merged_into shown;
	Candor__Clock **clocks;
	size_t n;

	up->case_recipient = wire_bytes(recipient.p, recipient.len);
	up->case_proof = wire_bytes(proof.p, proof.len);
	f->kind = (uint32_t)db_int(s->db, DB_CASE_BY_LOOKUP, 2);
	/* Of a duplicate, its reporter sees how the case stands that it went into. */
	if (state != CASE_MERGED || !work_merged_into(s, number, &shown))
		shown = (struct merged_into){ .state = state,
			.outcome = (enum case_outcome)db_int(s->db, DB_CASE_BY_LOOKUP, 3),
			.actions = db_text(s->db, DB_CASE_BY_LOOKUP, 4, s->arena) };
	/* What the other reporter was asked is not for this one to answer. */
	if (state == CASE_MERGED && shown.state == CASE_AWAITING_REPORTER)
		shown.state = CASE_INVESTIGATING;
	f->state = store_text(s, case_state_name(shown.state));
	if (shown.state == CASE_RESOLVED || shown.state == CASE_CLOSED) {
		f->outcome = store_text(s, case_outcome_name(shown.outcome));
		f->n_actions = store_lines(s, shown.actions, &f->actions);
	}
	n = store_clocks(s, number, &clocks);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(clocks[i]->name, "acknowledge") == 0) {
			f->acknowledge_by = clocks[i]->due;
			f->acknowledged_on = clocks[i]->met_on;
		} else if (strcmp(clocks[i]->name, "feedback") == 0) {
			f->feedback_by = clocks[i]->due;
		}
	}
	add_replies(s, f, number, after);
}

enum verdict
store_lookup(struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out)
{
	const Candor__Lookup *m = (const Candor__Lookup *)msg;
	Candor__LookedUp *up = STORE_NEW(s, LookedUp, looked_up);
	Candor__Followed *f = STORE_NEW(s, Followed, followed);
	struct span hash = WIRE_SPAN(m->lookup_hash);
	Candor__Stored *dates = STORE_NEW(s, Stored, stored);
	const Candor__StoreReport *waiting;

	(void)worker;
	if (hash.len != SEAL_HASH_BYTES)
		return DISHONEST;
	if (db_row(s->db, CASE_BY_LOOKUP, db_b(hash.p, hash.len))) {
		up->found = true;
		up->followed = f;
		follow_case(s, up, m->after);
	} else if ((waiting = in_inbox(s, hash)) != NULL) {
		up->found = true;
		up->followed = f;
		up->case_recipient = waiting->case_recipient;
		up->case_proof = waiting->case_proof;
		f->state = store_text(s, "received");
		f->kind = waiting->kind;
		take_dates(dates, waiting->clocks, waiting->n_clocks);
		f->acknowledge_by = dates->acknowledge_by;
		f->feedback_by = dates->feedback_by;
	}
	return store_answer(out, MSG_LOOKED_UP, up);
}

enum verdict
store_message(struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out)
{
	const Candor__StoreMessage *m = (const Candor__StoreMessage *)msg;
	struct db_value hash = db_b(m->lookup_hash.data, m->lookup_hash.len),
			id = db_b(m->id.data, m->id.len);
	Candor__Stored *stored = STORE_NEW(s, Stored, stored);
	int64_t entries = 1 + ATTACHMENTS_MAX, stage;
	bool released;
	struct span body;

	if (m->lookup_hash.len != SEAL_HASH_BYTES || m->id.len != KEY_BYTES || m->entry.len == 0 ||
	    m->received_on <= 0 || m->received_on > s->today + 1 ||
	    !stage_name_valid(&m->stage, m->n_attachments))
		return DISHONEST;
	released = db_row(s->db, CASE_BY_LOOKUP, hash);
	if (!released && !db_row(s->db, INBOX_GET, hash))
		return store_refuse(s, out, EX_DATAERR, "nothing was filed under this receipt");
	if (released && db_int(s->db, DB_CASE_BY_LOOKUP, 1) == CASE_DESTROYED)
		return store_refuse(s, out, EX_DATAERR,
		    "what was filed under this receipt is destroyed, since its time is over: file "
		    "a "
		    "new report");
	if (db_row(s->db, WAITING_HAS, hash, id) ||
	    (released &&
		db_row(s->db, ENTRY_HAS_MESSAGE, db_i(db_int(s->db, DB_CASE_BY_LOOKUP, 0)), id))) {
		stored->again = true;
		if (m->stage.len > 0)
			db_run(s->db, STAGE_DROP, db_b(m->stage.data, m->stage.len), db_i(worker));
		return store_answer(out, MSG_STORED, stored);
	}
	if (released && db_row(s->db, ENTRY_LAST, db_i(db_int(s->db, DB_CASE_BY_LOOKUP, 0))))
		entries = db_int(s->db, DB_ENTRY_LAST, 0);
	if (db_row(s->db, WAITING_COUNT, hash))
		entries += db_int(s->db, DB_WAITING_COUNT, 0);
	if (entries + m->n_attachments >= ENTRIES_REPORTER_MAX)
		return store_refuse(s, out, EX_TEMPFAIL,
		    "this report has as many messages as fit: wait for an officer's answer, or "
		    "file a new report");
	if (!keep_stage(s, WIRE_SPAN(m->stage), m->n_attachments, &stage))
		return store_refuse(
		    s, out, EX_TEMPFAIL, "the attachments did not arrive: send them again");
	body = packed(s, msg);
	db_run(s->db, WAITING_ADD, hash, id, stage > 0 ? db_i(stage) : db_t(NULL),
	    db_i(1 + m->n_attachments), db_b(body.p, body.len));
	s->effects.urgent |= s->setup->immediate;
	return store_answer(out, MSG_STORED, stored);
}
