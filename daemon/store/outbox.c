/* SPDX-License-Identifier: ISC */
/*
 * The ledger of notifications: an event for each thing that happens to a case, a delivery of it for
 * each plugin that wants it, and what became of that. Store only; an event never holds a word of a
 * report, nor an hour.
 */
#include <limits.h>
#include <string.h>
#include <sysexits.h>

#include <sodium/randombytes.h>

#include "candor/plugin.h"
#include "store.h"

#define DELIVERIES_MAX 64
#define DELIVERIES_MAX_BYTES 60000
/* Of one delivery: the case's readers may be many. */
#define RECIPIENTS_MAX 64
#define ERROR_MAX 200
#define PLUGINS_MAX_BYTES 14000
#define RETRY_MIN_S 1
#define RETRY_MAX_S (7 * 86400)

static bool
one_of(char *const *list, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], text) == 0)
			return true;
	return n == 0;
}

static const Candor__Plugin *
plugin_of(const struct store *s, const char *name)
{
	for (size_t i = 0; i < s->setup->n_plugins; i++)
		if (strcmp(s->setup->plugins[i]->name, name) == 0)
			return s->setup->plugins[i];
	return NULL;
}

bool
store_plugin_configured(const struct store *s, const char *name)
{
	return plugin_of(s, name) != NULL;
}

static int64_t
add_event(struct store *s, const char *kind, struct db_value number, enum case_state state)
{
	uint8_t key[KEY_BYTES];

	randombytes_buf(key, sizeof(key));
	db_run(s->db, EVENT_ADD, db_b(key, sizeof(key)), db_t(kind), number, db_i(state),
	    db_i(s->today));
	return db_last_id(s->db);
}

static void
add_delivery(struct store *s, const char *plugin, int64_t event, struct db_value number)
{
	uint8_t key[KEY_BYTES];

	randombytes_buf(key, sizeof(key));
	db_run(s->db, DELIVERY_ADD, db_b(key, sizeof(key)), db_t(plugin), db_i(event), number);
	s->effects.deliveries = true;
}

void
store_event(
    struct store *s, const char *kind, int64_t number, const char *category, enum case_state state)
{
	int64_t event = add_event(s, kind, db_i(number), state);

	for (size_t i = 0; i < s->setup->n_plugins; i++) {
		const Candor__Plugin *p = s->setup->plugins[i];

		if (one_of(p->events, p->n_events, kind) &&
		    one_of(p->categories, p->n_categories, category))
			add_delivery(s, p->name, event, db_i(number));
	}
}

enum verdict
store_test_event(struct store *s, const char *plugin, struct answer *out)
{
	char names[512] = "none";
	size_t used = 0;

	if (plugin_of(s, plugin) == NULL) {
		for (size_t i = 0; i < s->setup->n_plugins; i++) {
			const char *name = s->setup->plugins[i]->name;
			size_t len = strlen(name);

			if (used + len + 3 > sizeof(names))
				break;
			memcpy(names + used, ", ", 2);
			memcpy(names + used + (used > 0 ? 2 : 0), name, len + 1);
			used += len + (used > 0 ? 2 : 0);
		}
		return store_refuse(s, out, EX_DATAERR,
		    "no plugin of that name is configured; there are: %s", names);
	}
	add_delivery(s, plugin, add_event(s, "test", db_t(NULL), CASE_NONE), db_t(NULL));
	return store_done(s, out, "queued; see `candor admin delivery list`");
}

/* Add the e-mail addresses of the case's readers; of a test, those of the administrators. */
static void
add_recipients(struct store *s, Candor__Event *e, int64_t number)
{
	const struct directory *d = s->charter.directory;

	e->to = store_alloc(s, RECIPIENTS_MAX * sizeof(*e->to));
	if (number == 0) {
		for (size_t i = 0; d != NULL && i < d->n_officers && e->n_to < RECIPIENTS_MAX; i++)
			if (d->officers[i].role == ROLE_ADMIN && d->officers[i].email[0] != '\0')
				e->to[e->n_to++] = store_text(s, d->officers[i].email);
		return;
	}
	for (bool ok = db_row(s->db, READERS, db_i(number)); ok && e->n_to < RECIPIENTS_MAX;
	     ok = db_next(s->db, DB_READERS)) {
		const char *name = db_text(s->db, DB_READERS, 0, s->arena);
		const struct officer *o = charter_officer(s, name);

		if (o != NULL && o->email[0] != '\0')
			e->to[e->n_to++] = store_text(s, o->email);
	}
}

static Candor__Delivery *
delivery_of_row(struct store *s, const char *plugin)
{
	const enum db_query q = DB_DELIVERY_DUE;
	Candor__Delivery *d = STORE_NEW(s, Delivery, delivery);
	Candor__Event *e = STORE_NEW(s, Event, event);
	struct span key = db_copy(s->db, q, 1, s->arena), event = db_copy(s->db, q, 3, s->arena);
	int64_t number = db_int(s->db, q, 5);

	d->key = wire_bytes(key.p, key.len);
	d->plugin = store_text(s, plugin);
	d->attempts = (uint32_t)db_int(s->db, q, 2);
	d->event = e;
	d->reference = db_text(s->db, q, 11, s->arena);
	e->id = wire_bytes(event.p, event.len);
	e->kind = db_text(s->db, q, 4, s->arena);
	e->on = (int32_t)db_int(s->db, q, 7);
	add_recipients(s, e, number);
	if (number == 0)
		return d;
	e->number = store_alloc(s, NUMBER_CHARS + 1);
	number_format(e->number, number);
	e->state = store_text(s, case_state_name((enum case_state)db_int(s->db, q, 6)));
	e->category = db_text(s->db, q, 8, s->arena);
	e->severity = db_text(s->db, q, 9, s->arena);
	e->site = db_text(s->db, q, 10, s->arena);
	e->n_clocks = store_clocks(s, number, &e->clocks);
	return d;
}

enum verdict
store_deliveries(struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out)
{
	const Candor__DeliveriesWanted *m = (const Candor__DeliveriesWanted *)msg;
	size_t limit = m->limit > 0 && m->limit < DELIVERIES_MAX ? m->limit : DELIVERIES_MAX;
	Candor__Deliveries *list = STORE_NEW(s, Deliveries, deliveries);
	size_t bytes = 0;

	(void)worker;
	list->plugin = m->plugin;
	list->deliveries = store_alloc(s, limit * sizeof(*list->deliveries));
	for (bool ok = db_row(s->db, DELIVERY_DUE, db_t(m->plugin), db_i((int64_t)limit)); ok;
	     ok = db_next(s->db, DB_DELIVERY_DUE)) {
		int64_t wait = db_int(s->db, DB_DELIVERY_DUE, 0) - s->now;
		Candor__Delivery *d;

		if (wait > 0) {
			if (list->n_deliveries == 0)
				list->next_ms =
				    wait > UINT32_MAX / 1000 ? UINT32_MAX : (uint32_t)wait * 1000;
			break;
		}
		d = delivery_of_row(s, m->plugin);
		bytes += protobuf_c_message_get_packed_size(&d->base) + 8;
		if (bytes > DELIVERIES_MAX_BYTES)
			break;
		list->deliveries[list->n_deliveries++] = d;
	}
	return store_answer(out, MSG_DELIVERIES, list);
}

bool
store_due(struct store *s, const char *plugin)
{
	bool due = db_row(s->db, DELIVERY_DUE, db_t(plugin), db_i(1)) &&
		   db_int(s->db, DB_DELIVERY_DUE, 0) <= s->now;

	db_reset(s->db);
	return due;
}

static void
take_outcome(struct store *s, const char *name, const Candor__Outcome *o)
{
	int64_t id, number, attempts, next = 0, wait = o->retry_after_s;
	enum delivery_state state = DELIVERY_FAILED;
	const char *error = store_cut(s, o->error, ERROR_MAX);
	const char *reference = store_cut(s, o->reference, CANDOR_TEXT_MAX - 1);

	/* An administrator may have given it up meanwhile. */
	if (!db_row(s->db, DELIVERY_GET, db_b(o->key.data, o->key.len)) ||
	    strcmp(db_text(s->db, DB_DELIVERY_GET, 1, s->arena), name) != 0 ||
	    db_int(s->db, DB_DELIVERY_GET, 3) != DELIVERY_PENDING)
		return;
	id = db_int(s->db, DB_DELIVERY_GET, 0);
	number = db_int(s->db, DB_DELIVERY_GET, 2);
	attempts = db_int(s->db, DB_DELIVERY_GET, 4) + 1;
	if (o->result == CANDOR_DELIVERED) {
		state = DELIVERY_DELIVERED;
		error = "";
	} else if (o->result ==
		   CANDOR_RETRY) { /* dispatch counts how often, and when it is enough */
		state = DELIVERY_PENDING;
		wait = wait < RETRY_MIN_S ? RETRY_MIN_S : wait > RETRY_MAX_S ? RETRY_MAX_S : wait;
		next = s->now + wait;
	}
	db_run(s->db, DELIVERY_SET, db_i(id), db_i(state), db_i(attempts), db_i(next), db_t(error),
	    db_t(reference));
	if (state != DELIVERY_DELIVERED) {
		if (error[0] != '\0')
			db_run(s->db, PLUGIN_ERROR, db_t(name), db_t(error));
		return;
	}
	db_run(s->db, PLUGIN_SUCCESS, db_t(name), db_i(s->today));
	if (number > 0 && reference[0] != '\0')
		db_run(s->db, REFERENCE_SET, db_i(number), db_t(name), db_t(reference));
}

enum verdict
store_outcomes(struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out)
{
	const Candor__Outcomes *m = (const Candor__Outcomes *)msg;

	(void)worker;
	(void)out;
	for (size_t i = 0; i < m->n_outcomes; i++) {
		if (m->outcomes[i]->key.len != KEY_BYTES)
			return DISHONEST;
		take_outcome(s, m->plugin, m->outcomes[i]);
	}
	return KEEP;
}

enum verdict
store_plugin_state(
    struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out)
{
	const Candor__PluginState *m = (const Candor__PluginState *)msg;

	(void)worker;
	(void)out;
	if (plugin_of(s, m->name) == NULL) /* removed by a reload meanwhile */
		return KEEP;
	db_run(s->db, PLUGIN_SET, db_t(m->name), db_t(m->state), db_t(store_cut(s, m->version, 64)),
	    db_t(store_cut(s, m->error, ERROR_MAX)));
	return KEEP;
}

size_t
store_plugins(struct store *s, Candor__PluginInfo ***out)
{
	size_t n = 0, bytes = 0;

	*out = store_alloc(s, (s->setup->n_plugins + 1) * sizeof(**out));
	for (size_t i = 0; i < s->setup->n_plugins; i++) {
		Candor__PluginInfo *p = STORE_NEW(s, PluginInfo, plugin_info);

		p->name = s->setup->plugins[i]->name;
		p->state = store_text(s, "starting");
		if (db_row(s->db, PLUGIN_GET, db_t(p->name))) {
			day_t day = (day_t)db_int(s->db, DB_PLUGIN_GET, 2);
			char *state = db_text(s->db, DB_PLUGIN_GET, 0, s->arena);

			if (state[0] != '\0')
				p->state = state;
			p->version = db_text(s->db, DB_PLUGIN_GET, 1, s->arena);
			p->last_error = db_text(s->db, DB_PLUGIN_GET, 3, s->arena);
			if (day > 0) {
				p->last_success = store_alloc(s, DAY_CHARS + 1);
				day_format(p->last_success, day);
			}
		}
		if (db_row(s->db, DELIVERY_COUNTS, db_t(p->name))) {
			p->pending = (uint32_t)db_int(s->db, DB_DELIVERY_COUNTS, 0);
			p->failed = (uint32_t)db_int(s->db, DB_DELIVERY_COUNTS, 1);
		}
		bytes += protobuf_c_message_get_packed_size(&p->base) + 4;
		if (bytes > PLUGINS_MAX_BYTES)
			break;
		(*out)[n++] = p;
	}
	return n;
}
