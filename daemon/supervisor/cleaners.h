/* SPDX-License-Identifier: ISC */
/*
 * Cleaners, which are no rooms: each is started when intake has an attachment for it, lives for this one,
 * and knows nobody but the intake process that it was started for. Supervisor only.
 */
#ifndef CANDOR_CLEANERS_H
#define CANDOR_CLEANERS_H

#include <event2/event.h>

#include "supervisor/config.h"

/* For one intake process at once. */
#define CLEANERS_WORKER_MAX 8

struct cleaners;

/* NULL when out of memory; cleaners_free() also says what was not said yet. */
struct cleaners *cleaners_new(struct event_base *base);
void cleaners_free(struct cleaners *all);

/*
 * Start the first one, on an empty file: one that cannot work must be known when the daemon starts, not
 * when the first reporter attaches something. 0, or one of sysexits.h after a log line. cleaners_reap()
 * tells how it ended.
 */
int cleaners_try(struct cleaners *all, const struct config *c) MUST_CHECK;

/* Start one for this intake process, unless it has as many as the configuration says, or there can be no
 * more: -1. Else intake's end of its stream, the caller's to hand over and close. */
int cleaners_start(struct cleaners *all, const struct config *c, unsigned worker) MUST_CHECK;

/* Reap one that ended; *status is that of waitpid(2). */
enum cleaners_end {
	CLEANERS_NONE,   /* there is none */
	CLEANERS_ENDED,  /* *worker may have another */
	CLEANERS_WORKS,  /* the trial went well */
	CLEANERS_FAULTY, /* it did not: said in the log */
};
enum cleaners_end cleaners_reap(struct cleaners *all, int *status, unsigned *worker);

#endif
