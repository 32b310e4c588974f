/* SPDX-License-Identifier: ISC */
/*
 * Who is told of what, and what becomes of it: routing, digests, cadence, clocks that run out, alarms
 * and the ledger that an administrator sees, on a real database in a folder of its own.
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

#include "candor/plugin.h"

#include "store/schema.h"
#include "store/store.h"
#include "support/files.h"

#define TODAY 20000
#define NOON (12 * 3600)

static struct store s;
static struct arena arena;
static Candor__RoomSetup setup_msg;
static struct minisign_secret charter_key;
static uint8_t site_id[SITE_ID_BYTES];
static char folder[] = "/tmp/candor-ledger-XXXXXX";
static char charter_text[MINISIGN_PUBLIC_CHARS + 1];
static struct answer out;
static Candor__Plugin *plugins[4];
static unsigned n_filed;

enum { ANNA, BO, CLEO, ROOT, N_OFFICERS };
static struct {
	char name[16];
	enum officer_role role;
	const char *email;
} people[N_OFFICERS];

static char *
text(const char *t)
{
	return strcpy(test_alloc(strlen(t) + 1), t);
}

/* ---- the fixture ------------------------------------------------------------------------------ */

static struct span
directory_text(uint64_t version)
{
	struct officer list[N_OFFICERS];
	struct directory d = { .version = version, .n_officers = N_OFFICERS, .officers = list };
	struct span made;
	uint8_t secret[32];

	memset(list, 0, sizeof(list));
	memcpy(d.site_id, site_id, sizeof(site_id));
	age_keypair(secret, d.escrow);
	for (size_t i = 0; i < N_OFFICERS; i++) {
		struct officer_secret k;
		uint8_t seed[32];

		memset(seed, (int)i + 1, sizeof(seed));
		keys_derive(&k, seed);
		memcpy(list[i].name, people[i].name, sizeof(people[i].name));
		snprintf(list[i].email, sizeof(list[i].email), "%s", people[i].email);
		list[i].role = people[i].role;
		list[i].keys = k.pub;
		list[i].categories = text(people[i].role == ROLE_ADMIN ? "" : "*");
	}
	cr_assert(eq(int, directory_format(&arena, &made, &d), 0));
	return made;
}

/* The directory as `people` says it now is in force. */
static void
sign_directory(void)
{
	struct span t = directory_text(charter_version(&s) + 1), sig;

	cr_assert(eq(int, minisign_sign(&arena, &sig, t.p, t.len, &charter_key, "test"), 0));
	cr_assert(eq(int, charter_adopt(&s, t, sig, &out), KEEP));
}

/* A list of words between blanks. */
static size_t
words(char ***list, const char *all)
{
	char *copy = text(all), *rest = NULL;
	size_t n = 0;

	*list = test_alloc(32 * sizeof(**list));
	for (char *w = strtok_r(copy, " ", &rest); w != NULL; w = strtok_r(NULL, " ", &rest))
		(*list)[n++] = strcmp(w, "-") == 0 ? text("") : w;
	return n;
}

/* One more plugin, which tells those that `to` names ("": nobody in particular). */
static Candor__Plugin *
add_plugin(const char *name, const char *to)
{
	Candor__Plugin *p = test_alloc(sizeof(*p));

	candor__plugin__init(p);
	p->name = text(name);
	p->n_to = words(&p->to, to);
	p->needs_to = p->n_to > 0;
	plugins[setup_msg.n_plugins++] = p;
	return p;
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

static void
at(day_t day, int64_t seconds)
{
	s.today = day;
	s.now = (int64_t)day * 86400 + seconds;
}

static void
begin(void)
{
	static Candor__Category category[2], *categories[2] = { &category[0], &category[1] };
	static Candor__Limits limits = CANDOR__LIMITS__INIT;

	cr_assert(sodium_init() >= 0);
	setenv("TZ", "UTC", 1);
	tzset();
	cr_assert(mkdtemp(folder) != NULL);
	cr_assert(eq(int, chdir(folder), 0));
	arena_init(&arena, test_alloc(32u << 20), 32u << 20);
	arena_init(&s.charter.arena, test_alloc(1u << 20), 1u << 20);
	s.arena = &arena;
	at(TODAY, NOON);
	randombytes_buf(site_id, sizeof(site_id));
	minisign_keypair(&charter_key);
	minisign_public_format(charter_text, &charter_key.pub);
	for (size_t i = 0; i < N_OFFICERS; i++) {
		static const char *const names[] = { "Anna Berg", "Bo Carls", "Cleo Dahl",
			"Root Admin" };
		static const char *const emails[] = { "anna@h.example", "bo@h.example",
			"cleo@h.example", "root@h.example" };

		strcpy(people[i].name, names[i]);
		people[i].email = emails[i];
		people[i].role = i == BO ? ROLE_LEAD : i == ROOT ? ROLE_ADMIN : ROLE_OFFICER;
	}
	candor__room_setup__init(&setup_msg);
	setup_msg.site_id = wire_bytes(site_id, sizeof(site_id));
	setup_msg.charter = charter_text;
	for (size_t i = 0; i < 2; i++) {
		candor__category__init(&category[i]);
		category[i].id = text(i == 0 ? "privacy" : "theft");
		category[i].severity = text("high");
		category[i].roles_mask = 1u << ROLE_OFFICER | 1u << ROLE_LEAD;
	}
	setup_msg.categories = categories;
	setup_msg.n_categories = 2;
	setup_msg.limits = &limits;
	setup_msg.due_days = 2;
	setup_msg.alarm_after_h = 24;
	setup_msg.plugins = plugins;
	s.setup = &setup_msg;
	add_plugin("mail", "readers");
	open_store();
	db_begin(s.db);
	sign_directory();
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

TestSuite(ledger, .init = begin, .fini = end, .timeout = 120);

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

static enum verdict
call(unsigned who, unsigned kind, const void *msg)
{
	Candor__OfficerCall c = CANDOR__OFFICER_CALL__INIT;
	struct span body;

	cr_assert(eq(int, wire_pack(&arena, &body, msg), 0));
	c.actor = people[who].name;
	c.kind = kind;
	c.body = wire_bytes(body.p, body.len);
	return ask(store_officer_call, &c);
}

struct filing {
	const char *category, *severity, *site;
	unsigned readers; /* bits 1 << ANNA, … */
};

/* File and release a report; its case's number. */
static int64_t
file(struct filing f)
{
	Candor__StoreReport m = CANDOR__STORE_REPORT__INIT;
	Candor__Clock clock[2] = { CANDOR__CLOCK__INIT, CANDOR__CLOCK__INIT },
		      *clocks[2] = { &clock[0], &clock[1] };
	uint8_t hash[32], key[32] = { 0 }, entry[100] = { 1 };
	char *readers[N_OFFICERS];
	int64_t number;

	n_filed++;
	crypto_generichash(hash, sizeof(hash), (uint8_t *)&n_filed, sizeof(n_filed), NULL, 0);
	m.lookup_hash = wire_bytes(hash, 32);
	m.case_recipient = m.case_proof = wire_bytes(key, 32);
	m.secret = m.entry = wire_bytes(entry, sizeof(entry));
	m.category = text(f.category != NULL ? f.category : "privacy");
	m.severity = text(f.severity != NULL ? f.severity : "high");
	m.site = text(f.site != NULL ? f.site : "");
	m.received_on = s.today;
	m.directory_version = charter_version(&s);
	m.feedback_months = 3;
	clock[0].name = text("acknowledge");
	clock[0].due = s.today + 7;
	clock[1].name = text("feedback");
	clock[1].due = s.today + 97;
	m.clocks = clocks;
	m.n_clocks = 2;
	for (unsigned i = 0; i < N_OFFICERS; i++)
		if (f.readers & 1u << i)
			readers[m.n_readers++] = people[i].name;
	m.readers = readers;
	cr_assert(eq(int, ask(store_report, &m), KEEP));
	store_release(&s, false);
	cr_assert(not(db_failed(s.db)));
	cr_assert(db_row(s.db, CASE_BY_LOOKUP, db_b(hash, 32)));
	number = db_int(s.db, DB_CASE_BY_LOOKUP, 0);
	db_reset(s.db);
	return number;
}

#define ALL_READ (1u << ANNA | 1u << BO | 1u << CLEO)

static int64_t
file_to(unsigned readers)
{
	return file((struct filing){ .readers = readers });
}

static char *
shown(int64_t number)
{
	char *t = test_alloc(NUMBER_CHARS + 1);

	number_format(t, number);
	return t;
}

static enum verdict
act(unsigned who, int64_t number, enum case_event event, const char *outcome)
{
	Candor__CaseAct m = CANDOR__CASE_ACT__INIT;

	m.number = shown(number);
	m.event = event;
	m.outcome = text(outcome);
	return call(who, MSG_CASE_ACT, &m);
}

static void
assign(int64_t number, unsigned to)
{
	Candor__CaseAssign m = CANDOR__CASE_ASSIGN__INIT;

	m.number = shown(number);
	m.officer = people[to].name;
	cr_assert(eq(int, call(ANNA, MSG_CASE_ASSIGN, &m), KEEP));
}

/* These read the case from now on. */
static void
wrap(int64_t number, uint32_t version, unsigned readers)
{
	Candor__CaseWrap m = CANDOR__CASE_WRAP__INIT;
	char *list[N_OFFICERS];
	int actor;

	m.number = shown(number);
	m.secret = wire_bytes("x", 1);
	m.wrap_version = version;
	m.directory_version = charter_version(&s);
	for (unsigned i = 0; i < N_OFFICERS; i++)
		if (readers & 1u << i)
			list[m.n_readers++] = people[i].name;
	m.readers = list;
	/* A lead, if one reads it, who may take it from others. */
	actor = db_row(s.db, READER_HAS, db_i(number), db_t(people[BO].name)) ? BO : ANNA;
	cr_assert(eq(int, call(actor, MSG_CASE_WRAP, &m), KEEP));
}

static const Candor__Deliveries *
wanted(const char *name)
{
	Candor__DeliveriesWanted m = CANDOR__DELIVERIES_WANTED__INIT;

	m.plugin = text(name);
	m.limit = 64;
	cr_assert(eq(int, ask(store_deliveries, &m), KEEP));
	return (const Candor__Deliveries *)out.msg;
}

/* The only delivery that is due. */
static const Candor__Delivery *
only(const char *name)
{
	const Candor__Deliveries *d = wanted(name);

	cr_assert(eq(sz, d->n_deliveries, 1));
	return d->deliveries[0];
}

static void
settle(const Candor__Delivery *d, uint32_t result)
{
	Candor__Outcomes m = CANDOR__OUTCOMES__INIT;
	Candor__Outcome o = CANDOR__OUTCOME__INIT, *list[] = { &o };

	m.plugin = text(d->plugin);
	m.outcomes = list;
	m.n_outcomes = 1;
	o.key = d->key;
	o.result = result;
	o.reference = text("");
	o.error = text("the reason");
	o.retry_after_s = 60;
	cr_assert(eq(int, ask(store_outcomes, &m), KEEP));
}

/* Deliver what is due until nothing is; how many there were. */
static size_t
deliver_all(const char *name)
{
	size_t n = 0;

	for (const Candor__Deliveries *d; (d = wanted(name))->n_deliveries > 0 || d->next_ms == 1;)
		for (size_t i = 0; i < d->n_deliveries; i++) {
			settle(d->deliveries[i], CANDOR_DELIVERED);
			n++;
		}
	return n;
}

/* "a b", in the order of the message. */
static const char *
to_of(const Candor__Event *e)
{
	char *t = memset(test_alloc(4096), 0, 4096);

	for (size_t i = 0; i < e->n_to; i++)
		sprintf(t + strlen(t), "%s%s", i > 0 ? " " : "", e->to[i]);
	return t;
}

static int64_t
count(const char *state)
{
	Candor__DeliveryQuery q = CANDOR__DELIVERY_QUERY__INIT;

	q.state = text(state);
	q.limit = 200;
	cr_assert(eq(int, call(ROOT, MSG_DELIVERY_LIST, &q), KEEP), "%s",
	    out.kind == MSG_REFUSAL ? refusal() : "");
	return (int64_t)((const Candor__DeliveryList *)out.msg)->n_deliveries;
}

/* The first in this state. */
static const Candor__DeliveryInfo *
listed(const char *state)
{
	cr_assert(ge(i64, count(state), 1), "nothing is %s", state);
	return ((const Candor__DeliveryList *)out.msg)->deliveries[0];
}

/* The worst level, and all texts in one. */
static uint32_t
problems(const char **all)
{
	const Candor__Status *t;
	const Candor__Empty none = CANDOR__EMPTY__INIT;
	char *joined = memset(test_alloc(16384), 0, 16384);
	uint32_t worst = 0;

	cr_assert(eq(int, call(ROOT, MSG_STATUS_GET, &none), KEEP));
	t = (const Candor__Status *)out.msg;
	for (size_t i = 0; i < t->n_problems; i++) {
		sprintf(joined + strlen(joined), "%s\n", t->problems[i]->text);
		worst = t->problems[i]->level > worst ? t->problems[i]->level : worst;
	}
	*all = joined;
	return worst;
}

static void
plugin_is(const char *name, const char *state, const char *error)
{
	Candor__PluginState m = CANDOR__PLUGIN_STATE__INIT;

	m.name = text(name);
	m.state = text(state);
	m.error = text(error);
	cr_assert(eq(int, ask(store_plugin_state, &m), KEEP));
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

/* ---- what a plugin takes ---------------------------------------------------------------------- */

Test(ledger, a_plugin_gets_the_events_categories_severities_and_sites_that_it_asked_for)
{
	/* clang-format off */
	static const struct {
		const char *events, *categories, *severities, *sites;
		struct filing f;
		bool takes;
	} cases[] = {
		{ "", "", "", "", { NULL, NULL, NULL, ALL_READ }, true },
		{ "filed", "privacy", "high", "north", { NULL, NULL, "north", ALL_READ }, true },
		{ "resolved", "", "", "", { NULL, NULL, NULL, ALL_READ }, false },
		{ "", "theft", "", "", { NULL, NULL, NULL, ALL_READ }, false },
		{ "", "theft privacy", "", "", { NULL, NULL, NULL, ALL_READ }, true },
		{ "", "", "low medium", "", { NULL, NULL, NULL, ALL_READ }, false },
		{ "", "", "low medium", "", { NULL, "low", NULL, ALL_READ }, true },
		{ "", "", "", "north", { NULL, NULL, "south", ALL_READ }, false },
		{ "", "", "", "north", { NULL, NULL, NULL, ALL_READ }, false },
		{ "", "", "", "north -", { NULL, NULL, NULL, ALL_READ }, true },
	};
	/* clang-format on */

	for (size_t i = 0; i < NELEM(cases); i++) {
		plugins[0]->n_events = words(&plugins[0]->events, cases[i].events);
		plugins[0]->n_categories = words(&plugins[0]->categories, cases[i].categories);
		plugins[0]->n_severities = words(&plugins[0]->severities, cases[i].severities);
		plugins[0]->n_sites = words(&plugins[0]->sites, cases[i].sites);
		file(cases[i].f);
		cr_assert(eq(sz, deliver_all("mail"), cases[i].takes), "row %zu", i);
	}
}

Test(ledger, what_is_to_be_left_out_is_empty_in_events_and_digests)
{
	const Candor__Event *e;

	plugins[0]->n_omit = words(&plugins[0]->omit, "category site");
	plugins[0]->rate_burst = 1;
	plugins[0]->rate_per_hour = 60;
	plugins[0]->digest = true;
	for (int i = 0; i < 3; i++)
		file((struct filing){ .site = "north", .readers = ALL_READ });
	cr_assert(eq(sz, wanted("mail")->n_deliveries, 0), "it is being folded");
	e = only("mail")->event;
	cr_assert(eq(str, e->kind, text("digest")));
	cr_assert(eq(sz, e->n_items, 3));
	cr_assert(eq(str, e->items[0]->category, text("")));
	cr_assert(eq(str, e->items[0]->site, text("")));
	cr_assert(eq(str, e->items[0]->severity, text("high")));
	plugins[0]->rate_per_hour = 0;
	deliver_all("mail");
	file((struct filing){ .site = "north", .readers = ALL_READ });
	e = only("mail")->event;
	cr_assert(eq(str, e->category, text("")));
	cr_assert(eq(str, e->site, text("")));
	cr_assert(eq(str, e->severity, text("high")));
}

Test(ledger, each_step_of_a_case_is_an_event)
{
	static const struct {
		enum case_event event;
		const char *kind, *state;
	} steps[] = { { EV_ACK, "changed", "acknowledged" }, { EV_TRIAGE, "changed", "triaged" },
		{ EV_INVESTIGATE, "changed", "investigating" },
		{ EV_AWAIT, "changed", "awaiting-reporter" },
		{ EV_RESOLVE, "resolved", "resolved" }, { EV_CLOSE, "closed", "closed" },
		{ EV_REOPEN, "reopened", "reopened" } };
	int64_t number = file_to(ALL_READ);

	deliver_all("mail");
	for (size_t i = 0; i < NELEM(steps); i++) {
		const Candor__Delivery *d;

		cr_assert(eq(int,
		    act(ANNA, number, steps[i].event, steps[i].event == EV_RESOLVE ? "partly" : ""),
		    KEEP));
		d = only("mail");
		cr_assert(eq(str, d->event->kind, text(steps[i].kind)));
		cr_assert(eq(str, d->event->state, text(steps[i].state)));
		settle(d, CANDOR_DELIVERED);
	}
}

Test(ledger, an_event_carries_whom_the_case_is_with_its_outcome_and_the_clock)
{
	int64_t number = file_to(ALL_READ);
	const Candor__Delivery *d = only("mail");

	cr_assert(eq(str, d->event->assignee, text("")));
	cr_assert(eq(str, d->event->outcome, text("")));
	settle(d, CANDOR_DELIVERED);
	assign(number, CLEO);
	cr_assert(eq(int, act(ANNA, number, EV_ACK, ""), KEEP));
	cr_assert(eq(int, act(ANNA, number, EV_RESOLVE, "partly"), KEEP));
	cr_assert(eq(int, act(ANNA, number, EV_REOPEN, ""), KEEP));
	d = only("mail");
	cr_assert(eq(str, d->event->kind, text("assigned")));
	cr_assert(eq(str, d->event->assignee, text("cleo@h.example")));
	settle(d, CANDOR_DELIVERED);
	d = only("mail");
	cr_assert(eq(str, d->event->kind, text("changed")));
	cr_assert(eq(str, d->event->state, text("acknowledged")));
	settle(d, CANDOR_DELIVERED);
	d = only("mail");
	cr_assert(eq(str, d->event->kind, text("resolved")));
	cr_assert(eq(str, d->event->outcome, text("partly")), "as it was when it happened");
	settle(d, CANDOR_DELIVERED);
	store_clock_event(&s, "due", number, CASE_REOPENED, "feedback", TODAY + 2);
	wrap(number, 1, 1u << ANNA);
	settle(only("mail"), CANDOR_DELIVERED); /* reopened */
	d = only("mail");
	cr_assert(eq(str, d->event->clock, text("feedback")));
	cr_assert(eq(i32, d->event->due, TODAY + 2));
	cr_assert(eq(str, d->event->assignee, text("")), "who reads it no longer is not named");
}

/* ---- who is told ------------------------------------------------------------------------------ */

Test(ledger, those_are_told_who_are_named_and_read_the_case)
{
	/* clang-format off */
	static const struct { const char *to; unsigned readers; const char *told; } cases[] = {
		{ "readers", ALL_READ, "anna@h.example bo@h.example cleo@h.example" },
		{ "readers", 1u << ANNA, "anna@h.example" },
		{ "leads", ALL_READ, "bo@h.example" },
		{ "leads readers", ALL_READ, "bo@h.example anna@h.example cleo@h.example" },
		{ "assignee", ALL_READ, "anna@h.example bo@h.example cleo@h.example" },
		{ "box@h.example", 1u << ANNA, "box@h.example" },
		{ "box@h.example BOX@h.example", 1u << ANNA, "box@h.example" },
		/* Addresses of the directory count as those whose they are. */
		{ "box@h.example Cleo@H.example", 1u << ANNA, "box@h.example" },
		{ "box@h.example Cleo@H.example", ALL_READ, "box@h.example Cleo@H.example" },
		{ "readers admins", 1u << ANNA, "anna@h.example" },
		{ "readers root@h.example", 1u << ANNA, "anna@h.example" },
	};
	/* clang-format on */

	for (size_t i = 0; i < NELEM(cases); i++) {
		plugins[0]->n_to = words(&plugins[0]->to, cases[i].to);
		file_to(cases[i].readers);
		cr_assert(eq(str, text(to_of(only("mail")->event)), text(cases[i].told)), "to = %s",
		    cases[i].to);
		deliver_all("mail");
	}
}

Test(ledger, whoever_recuses_or_leaves_is_not_told_of_what_happened_before)
{
	int64_t number = file_to(ALL_READ);

	cr_assert(eq(str, text(to_of(only("mail")->event)),
	    text("anna@h.example bo@h.example cleo@h.example")));
	wrap(number, 1, 1u << ANNA | 1u << BO);
	cr_assert(eq(str, text(to_of(only("mail")->event)), text("anna@h.example bo@h.example")));
	people[BO].role = ROLE_ADMIN;
	sign_directory();
	cr_assert(eq(str, text(to_of(only("mail")->event)), text("anna@h.example")));
}

Test(ledger, assignee_is_told_alone_once_there_is_one_and_only_while_they_read_it)
{
	int64_t number = file_to(ALL_READ);

	plugins[0]->n_to = words(&plugins[0]->to, "assignee");
	deliver_all("mail");
	assign(number, CLEO);
	cr_assert(eq(str, text(to_of(only("mail")->event)), text("cleo@h.example")));
	people[CLEO].role = ROLE_AUDITOR;
	sign_directory();
	cr_assert(eq(str, text(to_of(only("mail")->event)), text("anna@h.example bo@h.example")),
	    "who has another job is not told");
	wrap(number, 1, 1u << ANNA);
	cr_assert(eq(str, text(to_of(only("mail")->event)), text("anna@h.example")),
	    "it is nobody's again");
}

Test(ledger, an_escalation_goes_to_leads_too_unless_configured_and_never_to_one_kept_out)
{
	Candor__Route route = CANDOR__ROUTE__INIT, *routes[] = { &route };
	int64_t open = file_to(ALL_READ), closed = file_to(1u << ANNA);

	plugins[0]->n_to = words(&plugins[0]->to, "assignee");
	assign(open, CLEO);
	deliver_all("mail");
	store_clock_event(&s, "escalated", open, CASE_NEW, "acknowledge", TODAY);
	cr_assert(eq(str, text(to_of(only("mail")->event)), text("cleo@h.example bo@h.example")));
	route.event = text("escalated");
	route.n_to = words(&route.to, "leads box@h.example");
	plugins[0]->routes = routes;
	plugins[0]->n_routes = 1;
	cr_assert(eq(str, text(to_of(only("mail")->event)), text("bo@h.example box@h.example")));
	deliver_all("mail");
	store_clock_event(&s, "escalated", closed, CASE_NEW, "acknowledge", TODAY);
	cr_assert(eq(str, text(to_of(only("mail")->event)), text("box@h.example")));
	route.n_to = words(&route.to, "leads");
	cr_assert(eq(sz, wanted("mail")->n_deliveries, 0));
	cr_assert(eq(i64, count("waiting"), 1), "it waits rather than go to somebody kept out");
}

/* ---- nobody to tell --------------------------------------------------------------------------- */

Test(ledger, an_event_that_nobody_is_there_for_waits_and_goes_out_when_somebody_is)
{
	const char *said;

	people[ANNA].email = people[BO].email = people[CLEO].email = "";
	sign_directory();
	file_to(1u << ANNA);
	cr_assert(eq(sz, wanted("mail")->n_deliveries, 0));
	cr_assert(eq(str, listed("waiting")->plugin, text("mail")));
	cr_assert(eq(u32, problems(&said), 1));
	cr_assert(strstr(said, "1 wait, since nobody") != NULL, "%s", said);
	cr_assert(strstr(said, "can tell nobody of privacy, theft") != NULL, "%s", said);
	at(TODAY + 400, 0);
	cr_assert(eq(sz, wanted("mail")->n_deliveries, 0));
	cr_assert(eq(i64, count("failed"), 0), "waiting is no failure");
	people[BO].email = "bo@h.example";
	s.effects.deliveries = false;
	sign_directory();
	cr_assert(eq(sz, wanted("mail")->n_deliveries, 0), "Bo does not read it");
	people[ANNA].email = "anna@h.example";
	s.effects.deliveries = false;
	sign_directory();
	cr_assert(s.effects.deliveries, "dispatch is not told");
	cr_assert(eq(str, text(to_of(only("mail")->event)), text("anna@h.example")));
	deliver_all("mail");
	cr_assert(eq(i64, count("waiting"), 0));
	cr_assert(eq(u32, problems(&said), 0), "%s", said);
}

Test(ledger, an_event_that_waits_goes_out_when_the_case_is_granted)
{
	int64_t number;

	people[ANNA].email = "";
	sign_directory();
	number = file_to(1u << ANNA);
	cr_assert(eq(sz, wanted("mail")->n_deliveries, 0));
	wrap(number, 1, 1u << ANNA | 1u << CLEO);
	cr_assert(eq(str, text(to_of(only("mail")->event)), text("cleo@h.example")));
}

Test(ledger, an_event_that_waits_goes_out_when_the_configuration_names_somebody)
{
	plugins[0]->n_to = words(&plugins[0]->to, "leads");
	file_to(1u << ANNA);
	cr_assert(eq(sz, wanted("mail")->n_deliveries, 0));
	plugins[0]->n_to = words(&plugins[0]->to, "readers");
	cr_assert(eq(sz, wanted("mail")->n_deliveries, 0), "not before a reload");
	store_plugins_begin(&s);
	cr_assert(eq(str, text(to_of(only("mail")->event)), text("anna@h.example")));
}

Test(ledger, a_plugin_that_needs_nobody_waits_for_nobody)
{
	plugins[0]->needs_to = false;
	people[ANNA].email = "";
	sign_directory();
	file_to(1u << ANNA);
	cr_assert(eq(sz, only("mail")->event->n_to, 0));
}

/* ---- tests ------------------------------------------------------------------------------------ */

static const Candor__DeliveryInfo *
run_test(const char *name)
{
	Candor__PluginRef m = CANDOR__PLUGIN_REF__INIT;

	m.name = text(name);
	cr_assert(eq(int, call(ROOT, MSG_PLUGIN_TEST, &m), KEEP), "%s", refusal());
	cr_assert(eq(u32, out.kind, MSG_DELIVERIES_PAGE));
	return ((const Candor__DeliveryList *)out.msg)->deliveries[0];
}

Test(ledger, a_test_goes_ahead_of_a_backlog_is_not_repeated_and_its_end_is_told)
{
	Candor__DeliveryRef ref = CANDOR__DELIVERY_REF__INIT;
	const Candor__DeliveryInfo *d;
	const Candor__Deliveries *due;

	plugins[0]->rate_burst = 1;
	plugins[0]->rate_per_hour = 1;
	for (int i = 0; i < 5; i++)
		file_to(ALL_READ);
	ref.id = text(run_test("mail")->id);
	due = wanted("mail");
	cr_assert(eq(sz, due->n_deliveries, 2));
	cr_assert(eq(str, due->deliveries[0]->event->kind, text("test")));
	cr_assert(eq(str, text(to_of(due->deliveries[0]->event)), text("root@h.example")));
	settle(due->deliveries[0], CANDOR_RETRY);
	cr_assert(eq(int, call(ROOT, MSG_DELIVERY_GET, &ref), KEEP));
	d = ((const Candor__DeliveryList *)out.msg)->deliveries[0];
	cr_assert(eq(str, d->state, text("test-failed")));
	cr_assert(eq(str, d->last_error, text("the reason")));
	cr_assert(eq(i64, count("failed"), 0), "a test is no dead letter");
	run_test("mail");
	cr_assert(eq(i64, count("test-failed"), 0), "the test before is forgotten");
	cr_assert(eq(int, call(ANNA, MSG_DELIVERY_GET, &ref), UNDO), "an administrator's only");
}

Test(ledger, a_test_that_could_reach_nobody_says_so_at_once)
{
	Candor__PluginRef m = CANDOR__PLUGIN_REF__INIT;

	people[ROOT].email = "";
	sign_directory();
	m.name = text("mail");
	cr_assert(eq(int, call(ROOT, MSG_PLUGIN_TEST, &m), UNDO));
	cr_assert(strstr(refusal(), "none has an e-mail address") != NULL, "%s", refusal());
	plugins[0]->needs_to = false;
	run_test("mail");
}

Test(ledger, what_was_tried_before_and_what_is_new_share_a_batch)
{
	const Candor__Deliveries *d;
	unsigned again = 0;

	for (unsigned i = 0; i < 100; i++)
		file_to(ALL_READ);
	d = wanted("mail");
	for (size_t i = 0; i < 40; i++)
		settle(d->deliveries[i], CANDOR_RETRY);
	at(TODAY, NOON + 3600);
	d = wanted("mail");
	for (size_t i = 0; i < d->n_deliveries; i++)
		again += d->deliveries[i]->attempts > 0;
	cr_assert(eq(sz, d->n_deliveries, 64));
	cr_assert(eq(uint, again, 32), "half of them, ahead of the new ones");
	cr_assert(eq(u32, d->deliveries[0]->attempts, 1));
	for (size_t i = 0; i < d->n_deliveries; i++)
		settle(d->deliveries[i], CANDOR_DELIVERED);
	cr_assert(eq(sz, deliver_all("mail"), 36), "the others after that");
}

/* ---- rate and digests ------------------------------------------------------------------------- */

static void
limit(uint32_t burst, uint32_t per_hour, bool digest)
{
	plugins[0]->rate_burst = burst;
	plugins[0]->rate_per_hour = per_hour;
	plugins[0]->digest = digest;
}

Test(ledger, what_exceeds_the_rate_becomes_one_digest_that_lists_it_and_stands_in_the_ledger)
{
	const Candor__Deliveries *d;
	char *numbers[30];
	size_t found = 0;

	limit(5, 60, true);
	for (int i = 0; i < 30; i++)
		numbers[i] = shown(file_to(ALL_READ));
	d = wanted("mail");
	cr_assert(eq(sz, d->n_deliveries, 4), "the last token is the digest's");
	for (size_t i = 0; i < d->n_deliveries; i++) {
		for (size_t k = 0; k < 30; k++)
			found += strcmp(numbers[k], d->deliveries[i]->event->number) == 0;
		settle(d->deliveries[i], CANDOR_DELIVERED);
	}
	d = wanted("mail");
	cr_assert(eq(sz, d->n_deliveries, 1));
	cr_assert(eq(str, d->deliveries[0]->event->kind, text("digest")));
	cr_assert(d->deliveries[0]->event->activity);
	cr_assert(eq(str, d->deliveries[0]->event->number, text("")));
	cr_assert(eq(sz, d->deliveries[0]->event->n_items, 26));
	for (size_t i = 0; i < 26; i++)
		for (size_t k = 0; k < 30; k++)
			found += strcmp(numbers[k], d->deliveries[0]->event->items[i]->number) == 0;
	cr_assert(eq(sz, found, 30), "each of them once");
	settle(d->deliveries[0], CANDOR_DELIVERED);
	cr_assert(eq(sz, wanted("mail")->n_deliveries, 0));
	cr_assert(eq(i64, count("delivered"), 5));
	cr_assert(eq(i64, count("digested"), 26));
	cr_assert(eq(sz, strlen(listed("digested")->digest), 32));
	cr_assert(eq(i64, count("pending"), 0));
	/* One more must wait for a token, a minute at this rate. */
	file_to(ALL_READ);
	d = wanted("mail");
	cr_assert(eq(sz, d->n_deliveries, 0));
	cr_assert(gt(u32, d->next_ms, 0));
	cr_assert(le(u32, d->next_ms, 60000));
	s.now += 60;
	cr_assert(eq(str, only("mail")->event->kind, text("filed")), "alone, it is itself");
}

Test(ledger, a_large_backlog_is_told_in_digests_of_bounded_size_at_the_rate)
{
	size_t mails = 0, told = 0;

	limit(3, 60, true);
	for (int i = 0; i < 450; i++)
		file_to(ALL_READ);
	for (int minute = 0; minute < 10; minute++, s.now += 60)
		for (const Candor__Deliveries *d;
		     (d = wanted("mail"))->n_deliveries > 0 || d->next_ms == 1;)
			for (size_t i = 0; i < d->n_deliveries; i++) {
				const Candor__Event *e = d->deliveries[i]->event;

				mails++;
				told += e->n_items > 0 ? e->n_items : 1;
				cr_assert(le(sz, e->n_items, DIGEST_ITEMS_MAX));
				settle(d->deliveries[i], CANDOR_DELIVERED);
			}
	cr_assert(eq(sz, told, 450));
	cr_assert(le(sz, mails, 8));
}

Test(ledger, a_digest_shows_nobody_a_case_that_they_do_not_read)
{
	limit(1, 60, true);
	for (int i = 0; i < 10; i++)
		file_to(i % 2 == 0 ? 1u << ANNA | 1u << CLEO : 1u << ANNA | 1u << BO);
	for (int minute = 0; minute < 3; minute++, s.now += 60)
		for (const Candor__Deliveries *d;
		     (d = wanted("mail"))->n_deliveries > 0 || d->next_ms == 1;)
			for (size_t i = 0; i < d->n_deliveries; i++) {
				const Candor__Event *e = d->deliveries[i]->event;

				cr_assert(eq(sz, e->n_items, 5));
				for (size_t k = 0; k < e->n_items; k++) {
					int64_t number;
					bool cleo;

					cr_assert(
					    eq(int, number_parse(&number, e->items[k]->number), 0));
					cleo = db_row(
					    s.db, READER_HAS, db_i(number), db_t("Cleo Dahl"));
					db_reset(s.db);
					cr_assert(eq(int, strstr(to_of(e), "cleo") != NULL, cleo));
				}
				settle(d->deliveries[i], CANDOR_DELIVERED);
			}
	cr_assert(eq(i64, count("digested"), 10));
}

Test(ledger, a_digest_whose_cases_have_other_readers_by_now_is_undone_and_told_one_by_one)
{
	static const unsigned later[] = { 1u << CLEO, 1u << ANNA,
		1u << ANNA | 1u << BO | 1u << CLEO };

	for (size_t i = 0; i < NELEM(later); i++, s.now += 3600) {
		int64_t first, second;
		const Candor__Delivery *d;

		limit(1, 60, true);
		first = file_to(1u << ANNA | 1u << BO);
		second = file_to(1u << ANNA | 1u << BO);
		cr_assert(eq(u32, wanted("mail")->next_ms, 1));
		d = only("mail");
		cr_assert(eq(sz, d->event->n_items, 2));
		settle(d, CANDOR_RETRY);
		wrap(first, 1, later[i]);
		s.now += 61;
		cr_assert(eq(u32, wanted("mail")->next_ms, 1), "row %zu", i);
		cr_assert(eq(i64, count("digested"), 0));
		limit(0, 0, false);
		for (int k = 0; k < 2; k++) {
			d = wanted("mail")->deliveries[0];
			cr_assert(eq(sz, d->event->n_items, 0));
			cr_assert(eq(int, strstr(to_of(d->event), "bo@") != NULL,
			    strcmp(d->event->number, shown(second)) == 0 ||
				(later[i] & 1u << BO) != 0));
			settle(d, CANDOR_DELIVERED);
		}
	}
}

Test(ledger, a_digest_that_was_given_up_is_retried_or_goes_with_all_that_it_stood_for)
{
	Candor__DeliveryRef ref = CANDOR__DELIVERY_REF__INIT;
	const Candor__Delivery *d;

	limit(1, 60, true);
	for (int i = 0; i < 4; i++)
		file_to(ALL_READ);
	wanted("mail");
	settle(only("mail"), CANDOR_REFUSED);
	ref.id = text(listed("failed")->id);
	cr_assert(eq(str, listed("failed")->event, text("digest")));
	cr_assert(eq(str, listed("digested")->digest, ref.id));
	cr_assert(eq(int, call(ROOT, MSG_DELIVERY_RETRY, &ref), KEEP));
	d = only("mail");
	cr_assert(eq(sz, d->event->n_items, 4));
	settle(d, CANDOR_REFUSED);
	{
		Candor__DeliveryRef folded = CANDOR__DELIVERY_REF__INIT;

		folded.id = text(listed("digested")->id);
		cr_assert(eq(int, call(ROOT, MSG_DELIVERY_RETRY, &folded), UNDO));
		cr_assert(strstr(refusal(), ref.id) != NULL, "%s", refusal());
		cr_assert(eq(int, call(ROOT, MSG_DELIVERY_DISCARD, &folded), UNDO));
	}
	cr_assert(eq(int, call(ROOT, MSG_DELIVERY_DISCARD, &ref), KEEP));
	cr_assert(eq(i64, count(""), 0));
}

Test(ledger, without_digests_the_surplus_is_late_and_nothing_else)
{
	const Candor__Deliveries *d;
	size_t n = 0;

	limit(2, 60, false);
	for (int i = 0; i < 6; i++)
		file_to(ALL_READ);
	for (int minute = 0; minute < 6; minute++, s.now += 60)
		while ((d = wanted("mail"))->n_deliveries > 0)
			for (size_t i = 0; i < d->n_deliveries; i++) {
				cr_assert(eq(str, d->deliveries[i]->event->kind, text("filed")));
				settle(d->deliveries[i], CANDOR_DELIVERED);
				n++;
			}
	cr_assert(eq(sz, n, 6));
	cr_assert(eq(i64, count("digested"), 0));
}

Test(ledger, a_try_that_failed_uses_up_nothing)
{
	limit(1, 1, false);
	file_to(ALL_READ);
	for (int i = 0; i < 5; i++, s.now += 61)
		settle(only("mail"), CANDOR_RETRY);
	settle(only("mail"), CANDOR_DELIVERED);
}

Test(ledger, a_bucket_fills_at_its_rate_and_survives_a_clock_that_jumps)
{
	struct pace p = { 0 };

	cr_assert(eq(sz, pace_tokens(&p, 20, 120, 1000000), 20));
	for (int i = 0; i < 30; i++)
		pace_take(&p);
	cr_assert(eq(sz, pace_tokens(&p, 20, 120, 1000000), 0));
	cr_assert(eq(u32, pace_wait_s(&p, 120), 30));
	cr_assert(eq(sz, pace_tokens(&p, 20, 120, 1000029), 0));
	cr_assert(eq(u32, pace_wait_s(&p, 120), 1));
	cr_assert(eq(sz, pace_tokens(&p, 20, 120, 1000030), 1));
	cr_assert(eq(sz, pace_tokens(&p, 20, 120, 5), 1), "set back");
	cr_assert(eq(sz, pace_tokens(&p, 20, 120, INT64_MAX / 2), 20), "leapt ahead");
}

/* ---- order ------------------------------------------------------------------------------------ */

Test(ledger, a_dead_letter_or_one_that_waits_holds_up_nothing_and_a_pending_one_does)
{
	int64_t number = file_to(ALL_READ);

	assign(number, CLEO);
	settle(only("mail"), CANDOR_RETRY);
	cr_assert(eq(sz, wanted("mail")->n_deliveries, 0), "assigned must not overtake filed");
	s.now += 61;
	cr_assert(eq(str, only("mail")->event->kind, text("filed")));
	settle(only("mail"), CANDOR_REFUSED);
	cr_assert(eq(str, only("mail")->event->kind, text("assigned")));
	/* And another plugin has nothing to do with it. */
	add_plugin("other", "");
	store_plugins_begin(&s);
	file_to(ALL_READ);
	cr_assert(eq(sz, wanted("other")->n_deliveries, 1));
}

/* ---- one a day -------------------------------------------------------------------------------- */

/* The recipients of today's "yes", and of today's "no"; "" when there is none. Settles both. */
static void
daily(const char **yes, const char **no)
{
	char *said[2] = { memset(test_alloc(512), 0, 512), memset(test_alloc(512), 0, 512) };
	const Candor__Deliveries *d;

	*no = said[0];
	*yes = said[1];
	digest_daily(&s);
	d = wanted("mail");
	for (size_t i = 0; i < d->n_deliveries; i++) {
		const Candor__Event *e = d->deliveries[i]->event;

		cr_assert(eq(str, e->kind, text("digest")));
		cr_assert(eq(str, e->number, text("")));
		cr_assert(eq(sz, e->n_items, 0));
		cr_assert(eq(str, e->category, text("")));
		cr_assert(eq(sz, e->n_to, 1), "nobody sees who else was told what");
		sprintf(said[e->activity] + strlen(said[e->activity]), "%s%s",
		    said[e->activity][0] != '\0' ? " " : "", e->to[0]);
		settle(d->deliveries[i], CANDOR_DELIVERED);
	}
}

Test(ledger, a_daily_plugin_says_yes_or_no_once_a_day_and_nothing_else)
{
	const char *yes, *no, *all = "anna@h.example bo@h.example cleo@h.example";

	plugins[0]->daily_at = text("07:30");
	store_plugins_begin(&s);
	at(TODAY, 7 * 3600 + 29 * 60);
	daily(&yes, &no);
	cr_assert(eq(str, text(yes), text("")));
	cr_assert(eq(str, text(no), text("")), "not before its hour");
	at(TODAY, 7 * 3600 + 30 * 60);
	daily(&yes, &no);
	cr_assert(eq(str, text(no), text(all)), "also when nothing happened");
	daily(&yes, &no);
	cr_assert(eq(str, text(no), text("")), "once");
	file_to(ALL_READ);
	file_to(ALL_READ);
	cr_assert(eq(sz, wanted("mail")->n_deliveries, 0), "no event by itself");
	at(TODAY + 3, NOON);
	daily(&yes, &no);
	cr_assert(eq(str, text(yes), text(all)), "one for all the days that we were down");
	cr_assert(eq(str, text(no), text("")));
	at(TODAY + 4, NOON);
	daily(&yes, &no);
	cr_assert(eq(str, text(no), text(all)));
}

Test(ledger, daily_words_that_did_not_go_out_are_one_that_says_yes_if_any_did)
{
	const char *yes, *no;

	plugins[0]->daily_at = text("07:30");
	file_to(1u << ANNA);
	for (day_t day = TODAY; day < TODAY + 30; day++) {
		at(day, NOON);
		digest_daily(&s);
	}
	cr_assert(
	    eq(i64, count("pending"), 3), "one for each, though nothing went out for a month");
	daily(&yes, &no);
	cr_assert(eq(str, text(yes), text("anna@h.example")));
	cr_assert(eq(str, text(no), text("bo@h.example cleo@h.example")));
	at(TODAY + 30, NOON);
	daily(&yes, &no);
	cr_assert(eq(str, text(yes), text("")), "what was said is over");
}

Test(ledger, a_daily_yes_tells_nobody_of_a_case_that_keeps_them_out)
{
	const char *yes, *no;

	plugins[0]->n_to = words(&plugins[0]->to, "readers box@h.example admins");
	plugins[0]->daily_at = text("07:30");
	store_plugins_begin(&s);
	file_to(1u << ANNA | 1u << BO);
	daily(&yes, &no);
	cr_assert(eq(str, text(yes), text("anna@h.example bo@h.example box@h.example")), "%s", yes);
	cr_assert(eq(str, text(no), text("cleo@h.example")));
}

Test(ledger, a_daily_word_goes_with_whom_it_was_for)
{
	const char *yes, *no;

	plugins[0]->daily_at = text("07:30");
	store_plugins_begin(&s);
	digest_daily(&s);
	people[CLEO].email = "";
	sign_directory();
	daily(&yes, &no);
	cr_assert(eq(str, text(no), text("anna@h.example bo@h.example")));
	cr_assert(eq(i64, count("waiting"), 0));
	cr_assert(eq(i64, count(""), 2));
}

/* ---- clocks ----------------------------------------------------------------------------------- */

/* The clock events that today's pass made, as "kind:clock …"; delivers them. */
static const char *
pass(void)
{
	char *t = memset(test_alloc(256), 0, 256);
	const Candor__Deliveries *d;

	store_clock_pass(&s);
	store_clock_pass(&s);
	while ((d = wanted("mail"))->n_deliveries > 0)
		for (size_t i = 0; i < d->n_deliveries; i++) {
			const Candor__Event *e = d->deliveries[i]->event;

			sprintf(t + strlen(t), "%s%s:%s", *t != '\0' ? " " : "", e->kind, e->clock);
			settle(d->deliveries[i], CANDOR_DELIVERED);
		}
	return t;
}

Test(ledger, a_clock_that_runs_out_is_told_once_before_and_once_after)
{
	static const struct {
		day_t day;
		const char *told;
	} days[] = { { 1, "" }, { 4, "" }, { 5, "due:acknowledge" }, { 6, "" }, { 7, "" },
		{ 8, "overdue:acknowledge" }, { 9, "" }, { 94, "" }, { 95, "due:feedback" },
		{ 97, "" }, { 98, "overdue:feedback" }, { 400, "" } };

	file_to(ALL_READ);
	deliver_all("mail");
	for (size_t i = 0; i < NELEM(days); i++) {
		at(TODAY + days[i].day, NOON);
		cr_assert(eq(str, text(pass()), text(days[i].told)), "day %d", (int)days[i].day);
		commit();
	}
}

Test(ledger, a_clock_that_ran_out_while_we_were_down_is_told_as_overdue_alone)
{
	file_to(ALL_READ);
	deliver_all("mail");
	at(TODAY + 50, NOON);
	cr_assert(eq(str, text(pass()), text("overdue:acknowledge")));
}

Test(ledger, a_clock_that_is_met_is_not_told_and_one_that_is_set_anew_is)
{
	int64_t number = file_to(ALL_READ);
	const char *told;

	deliver_all("mail");
	at(TODAY + 6, NOON);
	cr_assert(eq(str, text(pass()), text("due:acknowledge")));
	cr_assert(eq(int, act(ANNA, number, EV_ACK, ""), KEEP));
	deliver_all("mail"); /* that it changed */
	at(TODAY + 10, NOON);
	cr_assert(eq(str, text(pass()), text("")));
	/* Three months from the acknowledgement, not from the day it came. */
	at(TODAY + 96, NOON);
	cr_assert(eq(str, text(pass()), text("due:feedback")), "92 days from day 6");
	setup_msg.due_days = 0;
	file_to(ALL_READ);
	deliver_all("mail");
	at(TODAY + 103, NOON);
	told = pass(); /* in the order of random numbers */
	cr_assert(strcmp(told, "overdue:feedback due:acknowledge") == 0 ||
		      strcmp(told, "due:acknowledge overdue:feedback") == 0,
	    "%s", told);
}

Test(ledger, a_clock_that_was_told_of_and_runs_anew_is_told_of_again)
{
	int64_t number = file_to(ALL_READ);

	deliver_all("mail");
	setup_msg.due_days = 95;
	at(TODAY + 2, NOON);
	cr_assert(strstr(pass(), "due:feedback") != NULL);
	cr_assert(eq(int, act(ANNA, number, EV_ACK, ""), KEEP));
	deliver_all("mail"); /* that it changed */
	cr_assert(eq(str, text(pass()), text("due:feedback")), "three months after day 2");
}

Test(ledger, a_late_acknowledgement_does_not_put_off_what_the_reporter_was_promised)
{
	int64_t number = file_to(ALL_READ);

	deliver_all("mail");
	at(TODAY + 96, NOON);
	cr_assert(strstr(pass(), "due:feedback") != NULL);
	cr_assert(eq(int, act(ANNA, number, EV_ACK, ""), KEEP));
	deliver_all("mail"); /* that it changed */
	at(TODAY + 98, NOON);
	cr_assert(eq(str, text(pass()), text("overdue:feedback")), "day 97 was promised");
}

/* ---- alarms ----------------------------------------------------------------------------------- */

Test(ledger, a_plugin_that_is_silent_for_too_long_is_told_of_once_a_day_through_another)
{
	const char *said;
	const Candor__Deliveries *all;
	const Candor__Delivery *d;
	Candor__Plugin *broken;

	add_plugin("pager", "box@h.example");
	add_plugin("ticket", "");
	broken = add_plugin("broken", "box@h.example");
	broken->n_events = words(&broken->events, "alarm");
	store_plugins_begin(&s);
	plugin_is("broken", "failed", "no such file");
	file_to(ALL_READ);
	settle(only("mail"), CANDOR_RETRY);
	settle(only("ticket"), CANDOR_DELIVERED);
	settle(only("pager"), CANDOR_DELIVERED);
	at(TODAY + 1, NOON - 1);
	store_watch(&s);
	cr_assert(eq(sz, wanted("pager")->n_deliveries, 0), "not yet");
	cr_assert(eq(u32, problems(&said), 0), "%s", said);
	at(TODAY + 1, NOON);
	store_watch(&s);
	store_watch(&s);
	cr_assert(eq(sz, wanted("broken")->n_deliveries, 0), "it is silent itself");
	all = wanted("pager");
	cr_assert(eq(sz, all->n_deliveries, 2));
	cr_assert(eq(str, all->deliveries[1]->event->plugin, text("broken")));
	settle(all->deliveries[1], CANDOR_DELIVERED);
	plugin_is("broken", "ready", "");
	setup_msg.n_plugins = 3;
	d = only("pager");
	cr_assert(eq(str, d->event->kind, text("alarm")));
	cr_assert(eq(str, d->event->plugin, text("mail")));
	cr_assert(eq(str, d->event->number, text("")));
	cr_assert(eq(str, text(to_of(d->event)), text("root@h.example")), "to administrators");
	cr_assert(eq(sz, wanted("ticket")->n_deliveries, 0), "it is no case");
	settle(d, CANDOR_DELIVERED);
	cr_assert(eq(u32, problems(&said), 1));
	cr_assert(strstr(said, "plugin mail delivers nothing since 2024-10-04: the reason") != NULL,
	    "%s", said);
	store_watch(&s);
	cr_assert(eq(sz, wanted("pager")->n_deliveries, 0), "once a day");
	at(TODAY + 2, 0);
	store_watch(&s);
	settle(only("pager"), CANDOR_DELIVERED);
	/* It delivers: all is well. */
	settle(only("mail"), CANDOR_DELIVERED);
	cr_assert(eq(u32, problems(&said), 0), "%s", said);
	at(TODAY + 3, 0);
	store_watch(&s);
	cr_assert(eq(sz, wanted("pager")->n_deliveries, 0));
}

Test(ledger, it_is_critical_when_no_plugin_works)
{
	const char *said;

	file_to(ALL_READ);
	settle(only("mail"), CANDOR_RETRY);
	cr_assert(eq(u32, problems(&said), 0), "a server that says `later` once is no alarm");
	s.now += 3600;
	settle(only("mail"), CANDOR_RETRY);
	cr_assert(eq(u32, problems(&said), 2));
	cr_assert(strstr(said, "no plugin works") != NULL, "%s", said);
	add_plugin("pager", "");
	store_plugins_begin(&s);
	cr_assert(eq(u32, problems(&said), 0), "another one has done no wrong: %s", said);
	plugin_is("pager", "failed", "no such host");
	setup_msg.alarm_after_h = 0;
	cr_assert(eq(u32, problems(&said), 1), "it may start yet: %s", said);
	s.now += 10;
	cr_assert(eq(u32, problems(&said), 2), "%s", said);
	plugin_is("pager", "ready", "");
	cr_assert(eq(u32, problems(&said), 1), "it starts again: %s", said);
	plugin_is("mail", "ready", "");
	cr_assert(eq(u32, problems(&said), 1), "to start is not to deliver: %s", said);
}

Test(ledger, what_no_plugin_tells_is_a_problem)
{
	const char *said;

	plugins[0]->n_events = words(&plugins[0]->events, "filed");
	plugins[0]->n_categories = words(&plugins[0]->categories, "theft");
	cr_assert(eq(u32, problems(&said), 1));
	cr_assert(strstr(said, "no plugin tells of new reports of privacy:") != NULL, "%s", said);
	setup_msg.n_plugins = 0;
	cr_assert(eq(u32, problems(&said), 1));
	cr_assert(strstr(said, "there is no plugin") != NULL, "%s", said);
}

/* ---- plugins come and go ---------------------------------------------------------------------- */

Test(ledger, deliveries_of_a_plugin_that_went_are_orphaned_until_it_is_back_or_they_are_given_up)
{
	Candor__DeliveryRef ref = CANDOR__DELIVERY_REF__INIT;
	const Candor__Empty none = CANDOR__EMPTY__INIT;
	const Candor__PluginList *list;
	const char *said;

	add_plugin("pager", "");
	store_plugins_begin(&s);
	file_to(ALL_READ);
	file_to(ALL_READ);
	settle(wanted("pager")->deliveries[0], CANDOR_REFUSED);
	setup_msg.n_plugins = 1;
	store_plugins_begin(&s);
	cr_assert(eq(sz, wanted("pager")->n_deliveries, 0));
	cr_assert(eq(i64, count("orphaned"), 1));
	cr_assert(eq(i64, count("failed"), 1));
	cr_assert(eq(i64, count("pending"), 2), "the mail's");
	cr_assert(eq(int, call(ROOT, MSG_PLUGIN_LIST, &none), KEEP));
	list = (const Candor__PluginList *)out.msg;
	cr_assert(eq(sz, list->n_plugins, 2));
	cr_assert(eq(str, list->plugins[1]->state, text("orphaned")));
	problems(&said);
	cr_assert(strstr(said, "plugin pager is not configured any more") != NULL, "%s", said);
	file_to(ALL_READ);
	setup_msg.n_plugins = 2;
	store_plugins_begin(&s);
	cr_assert(eq(sz, wanted("pager")->n_deliveries, 1), "what it did not get, it gets");
	setup_msg.n_plugins = 1;
	store_plugins_begin(&s);
	ref.plugin = text("pager");
	cr_assert(eq(int, call(ROOT, MSG_DELIVERY_RETRY, &ref), UNDO), "it is not there");
	cr_assert(eq(int, call(ROOT, MSG_DELIVERY_DISCARD, &ref), KEEP));
	cr_assert(eq(i64, count("orphaned"), 0));
	cr_assert(eq(i64, count("failed"), 0));
	cr_assert(eq(i64, count("pending"), 3));
}

Test(ledger, all_dead_letters_of_a_plugin_are_retried_or_given_up_at_once)
{
	Candor__DeliveryRef ref = CANDOR__DELIVERY_REF__INIT;
	uint8_t key[16];

	for (int i = 0; i < 3; i++)
		file_to(ALL_READ);
	for (int i = 0; i < 3; i++) {
		const Candor__Delivery *d = wanted("mail")->deliveries[0];

		memcpy(key, d->key.data, 16);
		settle(d, CANDOR_REFUSED);
	}
	cr_assert(eq(i64, count("failed"), 3));
	ref.plugin = text("mail");
	cr_assert(eq(int, call(ROOT, MSG_DELIVERY_RETRY, &ref), KEEP));
	cr_assert(
	    eq(str, ((const Candor__Done *)out.msg)->text, text("3 deliveries queued again")));
	cr_assert(eq(sz, wanted("mail")->n_deliveries, 3));
	cr_assert(
	    eq(int, memcmp(wanted("mail")->deliveries[2]->key.data, key, 16), 0), "the key stays");
	settle(wanted("mail")->deliveries[0], CANDOR_REFUSED);
	cr_assert(eq(int, call(ROOT, MSG_DELIVERY_DISCARD, &ref), KEEP));
	cr_assert(eq(i64, count(""), 2), "what is pending stays");
	ref.plugin = text("nobody's");
	cr_assert(eq(int, call(ROOT, MSG_DELIVERY_RETRY, &ref), UNDO));
}

Test(ledger, a_state_that_does_not_exist_is_refused)
{
	Candor__DeliveryQuery q = CANDOR__DELIVERY_QUERY__INIT;

	q.state = text("lost");
	cr_assert(eq(int, call(ROOT, MSG_DELIVERY_LIST, &q), UNDO));
	cr_assert(strstr(refusal(), "orphaned") != NULL, "%s", refusal());
}

/* ---- an older file ---------------------------------------------------------------------------- */

Test(ledger, a_database_of_the_first_version_opens_with_what_is_in_it)
{
	/* clang-format off */
	static const char *const rows[] = {
		"INSERT INTO officer VALUES (1, 'Anna Berg')",
		"INSERT INTO cases VALUES (77, x'01', 0, 'privacy', 'high', '', 20000, 6, 2, '', 1, 3)",
		"INSERT INTO case_reader VALUES (1, 20000, 77, 6, 'privacy', 0)",
		"INSERT INTO clock VALUES (77, 'feedback', 20001, 0)",
		"INSERT INTO event VALUES (1, x'00112233445566778899aabbccddeeff', 'resolved', 77, 6, 20000)",
		"INSERT INTO delivery VALUES (1, x'ffeeddccbbaa99887766554433221100', 'mail', 1, 77, 0, 3, 0,"
		" 'later', '')",
		"INSERT INTO plugin VALUES ('mail', 'ready', '1', 19999, 'later')",
		"PRAGMA user_version = 1",
	};
	/* clang-format on */
	const Candor__Delivery *d;
	sqlite3 *lite;

	db_rollback(s.db);
	db_close(s.db);
	unlink("candor.db");
	unlink("candor.db-wal");
	cr_assert(eq(int, sqlite3_open("candor.db", &lite), SQLITE_OK));
	for (size_t i = 0; i < schema_steps[0].n; i++)
		cr_assert(eq(int,
		    sqlite3_exec(lite, schema_steps[0].statement[i], NULL, NULL, NULL), SQLITE_OK));
	for (size_t i = 0; i < NELEM(rows); i++)
		cr_assert(eq(int, sqlite3_exec(lite, rows[i], NULL, NULL, NULL), SQLITE_OK), "%s",
		    sqlite3_errmsg(lite));
	sqlite3_close(lite);
	cr_assert(eq(int, db_open(&s.db), 0));
	cr_assert(eq(u32, db_version(s.db), SCHEMA_VERSION));
	db_begin(s.db);
	s.charter.directory = NULL;
	sign_directory();
	store_plugins_begin(&s);
	d = only("mail");
	cr_assert(eq(u32, d->attempts, 3));
	cr_assert(eq(str, d->event->kind, text("resolved")));
	cr_assert(eq(str, d->event->outcome, text(case_outcome_name((enum case_outcome)2))));
	cr_assert(eq(str, d->event->assignee, text("anna@h.example")));
	settle(d, CANDOR_DELIVERED);
	cr_assert(eq(str, text(pass()), text("due:feedback")));
	commit();
	db_rollback(s.db);
	db_close(s.db);
	s.db = NULL;
	cr_assert(eq(i64, figure("SELECT count(*) FROM delivery WHERE state = 1"), 2));
	cr_assert(eq(i64, figure("SELECT count(*) FROM pragma_foreign_key_check"), 0));
	open_store();
}
