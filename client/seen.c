/* SPDX-License-Identifier: ISC */
/*
 * What an officer's client remembers of a site: see seen.h. Runs in the client. Must never be
 * called for a reporter, whose machine keeps nothing.
 */
#include "seen.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "candor/day.h"

#include "client.h"
#include "private_file.h"

/* Make every folder of path, which ends in a file's name. */
static bool
make_folders(char *path)
{
	for (char *p = strchr(path + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return false;
		*p = '/';
	}
	return true;
}

static bool
path_of(char out[PATH_MAX], const uint8_t site_id[SITE_ID_BYTES])
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char id[2 * SITE_ID_BYTES + 1];
	int n = -1;

	sodium_bin2hex(id, sizeof(id), site_id, SITE_ID_BYTES);
	/* The XDG specification: a path that is not absolute is to be ignored. */
	if (state != NULL && *state == '/')
		n = snprintf(out, PATH_MAX, "%s/candor/%s", state, id);
	else if (home != NULL && *home == '/')
		n = snprintf(out, PATH_MAX, "%s/.local/state/candor/%s", home, id);
	return n > 0 && n < PATH_MAX;
}

struct memory {
	uint64_t directory; /* 0: none */
	day_t day;          /* of the head; 0: none */
	uint8_t hash[AUDIT_HASH_BYTES];
	char charter[MINISIGN_PUBLIC_CHARS +
		     1]; /* to whom the office was handed on; "": to nobody */
};

static void
recall(struct memory *m, const char *path)
{
	char line[160], day[DAY_CHARS + 1], hex[2 * AUDIT_HASH_BYTES + 1];
	FILE *f = fopen(path, "re");
	size_t len;

	*m = (struct memory){ 0 };
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "directory %" SCNu64, &m->directory) == 1 ||
		    sscanf(line, "charter %56s", m->charter) == 1)
			continue;
		if (sscanf(line, "audit %10s %64s", day, hex) == 2 &&
		    sodium_hex2bin(m->hash, sizeof(m->hash), hex, strlen(hex), NULL, &len, NULL) ==
			0 &&
		    len == sizeof(m->hash) && day_parse(&m->day, day, strlen(day)) < 0)
			m->day = 0;
	}
	if (f != NULL)
		fclose(f);
}

/* Not being able to remember is no reason not to work: say it and go on. */
static int
forgetful(const char *why)
{
	fprintf(stderr,
	    "candor: what was seen of the site cannot be remembered (%s): an older directory, or a "
	    "cut\n"
	    "audit log, would not be noticed the next time\n",
	    why);
	return 0;
}

static int
remember(struct client *c, char *path, const struct memory *m)
{
	char text[256], day[DAY_CHARS + 1], hex[2 * AUDIT_HASH_BYTES + 1];
	int n;

	if (!make_folders(path))
		return forgetful(strerror(errno));
	n = snprintf(text, sizeof(text), "directory %" PRIu64 "\n", m->directory);
	if (m->day != 0) {
		day_format(day, m->day);
		sodium_bin2hex(hex, sizeof(hex), m->hash, sizeof(m->hash));
		n += snprintf(text + n, sizeof(text) - (size_t)n, "audit %s %s\n", day, hex);
	}
	if (*m->charter != '\0')
		n += snprintf(text + n, sizeof(text) - (size_t)n, "charter %s\n", m->charter);
	if (private_file_replace(c, path, (struct span){ (const uint8_t *)text, (size_t)n }) != 0) {
		forgetful(c->error);
		c->error[0] = '\0';
	}
	return 0;
}

int
seen_directory(struct client *c, const uint8_t site_id[SITE_ID_BYTES], uint64_t version)
{
	char path[PATH_MAX];
	struct memory m;

	if (!path_of(path, site_id))
		return forgetful("HOME is not set");
	recall(&m, path);
	if (version < m.directory)
		return client_fail(c, EX_DATAERR,
		    "the daemon shows version %" PRIu64
		    " of the directory, but you have seen version "
		    "%" PRIu64 ": somebody may be bringing back\n"
		    "persons who were removed. Nothing was done. Ask the charter holder which "
		    "version "
		    "counts; only if the\nsite was restored from an older backup, remove %s and "
		    "try again",
		    version, m.directory, path);
	if (version == m.directory)
		return 0;
	m.directory = version;
	return remember(c, path, &m);
}

int
seen_charter(struct client *c, const uint8_t site_id[SITE_ID_BYTES], struct span signature,
    const struct minisign_public *now)
{
	char path[PATH_MAX], text[MINISIGN_PUBLIC_CHARS + 1];
	struct minisign_public key = *now;
	struct memory m;
	size_t chain = 0;

	if (!path_of(path, site_id))
		return 0; /* seen_directory() says so */
	recall(&m, path);
	minisign_public_format(text, now);
	if (*m.charter != '\0' && minisign_public_parse(&key, m.charter, strlen(m.charter)) < 0)
		key = *now;
	/* From the key that was seen, its statements must lead to the one that signs. */
	if (directory_charter(&key, &chain, signature.p, signature.len, site_id) < 0 ||
	    memcmp(&key, now, sizeof(key)) != 0)
		return client_fail(c, EX_DATAERR,
		    "the directory is signed by a former charter key: you have seen that it handed "
		    "its office on, and\nsomebody may be bringing it back. Nothing was done. Tell "
		    "the "
		    "charter holder; only if your site.conf\nnames a new charter key on purpose, "
		    "remove "
		    "%s and try again",
		    path);
	if (chain == 0 || strcmp(m.charter, text) == 0)
		return 0;
	memcpy(m.charter, text, sizeof(text));
	return remember(c, path, &m);
}

bool
seen_head(const uint8_t site_id[SITE_ID_BYTES], day_t *day, uint8_t hash[AUDIT_HASH_BYTES])
{
	char path[PATH_MAX];
	struct memory m = { 0 };

	if (path_of(path, site_id))
		recall(&m, path);
	*day = m.day;
	memcpy(hash, m.hash, sizeof(m.hash));
	return m.day != 0;
}

void
seen_set_head(struct client *c, const uint8_t site_id[SITE_ID_BYTES], day_t day,
    const uint8_t hash[AUDIT_HASH_BYTES])
{
	char path[PATH_MAX];
	struct memory m;

	if (!path_of(path, site_id))
		return;
	recall(&m, path);
	m.day = day;
	memcpy(m.hash, hash, sizeof(m.hash));
	(void)remember(c, path, &m);
}

const char *
seen_path(const uint8_t site_id[SITE_ID_BYTES])
{
	static char path[PATH_MAX];

	if (!path_of(path, site_id))
		path[0] = '\0';
	return path;
}
