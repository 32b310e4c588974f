/* SPDX-License-Identifier: ISC */
/*
 * The syslog plugin as it is shipped, loaded like the host loads it, against a collector on loopback that takes
 * RFC 5424 by the letter (tests/support/syslogd.py), and against rsyslogd where that is installed.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <jansson.h>

#include "candor/base.h"

#include "support/files.h"
#include "support/plugin.h"
#include "support/server.h"

#define STR(s) ((char *)(uintptr_t)(s))
#define RSYSLOGD "/usr/sbin/rsyslogd"

static void
setup(void)
{
	signal(SIGPIPE, SIG_IGN); /* as in a host */
}

TestSuite(syslog, .init = setup, .timeout = 60);

struct scene {
	struct test_server server;
	struct test_settings settings;
	const struct candor_plugin *plugin;
	void *state;
};

/* A collector with options (NULL at the end), over tls, tcp or udp; the plugin is not open yet. */
static struct scene
begin(const char *over, const char *const options[])
{
	const char *argv[12] = { "--over", over };
	struct scene s = { .plugin = test_plugin("syslog") };

	for (size_t i = 0; options != NULL && options[i] != NULL; i++)
		argv[2 + i] = options[i];
	s.server = test_server_start("syslogd.py", argv);
	test_set(&s.settings, "host", "localhost");
	test_set(&s.settings, "port", strdup(s.server.port));
	test_set(&s.settings, "transport", over);
	test_set(&s.settings, "timeout_s", "20");
	if (strcmp(over, "tls") == 0)
		test_set(&s.settings, "ca_file", test_join(s.server.dir, "ca.pem"));
	return s;
}

static enum candor_result
deliver(struct scene *s, const struct candor_event *e)
{
	if (s->state == NULL)
		s->state = test_open(s->plugin, &s->settings);
	return test_deliver(s->plugin, s->state, e);
}

static void
end(struct scene *s)
{
	if (s->state != NULL)
		s->plugin->close(s->state);
	test_server_stop(&s->server);
}

/* The n-th message as the collector took it apart. */
static json_t *
message(const struct scene *s, unsigned n)
{
	const char *text = NULL;
	json_t *j;

	for (int i = 0; i < 2000 && (text = test_server_request(&s->server, n)) == NULL; i++)
		usleep(10000); /* a datagram is on its way */
	cr_assert(ne(ptr, STR(text), NULL), "message %u did not come", n);
	j = json_loads(text, 0, NULL);
	cr_assert(eq(ptr, json_object_get(j, "error"), NULL), "%s", text);
	return j;
}

static const char *
part(const json_t *j, const char *name)
{
	const char *s = json_string_value(json_object_get(j, name));

	return s != NULL ? s : "(none)";
}

static const char *
parameter(const json_t *j, const char *id, const char *name)
{
	return part(json_object_get(json_object_get(j, "sd"), id), name);
}

static int
number(const json_t *j, const char *name)
{
	return (int)json_integer_value(json_object_get(j, name));
}

Test(syslog, an_event_arrives_over_each_transport_with_every_field)
{
	static const char *const over[] = { "tls", "tcp", "udp" };

	for (size_t i = 0; i < NELEM(over); i++) {
		struct scene s = begin(over[i], NULL);
		struct candor_event e = test_event();
		json_t *j;

		cr_assert(eq(int, deliver(&s, &e), CANDOR_DELIVERED), "%s", test_answer.error);
		j = message(&s, 1);
		cr_assert(eq(int, number(j, "facility"), 16));
		cr_assert(eq(int, number(j, "severity"), 3));
		cr_assert(eq(str, STR(part(j, "time")), STR("2026-11-22T00:00:00Z")));
		cr_assert(eq(str, STR(part(j, "host")), STR("-")));
		cr_assert(eq(str, STR(part(j, "app")), STR("candor")));
		cr_assert(eq(str, STR(part(j, "proc")), STR("-")));
		cr_assert(eq(str, STR(part(j, "msgid")), STR("filed")));
		cr_assert(eq(str, STR(parameter(j, "candor@32473", "key")), STR(TEST_KEY)));
		cr_assert(eq(str, STR(parameter(j, "candor@32473", "number")), STR("C-7K3M-9QX2")));
		cr_assert(eq(str, STR(parameter(j, "candor@32473", "category")), STR("privacy")));
		cr_assert(eq(
		    str, STR(parameter(j, "candor@32473", "acknowledge_by")), STR("2026-11-29")));
		cr_assert(eq(str, STR(parameter(j, "candor@32473", "site")), STR("(none)")));
		cr_assert(eq(str, STR(part(j, "text")), STR("A report was filed: C-7K3M-9QX2.")));
		json_decref(j);
		/* The next one too, and the same bytes when it comes again. */
		cr_assert(eq(int, deliver(&s, &e), CANDOR_DELIVERED), "%s", test_answer.error);
		json_decref(message(&s, 2));
		cr_assert(eq(str, STR(test_server_request(&s.server, 1)),
		    STR(test_server_request(&s.server, 2))));
		end(&s);
	}
}

Test(syslog, settings_say_how_a_message_is_marked)
{
	static const struct {
		const char *name;
		int severity;
	} cases[] = { { "critical", 2 }, { "high", 3 }, { "medium", 4 }, { "low", 5 }, { "", 6 } };
	struct scene s = begin("tcp", NULL);
	struct candor_event e = test_event();

	test_set(&s.settings, "facility", "authpriv");
	test_set(&s.settings, "sd_id", "compliance@99999.1");
	test_set(&s.settings, "hostname", "candor.hospital.example");
	test_set(&s.settings, "app_name", "reports");
	for (unsigned i = 0; i < NELEM(cases); i++) {
		json_t *j;

		e.severity = cases[i].name;
		cr_assert(eq(int, deliver(&s, &e), CANDOR_DELIVERED), "%s", test_answer.error);
		j = message(&s, i + 1);
		cr_assert(eq(int, number(j, "facility"), 10));
		cr_assert(eq(int, number(j, "severity"), cases[i].severity));
		cr_assert(eq(str, STR(part(j, "host")), STR("candor.hospital.example")));
		cr_assert(eq(str, STR(part(j, "app")), STR("reports")));
		cr_assert(eq(str, STR(parameter(j, "compliance@99999.1", "key")), STR(TEST_KEY)));
		json_decref(j);
	}
	end(&s);
}

Test(syslog, nothing_in_an_event_ends_its_parameter_its_element_or_its_frame)
{
	static const char evil[] = "a\"] [fake@1 x=\"y\\\"]\\]\\ <0>1 \xc3\xa4 7 b\\";
	struct scene s = begin("tcp", NULL);
	unsigned n = 0;

	for (size_t i = 0; i < n_test_event_fields; i++) {
		struct candor_event e = test_event();
		const char *value = evil;
		json_t *j;

		memcpy((char *)&e + test_event_fields[i], &value, sizeof(value));
		if (deliver(&s, &e) != CANDOR_DELIVERED) {
			/* The number and the key cannot even begin to be so; the kind and the day
			 * stand in the header, where no escape exists. */
			cr_assert(ne(str, test_answer.error, STR("")));
			continue;
		}
		j = message(&s, ++n);
		cr_assert(eq(sz, json_object_size(json_object_get(j, "sd")), 1));
		json_decref(j);
	}
	cr_assert(ge(uint, n, 5));
	cr_assert(eq(ptr, STR(test_server_request(&s.server, n + 1)), NULL));
	end(&s);
}

Test(syslog, a_digest_names_its_events_as_far_as_there_is_room)
{
	static struct candor_event items[2000];
	struct scene s = begin("tcp", NULL), u = begin("udp", NULL);
	struct candor_event e = test_event();
	json_t *j;

	for (size_t i = 0; i < NELEM(items); i++)
		items[i] = test_event(), items[i].key = "";
	e.kind = "digest";
	e.number = e.severity = "";
	e.activity = "yes";
	e.items = items;
	e.n_items = 2;
	cr_assert(eq(int, deliver(&s, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	j = message(&s, 1);
	cr_assert(eq(str, STR(part(j, "text")),
	    STR("What happened up to 2026-11-22: C-7K3M-9QX2 filed; C-7K3M-9QX2 filed")));
	json_decref(j);
	e.n_items = NELEM(items);
	cr_assert(eq(int, deliver(&s, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	j = message(&s, 2);
	HAS(part(j, "text"), "; and more");
	cr_assert(gt(sz, strlen(part(j, "text")), 7000));
	json_decref(j);
	cr_assert(eq(int, deliver(&u, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	j = message(&u, 1);
	HAS(part(j, "text"), "; and more");
	cr_assert(lt(sz, strlen(part(j, "text")), 2048));
	json_decref(j);
	end(&u); /* the later one holds the other's pipe */
	end(&s);
}

Test(syslog, a_wrong_certificate_is_refused)
{
	static const struct {
		const char *fault, *why;
	} bad[] = { { "ca", "self" }, { "name", "mismatch" }, { "expired", "expired" } };

	for (size_t i = 0; i < NELEM(bad); i++) {
		const char *const options[] = { "--wrong-certificate", bad[i].fault, NULL };
		struct scene s = begin("tls", options);
		struct candor_event e = test_event();

		cr_assert(eq(int, deliver(&s, &e), CANDOR_RETRY));
		HAS(test_answer.error, "is not trusted over TLS: ");
		if (i > 0)
			HAS(test_answer.error, bad[i].why);
		cr_assert(eq(ptr, STR(test_server_request(&s.server, 1)), NULL));
		end(&s);
	}
}

Test(syslog, an_address_is_verified_as_an_address)
{
	struct scene s = begin("tls", NULL);
	struct candor_event e = test_event();

	test_set(&s.settings, "host", "127.0.0.1");
	cr_assert(eq(int, deliver(&s, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	s.plugin->close(s.state);
	s.state = NULL;
	test_set(&s.settings, "host", "127.0.0.2");
	cr_assert(eq(int, deliver(&s, &e), CANDOR_RETRY));
	end(&s);
}

Test(syslog, a_collector_may_ask_for_a_certificate)
{
	static const char *const options[] = { "--client-certificate", NULL };
	struct scene s = begin("tls", options);
	struct candor_event e = test_event();

	cr_assert(eq(int, deliver(&s, &e), CANDOR_RETRY), "without one");
	s.plugin->close(s.state);
	s.state = NULL;
	test_set(&s.settings, "cert_file", test_join(s.server.dir, "client.pem"));
	test_set(&s.settings, "key_file", test_join(s.server.dir, "client.key"));
	cr_assert(eq(int, deliver(&s, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	end(&s);
}

Test(syslog, a_collector_that_fails_gets_the_event_again)
{
	static const struct {
		const char *over, *fault;
	} bad[] = { { "tcp", "reset" }, { "tls", "reset" }, { "tls", "drop" }, { "tls", "garbage" },
		{ "tls", "mute" }, { "tls", "drip" } };

	for (size_t i = 0; i < NELEM(bad); i++) {
		const char *const options[] = { "--fault", bad[i].fault, "--times", "1", NULL };
		struct scene s = begin(bad[i].over, options);
		struct candor_event e = test_event();

		test_set(&s.settings, "timeout_s", "2");
		cr_assert(eq(int, deliver(&s, &e), CANDOR_RETRY), "%s", bad[i].fault);
		cr_assert(ne(str, test_answer.error, STR("")));
		s.plugin->close(s.state);
		s.state = NULL;
		test_set(&s.settings, "timeout_s", "20");
		cr_assert(eq(int, deliver(&s, &e), CANDOR_DELIVERED), "%s", test_answer.error);
		json_decref(message(&s, 1));
		end(&s);
	}
}

Test(syslog, a_tcp_collector_that_keeps_the_connection_has_the_message_all_the_same)
{
	static const char *const options[] = { "--fault", "hold", NULL };
	struct scene s = begin("tcp", options);
	struct candor_event e = test_event();

	cr_assert(eq(int, deliver(&s, &e), CANDOR_DELIVERED), "%s", test_answer.error);
	json_decref(message(&s, 1));
	end(&s);
}

Test(syslog, nobody_there_is_said_so)
{
	static const char *const over[] = { "tcp", "udp", "tls" };

	for (size_t i = 0; i < NELEM(over); i++) {
		struct scene s = begin(over[i], NULL);
		struct candor_event e = test_event();

		s.state = test_open(s.plugin, &s.settings);
		test_server_stop(&s.server);
		cr_assert(eq(int, test_deliver(s.plugin, s.state, &e), CANDOR_RETRY));
		HAS(test_answer.error, "refuse");
		s.plugin->close(s.state);
	}
}

Test(syslog, each_wrong_setting_is_named)
{
	static const struct {
		const char *name, *value, *why;
	} bad[] = {
		{ "host", "", "host must be" },
		{ "host", "a b", "host must be" },
		{ "port", "0", "port = \"0\" must be 1 to 65535" },
		{ "transport", "relp", "transport = \"relp\" must be" },
		{ "transport", "tcp",
		    "transport = \"tcp\" is readable on the way to siem.example" },
		{ "transport", "udp", "plain = true" },
		{ "plain", "1", "plain = \"1\" must be true or false" },
		{ "facility", "local8", "facility = \"local8\" must be" },
		{ "sd_id", "candor", "sd_id = \"candor\" must be NAME@NUMBER" },
		{ "sd_id", "can dor@1", "sd_id" },
		{ "sd_id", "can]dor@1", "sd_id" },
		{ "sd_id", "@1", "sd_id" },
		{ "sd_id", "candor@x", "sd_id" },
		{ "hostname", "a b", "hostname must be" },
		{ "hostname", "", "hostname must be" },
		{ "app_name", "a\nb", "app_name must be" },
		{ "timeout_s", "601", "timeout_s" },
		{ "cert_file", "/x", "cert_file and key_file must be given together" },
		{ "host", "siem\r\nx", "host must be" },
		{ "hostname", "a\r\n<134>1 -", "hostname must be" },
		{ "sd_id", "candor@1\n", "sd_id" },
		{ "ca", "/x", "unknown setting ca; allowed are host, port" },
	};
	const struct candor_plugin *p = test_plugin("syslog");
	char why[512];

	for (size_t i = 0; i < NELEM(bad); i++) {
		struct test_settings s = { .n = 0 };

		test_set(&s, "host", "siem.example");
		cr_assert(zero(int, p->check(s.kv, s.n, why, sizeof(why))));
		test_set(&s, bad[i].name, bad[i].value);
		cr_assert(eq(int, p->check(s.kv, s.n, why, sizeof(why)), -1), "%s", bad[i].value);
		HAS(why, bad[i].why);
	}
	cr_assert(eq(int, p->check(NULL, 0, why, sizeof(why)), -1));
}

Test(syslog, files_that_are_no_certificates_are_refused_when_it_opens)
{
	const struct candor_plugin *p = test_plugin("syslog");
	const char *dir = test_mkdir(), *file = test_join(dir, "x.pem");
	struct test_settings s = { .n = 0 };
	char why[512];
	void *state;

	test_set(&s, "host", "localhost");
	test_set(&s, "ca_file", test_join(dir, "absent.pem"));
	cr_assert(eq(int, p->open(&state, s.kv, s.n, why, sizeof(why)), -1));
	HAS(why, "ca_file: ");
	test_write(file, "-----BEGIN nothing\n", 19);
	test_set(&s, "ca_file", file);
	cr_assert(eq(int, p->open(&state, s.kv, s.n, why, sizeof(why)), -1));
	HAS(why, "no certificate");
	test_set(&s, "ca_file", NULL);
	test_set(&s, "cert_file", file);
	test_set(&s, "key_file", file);
	cr_assert(eq(int, p->open(&state, s.kv, s.n, why, sizeof(why)), -1));
	HAS(why, "cert_file: ");
	test_rmdir(dir);
}

/* ---- rsyslogd, which Debian has by default -------------------------------------------------------- */

static pid_t
start_rsyslogd(const char *dir, const char *port, bool tls)
{
	char conf[4096], *file = test_join(dir, "rsyslog.conf");
	const char *const argv[] = { RSYSLOGD, "-n", "-iNONE", "-f", file, NULL };
	pid_t pid;

	snprintf(conf, sizeof(conf),
	    "global(workDirectory=\"%s\"%s%s%s%s%s%s%s)\n"
	    "module(load=\"imtcp\"%s)\n"
	    "template(name=\"t\" type=\"string\" "
	    "string=\"%%pri%% %%timestamp:::date-rfc3339%% %%app-name%% %%msgid%% "
	    "%%structured-data%% %%msg%%\\n\")\n"
	    "input(type=\"imtcp\" port=\"%s\" address=\"127.0.0.1\")\n"
	    "*.* action(type=\"omfile\" file=\"%s/out\" template=\"t\")\n",
	    dir, tls ? " defaultNetstreamDriver=\"ossl\" defaultNetstreamDriverCAFile=\"" : "",
	    tls ? dir : "", tls ? "/ca.pem\" defaultNetstreamDriverCertFile=\"" : "",
	    tls ? dir : "", tls ? "/server.pem\" defaultNetstreamDriverKeyFile=\"" : "",
	    tls ? dir : "", tls ? "/server.key\"" : "",
	    tls ? " StreamDriver.Name=\"ossl\" StreamDriver.Mode=\"1\" "
		  "StreamDriver.AuthMode=\"anon\""
		: "",
	    port, dir);
	test_write(file, conf, strlen(conf));
	if ((pid = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (freopen(test_join(dir, "log"), "w", stderr) == NULL)
			_exit(126);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	cr_assert(gt(int, pid, 0));
	return pid;
}

static void
with_rsyslogd(bool tls)
{
	/* Ours makes the certificates; when it is gone its port is free for the real one. */
	struct scene s = begin("tls", NULL);
	const char *dir = test_mkdir(), *const names[] = { "ca.pem", "server.pem", "server.key" };
	struct candor_event e = test_event();
	enum candor_result r = CANDOR_RETRY;
	const char *text = "";
	pid_t pid;

	for (size_t i = 0; i < NELEM(names); i++) {
		struct span file = test_read(test_join(s.server.dir, names[i]));

		test_write(test_join(dir, names[i]), file.p, file.len);
	}
	test_server_stop(&s.server);
	test_set(&s.settings, "transport", tls ? "tls" : "tcp");
	test_set(&s.settings, "ca_file", tls ? test_join(dir, "ca.pem") : NULL);
	s.state = test_open(s.plugin, &s.settings);
	pid = start_rsyslogd(dir, s.server.port, tls);
	for (int i = 0; i < 1000 && r != CANDOR_DELIVERED; i++) {
		r = test_deliver(s.plugin, s.state, &e);
		if (r != CANDOR_DELIVERED)
			usleep(20000); /* it is not up yet */
	}
	cr_assert(eq(int, r, CANDOR_DELIVERED), "%s", test_answer.error);
	for (int i = 0; i < 1000; i++) {
		if (access(test_join(dir, "out"), R_OK) == 0 &&
		    *(text = (const char *)test_read(test_join(dir, "out")).p) != '\0' &&
		    strstr(text, "filed:") != NULL)
			break;
		usleep(20000);
	}
	HAS(text, "131 2026-11-22T00:00:00Z candor filed [candor@32473 number=\"C-7K3M-9QX2\"");
	HAS(text, "key=\"" TEST_KEY "\"] A report was filed: C-7K3M-9QX2.");
	s.plugin->close(s.state);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	test_rmdir(dir);
}

Test(syslog, rsyslogd_takes_it_over_tcp)
{
	if (access(RSYSLOGD, X_OK) < 0)
		cr_skip("rsyslogd is not installed");
	with_rsyslogd(false);
}

Test(syslog, rsyslogd_takes_it_over_tls)
{
	if (access("/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_ossl.so", R_OK) < 0)
		cr_skip("rsyslog-openssl is not installed");
	with_rsyslogd(true);
}
