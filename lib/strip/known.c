/* SPDX-License-Identifier: ISC */
/*
 * Stage 3 of stripping, its second half: names that the writer gave as the writer's own are looked
 * for in the rest of the text, whole, in part, and as the user names that are made of them. Any
 * process; pure. Must stay linear: few names are kept, and most tokens are passed by their class.
 */
#include <string.h>

#include "strip/internal.h"

/* A shorter part, or user name, might be anything. */
#define PART_MIN 3
#define USER_MIN 4
#define USER_MAX 40

static bool
alike(uint8_t a, uint8_t b)
{
	if (a >= 'A' && a <= 'Z')
		a |= 0x20;
	if (b >= 'A' && b <= 'Z')
		b |= 0x20;
	return a == b;
}

static bool
same(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!alike(a[i], b[i]))
			return false;
	return true;
}

void
strip_known_add(struct strip_known *known, const struct strip_tokens *t, size_t start, size_t end)
{
	struct strip_known_name *name = &known->name[known->n];

	if (known->n == KNOWN_NAMES)
		return;
	for (size_t i = start; i < end && name->n < KNOWN_PARTS; i++) {
		const struct strip_token *tok = &t->tok[i];
		size_t len = tok->end - tok->start;

		if (t->cls[i] == C_TITLE || t->cls[i] == C_INITIAL)
			continue;
		if (t->cls[i] != C_CAP && t->cls[i] != C_ALLCAPS && t->cls[i] != C_WORD)
			break;
		if (len >= PART_MIN)
			name->part[name->n++] = (struct strip_word_ref){ t->text + tok->start, len,
				t->cls[i] == C_WORD };
	}
	known->n += name->n > 0;
}

/* Which part of a known name token i is; SIZE_MAX: none. */
static size_t
part_of(const struct strip_tokens *t, size_t i, const struct strip_known_name *name)
{
	const struct strip_token *tok = &t->tok[i];
	bool joined;

	if (t->cls[i] != C_CAP && t->cls[i] != C_ALLCAPS && t->cls[i] != C_WORD)
		return SIZE_MAX;
	joined = (tok->start > 0 && t->text[tok->start - 1] == '.') ||
		 (t->text[tok->end] == '.' && t->text[tok->end + 1] > ' ');
	for (size_t k = 0; k < name->n; k++)
		if (name->part[k].len == tok->end - tok->start &&
		    (t->cls[i] != C_WORD || name->part[k].small || joined) &&
		    same(name->part[k].p, t->text + tok->start, name->part[k].len))
			return k;
	return SIZE_MAX;
}

/* Does another name stand beside the part k of a name that token i is? Then it is somebody else's.
 */
static bool
of_another(const struct strip_tokens *t, size_t i, const struct strip_known_name *name, size_t k)
{
	uint8_t before = t->cls[i - 1];

	if (t->cls[i] == C_WORD)
		return false;
	if (k + 1 < name->n || name->n == 1)
		if (t->cls[i + 1] == C_CAP && part_of(t, i + 1, name) == SIZE_MAX)
			return true;
	return before == C_CAP && k > 0 && part_of(t, i - 1, name) == SIZE_MAX;
}

/* Is p the user name that a and b make: jdoe, janed, jane_doe, doej? */
static bool
makes(const uint8_t *p, size_t len, const struct strip_word_ref *a, const struct strip_word_ref *b)
{
	size_t heads[] = { 1, a->len };

	for (size_t i = 0; i < NELEM(heads); i++) {
		size_t n = heads[i];

		if (len <= n || !same(p, a->p, n))
			continue;
		n += n + 1 < len && strchr("._-", p[n]) != NULL;
		if (len - n == b->len && same(p + n, b->p, b->len))
			return true;
		if (heads[i] > 1 && len - n == 1 && alike(p[n], b->p[0]))
			return true;
	}
	return false;
}

static bool
user_of(const struct strip_tokens *t, size_t i, const struct strip_known_name *name)
{
	const uint8_t *p = t->text + t->tok[i].start;
	size_t len = t->tok[i].end - t->tok[i].start;

	if (name->n < 2 || (t->cls[i] != C_CODE && t->cls[i] != C_USER && t->cls[i] != C_WORD &&
			       t->cls[i] != C_CAP && t->cls[i] != C_HANDLE))
		return false;
	if (t->cls[i] == C_HANDLE) {
		p++;
		len--;
	}
	while (len > 0 && p[len - 1] >= '0' && p[len - 1] <= '9')
		len--;
	return len >= USER_MIN && len <= USER_MAX &&
	       (makes(p, len, &name->part[0], &name->part[name->n - 1]) ||
		   makes(p, len, &name->part[name->n - 1], &name->part[0]));
}

static enum strip_label
known_as(const struct strip_tokens *t, size_t i, const struct strip_known *known)
{
	for (size_t k = 0; k < known->n; k++) {
		const struct strip_known_name *name = &known->name[k];
		size_t part = part_of(t, i, name);

		if (part != SIZE_MAX && !of_another(t, i, name, part))
			return STRIP_REPORTER_NAME;
		if (user_of(t, i, name))
			return STRIP_REPORTER_ID;
	}
	return STRIP__N;
}

bool
strip_beside_kept(const struct strip_tokens *t, size_t start, size_t end)
{
	for (size_t i = start > 0 ? start - 1 : 0; i <= end && i < t->n; i++)
		if (t->tok[i].kept)
			return true;
	return false;
}

void
strip_join(struct strip_tokens *t)
{
	size_t to = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct strip_token *tok = &t->tok[i];

		if (to > 0 && tok->label != STRIP__N && tok->label == t->tok[to - 1].label) {
			t->tok[to - 1].end = tok->end;
			t->tok[to - 1].told = 0;
			continue;
		}
		t->cls[to] =
		    tok->label == STRIP__N ? t->cls[i] : strip_gone((enum strip_label)tok->label);
		t->tok[to++] = *tok;
	}
	t->n = to;
	t->cls[to] = 0;
}

bool
strip_known_find(
    struct strip_tokens *t, const struct strip_known *known, const struct strip_taking *taking)
{
	bool found = false;

	for (size_t i = 1; known->n > 0 && i < t->n; i++) {
		enum strip_label label;

		if (t->tok[i].label != STRIP__N || (label = known_as(t, i, known)) == STRIP__N ||
		    (taking->take & 1u << label) == 0 ||
		    ((taking->never & 1u << label) == 0 && strip_beside_kept(t, i, i + 1)))
			continue;
		t->tok[i].label = label & 0x7f;
		t->tok[i].told = 0;
		found = true;
	}
	if (found)
		strip_join(t);
	return found;
}
