/* SPDX-License-Identifier: ISC */
/*
 * Files that are their owner's alone: key files, the charter key, what the client remembers, and what
 * is saved from a case. Client.
 */
#ifndef CANDOR_CLIENT_PRIVATE_FILE_H
#define CANDOR_CLIENT_PRIVATE_FILE_H

#include "candor/arena.h"

struct client;

#define PRIVATE_FILE_MAX 65536

/*
 * Read a file of at most PRIVATE_FILE_MAX bytes into c->arena. EX_NOINPUT when it cannot be read,
 * EX_NOPERM when group or others may read or write it, EX_DATAERR when it is larger.
 */
int private_file_read(struct client *c, struct span *out, const char *path) MUST_CHECK;

/* Create path, which must not exist, with mode 0600: EX_CANTCREAT, else *fd is open for writing. */
int private_file_open_new(struct client *c, int *fd, const char *path) MUST_CHECK;
/* Bring what was written to disk and close fd. On EX_IOERR, or when ok is false (the writing failed
 * and was reported), path is removed. */
int private_file_finish(struct client *c, int fd, const char *path, bool ok) MUST_CHECK;

/* Both, with content in between. */
int private_file_create(struct client *c, const char *path, struct span content) MUST_CHECK;

/* Replace path, all at once, by a file of mode 0600: EX_CANTCREAT, EX_IOERR, path is as it was then.
 * A symbolic link is followed. */
int private_file_replace(struct client *c, const char *path, struct span content) MUST_CHECK;

/* Write all bytes, or say why not: false, errno set. */
bool write_all(int fd, const void *p, size_t len) MUST_CHECK;

#endif
