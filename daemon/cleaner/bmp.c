/* SPDX-License-Identifier: ISC */
/*
 * BMP: a new header, the palette and the rows; no colour profile, resolution, gap between them or bytes
 * behind the end. The cleaner.
 */
#include <string.h>

#include "cleaner/pack.h"
#include "cleaner/picture.h"

#define FILE_BYTES 14
#define CORE_BYTES 12 /* the header of OS/2 1 */
#define INFO_BYTES 40
#define V2_BYTES 52 /* with masks for red, green and blue; from here on these are in the header */
#define V3_BYTES 56 /* and for alpha */
#define V4_BYTES 108
#define HEAD_BYTES_MAX 1024

enum packing { BI_RGB, BI_RLE8, BI_RLE4, BI_BITFIELDS, BI_ALPHABITFIELDS = 6 };

struct bmp {
	uint32_t head, width, height, bits, packing, colours;
	bool top_down;
	size_t row, shown; /* bytes of a row, and of these before the padding */
};

static uint32_t
le(const uint8_t *p, unsigned bytes)
{
	uint32_t v = 0;

	while (bytes > 0)
		v = v << 8 | p[--bytes];
	return v;
}

static void
put32(uint8_t *p, size_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static int
read_head(struct bmp *b, const uint8_t *dib, size_t len)
{
	static const uint32_t depths[] = { 1, 2, 4, 8, 16, 24, 32 };
	bool core, known = false;

	if (len < CORE_BYTES || (b->head = le(dib, 4)) > len || b->head < CORE_BYTES ||
	    b->head > HEAD_BYTES_MAX || (b->head > CORE_BYTES && b->head < INFO_BYTES))
		return CANDOR_EBADMSG;
	core = b->head == CORE_BYTES;
	b->width = le(dib + 4, core ? 2 : 4);
	b->height = le(dib + (core ? 6 : 8), core ? 2 : 4);
	b->bits = le(dib + (core ? 10 : 14), 2);
	if (!core) {
		b->packing = le(dib + 16, 4);
		b->colours = le(dib + 32, 4);
		b->top_down = b->height > INT32_MAX;
		if (b->top_down)
			b->height = 0 - b->height;
	}
	for (size_t i = 0; i < NELEM(depths); i++)
		known |= b->bits == depths[i];
	if (!known || b->width == 0 || b->height == 0)
		return CANDOR_EBADMSG;
	if (picture_too_large(b->width, b->height))
		return CANDOR_ETOOBIG;
	switch (b->packing) {
	case BI_RGB:
		break;
	case BI_RLE8:
	case BI_RLE4:
		if (b->bits != (b->packing == BI_RLE8 ? 8 : 4) || b->top_down)
			return CANDOR_EBADMSG;
		break;
	case BI_BITFIELDS:
	case BI_ALPHABITFIELDS:
		if (b->bits != 16 && b->bits != 32)
			return CANDOR_EBADMSG;
		break;
	default:
		return CANDOR_EBADMSG;
	}
	if (b->bits > 8)
		b->colours = 0;
	else if (b->colours == 0 || b->colours > 1u << b->bits)
		b->colours = 1u << b->bits;
	b->row = ((size_t)b->width * b->bits + 31) / 32 * 4;
	b->shown = ((size_t)b->width * b->bits + 7) / 8;
	return 0;
}

/* The length of run-length data up to its end mark; 0 when there is none. */
static size_t
rle_length(const uint8_t *p, size_t len, uint32_t bits)
{
	for (size_t at = 0; len - at >= 2;) {
		size_t n = p[at + 1];

		if (p[at] != 0)
			n = 2;
		else if (n == 0)
			at += 2;
		else if (n == 1)
			return at + 2;
		else
			n = n == 2 ? 4 : 2 + ((n * bits + 7) / 8 + 1) / 2 * 2;
		if (n > len - at)
			break;
		at += n;
	}
	return 0;
}

static bool
put_rows(const struct bmp *b, struct clean_out *out, const uint8_t *p)
{
	static const uint8_t padding[4];
	bool ok = true;

	for (uint32_t y = 0; y < b->height && ok; y++, p += b->row)
		ok = clean_put(out, p, b->shown) && clean_put(out, padding, b->row - b->shown);
	return ok;
}

int
clean_bmp(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	uint8_t head[FILE_BYTES + V4_BYTES] = "BM", *dib = head + FILE_BYTES;
	size_t n_masks, n_palette, n_pixels, at, pixels;
	const uint8_t *masks, *palette;
	struct bmp b = { 0 };
	int r;

	(void)depth;
	*why = "it is damaged, or of a kind that cannot be read; take a screenshot of it";
	if (len < FILE_BYTES + CORE_BYTES)
		return CANDOR_EBADMSG;
	if ((r = read_head(&b, in + FILE_BYTES, len - FILE_BYTES)) < 0)
		return r;
	n_masks = b.packing == BI_ALPHABITFIELDS || b.head >= V3_BYTES ? 16
		  : b.packing == BI_BITFIELDS                          ? 12
								       : 0;
	at = FILE_BYTES + b.head;
	masks = in + FILE_BYTES + INFO_BYTES;
	if (b.head == INFO_BYTES)
		at += n_masks;
	palette = in + at;
	n_palette = b.colours * (b.head == CORE_BYTES ? 3u : 4u);
	pixels = le(in + 10, 4);
	if (at > len || n_palette > len - at || pixels < at || pixels > len)
		return CANDOR_EBADMSG;
	/* Some programs write fewer colours than they say. */
	if (n_palette > pixels - at)
		return CANDOR_EBADMSG;
	if (b.packing == BI_RLE8 || b.packing == BI_RLE4)
		n_pixels = rle_length(in + pixels, len - pixels, b.bits);
	else
		n_pixels = b.row * b.height <= len - pixels ? b.row * b.height : 0;
	if (n_pixels == 0)
		return CANDOR_EBADMSG;

	/* The same kind of header; what is not set here is zero: resolution, profile, what is reserved. */
	b.head = b.head > V3_BYTES                     ? V4_BYTES
		 : b.head > INFO_BYTES && n_masks == 0 ? INFO_BYTES
						       : b.head;
	put32(dib, b.head);
	if (b.head == CORE_BYTES) {
		memcpy(dib + 4, in + FILE_BYTES + 4, CORE_BYTES - 4);
	} else {
		memcpy(dib + 4, in + FILE_BYTES + 4, 16);
		put32(dib + 20, n_pixels);
		put32(dib + 32, b.bits > 8 ? 0 : b.colours);
		memcpy(dib + INFO_BYTES, masks, n_masks);
	}
	at = FILE_BYTES + b.head + (b.head == INFO_BYTES ? n_masks : 0);
	put32(head + 2, at + n_palette + n_pixels);
	put32(head + 10, at + n_palette);
	if (!clean_put(out, head, at) || !clean_put(out, palette, n_palette))
		return clean_put_error(out);
	if (b.packing == BI_RLE8 || b.packing == BI_RLE4)
		return clean_put(out, in + pixels, n_pixels) ? 0 : clean_put_error(out);
	return put_rows(&b, out, in + pixels) ? 0 : clean_put_error(out);
}
