/* SPDX-License-Identifier: ISC */
/* Answers in advance: see candor/template.h. Pure. */
#include "candor/template.h"

#include <stdio.h>
#include <string.h>

#include "candor/utf8.h"

#define ID_MAX 32
#define TITLE_MAX 100
#define ID_CHARS "abcdefghijklmnopqrstuvwxyz0123456789-"

#define X(name, text) text,
static const char *const fields[TEMPLATE__N] = { TEMPLATE_FIELDS(X) };
#undef X

/* ---- names in braces -------------------------------------------------------------------------- */

struct span
template_left(const char *text, size_t len)
{
	const char *open = memmem(text, len, "{{", 2), *close;

	if (open == NULL)
		return (struct span){ 0 };
	close = memmem(open, len - (size_t)(open - text), "}}", 2);
	return (
	    struct span){ (const uint8_t *)open, close != NULL ? (size_t)(close + 2 - open) : 2 };
}

/* Which one it is, braces included; TEMPLATE__N: none. */
static unsigned
field_of(struct span name)
{
	unsigned i = 0;

	while (i < TEMPLATE__N && (name.len != strlen(fields[i]) + 4 ||
				      memcmp(name.p + 2, fields[i], name.len - 4) != 0))
		i++;
	return i;
}

int
template_fill(struct arena *a, struct span *out, const char *text,
    const char *const values[static TEMPLATE__N])
{
	size_t len = strlen(text), longest = 0, n = 0, at = 0;
	const char *rest = text, *end = text + len;
	struct span name;
	char *p;

	for (unsigned i = 0; i < TEMPLATE__N; i++)
		if (values[i] != NULL && strlen(values[i]) > longest)
			longest = strlen(values[i]);
	for (const char *b = text; (b = strstr(b, "{{")) != NULL; b += 2)
		n++;
	if ((p = arena_alloc(a, len + n * longest + 1)) == NULL)
		return CANDOR_ENOMEM;
	while ((name = template_left(rest, (size_t)(end - rest))).len > 0) {
		unsigned i = field_of(name);
		const char *value = i < TEMPLATE__N ? values[i] : NULL;
		size_t before = (size_t)((const char *)name.p - rest);

		memcpy(p + at, rest, before);
		at += before;
		memcpy(p + at, value != NULL ? value : (const char *)name.p,
		    value != NULL ? strlen(value) : name.len);
		at += value != NULL ? strlen(value) : name.len;
		rest += before + name.len;
	}
	memcpy(p + at, rest, (size_t)(end - rest));
	at += (size_t)(end - rest);
	p[at] = '\0';
	*out = (struct span){ (const uint8_t *)p, at };
	return 0;
}

/* ---- files ------------------------------------------------------------------------------------ */

static int
fault_at(struct template_fault *f, unsigned line, const char *why)
{
	f->line = line;
	snprintf(f->why, sizeof(f->why), "%s", why);
	return CANDOR_EINVAL;
}

static bool
is_id(const char *p, size_t len)
{
	return len > 0 && len <= ID_MAX && strspn(p, ID_CHARS) >= len;
}

/* "ID.LANG.txt" */
static int
take_name(struct arena *a, Candor__Template *t, const char *name, struct template_fault *fault)
{
	const char *dot = strchr(name, '.'), *end = dot != NULL ? strchr(dot + 1, '.') : NULL;

	if (end == NULL || strcmp(end, ".txt") != 0 || !is_id(name, (size_t)(dot - name)) ||
	    !is_id(dot + 1, (size_t)(end - dot - 1)) || end - dot - 1 > 8)
		return fault_at(fault, 0,
		    "the name is not allowed; allowed: ID.LANG.txt, ID being 1 to 32 of a-z, 0-9 "
		    "and -, LANG a language as en or es");
	t->id = arena_copy(a, name, (size_t)(dot - name));
	t->lang = arena_copy(a, dot + 1, (size_t)(end - dot - 1));
	return t->id == NULL || t->lang == NULL ? CANDOR_ENOMEM : 0;
}

/* Ids with commas between them. */
static int
take_categories(struct arena *a, Candor__Template *t, const char *p, size_t len)
{
	size_t n = 1;

	for (size_t i = 0; i < len; i++)
		n += p[i] == ',';
	if ((t->categories = arena_alloc(a, n * sizeof(*t->categories))) == NULL)
		return CANDOR_ENOMEM;
	while (len > 0) {
		size_t skip = strspn(p, " "), word;

		if (skip >= len)
			break;
		p += skip;
		len -= skip;
		word = strspn(p, ID_CHARS);
		if (word > len || !is_id(p, word))
			return CANDOR_EINVAL;
		if ((t->categories[t->n_categories++] = arena_copy(a, p, word)) == NULL)
			return CANDOR_ENOMEM;
		p += word;
		len -= word;
		skip = strspn(p, " ,");
		skip = skip < len ? skip : len;
		p += skip;
		len -= skip;
	}
	return t->n_categories > 0 ? 0 : CANDOR_EINVAL;
}

static int
take_header(struct arena *a, Candor__Template *t, const char *p, size_t len, unsigned line,
    struct template_fault *fault)
{
	const char *colon = memchr(p, ':', len);
	size_t name = colon != NULL ? (size_t)(colon - p) : 0, skip;
	int r;

	if (colon == NULL)
		return fault_at(fault, line,
		    "a header line is wanted, as `title: …`; an empty line stands before the text");
	skip = name + 1 + strspn(colon + 1, " ");
	skip = skip < len ? skip : len;
	p += skip;
	len -= skip;
	if (len == 0)
		return fault_at(fault, line, "nothing stands behind the colon");
	if (name == 5 && memcmp(colon - 5, "title", 5) == 0) {
		if (len > TITLE_MAX || !utf8_printable(p, len))
			return fault_at(
			    fault, line, "a title has 1 to 100 bytes of printable text");
		return (t->title = arena_copy(a, p, len)) == NULL ? CANDOR_ENOMEM : 0;
	}
	if (name == 10 && memcmp(colon - 10, "categories", 10) == 0) {
		r = take_categories(a, t, p, len);
		return r == CANDOR_EINVAL
			   ? fault_at(fault, line, "categories are ids with commas between them")
			   : r;
	}
	if (name == 3 && memcmp(colon - 3, "for", 3) == 0) {
		if ((len != 8 || memcmp(p, "incident", 8) != 0) &&
		    (len != 8 || memcmp(p, "question", 8) != 0))
			return fault_at(fault, line, "allowed: incident or question");
		return (t->kind = arena_copy(a, p, len)) == NULL ? CANDOR_ENOMEM : 0;
	}
	return fault_at(fault, line, "there is no such header; allowed: title, categories, for");
}

static int
check_text(const char *p, size_t len, unsigned line, struct template_fault *fault)
{
	const char *rest = p;
	struct span name;

	for (size_t i = 0; i < len; i++) {
		if (((unsigned char)p[i] < ' ' && p[i] != '\n' && p[i] != '\t') || p[i] == 127)
			return fault_at(fault, line, "the text holds a control character");
		line += p[i] == '\n';
	}
	while ((name = template_left(rest, (size_t)(p + len - rest))).len > 0) {
		int at = 0;

		rest = (const char *)name.p + name.len;
		if (field_of(name) < TEMPLATE__N)
			continue;
		for (const char *b = (const char *)name.p; b < p + len; b++)
			line -= *b == '\n';
		fault->line = line;
		at = snprintf(fault->why, sizeof(fault->why),
		    "%.*s is no placeholder; allowed: ", name.len < 40 ? (int)name.len : 40,
		    (const char *)name.p);
		for (unsigned i = 0; i < TEMPLATE__N; i++)
			at += snprintf(fault->why + at, sizeof(fault->why) - (size_t)at, "%s{{%s}}",
			    i > 0 ? ", " : "", fields[i]);
		return CANDOR_EINVAL;
	}
	return 0;
}

int
template_parse(struct arena *a, Candor__Template **out, const char *name, const char *text,
    size_t len, struct template_fault *fault)
{
	Candor__Template *t = arena_alloc(a, sizeof(*t));
	const char *lf, *end = text + len;
	unsigned line = 1;
	int r;

	*fault = (struct template_fault){ 0 };
	if (t == NULL)
		return CANDOR_ENOMEM;
	candor__template__init(t);
	if ((r = take_name(a, t, name, fault)) != 0)
		return r;
	if (len > TEMPLATE_MAX_BYTES || !utf8_valid(text, len) || memchr(text, 0, len) != NULL)
		return fault_at(fault, 0, "a file has up to 6000 bytes of UTF-8 without NUL");
	for (; (lf = memchr(text, '\n', (size_t)(end - text))) != NULL && lf > text; line++) {
		if ((r = take_header(a, t, text, (size_t)(lf - text), line, fault)) != 0)
			return r;
		text = lf + 1;
	}
	if (*t->title == '\0')
		return fault_at(fault, line, "title is missing; allowed: a line `title: …`");
	while (text < end && *text == '\n') {
		text++;
		line++;
	}
	while (end > text && (end[-1] == '\n' || end[-1] == ' '))
		end--;
	if (lf == NULL || text == end)
		return fault_at(fault, line, "the text is missing: it stands behind an empty line");
	if ((r = check_text(text, (size_t)(end - text), line, fault)) != 0)
		return r;
	if ((t->text = arena_copy(a, text, (size_t)(end - text))) == NULL)
		return CANDOR_ENOMEM;
	*out = t;
	return 0;
}

bool
template_suits(const Candor__Template *t, const char *category, unsigned kind)
{
	if (*t->kind != '\0' && strcmp(t->kind, kind == 1 ? "question" : "incident") != 0)
		return false;
	for (size_t i = 0; i < t->n_categories; i++)
		if (strcmp(t->categories[i], category) == 0)
			return true;
	return t->n_categories == 0;
}
