/* SPDX-License-Identifier: ISC */
/*
 * The life of a room: see room.h. Every room, and nothing but rooms. Knows no message beyond those
 * of the supervisor, and never opens what the supervisor did not hand over.
 */
#include "common/room.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

/* What may wait for one other room. */
#define PEER_QUEUE_BYTES (8u << 20)
#define SUPERVISOR_QUEUE_BYTES (1u << 20)
/* wire_unpack() takes at most 50 times the largest body; pages that stay empty cost nothing. */
#define SETUP_ARENA_BYTES (4u << 20)

/* A channel to another room. */
struct peer {
	struct peer *next;
	struct channel *ch;
	struct room *room;
};

/* A room and what its author need not see. The room comes first. */
struct corridor {
	struct room room;
	uint8_t *setup_memory;
	struct peer *peers;
	int fds[CHANNEL_FDS_MAX];
	size_t n_fds;
	char fd_names[CHANNEL_FDS_MAX][32];
	int status;
};

static struct corridor *
corridor_of(struct room *r)
{
	return (struct corridor *)r;
}

static int
to_handler(
    struct room *r, struct channel *from, unsigned kind, uint32_t tag, const ProtobufCMessage *msg)
{
	for (size_t i = 0; i < r->spec->n_on; i++)
		if (r->spec->on[i].kind == kind)
			return r->spec->on[i].fn(r, from, tag, msg);
	return CANDOR_EBADMSG;
}

static int
peer_message(
    struct channel *ch, unsigned kind, uint32_t tag, const ProtobufCMessage *msg, void *arg)
{
	struct peer *p = arg;

	return to_handler(p->room, ch, kind, tag, msg);
}

static void
peer_drop(struct peer *p)
{
	struct corridor *c = corridor_of(p->room);

	for (struct peer **at = &c->peers; *at != NULL; at = &(*at)->next) {
		if (*at == p) {
			*at = p->next;
			break;
		}
	}
	if (c->room.spec->peer_down != NULL)
		c->room.spec->peer_down(&c->room, p->ch);
	channel_free(p->ch);
	free(p);
}

static void
peer_gone(struct channel *ch, const char *why, void *arg)
{
	struct peer *p = arg;

	if (why != NULL)
		room_accuse(p->room, channel_peer(ch), channel_peer_index(ch), why);
	peer_drop(p);
}

static void
peer_drained(struct channel *ch, void *arg)
{
	struct peer *p = arg;

	if (p->room->spec->drained != NULL)
		p->room->spec->drained(p->room, ch);
}

static const struct channel_events peer_events = { peer_message, peer_gone, peer_drained };

/* Unpack a slice into memory of its own and make it the current one. The old one is returned. */
static int
take_setup(struct corridor *c, struct span body, uint8_t **old)
{
	struct arena a;
	ProtobufCMessage *msg;
	uint8_t *memory = malloc(SETUP_ARENA_BYTES);
	int r = CANDOR_ENOMEM;

	if (memory == NULL)
		return r;
	arena_init(&a, memory, SETUP_ARENA_BYTES);
	r = wire_unpack(
	    &a, &msg, MSG_ROOM_SETUP, PARTY_SUPERVISOR, c->room.spec->id, body.p, body.len);
	if (r < 0 || ((Candor__RoomSetup *)msg)->room != c->room.spec->id) {
		free(memory);
		return r < 0 ? r : CANDOR_EBADMSG;
	}
	*old = c->setup_memory;
	c->setup_memory = memory;
	c->room.setup = (const Candor__RoomSetup *)msg;
	return 0;
}

static int
on_setup(struct corridor *c, struct channel *ch)
{
	uint8_t *old;
	int r;

	if ((r = take_setup(c, channel_body(ch), &old)) < 0)
		return r;
	log_set_level((enum log_level)c->room.setup->log_level);
	if (c->room.spec->reload != NULL)
		c->room.spec->reload(&c->room);
	free(old);
	return 0;
}

static struct peer *
find_peer(const struct room *r, enum wire_party id, unsigned index, const char *name)
{
	struct peer *p = ((const struct corridor *)r)->peers;

	while (p != NULL && (channel_peer(p->ch) != id ||
				(name != NULL ? strcmp(channel_peer_name(p->ch), name) != 0
					      : channel_peer_index(p->ch) != index)))
		p = p->next;
	return p;
}

static int
on_peer(struct corridor *c, struct channel *ch, const Candor__RoomPeer *msg)
{
	struct room *r = &c->room;
	int fd = channel_take_fd(ch);
	struct peer *p;

	if (fd < 0 || msg->room <= PARTY_SUPERVISOR || msg->room >= PARTY__N) {
		if (fd >= 0)
			close(fd);
		return CANDOR_EBADMSG;
	}
	/* A room that was restarted may be back before the end of its old channel was seen, and before its
	 * last words were read. */
	if ((p = find_peer(r, (enum wire_party)msg->room, msg->index, NULL)) != NULL)
		channel_read_rest(p->ch);
	if ((p = find_peer(r, (enum wire_party)msg->room, msg->index, NULL)) != NULL)
		peer_drop(p);
	if ((p = calloc(1, sizeof(*p))) == NULL)
		fatal(EX_OSERR, "out of memory");
	p->room = r;
	p->ch = channel_new(r->base, fd, r->spec->id, (enum wire_party)msg->room, msg->index,
	    msg->name, &r->arena, PEER_QUEUE_BYTES, &peer_events, p);
	if (p->ch == NULL)
		fatal(EX_OSERR, "out of memory");
	p->next = c->peers;
	c->peers = p;
	if (r->spec->peer_up != NULL)
		r->spec->peer_up(r, p->ch);
	return 0;
}

static int
supervisor_message(
    struct channel *ch, unsigned kind, uint32_t tag, const ProtobufCMessage *msg, void *arg)
{
	struct corridor *c = arg;

	switch (kind) {
	case MSG_ROOM_SETUP:
		return on_setup(c, ch);
	case MSG_ROOM_PEER:
		return on_peer(c, ch, (const Candor__RoomPeer *)msg);
	case MSG_ROOM_STOP:
		if (c->room.spec->stop != NULL)
			c->room.spec->stop(&c->room);
		else
			room_leave(&c->room);
		return 0;
	default:
		return to_handler(&c->room, ch, kind, tag, msg);
	}
}

/* Without its supervisor a room has nobody to restart it, or to stop it: it leaves. */
static void
supervisor_gone(struct channel *ch, const char *why, void *arg)
{
	struct corridor *c = arg;

	(void)ch;
	if (why != NULL) {
		log_error("the supervisor sent %s", why);
		c->status = EX_PROTOCOL;
	}
	event_base_loopbreak(c->room.base);
}

static const struct channel_events supervisor_events = { supervisor_message, supervisor_gone,
	NULL };

static struct event_base *
make_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config == NULL)
		return NULL;
	if (event_config_avoid_method(config, "poll") == 0 &&
	    event_config_avoid_method(config, "select") == 0 &&
	    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV) == 0)
		base = event_base_new_with_config(config);
	event_config_free(config);
	if (base != NULL && event_base_priority_init(base, ROOM_PRIORITIES) < 0) {
		event_base_free(base);
		base = NULL;
	}
	return base;
}

/* The supervisor alone decides when a room leaves, not a Ctrl-C that reaches the whole group. */
static void
ignore_signals(void)
{
	static const int ignored[] = { SIGPIPE, SIGINT, SIGHUP, SIGTERM };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	for (size_t i = 0; i < NELEM(ignored); i++)
		sigaction(ignored[i], &ignore, NULL);
}

/* Wait for the first packet, ROOM_SETUP, and take what came with it. */
static void
receive_setup(struct corridor *c)
{
	struct pollfd readable = { .fd = ROOM_SUPERVISOR_FD, .events = POLLIN };
	uint8_t *buf = malloc(WIRE_PACKET_MAX), *old;
	const Candor__RoomSetup *setup;
	struct span body;
	unsigned kind;
	char name[64];
	int r;

	if (buf == NULL)
		fatal(EX_OSERR, "out of memory");
	do {
		poll(&readable, 1, -1);
		r = channel_receive_fds(ROOM_SUPERVISOR_FD, buf, &kind, &body, c->fds, &c->n_fds);
	} while (r == CANDOR_EAGAIN);
	if (r == CANDOR_ENOTFOUND) /* no socket there: somebody ran the room by hand */
		fatal(EX_USAGE, "a room is started by candord, not by hand");
	if (r < 0 || kind != MSG_ROOM_SETUP || take_setup(c, body, &old) < 0)
		fatal(EX_PROTOCOL, "the supervisor's first message is no ROOM_SETUP for this room");
	free(buf);
	setup = c->room.setup;
	if (setup->n_fds != c->n_fds)
		fatal(EX_PROTOCOL, "ROOM_SETUP names %zu descriptors and brings %zu", setup->n_fds,
		    c->n_fds);
	for (size_t i = 0; i < c->n_fds; i++)
		snprintf(c->fd_names[i], sizeof(c->fd_names[i]), "%s", setup->fds[i]);
	if (setup->room == PARTY_HOST && setup->n_plugins == 1)
		snprintf(name, sizeof(name), "candor-host[%s]", setup->plugins[0]->name);
	else
		snprintf(name, sizeof(name), "candor-%s[%u]",
		    wire_party_name((enum wire_party)setup->room), (unsigned)setup->index);
	log_init(name, (enum log_level)setup->log_level);
}

/* Lift the soft limit on locked memory as far as it goes; slab_init() then says whether it does. */
static void
raise_memlock(size_t bytes)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_MEMLOCK, &lim) < 0 || lim.rlim_cur >= bytes)
		return;
	if (lim.rlim_max < bytes) {
		struct rlimit more = { bytes, bytes };

		if (setrlimit(RLIMIT_MEMLOCK, &more) == 0)
			return;
	}
	lim.rlim_cur = lim.rlim_max;
	setrlimit(RLIMIT_MEMLOCK, &lim);
}

static void
make_memory(struct room *r)
{
	const struct room_spec *spec = r->spec;
	void *arena;
	int err;

	if (spec->slab_bytes > 0) {
		raise_memlock(spec->slab_bytes + (1u << 20));
		err = slab_init(&r->slab, spec->slab_bytes);
		if (err == CANDOR_EPERM)
			fatal(EX_OSERR,
			    "cannot lock %zu KiB of memory for keys and plaintext: raise "
			    "RLIMIT_MEMLOCK (LimitMEMLOCK= of the service) to at least that",
			    spec->slab_bytes >> 10);
		if (err < 0)
			fatal(EX_OSERR, "out of memory");
		arena = slab_carve(&r->slab, spec->arena_bytes);
	} else {
		arena = malloc(spec->arena_bytes);
	}
	if (arena == NULL)
		fatal(
		    EX_OSERR, "no room for the request arena of %zu KiB", spec->arena_bytes >> 10);
	arena_init(&r->arena, arena, spec->arena_bytes);
}

int
room_run(const struct room_spec *spec)
{
	/* Not on the stack: a room's state stays reachable while the process exits. */
	static struct corridor corridor;
	const Candor__Empty ready = CANDOR__EMPTY__INIT;
	struct corridor *c = &corridor;
	struct room *r = &c->room;

	*c = (struct corridor){ .room = { .spec = spec } };
	log_init(wire_party_name(spec->id), LOG_LEVEL_INFO);
	ignore_signals();
	tzset();
	receive_setup(c);
	make_memory(r);
	if ((r->base = make_base()) == NULL)
		fatal(EX_OSERR, "no event loop: epoll is not available");
	r->sandbox = (struct sandbox){ .name = wire_party_name(spec->id),
		.calls = spec->calls,
		.n_calls = spec->n_calls,
		.uid = r->setup->uid,
		.max_fds = spec->max_fds,
		.best_effort = r->setup->best_effort };
	r->supervisor = channel_new(r->base, ROOM_SUPERVISOR_FD, spec->id, PARTY_SUPERVISOR, 0,
	    NULL, &r->arena, SUPERVISOR_QUEUE_BYTES, &supervisor_events, c);
	if (r->supervisor == NULL)
		fatal(EX_OSERR, "out of memory");
	channel_expect_fds(r->supervisor);

	if (spec->setup != NULL && spec->setup(r) < 0)
		return EX_CONFIG;
	if (sandbox_enter(&r->sandbox) < 0)
		return EX_OSERR;
	if (spec->start != NULL && spec->start(r) < 0)
		return EX_CONFIG;
	if (channel_send(r->supervisor, MSG_ROOM_READY, 0, &ready.base) < 0)
		return EX_PROTOCOL;
	log_debug("ready");
	if (event_base_dispatch(r->base) < 0)
		c->status = EX_SOFTWARE;
	slab_free(&r->slab);
	return c->status;
}

int
room_fd(const struct room *r, const char *name)
{
	const struct corridor *c = (const struct corridor *)r;

	for (size_t i = 0; i < c->n_fds; i++)
		if (strcmp(c->fd_names[i], name) == 0)
			return c->fds[i];
	return -1;
}

struct channel *
room_channel(const struct room *r, enum wire_party id, unsigned index)
{
	const struct peer *p = find_peer(r, id, index, NULL);

	return p != NULL ? p->ch : NULL;
}

struct channel *
room_channel_named(const struct room *r, enum wire_party id, const char *name)
{
	const struct peer *p = find_peer(r, id, 0, name);

	return p != NULL ? p->ch : NULL;
}

void
room_each_channel(struct room *r, enum wire_party id,
    void (*fn)(struct room *r, struct channel *ch, void *arg), void *arg)
{
	struct peer *next;

	for (struct peer *p = corridor_of(r)->peers; p != NULL; p = next) {
		next = p->next;
		if (channel_peer(p->ch) == id)
			fn(r, p->ch, arg);
	}
}

void
room_accuse(struct room *r, enum wire_party id, unsigned index, const char *why)
{
	Candor__RoomAccuse msg = CANDOR__ROOM_ACCUSE__INIT;
	char text[256];

	snprintf(text, sizeof(text), "%s", why);
	log_warning("%s %u is at fault: %s", wire_party_name(id), index, text);
	msg.room = id;
	msg.index = index;
	msg.why = text;
	if (channel_send(r->supervisor, MSG_ROOM_ACCUSE, 0, &msg.base) < 0)
		log_error("the supervisor does not hear of it");
}

void
room_leave(struct room *r)
{
	event_base_loopexit(r->base, NULL);
}
