/* SPDX-License-Identifier: ISC */
/*
 * dispatch: gives each due event to the hosts of the plugins that want it.
 *
 * hears       store (DELIVERIES), hosts (HOST_STATE, DELIVERED), the supervisor
 * may touch   nothing: no file, no network; its memory holds events and outcomes only
 * must never  see more of a case than an Event holds, or let one plugin wait for another
 */
#include <stdlib.h>
#include <string.h>

#include "dispatch/courier.h"

struct dispatch {
	struct courier *couriers; /* by courier_next() */
	struct channel *store;    /* NULL: away */
	bool stopping;
};

static uint32_t
random_bits(void)
{
	return arc4random();
}

static const Candor__Plugin *
configured(const struct room *r, const char *name)
{
	for (size_t i = 0; i < r->setup->n_plugins; i++)
		if (strcmp(r->setup->plugins[i]->name, name) == 0)
			return r->setup->plugins[i];
	return NULL;
}

static struct courier *
find(const struct dispatch *d, const char *name)
{
	struct courier *c = d->couriers;

	while (c != NULL && strcmp(courier_name(c), name) != 0)
		c = *courier_next(c);
	return c;
}

/* The courier of this name; a host may be there before the slice that names its plugin. */
static struct courier *
find_or_add(struct room *r, const char *name)
{
	struct dispatch *d = r->state;
	const Candor__Plugin *plugin = configured(r, name);
	struct courier *c = find(d, name);

	if (c == NULL) {
		if ((c = courier_new(r, name, random_bits)) == NULL)
			fatal(71, "no memory for plugin %s", name);
		*courier_next(c) = d->couriers;
		d->couriers = c;
		courier_store(c, d->store);
	}
	if (plugin != NULL)
		courier_limits(c, plugin);
	return c;
}

/* Forget plugins that are neither configured nor hosted any more. */
static void
sweep(struct room *r)
{
	struct dispatch *d = r->state;
	struct courier **at = &d->couriers;

	while (*at != NULL) {
		struct courier *c = *at;

		if (courier_host(c) != NULL || configured(r, courier_name(c)) != NULL) {
			at = courier_next(c);
			continue;
		}
		*at = *courier_next(c);
		courier_free(c);
	}
}

static void
leave_when_done(struct room *r)
{
	struct dispatch *d = r->state;
	bool done = true;

	if (!d->stopping)
		return;
	for (struct courier *c = d->couriers; c != NULL; c = *courier_next(c))
		if (!courier_stop(c))
			done = false;
	if (done)
		room_leave(r);
}

static int
on_deliveries(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg)
{
	const Candor__Deliveries *m = (const void *)msg;
	struct courier *c = find(r->state, m->plugin);

	/* A plugin that a reload took away is no offence of store's. */
	return c == NULL ? 0 : courier_on_deliveries(c, tag, m, channel_body(from));
}

static int
on_refusal(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg)
{
	struct dispatch *d = r->state;

	(void)msg;
	if (channel_peer(from) != PARTY_STORE)
		return CANDOR_EBADMSG;
	for (struct courier *c = d->couriers; c != NULL; c = *courier_next(c))
		if (courier_on_refusal(c, tag))
			break;
	return 0;
}

static int
on_host_state(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg)
{
	struct courier *c = find(r->state, channel_peer_name(from));
	int result = c == NULL ? CANDOR_EBADMSG : courier_on_host_state(c, (const void *)msg);

	(void)tag;
	leave_when_done(r);
	return result;
}

static int
on_delivered(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg)
{
	struct courier *c = find(r->state, channel_peer_name(from));
	int result = c == NULL ? CANDOR_EBADMSG : courier_on_delivered(c, tag, (const void *)msg);

	leave_when_done(r);
	return result;
}

static void
peer_up(struct room *r, struct channel *ch)
{
	struct dispatch *d = r->state;

	if (channel_peer(ch) == PARTY_HOST) {
		courier_host_up(find_or_add(r, channel_peer_name(ch)), ch);
	} else if (channel_peer(ch) == PARTY_STORE) {
		d->store = ch;
		for (struct courier *c = d->couriers; c != NULL; c = *courier_next(c))
			courier_store(c, ch);
	}
}

static void
peer_down(struct room *r, struct channel *ch)
{
	struct dispatch *d = r->state;

	if (channel_peer(ch) == PARTY_HOST) {
		struct courier *c = find(d, channel_peer_name(ch));

		/* A restarted host's new channel may be here before the old one is seen to be gone. */
		if (c != NULL && courier_host(c) == ch) {
			courier_host_down(c);
			sweep(r);
		}
		leave_when_done(r);
	} else if (ch == d->store) {
		d->store = NULL;
		for (struct courier *c = d->couriers; c != NULL; c = *courier_next(c))
			courier_store(c, NULL);
	}
}

static void
reload(struct room *r)
{
	for (size_t i = 0; i < r->setup->n_plugins; i++)
		find_or_add(r, r->setup->plugins[i]->name);
	sweep(r);
}

static int
setup(struct room *r)
{
	static struct dispatch state;

	r->state = &state;
	return 0;
}

static int
start(struct room *r)
{
	reload(r);
	return 0;
}

static void
stop(struct room *r)
{
	struct dispatch *d = r->state;

	d->stopping = true;
	leave_when_done(r);
}

/* clang-format off */
static const struct room_handler on[] = {
	{ MSG_DELIVERIES, on_deliveries }, /* from store */
	{ MSG_REFUSAL,    on_refusal },    /* from store: not now */
	{ MSG_HOST_STATE, on_host_state }, /* from a host */
	{ MSG_DELIVERED,  on_delivered },
};
/* clang-format on */

static const struct room_spec dispatch = {
	.id = PARTY_DISPATCH,
	.on = on,
	.n_on = NELEM(on),
	.setup = setup,
	.start = start,
	.reload = reload,
	.peer_up = peer_up,
	.peer_down = peer_down,
	.stop = stop,
	/* One message, unpacked: 50 times its size at most, far less when honest. */
	.arena_bytes = 4u << 20,
	.max_fds = 256,
};

int
main(void)
{
	return room_run(&dispatch);
}
