/* SPDX-License-Identifier: ISC */
/*
 * The client as its users have it: the built program, run with arguments, standard input and a
 * terminal of its own, against a peer in this test that speaks the reporters' protocol and can
 * misbehave.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <jansson.h>
#include <sodium.h>

#include "candor/candor_pb.h"
#include "candor/directory.h"
#include "candor/frame.h"
#include "candor/seal.h"

#include "support/files.h"

#define ARGS(...) ((const char *[]){ __VA_ARGS__, NULL })
#define OUTPUT_MAX 262144
#define HOSTILE "\033]0;pwned\007\xe2\x80\xae"

static void
forget(void *p)
{
	(void)p;
}

/* What jansson allocates here lives as long as the test. */
static void
begin(void)
{
	json_set_alloc_funcs(test_alloc, forget);
	unsetenv("TMUX");
	unsetenv("STY");
}

TestSuite(client, .init = begin, .timeout = 120);

/* ---- running the program ---------------------------------------------------------------------- */

struct ran {
	int code;
	char out[OUTPUT_MAX], err[OUTPUT_MAX];
};

/* The program beside this test: B/tests/test_client and B/candor. */
static const char *
program(void)
{
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 16);
	char *slash;

	cr_assert(n > 0);
	path[n] = '\0';
	for (int i = 0; i < 2; i++) {
		slash = strrchr(path, '/');
		cr_assert(slash != NULL);
		*slash = '\0';
	}
	strcat(path, "/candor");
	return path;
}

static void
take(int *fd, char *out, size_t *len)
{
	ssize_t n = read(*fd, out + *len, OUTPUT_MAX - 1 - *len);

	if (n > 0) {
		*len += (size_t)n;
		return;
	}
	close(*fd);
	*fd = -1;
}

/* Run it without a terminal; input (len bytes) is its standard input. */
static struct ran *
run_bytes(const char *const args[], const char *input, size_t len)
{
	struct ran *r = memset(test_alloc(sizeof(*r)), 0, sizeof(*r));
	const char *argv[32] = { program() };
	int in[2], out[2], err[2], status;
	size_t n_out = 0, n_err = 0, written = 0;
	pid_t pid;

	for (size_t i = 0; args[i] != NULL && i < 30; i++)
		argv[i + 1] = args[i];
	cr_assert(
	    pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0);
	signal(SIGPIPE, SIG_IGN);
	if ((pid = fork()) == 0) {
		setsid();
		unsetenv("CANDOR_SITE");
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	close(err[1]);
	while (out[0] >= 0 || err[0] >= 0) {
		struct pollfd p[3] = { { out[0], POLLIN, 0 }, { err[0], POLLIN, 0 },
			{ written < len ? in[1] : -1, POLLOUT, 0 } };

		if (written >= len && in[1] >= 0) {
			close(in[1]);
			in[1] = -1;
			continue;
		}
		cr_assert(poll(p, 3, 60000) > 0);
		if (p[0].revents != 0)
			take(&out[0], r->out, &n_out);
		if (p[1].revents != 0)
			take(&err[0], r->err, &n_err);
		if (p[2].revents != 0) {
			ssize_t n = write(in[1], input + written, len - written);

			written = n > 0 ? written + (size_t)n : len;
		}
	}
	waitpid(pid, &status, 0);
	r->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return r;
}

static struct ran *
run(const char *const args[], const char *input)
{
	return run_bytes(args, input, strlen(input));
}

/* ---- the peer --------------------------------------------------------------------------------- */

/* What the peer saw, and how it shall behave: shared with its process. */
struct seen {
	unsigned connections, reports, messages, pieces;
	unsigned drop_reports;   /* so many are taken and never answered */
	unsigned refuse_reports; /* so many get EX_TEMPFAIL */
	unsigned kinds[64], n_kinds;
	uint8_t lookup[8][32], recipient[32], message_id[4][16];
	char narrative[4096], place[1024], keep[256], text[4096], attachment[4096];
	size_t attachment_len, original_len;
	unsigned n_keep_out;
};

struct peer {
	const char *dir;
	char site[512], socket[512];
	pid_t pid;
	struct seen *seen;
	uint8_t key[32], public[32], site_id[16];
	struct minisign_secret charter;
	struct span text, sig;
};

static bool
read_all(int fd, uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t got = read(fd, p, n);

		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

static bool
read_message(int fd, uint8_t *p, size_t *len)
{
	uint8_t head[2];

	if (!read_all(fd, head, 2))
		return false;
	*len = (size_t)head[0] << 8 | head[1];
	return read_all(fd, p, *len);
}

static void
answer(int fd, struct noise_session *s, unsigned kind, const ProtobufCMessage *msg)
{
	static uint8_t body[WIRE_BODY_MAX], frame[FRAME_MAX];
	size_t len = protobuf_c_message_pack(msg, body), n;

	if (frame_seal(s, frame, &n, kind, body, len) == 0)
		(void)!write(fd, frame, n);
}

static void
answer_guide(struct peer *p, int fd, struct noise_session *s)
{
	Candor__Guide g = CANDOR__GUIDE__INIT;
	Candor__Category social = CANDOR__CATEGORY__INIT, lone = CANDOR__CATEGORY__INIT;
	Candor__Category *categories[] = { &social, &lone };
	Candor__Site ward = CANDOR__SITE__INIT, *sites[] = { &ward };
	char *locked[] = { "email" };

	social.id = "social";
	social.title = "Posted" HOSTILE;
	social.guidance = "Pictures of patients." HOSTILE;
	social.severity = "high";
	social.acknowledge_days = 7;
	social.feedback_months = 3;
	social.roles_mask = 1u << ROLE_OFFICER;
	lone = social;
	lone.id = "lone";
	lone.title = "Nobody";
	lone.roles_mask = 1u << ROLE_LEAD;
	ward.id = "ward";
	ward.title = "Ward";
	g.site_name = "Test site";
	g.directory = wire_bytes(p->text.p, p->text.len);
	g.directory_signature = wire_bytes(p->sig.p, p->sig.len);
	g.categories = categories;
	g.n_categories = 2;
	g.sites = sites;
	g.n_sites = 1;
	g.not_keepable = locked;
	g.n_not_keepable = 1;
	answer(fd, s, MSG_GUIDE, &g.base);
}

static void
refuse(int fd, struct noise_session *s, unsigned code, char *text)
{
	Candor__Refusal r = CANDOR__REFUSAL__INIT;

	r.code = code;
	r.text = text;
	answer(fd, s, MSG_REFUSAL, &r.base);
}

static void
answer_filed(int fd, struct noise_session *s)
{
	Candor__Filed filed = CANDOR__FILED__INIT;

	filed.acknowledge_by = 20000;
	filed.feedback_by = 20090;
	answer(fd, s, MSG_FILED, &filed.base);
}

/* false: close without an answer. */
static bool
take_report(struct peer *p, int fd, struct noise_session *s, const Candor__Report *r)
{
	struct seen *seen = p->seen;

	memcpy(seen->lookup[seen->reports++ % 8], r->lookup.data, 32);
	memcpy(seen->recipient, r->recipient.data, 32);
	snprintf(seen->narrative, sizeof(seen->narrative), "%s", r->narrative);
	snprintf(seen->place, sizeof(seen->place), "%s", r->place);
	for (size_t i = 0; i < r->n_keep; i++)
		snprintf(seen->keep + strlen(seen->keep), 64, "%s,", r->keep[i]);
	seen->n_keep_out = (unsigned)r->n_keep_out;
	if (seen->drop_reports > 0 && seen->drop_reports-- > 0)
		return false;
	if (seen->refuse_reports > 0 && seen->refuse_reports-- > 0)
		refuse(fd, s, EX_TEMPFAIL, "the service is busy");
	else
		answer_filed(fd, s);
	return true;
}

/* One reply from the officers, sealed to the receipt; under any other lookup there is nothing. */
static void
answer_follow(struct peer *p, int fd, struct noise_session *s, const Candor__Follow *f)
{
	Candor__Followed out = CANDOR__FOLLOWED__INIT;
	Candor__TextEntry entry = CANDOR__TEXT_ENTRY__INIT;
	Candor__Reply reply = CANDOR__REPLY__INIT, *replies[] = { &reply };
	struct arena a = test_arena(1 << 20);
	uint8_t secret[32], recipient[32];
	struct span plain, sealed;

	if (p->seen->reports == 0 || memcmp(f->lookup.data, p->seen->lookup[0], 32) != 0) {
		refuse(fd, s, EX_DATAERR, "nothing was filed under this receipt");
		return;
	}
	entry.text = "Which ward was it?" HOSTILE;
	age_keypair(secret, recipient);
	cr_assert(wire_pack(&a, &plain, &entry.base) == 0);
	cr_assert(seal_entry(&a, &sealed, plain.p, plain.len, recipient, p->seen->recipient) == 0);
	reply.n = 3;
	reply.on = 20001;
	reply.sealed = wire_bytes(sealed.p, sealed.len);
	out.state = "awaiting-reporter";
	out.acknowledge_by = 20000;
	out.feedback_by = 20090;
	out.acknowledged_on = 20001;
	if (f->after < 3) {
		out.replies = replies;
		out.n_replies = 1;
	}
	answer(fd, s, MSG_FOLLOWED, &out.base);
}

static bool
take_request(
    struct peer *p, int fd, struct noise_session *s, unsigned kind, const ProtobufCMessage *msg)
{
	struct seen *seen = p->seen;
	const Candor__Attach *piece = (const Candor__Attach *)msg;
	const Candor__Message *message = (const Candor__Message *)msg;
	Candor__Empty empty = CANDOR__EMPTY__INIT;

	seen->kinds[seen->n_kinds++ % 64] = kind;
	switch (kind) {
	case MSG_GUIDE_GET:
		answer_guide(p, fd, s);
		return true;
	case MSG_REPORT:
		return take_report(p, fd, s, (const Candor__Report *)msg);
	case MSG_FOLLOW:
		answer_follow(p, fd, s, (const Candor__Follow *)msg);
		return true;
	case MSG_ATTACH:
		seen->pieces++;
		if (piece->original)
			seen->original_len += piece->data.len;
		else if (piece->data.len > 0 &&
			 piece->data.len <= sizeof(seen->attachment) - seen->attachment_len)
			memcpy(seen->attachment + seen->attachment_len, piece->data.data,
			    piece->data.len);
		seen->attachment_len += piece->original ? 0 : piece->data.len;
		answer(fd, s, MSG_ATTACHED, &empty.base);
		return true;
	case MSG_MESSAGE:
		snprintf(seen->text, sizeof(seen->text), "%s", message->text);
		memcpy(seen->message_id[seen->messages++ % 4], message->id.data, 16);
		answer_filed(fd, s);
		return true;
	default:
		return false;
	}
}

static void
serve(struct peer *p, int fd)
{
	static uint8_t in[65536];
	uint8_t prologue[FRAME_PROLOGUE_BYTES], out[256];
	struct noise_handshake hs;
	struct noise_session s;
	size_t len, n;

	frame_prologue(prologue, p->site_id);
	if (!read_message(fd, in, &len) ||
	    noise_begin(&hs, NOISE_NK, NOISE_RESPONDER, prologue, sizeof(prologue), p->key, NULL,
		NULL) < 0 ||
	    noise_read(&hs, out, 0, &n, in, len) < 0 ||
	    noise_write(&hs, out + 2, sizeof(out) - 2, &n, NULL, 0) < 0 || noise_split(&hs, &s) < 0)
		return;
	out[0] = 0;
	out[1] = (uint8_t)n;
	(void)!write(fd, out, n + 2);
	while (read_message(fd, in, &len)) {
		struct arena a = test_arena(8 << 20);
		ProtobufCMessage *msg;
		struct span body;
		unsigned kind;

		if (frame_open(&s, in, &kind, &body, in, len) < 0 ||
		    wire_unpack(&a, &msg, kind, PARTY_REPORTER, PARTY_INTAKE, body.p, body.len) <
			0 ||
		    !take_request(p, fd, &s, kind, msg))
			return;
	}
}

static void
make_directory(struct peer *p)
{
	static const char *const names[] = { "Ada Privacy", "Bo Compliance" };
	struct arena a = test_arena(1 << 20);
	struct officer officers[2] = { 0 };
	struct directory d = { .version = 1, .n_officers = 2, .officers = officers };
	uint8_t secret[32];

	memcpy(d.site_id, p->site_id, 16);
	age_keypair(secret, d.escrow);
	for (size_t i = 0; i < 2; i++) {
		struct officer_secret keys;

		age_keypair(secret, officers[i].keys.age);
		keys_derive(&keys, secret);
		officers[i].keys = keys.pub;
		officers[i].role = ROLE_OFFICER;
		officers[i].categories = (char *)(uintptr_t) "*";
		strcpy(officers[i].name, names[i]);
	}
	cr_assert(directory_format(&a, &p->text, &d) == 0);
	cr_assert(
	    minisign_sign(&a, &p->sig, p->text.p, p->text.len, &p->charter, "directory 1") == 0);
}

static void
write_site(const struct peer *p, const char *path, const char *connect, const uint8_t key[32])
{
	char hex[65], id[33], charter[MINISIGN_PUBLIC_CHARS + 1], text[2048];

	sodium_bin2hex(hex, sizeof(hex), key, 32);
	sodium_bin2hex(id, sizeof(id), p->site_id, 16);
	minisign_public_format(charter, &p->charter.pub);
	test_write(path, text,
	    (size_t)snprintf(text, sizeof(text),
		"connect = \"%s\";\ndaemon_key = \"%s\";\nsite_id = \"%s\";\ncharter = \"%s\";\n"
		"site_name = \"Test\";\n",
		connect, hex, id, charter));
}

static struct peer *
peer_start(void)
{
	struct peer *p = memset(test_alloc(sizeof(*p)), 0, sizeof(*p));
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char connect[600];
	int fd;

	cr_assert(sodium_init() >= 0);
	p->dir = test_mkdir();
	p->seen =
	    mmap(NULL, sizeof(*p->seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(p->seen != MAP_FAILED);
	randombytes_buf(p->key, 32);
	crypto_scalarmult_base(p->public, p->key);
	randombytes_buf(p->site_id, 16);
	minisign_keypair(&p->charter);
	make_directory(p);
	snprintf(p->socket, sizeof(p->socket), "%s/s", p->dir);
	snprintf(p->site, sizeof(p->site), "%s/site.conf", p->dir);
	snprintf(connect, sizeof(connect), "unix:%s", p->socket);
	write_site(p, p->site, connect, p->public);
	cr_assert(strlen(p->socket) < sizeof(at.sun_path));
	strcpy(at.sun_path, p->socket);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 8) == 0);
	if ((p->pid = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails does not stop us */
		signal(SIGPIPE, SIG_IGN);
		for (;;) {
			int c = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

			if (c < 0)
				_exit(1);
			p->seen->connections++;
			serve(p, c);
			close(c);
		}
	}
	close(fd);
	return p;
}

static void
peer_stop(struct peer *p)
{
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	test_rmdir(p->dir);
}

static json_t *
json_of(const char *text)
{
	json_t *root = json_loads(text, 0, NULL);

	cr_assert(root != NULL, "no JSON: %s", text);
	return root;
}

static const char *
string_of(const json_t *root, const char *name)
{
	return json_string_value(json_object_get(root, name));
}

/* ---- words on the command line ---------------------------------------------------------------- */

Test(client, wrong_usage_is_told_with_exit_64)
{
	static const struct {
		const char *args[4], *says;
	} cases[] = {
		{ { "reprot" }, "did you mean `candor report`" },
		{ { "frobnicate" }, "candor --help" },
		{ { "strip", "--bogus" }, "--bogus is no option here" },
		{ { "strip", "--profile" }, "needs a value" },
		{ { "strip", "--profile", "x" }, "reporter or deidentify" },
		{ { "guide", "a", "b" }, "one word too many" },
		{ { "--site" }, "--site needs a value" },
		{ { "--passphrase-fd", "x", "guide" }, "is no descriptor" },
		{ { "report" }, "--json" },
		{ { "report", "--json" }, "something is missing" },
		{ { "follow", "one two three four five six seven" }, "never given as an argument" },
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct ran *r = run(cases[i].args, "");

		cr_assert(eq(int, r->code, EX_USAGE), "case %zu: %s", i, r->err);
		cr_assert(strstr(r->err, cases[i].says) != NULL, "case %zu: %s", i, r->err);
		cr_assert(eq(str, r->out, ""));
	}
}

Test(client, help_and_version_go_to_standard_output)
{
	static const char *const verbs[] = { "report", "follow", "guide", "strip", "key",
		"directory", "cases", "case", "desk", "admin" };
	struct ran *r = run(ARGS("--help"), "");

	cr_assert(eq(int, r->code, 0));
	for (size_t i = 0; i < NELEM(verbs); i++) {
		struct ran *v = run(ARGS(verbs[i], "--help"), "");

		cr_assert(strstr(r->out, verbs[i]) != NULL);
		cr_assert(eq(int, v->code, 0));
		cr_assert(strncmp(v->out, "usage: candor ", 14) == 0);
	}
	cr_assert(eq(int, run(ARGS("--version"), "")->code, 0));
}

Test(client, an_error_shows_hostile_words_inert)
{
	struct ran *r = run(ARGS(HOSTILE "x"), "");

	cr_assert(eq(int, r->code, EX_USAGE));
	cr_assert(strchr(r->err, '\033') == NULL && strstr(r->err, "\xe2\x80\xae") == NULL);
}

Test(client, what_is_wrong_in_site_conf_is_told_by_line)
{
	static const struct {
		const char *text, *says;
		int code;
	} cases[] = {
		{ "connect = \"unix:/x\";\ndaemon_key = \"12\";\n", ":2: daemon_key must be 64 hex",
		    EX_CONFIG },
		{ "connect = \"tcp:x\";\n", ":1: connect must be", EX_CONFIG },
		{ "\nconect = \"unix:/x\";\n",
		    ":2: there is no setting \"conect\"; did you mean \"connect\"", EX_CONFIG },
		{ "connect = 5;\n", ":1: connect must be a text", EX_CONFIG },
		{ "connect = \"unix:/x\";\n", "\"daemon_key\" is missing", EX_CONFIG },
		{ "connect = \"\n\n", "syntax error", EX_CONFIG },
	};
	const char *dir = test_mkdir(), *path = test_join(dir, "site.conf");
	struct ran *r;

	for (size_t i = 0; i < NELEM(cases); i++) {
		test_write(path, cases[i].text, strlen(cases[i].text));
		r = run(ARGS("guide", "--site", path), "");
		cr_assert(eq(int, r->code, cases[i].code), "case %zu: %s", i, r->err);
		cr_assert(strstr(r->err, cases[i].says) != NULL, "case %zu: %s", i, r->err);
	}
	r = run(ARGS("--site", test_join(dir, "none"), "guide"), "");
	cr_assert(eq(int, r->code, EX_NOINPUT));
	cr_assert(strstr(r->err, "--site FILE") != NULL);
	test_rmdir(dir);
}

/* ---- strip ------------------------------------------------------------------------------------ */

Test(client, strip_filters_text_and_keeps_what_names_nobody)
{
	struct ran *r = run(ARGS("strip"), "The lift is broken since May.\nIt stinks.\n");

	cr_assert(eq(int, r->code, 0));
	cr_assert(eq(str, r->out, "The lift is broken since May.\nIt stinks.\n"));
	r = run(ARGS("strip"), "Write to jane.roe@example.org please.\n");
	cr_assert(eq(int, r->code, 0));
	cr_assert(strstr(r->out, "jane.roe") == NULL);
	cr_assert(eq(str, run(ARGS("strip"), "")->out, ""));
}

Test(client, strip_works_on_texts_larger_than_its_buffer)
{
	static const char line[] = "The lift is broken since May. ";
	size_t n = 100000, len = n * (sizeof(line) - 1);
	char *text = test_alloc(len + 1);
	struct ran *r;

	for (size_t i = 0; i < n; i++) {
		memcpy(text + i * (sizeof(line) - 1), line, sizeof(line) - 1);
		if (i % 10 == 9)
			text[(i + 1) * (sizeof(line) - 1) - 1] = '\n';
	}
	text[len] = '\0';
	/* More than we keep of the output: its beginning must be right, and the exit code. */
	r = run_bytes(ARGS("strip"), text, OUTPUT_MAX - 100);
	cr_assert(eq(int, r->code, 0));
	cr_assert(eq(int, memcmp(r->out, text, OUTPUT_MAX - 200), 0));
}

Test(client, strip_jsonl_answers_line_by_line_with_what_went)
{
	struct ran *r =
	    run(ARGS("strip", "--jsonl"), "{\"text\":\"Write to jane.roe@example.org "
					  "please.\",\"id\":7}\n{\"text\":\"Nothing.\"}\n");
	char *second = strchr(r->out, '\n');
	json_t *one, *two, *span;

	cr_assert(eq(int, r->code, 0));
	cr_assert(second != NULL);
	*second++ = '\0';
	one = json_of(r->out);
	two = json_of(second);
	cr_assert(strstr(string_of(one, "text"), "jane.roe") == NULL);
	span = json_array_get(json_object_get(one, "removed"), 0);
	cr_assert(eq(int, (int)json_integer_value(json_object_get(span, "start")), 9));
	cr_assert(eq(int, (int)json_integer_value(json_object_get(span, "end")), 29));
	cr_assert(string_of(span, "label") != NULL);
	cr_assert(eq(str, (char *)string_of(two, "text"), "Nothing."));
	cr_assert(eq(sz, json_array_size(json_object_get(two, "removed")), 0));
}

Test(client, strip_refuses_what_is_no_text)
{
	struct ran *r = run_bytes(ARGS("strip"), "a\0b", 3);

	cr_assert(eq(int, r->code, EX_DATAERR));
	cr_assert(eq(int, run(ARGS("strip"), "\xff\xfe")->code, EX_DATAERR));
	cr_assert(eq(int, run(ARGS("strip", "/nonexistent/file"), "")->code, EX_NOINPUT));
	r = run(ARGS("strip", "--jsonl"), "{\"text\":\"a\"}\n{\"text\":canary}\n");
	cr_assert(eq(int, r->code, EX_DATAERR));
	cr_assert(strstr(r->err, ":2:") != NULL);
	cr_assert(strstr(r->err, "canary") == NULL, "an error must not quote the words");
}

/* ---- reaching the service --------------------------------------------------------------------- */

Test(client, a_service_that_is_not_there_is_exit_69)
{
	struct peer *p = peer_start();
	char path[600], connect[600];
	struct ran *r;

	snprintf(path, sizeof(path), "%s/away.conf", p->dir);
	snprintf(connect, sizeof(connect), "unix:%s/none", p->dir);
	write_site(p, path, connect, p->public);
	r = run(ARGS("--site", path, "guide"), "");
	cr_assert(eq(int, r->code, EX_UNAVAILABLE));
	write_site(p, path, "exec:echo not here >&2; exit 3", p->public);
	r = run(ARGS("--site", path, "guide"), "");
	cr_assert(eq(int, r->code, EX_UNAVAILABLE));
	cr_assert(strstr(r->err, "not here") != NULL, "what the command says is seen");
	peer_stop(p);
}

Test(client, a_service_with_another_key_is_not_believed)
{
	struct peer *p = peer_start();
	char path[600], connect[600];
	uint8_t other[32];
	struct ran *r;

	randombytes_buf(other, 32);
	crypto_scalarmult_base(other, other);
	snprintf(path, sizeof(path), "%s/other.conf", p->dir);
	snprintf(connect, sizeof(connect), "unix:%s", p->socket);
	write_site(p, path, connect, other);
	r = run(ARGS("--site", path, "guide"), "");
	cr_assert(ne(int, r->code, 0));
	cr_assert(eq(int, (int)p->seen->n_kinds, 0), "no request was made");
	peer_stop(p);
}

Test(client, a_directory_that_the_charter_did_not_sign_is_refused)
{
	struct peer *p = peer_start();
	char path[600], connect[600];
	struct peer other = *p;

	minisign_keypair(&other.charter);
	snprintf(path, sizeof(path), "%s/other.conf", p->dir);
	snprintf(connect, sizeof(connect), "unix:%s", p->socket);
	write_site(&other, path, connect, p->public);
	cr_assert(eq(int, run(ARGS("--site", path, "guide"), "")->code, EX_NOPERM));
	peer_stop(p);
}

Test(client, the_guide_names_who_reads_and_is_inert)
{
	struct peer *p = peer_start();
	struct ran *r = run(ARGS("guide", "--site", p->site), "");
	json_t *root, *category;

	cr_assert(eq(int, r->code, 0), "%s", r->err);
	cr_assert(strstr(r->out, "Ada Privacy, Bo Compliance") != NULL);
	cr_assert(strchr(r->out, '\033') == NULL && strstr(r->out, "\xe2\x80\xae") == NULL);
	r = run(ARGS("--json", "guide", "--site", p->site), "");
	cr_assert(eq(int, r->code, 0));
	root = json_of(r->out);
	category = json_array_get(json_object_get(root, "categories"), 0);
	cr_assert(eq(str, (char *)string_of(category, "id"), "social"));
	cr_assert(eq(sz, json_array_size(json_object_get(category, "recipients")), 2));
	cr_assert(eq(int, run(ARGS("guide", "nope", "--site", p->site), "")->code, EX_DATAERR));
	peer_stop(p);
}

/* ---- report ----------------------------------------------------------------------------------- */

#define REPORT(more)                                                                               \
	"{\"category\":\"social\",\"narrative\":\"Call jane.roe@example.org, a picture was "       \
	"posted.\"" more "}"

Test(client, a_report_is_stripped_filed_and_its_receipt_printed)
{
	struct peer *p = peer_start();
	struct ran *r = run(ARGS("--site", p->site, "report", "--json", "-"),
	    REPORT(",\"site\":\"ward\",\"place\":\"room 4\",\"keep_out\":[\"ada  privacy\"],"
		   "\"keep\":[\"email\"],\"seen_on\":\"2026-11-20\",\"kind\":\"incident\""));
	json_t *root, *span;

	cr_assert(eq(int, r->code, 0), "%s", r->err);
	root = json_of(r->out);
	cr_assert(string_of(root, "receipt") != NULL);
	cr_assert(eq(str, (char *)string_of(root, "acknowledge_by"), "2024-10-04"));
	cr_assert(eq(str, (char *)string_of(root, "feedback_by"), "2025-01-02"));
	span = json_array_get(json_object_get(root, "removed"), 0);
	cr_assert(eq(str, (char *)string_of(span, "field"), "narrative"));
	cr_assert(eq(int, (int)json_integer_value(json_object_get(span, "start")), 5));
	cr_assert(strstr(p->seen->narrative, "jane.roe") == NULL);
	cr_assert(strstr(p->seen->narrative, "a picture was posted.") != NULL);
	cr_assert(eq(str, p->seen->place, "room 4"));
	cr_assert(eq(str, p->seen->keep, ""), "the site's list of what nobody may keep wins");
	cr_assert(eq(u32, p->seen->n_keep_out, 1));
	cr_assert(eq(u32, p->seen->reports, 1));
	peer_stop(p);
}

Test(client, a_report_that_cannot_be_right_is_refused_and_not_sent)
{
	static const struct {
		const char *json, *says;
	} cases[] = {
		{ REPORT(",\"keep_out\":[\"Nemo\",\"Ada Privacy\",\"Nobody\"]"),
		    "\"Nemo\", \"Nobody\"" },
		{ REPORT(",\"keep_out\":[\"Ada Privacy\",\"Bo Compliance\"]"), "kept out" },
		{ "{\"category\":\"lone\",\"narrative\":\"x\"}", "nobody reads" },
		{ "{\"category\":\"nope\",\"narrative\":\"x\"}", "this site has social, lone" },
		{ REPORT(",\"site\":\"mars\""), "known are ward" },
		{ REPORT(",\"kind\":\"joke\""), "\"kind\" must be" },
		{ REPORT(",\"seen_on\":\"2026-02-30\""), "a day that exists" },
		{ REPORT(",\"keep\":[\"everything\"]"), "keep[0] is no label" },
		{ REPORT(",\"narative\":\"x\""), "did you mean \"narrative\"" },
		{ REPORT(",\"urls\":[\"a\",7]"), "\"urls[1]\" must be a text" },
		{ REPORT(",\"keep_original\":\"yes\""), "keep_original" },
		{ REPORT(",\"attachments\":[\"/nonexistent/x\"]"), "/nonexistent/x" },
		{ "{\"category\":\"social\"}", "\"narrative\" is missing" },
		{ "[1]", "one JSON object" },
		{ "{\n\"category\":\"social\",\n\"narrative\": canary }",
		    "standard input:3: no valid JSON" },
	};
	struct peer *p = peer_start();

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct ran *r =
		    run(ARGS("report", "--site", p->site, "--json", "-"), cases[i].json);
		int want = strstr(cases[i].json, "nonexistent") != NULL ? EX_NOINPUT : EX_DATAERR;

		cr_assert(eq(int, r->code, want), "case %zu: %s", i, r->err);
		cr_assert(strstr(r->err, cases[i].says) != NULL, "case %zu: %s", i, r->err);
		cr_assert(strstr(r->err, "canary") == NULL);
		cr_assert(eq(str, r->out, ""));
	}
	cr_assert(eq(u32, p->seen->reports, 0));
	peer_stop(p);
}

Test(client, a_field_that_is_too_long_is_named_with_its_limit)
{
	struct peer *p = peer_start();
	char *json = test_alloc(40000 + 256);
	struct ran *r;
	size_t n;

	n = (size_t)sprintf(json, "{\"category\":\"social\",\"narrative\":\"");
	memset(json + n, 'a', 40000);
	strcpy(json + n + 40000, "\"}");
	r = run(ARGS("report", "--site", p->site, "--json", "-"), json);
	cr_assert(eq(int, r->code, EX_DATAERR));
	cr_assert(strstr(r->err, "\"narrative\" is 40000 bytes long, 32768 are allowed") != NULL,
	    "%s", r->err);
	peer_stop(p);
}

Test(client, a_lost_answer_is_tried_again_under_the_same_receipt)
{
	struct peer *p = peer_start();
	struct ran *r;

	p->seen->drop_reports = 1;
	p->seen->refuse_reports = 1;
	r = run(ARGS("report", "--site", p->site, "--json", "-"), REPORT(""));
	cr_assert(eq(int, r->code, 0), "%s", r->err);
	cr_assert(eq(u32, p->seen->reports, 3));
	cr_assert(eq(int, memcmp(p->seen->lookup[0], p->seen->lookup[1], 32), 0));
	cr_assert(eq(int, memcmp(p->seen->lookup[0], p->seen->lookup[2], 32), 0));
	cr_assert(eq(u32, p->seen->kinds[3], MSG_GUIDE_GET), "each connection begins alike");
	peer_stop(p);
}

Test(client, an_attachment_is_cleaned_and_sent_before_the_report)
{
	static const char text[] = "line one\njane.roe@example.org\nline three\n";
	struct peer *p = peer_start();
	const char *good = test_join(p->dir, "a.txt"), *bad = test_join(p->dir, "a.png");
	char json[2048];
	struct ran *r;

	test_write(good, text, sizeof(text) - 1);
	test_write(bad, "\x89PNG\r\n\x1a\n\0", 9);
	snprintf(json, sizeof(json), REPORT(",\"attachments\":[\"%s\"]"), good);
	r = run(ARGS("report", "--site", p->site, "--json", "-"), json);
	cr_assert(eq(int, r->code, 0), "%s", r->err);
	cr_assert(strncmp(p->seen->attachment, "line one\n", 9) == 0);
	cr_assert(memmem(p->seen->attachment, p->seen->attachment_len, "jane.roe", 8) == NULL);
	cr_assert(strstr(r->out, "\"field\":\"attachments[0]\"") != NULL);
	cr_assert(strstr(r->out, "\"type\":\"text/plain\"") != NULL);
	cr_assert(eq(sz, p->seen->original_len, 0), "the default is that no original leaves");
	snprintf(
	    json, sizeof(json), REPORT(",\"keep_original\":true,\"attachments\":[\"%s\"]"), good);
	r = run(ARGS("report", "--site", p->site, "--json", "-"), json);
	cr_assert(eq(int, r->code, 0), "%s", r->err);
	cr_assert(eq(sz, p->seen->original_len, sizeof(text) - 1));
	snprintf(json, sizeof(json), REPORT(",\"attachments\":[\"%s\"]"), bad);
	r = run(ARGS("report", "--site", p->site, "--json", "-"), json);
	cr_assert(eq(int, r->code, EX_DATAERR));
	cr_assert(strstr(r->err, "cannot be cleaned") != NULL, "%s", r->err);
	cr_assert(eq(u32, p->seen->reports, 2));
	peer_stop(p);
}

/* ---- follow ----------------------------------------------------------------------------------- */

Test(client, a_receipt_opens_the_officers_replies_and_takes_an_answer)
{
	struct peer *p = peer_start();
	struct ran *r = run(ARGS("report", "--site", p->site, "--json", "-"), REPORT(""));
	char input[512];
	const char *receipt;
	json_t *root;

	receipt = string_of(json_of(r->out), "receipt");
	snprintf(input, sizeof(input), "%s\n", receipt);
	r = run(ARGS("follow", "--site", p->site), input);
	cr_assert(eq(int, r->code, 0), "%s", r->err);
	cr_assert(strstr(r->out, "awaiting-reporter") != NULL);
	cr_assert(strstr(r->out, "Which ward was it?") != NULL);
	cr_assert(strchr(r->out, '\033') == NULL && strstr(r->out, "\xe2\x80\xae") == NULL);

	r = run(ARGS("follow", "--json", "--site", p->site), input);
	root = json_of(r->out);
	cr_assert(eq(str, (char *)string_of(root, "acknowledged_on"), "2024-10-05"));
	cr_assert(eq(sz, json_array_size(json_object_get(root, "messages")), 1));

	snprintf(input, sizeof(input), "%s\nWard four. Ask jane.roe@example.org.\n", receipt);
	r = run(ARGS("follow", "--reply", "--site", p->site), input);
	cr_assert(eq(int, r->code, 0), "%s", r->err);
	cr_assert(eq(u32, p->seen->messages, 1));
	cr_assert(strncmp(p->seen->text, "Ward four. Ask ", 15) == 0);
	cr_assert(strstr(p->seen->text, "jane.roe") == NULL);
	peer_stop(p);
}

Test(client, a_receipt_that_opens_nothing_is_told_so)
{
	struct peer *p = peer_start();
	struct ran *r = run(ARGS("follow", "--site", p->site),
	    "abacus abdomen abdominal abide abiding ability ablaze\n");

	cr_assert(eq(int, r->code, EX_DATAERR));
	cr_assert(strstr(r->err, "nothing was filed under this receipt") != NULL);
	r = run(ARGS("follow", "--site", p->site), "abacus abdomen canary\n");
	cr_assert(eq(int, r->code, EX_DATAERR));
	cr_assert(strstr(r->err, "canary") == NULL);
	cr_assert(eq(int, run(ARGS("follow", "--site", p->site), "")->code, EX_NOINPUT));
	peer_stop(p);
}

/* ---- on a terminal ---------------------------------------------------------------------------- */

struct dialogue {
	int fd;
	pid_t pid;
	char seen[OUTPUT_MAX];
	size_t len, at;
};

static void
dialogue_start(struct dialogue *d, const char *const args[])
{
	const char *argv[16] = { program() };
	struct winsize size = { .ws_row = 40, .ws_col = 100 };

	memset(d, 0, sizeof(*d));
	for (size_t i = 0; args[i] != NULL && i < 14; i++)
		argv[i + 1] = args[i];
	if ((d->pid = forkpty(&d->fd, NULL, NULL, &size)) == 0) {
		setenv("TERM", "xterm", 1);
		setenv("NO_COLOR", "1", 1);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	cr_assert(d->pid > 0);
}

/* Wait until text appears behind what was waited for before, then type keys. */
static void
expect(struct dialogue *d, const char *text, const char *keys)
{
	char *hit;

	while ((hit = strstr(d->seen + d->at, text)) == NULL) {
		struct pollfd p = { d->fd, POLLIN, 0 };
		ssize_t n;

		cr_assert(
		    poll(&p, 1, 60000) > 0, "waiting for: %s\nsaw: %s", text, d->seen + d->at);
		n = read(d->fd, d->seen + d->len, OUTPUT_MAX - 1 - d->len);
		cr_assert(n > 0, "waiting for: %s\nsaw: %s", text, d->seen + d->at);
		d->len += (size_t)n;
	}
	d->at = (size_t)(hit - d->seen) + strlen(text);
	cr_assert(write(d->fd, keys, strlen(keys)) == (ssize_t)strlen(keys));
}

static int
dialogue_end(struct dialogue *d)
{
	char drain[4096];
	int status;

	while (read(d->fd, drain, sizeof(drain)) > 0)
		;
	waitpid(d->pid, &status, 0);
	close(d->fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The receipt's words stand below one another, numbered and indented by four. */
static void
find_receipt(const struct dialogue *d, char out[80])
{
	const char *line = strstr(d->seen, "NOT YET FILED");

	*out = '\0';
	for (unsigned i = 1; i <= 7; i++) {
		char number[16];
		size_t used = strlen(out);

		snprintf(number, sizeof(number), "\r\n    %u  ", i);
		cr_assert(line != NULL && (line = strstr(line, number)) != NULL, "word %u", i);
		line += strlen(number);
		snprintf(out + used, 80 - used, "%s%.*s", i > 1 ? " " : "",
		    (int)strcspn(line, "\r"), line);
	}
}

static void
walk_to_narrative(struct dialogue *d)
{
	expect(d, "Go on? [Y/n]", "\r");
	expect(d, "Number:", "1\r");
	expect(d, "Number:", "lone\r");
	expect(d, "none can be taken", "");
	expect(d, "Number:", "social\r");
	expect(d, "Ada Privacy, Bo Compliance", "");
	/* What is typed ahead answers the next question. */
	expect(d, "Number", "1\rthe lift\r");
	expect(d, "the lift", "");
	expect(d, "Day", "2020-13-01\r");
	expect(d, "Please give a day", "");
	expect(d, "Day", "9999-01-01\r");
	expect(d, "still to come", "");
	expect(d, "Day", "2020-11-20\r");
	expect(d, "Platform", "\r");
	expect(d, "Keep out", "ada\r");
	expect(d, "Ada Privacy is kept out", "");
	expect(d, "Keep out", "1\r");
	expect(d, "What happened?", "");
	expect(d, "\033[?2004h", ""); /* from here on, keys are the editor's */
}

Test(client, a_report_is_filed_on_a_terminal_after_its_receipt_is_confirmed)
{
	static const char *const ordinals[] = { "first", "second", "third", "fourth", "fifth",
		"sixth", "seventh" };
	struct peer *p = peer_start();
	struct dialogue *d = test_alloc(sizeof(*d));
	char receipt[80], *word = receipt;
	const char *asked;

	dialogue_start(d, ARGS("--site", p->site, "report"));
	walk_to_narrative(d);
	expect(d, "", "A picture was posted.\rWrite to jane.roe@example.org\r.\r");
	expect(d, "File (Enter: none):", "\r");
	expect(d, "[-jane.roe@example.org-|", "");
	/* An answer is changed, and another looked at on the way back to the preview. */
	expect(d, "What next?", "edit\r");
	expect(d, "like to change?", "");
	expect(d, "Number:", "place\r");
	expect(d, "the lift", "\x15the stairs\r");
	expect(d, "the stairs", "");
	expect(d, "What next?", "<\r");
	expect(d, "File (Enter: none):", "<\r");
	expect(d, "What happened?", "");
	expect(d, "roe@example.org", "\x04");
	expect(d, "File (Enter: none):", "\r");
	/* Ctrl-C is how many copy: it must not throw everything away. */
	expect(d, "What next?", "\x03");
	expect(d, "Abandon what you wrote?", "n\r");
	expect(d, "What next?", "go\r");
	expect(d, "NOT YET FILED", "");
	expect(d, "Type the ", "");
	cr_assert(
	    eq(u32, p->seen->reports, 0), "nothing is sent before the receipt is written down");
	expect(d, " word: ", "wrong\r");
	expect(d, "That is not the ", "");
	asked = d->seen + d->at;
	find_receipt(d, receipt);
	for (size_t i = 0; i < NELEM(ordinals); i++) {
		if (strncmp(asked, ordinals[i], strlen(ordinals[i])) == 0)
			break;
		word += strcspn(word, " ") + 1;
	}
	word[strcspn(word, " ")] = '\0';
	expect(d, " word: ", word);
	expect(d, "", "\r");
	expect(d, "FILED.", "");
	expect(d, "Clear the screen", "y\r");
	expect(d, "\033[3J", "");
	cr_assert(eq(int, dialogue_end(d), 0));
	cr_assert(eq(u32, p->seen->reports, 1));
	cr_assert(strstr(p->seen->narrative, "jane.roe") == NULL);
	cr_assert(eq(str, p->seen->place, "the stairs"));
	peer_stop(p);
}

Test(client, a_file_is_shown_for_what_it_is_before_it_goes_and_its_original_stays_unless_asked_for)
{
	static const char svg[] = "<svg xmlns=\"http://www.w3.org/2000/svg\"><!-- Jane --></svg>";
	struct peer *p = peer_start();
	struct dialogue *d = test_alloc(sizeof(*d));
	const char *good = test_join(p->dir, "a.svg"), *bad = test_join(p->dir, "a.bin");
	char typed[4096];

	test_write(good, svg, sizeof(svg) - 1);
	test_write(bad, "\177ELF\2\1\1", 7);
	dialogue_start(d, ARGS("--site", p->site, "report"));
	walk_to_narrative(d);
	expect(d, "", "A picture was posted.\r.\r");
	snprintf(typed, sizeof(typed), "%s\r", bad);
	expect(d, "File (Enter: none):", typed);
	expect(d, "cannot be cleaned", "");
	expect(d, "take a screenshot", "");
	snprintf(typed, sizeof(typed), "%s\r", good);
	expect(d, "File (Enter: none):", typed);
	expect(d, "image/svg+xml", "");
	expect(d, "could tell who made it", "");
	expect(d, "Another file (Enter: no more):", "\r");
	expect(d, "The risk is", "");
	expect(d, "Send the untouched files as well? [y/N]", "\r");
	expect(d, "1 file, cleaned\r\n", "");
	expect(d, "What next?", "edit\r");
	expect(d, "Number:", "attached\r");
	expect(d, "File (Enter: none):", "\r"); /* the same as before */
	expect(d, "Another file (Enter: no more):", "\r");
	expect(d, "Send the untouched files as well? [y/N]", "y\r");
	expect(d, "1 file, cleaned; untouched for the escrow alone", "");
	expect(d, "What next?", "quit\r");
	expect(d, "Clear the screen", "n\r");
	cr_assert(eq(int, dialogue_end(d), EX_NOINPUT));
	cr_assert(eq(u32, p->seen->pieces, 0));
	peer_stop(p);
}

Test(client, a_report_of_more_than_one_message_is_refused_before_anything_is_sent)
{
	struct peer *p = peer_start();
	char *text = test_alloc(128 * 1024), *at = text;
	struct ran *r;

	at += sprintf(at, "{\"category\":\"social\",\"narrative\":\"");
	for (unsigned i = 0; i < 32700 / 5; i++)
		at += sprintf(at, "word ");
	at += sprintf(at, "\",\"urls\":[");
	for (unsigned i = 0; i < 16; i++)
		at += sprintf(at, "%s\"https://example.org/%02000u\"", i > 0 ? "," : "", i);
	sprintf(at, "]}");
	r = run(ARGS("report", "--json", "-", "--site", p->site), text);
	cr_assert(eq(int, r->code, EX_DATAERR), "%s", r->err);
	cr_assert(strstr(r->err, "too long in all") != NULL, "%s", r->err);
	cr_assert(eq(str, r->out, ""), "no receipt is shown");
	cr_assert(eq(u32, p->seen->reports, 0));
	peer_stop(p);
}

Test(client, json_on_a_terminal_is_plain_ascii)
{
	struct peer *p = peer_start();
	struct dialogue *d = test_alloc(sizeof(*d));

	dialogue_start(d, ARGS("--site", p->site, "guide", "--json"));
	expect(d, "outside_bodies", "");
	expect(d, "}\r\n", "");
	for (size_t i = 0; i < d->len; i++)
		cr_assert(d->seen[i] == '\r' || d->seen[i] == '\n' ||
			      (d->seen[i] >= 0x20 && d->seen[i] < 0x7f),
		    "byte %zu is %02x", i, (uint8_t)d->seen[i]);
	cr_assert(eq(int, dialogue_end(d), 0));
	peer_stop(p);
}

Test(client, abandoning_sends_nothing)
{
	struct peer *p = peer_start();
	struct dialogue *d = test_alloc(sizeof(*d));

	dialogue_start(d, ARGS("--site", p->site, "report"));
	walk_to_narrative(d);
	expect(d, "", "words\x03");
	expect(d, "Abandon what you wrote?", "n\r");
	expect(d, "words", " and more\x03");
	expect(d, "Abandon what you wrote?", "y\r");
	expect(d, "nothing was sent", "");
	cr_assert(eq(int, dialogue_end(d), EX_NOINPUT));
	cr_assert(eq(u32, p->seen->reports, 0));
	peer_stop(p);
}

Test(client, a_signal_leaves_the_terminal_as_it_was)
{
	struct peer *p = peer_start();
	struct dialogue *d = test_alloc(sizeof(*d));
	struct termios mode;

	dialogue_start(d, ARGS("--site", p->site, "follow"));
	expect(d, "Your receipt", "");
	cr_assert(eq(int, tcgetattr(d->fd, &mode), 0));
	cr_assert(eq(u32, mode.c_lflag & (ICANON | ECHO), 0));
	cr_assert(eq(int, kill(d->pid, SIGTERM), 0));
	expect(d, "\033[?2004l", "");
	while (read(d->fd, d->seen, OUTPUT_MAX) > 0)
		;
	cr_assert(eq(int, tcgetattr(d->fd, &mode), 0));
	cr_assert(eq(u32, mode.c_lflag & (ICANON | ECHO), ICANON | ECHO));
	cr_assert(eq(int, dialogue_end(d), -1), "it dies of the signal");
	peer_stop(p);
}

Test(client, a_terminal_that_keeps_a_copy_is_warned_of)
{
	struct peer *p = peer_start();
	struct dialogue *d = test_alloc(sizeof(*d));

	setenv("TMUX", "/tmp/tmux-0/default,1,0", 1);
	dialogue_start(d, ARGS("--site", p->site, "follow"));
	expect(d, "inside tmux, which keeps a copy", "");
	expect(d, "Your receipt", "\x03");
	expect(d, "abandoned", "");
	cr_assert(eq(int, dialogue_end(d), EX_NOINPUT));
	peer_stop(p);
}

Test(client, the_receipt_typed_for_follow_is_wiped_from_the_screen)
{
	struct peer *p = peer_start();
	struct dialogue *d = test_alloc(sizeof(*d));

	dialogue_start(d, ARGS("--site", p->site, "follow"));
	expect(d, "Your receipt", "abacus abdomen abdominal abide abiding ability ablaze");
	expect(d, "ablaze", "\r");
	expect(d, "\r\033[J", "");
	expect(d, "nothing was filed under this receipt", "");
	cr_assert(eq(int, dialogue_end(d), EX_DATAERR));
	peer_stop(p);
}
