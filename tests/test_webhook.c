/* SPDX-License-Identifier: ISC */
/*
 * The webhook plugin as it is shipped, loaded like the host loads it, against an HTTPS server with a CA of its own
 * on loopback (tests/support/httpd.py), which verifies the signatures with code of its own.
 */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <jansson.h>

#include "support/files.h"
#include "support/plugin.h"
#include "support/server.h"

#define SECRET_1 "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define SECRET_2 "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

/* ---- a server, and the plugin with settings for it ------------------------------------------- */

static struct test_settings
settings_for(const struct test_server *v, const char *scheme)
{
	struct test_settings s = { .n = 0 };
	char *url = test_alloc(64);

	snprintf(url, 64, "%s://localhost:%s/hook?a=1", scheme, v->port);
	test_write(test_join(v->dir, "secret"), SECRET_1 "\n", sizeof(SECRET_1));
	test_set(&s, "url", url);
	test_set(&s, "secret_file", test_join(v->dir, "secret"));
	test_set(&s, "ca_file", test_join(v->dir, "ca.pem"));
	test_set(&s, "timeout_s", "20");
	return s;
}

/* One event through a server with these options. */
static enum candor_result
once(const char *const options[], const struct candor_event *e)
{
	struct test_server v = test_server_start("httpd.py", options);
	const struct candor_plugin *p = test_plugin("webhook");
	struct test_settings s = settings_for(&v, "https");
	void *state = test_open(p, &s);
	enum candor_result r = test_deliver(p, state, e);

	p->close(state);
	test_server_stop(&v);
	return r;
}

static enum candor_result
answered(const char *answer)
{
	struct candor_event e = test_event();

	return once((const char *const[]){ "--answer", answer, NULL }, &e);
}

static void
keep(void *p)
{
	(void)p;
}

/* For the life of the test, as all that tests read. */
static json_t *
body_of(const char *request)
{
	json_t *whole, *body;

	json_set_alloc_funcs(test_alloc, keep);
	whole = json_loads(request, 0, NULL);
	cr_assert(ne(ptr, whole, NULL));
	body = json_loads(json_string_value(json_object_get(whole, "body")), 0, NULL);
	cr_assert(ne(ptr, body, NULL), "no JSON: %s", request);
	return body;
}

static const char *
text_of(json_t *j, const char *name)
{
	const char *s = json_string_value(json_object_get(j, name));

	return s != NULL ? s : "(none)";
}

/* ---- delivery --------------------------------------------------------------------------------- */

Test(webhook, an_event_arrives_over_tls_signed, .timeout = 60)
{
	struct test_server v =
	    test_server_start("httpd.py", (const char *const[]){ "--secret", SECRET_1, NULL });
	const struct candor_plugin *p = test_plugin("webhook");
	struct test_settings s = settings_for(&v, "https");
	void *state = test_open(p, &s);
	struct candor_event e = test_event();
	const char *r, *first;
	json_t *data;

	e.assignee = "ada@hospital.example";
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	cr_assert(eq(str, test_answer.error, ""));
	first = r = test_server_request(&v, 1);
	HAS(r, "\"method\": \"POST\", \"path\": \"/hook?a=1\"");
	HAS(r, "[\"webhook-id\", \"" TEST_KEY "\"]");
	HAS(r, "[\"Content-Type\", \"application/json\"]");
	HAS(r, "\"signed\": [0], \"fresh\": true");
	cr_assert(eq(str, (char *)text_of(body_of(r), "type"), "case.filed"));
	cr_assert(eq(str, (char *)text_of(body_of(r), "timestamp"), "2026-11-22T00:00:00Z"));
	data = json_object_get(body_of(r), "data");
	cr_assert(eq(str, (char *)text_of(data, "number"), "C-7K3M-9QX2"));
	cr_assert(eq(str, (char *)text_of(data, "severity"), "high"));
	cr_assert(eq(str, (char *)text_of(data, "acknowledge_by"), "2026-11-29"));
	cr_assert(eq(str, (char *)text_of(data, "assignee"), "ada@hospital.example"));
	/* What is empty is not there; addresses of readers and the key are not for the body. */
	cr_assert(eq(ptr, json_object_get(data, "site"), NULL));
	cr_assert(eq(ptr, json_object_get(data, "key"), NULL));
	HAS_NOT(r, "bo@hospital.example");

	/* Again: the same bytes under the same id. */
	e.attempts = 1;
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	HAS(test_server_request(&v, 2), "[\"webhook-id\", \"" TEST_KEY "\"]");
	HAS(test_server_request(&v, 2), "\"signed\": [0]");
	cr_assert(json_equal(body_of(first), body_of(test_server_request(&v, 2))));
	p->close(state);
	test_server_stop(&v);
}

Test(webhook, while_a_secret_changes_both_sign, .timeout = 60)
{
	struct test_server v = test_server_start(
	    "httpd.py", (const char *const[]){ "--secret", SECRET_1, "--secret", SECRET_2, NULL });
	const struct candor_plugin *p = test_plugin("webhook");
	struct test_settings s = settings_for(&v, "https");
	struct candor_event e = test_event();
	void *state = test_open(p, &s);

	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED));
	HAS(test_server_request(&v, 1), "\"signed\": [0]");
	p->close(state);
	test_write(
	    test_join(v.dir, "secret"), SECRET_2 "\n\n" SECRET_1 "\r\n", 2 * sizeof(SECRET_1) + 2);
	state = test_open(p, &s);
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED));
	HAS(test_server_request(&v, 2), "\"signed\": [0, 1]");
	p->close(state);
	test_server_stop(&v);
}

Test(webhook, a_digest_carries_its_events_and_a_test_none, .timeout = 60)
{
	struct test_server v =
	    test_server_start("httpd.py", (const char *const[]){ "--secret", SECRET_1, NULL });
	const struct candor_plugin *p = test_plugin("webhook");
	struct test_settings s = settings_for(&v, "https");
	void *state = test_open(p, &s);
	struct candor_event e = test_event(), items[2] = { test_event(), test_event() };
	json_t *data, *list;

	items[0].key = items[1].key = "";
	items[1].number = "C-AAAA-BBBB";
	items[1].kind = "closed";
	e.kind = "digest";
	e.number = e.category = e.severity = e.state = e.acknowledge_by = "";
	e.activity = "yes";
	e.items = items;
	e.n_items = 2;
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	HAS(test_server_request(&v, 1), "\"signed\": [0]");
	cr_assert(eq(str, (char *)text_of(body_of(test_server_request(&v, 1)), "type"), "digest"));
	data = json_object_get(body_of(test_server_request(&v, 1)), "data");
	list = json_object_get(data, "items");
	cr_assert(eq(sz, json_array_size(list), 2));
	cr_assert(eq(str, (char *)text_of(json_array_get(list, 1), "number"), "C-AAAA-BBBB"));
	cr_assert(eq(str, (char *)text_of(json_array_get(list, 1), "kind"), "closed"));

	e.n_items = 0;
	e.kind = "alarm";
	e.activity = "";
	e.plugin = "email";
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	cr_assert(eq(str, (char *)text_of(body_of(test_server_request(&v, 2)), "type"), "alarm"));
	data = json_object_get(body_of(test_server_request(&v, 2)), "data");
	cr_assert(eq(str, (char *)text_of(data, "plugin"), "email"));
	e.kind = "test";
	e.plugin = "";
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	cr_assert(eq(str, (char *)text_of(body_of(test_server_request(&v, 3)), "type"), "test"));
	p->close(state);
	test_server_stop(&v);
}

Test(webhook, in_the_clear_only_to_this_machine, .timeout = 60)
{
	struct test_server v =
	    test_server_start("httpd.py", (const char *const[]){ "--clear", NULL });
	const struct candor_plugin *p = test_plugin("webhook");
	struct test_settings s = settings_for(&v, "http");
	struct candor_event e = test_event();
	char why[512];
	void *state;

	test_set(&s, "ca_file", NULL);
	state = test_open(p, &s);
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	p->close(state);
	test_set(&s, "url", "http://hooks.hospital.example/");
	cr_assert(eq(int, p->check(s.kv, s.n, why, sizeof(why)), -1));
	HAS(why, "http:// is allowed only to localhost");
	test_server_stop(&v);
}

/* ---- what a server answers --------------------------------------------------------------------- */

Test(webhook, each_status_has_its_fate, .timeout = 120)
{
	static const struct {
		const char *answer;
		enum candor_result result;
	} fates[] = { { "200", CANDOR_DELIVERED }, { "202", CANDOR_DELIVERED },
		{ "204", CANDOR_DELIVERED }, { "301:Location=/", CANDOR_REFUSED },
		{ "307:Location=/", CANDOR_REFUSED }, { "400", CANDOR_REFUSED },
		{ "401", CANDOR_REFUSED }, { "404", CANDOR_REFUSED }, { "410", CANDOR_REFUSED },
		{ "422", CANDOR_REFUSED }, { "408", CANDOR_RETRY }, { "409", CANDOR_RETRY },
		{ "425", CANDOR_RETRY }, { "429", CANDOR_RETRY }, { "500", CANDOR_RETRY },
		{ "502", CANDOR_RETRY }, { "503", CANDOR_RETRY }, { "599", CANDOR_RETRY } };
	const struct candor_plugin *p = test_plugin("webhook");
	struct candor_event e = test_event();
	struct test_settings s;
	struct test_server v;
	void *state;

	_Static_assert(NELEM(fates) % 9 == 0, "nine for each server");
	for (size_t first = 0; first < NELEM(fates); first += 9) {
		const char *some[19] = { NULL };

		for (size_t i = 0; i < 9; i++) {
			some[2 * i] = "--answer";
			some[2 * i + 1] = fates[first + i].answer;
		}
		v = test_server_start("httpd.py", some);
		s = settings_for(&v, "https");
		state = test_open(p, &s);
		for (size_t i = first; i < first + 9; i++) {
			cr_assert(eq(int, test_deliver(p, state, &e), fates[i].result), "%s: %s",
			    fates[i].answer, test_answer.error);
			if (fates[i].result == CANDOR_DELIVERED)
				continue;
			HAS(test_answer.error,
			    fates[i].answer[0] == '3' ? "to ask elsewhere" : fates[i].answer);
			HAS(test_answer.error, "the server's own words");
			/* A path can be a secret. */
			HAS_NOT(test_answer.error, "/hook");
		}
		/* A redirection was not followed. */
		cr_assert(ne(ptr, (void *)(uintptr_t)test_server_request(&v, 9), NULL));
		cr_assert(eq(ptr, (void *)(uintptr_t)test_server_request(&v, 10), NULL));
		p->close(state);
		test_server_stop(&v);
	}
}

Test(webhook, retry_after_is_heeded_as_seconds_and_as_a_date, .timeout = 60)
{
	cr_assert(eq(int, answered("503:Retry-After=120"), CANDOR_RETRY));
	cr_assert(eq(u32, test_answer.retry_after_s, 120));
	cr_assert(eq(int, answered("429:Retry-After=+3600"), CANDOR_RETRY));
	cr_assert(ge(u32, test_answer.retry_after_s, 3000));
	cr_assert(le(u32, test_answer.retry_after_s, 3600));
	cr_assert(eq(int, answered("503:Retry-After=soon"), CANDOR_RETRY));
	cr_assert(eq(u32, test_answer.retry_after_s, 0));
	cr_assert(eq(int, answered("503:Retry-After=99999999999"), CANDOR_RETRY));
	cr_assert(le(u32, test_answer.retry_after_s, 7 * 86400));
}

/* ---- faults ----------------------------------------------------------------------------------- */

Test(webhook, a_certificate_that_does_not_fit_gets_nothing, .timeout = 60)
{
	static const char *const faults[] = { "ca", "name", "expired" };

	for (size_t i = 0; i < NELEM(faults); i++) {
		struct test_server v = test_server_start(
		    "httpd.py", (const char *const[]){ "--wrong-certificate", faults[i], NULL });
		const struct candor_plugin *p = test_plugin("webhook");
		struct test_settings s = settings_for(&v, "https");
		struct candor_event e = test_event();
		void *state = test_open(p, &s);

		cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_RETRY), "%s", faults[i]);
		HAS(test_answer.error, "is not one that a known CA signed");
		cr_assert(eq(ptr, (void *)(uintptr_t)test_server_request(&v, 1), NULL));
		p->close(state);
		test_server_stop(&v);
	}
}

Test(webhook, the_systems_cas_do_not_vouch_for_a_private_one, .timeout = 60)
{
	struct test_server v = test_server_start("httpd.py", NULL);
	const struct candor_plugin *p = test_plugin("webhook");
	struct test_settings s = settings_for(&v, "https");
	struct candor_event e = test_event();
	void *state;

	test_set(&s, "ca_file", NULL);
	state = test_open(p, &s);
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_RETRY));
	HAS(test_answer.error, "ca_file");
	cr_assert(eq(ptr, (void *)(uintptr_t)test_server_request(&v, 1), NULL));
	p->close(state);
	test_server_stop(&v);
}

Test(webhook, a_server_that_is_away_is_tried_again, .timeout = 60)
{
	struct test_server v = test_server_start("httpd.py", NULL);
	const struct candor_plugin *p = test_plugin("webhook");
	struct test_settings s = settings_for(&v, "https");
	struct candor_event e = test_event();
	void *state = test_open(p, &s);

	test_server_stop(&v);
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_RETRY));
	HAS(test_answer.error, "onnect");
	p->close(state);
}

Test(webhook, a_server_that_misbehaves_is_tried_again_and_holds_nobody_up, .timeout = 60)
{
	static const char *const faults[] = { "drop", "garbage", "hang", "slow" };

	for (size_t i = 0; i < NELEM(faults); i++) {
		struct test_server v = test_server_start("httpd.py",
		    (const char *const[]){ "--answer", faults[i], "--answer", "200", NULL });
		const struct candor_plugin *p = test_plugin("webhook");
		struct test_settings s = settings_for(&v, "https");
		struct candor_event e = test_event();
		void *state;

		test_set(&s, "timeout_s", "2");
		state = test_open(p, &s);
		cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_RETRY), "%s", faults[i]);
		cr_assert(ne(str, test_answer.error, ""), "%s", faults[i]);
		cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s: %s",
		    faults[i], test_answer.error);
		/* Once each: libcurl sends nothing again of itself. */
		cr_assert(eq(ptr, (void *)(uintptr_t)test_server_request(&v, 3), NULL));
		p->close(state);
		test_server_stop(&v);
	}
}

Test(webhook, of_an_answer_that_never_ends_the_status_counts, .timeout = 60)
{
	cr_assert(eq(int, answered("huge"), CANDOR_DELIVERED), "%s", test_answer.error);
}

/* ---- what must not get out -------------------------------------------------------------------- */

Test(webhook, no_value_breaks_out_of_its_place, .timeout = 60)
{
	static const char *const evil[] = { "x\r\nX-Evil: 1", "x\nwebhook-signature: v1,x", "\rx",
		"\x1b[2J", "\x7f" };
	static const char quoted[] = "a\"b\\c</script>\xc3\xa4\",\"number\":\"C-0\"";
	struct test_server v =
	    test_server_start("httpd.py", (const char *const[]){ "--secret", SECRET_1, NULL });
	const struct candor_plugin *p = test_plugin("webhook");
	struct test_settings s = settings_for(&v, "https");
	void *state = test_open(p, &s);
	struct candor_event e = test_event();
	json_t *data;

	for (size_t i = 0; i < NELEM(evil); i++) {
		for (size_t f = 0; f < n_test_event_fields; f++) {
			e = test_event();
			memcpy((char *)&e + test_event_fields[f], &evil[i], sizeof(evil[i]));
			cr_assert(
			    eq(int, test_deliver(p, state, &e), CANDOR_REFUSED), "%zu %zu", i, f);
		}
	}
	e = test_event();
	e.key = "0123456789abcdef";
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_REFUSED));
	e = test_event();
	e.number = "C-1.2";
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_REFUSED));
	cr_assert(eq(ptr, (void *)(uintptr_t)test_server_request(&v, 1), NULL));

	/* Printable, but with a meaning in JSON. */
	e = test_event();
	e.category = e.site = e.kind = quoted;
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	data = json_object_get(body_of(test_server_request(&v, 1)), "data");
	cr_assert(eq(str, (char *)text_of(data, "category"), (char *)quoted));
	cr_assert(eq(str, (char *)text_of(data, "site"), (char *)quoted));
	cr_assert(eq(str, (char *)text_of(data, "number"), "C-7K3M-9QX2"));
	p->close(state);
	test_server_stop(&v);
}

Test(webhook, an_event_of_an_older_host_is_read_as_far_as_it_goes, .timeout = 60)
{
	struct test_server v = test_server_start("httpd.py", NULL);
	const struct candor_plugin *p = test_plugin("webhook");
	struct test_settings s = settings_for(&v, "https");
	void *state = test_open(p, &s);
	struct candor_event e = test_event();

	e.size = offsetof(struct candor_event, assignee);
	e.assignee = e.outcome = e.clock = e.due = e.activity = (const char *)(uintptr_t)1;
	e.items = (const struct candor_event *)(uintptr_t)1;
	e.n_items = 7;
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	HAS(test_server_request(&v, 1), "C-7K3M-9QX2");
	p->close(state);
	test_server_stop(&v);
}

Test(webhook, settings_that_cannot_work_are_named)
{
	static const struct {
		const char *name, *value, *why;
	} bad[] = {
		{ "url", NULL, "url must be given" },
		{ "url", "", "must be a URL" },
		{ "url", "hooks.hospital.example/x", "url = " },
		{ "url", "ftp://hospital.example/", "https://" },
		{ "url", "http://127.0.0.1.evil.example/", "allowed only to localhost" },
		{ "url", "http://localhost.evil.example/", "allowed only to localhost" },
		{ "url", "https://user:pw@hospital.example/", "must be a URL" },
		{ "url", "http://localhost@hospital.example/", "must be a URL" },
		{ "url", "https://hospital.example/#x", "must be a URL" },
		{ "url", "https://hospital.example/a b", "must be a URL" },
		{ "url", "https://hospital.example/\r\nX-Evil: 1", "must be a URL" },
		{ "secret_file", NULL, "secret_file must be given" },
		{ "timeout_s", "0", "1 to 600" },
		{ "timeout_s", "601", "1 to 600" },
		{ "timeout_s", "1s", "1 to 600" },
		{ "follow", "true", "unknown setting follow; allowed are url, secret_file" },
	};
	const struct candor_plugin *p = test_plugin("webhook");

	for (size_t i = 0; i < NELEM(bad); i++) {
		struct test_settings s = { .n = 0 };
		char why[512] = "";
		void *state = NULL;

		test_set(&s, "url", "https://hooks.hospital.example/candor");
		test_set(&s, "secret_file", "/nonexistent/secret");
		cr_assert(zero(int, p->check(s.kv, s.n, why, sizeof(why))), "%s", why);
		test_set(&s, bad[i].name, bad[i].value);
		cr_assert(eq(int, p->check(s.kv, s.n, why, sizeof(why)), -1), "%s = %s",
		    bad[i].name, bad[i].value != NULL ? bad[i].value : "(none)");
		HAS(why, bad[i].why);
		cr_assert(eq(int, p->open(&state, s.kv, s.n, why, sizeof(why)), -1));
		cr_assert(eq(ptr, state, NULL));
	}
}

Test(webhook, files_that_cannot_be_used_are_named_and_secrets_never_told)
{
	const struct candor_plugin *p = test_plugin("webhook");
	const char *dir = test_mkdir();
	const char *good = test_join(dir, "good"), *file = test_join(dir, "file");
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "holds no secret" },
		{ "\n\n", "holds no secret" },
		{ "canary-MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", "line 1" },
		{ SECRET_1 "\nwhsec_canary!\n", "line 2" },
		{ "whsec_c2hvcnQ=\n", "24 to 64 bytes" },
	};
	char why[512] = "";
	void *state = NULL;
	struct test_settings s = { .n = 0 };

	test_write(good, SECRET_1, sizeof(SECRET_1) - 1);
	test_set(&s, "url", "https://hooks.hospital.example/candor");
	test_set(&s, "secret_file", file);
	for (size_t i = 0; i < NELEM(bad); i++) {
		test_write(file, bad[i].text, strlen(bad[i].text));
		cr_assert(eq(int, p->open(&state, s.kv, s.n, why, sizeof(why)), -1), "%zu", i);
		HAS(why, "secret_file: ");
		HAS(why, bad[i].why);
		HAS_NOT(why, "canary");
	}
	test_set(&s, "secret_file", test_join(dir, "none"));
	cr_assert(eq(int, p->open(&state, s.kv, s.n, why, sizeof(why)), -1));
	HAS(why, "No such file");
	test_set(&s, "secret_file", good);
	test_set(&s, "ca_file", good);
	cr_assert(eq(int, p->open(&state, s.kv, s.n, why, sizeof(why)), -1));
	HAS(why, "no certificate in PEM form");
	test_set(&s, "ca_file", NULL);
	cr_assert(zero(int, p->open(&state, s.kv, s.n, why, sizeof(why))), "%s", why);
	p->close(state);
	test_rmdir(dir);
}
