/* SPDX-License-Identifier: ISC */
/*
 * What store may ask the kernel for: see walls.h. Pages of the two files that were opened in
 * setup; no other file for writing, no socket, no program. Seen with strace while it filed, released,
 * rolled back, cut the log and left.
 */
#include "store/walls.h"

#include <fcntl.h>
#include <sys/syscall.h>

/* clang-format off */
const struct sandbox_call store_calls[STORE_CALLS] = {
	{ SYS_openat, 2, SANDBOX_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY,
	  "SQLite: the state folder, to be synced" },
	ALLOW(newfstatat,     "SQLite: how long is the file; the C library: has the zone changed"),
	ALLOW(pread64,        "SQLite: pages"),
	ALLOW(pwrite64,       "SQLite: pages"),
	ALLOW(fdatasync,      "SQLite: a commit"),
	ALLOW(fsync,          "SQLite: the folder"),
	ALLOW(ftruncate,      "SQLite: the log after a release"),
	ALLOW_IF(fcntl, 1, F_SETLK, "SQLite: its lock"),
};
/* clang-format on */
