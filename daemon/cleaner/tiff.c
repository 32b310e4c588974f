/* SPDX-License-Identifier: ISC */
/*
 * TIFF: the samples of each page are unpacked and packed into a new file, as they are, with the tags that a
 * reader needs. A page that lies on its side, or whose samples mean nothing without their compression, is
 * read as the picture that it shows, upright, and written in black and white, grey, or colours of 8 bits.
 * Nothing else of the file comes along. The cleaner.
 */
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

#include "cleaner/clean.h"
#include "cleaner/picture.h"

#define PAGES_MAX 1000
#define STRIP_ROWS 64
#define SAMPLES_MAX 16
#define PIECE_BYTES_MAX (64u << 20) /* a strip or tile */

/* A file in memory: for reading, bytes that are somebody else's; for writing, its own. */
struct memory {
	uint8_t *p;
	size_t len, at;
	struct clean_out *out; /* NULL: read only */
};

static tmsize_t
memory_read(thandle_t h, void *buf, tmsize_t want)
{
	struct memory *m = (struct memory *)h;
	size_t n = m->at < m->len ? m->len - m->at : 0;

	if (want < 0)
		return -1;
	if (n > (size_t)want)
		n = (size_t)want;
	memcpy(buf, m->p + m->at, n);
	m->at += n;
	return (tmsize_t)n;
}

/* libtiff goes back to enter where a page begins. */
static tmsize_t
memory_write(thandle_t h, void *buf, tmsize_t want)
{
	static const uint8_t zeros[4096];
	struct memory *m = (struct memory *)h;
	struct clean_out *out = m->out;
	size_t n = (size_t)want, over = 0;

	if (out == NULL || want < 0)
		return -1;
	while (m->at > out->len)
		if (!clean_put(out, zeros,
			m->at - out->len < sizeof(zeros) ? m->at - out->len : sizeof(zeros)))
			return -1;
	if (m->at < out->len) {
		over = out->len - m->at < n ? out->len - m->at : n;
		memcpy(out->p + m->at, buf, over);
	}
	if (!clean_put(out, (uint8_t *)buf + over, n - over))
		return -1;
	m->at += n;
	m->p = out->p;
	m->len = out->len;
	return want;
}

static toff_t
memory_seek(thandle_t h, toff_t to, int whence)
{
	struct memory *m = (struct memory *)h;
	uint64_t base = whence == SEEK_CUR ? m->at : whence == SEEK_END ? m->len : 0;

	/* Negative numbers arrive as very large ones and come out right in the sum. */
	if (base + to > UINT32_MAX)
		return (toff_t)-1;
	m->at = (size_t)(base + to);
	return m->at;
}

static int
memory_close(thandle_t h)
{
	(void)h;
	return 0;
}

static toff_t
memory_size(thandle_t h)
{
	return ((struct memory *)h)->len;
}

static TIFF *
open_memory(struct memory *m, const char *mode)
{
	return TIFFClientOpen("attachment", mode, (thandle_t)m, memory_read, memory_write,
	    memory_seek, memory_close, memory_size, NULL, NULL);
}

/* ---- pages -------------------------------------------------------------------------------------- */

/* What a picture needs to be shown as it is. */
struct kind {
	bool colour, grey, alpha;
};

static struct kind
kind_of(const uint32_t *pixels, size_t n)
{
	struct kind k = { 0 };

	for (size_t i = 0; i < n && !(k.colour && k.alpha); i++) {
		uint32_t r = TIFFGetR(pixels[i]), g = TIFFGetG(pixels[i]), b = TIFFGetB(pixels[i]);

		k.colour |= r != g || g != b;
		k.grey |= r != 0 && r != 255;
		k.alpha |= TIFFGetA(pixels[i]) != 255;
	}
	return k;
}

static size_t
row_bytes(struct kind k, uint32_t width)
{
	if (k.colour || k.alpha)
		return (size_t)width * (k.alpha ? 4 : 3);
	return k.grey ? width : ((size_t)width + 7) / 8;
}

static void
pack_row(uint8_t *row, const uint32_t *pixels, uint32_t width, struct kind k)
{
	memset(row, 0, row_bytes(k, width));
	for (uint32_t x = 0; x < width; x++) {
		uint32_t p = pixels[x];

		if (k.colour || k.alpha) {
			*row++ = (uint8_t)TIFFGetR(p);
			*row++ = (uint8_t)TIFFGetG(p);
			*row++ = (uint8_t)TIFFGetB(p);
			if (k.alpha)
				*row++ = (uint8_t)TIFFGetA(p);
		} else if (k.grey) {
			*row++ = (uint8_t)TIFFGetR(p);
		} else if (TIFFGetR(p) != 0) {
			row[x / 8] = (uint8_t)(row[x / 8] | 0x80u >> x % 8);
		}
	}
}

static void
set_tags(TIFF *to, uint32_t width, uint32_t height, struct kind k)
{
	const uint16_t alpha[] = { EXTRASAMPLE_ASSOCALPHA };
	bool rgb = k.colour || k.alpha;

	TIFFSetField(to, TIFFTAG_IMAGEWIDTH, width);
	TIFFSetField(to, TIFFTAG_IMAGELENGTH, height);
	TIFFSetField(to, TIFFTAG_BITSPERSAMPLE, rgb || k.grey ? 8 : 1);
	TIFFSetField(to, TIFFTAG_SAMPLESPERPIXEL, k.alpha ? 4 : rgb ? 3 : 1);
	TIFFSetField(to, TIFFTAG_PHOTOMETRIC, rgb ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
	TIFFSetField(to, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
	TIFFSetField(to, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
	TIFFSetField(to, TIFFTAG_ROWSPERSTRIP, STRIP_ROWS);
	TIFFSetField(to, TIFFTAG_COMPRESSION, COMPRESSION_LZW);
	if (rgb || k.grey)
		TIFFSetField(to, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
	if (k.alpha)
		TIFFSetField(to, TIFFTAG_EXTRASAMPLES, 1, alpha);
}

static int
write_page(TIFF *to, const struct clean_out *out, const struct picture *page)
{
	const uint32_t *pixels = (const uint32_t *)(const void *)page->pixels;
	struct kind k = kind_of(pixels, (size_t)page->width * page->height);
	uint8_t *row = malloc(row_bytes(k, page->width));
	bool ok = row != NULL;

	set_tags(to, page->width, page->height, k);
	for (uint32_t y = 0; ok && y < page->height; y++) {
		pack_row(row, pixels + (size_t)y * page->width, page->width, k);
		ok = TIFFWriteScanline(to, row, y, 0) == 1;
	}
	free(row);
	if (ok && TIFFWriteDirectory(to) == 1)
		return 0;
	return out->full ? CANDOR_ETOOBIG : CANDOR_ENOMEM;
}

/* Read the page that from stands at as the picture that it shows, turn it, write it. */
static int
redraw_page(TIFF *to, TIFF *from, const struct clean_out *out, struct picture page)
{
	struct picture upright = { 0 }, *shown = &page;
	uint16_t orientation = ORIENTATION_TOPLEFT;
	size_t bytes = (size_t)page.width * page.height * page.bytes_each;
	int r;

	TIFFGetFieldDefaulted(from, TIFFTAG_ORIENTATION, &orientation);
	if (orientation < UPRIGHT || orientation > ORIENTATION_MAX)
		orientation = UPRIGHT;
	if ((page.pixels = malloc(bytes)) == NULL)
		return CANDOR_ENOMEM;
	/* Asked for in the order in which it is stored, libtiff turns nothing. */
	r = TIFFReadRGBAImageOriented(
		from, page.width, page.height, (uint32_t *)(void *)page.pixels, orientation, 1) == 1
		? 0
		: CANDOR_EBADMSG;
	if (r == 0 && orientation != UPRIGHT) {
		if ((upright.pixels = malloc(bytes)) == NULL) {
			r = CANDOR_ENOMEM;
		} else {
			picture_turn(&upright, &page, orientation);
			shown = &upright;
		}
	}
	if (r == 0)
		r = write_page(to, out, shown);
	free(page.pixels);
	free(upright.pixels);
	return r;
}

/* What the samples of a page are; copied from one file to the next. */
struct samples {
	uint16_t bits, each, photometric, planar, format, compression, orientation;
};

static void
read_samples(TIFF *from, struct samples *s)
{
	*s = (struct samples){ .photometric = UINT16_MAX };
	TIFFGetFieldDefaulted(from, TIFFTAG_BITSPERSAMPLE, &s->bits);
	TIFFGetFieldDefaulted(from, TIFFTAG_SAMPLESPERPIXEL, &s->each);
	TIFFGetField(from, TIFFTAG_PHOTOMETRIC, &s->photometric);
	TIFFGetFieldDefaulted(from, TIFFTAG_PLANARCONFIG, &s->planar);
	TIFFGetFieldDefaulted(from, TIFFTAG_SAMPLEFORMAT, &s->format);
	TIFFGetFieldDefaulted(from, TIFFTAG_COMPRESSION, &s->compression);
	TIFFGetFieldDefaulted(from, TIFFTAG_ORIENTATION, &s->orientation);
}

/* Whether the samples can be taken over as they are: a table of kinds that need nothing but the tags that
 * set_samples() sets, and compressions that give back what went in. */
static bool
are_plain(const struct samples *s)
{
	static const uint16_t photometrics[] = { PHOTOMETRIC_MINISWHITE, PHOTOMETRIC_MINISBLACK,
		PHOTOMETRIC_RGB, PHOTOMETRIC_PALETTE, PHOTOMETRIC_SEPARATED, PHOTOMETRIC_CIELAB };
	static const uint16_t compressions[] = { COMPRESSION_NONE, COMPRESSION_CCITTRLE,
		COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4, COMPRESSION_LZW,
		COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE, COMPRESSION_PACKBITS };
	bool known = false, whole = false;

	for (size_t i = 0; i < NELEM(photometrics); i++)
		known |= s->photometric == photometrics[i];
	for (size_t i = 0; i < NELEM(compressions); i++)
		whole |= s->compression == compressions[i];
	return known && whole && s->orientation == ORIENTATION_TOPLEFT && s->each <= SAMPLES_MAX &&
	       s->bits <= 64 && s->format <= SAMPLEFORMAT_VOID;
}

static void
set_samples(TIFF *to, TIFF *from, const struct samples *s)
{
	uint16_t *extra, *red, *green, *blue, n_extra;

	TIFFSetField(to, TIFFTAG_BITSPERSAMPLE, s->bits);
	TIFFSetField(to, TIFFTAG_SAMPLESPERPIXEL, s->each);
	TIFFSetField(to, TIFFTAG_PHOTOMETRIC, s->photometric);
	TIFFSetField(to, TIFFTAG_PLANARCONFIG, s->planar);
	TIFFSetField(to, TIFFTAG_SAMPLEFORMAT, s->format);
	TIFFSetField(to, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
	TIFFSetField(to, TIFFTAG_COMPRESSION, COMPRESSION_LZW);
	if (TIFFGetField(from, TIFFTAG_EXTRASAMPLES, &n_extra, &extra) == 1 && n_extra > 0)
		TIFFSetField(to, TIFFTAG_EXTRASAMPLES, n_extra, extra);
	if (s->photometric == PHOTOMETRIC_PALETTE &&
	    TIFFGetField(from, TIFFTAG_COLORMAP, &red, &green, &blue) == 1)
		TIFFSetField(to, TIFFTAG_COLORMAP, red, green, blue);
}

/* Strip by strip, or tile by tile, as they are laid out. */
static int
copy_samples(TIFF *to, TIFF *from, const struct clean_out *out, const struct picture *page,
    const struct samples *s)
{
	bool tiled = TIFFIsTiled(from) != 0, ok;
	tmsize_t (*read)(TIFF *, uint32_t, void *, tmsize_t) =
	    tiled ? TIFFReadEncodedTile : TIFFReadEncodedStrip;
	tmsize_t (*write)(TIFF *, uint32_t, void *, tmsize_t) =
	    tiled ? TIFFWriteEncodedTile : TIFFWriteEncodedStrip;
	tmsize_t size = tiled ? TIFFTileSize(from) : TIFFStripSize(from);
	uint32_t n = tiled ? TIFFNumberOfTiles(from) : TIFFNumberOfStrips(from);
	uint32_t width = 0, length = 0;
	void *buf;
	int r = 0;

	if (size <= 0 || (uint64_t)size > PIECE_BYTES_MAX ||
	    (uint64_t)size * n >
		PIECE_BYTES_MAX + 2 * (uint64_t)TIFFScanlineSize(from) * page->height * s->each)
		return CANDOR_EBADMSG;
	TIFFSetField(to, TIFFTAG_IMAGEWIDTH, page->width);
	TIFFSetField(to, TIFFTAG_IMAGELENGTH, page->height);
	set_samples(to, from, s);
	if (tiled) {
		TIFFGetField(from, TIFFTAG_TILEWIDTH, &width);
		TIFFGetField(from, TIFFTAG_TILELENGTH, &length);
		TIFFSetField(to, TIFFTAG_TILEWIDTH, width);
		TIFFSetField(to, TIFFTAG_TILELENGTH, length);
	} else {
		TIFFGetFieldDefaulted(from, TIFFTAG_ROWSPERSTRIP, &length);
		TIFFSetField(to, TIFFTAG_ROWSPERSTRIP, length);
	}
	if ((buf = malloc((size_t)size)) == NULL)
		return CANDOR_ENOMEM;
	ok = true;
	for (uint32_t i = 0; i < n && r == 0 && ok; i++) {
		tmsize_t got = read(from, i, buf, size);

		if (got <= 0)
			r = CANDOR_EBADMSG;
		else
			ok = write(to, i, buf, got) == got;
	}
	free(buf);
	if (r == 0 && (!ok || TIFFWriteDirectory(to) != 1))
		r = out->full ? CANDOR_ETOOBIG : CANDOR_ENOMEM;
	return r;
}

static int
copy_page(TIFF *to, TIFF *from, const struct clean_out *out, uint64_t *total)
{
	struct picture page = { .bytes_each = 4 };
	struct samples samples;

	if (TIFFGetField(from, TIFFTAG_IMAGEWIDTH, &page.width) != 1 ||
	    TIFFGetField(from, TIFFTAG_IMAGELENGTH, &page.height) != 1 || page.width == 0 ||
	    page.height == 0)
		return CANDOR_EBADMSG;
	if (picture_too_large(page.width, page.height) ||
	    (*total += (uint64_t)page.width * page.height) > CLEAN_PIXELS_MAX)
		return CANDOR_ETOOBIG;
	read_samples(from, &samples);
	return are_plain(&samples) ? copy_samples(to, from, out, &page, &samples)
				   : redraw_page(to, from, out, page);
}

/* A small picture in front of those that it stands for, as raw files of cameras begin. */
static bool
is_preview(TIFF *from)
{
	uint32_t kind = 0;
	uint16_t n;
	void *inner;

	return TIFFGetField(from, TIFFTAG_SUBIFD, &n, &inner) == 1 &&
	       TIFFGetField(from, TIFFTAG_SUBFILETYPE, &kind) == 1 &&
	       (kind & FILETYPE_REDUCEDIMAGE) != 0;
}

static int
copy_pages(TIFF *to, TIFF *from, const struct clean_out *out, const char **why)
{
	uint64_t total = 0;
	int r;

	for (unsigned n = 0; n < PAGES_MAX; n++) {
		if (is_preview(from)) {
			*why = "it is a camera's raw file, of which only a preview could be read; "
			       "export it as JPEG";
			return CANDOR_EBADMSG;
		}
		if ((r = copy_page(to, from, out, &total)) < 0)
			return r;
		if (TIFFLastDirectory(from))
			return 0;
		if (TIFFReadDirectory(from) != 1)
			return CANDOR_EBADMSG;
	}
	return CANDOR_ETOOBIG;
}

int
clean_tiff(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	/* Read only: nothing writes through this pointer. */
	struct memory source = { .p = (uint8_t *)(uintptr_t)in, .len = len };
	struct clean_out written = { 0 };
	struct memory target = { .out = &written };
	TIFF *from, *to = NULL;
	int r = CANDOR_EBADMSG;

	(void)depth;
	*why = "it is damaged, or of a kind that cannot be read; take a screenshot of it";
	TIFFSetErrorHandler(NULL);
	TIFFSetWarningHandler(NULL);
	if ((from = open_memory(&source, "rm")) != NULL) {
		r = CANDOR_ENOMEM;
		if ((to = open_memory(&target, TIFFIsBigTIFF(from) ? "w8m" : "wm")) != NULL)
			r = copy_pages(to, from, &written, why);
		TIFFClose(from);
	}
	if (to != NULL)
		TIFFClose(to);
	if (r == 0 && !clean_put(out, written.p, written.len))
		r = written.full || out->full ? CANDOR_ETOOBIG : CANDOR_ENOMEM;
	free(written.p);
	return r;
}
