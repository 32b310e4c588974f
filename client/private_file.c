/* SPDX-License-Identifier: ISC */
/*
 * Files that are their owner's alone: see private_file.h. Runs in the client. Must never leave a
 * half-written file, nor create one that others can read.
 */
#include "private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"

static int
complain(struct client *c, int code, const char *path, const char *doing)
{
	return client_fail(c, code, "%s: %s: %s", path, doing, strerror(errno));
}

bool
write_all(int fd, const void *p, size_t len)
{
	const uint8_t *b = p;

	while (len > 0) {
		ssize_t n = write(fd, b, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		b += n;
		len -= (size_t)n;
	}
	return true;
}

int
private_file_read(struct client *c, struct span *out, const char *path)
{
	int r, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return complain(c, EX_NOINPUT, path, "cannot be read");
	if (fstat(fd, &st) < 0)
		r = complain(c, EX_NOINPUT, path, "cannot be read");
	else if (S_ISDIR(st.st_mode))
		r = client_fail(c, EX_NOINPUT, "%s is a folder: name the key file itself", path);
	else if ((st.st_mode & 077) != 0)
		r = client_fail(c, EX_NOPERM,
		    "others may read or write the key file %s: make it yours alone with\n"
		    "  chmod 600 %s",
		    path, path);
	else
		r = client_read_fd(c, &c->arena, out, fd, path, PRIVATE_FILE_MAX);
	close(fd);
	return r;
}

int
private_file_open_new(struct client *c, int *fd, const char *path)
{
	int f = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (f < 0 && errno == EEXIST)
		return client_fail(c, EX_CANTCREAT,
		    "%s is there already and is not overwritten: name another file", path);
	if (f < 0)
		return complain(c, EX_CANTCREAT, path, "cannot be created");
	*fd = f;
	return 0;
}

int
private_file_finish(struct client *c, int fd, const char *path, bool ok)
{
	int r = 0;

	if (ok && fsync(fd) < 0)
		r = complain(c, EX_IOERR, path, "cannot be written");
	if (close(fd) < 0 && ok && r == 0)
		r = complain(c, EX_IOERR, path, "cannot be written");
	if (!ok || r != 0)
		unlink(path);
	return r;
}

/* Write content to the new file fd at path. */
static int
fill(struct client *c, int fd, const char *path, struct span content)
{
	int r = 0, end;

	if (!write_all(fd, content.p, content.len))
		r = complain(c, EX_IOERR, path, "cannot be written");
	end = private_file_finish(c, fd, path, r == 0);
	return r != 0 ? r : end;
}

int
private_file_create(struct client *c, const char *path, struct span content)
{
	int fd = -1, r = private_file_open_new(c, &fd, path);

	return r != 0 ? r : fill(c, fd, path, content);
}

/* The renaming itself must reach the disk, too. */
static void
sync_folder_of(char *path)
{
	char *slash = strrchr(path, '/');
	int fd;

	if (slash == NULL)
		return;
	slash[slash == path ? 1 : 0] = '\0';
	if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0) {
		fsync(fd);
		close(fd);
	}
}

int
private_file_replace(struct client *c, const char *path, struct span content)
{
	char whole[PATH_MAX], temp[PATH_MAX + 8];
	int fd, r;

	if (strlen(path) >= sizeof(whole)) {
		errno = ENAMETOOLONG;
		return complain(c, EX_CANTCREAT, path, "cannot be replaced");
	}
	if (realpath(path, whole) == NULL)
		strcpy(whole, path);
	snprintf(temp, sizeof(temp), "%s.XXXXXX", whole);
	if ((fd = mkostemp(temp, O_CLOEXEC)) < 0)
		return complain(c, EX_CANTCREAT, path, "cannot be replaced");
	if ((r = fill(c, fd, temp, content)) != 0)
		return r;
	if (rename(temp, whole) < 0) {
		r = complain(c, EX_CANTCREAT, path, "cannot be replaced");
		unlink(temp);
		return r;
	}
	sync_folder_of(whole);
	return 0;
}
