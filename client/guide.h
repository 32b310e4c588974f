/* SPDX-License-Identifier: ISC */
/*
 * The guide: what the service says of itself before anything is written, with the signed directory in
 * it that says who may read reports. Reporters' verbs begin each connection with it, so that all of
 * them look alike. Client.
 */
#ifndef CANDOR_CLIENT_GUIDE_H
#define CANDOR_CLIENT_GUIDE_H

#include "candor/candor_pb.h"
#include "candor/directory.h"

struct client;
struct link;

struct guide {
	Candor__Guide *said;
	struct directory *directory; /* verified; NULL: compliance has signed none yet */
	unsigned not_keepable;       /* mask of strip labels */
};

/* Ask for it on an open link and verify the directory; all of it lies in c->arena. EX_NOPERM when the
 * charter key did not sign the directory, and link_call()'s codes. */
int guide_fetch(struct client *c, struct link *l, struct guide *out) MUST_CHECK;

/* Connect, fetch and close, with a few tries: is the service there, and what does it say? */
int guide_look(struct client *c, struct guide *out) MUST_CHECK;

/* The category with this id, or NULL. */
const Candor__Category *guide_category(const struct guide *g, const char *id);

/* Who will read a report of the category, less those in keep_out: how many, and the first of them in
 * out (room for DIRECTORY_OFFICERS_MAX). */
size_t guide_readers(const struct guide *g, const Candor__Category *category,
    const struct officer *const *keep_out, size_t n_keep_out, const struct officer **out);

/* EX_DATAERR that names all ids; what is "category" or "site". */
int guide_no_category(struct client *c, const struct guide *g, const char *id);
int guide_no_site(struct client *c, const struct guide *g, const char *id);

#endif
