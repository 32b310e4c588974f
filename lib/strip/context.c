/* SPDX-License-Identifier: ISC */
/*
 * Stage 3 of stripping: run the rules over the tokens, judge whose each find is, and put
 * placeholders in. Any process; pure. The outcome must be a fixed point: no rule may match in what
 * it leaves, so that stripping twice is stripping once.
 */
#include <string.h>

#include "strip/internal.h"

#define LOOK_BACK 24
#define LOOK_AHEAD 8

_Static_assert(STRIP__N <= 32, "labels fit a mask");

/*
 * The tokens with a gap in them: those left of it are done, the rest begins right of it. Each
 * find makes them fewer, and goes back as far as a rule can reach.
 */
struct gap {
	struct strip_tokens *t;
	const struct strip_taking *taking;
	size_t left, right;
	struct strip_known *known; /* names found go here */
	bool found;
};

/* Where the k-th token of what would remain stands. */
static size_t
place(const struct gap *g, size_t k)
{
	return k < g->left ? k : k - g->left + g->right;
}

static uint8_t
class_at(const struct gap *g, size_t k)
{
	return g->t->cls[place(g, k)];
}

enum whose { NOBODYS, MINE, THEIRS };

static enum whose
person(uint8_t class)
{
	switch (class) {
	case C_I:
	case C_IM:
	case C_IVE:
	case C_WE:
	case C_MY:
	case C_ME:
	case C_NAME_GONE:
	case C_ROLE_GONE:
		return MINE;
	case C_THEY:
	case C_PERSON:
	case C_TITLE:
	case C_RELATION:
	case C_SOMEONE:
	case C_ORG:
	case C_YOUR:
	case C_POSSESSIVE:
		return THEIRS;
	default:
		return NOBODYS;
	}
}

static bool
ends_sentence(uint8_t class)
{
	return class == 0 || class == C_END || class == C_QUESTION || class == C_LINE ||
	       class == C_BLANK_LINE;
}

static bool
ends_line(uint8_t class)
{
	return class == C_LINE || class == C_BLANK_LINE;
}

/* Is token k, of what would remain, somebody's name, and nothing else? The writer's own is gone. */
static bool
names_other(const struct gap *g, size_t k)
{
	const struct strip_token *tok = &g->t->tok[place(g, k)];

	return class_at(g, k) == C_CAP && (tok->marks & LEX_GIVEN) != 0 &&
	       (tok->marks & (LEX_COMMON | LEX_WORD | LEX_KNOWN | LEX_PLACE)) == 0;
}

/* Who stands nearest before token k in its sentence? names: a name is somebody. */
static enum whose
whose_before(const struct gap *g, size_t start, bool names_too)
{
	static const uint8_t names[] = { C_CAP, C_ALLCAPS, C_INITIAL, C_PERSON, C_RELATION };

	for (size_t k = start; k > 0 && start - k < LOOK_BACK; k--) {
		uint8_t class = class_at(g, k - 1);
		enum whose who = person(class);

		if (ends_sentence(class))
			break;
		if (class == C_COLON && k > 2 && class_at(g, k - 2) == C_PREP &&
		    ends_line(class_at(g, k - 3)))
			return THEIRS; /* To: */
		/* "log's" is not "Jane's" */
		if (class == C_POSSESSIVE && k > 1 &&
		    memchr(names, class_at(g, k - 2), sizeof(names)) == NULL)
			continue;
		if (names_too && names_other(g, k - 1))
			return THEIRS;
		if (who != NOBODYS)
			return who;
	}
	return NOBODYS;
}

/* Does the writer say "me" before token k in its sentence? */
static bool
speaks_of_me(const struct gap *g, size_t start)
{
	for (size_t k = start; k > 0 && start - k < LOOK_BACK; k--) {
		if (ends_sentence(class_at(g, k - 1)))
			break;
		if (class_at(g, k - 1) == C_ME)
			return true;
	}
	return false;
}

/* Who stands nearest to tokens start..end in their sentence? First before them, then behind: there a
 * company is nobody. */
static enum whose
whose(const struct gap *g, size_t start, size_t end)
{
	enum whose who = whose_before(g, start, false);

	for (size_t k = end; who == NOBODYS && k - end < LOOK_AHEAD; k++) {
		uint8_t class = class_at(g, k);

		if (ends_sentence(class))
			break;
		if (class != C_ORG)
			who = person(class);
	}
	return who;
}

/* Has the writer been something, or worked, in the clause up to token k? */
static bool
served(const struct gap *g, size_t start)
{
	static const uint8_t verbs[] = { C_HAVE, C_WORK, C_WAS, C_AM, C_BEEN, C_COMMON, C_ONLY };
	size_t subject = 0;

	if (start > 0 && class_at(g, start - 1) == C_VERB)
		return false;
	for (size_t k = start; k > 0 && start - k < LOOK_BACK; k--) {
		uint8_t class = class_at(g, k - 1);

		if (ends_sentence(class) || class == C_COMMA || class == C_BUT || class == C_AND)
			break;
		if (class == C_I || class == C_WE || class == C_IM || class == C_IVE) {
			subject = k;
			break;
		}
	}
	if (subject == 0)
		return false;
	switch (class_at(g, subject - 1)) {
	case C_IM:
	case C_IVE:
		return true;
	case C_I:
	case C_WE:
		return memchr(verbs, class_at(g, subject), sizeof(verbs)) != NULL;
	default:
		return false;
	}
}

/* Words of a sentence, not of a heading. */
#define BODY_WORDS 4

/* Can a signature begin behind token k, which ends a line or a sentence? Behind a body. */
static bool
begins_block(const struct gap *g, size_t k)
{
	static const uint8_t closes[] = { C_END, C_RIGHT, C_QUOTE, C_EMAIL, C_PHONE, C_PLACEHOLDER,
		C_ROLE_GONE, C_NAME_GONE, C_LINE, C_URL, C_TRACK, C_COMMA, C_QUESTION };
	static const uint8_t heading[] = { C_CAP, C_ALLCAPS, C_PLACE, C_ROLE, C_TITLE, C_INITIAL,
		C_COMMA, C_END, C_LINE, C_BLANK_LINE };
	uint8_t before = k > 0 ? class_at(g, k - 1) : C_COLON;
	size_t words = 0;

	if (before == C_COLON ||
	    (class_at(g, k) == C_LINE && memchr(closes, before, sizeof(closes)) == NULL))
		return false;
	for (size_t n = 1; n < LOOK_BACK && n <= k; n++)
		words += memchr(heading, class_at(g, k - n), sizeof(heading)) == NULL;
	return words >= BODY_WORDS;
}

/* Does no sentence stand before token k? */
static bool
at_top(const struct gap *g, size_t k)
{
	for (size_t n = 1; n <= k; n++)
		if (n > LOOK_BACK || class_at(g, k - n) == C_END)
			return false;
	return true;
}

/* Is token k quoted from somebody else? The writer's own words begin the text, or somebody who is
 * the writer stands before them. */
static bool
quotes_other(const struct gap *g, size_t k)
{
	size_t from = k;

	while (from > 0 && k - from < STRIP_REACH && g->t->tok[place(g, from)].quoted)
		from--;
	if (from == k)
		return false;
	if (from == 0 || from == 1 || k - from == STRIP_REACH)
		return from > 1;
	for (; from > 0 && k - from < STRIP_REACH + LOOK_BACK; from--) {
		uint8_t class = class_at(g, from - 1);
		enum whose who = person(class);

		if (ends_sentence(class))
			break;
		if (who != NOBODYS)
			return who == THEIRS || class == C_ME || class == C_MY;
	}
	return true;
}

/* Are the line of token k, before it, and the one above free of other people? */
static bool
own_field(const struct gap *g, size_t k)
{
	size_t lines = 0;

	for (size_t n = 0; n < LOOK_BACK && k > n && lines < 2; n++) {
		uint8_t class = class_at(g, k - 1 - n);

		lines += ends_line(class);
		if (class == C_PERSON || class == C_THEY ||
		    (lines == 0 && (class == C_TITLE || class == C_RELATION)))
			return false;
	}
	return true;
}

/* Does token k, or "cell" before it, stand in brackets behind a name: Jo Ek (312-555-0144)? */
static bool
beside_name(const struct gap *g, size_t k)
{
	if (class_at(g, k) == C_EMAIL)
		return false;
	while (k > 0 && (class_at(g, k - 1) == C_CONTACT || class_at(g, k - 1) == C_COLON))
		k--;
	return k > 1 && class_at(g, k - 1) == C_LEFT && class_at(g, k - 2) == C_CAP;
}

/* Does what stands before token start number a patient, a room or a paper? */
static bool
numbers_others(const struct gap *g, size_t start)
{
	static const uint8_t links[] = { C_NUMNOUN, C_IDNOUN, C_HASH, C_COLON, C_IS, C_WAS,
		C_DASH };

	for (size_t n = 0; n < LOOK_AHEAD && start > 1; n++, start--)
		if (memchr(links, class_at(g, start - 1), sizeof(links)) == NULL)
			break;
	return start > 0 &&
	       (class_at(g, start - 1) == C_RECORD || class_at(g, start - 1) == C_PLACE ||
		   class_at(g, start - 1) == C_PERSON);
}

/* Do tokens start..end stand alone between stops? */
static bool
alone(const struct gap *g, size_t start, size_t end)
{
	static const uint8_t stops[] = { C_COMMA, C_LEFT, C_RIGHT, C_DASH, C_SLASH, C_COLON,
		C_OTHER, C_PLACEHOLDER, C_NAME_GONE, C_ROLE_GONE };
	uint8_t before = start > 0 ? class_at(g, start - 1) : C_NONE, behind = class_at(g, end);

	return (ends_sentence(before) || memchr(stops, before, sizeof(stops)) != NULL) &&
	       (ends_sentence(behind) || memchr(stops, behind, sizeof(stops)) != NULL);
}

/* Are tokens start..end the writer's, as the sentence tells, or stand they for themselves? */
static bool
writers(const struct gap *g, size_t start, size_t end)
{
	enum whose who = whose_before(g, start, true);

	if (who == NOBODYS)
		who = whose(g, start, end);
	return who == MINE || (who == NOBODYS && alone(g, start, end));
}

/* The label of a find, STRIP__N when it stays. */
static enum strip_label
judged(const struct gap *g, const struct strip_match *m)
{
	static const enum strip_label kind[256] = {
		[C_EMAIL] = STRIP_EMAIL,
		[C_PHONE] = STRIP_PHONE,
		[C_EXTENSION] = STRIP_PHONE,
		[C_BARE] = STRIP_PHONE,
		[C_NUMBER] = STRIP_PHONE,
		[C_CODE] = STRIP_PHONE,
		[C_LEFT] = STRIP_PHONE,
		[C_CONTACT] = STRIP_PHONE,
		[C_SPELT] = STRIP_EMAIL,
	};
	size_t start = g->left + m->start, end = g->left + m->end;
	enum whose who;

	if (m->label == STRIP__N || quotes_other(g, start))
		return STRIP__N;
	switch (m->when) {
	case WHEN_ALWAYS:
		return m->label;
	case WHEN_BLOCK:
		return begins_block(g, g->left) ? m->label : STRIP__N;
	case WHEN_FORM:
		return own_field(g, start) ? m->label : STRIP__N;
	case WHEN_TOP:
		return at_top(g, start) ? m->label : STRIP__N;
	case WHEN_MINE:
		return whose(g, start, end) == MINE ? m->label : STRIP__N;
	case WHEN_SERVED:
		return served(g, start) ? m->label : STRIP__N;
	case WHEN_OWN:
		return whose_before(g, start, true) == MINE && !numbers_others(g, start) ? m->label
											 : STRIP__N;
	case WHEN_WRITERS:
		return writers(g, start, end) && !numbers_others(g, start) ? m->label : STRIP__N;
	case WHEN_NOT_THEIRS:
		return whose(g, start, end) != THEIRS ? m->label : STRIP__N;
	case WHEN_CONTACT:
		who = whose(g, start, end);
		if (beside_name(g, start))
			who = THEIRS;
		else if (who == THEIRS && speaks_of_me(g, start))
			who = MINE;
		if (who == MINE)
			return m->label;
		if (who == THEIRS)
			return STRIP__N;
		return kind[class_at(g, start)];
	}
	return STRIP__N;
}

/* As the placeholder is scanned that is written for it. */
uint8_t
strip_gone(enum strip_label label)
{
	switch (label) {
	case STRIP_REPORTER_ROLE:
		return C_ROLE_GONE;
	case STRIP_REPORTER_NAME:
	case STRIP_NAME:
	case STRIP_SIGN_OFF:
		return C_NAME_GONE;
	default:
		return C_PLACEHOLDER;
	}
}

/* Token k of what remains right of the gap becomes a placeholder for tokens start..end. */
static void
replace(struct gap *g, const struct strip_match *m, enum strip_label label)
{
	struct strip_tokens *t = g->t;
	size_t start = g->right + m->start, to = g->right + m->end - 1, back;

	t->tok[to].start = t->tok[start].start;
	t->tok[to].label = label & 0x7f;
	t->tok[to].told = 0;
	t->cls[to] = strip_gone(label);
	memmove(t->tok + to - m->start, t->tok + g->right, m->start * sizeof(*t->tok));
	memmove(t->cls + to - m->start, t->cls + g->right, m->start);
	g->right = to - m->start;

	back = g->left < STRIP_REACH ? g->left : STRIP_REACH;
	g->left -= back;
	g->right -= back;
	memmove(t->tok + g->right, t->tok + g->left, back * sizeof(*t->tok));
	memmove(t->cls + g->right, t->cls + g->left, back);
}

/* Does label go that a find of m has? */
static bool
goes(const struct gap *g, const struct strip_match *m, enum strip_label label)
{
	if (label == STRIP__N || (g->taking->take & 1u << label) == 0)
		return false;
	for (size_t i = m->start; i < m->end && (g->taking->never & 1u << label) == 0; i++)
		if (g->t->tok[g->right + i].kept)
			return false;
	return true;
}

/* May a signature begin behind it? */
static bool
ends_text(uint8_t class)
{
	return ends_sentence(class) || class == C_RIGHT || class == C_QUOTE;
}

static void
run(struct gap *g)
{
	while (g->right < g->t->n) {
		struct strip_match m = strip_rules(g->t->cls + g->right);
		enum strip_label label;

		label = judged(g, &m);
		if (!goes(g, &m, label) && ends_text(g->t->cls[g->right])) {
			m = strip_sign(g->t->cls + g->right, g->t->tok + g->right);
			label = judged(g, &m);
		}
		if (goes(g, &m, label)) {
			if (label == STRIP_REPORTER_NAME || label == STRIP_SIGN_OFF)
				strip_known_add(
				    g->known, g->t, g->right + m.start, g->right + m.end);
			replace(g, &m, label);
			g->found = true;
			continue;
		}
		g->t->tok[g->left] = g->t->tok[g->right];
		g->t->cls[g->left++] = g->t->cls[g->right++];
	}
	g->t->n = g->left;
	g->t->cls[g->t->n] = 0;
}

#define BIT(label) (1u << STRIP_##label)

struct strip_taking
strip_reporter_takes(const struct strip_keep *keep)
{
	const unsigned all = BIT(REPORTER_NAME) | BIT(REPORTER_CONTACT) | BIT(REPORTER_ID) |
			     BIT(REPORTER_ROLE) | BIT(REPORTER_TENURE) | BIT(REPORTER_RELATION) |
			     BIT(REPORTER_TIME) | BIT(SIGN_OFF) | BIT(EMAIL) | BIT(PHONE);

	return (struct strip_taking){ all & ~(keep->labels & ~keep->never), keep->never };
}

bool
strip_others(struct strip_tokens *t, size_t k, enum strip_label label)
{
	const struct gap g = { .t = t };

	return quotes_other(&g, k) || (label == STRIP_REPORTER_ID && numbers_others(&g, k));
}

bool
strip_by_rules(struct strip_tokens *t, struct strip_known *known, const struct strip_taking *taking)
{
	struct gap g = { .t = t, .taking = taking, .known = known };

	run(&g);
	return g.found;
}
