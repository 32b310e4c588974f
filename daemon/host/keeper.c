/* SPDX-License-Identifier: ISC */
/*
 * The keeper of a host: see keeper.h. A process of its own, which must never run a plugin's code nor
 * trust a byte of it: it reads a log, writes lines, and sends one signal.
 */
#include "host/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
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

#include "common/log.h"
#include "common/sandbox.h"

/* What a host may log: in a sanitizer's build its last words are longer. */
#ifdef CANDOR_SANITIZED
#define LINES_MAX 1000u
#else
#define LINES_MAX 50u
#endif
#define WINDOW_MS 60000
#define LINE_MAX_BYTES 1000

static pid_t programs_group;

/* ---- the log ------------------------------------------------------------------------------------- */

struct pen {
	char prefix[64];
	char line[LINE_MAX_BYTES];
	size_t len;
	unsigned said, dropped; /* in the current window */
	int64_t window_ms;      /* when it began */
};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
put(const struct pen *p, const char *text, size_t len)
{
	/* The host's own lines have the prefix already; no other can be forged. */
	size_t before = strlen(p->prefix);
	bool own = len >= before && memcmp(text, p->prefix, before) == 0;
	char out[sizeof(p->prefix) + LINE_MAX_BYTES + 1];
	int n = snprintf(out, sizeof(out), "%s%.*s\n", own ? "" : p->prefix, (int)len, text);

	/* Where the log cannot be written there is nobody to tell. */
	if (n > 0 && write(STDERR_FILENO, out, (size_t)n) < 0)
		errno = 0;
}

/* Is a new window open? Then what the last one left out is told, as a number. */
static void
turn_window(struct pen *p)
{
	char text[80];
	int64_t now = now_ms();

	if (now - p->window_ms < WINDOW_MS)
		return;
	if (p->dropped > 0) {
		snprintf(text, sizeof(text), "warning: %u more lines were left out", p->dropped);
		put(p, text, strlen(text));
	}
	p->window_ms = now;
	p->said = p->dropped = 0;
}

static void
end_line(struct pen *p)
{
	if (p->len == 0)
		return;
	turn_window(p);
	if (p->said < LINES_MAX) {
		p->said++;
		put(p, p->line, p->len);
	} else {
		p->dropped++;
	}
	p->len = 0;
}

static void
take(struct pen *p, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\n')
			end_line(p);
		else if (p->len < sizeof(p->line)) /* what is longer is cut */
			p->line[p->len++] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
	}
}

/* ---- the end of the host ------------------------------------------------------------------------- */

/*
 * A process that is dead, and never reaped: it keeps its group's number from being given to another.
 * group 0: a new one. Its pid, or -1.
 */
static pid_t
place_holder(pid_t group)
{
	pid_t pid = fork();
	siginfo_t how;

	if (pid == 0)
		_exit(setpgid(0, group) < 0);
	if (pid < 0 || waitid(P_PID, (id_t)pid, &how, WEXITED | WNOWAIT) < 0 || how.si_status != 0)
		return -1;
	return pid;
}

/* clang-format off */
static const struct sandbox_call calls[] = {
	ALLOW(read,  "the host's log"),
	ALLOW(write, "the log; and once to the host, that all stands"),
	ALLOW(ppoll, "for both to happen"),
#ifdef SYS_poll
	ALLOW(poll,  "the same"),
#endif
	ALLOW(kill,  "what the plugin started"),
	ALLOW_IF(prctl, 0, PR_SET_PDEATHSIG, "it stays a moment longer than the host"),
};
/* clang-format on */

static _Noreturn void
keep(const struct keeper_wish *wish, pid_t host, int host_fd, int log_fd, int ready_fd)
{
	const struct sandbox walls = {
		.name = "a host's keeper",
		.calls = calls,
		.n_calls = NELEM(calls),
		.signals = true,
		.drop_caps = true,
		.caps = 1u << CAP_KILL, /* the host may have another uid */
		.best_effort = wish->best_effort,
	};
	struct pollfd wait[] = { { .fd = host_fd, .events = POLLIN },
		{ .fd = log_fd, .events = POLLIN } };
	struct pen pen = { .window_ms = now_ms() };
	pid_t groups[] = { host, 0 };
	bool over = false;

	snprintf(pen.prefix, sizeof(pen.prefix), "candor-host[%s]: ", wish->name);
	prctl(PR_SET_NAME, "candor-keeper");
	if (setpgid(0, 0) < 0 || place_holder(host) < 0 ||
	    (wish->programs && (groups[1] = place_holder(0)) < 0) || sandbox_enter(&walls) < 0 ||
	    prctl(PR_SET_PDEATHSIG, 0) < 0 ||
	    write(ready_fd, &groups[1], sizeof(groups[1])) != sizeof(groups[1]))
		_exit(EX_OSERR);
	close(ready_fd);
	for (;;) {
		char buf[4096];
		ssize_t n;

		if (poll(wait, NELEM(wait),
			over              ? 0
			: pen.dropped > 0 ? WINDOW_MS
					  : -1) < 0 &&
		    errno != EINTR)
			_exit(EX_OSERR);
		if (wait[0].revents != 0 && !over) {
			over = true;
			for (size_t i = 0; i < NELEM(groups); i++)
				if (groups[i] > 0)
					(void)kill(-groups[i], SIGKILL);
		}
		n = wait[1].revents != 0 ? read(log_fd, buf, sizeof(buf)) : -1;
		if (n > 0)
			take(&pen, buf, (size_t)n);
		else if (over)
			break;
		else if (n == 0)
			wait[1].fd = -1; /* the plugin closed its standard error */
		turn_window(&pen);
	}
	end_line(&pen);
	pen.window_ms -= WINDOW_MS;
	turn_window(&pen);
	_exit(0);
}

/* Where it fails the child stays in the host's group, and ends with it at the latest. */
static void
join_group(void)
{
	(void)setpgid(0, programs_group);
}

int
keeper_start(const struct keeper_wish *wish, pid_t *group)
{
	int log_ends[2] = { -1, -1 }, ready[2] = { -1, -1 }, host_fd = -1;
	pid_t host = getpid(), pid = -1;

	/* A group that is the host's alone: otherwise its end would be the daemon's. */
	if (setpgid(0, 0) == 0 && pipe2(log_ends, O_CLOEXEC) == 0 && pipe2(ready, O_CLOEXEC) == 0 &&
	    (host_fd = (int)syscall(SYS_pidfd_open, host, 0)) >= 0 && (pid = fork()) == 0) {
		/* Everything else is the host's alone, its channels most of all. */
		const int kept[] = { host_fd, log_ends[0], ready[1] };
		int first = STDERR_FILENO + 1, high[NELEM(kept)];

		for (size_t i = 0; i < NELEM(kept); i++)
			high[i] = fcntl(kept[i], F_DUPFD, first + (int)NELEM(kept));
		for (size_t i = 0; i < NELEM(kept); i++)
			if (dup2(high[i], first + (int)i) < 0)
				_exit(EX_OSERR);
		close_range((unsigned)first + NELEM(kept), ~0u, 0);
		keep(wish, host, first, first + 1, first + 2);
	}
	if (ready[1] >= 0)
		close(ready[1]);
	if (pid < 0 || read(ready[0], group, sizeof(*group)) != sizeof(*group) ||
	    dup2(log_ends[1], STDERR_FILENO) < 0) {
		log_error(
		    "the keeper of a plugin's process cannot be started: %s", strerror(errno));
		return CANDOR_ESYS;
	}
	close(ready[0]);
	close(host_fd);
	close(log_ends[0]);
	close(log_ends[1]);
	programs_group = *group;
	return *group != 0 && pthread_atfork(NULL, NULL, join_group) != 0 ? CANDOR_ESYS : 0;
}
