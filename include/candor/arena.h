/* SPDX-License-Identifier: ISC */
/*
 * Memory for plaintext and keys: a slab that is locked, guarded and kept out of core dumps, and
 * arenas in it that hand out memory by bumping a pointer and are wiped as a whole.
 *
 * The slab is made once, at a process's start; an arena lives as long as one request.
 */
#ifndef CANDOR_ARENA_H
#define CANDOR_ARENA_H

#include "candor/base.h"

/* Bump allocator over memory that somebody else owns. Copyable only while empty. */
struct arena {
	uint8_t *base;
	size_t size; /* bytes at base */
	size_t used; /* bytes handed out, alignment included */
	size_t peak; /* bytes dirtied since the last wipe; arena_end() wipes up to here */
};

/* A position to go back to; see arena_mark(). */
typedef size_t arena_mark_t;

/* Make an arena of size bytes at base, which stays the caller's. Never fails. Any process. */
void arena_init(struct arena *a, void *base, size_t size);

/*
 * Take n bytes, zeroed, aligned for any type, from a. NULL when they do not fit; the arena is
 * unchanged then. n = 0 gives a valid pointer to nothing. Gone with arena_end(). Any process.
 */
void *arena_alloc(struct arena *a, size_t n) MUST_CHECK;

/* As arena_alloc(), holding a copy of the len bytes at p and a NUL behind them. */
void *arena_copy(struct arena *a, const void *p, size_t len) MUST_CHECK;

/* Remember how full a is, and give back (wiped) all that was taken since. Any process. */
arena_mark_t arena_mark(const struct arena *a);
void arena_release(struct arena *a, arena_mark_t mark);

/* Wipe whatever was handed out since the last wipe and start anew. Any process. */
void arena_end(struct arena *a);

/* Locked memory between two guard pages, wiped when it is freed. */
struct slab {
	uint8_t *base;
	size_t size;
	size_t used;
	size_t map_size;
};

/*
 * Map size bytes (rounded up to pages): locked page by page as they are touched (mlock2 with
 * MLOCK_ONFAULT), out of core dumps and of children (MADV_DONTDUMP, MADV_WIPEONFORK).
 * Returns 0; CANDOR_ENOMEM when it cannot be mapped; CANDOR_EPERM when it cannot be locked: say
 * then that RLIMIT_MEMLOCK must be at least size. Any process, at start.
 */
int slab_init(struct slab *s, size_t size) MUST_CHECK;

/* Cut n zeroed bytes, cache-line aligned, off the slab for good. NULL when it is used up. */
void *slab_carve(struct slab *s, size_t n) MUST_CHECK;

/* Wipe and unmap. NULL-safe on a zeroed slab. */
void slab_free(struct slab *s);

#endif
