/* SPDX-License-Identifier: ISC */
/*
 * Users' sessions: see session.h. intake and desk. Asks the kernel for bytes and nothing else: no
 * address, no option, no credential of who calls; logs nothing that one of them causes.
 */
#include "common/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <sodium/core.h>
#include <sodium/utils.h>

#include "candor/pad.h"

/* How long accepting rests when the process or the system is out of descriptors. */
#define ACCEPT_REST_MS 100
/* Ciphertext of unfinished frames and unsent answers, of all sessions. */
#define BUFFERED_MAX (32u << 20)
#define BUFFER_MIN 4096u
/* A handshake's first message: an ephemeral key, with IK a static one, and their tags. */
#define HANDSHAKE_MAX (2 * NOISE_KEY_BYTES + 2 * NOISE_TAG_BYTES)
#define REFUSAL_TEXT_MAX 900
/* Expiry is looked for this many times in the shorter of the two time limits. */
#define TICKS_IN_LIMIT 8

/* Where a session stands. Each state is a list, oldest first, so that a time limit is a look at its
 * head and making room takes the head. */
enum state {
	FREE,
	HANDSHAKE, /* accepted; nothing decrypted yet */
	IDLE,      /* between requests */
	PARTIAL,   /* a frame has begun, or the first is awaited */
	SENDING,   /* the answer waits for the client to read */
	BUSY,      /* a request waits for its answer; never dropped */
	STATE__N
};

/* Whoever has to make room for a new session, in this order. */
static const enum state victims[] = { HANDSHAKE, IDLE, PARTIAL, SENDING };

/* What lies in the slab for each session; the room's extra bytes follow. */
struct secret {
	_Alignas(16) struct noise_session noise;
	uint8_t remote[NOISE_KEY_BYTES];
};

_Static_assert(SESSION_SLAB_BYTES(0) == ((sizeof(struct secret) + 63) & ~(size_t)63), "its header");
_Static_assert(
    sizeof(struct noise_handshake) + FRAME_MAX + 2 * 64 <= SESSION_TABLES_BYTES, "its header");

struct session {
	struct session_server *server;
	struct secret *secret;
	TAILQ_ENTRY(session) entry;
	enum state state;
	uint64_t since_ms; /* in this state */
	int fd;
	struct event *readable, *writable;
	uint8_t *in, *out; /* ciphertext that is incomplete or unsent; NULL mostly */
	size_t in_len, in_cap, out_len, out_sent;
	uint32_t tag; /* of the request at hand or the last one */
	struct span body;
	bool handshaken;
	bool not_listening; /* readable is off until may_read() again */
	bool closing;       /* after what is being sent */
	bool dead;          /* to be closed from the event loop, not under a caller's feet */
	bool running;       /* take() is on the stack */
};

TAILQ_HEAD(session_list, session);

struct session_server {
	struct room *room;
	struct session_config config;
	uint8_t prologue[FRAME_PROLOGUE_BYTES];
	struct noise_handshake *handshake; /* in the slab; used within one callback */
	struct session *sessions;
	struct session_list list[STATE__N];
	unsigned waiting;
	unsigned slot_bits;
	size_t buffered;
	struct event *acceptable, *rested, *tick;
	struct timeval tick_every;
	bool started, stopping, paused, resting, accepting, ticking, starved;
	uint8_t *out; /* FRAME_MAX bytes in the slab: sealed in place, so plaintext at first */
	uint8_t in[FRAME_MAX]; /* ciphertext of the session being served */
};

static void on_readable(evutil_socket_t fd, short what, void *arg);
static void on_writable(evutil_socket_t fd, short what, void *arg);

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
set_state(struct session *s, enum state state)
{
	struct session_server *v = s->server;

	TAILQ_REMOVE(&v->list[s->state], s, entry);
	if (s->state == BUSY)
		v->waiting--;
	if (state == BUSY)
		v->waiting++;
	s->state = state;
	s->since_ms = now_ms();
	TAILQ_INSERT_TAIL(&v->list[state], s, entry);
}

static bool
may_read(const struct session *s)
{
	return !s->server->paused && !s->closing && !s->dead &&
	       (s->state == HANDSHAKE || s->state == IDLE || s->state == PARTIAL);
}

/* The session that a new one may displace, or NULL. */
static struct session *
victim(struct session_server *v)
{
	struct session *s = NULL;

	for (size_t i = 0; i < NELEM(victims) && s == NULL; i++)
		s = TAILQ_FIRST(&v->list[victims[i]]);
	return s;
}

/* Listen, or not, as things are now. */
static void
update_accepting(struct session_server *v)
{
	bool want = v->started && !v->stopping && !v->paused && !v->resting &&
		    (!TAILQ_EMPTY(&v->list[FREE]) || victim(v) != NULL);

	if (want == v->accepting)
		return;
	v->accepting = want;
	if (want)
		event_add(v->acceptable, NULL);
	else
		event_del(v->acceptable);
}

/* ---- buffers: ciphertext only ------------------------------------------------------------------- */

static void
drop_in(struct session *s)
{
	s->server->buffered -= s->in_cap;
	free(s->in);
	s->in = NULL;
	s->in_len = s->in_cap = 0;
}

static void
drop_out(struct session *s)
{
	s->server->buffered -= s->out_len;
	free(s->out);
	s->out = NULL;
	s->out_len = s->out_sent = 0;
}

static void
session_close(struct session *s)
{
	struct session_server *v = s->server;

	if (s->handshaken && v->config.closed != NULL)
		v->config.closed(v->room, s);
	sodium_memzero(s->secret, sizeof(*s->secret) + v->config.extra_bytes);
	event_del(s->readable);
	event_del(s->writable);
	close(s->fd);
	drop_in(s);
	drop_out(s);
	s->fd = -1;
	s->handshaken = s->not_listening = s->closing = s->dead = s->running = false;
	set_state(s, FREE);
	update_accepting(v);
}

/* Too much is buffered: whoever has most goes. False when that is s itself, which is being served. */
static bool
within_budget(struct session *s)
{
	struct session_server *v = s->server;

	while (v->buffered > BUFFERED_MAX) {
		struct session *most = s;

		for (size_t i = 0; i < NELEM(victims); i++) {
			struct session *at;

			TAILQ_FOREACH(at, &v->list[victims[i]], entry)
			if (at->in_cap + at->out_len > most->in_cap + most->out_len)
				most = at;
		}
		if (most == s)
			return false;
		session_close(most);
	}
	return true;
}

static bool
resize_in(struct session *s, size_t cap)
{
	uint8_t *in = realloc(s->in, cap);

	if (in == NULL)
		return false;
	s->server->buffered += cap - s->in_cap;
	s->in = in;
	s->in_cap = cap;
	return within_budget(s);
}

/* Keep what is left at p, in the server's buffer or the session's own, for later. */
static bool
keep(struct session *s, const uint8_t *p, size_t len)
{
	if (len == 0) {
		drop_in(s);
		return true;
	}
	if (s->in == NULL && !resize_in(s, len))
		return false;
	memmove(s->in, p, len);
	s->in_len = len;
	return true;
}

/* ---- sending ------------------------------------------------------------------------------------ */

static void
send_bytes(struct session *s, const uint8_t *p, size_t len)
{
	uint8_t *out;

	if (s->out == NULL) {
		ssize_t n = send(s->fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			s->dead = true;
			return;
		}
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
		if (len == 0)
			return;
	}
	out = realloc(s->out, s->out_len + len);
	if (out == NULL) {
		s->dead = true;
		return;
	}
	memcpy(out + s->out_len, p, len);
	s->out = out;
	s->out_len += len;
	s->server->buffered += len;
	if (!within_budget(s) || event_add(s->writable, NULL) < 0)
		s->dead = true;
}

/* The session may go on reading, or is to be closed: from the event loop, since the caller may
 * still hold it. */
static void
wake(struct session *s)
{
	if (s->running)
		return;
	if (s->not_listening && may_read(s)) {
		s->not_listening = false;
		event_add(s->readable, NULL);
	}
	if (s->dead || s->in_len > 0)
		event_active(s->readable, EV_READ, 0);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;
	ssize_t n =
	    send(fd, s->out + s->out_sent, s->out_len - s->out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		session_close(s);
		return;
	}
	s->out_sent += (size_t)n;
	if (s->out_sent < s->out_len)
		return;
	drop_out(s);
	event_del(s->writable);
	if (s->closing) {
		session_close(s);
		return;
	}
	if (s->state == SENDING) {
		set_state(s, IDLE);
		update_accepting(s->server);
		wake(s);
	}
}

/* Seal and send the answer to the request at hand; leaves the session alive in any case. */
static void
answer(struct session *s, unsigned kind, const uint8_t *body, size_t len)
{
	struct session_server *v = s->server;
	size_t frame_len;

	if (frame_seal(&s->secret->noise, v->out, &frame_len, kind, body, len) < 0)
		s->dead = true;
	else
		send_bytes(s, v->out, frame_len);
	if (v->stopping)
		s->closing = true;
	if (s->closing && s->out == NULL)
		s->dead = true;
	set_state(s, s->out != NULL || s->dead ? SENDING : IDLE);
	update_accepting(v);
	wake(s);
	if (v->stopping && v->waiting == 0)
		room_leave(v->room);
}

static bool
may_answer(const struct session *s, unsigned kind, size_t len)
{
	const struct wire_row *row = wire_row(kind);

	return row != NULL && len <= row->max &&
	       wire_allowed(row, s->server->room->spec->id, s->server->config.client);
}

void
session_answer_packed(struct session *s, unsigned kind, const uint8_t *body, size_t len)
{
	if (s->state != BUSY)
		return;
	if (!may_answer(s, kind, len)) {
		log_error("an answer of kind %u does not fit", kind);
		session_refuse(s, EX_SOFTWARE, "The answer is too large; ask for less.");
		return;
	}
	answer(s, kind, body, len);
}

void
session_answer(struct session *s, unsigned kind, const ProtobufCMessage *msg)
{
	struct arena *a = &s->server->room->arena;
	arena_mark_t mark = arena_mark(a);
	struct span body;

	if (wire_pack(a, &body, msg) < 0)
		session_refuse(s, EX_TEMPFAIL, "The service is busy; try again in a minute.");
	else
		session_answer_packed(s, kind, body.p, body.len);
	arena_release(a, mark);
}

static void
refuse(struct session *s, unsigned code, char *text)
{
	Candor__Refusal msg = CANDOR__REFUSAL__INIT;
	uint8_t body[REFUSAL_TEXT_MAX + 16];

	msg.code = code;
	msg.text = text;
	answer(s, MSG_REFUSAL, body, candor__refusal__pack(&msg, body));
	sodium_memzero(body, sizeof(body));
}

void
session_refuse(struct session *s, unsigned code, const char *fmt, ...)
{
	char text[REFUSAL_TEXT_MAX];
	size_t len;
	va_list ap;
	int n;

	if (s->state != BUSY)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* Cut between two characters, not in one. */
	if (n >= (int)sizeof(text)) {
		len = sizeof(text) - 1;
		while (len > 0 && ((unsigned char)text[len - 1] & 0xc0) == 0x80)
			len--;
		text[len > 0 ? len - 1 : 0] = '\0';
	}
	refuse(s, code, text);
	sodium_memzero(text, sizeof(text)); /* it may quote the request */
}

void
session_refuse_all(struct session_server *v, unsigned code, const char *text)
{
	struct session *s;

	while ((s = TAILQ_FIRST(&v->list[BUSY])) != NULL)
		session_refuse(s, code, "%s", text);
}

/* ---- receiving ---------------------------------------------------------------------------------- */

static size_t
frame_length(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

static bool
is_complete(const uint8_t *p, size_t len)
{
	return len >= FRAME_LENGTH_BYTES && len - FRAME_LENGTH_BYTES >= frame_length(p);
}

/* The client's handshake message, and ours. */
static int
shake_hands(struct session *s, const uint8_t *message, size_t len)
{
	struct session_server *v = s->server;
	struct noise_handshake *hs = v->handshake;
	uint8_t none[1];
	size_t n = 0;
	int r;

	if ((r = noise_begin(hs, v->config.pattern, NOISE_RESPONDER, v->prologue,
		 sizeof(v->prologue), v->config.key, v->config.key_public, NULL)) == 0 &&
	    (r = noise_read(hs, none, 0, &n, message, len)) == 0 &&
	    (r = noise_write(hs, v->out + FRAME_LENGTH_BYTES, FRAME_MAX - FRAME_LENGTH_BYTES, &n,
		 NULL, 0)) == 0) {
		memcpy(s->secret->remote, hs->rs, sizeof(s->secret->remote));
		r = noise_split(hs, &s->secret->noise);
	}
	sodium_memzero(hs, sizeof(*hs));
	if (r < 0)
		return r;
	v->out[0] = (uint8_t)(n >> 8);
	v->out[1] = (uint8_t)n;
	send_bytes(s, v->out, FRAME_LENGTH_BYTES + n);
	s->handshaken = true;
	set_state(s, PARTIAL);
	return 0;
}

/* Another tag than this slot had before, for as many requests as the bits above the slot count. */
static void
next_tag(struct session *s)
{
	const struct session_server *v = s->server;
	uint32_t slot = (uint32_t)(s - v->sessions);
	uint32_t generation = (s->tag >> v->slot_bits) + 1;

	s->tag = generation << v->slot_bits | slot;
	if (s->tag >> v->slot_bits == 0) /* 0 is nobody's tag */
		s->tag = UINT32_C(1) << v->slot_bits | slot;
}

/* One request: its plaintext lies in the room's arena and is wiped before the return. */
static int
serve(struct session *s, const uint8_t *message, size_t len)
{
	static char malformed[] = "The daemon does not understand this client: its version may be "
				  "another. Install the client that belongs to this site.";
	struct session_server *v = s->server;
	struct room *r = v->room;
	arena_mark_t mark = arena_mark(&r->arena);
	uint8_t *plain = arena_alloc(&r->arena, len);
	ProtobufCMessage *msg;
	unsigned kind;
	int err = CANDOR_ENOMEM;

	if (plain != NULL)
		err = frame_open(&s->secret->noise, plain, &kind, &s->body, message, len);
	if (err == 0) {
		next_tag(s);
		set_state(s, BUSY);
		if (wire_unpack(&r->arena, &msg, kind, v->config.client, r->spec->id, s->body.p,
			s->body.len) == 0) {
			v->config.request(r, s, kind, msg);
		} else {
			s->closing = true;
			refuse(s, EX_PROTOCOL, malformed);
		}
	}
	s->body = (struct span){ 0 };
	arena_release(&r->arena, mark);
	return err;
}

/* Use up the frames in len bytes at buf; what is left is kept. May close s. */
static void
take(struct session *s, const uint8_t *buf, size_t len)
{
	size_t at = 0;

	s->running = true;
	while (may_read(s) && len - at >= FRAME_LENGTH_BYTES) {
		const uint8_t *message = buf + at + FRAME_LENGTH_BYTES;
		size_t n = frame_length(buf + at);
		size_t least = s->handshaken ? PAD_FLOOR_BYTES + NOISE_TAG_BYTES : NOISE_KEY_BYTES;
		size_t most = s->handshaken ? FRAME_MAX - FRAME_LENGTH_BYTES : HANDSHAKE_MAX;

		if (n < least || n > most) {
			s->dead = true;
			break;
		}
		if (len - at - FRAME_LENGTH_BYTES < n)
			break;
		if ((s->handshaken ? serve(s, message, n) : shake_hands(s, message, n)) < 0)
			s->dead = true;
		at += FRAME_LENGTH_BYTES + n;
	}
	s->running = false;
	if (s->dead || !keep(s, buf + at, len - at)) {
		session_close(s);
		return;
	}
	/* From here the clock of a frame under way runs, and does not start again with each byte. */
	if (s->state == IDLE && s->in_len > 0)
		set_state(s, PARTIAL);
	update_accepting(s->server);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;
	struct session_server *v = s->server;
	uint8_t *buf = v->in;
	size_t cap = sizeof(v->in);
	ssize_t n;

	(void)what;
	if (s->dead) {
		session_close(s);
		return;
	}
	/* Only now, and not with each request, is the kernel told that nobody listens. */
	if (!may_read(s)) {
		event_del(s->readable);
		s->not_listening = true;
		return;
	}
	if (s->in_len > 0 && is_complete(s->in, s->in_len)) {
		take(s, s->in, s->in_len);
		return;
	}
	if (s->in_len > 0) {
		cap = 2 * s->in_len;
		cap = cap < BUFFER_MIN ? BUFFER_MIN : cap > FRAME_MAX ? FRAME_MAX : cap;
		if (cap > s->in_cap && !resize_in(s, cap)) {
			session_close(s);
			return;
		}
		buf = s->in;
		cap = s->in_cap;
	}
	n = recv(fd, buf + s->in_len, cap - s->in_len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		session_close(s);
		return;
	}
	take(s, buf, s->in_len + (size_t)n);
}

/* ---- accepting, and time ------------------------------------------------------------------------ */

static bool
session_open(struct session_server *v, int fd)
{
	struct session *s = TAILQ_FIRST(&v->list[FREE]);

	if (s == NULL && (s = victim(v)) != NULL)
		session_close(s);
	if (s == NULL) {
		close(fd);
		return false;
	}
	if (s->readable == NULL)
		s->readable = event_new(v->room->base, -1, 0, on_readable, s);
	if (s->writable == NULL)
		s->writable = event_new(v->room->base, -1, 0, on_writable, s);
	if (s->readable == NULL || s->writable == NULL ||
	    event_assign(s->readable, v->room->base, fd, EV_READ | EV_PERSIST, on_readable, s) <
		0 ||
	    event_assign(s->writable, v->room->base, fd, EV_WRITE | EV_PERSIST, on_writable, s) <
		0 ||
	    event_add(s->readable, NULL) < 0) {
		close(fd);
		return false;
	}
	s->fd = fd;
	set_state(s, HANDSHAKE);
	if (!v->ticking) {
		v->ticking = true;
		event_add(v->tick, &v->tick_every);
	}
	return true;
}

static void
on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval rest = { 0, ACCEPT_REST_MS * 1000 };
	struct session_server *v = arg;
	int user;

	(void)what;
	/* One at a time: whoever else waits is left to the worker that comes first. */
	user = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (user < 0 && (errno == EINTR || errno == ECONNABORTED || errno == EAGAIN))
		return;
	/* Fewer descriptors than sessions: whoever has idled longest makes room here too. */
	if (user < 0 && errno == EMFILE && victim(v) != NULL) {
		session_close(victim(v));
		return;
	}
	if (user < 0 || !session_open(v, user)) {
		if (!v->starved)
			log_warning("out of descriptors or memory: users have to wait");
		v->starved = true; /* once is enough: nobody shall write our log */
		v->resting = true;
		event_add(v->rested, &rest);
	}
	update_accepting(v);
}

static void
on_rested(evutil_socket_t fd, short what, void *arg)
{
	struct session_server *v = arg;

	(void)fd;
	(void)what;
	v->resting = false;
	update_accepting(v);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct session_server *v = arg;
	uint64_t now = now_ms();
	bool any = !TAILQ_EMPTY(&v->list[BUSY]);

	(void)fd;
	(void)what;
	for (size_t i = 0; i < NELEM(victims); i++) {
		bool quick = victims[i] == HANDSHAKE || victims[i] == PARTIAL;
		unsigned limit_ms = quick ? v->config.handshake_ms : v->config.idle_ms;
		struct session *s;

		while (!v->paused && (s = TAILQ_FIRST(&v->list[victims[i]])) != NULL &&
		       s->since_ms + limit_ms <= now)
			session_close(s);
		any = any || !TAILQ_EMPTY(&v->list[victims[i]]);
	}
	if (!any) {
		v->ticking = false;
		event_del(v->tick);
	}
}

/* ---- the server --------------------------------------------------------------------------------- */

struct session_server *
session_server_new(struct room *r, const struct session_config *config)
{
	struct session_server *v;
	size_t stride = SESSION_SLAB_BYTES(config->extra_bytes);
	uint8_t *secrets;
	int flags = fcntl(config->listen_fd, F_GETFL);

	if (config->max_sessions == 0 || config->max_sessions > SESSIONS_MAX ||
	    config->extra_bytes > r->slab.size || sodium_init() < 0 || flags < 0 ||
	    fcntl(config->listen_fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return NULL;
	if ((v = calloc(1, sizeof(*v))) == NULL ||
	    (v->sessions = calloc(config->max_sessions, sizeof(*v->sessions))) == NULL) {
		free(v);
		return NULL;
	}
	v->handshake = slab_carve(&r->slab, sizeof(*v->handshake));
	v->out = slab_carve(&r->slab, FRAME_MAX);
	secrets = slab_carve(&r->slab, stride * config->max_sessions);
	if (v->handshake == NULL || v->out == NULL || secrets == NULL) {
		free(v->sessions);
		free(v);
		return NULL;
	}
	r->sandbox.max_fds = config->max_sessions + SESSION_ROOM_FDS;
	v->room = r;
	v->config = *config;
	frame_prologue(v->prologue, config->site_id);
	while (config->max_sessions > 1u << v->slot_bits)
		v->slot_bits++;
	for (size_t i = 0; i < STATE__N; i++)
		TAILQ_INIT(&v->list[i]);
	for (size_t i = 0; i < config->max_sessions; i++) {
		struct session *s = &v->sessions[i];

		s->server = v;
		s->secret = (struct secret *)(void *)(secrets + i * stride);
		s->fd = -1;
		TAILQ_INSERT_TAIL(&v->list[FREE], s, entry);
	}
	return v;
}

int
session_server_start(struct session_server *v)
{
	struct event_base *base = v->room->base;
	unsigned quick =
	    v->config.handshake_ms < v->config.idle_ms ? v->config.handshake_ms : v->config.idle_ms;
	unsigned tick_ms = quick / TICKS_IN_LIMIT + 1;

	if (v->started)
		return 0;
	v->tick_every = (struct timeval){ tick_ms / 1000, (suseconds_t)(tick_ms % 1000) * 1000 };
	v->acceptable =
	    event_new(base, v->config.listen_fd, EV_READ | EV_PERSIST, on_acceptable, v);
	v->rested = event_new(base, -1, 0, on_rested, v);
	v->tick = event_new(base, -1, EV_PERSIST, on_tick, v);
	if (v->acceptable == NULL || v->rested == NULL || v->tick == NULL)
		return CANDOR_ENOMEM;
	v->started = true;
	update_accepting(v);
	return 0;
}

void
session_server_stop(struct session_server *v)
{
	struct session *s, *next;

	v->stopping = true;
	update_accepting(v);
	for (size_t i = 0; i < NELEM(victims); i++) {
		for (s = TAILQ_FIRST(&v->list[victims[i]]); s != NULL; s = next) {
			next = TAILQ_NEXT(s, entry);
			/* An answer under way is sent to its end. */
			if (s->running || (s->state == SENDING && !s->dead))
				s->closing = true;
			else
				session_close(s);
		}
	}
	if (v->waiting == 0)
		room_leave(v->room);
}

unsigned
session_server_waiting(const struct session_server *v)
{
	return v->waiting;
}

void
session_server_pause(struct session_server *v, bool pause)
{
	uint64_t now = now_ms();

	if (pause == v->paused)
		return;
	v->paused = pause;
	update_accepting(v);
	for (size_t i = 0; !pause && i < v->config.max_sessions; i++) {
		struct session *s = &v->sessions[i];

		/* The time in which nobody listened is not held against them. */
		s->since_ms = now;
		if (s->state != FREE)
			wake(s);
	}
}

uint32_t
session_tag(const struct session *s)
{
	return s->tag;
}

struct session *
session_find(struct session_server *v, uint32_t tag)
{
	uint32_t slot = tag & ((UINT32_C(1) << v->slot_bits) - 1);
	struct session *s;

	if (slot >= v->config.max_sessions)
		return NULL;
	s = &v->sessions[slot];
	return s->state == BUSY && s->tag == tag ? s : NULL;
}

void *
session_extra(struct session *s)
{
	return s->secret + 1;
}

const uint8_t *
session_remote_key(const struct session *s)
{
	return s->secret->remote;
}

struct span
session_body(const struct session *s)
{
	return s->body;
}
