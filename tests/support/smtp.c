/* SPDX-License-Identifier: ISC */
/* For tests: a real mail server. See smtp.h. */
#include "smtp.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"

#define OPTIONS_MAX 16

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

struct test_smtp
test_smtp_start(const char *const options[])
{
	struct test_smtp s = { .dir = test_mkdir() };
	const char *argv[4 + OPTIONS_MAX + 1] = { "/usr/bin/python3",
		test_path("tests/support/smtpd.py"), "--dir", s.dir };
	int in[2], out[2];
	FILE *f;

	for (size_t i = 0; options != NULL && options[i] != NULL && i < OPTIONS_MAX; i++)
		argv[4 + i] = options[i];
	must(pipe(in) == 0 && pipe(out) == 0, "pipe");
	if ((s.pid = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
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
	must(fscanf(f, "ready %7[0-9]", s.port) == 1, "the mail server did not start");
	fclose(f);
	test_write(test_join(s.dir, "password"), "pw\n", 3);
	return s;
}

void
test_smtp_stop(struct test_smtp *s)
{
	close(s->stop);
	waitpid(s->pid, NULL, 0);
	test_rmdir(s->dir);
}

const char *
test_smtp_mail(const struct test_smtp *s, unsigned n)
{
	char name[32];
	const char *path;

	snprintf(name, sizeof(name), "mail/new/%u.eml", n);
	path = test_join(s->dir, name);
	return access(path, R_OK) == 0 ? (const char *)test_read(path).p : NULL;
}
