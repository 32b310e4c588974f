/* SPDX-License-Identifier: ISC */
/*
 * The keeper of a host: a process beside it that runs none of its plugin's code. It passes the host's log
 * on, a bounded part of it and each line under the plugin's name, and when the host ends, however it
 * ends, it ends whatever the plugin had started.
 */
#ifndef CANDOR_HOST_KEEPER_H
#define CANDOR_HOST_KEEPER_H

#include <sys/types.h>

#include "candor/base.h"

struct keeper_wish {
	const char *name; /* of the plugin */
	bool programs;    /* a process group for programs is wanted */
	bool best_effort; /* of the sandbox */
};

/*
 * Start it, before any code of the plugin is there. From then on standard error is a pipe to it, the host
 * leads a process group of its own, and with programs *group is another one, which each child of fork()
 * joins. 0; CANDOR_ESYS after a log line. Process: host, once.
 */
int keeper_start(const struct keeper_wish *wish, pid_t *group) MUST_CHECK;

#endif
