/* SPDX-License-Identifier: ISC */
/*
 * Between the stages of stripping: tokens that are one, as the language pack has them: "two years and a
 * half" is a duration. Any process; pure. A phrase looks at nothing beside it, and holds no placeholder:
 * so what has been stripped falls into the same ones.
 */
#include "strip/internal.h"

#define PHRASE(class) return (struct phrase){ (class), (size_t)(YYCURSOR - cls) }

struct phrase {
	enum strip_class class;
	size_t n;
};

static struct phrase
phrase_at(const uint8_t *cls)
{
	const unsigned char *YYCURSOR = cls, *YYMARKER;

	/*!re2c
	re2c:define:YYCTYPE = "unsigned char";
	re2c:yyfill:enable = 0;
	re2c:flags:case-ranges = 1;
	*/
	/*!include:re2c "classes.re" */
	/*!include:re2c "en/phrases.re" */
}

void
strip_phrases(struct strip_tokens *t)
{
	size_t to = 0;

	for (size_t i = 0; i < t->n;) {
		struct phrase p = phrase_at(t->cls + i);

		t->cls[to] = (uint8_t)p.class;
		if (to < i)
			t->tok[to] = t->tok[i];
		t->tok[to].end = t->tok[i + p.n - 1].end;
		to++;
		i += p.n;
	}
	t->n = to;
	t->cls[to] = 0;
}
