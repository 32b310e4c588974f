/* SPDX-License-Identifier: ISC */
/* Running the cleaner: see cleaning.h. */
#include "cleaning.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"

#define CLEANER "candor-cleaner"
/* The first line of its answer. */
#define LINE_MAX_BYTES 512

/* Beside this program as in a build, else where it is installed. */
static void
find_cleaner(char path[static PATH_MAX + 64])
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	dirname(self);
	snprintf(path, PATH_MAX + 64, "%s/" CLEANER, self);
	if (access(path, X_OK) != 0)
		snprintf(path, PATH_MAX + 64, "%s/../libexec/candor/" CLEANER, self);
}

/* What it says on errors is what libraries say of a damaged file: of no use to anybody. */
static int
spawn(struct cleaning *k, const char *path, int in, int out)
{
	char name[] = CLEANER, *argv[] = { name, NULL }, *envp[] = { NULL };
	posix_spawn_file_actions_t actions;
	int e;

	if ((e = posix_spawn_file_actions_init(&actions)) != 0)
		return e;
	if ((e = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO)) == 0 &&
	    (e = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO)) == 0
#ifndef CANDOR_SANITIZED
	    && (e = posix_spawn_file_actions_addopen(
		    &actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)) == 0
#endif
	)
		e = posix_spawn(&k->pid, path, &actions, NULL, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	return e;
}

static int
start(struct cleaning *k, int in)
{
	char path[PATH_MAX + 64];
	int ends[2], e;

	find_cleaner(path);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return client_fail(k->c, EX_OSERR, "a pipe cannot be made: %s", strerror(errno));
	e = spawn(k, path, in, ends[1]);
	close(ends[1]);
	k->out = ends[0];
	if (e == 0)
		return 0;
	k->pid = 0;
	return client_fail(k->c, EX_OSERR,
	    "%s cannot be run: %s; it belongs beside candor, or in ../libexec/candor", path,
	    strerror(e));
}

static ssize_t
read_some(int fd, void *p, size_t cap)
{
	ssize_t n;

	do
		n = read(fd, p, cap);
	while (n < 0 && errno == EINTR);
	return n;
}

/* Up to its line feed, which is not part of it. False: there is none. */
static bool
read_line(int fd, char line[static LINE_MAX_BYTES])
{
	for (size_t at = 0; at < LINE_MAX_BYTES && read_some(fd, &line[at], 1) == 1; at++)
		if (line[at] == '\n') {
			line[at] = '\0';
			return true;
		}
	return false;
}

/* Its end, when it said nothing. */
static int
judge(struct cleaning *k)
{
	int status = 0;

	close(k->out);
	k->out = -1;
	while (waitpid(k->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	k->pid = 0;
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL))
		return client_fail(k->c, EX_DATAERR,
		    "%s: cleaning it takes more time or memory than is allowed; make it smaller, "
		    "or take a screenshot of it",
		    k->name);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EX_CONFIG)
		return client_fail(k->c, EX_OSERR,
		    "%s: not cleaned: the database of libmagic cannot be read; install "
		    "libmagic-mgc",
		    k->name);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EX_OSERR)
		return client_fail(k->c, EX_OSERR,
		    "%s: not cleaned: this system lacks seccomp or Landlock, without which no file "
		    "is looked into",
		    k->name);
	return client_fail(k->c, EX_DATAERR,
	    "%s: not cleaned: it is damaged in a way that the cleaner cannot bear; take a "
	    "screenshot of it",
	    k->name);
}

int
cleaning_begin(struct client *c, struct cleaning *k, const char *name, int in)
{
	char line[LINE_MAX_BYTES];
	int n = 0, r;

	_Static_assert(FILE_TYPE_MAX > 79, "as it is read below");
	*k = (struct cleaning){ .c = c, .name = name, .out = -1 };
	if ((r = start(k, in)) != 0)
		return r;
	if (!read_line(k->out, line))
		return judge(k);
	if (sscanf(line, "candor-clean 1 %79[a-z0-9./+-] %" SCNu64 "%n", k->type, &k->bytes, &n) ==
		2 &&
	    line[n] == '\0') {
		k->left = k->bytes;
		return 0;
	}
	n = 0;
	if (sscanf(line, "candor-refuse 1 %*d %n", &n) == 0 && n > 0 && line[n] != '\0')
		return client_fail(c, EX_DATAERR, "%s: %s", name, line + n);
	return client_fail(
	    c, EX_SOFTWARE, "%s: the cleaner is not the one that belongs to this version", name);
}

int
cleaning_read(struct cleaning *k, void *p, size_t cap, size_t *n)
{
	ssize_t got;

	if (cap > k->left)
		cap = (size_t)k->left;
	*n = 0;
	if (cap == 0)
		return 0;
	if ((got = read_some(k->out, p, cap)) <= 0)
		return client_fail(k->c, EX_SOFTWARE, "%s: the cleaner broke off", k->name);
	*n = (size_t)got;
	k->left -= *n;
	return 0;
}

void
cleaning_end(struct cleaning *k)
{
	if (k->out >= 0)
		close(k->out);
	k->out = -1;
	if (k->pid <= 0)
		return;
	kill(k->pid, SIGKILL); /* it has nothing more to do */
	while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	k->pid = 0;
}
