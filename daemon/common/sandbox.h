/* SPDX-License-Identifier: ISC */
/*
 * The walls of a room: no-new-privileges, not dumpable, resource limits, its own uid, Landlock, and
 * a seccomp allow-list with argument checks. Entered once, after setup and before the first byte of
 * a user is read. Off in sanitizer and fuzz builds (CANDOR_SANITIZED), which need more of the kernel.
 */
#ifndef CANDOR_SANDBOX_H
#define CANDOR_SANDBOX_H

#include "candor/base.h"

/* One allowed system call; with arg >= 0 only when that argument, masked, compares as told. */
struct sandbox_call {
	int nr; /* SYS_… */
	int arg;
	enum { SANDBOX_ANY, SANDBOX_EQ, SANDBOX_ANY_BIT, SANDBOX_MASKED_EQ } op;
	uint64_t mask, value;
	const char *why; /* what in this room needs it */
};

#define ALLOW(name, reason)                                                                        \
	{                                                                                          \
		SYS_##name, -1, SANDBOX_ANY, 0, 0, reason                                          \
	}
#define ALLOW_IF(name, n, v, reason)                                                               \
	{                                                                                          \
		SYS_##name, n, SANDBOX_EQ, 0, v, reason                                            \
	}
/* When one of these bits is set at least. */
#define ALLOW_IF_ANY(name, n, bits, reason)                                                        \
	{                                                                                          \
		SYS_##name, n, SANDBOX_ANY_BIT, bits, 0, reason                                    \
	}

/* A folder or file that stays reachable; everything else does not (Landlock). */
struct sandbox_path {
	int fd; /* O_PATH, or the folder itself; closed by sandbox_enter() when close_fd */
	bool write;
	bool execute;
	bool close_fd;
};

struct sandbox {
	const char *name;
	const struct sandbox_call *calls; /* beyond the calls that every room needs */
	size_t n_calls;
	const struct sandbox_path *paths; /* none: no file system at all */
	size_t n_paths;
	bool tcp;         /* may connect over TCP (Landlock ABI 4 and later; else by seccomp) */
	bool signals;     /* its kill(2) reaches processes outside of its own Landlock domain */
	uint32_t uid;     /* 0: stay */
	size_t max_fds;   /* RLIMIT_NOFILE; 0: as is */
	size_t max_tasks; /* processes and threads more than its user has now; 0: none, by seccomp,
			   * and by RLIMIT_NPROC where the uid is its own */
	uint64_t max_memory; /* bytes of address space; 0: as is */
	bool drop_caps; /* of root's powers only these stay: bits 1 << CAP_…; else as they are */
	uint64_t caps;
	bool again;       /* walls stand already: only those that can be made narrower */
	bool best_effort; /* log what the kernel lacks instead of failing */
};

/*
 * Put up all walls, in the order: uid and gid, capabilities, limits (no core, memory, processes), not
 * dumpable, no new privileges, Landlock, seccomp (a call that is not allowed fails with EPERM).
 * Returns 0; CANDOR_ESYS with a log line that names the wall and what the kernel or the
 * configuration needs. Any room, once; a host a second time with `again`, when its plugin is loaded:
 * then only what both times allow stays allowed.
 */
int sandbox_enter(const struct sandbox *s) MUST_CHECK;

#endif
