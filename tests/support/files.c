/* SPDX-License-Identifier: ISC */
/* What several tests need of the file system: see files.h. Whatever fails here fails the test. */
#include "files.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void
check(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

/* What lives as long as the test: in a list, so that it does not count as leaked. */
struct kept {
	struct kept *next;
	_Alignas(16) uint8_t bytes[];
};

static struct kept *kept;

void *
test_alloc(size_t size)
{
	struct kept *k = malloc(sizeof(*k) + size);

	check(k != NULL, "malloc");
	k->next = kept;
	kept = k;
	return k->bytes;
}

struct arena
test_arena(size_t size)
{
	struct arena a;

	arena_init(&a, test_alloc(size), size);
	return a;
}

const char *
test_join(const char *dir, const char *name)
{
	size_t size = strlen(dir) + 1 + strlen(name) + 1;
	char *path = test_alloc(size);

	snprintf(path, size, "%s/%s", dir, name);
	return path;
}

const char *
test_path(const char *rel)
{
	const char *top = getenv("CANDOR_TOP");

	return test_join(top != NULL ? top : ".", rel);
}

struct span
test_read(const char *path)
{
	FILE *f = fopen(path, "rbe");
	uint8_t *p;
	long len = -1;

	check(f != NULL && fseek(f, 0, SEEK_END) == 0 && (len = ftell(f)) >= 0, path);
	rewind(f);
	p = test_alloc((size_t)len + 1);
	check(fread(p, 1, (size_t)len, f) == (size_t)len, path);
	p[len] = '\0';
	fclose(f);
	return (struct span){ p, (size_t)len };
}

void
test_write(const char *path, const void *p, size_t len)
{
	FILE *f = fopen(path, "wbe");

	check(f != NULL && fwrite(p, 1, len, f) == len && fclose(f) == 0, path);
}

const char *
test_mkdir(void)
{
	const char *tmp = getenv("TMPDIR");
	const char *dir = test_join(tmp != NULL ? tmp : "/tmp", "candor-test-XXXXXX");

	check(mkdtemp((char *)(uintptr_t)dir) != NULL, dir);
	return dir;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
test_rmdir(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

bool
test_has_program(const char *name)
{
	char *path = strdup(getenv("PATH") != NULL ? getenv("PATH") : "/usr/bin:/bin"),
	     *rest = path;
	bool found = false;

	for (char *dir; !found && (dir = strsep(&rest, ":")) != NULL;)
		found = access(test_join(dir, name), X_OK) == 0;
	free(path);
	return found;
}

int
test_spawn(const char *const argv[])
{
	pid_t pid = fork();
	int status;

	check(pid >= 0, "fork");
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		for (int fd = 0; fd <= 2; fd++)
			dup2(null, fd);
		/* execvp() takes no const for historical reasons; it does not write. */
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	check(waitpid(pid, &status, 0) == pid, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

uint8_t *
test_unhex(const char *hex, size_t *len)
{
	size_t n = strlen(hex) / 2;
	uint8_t *p = test_alloc(n + 1);

	for (size_t i = 0; i < n; i++)
		check(sscanf(hex + 2 * i, "%2hhx", &p[i]) == 1, "hex");
	*len = n;
	return p;
}
