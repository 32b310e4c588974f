/* SPDX-License-Identifier: ISC */
/*
 * The directory in force, verified against the charter key before anything is sealed to anyone in it,
 * and the guide made from it: what reporters are told before they write. Intake alone.
 */
#include <stdlib.h>
#include <string.h>

#include "intake.h"

/* Texts of categories, sites and directory in one message. Nothing in it is secret: heap. */
static struct span
guide_pack(const Candor__RoomSetup *c, const Candor__Directory *d)
{
	Candor__Guide guide = CANDOR__GUIDE__INIT;
	struct span out = { NULL, 0 };
	uint8_t *packed;
	size_t len;

	guide.site_name = c->site_name;
	guide.directory = d->text;
	guide.directory_signature = d->signature;
	guide.n_categories = c->n_categories;
	guide.categories = c->categories;
	guide.n_sites = c->n_sites;
	guide.sites = c->sites;
	guide.n_not_keepable = c->n_not_keepable;
	guide.not_keepable = c->not_keepable;
	guide.immediate = c->immediate;
	guide.n_release_times = c->n_release_times;
	guide.release_times = c->release_times;
	guide.n_outside_bodies = c->n_outside_bodies;
	guide.outside_bodies = c->outside_bodies;

	len = candor__guide__get_packed_size(&guide);
	if (len > WIRE_BODY_MAX) {
		log_error(
		    "guide and directory take %zu bytes together, allowed are %d: shorten the "
		    "guidance in categories.conf",
		    len, WIRE_BODY_MAX);
		return out;
	}
	if ((packed = malloc(len)) == NULL)
		return out;
	candor__guide__pack(&guide, packed);
	return (struct span){ packed, len };
}

/* A new slice of the configuration may have changed what the guide says. */
int
on_directory(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg)
{
	const Candor__Directory *now = (const Candor__Directory *)msg;
	struct intake *in = r->state;
	struct arena arena;
	struct directory *d;
	struct span guide;
	size_t size = 8 * now->text.len + 65536;
	void *memory = malloc(size);

	(void)from;
	(void)tag;
	if (memory == NULL)
		return 0;
	arena_init(&arena, memory, size);
	/* A directory that the charter key did not sign is what a tampered database looks like: nothing
	 * is sealed to it, and the one in force stays. */
	if (directory_open(&arena, &d, now->text.data, now->text.len, now->signature.data,
		now->signature.len, &in->charter, in->site_id) < 0) {
		log_error("the directory in the database is not signed by this site's charter key: "
			  "refused");
		free(memory);
		return 0;
	}
	if (in->directory != NULL && d->version < in->directory->version) {
		log_error("a directory of version %llu was offered, older than %llu: refused",
		    (unsigned long long)d->version, (unsigned long long)in->directory->version);
		free(memory);
		return 0;
	}
	guide = guide_pack(r->setup, now);
	if (guide.p == NULL) {
		free(memory);
		return 0;
	}
	free(in->directory_arena.base);
	free((void *)(uintptr_t)in->guide.p);
	in->directory_arena = arena;
	in->directory = d;
	in->guide = guide;
	return 0;
}

void
guide_answer(struct room *r, struct session *s)
{
	const struct intake *in = r->state;

	session_answer_packed(s, MSG_GUIDE, in->guide.p, in->guide.len);
}
