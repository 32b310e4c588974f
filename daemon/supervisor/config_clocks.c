/* SPDX-License-Identifier: ISC */
/*
 * The site's own clocks, and the ladder of those who are told that a clock ran out. Runs in the
 * supervisor, at start and on reload.
 */
#include <string.h>

#include "candor/clocks.h"
#include "candor/directory.h"

#include "supervisor/config_parts.h"

#define STEPS_MAX 8

const char *const config_weekdays[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL };

bool
config_day_valid(const char *text)
{
	day_t day;

	return day_parse(&day, text, strlen(text)) == 0;
}

bool
config_email_or_none(const char *text)
{
	const char *why;

	return *text == '\0' || officer_email_valid(text, &why);
}

/* ---- clocks ------------------------------------------------------------------------------------ */

static bool
name_valid(const char *text)
{
	return config_id_valid(text) && !clock_statutory(text) && strncmp(text, "action-", 7) != 0;
}

/* By enum clock_base; what an officer dates is no clock of a site's. */
static const char *const from_words[] = { "received", "discovered", "acknowledged", "closed",
	NULL };
#define X(name, text) text,
static const char *const met_by_words[] = { CLOCK_MEETS(X) NULL };
#undef X

/* What a group says that its message has otherwise. */
struct clock_group {
	char *name;
	uint32_t days, from, met_by;
	int working;
	size_t n_categories;
	char **categories;
};
IS_REPEATED(struct clock_group, categories);

#define IN_CLOCK(field) .offset = offsetof(struct clock_group, field)
/* clang-format off */
static const struct setting_key clock_keys[] = {
	{ "name", SETTING_TEXT, SETTING_REQUIRED, IN_CLOCK(name), .min = 1, .max = CLOCK_NAME_MAX, .valid = name_valid,
	  .form = "an id of 1 to 32 of a-z, 0-9 and -, but acknowledge, feedback, breach-notice, retention and action-…" },
	{ "days", SETTING_NUMBER, SETTING_REQUIRED, IN_CLOCK(days), .min = 1, .max = 3650 },
	{ "working", SETTING_BOOL, 0, IN_CLOCK(working), .doc = "in working days" },
	{ "from", SETTING_CHOICE, 0, IN_CLOCK(from), .words = from_words },
	{ "met_by", SETTING_CHOICE, 0, IN_CLOCK(met_by), .words = met_by_words,
	  .doc = "that step of the case or a later one" },
	{ "categories", SETTING_TEXTS, 0, IN_CLOCK(n_categories), .min = 1, .max = 32, .valid = config_id_valid,
	  .form = "ids of categories", .doc = "left out: all" },
};
/* clang-format on */

static void
read_clock(struct config *c, struct setting_reader *r, const config_setting_t *s, size_t i,
    Candor__ClockRule *rule)
{
	struct clock_group g = { 0 };
	char prefix[32];

	candor__clock_rule__init(rule);
	snprintf(prefix, sizeof(prefix), "clocks[%zu].", i);
	setting_read(r, s, prefix, clock_keys, NELEM(clock_keys), &g);
	rule->name = g.name;
	rule->days = g.days;
	rule->working = g.working != 0;
	rule->since = g.from;
	rule->met_by = g.met_by;
	rule->n_categories = g.n_categories;
	rule->categories = g.categories;
	for (size_t k = 0; k < i; k++)
		if (strcmp(c->clocks[k]->name, rule->name) == 0)
			setting_error(r, s, "clock \"%s\" is there twice", rule->name);
	for (size_t k = 0; k < g.n_categories; k++)
		if (!config_has_category(c, g.categories[k]))
			setting_error(r, s,
			    "%scategories: there is no category \"%s\"; allowed: ids of "
			    "`categories`",
			    prefix, g.categories[k]);
	if (rule->since == CLOCK_FROM_CLOSED && rule->met_by != CLOCK_BY_HAND)
		setting_error(r, s,
		    "%smet_by: nothing but \"hand\" comes after a case is closed, from when this "
		    "clock runs",
		    prefix);
	if (rule->since == CLOCK_FROM_ACKNOWLEDGED && rule->met_by == CLOCK_BY_ACK)
		setting_error(r, s,
		    "%smet_by: this clock begins with \"ack\"; allowed: a later step, or \"hand\"",
		    prefix);
}

static void
read_clocks(struct config *c, struct setting_reader *r, const config_setting_t *root)
{
	const config_setting_t *list = config_group_list(r, root, "clocks", CLOCKS_SITE_MAX);
	size_t n = list != NULL ? (size_t)config_setting_length(list) : 0;
	Candor__ClockRule *all = setting_alloc(r, n * sizeof(*all));

	c->clocks = setting_alloc(r, n * sizeof(*c->clocks));
	if (all == NULL || c->clocks == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		read_clock(c, r, config_setting_get_elem(list, (unsigned)i), i, &all[i]);
		c->clocks[i] = &all[i];
		c->n_clocks = i + 1;
	}
}

/* ---- the ladder -------------------------------------------------------------------------------- */

static const char *const to_words[] = { "lead", "contact", NULL };

struct step_group {
	uint32_t after_days, to;
};

#define IN_STEP(field) .offset = offsetof(struct step_group, field)
static const struct setting_key step_keys[] = {
	{ "after_days", SETTING_NUMBER, SETTING_REQUIRED, IN_STEP(after_days), .max = 365,
	    .doc = "days that the clock is over" },
	{ "to", SETTING_CHOICE, SETTING_REQUIRED, IN_STEP(to), .words = to_words },
};

static void
add_step(struct config *c, struct setting_reader *r, uint32_t after_days, uint32_t to)
{
	Candor__LadderStep *step = setting_alloc(r, sizeof(*step));

	if (step == NULL)
		return;
	candor__ladder_step__init(step);
	step->after_days = after_days;
	step->contact = to == 1;
	c->escalation[c->n_escalation++] = step;
}

static void
read_escalation(struct config *c, struct setting_reader *r, const config_setting_t *root)
{
	const config_setting_t *list = config_group_list(r, root, "escalation", STEPS_MAX);
	bool contact = c->escalation_contact[0] != '\0';
	int n = list != NULL ? config_setting_length(list) : 0;

	if ((c->escalation = setting_alloc(r, (STEPS_MAX + 1) * sizeof(*c->escalation))) == NULL)
		return;
	if (config_setting_get_member(root, "escalation") == NULL) {
		add_step(c, r, 3, 0);
		if (contact)
			add_step(c, r, 7, 1);
	}
	for (int i = 0; i < n; i++) {
		const config_setting_t *s = config_setting_get_elem(list, (unsigned)i);
		struct step_group g = { 0 };
		char prefix[32];

		snprintf(prefix, sizeof(prefix), "escalation[%d].", i);
		setting_read(r, s, prefix, step_keys, NELEM(step_keys), &g);
		if (c->n_escalation > 0 &&
		    g.after_days < c->escalation[c->n_escalation - 1]->after_days)
			setting_error(r, s,
			    "%safter_days is %u, less than that of the step before; allowed: %u or "
			    "more",
			    prefix, g.after_days, c->escalation[c->n_escalation - 1]->after_days);
		if (g.to == 1 && !contact)
			setting_error(r, s,
			    "%sto is \"contact\", and there is none: set escalation_contact to an "
			    "e-mail address",
			    prefix);
		add_step(c, r, g.after_days, g.to);
	}
}

void
config_clocks_read(struct config *c, struct setting_reader *r, const config_setting_t *root)
{
	read_clocks(c, r, root);
	read_escalation(c, r, root);
}
