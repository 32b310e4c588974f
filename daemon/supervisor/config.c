/* SPDX-License-Identifier: ISC */
/*
 * The tables of settings, and what no table can say: that ids are unique, that files are what they
 * should be, that all fits into one message. Runs in the supervisor, at start and on reload.
 */
#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "candor/casestate.h"
#include "candor/day.h"
#include "candor/directory.h"
#include "candor/figures.h"
#include "candor/strip.h"

#include "common/log.h"
#include "common/session.h"
#include "supervisor/cleaners.h"
#include "supervisor/config_parts.h"

#define ARENA_BYTES (4u << 20)
#define WORKERS_MAX 64
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)

/* ---- what a text may be ---------------------------------------------------------------------- */

bool
config_id_valid(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= CATEGORY_ID_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

bool
config_time_valid(const char *t)
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

static bool
recipient_valid(const char *text)
{
	uint8_t recipient[AGE_KEY_BYTES];

	return age_recipient_parse(recipient, text, strlen(text)) == 0;
}

static const char *const figures_words[] = { "month", "quarter", "half-year", "year", NULL };
static const char *const sandbox_words[] = { "enforce", "best-effort", NULL };
static const char *const log_words[] = { "error", "warning", "info", "debug", NULL };
static const char *const severity_words[] = { "low", "medium", "high", "critical", NULL };
/* By enum officer_role; auditors and admins never receive a case. */
static const char *const recipient_words[] = { "officer", "lead", NULL };
static const char *const four_eyes_words[] = { "export", "destroy", "escrow", NULL };
/* A closed case has one. */
#define X(name, text) text,
static const char *const outcome_words[] = { CASE_OUTCOMES(X) NULL };
#undef X
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
	{ "audit_key", SETTING_PATH, FIXED, AT(audit_key), .min = 1, .max = 4000,
	  .text = "keys/audit.key", .doc = "signs the audit log's heads, and certificates of disposal" },
	{ "directory", SETTING_PATH, FIXED, AT(directory), .min = 1, .max = 4000,
	  .text = "directory.txt", .doc = "the first directory of officers" },
	{ "directory_signature", SETTING_PATH, FIXED, AT(directory_signature), .min = 1, .max = 4000,
	  .text = "directory.txt.minisig", .doc = "its signature by the charter key" },
	{ "workers", SETTING_NUMBER, FIXED, AT(workers), .max = WORKERS_MAX,
	  .doc = "intake processes; 0: one per core" },
	{ "cleaners", SETTING_NUMBER, 0, AT(cleaners), .min = 1, .max = CLEANERS_WORKER_MAX, .number = 2,
	  .doc = "attachments that one intake process has cleaned at once" },
	{ "uid_base", SETTING_NUMBER, FIXED, AT(uid_base), .max = 2000000000, .number = 60600,
	  .doc = "rooms run under the uids behind it; 0: all under ours; matters as root only" },
	{ "libexec", SETTING_PATH, FIXED, AT(libexec), .min = 1, .max = 4000,
	  .doc = "folder of candor-intake and its like" },
	{ "sandbox", SETTING_CHOICE, FIXED, AT(sandbox), .words = sandbox_words,
	  .doc = "whether to start where the kernel lacks a wall" },
	{ "log_level", SETTING_CHOICE, 0, AT(log_level), .words = log_words, .number = LOG_LEVEL_INFO },
	{ "headcount_k", SETTING_NUMBER, 0, AT(headcount_k), .min = 1, .max = 10000, .number = 10,
	  .doc = "a site with fewer people is shown as its parent" },
	{ "figures", SETTING_CHOICE, 0, AT(figures), .words = figures_words, .number = 3,
	  .doc = "how long a period of figures is" },
	{ "figures_k", SETTING_NUMBER, 0, AT(figures_k), .min = FIGURES_K_MIN, .max = FIGURES_K_MAX, .number = FIGURES_K,
	  .doc = "smaller numbers are withheld from figures" },
	{ "plugins_dir", SETTING_PATH, 0, AT(plugins_dir), .min = 1, .max = 4000,
	  .text = "plugins.d", .doc = "folder of NAME.conf, one for each plugin" },
	{ "plugin_path", SETTING_PATH, 0, AT(plugin_path), .min = 1, .max = 4000,
	  .doc = "folder of the plugins' shared objects" },
	{ "holidays", SETTING_TEXTS, 0, AT(n_holidays), .min = DAY_CHARS, .max = DAY_CHARS, .valid = config_day_valid,
	  .form = "days, \"YYYY-MM-DD\"", .doc = "on which nobody works" },
	{ "working_week", SETTING_MASK, 0, AT(working_week), .words = config_weekdays, .number = 31,
	  .doc = "days of the week on which people work" },
	{ "escalation_contact", SETTING_TEXT, 0, AT(escalation_contact), .max = OFFICER_EMAIL_MAX, .valid = config_email_or_none,
	  .form = "an e-mail address", .doc = "whom to tell at last of a clock that ran out" },
	{ "clocks", SETTING_OTHER, 0, .doc = "list of groups: the site's own" },
	{ "escalation", SETTING_OTHER, 0, .doc = "list of groups: who is told of a clock that ran out" },
	{ "due_days", SETTING_NUMBER, 0, AT(due_days), .max = 30, .number = 2,
	  .doc = "officers are told so many days before a clock runs out" },
	{ "alarm_after_h", SETTING_NUMBER, 0, AT(alarm_after_h), .max = 720, .number = 24,
	  .doc = "hours that a plugin may deliver nothing of what it should" },
	{ "not_keepable", SETTING_TEXTS, 0, AT(n_not_keepable), .words = label_words,
	  .doc = "what a reporter may not decide to keep" },
	{ "outside_bodies", SETTING_TEXTS, 0, AT(n_outside_bodies), .min = 1, .max = 300,
	  .doc = "whom else one may turn to" },
	{ "actions", SETTING_TEXTS, 0, AT(n_actions), .min = 1, .max = CATEGORY_ID_MAX, .valid = config_id_valid,
	  .form = "ids of 1 to 32 of a-z, 0-9 and -", .doc = "corrective actions" },
	{ "tags", SETTING_TEXTS, 0, AT(n_tags), .min = 1, .max = CATEGORY_ID_MAX, .valid = config_id_valid,
	  .form = "ids of 1 to 32 of a-z, 0-9 and -", .doc = "what officers may tag cases with" },
	{ "templates", SETTING_PATH, 0, AT(templates_dir), .min = 1, .max = 4000,
	  .text = "templates.d", .doc = "folder of ID.LANG.txt, one for each answer in advance" },
	{ "pattern_cases", SETTING_NUMBER, 0, AT(pattern_cases), .max = 100, .number = 3,
	  .doc = "so many cases of a category at a place are a pattern; 0: none is" },
	{ "pattern_days", SETTING_NUMBER, 0, AT(pattern_days), .min = 1, .max = 1000, .number = 90,
	  .doc = "within so many days" },
	{ "four_eyes", SETTING_TEXTS, 0, AT(n_four_eyes), .words = four_eyes_words,
	  .doc = "what another person must approve" },
	{ "disposal_warning_days", SETTING_NUMBER, 0, AT(warning_days), .max = 365, .number = 30,
	  .doc = "officers are told so many days before a case is destroyed" },
	{ "backup_days", SETTING_NUMBER, 0, AT(backup_days), .min = 1, .max = 366, .number = 35,
	  .doc = "a backup is to be deleted after so many" },
	{ "backup_recipient", SETTING_TEXT, 0, AT(backup_recipient), .min = 1, .max = AGE_RECIPIENT_CHARS,
	  .valid = recipient_valid, .form = "an age recipient, \"age1…\"",
	  .doc = "whom backups are encrypted to; left out: the directory's escrow" },
	{ "release", SETTING_OTHER, 0, .doc = "when reports reach the officers" },
	{ "limits", SETTING_OTHER, 0, .doc = "group" },
	{ "categories", SETTING_OTHER, 0, .doc = "list of groups" },
	{ "sites", SETTING_OTHER, 0, .doc = "list of groups" },
};

static const struct setting_key limit_keys[] = {
	{ "sessions", SETTING_NUMBER, FIXED, AT(sessions), .min = 8, .max = SESSIONS_MAX, .number = 256,
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

static const struct setting_key release_key = { "release", SETTING_TEXTS, .valid = config_time_valid,
	.min = 5, .max = 5, .form = "\"HH:MM\", or the word \"immediate\" instead of the list" };

#define IN_CATEGORY(field) .offset = offsetof(Candor__Category, field)
static const struct setting_key category_keys[] = {
	{ "id", SETTING_TEXT, REQUIRED, IN_CATEGORY(id), .min = 1, .max = 32, .valid = config_id_valid, .form = ID_FORM },
	{ "title", SETTING_TEXT, REQUIRED, IN_CATEGORY(title), .min = 1, .max = 100 },
	{ "guidance", SETTING_PROSE, REQUIRED, IN_CATEGORY(guidance), .min = 1, .max = 4000,
	  .doc = "what counts, what helps, what happens next" },
	{ "severity", SETTING_TEXT, 0, IN_CATEGORY(severity), .words = severity_words, .text = "medium" },
	{ "acknowledge_days", SETTING_NUMBER, 0, IN_CATEGORY(acknowledge_days), .min = 1, .max = 90, .number = 7 },
	{ "feedback_months", SETTING_NUMBER, 0, IN_CATEGORY(feedback_months), .min = 1, .max = 12, .number = 3,
	  .doc = "from acknowledgement" },
	{ "retention_years", SETTING_NUMBER, 0, IN_CATEGORY(retention_years), .min = 1, .max = 50, .number = 6 },
	{ "retention", SETTING_OTHER, 0, .doc = "list of groups: years by outcome" },
	{ "recipients", SETTING_MASK, REQUIRED, IN_CATEGORY(roles_mask), .words = recipient_words,
	  .doc = "roles" },
	{ "immediate", SETTING_BOOL, 0, IN_CATEGORY(immediate), .doc = "released at once: imminent harm" },
	{ "breach_notice", SETTING_BOOL, 0, IN_CATEGORY(breach_notice),
	  .doc = "it is about patients' data: they may have to be told" },
};

#define IN_RETENTION(field) .offset = offsetof(Candor__Retention, field)
static const struct setting_key retention_keys[] = {
	{ "outcome", SETTING_TEXT, REQUIRED, IN_RETENTION(outcome), .words = outcome_words + 1 },
	{ "years", SETTING_NUMBER, REQUIRED, IN_RETENTION(years), .min = 1, .max = 50 },
};

#define IN_SITE(field) .offset = offsetof(Candor__Site, field)
static const struct setting_key site_keys[] = {
	{ "id", SETTING_TEXT, REQUIRED, IN_SITE(id), .min = 1, .max = 32, .valid = config_id_valid, .form = ID_FORM },
	{ "title", SETTING_TEXT, REQUIRED, IN_SITE(title), .min = 1, .max = 100 },
	{ "parent", SETTING_TEXT, 0, IN_SITE(parent), .min = 1, .max = 32, .valid = config_id_valid, .form = ID_FORM },
	{ "headcount", SETTING_NUMBER, REQUIRED, IN_SITE(headcount), .max = 1000000,
	  .doc = "people who work there" },
};

/* clang-format on */

IS_REPEATED(struct config, not_keepable);
IS_REPEATED(struct config, outside_bodies);
IS_REPEATED(struct config, actions);
IS_REPEATED(struct config, holidays);
IS_REPEATED(struct config, four_eyes);
IS_REPEATED(struct config, tags);

/* ---- groups in lists --------------------------------------------------------------------------- */

const config_setting_t *
config_group_list(struct setting_reader *r, const config_setting_t *root, const char *name, int max)
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

bool
config_has_category(const struct config *c, const char *id)
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

bool
config_has_site(const struct config *c, const char *id)
{
	return find_site(c, id) != NULL;
}

/* For how long cases of a category are kept, by how they ended. */
static void
read_retention(struct setting_reader *r, const config_setting_t *s, const char *prefix,
    Candor__Category *category)
{
	const config_setting_t *list = config_group_list(r, s, "retention", OUTCOME__N - 1);
	size_t n = list != NULL ? (size_t)config_setting_length(list) : 0;
	Candor__Retention *all = setting_alloc(r, n * sizeof(*all));

	category->retention = setting_alloc(r, n * sizeof(*category->retention));
	if (all == NULL || category->retention == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		const config_setting_t *at = config_setting_get_elem(list, (unsigned)i);
		char inner[96];

		candor__retention__init(&all[i]);
		snprintf(inner, sizeof(inner), "%sretention[%zu].", prefix, i);
		setting_read(r, at, inner, retention_keys, NELEM(retention_keys), &all[i]);
		for (size_t k = 0; k < i; k++)
			if (strcmp(all[k].outcome, all[i].outcome) == 0)
				setting_error(r, at, "%soutcome \"%s\" is there twice", inner,
				    all[i].outcome);
		category->retention[category->n_retention++] = &all[i];
	}
}

static void
read_categories(struct config *c, struct setting_reader *r, const config_setting_t *root)
{
	const config_setting_t *list =
	    config_group_list(r, root, "categories", CONFIG_CATEGORIES_MAX);
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
		read_retention(r, s, prefix, full);
		if (full->id[0] != '\0' && config_has_category(c, full->id))
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
	const config_setting_t *list = config_group_list(r, root, "sites", CONFIG_SITES_MAX);
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
	} else if (setting_file(&r, &lc, path, folder)) {
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
		config_find_programs(c, &r);
		read_release(c, &r, root);
		read_categories(c, &r, root);
		config_clocks_read(c, &r, root);
		read_sites(c, &r, root);
		check_whole(c, &r, root);
		config_templates_read(c, &r);
		if (with & CONFIG_WITH_FILES) {
			config_key_check(&r, root, "intake_key", c->intake_key);
			config_key_check(&r, root, "desk_key", c->desk_key);
			config_key_check(&r, root, "audit_key", c->audit_key);
			config_directory_check(c, &r, root);
		}
		config_plugins_read(c, &r, with);
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
