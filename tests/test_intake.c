/* SPDX-License-Identifier: ISC */
/*
 * intake as the real process, with the test as its supervisor, its store and its reporters: what a
 * session may do in which order, and what it leaves behind when it does not.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>

#include "candor/directory.h"
#include "candor/frame.h"
#include "candor/seal.h"
#include "common/channel.h"

#include "support/files.h"
#include "support/rooms.h"

#define WRITERS 8 /* ATTACH_WRITERS of intake */

static struct test_room room;
static int store; /* our end of the store's channel */
static const char *folder;
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static uint8_t key[32], key_public[32], site_id[SITE_ID_BYTES] = "0123456789abcde";
static uint8_t annas[AGE_KEY_BYTES]; /* the first officer's key */
static struct minisign_secret charter;
static struct arena arena;

struct client {
	int fd;
	struct noise_session noise;
	unsigned kind; /* of the last answer */
	const ProtobufCMessage *msg;
};

/* ---- the room and its neighbours ----------------------------------------------------------------- */

static void
send_directory(void)
{
	static char all[] = "*";
	struct officer_secret secret;
	struct officer officers[] = { { .name = "Anna Berg" }, { .name = "Bert Carl" } };
	struct directory d = { .version = 1, .n_officers = 2, .officers = officers };
	Candor__Directory msg = CANDOR__DIRECTORY__INIT;
	uint8_t identity[AGE_KEY_BYTES], recipient[AGE_KEY_BYTES];
	struct span text, sig;

	for (size_t i = 0; i < NELEM(officers); i++) {
		age_keypair(i == 0 ? annas : identity, recipient);
		keys_derive(&secret, i == 0 ? annas : identity);
		officers[i].role = ROLE_OFFICER;
		officers[i].keys = secret.pub;
		officers[i].categories = all;
	}
	memcpy(d.site_id, site_id, sizeof(d.site_id));
	age_keypair(identity, d.escrow);
	cr_assert(eq(int, directory_format(&arena, &text, &d), 0));
	cr_assert(eq(int, minisign_sign(&arena, &sig, text.p, text.len, &charter, "v"), 0));
	msg.text = wire_bytes(text.p, text.len);
	msg.signature = wire_bytes(sig.p, sig.len);
	test_room_send(store, MSG_DIRECTORY_NOW, 0, &msg.base);
}

static void
new_store(void)
{
	store = test_room_peer(&room, PARTY_STORE, 0, "");
	send_directory();
}

static void
start(unsigned handshake_ms)
{
	static char listen_name[] = "listen", key_name[] = "key", other[] = "other",
		    *names[] = { listen_name, key_name };
	const char *build = getenv("CANDOR_BUILD");
	const char *path = test_join(build != NULL ? build : "build/debug", "candor-intake");
	Candor__RoomSetup setup = CANDOR__ROOM_SETUP__INIT;
	Candor__Limits limits = CANDOR__LIMITS__INIT;
	Candor__Category category = CANDOR__CATEGORY__INIT, *categories[] = { &category };
	char charter_line[MINISIGN_PUBLIC_CHARS + 1], hex[65];
	int ends[2], key_pipe[2], fds[2];

	cr_assert(ge(int, sodium_init(), 0));
	arena = test_arena(4u << 20);
	folder = test_mkdir();
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", folder);
	randombytes_buf(key, sizeof(key));
	crypto_scalarmult_base(key_public, key);
	minisign_keypair(&charter);
	minisign_public_format(charter_line, &charter.pub);

	cr_assert(eq(int, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0));
	room = (struct test_room){ .id = PARTY_INTAKE, .fd = ends[0] };
	if ((room.pid = fork()) == 0) {
		char *const argv[] = { (char *)"candor-intake", NULL }, *const env[] = { NULL };

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], 3);
		fcntl(3, F_SETFD, 0);
		execve(path, argv, env);
		_exit(127);
	}
	close(ends[1]);
	fds[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert(eq(int, bind(fds[0], (struct sockaddr *)&address, sizeof(address)), 0));
	cr_assert(eq(int, listen(fds[0], 64), 0));
	cr_assert(eq(int, pipe(key_pipe), 0));
	sodium_bin2hex(hex, sizeof(hex), key, sizeof(key));
	cr_assert(eq(int, (int)write(key_pipe[1], hex, 64), 64));
	close(key_pipe[1]);
	fds[1] = key_pipe[0];

	category.id = other;
	category.title = other;
	category.severity = other;
	category.roles_mask = 1u << ROLE_OFFICER;
	category.acknowledge_days = 7;
	category.feedback_months = 3;
	limits.sessions = 16;
	limits.handshake_ms = handshake_ms;
	limits.idle_ms = 60000;
	limits.attachment_bytes = 1u << 20;
	setup.room = PARTY_INTAKE;
	setup.log_level = 1;
	setup.site_id = wire_bytes(site_id, sizeof(site_id));
	setup.charter = charter_line;
	setup.limits = &limits;
	setup.n_categories = 1;
	setup.categories = categories;
	setup.fds = names;
	setup.n_fds = 2;
	cr_assert(eq(int, channel_send_fds(room.fd, MSG_ROOM_SETUP, &setup.base, fds, 2), 0));
	close(fds[0]);
	close(fds[1]);
	test_room_expect(&room, room.fd, PARTY_SUPERVISOR, MSG_ROOM_READY);
	new_store();
}

static void
end(void)
{
	if (room.pid > 0)
		test_room_kill(&room);
	test_rmdir(folder);
}

TestSuite(intake, .fini = end, .timeout = 60);

/* What intake sends to store next, which must be of this kind. */
static const ProtobufCMessage *
hears(unsigned kind, uint32_t *tag)
{
	struct test_packet p = test_room_expect(&room, store, PARTY_STORE, kind);

	if (tag != NULL)
		*tag = p.tag;
	return p.msg;
}

static void
stored(uint32_t tag)
{
	Candor__Stored msg = CANDOR__STORED__INIT;

	msg.acknowledge_by = 20000;
	test_room_send(store, MSG_STORED, tag, &msg.base);
}

static void
staged(uint32_t tag)
{
	const Candor__Empty msg = CANDOR__EMPTY__INIT;

	test_room_send(store, MSG_STAGED, tag, &msg.base);
}

static void
refused(uint32_t tag, uint32_t code)
{
	static char no[] = "no";
	Candor__Refusal msg = CANDOR__REFUSAL__INIT;

	msg.code = code;
	msg.text = no;
	test_room_send(store, MSG_REFUSAL, tag, &msg.base);
}

/* ---- reporters ----------------------------------------------------------------------------------- */

static void
receive(int fd, uint8_t *p, size_t len)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	while (len > 0) {
		ssize_t n;

		cr_assert(eq(int, poll(&readable, 1, 20000), 1), "no answer");
		n = recv(fd, p, len, 0);
		cr_assert(n > 0, "the session was closed");
		p += n;
		len -= (size_t)n;
	}
}

static size_t
receive_frame(int fd, uint8_t buf[FRAME_MAX])
{
	uint8_t head[FRAME_LENGTH_BYTES];
	size_t len;

	receive(fd, head, sizeof(head));
	len = (size_t)head[0] << 8 | head[1];
	receive(fd, buf, len);
	return len;
}

static void
dial(struct client *c)
{
	struct noise_handshake hs;
	uint8_t prologue[FRAME_PROLOGUE_BYTES], buf[FRAME_MAX];
	size_t n;

	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert(eq(int, connect(c->fd, (struct sockaddr *)&address, sizeof(address)), 0));
	frame_prologue(prologue, site_id);
	cr_assert(eq(int,
	    noise_begin(
		&hs, NOISE_NK, NOISE_INITIATOR, prologue, sizeof(prologue), NULL, NULL, key_public),
	    0));
	cr_assert(eq(int, noise_write(&hs, buf + 2, sizeof(buf) - 2, &n, NULL, 0), 0));
	buf[0] = 0;
	buf[1] = (uint8_t)n;
	cr_assert(eq(int, (int)send(c->fd, buf, n + 2, MSG_NOSIGNAL), (int)n + 2));
	n = receive_frame(c->fd, buf);
	cr_assert(eq(int, noise_read(&hs, NULL, 0, &n, buf, n), 0));
	cr_assert(eq(int, noise_split(&hs, &c->noise), 0));
}

static void
ask(struct client *c, unsigned kind, const ProtobufCMessage *msg)
{
	static uint8_t frame[FRAME_MAX];
	struct span body;
	size_t len;

	cr_assert(eq(int, wire_pack(&arena, &body, msg), 0));
	cr_assert(eq(int, frame_seal(&c->noise, frame, &len, kind, body.p, body.len), 0));
	cr_assert(eq(int, (int)send(c->fd, frame, len, MSG_NOSIGNAL), (int)len));
}

/* The kind of the answer; of a REFUSAL its code, negative. */
static int
answer(struct client *c)
{
	static uint8_t frame[FRAME_MAX];
	struct span body;
	size_t len = receive_frame(c->fd, frame);
	ProtobufCMessage *msg;

	cr_assert(eq(int, frame_open(&c->noise, frame, &c->kind, &body, frame, len), 0));
	cr_assert(eq(int,
	    wire_unpack(&arena, &msg, c->kind, PARTY_INTAKE, PARTY_REPORTER, body.p, body.len), 0));
	c->msg = msg;
	return c->kind == MSG_REFUSAL ? -(int)((Candor__Refusal *)msg)->code : (int)c->kind;
}

static void
attach(struct client *c, unsigned n, const char *text, bool last)
{
	Candor__Attach msg = CANDOR__ATTACH__INIT;

	msg.n = n;
	msg.data = wire_bytes(text, strlen(text));
	msg.last = last;
	ask(c, MSG_ATTACH, &msg.base);
}

static void
report_to(struct client *c, unsigned n_attachments, const uint8_t recipient[32])
{
	static char category[] = "other", narrative[] = "They posted a picture of a chart.";
	static const uint8_t lookup[32] = { 7 };
	Candor__Report msg = CANDOR__REPORT__INIT;

	msg.category = category;
	msg.narrative = narrative;
	msg.lookup = wire_bytes(lookup, 32);
	msg.recipient = wire_bytes(recipient, 32);
	msg.n_attachments = n_attachments;
	ask(c, MSG_REPORT, &msg.base);
}

static void
report(struct client *c, unsigned n_attachments)
{
	report_to(c, n_attachments, key_public);
}

static void
follow(struct client *c)
{
	static const uint8_t lookup[32] = { 7 };
	Candor__Follow msg = CANDOR__FOLLOW__INIT;

	msg.lookup = wire_bytes(lookup, 32);
	ask(c, MSG_FOLLOW, &msg.base);
}

/* The first piece of an attachment, which is not the last: store gets its head. */
static void
begin_attachment(struct client *c)
{
	const Candor__Stage *s;
	uint32_t tag;

	attach(c, 0, "some words", false);
	s = (const Candor__Stage *)hears(MSG_STAGE, &tag);
	cr_assert(eq(u32, s->n, 0));
	cr_assert(eq(u32, s->seq, 0));
	staged(tag);
	cr_assert(eq(int, answer(c), MSG_ATTACHED));
}

/* ---- the tests ----------------------------------------------------------------------------------- */

Test(intake, an_empty_last_piece_ends_an_attachment_which_goes_with_the_report)
{
	const Candor__StoreReport *r;
	const Candor__Stage *s;
	struct client c;
	uint32_t tag;

	start(10000);
	dial(&c);
	begin_attachment(&c);
	attach(&c, 0, "", true);
	s = (const Candor__Stage *)hears(MSG_STAGE, &tag);
	cr_assert(eq(u32, s->seq, 1));
	staged(tag);
	cr_assert(eq(int, answer(&c), MSG_ATTACHED));
	attach(&c, 1, "", true);
	cr_assert(eq(u32, ((const Candor__Stage *)hears(MSG_STAGE, &tag))->seq, 0));
	cr_assert(eq(u32, ((const Candor__Stage *)hears(MSG_STAGE, &tag))->n, 1));
	staged(tag);
	staged(tag);
	cr_assert(eq(int, answer(&c), MSG_ATTACHED));
	report(&c, 2);
	r = (const Candor__StoreReport *)hears(MSG_STORE_REPORT, &tag);
	cr_assert(eq(u32, r->n_attachments, 2));
	cr_assert(eq(sz, r->stage.len, 16));
	stored(tag);
	cr_assert(eq(int, answer(&c), MSG_FILED));
	cr_assert(test_room_silent(store, 0), "what is filed is not dropped");
}

Test(intake, an_attachment_that_fails_leaves_nothing_in_store_and_may_begin_again)
{
	const Candor__StoreReport *r;
	struct client c;
	uint32_t tag;

	start(10000);
	dial(&c);
	begin_attachment(&c);
	attach(&c, 0, "\xff\xfe", true);
	cr_assert(eq(int, answer(&c), -EX_DATAERR));
	hears(MSG_STAGE_DROP, NULL);
	begin_attachment(&c);
	attach(&c, 3, "out of turn", true);
	cr_assert(eq(int, answer(&c), -EX_PROTOCOL));
	hears(MSG_STAGE_DROP, NULL);
	report(&c, 0);
	r = (const Candor__StoreReport *)hears(MSG_STORE_REPORT, &tag);
	cr_assert(eq(sz, r->stage.len, 0));
	stored(tag);
	cr_assert(eq(int, answer(&c), MSG_FILED));
}

Test(intake, a_piece_that_store_refuses_ends_the_attachment)
{
	struct client c;
	uint32_t tag;

	start(10000);
	dial(&c);
	begin_attachment(&c);
	attach(&c, 0, "more", true);
	hears(MSG_STAGE, &tag);
	refused(tag, EX_TEMPFAIL);
	cr_assert(eq(int, answer(&c), -EX_TEMPFAIL));
	hears(MSG_STAGE_DROP, NULL);
	begin_attachment(&c);
}

Test(intake, a_report_with_half_an_attachment_is_refused)
{
	struct client c;

	start(10000);
	dial(&c);
	begin_attachment(&c);
	report(&c, 0);
	cr_assert(eq(int, answer(&c), -EX_PROTOCOL));
	hears(MSG_STAGE_DROP, NULL);
}

Test(intake, what_a_lost_session_staged_is_dropped)
{
	struct client c;

	start(10000);
	dial(&c);
	begin_attachment(&c);
	close(c.fd);
	hears(MSG_STAGE_DROP, NULL);
}

Test(intake, attachments_of_a_store_that_was_restarted_must_be_sent_again)
{
	struct client c;

	start(10000);
	dial(&c);
	begin_attachment(&c);
	close(store);
	new_store();
	/* Until it has heard of both, it says "try again" too. */
	attach(&c, 0, "more", true);
	cr_assert(eq(int, answer(&c), -EX_TEMPFAIL));
	cr_assert(test_room_silent(store, 0));
	do {
		report(&c, 1);
	} while (answer(&c) == -EX_TEMPFAIL);
	cr_assert(eq(int, -(int)((const Candor__Refusal *)c.msg)->code, -EX_PROTOCOL));
	begin_attachment(&c);
}

Test(intake, each_report_of_a_session_has_a_key_of_its_own)
{
	uint8_t first[32];
	struct client c;
	uint32_t tag;

	start(10000);
	dial(&c);
	report(&c, 0);
	memcpy(first,
	    ((const Candor__StoreReport *)hears(MSG_STORE_REPORT, &tag))->case_recipient.data, 32);
	refused(tag, EX_TEMPFAIL);
	cr_assert(eq(int, answer(&c), -EX_TEMPFAIL));
	report(&c, 0);
	cr_assert(ne(int,
	    memcmp(first,
		((const Candor__StoreReport *)hears(MSG_STORE_REPORT, &tag))->case_recipient.data,
		32),
	    0));
}

Test(intake, following_forgets_what_was_attached_for_another_case)
{
	struct client c;
	uint32_t tag;

	start(10000);
	dial(&c);
	begin_attachment(&c);
	follow(&c);
	hears(MSG_STAGE_DROP, NULL);
	hears(MSG_LOOKUP, &tag);
}

Test(intake, a_session_whose_follow_failed_may_still_file)
{
	struct client c;
	uint32_t tag;

	start(10000);
	dial(&c);
	follow(&c);
	hears(MSG_LOOKUP, &tag);
	refused(tag, EX_TEMPFAIL);
	cr_assert(eq(int, answer(&c), -EX_TEMPFAIL));
	report(&c, 0);
	hears(MSG_STORE_REPORT, &tag);
	stored(tag);
	cr_assert(eq(int, answer(&c), MSG_FILED));
}

Test(intake, an_answer_that_nobody_waits_for_is_ignored)
{
	struct client c;
	uint32_t tag;

	start(10000);
	dial(&c);
	report(&c, 0);
	hears(MSG_STORE_REPORT, &tag);
	stored(tag + 1);
	staged(tag);
	stored(tag);
	stored(tag);
	refused(tag, EX_TEMPFAIL);
	cr_assert(eq(int, answer(&c), MSG_FILED));
	report(&c, 0);
	hears(MSG_STORE_REPORT, &tag);
	stored(tag);
	cr_assert(eq(int, answer(&c), MSG_FILED));
}

Test(intake, silent_senders_of_attachments_keep_nobody_elses_out)
{
	struct client silent[WRITERS], late;
	unsigned n_refused = 0;
	uint32_t tag;
	int kind;

	start(100);
	for (size_t i = 0; i < WRITERS; i++) {
		dial(&silent[i]);
		begin_attachment(&silent[i]);
	}
	dial(&late);
	do {
		attach(&late, 0, "late", false);
		/* Either intake refuses at once, or store is asked first. */
		if (test_room_silent(store, 20)) {
			kind = answer(&late);
			cr_assert(eq(int, kind, -EX_TEMPFAIL));
			n_refused++;
			continue;
		}
		hears(MSG_STAGE, &tag);
		staged(tag);
		kind = answer(&late);
	} while (kind != MSG_ATTACHED);
	attach(&silent[0], 0, "too late", true);
	cr_assert(eq(int, answer(&silent[0]), -EX_TEMPFAIL), "it must not go on in the middle");
	hears(MSG_STAGE_DROP, NULL);
}

Test(intake, a_receipt_to_which_nothing_can_be_sealed_is_refused)
{
	static const uint8_t low_order[32] = { 1 };
	struct client c;

	start(10000);
	dial(&c);
	report_to(&c, 0, low_order);
	cr_assert(eq(int, answer(&c), -EX_PROTOCOL));
}

/* Text of single letters makes the most tokens of all that people write. */
Test(intake, the_largest_report_of_ordinary_text_is_taken)
{
	static char category[] = "other", narrative[WIRE_TEXT_MAX + 1], place[1025], platform[257];
	static char url[16][1701], *urls[16];
	const struct {
		char *text;
		size_t len;
	} fields[] = { { narrative, WIRE_TEXT_MAX }, { place, 1024 }, { platform, 256 } };
	Candor__Report msg = CANDOR__REPORT__INIT;
	struct client c;
	uint32_t tag;

	start(10000);
	dial(&c);
	for (size_t i = 0; i < NELEM(fields); i++)
		for (size_t k = 0; k < fields[i].len; k++)
			fields[i].text[k] = "a, b."[k % 5];
	for (size_t i = 0; i < NELEM(urls); i++) {
		memset(url[i], '.', sizeof(url[i]) - 1);
		urls[i] = url[i];
	}
	msg.category = category;
	msg.narrative = narrative;
	msg.place = place;
	msg.platform = platform;
	msg.urls = urls;
	msg.n_urls = NELEM(urls);
	msg.lookup = msg.recipient = wire_bytes(key_public, 32);
	ask(&c, MSG_REPORT, &msg.base);
	hears(MSG_STORE_REPORT, &tag);
	stored(tag);
	cr_assert(eq(int, answer(&c), MSG_FILED));
}

Test(intake, who_is_kept_out_stands_in_the_entry_as_the_directory_spells_it)
{
	static char category[] = "other", narrative[] = "words", name[] = "bert \n CARL",
		    *names[] = { name };
	Candor__Report msg = CANDOR__REPORT__INIT;
	const Candor__StoreReport *r;
	const Candor__ReportEntry *entry;
	uint8_t identity[AGE_KEY_BYTES];
	ProtobufCMessage *inner;
	struct span plain;
	struct client c;

	start(10000);
	dial(&c);
	msg.category = category;
	msg.narrative = narrative;
	msg.keep_out = names;
	msg.n_keep_out = 1;
	msg.lookup = msg.recipient = wire_bytes(key_public, 32);
	ask(&c, MSG_REPORT, &msg.base);
	r = (const Candor__StoreReport *)hears(MSG_STORE_REPORT, NULL);
	cr_assert(eq(sz, r->n_readers, 1));
	cr_assert(eq(int, seal_open_case(&arena, identity, WIRE_SPAN(r->secret), annas), 0));
	cr_assert(eq(int, seal_open_entry(&arena, &plain, WIRE_SPAN(r->entry), identity), 0));
	cr_assert(eq(int,
	    wire_unpack_as(&arena, &inner, &candor__report_entry__descriptor, plain.p, plain.len),
	    0));
	entry = (const Candor__ReportEntry *)inner;
	cr_assert(eq(sz, entry->n_keep_out, 1));
	cr_assert(eq(str, entry->keep_out[0], (char *)"Bert Carl"));
}

Test(intake, told_to_stop_it_answers_what_is_in_hand_and_leaves)
{
	const Candor__Empty stop = CANDOR__EMPTY__INIT;
	struct client c, idle;
	uint32_t tag;
	char byte;

	start(10000);
	dial(&c);
	dial(&idle);
	report(&c, 0);
	hears(MSG_STORE_REPORT, &tag);
	test_room_send(room.fd, MSG_ROOM_STOP, 0, &stop.base);
	cr_assert(eq(int, (int)recv(idle.fd, &byte, 1, 0), 0), "whoever waits for nothing goes");
	stored(tag);
	cr_assert(eq(int, answer(&c), MSG_FILED));
	cr_assert(eq(int, test_room_wait(&room), 0));
	room.pid = 0;
}
