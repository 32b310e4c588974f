/* SPDX-License-Identifier: ISC */
/*
 * The ledger of notifications: an event for each thing that happens to a case, a delivery of it for
 * each plugin that takes it, and what became of that. Store only; an event never holds a word of a
 * report, nor an hour.
 *
 * A delivery is pending until its plugin has it (delivered), an administrator must look (failed), or
 * a digest stands for it (digested); while there is nobody to tell, it waits. Whom it goes to is
 * found when it goes, so that who was kept out or left meanwhile is told nothing.
 */
#include <limits.h>
#include <string.h>

#include <sodium/randombytes.h>

#include "candor/plugin.h"
#include "store.h"

#define DELIVERIES_MAX 256
/* Of those at most so many that were tried before: what is new does not wait behind what fails again
 * and again, nor the other way round. Less than dispatch takes for a sign that the other side is away. */
#define AGAIN_MAX 32
#define DELIVERIES_MAX_BYTES 60000
/* Of the request's memory, half: a digest with all that it stands for takes some 20 KiB. */
#define ROWS_MAX_BYTES (4u << 20)
#define ERROR_MAX 200
#define RETRY_MIN_S 1
#define RETRY_MAX_S (7 * 86400)
/* Before everything that is due at some time. */
#define NEXT_TRY_FIRST (-1)

/* ---- events ----------------------------------------------------------------------------------- */

static void
new_key(uint8_t key[KEY_BYTES])
{
	randombytes_buf(key, KEY_BYTES);
}

static int64_t
add_delivery(struct store *s, const char *plugin, int64_t event, struct db_value number,
    int64_t next_try, uint8_t key[KEY_BYTES])
{
	new_key(key);
	db_run(s->db, DELIVERY_ADD, db_b(key, KEY_BYTES), db_t(plugin), db_i(event), number,
	    db_i(next_try));
	s->effects.deliveries = true;
	return db_last_id(s->db);
}

/* Add it. up_to: see store_escalation(). */
static void
add_event(struct store *s, const char *kind, int64_t number, enum case_state state,
    const char *clock, day_t due, const char *up_to)
{
	struct case_facts f = { .kind = kind };
	uint8_t key[KEY_BYTES];
	int64_t event;

	if (!db_row(s->db, CASE_ROUTE, db_i(number)))
		return;
	f.category = db_text(s->db, DB_CASE_ROUTE, 0, s->arena);
	f.severity = db_text(s->db, DB_CASE_ROUTE, 1, s->arena);
	f.site = db_text(s->db, DB_CASE_ROUTE, 2, s->arena);
	new_key(key);
	db_run(s->db, EVENT_ADD, db_b(key, KEY_BYTES), db_t(kind), db_i(number), db_i(state),
	    db_i(s->today), db_t(clock), db_i(due), db_t(""), db_i(0), db_t(up_to), db_t(""));
	event = db_last_id(s->db);
	for (size_t i = 0; i < s->setup->n_plugins; i++) {
		const Candor__Plugin *p = s->setup->plugins[i];

		if (p->daily_at[0] == '\0' && route_takes(p, &f))
			add_delivery(s, p->name, event, db_i(number), 0, key);
	}
}

void
store_event(struct store *s, const char *kind, int64_t number, enum case_state state)
{
	add_event(s, kind, number, state, "", 0, "");
}

void
store_clock_event(struct store *s, const char *kind, int64_t number, enum case_state state,
    const char *clock, day_t due)
{
	add_event(s, kind, number, state, clock, due, "");
}

void
store_escalation(struct store *s, int64_t number, enum case_state state, const char *clock,
    day_t due, const char *to)
{
	add_event(s, "escalated", number, state, clock, due, to);
}

int64_t
store_bare_event(
    struct store *s, const char *plugin, const struct bare_event *e, uint8_t key[KEY_BYTES])
{
	uint8_t event_key[KEY_BYTES], own[KEY_BYTES];

	new_key(event_key);
	db_run(s->db, EVENT_ADD, db_b(event_key, KEY_BYTES), db_t(e->kind), db_t(NULL),
	    db_i(CASE_NONE), db_i(s->today), db_t(""), db_i(0),
	    db_t(e->plugin != NULL ? e->plugin : ""), db_i(e->activity),
	    db_t(e->recipient != NULL ? e->recipient : ""), db_t(e->head != NULL ? e->head : ""));
	return add_delivery(
	    s, plugin, db_last_id(s->db), db_t(NULL), NEXT_TRY_FIRST, key != NULL ? key : own);
}

void
store_plugins_begin(struct store *s)
{
	for (size_t i = 0; i < s->setup->n_plugins; i++) {
		const Candor__Plugin *p = s->setup->plugins[i];

		db_run(s->db, PLUGIN_SEEN, db_t(p->name));
		/* A daily digest does not look back beyond the day on which it was asked for. */
		if (p->daily_at[0] != '\0' && db_row(s->db, PLUGIN_GET, db_t(p->name)) &&
		    db_int(s->db, DB_PLUGIN_GET, 8) == 0 && db_row0(s->db, EVENT_LAST))
			db_run(s->db, PLUGIN_DIGEST, db_t(p->name), db_i(0),
			    db_i(db_int(s->db, DB_EVENT_LAST, 0)));
	}
	db_run0(s->db, DELIVERY_WAKE_ALL);
	s->effects.deliveries = true;
}

void
store_wake(struct store *s, int64_t number)
{
	if (db_run(s->db, DELIVERY_WAKE, db_i(number)) > 0)
		s->effects.deliveries = true;
}

/* ---- pace ------------------------------------------------------------------------------------- */

/* The bucket of a plugin; one that was taken away makes place. */
static struct pace *
pace_of(struct store *s, const char *plugin)
{
	size_t at = STORE_PLUGINS_MAX;

	for (size_t i = STORE_PLUGINS_MAX; i-- > 0;) {
		if (strcmp(s->paces[i].plugin, plugin) == 0)
			return &s->paces[i].pace;
		if (store_plugin(s, s->paces[i].plugin) == NULL)
			at = i;
	}
	if (at == STORE_PLUGINS_MAX || strlen(plugin) >= sizeof(s->paces[at].plugin))
		return NULL; /* more plugins than the configuration allows */
	memset(&s->paces[at], 0, sizeof(s->paces[at]));
	memcpy(s->paces[at].plugin, plugin, strlen(plugin));
	return &s->paces[at].pace;
}

/* How many may go to it now. */
static size_t
tokens_of(struct store *s, const Candor__Plugin *p, uint32_t *wait_ms)
{
	struct pace *pace = p->rate_per_hour > 0 ? pace_of(s, p->name) : NULL;
	size_t tokens;

	*wait_ms = 0;
	if (pace == NULL)
		return SIZE_MAX;
	tokens = pace_tokens(pace, p->rate_burst > 0 ? p->rate_burst : 1, p->rate_per_hour, s->now);
	*wait_ms = pace_wait_s(pace, p->rate_per_hour) * 1000;
	return tokens;
}

/* ---- deliveries ------------------------------------------------------------------------------- */

/* What is due for a plugin, and what is to become of it. */
struct due {
	int64_t id;
	Candor__Delivery *d;
	struct recipients to;
	enum { A_CASE, A_DIGEST, A_WORD } what; /* a word: a test, an alarm */
	bool nobody;                            /* and somebody is needed */
	bool undone; /* a digest whose cases are not read by the same people any more */
};

static void
add_case(struct store *s, Candor__Event *e, const Candor__Plugin *p, int64_t number)
{
	const enum db_query q = DB_DELIVERY_DUE;
	enum case_outcome outcome = (enum case_outcome)db_int(s->db, q, 19);
	char *none = store_text(s, "");

	e->number = store_number(s, number);
	e->state = store_text(s, case_state_name((enum case_state)db_int(s->db, q, 6)));
	e->category = route_omits(p, "category") ? none : db_text(s->db, q, 8, s->arena);
	e->severity = route_omits(p, "severity") ? none : db_text(s->db, q, 9, s->arena);
	e->site = route_omits(p, "site") ? none : db_text(s->db, q, 10, s->arena);
	e->clock = db_text(s->db, q, 13, s->arena);
	e->due = (int32_t)db_int(s->db, q, 14);
	if (outcome != OUTCOME_NONE)
		e->outcome = store_text(s, case_outcome_name(outcome));
	if (!db_is_null(s->db, q, 18))
		e->assignee =
		    store_text(s, route_assignee(s, number, db_text(s->db, q, 18, s->arena)));
	e->n_clocks = store_clocks(s, number, &e->clocks);
}

/* Whom a daily digest was made for, if the plugin still tells them. */
static void
add_listener(struct store *s, struct recipients *to, const Candor__Plugin *p, char *address)
{
	struct audience *now = store_alloc(s, sizeof(*now));

	audience_of(s, now, p);
	recipients_init(s, to);
	for (size_t i = 0; i < now->n; i++)
		if (strcmp(now->who[i].address, address) == 0)
			to->to[to->n++] = address;
}

static void
add_digest(struct store *s, struct due *out, const Candor__Plugin *p, char *recipient)
{
	Candor__Event *e = out->d->event;

	e->activity = db_int(s->db, DB_DELIVERY_DUE, 16) != 0;
	if (digest_fill(s, e, p, out->id))
		out->undone = !digest_recipients(s, &out->to, p, out->id);
	else
		add_listener(s, &out->to, p, recipient);
}

static void
due_of_row(struct store *s, struct due *out, const Candor__Plugin *p)
{
	const enum db_query q = DB_DELIVERY_DUE;
	Candor__Delivery *d = STORE_NEW(s, Delivery, delivery);
	Candor__Event *e = STORE_NEW(s, Event, event);
	struct span key = db_copy(s->db, q, 1, s->arena), event = db_copy(s->db, q, 3, s->arena);
	int64_t number = db_int(s->db, q, 5);

	*out = (struct due){ .id = db_int(s->db, q, 12), .d = d };
	d->key = wire_bytes(key.p, key.len);
	d->plugin = p->name;
	d->attempts = (uint32_t)db_int(s->db, q, 2);
	d->event = e;
	d->reference = db_text(s->db, q, 11, s->arena);
	e->id = wire_bytes(event.p, event.len);
	e->kind = db_text(s->db, q, 4, s->arena);
	e->on = (int32_t)db_int(s->db, q, 7);
	e->plugin = db_text(s->db, q, 15, s->arena);
	e->head = db_text(s->db, q, 20, s->arena);
	if (strcmp(e->kind, "digest") == 0) {
		out->what = A_DIGEST;
		add_digest(s, out, p, db_text(s->db, q, 17, s->arena));
	} else {
		out->what = number == 0 ? A_WORD : A_CASE;
		if (number != 0)
			add_case(s, e, p, number);
		recipients_of(s, &out->to, p,
		    (struct told_event){ e->kind, number, db_text(s->db, q, 17, s->arena) });
	}
	out->nobody = p->needs_to && out->to.n == 0;
	e->to = out->to.to;
	e->n_to = out->to.n;
}

/* Rows of the ledger, gathered. */
struct gathered {
	struct due *rows;
	size_t n;
	arena_mark_t enough; /* of the request's memory */
	int64_t wait_s;      /* until the next is due; 0: none */
};

/* Add what is due from one time to another, up to max in all. */
static void
add_due(struct store *s, const Candor__Plugin *p, int64_t from, int64_t to, struct gathered *g,
    size_t max)
{
	g->wait_s = 0;
	for (bool ok = g->n < max && db_row(s->db, DELIVERY_DUE, db_t(p->name), db_i(from),
					 db_i(to), db_i((int64_t)(max - g->n)));
	     ok && (g->n == 0 || arena_mark(s->arena) < g->enough);
	     ok = db_next(s->db, DB_DELIVERY_DUE)) {
		int64_t wait = db_int(s->db, DB_DELIVERY_DUE, 0) - s->now;

		if (wait > 0) {
			g->wait_s = wait;
			break;
		}
		due_of_row(s, &g->rows[g->n++], p);
	}
	db_reset(s->db);
}

/* All that is due, max at most: what goes ahead of all, a part of what was tried before, what was not. */
static size_t
read_due(struct store *s, const Candor__Plugin *p, struct due *rows, size_t max, int64_t *wait_s)
{
	struct gathered g = { .rows = rows, .enough = arena_mark(s->arena) + ROWS_MAX_BYTES };
	size_t again = max / 2 < AGAIN_MAX ? max / 2 : AGAIN_MAX;

	add_due(s, p, NEXT_TRY_FIRST, NEXT_TRY_FIRST, &g, max);
	add_due(s, p, 1, INT64_MAX, &g, g.n + again < max ? g.n + again : max);
	*wait_s = g.wait_s;
	add_due(s, p, 0, 0, &g, max);
	if (g.n == 0) {
		add_due(s, p, 1, INT64_MAX, &g, max);
		*wait_s = g.wait_s;
	}
	return g.n;
}

/* Take out what nobody is there to be told of: it waits; and what must be told one by one again. */
static size_t
set_aside(struct store *s, struct due *rows, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (!rows[i].nobody && !rows[i].undone) {
			rows[kept++] = rows[i];
		} else if (rows[i].what == A_DIGEST) {
			/* A daily one stands for nothing: it goes with whom it was for. */
			db_run(s->db, DELIVERY_UNFOLD, db_i(rows[i].id));
			db_run(s->db, DELIVERY_DROP, db_i(rows[i].id));
		} else {
			db_run(s->db, DELIVERY_WAIT, db_i(rows[i].id),
			    db_t("nobody who may be told has an e-mail address in the directory"));
		}
	}
	return kept;
}

/*
 * Fold the first of these cases' deliveries, and those behind it that go to the same people, into a
 * digest: nobody is to see in it a case that they do not read. False: it has no company.
 */
static bool
fold(struct store *s, const Candor__Plugin *p, const struct due *rows, size_t n)
{
	int64_t ids[DIGEST_ITEMS_MAX];
	size_t n_ids = 0;

	for (size_t i = 0; i < n && n_ids < DIGEST_ITEMS_MAX; i++)
		if (rows[i].what == A_CASE && recipients_same(&rows[0].to, &rows[i].to))
			ids[n_ids++] = rows[i].id;
	if (n_ids < 2)
		return false;
	digest_fold(s, p->name, ids, n_ids);
	return true;
}

/*
 * Choose from rows, in their order, what goes out now. With more cases due than the plugin's rate allows
 * and digests wanted, all but the last token go to single ones, and that is kept for a digest of the
 * others, which goes out at the next call. True: there is such a one, or may be.
 */
static bool
choose(struct store *s, const Candor__Plugin *p, const struct due *rows, size_t n, size_t tokens,
    bool *go)
{
	size_t n_cases = 0, singles;

	for (size_t i = 0; i < n; i++) {
		n_cases += rows[i].what == A_CASE;
		if (rows[i].what == A_DIGEST && tokens > 0 && tokens != SIZE_MAX)
			tokens--;
		else if (rows[i].what == A_DIGEST && tokens == 0)
			continue;
		go[i] = rows[i].what != A_CASE;
	}
	singles = n_cases > tokens && p->digest && tokens > 0 ? tokens - 1 : tokens;
	for (size_t i = 0; i < n; i++) {
		if (rows[i].what != A_CASE)
			continue;
		if (singles > 0) {
			go[i] = true;
			singles--;
		} else if (p->digest && tokens > 0) {
			go[i] = !fold(s, p, &rows[i], n - i);
			return !go[i];
		}
	}
	return false;
}

enum verdict
store_deliveries(struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out)
{
	enum { ROWS_MAX = DELIVERIES_MAX + DIGEST_ITEMS_MAX };
	const Candor__DeliveriesWanted *m = (const Candor__DeliveriesWanted *)msg;
	size_t limit = m->limit > 0 && m->limit < DELIVERIES_MAX ? m->limit : DELIVERIES_MAX;
	size_t max = limit, n, kept, tokens, bytes = 0;
	Candor__Deliveries *list = STORE_NEW(s, Deliveries, deliveries);
	const Candor__Plugin *p = store_plugin(s, m->plugin);
	struct due *rows = store_alloc(s, ROWS_MAX * sizeof(*rows));
	bool go[ROWS_MAX] = { false }, again;
	uint32_t token_ms;
	int64_t wait_s;

	(void)worker;
	list->plugin = m->plugin;
	if (p == NULL) /* taken away: what it did not get stays until it is back */
		return store_answer(out, MSG_DELIVERIES, list);
	tokens = tokens_of(s, p, &token_ms);
	if (tokens < ROWS_MAX && p->digest)
		max = limit + DIGEST_ITEMS_MAX;
	n = read_due(s, p, rows, max, &wait_s);
	kept = set_aside(s, rows, n);
	again = choose(s, p, rows, kept, tokens, go) || kept < n;
	list->deliveries = store_alloc(s, limit * sizeof(*list->deliveries));
	for (size_t i = 0; i < kept && list->n_deliveries < limit; i++) {
		if (!go[i])
			continue;
		bytes += protobuf_c_message_get_packed_size(&rows[i].d->base) + 8;
		if (bytes > DELIVERIES_MAX_BYTES && list->n_deliveries > 0)
			break;
		list->deliveries[list->n_deliveries++] = rows[i].d;
	}
	if (list->n_deliveries > 0)
		return store_answer(out, MSG_DELIVERIES, list);
	if (wait_s > 0)
		list->next_ms = wait_s > UINT32_MAX / 1000 ? UINT32_MAX : (uint32_t)wait_s * 1000;
	if (kept > 0 && (list->next_ms == 0 || list->next_ms > token_ms))
		list->next_ms = token_ms;
	if (again)
		list->next_ms = 1;
	return store_answer(out, MSG_DELIVERIES, list);
}

bool
store_due(struct store *s, const char *plugin)
{
	bool due =
	    db_row(s->db, DELIVERY_DUE, db_t(plugin), db_i(NEXT_TRY_FIRST), db_i(s->now), db_i(1));

	db_reset(s->db);
	return due;
}

/* ---- outcomes --------------------------------------------------------------------------------- */

static void
is_failing(struct store *s, const char *plugin, enum failing how)
{
	if (db_run(s->db, PLUGIN_FAILING, db_t(plugin), db_i(how), db_i(s->now)) > 0)
		s->effects.watch = true;
}

static void
take_outcome(struct store *s, const char *name, const Candor__Outcome *o)
{
	const enum db_query q = DB_DELIVERY_GET;
	int64_t id, number, attempts, next = 0, wait = o->retry_after_s;
	enum delivery_state state = DELIVERY_FAILED;
	const char *error = store_cut(s, o->error, ERROR_MAX);
	const char *reference = store_cut(s, o->reference, CANDOR_TEXT_MAX - 1);
	const Candor__Plugin *p = store_plugin(s, name);
	struct pace *pace;
	bool test;

	/* An administrator may have given it up meanwhile. */
	if (!db_row(s->db, DELIVERY_GET, db_b(o->key.data, o->key.len)) ||
	    strcmp(db_text(s->db, q, 1, s->arena), name) != 0 ||
	    db_int(s->db, q, 3) != DELIVERY_PENDING)
		return;
	id = db_int(s->db, q, 0);
	number = db_int(s->db, q, 2);
	attempts = db_int(s->db, q, 4) + 1;
	test = strcmp(db_text(s->db, q, 5, s->arena), "test") == 0;
	if (o->result == CANDOR_DELIVERED) {
		state = DELIVERY_DELIVERED;
		error = "";
	} else if (test) {
		state = DELIVERY_TESTED; /* an administrator is told, and repeats it */
	} else if (o->result == CANDOR_RETRY) {
		/* Dispatch counts how often, and when it is enough. */
		state = DELIVERY_PENDING;
		wait = wait < RETRY_MIN_S ? RETRY_MIN_S : wait > RETRY_MAX_S ? RETRY_MAX_S : wait;
		next = s->now + wait;
	}
	db_run(s->db, DELIVERY_SET, db_i(id), db_i(state), db_i(attempts), db_i(next), db_t(error),
	    db_t(reference));
	if (state != DELIVERY_DELIVERED) {
		if (error[0] != '\0')
			db_run(s->db, PLUGIN_ERROR, db_t(name), db_t(error));
		is_failing(s, name, FAILING_TO_DELIVER);
		return;
	}
	db_run(s->db, PLUGIN_SUCCESS, db_t(name), db_i(s->today));
	if (number > 0 && reference[0] != '\0')
		db_run(s->db, REFERENCE_SET, db_i(number), db_t(name), db_t(reference));
	if (!test && p != NULL && p->rate_per_hour > 0 && (pace = pace_of(s, name)) != NULL)
		pace_take(pace);
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
	if (store_plugin(s, m->name) == NULL) /* removed by a reload meanwhile */
		return KEEP;
	db_run(s->db, PLUGIN_SET, db_t(m->name), db_t(m->state), db_t(store_cut(s, m->version, 64)),
	    db_t(store_cut(s, m->error, ERROR_MAX)));
	if (strcmp(m->state, "ready") == 0) {
		db_run(s->db, PLUGIN_WORKS, db_t(m->name));
	} else if (m->error[0] != '\0') {
		is_failing(s, m->name, FAILING_TO_START);
	}
	return KEEP;
}
