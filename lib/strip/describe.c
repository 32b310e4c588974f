/* SPDX-License-Identifier: ISC */
/*
 * How a token is described to the tagger: what it is, what stands beside it, who was spoken of before
 * it in its sentence, and where the sentence stands. Any process; pure. Must depend on nothing but the
 * tokens as they are: what has been stripped is described alike when it is stripped again.
 */
#include <string.h>

#include "strip/tagger.h"

/* What a feature is made of, of a token. */
struct looks {
	uint32_t word, shape, ending, known;
	uint32_t class;
};

static uint32_t
mix(uint32_t h, uint32_t x)
{
	h = (h ^ x) * 0x9e3779b1u;
	return h ^ h >> 15;
}

static uint32_t
letters(const uint8_t *p, size_t len)
{
	uint32_t h = 0x811c9dc5u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x01000193u;
	return h ^ h >> 15;
}

#define WORD_BYTES 48
#define SHAPE_BYTES 12
#define ENDING_BYTES 3

/* "T-20917" is "A-0", "McBride" is "AaAa". */
static uint8_t
shape_of(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || c >= 0x80 ? 'a'
	       : c >= 'A' && c <= 'Z'              ? 'A'
	       : c >= '0' && c <= '9'              ? '0'
						   : c;
}

static struct looks
look(const struct strip_tokens *t, size_t i)
{
	const struct strip_token *tok = &t->tok[i];
	const uint8_t *p = t->text + tok->start;
	size_t len = tok->end - tok->start, n, shape = 0;
	uint8_t word[WORD_BYTES], shapes[SHAPE_BYTES];
	struct looks l = { .class = t->cls[i] };

	if (l.class == C_PLACEHOLDER || l.class == C_NAME_GONE || l.class == C_ROLE_GONE) {
		l.word = mix(1, l.class);
		return l;
	}
	n = strip_fold(word, sizeof(word), p, len < sizeof(word) ? len : 0);
	for (size_t k = 0; k < n; k++)
		if (word[k] >= '0' && word[k] <= '9')
			word[k] = '0';
	for (size_t k = 0; k < len && shape < SHAPE_BYTES; k++) {
		uint8_t c = shape_of(p[k]);

		if (shape == 0 || shapes[shape - 1] != c)
			shapes[shape++] = c;
	}
	l.word = letters(word, n);
	l.shape = letters(shapes, shape);
	l.ending = n > ENDING_BYTES ? letters(word + n - ENDING_BYTES, ENDING_BYTES) : l.word;
	l.known = (uint32_t)tok->kind << 8 | (tok->marks & 0xff);
	return l;
}

static bool
ends_sentence(uint8_t class)
{
	return class == C_END || class == C_QUESTION || class == C_LINE || class == C_BLANK_LINE;
}

size_t
tag_sentence(const struct strip_tokens *t, size_t from)
{
	size_t clause = 0, i = from;

	while (i < t->n && i - from < TAG_SENTENCE) {
		uint8_t class = t->cls[i++];

		if (ends_sentence(class))
			return i - from;
		if (clause == 0 && (class == C_COMMA || class == C_AND || class == C_BUT))
			clause = i - from;
	}
	return i < t->n && clause > 0 ? clause : i - from;
}

bool
tag_taggable(uint8_t class)
{
	return !ends_sentence(class) && class != C_PLACEHOLDER && class != C_NAME_GONE &&
	       class != C_ROLE_GONE && class != C_QUOTE && class != C_OPENING;
}

/* What a token says of who is spoken of. */
enum { WRITER = 1, OTHERS = 2, REACHED = 4, CLAUSE = 8, NOUN = 16, NAME = 32 };

/* clang-format off */
static const uint8_t tells[256] = {
	[C_I] = WRITER, [C_IM] = WRITER, [C_IVE] = WRITER, [C_MY] = WRITER, [C_ME] = WRITER,
	[C_WE] = WRITER,
	[C_THEY] = OTHERS, [C_RELATION] = OTHERS, [C_SOMEONE] = OTHERS, [C_ORG] = OTHERS,
	[C_YOUR] = OTHERS, [C_PERSON] = OTHERS | NOUN, [C_TITLE] = OTHERS | NAME,
	[C_EMAIL] = REACHED, [C_PHONE] = REACHED, [C_CONTACT] = REACHED | NOUN,
	[C_VERB] = CLAUSE, [C_IS] = CLAUSE, [C_WAS] = CLAUSE, [C_AM] = CLAUSE, [C_HAVE] = CLAUSE,
	[C_RECORD] = NOUN, [C_IDNOUN] = NOUN, [C_NUMNOUN] = NOUN, [C_PLACE] = NOUN, [C_THING] = NOUN,
	[C_LOGIN] = NOUN, [C_REACH] = NOUN, [C_INITIALS] = NOUN, [C_JOB] = NOUN, [C_FIELD] = NOUN,
	[C_DEPT] = NOUN, [C_ROLE] = NOUN,
	[C_CAP] = NAME, [C_ALLCAPS] = NAME, [C_INITIAL] = NAME, [C_CREDENTIAL] = NAME,
};
/* clang-format on */

bool
tag_tells_writer(uint8_t class)
{
	return (tells[class] & WRITER) != 0;
}

#define NOUN_REACH 7

static uint32_t
steps(size_t n)
{
	static const uint8_t few[] = { 0, 1, 2, 3, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6 };

	return n < sizeof(few) ? few[n] : n < 30 ? 7 : 8;
}

/* The tokens of a sentence, and a few beside it, with what is known of each from those before it (who,
 * noun) and behind it (what). Index 0 is the sentence's first token. */
struct sentence {
	struct looks all[TAG_BESIDE + TAG_SENTENCE + TAG_BESIDE];
	struct {
		uint32_t who,
		    who_at; /* whom a word before it speaks of: its class, how far it is */
		uint32_t noun, noun_at; /* what a number may be the number of */
		uint32_t what;          /* tells, of it and all behind it */
		uint32_t within;        /* what began the description that it stands in; 0: none */
	} at[TAG_SENTENCE];
	const struct looks *tok;
};

/* What may begin a description of somebody: "I'm", "as", a comma. */
enum { NONE, IS_WRITER, IS, WORKS_AS, WORKS, DOES, APPOSED };

static uint32_t
begins(const uint8_t *cls)
{
	switch (cls[0]) {
	case C_IM:
		return IS_WRITER;
	case C_AM:
	case C_WAS:
	case C_BEEN:
		return cls[-1] == C_I || cls[-1] == C_IVE || cls[-1] == C_WE || cls[-1] == C_HAVE
			   ? IS_WRITER
			   : IS;
	case C_IS:
	case C_COLON:
		return IS;
	case C_AS:
		return WORKS_AS;
	case C_WORK:
		return WORKS;
	case C_MANAGE:
		return DOES;
	case C_COMMA:
	case C_LEFT:
	case C_DASH:
		return APPOSED;
	default:
		return NONE;
	}
}

#define ADVERBS_MAX 2

/* Note for each token which description it may belong to: as far as one would reach from where it
 * begins. The first one counts. */
static void
read_descriptions(struct sentence *s, const uint8_t *cls, size_t n)
{
	static const enum strip_extent extents[] = { [IS_WRITER] = REST_SELF,
		[IS] = REST_SELF,
		[WORKS_AS] = REST_SELF,
		[WORKS] = REST_WHERE,
		[DOES] = REST_WHERE,
		[APPOSED] = REST_APPOSED };
	size_t until = 0;

	for (size_t i = 0; i < n; i++)
		s->at[i].within = NONE;
	for (size_t i = 0; i < n; i++) {
		uint32_t how = begins(cls + i);
		size_t start = i + 1, rest;

		if (how == NONE || (i < until && how >= APPOSED))
			continue;
		while (start < n && start <= i + ADVERBS_MAX && cls[start] == C_COMMON)
			start++;
		if (how == WORKS && start < n &&
		    (cls[start] == C_IN || cls[start] == C_PREP || cls[start] == C_AS))
			start++;
		rest = strip_rest(cls + start, extents[how]);
		for (size_t k = start; k < start + rest && k < n; k++)
			s->at[k].within = how;
		if (rest > 0)
			until = start + rest;
	}
}

static void
read_sentence(struct sentence *s, const struct strip_tokens *t, size_t from, size_t n)
{
	uint32_t who = 0, noun = 0, what = 0;
	size_t who_at = 0, noun_at = 0;

	s->tok = s->all + TAG_BESIDE;
	for (size_t k = 0; k < n + 2 * TAG_BESIDE; k++) {
		size_t i = from + k;

		s->all[k] = i >= TAG_BESIDE && i - TAG_BESIDE < t->n ? look(t, i - TAG_BESIDE)
								     : (struct looks){ 0 };
	}
	for (size_t i = 0; i < n; i++) {
		uint8_t class = (uint8_t)s->tok[i].class, told = tells[class];

		if (noun != 0 && i - noun_at > NOUN_REACH)
			noun = 0;
		s->at[i].who = who;
		s->at[i].who_at = steps(i - who_at);
		s->at[i].noun = noun;
		s->at[i].noun_at = noun == 0 ? 0 : (uint32_t)(i - noun_at);
		if ((told & (WRITER | OTHERS)) != 0 || class == C_POSSESSIVE) {
			who = class;
			who_at = i;
		}
		if ((told & NOUN) != 0) {
			noun = class;
			noun_at = i;
		}
	}
	read_descriptions(s, t->cls + from, n);
	for (size_t i = n; i-- > 0;) {
		what |= tells[s->tok[i].class] & (WRITER | OTHERS | REACHED | CLAUSE);
		s->at[i].what = what;
	}
}

/* The names of the sentence that token i is among: the first one's index, and the one behind the
 * last's. */
static void
names_around(const struct sentence *s, size_t n, size_t i, size_t *first, size_t *behind)
{
	*first = i;
	*behind = i + 1;
	while (*first > 0 && (tells[s->tok[*first - 1].class] & NAME) != 0)
		(*first)--;
	while (*behind < n && (tells[s->tok[*behind].class] & NAME) != 0)
		(*behind)++;
}

static uint32_t
number(uint32_t feature, uint32_t x, uint32_t y, uint32_t z)
{
	return mix(feature * 0x27d4eb2fu + x * 0x85ebca6bu + y * 0xc2b2ae35u + z * 0x165667b1u, 0);
}

void
tag_features(uint32_t *features, size_t each, const struct strip_tokens *t, size_t from, size_t n,
    struct tag_place place)
{
	struct sentence s;
	uint32_t before = place.before < 3 ? place.before : 3;
	uint32_t behind = (place.behind < 5 ? place.behind : 5) * 4;

	read_sentence(&s, t, from, n);
	for (size_t i = 0; i < n; i++) {
		const struct looks *k = &s.tok[i];
		size_t rest = n - 1 - i;
		uint32_t c = k->class, w = k->word, who = s.at[i].who;
		uint32_t end = behind + (uint32_t)(rest < 2 ? rest : rest < 5 ? 2 : 3);
		uint32_t in = s.at[i].within, in_before = i > 0 ? s.at[i - 1].within : 0;
		uint32_t in_behind = i + 1 < n ? s.at[i + 1].within : 0;
		uint32_t *to = features + i * each, f = 0;
		const struct looks *l = k - 1, *r = k + 1;

#define W(at) k[at].word
#define C(at) k[at].class
#define ADD(x, y, z) (to[f] = number(f, (x), (y), (z)), f++)
		ADD(w, 0, 0);
		ADD(W(-1), 0, 0);
		ADD(W(1), 0, 0);
		ADD(W(-2), 0, 0);
		ADD(W(2), 0, 0);
		ADD(k->shape, 0, 0);
		ADD(k->ending, 0, 0);
		ADD(k->known, 0, 0);
		ADD(C(-1), c, 0);
		ADD(c, C(1), 0);
		ADD(W(-1), c, 0);
		ADD(c, W(1), 0);
		ADD(who, s.at[i].who_at, 0);
		ADD(who, C(-1), c);
		ADD(who, k->known, 0);
		ADD(s.at[i].noun, s.at[i].noun_at, c);
		ADD(s.at[i].noun, k->shape, 0);
		ADD(s.at[i].what, who, c);
		ADD(in, in_before, 0);
		ADD(in, in_behind, 0);
		ADD(in, in_before, c);
		ADD(in, w, 0);
		ADD(in, who, k->known);
		ADD(end, C(-1), c);
		ADD(end, c, C(1));
		ADD(before, c, 0);
		ADD(t->tok[from + i].quoted, c, 0);
		if ((tells[c] & NAME) != 0) {
			size_t first, next;

			names_around(&s, n, i, &first, &next);
			l = s.tok + first - 1;
			r = s.tok + next;
			ADD(l[-1].class, l->class, r->class);
			ADD(end, l->class, r->class);
		}
		while (f < TAG_FEATURES)
			to[f++] = 0;
		if (each == TAG_FEATURES)
			continue;
		/* What is learned only: see TAG_LEARNED. */
		ADD(W(-1), w, 0);
		ADD(w, W(1), 0);
		ADD(C(-1), c, C(1));
		ADD(C(-2), C(-1), c);
		ADD(c, C(1), C(2));
		ADD(W(-2), W(-1), c);
		ADD(who, w, 0);
		if ((tells[c] & NAME) != 0) {
			ADD(l[-1].word, l->word, 0);
			ADD(who, l->word, 0);
		}
		while (f < TAG_LEARNED)
			to[f++] = 0;
#undef ADD
	}
}
