/* SPDX-License-Identifier: ISC */
/*
 * How the table of words is laid out: for the program that makes it on the machine that builds, and
 * for the look-up. Each slot holds a part of the word's hash, its print, and its sort: 0 is free.
 */
#ifndef CANDOR_STRIP_LEXICON_H
#define CANDOR_STRIP_LEXICON_H

#include <stddef.h>
#include <stdint.h>

#define LEXICON_SLOT_BITS 19
#define LEXICON_SORT_BITS 12
#define LEXICON_WORD_MAX 48 /* with the blanks of a longer name */

/* FNV-1a, 64 bits; goes on from hash, for a name of several words. */
static inline uint64_t
lexicon_hash_more(uint64_t hash, const void *word, size_t len)
{
	const unsigned char *p = word;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * 0x100000001b3u;
	return hash;
}

static inline uint64_t
lexicon_hash(const void *word, size_t len)
{
	return lexicon_hash_more(0xcbf29ce484222325u, word, len);
}

static inline size_t
lexicon_slot(uint64_t hash)
{
	return (size_t)((hash ^ hash >> 40) & ((1u << LEXICON_SLOT_BITS) - 1));
}

static inline uint32_t
lexicon_print(uint64_t hash)
{
	return (uint32_t)(hash >> (64 - (32 - LEXICON_SORT_BITS)));
}

#endif
