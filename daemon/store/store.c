/* SPDX-License-Identifier: ISC */
/* What all of store's requests need: memory, answers, refusals. Store only. */
#include "store.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/log.h"

/* Of a refusal's and a done's text; the rows of wire.h allow a little more. */
#define TEXT_MAX 960

void *
store_alloc(struct store *s, size_t n)
{
	void *p = arena_alloc(s->arena, n);

	if (p == NULL)
		fatal(EX_SOFTWARE, "the request arena is too small");
	return p;
}

char *
store_cut(struct store *s, const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);
	char *out;

	if (len > max) {
		len = max;
		while (len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80)
			len--;
	}
	out = store_alloc(s, len + 1);
	memcpy(out, text, len);
	return out;
}

char *
store_text(struct store *s, const char *text)
{
	return store_cut(s, text, strlen(text));
}

void *
store_init(struct store *s, size_t size, const ProtobufCMessageDescriptor *type)
{
	void *msg = store_alloc(s, size);

	protobuf_c_message_init(type, msg);
	return msg;
}

enum verdict
store_answer(struct answer *out, unsigned kind, const void *msg)
{
	out->kind = kind;
	out->msg = msg;
	return KEEP;
}

static char *
sentence(struct store *s, const char *fmt, va_list ap)
{
	char text[TEXT_MAX * 2];

	vsnprintf(text, sizeof(text), fmt, ap);
	return store_cut(s, text, TEXT_MAX);
}

enum verdict
store_done(struct store *s, struct answer *out, const char *fmt, ...)
{
	Candor__Done *done = STORE_NEW(s, Done, done);
	va_list ap;

	va_start(ap, fmt);
	done->text = sentence(s, fmt, ap);
	va_end(ap);
	return store_answer(out, MSG_DONE, done);
}

enum verdict
store_refuse(struct store *s, struct answer *out, unsigned code, const char *fmt, ...)
{
	Candor__Refusal *refusal = STORE_NEW(s, Refusal, refusal);
	va_list ap;

	va_start(ap, fmt);
	refusal->text = sentence(s, fmt, ap);
	va_end(ap);
	refusal->code = code;
	store_answer(out, MSG_REFUSAL, refusal);
	return UNDO;
}

size_t
store_lines(struct store *s, char *text, char ***out)
{
	size_t n = 0, cap = 1;
	char *rest = NULL;

	for (const char *p = text; *p != '\0'; p++)
		cap += *p == '\n';
	*out = store_alloc(s, cap * sizeof(**out));
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		(*out)[n++] = line;
	return n;
}

char *
store_number(struct store *s, int64_t number)
{
	char *text = store_alloc(s, NUMBER_CHARS + 1);

	number_format(text, number);
	return text;
}

bool
store_has_word(char *const *list, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], word) == 0)
			return true;
	return false;
}

char *
store_words(struct store *s, char *const *list, size_t n)
{
	char *text = store_alloc(s, TEXT_MAX);
	size_t at = 0;

	*text = '\0';
	for (size_t i = 0; i < n && at < TEXT_MAX; i++)
		at +=
		    (size_t)snprintf(text + at, TEXT_MAX - at, "%s%s", i > 0 ? ", " : "", list[i]);
	return text;
}

const Candor__Category *
store_category(const struct store *s, const char *id)
{
	for (size_t i = 0; i < s->setup->n_categories; i++)
		if (strcmp(s->setup->categories[i]->id, id) == 0)
			return s->setup->categories[i];
	return NULL;
}
