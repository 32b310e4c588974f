/* SPDX-License-Identifier: ISC */
/*
 * Writing a tar archive (POSIX ustar) of files whose size is known only once they are written: the
 * header is filled in afterwards, so that the archive must be a regular file. Client.
 */
#ifndef CANDOR_CLIENT_TAR_H
#define CANDOR_CLIENT_TAR_H

#include "candor/base.h"

#define TAR_NAME_MAX 99

struct tar {
	int fd;       /* a regular file, open for writing */
	int64_t time; /* of every file in it, in seconds */
	uint64_t at;  /* bytes of the archive so far */
	/* Of the file being written: */
	char name[TAR_NAME_MAX + 1];
	uint64_t header; /* where its header goes */
};

/* Each returns false, and errno says why. The name: at most TAR_NAME_MAX bytes, no leading slash. */
bool tar_begin(struct tar *t, const char *name) MUST_CHECK;
bool tar_write(struct tar *t, const void *p, size_t len) MUST_CHECK;
/* The file is complete: its size goes into the header. */
bool tar_end(struct tar *t) MUST_CHECK;
/* The archive is. */
bool tar_finish(struct tar *t) MUST_CHECK;

#endif
