/* SPDX-License-Identifier: ISC */
/* The life of a case. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "candor/casestate.h"

/* Walk from a state; fails where an event is refused. */
static enum case_state
walk(enum case_state s, const enum case_event *events, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		s = case_next(s, events[i]);
		cr_assert(ne(int, s, CASE_NONE), "event %s", case_event_name(events[i]));
	}
	return s;
}

Test(casestate, a_case_lives_from_release_to_destruction)
{
	static const enum case_event life[] = { EV_RELEASED, EV_ACK, EV_TRIAGE, EV_INVESTIGATE,
		EV_AWAIT, EV_ANSWERED, EV_AWAIT, EV_INVESTIGATE, EV_RESOLVE, EV_REOPEN, EV_TRIAGE,
		EV_RESOLVE, EV_CLOSE, EV_REOPEN, EV_INVESTIGATE, EV_RESOLVE, EV_CLOSE, EV_DESTROY };

	cr_assert(eq(int, walk(CASE_NONE, life, NELEM(life)), CASE_DESTROYED));
}

Test(casestate, a_new_case_is_acknowledged_or_merged_before_anything_else)
{
	for (unsigned e = 0; e < EV__N; e++) {
		enum case_state s = case_next(CASE_NEW, (enum case_event)e);

		cr_assert(eq(int, s,
		    e == EV_ACK     ? CASE_ACKNOWLEDGED
		    : e == EV_MERGE ? CASE_MERGED
				    : CASE_NONE));
	}
}

Test(casestate, duplicate_is_only_taken_up_again)
{
	for (unsigned e = 0; e < EV__N; e++)
		cr_assert(eq(int, case_next(CASE_MERGED, (enum case_event)e),
		    e == EV_REOPEN ? CASE_REOPENED : CASE_NONE));
	cr_assert(eq(int, case_next(CASE_CLOSED, EV_MERGE), CASE_NONE));
	cr_assert(eq(int, case_next(CASE_DESTROYED, EV_MERGE), CASE_NONE));
}

Test(casestate, only_a_closed_case_can_be_destroyed_and_nothing_brings_it_back)
{
	for (unsigned s = 0; s < CASE__N; s++)
		cr_assert(eq(int, case_next((enum case_state)s, EV_DESTROY),
		    s == CASE_CLOSED ? CASE_DESTROYED : CASE_NONE));
	for (unsigned e = 0; e < EV__N; e++)
		cr_assert(eq(int, case_next(CASE_DESTROYED, (enum case_event)e), CASE_NONE));
}

Test(casestate, an_answer_counts_only_where_one_was_awaited)
{
	for (unsigned s = 0; s < CASE__N; s++)
		cr_assert(eq(int, case_next((enum case_state)s, EV_ANSWERED),
		    s == CASE_AWAITING_REPORTER ? CASE_INVESTIGATING : CASE_NONE));
}

Test(casestate, numbers_out_of_range_are_refused)
{
	cr_assert(eq(int, case_next(CASE_NEW, EV__N), CASE_NONE));
	cr_assert(eq(int, case_next(CASE__N, EV_ACK), CASE_NONE));
	cr_assert(eq(int, case_next((enum case_state) - 1, (enum case_event) - 1), CASE_NONE));
	cr_assert(eq(str, case_state_name(CASE__N), "?"));
	cr_assert(eq(str, case_event_name((enum case_event)99), "?"));
	cr_assert(eq(str, case_outcome_name(OUTCOME__N), "?"));
}

Test(casestate, every_name_leads_back_to_its_number)
{
	for (unsigned i = 0; i < CASE__N; i++) {
		enum case_state s = CASE__N;

		cr_assert(zero(int, case_state_parse(&s, case_state_name((enum case_state)i))));
		cr_assert(eq(u32, s, i));
	}
	for (unsigned i = 0; i < OUTCOME__N; i++) {
		enum case_outcome o = OUTCOME__N;

		cr_assert(
		    zero(int, case_outcome_parse(&o, case_outcome_name((enum case_outcome)i))));
		cr_assert(eq(u32, o, i));
	}
}

Test(casestate, unknown_names_are_refused)
{
	enum case_state s = CASE_CLOSED;
	enum case_outcome o = OUTCOME_PARTLY;

	cr_assert(eq(int, case_state_parse(&s, "New"), CANDOR_EINVAL));
	cr_assert(eq(int, case_state_parse(&s, ""), CANDOR_EINVAL));
	cr_assert(eq(int, case_outcome_parse(&o, "guilty"), CANDOR_EINVAL));
	cr_assert(eq(int, s, CASE_CLOSED));
	cr_assert(eq(int, o, OUTCOME_PARTLY));
}

Test(casestate, an_officer_is_told_what_is_allowed)
{
	char text[128], small[8];

	case_allowed(text, sizeof(text), CASE_NEW);
	cr_assert(eq(str, text, "ack, merge"));
	case_allowed(text, sizeof(text), CASE_TRIAGED);
	cr_assert(eq(str, text, "investigate, await, resolve, merge"));
	case_allowed(text, sizeof(text), CASE_AWAITING_REPORTER);
	cr_assert(eq(str, text, "investigate, resolve, merge"));
	case_allowed(text, sizeof(text), CASE_DESTROYED);
	cr_assert(eq(str, text, "nothing"));
	case_allowed(text, sizeof(text), CASE__N);
	cr_assert(eq(str, text, "nothing"));
	case_allowed(small, sizeof(small), CASE_TRIAGED);
	cr_assert(eq(str, small, "investi"));
}
