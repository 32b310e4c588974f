/* SPDX-License-Identifier: ISC */
/*
 * Users' sessions on real sockets, clients and server in one process and one event loop: who is
 * served, who is dropped without a word, and who cannot keep others out.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>

#include "candor/candor_pb.h"
#include "candor/pad.h"
#include "common/session.h"

#define HANDSHAKE_FRAME (FRAME_LENGTH_BYTES + 48)
#define QUIET_TURNS 20

static struct room room;
static struct room_spec spec;
static struct session_server *server;
static struct session_config config;
static char folder[] = "/tmp/candor-session-XXXXXX";
static struct sockaddr_un address;
static uint8_t secret[32], public[32], officer_secret[32], officer_public[32];

/* What the room saw, and how it answers. */
static unsigned n_requests, n_closed, last_kind;
static char last_text[64];
static uint32_t last_tag;
static bool answer_later, answer_large;
static uint8_t remote[32];

struct client {
	int fd;
	struct noise_handshake hs;
	struct noise_session noise;
	uint8_t hello[FRAME_LENGTH_BYTES + 96];
	size_t hello_len;
};

static void
answer(struct session *s)
{
	static char name[40000];
	Candor__Guide guide = CANDOR__GUIDE__INIT;
	Candor__Done done = CANDOR__DONE__INIT;

	memset(name, 'g', sizeof(name) - 1);
	guide.site_name = answer_large ? name : name + sizeof(name) - 6;
	done.text = name + sizeof(name) - 6;
	if (config.client == PARTY_OFFICER)
		session_answer(s, MSG_DONE, &done.base);
	else
		session_answer(s, MSG_GUIDE, &guide.base);
}

static void
on_request(struct room *r, struct session *s, unsigned kind, const ProtobufCMessage *msg)
{
	(void)r;
	n_requests++;
	last_kind = kind;
	last_tag = session_tag(s);
	memcpy(remote, session_remote_key(s), sizeof(remote));
	++*(uint8_t *)session_extra(s);
	if (kind == MSG_REPORT)
		snprintf(
		    last_text, sizeof(last_text), "%s", ((const Candor__Report *)msg)->narrative);
	if (!answer_later)
		answer(s);
}

static void
on_closed(struct room *r, struct session *s)
{
	(void)r;
	(void)s;
	n_closed++;
}

/* A server for up to sessions sessions with these time limits. */
static void
serve(enum noise_pattern pattern, unsigned sessions, unsigned handshake_ms, unsigned idle_ms)
{
	cr_assert(ge(int, sodium_init(), 0));
	cr_assert(mkdtemp(folder) != NULL);
	address.sun_family = AF_UNIX;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", folder);
	randombytes_buf(secret, 32);
	crypto_scalarmult_base(public, secret);
	randombytes_buf(officer_secret, 32);
	crypto_scalarmult_base(officer_public, officer_secret);

	spec.id = pattern == NOISE_NK ? PARTY_INTAKE : PARTY_DESK;
	room.spec = &spec;
	cr_assert(eq(int, slab_init(&room.slab, (1u << 20) + (size_t)sessions * 256), 0));
	arena_init(&room.arena, slab_carve(&room.slab, 512u << 10), 512u << 10);
	room.base = event_base_new();
	event_base_priority_init(room.base, 2);
	config = (struct session_config){
		.pattern = pattern,
		.client = pattern == NOISE_NK ? PARTY_REPORTER : PARTY_OFFICER,
		.key = secret,
		.key_public = public,
		.site_id = "0123456789abcde",
		.max_sessions = sessions,
		.handshake_ms = handshake_ms,
		.idle_ms = idle_ms,
		.extra_bytes = 8,
		.request = on_request,
		.closed = on_closed,
	};
	config.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert(eq(int, bind(config.listen_fd, (struct sockaddr *)&address, sizeof(address)), 0));
	cr_assert(eq(int, listen(config.listen_fd, 4096), 0));
	server = session_server_new(&room, &config);
	cr_assert(server != NULL);
	cr_assert(eq(int, session_server_start(server), 0));
}

static void
clean_up(void)
{
	unlink(address.sun_path);
	rmdir(folder);
}

static void
turn(void)
{
	event_base_loop(room.base, EVLOOP_NONBLOCK);
}

static void
dial(struct client *c)
{
	memset(c, 0, sizeof(*c));
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert(ge(int, c->fd, 0));
	cr_assert(eq(int, connect(c->fd, (struct sockaddr *)&address, sizeof(address)), 0));
}

static void
put(struct client *c, const void *p, size_t len)
{
	cr_assert(eq(sz, (size_t)send(c->fd, p, len, MSG_NOSIGNAL), len));
}

/*
 * Read len bytes while the server runs: 1 when they came, 0 when the server closed first, -1 when
 * it stays silent.
 */
static int
get(struct client *c, void *p, size_t len)
{
	size_t have = 0;

	for (int quiet = 0; have < len && quiet < QUIET_TURNS;) {
		ssize_t n = recv(c->fd, (uint8_t *)p + have, len - have, MSG_DONTWAIT);

		if (n == 0 || (n < 0 && errno != EAGAIN))
			return 0;
		if (n > 0) {
			have += (size_t)n;
			quiet = 0;
			continue;
		}
		turn();
		quiet++;
	}
	return have == len ? 1 : -1;
}

static void
write_hello(struct client *c)
{
	uint8_t prologue[FRAME_PROLOGUE_BYTES];
	bool officer = config.pattern == NOISE_IK;
	size_t n;

	frame_prologue(prologue, config.site_id);
	cr_assert(eq(int,
	    noise_begin(&c->hs, config.pattern, NOISE_INITIATOR, prologue, sizeof(prologue),
		officer ? officer_secret : NULL, officer ? officer_public : NULL, public),
	    0));
	cr_assert(eq(int, noise_write(&c->hs, c->hello + 2, sizeof(c->hello) - 2, &n, NULL, 0), 0));
	c->hello[0] = 0;
	c->hello[1] = (uint8_t)n;
	c->hello_len = n + 2;
}

static int
read_hello(struct client *c)
{
	uint8_t reply[HANDSHAKE_FRAME], none[1];
	size_t n;
	int r = get(c, reply, sizeof(reply));

	if (r != 1)
		return r;
	cr_assert(eq(int, noise_read(&c->hs, none, 0, &n, reply + 2, sizeof(reply) - 2), 0));
	cr_assert(eq(int, noise_split(&c->hs, &c->noise), 0));
	return 1;
}

static void
meet(struct client *c)
{
	dial(c);
	write_hello(c);
	put(c, c->hello, c->hello_len);
	cr_assert(eq(int, read_hello(c), 1));
}

/* Seal a body as it is. */
static size_t
seal(struct client *c, uint8_t frame[static FRAME_MAX], unsigned kind, const void *body, size_t len)
{
	size_t n;

	cr_assert(eq(int, frame_seal(&c->noise, frame, &n, kind, body, len), 0));
	return n;
}

static void
ask_raw(struct client *c, unsigned kind, const void *body, size_t len)
{
	uint8_t frame[FRAME_MAX];
	size_t n = seal(c, frame, kind, body, len);

	put(c, frame, n);
}

static void
ask(struct client *c)
{
	ask_raw(c, config.pattern == NOISE_NK ? MSG_GUIDE_GET : MSG_DIRECTORY_GET, NULL, 0);
}

/* The kind of the answer, which is checked as a client does; 0 when the server closed, -1 when it is
 * silent. */
static int
hear(struct client *c)
{
	static uint8_t frame[FRAME_MAX], plain[FRAME_MAX], memory[256 << 10];
	struct arena arena;
	ProtobufCMessage *msg;
	struct span body;
	unsigned kind;
	size_t n;
	int r;

	if ((r = get(c, frame, 2)) != 1)
		return r;
	n = (size_t)frame[0] << 8 | frame[1];
	if ((r = get(c, frame + 2, n)) != 1)
		return r;
	cr_assert(eq(int, frame_open(&c->noise, plain, &kind, &body, frame + 2, n), 0));
	arena_init(&arena, memory, sizeof(memory));
	cr_assert(
	    eq(int, wire_unpack(&arena, &msg, kind, spec.id, config.client, body.p, body.len), 0));
	return (int)kind;
}

/* As hear(), but as long as it takes: for what a time limit causes. */
static int
hear_end(struct client *c)
{
	uint8_t byte;
	int r;

	while ((r = get(c, &byte, 1)) < 0)
		event_base_loop(room.base, EVLOOP_ONCE);
	return r;
}

TestSuite(session, .fini = clean_up, .timeout = 60);

Test(session, a_reporter_is_answered_again_and_again)
{
	struct client c;

	serve(NOISE_NK, 4, 5000, 5000);
	meet(&c);
	for (unsigned i = 1; i <= 3; i++) {
		ask(&c);
		cr_assert(eq(int, hear(&c), MSG_GUIDE));
		cr_assert(eq(u32, n_requests, i));
	}
	close(c.fd);
	for (int i = 0; i < QUIET_TURNS; i++)
		turn();
	cr_assert(eq(u32, n_closed, 1));
}

Test(session, an_officer_is_known_by_the_key)
{
	struct client c;

	serve(NOISE_IK, 4, 5000, 5000);
	meet(&c);
	ask(&c);
	cr_assert(eq(int, hear(&c), MSG_DONE));
	cr_assert(eq(int, memcmp(remote, officer_public, 32), 0));
}

Test(session, a_requests_plaintext_is_gone_when_it_was_handled)
{
	static char canary[] = "a word that must not stay behind";
	Candor__Report report = CANDOR__REPORT__INIT;
	uint8_t body[256];
	struct client c;

	serve(NOISE_NK, 4, 5000, 5000);
	meet(&c);
	report.narrative = canary;
	ask_raw(&c, MSG_REPORT, body, candor__report__pack(&report, body));
	cr_assert(eq(int, hear(&c), MSG_GUIDE));
	cr_assert(eq(str, last_text, canary));
	cr_assert(memmem(room.slab.base, room.slab.size, canary, strlen(canary)) == NULL);
}

Test(session, a_frame_may_come_in_single_bytes)
{
	uint8_t frame[FRAME_MAX];
	struct client c;
	size_t n;

	serve(NOISE_NK, 4, 5000, 5000);
	dial(&c);
	write_hello(&c);
	for (size_t i = 0; i < c.hello_len; i++) {
		put(&c, c.hello + i, 1);
		turn();
	}
	cr_assert(eq(int, read_hello(&c), 1));
	n = seal(&c, frame, MSG_GUIDE_GET, NULL, 0);
	for (size_t i = 0; i < n; i++) {
		put(&c, frame + i, 1);
		turn();
	}
	cr_assert(eq(int, hear(&c), MSG_GUIDE));
}

Test(session, requests_sent_ahead_are_answered_one_after_the_other)
{
	struct client c;
	struct session *s;

	serve(NOISE_NK, 4, 5000, 5000);
	answer_later = true;
	meet(&c);
	for (int i = 0; i < 5; i++)
		ask(&c);
	for (unsigned i = 1; i <= 5; i++) {
		cr_assert(eq(int, hear(&c), -1));
		cr_assert(eq(u32, n_requests, i), "no second request before the first is answered");
		cr_assert(eq(u32, session_server_waiting(server), 1));
		s = session_find(server, last_tag);
		cr_assert(s != NULL);
		answer(s);
		cr_assert(session_find(server, last_tag) == NULL);
		cr_assert(eq(int, hear(&c), MSG_GUIDE));
	}
}

Test(session, a_client_that_closed_its_sending_side_still_hears_the_answer)
{
	struct client c;

	serve(NOISE_NK, 4, 5000, 5000);
	answer_later = true;
	meet(&c);
	ask(&c);
	shutdown(c.fd, SHUT_WR);
	cr_assert(eq(int, hear(&c), -1));
	answer(session_find(server, last_tag));
	cr_assert(eq(int, hear(&c), MSG_GUIDE));
	cr_assert(eq(int, hear(&c), 0));
}

Test(session, a_client_that_leaves_while_its_request_is_in_hand_harms_nobody)
{
	struct client c;

	serve(NOISE_NK, 4, 5000, 5000);
	answer_later = true;
	meet(&c);
	ask(&c);
	cr_assert(eq(int, hear(&c), -1));
	close(c.fd);
	for (int i = 0; i < QUIET_TURNS; i++)
		turn();
	cr_assert(eq(u32, session_server_waiting(server), 1));
	answer(session_find(server, last_tag));
	for (int i = 0; i < QUIET_TURNS; i++)
		turn();
	cr_assert(eq(u32, n_closed, 1));
}

Test(session, a_client_that_reads_slowly_gets_its_whole_answer)
{
	struct client c;
	int small = 1;

	serve(NOISE_NK, 4, 5000, 5000);
	/* The kernel's least, on the side that the daemon sends from. */
	setsockopt(config.listen_fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	answer_large = true;
	meet(&c);
	for (int i = 0; i < 20; i++)
		ask(&c);
	for (int i = 0; i < QUIET_TURNS; i++)
		turn();
	cr_assert(lt(u32, n_requests, 20), "what cannot be sent stops what is read");
	for (int i = 0; i < 20; i++)
		cr_assert(eq(int, hear(&c), MSG_GUIDE));
	cr_assert(eq(u32, n_requests, 20));
}

Test(session, a_forged_or_truncated_handshake_is_dropped_without_a_word)
{
	struct client c;

	serve(NOISE_NK, 4, 5000, 5000);
	for (size_t at = 0; at < 50; at++) {
		dial(&c);
		write_hello(&c);
		c.hello[at] ^= 0x40;
		put(&c, c.hello, c.hello_len);
		/* A flipped bit in the length may also announce more than came. */
		shutdown(c.fd, SHUT_WR);
		cr_assert(eq(int, hear_end(&c), 0), "byte %zu", at);
		close(c.fd);
	}
	for (size_t len = 0; len < 50; len++) {
		dial(&c);
		write_hello(&c);
		put(&c, c.hello, len);
		shutdown(c.fd, SHUT_WR);
		cr_assert(eq(int, hear_end(&c), 0), "%zu bytes", len);
		close(c.fd);
	}
	cr_assert(eq(u32, n_requests, 0));
}

Test(session, a_handshake_for_another_site_or_pattern_is_dropped)
{
	struct client c;

	serve(NOISE_NK, 4, 5000, 5000);
	config.site_id[0] ^= 1;
	dial(&c);
	write_hello(&c);
	put(&c, c.hello, c.hello_len);
	cr_assert(eq(int, hear(&c), 0));
	config.site_id[0] ^= 1;
	config.pattern = NOISE_IK;
	dial(&c);
	write_hello(&c);
	put(&c, c.hello, c.hello_len);
	cr_assert(eq(int, hear(&c), 0));
}

Test(session, a_recorded_session_played_again_does_nothing)
{
	uint8_t frame[FRAME_MAX], reply[HANDSHAKE_FRAME];
	struct client c, again;
	size_t n;

	serve(NOISE_NK, 4, 5000, 5000);
	meet(&c);
	n = seal(&c, frame, MSG_GUIDE_GET, NULL, 0);
	put(&c, frame, n);
	cr_assert(eq(int, hear(&c), MSG_GUIDE));
	dial(&again);
	put(&again, c.hello, c.hello_len);
	put(&again, frame, n);
	cr_assert(eq(int, get(&again, reply, sizeof(reply)), 1));
	cr_assert(eq(int, hear_end(&again), 0));
	cr_assert(eq(u32, n_requests, 1));
	/* And the same frame twice in one session. */
	put(&c, frame, n);
	cr_assert(eq(int, hear(&c), 0));
	cr_assert(eq(u32, n_requests, 1));
}

Test(session, a_frame_of_a_size_that_does_not_exist_is_dropped)
{
	static const size_t sizes[] = { 0, 1, 15, 16, PAD_FLOOR_BYTES + NOISE_TAG_BYTES - 1,
		FRAME_MAX - FRAME_LENGTH_BYTES + 1, 65535 };
	struct client c;

	serve(NOISE_NK, 4, 5000, 5000);
	for (size_t i = 0; i < NELEM(sizes); i++) {
		const uint8_t head[2] = { (uint8_t)(sizes[i] >> 8), (uint8_t)sizes[i] };

		meet(&c);
		put(&c, head, 2);
		cr_assert(eq(int, hear(&c), 0), "%zu", sizes[i]);
		close(c.fd);
	}
	cr_assert(eq(u32, n_requests, 0));
}

Test(session, a_frame_with_one_flipped_bit_is_dropped_without_a_word)
{
	uint8_t frame[FRAME_MAX];
	struct client c;
	size_t n;

	serve(NOISE_NK, 4, 5000, 5000);
	for (size_t at = 2; at < PAD_FLOOR_BYTES + 18; at += 97) {
		meet(&c);
		n = seal(&c, frame, MSG_GUIDE_GET, NULL, 0);
		frame[at] ^= 1;
		put(&c, frame, n);
		cr_assert(eq(int, hear(&c), 0));
		close(c.fd);
	}
	cr_assert(eq(u32, n_requests, 0));
}

Test(session, a_request_that_does_not_belong_here_is_refused_and_the_session_ends)
{
	/* clang-format off */
	const struct {
		const char *what;
		unsigned kind;
		struct span body;
	} bad[] = {
		{ "kind 0",                             0,              SPAN_STR("") },
		{ "an unknown kind",                    9999,           SPAN_STR("") },
		{ "an answer",                          MSG_GUIDE,      SPAN_STR("") },
		{ "an officer's kind",                  MSG_CASE_LIST,  SPAN_STR("") },
		{ "a room's kind",                      MSG_STORE_REPORT, SPAN_STR("") },
		{ "a body over the kind's limit",       MSG_GUIDE_GET,  SPAN_STR("\x0a\x0f" "aaaaaaaaaaaaaaa") },
		{ "an unknown field",                   MSG_GUIDE_GET,  SPAN_STR("\x78\x01") },
		{ "an unknown field of a report",       MSG_REPORT,     SPAN_STR("\xf8\x01\x01") },
		{ "a truncated field",                  MSG_REPORT,     SPAN_STR("\x12\x05" "ab") },
		{ "text with NUL",                      MSG_REPORT,     SPAN_STR("\x42\x02" "a\0") },
		{ "text that is not UTF-8",             MSG_REPORT,     SPAN_STR("\x42\x01\xff") },
		{ "a default spelled out",              MSG_REPORT,     SPAN_STR("\x08\x00") },
		{ "a group",                            MSG_REPORT,     SPAN_STR("\x0b\x0c") },
	};
	/* clang-format on */
	struct client c;

	serve(NOISE_NK, 4, 5000, 5000);
	for (size_t i = 0; i < NELEM(bad); i++) {
		meet(&c);
		ask_raw(&c, bad[i].kind, bad[i].body.p, bad[i].body.len);
		cr_expect(eq(int, hear(&c), MSG_REFUSAL), "%s", bad[i].what);
		cr_expect(eq(int, hear(&c), 0), "%s", bad[i].what);
		close(c.fd);
	}
	cr_assert(eq(u32, n_requests, 0));
	cr_assert(eq(u32, session_server_waiting(server), 0));
}

Test(session, an_officers_request_with_an_unknown_field_at_any_depth_is_refused)
{
	/* CASE_ACT and CASE_LIST are flat; repeated and nested fields are tried in test_wire. */
	struct client c;

	serve(NOISE_IK, 4, 5000, 5000);
	meet(&c);
	ask_raw(&c, MSG_CASE_LIST, "\x78\x01", 2);
	cr_assert(eq(int, hear(&c), MSG_REFUSAL));
	cr_assert(eq(int, hear(&c), 0));
}

Test(session, a_client_that_never_speaks_is_dropped)
{
	struct client c;

	serve(NOISE_NK, 4, 60, 60000);
	dial(&c);
	cr_assert(eq(int, hear_end(&c), 0));
	cr_assert(eq(u32, n_closed, 0));
}

Test(session, a_client_that_shakes_hands_and_never_asks_is_dropped)
{
	struct client c;

	serve(NOISE_NK, 4, 60, 60000);
	meet(&c);
	cr_assert(eq(int, hear_end(&c), 0));
	cr_assert(eq(u32, n_closed, 1));
}

Test(session, a_client_that_trickles_a_frame_is_dropped)
{
	uint8_t frame[FRAME_MAX];
	struct client c;
	size_t n, at = 0;

	serve(NOISE_NK, 4, 100, 60000);
	meet(&c);
	ask(&c);
	cr_assert(eq(int, hear(&c), MSG_GUIDE));
	n = seal(&c, frame, MSG_GUIDE_GET, NULL, 0);
	/* A byte a turn of the loop, which wakes at each tick at the latest. */
	while (at < n && send(c.fd, frame + at, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1) {
		at++;
		event_base_loop(room.base, EVLOOP_NONBLOCK);
		event_base_loop(room.base, EVLOOP_ONCE);
	}
	cr_assert(lt(sz, at, n));
	cr_assert(eq(u32, n_closed, 1));
}

Test(session, a_client_that_idles_between_requests_is_dropped)
{
	struct client c;

	serve(NOISE_NK, 4, 60000, 60);
	meet(&c);
	ask(&c);
	cr_assert(eq(int, hear(&c), MSG_GUIDE));
	cr_assert(eq(int, hear_end(&c), 0));
	cr_assert(eq(u32, n_closed, 1));
}

Test(session, a_request_in_hand_outlives_every_time_limit)
{
	struct client c, idle;

	serve(NOISE_NK, 4, 40, 40);
	answer_later = true;
	meet(&c);
	ask(&c);
	cr_assert(eq(int, hear(&c), -1));
	dial(&idle);
	cr_assert(eq(int, hear_end(&idle), 0));
	cr_assert(eq(u32, session_server_waiting(server), 1));
	answer(session_find(server, last_tag));
	cr_assert(eq(int, hear(&c), MSG_GUIDE));
}

Test(session, a_thousand_idle_connections_do_not_keep_others_out)
{
	static struct client crowd[1000];
	struct rlimit files;
	struct client c;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_max < 2100)
		cr_skip("needs 2100 open files; the hard limit is lower");
	serve(NOISE_NK, 64, 60000, 60000);
	for (size_t i = 0; i < NELEM(crowd); i++) {
		dial(&crowd[i]);
		turn();
	}
	meet(&c);
	for (size_t i = 0; i < NELEM(crowd); i++) {
		close(crowd[i].fd);
		dial(&crowd[i]);
		if (i % 100 == 0) {
			ask(&c);
			cr_assert(eq(int, hear(&c), MSG_GUIDE));
		}
	}
	ask(&c);
	cr_assert(eq(int, hear(&c), MSG_GUIDE), "those who never spoke make room first");
}

Test(session, without_descriptors_the_idle_make_room_as_well)
{
	static struct client crowd[40];
	struct rlimit files;
	struct client c;

	serve(NOISE_NK, 1000, 60000, 60000);
	for (size_t i = 0; i < NELEM(crowd); i++)
		dial(&crowd[i]);
	dial(&c);
	write_hello(&c);
	put(&c, c.hello, c.hello_len);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = (rlim_t)c.fd + 10;
	cr_assert(eq(int, setrlimit(RLIMIT_NOFILE, &files), 0));
	cr_assert(eq(int, read_hello(&c), 1));
	ask(&c);
	cr_assert(eq(int, hear(&c), MSG_GUIDE));
}

Test(session, a_request_in_hand_makes_room_for_nobody)
{
	struct client c[2], late;
	uint32_t first;

	serve(NOISE_NK, 2, 60000, 60000);
	answer_later = true;
	meet(&c[0]);
	ask(&c[0]);
	cr_assert(eq(int, hear(&c[0]), -1));
	first = last_tag;
	meet(&c[1]);
	ask(&c[1]);
	cr_assert(eq(int, hear(&c[1]), -1));
	dial(&late);
	write_hello(&late);
	put(&late, late.hello, late.hello_len);
	cr_assert(eq(int, hear(&late), -1), "waits in the queue of the socket");
	answer(session_find(server, first));
	cr_assert(eq(int, hear(&c[0]), MSG_GUIDE));
	cr_assert(eq(int, read_hello(&late), 1));
	cr_assert(eq(int, hear(&c[0]), 0), "the idle one made room");
	answer(session_find(server, last_tag));
	cr_assert(eq(int, hear(&c[1]), MSG_GUIDE));
}

Test(session, a_tag_is_not_used_again_for_another_request)
{
	uint32_t seen[100];
	struct client c;

	serve(NOISE_NK, 2, 60000, 60000);
	for (size_t i = 0; i < NELEM(seen); i++) {
		meet(&c);
		ask(&c);
		cr_assert(eq(int, hear(&c), MSG_GUIDE));
		seen[i] = last_tag;
		cr_assert(ne(u32, last_tag, 0));
		for (size_t k = 0; k < i; k++)
			cr_assert(ne(u32, seen[k], seen[i]));
		cr_assert(session_find(server, last_tag) == NULL);
		close(c.fd);
	}
	cr_assert(session_find(server, 0) == NULL);
	cr_assert(session_find(server, UINT32_MAX) == NULL);
}

Test(session, a_sessions_extra_memory_is_wiped_for_the_next_one)
{
	struct session *s;
	struct client c;

	serve(NOISE_NK, 1, 60000, 60000);
	answer_later = true;
	for (int i = 0; i < 2; i++) {
		meet(&c);
		ask(&c);
		cr_assert(eq(int, hear(&c), -1));
		s = session_find(server, last_tag);
		cr_assert(eq(int, *(uint8_t *)session_extra(s), 1));
		answer(s);
		cr_assert(eq(int, hear(&c), MSG_GUIDE));
		close(c.fd);
	}
}

Test(session, while_paused_nothing_is_read_and_afterwards_all)
{
	struct client c[3];

	serve(NOISE_NK, 8, 60000, 60000);
	for (size_t i = 0; i < NELEM(c); i++)
		meet(&c[i]);
	session_server_pause(server, true);
	for (size_t i = 0; i < NELEM(c); i++)
		ask(&c[i]);
	cr_assert(eq(int, hear(&c[0]), -1));
	cr_assert(eq(u32, n_requests, 0));
	session_server_pause(server, false);
	for (size_t i = 0; i < NELEM(c); i++)
		cr_assert(eq(int, hear(&c[i]), MSG_GUIDE));
}

Test(session, all_who_wait_can_be_refused_at_once_and_try_again)
{
	struct client c[3];

	serve(NOISE_NK, 8, 60000, 60000);
	answer_later = true;
	for (size_t i = 0; i < NELEM(c); i++) {
		meet(&c[i]);
		ask(&c[i]);
		cr_assert(eq(int, hear(&c[i]), -1));
	}
	session_refuse_all(server, EX_TEMPFAIL, "try again");
	cr_assert(eq(u32, session_server_waiting(server), 0));
	answer_later = false;
	for (size_t i = 0; i < NELEM(c); i++) {
		cr_assert(eq(int, hear(&c[i]), MSG_REFUSAL));
		ask(&c[i]);
		cr_assert(eq(int, hear(&c[i]), MSG_GUIDE));
	}
}

Test(session, a_refusal_is_cut_between_two_characters)
{
	char text[3000];
	struct client c;

	serve(NOISE_NK, 8, 60000, 60000);
	answer_later = true;
	for (size_t shift = 0; shift < 4; shift++) {
		memset(text, 'x', shift);
		for (size_t i = shift; i + 4 < sizeof(text); i += 4)
			memcpy(text + i, "\xf0\x9f\x9a\x91", 5);
		meet(&c);
		ask(&c);
		cr_assert(eq(int, hear(&c), -1));
		session_refuse(session_find(server, last_tag), EX_DATAERR, "%s", text);
		cr_assert(eq(int, hear(&c), MSG_REFUSAL));
		close(c.fd);
	}
}

Test(session, stopping_drops_the_idle_and_answers_whoever_waits)
{
	struct client idle, busy, late;

	serve(NOISE_NK, 8, 60000, 60000);
	meet(&idle);
	ask(&idle);
	cr_assert(eq(int, hear(&idle), MSG_GUIDE));
	answer_later = true;
	meet(&busy);
	ask(&busy);
	cr_assert(eq(int, hear(&busy), -1));
	session_server_stop(server);
	cr_assert(eq(int, hear(&idle), 0));
	cr_assert(eq(u32, session_server_waiting(server), 1));
	dial(&late);
	write_hello(&late);
	put(&late, late.hello, late.hello_len);
	cr_assert(eq(int, hear(&late), -1));
	answer(session_find(server, last_tag));
	cr_assert(eq(int, hear(&busy), MSG_GUIDE));
	cr_assert(eq(int, hear(&busy), 0));
	cr_assert(eq(u32, session_server_waiting(server), 0));
}

Test(session, unfinished_frames_of_many_clients_do_not_fill_the_memory)
{
	static struct client crowd[600];
	static uint8_t junk[63000] = { 0xf8, 0x10 }; /* a frame of 63,504 bytes begins */
	unsigned alive = 0;
	struct client c;

	serve(NOISE_NK, 1000, 60000, 60000);
	for (size_t i = 0; i < NELEM(crowd); i++) {
		meet(&crowd[i]);
		put(&crowd[i], junk, sizeof(junk));
		for (int k = 0; k < 5; k++)
			turn();
	}
	for (size_t i = 0; i < NELEM(crowd); i++) {
		uint8_t byte;

		if (recv(crowd[i].fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN)
			alive++;
	}
	cr_assert(lt(u32, alive, 540), "%u of them hold 63,000 bytes each", alive);
	cr_assert(gt(u32, alive, 400));
	meet(&c);
	ask(&c);
	cr_assert(eq(int, hear(&c), MSG_GUIDE));
}
