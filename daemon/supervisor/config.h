/* SPDX-License-Identifier: ISC */
/*
 * The configuration: candor.conf, what it includes, and plugins.d/NAME.conf, checked as a whole,
 * and the slice of it that each room gets. The table of settings is in config.c. Supervisor only.
 */
#ifndef CANDOR_CONFIG_H
#define CANDOR_CONFIG_H

#include <stdio.h>

#include "candor/candor_pb.h"
#include "candor/receipt.h"
#include "candor/wire.h"

#define CONFIG_PLUGINS_MAX 32
#define CONFIG_CATEGORIES_MAX 64
#define CONFIG_SITES_MAX 256
#define CONFIG_GUIDE_MAX 40960 /* packed categories and sites: leaves room for the directory */

enum config_sandbox { CONFIG_SANDBOX_ENFORCE, CONFIG_SANDBOX_BEST_EFFORT };

struct config {
	struct arena arena; /* everything below lies in it */
	char *folder;       /* of the file; absolute */

	uint8_t site_id[SITE_ID_BYTES];
	char *site_name;
	char *charter;
	char *intake_socket, *desk_socket, *desk_group;
	char *state;
	char *intake_key, *desk_key, *audit_key;
	char *directory, *directory_signature;
	uint32_t workers; /* 1.. */
	uint32_t sandbox; /* enum config_sandbox */
	uint32_t log_level;
	uint32_t uid_base;
	uint32_t headcount_k;
	uint32_t due_days, alarm_after_h;
	uint32_t figures; /* 0: month, 1: quarter, 2: half-year, 3: year */
	uint32_t figures_k;
	uint32_t warning_days, backup_days;
	char *backup_recipient;
	uint32_t working_week; /* bits 1 << weekday, 0: Monday */
	size_t n_holidays;
	char **holidays;
	char *escalation_contact;
	size_t n_clocks;
	Candor__ClockRule **clocks;
	size_t n_escalation;
	Candor__LadderStep **escalation;
	char *templates_dir;
	size_t n_templates;
	Candor__Template **templates;
	size_t n_tags;
	char **tags;
	uint32_t pattern_cases, pattern_days;
	char *plugins_dir, *plugin_path, *libexec;
	uint32_t sessions, handshake_ms, idle_ms, attachment_mb, staged_mb;
	uint32_t cleaners; /* of each intake process at once */

	/* Pairs of a count and a list, as in a protobuf message. */
	size_t n_not_keepable;
	char **not_keepable;
	size_t n_outside_bodies;
	char **outside_bodies;
	size_t n_actions;
	char **actions;
	size_t n_four_eyes;
	char **four_eyes;
	int immediate;
	size_t n_release_times;
	char **release_times;

	/* The brief ones are for rooms that need no guidance, and no plugin's settings. */
	size_t n_categories;
	Candor__Category **categories, **categories_brief;
	size_t n_sites;
	Candor__Site **sites;
	size_t n_plugins;
	Candor__Plugin **plugins, **plugins_brief;
};

#define CONFIG_WITH_FILES 1u   /* look at keys, directory and plugin objects too */
#define CONFIG_WITH_PLUGINS 2u /* let each plugin check its settings, in a child */

/*
 * Read and check the file at path and all that belongs to it. Every fault is a line on err,
 * FILE:LINE: what is wrong and what is allowed. Returns NULL after any, and sets *status to one of
 * sysexits.h: EX_NOINPUT when path itself cannot be read, else EX_CONFIG. Blocks; runs plugins'
 * check() only with CONFIG_WITH_PLUGINS.
 */
struct config *config_load(const char *path, unsigned with, FILE *err, int *status) MUST_CHECK;

/* NULL is fine. */
void config_free(struct config *c);

/*
 * Put into now what cannot change while the daemon runs, as it is in old; names of those that
 * differed go to names, separated by ", ". Returns how many.
 */
unsigned config_keep_fixed(struct config *now, const struct config *old, FILE *names);

/*
 * The slice for one room: what it needs and no more. Points into c (and plugin, of a host), so
 * send it at once. uid is 0 unless the daemon runs as root and gives each room its own.
 */
void config_slice(Candor__RoomSetup *out, const struct config *c, enum wire_party room,
    unsigned index, const Candor__Plugin *plugin);

/* The uid of a room under this configuration, 0: that of the supervisor. */
uint32_t config_uid(const struct config *c, enum wire_party room, unsigned index);

/* The plugin of that name, or NULL. */
const Candor__Plugin *config_plugin(const struct config *c, const char *name);

/* Is path a regular file that we may read and nobody else can? *why is static, and says what to do. */
bool config_key_file_ok(int fd, const char **why);

#endif
