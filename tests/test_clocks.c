/* SPDX-License-Identifier: ISC */
/*
 * The clocks of cases on a real database: a simulated year, in which every clock is held against
 * another way to reckon it, and what an officer may do to one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "candor/plugin.h"

#include "store/store.h"
#include "support/files.h"

static struct store s;
static struct arena arena;
static Candor__RoomSetup setup_msg;
static char folder[] = "/tmp/candor-clocks-XXXXXX";
static struct answer out;

static char *
text(const char *t)
{
	return strcpy(test_alloc(strlen(t) + 1), t);
}

/* ---- the site ---------------------------------------------------------------------------------- */

enum { ACK, FEEDBACK, BREACH, INTERVIEW, SECURE, REPORT, LESSONS, N_CLOCKS };
static const char *const clock_names[N_CLOCKS] = { "acknowledge", "feedback", "breach-notice",
	"interview", "secure", "report", "lessons" };

enum { PRIVACY, CONDUCT, RECORDS, N_CATEGORIES };
static const struct {
	const char *id;
	unsigned acknowledge_days, feedback_months;
	bool breach;
} categories[N_CATEGORIES] = { { "privacy", 7, 3, true }, { "conduct", 14, 2, false },
	{ "records", 3, 6, true } };

static const struct {
	const char *name;
	unsigned days;
	bool working;
	enum clock_base from;
	enum clock_met_by met_by;
	const char *category;
} rules[] = {
	{ "interview", 10, true, CLOCK_FROM_ACKNOWLEDGED, CLOCK_BY_INVESTIGATE, NULL },
	{ "secure", 2, false, CLOCK_FROM_RECEIVED, CLOCK_BY_HAND, "privacy" },
	{ "report", 20, true, CLOCK_FROM_DISCOVERED, CLOCK_BY_RESOLVE, NULL },
	{ "lessons", 30, false, CLOCK_FROM_CLOSED, CLOCK_BY_HAND, NULL },
};

static const char *const holidays[] = { "2027-10-03", "2027-11-01", "2027-12-24", "2027-12-25",
	"2027-12-26", "2028-01-01", "2028-02-29", "2028-04-14", "2028-04-17", "2028-05-01" };

static struct officer people[2];
static Candor__Plugin mail;

static void
site(void)
{
	static Candor__Category category[N_CATEGORIES], *category_list[N_CATEGORIES];
	static Candor__ClockRule rule[NELEM(rules)], *rule_list[NELEM(rules)];
	static Candor__LadderStep step[2], *step_list[2] = { &step[0], &step[1] };
	static Candor__Limits limits = CANDOR__LIMITS__INIT;
	static Candor__Plugin *plugin_list[1] = { &mail };
	static char *days[NELEM(holidays)];

	candor__room_setup__init(&setup_msg);
	for (size_t i = 0; i < N_CATEGORIES; i++) {
		candor__category__init(category_list[i] = &category[i]);
		category[i].id = text(categories[i].id);
		category[i].severity = text("high");
		category[i].roles_mask = 1u << ROLE_OFFICER | 1u << ROLE_LEAD;
		category[i].breach_notice = categories[i].breach;
		category[i].retention_years = 6;
	}
	for (size_t i = 0; i < NELEM(rules); i++) {
		candor__clock_rule__init(rule_list[i] = &rule[i]);
		rule[i].name = text(rules[i].name);
		rule[i].days = rules[i].days;
		rule[i].working = rules[i].working;
		rule[i].since = rules[i].from;
		rule[i].met_by = rules[i].met_by;
		if (rules[i].category != NULL) {
			rule[i].n_categories = 1;
			rule[i].categories = test_alloc(sizeof(char *));
			rule[i].categories[0] = text(rules[i].category);
		}
	}
	for (size_t i = 0; i < 2; i++)
		candor__ladder_step__init(&step[i]);
	step[0].after_days = 3;
	step[1].after_days = 7;
	step[1].contact = true;
	candor__plugin__init(&mail);
	mail.name = text("mail");
	mail.n_to = 1;
	mail.to = test_alloc(sizeof(char *));
	mail.to[0] = text("assignee");
	mail.needs_to = true;
	for (size_t i = 0; i < NELEM(holidays); i++)
		days[i] = text(holidays[i]);
	setup_msg.categories = category_list;
	setup_msg.n_categories = N_CATEGORIES;
	setup_msg.clocks = rule_list;
	setup_msg.n_clocks = NELEM(rules);
	setup_msg.escalation = step_list;
	setup_msg.n_escalation = 2;
	setup_msg.escalation_contact = text("chief@h.example");
	setup_msg.holidays = days;
	setup_msg.n_holidays = NELEM(holidays);
	setup_msg.due_days = 2;
	setup_msg.limits = &limits;
	setup_msg.plugins = plugin_list;
	setup_msg.n_plugins = 1;
}

static void
person(struct officer *o, const char *name, const char *email, enum officer_role role)
{
	struct officer_secret k;
	uint8_t seed[32];

	memset(o, 0, sizeof(*o));
	memset(seed, *name, sizeof(seed));
	keys_derive(&k, seed);
	strcpy(o->name, name);
	strcpy(o->email, email);
	o->role = role;
	o->keys = k.pub;
	o->categories = text("*");
}

static void
begin(void)
{
	static char charter[MINISIGN_PUBLIC_CHARS + 1];
	static uint8_t site_id[SITE_ID_BYTES];
	struct directory d = { .version = 1, .n_officers = 2, .officers = people };
	struct minisign_secret key;
	struct span signed_text, sig;
	uint8_t secret[32];

	cr_assert(sodium_init() >= 0);
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	cr_assert(mkdtemp(folder) != NULL);
	cr_assert(eq(int, chdir(folder), 0));
	arena_init(&arena, test_alloc(32u << 20), 32u << 20);
	arena_init(&s.charter.arena, test_alloc(1u << 20), 1u << 20);
	s.arena = &arena;
	s.setup = &setup_msg;
	site();
	randombytes_buf(site_id, sizeof(site_id));
	minisign_keypair(&key);
	minisign_public_format(charter, &key.pub);
	setup_msg.site_id = wire_bytes(site_id, sizeof(site_id));
	setup_msg.charter = charter;
	memcpy(d.site_id, site_id, sizeof(site_id));
	age_keypair(secret, d.escrow);
	person(&people[0], "Anna Berg", "anna@h.example", ROLE_OFFICER);
	person(&people[1], "Bo Carls", "bo@h.example", ROLE_LEAD);
	cr_assert(eq(int, directory_format(&arena, &signed_text, &d), 0));
	cr_assert(
	    eq(int, minisign_sign(&arena, &sig, signed_text.p, signed_text.len, &key, "test"), 0));
	cr_assert(eq(int, db_open(&s.db), 0));
	db_begin(s.db);
	s.today = 20000;
	cr_assert(eq(int, charter_adopt(&s, signed_text, sig, &out), KEEP));
	store_plugins_begin(&s);
	clocks_set_calendar(&s);
	clocks_follow_calendar(&s);
	cr_assert(eq(int, db_commit(s.db), 0));
	db_begin(s.db);
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

TestSuite(clocks, .init = begin, .fini = end, .timeout = 240);

/* ---- requests ---------------------------------------------------------------------------------- */

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

static enum verdict
call(unsigned kind, const void *msg)
{
	Candor__OfficerCall c = CANDOR__OFFICER_CALL__INIT;
	struct span body;

	cr_assert(eq(int, wire_pack(&arena, &body, msg), 0));
	c.actor = people[0].name;
	c.kind = kind;
	c.body = wire_bytes(body.p, body.len);
	return ask(store_officer_call, &c);
}

static const char *
refusal(void)
{
	cr_assert(eq(u32, out.kind, MSG_REFUSAL));
	return ((const Candor__Refusal *)out.msg)->text;
}

static char *
shown(int64_t number)
{
	static char t[NUMBER_CHARS + 1];

	number_format(t, number);
	return t;
}

/* As intake does. */
static int64_t
file(unsigned id, unsigned category, int32_t acknowledge_by, int32_t feedback_by)
{
	Candor__StoreReport m = CANDOR__STORE_REPORT__INIT;
	Candor__Clock clock[2] = { CANDOR__CLOCK__INIT, CANDOR__CLOCK__INIT },
		      *list[2] = { &clock[0], &clock[1] };
	char *readers[2] = { people[0].name, people[1].name };
	uint8_t hash[32], entry[100] = { 1 };
	int64_t number;

	crypto_generichash(hash, sizeof(hash), (uint8_t *)&id, sizeof(id), NULL, 0);
	m.lookup_hash = m.case_recipient = m.case_proof = wire_bytes(hash, 32);
	m.secret = m.entry = wire_bytes(entry, sizeof(entry));
	m.category = setup_msg.categories[category]->id;
	m.severity = (char *)"high";
	m.received_on = s.today;
	m.directory_version = 1;
	m.feedback_months = categories[category].feedback_months;
	clock[0].name = (char *)"acknowledge";
	clock[0].due = acknowledge_by;
	clock[1].name = (char *)"feedback";
	clock[1].due = feedback_by;
	m.clocks = list;
	m.n_clocks = 2;
	m.readers = readers;
	m.n_readers = 2;
	cr_assert(eq(int, ask(store_report, &m), KEEP));
	store_release(&s, false);
	cr_assert(not(db_failed(s.db)));
	cr_assert(db_row(s.db, CASE_BY_LOOKUP, db_b(hash, 32)));
	number = db_int(s.db, DB_CASE_BY_LOOKUP, 0);
	db_reset(s.db);
	return number;
}

static enum verdict
act(int64_t number, enum case_event event, bool reply)
{
	Candor__CaseAct m = CANDOR__CASE_ACT__INIT;

	m.number = shown(number);
	m.event = event;
	m.outcome = (char *)(event == EV_RESOLVE ? "partly" : "");
	if (reply)
		m.entry = wire_bytes("words", 5);
	m.to_reporter = reply;
	return call(MSG_CASE_ACT, &m);
}

static enum verdict
clock_act(int64_t number, enum clock_act what, const char *name, int32_t on, const char *words)
{
	Candor__CaseClock m = CANDOR__CASE_CLOCK__INIT;

	m.number = shown(number);
	m.act = what;
	m.clock = (char *)(uintptr_t)name;
	m.on = on;
	m.entry = wire_bytes(words, strlen(words));
	return call(MSG_CASE_CLOCK, &m);
}

/* ---- the other way to reckon: libc's calendar, day after day ----------------------------------- */

static long
day_of(const char *date)
{
	struct tm tm = { 0 };

	cr_assert(strptime(date, "%Y-%m-%d", &tm) != NULL);
	return timegm(&tm) / 86400;
}

static struct tm
tm_of(long day)
{
	time_t t = day * 86400;

	return *gmtime(&t);
}

static bool
works(long day)
{
	struct tm tm = tm_of(day);
	char date[16];

	strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	for (size_t i = 0; i < NELEM(holidays); i++)
		if (strcmp(date, holidays[i]) == 0)
			return false;
	return tm.tm_wday != 0 && tm.tm_wday != 6;
}

static long
months_later(long day, unsigned n)
{
	struct tm tm = tm_of(day), last;

	last = tm;
	last.tm_mon += (int)n + 1;
	last.tm_mday = 0; /* the last of the month before */
	timegm(&last);
	tm.tm_mon += (int)n;
	tm.tm_mday = tm.tm_mday < last.tm_mday ? tm.tm_mday : last.tm_mday;
	return timegm(&tm) / 86400;
}

#define PAUSES_MAX 6
struct expected {
	bool there, ended;
	enum clock_end end;
	long start, due; /* 0: none */
	long ended_on;
	long from[PAUSES_MAX], to[PAUSES_MAX]; /* stood still; to 0: still does */
	unsigned n_pauses, told;
};

struct model {
	int64_t number;
	unsigned category;
	enum case_state state;
	long received, discovered, acknowledged;
	struct expected k[N_CLOCKS];
};

static bool
stands_still(const struct expected *k)
{
	return k->n_pauses > 0 && k->to[k->n_pauses - 1] == 0;
}

/* The last day that counts as the span's last: day by day, those of a pause do not count on. */
static long
walk(const struct expected *k, unsigned span, bool working)
{
	unsigned count = 0;
	long due = 0;

	for (long d = k->start + 1; count <= span && d < k->start + 2000; d++) {
		bool paused = false;

		for (unsigned i = 0; i < k->n_pauses; i++)
			paused |= d > k->from[i] && (k->to[i] == 0 || d <= k->to[i]);
		if (working && !works(d))
			continue;
		count += !paused;
		if (count == span)
			due = d;
	}
	return due;
}

/* The same where the first day may change after a pause: what it stood still is added, wherever that
 * was. */
static long
walk_on(const struct expected *k, unsigned span)
{
	struct expected without = { .start = k->start };

	for (unsigned i = 0; i < k->n_pauses; i++)
		for (long d = k->from[i] + 1; d <= k->to[i]; d++)
			span += works(d);
	return walk(&without, span, true);
}

static void
reckon(struct model *m, unsigned c)
{
	struct expected *k = &m->k[c];
	long due = k->due, promised;

	if (!k->there || stands_still(k))
		return;
	switch (c) {
	case ACK:
		due = m->received + categories[m->category].acknowledge_days;
		break;
	case FEEDBACK:
		promised = months_later(m->received + categories[m->category].acknowledge_days,
		    categories[m->category].feedback_months);
		due = promised;
		if (m->acknowledged != 0) {
			due =
			    months_later(m->acknowledged, categories[m->category].feedback_months);
			due = due < promised ? due : promised;
		}
		break;
	case BREACH:
		due = (m->discovered != 0 ? m->discovered : m->received) + 60;
		break;
	case REPORT:
		due = walk_on(k, rules[c - INTERVIEW].days);
		break;
	default:
		due = k->start == 0
			  ? 0
			  : walk(k, rules[c - INTERVIEW].days, rules[c - INTERVIEW].working);
	}
	if (due != k->due)
		k->told = 0;
	k->due = due;
}

static void
finish(struct model *m, unsigned c, enum clock_end how)
{
	struct expected *k = &m->k[c];

	if (!k->there || k->ended)
		return;
	if (stands_still(k)) {
		k->to[k->n_pauses - 1] = s.today;
		reckon(m, c);
	}
	k->ended = true;
	k->end = how;
	k->ended_on = s.today;
}

/* ---- a year ------------------------------------------------------------------------------------ */

#define N_CASES 2000
static struct model *cases;
static unsigned n_cases;
static uint64_t dice = 88172645463325252u;

static unsigned
roll(unsigned n)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (unsigned)(dice % n);
}

static void
new_case(void)
{
	struct model *m = &cases[n_cases];

	memset(m, 0, sizeof(*m));
	m->category = roll(N_CATEGORIES);
	m->received = s.today;
	m->state = CASE_NEW;
	for (unsigned c = 0; c < N_CLOCKS; c++)
		m->k[c].there = (c != BREACH || categories[m->category].breach) &&
				(c != SECURE || m->category == PRIVACY);
	m->k[SECURE].start = m->k[REPORT].start = s.today;
	for (unsigned c = 0; c < N_CLOCKS; c++)
		reckon(m, c);
	m->number =
	    file(n_cases++, m->category, (int32_t)m->k[ACK].due, (int32_t)m->k[FEEDBACK].due);
}

static void
move(struct model *m, enum case_event event, bool reply)
{
	enum case_state next = case_next(m->state, event);

	cr_assert(ne(int, next, CASE_NONE));
	cr_assert(eq(int, act(m->number, event, reply), KEEP), "%s", refusal());
	m->state = next;
	if (event == EV_ACK) {
		m->acknowledged = s.today;
		finish(m, ACK, CLOCK_END_MET);
		m->k[INTERVIEW].start = s.today;
	}
	if (event == EV_INVESTIGATE || event == EV_RESOLVE || event == EV_CLOSE)
		finish(m, INTERVIEW, CLOCK_END_MET);
	if (event == EV_RESOLVE || event == EV_CLOSE)
		finish(m, REPORT, CLOCK_END_MET);
	if (reply && (next == CASE_RESOLVED || next == CASE_CLOSED))
		finish(m, FEEDBACK, CLOCK_END_MET);
	if (event == EV_CLOSE) {
		finish(m, SECURE, CLOCK_END_CLOSED);
		if (!m->k[LESSONS].ended)
			m->k[LESSONS].start = s.today;
	}
	if (event == EV_REOPEN) {
		struct expected *k = &m->k[SECURE];

		if (k->ended && k->end == CLOCK_END_CLOSED) {
			k->ended = false;
			k->from[k->n_pauses] = k->ended_on;
			k->to[k->n_pauses++] = s.today;
		}
		if (!m->k[LESSONS].ended) {
			m->k[LESSONS].start = 0;
			m->k[LESSONS].n_pauses = 0;
		}
	}
	for (unsigned c = 0; c < N_CLOCKS; c++)
		if (!m->k[c].ended)
			reckon(m, c);
}

/* Pause or resume one of the site's, or end a clock; what is not allowed must be refused. */
static void
handle(struct model *m, unsigned c)
{
	struct expected *k = &m->k[c];
	bool by_hand = c == BREACH || c == SECURE || c == LESSONS, site = c >= INTERVIEW;
	enum clock_act what = 1 + roll(CLOCK_ACT__N - 1);
	bool may = k->there && !k->ended;

	if (what == CLOCK_ACT_PAUSE)
		may = may && site && !stands_still(k) && k->start != 0 && k->due >= s.today &&
		      k->n_pauses < PAUSES_MAX - 2;
	else if (what == CLOCK_ACT_RESUME)
		may = may && site && stands_still(k);
	else if (what == CLOCK_ACT_MEET)
		may = may && by_hand;
	else
		may = may && (site || c == BREACH) && roll(3) == 0;
	if (what == CLOCK_ACT_PAUSE && k->n_pauses >= PAUSES_MAX - 2)
		return;
	if (what == CLOCK_ACT_WAIVE && !may)
		return;
	cr_assert(eq(int, clock_act(m->number, what, clock_names[c], 0, "why"), may ? KEEP : UNDO),
	    "%s %s", clock_act_name(what), clock_names[c]);
	if (!may)
		return;
	if (what == CLOCK_ACT_PAUSE) {
		k->from[k->n_pauses++] = s.today;
		k->to[k->n_pauses - 1] = 0;
	} else if (what == CLOCK_ACT_RESUME) {
		k->to[k->n_pauses - 1] = s.today;
		reckon(m, c);
	} else {
		finish(m, c, what == CLOCK_ACT_MEET ? CLOCK_END_MET : CLOCK_END_WAIVED);
	}
}

static void
work(struct model *m)
{
	static const unsigned odds[CASE__N] = { [CASE_NEW] = 5,
		[CASE_ACKNOWLEDGED] = 12,
		[CASE_TRIAGED] = 12,
		[CASE_INVESTIGATING] = 25,
		[CASE_RESOLVED] = 12,
		[CASE_CLOSED] = 90,
		[CASE_REOPENED] = 15 };

	if (roll(25) == 0)
		handle(m, roll(N_CLOCKS));
	if (m->state != CASE_NEW && m->discovered == 0 && roll(30) == 0) {
		m->discovered = m->received - (long)roll(50);
		cr_assert(eq(int,
		    clock_act(m->number, CLOCK_ACT_DISCOVERED, "", (int32_t)m->discovered, ""),
		    KEEP));
		/* Also of those that ended: whether they were met in time follows from it. */
		m->k[REPORT].start = m->discovered;
		reckon(m, BREACH);
		reckon(m, REPORT);
	}
	if (roll(odds[m->state]) != 0)
		return;
	switch (m->state) {
	case CASE_NEW:
		move(m, EV_ACK, false);
		break;
	case CASE_ACKNOWLEDGED:
		move(m, roll(2) ? EV_TRIAGE : roll(2) ? EV_INVESTIGATE : EV_RESOLVE, false);
		break;
	case CASE_TRIAGED:
	case CASE_REOPENED:
		move(m, roll(3) ? EV_INVESTIGATE : EV_RESOLVE, false);
		break;
	case CASE_INVESTIGATING:
		move(m, EV_RESOLVE, roll(2));
		break;
	case CASE_RESOLVED:
		move(m, roll(5) ? EV_CLOSE : EV_REOPEN, false);
		break;
	default:
		move(m, EV_REOPEN, false);
	}
}

/* What today's pass is to tell of a clock, as bits 1 << step. */
static unsigned
steps_today(struct expected *k)
{
	const long after[] = { -2, 1, 3, 7 };
	unsigned steps = 0;

	if (!k->there || k->ended || k->due == 0 || stands_still(k))
		return 0;
	while (k->told < NELEM(after) && s.today - k->due >= after[k->told]) {
		if (k->told > 0 || s.today <= k->due)
			steps |= 1u << k->told;
		k->told++;
	}
	return steps;
}

/* Which step an event is of, by what it says and to whom it goes. */
static unsigned
step_of(const Candor__Event *e)
{
	const char *last = e->n_to > 0 ? e->to[e->n_to - 1] : "";

	if (strcmp(e->kind, "due") == 0)
		return 0;
	if (strcmp(e->kind, "overdue") == 0)
		return 1;
	return strcmp(last, "chief@h.example") == 0 ? 3 : 2;
}

static int
by_number(const void *a, const void *b)
{
	const struct model *x = *(struct model *const *)a, *y = *(struct model *const *)b;

	return (x->number > y->number) - (x->number < y->number);
}

static struct model **sorted;

static struct model *
model_of(const char *number)
{
	struct model key, *k = &key, **found;

	cr_assert(eq(int, number_parse(&key.number, number), 0));
	found = bsearch(&k, sorted, n_cases, sizeof(*sorted), by_number);
	cr_assert(found != NULL);
	return *found;
}

/* All that went out, as bits for each case and clock; it is delivered with that. */
static void
take_events(uint8_t (*told)[N_CLOCKS])
{
	const Candor__Deliveries *d;
	Candor__DeliveriesWanted w = CANDOR__DELIVERIES_WANTED__INIT;

	w.plugin = mail.name;
	w.limit = 64;
	for (;;) {
		cr_assert(eq(int, ask(store_deliveries, &w), KEEP));
		d = (const Candor__Deliveries *)out.msg;
		if (d->n_deliveries == 0)
			return;
		for (size_t i = 0; i < d->n_deliveries; i++) {
			const Candor__Event *e = d->deliveries[i]->event;
			Candor__Outcome o = CANDOR__OUTCOME__INIT, *os[] = { &o };
			Candor__Outcomes all = CANDOR__OUTCOMES__INIT;

			if (*e->clock != '\0') {
				struct model *m = model_of(e->number);
				unsigned c = 0;

				while (strcmp(clock_names[c], e->clock) != 0)
					c++;
				cr_assert(eq(i64, e->due, m->k[c].due), "%s", e->clock);
				cr_assert(not(told[m - cases][c] & 1u << step_of(e)),
				    "each step once: %s %s", e->kind, e->clock);
				told[m - cases][c] |= (uint8_t)(1u << step_of(e));
			}
			o.key = d->deliveries[i]->key;
			all.plugin = mail.name;
			all.outcomes = os;
			all.n_outcomes = 1;
			cr_assert(eq(int, ask(store_outcomes, &all), KEEP));
		}
		arena_end(&arena);
	}
}

static void
check_told(void)
{
	static uint8_t told[N_CASES][N_CLOCKS];

	memset(told, 0, sizeof(told));
	while (store_clock_pass(&s))
		;
	cr_assert(not(store_clock_pass(&s)), "a second time, nothing is left");
	take_events(told);
	for (unsigned i = 0; i < n_cases; i++)
		for (unsigned c = 0; c < N_CLOCKS; c++)
			cr_assert(eq(u32, told[i][c], steps_today(&cases[i].k[c])),
			    "day %d, case %u, %s by %ld", s.today, i, clock_names[c],
			    cases[i].k[c].due);
}

static void
check_clocks(const struct model *m)
{
	Candor__Clock **list;
	size_t n = store_clocks(&s, m->number, &list);
	unsigned seen = 0;

	for (size_t i = 0; i < n; i++) {
		const struct expected *k;
		unsigned c = 0;

		while (c < N_CLOCKS && strcmp(clock_names[c], list[i]->name) != 0)
			c++;
		if (c == N_CLOCKS)
			continue; /* retention */
		k = &m->k[c];
		seen++;
		cr_assert(k->there);
		if (!stands_still(k))
			cr_assert(eq(i64, list[i]->due, k->due), "case %td, %s", m - cases,
			    clock_names[c]);
		cr_assert(eq(u32, list[i]->end, k->ended ? k->end : CLOCK_END_NOT));
		cr_assert(eq(
		    i64, list[i]->met_on, k->ended && k->end == CLOCK_END_MET ? k->ended_on : 0));
		cr_assert(eq(
		    i64, list[i]->ended_on, k->ended && k->end != CLOCK_END_MET ? k->ended_on : 0));
		cr_assert(eq(int, list[i]->paused_on != 0, !k->ended && stands_still(k)));
	}
	for (unsigned c = 0; c < N_CLOCKS; c++)
		seen -= m->k[c].there;
	cr_assert(eq(u32, seen, 0), "each clock once");
}

/* The list of what is overdue: all of it, nothing else, the longest first. */
static void
check_list(void)
{
	Candor__CaseQuery q = CANDOR__CASE_QUERY__INIT;
	unsigned n = 0, expected = 0;
	char after[NUMBER_CHARS + 1] = "";
	const Candor__CaseList *l;
	long last = 0;

	q.overdue = true;
	q.limit = 100;
	q.after = after;
	do {
		cr_assert(eq(int, call(MSG_CASE_LIST, &q), KEEP));
		l = (const Candor__CaseList *)out.msg;
		for (size_t i = 0; i < l->n_cases; i++) {
			const struct model *m = model_of(l->cases[i]->number);
			long first = INT32_MAX;

			for (unsigned c = 0; c < N_CLOCKS; c++)
				if (m->k[c].there && !m->k[c].ended && m->k[c].due != 0 &&
				    !stands_still(&m->k[c]) && m->k[c].due < first)
					first = m->k[c].due;
			cr_assert(lt(i64, first, s.today));
			cr_assert(ge(i64, first, last));
			last = first;
			n++;
		}
		if (l->n_cases > 0)
			strcpy(after, l->cases[l->n_cases - 1]->number);
		cr_assert(eq(i64, l->today, s.today));
	} while (l->more);
	for (unsigned i = 0; i < n_cases; i++) {
		bool over = false;

		for (unsigned c = 0; c < N_CLOCKS; c++) {
			const struct expected *k = &cases[i].k[c];

			over |= k->there && !k->ended && k->due != 0 && k->due < s.today &&
				!stands_still(k);
		}
		expected += over;
	}
	cr_assert(eq(u32, n, expected));
}

Test(clocks, each_of_two_thousand_cases_is_right_to_the_day_for_a_year)
{
	const long first = day_of("2027-09-01");
	unsigned asleep = 0, days_asleep = 0, checked = 0;

	cases = test_alloc(N_CASES * sizeof(*cases));
	sorted = test_alloc(N_CASES * sizeof(*sorted));
	for (int i = 0; i < 366; i++) {
		struct tm tm = tm_of(first + i);

		/* At any hour of the day, on both sides of changes of the clock. */
		tm.tm_hour = (int)roll(24);
		tm.tm_min = (int)roll(60);
		tm.tm_isdst = -1;
		s.now = mktime(&tm);
		s.today = clock_day(s.now);
		cr_assert(eq(i64, s.today, first + i));
		if (asleep == 0 && roll(25) == 0)
			asleep = 1 + roll(12);
		if (asleep > 0 && i < 365) {
			asleep--;
			days_asleep++;
			continue; /* nobody is there, and nothing runs */
		}
		for (unsigned n = 5 + roll(6); n > 0 && n_cases < N_CASES; n--)
			new_case();
		for (unsigned k = 0; k < n_cases; k++) {
			sorted[k] = &cases[k];
			work(&cases[k]);
			arena_end(&arena);
		}
		qsort(sorted, n_cases, sizeof(*sorted), by_number);
		check_told();
		cr_assert(eq(int, db_commit(s.db), 0));
		db_begin(s.db);
		if (i % 30 != 0 && i != 365)
			continue;
		check_list();
		for (unsigned k = 0; k < n_cases; k++) {
			check_clocks(&cases[k]);
			checked++;
			arena_end(&arena);
		}
	}
	cr_log_info("%u cases, %u times looked at, %u days asleep", n_cases, checked, days_asleep);
	cr_assert(eq(u32, n_cases, N_CASES));
	cr_assert(gt(u32, days_asleep, 20));
}

/* ---- one clock --------------------------------------------------------------------------------- */

static void
today(const char *date)
{
	s.today = (day_t)day_of(date);
	s.now = (int64_t)s.today * 86400 + 12 * 3600;
}

/* A case of the category, received today. */
static int64_t
one(unsigned category)
{
	static unsigned id = 100000;
	long by = s.today + (long)categories[category].acknowledge_days;

	return file(id++, category, (int32_t)by,
	    (int32_t)months_later(by, categories[category].feedback_months));
}

static const Candor__Clock *
clock_now(int64_t number, const char *name)
{
	Candor__Clock **list;
	size_t n = store_clocks(&s, number, &list);

	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i]->name, name) == 0)
			return list[i];
	cr_fatal("%s is there", name);
}

/* What today's pass tells, as "kind:clock …". */
static const char *
told(void)
{
	char *t = memset(test_alloc(512), 0, 512);
	Candor__DeliveriesWanted w = CANDOR__DELIVERIES_WANTED__INIT;
	const Candor__Deliveries *d;

	cr_assert(not(store_clock_pass(&s)));
	w.plugin = mail.name;
	while (ask(store_deliveries, &w) == KEEP &&
	       (d = (const Candor__Deliveries *)out.msg)->n_deliveries > 0)
		for (size_t i = 0; i < d->n_deliveries; i++) {
			const Candor__Event *e = d->deliveries[i]->event;
			Candor__Outcome o = CANDOR__OUTCOME__INIT, *os[] = { &o };
			Candor__Outcomes all = CANDOR__OUTCOMES__INIT;

			if (*e->clock != '\0')
				sprintf(t + strlen(t), "%s%s:%s", *t != '\0' ? " " : "", e->kind,
				    e->clock);
			o.key = d->deliveries[i]->key;
			all.plugin = mail.name;
			all.outcomes = os;
			all.n_outcomes = 1;
			cr_assert(eq(int, ask(store_outcomes, &all), KEEP));
		}
	return t;
}

Test(clocks, what_the_law_sets_is_neither_paused_nor_waived_nor_met_by_word)
{
	static const struct {
		enum clock_act act;
		const char *clock, *why;
	} tries[] = {
		{ CLOCK_ACT_PAUSE, "acknowledge", "set by law" },
		{ CLOCK_ACT_PAUSE, "feedback", "set by law" },
		{ CLOCK_ACT_PAUSE, "breach-notice", "set by law" },
		{ CLOCK_ACT_RESUME, "breach-notice", "set by law" },
		{ CLOCK_ACT_MEET, "acknowledge", "candor case ack" },
		{ CLOCK_ACT_MEET, "feedback", "a reply to the reporter" },
		{ CLOCK_ACT_WAIVE, "acknowledge", "promised" },
		{ CLOCK_ACT_WAIVE, "feedback", "promised" },
		{ CLOCK_ACT_MEET, "interview", "candor case investigate" },
		{ CLOCK_ACT_PAUSE, "interview", "does not run yet" },
		{ CLOCK_ACT_RESUME, "secure", "is not paused" },
		{ CLOCK_ACT_MEET, "coffee", "no clock of that name" },
	};
	int64_t number;

	today("2027-09-06");
	number = one(PRIVACY);
	for (size_t i = 0; i < NELEM(tries); i++) {
		cr_assert(eq(int, clock_act(number, tries[i].act, tries[i].clock, 0, "why"), UNDO));
		cr_assert(
		    strstr(refusal(), tries[i].why) != NULL, "%s: %s", tries[i].clock, refusal());
	}
	cr_assert(eq(int, clock_act(number, CLOCK_ACT_PAUSE, "secure", 0, ""), UNDO));
	cr_assert(strstr(refusal(), "needs a reason") != NULL, "%s", refusal());
	cr_assert(eq(int, clock_act(number, CLOCK_ACT_WAIVE, "breach-notice", 0, ""), UNDO));
	cr_assert(eq(int, clock_act(number, CLOCK_ACT_PAUSE, "secure", s.today - 1, "why"), UNDO),
	    "a pause begins today");
	cr_assert(eq(int, clock_act(number, CLOCK_ACT_MEET, "secure", s.today + 1, ""), UNDO));
	cr_assert(eq(int, clock_act(number, CLOCK_ACT_MEET, "secure", s.today - 1, ""), UNDO),
	    "not before the case came");
	cr_assert(eq(int, clock_act(number, CLOCK_ACT_DISCOVERED, "", s.today + 1, ""), UNDO));
	cr_assert(eq(int, clock_act(number, CLOCK_ACT__N, "secure", 0, ""), UNDO));
	cr_assert(
	    eq(int, clock_act(number, CLOCK_ACT_WAIVE, "breach-notice", 0, "no breach"), KEEP));
	cr_assert(eq(int, clock_act(number, CLOCK_ACT_MEET, "breach-notice", 0, ""), UNDO));
	cr_assert(strstr(refusal(), "it was waived") != NULL, "%s", refusal());
}

Test(clocks, what_ran_out_is_not_paused_but_can_be_met_late_and_says_by_how_much)
{
	const Candor__Clock *k;
	struct clock c = { 0 };
	int32_t days;
	int64_t number;

	today("2027-09-06");
	number = one(PRIVACY);
	today("2027-09-09");
	cr_assert(eq(int, clock_act(number, CLOCK_ACT_PAUSE, "secure", 0, "why"), UNDO));
	cr_assert(strstr(refusal(), "ran out on 2027-09-08") != NULL, "%s", refusal());
	today("2027-09-20");
	cr_assert(eq(int,
	    clock_act(number, CLOCK_ACT_MEET, "secure", (int32_t)day_of("2027-09-11"), "late"),
	    KEEP));
	k = clock_now(number, "secure");
	cr_assert(eq(i64, k->met_on, day_of("2027-09-11")));
	c = (struct clock){
		.name = k->name, .due = k->due, .ended_on = k->met_on, .end = (enum clock_end)k->end
	};
	cr_assert(eq(str, (char *)clock_standing(&c, s.today, &days), (char *)"late"));
	cr_assert(eq(i32, days, 3));
}

Test(clocks, breach_notice_runs_sixty_days_from_discovery_and_is_met_by_the_action)
{
	Candor__CaseAct m = CANDOR__CASE_ACT__INIT;
	char *actions[] = { (char *)"breach-notice" }, *known[] = { (char *)"breach-notice" };
	int64_t number, other;

	today("2028-01-10");
	number = one(PRIVACY);
	other = one(CONDUCT);
	cr_assert(eq(i64, clock_now(number, "breach-notice")->due, day_of("2028-03-10")));
	cr_assert(eq(int,
	    clock_act(number, CLOCK_ACT_DISCOVERED, "", (int32_t)day_of("2027-12-31"), ""), KEEP));
	/* Over a leap day. */
	cr_assert(eq(i64, clock_now(number, "breach-notice")->due, day_of("2028-02-29")));
	cr_assert(
	    eq(int, clock_act(other, CLOCK_ACT_DISCOVERED, "", (int32_t)day_of("2027-12-31"), ""),
		KEEP),
	    "a day is a day where no notice is due");
	cr_assert(eq(int, act(number, EV_ACK, false), KEEP));
	setup_msg.actions = known;
	setup_msg.n_actions = 1;
	m.number = shown(number);
	m.event = EV_RESOLVE;
	m.outcome = (char *)"substantiated";
	m.actions = actions;
	m.n_actions = 1;
	cr_assert(eq(int, call(MSG_CASE_ACT, &m), KEEP));
	cr_assert(eq(i64, clock_now(number, "breach-notice")->met_on, s.today));
	cr_assert(strstr(((const Candor__Done *)out.msg)->text, "still to do: ") != NULL);
}

Test(clocks, question_before_posting_has_no_breach)
{
	Candor__StoreReport m = CANDOR__STORE_REPORT__INIT;
	Candor__Clock **list;
	size_t n;

	today("2028-01-10");
	db_run(s.db, CASE_ADD, db_i(77), db_b("x", 1), db_i(1), db_t("privacy"), db_t("low"),
	    db_t(""), db_i(s.today), db_i(CASE_NEW), db_i(3));
	m.kind = 1;
	m.category = (char *)"privacy";
	m.received_on = s.today;
	clocks_begin(&s, 77, &m);
	n = store_clocks(&s, 77, &list);
	for (size_t i = 0; i < n; i++)
		cr_assert(strcmp(list[i]->name, "breach-notice") != 0);
}

Test(clocks, after_days_without_us_each_step_is_told_once_and_in_its_order)
{
	today("2027-09-06");
	one(CONDUCT);
	told();
	today("2027-10-04"); /* acknowledge by the 20th, report today */
	cr_assert(eq(str, (char *)told(),
	    (char *)"due:report overdue:acknowledge escalated:acknowledge "
		    "escalated:acknowledge"));
	today("2027-10-05");
	cr_assert(eq(str, (char *)told(), (char *)"overdue:report"));
}

Test(clocks, machine_that_thought_it_was_another_year_tells_again_in_time)
{
	today("2027-09-06");
	one(CONDUCT);
	told();
	today("2037-09-06");
	cr_assert(strstr(told(), "escalated:feedback") != NULL);
	today("2027-09-07");
	cr_assert(eq(str, (char *)told(), (char *)""));
	today("2027-09-18");
	cr_assert(eq(str, (char *)told(), (char *)"due:acknowledge"));
	today("2027-09-21");
	cr_assert(eq(str, (char *)told(), (char *)"overdue:acknowledge"));
}

Test(clocks, new_holidays_move_what_still_runs_in_working_days_and_nothing_else)
{
	char *more[] = { (char *)"2027-09-10", (char *)"2027-10-01" };
	int64_t old, new;
	day_t promised;

	today("2027-09-01");
	old = one(CONDUCT);
	cr_assert(eq(int, act(old, EV_ACK, false), KEEP)); /* interview until the 15th */
	today("2027-09-16");
	new = one(CONDUCT);
	promised = clock_now(new, "acknowledge")->due;
	cr_assert(eq(i64, clock_now(new, "report")->due, day_of("2027-10-14")));
	setup_msg.holidays = more;
	setup_msg.n_holidays = 2;
	clocks_set_calendar(&s);
	clocks_follow_calendar(&s);
	cr_assert(eq(i64, clock_now(old, "interview")->due, day_of("2027-09-15")), "it ran out");
	cr_assert(eq(i64, clock_now(new, "report")->due, day_of("2027-10-15")));
	cr_assert(eq(i64, clock_now(old, "report")->due, day_of("2027-09-30")),
	    "the 29th, and a day more");
	cr_assert(eq(i64, clock_now(new, "acknowledge")->due, promised));
}

Test(clocks, case_keeps_the_clocks_it_came_with)
{
	int64_t number;

	today("2027-09-06");
	number = one(PRIVACY);
	setup_msg.n_clocks = 0;
	setup_msg.categories[PRIVACY]->breach_notice = false;
	cr_assert(eq(int, act(number, EV_ACK, false), KEEP));
	cr_assert(eq(i64, clock_now(number, "interview")->due, day_of("2027-09-20")));
	cr_assert(eq(i64, clock_now(number, "breach-notice")->due, day_of("2027-11-05")));
}

Test(clocks, working_days_are_counted_over_weekends_and_holidays)
{
	const day_t christmas[] = { (day_t)day_of("2026-12-25"), (day_t)day_of("2026-12-28") };
	const struct calendar usual = { 0 }, closed = { 0, christmas, 2 },
			      sunday = { .week = 1u << 6 };
	day_t thursday = (day_t)day_of("2026-12-24");

	cr_assert(day_works(&usual, thursday));
	cr_assert(not(day_works(&usual, thursday + 2)));
	cr_assert(not(day_works(&usual, -4)), "1969-12-28 was a Sunday");
	cr_assert(day_works(&usual, -3));
	cr_assert(eq(i32, day_add_working(&usual, thursday, 1), thursday + 1));
	cr_assert(eq(i32, day_add_working(&closed, thursday, 1), thursday + 5), "Tuesday");
	cr_assert(eq(i32, day_add_working(&closed, thursday, 0), thursday));
	cr_assert(eq(i32, day_add_working(&sunday, thursday, 2), thursday + 10));
	cr_assert(eq(u32, day_count_working(&closed, thursday, thursday + 5), 1));
	cr_assert(eq(u32, day_count_working(&closed, thursday, thursday - 5), 0));
}
