/* SPDX-License-Identifier: ISC */
/*
 * candor clean: an attachment without its metadata, in a new file. The parsers of file formats run in
 * candor-cleaner, a process of its own behind walls; here nobody looks into the file. Needs no site and
 * no daemon.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "json.h"
#include "private_file.h"
#include "verb.h"

#define USAGE "clean IN OUT"
#define CLEANER "candor-cleaner"
/* The largest answer: CLEAN_OUTPUT_MAX of the cleaner and its first line. */
#define ANSWER_MAX ((32u << 20) + 4096)
#define REASON_MAX 600
#define TYPE_MAX 127

struct cleaning {
	struct client *c;
	uint8_t *answer; /* mapped; ANSWER_MAX bytes */
	size_t len;
	char reason[REASON_MAX];
	char type[TYPE_MAX + 1];
	size_t head; /* bytes of the first line */
};

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

/* Start it with in as its standard input; the other ends of its output and its errors. */
static int
start(struct cleaning *k, pid_t *pid, int in, int *out, int *err)
{
	char path[PATH_MAX + 64], name[] = CLEANER, *argv[] = { name, NULL }, *envp[] = { NULL };
	int to[2] = { -1, -1 }, said[2] = { -1, -1 }, r = 0, e;
	posix_spawn_file_actions_t actions;

	find_cleaner(path);
	if (pipe2(to, O_CLOEXEC) < 0 || pipe2(said, O_CLOEXEC) < 0)
		r = client_fail(k->c, EX_OSERR, "a pipe cannot be made: %s", strerror(errno));
	else if (posix_spawn_file_actions_init(&actions) != 0)
		r = client_fail_memory(k->c);
	else {
		if ((e = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO)) == 0 &&
		    (e = posix_spawn_file_actions_adddup2(&actions, to[1], STDOUT_FILENO)) == 0 &&
		    (e = posix_spawn_file_actions_adddup2(&actions, said[1], STDERR_FILENO)) == 0)
			e = posix_spawn(pid, path, &actions, NULL, argv, envp);
		if (e != 0)
			r = client_fail(k->c, EX_OSERR,
			    "%s cannot be run: %s; it belongs beside candor, "
			    "or in ../libexec/candor",
			    path, strerror(e));
		posix_spawn_file_actions_destroy(&actions);
	}
	if (to[1] >= 0)
		close(to[1]);
	if (said[1] >= 0)
		close(said[1]);
	*out = to[0];
	*err = said[0];
	return r;
}

/* Up to the end, or cap bytes; what it says on errors fits into a pipe, so that reading one after the
 * other cannot wait for ever. */
static size_t
read_to_end(int fd, void *buf, size_t cap)
{
	size_t len = 0;

	while (len < cap) {
		ssize_t n = read(fd, (uint8_t *)buf + len, cap - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	return len;
}

/* "candor-clean 1 TYPE BYTES\n" and as many bytes. */
static bool
parse(struct cleaning *k)
{
	const uint8_t *lf = memchr(k->answer, '\n', k->len < 256 ? k->len : 256);
	char line[256];
	size_t bytes;
	int n = 0;

	if (lf == NULL)
		return false;
	k->head = (size_t)(lf - k->answer) + 1;
	memcpy(line, k->answer, k->head - 1);
	line[k->head - 1] = '\0';
	return sscanf(line, "candor-clean 1 %127[a-z0-9./+-] %zu%n", k->type, &bytes, &n) == 2 &&
	       line[n] == '\0' && bytes == k->len - k->head;
}

/* What its end means to the user. */
static int
judge(struct cleaning *k, const char *name, int status)
{
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL))
		return client_fail(k->c, EX_DATAERR,
		    "%s: cleaning it takes longer than is allowed; make it smaller, or take a "
		    "screenshot of it",
		    name);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EX_DATAERR)
		return client_fail(k->c, EX_DATAERR, "%s: %s", name, k->reason);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && parse(k))
		return 0;
	return client_fail(k->c,
	    WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : EX_SOFTWARE,
	    "%s: not cleaned: %s", name,
	    *k->reason != '\0' ? k->reason : "the cleaner failed on it");
}

static int
run(struct cleaning *k, const char *name, int in)
{
	int out = -1, err = -1, status, r;
	size_t n;
	pid_t pid;

	if ((r = start(k, &pid, in, &out, &err)) == 0) {
		k->len = read_to_end(out, k->answer, ANSWER_MAX);
		n = read_to_end(err, k->reason, sizeof(k->reason) - 1);
		k->reason[n] = '\0';
		k->reason[strcspn(k->reason, "\n")] = '\0';
	}
	/* A cleaner that still writes ends then. */
	if (out >= 0)
		close(out);
	if (err >= 0)
		close(err);
	if (r != 0)
		return r;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return client_fail(k->c, EX_OSERR, "%s: %s", CLEANER, strerror(errno));
	return judge(k, name, status);
}

static int
write_out(struct cleaning *k, const char *path)
{
	struct span content = { k->answer + k->head, k->len - k->head };
	int r = private_file_create(k->c, path, content);

	if (r != 0)
		return r;
	if (k->c->json)
		return cjson_print(k->c,
		    json_pack("{s:s,s:I}", "type", k->type, "bytes", (json_int_t)content.len));
	printf("%s: %s without its metadata, %zu bytes\n", path, k->type, content.len);
	return 0;
}

int
verb_clean(struct client *c, int argc, char **argv)
{
	struct cleaning k = { .c = c };
	void *map;
	int r, in;

	if ((r = verb_options(c, USAGE, NULL, 0, &argc, argv, 2, 2)) != 0)
		return r;
	if (access(argv[2], F_OK) == 0)
		return client_fail(c, EX_CANTCREAT,
		    "%s is there already and is not overwritten: name another file", argv[2]);
	if (strcmp(argv[1], "-") == 0)
		in = dup(STDIN_FILENO);
	else
		in = open(argv[1], O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (in < 0)
		return client_fail(c, EX_NOINPUT, "%s: %s", argv[1], strerror(errno));
	map = mmap(NULL, ANSWER_MAX, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED) {
		close(in);
		return client_fail_memory(c);
	}
	(void)madvise(map, ANSWER_MAX, MADV_DONTDUMP);
	k.answer = map;
	r = run(&k, argv[1], in);
	close(in);
	if (r == 0)
		r = write_out(&k, argv[2]);
	munmap(map, ANSWER_MAX);
	return r;
}
