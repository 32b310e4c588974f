/* SPDX-License-Identifier: ISC */
/*
 * The clocks of a case: from which day each runs, for how long, what meets it, and what may be done to
 * it. Everything follows from days that are stored, so that neither downtime nor a change of the hour
 * matters. Pure; store decides with it, clients ask it before anybody writes words, the supervisor
 * takes its words for the configuration.
 */
#ifndef CANDOR_CLOCKS_H
#define CANDOR_CLOCKS_H

#include "candor/casestate.h"
#include "candor/day.h"

#define CLOCK_NAME_MAX 32
#define CLOCKS_SITE_MAX 8                                     /* a site's own */
#define CLOCKS_ACTIONS_MAX 16                                 /* corrective actions' */
#define CLOCKS_MAX (4 + CLOCKS_SITE_MAX + CLOCKS_ACTIONS_MAX) /* of one case */

/* All of these stand in the database and on the wire by number: append only. */

/* The day from which it runs. */
#define CLOCK_BASES(X)                                                                             \
	X(RECEIVED, "received", "receipt")                                                         \
	X(DISCOVERED, "discovered", "discovery") /* until an officer sets that day: received */    \
	X(ACKNOWLEDGED, "acknowledged", "acknowledgement")                                         \
	X(CLOSED, "closed", "closing")                                                             \
	X(SET, "set", "the day set") /* by an officer, with the day: a corrective action's */

#define CLOCK_UNITS(X)                                                                             \
	X(DAYS, "days")                                                                            \
	X(WORKING_DAYS, "working-days")                                                            \
	X(MONTHS, "months")

/* What meets it: that step of the case, or a later one. In their order. */
#define CLOCK_MEETS(X)                                                                             \
	X(HAND, "hand")                                                                            \
	X(ACK, "ack")                                                                              \
	X(TRIAGE, "triage")                                                                        \
	X(INVESTIGATE, "investigate")                                                              \
	X(RESOLVE, "resolve")                                                                      \
	X(CLOSE, "close")

/* How it ended. */
#define CLOCK_ENDS(X)                                                                              \
	X(NOT, "not")                                                                              \
	X(MET, "met")                                                                              \
	X(WAIVED, "waived")                                                                        \
	X(CLOSED, "closed") /* its case was closed before */

enum clock_base {
#define X(name, text, noun) CLOCK_FROM_##name,
	CLOCK_BASES(X)
#undef X
	    CLOCK_FROM__N
};
enum clock_unit {
#define X(name, text) CLOCK_IN_##name,
	CLOCK_UNITS(X)
#undef X
	    CLOCK_IN__N
};
enum clock_met_by {
#define X(name, text) CLOCK_BY_##name,
	CLOCK_MEETS(X)
#undef X
	    CLOCK_BY__N
};
enum clock_end {
#define X(name, text) CLOCK_END_##name,
	CLOCK_ENDS(X)
#undef X
	    CLOCK_END__N
};

/* A number out of range is "?". */
const char *clock_base_name(unsigned base);
const char *clock_unit_name(unsigned unit);
const char *clock_met_by_name(unsigned met_by);
/* The same of a clock; those of the law know best what meets them. */
const char *clock_meets_it(const char *name, unsigned met_by);
/* "receipt", "discovery", "acknowledgement", "closing": for people. */
const char *clock_base_noun(unsigned base);

/* Days are 0 where there is none. */
struct clock {
	char *name;
	day_t
	    started_on; /* 0: not begun; due may be set all the same, as promised to the reporter */
	day_t due;      /* the last day on which it is met in time; 0: not known yet */
	day_t paused_on;
	day_t ended_on;
	unsigned paused; /* for how long in all, before paused_on; in days or working days */
	unsigned span;
	enum clock_unit unit;
	enum clock_base base;
	enum clock_met_by met_by;
	enum clock_end end;
	unsigned told; /* steps of the ladder that were told of it */
};

/* Set by law or regulation: acknowledge, feedback, breach-notice, retention. */
bool clock_statutory(const char *name);
/* Why it is as it is: "45 CFR 164.404(b)", or "the site's own". */
const char *clock_basis(const char *name);
/* All of them but retention say until when somebody must have done something. */
bool clock_is_deadline(const char *name);
/* It can run out, and did not end. */
bool clock_runs(const struct clock *k);

/* It runs from that day on; again: from another one than before. Each forgets what was told when the
 * day on which it runs out changes. */
void clock_start(struct clock *k, day_t day, const struct calendar *c);
/* It does not run any more, as if it never had. */
void clock_unstart(struct clock *k);
/* The day on which it runs out, once more: the calendar changed. */
void clock_reckon(struct clock *k, const struct calendar *c);
/* An event of the case: it may meet the clock, start it, end it or set it going again. */
void clock_on_event(struct clock *k, enum case_event event, day_t today, const struct calendar *c);

/* What an officer may do to a clock; on the wire by number. */
#define CLOCK_ACTS(X)                                                                              \
	X(DISCOVERED, "discovered") /* of the case: not for clock_act() */                         \
	X(PAUSE, "pause")                                                                          \
	X(RESUME, "resume")                                                                        \
	X(MEET, "met")                                                                             \
	X(WAIVE, "waive")
enum clock_act {
#define X(name, text) CLOCK_ACT_##name,
	CLOCK_ACTS(X)
#undef X
	    CLOCK_ACT__N
};
const char *clock_act_name(unsigned act);

/* Why that cannot be done to the clock now, as a sentence into why (cut at cap), and CANDOR_EINVAL; or 0. */
int clock_may(
    const struct clock *k, enum clock_act act, day_t today, char *why, size_t cap) MUST_CHECK;
/* Do it, on that day; only what clock_may() allows. */
void clock_do(struct clock *k, enum clock_act act, day_t on, const struct calendar *c);

/* "met", "late", "waived", "closed", "paused", "overdue" ("expired": retention), "running" or "waiting";
 * *days: by how many it is or was late, or how many are left. */
const char *clock_standing(const struct clock *k, day_t today, int32_t *days);

#endif
