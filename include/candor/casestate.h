/* SPDX-License-Identifier: ISC */
/*
 * The life of a case, as one table: states, events, and which event leads where. Pure; store decides
 * with it, clients print it.
 */
#ifndef CANDOR_CASESTATE_H
#define CANDOR_CASESTATE_H

#include "candor/base.h"

/* Stored in the database and sent on the wire by number: append only. */
#define CASE_STATES(X)                                                                             \
	X(NONE, "none")                                                                            \
	X(NEW, "new")                                                                              \
	X(ACKNOWLEDGED, "acknowledged")                                                            \
	X(TRIAGED, "triaged")                                                                      \
	X(INVESTIGATING, "investigating")                                                          \
	X(AWAITING_REPORTER, "awaiting-reporter")                                                  \
	X(RESOLVED, "resolved")                                                                    \
	X(CLOSED, "closed")                                                                        \
	X(REOPENED, "reopened")                                                                    \
	X(DESTROYED, "destroyed")                                                                  \
	X(MERGED, "merged") /* a duplicate: what it went into goes on */

#define CASE_EVENTS(X)                                                                             \
	X(RELEASED, "release") /* the report leaves the inbox */                                   \
	X(ACK, "ack")          /* an officer takes notice: the acknowledge clock stops */          \
	X(TRIAGE, "triage")                                                                        \
	X(INVESTIGATE, "investigate")                                                              \
	X(AWAIT, "await")     /* a question went to the reporter */                                \
	X(ANSWERED, "answer") /* the reporter wrote */                                             \
	X(RESOLVE, "resolve")                                                                      \
	X(CLOSE, "close")                                                                          \
	X(REOPEN, "reopen")                                                                        \
	X(DESTROY, "destroy") /* the end of retention */                                           \
	X(MERGE, "merge")

enum case_state {
#define X(name, text) CASE_##name,
	CASE_STATES(X)
#undef X
	    CASE__N
};

enum case_event {
#define X(name, text) EV_##name,
	CASE_EVENTS(X)
#undef X
	    EV__N
};

/* Where event leads from state, or CASE_NONE: refused. An event out of range is refused. */
enum case_state case_next(enum case_state state, enum case_event event);

/* "awaiting-reporter" and back; a number out of range is "?", unknown text gives CANDOR_EINVAL. */
const char *case_state_name(enum case_state state);
int case_state_parse(enum case_state *out, const char *text) MUST_CHECK;
const char *case_event_name(enum case_event event);

/* What an officer may do in that state, as "triage, investigate, resolve" or "nothing", into out
 * (NUL-terminated, cut at cap): what an error message says. */
void case_allowed(char *out, size_t cap, enum case_state state);

/* Outcomes of a resolved case, by number on the wire and in the database: append only. */
#define CASE_OUTCOMES(X)                                                                           \
	X(NONE, "none")                                                                            \
	X(SUBSTANTIATED, "substantiated")                                                          \
	X(PARTLY, "partly")                                                                        \
	X(UNSUBSTANTIATED, "unsubstantiated")                                                      \
	X(INSUFFICIENT, "insufficient-information")                                                \
	X(REFERRED, "referred")                                                                    \
	X(OUT_OF_SCOPE, "out-of-scope")

enum case_outcome {
#define X(name, text) OUTCOME_##name,
	CASE_OUTCOMES(X)
#undef X
	    OUTCOME__N
};

const char *case_outcome_name(enum case_outcome outcome);
int case_outcome_parse(enum case_outcome *out, const char *text) MUST_CHECK;

#endif
