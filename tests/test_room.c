/* SPDX-License-Identifier: ISC */
/*
 * A room from its first packet to its exit, in a child as candord starts it; the test is its
 * supervisor and its neighbours.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "candor/age.h"
#include "common/room.h"

/* ---- the room: store, which answers a LOOKUP with its site's name -------------------------------- */

static int
on_lookup(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg)
{
	Candor__LookedUp answer = CANDOR__LOOKED_UP__INIT;
	Candor__Followed followed = CANDOR__FOLLOWED__INIT;

	if (((const Candor__Lookup *)msg)->after == 13)
		return -1;
	answer.found = true;
	answer.followed = &followed;
	followed.state = r->setup->site_name;
	followed.kind = channel_peer_index(from);
	return channel_send(from, MSG_LOOKED_UP, tag, &answer.base);
}

static int
setup_room(struct room *r)
{
	int fd = room_fd(r, "state");

	if (room_fd(r, "nothing") != -1 || r->slab.base == NULL ||
	    (uint8_t *)r->arena.base < r->slab.base)
		return -1;
	return write(fd, "set up", 6) == 6 ? 0 : -1;
}

static void
reload_room(struct room *r)
{
	(void)r;
}

static void
peer_up(struct room *r, struct channel *ch)
{
	if (room_channel(r, PARTY_INTAKE, channel_peer_index(ch)) != ch)
		room_leave(r);
}

static const struct room_handler on[] = { { MSG_LOOKUP, on_lookup } };

static const struct room_spec spec = {
	.id = PARTY_STORE,
	.on = on,
	.n_on = NELEM(on),
	.setup = setup_room,
	.reload = reload_room,
	.peer_up = peer_up,
	.slab_bytes = 512u << 10,
	.arena_bytes = 256u << 10,
};

/* ---- its supervisor ------------------------------------------------------------------------------ */

static pid_t child;
static int supervisor = -1, state[2];
static uint8_t packet[WIRE_PACKET_MAX], memory[512 << 10];
static struct arena arena;
static int got_fds[CHANNEL_FDS_MAX];

static void
start(void)
{
	int pair[2];

	arena_init(&arena, memory, sizeof(memory));
	cr_assert(eq(int, channel_pair(pair), 0));
	cr_assert(eq(int, pipe(state), 0));
	if ((child = fork()) == 0) {
		dup2(pair[1], ROOM_SUPERVISOR_FD);
		for (int fd = ROOM_SUPERVISOR_FD + 1; fd < 64; fd++)
			close(fd);
		exit(room_run(&spec));
	}
	close(pair[1]);
	supervisor = pair[0];
}

static void
stop(void)
{
	if (supervisor >= 0)
		close(supervisor);
}

static void
tell(int fd, unsigned kind, const ProtobufCMessage *msg, int with_fd)
{
	cr_assert(eq(int, channel_send_fds(fd, kind, msg, &with_fd, with_fd >= 0 ? 1 : 0), 0));
}

static void
tell_setup(char *site_name, uint32_t room, int with_fd)
{
	static char name[] = "state", *names[] = { name };
	Candor__RoomSetup msg = CANDOR__ROOM_SETUP__INIT;

	msg.room = room;
	msg.site_name = site_name;
	msg.fds = names;
	msg.n_fds = with_fd >= 0 ? 1 : 0;
	tell(supervisor, MSG_ROOM_SETUP, &msg.base, with_fd);
}

/* The next message on fd, in the arena; NULL at its end. */
static const ProtobufCMessage *
listen_to(int fd, unsigned *kind)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	enum wire_party to = fd == supervisor ? PARTY_SUPERVISOR : PARTY_INTAKE;
	ProtobufCMessage *msg;
	struct span body;
	size_t n_fds;
	int r;

	arena_end(&arena);
	poll(&readable, 1, -1);
	r = channel_receive_fds(fd, packet, kind, &body, got_fds, &n_fds);
	if (r == CANDOR_ENOTFOUND)
		return NULL;
	cr_assert(eq(int, r, 0));
	cr_assert(eq(int, wire_unpack(&arena, &msg, *kind, PARTY_STORE, to, body.p, body.len), 0));
	return msg;
}

static char site_a[] = "Site A", site_b[] = "Site B";

static void
start_ready(void)
{
	unsigned kind;

	start();
	tell_setup(site_a, PARTY_STORE, state[1]);
	cr_assert(listen_to(supervisor, &kind) != NULL);
	cr_assert(eq(u32, kind, MSG_ROOM_READY));
}

/* A channel as intake number index. */
static int
join(unsigned index)
{
	Candor__RoomPeer msg = CANDOR__ROOM_PEER__INIT;
	int pair[2];

	cr_assert(eq(int, channel_pair(pair), 0));
	msg.room = PARTY_INTAKE;
	msg.index = index;
	tell(supervisor, MSG_ROOM_PEER, &msg.base, pair[1]);
	close(pair[1]);
	return pair[0];
}

static const char *
look_up(int fd, uint32_t *index)
{
	Candor__Lookup msg = CANDOR__LOOKUP__INIT;
	const Candor__LookedUp *answer;
	unsigned kind;

	tell(fd, MSG_LOOKUP, &msg.base, -1);
	answer = (const Candor__LookedUp *)listen_to(fd, &kind);
	cr_assert(answer != NULL);
	cr_assert(eq(u32, kind, MSG_LOOKED_UP));
	if (index != NULL)
		*index = answer->followed->kind;
	return answer->followed->state;
}

static int
left_with(void)
{
	int status;

	cr_assert(eq(int, waitpid(child, &status, 0), child));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static int
stopped(void)
{
	Candor__Empty msg = CANDOR__EMPTY__INIT;

	tell(supervisor, MSG_ROOM_STOP, &msg.base, -1);
	return left_with();
}

TestSuite(room, .fini = stop, .timeout = 30);

Test(room, a_room_takes_its_files_and_says_that_it_is_ready)
{
	char text[7] = "";

	start_ready();
	cr_assert(eq(int, (int)read(state[0], text, 6), 6));
	cr_assert(eq(str, text, "set up"));
	cr_assert(eq(int, stopped(), 0));
}

Test(room, neighbours_are_heard_and_told_apart)
{
	int first, second;
	uint32_t index;

	start_ready();
	first = join(0);
	second = join(7);
	cr_assert(eq(str, (char *)look_up(second, &index), "Site A"));
	cr_assert(eq(u32, index, 7));
	cr_assert(eq(str, (char *)look_up(first, &index), "Site A"));
	cr_assert(eq(u32, index, 0));
	cr_assert(eq(int, stopped(), 0));
}

Test(room, a_neighbour_that_sends_garbage_is_cut_off_and_accused_and_others_are_not)
{
	Candor__Lookup refused = CANDOR__LOOKUP__INIT;
	Candor__Stored not_its_own = CANDOR__STORED__INIT;
	Candor__StageDrop not_handled = CANDOR__STAGE_DROP__INIT;
	const ProtobufCMessage *const garbage[] = { &refused.base, &not_its_own.base,
		&not_handled.base };
	const unsigned kinds[] = { MSG_LOOKUP, MSG_STORED, MSG_STAGE_DROP };
	int good;

	refused.after = 13;
	start_ready();
	good = join(0);
	for (unsigned i = 0; i < NELEM(kinds); i++) {
		const Candor__RoomAccuse *accuse;
		int bad = join(i + 1);
		unsigned kind;

		tell(bad, kinds[i], garbage[i], -1);
		cr_assert(listen_to(bad, &kind) == NULL);
		accuse = (const Candor__RoomAccuse *)listen_to(supervisor, &kind);
		cr_assert(eq(u32, kind, MSG_ROOM_ACCUSE));
		cr_assert(eq(u32, accuse->room, PARTY_INTAKE));
		cr_assert(eq(u32, accuse->index, i + 1));
		cr_assert(accuse->why[0] != '\0');
		close(bad);
	}
	cr_assert(eq(str, (char *)look_up(good, NULL), "Site A"));
	cr_assert(eq(int, stopped(), 0));
}

Test(room, a_neighbour_that_comes_back_replaces_its_old_channel)
{
	unsigned kind;
	int before, after;

	start_ready();
	before = join(1);
	cr_assert(eq(str, (char *)look_up(before, NULL), "Site A"));
	after = join(1);
	cr_assert(listen_to(before, &kind) == NULL);
	cr_assert(eq(str, (char *)look_up(after, NULL), "Site A"));
	cr_assert(eq(int, stopped(), 0));
}

Test(room, a_new_slice_counts_from_then_on)
{
	int peer;

	start_ready();
	peer = join(0);
	tell_setup(site_b, PARTY_STORE, -1);
	/* The room reads its supervisor's channel before or after its neighbour's. */
	while (strcmp(look_up(peer, NULL), "Site B") != 0)
		;
	cr_assert(eq(int, stopped(), 0));
}

Test(room, a_room_leaves_when_its_supervisor_is_gone)
{
	start_ready();
	close(supervisor);
	supervisor = -1;
	cr_assert(eq(int, left_with(), 0));
}

Test(room, a_room_does_not_leave_at_a_signal_meant_for_its_supervisor)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE };
	int peer;

	start_ready();
	peer = join(0);
	for (size_t i = 0; i < NELEM(signals); i++)
		kill(child, signals[i]);
	cr_assert(eq(str, (char *)look_up(peer, NULL), "Site A"));
	cr_assert(eq(int, stopped(), 0));
}

Test(room, a_room_refuses_a_supervisor_that_makes_no_sense)
{
	Candor__Empty empty = CANDOR__EMPTY__INIT;

	start();
	tell(supervisor, MSG_ROOM_STOP, &empty.base, -1);
	cr_assert(eq(int, left_with(), EX_PROTOCOL), "first packet is no ROOM_SETUP");
	close(supervisor);

	start();
	tell_setup(site_a, PARTY_INTAKE, state[1]);
	cr_assert(eq(int, left_with(), EX_PROTOCOL), "a slice for another room");
	close(supervisor);

	start();
	cr_assert(eq(int, (int)send(supervisor, "x", 1, 0), 1));
	cr_assert(eq(int, left_with(), EX_PROTOCOL), "garbage");
	close(supervisor);

	start_ready();
	cr_assert(eq(int, (int)send(supervisor, "x", 1, 0), 1));
	cr_assert(eq(int, left_with(), EX_PROTOCOL), "garbage later");
}

Test(room, a_room_whose_setup_fails_leaves_with_a_configuration_error)
{
	start();
	tell_setup(site_a, PARTY_STORE, -1);
	cr_assert(eq(int, left_with(), EX_CONFIG));
}

/* ---- room_read_key() ----------------------------------------------------------------------------- */

static int
read_key(const char *text, uint8_t out[32])
{
	int fds[2];

	cr_assert(eq(int, pipe(fds), 0));
	cr_assert(eq(sz, (size_t)write(fds[1], text, strlen(text)), strlen(text)));
	close(fds[1]);
	return room_read_key(fds[0], out);
}

Test(room, a_key_file_is_hex_or_an_identity_with_comments)
{
	static const char hex[] =
	    "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";
	char identity[AGE_IDENTITY_CHARS + 1], file[300];
	uint8_t key[32], back[32] = { 0 };

	cr_assert(eq(int, read_key(hex, key), 0));
	cr_assert(eq(int, key[1], 0x11));
	age_identity_format(identity, key);
	snprintf(file, sizeof(file), "# created: today\r\n\n%s \r\n\n# end", identity);
	cr_assert(eq(int, read_key(file, back), 0));
	cr_assert(eq(int, memcmp(key, back, 32), 0));
}

Test(room, a_file_that_holds_no_key_or_two_is_refused)
{
	static const char hex[] =
	    "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";
	char file[300];
	uint8_t key[32];

	cr_assert(eq(int, read_key("", key), CANDOR_EINVAL));
	cr_assert(eq(int, read_key("# nothing\n\n", key), CANDOR_EINVAL));
	snprintf(file, sizeof(file), "%s\n%s\n", hex, hex);
	cr_assert(eq(int, read_key(file, key), CANDOR_EINVAL));
	snprintf(file, sizeof(file), "%.63s\n", hex);
	cr_assert(eq(int, read_key(file, key), CANDOR_EINVAL));
	snprintf(file, sizeof(file), "%.63sg\n", hex);
	cr_assert(eq(int, read_key(file, key), CANDOR_EINVAL));
}
