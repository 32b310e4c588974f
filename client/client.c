/* SPDX-License-Identifier: ISC */
/* Start and end of the client, its errors, and reading what the user names: see client.h. Never
 * writes a report's words anywhere but to where its user sent them. */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium/core.h>
#include <sodium/utils.h>

#include "candor/day.h"
#include "candor/frame.h"
#include "candor/utf8.h"

#include "json.h"
#include "term.h"

#define SLAB_BYTES                                                                                 \
	(CLIENT_ARENA_BYTES + CLIENT_SCRATCH_BYTES + CLIENT_JSON_BYTES + 3 * CLIENT_STDIO_BYTES +  \
	    2 * FRAME_MAX + CLIENT_LINKS * CLIENT_LINK_BYTES + 1024)

int
client_begin(struct client *c)
{
	const struct rlimit none = { 0, 0 };
	void *arena, *scratch, *json;
	char *out, *err, *tty;
	int r;

	umask(077);
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_CORE, &none);
#ifndef CANDOR_SANITIZED /* the leak checker attaches to its own process */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return client_fail(c, EX_OSERR, "cannot forbid core dumps: %s", strerror(errno));
#endif
	if (sodium_init() < 0)
		return client_fail(c, EX_OSERR, "there are no random bytes to be had");
	if ((r = slab_init(&c->slab, SLAB_BYTES)) < 0)
		return client_fail(c, EX_OSERR,
		    "%zu KiB of memory cannot be %s, and nothing is read into memory that may "
		    "reach the "
		    "disk: raise the limit (`ulimit -l %zu`, or memlock in "
		    "/etc/security/limits.conf) and try again",
		    (size_t)SLAB_BYTES / 1024, r == CANDOR_EPERM ? "locked" : "mapped",
		    (size_t)SLAB_BYTES / 1024 + 64);
	arena = slab_carve(&c->slab, CLIENT_ARENA_BYTES);
	scratch = slab_carve(&c->slab, CLIENT_SCRATCH_BYTES);
	json = slab_carve(&c->slab, CLIENT_JSON_BYTES);
	c->frame_out = slab_carve(&c->slab, FRAME_MAX);
	c->frame_in = slab_carve(&c->slab, FRAME_MAX);
	c->links = slab_carve(&c->slab, CLIENT_LINKS * CLIENT_LINK_BYTES);
	out = slab_carve(&c->slab, CLIENT_STDIO_BYTES);
	err = slab_carve(&c->slab, CLIENT_STDIO_BYTES);
	tty = slab_carve(&c->slab, CLIENT_STDIO_BYTES);
	if (arena == NULL || scratch == NULL || json == NULL || c->frame_out == NULL ||
	    c->frame_in == NULL || c->links == NULL || out == NULL || err == NULL || tty == NULL)
		return client_fail_memory(c);
	arena_init(&c->arena, arena, CLIENT_ARENA_BYTES);
	arena_init(&c->scratch, scratch, CLIENT_SCRATCH_BYTES);
	cjson_begin(c, json, CLIENT_JSON_BYTES);
	setvbuf(stdout, out, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, CLIENT_STDIO_BYTES);
	setvbuf(stderr, err, _IOLBF, CLIENT_STDIO_BYTES);
	term_begin(c, tty, CLIENT_STDIO_BYTES);
	return 0;
}

void
client_end(struct client *c)
{
	term_end();
	if (c->tty != NULL)
		fclose(c->tty);
	c->tty = NULL;
	fflush(stdout);
	fflush(stderr);
	/* Wiped but not unmapped: exit() still looks at the streams' buffers. */
	if (c->slab.base != NULL)
		sodium_memzero(c->slab.base, c->slab.used);
}

int
client_fail(struct client *c, int code, const char *fmt, ...)
{
	char raw[CLIENT_ERROR_MAX];
	size_t len, used = 0, n;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	len = strlen(raw);
	for (size_t i = 0; i < len; i += n) {
		uint32_t ch;

		if ((n = utf8_decode(&ch, raw + i, len - i)) == 0 ||
		    (ch != '\n' && !utf8_char_printable(ch))) {
			n = n == 0 ? 1 : n;
			c->error[used++] = '?';
		} else {
			memcpy(c->error + used, raw + i, n);
			used += n;
		}
	}
	c->error[used] = '\0';
	return code;
}

int
client_fail_memory(struct client *c)
{
	return client_fail(c, EX_OSERR, "this is more than fits in the %u KiB of locked memory",
	    SLAB_BYTES / 1024);
}

int
client_read_fd(
    struct client *c, struct arena *a, struct span *out, int fd, const char *what, size_t max)
{
	arena_mark_t mark = arena_mark(a);
	uint8_t *p = arena_alloc(a, max + 1);
	size_t len = 0;

	if (p == NULL)
		return client_fail_memory(c);
	while (len <= max) {
		ssize_t n = read(fd, p + len, max + 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			arena_release(a, mark);
			return client_fail(c, EX_IOERR, "%s: %s", what, strerror(errno));
		}
		if (n == 0)
			break;
		len += (size_t)n;
	}
	if (len > max) {
		arena_release(a, mark);
		return client_fail(
		    c, EX_DATAERR, "%s: longer than the %zu bytes that are allowed", what, max);
	}
	p[len] = 0;
	/* Give back the rest; it was zeroed and never written. */
	a->used = (size_t)(p - a->base) + len + 1;
	*out = (struct span){ p, len };
	return 0;
}

int
client_read_file(struct client *c, struct arena *a, struct span *out, const char *path, size_t max)
{
	int fd, r;

	if (strcmp(path, "-") == 0)
		return client_read_fd(c, a, out, STDIN_FILENO, "standard input", max);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0)
		return client_fail(c, EX_NOINPUT, "%s: %s", path, strerror(errno));
	r = client_read_fd(c, a, out, fd, path, max);
	close(fd);
	return r;
}

const char *
client_day(char out[11], int32_t day)
{
	if (day == 0)
		return memcpy(out, "-", 2);
	day_format(out, day);
	return out;
}
