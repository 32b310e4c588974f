/* SPDX-License-Identifier: ISC */
/*
 * XML as the cleaner takes it: no entities, no network, no external anything, and a walk that removes
 * on the way. Private to the cleaner.
 */
#ifndef CANDOR_CLEANER_XML_H
#define CANDOR_CLEANER_XML_H

#include <libxml/tree.h>

#include "cleaner/clean.h"

/*
 * Parse len bytes; the document is the caller's, for xmlFreeDoc(). A document type is dropped when
 * it declares nothing; one that declares anything is refused. Errors as clean_fn.
 */
MUST_CHECK int xml_parse(xmlDocPtr *doc, const uint8_t *in, size_t len, const char **why);

/* The same for drawings, of which some declare short words that stand for their namespaces. */
MUST_CHECK int xml_parse_drawing(xmlDocPtr *doc, const uint8_t *in, size_t len, const char **why);

/* Append the document, in UTF-8. */
MUST_CHECK int xml_write(struct clean_out *out, xmlDocPtr doc);

enum xml_fate {
	XML_KEEP,
	XML_DROP,   /* with all that is in it */
	XML_UNWRAP, /* what is in it takes its place, and is looked at in turn */
};

/* Decides about an element; may remove its attributes, and put others behind it, which come next. */
typedef enum xml_fate xml_visit_fn(xmlNodePtr element, void *context);

/* Visit all elements below the root, in document order; comments and processing instructions go. */
void xml_walk(xmlDocPtr doc, xml_visit_fn *visit, void *context);

void xml_remove(xmlNodePtr node);
/* The address of an element's or attribute's namespace, or "". */
const char *xml_space(const xmlNs *ns);
/* The value of an attribute without markup inside, or "" for any other. */
const char *xml_value(const xmlAttr *attribute);
bool xml_name_is(const xmlChar *name, const char *is);
/* Whether name is in a list that ends with NULL. */
bool xml_name_in(const xmlChar *name, const char *const *list);
/* An address that a reader follows by a click, and that is no file of somebody's. */
bool xml_is_web_address(const char *address);

#endif
