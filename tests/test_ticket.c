/* SPDX-License-Identifier: ISC */
/*
 * The ticket plugin as it is shipped, with the mapping files as they are shipped, against ticket systems on loopback
 * that hold each request against what Atlassian and GitLab document (tests/support/trackers.py). Request Tracker and
 * Redmine themselves are in tests/scenario.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/files.h"
#include "support/plugin.h"
#include "support/server.h"

/* ---- a ticket system, and the plugin with settings for it -------------------------------------- */

/* What differs between them. */
static const struct system {
	const char *tracker, *mapping, *project, *first; /* first: the first ticket's id */
	const char *closed;                              /* how that state reads there */
	const char *owner, *other;                       /* two people, as they are known there */
	const char *given; /* the request that gives a ticket to the first */
	bool basic;
} systems[] = {
	{ "jira", "jira.conf", "CARE", "CARE-1", "Done", "5b10ac8d82e05b22cc7d4ef5", "712020:2",
	    "{\\\"accountId\\\":\\\"5b10ac8d82e05b22cc7d4ef5\\\"}", true },
	{ "jira-server", "jira-server.conf", "CARE", "CARE-1", "Done", "ada", "bob",
	    "{\\\"name\\\":\\\"ada\\\"}", false },
	{ "gitlab", "gitlab.conf", "hospital/care", "1", "closed", "5", "7",
	    "{\\\"assignee_ids\\\":[5]}", false },
};

struct fixture {
	const struct system *sys;
	struct test_server v;
	const struct candor_plugin *p;
	struct test_settings s;
	void *state;
	unsigned seen; /* requests looked at so far */
};

static struct fixture
begin(const struct system *sys, const char *const answers[])
{
	const char *options[24] = { "--tracker", sys->tracker };
	struct fixture f = { .sys = sys };
	char *url = test_alloc(64), *owners = test_alloc(128);
	size_t n = 2;

	for (size_t i = 0; answers != NULL && answers[i] != NULL; i++) {
		options[n++] = "--answer";
		options[n++] = answers[i];
	}
	f.v = test_server_start("httpd.py", options);
	f.p = test_plugin("ticket");
	snprintf(url, 64, "https://localhost:%s/", f.v.port);
	snprintf(
	    owners, 128, "ada@hospital.example=%s,bo@hospital.example=%s", sys->owner, sys->other);
	test_write(test_join(f.v.dir, "token"), "t0ken\n", 6);
	test_set(&f.s, "url", url);
	test_set(&f.s, "mapping_file", test_path(test_join("etc/plugins.d/ticket", sys->mapping)));
	test_set(&f.s, "token_file", test_join(f.v.dir, "token"));
	test_set(&f.s, "ca_file", test_join(f.v.dir, "ca.pem"));
	test_set(&f.s, "project", sys->project);
	test_set(&f.s, "owners", owners);
	test_set(&f.s, "settle_s", "0");
	test_set(&f.s, "timeout_s", "20");
	if (strstr(sys->mapping, "jira") != NULL)
		test_set(&f.s, "issuetype", "Task");
	if (sys->basic)
		test_set(&f.s, "username", "bot@hospital.example");
	f.state = test_open(f.p, &f.s);
	return f;
}

static void
end(struct fixture *f)
{
	f->p->close(f->state);
	test_server_stop(&f->v);
}

/* Another process of the same plugin. */
static void
again(struct fixture *f)
{
	f->p->close(f->state);
	f->state = test_open(f->p, &f->s);
}

#define GIVES(f, e, result)                                                                        \
	cr_assert(eq(int, test_deliver((f).p, (f).state, e), result), "%s: %s", (f).sys->tracker,  \
	    test_answer.error)

/* How many of all requests so far have this in them. */
static unsigned
requests(const struct fixture *f, const char *what)
{
	const char *r;
	unsigned n = 0;

	for (unsigned i = 1; (r = test_server_request(&f->v, i)) != NULL; i++)
		n += strstr(r, what) != NULL;
	return n;
}

static unsigned
made(const struct fixture *f)
{
	return requests(f, "\"method\": \"POST\", \"path\": \"/rest/api/3/issue\"") +
	       requests(f, "\"method\": \"POST\", \"path\": \"/rest/api/2/issue\"") +
	       requests(f,
		   "\"method\": \"POST\", \"path\": \"/api/v4/projects/hospital%2Fcare/issues\"");
}

/* Do what a person does in the ticket system: set an attribute of it. */
static void
person_sets(const struct fixture *f, const char *name, const char *value)
{
	static const char script[] = "import ssl, sys, urllib.request as u\n"
				     "u.urlopen(u.Request(sys.argv[1], b'{\"value\": %s}' % "
				     "sys.argv[2].encode(), method='PUT'),"
				     " context=ssl.create_default_context(cafile=sys.argv[3]))";
	char url[128];

	snprintf(url, sizeof(url), "https://localhost:%s/test/%s", f->v.port, name);
	cr_assert(zero(int, test_spawn((const char *const[]){ "/usr/bin/python3", "-c", script, url,
				value, test_join(f->v.dir, "ca.pem"), NULL })));
}

/* An event that comes after others of the case. */
static struct candor_event
later(const char *key, const char *kind, const char *state)
{
	static char reference[CANDOR_TEXT_MAX];
	struct candor_event e = test_event();

	if (test_answer.reference[0] != '\0')
		memcpy(reference, test_answer.reference, sizeof(reference));
	e.reference = reference;
	e.key = key;
	e.kind = kind;
	e.state = state;
	return e;
}

#define KEY_2 "22222222222222222222222222222222"
#define KEY_3 "33333333333333333333333333333333"
#define KEY_4 "44444444444444444444444444444444"
#define KEY_5 "55555555555555555555555555555555"

/* ---- the life of a case ------------------------------------------------------------------------ */

Test(ticket, one_ticket_follows_the_case, .timeout = 120)
{
	for (size_t i = 0; i < NELEM(systems); i++) {
		struct fixture f = begin(&systems[i], NULL);
		struct candor_event e = test_event();
		char first[600];

		GIVES(f, &e, CANDOR_DELIVERED);
		snprintf(first, sizeof(first), "%s https://localhost:%s/", f.sys->first, f.v.port);
		cr_assert(eq(int, strncmp(test_answer.reference, first, strlen(first)), 0), "%s",
		    test_answer.reference);
		cr_assert(eq(uint, made(&f), 1));

		e = later(KEY_2, "assigned", "acknowledged");
		e.assignee = "ada@hospital.example";
		GIVES(f, &e, CANDOR_DELIVERED);
		cr_assert(eq(uint, requests(&f, f.sys->given), 1));
		e = later(KEY_3, "resolved", "resolved");
		e.assignee = "bo@hospital.example";
		GIVES(f, &e, CANDOR_DELIVERED);
		e = later(KEY_4, "closed", "closed");
		GIVES(f, &e, CANDOR_DELIVERED);
		e = later(KEY_5, "reopened", "reopened");
		GIVES(f, &e, CANDOR_DELIVERED);
		cr_assert(eq(uint, made(&f), 1));
		/* A comment for each but the first, once, with what happened. */
		cr_assert(eq(uint, requests(&f, "Case C-7K3M-9QX2 was reopened."), 1));
		cr_assert(eq(uint, requests(&f, "Candor event " KEY_4), 1));

		/* The same event again: nothing is said twice. */
		e = later(KEY_4, "closed", "closed");
		e.attempts = 1;
		GIVES(f, &e, CANDOR_DELIVERED);
		cr_assert(eq(uint, requests(&f, "Candor event " KEY_4), 1));
		end(&f);
	}
}

Test(ticket, a_silent_plugin_gets_one_ticket_a_day, .timeout = 120)
{
	for (size_t i = 0; i < NELEM(systems); i++) {
		struct fixture f = begin(&systems[i], NULL);
		struct candor_event e = test_event();

		e.kind = "alarm";
		e.number = e.category = e.severity = e.state = e.reference = "";
		e.plugin = "front_desk";
		GIVES(f, &e, CANDOR_DELIVERED);
		cr_assert(eq(uint, made(&f), 1));
		cr_assert(gt(uint,
		    requests(&f, "Candor case alarm-front_desk-2026-11-22: notifications, high"),
		    0));
		cr_assert(
		    gt(uint, requests(&f, "The plugin front_desk delivers nothing any more"), 0));
		GIVES(f, &e, CANDOR_DELIVERED);
		cr_assert(eq(uint, made(&f), 1), "tried again");
		e.key = KEY_2;
		e.on = "2026-11-23";
		GIVES(f, &e, CANDOR_DELIVERED);
		cr_assert(eq(uint, made(&f), 2), "another day");
		end(&f);
	}
}

Test(ticket, a_create_whose_answer_was_lost_makes_no_second_ticket, .timeout = 120)
{
	/* The search, then the create: done, and the connection cut. */
	static const char *const answers[] = { "pass", "late", "pass", NULL };

	for (size_t i = 0; i < NELEM(systems); i++) {
		struct fixture f = begin(&systems[i], answers);
		struct candor_event e = test_event();

		GIVES(f, &e, CANDOR_RETRY);
		cr_assert(eq(uint, made(&f), 1));
		again(&f); /* it crashed, say */
		e.attempts = 1;
		GIVES(f, &e, CANDOR_DELIVERED);
		cr_assert(eq(uint, made(&f), 1), "%s: a second ticket", f.sys->tracker);
		cr_assert(
		    eq(int, strncmp(test_answer.reference, f.sys->first, strlen(f.sys->first)), 0));
		/* What was filed stands in its text: no comment repeats it. */
		cr_assert(eq(uint, requests(&f, "Candor event " TEST_KEY), 1));
		end(&f);
	}
}

Test(ticket, an_event_that_overtook_the_first_makes_the_ticket, .timeout = 60)
{
	struct fixture f = begin(&systems[2], NULL);
	struct candor_event e = test_event();

	e.kind = "resolved";
	e.state = "resolved";
	e.key = KEY_2;
	GIVES(f, &e, CANDOR_DELIVERED);
	cr_assert(eq(uint, requests(&f, "\\\"state_event\\\":\\\"close\\\""), 1));
	/* The first comes late and finds it: it does not open it again. */
	e = test_event();
	GIVES(f, &e, CANDOR_DELIVERED);
	cr_assert(eq(uint, made(&f), 1));
	cr_assert(eq(uint, requests(&f, "state_event"), 1));
	end(&f);
}

Test(ticket, a_young_process_looks_twice_before_it_makes_a_ticket, .timeout = 60)
{
	struct fixture f = begin(&systems[2], NULL);
	struct candor_event e = test_event();

	test_set(&f.s, "settle_s", "1");
	again(&f);
	GIVES(f, &e, CANDOR_DELIVERED);
	cr_assert(eq(uint, requests(&f, "?search="), 2));
	e.number = "C-AAAA-BBBB";
	e.key = KEY_2;
	GIVES(f, &e, CANDOR_DELIVERED);
	cr_assert(eq(uint, requests(&f, "?search="), 3));
	cr_assert(eq(uint, made(&f), 2));
	end(&f);
}

Test(ticket, a_test_event_logs_in_and_makes_nothing, .timeout = 60)
{
	for (size_t i = 0; i < NELEM(systems); i++) {
		struct fixture f = begin(&systems[i], NULL);
		struct candor_event e = test_event();

		e.kind = "test";
		e.number = e.category = e.severity = e.state = "";
		GIVES(f, &e, CANDOR_DELIVERED);
		HAS(test_answer.reference, " lets us in: ");
		cr_assert(eq(uint, made(&f), 0));
		test_write(test_join(f.v.dir, "token"), "canary\n", 7);
		again(&f);
		GIVES(f, &e, CANDOR_RETRY);
		HAS(test_answer.error, "does not allow login with what token_file holds (401)");
		HAS_NOT(test_answer.error, "canary");
		end(&f);
	}
}

Test(ticket, a_digest_is_each_of_its_events, .timeout = 60)
{
	struct fixture f = begin(&systems[0], NULL);
	struct candor_event e = test_event(),
			    items[3] = { test_event(), test_event(), test_event() };

	for (size_t i = 0; i < NELEM(items); i++)
		items[i].key = "";
	items[1].number = "C-AAAA-BBBB";
	items[2].kind = "resolved";
	items[2].state = "resolved";
	e.kind = "digest";
	e.number = e.category = e.severity = e.state = "";
	e.activity = "yes";
	e.items = items;
	e.n_items = NELEM(items);
	GIVES(f, &e, CANDOR_DELIVERED);
	cr_assert(eq(str, test_answer.reference, ""));
	cr_assert(eq(uint, made(&f), 2));
	cr_assert(eq(uint, requests(&f, "Candor event " TEST_KEY "-2"), 1));
	e.attempts = 1;
	GIVES(f, &e, CANDOR_DELIVERED);
	cr_assert(eq(uint, made(&f), 2));
	cr_assert(eq(uint, requests(&f, "Candor event " TEST_KEY "-2"), 1));
	e.n_items = 0;
	e.activity = "no";
	GIVES(f, &e, CANDOR_DELIVERED);
	cr_assert(eq(uint, made(&f), 2));
	end(&f);
}

/* ---- what people and servers do ---------------------------------------------------------------- */

Test(ticket, a_change_that_did_not_take_is_refused, .timeout = 120)
{
	for (size_t i = 0; i < NELEM(systems); i++) {
		struct fixture f = begin(&systems[i], NULL);
		struct candor_event e = test_event();
		char words[128];

		GIVES(f, &e, CANDOR_DELIVERED);
		person_sets(&f, "stuck", "true");
		e = later(KEY_2, "resolved", "resolved");
		GIVES(f, &e, CANDOR_REFUSED);
		snprintf(words, sizeof(words), "left the status of ticket %s at \"", f.sys->first);
		HAS(test_answer.error, words);
		snprintf(words, sizeof(words), "not \"%s\"", f.sys->closed);
		HAS(test_answer.error, words);
		/* The comment went through, and the ticket is known. */
		cr_assert(eq(uint, requests(&f, "Candor event " KEY_2), 1));
		HAS(test_answer.reference, f.sys->first);
		person_sets(&f, "stuck", "false");
		GIVES(f, &e, CANDOR_DELIVERED);
		cr_assert(eq(uint, requests(&f, "Candor event " KEY_2), 1));
		end(&f);
	}
}

Test(ticket, a_status_that_the_workflow_does_not_lead_to_is_told, .timeout = 60)
{
	struct fixture f = begin(&systems[0], NULL);
	struct candor_event e = test_event();

	GIVES(f, &e, CANDOR_DELIVERED);
	person_sets(&f, "transitions", "{\"To Do\": [], \"In Progress\": [], \"Done\": []}");
	e = later(KEY_2, "resolved", "resolved");
	GIVES(f, &e, CANDOR_REFUSED);
	HAS(test_answer.error,
	    "left the status of ticket CARE-1 at \"To Do\", not \"Done\": nothing that it "
	    "offers leads there");
	end(&f);
}

Test(ticket, a_deleted_ticket_is_told_and_no_other_made, .timeout = 120)
{
	for (size_t i = 0; i < NELEM(systems); i++) {
		struct fixture f = begin(&systems[i], NULL);
		struct candor_event e = test_event();

		GIVES(f, &e, CANDOR_DELIVERED);
		person_sets(&f, "tickets", "[]");
		e = later(KEY_2, "resolved", "resolved");
		GIVES(f, &e, CANDOR_REFUSED);
		HAS(test_answer.error, "is not there any more");
		cr_assert(eq(uint, made(&f), 1));
		end(&f);
	}
}

Test(ticket, a_ticket_that_was_moved_is_followed, .timeout = 60)
{
	struct fixture f = begin(&systems[0], NULL);
	struct candor_event e = test_event();

	GIVES(f, &e, CANDOR_DELIVERED);
	person_sets(&f, "tickets",
	    "[{\"n\": 1, \"key\": \"LAW-9\", \"earlier\": \"CARE-1\", \"labels\": [], \"status\": "
	    "\"To Do\","
	    " \"owner\": null, \"comments\": []}]");
	e = later(KEY_2, "resolved", "resolved");
	GIVES(f, &e, CANDOR_DELIVERED);
	cr_assert(
	    eq(int, strncmp(test_answer.reference, "LAW-9 ", 6), 0), "%s", test_answer.reference);
	cr_assert(eq(uint, requests(&f, "/issue/LAW-9/comment"), 2));
	end(&f);
}

Test(ticket, a_reference_to_another_system_is_not_believed, .timeout = 60)
{
	static const char *const others[] = { "5 https://old.hospital.example/browse/5", "x",
		"../../x y", "CARE-1", "1 https://localhost/" };
	struct fixture f = begin(&systems[0], NULL);
	struct candor_event e = test_event();

	for (size_t i = 0; i < NELEM(others); i++) {
		e.reference = others[i];
		GIVES(f, &e, CANDOR_DELIVERED);
		cr_assert(
		    eq(int, strncmp(test_answer.reference, "CARE-1 https://localhost:", 25), 0));
	}
	cr_assert(eq(uint, made(&f), 1));
	end(&f);
}

Test(ticket, who_is_not_known_there_stays_unnamed, .timeout = 60)
{
	struct fixture f = begin(&systems[0], NULL);
	struct candor_event e = test_event();

	e.assignee = "carol@hospital.example";
	GIVES(f, &e, CANDOR_DELIVERED);
	cr_assert(eq(uint, requests(&f, "/assignee\""), 0));
	end(&f);
	/* Where people are known by name, the part before the @ is it. */
	f = begin(&systems[1], NULL);
	GIVES(f, &e, CANDOR_DELIVERED);
	cr_assert(eq(uint, requests(&f, "{\\\"name\\\":\\\"carol\\\"}"), 1));
	end(&f);
}

Test(ticket, refusals_and_faults_have_their_fates, .timeout = 120)
{
	static const struct {
		const char *answer;
		enum candor_result result;
	} fates[] = { { "500", CANDOR_RETRY }, { "503:Retry-After=77", CANDOR_RETRY },
		{ "429", CANDOR_RETRY }, { "401", CANDOR_RETRY }, { "403", CANDOR_RETRY },
		{ "200", CANDOR_RETRY /* not JSON */ }, { "drop", CANDOR_RETRY },
		{ "garbage", CANDOR_RETRY }, { "hang", CANDOR_RETRY }, { "slow", CANDOR_RETRY },
		{ "huge", CANDOR_RETRY }, { "400", CANDOR_REFUSED }, { "422", CANDOR_REFUSED },
		{ "302:Location=/", CANDOR_REFUSED } };

	/* At each step of a create: search, create, read. */
	for (size_t i = 0; i < NELEM(fates); i++) {
		const char *answers[] = { "pass", "pass", "pass", "pass", NULL };
		struct fixture f;
		struct candor_event e = test_event();

		answers[i % 3] = fates[i].answer;
		f = begin(&systems[2], answers);
		test_set(&f.s, "timeout_s", "2");
		again(&f);
		GIVES(f, &e, fates[i].result);
		cr_assert(ne(str, test_answer.error, ""));
		if (i == 1)
			cr_assert(eq(u32, test_answer.retry_after_s, 77));
		e.attempts = 1;
		GIVES(f, &e, CANDOR_DELIVERED);
		cr_assert(le(uint, made(&f), 2));
		cr_assert(
		    eq(int, strncmp(test_answer.reference, "1 ", 2), 0), "%s", fates[i].answer);
		end(&f);
	}
}

Test(ticket, an_answer_that_makes_no_sense_is_tried_again_and_leads_nowhere, .timeout = 120)
{
	static const char *const answers[] = {
		"say:", "say:null", "say:[]", "say:{}", "say:7", "say:{\"issues\"",
		"say:{\"issues\":{}}",
		"say:{\"issues\":[{\"fields\":{\"labels\":[\"candor-C-7K3M-9QX2\"]}}]}",
		"say:{\"issues\":[{\"key\":\"../../"
		"admin\",\"fields\":{\"labels\":[\"candor-C-7K3M-9QX2\"]}}]}",
		"say:{\"issues\":[{\"key\":[],\"fields\":{\"labels\":[\"candor-C-7K3M-9QX2\"]}}]}"
	};
	struct candor_event e = test_event();
	char *deep = test_alloc(60000);

	for (size_t i = 0; i < NELEM(answers); i++) {
		struct fixture f =
		    begin(&systems[0], (const char *const[]){ answers[i], "400", NULL });

		GIVES(f, &e, CANDOR_RETRY);
		cr_assert(eq(ptr, (void *)(uintptr_t)test_server_request(&f.v, 2), NULL), "%s",
		    answers[i]);
		end(&f);
	}
	/* Nested deeper than any parser should go. */
	memset(deep, '[', 59999);
	memcpy(deep, "say:", 4);
	deep[59999] = '\0';
	struct fixture f = begin(&systems[0], (const char *const[]){ deep, "400", NULL });

	GIVES(f, &e, CANDOR_RETRY);
	end(&f);
}

Test(ticket, no_value_breaks_out_of_its_place, .timeout = 60)
{
	static const char *const evil[] = { "x\r\nX-Evil: 1", "x\ny", "\x7f" };
	struct fixture f = begin(&systems[0], NULL);
	struct candor_event e;

	for (size_t i = 0; i < NELEM(evil); i++) {
		for (size_t k = 0; k < n_test_event_fields; k++) {
			e = test_event();
			memcpy((char *)&e + test_event_fields[k], &evil[i], sizeof(evil[i]));
			GIVES(f, &e, CANDOR_REFUSED);
		}
	}
	cr_assert(eq(ptr, (void *)(uintptr_t)test_server_request(&f.v, 1), NULL));
	/* In JSON and in the query language a number is letters, digits and dashes. */
	e = test_event();
	e.number = "C\" OR labels = \"x";
	GIVES(f, &e, CANDOR_REFUSED);
	e = test_event();
	e.category = "a\",\"labels\":[\"x\"],\"b\":\"\\";
	GIVES(f, &e, CANDOR_DELIVERED);
	end(&f);
}

Test(ticket, a_server_that_is_away_is_tried_again, .timeout = 60)
{
	struct fixture f = begin(&systems[0], NULL);
	struct candor_event e = test_event();

	test_server_stop(&f.v);
	GIVES(f, &e, CANDOR_RETRY);
	HAS(test_answer.error, "onnect");
	f.p->close(f.state);
}

Test(ticket, a_wrong_certificate_gets_nothing, .timeout = 60)
{
	static const char *const faults[] = { "ca", "name", "expired" };

	for (size_t i = 0; i < NELEM(faults); i++) {
		const char *const options[] = { "--tracker", "jira", "--wrong-certificate",
			faults[i], NULL };
		struct fixture f = begin(&systems[0], NULL);
		struct candor_event e = test_event();
		struct test_server good = f.v;
		char url[64];

		f.v = test_server_start("httpd.py", options);
		snprintf(url, sizeof(url), "https://localhost:%s/", f.v.port);
		test_set(&f.s, "url", url);
		test_set(&f.s, "ca_file", test_join(f.v.dir, "ca.pem"));
		again(&f);
		GIVES(f, &e, CANDOR_RETRY);
		HAS(test_answer.error, "certificate");
		cr_assert(eq(ptr, (void *)(uintptr_t)test_server_request(&f.v, 1), NULL));
		end(&f);
		test_server_stop(&good);
	}
}

Test(ticket, a_server_whose_certificate_does_not_fit_learns_no_token, .timeout = 60)
{
	struct fixture f = begin(&systems[0], NULL);
	struct candor_event e = test_event();

	test_set(&f.s, "ca_file", NULL);
	again(&f);
	GIVES(f, &e, CANDOR_RETRY);
	HAS(test_answer.error, "is not one that a known CA signed");
	cr_assert(eq(ptr, (void *)(uintptr_t)test_server_request(&f.v, 1), NULL));
	end(&f);
}

/* ---- settings and mapping files ----------------------------------------------------------------- */

Test(ticket, settings_that_cannot_work_are_named)
{
	static const struct {
		const char *name, *value, *why;
	} bad[] = {
		{ "url", NULL, "url must be given" },
		{ "url", "http://jira.hospital.example", "allowed only to localhost" },
		{ "url", "https://jira.hospital.example/?a=b", "without" },
		{ "mapping_file", "/nonexistent/x.conf",
		    "mapping_file: /nonexistent/x.conf: No such file" },
		{ "token_file", NULL, "token_file must be given" },
		{ "project", NULL, "project must be given: " },
		{ "project", "", "project is empty" },
		{ "owners", "ada", "owners must be a list" },
		{ "owners", "ada@x=", "owners must be a list" },
		{ "owners", "a@x=1,b", "owners must be a list" },
		{ "timeout_s", "x", "1 to 600" },
		{ "settle_s", "61", "0 to 60" },
		{ "colour", "red",
		    "unknown setting colour; allowed are url, mapping_file, token_file" },
		{ "queue", "x", "settle_s, project, issuetype" },
	};
	const struct candor_plugin *p = test_plugin("ticket");

	for (size_t i = 0; i < NELEM(bad); i++) {
		struct test_settings s = { .n = 0 };
		char why[1024] = "";

		test_set(&s, "url", "https://jira.hospital.example");
		test_set(&s, "mapping_file", test_path("etc/plugins.d/ticket/jira.conf"));
		test_set(&s, "token_file", "/nonexistent/token");
		test_set(&s, "project", "CARE");
		test_set(&s, "issuetype", "Task");
		cr_assert(zero(int, p->check(s.kv, s.n, why, sizeof(why))), "%s", why);
		test_set(&s, bad[i].name, bad[i].value);
		cr_assert(eq(int, p->check(s.kv, s.n, why, sizeof(why)), -1), "%s", bad[i].name);
		HAS(why, bad[i].why);
	}
}

Test(ticket, faults_of_a_mapping_are_named_by_file_and_line)
{
	/* One line of rt5.conf, as it could be miswritten. */
	static const struct {
		const char *from, *to, *why;
	} bad[] = {
		{ "system = \"Request Tracker\";", "system = Request;", ":11: syntax error" },
		{ "system = \"Request Tracker\";", "", "system is missing" },
		{ "system = \"Request Tracker\";", "system = 5;", ":11: system must be a text" },
		{ "system =", "systems =",
		    ":11: systems is unknown; allowed are system, link, parameters" },
		{ "\"queue\", ", "\"number\", ", ":12: parameters has \"number\"" },
		{ "\"queue\", ", "\"Queue\", ", ":12: parameters has \"Queue\"" },
		{ "\"queue\", ", "\"token_file\", ", ":12: parameters has \"token_file\"" },
		{ "headers = [\"Authorization: token %{token}\"];", "headers = [];",
		    ":13: headers must be" },
		{ "Authorization: token %{token}", "Authorization",
		    ":13: headers has \"Authorization\"" },
		{ "Authorization: token %{token}", "A: %{text}",
		    ":13: headers has the unknown placeholder %{text}" },
		{ "/Ticket/Display.html?id=%{id}", "/%{token}",
		    ":14: link has the unknown placeholder %{token}" },
		{ "\"/message\", \"\"", "\"message\"", ":16: sentences has \"message\"" },
		{ "login = {", "login_ = {", "login_ is unknown" },
		{ "/REST/2.0/queue/%{queue}", "REST/2.0/queue", "login.path must begin with a /" },
		{ "/REST/2.0/queue/%{queue}", "/%{id}", "path has the unknown placeholder %{id}" },
		{ "/REST/2.0/queue/%{queue}", "/%{queue",
		    "path has the unknown placeholder %{queue" },
		{ "items = \"/items\"; where = \"/Subject\";", "where = \"/Subject\";",
		    "find lacks items" },
		{ "has = \"Candor case %{number}:\";", "", "find.where needs one of is and has" },
		{ "id = \"/id\"; status = \"/Status\"", "id = \"id\"; status = \"/Status\"",
		    "must be a JSON pointer" },
		{ "status = \"/Status\"; owner = \"/Owner/id\";", "owner = \"/Owner/id\";",
		    "read lacks status" },
		{ "body = { Status = \"%{status}\"; };", "body = \"x\";", "body must be a group" },
		{ "body = { Status = \"%{status}\"; };", "body = { Status = \"%{owner}\"; };",
		    "Status has the unknown placeholder %{owner}" },
		{ "method = \"PUT\"; path = \"/REST/2.0/ticket/%{id}\"; body = { Status",
		    "method = \"DELETE\"; path = \"/REST/2.0/ticket/%{id}\"; body = { Status",
		    "status.method must be GET, POST, PUT or PATCH" },
		{ "owners = \"by-name\";", "owners = \"all\";", "owners must be \"by-name\"" },
		{ "\ttriaged = \"open\";\n", "", "statuses lacks triaged" },
		{ "\ttriaged = \"open\";\n", "\ttriaged = \"open\"; done = \"x\";\n",
		    "statuses.done is no state" },
		{ "\ttriaged = \"open\";\n", "\ttriaged = { reads = \"x\"; };\n",
		    "statuses.triaged must be a text, or" },
	};
	const struct candor_plugin *p = test_plugin("ticket");
	const char *dir = test_mkdir(), *file = test_join(dir, "x.conf");
	const char *good = (const char *)test_read(test_path("etc/plugins.d/ticket/rt5.conf")).p;

	for (size_t i = 0; i < NELEM(bad); i++) {
		const char *at = strstr(good, bad[i].from);
		struct test_settings s = { .n = 0 };
		char text[16384], why[1024] = "";

		cr_assert(ne(ptr, (void *)(uintptr_t)at, NULL), "%s", bad[i].from);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good, bad[i].to,
		    at + strlen(bad[i].from));
		test_write(file, text, strlen(text));
		test_set(&s, "url", "https://rt.hospital.example");
		test_set(&s, "mapping_file", file);
		test_set(&s, "token_file", "/nonexistent/token");
		test_set(&s, "queue", "General");
		cr_assert(eq(int, p->check(s.kv, s.n, why, sizeof(why)), -1), "%s", bad[i].to);
		HAS(why, "mapping_file: ");
		HAS(why, "x.conf:");
		HAS(why, bad[i].why);
	}
	test_rmdir(dir);
}
