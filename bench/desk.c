/* SPDX-License-Identifier: ISC */
/*
 * The desk with many cases. Used by `make bench`.
 *
 *   desk fill STATE CASES YEARS     cases of so many years into the database of a daemon that is down,
 *                                   with the clocks, entries, events and audit lines of a life each
 *   desk measure STATE EMPTY        what officers ask for, in the room's own functions, one figure a
 *                                   line; EMPTY: a like folder without cases, to compare filing with
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "candor/figures.h"

#include "store/officer.h"

#define ARENA_BYTES (16u << 20)
#define SEALED_BYTES 4312 /* a report of up to 4 KiB, in an age file */
#define SECRET_BYTES 1200
#define AT_A_TIME 2000
#define ROUNDS 2000
#define FILED 1000

/* A hospital: what is reported how often, in a thousand. */
/* clang-format off */
static const struct {
	const char *id, *title, *severity;
	unsigned weight;
} kinds[] = {
	{ "phi-disclosure", "Patient information posted or shared", "high", 250 },
	{ "missing-consent", "Photo, video or story of a patient without authorization", "high", 150 },
	{ "unapproved-publication", "Speaking for the hospital without approval", "medium", 110 },
	{ "personal-account-contact", "Contact with patients through personal accounts", "medium", 90 },
	{ "unprofessional-conduct", "Unprofessional, harassing or discriminatory posts", "medium", 130 },
	{ "misinformation", "False or misleading health information", "medium", 70 },
	{ "advice-out-of-licence", "Medical advice online outside licence or scope", "medium", 40 },
	{ "ai-content", "Patient data in AI tools, or undisclosed AI content", "high", 30 },
	{ "impersonation", "Fake accounts and impersonation", "high", 20 },
	{ "records", "Messages and posts that belong in records", "medium", 25 },
	{ "retaliation", "Retaliation for speaking up", "high", 20 },
	{ "training", "Unclear rules, missing training", "low", 30 },
	{ "conflict-of-interest", "Undisclosed advertising or conflict of interest", "medium", 15 },
	{ "imminent-harm", "Imminent harm: somebody is in danger now", "critical", 10 },
	{ "other", "Something else", "medium", 10 },
};
/* clang-format on */
static const struct {
	const char *id, *title, *parent;
	unsigned people, weight;
} places[] = {
	{ "main", "Main campus", "", 1200, 470 },
	{ "icu", "Intensive care", "main", 85, 120 },
	{ "clinic", "Outpatient clinic", "", 60, 60 },
	{ "", "", "", 0, 350 },
};

static struct store s;
static struct arena arena;
static Candor__RoomSetup setup;
static Candor__Plugin plugin;

/* ---- chance, the same in every run -------------------------------------------------------------- */

static uint64_t
chance(void)
{
	static uint64_t state = 1;
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static unsigned
below(unsigned n)
{
	return (unsigned)(chance() % n);
}

/* Mostly small, now and then much more. */
static unsigned
days(unsigned usual)
{
	unsigned n = below(usual) + below(usual);

	return below(12) == 0 ? n * 3 : n;
}

static size_t
pick_kind(void)
{
	unsigned at = below(1000);
	size_t i = 0;

	while (i + 1 < NELEM(kinds) && at >= kinds[i].weight)
		at -= kinds[i++].weight;
	return i;
}

static size_t
pick_place(void)
{
	unsigned at = below(1000);
	size_t i = 0;

	while (i + 1 < NELEM(places) && at >= places[i].weight)
		at -= places[i++].weight;
	return i;
}

static void
random_bytes(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i += 8) {
		uint64_t x = chance();

		memcpy(p + i, &x, n - i < 8 ? n - i : 8);
	}
}

/* ---- the room, without its doors ---------------------------------------------------------------- */

static char *
text(const char *t)
{
	char *copy = strdup(t);

	if (copy == NULL)
		exit(EX_OSERR);
	return copy;
}

static void
set_up(void)
{
	static Candor__Limits limits;

	candor__room_setup__init(&setup);
	candor__limits__init(&limits);
	setup.limits = &limits;
	setup.due_days = 2;
	setup.warning_days = 30;
	setup.categories = calloc(NELEM(kinds), sizeof(Candor__Category *));
	for (; setup.n_categories < NELEM(kinds); setup.n_categories++) {
		Candor__Category *c = malloc(sizeof(*c));

		candor__category__init(c);
		c->id = text(kinds[setup.n_categories].id);
		c->title = text(kinds[setup.n_categories].title);
		c->severity = text(kinds[setup.n_categories].severity);
		c->roles_mask = 1u << ROLE_OFFICER | 1u << ROLE_LEAD;
		c->retention_years = 6;
		setup.categories[setup.n_categories] = c;
	}
	setup.sites = calloc(NELEM(places), sizeof(Candor__Site *));
	for (; *places[setup.n_sites].id != '\0'; setup.n_sites++) {
		Candor__Site *site = malloc(sizeof(*site));

		candor__site__init(site);
		site->id = text(places[setup.n_sites].id);
		site->title = text(places[setup.n_sites].title);
		site->parent = text(places[setup.n_sites].parent);
		site->headcount = places[setup.n_sites].people;
		setup.sites[setup.n_sites] = site;
	}
	candor__plugin__init(&plugin);
	plugin.name = text("email");
	setup.plugins = calloc(1, sizeof(Candor__Plugin *));
	setup.plugins[setup.n_plugins++] = &plugin;
}

static void
at(int64_t now)
{
	s.now = now;
	s.today = clock_day(now);
}

static int
open_state(const char *path)
{
	if (chdir(path) < 0 || db_open(&s.db) < 0)
		return -1;
	return charter_load(&s);
}

static void
close_state(void)
{
	db_close(s.db);
	arena_end(&s.charter.arena);
	s.charter.directory = NULL;
	s.charter.text = s.charter.signature = (struct span){ NULL, 0 };
}

static void
commit(void)
{
	if (db_commit(s.db) < 0)
		exit(EX_IOERR);
	arena_end(&arena);
	s.effects = (struct effects){ 0 };
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- reports ------------------------------------------------------------------------------------ */

static uint8_t sealed[SEALED_BYTES], key[32];

static char *
copy(const char *t)
{
	return store_text(&s, t);
}

/* A report as intake hands it over, received today. In the request's memory. */
static Candor__StoreReport *
report(void)
{
	Candor__StoreReport *m = STORE_NEW(&s, StoreReport, store_report);
	static const struct {
		const char *name;
		unsigned span, unit, since, met_by;
		bool begun;
	} clocks[] = {
		{ "acknowledge", 7, CLOCK_IN_DAYS, CLOCK_FROM_RECEIVED, CLOCK_BY_ACK, true },
		{ "feedback", 3, CLOCK_IN_MONTHS, CLOCK_FROM_ACKNOWLEDGED, CLOCK_BY_HAND, false },
	};
	const struct directory *d = s.charter.directory;
	size_t kind = pick_kind();
	uint8_t *hash = store_alloc(&s, 32);

	randombytes_buf(hash, 32); /* another in every run */
	m->lookup_hash = wire_bytes(hash, 32);
	m->case_recipient = m->case_proof = wire_bytes(key, sizeof(key));
	m->secret = wire_bytes(sealed, SECRET_BYTES);
	m->entry = wire_bytes(sealed, sizeof(sealed));
	m->category = copy(kinds[kind].id);
	m->severity = copy(kinds[kind].severity);
	m->site = copy(places[pick_place()].id);
	m->kind = below(9) == 0;
	m->received_on = s.today;
	m->directory_version = charter_version(&s);
	m->feedback_months = 3;
	m->clocks = store_alloc(&s, NELEM(clocks) * sizeof(Candor__Clock *));
	for (; m->n_clocks < NELEM(clocks); m->n_clocks++) {
		Candor__Clock *k = STORE_NEW(&s, Clock, clock);

		k->name = copy(clocks[m->n_clocks].name);
		k->due = clocks[m->n_clocks].begun ? s.today + 7 : day_add_months(s.today + 7, 3);
		k->started_on = clocks[m->n_clocks].begun ? s.today : 0;
		k->span = clocks[m->n_clocks].span;
		k->unit = clocks[m->n_clocks].unit;
		k->since = clocks[m->n_clocks].since;
		k->met_by = clocks[m->n_clocks].met_by;
		m->clocks[m->n_clocks] = k;
	}
	m->readers = store_alloc(&s, d->n_officers * sizeof(char *));
	for (size_t i = 0; i < d->n_officers; i++)
		if (d->officers[i].role == ROLE_OFFICER || d->officers[i].role == ROLE_LEAD)
			m->readers[m->n_readers++] = copy(d->officers[i].name);
	return m;
}

/* It becomes a case of a given number, as in a release. */
static void
add_case(int64_t number)
{
	const Candor__StoreReport *m = report();
	unsigned n;

	db_run(s.db, CASE_ADD, db_i(number), db_b(m->lookup_hash.data, m->lookup_hash.len),
	    db_i(m->kind), db_t(m->category), db_t(m->severity), db_t(m->site),
	    db_i(m->received_on), db_i(CASE_NEW), db_i(m->feedback_months));
	db_run(s.db, KEY_ADD, db_i(number), db_b(key, sizeof(key)), db_b(key, sizeof(key)),
	    db_b(sealed, SECRET_BYTES));
	clocks_begin(&s, number, m);
	for (size_t i = 0; i < m->n_readers; i++) {
		db_run(s.db, OFFICER_ADD, db_t(m->readers[i]));
		db_run(s.db, READER_ADD, db_i(number), db_t(m->readers[i]));
	}
	people_sealed(&s, number, m->directory_version);
	db_run(s.db, READER_REFRESH, db_i(number));
	store_entry(&s, number, ENTRY_REPORT, NULL, s.today, WIRE_SPAN(m->entry), m->entry.len, 0,
	    NULL, &n);
	audit(&s, "", "release", number, "");
	store_event(&s, "filed", number, CASE_NEW);
	/* It was delivered. */
	db_run(s.db, DELIVERY_SET, db_i(db_last_id(s.db)), db_i(DELIVERY_DELIVERED), db_i(1),
	    db_i(0), db_t(""), db_t(""));
}

static enum case_state
step(int64_t number, const char *who, enum case_state state, enum case_event event)
{
	state = case_next(state, event);
	db_run(s.db, CASE_SET_STATE, db_i(number), db_i(state));
	if (event == EV_RESOLVE)
		db_run(s.db, CASE_SET_OUTCOME, db_i(number),
		    db_i((int64_t[]){ OUTCOME_SUBSTANTIATED, OUTCOME_SUBSTANTIATED, OUTCOME_PARTLY,
			OUTCOME_UNSUBSTANTIATED, OUTCOME_UNSUBSTANTIATED, OUTCOME_UNSUBSTANTIATED,
			OUTCOME_INSUFFICIENT, OUTCOME_REFERRED, OUTCOME_OUT_OF_SCOPE }[below(9)]),
		    db_t(""));
	clocks_follow(&s, number, event);
	if (event == EV_CLOSE)
		legal_closed(&s, number);
	db_run(s.db, READER_REFRESH, db_i(number));
	audit(&s, who, case_event_name(event), number, "");
	return state;
}

/* What became of it until the day `end`. One in sixty is left lying. */
static void
live(int64_t number, const char *who, day_t end)
{
	static const struct {
		enum case_event event;
		unsigned usual;
	} life[] = { { EV_ACK, 4 }, { EV_TRIAGE, 4 }, { EV_INVESTIGATE, 3 }, { EV_RESOLVE, 30 },
		{ EV_CLOSE, 8 } };
	bool left = below(60) == 0, writes = below(3) == 0;
	enum case_state state = CASE_NEW;
	size_t until = left ? below(NELEM(life)) : NELEM(life);
	unsigned n;

	for (size_t i = 0; i < until; i++) {
		at(s.now + (int64_t)days(life[i].usual) * 86400);
		if (s.today > end)
			return;
		state = step(number, who, state, life[i].event);
		if (life[i].event == EV_ACK)
			db_run(s.db, CASE_ASSIGN, db_i(number), db_t(who));
		if (life[i].event == EV_INVESTIGATE && writes)
			store_entry(&s, number, ENTRY_MESSAGE, NULL, s.today,
			    (struct span){ sealed, 1000 }, 1000, 0, NULL, &n);
		if (life[i].event == EV_RESOLVE) {
			store_entry(&s, number, ENTRY_REPLY, who, s.today,
			    (struct span){ sealed, 1000 }, 1000, 0, NULL, &n);
			clocks_meet(&s, number, "feedback", s.today);
		}
	}
}

/* Sign the audit log's last line, as is done every day: else the daemon follows all of it at start. */
static void
sign_head(void)
{
	static struct minisign_secret secret;
	const Candor__AuditHead *head;
	char hex[2 * crypto_sign_SEEDBYTES + 1] = "";
	uint8_t seed[crypto_sign_SEEDBYTES];
	FILE *f = fopen("../keys/audit.key", "r");

	if (f == NULL || fgets(hex, sizeof(hex), f) == NULL ||
	    sodium_hex2bin(seed, sizeof(seed), hex, strlen(hex), NULL, NULL, NULL) < 0) {
		fprintf(stderr, "desk: ../keys/audit.key cannot be used: no head is signed\n");
	} else {
		minisign_from_seed(&secret, seed);
		s.audit_key = &secret;
		setup.site_id = wire_bytes(s.charter.directory->site_id, SITE_ID_BYTES);
		head = audit_head_now(&s);
		if (head != NULL && db_row0(s.db, AUDIT_LAST))
			db_run(s.db, HEAD_ADD, db_i(s.today), db_i(db_int(s.db, DB_AUDIT_LAST, 0)),
			    db_b(head->hash.data, head->hash.len),
			    db_b(head->signature.data, head->signature.len));
	}
	if (f != NULL)
		fclose(f);
}

static int
fill(uint64_t cases, unsigned years)
{
	const struct directory *d = s.charter.directory;
	day_t end = s.today;
	const char *who[64];
	size_t n_who = 0;
	int64_t now = s.now;

	for (size_t i = 0; i < d->n_officers && n_who < NELEM(who); i++)
		if (d->officers[i].role == ROLE_OFFICER || d->officers[i].role == ROLE_LEAD)
			who[n_who++] = d->officers[i].name;
	if (n_who == 0) {
		fprintf(stderr, "desk: the directory has no officers\n");
		return EX_DATAERR;
	}
	random_bytes(sealed, sizeof(sealed));
	db_begin(s.db);
	for (uint64_t i = 0; i < cases; i++) {
		/* Random numbers in their order, so that a million take minutes and not hours. */
		int64_t number =
		    (int64_t)(NUMBER_END / cases * i + 1 + chance() % (NUMBER_END / cases - 1));
		unsigned long ago = below(years * 365) * 86400ul;

		if (below(8) == 0) /* a little more every year */
			ago /= 2;
		at(now - (int64_t)ago);
		add_case(number);
		live(number, who[below((unsigned)n_who)], end);
		arena_end(&arena);
		if (i % AT_A_TIME == AT_A_TIME - 1) {
			commit();
			db_begin(s.db);
		}
		if (i % 100000 == 99999)
			fprintf(stderr, "bench: %llu cases\n", (unsigned long long)i + 1);
	}
	at(now);
	/* Whom it may concern was told long ago. */
	db_run(s.db, META_SET, db_t("clock_pass"), db_i(s.today - 1));
	sign_head();
	commit();
	db_truncate_log(s.db);
	close_state();
	return 0;
}

/* ---- measuring ---------------------------------------------------------------------------------- */

static void
figure(const char *name, double value, const char *unit, double limit)
{
	if (limit > 0)
		printf("desk-%s\t%.3g\t%s\t%g\t%.2g\n", name, value, unit, limit, value / limit);
	else
		printf("desk-%s\t%.3g\t%s\t-\t-\n", name, value, unit);
	fflush(stdout);
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* An officer's request, as the room runs it; how many seconds it took. */
static double
ask(const struct officer *who, unsigned kind, const void *msg)
{
	Candor__OfficerCall call = CANDOR__OFFICER_CALL__INIT;
	struct answer out = { 0 };
	bool reads = store_officer_reads(kind);
	struct span body;
	uint8_t *packed;
	double start, took;
	enum verdict v;

	if (wire_pack(&arena, &body, msg) < 0)
		exit(EX_SOFTWARE);
	call.actor = copy(who->name);
	call.role = who->role;
	call.kind = kind;
	call.body = wire_bytes(body.p, body.len);
	start = seconds();
	if (!reads)
		db_begin(s.db);
	v = store_officer_call(&s, 0, &call.base, &out);
	if (v == KEEP) {
		packed = store_alloc(&s, protobuf_c_message_get_packed_size(out.msg));
		protobuf_c_message_pack(out.msg, packed);
	}
	if (!reads && db_commit(s.db) < 0)
		exit(EX_IOERR);
	took = seconds() - start;
	if (v != KEEP || out.kind == MSG_REFUSAL) {
		fprintf(stderr, "desk: a request of kind %u was refused\n", kind);
		exit(EX_SOFTWARE);
	}
	db_rollback(s.db);
	arena_end(&arena);
	return took;
}

static double times[ROUNDS];

static void
report_times(const char *name, size_t n)
{
	char full[64];

	qsort(times, n, sizeof(*times), by_size);
	snprintf(full, sizeof(full), "%s-p50", name);
	figure(full, times[n / 2] * 1000, "ms", 0);
	snprintf(full, sizeof(full), "%s-p99", name);
	figure(full, times[n - 1 - n / 100] * 1000, "ms", 10);
}

/* Pages of a list: the first one, and those behind cases anywhere in it. */
static void
measure_list(const char *name, const struct officer *who, Candor__CaseQuery query,
    char (*numbers)[NUMBER_CHARS + 1], size_t n_numbers)
{
	for (size_t i = 0; i < ROUNDS; i++) {
		query.after = i % 4 == 0 || n_numbers == 0 ? (char *)"" : numbers[i % n_numbers];
		times[i] = ask(who, MSG_CASE_LIST, &query);
	}
	report_times(name, ROUNDS);
}

static const struct officer *
one_with(enum officer_role role)
{
	const struct directory *d = s.charter.directory;

	for (size_t i = 0; i < d->n_officers; i++)
		if (d->officers[i].role == role)
			return &d->officers[i];
	return NULL;
}

/* Numbers of cases all over the table: of lines of the audit log anywhere. */
static size_t
sample(char (*out)[NUMBER_CHARS + 1], size_t n)
{
	size_t found = 0;
	int64_t last = db_row0(s.db, AUDIT_LAST) ? db_int(s.db, DB_AUDIT_LAST, 0) : 1;

	for (size_t i = 0; i < n; i++) {
		if (!db_row(s.db, AUDIT_FROM, db_i((int64_t)(chance() % (uint64_t)last))) ||
		    db_int(s.db, DB_AUDIT_FROM, 4) == 0)
			continue;
		number_format(out[found++], db_int(s.db, DB_AUDIT_FROM, 4));
	}
	db_reset(s.db);
	return found;
}

static void
measure_desk(void)
{
	static char numbers[ROUNDS][NUMBER_CHARS + 1];
	const struct officer *lead = one_with(ROLE_LEAD), *auditor = one_with(ROLE_AUDITOR);
	size_t n = sample(numbers, ROUNDS);
	Candor__CaseQuery query = CANDOR__CASE_QUERY__INIT;
	Candor__BoardQuery board = CANDOR__BOARD_QUERY__INIT;
	Candor__CaseRef ref = CANDOR__CASE_REF__INIT;
	Candor__FiguresGet figures = CANDOR__FIGURES_GET__INIT;

	measure_list("cases-page", lead, query, numbers, n);
	query.category = text("phi-disclosure");
	measure_list("cases-page-category", lead, query, numbers, n);
	query.category = text("");
	query.state = text("investigating");
	measure_list("cases-page-state", lead, query, numbers, n);
	query.state = text("");
	query.mine = true;
	measure_list("cases-page-mine", lead, query, numbers, n);
	query.mine = false;
	query.overdue = true;
	measure_list("cases-overdue", lead, query, numbers, 0);
	for (size_t i = 0; i < ROUNDS; i++)
		times[i] = ask(lead, MSG_BOARD_GET, &board);
	report_times("board", ROUNDS);
	for (size_t i = 0; i < ROUNDS; i++) {
		ref.number = numbers[i % n];
		times[i] = ask(lead, MSG_CASE_GET, &ref);
	}
	report_times("case-show", ROUNDS);

	figures_period(&figures.from, &figures.to, s.today - 365, 12);
	figure("figures-year", ask(lead, MSG_FIGURES_GET, &figures), "s", 1);
	if (auditor != NULL)
		figure("figures-year-published", ask(auditor, MSG_FIGURES_GET, &figures), "s", 1);
}

static void
measure_clock(void)
{
	double start = seconds(), longest = 0;
	unsigned passes = 0;
	bool more = true;

	while (more) {
		double begun = seconds();

		db_begin(s.db);
		more = store_clock_pass(&s);
		commit();
		passes++;
		longest = seconds() - begun > longest ? seconds() - begun : longest;
	}
	figure("clocks-first-run", seconds() - start, "s", 0);
	fprintf(stderr, "bench: that was %u passes, the longest %.3f s\n", passes, longest);
	start = seconds();
	db_begin(s.db);
	(void)store_clock_pass(&s);
	(void)legal_pass(&s);
	(void)figures_pass(&s, true);
	commit();
	figure("clocks-hourly", seconds() - start, "s", 1);
}

/* Seconds to publish the next period; 0: there is none. */
static bool
publish(double *longest)
{
	double start = seconds();
	bool more;

	db_begin(s.db);
	more = figures_pass(&s, true);
	commit();
	*longest = seconds() - start > *longest ? seconds() - start : *longest;
	return more;
}

/* File into the open database, 64 to a commit as with many clients; seconds. */
static double
file_reports(size_t n)
{
	double start = seconds();

	db_begin(s.db);
	for (size_t i = 0; i < n; i++) {
		struct answer out = { 0 };

		db_savepoint(s.db);
		if (store_report(&s, 0, &report()->base, &out) != KEEP)
			exit(EX_SOFTWARE);
		db_keep(s.db);
		arena_end(&arena);
		if (i % 64 == 63) {
			commit();
			db_begin(s.db);
		}
	}
	commit();
	return seconds() - start;
}

static double
release(void)
{
	double start = seconds();

	db_begin(s.db);
	store_release(&s, false);
	commit();
	db_truncate_log(s.db);
	return seconds() - start;
}

static void
start_up(const char *path)
{
	if (open_state(path) < 0)
		exit(EX_NOINPUT);
	db_begin(s.db);
	people_begin(&s);
	store_plugins_begin(&s);
	clocks_set_calendar(&s);
	commit();
}

static int
measure(const char *full, const char *empty)
{
	double longest = 0, filing[2] = { 0 };
	const char *paths[2] = { full, empty };

	start_up(full);
	while (publish(&longest))
		;
	figure("figures-publish-year", longest, "s", 1);
	measure_clock();
	measure_desk();
	close_state();
	/* By turns, and the best of each: what else the machine does is not the database's. */
	for (int i = 0; i < 10; i++) {
		double took;

		start_up(paths[i % 2]);
		took = file_reports(FILED);
		if (i < 2 || took < filing[i % 2])
			filing[i % 2] = took;
		took = release();
		if (i >= 8)
			figure(i == 8 ? "release-1000" : "release-1000-empty", took, "s", i == 8);
		close_state();
	}
	/* Of the database alone, just opened; bench/run has the daemon's. */
	figure("insert-cold", filing[0] * 1e6 / FILED, "us", 0);
	figure("insert-cold-empty", filing[1] * 1e6 / FILED, "us", 0);
	return 0;
}

int
main(int argc, char **argv)
{
	static uint8_t memory[ARENA_BYTES + (1u << 20)];
	uint64_t cases = argc == 5 ? strtoull(argv[3], NULL, 10) : 0;
	unsigned years = argc == 5 ? (unsigned)atoi(argv[4]) : 0;
	bool fills = argc == 5 && strcmp(argv[1], "fill") == 0;

	if ((!fills && (argc != 4 || strcmp(argv[1], "measure") != 0)) ||
	    (fills && (cases == 0 || years == 0 || years > 50)) || sodium_init() < 0) {
		fprintf(stderr, "usage: desk fill STATE CASES YEARS | desk measure STATE EMPTY\n");
		return EX_USAGE;
	}
	setenv("TZ", "UTC", 1);
	tzset();
	set_up();
	arena_init(&arena, memory, ARENA_BYTES);
	arena_init(&s.charter.arena, memory + ARENA_BYTES, 1u << 20);
	s.arena = &arena;
	s.setup = &setup;
	at(time(NULL));
	if (!fills)
		return measure(argv[2], argv[3]);
	if (open_state(argv[2]) < 0) {
		fprintf(stderr, "desk: %s is no state folder that can be used\n", argv[2]);
		return EX_NOINPUT;
	}
	return fill(cases, years);
}
