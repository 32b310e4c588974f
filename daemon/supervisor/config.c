/* SPDX-License-Identifier: ISC */
/*
 * The tables of settings, and what no table can say: that ids are unique, that files are what they
 * should be, that all fits into one message. Runs in the supervisor, at start and on reload; the
 * one place that knows libconfig beside setting.c.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "candor/directory.h"
#include "candor/strip.h"

#include "common/log.h"
#include "supervisor/config.h"
#include "supervisor/plugin_check.h"
#include "supervisor/setting.h"

#define ARENA_BYTES (4u << 20)
#define WORKERS_MAX 64
#define SETTINGS_MAX 64        /* of one plugin */
#define PLUGIN_NAME_MAX 31     /* bytes */
#define PLUGIN_MAX_BYTES 32768 /* packed: one slice holds it */
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)

/* A room's uid, as root: uid_base + what stands here. */
static const uint32_t room_uid[PARTY__N] = {
	[PARTY_INTAKE] = 1,
	[PARTY_DESK] = 2,
	[PARTY_STORE] = 3,
	[PARTY_DISPATCH] = 4,
	[PARTY_CLEANER] = 5,
	[PARTY_HOST] = 16, /* and one for each index */
};

/* ---- what a text may be ---------------------------------------------------------------------- */

static bool
id_valid(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= CATEGORY_ID_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static bool
time_valid(const char *t)
{
	const char *digits = "0123456789";

	return strlen(t) == 5 && strspn(t, digits) == 2 && t[2] == ':' &&
	       strspn(t + 3, digits) == 2 && strncmp(t, "24", 2) < 0 && t[3] < '6';
}

static bool
charter_valid(const char *text)
{
	struct minisign_public k;

	return minisign_public_parse(&k, text, strlen(text)) == 0;
}

static const char *const sandbox_words[] = { "enforce", "best-effort", NULL };
static const char *const log_words[] = { "error", "warning", "info", "debug", NULL };
static const char *const severity_words[] = { "low", "medium", "high", "critical", NULL };
static const char *const event_words[] = { "filed", "message", "assigned", "resolved", "closed",
	"reopened", NULL };
/* By enum officer_role; auditors and admins never receive a case. */
static const char *const recipient_words[] = { "officer", "lead", NULL };
static const char *const label_words[] = {
#define X(name, text, reason) text,
	STRIP_LABELS(X)
#undef X
	    NULL
};

/* ---- the tables ------------------------------------------------------------------------------ */

#define ID_FORM "an id of 1 to 32 of a-z, 0-9 and -"
#define AT(field) .offset = offsetof(struct config, field)
#define REQUIRED .flags = SETTING_REQUIRED
#define FIXED .flags = SETTING_FIXED

/* clang-format off */
static const struct setting_key main_keys[] = {
	{ "site_id", SETTING_HEX, SETTING_REQUIRED | SETTING_FIXED, AT(site_id), .max = SITE_ID_BYTES,
	  .doc = "made by candord --init; never change it: receipts are bound to it" },
	{ "site_name", SETTING_TEXT, REQUIRED, AT(site_name), .min = 1, .max = 128,
	  .doc = "what reporters see" },
	{ "charter", SETTING_TEXT, SETTING_REQUIRED | SETTING_FIXED, AT(charter), .valid = charter_valid, .min = 1, .max = 128,
	  .form = "the line of a minisign public key, \"RW…\"",
	  .doc = "who signs the directory of officers" },
	{ "intake_socket", SETTING_PATH, FIXED, AT(intake_socket), .min = 1, .max = 4000,
	  .text = "run/intake.sock", .doc = "where reporters' clients connect" },
	{ "desk_socket", SETTING_PATH, FIXED, AT(desk_socket), .min = 1, .max = 4000,
	  .text = "run/desk.sock", .doc = "where officers' clients connect" },
	{ "desk_group", SETTING_TEXT, FIXED, AT(desk_group), .min = 1, .max = 64,
	  .doc = "the group that may connect to desk_socket; left out: anyone with an enrolled key" },
	{ "state", SETTING_PATH, FIXED, AT(state), .min = 1, .max = 4000,
	  .text = "state", .doc = "folder of the database" },
	{ "intake_key", SETTING_PATH, FIXED, AT(intake_key), .min = 1, .max = 4000,
	  .text = "keys/intake.key", .doc = "the daemon's secret towards reporters" },
	{ "desk_key", SETTING_PATH, FIXED, AT(desk_key), .min = 1, .max = 4000,
	  .text = "keys/desk.key", .doc = "the daemon's secret towards officers" },
	{ "directory", SETTING_PATH, FIXED, AT(directory), .min = 1, .max = 4000,
	  .text = "directory.txt", .doc = "the first directory of officers" },
	{ "directory_signature", SETTING_PATH, FIXED, AT(directory_signature), .min = 1, .max = 4000,
	  .text = "directory.txt.minisig", .doc = "its signature by the charter key" },
	{ "workers", SETTING_NUMBER, FIXED, AT(workers), .max = WORKERS_MAX,
	  .doc = "intake processes; 0: one per core" },
	{ "uid_base", SETTING_NUMBER, FIXED, AT(uid_base), .max = 2000000000, .number = 61800,
	  .doc = "rooms run under the uids behind it; 0: all under ours; matters as root only" },
	{ "libexec", SETTING_PATH, FIXED, AT(libexec), .min = 1, .max = 4000,
	  .doc = "folder of candor-intake and its like" },
	{ "sandbox", SETTING_CHOICE, FIXED, AT(sandbox), .words = sandbox_words,
	  .doc = "whether to start where the kernel lacks a wall" },
	{ "log_level", SETTING_CHOICE, 0, AT(log_level), .words = log_words, .number = LOG_LEVEL_INFO },
	{ "headcount_k", SETTING_NUMBER, 0, AT(headcount_k), .min = 1, .max = 10000, .number = 10,
	  .doc = "a site with fewer people is shown as its parent" },
	{ "plugins_dir", SETTING_PATH, 0, AT(plugins_dir), .min = 1, .max = 4000,
	  .text = "plugins.d", .doc = "folder of NAME.conf, one for each plugin" },
	{ "plugin_path", SETTING_PATH, 0, AT(plugin_path), .min = 1, .max = 4000,
	  .doc = "folder of the plugins' shared objects" },
	{ "not_keepable", SETTING_TEXTS, 0, AT(n_not_keepable), .words = label_words,
	  .doc = "what a reporter may not decide to keep" },
	{ "outside_bodies", SETTING_TEXTS, 0, AT(n_outside_bodies), .min = 1, .max = 300,
	  .doc = "whom else one may turn to" },
	{ "actions", SETTING_TEXTS, 0, AT(n_actions), .min = 1, .max = CATEGORY_ID_MAX, .valid = id_valid,
	  .form = "ids of 1 to 32 of a-z, 0-9 and -", .doc = "corrective actions" },
	{ "release", SETTING_OTHER, 0, .doc = "when reports reach the officers" },
	{ "limits", SETTING_OTHER, 0, .doc = "group" },
	{ "categories", SETTING_OTHER, 0, .doc = "list of groups" },
	{ "sites", SETTING_OTHER, 0, .doc = "list of groups" },
};

static const struct setting_key limit_keys[] = {
	{ "sessions", SETTING_NUMBER, FIXED, AT(sessions), .min = 8, .max = 4096, .number = 256,
	  .doc = "clients at a time, for each worker" },
	{ "handshake_ms", SETTING_NUMBER, FIXED, AT(handshake_ms), .min = 100, .max = 600000, .number = 10000,
	  .doc = "milliseconds that a client may take to say who we are" },
	{ "idle_ms", SETTING_NUMBER, FIXED, AT(idle_ms), .min = 1000, .max = 86400000, .number = 300000,
	  .doc = "milliseconds after which a silent client is let go" },
	{ "attachment_mb", SETTING_NUMBER, 0, AT(attachment_mb), .min = 1, .max = 25, .number = 25,
	  .doc = "MiB of one attachment" },
	{ "staged_mb", SETTING_NUMBER, 0, AT(staged_mb), .min = 1, .max = 65536, .number = 512,
	  .doc = "MiB of all attachments that are under way" },
};

static const struct setting_key release_key = { "release", SETTING_TEXTS, .valid = time_valid,
	.min = 5, .max = 5, .form = "\"HH:MM\", or the word \"immediate\" instead of the list" };

#define IN_CATEGORY(field) .offset = offsetof(Candor__Category, field)
static const struct setting_key category_keys[] = {
	{ "id", SETTING_TEXT, REQUIRED, IN_CATEGORY(id), .min = 1, .max = 32, .valid = id_valid, .form = ID_FORM },
	{ "title", SETTING_TEXT, REQUIRED, IN_CATEGORY(title), .min = 1, .max = 100 },
	{ "guidance", SETTING_PROSE, REQUIRED, IN_CATEGORY(guidance), .min = 1, .max = 4000,
	  .doc = "what counts, what helps, what happens next" },
	{ "severity", SETTING_TEXT, 0, IN_CATEGORY(severity), .words = severity_words, .text = "medium" },
	{ "acknowledge_days", SETTING_NUMBER, 0, IN_CATEGORY(acknowledge_days), .min = 1, .max = 90, .number = 7 },
	{ "feedback_months", SETTING_NUMBER, 0, IN_CATEGORY(feedback_months), .min = 1, .max = 12, .number = 3,
	  .doc = "from acknowledgement" },
	{ "retention_years", SETTING_NUMBER, 0, IN_CATEGORY(retention_years), .min = 1, .max = 50, .number = 6 },
	{ "recipients", SETTING_MASK, REQUIRED, IN_CATEGORY(roles_mask), .words = recipient_words,
	  .doc = "roles" },
	{ "immediate", SETTING_BOOL, 0, IN_CATEGORY(immediate), .doc = "released at once: imminent harm" },
};

#define IN_SITE(field) .offset = offsetof(Candor__Site, field)
static const struct setting_key site_keys[] = {
	{ "id", SETTING_TEXT, REQUIRED, IN_SITE(id), .min = 1, .max = 32, .valid = id_valid, .form = ID_FORM },
	{ "title", SETTING_TEXT, REQUIRED, IN_SITE(title), .min = 1, .max = 100 },
	{ "parent", SETTING_TEXT, 0, IN_SITE(parent), .min = 1, .max = 32, .valid = id_valid, .form = ID_FORM },
	{ "headcount", SETTING_NUMBER, REQUIRED, IN_SITE(headcount), .max = 1000000,
	  .doc = "people who work there" },
};

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

#define IN_PLUGIN(field) .offset = offsetof(struct plugin_file, field)
static const struct setting_key plugin_keys[] = {
	{ "plugin", SETTING_TEXT, REQUIRED, IN_PLUGIN(object), .min = 1, .max = 4000,
	  .doc = "an object in plugin_path, without .so, or a path with a /" },
	{ "enabled", SETTING_BOOL, 0, IN_PLUGIN(enabled), .number = 1 },
	{ "events", SETTING_TEXTS, 0, IN_PLUGIN(n_events), .words = event_words, .doc = "left out: all" },
	{ "categories", SETTING_TEXTS, 0, IN_PLUGIN(n_categories), .min = 1, .max = 32, .valid = id_valid,
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

#define IS_REPEATED(type, field)                                                                   \
	_Static_assert(offsetof(type, field) == offsetof(type, n_##field) + sizeof(size_t),        \
	    "setting.h lays a list out as a count and a pointer behind it")
IS_REPEATED(struct config, not_keepable);
IS_REPEATED(struct config, outside_bodies);
IS_REPEATED(struct config, actions);
IS_REPEATED(struct plugin_file, events);
IS_REPEATED(struct plugin_file, categories);
IS_REPEATED(struct plugin_file, read_paths);

/* ---- groups in lists --------------------------------------------------------------------------- */

/* The list of groups by that name, of at most max; NULL when there is none. */
static const config_setting_t *
group_list(struct setting_reader *r, const config_setting_t *root, const char *name, int max)
{
	const config_setting_t *list = config_setting_get_member(root, name);

	if (list == NULL)
		return NULL;
	if (config_setting_type(list) != CONFIG_TYPE_LIST) {
		setting_error(
		    r, list, "%s is not a list of groups; allowed: ( { … }, { … } )", name);
		return NULL;
	}
	if (config_setting_length(list) > max) {
		setting_error(r, list, "%s has %d entries; at most %d", name,
		    config_setting_length(list), max);
		return NULL;
	}
	return list;
}

static bool
has_category(const struct config *c, const char *id)
{
	for (size_t i = 0; i < c->n_categories; i++)
		if (strcmp(c->categories[i]->id, id) == 0)
			return true;
	return false;
}

static const Candor__Site *
find_site(const struct config *c, const char *id)
{
	for (size_t i = 0; i < c->n_sites; i++)
		if (strcmp(c->sites[i]->id, id) == 0)
			return c->sites[i];
	return NULL;
}

static void
read_categories(struct config *c, struct setting_reader *r, const config_setting_t *root)
{
	const config_setting_t *list = group_list(r, root, "categories", CONFIG_CATEGORIES_MAX);
	size_t n = list != NULL ? (size_t)config_setting_length(list) : 0;
	Candor__Category *all = setting_alloc(r, 2 * n * sizeof(*all));

	c->categories = setting_alloc(r, n * sizeof(*c->categories));
	c->categories_brief = setting_alloc(r, n * sizeof(*c->categories_brief));
	if (all == NULL || c->categories == NULL || c->categories_brief == NULL)
		return;
	if (n == 0 && config_setting_get_member(root, "categories") == NULL)
		setting_error(r, NULL,
		    "categories is missing; allowed: ( { id = \"…\"; … }, … ), or @include "
		    "\"categories.conf\"");
	else if (n == 0 && list != NULL)
		setting_error(r, list, "categories is empty; allowed: one or more");
	for (size_t i = 0; i < n; i++) {
		const config_setting_t *s = config_setting_get_elem(list, (unsigned)i);
		Candor__Category *full = &all[2 * i], *brief = full + 1;
		char prefix[64];

		candor__category__init(full);
		snprintf(prefix, sizeof(prefix), "categories[%zu].", i);
		setting_read(r, s, prefix, category_keys, NELEM(category_keys), full);
		if (full->id[0] != '\0' && has_category(c, full->id))
			setting_error(r, s, "category \"%s\" is there twice", full->id);
		*brief = *full;
		brief->guidance = setting_copy(r, "");
		c->categories[i] = full;
		c->categories_brief[i] = brief;
		c->n_categories = i + 1;
	}
}

static void
read_sites(struct config *c, struct setting_reader *r, const config_setting_t *root)
{
	const config_setting_t *list = group_list(r, root, "sites", CONFIG_SITES_MAX);
	size_t n = list != NULL ? (size_t)config_setting_length(list) : 0;
	Candor__Site *all = setting_alloc(r, n * sizeof(*all));

	c->sites = setting_alloc(r, n * sizeof(*c->sites));
	if (all == NULL || c->sites == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		const config_setting_t *s = config_setting_get_elem(list, (unsigned)i);
		char prefix[64];

		candor__site__init(&all[i]);
		snprintf(prefix, sizeof(prefix), "sites[%zu].", i);
		setting_read(r, s, prefix, site_keys, NELEM(site_keys), &all[i]);
		if (all[i].id[0] != '\0' && find_site(c, all[i].id) != NULL)
			setting_error(r, s, "site \"%s\" is there twice", all[i].id);
		c->sites[i] = &all[i];
		c->n_sites = i + 1;
	}
	for (size_t i = 0; i < c->n_sites; i++) {
		const config_setting_t *s = config_setting_get_elem(list, (unsigned)i);
		const Candor__Site *up = c->sites[i];
		size_t steps = 0;

		while (up != NULL && up->parent[0] != '\0' && steps++ <= c->n_sites) {
			const Candor__Site *next = find_site(c, up->parent);

			if (next == NULL && up == c->sites[i])
				setting_error(r, s,
				    "parent \"%s\" of site \"%s\" is no site; allowed: the id of "
				    "another",
				    up->parent, up->id);
			up = next;
		}
		if (steps > c->n_sites)
			setting_error(r, s, "site \"%s\" is among its own parents", all[i].id);
	}
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
read_release(struct config *c, struct setting_reader *r, const config_setting_t *root)
{
	static const char *const usual[] = { "07:00", "13:00", "19:00" };
	const config_setting_t *s = config_setting_get_member(root, "release");

	if (s == NULL) {
		if ((c->release_times = setting_alloc(r, sizeof(usual))) == NULL)
			return;
		for (size_t i = 0; i < NELEM(usual); i++)
			c->release_times[c->n_release_times++] = setting_copy(r, usual[i]);
		return;
	}
	if (config_setting_type(s) == CONFIG_TYPE_STRING &&
	    strcmp(config_setting_get_string(s), "immediate") == 0) {
		c->immediate = 1;
		return;
	}
	setting_texts(r, s, "", &release_key, &c->n_release_times, &c->release_times);
	if (config_setting_is_aggregate(s) && config_setting_length(s) == 0)
		setting_error(r, s, "release is empty; allowed: %s", release_key.form);
	if (c->n_release_times > 0)
		qsort(c->release_times, c->n_release_times, sizeof(char *), by_text);
}

/* ---- files ------------------------------------------------------------------------------------- */

bool
config_key_file_ok(int fd, const char **why)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		*why = "cannot be read: make it with candord --init, or restore it";
	else if (!S_ISREG(st.st_mode))
		*why = "is no regular file";
	else if ((st.st_mode & 077) != 0)
		*why = "can be read by others, so it may be known already: run chmod 600 on it";
	else
		return true;
	return false;
}

static void
check_key(
    struct setting_reader *r, const config_setting_t *root, const char *name, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *why = NULL;

	if (!config_key_file_ok(fd, &why))
		setting_error(
		    r, config_setting_get_member(root, name), "%s: %s %s", name, path, why);
	if (fd >= 0)
		close(fd);
}

/* The bytes of a small file, in the arena. */
static struct span
read_small(struct setting_reader *r, const config_setting_t *root, const char *name,
    const char *path, size_t max)
{
	const config_setting_t *s = config_setting_get_member(root, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	uint8_t *p = setting_alloc(r, max + 1);
	size_t len = 0;
	ssize_t n = -1;

	if (fd < 0)
		setting_error(r, s, "%s: %s cannot be read: %s", name, path, strerror(errno));
	if (fd < 0 || p == NULL)
		return (struct span){ NULL, 0 };
	while (len <= max && (n = read(fd, p + len, max + 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		setting_error(r, s, "%s: %s cannot be read: %s", name, path, strerror(errno));
	else if (len > max)
		setting_error(r, s, "%s: %s is larger than %zu bytes", name, path, max);
	close(fd);
	return n < 0 || len > max ? (struct span){ NULL, 0 } : (struct span){ p, len };
}

static void
check_directory(struct config *c, struct setting_reader *r, const config_setting_t *root)
{
	const config_setting_t *s = config_setting_get_member(root, "directory");
	struct span text = read_small(r, root, "directory", c->directory, DIRECTORY_MAX_BYTES);
	struct span sig = read_small(
	    r, root, "directory_signature", c->directory_signature, MINISIGN_SIGNATURE_MAX);
	struct minisign_public charter;
	struct directory *d = NULL;
	const char *why = NULL;
	unsigned line = 0;

	if (text.p == NULL || sig.p == NULL ||
	    minisign_public_parse(&charter, c->charter, strlen(c->charter)) < 0)
		return;
	if (directory_parse(r->a, &d, text.p, text.len, &line, &why) < 0)
		setting_error(r, s, "directory: %s:%u: %s", c->directory, line,
		    why != NULL ? why : "is no directory");
	else if (memcmp(d->site_id, c->site_id, sizeof(c->site_id)) != 0)
		setting_error(r, s, "directory: %s is for another site than site_id", c->directory);
	else if (minisign_verify(text.p, text.len, sig.p, sig.len, &charter) < 0)
		setting_error(r, s,
		    "directory: %s is not signed by the charter key in %s; the charter's holder "
		    "must sign it",
		    c->directory, c->directory_signature);
}

/* Where our own binary lies tells where the rooms and plugins are: beside it in a build tree. */
static void
find_programs(struct config *c, struct setting_reader *r)
{
	char self[PATH_MAX], path[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	bool tree;

	self[n > 0 ? n : 0] = '\0';
	dirname(self);
	snprintf(path, sizeof(path), "%s/candor-intake", self);
	tree = access(path, X_OK) == 0;
	if (c->libexec[0] == '\0') {
		snprintf(path, sizeof(path), tree ? "%s" : "%s/../libexec/candor", self);
		c->libexec = setting_copy(r, path);
	}
	if (c->plugin_path[0] == '\0') {
		snprintf(
		    path, sizeof(path), tree ? "%s/plugins" : "%s/../lib/candor/plugins", self);
		c->plugin_path = setting_copy(r, path);
	}
}

/* ---- plugins.d ------------------------------------------------------------------------------- */

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
		char *joined = NULL;
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
		text = setting_copy(r, joined);
		free(joined);
		return setting_copy(r, text);
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
		if (!has_category(c, f.categories[i]))
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

/* Read one file into lc; a fault in its grammar is a complaint. */
static bool
parse_file(struct setting_reader *r, config_t *lc, const char *path, const char *folder)
{
	FILE *f = fopen(path, "re");
	bool ok;

	r->file = path;
	if (f == NULL) {
		setting_error(r, NULL, "cannot be read: %s", strerror(errno));
		return false;
	}
	fclose(f);
	config_set_include_dir(lc, folder);
	if (!(ok = config_read_file(lc, path) == CONFIG_TRUE)) {
		const char *file = config_error_file(lc);

		fprintf(r->err, "%s:%d: %s; see candor.conf(5) for what is allowed\n",
		    file != NULL ? file : path,
		    config_error_line(lc) > 0 ? config_error_line(lc) : 1, config_error_text(lc));
		r->n_errors++;
	}
	return ok;
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

static void
read_plugins(struct config *c, struct setting_reader *r, unsigned with)
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
		else if (parse_file(r, &lc, path, c->plugins_dir) && n <= CONFIG_PLUGINS_MAX &&
			 c->plugins != NULL && c->plugins_brief != NULL)
			read_plugin(c, r, config_root_setting(&lc), name, with);
		config_destroy(&lc);
		free(files[i]);
	}
	free(files);
}

/* ---- the whole --------------------------------------------------------------------------------- */

static void
check_whole(struct config *c, struct setting_reader *r, const config_setting_t *root)
{
	const struct {
		const char *name, *path;
	} sockets[] = { { "intake_socket", c->intake_socket }, { "desk_socket", c->desk_socket } };
	Candor__Guide guide = CANDOR__GUIDE__INIT;
	const config_setting_t *limits = config_setting_get_member(root, "limits");

	for (size_t i = 0; i < NELEM(sockets); i++)
		if (strlen(sockets[i].path) > SOCKET_PATH_MAX)
			setting_error(r, config_setting_get_member(root, sockets[i].name),
			    "%s: %s has %zu bytes; a socket's path may have %zu", sockets[i].name,
			    sockets[i].path, strlen(sockets[i].path), SOCKET_PATH_MAX);
	if (strcmp(c->intake_socket, c->desk_socket) == 0)
		setting_error(r, config_setting_get_member(root, "desk_socket"),
		    "desk_socket is the same as intake_socket; allowed: another path");
	if (c->desk_group[0] != '\0' && getgrnam(c->desk_group) == NULL)
		setting_error(r, config_setting_get_member(root, "desk_group"),
		    "desk_group: there is no group \"%s\"; make it with groupadd, or leave the "
		    "setting out",
		    c->desk_group);
	if (c->staged_mb < c->attachment_mb)
		setting_error(r, limits,
		    "limits.staged_mb is %u, less than limits.attachment_mb; allowed: %u or more",
		    c->staged_mb, c->attachment_mb);
	guide.n_categories = c->n_categories;
	guide.categories = c->categories;
	guide.n_sites = c->n_sites;
	guide.sites = c->sites;
	guide.n_outside_bodies = c->n_outside_bodies;
	guide.outside_bodies = c->outside_bodies;
	if (candor__guide__get_packed_size(&guide) > CONFIG_GUIDE_MAX)
		setting_error(r, config_setting_get_member(root, "categories"),
		    "categories, sites and outside_bodies take %zu bytes together; at most %d: "
		    "shorten the guidance",
		    candor__guide__get_packed_size(&guide), CONFIG_GUIDE_MAX);
}

static char *
folder_of(const char *path)
{
	char *real = realpath(path, NULL);

	return real != NULL ? dirname(real) : NULL;
}

struct config *
config_load(const char *path, unsigned with, FILE *err, int *status)
{
	struct setting_reader r = { .err = err, .file = path };
	struct config *c = calloc(1, sizeof(*c));
	void *memory = malloc(ARENA_BYTES);
	char *folder = folder_of(path);
	const config_setting_t *root;
	config_t lc;

	*status = EX_CONFIG;
	if (c == NULL || memory == NULL) {
		fprintf(err, "%s: out of memory\n", path);
		*status = EX_OSERR;
		free(folder);
		free(memory);
		free(c);
		return NULL;
	}
	arena_init(&c->arena, memory, ARENA_BYTES);
	r.a = &c->arena;
	config_init(&lc);
	if (folder == NULL || access(path, R_OK) < 0) {
		fprintf(err, "%s: cannot be read: %s\n", path, strerror(errno));
		*status = EX_NOINPUT;
		r.n_errors++;
	} else if (parse_file(&r, &lc, path, folder)) {
		r.folder = c->folder = setting_copy(&r, folder);
		root = config_root_setting(&lc);
		setting_read(&r, root, "", main_keys, NELEM(main_keys), c);
		setting_read(&r, config_setting_get_member(root, "limits"), "limits.", limit_keys,
		    NELEM(limit_keys), c);
		if (c->workers == 0) {
			long cores = sysconf(_SC_NPROCESSORS_ONLN);

			c->workers = cores < 1             ? 1
				     : cores > WORKERS_MAX ? WORKERS_MAX
							   : (uint32_t)cores;
		}
		find_programs(c, &r);
		read_release(c, &r, root);
		read_categories(c, &r, root);
		read_sites(c, &r, root);
		check_whole(c, &r, root);
		if (with & CONFIG_WITH_FILES) {
			check_key(&r, root, "intake_key", c->intake_key);
			check_key(&r, root, "desk_key", c->desk_key);
			check_directory(c, &r, root);
		}
		read_plugins(c, &r, with);
	}
	config_destroy(&lc);
	free(folder);
	if (r.n_errors > 0) {
		config_free(c);
		return NULL;
	}
	*status = EX_OK;
	return c;
}

void
config_free(struct config *c)
{
	if (c == NULL)
		return;
	free(c->arena.base);
	free(c);
}

unsigned
config_keep_fixed(struct config *now, const struct config *old, FILE *names)
{
	unsigned n = setting_keep_fixed(&now->arena, main_keys, NELEM(main_keys), now, old, names);

	return n + setting_keep_fixed(&now->arena, limit_keys, NELEM(limit_keys), now, old, names);
}

/* ---- slices ------------------------------------------------------------------------------------ */

enum part {
	PART_SITE = 1, /* site_id, site_name, charter */
	PART_LIMITS = 2,
	PART_GUIDE = 4,      /* categories with guidance, sites, outside bodies, what may be kept */
	PART_CATEGORIES = 8, /* without guidance */
	PART_RELEASE = 16,
	PART_ACTIONS = 32,
	PART_PLUGINS = 64, /* without settings */
};

static const unsigned parts[PARTY__N] = {
	[PARTY_INTAKE] = PART_SITE | PART_LIMITS | PART_GUIDE | PART_RELEASE,
	[PARTY_DESK] = PART_SITE | PART_LIMITS | PART_CATEGORIES | PART_RELEASE | PART_ACTIONS,
	[PARTY_STORE] =
	    PART_SITE | PART_LIMITS | PART_CATEGORIES | PART_RELEASE | PART_ACTIONS | PART_PLUGINS,
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
	if (has & PART_RELEASE) {
		out->immediate = c->immediate;
		out->n_release_times = c->n_release_times;
		out->release_times = c->release_times;
	}
	if (has & PART_ACTIONS) {
		out->n_actions = c->n_actions;
		out->actions = c->actions;
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
