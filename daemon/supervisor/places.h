/* SPDX-License-Identifier: ISC */
/*
 * What the supervisor opens for its rooms: the users' sockets, the state folder, keys, the first
 * directory. And starting a room's process. Supervisor only.
 */
#ifndef CANDOR_PLACES_H
#define CANDOR_PLACES_H

#include <sys/types.h>

#include "common/channel.h"
#include "supervisor/config.h"

struct places {
	int intake_socket, desk_socket; /* listening */
	int state;                      /* the folder, locked against a second daemon */
};

/*
 * Bind both sockets and open the state folder, making what is missing; as root, hand the folder to
 * store's uid. Returns 0, or one of sysexits.h after a log line that says what to do. Blocks for at
 * most three seconds, while another daemon lets go of the folder.
 */
int places_open(struct places *p, const struct config *c) MUST_CHECK;

/* The state folder alone, and its lock: *out. As places_open(). */
int places_open_state(int *out, const struct config *c) MUST_CHECK;

/* Remove the sockets and close everything. */
void places_close(struct places *p, const struct config *c);

/*
 * The files that a room gets, freshly opened into fds (close them once sent), their names into
 * names (static texts). Returns how many, or -1 after a log line.
 */
int places_files(const struct places *p, const struct config *c, enum wire_party room,
    int fds[static CHANNEL_FDS_MAX], char *names[static CHANNEL_FDS_MAX]) MUST_CHECK;

/*
 * Start the room's binary: its name for arguments, an empty environment, descriptor 3 one end of a
 * channel, of which *channel gets the other. Returns the pid, or -1 after a log line.
 */
pid_t places_start(const struct config *c, enum wire_party room, int *channel) MUST_CHECK;

/*
 * Start a cleaner, whose standard input and output are one end of a stream, of which *stream gets the
 * other. What its libraries say of a file goes nowhere; log: what it says itself, at start, goes to the
 * log. The pid, or -1 after a log line.
 */
pid_t places_start_cleaner(const struct config *c, bool log, int *stream) MUST_CHECK;

#endif
