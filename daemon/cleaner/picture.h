/* SPDX-License-Identifier: ISC */
/*
 * What the picture formats share: the orientation that a camera notes instead of turning the picture, and
 * turning it. Once the note is gone the pixels must stand as it said. The cleaner; pure.
 */
#ifndef CANDOR_CLEANER_PICTURE_H
#define CANDOR_CLEANER_PICTURE_H

#include "cleaner/clean.h"

/* Orientations as in Exif 2.32, 4.6.4 A (tag 274). */
#define UPRIGHT 1u
#define ORIENTATION_MAX 8u
/* Width and height change places. */
#define ORIENTATION_IS_ACROSS(o) ((o) >= 5)

/* Pixels row by row without gaps; bytes_each 1..8. */
struct picture {
	uint8_t *pixels;
	uint32_t width, height;
	size_t bytes_each;
};

/* The orientation in Exif data (a TIFF header and what follows it); UPRIGHT when it tells none. */
unsigned picture_orientation(const uint8_t *exif, size_t len);

/* Is it empty, or larger than CLEAN_PIXELS_MAX? */
bool picture_too_large(uint64_t width, uint64_t height);

/* Fill to, whose pixels the caller has made as large as those of from, with from as it is meant to be
 * seen; width, height and bytes_each are set. */
void picture_turn(struct picture *to, const struct picture *from, unsigned orientation);

/*
 * Clean a picture that a document holds, of whatever format; *format is that of what came out. One that
 * cannot be cleaned, or is damaged, comes out as a grey box, so that the rest of the document need not be
 * refused for it, and nobody takes what is missing for white paper. Errors as clean_fn, but CANDOR_EBADMSG.
 */
int picture_clean_inner(struct clean_out *out, const struct clean_format **format,
    const uint8_t *in, size_t len, unsigned depth, const char **why);

#endif
