/* SPDX-License-Identifier: ISC */
/*
 * The daemon's log: lines on standard error, for journald or a terminal. Configuration, rooms,
 * plugins and case numbers of released cases may stand in it; never a word of a report, a key, a
 * receipt, anything on a peer, nor a line that one reporter's action causes.
 */
#ifndef CANDOR_LOG_H
#define CANDOR_LOG_H

#include "candor/base.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Name every line of this process, "candor-intake[0]"; lines above level are dropped. */
void log_init(const char *name, enum log_level level);
/* The configuration was read again. */
void log_set_level(enum log_level level);
void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warning(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* A broken invariant of our own, or no memory at start: say it and leave with status (sysexits.h). */
void fatal(int status, const char *fmt, ...) PRINTF_LIKE(2, 3) __attribute__((noreturn));

#endif
