/* SPDX-License-Identifier: ISC */
/*
 * A copy of the database, handed out piece by piece while the daemon works. When it begins, the
 * log is written into the file; until it ends, all that changes goes to the log alone and the file
 * stays as it was at that moment. Whoever asked encrypts it before it touches a disk. Store only.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <sodium/randombytes.h>

#include "common/log.h"
#include "officer.h"

/* A client that asks for nothing for so long is gone: the log grows meanwhile. */
#define IDLE_S 60

void
backup_begin(struct store *s)
{
	db_unpin(s->db); /* of one that nobody fetches any more */
	s->backup.size = db_pin(s->db);
	s->backup.used_at = s->now;
	if (s->backup.size <= 0) {
		log_error("a backup could not begin: the log cannot be written back");
		backup_end(s);
	}
}

void
backup_end(struct store *s)
{
	db_unpin(s->db);
	s->backup = (struct backup){ 0 };
}

void
backup_watch(struct store *s)
{
	if (s->backup.size > 0 && s->now - s->backup.used_at > IDLE_S) {
		log_warning("a backup was not fetched to its end: it is given up");
		backup_end(s);
	}
}

/* Note it, and let it begin once that is on the disk. */
static enum verdict
begin(struct store *s, const struct call *c, Candor__BackupPart *part, struct answer *out)
{
	day_t until = s->today + (day_t)s->setup->backup_days;
	char day[DAY_CHARS + 1], detail[64];

	if (s->backup.size > 0 && s->now - s->backup.used_at <= IDLE_S)
		return store_refuse(s, out, EX_TEMPFAIL,
		    "another backup is being fetched: try again when it is done, or in a minute");
	randombytes_buf(s->backup.id, sizeof(s->backup.id));
	s->effects.backup = true;
	day_format(day, until);
	snprintf(detail, sizeof(detail), "backup, to be deleted by %s", day);
	audit(s, c->actor, "export", 0, detail);
	part->id = wire_bytes(s->backup.id, sizeof(s->backup.id));
	part->recipient = s->setup->backup_recipient;
	part->keep_until = until;
	return store_answer(out, MSG_BACKUP, part);
}

enum verdict
backup_get(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__BackupGet *m = (const Candor__BackupGet *)c->msg;
	Candor__BackupPart *part = STORE_NEW(s, BackupPart, backup_part);
	uint64_t left;
	uint8_t *data;
	size_t n;

	if (m->id.len == 0)
		return begin(s, c, part, out);
	if (s->backup.size <= 0 || m->id.len != sizeof(s->backup.id) ||
	    memcmp(m->id.data, s->backup.id, sizeof(s->backup.id)) != 0)
		return store_refuse(
		    s, out, EX_DATAERR, "this backup is not there any more: begin a new one");
	part->id = m->id;
	part->total = (uint64_t)s->backup.size;
	s->backup.used_at = s->now;
	if (m->offset >= part->total) {
		s->effects.backup_ends = true;
		return store_answer(out, MSG_BACKUP, part);
	}
	left = part->total - m->offset;
	n = left < WIRE_PIECE_MAX ? (size_t)left : WIRE_PIECE_MAX;
	data = store_alloc(s, n);
	if (!db_read_file(s->db, data, n, (int64_t)m->offset))
		return store_refuse(s, out, EX_IOERR, "the database's file cannot be read");
	part->data = wire_bytes(data, n);
	return store_answer(out, MSG_BACKUP, part);
}
