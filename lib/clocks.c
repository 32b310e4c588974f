/* SPDX-License-Identifier: ISC */
/* The clocks of a case: see candor/clocks.h. Any process; asks no clock of the machine. */
#include "candor/clocks.h"

#include <stdio.h>
#include <string.h>

/* ---- names ------------------------------------------------------------------------------------ */

#define X(name, text, noun) text,
static const char *const base_names[] = { CLOCK_BASES(X) };
#undef X
#define X(name, text, noun) noun,
static const char *const base_nouns[] = { CLOCK_BASES(X) };
#undef X
#define X(name, text) text,
static const char *const unit_names[] = { CLOCK_UNITS(X) };
static const char *const met_by_names[] = { CLOCK_MEETS(X) };
static const char *const end_names[] = { CLOCK_ENDS(X) };
static const char *const act_names[] = { CLOCK_ACTS(X) };
#undef X

#define NAME_OF(names, i) ((i) < NELEM(names) ? (names)[i] : "?")

const char *
clock_base_name(unsigned base)
{
	return NAME_OF(base_names, base);
}

const char *
clock_base_noun(unsigned base)
{
	return NAME_OF(base_nouns, base);
}

const char *
clock_unit_name(unsigned unit)
{
	return NAME_OF(unit_names, unit);
}

const char *
clock_met_by_name(unsigned met_by)
{
	return NAME_OF(met_by_names, met_by);
}

const char *
clock_act_name(unsigned act)
{
	return NAME_OF(act_names, act);
}

/* ---- those of the law ------------------------------------------------------------------------- */

/* Why not, or NULL: it can be done. None of them can be paused. */
static const struct statute {
	const char *name, *basis;
	const char *met_by; /* NULL: as the clock says */
	const char *meet, *waive;
} statutes[] = {
	{ "acknowledge", "EU 2019/1937 Art. 9(1)(b)", NULL, "it is met by `candor case ack`",
	    "the reporter was promised it" },
	{ "feedback", "EU 2019/1937 Art. 9(1)(f)", "reply",
	    "it is met by a reply to the reporter once the case is resolved",
	    "the reporter was promised it" },
	{ "breach-notice", "45 CFR 164.404(b)", NULL, NULL, NULL },
	{ "retention", "45 CFR 164.316(b)(2)", "destruction", "it ends when the case is destroyed",
	    "`candor case hold` keeps a case longer" },
};

static const struct statute *
statute_of(const char *name)
{
	for (size_t i = 0; i < NELEM(statutes); i++)
		if (strcmp(statutes[i].name, name) == 0)
			return &statutes[i];
	return NULL;
}

bool
clock_statutory(const char *name)
{
	return statute_of(name) != NULL;
}

const char *
clock_basis(const char *name)
{
	const struct statute *law = statute_of(name);

	return law != NULL ? law->basis : "the site's own";
}

const char *
clock_meets_it(const char *name, unsigned met_by)
{
	const struct statute *law = statute_of(name);

	return law != NULL && law->met_by != NULL ? law->met_by : clock_met_by_name(met_by);
}

bool
clock_is_deadline(const char *name)
{
	return strcmp(name, "retention") != 0;
}

/* ---- days ------------------------------------------------------------------------------------- */

bool
clock_runs(const struct clock *k)
{
	return k->end == CLOCK_END_NOT && k->due != 0 && k->paused_on == 0;
}

static void
set_due(struct clock *k, day_t due)
{
	if (due != k->due)
		k->told = 0;
	k->due = due;
}

void
clock_reckon(struct clock *k, const struct calendar *c)
{
	unsigned n = k->span + k->paused;

	if (k->started_on == 0)
		return;
	switch (k->unit) {
	case CLOCK_IN_WORKING_DAYS:
		set_due(k, day_add_working(c, k->started_on, n));
		break;
	case CLOCK_IN_MONTHS: /* of those none can be paused */
		set_due(k, day_add_months(k->started_on, k->span));
		break;
	default:
		set_due(k, k->started_on + (day_t)n);
	}
}

void
clock_start(struct clock *k, day_t day, const struct calendar *c)
{
	k->started_on = day;
	clock_reckon(k, c);
}

void
clock_unstart(struct clock *k)
{
	k->started_on = k->paused_on = 0;
	k->paused = 0;
	set_due(k, 0);
}

/* It stood still since that day. */
static void
run_on(struct clock *k, day_t since, day_t today, const struct calendar *c)
{
	if (k->unit == CLOCK_IN_WORKING_DAYS)
		k->paused += day_count_working(c, since, today);
	else if (today > since)
		k->paused += (unsigned)(today - since);
	k->paused_on = 0;
	clock_reckon(k, c);
}

static void
end_it(struct clock *k, enum clock_end how, day_t on, const struct calendar *c)
{
	if (k->paused_on != 0)
		run_on(k, k->paused_on, on, c);
	k->end = how;
	k->ended_on = on;
}

/* ---- what happens to the case ----------------------------------------------------------------- */

/* A day that the reporter was told when filing is never put off by a late acknowledgement. */
static void
start_as_promised(struct clock *k, day_t day, const struct calendar *c)
{
	day_t promised = k->due;
	unsigned told = k->told;

	clock_start(k, day, c);
	if (promised != 0 && promised < k->due) {
		k->due = promised;
		k->told = told;
	}
}

void
clock_on_event(struct clock *k, enum case_event event, day_t today, const struct calendar *c)
{
	static const enum clock_met_by step[EV__N] = {
		[EV_ACK] = CLOCK_BY_ACK,
		[EV_TRIAGE] = CLOCK_BY_TRIAGE,
		[EV_INVESTIGATE] = CLOCK_BY_INVESTIGATE,
		[EV_RESOLVE] = CLOCK_BY_RESOLVE,
		[EV_CLOSE] = CLOCK_BY_CLOSE,
	};
	bool afterwards = k->base == CLOCK_FROM_CLOSED;

	if (event == EV_REOPEN && k->end == CLOCK_END_CLOSED) {
		/* As if it had been paused meanwhile; what had run out stays so. */
		k->end = CLOCK_END_NOT;
		if (k->started_on != 0 && k->ended_on <= k->due)
			run_on(k, k->ended_on, today, c);
		k->ended_on = 0;
	}
	/* A corrective action outlives the case that it follows from. */
	if (k->end != CLOCK_END_NOT || k->base == CLOCK_FROM_SET)
		return;
	if (event == EV_REOPEN && afterwards)
		clock_unstart(k);
	else if (k->met_by != CLOCK_BY_HAND && k->met_by <= step[event])
		end_it(k, CLOCK_END_MET, today, c);
	else if (event == EV_CLOSE && afterwards)
		clock_start(k, today, c);
	else if ((event == EV_CLOSE || event == EV_MERGE) && !clock_statutory(k->name))
		end_it(k, CLOCK_END_CLOSED, today, c);
	else if (event == EV_ACK && k->base == CLOCK_FROM_ACKNOWLEDGED)
		start_as_promised(k, today, c);
}

/* ---- what an officer does to it --------------------------------------------------------------- */

/* Why act cannot be done to a clock of this name and kind, ever; or NULL. */
static const char *
never(const struct clock *k, enum clock_act act)
{
	const struct statute *law = statute_of(k->name);

	if (law != NULL && (act == CLOCK_ACT_PAUSE || act == CLOCK_ACT_RESUME))
		return "it is set by law and runs on whatever happens";
	if (law != NULL)
		return act == CLOCK_ACT_MEET ? law->meet : law->waive;
	if (k->base == CLOCK_FROM_SET)
		return "it is a corrective action's: see `candor case action`";
	return NULL;
}

int
clock_may(const struct clock *k, enum clock_act act, day_t today, char *why, size_t cap)
{
	const char *law = never(k, act);
	char day[DAY_CHARS + 1];

	why[0] = '\0';
	if (law != NULL) {
		snprintf(why, cap, "%s: %s", k->name, law);
	} else if (k->end != CLOCK_END_NOT) {
		day_format(day, k->ended_on);
		snprintf(why, cap, "%s ended on %s: it was %s", k->name, day,
		    k->end == CLOCK_END_CLOSED ? "not met when the case was closed"
					       : NAME_OF(end_names, k->end));
	} else if (act == CLOCK_ACT_MEET && k->met_by != CLOCK_BY_HAND) {
		snprintf(why, cap, "%s is met by `candor case %s`", k->name,
		    clock_met_by_name(k->met_by));
	} else if (act == CLOCK_ACT_RESUME && k->paused_on == 0) {
		snprintf(why, cap, "%s is not paused", k->name);
	} else if (act == CLOCK_ACT_PAUSE && k->paused_on != 0) {
		day_format(day, k->paused_on);
		snprintf(why, cap, "%s is paused since %s", k->name, day);
	} else if (act == CLOCK_ACT_PAUSE && k->started_on == 0) {
		snprintf(why, cap, "%s does not run yet: it begins when the case is %s", k->name,
		    clock_base_name(k->base));
	} else if (act == CLOCK_ACT_PAUSE && k->due < today) {
		day_format(day, k->due);
		snprintf(why, cap,
		    "%s ran out on %s: it can be met or waived, but not paused any more", k->name,
		    day);
	}
	return why[0] == '\0' ? 0 : CANDOR_EINVAL;
}

void
clock_do(struct clock *k, enum clock_act act, day_t on, const struct calendar *c)
{
	switch (act) {
	case CLOCK_ACT_PAUSE:
		k->paused_on = on;
		break;
	case CLOCK_ACT_RESUME:
		run_on(k, k->paused_on, on, c);
		break;
	case CLOCK_ACT_MEET:
		end_it(k, CLOCK_END_MET, on, c);
		break;
	case CLOCK_ACT_WAIVE:
		end_it(k, CLOCK_END_WAIVED, on, c);
		break;
	default:
		break;
	}
}

const char *
clock_standing(const struct clock *k, day_t today, int32_t *days)
{
	bool late = k->due != 0 && (k->end != CLOCK_END_NOT ? k->ended_on : today) > k->due;

	*days = 0;
	if (k->due != 0 && k->end == CLOCK_END_NOT)
		*days = late ? today - k->due : k->due - today;
	else if (late)
		*days = k->ended_on - k->due;
	if (k->end == CLOCK_END_MET)
		return late ? "late" : "met";
	if (k->end != CLOCK_END_NOT)
		return NAME_OF(end_names, k->end);
	if (k->paused_on != 0)
		return "paused";
	if (k->due == 0)
		return "waiting";
	if (late)
		return clock_is_deadline(k->name) ? "overdue" : "expired";
	return "running";
}
