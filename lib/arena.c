/* SPDX-License-Identifier: ISC */
/* Arenas and the slab: see candor/arena.h. Any process; never logs, never allocates elsewhere. */
#include "candor/arena.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ALIGN 16u

void
arena_init(struct arena *a, void *base, size_t size)
{
	*a = (struct arena){ .base = base, .size = size };
}

void *
arena_alloc(struct arena *a, size_t n)
{
	size_t start = (a->used + ALIGN - 1) & ~(size_t)(ALIGN - 1);

	if (start > a->size || n > a->size - start)
		return NULL;
	a->used = start + n;
	if (a->used > a->peak)
		a->peak = a->used;
	return memset(a->base + start, 0, n);
}

void *
arena_copy(struct arena *a, const void *p, size_t len)
{
	uint8_t *copy;

	if (len == SIZE_MAX || (copy = arena_alloc(a, len + 1)) == NULL)
		return NULL;
	if (len > 0)
		memcpy(copy, p, len);
	return copy;
}

arena_mark_t
arena_mark(const struct arena *a)
{
	return a->used;
}

void
arena_release(struct arena *a, arena_mark_t mark)
{
	explicit_bzero(a->base + mark, a->peak - mark);
	a->used = a->peak = mark;
}

void
arena_end(struct arena *a)
{
	arena_release(a, 0);
}

int
slab_init(struct slab *s, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t map_size;
	uint8_t *map;

	if (size > SIZE_MAX - 3 * page)
		return CANDOR_ENOMEM;
	size = (size + page - 1) / page * page;
	map_size = size + 2 * page;
	map = mmap(NULL, map_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return CANDOR_ENOMEM;
	if (mprotect(map + page, size, PROT_READ | PROT_WRITE) < 0 ||
	    madvise(map + page, size, MADV_DONTDUMP) < 0 ||
	    madvise(map + page, size, MADV_WIPEONFORK) < 0) {
		munmap(map, map_size);
		return CANDOR_ENOMEM;
	}
	if (mlock2(map + page, size, MLOCK_ONFAULT) < 0) {
		munmap(map, map_size);
		return CANDOR_EPERM;
	}
	*s = (struct slab){ .base = map + page, .size = size, .map_size = map_size };
	return 0;
}

void *
slab_carve(struct slab *s, size_t n)
{
	size_t start = (s->used + 63) & ~(size_t)63;

	if (start > s->size || n > s->size - start)
		return NULL;
	s->used = start + n;
	return s->base + start;
}

void
slab_free(struct slab *s)
{
	if (s->base == NULL)
		return;
	explicit_bzero(s->base, s->used);
	munmap(s->base - (s->map_size - s->size) / 2, s->map_size);
	*s = (struct slab){ 0 };
}
