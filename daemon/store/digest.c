/* SPDX-License-Identifier: ISC */
/*
 * Many events in one. When more is due than a plugin's rate allows, after an outage say, what is too
 * much becomes a digest that lists it. And a plugin may want nothing but one a day, which says whether
 * anything happened, and is there when nothing did. Store only.
 */
#include <string.h>

#include "store.h"

/* ---- of what is too much ---------------------------------------------------------------------- */

void
digest_fold(struct store *s, const char *plugin, const int64_t *ids, size_t n)
{
	const struct bare_event e = { .kind = "digest", .activity = true };
	int64_t digest = store_bare_event(s, plugin, &e, NULL);

	for (size_t i = 0; i < n; i++)
		db_run(s->db, DELIVERY_FOLD, db_i(ids[i]), db_i(digest));
}

bool
digest_fill(struct store *s, Candor__Event *e, const Candor__Plugin *p, int64_t id)
{
	const enum db_query q = DB_DELIVERY_FOLDED;
	char *none = store_text(s, "");

	e->items = store_alloc(s, DIGEST_ITEMS_MAX * sizeof(*e->items));
	for (bool ok = db_row(s->db, DELIVERY_FOLDED, db_i(id));
	     ok && e->n_items < DIGEST_ITEMS_MAX; ok = db_next(s->db, q)) {
		Candor__EventLine *line = STORE_NEW(s, EventLine, event_line);

		line->number = store_number(s, db_int(s->db, q, 0));
		line->kind = db_text(s->db, q, 1, s->arena);
		line->state = store_text(s, case_state_name((enum case_state)db_int(s->db, q, 2)));
		line->on = (int32_t)db_int(s->db, q, 3);
		line->category = route_omits(p, "category") ? none : db_text(s->db, q, 4, s->arena);
		line->severity = route_omits(p, "severity") ? none : db_text(s->db, q, 5, s->arena);
		line->site = route_omits(p, "site") ? none : db_text(s->db, q, 6, s->arena);
		e->items[e->n_items++] = line;
	}
	return e->n_items > 0;
}

bool
digest_recipients(struct store *s, struct recipients *r, const Candor__Plugin *p, int64_t id)
{
	const enum db_query q = DB_DELIVERY_FOLDED;
	bool first = true, same = true;

	recipients_init(s, r);
	for (bool ok = db_row(s->db, DELIVERY_FOLDED, db_i(id)); ok; ok = db_next(s->db, q)) {
		arena_mark_t mark = arena_mark(s->arena);
		struct recipients one;

		recipients_of(s, &one, p,
		    (struct told_event){ db_text(s->db, q, 1, s->arena), db_int(s->db, q, 0),
			db_text(s->db, q, 7, s->arena) });
		if (first) {
			*r = one;
			first = false;
			continue; /* its memory stays */
		}
		same = same && recipients_same(r, &one);
		arena_release(s->arena, mark);
	}
	return same;
}

/* ---- of a day --------------------------------------------------------------------------------- */

/* A day's word. Those of earlier days that did not go out, while the other side was away, are in it: one
 * is enough, and says yes if any of them did. */
static void
say(struct store *s, const char *plugin, const char *recipient, bool activity)
{
	const struct bare_event e = { .kind = "digest",
		.recipient = recipient,
		.activity =
		    activity || (db_row(s->db, DAILY_PENDING, db_t(plugin), db_t(recipient)) &&
				    db_int(s->db, DB_DAILY_PENDING, 0) != 0) };

	db_reset(s->db);
	db_run(s->db, DAILY_DROP, db_t(plugin), db_t(recipient));
	store_bare_event(s, plugin, &e, NULL);
}

/*
 * One for each who listens, saying whether anything happened in cases that they read. Never one for
 * several: who is missing from the others' "yes" would know of a case that keeps them out.
 */
static void
make_daily(struct store *s, const Candor__Plugin *p, struct audience *a, int64_t since)
{
	bool any = false;

	for (bool ok = db_row(s->db, EVENTS_AFTER, db_i(since)); ok;
	     ok = db_next(s->db, DB_EVENTS_AFTER)) {
		arena_mark_t mark = arena_mark(s->arena);
		const struct case_facts f = {
			.kind = db_text(s->db, DB_EVENTS_AFTER, 1, s->arena),
			.category = db_text(s->db, DB_EVENTS_AFTER, 2, s->arena),
			.severity = db_text(s->db, DB_EVENTS_AFTER, 3, s->arena),
			.site = db_text(s->db, DB_EVENTS_AFTER, 4, s->arena),
		};

		if (route_takes(p, &f)) {
			any = true;
			audience_hears(s, a, db_int(s->db, DB_EVENTS_AFTER, 0));
		}
		arena_release(s->arena, mark);
	}
	if (a->n == 0)
		say(s, p->name, "", any);
	for (size_t i = 0; i < a->n; i++)
		say(s, p->name, a->who[i].address, a->who[i].heard);
}

void
digest_daily(struct store *s)
{
	for (size_t i = 0; i < s->setup->n_plugins; i++) {
		const Candor__Plugin *p = s->setup->plugins[i];
		struct audience *a = store_alloc(s, sizeof(*a));
		int64_t last_on, since;

		if (p->daily_at[0] == '\0' || !clock_past(s->now, p->daily_at) ||
		    !db_row(s->db, PLUGIN_GET, db_t(p->name)))
			continue;
		last_on = db_int(s->db, DB_PLUGIN_GET, 7);
		since = db_int(s->db, DB_PLUGIN_GET, 8);
		audience_of(s, a, p);
		if (last_on >= s->today || (p->needs_to && a->n == 0))
			continue; /* with nobody to tell, the day counts with the next one */
		db_row0(s->db, EVENT_LAST);
		db_run(s->db, PLUGIN_DIGEST, db_t(p->name), db_i(s->today),
		    db_i(db_int(s->db, DB_EVENT_LAST, 0)));
		make_daily(s, p, a, since);
	}
}
