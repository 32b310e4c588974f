/* SPDX-License-Identifier: ISC */
/*
 * Attachments: they come in pieces before the report or message they belong to, are stripped, padded
 * and sealed to the case chunk by chunk, and wait in store under the session's random stage until the
 * report commits. Plain text alone, so far. Intake alone; plaintext stays in the slab.
 */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "candor/pad.h"

#include "intake.h"

/* Refuse, and forget what came so far: no half of an attachment ever waits for its other half, and the
 * client may begin again with the first. */
static void attach_refuse(struct room *r, struct session *s, unsigned code, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

static void
attach_refuse(struct room *r, struct session *s, unsigned code, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	attach_forget(r, session_extra(s));
	session_refuse(s, code, "%s", text);
}

/* Give sealed bytes to store, in pieces that fit a packet. */
static bool
stage(struct room *r, struct session *s, struct attach_writer *w, const uint8_t *sealed, size_t len)
{
	struct intake_session *x = session_extra(s);

	while (len > 0) {
		Candor__Stage piece = CANDOR__STAGE__INIT;
		size_t n = len < WIRE_PIECE_MAX ? len : WIRE_PIECE_MAX;

		piece.stage = wire_bytes(x->stage, sizeof(x->stage));
		piece.n = x->n_attachments;
		piece.seq = w->seq++;
		piece.data = wire_bytes(sealed, n);
		if (!intake_send(r, s, MSG_STAGE, &piece.base)) {
			attach_forget(r, x);
			return false;
		}
		x->pieces_waiting++;
		sealed += n;
		len -= n;
	}
	return true;
}

static bool
flush(struct room *r, struct session *s, struct attach_writer *w, bool last)
{
	if (age_stream_encrypt(&w->stream, w->chunk, w->chunk, w->fill, last) < 0) {
		attach_refuse(r, s, EX_SOFTWARE, "the attachment could not be sealed");
		return false;
	}
	if (!stage(r, s, w, w->chunk, w->fill + AGE_TAG_BYTES))
		return false;
	w->fill = 0;
	return true;
}

/* Take bytes into the chunk; p NULL: zeros. A full chunk goes out only when more follows, since the
 * last one is sealed as such. */
static bool
append(struct room *r, struct session *s, struct attach_writer *w, const uint8_t *p, size_t len)
{
	while (len > 0) {
		size_t n;

		if (w->fill == AGE_CHUNK_BYTES && !flush(r, s, w, false))
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

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
writer_end(struct intake_session *x)
{
	if (x->writer == NULL)
		return;
	sodium_memzero(x->writer, sizeof(*x->writer));
	x->writer = NULL;
}

/* A free writer; or that of the session which sent nothing for longest, when that is long enough for
 * it to have gone away: else a few silent clients would keep everybody's attachments out. */
static struct attach_writer *
writer_find(struct room *r)
{
	struct intake *in = r->state;
	struct attach_writer *idlest = NULL;

	for (size_t i = 0; i < ATTACH_WRITERS; i++) {
		struct attach_writer *w = &in->writers[i];

		if (w->owner == NULL)
			return w;
		if ((w->owner->pieces_waiting == 0 || w->owner->store_life != in->store_life) &&
		    (idlest == NULL || w->since_ms < idlest->since_ms))
			idlest = w;
	}
	if (idlest == NULL || now_ms() - idlest->since_ms < r->setup->limits->handshake_ms)
		return NULL;
	idlest->owner->lost = true;
	writer_end(idlest->owner);
	return idlest;
}

static struct attach_writer *
writer_begin(struct room *r, struct session *s)
{
	struct intake *in = r->state;
	struct intake_session *x = session_extra(s);
	struct attach_writer *w;
	struct span head;

	if (x->n_attachments == ATTACHMENTS_MAX) {
		attach_refuse(r, s, EX_DATAERR,
		    "more than %d attachments: send the rest with `candor follow`",
		    ATTACHMENTS_MAX);
		return NULL;
	}
	if ((w = writer_find(r)) == NULL) {
		attach_refuse(
		    r, s, EX_TEMPFAIL, "many attachments are on their way: try again in a moment");
		return NULL;
	}
	if (!x->staged) {
		randombytes_buf(x->stage, sizeof(x->stage));
		x->staged = true;
		x->store_life = in->store_life;
		if (!x->following)
			age_keypair(x->identity, x->recipient);
	}
	w->owner = x;
	x->writer = w;
	if (age_stream_begin(&r->arena, &w->stream, &head,
		(const uint8_t(*)[AGE_KEY_BYTES]) & x->recipient, 1) < 0) {
		attach_refuse(r, s, EX_SOFTWARE, "the attachment could not be sealed");
		return NULL;
	}
	return stage(r, s, w, head.p, head.len) ? w : NULL;
}

/* Is what came so far still there? False: refused. */
static bool
still_there(struct room *r, struct session *s)
{
	const struct intake *in = r->state;
	const struct intake_session *x = session_extra(s);

	if (!x->staged || (!x->lost && x->store_life == in->store_life))
		return true;
	attach_refuse(r, s, EX_TEMPFAIL, "%s: nothing was filed, send the attachments again",
	    x->lost ? "the attachments took too long" : "the service was restarted meanwhile");
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

void
attach_request(struct room *r, struct session *s, const Candor__Attach *piece)
{
	static const uint8_t mark = 0x80; /* where padding begins: candor/pad.h */
	struct intake_session *x = session_extra(s);
	struct attach_writer *w = x->writer;
	struct strip_result clean;
	int e;

	x->pieces_waiting = 0;
	if (x->following && !x->has_key) {
		session_refuse(
		    s, EX_UNAVAILABLE, "nothing can be added to this case: file a new report");
		return;
	}
	if (!still_there(r, s))
		return;
	if (piece->n != x->n_attachments || piece->data.len > WIRE_PIECE_MAX) {
		attach_refuse(r, s, EX_PROTOCOL,
		    "an attachment's piece is out of turn or larger than %d bytes", WIRE_PIECE_MAX);
		return;
	}
	e = strip(&r->arena, &clean, (const char *)piece->data.data, piece->data.len,
	    STRIP_REPORTER, NULL);
	if (e == CANDOR_EINVAL) {
		attach_refuse(r, s, EX_DATAERR,
		    "attachment %u is not plain text (UTF-8): only plain text can be cleaned, so "
		    "only that is "
		    "taken; describe the rest in the report, or copy its text",
		    piece->n + 1);
		return;
	}
	if (e < 0) {
		attach_refuse(r, s, EX_DATAERR, "%s", intake_too_large_text);
		return;
	}
	if (w == NULL && (w = writer_begin(r, s)) == NULL)
		return;
	w->since_ms = now_ms();
	if (w->total + clean.text.len > r->setup->limits->attachment_bytes) {
		attach_refuse(r, s, EX_DATAERR,
		    "attachment %u is larger than %llu bytes: send a part of it", piece->n + 1,
		    (unsigned long long)r->setup->limits->attachment_bytes);
		return;
	}
	if (!append(r, s, w, clean.text.p, clean.text.len))
		return;
	if (piece->last) {
		size_t content = w->total;

		x->bytes[x->n_attachments] = content;
		if (!append(r, s, w, &mark, 1) ||
		    !append(r, s, w, NULL, pad_size(content) - content - 1) ||
		    !flush(r, s, w, true))
			return;
		x->n_attachments++;
		writer_end(x);
	}
	if (x->pieces_waiting == 0) {
		Candor__Empty go_on = CANDOR__EMPTY__INIT;

		session_answer(s, MSG_ATTACHED, &go_on.base);
	}
}

/* The last piece of a request is kept: the reporter's client may go on. */
int
on_staged(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg)
{
	struct intake *in = r->state;
	struct session *s = session_find(in->server, tag);
	struct intake_session *x;

	(void)from;
	(void)msg;
	if (s == NULL)
		return 0;
	x = session_extra(s);
	if (x->pieces_waiting > 0 && --x->pieces_waiting == 0) {
		Candor__Empty go_on = CANDOR__EMPTY__INIT;

		session_answer(s, MSG_ATTACHED, &go_on.base);
	}
	return 0;
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
