/* SPDX-License-Identifier: ISC */
/*
 * The audit log as everybody can check it: how a line's hash follows from the line before, and what
 * the daemon signs of the last one. store writes it, clients follow it. Pure; doc/PROTOCOL.md
 * has the bytes.
 */
#ifndef CANDOR_AUDITLINE_H
#define CANDOR_AUDITLINE_H

#include "candor/arena.h"
#include "candor/day.h"
#include "candor/receipt.h"

#define AUDIT_HASH_BYTES 32

struct audit_line {
	int64_t n; /* from 1 */
	int64_t day;
	struct span actor; /* an officer's name; empty: the daemon itself */
	struct span action;
	int64_t number; /* of the case; 0: none */
	struct span detail;
};

/*
 * A line's hash: BLAKE2b-256 of the hash before (empty for the first line) and the line's fields.
 * out may be where before points to. Any process.
 */
void audit_line_hash(
    uint8_t out[AUDIT_HASH_BYTES], struct span before, const struct audit_line *line);

/* What is signed of the line that was the last one on a day; NUL-terminated. Any process. */
#define AUDIT_HEAD_CHARS 160
void audit_head_text(char out[AUDIT_HEAD_CHARS], const uint8_t site_id[SITE_ID_BYTES], day_t day,
    const uint8_t hash[AUDIT_HASH_BYTES]);

#endif
