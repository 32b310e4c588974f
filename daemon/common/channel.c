/* SPDX-License-Identifier: ISC */
/*
 * Channels between rooms: see channel.h. Every room and the supervisor. Never blocks (but for
 * channel_send_fds, which is the supervisor's), and hands nothing on that wire_unpack() did not check.
 */
#include "common/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* A packet's header, in the byte order of the machine that both ends run on. */
struct packet_header {
	uint16_t kind;
	uint16_t zero;
	uint32_t tag;
};

#define BODY_MAX (WIRE_PACKET_MAX - sizeof(struct packet_header))
/* Packets handled before other events get their turn. */
#define PACKETS_AT_ONCE 64
#define PAIR_BUFFER_BYTES (1 << 20)
#define SEND_FDS_WAIT_MS 5000

/* A packet that waits to be sent. */
struct packet {
	struct packet *next;
	size_t len; /* header included */
	_Alignas(struct packet_header) uint8_t bytes[];
};

struct channel {
	int fd; /* -1 once down */
	enum wire_party self, peer;
	unsigned peer_index;
	char *peer_name;
	struct arena *arena;
	struct event *readable, *writable;
	const struct channel_events *on;
	void *arg, *data;

	struct packet *head, **tail;
	size_t queued, cap;
	bool was_full, paused, expect_fds;

	struct packet_header header; /* of the message being handled */
	struct span body;            /* the same */
	int fds[CHANNEL_FDS_MAX];
	size_t n_fds, fds_taken;
	bool *freed; /* set when a handler frees the channel that called it */
	uint8_t buf[WIRE_PACKET_MAX];
};

/* A message came that no honest peer sends, or the peer left. May free ch. */
static void
go_down(struct channel *ch, const char *why)
{
	event_del(ch->readable);
	event_del(ch->writable);
	close(ch->fd);
	ch->fd = -1;
	ch->on->down(ch, why, ch->arg);
}

static void
close_fds(const int *fds, size_t n_fds)
{
	for (size_t i = 0; i < n_fds; i++)
		close(fds[i]);
}

/* One packet's header, looked at. */
static int
parse(const uint8_t *buf, size_t len, struct packet_header *header, struct span *body)
{
	if (len < sizeof(*header) || len > WIRE_PACKET_MAX)
		return CANDOR_EBADMSG;
	memcpy(header, buf, sizeof(*header));
	if (header->zero != 0)
		return CANDOR_EBADMSG;
	*body = (struct span){ buf + sizeof(*header), len - sizeof(*header) };
	return 0;
}

/* recv(2) with descriptors: as its result, -1 and EBADMSG when more came than can have been sent. */
static ssize_t
receive_with_fds(int fd, uint8_t *buf, int flags, int fds[static CHANNEL_FDS_MAX], size_t *n_fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * CHANNEL_FDS_MAX)];
	} control;
	struct iovec iov = { buf, WIRE_PACKET_MAX };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	ssize_t n = recvmsg(fd, &msg, flags | MSG_CMSG_CLOEXEC | MSG_TRUNC);

	*n_fds = 0;
	if (n < 0)
		return n;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		if (count > CHANNEL_FDS_MAX - *n_fds)
			count = CHANNEL_FDS_MAX - *n_fds;
		memcpy(fds + *n_fds, CMSG_DATA(c), count * sizeof(int));
		*n_fds += count;
	}
	if (msg.msg_flags & MSG_CTRUNC) {
		close_fds(fds, *n_fds);
		*n_fds = 0;
		errno = EBADMSG;
		return -1;
	}
	return n;
}

/* Handle one packet of n bytes. False when ch is down, freed or paused: touch nothing then. */
static bool
handle(struct channel *ch, size_t n)
{
	struct arena *arena = ch->arena;
	arena_mark_t mark = arena_mark(arena);
	const struct packet_header *header = &ch->header;
	ProtobufCMessage *msg;
	const char *why = NULL;
	bool freed = false;

	if (parse(ch->buf, n, &ch->header, &ch->body) < 0) {
		why = "a packet without a proper header";
	} else if (wire_unpack(arena, &msg, header->kind, ch->peer, ch->self, ch->body.p,
		       ch->body.len) < 0) {
		why = "a message that does not belong here or does not decode";
	} else {
		/* cppcheck-suppress autoVariables ; taken back below, before freed goes */
		ch->freed = &freed;
		if (ch->on->message(ch, header->kind, header->tag, msg, ch->arg) < 0)
			why = "a message that an honest peer does not send";
	}
	arena_release(arena, mark);
	if (freed)
		return false;
	ch->freed = NULL;
	ch->body = (struct span){ 0 };
	close_fds(ch->fds + ch->fds_taken, ch->n_fds - ch->fds_taken);
	ch->n_fds = ch->fds_taken = 0;
	if (why != NULL) {
		go_down(ch, why);
		return false;
	}
	return !ch->paused;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct channel *ch = arg;

	(void)what;
	for (unsigned i = 0; i < PACKETS_AT_ONCE; i++) {
		ssize_t n = ch->expect_fds
				? receive_with_fds(fd, ch->buf, MSG_DONTWAIT, ch->fds, &ch->n_fds)
				: recv(fd, ch->buf, sizeof(ch->buf), MSG_DONTWAIT | MSG_TRUNC);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			go_down(ch, n < 0 && errno == EBADMSG ? "too many descriptors" : NULL);
			return;
		}
		if (!handle(ch, (size_t)n))
			return;
	}
}

void
channel_read_rest(struct channel *ch)
{
	if (ch->fd >= 0 && !ch->paused)
		on_readable(ch->fd, EV_READ, ch);
}

static int
send_packet(const struct channel *ch, const struct packet *p)
{
	if (send(ch->fd, p->bytes, p->len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	switch (errno) {
	case EAGAIN:
	case EINTR:
	case ENOBUFS:
	case ENOMEM:
		return CANDOR_EAGAIN;
	default:
		return CANDOR_ENOTFOUND; /* the read side learns it too, and says so */
	}
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct channel *ch = arg;

	(void)fd;
	(void)what;
	while (ch->head != NULL) {
		struct packet *p = ch->head;

		if (send_packet(ch, p) == CANDOR_EAGAIN)
			break;
		ch->queued -= p->len;
		ch->head = p->next;
		free(p);
	}
	if (ch->head == NULL) {
		ch->tail = &ch->head;
		event_del(ch->writable);
	}
	if (ch->was_full && !channel_full(ch)) {
		ch->was_full = false;
		if (ch->on->drained != NULL)
			ch->on->drained(ch, ch->arg); /* may free ch */
	}
}

struct channel *
channel_new(struct event_base *base, int fd, enum wire_party self, enum wire_party peer,
    unsigned peer_index, const char *peer_name, struct arena *arena, size_t cap,
    const struct channel_events *on, void *arg)
{
	struct channel *ch = calloc(1, sizeof(*ch));

	if (ch == NULL)
		return NULL;
	ch->fd = -1; /* stays the caller's unless all goes well */
	ch->self = self;
	ch->peer = peer;
	ch->peer_index = peer_index;
	ch->arena = arena;
	ch->cap = cap;
	ch->on = on;
	ch->arg = arg;
	ch->tail = &ch->head;
	ch->peer_name = strdup(peer_name != NULL ? peer_name : "");
	ch->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, ch);
	ch->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable, ch);
	if (ch->peer_name == NULL || ch->readable == NULL || ch->writable == NULL ||
	    event_priority_set(ch->readable, 0) < 0 || event_priority_set(ch->writable, 0) < 0 ||
	    event_add(ch->readable, NULL) < 0) {
		channel_free(ch);
		return NULL;
	}
	ch->fd = fd;
	return ch;
}

void
channel_free(struct channel *ch)
{
	if (ch == NULL)
		return;
	if (ch->freed != NULL)
		*ch->freed = true;
	if (ch->readable != NULL)
		event_free(ch->readable);
	if (ch->writable != NULL)
		event_free(ch->writable);
	if (ch->fd >= 0)
		close(ch->fd);
	close_fds(ch->fds + ch->fds_taken, ch->n_fds - ch->fds_taken);
	while (ch->head != NULL) {
		struct packet *p = ch->head;

		ch->head = p->next;
		free(p);
	}
	free(ch->peer_name);
	free(ch);
}

/* Whether self may send this to peer. */
static int
may_send(const struct channel *ch, unsigned kind, size_t len)
{
	const struct wire_row *row = wire_row(kind);

	if (ch->fd < 0)
		return CANDOR_ENOTFOUND;
	if (row == NULL || !wire_allowed(row, ch->self, ch->peer))
		return CANDOR_EINVAL;
	return len > row->max || len > BODY_MAX ? CANDOR_ETOOBIG : 0;
}

static struct packet *
packet_new(unsigned kind, uint32_t tag, size_t len)
{
	struct packet_header header = { .kind = (uint16_t)kind, .tag = tag };
	struct packet *p = malloc(sizeof(*p) + sizeof(header) + len);

	if (p == NULL)
		return NULL;
	p->next = NULL;
	p->len = sizeof(header) + len;
	memcpy(p->bytes, &header, sizeof(header));
	return p;
}

/* Send p now or queue it; p is gone afterwards. */
static int
send_or_queue(struct channel *ch, struct packet *p)
{
	int r = ch->head == NULL ? send_packet(ch, p) : CANDOR_EAGAIN;

	if (r != CANDOR_EAGAIN)
		goto out;
	/* An empty queue takes any one packet, so that a small cap cannot stop a channel for good. */
	if (ch->head != NULL && (ch->queued >= ch->cap || p->len > ch->cap - ch->queued)) {
		ch->was_full = true;
		goto out;
	}
	if (ch->head == NULL && event_add(ch->writable, NULL) < 0) {
		r = CANDOR_ENOMEM;
		goto out;
	}
	*ch->tail = p;
	ch->tail = &p->next;
	ch->queued += p->len;
	if (channel_full(ch))
		ch->was_full = true;
	return 0;
out:
	free(p);
	return r;
}

int
channel_send(struct channel *ch, unsigned kind, uint32_t tag, const ProtobufCMessage *msg)
{
	size_t len = protobuf_c_message_get_packed_size(msg);
	int r = may_send(ch, kind, len);
	struct packet *p;

	if (r < 0)
		return r;
	if ((p = packet_new(kind, tag, len)) == NULL)
		return CANDOR_ENOMEM;
	protobuf_c_message_pack(msg, p->bytes + sizeof(struct packet_header));
	return send_or_queue(ch, p);
}

int
channel_send_packed(
    struct channel *ch, unsigned kind, uint32_t tag, const uint8_t *body, size_t len)
{
	int r = may_send(ch, kind, len);
	struct packet *p;

	if (r < 0)
		return r;
	if ((p = packet_new(kind, tag, len)) == NULL)
		return CANDOR_ENOMEM;
	if (len > 0)
		memcpy(p->bytes + sizeof(struct packet_header), body, len);
	return send_or_queue(ch, p);
}

unsigned
channel_kind(const struct channel *ch)
{
	return ch->header.kind;
}

struct span
channel_body(const struct channel *ch)
{
	return ch->body;
}

bool
channel_full(const struct channel *ch)
{
	return ch->queued > ch->cap / 2;
}

void
channel_pause(struct channel *ch)
{
	ch->paused = true;
	if (ch->fd >= 0)
		event_del(ch->readable);
}

void
channel_resume(struct channel *ch)
{
	ch->paused = false;
	if (ch->fd >= 0)
		event_add(ch->readable, NULL);
}

enum wire_party
channel_peer(const struct channel *ch)
{
	return ch->peer;
}

unsigned
channel_peer_index(const struct channel *ch)
{
	return ch->peer_index;
}

const char *
channel_peer_name(const struct channel *ch)
{
	return ch->peer_name;
}

int
channel_fd(const struct channel *ch)
{
	return ch->fd;
}

void
channel_set_data(struct channel *ch, void *data)
{
	ch->data = data;
}

void *
channel_data(const struct channel *ch)
{
	return ch->data;
}

int
channel_pair(int fds[2])
{
	int size = PAIR_BUFFER_BYTES;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return CANDOR_ESYS;
	/* The system may allow less; its default takes three of the largest packets. */
	for (int i = 0; i < 2; i++) {
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
		setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	}
	return 0;
}

int
channel_send_fds(int fd, unsigned kind, const ProtobufCMessage *msg, const int *fds, size_t n_fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * CHANNEL_FDS_MAX)];
	} control = { .bytes = { 0 } };
	const struct wire_row *row = wire_row(kind);
	size_t len = protobuf_c_message_get_packed_size(msg);
	struct pollfd writable = { .fd = fd, .events = POLLOUT };
	struct packet *p;
	struct iovec iov;
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;
	int r = 0;

	if (row == NULL || len > row->max || len > BODY_MAX || n_fds > CHANNEL_FDS_MAX)
		return CANDOR_ETOOBIG;
	if ((p = packet_new(kind, 0, len)) == NULL)
		return CANDOR_ENOMEM;
	protobuf_c_message_pack(msg, p->bytes + sizeof(struct packet_header));
	iov = (struct iovec){ p->bytes, p->len };
	if (n_fds > 0) {
		struct cmsghdr *c = &control.align;

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
		m.msg_control = control.bytes;
		m.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
	}
	while ((n = sendmsg(fd, &m, MSG_NOSIGNAL)) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN || poll(&writable, 1, SEND_FDS_WAIT_MS) <= 0)
			break;
	}
	if (n < 0)
		r = errno == EPIPE || errno == ECONNRESET ? CANDOR_ENOTFOUND : CANDOR_ESYS;
	free(p);
	return r;
}

int
channel_receive_fds(int fd, uint8_t *buf, unsigned *kind, struct span *body,
    int fds[static CHANNEL_FDS_MAX], size_t *n_fds)
{
	struct packet_header header;
	ssize_t n = receive_with_fds(fd, buf, 0, fds, n_fds);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return CANDOR_EAGAIN;
	if (n <= 0)
		return n < 0 && errno == EBADMSG ? CANDOR_EBADMSG : CANDOR_ENOTFOUND;
	if (parse(buf, (size_t)n, &header, body) < 0) {
		close_fds(fds, *n_fds);
		return CANDOR_EBADMSG;
	}
	*kind = header.kind;
	return 0;
}

void
channel_expect_fds(struct channel *ch)
{
	ch->expect_fds = true;
}

int
channel_take_fd(struct channel *ch)
{
	return ch->fds_taken < ch->n_fds ? ch->fds[ch->fds_taken++] : -1;
}
