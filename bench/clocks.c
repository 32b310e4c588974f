/* SPDX-License-Identifier: ISC */
/*
 * How fast the overdue list and the pass over clocks are when there are many cases:
 *   bench/clocks [CASES]
 * in a database of its own under $TMPDIR, with four clocks and two readers for each case, one case in
 * fifty overdue. Prints figures as bench/run does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>
#include <sqlite3.h>

#include "store/schema.h"
#include "store/store.h"

#define TODAY 20000
#define LISTS 500

static struct store s;
static struct arena arena;

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench/clocks: %s\n", what);
		exit(70);
	}
}

/* Cases of twenty years: numbers at random, days in order. */
static void
fill(long n)
{
	/* clang-format off */
	static const char *const rows[] = {
		"INSERT INTO officer (id, name) VALUES (1, 'Anna Berg'), (2, 'Bo Carls') ON CONFLICT DO NOTHING",
		"CREATE TEMP TABLE n (i INTEGER PRIMARY KEY, number INTEGER, day INTEGER)",
		"INSERT INTO n WITH RECURSIVE i(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i"
		" WHERE i < @n) SELECT i, ((i * 2654435761) % 1000003) * 1000003 + i AS number,"
		" 20000 - 7300 + i * 7300 / @n AS day FROM i",
		"INSERT INTO cases (number, lookup_hash, kind, category, severity, site, received_on, state,"
		" outcome, actions, assignee, feedback_months)"
		" SELECT number, CAST(number AS BLOB), 0, 'privacy', 'high', '', day, 2, 0, '',"
		" 1 + i % 2, 3 FROM n ORDER BY number",
		"INSERT INTO clock (number, name, due, met_on, ended, told, span, started_on)"
		" SELECT number, 'acknowledge', day + 7, day + 1, 1, 1, 7, day FROM n ORDER BY number",
		/* One in fifty is overdue, and was told of; the others run out in the years to come. */
		"INSERT INTO clock (number, name, due, met_on, ended, told, span, unit, base, started_on)"
		" SELECT number, 'feedback', iif(i % 50, 20003 + i % 1500, 19000 + i % 1000), 0, 0,"
		" iif(i % 50, 0, 4), 3, 2, 2, day FROM n ORDER BY number",
		"INSERT INTO clock (number, name, due, met_on, ended, told, span, base, started_on)"
		" SELECT number, 'breach-notice', 20003 + i % 2000, 0, 0, 0, 60, 1, day FROM n ORDER BY number",
		"INSERT INTO clock (number, name, due, met_on, ended, told, span, base)"
		" SELECT number, 'lessons', 0, 0, 0, 0, 30, 3 FROM n ORDER BY number",
		"INSERT INTO case_reader (officer, received_on, number, state, category, due)"
		" SELECT o.id, n.day, n.number, 2, 'privacy',"
		" (SELECT min(due) FROM clock k WHERE k.number = n.number AND met_on = 0 AND due > 0)"
		" FROM officer o, n ORDER BY o.id, n.day, n.number",
	};
	/* clang-format on */
	sqlite3 *lite;
	sqlite3_stmt *stmt;

	must(sqlite3_open("candor.db", &lite) == SQLITE_OK, "open");
	sqlite3_exec(lite, "PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; BEGIN", 0, 0, 0);
	for (size_t i = 0; i < NELEM(rows); i++) {
		must(sqlite3_prepare_v2(lite, rows[i], -1, &stmt, NULL) == SQLITE_OK, rows[i]);
		sqlite3_bind_int64(stmt, 1, n);
		must(sqlite3_step(stmt) == SQLITE_DONE, rows[i]);
		sqlite3_finalize(stmt);
	}
	must(sqlite3_exec(lite, "COMMIT", 0, 0, 0) == SQLITE_OK, "commit");
	sqlite3_close(lite);
}

static void
open_store(void)
{
	must(db_open(&s.db) == 0, "the store opens");
	db_begin(s.db);
}

static void
directory(void)
{
	static struct officer people[2];
	static char charter[MINISIGN_PUBLIC_CHARS + 1], every[] = "*";
	static Candor__RoomSetup setup = CANDOR__ROOM_SETUP__INIT;
	static Candor__LadderStep lead = CANDOR__LADDER_STEP__INIT, *ladder[] = { &lead };
	static Candor__Plugin mail = CANDOR__PLUGIN__INIT, *plugins[] = { &mail };
	static const char *const names[] = { "Anna Berg", "Bo Carls" };
	static uint8_t site_id[SITE_ID_BYTES];
	struct directory d = { .version = 1, .n_officers = 2, .officers = people };
	struct answer out = { 0 };
	struct minisign_secret key;
	struct span text, sig;
	uint8_t secret[32];

	for (size_t i = 0; i < 2; i++) {
		struct officer_secret k;
		uint8_t seed[32];

		memset(seed, (int)i + 1, sizeof(seed));
		keys_derive(&k, seed);
		memcpy(people[i].name, names[i], strlen(names[i]) + 1);
		people[i].role = ROLE_OFFICER;
		people[i].keys = k.pub;
		people[i].categories = every;
	}
	randombytes_buf(site_id, sizeof(site_id));
	memcpy(d.site_id, site_id, sizeof(site_id));
	age_keypair(secret, d.escrow);
	minisign_keypair(&key);
	minisign_public_format(charter, &key.pub);
	lead.after_days = 3;
	mail.name = (char *)(uintptr_t) "mail";
	setup.site_id = wire_bytes(site_id, sizeof(site_id));
	setup.charter = charter;
	setup.due_days = 2;
	setup.escalation = ladder;
	setup.n_escalation = 1;
	setup.plugins = plugins;
	setup.n_plugins = 1;
	s.setup = &setup;
	must(directory_format(&arena, &text, &d) == 0 &&
		 minisign_sign(&arena, &sig, text.p, text.len, &key, "bench") == 0 &&
		 charter_adopt(&s, text, sig, &out) == KEEP,
	    "the directory is adopted");
}

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Pages of the list, one after the other, each a request as desk hands it over. */
static void
list_overdue(const char *figure, bool mine)
{
	Candor__CaseQuery q = CANDOR__CASE_QUERY__INIT;
	Candor__OfficerCall c = CANDOR__OFFICER_CALL__INIT;
	static double took[LISTS], cpu[LISTS];
	char after[NUMBER_CHARS + 1] = "", name[] = "Anna Berg";

	q.overdue = true;
	q.mine = mine;
	q.limit = 50;
	q.after = after;
	c.actor = name;
	c.kind = MSG_CASE_LIST;
	for (size_t i = 0; i < LISTS; i++) {
		const Candor__CaseList *l;
		struct answer out = { 0 };
		struct span body;
		double begin;
		clock_t begin_cpu;

		must(wire_pack(&arena, &body, &q.base) == 0, "packed");
		c.body = wire_bytes(body.p, body.len);
		begin_cpu = clock();
		begin = seconds();
		must(store_officer_call(&s, 0, &c.base, &out) == KEEP, "listed");
		took[i] = seconds() - begin;
		cpu[i] = (double)(clock() - begin_cpu) / CLOCKS_PER_SEC;
		l = (const Candor__CaseList *)out.msg;
		if (l->more && i % 100 != 99)
			memcpy(after, l->cases[l->n_cases - 1]->number, sizeof(after));
		else
			after[0] = '\0';
		arena_end(&arena);
	}
	qsort(took, LISTS, sizeof(*took), by_value);
	qsort(cpu, LISTS, sizeof(*cpu), by_value);
	fprintf(stderr, "bench/clocks: %s: median %.2f ms; of the processor %.2f ms, p99 %.2f ms\n",
	    figure, took[LISTS / 2] * 1e3, cpu[LISTS / 2] * 1e3, cpu[LISTS * 99 / 100] * 1e3);
	printf("%s\t%.2f\tms\t10\t%.3f\n", figure, took[LISTS * 99 / 100] * 1e3,
	    took[LISTS * 99 / 100] * 1e3 / 10);
}

static void
pass(const char *figure, const char *limit)
{
	double begin = seconds(), longest = 0, all;
	unsigned n = 0;

	for (bool more = true; more; n++) {
		double from = seconds(), took;

		more = store_clock_pass(&s);
		must(db_commit(s.db) == 0, "committed");
		db_begin(s.db);
		arena_end(&arena);
		took = seconds() - from;
		longest = took > longest ? took : longest;
	}
	all = seconds() - begin;
	fprintf(stderr, "bench/clocks: %s: %u passes, %.3f s in all\n", figure, n, all);
	printf("%s\t%.3f\ts\t%s\t%.3f\n", figure, longest, limit, longest / atof(limit));
}

int
main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 1000000;
	const char *tmp = getenv("TMPDIR");
	char folder[256];

	snprintf(folder, sizeof(folder), "%s/candor-bench-XXXXXX", tmp != NULL ? tmp : "/tmp");
	must(n > 0 && sodium_init() >= 0 && mkdtemp(folder) != NULL && chdir(folder) == 0,
	    "usage: bench/clocks [CASES]");
	arena_init(&arena, malloc(32u << 20), 32u << 20);
	arena_init(&s.charter.arena, malloc(1u << 20), 1u << 20);
	s.arena = &arena;
	s.today = TODAY;
	s.now = (int64_t)TODAY * 86400;
	open_store();
	directory();
	must(db_commit(s.db) == 0, "committed");
	db_close(s.db);
	fprintf(stderr, "bench/clocks: %ld cases\n", n);
	fill(n);
	open_store();
	pass("clock-pass-nothing-due", "1");
	list_overdue("overdue-list-p99", false);
	list_overdue("overdue-list-mine-p99", true);
	s.today += 2;
	pass("clock-pass-a-day", "1");
	s.today += 30;
	pass("clock-pass-after-a-month-down", "1");
	db_close(s.db);
	unlink("candor.db");
	unlink("candor.db-wal");
	must(chdir("/") == 0 && rmdir(folder) == 0, "cleaned up");
	return 0;
}
