/* SPDX-License-Identifier: ISC */
/*
 * What officers and administrators meet before a daemon is asked: key files, usage, the difference
 * that is signed, padding off a stream, and the version that is remembered. The built client is run.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "../client/client.h"
#include "../client/directory_diff.h"
#include "../client/seen.h"
#include "../client/unpad.h"
#include "candor/pad.h"
#include "support/files.h"

static const char *dir;

static void
setup(void)
{
	cr_assert(ge(int, sodium_init(), 0));
	dir = test_mkdir();
	setenv("HOME", dir, 1);
	unsetenv("XDG_STATE_HOME");
	unsetenv("CANDOR_KEY");
	unsetenv("CANDOR_SITE");
}

static void
teardown(void)
{
	test_rmdir(dir);
}

TestSuite(officer, .init = setup, .fini = teardown, .timeout = 120);

/* ---- running the client --------------------------------------------------------------------- */

#define ARGS_MAX 12

struct outcome {
	int code;
	char out[4096], err[4096];
};

static const char *
candor(void)
{
	const char *b = getenv("CANDOR_BUILD");

	return test_join(b != NULL ? b : "build/debug", "candor");
}

/* A descriptor from which text can be read. */
static int
fd_of(const char *text)
{
	int fd = memfd_create("text", 0);

	cr_assert(ge(int, fd, 0));
	cr_assert(eq(long, write(fd, text, strlen(text)), (long)strlen(text)));
	cr_assert(eq(long, lseek(fd, 0, SEEK_SET), 0));
	return fd;
}

static void
read_back(char *out, size_t cap, int fd)
{
	ssize_t n = pread(fd, out, cap - 1, 0);

	cr_assert(ge(long, n, 0));
	out[n] = '\0';
	close(fd);
}

/* Run `candor args…`, with in as standard input, three as descriptor 3 and four as 4 (or NULL). */
static struct outcome
run(const char *const args[], const char *in, const char *three, const char *four)
{
	int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC);
	int fd_in = fd_of(in), fd_three = three ? fd_of(three) : -1,
	    fd_four = four ? fd_of(four) : -1;
	const char *argv[ARGS_MAX + 2] = { candor() };
	struct outcome o;
	int status;
	pid_t pid;

	for (size_t i = 0; i < ARGS_MAX && args[i] != NULL; i++)
		argv[i + 1] = args[i];
	cr_assert(ge(int, pid = fork(), 0));
	if (pid == 0) {
		/* Out of the way of 3 and 4 first. */
		int a = fd_three >= 0 ? fcntl(fd_three, F_DUPFD, 100) : -1;
		int b = fd_four >= 0 ? fcntl(fd_four, F_DUPFD, 100) : -1;

		dup2(fd_in, 0);
		dup2(out, 1);
		dup2(err, 2);
		dup2(a, 3);
		dup2(b, 4);
		setsid(); /* no terminal to ask on */
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	o.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	read_back(o.out, sizeof(o.out), out);
	read_back(o.err, sizeof(o.err), err);
	close(fd_in);
	return o;
}

#define RUN(...) run((const char *const[]){ __VA_ARGS__, NULL }, "", NULL, NULL)
#define RUN_PASS(pass, ...) run((const char *const[]){ __VA_ARGS__, NULL }, "", pass "\n", NULL)

static void
expect(struct outcome o, int code, const char *words, const char *what)
{
	cr_assert(eq(int, o.code, code), "%s: exit %d\n%s%s", what, o.code, o.out, o.err);
	cr_assert(ne(ptr, strstr(o.err, words), NULL), "%s: no \"%s\" in\n%s", what, words, o.err);
}

/* Run argv on a terminal of its own: whenever prompt is shown, answer is typed. The exit code. */
static int
run_on_terminal(const char *const argv[], const char *prompt, const char *answer)
{
	char seen[4096] = "";
	size_t len = 0, from = 0;
	int fd, status;
	pid_t pid = forkpty(&fd, NULL, NULL, NULL);

	cr_assert(ge(int, pid, 0));
	if (pid == 0) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	for (;;) {
		ssize_t n = read(fd, seen + len, sizeof(seen) - 1 - len);

		if (n <= 0)
			break;
		len += (size_t)n;
		seen[len] = '\0';
		if (strstr(seen + from, prompt) != NULL) {
			from = len;
			cr_assert(
			    eq(long, write(fd, answer, strlen(answer)), (long)strlen(answer)));
		}
	}
	close(fd);
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- usage ---------------------------------------------------------------------------------- */

static const struct {
	const char *args[ARGS_MAX];
	int code;
	const char *words;
} wrong[] = {
	{ { "key" }, EX_USAGE, "new, show, passphrase" },
	{ { "key", "shwo", "f" }, EX_USAGE, "did you mean show?" },
	{ { "key", "new" }, EX_USAGE, "something is missing" },
	{ { "key", "new", "a", "b" }, EX_USAGE, "one word too many" },
	{ { "key", "new", "--quietly", "a" }, EX_USAGE, "--quietly is no option here" },
	{ { "key", "show" }, EX_USAGE, "name the key file" },
	{ { "key", "passphrase" }, EX_USAGE, "name the key file" },
	{ { "key", "show", "/nonexistent/key" }, EX_NOINPUT, "/nonexistent/key" },
	{ { "key", "show", "/" }, EX_NOINPUT, "is a folder" },
	{ { "directory" }, EX_USAGE, "show, sign" },
	{ { "directory", "sign" }, EX_USAGE, "--charter FILE" },
	{ { "directory", "sign", "--charter" }, EX_USAGE, "--charter needs a value" },
	{ { "directory", "show", "x" }, EX_USAGE, "one word too many" },
	{ { "cases", "--limit", "0" }, EX_USAGE, "1 at least" },
	{ { "cases", "--limit", "-3" }, EX_USAGE, "must be a number up to" },
	{ { "cases", "--limit", "1e3" }, EX_USAGE, "must be a number up to" },
	{ { "cases", "--limit", "99999999999999999999" }, EX_USAGE, "must be a number up to" },
	{ { "cases", "--state", "lost" }, EX_USAGE, "new, acknowledged, triaged" },
	{ { "cases", "--after", "42" }, EX_USAGE, "C-7F3K-22QD" },
	{ { "cases", "all" }, EX_USAGE, "one word too many" },
	{ { "case" }, EX_USAGE, "show, ack, triage" },
	{ { "case", "forget", "C-7F3K-22QD" }, EX_USAGE, "no \"forget\"" },
	{ { "case", "show" }, EX_USAGE, "usage: candor case show CASE" },
	{ { "case", "show", "C-7F3K22QD" }, EX_USAGE, "is no case" },
	{ { "case", "show", "C-7F3K-22Q\x1b" }, EX_USAGE, "\"C-7F3K-22Q?\" is no case" },
	{ { "case", "ack", "C-7F3K-22QD", "now" }, EX_USAGE, "usage: candor case ack CASE" },
	{ { "case", "await" }, EX_USAGE, "usage: candor case await CASE" },
	{ { "case", "reply" }, EX_USAGE, "usage: candor case reply CASE" },
	{ { "case", "note" }, EX_USAGE, "usage: candor case note CASE" },
	{ { "case", "assign", "C-7F3K-22QD" }, EX_USAGE, "usage: candor case assign CASE OFFICER" },
	{ { "case", "grant", "C-7F3K-22QD" }, EX_USAGE, "usage: candor case grant CASE OFFICER" },
	{ { "case", "recuse" }, EX_USAGE, "usage: candor case recuse CASE" },
	{ { "case", "resolve", "C-7F3K-22QD" }, EX_USAGE,
	    "--outcome is one of substantiated, partly" },
	{ { "case", "resolve", "C-7F3K-22QD", "--outcome", "maybe" }, EX_USAGE,
	    "\"maybe\" is no outcome: there are substantiated, partly, unsubstantiated, "
	    "insufficient-information, referred, out-of-scope" },
	{ { "case", "resolve", "C-7F3K-22QD", "--outcome", "none" }, EX_USAGE, "is no outcome" },
	{ { "case", "save", "C-7F3K-22QD", "1" }, EX_USAGE, "usage: candor case save CASE N FILE" },
	{ { "case", "save", "C-7F3K-22QD", "one", "f" }, EX_USAGE, "\"one\" is no entry" },
	{ { "desk", "now" }, EX_USAGE, "one word too many" },
	{ { "admin" }, EX_USAGE, "officer, plugin, delivery, reload, status, check, release" },
	{ { "admin", "officer" }, EX_USAGE, "propose, remove" },
	{ { "admin", "officer", "propose", "Ruth" }, EX_USAGE, "officer, lead, auditor, admin" },
	{ { "admin", "officer", "propose", "Ruth", "--role", "boss" }, EX_USAGE,
	    "there is no role \"boss\"" },
	{ { "admin", "officer", "propose", "A\tB", "--role", "lead" }, EX_USAGE, "nobody's name" },
	{ { "admin", "officer", "propose", "Ruth", "--role", "lead", "--email", "no" }, EX_USAGE,
	    "is no e-mail address" },
	{ { "admin", "officer", "propose", "Ruth", "--role", "lead", "--category", "A B" },
	    EX_USAGE, "is no category" },
	{ { "admin", "officer", "propose", "Ruth", "--role", "admin", "--category", "a" }, EX_USAGE,
	    "reads no reports" },
	{ { "admin", "officer", "propose", "Ruth", "--role", "lead" }, EX_NOINPUT,
	    "must be on standard input" },
	{ { "admin", "officer", "remove" }, EX_USAGE, "usage: candor admin officer remove NAME" },
	{ { "admin", "plugin" }, EX_USAGE, "list, test" },
	{ { "admin", "plugin", "test" }, EX_USAGE, "usage: candor admin plugin test NAME" },
	{ { "admin", "delivery", "retry", "x'y" }, EX_USAGE, "is no delivery" },
	{ { "admin", "delivery", "discard" }, EX_USAGE, "discard ID" },
	{ { "admin", "status", "now" }, EX_USAGE, "one word too many" },
	{ { "admin", "reload", "now" }, EX_USAGE, "one word too many" },
	{ { "admin", "release", "now" }, EX_USAGE, "one word too many" },
	{ { "cases", "--site", "/nonexistent/site" }, EX_NOINPUT, "/nonexistent/site" },
};

Test(officer, every_wrong_call_is_refused_with_what_is_allowed)
{
	for (size_t i = 0; i < NELEM(wrong); i++) {
		char what[256] = "candor";

		for (size_t k = 0; wrong[i].args[k] != NULL; k++) {
			strcat(what, " ");
			strcat(what, wrong[i].args[k]);
		}
		expect(run(wrong[i].args, "", NULL, NULL), wrong[i].code, wrong[i].words, what);
	}
}

Test(officer, a_site_without_a_key_asks_for_one)
{
	const char *site = test_join(dir, "site.conf");
	const char text[] =
	    "site_name = \"T\"; site_id = \"00112233445566778899aabbccddeeff\";\n"
	    "connect = \"unix:/nonexistent/i\"; desk = \"unix:/nonexistent/d\";\n"
	    "daemon_key = \"0900000000000000000000000000000000000000000000000000000000000000\";\n"
	    "desk_key = \"0900000000000000000000000000000000000000000000000000000000000000\";\n"
	    "charter = \"RWRvtvkKwoElwTvStzlGgozgauqVVseu0s0s+KdM96qu69H6XRM8Z7A2\";\n";

	test_write(site, text, sizeof(text) - 1);
	expect(RUN("--site", site, "cases"), EX_USAGE, "--key FILE", "cases");
	expect(RUN("--site", site, "directory", "show"), EX_UNAVAILABLE, "/nonexistent/d", "show");
	expect(run((const char *const[]){ "--site", site, "admin", "officer", "propose", "R",
		       "--role", "lead", NULL },
		   "age1 nonsense\n", NULL, NULL),
	    EX_DATAERR, "no key line", "propose");
}

/* ---- key files ------------------------------------------------------------------------------ */

/* The first line of what was printed. */
static const char *
first_line(struct outcome *o)
{
	o->out[strcspn(o->out, "\n")] = '\0';
	return o->out;
}

static void
assert_private(const char *path)
{
	struct stat st;

	cr_assert(eq(int, stat(path, &st), 0));
	cr_assert(eq(uint, st.st_mode & 07777, 0600));
}

Test(officer, a_new_key_shows_the_line_that_its_file_shows)
{
	const char *key = test_join(dir, "k");
	struct outcome made = RUN("key", "new", "--no-passphrase", key), shown;

	cr_assert(eq(int, made.code, 0), "%s", made.err);
	assert_private(key);
	shown = RUN("key", "show", key);
	cr_assert(eq(str, made.out, shown.out));
	cr_assert(ne(ptr, strstr(shown.out, "\nfingerprint: "), NULL));
	shown = RUN("--key", key, "--json", "key", "show");
	cr_assert(eq(int, strncmp(shown.out, "{\"public\":\"age1", 15), 0));
	cr_assert(eq(ptr, strstr(made.out, "SECRET"), NULL));
}

Test(officer, age_keygen_agrees_on_the_recipient)
{
	const char *key = test_join(dir, "k"), *theirs = test_join(dir, "theirs");
	struct outcome made = RUN("key", "new", "--no-passphrase", key);
	char command[512], recipient[128] = "";
	FILE *f;

	if (!test_has_program("age-keygen"))
		cr_skip_test("age-keygen is not installed");
	cr_assert(eq(int, made.code, 0));
	snprintf(command, sizeof(command), "age-keygen -y %s", key);
	f = popen(command, "r");
	cr_assert(ne(ptr, fgets(recipient, sizeof(recipient), f), NULL));
	cr_assert(eq(int, pclose(f), 0));
	recipient[strcspn(recipient, "\n")] = '\0';
	cr_assert(eq(int, strncmp(made.out, recipient, strlen(recipient)), 0));

	/* And a file of its making is a key. */
	cr_assert(
	    eq(int, test_spawn((const char *const[]){ "age-keygen", "-o", theirs, NULL }), 0));
	cr_assert(eq(int, chmod(theirs, 0600), 0));
	made = RUN("key", "show", theirs);
	cr_assert(eq(int, made.code, 0), "%s", made.err);
}

Test(officer, a_key_is_never_overwritten)
{
	const char *key = test_join(dir, "k");

	test_write(key, "precious", 8);
	expect(RUN("key", "new", "--no-passphrase", key), EX_CANTCREAT, "not overwritten", "new");
	cr_assert(eq(str, (char *)(uintptr_t)test_read(key).p, "precious"));
	/* A dangling link is no way around either. */
	cr_assert(eq(int, symlink(test_join(dir, "nowhere"), test_join(dir, "link")), 0));
	expect(RUN("key", "new", "--no-passphrase", test_join(dir, "link")), EX_CANTCREAT,
	    "not overwritten", "new");
	expect(RUN("key", "new", "--no-passphrase", "/nonexistent/k"), EX_CANTCREAT,
	    "cannot be created", "new");
}

Test(officer, a_key_that_others_may_read_is_refused)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0644 };
	const char *key = test_join(dir, "k");

	cr_assert(eq(int, RUN("key", "new", "--no-passphrase", key).code, 0));
	for (size_t i = 0; i < NELEM(modes); i++) {
		cr_assert(eq(int, chmod(key, modes[i]), 0));
		expect(RUN("key", "show", key), EX_NOPERM, "chmod 600", "show");
	}
	cr_assert(eq(int, chmod(key, 0400), 0));
	cr_assert(eq(int, RUN("key", "show", key).code, 0));
}

Test(officer, what_is_no_key_file_is_said_to_be_none)
{
	static const char *const texts[] = {
		"", "hello\n", "AGE-SECRET-KEY-1\n",
		"-----BEGIN AGE ENCRYPTED FILE-----\nnonsense\n-----END AGE ENCRYPTED FILE-----\n"
	};
	const char *key = test_join(dir, "k");
	char *large = calloc(1, 70000);

	for (size_t i = 0; i < NELEM(texts); i++) {
		test_write(key, texts[i], strlen(texts[i]));
		cr_assert(eq(int, chmod(key, 0600), 0));
		cr_assert(eq(int, RUN_PASS("x", "key", "show", key, "--passphrase-fd", "3").code,
		    EX_DATAERR));
	}
	test_write(key, large, 70000);
	expect(RUN("key", "show", key), EX_DATAERR, "65536", "a large file");
	free(large);
}

Test(officer, a_passphrase_is_needed_checked_and_changed)
{
	const char *key = test_join(dir, "k"), *link = test_join(dir, "link");
	struct outcome made = RUN_PASS("correct horse", "key", "new", key, "--passphrase-fd", "3");
	struct outcome o;
	struct span before, after;
	const char *line;

	cr_assert(eq(int, made.code, 0), "%s", made.err);
	assert_private(key);
	first_line(&made);
	line = made.out;
	before = test_read(key);
	cr_assert(eq(ptr, strstr((const char *)before.p, "AGE-SECRET-KEY"), NULL));

	expect(RUN("key", "show", key), EX_NOINPUT, "--passphrase-fd", "none");
	expect(RUN_PASS("wrong horse", "key", "show", key, "--passphrase-fd", "3"), EX_DATAERR,
	    "passphrase is wrong", "wrong");
	o = RUN_PASS("correct horse", "key", "show", key, "--passphrase-fd", "3");
	cr_assert(eq(str, (char *)(uintptr_t)first_line(&o), (char *)(uintptr_t)line));

	/* Without the present one nothing changes; nor without a new one. */
	expect(run((const char *const[]){ "key", "passphrase", key, "--passphrase-fd", "3",
		       "--new-passphrase-fd", "4", NULL },
		   "", "wrong\n", "new\n"),
	    EX_DATAERR, "passphrase is wrong", "change");
	expect(RUN_PASS("correct horse", "key", "passphrase", key, "--passphrase-fd", "3"),
	    EX_USAGE, "--new-passphrase-fd", "change");
	after = test_read(key);
	cr_assert(eq(sz, after.len, before.len));
	cr_assert(eq(int, memcmp(after.p, before.p, after.len), 0));

	/* Through a link the file itself changes, not the link. */
	cr_assert(eq(int, symlink(key, link), 0));
	o = run((const char *const[]){ "key", "passphrase", link, "--passphrase-fd", "3",
		    "--new-passphrase-fd", "4", NULL },
	    "", "correct horse\n", "battery staple\n");
	cr_assert(eq(int, o.code, 0), "%s", o.err);
	assert_private(key);
	expect(RUN_PASS("correct horse", "key", "show", key, "--passphrase-fd", "3"), EX_DATAERR,
	    "passphrase is wrong", "the old one");
	o = RUN_PASS(
	    "battery staple", "key", "passphrase", key, "--no-passphrase", "--passphrase-fd", "3");
	cr_assert(eq(int, o.code, 0), "%s", o.err);
	o = RUN("key", "show", key);
	cr_assert(eq(str, (char *)(uintptr_t)first_line(&o), (char *)(uintptr_t)line));
}

Test(officer, an_empty_passphrase_is_refused)
{
	const char *key = test_join(dir, "k");

	cr_assert(
	    eq(int, RUN_PASS("", "key", "new", key, "--passphrase-fd", "3").code, EX_DATAERR));
	cr_assert(eq(int, access(key, F_OK), -1));
}

Test(officer, age_opens_a_key_file_with_its_passphrase)
{
	const char *key = test_join(dir, "k"), *plain = test_join(dir, "plain");
	struct outcome made = RUN_PASS("correct horse", "key", "new", key, "--passphrase-fd", "3");

	if (!test_has_program("age"))
		cr_skip_test("age is not installed");
	cr_assert(eq(int, made.code, 0), "%s", made.err);
	cr_assert(eq(int,
	    run_on_terminal((const char *const[]){ "age", "-d", "-o", plain, key, NULL },
		"passphrase", "correct horse\n"),
	    0));
	cr_assert(ne(ptr, strstr((const char *)test_read(plain).p, "AGE-SECRET-KEY-1"), NULL));
}

Test(officer, on_a_terminal_the_passphrase_is_asked_for)
{
	const char *key = test_join(dir, "k");
	struct outcome shown;

	cr_assert(eq(int,
	    run_on_terminal(
		(const char *const[]){ candor(), "key", "new", key, NULL }, ": ", "tr0ub4dor\r"),
	    0));
	shown = RUN_PASS("tr0ub4dor", "key", "show", key, "--passphrase-fd", "3");
	cr_assert(eq(int, shown.code, 0), "%s", shown.err);
}

/* ---- the difference that is signed ---------------------------------------------------------- */

static struct officer
person(const char *name, enum officer_role role, uint8_t key, const char *categories)
{
	static char room[8][64]; /* each test has a process of its own */
	static unsigned used;
	struct officer o = { .role = role };

	snprintf(o.name, sizeof(o.name), "%s", name);
	memset(&o.keys, key, sizeof(o.keys));
	snprintf(room[used], sizeof(room[used]), "%s", categories);
	o.categories = room[used++];
	return o;
}

/* What directory_diff() writes; *n gets what it returns. */
static const char *
diff(const struct directory *before, const struct directory *after, size_t *n)
{
	static char text[4096];
	FILE *f = fmemopen(text, sizeof(text), "w");

	cr_assert(ne(ptr, f, NULL));
	text[0] = '\0';
	*n = directory_diff(f, before, after);
	fclose(f);
	return text;
}

static void
assert_has(const char *text, const char *part)
{
	cr_assert(ne(ptr, strstr(text, part), NULL), "no \"%s\" in\n%s", part, text);
}

static void
assert_fingerprint(const char *text, const char *label, uint8_t key)
{
	char print[KEYS_FINGERPRINT_CHARS + 1], line[128];
	struct officer_public k;

	memset(&k, key, sizeof(k));
	keys_fingerprint(print, &k);
	snprintf(line, sizeof(line), "%s %s\n", label, print);
	assert_has(text, line);
}

Test(officer, no_difference_is_shown_where_there_is_none)
{
	struct officer o[] = { person("Ada", ROLE_ADMIN, 1, ""),
		person("Ruth", ROLE_LEAD, 2, "*") };
	struct directory d = { .n_officers = 2, .officers = o };
	size_t n;

	cr_assert(eq(str, (char *)(uintptr_t)diff(&d, &d, &n), ""));
	cr_assert(eq(sz, n, 0));
}

Test(officer, the_difference_shows_who_comes_and_goes)
{
	struct officer was[] = { person("Ada", ROLE_ADMIN, 1, ""),
		person("Ruth", ROLE_LEAD, 2, "*") };
	struct officer is[] = { person("Ada", ROLE_ADMIN, 1, ""),
		person("Omar", ROLE_OFFICER, 3, "privacy,posting") };
	struct directory before = { .n_officers = 2, .officers = was };
	struct directory after = { .n_officers = 2, .officers = is };
	const char *text;
	size_t n;

	text = diff(&before, &after, &n);
	cr_assert(eq(sz, n, 2));
	assert_has(text, "  + Omar: officer, reads privacy, posting\n");
	assert_fingerprint(text, "fingerprint", 3);
	assert_has(text, "  - Ruth: lead, reads every category\n");
	assert_fingerprint(text, "fingerprint", 2);
	cr_assert(eq(ptr, strstr(text, "Ada"), NULL));
}

Test(officer, the_difference_shows_what_changes_of_a_person)
{
	struct officer was = person("Ruth", ROLE_OFFICER, 2, "privacy");
	struct officer is = person("ruth", ROLE_LEAD, 4, "*");
	struct directory before = { .n_officers = 1, .officers = &was };
	struct directory after = { .n_officers = 1, .officers = &is };
	const char *text;
	size_t n;

	snprintf(is.email, sizeof(is.email), "r@h.example");
	text = diff(&before, &after, &n);
	cr_assert(eq(sz, n, 1));
	assert_has(text, "  * Ruth\n");
	assert_has(text, "name: now written ruth\n");
	assert_has(text, "role: officer -> lead\n");
	assert_has(text, "reads: privacy -> every category\n");
	assert_has(text, "mail: none -> r@h.example\n");
	assert_has(text, "THE KEY CHANGES");
	assert_fingerprint(text, "before", 2);
	assert_fingerprint(text, "after ", 4);
}

Test(officer, one_half_of_a_key_that_changes_is_a_change)
{
	struct officer was = person("Ruth", ROLE_OFFICER, 2, "*"), is = was;
	struct directory before = { .n_officers = 1, .officers = &was };
	struct directory after = { .n_officers = 1, .officers = &is };
	size_t n;

	is.keys.sign[31] ^= 1;
	assert_has(diff(&before, &after, &n), "THE KEY CHANGES");
	is = was;
	is.keys.age[0] ^= 1;
	assert_has(diff(&before, &after, &n), "THE KEY CHANGES");
}

Test(officer, an_escrow_that_changes_cannot_be_overlooked)
{
	struct officer o = person("Ada", ROLE_ADMIN, 1, "");
	struct directory before = { .n_officers = 1, .officers = &o }, after = before;
	size_t n;

	after.escrow[7] = 9;
	assert_has(diff(&before, &after, &n), "THE ESCROW CHANGES");
	cr_assert(eq(sz, n, 1));
}

Test(officer, the_first_directory_is_shown_whole)
{
	struct officer o = person("Ada", ROLE_ADMIN, 1, "");
	struct directory d = { .n_officers = 1, .officers = &o };
	const char *text;
	size_t n;

	text = diff(NULL, &d, &n);
	assert_has(text, "  + Ada: admin, reads no category\n");
	assert_has(text, "  + escrow");
}

/* ---- padding off a stream ------------------------------------------------------------------- */

struct sink {
	uint8_t buf[65536];
	size_t len, cap;
};

static int
sink_take(void *ctx, const uint8_t *p, size_t len)
{
	struct sink *s = ctx;

	if (len > s->cap - s->len)
		return CANDOR_ESYS;
	memcpy(s->buf + s->len, p, len);
	s->len += len;
	return 0;
}

static struct sink taken;

/* Feed padded bytes in pieces. */
static int
feed(const uint8_t *p, size_t len, size_t piece)
{
	struct unpad u = { .sink = sink_take, .ctx = &taken };

	taken = (struct sink){ .cap = sizeof(taken.buf) };
	for (size_t at = 0; at < len; at += piece) {
		int r = unpad_write(&u, p + at, len - at < piece ? len - at : piece);

		if (r != 0)
			return r;
	}
	return unpad_end(&u);
}

/* Contents that end in what padding is made of. */
static size_t
content(uint8_t *buf, unsigned variant)
{
	static const size_t lengths[] = { 0, 1, 4095, 4096, 5000, 20000 };
	size_t len = lengths[variant % NELEM(lengths)];

	randombytes_buf(buf, len);
	if (len > 900 && variant / NELEM(lengths) == 1)
		memset(buf + len - 900, 0, 900);
	else if (len > 900 && variant / NELEM(lengths) == 2)
		memset(buf + len - 900, 0x80, 900);
	else if (len > 900 && variant / NELEM(lengths) == 3) {
		memset(buf, 0, len);
		buf[len - 1] = 0x80;
	}
	return len;
}

Test(officer, what_was_padded_comes_out_whatever_the_pieces)
{
	static const size_t pieces[] = { 1, 7, 512, 4096, 65536 };
	static uint8_t buf[65536];

	for (unsigned v = 0; v < 24; v++) {
		size_t len = content(buf, v);

		pad_apply(buf, len);
		for (size_t i = 0; i < NELEM(pieces); i++) {
			cr_assert(eq(int, feed(buf, pad_size(len), pieces[i]), 0));
			cr_assert(eq(sz, taken.len, len));
			cr_assert(eq(int, memcmp(taken.buf, buf, len), 0));
		}
	}
}

Test(officer, a_stream_that_was_not_padded_so_is_refused)
{
	static uint8_t buf[8192];

	cr_assert(eq(int, feed(buf, 0, 1), CANDOR_EBADMSG));      /* nothing */
	cr_assert(eq(int, feed(buf, 4096, 512), CANDOR_EBADMSG)); /* no mark */
	pad_apply(buf, 100);
	cr_assert(eq(int, feed(buf, 4096, 512), 0));
	cr_assert(eq(int, feed(buf, 4095, 512), CANDOR_EBADMSG)); /* no such size */
	cr_assert(eq(int, feed(buf, 8192, 512), CANDOR_EBADMSG)); /* more than it needs */
	buf[4095] = 1;
	cr_assert(eq(int, feed(buf, 4096, 512), CANDOR_EBADMSG)); /* ends in content */
}

Test(officer, a_sink_that_is_full_ends_the_stream)
{
	static uint8_t buf[8192];
	struct unpad u = { .sink = sink_take, .ctx = &taken };

	memset(buf, 1, sizeof(buf));
	taken = (struct sink){ .cap = 10 };
	cr_assert(eq(int, unpad_write(&u, buf, 100), CANDOR_ESYS));
}

/* ---- the version that is remembered --------------------------------------------------------- */

static struct client client;
static const uint8_t site[SITE_ID_BYTES] = { 0xab, 1 };

Test(officer, a_charter_key_that_was_seen_to_hand_its_office_on_signs_no_more)
{
	struct minisign_secret key[3];
	struct arena a = test_arena(1u << 20);
	struct span none = { (const uint8_t *)"", 0 }, first, second;

	for (size_t i = 0; i < NELEM(key); i++)
		minisign_keypair(&key[i]);
	cr_assert(eq(int, directory_succeed(&a, &first, NULL, 0, &key[0], &key[1].pub, site), 0));
	cr_assert(eq(int,
	    directory_succeed(&a, &second, first.p, first.len, &key[1], &key[2].pub, site), 0));
	cr_assert(eq(int, seen_charter(&client, site, none, &key[0].pub), 0));
	cr_assert(eq(int, seen_charter(&client, site, first, &key[1].pub), 0));
	cr_assert(eq(int, seen_directory(&client, site, 4), 0), "one does not forget the other");
	cr_assert(eq(int, seen_charter(&client, site, none, &key[0].pub), EX_DATAERR));
	cr_assert(eq(int, seen_charter(&client, site, none, &key[1].pub), 0));
	cr_assert(eq(int, seen_charter(&client, site, second, &key[2].pub), 0));
	cr_assert(eq(int, seen_charter(&client, site, first, &key[1].pub), EX_DATAERR));
	cr_assert(eq(int, seen_directory(&client, site, 3), EX_DATAERR));
}

Test(officer, an_older_directory_than_seen_is_refused)
{
	const char *path = test_join(dir, ".local/state/candor/ab010000000000000000000000000000");
	const uint8_t other[SITE_ID_BYTES] = { 2 };

	cr_assert(eq(int, seen_directory(&client, site, 3), 0));
	assert_private(path);
	cr_assert(eq(int, seen_directory(&client, site, 3), 0));
	cr_assert(eq(int, seen_directory(&client, site, 7), 0));
	cr_assert(eq(int, seen_directory(&client, site, 6), EX_DATAERR));
	assert_has(client.error, "version 6");
	assert_has(client.error, path);
	cr_assert(eq(int, seen_directory(&client, site, 7), 0));
	cr_assert(eq(int, seen_directory(&client, other, 1), 0)); /* another site's */
}

Test(officer, the_state_folder_is_where_the_user_wants_it)
{
	setenv("XDG_STATE_HOME", test_join(dir, "s"), 1);
	cr_assert(eq(int, seen_directory(&client, site, 1), 0));
	assert_private(test_join(dir, "s/candor/ab010000000000000000000000000000"));
	setenv("XDG_STATE_HOME", "relative", 1); /* is to be ignored */
	cr_assert(eq(int, seen_directory(&client, site, 1), 0));
	assert_private(test_join(dir, ".local/state/candor/ab010000000000000000000000000000"));
}

Test(officer, what_cannot_be_remembered_does_not_stop_the_work)
{
	test_write(test_join(dir, ".local"), "", 0); /* no folder can be made there */
	cr_assert(eq(int, seen_directory(&client, site, 1), 0));
	unsetenv("HOME");
	cr_assert(eq(int, seen_directory(&client, site, 1), 0));
	cr_assert(eq(str, client.error, ""));
}
