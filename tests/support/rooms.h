/* SPDX-License-Identifier: ISC */
/*
 * For tests: a room as a real process, and its neighbours (supervisor, store, …) played by the test,
 * with blocking calls. Everything ends with the test's process.
 */
#ifndef CANDOR_TEST_ROOMS_H
#define CANDOR_TEST_ROOMS_H

#include <sys/types.h>

#include "candor/candor_pb.h"
#include "candor/wire.h"

struct test_room {
	pid_t pid;
	enum wire_party id;
	int fd; /* the supervisor's end of its channel */
};

/* What came. msg NULL: the other end is closed. Lives as long as the test. */
struct test_packet {
	unsigned kind;
	uint32_t tag;
	ProtobufCMessage *msg;
};

/* Start $CANDOR_BUILD/binary (build/debug without it) and hand it its slice, in which room is set. */
struct test_room test_room_start(const char *binary, enum wire_party id, Candor__RoomSetup *setup);

/* Hand it another slice. */
void test_room_reload(const struct test_room *r, Candor__RoomSetup *setup);

/* Give it a channel to a neighbour; returns the neighbour's end. */
int test_room_peer(const struct test_room *r, enum wire_party id, unsigned index, const char *name);

/* Send as a neighbour. */
void test_room_send(int fd, unsigned kind, uint32_t tag, const ProtobufCMessage *msg);

/* The next packet that the room r sends to the neighbour `to`; the test fails after 20 s without one. */
struct test_packet test_room_next(const struct test_room *r, int fd, enum wire_party to);

/* The same, which must be of this kind. */
struct test_packet test_room_expect(
    const struct test_room *r, int fd, enum wire_party to, unsigned kind);

/* True when nothing comes within ms. */
bool test_room_silent(int fd, int ms);

/* Wait for its end: the status of waitpid(2). */
int test_room_wait(const struct test_room *r);
/* Tell it to stop, and wait. */
int test_room_stop(const struct test_room *r);
void test_room_kill(const struct test_room *r);

#endif
