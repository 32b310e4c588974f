/* SPDX-License-Identifier: ISC */
/*
 * Stage 2 of stripping, for de-identification: evened text in, tokens and their kinds out. Forms
 * that tell what they are (dates, cards, links) are told here; what needs its neighbours is
 * entity_rules.re's. Any process; pure. Every pattern either takes what it has read or reads a bounded length, so that
 * scanning is linear.
 */
#include <string.h>
#include <strings.h>

#include <utf8proc.h>

#include "candor/utf8.h"
#include "strip/internal.h"
#include "strip/lexicon.h"

#define GROW 64
#define WORD_MAX 48
#define INCREMENT 0x2206 /* its sign is typed for a delta */
#define SHORTENED_MAX 6  /* of a word that a full stop belongs to */

struct scan {
	struct arena *a;
	struct strip_tokens *to;
	const uint8_t *text;
	size_t cap;
};

static int
push(struct scan *s, enum strip_kind kind, unsigned marks, size_t start, size_t end)
{
	struct strip_tokens *to = s->to;

	if (to->n == s->cap) {
		/* Nothing else is taken meanwhile: what comes now lies behind what is there. */
		struct strip_token *more = arena_alloc(s->a, GROW * sizeof(*more));

		if (more == NULL)
			return CANDOR_ENOMEM;
		if (to->tok == NULL)
			to->tok = more;
		s->cap += GROW;
	}
	to->tok[to->n++] = (struct strip_token){ .start = (uint32_t)start,
		.end = (uint32_t)end,
		.label = STRIP__N,
		.kind = kind & 0xff,
		.marks = marks & 0xff };
	return 0;
}

/* ---- words ------------------------------------------------------------------------------------ */

enum { SMALL, CAPITAL, CAPITALS };

static unsigned
case_of(const uint8_t *p, size_t len)
{
	size_t small = 0, big = 0, lead = 0; /* capitals before the first small letter */
	bool first = false;

	if (p[0] >= 'a' && p[0] <= 'z')
		return SMALL;
	if (p[0] >= 'A' && p[0] <= 'Z' && p[1] >= 'a' && p[1] <= 'z')
		return CAPITAL;

	for (size_t i = 0; i < len;) {
		uint32_t c = p[i];
		size_t n = 1;

		if (c < 0x80) {
			small += c >= 'a' && c <= 'z';
			big += c >= 'A' && c <= 'Z';
			first |= i == 0 && c >= 'A' && c <= 'Z';
		} else {
			utf8proc_category_t cat;

			n = utf8_decode(&c, (const char *)p + i, len - i);
			if (n == 0)
				return SMALL;
			cat = utf8proc_category((int32_t)c);
			if (c == INCREMENT)
				cat = UTF8PROC_CATEGORY_LU;
			big += cat == UTF8PROC_CATEGORY_LU;
			small += cat != UTF8PROC_CATEGORY_LU;
			first |=
			    i == 0 && (cat == UTF8PROC_CATEGORY_LU || cat == UTF8PROC_CATEGORY_LO);
		}
		lead = small == 0 ? big : lead;
		i += n;
	}
	return big > 1 && (small == 0 || lead > 1) ? CAPITALS : first ? CAPITAL : SMALL;
}

/* How words end that are no names, though no list has them: drugs, conditions, procedures; and names
 * of streets. */
/* By their last letter. */
static const char *const medical_ends[26] = {
	['a' - 'a'] = "emia aemia algia penia uria plegia oma",
	['b' - 'a'] = "mab tinib",
	['e' - 'a'] = "azole cycline oxetine prazole glutide dronate amine idine caine thiazide "
		      "semide idone apine azine ase zepine",
	['i' - 'a'] = "cocci",
	['l' - 'a'] = "pril olol ological barbital ococcal",
	['m' - 'a'] = "azepam zolam pram",
	['n' - 'a'] = "statin sartan cillin mycin floxacin gliptin gliflozin parin xaban triptan "
		      "setron ostatin profen oxacin",
	['r' - 'a'] = "vir bacter",
	['s' - 'a'] = "itis osis omas coccus virus",
	['t' - 'a'] = "lukast ologist",
	['y' - 'a'] = "ectomy otomy ostomy plasty scopy graphy pathy ology",
};
static const char *const street_ends[26] = {
	['a' - 'a'] = "gata kuja utca",
	['e' - 'a'] = "strasse gasse gade tie allee kade terrasse promenade chaussee",
	['f' - 'a'] = "hof",
	['g' - 'a'] = "weg steeg ring stieg steig",
	['i' - 'a'] = "vei holti",
	['j' - 'a'] = "vej",
	['k' - 'a'] = "dijk",
	['l' - 'a'] = "singel",
	['m' - 'a'] = "damm",
	['n' - 'a'] = "gatan vingen bakken kroken gaden vejen veien vagen laan plein",
	['r' - 'a'] = "stigur",
	['s' - 'a'] = "strass",
	['t' - 'a'] = "straat gracht braut",
	['u' - 'a'] = "katu polku",
	['y' - 'a'] = "way",
	['z' - 'a'] = "platz",
};

static bool
ends(const uint8_t *p, size_t len, const char *const with[26], size_t least)
{
	uint8_t last = p[len - 1];
	const char *w = last >= 'a' && last <= 'z' ? with[last - 'a'] : NULL;

	while (w != NULL && *w != 0) {
		size_t n = strcspn(w, " ");

		if (len >= n + least && memcmp(p + len - n, w, n) == 0)
			return true;
		w += n + (w[n] == ' ');
	}
	return false;
}

/* The kind of a word that has a capital, of those that may be names. */
static enum strip_kind
name_kind(const uint8_t *low, size_t len, unsigned marks, unsigned letters, bool foreign)
{
	bool common = (marks & LEX_COMMON) != 0, word = common || (marks & LEX_WORD) != 0;

	if ((marks & LEX_KNOWN) != 0 &&
	    (letters == CAPITALS || len > 4 || (marks & (LEX_GIVEN | LEX_FAMILY)) == 0))
		return (marks & (LEX_GIVEN | LEX_FAMILY)) != 0 ? E_KNOWN_NAME : E_KNOWN;
	if (!common && letters == CAPITAL && (marks & LEX_GIVEN) != 0)
		word = false;
	if (foreign && letters == CAPITAL)
		word = false; /* Åse is no word for its letters without marks being one */
	if (word) {
		if (letters == CAPITALS)
			return common || (marks & (LEX_GIVEN | LEX_FAMILY)) == 0 ? E_LOUD
										 : E_SOFT_FAMILY;
		if ((marks & LEX_GIVEN) != 0)
			return E_SOFT_GIVEN;
		if ((marks & LEX_FAMILY) != 0)
			return E_SOFT_FAMILY;
		if ((marks & LEX_PLACE) != 0)
			return E_SOFT_PLACE;
		return common ? E_TITLED : E_RARE;
	}
	if (letters == CAPITAL && len < 4 && !foreign && (marks & LEX_GIVEN) == 0)
		return (marks & LEX_FAMILY) != 0 ? E_SOFT_FAMILY : E_TITLED;
	if (letters == CAPITALS && len < 4)
		return foreign ? E_SHOUT : E_CAPS;
	if ((marks & LEX_GIVEN) != 0)
		return (marks & LEX_PLACE) != 0 ? E_NAMEPLACE : E_GIVEN;
	if ((marks & LEX_FAMILY) != 0)
		return (marks & LEX_PLACE) != 0 ? E_NAMEPLACE : E_FAMILY;
	if ((marks & LEX_PLACE) != 0)
		return E_PLACE;
	if (ends(low, len, street_ends, 3))
		return E_STREETWORD;
	if (ends(low, len, medical_ends, 3))
		return E_KNOWN;
	return letters == CAPITALS ? (len < 5 && !foreign ? E_CAPS : E_SHOUT) : E_CAP;
}

static enum strip_kind
small_kind(const uint8_t *low, size_t len, unsigned marks, bool foreign)
{
	if ((marks & (LEX_COMMON | LEX_KNOWN)) != 0)
		return E_LOW;
	if ((marks & LEX_WORD) != 0)
		return (marks & LEX_GIVEN) != 0 ? E_LOW_SOFT : E_LOW;
	if ((marks & LEX_GIVEN) != 0 && len > 3)
		return E_LOW_GIVEN;
	if ((marks & LEX_FAMILY) != 0 && len > 2)
		return E_LOW_FAMILY;
	if ((marks & LEX_PLACE) != 0)
		return E_LOW_PLACE;
	if (ends(low, len, street_ends, 4))
		return E_STREETWORD;
	if (ends(low, len, medical_ends, 3))
		return E_LOW;
	return foreign && len > 4 ? E_LOW_PLACE : E_ODD;
}

/* Words of the lists that are given names, too, where they have a capital: Will, Rose, Summer, Nino. */
static bool
maybe_name(unsigned kind)
{
	switch (kind) {
	case E_MAY:
	case E_SAYS:
	case E_PERIOD:
	case E_STAFF:
	case E_RECORD:
	case E_LICENCE:
	case E_VEHICLE:
	case E_DEVICE:
	case E_OTHERID:
		return true;
	default:
		return false;
	}
}

/* What a word of the lists is when it has no capital. */
static enum strip_kind
lowered(enum strip_kind kind)
{
	static const uint8_t to[E__N] = {
		[E_FACILITY] = E_LOW_FACILITY,
		[E_UNIVERSITY] = E_LOW_FACILITY,
		[E_ROAD] = E_LOW_STREET,
		[E_STREET] = E_LOW_ROW,
		[E_UNIT] = E_LOW_UNIT,
		[E_DIRECTION] = E_LOW,
		[E_DEPT] = E_LOW,
		[E_HOLIDAY] = E_HOLIDAY,
		[E_FIRM] = E_LOW,
		[E_COMPANY] = E_LOW,
		[E_STATE] = E_LOW_LAND,
		[E_COUNTRY] = E_LOW_LAND,
		[E_SOFT_MONTH] = E_MAY,
		[E_MAY] = E_MAY,
		[E_SAINT] = E_LOW_ROW,
		[E_STATEABBR] = E_LOW,
		[E_MILITARY] = E_LOW,
	};

	return to[kind] != 0 ? (enum strip_kind)to[kind] : kind;
}

/* Add what the packs know of the parts of a word with hyphens. */
static unsigned
part_marks(const uint8_t *low, size_t len)
{
	unsigned any = 0, all = LEX_COMMON | LEX_WORD;
	bool word = true;

	for (size_t from = 0; from < len;) {
		const uint8_t *dash = memchr(low + from, '-', len - from);
		size_t to = dash == NULL ? len : (size_t)(dash - low);
		unsigned marks = strip_word(low + from, to - from).marks;

		if (to - from < 2) {
			from = to + 1;
			continue;
		}
		any |= marks & (LEX_GIVEN | LEX_FAMILY | LEX_PLACE);
		word = word && (marks & all) != 0;
		if (from == 0)
			any |= marks & LEX_KNOWN;
		from = to + 1;
	}
	return word ? (any & ~(unsigned)LEX_PLACE) | LEX_COMMON : any;
}

/* The longest name of several words that begins at start, whose first ends at end: its end, or NULL. */
static const uint8_t *
longer(const uint8_t *start, const uint8_t *end, struct strip_lex *found)
{
	uint8_t low[LEXICON_WORD_MAX + 8];
	size_t n = strip_fold(low, sizeof(low), start, (size_t)(end - start));
	const uint8_t *best = NULL;

	for (unsigned words = 1; words < 4 && n > 0; words++) {
		const uint8_t *p = end;
		struct strip_lex lex;
		size_t more;

		if (*p == '.')
			p++;
		if (*p != ' ' ||
		    (p[1] < 'A' || (p[1] > 'Z' && p[1] < 'a') || (p[1] > 'z' && p[1] < 0x80)))
			break;
		start = ++p;
		while ((*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || *p >= 0x80 ||
		       *p == '-' || (*p == '\'' && (p[1] != 's' || p[2] == ' ')))
			p++;
		if (n + 1 + (size_t)(p - start) + 8 > sizeof(low))
			break;
		low[n++] = ' ';
		more = strip_fold(low + n, sizeof(low) - n, start, (size_t)(p - start));
		if (more == 0)
			break;
		n += more;
		end = p;
		lex = strip_word(low, n);
		if (lex.kind != E_NONE || (lex.marks & ~(unsigned)LEX_LONGER) != 0) {
			*found = lex;
			best = p;
		}
	}
	return best;
}

/* The kind of the word from start to *end, which may move: a full stop belongs to "Dr.", the 's does not
 * to "Jane's", and "San Francisco" is one. */
static enum strip_kind
word_kind(const unsigned char **end, const unsigned char *start, unsigned *marks)
{
	size_t len = (size_t)(*end - start), n;
	uint8_t low[WORD_MAX + 8];
	unsigned letters = case_of(start, len);
	bool foreign = false;
	struct strip_lex lex = { 0 }, found;
	const uint8_t *to;

	*marks = 0;
	if (len > 2 && start[len - 2] == '\'' && (start[len - 1] | 0x20) == 's') {
		if ((n = strip_fold(low, WORD_MAX, start, len)) > 0)
			lex = strip_word(low, n);
		if ((lex.marks & LEX_LONGER) != 0 && (to = longer(start, *end, &found)) != NULL &&
		    found.kind != E_NONE) {
			*end = to;
			return (enum strip_kind)found.kind;
		}
		if (lex.kind == E_NONE) {
			*end -= 2;
			len -= 2;
			letters = case_of(start, len);
		}
	}
	if ((n = strip_fold(low, WORD_MAX, start, len)) == 0)
		return letters == SMALL ? E_LOW : E_CAP;
	if (**end == '.' && n <= SHORTENED_MAX) {
		low[n] = '.';
		lex = strip_word(low, n + 1);
		if (lex.kind != E_NONE) {
			(*end)++;
			return letters == SMALL ? lowered((enum strip_kind)lex.kind)
						: (enum strip_kind)lex.kind;
		}
	}
	lex = strip_word(low, n);
	if ((lex.marks & LEX_LONGER) != 0) {
		to = longer(start, *end, &found);
		if (to != NULL) {
			*end = to;
			lex = found;
			if (letters != SMALL && (lex.marks & LEX_PLACE) != 0 &&
			    lex.kind == E_NONE) {
				*marks = lex.marks;
				return E_PLACE;
			}
		}
	}
	if (letters == CAPITALS && len < 5) {
		enum strip_kind kind = (enum strip_kind)strip_word(start, len).kind;

		if (kind != E_NONE)
			return kind;
	}
	*marks = lex.marks;
	if (lex.kind != E_NONE && lex.kind != E_STATEABBR) {
		if (letters == SMALL)
			return lowered((enum strip_kind)lex.kind);
		if (letters == CAPITAL && maybe_name(lex.kind) && (lex.marks & LEX_GIVEN) != 0)
			return E_SOFT_GIVEN;
		if (letters == CAPITAL && lex.kind == E_SAYS && (lex.marks & LEX_FAMILY) != 0)
			return E_SOFT_FAMILY;
		if (lex.kind == E_COUNTRY && (lex.marks & LEX_GIVEN) != 0)
			return E_LANDNAME;
		return (enum strip_kind)lex.kind;
	}
	if (*marks == 0 && memchr(low, '-', n) != NULL) {
		if (ends(low, n, street_ends, 3))
			return E_STREETWORD;
		*marks = part_marks(low, n);
	}
	for (size_t i = 0; i < len && !foreign; i++)
		foreign = start[i] >= 0x80;
	if (n > 15 && memcmp(low, "ninety", 6) == 0 && memcmp(low + n - 4, "-old", 4) == 0)
		return E_OLDAGE;
	return letters == SMALL ? small_kind(low, n, *marks, foreign)
				: name_kind(low, n, *marks, letters, foreign);
}

static size_t
letter_at(const uint8_t *p)
{
	uint32_t c = *p;
	size_t n = 1;

	if (c < 0x80)
		return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
	for (n = 1; n < 4 && (p[n] & 0xc0) == 0x80; n++)
		;
	if (utf8_decode(&c, (const char *)p, n) != n)
		return 0;
	switch (utf8proc_category((int32_t)c)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
		return n;
	default:
		return c == INCREMENT ? n : 0;
	}
}

/* Where the word ends that goes on at p. */
static const unsigned char *
word_end(const unsigned char *p)
{
	for (;;) {
		size_t n;

		while ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z'))
			p++;
		n = letter_at(p);

		if (n == 0 && (*p == '\'' || *p == '-') && letter_at(p + 1) > 0)
			n = 1;
		if (n == 0)
			return p;
		p += n;
	}
}

/* ---- numbers ---------------------------------------------------------------------------------- */

/* The check digit of payment cards (ISO/IEC 7812-1, annex B); of an NPI with what stands before it. */
static bool
luhn(const uint8_t *p, size_t len, unsigned sum)
{
	unsigned place = 0;

	for (size_t i = len; i-- > 0;) {
		unsigned d = p[i] - (unsigned)'0';

		if (d > 9)
			continue;
		if (place++ % 2 == 1)
			d = d * 2 > 9 ? d * 2 - 9 : d * 2;
		sum += d;
	}
	return sum % 10 == 0;
}

/* The check of ISO 13616: the first four go to the end, letters count from 10, and 97 leaves 1. */
static bool
iban(const uint8_t *p, size_t len)
{
	unsigned rest = 0, n = 0;

	for (unsigned turn = 0; turn < 2; turn++) {
		unsigned seen = 0;

		for (size_t i = 0; i < len; i++) {
			unsigned d = p[i];

			if (d == ' ')
				continue;
			if ((seen++ < 4) == (turn == 0))
				continue;
			n++;
			d = d <= '9' ? d - '0' : (d | 0x20) - 'a' + 10;
			rest = (rest * (d > 9 ? 100 : 10) + d) % 97;
		}
	}
	return n >= 15 && n <= 34 && rest == 1;
}

/* The check digit of a vehicle's number (49 CFR 565.15). Outside of North America there is none, but a
 * word of 17 letters and digits with five digits at its end is hardly anything else. */
static bool
vin(const uint8_t *p)
{
	static const char value[] = "0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ";
	static const uint8_t weight[17] = { 8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2 };
	unsigned sum = 0, digits = 0, letters = 0;

	for (size_t i = 0; i < 17; i++) {
		const char *at = strchr(value, p[i] >= 'a' ? p[i] & 0xdf : p[i]);

		if (at == NULL)
			return false;
		sum += (unsigned)(at - value) % 10 * weight[i];
		digits += p[i] <= '9';
		letters += p[i] > '9';
	}
	if (letters < 2 || digits < 5)
		return false;
	if (p[8] == (sum % 11 == 10 ? 'X' : '0' + (int)(sum % 11)))
		return true;
	for (size_t i = 13; i < 17; i++)
		if (p[i] > '9')
			return false;
	return true;
}

static unsigned
number(const uint8_t *p, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i < len && p[i] >= '0' && p[i] <= '9' && n < 100000; i++)
		n = n * 10 + p[i] - '0';
	return n;
}

static size_t
digits_in(const uint8_t *p, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += p[i] >= '0' && p[i] <= '9';
	return n;
}

/* Could a.b, of two numbers with a mark between them, be a day of a year? */
static bool
day_and_month(unsigned a, unsigned b)
{
	return a >= 1 && b >= 1 && ((a <= 12 && b <= 31) || (a <= 31 && b <= 12));
}

static bool
is_date(const uint8_t *p, size_t len)
{
	unsigned part[3] = { 0 }, n = 0;

	for (size_t i = 0; i < len && n < 3; n++) {
		part[n] = number(p + i, len - i);
		while (i < len && p[i] >= '0' && p[i] <= '9')
			i++;
		i++;
	}
	if (part[0] > 1000)
		return part[0] < 2200 &&
		       (n < 3 ? part[1] >= 1 && part[1] <= 12 : day_and_month(part[1], part[2]));
	if (n == 2)
		return part[1] > 1000 ? part[0] >= 1 && part[0] <= 12 && part[1] < 2200
				      : day_and_month(part[0], part[1]);
	return day_and_month(part[0], part[1]);
}

/* 3/14 and 02/11, but not 1/2: a fraction. */
static bool
surely_day(const uint8_t *p, size_t len)
{
	const uint8_t *slash = memchr(p, '/', len);
	size_t first = (size_t)(slash - p);

	return number(p, first) > 12 || number(slash + 1, len - first - 1) > 12 || p[0] == '0' ||
	       slash[1] == '0';
}

/* 500-1000, 2019-2023: from one number to a greater one. */
static bool
is_range(const uint8_t *p, size_t len)
{
	const uint8_t *dash = memchr(p, '-', len);
	size_t first;

	if (dash == NULL || digits_in(p, len) != len - 1 || p[0] == '0')
		return false;
	first = (size_t)(dash - p);
	return first <= 4 && len - first - 1 <= 4 &&
	       number(p, first) < number(dash + 1, len - first - 1);
}

/* A month in small letters that is another word counts in a date with a year only. */
static bool
soft_date(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i + 3 <= len; i++)
		if (p[i] == 'm' && p[i + 1] == 'a' && (p[i + 2] == 'y' || p[i + 2] == 'r') &&
		    letter_at(p + i + 3) == 0)
			return digits_in(p, len) < 4;
	return false;
}

/* Who was born in it is 90 in 2026, and stays so. */
#define OLD_YEAR 1936

static enum strip_kind
number_kind(const uint8_t *p, size_t len)
{
	unsigned n = number(p, len);

	switch (len) {
	case 1:
		return E_N1;
	case 2:
		return n >= 90 ? E_NINETY : E_N1;
	case 3:
		if (n == 911)
			return E_DECIMAL; /* whom everybody calls */
		return p[0] == '1' && n <= 120 ? E_NINETY : E_N3;
	case 4:
		return n < 1890 || n > 2049 ? E_N4 : n <= OLD_YEAR ? E_OLDYEAR : E_YEARNUM;
	case 5:
		return E_N5;
	case 6:
		return E_N6;
	case 8:
		if ((n = number(p, 4)) >= 1890 && n <= 2049 && number(p + 4, 2) - 1u < 12 &&
		    number(p + 6, 2) - 1u < 31)
			return E_DATE;
		return E_N7;
	case 10:
		/* 80840 stands before it (45 CFR 162.406). */
		return (p[0] == '1' || p[0] == '2') && luhn(p, len, 24) ? E_NPI : E_N7;
	default:
		return len >= 13 && len <= 19 && luhn(p, len, 0) ? E_CARD : E_N7;
	}
}

static bool
ascii_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* What a number at *p is when it is none of the forms that it looked like; *p goes to its end. */
static enum strip_kind
number_head(const unsigned char **p)
{
	const unsigned char *start = *p, *end = start;
	size_t len;

	while (is_digit(*end))
		end++;
	len = (size_t)(end - start);
	if (len < 3 && letter_at(end) > 0 && letter_at(end + 1) > 0 && letter_at(end + 2) == 0) {
		static const char *const nth[] = { "st", "nd", "rd", "th" };

		for (size_t i = 0; i < NELEM(nth); i++)
			if (memcmp(end, nth[i], 2) == 0) {
				*p = end + 2;
				return E_ORDINAL;
			}
	}
	if ((*end == '.' || *end == ',') && is_digit(end[1])) {
		while ((*end == '.' || *end == ',') && is_digit(end[1]))
			for (end++; is_digit(*end); end++)
				;
		*p = end;
		return E_DECIMAL;
	}
	while (
	    ascii_word(*end) || ((*end == '-' || *end == '_' || *end == '/') && ascii_word(end[1])))
		end++;
	if ((size_t)(end - start) == len) {
		*p = end;
		return number_kind(start, len);
	}
	*p = end;
	len = (size_t)(end - start);
	return digits_in(start, len) < 5 ? E_CODE : is_range(start, len) ? E_RANGE : E_LONGCODE;
}

static bool
is_hex(uint8_t c)
{
	return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

#define IPV6_MAX 39

/* Where the IPv6 or MAC address ends that begins at p, or NULL. */
static const unsigned char *
hex_end(const unsigned char *p)
{
	const unsigned char *start = p;
	size_t groups = 0, run = 0, colons = 0;
	bool twice = false, pairs = true;

	for (; p - start < IPV6_MAX && (is_hex(*p) || *p == ':'); p++) {
		if (*p != ':') {
			groups += run++ == 0;
			if (run > 4)
				return NULL;
			continue;
		}
		pairs = pairs && run == 2;
		twice |= p > start && run == 0;
		colons++;
		run = 0;
	}
	if (ascii_word(*p) || groups < 1)
		return NULL;
	if (p[-1] == ':' && p[-2] != ':') {
		if (*p > ' ')
			return NULL; /* more of the same, were it not cut short */
		p--;
		colons--;
	}
	if (twice)
		return colons <= 7 && groups <= 7 && p - start > 3 ? p : NULL;
	return colons == 7 || (colons == 5 && pairs && run == 2) ? p : NULL;
}

#define IBAN_MAX 42 /* with its blanks */

/* Where the IBAN ends that begins at p, or NULL: its groups may stand apart. */
static const unsigned char *
iban_end(const unsigned char *p)
{
	const unsigned char *start = p, *best = NULL;

	if (!(p[0] >= 'A' && p[0] <= 'Z' && p[1] >= 'A' && p[1] <= 'Z' && is_digit(p[2]) &&
		is_digit(p[3])))
		return NULL;
	for (p += 4; p - start <= IBAN_MAX; p++) {
		bool in = is_digit(*p) || (*p >= 'A' && *p <= 'Z');

		if (!in && p - start >= 15 && iban(start, (size_t)(p - start)))
			best = p;
		if (!in && !(*p == ' ' && (is_digit(p[1]) || (p[1] >= 'A' && p[1] <= 'Z'))))
			break;
	}
	return best;
}

/* ---- links and addresses ---------------------------------------------------------------------- */

static const unsigned char *
link_end(const unsigned char *p)
{
	while (*p > ' ' && strchr("<>\"'(){}|\\^`[]", *p) == NULL && !(*p == 0xc2 && p[1] < 0xc0))
		p++;
	while (strchr(".,;:!?", p[-1]) != NULL)
		p--;
	return p;
}

/* The names of a site that may stand without "www.": how many, and how they end. */
#define SITE_NAMES 5
#define SITE_NAME_MAX 63
static const char *const site_ends[] = { "com", "org", "net", "edu", "gov", "io", "co", "uk", "de",
	"fr", "info", "health", "example", "app", "ly", "me", "tv", "us", "ca", "au", "eu", "mil",
	"biz", "ch", "nl", "test", "gl", "be" };

/* Where the site and its path end whose first name ends at p, or NULL. */
static const unsigned char *
site_end(const unsigned char *p)
{
	const unsigned char *best = NULL;

	if (*p != '.' || !ascii_word(p[1]))
		return NULL;
	for (unsigned i = 0; i < SITE_NAMES && *p == '.' && ascii_word(p[1]); i++) {
		const unsigned char *name = ++p;

		while ((ascii_word(*p) || *p == '-') && p - name < SITE_NAME_MAX)
			p++;
		for (size_t k = 0; k < NELEM(site_ends); k++) {
			size_t n = strlen(site_ends[k]);

			if ((size_t)(p - name) == n &&
			    strncasecmp((const char *)name, site_ends[k], n) == 0)
				best = p;
		}
	}
	if (best == NULL || ascii_word(*best) || *best == '@')
		return NULL;
	return *best == '/' || (*best == ':' && best[1] >= '0' && best[1] <= '9')
		   ? link_end(best + 1)
		   : best;
}

/* An e-mail address has at most 64 bytes before its @ (RFC 5321, 4.5.3.1.1). */
#define LOCAL_PART_MAX 64

static bool
local_char(uint8_t c)
{
	return ascii_word(c) || (c != 0 && strchr("._%+-'", c) != NULL) || c >= 0x80;
}

/* An @ and a domain stand at *start: what touches it on the left is the rest of the address. Returns
 * false when there is nothing, or when that is no local part. */
static bool
take_local_part(struct scan *s, size_t *start)
{
	struct strip_tokens *to = s->to;
	size_t from = *start, n = to->n;

	while (n > 1 && to->tok[n - 1].end == from &&
	       *start - to->tok[n - 1].start <= LOCAL_PART_MAX) {
		const struct strip_token *t = &to->tok[n - 1];
		size_t i = t->end;

		while (i > t->start && local_char(s->text[i - 1]))
			i--;
		if (i > t->start)
			break;
		from = t->start;
		n--;
	}
	while (from < *start && strchr(".'-", s->text[from]) != NULL) {
		from = to->tok[n].end;
		n++;
	}
	if (from == *start)
		return false;
	to->n = n;
	*start = from;
	return true;
}

/*!include:re2c "lib/strip/forms.re" */ /* say_month: of the language packs */
/*!re2c
	re2c:define:YYCTYPE = "unsigned char";
	re2c:yyfill:enable = 0;

	d      = [0-9];
	an     = [0-9A-Za-z];
	up     = [A-Z];
	sep    = [ .-];
*/

/* What a number, or a word that looks like one, turns out to be. Those up to CARD_FORM count before
 * dates and telephone numbers of the same length. */
enum form {
	TIME_FORM,
	IP_FORM,
	SSN_FORM,
	CARD_FORM,
	NAMED_FORM,
	DATE_FORM,
	SHORT_FORM,
	PHONE_FORM,
	BROKEN_FORM,
	AGE_FORM,
	POSTCODE_FORM,
	MAYCODE_FORM,
	DIGITS_FORM,
	DECIMAL_FORM,
	ORDINAL_FORM,
	CODE_FORM,
	WORD_FORM,
	NO_FORM,
};

/* Where the date ends that begins at p, or NULL. */
static const unsigned char *
date_end(const unsigned char *p, enum form *form)
{
	const unsigned char *YYCURSOR = p, *YYMARKER;

	/*!re2c
	// ---- dates ---------------------------------------------------------------------------
	mon    = say_month "."?;
	day    = d{1,2} ('st' | 'nd' | 'rd' | 'th')?;
	year   = d{4} | "'" d{2};
	to     = " "? "-" " "? | " to " | " and " | " & ";
	named  = mon [ ]? day (to (mon " ")? day)? (","? " "? year)?
	       | day (to day)? [ -./]{0,2} ('of ' | 'de ')? mon ([ ,./-]{1,2} ('of '
	       | 'de ')? (year | d{2}))?
	       | mon ("," | " of")? [ /-] year | mon " " "'" d{2} | mon "-" d{2};
	iso    = d{4} [-/.] d{1,2} [-/.] d{1,2};
	num    = d{1,2} ("/" d{1,2} "/" | "-" d{1,2} "-" | "." " "? d{1,2} "." " "?) (d{4} | d{2})
	       | d{1,2} "/" d{4};
	short  = d{1,2} "/" d{1,2};


	named     { *form = NAMED_FORM; return YYCURSOR; }
	iso | num { *form = DATE_FORM; return YYCURSOR; }
	short     { *form = SHORT_FORM; return YYCURSOR; }
	*         { return NULL; }
	*/
}

/* Where the telephone number ends that begins at p, or NULL. */
static const unsigned char *
phone_end(const unsigned char *p, enum form *form)
{
	const unsigned char *YYCURSOR = p, *YYMARKER;

	/*!re2c
	// ---- telephones ----------------------------------------------------------------------
	ext    = 'x' " "? d{3,6} | ('ext' | 'extension') "."? " "? d{1,6};
	nanp   = ("+"? "1" [ .-]?)? ("(" d{3} ")" [ .-]{0,2} | d{3} [ ./-]) d{3} [ .-] d{4}
	       | [2-9] d{2} [.-] d{4};
	intl   = ("+" "(" | "(" "+") d{1,3} ")" " "? d{6,11} | ("+"
	       | "00") d{1,3} [ .-]? ("(" d{1,4} ")" [ .-]?)? d{1,11} ([ .-] d{1,7}){0,6};
	trunk  = "(0" d{1,4} ")" [ -]? d{2,8} ([ -] d{2,5}){0,4}
	       | "0" d{1,4} [ /-] (d{5,8} | d{2,5} ([ -] d{2,5}){1,4}) | "0" d ([ .-] d{2}){4}
	       | "0" [1-9] d{8,9};
	local  = "(" d{2,4} ")" ([ -]? d{7,9} | [ -]? d{3} [ -] d{3} [ -] d{3})
	       | "(" d{2} ")" [ -] d{3,4} [ -] d{3,4} | d{2} [ -] d{3} [ -] d{3} | d{3} " " d{4}
	       | d{3,4} [ -] d{2,3} [ -] d{2,3} ([ -] d{2,3})?
	       | d{4} " " d{7} | d{2} " " d{4} " " d{4} | d{2} "/" d{3} " " d{4};
	phone  = nanp | intl | trunk | local;
	br     = [ .-]? "\n" | [ .-];
	broken = "("? [2-9] d{2} ")"? (br d{3} "\n" | "\n" d{3} br) d{4};


	phone        { *form = PHONE_FORM; return YYCURSOR; }
	broken | ext { *form = BROKEN_FORM; return YYCURSOR; }
	*            { return NULL; }
	*/
}

/* Can a date, a telephone number begin with it? */
static bool
leads_date(uint8_t c)
{
	switch (c | 0x20) {
	case 'j':
	case 'f':
	case 'm':
	case 'a':
	case 's':
	case 'o':
	case 'n':
	case 'd':
		return true;
	default:
		return is_digit(c);
	}
}

static bool
leads_phone(uint8_t c)
{
	return is_digit(c) || c == '(' || c == '+' || (c | 0x20) == 'x' || (c | 0x20) == 'e';
}

int
strip_entity_scan(struct arena *a, struct strip_tokens *out, const struct strip_evened *text)
{
	struct scan s = { .a = a, .to = out, .text = text->p };
	const unsigned char *YYCURSOR = text->p, *YYMARKER, *start, *end, *to;
	enum form form, found;
	unsigned marks;

	*out = (struct strip_tokens){ .text = text->p };
	if (push(&s, E_BLANK, 0, 0, 0) < 0)
		return CANDOR_ENOMEM;
#define T(what) TM(what, 0)
#define TM(what, m)                                                                                \
	do {                                                                                       \
		if (push(&s, (what), (m), (size_t)(start - s.text), (size_t)(YYCURSOR - s.text)) < \
		    0)                                                                             \
			return CANDOR_ENOMEM;                                                      \
		goto next;                                                                         \
	} while (0)
#define LEN ((size_t)(YYCURSOR - start))
/* A form that a date or a telephone number may be longer than. */
#define FORM(what)                                                                                 \
	do {                                                                                       \
		if (end == NULL || YYCURSOR > end || (YYCURSOR == end && (what) <= CARD_FORM))     \
			form = (what);                                                             \
		else                                                                               \
			YYCURSOR = end;                                                            \
		goto formed;                                                                       \
	} while (0)
/* Not the form after all: take the number or word at its head. */
#define UNLESS(test)                                                                               \
	do {                                                                                       \
		if (!(test))                                                                       \
			goto head;                                                                 \
	} while (0)
next:
	start = YYCURSOR;
	end = NULL;
	form = NO_FORM;
	if (leads_date(*start))
		end = date_end(start, &form);
	if (leads_phone(*start) && (to = phone_end(start, &found)) != NULL &&
	    (end == NULL || to > end)) {
		end = to;
		form = found;
	}
	/*!re2c
	// ---- what tells itself ---------------------------------------------------------------
	domain = (an [A-Za-z0-9-]* ".")+ [A-Za-z][A-Za-z0-9-]* | an [A-Za-z0-9-]*;
	pathch = [^\x00-\x20<>"|*?];
	path   = [A-Za-z] ":\\" pathch+ | "\\\\" pathch+
	       | "/" ('home' | 'users' | 'mnt' | 'var' | 'export') "/" pathch+ | "~/" pathch+;
	ipv4   = d{1,3} "." d{1,3} "." d{1,3} "." d{1,3} ("/" d{1,2})?;
	ssn    = d{3} "-" d{2} "-" d{4} | d{3} " " d{2} " " d{4} | ('xxx' | "***") "-" ('xx'
	       | "**") "-" d{4} | d{3} "." d{3} "." d{3} "-" d{2};
	card   = d{4} [ -]? d{4} [ -]? d{4} [ -]? d{1,7} | d{4} [ -]? d{6} [ -]? d{4,5};

	// ---- numbers, codes ------------------------------------------------------------------
	time   = d{1,2} ":" d{2} (":" d{2} ("." d+)?)? (" "? ([ap] "m" | [ap] ".m." | [AP] "M"))?
	       | d{1,2} " "? ([ap] ".m." | [ap] "m" | [AP] "M") | d{1,2} "h" d{2}
	       | d{3,4} " "? 'h' 'rs'?;
	old    = [ -]? ('year' | 'yr') 's'? [ -]? 'old' 's'? | [ -]? 'y' [./]? 'o' "."?
	       | [ -] 'y.o.' ;
	age    = d{1,3} old | d{2,3} [MF] | d{2,3} [ ]? "/" [MF];
	code   = ([A-Za-z]{1,12} [-_/]){0,3} [A-Za-z]* d an* ([-_/] an+)*;
	zip4   = d{5} "-" d{4};
	uk     = up{1,2} d [A-Z0-9]? " " d up{2};
	canada = up d up [ -]? d up d;
	gone   = 'contact' | 'id' | 'role' | 'time' | 'relation' | 'signature' | 'words'
	       | 'e-mail' | 'phone' | 'link' | 'number'
	       | 'card' | 'ip' | 'record' | 'account' | 'licence' | 'vehicle' | 'device' | 'age';

	[\x00]                  { goto done; }
	[ \t]+                  { goto next; }
	"\n"                    { T(E_LINE); }
	"\n" [\n \t]* "\n"      { T(E_BLANK); }

	"[" gone " removed]" | "[age 90 or over]" { T(E_GONE); }
	"[date removed]"        { T(E_GONE_DATE); }
	"[name removed]" | "[" ("Patient" | "Nurse" | "Dr." | "Person") (" " up{1,3})? "]" {
		T(E_GONE_NAME);
	}
	"[location removed]"    { T(E_GONE_PLACE); }
	"[address removed]"     { T(E_GONE_ADDRESS); }

	"@" domain              {
		size_t from = (size_t)(start - s.text);

		if (take_local_part(&s, &from)) {
			start = s.text + from;
			T(E_EMAIL);
		}
		YYCURSOR = start + 1;
		goto handle;
	}
	[A-Za-z]{2,12} "://" | 'www.' an {
		YYCURSOR = link_end(YYCURSOR);
		T(E_URL);
	}
	path                    { T(E_PATH); }
	"@"                     {
	handle:
		while (*YYCURSOR == '_' || *YYCURSOR == '.' || is_digit(*YYCURSOR) ||
		    ((*YYCURSOR | 0x20) >= 'a' && (*YYCURSOR | 0x20) <= 'z'))
			YYCURSOR++;
		while (YYCURSOR > start + 1 && YYCURSOR[-1] == '.')
			YYCURSOR--;
		T(LEN > 1 ? E_HANDLE : E_OTHER);
	}
	time                    { FORM(TIME_FORM); }
	ipv4                    { FORM(IP_FORM); }
	ssn                     { FORM(SSN_FORM); }
	card                    { FORM(CARD_FORM); }
	age                     { FORM(AGE_FORM); }
	uk | canada | zip4      { FORM(POSTCODE_FORM); }
	d{4} " " up{2}          { FORM(MAYCODE_FORM); }
	d+                      { FORM(DIGITS_FORM); }
	d+ ([.,] d+)+ | d{2,3} "/" d{2,3} { FORM(DECIMAL_FORM); }
	d{1,2} ('st' | 'nd' | 'rd' | 'th') { FORM(ORDINAL_FORM); }
	code                    { FORM(CODE_FORM); }
	(up "."){1,4}           { T(E_INITIAL); }
	[A-Za-z]                { FORM(WORD_FORM); }
	"'s"                    { T(E_POSSESSIVE); }
	[.!?]+                  { T(E_END); }
	[,;]+                   { T(E_COMMA); }
	":"                     {
		if (*YYCURSOR == ':' && (end = hex_end(start)) != NULL) {
			YYCURSOR = end;
			T(E_IP);
		}
		T(E_COLON);
	}
	[-~]+                   { T(E_DASH); }
	"("                     {
		if (end != NULL)
			FORM(NO_FORM);
		T(E_LEFT);
	}
	[{<[]                   { T(E_LEFT); }
	[)\]}>]                 { T(E_RIGHT); }
	["']                    { T(E_QUOTE); }
	[/|]+                   { T(E_SLASH); }
	"&"                     { T(E_AND); }
	"#"+                    { T(E_HASH); }
	"^"                     { T(E_CARET); }
	"+"                     {
		if (end != NULL)
			FORM(NO_FORM);
		T(E_OTHER);
	}
	[\x80-\xff]             {
		if (letter_at(start) > 0) {
			YYCURSOR = start;
			FORM(WORD_FORM);
		}
		while ((*YYCURSOR & 0xc0) == 0x80)
			YYCURSOR++;
		T(E_OTHER);
	}
	*                       { T(E_OTHER); }
	*/
formed:
	switch (form) {
	case TIME_FORM:
		if (*YYCURSOR == ':' && (end = hex_end(start)) != NULL) {
			YYCURSOR = end;
			T(E_IP);
		}
		UNLESS(letter_at(YYCURSOR) == 0); /* 112 Holloway Road */
		T(E_TIME);
	case IP_FORM:
		T(E_IP);
	case SSN_FORM:
		T(E_SSN);
	case CARD_FORM:
		UNLESS(luhn(start, LEN, 0));
		T(E_CARD);
	case NAMED_FORM:
		UNLESS(!soft_date(start, LEN) && letter_at(YYCURSOR) == 0);
		T(E_DATE);
	case DATE_FORM:
		UNLESS(is_date(start, LEN));
		T(E_DATE);
	case SHORT_FORM:
		UNLESS(is_date(start, LEN));
		T(surely_day(start, LEN) ? E_DATE : E_SHORTDATE);
	case PHONE_FORM:
		UNLESS(digits_in(start, LEN) >= 6);
		T(E_PHONE);
	case BROKEN_FORM:
		T(E_PHONE);
	case AGE_FORM:
		UNLESS(letter_at(YYCURSOR) == 0);
		T(number(start, LEN) >= 90 && number(start, LEN) < 130 ? E_OLDAGE : E_AGE);
	case POSTCODE_FORM:
		UNLESS(!ascii_word(*YYCURSOR));
		T(E_POSTCODE);
	case MAYCODE_FORM:
		UNLESS((*YYCURSOR | 0x20) < 'a' || (*YYCURSOR | 0x20) > 'z');
		T(E_MAYCODE);
	case DECIMAL_FORM:
		T(E_DECIMAL);
	case ORDINAL_FORM:
		T(E_ORDINAL);
	default:
		break;
	}
	if (form == WORD_FORM)
		YYCURSOR = word_end(YYCURSOR);
	if (*YYCURSOR == '.' && (end = site_end(YYCURSOR)) != NULL) {
		YYCURSOR = end;
		T(E_URL);
	}
	if (*YYCURSOR == ':' && (end = hex_end(start)) != NULL) {
		YYCURSOR = end;
		T(E_IP);
	}
	if (form == DIGITS_FORM)
		T(number_kind(start, LEN));
	if (form == CODE_FORM) {
		if (*YYCURSOR == '_')
			goto under;
		if ((end = iban_end(start)) != NULL) {
			YYCURSOR = end;
			T(E_IBAN);
		}
		if (LEN == 17 && vin(start))
			T(E_VIN);
		if (digits_in(start, LEN) < 5)
			T(E_CODE);
		T(is_range(start, LEN) ? E_RANGE : E_LONGCODE);
	}
	if (*YYCURSOR == '_' && ascii_word(YYCURSOR[1]))
		goto under;
	if (LEN == 1) {
		if (*start == 'A' || *start == 'I' || *start == 'a' || *start == 'i')
			T(E_FUNC);
		T(*start >= 'A' && *start <= 'Z' ? E_LETTER : E_SMALL);
	} else {
		enum strip_kind kind = word_kind(&YYCURSOR, start, &marks);

		TM(kind, marks);
	}
head:
	YYCURSOR = start;
	if (*start >= '0' && *start <= '9') {
		enum strip_kind kind = number_head(&YYCURSOR);

		T(kind);
	}
	while ((*YYCURSOR >= '0' && *YYCURSOR <= '9') ||
	       ((*YYCURSOR | 0x20) >= 'a' && (*YYCURSOR | 0x20) <= 'z'))
		YYCURSOR++;
	if (digits_in(start, LEN) > 0)
		T(digits_in(start, LEN) >= 5 ? E_LONGCODE : E_CODE);
	if (letter_at(start) == 0) {
		YYCURSOR++;
		T(*start == '(' ? E_LEFT : E_OTHER);
	}
	form = WORD_FORM;
	goto formed;
under:
	while (*YYCURSOR == '_' || ascii_word(*YYCURSOR) ||
	       (*YYCURSOR == '.' && ascii_word(YYCURSOR[1])))
		YYCURSOR++;
	T(E_UNDER);
#undef T
#undef TM
#undef LEN
#undef UNLESS
#undef FORM
done:
	if (push(&s, E_NONE, 0, text->len, text->len) < 0)
		return CANDOR_ENOMEM;
	out->n--;
	if ((out->cls = arena_alloc(a, out->n + 1)) == NULL)
		return CANDOR_ENOMEM;
	for (size_t i = 0; i <= out->n; i++)
		out->cls[i] = (uint8_t)out->tok[i].kind;
	return 0;
}
