/* SPDX-License-Identifier: ISC */
/* Files that go with a report: see attachment.h. */
#include "attachment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "candor/candor_pb.h"
#include "candor/strip.h"

#include "cleaning.h"
#include "client.h"
#include "draft.h"
#include "link.h"
#include "pieces.h"
#include "term.h"

static int
attachment_open(struct client *c, const char *path, int *out)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) < 0) {
		int e = errno;

		if (fd >= 0)
			close(fd);
		return client_fail(c, EX_NOINPUT, "%s: %s", path, strerror(e));
	}
	*out = fd;
	if (!S_ISREG(st.st_mode))
		client_fail(c, EX_DATAERR, "%s is no plain file: name one", path);
	else if (st.st_size == 0)
		client_fail(c, EX_DATAERR, "%s is empty: there is nothing to attach", path);
	else if (st.st_size > ATTACHMENT_BYTES)
		client_fail(c, EX_DATAERR,
		    "%s is larger than the %u MiB that are allowed: attach a part of it", path,
		    ATTACHMENT_BYTES / 1024 / 1024);
	else
		return 0;
	close(fd);
	return EX_DATAERR;
}

/* Start the cleaner on it; too much may be left, too. End it in any case. */
static int
begin(struct client *c, struct cleaning *k, const char *path, int fd)
{
	int r = cleaning_begin(c, k, path, fd);

	if (r == 0 && k->bytes > ATTACHMENT_BYTES)
		r = client_fail(c, EX_DATAERR,
		    "%s is larger than the %u MiB that are allowed once it is clean: attach a part "
		    "of it",
		    path, ATTACHMENT_BYTES / 1024 / 1024);
	return r;
}

/* What strip() takes out of a text, piece by piece: a preview, the cleaner decides. */
static int
preview_text(struct client *c, const char *path, int fd, const char *field, json_t *removed)
{
	arena_mark_t mark = arena_mark(&c->arena);
	struct pieces in = { .fd = fd, .what = path, .cap = WIRE_TEXT_MAX };
	struct span piece = { NULL, 0 };
	int r = 0;

	if ((in.buf = arena_alloc(&c->arena, in.cap)) == NULL)
		r = client_fail_memory(c);
	while (r == 0 && (r = pieces_next(c, &in, &piece)) == 0 && piece.len > 0) {
		arena_mark_t step = arena_mark(&c->scratch);
		struct strip_result result;

		if (strip(&c->scratch, &result, (const char *)piece.p, piece.len, STRIP_REPORTER,
			NULL) == 0)
			draft_removed(removed, field, &result, in.offset);
		arena_release(&c->scratch, step);
	}
	arena_release(&c->arena, mark);
	return r;
}

int
attachment_check(
    struct client *c, struct attachment *out, const char *path, const char *field, json_t *removed)
{
	struct cleaning k;
	int fd, r;

	if ((r = attachment_open(c, path, &fd)) != 0)
		return r;
	if ((r = begin(c, &k, path, fd)) == 0) {
		memcpy(out->type, k.type, sizeof(out->type));
		out->bytes = k.bytes;
	}
	cleaning_end(&k);
	if (r == 0 && removed != NULL && file_type_is_text(out->type) &&
	    lseek(fd, 0, SEEK_SET) == 0)
		r = preview_text(c, path, fd, field, removed);
	close(fd);
	return r;
}

void
attachment_tell(struct client *c, const char *path, const struct attachment *is)
{
	fputs("  ", c->tty);
	term_show_str(c, c->tty, path);
	fprintf(c->tty, ": %s, %" PRIu64 " bytes\n", is->type, is->bytes);
	term_wrap(c, c->tty, 2,
	    file_type_is_text(is->type)
		? "goes without what says who wrote it; `candor clean` shows what is left"
		: "goes without the data in it that could tell who made it, where and when. What "
		  "can "
		  "be seen, read or heard in it stays: `candor clean` shows what is left.");
}

/* Where bytes come from: as read(2), but all that there are up to cap. */
typedef int source_fn(void *from, void *p, size_t cap, size_t *n);

static int
send_all(struct client *c, struct link *l, unsigned n, bool original, source_fn *next, void *from)
{
	arena_mark_t mark = arena_mark(&c->arena);
	uint8_t *buf = arena_alloc(&c->arena, WIRE_PIECE_MAX);
	bool last = false;
	int r = buf == NULL ? client_fail_memory(c) : 0;

	while (r == 0 && !last) {
		Candor__Attach msg = CANDOR__ATTACH__INIT;
		size_t len = 0, got = 1;

		while (r == 0 && got > 0 && len < WIRE_PIECE_MAX) {
			r = next(from, buf + len, WIRE_PIECE_MAX - len, &got);
			len += got;
		}
		last = len < WIRE_PIECE_MAX;
		msg.n = n;
		msg.data = wire_bytes(buf, len);
		msg.last = last;
		msg.original = original;
		if (r == 0)
			r = link_call(l, &c->scratch, MSG_ATTACH, &msg.base, MSG_ATTACHED, NULL);
	}
	arena_release(&c->arena, mark);
	return r;
}

static int
from_cleaner(void *from, void *p, size_t cap, size_t *n)
{
	return cleaning_read(from, p, cap, n);
}

int
attachment_send(struct client *c, struct link *l, unsigned n, const char *path)
{
	struct cleaning k;
	int fd, r;

	if ((r = attachment_open(c, path, &fd)) != 0)
		return r;
	if ((r = begin(c, &k, path, fd)) == 0)
		r = send_all(c, l, n, false, from_cleaner, &k);
	cleaning_end(&k);
	close(fd);
	return r;
}

struct file {
	struct client *c;
	const char *path;
	int fd;
};

static int
from_file(void *from, void *p, size_t cap, size_t *n)
{
	const struct file *f = from;
	ssize_t got;

	*n = 0;
	do
		got = read(f->fd, p, cap);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return client_fail(f->c, EX_IOERR, "%s: %s", f->path, strerror(errno));
	*n = (size_t)got;
	return 0;
}

int
attachment_send_original(struct client *c, struct link *l, unsigned n, const char *path)
{
	struct file f = { .c = c, .path = path };
	int r;

	if ((r = attachment_open(c, path, &f.fd)) != 0)
		return r;
	r = send_all(c, l, n, true, from_file, &f);
	close(f.fd);
	return r;
}
