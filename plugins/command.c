/* SPDX-License-Identifier: ISC */
/*
 * command: runs a program for each event, which it gets as one JSON object on standard input. A plugin, in a
 * host process of its own; the program stands behind the same walls.
 *
 * It must never use a shell, hand on an environment, put anything of an event into an argument, or leave
 * a process behind when deliver() returns.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "candor/plugin.h"

#include "common/event_json.h"
#include "common/fields.h"
#include "common/settings.h"

#define TIMEOUT_S 20 /* below the 30 s after which the daemon gives a plugin up */
#define ARGUMENTS_MAX 32
#define OUTPUT_MAX (1u << 20)
#define PATH_TEXT_MAX 4096
#define LINE_CAP 400
#define RETRY_AFTER "Retry-After: "
#define RETRY_AFTER_MAX_S 86400u

struct conf {
	const char *program, *arguments, *path, *timeout_s, *reference, *retry_codes;
	unsigned timeout;
	bool wants_reference, retry[256];
};

struct command {
	char *program, *arguments; /* arguments: cut at its commas */
	char path[PATH_TEXT_MAX];  /* "PATH=…", or empty */
	char *argv[ARGUMENTS_MAX + 2];
	unsigned timeout;
	bool wants_reference, retry[256];
	char *json;
};

/* ---- settings ------------------------------------------------------------------------------------ */

static int
parse_codes(struct conf *c, char *why, size_t cap)
{
	const char *s = c->retry_codes != NULL ? c->retry_codes : "75";

	while (*s != '\0') {
		size_t len = strcspn(s, ",");
		char number[8] = "?";
		unsigned code = 0;

		if (len < sizeof(number))
			snprintf(number, sizeof(number), "%.*s", (int)len, s);
		if (settings_number(&code, "retry_codes", number, 1, 255,
			" each: exit codes after which the event is tried again", why, cap) < 0)
			return -1;
		c->retry[code] = true;
		s += len + (s[len] == ',');
	}
	return 0;
}

static size_t
count_arguments(const char *list)
{
	size_t n = *list != '\0';

	for (; *list != '\0'; list++)
		n += *list == ',';
	return n;
}

static int
parse(struct conf *c, const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	const struct setting known[] = { { "program", &c->program }, { "arguments", &c->arguments },
		{ "path", &c->path }, { "timeout_s", &c->timeout_s },
		{ "reference", &c->reference }, { "retry_codes", &c->retry_codes } };

	*c = (struct conf){ .timeout = TIMEOUT_S, .arguments = "", .path = "" };
	if (settings_read(known, NELEM(known), kv, n, why, cap) < 0)
		return -1;
	if (c->program == NULL)
		return settings_fail(why, cap, "program must be given: the program's full path");
	if (c->program[0] != '/' || text_has_control(c->program, ""))
		return settings_fail(why, cap,
		    "program = \"%.200s\" must be a full path, which programs lists too",
		    c->program);
	if (count_arguments(c->arguments) > ARGUMENTS_MAX || text_has_control(c->arguments, ""))
		return settings_fail(why, cap,
		    "arguments must be a list of up to %d texts without control characters",
		    ARGUMENTS_MAX);
	if (strlen(c->path) > PATH_TEXT_MAX - sizeof("PATH=") || text_has_control(c->path, ""))
		return settings_fail(
		    why, cap, "path must be up to %d bytes, as /usr/bin:/bin", PATH_TEXT_MAX - 6);
	if (settings_bool(&c->wants_reference, "reference", c->reference, why, cap) < 0 ||
	    settings_number(&c->timeout, "timeout_s", c->timeout_s, 1, 600,
		", and below the plugin's deadline", why, cap) < 0)
		return -1;
	return parse_codes(c, why, cap);
}

static int
command_check(const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	struct conf c;

	return parse(&c, kv, n, why, cap);
}

static void
command_close(void *state)
{
	struct command *c = state;

	if (c == NULL)
		return;
	free(c->program);
	free(c->arguments);
	free(c->json);
	free(c);
}

static int
command_open(void **state, const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	struct command *c;
	struct conf conf;
	size_t argc = 0;

	if (parse(&conf, kv, n, why, cap) < 0)
		return -1;
	if ((c = calloc(1, sizeof(*c))) == NULL || !settings_copy(&c->program, conf.program) ||
	    !settings_copy(&c->arguments, conf.arguments) ||
	    (c->json = malloc(EVENT_JSON_MAX)) == NULL) {
		command_close(c);
		return settings_fail(why, cap, "out of memory");
	}
	c->argv[argc++] = c->program;
	for (char *rest = c->arguments; *c->arguments != '\0' && rest != NULL;)
		c->argv[argc++] = strsep(&rest, ",");
	if (conf.path[0] != '\0')
		snprintf(c->path, sizeof(c->path), "PATH=%s", conf.path);
	c->timeout = conf.timeout;
	c->wants_reference = conf.wants_reference;
	memcpy(c->retry, conf.retry, sizeof(c->retry));
	*state = c;
	return 0;
}

/* ---- a run --------------------------------------------------------------------------------------- */

/* What a program says on one stream: its last line that is not empty. */
struct tail {
	char line[LINE_CAP], last[LINE_CAP];
	size_t len, total;
};

enum { IN, OUT, ERR, EXEC, N_PIPES }; /* EXEC: the errno of execve(2), or nothing */

struct run {
	pid_t pid;
	int ours[N_PIPES]; /* -1: closed */
	int end_fd;        /* readable when the program has ended */
	struct tail out, err;
	int exec_errno;
	const char *json;
	size_t json_len;
	int64_t until_ms;
};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
end_line(struct tail *t)
{
	if (t->len > 0) {
		memcpy(t->last, t->line, t->len);
		t->last[t->len] = '\0';
	}
	t->len = 0;
}

static void
listen_to(struct tail *t, const char *p, size_t n)
{
	t->total += n;
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n' || p[i] == '\r' || p[i] == '\0')
			end_line(t);
		else if (t->len < sizeof(t->line) - 1)
			t->line[t->len++] = p[i];
	}
}

/* In the child: become the program, or write errno to `failed`. */
static _Noreturn void
become(const struct command *c, const int theirs[N_PIPES])
{
	char path[PATH_TEXT_MAX], *env[] = { path, NULL };
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	sigset_t none;
	int why;

	/* A group of its own, so that all of it can be ended; a host saw to that already. */
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (int s = 1; s < NSIG; s++)
		(void)sigaction(s, &usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	memcpy(path, c->path, sizeof(path));
	if (path[0] == '\0')
		env[0] = NULL;
	if (dup2(theirs[IN], STDIN_FILENO) >= 0 && dup2(theirs[OUT], STDOUT_FILENO) >= 0 &&
	    dup2(theirs[ERR], STDERR_FILENO) >= 0)
		execve(c->program, c->argv, env);
	why = errno;
	if (write(theirs[EXEC], &why, sizeof(why)) < 0)
		_exit(EX_OSERR);
	_exit(EX_UNAVAILABLE);
}

/* Above the standard ones, so that dup2() in the child overwrites none of them. */
static bool
make_pipe(int ends[2])
{
	int low[2];
	bool ok;

	if (pipe2(low, O_CLOEXEC) < 0)
		return false;
	for (size_t i = 0; i < 2; i++)
		ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(low[0]);
	close(low[1]);
	ok = ends[0] >= 0 && ends[1] >= 0;
	for (size_t i = 0; i < 2 && !ok; i++)
		shut(&ends[i]);
	return ok;
}

static bool
start(struct run *r, const struct command *c)
{
	int theirs[N_PIPES] = { -1, -1, -1, -1 };
	bool ok = true;

	r->end_fd = -1;
	for (size_t i = 0; i < N_PIPES; i++) {
		int ends[2] = { -1, -1 };

		ok = ok && make_pipe(ends);
		theirs[i] = ends[i == IN ? 0 : 1];
		r->ours[i] = ends[i == IN ? 1 : 0];
		ok = ok && fcntl(r->ours[i], F_SETFL, O_NONBLOCK) == 0;
	}
	r->pid = ok ? fork() : -1;
	if (r->pid == 0)
		become(c, theirs);
	if (r->pid > 0) {
		(void)setpgid(r->pid, r->pid);
		r->end_fd = (int)syscall(SYS_pidfd_open, r->pid, 0);
	}
	for (size_t i = 0; i < N_PIPES; i++)
		shut(&theirs[i]);
	return r->pid > 0;
}

static void
feed(struct run *r)
{
	ssize_t n = write(r->ours[IN], r->json, r->json_len);

	if (n > 0) {
		r->json += n;
		r->json_len -= (size_t)n;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		r->json_len = 0; /* it does not want to know */
	}
	if (r->json_len == 0)
		shut(&r->ours[IN]);
}

/* Take what is there now. */
static void
hear(struct run *r, int which)
{
	char buf[4096];
	ssize_t n;

	while (r->ours[which] >= 0 && (n = read(r->ours[which], buf, sizeof(buf))) != 0) {
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			break;
		if (which == EXEC && (size_t)n >= sizeof(r->exec_errno))
			memcpy(&r->exec_errno, buf, sizeof(r->exec_errno));
		if (which == OUT || which == ERR)
			listen_to(which == OUT ? &r->out : &r->err, buf, (size_t)n);
		if (r->out.total + r->err.total > OUTPUT_MAX)
			return;
	}
	shut(&r->ours[which]);
}

/* Everything that it started, itself first; whatever ignores signals, or went into the background. */
static int
finish(struct run *r)
{
	pid_t group = getpgid(r->pid);
	int status = 0;

	(void)kill(group > 0 && group != getpgrp() ? -group : r->pid, SIGKILL);
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	hear(r, OUT);
	hear(r, ERR);
	hear(r, EXEC);
	end_line(&r->out);
	end_line(&r->err);
	for (size_t i = 0; i < N_PIPES; i++)
		shut(&r->ours[i]);
	shut(&r->end_fd);
	return status;
}

/* Until the program ends, or must. NULL; or why it was ended. */
static const char *
attend(struct run *r)
{
	if (r->end_fd < 0)
		return "cannot be watched";
	for (;;) {
		struct pollfd wait[] = {
			[IN] = { .fd = r->ours[IN], .events = POLLOUT },
			[OUT] = { .fd = r->ours[OUT], .events = POLLIN },
			[ERR] = { .fd = r->ours[ERR], .events = POLLIN },
			[EXEC] = { .fd = r->ours[EXEC], .events = POLLIN },
			[N_PIPES] = { .fd = r->end_fd, .events = POLLIN },
		};
		int64_t left = r->until_ms - now_ms();

		if (left <= 0)
			return "did not end in time";
		if (poll(wait, NELEM(wait), (int)left) < 0 && errno != EINTR)
			return "cannot be watched";
		if (wait[IN].revents != 0)
			feed(r);
		for (int i = OUT; i <= EXEC; i++)
			if (wait[i].revents != 0)
				hear(r, i);
		if (r->out.total + r->err.total > OUTPUT_MAX)
			return "wrote too much";
		if (wait[N_PIPES].revents != 0)
			return NULL;
	}
}

/* ---- delivery ------------------------------------------------------------------------------------ */

static uint32_t
asked_for(const char *line)
{
	char *end;
	unsigned long s;

	if (strncmp(line, RETRY_AFTER, strlen(RETRY_AFTER)) != 0)
		return 0;
	s = strtoul(line + strlen(RETRY_AFTER), &end, 10);
	return *end != '\0' ? 0 : s < RETRY_AFTER_MAX_S ? (uint32_t)s : RETRY_AFTER_MAX_S;
}

static enum candor_result
judge(const struct command *c, const struct run *r, int status, struct candor_answer *answer)
{
	const char *between = r->err.last[0] != '\0' ? ": " : "";
	unsigned code = WIFEXITED(status) ? (unsigned)WEXITSTATUS(status) : 0;

	if (r->exec_errno != 0) {
		answer_say(answer, "%s cannot be run: %s%s", c->program, strerror(r->exec_errno),
		    r->exec_errno == EACCES
			? "; it, and of a script its interpreter, must be in programs"
			: "");
		return CANDOR_RETRY;
	}
	if (WIFSIGNALED(status)) {
		answer_say(answer, "%s died of signal %d%s%s", c->program, WTERMSIG(status),
		    between, r->err.last);
		return CANDOR_RETRY;
	}
	if (code == 0) {
		if (c->wants_reference)
			snprintf(answer->reference, sizeof(answer->reference), "%s", r->out.last);
		return CANDOR_DELIVERED;
	}
	answer_say(answer, "%s left with status %u%s%s", c->program, code, between, r->err.last);
	if (!c->retry[code])
		return CANDOR_REFUSED;
	answer->retry_after_s = asked_for(r->out.last);
	return CANDOR_RETRY;
}

static enum candor_result
command_deliver(void *state, const struct candor_event *e, struct candor_answer *answer)
{
	const struct command *c = state;
	struct text json = { .p = c->json, .cap = EVENT_JSON_MAX };
	static struct run r;
	const char *why;
	int status;

	if (!event_sound(e, answer->error, sizeof(answer->error)))
		return CANDOR_REFUSED;
	event_json(&json, e);
	text_adds(&json, "\n");
	if (json.full) {
		answer_say(answer, "the event is larger than %u bytes as JSON", EVENT_JSON_MAX);
		return CANDOR_REFUSED;
	}
	r = (struct run){ .json = json.p, .json_len = json.len };
	r.until_ms = now_ms() + (int64_t)c->timeout * 1000;
	if (!start(&r, c)) {
		for (size_t i = 0; i < N_PIPES; i++)
			shut(&r.ours[i]);
		answer_say(answer, "%s cannot be started: %s", c->program, strerror(errno));
		return CANDOR_RETRY;
	}
	why = attend(&r);
	status = finish(&r);
	if (why == NULL)
		return judge(c, &r, status, answer);
	answer_say(answer, "%s %s and was ended (%u s, %u bytes are allowed)%s%s", c->program, why,
	    c->timeout, OUTPUT_MAX, r.err.last[0] != '\0' ? ": " : "", r.err.last);
	return CANDOR_RETRY;
}

CANDOR_PLUGIN_EXPORT const struct candor_plugin candor_plugin = {
	.abi = CANDOR_PLUGIN_ABI,
	.size = sizeof(struct candor_plugin),
	.name = "command",
	.version = CANDOR_VERSION,
	.check = command_check,
	.open = command_open,
	.deliver = command_deliver,
	.close = command_close,
};
