/* SPDX-License-Identifier: ISC */
/* Padding: few sizes, little waste, and nothing but the true length comes back. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>

#include "candor/pad.h"

static void
check_size(size_t len)
{
	size_t n = pad_size(len);

	cr_assert(gt(sz, n, len), "%zu", len);
	cr_assert(ge(sz, n, PAD_FLOOR_BYTES), "%zu", len);
	cr_assert(eq(sz, pad_size(n - 1), n), "%zu: its size is not its own", len);
	if (len >= PAD_FLOOR_BYTES)
		cr_assert(le(dbl, (double)(n - len - 1), 0.12 * (double)(len + 1)), "%zu", len);
	if (len > 0)
		cr_assert(ge(sz, n, pad_size(len - 1)), "%zu is not monotonic", len);
}

Test(pad, sizes_are_floor_or_padme_and_waste_at_most_12_percent)
{
	for (size_t len = 0; len < 300000; len++)
		check_size(len);
	for (unsigned bit = 18; bit < 40; bit++) {
		for (size_t d = 0; d < 2000; d++)
			check_size(((size_t)1 << bit) - 1000 + d);
	}
	cr_assert(eq(sz, pad_size(0), 4096));
	cr_assert(eq(sz, pad_size(4095), 4096));
	cr_assert(eq(sz, pad_size(4096), 4352));
}

Test(pad, there_are_few_sizes)
{
	unsigned n = 0;

	for (size_t size = pad_size(0); size <= (size_t)25 << 20; size = pad_size(size))
		n++;
	cr_assert(lt(u32, n, 350));
}

Test(pad, a_size_that_cannot_be_is_saturated)
{
	cr_assert(eq(sz, pad_size(SIZE_MAX), SIZE_MAX));
	cr_assert(eq(sz, pad_size(SIZE_MAX - 1), SIZE_MAX));
}

Test(pad, content_of_any_length_and_ending_comes_back)
{
	static const size_t lens[] = { 0, 1, 2, 4094, 4095, 4096, 4097, 4351, 4352, 65535, 65536,
		70000 };
	static const uint8_t ends[] = { 0x00, 0x80, 0xff, 'a' };

	for (size_t i = 0; i < NELEM(lens); i++) {
		for (size_t e = 0; e < NELEM(ends); e++) {
			size_t n = pad_size(lens[i]), back = 12345;
			uint8_t *buf = malloc(n);

			memset(buf, ends[e], n);
			pad_apply(buf, lens[i]);
			cr_assert(zero(int, pad_remove(buf, n, &back)));
			cr_assert(eq(sz, back, lens[i]));
			for (size_t k = 0; k < lens[i]; k++)
				cr_assert(eq(u8, buf[k], ends[e]));
			free(buf);
		}
	}
}

Test(pad, what_was_not_padded_is_refused)
{
	static uint8_t buf[8192];
	size_t len = 7;

	pad_apply(buf, 10);
	for (size_t n = 0; n < sizeof(buf); n++) {
		if (n != 4096 && (n < 4096 || pad_size(n - 1) != n))
			cr_assert(eq(int, pad_remove(buf, n, &len), CANDOR_EBADMSG), "%zu", n);
	}
	memset(buf, 0, sizeof(buf));
	cr_assert(eq(int, pad_remove(buf, 4096, &len), CANDOR_EBADMSG));
	memset(buf, 0x80, 4095);
	buf[4095] = 0x01;
	cr_assert(eq(int, pad_remove(buf, 4096, &len), CANDOR_EBADMSG));
	buf[4095] = 0x81;
	cr_assert(eq(int, pad_remove(buf, 4096, &len), CANDOR_EBADMSG));
	cr_assert(eq(sz, len, 7));
}
