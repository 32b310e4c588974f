/* SPDX-License-Identifier: ISC */
/*
 * Stage 3 of stripping, behind the rules: what tells of the writer in prose, as a tagger finds it that has
 * learned from marked texts (pack/learn.c). Sentence by sentence, the tags of the greatest sum (Viterbi,
 * 1967). Any process; pure; linear.
 */
#include <string.h>

#include "strip/tagger.h"

/* A value for each tag, in halves: what every machine adds and compares with one instruction. */
#define HALVES (TAG__N / TAG_HALF)
typedef int16_t half __attribute__((vector_size(2 * TAG_HALF)));
typedef int8_t half_row __attribute__((vector_size(TAG_HALF)));

union scores {
	half h[HALVES];
	int16_t of[TAG__N];
};

typedef uint32_t bucket __attribute__((vector_size(4 * TAG_SLOTS)));

/* The row of a feature; 0: nothing is known of it. */
static uint32_t
row_of(uint32_t feature)
{
	uint32_t print = tag_print(feature);
	bucket b, is;

	memcpy(&b, tag_slots[tag_bucket(feature)], sizeof(b));
	is = (bucket)((b & ~((1u << TAG_ROW_BITS) - 1)) == print);
	b &= is & ((1u << TAG_ROW_BITS) - 1);
	return b[0] | b[1] | b[2] | b[3];
}

/* Each feature's row in its place. The table is larger than what a core has near at hand: all buckets, and
 * then all rows, are sent for before the first is waited for. */
static void
find_rows(uint32_t *features, size_t n)
{
	for (size_t i = 0; i < n; i++)
		__builtin_prefetch(tag_slots[tag_bucket(features[i])]);
	for (size_t i = 0; i < n; i++) {
		features[i] = row_of(features[i]);
		__builtin_prefetch(tag_rows[features[i]]);
	}
}

/* Add what the rows of a token say. */
static void
say(union scores *sum, const uint32_t rows[TAG_FEATURES])
{
	for (size_t f = 0; f < TAG_FEATURES; f++)
		for (size_t k = 0; k < HALVES; k++) {
			half_row r;

			memcpy(&r, tag_rows[rows[f]] + k * TAG_HALF, sizeof(r));
			sum->h[k] += __builtin_convertvector(r, half);
		}
}

/* The better of two, and which it was. */
static void
better(half *best, half *came, half by, int16_t from)
{
	half is = by > *best;

	*best = (is & by) | (~is & *best);
	*came = (is & from) | (~is & *came);
}

/* From the best sums for the token before to those for this one, and which tag before led to each. */
static void
step(union scores *best, union scores *came)
{
	const union scores last = *best;
	half steps;

	memcpy(&steps, tag_steps[TAG_OUTSIDE], sizeof(steps));
	best->h[0] = steps + last.of[TAG_OUTSIDE];
	came->h[0] = (half){ 0 } + TAG_OUTSIDE;
	for (unsigned p = 1; p < TAG__N; p++) {
		memcpy(&steps, tag_steps[p], sizeof(steps));
		better(&best->h[0], &came->h[0], steps + last.of[p], (int16_t)p);
	}
	/* Behind a first or next one of its own kind alone: 0 says the first one. */
	memcpy(&steps, tag_goes_on[0], sizeof(steps));
	best->h[1] = last.h[0] + steps;
	came->h[1] = (half){ 0 };
	memcpy(&steps, tag_goes_on[1], sizeof(steps));
	better(&best->h[1], &came->h[1], last.h[1] + steps, 1);
}

/* Which tag before led to a tag. */
static unsigned
before(const union scores *came, unsigned tag)
{
	if (tag < TAG_HALF)
		return (unsigned)came->h[0][tag];
	return came->h[1][tag - TAG_HALF] != 0 ? tag : tag - TAG_HALF;
}

/* Sums count by their differences alone: they are kept small by what is outside, and from falling too
 * low. A token that cannot be tagged is outside. */
static void
settle(union scores *best, bool taggable)
{
	int16_t outside = best->of[TAG_OUTSIDE];

	for (size_t k = 0; k < HALVES; k++) {
		half above;

		best->h[k] -= outside;
		above = (best->h[k] > TAG_NEVER) & (int16_t)-taggable;
		best->h[k] = (above & best->h[k]) | (~above & TAG_NEVER);
	}
	best->of[TAG_OUTSIDE] = 0;
	best->of[TAG_START] = TAG_NEVER;
}

/* The best tags for a sentence, into tags. Returns whether any token has one. */
static bool
decode(uint8_t *tags, const struct strip_tokens *t, size_t from, size_t n, struct tag_place place)
{
	uint32_t rows[TAG_SENTENCE][TAG_FEATURES];
	union scores came[TAG_SENTENCE], best;
	bool found = false;
	unsigned last = 0;

	tag_features(rows[0], TAG_FEATURES, t, from, n, place);
	find_rows(rows[0], n * TAG_FEATURES);
	memcpy(&best.h[0], tag_steps[TAG_START], sizeof(best.h[0]));
	best.h[1] = (half){ 0 } + TAG_NEVER;
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			step(&best, &came[i]);
		say(&best, rows[i]);
		settle(&best, tag_taggable(t->cls[from + i]));
	}
	for (unsigned p = 1; p < TAG__N; p++)
		if (best.of[p] > best.of[last])
			last = p;
	for (size_t i = n; i-- > 0;) {
		tags[i] = (uint8_t)last;
		found |= last != TAG_OUTSIDE;
		if (i > 0)
			last = before(&came[i], last);
	}
	return found;
}

static const enum strip_label labels[TAG__N] = {
#define X(label) [TAG_FIRST_##label] = STRIP_##label, [TAG_NEXT_##label] = STRIP_##label,
	TAG_KINDS(X)
#undef X
};

static unsigned
count_sentences(const struct strip_tokens *t)
{
	unsigned n = 0;

	for (size_t at = 0; at < t->n; at += tag_sentence(t, at))
		n++;
	return n;
}

/* Are tokens start..end a part of a longer name? Then it is hardly the writer's. */
static bool
parts_name(const struct strip_tokens *t, size_t start, size_t end)
{
	return (t->cls[start] == C_CAP && t->cls[start - 1] == C_CAP) ||
	       (t->cls[end - 1] == C_CAP && t->cls[end] == C_CAP);
}

/* Does what tokens start..end tell go? Not what somebody else is quoted with; nor a part of what the
 * writer keeps, which it touches. */
static bool
goes(struct strip_tokens *t, size_t start, size_t end, enum strip_label label,
    const struct strip_taking *taking)
{
	if ((taking->take & 1u << label) == 0 || strip_others(t, start, label) ||
	    (label == STRIP_REPORTER_NAME && parts_name(t, start, end)))
		return false;
	return (taking->never & 1u << label) != 0 || !strip_beside_kept(t, start, end);
}

/* Is token i an article? It goes with what it leads: "the only night nurse". */
static bool
leads(const struct strip_tokens *t, size_t i)
{
	return (t->cls[i] == C_ARTICLE || t->cls[i] == C_THE) && t->tok[i].label == STRIP__N;
}

/* Label the tokens of a sentence that go, by their tags. */
static bool
label_sentence(struct strip_tokens *t, size_t from, size_t n, const uint8_t *tags,
    struct strip_known *known, const struct strip_taking *taking)
{
	bool found = false;

	for (size_t i = 0, end; i < n; i = end) {
		enum strip_label label = labels[tags[i]];

		end = i + 1;
		if (tags[i] == TAG_OUTSIDE)
			continue;
		while (end < n && tags[end] != TAG_OUTSIDE && labels[tags[end]] == label)
			end++;
		if (label == STRIP_REPORTER_ROLE && i > 0 && leads(t, from + i - 1))
			i--;
		if (!goes(t, from + i, from + end, label, taking))
			continue;
		if (label == STRIP_REPORTER_NAME)
			strip_known_add(known, t, from + i, from + end);
		for (size_t k = i; k < end; k++)
			t->tok[from + k].label = label & 0x7f;
		found = true;
	}
	return found;
}

/* In a heading, a list or a line of data, nobody writes of themselves, unless they say "I". */
#define FRAGMENT_MAX 40

static bool
is_fragment(const struct strip_tokens *t)
{
	for (size_t i = 0; i < t->n && t->n <= FRAGMENT_MAX; i++)
		if (tag_tells_writer(t->cls[i]))
			return false;
	return t->n <= FRAGMENT_MAX;
}

/* A word that is a sentence of its own tells of the writer at the head and at the end of a text only,
 * where greetings and signatures stand. */
#define WORD_TOKENS 2
#define HEAD_SENTENCES 3
#define END_SENTENCES 6

static bool
is_passed(size_t n, struct tag_place place)
{
	return n >= TAG_SENTENCE || (n <= WORD_TOKENS && place.before >= HEAD_SENTENCES &&
					place.behind >= END_SENTENCES);
}

/* Was nothing found in the sentence before, and is it what it was, with what is beside it? Those that
 * end before token anew were looked at again. */
static bool
is_told(const struct strip_tokens *t, size_t from, size_t n, size_t anew)
{
	size_t end = from + n + TAG_BESIDE < t->n ? from + n + TAG_BESIDE : t->n;

	if (anew > 0 && from < anew + TAG_BESIDE)
		return false;
	for (size_t i = from < TAG_BESIDE ? 0 : from - TAG_BESIDE; i < end; i++)
		if (!t->tok[i].told)
			return false;
	return true;
}

static void
tell(struct strip_tokens *t, size_t from, size_t n, bool told)
{
	for (size_t i = from; i < from + n; i++)
		t->tok[i].told = told;
}

bool
strip_tag(struct strip_tokens *t, struct strip_known *known, const struct strip_taking *taking,
    unsigned *sentences)
{
	struct tag_place place = { .behind = count_sentences(t) };
	uint8_t tags[TAG_SENTENCE];
	size_t anew = 0;
	bool found = false;

	if (is_fragment(t))
		return false;
	if (place.behind != *sentences)
		tell(t, 0, t->n, false);
	*sentences = place.behind;
	for (size_t at = 0, n; at < t->n; at += n, place.before++) {
		bool more;

		place.behind--;
		n = tag_sentence(t, at);
		if (is_told(t, at, n, anew))
			continue;
		anew = at + n;
		more = !is_passed(n, place) && decode(tags, t, at, n, place) &&
		       label_sentence(t, at, n, tags, known, taking);
		tell(t, at, n, !more);
		found |= more;
	}
	if (found)
		strip_join(t);
	return found;
}
