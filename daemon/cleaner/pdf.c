/* SPDX-License-Identifier: ISC */
/*
 * PDF (ISO 32000): pages, outlines and links stay. The document is walked from its root; catalog, pages and
 * annotations keep what a list names, everything else loses what a list names, and the file is written
 * anew from what can still be reached, so that earlier versions and loose objects are gone. libqpdf and
 * not mupdf: it keeps content streams as they are, byte by byte, and has no renderer to attack. Form
 * fields become pictures of themselves. Runs in the cleaner. Runs no script, follows no link, and
 * decodes no picture.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qpdf/qpdf-c.h>
#include <qpdf/qpdflogger-c.h>
#include <zlib.h>

#include "cleaner/pack.h"
#include "cleaner/xml.h"

#define INFLATED_MAX (256u << 20) /* of all streams together */
#define OBJECTS_MAX 500000
#define PENDING_MAX 1000000
#define PARENTS_MAX 16
#define KEY_MAX 128

static const char damaged[] =
    "The PDF is damaged. Open it, print it to a new PDF, and attach that.";

/* What a dictionary is, from where it hangs. */
enum role {
	PLAIN,     /* loses what dropped[] names */
	RESOURCES, /* its dictionaries are NAMES */
	NAMES,     /* its keys are anybody's choice and mean nothing */
};

struct pdf {
	qpdf_data q;
	struct pending {
		qpdf_oh object;
		enum role role;
	} * pending;
	size_t n_pending;
	uint8_t *seen; /* a bit for each object number */
	size_t inflated;
	unsigned depth;
	int error;
	const char **why;
};

/* clang-format off */
static const char *const catalog_kept[] = {
	"/Type", "/Pages", "/PageLabels", "/Names", "/Dests", "/Outlines", "/PageLayout", "/PageMode",
	"/OCProperties", NULL,
};
static const char *const page_kept[] = {
	"/Type", "/Parent", "/Resources", "/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox",
	"/Rotate", "/Contents", "/Group", "/Annots", "/UserUnit", NULL,
};
static const char *const annotation_kept[] = {
	"/Type", "/Subtype", "/Rect", "/Border", "/Dest", "/A", "/AP", "/AS", "/F", "/C", "/IC", "/BS", "/BE",
	"/QuadPoints", "/InkList", "/L", "/LE", "/Vertices", "/CL", "/RD", "/CA", "/DA", "/Q", "/H", NULL,
};
/* Anywhere else: who, when, with what, what would run, what is attached, what pictures show in words. */
static const char *const dropped[] = {
	"/Metadata", "/PieceInfo", "/LastModified", "/AA", "/OpenAction", "/JS", "/JavaScript", "/AF", "/EF",
	"/EmbeddedFiles", "/Info", "/XFA", "/OPI", "/Alternates", "/StructParent", "/StructParents", "/Alt",
	"/ActualText", "/E", "/Lang", "/Usage", "/CreatorInfo", "/Thumb", "/Measure", "/PtData", "/Ref",
	"/ModDate", "/CreationDate", "/Author", "/Creator", "/Producer", "/FontFauxing", "/WebCaptureInfo",
	NULL,
};
static const char *const types_dropped[] = {
	"/Metadata", "/Filespec", "/F", "/EmbeddedFile", "/Sig", "/DocTimeStamp", "/StructTreeRoot",
	"/StructElem", NULL,
};
/* Annotations that are part of what one sees; the others are gone. */
static const char *const annotations_kept[] = {
	"/Link", "/Widget", "/FreeText", "/Line", "/Square", "/Circle", "/Polygon", "/PolyLine",
	"/Highlight", "/Underline", "/Squiggly", "/StrikeOut", "/Caret", "/Stamp", "/Ink", "/Watermark", NULL,
};
static const char *const compressions[] = {
	"/FlateDecode", "/Fl", "/LZWDecode", "/LZW", "/RunLengthDecode", "/RL", NULL,
};
/* clang-format on */

static bool
in_list(const char *word, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

static void
fail(struct pdf *pdf, int error, const char *why)
{
	if (pdf->error == 0) {
		pdf->error = error;
		*pdf->why = why;
	}
}

/* A copy of the name that is the value of a key, or "". */
static const char *
name_of(struct pdf *pdf, qpdf_oh dictionary, const char *key, char name[static KEY_MAX])
{
	qpdf_oh value = qpdf_oh_get_key_if_dict(pdf->q, dictionary, key);
	const char *s = qpdf_oh_is_name(pdf->q, value) ? qpdf_oh_get_name(pdf->q, value) : "";

	(void)snprintf(name, KEY_MAX, "%s", s == NULL ? "" : s);
	qpdf_oh_release(pdf->q, value);
	return name;
}

/* All keys of a dictionary, each ending with NUL, then an empty one; for free(). NULL when out of memory. */
static char *
keys_of(struct pdf *pdf, qpdf_oh dictionary)
{
	struct clean_out keys = { 0 };
	bool ok = true;

	for (qpdf_oh_begin_dict_key_iter(pdf->q, dictionary);
	     ok && qpdf_oh_dict_more_keys(pdf->q);) {
		const char *key = qpdf_oh_dict_next_key(pdf->q);

		ok = clean_put(&keys, key, strlen(key) + 1);
	}
	if (!ok || !clean_put(&keys, "", 1)) {
		free(keys.p);
		fail(pdf, CANDOR_ENOMEM, damaged);
		return NULL;
	}
	return (char *)keys.p;
}

static void
keep_only(struct pdf *pdf, qpdf_oh dictionary, const char *const *kept)
{
	char *keys = keys_of(pdf, dictionary);

	for (const char *key = keys; key != NULL && *key != 0; key += strlen(key) + 1)
		if (!in_list(key, kept))
			qpdf_oh_remove_key(pdf->q, dictionary, key);
	free(keys);
}

/* ---- streams ------------------------------------------------------------------------------------- */

/*
 * How much a deflated stream unpacks to, held against the budget before anybody unpacks it. False when
 * bytes lie behind its end, where a reader would not look.
 */
static bool
measure(struct pdf *pdf, const uint8_t *p, size_t len)
{
	static uint8_t scratch[65536];
	z_stream z = { .next_in = (uint8_t *)(uintptr_t)p, .avail_in = (uInt)len };
	int r = Z_OK;

	if (inflateInit(&z) != Z_OK) {
		fail(pdf, CANDOR_ENOMEM, damaged);
		return true;
	}
	while (r == Z_OK && pdf->error == 0) {
		z.next_out = scratch;
		z.avail_out = sizeof(scratch);
		r = inflate(&z, Z_NO_FLUSH);
		pdf->inflated += sizeof(scratch) - z.avail_out;
		if (pdf->inflated > INFLATED_MAX)
			fail(pdf, CANDOR_ETOOBIG,
			    "What the PDF unpacks to is too large. Attach the pages that matter.");
	}
	(void)inflateEnd(&z);
	/* A line end belongs to the syntax. Damage is the reader's to judge, as before. */
	return r != Z_STREAM_END || z.avail_in <= 2;
}

/* Without the Exif that would turn it: no reader of PDF does that. */
static size_t
without_exif(uint8_t *p, size_t len)
{
	size_t at = 2;

	while (at + 4 <= len && p[at] == 0xff && p[at + 1] != 0xda && p[at + 1] != 0xff) {
		size_t n = 2 + ((size_t)p[at + 2] << 8 | p[at + 3]);

		if (n > len - at)
			break;
		if (p[at + 1] == 0xe1) {
			memmove(p + at, p + at + n, len - at - n);
			len -= n;
		} else {
			at += n;
		}
	}
	return len;
}

/* Boxes of a JPEG 2000 that are no picture: XML, UUID and what points to them. */
static size_t
without_boxes(uint8_t *p, size_t len)
{
	size_t at = 0;

	if (len < 12 || memcmp(p + 4, "jP  ", 4) != 0)
		return len; /* a bare codestream */
	while (len - at >= 8) {
		size_t n = (size_t)p[at] << 24 | (size_t)p[at + 1] << 16 | (size_t)p[at + 2] << 8 |
			   p[at + 3];
		const uint8_t *type = p + at + 4;

		if (n == 0 || n > len - at)
			n = len - at;
		if (n < 8)
			break;
		if (memcmp(type, "xml ", 4) == 0 || memcmp(type, "uuid", 4) == 0 ||
		    memcmp(type, "uinf", 4) == 0 || memcmp(type, "jp2i", 4) == 0) {
			memmove(p + at, p + at + n, len - at - n);
			len -= n;
		} else {
			at += n;
		}
	}
	return at;
}

static void
replace_data(struct pdf *pdf, qpdf_oh stream, const uint8_t *p, size_t len, const char *filter)
{
	qpdf_oh dictionary = qpdf_oh_get_dict(pdf->q, stream);
	qpdf_oh parms = qpdf_oh_get_key(pdf->q, dictionary, "/DecodeParms");
	qpdf_oh name = filter == NULL ? qpdf_oh_new_null(pdf->q) : qpdf_oh_new_name(pdf->q, filter);

	if (filter == NULL) {
		qpdf_oh_release(pdf->q, parms);
		parms = qpdf_oh_new_null(pdf->q);
	}
	qpdf_oh_replace_stream_data(pdf->q, stream, p, len, name, parms);
	qpdf_oh_release(pdf->q, name);
	qpdf_oh_release(pdf->q, parms);
	qpdf_oh_release(pdf->q, dictionary);
}

static void
clean_jpeg_data(struct pdf *pdf, qpdf_oh stream, uint8_t *p, size_t len)
{
	struct clean_out cleaned = { 0 };
	const char *why = damaged;
	int r = clean_jpeg(&cleaned, p, without_exif(p, len), pdf->depth + 1, &why);

	if (r < 0)
		fail(pdf, r,
		    "A picture in the PDF is damaged. Print the PDF to a new one and "
		    "attach that.");
	else
		replace_data(pdf, stream, cleaned.p, cleaned.len, "/DCTDecode");
	free(cleaned.p);
}

/* The filters of a stream: how many, how many compress, and the last one's name. */
static int
filters_of(struct pdf *pdf, qpdf_oh dictionary, int *compress, char last[static KEY_MAX])
{
	qpdf_oh filter = qpdf_oh_get_key(pdf->q, dictionary, "/Filter");
	int n = 0;

	*last = 0;
	*compress = 0;
	if (qpdf_oh_is_name(pdf->q, filter)) {
		(void)name_of(pdf, dictionary, "/Filter", last);
		*compress = in_list(last, compressions);
		n = 1;
	} else if (qpdf_oh_is_array(pdf->q, filter)) {
		n = qpdf_oh_get_array_n_items(pdf->q, filter);
		for (int i = 0; i < n && i < 8; i++) {
			qpdf_oh item = qpdf_oh_get_array_item(pdf->q, filter, i);

			if (qpdf_oh_is_name(pdf->q, item))
				(void)snprintf(last, KEY_MAX, "%s", qpdf_oh_get_name(pdf->q, item));
			*compress += in_list(last, compressions);
			qpdf_oh_release(pdf->q, item);
		}
	}
	qpdf_oh_release(pdf->q, filter);
	return n;
}

static void
clean_stream(struct pdf *pdf, qpdf_oh stream, qpdf_oh dictionary)
{
	char last[KEY_MAX];
	int compress, n = filters_of(pdf, dictionary, &compress, last);
	bool jpeg = strcmp(last, "/DCTDecode") == 0 || strcmp(last, "/DCT") == 0;
	bool jpx = strcmp(last, "/JPXDecode") == 0;
	QPDF_BOOL decoded = 0;
	uint8_t *p = NULL;
	size_t len = 0;

	if (n > 2 || compress > 1 || strcmp(last, "/Crypt") == 0) {
		fail(pdf, CANDOR_EBADMSG,
		    "The PDF is packed in an unusual way. Print it to a new "
		    "PDF and attach that.");
		return;
	}
	/* Data in a file beside the PDF. */
	qpdf_oh_remove_key(pdf->q, dictionary, "/F");
	qpdf_oh_remove_key(pdf->q, dictionary, "/FFilter");
	qpdf_oh_remove_key(pdf->q, dictionary, "/FDecodeParms");
	if (qpdf_oh_get_stream_data(pdf->q, stream, qpdf_dl_none, &decoded, &p, &len) >=
	    QPDF_ERRORS) {
		fail(pdf, CANDOR_EBADMSG, damaged);
		return;
	}
	if ((jpeg || jpx) && n > 1) {
		/* In two coats: its outer one off first. */
		free(p);
		fail(pdf, CANDOR_EBADMSG,
		    "A picture in the PDF is packed in an unusual way. Print "
		    "the PDF to a new one and attach that.");
		return;
	}
	if (jpeg)
		clean_jpeg_data(pdf, stream, p, len);
	else if (jpx)
		replace_data(pdf, stream, p, without_boxes(p, len), "/JPXDecode");
	else if (n == 1 && strncmp(last, "/Fl", 3) == 0 && !measure(pdf, p, len)) {
		free(p);
		p = NULL;
		if (qpdf_oh_get_stream_data(
			pdf->q, stream, qpdf_dl_generalized, &decoded, &p, &len) >= QPDF_ERRORS ||
		    !decoded)
			fail(pdf, CANDOR_EBADMSG, damaged);
		else
			replace_data(pdf, stream, p, len, NULL);
	}
	free(p);
}

/* ---- the walk ------------------------------------------------------------------------------------ */

/* Look at this object later, once; takes the handle. */
static void
push(struct pdf *pdf, qpdf_oh object, enum role role)
{
	bool container = qpdf_oh_is_dictionary(pdf->q, object) ||
			 qpdf_oh_is_array(pdf->q, object) || qpdf_oh_is_stream(pdf->q, object);
	int id = container ? qpdf_oh_get_object_id(pdf->q, object) : 0;

	if (id >= OBJECTS_MAX || pdf->n_pending == PENDING_MAX)
		fail(pdf, CANDOR_ETOOBIG,
		    "The PDF has too many parts. Print the pages that matter "
		    "to a new one.");
	if (!container || pdf->error < 0 || (id > 0 && (pdf->seen[id / 8] >> id % 8 & 1))) {
		qpdf_oh_release(pdf->q, object);
		return;
	}
	if (id > 0)
		pdf->seen[id / 8] = (uint8_t)(pdf->seen[id / 8] | 1 << id % 8);
	pdf->pending[pdf->n_pending++] = (struct pending){ object, role };
}

/* An action that stays goes to a page or to the web, and says no more. */
static bool
action_is_kept(struct pdf *pdf, qpdf_oh action)
{
	static const char *const to_page[] = { "/S", "/D", NULL };
	static const char *const to_web[] = { "/S", "/URI", NULL };
	qpdf_oh address;
	const char *s;
	char kind[KEY_MAX];
	bool kept;

	(void)name_of(pdf, action, "/S", kind);
	if (strcmp(kind, "/GoTo") == 0) {
		keep_only(pdf, action, to_page);
		return true;
	}
	if (strcmp(kind, "/URI") != 0)
		return false;
	address = qpdf_oh_get_key(pdf->q, action, "/URI");
	s = qpdf_oh_is_string(pdf->q, address) ? qpdf_oh_get_string_value(pdf->q, address) : "";
	kept = xml_is_web_address(s);
	qpdf_oh_release(pdf->q, address);
	keep_only(pdf, action, to_web);
	return kept;
}

static enum role
role_of(enum role parent, const char *key)
{
	static const char *const names[] = { "/CharProcs", "/Colorants", "/Encoding", NULL };

	if (parent == RESOURCES || in_list(key, names))
		return NAMES;
	return strcmp(key, "/Resources") == 0 || strcmp(key, "/DR") == 0 ? RESOURCES : PLAIN;
}

static void
visit_dictionary(struct pdf *pdf, qpdf_oh dictionary, enum role role)
{
	char *keys = keys_of(pdf, dictionary), type[KEY_MAX];

	for (const char *key = keys; key != NULL && *key != 0; key += strlen(key) + 1) {
		qpdf_oh value = qpdf_oh_get_key(pdf->q, dictionary, key);
		qpdf_oh inner =
		    qpdf_oh_is_stream(pdf->q, value) ? qpdf_oh_get_dict(pdf->q, value) : value;
		bool gone =
		    role == PLAIN && (in_list(key, dropped) || strncmp(key, "/PTEX.", 6) == 0);

		(void)name_of(pdf, inner, "/Type", type);
		gone |= in_list(type, types_dropped);
		if (!gone && role == PLAIN && strcmp(key, "/A") == 0 &&
		    qpdf_oh_is_dictionary(pdf->q, value))
			gone = !action_is_kept(pdf, value);
		if (inner != value)
			qpdf_oh_release(pdf->q, inner);
		if (gone) {
			qpdf_oh_remove_key(pdf->q, dictionary, key);
			qpdf_oh_release(pdf->q, value);
		} else {
			push(pdf, value, role_of(role, key));
		}
	}
	free(keys);
}

static void
walk(struct pdf *pdf)
{
	while (pdf->n_pending > 0 && pdf->error == 0) {
		struct pending next = pdf->pending[--pdf->n_pending];

		if (qpdf_oh_is_array(pdf->q, next.object)) {
			int n = qpdf_oh_get_array_n_items(pdf->q, next.object);

			for (int i = 0; i < n && pdf->error == 0; i++)
				push(
				    pdf, qpdf_oh_get_array_item(pdf->q, next.object, i), next.role);
		} else if (qpdf_oh_is_stream(pdf->q, next.object)) {
			qpdf_oh dictionary = qpdf_oh_get_dict(pdf->q, next.object);

			visit_dictionary(pdf, dictionary, PLAIN);
			clean_stream(pdf, next.object, dictionary);
			qpdf_oh_release(pdf->q, dictionary);
		} else {
			visit_dictionary(pdf, next.object, next.role);
		}
		qpdf_oh_release(pdf->q, next.object);
	}
}

/* ---- pages and what lies on them ----------------------------------------------------------------- */

/* A form field's kind, which it may have from its parents. */
static const char *
field_type(struct pdf *pdf, qpdf_oh widget, char type[static KEY_MAX])
{
	qpdf_oh at = qpdf_oh_new_object(pdf->q, widget);

	for (int i = 0; i < PARENTS_MAX && *name_of(pdf, at, "/FT", type) == 0; i++) {
		qpdf_oh parent = qpdf_oh_get_key_if_dict(pdf->q, at, "/Parent");

		qpdf_oh_release(pdf->q, at);
		at = parent;
	}
	qpdf_oh_release(pdf->q, at);
	return type;
}

/* Of several appearances (a ticked box, one that is not) the one that shows, and of that only the normal. */
static bool
settle_appearance(struct pdf *pdf, qpdf_oh annotation)
{
	static const char *const normal_only[] = { "/N", NULL };
	qpdf_oh ap = qpdf_oh_get_key(pdf->q, annotation, "/AP"), normal, shown;
	char state[KEY_MAX];
	bool there = false;

	if (qpdf_oh_is_dictionary(pdf->q, ap)) {
		keep_only(pdf, ap, normal_only);
		normal = qpdf_oh_get_key(pdf->q, ap, "/N");
		there = qpdf_oh_is_stream(pdf->q, normal);
		if (qpdf_oh_is_dictionary(pdf->q, normal)) {
			(void)name_of(pdf, annotation, "/AS", state);
			if (*state != 0) {
				shown = qpdf_oh_get_key(pdf->q, normal, state);
				there = qpdf_oh_is_stream(pdf->q, shown);
				if (there)
					qpdf_oh_replace_key(pdf->q, ap, "/N", shown);
				qpdf_oh_release(pdf->q, shown);
			}
		}
		qpdf_oh_release(pdf->q, normal);
	}
	qpdf_oh_release(pdf->q, ap);
	qpdf_oh_remove_key(pdf->q, annotation, "/AS");
	return there;
}

static bool
has_value(struct pdf *pdf, qpdf_oh widget)
{
	qpdf_oh value = qpdf_oh_get_key(pdf->q, widget, "/V");
	bool has = qpdf_oh_is_string(pdf->q, value);

	qpdf_oh_release(pdf->q, value);
	return has;
}

/* Whether this annotation stays; what it tells beyond its looks does not. */
static bool
annotation_is_kept(struct pdf *pdf, qpdf_oh annotation)
{
	char subtype[KEY_MAX], type[KEY_MAX];
	bool shows;

	if (!qpdf_oh_is_dictionary(pdf->q, annotation))
		return false;
	(void)name_of(pdf, annotation, "/Subtype", subtype);
	if (strcmp(subtype, "/Redact") == 0) {
		fail(pdf, CANDOR_EBADMSG,
		    "The PDF is marked for blackening, but what lies under "
		    "the marks is still there. Apply the marks first.");
		return false;
	}
	if (!in_list(subtype, annotations_kept))
		return false;
	shows = settle_appearance(pdf, annotation);
	if (strcmp(subtype, "/Widget") == 0) {
		qpdf_oh stamp;

		(void)field_type(pdf, annotation, type);
		if (!shows && strcmp(type, "/Btn") != 0 && strcmp(type, "/Sig") != 0 &&
		    has_value(pdf, annotation))
			fail(pdf, CANDOR_EBADMSG,
			    "The PDF is a form that a program has yet to "
			    "draw. Open it, print it to a new PDF, and "
			    "attach that.");
		if (!shows || strcmp(type, "/Sig") == 0)
			return false;
		stamp = qpdf_oh_new_name(pdf->q, "/Stamp");
		qpdf_oh_replace_key(pdf->q, annotation, "/Subtype", stamp);
		qpdf_oh_release(pdf->q, stamp);
		/* A field's action is not a reader's link. */
		qpdf_oh_remove_key(pdf->q, annotation, "/A");
	} else if (!shows &&
		   (strcmp(subtype, "/FreeText") == 0 || strcmp(subtype, "/Stamp") == 0)) {
		return false;
	}
	keep_only(pdf, annotation, annotation_kept);
	return true;
}

static void
clean_page(struct pdf *pdf, qpdf_oh page)
{
	qpdf_oh annotations, kept;
	int n;

	keep_only(pdf, page, page_kept);
	annotations = qpdf_oh_get_key(pdf->q, page, "/Annots");
	n = qpdf_oh_is_array(pdf->q, annotations) ? qpdf_oh_get_array_n_items(pdf->q, annotations)
						  : 0;
	kept = qpdf_oh_new_array(pdf->q);
	for (int i = 0; i < n && pdf->error == 0; i++) {
		qpdf_oh annotation = qpdf_oh_get_array_item(pdf->q, annotations, i);

		if (annotation_is_kept(pdf, annotation))
			qpdf_oh_append_item(pdf->q, kept, annotation);
		qpdf_oh_release(pdf->q, annotation);
	}
	if (n > 0)
		qpdf_oh_replace_key(pdf->q, page, "/Annots", kept);
	else
		qpdf_oh_remove_key(pdf->q, page, "/Annots");
	qpdf_oh_release(pdf->q, kept);
	qpdf_oh_release(pdf->q, annotations);
}

static void
clean_catalog(struct pdf *pdf, qpdf_oh root)
{
	static const char *const names_kept[] = { "/Dests", NULL };
	qpdf_oh form = qpdf_oh_get_key(pdf->q, root, "/AcroForm"), names;
	qpdf_oh fresh = qpdf_oh_get_key_if_dict(pdf->q, root, "/NeedsRendering");

	if (qpdf_oh_has_key(pdf->q, root, "/Collection"))
		fail(pdf, CANDOR_EBADMSG,
		    "The PDF is a folder of other files. Take them out of it "
		    "and attach them one by one.");
	if (qpdf_oh_is_dictionary(pdf->q, form) && qpdf_oh_has_key(pdf->q, form, "/XFA") &&
	    qpdf_oh_is_bool(pdf->q, fresh) && qpdf_oh_get_bool_value(pdf->q, fresh))
		fail(pdf, CANDOR_EBADMSG,
		    "The PDF is a form that a program has yet to draw. Open "
		    "it, print it to a new PDF, and attach that.");
	qpdf_oh_release(pdf->q, fresh);
	qpdf_oh_release(pdf->q, form);
	keep_only(pdf, root, catalog_kept);
	names = qpdf_oh_get_key(pdf->q, root, "/Names");
	if (qpdf_oh_is_dictionary(pdf->q, names))
		keep_only(pdf, names, names_kept);
	qpdf_oh_release(pdf->q, names);
}

static int
write_out(struct pdf *pdf, struct clean_out *out)
{
	static const char *const trailer_kept[] = { "/Root", "/Size", NULL };
	qpdf_oh trailer = qpdf_get_trailer(pdf->q);
	int r = CANDOR_EBADMSG;

	keep_only(pdf, trailer, trailer_kept);
	qpdf_oh_release(pdf->q, trailer);
	if (qpdf_init_write_memory(pdf->q) >= QPDF_ERRORS)
		return r;
	qpdf_set_static_ID(pdf->q, 1);
	qpdf_set_linearization(pdf->q, 0);
	qpdf_set_object_stream_mode(pdf->q, qpdf_o_generate);
	qpdf_set_preserve_unreferenced_objects(pdf->q, 0);
	qpdf_set_suppress_original_object_IDs(pdf->q, 1);
	qpdf_set_decode_level(pdf->q, qpdf_dl_none);
	qpdf_set_compress_streams(pdf->q, 1);
	if (qpdf_write(pdf->q) >= QPDF_ERRORS)
		return r;
	return clean_put(out, qpdf_get_buffer(pdf->q), qpdf_get_buffer_length(pdf->q))
		   ? 0
		   : clean_put_error(out);
}

static int
clean(struct pdf *pdf, struct clean_out *out, const uint8_t *in, size_t len)
{
	QPDF_ERROR_CODE read;
	qpdf_oh root;
	int n;

	qpdf_silence_errors(pdf->q);
	qpdf_set_suppress_warnings(pdf->q, 1);
	read = qpdf_read_memory(pdf->q, "", (const char *)in, len, NULL);
	if ((read >= QPDF_ERRORS && qpdf_has_error(pdf->q) &&
		qpdf_get_error_code(pdf->q, qpdf_get_error(pdf->q)) == qpdf_e_password) ||
	    (read < QPDF_ERRORS && qpdf_is_encrypted(pdf->q))) {
		*pdf->why =
		    "The PDF is encrypted or protected. Open it, print it to a new PDF, and "
		    "attach that.";
		return CANDOR_EBADMSG;
	}
	if (read >= QPDF_ERRORS)
		return CANDOR_EBADMSG;
	root = qpdf_get_root(pdf->q);
	clean_catalog(pdf, root);
	if (qpdf_push_inherited_attributes_to_page(pdf->q) >= QPDF_ERRORS ||
	    (n = qpdf_get_num_pages(pdf->q)) < 1)
		return CANDOR_EBADMSG;
	for (int i = 0; i < n && pdf->error == 0; i++) {
		qpdf_oh page = qpdf_get_page_n(pdf->q, (size_t)i);

		clean_page(pdf, page);
		qpdf_oh_release(pdf->q, page);
	}
	push(pdf, root, PLAIN);
	walk(pdf);
	return pdf->error < 0 ? pdf->error : write_out(pdf, out);
}

/* What libqpdf has to say about a document is made of it, and belongs in no log. */
static void
silence(void)
{
	qpdflogger_handle log = qpdflogger_default_logger();

	qpdflogger_set_info(log, qpdf_log_dest_discard, NULL, NULL);
	qpdflogger_set_warn(log, qpdf_log_dest_discard, NULL, NULL);
	qpdflogger_set_error(log, qpdf_log_dest_discard, NULL, NULL);
	qpdflogger_cleanup(&log);
}

int
clean_pdf(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	struct pdf pdf = { .depth = depth, .why = why };
	int r = CANDOR_ENOMEM;

	*why = damaged;
	silence();
	pdf.pending = malloc(PENDING_MAX * sizeof(*pdf.pending));
	pdf.seen = calloc(1, OBJECTS_MAX / 8 + 1);
	if (pdf.pending != NULL && pdf.seen != NULL && (pdf.q = qpdf_init()) != NULL) {
		r = clean(&pdf, out, in, len);
		qpdf_cleanup(&pdf.q);
	}
	free(pdf.pending);
	free(pdf.seen);
	return r;
}
