/* SPDX-License-Identifier: ISC */
/*
 * The cleaner of an attachment: the supervisor starts one for each, and hands over a stream. Pieces go in
 * as they come, what is left comes out and is sealed at once. Nothing here waits: a piece that the
 * cleaner does not take yet is held, and the client hears nothing until it did; while store has not kept
 * what came, no more is read. What a cleaner says is not believed: it was in the hands of whoever made the
 * file. Intake alone.
 */
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "candor/filetype.h"
#include "candor/utf8.h"

#include "intake.h"

/* From an attachment's last byte to the last byte of what is left of it: a cleaner has 20 seconds of a
 * processor that others want as well. */
#define ANSWER_MS 60000
/* Pieces on their way to store, of one attachment: no more is read from its cleaner. */
#define PIECES_MOST 4

static void on_timer(evutil_socket_t fd, short what, void *arg);
static void on_readable(evutil_socket_t fd, short what, void *arg);
static void on_writable(evutil_socket_t fd, short what, void *arg);

static unsigned
number_of(const struct attach_writer *w)
{
	const struct intake_session *x = session_extra(w->session);

	return x->n_attachments + 1;
}

static void
after(const struct attach_writer *w, unsigned ms)
{
	const struct timeval tv = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	event_add(w->timer, &tv);
}

/* ---- waiting for one ---------------------------------------------------------------------------- */

/* Ask for as many cleaners as there are attachments that wait, within the limit. */
static void
ask(struct room *r)
{
	const Candor__Empty empty = CANDOR__EMPTY__INIT;
	struct intake *in = r->state;
	unsigned waiting = 0, used = in->cleaners_asked;

	for (size_t i = 0; i < ATTACH_WRITERS; i++) {
		waiting += in->writers[i].session != NULL && in->writers[i].state == ATTACH_WAITING;
		used += in->writers[i].fd >= 0;
	}
	while (in->cleaners_asked < waiting) {
		if (used >= r->setup->limits->cleaners) {
			(void)attach_displace(r, true); /* which asks again when one is free */
			return;
		}
		if (channel_send(r->supervisor, MSG_CLEANER_ASK, 0, &empty.base) < 0)
			return;
		in->cleaners_asked++;
		used++;
	}
}

/* How often to look whether somebody became slow enough to give way. */
static unsigned
patience_ms(const struct attach_writer *w)
{
	return w->room->setup->limits->handshake_ms / 8 + 1;
}

bool
cleaning_begin(struct attach_writer *w)
{
	if ((w->timer = event_new(w->room->base, -1, 0, on_timer, w)) == NULL) {
		attach_fail(w, EX_TEMPFAIL, "the service is busy: try again in a moment");
		return false;
	}
	after(w, patience_ms(w));
	ask(w->room);
	return true;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct attach_writer *w = arg;
	struct intake *in = w->room->state;

	(void)fd;
	(void)what;
	if (w->state != ATTACH_WAITING) {
		attach_fail(w, EX_TEMPFAIL,
		    "attachment %u takes too long: nothing was filed; try again in a few minutes",
		    number_of(w));
	} else if (attach_now_ms() - w->begun_ms <= w->room->setup->limits->handshake_ms) {
		after(w, patience_ms(w));
		ask(w->room);
	} else {
		in->cleaners_asked = 0; /* those that were asked for do not come */
		attach_fail(w, EX_TEMPFAIL,
		    "many attachments are being cleaned: nothing was filed; try again in a moment");
	}
}

int
on_cleaner(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg)
{
	struct intake *in = r->state;
	struct attach_writer *first = NULL;
	int fd = channel_take_fd(from);

	(void)tag;
	(void)msg;
	if (fd < 0)
		return CANDOR_EBADMSG;
	if (in->cleaners_asked > 0)
		in->cleaners_asked--;
	for (size_t i = 0; i < ATTACH_WRITERS; i++) {
		struct attach_writer *w = &in->writers[i];

		if (w->session != NULL && w->state == ATTACH_WAITING &&
		    (first == NULL || w->begun_ms < first->begun_ms))
			first = w;
	}
	if (first == NULL) {
		close(fd);
		return 0;
	}
	first->fd = fd;
	first->state = ATTACH_FEEDING;
	event_del(first->timer);
	first->readable = event_new(r->base, fd, EV_READ | EV_PERSIST, on_readable, first);
	first->writable = event_new(r->base, fd, EV_WRITE | EV_PERSIST, on_writable, first);
	if (first->readable == NULL || first->writable == NULL ||
	    event_add(first->readable, NULL) < 0)
		attach_fail(first, EX_TEMPFAIL, "the service is busy: try again in a moment");
	else
		cleaning_feed(first);
	return 0;
}

void
cleaning_end(struct attach_writer *w)
{
	struct event **events[] = { &w->timer, &w->readable, &w->writable };
	bool had_one = w->fd >= 0;

	for (size_t i = 0; i < NELEM(events); i++) {
		if (*events[i] != NULL)
			event_free(*events[i]);
		*events[i] = NULL;
	}
	if (had_one)
		close(w->fd);
	w->fd = -1;
	if (had_one)
		ask(w->room); /* somebody else may have the next one */
}

/* ---- feeding it --------------------------------------------------------------------------------- */

void
cleaning_feed(struct attach_writer *w)
{
	while (w->at < w->held) {
		ssize_t n =
		    send(w->fd, w->piece + w->at, w->held - w->at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			event_add(w->writable, NULL);
			after(w, ANSWER_MS);
			return;
		}
		if (n < 0) {
			w->last = true; /* it hears no more: what does it say? */
			break;
		}
		w->at += (size_t)n;
	}
	event_del(w->writable);
	sodium_memzero(w->piece, w->held);
	w->at = w->held = 0;
	if (!w->last) {
		event_del(w->timer);
		attach_go_on(w);
		return;
	}
	shutdown(w->fd, SHUT_WR);
	w->state = ATTACH_CLEANING;
	after(w, ANSWER_MS);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	cleaning_feed(arg);
}

/* ---- hearing it --------------------------------------------------------------------------------- */

static void
broken(struct attach_writer *w)
{
	attach_fail(w, EX_TEMPFAIL,
	    "the cleaner broke off at attachment %u, so that nothing was filed: try again, and if "
	    "that does not help, send a screenshot of it",
	    number_of(w));
}

/* Bytes that are clean: seal them, and be done when they are all. False: w is gone. */
static bool
take(struct attach_writer *w, const uint8_t *p, size_t len)
{
	const struct intake_session *x = session_extra(w->session);

	if (len > w->left) {
		broken(w);
		return false;
	}
	if (!attach_seal(w, p, len))
		return false;
	w->left -= len;
	if (w->left == 0) {
		(void)attach_seal_end(w, false);
		return false;
	}
	if (x->pieces_waiting >= PIECES_MOST)
		event_del(w->readable);
	return true;
}

void
cleaning_resume(struct attach_writer *w)
{
	const struct intake_session *x = session_extra(w->session);

	if (x->pieces_waiting < PIECES_MOST)
		event_add(w->readable, NULL);
}

/* What a cleaner tells the reporter goes on to nobody else. */
static void
refused(struct attach_writer *w, const char *text)
{
	if (utf8_printable(text, strlen(text)) && *text != '\0')
		attach_fail(w, EX_DATAERR, "attachment %u: %s", number_of(w), text);
	else
		broken(w);
}

/* The whole first line, and len bytes behind it. */
static void
judge(struct attach_writer *w, const char *line, const uint8_t *rest, size_t len)
{
	const struct intake_session *x = session_extra(w->session);
	const uint64_t most = w->room->setup->limits->attachment_bytes;
	char name[FILE_TYPE_MAX];
	int n = 0, type;
	uint64_t bytes;

	_Static_assert(FILE_TYPE_MAX > 79, "as it is read below");
	if (sscanf(line, "candor-refuse 1 %*d %n", &n) == 0 && n > 0) {
		refused(w, line + n);
		return;
	}
	if (w->state != ATTACH_CLEANING ||
	    sscanf(line, "candor-clean 1 %79[a-z0-9./+-] %" SCNu64 "%n", name, &bytes, &n) != 2 ||
	    line[n] != '\0' || (type = file_type_find(name)) < 0) {
		broken(w);
		return;
	}
	if (bytes > most) {
		attach_fail(w, EX_DATAERR,
		    "attachment %u has %" PRIu64 " bytes once it is clean, %" PRIu64
		    " are allowed: send a part of it",
		    number_of(w), bytes, most);
		return;
	}
	w->type = (unsigned)type;
	w->left = bytes;
	w->state = ATTACH_TAKING;
	if (attach_seal_begin(w, x->recipient))
		(void)take(w, rest, len);
}

static void
on_line(struct attach_writer *w)
{
	uint8_t *lf;
	ssize_t n = recv(w->fd, w->line + w->line_len, sizeof(w->line) - w->line_len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		broken(w);
		return;
	}
	w->line_len += (size_t)n;
	if ((lf = memchr(w->line, '\n', w->line_len)) != NULL) {
		*lf = '\0';
		judge(w, (const char *)w->line, lf + 1, (size_t)(w->line + w->line_len - lf) - 1);
	} else if (w->line_len == sizeof(w->line)) {
		broken(w);
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct attach_writer *w = arg;
	ssize_t n;

	(void)what;
	if (w->state != ATTACH_TAKING) {
		on_line(w);
		return;
	}
	n = recv(fd, w->piece, sizeof(w->piece), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		broken(w);
	else if (take(w, w->piece, (size_t)n))
		sodium_memzero(w->piece, (size_t)n);
}
