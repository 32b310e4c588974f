/* SPDX-License-Identifier: ISC */
/*
 * plugins.d/NAME.conf, one for each notifier. Runs in the supervisor, at start and on reload. What
 * stands under `settings` is the plugin's own: it is turned to text and not understood here.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/config_parts.h"
#include "supervisor/plugin_check.h"

#define SETTINGS_MAX 64        /* of one plugin */
#define PLUGIN_NAME_MAX 31     /* bytes */
#define PLUGIN_MAX_BYTES 32768 /* packed: one slice holds it */

static const char *const event_words[] = { "filed", "message", "assigned", "resolved", "closed",
	"reopened", NULL };

struct plugin_file {
	char *object;
	int enabled;
	size_t n_events;
	char **events;
	size_t n_categories;
	char **categories;
	int network;
	uint32_t deadline_s, max_attempts, retry_min_s, retry_max_s;
	size_t n_read_paths;
	char **read_paths;
};

#define REQUIRED .flags = SETTING_REQUIRED
#define IN_PLUGIN(field) .offset = offsetof(struct plugin_file, field)
/* clang-format off */
static const struct setting_key plugin_keys[] = {
	{ "plugin", SETTING_TEXT, REQUIRED, IN_PLUGIN(object), .min = 1, .max = 4000,
	  .doc = "an object in plugin_path, without .so, or a path with a /" },
	{ "enabled", SETTING_BOOL, 0, IN_PLUGIN(enabled), .number = 1 },
	{ "events", SETTING_TEXTS, 0, IN_PLUGIN(n_events), .words = event_words, .doc = "left out: all" },
	{ "categories", SETTING_TEXTS, 0, IN_PLUGIN(n_categories), .min = 1, .max = 32, .valid = config_id_valid,
	  .form = "ids of categories", .doc = "left out: all" },
	{ "network", SETTING_BOOL, 0, IN_PLUGIN(network), .doc = "may it connect over TCP" },
	{ "deadline_s", SETTING_NUMBER, 0, IN_PLUGIN(deadline_s), .min = 1, .max = 600, .number = 30,
	  .doc = "seconds for one delivery" },
	{ "max_attempts", SETTING_NUMBER, 0, IN_PLUGIN(max_attempts), .min = 1, .max = 1000, .number = 20,
	  .doc = "then it is a dead letter" },
	{ "retry_min_s", SETTING_NUMBER, 0, IN_PLUGIN(retry_min_s), .min = 1, .max = 86400, .number = 30,
	  .doc = "seconds before the second attempt; doubles from there" },
	{ "retry_max_s", SETTING_NUMBER, 0, IN_PLUGIN(retry_max_s), .min = 1, .max = 604800, .number = 21600,
	  .doc = "seconds between attempts at most" },
	{ "read_paths", SETTING_PATHS, 0, IN_PLUGIN(n_read_paths), .min = 1, .max = 4000,
	  .doc = "files and folders that the plugin reads while it runs" },
	{ "settings", SETTING_OTHER, 0, .doc = "the plugin's own" },
};
/* clang-format on */

IS_REPEATED(struct plugin_file, events);
IS_REPEATED(struct plugin_file, categories);
IS_REPEATED(struct plugin_file, read_paths);

/* The plugin's own settings as text, so that its author needs no parser. */
static char *
setting_as_text(struct setting_reader *r, const config_setting_t *s, int depth)
{
	char number[64];
	const char *text = number;

	switch (config_setting_type(s)) {
	case CONFIG_TYPE_STRING:
		text = config_setting_get_string(s);
		break;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		snprintf(number, sizeof(number), "%lld", config_setting_get_int64(s));
		break;
	case CONFIG_TYPE_FLOAT:
		snprintf(number, sizeof(number), "%.15g", config_setting_get_float(s));
		break;
	case CONFIG_TYPE_BOOL:
		text = config_setting_get_bool(s) ? "true" : "false";
		break;
	default: {
		char *joined = NULL, *copy;
		size_t len = 0;
		FILE *f;

		if (depth > 0 || config_setting_type(s) == CONFIG_TYPE_GROUP) {
			setting_error(r, s,
			    "a plugin's setting cannot hold a group; allowed: a text, a number, "
			    "true or false, or a list of these");
			return setting_copy(r, "");
		}
		if ((f = open_memstream(&joined, &len)) == NULL)
			return setting_copy(r, "");
		for (int i = 0; i < config_setting_length(s); i++) {
			const char *item =
			    setting_as_text(r, config_setting_get_elem(s, (unsigned)i), depth + 1);

			if (strchr(item, ',') != NULL)
				setting_error(r, s,
				    "an item of %s holds a comma, which stands between items",
				    config_setting_name(s));
			fprintf(f, "%s%s", i == 0 ? "" : ",", item);
		}
		fclose(f);
		copy = setting_copy(r, joined);
		free(joined);
		return copy;
	}
	}
	return setting_copy(r, text);
}

/* A setting whose name ends in _file is a path like those of candor.conf: relative to its folder. */
static bool
names_a_file(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, "_file") == 0;
}

static void
read_plugin_settings(Candor__Plugin *p, struct setting_reader *r, const config_setting_t *group)
{
	int n = group != NULL ? config_setting_length(group) : 0;
	Candor__Setting *all;

	if (group != NULL && config_setting_type(group) != CONFIG_TYPE_GROUP) {
		setting_error(r, group, "settings is not a group; allowed: { name = value; … }");
		return;
	}
	if (n > SETTINGS_MAX) {
		setting_error(r, group, "settings has %d entries; at most %d", n, SETTINGS_MAX);
		return;
	}
	all = setting_alloc(r, (size_t)n * sizeof(*all));
	p->settings = setting_alloc(r, (size_t)n * sizeof(*p->settings));
	if (all == NULL || p->settings == NULL)
		return;
	for (int i = 0; i < n; i++) {
		const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);

		candor__setting__init(&all[i]);
		all[i].name = setting_copy(r, config_setting_name(s));
		all[i].value = setting_as_text(r, s, 0);
		if (names_a_file(all[i].name))
			all[i].value = setting_path(r, all[i].value);
		p->settings[p->n_settings++] = &all[i];
	}
}

static bool
name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* The setting that a plugin's complaint names first, else the group. */
static const config_setting_t *
blamed(const config_setting_t *group, const char *why)
{
	const config_setting_t *best = group;
	const char *first = why + strlen(why);

	for (int i = 0; group != NULL && i < config_setting_length(group); i++) {
		const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
		const char *name = config_setting_name(s);
		size_t len = strlen(name);

		for (const char *at = why; (at = strstr(at, name)) != NULL && at < first; at++)
			if ((at == why || !name_char(at[-1])) && !name_char(at[len])) {
				first = at;
				best = s;
			}
	}
	return best;
}

static void
check_plugin(struct setting_reader *r, const Candor__Plugin *p, const config_setting_t *root)
{
	const config_setting_t *group = config_setting_get_member(root, "settings");
	const config_setting_t *at = config_setting_get_member(root, "plugin");
	char why[PLUGIN_CHECK_WHY_MAX];
	bool of_setting;

	if (plugin_check(p, why, &of_setting))
		return;
	if (!of_setting) {
		setting_error(r, at, "plugin \"%s\" %s", p->name, why);
		return;
	}
	at = blamed(group, why);
	if (at != NULL && at != group)
		setting_error(r, at, "settings.%s: %s", config_setting_name(at), why);
	else
		setting_error(r, at != NULL ? at : root, "settings: %s", why);
}

static char *
object_path(const struct config *c, struct setting_reader *r, const char *object)
{
	char path[2 * PATH_MAX];

	if (strchr(object, '/') != NULL)
		return setting_path(r, object);
	snprintf(path, sizeof(path), "%s/%s.so", c->plugin_path, object);
	return setting_copy(r, path);
}

static void
read_plugin(struct config *c, struct setting_reader *r, const config_setting_t *root,
    const char *name, unsigned with)
{
	Candor__Plugin *full = setting_alloc(r, 2 * sizeof(*full)), *brief = full + 1;
	struct plugin_file f = { 0 };
	unsigned before = r->n_errors;

	setting_read(r, root, "", plugin_keys, NELEM(plugin_keys), &f);
	if (full == NULL)
		return;
	if (f.retry_max_s < f.retry_min_s)
		setting_error(r, config_setting_get_member(root, "retry_max_s"),
		    "retry_max_s is %u, less than retry_min_s; allowed: %u or more", f.retry_max_s,
		    f.retry_min_s);
	for (size_t i = 0; i < f.n_categories; i++)
		if (!config_has_category(c, f.categories[i]))
			setting_error(r, config_setting_get_member(root, "categories"),
			    "category \"%s\" is unknown; allowed: an id of the site's categories",
			    f.categories[i]);
	candor__plugin__init(full);
	full->name = setting_copy(r, name);
	full->object = object_path(c, r, f.object);
	full->n_events = f.n_events;
	full->events = f.events;
	full->n_categories = f.n_categories;
	full->categories = f.categories;
	full->network = f.network;
	full->deadline_ms = f.deadline_s * 1000;
	full->max_attempts = f.max_attempts;
	full->retry_min_s = f.retry_min_s;
	full->retry_max_s = f.retry_max_s;
	*brief = *full;
	brief->object = setting_copy(r, "");
	full->n_read_paths = f.n_read_paths;
	full->read_paths = f.read_paths;
	read_plugin_settings(full, r, config_setting_get_member(root, "settings"));
	if (candor__plugin__get_packed_size(full) > PLUGIN_MAX_BYTES)
		setting_error(r, root, "the file holds more than %d bytes", PLUGIN_MAX_BYTES);
	if (r->n_errors != before || !f.enabled)
		return;
	if ((with & CONFIG_WITH_FILES) && access(full->object, R_OK) < 0) {
		setting_error(r, config_setting_get_member(root, "plugin"),
		    "plugin \"%s\": %s cannot be read: %s", f.object, full->object,
		    strerror(errno));
		return;
	}
	if (with & CONFIG_WITH_PLUGINS)
		check_plugin(r, full, root);
	c->plugins[c->n_plugins] = full;
	c->plugins_brief[c->n_plugins++] = brief;
}

/* NAME of NAME.conf, or false for what is no plugin's file. */
static bool
plugin_name(char name[PLUGIN_NAME_MAX + 1], const char *file)
{
	size_t len = strlen(file);

	if (len < 6 || strcmp(file + len - 5, ".conf") != 0 || len - 5 > PLUGIN_NAME_MAX)
		return false;
	len -= 5;
	memcpy(name, file, len);
	name[len] = '\0';
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static int
ends_in_conf(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > 5 && strcmp(e->d_name + len - 5, ".conf") == 0;
}

void
config_plugins_read(struct config *c, struct setting_reader *r, unsigned with)
{
	struct dirent **files = NULL;
	int n = scandir(c->plugins_dir, &files, ends_in_conf, alphasort);
	char name[PLUGIN_NAME_MAX + 1];

	c->plugins = setting_alloc(r, CONFIG_PLUGINS_MAX * sizeof(*c->plugins));
	c->plugins_brief = setting_alloc(r, CONFIG_PLUGINS_MAX * sizeof(*c->plugins_brief));
	if (n < 0 && (errno != ENOENT))
		setting_error(r, NULL, "plugins_dir: %s: %s", c->plugins_dir, strerror(errno));
	if (n > CONFIG_PLUGINS_MAX)
		setting_error(r, NULL, "%s holds %d plugins; at most %d", c->plugins_dir, n,
		    CONFIG_PLUGINS_MAX);
	for (int i = 0; i < n; i++) {
		char path[2 * PATH_MAX];
		config_t lc;

		snprintf(path, sizeof(path), "%s/%s", c->plugins_dir, files[i]->d_name);
		config_init(&lc);
		r->file = path;
		if (!plugin_name(name, files[i]->d_name))
			setting_error(r, NULL,
			    "the name is not allowed; allowed: NAME.conf, NAME being 1 to %d of "
			    "a-z, 0-9, _ and -",
			    PLUGIN_NAME_MAX);
		else if (setting_file(r, &lc, path, c->plugins_dir) && n <= CONFIG_PLUGINS_MAX &&
			 c->plugins != NULL && c->plugins_brief != NULL)
			read_plugin(c, r, config_root_setting(&lc), name, with);
		config_destroy(&lc);
		free(files[i]);
	}
	free(files);
}
