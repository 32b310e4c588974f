/* SPDX-License-Identifier: ISC */
/*
 * Stage 3 of stripping: the signature at the end of a text, piece by piece: a name, then what its owner
 * is, numbers, and how to be reached, in lines or in one. Any process; pure. Must know no words, only
 * classes and marks, and must look no further than STRIP_REACH tokens.
 */
#include <string.h>

#include "strip/internal.h"

/* From a signature's begin to the end of the text. */
#define SIGN_MAX 40
#define NAME_MAX 5

/* What a token may be in a signature. */
enum { NO, SEPARATES, NAMES, TITLES, FOLLOWS, DESCRIBES, JOINS, REACHES, NUMBERS, GONE };

static const uint8_t parts[256] = {
	[C_LINE] = SEPARATES,
	[C_BLANK_LINE] = SEPARATES,
	[C_COMMA] = SEPARATES,
	[C_DASH] = SEPARATES,
	[C_SLASH] = SEPARATES,
	[C_OTHER] = SEPARATES,
	[C_END] = SEPARATES,
	[C_LEFT] = SEPARATES,
	[C_RIGHT] = SEPARATES,
	[C_COLON] = SEPARATES,
	[C_CAP] = NAMES,
	[C_ALLCAPS] = NAMES,
	[C_INITIAL] = NAMES,
	[C_TITLE] = TITLES,
	[C_CREDENTIAL] = FOLLOWS,
	[C_WORD] = DESCRIBES,
	[C_ROLE] = DESCRIBES,
	[C_PLACE] = DESCRIBES,
	[C_DEPT] = DESCRIBES,
	[C_DAY] = DESCRIBES,
	[C_NUMWORD] = DESCRIBES,
	[C_LAST] = DESCRIBES,
	[C_ONLY] = DESCRIBES,
	[C_POSSESSIVE] = DESCRIBES,
	[C_PERSON] = DESCRIBES,
	[C_SOMEONE] = DESCRIBES,
	[C_MANAGE] = DESCRIBES,
	[C_UNIT] = DESCRIBES,
	[C_TIME] = DESCRIBES,
	[C_SEASON] = DESCRIBES,
	[C_VERBAL] = DESCRIBES,
	[C_PROBATION] = DESCRIBES,
	[C_RECORD] = DESCRIBES,
	[C_JOB] = DESCRIBES,
	[C_AND] = JOINS,
	[C_PREP] = JOINS,
	[C_IN] = JOINS,
	[C_FOR] = JOINS,
	[C_THE] = JOINS,
	[C_ARTICLE] = JOINS,
	[C_WORK] = DESCRIBES,
	[C_EMAIL] = REACHES,
	[C_PHONE] = REACHES,
	[C_EXTENSION] = REACHES,
	[C_BARE] = REACHES,
	[C_HANDLE] = REACHES,
	[C_URL] = REACHES,
	[C_SPELT] = REACHES,
	[C_CONTACT] = REACHES,
	[C_REACH] = REACHES,
	[C_ME] = REACHES,
	[C_COMMON] = REACHES,
	[C_NUMNOUN] = NUMBERS,
	[C_ADDRESS_END] = REACHES,
	[C_ADDRESS] = REACHES,
	[C_TAG] = NUMBERS,
	[C_USER] = NUMBERS,
	[C_THING] = DESCRIBES,
	[C_HOUR] = DESCRIBES,
	[C_ORG] = DESCRIBES,
	[C_CLOSER] = REACHES,
	[C_FILLER] = REACHES,
	[C_AGO] = REACHES,
	[C_NUMBER] = NUMBERS,
	[C_CODE] = NUMBERS,
	[C_LONG] = NUMBERS,
	[C_IDNOUN] = NUMBERS,
	[C_HASH] = NUMBERS,
	[C_LOGIN] = NUMBERS,
	[C_PLACEHOLDER] = GONE,
	[C_ROLE_GONE] = GONE,
	[C_NAME_GONE] = GONE,
};

static bool
ends_line(uint8_t class)
{
	return class == C_NONE || class == C_LINE || class == C_BLANK_LINE;
}

/* Might token be part of somebody's name, and of nothing else? */
static bool
names_somebody(const struct strip_token *tok, uint8_t class)
{
	if (class != C_CAP && class != C_ALLCAPS)
		return false;
	return (tok->marks & LEX_GIVEN) != 0 ||
	       (tok->marks & (LEX_COMMON | LEX_WORD | LEX_KNOWN)) == 0;
}

/* How many tokens a name with its titles and degrees has at cls; 0: there is none that is sure.
 * alone: it has a line of its own. */
static size_t
name_at(const uint8_t *cls, const struct strip_token *tok, bool alone)
{
	size_t n = 0, names = 0, known = 0, end;

	while (
	    n < 2 && (parts[cls[n]] == TITLES || (cls[n] == C_ROLE && parts[cls[n + 1]] == NAMES)))
		n++;
	for (; n < NAME_MAX + 2; n++) {
		if (parts[cls[n]] == NAMES) {
			names++;
			known += names_somebody(&tok[n], cls[n]);
		} else if (cls[n] == C_LEFT && cls[n + 1] == C_TITLE && cls[n + 2] == C_RIGHT) {
			n += 2;
		} else if (names > 0 && cls[n] == C_OPENING && parts[cls[n + 1]] == NAMES &&
			   cls[n + 2] == C_QUOTE) {
			n += 2;
		} else if (cls[n] == C_DASH && n > 0 && cls[n - 1] == C_INITIAL &&
			   cls[n + 1] == C_INITIAL) {
			continue; /* J.-L. */
		} else if (names == 0 || cls[n] != C_WORD || cls[n + 1] == C_NONE ||
			   (parts[cls[n + 1]] != NAMES && parts[cls[n + 2]] != NAMES)) {
			break;
		}
	}
	if (names == 0 || names > NAME_MAX)
		return 0;
	if (known == 0 && !(alone && (names > 1 || n > names)) && cls[0] != C_INITIAL)
		return 0;
	for (end = n; n - end < 2; n++) {
		if (parts[cls[n]] == FOLLOWS || ((cls[n] == C_ALLCAPS || cls[n] == C_TITLE) &&
						    n > end && cls[n - 1] == C_COMMA))
			end = n + 1;
		else if (cls[n] != C_COMMA)
			break;
	}
	return end;
}

/* How many tokens, from cls on, say what somebody is. */
static size_t
role_at(const uint8_t *cls)
{
	size_t n = 0, end = 0;
	bool says = false;

	for (; n < SIGN_MAX; n++) {
		uint8_t part = parts[cls[n]];

		if (part == DESCRIBES || part == NAMES || part == FOLLOWS ||
		    (part == NUMBERS && end > 0) ||
		    (part == REACHES && cls[n] == C_COMMON && end > 0)) {
			says |= part != NAMES;
			end = n + 1;
		} else if (part != JOINS && !(cls[n] == C_COMMA && n > 0 && end == n)) {
			break;
		}
	}
	return says ? end : 0;
}

/* Is all that is left at cls of the kind that stands in signatures? */
static bool
all_signs(const uint8_t *cls)
{
	for (size_t n = 0; n < SIGN_MAX; n++) {
		if (cls[n] == C_NONE)
			return true;
		if (parts[cls[n]] == NO && !(cls[n] == C_VERB && n > 0 && cls[n - 1] == C_FILLER))
			return false; /* you can text me */
	}
	return false;
}

/* Does the text end soon, with how to be reached, and nobody else in it? */
static bool
ends_reaching(const uint8_t *cls)
{
	static const uint8_t reach[] = { C_EMAIL, C_PHONE, C_BARE, C_HANDLE, C_PLACEHOLDER };
	bool found = false;

	for (size_t n = 0; n < SIGN_MAX / 2; n++) {
		if (cls[n] == C_NONE)
			return found;
		if (cls[n] == C_THEY || cls[n] == C_WHO || cls[n] == C_QUESTION)
			return false;
		found |= memchr(reach, cls[n], sizeof(reach)) != NULL;
	}
	return false;
}

static bool
near_end(const uint8_t *cls)
{
	return memchr(cls, C_NONE, SIGN_MAX) != NULL;
}

struct strip_match
strip_sign(const uint8_t *cls, const struct strip_token *tok)
{
	const struct strip_match none = { .label = STRIP__N };
	bool line = ends_line(cls[0]), whole;
	size_t k = 1, n;

	while (cls[k] == C_DASH || cls[k] == C_OTHER || cls[k] == C_SLASH || cls[k] == C_LINE ||
	       cls[k] == C_LEFT)
		k++;
	whole = all_signs(cls + k);
	if (cls[k] == C_NAME_GONE) {
		/* What goes with the name. */
		if (!whole)
			return none;
		for (k++; cls[k] != C_NONE; k += n) {
			if ((n = role_at(cls + k)) > 0 && parts[cls[k]] != NUMBERS)
				return (struct strip_match){ STRIP_REPORTER_ROLE, WHEN_BLOCK, k,
					k + n, k + n };
			n = 1;
		}
		return none;
	}
	line = line || k > 1;
	n = name_at(cls + k, tok + k, line);
	if (n == 0 || (parts[cls[k + n]] != SEPARATES && cls[k + n] != C_NONE &&
			  parts[cls[k + n]] != REACHES))
		return none;
	if (!whole && !(parts[cls[k + n]] == SEPARATES && ends_reaching(cls + k + n)) &&
	    !(line && ends_line(cls[k + n]) && near_end(cls + k)))
		return none;
	return (struct strip_match){ STRIP_REPORTER_NAME, WHEN_BLOCK, k, k + n, k + n };
}
