/* SPDX-License-Identifier: ISC */
/*
 * Attachments: they come in pieces before the report or message they belong to, are stripped, padded
 * and sealed to the case chunk by chunk, and wait in store under the session's random stage until the
 * report commits. Plain text alone, so far. Intake alone; plaintext stays in the slab.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "candor/pad.h"

#include "intake.h"

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
		if (!intake_send(r, s, MSG_STAGE, &piece.base))
			return false;
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
		session_refuse(s, EX_SOFTWARE, "the attachment could not be sealed");
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

static struct attach_writer *
writer_begin(struct room *r, struct session *s)
{
	struct intake *in = r->state;
	struct intake_session *x = session_extra(s);
	struct attach_writer *w = NULL;
	struct span head;

	if (x->n_attachments == ATTACHMENTS_MAX) {
		session_refuse(s, EX_DATAERR,
		    "more than %d attachments: send the rest with `candor follow`",
		    ATTACHMENTS_MAX);
		return NULL;
	}
	for (size_t i = 0; i < ATTACH_WRITERS && w == NULL; i++)
		if (!in->writers[i].used)
			w = &in->writers[i];
	if (w == NULL) {
		session_refuse(
		    s, EX_TEMPFAIL, "many attachments are on their way: try again in a moment");
		return NULL;
	}
	if (!x->has_case) {
		age_keypair(x->identity, x->recipient);
		x->has_case = true;
	}
	if (!x->staged) {
		randombytes_buf(x->stage, sizeof(x->stage));
		x->staged = true;
	}
	*w = (struct attach_writer){ .used = true };
	x->writer = w;
	if (age_stream_begin(&r->arena, &w->stream, &head,
		(const uint8_t(*)[AGE_KEY_BYTES]) & x->recipient, 1) < 0) {
		session_refuse(s, EX_SOFTWARE, "the attachment could not be sealed");
		return NULL;
	}
	return stage(r, s, w, head.p, head.len) ? w : NULL;
}

static void
writer_end(struct intake_session *x)
{
	if (x->writer == NULL)
		return;
	sodium_memzero(x->writer, sizeof(*x->writer));
	x->writer = NULL;
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
	if (x->following && !x->has_case) {
		session_refuse(
		    s, EX_UNAVAILABLE, "nothing can be added to this case: file a new report");
		return;
	}
	if (piece->n != x->n_attachments || piece->data.len > WIRE_PIECE_MAX) {
		session_refuse(s, EX_PROTOCOL,
		    "an attachment's piece is out of turn or larger than %d bytes", WIRE_PIECE_MAX);
		return;
	}
	e = strip(
	    &r->arena, &clean, (const char *)piece->data.data, piece->data.len, STRIP_REPORTER, 0);
	if (e == CANDOR_EINVAL) {
		session_refuse(s, EX_DATAERR,
		    "attachment %u is not plain text (UTF-8): only plain text can be cleaned, so "
		    "only that is "
		    "taken; describe the rest in the report, or copy its text",
		    piece->n + 1);
		return;
	}
	if (e < 0) {
		intake_too_large(s);
		return;
	}
	if (w == NULL && (w = writer_begin(r, s)) == NULL)
		return;
	if (w->total + clean.text.len > r->setup->limits->attachment_bytes) {
		writer_end(x);
		session_refuse(s, EX_DATAERR,
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
attach_end(struct room *r, struct intake_session *x, bool filed)
{
	struct channel *store = room_channel(r, PARTY_STORE, 0);

	writer_end(x);
	if (x->staged && !filed && store != NULL) {
		Candor__StageDrop drop = CANDOR__STAGE_DROP__INIT;

		drop.stage = wire_bytes(x->stage, sizeof(x->stage));
		/* When it cannot be sent, the channel is as good as gone, and store drops all of its stages. */
		if (channel_send(store, MSG_STAGE_DROP, 0, &drop.base) < 0)
			log_debug("a stage could not be dropped");
	}
	sodium_memzero(x, sizeof(*x));
}
