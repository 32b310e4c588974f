/* SPDX-License-Identifier: ISC */
/*
 * What the cleaner's files share. One format, one file: a function that takes the bytes of an attachment
 * and gives back the same picture, pages, sound or text without what says where it came from. Private to
 * the cleaner, which does this once in its life, behind walls, without a file system or a network.
 */
#ifndef CANDOR_CLEANER_CLEAN_H
#define CANDOR_CLEANER_CLEAN_H

#include "candor/base.h"

#define CLEAN_INPUT_MAX (25u << 20)  /* as the service takes attachments */
#define CLEAN_OUTPUT_MAX (32u << 20) /* what is written anew may grow a little */
#define CLEAN_PIXELS_MAX (100u << 20)
#define CLEAN_DEPTH_MAX 2 /* archives in archives */

/* A growing buffer on the heap; over CLEAN_OUTPUT_MAX it is full and stays so. */
struct clean_out {
	uint8_t *p;
	size_t len, cap;
	bool full;
};

/* False when the buffer is full or there is no memory. */
bool clean_put(struct clean_out *out, const void *p, size_t len);

/*
 * Clean len bytes at in, which are of this format, into out. Returns 0; CANDOR_EBADMSG when they are
 * damaged or hold what cannot be cleaned, with a sentence for the reporter in *why (static: what it is
 * and what to do instead); CANDOR_ETOOBIG; CANDOR_ENOMEM.
 */
typedef int clean_fn(
    struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why);

/* A format: what libmagic calls it, and who cleans it. */
struct clean_format {
	const char *type;      /* "image/jpeg" */
	const char *extension; /* ".jpg" */
	clean_fn *clean;
};

/* Read libmagic's database, while there is a file system. False when it cannot be. Once. */
bool clean_formats_load(void) MUST_CHECK;

/* The format of these bytes, or NULL with *type set to what libmagic makes of them. */
const struct clean_format *clean_format_of(const uint8_t *in, size_t len, const char **type);

clean_fn clean_jpeg, clean_png, clean_gif, clean_webp, clean_tiff, clean_text, clean_rtf, clean_svg;
clean_fn clean_jp2, clean_bmp, clean_pnm, clean_pdf, clean_ooxml, clean_odf, clean_zip;
clean_fn clean_heif, clean_mp3, clean_flac, clean_ogg, clean_wav, clean_mp4;

#endif
