/* SPDX-License-Identifier: ISC */
/*
 * The directory in force, as a room that relies on it keeps it: only what this site's charter key
 * signed, never an older one. Intake and desk.
 */
#ifndef CANDOR_ROSTER_H
#define CANDOR_ROSTER_H

#include "candor/directory.h"

#include "common/room.h"

struct roster {
	struct minisign_public charter;
	uint8_t site_id[SITE_ID_BYTES];
	struct directory *directory; /* NULL until store has sent one */
	struct arena arena;          /* the directory's memory; nothing in it is secret */
};

/* Take charter and site from a room's slice. CANDOR_EINVAL after a log line. */
int roster_init(struct roster *t, const Candor__RoomSetup *setup) MUST_CHECK;

/*
 * Put a directory that store sent into force. CANDOR_EBADMSG when the charter did not sign it (what a
 * tampered database looks like), CANDOR_EVERSION when it is older than the one in force, both after
 * a log line: the one in force stays. CANDOR_ENOMEM.
 */
int roster_update(struct roster *t, const Candor__Directory *now) MUST_CHECK;

#endif
