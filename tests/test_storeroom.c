/* SPDX-License-Identifier: ISC */
/*
 * The store as a process behind its walls, its neighbours played by the test: what it acknowledged is
 * there after a kill, and a release tells the others.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>
#include <sqlite3.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "candor/day.h"
#include "candor/directory.h"
#include "common/channel.h"

#include "support/files.h"
#include "support/rooms.h"

static const char *folder;
static Candor__RoomSetup setup_msg;
static Candor__Category category;
static Candor__Limits limits;
static Candor__Plugin mail;
static char charter_text[MINISIGN_PUBLIC_CHARS + 1];
static uint8_t site_id[SITE_ID_BYTES];
static int32_t today;

/* ---- the fixture ------------------------------------------------------------------------------ */

static void
person(struct officer *o, const char *name, enum officer_role role, int seed_byte)
{
	struct officer_secret k;
	uint8_t seed[32];

	memset(seed, seed_byte, sizeof(seed));
	keys_derive(&k, seed);
	memset(o, 0, sizeof(*o));
	snprintf(o->name, sizeof(o->name), "%s", name);
	o->role = role;
	o->keys = k.pub;
	o->categories =
	    memcpy(test_alloc(2), role == ROLE_ADMIN ? "" : "*", role == ROLE_ADMIN ? 1 : 2);
}

static void
begin(void)
{
	static char *times[] = { (char *)"03:00" };
	static Candor__Category *categories[] = { &category };
	static Candor__Plugin *plugins[] = { &mail };
	struct arena a = test_arena(1u << 20);
	struct minisign_secret charter;
	struct officer people[2];
	struct directory d = { .version = 1, .n_officers = 2, .officers = people };
	struct span text, sig;
	uint8_t secret[32];
	char hex[64];
	time_t now = time(NULL);
	struct tm tm;

	cr_assert(ge(int, sodium_init(), 0));
	localtime_r(&now, &tm);
	today = day_from_civil(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday);
	folder = test_mkdir();
	mkdir(test_join(folder, "state"), 0700);
	randombytes_buf(site_id, sizeof(site_id));
	memcpy(d.site_id, site_id, sizeof(site_id));
	age_keypair(secret, d.escrow);
	person(&people[0], "Anna Berg", ROLE_OFFICER, 1);
	person(&people[1], "Root Admin", ROLE_ADMIN, 2);
	minisign_keypair(&charter);
	minisign_public_format(charter_text, &charter.pub);
	cr_assert(eq(int, directory_format(&a, &text, &d), 0));
	cr_assert(eq(int, minisign_sign(&a, &sig, text.p, text.len, &charter, "test"), 0));
	test_write(test_join(folder, "directory.txt"), text.p, text.len);
	test_write(test_join(folder, "directory.txt.minisig"), sig.p, sig.len);
	memset(hex, 'a', sizeof(hex));
	test_write(test_join(folder, "audit.key"), (const uint8_t *)hex, sizeof(hex));

	candor__room_setup__init(&setup_msg);
	candor__category__init(&category);
	candor__limits__init(&limits);
	candor__plugin__init(&mail);
	category.id = (char *)"privacy";
	category.roles_mask = 1u << ROLE_OFFICER;
	limits.attachment_bytes = limits.staged_bytes = 1u << 20;
	mail.name = (char *)"mail";
	setup_msg.site_id = wire_bytes(site_id, sizeof(site_id));
	setup_msg.charter = charter_text;
	setup_msg.limits = &limits;
	setup_msg.categories = categories;
	setup_msg.n_categories = 1;
	setup_msg.plugins = plugins;
	setup_msg.n_plugins = 1;
	setup_msg.release_times = times;
	setup_msg.n_release_times = 1;
}

static void
end(void)
{
	test_rmdir(folder);
}

TestSuite(storeroom, .init = begin, .fini = end, .timeout = 60);

/* How large a file of the room may grow, in bytes; 0: as large as it likes. */
static rlim_t file_limit;

/* Start the room, with the directory's files or without. */
static struct test_room
start(bool with_directory)
{
	static char *names[] = { (char *)"state", (char *)"audit_key", (char *)"directory",
		(char *)"directory_signature" };
	const char *build = getenv("CANDOR_BUILD");
	const char *path = test_join(build != NULL ? build : "build/debug", "candor-store");
	struct test_room r = { .id = PARTY_STORE };
	int ends[2], fds[4];
	size_t n = with_directory ? 4 : 2;

	cr_assert(eq(int, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0));
	if ((r.pid = fork()) == 0) {
		char *const argv[] = { (char *)"candor-store", NULL }, *const env[] = { NULL };

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (file_limit > 0) {
			const struct rlimit lim = { file_limit, file_limit };

			signal(SIGXFSZ, SIG_IGN);
			setrlimit(RLIMIT_FSIZE, &lim);
		}
		dup2(ends[1], 3);
		fcntl(3, F_SETFD, 0);
		execve(path, argv, env);
		_exit(127);
	}
	close(ends[1]);
	r.fd = ends[0];
	fds[0] = open(test_join(folder, "state"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fds[1] = open(test_join(folder, "audit.key"), O_RDONLY | O_CLOEXEC);
	fds[2] = open(test_join(folder, "directory.txt"), O_RDONLY | O_CLOEXEC);
	fds[3] = open(test_join(folder, "directory.txt.minisig"), O_RDONLY | O_CLOEXEC);
	setup_msg.room = PARTY_STORE;
	setup_msg.log_level = 1;
	setup_msg.fds = names;
	setup_msg.n_fds = n;
	cr_assert(eq(int, channel_send_fds(r.fd, MSG_ROOM_SETUP, &setup_msg.base, fds, n), 0));
	for (size_t i = 0; i < NELEM(fds); i++)
		close(fds[i]);
	return r;
}

static struct test_room
ready(void)
{
	struct test_room r = start(true);

	test_room_expect(&r, r.fd, PARTY_SUPERVISOR, MSG_ROOM_READY);
	return r;
}

/* A channel for intake or desk, which gets the directory at once. */
static int
peer(const struct test_room *r, enum wire_party id)
{
	int fd = test_room_peer(r, id, 0, "");
	struct test_packet p = test_room_expect(r, fd, id, MSG_DIRECTORY_NOW);

	cr_assert(gt(sz, ((Candor__Directory *)p.msg)->text.len, 0));
	return fd;
}

/* Of the attachment that the next reports bring, if any. */
static ProtobufCBinaryData stage_name;

static void
send_report(int fd, uint32_t tag, unsigned i)
{
	Candor__StoreReport m = CANDOR__STORE_REPORT__INIT;
	uint8_t hash[32], bytes[6000];
	char *readers[] = { (char *)"Anna Berg" };

	crypto_generichash(hash, sizeof(hash), (uint8_t *)&i, sizeof(i), NULL, 0);
	memset(bytes, (int)i, sizeof(bytes));
	m.lookup_hash = wire_bytes(hash, sizeof(hash));
	m.case_recipient = m.case_proof = wire_bytes(hash, 32);
	m.secret = wire_bytes(bytes, 300);
	m.entry = wire_bytes(bytes, sizeof(bytes));
	m.readers = readers;
	m.n_readers = 1;
	m.category = (char *)"privacy";
	m.severity = (char *)"low";
	m.received_on = today;
	m.directory_version = 1;
	m.stage = stage_name;
	m.n_attachments = stage_name.len > 0;
	test_room_send(fd, MSG_STORE_REPORT, tag, &m.base);
}

/* The state that the receipt of report i shows, or NULL. */
static const char *
state_of(const struct test_room *r, int fd, unsigned i)
{
	Candor__Lookup m = CANDOR__LOOKUP__INIT;
	const Candor__LookedUp *up;
	uint8_t hash[32];

	crypto_generichash(hash, sizeof(hash), (uint8_t *)&i, sizeof(i), NULL, 0);
	m.lookup_hash = wire_bytes(hash, sizeof(hash));
	test_room_send(fd, MSG_LOOKUP, 1000 + i, &m.base);
	up = (const Candor__LookedUp *)test_room_expect(r, fd, PARTY_INTAKE, MSG_LOOKED_UP).msg;
	return up->found ? up->followed->state : NULL;
}

static void
call(int fd, uint32_t tag, const char *actor, enum officer_role role, unsigned kind,
    const ProtobufCMessage *msg)
{
	Candor__OfficerCall m = CANDOR__OFFICER_CALL__INIT;
	uint8_t body[4096];

	m.actor = (char *)(uintptr_t)actor;
	m.role = role;
	m.kind = kind;
	m.body = wire_bytes(body, protobuf_c_message_pack(msg, body));
	test_room_send(fd, MSG_OFFICER_CALL, tag, &m.base);
}

static void
kill_room(struct test_room *r)
{
	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
	close(r->fd);
}

/* ---- the tests -------------------------------------------------------------------------------- */

Test(storeroom, what_is_acknowledged_is_there_after_a_kill)
{
	enum { N = 200 };
	struct test_room r = ready();
	int intake = peer(&r, PARTY_INTAKE);
	struct stat st;

	for (unsigned i = 0; i < N; i++)
		send_report(intake, i, i);
	for (unsigned i = 0; i < N; i++) {
		struct test_packet p = test_room_expect(&r, intake, PARTY_INTAKE, MSG_STORED);

		cr_assert(eq(u32, p.tag, i), "answers come in the order of the requests");
		cr_assert(eq(int, ((Candor__Stored *)p.msg)->again, 0));
	}
	kill_room(&r);
	close(intake);
	r = ready();
	intake = peer(&r, PARTY_INTAKE);
	for (unsigned i = 0; i < N; i++) {
		const char *state = state_of(&r, intake, i);

		cr_assert(state != NULL, "report %u is lost", i);
		cr_assert(eq(str, (char *)(uintptr_t)state, (char *)"received"));
	}
	cr_assert(state_of(&r, intake, N) == NULL);
	cr_assert(eq(int, stat(test_join(folder, "state/candor.db"), &st), 0));
	cr_assert(eq(u32, st.st_mode & 0777, 0600));
	cr_assert(eq(int, test_room_stop(&r), 0));
}

Test(storeroom, nothing_is_acknowledged_that_the_disk_does_not_take)
{
	enum { N = 300 };
	bool stored[N];
	unsigned n_stored = 0;
	struct test_room r;
	int intake;

	file_limit = 1u << 20;
	r = ready();
	intake = peer(&r, PARTY_INTAKE);
	for (unsigned i = 0; i < N; i++) {
		struct test_packet p;

		send_report(intake, i, i);
		p = test_room_next(&r, intake, PARTY_INTAKE);
		cr_assert(eq(u32, p.tag, i));
		stored[i] = p.kind == MSG_STORED;
		n_stored += stored[i];
		if (!stored[i])
			cr_assert(eq(u32, ((Candor__Refusal *)p.msg)->code, EX_TEMPFAIL));
	}
	cr_assert(gt(u32, n_stored, 0));
	cr_assert(lt(u32, n_stored, N));
	kill_room(&r);
	close(intake);
	file_limit = 0;
	r = ready();
	intake = peer(&r, PARTY_INTAKE);
	for (unsigned i = 0; i < N; i++)
		cr_assert(eq(int, state_of(&r, intake, i) != NULL, stored[i]), "report %u", i);
	kill_room(&r);
}

Test(storeroom, works_under_a_uid_that_cannot_search_the_folders_above)
{
	enum { UID = 64123 };
	struct test_room r;
	struct stat st;
	int intake;

	if (geteuid() != 0)
		cr_skip_test("SKIPPED: only root can give a room a uid of its own");
	cr_assert(eq(int, chmod(folder, 0700), 0));
	cr_assert(eq(int, chown(test_join(folder, "state"), UID, UID), 0));
	setup_msg.uid = UID;
	for (unsigned i = 0; i < 2; i++) {
		r = ready();
		intake = peer(&r, PARTY_INTAKE);
		cr_assert(eq(int, state_of(&r, intake, 0) != NULL, i));
		send_report(intake, 1, i);
		test_room_expect(&r, intake, PARTY_INTAKE, MSG_STORED);
		cr_assert(eq(int, stat(test_join(folder, "state/candor.db"), &st), 0));
		cr_assert(eq(u32, st.st_uid, UID));
		cr_assert(eq(int, test_room_stop(&r), 0));
		close(intake);
	}
}

Test(storeroom, reload_to_immediate_releases_what_waits)
{
	struct test_room r = ready();
	int intake = peer(&r, PARTY_INTAKE);
	int dispatch = test_room_peer(&r, PARTY_DISPATCH, 0, "");

	send_report(intake, 1, 1);
	test_room_expect(&r, intake, PARTY_INTAKE, MSG_STORED);
	setup_msg.immediate = true;
	setup_msg.n_fds = 0;
	test_room_reload(&r, &setup_msg);
	test_room_expect(&r, dispatch, PARTY_DISPATCH, MSG_DELIVERIES);
	cr_assert(eq(str, (char *)(uintptr_t)state_of(&r, intake, 1), (char *)"new"));
	kill_room(&r);
}

Test(storeroom, release_makes_cases_and_tells_dispatch)
{
	struct test_room r = ready();
	int intake = peer(&r, PARTY_INTAKE), desk = peer(&r, PARTY_DESK);
	int dispatch = test_room_peer(&r, PARTY_DISPATCH, 0, "");
	Candor__CaseQuery q = CANDOR__CASE_QUERY__INIT;
	Candor__Empty empty = CANDOR__EMPTY__INIT;
	Candor__DeliveriesWanted want = CANDOR__DELIVERIES_WANTED__INIT;
	struct test_packet p;
	struct stat st;

	send_report(intake, 1, 1);
	test_room_expect(&r, intake, PARTY_INTAKE, MSG_STORED);
	call(desk, 1, "Anna Berg", ROLE_OFFICER, MSG_CASE_LIST, &q.base);
	p = test_room_expect(&r, desk, PARTY_DESK, MSG_CASES);
	cr_assert(eq(sz, ((Candor__CaseList *)p.msg)->n_cases, 0));
	cr_assert(test_room_silent(dispatch, 0));
	call(desk, 2, "Anna Berg", ROLE_OFFICER, MSG_RELEASE, &empty.base);
	test_room_expect(&r, desk, PARTY_DESK, MSG_REFUSAL);
	call(desk, 3, "Root Admin", ROLE_ADMIN, MSG_RELEASE, &empty.base);
	p = test_room_expect(&r, desk, PARTY_DESK, MSG_DONE);
	cr_assert(eq(u32, p.tag, 3));
	call(desk, 4, "Anna Berg", ROLE_OFFICER, MSG_CASE_LIST, &q.base);
	p = test_room_expect(&r, desk, PARTY_DESK, MSG_CASES);
	cr_assert(eq(sz, ((Candor__CaseList *)p.msg)->n_cases, 1));
	p = test_room_expect(&r, dispatch, PARTY_DISPATCH, MSG_DELIVERIES);
	cr_assert(eq(str, ((Candor__Deliveries *)p.msg)->plugin, (char *)"mail"));
	cr_assert(eq(sz, ((Candor__Deliveries *)p.msg)->n_deliveries, 0));
	want.plugin = (char *)"mail";
	want.limit = 5;
	test_room_send(dispatch, MSG_DELIVERIES_WANTED, 9, &want.base);
	p = test_room_expect(&r, dispatch, PARTY_DISPATCH, MSG_DELIVERIES);
	cr_assert(eq(u32, p.tag, 9));
	cr_assert(eq(sz, ((Candor__Deliveries *)p.msg)->n_deliveries, 1));
	cr_assert(eq(int, stat(test_join(folder, "state/candor.db-wal"), &st), 0));
	cr_assert(eq(i64, st.st_size, 0), "the log is cut");
	cr_assert(eq(int, test_room_stop(&r), 0));
}

Test(storeroom, immediate_release_needs_no_asking)
{
	struct test_room r;
	int intake;

	setup_msg.immediate = true;
	r = ready();
	intake = peer(&r, PARTY_INTAKE);
	send_report(intake, 1, 1);
	test_room_expect(&r, intake, PARTY_INTAKE, MSG_STORED);
	cr_assert(eq(str, (char *)(uintptr_t)state_of(&r, intake, 1), (char *)"new"));
	cr_assert(eq(int, test_room_stop(&r), 0));
}

Test(storeroom, attachments_larger_than_any_buffer_are_released_behind_the_walls)
{
	enum { REPORTS = 4, PIECES = 100 };
	struct test_room r;
	int intake;

	setup_msg.immediate = true;
	limits.attachment_bytes = limits.staged_bytes = 64u << 20;
	r = ready();
	intake = peer(&r, PARTY_INTAKE);
	for (unsigned i = 0; i < REPORTS; i++) {
		uint8_t name[16] = { (uint8_t)i }, data[60000];
		Candor__Stage m = CANDOR__STAGE__INIT;

		memset(data, (int)i, sizeof(data));
		m.stage = wire_bytes(name, sizeof(name));
		m.data = wire_bytes(data, sizeof(data));
		for (m.seq = 0; m.seq < PIECES; m.seq++) {
			test_room_send(intake, MSG_STAGE, 1, &m.base);
			test_room_expect(&r, intake, PARTY_INTAKE, MSG_STAGED);
		}
		stage_name = m.stage;
		send_report(intake, 2, i);
		test_room_expect(&r, intake, PARTY_INTAKE, MSG_STORED);
		cr_assert(eq(str, (char *)(uintptr_t)state_of(&r, intake, i), (char *)"new"));
	}
	cr_assert(eq(int, test_room_stop(&r), 0));
}

Test(storeroom, release_that_was_missed_is_made_up_for_at_start)
{
	struct test_room r = ready();
	int intake = peer(&r, PARTY_INTAKE), dispatch;
	sqlite3 *lite;

	send_report(intake, 1, 1);
	test_room_expect(&r, intake, PARTY_INTAKE, MSG_STORED);
	cr_assert(eq(int, test_room_stop(&r), 0));
	cr_assert(eq(int, sqlite3_open(test_join(folder, "state/candor.db"), &lite), SQLITE_OK));
	cr_assert(eq(int,
	    sqlite3_exec(
		lite, "UPDATE meta SET value = 1 WHERE name = 'next_release'", NULL, NULL, NULL),
	    SQLITE_OK));
	sqlite3_close(lite);
	r = ready();
	dispatch = test_room_peer(&r, PARTY_DISPATCH, 0, "");
	test_room_expect(&r, dispatch, PARTY_DISPATCH, MSG_DELIVERIES);
	intake = peer(&r, PARTY_INTAKE);
	cr_assert(eq(str, (char *)(uintptr_t)state_of(&r, intake, 1), (char *)"new"));
	kill_room(&r);
}

Test(storeroom, what_a_lost_worker_staged_is_gone)
{
	struct test_room r = ready();
	int intake = peer(&r, PARTY_INTAKE);
	Candor__Stage m = CANDOR__STAGE__INIT;
	uint8_t name[16] = { 1 }, data[100] = { 0 };

	m.stage = wire_bytes(name, sizeof(name));
	m.data = wire_bytes(data, sizeof(data));
	test_room_send(intake, MSG_STAGE, 1, &m.base);
	test_room_expect(&r, intake, PARTY_INTAKE, MSG_STAGED);
	test_room_send(intake, MSG_STAGE, 2, &m.base);
	test_room_expect(&r, intake, PARTY_INTAKE, MSG_REFUSAL);
	close(intake);
	intake = peer(&r, PARTY_INTAKE);
	test_room_send(intake, MSG_STAGE, 3, &m.base);
	test_room_expect(&r, intake, PARTY_INTAKE, MSG_STAGED);
	kill_room(&r);
}

Test(storeroom, dishonest_worker_is_dropped_and_named)
{
	struct test_room r = ready();
	int intake = peer(&r, PARTY_INTAKE);
	Candor__Lookup m = CANDOR__LOOKUP__INIT;
	struct test_packet p;

	m.lookup_hash = wire_bytes("short", 5);
	test_room_send(intake, MSG_LOOKUP, 1, &m.base);
	p = test_room_expect(&r, r.fd, PARTY_SUPERVISOR, MSG_ROOM_ACCUSE);
	cr_assert(eq(u32, ((Candor__RoomAccuse *)p.msg)->room, PARTY_INTAKE));
	cr_assert(test_room_next(&r, intake, PARTY_INTAKE).msg == NULL);
	kill_room(&r);
}

Test(storeroom, without_a_directory_it_does_not_start)
{
	struct test_room r = start(false);

	cr_assert(ne(int, test_room_wait(&r), 0));
}

Test(storeroom, directory_that_the_charter_did_not_sign_is_not_imported)
{
	struct test_room r;
	struct span text = test_read(test_join(folder, "directory.txt"));
	uint8_t *other = memcpy(test_alloc(text.len), text.p, text.len);
	uint8_t *at = memmem(other, text.len, "Anna", 4);

	cr_assert(at != NULL);
	*at = 'E';
	test_write(test_join(folder, "directory.txt"), other, text.len);
	r = start(true);
	cr_assert(ne(int, test_room_wait(&r), 0));
}
