/* SPDX-License-Identifier: ISC */
/*
 * The life of a room: from exec to the last message. Every daemon/X/main.c describes itself in
 * one struct room_spec and calls room_run().
 *
 * A room is started with an empty environment, no arguments beyond its name, its standard error for
 * the log, and descriptor 3: a channel to the supervisor. The first packet on it is ROOM_SETUP with
 * the room's slice of the configuration and its files. Later ones bring channels to other rooms
 * (ROOM_PEER), a new slice (ROOM_SETUP) or ROOM_STOP.
 */
#ifndef CANDOR_ROOM_H
#define CANDOR_ROOM_H

#include <event2/event.h>

#include "candor/candor_pb.h"
#include "candor/wire.h"

#include "common/channel.h"
#include "common/log.h"
#include "common/sandbox.h"

#define ROOM_SUPERVISOR_FD 3
/* Slot 0 is served before 1: what comes in before what is done with it (store commits in 1). */
#define ROOM_PRIORITIES 2

struct room;

struct room_handler {
	uint16_t kind;
	/* Return < 0 for a message that no honest peer would send. The channel is then closed and the
	 * peer accused. msg is the struct of the kind's row in wire.h, in r->arena, for this call only. */
	int (*fn)(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg);
};

struct room_spec {
	enum wire_party id;
	const struct room_handler *on;
	size_t n_on;
	/* Unconfined, once: open files, load keys, load data. < 0 after a log line: the room leaves. */
	int (*setup)(struct room *r);
	/* Confined, just before the loop: make events. May be NULL. */
	int (*start)(struct room *r);
	/* r->setup is a new slice, and the old one is gone afterwards (the fds of the first stay). May be
	 * NULL. Hosts get none: they are started anew. */
	void (*reload)(struct room *r);
	void (*peer_up)(struct room *r, struct channel *ch); /* may be NULL */
	void (*peer_down)(
	    struct room *r, struct channel *ch);             /* may be NULL; ch is freed after it */
	void (*drained)(struct room *r, struct channel *ch); /* may be NULL */
	/* ROOM_STOP: finish what is in hand, then room_leave(). NULL: leave at once. */
	void (*stop)(struct room *r);
	const struct sandbox_call *calls;
	size_t n_calls;
	size_t slab_bytes;  /* locked memory: r->slab; the request arena is cut from it. 0: none */
	size_t arena_bytes; /* r->arena: on the slab if there is one, else on the heap */
	size_t max_fds;
};

struct room {
	const struct room_spec *spec;
	struct event_base *base;
	const Candor__RoomSetup *setup; /* the current slice */
	struct slab slab;
	struct arena arena;     /* one request's memory, wiped when its handler returns */
	struct sandbox sandbox; /* setup() may add paths and set tcp */
	struct channel *supervisor;
	void *state; /* the room's own */
};

/* Never returns but to exit main(). Every room. */
int room_run(const struct room_spec *spec);

/* The descriptor that came with the name in ROOM_SETUP, or -1. The room's to keep. */
int room_fd(const struct room *r, const char *name);

/* The channel to a room, NULL while it is away. index is for intake and hosts. */
struct channel *room_channel(const struct room *r, enum wire_party id, unsigned index);
/* The same for a host, by its plugin's name. */
struct channel *room_channel_named(const struct room *r, enum wire_party id, const char *name);
/* Call fn for every channel to a room of this kind. */
void room_each_channel(struct room *r, enum wire_party id,
    void (*fn)(struct room *r, struct channel *ch, void *arg), void *arg);

/* Ask the supervisor to kill and restart a room that sent garbage or hangs. */
void room_accuse(struct room *r, enum wire_party id, unsigned index, const char *why);

/* Leave the loop, and the process with status 0. */
void room_leave(struct room *r);

/* Read a 32-byte key, as hex or as an age identity's text, from the descriptor into out, and close it. */
int room_read_key(int fd, uint8_t out[32]) MUST_CHECK;

#endif
