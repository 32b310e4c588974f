/* SPDX-License-Identifier: ISC */
/* Channels between rooms: what goes through, what closes them, and who is held back when. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "candor/candor_pb.h"
#include "common/channel.h"

#define CAP (256u << 10)

/* intake's end as a channel, and what its owner was told; store's end as a channel or a bare socket. */
static struct side {
	struct channel *ch;
	int fd;
	unsigned n_messages, kind, n_down, n_drained;
	uint32_t tag;
	size_t body_len;
	char why[128];
	int refuse;      /* what message() returns */
	bool free_in_cb; /* free the channel in message() */
	int took_fd;
	char text[64];
} intake, store;

static struct event_base *base;
static uint8_t memory[1 << 20];
static struct arena arena;

static int
on_message(struct channel *ch, unsigned kind, uint32_t tag, const ProtobufCMessage *msg, void *arg)
{
	struct side *s = arg;

	s->n_messages++;
	s->kind = kind;
	s->tag = tag;
	s->body_len = channel_body(ch).len;
	if (kind == MSG_REFUSAL)
		snprintf(s->text, sizeof(s->text), "%s", ((const Candor__Refusal *)msg)->text);
	s->took_fd = channel_take_fd(ch);
	if (s->free_in_cb) {
		channel_free(ch);
		s->ch = NULL;
	}
	return s->refuse;
}

static void
on_down(struct channel *ch, const char *why, void *arg)
{
	struct side *s = arg;

	(void)ch;
	s->n_down++;
	snprintf(s->why, sizeof(s->why), "%s", why != NULL ? why : "");
}

static void
on_drained(struct channel *ch, void *arg)
{
	(void)ch;
	((struct side *)arg)->n_drained++;
}

static const struct channel_events events = { on_message, on_down, on_drained };

static void
setup(void)
{
	int fds[2];

	base = event_base_new();
	event_base_priority_init(base, 2);
	arena_init(&arena, memory, sizeof(memory));
	cr_assert(eq(int, channel_pair(fds), 0));
	intake = (struct side){ .fd = fds[0] };
	store = (struct side){ .fd = fds[1] };
	intake.ch = channel_new(
	    base, fds[0], PARTY_INTAKE, PARTY_STORE, 0, "store", &arena, CAP, &events, &intake);
	cr_assert(intake.ch != NULL);
}

static void
teardown(void)
{
	channel_free(intake.ch);
	if (store.ch != NULL)
		channel_free(store.ch);
	else if (store.fd >= 0)
		close(store.fd);
	event_base_free(base);
}

static void
store_listens(void)
{
	store.ch = channel_new(
	    base, store.fd, PARTY_STORE, PARTY_INTAKE, 3, "intake", &arena, CAP, &events, &store);
	cr_assert(store.ch != NULL);
}

/* Until nothing happens any more. */
static void
settle(void)
{
	for (int i = 0; i < 200; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

/* A raw packet from store. */
static void
raw(unsigned kind, unsigned zero, uint32_t tag, const void *body, size_t len)
{
	static uint8_t packet[WIRE_PACKET_MAX + 64];
	uint16_t head[2] = { (uint16_t)kind, (uint16_t)zero };

	memcpy(packet, head, 4);
	memcpy(packet + 4, &tag, 4);
	if (len > 0)
		memcpy(packet + 8, body, len);
	cr_assert(eq(sz, (size_t)send(store.fd, packet, len + 8, 0), len + 8));
}

static int
send_refusal(struct channel *ch, uint32_t tag, size_t text_len)
{
	Candor__Refusal msg = CANDOR__REFUSAL__INIT;
	char *text = calloc(1, text_len + 1);
	int r;

	memset(text, 'x', text_len);
	msg.code = 75;
	msg.text = text;
	r = channel_send(ch, MSG_REFUSAL, tag, &msg.base);
	free(text);
	return r;
}

/* The largest message that intake has for store. */
static int
send_large(uint32_t tag)
{
	static uint8_t data[WIRE_PIECE_MAX];
	Candor__Stage msg = CANDOR__STAGE__INIT;

	msg.data = wire_bytes(data, sizeof(data));
	return channel_send(intake.ch, MSG_STAGE, tag, &msg.base);
}

TestSuite(channel, .init = setup, .fini = teardown, .timeout = 20);

Test(channel, a_message_arrives_with_its_kind_tag_and_content)
{
	store_listens();
	cr_assert(eq(int, send_refusal(intake.ch, 0xdeadbeef, 5), 0));
	settle();
	cr_assert(eq(u32, store.n_messages, 1));
	cr_assert(eq(u32, store.kind, MSG_REFUSAL));
	cr_assert(eq(u32, store.tag, 0xdeadbeef));
	cr_assert(eq(str, store.text, "xxxxx"));
	cr_assert(eq(u32, channel_peer_index(store.ch), 3));
	cr_assert(eq(str, (char *)channel_peer_name(store.ch), "intake"));
	cr_assert(eq(sz, arena.used, 0));
	cr_assert(eq(sz, arena.peak, 0), "the arena was not wiped");
}

Test(channel, a_packed_body_passes_unchanged)
{
	const uint8_t lookup[] = { 0x0a, 0x02, 'h', 'i' };

	store_listens();
	cr_assert(
	    eq(int, channel_send_packed(intake.ch, MSG_LOOKUP, 7, lookup, sizeof(lookup)), 0));
	settle();
	cr_assert(eq(u32, store.kind, MSG_LOOKUP));
	cr_assert(eq(sz, store.body_len, sizeof(lookup)));
}

Test(channel, the_largest_message_passes)
{
	store_listens();
	cr_assert(eq(int, send_large(1), 0));
	settle();
	cr_assert(eq(u32, store.n_messages, 1));
}

Test(channel, what_may_not_go_that_way_is_not_sent)
{
	Candor__Stored stored = CANDOR__STORED__INIT;

	cr_assert(eq(int, channel_send(intake.ch, MSG_STORED, 0, &stored.base), CANDOR_EINVAL));
	cr_assert(eq(int, channel_send(intake.ch, 9999, 0, &stored.base), CANDOR_EINVAL));
	cr_assert(eq(int, send_refusal(intake.ch, 0, 2000), CANDOR_ETOOBIG));
}

Test(channel, garbage_closes_the_channel_once_and_says_why)
{
	/* clang-format off */
	const struct {
		const char *what;
		unsigned kind, zero;
		struct span body;
	} bad[] = {
		{ "an unknown kind",                    9999,            0, SPAN_STR("") },
		{ "kind 0",                             0,               0, SPAN_STR("") },
		{ "a kind of the other direction",      MSG_STORE_REPORT, 0, SPAN_STR("") },
		{ "a kind of another room's",           MSG_DELIVERIES,  0, SPAN_STR("") },
		{ "a reporter's kind",                  MSG_REPORT,      0, SPAN_STR("") },
		{ "a header whose zero is none",        MSG_STORED,      1, SPAN_STR("") },
		{ "an unknown field",                   MSG_STORED,      0, SPAN_STR("\x78\x01") },
		{ "an unknown field one level down",    MSG_LOOKED_UP,   0, SPAN_STR("\x12\x02\x78\x01") },
		{ "a truncated field",                  MSG_STORED,      0, SPAN_STR("\x08") },
		{ "a default spelled out",              MSG_STORED,      0, SPAN_STR("\x08\x00") },
		{ "text that is not UTF-8",             MSG_REFUSAL,     0, SPAN_STR("\x12\x01\xff") },
		{ "text with NUL",                      MSG_REFUSAL,     0, SPAN_STR("\x12\x02" "a\0") },
	};
	/* clang-format on */

	for (size_t i = 0; i < NELEM(bad); i++) {
		if (i > 0) {
			teardown();
			setup();
		}
		raw(bad[i].kind, bad[i].zero, 1, bad[i].body.p, bad[i].body.len);
		raw(MSG_STORED, 0, 2, NULL, 0);
		settle();
		cr_expect(eq(u32, intake.n_down, 1), "%s", bad[i].what);
		cr_expect(eq(u32, intake.n_messages, 0), "%s", bad[i].what);
		cr_expect(intake.why[0] != '\0', "%s", bad[i].what);
		cr_expect(eq(sz, arena.peak, 0), "%s", bad[i].what);
	}
}

Test(channel, a_body_over_its_kinds_limit_closes_the_channel)
{
	static uint8_t body[2000] = { 0x12, 0xcd, 0x0f };

	memset(body + 3, 'x', sizeof(body) - 3);
	raw(MSG_REFUSAL, 0, 1, body, sizeof(body));
	settle();
	cr_assert(eq(u32, intake.n_down, 1));
	cr_assert(eq(u32, intake.n_messages, 0));
}

Test(channel, a_packet_that_is_too_short_or_too_long_closes_the_channel)
{
	static const size_t sizes[] = { 1, 7, WIRE_PACKET_MAX + 1, WIRE_PACKET_MAX + 4000 };
	static const uint8_t packet[WIRE_PACKET_MAX + 4000];

	for (size_t i = 0; i < NELEM(sizes); i++) {
		if (i > 0) {
			teardown();
			setup();
		}
		cr_assert(eq(sz, (size_t)send(store.fd, packet, sizes[i], 0), sizes[i]));
		settle();
		cr_expect(eq(u32, intake.n_down, 1), "%zu bytes", sizes[i]);
		cr_expect(intake.why[0] != '\0');
	}
}

Test(channel, a_message_that_its_handler_refuses_closes_the_channel)
{
	intake.refuse = -1;
	raw(MSG_STORED, 0, 1, NULL, 0);
	raw(MSG_STORED, 0, 2, NULL, 0);
	settle();
	cr_assert(eq(u32, intake.n_messages, 1));
	cr_assert(eq(u32, intake.n_down, 1));
	cr_assert(intake.why[0] != '\0');
	cr_assert(eq(int, send_refusal(intake.ch, 0, 1), CANDOR_ENOTFOUND));
}

Test(channel, a_peer_that_leaves_is_no_garbage)
{
	raw(MSG_STORED, 0, 1, NULL, 0);
	close(store.fd);
	store.fd = -1;
	settle();
	cr_assert(eq(u32, intake.n_messages, 1), "what it sent before is heard");
	cr_assert(eq(u32, intake.n_down, 1));
	cr_assert(eq(str, intake.why, ""));
}

Test(channel, sending_to_a_peer_that_left_fails_without_a_signal)
{
	close(store.fd);
	store.fd = -1;
	cr_assert(eq(int, send_refusal(intake.ch, 0, 1), CANDOR_ENOTFOUND));
	settle();
	cr_assert(eq(u32, intake.n_down, 1));
}

Test(channel, a_handler_may_free_its_channel)
{
	intake.free_in_cb = true;
	raw(MSG_STORED, 0, 1, NULL, 0);
	raw(MSG_STORED, 0, 2, NULL, 0);
	settle();
	cr_assert(eq(u32, intake.n_messages, 1));
	cr_assert(eq(u32, intake.n_down, 0));
}

Test(channel, a_full_queue_refuses_and_tells_when_it_drained)
{
	uint32_t sent = 0;
	int r;

	while ((r = send_large(sent)) == 0)
		sent++;
	cr_assert(eq(int, r, CANDOR_EAGAIN));
	cr_assert(channel_full(intake.ch));
	cr_assert(eq(u32, intake.n_drained, 0));
	store_listens();
	settle();
	cr_assert(eq(u32, store.n_messages, sent), "nothing is lost, nothing is doubled");
	cr_assert(eq(u32, store.tag, sent - 1), "the order is kept");
	cr_assert(eq(u32, intake.n_drained, 1));
	cr_assert(not(channel_full(intake.ch)));
	cr_assert(eq(int, send_large(sent), 0));
}

Test(channel, a_paused_channel_reads_nothing_until_it_is_resumed)
{
	channel_pause(intake.ch);
	raw(MSG_STORED, 0, 1, NULL, 0);
	settle();
	cr_assert(eq(u32, intake.n_messages, 0));
	channel_resume(intake.ch);
	settle();
	cr_assert(eq(u32, intake.n_messages, 1));
}

Test(channel, a_descriptor_comes_with_its_message)
{
	Candor__Empty empty = CANDOR__EMPTY__INIT;
	int pair[2], pipe_fds[2], flags;
	char c = 0;

	cr_assert(eq(int, channel_pair(pair), 0));
	cr_assert(eq(int, pipe(pipe_fds), 0));
	channel_free(intake.ch);
	intake.ch = channel_new(
	    base, pair[0], PARTY_INTAKE, PARTY_SUPERVISOR, 0, NULL, &arena, CAP, &events, &intake);
	channel_expect_fds(intake.ch);
	cr_assert(
	    eq(int, channel_send_fds(pair[1], MSG_ROOM_STOP, &empty.base, &pipe_fds[1], 1), 0));
	settle();
	cr_assert(eq(u32, intake.n_messages, 1));
	cr_assert(ge(int, intake.took_fd, 0));
	flags = fcntl(intake.took_fd, F_GETFD);
	cr_assert(flags & FD_CLOEXEC);
	cr_assert(eq(int, (int)write(intake.took_fd, "!", 1), 1));
	cr_assert(eq(int, (int)read(pipe_fds[0], &c, 1), 1));
	cr_assert(eq(int, c, '!'));
	close(intake.took_fd);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	close(pair[1]);
}

Test(channel, a_descriptor_that_nobody_takes_is_closed)
{
	Candor__Empty empty = CANDOR__EMPTY__INIT;
	int pair[2], pipe_fds[2], both[2];
	char c;

	cr_assert(eq(int, channel_pair(pair), 0));
	cr_assert(eq(int, pipe(pipe_fds), 0));
	channel_free(intake.ch);
	intake.ch = channel_new(
	    base, pair[0], PARTY_INTAKE, PARTY_SUPERVISOR, 0, NULL, &arena, CAP, &events, &intake);
	channel_expect_fds(intake.ch);
	both[0] = both[1] = pipe_fds[1];
	cr_assert(eq(int, channel_send_fds(pair[1], MSG_ROOM_STOP, &empty.base, both, 2), 0));
	close(pipe_fds[1]);
	settle();
	close(intake.took_fd);
	/* The end of the pipe is only seen once no copy of its other end is open. */
	cr_assert(eq(int, (int)read(pipe_fds[0], &c, 1), 0));
	close(pipe_fds[0]);
	close(pair[1]);
}

Test(channel, a_descriptor_sent_to_a_channel_that_expects_none_does_not_get_in)
{
	Candor__Stored stored = CANDOR__STORED__INIT;
	int pipe_fds[2];
	char c;

	cr_assert(eq(int, pipe(pipe_fds), 0));
	cr_assert(
	    eq(int, channel_send_fds(store.fd, MSG_STORED, &stored.base, &pipe_fds[1], 1), 0));
	close(pipe_fds[1]);
	settle();
	cr_assert(eq(u32, intake.n_messages, 1));
	cr_assert(eq(int, intake.took_fd, -1));
	cr_assert(eq(int, (int)read(pipe_fds[0], &c, 1), 0));
	close(pipe_fds[0]);
}
