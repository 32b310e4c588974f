/* SPDX-License-Identifier: ISC */
/*
 * A mapping file: how one kind of ticket system is spoken to, as data. libconfig syntax; the language is in
 * doc/PLUGINS.md, section Ticket systems. Read before the walls are up; pure from then on. In a host process and
 * in `candord -t`.
 */
#ifndef CANDOR_TICKET_MAPPING_H
#define CANDOR_TICKET_MAPPING_H

#include <libconfig.h>

#include "common/fields.h"

#define PARAMETERS_MAX 16
#define PARAMETER_MAX 31
#define HEADERS_MAX 8
#define SENTENCES_MAX 8
#define GONE_MAX 8

/* What is asked of a ticket system: X(name, must the file have it). */
#define STEPS(X)                                                                                   \
	X(login, true)   /* is the credential good: for a test event */                            \
	X(find, true)    /* the ticket of a case, by its number */                                 \
	X(create, true)  /* make one */                                                            \
	X(read, true)    /* its status and owner, as they are now */                               \
	X(seen, false)   /* is this event's comment there already */                               \
	X(comment, true) /* add one */                                                             \
	X(choose, false) /* what leads to a status, where one is not just set */                   \
	X(status, true)  /* set it */                                                              \
	X(owner, false)  /* set it */

enum step {
#define X(name, must) STEP_##name,
	STEPS(X)
#undef X
	    STEP__N
};

/* Names that templates know beside an event's fields and the file's parameters. */
#define OWN_NAMES(X)                                                                               \
	X(id)     /* of the ticket */                                                              \
	X(status) /* to set */                                                                     \
	X(owner)  /* to set */                                                                     \
	X(choice) /* what `choose` found */                                                        \
	X(text)   /* a sentence on the event and the facts of the case */                          \
	X(mark)   /* of the event: the same at every try */                                        \
	X(url)    /* of the settings */                                                            \
	X(token)  /* of token_file */                                                              \
	X(username)                                                                                \
	X(basic) /* username:token in base64 */

enum own_name {
#define X(name) OWN_##name,
	OWN_NAMES(X)
#undef X
	    OWN__N
};

/* One request, and what of its answer is of interest: texts of the file, NULL where it has none. */
struct request {
	const char *method, *path;
	const config_setting_t *query, *body;
	const char *items;    /* JSON pointer (RFC 6901) to an array */
	const char *where;    /* in an item, to the text that … */
	const char *is, *has; /* … is, or has this in it: templates */
	const char *id;       /* in an item or the answer: what to take */
	const char *status, *owner, *says;
};

/* A case's state there: how it reads, and what to say to get there. */
struct status {
	const char *state, *reads, *set;
};

struct mapping {
	config_t file;
	char *path;
	const char *system, *link;
	bool owners_by_name; /* who is not in a table is the part before the @ */
	const char *headers[HEADERS_MAX], *sentences[SENTENCES_MAX], *gone[GONE_MAX];
	const char *parameters[PARAMETERS_MAX];
	bool optional[PARAMETERS_MAX];
	char names[PARAMETERS_MAX]
		  [PARAMETER_MAX + 1]; /* those that are optional, without their mark */
	size_t n_headers, n_sentences, n_gone, n_parameters;
	struct request steps[STEP__N]; /* path NULL: there is no such step */
	struct status statuses[16];
	size_t n_statuses;
};

extern const char *const step_names[STEP__N];
extern const char *const own_names[OWN__N];

/*
 * Read and check the whole file. 0, or -1 and "FILE:LINE: what is wrong" in why. mapping_free() in either case, and
 * for one that is all zero; strings live until then.
 */
int mapping_read(struct mapping *m, const char *path, char *why, size_t cap);
void mapping_free(struct mapping *m);

/* The state's row; NULL: there is none. */
const struct status *mapping_status(const struct mapping *m, const char *state);

/*
 * Write the path and query of a request, or its body as JSON; false when a placeholder of the path is empty.
 * A member of a query or a body whose placeholders are all empty is left out.
 */
bool mapping_url(struct text *out, const struct request *r, const struct values *v);
void mapping_body(struct text *out, const config_setting_t *body, const struct values *v);

#endif
