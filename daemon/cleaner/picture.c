/* SPDX-License-Identifier: ISC */
/* Orientation, and pictures in documents: see picture.h. The cleaner; pure. */
#include "cleaner/picture.h"

#include <string.h>

#include "cleaner/clean.h"

#define TAG_ORIENTATION 0x0112
#define TYPE_SHORT 3
#define TIFF_HEAD_BYTES 8
#define TIFF_ENTRY_BYTES 12
#define PICTURES_DEPTH (CLEAN_DEPTH_MAX + 2) /* a drawing in a document in an archive */

static uint32_t
number(const uint8_t *p, size_t bytes, bool big)
{
	uint32_t v = 0;

	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | p[big ? i : bytes - 1 - i];
	return v;
}

unsigned
picture_orientation(const uint8_t *exif, size_t len)
{
	size_t at, n;
	bool big;

	if (len < TIFF_HEAD_BYTES ||
	    (memcmp(exif, "II*\0", 4) != 0 && memcmp(exif, "MM\0*", 4) != 0))
		return UPRIGHT;
	big = exif[0] == 'M';
	at = number(exif + 4, 4, big);
	if (at > len - 2)
		return UPRIGHT;
	n = number(exif + at, 2, big);
	at += 2;
	for (; n > 0 && len - at >= TIFF_ENTRY_BYTES; n--, at += TIFF_ENTRY_BYTES) {
		uint32_t value = number(exif + at + 8, 2, big);

		if (number(exif + at, 2, big) == TAG_ORIENTATION &&
		    number(exif + at + 2, 2, big) == TYPE_SHORT)
			return value >= UPRIGHT && value <= ORIENTATION_MAX ? value : UPRIGHT;
	}
	return UPRIGHT;
}

bool
picture_too_large(uint64_t width, uint64_t height)
{
	return width > CLEAN_PIXELS_MAX || height > CLEAN_PIXELS_MAX ||
	       width * height > CLEAN_PIXELS_MAX;
}

/* Where each orientation has a pixel of the upright picture; for those across after x and y have
 * changed places. */
static const struct {
	bool from_right, from_below;
} turns[ORIENTATION_MAX + 1] = {
	[2] = { true, false },
	[3] = { true, true },
	[4] = { false, true },
	[6] = { false, true },
	[7] = { true, true },
	[8] = { true, false },
};

void
picture_turn(struct picture *to, const struct picture *from, unsigned orientation)
{
	bool across = ORIENTATION_IS_ACROSS(orientation);
	size_t each = from->bytes_each;
	uint8_t *p = to->pixels;

	to->width = across ? from->height : from->width;
	to->height = across ? from->width : from->height;
	to->bytes_each = each;
	for (uint32_t y = 0; y < to->height; y++)
		for (uint32_t x = 0; x < to->width; x++, p += each) {
			size_t sx = across ? y : x, sy = across ? x : y;

			if (turns[orientation].from_right)
				sx = from->width - 1 - sx;
			if (turns[orientation].from_below)
				sy = from->height - 1 - sy;
			memcpy(p, from->pixels + (sy * from->width + sx) * each, each);
		}
}

/* One grey pixel, as PNG. */
static const uint8_t grey_box[] = {
	0x89,
	0x50,
	0x4e,
	0x47,
	0x0d,
	0x0a,
	0x1a,
	0x0a,
	0x00,
	0x00,
	0x00,
	0x0d,
	0x49,
	0x48,
	0x44,
	0x52,
	0x00,
	0x00,
	0x00,
	0x01,
	0x00,
	0x00,
	0x00,
	0x01,
	0x08,
	0x00,
	0x00,
	0x00,
	0x00,
	0x3a,
	0x7e,
	0x9b,
	0x55,
	0x00,
	0x00,
	0x00,
	0x0a,
	0x49,
	0x44,
	0x41,
	0x54,
	0x78,
	0x9c,
	0x63,
	0x38,
	0x00,
	0x00,
	0x00,
	0xc2,
	0x00,
	0xc1,
	0x52,
	0x5e,
	0x57,
	0x51,
	0x00,
	0x00,
	0x00,
	0x00,
	0x49,
	0x45,
	0x4e,
	0x44,
	0xae,
	0x42,
	0x60,
	0x82,
};

int
picture_clean_inner(struct clean_out *out, const struct clean_format **format, const uint8_t *in,
    size_t len, unsigned depth, const char **why)
{
	static const struct clean_format png = { "image/png", ".png", clean_png };
	size_t start = out->len;
	const char *type;
	int r = CANDOR_EBADMSG;

	*format = clean_format_of(in, len, &type);
	if (*format != NULL && strncmp((*format)->type, "image/", 6) == 0 && depth < PICTURES_DEPTH)
		r = (*format)->clean(out, in, len, depth, why);
	if (r != CANDOR_EBADMSG)
		return r;
	out->len = start;
	*format = &png;
	if (clean_put(out, grey_box, sizeof(grey_box)))
		return 0;
	return out->full ? CANDOR_ETOOBIG : CANDOR_ENOMEM;
}
