/* SPDX-License-Identifier: ISC */
/*
 * A channel: one end of a SOCK_SEQPACKET pair between two rooms. One packet is one message: a header
 * of eight bytes (kind, zero, tag) and a protobuf body, at most WIRE_PACKET_MAX. Bodies are looked
 * up in wire.h, checked and unpacked before a handler sees them. Every room.
 */
#ifndef CANDOR_CHANNEL_H
#define CANDOR_CHANNEL_H

#include <event2/event.h>

#include "candor/wire.h"

struct channel;

/* What the owner of a channel is told. */
struct channel_events {
	/*
	 * A checked message. Lies in the channel's arena, gone after the return; tag is what the sender
	 * chose, and is repeated in the answer. Return 0, or < 0 when the message, though well-formed,
	 * cannot come from an honest peer: the channel is closed then, as for a malformed one.
	 */
	int (*message)(struct channel *ch, unsigned kind, uint32_t tag, const ProtobufCMessage *msg,
	    void *arg);
	/* The peer is gone (why NULL) or sent garbage (why says what). Called once; the channel must be
	 * freed by the callee or later. */
	void (*down)(struct channel *ch, const char *why, void *arg);
	/* The queue fell below half its cap again after channel_full(); may be NULL. */
	void (*drained)(struct channel *ch, void *arg);
};

/* Descriptors that come with one packet at most: supervisor to room only. */
#define CHANNEL_FDS_MAX 8

/*
 * Take over fd, which is never blocked on, and start to read. self and peer decide which kinds may come and
 * go. arena is where messages are unpacked (shared by all channels of a room: one at a time). At
 * most cap bytes wait in the queue of what could not be sent at once. NULL when out of memory.
 */
struct channel *channel_new(struct event_base *base, int fd, enum wire_party self,
    enum wire_party peer, unsigned peer_index, const char *peer_name, struct arena *arena,
    size_t cap, const struct channel_events *on, void *arg);

/* Close and free; NULL is fine. */
void channel_free(struct channel *ch);

/*
 * Send a message, now or as soon as the socket takes it. CANDOR_ETOOBIG when it is larger than its
 * row allows, CANDOR_EAGAIN when the queue is full (stop what fills it; drained() tells when to go on),
 * CANDOR_ENOTFOUND when the peer is gone, CANDOR_EINVAL when this kind does not go from self to peer. The packed bytes live on the heap until sent: sealed
 * bodies only.
 */
int channel_send(
    struct channel *ch, unsigned kind, uint32_t tag, const ProtobufCMessage *msg) MUST_CHECK;

/* Send a body that is packed already (desk passes requests and answers on as they are). */
int channel_send_packed(
    struct channel *ch, unsigned kind, uint32_t tag, const uint8_t *body, size_t len) MUST_CHECK;

/* The message being handled, its kind and its body as it came: what desk passes on. Valid inside
 * message() only. */
unsigned channel_kind(const struct channel *ch);
struct span channel_body(const struct channel *ch);

/* True while more than half of cap waits. */
bool channel_full(const struct channel *ch);

/* Handle what came already, as far as one turn goes, before ch is given up. May free ch. */
void channel_read_rest(struct channel *ch);

/* Stop and resume reading: back-pressure. */
void channel_pause(struct channel *ch);
void channel_resume(struct channel *ch);

enum wire_party channel_peer(const struct channel *ch);
unsigned channel_peer_index(const struct channel *ch);
const char *channel_peer_name(const struct channel *ch);
int channel_fd(const struct channel *ch);
/* The owner's word on the peer, NULL at first. */
void channel_set_data(struct channel *ch, void *data);
void *channel_data(const struct channel *ch);

/*
 * Two connected ends for two rooms: non-blocking, close-on-exec, with buffers that take several of the
 * largest packets. CANDOR_ESYS. Supervisor and tests.
 */
int channel_pair(int fds[2]) MUST_CHECK;

/*
 * One packet with n_fds descriptors (at most CHANNEL_FDS_MAX), ahead of whatever a channel on fd has
 * queued; waits up to five seconds for room. The descriptors stay the caller's. CANDOR_ETOOBIG, CANDOR_ENOMEM,
 * CANDOR_ENOTFOUND when the peer is gone, CANDOR_ESYS. Supervisor to room.
 */
int channel_send_fds(
    int fd, unsigned kind, const ProtobufCMessage *msg, const int *fds, size_t n_fds) MUST_CHECK;

/*
 * The other end of it, for a channel that is not made yet: one packet into buf (WIRE_PACKET_MAX
 * bytes), checked but for its body. *n_fds descriptors (close-on-exec) are the caller's. Blocks if
 * fd does. CANDOR_EAGAIN; CANDOR_ENOTFOUND when the peer is gone; CANDOR_EBADMSG. A room, at start.
 */
int channel_receive_fds(int fd, uint8_t *buf, unsigned *kind, struct span *body,
    int fds[static CHANNEL_FDS_MAX], size_t *n_fds) MUST_CHECK;

/* Let descriptors come in with messages, by recvmsg(2): a room's channel to the supervisor. */
void channel_expect_fds(struct channel *ch);
/* Take the next descriptor that came with the message being handled, or -1. What is not taken is
 * closed after the handler. */
int channel_take_fd(struct channel *ch);

#endif
