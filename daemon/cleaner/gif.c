/* SPDX-License-Identifier: ISC */
/*
 * GIF: frames, their timing and the number of rounds go, line by line, into a new file; comments, XMP,
 * other applications' data and what follows the end do not. The cleaner.
 */
#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>

#include "cleaner/clean.h"
#include "cleaner/picture.h"

#define LOOP_MAGIC "NETSCAPE2.0"
#define LOOP_MAGIC_BYTES 11
#define LOOP_BYTES 3 /* 1, and the number of rounds */
#define CONTROL_BYTES 4
#define SIDE_MAX 65535

struct gif {
	const uint8_t *in;
	size_t len;
	struct clean_out *out;
	GifFileType *from, *to;
	uint64_t pixels;
};

static int
gif_read(GifFileType *file, GifByteType *buf, int want)
{
	struct gif *g = file->UserData;
	size_t n = (size_t)want < g->len ? (size_t)want : g->len;

	memcpy(buf, g->in, n);
	g->in += n;
	g->len -= n;
	return (int)n;
}

static int
gif_write(GifFileType *file, const GifByteType *buf, int len)
{
	struct gif *g = file->UserData;

	return clean_put(g->out, buf, (size_t)len) ? len : 0;
}

/* What a failed write means. */
static int
write_failed(const struct gif *g)
{
	return g->out->full ? CANDOR_ETOOBIG : CANDOR_EBADMSG;
}

static int
copy_frame(struct gif *g)
{
	static GifPixelType line[SIDE_MAX];
	const GifImageDesc *d;

	if (DGifGetImageDesc(g->from) == GIF_ERROR)
		return CANDOR_EBADMSG;
	d = &g->from->Image;
	if (d->Width <= 0 || d->Height <= 0 || d->Width > SIDE_MAX)
		return CANDOR_EBADMSG;
	g->pixels += (uint64_t)d->Width * (uint64_t)d->Height;
	if (g->pixels > CLEAN_PIXELS_MAX)
		return CANDOR_ETOOBIG;
	if (EGifPutImageDesc(g->to, d->Left, d->Top, d->Width, d->Height, d->Interlace,
		d->ColorMap) == GIF_ERROR)
		return write_failed(g);
	/* Of an interlaced frame the lines stay in the order in which they are sent. */
	for (int y = 0; y < d->Height; y++) {
		if (DGifGetLine(g->from, line, d->Width) == GIF_ERROR)
			return CANDOR_EBADMSG;
		if (EGifPutLine(g->to, line, d->Width) == GIF_ERROR)
			return write_failed(g);
	}
	return 0;
}

/* Blocks begin with their length. */
static bool
is_loop(const GifByteType *block)
{
	return block[0] == LOOP_MAGIC_BYTES && memcmp(block + 1, LOOP_MAGIC, LOOP_MAGIC_BYTES) == 0;
}

static int
copy_extension(struct gif *g)
{
	GifByteType *block;
	bool loop = false;
	int code;

	if (DGifGetExtension(g->from, &code, &block) == GIF_ERROR)
		return CANDOR_EBADMSG;
	for (size_t n = 0; block != NULL; n++) {
		int r = GIF_OK;

		if (code == GRAPHICS_EXT_FUNC_CODE && n == 0 && block[0] == CONTROL_BYTES)
			r = EGifPutExtension(g->to, code, block[0], block + 1);
		else if (code == APPLICATION_EXT_FUNC_CODE && n == 0)
			loop = is_loop(block);
		else if (loop && n == 1 && block[0] == LOOP_BYTES && block[1] == 1)
			r = EGifPutExtensionLeader(g->to, code) == GIF_OK &&
				    EGifPutExtensionBlock(g->to, LOOP_MAGIC_BYTES, LOOP_MAGIC) ==
					GIF_OK &&
				    EGifPutExtensionBlock(g->to, block[0], block + 1) == GIF_OK
				? EGifPutExtensionTrailer(g->to)
				: GIF_ERROR;
		if (r == GIF_ERROR)
			return write_failed(g);
		if (DGifGetExtensionNext(g->from, &block) == GIF_ERROR)
			return CANDOR_EBADMSG;
	}
	return 0;
}

static int
copy_records(struct gif *g)
{
	GifRecordType type;
	unsigned frames = 0;
	int r = 0;

	while (r == 0) {
		if (DGifGetRecordType(g->from, &type) == GIF_ERROR)
			return CANDOR_EBADMSG;
		if (type == TERMINATE_RECORD_TYPE)
			break;
		if (type == EXTENSION_RECORD_TYPE)
			r = copy_extension(g);
		else if (type == IMAGE_DESC_RECORD_TYPE) {
			r = copy_frame(g);
			frames++;
		}
	}
	return r == 0 && frames == 0 ? CANDOR_EBADMSG : r;
}

int
clean_gif(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	struct gif g = { .in = in, .len = len, .out = out };
	int r = CANDOR_EBADMSG;

	(void)depth;
	*why = "it is damaged; take a screenshot of it";
	if ((g.from = DGifOpen(&g, gif_read, NULL)) == NULL)
		return CANDOR_EBADMSG;
	if (picture_too_large((uint64_t)g.from->SWidth, (uint64_t)g.from->SHeight))
		r = CANDOR_ETOOBIG;
	else if ((g.to = EGifOpen(&g, gif_write, NULL)) == NULL)
		r = CANDOR_ENOMEM;
	else {
		EGifSetGifVersion(g.to, true);
		if (EGifPutScreenDesc(g.to, g.from->SWidth, g.from->SHeight,
			g.from->SColorResolution, g.from->SBackGroundColor,
			g.from->SColorMap) == GIF_OK)
			r = copy_records(&g);
	}
	/* Closing writes the terminator. */
	if (g.to != NULL && EGifCloseFile(g.to, NULL) == GIF_ERROR && r == 0)
		r = write_failed(&g);
	DGifCloseFile(g.from, NULL);
	return r;
}
