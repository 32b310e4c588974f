/* SPDX-License-Identifier: ISC */
/*
 * See restore.h. Runs once, by hand, and exits; the only moment at which this program reads what is not
 * its own, so it looks at nothing of the database but its first line.
 */
#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "candor/keys.h"

#include "supervisor/places.h"
#include "supervisor/restore.h"

#define DATABASE "candor.db"
#define PARTIAL "candor.db.restoring"
#define SEALED_CHUNK (AGE_CHUNK_BYTES + AGE_TAG_BYTES)
#define IDENTITY_FILE_MAX 65536

static const char database_magic[] = "SQLite format 3"; /* and its NUL */
static const char age_magic[] = "age-encryption.org/v1\n";

struct restore {
	const char *backup;
	int in, state, out;
	struct arena a;
	uint8_t *buf; /* 2 * SEALED_CHUNK: what was read and not taken yet */
	size_t have;
	bool ended, begun;
	uint64_t bytes;
};

static int
complain(int status, const char *what, const char *why)
{
	fprintf(stderr, "candord: --restore: %s: %s\n", what, why);
	return status;
}

/* Read until there is more than a chunk, or the end. */
static int
fill(struct restore *r)
{
	while (!r->ended && r->have <= SEALED_CHUNK) {
		ssize_t n = read(r->in, r->buf + r->have, 2 * SEALED_CHUNK - r->have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return complain(EX_IOERR, r->backup, strerror(errno));
		r->ended = n == 0;
		r->have += (size_t)n;
	}
	return 0;
}

static void
drop(struct restore *r, size_t n)
{
	r->have -= n;
	memmove(r->buf, r->buf + n, r->have);
}

static int
put(struct restore *r, const uint8_t *p, size_t len)
{
	if (!r->begun && (len < sizeof(database_magic) ||
			     memcmp(p, database_magic, sizeof(database_magic)) != 0))
		return complain(
		    EX_DATAERR, r->backup, "is no backup of Candor: there is no database in it");
	r->begun = true;
	r->bytes += len;
	while (len > 0) {
		ssize_t n = write(r->out, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return complain(EX_IOERR, DATABASE, strerror(errno));
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
copy_plain(struct restore *r)
{
	int e;

	do {
		if ((e = put(r, r->buf, r->have)) != 0)
			return e;
		r->have = 0;
		if ((e = fill(r)) != 0)
			return e;
	} while (r->have > 0);
	return 0;
}

static int
decrypt(struct restore *r, const uint8_t identity[AGE_KEY_BYTES])
{
	struct age_stream stream;
	bool last;
	size_t used;
	int e = age_stream_open(&r->a, &stream, &used, r->buf, r->have, identity);

	if (e == CANDOR_ENOTFOUND)
		return complain(EX_NOPERM, r->backup,
		    "is encrypted to another identity: name the escrow's, or backup_recipient's, "
		    "with "
		    "--identity FILE");
	if (e < 0)
		return complain(EX_DATAERR, r->backup, "is damaged");
	drop(r, used);
	do {
		size_t len;

		if ((e = fill(r)) != 0)
			break;
		last = r->ended && r->have <= SEALED_CHUNK;
		len = r->have < SEALED_CHUNK ? r->have : SEALED_CHUNK;
		if (len < AGE_TAG_BYTES ||
		    age_stream_decrypt(&stream, r->buf, r->buf, len, last) < 0)
			e = complain(EX_DATAERR, r->backup,
			    "is damaged, or was cut short: nothing is restored");
		else
			e = put(r, r->buf, len - AGE_TAG_BYTES);
		drop(r, len);
	} while (e == 0 && !last);
	sodium_memzero(&stream, sizeof(stream));
	return e;
}

/* The identity of that file. */
static int
read_identity(struct restore *r, const char *path, uint8_t identity[AGE_KEY_BYTES])
{
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *file = arena_alloc(&r->a, IDENTITY_FILE_MAX);
	size_t len = 0;
	ssize_t n = -1;

	if (file == NULL)
		return complain(EX_OSERR, path, "out of memory");
	while (fd >= 0 && len < IDENTITY_FILE_MAX &&
	       (n = read(fd, file + len, IDENTITY_FILE_MAX - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		complain(EX_NOINPUT, path, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return EX_NOINPUT;
	switch (keys_file_parse(&r->a, identity, file, len, NULL, 0)) {
	case 0:
		return 0;
	case CANDOR_EPERM:
		return complain(EX_DATAERR, path,
		    "has a passphrase: open the backup with `age -d` and restore what that gives");
	default:
		return complain(EX_DATAERR, path, "is no age identity");
	}
}

static int
copy(struct restore *r, const struct config *c, const char *identity_path)
{
	char beside[PATH_MAX];
	uint8_t *identity;
	int e;

	if ((e = fill(r)) != 0)
		return e;
	if (r->have < sizeof(age_magic) || memcmp(r->buf, age_magic, sizeof(age_magic) - 1) != 0)
		return copy_plain(r);
	snprintf(beside, sizeof(beside), "%s/escrow.key", c->folder);
	if (identity_path == NULL && access(beside, R_OK) < 0)
		return complain(EX_NOINPUT, r->backup,
		    "is encrypted: name the identity that opens it with --identity FILE (the "
		    "escrow's, from its paper, unless backup_recipient says otherwise; - is "
		    "standard "
		    "input)");
	if ((identity = arena_alloc(&r->a, AGE_KEY_BYTES)) == NULL)
		return complain(EX_OSERR, r->backup, "out of memory");
	e = read_identity(r, identity_path != NULL ? identity_path : beside, identity);
	return e != 0 ? e : decrypt(r, identity);
}

static bool
is_empty(int dir)
{
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = again >= 0 ? fdopendir(again) : NULL;
	const struct dirent *e;
	bool empty = d != NULL;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			empty = false;
	if (d != NULL)
		closedir(d);
	else if (again >= 0)
		close(again);
	return empty;
}

/* Into a file of its own first: half a database is none. */
static int
into_state(struct restore *r, const struct config *c, const char *identity)
{
	struct stat st;
	int e;

	unlinkat(r->state, PARTIAL, 0); /* of one that was killed */
	if (!is_empty(r->state))
		return complain(EX_CANTCREAT, c->state,
		    "is not empty: move what is in it elsewhere, it is not overwritten");
	r->out =
	    openat(r->state, PARTIAL, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (r->out < 0)
		return complain(EX_CANTCREAT, c->state, strerror(errno));
	e = copy(r, c, identity);
	/* Whoever owns the folder is to own what is in it. */
	if (e == 0 &&
	    (fstat(r->state, &st) < 0 || fchown(r->out, st.st_uid, st.st_gid) < 0 ||
		fsync(r->out) < 0 || renameat(r->state, PARTIAL, r->state, DATABASE) < 0 ||
		fsync(r->state) < 0))
		e = complain(EX_IOERR, c->state, strerror(errno));
	if (e != 0)
		unlinkat(r->state, PARTIAL, 0);
	close(r->out);
	return e;
}

int
restore_run(const char *path, const char *backup, const char *identity)
{
	static uint8_t memory[4 * SEALED_CHUNK + IDENTITY_FILE_MAX];
	struct restore r = { .backup = backup, .in = -1, .state = -1 };
	struct config *c;
	int e;

	if ((c = config_load(path, 0, stderr, &e)) == NULL)
		return e;
	arena_init(&r.a, memory, sizeof(memory));
	if ((r.in = open(backup, O_RDONLY | O_CLOEXEC)) < 0)
		e = complain(EX_NOINPUT, backup, strerror(errno));
	else if ((r.buf = arena_alloc(&r.a, 2 * SEALED_CHUNK)) == NULL)
		e = complain(EX_OSERR, backup, "out of memory");
	else if ((e = places_open_state(&r.state, c)) == 0)
		e = into_state(&r, c, identity);
	if (e == 0)
		printf("%s is restored to %s (%llu bytes). Start candord; what should have been "
		       "destroyed since is\ndestroyed in its time. Officers' clients will say that "
		       "the "
		       "audit log or the directory\nis not what they saw: that is this restore.\n",
		    backup, c->state, (unsigned long long)r.bytes);
	arena_end(&r.a);
	if (r.in >= 0)
		close(r.in);
	if (r.state >= 0)
		close(r.state);
	config_free(c);
	return e;
}
