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

#include "cleaner/icc.h"
#include "cleaner/pack.h"
#include "cleaner/xml.h"

#define INFLATED_MAX (256u << 20) /* of all streams together */
#define OBJECTS_MAX 500000
#define PENDING_MAX 1000000
#define PARENTS_MAX 16
#define KEY_MAX 128
#define LETTER 11.0      /* points: the size in which fields are drawn */
#define RECT_MAX 20000.0 /* points: larger than any page */

static const char damaged[] =
    "The PDF is damaged. Open it, print it to a new PDF, and attach that.";

/* What a dictionary is, from where it hangs. */
enum role {
	PLAIN,     /* loses what dropped[] names */
	RESOURCES, /* its dictionaries are NAMES */
	NAMES,     /* its keys are anybody's choice and mean nothing */
	PROFILE,   /* a stream of colours */
	CONTENT,   /* a stream of drawing, or an array of such */
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
	bool is_stale; /* the form says that its fields are to be drawn */
	int error;
	const char **why;
};

/* clang-format off */
static const char *const catalog_kept[] = {
	"/Type", "/Pages", "/PageLabels", "/Names", "/Dests", "/Outlines", "/OCProperties", NULL,
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

/* What a reader gets, and no more. */
static void
replace_unpacked(struct pdf *pdf, qpdf_oh stream)
{
	QPDF_BOOL decoded = 0;
	uint8_t *p = NULL;
	size_t len;

	if (qpdf_oh_get_stream_data(pdf->q, stream, qpdf_dl_generalized, &decoded, &p, &len) >=
		QPDF_ERRORS ||
	    !decoded)
		fail(pdf, CANDOR_EBADMSG, damaged);
	else
		replace_data(pdf, stream, p, len, NULL);
	free(p);
}

/* The filters of a stream: how many, how many compress, and the first one's and the last one's names. */
static int
filters_of(struct pdf *pdf, qpdf_oh dictionary, int *compress, char first[static KEY_MAX],
    char last[static KEY_MAX])
{
	qpdf_oh filter = qpdf_oh_get_key(pdf->q, dictionary, "/Filter");
	int n = 0;

	*first = *last = 0;
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
			if (i == 0)
				(void)memcpy(first, last, KEY_MAX);
			*compress += in_list(last, compressions);
			qpdf_oh_release(pdf->q, item);
		}
	}
	if (n == 1)
		(void)memcpy(first, last, KEY_MAX);
	qpdf_oh_release(pdf->q, filter);
	return n;
}

/*
 * What these bytes are under a filter, or under none; for free(). NULL when they are damaged or too much,
 * which is then noted.
 */
static uint8_t *
unpacked(struct pdf *pdf, const uint8_t *p, size_t len, const char *filter, size_t *out_len)
{
	qpdf_oh coat = qpdf_oh_new_stream(pdf->q);
	qpdf_oh name = qpdf_oh_new_name(pdf->q, filter), none = qpdf_oh_new_null(pdf->q);
	QPDF_BOOL decoded = 0;
	uint8_t *out = NULL;

	if (strncmp(filter, "/Fl", 3) == 0)
		(void)measure(pdf, p, len);
	qpdf_oh_replace_stream_data(pdf->q, coat, p, len, name, none);
	if (pdf->error == 0 && (qpdf_oh_get_stream_data(pdf->q, coat, qpdf_dl_generalized, &decoded,
				    &out, out_len) >= QPDF_ERRORS ||
				   !decoded)) {
		free(out);
		out = NULL;
		fail(pdf, CANDOR_EBADMSG, damaged);
	}
	qpdf_oh_release(pdf->q, none);
	qpdf_oh_release(pdf->q, name);
	qpdf_oh_release(pdf->q, coat);
	return out;
}

static bool
is_blank(int c)
{
	return c == 0 || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' ';
}

/* The end of a string that begins at at. */
static size_t
string_end(const uint8_t *p, size_t len, size_t at)
{
	unsigned open = 0;

	for (; at < len; at++) {
		if (p[at] == '\\' && at + 1 < len)
			at++;
		else if (p[at] == '(')
			open++;
		else if (p[at] == ')' && --open == 0)
			return at + 1;
	}
	return len;
}

/* Behind the data of a picture that stands between "ID" and "EI" in the drawing. */
static size_t
picture_end(const uint8_t *p, size_t len, size_t at)
{
	for (; at + 3 <= len; at++)
		if (is_blank(p[at]) && p[at + 1] == 'E' && p[at + 2] == 'I' &&
		    (at + 3 == len || is_blank(p[at + 3])))
			return at + 3;
	return len;
}

/* A drawing without its comments. */
static bool
put_drawing(struct clean_out *out, const uint8_t *p, size_t len)
{
	size_t at = 0, from = 0;

	while (at < len) {
		if (p[at] == '(') {
			at = string_end(p, len, at);
		} else if (p[at] == 'I' && at + 2 < len && p[at + 1] == 'D' &&
			   is_blank(p[at + 2]) && (at == 0 || is_blank(p[at - 1]))) {
			at = picture_end(p, len, at + 2);
		} else if (p[at] == '%') {
			if (!clean_put(out, p + from, at - from))
				return false;
			while (at < len && p[at] != '\n' && p[at] != '\r')
				at++;
			from = at;
		} else {
			at++;
		}
	}
	return clean_put(out, p + from, len - from);
}

/* A stream whose bytes are to be looked at, and replaced. */
static void
rewrite_stream(struct pdf *pdf, qpdf_oh stream, enum role role)
{
	struct clean_out out = { 0 };
	QPDF_BOOL decoded = 0;
	uint8_t *p = NULL;
	size_t len = 0;
	int r = 0;

	if (qpdf_oh_get_stream_data(pdf->q, stream, qpdf_dl_generalized, &decoded, &p, &len) >=
		QPDF_ERRORS ||
	    !decoded) {
		/* As it is: readers may still make something of it. */
		free(p);
		return;
	}
	/* Of one that is none, readers go by its number of colours. */
	if (role == PROFILE)
		r = icc_strip(&out, p, len);
	else if (len == 0 || memchr(p, '%', len) == NULL)
		role = PLAIN;
	else if (!put_drawing(&out, p, len))
		r = clean_put_error(&out);
	if (r < 0 && r != CANDOR_EBADMSG)
		fail(pdf, r, damaged);
	else if (role != PLAIN)
		replace_data(pdf, stream, out.p, out.len, NULL);
	free(out.p);
	free(p);
}

static void
clean_picture_data(struct pdf *pdf, qpdf_oh stream, const char *filter, uint8_t *p, size_t len)
{
	bool jpeg = strcmp(filter, "/JPXDecode") != 0;
	struct clean_out cleaned = { 0 };
	const char *why = damaged;
	int r;

	if (jpeg)
		r = clean_jpeg(&cleaned, p, without_exif(p, len), pdf->depth + 1, &why);
	else
		r = clean_jp2(&cleaned, p, len, pdf->depth + 1, &why);
	if (r < 0)
		fail(pdf, r,
		    "A picture in the PDF is damaged. Print the PDF to a new one and "
		    "attach that.");
	else
		replace_data(pdf, stream, cleaned.p, cleaned.len, jpeg ? "/DCTDecode" : filter);
	free(cleaned.p);
}

static void
clean_stream(struct pdf *pdf, qpdf_oh stream, qpdf_oh dictionary, enum role role)
{
	static const char *const pictures[] = { "/DCTDecode", "/DCT", "/JPXDecode", NULL };
	char first[KEY_MAX], last[KEY_MAX], subtype[KEY_MAX];
	int compress, n = filters_of(pdf, dictionary, &compress, first, last);
	bool picture = in_list(last, pictures);
	QPDF_BOOL decoded = 0;
	uint8_t *p = NULL, *inner;
	size_t len = 0;

	if (n > 2 || compress > 1 || in_list(first, pictures) != (picture && n == 1) ||
	    strcmp(last, "/Crypt") == 0) {
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
	if (picture && n == 2) {
		/* In two coats: its outer one off first. */
		inner = unpacked(pdf, p, len, first, &len);
		free(p);
		p = inner;
	}
	if (strcmp(name_of(pdf, dictionary, "/Subtype", subtype), "/Form") == 0 ||
	    qpdf_oh_has_key(pdf->q, dictionary, "/PatternType"))
		role = CONTENT;
	if (picture && pdf->error == 0)
		clean_picture_data(pdf, stream, last, p, len);
	else if (n == 1 && strncmp(last, "/Fl", 3) == 0 && !measure(pdf, p, len))
		replace_unpacked(pdf, stream);
	if (!picture && (role == PROFILE || role == CONTENT) && pdf->error == 0)
		rewrite_stream(pdf, stream, role);
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
	if (strcmp(key, "/Contents") == 0)
		return CONTENT;
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

/* [/ICCBased stream] */
static bool
names_profile(struct pdf *pdf, qpdf_oh array, int n)
{
	qpdf_oh first;
	bool names;

	if (n != 2)
		return false;
	first = qpdf_oh_get_array_item(pdf->q, array, 0);
	names = qpdf_oh_is_name(pdf->q, first) &&
		strcmp(qpdf_oh_get_name(pdf->q, first), "/ICCBased") == 0;
	qpdf_oh_release(pdf->q, first);
	return names;
}

static void
walk(struct pdf *pdf)
{
	while (pdf->n_pending > 0 && pdf->error == 0) {
		struct pending next = pdf->pending[--pdf->n_pending];

		if (qpdf_oh_is_array(pdf->q, next.object)) {
			int n = qpdf_oh_get_array_n_items(pdf->q, next.object);

			if (names_profile(pdf, next.object, n))
				next.role = PROFILE;
			for (int i = 0; i < n && pdf->error == 0; i++)
				push(
				    pdf, qpdf_oh_get_array_item(pdf->q, next.object, i), next.role);
		} else if (qpdf_oh_is_stream(pdf->q, next.object)) {
			qpdf_oh dictionary = qpdf_oh_get_dict(pdf->q, next.object);

			visit_dictionary(pdf, dictionary, PLAIN);
			clean_stream(pdf, next.object, dictionary, next.role);
			qpdf_oh_release(pdf->q, dictionary);
		} else {
			visit_dictionary(pdf, next.object, next.role > NAMES ? PLAIN : next.role);
		}
		qpdf_oh_release(pdf->q, next.object);
	}
}

/* ---- pages and what lies on them ----------------------------------------------------------------- */

/* What a form field has, if only from its parents. */
static qpdf_oh
inherited(struct pdf *pdf, qpdf_oh widget, const char *key)
{
	qpdf_oh at = qpdf_oh_new_object(pdf->q, widget);
	qpdf_oh value = qpdf_oh_get_key_if_dict(pdf->q, at, key);

	for (int i = 0; i < PARENTS_MAX && qpdf_oh_is_null(pdf->q, value); i++) {
		qpdf_oh parent = qpdf_oh_get_key_if_dict(pdf->q, at, "/Parent");

		qpdf_oh_release(pdf->q, at);
		qpdf_oh_release(pdf->q, value);
		at = parent;
		value = qpdf_oh_get_key_if_dict(pdf->q, at, key);
	}
	qpdf_oh_release(pdf->q, at);
	return value;
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

/* ---- fields that a program has yet to draw ---- */

/* Width and height of an annotation. */
static bool
size_of(struct pdf *pdf, qpdf_oh annotation, double size[static 2])
{
	qpdf_oh rect = qpdf_oh_get_key(pdf->q, annotation, "/Rect");
	bool ok = qpdf_oh_is_array(pdf->q, rect) && qpdf_oh_get_array_n_items(pdf->q, rect) == 4;
	double corner[4] = { 0 };

	for (int i = 0; i < 4 && ok; i++) {
		qpdf_oh item = qpdf_oh_get_array_item(pdf->q, rect, i);

		ok = qpdf_oh_is_number(pdf->q, item);
		corner[i] = ok ? qpdf_oh_get_numeric_value(pdf->q, item) : 0;
		qpdf_oh_release(pdf->q, item);
	}
	qpdf_oh_release(pdf->q, rect);
	size[0] = corner[2] > corner[0] ? corner[2] - corner[0] : corner[0] - corner[2];
	size[1] = corner[3] > corner[1] ? corner[3] - corner[1] : corner[1] - corner[3];
	return ok && size[0] < RECT_MAX && size[1] < RECT_MAX;
}

/* The text of a field in lines, for a font in Latin 1. False when it holds other letters. */
static bool
put_value(struct pdf *pdf, qpdf_oh value, struct clean_out *text)
{
	bool ok = true;

	if (qpdf_oh_is_array(pdf->q, value)) {
		int n = qpdf_oh_get_array_n_items(pdf->q, value);

		for (int i = 0; i < n && ok; i++) {
			qpdf_oh item = qpdf_oh_get_array_item(pdf->q, value, i);

			ok = !qpdf_oh_is_array(pdf->q, item) && put_value(pdf, item, text);
			qpdf_oh_release(pdf->q, item);
		}
	} else if (qpdf_oh_is_string(pdf->q, value)) {
		const uint8_t *p = (const uint8_t *)qpdf_oh_get_utf8_value(pdf->q, value);

		for (; *p != 0 && ok; p++) {
			uint8_t c = *p;

			if (c >= 0x80) {
				/* 0xa0 to 0xff, in two bytes. */
				ok = (c == 0xc2 && p[1] >= 0xa0) || c == 0xc3;
				c = ok ? (uint8_t)((c & 3u) << 6 | (*++p & 0x3fu)) : c;
			}
			if (c == '\r' && p[1] == '\n')
				p++;
			c = c == '\r' ? '\n' : c < ' ' && c != '\n' ? ' ' : c;
			ok = ok && clean_put(text, &c, 1);
		}
		ok = ok && clean_put(text, "\n", 1);
	}
	return ok;
}

/* One line as a string of PDF, and down to the next. */
static bool
put_line(struct clean_out *drawing, const uint8_t *p, size_t len)
{
	bool ok = clean_put(drawing, "(", 1);

	for (size_t i = 0; i < len && ok; i++) {
		if (p[i] == '(' || p[i] == ')' || p[i] == '\\')
			ok = clean_put(drawing, "\\", 1);
		ok = ok && clean_put(drawing, p + i, 1);
	}
	return ok && clean_put(drawing, ")Tj T*\n", 7);
}

/* The lines of text, those that are too long broken between words. */
static bool
put_lines(struct clean_out *drawing, const uint8_t *p, size_t len, size_t columns)
{
	bool ok = true;

	while (len > 0 && ok) {
		const uint8_t *end = memchr(p, '\n', len);
		size_t n = end == NULL ? len : (size_t)(end - p), skip = 1;

		if (n > columns) {
			end = memrchr(p, ' ', columns);
			skip = end != NULL;
			n = end == NULL ? columns : (size_t)(end - p);
		}
		ok = put_line(drawing, p, n);
		n += skip;
		p += n < len ? n : len;
		len -= n < len ? n : len;
	}
	return ok;
}

static void
set_parsed(struct pdf *pdf, qpdf_oh dictionary, const char *key, const char *text)
{
	qpdf_oh value = qpdf_oh_parse(pdf->q, text);

	qpdf_oh_replace_key(pdf->q, dictionary, key, value);
	qpdf_oh_release(pdf->q, value);
}

/* Draw what stands in a field, in a plain font. False when it cannot be. */
static bool
draw_field(struct pdf *pdf, qpdf_oh widget, const struct clean_out *text)
{
	static const char *const about[][2] = {
		{ "/Subtype", "/Form" },
		{ "/Resources",
		    "<< /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica "
		    "/Encoding /WinAnsiEncoding >> >> >>" },
	};
	struct clean_out drawing = { 0 };
	double size[2], letter;
	char head[512];
	size_t columns, lines = 0;
	qpdf_oh stream, dictionary, none, ap;
	bool ok;

	if (!size_of(pdf, widget, size))
		return false;
	for (size_t i = 0; i < text->len; i++)
		lines += text->p[i] == '\n';
	/* A line in a low field fills it; in a high one, where there may be more, it is as in a book. */
	letter = lines <= 1 && size[1] < 2 * LETTER ? size[1] * 0.7 : LETTER;
	letter = letter > LETTER ? LETTER : letter < 1 ? 1 : letter;
	columns = (size_t)(size[0] / (letter / 2)) + 1;
	(void)snprintf(head, sizeof(head), "q 0 g BT /F %.2f Tf %.2f TL 2 %.2f Td\n", letter,
	    letter * 1.2, size[1] < 2 * LETTER ? (size[1] - letter * 0.7) / 2 : size[1] - letter);
	ok = clean_put(&drawing, head, strlen(head)) &&
	     put_lines(&drawing, text->p, text->len,
		 lines <= 1 && size[1] < 2 * LETTER ? SIZE_MAX : columns) &&
	     clean_put(&drawing, "ET Q\n", 5);
	if (ok) {
		stream = qpdf_oh_new_stream(pdf->q);
		none = qpdf_oh_new_null(pdf->q);
		dictionary = qpdf_oh_get_dict(pdf->q, stream);
		qpdf_oh_replace_stream_data(pdf->q, stream, drawing.p, drawing.len, none, none);
		for (size_t i = 0; i < NELEM(about); i++)
			set_parsed(pdf, dictionary, about[i][0], about[i][1]);
		(void)snprintf(head, sizeof(head), "[ 0 0 %.2f %.2f ]", size[0], size[1]);
		set_parsed(pdf, dictionary, "/BBox", head);
		ap = qpdf_oh_new_dictionary(pdf->q);
		qpdf_oh_replace_key(pdf->q, ap, "/N", stream);
		qpdf_oh_replace_key(pdf->q, widget, "/AP", ap);
		qpdf_oh_release(pdf->q, ap);
		qpdf_oh_release(pdf->q, dictionary);
		qpdf_oh_release(pdf->q, none);
		qpdf_oh_release(pdf->q, stream);
	}
	free(drawing.p);
	return ok;
}

/* Whether a field shows what stands in it: as it was drawn, or as it is drawn here. */
static bool
field_shows(struct pdf *pdf, qpdf_oh widget, bool shows)
{
	struct clean_out text = { 0 };
	bool drawable;
	qpdf_oh value;

	if (shows && !pdf->is_stale)
		return true;
	value = inherited(pdf, widget, "/V");
	drawable = put_value(pdf, value, &text);
	if (drawable && text.len > 1)
		drawable = shows = draw_field(pdf, widget, &text);
	/* An old drawing is better than none. */
	if (!drawable && !shows)
		fail(pdf, CANDOR_EBADMSG,
		    "The PDF is a form that a program has yet to "
		    "draw. Open it, print it to a new PDF, and "
		    "attach that.");
	qpdf_oh_release(pdf->q, value);
	free(text.p);
	return shows;
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
		qpdf_oh stamp, kind = inherited(pdf, annotation, "/FT");

		(void)snprintf(type, sizeof(type), "%s",
		    qpdf_oh_is_name(pdf->q, kind) ? qpdf_oh_get_name(pdf->q, kind) : "");
		qpdf_oh_release(pdf->q, kind);
		if (strcmp(type, "/Tx") == 0 || strcmp(type, "/Ch") == 0)
			shows = field_shows(pdf, annotation, shows);
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
	fresh = qpdf_oh_get_key_if_dict(pdf->q, form, "/NeedAppearances");
	pdf->is_stale = qpdf_oh_is_bool(pdf->q, fresh) && qpdf_oh_get_bool_value(pdf->q, fresh);
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
	qpdf_set_preserve_encryption(pdf->q, 0);
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
	/* One that opens without a password is written anew without protection. */
	if (read >= QPDF_ERRORS && qpdf_has_error(pdf->q) &&
	    qpdf_get_error_code(pdf->q, qpdf_get_error(pdf->q)) == qpdf_e_password) {
		*pdf->why =
		    "The PDF is protected with a password. Open it, print it to a new PDF, and "
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
