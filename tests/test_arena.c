/* SPDX-License-Identifier: ISC */
/* Arenas and the slab: what was in them is gone, and nobody reaches beyond. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "candor/arena.h"

static _Alignas(16) uint8_t memory[1024];

static bool
is_wiped(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != 0)
			return false;
	}
	return true;
}

Test(arena, memory_is_zeroed_aligned_and_apart)
{
	struct arena a;
	uint8_t *p, *q;

	memset(memory, 0xff, sizeof(memory));
	arena_init(&a, memory, sizeof(memory));
	p = arena_alloc(&a, 5);
	q = arena_alloc(&a, 17);
	cr_assert(zero(sz, (uintptr_t)p % _Alignof(max_align_t)));
	cr_assert(zero(sz, (uintptr_t)q % _Alignof(max_align_t)));
	cr_assert(ge(ptr, q, p + 5));
	cr_assert(is_wiped(p, 5));
	cr_assert(is_wiped(q, 17));
}

Test(arena, what_does_not_fit_is_refused_and_changes_nothing)
{
	struct arena a;

	arena_init(&a, memory, sizeof(memory));
	cr_assert(ne(ptr, arena_alloc(&a, 1000), NULL));
	cr_assert(zero(ptr, arena_alloc(&a, 17)));
	cr_assert(zero(ptr, arena_alloc(&a, SIZE_MAX)));
	cr_assert(zero(ptr, arena_alloc(&a, SIZE_MAX - 1000)));
	cr_assert(zero(ptr, arena_copy(&a, "x", SIZE_MAX)));
	cr_assert(eq(sz, a.used, 1000));
	cr_assert(ne(ptr, arena_alloc(&a, 16), NULL));
	cr_assert(ne(ptr, arena_alloc(&a, 0), NULL));
	cr_assert(zero(ptr, arena_alloc(&a, 1)));
}

Test(arena, a_copy_has_a_nul_behind_it)
{
	struct arena a;

	memset(memory, 0xff, sizeof(memory));
	arena_init(&a, memory, sizeof(memory));
	cr_assert(eq(str, arena_copy(&a, "hello", 5), "hello"));
	cr_assert(eq(str, arena_copy(&a, NULL, 0), ""));
}

Test(arena, release_and_end_wipe_what_was_given_out)
{
	struct arena a;
	arena_mark_t mark;
	uint8_t *p, *q;

	arena_init(&a, memory, sizeof(memory));
	p = arena_alloc(&a, 100);
	memset(p, 1, 100);
	mark = arena_mark(&a);
	q = arena_alloc(&a, 200);
	memset(q, 2, 200);
	arena_release(&a, mark);
	cr_assert(is_wiped(q, 200));
	cr_assert(eq(u8, p[99], 1));
	cr_assert(eq(ptr, arena_alloc(&a, 1), q));
	arena_end(&a);
	cr_assert(is_wiped(memory, sizeof(memory)));
	cr_assert(zero(sz, a.used));
	cr_assert(zero(sz, a.peak));
}

/* The kernel's own opinion of an address: no signal is needed to ask. */
static bool
is_readable(const uint8_t *p)
{
	int fd[2];
	bool ok;

	cr_assert(zero(int, pipe(fd)));
	ok = write(fd[1], p, 1) == 1;
	if (!ok)
		cr_assert(eq(int, errno, EFAULT));
	close(fd[0]);
	close(fd[1]);
	return ok;
}

Test(arena, a_slab_lies_between_pages_that_nobody_can_touch)
{
	struct slab s;

	cr_assert(zero(int, slab_init(&s, 10000)));
	cr_assert(ge(sz, s.size, 10000));
	cr_assert(is_readable(s.base));
	cr_assert(is_readable(s.base + s.size - 1));
	cr_assert(not(is_readable(s.base - 1)));
	cr_assert(not(is_readable(s.base + s.size)));
	slab_free(&s);
	cr_assert(zero(ptr, s.base));
	slab_free(&s);
}

Test(arena, a_slab_is_cut_in_lines_until_it_is_used_up)
{
	struct slab s;
	uint8_t *p, *q;

	cr_assert(zero(int, slab_init(&s, 4096)));
	p = slab_carve(&s, 100);
	q = slab_carve(&s, 100);
	cr_assert(zero(sz, (uintptr_t)p % 64));
	cr_assert(zero(sz, (uintptr_t)q % 64));
	cr_assert(ge(ptr, q, p + 100));
	cr_assert(is_wiped(p, 100));
	cr_assert(zero(ptr, slab_carve(&s, s.size)));
	cr_assert(zero(ptr, slab_carve(&s, SIZE_MAX)));
	cr_assert(ne(ptr, slab_carve(&s, 64), NULL));
	slab_free(&s);
}

/* The VmFlags of the mapping that begins at p: see proc(5). */
static void
vm_flags(char *out, size_t cap, const uint8_t *p)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	char line[512];
	bool here = false;

	cr_assert(ne(ptr, f, NULL));
	out[0] = '\0';
	while (fgets(line, sizeof(line), f) != NULL) {
		unsigned long start, end;

		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = start <= (uintptr_t)p && (uintptr_t)p < end;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(out, cap, "%s", line);
	}
	fclose(f);
}

Test(arena, a_slab_is_locked_and_kept_out_of_core_dumps_and_children)
{
	char flags[512];
	struct slab s;
	uint8_t *p;
	pid_t pid;
	int status;

	cr_assert(zero(int, slab_init(&s, 8192)));
	p = slab_carve(&s, 4096);
	memset(p, 0x5a, 4096);
	vm_flags(flags, sizeof(flags), p);
	cr_assert(ne(ptr, strstr(flags, " lo"), NULL), "%s", flags);
	cr_assert(ne(ptr, strstr(flags, " dd"), NULL), "%s", flags);
	cr_assert(ne(ptr, strstr(flags, " wf"), NULL), "%s", flags);
	pid = fork();
	cr_assert(ge(int, pid, 0));
	if (pid == 0)
		_exit(is_wiped(p, 4096) ? 0 : 1);
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	cr_assert(zero(int, status));
	cr_assert(eq(u8, p[0], 0x5a));
	slab_free(&s);
}

Test(arena, a_slab_that_cannot_be_locked_is_refused)
{
	struct rlimit none = { 0, 0 };
	struct slab s = { 0 };

	/* root may lock whatever its limit, so that this is tried as nobody. */
	cr_assert(zero(int, setrlimit(RLIMIT_MEMLOCK, &none)));
	if (geteuid() == 0)
		cr_assert(zero(int, seteuid(65534)));
	cr_assert(eq(int, slab_init(&s, 8192), CANDOR_EPERM));
	cr_assert(zero(ptr, s.base));
	cr_assert(eq(int, slab_init(&s, SIZE_MAX), CANDOR_ENOMEM));
	cr_assert(eq(int, slab_init(&s, SIZE_MAX / 4), CANDOR_ENOMEM));
}
