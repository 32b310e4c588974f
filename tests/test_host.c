/* SPDX-License-Identifier: ISC */
/*
 * The host as a real process, with plugins that behave and plugins that do not. The test plays the
 * supervisor and dispatch.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "candor/plugin.h"

#include "support/files.h"
#include "support/rooms.h"
#include "support/smtp.h"

#define HAS(text, part) cr_assert(ne(ptr, strstr(text, part), NULL), "no %s in: %s", part, text)

static const uint8_t key[16] = { 0xab, 0xcd, [15] = 0x01 };

struct host {
	struct test_room room;
	int dispatch;
	const Candor__PluginState *state; /* what it said first */
};

/* For the next host: what its plugin may run and read. */
static char *programs[4], *read_paths[4];
static size_t n_programs, n_read_paths;

/* Start a host for the plugin object of the build folder, with settings as name, value pairs. */
static struct test_room
launch(const char *object, bool network, const char *const settings[], size_t n)
{
	const char *build = getenv("CANDOR_BUILD");
	Candor__RoomSetup setup = CANDOR__ROOM_SETUP__INIT;
	Candor__Plugin plugin = CANDOR__PLUGIN__INIT, *plugins[] = { &plugin };
	Candor__Setting each[8], *list[8];
	char *real = realpath(build != NULL ? build : "build/debug", NULL);
	struct test_room room;

	cr_assert(ne(ptr, real, NULL));
	plugin.name = (char *)(uintptr_t) "bad";
	plugin.object = (char *)(uintptr_t)test_join(real, object);
	plugin.network = network;
	for (size_t i = 0; i < n; i++) {
		each[i] = (Candor__Setting)CANDOR__SETTING__INIT;
		each[i].name = (char *)(uintptr_t)settings[2 * i];
		each[i].value = (char *)(uintptr_t)settings[2 * i + 1];
		list[i] = &each[i];
	}
	plugin.n_settings = n;
	plugin.settings = list;
	plugin.n_programs = n_programs;
	plugin.programs = programs;
	plugin.n_read_paths = n_read_paths;
	plugin.read_paths = read_paths;
	setup.n_plugins = 1;
	setup.plugins = plugins;
	plugin.deadline_ms = 500;
	room = test_room_start("candor-host", PARTY_HOST, &setup);
	free(real);
	return room;
}

/* Wait until it is there, and told how its plugin is. */
static struct host
start_with(const char *object, bool network, const char *const settings[], size_t n)
{
	struct host h = { .room = launch(object, network, settings, n) };

	h.dispatch = test_room_peer(&h.room, PARTY_DISPATCH, 0, "");
	test_room_expect(&h.room, h.room.fd, PARTY_SUPERVISOR, MSG_ROOM_READY);
	h.state =
	    (const void *)test_room_expect(&h.room, h.dispatch, PARTY_DISPATCH, MSG_HOST_STATE).msg;
	cr_assert(eq(str, h.state->name, (char *)(uintptr_t) "bad"));
	return h;
}

/* The same for one of tests/plugins. */
static struct host
start(const char *object, const char *act, const char *path, bool network)
{
	const char *const settings[] = { "do", act, "path", path };

	return start_with(test_join("tests/plugins", object), network, settings, 2);
}

static void
send_delivery(const struct host *h, uint32_t tag, Candor__Event *e)
{
	Candor__Delivery d = CANDOR__DELIVERY__INIT, *one = &d;
	Candor__Deliveries m = CANDOR__DELIVERIES__INIT;

	m.plugin = (char *)(uintptr_t) "bad";
	m.n_deliveries = 1;
	m.deliveries = &one;
	d.key = wire_bytes(key, sizeof(key));
	d.plugin = (char *)(uintptr_t) "bad";
	d.attempts = 3;
	d.reference = (char *)(uintptr_t) "T-1";
	d.event = e;
	test_room_send(h->dispatch, MSG_DELIVER, tag, &m.base);
}

/* Deliver a plain event; NULL when the host went away instead of answering. */
static const Candor__Outcome *
deliver(const struct host *h, uint32_t tag)
{
	Candor__Event e = CANDOR__EVENT__INIT;
	struct test_packet p;

	e.kind = (char *)(uintptr_t) "filed";
	e.number = (char *)(uintptr_t) "C-7K3M-9QX2";
	send_delivery(h, tag, &e);
	p = test_room_next(&h->room, h->dispatch, PARTY_DISPATCH);
	if (p.msg == NULL)
		return NULL;
	cr_assert(eq(uint, p.kind, MSG_DELIVERED));
	cr_assert(eq(u32, p.tag, tag));
	return (const void *)p.msg;
}

Test(host, a_plugin_sees_the_event_and_nothing_else, .timeout = 60)
{
	struct host h = start("hostile.so", "echo", "", false);
	Candor__Clock clocks[] = { CANDOR__CLOCK__INIT, CANDOR__CLOCK__INIT };
	Candor__Clock *list[] = { &clocks[0], &clocks[1] };
	char *to[] = { (char *)(uintptr_t) "ada@hospital.example", (char *)(uintptr_t) "b@c" };
	Candor__Event e = CANDOR__EVENT__INIT;
	const Candor__Outcome *o;

	cr_assert(eq(str, h.state->state, (char *)(uintptr_t) "ready"), "%s", h.state->error);
	cr_assert(eq(str, h.state->version, (char *)(uintptr_t) "1"));
	clocks[0].name = (char *)(uintptr_t) "acknowledge";
	clocks[0].due = 20786;
	clocks[1].name = (char *)(uintptr_t) "hipaa";
	clocks[1].due = 20800;
	e.kind = (char *)(uintptr_t) "filed";
	e.number = (char *)(uintptr_t) "C-7K3M-9QX2";
	e.category = (char *)(uintptr_t) "privacy";
	e.severity = (char *)(uintptr_t) "high";
	e.site = (char *)(uintptr_t) "north";
	e.state = (char *)(uintptr_t) "new";
	e.on = 20779;
	e.n_to = 2;
	e.to = to;
	e.n_clocks = 2;
	e.clocks = list;
	send_delivery(&h, 9, &e);
	o = (const void *)test_room_expect(&h.room, h.dispatch, PARTY_DISPATCH, MSG_DELIVERED).msg;
	cr_assert(eq(uint, o->result, CANDOR_DELIVERED));
	cr_assert(eq(str, o->reference,
	    (char *)(uintptr_t) "abcd0000000000000000000000000001|filed|C-7K3M-9QX2|privacy|high|"
				"north|"
				"new|2026-11-22|2026-11-29||T-1|3|2|ada@hospital.example"));
	cr_assert(eq(u32, o->retry_after_s, 42));
	cr_assert(zero(int, memcmp(o->key.data, key, sizeof(key))));
	cr_assert(zero(int, test_room_stop(&h.room)));
}

/* n deliveries in one packet; the first byte of each one's key is its place. */
static void
send_batch(const struct host *h, uint32_t tag, size_t n)
{
	static uint8_t keys[200][16];
	static Candor__Delivery d[200], *list[200];
	Candor__Deliveries m = CANDOR__DELIVERIES__INIT;
	static Candor__Event e = CANDOR__EVENT__INIT;

	e.kind = (char *)(uintptr_t) "filed";
	for (size_t i = 0; i < n; i++) {
		keys[i][0] = (uint8_t)i;
		d[i] = (Candor__Delivery)CANDOR__DELIVERY__INIT;
		d[i].key = wire_bytes(keys[i], 16);
		d[i].event = &e;
		list[i] = &d[i];
	}
	m.plugin = (char *)(uintptr_t) "bad";
	m.n_deliveries = n;
	m.deliveries = list;
	test_room_send(h->dispatch, MSG_DELIVER, tag, &m.base);
}

Test(host, a_batch_is_answered_one_by_one_in_its_order, .timeout = 60)
{
	struct host h = start("hostile.so", "echo", "", false);

	send_batch(&h, 5, 200);
	for (unsigned i = 0; i < 200; i++) {
		struct test_packet p =
		    test_room_expect(&h.room, h.dispatch, PARTY_DISPATCH, MSG_DELIVERED);
		const Candor__Outcome *o = (const void *)p.msg;

		cr_assert(eq(u32, p.tag, 5));
		cr_assert(eq(u32, o->key.data[0], i));
		cr_assert(eq(uint, o->result, CANDOR_DELIVERED));
	}
	cr_assert(zero(int, test_room_stop(&h.room)));
}

Test(host, told_to_stop_it_hands_back_what_it_has_not_looked_at, .timeout = 60)
{
	struct host h = start("hostile.so", "echo", "", false);
	const Candor__Empty stop = CANDOR__EMPTY__INIT;
	struct test_packet p;
	unsigned answered = 0;

	/* Both are waiting when it looks. */
	kill(h.room.pid, SIGSTOP);
	send_batch(&h, 5, 200);
	test_room_send(h.room.fd, MSG_ROOM_STOP, 0, &stop.base);
	kill(h.room.pid, SIGCONT);
	while ((p = test_room_next(&h.room, h.dispatch, PARTY_DISPATCH)).kind == MSG_DELIVERED)
		answered++;
	cr_assert(eq(uint, p.kind, MSG_HOST_STATE));
	cr_assert(eq(str, ((const Candor__PluginState *)(const void *)p.msg)->state,
	    (char *)(uintptr_t) "leaving"));
	cr_assert(lt(uint, answered, 200));
	cr_assert(zero(int, test_room_wait(&h.room)));
}

/* Line breaks, an escape, a right-to-left override; what is no UTF-8 does not unpack. */
static const char *const injections[] = { "x\r\nBcc: c@d", "x\n", "\x1b]0;x\a", "a\xe2\x80\xae" };

Test(host, an_event_with_control_characters_never_reaches_a_plugin, .timeout = 60)
{
	struct host h = start("hostile.so", "crash", "", false);
	Candor__Event e = CANDOR__EVENT__INIT;
	Candor__EventLine line = CANDOR__EVENT_LINE__INIT, *lines[] = { &line };
	char *to[1];
	const struct {
		const char *name;
		char **field;
	} fields[] = { { "to", &to[0] }, { "kind", &e.kind }, { "number", &e.number },
		{ "category", &e.category }, { "severity", &e.severity }, { "site", &e.site },
		{ "state", &e.state }, { "assignee", &e.assignee }, { "outcome", &e.outcome },
		{ "clock", &e.clock }, { "plugin", &e.plugin }, { "kind", &line.kind },
		{ "number", &line.number }, { "category", &line.category },
		{ "severity", &line.severity }, { "site", &line.site }, { "state", &line.state } };
	uint32_t tag = 0;

	to[0] = (char *)(uintptr_t) "a@b";
	e.n_to = 1;
	e.to = to;
	e.n_items = 1;
	e.items = lines;
	for (size_t i = 0; i < NELEM(fields); i++)
		for (size_t k = 0; k < NELEM(injections); k++) {
			char *before = *fields[i].field, want[64];
			const Candor__Outcome *o;

			*fields[i].field = (char *)(uintptr_t)injections[k];
			send_delivery(&h, ++tag, &e);
			o = (const void *)test_room_expect(
			    &h.room, h.dispatch, PARTY_DISPATCH, MSG_DELIVERED)
				.msg;
			cr_assert(eq(uint, o->result, CANDOR_REFUSED), "%s", fields[i].name);
			snprintf(
			    want, sizeof(want), "event's %s holds a character", fields[i].name);
			HAS(o->error, want);
			*fields[i].field = before;
		}
	test_room_kill(&h.room);
}

Test(host, a_crash_ends_this_host_only, .timeout = 60)
{
	struct host h = start("hostile.so", "crash", "", false);
	int status;

	cr_assert(eq(ptr, (void *)(uintptr_t)deliver(&h, 1), NULL));
	status = test_room_wait(&h.room);
	cr_assert(eq(int, WIFSIGNALED(status), true), "%d", status);
	cr_assert(eq(int, WTERMSIG(status), SIGABRT));
}

Test(host, a_plugin_that_hangs_can_be_killed, .timeout = 60)
{
	struct host h = start("hostile.so", "hang", "", false);
	Candor__Event e = CANDOR__EVENT__INIT;

	send_delivery(&h, 1, &e);
	cr_assert(test_room_silent(h.dispatch, 100));
	test_room_kill(&h.room);
}

Test(host, a_result_that_does_not_exist_is_a_failed_try, .timeout = 60)
{
	struct host h = start("hostile.so", "garbage", "", false);
	const Candor__Outcome *o = deliver(&h, 7);

	cr_assert(eq(uint, o->result, CANDOR_RETRY));
	HAS(o->error, "nonsense: 77 is none of");
	cr_assert(eq(str, o->reference, (char *)(uintptr_t) ""));
	cr_assert(zero(u32, o->retry_after_s));
	cr_assert(zero(int, test_room_stop(&h.room)));
}

Test(host, texts_without_an_end_or_with_escapes_come_out_printable, .timeout = 60)
{
	struct host h = start("hostile.so", "huge", "", false);
	const Candor__Outcome *o = deliver(&h, 7);

	cr_assert(eq(sz, strlen(o->reference), CANDOR_TEXT_MAX - 1));
	cr_assert(zero(int, strncmp(o->error, "[31m ok ", 8)), "%s", o->error);
	cr_assert(lt(sz, strlen(o->error), CANDOR_TEXT_MAX));
	cr_assert(zero(int, test_room_stop(&h.room)));
}

Test(host, a_plugin_that_leaks_goes_on, .timeout = 60)
{
	struct host h = start("hostile.so", "leak", "", false);

	for (uint32_t i = 1; i <= 100; i++)
		cr_assert(eq(uint, deliver(&h, i)->result, CANDOR_DELIVERED));
	test_room_kill(&h.room);
}

Test(host, a_plugin_that_does_not_open_leaves_the_host_idle_with_the_reason, .timeout = 60)
{
	static const struct {
		const char *object, *act, *why;
	} bad[] = {
		{ "hostile.so", "check", "do = \"check\" is not allowed" },
		{ "hostile.so", "open", "did not say why" },
		{ "hostile.so", "open_garbage", "[" },
		{ "wrong_abi.so", "", "is built for interface 2, this daemon has 1" },
		{ "wrong_size.so", "", "descriptor has 16 bytes" },
		{ "bad_name.so", "", "has a name that is not" },
		{ "other_name.so", "", "calls itself email: an object has the name" },
		{ "missing_call.so", "", "has no deliver()" },
		{ "no_symbol.so", "", "exports no candor_plugin" },
		{ "absent.so", "", "cannot be loaded" },
	};

	for (size_t i = 0; i < NELEM(bad); i++) {
		struct host h = start(bad[i].object, bad[i].act, "", false);

		cr_assert(
		    eq(str, h.state->state, (char *)(uintptr_t) "failed"), "%s", bad[i].object);
		if (strcmp(bad[i].why, "[") != 0)
			HAS(h.state->error, bad[i].why);
		for (const char *s = h.state->error; *s != '\0'; s++)
			cr_assert(ge(int, *s, ' '));
		/* Still there, and a stray delivery is not lost. */
		cr_assert(eq(uint, deliver(&h, 1)->result, CANDOR_RETRY));
		cr_assert(zero(int, test_room_stop(&h.room)));
	}
}

Test(host, a_plugin_that_hangs_while_it_opens_ends, .timeout = 60)
{
	const char *const settings[] = { "do", "open_hang" };
	struct test_room room = launch("tests/plugins/hostile.so", false, settings, 1);
	int status;

	test_room_peer(&room, PARTY_DISPATCH, 0, "");
	status = test_room_wait(&room);
	cr_assert(eq(int, WIFSIGNALED(status), true), "%d", status);
	cr_assert(eq(int, WTERMSIG(status), SIGALRM));
}

#ifndef CANDOR_SANITIZED /* which has no walls */
Test(host, a_plugin_without_a_network_reaches_nothing, .timeout = 60)
{
	const char *dir = test_mkdir();
	const char *secret = test_join(dir, "secret");
	struct host h;
	const Candor__Outcome *o;

	test_write(secret, "x", 1);
	h = start("hostile.so", "escape", secret, false);
	o = deliver(&h, 1);
	cr_assert(ne(ptr, (void *)(uintptr_t)o, NULL), "it ran /bin/true");
	cr_assert(eq(str, o->error, (char *)(uintptr_t) ""));
	cr_assert(zero(int, test_room_stop(&h.room)));
	test_rmdir(dir);
}

Test(host, a_plugin_with_a_network_can_connect_and_no_more, .timeout = 60)
{
	const char *dir = test_mkdir();
	const char *secret = test_join(dir, "secret");
	struct host h;
	const Candor__Outcome *o;

	test_write(secret, "x", 1);
	h = start("hostile.so", "escape", secret, true);
	o = deliver(&h, 1);
	cr_assert(ne(ptr, (void *)(uintptr_t)o, NULL), "it ran /bin/true");
	cr_assert(eq(str, o->error, (char *)(uintptr_t) "socket connect "));
	cr_assert(zero(int, test_room_stop(&h.room)));
	test_rmdir(dir);
}
#endif

static struct host
start_command(const char *program)
{
	const char *const settings[] = { "program", program, "reference", "true", "timeout_s",
		"20" };

	return start_with("plugins/command.so", false, settings, 3);
}

static const char *
write_script(const char *dir, const char *text)
{
	const char *path = test_join(dir, "program");

	test_write(path, text, strlen(text));
	chmod(path, 0755);
	return path;
}

Test(host, the_command_plugin_works_inside_the_walls, .timeout = 60)
{
	const char *dir = test_mkdir();
	const char *script = write_script(dir,
	    "#!/bin/sh\nread -r line || exit 1\ncase $line in *C-7K3M-9QX2*) ;; *) exit 2 ;; esac\n"
	    "(while :; do :; done) </dev/null >/dev/null 2>&1 &\n"
	    "x=$(echo 9 | { read -r n; echo T-$n; })\necho $x\n");
	struct host h;
	const Candor__Outcome *o;

	programs[n_programs++] = (char *)(uintptr_t)script;
	programs[n_programs++] = (char *)(uintptr_t) "/bin/sh";
	h = start_command(script);
	for (uint32_t i = 1; i <= 3; i++) {
		o = deliver(&h, i);
		cr_assert(ne(ptr, (void *)(uintptr_t)o, NULL));
		cr_assert(eq(uint, o->result, CANDOR_DELIVERED), "%s", o->error);
		cr_assert(eq(str, o->reference, (char *)(uintptr_t) "T-9"));
	}
	cr_assert(zero(int, test_room_stop(&h.room)));
	test_rmdir(dir);
}

#ifndef CANDOR_SANITIZED
/* Each that works is named; sentences of dash go to standard error. */
static const char attempts[] = "#!/bin/sh\nexec 2>/dev/null\nr=\n"
			       "/bin/true && r=\"$r exec\"\n"
			       "/bin/cat /etc/passwd && r=\"$r cat\"\n"
			       "read x </etc/passwd && r=\"$r passwd\"\n"
			       "read x <$0.secret && r=\"$r secret\"\n"
			       "read x </proc/self/status && r=\"$r proc\"\n"
			       "read x </proc/1/environ && r=\"$r init\"\n"
			       "(echo x >$0.new) && r=\"$r write\"\n"
			       "(echo x >/dev/shm/candor-test) && r=\"$r shm\"\n"
			       "kill -0 1 && r=\"$r kill1\"\n"
			       "kill -0 $PPID && r=\"$r parent\"\n"
			       "ulimit -n 100000 && r=\"$r files\"\n"
			       "ulimit -v unlimited && r=\"$r memory\"\n"
			       "echo \"got$r\"\n";

Test(host, a_program_stands_behind_the_same_walls, .timeout = 60)
{
	const char *dir = test_mkdir();
	const char *script = write_script(dir, attempts);
	struct host h;
	const Candor__Outcome *o;

	test_write(test_join(dir, "program.secret"), "x\n", 2);
	programs[n_programs++] = (char *)(uintptr_t)script;
	programs[n_programs++] = (char *)(uintptr_t) "/bin/sh";
	h = start_command(script);
	o = deliver(&h, 1);
	cr_assert(eq(str, o->reference, (char *)(uintptr_t) "got"), "%s", o->error);
	cr_assert(zero(int, test_room_stop(&h.room)));
	test_rmdir(dir);
}

Test(host, a_script_whose_interpreter_is_not_allowed_is_not_run, .timeout = 60)
{
	const char *dir = test_mkdir();
	const char *script = write_script(dir, "#!/bin/sh\necho T-9\n");
	struct host h;
	const Candor__Outcome *o;

	programs[n_programs++] = (char *)(uintptr_t)script;
	h = start_command(script);
	o = deliver(&h, 1);
	cr_assert(eq(uint, o->result, CANDOR_RETRY));
	HAS(o->error, "must be in programs");
	cr_assert(zero(int, test_room_stop(&h.room)));
	test_rmdir(dir);
}
#endif

Test(host, the_email_plugin_works_inside_the_walls, .timeout = 60)
{
	struct test_server v = test_smtp_start(NULL);
	const char *const settings[] = { "host", "localhost", "port", v.port, "username", "bot",
		"password_file", test_join(v.dir, "password"), "ca_file",
		test_join(v.dir, "ca.pem"), "from", "candor@hospital.example" };
	struct host h = start_with("plugins/email.so", true, settings, 6);
	char *to[] = { (char *)(uintptr_t) "ada@hospital.example" };
	Candor__Event e = CANDOR__EVENT__INIT;
	const Candor__Outcome *o;

	cr_assert(eq(str, h.state->state, (char *)(uintptr_t) "ready"), "%s", h.state->error);
	e.kind = (char *)(uintptr_t) "filed";
	e.number = (char *)(uintptr_t) "C-7K3M-9QX2";
	e.on = 20779;
	e.n_to = 1;
	e.to = to;
	send_delivery(&h, 1, &e);
	o = (const void *)test_room_expect(&h.room, h.dispatch, PARTY_DISPATCH, MSG_DELIVERED).msg;
	cr_assert(eq(uint, o->result, CANDOR_DELIVERED), "%s", o->error);
	HAS(test_smtp_mail(&v, 1),
	    "Message-ID: <abcd0000000000000000000000000001@hospital.example>");
	cr_assert(zero(int, test_room_stop(&h.room)));
	test_server_stop(&v);
}
