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

/*
 * Take over fd, set it non-blocking and start to read. self and peer decide which kinds may come and
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
 * CANDOR_ENOTFOUND when the peer is gone. The packed bytes live on the heap until sent: sealed
 * bodies only.
 */
int channel_send(
    struct channel *ch, unsigned kind, uint32_t tag, const ProtobufCMessage *msg) MUST_CHECK;

/* Send a body that is packed already (desk passes requests and answers on as they are). */
int channel_send_packed(
    struct channel *ch, unsigned kind, uint32_t tag, const uint8_t *body, size_t len) MUST_CHECK;

/* The message being handled, as it came: what desk passes on. Valid inside message() only. */
struct span channel_body(const struct channel *ch);

/* True while more than half of cap waits. */
bool channel_full(const struct channel *ch);

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

/* One packet with n_fds descriptors (at most 8), blocking: supervisor to room. */
int channel_send_fds(
    int fd, unsigned kind, const ProtobufCMessage *msg, const int *fds, size_t n_fds) MUST_CHECK;

#endif
