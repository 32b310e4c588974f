/* SPDX-License-Identifier: ISC */
/*
 * `candor admin backup`: the database as it is at this moment, fetched piece by piece while the daemon
 * works, and encrypted as it comes, so that no copy of it touches a disk but as an age file. Runs in the
 * client.
 */
#include <errno.h>
#include <string.h>

#include "admin.h"
#include "private_file.h"
#include "sealer.h"
#include "verb.h"

static bool
to_file(void *ctx, const void *p, size_t len)
{
	return write_all(*(int *)ctx, p, len);
}

/* Whom it is encrypted to: as the configuration says, else the directory's escrow. */
static int
recipient_of(struct officer_session *s, const Candor__BackupPart *first, uint8_t to[AGE_KEY_BYTES])
{
	if (*first->recipient == '\0') {
		memcpy(to, s->directory->escrow, AGE_KEY_BYTES);
		return 0;
	}
	if (age_recipient_parse(to, first->recipient, strlen(first->recipient)) == 0)
		return 0;
	return client_fail(s->c, EX_PROTOCOL, "the daemon's backup_recipient is no age recipient");
}

static int
fetch(struct officer_session *s, const Candor__BackupPart *first, struct sealer *sealer,
    const char *path)
{
	Candor__BackupGet get = CANDOR__BACKUP_GET__INIT;
	struct client *c = s->c;
	uint64_t total = 0;
	int r = 0, e;

	get.id = first->id;
	do {
		arena_mark_t mark = arena_mark(&c->scratch);
		const Candor__BackupPart *part;
		ProtobufCMessage *answer;

		r = officer_call(s, &c->scratch, MSG_BACKUP_GET, &get.base, MSG_BACKUP, &answer);
		if (r == 0) {
			part = (const Candor__BackupPart *)answer;
			if (part->total == 0 || (total != 0 && part->total != total) ||
			    part->data.len > part->total - get.offset ||
			    (part->data.len == 0 && get.offset < part->total))
				r = client_fail(
				    c, EX_PROTOCOL, "the daemon's pieces of the backup do not fit");
			else if ((e = sealer_write(sealer, part->data.data, part->data.len)) != 0)
				r = client_fail(c, EX_IOERR, "%s: %s", path, strerror(errno));
			total = part->total;
			/* At the end once more, without an answer's data: the daemon is told that it has it all. */
			if (r == 0 && part->data.len == 0)
				total = 0;
			get.offset += part->data.len;
		}
		arena_release(&c->scratch, mark);
	} while (r == 0 && total != 0);
	return r;
}

static int
backup(struct officer_session *s, const Candor__BackupPart *first, int fd, const char *path)
{
	struct client *c = s->c;
	struct sealer sealer = { .sink = to_file, .ctx = &fd };
	uint8_t to[AGE_KEY_BYTES], plain[32], sealed[32];
	int r;

	if ((sealer.buf = arena_alloc(&c->arena, SEALER_BUF_BYTES)) == NULL)
		return client_fail_memory(c);
	if ((r = recipient_of(s, first, to)) != 0)
		return r;
	if (sealer_begin(&sealer, &c->scratch, to) != 0)
		return client_fail(c, EX_IOERR, "%s: %s", path, strerror(errno));
	if ((r = fetch(s, first, &sealer, path)) != 0)
		return r;
	return sealer_end(&sealer, plain, sealed) == 0
		   ? 0
		   : client_fail(c, EX_IOERR, "%s: %s", path, strerror(errno));
}

int
admin_backup(struct officer_session *s, int argc, char **argv)
{
	Candor__BackupGet get = CANDOR__BACKUP_GET__INIT;
	const Candor__BackupPart *first;
	ProtobufCMessage *answer;
	struct client *c = s->c;
	char day[11], said[256];
	int fd, r, end;

	if ((r = verb_options(c, "admin backup FILE", NULL, 0, &argc, argv, 1, 1)) != 0 ||
	    (r = officer_begin(s)) != 0 || (r = private_file_open_new(c, &fd, argv[1])) != 0)
		return r;
	r = officer_call(s, &c->arena, MSG_BACKUP_GET, &get.base, MSG_BACKUP, &answer);
	first = (const Candor__BackupPart *)answer;
	if (r == 0)
		r = backup(s, first, fd, argv[1]);
	end = private_file_finish(c, fd, argv[1], r == 0);
	if (r != 0 || end != 0)
		return r != 0 ? r : end;
	snprintf(said, sizeof(said),
	    "the backup is complete, encrypted to %s. Delete it by %s: until then it holds what is "
	    "destroyed here",
	    *first->recipient != '\0' ? first->recipient : "the escrow",
	    client_day(day, first->keep_until));
	return officer_done(c, said);
}
