/* SPDX-License-Identifier: ISC */
/*
 * The cleaner, as the process that it is: dirty files are made here, go in, and are looked at when they
 * come out. And the client's verb for it.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>
#include <zlib.h>

#include <gif_lib.h>
#include <tiffio.h>
#include <turbojpeg.h>
#include <webp/decode.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include "cleaner/clean.h"
#include "cleaner/walls.h"
#include "support/files.h"

#define SECRET "KODAK-OF-NURSE-ELLIS"
#define TAIL "PK\3\4 " SECRET

/* ---- bytes ------------------------------------------------------------------------------------ */

struct bytes {
	uint8_t *p;
	size_t len;
};

static size_t
room_for(size_t len)
{
	size_t room = 64;

	while (room <= len)
		room *= 2;
	return room;
}

/* To bytes that were begun empty. */
static void
add(struct bytes *b, const void *p, size_t len)
{
	if (b->p == NULL || room_for(b->len) != room_for(b->len + len)) {
		uint8_t *grown = test_alloc(room_for(b->len + len));

		if (b->len > 0)
			memcpy(grown, b->p, b->len);
		b->p = grown;
	}
	if (len > 0)
		memcpy(b->p + b->len, p, len);
	b->len += len;
}

static void
add32(struct bytes *b, uint32_t v)
{
	const uint8_t p[] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
		(uint8_t)v };

	add(b, p, sizeof(p));
}

static bool
holds(struct bytes b, const char *word)
{
	return b.len > 0 && memmem(b.p, b.len, word, strlen(word)) != NULL;
}

/* Exif data with an orientation, a maker's name, and no end. */
static struct bytes
exif(unsigned orientation)
{
	struct bytes b = { 0 };

	add(&b, "MM\0*\0\0\0\10\0\2", 10);
	add(&b, "\1\17\0\2\0\0\0\24\0\0\0\46", 12);
	add(&b, "\1\22\0\3\0\0\0\1\0", 9);
	add(&b, (uint8_t[]){ (uint8_t)orientation, 0, 0 }, 3);
	add(&b, "\0\0\0\0" SECRET, 4 + sizeof(SECRET));
	return b;
}

/* ---- the picture: four quarters of a colour each ------------------------------------------------ */

#define WIDTH 64
#define HEIGHT 32

static const uint8_t colours[4][3] = { { 255, 0, 0 }, { 0, 255, 0 }, { 0, 0, 255 },
	{ 255, 255, 255 } };

struct shown {
	int width, height;
	uint8_t *rgb;
};

static struct shown
quarters(int width, int height)
{
	struct shown s = { width, height, test_alloc((size_t)width * (size_t)height * 3) };

	for (int y = 0; y < height; y++)
		for (int x = 0; x < width; x++)
			memcpy(s.rgb + 3 * (y * width + x),
			    colours[(x >= width / 2) + 2 * (y >= height / 2)], 3);
	return s;
}

static uint8_t *
rgba(struct shown s)
{
	uint8_t *p = test_alloc((size_t)s.width * (size_t)s.height * 4);

	for (int i = 0; i < s.width * s.height; i++) {
		memcpy(p + 4 * i, s.rgb + 3 * i, 3);
		p[4 * i + 3] = 255;
	}
	return p;
}

static struct shown
from_rgba(int width, int height, const uint8_t *p)
{
	struct shown s = { width, height, test_alloc((size_t)width * (size_t)height * 3) };

	for (int i = 0; i < width * height; i++)
		memcpy(s.rgb + 3 * i, p + 4 * i, 3);
	return s;
}

/* Which quarter's colour this is, or 4; encoders may be off by some. */
static unsigned
colour_at(struct shown s, int x, int y)
{
	const uint8_t *p = s.rgb + 3 * (y * s.width + x);

	for (unsigned c = 0; c < 4; c++) {
		int off = 0;

		for (unsigned i = 0; i < 3; i++)
			off += abs(p[i] - colours[c][i]);
		if (off < 60)
			return c;
	}
	return 4;
}

/* ---- making and reading each format ------------------------------------------------------------- */

static struct bytes
make_jpeg_of(int width, int height, unsigned orientation)
{
	struct shown s = quarters(width, height);
	tjhandle h = tjInitCompress();
	unsigned char *jpeg = NULL;
	unsigned long len = 0;
	struct bytes b = { 0 }, x = exif(orientation);
	size_t n = x.len + 8;

	cr_assert(eq(int,
	    tjCompress2(h, s.rgb, width, 0, height, TJPF_RGB, &jpeg, &len, TJSAMP_420, 90, 0), 0));
	add(&b, "\xff\xd8\xff\xe1", 4);
	add(&b, (uint8_t[]){ (uint8_t)(n >> 8), (uint8_t)n }, 2);
	add(&b, "Exif\0", 6);
	add(&b, x.p, x.len);
	add(&b, "\xff\xed\0\x16" SECRET, 24); /* APP13 */
	add(&b, "\xff\xfe\0\x16" SECRET, 24); /* a comment */
	add(&b, jpeg + 2, len - 2);
	tjFree(jpeg);
	tjDestroy(h);
	return b;
}

static struct bytes
make_jpeg(unsigned orientation)
{
	return make_jpeg_of(WIDTH, HEIGHT, orientation);
}

static struct shown
read_jpeg(struct bytes b)
{
	tjhandle h = tjInitDecompress();
	struct shown s = { 0 };
	int sub, space;

	cr_assert(
	    eq(int, tjDecompressHeader3(h, b.p, b.len, &s.width, &s.height, &sub, &space), 0));
	s.rgb = test_alloc((size_t)s.width * (size_t)s.height * 3);
	cr_assert(
	    eq(int, tjDecompress2(h, b.p, b.len, s.rgb, s.width, 0, s.height, TJPF_RGB, 0), 0));
	tjDestroy(h);
	return s;
}

static void
add_chunk(struct bytes *b, const char *type, const void *p, size_t len)
{
	uLong crc = crc32(crc32(0, (const uint8_t *)type, 4), p, (uInt)len);

	add32(b, (uint32_t)len);
	add(b, type, 4);
	add(b, p, len);
	add32(b, (uint32_t)(len > 0 ? crc : crc32(0, (const uint8_t *)type, 4)));
}

#define PNG_HEAD 33 /* the signature and IHDR */

static struct bytes
plain_png(void)
{
	png_image image = { .version = PNG_IMAGE_VERSION,
		.width = WIDTH,
		.height = HEIGHT,
		.format = PNG_FORMAT_RGB };
	struct shown s = quarters(WIDTH, HEIGHT);
	struct bytes b = { 0 };
	png_alloc_size_t len = 100000;

	b.p = test_alloc(len);
	cr_assert(ne(int, png_image_write_to_memory(&image, b.p, &len, 0, s.rgb, 0, NULL), 0));
	b.len = len;
	return b;
}

static struct bytes
make_png(unsigned orientation)
{
	struct bytes plain = plain_png(), x = exif(orientation), b = { 0 };

	add(&b, plain.p, PNG_HEAD);
	add_chunk(&b, "tEXt", "Author\0" SECRET, 27);
	add_chunk(&b, "eXIf", x.p, x.len);
	add_chunk(&b, "tIME", "\7\352\13\26\3\4\5", 7);
	add_chunk(&b, "prVt", SECRET, 20);
	add(&b, plain.p + PNG_HEAD, plain.len - PNG_HEAD);
	return b;
}

static struct shown
read_png(struct bytes b)
{
	png_image image = { .version = PNG_IMAGE_VERSION };
	struct shown s;

	cr_assert(ne(int, png_image_begin_read_from_memory(&image, b.p, b.len), 0));
	image.format = PNG_FORMAT_RGB;
	s = (struct shown){ (int)image.width, (int)image.height,
		test_alloc(PNG_IMAGE_SIZE(image)) };
	cr_assert(ne(int, png_image_finish_read(&image, NULL, s.rgb, 0, NULL), 0));
	return s;
}

static struct bytes
make_webp_as(unsigned orientation, bool lossless)
{
	uint8_t *p = rgba(quarters(WIDTH, HEIGHT)), *file = NULL;
	size_t n = lossless ? WebPEncodeLosslessRGBA(p, WIDTH, HEIGHT, WIDTH * 4, &file)
			    : WebPEncodeRGBA(p, WIDTH, HEIGHT, WIDTH * 4, 90, &file);
	struct bytes b = { 0 }, x = exif(orientation);
	const WebPData data = { file, n }, e = { x.p, x.len },
		       xmp = { (const uint8_t *)SECRET, sizeof(SECRET) };
	WebPData out;
	WebPMux *mux = WebPMuxCreate(&data, 1);

	cr_assert(eq(int, WebPMuxSetChunk(mux, "EXIF", &e, 1), WEBP_MUX_OK));
	cr_assert(eq(int, WebPMuxSetChunk(mux, "XMP ", &xmp, 1), WEBP_MUX_OK));
	cr_assert(eq(int, WebPMuxSetChunk(mux, "ICCP", &xmp, 1), WEBP_MUX_OK));
	cr_assert(eq(int, WebPMuxSetChunk(mux, "prVt", &xmp, 1), WEBP_MUX_OK));
	cr_assert(eq(int, WebPMuxAssemble(mux, &out), WEBP_MUX_OK));
	add(&b, out.bytes, out.size);
	WebPDataClear(&out);
	WebPMuxDelete(mux);
	WebPFree(file);
	return b;
}

static struct bytes
make_webp(unsigned orientation)
{
	return make_webp_as(orientation, true);
}

static struct bytes
make_lossy_webp(unsigned orientation)
{
	return make_webp_as(orientation, false);
}

static struct shown
read_webp(struct bytes b)
{
	int width, height;
	struct shown s;
	uint8_t *p = WebPDecodeRGBA(b.p, b.len, &width, &height);

	cr_assert(ne(ptr, p, NULL));
	s = from_rgba(width, height, p);
	WebPFree(p);
	return s;
}

static struct bytes
make_tiff(unsigned orientation)
{
	struct shown s = quarters(WIDTH, HEIGHT);
	const char *dir = test_mkdir(), *path = test_join(dir, "a.tif");
	TIFF *t = TIFFOpen(path, "w");
	struct bytes b = { 0 };
	struct span file;

	for (int page = 0; page < 2; page++) {
		TIFFSetField(t, TIFFTAG_IMAGEWIDTH, WIDTH);
		TIFFSetField(t, TIFFTAG_IMAGELENGTH, HEIGHT);
		TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, 8);
		TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, 3);
		TIFFSetField(t, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
		TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
		TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 8);
		TIFFSetField(t, TIFFTAG_ORIENTATION, orientation);
		TIFFSetField(t, TIFFTAG_ARTIST, SECRET);
		TIFFSetField(t, TIFFTAG_XMLPACKET, 20, SECRET);
		for (int y = 0; y < HEIGHT; y++)
			TIFFWriteScanline(t, s.rgb + y * WIDTH * 3, (uint32_t)y, 0);
		TIFFWriteDirectory(t);
	}
	TIFFClose(t);
	file = test_read(path);
	add(&b, file.p, file.len);
	test_rmdir(dir);
	return b;
}

static struct shown
read_tiff(struct bytes b)
{
	const char *dir = test_mkdir(), *path = test_join(dir, "a.tif");
	uint32_t width = 0, height = 0, *p;
	struct shown s;
	TIFF *t;

	test_write(path, b.p, b.len);
	t = TIFFOpen(path, "r");
	cr_assert(ne(ptr, t, NULL));
	cr_assert(eq(int, TIFFNumberOfDirectories(t), 2));
	TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &width);
	TIFFGetField(t, TIFFTAG_IMAGELENGTH, &height);
	p = test_alloc((size_t)width * height * 4);
	cr_assert(
	    eq(int, TIFFReadRGBAImageOriented(t, width, height, p, ORIENTATION_TOPLEFT, 1), 1));
	s = from_rgba((int)width, (int)height, (uint8_t *)p);
	TIFFClose(t);
	test_rmdir(dir);
	return s;
}

static int
gif_out(GifFileType *f, const GifByteType *p, int n)
{
	add(f->UserData, p, (size_t)n);
	return n;
}

static struct bytes
make_gif(unsigned orientation)
{
	struct bytes b = { 0 };
	struct shown s = quarters(WIDTH, HEIGHT);
	ColorMapObject *map = GifMakeMapObject(4, NULL);
	GifFileType *g = EGifOpen(&b, gif_out, NULL);

	(void)orientation;
	for (int i = 0; i < 4; i++)
		map->Colors[i] = (GifColorType){ colours[i][0], colours[i][1], colours[i][2] };
	EGifSetGifVersion(g, true);
	EGifPutScreenDesc(g, WIDTH, HEIGHT, 2, 0, map);
	EGifPutExtensionLeader(g, APPLICATION_EXT_FUNC_CODE);
	EGifPutExtensionBlock(g, 11, "NETSCAPE2.0");
	EGifPutExtensionBlock(g, 3, "\1\7\0");
	EGifPutExtensionTrailer(g);
	EGifPutComment(g, SECRET);
	EGifPutExtensionLeader(g, APPLICATION_EXT_FUNC_CODE);
	EGifPutExtensionBlock(g, 11, "XMP DataXMP");
	EGifPutExtensionBlock(g, 20, SECRET);
	EGifPutExtensionTrailer(g);
	for (int frame = 0; frame < 2; frame++) {
		EGifPutExtension(
		    g, GRAPHICS_EXT_FUNC_CODE, 4, frame == 0 ? "\0\x2a\0\0" : "\0\x2b\0\0");
		EGifPutImageDesc(g, 0, 0, WIDTH, HEIGHT, false, NULL);
		for (int y = 0; y < HEIGHT; y++) {
			GifPixelType line[WIDTH];

			for (int x = 0; x < WIDTH; x++)
				line[x] = (GifPixelType)colour_at(s, x, y);
			EGifPutLine(g, line, WIDTH);
		}
	}
	EGifCloseFile(g, NULL);
	GifFreeMapObject(map);
	return b;
}

static int
gif_in(GifFileType *f, GifByteType *p, int n)
{
	struct bytes *b = f->UserData;
	int have = b->len < (size_t)n ? (int)b->len : n;

	memcpy(p, b->p, (size_t)have);
	b->p += have;
	b->len -= (size_t)have;
	return have;
}

static GifFileType *
slurp_gif(struct bytes *b)
{
	GifFileType *g = DGifOpen(b, gif_in, NULL);

	cr_assert(ne(ptr, g, NULL));
	cr_assert(eq(int, DGifSlurp(g), GIF_OK));
	return g;
}

static struct shown
read_gif(struct bytes b)
{
	GifFileType *g = slurp_gif(&b);
	const SavedImage *i = &g->SavedImages[0];
	struct shown s = { i->ImageDesc.Width, i->ImageDesc.Height, NULL };

	s.rgb = test_alloc((size_t)s.width * (size_t)s.height * 3);
	for (int n = 0; n < s.width * s.height; n++)
		memcpy(s.rgb + 3 * n, &g->SColorMap->Colors[i->RasterBits[n]], 3);
	DGifCloseFile(g, NULL);
	return s;
}

static const struct kind {
	const char *type;
	struct bytes (*make)(unsigned orientation);
	struct shown (*read)(struct bytes b);
	bool turns;
} kinds[] = {
	{ "image/jpeg", make_jpeg, read_jpeg, true },
	{ "image/png", make_png, read_png, true },
	{ "image/webp", make_webp, read_webp, true },
	{ "image/webp", make_lossy_webp, read_webp, true },
	{ "image/tiff", make_tiff, read_tiff, true },
	{ "image/gif", make_gif, read_gif, false },
};

/* ---- running the cleaner ------------------------------------------------------------------------ */

struct cleaned {
	int status; /* of waitpid(2) */
	int code;   /* exit code, or -1 */
	char type[128];
	struct bytes file;
	char said[1024];
};

static struct bytes
drain(int fd)
{
	struct bytes b = { 0 };
	uint8_t buf[65536];
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		add(&b, buf, (size_t)n);
	return b;
}

static const char *
program(const char *name)
{
	const char *build = getenv("CANDOR_BUILD");

	return test_join(build != NULL ? build : "build/debug", name);
}

static struct cleaned
clean(struct bytes in)
{
	int fd[3] = { memfd_create("in", 0), memfd_create("out", 0), memfd_create("err", 0) };
	const char *path = program("candor-cleaner");
	struct cleaned c = { 0 };
	struct bytes out;
	size_t bytes = 0;
	int head = 0;
	pid_t pid;

	for (size_t n = 0; n < in.len;) {
		ssize_t w = write(fd[0], in.p + n, in.len - n);

		cr_assert(w > 0);
		n += (size_t)w;
	}
	lseek(fd[0], 0, SEEK_SET);
	if ((pid = fork()) == 0) {
		char *argv[] = { "candor-cleaner", NULL }, *envp[] = { NULL };

		for (int i = 0; i < 3; i++)
			dup2(fd[i], i);
		execve(path, argv, envp);
		_exit(127);
	}
	cr_assert(eq(int, waitpid(pid, &c.status, 0), pid));
	c.code = WIFEXITED(c.status) ? WEXITSTATUS(c.status) : -1;
	out = drain(fd[1]);
	if (out.len > 0)
		out.p[out.len] = '\0';
	if (c.code == EX_DATAERR) {
		cr_assert(
		    eq(int, sscanf((char *)out.p, "candor-refuse 1 65 %1023[^\n]", c.said), 1));
		cr_assert(eq(u8, out.p[out.len - 1], '\n'));
	} else if (out.len > 0) {
		cr_assert(eq(int,
		    sscanf((char *)out.p, "candor-clean 1 %127s %zu\n%n", c.type, &bytes, &head),
		    2));
		head = (int)((uint8_t *)strchr((char *)out.p, '\n') + 1 - out.p);
		cr_assert(eq(sz, out.len - (size_t)head, bytes));
		c.file = (struct bytes){ out.p + head, bytes };
	}
#ifndef CANDOR_SANITIZED
	cr_assert(eq(sz, drain(fd[2]).len, 0), "standard error may be a log");
#endif
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	return c;
}

/* It ended by itself, well or with a reason, and a refusal brings nothing. */
static void
ends_orderly(struct cleaned c, const char *what, size_t where)
{
	cr_assert(c.code == 0 || c.code == EX_DATAERR, "%s, %zu: status %x: %s", what, where,
	    (unsigned)c.status, c.said);
	cr_assert(c.code == 0 ? c.file.len > 0 : c.file.len == 0 && *c.said != '\0', "%s, %zu",
	    what, where);
}

static void
refused(struct cleaned c, const char *reason)
{
	cr_assert(eq(int, c.code, EX_DATAERR), "%s", c.said);
	cr_assert(eq(sz, c.file.len, 0));
	cr_assert(ne(ptr, strstr(c.said, reason), NULL), "%s", c.said);
}

/* ---- the tests ---------------------------------------------------------------------------------- */

Test(cleaner, nothing_but_the_picture_comes_out_and_the_picture_is_the_same, .timeout = 60)
{
	for (size_t i = 0; i < NELEM(kinds); i++) {
		struct bytes in = kinds[i].make(1);
		struct shown before = kinds[i].read(in), after;
		struct cleaned c;

		add(&in, TAIL, sizeof(TAIL));
		cr_assert(holds(in, SECRET));
		c = clean(in);
		cr_assert(eq(int, c.code, 0), "%s: %s", kinds[i].type, c.said);
		cr_assert(eq(str, c.type, (char *)kinds[i].type));
		cr_assert(not(holds(c.file, SECRET)), "%s", kinds[i].type);
		after = kinds[i].read(c.file);
		cr_assert(eq(int, after.width, before.width));
		cr_assert(eq(int, after.height, before.height));
		cr_assert(eq(int,
			      memcmp(after.rgb, before.rgb,
				  (size_t)before.width * (size_t)before.height * 3),
			      0),
		    "%s", kinds[i].type);
	}
}

/* Which quarter stands upper left, upper right, lower left, lower right, by Exif's orientation. */
static const unsigned char turned[9][4] = { { 0 }, { 0, 1, 2, 3 }, { 1, 0, 3, 2 }, { 3, 2, 1, 0 },
	{ 2, 3, 0, 1 }, { 0, 2, 1, 3 }, { 2, 0, 3, 1 }, { 3, 1, 2, 0 }, { 1, 3, 0, 2 } };

static void
stands_upright(struct shown s, unsigned orientation, int width, int height, const char *what)
{
	cr_assert(eq(int, s.width, orientation >= 5 ? height : width), "%s %u", what, orientation);
	cr_assert(eq(int, s.height, orientation >= 5 ? width : height), "%s %u", what, orientation);
	for (int q = 0; q < 4; q++)
		cr_assert(eq(uint,
			      colour_at(s, s.width / 4 + q % 2 * (s.width / 2),
				  s.height / 4 + q / 2 * (s.height / 2)),
			      turned[orientation][q]),
		    "%s with orientation %u, quarter %d", what, orientation, q);
}

Test(cleaner, a_picture_stands_as_its_camera_noted, .timeout = 120)
{
	for (size_t i = 0; i < NELEM(kinds); i++)
		for (unsigned o = 1; o <= 8 && kinds[i].turns; o++) {
			struct cleaned c = clean(kinds[i].make(o));

			cr_assert(eq(int, c.code, 0), "%s", c.said);
			cr_assert(not(holds(c.file, SECRET)));
			stands_upright(kinds[i].read(c.file), o, WIDTH, HEIGHT, kinds[i].type);
		}
}

Test(cleaner, a_jpeg_that_does_not_fill_its_blocks_is_turned_whole, .timeout = 60)
{
	for (unsigned o = 2; o <= 8; o++) {
		struct cleaned c = clean(make_jpeg_of(61, 35, o));

		cr_assert(eq(int, c.code, 0), "%s", c.said);
		stands_upright(read_jpeg(c.file), o, 61, 35, "odd JPEG");
	}
}

Test(cleaner, what_is_cut_off_is_refused_and_never_crashes, .timeout = 120)
{
	for (size_t i = 0; i < NELEM(kinds); i++) {
		struct bytes whole = kinds[i].make(1);

		for (size_t n = 1; n < 16; n++) {
			struct bytes part = { whole.p, whole.len * n / 16 };
			struct cleaned c = clean(part);

			ends_orderly(c, kinds[i].type, n);
			cr_assert(
			    eq(int, c.code, EX_DATAERR), "%s cut at %zu/16", kinds[i].type, n);
		}
	}
}

Test(cleaner, damage_anywhere_ends_orderly_and_lets_no_secret_out, .timeout = 200)
{
	for (size_t i = 0; i < NELEM(kinds); i++)
		for (size_t n = 0; n < 24; n++) {
			struct bytes b = kinds[i].make(1);
			struct cleaned c;

			b.p[b.len * n / 24 + n % 3] ^= 0xff;
			c = clean(b);
			ends_orderly(c, kinds[i].type, n);
			cr_assert(not(holds(c.file, SECRET)), "%s", kinds[i].type);
		}
}

Test(cleaner, pictures_of_too_many_pixels_are_refused, .timeout = 60)
{
	struct bytes png = plain_png(), gif = make_gif(1), jpeg = make_jpeg(1), b = { 0 };
	uint8_t *sof;

	add(&b, png.p, 8);
	add_chunk(&b, "IHDR", "\0\0\377\0\0\0\377\0\10\2\0\0\0", 13);
	add(&b, png.p + PNG_HEAD, png.len - PNG_HEAD);
	refused(clean(b), "million pixels");

	memset(gif.p + 6, 0xff, 4);
	refused(clean(gif), "million pixels");

	sof = memmem(jpeg.p, jpeg.len, "\xff\xc0\0\x11\x08", 5);
	cr_assert(ne(ptr, sof, NULL));
	memcpy(sof + 5, "\xff\x00\xff\x00", 4);
	refused(clean(jpeg), "million pixels");
}

/* One row packed to nothing, and unpacked without end. */
Test(cleaner, data_behind_a_pictures_last_row_is_not_unpacked, .timeout = 60)
{
	size_t size = 8u << 20, n_packed = compressBound(size);
	uint8_t *zeros = test_alloc(size), *packed = test_alloc(n_packed);
	struct bytes png = plain_png(), b = { 0 };
	struct cleaned c;

	memset(zeros, 0, size);
	memcpy(zeros + size - 32, SECRET, sizeof(SECRET));
	cr_assert(eq(int, compress(packed, &n_packed, zeros, size), Z_OK));
	add(&b, png.p, PNG_HEAD);
	add_chunk(&b, "IDAT", packed, n_packed);
	add_chunk(&b, "IEND", NULL, 0);
	c = clean(b);
	cr_assert(eq(int, c.code, 0), "%s", c.said);
	cr_assert(lt(sz, c.file.len, 1000));
	cr_assert(eq(int, read_png(c.file).width, WIDTH));
}

static void
add_frame(struct bytes *b, uint32_t sequence)
{
	struct bytes f = { 0 };

	add32(&f, sequence);
	add32(&f, WIDTH);
	add32(&f, HEIGHT);
	add32(&f, 0);
	add32(&f, 0);
	add(&f, "\0\7\0\144\0\0", 6);
	add_chunk(b, "fcTL", f.p, f.len);
}

Test(cleaner, a_moving_png_moves_on, .timeout = 30)
{
	struct bytes png = plain_png(), b = { 0 }, data = { 0 };
	uint8_t *idat = memmem(png.p, png.len, "IDAT", 4);
	size_t len = (size_t)(idat[-1] | idat[-2] << 8 | idat[-3] << 16);
	struct cleaned c;

	add(&b, png.p, PNG_HEAD);
	add_chunk(&b, "acTL", "\0\0\0\2\0\0\0\0", 8);
	add_chunk(&b, "tEXt", "Author\0" SECRET, 27);
	add_frame(&b, 0);
	add_chunk(&b, "IDAT", idat + 4, len);
	add_frame(&b, 1);
	add32(&data, 2);
	add(&data, idat + 4, len);
	add_chunk(&b, "fdAT", data.p, data.len);
	add_chunk(&b, "IEND", NULL, 0);
	c = clean(b);
	cr_assert(eq(int, c.code, 0), "%s", c.said);
	cr_assert(not(holds(c.file, SECRET)));
	cr_assert(holds(c.file, "acTL") && holds(c.file, "fdAT"));
	cr_assert(eq(int, read_png(c.file).width, WIDTH));
	/* What came out is clean, so that it comes out again as it is. */
	c.file = clean(c.file).file;
	cr_assert(holds(c.file, "fdAT"));
}

Test(cleaner, a_gif_keeps_its_frames_its_pace_and_its_rounds, .timeout = 30)
{
	struct cleaned c = clean(make_gif(1));
	struct bytes b = c.file;
	GraphicsControlBlock control;
	GifFileType *g;

	cr_assert(eq(int, c.code, 0), "%s", c.said);
	cr_assert(ne(ptr, memmem(b.p, b.len, "NETSCAPE2.0\3\1\7\0", 16), NULL));
	cr_assert(not(holds(b, "XMP")));
	g = slurp_gif(&b);
	cr_assert(eq(int, g->ImageCount, 2));
	for (int i = 0; i < 2; i++) {
		cr_assert(eq(int, DGifSavedExtensionToGCB(g, i, &control), GIF_OK));
		cr_assert(eq(int, control.DelayTime, 42 + i));
	}
	DGifCloseFile(g, NULL);
}

static struct bytes
text(const char *s)
{
	struct bytes b = { 0 };

	add(&b, s, strlen(s));
	return b;
}

Test(cleaner, a_text_loses_its_writer_and_keeps_its_words, .timeout = 30)
{
	struct cleaned c = clean(text("My name is Nora Ellis, call me at 404-555-0163.\n"
				      "Kelly Burke put a picture of a chart in her story.\n"));

	cr_assert(eq(int, c.code, 0), "%s", c.said);
	cr_assert(eq(str, c.type, "text/plain"));
	cr_assert(not(holds(c.file, "Nora")));
	cr_assert(not(holds(c.file, "0163")));
	cr_assert(holds(c.file, "Kelly Burke put a picture"));
	refused(clean(text("Caf\xe9 on the ward\n")), "UTF-8");
}

Test(cleaner, who_signs_on_the_last_page_is_known_from_the_first, .timeout = 60)
{
	struct bytes in = text("My name is Nora Ellis. I saw it.\n");
	struct cleaned c;

	for (int i = 0; i < 20000; i++)
		add(&in, "Kelly Burke put a picture of it in her story.\n", 46);
	add(&in, "Nora Ellis said so.\n", 20);
	c = clean(in);
	cr_assert(eq(int, c.code, 0), "%s", c.said);
	cr_assert(not(holds(c.file, "Nora")));
	cr_assert(holds(c.file, "Kelly Burke"));
	while (in.len <= 8u << 20)
		add(&in, "Kelly Burke put a picture of it in her story.\n", 46);
	refused(clean(in), "a text may have 8 MiB");
}

Test(cleaner, a_long_text_comes_out_whole, .timeout = 60)
{
	struct bytes in = { 0 };
	struct cleaned c;

	for (int i = 0; i < 20000; i++)
		add(&in, "The chart was on the desk again, w\xc3\xa4hrend niemand da war. ", 57);
	c = clean(in);
	cr_assert(eq(int, c.code, 0), "%s", c.said);
	cr_assert(eq(sz, c.file.len, in.len));
	cr_assert(eq(int, memcmp(c.file.p, in.p, in.len), 0));
}

Test(cleaner, what_it_does_not_know_is_refused_by_its_type, .timeout = 60)
{
	struct bytes large = { test_alloc(CLEAN_INPUT_MAX + 1), CLEAN_INPUT_MAX + 1 };

	refused(clean(text("\177ELF\2\1\1")), "application/");
	refused(clean(text("\177ELF\2\1\1")), "take a screenshot");
	refused(clean(text("")), "empty");
	refused(clean(large), "25 MiB");
}

Test(cleaner, exiftool_finds_nothing_more, .timeout = 120)
{
	const char *dir = test_mkdir();

	if (!test_has_program("exiftool"))
		cr_skip_test("exiftool is not installed");
	for (size_t i = 0; i < NELEM(kinds); i++) {
		const char *path = test_join(dir, "cleaned");
		struct cleaned c = clean(kinds[i].make(6));
		char command[4096];
		struct bytes said = { 0 };
		uint8_t buf[4096];
		size_t n;
		FILE *f;

		cr_assert(eq(int, c.code, 0), "%s", c.said);
		test_write(path, c.file.p, c.file.len);
		snprintf(command, sizeof(command),
		    "exiftool -a -G1 -s -EXIF:Artist -EXIF:Make -XMP:all -IPTC:all "
		    "-ICC_Profile:all "
		    "-Photoshop:all -Comment -Author %s",
		    path);
		f = popen(command, "r");
		while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
			add(&said, buf, n);
		pclose(f);
		cr_assert(eq(sz, said.len, 0), "%s: %.*s", kinds[i].type, (int)said.len, said.p);
	}
	test_rmdir(dir);
}

/* ---- its walls ---------------------------------------------------------------------------------- */

static int
try_open(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static int
try_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int
try_exec(void)
{
	char *argv[] = { "true", NULL }, *envp[] = { NULL };

	return execve("/bin/true", argv, envp);
}

static int
try_fork(void)
{
	return (int)fork();
}

static int
try_much_memory(void)
{
	void *p = malloc(CLEANER_MEMORY_BYTES);
	int r = p == NULL ? -1 : 0;

	free(p);
	return r;
}

static const struct {
	const char *what;
	int (*fn)(void); /* < 0 when it is refused */
} attempts[] = {
	{ "open a file", try_open },
	{ "make a socket", try_socket },
	{ "execute a program", try_exec },
	{ "fork", try_fork },
	{ "take more memory than allowed", try_much_memory },
};

/* 0 when the attempt works, 1 when it is refused. */
static int
attempt(size_t i, bool behind_walls)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (behind_walls && cleaner_walls(0, false) < 0)
			_exit(2);
		_exit(attempts[i].fn() < 0 ? 1 : 0);
	}
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

Test(cleaner, behind_its_walls_are_no_files_no_network_and_no_programs, .timeout = 60)
{
#ifdef CANDOR_SANITIZED
	cr_skip_test("a sanitized build has no walls");
#endif
	for (size_t i = 0; i < NELEM(attempts); i++) {
		cr_expect(eq(int, attempt(i, false), 0), "%s", attempts[i].what);
		cr_expect(eq(int, attempt(i, true), 1), "%s", attempts[i].what);
	}
}

/* ---- candor clean ------------------------------------------------------------------------------- */

Test(cleaner, the_client_writes_a_new_file_or_says_why_not, .timeout = 60)
{
	const char *dir = test_mkdir(), *in = test_join(dir, "in"), *out = test_join(dir, "out"),
		   *bad = test_join(dir, "bad"), *other = test_join(dir, "other"),
		   *candor = program("candor");
	struct bytes jpeg = make_jpeg(1);
	struct stat st;
	struct span file;

	test_write(in, jpeg.p, jpeg.len);
	test_write(bad, jpeg.p, jpeg.len / 2);
	cr_assert(eq(int, test_spawn((const char *[]){ candor, "clean", in, out, NULL }), 0));
	cr_assert(eq(int, stat(out, &st), 0));
	cr_assert(eq(uint, st.st_mode & 0777, 0600));
	file = test_read(out);
	cr_assert(eq(int, memcmp(file.p, "\xff\xd8\xff", 3), 0));
	cr_assert(eq(ptr, memmem(file.p, file.len, SECRET, 20), NULL));
	cr_assert(
	    eq(int, test_spawn((const char *[]){ candor, "clean", in, out, NULL }), EX_CANTCREAT));
	cr_assert(
	    eq(int, test_spawn((const char *[]){ candor, "clean", bad, other, NULL }), EX_DATAERR));
	cr_assert(ne(int, access(other, F_OK), 0));
	cr_assert(eq(int,
	    test_spawn((const char *[]){ candor, "clean", test_join(dir, "no"), other, NULL }),
	    EX_NOINPUT));
	cr_assert(eq(int, test_spawn((const char *[]){ candor, "clean", in, NULL }), EX_USAGE));
	test_rmdir(dir);
}
