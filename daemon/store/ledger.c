/* SPDX-License-Identifier: ISC */
/*
 * The ledger of deliveries, as an administrator sees and mends it. No case number here: an administrator
 * may be a person whom a report keeps out. Store only.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "store.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 200
#define PAGE_MAX_BYTES 60000

static const char *const states[DELIVERY__N] = { "pending", "delivered", "failed", "waiting",
	"digested", "test-failed" };

static char *
hex_of(struct store *s, struct span key)
{
	char *text = store_alloc(s, 2 * key.len + 1);

	for (size_t i = 0; i < key.len; i++)
		snprintf(text + 2 * i, 3, "%02x", key.p[i]);
	return text;
}

/* A delivery's id: its key in hex. */
static bool
key_parse(uint8_t key[KEY_BYTES], const char *text)
{
	static const char digits[] = "0123456789abcdef";

	if (strlen(text) != 2 * KEY_BYTES)
		return false;
	for (size_t i = 0; i < 2 * KEY_BYTES; i++) {
		const char *at = strchr(digits, text[i]);

		if (at == NULL)
			return false;
		key[i / 2] = (uint8_t)(key[i / 2] << 4 | (at - digits));
	}
	return true;
}

static enum verdict
find_delivery(struct store *s, const char *text, struct answer *out)
{
	uint8_t key[KEY_BYTES] = { 0 };

	if (!key_parse(key, text) || !db_row(s->db, DELIVERY_GET, db_b(key, sizeof(key))))
		return store_refuse(s, out, EX_DATAERR,
		    "there is no such delivery: see `candor admin delivery list`");
	return KEEP;
}

/* Did its plugin go while it was under way? */
static bool
is_orphan(const struct store *s, int64_t state, const char *plugin)
{
	return (state == DELIVERY_PENDING || state == DELIVERY_WAITING) &&
	       store_plugin(s, plugin) == NULL;
}

static Candor__DeliveryInfo *
info_of_row(struct store *s, enum db_query q)
{
	Candor__DeliveryInfo *d = STORE_NEW(s, DeliveryInfo, delivery_info);
	int64_t state = db_int(s->db, q, 3), next = db_int(s->db, q, 7);
	time_t t = (time_t)next;
	struct tm tm;

	d->plugin = db_text(s->db, q, 1, s->arena);
	d->state = store_text(s, state < 0 || state >= DELIVERY__N ? "?"
				 : is_orphan(s, state, d->plugin)  ? "orphaned"
								   : states[state]);
	d->attempts = (uint32_t)db_int(s->db, q, 4);
	d->event = db_text(s->db, q, 5, s->arena);
	d->id = hex_of(s, db_span(s->db, q, 6));
	if (state == DELIVERY_PENDING && next > 0 && gmtime_r(&t, &tm) != NULL) {
		char text[32];

		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
		d->next_try = store_text(s, text);
	}
	d->last_error = db_text(s->db, q, 8, s->arena);
	d->reference = db_text(s->db, q, 9, s->arena);
	if (!db_is_null(s->db, q, 10))
		d->digest = hex_of(s, db_span(s->db, q, 10));
	return d;
}

static enum verdict
answer_one(struct store *s, const uint8_t key[KEY_BYTES], struct answer *out)
{
	Candor__DeliveryList *list = STORE_NEW(s, DeliveryList, delivery_list);

	list->deliveries = store_alloc(s, sizeof(*list->deliveries));
	if (db_row(s->db, DELIVERY_GET, db_b(key, KEY_BYTES)))
		list->deliveries[list->n_deliveries++] = info_of_row(s, DB_DELIVERY_GET);
	return store_answer(out, MSG_DELIVERIES_PAGE, list);
}

/* ---- a test ----------------------------------------------------------------------------------- */

static enum verdict
refuse_name(struct store *s, struct answer *out)
{
	char names[512] = "none";
	size_t used = 0;

	for (size_t i = 0; i < s->setup->n_plugins && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
		    i > 0 ? ", " : "", s->setup->plugins[i]->name);
	return store_refuse(
	    s, out, EX_DATAERR, "no plugin of that name is configured; there are: %s", names);
}

enum verdict
ledger_test(struct store *s, const char *actor, const ProtobufCMessage *msg, struct answer *out)
{
	const Candor__PluginRef *m = (const Candor__PluginRef *)msg;
	const Candor__Plugin *p = store_plugin(s, m->name);
	const struct bare_event e = { .kind = "test" };
	uint8_t key[KEY_BYTES];
	struct recipients to;

	if (p == NULL)
		return refuse_name(s, out);
	recipients_of(s, &to, p, (struct told_event){ .kind = e.kind });
	if (p->needs_to && to.n == 0)
		return store_refuse(s, out, EX_DATAERR,
		    "a test goes to the administrators, and none has an e-mail address in the "
		    "directory: propose one (`candor admin officer propose NAME --role admin "
		    "--email "
		    "A`)");
	db_run(s->db, DELIVERY_DROP_TESTS, db_t(p->name));
	store_bare_event(s, p->name, &e, key);
	audit(s, actor, "plugin-test", 0, p->name);
	return answer_one(s, key, out);
}

/* ---- looking ---------------------------------------------------------------------------------- */

enum verdict
ledger_get(struct store *s, const char *actor, const ProtobufCMessage *msg, struct answer *out)
{
	const Candor__DeliveryRef *m = (const Candor__DeliveryRef *)msg;
	uint8_t key[KEY_BYTES] = { 0 };

	(void)actor;
	if (find_delivery(s, m->id, out) != KEEP)
		return UNDO;
	(void)key_parse(key, m->id);
	return answer_one(s, key, out);
}

/* The state that a word names; -1 for any, for orphans too: they are told apart by their plugin. */
static bool
state_of(int64_t *state, bool *orphans, const Candor__DeliveryQuery *m)
{
	*state = m->failed ? DELIVERY_FAILED : -1;
	*orphans = strcmp(m->state, "orphaned") == 0;
	if (m->state[0] == '\0' || *orphans)
		return true;
	for (int64_t i = 0; i < DELIVERY__N; i++)
		if (strcmp(m->state, states[i]) == 0) {
			*state = i;
			return true;
		}
	return false;
}

enum verdict
ledger_list(struct store *s, const char *actor, const ProtobufCMessage *msg, struct answer *out)
{
	const Candor__DeliveryQuery *m = (const Candor__DeliveryQuery *)msg;
	Candor__DeliveryList *list = STORE_NEW(s, DeliveryList, delivery_list);
	size_t limit = m->limit == 0 ? LIMIT_DEFAULT : m->limit > LIMIT_MAX ? LIMIT_MAX : m->limit;
	int64_t before = INT64_MAX, state;
	enum db_query q = DB_DELIVERY_PAGE;
	size_t bytes = 0;
	bool orphans;

	(void)actor;
	if (!state_of(&state, &orphans, m))
		return store_refuse(s, out, EX_DATAERR,
		    "there is no such state; there are: pending, delivered, failed, waiting, "
		    "digested, test-failed, orphaned");
	if (m->after[0] != '\0') {
		if (find_delivery(s, m->after, out) != KEEP)
			return UNDO;
		before = db_int(s->db, DB_DELIVERY_GET, 0);
	}
	if (state == DELIVERY_FAILED)
		q = DB_DELIVERY_PAGE_FAILED;
	else if (state == DELIVERY_WAITING)
		q = DB_DELIVERY_PAGE_WAITING;
	list->deliveries = store_alloc(s, limit * sizeof(*list->deliveries));
	for (bool ok = db_row_(s->db, q, DB_ARGS(db_i(before), db_i(state), db_t(m->plugin))); ok;
	     ok = db_next(s->db, q)) {
		arena_mark_t mark = arena_mark(s->arena);
		Candor__DeliveryInfo *d = info_of_row(s, q);

		/* Listed as what they are, and not as what they were. */
		if ((orphans || state >= 0) && (strcmp(d->state, "orphaned") == 0) != orphans) {
			arena_release(s->arena, mark);
			continue;
		}
		bytes += protobuf_c_message_get_packed_size(&d->base) + 4;
		if (list->n_deliveries == limit || bytes > PAGE_MAX_BYTES) {
			list->more = true;
			break;
		}
		list->deliveries[list->n_deliveries++] = d;
	}
	return store_answer(out, MSG_DELIVERIES_PAGE, list);
}

/* ---- mending ---------------------------------------------------------------------------------- */

static const char *
plural(int64_t n)
{
	return n == 1 ? "delivery" : "deliveries";
}

enum verdict
ledger_retry(struct store *s, const char *actor, const ProtobufCMessage *msg, struct answer *out)
{
	const Candor__DeliveryRef *m = (const Candor__DeliveryRef *)msg;
	int64_t n, state;

	if (m->id[0] == '\0') {
		if (store_plugin(s, m->plugin) == NULL)
			return refuse_name(s, out);
		n = db_run(s->db, DELIVERY_RETRY_ALL, db_t(m->plugin));
		s->effects.deliveries = true;
		audit(s, actor, "delivery-retry", 0, m->plugin);
		return store_done(s, out, "%lld %s queued again", (long long)n, plural(n));
	}
	if (find_delivery(s, m->id, out) != KEEP)
		return UNDO;
	state = db_int(s->db, DB_DELIVERY_GET, 3);
	if (state == DELIVERY_DELIVERED)
		return store_refuse(s, out, EX_DATAERR, "it is delivered");
	if (state == DELIVERY_DIGESTED && !db_is_null(s->db, DB_DELIVERY_GET, 10))
		return store_refuse(s, out, EX_DATAERR, "a digest stands for it: retry that, %s",
		    hex_of(s, db_span(s->db, DB_DELIVERY_GET, 10)));
	db_run(s->db, DELIVERY_SET, db_i(db_int(s->db, DB_DELIVERY_GET, 0)), db_i(DELIVERY_PENDING),
	    db_i(0), db_i(0), db_t(""), db_t(""));
	s->effects.deliveries = true;
	audit(s, actor, "delivery-retry", 0, m->id);
	return store_done(s, out, "queued again");
}

enum verdict
ledger_discard(struct store *s, const char *actor, const ProtobufCMessage *msg, struct answer *out)
{
	const Candor__DeliveryRef *m = (const Candor__DeliveryRef *)msg;
	int64_t id, n, state;

	if (m->id[0] == '\0') {
		n = store_plugin(s, m->plugin) != NULL
			? db_run(s->db, DELIVERY_DROP_ALL, db_t(m->plugin))
			: db_run(s->db, DELIVERY_DROP_ORPHANS, db_t(m->plugin));
		audit(s, actor, "delivery-discard", 0, m->plugin);
		return store_done(s, out, "%lld %s given up", (long long)n, plural(n));
	}
	if (find_delivery(s, m->id, out) != KEEP)
		return UNDO;
	id = db_int(s->db, DB_DELIVERY_GET, 0);
	state = db_int(s->db, DB_DELIVERY_GET, 3);
	if (state != DELIVERY_FAILED && state != DELIVERY_WAITING &&
	    !is_orphan(s, state, db_text(s->db, DB_DELIVERY_GET, 1, s->arena)))
		return store_refuse(s, out, EX_DATAERR,
		    "only what failed, waits for somebody to tell, or is orphaned can be given up; "
		    "it "
		    "is %s",
		    states[state]);
	db_run(s->db, DELIVERY_DROP_FOLDED, db_i(id));
	db_run(s->db, DELIVERY_DROP, db_i(id));
	audit(s, actor, "delivery-discard", 0, m->id);
	return store_done(s, out, "given up");
}
