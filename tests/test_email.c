/* SPDX-License-Identifier: ISC */
/*
 * The email plugin as it is shipped, loaded like the host loads it, against a real SMTP server with
 * STARTTLS and AUTH on loopback (tests/support/smtpd.py).
 */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/files.h"
#include "support/plugin.h"
#include "support/smtp.h"

/* ---- a server, and the plugin with settings for it ------------------------------------------- */

static struct test_settings
settings_for(const struct test_server *v)
{
	struct test_settings s = { .n = 0 };

	test_set(&s, "host", "localhost");
	test_set(&s, "port", v->port);
	test_set(&s, "username", "bot");
	test_set(&s, "password_file", test_join(v->dir, "password"));
	test_set(&s, "ca_file", test_join(v->dir, "ca.pem"));
	test_set(&s, "from", "candor@hospital.example");
	test_set(&s, "timeout_s", "20");
	return s;
}

static const char *const two_officers[] = { "ada@hospital.example", "bo@hospital.example" };

/* One event through one server and one plugin. */
static enum candor_result
once(const char *const options[], const struct candor_event *e)
{
	struct test_server v = test_smtp_start(options);
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = settings_for(&v);
	void *state = test_open(p, &s);
	enum candor_result r = test_deliver(p, state, e);

	p->close(state);
	test_server_stop(&v);
	return r;
}

/* ---- delivery --------------------------------------------------------------------------------- */

Test(email, an_event_arrives_over_tls_with_authentication, .timeout = 60)
{
	struct test_server v = test_smtp_start(NULL);
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = settings_for(&v);
	void *state = test_open(p, &s);
	struct candor_event e = test_event();
	const char *m;

	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	cr_assert(eq(str, test_answer.error, ""));
	m = test_smtp_mail(&v, 1);
	HAS(m, "X-Envelope-From: candor@hospital.example\r\n");
	HAS(m, "X-Envelope-To: ada@hospital.example\r\nX-Envelope-To: bo@hospital.example\r\n");
	HAS(m, "X-Envelope-Tls: yes\r\nX-Envelope-User: bot\r\n");
	HAS(m, "X-Envelope-Helo: hospital.example\r\n");
	HAS(m, "Date: Sun, 22 Nov 2026 00:00:00 +0000\r\n");
	HAS(m, "To: <ada@hospital.example>,\r\n <bo@hospital.example>\r\n");
	HAS(m, "Subject: C-7K3M-9QX2: new report (high, privacy)\r\n");
	HAS(m, "Message-ID: <" TEST_KEY "@hospital.example>\r\n");
	HAS(m, "References: <c-7k3m-9qx2@hospital.example>\r\n");
	HAS(m, "In-Reply-To: <c-7k3m-9qx2@hospital.example>\r\n");
	HAS(m, "Auto-Submitted: auto-generated\r\n");
	HAS(m, "Acknowledge by 2026-11-29\r\n");
	/* What is not known is not shown as an empty line. */
	HAS_NOT(m, "Site:");
	HAS_NOT(m, "Feedback by");

	/* The connection is used again; the same event is the same message. */
	e.attempts = 1;
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	HAS(test_smtp_mail(&v, 2), "Message-ID: <" TEST_KEY "@hospital.example>\r\n");
	p->close(state);
	test_server_stop(&v);
}

Test(email, every_kind_has_a_text_and_a_test_has_no_case, .timeout = 60)
{
	static const char *const kinds[] = { "filed", "message", "assigned", "resolved", "closed",
		"reopened", "overdue", "test" };
	struct test_server v = test_smtp_start(NULL);
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = settings_for(&v);
	void *state = test_open(p, &s);

	for (unsigned i = 0; i < NELEM(kinds); i++) {
		struct candor_event e = test_event();

		e.kind = kinds[i];
		if (strcmp(e.kind, "test") == 0)
			e.number = "";
		cr_assert(
		    eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
		HAS_NOT(test_smtp_mail(&v, i + 1), "%");
		if (*e.number != '\0')
			HAS(test_smtp_mail(&v, i + 1), "Subject: C-7K3M-9QX2: ");
		else
			HAS_NOT(test_smtp_mail(&v, i + 1), "References");
	}
	p->close(state);
	test_server_stop(&v);
}

Test(email, a_digest_lists_its_events_or_says_that_there_were_none, .timeout = 60)
{
	struct test_server v = test_smtp_start(NULL);
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = settings_for(&v);
	void *state = test_open(p, &s);
	struct candor_event e = test_event(), items[2] = { test_event(), test_event() };

	items[0].key = items[1].key = "";
	items[1].number = "C-AAAA-BBBB";
	items[1].kind = "closed";
	items[1].state = "closed";
	items[1].category = "";
	e.kind = "digest";
	e.number = e.category = e.severity = e.state = e.acknowledge_by = "";
	e.activity = "yes";
	e.items = items;
	e.n_items = 2;
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	HAS(test_smtp_mail(&v, 1), "Subject: What happened up to 2026-11-22\r\n");
	HAS(test_smtp_mail(&v, 1), "2026-11-22  C-7K3M-9QX2  filed  new  high  privacy\r\n"
				   "2026-11-22  C-AAAA-BBBB  closed  closed  high\r\n");
	HAS_NOT(test_smtp_mail(&v, 1), "candor case show");
	e.n_items = 0;
	e.activity = "no";
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	HAS(test_smtp_mail(&v, 2), "Nothing happened.\r\n");
	p->close(state);
	test_server_stop(&v);
}

Test(email, templates_replace_the_defaults, .timeout = 60)
{
	struct test_server v = test_smtp_start(NULL);
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = settings_for(&v);
	struct candor_event e = test_event();
	const char *m;
	void *state;

	test_set(
	    &s, "subject", "Größte Eile für %{number}: 100% %{severity}, bitte sofort ansehen");
	test_set(
	    &s, "body", "Case %{number}\nSite %{site}\nFeedback %{feedback_by}%{severity}\n.\nend");
	state = test_open(p, &s);
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	m = test_smtp_mail(&v, 1);
	/* 39 bytes to an encoded word, no character cut in two. */
	HAS(m, "Subject: =?UTF-8?B?R3LDtsOfdGUgRWlsZSBmw7xyIEMtN0szTS05UVgyOiAxMDAlIGhp?=\r\n"
	       " =?UTF-8?B?Z2gsIGJpdHRlIHNvZm9ydCBhbnNlaGVu?=\r\n");
	HAS(m, "\r\n\r\nCase C-7K3M-9QX2\r\nFeedback high\r\n.\r\nend\r\n");
	p->close(state);
	test_server_stop(&v);
}

Test(email, a_body_beyond_ascii_travels_as_base64, .timeout = 60)
{
	struct test_server v = test_smtp_start(NULL);
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = settings_for(&v);
	struct candor_event e = test_event();
	void *state;

	test_set(&s, "body", "Fällig am %{acknowledge_by}\n");
	state = test_open(p, &s);
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	HAS(test_smtp_mail(&v, 1), "Content-Transfer-Encoding: base64\r\n\r\n"
				   "RsOkbGxpZyBhbSAyMDI2LTExLTI5Cg==\r\n");
	p->close(state);
	test_server_stop(&v);
}

Test(email, tls_from_the_first_byte_works, .timeout = 60)
{
	struct test_server v = test_smtp_start((const char *const[]){ "--implicit", NULL });
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = settings_for(&v);
	struct candor_event e = test_event();
	void *state;

	test_set(&s, "starttls", "implicit");
	state = test_open(p, &s);
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	HAS(test_smtp_mail(&v, 1), "X-Envelope-Tls: yes\r\n");
	p->close(state);
	test_server_stop(&v);
}

Test(email, without_tls_only_where_it_was_asked_for_on_loopback, .timeout = 60)
{
	struct test_server v =
	    test_smtp_start((const char *const[]){ "--no-starttls", "--open", NULL });
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = settings_for(&v);
	struct candor_event e = test_event();
	char why[256];
	void *state;

	test_set(&s, "username", NULL);
	test_set(&s, "password_file", NULL);
	state = test_open(p, &s);
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_RETRY));
	HAS(test_answer.error, "offers no STARTTLS");
	cr_assert(eq(ptr, (void *)(uintptr_t)test_smtp_mail(&v, 1), NULL));
	p->close(state);

	test_set(&s, "starttls", "none");
	state = test_open(p, &s);
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	HAS(test_smtp_mail(&v, 1), "X-Envelope-Tls: no\r\n");
	p->close(state);
	test_set(&s, "host", "mail.hospital.example");
	cr_assert(eq(int, p->check(s.kv, s.n, why, sizeof(why)), -1));
	HAS(why, "starttls = \"none\" is allowed only");
	test_server_stop(&v);
}

/* ---- faults ----------------------------------------------------------------------------------- */

Test(email, a_certificate_of_an_unknown_ca_gets_nothing, .timeout = 60)
{
	struct candor_event e = test_event();

	cr_assert(eq(int, once((const char *const[]){ "--wrong-certificate", "ca", NULL }, &e),
	    CANDOR_RETRY));
	HAS(test_answer.error, "is not one that a known CA signed");
	HAS(test_answer.error, "ca_file");
}

Test(email, a_certificate_for_another_host_gets_nothing, .timeout = 60)
{
	struct candor_event e = test_event();

	cr_assert(eq(int, once((const char *const[]){ "--wrong-certificate", "name", NULL }, &e),
	    CANDOR_RETRY));
	HAS(test_answer.error, "is not one that a known CA signed");
}

Test(email, the_systems_cas_do_not_vouch_for_a_private_one, .timeout = 60)
{
	struct test_server v = test_smtp_start(NULL);
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = settings_for(&v);
	struct candor_event e = test_event();
	void *state;

	test_set(&s, "ca_file", NULL);
	state = test_open(p, &s);
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_RETRY));
	HAS(test_answer.error, "is not one that a known CA signed");
	cr_assert(eq(ptr, (void *)(uintptr_t)test_smtp_mail(&v, 1), NULL));
	p->close(state);
	test_server_stop(&v);
}

Test(email, a_wrong_password_is_tried_again_and_never_told, .timeout = 60)
{
	struct test_server v =
	    test_smtp_start((const char *const[]){ "--password", "another", NULL });
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = settings_for(&v);
	struct candor_event e = test_event();
	void *state;

	test_write(test_join(v.dir, "password"), "secretcanary\r\n", 14);
	state = test_open(p, &s);
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_RETRY));
	HAS(test_answer.error, "username and password_file");
	HAS_NOT(test_answer.error, "canary");
	HAS_NOT(test_answer.error, "secret");
	p->close(state);
	test_server_stop(&v);
}

Test(email, a_temporary_refusal_is_tried_again, .timeout = 60)
{
	struct test_server v = test_smtp_start((const char *const[]){ "--tempfail", "1", NULL });
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = settings_for(&v);
	struct candor_event e = test_event();
	void *state = test_open(p, &s);

	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_RETRY));
	HAS(test_answer.error, "451 4.3.0 come back later");
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	p->close(state);
	test_server_stop(&v);
}

Test(email, a_permanent_refusal_is_final, .timeout = 60)
{
	struct candor_event e = test_event();

	cr_assert(eq(int, once((const char *const[]){ "--refuse", NULL }, &e), CANDOR_REFUSED));
	HAS(test_answer.error, "554 5.7.1 message looks like spam");
}

Test(email, a_connection_cut_after_the_message_is_tried_again, .timeout = 60)
{
	struct test_server v = test_smtp_start((const char *const[]){ "--drop", "1", NULL });
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = settings_for(&v);
	struct candor_event e = test_event();
	void *state = test_open(p, &s);

	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_RETRY));
	cr_assert(ne(str, test_answer.error, ""));
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	HAS(test_smtp_mail(&v, 1), "Message-ID: <" TEST_KEY "@hospital.example>\r\n");
	HAS(test_smtp_mail(&v, 2), "Message-ID: <" TEST_KEY "@hospital.example>\r\n");
	p->close(state);
	test_server_stop(&v);
}

Test(email, a_slow_server_does_not_hold_the_plugin_beyond_its_timeout, .timeout = 60)
{
	struct test_server v = test_smtp_start((const char *const[]){ "--slow", "3600", NULL });
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = settings_for(&v);
	struct candor_event e = test_event();
	void *state;

	test_set(&s, "timeout_s", "2");
	state = test_open(p, &s);
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_RETRY));
	HAS(test_answer.error, "time"); /* "timed out", "timeout" */
	p->close(state);
	test_server_stop(&v);
}

Test(email, a_server_that_misbehaves_is_tried_again_and_holds_nobody_up, .timeout = 60)
{
	static const char *const faults[] = { "gone", "mute", "garbage", "drip" };

	for (size_t i = 0; i < NELEM(faults); i++) {
		struct test_server v =
		    test_smtp_start((const char *const[]){ "--fault", faults[i], NULL });
		const struct candor_plugin *p = test_plugin("email");
		struct test_settings s = settings_for(&v);
		struct candor_event e = test_event();
		void *state;

		test_set(&s, "timeout_s", "2");
		state = test_open(p, &s);
		cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_RETRY), "%s", faults[i]);
		cr_assert(ne(str, test_answer.error, ""), "%s", faults[i]);
		p->close(state);
		test_server_stop(&v);
	}
}

Test(email, a_server_that_is_away_is_tried_again, .timeout = 60)
{
	struct test_server v = test_smtp_start(NULL);
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = settings_for(&v);
	struct candor_event e = test_event();
	void *state = test_open(p, &s);

	test_server_stop(&v);
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_RETRY));
	HAS(test_answer.error, "onnect");
	p->close(state);
}

Test(email, one_dead_address_does_not_starve_the_others, .timeout = 60)
{
	struct test_server v =
	    test_smtp_start((const char *const[]){ "--reject", two_officers[0], NULL });
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = settings_for(&v);
	struct candor_event e = test_event();
	void *state = test_open(p, &s);

	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	HAS(test_answer.error, "ada@hospital.example: refused (550)");
	HAS(test_smtp_mail(&v, 1), "X-Envelope-To: bo@hospital.example\r\n");
	HAS_NOT(test_smtp_mail(&v, 1), "X-Envelope-To: ada@");
	p->close(state);
	test_server_stop(&v);
}

Test(email, when_every_address_is_dead_it_is_refused, .timeout = 60)
{
	struct candor_event e = test_event();

	cr_assert(eq(int,
	    once((const char *const[]){ "--reject", two_officers[0], "--reject", two_officers[1],
		     NULL },
		&e),
	    CANDOR_REFUSED));
	HAS(test_answer.error,
	    "ada@hospital.example: refused (550), bo@hospital.example: refused (550)");
}

Test(email, who_has_it_does_not_get_it_again_when_another_is_late, .timeout = 60)
{
	struct test_server v =
	    test_smtp_start((const char *const[]){ "--defer", two_officers[0], NULL });
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = settings_for(&v);
	struct candor_event e = test_event();
	void *state = test_open(p, &s);

	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_RETRY));
	HAS(test_answer.error, "ada@hospital.example: not now (452)");
	HAS(test_smtp_mail(&v, 1), "X-Envelope-To: bo@hospital.example\r\n");
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	HAS(test_smtp_mail(&v, 2), "X-Envelope-To: ada@hospital.example\r\n");
	HAS_NOT(test_smtp_mail(&v, 2), "X-Envelope-To: bo@");
	/* Another event is for all again. */
	e.key = "ffffffffffffffffffffffffffffffff";
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	HAS(test_smtp_mail(&v, 3), "X-Envelope-To: bo@hospital.example\r\n");
	p->close(state);
	test_server_stop(&v);
}

/* ---- what must not get out -------------------------------------------------------------------- */

Test(email, a_case_whose_officers_have_no_address_is_refused)
{
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = { .n = 0 };
	struct candor_event e = test_event();
	void *state;

	test_set(&s, "host", "localhost");
	test_set(&s, "from", "candor@hospital.example");
	state = test_open(p, &s);
	e.n_to = 0;
	cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_REFUSED));
	cr_assert(eq(str, test_answer.error, "no officer of this case has an e-mail address"));
	p->close(state);
}

Test(email, no_value_breaks_out_of_its_header)
{
	static const char *const evil[] = { "x\r\nBcc: spy@evil.example",
		"x\nBcc: spy@evil.example", "\rx", "\x1b[2J", "\x7f" };
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = { .n = 0 };
	void *state;

	test_set(&s, "host", "127.0.0.1");
	test_set(&s, "port", "1");
	test_set(&s, "from", "candor@hospital.example");
	state = test_open(p, &s);
	for (size_t i = 0; i < NELEM(evil); i++) {
		static const size_t fields[] = { offsetof(struct candor_event, kind),
			offsetof(struct candor_event, number),
			offsetof(struct candor_event, category),
			offsetof(struct candor_event, severity),
			offsetof(struct candor_event, site), offsetof(struct candor_event, state),
			offsetof(struct candor_event, on), offsetof(struct candor_event, key),
			offsetof(struct candor_event, acknowledge_by),
			offsetof(struct candor_event, feedback_by) };

		for (size_t f = 0; f < NELEM(fields); f++) {
			struct candor_event e = test_event();

			memcpy((char *)&e + fields[f], &evil[i], sizeof(evil[i]));
			cr_assert(
			    eq(int, test_deliver(p, state, &e), CANDOR_REFUSED), "%zu %zu", i, f);
		}
	}
	p->close(state);
}

Test(email, addresses_that_could_be_commands_are_left_out)
{
	static const char *const evil[] = { "a@b\r\nDATA", "a@b> SIZE=1", "<a@b", "a b@c", "a@b@c",
		"\"a b\"@c", "a@", "@b", "a", "", "a@b,c@d", "ä@b.example", "a@b;rm" };
	const struct candor_plugin *p = test_plugin("email");
	struct test_settings s = { .n = 0 };
	struct candor_event e = test_event();
	char why[256];
	void *state;

	test_set(&s, "host", "127.0.0.1");
	test_set(&s, "port", "1");
	test_set(&s, "from", "candor@hospital.example");
	state = test_open(p, &s);
	e.n_to = 1;
	for (size_t i = 0; i < NELEM(evil); i++) {
		e.to = &evil[i];
		cr_assert(eq(int, test_deliver(p, state, &e), CANDOR_REFUSED), "%s", evil[i]);
		test_set(&s, "from", evil[i]);
		cr_assert(eq(int, p->check(s.kv, s.n, why, sizeof(why)), -1), "%s", evil[i]);
	}
	p->close(state);
}

Test(email, settings_that_cannot_work_are_named)
{
	static const struct {
		const char *name, *value, *why;
	} bad[] = {
		{ "host", "", "host must be" },
		{ "host", "a/b", "host must be" },
		{ "host", "a b", "host must be" },
		{ "host", "user@host", "host must be" },
		{ "port", "0", "1 to 65535" },
		{ "port", "65536", "1 to 65535" },
		{ "port", "25x", "1 to 65535" },
		{ "port", "-1", "1 to 65535" },
		{ "port", "", "1 to 65535" },
		{ "starttls", "no", "\"required\", \"implicit\"" },
		{ "starttls", "none", "only when host is localhost" },
		{ "timeout_s", "0", "1 to 600" },
		{ "username", "bot", "go together" },
		{ "password_file", "/x", "go together" },
		{ "from", "Candor <a@b>", "from must be one address" },
		{ "to", "a@b", "unknown setting to" }, /* it stands beside settings */
		{ "host", "mail\r\nDATA", "host must be" },
		{ "username", "bot\r\n", "username" },
		{ "from", "a@b\r\nBcc: c@d", "from must be one address" },
		{ "subject", "%{narrative}",
		    "unknown placeholder %{narrative}; allowed are %{number}" },
		{ "subject", "%{number", "unknown placeholder %{number; allowed" },
		{ "subject", "%{}", "unknown placeholder %{}" },
		{ "subject", "a\nb", "one line" },
		{ "body", "%{Number}", "body has the unknown placeholder" },
		{ "body", "a\rb", "only line breaks" },
		{ "colour", "red", "unknown setting colour; allowed are host" },
	};
	const struct candor_plugin *p = test_plugin("email");

	for (size_t i = 0; i < NELEM(bad); i++) {
		struct test_settings s = { .n = 0 };
		char why[512] = "";
		void *state = NULL;

		test_set(&s, "host", "mail.hospital.example");
		test_set(&s, "from", "candor@hospital.example");
		cr_assert(zero(int, p->check(s.kv, s.n, why, sizeof(why))), "%s", why);
		test_set(&s, bad[i].name, bad[i].value);
		cr_assert(eq(int, p->check(s.kv, s.n, why, sizeof(why)), -1), "%s = %s",
		    bad[i].name, bad[i].value);
		HAS(why, bad[i].why);
		cr_assert(eq(int, p->open(&state, s.kv, s.n, why, sizeof(why)), -1));
		cr_assert(eq(ptr, state, NULL));
	}
}

Test(email, files_that_cannot_be_used_are_named_when_it_opens)
{
	const struct candor_plugin *p = test_plugin("email");
	const char *dir = test_mkdir();
	const char *two = test_join(dir, "two"), *none = test_join(dir, "none");
	const struct {
		const char *name, *path, *why;
	} bad[] = {
		{ "password_file", none, "No such file" },
		{ "password_file", two, "one line" },
		{ "password_file", dir, "Is a directory" },
		{ "ca_file", none, "No such file" },
		{ "ca_file", two, "no certificate" },
	};

	test_write(two, "a\nb\n", 4);
	for (size_t i = 0; i < NELEM(bad); i++) {
		struct test_settings s = { .n = 0 };
		char why[512] = "";
		void *state = NULL;

		test_set(&s, "host", "mail.hospital.example");
		test_set(&s, "from", "candor@hospital.example");
		if (strcmp(bad[i].name, "password_file") == 0)
			test_set(&s, "username", "bot");
		test_set(&s, bad[i].name, bad[i].path);
		cr_assert(eq(int, p->open(&state, s.kv, s.n, why, sizeof(why)), -1));
		HAS(why, bad[i].name);
		HAS(why, bad[i].why);
	}
	test_rmdir(dir);
}
