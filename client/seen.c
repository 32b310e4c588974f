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

/* Not being able to remember is no reason not to work: say it and go on. */
static int
forgetful(const char *why)
{
	fprintf(stderr,
	    "candor: the directory's version cannot be remembered (%s): an older one would not be\n"
	    "noticed the next time\n",
	    why);
	return 0;
}

int
seen_directory(struct client *c, const uint8_t site_id[SITE_ID_BYTES], uint64_t version)
{
	char path[PATH_MAX], text[64];
	uint64_t seen = 0;
	FILE *f;

	if (!path_of(path, site_id))
		return forgetful("HOME is not set");
	if ((f = fopen(path, "re")) != NULL) {
		if (fscanf(f, "directory %" SCNu64, &seen) != 1)
			seen = 0;
		fclose(f);
	}
	if (version < seen)
		return client_fail(c, EX_DATAERR,
		    "the daemon shows version %" PRIu64
		    " of the directory, but you have seen version "
		    "%" PRIu64 ": somebody may be bringing back\n"
		    "persons who were removed. Nothing was done. Ask the charter holder which "
		    "version "
		    "counts; only if the\nsite was restored from an older backup, remove %s and "
		    "try again",
		    version, seen, path);
	if (version == seen)
		return 0;
	if (!make_folders(path))
		return forgetful(strerror(errno));
	snprintf(text, sizeof(text), "directory %" PRIu64 "\n", version);
	if (private_file_replace(c, path, (struct span){ (const uint8_t *)text, strlen(text) }) !=
	    0) {
		forgetful(c->error);
		c->error[0] = '\0';
	}
	return 0;
}
