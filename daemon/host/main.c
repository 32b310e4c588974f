/* SPDX-License-Identifier: ISC */
/*
 * host: one notifier plugin in a process of its own, which may block, leak or crash and costs only itself.
 *
 * hears       dispatch (DELIVER), the supervisor
 * may touch   what its plugin needs: read_paths, and a network or programs if the configuration says so
 * must never  run a byte of the plugin before the walls stand; reach the database, the users' sockets, a
 *             key, another plugin
 *
 * A plugin that cannot be loaded or opened leaves the host alive and idle, with the reason told to dispatch:
 * an exit would only be restarted. A late answer is not our affair: dispatch has us killed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "candor/day.h"
#include "candor/utf8.h"

#include "common/plugin_load.h"
#include "common/plugin_walls.h"
#include "common/room.h"
#include "host/keeper.h"

#define KEY_BYTES (CANDOR_KEY_CHARS / 2)
#define TO_MAX 512
/* For check() and open(), where the configuration sets no deadline. */
#define OPEN_MAX_S 30
/* One message unpacked, and the event that is built from it. */
#define ARENA_BYTES (4u << 20)
/* A plugin that computes for ever gives way to those who serve people. */
#define HOST_NICE 5

struct host {
	const struct candor_plugin *plugin; /* NULL: failed */
	void *opened;
	const Candor__Plugin *conf;
	struct sandbox running; /* to enter when the plugin is open */
	bool tried;             /* to load and open it */
	char version[128];
	char error[CANDOR_TEXT_MAX];

	/* What dispatch handed over: worked off one by one, so that being told to stop comes between. */
	Candor__Deliveries *batch; /* on the heap; NULL: none */
	size_t at;                 /* the one that is next */
	uint32_t tag;
	struct event *next;
};

/* Settings as the plugin wants them. */
static int
open_plugin(struct host *h, const Candor__Plugin *conf, char *why, size_t why_cap)
{
	struct candor_kv kv[PLUGIN_SETTINGS_MAX];
	const struct candor_plugin *p;

	if (plugin_load(&p, conf->object, why, why_cap) < 0)
		return CANDOR_EINVAL;
	plugin_text(h->version, sizeof(h->version), p->version, sizeof(h->version));
	if (conf->n_settings > NELEM(kv)) {
		snprintf(why, why_cap, "%zu settings, at most %zu are allowed", conf->n_settings,
		    NELEM(kv));
		return CANDOR_EINVAL;
	}
	for (size_t i = 0; i < conf->n_settings; i++)
		kv[i] = (struct candor_kv){ conf->settings[i]->name, conf->settings[i]->value };
	/* One that hangs here is nobody's to time but ours: the default of SIGALRM ends the process. */
	alarm(conf->deadline_ms > 0 ? conf->deadline_ms / 1000 + 1 : OPEN_MAX_S);
	/* Before every call: a plugin that fails without a word should not repeat another's. */
	snprintf(why, why_cap, "its check() failed and did not say why");
	if (p->check(kv, conf->n_settings, why, why_cap) != 0)
		return CANDOR_EINVAL;
	snprintf(why, why_cap, "its open() failed and did not say why");
	if (p->open(&h->opened, kv, conf->n_settings, why, why_cap) != 0)
		return CANDOR_EINVAL;
	alarm(0);
	h->plugin = p;
	return 0;
}

static void
say_failed(struct host *h, const char *why)
{
	alarm(0);
	plugin_text(h->error, sizeof(h->error), why, CANDOR_TEXT_MAX);
	if (h->error[0] == '\0')
		snprintf(h->error, sizeof(h->error), "it failed and its reason cannot be shown");
	log_error("%s", h->error);
	h->tried = true;
}

static int
setup(struct room *r)
{
	static struct host state;
	struct host *h = &state;
	struct keeper_wish wish = { .best_effort = r->setup->best_effort };
	char why[CANDOR_TEXT_MAX] = "";
	pid_t group;

	r->state = h;
	if (r->setup->n_plugins != 1) {
		log_error("a host takes one plugin, got %zu", r->setup->n_plugins);
		return CANDOR_EINVAL;
	}
	h->conf = r->setup->plugins[0];
	wish.name = h->conf->name;
	wish.programs = h->conf->n_programs > 0;
	/* Not for the programs that a plugin runs. */
	if (fcntl(ROOM_SUPERVISOR_FD, F_SETFD, FD_CLOEXEC) < 0 || keeper_start(&wish, &group) < 0)
		return CANDOR_ESYS;
	(void)setpriority(PRIO_PROCESS, 0, HOST_NICE);
	if (plugin_walls(&r->sandbox, &h->running, h->conf, group, why, sizeof(why)) < 0)
		say_failed(h, why);
	return 0;
}

/*
 * With dispatch there to hear of it, so that an object that crashes here is named. From now on this
 * process runs somebody else's code.
 */
static void
try_plugin(struct room *r, struct host *h)
{
	char why[CANDOR_TEXT_MAX] = "";

	if (h->tried)
		return;
	h->tried = true;
	if (open_plugin(h, h->conf, why, sizeof(why)) < 0)
		say_failed(h, why);
	h->running.name = r->sandbox.name;
	h->running.best_effort = r->sandbox.best_effort;
	if (sandbox_enter(&h->running) < 0)
		exit(EX_OSERR);
}

static void
peer_up(struct room *r, struct channel *ch)
{
	struct host *h = r->state;
	Candor__PluginState msg = CANDOR__PLUGIN_STATE__INIT;

	if (channel_peer(ch) != PARTY_DISPATCH)
		return;
	try_plugin(r, h);
	msg.name = h->conf->name;
	msg.state = (char *)(uintptr_t)(h->plugin != NULL ? "ready" : "failed");
	msg.version = h->version;
	msg.error = h->error;
	if (channel_send(ch, MSG_HOST_STATE, 0, &msg.base) < 0)
		log_error("cannot tell dispatch how the plugin is");
}

/* The day on which a clock of this name runs out; 0 when the case has none. */
static int32_t
clock_day(const Candor__Event *e, const char *name)
{
	for (size_t i = 0; i < e->n_clocks; i++)
		if (strcmp(e->clocks[i]->name, name) == 0)
			return e->clocks[i]->due;
	return 0;
}

/* plugin.h promises that no string holds a control character: the first that does, or NULL. */
static const char *
unprintable(const struct candor_event *e)
{
	const struct {
		const char *text, *name;
	} texts[] = { { e->kind, "kind" }, { e->number, "number" }, { e->category, "category" },
		{ e->severity, "severity" }, { e->site, "site" }, { e->state, "state" },
		{ e->reference, "reference" }, { e->assignee, "assignee" },
		{ e->outcome, "outcome" }, { e->clock, "clock" }, { e->plugin, "plugin" },
		{ e->head, "head" } };
	const char *bad = NULL;

	for (size_t i = 0; i < NELEM(texts); i++)
		if (!utf8_printable(texts[i].text, strlen(texts[i].text)))
			return texts[i].name;
	for (size_t i = 0; i < e->n_to; i++)
		if (!utf8_printable(e->to[i], strlen(e->to[i])))
			return "to";
	for (size_t i = 0; i < e->n_items && bad == NULL; i++)
		bad = unprintable(&e->items[i]);
	return bad;
}

static void
deliver(struct host *h, const struct candor_event *e, Candor__Outcome *out)
{
	static struct candor_answer answer;
	static char reference[CANDOR_TEXT_MAX], error[CANDOR_TEXT_MAX];
	const char *bad = unprintable(e);
	int result;

	memset(&answer, 0, sizeof(answer));
	answer.size = sizeof(answer);
	if (h->plugin == NULL) {
		result = CANDOR_RETRY;
		snprintf(answer.error, sizeof(answer.error), "%s", h->error);
	} else if (bad != NULL) {
		result = CANDOR_REFUSED;
		snprintf(answer.error, sizeof(answer.error),
		    "the event's %s holds a character that cannot be shown", bad);
	} else {
		result = (int)h->plugin->deliver(h->opened, e, &answer);
	}
	plugin_text(reference, sizeof(reference), answer.reference, sizeof(answer.reference));
	plugin_text(error, sizeof(error), answer.error, sizeof(answer.error));
	if (result < CANDOR_DELIVERED || result > CANDOR_REFUSED) {
		snprintf(error, sizeof(error),
		    "the plugin answered nonsense: %d is none of delivered, retry, refused",
		    result);
		result = CANDOR_RETRY;
		reference[0] = '\0';
		answer.retry_after_s = 0;
	}
	out->result = (uint32_t)result;
	out->reference = reference;
	out->error = error;
	out->retry_after_s = answer.retry_after_s;
}

static const char *
day_text(struct room *r, int32_t day)
{
	char *text = arena_alloc(&r->arena, DAY_CHARS + 1);

	if (text != NULL && day != 0)
		day_format(text, day);
	return text;
}

/* The events that a digest stands for; they have no key, no recipients and no items of their own. */
static bool
add_items(struct room *r, struct candor_event *e, const Candor__Event *from)
{
	struct candor_event *items = arena_alloc(&r->arena, from->n_items * sizeof(*items));

	if (items == NULL)
		return false;
	for (size_t i = 0; i < from->n_items; i++) {
		const Candor__EventLine *line = from->items[i];

		items[i] = (struct candor_event){
			.size = sizeof(items[i]),
			.key = "",
			.kind = line->kind,
			.number = line->number,
			.category = line->category,
			.severity = line->severity,
			.site = line->site,
			.state = line->state,
			.on = day_text(r, line->on),
			.acknowledge_by = "",
			.feedback_by = "",
			.reference = "",
			.assignee = "",
			.outcome = "",
			.clock = "",
			.due = "",
			.activity = "",
			.plugin = "",
			.head = "",
		};
		if (items[i].on == NULL)
			return false;
	}
	e->items = items;
	e->n_items = from->n_items;
	return true;
}

/* What the plugin is shown, in the arena. False when there is no memory. */
static bool
event_make(struct room *r, struct candor_event *out, const Candor__Delivery *d)
{
	const Candor__Event *from = d->event;
	char *key = arena_alloc(&r->arena, CANDOR_KEY_CHARS + 1);
	bool digest = strcmp(from->kind, "digest") == 0;

	for (size_t i = 0; key != NULL && i < KEY_BYTES; i++)
		snprintf(key + 2 * i, 3, "%02x", d->key.data[i]);
	*out = (struct candor_event){
		.size = sizeof(*out),
		.attempts = d->attempts,
		.key = key,
		.kind = from->kind,
		.number = from->number,
		.category = from->category,
		.severity = from->severity,
		.site = from->site,
		.state = from->state,
		.on = day_text(r, from->on),
		.acknowledge_by = day_text(r, clock_day(from, "acknowledge")),
		.feedback_by = day_text(r, clock_day(from, "feedback")),
		.reference = d->reference,
		.to = (const char *const *)from->to,
		.n_to = from->n_to,
		.assignee = from->assignee,
		.outcome = from->outcome,
		.clock = from->clock,
		.due = day_text(r, from->due),
		.activity = !digest          ? ""
			    : from->activity ? "yes"
					     : "no",
		.plugin = from->plugin,
		.head = from->head,
	};
	return key != NULL && out->on != NULL && out->acknowledge_by != NULL &&
	       out->feedback_by != NULL && out->due != NULL && add_items(r, out, from);
}

static void
drop_batch(struct host *h)
{
	if (h->batch == NULL)
		return;
	candor__deliveries__free_unpacked(h->batch, NULL);
	h->batch = NULL;
	event_del(h->next);
}

/* Each is answered at once: should the plugin take us down, dispatch knows which one did. */
static void
deliver_next(evutil_socket_t fd, short what, void *arg)
{
	struct room *r = arg;
	struct host *h = r->state;
	const Candor__Delivery *d = h->batch->deliveries[h->at++];
	struct channel *dispatch = room_channel(r, PARTY_DISPATCH, 0);
	Candor__Outcome outcome = CANDOR__OUTCOME__INIT;
	arena_mark_t mark = arena_mark(&r->arena);
	struct candor_event e;

	(void)fd;
	(void)what;
	if (!event_make(r, &e, d))
		fatal(EX_OSERR, "no memory for an event");
	deliver(h, &e, &outcome);
	arena_release(&r->arena, mark);
	outcome.key = d->key;
	if (channel_send(dispatch, MSG_DELIVERED, h->tag, &outcome.base) < 0)
		log_warning("dispatch did not take an answer: the event is delivered again");
	if (h->at < h->batch->n_deliveries)
		event_active(h->next, 0, 0);
	else
		drop_batch(h);
}

static int
on_deliver(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg)
{
	const Candor__Deliveries *m = (const void *)msg;
	struct host *h = r->state;
	struct span body = channel_body(from);

	if (h->batch != NULL || m->n_deliveries == 0)
		return CANDOR_EBADMSG;
	for (size_t i = 0; i < m->n_deliveries; i++) {
		const Candor__Delivery *d = m->deliveries[i];

		if (d->key.len != KEY_BYTES || d->event == NULL || d->event->n_to > TO_MAX)
			return CANDOR_EBADMSG;
	}
	if ((h->batch = candor__deliveries__unpack(NULL, body.len, body.p)) == NULL)
		fatal(EX_OSERR, "no memory for events");
	h->at = 0;
	h->tag = tag;
	event_active(h->next, 0, 0);
	return 0;
}

/* Whoever is dispatch next asks for what is left. */
static void
peer_down(struct room *r, struct channel *ch)
{
	(void)ch;
	drop_batch(r->state);
}

static int
start(struct room *r)
{
	struct host *h = r->state;

	h->next = event_new(r->base, -1, 0, deliver_next, r);
	return h->next != NULL && event_priority_set(h->next, 1) == 0 ? 0 : CANDOR_ENOMEM;
}

static void
stop(struct room *r)
{
	struct channel *dispatch = room_channel(r, PARTY_DISPATCH, 0);
	Candor__PluginState msg = CANDOR__PLUGIN_STATE__INIT;
	struct host *h = r->state;

	/* What it sent and we did not read is not lost, and no failure. */
	msg.name = h->conf->name;
	msg.state = (char *)(uintptr_t) "leaving";
	if (dispatch != NULL && channel_send(dispatch, MSG_HOST_STATE, 0, &msg.base) < 0)
		log_debug("dispatch was not told that we leave");
	drop_batch(h);
	if (h->plugin != NULL)
		h->plugin->close(h->opened);
	h->plugin = NULL;
	room_leave(r);
}

static const struct room_handler on[] = {
	{ MSG_DELIVER, on_deliver }, /* from dispatch */
};

static const struct room_spec host = {
	.id = PARTY_HOST,
	.on = on,
	.n_on = NELEM(on),
	.setup = setup,
	.start = start,
	.peer_up = peer_up,
	.peer_down = peer_down,
	.stop = stop, /* another slice: the supervisor starts another host */
	.arena_bytes = ARENA_BYTES,
	.max_fds = 256,
};

int
main(void)
{
	return room_run(&host);
}
