/* SPDX-License-Identifier: ISC */
/*
 * See setting.h. Runs in the supervisor, at start and on reload; reads what the administrator wrote
 * and nothing that a user sent.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "candor/utf8.h"

#include "supervisor/setting.h"

#define NAME_MAX_BYTES 63

void
setting_error(struct setting_reader *r, const config_setting_t *at, const char *fmt, ...)
{
	const char *file = at != NULL ? config_setting_source_file(at) : NULL;
	unsigned line = at != NULL ? config_setting_source_line(at) : 0;
	va_list ap;

	fprintf(r->err, "%s:%u: ", file != NULL ? file : r->file, line != 0 ? line : 1);
	va_start(ap, fmt);
	vfprintf(r->err, fmt, ap);
	va_end(ap);
	fputc('\n', r->err);
	r->n_errors++;
}

void *
setting_alloc(struct setting_reader *r, size_t n)
{
	void *p = arena_alloc(r->a, n);

	if (p == NULL)
		setting_error(r, NULL, "the configuration takes more than %zu bytes", r->a->size);
	return p;
}

char *
setting_copy(struct setting_reader *r, const char *text)
{
	static char none[1];
	size_t len = strlen(text);
	char *copy = setting_alloc(r, len + 1);

	if (copy == NULL)
		return none;
	memcpy(copy, text, len);
	return copy;
}

char *
setting_path(struct setting_reader *r, const char *path)
{
	size_t folder = strlen(r->folder), len = strlen(path);
	char *full;

	if (len == 0 || path[0] == '/' || (full = setting_alloc(r, folder + 1 + len + 1)) == NULL)
		return setting_copy(r, path);
	memcpy(full, r->folder, folder);
	full[folder] = '/';
	memcpy(full + folder + 1, path, len);
	return full;
}

/* ---- what is allowed, in words ------------------------------------------------------------- */

static void
list_words(FILE *f, const char *const *words)
{
	for (size_t i = 0; words[i] != NULL; i++)
		fprintf(f, "%s\"%s\"", i == 0 ? "" : ", ", words[i]);
}

static void
say_allowed(FILE *f, const struct setting_key *k)
{
	bool many = k->type == SETTING_TEXTS || k->type == SETTING_PATHS || k->type == SETTING_MASK;

	if (many)
		fprintf(f, "a list, [\"…\", …], of ");
	if (k->form != NULL)
		fprintf(f, "%s", k->form);
	else if (k->words != NULL) {
		fprintf(f, many ? "the words " : "one of ");
		list_words(f, k->words);
	} else
		switch (k->type) {
		case SETTING_TEXT:
		case SETTING_PROSE:
			fprintf(f, "a \"text\" of %u to %u bytes, printable UTF-8", k->min, k->max);
			break;
		case SETTING_TEXTS:
			fprintf(f, "\"texts\" of %u to %u bytes, printable UTF-8", k->min, k->max);
			break;
		case SETTING_PATH:
		case SETTING_PATHS:
			fprintf(f, "\"paths\" of %u to %u bytes", k->min, k->max);
			break;
		case SETTING_HEX:
			fprintf(f, "\"%u hexadecimal digits\"", 2 * k->max);
			break;
		case SETTING_NUMBER:
			fprintf(f, "a whole number from %u to %u", k->min, k->max);
			break;
		case SETTING_BOOL:
			fprintf(f, "true or false");
			break;
		case SETTING_CHOICE:
		case SETTING_MASK:
		case SETTING_OTHER:
			break;
		}
	if (k->doc != NULL)
		fprintf(f, " (%s)", k->doc);
}

static void
refuse(struct setting_reader *r, const config_setting_t *at, const char *prefix,
    const struct setting_key *k, const char *what)
{
	char allowed[1024] = "";
	FILE *f = fmemopen(allowed, sizeof(allowed) - 1, "w");

	if (f != NULL) {
		say_allowed(f, k);
		fclose(f);
	}
	setting_error(r, at, "%s%s %s; allowed: %s", prefix, k->name, what, allowed);
}

/* ---- one value ----------------------------------------------------------------------------- */

static bool
printable(const char *text, bool prose)
{
	if (!prose)
		return utf8_printable(text, strlen(text));
	for (const char *end;; text = end + 1) {
		end = strchrnul(text, '\n');
		if (!utf8_printable(text, (size_t)(end - text)))
			return false;
		if (*end == '\0')
			return true;
	}
}

/* The index of text in words, or -1. */
static int
word_index(const char *const *words, const char *text)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	return -1;
}

/* What is wrong with a text, or NULL. */
static const char *
text_fault(const struct setting_key *k, const char *text)
{
	size_t len = strlen(text);

	if (k->words != NULL)
		return word_index(k->words, text) < 0 ? "is no word that is known here" : NULL;
	if (len < k->min)
		return len == 0 ? "is empty" : "is too short";
	if (len > k->max)
		return "is too long";
	if (!printable(text, k->type == SETTING_PROSE))
		return "holds what cannot be printed";
	if (k->valid != NULL && !k->valid(text))
		return "is not what is expected";
	return NULL;
}

static bool
hex_read(uint8_t *out, size_t n, const char *text)
{
	if (strlen(text) != 2 * n || strspn(text, "0123456789abcdefABCDEF") != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < 2; j++) {
			int c = tolower((unsigned char)text[2 * i + j]);

			out[i] = (uint8_t)(out[i] << 4 | (c <= '9' ? c - '0' : c - 'a' + 10));
		}
	return true;
}

void
setting_texts(struct setting_reader *r, const config_setting_t *s, const char *prefix,
    const struct setting_key *key, size_t *n_out, char ***out)
{
	int type = config_setting_type(s), n = config_setting_length(s);
	char **texts;

	*n_out = 0;
	if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST) {
		refuse(r, s, prefix, key, "is not a list");
		return;
	}
	if (n > SETTING_LIST_MAX) {
		setting_error(
		    r, s, "%s%s has %d items; at most %d", prefix, key->name, n, SETTING_LIST_MAX);
		return;
	}
	if ((texts = setting_alloc(r, (size_t)n * sizeof(*texts))) == NULL)
		return;
	for (int i = 0; i < n; i++) {
		const config_setting_t *item = config_setting_get_elem(s, (unsigned)i);
		const char *text = config_setting_get_string(item);
		const char *fault = text == NULL ? "holds what is no text" : text_fault(key, text);

		for (size_t j = 0; fault == NULL && j < *n_out; j++)
			if (strcmp(texts[j], text) == 0)
				fault = "has an item twice";
		if (fault != NULL) {
			refuse(r, item, prefix, key, fault);
			continue;
		}
		texts[(*n_out)++] =
		    key->type == SETTING_PATHS ? setting_path(r, text) : setting_copy(r, text);
	}
	*out = texts;
}

static void
read_value(struct setting_reader *r, const config_setting_t *s, const char *prefix,
    const struct setting_key *k, void *field)
{
	const char *text = config_setting_get_string(s), *fault = NULL;
	int type = config_setting_type(s);
	size_t n = 0;
	char **texts = NULL;

	switch (k->type) {
	case SETTING_TEXT:
	case SETTING_PROSE:
	case SETTING_PATH:
		if ((fault = text == NULL ? "is no text" : text_fault(k, text)) == NULL)
			*(char **)field =
			    k->type == SETTING_PATH ? setting_path(r, text) : setting_copy(r, text);
		break;
	case SETTING_HEX:
		if (text == NULL || !hex_read(field, k->max, text))
			fault = "is not hexadecimal of that length";
		break;
	case SETTING_CHOICE:
		if ((fault = text == NULL ? "is no text" : text_fault(k, text)) == NULL)
			*(uint32_t *)field = (uint32_t)word_index(k->words, text);
		break;
	case SETTING_NUMBER:
		if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
			fault = "is no whole number";
		else {
			long long v = config_setting_get_int64(s);

			if (v < (long long)k->min || v > (long long)k->max)
				fault = "is out of range";
			else
				*(uint32_t *)field = (uint32_t)v;
		}
		break;
	case SETTING_BOOL:
		if (type != CONFIG_TYPE_BOOL)
			fault = "is neither true nor false";
		else
			*(int *)field = config_setting_get_bool(s);
		break;
	case SETTING_TEXTS:
	case SETTING_PATHS:
		setting_texts(r, s, prefix, k, &n, &texts);
		*(size_t *)field = n;
		*(char ***)((size_t *)field + 1) = texts;
		break;
	case SETTING_MASK:
		setting_texts(r, s, prefix, k, &n, &texts);
		*(uint32_t *)field = 0;
		for (size_t i = 0; i < n; i++)
			*(uint32_t *)field |= 1u << word_index(k->words, texts[i]);
		if (config_setting_length(s) == 0)
			fault = "is empty";
		break;
	case SETTING_OTHER:
		break;
	}
	if (fault != NULL)
		refuse(r, s, prefix, k, fault);
}

static void
use_fallback(struct setting_reader *r, const struct setting_key *k, void *field)
{
	switch (k->type) {
	case SETTING_TEXT:
	case SETTING_PROSE:
		*(char **)field = setting_copy(r, k->text != NULL ? k->text : "");
		break;
	case SETTING_PATH:
		*(char **)field = setting_path(r, k->text != NULL ? k->text : "");
		break;
	case SETTING_NUMBER:
	case SETTING_CHOICE:
	case SETTING_MASK:
		*(uint32_t *)field = k->number;
		break;
	case SETTING_BOOL:
		*(int *)field = k->number != 0;
		break;
	case SETTING_TEXTS:
	case SETTING_PATHS:
		*(size_t *)field = 0;
		break;
	case SETTING_HEX:
	case SETTING_OTHER:
		break;
	}
}

/* ---- names that are not known ---------------------------------------------------------------- */

/* How many letters must be typed, taken out or changed to get from a to b. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned row[NAME_MAX_BYTES + 1];
	size_t na = strlen(a), nb = strlen(b);

	if (na > NAME_MAX_BYTES || nb > NAME_MAX_BYTES)
		return NAME_MAX_BYTES;
	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[nb];
}

static void
refuse_unknown(struct setting_reader *r, const config_setting_t *s, const char *prefix,
    const struct setting_key *keys, size_t n)
{
	const char *name = config_setting_name(s), *nearest = NULL;
	unsigned least = NAME_MAX_BYTES;

	for (size_t i = 0; i < n; i++) {
		unsigned d = distance(name, keys[i].name);

		if (d < least) {
			least = d;
			nearest = keys[i].name;
		}
	}
	if (nearest != NULL && least <= 1 + strlen(nearest) / 3) {
		setting_error(r, s, "%s%s is unknown; did you mean \"%s\"?", prefix, name, nearest);
		return;
	}
	fprintf(r->err, "%s:%u: %s%s is unknown; allowed:", config_setting_source_file(s),
	    config_setting_source_line(s), prefix, name);
	for (size_t i = 0; i < n; i++)
		fprintf(r->err, " %s", keys[i].name);
	fputc('\n', r->err);
	r->n_errors++;
}

void
setting_read(struct setting_reader *r, const config_setting_t *group, const char *prefix,
    const struct setting_key *keys, size_t n, void *out)
{
	int n_given = group != NULL ? config_setting_length(group) : 0;

	if (group != NULL && config_setting_type(group) != CONFIG_TYPE_GROUP) {
		setting_error(r, group, "%s is not a group; allowed: { name = value; … }",
		    config_setting_name(group) != NULL ? config_setting_name(group) : prefix);
		return;
	}
	for (int i = 0; i < n_given; i++) {
		const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
		size_t k = 0;

		while (k < n && strcmp(keys[k].name, config_setting_name(s)) != 0)
			k++;
		if (k == n)
			refuse_unknown(r, s, prefix, keys, n);
	}
	for (size_t k = 0; k < n; k++) {
		const config_setting_t *s =
		    group != NULL ? config_setting_get_member(group, keys[k].name) : NULL;
		void *field = (char *)out + keys[k].offset;

		/* The fallback first: a field that is refused must still be a valid one. */
		use_fallback(r, &keys[k], field);
		if (s != NULL)
			read_value(r, s, prefix, &keys[k], field);
		else if (keys[k].flags & SETTING_REQUIRED)
			refuse(r, group, prefix, &keys[k], "is missing");
	}
}

/* ---- reload -------------------------------------------------------------------------------- */

unsigned
setting_keep_fixed(struct arena *a, const struct setting_key *keys, size_t n, void *now,
    const void *old, FILE *names)
{
	unsigned n_differ = 0;

	for (size_t k = 0; k < n; k++) {
		void *new_field = (char *)now + keys[k].offset;
		const void *old_field = (const char *)old + keys[k].offset;
		bool text = keys[k].type == SETTING_TEXT || keys[k].type == SETTING_PATH;
		size_t len = keys[k].type == SETTING_HEX ? keys[k].max : sizeof(uint32_t);

		if (!(keys[k].flags & SETTING_FIXED))
			continue;
		if (text) {
			const char *was = *(char *const *)old_field;
			char *copy;

			if (strcmp(*(char **)new_field, was) == 0)
				continue;
			if ((copy = arena_copy(a, was, strlen(was))) != NULL)
				*(char **)new_field = copy;
		} else {
			if (memcmp(new_field, old_field, len) == 0)
				continue;
			memcpy(new_field, old_field, len);
		}
		fprintf(names, "%s%s", n_differ++ == 0 ? "" : ", ", keys[k].name);
	}
	return n_differ;
}

/* ---- a whole file --------------------------------------------------------------------------- */

bool
setting_file(struct setting_reader *r, config_t *lc, const char *path, const char *folder)
{
	FILE *f = fopen(path, "re");
	bool ok;

	r->file = path;
	if (f == NULL) {
		setting_error(r, NULL, "cannot be read: %s", strerror(errno));
		return false;
	}
	fclose(f);
	config_set_include_dir(lc, folder);
	if (!(ok = config_read_file(lc, path) == CONFIG_TRUE)) {
		const char *file = config_error_file(lc);

		fprintf(r->err, "%s:%d: %s; see candor.conf(5) for what is allowed\n",
		    file != NULL ? file : path,
		    config_error_line(lc) > 0 ? config_error_line(lc) : 1, config_error_text(lc));
		r->n_errors++;
	}
	return ok;
}
