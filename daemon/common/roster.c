/* SPDX-License-Identifier: ISC */
/* The directory in force: see roster.h. */
#include "common/roster.h"

#include <stdlib.h>
#include <string.h>

int
roster_init(struct roster *t, const Candor__RoomSetup *setup)
{
	*t = (struct roster){ 0 };
	if (setup->site_id.len != SITE_ID_BYTES ||
	    minisign_public_parse(&t->charter, setup->charter, strlen(setup->charter)) < 0) {
		log_error("site_id or charter of the configuration is not usable");
		return CANDOR_EINVAL;
	}
	memcpy(t->site_id, setup->site_id.data, SITE_ID_BYTES);
	return 0;
}

int
roster_update(struct roster *t, const Candor__Directory *now)
{
	struct arena arena;
	struct directory *d;
	size_t size = 8 * now->text.len + 65536; /* parsed officers are larger than their lines */
	void *memory = malloc(size);
	int r;

	if (memory == NULL)
		return CANDOR_ENOMEM;
	arena_init(&arena, memory, size);
	r = directory_open(&arena, &d, now->text.data, now->text.len, now->signature.data,
	    now->signature.len, &t->charter, t->site_id);
	if (r < 0) {
		log_error("a directory that this site's charter key did not sign was refused");
		r = r == CANDOR_ENOMEM ? r : CANDOR_EBADMSG;
	} else if (t->directory != NULL && d->version < t->directory->version) {
		log_error("directory version %llu was refused: version %llu is in force",
		    (unsigned long long)d->version, (unsigned long long)t->directory->version);
		r = CANDOR_EVERSION;
	}
	if (r < 0) {
		free(memory);
		return r;
	}
	free(t->arena.base);
	t->arena = arena;
	t->directory = d;
	return 0;
}
