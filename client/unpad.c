/* SPDX-License-Identifier: ISC */
/*
 * Padding off a stream: see unpad.h. Runs in the client. Must never need more memory than its
 * struct, whatever the stream holds.
 */
#include "unpad.h"

#include "candor/pad.h"

/* What was held back turned out to be content. */
static int
let_go(struct unpad *u)
{
	static const uint8_t zeros[4096];
	static const uint8_t mark = 0x80;
	int r;

	if (u->mark) {
		if ((r = u->sink(u->ctx, &mark, 1)) < 0)
			return r;
		u->mark = false;
		u->out++;
	}
	while (u->zeros > 0) {
		size_t n = u->zeros < sizeof(zeros) ? (size_t)u->zeros : sizeof(zeros);

		if ((r = u->sink(u->ctx, zeros, n)) < 0)
			return r;
		u->zeros -= n;
		u->out += n;
	}
	return 0;
}

int
unpad_write(struct unpad *u, const uint8_t *p, size_t len)
{
	size_t end = len;
	int r;

	while (end > 0 && p[end - 1] == 0)
		end--;
	u->in += len;
	if (end > 0) {
		bool mark = p[end - 1] == 0x80;
		size_t n = mark ? end - 1 : end;

		if ((r = let_go(u)) < 0)
			return r;
		if (n > 0 && (r = u->sink(u->ctx, p, n)) < 0)
			return r;
		u->out += n;
		u->mark = mark;
	}
	u->zeros += len - end;
	return 0;
}

int
unpad_end(const struct unpad *u)
{
	return u->mark && pad_size(u->out) == u->in ? 0 : CANDOR_EBADMSG;
}
