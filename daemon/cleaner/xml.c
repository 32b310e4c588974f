/* SPDX-License-Identifier: ISC */
/*
 * XML in the cleaner, over libxml2. Runs in the cleaner. Expands nothing, fetches nothing; nesting is
 * held to libxml2's 256, so that recursion here is too.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/SAX2.h>

#include "cleaner/pack.h"
#include "cleaner/xml.h"

#define ENTITY_MAX 256 /* characters */
#define ENTITIES_MAX 64
#define ENTITIES_GIVEN_MAX (256u << 10)

static const char damaged[] =
    "The document is damaged inside. Open it in its program, print it to a "
    "PDF, and attach that.";

/* What the entities of one document may take; drawings of some programs name their namespaces so. */
struct entities {
	unsigned declared;
	size_t given;
};

static void
stop(xmlParserCtxtPtr parser)
{
	parser->wellFormed = 0;
	xmlStopParser(parser);
}

/* Whoever declares an entity is stopped before using it, but for short plain words where they are allowed:
 * nothing in nothing, and nothing from elsewhere. */
static void
declare_entity(void *context, const xmlChar *name, int type, const xmlChar *public_id,
    const xmlChar *system_id, xmlChar *content)
{
	xmlParserCtxtPtr parser = context;
	struct entities *allowed = parser->_private;

	if (allowed == NULL || type != XML_INTERNAL_GENERAL_ENTITY || content == NULL ||
	    strlen((char *)content) > ENTITY_MAX || strpbrk((char *)content, "&<%") != NULL ||
	    ++allowed->declared > ENTITIES_MAX)
		stop(parser);
	else
		xmlSAX2EntityDecl(context, name, type, public_id, system_id, content);
}

static xmlEntityPtr
give_entity(void *context, const xmlChar *name)
{
	xmlParserCtxtPtr parser = context;
	struct entities *allowed = parser->_private;
	xmlEntityPtr entity = xmlSAX2GetEntity(context, name);

	if (allowed != NULL && (allowed->given += ENTITY_MAX) > ENTITIES_GIVEN_MAX)
		stop(parser);
	return entity;
}

static xmlParserInputPtr
no_load(const char *address, const char *id, xmlParserCtxtPtr parser)
{
	(void)address, (void)id, (void)parser;
	return NULL;
}

static int
parse(xmlDocPtr *doc, const uint8_t *in, size_t len, struct entities *entities, const char **why)
{
	xmlParserCtxtPtr parser;
	xmlDocPtr d;

	*why = damaged;
	if (len == 0 || len > CLEAN_OUTPUT_MAX)
		return CANDOR_EBADMSG;
	xmlSetExternalEntityLoader(no_load);
	if ((parser = xmlCreateMemoryParserCtxt((const char *)in, (int)len)) == NULL)
		return CANDOR_EBADMSG;
	parser->_private = entities;
	parser->sax->entityDecl = declare_entity;
	parser->sax->getEntity = give_entity;
	xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
				      XML_PARSE_NOCDATA | (entities == NULL ? 0 : XML_PARSE_NOENT));
	xmlParseDocument(parser);
	d = parser->myDoc;
	if (d == NULL || !parser->wellFormed || xmlDocGetRootElement(d) == NULL ||
	    (d->intSubset != NULL && d->intSubset->children != NULL && entities == NULL)) {
		xmlFreeDoc(d);
		xmlFreeParserCtxt(parser);
		return CANDOR_EBADMSG;
	}
	xmlFreeParserCtxt(parser);
	if (d->intSubset != NULL) {
		xmlDtdPtr dtd = d->intSubset;

		xmlUnlinkNode((xmlNodePtr)dtd);
		xmlFreeDtd(dtd);
	}
	*doc = d;
	return 0;
}

int
xml_parse(xmlDocPtr *doc, const uint8_t *in, size_t len, const char **why)
{
	return parse(doc, in, len, NULL, why);
}

int
xml_parse_drawing(xmlDocPtr *doc, const uint8_t *in, size_t len, const char **why)
{
	struct entities entities = { 0 };

	return parse(doc, in, len, &entities, why);
}

int
xml_write(struct clean_out *out, xmlDocPtr doc)
{
	xmlChar *p = NULL;
	int len = 0, r = 0;

	doc->standalone = 1;
	xmlDocDumpMemoryEnc(doc, &p, &len, "UTF-8");
	if (p == NULL)
		return CANDOR_ENOMEM;
	if (!clean_put(out, p, (size_t)len))
		r = clean_put_error(out);
	xmlFree(p);
	return r;
}

void
xml_remove(xmlNodePtr node)
{
	xmlUnlinkNode(node);
	xmlFreeNode(node);
}

static void
walk(xmlNodePtr parent, xml_visit_fn *visit, void *context)
{
	xmlNodePtr child, next;
	enum xml_fate fate;

	for (child = parent->children; child != NULL; child = next) {
		next = child->next;
		if (child->type == XML_TEXT_NODE)
			continue;
		if (child->type != XML_ELEMENT_NODE) {
			xml_remove(child);
			continue;
		}
		fate = visit(child, context);
		next = child->next;
		switch (fate) {
		case XML_KEEP:
			walk(child, visit, context);
			break;
		case XML_UNWRAP:
			for (xmlNodePtr inner; (inner = child->children) != NULL;) {
				xmlNodePtr moved = xmlAddPrevSibling(child, inner);

				if (moved->type != XML_ELEMENT_NODE)
					continue;
				xmlReconciliateNs(child->doc, moved);
				if (next == child->next)
					next = moved;
			}
			/* FALLTHROUGH */
		case XML_DROP:
			xml_remove(child);
			break;
		}
	}
}

void
xml_walk(xmlDocPtr doc, xml_visit_fn *visit, void *context)
{
	xmlNodePtr root = xmlDocGetRootElement(doc);

	for (xmlNodePtr n = doc->children, next; n != NULL; n = next) {
		next = n->next;
		if (n != root)
			xml_remove(n);
	}
	walk(root, visit, context);
}

const char *
xml_space(const xmlNs *ns)
{
	return ns == NULL || ns->href == NULL ? "" : (const char *)ns->href;
}

const char *
xml_value(const xmlAttr *a)
{
	if (a->children == NULL || a->children->next != NULL ||
	    a->children->type != XML_TEXT_NODE || a->children->content == NULL)
		return "";
	return (const char *)a->children->content;
}

bool
xml_name_is(const xmlChar *name, const char *is)
{
	return strcmp((const char *)name, is) == 0;
}

bool
xml_name_in(const xmlChar *name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (xml_name_is(name, *list))
			return true;
	return false;
}

bool
xml_is_web_address(const char *address)
{
	return strncasecmp(address, "http://", 7) == 0 ||
	       strncasecmp(address, "https://", 8) == 0 || strncasecmp(address, "mailto:", 7) == 0;
}
