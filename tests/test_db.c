/* SPDX-License-Identifier: ISC */
/*
 * What store does with requests, on a real database in a folder of its own: what is durable, what is
 * seen by whom and when, how cases move, what becomes of notifications.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>
#include <sqlite3.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "candor/plugin.h"

#include "store/schema.h"
#include "store/store.h"
#include "support/files.h"

#define TODAY 20000

static struct store s;
static struct arena arena;
static Candor__RoomSetup setup_msg;
static struct minisign_secret charter_key;
static uint8_t site_id[SITE_ID_BYTES];
static char folder[] = "/tmp/candor-db-XXXXXX";
static char charter_text[MINISIGN_PUBLIC_CHARS + 1];
static struct answer out;

static char officers[][16] = { "Anna Berg", "Bo Carls", "Cleo Dahl", "Root Admin" };
static const enum officer_role roles[] = { ROLE_OFFICER, ROLE_LEAD, ROLE_OFFICER, ROLE_ADMIN };

static char *
text(const char *t)
{
	return strcpy(test_alloc(strlen(t) + 1), t);
}

/* ---- the fixture ------------------------------------------------------------------------------ */

/* A directory of the first n officers. */
static struct span
directory_text(uint64_t version, size_t n)
{
	struct officer list[NELEM(officers)];
	struct directory d = { .version = version, .n_officers = n, .officers = list };
	struct span made;
	uint8_t secret[32];

	memset(list, 0, sizeof(list));
	memcpy(d.site_id, site_id, sizeof(site_id));
	age_keypair(secret, d.escrow);
	for (size_t i = 0; i < n; i++) {
		struct officer_secret k;
		uint8_t seed[32];

		memset(seed, (int)i + 1, sizeof(seed));
		keys_derive(&k, seed);
		snprintf(list[i].name, sizeof(list[i].name), "%s", officers[i]);
		snprintf(list[i].email, sizeof(list[i].email), "o%zu@example.org", i);
		list[i].role = roles[i];
		list[i].keys = k.pub;
		list[i].categories = text(roles[i] == ROLE_ADMIN ? "" : "*");
	}
	cr_assert(eq(int, directory_format(&arena, &made, &d), 0));
	return made;
}

static struct span
sign(struct span t)
{
	struct span sig;

	cr_assert(eq(int, minisign_sign(&arena, &sig, t.p, t.len, &charter_key, "test"), 0));
	return sig;
}

static void
open_store(void)
{
	cr_assert(eq(int, db_open(&s.db), 0));
	cr_assert(eq(int, charter_load(&s), 0));
}

static void
commit(void)
{
	cr_assert(not(db_failed(s.db)));
	cr_assert(eq(int, db_commit(s.db), 0));
	db_begin(s.db);
	arena_end(&arena);
}

static Candor__Plugin *
plugin(const char *name)
{
	Candor__Plugin *p = test_alloc(sizeof(*p));

	candor__plugin__init(p);
	p->name = text(name);
	return p;
}

static void
begin(void)
{
	static Candor__Category category = CANDOR__CATEGORY__INIT, *categories[] = { &category };
	static Candor__Limits limits = CANDOR__LIMITS__INIT;
	static Candor__Plugin *plugins[2];
	static char *actions[] = { "training", "policy-change" };
	struct span first;

	cr_assert(sodium_init() >= 0);
	setenv("TZ", "UTC", 1);
	tzset();
	cr_assert(mkdtemp(folder) != NULL);
	cr_assert(eq(int, chdir(folder), 0));
	arena_init(&arena, test_alloc(16u << 20), 16u << 20);
	arena_init(&s.charter.arena, test_alloc(1u << 20), 1u << 20);
	s.arena = &arena;
	s.today = TODAY;
	s.now = (int64_t)TODAY * 86400;
	randombytes_buf(site_id, sizeof(site_id));
	minisign_keypair(&charter_key);
	minisign_public_format(charter_text, &charter_key.pub);

	candor__room_setup__init(&setup_msg);
	setup_msg.site_id = wire_bytes(site_id, sizeof(site_id));
	setup_msg.charter = charter_text;
	category.id = text("privacy");
	category.roles_mask = 1u << ROLE_OFFICER | 1u << ROLE_LEAD;
	setup_msg.categories = categories;
	setup_msg.n_categories = 1;
	limits.attachment_bytes = 100000;
	limits.staged_bytes = 200000;
	setup_msg.limits = &limits;
	plugins[0] = plugin("mail");
	plugins[0]->n_to = 1;
	plugins[0]->to = test_alloc(sizeof(char *));
	plugins[0]->to[0] = text("readers");
	plugins[1] = plugin("desk");
	plugins[1]->n_events = 1;
	plugins[1]->events = test_alloc(sizeof(char *));
	plugins[1]->events[0] = text("resolved");
	setup_msg.plugins = plugins;
	setup_msg.n_plugins = 2;
	setup_msg.actions = actions;
	setup_msg.n_actions = NELEM(actions);
	s.setup = &setup_msg;

	open_store();
	db_begin(s.db);
	first = directory_text(1, NELEM(officers));
	cr_assert(eq(int, charter_adopt(&s, first, sign(first), &out), KEEP));
	store_plugins_begin(&s);
	commit();
	s.effects = (struct effects){ 0 };
}

static void
end(void)
{
	db_close(s.db);
	unlink("candor.db");
	unlink("candor.db-wal");
	cr_assert(eq(int, chdir("/"), 0));
	rmdir(folder);
}

TestSuite(db, .init = begin, .fini = end, .timeout = 120);

/* ---- requests --------------------------------------------------------------------------------- */

/* Run a request as the room does. */
static enum verdict
ask(store_fn fn, const void *msg)
{
	enum verdict v;

	out = (struct answer){ 0 };
	db_savepoint(s.db);
	v = fn(&s, 0, msg, &out);
	cr_assert(not(db_failed(s.db)));
	if (v == KEEP)
		db_keep(s.db);
	else
		db_undo(s.db);
	return v;
}

static const char *
refusal(void)
{
	cr_assert(eq(u32, out.kind, MSG_REFUSAL));
	return ((const Candor__Refusal *)out.msg)->text;
}

static unsigned
refusal_code(void)
{
	cr_assert(eq(u32, out.kind, MSG_REFUSAL));
	return ((const Candor__Refusal *)out.msg)->code;
}

/* Did the last answer say that it was filed before? */
static bool
was_there(void)
{
	cr_assert(eq(u32, out.kind, MSG_STORED));
	return ((const Candor__Stored *)out.msg)->again;
}

struct report {
	Candor__StoreReport m;
	Candor__Clock clock[2], *clocks[2];
	char *readers[3];
	uint8_t hash[32], key[32], stage[16], entry[256];
};

/* Report number i, for the first n officers. */
static const Candor__StoreReport *
report(struct report *r, unsigned i, size_t n_readers)
{
	memset(r, 0, sizeof(*r));
	candor__store_report__init(&r->m);
	crypto_generichash(r->hash, sizeof(r->hash), (uint8_t *)&i, sizeof(i), NULL, 0);
	memset(r->entry, (int)i, sizeof(r->entry));
	r->m.lookup_hash = wire_bytes(r->hash, 32);
	r->m.case_recipient = r->m.case_proof = wire_bytes(r->key, 32);
	r->m.secret = wire_bytes(r->entry, 100);
	r->m.entry = wire_bytes(r->entry, sizeof(r->entry));
	r->m.category = (char *)"privacy";
	r->m.severity = (char *)"high";
	r->m.received_on = TODAY;
	r->m.directory_version = charter_version(&s);
	r->m.feedback_months = 3;
	candor__clock__init(&r->clock[0]);
	candor__clock__init(&r->clock[1]);
	r->clock[0].name = (char *)"acknowledge";
	r->clock[0].due = TODAY + 7;
	r->clock[1].name = (char *)"feedback";
	r->clock[1].due = TODAY + 97;
	for (size_t k = 0; k < 2; k++)
		r->clocks[k] = &r->clock[k];
	r->m.clocks = r->clocks;
	r->m.n_clocks = 2;
	for (size_t k = 0; k < n_readers; k++)
		r->readers[k] = officers[k];
	r->m.readers = r->readers;
	r->m.n_readers = n_readers;
	return &r->m;
}

static void
file(unsigned i, size_t n_readers)
{
	struct report r;

	cr_assert(eq(int, ask(store_report, report(&r, i, n_readers)), KEEP));
	cr_assert(not(was_there()));
}

static void
release(void)
{
	store_release(&s, false);
	cr_assert(not(db_failed(s.db)));
	cr_assert(eq(int, db_commit(s.db), 0));
	db_truncate_log(s.db);
	db_begin(s.db);
	arena_end(&arena);
}

static enum verdict
call(const char *actor, unsigned kind, const void *msg)
{
	Candor__OfficerCall c = CANDOR__OFFICER_CALL__INIT;
	struct span body;

	cr_assert(eq(int, wire_pack(&arena, &body, msg), 0));
	c.actor = (char *)(uintptr_t)actor;
	c.kind = kind;
	c.body = wire_bytes(body.p, body.len);
	return ask(store_officer_call, &c);
}

static const Candor__CaseList *
list(const char *actor, const Candor__CaseQuery *q)
{
	cr_assert(eq(int, call(actor, MSG_CASE_LIST, q), KEEP));
	return (const Candor__CaseList *)out.msg;
}

static size_t
count_cases(const char *actor)
{
	Candor__CaseQuery q = CANDOR__CASE_QUERY__INIT;

	return list(actor, &q)->n_cases;
}

/* The number of the only case that an officer reads. */
static char *
only_case(const char *actor)
{
	Candor__CaseQuery q = CANDOR__CASE_QUERY__INIT;
	const Candor__CaseList *l = list(actor, &q);

	cr_assert(eq(sz, l->n_cases, 1));
	return text(l->cases[0]->number);
}

static const Candor__Followed *
follow(unsigned i, unsigned after)
{
	Candor__Lookup m = CANDOR__LOOKUP__INIT;
	struct report r;

	report(&r, i, 1);
	m.lookup_hash = r.m.lookup_hash;
	m.after = after;
	cr_assert(eq(int, ask(store_lookup, &m), KEEP));
	return ((const Candor__LookedUp *)out.msg)->followed;
}

static enum verdict
act(const char *actor, char *number, enum case_event event, const char *outcome, const char *words)
{
	Candor__CaseAct m = CANDOR__CASE_ACT__INIT;
	char *actions[] = { (char *)"training" };

	m.number = number;
	m.event = event;
	m.outcome = (char *)(uintptr_t)outcome;
	m.actions = actions;
	m.n_actions = event == EV_RESOLVE;
	m.entry = wire_bytes(words, strlen(words));
	m.to_reporter = true;
	return call(actor, MSG_CASE_ACT, &m);
}

static enum verdict
message(unsigned i, uint8_t id)
{
	Candor__StoreMessage m = CANDOR__STORE_MESSAGE__INIT;
	struct report r;
	uint8_t ids[16];

	report(&r, i, 1);
	memset(ids, id, sizeof(ids));
	m.lookup_hash = r.m.lookup_hash;
	m.id = wire_bytes(ids, sizeof(ids));
	m.entry = wire_bytes(r.entry, 50);
	m.received_on = TODAY;
	return ask(store_message, &m);
}

static enum verdict
stage(uint8_t name, unsigned n, unsigned seq, size_t len)
{
	static uint8_t data[WIRE_PIECE_MAX];
	Candor__Stage m = CANDOR__STAGE__INIT;
	uint8_t names[16];

	memset(names, name, sizeof(names));
	memset(data, (int)(n * 16 + seq), len);
	m.stage = wire_bytes(names, sizeof(names));
	m.n = n;
	m.seq = seq;
	m.data = wire_bytes(data, len);
	return ask(store_stage, &m);
}

/* A figure straight from the file, without our code in between. */
static int64_t
figure(const char *sql)
{
	sqlite3 *lite;
	sqlite3_stmt *stmt;
	int64_t n;

	cr_assert(eq(int, sqlite3_open("candor.db", &lite), SQLITE_OK));
	cr_assert(eq(int, sqlite3_prepare_v2(lite, sql, -1, &stmt, NULL), SQLITE_OK), "%s",
	    sqlite3_errmsg(lite));
	cr_assert(eq(int, sqlite3_step(stmt), SQLITE_ROW), "%s", sqlite3_errmsg(lite));
	n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(lite);
	return n;
}

static void
close_store(void)
{
	db_rollback(s.db);
	db_close(s.db);
	s.db = NULL;
}

static void
reopen(void)
{
	close_store();
	open_store();
	db_begin(s.db);
}

/* ---- the file --------------------------------------------------------------------------------- */

Test(db, opens_twice_with_its_schema_and_keeps_others_out)
{
	struct stat st;
	struct db *second;

	cr_assert(eq(u32, db_version(s.db), SCHEMA_VERSION));
	reopen();
	cr_assert(eq(u32, db_version(s.db), SCHEMA_VERSION));
	cr_assert(eq(u64, charter_version(&s), 1));
	cr_assert(eq(int, stat("candor.db", &st), 0));
	db_rollback(s.db);
	if (fork() == 0)
		_exit(db_open(&second) == CANDOR_EAGAIN ? 0 : 1);
	int status;
	wait(&status);
	cr_assert(eq(int, status, 0), "a second process got in");
	close_store();
	cr_assert(eq(i64, figure("PRAGMA user_version"), SCHEMA_VERSION));
	cr_assert(eq(i64, figure("PRAGMA page_size"), SCHEMA_PAGE_BYTES));
	cr_assert(eq(i64,
	    figure("SELECT count(*) FROM pragma_table_list WHERE type = 'table' AND NOT strict"
		   " AND name NOT LIKE 'sqlite%'"),
	    0));
}

Test(db, file_of_a_later_version_is_refused)
{
	sqlite3 *lite;

	close_store();
	cr_assert(eq(int, sqlite3_open("candor.db", &lite), SQLITE_OK));
	sqlite3_exec(lite, "PRAGMA user_version = 99", NULL, NULL, NULL);
	sqlite3_close(lite);
	cr_assert(eq(int, db_open(&s.db), CANDOR_EVERSION));
	cr_assert(s.db == NULL);
}

Test(db, bad_request_does_not_undo_its_neighbours)
{
	struct report r;

	file(1, 1);
	report(&r, 2, 1);
	r.m.directory_version = 7;
	cr_assert(eq(int, ask(store_report, &r.m), UNDO));
	file(3, 1);
	release();
	cr_assert(eq(sz, count_cases(officers[0]), 2));
}

/* ---- filing and releasing --------------------------------------------------------------------- */

Test(db, same_receipt_twice_is_one_case_before_and_after_the_release)
{
	struct report r;
	const Candor__Stored *again;

	file(1, 1);
	report(&r, 1, 1);
	r.clock[0].due = TODAY + 99;
	cr_assert(eq(int, ask(store_report, &r.m), KEEP));
	again = (const Candor__Stored *)out.msg;
	cr_assert(again->again);
	cr_assert(eq(i32, again->acknowledge_by, TODAY + 7), "the dates are those of the first");
	release();
	cr_assert(eq(int, ask(store_report, &r.m), KEEP));
	again = (const Candor__Stored *)out.msg;
	cr_assert(again->again);
	cr_assert(eq(i32, again->acknowledge_by, TODAY + 7));
	release();
	cr_assert(eq(sz, count_cases(officers[0]), 1));
}

Test(db, report_sealed_to_an_old_directory_is_refused_and_the_new_one_pushed)
{
	struct report r;

	report(&r, 1, 1);
	r.m.directory_version = 0;
	cr_assert(eq(int, ask(store_report, &r.m), UNDO));
	cr_assert(eq(u32, refusal_code(), EX_TEMPFAIL));
	cr_assert(out.push_directory);
}

Test(db, release_is_in_random_order_and_nothing_shows_before)
{
	enum { N = 300 };
	/* Whatever has an order in the file that a thief may have. */
	static const struct {
		const char *what, *sql;
	} orders[] = {
		{ "number", "SELECT lookup_hash FROM cases ORDER BY number" },
		{ "row of the entry",
		    "SELECT lookup_hash FROM entry JOIN cases USING (number) ORDER BY entry.id" },
		{ "row of its piece",
		    "SELECT lookup_hash FROM piece JOIN entry ON entry.id = piece.entry"
		    " JOIN cases USING (number) ORDER BY piece.id" },
		{ "audit line", "SELECT lookup_hash FROM audit JOIN cases USING (number)"
				" WHERE action = 'release' ORDER BY n" },
		{ "event",
		    "SELECT lookup_hash FROM event JOIN cases USING (number) ORDER BY event.id" },
		{ "delivery", "SELECT lookup_hash FROM delivery JOIN cases USING (number) ORDER BY "
			      "delivery.id" },
	};
	sqlite3 *lite;
	sqlite3_stmt *stmt;
	double sum = 0, rho;
	int64_t next[N];

	for (unsigned i = 0; i < N; i++)
		file(i, 1);
	commit();
	cr_assert(eq(sz, count_cases(officers[0]), 0));
	cr_assert(eq(str, follow(5, 0)->state, (char *)"received"));
	cr_assert(not(store_due(&s, "mail")));
	release();
	cr_assert(eq(str, follow(5, 0)->state, (char *)"new"));
	cr_assert(store_due(&s, "mail"));
	close_store();
	cr_assert(eq(i64, figure("SELECT count(*) FROM inbox"), 0));
	for (size_t by = 0; by < NELEM(orders); by++) {
		int64_t rank = 0;

		cr_assert(eq(int, sqlite3_open("candor.db", &lite), SQLITE_OK));
		cr_assert(
		    eq(int, sqlite3_prepare_v2(lite, orders[by].sql, -1, &stmt, NULL), SQLITE_OK));
		sum = 0;
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			for (unsigned i = 0; i < N; i++) {
				struct report r;

				report(&r, i, 1);
				if (memcmp(sqlite3_column_blob(stmt, 0), r.hash, 32) == 0)
					next[i] = rank;
			}
			rank++;
		}
		cr_assert(eq(i64, rank, N), "%s", orders[by].what);
		for (unsigned i = 0; i < N; i++)
			sum += (double)(next[i] - (int64_t)i) * (double)(next[i] - (int64_t)i);
		rho = 1 - 6 * sum / ((double)N * ((double)N * N - 1));
		printf("  figure: rank correlation with arrival over %d, by %s: %+.3f\n", N,
		    orders[by].what, rho);
		/* Five standard deviations of chance, 1 / sqrt(N - 1). */
		cr_expect(fabs(rho) < 5 / sqrt(N - 1.0), "%s", orders[by].what);
		sqlite3_finalize(stmt);
		sqlite3_close(lite);
	}
}

Test(db, released_report_leaves_no_trace_in_the_inbox_or_the_log)
{
	struct report r;
	struct stat st;
	char *file_bytes;
	FILE *f;

	report(&r, 77, 1);
	/* A StoreReport as the inbox has it ends with its feedback_months; the hash is in both tables,
	 * and only the inbox has it in front of the recipient. */
	memset(r.key, 0xa5, sizeof(r.key));
	cr_assert(eq(int, ask(store_report, &r.m), KEEP));
	commit();
	release();
	cr_assert(eq(int, stat("candor.db-wal", &st), 0));
	cr_assert(eq(i64, st.st_size, 0));
	close_store();
	cr_assert(eq(int, stat("candor.db", &st), 0));
	file_bytes = malloc((size_t)st.st_size);
	f = fopen("candor.db", "r");
	cr_assert(eq(sz, fread(file_bytes, 1, (size_t)st.st_size, f), (size_t)st.st_size));
	fclose(f);
	cr_assert(memmem(file_bytes, (size_t)st.st_size, r.hash, 32) != NULL);
	{
		uint8_t packed[36];

		memcpy(packed, r.hash, 32);
		memcpy(packed + 32, "\x12\x20\xa5\xa5", 4); /* the next field's tag and length */
		cr_assert(memmem(file_bytes, (size_t)st.st_size, packed, sizeof(packed)) == NULL);
	}
	free(file_bytes);
}

Test(db, immediate_release_takes_what_may_not_wait_and_nothing_else)
{
	struct report r;

	file(1, 1);
	report(&r, 2, 1);
	r.m.immediate = true;
	s.effects.urgent = false;
	cr_assert(eq(int, ask(store_report, &r.m), KEEP));
	cr_assert(s.effects.urgent);
	store_release(&s, true);
	cr_assert(eq(sz, count_cases(officers[0]), 1));
	cr_assert(eq(str, follow(1, 0)->state, (char *)"received"));
	cr_assert(eq(str, follow(2, 0)->state, (char *)"new"));
}

Test(db, message_waits_with_its_report_and_answers_a_question)
{
	char *number;

	cr_assert(eq(int, message(1, 1), UNDO), "there is no report yet");
	file(1, 1);
	cr_assert(eq(int, message(1, 1), KEEP));
	cr_assert(eq(int, message(1, 1), KEEP));
	cr_assert(was_there());
	release();
	number = only_case(officers[0]);
	cr_assert(eq(int, act(officers[0], number, EV_ACK, "", ""), KEEP));
	cr_assert(eq(int, act(officers[0], number, EV_AWAIT, "", "what colour was it?"), KEEP));
	cr_assert(eq(str, follow(1, 0)->state, (char *)"awaiting-reporter"));
	cr_assert(eq(int, message(1, 1), KEEP));
	cr_assert(was_there(), "the same message, after its release");
	cr_assert(eq(int, message(1, 2), KEEP));
	cr_assert(eq(str, follow(1, 0)->state, (char *)"awaiting-reporter"), "not before release");
	release();
	cr_assert(eq(str, follow(1, 0)->state, (char *)"investigating"));
}

Test(db, number_of_messages_has_a_limit)
{
	unsigned n = 0;

	file(1, 1);
	while (n < 400 && message(1, 0) == KEEP) {
		/* Each with an id of its own. */
		Candor__StoreMessage m = CANDOR__STORE_MESSAGE__INIT;
		struct report r;
		uint8_t id[16] = { 1 };

		report(&r, 1, 1);
		memcpy(id + 8, &n, sizeof(n));
		m.lookup_hash = r.m.lookup_hash;
		m.id = wire_bytes(id, sizeof(id));
		m.entry = wire_bytes(r.entry, 50);
		m.received_on = TODAY;
		if (ask(store_message, &m) != KEEP)
			break;
		n++;
		if (n % 50 == 0)
			release();
	}
	cr_assert(lt(u32, n, ENTRIES_REPORTER_MAX));
	cr_assert(gt(u32, n, 200));
	cr_assert(eq(u32, refusal_code(), EX_TEMPFAIL));
}

/* ---- walls between readers -------------------------------------------------------------------- */

Test(db, case_that_one_may_not_read_is_like_one_that_does_not_exist)
{
	Candor__CaseRef ref = CANDOR__CASE_REF__INIT;
	Candor__CaseQuery q = CANDOR__CASE_QUERY__INIT;
	Candor__CaseWrite w = CANDOR__CASE_WRITE__INIT;
	Candor__CaseAssign a = CANDOR__CASE_ASSIGN__INIT;
	Candor__CaseWrap wrap = CANDOR__CASE_WRAP__INIT;
	Candor__EntryGet get = CANDOR__ENTRY_GET__INIT;
	Candor__CaseClock clock = CANDOR__CASE_CLOCK__INIT;
	struct {
		unsigned kind;
		const void *msg;
		char **number;
	} tries[] = {
		{ MSG_CASE_GET, &ref, &ref.number },
		{ MSG_ENTRY_GET, &get, &get.number },
		{ MSG_CASE_WRITE, &w, &w.number },
		{ MSG_CASE_ASSIGN, &a, &a.number },
		{ MSG_CASE_WRAP, &wrap, &wrap.number },
		{ MSG_CASE_CLOCK, &clock, &clock.number },
	};
	char *number, other[] = "C-0000-0001", expect[64], *said;

	file(1, 2); /* Anna and Bo, not Cleo */
	release();
	number = only_case(officers[0]);
	file(2, 3); /* she is known to the database by another case */
	release();
	cr_assert(eq(sz, count_cases(officers[1]), 2));
	cr_assert(eq(sz, count_cases(officers[2]), 1));
	get.n = 1;
	w.entry = wire_bytes("x", 1);
	a.officer = officers[2];
	wrap.secret = wire_bytes("x", 1);
	wrap.wrap_version = 1;
	wrap.n_readers = 1;
	wrap.readers = (char *[]){ officers[2] };
	for (size_t i = 0; i < NELEM(tries); i++) {
		*tries[i].number = number;
		cr_assert(eq(int, call(officers[2], tries[i].kind, tries[i].msg), UNDO));
		said = text(refusal());
		snprintf(expect, sizeof(expect), "there is no case %s that you can read", number);
		cr_assert(eq(str, said, expect));
		*tries[i].number = other;
		cr_assert(eq(int, call(officers[2], tries[i].kind, tries[i].msg), UNDO));
		snprintf(expect, sizeof(expect), "there is no case %s that you can read", other);
		cr_assert(eq(str, (char *)refusal(), expect));
	}
	cr_assert(eq(int, act(officers[2], number, EV_ACK, "", ""), UNDO));
	q.after = number;
	cr_assert(eq(int, call(officers[2], MSG_CASE_LIST, &q), UNDO));
	cr_assert(eq(sz, count_cases(officers[1]), 2), "Cleo's wrap changed nothing");
}

Test(db, administrator_and_stranger_get_no_cases)
{
	Candor__CaseQuery q = CANDOR__CASE_QUERY__INIT;
	Candor__Empty empty = CANDOR__EMPTY__INIT;

	cr_assert(eq(int, call("Root Admin", MSG_CASE_LIST, &q), UNDO));
	cr_assert(eq(u32, refusal_code(), EX_NOPERM));
	cr_assert(eq(int, call("Nobody", MSG_CASE_LIST, &q), UNDO));
	cr_assert(eq(int, call("", MSG_CASE_LIST, &q), UNDO));
	cr_assert(eq(int, call("", MSG_RELEASE, &empty), UNDO));
	cr_assert(eq(int, call("", MSG_DIRECTORY_GET, &empty), KEEP));
}

Test(db, wrap_replaces_readers_once_and_frees_the_case_of_a_former_one)
{
	Candor__CaseWrap m = CANDOR__CASE_WRAP__INIT;
	Candor__CaseAssign a = CANDOR__CASE_ASSIGN__INIT;
	Candor__CaseRef ref = CANDOR__CASE_REF__INIT;
	const Candor__CaseRecord *r;

	file(1, 2);
	release();
	a.number = m.number = ref.number = only_case(officers[0]);
	a.officer = officers[2];
	cr_assert(eq(int, call(officers[0], MSG_CASE_ASSIGN, &a), UNDO));
	cr_assert(strstr(refusal(), "grant first") != NULL);
	a.officer = officers[1];
	cr_assert(eq(int, call(officers[0], MSG_CASE_ASSIGN, &a), KEEP));
	m.secret = wire_bytes("new wrap", 8);
	m.wrap_version = 7;
	m.readers = (char *[]){ officers[0], officers[2] };
	m.n_readers = 2;
	cr_assert(eq(int, call(officers[1], MSG_CASE_WRAP, &m), UNDO));
	cr_assert(strstr(refusal(), "directory of officers changed") != NULL);
	m.directory_version = charter_version(&s);
	cr_assert(eq(int, call(officers[1], MSG_CASE_WRAP, &m), UNDO));
	cr_assert(eq(u32, refusal_code(), EX_TEMPFAIL));
	m.wrap_version = 1;
	m.readers = (char *[]){ officers[0], officers[3] };
	cr_assert(eq(int, call(officers[0], MSG_CASE_WRAP, &m), UNDO), "never an administrator");
	m.readers = (char *[]){ officers[0], officers[2] };
	cr_assert(eq(int, call(officers[0], MSG_CASE_WRAP, &m), UNDO), "only a lead drops another");
	cr_assert(eq(u32, refusal_code(), EX_NOPERM));
	cr_assert(eq(int, call(officers[1], MSG_CASE_WRAP, &m), KEEP));
	cr_assert(eq(sz, count_cases(officers[1]), 0));
	cr_assert(eq(sz, count_cases(officers[2]), 1));
	cr_assert(eq(int, call(officers[2], MSG_CASE_GET, &ref), KEEP));
	r = (const Candor__CaseRecord *)out.msg;
	cr_assert(eq(u32, r->wrap_version, 2));
	cr_assert(eq(str, r->summary->assignee, (char *)""), "Bo reads it no longer");
	m.n_readers = 0;
	m.wrap_version = 2;
	cr_assert(eq(int, call(officers[0], MSG_CASE_WRAP, &m), UNDO), "somebody must remain");
}

/* ---- the life of a case ----------------------------------------------------------------------- */

Test(db, case_moves_through_its_states_and_clocks)
{
	const Candor__Followed *f;
	char *number;

	file(1, 1);
	release();
	number = only_case(officers[0]);
	cr_assert(eq(int, act(officers[0], number, EV_RESOLVE, "partly", ""), UNDO));
	cr_assert(strstr(refusal(), "is new; allowed now: ack") != NULL, "%s", refusal());
	cr_assert(eq(int, act(officers[0], number, EV_ANSWERED, "", ""), UNDO));
	s.today = TODAY + 3;
	cr_assert(eq(int, act(officers[0], number, EV_ACK, "", ""), KEEP));
	f = follow(1, 0);
	cr_assert(eq(i32, f->acknowledged_on, TODAY + 3));
	cr_assert(eq(i32, f->feedback_by, day_add_months(TODAY + 3, 3)));
	cr_assert(eq(int, act(officers[0], number, EV_RESOLVE, "", ""), UNDO), "needs an outcome");
	cr_assert(eq(int, act(officers[0], number, EV_RESOLVE, "guilty", ""), UNDO));
	cr_assert(eq(int, act(officers[0], number, EV_INVESTIGATE, "", ""), KEEP));
	cr_assert(eq(str, follow(1, 0)->outcome, (char *)""));
	cr_assert(eq(int, act(officers[0], number, EV_RESOLVE, "partly", "we mended it"), KEEP));
	f = follow(1, 0);
	cr_assert(eq(str, f->state, (char *)"resolved"));
	cr_assert(eq(str, f->outcome, (char *)"partly"));
	cr_assert(eq(sz, f->n_actions, 1));
	cr_assert(eq(sz, f->n_replies, 1));
	cr_assert(eq(sz, f->replies[0]->sealed.len, strlen("we mended it")));
	cr_assert(eq(sz, follow(1, f->replies[0]->n)->n_replies, 0), "only what comes after");
	cr_assert(eq(int, act(officers[0], number, EV_CLOSE, "", ""), KEEP));
	cr_assert(eq(int, act(officers[0], number, EV_TRIAGE, "", ""), UNDO));
	cr_assert(strstr(refusal(), "is closed; allowed now: reopen") != NULL);
	{
		Candor__CaseQuery q = CANDOR__CASE_QUERY__INIT;
		const Candor__CaseList *l;

		s.today = TODAY + 500;
		q.overdue = true;
		l = list(officers[0], &q);
		cr_assert(eq(sz, l->n_cases, 0), "both clocks are met");
	}
}

Test(db, pages_are_complete_ordered_and_filtered)
{
	Candor__CaseQuery q = CANDOR__CASE_QUERY__INIT;
	const Candor__CaseList *l;
	Candor__CaseAssign a = CANDOR__CASE_ASSIGN__INIT;
	unsigned seen = 0, pages = 0;
	int32_t last = INT32_MAX;
	char *first = NULL;

	for (unsigned i = 0; i < 120; i++) {
		struct report r;

		report(&r, i, 1 + i % 2);
		r.m.received_on = TODAY - (int)(i % 7);
		cr_assert(eq(int, ask(store_report, &r.m), KEEP));
	}
	release();
	q.limit = 50;
	do {
		l = list(officers[0], &q);
		for (size_t i = 0; i < l->n_cases; i++) {
			cr_assert(le(i32, l->cases[i]->received_on, last));
			last = l->cases[i]->received_on;
			seen++;
		}
		q.after = text(l->cases[l->n_cases - 1]->number);
		if (first == NULL)
			first = text(l->cases[0]->number);
		pages++;
	} while (l->more);
	cr_assert(eq(u32, seen, 120));
	cr_assert(eq(u32, pages, 3));
	q.after = (char *)"";
	q.limit = 200;
	cr_assert(eq(sz, list(officers[1], &q)->n_cases, 60));
	cr_assert(eq(int, act(officers[0], first, EV_ACK, "", ""), KEEP));
	q.state = (char *)"acknowledged";
	cr_assert(eq(sz, list(officers[0], &q)->n_cases, 1));
	q.state = (char *)"new";
	cr_assert(eq(sz, list(officers[0], &q)->n_cases, 119));
	q.category = (char *)"other";
	cr_assert(eq(sz, list(officers[0], &q)->n_cases, 0));
	q.state = (char *)"";
	q.category = (char *)"privacy";
	cr_assert(eq(sz, list(officers[0], &q)->n_cases, 120));
	q.overdue = true;
	cr_assert(eq(sz, list(officers[0], &q)->n_cases, 0));
	s.today = TODAY + 8;
	cr_assert(eq(sz, list(officers[0], &q)->n_cases, 119));
	a.number = first;
	a.officer = officers[0];
	cr_assert(eq(int, call(officers[0], MSG_CASE_ASSIGN, &a), KEEP));
	q.overdue = false;
	q.mine = true;
	l = list(officers[0], &q);
	cr_assert(eq(sz, l->n_cases, 1));
	cr_assert(eq(str, l->cases[0]->number, first));
	q.mine = false;
	q.state = (char *)"sleeping";
	cr_assert(eq(int, call(officers[0], MSG_CASE_LIST, &q), UNDO));
}

/* ---- attachments ------------------------------------------------------------------------------ */

Test(db, staged_pieces_come_in_order_within_the_caps_and_go_with_their_session)
{
	Candor__StageDrop drop = CANDOR__STAGE_DROP__INIT;
	uint8_t name[16];

	cr_assert(eq(int, stage(1, 0, 1, 10), UNDO), "the first one first");
	cr_assert(eq(int, stage(1, 0, 0, 60000), KEEP));
	cr_assert(eq(int, stage(1, 0, 0, 60000), UNDO));
	cr_assert(eq(int, stage(1, 0, 2, 60000), UNDO));
	cr_assert(eq(int, stage(1, 2, 0, 60000), UNDO));
	cr_assert(eq(int, stage(1, 0, 1, 60000), KEEP));
	cr_assert(eq(int, stage(1, 0, 2, 1000), UNDO), "100000 and what sealing adds");
	cr_assert(eq(u32, refusal_code(), EX_DATAERR));
	cr_assert(eq(int, stage(2, 0, 0, 60000), KEEP));
	cr_assert(eq(int, stage(3, 0, 0, 60000), UNDO), "200000 of all sessions");
	cr_assert(eq(u32, refusal_code(), EX_TEMPFAIL));
	memset(name, 1, sizeof(name));
	drop.stage = wire_bytes(name, sizeof(name));
	cr_assert(eq(int, ask(store_stage_drop, &drop), KEEP));
	cr_assert(eq(int, stage(3, 0, 0, 60000), KEEP));
	db_run(s.db, STAGE_DROP_WORKER, db_i(0));
	commit();
	close_store();
	cr_assert(eq(i64, figure("SELECT count(*) FROM stage_piece"), 0));
}

Test(db, attachment_commits_with_its_report_and_is_read_in_pieces)
{
	Candor__CaseRef ref = CANDOR__CASE_REF__INIT;
	Candor__EntryGet get = CANDOR__ENTRY_GET__INIT;
	const Candor__CaseRecord *c;
	const Candor__EntryPart *part;
	struct report r;
	size_t total = 0;

	report(&r, 1, 1);
	memset(r.stage, 9, sizeof(r.stage));
	r.m.stage = wire_bytes(r.stage, sizeof(r.stage));
	r.m.n_attachments = 2;
	cr_assert(eq(int, stage(9, 0, 0, 200), KEEP));
	cr_assert(eq(int, stage(9, 0, 1, 60000), KEEP));
	cr_assert(eq(int, ask(store_report, &r.m), UNDO), "one of two is missing");
	cr_assert(eq(int, stage(9, 1, 0, 500), KEEP));
	cr_assert(eq(int, ask(store_report, &r.m), KEEP));
	/* The session goes on, and ends: what is filed stays. */
	cr_assert(eq(int, stage(9, 0, 0, 77), KEEP));
	db_run(s.db, STAGE_DROP_WORKER, db_i(0));
	release();
	ref.number = get.number = only_case(officers[0]);
	cr_assert(eq(int, call(officers[0], MSG_CASE_GET, &ref), KEEP));
	c = (const Candor__CaseRecord *)out.msg;
	cr_assert(eq(sz, c->n_entries, 3));
	cr_assert(eq(str, c->entries[1]->kind, (char *)"attachment"));
	cr_assert(eq(u64, c->entries[1]->bytes, 60200));
	cr_assert(eq(u32, c->entries[2]->of, 1));
	get.n = 2;
	do {
		get.offset = total;
		cr_assert(eq(int, call(officers[0], MSG_ENTRY_GET, &get), KEEP));
		part = (const Candor__EntryPart *)out.msg;
		cr_assert(eq(u64, part->total, 60200));
		for (size_t i = 0; i < part->data.len; i++)
			cr_assert(eq(u8, part->data.data[i], total + i < 200 ? 0 : 1));
		total += part->data.len;
	} while (part->data.len > 0);
	cr_assert(eq(sz, total, 60200));
	get.n = 4;
	cr_assert(eq(int, call(officers[0], MSG_ENTRY_GET, &get), UNDO));
	commit();
	close_store();
	cr_assert(eq(i64, figure("SELECT count(*) FROM stage_piece"), 0));
}

/* ---- notifications ---------------------------------------------------------------------------- */

static const Candor__Deliveries *
wanted(const char *name)
{
	Candor__DeliveriesWanted m = CANDOR__DELIVERIES_WANTED__INIT;

	m.plugin = (char *)(uintptr_t)name;
	m.limit = 10;
	cr_assert(eq(int, ask(store_deliveries, &m), KEEP));
	return (const Candor__Deliveries *)out.msg;
}

static void
outcome(const char *name, const uint8_t key[16], uint32_t result, const char *reference)
{
	Candor__Outcomes m = CANDOR__OUTCOMES__INIT;
	Candor__Outcome o = CANDOR__OUTCOME__INIT, *list_of[] = { &o };

	m.plugin = (char *)(uintptr_t)name;
	m.outcomes = list_of;
	m.n_outcomes = 1;
	o.key = wire_bytes(key, 16);
	o.result = result;
	o.reference = (char *)(uintptr_t)reference;
	o.error = (char *)"the reason";
	o.retry_after_s = 60;
	cr_assert(eq(int, ask(store_outcomes, &m), KEEP));
}

Test(db, delivery_is_retried_with_its_key_and_its_reference_comes_back)
{
	const Candor__Deliveries *d;
	uint8_t key[16];
	char *number;

	file(1, 2);
	release();
	number = only_case(officers[0]);
	cr_assert(eq(int, act(officers[0], number, EV_ACK, "", ""), KEEP));
	cr_assert(eq(int, act(officers[0], number, EV_RESOLVE, "partly", ""), KEEP));
	cr_assert(
	    eq(sz, wanted("desk")->n_deliveries, 1), "the other plugin wants `resolved` only");
	d = wanted("mail");
	cr_assert(eq(sz, d->n_deliveries, 1), "a case's events go one after the other");
	cr_assert(eq(str, d->deliveries[0]->event->kind, (char *)"filed"));
	cr_assert(eq(str, d->deliveries[0]->event->number, number));
	cr_assert(eq(sz, d->deliveries[0]->event->n_to, 2));
	memcpy(key, d->deliveries[0]->key.data, 16);
	outcome("mail", key, CANDOR_RETRY, "");
	d = wanted("mail");
	cr_assert(eq(sz, d->n_deliveries, 0));
	cr_assert(eq(u32, d->next_ms, 60000));
	s.now += 61;
	d = wanted("mail");
	cr_assert(eq(sz, d->n_deliveries, 1));
	cr_assert(eq(u32, d->deliveries[0]->attempts, 1));
	cr_assert(eq(int, memcmp(d->deliveries[0]->key.data, key, 16), 0));
	outcome("desk", key, CANDOR_DELIVERED, "not yours");
	outcome("mail", key, CANDOR_DELIVERED, "T-1");
	d = wanted("mail");
	cr_assert(eq(sz, d->n_deliveries, 1));
	cr_assert(eq(str, d->deliveries[0]->event->kind, (char *)"changed"));
	cr_assert(eq(str, d->deliveries[0]->reference, (char *)"T-1"));
}

Test(db, refused_delivery_is_a_dead_letter_until_retried_or_given_up)
{
	Candor__DeliveryQuery q = CANDOR__DELIVERY_QUERY__INIT;
	Candor__DeliveryRef ref = CANDOR__DELIVERY_REF__INIT;
	const Candor__DeliveryList *l;
	const Candor__Deliveries *d;

	file(1, 1);
	release();
	d = wanted("mail");
	outcome("mail", d->deliveries[0]->key.data, CANDOR_REFUSED, "");
	cr_assert(eq(sz, wanted("mail")->n_deliveries, 0));
	q.failed = true;
	cr_assert(eq(int, call("Root Admin", MSG_DELIVERY_LIST, &q), KEEP));
	l = (const Candor__DeliveryList *)out.msg;
	cr_assert(eq(sz, l->n_deliveries, 1));
	cr_assert(eq(str, l->deliveries[0]->state, (char *)"failed"));
	cr_assert(eq(str, l->deliveries[0]->last_error, (char *)"the reason"));
	ref.id = text(l->deliveries[0]->id);
	cr_assert(eq(int, call(officers[0], MSG_DELIVERY_RETRY, &ref), UNDO), "not an officer's");
	cr_assert(eq(int, call("Root Admin", MSG_DELIVERY_RETRY, &ref), KEEP));
	d = wanted("mail");
	cr_assert(eq(sz, d->n_deliveries, 1));
	cr_assert(eq(int, call("Root Admin", MSG_DELIVERY_DISCARD, &ref), UNDO), "it is pending");
	outcome("mail", d->deliveries[0]->key.data, CANDOR_REFUSED, "");
	cr_assert(eq(int, call("Root Admin", MSG_DELIVERY_DISCARD, &ref), KEEP));
	cr_assert(eq(int, call("Root Admin", MSG_DELIVERY_DISCARD, &ref), UNDO), "it is gone");
}

Test(db, test_event_goes_to_a_configured_plugin)
{
	Candor__PluginRef ref = CANDOR__PLUGIN_REF__INIT;
	const Candor__Deliveries *d;

	ref.name = (char *)"pigeon";
	cr_assert(eq(int, call("Root Admin", MSG_PLUGIN_TEST, &ref), UNDO));
	cr_assert(strstr(refusal(), "mail, desk") != NULL, "%s", refusal());
	ref.name = (char *)"mail";
	cr_assert(eq(int, call("Root Admin", MSG_PLUGIN_TEST, &ref), KEEP));
	d = wanted("mail");
	cr_assert(eq(sz, d->n_deliveries, 1));
	cr_assert(eq(str, d->deliveries[0]->event->kind, (char *)"test"));
	cr_assert(eq(str, d->deliveries[0]->event->number, (char *)""));
	cr_assert(eq(str, d->deliveries[0]->event->to[0], (char *)"o3@example.org"));
}

/* ---- the directory ---------------------------------------------------------------------------- */

static enum verdict
put(const char *actor, struct span t, struct span sig)
{
	Candor__DirectoryText m = CANDOR__DIRECTORY_TEXT__INIT;

	m.text = wire_bytes(t.p, t.len);
	m.signature = wire_bytes(sig.p, sig.len);
	return call(actor, MSG_DIRECTORY_PUT, &m);
}

Test(db, directory_is_proposed_by_an_admin_and_counts_once_it_is_signed)
{
	const struct span none = { NULL, 0 };
	struct span two = directory_text(2, 4), three = directory_text(3, 3);
	Candor__Empty empty = CANDOR__EMPTY__INIT;
	struct span forged = sign(two);
	uint8_t other[512];

	cr_assert(eq(int, put(officers[0], two, none), UNDO));
	cr_assert(eq(u32, refusal_code(), EX_NOPERM));
	cr_assert(eq(int, put("Root Admin", three, none), UNDO), "2 comes after 1");
	cr_assert(eq(int, put("Root Admin", two, none), KEEP));
	cr_assert(eq(u64, charter_version(&s), 1), "a proposal does not count");
	cr_assert(eq(int, call("Root Admin", MSG_DIRECTORY_GET, &empty), KEEP));
	cr_assert(eq(sz, ((const Candor__Directory *)out.msg)->proposal.len, two.len));
	memcpy(other, forged.p, forged.len);
	other[forged.len / 2] ^= 1;
	cr_assert(eq(int, put("", two, (struct span){ other, forged.len }), UNDO));
	cr_assert(eq(u64, charter_version(&s), 1));
	cr_assert(not(s.effects.directory));
	cr_assert(eq(int, put("", two, sign(two)), KEEP), "the signature speaks for itself");
	cr_assert(eq(u64, charter_version(&s), 2));
	cr_assert(s.effects.directory);
	cr_assert(eq(int, call("Root Admin", MSG_DIRECTORY_GET, &empty), KEEP));
	cr_assert(eq(sz, ((const Candor__Directory *)out.msg)->proposal.len, 0));
	cr_assert(eq(int, put("", three, sign(three)), KEEP));
	cr_assert(eq(int, put("", two, sign(two)), UNDO));
	cr_assert(strstr(refusal(), "version 2 is older than the one in force") != NULL);
	cr_assert(charter_officer(&s, "Root Admin") == NULL);
	cr_assert(eq(int, call("Root Admin", MSG_STATUS_GET, &empty), UNDO), "out at once");
	commit();
	reopen();
	cr_assert(eq(u64, charter_version(&s), 3));
}

Test(db, category_that_nobody_serves_is_told)
{
	Candor__Empty empty = CANDOR__EMPTY__INIT;
	const Candor__Status *st;

	cr_assert(eq(int, call("Root Admin", MSG_STATUS_GET, &empty), KEEP));
	st = (const Candor__Status *)out.msg;
	cr_assert(eq(sz, st->n_categories_without_officer, 0));
	cr_assert(eq(u32, st->n_officers, 4));
	cr_assert(eq(sz, st->n_plugins, 2));
	setup_msg.categories[0]->roles_mask = 1u << ROLE_AUDITOR;
	cr_assert(eq(int, call("Root Admin", MSG_STATUS_GET, &empty), KEEP));
	st = (const Candor__Status *)out.msg;
	cr_assert(eq(str, st->categories_without_officer[0], (char *)"privacy"));
}

/* ---- the audit log ---------------------------------------------------------------------------- */

Test(db, audit_chain_verifies_and_a_changed_line_is_found)
{
	sqlite3 *lite;
	int64_t bad = 0;

	for (unsigned i = 0; i < 10; i++)
		file(i, 1);
	release();
	cr_assert(eq(int, audit_verify(&s, &bad), 0));
	close_store();
	cr_assert(eq(i64, figure("SELECT count(*) FROM audit"), 10));
	cr_assert(eq(int, sqlite3_open("candor.db", &lite), SQLITE_OK));
	cr_assert(eq(int,
	    sqlite3_exec(lite, "UPDATE audit SET actor = 'Eve' WHERE n = 4", NULL, NULL, NULL),
	    SQLITE_OK));
	sqlite3_close(lite);
	open_store();
	cr_assert(eq(int, audit_verify(&s, &bad), CANDOR_EBADMSG));
	cr_assert(eq(i64, bad, 4));
}

/* ---- days and hours --------------------------------------------------------------------------- */

Test(db, release_times_follow_the_clock_of_the_wall)
{
	char *times[] = { (char *)"07:00", (char *)"13:00", (char *)"02:30", (char *)"7:00",
		(char *)"25:00" };

	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	/* 2026-03-28 13:00 CET is 12:00 UTC; the clocks go forward the night after. */
	cr_assert(eq(i64, clock_next(1774699199, times, 2), 1774699200));
	cr_assert(
	    eq(i64, clock_next(1774699200, times, 2), 1774760400), "07:00 CEST: 17 hours later");
	cr_assert(eq(i64, clock_next(1774699200, times + 3, 2), 0), "not times of the day");
	/* 02:30 does not exist that night: it still comes, within the hour. */
	{
		int64_t at = clock_next(1774699200, times + 2, 1);

		cr_assert(ge(i64, at, 1774744200 - 3600));
		cr_assert(le(i64, at, 1774744200 + 3600));
		cr_assert(eq(i64, clock_next(at, times + 2, 1) - 1774744200 > 80000, 1));
	}
	cr_assert(eq(i32, clock_day(1774738799), 20540), "23:59:59 CET");
	cr_assert(eq(i32, clock_day(1774738800), 20541));
}

Test(db, case_number_reads_back_however_it_is_typed)
{
	char shown[NUMBER_CHARS + 1];
	int64_t back;

	for (unsigned i = 0; i < 1000; i++) {
		int64_t n = (int64_t)((uint64_t)randombytes_random() << 32 | randombytes_random()) &
			    (NUMBER_END - 1);

		number_format(shown, n);
		cr_assert(eq(int, number_parse(&back, shown), 0));
		cr_assert(eq(i64, back, n));
	}
	cr_assert(eq(int, number_parse(&back, "c-ol1i-0000"), 0));
	number_format(shown, back);
	cr_assert(eq(str, shown, (char *)"C-0111-0000"));
	cr_assert(eq(int, number_parse(&back, "C-UUUU-0000"), CANDOR_EINVAL));
	cr_assert(eq(int, number_parse(&back, "C-0000-000"), CANDOR_EINVAL));
	cr_assert(eq(int, number_parse(&back, "C-0000-00000"), CANDOR_EINVAL));
	cr_assert(eq(int, number_parse(&back, ""), CANDOR_EINVAL));
}

/* ---- power cuts ------------------------------------------------------------------------------- */

Test(db, everything_acknowledged_survives_a_kill_at_any_moment)
{
	unsigned filed = 0;

	close_store();
	for (unsigned round = 0; round < 12; round++) {
		int acks[2], status;
		unsigned n, last = filed;
		ssize_t got;
		pid_t pid;

		cr_assert(eq(int, pipe(acks), 0));
		if ((pid = fork()) == 0) {
			open_store();
			for (n = filed;;) {
				db_begin(s.db);
				for (unsigned k = 0; k < 8; k++)
					file(n++, 2);
				if (round % 3 == 2)
					store_release(&s, false);
				if (db_commit(s.db) < 0 ||
				    write(acks[1], &n, sizeof(n)) != sizeof(n))
					_exit(1);
				if (round % 3 == 2)
					db_truncate_log(s.db);
				arena_end(&arena);
			}
		}
		close(acks[1]);
		/* After so many acknowledgements, at some moment of the next batch. */
		for (unsigned k = 0; k < 3 + round; k++) {
			cr_assert(
			    eq(i64, read(acks[0], &last, sizeof(last)), (int64_t)sizeof(last)));
		}
		usleep(randombytes_uniform(3000));
		kill(pid, SIGKILL);
		while ((got = read(acks[0], &n, sizeof(n))) == sizeof(n))
			last = n;
		waitpid(pid, &status, 0);
		close(acks[0]);
		open_store();
		for (unsigned i = 0; i < last; i++)
			cr_assert(follow(i, 0) != NULL, "report %u of %u is lost in round %u", i,
			    last, round);
		/* Committed and not acknowledged: the rest of that batch may be there, and whole. */
		filed = last;
		while (follow(filed, 0) != NULL)
			filed++;
		cr_assert(eq(u32, filed % 8, 0), "half a batch");
		db_close(s.db);
		arena_end(&arena);
	}
	open_store();
	db_begin(s.db);
	release();
	close_store();
	cr_assert(eq(i64, figure("SELECT count(*) FROM cases"), filed));
	cr_assert(eq(i64, figure("SELECT count(*) FROM inbox"), 0));
}
