/* SPDX-License-Identifier: ISC */
/* For tests: servers. See server.h. */
#include "server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"

#define OPTIONS_MAX 24

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

struct test_server
test_server_start(const char *name, const char *const options[])
{
	struct test_server s = { .dir = test_mkdir() };
	const char *argv[4 + OPTIONS_MAX + 1] = { "/usr/bin/python3",
		test_path(test_join("tests/support", name)), "--dir", s.dir };
	int in[2], out[2];
	FILE *f;

	for (size_t i = 0; options != NULL && options[i] != NULL && i < OPTIONS_MAX; i++)
		argv[4 + i] = options[i];
	must(pipe(in) == 0 && pipe(out) == 0, "pipe");
	if ((s.pid = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	must(s.pid > 0, "fork");
	close(in[0]);
	close(out[1]);
	s.stop = in[1];
	must((f = fdopen(out[0], "r")) != NULL, "fdopen");
	must(fscanf(f, "ready %7[0-9]", s.port) == 1, "the server did not start");
	fclose(f);
	return s;
}

void
test_server_stop(struct test_server *s)
{
	close(s->stop);
	waitpid(s->pid, NULL, 0);
	test_rmdir(s->dir);
}

const char *
test_server_request(const struct test_server *s, unsigned n)
{
	char name[32];
	const char *path;

	snprintf(name, sizeof(name), "%u.json", n);
	path = test_join(s->dir, name);
	return access(path, R_OK) == 0 ? (const char *)test_read(path).p : NULL;
}
