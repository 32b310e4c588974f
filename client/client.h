/* SPDX-License-Identifier: ISC */
/*
 * What every verb of the client shares: the options, the locked memory, the site, and how an error
 * is reported. One process, one struct client, made by main().
 *
 * Functions of the client return an exit code of sysexits.h (0: well) and leave the sentence that
 * goes with it in the client; main() prints it once. Words of a report, receipts and keys live in
 * the arenas (locked memory) and nowhere else, and never in an error.
 */
#ifndef CANDOR_CLIENT_H
#define CANDOR_CLIENT_H

#include <stdio.h>
#include <sysexits.h>

#include "candor/arena.h"

#include "site.h"

#define CLIENT_ERROR_MAX 1024
/* Of the slab: what lasts as long as the verb, what one step needs (strip() of WIRE_TEXT_MAX), JSON.
 * Together below 8 MiB, the usual RLIMIT_MEMLOCK of an ordinary user. */
#define CLIENT_ARENA_BYTES (3584u * 1024)
#define CLIENT_SCRATCH_BYTES (2432u * 1024)
#define CLIENT_JSON_BYTES (1024u * 1024)
#define CLIENT_STDIO_BYTES 8192u
#define CLIENT_LINK_BYTES 512u
#define CLIENT_LINKS 2

struct client {
	/* Options; NULL or -1: not given. */
	const char *site_path;
	const char *key_path; /* --key, else $CANDOR_KEY */
	int passphrase_fd;
	bool json;
	struct span passphrase; /* once read from passphrase_fd; in the arena */

	struct slab slab;
	struct arena arena;            /* until the verb returns */
	struct arena scratch;          /* one step; whoever uses it marks and releases it */
	uint8_t *frame_out, *frame_in; /* FRAME_MAX each, for link_call() alone */
	uint8_t *links; /* CLIENT_LINKS of CLIENT_LINK_BYTES, for link_open() alone */

	struct site site; /* after site_load() */
	bool interactive; /* standard input is a terminal, and there is one to prompt on */
	FILE *tty;        /* the terminal, for prompts and dialogue; NULL: none */
	bool colour_out, colour_err, colour_tty;
	bool may_go_back; /* prompts take "<" for the question before */
	bool draft;       /* something is written that Ctrl-C must not throw away unasked */

	char error[CLIENT_ERROR_MAX]; /* for people, without the program's name; empty: none */
};

/*
 * Lock memory, forbid core dumps and ptrace, set umask 077, give standard output and error
 * buffers in the slab. 0, or EX_OSERR with the limit to raise. Once, before anything is read.
 */
int client_begin(struct client *c) MUST_CHECK;
/* Wipe and unmap everything. After it nothing may be printed. */
void client_end(struct client *c);

/* Remember why, made inert for a terminal; returns code. Say what is wrong, what is allowed, what
 * to do. A later call replaces an earlier one. */
int client_fail(struct client *c, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The usual "more than fits in locked memory". */
int client_fail_memory(struct client *c);

/*
 * Read all of fd up to max bytes into the arena: *out, NUL-terminated beyond its length. what names
 * it in errors ("standard input", a file). EX_DATAERR when it is longer, EX_IOERR.
 */
int client_read_fd(struct client *c, struct arena *a, struct span *out, int fd, const char *what,
    size_t max) MUST_CHECK;
/* The same for a file, or standard input when path is "-". EX_NOINPUT when it cannot be opened. */
int client_read_file(
    struct client *c, struct arena *a, struct span *out, const char *path, size_t max) MUST_CHECK;

/* "2026-11-22", or "-" for no day, into out (11 bytes); returns out. */
const char *client_day(char out[11], int32_t day);

#endif
