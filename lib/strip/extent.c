/* SPDX-License-Identifier: ISC */
/*
 * Stage 3 of stripping: how far a find goes whose end no pattern tells: what somebody says of himself,
 * up to the end of the clause, and a signature. Any process; pure. Must know no words, only classes,
 * and must look no further than STRIP_REACH tokens.
 */
#include <string.h>

#include "strip/internal.h"

/* What a token may be to a description. */
enum {
	NOUN = 1,     /* one of its words */
	LINK = 2,     /* between its words */
	NARROW = 4,   /* says which one, so that few are left */
	CLAUSE = 8,   /* a word of a clause, which only a "who" lets in */
	NAMELIKE = 16 /* part of a name, maybe */
};

static const uint8_t parts[256] = {
	[C_WORD] = NOUN,
	[C_COMMON] = NOUN,
	[C_VERBAL] = NOUN,
	[C_POSSESSIVE] = NOUN,
	[C_FILLER] = NOUN,
	[C_LAST] = NOUN | NARROW,
	[C_ONLY] = NOUN | NARROW,
	[C_CAP] = NOUN | NAMELIKE,
	[C_ALLCAPS] = NOUN | NAMELIKE | NARROW,
	[C_INITIAL] = NOUN | NAMELIKE,
	[C_ROLE] = NOUN,
	[C_CREDENTIAL] = NOUN | NARROW,
	[C_PLACE] = NOUN | NARROW,
	[C_DEPT] = NOUN | NARROW,
	[C_DAY] = NOUN | NARROW,
	[C_NUMBER] = NOUN | NARROW,
	[C_NUMWORD] = NOUN | NARROW,
	[C_CODE] = NOUN | NARROW,
	[C_SOMEONE] = NOUN,
	[C_PERSON] = NOUN,
	[C_RELATION] = NOUN,
	[C_SEASON] = NOUN | NARROW,
	[C_DATE] = NOUN | NARROW,
	[C_POINT] = NOUN | NARROW,
	[C_TIME] = NOUN | NARROW,
	[C_UNIT] = NOUN,
	[C_MANAGE] = NOUN,
	[C_PROBATION] = NOUN,
	[C_ADDRESS_END] = NOUN,
	[C_RECORD] = NOUN,
	[C_IDNOUN] = NOUN,
	[C_CONTACT] = NOUN,
	[C_JOB] = NOUN,
	[C_NAME] = NOUN,
	[C_FIELD] = NOUN,
	[C_DEVICE] = NOUN,
	[C_WORK] = NOUN,
	[C_REACH] = NOUN,
	[C_NUMNOUN] = NOUN,
	[C_CLOSER] = NOUN,
	[C_HASH] = NOUN,
	[C_LOGIN] = NOUN,
	[C_DOT] = NOUN,
	[C_MAILER] = NOUN,
	[C_PREP] = LINK,
	[C_IN] = LINK,
	[C_FOR] = LINK,
	[C_AT] = LINK,
	[C_FROM] = LINK,
	[C_AND] = LINK,
	[C_SLASH] = LINK,
	[C_THE] = LINK,
	[C_ARTICLE] = LINK,
	[C_THIS] = LINK,
	[C_VERB] = CLAUSE,
	[C_WAS] = CLAUSE,
	[C_IS] = CLAUSE,
	[C_HAVE] = CLAUSE,
	[C_BEEN] = CLAUSE,
	[C_NOT] = LINK,
	[C_MARK] = NOUN,
	[C_CLOCK] = NOUN,
	[C_ORG] = NOUN,
	[C_TAG] = NOUN | NARROW,
	[C_THING] = NOUN,
	[C_HOUR] = NOUN | NARROW,
	[C_HIRED] = CLAUSE,
	[C_STARTED] = CLAUSE,
	[C_REPORTED] = CLAUSE,
	[C_SENT] = CLAUSE,
	[C_ASK] = CLAUSE,
	[C_CALLING] = CLAUSE,
	[C_HERE] = CLAUSE,
	[C_WHO] = CLAUSE,
	[C_MY] = CLAUSE,
	[C_AS] = CLAUSE,
};

/* Is the 's at cls an "is"? */
static bool
says_is(const uint8_t *cls)
{
	static const uint8_t behind[] = { C_THE, C_ARTICLE, C_IN, C_PREP, C_AT, C_NOT, C_BEEN };

	return cls[0] == C_POSSESSIVE && memchr(behind, cls[1], sizeof(behind)) != NULL;
}

static bool
is(uint8_t class, unsigned what)
{
	return (parts[class] & what) != 0;
}

static bool
is_name(uint8_t class)
{
	return class == C_CAP || class == C_INITIAL || class == C_ALLCAPS;
}

static bool
ends_fragment(uint8_t class)
{
	static const uint8_t ends[] = { C_NONE, C_END, C_QUESTION, C_COMMA, C_LINE, C_BLANK_LINE,
		C_RIGHT, C_DASH, C_BUT };

	return memchr(ends, class, sizeof(ends)) != NULL;
}

/* Tokens that a description may have at most, and one piece that is added to it. */
#define DESCRIPTION_MAX 30
#define FRAGMENT_MAX 14

/* A piece behind a comma, or in brackets, that belongs to what stands before it: it has no verb and
 * nobody in it, and it is no name, time of service or single adverb. Returns its tokens; 0: none. */
static size_t
fragment(const uint8_t *cls)
{
	static const uint8_t starts[] = { C_DURATION, C_AND, C_FOR, C_IDNOUN, C_THING, C_NUMNOUN };
	unsigned all = 0;
	size_t n = 0, names = 0, words = 0;

	if (memchr(starts, cls[0], sizeof(starts)) != NULL)
		return 0;
	for (; !ends_fragment(cls[n]); n++) {
		if (n == FRAGMENT_MAX || !is(cls[n], NOUN | LINK) || says_is(cls + n))
			return 0;
		all |= parts[cls[n]];
		names += is(cls[n], NAMELIKE);
		words += is(cls[n], NOUN);
	}
	if (n == 0 || words == 0 || names == words)
		return n > 0 && names == words && cls[0] == C_ALLCAPS && n == 1 ? n : 0;
	if (n == 1 &&
	    (cls[0] == C_COMMON || cls[0] == C_WORD || cls[0] == C_CLOSER || cls[0] == C_VERBAL))
		return 0;
	if (n < 3 && cls[0] == C_COMMON && (all & NARROW) == 0)
		return 0;
	return is(cls[n - 1], LINK) ? 0 : n;
}

/* Do tokens up to the end of the clause belong together with what stands before an "and"? */
static bool
continues(const uint8_t *cls)
{
	size_t n = 0;

	for (; !ends_fragment(cls[n]); n++)
		if (n == FRAGMENT_MAX || !is(cls[n], NOUN | LINK) || says_is(cls + n))
			return false;
	return n > 0;
}

/* The description's end behind what comes in its main part: a relative clause. */
static size_t
relative(const uint8_t *cls, size_t i)
{
	size_t end = i;

	for (; i < DESCRIPTION_MAX && !ends_fragment(cls[i]) && cls[i] != C_TITLE &&
	       (is(cls[i], NOUN | LINK | CLAUSE) || cls[i] == C_THEY || cls[i] == C_ME);
	     i++)
		if (!is(cls[i], LINK) && cls[i] != C_MY && cls[i] != C_AS)
			end = i + 1;
	return end;
}

static bool
is_time(uint8_t class)
{
	return class == C_TIME || class == C_NUMBER || class == C_DAY || class == C_DATE ||
	       class == C_POINT;
}

struct description {
	bool role, narrow;
	size_t words, plain, others; /* of these: everyday words, people who are not the writer */
	size_t end;
};

static void
read_description(struct description *d, const uint8_t *cls, size_t i)
{
	size_t n;

	for (d->end = i; i < DESCRIPTION_MAX; i++) {
		uint8_t c = cls[i];

		if (is(c, NOUN)) {
			if (c == C_CAP && cls[i + 1] == C_POSSESSIVE && d->words > 0)
				return;
			if (says_is(cls + i))
				return;
			d->role |= c == C_ROLE || c == C_SOMEONE;
			d->narrow |= d->words > 0 || is(c, NARROW);
			d->words++;
			d->plain += c == C_COMMON;
			d->others += c == C_PERSON || c == C_RELATION || c == C_ORG;
			d->end = i + 1;
		} else if (c == C_BUT && is_time(cls[i + 1])) {
			continue; /* after 7 pm */
		} else if (c == C_AND || c == C_SLASH) {
			if (!continues(cls + i + 1))
				return;
		} else if (c == C_FOR &&
			   (cls[i + 1] == C_DURATION ||
			       (cls[i + 1] == C_COMMON && cls[i + 2] == C_DURATION))) {
			return;
		} else if (is(c, LINK)) {
			size_t next = i + 1;

			while (cls[next] == C_THE || cls[next] == C_ARTICLE ||
			       cls[next] == C_THIS || cls[next] == C_MY || cls[next] == C_THEY)
				next++;
			if (!is(cls[next], NOUN) && cls[next] != C_WHO)
				return;
			d->narrow = true;
			i = next - 1;
		} else if (c == C_WHO) {
			d->narrow = true;
			d->end = i = relative(cls, i);
			i--;
		} else if (c == C_LEFT) {
			n = fragment(cls + i + 1);
			if (n == 0 || cls[i + 1 + n] != C_RIGHT)
				return;
			d->end = i + n + 2;
			i = d->end - 1;
		} else if (c == C_COMMA && d->words > 0) {
			if (cls[i + 1] == C_WHO)
				continue;
			if ((n = fragment(cls + i + 1)) == 0)
				return;
			d->narrow = true;
			d->end = i + n + 1;
			i = d->end - 1;
		} else {
			return;
		}
	}
}

static size_t
rest_self(const uint8_t *cls)
{
	struct description d = { 0 };
	bool the = cls[0] == C_THE, article = cls[0] == C_ARTICLE, only = cls[0] == C_ONLY;
	size_t first =
	    the || article || only || cls[0] == C_THEY || cls[0] == C_ITS || cls[0] == C_YOUR;

	if (cls[first] == C_TITLE || (first == 0 && !is(cls[0], NOUN)))
		return 0;
	if (first == 0 && (cls[0] == C_COMMON || cls[0] == C_FILLER))
		return 0;
	/* one of three, one of the two nurses: but not one of those */
	if (cls[0] == C_NUMWORD && cls[1] == C_PREP) {
		size_t of = cls[2] == C_THE || cls[2] == C_THEY ? 3 : 2;

		if (!is(cls[of], NOUN) || cls[2] == C_COMMON)
			return 0;
		read_description(&d, cls, of);
		return d.role || is(cls[of], NARROW) ? d.end : 0;
	}
	if (first == 0) {
		/* Without an article a word for what somebody does must come before anything else. */
		size_t n = 0;

		while (n < 6 && is(cls[n], NOUN) && cls[n] != C_ROLE && cls[n] != C_COMMON)
			n++;
		if (cls[n] != C_ROLE)
			return 0;
	}
	d.narrow = first > 0 && !the && !article;
	read_description(&d, cls, first);
	if (d.words == d.others || (the && d.words == d.plain))
		return 0;
	if (the || only)
		return d.end;
	return d.role && (d.narrow || !article) && d.words + d.narrow > 1 ? d.end : 0;
}

/* A word for what somebody is must be in it, and it must be all there is up to the next stop. */
static size_t
rest_apposed(const uint8_t *cls)
{
	size_t n = cls[0] == C_THE || cls[0] == C_ARTICLE || cls[0] == C_ONLY || cls[0] == C_NUMWORD
		       ? rest_self(cls)
		       : 0;

	if (n < 2 || !ends_fragment(cls[n]) || cls[n] == C_BUT ||
	    (cls[n] == C_COMMA && is_name(cls[n + 1])))
		return 0;
	for (size_t i = 1; i < n && !ends_fragment(cls[i]); i++)
		if (cls[i] == C_ROLE || cls[i] == C_SOMEONE ||
		    (cls[i] == C_NUMWORD && cls[i + 1] == C_WHO))
			return n;
	return 0;
}

/* Where somebody works. */
static size_t
rest_where(const uint8_t *cls)
{
	struct description d = { 0 };
	size_t first = cls[0] == C_THE || cls[0] == C_ARTICLE || cls[0] == C_MY || cls[0] == C_THIS;

	if (!is(cls[first], NOUN) || cls[first] == C_COMMON || cls[first] == C_TITLE ||
	    cls[first] == C_VERBAL)
		return 0;
	read_description(&d, cls, first);
	return d.words > d.others ? d.end : 0;
}

/* To the end of a clause. */
static size_t
rest_clause(const uint8_t *cls)
{
	static const uint8_t ends[] = { C_NONE, C_END, C_QUESTION, C_COMMA, C_LINE, C_BLANK_LINE,
		C_RIGHT, C_LEFT, C_DASH, C_BUT, C_AND, C_COLON, C_QUOTE, C_OPENING, C_TITLE };
	size_t n = 0;

	while (n < FRAGMENT_MAX &&
	       ((cls[n] == C_BUT && (n == 0 || is_time(cls[n + 1]) || is_name(cls[n + 1]) ||
					cls[n + 1] == C_PLACE)) ||
		   memchr(ends, cls[n], sizeof(ends)) == NULL))
		n++;
	return n < FRAGMENT_MAX ? n : 0;
}

/* A reason has somebody else in it, or is in the present. */
static size_t
rest_since(const uint8_t *cls)
{
	static const uint8_t reasons[] = { C_VERB, C_IM, C_MY };
	size_t n = rest_clause(cls);

	if ((cls[0] == C_THEY || cls[0] == C_COMMON) && cls[1] != C_WAS && cls[1] != C_VERB)
		return 0;
	if (memchr(reasons, cls[0], sizeof(reasons)) != NULL || memchr(cls, C_IS, n) != NULL)
		return 0;
	if (cls[0] == C_I && cls[1] != C_STARTED && cls[1] != C_HIRED && cls[1] != C_CLOCK)
		return 0;
	return n;
}

/* To a time that is told in the clause; no further than anybody who comes in. */
static size_t
rest_when(const uint8_t *cls)
{
	static const uint8_t ends[] = { C_NONE, C_END, C_QUESTION, C_COMMA, C_LINE, C_BLANK_LINE,
		C_LEFT, C_COLON, C_QUOTE, C_OPENING, C_TITLE, C_VERBAL, C_I, C_IM, C_IVE, C_THEY };

	for (size_t n = 0; n < FRAGMENT_MAX && memchr(ends, cls[n], sizeof(ends)) == NULL; n++) {
		if (cls[n] == C_POINT || cls[n] == C_NUMBER || cls[n] == C_SEASON)
			return n + 1;
		if (cls[n] == C_DATE)
			return cls[n + 1] == C_NUMBER ? n + 2 : n + 1;
		if (cls[n] == C_DURATION && cls[n + 1] == C_AGO)
			return n + 2;
	}
	return 0;
}

#define NAME_MAX 5

static size_t
name(const uint8_t *cls, bool sure)
{
	size_t n = 0, first, end;

	while (n < 2 && (cls[n] == C_TITLE ||
			    ((cls[n] == C_RELATION || cls[n] == C_ROLE) && is_name(cls[n + 1]))))
		n++;
	if (sure && n == 0 && cls[0] == C_ALLCAPS)
		return 0;
	for (first = n; n < first + NAME_MAX && is_name(cls[n]);)
		n++;
	if (n == first || cls[n] == C_POSSESSIVE)
		return 0;
	for (end = n; n < end + 2 && n < STRIP_REACH / 2; n++)
		if (cls[n] == C_CREDENTIAL ||
		    (n > end && (cls[n] == C_ALLCAPS || cls[n] == C_TITLE) && !is_name(cls[n + 1])))
			end = n + 1;
		else if (cls[n] != C_COMMA)
			break;
	return end;
}

static size_t
rest_name(const uint8_t *cls)
{
	return name(cls, true);
}

static size_t
rest_full(const uint8_t *cls)
{
	return name(cls, false);
}

static size_t
rest_field(const uint8_t *cls)
{
	static const uint8_t stops[] = { C_SLASH, C_LEFT, C_EMAIL, C_PHONE, C_BARE, C_CONTACT,
		C_REACH };
	size_t n = name(cls, false);

	if (n == 0 && cls[0] == C_WORD)
		n = cls[1] == C_WORD ? 2 : 1;
	return n > 0 && (ends_fragment(cls[n]) || memchr(stops, cls[n], sizeof(stops)) != NULL) ? n
												: 0;
}

static size_t
rest_digits(const uint8_t *cls)
{
	static const uint8_t digits[] = { C_NUMBER, C_CODE, C_BARE, C_LONG, C_TAG, C_USER };
	size_t n =
	    is_name(cls[0]) || cls[0] == C_CREDENTIAL || cls[0] == C_ROLE || cls[0] == C_DEPT;

	n += n > 0 && cls[n] == C_DASH;
	if (memchr(digits, cls[n], sizeof(digits)) == NULL)
		return 0;
	for (n++; n < 6 && cls[n] == C_NUMBER && cls[n - 1] == C_NUMBER;)
		n++;
	return cls[n] == C_SLASH && cls[n + 1] == C_WORD ? n + 2 : n;
}

#define QUOTED_MAX 7

static size_t
rest_quoted(const uint8_t *cls)
{
	static const uint8_t stops[] = { C_NONE, C_LINE, C_BLANK_LINE, C_END, C_QUESTION, C_COMMA,
		C_I, C_IM, C_THEY, C_PLACEHOLDER, C_ROLE_GONE, C_NAME_GONE, C_IS, C_VERB };
	size_t n = 1;

	if (cls[0] != C_OPENING)
		return 0;
	while (n < QUOTED_MAX && cls[n] != C_QUOTE && memchr(stops, cls[n], sizeof(stops)) == NULL)
		n++;
	return cls[n] == C_QUOTE ? n + 1 : 0;
}

size_t
strip_rest(const uint8_t *cls, enum strip_extent extent)
{
	static size_t (*const rest[])(const uint8_t *) = {
		[REST_SELF] = rest_self,
		[REST_APPOSED] = rest_apposed,
		[REST_SINCE] = rest_since,
		[REST_WHERE] = rest_where,
		[REST_QUOTED] = rest_quoted,
		[REST_WHEN] = rest_when,
		[REST_NAME] = rest_name,
		[REST_FULL] = rest_full,
		[REST_FIELD] = rest_field,
		[REST_DIGITS] = rest_digits,
	};

	return rest[extent](cls);
}
