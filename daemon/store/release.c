/* SPDX-License-Identifier: ISC */
/*
 * The release: reports and messages leave the inbox and become cases and entries, in random order
 * and with all that was stored of them copied, so that neither a number nor a place in the file
 * tells who came first. Store only.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <sodium/randombytes.h>

#include "common/log.h"
#include "store.h"

int64_t
store_entry(struct store *s, int64_t number, enum entry_kind kind, const char *officer, day_t on,
    struct span file, size_t bytes, unsigned of, const struct span *message_id, unsigned *n)
{
	int64_t id;

	*n = db_row(s->db, ENTRY_LAST, db_i(number)) ? (unsigned)db_int(s->db, DB_ENTRY_LAST, 0) + 1
						     : 1;
	db_run(s->db, ENTRY_ADD, db_i(number), db_i(*n), db_i(kind), db_t(officer), db_i(on),
	    db_i((int64_t)bytes), db_i(of),
	    message_id != NULL ? db_b(message_id->p, message_id->len) : db_t(NULL));
	id = db_last_id(s->db);
	if (file.p != NULL)
		db_run(s->db, PIECE_ADD, db_i(id), db_i(0), db_b(file.p, file.len));
	return id;
}

/* Numbers of rows, to be shuffled. */
struct ids {
	int64_t *id;
	size_t n, cap;
};

static void
ids_add(struct ids *ids, int64_t id)
{
	if (ids->n == ids->cap) {
		size_t cap = ids->cap > 0 ? ids->cap * 2 : 256;
		int64_t *more = realloc(ids->id, cap * sizeof(*more));

		if (more == NULL)
			fatal(EX_OSERR, "out of memory");
		ids->id = more;
		ids->cap = cap;
	}
	ids->id[ids->n++] = id;
}

/* Fisher and Yates. A release holds far fewer than 2^32 rows. */
static void
shuffle(struct ids *ids)
{
	for (size_t i = ids->n; i > 1; i--) {
		size_t other = randombytes_uniform((uint32_t)i);
		int64_t id = ids->id[i - 1];

		ids->id[i - 1] = ids->id[other];
		ids->id[other] = id;
	}
}

static int64_t
new_number(struct store *s)
{
	int64_t number;

	do {
		number = 0;
		randombytes_buf(&number, sizeof(number));
		number &= NUMBER_END - 1;
	} while (number == 0 || db_row(s->db, CASE_EXISTS, db_i(number)));
	return number;
}

/* Attachments become entries, out of the stage, which is gone then. */
static void
release_stage(
    struct store *s, int64_t number, int64_t stage, day_t on, unsigned n_attachments, unsigned of)
{
	const struct span no_file = { NULL, 0 };

	if (stage == 0)
		return;
	for (unsigned i = 0; i < n_attachments; i++) {
		int64_t bytes = db_row(s->db, STAGE_SIZE, db_i(stage), db_i(i))
				    ? db_int(s->db, DB_STAGE_SIZE, 0)
				    : 0;
		unsigned n;
		int64_t entry = store_entry(
		    s, number, ENTRY_ATTACHMENT, NULL, on, no_file, (size_t)bytes, of, NULL, &n);

		db_run(s->db, PIECES_FROM_STAGE, db_i(entry), db_i(stage), db_i(i));
	}
	db_run(s->db, STAGE_DONE, db_i(stage));
}

/* The messages that wait for a case, in the order in which they were written. */
static void
release_messages(struct store *s, struct span hash)
{
	struct db_value lookup = db_b(hash.p, hash.len);
	enum case_state state, after;
	int64_t number;

	if (!db_row(s->db, CASE_BY_LOOKUP, lookup))
		return;
	number = db_int(s->db, DB_CASE_BY_LOOKUP, 0);
	state = (enum case_state)db_int(s->db, DB_CASE_BY_LOOKUP, 1);
	for (bool ok = db_row(s->db, WAITING_OF, lookup); ok; ok = db_next(s->db, DB_WAITING_OF)) {
		int64_t row = db_int(s->db, DB_WAITING_OF, 0);
		int64_t stage = db_int(s->db, DB_WAITING_OF, 1);
		struct span body = db_span(s->db, DB_WAITING_OF, 2), id;
		const Candor__StoreMessage *m;
		arena_mark_t mark = arena_mark(s->arena);
		ProtobufCMessage *msg;
		unsigned n;

		if (wire_unpack(s->arena, &msg, MSG_STORE_MESSAGE, PARTY_INTAKE, PARTY_STORE,
			body.p, body.len) < 0) {
			log_error("a row of the inbox does not decode");
			continue;
		}
		m = (const Candor__StoreMessage *)msg;
		id = WIRE_SPAN(m->id);
		store_entry(s, number, ENTRY_MESSAGE, NULL, m->received_on, WIRE_SPAN(m->entry),
		    m->entry.len, 0, &id, &n);
		release_stage(s, number, stage, m->received_on, m->n_attachments, n);
		if ((after = case_next(state, EV_ANSWERED)) != CASE_NONE) {
			state = after;
			db_run(s->db, CASE_SET_STATE, db_i(number), db_i(state));
			db_run(s->db, READER_REFRESH, db_i(number));
		}
		db_run(s->db, CASE_UNREAD, db_i(number), db_i(1));
		db_run(s->db, RETENTION_TOLD, db_i(number), db_i(0)); /* warned of anew */
		store_event(s, "message", number, state);
		db_run(s->db, WAITING_DROP, db_i(row));
		s->effects.released = true;
		arena_release(s->arena, mark);
	}
}

static void
release_report(struct store *s, int64_t inbox)
{
	enum case_state state = case_next(CASE_NONE, EV_RELEASED);
	const Candor__StoreReport *m;
	ProtobufCMessage *msg;
	int64_t number, stage;
	struct span body;
	unsigned n;

	if (!db_row(s->db, INBOX_ROW, db_i(inbox)))
		return;
	stage = db_int(s->db, DB_INBOX_ROW, 0);
	body = db_span(s->db, DB_INBOX_ROW, 1);
	if (wire_unpack(s->arena, &msg, MSG_STORE_REPORT, PARTY_INTAKE, PARTY_STORE, body.p,
		body.len) < 0) {
		log_error("a row of the inbox does not decode");
		return;
	}
	m = (const Candor__StoreReport *)msg;
	number = new_number(s);
	db_run(s->db, CASE_ADD, db_i(number), db_b(m->lookup_hash.data, m->lookup_hash.len),
	    db_i(m->kind), db_t(m->category), db_t(m->severity), db_t(m->site),
	    db_i(m->received_on), db_i(state), db_i(m->feedback_months));
	db_run(s->db, KEY_ADD, db_i(number), db_b(m->case_recipient.data, m->case_recipient.len),
	    db_b(m->case_proof.data, m->case_proof.len), db_b(m->secret.data, m->secret.len));
	clocks_begin(s, number, m);
	for (size_t i = 0; i < m->n_readers; i++) {
		db_run(s->db, OFFICER_ADD, db_t(m->readers[i]));
		db_run(s->db, READER_ADD, db_i(number), db_t(m->readers[i]));
	}
	people_sealed(s, number, m->directory_version);
	db_run(s->db, READER_REFRESH, db_i(number));
	store_entry(s, number, ENTRY_REPORT, NULL, m->received_on, WIRE_SPAN(m->entry),
	    m->entry.len, 0, NULL, &n);
	release_stage(s, number, stage, m->received_on, m->n_attachments, n);
	if (m->kind == 0)
		board_noticed(s, m->category, m->site, m->received_on);
	db_run(s->db, INBOX_DROP, db_i(inbox));
	db_run(s->db, CASE_UNREAD, db_i(number), db_i(1));
	audit(s, "", "release", number, "");
	store_event(s, "filed", number, state);
	s->effects.released = true;
	release_messages(s, WIRE_SPAN(m->lookup_hash));
}

void
store_release(struct store *s, bool only_immediate)
{
	enum db_query q = only_immediate ? DB_INBOX_IDS_IMMEDIATE : DB_INBOX_IDS;
	struct ids ids = { 0 };

	for (bool ok = db_row_(s->db, q, NULL, 0); ok; ok = db_next(s->db, q))
		ids_add(&ids, db_int(s->db, q, 0));
	shuffle(&ids);
	for (size_t i = 0; i < ids.n && !db_failed(s->db); i++) {
		arena_mark_t mark = arena_mark(s->arena);

		release_report(s, ids.id[i]);
		arena_release(s->arena, mark);
	}
	ids.n = 0;
	for (bool ok = !only_immediate && db_row0(s->db, WAITING_CASES); ok;
	     ok = db_next(s->db, DB_WAITING_CASES))
		ids_add(&ids, db_int(s->db, DB_WAITING_CASES, 0));
	shuffle(&ids);
	for (size_t i = 0; i < ids.n && !db_failed(s->db); i++) {
		arena_mark_t mark = arena_mark(s->arena);
		struct span hash;

		if (db_row(s->db, CASE_LOOKUP, db_i(ids.id[i]))) {
			hash = db_copy(s->db, DB_CASE_LOOKUP, 0, s->arena);
			release_messages(s, hash);
		}
		arena_release(s->arena, mark);
	}
	free(ids.id);
}
