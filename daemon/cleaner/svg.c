/* SPDX-License-Identifier: ISC */
/*
 * SVG drawings: shapes and text stay; what editors note, scripts, and everything that is fetched from
 * elsewhere go; raster images inside are cleaned as their own format is. Runs in the cleaner.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "cleaner/pack.h"
#include "cleaner/xml.h"

#define SVG "http://www.w3.org/2000/svg"
#define XLINK "http://www.w3.org/1999/xlink"
#define XML "http://www.w3.org/XML/1998/namespace"

struct svg {
	unsigned depth;
	int error;
	const char **why;
};

/* clang-format off */
static const char *const dropped[] = {
	"metadata", "title", "desc", "script", "handler", "listener", "foreignObject", "iframe", "audio",
	"video", "canvas", "embed", "object", "animation", "prefetch", "discard", "view", "cursor",
	"font-face-uri", "color-profile", NULL,
};
/* clang-format on */

/* Style that fetches: any url() but one into the document itself, and imports. */
static bool
style_fetches(const char *style)
{
	if (strcasestr(style, "@import") != NULL || strchr(style, '\\') != NULL)
		return true;
	while ((style = strcasestr(style, "url(")) != NULL) {
		style += strspn(style + 4, " \t\r\n\"'") + 4;
		if (*style != '#')
			return true;
	}
	return false;
}

/* An embedded image: out of base64, through its own cleaner, and back. */
static void
clean_embedded(struct svg *svg, xmlAttrPtr a, const char *value)
{
	const char *comma = strchr(value, ','), *type;
	const struct clean_format *format;
	struct clean_out cleaned = { 0 };
	size_t cap = comma == NULL ? 0 : strlen(comma), len = 0, room, head;
	uint8_t *p = malloc(cap + 1);
	char *text = NULL;
	int r = CANDOR_EBADMSG;

	if (p == NULL) {
		r = CANDOR_ENOMEM;
		goto out;
	}
	*svg->why = "The drawing holds a picture of a kind that cannot be cleaned. Attach a "
		    "screenshot of the drawing instead.";
	if (comma == NULL || memmem(value, (size_t)(comma - value), ";base64", 7) == NULL ||
	    sodium_base642bin(p, cap, comma + 1, strlen(comma + 1), " \t\r\n", &len, NULL,
		sodium_base64_VARIANT_ORIGINAL) != 0)
		goto out;
	if ((format = clean_format_of(p, len, &type)) == NULL ||
	    strncmp(format->type, "image/", 6) != 0 ||
	    (format->clean == clean_svg && svg->depth >= CLEAN_DEPTH_MAX))
		goto out;
	if ((r = format->clean(&cleaned, p, len, svg->depth + 1, svg->why)) < 0)
		goto out;
	head = strlen("data:;base64,") + strlen(format->type);
	room = sodium_base64_encoded_len(cleaned.len, sodium_base64_VARIANT_ORIGINAL);
	r = CANDOR_ENOMEM;
	if ((text = malloc(head + room)) == NULL)
		goto out;
	(void)stpcpy(stpcpy(stpcpy(text, "data:"), format->type), ";base64,");
	sodium_bin2base64(
	    text + head, room, cleaned.p, cleaned.len, sodium_base64_VARIANT_ORIGINAL);
	if (xmlSetNsProp(a->parent, a->ns, a->name, (const xmlChar *)text) != NULL)
		r = 0;
out:
	free(text);
	free(cleaned.p);
	free(p);
	if (svg->error == 0)
		svg->error = r;
}

static void
clean_attributes(struct svg *svg, xmlNodePtr element)
{
	for (xmlAttrPtr a = element->properties, next; a != NULL; a = next) {
		const char *space = xml_space(a->ns), *name = (const char *)a->name;
		const char *value = xml_value(a);

		next = a->next;
		if (strcmp(name, "href") == 0 && (*space == 0 || strcmp(space, XLINK) == 0)) {
			if (strncmp(value, "data:", 5) == 0 &&
			    (xml_name_is(element->name, "image") ||
				xml_name_is(element->name, "feImage")))
				clean_embedded(svg, a, value);
			else if (*value != '#')
				xmlRemoveProp(a);
			continue;
		}
		if (strcmp(space, XML) == 0 && strcmp(name, "base") != 0)
			continue;
		if (*space != 0 || strncasecmp(name, "on", 2) == 0 ||
		    strncmp(name, "data-", 5) == 0 || strncmp(name, "aria-", 5) == 0 ||
		    style_fetches(value))
			xmlRemoveProp(a);
	}
}

/* Names of editors' namespaces tell which editor. Nothing uses them any more. */
static void
drop_declarations(xmlNodePtr element)
{
	for (xmlNsPtr *at = &element->nsDef; *at != NULL;) {
		xmlNsPtr ns = *at;

		if (strcmp(xml_space(ns), SVG) == 0 || strcmp(xml_space(ns), XLINK) == 0) {
			at = &ns->next;
			continue;
		}
		*at = ns->next;
		xmlFreeNs(ns);
	}
}

/* Style sheets lose their comments; one that fetches is none. */
static bool
style_is_fine(xmlNodePtr style)
{
	xmlChar *text = xmlNodeGetContent(style);
	char *from = (char *)text, *comment;
	bool fine = text != NULL && !style_fetches(from);

	while (fine && (comment = strstr(from, "/*")) != NULL) {
		char *end = strstr(comment + 2, "*/");

		from = comment;
		if (end == NULL)
			*comment = 0;
		else
			memmove(comment, end + 2, strlen(end + 2) + 1);
	}
	if (fine) {
		xmlChar *escaped = xmlEncodeSpecialChars(style->doc, text);

		xmlNodeSetContent(style, escaped);
		xmlFree(escaped);
	}
	xmlFree(text);
	return fine;
}

static bool
sets_address(xmlNodePtr element)
{
	xmlChar *name = xmlGetNoNsProp(element, (const xmlChar *)"attributeName");
	bool sets = name != NULL && strcasestr((const char *)name, "href") != NULL;

	xmlFree(name);
	return sets;
}

static enum xml_fate
visit(xmlNodePtr element, void *context)
{
	if (strcmp(xml_space(element->ns), SVG) != 0 || xml_name_in(element->name, dropped))
		return XML_DROP;
	if (xml_name_is(element->name, "style") && !style_is_fine(element))
		return XML_DROP;
	if (sets_address(element))
		return XML_DROP;
	clean_attributes(context, element);
	return xml_name_is(element->name, "a") ? XML_UNWRAP : XML_KEEP;
}

/* Once nothing uses them: XML_KEEP visits children only after their parent. */
static enum xml_fate
visit_declarations(xmlNodePtr element, void *context)
{
	(void)context;
	drop_declarations(element);
	return XML_KEEP;
}

int
clean_svg(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	struct svg svg = { .depth = depth, .why = why };
	xmlNodePtr root;
	xmlDocPtr doc;
	int r;

	if ((r = xml_parse_drawing(&doc, in, len, why)) < 0)
		return r;
	root = xmlDocGetRootElement(doc);
	if (strcmp(xml_space(root->ns), SVG) != 0 || !xml_name_is(root->name, "svg")) {
		*why = "This is no SVG drawing. Attach a screenshot of it instead.";
		r = CANDOR_EBADMSG;
	} else {
		xml_walk(doc, visit, &svg);
		clean_attributes(&svg, root);
		xml_walk(doc, visit_declarations, NULL);
		drop_declarations(root);
		if ((r = svg.error) == 0)
			r = xml_write(out, doc);
	}
	xmlFreeDoc(doc);
	return r;
}
