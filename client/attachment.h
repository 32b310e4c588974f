/* SPDX-License-Identifier: ISC */
/*
 * Files that go with a report or message: cleaned of what tells who, where and when by candor-cleaner,
 * once to show what becomes of them and again while they are sent, so that no copy is kept anywhere.
 * Their names are never sent. Client.
 */
#ifndef CANDOR_CLIENT_ATTACHMENT_H
#define CANDOR_CLIENT_ATTACHMENT_H

#include <jansson.h>

#include "candor/filetype.h"

struct client;
struct link;

/* What intake takes, in bytes and numbers. */
#define ATTACHMENTS_MAX 16
#define ATTACHMENT_BYTES (25u * 1024 * 1024)

/* What is left of a file. */
struct attachment {
	char type[FILE_TYPE_MAX];
	uint64_t bytes;
};

/*
 * Can it be opened, is it of a size that is taken, and does cleaning it succeed? Then *out says what is
 * left. Of a text, unless removed is NULL, that list gets what strip() takes out of it under the name
 * field. EX_NOINPUT, EX_DATAERR with the reason and what to do, EX_OSERR, EX_IOERR.
 */
int attachment_check(struct client *c, struct attachment *out, const char *path, const char *field,
    json_t *removed) MUST_CHECK;

/* Say on the terminal what it is and what became of it. */
void attachment_tell(struct client *c, const char *path, const struct attachment *is);

/* Clean it and send it as the n-th of this session. As attachment_check(), and as link_call(). */
int attachment_send(struct client *c, struct link *l, unsigned n, const char *path) MUST_CHECK;

/* Send it untouched, for the escrow alone, as the n-th: right after it was sent clean. */
int attachment_send_original(
    struct client *c, struct link *l, unsigned n, const char *path) MUST_CHECK;

#endif
