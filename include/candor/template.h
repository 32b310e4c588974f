/* SPDX-License-Identifier: ISC */
/*
 * Answers in advance: texts that a site keeps for its officers, a file for each text and language,
 * named ID.LANG.txt:
 *
 *     title: Your report was received
 *     categories: phi-disclosure, photo        (left out: all)
 *     for: incident                            (or question; left out: both)
 *
 *     Thank you for your report on {{category}} of {{received}}. …
 *
 * The supervisor reads and checks the files, desk hands them to officers, whose clients fill them. Pure.
 */
#ifndef CANDOR_TEMPLATE_H
#define CANDOR_TEMPLATE_H

#include "candor/arena.h"
#include "candor/candor_pb.h"

#define TEMPLATES_MAX 64
#define TEMPLATE_MAX_BYTES 6000         /* of one file */
#define TEMPLATES_MAX_BYTES (40 * 1024) /* of all of them */

/* What may stand between {{ and }}. Never a case's number: a reporter does not learn it, since mails and
 * tickets hold it. */
#define TEMPLATE_FIELDS(X)                                                                         \
	X(CATEGORY, "category") /* title of the report's category */                               \
	X(SITE, "site")         /* name of the service */                                          \
	X(RECEIVED, "received") /* days, as 2026-11-22 */                                          \
	X(ACKNOWLEDGED, "acknowledged")                                                            \
	X(ACKNOWLEDGE_BY, "acknowledge_by")                                                        \
	X(FEEDBACK_BY, "feedback_by")                                                              \
	X(TODAY, "today")                                                                          \
	X(OUTCOME, "outcome")                                                                      \
	X(OFFICER, "officer") /* who writes */                                                     \
	X(WORDS, "words")     /* the officer's own, which the text waits for */

enum template_field {
#define X(name, text) TEMPLATE_##name,
	TEMPLATE_FIELDS(X)
#undef X
	    TEMPLATE__N
};

/* What is wrong with a file: the line, from 1, and why. */
struct template_fault {
	unsigned line;
	char why[320];
};

/*
 * Read a file (name without its folder). *out and all that it points to lie in the arena. CANDOR_EINVAL
 * and what is wrong with it; CANDOR_ENOMEM.
 */
int template_parse(struct arena *a, Candor__Template **out, const char *name, const char *text,
    size_t len, struct template_fault *fault) MUST_CHECK;

/* Does it suit a case? kind as in Report. */
bool template_suits(const Candor__Template *t, const char *category, unsigned kind);

/* Put values where their names stand; a name without a value (NULL) stays as it is. *out is
 * NUL-terminated beyond its length. CANDOR_ENOMEM. */
int template_fill(struct arena *a, struct span *out, const char *text,
    const char *const values[static TEMPLATE__N]) MUST_CHECK;

/* The first name that is left in a text, with its braces; len 0: none. */
struct span template_left(const char *text, size_t len);

#endif
