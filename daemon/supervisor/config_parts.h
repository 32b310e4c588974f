/* SPDX-License-Identifier: ISC */
/* What the files that read the configuration share; see config.h for the rest. Supervisor only. */
#ifndef CANDOR_CONFIG_PARTS_H
#define CANDOR_CONFIG_PARTS_H

#include "supervisor/config.h"
#include "supervisor/setting.h"

/* A list is a count and a pointer behind it: what setting.h relies on. */
#define IS_REPEATED(type, field)                                                                   \
	_Static_assert(offsetof(type, field) == offsetof(type, n_##field) + sizeof(size_t),        \
	    "setting.h lays a list out as a count and a pointer behind it")

/* 1 to 32 of a-z, 0-9 and -. */
bool config_id_valid(const char *text);

/* "HH:MM" */
bool config_time_valid(const char *text);

/* Is id one of the categories, or sites, read so far? */
bool config_has_category(const struct config *c, const char *id);
bool config_has_site(const struct config *c, const char *id);

/* The list of groups by that name, of at most max; NULL when there is none. */
const config_setting_t *config_group_list(
    struct setting_reader *r, const config_setting_t *root, const char *name, int max);

/* ---- config_clocks.c ---- */
extern const char *const config_weekdays[];
bool config_day_valid(const char *text);
bool config_email_or_none(const char *text);
/* The site's own clocks and its ladder, once categories and main settings are read. */
void config_clocks_read(struct config *c, struct setting_reader *r, const config_setting_t *root);

/* Complain about a key file (setting name, at path) that others can read or that is not there. */
void config_key_check(
    struct setting_reader *r, const config_setting_t *root, const char *name, const char *path);

/* Complain about a first directory that is none, is another site's or is not the charter's. */
void config_directory_check(
    struct config *c, struct setting_reader *r, const config_setting_t *root);

/* The bytes of a small file that the setting of that name is about (root NULL: of none), in the arena; p
 * NULL after a complaint. */
struct span config_read_small(struct setting_reader *r, const config_setting_t *root,
    const char *name, const char *path, size_t max);

/* Read the folder of templates, once the categories are read. */
void config_templates_read(struct config *c, struct setting_reader *r);

/* Fill in libexec and plugin_path where they were left out. */
void config_find_programs(struct config *c, struct setting_reader *r);

/* Read plugins_dir; with as in config_load(). */
void config_plugins_read(struct config *c, struct setting_reader *r, unsigned with);

#endif
