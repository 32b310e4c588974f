/* SPDX-License-Identifier: ISC */
/*
 * Who can open a case: sealing its secret anew, for one case or for many. Client of somebody who can open
 * them. Each case changes whole or not at all; what was begun and not finished goes on where it was
 * left when the same is done again.
 */
#ifndef CANDOR_CLIENT_OFFICER_WRAP_H
#define CANDOR_CLIENT_OFFICER_WRAP_H

#include "officer_case.h"

/* How the readers of a case change. All zero: sealed anew to the same persons' keys in force. */
struct rewrap {
	const struct officer *const *plus; /* of the directory: who read it, too, from now on */
	size_t n_plus;
	bool all;          /* of plus, or nothing is done */
	const char *minus; /* who reads it no more, even if they left the directory; NULL: nobody */
};

/*
 * Change one case's readers. Whom the report wants kept out is never among them: EX_NOPERM when that
 * leaves nobody of plus; EX_NOPERM as well when nobody would read the case any more. What is
 * assigned to minus becomes the first of plus's. Else as case_open().
 */
int case_rewrap(struct officer_session *s, char *number, const struct rewrap *w) MUST_CHECK;

/* The message that changes them, and the case opened: not sent yet. */
int case_wrap_prepare(struct officer_session *s, char *number, const struct rewrap *w,
    struct open_case *k, Candor__CaseWrap *wrap) MUST_CHECK;

bool case_is_read_by(const struct open_case *k, const struct officer *o);

/* May this person read cases at all? EX_NOPERM says who may. */
int officer_check_reads(struct client *c, const struct officer *o) MUST_CHECK;

/* Many cases: what became of them. */
struct rewrapped {
	unsigned done, failed;
	int first;          /* exit code of the first that failed */
	struct json_t *why; /* [{"case","why"}…], with --json; the caller's to give up */
};

/* Change those that scan finds. What cannot be done is told, and the next one tried; a connection that
 * is lost ends it. The exit code says only whether it came to its end. */
int cases_rewrap(struct officer_session *s, Candor__CaseScan *scan, const struct rewrap *w,
    struct rewrapped *b) MUST_CHECK;
/* The same for one case. */
int cases_rewrap_one(struct officer_session *s, char *number, const struct rewrap *w,
    struct rewrapped *b) MUST_CHECK;
/* Say what was done: "12 cases" and then text; or {"done", "failed"}. The first failure's exit code. */
int cases_rewrap_end(struct client *c, struct rewrapped *b, const char *text) MUST_CHECK;

#endif
