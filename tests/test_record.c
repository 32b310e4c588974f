/* SPDX-License-Identifier: ISC */
/*
 * The legal record in store, on a real database in a folder of its own: the audit log and attacks on it,
 * who sees which of its lines, retention, holds, what destruction leaves in the files, exports, backups.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>
#include <sqlite3.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "store/officer.h"
#include "support/files.h"

#define TODAY 20000

static struct store s;
static struct arena arena;
static Candor__RoomSetup setup_msg;
static Candor__Plugin *plugins[2];
static struct minisign_secret charter_key, audit_key;
static uint8_t site_id[SITE_ID_BYTES];
static char folder[] = "/tmp/candor-record-XXXXXX";
static char charter_text[MINISIGN_PUBLIC_CHARS + 1];
static struct answer out;
static unsigned n_filed;

static char anna[] = "Anna Berg", bo[] = "Bo Carls", cleo[] = "Cleo Dahl", ada[] = "Ada Audit",
	    root[] = "Root Admin";
static const struct {
	char *name;
	enum officer_role role;
} people[] = { { anna, ROLE_OFFICER }, { bo, ROLE_LEAD }, { cleo, ROLE_OFFICER },
	{ ada, ROLE_AUDITOR }, { root, ROLE_ADMIN } };

static char *
text(const char *t)
{
	return strcpy(test_alloc(strlen(t) + 1), t);
}

/* ---- the fixture ------------------------------------------------------------------------------ */

static void
sign_directory(void)
{
	struct officer list[NELEM(people)];
	struct directory d = { .version = 1, .n_officers = NELEM(people), .officers = list };
	struct span made, sig;
	uint8_t secret[32], seed[32];

	memset(list, 0, sizeof(list));
	memcpy(d.site_id, site_id, sizeof(site_id));
	age_keypair(secret, d.escrow);
	for (size_t i = 0; i < NELEM(people); i++) {
		struct officer_secret k;

		memset(seed, (int)i + 1, sizeof(seed));
		keys_derive(&k, seed);
		strcpy(list[i].name, people[i].name);
		list[i].role = people[i].role;
		list[i].keys = k.pub;
		list[i].categories = text(people[i].role <= ROLE_LEAD ? "*" : "");
	}
	cr_assert(eq(int, directory_format(&arena, &made, &d), 0));
	cr_assert(eq(int, minisign_sign(&arena, &sig, made.p, made.len, &charter_key, "test"), 0));
	cr_assert(eq(int, charter_adopt(&s, made, sig, &out), KEEP));
}

static void
open_store(void)
{
	cr_assert(eq(int, db_open(&s.db), 0));
	cr_assert(eq(int, charter_load(&s), 0));
	db_begin(s.db);
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
plugin(const char *name, const char *event)
{
	Candor__Plugin *p = test_alloc(sizeof(*p));

	candor__plugin__init(p);
	p->name = text(name);
	if (event != NULL) {
		p->n_events = 1;
		p->events = test_alloc(sizeof(char *));
		p->events[0] = text(event);
	}
	return p;
}

static void
begin(void)
{
	static Candor__Category category = CANDOR__CATEGORY__INIT, *categories[] = { &category };
	static Candor__Retention early = CANDOR__RETENTION__INIT, *by_outcome[] = { &early };
	static Candor__Limits limits = CANDOR__LIMITS__INIT;
	uint8_t seed[32];

	cr_assert(sodium_init() >= 0);
	setenv("TZ", "UTC", 1);
	tzset();
	cr_assert(mkdtemp(folder) != NULL);
	cr_assert(eq(int, chdir(folder), 0));
	arena_init(&arena, test_alloc(32u << 20), 32u << 20);
	arena_init(&s.charter.arena, test_alloc(1u << 20), 1u << 20);
	s.arena = &arena;
	s.today = TODAY;
	s.now = (int64_t)TODAY * 86400;
	randombytes_buf(site_id, sizeof(site_id));
	minisign_keypair(&charter_key);
	minisign_public_format(charter_text, &charter_key.pub);
	randombytes_buf(seed, sizeof(seed));
	minisign_from_seed(&audit_key, seed);
	s.audit_key = &audit_key;

	candor__room_setup__init(&setup_msg);
	setup_msg.site_id = wire_bytes(site_id, sizeof(site_id));
	setup_msg.charter = charter_text;
	category.id = text("privacy");
	category.roles_mask = 1u << ROLE_OFFICER | 1u << ROLE_LEAD;
	category.retention_years = 6;
	early.outcome = text("unsubstantiated");
	early.years = 3;
	category.retention = by_outcome;
	category.n_retention = 1;
	setup_msg.categories = categories;
	setup_msg.n_categories = 1;
	limits.attachment_bytes = 1000000;
	limits.staged_bytes = 2000000;
	setup_msg.limits = &limits;
	plugins[0] = plugin("mail", NULL);
	plugins[1] = plugin("vault", "audit");
	setup_msg.plugins = plugins;
	setup_msg.n_plugins = 2;
	setup_msg.warning_days = 30;
	setup_msg.backup_days = 35;
	setup_msg.immediate = true;
	s.setup = &setup_msg;

	open_store();
	sign_directory();
	store_plugins_begin(&s);
	commit();
	s.effects = (struct effects){ 0 };
}

static void
close_store(void)
{
	cr_assert(eq(int, db_commit(s.db), 0));
	db_close(s.db);
	s.db = NULL;
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

TestSuite(record, .init = begin, .fini = end, .timeout = 120);

/* ---- requests --------------------------------------------------------------------------------- */

static enum verdict
ask(store_fn fn, const void *msg)
{
	enum verdict v;

	out = (struct answer){ 0 };
	db_savepoint(s.db);
	v = fn(&s, 0, msg, &out);
	cr_assert(not(db_failed(s.db)));
	if (v == KEEP || v == WAIT)
		db_keep(s.db);
	else
		db_undo(s.db);
	return v;
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

/* It is refused, with that code and that word in the reason. */
static void
refused(const char *actor, unsigned kind, const void *msg, unsigned code, const char *word)
{
	const Candor__Refusal *r;

	cr_assert(ne(int, call(actor, kind, msg), KEEP));
	cr_assert(eq(u32, out.kind, MSG_REFUSAL));
	r = (const Candor__Refusal *)out.msg;
	cr_assert(eq(u32, r->code, code), "%s", r->text);
	cr_assert(strstr(r->text, word) != NULL, "%s", r->text);
}

static void
hash_of(uint8_t hash[32], unsigned i)
{
	crypto_generichash(hash, 32, (uint8_t *)&i, sizeof(i), NULL, 0);
}

/* File a report, of entry_len random bytes, for Anna and Bo; release it. Its number as text. */
static char *
file_sealed(const uint8_t *entry, size_t entry_len, const uint8_t *secret, size_t secret_len)
{
	Candor__StoreReport m = CANDOR__STORE_REPORT__INIT;
	char *readers[] = { anna, bo }, *number = test_alloc(NUMBER_CHARS + 1);
	uint8_t hash[32], key[32] = { 1 };

	hash_of(hash, n_filed++);
	m.lookup_hash = wire_bytes(hash, 32);
	m.case_recipient = m.case_proof = wire_bytes(key, 32);
	m.secret = wire_bytes(secret, secret_len);
	m.entry = wire_bytes(entry, entry_len);
	m.category = text("privacy");
	m.severity = text("high");
	m.received_on = s.today;
	m.directory_version = charter_version(&s);
	m.readers = readers;
	m.n_readers = 2;
	cr_assert(eq(int, ask(store_report, &m), KEEP));
	store_release(&s, false);
	cr_assert(db_row(s.db, CASE_BY_LOOKUP, db_b(hash, 32)));
	number_format(number, db_int(s.db, DB_CASE_BY_LOOKUP, 0));
	db_reset(s.db);
	return number;
}

static char *
file(void)
{
	uint8_t bytes[64];

	randombytes_buf(bytes, sizeof(bytes));
	return file_sealed(bytes, sizeof(bytes), bytes, sizeof(bytes));
}

static int64_t
raw(const char *number)
{
	int64_t n = 0;

	cr_assert(eq(int, number_parse(&n, number), 0));
	return n;
}

static void
reads(const char *actor, char *number)
{
	Candor__CaseRef ref = CANDOR__CASE_REF__INIT;

	ref.number = number;
	cr_assert(eq(int, call(actor, MSG_CASE_GET, &ref), KEEP));
}

static void
act(char *number, enum case_event event, const char *outcome)
{
	Candor__CaseAct m = CANDOR__CASE_ACT__INIT;

	m.number = number;
	m.event = event;
	m.outcome = text(outcome);
	cr_assert(eq(int, call(anna, MSG_CASE_ACT, &m), KEEP));
}

static void
closed(char *number, const char *outcome)
{
	reads(anna, number);
	act(number, EV_ACK, "");
	act(number, EV_RESOLVE, outcome);
	act(number, EV_CLOSE, "");
}

static void
hold(char *number, bool on)
{
	Candor__CaseHold m = CANDOR__CASE_HOLD__INIT;
	uint8_t note[16] = { 1 };

	m.number = number;
	m.on = on;
	m.entry = wire_bytes(note, sizeof(note));
	cr_assert(eq(int, call(anna, MSG_CASE_HOLD, &m), KEEP));
}

static enum case_state
state_of(const char *number)
{
	cr_assert(db_row(s.db, CASE_LEGAL, db_i(raw(number))));
	return (enum case_state)db_int(s.db, DB_CASE_LEGAL, 0);
}

static bool
gone(const char *number)
{
	return state_of(number) == CASE_DESTROYED;
}

/* The pass of a day, to its end. */
static void
pass(day_t day)
{
	s.today = day;
	s.now = (int64_t)day * 86400;
	while (legal_pass(&s))
		;
	commit();
}

/* A message of the reporter of the nth report, not released yet. */
static void
reporter_writes(unsigned i)
{
	Candor__StoreMessage m = CANDOR__STORE_MESSAGE__INIT;
	uint8_t hash[32], id[16], entry[32] = { 1 };

	hash_of(hash, i);
	randombytes_buf(id, sizeof(id));
	m.lookup_hash = wire_bytes(hash, 32);
	m.id = wire_bytes(id, sizeof(id));
	m.entry = wire_bytes(entry, sizeof(entry));
	m.received_on = s.today;
	cr_assert(eq(int, ask(store_message, &m), KEEP));
}

static int64_t
figure(const char *sql)
{
	sqlite3 *lite;
	sqlite3_stmt *stmt;
	int64_t n;

	cr_assert(eq(int, sqlite3_open("candor.db", &lite), SQLITE_OK));
	cr_assert(eq(int, sqlite3_prepare_v2(lite, sql, -1, &stmt, NULL), SQLITE_OK), "%s", sql);
	cr_assert(eq(int, sqlite3_step(stmt), SQLITE_ROW));
	n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(lite);
	return n;
}

/* ---- attacks on the audit log ------------------------------------------------------------------ */

/* What somebody with the file does to it. */
static void
attack(const char *sql)
{
	sqlite3 *lite;

	close_store();
	cr_assert(eq(int, sqlite3_open("candor.db", &lite), SQLITE_OK));
	cr_assert(eq(int, sqlite3_exec(lite, sql, NULL, NULL, NULL), SQLITE_OK), "%s", sql);
	sqlite3_close(lite);
	open_store();
}

/* 20 lines: two cases, read and noted. */
static void
some_lines(void)
{
	for (int i = 0; i < 10; i++) {
		char *c = file();

		reads(anna, c);
	}
	commit();
}

Test(record, each_attack_on_a_line_is_found_and_named)
{
	static const struct {
		const char *sql;
		int64_t line;
	} attacks[] = {
		{ "UPDATE audit SET actor = 'Eve' WHERE n = 4", 4 },
		{ "UPDATE audit SET action = 'ack' WHERE n = 20", 20 },
		{ "UPDATE audit SET done_on = done_on + 1 WHERE n = 7", 7 },
		{ "UPDATE audit SET number = number + 1 WHERE n = 8", 8 },
		{ "UPDATE audit SET detail = 'x' WHERE n = 1", 1 },
		{ "UPDATE audit SET hash = x'00' WHERE n = 9", 9 },
		{ "DELETE FROM audit WHERE n = 1", 1 },
		{ "DELETE FROM audit WHERE n = 11", 11 },
		{ "DELETE FROM audit WHERE n = 11; UPDATE audit SET n = n - 1 WHERE n > 11", 11 },
		{ "UPDATE audit SET n = -1 WHERE n = 5; UPDATE audit SET n = 5 WHERE n = 6;"
		  "UPDATE audit SET n = 6 WHERE n = -1",
		    5 },
		{ "INSERT INTO audit SELECT 21, done_on, actor, action, number, detail, hash FROM "
		  "audit"
		  " WHERE n = 20",
		    21 },
		/* An actor's last letter becomes the action's first. */
		{ "UPDATE audit SET actor = 'Anna Ber', action = 'gread' WHERE n = 2", 2 },
	};
	int64_t bad = 0;

	some_lines();
	cr_assert(eq(int, audit_verify(&s, &bad), 0));
	close_store();
	cr_assert(eq(i64, figure("SELECT count(*) FROM audit"), 20));
	cr_assert(eq(int, system("cp candor.db whole.db"), 0));
	open_store();
	for (size_t i = 0; i < NELEM(attacks); i++) {
		attack(attacks[i].sql);
		cr_assert(eq(int, audit_verify(&s, &bad), CANDOR_EBADMSG), "%s", attacks[i].sql);
		cr_assert(eq(i64, bad, attacks[i].line), "%s", attacks[i].sql);
		cr_assert(eq(int, audit_check(&s, &bad), CANDOR_EBADMSG), "%s", attacks[i].sql);
		close_store();
		cr_assert(eq(int, system("cp whole.db candor.db"), 0));
		open_store();
	}
	unlink("whole.db");
}

Test(record, a_log_that_was_cut_or_made_to_fit_is_found_by_what_was_signed)
{
	int64_t bad = 0;

	some_lines();
	audit_daily(&s);
	commit();
	cr_assert(eq(int, audit_check(&s, &bad), 0));
	attack("DELETE FROM audit WHERE n > 18");
	cr_assert(eq(int, audit_verify(&s, &bad), 0), "a cut chain is whole in itself");
	cr_assert(eq(int, audit_check(&s, &bad), CANDOR_EBADMSG));
	cr_assert(eq(i64, bad, 20));
	/* The head is made to fit, but not signed. */
	attack("UPDATE head SET line = 18, hash = (SELECT hash FROM audit WHERE n = 18)");
	cr_assert(eq(int, audit_check(&s, &bad), CANDOR_EBADMSG));
}

Test(record, head_is_signed_once_a_day_and_goes_to_the_plugins_that_ask_for_it)
{
	Candor__AuditHeadRef ref = CANDOR__AUDIT_HEAD_REF__INIT;
	const Candor__AuditHead *head;
	char t[AUDIT_HEAD_CHARS];
	uint8_t first[AUDIT_HASH_BYTES];

	cr_assert(eq(int, call(anna, MSG_AUDIT_HEAD_GET, &ref), KEEP));
	cr_assert(eq(sz, ((const Candor__AuditHead *)out.msg)->hash.len, 0));
	file();
	audit_daily(&s);
	audit_daily(&s);
	cr_assert(eq(int, call(anna, MSG_AUDIT_HEAD_GET, &ref), KEEP));
	head = (const Candor__AuditHead *)out.msg;
	cr_assert(eq(i32, head->on, TODAY));
	audit_head_text(t, site_id, TODAY, head->hash.data);
	cr_assert(eq(int,
	    minisign_verify((const uint8_t *)t, strlen(t), head->signature.data,
		head->signature.len, &audit_key.pub),
	    0));
	memcpy(first, head->hash.data, sizeof(first));
	s.today++;
	audit_daily(&s); /* nothing was done: nothing to sign */
	file();
	s.today++;
	audit_daily(&s);
	ref.on = TODAY;
	cr_assert(eq(int, call(bo, MSG_AUDIT_HEAD_GET, &ref), KEEP));
	head = (const Candor__AuditHead *)out.msg;
	cr_assert(eq(i32, head->on, TODAY + 2));
	cr_assert(head->earlier.len == sizeof(first) &&
		  memcmp(head->earlier.data, first, sizeof(first)) == 0);
	commit();
	close_store();
	cr_assert(eq(i64, figure("SELECT count(*) FROM head"), 2));
	cr_assert(eq(i64,
	    figure("SELECT count(*) FROM event WHERE kind = 'audit'"
		   " AND length(head) = 64"),
	    2));
	cr_assert(eq(i64,
	    figure("SELECT count(*) FROM delivery d JOIN event e ON e.id = d.event"
		   " WHERE e.kind = 'audit' AND d.plugin <> 'vault'"),
	    0));
	open_store();
}

/* ---- who sees which lines ----------------------------------------------------------------------- */

static const Candor__AuditPage *
lines(const char *actor, const Candor__AuditQuery *q)
{
	cr_assert(eq(int, call(actor, MSG_AUDIT_LIST, q), KEEP));
	return (const Candor__AuditPage *)out.msg;
}

Test(record, an_officer_sees_lines_of_own_cases_and_own_doing_without_numbers)
{
	Candor__AuditQuery q = CANDOR__AUDIT_QUERY__INIT;
	char *number = file();
	const Candor__AuditPage *page;

	reads(anna, number);
	reads(bo, number);
	page = lines(anna, &q);
	cr_assert(eq(sz, page->n_lines, 1));
	cr_assert(eq(str, page->lines[0]->action, (char *)"read"));
	cr_assert(eq(u64, page->lines[0]->n, 0));
	cr_assert(page->head != NULL);
	q.number = number;
	page = lines(bo, &q);
	cr_assert(eq(sz, page->n_lines, 3));
	cr_assert(eq(str, page->lines[2]->action, (char *)"release"));
	cr_assert(eq(u64, page->lines[2]->n, 0));
	refused(cleo, MSG_AUDIT_LIST, &q, EX_DATAERR, "no case");
	q.number = text("");
	q.actor = bo;
	refused(anna, MSG_AUDIT_LIST, &q, EX_NOPERM, "auditor");
	q.actor = text("");
	page = lines(ada, &q);
	cr_assert(ge(sz, page->n_lines, 5));
	cr_assert(gt(u64, page->lines[0]->n, 0));
}

Test(record, pages_show_each_line_once_and_filters_hold)
{
	Candor__AuditQuery q = CANDOR__AUDIT_QUERY__INIT;
	size_t n_all = 0, n_reads = 0;
	uint64_t last = UINT64_MAX;

	for (int day = 0; day < 5; day++) {
		some_lines();
		s.today++;
	}
	q.limit = 7;
	do {
		const Candor__AuditPage *page = lines(ada, &q);

		for (size_t i = 0; i < page->n_lines; i++) {
			cr_assert(lt(u64, page->lines[i]->n, last));
			last = page->lines[i]->n;
		}
		n_all += page->n_lines;
		q.next = page->next;
	} while (q.next != 0);
	cr_assert(eq(sz, n_all, 100));
	q.action = text("read");
	q.actor = anna;
	q.since = TODAY + 1;
	q.until = TODAY + 3;
	do {
		const Candor__AuditPage *page = lines(ada, &q);

		for (size_t i = 0; i < page->n_lines; i++)
			cr_assert(
			    page->lines[i]->on >= TODAY + 1 && page->lines[i]->on <= TODAY + 3);
		n_reads += page->n_lines;
		q.next = page->next;
	} while (q.next != 0);
	cr_assert(eq(sz, n_reads, 30));
	/* The same for Anna herself, whose pages count otherwise. */
	n_reads = 0;
	do {
		const Candor__AuditPage *page = lines(anna, &q);

		n_reads += page->n_lines;
		q.next = page->next;
	} while (q.next != 0);
	cr_assert(eq(sz, n_reads, 30));
}

Test(record, pages_of_ones_own_lines_show_each_once_though_asking_is_a_line_too)
{
	Candor__AuditQuery q = CANDOR__AUDIT_QUERY__INIT;
	size_t n = 0;

	some_lines();
	q.limit = 3;
	do {
		const Candor__AuditPage *page = lines(anna, &q);

		n += page->n_lines;
		q.next = page->next;
	} while (q.next != 0);
	cr_assert(eq(sz, n, 10));
}

Test(record, every_head_comes_with_some_page_of_the_chain)
{
	Candor__AuditAfter after = CANDOR__AUDIT_AFTER__INIT;
	char *number = file();
	uint64_t last = 0;
	size_t heads = 0;

	for (int day = 0; day < 130; day++) {
		reads(anna, number);
		audit_daily(&s);
		s.today++;
	}
	do {
		const Candor__AuditPage *page;

		cr_assert(eq(int, call(ada, MSG_AUDIT_CHAIN, &after), KEEP));
		page = (const Candor__AuditPage *)out.msg;
		for (size_t i = 0; i < page->n_lines; i++)
			cr_assert(eq(u64, page->lines[i]->n, ++last));
		for (size_t i = 0; i < page->n_heads; i++)
			cr_assert(le(u64, page->heads[i]->n, last));
		heads += page->n_heads;
		after.n = page->next;
	} while (after.n != 0);
	cr_assert(eq(sz, heads, 130));
}

Test(record, only_auditors_and_administrators_follow_the_whole_chain)
{
	Candor__AuditAfter after = CANDOR__AUDIT_AFTER__INIT;
	const Candor__AuditPage *page;

	some_lines();
	audit_daily(&s);
	refused(bo, MSG_AUDIT_CHAIN, &after, EX_NOPERM, "directory");
	cr_assert(eq(int, call(root, MSG_AUDIT_CHAIN, &after), KEEP));
	page = (const Candor__AuditPage *)out.msg;
	cr_assert(eq(sz, page->n_lines, 20));
	cr_assert(eq(sz, page->n_heads, 1));
	cr_assert(eq(u64, page->heads[0]->n, 20));
	cr_assert(eq(u64, page->next, 0));
}

/* ---- retention --------------------------------------------------------------------------------- */

Test(record, a_case_is_warned_of_and_destroyed_when_its_time_is_over)
{
	char *six = file(), *three = file(), *open_case = file();
	day_t end_six = day_add_months(TODAY, 72), end_three = day_add_months(TODAY, 36);

	closed(six, "substantiated");
	closed(three, "unsubstantiated");
	reads(anna, open_case);
	pass(end_three - 30);
	cr_assert(not(gone(three)));
	pass(end_three - 29);
	pass(end_three);
	cr_assert(not(gone(three)), "on its last day it is there");
	pass(end_three + 1);
	cr_assert(gone(three));
	cr_assert(not(gone(six)));
	pass(end_six - 10);
	pass(end_six + 1);
	cr_assert(not(gone(six)), "warned of ten days ago only");
	pass(end_six + 20);
	cr_assert(gone(six));
	pass(end_six + 10000);
	cr_assert(eq(int, state_of(open_case), CASE_NEW), "an open case is never destroyed");
	close_store();
	cr_assert(eq(i64,
	    figure("SELECT count(*) FROM event WHERE kind = 'due' AND clock = 'retention'"), 2));
	open_store();
}

Test(record, a_daemon_that_was_down_warns_first)
{
	char *number = file();

	closed(number, "substantiated");
	pass(TODAY + 4000);
	cr_assert(not(gone(number)));
	pass(TODAY + 4029);
	cr_assert(not(gone(number)));
	pass(TODAY + 4030);
	cr_assert(gone(number));
}

Test(record, a_hold_stops_destruction_and_its_end_warns_anew)
{
	char *number = file();

	closed(number, "substantiated");
	pass(TODAY + 3000);
	hold(number, true);
	cr_assert(case_is_held(&s, raw(number)));
	pass(TODAY + 9000);
	cr_assert(not(gone(number)));
	hold(number, false);
	pass(TODAY + 9001);
	cr_assert(not(gone(number)));
	pass(TODAY + 9031);
	cr_assert(gone(number));
}

Test(record, a_hold_gives_a_case_that_was_to_be_destroyed_its_time_back)
{
	char *number = file();
	Candor__CaseDestroy m = { 0 };

	closed(number, "substantiated");
	candor__case_destroy__init(&m);
	m.number = number;
	m.reason = text("order");
	cr_assert(eq(int, call(bo, MSG_CASE_DESTROY, &m), KEEP));
	hold(number, true);
	hold(number, false);
	pass(TODAY + 100);
	pass(TODAY + 200);
	cr_assert(not(gone(number)));
	pass(day_add_months(TODAY, 72) - 10);
	pass(day_add_months(TODAY, 72) + 40);
	cr_assert(gone(number));
}

Test(record, what_the_reporter_wrote_last_is_read_before_it_is_destroyed)
{
	char *number = file();

	closed(number, "substantiated");
	pass(TODAY + 3000);
	reporter_writes(0);
	pass(TODAY + 3100);
	cr_assert(not(gone(number)), "a message waits for the release");
	store_release(&s, false);
	pass(TODAY + 3200);
	cr_assert(not(gone(number)), "nobody read it");
	reads(anna, number);
	pass(TODAY + 3201);
	cr_assert(not(gone(number)), "it is warned of anew");
	pass(TODAY + 3231);
	cr_assert(gone(number));
}

Test(record, a_case_that_is_open_again_is_not_destroyed)
{
	char *number = file();

	closed(number, "substantiated");
	pass(TODAY + 3000);
	act(number, EV_REOPEN, "");
	pass(TODAY + 9000);
	cr_assert(not(gone(number)));
	act(number, EV_RESOLVE, "unsubstantiated");
	act(number, EV_CLOSE, "");
	pass(TODAY + 9000 + 1100);
	pass(TODAY + 9000 + 1130);
	cr_assert(gone(number));
}

Test(record, a_case_that_was_closed_before_retention_was_kept_is_kept_as_long)
{
	char *number = file();

	closed(number, "substantiated");
	attack("DELETE FROM clock WHERE name = 'retention'; UPDATE cases SET outcome = 3");
	s.today = TODAY + 500;
	legal_begin(&s);
	pass(day_add_months(TODAY, 36) - 29);
	pass(day_add_months(TODAY, 36));
	cr_assert(not(gone(number)));
	pass(day_add_months(TODAY, 36) + 1);
	cr_assert(gone(number));
}

/* ---- destruction before the time -------------------------------------------------------------- */

static Candor__CaseDestroy
destroy_of(char *number, const char *reason)
{
	Candor__CaseDestroy m = CANDOR__CASE_DESTROY__INIT;

	m.number = number;
	m.reason = text(reason);
	return m;
}

Test(record, only_a_lead_destroys_before_the_time_and_only_what_is_closed_free_and_read)
{
	char *number = file();
	Candor__CaseDestroy m = destroy_of(number, "erasure");
	Candor__CaseDestroy other = destroy_of(number, "tidiness");

	refused(anna, MSG_CASE_DESTROY, &m, EX_NOPERM, "directory");
	refused(bo, MSG_CASE_DESTROY, &m, EX_DATAERR, "only a closed case");
	closed(number, "substantiated");
	refused(bo, MSG_CASE_DESTROY, &other, EX_DATAERR, "reason");
	hold(number, true);
	refused(bo, MSG_CASE_DESTROY, &m, EX_NOPERM, "held");
	hold(number, false);
	reporter_writes(0);
	store_release(&s, false);
	refused(bo, MSG_CASE_DESTROY, &m, EX_DATAERR, "read it first");
	reads(bo, number);
	cr_assert(eq(int, call(bo, MSG_CASE_DESTROY, &m), KEEP));
	cr_assert(s.effects.legal);
	reporter_writes(0);
	pass(s.today);
	cr_assert(not(gone(number)), "the reporter wrote before it happened");
	store_release(&s, false);
	reads(bo, number);
	cr_assert(eq(int, call(bo, MSG_CASE_DESTROY, &m), KEEP));
	pass(s.today);
	cr_assert(gone(number));
}

Test(record, four_eyes_are_waited_for_before_destruction_and_export)
{
	static char *four[] = { "destroy", "export" };
	char *number = file();
	Candor__CaseDestroy m = destroy_of(number, "order");
	Candor__CaseExport e = CANDOR__CASE_EXPORT__INIT;
	uint8_t hash[32] = { 1 };

	setup_msg.four_eyes = four;
	setup_msg.n_four_eyes = 2;
	closed(number, "substantiated");
	e.number = number;
	e.hash = wire_bytes(hash, sizeof(hash));
	cr_assert(eq(int, call(bo, MSG_CASE_DESTROY, &m), WAIT));
	cr_assert(eq(int, call(anna, MSG_CASE_EXPORT, &e), WAIT));
	pass(s.today);
	cr_assert(not(gone(number)));
	commit();
	close_store();
	cr_assert(eq(i64,
	    figure("SELECT count(*) FROM audit WHERE action IN ('export',"
		   " 'destroy-wanted')"),
	    0));
	open_store();
}

Test(record, a_tombstone_and_a_certificate_remain)
{
	char *number = file();
	Candor__CaseDestroy m = destroy_of(number, "error");
	Candor__CaseRef ref = CANDOR__CASE_REF__INIT;
	Candor__Lookup lookup = CANDOR__LOOKUP__INIT;
	const Candor__Certificate *certificate;
	Candor__StoreMessage late = CANDOR__STORE_MESSAGE__INIT;
	uint8_t hash[32], id[16] = { 1 };

	closed(number, "substantiated");
	ref.number = number;
	refused(anna, MSG_CERTIFICATE_GET, &ref, EX_DATAERR, "not destroyed");
	cr_assert(eq(int, call(bo, MSG_CASE_DESTROY, &m), KEEP));
	pass(s.today);
	refused(cleo, MSG_CERTIFICATE_GET, &ref, EX_DATAERR, "no case");
	cr_assert(eq(int, call(ada, MSG_CERTIFICATE_GET, &ref), KEEP));
	certificate = (const Candor__Certificate *)out.msg;
	cr_assert(strstr(certificate->text, "reason error\nordered-by Bo Carls\n") != NULL, "%s",
	    certificate->text);
	cr_assert(eq(int,
	    minisign_verify((const uint8_t *)certificate->text, strlen(certificate->text),
		certificate->signature.data, certificate->signature.len, &audit_key.pub),
	    0));
	/* The reporter is told what became of it, and can write no more. */
	hash_of(hash, 0);
	lookup.lookup_hash = wire_bytes(hash, 32);
	cr_assert(eq(int, ask(store_lookup, &lookup), KEEP));
	cr_assert(
	    eq(str, ((const Candor__LookedUp *)out.msg)->followed->state, (char *)"destroyed"));
	late.lookup_hash = lookup.lookup_hash;
	late.id = wire_bytes(id, sizeof(id));
	late.entry = wire_bytes(id, sizeof(id));
	late.received_on = s.today;
	cr_assert(eq(int, ask(store_message, &late), UNDO));
	reads(bo, number);
	cr_assert(eq(sz, ((const Candor__CaseRecord *)out.msg)->secret.len, 0));
	cr_assert(eq(sz, ((const Candor__CaseRecord *)out.msg)->n_entries, 0));
}

/* ---- what is left in the files ------------------------------------------------------------------ */

/* Eight bytes out of every 32 of what must be gone, sorted. */
static uint64_t *traces;
static size_t n_traces;

static void
remember(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i + 8 <= len; i += 32)
		memcpy(&traces[n_traces++], p + i, 8);
}

static int
by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static size_t
found_in(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t n = 0, len, cap = 64u << 20;
	uint8_t *p = malloc(cap);

	if (f == NULL) {
		free(p);
		return 0;
	}
	len = fread(p, 1, cap, f);
	fclose(f);
	for (size_t i = 0; i + 8 <= len; i++) {
		uint64_t value;

		memcpy(&value, p + i, 8);
		n += bsearch(&value, traces, n_traces, 8, by_value) != NULL;
	}
	free(p);
	return n;
}

/* As random bytes of some length, remembered. */
static struct span
secret_bytes(size_t len)
{
	uint8_t *p = test_alloc(len);

	randombytes_buf(p, len);
	remember(p, len);
	return (struct span){ p, len };
}

static void
rewrap(char *number, uint32_t version)
{
	Candor__CaseWrap m = CANDOR__CASE_WRAP__INIT;
	char *readers[] = { anna, bo };
	struct span secret = secret_bytes(300 + randombytes_uniform(600));

	m.number = number;
	m.secret = wire_bytes(secret.p, secret.len);
	m.readers = readers;
	m.n_readers = 2;
	m.wrap_version = version;
	m.directory_version = charter_version(&s);
	cr_assert(eq(int, call(anna, MSG_CASE_WRAP, &m), KEEP));
}

static void
note(char *number)
{
	Candor__CaseWrite m = CANDOR__CASE_WRITE__INIT;
	struct span entry = secret_bytes(200 + randombytes_uniform(6000));

	m.number = number;
	m.entry = wire_bytes(entry.p, entry.len);
	m.to_reporter = randombytes_uniform(2);
	cr_assert(eq(int, call(anna, MSG_CASE_WRITE, &m), KEEP));
}

/* Many cases of all sizes, filed, written to and wrapped anew between one another, half of them kept. */
Test(record, after_destruction_no_byte_of_a_wrap_or_entry_is_in_the_files)
{
	enum { N = 300 };
	char *numbers[N];
	size_t before;

	traces = malloc((16u << 20) * sizeof(*traces) / 8);
	for (int i = 0; i < N; i++) {
		struct span entry = secret_bytes(500 + randombytes_uniform(6000));
		struct span secret = secret_bytes(300 + randombytes_uniform(600));

		numbers[i] = file_sealed(entry.p, entry.len, secret.p, secret.len);
	}
	for (uint32_t v = 1; v <= 2; v++)
		for (int i = 0; i < N; i++) {
			rewrap(numbers[i], v);
			note(numbers[i]);
			if (i % 7 == 0)
				commit();
		}
	for (int i = 0; i < N; i++)
		closed(numbers[i], "unsubstantiated");
	commit();
	qsort(traces, n_traces, sizeof(*traces), by_value);
	db_rollback(s.db);
	db_truncate_log(s.db);
	db_begin(s.db);
	before = found_in("candor.db");
	cr_assert(gt(sz, before, N * 100));
	pass(TODAY + 1200);
	pass(TODAY + 1230);
	for (int i = 0; i < N; i++)
		cr_assert(gone(numbers[i]));
	db_rollback(s.db);
	db_truncate_log(s.db);
	db_begin(s.db);
	cr_assert(
	    eq(sz, found_in("candor.db"), 0), "%zu, of %zu before", found_in("candor.db"), before);
	cr_assert(eq(sz, found_in("candor.db-wal"), 0));
	free(traces);
}

/* ---- backups ------------------------------------------------------------------------------------ */

Test(record, a_backup_is_the_database_as_it_was_when_it_began)
{
	Candor__BackupGet get = CANDOR__BACKUP_GET__INIT;
	const Candor__BackupPart *part;
	uint8_t id[KEY_BYTES];
	FILE *f = fopen("copy.db", "wb");
	int64_t lines_then;
	uint64_t total;

	for (int i = 0; i < 40; i++)
		file();
	refused(anna, MSG_BACKUP_GET, &get, EX_NOPERM, "directory");
	cr_assert(eq(int, call(root, MSG_BACKUP_GET, &get), KEEP));
	part = (const Candor__BackupPart *)out.msg;
	cr_assert(eq(i32, part->keep_until, TODAY + 35));
	memcpy(id, part->id.data, sizeof(id));
	cr_assert(s.effects.backup);
	cr_assert(eq(int, db_commit(s.db), 0));
	backup_begin(&s);
	db_begin(s.db);
	cr_assert(db_row0(s.db, AUDIT_LAST));
	lines_then = db_int(s.db, DB_AUDIT_LAST, 0);
	get.id = wire_bytes(id, sizeof(id));
	do {
		cr_assert(eq(int, call(root, MSG_BACKUP_GET, &get), KEEP));
		part = (const Candor__BackupPart *)out.msg;
		total = part->total;
		get.offset += part->data.len;
		fwrite(part->data.data, 1, part->data.len, f);
		/* Life goes on, and even the log is to be cut. */
		file();
		commit();
		db_rollback(s.db);
		db_truncate_log(s.db);
		db_begin(s.db);
	} while (get.offset < total);
	fclose(f);
	cr_assert(eq(int, call(root, MSG_BACKUP_GET, &get), KEEP));
	cr_assert(s.effects.backup_ends);
	db_rollback(s.db);
	backup_end(&s);
	db_begin(s.db);
	refused(root, MSG_BACKUP_GET, &get, EX_DATAERR, "not there any more");
	/* One that a client left alone makes way for the next. */
	get = (Candor__BackupGet)CANDOR__BACKUP_GET__INIT;
	for (int i = 0; i < 2; i++) {
		cr_assert(eq(int, call(root, MSG_BACKUP_GET, &get), KEEP));
		part = (const Candor__BackupPart *)out.msg;
		memcpy(id, part->id.data, sizeof(id));
		cr_assert(eq(int, db_commit(s.db), 0));
		backup_begin(&s);
		db_begin(s.db);
		refused(root, MSG_BACKUP_GET, &get, EX_TEMPFAIL, "another backup");
		s.now += 61;
	}
	get.id = wire_bytes(id, sizeof(id));
	cr_assert(eq(int, call(root, MSG_BACKUP_GET, &get), KEEP));
	db_rollback(s.db);
	backup_end(&s);
	db_begin(s.db);
	close_store();
	cr_assert(gt(i64, figure("SELECT count(*) FROM cases"), 40));
	cr_assert(eq(int, rename("copy.db", "candor.db"), 0));
	cr_assert(eq(i64, figure("SELECT count(*) FROM cases"), 40));
	cr_assert(eq(i64, figure("SELECT max(n) FROM audit"), lines_then));
	cr_assert(eq(i64,
	    figure("SELECT count(*) FROM pragma_integrity_check"
		   " WHERE integrity_check = 'ok'"),
	    1));
	unlink("candor.db-wal");
	unlink("candor.db-shm");
	open_store();
}
