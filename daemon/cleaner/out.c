/* SPDX-License-Identifier: ISC */
/* The growing buffer that all formats write to: see clean.h. The cleaner. */
#include "cleaner/clean.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES (64u << 10)

bool
clean_put(struct clean_out *out, const void *p, size_t len)
{
	size_t cap = out->cap;
	uint8_t *grown;

	if (out->full || len > CLEAN_OUTPUT_MAX - out->len) {
		out->full = true;
		return false;
	}
	if (cap == 0)
		cap = FIRST_BYTES;
	while (cap < out->len + len)
		cap *= 2;
	if (cap != out->cap) {
		if ((grown = realloc(out->p, cap)) == NULL)
			return false;
		out->p = grown;
		out->cap = cap;
	}
	if (len > 0)
		memcpy(out->p + out->len, p, len);
	out->len += len;
	return true;
}
