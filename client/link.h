/* SPDX-License-Identifier: ISC */
/*
 * The connection to the daemon: a Unix socket, or a command's standard input and output (ssh), with a
 * Noise session over it; one request, one answer. Blocks, with time limits.
 */
#ifndef CANDOR_CLIENT_LINK_H
#define CANDOR_CLIENT_LINK_H

#include "candor/frame.h"
#include "candor/wire.h"

struct client;
struct link;

/* How long an answer may take; a command that connects may ask people for a password meanwhile. */
#define LINK_CONNECT_MS 60000
#define LINK_ANSWER_MS 30000
#define LINK_ATTACHED_MS 90000 /* a file is cleaned meanwhile */
/* No further try is begun later than this after the first. */
#define LINK_RETRY_MS 45000

/*
 * Connect and shake hands.
 *
 * connect     "unix:/path" or "exec:command" (run by /bin/sh -c; its standard error stays ours)
 * server_key  32 bytes, from site.conf
 * own_secret  32 bytes, NOISE_IK only; NULL for NK
 *
 * End it with link_close(). EX_UNAVAILABLE when it cannot be reached (and
 * what to do), EX_PROTOCOL when who answers has another key.
 */
int link_open(struct client *c, struct link **out, enum noise_pattern pattern, const char *connect,
    const uint8_t server_key[NOISE_KEY_BYTES], const uint8_t *own_secret) MUST_CHECK;

/* The two usual ones: intake for reporters, the desk for an officer's Noise secret. */
int link_open_intake(struct client *c, struct link **out) MUST_CHECK;
int link_open_desk(struct client *c, struct link **out, const uint8_t own_secret[32]) MUST_CHECK;

/*
 * Send msg as kind, wait for the answer, which must be of kind want: *answer lies in a (answer may
 * be NULL). A REFUSAL gives its code and its text as the client's error; EX_UNAVAILABLE when the
 * connection broke or took too long, EX_PROTOCOL when something else came: close the link then.
 */
int link_call(struct link *l, struct arena *a, unsigned kind, const ProtobufCMessage *msg,
    unsigned want, ProtobufCMessage **answer) MUST_CHECK;

/* Close, wipe the keys, reap the command. NULL-safe. */
void link_close(struct link *l);

/* May the same be tried again in a while? EX_UNAVAILABLE and EX_TEMPFAIL. */
bool link_may_retry(int code);

/*
 * Call attempt(c, arg) until it returns something else than those two, at most tries times, waiting
 * 0.5, 1, 2, 4, … at most 15 seconds between them, told on standard error. What the last call
 * returned. attempt opens and closes its own link and must be safe to repeat.
 */
int link_retry(
    struct client *c, unsigned tries, int (*attempt)(struct client *c, void *arg), void *arg);

#endif
