/* SPDX-License-Identifier: ISC */
/*
 * Attachments: they come in pieces before the report or message they belong to, go through a cleaner (see
 * cleaning.c), are padded and sealed to the case chunk by chunk, and wait in store under the session's
 * random stage until the report commits. An untouched original may follow its clean copy: it is sealed to
 * the escrow instead, and to nobody else. Intake alone; plaintext stays in the slab, 64 KiB of it at a time.
 */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "candor/filetype.h"
#include "candor/pad.h"

#include "intake.h"

/* Slower than this a client gives way when somebody else waits, after a time limit of grace. */
#define BYTES_PER_MS 64u

uint64_t
attach_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* ---- refusing ----------------------------------------------------------------------------------- */

/* Refuse, and forget what came so far: no half of an attachment ever waits for its other half, and the
 * client may begin again with the first. */
static void attach_refuse(struct room *r, struct session *s, unsigned code, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

static void
attach_refuse(struct room *r, struct session *s, unsigned code, const char *fmt, ...)
{
	char text[ATTACH_LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	attach_forget(r, session_extra(s));
	session_refuse(s, code, "%s", text);
}

void
attach_fail(struct attach_writer *w, unsigned code, const char *fmt, ...)
{
	char text[ATTACH_LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (w->busy) {
		attach_refuse(w->room, w->session, code, "%s", text);
		return;
	}
	cleaning_end(w);
	w->state = ATTACH_FAILED;
	w->type = code;
	snprintf((char *)w->line, sizeof(w->line), "%s", text);
}

/* Is what came so far still there? False: refused. */
static bool
still_there(struct room *r, struct session *s)
{
	const struct intake *in = r->state;
	const struct intake_session *x = session_extra(s);
	const struct attach_writer *w = x->writer;

	if (x->lost || (x->staged && x->store_life != in->store_life)) {
		attach_refuse(r, s, EX_TEMPFAIL,
		    "%s: nothing was filed, send the attachments again",
		    x->lost ? "the attachments took too long"
			    : "the service was restarted meanwhile");
		return false;
	}
	if (w == NULL || w->state != ATTACH_FAILED)
		return true;
	attach_refuse(r, s, w->type, "%s", (const char *)w->line);
	return false;
}

bool
attach_complete(struct room *r, struct session *s, uint32_t n)
{
	const struct intake_session *x = session_extra(s);
	unsigned came = x->n_attachments;

	if (!still_there(r, s))
		return false;
	if (x->writer == NULL && n == came)
		return true;
	attach_refuse(
	    r, s, EX_PROTOCOL, "%u attachments came, %u were announced: send them again", came, n);
	return false;
}

/* ---- to store ----------------------------------------------------------------------------------- */

/* Give sealed bytes to store, in pieces that fit a packet. */
static bool
stage(struct attach_writer *w, const uint8_t *sealed, size_t len)
{
	struct intake_session *x = session_extra(w->session);

	while (len > 0) {
		Candor__Stage piece = CANDOR__STAGE__INIT;
		size_t n = len < WIRE_PIECE_MAX ? len : WIRE_PIECE_MAX;

		piece.stage = wire_bytes(x->stage, sizeof(x->stage));
		piece.n = x->n_attachments;
		piece.seq = w->seq++;
		piece.data = wire_bytes(sealed, n);
		if (!intake_send(w->room, w->session, MSG_STAGE, &piece.base)) {
			attach_forget(w->room, x);
			return false;
		}
		x->pieces_waiting++;
		sealed += n;
		len -= n;
	}
	return true;
}

static bool
flush(struct attach_writer *w, bool last)
{
	if (age_stream_encrypt(&w->stream, w->chunk, w->chunk, w->fill, last) < 0) {
		attach_fail(w, EX_SOFTWARE, "the attachment could not be sealed");
		return false;
	}
	if (!stage(w, w->chunk, w->fill + AGE_TAG_BYTES))
		return false;
	w->fill = 0;
	return true;
}

bool
attach_seal_begin(struct attach_writer *w, const uint8_t recipient[AGE_KEY_BYTES])
{
	struct arena *a = &w->room->arena;
	arena_mark_t mark = arena_mark(a);
	uint8_t to[1][AGE_KEY_BYTES];
	struct span head;
	bool ok;

	memcpy(to[0], recipient, AGE_KEY_BYTES);
	ok = age_stream_begin(a, &w->stream, &head, (const uint8_t(*)[AGE_KEY_BYTES])to, 1) == 0;
	if (ok)
		ok = stage(w, head.p, head.len);
	else
		attach_fail(w, EX_SOFTWARE, "the attachment could not be sealed");
	arena_release(a, mark);
	return ok;
}

/* p NULL: zeros. A full chunk goes out only when more follows, since the last one is sealed as such. */
bool
attach_seal(struct attach_writer *w, const uint8_t *p, size_t len)
{
	while (len > 0) {
		size_t n;

		if (w->fill == AGE_CHUNK_BYTES && !flush(w, false))
			return false;
		n = AGE_CHUNK_BYTES - w->fill < len ? AGE_CHUNK_BYTES - w->fill : len;
		if (p == NULL) {
			memset(w->chunk + w->fill, 0, n);
		} else {
			memcpy(w->chunk + w->fill, p, n);
			p += n;
		}
		w->fill += n;
		w->total += n;
		len -= n;
	}
	return true;
}

static void
writer_end(struct intake_session *x)
{
	struct attach_writer *w = x->writer;

	if (w == NULL)
		return;
	x->writer = NULL;
	cleaning_end(w);
	sodium_memzero(w, sizeof(*w));
	w->fd = -1;
}

/* With its padding: candor/pad.h. The last of its pieces makes store's answer the client's. */
bool
attach_seal_end(struct attach_writer *w, bool original)
{
	static const uint8_t mark = 0x80;
	struct intake_session *x = session_extra(w->session);
	const size_t content = w->total;

	x->attached[x->n_attachments] = (struct attached){
		.bytes = (uint32_t)content,
		.type = original ? x->attached[x->n_attachments - 1].type : (uint16_t)w->type,
		.original = original,
	};
	if (!attach_seal(w, &mark, 1) || !attach_seal(w, NULL, pad_size(content) - content - 1) ||
	    !flush(w, true))
		return false;
	x->n_attachments++;
	writer_end(x);
	return true;
}

void
attach_go_on(struct attach_writer *w)
{
	Candor__Empty go_on = CANDOR__EMPTY__INIT;

	w->busy = false;
	session_answer(w->session, MSG_ATTACHED, &go_on.base);
}

int
on_staged(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg)
{
	struct intake *in = r->state;
	struct session *s = session_find(in->server, tag);
	Candor__Empty go_on = CANDOR__EMPTY__INIT;
	struct intake_session *x;

	(void)from;
	(void)msg;
	if (s == NULL)
		return 0;
	x = session_extra(s);
	if (x->pieces_waiting == 0)
		return 0;
	x->pieces_waiting--;
	if (x->writer != NULL && x->writer->state == ATTACH_TAKING)
		cleaning_resume(x->writer);
	else if (x->pieces_waiting == 0 && x->writer != NULL)
		attach_go_on(x->writer);
	else if (x->pieces_waiting == 0)
		session_answer(s, MSG_ATTACHED, &go_on.base);
	return 0;
}

/* ---- who may send ------------------------------------------------------------------------------- */

void
attach_init(struct intake *in)
{
	for (size_t i = 0; i < ATTACH_WRITERS; i++)
		in->writers[i].fd = -1;
}

/* Is it the client who keeps everybody waiting? */
static bool
slow(const struct attach_writer *w, uint64_t now)
{
	const uint64_t grace = w->room->setup->limits->handshake_ms;

	if (w->state == ATTACH_FAILED)
		return true;
	return !w->busy &&
	       (now - w->since_ms >= grace || now - w->begun_ms >= grace + w->in / BYTES_PER_MS);
}

bool
attach_displace(struct room *r, bool with_cleaner)
{
	const struct intake *in = r->state;
	struct attach_writer *slowest = NULL;
	uint64_t now = attach_now_ms();
	struct intake_session *x;

	for (size_t i = 0; i < ATTACH_WRITERS; i++) {
		struct attach_writer *w = &in->writers[i];

		if (w->session != NULL && (w->fd >= 0 || !with_cleaner) && slow(w, now) &&
		    (slowest == NULL || w->since_ms < slowest->since_ms))
			slowest = w;
	}
	if (slowest == NULL)
		return false;
	x = session_extra(slowest->session);
	x->lost = true;
	writer_end(x);
	return true;
}

static struct attach_writer *
writer_find(struct room *r)
{
	const struct intake *in = r->state;

	do
		for (size_t i = 0; i < ATTACH_WRITERS; i++)
			if (in->writers[i].session == NULL)
				return &in->writers[i];
	while (attach_displace(r, false));
	return NULL;
}

/* May another one come, and of this sort? False: refused. */
static bool
may_begin(struct room *r, struct session *s, bool original)
{
	const struct intake_session *x = session_extra(s);
	unsigned n = x->n_attachments, cleaned = 0;

	for (unsigned i = 0; i < n; i++)
		cleaned += !x->attached[i].original;
	if (original && (n == 0 || x->attached[n - 1].original)) {
		attach_refuse(
		    r, s, EX_PROTOCOL, "an untouched original follows the copy that was cleaned");
		return false;
	}
	if (!original && cleaned == ATTACHMENTS_MAX) {
		attach_refuse(r, s, EX_DATAERR,
		    "more than %d attachments: send the rest with `candor follow`",
		    ATTACHMENTS_MAX);
		return false;
	}
	return true;
}

/* False: refused. */
static bool
writer_begin(struct room *r, struct session *s, bool original)
{
	const struct intake *in = r->state;
	struct intake_session *x = session_extra(s);
	struct attach_writer *w;

	if (!may_begin(r, s, original))
		return false;
	if ((w = writer_find(r)) == NULL) {
		attach_refuse(
		    r, s, EX_TEMPFAIL, "many attachments are on their way: try again in a moment");
		return false;
	}
	if (!x->staged) {
		randombytes_buf(x->stage, sizeof(x->stage));
		x->staged = true;
		x->store_life = in->store_life;
		if (!x->following)
			age_keypair(x->identity, x->recipient);
	}
	w->session = s;
	w->room = r;
	w->begun_ms = attach_now_ms();
	w->state = original ? ATTACH_ORIGINAL : ATTACH_WAITING;
	w->busy = true;
	x->writer = w;
	return original ? attach_seal_begin(w, in->roster.directory->escrow) : cleaning_begin(w);
}

void
attach_request(struct room *r, struct session *s, const Candor__Attach *piece)
{
	struct intake_session *x = session_extra(s);
	struct attach_writer *w;

	x->pieces_waiting = 0;
	if (x->following && !x->has_key) {
		session_refuse(
		    s, EX_UNAVAILABLE, "nothing can be added to this case: file a new report");
		return;
	}
	if (!still_there(r, s))
		return;
	if (piece->n != x->n_attachments || piece->data.len > WIRE_PIECE_MAX ||
	    (x->writer != NULL && (x->writer->state == ATTACH_ORIGINAL) != piece->original)) {
		attach_refuse(r, s, EX_PROTOCOL,
		    "an attachment's piece is out of turn or larger than %d bytes", WIRE_PIECE_MAX);
		return;
	}
	if (x->writer == NULL && !writer_begin(r, s, piece->original))
		return;
	w = x->writer;
	w->busy = true;
	w->since_ms = attach_now_ms();
	w->in += piece->data.len;
	if (w->in > r->setup->limits->attachment_bytes) {
		attach_refuse(r, s, EX_DATAERR,
		    "attachment %u is larger than %llu bytes: send a part of it", piece->n + 1,
		    (unsigned long long)r->setup->limits->attachment_bytes);
		return;
	}
	if (piece->original) {
		if (attach_seal(w, piece->data.data, piece->data.len) && piece->last)
			(void)attach_seal_end(w, true);
		if (x->writer != NULL && x->pieces_waiting == 0)
			attach_go_on(w);
		return;
	}
	if (piece->data.len > 0)
		memcpy(w->piece, piece->data.data, piece->data.len);
	w->at = 0;
	w->held = piece->data.len;
	w->last = piece->last;
	if (w->fd >= 0)
		cleaning_feed(w);
}

void
attach_forget(struct room *r, struct intake_session *x)
{
	const struct intake *in = r->state;
	struct channel *store = room_channel(r, PARTY_STORE, 0);
	Candor__StageDrop drop = CANDOR__STAGE_DROP__INIT;

	writer_end(x);
	drop.stage = wire_bytes(x->stage, sizeof(x->stage));
	/* A store that cannot be told is on its way out, and drops all stages when it is back. */
	if (x->staged && x->store_life == in->store_life && store != NULL)
		(void)!channel_send(store, MSG_STAGE_DROP, 0, &drop.base);
	if (!x->following)
		sodium_memzero(x->identity, sizeof(x->identity));
	x->staged = x->lost = false;
	x->n_attachments = x->pieces_waiting = 0;
}

/* Those whose requests wait are told by main.c; the others when they come with their next piece. */
void
attach_store_down(struct room *r)
{
	const struct intake *in = r->state;

	for (size_t i = 0; i < ATTACH_WRITERS; i++)
		if (in->writers[i].session != NULL && in->writers[i].busy)
			writer_end(session_extra(in->writers[i].session));
}
