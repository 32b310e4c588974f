/* SPDX-License-Identifier: ISC */
/*
 * What an administrator should know: how each plugin is, what cannot be told to anybody, what nobody
 * can open, and an alarm when a plugin delivers nothing for too long. Counts and names of plugins and
 * categories only, nothing of a case. Store only.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "store.h"

#define PLUGINS_MAX_BYTES 20000
#define PROBLEMS_MAX 64
#define PROBLEMS_MAX_BYTES 9000
#define PROBLEM_MAX 400
/* A mail server that says "later" to everybody once is no alarm, even if it is the only one. */
#define ALL_SILENT_S 900
/* Nor is one that starts anew, however impatient the configuration. */
#define SILENT_MIN_S 10

enum { LEVEL_WARNING = 1, LEVEL_CRITICAL };

/* How a plugin is, as the database has it. */
struct health {
	const char *state, *version, *last_error;
	day_t last_success, alarmed_on;
	int64_t silent_since; /* 0: it works */
};

/* What it has left; counted, hence for those only who ask. */
struct counts {
	uint32_t pending, failed, waiting;
};

static void
read_health(struct store *s, struct health *h, const char *name)
{
	const enum db_query q = DB_PLUGIN_GET;

	*h = (struct health){ "", "", "", 0, 0, 0 };
	if (db_row(s->db, PLUGIN_GET, db_t(name))) {
		h->state = db_text(s->db, q, 0, s->arena);
		h->version = db_text(s->db, q, 1, s->arena);
		h->last_success = (day_t)db_int(s->db, q, 2);
		h->last_error = db_text(s->db, q, 3, s->arena);
		h->silent_since = db_int(s->db, q, 5);
		h->alarmed_on = (day_t)db_int(s->db, q, 6);
	}
}

static void
read_counts(struct store *s, struct counts *n, const char *name)
{
	*n = (struct counts){ 0 };
	if (db_row(s->db, DELIVERY_COUNTS, db_t(name))) {
		n->pending = (uint32_t)db_int(s->db, DB_DELIVERY_COUNTS, 0);
		n->failed = (uint32_t)db_int(s->db, DB_DELIVERY_COUNTS, 1);
		n->waiting = (uint32_t)db_int(s->db, DB_DELIVERY_COUNTS, 2);
	}
}

static char *
day_text(struct store *s, day_t day)
{
	char *text = store_alloc(s, DAY_CHARS + 1);

	day_format(text, day);
	return text;
}

/* ---- the plugins ------------------------------------------------------------------------------ */

static Candor__PluginInfo *
info_of(struct store *s, const char *name, bool configured)
{
	Candor__PluginInfo *p = STORE_NEW(s, PluginInfo, plugin_info);
	struct health health, *h = &health;
	struct counts n;

	read_health(s, h, name);
	read_counts(s, &n, name);
	p->name = store_text(s, name);
	p->state = store_text(s, !configured           ? "orphaned"
				 : h->state[0] == '\0' ? "starting"
						       : h->state);
	p->version = store_text(s, h->version);
	p->last_error = store_text(s, h->last_error);
	if (h->last_success > 0)
		p->last_success = day_text(s, h->last_success);
	if (configured && h->silent_since > 0)
		p->silent_since = day_text(s, clock_day(h->silent_since));
	p->pending = n.pending;
	p->failed = n.failed;
	p->waiting = n.waiting;
	return p;
}

/* Names of plugins that are not configured and have deliveries left. */
static size_t
find_orphans(struct store *s, char ***out)
{
	enum { ORPHANS_MAX = 64 };
	size_t n = 0, kept = 0;
	struct counts left;

	*out = store_alloc(s, ORPHANS_MAX * sizeof(**out));
	for (bool ok = db_row0(s->db, PLUGINS); ok && n < ORPHANS_MAX;
	     ok = db_next(s->db, DB_PLUGINS)) {
		char *name = db_text(s->db, DB_PLUGINS, 0, s->arena);

		if (store_plugin(s, name) == NULL)
			(*out)[n++] = name;
	}
	for (size_t i = 0; i < n; i++) {
		read_counts(s, &left, (*out)[i]);
		if (left.pending + left.failed + left.waiting > 0)
			(*out)[kept++] = (*out)[i];
	}
	return kept;
}

size_t
store_plugins(struct store *s, Candor__PluginInfo ***out)
{
	char **orphans;
	size_t n_orphans = find_orphans(s, &orphans), n = 0, bytes = 0;

	*out = store_alloc(s, (s->setup->n_plugins + n_orphans + 1) * sizeof(**out));
	for (size_t i = 0; i < s->setup->n_plugins + n_orphans; i++) {
		bool configured = i < s->setup->n_plugins;
		const char *name =
		    configured ? s->setup->plugins[i]->name : orphans[i - s->setup->n_plugins];

		(*out)[n] = info_of(s, name, configured);
		bytes += protobuf_c_message_get_packed_size(&(*out)[n]->base) + 4;
		if (bytes > PLUGINS_MAX_BYTES)
			break;
		n++;
	}
	return n;
}

/* ---- problems --------------------------------------------------------------------------------- */

struct problems {
	struct store *s;
	Candor__Problem **list;
	size_t n, bytes;
};

static void problem(struct problems *p, uint32_t level, const char *fmt, ...) PRINTF_LIKE(3, 4);

static void
problem(struct problems *p, uint32_t level, const char *fmt, ...)
{
	Candor__Problem *one = STORE_NEW(p->s, Problem, problem);
	char text[2 * PROBLEM_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	one->level = level;
	one->text = store_cut(p->s, text, PROBLEM_MAX);
	p->bytes += strlen(one->text) + 8;
	if (p->n < PROBLEMS_MAX && p->bytes < PROBLEMS_MAX_BYTES)
		p->list[p->n++] = one;
}

/* "a, b and 3 more" */
static char *
some_of(struct store *s, char *const *words, size_t n)
{
	enum { SHOWN = 5 };
	char text[SHOWN * 40 + 32] = "";
	size_t at = 0;

	for (size_t i = 0; i < n && i < SHOWN && at < sizeof(text); i++)
		at += (size_t)snprintf(
		    text + at, sizeof(text) - at, "%s%.32s", i > 0 ? ", " : "", words[i]);
	if (n > SHOWN && at < sizeof(text))
		snprintf(text + at, sizeof(text) - at, " and %zu more", n - SHOWN);
	return store_text(s, text);
}

static bool
silent_for(const struct store *s, const struct health *h, int64_t seconds)
{
	return h->silent_since > 0 && s->now - h->silent_since >= seconds;
}

static int64_t
patience(const struct store *s)
{
	int64_t after = (int64_t)s->setup->alarm_after_h * 3600;

	return after > SILENT_MIN_S ? after : SILENT_MIN_S;
}

/* Does no plugin work at all? */
static bool
all_silent(struct store *s)
{
	int64_t least = patience(s) < ALL_SILENT_S ? patience(s) : ALL_SILENT_S;
	struct health h;

	for (size_t i = 0; i < s->setup->n_plugins; i++) {
		read_health(s, &h, s->setup->plugins[i]->name);
		if (!silent_for(s, &h, least))
			return false;
	}
	return s->setup->n_plugins > 0;
}

static void
of_plugin(struct problems *list, const Candor__Plugin *p)
{
	struct store *s = list->s;
	struct counts left;
	struct health h;
	char **ids;
	size_t n;

	read_health(s, &h, p->name);
	read_counts(s, &left, p->name);
	if (silent_for(s, &h, patience(s)))
		problem(list, LEVEL_WARNING, "plugin %s delivers nothing since %s: %s", p->name,
		    day_text(s, clock_day(h.silent_since)), h.last_error);
	if (left.failed > 0)
		problem(list, LEVEL_WARNING,
		    "plugin %s: %u given up; see `candor admin delivery list --failed`, then "
		    "retry or discard them",
		    p->name, left.failed);
	if (left.waiting > 0)
		problem(list, LEVEL_WARNING,
		    "plugin %s: %u wait, since nobody who may be told has an e-mail address; see "
		    "`candor admin delivery list --waiting`",
		    p->name, left.waiting);
	if ((n = route_unheard(s, p, &ids)) > 0)
		problem(list, LEVEL_WARNING,
		    "plugin %s can tell nobody of %s: have officers enrolled with an e-mail "
		    "address (`candor admin officer propose`), or change `to` in its file",
		    p->name, some_of(s, ids, n));
}

size_t
store_problems(struct store *s, Candor__Problem ***out)
{
	struct problems list = { .s = s };
	char **names;
	size_t n;

	*out = list.list = store_alloc(s, PROBLEMS_MAX * sizeof(**out));
	if (all_silent(s))
		problem(&list, LEVEL_CRITICAL, "no plugin works: officers are told of nothing");
	if (s->setup->n_plugins == 0)
		problem(&list, LEVEL_WARNING,
		    "there is no plugin: officers are told of nothing; see plugins.d beside "
		    "candor.conf");
	if (s->audit_bad > 0)
		problem(&list, LEVEL_CRITICAL,
		    "the audit log was tampered with from line %lld on: run `candor admin verify`",
		    (long long)s->audit_bad);
	if ((n = (size_t)people_closed(s)) > 0)
		problem(&list, LEVEL_WARNING,
		    "nobody can open %zu case%s: whose key changed runs `candor key rotate`; if it "
		    "is "
		    "lost, or they left, the escrow is used (`candor recover`)",
		    n, n == 1 ? "" : "s");
	if ((n = charter_unserved(s, &names)) > 0)
		problem(&list, LEVEL_WARNING,
		    "nobody in the directory receives %s: reports of it are refused",
		    some_of(s, names, n));
	if ((n = route_untold(s, &names)) > 0)
		problem(&list, LEVEL_WARNING,
		    "no plugin tells of new reports of %s: change events, categories or "
		    "severities in plugins.d",
		    some_of(s, names, n));
	for (size_t i = 0; i < s->setup->n_plugins; i++)
		of_plugin(&list, s->setup->plugins[i]);
	n = find_orphans(s, &names);
	for (size_t i = 0; i < n; i++)
		problem(&list, LEVEL_WARNING,
		    "plugin %s is not configured any more and has deliveries left: bring it back, "
		    "or "
		    "give them up with `candor admin delivery discard --plugin %s`",
		    names[i], names[i]);
	return list.n;
}

void
store_warn_unheard(struct store *s)
{
	char **ids;
	size_t n;

	for (size_t i = 0; i < s->setup->n_plugins; i++)
		if ((n = route_unheard(s, s->setup->plugins[i], &ids)) > 0)
			log_warning("plugin %s can tell nobody of %s, so such events wait: have "
				    "officers enrolled with an e-mail address, or change `to`",
			    s->setup->plugins[i]->name, some_of(s, ids, n));
	if ((n = route_untold(s, &ids)) > 0)
		log_warning("no plugin tells of new reports of %s", some_of(s, ids, n));
}

/* ---- the alarm -------------------------------------------------------------------------------- */

/* Through every other plugin that works and takes alarms. */
static void
raise_alarm(struct store *s, const char *silent)
{
	const struct bare_event e = { .kind = "alarm", .plugin = silent };
	for (size_t i = 0; i < s->setup->n_plugins; i++) {
		const Candor__Plugin *p = s->setup->plugins[i];
		struct health h;

		read_health(s, &h, p->name);
		if (strcmp(p->name, silent) != 0 && h.silent_since == 0 && p->daily_at[0] == '\0' &&
		    route_takes_alarm(p))
			store_bare_event(s, p->name, &e, NULL);
	}
}

int64_t
store_watch(struct store *s)
{
	bool all = all_silent(s);
	int64_t wait = 0;

	for (size_t i = 0; i < s->setup->n_plugins; i++) {
		const char *name = s->setup->plugins[i]->name;
		struct health h;
		int64_t left;

		read_health(s, &h, name);
		if (h.silent_since == 0 || h.alarmed_on >= s->today)
			continue;
		left = h.silent_since + patience(s) - s->now;
		if (left > 0 && !all) {
			wait = wait == 0 || left < wait ? left : wait;
			continue;
		}
		log_error("plugin %s delivers nothing since %s: %s", name,
		    day_text(s, clock_day(h.silent_since)), h.last_error);
		db_run(s->db, PLUGIN_ALARMED, db_t(name), db_i(s->today));
		raise_alarm(s, name);
	}
	return wait;
}
