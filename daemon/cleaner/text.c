/* SPDX-License-Identifier: ISC */
/*
 * Plain text: strip() as for every word of a report, all of it at once: whoever says a name on the first
 * page signs with it on the last. The cleaner.
 */
#include <stdlib.h>

#include "candor/strip.h"

#include "cleaner/clean.h"

/* strip() takes 28 times as much of memory, and walks it once: 8 MiB in a fifth of a second. */
#define TEXT_MAX (8u << 20)

int
clean_text(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	struct strip_result result;
	struct arena a;
	void *memory;
	int r;

	(void)depth;
	if (len > TEXT_MAX) {
		*why = "a text may have 8 MiB; send a part of it";
		return CANDOR_EBADMSG;
	}
	if ((memory = malloc(STRIP_ARENA_BYTES(len))) == NULL)
		return CANDOR_ENOMEM;
	arena_init(&a, memory, STRIP_ARENA_BYTES(len));
	r = strip(&a, &result, (const char *)in, len, STRIP_REPORTER, NULL);
	if (r == 0 && !clean_put(out, result.text.p, result.text.len))
		r = out->full ? CANDOR_ETOOBIG : CANDOR_ENOMEM;
	free(memory);
	if (r == CANDOR_EINVAL) {
		*why = "it is not UTF-8; save it anew as UTF-8, or copy the text";
		r = CANDOR_EBADMSG;
	}
	return r;
}
