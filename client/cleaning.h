/* SPDX-License-Identifier: ISC */
/*
 * A file without its metadata, as a stream: candor-cleaner runs as a process of its own behind walls,
 * with the file as its standard input, and what it gives is read here, piece by piece. Nobody in this
 * process looks into the file, and nothing of it is kept. Client.
 */
#ifndef CANDOR_CLIENT_CLEANING_H
#define CANDOR_CLIENT_CLEANING_H

#include <sys/types.h>

#include "candor/filetype.h"

struct client;

struct cleaning {
	struct client *c;
	const char *name; /* of the file, for errors */
	pid_t pid;
	int out;
	char type[FILE_TYPE_MAX];
	uint64_t bytes, left; /* of the clean file; not read yet */
};

/*
 * Start the cleaner on the file that is open at in, and wait until it is done: type and bytes are known
 * then. End it with cleaning_end(), also after a failure. EX_DATAERR with the reason when the file cannot
 * be cleaned; EX_OSERR when there is no cleaner. Blocks for as long as cleaning takes.
 */
int cleaning_begin(struct client *c, struct cleaning *k, const char *name, int in) MUST_CHECK;

/* The next bytes of it, into p: *n of at most cap, 0 at the end. */
int cleaning_read(struct cleaning *k, void *p, size_t cap, size_t *n) MUST_CHECK;

/* Reap the cleaner, wherever it is. */
void cleaning_end(struct cleaning *k);

#endif
