/* SPDX-License-Identifier: ISC */
/*
 * Netpbm's bitmaps, greymaps and pixmaps, as numbers or as bytes: size and samples, no comments and
 * nothing behind the end. The cleaner.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cleaner/pack.h"
#include "cleaner/picture.h"

#define LINE_NUMBERS 16

struct pnm {
	const uint8_t *p, *end;
};

/* The next number, over blanks and comments; of a bitmap each digit is one. False at the end. */
static bool
number(struct pnm *n, bool digit, uint32_t *value)
{
	for (; n->p < n->end; n->p++) {
		if (*n->p == '#')
			while (n->p + 1 < n->end && *n->p != '\n')
				n->p++;
		else if (!isspace(*n->p))
			break;
	}
	if (n->p == n->end || !isdigit(*n->p))
		return false;
	for (*value = 0; n->p < n->end && isdigit(*n->p);) {
		*value = *value * 10 + (uint32_t)(*n->p++ - '0');
		if (digit)
			return *value <= 1;
		if (*value > CLEAN_PIXELS_MAX)
			return false;
	}
	return true;
}

static int
copy_numbers(struct clean_out *out, struct pnm *n, uint64_t samples, uint32_t max, bool bitmap)
{
	for (uint64_t i = 0; i < samples; i++) {
		char text[16];
		uint32_t value;

		if (!number(n, bitmap, &value) || value > max)
			return CANDOR_EBADMSG;
		(void)snprintf(text, sizeof(text), "%u%c", value,
		    i % LINE_NUMBERS == LINE_NUMBERS - 1 ? '\n' : ' ');
		if (!clean_put(out, text, strlen(text)))
			return clean_put_error(out);
	}
	return 0;
}

int
clean_pnm(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	struct pnm n = { in + 2, in + len };
	uint32_t width, height, max = 1;
	bool bitmap, colour, bytes;
	char head[64];
	uint64_t size;

	(void)depth;
	*why = "it is damaged; take a screenshot of it";
	if (len < 3 || in[0] != 'P' || in[1] < '1' || in[1] > '6')
		return CANDOR_EBADMSG;
	bytes = in[1] >= '4';
	bitmap = in[1] == '1' || in[1] == '4';
	colour = in[1] == '3' || in[1] == '6';
	if (!number(&n, false, &width) || !number(&n, false, &height) ||
	    (!bitmap && !number(&n, false, &max)) || width == 0 || height == 0 || max == 0 ||
	    max > UINT16_MAX)
		return CANDOR_EBADMSG;
	if (picture_too_large(width, height))
		return CANDOR_ETOOBIG;
	(void)snprintf(head, sizeof(head), bitmap ? "P%c\n%u %u\n" : "P%c\n%u %u\n%u\n", in[1],
	    width, height, max);
	if (!clean_put(out, head, strlen(head)))
		return clean_put_error(out);
	size = (uint64_t)width * height * (colour ? 3 : 1);
	if (!bytes)
		return copy_numbers(out, &n, size, max, bitmap);
	size = bitmap ? ((uint64_t)width + 7) / 8 * height : size * (max > UINT8_MAX ? 2 : 1);
	/* One blank, then the samples. */
	if (n.p == n.end || !isspace(*n.p++) || size > (uint64_t)(n.end - n.p))
		return CANDOR_EBADMSG;
	return clean_put(out, n.p, (size_t)size) ? 0 : clean_put_error(out);
}
