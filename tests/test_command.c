/* SPDX-License-Identifier: ISC */
/*
 * The command plugin as it is shipped, loaded like the host loads it, with real programs: shell scripts
 * that behave and that do not. test_host.c has it inside the walls.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <jansson.h>

#include "support/files.h"
#include "support/plugin.h"

#define STR(s) ((char *)(uintptr_t)(s))

static const struct candor_plugin *plugin;
static const char *dir, *script;

static void
setup(void)
{
	plugin = test_plugin("command");
	signal(SIGPIPE, SIG_IGN); /* as in a host */
	dir = test_mkdir();
	script = test_join(dir, "program");
}

static void
teardown(void)
{
	test_rmdir(dir);
}

TestSuite(command, .init = setup, .fini = teardown, .timeout = 60);

static void
write_script(const char *text)
{
	test_write(script, text, strlen(text));
	chmod(script, 0755);
}

static const struct candor_event items[] = {
	{ .size = sizeof(struct candor_event),
	    .key = "",
	    .kind = "filed",
	    .number = "C-7K3M-9QX2",
	    .category = "privacy",
	    .severity = "high",
	    .site = "",
	    .state = "new",
	    .on = "2026-11-22",
	    .acknowledge_by = "",
	    .feedback_by = "",
	    .reference = "" },
};

static struct candor_event
filed(void)
{
	struct candor_event e = test_event();

	e.attempts = 3;
	e.category = "it's \"a\" $(touch x) `b` \\ \xc3\xa4";
	e.reference = "T-1";
	e.assignee = "ada@hospital.example";
	e.clock = "acknowledge";
	e.due = "2026-11-29";
	return e;
}

/* Run the program for an event with settings beyond `program`, as name, value pairs. */
static enum candor_result
run(const struct candor_event *e, const char *const more[], size_t n)
{
	struct test_settings s = { .n = 0 };
	enum candor_result r;
	void *state;

	test_set(&s, "program", script);
	for (size_t i = 0; i < n; i++)
		test_set(&s, more[2 * i], more[2 * i + 1]);
	state = test_open(plugin, &s);
	r = test_deliver(plugin, state, e);
	plugin->close(state);
	/* Nobody is left to be waited for. */
	cr_assert(eq(int, waitpid(-1, NULL, WNOHANG), -1));
	cr_assert(eq(int, errno, ECHILD));
	return r;
}

static enum candor_result
run_plain(const char *text)
{
	struct candor_event e = filed();
	const char *const more[] = { "reference", "true" };

	write_script(text);
	return run(&e, more, 1);
}

static const char *
text_of(const json_t *j, const char *name)
{
	const char *s = json_string_value(json_object_get(j, name));

	return s != NULL ? s : "(none)";
}

/* The example of an event in doc/PLUGINS.md. */
static json_t *
documented(void)
{
	const char *text = (const char *)test_read(test_path("doc/PLUGINS.md")).p;
	const char *from = strstr(text, "```json\n");
	json_t *j;

	cr_assert(ne(ptr, STR(from), NULL));
	j = json_loads(from + 8, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, NULL);
	cr_assert(ne(ptr, j, NULL));
	return j;
}

Test(command, a_program_gets_every_field_of_the_event_as_one_json_object)
{
	struct candor_event e = filed();
	char *seen = test_join(dir, "seen"), command[512];
	json_t *j, *each, *shown, *value;
	const char *name;

	snprintf(command, sizeof(command), "#!/bin/sh\n/bin/cat >%s\n", seen);
	e.items = items;
	e.n_items = 1;
	write_script(command);
	cr_assert(eq(int, run(&e, NULL, 0), CANDOR_DELIVERED), "%s", test_answer.error);
	j = json_load_file(seen, JSON_REJECT_DUPLICATES, NULL);
	cr_assert(ne(ptr, j, NULL));
	cr_assert(eq(str, STR(text_of(j, "key")), STR(TEST_KEY)));
	cr_assert(eq(str, STR(text_of(j, "kind")), STR("filed")));
	cr_assert(eq(str, STR(text_of(j, "number")), STR("C-7K3M-9QX2")));
	cr_assert(eq(str, STR(text_of(j, "category")), STR(e.category)));
	cr_assert(eq(str, STR(text_of(j, "site")), STR("")));
	cr_assert(eq(str, STR(text_of(j, "state")), STR("new")));
	cr_assert(eq(str, STR(text_of(j, "on")), STR("2026-11-22")));
	cr_assert(eq(str, STR(text_of(j, "acknowledge_by")), STR("2026-11-29")));
	cr_assert(eq(str, STR(text_of(j, "assignee")), STR("ada@hospital.example")));
	cr_assert(eq(str, STR(text_of(j, "clock")), STR("acknowledge")));
	cr_assert(eq(str, STR(text_of(j, "due")), STR("2026-11-29")));
	cr_assert(eq(str, STR(text_of(j, "activity")), STR("")));
	cr_assert(eq(str, STR(text_of(j, "reference")), STR("T-1")));
	cr_assert(eq(int, (int)json_integer_value(json_object_get(j, "attempts")), 3));
	cr_assert(eq(sz, json_array_size(json_object_get(j, "to")), 2));
	each = json_array_get(json_object_get(j, "items"), 0);
	cr_assert(eq(str, STR(text_of(each, "number")), STR("C-7K3M-9QX2")));
	cr_assert(eq(str, STR(text_of(each, "outcome")), STR("")));
	/* No more and no fewer than the document says. */
	shown = documented();
	cr_assert(eq(sz, json_object_size(shown), json_object_size(j)));
	json_object_foreach(shown, name, value)
	{
		cr_assert(ne(ptr, json_object_get(j, name), NULL), "no %s", name);
	}
	json_decref(shown);
	json_decref(j);
}

Test(command, arguments_are_those_of_the_settings_and_there_is_no_environment)
{
	struct candor_event e = filed();
	const char *const more[] = { "arguments", "--queue,a b;$(touch x),", "path", "/bin",
		"reference", "true" };

	setenv("CANARY", "tweet", 1);
	write_script("#!/bin/sh\nread line\n/usr/bin/env >&2; echo \"$#|$1|$2|$3\"; /usr/bin/env | "
		     "/bin/grep -c CANARY >&2\nexit 0\n");
	cr_assert(eq(int, run(&e, more, 3), CANDOR_DELIVERED), "%s", test_answer.error);
	cr_assert(eq(str, test_answer.reference, STR("3|--queue|a b;$(touch x)|")));
	write_script("#!/bin/sh\necho \"$(/usr/bin/env | /bin/grep -vE '^(PWD|SHLVL|_)=')\"\n");
	cr_assert(eq(int, run(&e, more, 3), CANDOR_DELIVERED), "%s", test_answer.error);
	cr_assert(eq(str, test_answer.reference, STR("PATH=/bin")));
}

Test(command, the_last_line_is_the_reference_only_when_it_is_wanted)
{
	struct candor_event e = filed();

	cr_assert(
	    eq(int, run_plain("#!/bin/sh\necho first; echo; echo T-9; echo\n"), CANDOR_DELIVERED));
	cr_assert(eq(str, test_answer.reference, STR("T-9")));
	cr_assert(eq(int, run(&e, NULL, 0), CANDOR_DELIVERED));
	cr_assert(eq(str, test_answer.reference, STR("")));
}

Test(command, an_exit_code_decides_between_never_and_later)
{
	struct candor_event e = filed();
	const char *const more[] = { "retry_codes", "3,75" };

	cr_assert(
	    eq(int, run_plain("#!/bin/sh\necho no such queue >&2; exit 3\n"), CANDOR_REFUSED));
	HAS(test_answer.error, "left with status 3: no such queue");
	cr_assert(eq(str, test_answer.reference, STR("")));
	cr_assert(eq(int, run(&e, more, 1), CANDOR_RETRY));
	cr_assert(eq(int, run_plain("#!/bin/sh\necho Retry-After: 90; exit 75\n"), CANDOR_RETRY));
	cr_assert(eq(u32, test_answer.retry_after_s, 90));
	cr_assert(eq(int, run_plain("#!/bin/sh\necho Retry-After: 9x; exit 75\n"), CANDOR_RETRY));
	cr_assert(zero(u32, test_answer.retry_after_s));
	cr_assert(eq(int, run_plain("#!/bin/sh\nkill -SEGV $$\n"), CANDOR_RETRY));
	HAS(test_answer.error, "died of signal 11");
}

Test(command, a_program_that_is_not_there_or_must_not_be_run_is_tried_again)
{
	struct candor_event e = filed();

	cr_assert(eq(int, run(&e, NULL, 0), CANDOR_RETRY));
	HAS(test_answer.error, "cannot be run: No such file");
	write_script("#!/bin/sh\n");
	chmod(script, 0644);
	cr_assert(eq(int, run(&e, NULL, 0), CANDOR_RETRY));
	HAS(test_answer.error, "must be in programs");
}

/* A process that a program left behind, in the file `pid`; 0 once it is gone. */
static bool
gone(const char *pid_file)
{
	FILE *f = fopen(pid_file, "r");
	int pid = 0, r;
	char path[64], state = 'Z';

	cr_assert(ne(ptr, f, NULL));
	cr_assert(eq(int, fscanf(f, "%d", &pid), 1));
	fclose(f);
	/* Dead, or to be reaped by init, which may take a moment. */
	for (int i = 0; i < 2000; i++) {
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		if ((f = fopen(path, "r")) == NULL)
			return true;
		r = fscanf(f, "%*d (%*[^)]) %c", &state);
		fclose(f);
		if (r == 1 && state == 'Z')
			return true;
		usleep(10000);
	}
	return false;
}

Test(command, whatever_it_started_ends_with_it)
{
	char command[1024], *pid = test_join(dir, "pid");
	struct candor_event e = filed();
	const char *const hurry[] = { "timeout_s", "1" };

	/* In the background, with the pipes open. */
	snprintf(command, sizeof(command),
	    "#!/bin/sh\n(trap '' TERM HUP; echo $$ >/dev/null; exec /bin/sleep 1000) &\necho $! "
	    ">%s\n"
	    "exit 0\n",
	    pid);
	cr_assert(eq(int, run_plain(command), CANDOR_DELIVERED), "%s", test_answer.error);
	cr_assert(gone(pid));
	/* Deaf to signals, and in no hurry. */
	snprintf(command, sizeof(command),
	    "#!/bin/sh\ntrap '' TERM HUP INT\necho $$ >%s\nwhile :; do /bin/sleep 1000; done\n",
	    pid);
	write_script(command);
	cr_assert(eq(int, run(&e, hurry, 1), CANDOR_RETRY));
	HAS(test_answer.error, "did not end in time");
	cr_assert(gone(pid));
	/* With its streams closed it is not forgotten. */
	snprintf(command, sizeof(command),
	    "#!/bin/sh\necho $$ >%s\nexec <&- >&- 2>&-\nwhile :; do :; done\n", pid);
	write_script(command);
	cr_assert(eq(int, run(&e, hurry, 1), CANDOR_RETRY));
	cr_assert(gone(pid));
}

Test(command, a_program_that_does_not_read_or_writes_for_ever_is_no_trouble)
{
	static struct candor_event many[1500];
	struct candor_event e = filed();

	cr_assert(eq(int,
	    run_plain("#!/bin/sh\nwhile :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; "
		      "done\n"),
	    CANDOR_RETRY));
	HAS(test_answer.error, "wrote too much");
	cr_assert(eq(int, run_plain("#!/bin/sh\nexec <&-\nexit 0\n"), CANDOR_DELIVERED));
	/* More than a pipe holds, unread. */
	for (size_t i = 0; i < 300; i++)
		many[i] = items[0];
	e.items = many;
	e.n_items = 300;
	write_script("#!/bin/sh\nexit 0\n");
	cr_assert(eq(int, run(&e, NULL, 0), CANDOR_DELIVERED), "%s", test_answer.error);
	for (size_t i = 0; i < 1500; i++)
		many[i] = items[0];
	e.n_items = 1500;
	cr_assert(eq(int, run(&e, NULL, 0), CANDOR_REFUSED));
	HAS(test_answer.error, "larger than");
}

Test(command, an_event_with_control_characters_is_refused)
{
	struct candor_event e = filed();

	e.category = "a\nb";
	write_script("#!/bin/sh\nexit 0\n");
	cr_assert(eq(int, run(&e, NULL, 0), CANDOR_REFUSED));
	HAS(test_answer.error, "control character");
}

Test(command, each_wrong_setting_is_named)
{
	static const struct {
		const char *name, *value, *why;
	} bad[] = {
		{ "program", "notify", "program = \"notify\" must be a full path" },
		{ "program", "/a\nb", "must be a full path" },
		{ "programm", "/a", "unknown setting programm; allowed are program, arguments" },
		{ "timeout_s", "0", "timeout_s = \"0\" must be 1 to 600" },
		{ "timeout_s", "x", "timeout_s" },
		{ "reference", "yes", "reference = \"yes\" must be true or false" },
		{ "retry_codes", "75,", NULL },
		{ "retry_codes", "256", "retry_codes = \"256\" must be 1 to 255" },
		{ "retry_codes", "75,,3", "retry_codes" },
		{ "arguments", "a\nb", "arguments must be a list" },
		{ "path", "/bin\n", "path must be" },
		{ "arguments", ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,", "up to 32" },
	};
	char why[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct candor_kv kv[] = { { "program", "/bin/true" },
			{ bad[i].name, bad[i].value } };
		int r = plugin->check(kv, 2, why, sizeof(why));

		cr_assert(eq(int, r, bad[i].why != NULL ? -1 : 0), "%s", bad[i].value);
		if (bad[i].why != NULL)
			HAS(why, bad[i].why);
	}
	cr_assert(eq(int, plugin->check(NULL, 0, why, sizeof(why)), -1));
	HAS(why, "program must be given");
}
