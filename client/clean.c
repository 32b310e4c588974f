/* SPDX-License-Identifier: ISC */
/*
 * candor clean: an attachment without its metadata, in a new file. The parsers of file formats run in
 * candor-cleaner: see cleaning.h. Needs no site and no daemon.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cleaning.h"
#include "json.h"
#include "private_file.h"
#include "verb.h"

#define USAGE "clean IN OUT"
#define BUFFER_BYTES 65536

static int
copy(struct client *c, struct cleaning *k, const char *path, int fd)
{
	uint8_t *buf = arena_alloc(&c->arena, BUFFER_BYTES);
	size_t n;
	int r;

	if (buf == NULL)
		return client_fail_memory(c);
	while ((r = cleaning_read(k, buf, BUFFER_BYTES, &n)) == 0 && n > 0)
		if (!write_all(fd, buf, n))
			return client_fail(c, EX_IOERR, "%s: %s", path, strerror(errno));
	return r;
}

static int
write_out(struct client *c, struct cleaning *k, const char *path)
{
	int fd, end, r;

	if ((r = private_file_open_new(c, &fd, path)) != 0)
		return r;
	r = copy(c, k, path, fd);
	end = private_file_finish(c, fd, path, r == 0);
	if (r != 0 || end != 0)
		return r != 0 ? r : end;
	if (c->json)
		return cjson_print(
		    c, json_pack("{s:s,s:I}", "type", k->type, "bytes", (json_int_t)k->bytes));
	printf("%s: %s without its metadata, %" PRIu64 " bytes\n", path, k->type, k->bytes);
	return 0;
}

int
verb_clean(struct client *c, int argc, char **argv)
{
	struct cleaning k;
	int r, in;

	if ((r = verb_options(c, USAGE, NULL, 0, &argc, argv, 2, 2)) != 0)
		return r;
	if (access(argv[2], F_OK) == 0)
		return client_fail(c, EX_CANTCREAT,
		    "%s is there already and is not overwritten: name another file", argv[2]);
	if (strcmp(argv[1], "-") == 0)
		in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		in = open(argv[1], O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (in < 0)
		return client_fail(c, EX_NOINPUT, "%s: %s", argv[1], strerror(errno));
	if ((r = cleaning_begin(c, &k, argv[1], in)) == 0)
		r = write_out(c, &k, argv[2]);
	cleaning_end(&k);
	close(in);
	return r;
}
