/* SPDX-License-Identifier: ISC */
/*
 * The site's answers in advance, filled for a case. Client of an officer.
 */
#ifndef CANDOR_CLIENT_OFFICER_TEMPLATE_H
#define CANDOR_CLIENT_OFFICER_TEMPLATE_H

#include "officer_case.h"

/* Fetch them, with the site's categories, tags and actions, into c->arena. */
int officer_templates(struct officer_session *s, const Candor__Templates **out) MUST_CHECK;

/* The options of a verb that writes to a reporter. */
struct template_choice {
	const char *id;       /* --template; NULL: none, the words are asked for */
	const char *language; /* --language; NULL: the officer's own, else English, else any */
};
#define TEMPLATE_USAGE "[--template ID [--language L]]"
#define TEMPLATE_OPTIONS(t)                                                                        \
	{ "--template", .value = &(t).id },                                                        \
	{                                                                                          \
		"--language", .value = &(t).language                                               \
	}

/*
 * The words to the reporter: as case_take_words() without a template; else its text with the case's
 * values; what it waits for of the officer's own words is read as words are, and on a terminal the whole
 * is there to be edited. outcome: of a case that is about to be resolved; or NULL. EX_DATAERR when a
 * name in braces is left in it.
 */
int template_take_words(struct officer_session *s, const struct open_case *k,
    const struct template_choice *t, const char *outcome, const char *prompt,
    struct span *sealed) MUST_CHECK;

/* The same, not sealed yet. */
int template_words(struct officer_session *s, const struct open_case *k,
    const struct template_choice *t, const char *outcome, const char *prompt,
    struct span *words) MUST_CHECK;

#endif
