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

#define CLEANERS 2    /* of the configuration */
#define MOST_PIECES 4 /* PIECES_MOST of intake */

static struct test_room room;
static int store; /* our end of the store's channel */
static const char *folder;
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static uint8_t key[32], key_public[32], site_id[SITE_ID_BYTES] = "0123456789abcde";
static uint8_t annas[AGE_KEY_BYTES];   /* the first officer's key */
static uint8_t escrows[AGE_KEY_BYTES]; /* and the escrow's */
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
	if (sodium_is_zero(escrows, sizeof(escrows)))
		age_keypair(escrows, d.escrow);
	age_recipient_of(d.escrow, escrows);
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
	limits.cleaners = CLEANERS;
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
attach_bytes(struct client *c, unsigned n, struct span data, bool last, bool original)
{
	Candor__Attach msg = CANDOR__ATTACH__INIT;

	msg.n = n;
	msg.data = wire_bytes(data.p, data.len);
	msg.last = last;
	msg.original = original;
	ask(c, MSG_ATTACH, &msg.base);
}

static void
attach(struct client *c, unsigned n, const char *text, bool last)
{
	attach_bytes(c, n, (struct span){ (const uint8_t *)text, strlen(text) }, last, false);
}

static const char *
said(const struct client *c)
{
	return ((const Candor__Refusal *)c->msg)->text;
}

/* ---- cleaners ------------------------------------------------------------------------------------ */

/* Give intake the cleaner that it asks for: our end of its stream. */
static int
give_cleaner(void)
{
	const Candor__Empty empty = CANDOR__EMPTY__INIT;
	int pair[2];

	test_room_expect(&room, room.fd, PARTY_SUPERVISOR, MSG_CLEANER_ASK);
	cr_assert(eq(int, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0));
	cr_assert(eq(int, channel_send_fds(room.fd, MSG_CLEANER, &empty.base, &pair[1], 1), 0));
	close(pair[1]);
	return pair[0];
}

/* What the cleaner gets, up to the end. */
static struct span
fed(int cleaner)
{
	struct pollfd readable = { .fd = cleaner, .events = POLLIN };
	uint8_t *p = test_alloc((1u << 20) + 1);
	struct span got = { p, 0 };
	ssize_t n;

	do {
		cr_assert(eq(int, poll(&readable, 1, 20000), 1), "no end");
		n = recv(cleaner, p + got.len, (1u << 20) + 1 - got.len, 0);
		got.len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	return got;
}

/* What it says. */
static void
says(int cleaner, const char *text)
{
	cr_assert(eq(int, (int)send(cleaner, text, strlen(text), MSG_NOSIGNAL), (int)strlen(text)));
}

/* Our end is of no use any more, whatever is still in it. */
static bool
was_let_go(int cleaner)
{
	fed(cleaner);
	return send(cleaner, "x", 1, MSG_NOSIGNAL) < 0;
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

/* The first piece of an attachment, which is not the last: its cleaner. */
static int
begin_attachment(struct client *c)
{
	int cleaner;

	attach(c, 0, "some words", false);
	cleaner = give_cleaner();
	cr_assert(eq(int, answer(c), MSG_ATTACHED));
	return cleaner;
}

/* What comes to store, of these many pieces, as one file; answered but for the last. */
static struct span
staged_file(unsigned n, unsigned pieces, uint32_t *tag)
{
	uint8_t *p = test_alloc(2u << 20);
	struct span file = { p, 0 };

	for (unsigned i = 0; i < pieces; i++) {
		const Candor__Stage *s = (const Candor__Stage *)hears(MSG_STAGE, tag);

		cr_assert(eq(u32, s->n, n));
		cr_assert(eq(u32, s->seq, i));
		memcpy(p + file.len, s->data.data, s->data.len);
		file.len += s->data.len;
		if (i + 1 < pieces)
			staged(*tag);
	}
	return file;
}

/* A whole one, of which "clean" is left: as store has it. */
static struct span
whole_attachment(struct client *c, unsigned n, const char *type)
{
	struct span file;
	char said_[128];
	uint32_t tag;
	int cleaner;

	attach(c, n, "dirty", true);
	cleaner = give_cleaner();
	cr_assert(eq(sz, fed(cleaner).len, 5));
	snprintf(said_, sizeof(said_), "candor-clean 1 %s 5\nclean", type);
	says(cleaner, said_);
	file = staged_file(n, 2, &tag);
	cr_assert(test_room_silent(c->fd, 0), "it is not kept yet");
	staged(tag);
	cr_assert(eq(int, answer(c), MSG_ATTACHED));
	cr_assert(was_let_go(cleaner));
	close(cleaner);
	return file;
}

static void
opens(struct span file, const uint8_t identity[AGE_KEY_BYTES], const char *words)
{
	struct span plain;

	cr_assert(eq(int, seal_open_entry(&arena, &plain, file, identity), 0));
	cr_assert(eq(sz, plain.len, strlen(words)));
	cr_assert(eq(int, memcmp(plain.p, words, plain.len), 0));
}

static void
opens_not(struct span file, const uint8_t identity[AGE_KEY_BYTES])
{
	struct span plain;

	cr_assert(eq(int, seal_open_entry(&arena, &plain, file, identity), CANDOR_ENOTFOUND));
}

static const Candor__ReportEntry *
entry_of(const Candor__StoreReport *r, uint8_t identity[AGE_KEY_BYTES])
{
	ProtobufCMessage *inner;
	struct span plain;

	cr_assert(eq(int, seal_open_case(&arena, identity, WIRE_SPAN(r->secret), annas), 0));
	cr_assert(eq(int, seal_open_entry(&arena, &plain, WIRE_SPAN(r->entry), identity), 0));
	cr_assert(eq(int,
	    wire_unpack_as(&arena, &inner, &candor__report_entry__descriptor, plain.p, plain.len),
	    0));
	return (const Candor__ReportEntry *)inner;
}

/* ---- the tests ----------------------------------------------------------------------------------- */

Test(intake, what_a_cleaner_leaves_of_an_attachment_goes_with_the_report)
{
	const Candor__ReportEntry *entry;
	uint8_t identity[AGE_KEY_BYTES];
	struct span files[2];
	const Candor__StoreReport *r;
	struct client c;
	uint32_t tag;
	int cleaner;

	start(10000);
	dial(&c);
	cleaner = begin_attachment(&c);
	cr_assert(test_room_silent(store, 0), "store hears of it once it is clean");
	attach(&c, 0, " more", false);
	cr_assert(eq(int, answer(&c), MSG_ATTACHED));
	attach(&c, 0, "", true);
	cr_assert(eq(int, memcmp(fed(cleaner).p, "some words more", 15), 0));
	says(cleaner, "candor-");
	says(cleaner, "clean 1 image/jpeg 10\nsome ");
	says(cleaner, "words");
	files[0] = staged_file(0, 2, &tag);
	staged(tag);
	cr_assert(eq(int, answer(&c), MSG_ATTACHED));
	files[1] = whole_attachment(&c, 1, "text/plain");
	report(&c, 2);
	r = (const Candor__StoreReport *)hears(MSG_STORE_REPORT, &tag);
	cr_assert(eq(u32, r->n_attachments, 2));
	cr_assert(eq(sz, r->stage.len, 16));
	entry = entry_of(r, identity);
	cr_assert(eq(sz, entry->n_attachments, 2));
	cr_assert(eq(str, entry->attachments[0]->type, (char *)"image/jpeg"));
	cr_assert(eq(u64, entry->attachments[0]->bytes, 10));
	cr_assert(eq(str, entry->attachments[1]->type, (char *)"text/plain"));
	opens(files[0], identity, "some words");
	opens(files[1], identity, "clean");
	stored(tag);
	cr_assert(eq(int, answer(&c), MSG_FILED));
	cr_assert(test_room_silent(store, 0), "what is filed is not dropped");
}

Test(intake, an_untouched_original_is_sealed_to_the_escrow_alone)
{
	const struct span dirty = SPAN_STR("the untouched bytes");
	const Candor__ReportEntry *entry;
	uint8_t identity[AGE_KEY_BYTES];
	struct span clean, original;
	struct client c;
	uint32_t tag;

	start(10000);
	dial(&c);
	attach_bytes(&c, 0, dirty, true, true);
	cr_assert(eq(int, answer(&c), -EX_PROTOCOL), "without a clean copy");
	clean = whole_attachment(&c, 0, "image/png");
	attach_bytes(&c, 1, dirty, true, true);
	original = staged_file(1, 2, &tag);
	staged(tag);
	cr_assert(eq(int, answer(&c), MSG_ATTACHED));
	report(&c, 2);
	entry = entry_of((const Candor__StoreReport *)hears(MSG_STORE_REPORT, &tag), identity);
	cr_assert(eq(sz, entry->n_attachments, 2));
	cr_assert(not(entry->attachments[0]->original));
	cr_assert(entry->attachments[1]->original);
	cr_assert(eq(str, entry->attachments[1]->type, (char *)"image/png"));
	cr_assert(eq(u64, entry->attachments[1]->bytes, dirty.len));
	opens(clean, identity, "clean");
	opens_not(clean, escrows);
	opens(original, escrows, (const char *)dirty.p);
	opens_not(original, identity);
	opens_not(original, annas);
	stored(tag);
	cr_assert(eq(int, answer(&c), MSG_FILED));
}

Test(intake, one_clean_copy_has_one_original)
{
	const struct span dirty = SPAN_STR("dirty");
	struct client c;
	uint32_t tag;

	start(10000);
	dial(&c);
	whole_attachment(&c, 0, "image/png");
	attach_bytes(&c, 1, dirty, false, true);
	hears(MSG_STAGE, &tag);
	staged(tag);
	cr_assert(eq(int, answer(&c), MSG_ATTACHED));
	attach_bytes(&c, 1, dirty, true, false);
	cr_assert(eq(int, answer(&c), -EX_PROTOCOL), "half of it cannot be another thing");
	hears(MSG_STAGE_DROP, NULL);
	whole_attachment(&c, 0, "image/png");
	attach_bytes(&c, 1, dirty, true, true);
	staged_file(1, 2, &tag);
	staged(tag);
	cr_assert(eq(int, answer(&c), MSG_ATTACHED));
	attach_bytes(&c, 2, dirty, true, true);
	cr_assert(eq(int, answer(&c), -EX_PROTOCOL));
	hears(MSG_STAGE_DROP, NULL);
}

Test(intake, an_attachment_that_fails_leaves_nothing_in_store_and_may_begin_again)
{
	const Candor__StoreReport *r;
	struct client c;
	uint32_t tag;
	int cleaner;

	start(10000);
	dial(&c);
	cleaner = begin_attachment(&c);
	attach(&c, 0, "", true);
	fed(cleaner);
	says(cleaner, "candor-refuse 1 65 it is damaged; take a screenshot\n");
	cr_assert(eq(int, answer(&c), -EX_DATAERR));
	cr_assert(
	    eq(str, (char *)said(&c), (char *)"attachment 1: it is damaged; take a screenshot"));
	hears(MSG_STAGE_DROP, NULL);
	cleaner = begin_attachment(&c);
	attach(&c, 3, "out of turn", true);
	cr_assert(eq(int, answer(&c), -EX_PROTOCOL));
	cr_assert(was_let_go(cleaner));
	hears(MSG_STAGE_DROP, NULL);
	report(&c, 0);
	r = (const Candor__StoreReport *)hears(MSG_STORE_REPORT, &tag);
	cr_assert(eq(sz, r->stage.len, 0));
	stored(tag);
	cr_assert(eq(int, answer(&c), MSG_FILED));
}

/* Whoever made the file may have taken the cleaner over. */
Test(intake, a_cleaner_that_lies_costs_its_own_attachment_only)
{
	static const char *const lies[] = { "", "x", "\n", "candor-clean 1 image/jpeg 3\nfour",
		"candor-clean 1 image/x-unknown 3\nabc", "candor-clean 1 image/jpeg -3\nabc",
		"candor-clean 1 image/jpeg 3 \nabc", "candor-clean 2 image/jpeg 3\nabc",
		"candor-clean 1 image/jpeg 99999999999999999999999\nabc",
		"candor-clean 1 image/jpeg 8\nshort", "candor-refuse 1 65 \n",
		"candor-refuse 1 65 \x1b[2J\n", "candor-refuse 1 65 \xff\xfe\n", "candor-refuse" };
	char endless[600];
	struct client c;

	start(10000);
	dial(&c);
	memset(endless, 'a', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	for (size_t i = 0; i <= NELEM(lies); i++) {
		const char *lie = i < NELEM(lies) ? lies[i] : endless;
		int cleaner, kind;

		attach(&c, 0, "dirty", true);
		cleaner = give_cleaner();
		fed(cleaner);
		says(cleaner, lie);
		close(cleaner);
		kind = answer(&c);
		cr_assert(kind == -EX_TEMPFAIL || kind == -EX_DATAERR, "%zu: %s", i, lie);
		/* What it said before may have been staged. */
		while (test_room_next(&room, store, PARTY_STORE).kind == MSG_STAGE)
			;
	}
	whole_attachment(&c, 0, "text/plain");
}

Test(intake, a_cleaner_that_says_clean_before_it_has_all_is_not_believed)
{
	struct client c;
	char words[16];
	int cleaner;

	start(10000);
	dial(&c);
	cleaner = begin_attachment(&c);
	says(cleaner, "candor-clean 1 image/jpeg 3\nabc");
	while (recv(cleaner, words, sizeof(words), 0) > 0)
		;
	attach(&c, 0, "more", true);
	cr_assert(eq(int, answer(&c), -EX_TEMPFAIL));
	hears(MSG_STAGE_DROP, NULL);
}

Test(intake, a_cleaner_that_dies_between_two_pieces_is_told_of_with_the_next)
{
	struct client c;
	int cleaner;

	start(10000);
	dial(&c);
	cleaner = begin_attachment(&c);
	close(cleaner);
	attach(&c, 0, "more", true);
	cr_assert(eq(int, answer(&c), -EX_TEMPFAIL));
	cr_assert(ne(ptr, (void *)strstr(said(&c), "nothing was filed"), NULL));
	hears(MSG_STAGE_DROP, NULL);
	whole_attachment(&c, 0, "text/plain");
}

Test(intake, what_is_larger_than_allowed_is_refused_before_and_after_cleaning)
{
	static uint8_t zeros[WIRE_PIECE_MAX];
	struct client c;
	int cleaner, kind;

	start(10000);
	dial(&c);
	attach(&c, 0, "dirty", true);
	cleaner = give_cleaner();
	fed(cleaner);
	says(cleaner, "candor-clean 1 image/jpeg 1048577\n");
	cr_assert(eq(int, answer(&c), -EX_DATAERR));
	hears(MSG_STAGE_DROP, NULL);
	attach(&c, 0, "", false);
	close(cleaner);
	cleaner = give_cleaner();
	cr_assert(eq(int, answer(&c), MSG_ATTACHED));
	do {
		uint8_t buf[WIRE_PIECE_MAX];

		attach_bytes(&c, 0, (struct span){ zeros, sizeof(zeros) }, false, false);
		kind = answer(&c);
		if (kind == MSG_ATTACHED)
			receive(cleaner, buf, sizeof(buf));
	} while (kind == MSG_ATTACHED);
	cr_assert(eq(int, kind, -EX_DATAERR));
	cr_assert(was_let_go(cleaner));
	hears(MSG_STAGE_DROP, NULL);
}

Test(intake, a_piece_that_a_cleaner_does_not_take_holds_up_its_sender_alone)
{
	static uint8_t zeros[WIRE_PIECE_MAX];
	struct pollfd waits;
	struct client c, other;
	uint32_t tag;
	int cleaner, n = 0;

	start(10000);
	dial(&c);
	dial(&other);
	cleaner = begin_attachment(&c);
	waits = (struct pollfd){ .fd = c.fd, .events = POLLIN };
	do {
		attach_bytes(&c, 0, (struct span){ zeros, sizeof(zeros) }, ++n == 16, false);
		report(&other, 0);
		hears(MSG_STORE_REPORT, &tag);
		stored(tag);
		cr_assert(eq(int, answer(&other), MSG_FILED));
	} while (poll(&waits, 1, 100) == 1 && answer(&c) == MSG_ATTACHED && n < 16);
	cr_assert(lt(int, n, 16), "it was taken in whole");
	close(cleaner);
	cr_assert(eq(int, answer(&c), -EX_TEMPFAIL));
}

Test(intake, no_more_is_read_from_a_cleaner_than_store_keeps)
{
	const size_t size = 900000;
	struct client c;
	uint32_t tag;
	unsigned n = 0, in_flight = 0;
	int cleaner;
	pid_t pid;

	start(10000);
	dial(&c);
	attach(&c, 0, "dirty", true);
	cleaner = give_cleaner();
	fed(cleaner);
	if ((pid = fork()) == 0) {
		char *p = test_alloc(size);

		says(cleaner, "candor-clean 1 image/jpeg 900000\n");
		for (size_t at = 0; at < size;) {
			ssize_t w = send(cleaner, p + at, size - at, MSG_NOSIGNAL);

			if (w <= 0)
				_exit(1);
			at += (size_t)w;
		}
		_exit(0);
	}
	close(cleaner);
	do {
		hears(MSG_STAGE, &tag);
		in_flight++;
	} while (!test_room_silent(store, 200));
	/* A chunk that is flushed makes two pieces at most, and one may just have begun. */
	cr_assert(le(uint, in_flight, MOST_PIECES + 2));
	for (n = in_flight; in_flight > 0; in_flight--) {
		staged(tag);
		while (!test_room_silent(store, in_flight > 1 ? 0 : 1000)) {
			hears(MSG_STAGE, &tag);
			in_flight++;
			n++;
		}
	}
	cr_assert(gt(uint, n, 14));
	cr_assert(eq(int, answer(&c), MSG_ATTACHED));
	cr_assert(eq(int, waitpid(pid, NULL, 0), pid));
}

Test(intake, a_piece_that_store_refuses_ends_the_attachment)
{
	struct client c;
	uint32_t tag;
	int cleaner;

	start(10000);
	dial(&c);
	attach(&c, 0, "dirty", true);
	cleaner = give_cleaner();
	fed(cleaner);
	says(cleaner, "candor-clean 1 image/jpeg 50\nwhat comes first");
	hears(MSG_STAGE, &tag);
	refused(tag, EX_TEMPFAIL);
	cr_assert(eq(int, answer(&c), -EX_TEMPFAIL));
	cr_assert(was_let_go(cleaner));
	hears(MSG_STAGE_DROP, NULL);
	whole_attachment(&c, 0, "text/plain");
}

Test(intake, a_report_with_half_an_attachment_is_refused)
{
	struct client c;
	int cleaner;

	start(10000);
	dial(&c);
	cleaner = begin_attachment(&c);
	report(&c, 0);
	cr_assert(eq(int, answer(&c), -EX_PROTOCOL));
	cr_assert(was_let_go(cleaner));
	hears(MSG_STAGE_DROP, NULL);
}

Test(intake, what_a_lost_session_began_is_dropped)
{
	struct client c;
	int cleaner;

	start(10000);
	dial(&c);
	whole_attachment(&c, 0, "text/plain");
	attach(&c, 1, "some", false);
	cleaner = give_cleaner();
	cr_assert(eq(int, answer(&c), MSG_ATTACHED));
	close(c.fd);
	hears(MSG_STAGE_DROP, NULL);
	cr_assert(eq(sz, fed(cleaner).len, 4));
	cr_assert(was_let_go(cleaner));
}

Test(intake, attachments_of_a_store_that_was_restarted_must_be_sent_again)
{
	struct client c, feeding;
	int cleaner, kind;

	start(10000);
	dial(&c);
	dial(&feeding);
	begin_attachment(&feeding);
	attach(&c, 0, "dirty", true);
	cleaner = give_cleaner();
	fed(cleaner);
	close(store);
	cr_assert(eq(int, answer(&c), -EX_TEMPFAIL));
	cr_assert(was_let_go(cleaner));
	new_store();
	/* Until it has heard of both, it says "try again" too. */
	do {
		report(&c, 1);
	} while ((kind = answer(&c)) == -EX_TEMPFAIL);
	cr_assert(eq(int, kind, -EX_PROTOCOL));
	attach(&feeding, 0, "more", true);
	cr_assert(eq(int, answer(&feeding), -EX_TEMPFAIL));
	cr_assert(test_room_silent(store, 0));
	whole_attachment(&c, 0, "text/plain");
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
	struct client silent[CLEANERS], late;
	int cleaners[CLEANERS], cleaner, first = -1;

	start(300);
	for (size_t i = 0; i < CLEANERS; i++) {
		dial(&silent[i]);
		cleaners[i] = begin_attachment(&silent[i]);
	}
	dial(&late);
	do { /* either it waits for a cleaner long enough, or is told to come again */
		struct pollfd p[] = { { .fd = room.fd, .events = POLLIN },
			{ .fd = late.fd, .events = POLLIN } };

		attach(&late, 0, "late", false);
		cr_assert(ge(int, poll(p, 2, 20000), 1));
		cleaner = p[0].revents != 0 ? give_cleaner() : -1;
	} while (answer(&late) != MSG_ATTACHED);
	cr_assert(ge(int, cleaner, 0));
	for (int i = 0; i < CLEANERS && first < 0; i++) {
		struct pollfd p = { .fd = cleaners[i], .events = POLLIN };
		char words[16];

		cr_assert(eq(int, (int)recv(cleaners[i], words, sizeof(words), 0), 10));
		if (poll(&p, 1, 0) == 1)
			first = i;
	}
	cr_assert(ge(int, first, 0), "nobody gave way");
	cr_assert(was_let_go(cleaners[first]));
	attach(&silent[first], 0, "too late", true);
	cr_assert(eq(int, answer(&silent[first]), -EX_TEMPFAIL), "it must not go on in the middle");
	hears(MSG_STAGE_DROP, NULL);
}

Test(intake, whoever_waits_for_a_cleaner_is_told_when_none_comes)
{
	struct client busy[CLEANERS], late;
	int cleaners[CLEANERS];
	uint32_t tag;

	start(300);
	for (size_t i = 0; i < CLEANERS; i++) {
		dial(&busy[i]);
		attach(&busy[i], 0, "dirty", true);
		cleaners[i] = give_cleaner();
		fed(cleaners[i]);
	}
	dial(&late);
	attach(&late, 0, "dirty", true);
	cr_assert(eq(int, answer(&late), -EX_TEMPFAIL), "who works is not sent away");
	hears(MSG_STAGE_DROP, NULL);
	cr_assert(test_room_silent(room.fd, 0), "there are no more cleaners than allowed");
	says(cleaners[0], "candor-clean 1 image/jpeg 5\nclean");
	staged_file(0, 2, &tag);
	staged(tag);
	cr_assert(eq(int, answer(&busy[0]), MSG_ATTACHED));
	whole_attachment(&late, 0, "text/plain");
}

Test(intake, a_cleaner_that_nobody_waits_for_any_more_is_let_go)
{
	const Candor__Empty empty = CANDOR__EMPTY__INIT;
	struct client c;
	int pair[2];

	start(300);
	dial(&c);
	attach(&c, 0, "dirty", true);
	test_room_expect(&room, room.fd, PARTY_SUPERVISOR, MSG_CLEANER_ASK);
	cr_assert(eq(int, answer(&c), -EX_TEMPFAIL));
	hears(MSG_STAGE_DROP, NULL);
	cr_assert(eq(int, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0));
	cr_assert(eq(int, channel_send_fds(room.fd, MSG_CLEANER, &empty.base, &pair[1], 1), 0));
	close(pair[1]);
	cr_assert(was_let_go(pair[0]));
	whole_attachment(&c, 0, "text/plain");
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
