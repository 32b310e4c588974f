/* SPDX-License-Identifier: ISC */
/* Text in buffers: see text.h. Pure; never writes behind cap. */
#include "common/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
text_add(struct text *t, const char *p, size_t len)
{
	if (len >= t->cap - t->len) {
		t->full = true;
		return;
	}
	memcpy(t->p + t->len, p, len);
	t->len += len;
	t->p[t->len] = '\0';
}

void
text_adds(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void
text_base64(struct text *t, const char *p, size_t len, size_t line_max)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t column = 0;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = 0;
		char four[4];

		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (i + k < len ? (unsigned char)p[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			four[k] = i + k > len ? '=' : digits[v >> (18 - 6 * k) & 63];
		if (column == line_max) {
			text_adds(t, "\r\n");
			column = 0;
		}
		text_add(t, four, sizeof(four));
		column += 4;
	}
}

void
text_json(struct text *t, const char *s)
{
	text_adds(t, "\"");
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;
		char escape[8];

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
			text_add(t, s, 1);
			continue;
		}
		snprintf(escape, sizeof(escape), c == '"' || c == '\\' ? "\\%c" : "\\u%04x", c);
		text_adds(t, escape);
	}
	text_adds(t, "\"");
}

void
text_url(struct text *t, const char *s)
{
	for (; *s != '\0'; s++) {
		char escape[4];

		if ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		    (*s >= '0' && *s <= '9') || strchr("-._~", *s) != NULL) {
			text_add(t, s, 1);
			continue;
		}
		snprintf(escape, sizeof(escape), "%%%02X", (unsigned char)*s);
		text_adds(t, escape);
	}
}

bool
text_has_control(const char *s, const char *but)
{
	for (; *s != '\0'; s++)
		if (((unsigned char)*s < 0x20 || *s == 0x7f) && strchr(but, *s) == NULL)
			return true;
	return false;
}

void
text_wipe(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}
