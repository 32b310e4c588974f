/* SPDX-License-Identifier: ISC */
/*
 * PNG, moving ones too (PNG specification, third edition): the chunks that make up the picture are
 * written anew, every other one is dropped. Pixels are unpacked and packed again, so that nothing hides
 * behind them; turned as Exif said. The cleaner.
 */
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cleaner/clean.h"
#include "cleaner/picture.h"

#define MAGIC "\x89PNG\r\n\x1a\n"
#define MAGIC_BYTES 8
#define CHUNK_FRAME 12 /* length, type and checksum */
#define IHDR_BYTES 13
#define FCTL_BYTES 26
#define WORK_BYTES 65536

enum chunk { IHDR, PLTE, TRNS, GAMA, SRGB, ACTL, FCTL, IDAT, FDAT, IEND, EXIF, CHUNK__N };

/* What is kept or looked at; min..max bytes of data. */
static const struct {
	char type[5];
	uint32_t min, max;
} chunks[CHUNK__N] = {
	[IHDR] = { "IHDR", IHDR_BYTES, IHDR_BYTES },
	[PLTE] = { "PLTE", 3, 768 },
	[TRNS] = { "tRNS", 1, 256 },
	[GAMA] = { "gAMA", 4, 4 },
	[SRGB] = { "sRGB", 1, 1 },
	[ACTL] = { "acTL", 8, 8 },
	[FCTL] = { "fcTL", FCTL_BYTES, FCTL_BYTES },
	[IDAT] = { "IDAT", 0, INT32_MAX },
	[FDAT] = { "fdAT", 4, INT32_MAX },
	[IEND] = { "IEND", 0, 0 },
	[EXIF] = { "eXIf", 8, INT32_MAX },
};

struct png {
	struct clean_out *out;
	uint32_t width, height;
	unsigned bits; /* of one pixel */
	bool interlaced;
	unsigned orientation;
	uint64_t pixels;          /* of all frames so far */
	uint32_t frames, claimed; /* counted, and as acTL says */
	uint32_t sequence;
	bool animated, has_picture;
	uint32_t frame_width, frame_height; /* of the frame that comes next */
	enum chunk last;
	/* While the data of one picture comes. */
	bool unpacking;
	z_stream unpack, pack;
	uint64_t expected, got;
	struct clean_out packed;
};

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void
put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static int
no_room(const struct clean_out *out)
{
	return out->full ? CANDOR_ETOOBIG : CANDOR_ENOMEM;
}

/* A chunk of a head (the number of an fdAT, or nothing) and data. */
static int
put_chunk(struct png *g, enum chunk c, const uint8_t *head, size_t n_head, const uint8_t *data,
    size_t len)
{
	uint8_t frame[8], sum[4];
	uLong crc;

	put32(frame, (uint32_t)(n_head + len));
	memcpy(frame + 4, chunks[c].type, 4);
	crc = crc32(0, frame + 4, 4);
	if (n_head > 0)
		crc = crc32(crc, head, (uInt)n_head);
	if (len > 0)
		crc = crc32(crc, data, (uInt)len);
	put32(sum, (uint32_t)crc);
	return clean_put(g->out, frame, sizeof(frame)) && clean_put(g->out, head, n_head) &&
		       clean_put(g->out, data, len) && clean_put(g->out, sum, sizeof(sum))
		   ? 0
		   : no_room(g->out);
}

/* ---- the data of one picture ------------------------------------------------------------------- */

static uint64_t
bytes_of_rows(const struct png *g, uint64_t width, uint64_t height)
{
	return width == 0 ? 0 : height * (1 + (width * g->bits + 7) / 8);
}

static uint64_t
bytes_unpacked(const struct png *g, uint64_t w, uint64_t h)
{
	/* Where each of Adam7's passes begins, and its steps. */
	static const struct {
		unsigned x, y, dx, dy;
	} passes[] = { { 0, 0, 8, 8 }, { 4, 0, 8, 8 }, { 0, 4, 4, 8 }, { 2, 0, 4, 4 },
		{ 0, 2, 2, 4 }, { 1, 0, 2, 2 }, { 0, 1, 1, 2 } };
	uint64_t sum = 0;

	if (!g->interlaced)
		return bytes_of_rows(g, w, h);
	for (size_t i = 0; i < NELEM(passes); i++)
		sum += bytes_of_rows(g, (w + passes[i].dx - 1 - passes[i].x) / passes[i].dx,
		    (h + passes[i].dy - 1 - passes[i].y) / passes[i].dy);
	return sum;
}

static void
unpack_free(struct png *g)
{
	if (g->unpacking) {
		inflateEnd(&g->unpack);
		deflateEnd(&g->pack);
	}
	g->unpacking = false;
	free(g->packed.p);
	g->packed = (struct clean_out){ 0 };
}

static int
unpack_begin(struct png *g)
{
	g->pixels += (uint64_t)g->frame_width * g->frame_height;
	if (g->pixels > CLEAN_PIXELS_MAX)
		return CANDOR_ETOOBIG;
	g->expected = bytes_unpacked(g, g->frame_width, g->frame_height);
	g->got = 0;
	g->unpack = g->pack = (z_stream){ 0 };
	if (inflateInit(&g->unpack) != Z_OK)
		return CANDOR_ENOMEM;
	if (deflateInit(&g->pack, Z_DEFAULT_COMPRESSION) != Z_OK) {
		inflateEnd(&g->unpack);
		return CANDOR_ENOMEM;
	}
	g->unpacking = true;
	return 0;
}

static int
pack(struct png *g, uint8_t *p, size_t len, int flush)
{
	uint8_t buf[WORK_BYTES];

	g->pack.next_in = p;
	g->pack.avail_in = (uInt)len;
	do {
		g->pack.next_out = buf;
		g->pack.avail_out = sizeof(buf);
		(void)deflate(&g->pack, flush);
		if (!clean_put(&g->packed, buf, sizeof(buf) - g->pack.avail_out))
			return no_room(&g->packed);
	} while (g->pack.avail_out == 0);
	return 0;
}

/* More than the picture needs is not looked at. */
static int
unpack_feed(struct png *g, const uint8_t *p, size_t len)
{
	uint8_t buf[WORK_BYTES];
	int r, z = Z_OK;

	g->unpack.next_in = (z_const Bytef *)(uintptr_t)p; /* zlib only reads there */
	g->unpack.avail_in = (uInt)len;
	while (z == Z_OK && g->got < g->expected) {
		size_t n = sizeof(buf);

		if (n > g->expected - g->got)
			n = (size_t)(g->expected - g->got);
		g->unpack.next_out = buf;
		g->unpack.avail_out = (uInt)n;
		z = inflate(&g->unpack, Z_NO_FLUSH);
		if (z != Z_OK && z != Z_STREAM_END && z != Z_BUF_ERROR)
			return z == Z_MEM_ERROR ? CANDOR_ENOMEM : CANDOR_EBADMSG;
		n -= g->unpack.avail_out;
		g->got += n;
		if ((r = pack(g, buf, n, Z_NO_FLUSH)) < 0)
			return r;
		if (g->unpack.avail_in == 0 && g->unpack.avail_out != 0)
			break;
	}
	return 0;
}

/* The picture's data is complete: write it as one chunk. */
static int
unpack_end(struct png *g)
{
	uint8_t number[4];
	int r;

	if (!g->unpacking)
		return 0;
	if (g->got != g->expected)
		return CANDOR_EBADMSG;
	if ((r = pack(g, NULL, 0, Z_FINISH)) == 0) {
		if (g->last == FDAT) {
			put32(number, g->sequence++);
			r = put_chunk(g, FDAT, number, sizeof(number), g->packed.p, g->packed.len);
		} else {
			r = put_chunk(g, IDAT, NULL, 0, g->packed.p, g->packed.len);
		}
	}
	unpack_free(g);
	return r;
}

/* ---- chunks ----------------------------------------------------------------------------------- */

static int
on_head(struct png *g, const uint8_t *p)
{
	static const unsigned channels[] = { [0] = 1, [2] = 3, [3] = 1, [4] = 2, [6] = 4 };
	unsigned depth = p[8], colour = p[9];

	g->width = get32(p);
	g->height = get32(p + 4);
	if (g->width == 0 || g->height == 0 || colour >= NELEM(channels) || channels[colour] == 0 ||
	    p[10] != 0 || p[11] != 0 || p[12] > 1)
		return CANDOR_EBADMSG;
	if (depth != 8 && depth != 16 &&
	    (channels[colour] != 1 || (depth != 1 && depth != 2 && depth != 4)))
		return CANDOR_EBADMSG;
	if (picture_too_large(g->width, g->height))
		return CANDOR_ETOOBIG;
	g->bits = depth * channels[colour];
	g->interlaced = p[12] == 1;
	g->frame_width = g->width;
	g->frame_height = g->height;
	return put_chunk(g, IHDR, NULL, 0, p, IHDR_BYTES);
}

static int
on_frame(struct png *g, const uint8_t *p)
{
	uint64_t width = get32(p + 4), height = get32(p + 8);
	uint8_t number[4];

	if (!g->animated || width == 0 || height == 0 || width + get32(p + 12) > g->width ||
	    height + get32(p + 16) > g->height)
		return CANDOR_EBADMSG;
	/* The first frame may be the picture itself, which then has its size. */
	if (!g->has_picture && (width != g->width || height != g->height))
		return CANDOR_EBADMSG;
	g->frame_width = (uint32_t)width;
	g->frame_height = (uint32_t)height;
	g->frames++;
	put32(number, g->sequence++);
	return put_chunk(g, FCTL, number, sizeof(number), p + 4, FCTL_BYTES - 4);
}

static int
on_data(struct png *g, enum chunk c, const uint8_t *p, size_t len)
{
	int r;

	if (g->last != c) {
		/* A picture comes once; a frame after its description. */
		if (c == IDAT ? g->has_picture : !g->has_picture || g->last != FCTL)
			return CANDOR_EBADMSG;
		g->has_picture = true;
		if ((r = unpack_begin(g)) < 0)
			return r;
	}
	return c == IDAT ? unpack_feed(g, p, len) : unpack_feed(g, p + 4, len - 4);
}

static int
on_chunk(struct png *g, enum chunk c, const uint8_t *p, size_t len)
{
	int r;

	if (c != g->last && (r = unpack_end(g)) < 0)
		return r;
	switch (c) {
	case IHDR:
		return g->width != 0 ? CANDOR_EBADMSG : on_head(g, p);
	case PLTE:
	case TRNS:
	case GAMA:
	case SRGB:
		return g->has_picture ? 0 : put_chunk(g, c, NULL, 0, p, len);
	case ACTL:
		if (g->animated || g->has_picture)
			return CANDOR_EBADMSG;
		g->animated = true;
		g->claimed = get32(p);
		return put_chunk(g, c, NULL, 0, p, len);
	case FCTL:
		return on_frame(g, p);
	case IDAT:
	case FDAT:
		return on_data(g, c, p, len);
	case EXIF:
		g->orientation = picture_orientation(p, len);
		return 0;
	case IEND:
		if (!g->has_picture || g->frames != g->claimed)
			return CANDOR_EBADMSG;
		return put_chunk(g, c, NULL, 0, NULL, 0);
	case CHUNK__N:
		break;
	}
	return 0;
}

static int
walk(struct png *g, const uint8_t *in, size_t len)
{
	size_t at = MAGIC_BYTES;
	int r;

	if (len < MAGIC_BYTES || memcmp(in, MAGIC, MAGIC_BYTES) != 0)
		return CANDOR_EBADMSG;
	if (!clean_put(g->out, MAGIC, MAGIC_BYTES))
		return no_room(g->out);
	while (g->last != IEND) {
		enum chunk c = 0;
		size_t n;

		if (len - at < CHUNK_FRAME || (n = get32(in + at)) > len - at - CHUNK_FRAME)
			return CANDOR_EBADMSG;
		while (c < CHUNK__N && memcmp(chunks[c].type, in + at + 4, 4) != 0)
			c++;
		if ((g->width == 0) != (c == IHDR))
			return CANDOR_EBADMSG;
		if (c < CHUNK__N && (n < chunks[c].min || n > chunks[c].max ||
					crc32(crc32(0, in + at + 4, 4), in + at + 8, (uInt)n) !=
					    get32(in + at + 8 + n)))
			return CANDOR_EBADMSG;
		if ((r = on_chunk(g, c, in + at + 8, n)) < 0)
			return r;
		g->last = c;
		at += CHUNK_FRAME + n;
	}
	return 0;
}

/* ---- turning: decode what was written and encode it again --------------------------------------- */

struct turner {
	const uint8_t *in;
	size_t len;
	struct clean_out *out;
	png_structp from, to;
	png_infop from_info, to_info;
	struct picture before, after;
	png_bytep *rows;
};

static void
turn_read(png_structp png, png_bytep buf, size_t n)
{
	struct turner *t = png_get_io_ptr(png);

	if (n > t->len)
		png_error(png, "end");
	memcpy(buf, t->in, n);
	t->in += n;
	t->len -= n;
}

static void
turn_write(png_structp png, png_bytep p, size_t n)
{
	struct turner *t = png_get_io_ptr(png);

	if (!clean_put(t->out, p, n))
		png_error(png, "full");
}

static void
turn_flush(png_structp png)
{
	(void)png;
}

static void
on_warning(png_structp png, png_const_charp text)
{
	(void)png;
	(void)text;
}

static void __attribute__((noreturn)) on_error(png_structp png, png_const_charp text)
{
	(void)text;
	png_longjmp(png, 1);
}

static int
turn_decode(struct turner *t)
{
	size_t row_bytes, depth;
	png_bytepp rows;

	if (setjmp(png_jmpbuf(t->from)) != 0)
		return CANDOR_ENOMEM;
	png_set_read_fn(t->from, t, turn_read);
	png_set_user_limits(t->from, CLEAN_PIXELS_MAX, CLEAN_PIXELS_MAX);
	png_read_png(t->from, t->from_info, PNG_TRANSFORM_PACKING, NULL);
	depth = png_get_bit_depth(t->from, t->from_info) == 16 ? 2 : 1;
	t->before.width = png_get_image_width(t->from, t->from_info);
	t->before.height = png_get_image_height(t->from, t->from_info);
	t->before.bytes_each = depth * png_get_channels(t->from, t->from_info);
	row_bytes = t->before.width * t->before.bytes_each;
	rows = png_get_rows(t->from, t->from_info);
	t->before.pixels = malloc(row_bytes * t->before.height);
	t->after.pixels = malloc(row_bytes * t->before.height);
	if (t->before.pixels == NULL || t->after.pixels == NULL)
		return CANDOR_ENOMEM;
	for (uint32_t y = 0; y < t->before.height; y++)
		memcpy(t->before.pixels + y * row_bytes, rows[y], row_bytes);
	png_free_data(t->from, t->from_info, PNG_FREE_ROWS, 0);
	return 0;
}

/* The depth as the file had it: unpacked pixels have 8 bits at least. */
static int
turn_encode(struct turner *t, unsigned depth, unsigned colour)
{
	png_colorp palette;
	png_bytep alphas;
	png_color_16p key;
	double gamma;
	int n, intent;

	if (setjmp(png_jmpbuf(t->to)) != 0)
		return no_room(t->out);
	png_set_write_fn(t->to, t, turn_write, turn_flush);
	png_set_IHDR(t->to, t->to_info, t->after.width, t->after.height, (int)depth, (int)colour,
	    PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
	if (png_get_PLTE(t->from, t->from_info, &palette, &n) != 0)
		png_set_PLTE(t->to, t->to_info, palette, n);
	if (png_get_tRNS(t->from, t->from_info, &alphas, &n, &key) != 0)
		png_set_tRNS(t->to, t->to_info, alphas, n, key);
	if (png_get_sRGB(t->from, t->from_info, &intent) != 0)
		png_set_sRGB(t->to, t->to_info, intent);
	else if (png_get_gAMA(t->from, t->from_info, &gamma) != 0)
		png_set_gAMA(t->to, t->to_info, gamma);
	for (size_t y = 0; y < t->after.height; y++)
		t->rows[y] = t->after.pixels + y * t->after.width * t->after.bytes_each;
	png_set_rows(t->to, t->to_info, t->rows);
	png_write_png(t->to, t->to_info, PNG_TRANSFORM_PACKING, NULL);
	return 0;
}

static int
turn(struct clean_out *out, const struct clean_out *in, unsigned orientation)
{
	struct turner t = { .in = in->p, .len = in->len, .out = out };
	/* IHDR stands first and was checked. */
	unsigned depth = in->p[MAGIC_BYTES + 16], colour = in->p[MAGIC_BYTES + 17];
	int r = CANDOR_ENOMEM;

	t.from = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
	t.to = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
	if (t.from == NULL || t.to == NULL)
		goto out;
	t.from_info = png_create_info_struct(t.from);
	t.to_info = png_create_info_struct(t.to);
	if (t.from_info == NULL || t.to_info == NULL || (r = turn_decode(&t)) < 0)
		goto out;
	picture_turn(&t.after, &t.before, orientation);
	r = CANDOR_ENOMEM;
	if ((t.rows = calloc(t.after.height, sizeof(*t.rows))) != NULL)
		r = turn_encode(&t, depth, colour);
out:
	png_destroy_read_struct(&t.from, &t.from_info, NULL);
	png_destroy_write_struct(&t.to, &t.to_info);
	free(t.before.pixels);
	free(t.after.pixels);
	free(t.rows);
	return r;
}

int
clean_png(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	struct clean_out rewritten = { 0 };
	struct png g = { .out = &rewritten, .orientation = UPRIGHT, .last = CHUNK__N };
	int r;

	(void)depth;
	*why = "it is damaged; take a screenshot of it";
	r = walk(&g, in, len);
	unpack_free(&g);
	if (r == 0 && g.orientation != UPRIGHT && g.animated) {
		*why = "a moving picture that lies on its side; take a screenshot of it";
		r = CANDOR_EBADMSG;
	}
	if (r == 0 && g.orientation != UPRIGHT)
		r = turn(out, &rewritten, g.orientation);
	else if (r == 0 && !clean_put(out, rewritten.p, rewritten.len))
		r = no_room(out);
	free(rewritten.p);
	return r;
}
