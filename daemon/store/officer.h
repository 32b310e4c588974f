/* SPDX-License-Identifier: ISC */
/*
 * What the handlers of officers' and administrators' requests share. officer.c has the table of them:
 * which request, whose roles, which handler. Store only.
 */
#ifndef CANDOR_STORE_OFFICER_H
#define CANDOR_STORE_OFFICER_H

#include "store.h"

/* A request's sender and its body. */
struct call {
	const struct officer *who; /* NULL: an unknown key */
	const ProtobufCMessage *msg;
};

/* A case that the sender may read; its parts lie in the request's memory. */
struct found {
	int64_t number;
	char text[NUMBER_CHARS + 1];
	enum case_state state;
	enum case_outcome outcome;
	unsigned feedback_months;
	const char *category;
	char *actions; /* one a line */
	Candor__CaseSummary *summary;
};

typedef enum verdict (*call_fn)(struct store *s, const struct call *c, struct answer *out);

/* The case with the number that a request names; UNDO, and the answer says why: it is no number, or
 * no case that the sender may read. */
enum verdict officer_find(struct store *s, const struct call *c, const char *text, struct found *f,
    struct answer *out) MUST_CHECK;

/* ---- cases.c ---- */
enum verdict case_list(struct store *s, const struct call *c, struct answer *out);
enum verdict case_get(struct store *s, const struct call *c, struct answer *out);
enum verdict entry_get(struct store *s, const struct call *c, struct answer *out);

/* ---- casework.c ---- */
enum verdict case_act(struct store *s, const struct call *c, struct answer *out);
enum verdict case_write(struct store *s, const struct call *c, struct answer *out);
enum verdict case_assign(struct store *s, const struct call *c, struct answer *out);
enum verdict case_wrap(struct store *s, const struct call *c, struct answer *out);

#endif
