/* SPDX-License-Identifier: ISC */
/* For tests: rooms as real processes. See rooms.h. */
#include "rooms.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/log.h"

#include "files.h"

#define WAIT_MS 20000

/* As in daemon/common/channel.c. */
struct header {
	uint16_t kind, zero;
	uint32_t tag;
};

/* The test ends here, as a crash that says why. */
static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s (%s)\n", what, strerror(errno));
	abort();
}

static void
pair(int fds[2])
{
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
}

struct test_room
test_room_start(const char *binary, enum wire_party id, Candor__RoomSetup *setup)
{
	const char *build = getenv("CANDOR_BUILD");
	const char *path = test_join(build != NULL ? build : "build/debug", binary);
	struct test_room r = { .id = id };
	pid_t parent = getpid();
	int fds[2];

	pair(fds);
	if ((r.pid = fork()) == 0) {
		char *const argv[] = { (char *)(uintptr_t)binary, NULL }, *const env[] = { NULL };

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent || dup2(fds[1], 3) < 0)
			_exit(126);
		if (fds[1] == 3)
			fcntl(3, F_SETFD, 0);
		execve(path, argv, env);
		_exit(127);
	}
	must(r.pid > 0, "fork");
	close(fds[1]);
	r.fd = fds[0];
	test_room_reload(&r, setup);
	return r;
}

void
test_room_reload(const struct test_room *r, Candor__RoomSetup *setup)
{
	setup->room = r->id;
	setup->log_level = LOG_LEVEL_WARNING;
	must(channel_send_fds(r->fd, MSG_ROOM_SETUP, &setup->base, NULL, 0) == 0,
	    "the room takes no message");
}

int
test_room_peer(const struct test_room *r, enum wire_party id, unsigned index, const char *name)
{
	Candor__RoomPeer msg = CANDOR__ROOM_PEER__INIT;
	int fds[2];

	pair(fds);
	msg.room = id;
	msg.index = index;
	msg.name = (char *)(uintptr_t)name;
	must(channel_send_fds(r->fd, MSG_ROOM_PEER, &msg.base, &fds[1], 1) == 0,
	    "the room takes no message");
	close(fds[1]);
	return fds[0];
}

void
test_room_send(int fd, unsigned kind, uint32_t tag, const ProtobufCMessage *msg)
{
	struct header h = { .kind = (uint16_t)kind, .tag = tag };
	size_t len = protobuf_c_message_get_packed_size(msg);
	uint8_t *packet = malloc(sizeof(h) + len);

	memcpy(packet, &h, sizeof(h));
	protobuf_c_message_pack(msg, packet + sizeof(h));
	must(send(fd, packet, sizeof(h) + len, MSG_NOSIGNAL) == (ssize_t)(sizeof(h) + len),
	    "the room takes no message");
	free(packet);
}

struct test_packet
test_room_next(const struct test_room *r, int fd, enum wire_party to)
{
	static uint8_t buf[WIRE_PACKET_MAX];
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct test_packet out = { 0 };
	struct arena a = test_arena(1u << 20);
	struct header h;
	ssize_t n;

	must(poll(&p, 1, WAIT_MS) == 1, "nothing came from the room");
	n = recv(fd, buf, sizeof(buf), 0);
	if (n <= 0)
		return out;
	must((size_t)n >= sizeof(h), "a packet without a header");
	memcpy(&h, buf, sizeof(h));
	out.kind = h.kind;
	out.tag = h.tag;
	must(wire_unpack(&a, &out.msg, h.kind, r->id, to, buf + sizeof(h), (size_t)n - sizeof(h)) ==
		 0,
	    "a message that does not decode");
	return out;
}

struct test_packet
test_room_expect(const struct test_room *r, int fd, enum wire_party to, unsigned kind)
{
	struct test_packet p = test_room_next(r, fd, to);

	if (p.kind != kind)
		fprintf(stderr, "kind %u instead of %u\n", p.kind, kind);
	must(p.kind == kind, "the room sent another message than expected");
	return p;
}

bool
test_room_silent(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 0;
}

int
test_room_wait(const struct test_room *r)
{
	int status = -1;

	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

int
test_room_stop(const struct test_room *r)
{
	const Candor__Empty msg = CANDOR__EMPTY__INIT;

	test_room_send(r->fd, MSG_ROOM_STOP, 0, &msg.base);
	return test_room_wait(r);
}

void
test_room_kill(const struct test_room *r)
{
	kill(r->pid, SIGKILL);
	test_room_wait(r);
}
