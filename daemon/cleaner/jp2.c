/* SPDX-License-Identifier: ISC */
/*
 * JPEG 2000 (ISO 15444-1): the boxes and markers that a decoder needs, taken over byte by byte without
 * decoding; no XML, UUID, comments, resolution, or boxes that nobody knows. The cleaner; for pictures of
 * their own and in PDF.
 */
#include <string.h>

#include "cleaner/pack.h"
#include "cleaner/picture.h"

#define BOX_BYTES 8
#define SOC 0xff4f
#define SOT 0xff90
#define SOD 0xff93
#define EOC 0xffd9
#define SIZ 0xff51
#define COM 0xff64
#define SOT_BYTES 12
#define SIZ_BYTES 40

static const char damaged[] = "it is damaged; take a screenshot of it";

static uint32_t
be(const uint8_t *p, unsigned bytes)
{
	uint32_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | *p++;
	return v;
}

static void
put32(uint8_t *p, size_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* ---- the codestream ------------------------------------------------------------------------------ */

/* Marker segments from at up to one of the two ends, without comments. Moves at to the end's marker. */
static int
copy_segments(
    struct clean_out *out, const uint8_t *in, size_t len, size_t *at, unsigned end, unsigned other)
{
	while (len - *at >= 4) {
		unsigned marker = be(in + *at, 2);
		size_t n = 2 + be(in + *at + 2, 2);

		if (marker == end || marker == other)
			return 0;
		if (marker < SOC || n < 4 || n > len - *at)
			return CANDOR_EBADMSG;
		if (marker != COM && !clean_put(out, in + *at, n))
			return clean_put_error(out);
		*at += n;
	}
	return CANDOR_EBADMSG;
}

/* One part of a tile, whose length changes as its comments go. */
static int
copy_tile(struct clean_out *out, const uint8_t *in, size_t len, size_t *at)
{
	size_t start = *at, begun = out->len, total;
	int r;

	if (len - start < SOT_BYTES + 2 || be(in + start + 2, 2) != SOT_BYTES - 2)
		return CANDOR_EBADMSG;
	/* 0 is: up to the end. */
	if ((total = be(in + start + 6, 4)) == 0)
		total = len - start - (be(in + len - 2, 2) == EOC ? 2 : 0);
	if (total < SOT_BYTES + 2 || total > len - start)
		return CANDOR_EBADMSG;
	if (!clean_put(out, in + start, SOT_BYTES))
		return clean_put_error(out);
	*at += SOT_BYTES;
	if ((r = copy_segments(out, in, start + total, at, SOD, SOD)) < 0)
		return r;
	if (!clean_put(out, in + *at, start + total - *at))
		return clean_put_error(out);
	put32(out->p + begun + 6, out->len - begun);
	*at = start + total;
	return 0;
}

static int
copy_codestream(struct clean_out *out, const uint8_t *in, size_t len)
{
	static const uint8_t eoc[] = { EOC >> 8, EOC & 0xff };
	size_t at = 2;
	unsigned tiles = 0;
	int r;

	if (len < 2 + SIZ_BYTES || be(in, 2) != SOC || be(in + 2, 2) != SIZ)
		return CANDOR_EBADMSG;
	if (be(in + 8, 4) < be(in + 16, 4) || be(in + 12, 4) < be(in + 20, 4))
		return CANDOR_EBADMSG;
	if (picture_too_large(be(in + 8, 4) - be(in + 16, 4), be(in + 12, 4) - be(in + 20, 4)))
		return CANDOR_ETOOBIG;
	if (!clean_put(out, in, 2))
		return clean_put_error(out);
	if ((r = copy_segments(out, in, len, &at, SOT, SOT)) < 0)
		return r;
	for (; len - at >= 2 && be(in + at, 2) == SOT; tiles++)
		if ((r = copy_tile(out, in, len, &at)) < 0)
			return r;
	/* What follows is not of the picture. */
	if (tiles == 0)
		return CANDOR_EBADMSG;
	return clean_put(out, eoc, sizeof(eoc)) ? 0 : clean_put_error(out);
}

/* ---- boxes --------------------------------------------------------------------------------------- */

/* clang-format off */
/* What a decoder needs: top level, and in the header box. */
static const char boxes[][5] = { "jP  ", "ftyp", "jp2h", "jp2c" };
static const char boxes_inner[][5] = { "ihdr", "bpcc", "colr", "pclr", "cmap", "cdef" };
/* clang-format on */

static bool
is_kept(const char (*list)[5], size_t n, const uint8_t *type)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(list[i], type, 4) == 0)
			return true;
	return false;
}

/* A colour profile is not taken over; a number says the same for what is in use. */
static bool
put_colour(struct clean_out *out, const uint8_t *p, size_t len, unsigned channels)
{
	uint8_t colour[7] = { 1, 0, 0, 0, 0, 0, channels < 3 ? 17 : 16 };

	if (len >= 7 && p[0] == 1)
		memcpy(colour + 3, p + 3, 4);
	return clean_put(out, colour, sizeof(colour));
}

static int
copy_boxes(struct clean_out *out, const uint8_t *in, size_t len, bool inner)
{
	unsigned channels = 3;
	int r = 0;

	while (len >= BOX_BYTES && r == 0) {
		size_t n = be(in, 4), head = BOX_BYTES, begun = out->len;
		const uint8_t *type = in + 4;

		if (n == 1 && len >= 16 && be(in + 8, 4) == 0) {
			n = be(in + 12, 4);
			head = 16;
		}
		if (n == 0)
			n = len;
		if (n < head || n > len)
			return CANDOR_EBADMSG;
		if (inner ? !is_kept(boxes_inner, NELEM(boxes_inner), type)
			  : !is_kept(boxes, NELEM(boxes), type)) {
			in += n;
			len -= n;
			continue;
		}
		if (!clean_put(out, in, BOX_BYTES))
			return clean_put_error(out);
		if (memcmp(type, "ihdr", 4) == 0 && n >= head + 10)
			channels = be(in + head + 8, 2);
		if (memcmp(type, "jp2h", 4) == 0 && !inner)
			r = copy_boxes(out, in + head, n - head, true);
		else if (memcmp(type, "jp2c", 4) == 0)
			r = copy_codestream(out, in + head, n - head);
		else if (memcmp(type, "colr", 4) == 0
			     ? !put_colour(out, in + head, n - head, channels)
			     : !clean_put(out, in + head, n - head))
			r = clean_put_error(out);
		if (r == 0)
			put32(out->p + begun, out->len - begun);
		in += n;
		len -= n;
	}
	return r;
}

int
clean_jp2(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	(void)depth;
	*why = damaged;
	if (len >= 2 && be(in, 2) == SOC)
		return copy_codestream(out, in, len);
	if (len < 12 || memcmp(in + 4, "jP  ", 4) != 0)
		return CANDOR_EBADMSG;
	return copy_boxes(out, in, len, false);
}
