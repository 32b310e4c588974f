/* SPDX-License-Identifier: ISC */
/*
 * Plain text: strip() as for every word of a report, piece by piece, since a piece takes 28 times its
 * size. Pieces end where lines end, or in a longer line between two words. The cleaner.
 */
#include <stdlib.h>
#include <string.h>

#include "candor/strip.h"

#include "cleaner/clean.h"

#define PIECE_BYTES (256u << 10)

/* The length of the next piece of this text. */
static size_t
piece_of(const uint8_t *p, size_t len)
{
	const uint8_t *end;
	size_t n = PIECE_BYTES;

	if (len <= n)
		return len;
	if ((end = memrchr(p, '\n', n)) != NULL || (end = memrchr(p, ' ', n)) != NULL)
		return (size_t)(end - p) + 1;
	/* Not within a character, which has 4 bytes at most. */
	for (size_t back = 0; back < 3 && (p[n] & 0xc0) == 0x80; back++)
		n--;
	return n;
}

int
clean_text(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	struct arena a;
	void *memory = malloc(STRIP_ARENA_BYTES(PIECE_BYTES));
	int r = 0;

	(void)depth;
	if (memory == NULL)
		return CANDOR_ENOMEM;
	arena_init(&a, memory, STRIP_ARENA_BYTES(PIECE_BYTES));
	while (len > 0 && r == 0) {
		struct strip_result result;
		size_t n = piece_of(in, len);
		/* strip() takes a space off the end of a text. */
		size_t space = n < len && in[n - 1] == ' ';

		if ((r = strip(&a, &result, (const char *)in, n - space, STRIP_REPORTER, NULL)) ==
			0 &&
		    !(clean_put(out, result.text.p, result.text.len) && clean_put(out, " ", space)))
			r = out->full ? CANDOR_ETOOBIG : CANDOR_ENOMEM;
		arena_end(&a);
		in += n;
		len -= n;
	}
	free(memory);
	if (r == CANDOR_EINVAL) {
		*why = "it is not UTF-8; save it anew as UTF-8, or copy the text";
		r = CANDOR_EBADMSG;
	}
	return r;
}
