/* SPDX-License-Identifier: ISC */
/* The life of the daemon: rooms started, wired, restarted, reloaded and stopped. Supervisor only. */
#ifndef CANDOR_SUPERVISE_H
#define CANDOR_SUPERVISE_H

#include "supervisor/config.h"

/*
 * Run until SIGTERM or SIGINT. path is where to read the configuration again; c becomes ours;
 * ready_fd (or -1) gets the line "ready" once all rooms are. Returns one of sysexits.h.
 */
int supervise(const char *path, struct config *c, int ready_fd);

#endif
