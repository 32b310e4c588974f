/* SPDX-License-Identifier: ISC */
/* Padding: see candor/pad.h. Any process; never branches on the content. */
#include "candor/pad.h"

#include <string.h>

#include <sodium/utils.h>

#define MARK 0x80

static unsigned
log2_floor(size_t n)
{
	unsigned e = 0;

	while ((n >>= 1) > 0)
		e++;
	return e;
}

size_t
pad_size(size_t len)
{
	unsigned e, s;
	size_t mask;

	if (len < PAD_FLOOR_BYTES)
		return PAD_FLOOR_BYTES;
	if (len == SIZE_MAX)
		return SIZE_MAX;
	/* Padmé: of a size's bits all but the first floor(log2(e)) + 1 are rounded up. */
	len++;
	e = log2_floor(len);
	s = log2_floor(e) + 1;
	mask = ((size_t)1 << (e - s)) - 1;
	return len > SIZE_MAX - mask ? SIZE_MAX : (len + mask) & ~mask;
}

void
pad_apply(uint8_t *buf, size_t len)
{
	memset(buf + len, 0, pad_size(len) - len);
	buf[len] = MARK;
}

int
pad_remove(const uint8_t *buf, size_t padded_len, size_t *len)
{
	size_t n;

	if (padded_len < PAD_FLOOR_BYTES || pad_size(padded_len - 1) != padded_len)
		return CANDOR_EBADMSG;
	/* One block of that size: libsodium looks at every byte, wherever the mark is. */
	if (sodium_unpad(&n, buf, padded_len, padded_len) != 0)
		return CANDOR_EBADMSG;
	*len = n;
	return 0;
}
