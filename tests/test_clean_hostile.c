/* SPDX-License-Identifier: ISC */
/*
 * The cleaner against files that were made to hurt: each is cleaned or refused soon and within the limits,
 * and nothing of what was planted comes out. Where limits count it is the process itself that is asked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <tiffio.h>
#include <turbojpeg.h>
#include <webp/decode.h>
#include <webp/encode.h>
#include <zlib.h>

#include "cleaner/clean.h"
#include "cleaner/pack.h"
#include "support/files.h"

#define SECRET "Zaphod-Whistle"
#define SVG "<svg xmlns=\"http://www.w3.org/2000/svg\">"
#define RELS                                                                                       \
	"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"   \
	"<Relationship Id=\"a\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/"     \
	"relationships/officeDocument\" Target=\"word/document.xml\"/></Relationships>"
#define WORD "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\""
#define ODT                                                                                        \
	"<o:document-content xmlns:o=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" "        \
	"xmlns:t=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\">"

static void
load(void)
{
	cr_assert(clean_formats_load());
}

TestSuite(clean_hostile, .init = load, .timeout = 180);

/* ---- making them ---- */

static void
put(struct clean_out *b, const void *p, size_t len)
{
	cr_assert(clean_put(b, p, len));
}

static void
put_text(struct clean_out *b, const char *text)
{
	put(b, text, strlen(text));
}

static void
put_le(struct clean_out *b, uint64_t v, unsigned bytes)
{
	for (; bytes > 0; bytes--, v >>= 8)
		put(b, &(uint8_t){ (uint8_t)v }, 1);
}

static void
put_be(struct clean_out *b, uint64_t v, unsigned bytes)
{
	while (bytes-- > 0)
		put(b, &(uint8_t){ (uint8_t)(v >> 8 * bytes) }, 1);
}

/* len times the same byte, deflated. */
static struct clean_out
packed(int byte, size_t len)
{
	struct clean_out b = { 0 };
	static uint8_t piece[1 << 16], out[1 << 16];
	z_stream z = { 0 };
	int r = Z_OK;

	memset(piece, byte, sizeof(piece));
	cr_assert(eq(int, deflateInit(&z, 9), Z_OK));
	do {
		size_t n = len < sizeof(piece) ? len : sizeof(piece);

		z.next_in = piece;
		z.avail_in = (uInt)n;
		len -= n;
		do {
			z.next_out = out;
			z.avail_out = sizeof(out);
			r = deflate(&z, len == 0 ? Z_FINISH : Z_NO_FLUSH);
			put(&b, out, sizeof(out) - z.avail_out);
		} while (z.avail_out == 0);
	} while (r != Z_STREAM_END);
	deflateEnd(&z);
	return b;
}

static void
put_chunk(struct clean_out *b, const char *type, const void *p, size_t len)
{
	uLong crc = crc32(crc32(0, (const Bytef *)type, 4), p, (uInt)len);

	put_be(b, len, 4);
	put(b, type, 4);
	put(b, p, len);
	put_be(b, len == 0 ? crc32(0, (const Bytef *)type, 4) : crc, 4);
}

/* A grey PNG whose rows unpack to as many bytes as is said here. */
static struct clean_out
png_of(uint32_t width, uint32_t height, size_t unpacked)
{
	struct clean_out b = { 0 }, head = { 0 }, rows = packed(0, unpacked);

	put_be(&head, width, 4);
	put_be(&head, height, 4);
	put(&head, "\10\0\0\0\0", 5);
	put(&b, "\x89PNG\r\n\x1a\n", 8);
	put_chunk(&b, "IHDR", head.p, head.len);
	put_chunk(&b, "IDAT", rows.p, rows.len);
	put_chunk(&b, "IEND", "", 0);
	return b;
}

static struct clean_out
small_png(void)
{
	return png_of(4, 4, 20);
}

static struct clean_out
small_jpeg(void)
{
	uint8_t pixels[16 * 16] = { 7 };
	struct clean_out b = { 0 };
	tjhandle h = tjInitCompress();
	unsigned char *p = NULL;
	unsigned long len = 0;

	cr_assert(
	    eq(int, tjCompress2(h, pixels, 16, 0, 16, TJPF_GRAY, &p, &len, TJSAMP_GRAY, 90, 0), 0));
	put(&b, p, len);
	tjFree(p);
	tjDestroy(h);
	return b;
}

static struct clean_out
small_webp(void)
{
	uint8_t pixels[8 * 8 * 3] = { 9 }, *p = NULL;
	struct clean_out b = { 0 };
	size_t len = WebPEncodeRGB(pixels, 8, 8, 24, 90, &p);

	put(&b, p, len);
	WebPFree(p);
	return b;
}

static struct clean_out
gif_of(uint16_t width, uint16_t height)
{
	struct clean_out b = { 0 };

	put_text(&b, "GIF89a");
	put_le(&b, width, 2);
	put_le(&b, height, 2);
	put(&b, "\x80\0\0\0\0\0\377\377\377,\0\0\0\0\1\0\1\0\0\2\2\114\1\0;", 25);
	return b;
}

static struct clean_out
small_gif(void)
{
	return gif_of(1, 1);
}

static struct clean_out
bmp_of(uint32_t width, uint32_t height)
{
	struct clean_out b = { 0 };

	put_text(&b, "BM");
	put_le(&b, 54 + 16, 4);
	put_le(&b, 0, 4);
	put_le(&b, 54, 4);
	put_le(&b, 40, 4);
	put_le(&b, width, 4);
	put_le(&b, height, 4);
	put_le(&b, 24ull << 16 | 1, 4);
	put_le(&b, 0, 24);
	put(&b, "\1\2\3\4\5\6ZZ\1\2\3\4\5\6ZZ", 16);
	return b;
}

static struct clean_out
small_bmp(void)
{
	return bmp_of(2, 2);
}

static struct clean_out
small_ppm(void)
{
	struct clean_out b = { 0 };

	put_text(&b, "P3\n# " SECRET "\n2 1\n255\n1 2 3 # " SECRET "\n4 5 6\n");
	return b;
}

/* Two tiles' parts of nothing: enough for what is only taken over. */
static struct clean_out
jp2_of(uint32_t width, uint32_t height)
{
	struct clean_out b = { 0 };

	put(&b, "\0\0\0\14jP  \r\n\x87\n\0\0\0\24ftypjp2 \0\0\0\0jp2 ", 32);
	put(&b, "\0\0\0\55jp2h\0\0\0\26ihdr", 16);
	put_be(&b, height, 4);
	put_be(&b, width, 4);
	put(&b, "\0\1\7\7\0\0\0\0\0\17colr\1\0\0\0\0\0\21", 21);
	put(&b, "\0\0\0\26uuid" SECRET, 22);
	put(&b, "\0\0\0\0jp2c\xff\x4f\xff\x51\0\x29\0\0", 16);
	put_be(&b, width, 4);
	put_be(&b, height, 4);
	put_be(&b, 0, 8);
	put_be(&b, width, 4);
	put_be(&b, height, 4);
	put_be(&b, 0, 8);
	put(&b, "\0\1\7\1\1", 5);
	put(&b, "\xff\x64\0\x12\0\1" SECRET, 20);
	put(&b, "\xff\x90\0\12\0\0\0\0\0\21\0\1\xff\x93\1\2\3\xff\xd9", 19);
	return b;
}

static struct clean_out
small_jp2(void)
{
	return jp2_of(8, 8);
}

/* One strip of 8 grey pixels a row; it unpacks to as many bytes as is said here. */
static struct clean_out
tiff_of(uint32_t width, uint32_t height, size_t unpacked)
{
	static const uint16_t tags[] = { TIFFTAG_IMAGEWIDTH, TIFFTAG_IMAGELENGTH,
		TIFFTAG_BITSPERSAMPLE, TIFFTAG_COMPRESSION, TIFFTAG_PHOTOMETRIC,
		TIFFTAG_STRIPOFFSETS, TIFFTAG_SAMPLESPERPIXEL, TIFFTAG_ROWSPERSTRIP,
		TIFFTAG_STRIPBYTECOUNTS };
	struct clean_out b = { 0 }, strip = packed(0, unpacked);
	const uint32_t values[] = { width, height, 8, COMPRESSION_ADOBE_DEFLATE,
		PHOTOMETRIC_MINISBLACK, 8, 1, height, (uint32_t)strip.len };

	put(&b, "II*\0", 4);
	put_le(&b, 8 + strip.len + strip.len % 2, 4);
	put(&b, strip.p, strip.len);
	put_le(&b, 0, (unsigned)(strip.len % 2));
	put_le(&b, NELEM(tags), 2);
	for (size_t i = 0; i < NELEM(tags); i++) {
		put_le(&b, tags[i], 2);
		put_le(&b, TIFF_LONG, 2);
		put_le(&b, 1, 4);
		put_le(&b, values[i], 4);
	}
	put_le(&b, 0, 4);
	return b;
}

static struct clean_out
small_tiff(void)
{
	return tiff_of(8, 8, 64);
}

/* A PDF of one page and a stream; readers find its objects without a table. */
static struct clean_out
pdf_of(const char *stream, const struct clean_out *data)
{
	struct clean_out b = { 0 };
	char head[512];

	(void)snprintf(head, sizeof(head),
	    "%%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
	    "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
	    "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>\nendobj\n"
	    "4 0 obj\n<< %s /Length %zu >>\nstream\n",
	    stream, data->len);
	put_text(&b, head);
	put(&b, data->p, data->len);
	put_text(
	    &b, "\nendstream\nendobj\ntrailer\n<< /Root 1 0 R /Size 5 >>\nstartxref\n0\n%%EOF\n");
	return b;
}

static struct clean_out
small_pdf(void)
{
	struct clean_out drawing = { 0 };

	put_text(&drawing, "0 0 9 9 re f");
	return pdf_of("", &drawing);
}

static struct clean_out
text_of(const char *text)
{
	struct clean_out b = { 0 };

	put_text(&b, text);
	return b;
}

static struct clean_out
small_svg(void)
{
	return text_of(SVG "<rect width=\"3\" height=\"3\"/></svg>");
}

static struct clean_out
small_rtf(void)
{
	return text_of("{\\rtf1\\ansi {\\b Words} and words.\\par}");
}

static struct clean_out
zip_of(const char *const *members, size_t n)
{
	struct clean_out b = { 0 };
	struct pack_writer w = { .out = &b };

	for (size_t i = 0; i < n; i += 2)
		cr_assert(eq(int,
		    pack_add(&w, members[i], members[i + 1], strlen(members[i + 1]), i == 0), 0));
	cr_assert(eq(int, pack_finish(&w, 0), 0));
	return b;
}
#define zip_with(...)                                                                              \
	zip_of((const char *const[]){ __VA_ARGS__ }, NELEM(((const char *const[]){ __VA_ARGS__ })))

static struct clean_out
docx_of(const char *document)
{
	return zip_with(
	    "[Content_Types].xml", "<Types/>", "_rels/.rels", RELS, "word/document.xml", document);
}

static struct clean_out
odt_of(const char *content)
{
	return zip_with(
	    "mimetype", "application/vnd.oasis.opendocument.text", "content.xml", content);
}

static struct clean_out
small_docx(void)
{
	return docx_of("<w:document " WORD
		       "><w:body><w:p><w:r><w:t>Words</w:t></w:r></w:p></w:body></w:document>");
}

static struct clean_out
small_odt(void)
{
	return odt_of(
	    ODT "<o:body><o:text><t:p>Words</t:p></o:text></o:body></o:document-content>");
}

static struct clean_out
small_zip(void)
{
	return zip_with("a.txt", "some words\n", "b.txt", "more words\n");
}

static const struct {
	const char *type;
	struct clean_out (*make)(void);
} kinds[] = {
	{ "image/png", small_png },
	{ "image/jpeg", small_jpeg },
	{ "image/webp", small_webp },
	{ "image/gif", small_gif },
	{ "image/bmp", small_bmp },
	{ "image/x-portable-pixmap", small_ppm },
	{ "image/jp2", small_jp2 },
	{ "image/tiff", small_tiff },
	{ "application/pdf", small_pdf },
	{ "image/svg+xml", small_svg },
	{ "text/rtf", small_rtf },
	{ "application/vnd.openxmlformats-officedocument.wordprocessingml.document", small_docx },
	{ "application/vnd.oasis.opendocument.text", small_odt },
	{ "application/zip", small_zip },
};

/* ---- asking ---- */

/* In this process: 0 and what came out, or an error. */
static int
clean_here(struct clean_out *out, const uint8_t *p, size_t len, const char **type)
{
	const struct clean_format *format = clean_format_of(p, len, type);
	const char *why = "";
	int r;

	*out = (struct clean_out){ 0 };
	r = format == NULL ? CANDOR_EBADMSG : format->clean(out, p, len, 0, &why);
	if (r < 0 && format != NULL)
		cr_assert(r != CANDOR_EBADMSG || *why != 0, "no reason");
	return r;
}

/* As a process within its limits: its first line. What comes out must not hold the secret. */
static const char *
ask(struct clean_out in)
{
	static char line[1024];
	const char *build = getenv("CANDOR_BUILD");
	const char *path = test_join(build != NULL ? build : "build/debug", "candor-cleaner");
	int from = memfd_create("in", 0), to = memfd_create("out", 0), status;
	bool ended;
	off_t len;
	uint8_t *p;
	pid_t pid;

	cr_assert(eq(i64, write(from, in.p, in.len), (ssize_t)in.len));
	lseek(from, 0, SEEK_SET);
	if ((pid = fork()) == 0) {
		char *argv[] = { "candor-cleaner", NULL }, *envp[] = { NULL };

		dup2(from, STDIN_FILENO);
		dup2(to, STDOUT_FILENO);
		execve(path, argv, envp);
		_exit(127);
	}
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	ended =
	    WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == EX_DATAERR);
	cr_assert(ended, "status %x", (unsigned)status);
	len = lseek(to, 0, SEEK_END);
	p = test_alloc((size_t)len + 1);
	cr_assert(eq(i64, pread(to, p, (size_t)len, 0), len));
	p[len] = 0;
	cr_assert(eq(ptr, memmem(p, (size_t)len, SECRET, strlen(SECRET)), NULL));
	(void)snprintf(line, sizeof(line), "%.*s", (int)strcspn((char *)p, "\n"), (char *)p);
	close(from);
	close(to);
	return line;
}

static void
refuses(struct clean_out in, const char *word)
{
	const char *said = ask(in);

	cr_assert(eq(int, strncmp(said, "candor-refuse ", 14), 0), "%s", said);
	cr_assert(ne(ptr, strstr(said, word), NULL), "said: %s", said);
}

/* ---- the tests ---- */

Test(clean_hostile, each_small_file_is_clean_before_it_is_made_hostile)
{
	for (size_t i = 0; i < NELEM(kinds); i++) {
		struct clean_out in = kinds[i].make(), out;
		const char *type;

		cr_assert(eq(int, clean_here(&out, in.p, in.len, &type), 0), "%s", kinds[i].type);
		cr_assert(eq(str, (char *)type, (char *)kinds[i].type));
		cr_assert(
		    eq(ptr, memmem(out.p, out.len, SECRET, strlen(SECRET)), NULL), "%s", type);
		free(out.p);
	}
}

Test(clean_hostile, a_file_cut_at_any_byte_is_survived)
{
	for (size_t i = 0; i < NELEM(kinds); i++) {
		struct clean_out in = kinds[i].make();

		for (size_t n = 1; n < in.len; n++) {
			/* In memory of its own, so that a sanitizer sees a byte too far. */
			uint8_t *part = malloc(n);
			struct clean_out out;
			const char *type;

			memcpy(part, in.p, n);
			(void)clean_here(&out, part, n, &type);
			free(out.p);
			free(part);
		}
	}
}

Test(clean_hostile, a_file_with_any_byte_changed_is_survived)
{
	static const uint8_t with[] = { 0x00, 0xff, 0x80 };

	for (size_t i = 0; i < NELEM(kinds); i++) {
		struct clean_out in = kinds[i].make();

		for (size_t n = 0; n < in.len; n++) {
			uint8_t was = in.p[n];
			struct clean_out out;
			const char *type;

			in.p[n] = with[n % NELEM(with)];
			(void)clean_here(&out, in.p, in.len, &type);
			free(out.p);
			in.p[n] = was;
		}
	}
}

/* One file that two programs take for two things: the second one does not come out. */
Test(clean_hostile, what_follows_the_end_of_a_file_is_gone)
{
	for (size_t i = 0; i < NELEM(kinds); i++) {
		struct clean_out in = kinds[i].make(), out;
		const char *type;

		put_text(&in, "\n/*" SECRET "*/alert(1)//");
		if (strcmp(kinds[i].type, "image/svg+xml") == 0)
			continue; /* is no XML any more */
		cr_assert(eq(int, clean_here(&out, in.p, in.len, &type), 0), "%s", kinds[i].type);
		cr_assert(eq(str, (char *)type, (char *)kinds[i].type));
		cr_assert(
		    eq(ptr, memmem(out.p, out.len, SECRET, strlen(SECRET)), NULL), "%s", type);
		free(out.p);
	}
}

Test(clean_hostile, an_archive_behind_a_picture_or_page_is_gone)
{
	for (size_t i = 0; i + 3 < NELEM(kinds); i++) {
		struct clean_out in = kinds[i].make(), zip = zip_with(SECRET ".txt", SECRET), out;
		const char *type;
		int r;

		put(&in, zip.p, zip.len);
		r = clean_here(&out, in.p, in.len, &type);
		cr_assert(r < 0 || memmem(out.p, out.len, SECRET, strlen(SECRET)) == NULL, "%s",
		    kinds[i].type);
		free(out.p);
	}
}

/* The first bytes of each on the body of each other. */
Test(clean_hostile, a_wrong_beginning_is_survived)
{
	for (size_t i = 0; i < NELEM(kinds); i++)
		for (size_t k = 0; k < NELEM(kinds); k++) {
			struct clean_out in = kinds[i].make(), with = kinds[k].make(), out;
			const char *type;

			memcpy(in.p, with.p, 8);
			(void)clean_here(&out, in.p, in.len, &type);
			free(out.p);
		}
}

Test(clean_hostile, pictures_that_claim_to_be_huge_are_refused)
{
	refuses(bmp_of(60000, 60000), "million pixels");
	refuses(jp2_of(60000, 60000), "million pixels");
	refuses(gif_of(65535, 65535), "million pixels");
	refuses(tiff_of(60000, 60000, 64), "million pixels");
	refuses(png_of(60000, 60000, 64), "million pixels");
	refuses(text_of("P5\n60000 60000\n255\n1"), "million pixels");
	refuses(bmp_of(0x7fffffff, 1), "million pixels");
	refuses(bmp_of(2, 0x80000000), "million pixels");
	refuses(bmp_of(20000, 5000), "damaged");
	refuses(text_of("P6\n9999 9999\n65535\n1"), "damaged");
}

Test(clean_hostile, pictures_that_unpack_to_much_stay_within_the_limits)
{
	/* As many pixels as are allowed: whatever the answer, it comes in time. */
	ask(png_of(10000, 10000, 10000 * 10001));
	ask(tiff_of(10000, 10000, 100000000));
	/* More than its rows need. */
	cr_assert(eq(int, strncmp(ask(png_of(4, 4, 64 << 20)), "candor-clean ", 13), 0));
	ask(tiff_of(8, 8, 64 << 20));
}

Test(clean_hostile, pdfs_that_unpack_to_much_are_refused)
{
	struct clean_out once = packed(' ', 300u << 20), twice = { 0 };
	uLongf n = compressBound(once.len);
	uint8_t *p = test_alloc(n);

	refuses(pdf_of("/Filter /FlateDecode", &once), "MiB allowed");
	cr_assert(eq(int, compress(p, &n, once.p, once.len), Z_OK));
	put(&twice, p, n);
	refuses(pdf_of("/Filter [/FlateDecode /FlateDecode]", &twice), "unusual");
	refuses(
	    pdf_of("/Filter [/ASCIIHexDecode /ASCIIHexDecode /ASCIIHexDecode]", &twice), "unusual");
}

Test(clean_hostile, archives_that_unpack_to_much_are_refused)
{
	char *spaces = test_alloc((CLEAN_OUTPUT_MAX / 4) + 1);
	struct clean_out flat, nested, again;
	struct pack_writer w;
	uint8_t *first;

	memset(spaces, ' ', CLEAN_OUTPUT_MAX / 4);
	spaces[CLEAN_OUTPUT_MAX / 4] = 0;
	refuses(zip_with("a", spaces, "b", spaces, "c", spaces, "d", spaces, "e", spaces), "");
	/* In archives in archives, each of which is small. */
	nested = zip_with("a", "", "b.txt", spaces);
	for (int level = 0; level < 6; level++) {
		again = (struct clean_out){ 0 };
		w = (struct pack_writer){ .out = &again };
		for (int i = 0; i < 8; i++) {
			char name[] = { (char)('a' + i), 0 };

			cr_assert(eq(int, pack_add(&w, name, nested.p, nested.len, false), 0));
		}
		cr_assert(eq(int, pack_finish(&w, 0), 0));
		nested = again;
	}
	refuses(nested, "archive");
	/* All members of the directory are the same bytes. */
	flat = zip_with("a", "words\n", "b", "words\n", "c", "words\n");
	first = memmem(flat.p, flat.len, "PK\1\2", 4);
	memcpy(first + 2 * (46 + 1) + 42, first + 46 + 1 + 42, 4);
	refuses(flat, "damaged");
}

Test(clean_hostile, names_in_archives_that_point_outside_are_refused)
{
	static const char *const names[] = { "../" SECRET, "a/../../" SECRET, "/etc/" SECRET,
		"C:\\" SECRET, "a\\..\\" SECRET, "a/..", "c:" SECRET };

	for (size_t i = 0; i < NELEM(names); i++)
		refuses(zip_with(names[i], "words\n"), "outside");
}

Test(clean_hostile, entities_expand_nothing_and_fetch_nothing)
{
	static const char *const types[] = {
		"<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\"><!ENTITY e "
		"\"&b;&b;\">]>",
		"<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>",
		"<!DOCTYPE x [<!ENTITY % p SYSTEM \"file:///etc/passwd\"> %p; <!ENTITY e \"\">]>",
		"<!DOCTYPE x [<!ENTITY e PUBLIC \"x\" \"http://127.0.0.1/\">]>",
	};

	for (size_t i = 0; i < NELEM(types); i++) {
		char text[1024];

		(void)snprintf(text, sizeof(text), "%s" SVG "<text>&e;</text></svg>", types[i]);
		refuses(text_of(text), "damaged");
		(void)snprintf(text, sizeof(text),
		    "%s<w:document " WORD "><w:body><w:p>&e;</w:p></w:body></w:document>",
		    types[i]);
		refuses(docx_of(text), "damaged");
		(void)snprintf(text, sizeof(text),
		    "%s" ODT "<o:body><o:text>&e;</o:text></o:body></o:document-content>",
		    types[i]);
		refuses(odt_of(text), "damaged");
	}
}

Test(clean_hostile, short_words_used_without_end_are_refused)
{
	struct clean_out b = { 0 };

	put_text(&b, "<!DOCTYPE svg [<!ENTITY e \"");
	for (int i = 0; i < 25; i++)
		put_text(&b, "0123456789");
	put_text(&b, "\">]>" SVG "<text>");
	for (int i = 0; i < 1000000; i++)
		put_text(&b, "&e;");
	put_text(&b, "</text></svg>");
	refuses(b, "damaged");
}

Test(clean_hostile, other_files_are_not_included)
{
	const char *said = ask(text_of(SVG
	    "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" "
	    "href=\"file:///etc/passwd\">" SECRET "</xi:include><image href=\"file:///etc/" SECRET
	    "\"/><use href=\"http://x/" SECRET "#a\"/>"
	    "<style>@import url(http://x/" SECRET ");</style></svg>"));

	cr_assert(eq(int, strncmp(said, "candor-clean 1 image/svg+xml", 28), 0), "%s", said);
}

/* As deep as any parser goes by itself, and deeper. */
Test(clean_hostile, nesting_without_end_is_refused)
{
	struct clean_out svg = { 0 }, rtf = { 0 }, pdf = { 0 };

	put_text(&svg, SVG);
	put_text(&rtf, "{\\rtf1 ");
	for (int i = 0; i < 100000; i++) {
		put_text(&svg, "<g>");
		put_text(&rtf, "{");
		put_text(&pdf, "[");
	}
	refuses(svg, "damaged");
	refuses(rtf, "damaged");
	ask(pdf_of("/Filter /FlateDecode /DecodeParms [[[[[[[[[[[[[[[[", &pdf));
}
