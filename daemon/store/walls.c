/* SPDX-License-Identifier: ISC */
/*
 * What store may ask the kernel for: see walls.h. Files, which Landlock keeps to the state folder; no
 * socket, no program. Seen with strace while it filed, released, checkpointed, rolled back and left.
 */
#include "store/walls.h"

#include <fcntl.h>
#include <sys/syscall.h>

/* clang-format off */
const struct sandbox_call store_calls[STORE_CALLS] = {
	ALLOW(openat,         "SQLite: its log, its journal, the folder to be synced"),
	ALLOW(newfstatat,     "SQLite: is there a journal; the C library: has the time zone changed"),
	ALLOW(fstat,          "SQLite: is it still the same file"),
	ALLOW(lseek,          "SQLite"),
	ALLOW(read,           "SQLite"),
	ALLOW(pread64,        "SQLite: pages"),
	ALLOW(pwrite64,       "SQLite: pages"),
	ALLOW(fsync,          "SQLite: the folder"),
	ALLOW(fdatasync,      "SQLite: a commit"),
	ALLOW(ftruncate,      "SQLite: the log after a release"),
	ALLOW(unlink,         "SQLite: the log, at the end"),
	ALLOW(access,         "SQLite: is there a journal"),
	ALLOW(faccessat2,     "the same, where access does not exist"),
	ALLOW(geteuid,        "SQLite: whose a new file is to be"),
	ALLOW_IF(fcntl, 1, F_SETLK,  "SQLite: its lock"),
	ALLOW_IF(fcntl, 1, F_GETLK,  "SQLite: whose lock it is"),
	ALLOW_IF(fcntl, 1, F_GETFD,  "SQLite: a new descriptor"),
	ALLOW_IF(fcntl, 1, F_SETFD,  "SQLite: close on exec"),
};
/* clang-format on */
