/* SPDX-License-Identifier: ISC */
/*
 * What a plugin may ask the kernel for, by its file in plugins.d: with or without a network, with or without
 * programs. Two walls: while it is loaded and opened it can also read its libraries and the files that its
 * settings name; afterwards it cannot. host, and the child in which `candord -t` checks settings.
 */
#ifndef CANDOR_PLUGIN_WALLS_H
#define CANDOR_PLUGIN_WALLS_H

#include <sys/types.h>

#include "candor/candor_pb.h"
#include "common/sandbox.h"

/* Address space of a host in MiB where the configuration says nothing. */
#define PLUGIN_MEMORY_MIB 256
/* Threads, and processes of one that may start programs. */
#define PLUGIN_TASKS_MAX 64

/*
 * Choose *loading, to enter before the object is loaded, and *running, to enter once it is open. group: the
 * process group that its programs may join, 0: none. Both stay valid for good; call it once in a process,
 * while files can be opened. name, uid, max_fds and best_effort of *loading are the caller's and kept.
 * CANDOR_EINVAL after a sentence in why.
 */
int plugin_walls(struct sandbox *loading, struct sandbox *running, const Candor__Plugin *plugin,
    pid_t group, char *why, size_t why_cap) MUST_CHECK;

#endif
