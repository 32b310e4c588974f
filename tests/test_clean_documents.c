/* SPDX-License-Identifier: ISC */
/* Cleaning documents: what was planted is gone, also from inside; what was written is still there. */
/* Files given as strings say no length. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <jpeglib.h>
#include <qpdf/qpdf-c.h>
#include <sodium.h>
#include <zip.h>

#include "cleaner/clean.h"

/* Planted wherever nobody should find anything. */
#define WHO "Zaphod-Whistle"
#define WHO_HEX "5a6170686f642d57686973746c65"
#define W "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\""
#define R "xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\""
#define REL "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
#define RELS                                                                                       \
	"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"

struct file {
	const char *name;
	const void *p;
	size_t len; /* 0: a string */
};

static void
load(void)
{
	cr_assert(clean_formats_load());
}

TestSuite(clean_documents, .init = load, .timeout = 120);

/* A small archive with times and a comment that tell. */
static struct span
make_zip(const struct file *files, size_t n)
{
	zip_error_t error;
	zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
	zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, &error);
	zip_stat_t st;
	uint8_t *p;

	zip_source_keep(source);
	for (size_t i = 0; i < n; i++) {
		size_t len = files[i].len == 0 ? strlen(files[i].p) : files[i].len;
		zip_int64_t at =
		    zip_file_add(zip, files[i].name, zip_source_buffer(zip, files[i].p, len, 0), 0);

		cr_assert(ge(i64, at, 0));
		zip_file_set_comment(zip, (zip_uint64_t)at, WHO, sizeof(WHO) - 1, 0);
		zip_file_set_mtime(zip, (zip_uint64_t)at, 1700000000, 0);
	}
	zip_set_archive_comment(zip, WHO, sizeof(WHO) - 1);
	cr_assert(eq(int, zip_close(zip), 0));
	zip_source_stat(source, &st);
	p = malloc(st.size);
	zip_source_open(source);
	cr_assert(eq(i64, zip_source_read(source, p, st.size), (zip_int64_t)st.size));
	zip_source_close(source);
	zip_source_free(source);
	return (struct span){ p, st.size };
}

/* A picture with an Exif block and a comment that name somebody. */
static struct span
make_jpeg(void)
{
	struct jpeg_compress_struct to;
	struct jpeg_error_mgr errors;
	unsigned char *p = NULL, row[16 * 3] = { 200, 10, 10 };
	unsigned long len = 0;
	JSAMPROW rows[1] = { row };

	to.err = jpeg_std_error(&errors);
	jpeg_create_compress(&to);
	jpeg_mem_dest(&to, &p, &len);
	to.image_width = to.image_height = 16;
	to.input_components = 3;
	to.in_color_space = JCS_RGB;
	jpeg_set_defaults(&to);
	jpeg_start_compress(&to, TRUE);
	jpeg_write_marker(&to, JPEG_APP0 + 1, (const JOCTET *)"Exif\0\0" WHO, 6 + sizeof(WHO));
	jpeg_write_marker(&to, JPEG_COM, (const JOCTET *)WHO, sizeof(WHO));
	while (to.next_scanline < 16)
		jpeg_write_scanlines(&to, rows, 1);
	jpeg_finish_compress(&to);
	jpeg_destroy_compress(&to);
	return (struct span){ p, len };
}

static bool
holds(struct span in, const char *what)
{
	return memmem(in.p, in.len, what, strlen(what)) != NULL;
}

static bool holds_inside(struct span in, const char *what);

static bool
zip_holds(struct span in, const char *what)
{
	zip_error_t error;
	zip_source_t *source = zip_source_buffer_create(in.p, in.len, 0, &error);
	zip_t *zip = zip_open_from_source(source, ZIP_CHECKCONS, &error);
	bool found = false;

	cr_assert(ne(ptr, zip, NULL), "the archive does not open");
	for (zip_int64_t i = 0; i < zip_get_num_entries(zip, 0); i++) {
		zip_file_t *file = zip_fopen_index(zip, (zip_uint64_t)i, 0);
		zip_stat_t st;
		uint8_t *p;

		cr_assert(eq(int, zip_stat_index(zip, (zip_uint64_t)i, 0, &st), 0));
		cr_assert(ne(ptr, file, NULL));
		p = malloc(st.size + 1);
		cr_assert(eq(i64, zip_fread(file, p, st.size), (zip_int64_t)st.size));
		found |= holds_inside((struct span){ p, st.size }, what);
		free(p);
		zip_fclose(file);
	}
	zip_discard(zip);
	return found;
}

static bool
pdf_holds(struct span in, const char *what)
{
	qpdf_data q = qpdf_init();
	bool found;

	qpdf_silence_errors(q);
	cr_assert(eq(int, qpdf_read_memory(q, "", (const char *)in.p, in.len, NULL), 0));
	cr_assert(eq(int, qpdf_check_pdf(q), 0));
	qpdf_init_write_memory(q);
	qpdf_set_object_stream_mode(q, qpdf_o_disable);
	qpdf_set_stream_data_mode(q, qpdf_s_uncompress);
	cr_assert(eq(int, qpdf_write(q), 0));
	found = holds((struct span){ qpdf_get_buffer(q), qpdf_get_buffer_length(q) }, what);
	qpdf_cleanup(&q);
	return found;
}

/* Also in what is compressed. */
static bool
holds_inside(struct span in, const char *what)
{
	if (holds(in, what))
		return true;
	if (in.len > 4 && memcmp(in.p, "PK\3\4", 4) == 0)
		return zip_holds(in, what);
	return in.len > 5 && memcmp(in.p, "%PDF-", 5) == 0 && pdf_holds(in, what);
}

static int
clean(struct clean_out *out, struct span in, const char **why)
{
	const char *type;
	const struct clean_format *format = clean_format_of(in.p, in.len, &type);

	*why = "";
	return format == NULL ? CANDOR_EBADMSG : format->clean(out, in.p, in.len, 0, why);
}

/* Frees in. The result is the caller's. */
static struct span
cleaned(struct span in, const char *const *stays)
{
	struct clean_out out = { 0 };
	struct span got;
	const char *why;
	int r = clean(&out, in, &why);

	cr_assert(eq(int, r, 0), "%s", why);
	got = (struct span){ out.p, out.len };
	cr_assert(not(holds_inside(got, WHO)));
	for (; *stays != NULL; stays++)
		cr_assert(holds_inside(got, *stays), "lost: %s", *stays);
	free((void *)(uintptr_t)in.p);
	return got;
}

#define cleans(in, ...)                                                                            \
	free((void *)(uintptr_t)cleaned(in, (const char *const[]){ __VA_ARGS__, NULL }).p)

/* Frees in. With a sentence that holds word. */
static void
refuses(struct span in, const char *word)
{
	struct clean_out out = { 0 };
	const char *why;

	cr_assert(lt(int, clean(&out, in, &why), 0));
	cr_assert(ne(ptr, strstr(why, word), NULL), "said: %s", why);
	free(out.p);
	free((void *)(uintptr_t)in.p);
}

/* Frees in. However it is cut or changed, there is an answer; that there is no crash is what counts. */
static void
survives(struct span in)
{
	uint32_t x = 1;

	for (unsigned i = 0; i < 150; i++) {
		size_t len = i < 50 ? in.len * i / 50 : in.len;
		uint8_t *p = malloc(len + 1);
		struct clean_out out = { 0 };
		const char *why;

		memcpy(p, in.p, len);
		for (unsigned k = 0; i >= 50 && k < 1 + i % 8; k++) {
			x = x * 1664525 + 1013904223;
			p[(x >> 8) % len] = (uint8_t)(x >> 24);
		}
		(void)clean(&out, (struct span){ p, len }, &why);
		free(out.p);
		free(p);
	}
	free((void *)(uintptr_t)in.p);
}

static struct span
copy(const char *s)
{
	return (struct span){ (uint8_t *)strdup(s), strlen(s) };
}

/* ---- DOCX, XLSX, PPTX ---- */

static const char docx_body[] =
    "<w:document " W " " R " xmlns:o=\"urn:schemas-microsoft-com:office:office\""
    " xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\"><!-- " WHO " -->"
    "<w:body><w:p w:rsidR=\"00AB12CD\"><w:r><w:t>The body stays.</w:t></w:r>"
    "<w:ins w:author=\"" WHO
    "\" w:date=\"2024-01-01T00:00:00Z\"><w:r><w:t>Inserted.</w:t></w:r></w:ins>"
    "<w:del w:author=\"" WHO "\"><w:r><w:delText>" WHO "</w:delText></w:r></w:del>"
    "<w:r><w:rPr><w:b/><w:rPrChange w:author=\"" WHO
    "\"><w:rPr/></w:rPrChange></w:rPr><w:t>Bold.</w:t></w:r>"
    "<w:commentRangeStart w:id=\"1\"/><w:r><w:commentReference w:id=\"1\"/></w:r>"
    "<w:smartTag w:element=\"" WHO "\"><w:r><w:t>Tagged.</w:t></w:r></w:smartTag>"
    "<w:fldSimple w:instr=\" AUTHOR \"><w:r><w:t>" WHO "</w:t></w:r></w:fldSimple>"
    "<w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText> FILENAME \\p "
    "</w:instrText></w:r>"
    "<w:r><w:fldChar w:fldCharType=\"separate\"/></w:r><w:r><w:t>C:\\" WHO "</w:t></w:r>"
    "<w:r><w:fldChar w:fldCharType=\"end\"/></w:r>"
    "<w:hyperlink r:id=\"rIdFile\"><w:r><w:t>Linked.</w:t></w:r></w:hyperlink>"
    "<w:hyperlink r:id=\"rIdWeb\"><w:r><w:t>Web.</w:t></w:r></w:hyperlink>"
    "<w:object><o:OLEObject r:id=\"rIdOle\" ProgID=\"" WHO "\"/></w:object>"
    "<w:drawing><a:cNvPr id=\"1\" name=\"" WHO "\" descr=\"" WHO
    "\"/><a:blip r:embed=\"rIdPic\"/></w:drawing>"
    "</w:p><w:tbl><w:tr><w:trPr><w:del w:id=\"2\"/></w:trPr><w:tc><w:p><w:r><w:t>" WHO
    "</w:t></w:r></w:p></w:tc></w:tr><w:tr><w:tc><w:p><w:r><w:t>Cell.</w:t></w:r></w:p></w:tc></"
    "w:tr>"
    "</w:tbl></w:body></w:document>";

static struct span
make_docx(const char *body)
{
	struct span jpeg = make_jpeg(), zip;
	/* clang-format off */
	const struct file files[] = {
		{ "[Content_Types].xml", "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>" },
		{ "_rels/.rels", RELS "<Relationship Id=\"a\" Type=\"" REL "officeDocument\" Target=\"word/document.xml\"/>"
		    "<Relationship Id=\"b\" Type=\"" REL "extended-properties\" Target=\"docProps/app.xml\"/></Relationships>" },
		{ "word/document.xml", body },
		{ "word/_rels/document.xml.rels", RELS
		    "<Relationship Id=\"rIdFile\" Type=\"" REL "hyperlink\" TargetMode=\"External\" Target=\"file:///C:/" WHO "\"/>"
		    "<Relationship Id=\"rIdWeb\" Type=\"" REL "hyperlink\" TargetMode=\"External\" Target=\"https://example.org/a\"/>"
		    "<Relationship Id=\"rIdPic\" Type=\"" REL "image\" Target=\"media/" WHO ".jpeg\"/>"
		    "<Relationship Id=\"rIdOle\" Type=\"" REL "oleObject\" Target=\"embeddings/ole.bin\"/>"
		    "<Relationship Id=\"rIdSet\" Type=\"" REL "settings\" Target=\"settings.xml\"/>"
		    "<Relationship Id=\"rIdCom\" Type=\"" REL "comments\" Target=\"comments.xml\"/>"
		    "<Relationship Id=\"rIdGone\" Type=\"" REL "footnotes\" Target=\"" WHO ".xml\"/></Relationships>" },
		{ "word/settings.xml", "<w:settings " W "><w:attachedTemplate/><w:rsids><w:rsid w:val=\"" WHO "\"/></w:rsids>"
		    "<w:docVars><w:docVar w:name=\"" WHO "\"/></w:docVars><w:defaultTabStop w:val=\"720\"/></w:settings>" },
		{ "word/comments.xml", "<w:comments " W ">" WHO "</w:comments>" },
		{ "word/vbaProject.bin", WHO },
		{ "word/embeddings/ole.bin", WHO },
		{ "docProps/app.xml", "<Properties><Company>" WHO "</Company></Properties>" },
		{ "docProps/core.xml", "<x>" WHO "</x>" },
		{ "customXml/item1.xml", "<x>" WHO "</x>" },
		{ "word/media/" WHO ".jpeg", jpeg.p, jpeg.len },
	};
	/* clang-format on */

	zip = make_zip(files, NELEM(files));
	free((void *)(uintptr_t)jpeg.p);
	return zip;
}

Test(clean_documents, word_document_keeps_its_text_and_tells_of_nobody)
{
	struct span got = cleaned(make_docx(docx_body),
	    (const char *const[]){ "The body stays.", "Inserted.", "Bold.", "Tagged.", "Linked.",
		"Web.", "Cell.", "https://example.org/a", "defaultTabStop", "word/media/image1.jpg",
		NULL });
	/* clang-format off */
	static const char *const gone[] = { "rsid", "author", "delText", "comment", "docProps", "vba",
		"customXml", "OLEObject", "descr=", "FILENAME", "attachedTemplate", "rIdGone", NULL };
	/* clang-format on */

	for (const char *const *g = gone; *g != NULL; g++)
		cr_assert(not(holds_inside(got, *g)), "still there: %s", *g);
	free((void *)(uintptr_t)got.p);
}

Test(clean_documents, workbook_keeps_its_cells_and_no_links_to_files)
{
#define X "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""
	/* clang-format off */
	const struct file files[] = {
		{ "[Content_Types].xml", "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>" },
		{ "_rels/.rels", RELS "<Relationship Id=\"a\" Type=\"" REL "officeDocument\" Target=\"/xl/workbook.xml\"/></Relationships>" },
		{ "xl/workbook.xml", "<workbook " X " " R "><fileSharing userName=\"" WHO "\"/>"
		    "<sheets><sheet name=\"Ward\" sheetId=\"1\" r:id=\"s\"/></sheets>"
		    "<customWorkbookViews><customWorkbookView name=\"" WHO "\"/></customWorkbookViews></workbook>" },
		{ "xl/_rels/workbook.xml.rels", RELS "<Relationship Id=\"s\" Type=\"" REL "worksheet\" Target=\"worksheets/" WHO ".xml\"/>"
		    "<Relationship Id=\"t\" Type=\"" REL "externalLink\" Target=\"externalLinks/e.xml\"/></Relationships>" },
		{ "xl/externalLinks/e.xml", "<x>" WHO "</x>" },
		{ "xl/worksheets/" WHO ".xml", "<worksheet " X " " R "><sheetData><row r=\"1\"><c r=\"A1\"><f>[1]" WHO "!A1</f><v>4711</v></c>"
		    "<c r=\"B1\"><f>SUM(A1:A1)</f><v>815</v></c></row></sheetData><scenarios><scenario user=\"" WHO "\"/></scenarios>"
		    "<pageSetup orientation=\"landscape\" r:id=\"printer\"/></worksheet>" },
	};
	/* clang-format on */

	cleans(make_zip(files, NELEM(files)), "4711", "815", "SUM(A1:A1)", "Ward", "landscape",
	    "xl/worksheets/sheet1.xml");
}

Test(clean_documents, slides_keep_their_words)
{
#define P                                                                                          \
	"xmlns:p=\"http://schemas.openxmlformats.org/presentationml/2006/main\" "                  \
	"xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" " R
	/* clang-format off */
	const struct file files[] = {
		{ "[Content_Types].xml", "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>" },
		{ "_rels/.rels", RELS "<Relationship Id=\"a\" Type=\"" REL "officeDocument\" Target=\"ppt/presentation.xml\"/></Relationships>" },
		{ "ppt/presentation.xml", "<p:presentation " P "><p:sldIdLst><p:sldId id=\"256\" r:id=\"s\"/></p:sldIdLst>"
		    "<p:extLst><p:ext uri=\"" WHO "\"/></p:extLst></p:presentation>" },
		{ "ppt/_rels/presentation.xml.rels", RELS "<Relationship Id=\"s\" Type=\"" REL "slide\" Target=\"slides/slide7.xml\"/>"
		    "<Relationship Id=\"c\" Type=\"" REL "commentAuthors\" Target=\"commentAuthors.xml\"/></Relationships>" },
		{ "ppt/commentAuthors.xml", "<x>" WHO "</x>" },
		{ "ppt/slides/slide7.xml", "<p:sld " P "><p:cSld><p:spTree><p:graphicFrame><a:graphic><a:graphicData>"
		    "<p:oleObj progId=\"" WHO "\" r:id=\"o\"><p:embed/><p:pic><p:cNvPr id=\"4\" name=\"" WHO "\"/></p:pic></p:oleObj>"
		    "</a:graphicData></a:graphic></p:graphicFrame><a:t>Wrong side.</a:t></p:spTree></p:cSld></p:sld>" },
	};
	/* clang-format on */

	cleans(make_zip(files, NELEM(files)), "Wrong side.", "<p:pic>", "ppt/slides/slide1.xml");
}

Test(clean_documents, entities_in_a_document_are_refused)
{
	refuses(make_docx("<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>"
			  "<w:document " W ">&b;</w:document>"),
	    "damaged");
}

/* As some programs order the parts, so that libmagic takes it for any archive; and with a picture that
 * nobody can clean. */
Test(clean_documents, word_document_out_of_order_shows_a_grey_box_for_a_foreign_picture)
{
	/* clang-format off */
	const struct file files[] = {
		{ "a.txt", WHO },
		{ "word/_rels/document.xml.rels", RELS
		    "<Relationship Id=\"p\" Type=\"" REL "image\" Target=\"media/a.emf\"/></Relationships>" },
		{ "word/media/a.emf", WHO },
		{ "word/document.xml", "<w:document " W " " R "><w:body><w:p><w:r><w:t>The body stays.</w:t></w:r><w:drawing>"
		    "<blip r:embed=\"p\"/></w:drawing></w:p></w:body></w:document>" },
		{ "_rels/.rels", RELS "<Relationship Id=\"a\" Type=\"" REL "officeDocument\" Target=\"word/document.xml\"/></Relationships>" },
		{ "[Content_Types].xml", WHO },
	};
	/* clang-format on */
	struct span zip = make_zip(files, NELEM(files));
	const char *type;

	(void)clean_format_of(zip.p, zip.len, &type);
	cr_assert(ne(ptr, strstr(type, "wordprocessingml"), NULL), "%s", type);
	cleans(zip, "The body stays.", "word/media/image1.png", "\x89PNG\r\n");
}

Test(clean_documents, damaged_word_documents_are_survived)
{
	survives(make_docx(docx_body));
}

/* ---- ODF ---- */

static struct span
make_odt(const char *manifest)
{
	struct span jpeg = make_jpeg(), zip;
	/* clang-format off */
	const struct file files[] = {
		{ "mimetype", "application/vnd.oasis.opendocument.text" },
		{ "META-INF/manifest.xml", manifest },
		{ "meta.xml", "<x>" WHO "</x>" },
		{ "settings.xml", "<x>" WHO "</x>" },
		{ "Thumbnails/thumbnail.png", WHO },
		{ "Basic/Standard/Module1.xml", "<x>" WHO "</x>" },
		{ "Pictures/" WHO ".jpg", jpeg.p, jpeg.len },
		{ "media/image7.jpg", jpeg.p, jpeg.len }, /* where Word puts them */
		{ "content.xml", "<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" "
		    "xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" "
		    "xmlns:draw=\"urn:oasis:names:tc:opendocument:xmlns:drawing:1.0\" xmlns:xlink=\"http://www.w3.org/1999/xlink\">"
		    "<office:scripts>" WHO "</office:scripts><office:body><office:text>"
		    "<text:tracked-changes><text:deletion><dc:creator>" WHO "</dc:creator></text:deletion></text:tracked-changes>"
		    "<text:p>The body stays.<office:annotation><dc:creator>" WHO "</dc:creator></office:annotation>"
		    "<text:author-name>" WHO "</text:author-name><text:a xlink:href=\"file:///" WHO "\">Linked.</text:a>"
		    "<draw:frame draw:name=\"" WHO "\"><draw:image xlink:href=\"Pictures/" WHO ".jpg\"/></draw:frame>"
		    "<draw:frame><draw:image xlink:href=\"media/image7.jpg\"/></draw:frame>"
		    "</text:p></office:text></office:body></office:document-content>" },
	};
	/* clang-format on */

	zip = make_zip(files, NELEM(files));
	free((void *)(uintptr_t)jpeg.p);
	return zip;
}

Test(clean_documents, opendocument_keeps_its_text_and_tells_of_nobody)
{
	cleans(make_odt("<x>" WHO "</x>"), "The body stays.", "Linked.", "Pictures/image1.jpg",
	    "Pictures/image2.jpg");
}

Test(clean_documents, encrypted_opendocument_is_refused_with_what_to_do)
{
	refuses(make_odt("<m:encryption-data/>"), "without");
}

Test(clean_documents, damaged_opendocuments_are_survived)
{
	survives(make_odt("<x/>"));
}

/* ---- ZIP ---- */

Test(clean_documents, archive_is_cleaned_file_by_file_and_numbers_them)
{
	struct span jpeg = make_jpeg(), docx = make_docx(docx_body);
	const struct file files[] = {
		{ WHO "/photo.jpg", jpeg.p, jpeg.len },
		{ WHO "/letter.docx", docx.p, docx.len },
	};
	struct span zip = make_zip(files, NELEM(files));

	free((void *)(uintptr_t)jpeg.p);
	free((void *)(uintptr_t)docx.p);
	cleans(zip, "The body stays.", "file001.docx", "file002.jpg");
}

Test(clean_documents, archive_with_a_name_that_points_outside_is_refused)
{
	const struct file files[] = { { "a/../../etc/passwd", "text that would be fine\n" } };

	refuses(make_zip(files, 1), "outside");
}

Test(clean_documents, archive_with_a_program_is_refused)
{
	char elf[64] = "\177ELF\2\1\1";
	const struct file files[] = { { "a.txt", elf, sizeof(elf) } };

	refuses(make_zip(files, 1), "cannot be cleaned");
}

Test(clean_documents, archives_too_deep_are_refused)
{
	struct span zip = make_zip((const struct file[]){ { "a.txt", "words\n" } }, 1), outer;

	for (unsigned i = 0; i < CLEAN_DEPTH_MAX; i++) {
		const struct file file = { "z.zip", zip.p, zip.len };

		outer = make_zip(&file, 1);
		free((void *)(uintptr_t)zip.p);
		zip = outer;
	}
	refuses(zip, "archives in archives");
}

Test(clean_documents, archive_that_unpacks_to_too_much_is_refused)
{
	size_t len = CLEAN_OUTPUT_MAX + 1;
	char *zeros = malloc(len);
	struct file file = { "a.txt", zeros, len };
	struct span zip;

	memset(zeros, ' ', len);
	zip = make_zip(&file, 1);
	free(zeros);
	refuses(zip, "too large");
}

/* ---- PDF: without a table of objects; readers find them ---- */

static struct span
make_pdf(const char *catalog, const char *annotations, const char *more)
{
	struct span jpeg = make_jpeg();
	uint8_t *p = malloc(8192 + jpeg.len);
	int n;

	n = snprintf((char *)p, 8192,
	    "%%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R /Metadata 8 0 R %s >>\nendobj\n"
	    "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
	    "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R "
	    "/LastModified (" WHO ") /PieceInfo << /A << /Private (" WHO ") >> >> "
	    "/AA << /O << /S /JavaScript /JS (" WHO ") >> >> /Annots [%s] "
	    "/Resources << /XObject << /Im 5 0 R >> /Font << /JS << /Type /Font /Subtype /Type1 "
	    "/BaseFont /Helvetica >> >> >> >>\nendobj\n"
	    "4 0 obj\n<< /Length 53 >>\nstream\nBT /JS 12 Tf (The page stays.) Tj ET q 9 0 0 9 0 0 "
	    "cm /Im Do"
	    "\nendstream\nendobj\n%s"
	    "7 0 obj\n<< /Author (" WHO ") /Creator (" WHO ") >>\nendobj\n"
	    "8 0 obj\n<< /Type /Metadata /Subtype /XML /Length 14 >>\nstream\n" WHO
	    "\nendstream\nendobj\n"
	    "9 0 obj\n(" WHO ")\nendobj\n"
	    "5 0 obj\n<< /Type /XObject /Subtype /Image /Width 16 /Height 16 /BitsPerComponent 8 "
	    "/ColorSpace /DeviceRGB /Filter /DCTDecode /Metadata 8 0 R /Length %zu >>\nstream\n",
	    catalog, annotations, more, jpeg.len);
	memcpy(p + n, jpeg.p, jpeg.len);
	n += (int)jpeg.len;
	n += sprintf((char *)p + n,
	    "\nendstream\nendobj\ntrailer\n<< /Root 1 0 R /Info 7 0 R /Size 10 /ID [(" WHO ") (" WHO
	    ")] >>\nstartxref\n0\n%%%%EOF\n");
	free((void *)(uintptr_t)jpeg.p);
	return (struct span){ p, (size_t)n };
}

#define DIRTY_CATALOG                                                                              \
	"/OpenAction << /S /JavaScript /JS (" WHO ") >> /Lang (" WHO ") "                          \
	"/Names << /EmbeddedFiles << /Names [(" WHO ") 9 0 R] >> >> "                              \
	"/AcroForm << /XFA (" WHO ") /Fields [] >> /StructTreeRoot << /Alt (" WHO ") >>"
#define DIRTY_ANNOTATIONS                                                                          \
	"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /Contents (" WHO ") "                      \
	"/A << /S /URI /URI (https://example.org/a) /Next 9 0 R >> >> "                            \
	"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /Launch /F (" WHO ") >> >> "      \
	"<< /Type /Annot /Subtype /Text /Rect [0 0 9 9] /T (" WHO ") /Contents (" WHO ") >> "      \
	"<< /Type /Annot /Subtype /Square /Rect [0 0 9 9] /T (" WHO ") /M (" WHO ") >> "           \
	"<< /Type /Annot /Subtype /Widget /FT /Tx /Rect [0 0 9 9] /T (" WHO ") /V (seen) "         \
	"/AP << /N 6 0 R >> >>"
#define APPEARANCE                                                                                 \
	"6 0 obj\n<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /LastModified (" WHO ") "       \
	"/Length 14 >>\nstream\n(filled in) Tj\nendstream\nendobj\n"

Test(clean_documents, pdf_keeps_its_page_and_tells_of_nobody)
{
	struct span got = cleaned(make_pdf(DIRTY_CATALOG, DIRTY_ANNOTATIONS, APPEARANCE),
	    (const char *const[]){ "The page stays.", "https://example.org/a", "(filled in)", "/JS",
		"/Square", NULL });
	static const char *const gone[] = { "/Info", "/Metadata", "/PieceInfo", "JavaScript", "XFA",
		"/Launch", "/Popup", "/EmbeddedFiles", "/Widget", "Exif", NULL };

	for (const char *const *g = gone; *g != NULL; g++)
		cr_assert(not(holds_inside(got, *g)), "still there: %s", *g);
	free((void *)(uintptr_t)got.p);
}

Test(clean_documents, same_pdf_comes_out_the_same)
{
	static const char *const stays[] = { "The page stays.", NULL };
	struct span a = cleaned(make_pdf("", "", ""), stays),
		    b = cleaned(make_pdf("", "", ""), stays);

	cr_assert(eq(sz, a.len, b.len));
	cr_assert(eq(int, memcmp(a.p, b.p, a.len), 0));
	free((void *)(uintptr_t)a.p);
	free((void *)(uintptr_t)b.p);
}

Test(clean_documents, pdf_that_hides_or_lacks_what_it_shows_is_refused)
{
	refuses(make_pdf("", "<< /Subtype /Redact /Rect [0 0 9 9] >>", ""), "Apply the marks");
	refuses(make_pdf("", "<< /Subtype /Widget /FT /Tx /V <feff0416> /Rect [0 0 9 9] >>", ""),
	    "print it");
	refuses(make_pdf("/Collection << >>", "", ""), "one by one");
}

Test(clean_documents, what_was_filled_in_is_drawn_when_nobody_has)
{
	cleans(
	    make_pdf("",
		"<< /Subtype /Widget /FT /Tx /T (" WHO ") /V (two \\(beds\\)) /Rect [0 0 99 20] >>",
		""),
	    "(two \\(beds\\))Tj", "/Stamp");
	/* The value stands with the field, its place on the page below it. */
	cleans(make_pdf("/AcroForm << /NeedAppearances true >>",
		   "<< /Subtype /Widget /Parent 6 0 R /Rect [0 0 90 99] >>",
		   "6 0 obj\n<< /FT /Tx /T (" WHO
		   ") /V (a line of words that does not fit\\rand one) >>\nendobj\n"),
	    "(and one)Tj", "that does", "not fit");
}

Test(clean_documents, pdf_that_draws_nothing_is_clean)
{
	cleans(make_pdf("", "<< /Subtype /Stamp /Rect [0 0 9 9] /AP << /N 6 0 R >> >>",
		   "6 0 obj\n<< /Subtype /Form /BBox [0 0 9 9] /Length 0 "
		   ">>\nstream\n\nendstream\nendobj\n"),
	    "The page stays.");
}

Test(clean_documents, pdf_drawings_lose_their_comments_and_profiles_their_makers)
{
	static const char drawing[] =
	    "%" WHO "\n(50% \\) % stays) Tj BI /W 1 /H 1 /BPC 8 /CS /G ID %\n EI\n% " WHO
	    "\r1 0 0 rg";
	char form[2048];
	int n;

	n = snprintf(form, sizeof(form),
	    "6 0 obj\n<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /ColorSpace "
	    "<< "
	    "/C [/ICCBased 10 0 R] >> >> /Length %zu >>\nstream\n%s\nendstream\nendobj\n"
	    "10 0 obj\n<< /N 1 /Length 15 >>\nstream\n" WHO " \nendstream\nendobj\n",
	    strlen(drawing), drawing);
	cr_assert(lt(int, n, (int)sizeof(form)));
	cleans(make_pdf("", "<< /Subtype /Stamp /Rect [0 0 9 9] /AP << /N 6 0 R >> >>", form),
	    "(50% \\) % stays) Tj BI /W 1 /H 1 /BPC 8 /CS /G ID %\n EI", "1 0 0 rg");
}

static struct span
make_locked_pdf(const char *password)
{
	struct span plain = make_pdf("", "", ""), locked;
	qpdf_data q = qpdf_init();
	uint8_t *p;

	qpdf_silence_errors(q);
	qpdf_read_memory(q, "", (const char *)plain.p, plain.len, NULL);
	qpdf_init_write_memory(q);
	qpdf_set_r6_encryption_parameters2(q, password, "b", 1, 1, 1, 1, 1, 1, qpdf_r3p_full, 1);
	qpdf_write(q);
	locked.len = qpdf_get_buffer_length(q);
	p = malloc(locked.len);
	memcpy(p, qpdf_get_buffer(q), locked.len);
	locked.p = p;
	qpdf_cleanup(&q);
	free((void *)(uintptr_t)plain.p);
	return locked;
}

Test(clean_documents, locked_pdf_is_refused_with_what_to_do_and_one_without_a_password_is_not)
{
	refuses(make_locked_pdf("a"), "password");
	cleans(make_locked_pdf(""), "The page stays.");
}

Test(clean_documents, damaged_pdfs_are_survived)
{
	survives(make_pdf(DIRTY_CATALOG, DIRTY_ANNOTATIONS, APPEARANCE));
}

/* ---- SVG ---- */

static struct span
make_svg(void)
{
	struct span jpeg = make_jpeg();
	size_t room = sodium_base64_encoded_len(jpeg.len, sodium_base64_VARIANT_ORIGINAL);
	char *text = malloc(room), *svg = NULL;

	sodium_bin2base64(text, room, jpeg.p, jpeg.len, sodium_base64_VARIANT_ORIGINAL);
	cr_assert(ge(int,
	    asprintf(&svg,
		"<?xml version=\"1.0\"?><!-- " WHO " --><svg xmlns=\"http://www.w3.org/2000/svg\" "
		"xmlns:xlink=\"http://www.w3.org/1999/xlink\" xmlns:s=\"http://sodipodi/" WHO "\" "
		"s:docname=\"" WHO "\" onload=\"" WHO "()\"><metadata>" WHO "</metadata><s:view/>"
		"<title>" WHO "</title><script>" WHO "</script><style>/* " WHO
		" */ .a { fill: red }</style>"
		"<image xlink:href=\"file:///" WHO ".png\"/><rect class=\"a\" data-x=\"" WHO "\" "
		"style=\"fill:url(http://" WHO ")\"/><a xlink:href=\"http://" WHO
		"\"><text>Stays.</text></a>"
		"<image xlink:href=\"data:image/jpeg;base64,%s\"/></svg>",
		text),
	    0));
	free(text);
	free((void *)(uintptr_t)jpeg.p);
	return (struct span){ (uint8_t *)svg, strlen(svg) };
}

Test(clean_documents, drawing_keeps_shapes_and_nothing_that_tells_or_fetches)
{
	struct span got = cleaned(make_svg(), (const char *const[]){ "Stays.", "fill: red", "<rect",
						  "data:image/jpeg;base64,", NULL });

	cr_assert(not(holds(got, "RXhpZ")), "Exif in base64");
	cr_assert(not(holds(got, "sodipodi")));
	cr_assert(not(holds(got, "script")));
	free((void *)(uintptr_t)got.p);
}

Test(clean_documents, drawing_may_name_its_namespaces_in_short_and_no_more)
{
	cleans(
	    copy("<!DOCTYPE svg [<!ENTITY s \"http://www.w3.org/2000/svg\"><!ENTITY w \"stays\">]>"
		 "<svg xmlns=\"&s;\"><text>It &w;</text></svg>"),
	    "<text>It stays</text>");
	refuses(copy("<!DOCTYPE svg [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]>"
		     "<svg xmlns=\"http://www.w3.org/2000/svg\"><text>&b;</text></svg>"),
	    "damaged");
	refuses(copy("<!DOCTYPE svg [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>"
		     "<svg xmlns=\"http://www.w3.org/2000/svg\"><text>&a;</text></svg>"),
	    "damaged");
}

Test(clean_documents, damaged_drawings_are_survived)
{
	survives(make_svg());
}

/* ---- RTF ---- */

static const char rtf[] =
    "{\\rtf1\\ansi{\\fonttbl{\\f0 Times;}}{\\info{\\author " WHO "}{\\*\\company " WHO "}}"
    "{\\*\\rsidtbl \\rsid123}{\\*\\generator " WHO ";}{\\*\\template " WHO "}{\\*\\unknown " WHO "}"
    "\\pard\\insrsid123 The body {\\b stays}.{\\deleted\\revauthdel1 " WHO
    "}{\\revised\\revauth1 Inserted.}"
    "{\\*\\atnid " WHO "}{\\*\\atnauthor " WHO "}\\chatn{\\*\\annotation " WHO "}"
    "{\\object\\objemb{\\*\\objclass " WHO "}{\\*\\objdata 5a6170686f64}{\\result Shown.}}"
    "{\\field{\\*\\fldinst {\\rtlch FILENAME \\\\p}}{\\fldrslt C:\\\\" WHO "}}"
    "{\\field{\\*\\fldinst HYPERLINK \"https://example.org/a\"}{\\fldrslt Web.}}"
    "{\\shp{\\*\\shpinst{\\sp{\\sn wzDescription}{\\sv " WHO "}}{\\sp{\\sn fFlipH}{\\sv 0}}}}"
    "\\u228?\\par}" WHO;

Test(clean_documents, rtf_keeps_its_text_and_tells_of_nobody)
{
	struct span got = cleaned(
	    copy(rtf), (const char *const[]){ "The body {\\b stays}.", "Inserted.", "Shown.",
			   "Web.", "https://example.org/a", "Times;", "fFlipH", "\\u228?", NULL });

	cr_assert(not(holds(got, "rsid")));
	cr_assert(not(holds(got, "rev")));
	cr_assert(not(holds(got, "FILENAME")));
	free((void *)(uintptr_t)got.p);
}

Test(clean_documents, rtf_that_is_cut_or_bottomless_is_refused)
{
	char *deep = malloc(100001);

	refuses(copy("{\\rtf1 {\\b text}"), "damaged");
	refuses(copy("{\\rtf1 {\\pict\\bin5 }}}}}}"), "damaged");
	refuses(copy("{\\rtf1 {\\pict\\bin99999 }}"), "damaged");
	memset(deep, '{', 100000);
	deep[100000] = 0;
	memcpy(deep, "{\\rtf1 ", 7);
	refuses((struct span){ (uint8_t *)deep, 100000 }, "damaged");
}

/* Hex digits of PNG's first bytes show that a picture stands there. */
#define GREY_BOX "89504e470d0a1a0a"

Test(clean_documents, rtf_shows_a_grey_box_for_a_picture_that_cannot_be_cleaned)
{
	cleans(
	    copy("{\\rtf1 {\\pict\\wmetafile8 " WHO_HEX "}{\\pict\\pngblip\\bin14 " WHO "}Stays.}"),
	    "Stays.", "\\pngblip", GREY_BOX);
}

Test(clean_documents, damaged_rtf_is_survived)
{
	survives(copy(rtf));
}
