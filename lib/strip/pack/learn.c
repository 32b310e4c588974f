/* SPDX-License-Identifier: ISC */
/*
 * Runs on the machine that builds, never in a room: learns from texts in which is marked what tells of
 * their writer (tests/corpus/reporter), and prints the tagger's table in C.
 *
 *   learn TEXTS...
 *
 * The averaged perceptron for sequences (Collins, 2002), with a margin: a tag that is missed costs more than
 * one too many (MISSED, EXTRA), since what stays cannot be taken back. Whole numbers only, and no
 * chance that is not the same each time: every machine makes the same table of the same texts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tests/support/corpus.h"
#include "strip/tagger.h"

#define EPOCHS 6u
#define MISSED 60
#define EXTRA 7
/* Of each text, beside itself: with others' spans in the place of its own, so that what is learned is
 * not the words alone; and one of which everything is gone, in which nothing must be found. */
#define SWAPPED 4
/* In this many tenths of their places. */
#define SWAPS 6
/* A feature of fewer texts, swapped ones apart, is learned, so that others need not make up for what is odd
 * in a text, but it is not kept. */
#define TEXTS_LEAST 2
#define ROWS (1u << 21)
#define KEYS (1u << 23)
#define ARENA_BYTES (4u << 20)
#define TEXT_BYTES (1u << 16)

/* A sentence: what it is described by, and the tags it should have. */
struct lesson {
	size_t n, text;
	uint32_t (*rows)[TAG_LEARNED]; /* features; once they are all known, their rows */
	uint8_t *tags;
	bool *taggable;
};

static struct lesson *lessons;
static size_t n_lessons, n_texts;

static struct corpus *corpora;
static size_t n_corpora;

static int32_t weights[ROWS][TAG__N], steps[TAG__N][TAG__N];
static int64_t weights_sum[ROWS][TAG__N], steps_sum[TAG__N][TAG__N];
static int64_t now = 1;

static void
no_memory(void)
{
	fprintf(stderr, "learn: no memory\n");
	exit(1);
}

static void *
get(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (p == NULL)
		no_memory();
	return p;
}

static uint32_t
chance(uint32_t n)
{
	static uint32_t state = 777;

	state = state * 1664525u + 1013904223u;
	return (state >> 8) % n;
}

/* ---- texts ------------------------------------------------------------------------------------ */

static const char *const kinds[] = {
#define X(label) #label,
	TAG_KINDS(X)
#undef X
};

/* Which kind a label of the corpus is, or -1: it stays. */
static int
kind_of(const char *label)
{
	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		const char *a = kinds[k], *b = label;

		while (*a != 0 && *b != 0 && (*a == '_' ? '-' : *a | 0x20) == *b)
			a++, b++;
		if (*a == 0 && *b == 0)
			return (int)k;
	}
	return -1;
}

/* A marked span, as it may stand in another text. */
struct piece {
	const char *p;
	size_t len;
	const char *label;
	unsigned begins; /* how: only what begins alike takes its place */
};

static struct piece *pieces;
static size_t n_pieces;

static unsigned
begins(const char *p, size_t len)
{
	static const char *const openers[] = { "the ", "a ", "an ", "my ", "since ", "for ", "in ",
		"cell ", "at ", "from ", "on ", "our ", "this ", "here " };

	for (unsigned i = 0; i < sizeof(openers) / sizeof(*openers); i++) {
		size_t n = strlen(openers[i]), k = 0;

		while (k < n && k < len && (p[k] | 0x20) == (openers[i][k] | 0x20))
			k++;
		if (k == n)
			return i;
	}
	return *p >= '0' && *p <= '9' ? 20 : *p >= 'A' && *p <= 'Z' ? 21 : 22;
}

/* Names of others are names of others. */
static const char *
sort_of(const char *label)
{
	const char *dash = strrchr(label, '-');

	return kind_of(label) < 0 && dash != NULL && strcmp(dash, "-name") == 0 ? dash : label;
}

static void
collect(void)
{
	size_t most = 0;

	for (size_t c = 0; c < n_corpora; c++)
		for (size_t i = 0; i < corpora[c].n_texts; i++)
			most += corpora[c].texts[i].n_spans;
	pieces = get(most, sizeof(*pieces));
	for (size_t c = 0; c < n_corpora; c++)
		for (size_t i = 0; i < corpora[c].n_texts; i++) {
			const struct corpus_text *t = &corpora[c].texts[i];

			for (size_t s = 0; s < t->n_spans; s++) {
				const char *p = t->p + t->spans[s].start;
				size_t len = t->spans[s].end - t->spans[s].start;

				if (memchr(p, '\n', len) == NULL)
					pieces[n_pieces++] = (struct piece){ p, len,
						sort_of(corpora[c].labels[t->spans[s].label]),
						begins(p, len) };
			}
		}
}

#define TRIES 4000

static struct piece
other_piece(struct piece one)
{
	for (unsigned n = 0; n < TRIES; n++) {
		const struct piece *p = &pieces[chance((uint32_t)n_pieces)];

		if (p->begins == one.begins && strcmp(p->label, one.label) == 0)
			return *p;
	}
	return one;
}

/* ---- lessons ---------------------------------------------------------------------------------- */

/* Where the byte at of the text as given is in the evened one. */
static size_t
evened(const struct strip_evened *e, size_t at)
{
	ptrdiff_t off = 0;

	for (size_t i = 0; i < e->n_edits && e->edits[i].in < at; i++) {
		const struct strip_edit *d = &e->edits[i];

		if (d->in + d->in_len > at)
			return d->out;
		off = (ptrdiff_t)(d->out + d->out_len) - (ptrdiff_t)(d->in + d->in_len);
	}
	return (size_t)((ptrdiff_t)at + off);
}

static void
mark(uint8_t *tags, const struct strip_tokens *t, size_t start, size_t end, int kind)
{
	bool first = true;

	for (size_t i = 0; i < t->n; i++) {
		const struct strip_token *tok = &t->tok[i];

		if (tok->start == tok->end || tok->start >= end || tok->end <= start)
			continue;
		if (tok->label != STRIP__N || !tag_taggable(t->cls[i])) {
			first = true;
			continue;
		}
		tags[i] =
		    (uint8_t)((first ? TAG_FIRST_REPORTER_NAME : TAG_NEXT_REPORTER_NAME) + kind);
		first = false;
	}
}

static void
add_lesson(const struct strip_tokens *t, size_t from, size_t n, const uint8_t *tags,
    struct tag_place place)
{
	struct lesson *l = &lessons[n_lessons++];

	*l = (struct lesson){ n, n_texts, get(n, sizeof(*l->rows)), get(n, 1),
		get(n, sizeof(bool)) };
	memcpy(l->tags, tags + from, n);
	tag_features(l->rows[0], TAG_LEARNED, t, from, n, place);
	for (size_t i = 0; i < n; i++)
		l->taggable[i] = tag_taggable(t->cls[from + i]);
}

/* Features, each with how many texts have it, the last of them, and its row. */
static struct key {
	uint32_t feature, times, texts, last, row;
	bool used; /* by the tagger, too */
} * keys;
static uint32_t *feature_of; /* of a row; 0 is nobody's */
static uint32_t n_rows = 1;

static struct key *
key_of(uint32_t feature)
{
	size_t i = feature & (KEYS - 1);

	while (keys[i].times != 0 && keys[i].feature != feature)
		i = (i + 1) & (KEYS - 1);
	return &keys[i];
}

static void
for_all(void (*fn)(uint32_t *feature, size_t column, size_t text))
{
	for (size_t k = 0; k < n_lessons; k++)
		for (size_t i = 0; i < lessons[k].n; i++)
			for (size_t f = 0; f < TAG_LEARNED; f++)
				if (lessons[k].rows[i][f] != 0)
					fn(&lessons[k].rows[i][f], f, lessons[k].text);
}

static void
see(uint32_t *feature, size_t column, size_t text)
{
	struct key *k = key_of(*feature);

	k->feature = *feature;
	k->texts += k->times++ == 0 || k->last != text;
	k->last = (uint32_t)text;
	k->used |= column < TAG_FEATURES;
}

static void
give_row(uint32_t *feature, size_t column, size_t text)
{
	struct key *k = key_of(*feature);

	(void)column;
	(void)text;
	if (k->row == 0 && k->times > 1) {
		if (n_rows == ROWS) {
			fprintf(stderr, "learn: too many features: raise ROWS\n");
			exit(1);
		}
		feature_of[n_rows] = k->feature;
		k->row = n_rows++;
	}
	*feature = k->row;
}

/* What the rules leave of a text is to be learned. */
static void
add_text(struct arena *a, const char *text, size_t len, const struct corpus_span *spans,
    size_t n_spans, const struct corpus *c)
{
	static const struct strip_keep nothing;
	const struct strip_taking taking = strip_reporter_takes(&nothing);
	struct strip_known known = { .n = 0 };
	struct strip_evened even;
	struct strip_tokens t;
	struct tag_place place = { 0 };
	uint8_t *tags;

	arena_end(a);
	if (strip_even(a, &even, (const uint8_t *)text, len) < 0 || strip_scan(a, &t, &even) < 0) {
		fprintf(stderr, "learn: a text is too long, or no UTF-8\n");
		exit(1);
	}
	strip_phrases(&t);
	do
		strip_by_rules(&t, &known, &taking);
	while (strip_known_find(&t, &known, &taking));
	tags = get(t.n, 1);
	for (size_t s = 0; s < n_spans; s++) {
		int kind = kind_of(c->labels[spans[s].label]);

		if (kind >= 0)
			mark(tags, &t, evened(&even, spans[s].start), evened(&even, spans[s].end),
			    kind);
	}
	for (size_t at = 0; at < t.n; at += tag_sentence(&t, at))
		place.behind++;
	lessons = realloc(lessons, (n_lessons + place.behind) * sizeof(*lessons));
	if (lessons == NULL)
		no_memory();
	for (size_t at = 0, n; at < t.n; at += n, place.before++) {
		place.behind--;
		n = tag_sentence(&t, at);
		add_lesson(&t, at, n, tags, place);
	}
	free(tags);
}

/* The text with some of its spans, or (gone) all that go, replaced. */
static void
add_variant(struct arena *a, const struct corpus *c, const struct corpus_text *t, bool gone)
{
	static char text[TEXT_BYTES];
	static struct corpus_span spans[1024];
	size_t len = 0, at = 0, n = 0;

	for (size_t s = 0; s < t->n_spans; s++) {
		const struct corpus_span *span = &t->spans[s];
		const char *label = c->labels[span->label];
		struct piece p = { t->p + span->start, span->end - span->start, sort_of(label),
			begins(t->p + span->start, span->end - span->start) };

		if (gone && kind_of(label) >= 0)
			p = (struct piece){ "[id removed]", 12, NULL, 0 };
		else if (!gone && chance(10) < SWAPS && memchr(p.p, '\n', p.len) == NULL)
			p = other_piece(p);
		if (len + (span->start - at) + p.len + (t->len - span->end) >= sizeof(text) ||
		    n == sizeof(spans) / sizeof(*spans))
			return;
		memcpy(text + len, t->p + at, span->start - at);
		len += span->start - at;
		memcpy(text + len, p.p, p.len);
		if (p.label != NULL)
			spans[n++] = (struct corpus_span){ len, len + p.len, span->label };
		len += p.len;
		at = span->end;
	}
	memcpy(text + len, t->p + at, t->len - at);
	add_text(a, text, len + t->len - at, spans, n, c);
}

/* ---- learning --------------------------------------------------------------------------------- */

static bool
may_follow(unsigned before, unsigned tag)
{
	return tag < TAG_START || (tag != TAG_START && (before == tag || before + TAG_HALF == tag));
}

static int32_t
margin(unsigned tag, unsigned should)
{
	if (tag == should)
		return 0;
	return should == TAG_OUTSIDE ? EXTRA : tag == TAG_OUTSIDE ? MISSED : MISSED / 3;
}

/* The tags that the table as it is gives to a sentence, or nearly gives. */
static void
guess(uint8_t *tags, const struct lesson *l)
{
	static int32_t score[TAG_SENTENCE][TAG__N];
	static uint8_t came[TAG_SENTENCE][TAG__N];
	unsigned last = 0;

	for (size_t i = 0; i < l->n; i++) {
		int32_t said[TAG__N] = { 0 };

		for (size_t f = 0; f < TAG_LEARNED; f++)
			for (unsigned tag = 0; tag < TAG__N; tag++)
				said[tag] += weights[l->rows[i][f]][tag];
		for (unsigned tag = 0; tag < TAG__N; tag++) {
			int32_t best = INT32_MIN / 2;

			said[tag] += margin(tag, l->tags[i]);
			if (tag != TAG_OUTSIDE && !l->taggable[i])
				said[tag] = INT32_MIN / 4;
			if (i == 0 && may_follow(TAG_START, tag))
				best = steps[TAG_START][tag];
			for (unsigned p = 0; i > 0 && p < TAG__N; p++)
				if (may_follow(p, tag) && score[i - 1][p] + steps[p][tag] > best) {
					best = score[i - 1][p] + steps[p][tag];
					came[i][tag] = (uint8_t)p;
				}
			score[i][tag] = best / 2 < INT32_MIN / 8 ? INT32_MIN / 4 : best + said[tag];
		}
	}
	for (unsigned tag = 1; tag < TAG__N; tag++)
		if (score[l->n - 1][tag] > score[l->n - 1][last])
			last = tag;
	for (size_t i = l->n; i-- > 0;) {
		tags[i] = (uint8_t)last;
		last = came[i][last];
	}
}

static void
count_for(const struct lesson *l, const uint8_t *tags, int32_t by)
{
	for (size_t i = 0; i < l->n; i++) {
		unsigned before = i > 0 ? tags[i - 1] : TAG_START;

		steps[before][tags[i]] += by;
		steps_sum[before][tags[i]] += by * now;
		for (size_t f = 0; f < TAG_LEARNED; f++) {
			uint32_t r = l->rows[i][f];

			if (r == 0)
				continue;
			weights[r][tags[i]] += by;
			weights_sum[r][tags[i]] += by * now;
		}
	}
}

static void
learn(void)
{
	size_t *order = get(n_lessons, sizeof(*order));
	uint8_t tags[TAG_SENTENCE];

	for (size_t i = 0; i < n_lessons; i++)
		order[i] = i;
	for (unsigned epoch = 0; epoch < EPOCHS; epoch++) {
		size_t wrong = 0;

		for (size_t i = n_lessons; i > 1; i--) {
			size_t other = chance((uint32_t)i), swap = order[i - 1];

			order[i - 1] = order[other];
			order[other] = swap;
		}
		for (size_t i = 0; i < n_lessons; i++, now++) {
			const struct lesson *l = &lessons[order[i]];

			guess(tags, l);
			if (memcmp(tags, l->tags, l->n) == 0)
				continue;
			count_for(l, l->tags, 1);
			count_for(l, tags, -1);
			wrong++;
		}
		fprintf(stderr, "learn: %u of %u: %zu of %zu sentences wrong\n", epoch + 1, EPOCHS,
		    wrong, n_lessons);
	}
	free(order);
}

/* ---- the table -------------------------------------------------------------------------------- */

/* What an average of 1 becomes; few rows reach the ends of a byte. */
#define SCALE 8

static int64_t
average(int32_t value, int64_t sum)
{
	return (value * now - sum) * SCALE / now;
}

/* What few texts taught is noise. */
#define LEAST 4

static bool
matters(uint32_t row)
{
	const struct key *k = key_of(feature_of[row]);

	if (!k->used || k->texts < TEXTS_LEAST)
		return false;
	for (unsigned tag = 0; tag < TAG__N; tag++)
		if (llabs(average(weights[row][tag], weights_sum[row][tag])) >= LEAST)
			return true;
	return false;
}

/* How far the tagger leans to taking out: what stays cannot be taken back. In the table's measure. */
#define LEAN 40

/* The steps from a tag to each of a half; or from each of a half to the one beside it in the other. */
static void
print_steps(unsigned from, unsigned to, unsigned by)
{
	for (unsigned i = 0; i < TAG_HALF; i++, from += by)
		printf("%s%d", i == 0 ? "{" : ",",
		    (from == TAG_START && by == 1) || to + i == TAG_START ||
			    !may_follow(from, to + i)
			? TAG_NEVER
			: (int)average(steps[from][to + i], steps_sum[from][to + i]) -
			      (to + i == TAG_OUTSIDE ? LEAN : 0));
	printf("},\n");
}

static void
print(void)
{
	static uint32_t slots[1u << TAG_BUCKET_BITS][TAG_SLOTS];
	uint32_t n = 1, full = 0;

	printf("#include \"strip/tagger.h\"\n\nconst int8_t tag_rows[][TAG__N] = {\n{0},\n");
	for (uint32_t r = 1; r < n_rows; r++) {
		uint32_t *bucket = slots[tag_bucket(feature_of[r])];
		size_t slot = 0;

		if (!matters(r))
			continue;
		while (slot < TAG_SLOTS && bucket[slot] != 0)
			slot++;
		if (slot == TAG_SLOTS) {
			full++;
			continue;
		}
		bucket[slot] = tag_print(feature_of[r]) | n++;
		if (n == 1u << TAG_ROW_BITS) {
			fprintf(stderr, "learn: too many rows: raise TAG_ROW_BITS\n");
			exit(1);
		}
		for (unsigned tag = 0; tag < TAG__N; tag++) {
			int64_t w = average(weights[r][tag], weights_sum[r][tag]);

			w = w > INT8_MAX ? INT8_MAX : w < -INT8_MAX ? -INT8_MAX : w;
			printf("%s%d", tag == 0 ? "{" : ",", (int)w);
		}
		printf("},\n");
	}
	fprintf(stderr, "learn: %u rows, %u find their bucket full\n", n, full);
	printf("};\n\nconst uint32_t __attribute__((aligned(16))) tag_slots[1 << "
	       "TAG_BUCKET_BITS][TAG_SLOTS] = {\n");
	for (uint32_t i = 0; i < 1u << TAG_BUCKET_BITS; i++)
		printf("{%u,%u,%u,%u},%s", slots[i][0], slots[i][1], slots[i][2], slots[i][3],
		    i % 8 == 7 ? "\n" : "");
	printf("};\n\nconst int16_t tag_steps[TAG__N][TAG_HALF] = {\n");
	for (unsigned p = 0; p < TAG__N; p++)
		print_steps(p, TAG_OUTSIDE, 0);
	printf("};\n\nconst int16_t tag_goes_on[2][TAG_HALF] = {\n");
	print_steps(TAG_OUTSIDE, TAG_START, 1);
	print_steps(TAG_START, TAG_START, 1);
	printf("};\n");
}

int
main(int argc, char **argv)
{
	struct arena a;

	arena_init(&a, get(1, ARENA_BYTES), ARENA_BYTES);
	n_corpora = (size_t)argc - 1;
	corpora = get(n_corpora, sizeof(*corpora));
	for (size_t c = 0; c < n_corpora; c++)
		corpus_read(&corpora[c], argv[c + 1]);
	collect();
	for (size_t c = 0; c < n_corpora; c++)
		for (size_t i = 0; i < corpora[c].n_texts; i++) {
			const struct corpus_text *t = &corpora[c].texts[i];

			add_text(&a, t->p, t->len, t->spans, t->n_spans, &corpora[c]);
			for (unsigned n = 0; n < SWAPPED; n++)
				add_variant(&a, &corpora[c], t, false);
			add_variant(&a, &corpora[c], t, true);
			n_texts++;
		}
	keys = get(KEYS, sizeof(*keys));
	feature_of = get(ROWS, sizeof(*feature_of));
	for_all(see);
	for_all(give_row);
	fprintf(stderr, "learn: %u features\n", n_rows);
	learn();
	print();
	return 0;
}
