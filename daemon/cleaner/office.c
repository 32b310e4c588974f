/* SPDX-License-Identifier: ISC */
/*
 * Office Open XML: DOCX, XLSX, PPTX (ECMA-376). Starts at the main part, follows only the relationships
 * that text, cells, slides and pictures need, and writes what it finds there into a new package, under
 * names and numbers of its own. Properties, comments, custom data, macros, embedded objects, printer
 * settings and links to files are thereby left behind; what the parts themselves tell is taken out of
 * their XML. Tracked changes come out accepted. Runs in the cleaner.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleaner/pack.h"
#include "cleaner/picture.h"
#include "cleaner/xml.h"

#define PARTS_MAX 2048
#define LINKS_MAX 4096 /* of one part */
#define NAME_MAX_BYTES 80
#define FIELDS_MAX 16 /* fields in fields */

#define TRANSITIONAL "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define STRICT "http://purl.oclc.org/ooxml/officeDocument/relationships"
#define RELATIONSHIPS "http://schemas.openxmlformats.org/package/2006/relationships"
#define TYPES "http://schemas.openxmlformats.org/package/2006/content-types"
#define WORD "application/vnd.openxmlformats-officedocument.wordprocessingml."
#define SHEET "application/vnd.openxmlformats-officedocument.spreadsheetml."
#define SLIDES "application/vnd.openxmlformats-officedocument.presentationml."
#define DRAW "application/vnd.openxmlformats-officedocument."

static const char damaged[] =
    "The document is damaged, or not of the kind that its name says. Open it "
    "in its program, print it to a PDF, and attach that.";

/* clang-format off */
/* All that settings may say: how the text is laid out. */
static const char *const settings_kept[] = {
	"mirrorMargins", "alignBordersAndEdges", "bordersDoNotSurroundHeader", "bordersDoNotSurroundFooter",
	"gutterAtTop", "displayBackgroundShape", "autoHyphenation", "consecutiveHyphenLimit",
	"hyphenationZone", "doNotHyphenateCaps", "evenAndOddHeaders", "bookFoldPrinting",
	"bookFoldRevPrinting", "defaultTabStop", "characterSpacingControl", "noLineBreaksAfter",
	"noLineBreaksBefore", "footnotePr", "endnotePr", "compat", "mathPr", "clrSchemeMapping",
	"decimalSymbol", "listSeparator", NULL,
};
static const char *const workbook_kept[] = {
	"workbookPr", "bookViews", "sheets", "definedNames", "calcPr", NULL,
};
static const char *const presentation_kept[] = {
	"sldMasterIdLst", "notesMasterIdLst", "sldIdLst", "sldSz", "notesSz", "defaultTextStyle", NULL,
};

/* The parts that are followed. In which documents: w, x, p, or * for all. */
static const struct kind {
	char in;
	const char *relationship; /* after TRANSITIONAL or STRICT */
	const char *name;	  /* of the part, in the document's folder; # is a number */
	const char *type;
	const char *const *kept;  /* below its root; NULL: all */
} kinds[] = {
	{ 'w', "officeDocument", "document",                WORD "document.main+xml", NULL },
	{ 'x', "officeDocument", "workbook",                SHEET "sheet.main+xml", workbook_kept },
	{ 'p', "officeDocument", "presentation",            SLIDES "presentation.main+xml", presentation_kept },
	{ 'w', "styles",         "styles",                  WORD "styles+xml", NULL },
	{ 'w', "settings",       "settings",                WORD "settings+xml", settings_kept },
	{ 'w', "fontTable",      "fontTable",               WORD "fontTable+xml", NULL },
	{ 'w', "numbering",      "numbering",               WORD "numbering+xml", NULL },
	{ 'w', "footnotes",      "footnotes",               WORD "footnotes+xml", NULL },
	{ 'w', "endnotes",       "endnotes",                WORD "endnotes+xml", NULL },
	{ 'w', "header",         "header#",                 WORD "header+xml", NULL },
	{ 'w', "footer",         "footer#",                 WORD "footer+xml", NULL },
	{ 'x', "styles",         "styles",                  SHEET "styles+xml", NULL },
	{ 'x', "sharedStrings",  "sharedStrings",           SHEET "sharedStrings+xml", NULL },
	{ 'x', "worksheet",      "worksheets/sheet#",       SHEET "worksheet+xml", NULL },
	{ 'x', "chartsheet",     "chartsheets/sheet#",      SHEET "chartsheet+xml", NULL },
	{ 'x', "table",          "tables/table#",           SHEET "table+xml", NULL },
	{ 'p', "slide",          "slides/slide#",           SLIDES "slide+xml", NULL },
	{ 'p', "slideLayout",    "slideLayouts/slideLayout#", SLIDES "slideLayout+xml", NULL },
	{ 'p', "slideMaster",    "slideMasters/slideMaster#", SLIDES "slideMaster+xml", NULL },
	{ 'p', "notesSlide",     "notesSlides/notesSlide#", SLIDES "notesSlide+xml", NULL },
	{ 'p', "notesMaster",    "notesMasters/notesMaster#", SLIDES "notesMaster+xml", NULL },
	{ 'p', "tableStyles",    "tableStyles",             SLIDES "tableStyles+xml", NULL },
	{ '*', "theme",          "theme/theme#",            DRAW "theme+xml", NULL },
	{ '*', "themeOverride",  "theme/themeOverride#",    DRAW "themeOverride+xml", NULL },
	{ '*', "drawing",        "drawings/drawing#",       DRAW "drawing+xml", NULL },
	{ '*', "chart",          "charts/chart#",           DRAW "drawingml.chart+xml", NULL },
	{ '*', "chartUserShapes", "drawings/shapes#",       DRAW "drawingml.chartshapes+xml", NULL },
	{ '*', "diagramData",    "diagrams/data#",          DRAW "drawingml.diagramData+xml", NULL },
	{ '*', "diagramLayout",  "diagrams/layout#",        DRAW "drawingml.diagramLayout+xml", NULL },
	{ '*', "diagramQuickStyle", "diagrams/quickStyle#", DRAW "drawingml.diagramStyle+xml", NULL },
	{ '*', "diagramColors",  "diagrams/colors#",        DRAW "drawingml.diagramColors+xml", NULL },
	{ '*', "image",          "media/image#",            NULL, NULL },
};

/* Elements that go, by a part of their namespace; "" is any. */
static const struct rule {
	const char *space, *name;
	enum xml_fate fate;
} rules[] = {
	/* Tracked changes, accepted. */
	{ "wordprocessingml", "ins",                XML_UNWRAP },
	{ "wordprocessingml", "moveTo",             XML_UNWRAP },
	{ "wordprocessingml", "del",                XML_DROP },
	{ "wordprocessingml", "moveFrom",           XML_DROP },
	{ "wordprocessingml", "delText",            XML_DROP },
	{ "wordprocessingml", "delInstrText",       XML_DROP },
	{ "wordprocessingml", "moveFromRangeStart", XML_DROP },
	{ "wordprocessingml", "moveFromRangeEnd",   XML_DROP },
	{ "wordprocessingml", "moveToRangeStart",   XML_DROP },
	{ "wordprocessingml", "moveToRangeEnd",     XML_DROP },
	{ "wordprocessingml", "cellIns",            XML_DROP },
	{ "wordprocessingml", "cellDel",            XML_DROP },
	{ "wordprocessingml", "cellMerge",          XML_DROP },
	{ "wordprocessingml", "numberingChange",    XML_DROP },
	/* Comments, permissions, marks of proofing. */
	{ "wordprocessingml", "commentRangeStart",  XML_DROP },
	{ "wordprocessingml", "commentRangeEnd",    XML_DROP },
	{ "wordprocessingml", "commentReference",   XML_DROP },
	{ "wordprocessingml", "annotationRef",      XML_DROP },
	{ "wordprocessingml", "permStart",          XML_DROP },
	{ "wordprocessingml", "permEnd",            XML_DROP },
	{ "wordprocessingml", "proofErr",           XML_DROP },
	/* Where data comes from; numbers that link documents. */
	{ "wordprocessingml", "smartTag",           XML_UNWRAP },
	{ "wordprocessingml", "smartTagPr",         XML_DROP },
	{ "wordprocessingml", "customXml",          XML_UNWRAP },
	{ "wordprocessingml", "customXmlPr",        XML_DROP },
	{ "wordprocessingml", "dataBinding",        XML_DROP },
	{ "wordprocessingml", "alias",              XML_DROP },
	{ "wordprocessingml", "tag",                XML_DROP },
	{ "wordprocessingml", "altChunk",           XML_DROP },
	{ "wordprocessingml", "subDoc",             XML_DROP },
	{ "wordprocessingml", "rsid",               XML_DROP },
	{ "wordprocessingml", "nsid",               XML_DROP },
	{ "wordprocessingml", "tmpl",               XML_DROP },
	{ "wordprocessingml", "fldData",            XML_DROP },
	{ "wordprocessingml", "control",            XML_DROP },
	{ "microsoft",        "dataBinding",        XML_DROP },
	{ "office:office",    "OLEObject",          XML_DROP },
	{ "spreadsheetml",    "customSheetViews",   XML_DROP },
	{ "spreadsheetml",    "legacyDrawing",      XML_DROP },
	{ "spreadsheetml",    "legacyDrawingHF",    XML_DROP },
	{ "spreadsheetml",    "oleObjects",         XML_DROP },
	{ "spreadsheetml",    "controls",           XML_DROP },
	{ "spreadsheetml",    "customProperties",   XML_DROP },
	{ "spreadsheetml",    "scenarios",          XML_DROP },
	{ "spreadsheetml",    "webPublishItems",    XML_DROP },
	{ "spreadsheetml",    "protectedRanges",    XML_DROP },
	{ "spreadsheetml",    "sheetProtection",    XML_DROP },
	{ "spreadsheetml",    "smartTags",          XML_DROP },
	{ "spreadsheetml",    "cellWatches",        XML_DROP },
	{ "presentationml",   "custDataLst",        XML_DROP },
	{ "presentationml",   "controls",           XML_DROP },
	{ "presentationml",   "snd",                XML_DROP },
	{ "drawingml",        "snd",                XML_DROP },
	{ "drawingml",        "externalData",       XML_DROP },
	{ "drawingml",        "hlinkMouseOver",     XML_DROP },
	{ "",                 "extLst",             XML_DROP },
};

/* Attributes that go, by a part of the namespace of their element. */
static const struct {
	const char *space, *name;
} attributes[] = {
	{ "wordprocessingml", "author" }, { "wordprocessingml", "date" }, { "wordprocessingml", "initials" },
	{ "drawingml", "descr" }, { "drawingml", "title" }, { "drawingml", "tooltip" },
	{ "spreadsheetml", "codeName" }, { "spreadsheetml", "filterPrivacy" },
	{ "spreadsheetml", "tableType" }, { "spreadsheetml", "queryTableFieldId" },
	{ "spreadsheetml", "connectionId" }, { "presentationml", "userDrawn" },
	{ "presentationml", "progId" }, { "presentationml", "descr" }, { "presentationml", "title" },
	{ "vml", "alt" }, { "vml", "title" }, { "vml", "href" }, { "vml", "src" }, { "vml", "gfxdata" },
};

/* Fields that print who wrote a document or where it lies, or that fetch something. */
static const char *const fields_dropped[] = {
	"AUTHOR", "COMMENTS", "CREATEDATE", "DATABASE", "DDE", "DDEAUTO", "DOCPROPERTY", "DOCVARIABLE",
	"EDITTIME", "FILENAME", "FILESIZE", "IMPORT", "INCLUDE", "INCLUDETEXT", "INFO", "KEYWORDS",
	"LASTSAVEDBY", "PRINTDATE", "REVNUM", "SAVEDATE", "SUBJECT", "TEMPLATE", "TITLE", "USERADDRESS",
	"USERINITIALS", "USERNAME", NULL,
};
/* Fields whose result stays, and whose instruction does not: it names a file. */
static const char *const fields_emptied[] = {
	"EMBED", "HYPERLINK", "INCLUDEPICTURE", "LINK", NULL,
};
/* clang-format on */

/* Where a relationship leads: to a part, or to the web. */
struct link {
	char *id;  /* as the part calls it; is written as its place here */
	char *web; /* or NULL */
	size_t part;
};

struct part {
	const struct kind *kind;
	char *in;                  /* as the package calls it */
	char name[NAME_MAX_BYTES]; /* as the new one does, without a leading slash */
	const char *type;
	struct clean_out xml; /* or picture */
	struct link *links;
	size_t n_links;
};

struct office {
	struct pack pack;
	char in; /* w, x, p */
	const char *prefix;
	struct part parts[PARTS_MAX];
	size_t n_parts;
	unsigned numbers[NELEM(kinds)], depth;
	const char **why;

	/* of the part in hand */
	struct part *part;
	struct {
		char instruction[32];
		bool shown, dropped;
	} fields[FIELDS_MAX];
	unsigned n_fields;
	int error;
};

static bool
in_space(const xmlNs *ns, const char *part)
{
	return strstr(xml_space(ns), part) != NULL;
}

static bool
is_word(xmlNodePtr element, const char *name)
{
	return in_space(element->ns, "wordprocessingml") && xml_name_is(element->name, name);
}

static xmlNodePtr
child_named(xmlNodePtr element, const char *name)
{
	for (xmlNodePtr c = element->children; c != NULL; c = c->next)
		if (c->type == XML_ELEMENT_NODE && xml_name_is(c->name, name))
			return c;
	return NULL;
}

/* ---- fields of text documents -------------------------------------------------------------------- */

/* The first word of a field's instruction, in capitals. */
static void
field_word(const char *instruction, char word[static 32])
{
	size_t n = 0;

	instruction += strspn(instruction, " \t\r\n");
	for (; n < 31 && instruction[n] != 0 && strchr(" \t\r\n\\\"", instruction[n]) == NULL; n++)
		word[n] = instruction[n] >= 'a' && instruction[n] <= 'z'
			      ? (char)(instruction[n] - 'a' + 'A')
			      : instruction[n];
	word[n] = 0;
}

static bool
is_emptied(const char *word, const char *instruction)
{
	const char *address = strchr(instruction, '"');

	if (strcmp(word, "HYPERLINK") == 0)
		return strstr(instruction, "\\l") == NULL &&
		       (address == NULL || !xml_is_web_address(address + 1));
	return xml_name_in((const xmlChar *)word, fields_emptied);
}

/* Text of a run that belongs to a field that goes. */
static bool
in_dropped_field(const struct office *office)
{
	for (unsigned i = 0; i < office->n_fields; i++)
		if (office->fields[i].dropped)
			return true;
	return false;
}

static enum xml_fate
visit_field(struct office *office, xmlNodePtr element)
{
	bool dropped = in_dropped_field(office);
	unsigned n = office->n_fields;

	if (is_word(element, "fldChar")) {
		xmlChar *type = xmlGetProp(element, (const xmlChar *)"fldCharType");

		if (type == NULL || xml_name_is(type, "begin")) {
			if (n == FIELDS_MAX)
				office->error = CANDOR_EBADMSG;
			else
				memset(&office->fields[office->n_fields++], 0,
				    sizeof(office->fields[0]));
		} else if (xml_name_is(type, "end") && n > 0) {
			office->n_fields--;
		} else if (n > 0) {
			office->fields[n - 1].shown = true;
		}
		xmlFree(type);
		return XML_KEEP;
	}
	if (is_word(element, "instrText") && n > 0 && !office->fields[n - 1].shown) {
		xmlChar *text = xmlNodeGetContent(element);
		char *instruction = office->fields[n - 1].instruction;

		if (text == NULL)
			return XML_DROP;
		if (*instruction == 0) {
			field_word((const char *)text, instruction);
			office->fields[n - 1].dropped =
			    xml_name_in((xmlChar *)instruction, fields_dropped);
		}
		if (office->fields[n - 1].dropped || is_emptied(instruction, (const char *)text))
			xmlNodeSetContent(element, (const xmlChar *)" ");
		xmlFree(text);
		return XML_KEEP;
	}
	return dropped && (is_word(element, "t") || is_word(element, "instrText")) ? XML_DROP
										   : XML_KEEP;
}

static enum xml_fate
visit_simple_field(xmlNodePtr element)
{
	xmlChar *text = xmlGetNsProp(element, (const xmlChar *)"instr", element->ns->href);
	enum xml_fate fate = XML_DROP;
	char word[32];

	if (text != NULL) {
		field_word((const char *)text, word);
		if (!xml_name_in((const xmlChar *)word, fields_dropped))
			fate = is_emptied(word, (const char *)text) ? XML_UNWRAP : XML_KEEP;
	}
	xmlFree(text);
	return fate;
}

/* ---- XML of the parts ---------------------------------------------------------------------------- */

/* A relationship by its id, or NULL. */
static const struct link *
link_of(const struct part *part, const char *id, size_t *at)
{
	for (*at = 0; *at < part->n_links; ++*at)
		if (part->links[*at].id != NULL && strcmp(part->links[*at].id, id) == 0)
			return &part->links[*at];
	return NULL;
}

/* An attribute that names a relationship: written as its number; false when nothing is there. */
static bool
renumber(struct office *office, xmlNodePtr element, xmlAttrPtr a)
{
	char id[32];
	size_t at;

	if (link_of(office->part, xml_value(a), &at) == NULL) {
		xmlRemoveProp(a);
		return false;
	}
	(void)snprintf(id, sizeof(id), "rId%zu", at + 1);
	xmlSetNsProp(element, a->ns, a->name, (const xmlChar *)id);
	return true;
}

/* What an element is without the part that it named. */
static enum xml_fate
without_part(xmlNodePtr element)
{
	static const char *const kept[] = { "pageSetup", "blip", "shape", "fill", "stroke",
		"relIds", "cNvPr", NULL };

	if (is_word(element, "hyperlink"))
		return XML_UNWRAP;
	return xml_name_in(element->name, kept) ? XML_KEEP : XML_DROP;
}

static enum xml_fate
visit_attributes(struct office *office, xmlNodePtr element)
{
	enum xml_fate fate = XML_KEEP;
	bool named = false, found = false;

	for (xmlAttrPtr a = element->properties, next; a != NULL; a = next) {
		const char *space = xml_space(a->ns), *name = (const char *)a->name;
		size_t len = strlen(space);
		bool gone = strncmp(name, "rsid", 4) == 0 || in_space(a->ns, "office:office");

		next = a->next;
		if (len > 14 && strcmp(space + len - 14, "/relationships") == 0) {
			if (strcmp(name, "href") == 0 || *xml_value(a) == 0) {
				/* An empty id is an action without an address. */
				xmlRemoveProp(a);
				continue;
			}
			named = true;
			found |= renumber(office, element, a);
			continue;
		}
		if (strstr(space, "schemas.microsoft.com") != NULL &&
		    strcmp(space, xml_space(element->ns)) != 0)
			gone = true;
		for (size_t i = 0; i < NELEM(attributes) && !gone; i++)
			gone = strcmp(name, attributes[i].name) == 0 &&
			       in_space(element->ns, attributes[i].space);
		if (gone)
			xmlRemoveProp(a);
		else if (strcmp(name, "name") == 0 &&
			 xml_name_in(element->name,
			     (const char *const[]){ "cNvPr", "cSld", "docPr", "theme", NULL }))
			xmlSetNsProp(element, a->ns, a->name, (const xmlChar *)"");
	}
	if (named && !found)
		fate = without_part(element);
	return fate;
}

static bool
has_suffix(const xmlChar *name, const char *suffix)
{
	size_t n = strlen((const char *)name), s = strlen(suffix);

	return n >= s && strcmp((const char *)name + n - s, suffix) == 0;
}

/* A row, cell or whole paragraph that a tracked change deleted. */
static bool
is_deleted(xmlNodePtr element)
{
	xmlNodePtr p = NULL;

	if (is_word(element, "tr"))
		return (p = child_named(element, "trPr")) != NULL && child_named(p, "del") != NULL;
	if (is_word(element, "tc"))
		return (p = child_named(element, "tcPr")) != NULL &&
		       child_named(p, "cellDel") != NULL;
	return false;
}

/*
 * An embedded object of a slide shows a picture, which takes its place; an object without one is gone
 * with its frame.
 */
static enum xml_fate
visit_frame(xmlNodePtr frame)
{
	xmlNodePtr graphic = child_named(frame, "graphic"), data, object;

	data = graphic == NULL ? NULL : child_named(graphic, "graphicData");
	if (data == NULL)
		return XML_KEEP;
	object = child_named(data, "AlternateContent");
	if (object != NULL && child_named(object, "Fallback") != NULL)
		object = child_named(object, "Fallback");
	object = child_named(object != NULL ? object : data, "oleObj");
	if (object == NULL)
		return XML_KEEP;
	if ((object = child_named(object, "pic")) != NULL) {
		xmlNodePtr moved = xmlAddNextSibling(frame, object);

		xmlReconciliateNs(frame->doc, moved);
	}
	return XML_DROP;
}

static enum xml_fate
visit(xmlNodePtr element, void *context)
{
	struct office *office = context;
	const struct kind *kind = office->part->kind;
	enum xml_fate fate;

	if (kind->kept != NULL && element->parent->parent == (xmlNodePtr)element->doc &&
	    !xml_name_in(element->name, kind->kept))
		return XML_DROP;
	if (in_space(element->ns, "wordprocessingml") &&
	    (has_suffix(element->name, "PrChange") || has_suffix(element->name, "GridChange") ||
		has_suffix(element->name, "PrExChange") ||
		strncmp((const char *)element->name, "customXmlIns", 12) == 0 ||
		strncmp((const char *)element->name, "customXmlDel", 12) == 0 ||
		strncmp((const char *)element->name, "customXmlMove", 13) == 0))
		return XML_DROP;
	for (size_t i = 0; i < NELEM(rules); i++)
		if (xml_name_is(element->name, rules[i].name) &&
		    in_space(element->ns, rules[i].space))
			return rules[i].fate;
	if (is_deleted(element))
		return XML_DROP;
	/* Formulas and names that look into other files; the values stay. */
	if (in_space(element->ns, "spreadsheetml") &&
	    (xml_name_is(element->name, "f") || xml_name_is(element->name, "definedName"))) {
		xmlChar *text = xmlNodeGetContent(element);
		bool outside = text == NULL || strchr((char *)text, '[') != NULL ||
			       strstr((char *)text, "://") != NULL ||
			       strchr((char *)text, '\\') != NULL;

		/* Tables' own columns are in brackets too. */
		if (outside && text != NULL && strchr((char *)text, '\\') == NULL &&
		    strstr((char *)text, "://") == NULL) {
			const char *b = (char *)text;

			for (outside = false; (b = strchr(b, '[')) != NULL; b++)
				outside |= b[1] >= '0' && b[1] <= '9';
		}
		xmlFree(text);
		if (outside)
			return XML_DROP;
	}
	if (is_word(element, "fldSimple") && (fate = visit_simple_field(element)) != XML_KEEP)
		return fate;
	if (xml_name_is(element->name, "graphicFrame") && in_space(element->ns, "presentationml") &&
	    (fate = visit_frame(element)) != XML_KEEP)
		return fate;
	if ((fate = visit_field(office, element)) != XML_KEEP)
		return fate;
	return visit_attributes(office, element);
}

/* ---- the package --------------------------------------------------------------------------------- */

/* The name that target has in the package, seen from the part called from; false when outside of it. */
static bool
resolve(const char *from, const char *target, char name[static PACK_NAME_MAX])
{
	const char *slash = strrchr(from, '/');
	size_t n = 0;

	if (*target == '/')
		target++;
	else if (slash != NULL)
		n = (size_t)(slash - from) + 1;
	if (n + strlen(target) + 1 > PACK_NAME_MAX)
		return false;
	memcpy(name, from, n);
	while (*target != 0) {
		size_t len = strcspn(target, "/");

		if (len == 2 && memcmp(target, "..", 2) == 0) {
			if (n < 2)
				return false;
			for (n--; n > 0 && name[n - 1] != '/';)
				n--;
		} else if (len > 0 && !(len == 1 && *target == '.')) {
			memcpy(name + n, target, len);
			n += len;
			if (target[len] == '/')
				name[n++] = '/';
		}
		target += len + (target[len] == '/');
	}
	name[n] = 0;
	return n > 0;
}

/* The place of the part of this name and kind, which is taken in when it is new. */
static int
take_part(struct office *office, const struct kind *kind, const char *in, size_t *at)
{
	static const char *const folders[] = { ['w'] = "word", ['x'] = "xl", ['p'] = "ppt" };
	size_t i = 0, row = (size_t)(kind - kinds), len;
	struct part *part;

	for (; i < office->n_parts; i++)
		if (office->parts[i].kind == kind && strcmp(office->parts[i].in, in) == 0)
			break;
	*at = i;
	if (i < office->n_parts)
		return 0;
	if (i == PARTS_MAX) {
		*office->why =
		    "The document has too many parts. Print it to a PDF and attach that.";
		return CANDOR_ETOOBIG;
	}
	part = &office->parts[i];
	if ((part->in = strdup(in)) == NULL)
		return CANDOR_ENOMEM;
	part->kind = kind;
	part->type = kind->type;
	office->numbers[row]++;
	len = strcspn(kind->name, "#");
	/* Only what there may be many of has a number; a second one elsewhere has one too. */
	(void)snprintf(part->name, sizeof(part->name), "%s/%.*s", folders[(int)office->in],
	    (int)len, kind->name);
	len = strlen(part->name);
	if (strchr(kind->name, '#') != NULL || office->numbers[row] > 1)
		(void)snprintf(
		    part->name + len, sizeof(part->name) - len, "%u", office->numbers[row]);
	if (kind->type != NULL)
		(void)strcat(part->name, ".xml");
	office->n_parts++;
	return 0;
}

static const struct kind *
kind_of(const struct office *office, const char *type)
{
	size_t len = strlen(office->prefix);

	if (strncmp(type, office->prefix, len) != 0 || type[len] != '/')
		return NULL;
	for (size_t i = 0; i < NELEM(kinds); i++)
		if ((kinds[i].in == office->in || kinds[i].in == '*') &&
		    strcmp(kinds[i].relationship, type + len + 1) == 0)
			return &kinds[i];
	return NULL;
}

/* One relationship; those that lead nowhere that is kept are left out. */
static int
take_link(struct office *office, struct part *part, xmlNodePtr element)
{
	xmlChar *id = xmlGetNoNsProp(element, (const xmlChar *)"Id");
	xmlChar *type = xmlGetNoNsProp(element, (const xmlChar *)"Type");
	xmlChar *target = xmlGetNoNsProp(element, (const xmlChar *)"Target");
	xmlChar *mode = xmlGetNoNsProp(element, (const xmlChar *)"TargetMode");
	struct link *link = &part->links[part->n_links];
	const struct kind *kind;
	char name[PACK_NAME_MAX];
	int r = 0;

	*link = (struct link){ 0 };
	if (id == NULL || type == NULL || target == NULL)
		goto out;
	if (mode != NULL && xml_name_is(mode, "External")) {
		if (!has_suffix(type, "/hyperlink") || !xml_is_web_address((char *)target))
			goto out;
		if ((link->web = strdup((char *)target)) == NULL)
			r = CANDOR_ENOMEM;
	} else {
		if ((kind = kind_of(office, (char *)type)) == NULL ||
		    !resolve(part->in, (char *)target, name) ||
		    pack_find(&office->pack, name) == NULL)
			goto out;
		r = take_part(office, kind, name, &link->part);
	}
	if (r == 0 && (link->id = strdup((char *)id)) == NULL)
		r = CANDOR_ENOMEM;
	part->n_links++;
out:
	xmlFree(id);
	xmlFree(type);
	xmlFree(target);
	xmlFree(mode);
	return r;
}

/* Read and parse one member. */
static int
read_xml(struct office *office, const char *name, xmlDocPtr *doc)
{
	const struct pack_member *m = pack_find(&office->pack, name);
	uint8_t *p = NULL;
	size_t len;
	int r;

	*office->why = damaged;
	if (m == NULL)
		return CANDOR_ENOTFOUND;
	if ((r = pack_read(&office->pack, m, &p, &len, office->why)) < 0)
		return r;
	r = xml_parse(doc, p, len, office->why);
	free(p);
	return r;
}

/* The relationships of a part, from the file beside it. */
static int
read_links(struct office *office, struct part *part)
{
	const char *slash = strrchr(part->in, '/'), *base = slash == NULL ? part->in : slash + 1;
	char name[PACK_NAME_MAX + 16];
	unsigned long n;
	xmlDocPtr doc;
	int r;

	(void)snprintf(
	    name, sizeof(name), "%.*s_rels/%s.rels", (int)(base - part->in), part->in, base);
	if ((r = read_xml(office, name, &doc)) < 0)
		return r == CANDOR_ENOTFOUND ? 0 : r;
	n = xmlChildElementCount(xmlDocGetRootElement(doc));
	if (n > LINKS_MAX) {
		*office->why =
		    "The document has too many links. Print it to a PDF and attach that.";
		r = CANDOR_ETOOBIG;
	} else if ((part->links = calloc(n + 1, sizeof(*part->links))) == NULL) {
		r = CANDOR_ENOMEM;
	}
	for (xmlNodePtr e = xmlDocGetRootElement(doc)->children; e != NULL && r == 0; e = e->next)
		if (e->type == XML_ELEMENT_NODE && xml_name_is(e->name, "Relationship"))
			r = take_link(office, part, e);
	xmlFreeDoc(doc);
	return r;
}

static int
clean_picture(struct office *office, struct part *part)
{
	const struct pack_member *m = pack_find(&office->pack, part->in);
	const struct clean_format *format;
	uint8_t *p = NULL;
	size_t len;
	int r;

	if ((r = pack_read(&office->pack, m, &p, &len, office->why)) < 0)
		return r;
	if ((r = picture_clean_inner(
		 &part->xml, &format, p, len, office->depth + 1, office->why)) == 0) {
		part->type = format->type;
		(void)strcat(part->name, format->extension);
	}
	free(p);
	return r;
}

static int
clean_part(struct office *office, struct part *part)
{
	xmlDocPtr doc;
	int r;

	if (part->type == NULL)
		return clean_picture(office, part);
	if ((r = read_links(office, part)) < 0)
		return r;
	if ((r = read_xml(office, part->in, &doc)) < 0)
		return CANDOR_EBADMSG;
	office->part = part;
	office->n_fields = 0;
	office->error = 0;
	xml_walk(doc, visit, office);
	(void)visit_attributes(office, xmlDocGetRootElement(doc));
	if ((r = office->error) == 0)
		r = xml_write(&part->xml, doc);
	xmlFreeDoc(doc);
	return r;
}

/* Find the main part, and by its root what kind of document this is. */
static int
find_main(struct office *office)
{
	static const struct {
		const char *root;
		char in;
	} mains[] = { { "document", 'w' }, { "workbook", 'x' }, { "presentation", 'p' } };
	char name[PACK_NAME_MAX] = "";
	xmlDocPtr doc;
	size_t at;
	int r;

	if ((r = read_xml(office, "_rels/.rels", &doc)) < 0)
		return r == CANDOR_ENOTFOUND ? CANDOR_EBADMSG : r;
	for (xmlNodePtr e = xmlDocGetRootElement(doc)->children; e != NULL; e = e->next) {
		xmlChar *type, *target;

		if (e->type != XML_ELEMENT_NODE)
			continue;
		type = xmlGetNoNsProp(e, (const xmlChar *)"Type");
		target = xmlGetNoNsProp(e, (const xmlChar *)"Target");
		if (type != NULL && target != NULL && has_suffix(type, "/officeDocument") &&
		    resolve("", (char *)target, name))
			office->prefix = strncmp((char *)type, STRICT, strlen(STRICT)) == 0
					     ? STRICT
					     : TRANSITIONAL;
		xmlFree(type);
		xmlFree(target);
	}
	xmlFreeDoc(doc);
	if ((r = read_xml(office, name, &doc)) < 0)
		return r == CANDOR_ENOTFOUND ? CANDOR_EBADMSG : r;
	for (size_t i = 0; i < NELEM(mains); i++)
		if (xml_name_is(xmlDocGetRootElement(doc)->name, mains[i].root))
			office->in = mains[i].in;
	xmlFreeDoc(doc);
	for (size_t i = 0; i < NELEM(kinds) && office->in != 0; i++)
		if (kinds[i].in == office->in)
			return take_part(office, &kinds[i], name, &at);
	return CANDOR_EBADMSG;
}

/* A new XML document of one element in this namespace. */
static xmlNodePtr
new_root(const char *name, const char *space)
{
	xmlDocPtr doc = xmlNewDoc((const xmlChar *)"1.0");
	xmlNodePtr root =
	    doc == NULL ? NULL : xmlNewDocNode(doc, NULL, (const xmlChar *)name, NULL);

	if (root == NULL) {
		xmlFreeDoc(doc);
		return NULL;
	}
	xmlDocSetRootElement(doc, root);
	xmlSetNs(root, xmlNewNs(root, (const xmlChar *)space, NULL));
	return root;
}

/* A child with attributes by name and value, up to NULL. */
static void
add_row(xmlNodePtr root, const char *name, const char *const *pairs)
{
	xmlNodePtr row = xmlNewChild(root, root->ns, (const xmlChar *)name, NULL);

	for (; row != NULL && *pairs != NULL; pairs += 2)
		xmlNewProp(row, (const xmlChar *)pairs[0], (const xmlChar *)pairs[1]);
}

static int
write_xml(struct pack_writer *w, const char *name, xmlNodePtr root)
{
	struct clean_out xml = { 0 };
	int r = xml_write(&xml, root->doc);

	if (r == 0)
		r = pack_add(w, name, xml.p, xml.len, false);
	free(xml.p);
	xmlFreeDoc(root->doc);
	return r;
}

static int
write_types(const struct office *office, struct pack_writer *w)
{
	xmlNodePtr root = new_root("Types", TYPES);

	if (root == NULL)
		return CANDOR_ENOMEM;
	add_row(root, "Default",
	    (const char *const[]){ "Extension", "rels", "ContentType",
		"application/vnd.openxmlformats-package.relationships+xml", NULL });
	add_row(root, "Default",
	    (const char *const[]){ "Extension", "xml", "ContentType", "application/xml", NULL });
	for (size_t i = 0; i < office->n_parts; i++) {
		const struct part *part = &office->parts[i];
		char name[NAME_MAX_BYTES + 1];

		(void)snprintf(name, sizeof(name), "/%s", part->name);
		add_row(root, "Override",
		    (const char *const[]){ "PartName", name, "ContentType", part->type, NULL });
	}
	return write_xml(w, "[Content_Types].xml", root);
}

/* The relationships of a part; those of the package itself when part is NULL. */
static int
write_links(const struct office *office, struct pack_writer *w, const struct part *part)
{
	static const struct link first = { .id = (char *)(uintptr_t) "" };
	const struct link *links = part == NULL ? &first : part->links;
	size_t n = part == NULL ? 1 : part->n_links;
	const char *slash = part == NULL ? NULL : strrchr(part->name, '/');
	char path[NAME_MAX_BYTES + 16] = "_rels/.rels", id[32], type[160], name[NAME_MAX_BYTES + 1];
	xmlNodePtr root;

	if (n == 0)
		return 0;
	if ((root = new_root("Relationships", RELATIONSHIPS)) == NULL)
		return CANDOR_ENOMEM;
	if (slash != NULL)
		(void)snprintf(path, sizeof(path), "%.*s/_rels/%s.rels", (int)(slash - part->name),
		    part->name, slash + 1);
	for (size_t i = 0; i < n; i++) {
		const struct part *to = &office->parts[links[i].part];

		(void)snprintf(id, sizeof(id), "rId%zu", i + 1);
		(void)snprintf(name, sizeof(name), "/%s", to->name);
		(void)snprintf(type, sizeof(type), "%s/%s", office->prefix,
		    links[i].web != NULL ? "hyperlink" : to->kind->relationship);
		add_row(root, "Relationship",
		    (const char *const[]){ "Id", id, "Type", type, "Target",
			links[i].web != NULL ? links[i].web : name,
			links[i].web != NULL ? "TargetMode" : NULL, "External", NULL });
	}
	return write_xml(w, path, root);
}

int
clean_ooxml(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	struct pack_writer w = { .out = out };
	struct office *office = calloc(1, sizeof(*office));
	int r;

	if (office == NULL)
		return CANDOR_ENOMEM;
	office->depth = depth;
	office->why = why;
	office->prefix = TRANSITIONAL;
	if ((r = pack_open(&office->pack, in, len, why)) == 0)
		r = find_main(office);
	for (size_t i = 0; i < office->n_parts && r == 0; i++)
		r = clean_part(office, &office->parts[i]);
	/* This order is how libmagic and others know what it is. */
	if (r == 0 && (r = write_types(office, &w)) == 0)
		r = write_links(office, &w, NULL);
	for (size_t i = 0; i < office->n_parts && r == 0; i++) {
		const struct part *part = &office->parts[i];

		if ((r = pack_add(&w, part->name, part->xml.p, part->xml.len, false)) == 0)
			r = write_links(office, &w, part);
	}
	r = pack_finish(&w, r);
	for (size_t i = 0; i < office->n_parts; i++) {
		struct part *part = &office->parts[i];

		for (size_t l = 0; l < part->n_links; l++) {
			free(part->links[l].id);
			free(part->links[l].web);
		}
		free(part->links);
		free(part->xml.p);
		free(part->in);
	}
	pack_close(&office->pack);
	free(office);
	return r;
}
