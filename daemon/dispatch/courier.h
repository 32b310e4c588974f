/* SPDX-License-Identifier: ISC */
/*
 * A courier: what dispatch does for one plugin. It asks store for a batch of due deliveries, hands it
 * to the plugin's host, which answers for one after the other, each within its deadline, and reports how
 * they went. Where try after try fails it pauses. Couriers share nothing but the channel to store, so
 * that one plugin never waits for another. Nothing is kept here that
 * store's ledger does not know: whatever is lost is asked for anew. dispatch.
 */
#ifndef CANDOR_DISPATCH_COURIER_H
#define CANDOR_DISPATCH_COURIER_H

#include "common/room.h"

/* Deliveries asked for at a time, at most. */
#define COURIER_BATCH 256

struct courier;

/*
 * A courier for the plugin of this name (copied), whose host and store are away. NULL when out of memory.
 * random is a source of 32 random bits for the back-off.
 */
struct courier *courier_new(struct room *r, const char *name, uint32_t (*random)(void));
/* NULL is fine. What was not reported stays due in the ledger. */
void courier_free(struct courier *c);

const char *courier_name(const struct courier *c);
/* The next one of a list that the room keeps. */
struct courier **courier_next(struct courier *c);

/* Limits from the configuration: 0 stands for the default. */
void courier_limits(struct courier *c, const Candor__Plugin *plugin);

/* The host's channel is up, or is about to be freed: what it had in hand counts as a failed try. */
void courier_host_up(struct courier *c, struct channel *host);
void courier_host_down(struct courier *c);
/* NULL: away. */
const struct channel *courier_host(const struct courier *c);

/* Store's channel is up (NULL: away): outcomes that it may have missed go out again. */
void courier_store(struct courier *c, struct channel *store);

/* Messages. < 0: no honest peer would send that. */
int courier_on_host_state(struct courier *c, const Candor__PluginState *state) MUST_CHECK;
int courier_on_delivered(struct courier *c, uint32_t tag, const Candor__Outcome *o) MUST_CHECK;
/* body is the same message as it came: the batch outlives the handler. */
int courier_on_deliveries(
    struct courier *c, uint32_t tag, const Candor__Deliveries *d, struct span body) MUST_CHECK;
/* Store cannot say now. True when the tag was this courier's question. */
bool courier_on_refusal(struct courier *c, uint32_t tag);

/* Hand out nothing more. True when nothing is in hand, since its host answered for it or leaves: all is
 * reported, as far as store is there. */
bool courier_stop(struct courier *c);

#endif
