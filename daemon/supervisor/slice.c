/* SPDX-License-Identifier: ISC */
/*
 * The slice of the configuration that each room gets: see config.h. Supervisor. Two tables say who may
 * know what, and under which uid.
 */
#include <string.h>
#include <unistd.h>

#include "supervisor/config.h"

/* A room's uid, as root: uid_base + what stands here. */
static const uint32_t room_uid[PARTY__N] = {
	[PARTY_INTAKE] = 1,
	[PARTY_DESK] = 2,
	[PARTY_STORE] = 3,
	[PARTY_DISPATCH] = 4,
	[PARTY_CLEANER] = 5,
	[PARTY_HOST] = 16, /* and one for each index */
};

enum part {
	PART_SITE = 1, /* site_id, site_name, charter */
	PART_LIMITS = 2,
	PART_GUIDE = 4,      /* categories with guidance, sites, outside bodies, what may be kept */
	PART_CATEGORIES = 8, /* without guidance */
	PART_RELEASE = 16,
	PART_ACTIONS = 32,
	PART_PLUGINS = 64, /* without settings */
	PART_TEMPLATES = 512,
	PART_CLOCKS = 128,  /* when officers and administrators are warned */
	PART_FIGURES = 256, /* sites with their headcounts, periods */
};

static const unsigned parts[PARTY__N] = {
	[PARTY_INTAKE] = PART_SITE | PART_LIMITS | PART_GUIDE | PART_RELEASE,
	[PARTY_DESK] = PART_SITE | PART_LIMITS | PART_CATEGORIES | PART_RELEASE | PART_ACTIONS |
		       PART_TEMPLATES,
	[PARTY_STORE] = PART_SITE | PART_LIMITS | PART_CATEGORIES | PART_RELEASE | PART_ACTIONS |
			PART_PLUGINS | PART_CLOCKS | PART_FIGURES,
	[PARTY_DISPATCH] = PART_PLUGINS,
};

static Candor__Limits *
limits_of(const struct config *c)
{
	static Candor__Limits l;

	candor__limits__init(&l);
	l.sessions = c->sessions;
	l.handshake_ms = c->handshake_ms;
	l.idle_ms = c->idle_ms;
	l.attachment_bytes = (uint64_t)c->attachment_mb << 20;
	l.staged_bytes = (uint64_t)c->staged_mb << 20;
	l.cleaners = c->cleaners;
	return &l;
}

uint32_t
config_uid(const struct config *c, enum wire_party room, unsigned index)
{
	if (geteuid() != 0 || c->uid_base == 0)
		return 0;
	return c->uid_base + room_uid[room] + (room == PARTY_HOST ? index : 0);
}

const Candor__Plugin *
config_plugin(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_plugins; i++)
		if (strcmp(c->plugins[i]->name, name) == 0)
			return c->plugins[i];
	return NULL;
}

void
config_slice(Candor__RoomSetup *out, const struct config *c, enum wire_party room, unsigned index,
    const Candor__Plugin *plugin)
{
	unsigned has = parts[room];

	candor__room_setup__init(out);
	out->room = room;
	out->index = index;
	out->best_effort = c->sandbox == CONFIG_SANDBOX_BEST_EFFORT;
	out->log_level = c->log_level;
	out->uid = config_uid(c, room, index);
	if (has & PART_SITE) {
		out->site_id = wire_bytes(c->site_id, sizeof(c->site_id));
		out->site_name = c->site_name;
		out->charter = c->charter;
	}
	if (has & PART_LIMITS)
		out->limits = limits_of(c);
	if (has & PART_GUIDE) {
		out->n_sites = c->n_sites;
		out->sites = c->sites;
		out->n_not_keepable = c->n_not_keepable;
		out->not_keepable = c->not_keepable;
		out->n_outside_bodies = c->n_outside_bodies;
		out->outside_bodies = c->outside_bodies;
		out->headcount_k = c->headcount_k;
	}
	if (has & (PART_GUIDE | PART_CATEGORIES)) {
		out->n_categories = c->n_categories;
		out->categories = has & PART_GUIDE ? c->categories : c->categories_brief;
	}
	if (has & PART_FIGURES) {
		static const uint32_t months[] = { 1, 3, 6, 12 };

		out->n_sites = c->n_sites;
		out->sites = c->sites;
		out->figures_months = months[c->figures];
		out->figures_k = c->figures_k;
	}
	if (has & PART_RELEASE) {
		out->immediate = c->immediate;
		out->n_release_times = c->n_release_times;
		out->release_times = c->release_times;
	}
	if (has & PART_ACTIONS) {
		out->n_actions = c->n_actions;
		out->actions = c->actions;
		out->n_tags = c->n_tags;
		out->tags = c->tags;
		out->pattern_cases = c->pattern_cases;
		out->pattern_days = c->pattern_days;
		out->n_four_eyes = c->n_four_eyes;
		out->four_eyes = c->four_eyes;
	}
	if (has & PART_TEMPLATES) {
		out->n_templates = c->n_templates;
		out->templates = c->templates;
	}
	if (has & PART_CLOCKS) {
		out->due_days = c->due_days;
		out->working_week = c->working_week;
		out->n_holidays = c->n_holidays;
		out->holidays = c->holidays;
		out->n_clocks = c->n_clocks;
		out->clocks = c->clocks;
		out->n_escalation = c->n_escalation;
		out->escalation = c->escalation;
		out->escalation_contact = c->escalation_contact;
		out->alarm_after_h = c->alarm_after_h;
		out->warning_days = c->warning_days;
		out->backup_days = c->backup_days;
		out->backup_recipient = c->backup_recipient;
	}
	if (has & PART_PLUGINS) {
		out->n_plugins = c->n_plugins;
		out->plugins = c->plugins_brief;
	}
	if (room == PARTY_HOST && plugin != NULL) {
		/* The message holds a list: of this one. */
		for (size_t i = 0; i < c->n_plugins; i++)
			if (c->plugins[i] == plugin) {
				out->n_plugins = 1;
				out->plugins = &c->plugins[i];
			}
	}
}
