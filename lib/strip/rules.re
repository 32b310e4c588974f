/* SPDX-License-Identifier: ISC */
/*
 * Stage 3 of stripping: the rules of the language pack, as automata. Any process; pure. No rule may
 * reach further than STRIP_REACH tokens, and no span may hold half of a quotation: so what has been
 * stripped stays as it is.
 */
#include "strip/internal.h"

#define BEGIN const unsigned char *YYCURSOR = cls, *YYMARKER = cls, *b = cls, *e = cls

/* The longest match counts, of those as long the first. */
static void
offer(struct strip_match *best, enum strip_label label, enum strip_when when, size_t start, size_t end,
    size_t len)
{
	if (len > best->len)
		*best = (struct strip_match){ label, when, start, end, len };
}

#define RULE(what, condition)                                                                   \
	do {                                                                                    \
		offer(best, STRIP_##what, (condition), (size_t)(b - cls), (size_t)(e - cls),    \
		    (size_t)(YYCURSOR - cls));                                                  \
		return;                                                                         \
	} while (0)

/* What goes begins at b, and ends where the extent does that begins behind the match. */
#define REST(what, condition, extent)                                                           \
	do {                                                                                    \
		size_t rest = strip_rest(YYCURSOR, (extent));                                   \
		(void)e;                                                                        \
		if (rest > 0)                                                                   \
			offer(best, STRIP_##what, (condition), (size_t)(b - cls),               \
			    (size_t)(YYCURSOR - cls) + rest, (size_t)(YYCURSOR - cls) + rest);  \
		return;                                                                         \
	} while (0)

/* What no shorter rule takes. */
#define STAYS                                                                                   \
	do {                                                                                    \
		offer(best, STRIP__N, WHEN_ALWAYS, 0, 0, (size_t)(YYCURSOR - cls));             \
		return;                                                                         \
	} while (0)

/*!re2c
	re2c:define:YYCTYPE = "unsigned char";
	re2c:yyfill:enable = 0;
	re2c:flags:case-ranges = 1;
	re2c:tags = 1;
*/
/*!include:re2c "classes.re" */
/*!include:re2c "en/rules.re" */

struct strip_match
strip_rules(const uint8_t *cls)
{
	struct strip_match best = { .label = STRIP__N };

	GROUPS
	return best;
}
