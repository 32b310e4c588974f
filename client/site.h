/* SPDX-License-Identifier: ISC */
/*
 * site.conf: which daemon, its keys, and the charter key that says who may read reports. Written by
 * `candord --init`, given to every user, and the only thing that a client trusts. libconfig's
 * syntax.
 */
#ifndef CANDOR_CLIENT_SITE_H
#define CANDOR_CLIENT_SITE_H

#include "candor/minisign.h"
#include "candor/noise.h"
#include "candor/receipt.h"

#define SITE_DEFAULT_PATH "/etc/candor/site.conf"
#define SITE_CONNECT_MAX 1024
#define SITE_NAME_MAX 128

struct client;

struct site {
	bool loaded;
	char connect[SITE_CONNECT_MAX + 1]; /* "unix:/path" or "exec:command": intake */
	char desk[SITE_CONNECT_MAX + 1];    /* the same for officers; empty: not given */
	uint8_t daemon_key[NOISE_KEY_BYTES];
	uint8_t desk_key[NOISE_KEY_BYTES];
	bool has_desk_key;
	struct minisign_public charter;
	struct minisign_public audit; /* signs the audit log's heads */
	bool has_audit;
	uint8_t site_id[SITE_ID_BYTES];
	char name[SITE_NAME_MAX + 1];
};

/*
 * Read the file of --site, $CANDOR_SITE or SITE_DEFAULT_PATH into c->site, once. EX_NOINPUT when
 * there is none (and what to do), EX_CONFIG with FILE:LINE for a fault in it.
 */
int site_load(struct client *c) MUST_CHECK;

/* EX_CONFIG unless the file names the desk and its key: officers' verbs need them. */
int site_need_desk(struct client *c) MUST_CHECK;

#endif
