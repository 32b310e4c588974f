/* SPDX-License-Identifier: ISC */
/* Strict base64: see base64.h. Any process. */
#include "base64.h"

#include <sodium/utils.h>

bool
base64_decode(uint8_t *out, size_t cap, size_t *len, const void *text, size_t text_len, int variant)
{
	const uint8_t *p = text;

	for (size_t i = 0; i < text_len; i++) {
		if (p[i] >= 0x80)
			return false;
	}
	return sodium_base642bin(out, cap, text, text_len, NULL, len, NULL, variant) == 0;
}

bool
base64_exactly(uint8_t *out, size_t len, const void *text, size_t text_len, int variant)
{
	size_t n;

	return base64_decode(out, len, &n, text, text_len, variant) && n == len;
}
