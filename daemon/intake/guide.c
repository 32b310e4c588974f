/* SPDX-License-Identifier: ISC */
/*
 * The directory in force, verified against the charter key before anything is sealed to anyone in it,
 * and the guide made from it: what reporters are told before they write. Intake alone.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "intake.h"

/* Categories, sites and the directory in one message. Nothing in it is secret: heap. */
static struct span
guide_pack(const Candor__RoomSetup *c, const Candor__Directory *d)
{
	Candor__Guide guide = CANDOR__GUIDE__INIT;
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
		    "guidance of the categories",
		    len, WIRE_BODY_MAX);
		return (struct span){ NULL, 0 };
	}
	if ((packed = malloc(len)) != NULL)
		candor__guide__pack(&guide, packed);
	return (struct span){ packed, len };
}

/* Keep a copy of bytes on the heap in place of what was there. */
static void
replace(struct span *kept, struct span now)
{
	free((void *)(uintptr_t)kept->p);
	*kept = now;
}

void
guide_make(struct room *r)
{
	struct intake *in = r->state;
	const ProtobufCMessageDescriptor *type = &candor__directory__descriptor;
	ProtobufCMessage *now;
	struct span guide;

	if (in->directory_now.p == NULL ||
	    wire_unpack_as(&r->arena, &now, type, in->directory_now.p, in->directory_now.len) < 0)
		return;
	guide = guide_pack(r->setup, (const Candor__Directory *)now);
	if (guide.p != NULL)
		replace(&in->guide, guide);
}

int
on_directory(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg)
{
	struct intake *in = r->state;
	struct span body = channel_body(from);
	uint8_t *copy;

	(void)tag;
	if (roster_update(&in->roster, (const Candor__Directory *)msg) < 0 ||
	    (copy = malloc(body.len)) == NULL)
		return 0;
	memcpy(copy, body.p, body.len);
	replace(&in->directory_now, (struct span){ copy, body.len });
	guide_make(r);
	/* Whoever called before there was somebody to seal to waits in the socket's backlog. */
	if (in->guide.p != NULL && session_server_start(in->server) < 0)
		fatal(EX_OSERR, "out of memory");
	return 0;
}

void
guide_answer(struct room *r, struct session *s)
{
	const struct intake *in = r->state;

	session_answer_packed(s, MSG_GUIDE, in->guide.p, in->guide.len);
}
