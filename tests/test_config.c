/* SPDX-License-Identifier: ISC */
/* The configuration: every fault has its place and says what is allowed; and `candord --init`. */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "candor/directory.h"

#include "supervisor/config.h"

extern char **environ;

#define CHARTER "RWR7nnTmpler0pqi7n18Lr1OYdk6Z7MdzRVxHkgQFmUyDjigAyWee0vx"
#define CATEGORY "id = \"a\"; title = \"A\"; guidance = \"G\"; recipients = [\"officer\"];"

static char folder[] = "/tmp/candor-config-XXXXXX";

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
set_up(void)
{
	cr_assert(ne(ptr, mkdtemp(folder), NULL));
}

static void
tear_down(void)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

TestSuite(config, .init = set_up, .fini = tear_down, .timeout = 60);

static const char *
in_folder(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
put(const char *name, const char *text)
{
	FILE *f = fopen(in_folder(name), "w");

	cr_assert(ne(ptr, f, NULL), "%s", name);
	fputs(text, f);
	fclose(f);
}

/* A configuration that is right, a setting on each line. */
static const struct {
	const char *name, *value;
} base[] = {
	{ "site_id", "\"000102030405060708090a0b0c0d0e0f\"" },
	{ "site_name", "\"Test\"" },
	{ "charter", "\"" CHARTER "\"" },
	{ "categories", "({ " CATEGORY " })" },
};

/* Write it with one setting changed (value NULL: left out), and return the line it stands on. */
static unsigned
write_with(const char *name, const char *value)
{
	FILE *f = fopen(in_folder("candor.conf"), "w");
	unsigned line = 0, at = 0;

	for (size_t i = 0; i < NELEM(base); i++) {
		bool it = name != NULL && strcmp(base[i].name, name) == 0;

		if (it && value == NULL)
			continue;
		line++;
		if (it)
			at = line;
		fprintf(f, "%s = %s;\n", base[i].name, it ? value : base[i].value);
	}
	if (at == 0 && value != NULL) {
		fprintf(f, "%s = %s;\n", name, value);
		at = line + 1;
	}
	fclose(f);
	return at != 0 ? at : 1;
}

/* What config_load() says of it; the caller frees. "" when it is content. */
static char *
complaints(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *err = open_memstream(&text, &len);
	int status = -1;
	struct config *c = config_load(in_folder("candor.conf"), 0, err, &status);

	fclose(err);
	cr_assert(eq(int, c == NULL, len > 0));
	cr_assert(eq(int, status, c == NULL ? EX_CONFIG : EX_OK));
	config_free(c);
	return text;
}

static struct config *
load(void)
{
	int status;

	return config_load(in_folder("candor.conf"), 0, stderr, &status);
}

static void
expect_fault(const char *name, const char *value, const char *allowed)
{
	unsigned line = write_with(name, value);
	char *text = complaints(), place[2 * PATH_MAX];

	snprintf(place, sizeof(place), "%s:%u: ", in_folder("candor.conf"), line);
	cr_assert(
	    eq(int, strncmp(text, place, strlen(place)), 0), "%s = %s gives %s", name, value, text);
	cr_assert(ne(ptr, strstr(text, allowed), NULL), "%s = %s gives %s", name, value, text);
	cr_assert(eq(ptr, strchr(text, '\n')[1] == '\0' ? NULL : text, NULL),
	    "%s = %s gives more than one complaint: %s", name, value, text);
	free(text);
}

Test(config, a_small_one_is_accepted_with_defaults)
{
	struct config *c;

	write_with(NULL, NULL);
	c = load();
	cr_assert(ne(ptr, c, NULL));
	cr_assert(eq(u8, c->site_id[15], 15));
	cr_assert(eq(u32, c->uid_base, 60600));
	cr_assert(eq(u32, c->headcount_k, 10));
	cr_assert(gt(u32, c->workers, 0));
	cr_assert(eq(int, c->immediate, 0));
	cr_assert(eq(sz, c->n_release_times, 3));
	cr_assert(eq(str, c->release_times[1], "13:00"));
	cr_assert(eq(u32, c->categories[0]->acknowledge_days, 7));
	cr_assert(eq(u32, c->categories[0]->feedback_months, 3));
	cr_assert(eq(u32, c->categories[0]->retention_years, 6));
	cr_assert(eq(u32, c->categories[0]->roles_mask, 1u << ROLE_OFFICER));
	cr_assert(eq(str, c->categories[0]->severity, "medium"));
	cr_assert(eq(str, c->state, in_folder("state")));
	cr_assert(eq(u32, c->due_days, 2));
	cr_assert(eq(u32, c->alarm_after_h, 24));
	config_free(c);
}

Test(config, every_wrong_value_is_placed_and_told_what_is_allowed)
{
	/* clang-format off */
	static const struct { const char *name, *value, *allowed; } faults[] = {
		{ "site_id", NULL, "site_id is missing; allowed: \"32 hexadecimal digits\"" },
		{ "site_id", "7", "32 hexadecimal digits" },
		{ "site_id", "\"0001\"", "32 hexadecimal digits" },
		{ "site_id", "\"g00102030405060708090a0b0c0d0e0f\"", "32 hexadecimal digits" },
		{ "site_name", NULL, "site_name is missing" },
		{ "due_days", "31", "from 0 to 30" },
		{ "due_days", "\"two\"", "due_days" },
		{ "alarm_after_h", "721", "from 0 to 720" },
		{ "alarm_after_h", "true", "alarm_after_h" },
		{ "site_name", "true", "is no text" },
		{ "site_name", "\"\"", "is empty; allowed: a \"text\" of 1 to 128 bytes" },
		{ "site_name", "\"a\\x1bb\"", "cannot be printed" },
		{ "charter", NULL, "charter is missing" },
		{ "charter", "\"RWabc\"", "the line of a minisign public key" },
		{ "intake_socket", "5", "\"paths\" of 1 to" },
		{ "intake_socket", "\"\"", "is empty" },
		{ "intake_socket", "\"/a/very/long/path/that/no/socket/may/have/because/the/kernel/keeps/"
		  "them/in/one/hundred/and/eight/bytes/only/x.sock\"", "a socket's path may have 107" },
		{ "desk_socket", "[]", "\"paths\" of 1 to" },
		{ "desk_socket", "\"run/intake.sock\"", "the same as intake_socket" },
		{ "desk_group", "1", "is no text" },
		{ "desk_group", "\"no-such-group-here\"", "groupadd" },
		{ "state", "1", "\"paths\" of" },
		{ "intake_key", "1", "\"paths\" of" },
		{ "desk_key", "1", "\"paths\" of" },
		{ "directory", "1", "\"paths\" of" },
		{ "directory_signature", "1", "\"paths\" of" },
		{ "workers", "\"2\"", "a whole number from 0 to 64" },
		{ "cleaners", "0", "is out of range; allowed: a whole number from 1 to 8" },
		{ "workers", "65", "is out of range; allowed: a whole number from 0 to 64" },
		{ "workers", "-1", "is out of range" },
		{ "workers", "99999999999L", "is out of range" },
		{ "workers", "1.5", "is no whole number" },
		{ "uid_base", "true", "is no whole number" },
		{ "uid_base", "2000000001", "is out of range" },
		{ "libexec", "1", "\"paths\" of" },
		{ "sandbox", "\"off\"", "one of \"enforce\", \"best-effort\"" },
		{ "sandbox", "false", "one of \"enforce\", \"best-effort\"" },
		{ "log_level", "\"loud\"", "one of \"error\", \"warning\", \"info\", \"debug\"" },
		{ "headcount_k", "0", "from 1 to 10000" },
		{ "headcount_k", "10001", "from 1 to 10000" },
		{ "figures_k", "2", "from 3 to 100" },
		{ "figures", "\"week\"", "\"month\", \"quarter\", \"half-year\"" },
		{ "plugins_dir", "1", "\"paths\" of" },
		{ "plugin_path", "1", "\"paths\" of" },
		{ "not_keepable", "\"email\"", "is not a list; allowed: a list" },
		{ "not_keepable", "[\"nonsense\"]", "\"reporter-name\"" },
		{ "not_keepable", "[\"email\", \"email\"]", "has an item twice" },
		{ "outside_bodies", "[\"\"]", "is empty" },
		{ "outside_bodies", "(1)", "holds what is no text" },
		{ "four_eyes", "[\"delete\"]", "\"export\", \"destroy\", \"escrow\"" },
		{ "holidays", "[\"2026-02-29\"]", "days, \"YYYY-MM-DD\"" },
		{ "holidays", "\"2026-12-25\"", "is not a list" },
		{ "working_week", "[\"monday\"]", "\"mon\", \"tue\"" },
		{ "working_week", "[]", "is empty" },
		{ "escalation_contact", "\"the boss\"", "an e-mail address" },
		{ "escalation", "({ after_days = 1; to = \"boss\"; })", "one of \"lead\", \"contact\"" },
		{ "escalation", "({ to = \"lead\"; })", "escalation[0].after_days is missing" },
		{ "escalation", "({ after_days = 366; to = \"lead\"; })", "from 0 to 365" },
		{ "escalation", "({ after_days = 1; to = \"contact\"; })", "set escalation_contact" },
		{ "escalation", "({ after_days = 3; to = \"lead\"; }, { after_days = 2; to = \"lead\"; })", "allowed: 3 or more" },
		{ "clocks", "1", "is not a list of groups" },
		{ "clocks", "({ days = 3; })", "clocks[0].name is missing" },
		{ "clocks", "({ name = \"feedback\"; days = 3; })", "but acknowledge, feedback" },
		{ "clocks", "({ name = \"x\"; })", "clocks[0].days is missing" },
		{ "clocks", "({ name = \"x\"; days = 0; })", "from 1 to 3650" },
		{ "clocks", "({ name = \"x\"; days = 3; working = 1; })", "true or false" },
		{ "clocks", "({ name = \"x\"; days = 3; from = \"birth\"; })", "one of \"received\", \"discovered\"" },
		{ "clocks", "({ name = \"x\"; days = 3; met_by = \"luck\"; })", "one of \"hand\", \"ack\"" },
		{ "clocks", "({ name = \"x\"; days = 3; categories = [\"b\"]; })", "there is no category \"b\"" },
		{ "clocks", "({ name = \"x\"; days = 3; from = \"closed\"; met_by = \"close\"; })", "nothing but \"hand\"" },
		{ "clocks", "({ name = \"x\"; days = 3; from = \"acknowledged\"; met_by = \"ack\"; })", "begins with \"ack\"" },
		{ "clocks", "({ name = \"x\"; days = 3; }, { name = \"x\"; days = 4; })", "clock \"x\" is there twice" },
		{ "categories", "({ " CATEGORY " breach_notice = 60; })", "true or false" },
		{ "actions", "[\"Train them\"]", "ids of 1 to 32 of a-z, 0-9 and -" },
		{ "release", "\"now\"", "\"HH:MM\", or the word \"immediate\"" },
		{ "release", "[]", "release is empty" },
		{ "release", "[\"24:00\"]", "\"HH:MM\"" },
		{ "release", "[\"7:00\"]", "\"HH:MM\"" },
		{ "release", "[\"07:60\"]", "\"HH:MM\"" },
		{ "release", "[\"07:00\", \"07:00\"]", "has an item twice" },
		{ "limits", "1", "limits is not a group" },
		{ "limits", "{ sessions = 7; }", "limits.sessions is out of range; allowed: a whole number from 8 to 4096" },
		{ "limits", "{ handshake_ms = 99; }", "from 100 to 600000" },
		{ "limits", "{ idle_ms = \"long\"; }", "from 1000 to 86400000" },
		{ "limits", "{ attachment_mb = 26; }", "from 1 to 25" },
		{ "limits", "{ staged_mb = 0; }", "from 1 to 65536" },
		{ "limits", "{ staged_mb = 5; }", "less than limits.attachment_mb" },
		{ "limits", "{ session = 10; }", "limits.session is unknown; did you mean \"sessions\"?" },
		{ "categories", NULL, "categories is missing" },
		{ "categories", "()", "categories is empty" },
		{ "categories", "\"x\"", "is not a list of groups" },
		{ "categories", "({ title = \"A\"; guidance = \"G\"; recipients = [\"lead\"]; })",
		  "categories[0].id is missing" },
		{ "categories", "({ id = \"A b\"; title = \"A\"; guidance = \"G\"; recipients = [\"lead\"]; })",
		  "an id of 1 to 32" },
		{ "categories", "({ id = \"a\"; guidance = \"G\"; recipients = [\"lead\"]; })",
		  "categories[0].title is missing" },
		{ "categories", "({ id = \"a\"; title = \"A\"; recipients = [\"lead\"]; })",
		  "categories[0].guidance is missing" },
		{ "categories", "({ id = \"a\"; title = \"A\"; guidance = \"G\"; })",
		  "categories[0].recipients is missing" },
		{ "categories", "({ id = \"a\"; title = \"A\"; guidance = \"G\"; recipients = [\"admin\"]; })",
		  "the words \"officer\", \"lead\"" },
		{ "categories", "({ id = \"a\"; title = \"A\"; guidance = \"G\"; recipients = []; })",
		  "recipients is empty" },
		{ "categories", "({ " CATEGORY " severity = \"bad\"; })", "one of \"low\", \"medium\"" },
		{ "categories", "({ " CATEGORY " acknowledge_days = 0; })", "from 1 to 90" },
		{ "categories", "({ " CATEGORY " feedback_months = 13; })", "from 1 to 12" },
		{ "categories", "({ " CATEGORY " retention_years = 51; })", "from 1 to 50" },
		{ "categories", "({ " CATEGORY " retention = ( { outcome = \"none\"; years = 3; } ); })",
		    "substantiated" },
		{ "categories", "({ " CATEGORY " retention = ( { outcome = \"partly\"; years = 0; } ); })",
		    "from 1 to 50" },
		{ "categories", "({ " CATEGORY " retention = ( { outcome = \"partly\"; years = 3; },"
				" { outcome = \"partly\"; years = 4; } ); })",
		    "there twice" },
		{ "backup_recipient", "\"age1nobody\"", "age recipient" },
		{ "disposal_warning_days", "366", "from 0 to 365" },
		{ "categories", "({ " CATEGORY " immediate = 1; })", "true or false" },
		{ "categories", "({ " CATEGORY " severty = \"low\"; })", "did you mean \"severity\"?" },
		{ "categories", "({ " CATEGORY " }, { " CATEGORY " })", "category \"a\" is there twice" },
		{ "sites", "1", "is not a list of groups" },
		{ "sites", "({ title = \"S\"; headcount = 5; })", "sites[0].id is missing" },
		{ "sites", "({ id = \"s\"; headcount = 5; })", "sites[0].title is missing" },
		{ "sites", "({ id = \"s\"; title = \"S\"; })", "sites[0].headcount is missing" },
		{ "sites", "({ id = \"s\"; title = \"S\"; headcount = -5; })", "from 0 to 1000000" },
		{ "sites", "({ id = \"s\"; title = \"S\"; headcount = 5; parent = \"t\"; })", "is no site" },
		{ "sites", "({ id = \"s\"; title = \"S\"; headcount = 5; parent = \"s\"; })", "its own parents" },
		{ "sites", "({ id = \"s\"; title = \"S\"; headcount = 5; }, { id = \"s\"; title = \"S\"; headcount = 5; })",
		  "site \"s\" is there twice" },
		{ "worker", "2", "worker is unknown; did you mean \"workers\"?" },
		{ "colour", "2", "colour is unknown; allowed: site_id site_name" },
	};
	/* clang-format on */

	for (size_t i = 0; i < NELEM(faults); i++)
		expect_fault(faults[i].name, faults[i].value, faults[i].allowed);
}

Test(config, all_faults_are_told_at_once)
{
	char *text;

	put("candor.conf", "site_name = 1;\nworkers = 900;\nlog_level = \"x\";\n");
	text = complaints();
	cr_assert(ne(ptr, strstr(text, "conf:1: site_name"), NULL), "%s", text);
	cr_assert(ne(ptr, strstr(text, "conf:2: workers"), NULL), "%s", text);
	cr_assert(ne(ptr, strstr(text, "conf:3: log_level"), NULL), "%s", text);
	cr_assert(ne(ptr, strstr(text, "site_id is missing"), NULL), "%s", text);
	cr_assert(ne(ptr, strstr(text, "categories is missing"), NULL), "%s", text);
	free(text);
}

Test(config, bad_grammar_and_faults_in_included_files_have_their_place)
{
	char *text;

	put("candor.conf", "site_id = \"\";\nsite_name 5;\n");
	text = complaints();
	cr_assert(ne(ptr, strstr(text, "candor.conf:2: "), NULL), "%s", text);
	free(text);

	put("candor.conf", "site_id = \"000102030405060708090a0b0c0d0e0f\";\nsite_name = \"T\";\n"
			   "charter = \"" CHARTER "\";\n@include \"more.conf\"\n");
	put("more.conf", "\n\ncategories = 3;\n");
	text = complaints();
	cr_assert(ne(ptr, strstr(text, "more.conf:3: categories is not a list"), NULL), "%s", text);
	free(text);
}

Test(config, a_file_that_is_not_there_is_no_input)
{
	int status = 0;
	FILE *null = fopen("/dev/null", "w");

	cr_assert(eq(ptr, config_load(in_folder("none.conf"), 0, null, &status), NULL));
	cr_assert(eq(int, status, EX_NOINPUT));
	fclose(null);
}

Test(config, a_guide_that_fits_no_message_is_refused)
{
	char value[60000] = "(";
	size_t at = 1;

	for (int i = 0; i < 14; i++)
		at += (size_t)snprintf(value + at, sizeof(value) - at,
		    "%s{ id = \"c%d\"; title = \"T\"; recipients = [\"lead\"]; guidance = "
		    "\"%03500d\"; }",
		    i == 0 ? "" : ", ", i, 0);
	snprintf(value + at, sizeof(value) - at, ")");
	expect_fault("categories", value, "at most 40960: shorten the guidance");
}

/* ---- plugins -------------------------------------------------------------------------------- */

static void
expect_plugin_fault(const char *file, const char *place, const char *allowed)
{
	char *text;

	put("plugins.d/p.conf", file);
	text = complaints();
	cr_assert(ne(ptr, strstr(text, place), NULL), "%s gives %s", file, text);
	cr_assert(ne(ptr, strstr(text, allowed), NULL), "%s gives %s", file, text);
	free(text);
}

Test(config, faults_in_plugin_files_are_placed_and_told_what_is_allowed)
{
	/* clang-format off */
	static const struct { const char *file, *place, *allowed; } faults[] = {
		{ "enabled = true;\n", "p.conf:1: ", "plugin is missing" },
		{ "plugin = 1;\n", "p.conf:1: ", "is no text" },
		{ "plugin = \"x\";\nenabled = 1;\n", "p.conf:2: ", "true or false" },
		{ "plugin = \"x\";\nevents = [\"file\"];\n", "p.conf:2: ", "\"filed\", \"message\"" },
		{ "plugin = \"x\";\ncategories = [\"b\"];\n", "p.conf:2: ", "category \"b\" is unknown" },
		{ "plugin = \"x\";\nnetwork = \"yes\";\n", "p.conf:2: ", "true or false" },
		{ "plugin = \"x\";\ndeadline_s = 0;\n", "p.conf:2: ", "from 1 to 600" },
		{ "plugin = \"x\";\nmax_attempts = 0;\n", "p.conf:2: ", "from 1 to 1000" },
		{ "plugin = \"x\";\nretry_min_s = 0;\n", "p.conf:2: ", "from 1 to 86400" },
		{ "plugin = \"x\";\nretry_max_s = 700000;\n", "p.conf:2: ", "from 1 to 604800" },
		{ "plugin = \"x\";\nretry_min_s = 60;\nretry_max_s = 30;\n", "p.conf:3: ", "60 or more" },
		{ "plugin = \"x\";\nread_paths = \"/etc\";\n", "p.conf:2: ", "is not a list" },
		{ "plugin = \"x\";\nseverities = [\"bad\"];\n", "p.conf:2: ", "\"low\", \"medium\", \"high\"" },
		{ "plugin = \"x\";\nseverities = \"low\";\n", "p.conf:2: ", "is not a list" },
		{ "plugin = \"x\";\nsites = [\"moon\"];\n", "p.conf:2: ", "site \"moon\" is unknown" },
		{ "plugin = \"x\";\nsites = [\"Main Hall\"];\n", "p.conf:2: ", "ids of sites" },
		{ "plugin = \"x\";\nto = \"readers\";\n", "p.conf:2: ", "is not a list" },
		{ "plugin = \"x\";\nto = [\"everybody\"];\n", "p.conf:2: ", "\"readers\", \"assignee\"" },
		{ "plugin = \"x\";\nto = [\"a@b\\r\\nBcc: c@d\"];\n", "p.conf:2: ", "to" },
		{ "plugin = \"x\";\nto = [\"a b@c.example\"];\n", "p.conf:2: ", "e-mail addresses" },
		{ "plugin = \"x\";\nto = [\"admins\"];\n", "p.conf:2: ", "events = [\"alarm\"]" },
		{ "plugin = \"email\";\nto = [];\n", "p.conf:2: ", "to names nobody" },
		{ "plugin = \"x\";\nto_for = [];\n", "p.conf:2: ", "to_for is not a group" },
		{ "plugin = \"x\";\nto_for = {\nlost = [\"leads\"]; };\n", "p.conf:3: ", "is no event of a case" },
		{ "plugin = \"x\";\nto_for = {\nalarm = [\"leads\"]; };\n", "p.conf:3: ", "an alarm goes to the administrators" },
		{ "plugin = \"x\";\nto_for = {\ndue = []; };\n", "p.conf:3: ", "to_for.due names nobody" },
		{ "plugin = \"x\";\nto_for = {\ndue = [\"admins\"]; };\n", "p.conf:3: ", "administrators read none" },
		{ "plugin = \"x\";\nto_for = {\ndue = [\"x\"]; };\n", "p.conf:3: ", "to_for.due" },
		{ "plugin = \"x\";\nomit = [\"number\"];\n", "p.conf:2: ", "\"category\", \"site\"" },
		{ "plugin = \"x\";\nrate = 5;\n", "p.conf:2: ", "rate is not a group" },
		{ "plugin = \"x\";\nrate = { burst = 0; };\n", "p.conf:2: ", "from 1 to 1000" },
		{ "plugin = \"x\";\nrate = {\nper_hour = -1; };\n", "p.conf:3: ", "from 0 to 100000" },
		{ "plugin = \"x\";\nrate = {\nper_day = 1; };\n", "p.conf:3: ", "per_day is unknown" },
		{ "plugin = \"x\";\ndigest = 1;\n", "p.conf:2: ", "true or false" },
		{ "plugin = \"x\";\ncadence = \"weekly\";\n", "p.conf:2: ", "\"events\", \"daily\"" },
		{ "plugin = \"x\";\ncadence = \"daily\";\nat = \"7:30\";\n", "p.conf:3: ", "\"HH:MM\"" },
		{ "plugin = \"x\";\ncadence = \"daily\";\nat = \"24:00\";\n", "p.conf:3: ", "\"HH:MM\"" },
		{ "plugin = \"x\";\nat = \"07:00\";\n", "p.conf:2: ", "at is for cadence = \"daily\"" },
		{ "plugin = \"email\";\nsettings = {\nto = \"nobody\"; };\n", "p.conf:3: ", "write `to = […]` beside settings" },
		{ "plugin = \"email\";\nsettings = {\nto = \"\"; };\n", "p.conf:3: ", "names nobody" },
		{ "plugin = \"email\";\nto = [\"readers\"];\nsettings = {\nto = \"officers\"; };\n", "p.conf:4: ",
		  "take settings.to out" },
		{ "plugin = \"x\";\nsettings = 1;\n", "p.conf:2: ", "settings is not a group" },
		{ "plugin = \"x\";\nsettings = {\na = { b = 1; }; };\n", "p.conf:3: ", "cannot hold a group" },
		{ "plugin = \"x\";\nsettings = { a = [\"b,c\"]; };\n", "p.conf:2: ", "holds a comma" },
		{ "plugin = \"x\";\nsetting = { a = 1; };\n", "p.conf:2: ", "did you mean \"settings\"?" },
		{ "plugin = \"x\"\nbroken\n", "p.conf:", "syntax error" },
	};
	/* clang-format on */

	write_with(NULL, NULL);
	mkdir(in_folder("plugins.d"), 0700);
	for (size_t i = 0; i < NELEM(faults); i++)
		expect_plugin_fault(faults[i].file, faults[i].place, faults[i].allowed);
	put("plugins.d/p.conf", "plugin = \"x\";\n");
	put("plugins.d/BAD NAME.conf", "plugin = \"x\";\n");
	expect_plugin_fault("plugin = \"x\";\n", "BAD NAME.conf:1: ", "a-z, 0-9, _ and -");
}

/* The routing of plugins.d/p.conf with this text. */
static const Candor__Plugin *
routing(struct config **c, const char *file)
{
	put("plugins.d/p.conf", file);
	*c = load();
	cr_assert(ne(ptr, *c, NULL), "%s", file);
	cr_assert(eq(sz, (*c)->n_plugins, 1));
	return (*c)->plugins_brief[0];
}

Test(config, routing_has_defaults_that_suit_people_and_machines)
{
	const Candor__Plugin *p;
	struct config *c;

	write_with("sites", "({ id = \"north\"; title = \"N\"; headcount = 5; })");
	mkdir(in_folder("plugins.d"), 0700);
	p = routing(&c, "plugin = \"email\";");
	cr_assert(eq(sz, p->n_to, 1));
	cr_assert(eq(str, p->to[0], "readers"));
	cr_assert(p->needs_to && p->digest);
	cr_assert(eq(sz, p->n_events, 10));
	for (size_t i = 0; i < p->n_events; i++)
		cr_assert(ne(str, p->events[i], "changed"), "people are not told of each step");
	cr_assert(eq(u32, p->rate_burst, 20));
	cr_assert(eq(u32, p->rate_per_hour, 120));
	cr_assert(eq(str, p->daily_at, ""));
	config_free(c);
	p = routing(&c, "plugin = \"webhook\";");
	cr_assert(eq(str, p->to[0], "readers"), "as before there was routing");
	cr_assert(eq(sz, p->n_events, 0), "a machine is told of everything");
	cr_assert(not(p->needs_to || p->digest));
	cr_assert(eq(u32, p->rate_per_hour, 0));
	config_free(c);
	p = routing(&c,
	    "plugin = \"x\"; to = [\"assignee\", \"box@h.example\"]; digest = false;\n"
	    "rate = { per_hour = 60; }; omit = [\"site\"]; sites = [\"north\", \"\"];\n"
	    "to_for = { escalated = [\"leads\"]; }; severities = [\"high\"]; cadence = \"daily\";");
	cr_assert(p->needs_to);
	cr_assert(not(p->digest));
	cr_assert(eq(u32, p->rate_burst, 20));
	cr_assert(eq(u32, p->rate_per_hour, 60));
	cr_assert(eq(str, p->sites[1], ""));
	cr_assert(eq(str, p->routes[0]->event, "escalated"));
	cr_assert(eq(str, p->routes[0]->to[0], "leads"));
	cr_assert(eq(str, p->daily_at, "07:30"));
	cr_assert(eq(sz, c->plugins[0]->n_to, 0), "a host is told no routing");
	config_free(c);
	p = routing(&c, "plugin = \"x\"; to = [\"admins\"]; events = [\"alarm\"];");
	cr_assert(eq(str, p->to[0], "admins"));
	config_free(c);
}

Test(config, what_the_email_plugin_was_told_itself_counts_as_routing)
{
	const Candor__Plugin *p;
	struct config *c;

	write_with(NULL, NULL);
	mkdir(in_folder("plugins.d"), 0700);
	p = routing(&c,
	    "plugin = \"email\"; settings = { host = \"h\"; to = \"officers\"; from = \"f\"; };");
	cr_assert(eq(sz, p->n_to, 1));
	cr_assert(eq(str, p->to[0], "readers"));
	cr_assert(eq(sz, c->plugins[0]->n_settings, 2), "it does not see it");
	cr_assert(eq(str, c->plugins[0]->settings[1]->name, "from"));
	config_free(c);
	p = routing(
	    &c, "plugin = \"/opt/email.so\"; settings = { to = \"a@h.example, b@h.example\"; };");
	cr_assert(eq(sz, p->n_to, 2));
	cr_assert(eq(str, p->to[1], "b@h.example"));
	config_free(c);
	p = routing(
	    &c, "plugin = \"email\"; settings = { to = [\"a@h.example\", \"b@h.example\"]; };");
	cr_assert(eq(sz, p->n_to, 2));
	config_free(c);
	p = routing(&c, "plugin = \"other\"; settings = { to = \"officers\"; };");
	cr_assert(eq(sz, c->plugins[0]->n_settings, 1), "another's `to` is its own");
	config_free(c);
}

Test(config, routing_that_fits_no_message_is_refused)
{
	static char file[40000];
	size_t len = 0;
	char *text, name[32];

	write_with(NULL, NULL);
	mkdir(in_folder("plugins.d"), 0700);
	len += (size_t)snprintf(file, sizeof(file), "plugin = \"x\"; to = [");
	for (int i = 0; i < 64; i++)
		len += (size_t)snprintf(file + len, sizeof(file) - len,
		    "%s\"u%02d@%060d.%060d.example\"", i > 0 ? ", " : "", i, 0, 0);
	snprintf(file + len, sizeof(file) - len, "];");
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "plugins.d/p%d.conf", i);
		put(name, file);
	}
	text = complaints();
	cr_assert(ne(ptr, strstr(text, "at most 32768: give a list an address of its own"), NULL),
	    "%s", text);
	free(text);
}

Test(config, a_plugin_gets_its_settings_as_text)
{
	struct config *c;
	const Candor__Plugin *p;

	write_with(NULL, NULL);
	mkdir(in_folder("plugins.d"), 0700);
	put("plugins.d/p.conf",
	    "plugin = \"x\"; settings = { n = 25; t = \"a\"; b = true; l = [1, 2];\n"
	    "word_file = \"keys/w\"; };");
	put("plugins.d/off.conf", "plugin = \"x\"; enabled = false;");
	put("plugins.d/p.conf.example", "not even grammar");
	c = load();
	cr_assert(ne(ptr, c, NULL));
	cr_assert(eq(sz, c->n_plugins, 1));
	p = config_plugin(c, "p");
	cr_assert(ne(ptr, (void *)p, NULL));
	cr_assert(eq(str, p->settings[0]->value, "25"));
	cr_assert(eq(str, p->settings[1]->value, "a"));
	cr_assert(eq(str, p->settings[2]->value, "true"));
	cr_assert(eq(str, p->settings[3]->value, "1,2"));
	cr_assert(eq(str, p->settings[4]->value, in_folder("keys/w")));
	cr_assert(eq(u32, p->deadline_ms, 30000));
	config_free(c);
}

/* ---- slices and reload ---------------------------------------------------------------------- */

Test(config, a_ladder_leads_to_the_contact_where_there_is_one)
{
	struct config *c;

	write_with(NULL, NULL);
	c = load();
	cr_assert(eq(sz, c->n_escalation, 1));
	cr_assert(eq(u32, c->escalation[0]->after_days, 3));
	cr_assert(not(c->escalation[0]->contact));
	cr_assert(eq(u32, c->working_week, 31), "Monday to Friday");
	config_free(c);
	write_with("escalation_contact", "\"chief@h.example\"");
	c = load();
	cr_assert(eq(sz, c->n_escalation, 2));
	cr_assert(c->escalation[1]->contact);
	config_free(c);
	write_with("escalation", "()");
	c = load();
	cr_assert(eq(sz, c->n_escalation, 0));
	config_free(c);
}

Test(config, a_room_gets_what_it_needs_and_no_more)
{
	Candor__RoomSetup intake, store, dispatch, host;
	struct config *c;

	write_with(NULL, NULL);
	mkdir(in_folder("plugins.d"), 0700);
	put("plugins.d/p.conf", "plugin = \"x\"; settings = { password = \"secret\"; };");
	put("plugins.d/q.conf", "plugin = \"x\"; settings = { password = \"other\"; };");
	c = load();
	cr_assert(ne(ptr, c, NULL));
	config_slice(&intake, c, PARTY_INTAKE, 1, NULL);
	cr_assert(eq(str, intake.categories[0]->guidance, "G"));
	cr_assert(eq(sz, intake.n_plugins, 0));
	cr_assert(eq(u32, intake.index, 1));
	config_slice(&store, c, PARTY_STORE, 0, NULL);
	cr_assert(eq(str, store.categories[0]->guidance, ""));
	cr_assert(eq(sz, store.n_plugins, 2));
	cr_assert(eq(sz, store.plugins[0]->n_settings, 0));
	config_slice(&dispatch, c, PARTY_DISPATCH, 0, NULL);
	cr_assert(eq(sz, dispatch.n_categories, 0));
	cr_assert(eq(sz, dispatch.plugins[1]->n_settings, 0));
	config_slice(&host, c, PARTY_HOST, 0, config_plugin(c, "q"));
	cr_assert(eq(sz, host.n_plugins, 1));
	cr_assert(eq(str, host.plugins[0]->settings[0]->value, "other"));
	cr_assert(eq(sz, host.site_id.len, 0));
	config_free(c);
}

Test(config, what_cannot_change_while_running_is_kept_and_named)
{
	struct config *old, *now;
	char *names = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&names, &len);

	write_with("workers", "3");
	old = load();
	write_with("workers", "4");
	now = load();
	cr_assert(ne(ptr, old, NULL));
	cr_assert(ne(ptr, now, NULL));
	now->headcount_k = 77;
	now->state = now->site_name;
	cr_assert(eq(u32, config_keep_fixed(now, old, f), 2));
	fclose(f);
	cr_assert(eq(str, names, "state, workers"));
	cr_assert(eq(u32, now->workers, 3));
	cr_assert(eq(u32, now->headcount_k, 77));
	cr_assert(eq(str, now->state, old->state));
	free(names);
	config_free(old);
	cr_assert(ne(int, now->state[0], 0));
	config_free(now);
}

/* ---- etc/ --------------------------------------------------------------------------------------- */

Test(config, the_reference_in_etc_is_accepted)
{
	char *text = NULL;
	size_t len = 0;
	FILE *err = open_memstream(&text, &len);
	int status;
	struct config *c = config_load("etc/candor.conf", 0, err, &status);
	Candor__Guide guide = CANDOR__GUIDE__INIT;

	fclose(err);
	cr_assert(ne(ptr, c, NULL), "%s", text);
	cr_assert(eq(sz, c->n_categories, 15));
	cr_assert(ge(sz, c->n_plugins, 1));
	for (size_t i = 0; i < c->n_categories; i++) {
		bool harm = strcmp(c->categories[i]->id, "imminent-harm") == 0;

		cr_assert(eq(int, c->categories[i]->immediate, harm), "%s", c->categories[i]->id);
	}
	guide.n_categories = c->n_categories;
	guide.categories = c->categories;
	cr_assert(lt(sz, candor__guide__get_packed_size(&guide), CONFIG_GUIDE_MAX));
	config_free(c);
	free(text);
}

/* ---- the binary --------------------------------------------------------------------------------- */

/* Run candord with these arguments; its exit status, and what it wrote to fd 1 and 2 in *said. */
static int
candord(char **said, const char *a1, const char *a2, const char *a3)
{
	char self[PATH_MAX], path[PATH_MAX + 16];
	char *argv[] = { path, strdup(a1), a2 != NULL ? strdup(a2) : NULL,
		a3 != NULL ? strdup(a3) : NULL, NULL };
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	posix_spawn_file_actions_t actions;
	int ends[2], status = 0;
	size_t len = 0;
	pid_t pid;

	cr_assert(gt(long, n, 0));
	self[n] = '\0';
	snprintf(path, sizeof(path), "%s/candord", dirname(dirname(self)));
	cr_assert(eq(int, pipe2(ends, O_CLOEXEC), 0));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
	cr_assert(eq(int, posix_spawn(&pid, path, &actions, NULL, argv, environ), 0), "%s", path);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	*said = calloc(1, 16384);
	while (len < 16383 && (n = read(ends[0], *said + len, 16383 - len)) > 0)
		len += (size_t)n;
	close(ends[0]);
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	for (size_t i = 1; argv[i] != NULL; i++)
		free(argv[i]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char *
slurp(const char *path)
{
	char *text = calloc(1, 65536);
	FILE *f = fopen(path, "r");

	cr_assert(ne(ptr, f, NULL), "%s", path);
	cr_assert(lt(sz, fread(text, 1, 65535, f), 65535));
	fclose(f);
	return text;
}

Test(config, init_makes_an_instance_that_is_right_and_private)
{
	static const char *const secret[] = { "x/keys/intake.key", "x/keys/desk.key", "x/admin.key",
		"x/charter.key", "x/escrow.key", "x/candor.conf" };
	static const char *const folders[] = { "x", "x/keys", "x/state", "x/run", "x/plugins.d" };
	char *said, *text;
	struct stat st;

	cr_assert(eq(int, candord(&said, "--init", in_folder("x"), NULL), 0), "%s", said);
	cr_assert(ne(ptr, strstr(said, "give this to compliance, not to IT"), NULL), "%s", said);
	free(said);
	for (size_t i = 0; i < NELEM(secret); i++) {
		cr_assert(eq(int, stat(in_folder(secret[i]), &st), 0), "%s", secret[i]);
		cr_assert(eq(int, (int)(st.st_mode & 0777), 0600), "%s", secret[i]);
	}
	for (size_t i = 0; i < NELEM(folders); i++) {
		cr_assert(eq(int, stat(in_folder(folders[i]), &st), 0), "%s", folders[i]);
		cr_assert(eq(int, (int)(st.st_mode & 0777), 0700), "%s", folders[i]);
	}
	text = slurp(in_folder("x/charter.key"));
	cr_assert(ne(ptr, strstr(text, "give this to compliance, not to IT"), NULL));
	free(text);
	text = slurp(in_folder("x/site.conf"));
	cr_assert(ne(ptr, strstr(text, "connect = \"unix:/"), NULL), "%s", text);
	free(text);
	cr_assert(eq(int, candord(&said, "-t", "-c", in_folder("x/candor.conf")), 0), "%s", said);
	cr_assert(eq(str, said, ""));
	free(said);
}

Test(config, a_second_init_in_the_same_folder_is_refused)
{
	char *said;

	cr_assert(eq(int, candord(&said, "--init", in_folder("x"), NULL), 0), "%s", said);
	free(said);
	cr_assert(
	    eq(int, candord(&said, "--init", in_folder("x"), NULL), EX_CANTCREAT), "%s", said);
	cr_assert(ne(ptr, strstr(said, "is not empty"), NULL), "%s", said);
	free(said);
	cr_assert(
	    eq(int, candord(&said, "--init", in_folder("no/such/parent"), NULL), EX_CANTCREAT));
	free(said);
}

Test(config, a_key_that_others_can_read_is_refused_with_what_to_do)
{
	char *said;

	cr_assert(eq(int, candord(&said, "--init", in_folder("x"), NULL), 0), "%s", said);
	free(said);
	cr_assert(eq(int, chmod(in_folder("x/keys/desk.key"), 0640), 0));
	cr_assert(eq(int, candord(&said, "-t", "-c", in_folder("x/candor.conf")), EX_CONFIG));
	cr_assert(ne(ptr, strstr(said, "run chmod 600"), NULL), "%s", said);
	free(said);
}

Test(config, a_directory_that_the_charter_did_not_sign_is_refused)
{
	char *said;
	FILE *f;

	cr_assert(eq(int, candord(&said, "--init", in_folder("x"), NULL), 0), "%s", said);
	free(said);
	cr_assert(eq(int, candord(&said, "--init", in_folder("y"), NULL), 0), "%s", said);
	free(said);
	cr_assert(ne(ptr, f = fopen(in_folder("x/directory.txt"), "a"), NULL));
	fputs("officer\n", f);
	fclose(f);
	cr_assert(eq(int, candord(&said, "-t", "-c", in_folder("x/candor.conf")), EX_CONFIG));
	cr_assert(ne(ptr, strstr(said, "directory.txt:6: "), NULL), "%s", said);
	free(said);
	{
		char from[PATH_MAX];

		snprintf(from, sizeof(from), "%s", in_folder("x/directory.txt.minisig"));
		cr_assert(eq(int, rename(from, in_folder("y/directory.txt.minisig")), 0));
	}
	cr_assert(eq(int, candord(&said, "-t", "-c", in_folder("y/candor.conf")), EX_CONFIG));
	cr_assert(ne(ptr, strstr(said, "is not signed by the charter key"), NULL), "%s", said);
	free(said);
}

Test(config, a_plugins_own_complaint_has_a_place)
{
	char *said, *text = slurp("etc/plugins.d/email.conf"), *port;

	cr_assert(eq(int, candord(&said, "--init", in_folder("x"), NULL), 0), "%s", said);
	free(said);
	put("x/plugins.d/email.conf", text);
	cr_assert(eq(int, candord(&said, "-t", "-c", in_folder("x/candor.conf")), 0), "%s", said);
	free(said);
	cr_assert(ne(ptr, port = strstr(text, "port = 587"), NULL));
	memcpy(port, "port = 0  ", 10);
	put("x/plugins.d/email.conf", text);
	cr_assert(eq(int, candord(&said, "-t", "-c", in_folder("x/candor.conf")), EX_CONFIG));
	cr_assert(ne(ptr, strstr(said, "plugins.d/email.conf:"), NULL), "%s", said);
	cr_assert(ne(ptr, strstr(said, ": settings.port: "), NULL), "%s", said);
	free(said);
	put("x/plugins.d/email.conf", "plugin = \"nowhere\";\n");
	cr_assert(eq(int, candord(&said, "-t", "-c", in_folder("x/candor.conf")), EX_CONFIG));
	cr_assert(ne(ptr, strstr(said, "nowhere.so cannot be read"), NULL), "%s", said);
	free(said);
	free(text);
}

Test(config, calls_that_make_no_sense_are_usage_errors)
{
	char *said;

	cr_assert(eq(int, candord(&said, "-t", NULL, NULL), EX_USAGE));
	free(said);
	cr_assert(eq(int, candord(&said, "--nonsense", NULL, NULL), EX_USAGE));
	free(said);
	cr_assert(eq(int, candord(&said, "--ready-fd", "x", NULL), EX_USAGE));
	free(said);
	cr_assert(eq(int, candord(&said, "-c", in_folder("none.conf"), NULL), EX_NOINPUT));
	free(said);
	cr_assert(eq(int, candord(&said, "--help", NULL, NULL), 0));
	free(said);
}
