/* SPDX-License-Identifier: ISC */
/*
 * plugins.d/NAME.conf, one for each notifier. Runs in the supervisor, at start and on reload. What
 * stands under `settings` is the plugin's own: it is turned to text and not understood here.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium/crypto_generichash.h>
#include <sodium/utils.h>

#include "candor/directory.h"

#include "supervisor/config_parts.h"
#include "supervisor/plugin_check.h"

#define SETTINGS_MAX 64           /* of one plugin */
#define PLUGIN_NAME_MAX 31        /* bytes */
#define PLUGIN_MAX_BYTES 32768    /* packed: one slice holds it */
#define FILE_MAX_BYTES (1u << 20) /* of a setting's file, as plugins read them */

/* All routings together: they go to store in one message. */
#define ROUTING_MAX_BYTES 32768

/* What can be chosen of CANDOR_KINDS: a digest and a test come on their own account. */
static const char *const event_words[] = { "filed", "message", "assigned", "due", "overdue",
	"escalated", "resolved", "closed", "reopened", "changed", "alarm", "audit", NULL };
static const char *const severity_words[] = { "low", "medium", "high", "critical", NULL };
static const char *const omit_words[] = { "category", "site", "severity", NULL };
static const char *const cadence_words[] = { "events", "daily", NULL };
static const char *const to_words[] = { "readers", "assignee", "leads", "admins", NULL };

enum { CADENCE_EVENTS, CADENCE_DAILY };

/* The object that can do nothing without addresses, and whose own setting `to` came before ours. People
 * are not written to of each step of a case, unless somebody wants that. */
#define MAIL_OBJECT "email"
static const char *const mail_events[] = { "filed", "message", "assigned", "due", "overdue",
	"escalated", "resolved", "closed", "reopened", "alarm" };
#define MAIL_BURST 20
#define MAIL_PER_HOUR 120

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
	size_t n_severities;
	char **severities;
	size_t n_sites;
	char **sites;
	size_t n_to;
	char **to;
	size_t n_omit;
	char **omit;
	int digest;
	uint32_t cadence;
	char *at;
	size_t n_programs;
	char **programs;
	uint32_t memory_mib;
};

struct plugin_rate {
	uint32_t burst, per_hour;
};

static bool to_valid(const char *text);
#define TO_FORM "\"readers\", \"assignee\", \"leads\", \"admins\" and e-mail addresses"

static bool
word_among(const char *const *words, const char *text)
{
	while (*words != NULL && strcmp(*words, text) != 0)
		words++;
	return *words != NULL;
}

static bool
to_valid(const char *text)
{
	const char *why;

	return word_among(to_words, text) || officer_email_valid(text, &why);
}

static bool
site_or_none(const char *text)
{
	return *text == '\0' || config_id_valid(text);
}

#define REQUIRED .flags = SETTING_REQUIRED
#define IN_PLUGIN(field) .offset = offsetof(struct plugin_file, field)
/* clang-format off */
static const struct setting_key plugin_keys[] = {
	{ "plugin", SETTING_TEXT, REQUIRED, IN_PLUGIN(object), .min = 1, .max = 4000,
	  .doc = "an object in plugin_path, without .so, or a path with a /" },
	{ "enabled", SETTING_BOOL, 0, IN_PLUGIN(enabled), .number = 1 },
	{ "events", SETTING_TEXTS, 0, IN_PLUGIN(n_events), .words = event_words,
	  .doc = "left out: all but audit; the e-mail plugin: neither changed" },
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
	{ "severities", SETTING_TEXTS, 0, IN_PLUGIN(n_severities), .words = severity_words, .doc = "left out: all" },
	{ "sites", SETTING_TEXTS, 0, IN_PLUGIN(n_sites), .max = 32, .valid = site_or_none,
	  .form = "ids of sites, and \"\" for cases without one", .doc = "left out: all" },
	{ "to", SETTING_TEXTS, 0, IN_PLUGIN(n_to), .min = 1, .max = 254, .valid = to_valid,
	  .form = TO_FORM, .doc = "whom it tells" },
	{ "to_for", SETTING_OTHER, 0, .doc = "group: `to` of some events" },
	{ "omit", SETTING_TEXTS, 0, IN_PLUGIN(n_omit), .words = omit_words, .doc = "what it is not shown" },
	{ "rate", SETTING_OTHER, 0, .doc = "group: how many go out" },
	{ "digest", SETTING_BOOL, 0, IN_PLUGIN(digest), .doc = "what exceeds the rate goes out as one" },
	{ "cadence", SETTING_CHOICE, 0, IN_PLUGIN(cadence), .words = cadence_words },
	{ "at", SETTING_TEXT, 0, IN_PLUGIN(at), .valid = config_time_valid, .min = 5, .max = 5, .text = "07:30",
	  .form = "\"HH:MM\"", .doc = "when the daily digest goes out" },
	{ "programs", SETTING_PATHS, 0, IN_PLUGIN(n_programs), .min = 1, .max = 4000,
	  .doc = "programs that the plugin may run; of a script its interpreter too" },
	{ "memory_mib", SETTING_NUMBER, 0, IN_PLUGIN(memory_mib), .min = 32, .max = 65536, .number = 256,
	  .doc = "address space of the plugin's process, and of each program it runs" },
	{ "settings", SETTING_OTHER, 0, .doc = "the plugin's own" },
};

#define IN_RATE(field) .offset = offsetof(struct plugin_rate, field)
static const struct setting_key rate_keys[] = {
	{ "burst", SETTING_NUMBER, 0, IN_RATE(burst), .min = 1, .max = 1000, .number = MAIL_BURST,
	  .doc = "at once" },
	{ "per_hour", SETTING_NUMBER, 0, IN_RATE(per_hour), .max = 100000, .number = MAIL_PER_HOUR,
	  .doc = "and so many an hour after that; 0: no limit" },
};

static const struct setting_key route_key = { .type = SETTING_TEXTS, .min = 1, .max = 254,
	.valid = to_valid, .form = TO_FORM };
/* clang-format on */

IS_REPEATED(struct plugin_file, severities);
IS_REPEATED(struct plugin_file, sites);
IS_REPEATED(struct plugin_file, to);
IS_REPEATED(struct plugin_file, omit);
IS_REPEATED(struct plugin_file, events);
IS_REPEATED(struct plugin_file, categories);
IS_REPEATED(struct plugin_file, read_paths);
IS_REPEATED(struct plugin_file, programs);

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

/* A file is what is in it, read or not; an object is what ls(1) shows of it. */
static void
hash_file(crypto_generichash_state *hash, const char *path, bool contents)
{
	uint8_t buf[4096];
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		crypto_generichash_update(hash, (const uint8_t *)"-", 1);
	} else if (contents) {
		for (size_t left = FILE_MAX_BYTES;
		     left > 0 && (n = read(fd, buf, sizeof(buf))) > 0 && (size_t)n <= left;
		     left -= (size_t)n)
			crypto_generichash_update(hash, buf, (size_t)n);
		sodium_memzero(buf, sizeof(buf));
	} else {
		const int64_t facts[] = { (int64_t)st.st_ino, st.st_size, st.st_mtim.tv_sec,
			st.st_mtim.tv_nsec };

		crypto_generichash_update(hash, (const uint8_t *)facts, sizeof(facts));
	}
	if (fd >= 0)
		close(fd);
}

/* So that a reload sees what changed without a word of it in the plugin's own file: a new password, a new
 * version. */
static void
hash_files(Candor__Plugin *p, struct setting_reader *r)
{
	crypto_generichash_state hash;
	uint8_t *out = setting_alloc(r, crypto_generichash_BYTES);

	if (out == NULL)
		return;
	crypto_generichash_init(&hash, NULL, 0, crypto_generichash_BYTES);
	hash_file(&hash, p->object, false);
	for (size_t i = 0; i < p->n_settings; i++) {
		if (!names_a_file(p->settings[i]->name))
			continue;
		crypto_generichash_update(&hash, (const uint8_t *)&i, sizeof(i));
		hash_file(&hash, p->settings[i]->value, true);
	}
	crypto_generichash_final(&hash, out, crypto_generichash_BYTES);
	p->files = wire_bytes(out, crypto_generichash_BYTES);
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

	/* One that is not there has no line. */
	if (strncmp(why + strcspn(why, " "), " must be given:", 15) == 0)
		return group;
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
check_plugin(struct setting_reader *r, const Candor__Plugin *p, bool best_effort,
    const config_setting_t *root)
{
	const config_setting_t *group = config_setting_get_member(root, "settings");
	const config_setting_t *at = config_setting_get_member(root, "plugin");
	char why[PLUGIN_CHECK_WHY_MAX];
	bool of_setting;

	if (plugin_check(p, best_effort, why, &of_setting))
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

/* ---- routing --------------------------------------------------------------------------------- */

/* Is it the e-mail plugin that came with Candor? */
static bool
is_mail(const char *object)
{
	const char *base = strrchr(object, '/');

	base = base != NULL ? base + 1 : object;
	return strcmp(base, MAIL_OBJECT) == 0 || strcmp(base, MAIL_OBJECT ".so") == 0;
}

static bool
only_admins(size_t n, char *const *to)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(to[i], "admins") != 0)
			return false;
	return n > 0;
}

static void
add_to(Candor__Plugin *p, struct setting_reader *r, const config_setting_t *at, const char *text)
{
	if (!to_valid(text))
		setting_error(r, at,
		    "settings.to: \"%s\" is not allowed; write `to = […]` beside settings, "
		    "of " TO_FORM,
		    text);
	else if (p->n_to == SETTING_LIST_MAX)
		setting_error(r, at, "settings.to has more than %d addresses", SETTING_LIST_MAX);
	else
		p->to[p->n_to++] = setting_copy(r, text);
}

/*
 * The e-mail plugin had a setting `to` of its own, "officers" or addresses between commas or blanks:
 * it is read as ours, and the plugin does not see it.
 */
static void
take_over_to(Candor__Plugin *full, Candor__Plugin *brief, struct setting_reader *r,
    const config_setting_t *root)
{
	const config_setting_t *s = config_setting_get_member(root, "settings");
	unsigned before = r->n_errors;
	size_t k = 0;

	while (k < full->n_settings && strcmp(full->settings[k]->name, "to") != 0)
		k++;
	if (k == full->n_settings)
		return;
	s = config_setting_get_member(s, "to");
	if (config_setting_get_member(root, "to") != NULL) {
		setting_error(r, s,
		    "settings.to and to are both there: take settings.to out, `to` beside settings "
		    "is "
		    "the one that counts");
		return;
	}
	brief->n_to = 0;
	brief->to = setting_alloc(r, SETTING_LIST_MAX * sizeof(*brief->to));
	if (brief->to == NULL)
		return;
	if (strcmp(full->settings[k]->value, "officers") == 0) {
		add_to(brief, r, s, "readers");
	} else {
		char *list = setting_copy(r, full->settings[k]->value), *rest = NULL;

		for (char *one = strtok_r(list, " ,\t", &rest); one != NULL;
		     one = strtok_r(NULL, " ,\t", &rest))
			add_to(brief, r, s, one);
	}
	if (brief->n_to == 0 && r->n_errors == before)
		setting_error(r, s,
		    "settings.to names nobody; write `to = […]` beside settings, of " TO_FORM);
	memmove(&full->settings[k], &full->settings[k + 1],
	    (--full->n_settings - k) * sizeof(*full->settings));
}

/* An event without a case. */
static bool
is_word(const char *event)
{
	return strcmp(event, "alarm") == 0 || strcmp(event, "audit") == 0;
}

static void
read_routes(Candor__Plugin *p, struct setting_reader *r, const config_setting_t *group)
{
	int n = group != NULL ? config_setting_length(group) : 0;
	Candor__Route *all;

	if (group == NULL)
		return;
	if (config_setting_type(group) != CONFIG_TYPE_GROUP) {
		setting_error(r, group,
		    "to_for is not a group; allowed: { escalated = [\"leads\"]; … }, by event");
		return;
	}
	all = setting_alloc(r, (size_t)n * sizeof(*all));
	p->routes = setting_alloc(r, (size_t)n * sizeof(*p->routes));
	if (all == NULL || p->routes == NULL)
		return;
	for (int i = 0; i < n; i++) {
		const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
		const char *name = config_setting_name(s);
		struct setting_key key = route_key;

		key.name = name;
		if (!word_among(event_words, name) || is_word(name)) {
			setting_error(r, s,
			    "to_for.%s is no event of a case; allowed: filed, message, assigned, "
			    "due, "
			    "overdue, escalated, resolved, closed, reopened, changed (an alarm "
			    "goes to the administrators, an audit to the auditors)",
			    name);
			continue;
		}
		candor__route__init(&all[i]);
		all[i].event = setting_copy(r, name);
		setting_texts(r, s, "to_for.", &key, &all[i].n_to, &all[i].to);
		if (config_setting_is_aggregate(s) &&
		    (all[i].n_to == 0 || only_admins(all[i].n_to, all[i].to)))
			setting_error(r, s,
			    "to_for.%s names nobody who may be told of a case (administrators read "
			    "none); allowed: " TO_FORM,
			    name);
		p->routes[p->n_routes++] = &all[i];
	}
}

/* What store is to know of a plugin, and its host is not. */
static void
read_routing(struct config *c, struct setting_reader *r, const config_setting_t *root,
    const struct plugin_file *f, Candor__Plugin *full, Candor__Plugin *p)
{
	const config_setting_t *rate = config_setting_get_member(root, "rate");
	bool mail = is_mail(f->object), given = config_setting_get_member(root, "to") != NULL;
	struct plugin_rate limit = { 0 };
	bool words_only = f->n_events > 0;

	for (size_t i = 0; i < f->n_events; i++)
		words_only = words_only && is_word(f->events[i]);
	p->n_severities = f->n_severities;
	p->severities = f->severities;
	p->n_sites = f->n_sites;
	p->sites = f->sites;
	for (size_t i = 0; i < f->n_sites; i++)
		if (f->sites[i][0] != '\0' && !config_has_site(c, f->sites[i]))
			setting_error(r, config_setting_get_member(root, "sites"),
			    "site \"%s\" is unknown; allowed: an id of the site's sites, or \"\" "
			    "for "
			    "cases without one",
			    f->sites[i]);
	p->n_omit = f->n_omit;
	p->omit = f->omit;
	p->n_to = f->n_to;
	p->to = f->to;
	if (!given) {
		p->n_to = 1;
		if ((p->to = setting_alloc(r, sizeof(*p->to))) == NULL)
			return;
		p->to[0] = setting_copy(r, "readers");
	}
	if (mail)
		take_over_to(full, p, r, root);
	if (mail && f->n_events == 0) {
		if ((p->events = setting_alloc(r, sizeof(mail_events))) == NULL)
			return;
		for (size_t i = 0; i < NELEM(mail_events); i++)
			p->events[p->n_events++] = setting_copy(r, mail_events[i]);
	}
	p->needs_to = mail || (given && p->n_to > 0);
	if (mail && given && f->n_to == 0)
		setting_error(
		    r, config_setting_get_member(root, "to"), "to names nobody; allowed: " TO_FORM);
	if (only_admins(p->n_to, p->to) && !words_only)
		setting_error(r, config_setting_get_member(root, "to"),
		    "to names administrators only, who read no cases; allowed: others beside them, "
		    "or events = [\"alarm\"] or [\"audit\"]");
	read_routes(p, r, config_setting_get_member(root, "to_for"));
	if (rate != NULL && config_setting_type(rate) != CONFIG_TYPE_GROUP)
		setting_error(
		    r, rate, "rate is not a group; allowed: { burst = 20; per_hour = 120; }");
	else if (rate != NULL || p->needs_to)
		setting_read(r, rate, "rate.", rate_keys, NELEM(rate_keys), &limit);
	p->rate_burst = limit.burst;
	p->rate_per_hour = limit.per_hour;
	p->digest =
	    config_setting_get_member(root, "digest") != NULL ? f->digest != 0 : p->needs_to;
	if (f->cadence == CADENCE_DAILY)
		p->daily_at = f->at;
	else if (config_setting_get_member(root, "at") != NULL)
		setting_error(r, config_setting_get_member(root, "at"),
		    "at is for cadence = \"daily\"; leave it out, or set cadence");
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

static bool
listed(char *const paths[], size_t n, const char *path)
{
	char real[PATH_MAX], other[PATH_MAX];

	for (size_t i = 0; i < n; i++)
		if (strcmp(paths[i], path) == 0 ||
		    (realpath(paths[i], real) != NULL && realpath(path, other) != NULL &&
			strcmp(real, other) == 0))
			return true;
	return false;
}

/* Of a script the kernel runs what its first line names: that must be allowed as well. */
static void
check_interpreter(struct setting_reader *r, const config_setting_t *at, const struct plugin_file *f,
    const char *program)
{
	char line[256], *interpreter = line + 2;
	FILE *file = fopen(program, "re");
	size_t len = file != NULL ? fread(line, 1, sizeof(line) - 1, file) : 0;

	if (file != NULL)
		fclose(file);
	line[len] = '\0';
	if (strncmp(line, "#!", 2) != 0)
		return;
	interpreter += strspn(interpreter, " \t");
	interpreter[strcspn(interpreter, " \t\r\n")] = '\0';
	if (!listed(f->programs, f->n_programs, interpreter))
		setting_error(r, at,
		    "programs: %s is a script that %s runs; allowed: a list that holds both",
		    program, interpreter);
}

static void
check_programs(struct setting_reader *r, const struct plugin_file *f, const Candor__Plugin *p,
    const config_setting_t *root)
{
	const config_setting_t *at = config_setting_get_member(root, "programs");
	struct stat st;

	for (size_t i = 0; i < f->n_programs; i++) {
		if (stat(f->programs[i], &st) < 0)
			setting_error(r, at, "programs: %s: %s", f->programs[i], strerror(errno));
		else if (!S_ISREG(st.st_mode) || (st.st_mode & 0111) == 0)
			setting_error(
			    r, at, "programs: %s is no file that can be executed", f->programs[i]);
		else
			check_interpreter(r, at, f, f->programs[i]);
	}
	/* Of all plugins: a setting of this name is a program. */
	for (size_t i = 0; i < p->n_settings; i++)
		if (strcmp(p->settings[i]->name, "program") == 0 &&
		    !listed(f->programs, f->n_programs, p->settings[i]->value))
			setting_error(r,
			    config_setting_get_member(
				config_setting_get_member(root, "settings"), "program"),
			    "settings.program = \"%s\" may not be run; allowed: one of programs, "
			    "as programs = [\"%s\"]",
			    p->settings[i]->value, p->settings[i]->value);
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
	full->n_programs = f.n_programs;
	full->programs = f.programs;
	full->memory_mib = f.memory_mib;
	read_plugin_settings(full, r, config_setting_get_member(root, "settings"));
	read_routing(c, r, root, &f, full, brief);
	if (with & CONFIG_WITH_FILES) {
		check_programs(r, &f, full, root);
		hash_files(full, r);
	}
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
		check_plugin(r, full, c->sandbox == CONFIG_SANDBOX_BEST_EFFORT, root);
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
	size_t bytes = 0;

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
	r->file = c->plugins_dir;
	for (size_t i = 0; i < c->n_plugins; i++)
		bytes += candor__plugin__get_packed_size(c->plugins_brief[i]);
	if (bytes > ROUTING_MAX_BYTES)
		setting_error(r, NULL,
		    "events, categories, sites and recipients of all plugins take %zu bytes "
		    "together; "
		    "at most %d: give a list an address of its own",
		    bytes, ROUTING_MAX_BYTES);
}
