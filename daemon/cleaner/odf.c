/* SPDX-License-Identifier: ISC */
/*
 * OpenDocument: text documents, spreadsheets, presentations, drawings (OASIS ODF 1.3). The content and the
 * styles are written anew with the pictures and charts that they name; nothing else of the archive is.
 * Tracked changes come out accepted, comments and fields that name people or files are gone. Runs in the
 * cleaner.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleaner/pack.h"
#include "cleaner/picture.h"
#include "cleaner/xml.h"

#define MIMETYPE "application/vnd.oasis.opendocument."
#define OBJECTS_MAX 256

static const char encrypted[] =
    "The document is protected with a password. Save it without one, or "
    "print it to a PDF.";

struct odf {
	struct pack pack;
	struct pack_writer w;
	struct clean_out manifest;
	unsigned depth, n_pictures, n_objects;
	const char *folder;            /* of the document in hand: "" or "Object 1/" */
	char objects[OBJECTS_MAX][64]; /* as the archive calls them */
	int error;
	const char **why;
};

/* clang-format off */
/* Who, when, where from, and what would run: gone wherever it stands. */
static const char *const dropped[] = {
	"meta", "scripts", "script", "settings", "tracked-changes", "change", "change-start", "change-end",
	"annotation", "annotation-end", "event-listeners", "event-listener", "forms", "control",
	"change-info", "dde-source", "dde-links", "dde-connection", "dde-connection-decls", "table-source",
	"section-source", "cell-range-source", "object-ole", "applet", "plugin", "floating-frame",
	"alphabetical-index-auto-mark-file", "author-name", "author-initials", "initial-creator", "creator",
	"printed-by", "print-date", "print-time", "creation-date", "creation-time", "modification-date",
	"modification-time", "editing-cycles", "editing-duration", "file-name", "template-name",
	"user-defined", "sender-firstname", "sender-lastname", "sender-initials", "sender-title",
	"sender-position", "sender-email", "sender-phone-private", "sender-fax", "sender-company",
	"sender-phone-work", "sender-street", "sender-city", "sender-postal-code", "sender-country",
	"sender-state-or-province", "database-name", "database-ranges-source", "scenario", "meta-field",
	"title", "desc", "date-string", "font-face-src", "binary-data", NULL,
};
/* What such a name means elsewhere: the title of a chart (text:title is a field, svg:title what a picture
 * is called), the source of a formula. */
static const struct {
	const char *space, *name;
} kept[] = {
	{ ":chart:", "title" },
	{ "Math/MathML", "annotation" },
};
/* clang-format on */

static bool
in_space(const xmlNs *ns, const char *part)
{
	return strstr(xml_space(ns), part) != NULL;
}

/* Clean one picture; *href is where it went, or "" when there is none. */
static void
add_picture(struct odf *odf, const char *name, char href[static 64])
{
	const struct pack_member *m = pack_find(&odf->pack, name);
	const struct clean_format *format;
	struct clean_out cleaned = { 0 };
	char line[256];
	uint8_t *p = NULL;
	size_t len;
	int r = 0;

	*href = 0;
	if (m == NULL || odf->error < 0)
		return;
	if ((r = pack_read(&odf->pack, m, &p, &len, odf->why)) < 0)
		goto out;
	if ((r = picture_clean_inner(&cleaned, &format, p, len, odf->depth + 1, odf->why)) < 0)
		goto out;
	(void)snprintf(href, 64, "Pictures/image%u%s", ++odf->n_pictures, format->extension);
	(void)snprintf(line, sizeof(line),
	    " <manifest:file-entry manifest:full-path=\"%s\" manifest:media-type=\"%s\"/>\n", href,
	    format->type);
	if ((r = pack_add(&odf->w, href, cleaned.p, cleaned.len, false)) == 0 &&
	    !clean_put(&odf->manifest, line, strlen(line)))
		r = CANDOR_ENOMEM;
out:
	free(cleaned.p);
	free(p);
	if (odf->error == 0)
		odf->error = r;
}

/* The number under which the chart or formula of this name is written; 0 when there is none. */
static unsigned
object_number(struct odf *odf, const char *name)
{
	char content[PACK_NAME_MAX];
	unsigned i;

	for (i = 0; i < odf->n_objects; i++)
		if (strcmp(odf->objects[i], name) == 0)
			return i + 1;
	(void)snprintf(content, sizeof(content), "%s/content.xml", name);
	if (i == OBJECTS_MAX || strlen(name) >= sizeof(odf->objects[i]) ||
	    pack_find(&odf->pack, content) == NULL)
		return 0;
	(void)strcpy(odf->objects[i], name);
	return ++odf->n_objects;
}

/* What an element refers to: kept when it is inside, and written under a number. */
static enum xml_fate
follow(struct odf *odf, xmlNodePtr element, xmlAttrPtr a)
{
	const char *value = xml_value(a);
	char href[64] = "";
	unsigned number;

	if (*value == '#')
		return XML_KEEP;
	if (xml_name_is(element->name, "a"))
		return xml_is_web_address(value) ? XML_KEEP : XML_UNWRAP;
	if (strncmp(value, "./", 2) == 0)
		value += 2;
	if (xml_name_is(element->name, "object")) {
		if (*odf->folder != 0 || (number = object_number(odf, value)) == 0)
			return XML_DROP;
		(void)snprintf(href, sizeof(href), "./Object %u", number);
	} else {
		char name[PACK_NAME_MAX];

		/* Replacements of objects lie with the document, whoever names them. */
		(void)snprintf(name, sizeof(name), "%s%s",
		    strncmp(value, "ObjectReplacements/", 19) == 0 ? "" : odf->folder, value);
		add_picture(odf, name, href);
	}
	if (*href == 0)
		return XML_DROP;
	/* Objects lie a folder deeper than the pictures do. */
	if (*odf->folder != 0) {
		memmove(href + 3, href, strlen(href) + 1);
		memcpy(href, "../", 3);
	}
	xmlSetNsProp(element, a->ns, a->name, (const xmlChar *)href);
	return XML_KEEP;
}

static enum xml_fate
visit(xmlNodePtr element, void *context)
{
	struct odf *odf = context;
	enum xml_fate fate = XML_KEEP;

	if (in_space(element->ns, "purl.org/dc/") || in_space(element->ns, ":script:") ||
	    in_space(element->ns, ":meta:") || in_space(element->ns, ":form:"))
		return XML_DROP;
	if (xml_name_in(element->name, dropped)) {
		bool stays = false;

		for (size_t i = 0; i < NELEM(kept); i++)
			stays |= xml_name_is(element->name, kept[i].name) &&
				 in_space(element->ns, kept[i].space);
		if (!stays)
			return XML_DROP;
	}
	for (xmlAttrPtr a = element->properties, next; a != NULL && fate == XML_KEEP; a = next) {
		const char *name = (const char *)a->name, *value = xml_value(a);
		size_t len = strlen(name);

		next = a->next;
		if (in_space(a->ns, "xlink") && strcmp(name, "href") == 0)
			fate = follow(odf, element, a);
		else if ((len >= 4 && strcmp(name + len - 4, "rsid") == 0) ||
			 (strcmp(name, "formula") == 0 &&
			     (strstr(value, "file:") != NULL || strstr(value, "://") != NULL)) ||
			 (strcmp(name, "name") == 0 && in_space(element->ns, ":drawing:") &&
			     !xml_name_is(element->name, "page") && in_space(a->ns, ":drawing:") &&
			     xml_name_in(element->name,
				 (const char *const[]){ "frame", "custom-shape", "g", "line",
				     "rect", "ellipse", "path", "connector", NULL })) ||
			 (in_space(a->ns, "xlink") && strcmp(name, "title") == 0) ||
			 in_space(a->ns, "purl.org/dc/") || in_space(a->ns, ":meta:"))
			xmlRemoveProp(a);
	}
	return fate;
}

/* Rewrite one XML file of the document. One that is not there is not missed, but the content. */
static int
add_xml(struct odf *odf, const char *in_name, const char *out_name, bool needed)
{
	const struct pack_member *m = pack_find(&odf->pack, in_name);
	struct clean_out cleaned = { 0 };
	xmlDocPtr doc = NULL;
	uint8_t *p = NULL;
	char line[256];
	size_t len;
	int r;

	if (m == NULL) {
		*odf->why = "The document is damaged. Print it to a PDF and attach that.";
		return needed ? CANDOR_EBADMSG : 0;
	}
	if ((r = pack_read(&odf->pack, m, &p, &len, odf->why)) < 0)
		return r;
	r = xml_parse(&doc, p, len, odf->why);
	free(p);
	if (r < 0)
		return r;
	xml_walk(doc, visit, odf);
	(void)snprintf(line, sizeof(line),
	    " <manifest:file-entry manifest:full-path=\"%s\" manifest:media-type=\"text/xml\"/>\n",
	    out_name);
	if ((r = odf->error) == 0 && (r = xml_write(&cleaned, doc)) == 0 &&
	    (r = pack_add(&odf->w, out_name, cleaned.p, cleaned.len, false)) == 0 &&
	    !clean_put(&odf->manifest, line, strlen(line)))
		r = CANDOR_ENOMEM;
	free(cleaned.p);
	xmlFreeDoc(doc);
	return r;
}

/* Charts and formulas: documents in folders of their own. */
static int
add_object(struct odf *odf, unsigned number)
{
	static const char *const files[] = { "content.xml", "styles.xml" };
	char folder[80], line[256], in_name[PACK_NAME_MAX], out_name[64];
	int r = 0;

	(void)snprintf(folder, sizeof(folder), "%s/", odf->objects[number - 1]);
	odf->folder = folder;
	for (unsigned i = 0; i < NELEM(files) && r == 0; i++) {
		(void)snprintf(in_name, sizeof(in_name), "%s%s", folder, files[i]);
		(void)snprintf(out_name, sizeof(out_name), "Object %u/%s", number, files[i]);
		r = add_xml(odf, in_name, out_name, i == 0);
	}
	odf->folder = "";
	(void)snprintf(line, sizeof(line),
	    " <manifest:file-entry manifest:full-path=\"Object %u/\" "
	    "manifest:media-type=\"" MIMETYPE "chart\"/>\n",
	    number);
	if (r == 0 && !clean_put(&odf->manifest, line, strlen(line)))
		r = CANDOR_ENOMEM;
	return r;
}

/* The archive's first file says what it is: one of a few words after MIMETYPE. */
static int
read_type(struct odf *odf, const char **type)
{
	/* clang-format off */
	static const char *const types[] = {
		"text", "spreadsheet", "presentation", "graphics", "chart", "formula", "text-template",
		"spreadsheet-template", "presentation-template", "graphics-template", "text-master",
	};
	/* clang-format on */
	const struct pack_member *m = pack_find(&odf->pack, "mimetype");
	uint8_t *p = NULL;
	size_t len;
	int r;

	*odf->why =
	    "This kind of OpenDocument cannot be cleaned. Print it to a PDF and attach that.";
	if (m == NULL || m->size > 100)
		return CANDOR_EBADMSG;
	if ((r = pack_read(&odf->pack, m, &p, &len, odf->why)) < 0)
		return r;
	r = CANDOR_EBADMSG;
	for (size_t i = 0; i < NELEM(types); i++)
		if (strncmp((char *)p, MIMETYPE, strlen(MIMETYPE)) == 0 &&
		    strcmp((char *)p + strlen(MIMETYPE), types[i]) == 0) {
			*type = types[i];
			r = 0;
		}
	free(p);
	return r;
}

static int
refuse_encrypted(struct odf *odf)
{
	const struct pack_member *m = pack_find(&odf->pack, "META-INF/manifest.xml");
	uint8_t *p = NULL;
	size_t len;
	int r;

	if (m == NULL)
		return 0;
	if ((r = pack_read(&odf->pack, m, &p, &len, odf->why)) < 0)
		return r;
	if (memmem(p, len, "encryption-data", 15) != NULL) {
		*odf->why = encrypted;
		r = CANDOR_EBADMSG;
	}
	free(p);
	return r;
}

static int
add_manifest(struct odf *odf, const char *type)
{
	static const char head[] =
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<manifest:manifest "
	    "xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\" "
	    "manifest:version=\"1.2\">\n"
	    " <manifest:file-entry manifest:full-path=\"/\" manifest:media-type=\"" MIMETYPE;
	static const char foot[] = "</manifest:manifest>\n";
	struct clean_out all = { 0 };
	int r = CANDOR_ENOMEM;

	if (clean_put(&all, head, strlen(head)) && clean_put(&all, type, strlen(type)) &&
	    clean_put(&all, "\"/>\n", 4) && clean_put(&all, odf->manifest.p, odf->manifest.len) &&
	    clean_put(&all, foot, strlen(foot)))
		r = pack_add(&odf->w, "META-INF/manifest.xml", all.p, all.len, false);
	free(all.p);
	return r;
}

int
clean_odf(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	struct odf *odf = calloc(1, sizeof(*odf));
	const char *type = NULL;
	char mimetype[100];
	int r;

	if (odf == NULL)
		return CANDOR_ENOMEM;
	odf->w.out = out;
	odf->depth = depth;
	odf->folder = "";
	odf->why = why;
	if ((r = pack_open(&odf->pack, in, len, why)) < 0)
		goto out;
	if ((r = read_type(odf, &type)) == 0 && (r = refuse_encrypted(odf)) == 0) {
		(void)snprintf(mimetype, sizeof(mimetype), MIMETYPE "%s", type);
		r = pack_add(&odf->w, "mimetype", mimetype, strlen(mimetype), true);
	}
	if (r == 0 && (r = add_xml(odf, "content.xml", "content.xml", true)) == 0)
		r = add_xml(odf, "styles.xml", "styles.xml", false);
	for (unsigned i = 1; i <= odf->n_objects && r == 0; i++)
		r = add_object(odf, i);
	if (r == 0)
		r = add_manifest(odf, type);
	r = pack_finish(&odf->w, r);
	pack_close(&odf->pack);
out:
	free(odf->manifest.p);
	free(odf);
	return r;
}
