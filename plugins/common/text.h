/* SPDX-License-Identifier: ISC */
/*
 * Text that plugins put together in a buffer of a size they choose: plain, as base64, inside JSON, inside a
 * URL. Pure. In a host process, and in `candord -t`.
 */
#ifndef CANDOR_PLUGIN_TEXT_H
#define CANDOR_PLUGIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define NELEM(a) (sizeof(a) / sizeof((a)[0]))

/* A buffer of cap bytes, always NUL-terminated. full: something did not fit and was left out. */
struct text {
	char *p;
	size_t len, cap;
	bool full;
};

/* Over an array of char, emptied: struct text t = TEXT(array); */
#define TEXT(array)                                                                                \
	{                                                                                          \
		.p = ((array)[0] = '\0', (array)), .cap = sizeof(array)                            \
	}

void text_add(struct text *t, const char *p, size_t len);
void text_adds(struct text *t, const char *s);

/* RFC 4648, section 4; a CR LF after each line_max digits, a multiple of 4. SIZE_MAX: one line. */
void text_base64(struct text *t, const char *p, size_t len, size_t line_max);

/* A JSON string, quotation marks included (RFC 8259, section 7). s is UTF-8. */
void text_json(struct text *t, const char *s);

/* Percent-encoded but for RFC 3986's unreserved characters: one segment of a path, one value of a query. */
void text_url(struct text *t, const char *s);

/* Does s hold a control character that is not one of but? */
bool text_has_control(const char *s, const char *but);

/* Wipe and free; NULL is fine. */
void text_wipe(char *s);

#endif
