/* SPDX-License-Identifier: ISC */
/*
 * Between what learns to tag, on the machine that builds (pack/learn.c), and what tags: how a token is
 * described, and how the table is laid out that says what a description counts for. Pure.
 *
 * A sentence is tagged as one: its tags are those of the greatest sum, over its tokens, of what each
 * token's features say of its tag and of what its tag is worth behind the one before.
 */
#ifndef CANDOR_STRIP_TAGGER_H
#define CANDOR_STRIP_TAGGER_H

#include "strip/internal.h"

/* What the writer is told by in prose. A token is outside, the first one of something, or a further
 * one. */
#define TAG_KINDS(X)                                                                               \
	X(REPORTER_NAME)                                                                           \
	X(REPORTER_CONTACT)                                                                        \
	X(REPORTER_ID)                                                                             \
	X(REPORTER_ROLE)                                                                           \
	X(REPORTER_TENURE)                                                                         \
	X(REPORTER_RELATION)                                                                       \
	X(REPORTER_TIME)

enum tag {
	TAG_OUTSIDE,
#define X(label) TAG_FIRST_##label,
	TAG_KINDS(X)
#undef X
	    TAG_START, /* before a sentence: no token has it */
#define X(label) TAG_NEXT_##label,
	TAG_KINDS(X)
#undef X
	    TAG__N
};

/* Half of the tags: outside and the first ones; and the next ones, each as far behind its first one. */
#define TAG_HALF 8
_Static_assert(TAG_START == TAG_HALF && TAG__N == 2 * TAG_HALF, "vectors are made of it");

/* What a token is described by; and, when it is learned, by more: what is so special that it is hardly ever
 * met again is still worth learning, since others then need not make up for it. */
#define TAG_FEATURES 29
#define TAG_LEARNED 38
/* Tokens beside a sentence that it is described by, too. */
#define TAG_BESIDE 2
/* Of a sentence; a longer one is tagged clause by clause, and a clause as long as that not at all: where
 * either is cut must not depend on how much of it is gone. */
#define TAG_SENTENCE 160

/* Where a sentence stands. */
struct tag_place {
	unsigned before, behind; /* sentences; from 4 and 6 on they are the same */
};

/* The sentence that begins at token from: how many tokens. */
size_t tag_sentence(const struct strip_tokens *t, size_t from);

/* May a token bear a tag? Not what went already, nor a stop or a quotation mark. */
bool tag_taggable(uint8_t class);

/* Does the word say that the writer is spoken of? */
bool tag_tells_writer(uint8_t class);

/* The features of each of the n tokens from token from on, as numbers; 0: none. As many of each as there
 * are, TAG_FEATURES or TAG_LEARNED. */
void tag_features(uint32_t *features, size_t each, const struct strip_tokens *t, size_t from,
    size_t n, struct tag_place place);

/*
 * What is known of a feature lies in a row, and in which one is told by the feature's bucket: the one of
 * its slots that has the feature's print has the row's number. A bucket is looked through at once, without
 * a choice that the processor could guess wrong. Made by pack/learn.c.
 */
#define TAG_BUCKET_BITS 16
#define TAG_SLOTS 4
#define TAG_ROW_BITS 17

static inline size_t
tag_bucket(uint32_t feature)
{
	return feature & ((1u << TAG_BUCKET_BITS) - 1);
}

static inline uint32_t
tag_print(uint32_t feature)
{
	return feature & ~((1u << TAG_ROW_BITS) - 1);
}

extern const uint32_t tag_slots[1 << TAG_BUCKET_BITS][TAG_SLOTS];
extern const int8_t tag_rows[][TAG__N];

/* What outside or a first tag is worth behind any tag; what a next tag is, behind the first one of its
 * kind, and behind itself; and a step that cannot be. */
extern const int16_t tag_steps[TAG__N][TAG_HALF];
extern const int16_t tag_goes_on[2][TAG_HALF];
#define TAG_NEVER (-12000)

#endif
