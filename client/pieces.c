/* SPDX-License-Identifier: ISC */
/* Texts in pieces: see pieces.h. */
#include "pieces.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

/* Drop what was handed out and read until the buffer is full or, with line, holds a line feed. */
static int
fill(struct client *c, struct pieces *p, bool line)
{
	memmove(p->buf, p->buf + p->taken, p->len - p->taken);
	p->len -= p->taken;
	p->offset += p->taken;
	p->taken = 0;
	while (!p->eof && p->len < p->cap) {
		ssize_t n;

		if (line && memchr(p->buf, '\n', p->len) != NULL)
			break;
		n = read(p->fd, p->buf + p->len, p->cap - p->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return client_fail(c, EX_IOERR, "%s: %s", p->what, strerror(errno));
		p->eof = n == 0;
		p->len += (size_t)n;
	}
	return 0;
}

int
pieces_next(struct client *c, struct pieces *p, struct span *out)
{
	const uint8_t *lf;
	size_t n;
	int r;

	if ((r = fill(c, p, false)) != 0)
		return r;
	n = p->len;
	if (!p->eof && n > 0) {
		if ((lf = memrchr(p->buf, '\n', n)) != NULL)
			n = (size_t)(lf - p->buf) + 1;
		else
			for (size_t back = 0; back < 4 && n > 1; back++, n--)
				if ((p->buf[n - 1] & 0xc0) != 0x80) {
					n -= p->buf[n - 1] >= 0xc0;
					break;
				}
	}
	p->taken = n;
	*out = (struct span){ p->buf, n };
	return 0;
}

int
pieces_line(struct client *c, struct pieces *p, struct span *out, bool *more)
{
	const uint8_t *lf;
	int r;

	if ((r = fill(c, p, true)) != 0)
		return r;
	lf = memchr(p->buf, '\n', p->len);
	if (lf == NULL && !p->eof)
		return client_fail(c, EX_DATAERR, "%s: a line is longer than the %zu bytes allowed",
		    p->what, p->cap);
	*more = p->len > 0;
	*out = (struct span){ p->buf, lf != NULL ? (size_t)(lf - p->buf) : p->len };
	p->taken = out->len + (lf != NULL);
	return 0;
}
