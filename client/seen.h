/* SPDX-License-Identifier: ISC */
/*
 * What an officer's client remembers of a site from one call to the next: the highest version of
 * the directory that it saw, so that an older one, however well signed, is refused; and the audit
 * log's last head that it saw, so that a log which was cut or rewritten is noticed. Kept in
 * $XDG_STATE_HOME/candor/SITE-ID (else ~/.local/state/candor/SITE-ID). Never used for reporters.
 * Client.
 */
#ifndef CANDOR_CLIENT_SEEN_H
#define CANDOR_CLIENT_SEEN_H

#include "candor/auditline.h"
#include "candor/base.h"
#include "candor/directory.h"
#include "candor/receipt.h"

struct client;

/*
 * Compare version with what was seen of this site, and remember the higher one. 0;
 * EX_DATAERR when it is lower than what was seen. When nothing can be remembered (no
 * home, read-only) it says so on standard error and returns 0.
 */
int seen_directory(
    struct client *c, const uint8_t site_id[SITE_ID_BYTES], uint64_t version) MUST_CHECK;

/* The same for the charter key: once it was seen that it handed its office on, a directory that the former one
 * signed (now, by what stands before its signature) is refused. EX_DATAERR. */
int seen_charter(struct client *c, const uint8_t site_id[SITE_ID_BYTES], struct span signature,
    const struct minisign_public *now) MUST_CHECK;

/* The last head seen: the day of its signature, and the line's hash. False: none. */
bool seen_head(const uint8_t site_id[SITE_ID_BYTES], day_t *day, uint8_t hash[AUDIT_HASH_BYTES]);
/* Remember that one. What cannot be remembered is said as above. */
void seen_set_head(struct client *c, const uint8_t site_id[SITE_ID_BYTES], day_t day,
    const uint8_t hash[AUDIT_HASH_BYTES]);

/* Where it is kept, for people; "" without a home. Static. */
const char *seen_path(const uint8_t site_id[SITE_ID_BYTES]);

#endif
