/* SPDX-License-Identifier: ISC */
/* What the cleaner may ask the kernel for: see walls.h. In a file of its own, so that tests can stand
 * behind it. */
#include "cleaner/walls.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleaner/clean.h"
#include "common/log.h"

const struct sandbox_call cleaner_calls[CLEANER_CALLS] = {
	ALLOW_IF(read, 0, STDIN_FILENO, "the attachment"),
	ALLOW_IF(write, 0, STDOUT_FILENO, "what is left of it"),
};

static const struct {
	const char *name;
	__rlimit_resource_t what;
	rlim_t value, hard;
	bool when_sanitized; /* AddressSanitizer reserves terabytes that it never touches */
} limits[] = {
	{ "memory", RLIMIT_AS, CLEANER_MEMORY_BYTES, CLEANER_MEMORY_BYTES, false },
	{ "processor time", RLIMIT_CPU, CLEANER_CPU_SECONDS, CLEANER_CPU_SECONDS + 2, true },
	{ "size of files", RLIMIT_FSIZE, CLEAN_OUTPUT_MAX + 4096, CLEAN_OUTPUT_MAX + 4096, true },
};

/* What is locked counts as a whole, touched or not: all of it may be, or nothing is. */
static void
lock_memory(void)
{
#ifndef CANDOR_SANITIZED
	struct rlimit lock;

	if (getrlimit(RLIMIT_MEMLOCK, &lock) == 0 && lock.rlim_cur >= CLEANER_MEMORY_BYTES)
		(void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
#endif
}

int
cleaner_walls(uint32_t uid, bool best_effort)
{
	const struct sandbox walls = {
		.name = "candor-cleaner",
		.calls = cleaner_calls,
		.n_calls = CLEANER_CALLS,
		.uid = uid,
		.best_effort = best_effort,
	};

	(void)setpriority(PRIO_PROCESS, 0, CLEANER_NICE);
	lock_memory();

	for (size_t i = 0; i < NELEM(limits); i++) {
		const struct rlimit limit = { limits[i].value, limits[i].hard };

#ifdef CANDOR_SANITIZED
		if (!limits[i].when_sanitized)
			continue;
#endif
		if (setrlimit(limits[i].what, &limit) < 0) {
			log_error("limit on %s: %s", limits[i].name, strerror(errno));
			return CANDOR_ESYS;
		}
	}
	return sandbox_enter(&walls);
}
