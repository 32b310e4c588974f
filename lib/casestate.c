/* SPDX-License-Identifier: ISC */
/* The life of a case: see candor/casestate.h. store decides with it, clients print it. */
#include "candor/casestate.h"

#include <stdio.h>
#include <string.h>

_Static_assert(CASE_NONE == 0, "an empty cell means refused");

/* clang-format off */
static const uint8_t next[CASE__N][EV__N] = {
	[CASE_NONE] = {
		[EV_RELEASED]    = CASE_NEW,
	},
	[CASE_NEW] = {
		[EV_ACK]         = CASE_ACKNOWLEDGED,
		[EV_MERGE]       = CASE_MERGED,
	},
	[CASE_ACKNOWLEDGED] = {
		[EV_TRIAGE]      = CASE_TRIAGED,
		[EV_INVESTIGATE] = CASE_INVESTIGATING,
		[EV_AWAIT]       = CASE_AWAITING_REPORTER,
		[EV_RESOLVE]     = CASE_RESOLVED,
		[EV_MERGE]       = CASE_MERGED,
	},
	[CASE_TRIAGED] = {
		[EV_INVESTIGATE] = CASE_INVESTIGATING,
		[EV_AWAIT]       = CASE_AWAITING_REPORTER,
		[EV_RESOLVE]     = CASE_RESOLVED,
		[EV_MERGE]       = CASE_MERGED,
	},
	[CASE_INVESTIGATING] = {
		[EV_AWAIT]       = CASE_AWAITING_REPORTER,
		[EV_RESOLVE]     = CASE_RESOLVED,
		[EV_MERGE]       = CASE_MERGED,
	},
	[CASE_AWAITING_REPORTER] = {
		[EV_ANSWERED]    = CASE_INVESTIGATING,
		[EV_INVESTIGATE] = CASE_INVESTIGATING,
		[EV_RESOLVE]     = CASE_RESOLVED,
		[EV_MERGE]       = CASE_MERGED,
	},
	[CASE_RESOLVED] = {
		[EV_CLOSE]       = CASE_CLOSED,
		[EV_REOPEN]      = CASE_REOPENED,
		[EV_MERGE]       = CASE_MERGED,
	},
	[CASE_CLOSED] = {
		[EV_REOPEN]      = CASE_REOPENED,
		[EV_DESTROY]     = CASE_DESTROYED,
	},
	[CASE_REOPENED] = {
		[EV_TRIAGE]      = CASE_TRIAGED,
		[EV_INVESTIGATE] = CASE_INVESTIGATING,
		[EV_AWAIT]       = CASE_AWAITING_REPORTER,
		[EV_RESOLVE]     = CASE_RESOLVED,
		[EV_MERGE]       = CASE_MERGED,
	},
	[CASE_MERGED] = {
		[EV_REOPEN]      = CASE_REOPENED,
	},
};
/* clang-format on */

#define X(name, text) text,
static const char *const state_names[] = { CASE_STATES(X) };
static const char *const event_names[] = { CASE_EVENTS(X) };
static const char *const outcome_names[] = { CASE_OUTCOMES(X) };
#undef X

/* A name, or "?" for a number that a newer peer may have sent. */
static const char *
name_of(const char *const *names, size_t n, unsigned i)
{
	return i < n ? names[i] : "?";
}

static int
number_of(unsigned *out, const char *const *names, size_t n, const char *text)
{
	for (unsigned i = 0; i < n; i++) {
		if (strcmp(names[i], text) == 0) {
			*out = i;
			return 0;
		}
	}
	return CANDOR_EINVAL;
}

enum case_state
case_next(enum case_state state, enum case_event event)
{
	if ((unsigned)state >= CASE__N || (unsigned)event >= EV__N)
		return CASE_NONE;
	return next[state][event];
}

const char *
case_state_name(enum case_state state)
{
	return name_of(state_names, NELEM(state_names), state);
}

const char *
case_event_name(enum case_event event)
{
	return name_of(event_names, NELEM(event_names), event);
}

const char *
case_outcome_name(enum case_outcome outcome)
{
	return name_of(outcome_names, NELEM(outcome_names), outcome);
}

int
case_state_parse(enum case_state *out, const char *text)
{
	unsigned i;
	int r = number_of(&i, state_names, NELEM(state_names), text);

	if (r == 0)
		*out = (enum case_state)i;
	return r;
}

int
case_outcome_parse(enum case_outcome *out, const char *text)
{
	unsigned i;
	int r = number_of(&i, outcome_names, NELEM(outcome_names), text);

	if (r == 0)
		*out = (enum case_outcome)i;
	return r;
}

void
case_allowed(char *out, size_t cap, enum case_state state)
{
	/* The other events are not an officer's to cause. */
	const unsigned others = 1u << EV_RELEASED | 1u << EV_ANSWERED | 1u << EV_DESTROY;
	size_t used = 0;

	if (cap == 0)
		return;
	out[0] = '\0';
	for (unsigned e = 0; e < EV__N && used < cap; e++) {
		if (others & 1u << e || case_next(state, (enum case_event)e) == CASE_NONE)
			continue;
		used += (size_t)snprintf(
		    out + used, cap - used, "%s%s", used > 0 ? ", " : "", event_names[e]);
	}
	if (out[0] == '\0')
		snprintf(out, cap, "nothing");
}
