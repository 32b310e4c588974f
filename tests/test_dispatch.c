/* SPDX-License-Identifier: ISC */
/*
 * The back-off, and dispatch as a real process: the test plays the supervisor, store and the hosts.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "candor/plugin.h"
#include "dispatch/backoff.h"

#include "support/rooms.h"

#define STR(s) ((char *)(uintptr_t)(s))

/* ---- backoff ---------------------------------------------------------------------------------- */

Test(dispatch, delays_double_up_to_the_most_and_never_fall_below_the_least)
{
	for (uint32_t failures = 1; failures < 100; failures++) {
		uint64_t high = failures < 20 ? 30ull << failures : 3600;
		uint32_t low = backoff_delay_s(failures, 30, 3600, 0, 0);
		uint32_t most = backoff_delay_s(failures, 30, 3600, 0, UINT32_MAX);

		cr_assert(eq(u32, low, 30));
		cr_assert(eq(u32, most, high < 3600 ? (uint32_t)high : 3600), "%u", failures);
	}
	cr_assert(eq(u32, backoff_delay_s(UINT32_MAX, 30, UINT32_MAX, 0, UINT32_MAX), UINT32_MAX));
}

Test(dispatch, delays_are_spread_evenly)
{
	unsigned below = 0;

	for (uint32_t i = 0; i < 1000; i++)
		below += backoff_delay_s(1, 100, 1000, 0, i * (UINT32_MAX / 1000)) < 150;
	cr_assert(gt(uint, below, 450));
	cr_assert(lt(uint, below, 550));
}

Test(dispatch, a_plugins_own_wish_counts_when_it_is_longer_but_not_for_ever)
{
	cr_assert(eq(u32, backoff_delay_s(1, 30, 60, 500, 7), 500));
	cr_assert(eq(u32, backoff_delay_s(1, 30, 60, 5, 0), 30));
	cr_assert(eq(u32, backoff_delay_s(1, 30, 60, UINT32_MAX, 0), BACKOFF_ASKED_MAX_S));
}

Test(dispatch, limits_that_make_no_sense_still_give_a_delay)
{
	cr_assert(eq(u32, backoff_delay_s(5, 0, 0, 0, UINT32_MAX), 1));
	cr_assert(eq(u32, backoff_delay_s(5, 100, 10, 0, UINT32_MAX), 100));
	cr_assert(le(u32, backoff_delay_s(0, 30, 3600, 0, UINT32_MAX), 3600));
}

/* ---- the room --------------------------------------------------------------------------------- */

struct stage {
	struct test_room room;
	int store;
};

/* Configure plugins "mail" and, if n is 2, "ticket". */
static void
fill(Candor__RoomSetup *setup, Candor__Plugin plugins[2], Candor__Plugin *list[2], size_t n,
    uint32_t deadline_ms)
{
	*setup = (Candor__RoomSetup)CANDOR__ROOM_SETUP__INIT;
	for (size_t i = 0; i < n; i++) {
		plugins[i] = (Candor__Plugin)CANDOR__PLUGIN__INIT;
		plugins[i].name = STR(i == 0 ? "mail" : "ticket");
		plugins[i].deadline_ms = deadline_ms;
		plugins[i].max_attempts = 3;
		plugins[i].retry_min_s = 10;
		plugins[i].retry_max_s = 100;
		list[i] = &plugins[i];
	}
	setup->n_plugins = n;
	setup->plugins = list;
}

static struct stage
start(size_t n, uint32_t deadline_ms)
{
	Candor__RoomSetup setup;
	Candor__Plugin plugins[2], *list[2];
	struct stage s;

	fill(&setup, plugins, list, n, deadline_ms);
	s.room = test_room_start("candor-dispatch", PARTY_DISPATCH, &setup);
	test_room_expect(&s.room, s.room.fd, PARTY_SUPERVISOR, MSG_ROOM_READY);
	s.store = test_room_peer(&s.room, PARTY_STORE, 0, "");
	return s;
}

static struct test_packet
at_store(const struct stage *s, unsigned kind)
{
	return test_room_expect(&s->room, s->store, PARTY_STORE, kind);
}

/* The next PLUGIN_STATE is this one. */
static void
expect_state(const struct stage *s, const char *name, const char *state)
{
	const Candor__PluginState *m = (const void *)at_store(s, MSG_PLUGIN_STATE).msg;

	cr_assert(eq(str, m->name, STR(name)));
	cr_assert(eq(str, m->state, STR(state)), "%s", m->error);
}

/* The plugins' states as store hears them when it comes up, in any order. */
static void
expect_states(const struct stage *s, size_t n)
{
	while (n-- > 0)
		at_store(s, MSG_PLUGIN_STATE);
}

static void
host_ready(int host)
{
	Candor__PluginState m = CANDOR__PLUGIN_STATE__INIT;

	m.name = STR("mail");
	m.state = STR("ready");
	m.version = STR("1.0");
	test_room_send(host, MSG_HOST_STATE, 0, &m.base);
}

/* A host that is ready, store having heard of it; the question it leads to is next at store. */
static int
host_up(const struct stage *s, const char *name, unsigned index)
{
	int host = test_room_peer(&s->room, PARTY_HOST, index, name);

	expect_state(s, name, "starting");
	host_ready(host);
	expect_state(s, name, "ready");
	return host;
}

/* How many were asked for. */
static uint32_t last_limit;

static uint32_t
wanted(const struct stage *s, const char *name)
{
	struct test_packet p = at_store(s, MSG_DELIVERIES_WANTED);
	const Candor__DeliveriesWanted *m = (const void *)p.msg;

	cr_assert(eq(str, m->plugin, STR(name)));
	cr_assert(ge(u32, m->limit, 1));
	cr_assert(le(u32, m->limit, 256));
	last_limit = m->limit;
	return p.tag;
}

/* Answer with n deliveries whose keys begin with first, first + 1, …, tried `attempts` times before. */
static void
give(const struct stage *s, uint32_t tag, const char *name, unsigned first, size_t n,
    uint32_t attempts, uint32_t next_ms)
{
	static uint8_t keys[256][16];
	static Candor__Delivery d[256], *list[256];
	static Candor__Event e[256];
	Candor__Deliveries m = CANDOR__DELIVERIES__INIT;

	for (size_t i = 0; i < n; i++) {
		keys[i][0] = (uint8_t)(first + i);
		e[i] = (Candor__Event)CANDOR__EVENT__INIT;
		e[i].kind = STR("filed");
		d[i] = (Candor__Delivery)CANDOR__DELIVERY__INIT;
		d[i].key = wire_bytes(keys[i], 16);
		d[i].plugin = STR(name);
		d[i].attempts = attempts;
		d[i].event = &e[i];
		list[i] = &d[i];
	}
	m.plugin = STR(name);
	m.n_deliveries = n;
	m.deliveries = list;
	m.next_ms = next_ms;
	test_room_send(s->store, MSG_DELIVERIES, tag, &m.base);
}

/* What a host was given: its tag, how many, and the first key's first byte in *first. */
static uint32_t
given(const struct stage *s, int host, unsigned *first, size_t *n)
{
	struct test_packet p = test_room_expect(&s->room, host, PARTY_HOST, MSG_DELIVER);
	const Candor__Deliveries *m = (const void *)p.msg;

	cr_assert(gt(sz, m->n_deliveries, 0));
	for (size_t i = 0; i < m->n_deliveries; i++)
		cr_assert(eq(sz, m->deliveries[i]->key.len, 16));
	*first = m->deliveries[0]->key.data[0];
	*n = m->n_deliveries;
	return p.tag;
}

static void
answer(int host, uint32_t tag, unsigned first, uint32_t result, const char *error)
{
	uint8_t key[16] = { (uint8_t)first };
	Candor__Outcome o = CANDOR__OUTCOME__INIT;

	o.key = wire_bytes(key, sizeof(key));
	o.result = result;
	o.reference = STR(result == CANDOR_DELIVERED ? "T-9" : "");
	o.error = STR(error);
	test_room_send(host, MSG_DELIVERED, tag, &o.base);
}

/* Take what a host is given next, `expected` being its first, and answer all of it alike. */
static void
serve(const struct stage *s, int host, unsigned expected, uint32_t result)
{
	unsigned first;
	size_t n;
	uint32_t tag = given(s, host, &first, &n);

	cr_assert(eq(uint, first, expected));
	for (size_t i = 0; i < n; i++)
		answer(host, tag, first + (unsigned)i, result,
		    result == CANDOR_DELIVERED ? "" : "busy");
}

static const Candor__Outcome *
one_outcome(const struct stage *s, const char *name, unsigned first, uint32_t result)
{
	const Candor__Outcomes *m = (const void *)at_store(s, MSG_OUTCOMES).msg;

	cr_assert(eq(str, m->plugin, STR(name)));
	cr_assert(eq(sz, m->n_outcomes, 1));
	cr_assert(eq(uint, m->outcomes[0]->key.data[0], first));
	cr_assert(eq(u32, m->outcomes[0]->result, result), "%s", m->outcomes[0]->error);
	return m->outcomes[0];
}

static const char *
accused(const struct stage *s, enum wire_party id, unsigned index)
{
	const Candor__RoomAccuse *m =
	    (const void *)test_room_expect(&s->room, s->room.fd, PARTY_SUPERVISOR, MSG_ROOM_ACCUSE)
		.msg;

	cr_assert(eq(u32, m->room, id));
	cr_assert(eq(u32, m->index, index));
	return m->why;
}

Test(dispatch, a_batch_is_handed_out_and_reported_then_the_next_is_asked_for, .timeout = 60)
{
	struct stage s = start(1, 30000);
	unsigned outcomes = 0;
	uint32_t tag;
	int host;

	expect_states(&s, 1);
	host = host_up(&s, "mail", 4);
	give(&s, wanted(&s, "mail"), "mail", 1, 64, 0, 0);
	serve(&s, host, 1, CANDOR_DELIVERED);
	/* All are reported before more is asked for, each once and in order. */
	for (;;) {
		struct test_packet p = test_room_next(&s.room, s.store, PARTY_STORE);
		const Candor__Outcomes *m = (const void *)p.msg;

		if (p.kind == MSG_DELIVERIES_WANTED) {
			tag = p.tag;
			break;
		}
		cr_assert(eq(uint, p.kind, MSG_OUTCOMES));
		for (size_t i = 0; i < m->n_outcomes; i++) {
			cr_assert(eq(uint, m->outcomes[i]->key.data[0], ++outcomes));
			cr_assert(eq(str, m->outcomes[i]->reference, STR("T-9")));
		}
	}
	cr_assert(eq(uint, outcomes, 64));
	give(&s, tag, "mail", 100, 1, 0, 0);
	serve(&s, host, 100, CANDOR_DELIVERED);
	one_outcome(&s, "mail", 100, CANDOR_DELIVERED);
	test_room_stop(&s.room);
}

Test(dispatch, a_failed_try_comes_back_later_and_the_last_one_is_a_dead_letter, .timeout = 60)
{
	struct stage s = start(1, 30000);
	const Candor__Outcome *o;
	int host;

	expect_states(&s, 1);
	host = host_up(&s, "mail", 0);
	give(&s, wanted(&s, "mail"), "mail", 1, 1, 0, 0);
	serve(&s, host, 1, CANDOR_RETRY);
	o = one_outcome(&s, "mail", 1, CANDOR_RETRY);
	cr_assert(ge(u32, o->retry_after_s, 10));
	cr_assert(le(u32, o->retry_after_s, 20));
	cr_assert(eq(str, o->error, STR("busy")));
	give(&s, wanted(&s, "mail"), "mail", 1, 1, 2, 0);
	serve(&s, host, 1, CANDOR_RETRY);
	o = one_outcome(&s, "mail", 1, CANDOR_REFUSED);
	cr_assert(eq(str, o->error, STR("given up after 3 tries: busy")));
	give(&s, wanted(&s, "mail"), "mail", 2, 1, 0, 0);
	serve(&s, host, 2, CANDOR_REFUSED);
	o = one_outcome(&s, "mail", 2, CANDOR_REFUSED);
	cr_assert(eq(str, o->error, STR("busy")));
	test_room_stop(&s.room);
}

Test(dispatch, a_late_host_is_accused_and_the_try_counts_as_failed, .timeout = 60)
{
	struct stage s = start(1, 200);
	const Candor__Outcome *o;
	unsigned first;
	uint32_t tag;
	size_t n;
	int host;

	expect_states(&s, 1);
	host = host_up(&s, "mail", 7);
	give(&s, wanted(&s, "mail"), "mail", 1, 2, 0, 0);
	tag = given(&s, host, &first, &n);
	expect_state(&s, "mail", "starting");
	o = one_outcome(&s, "mail", 1, CANDOR_RETRY);
	cr_assert(eq(str, o->error, STR("no answer within 0.2 s")));
	cr_assert(eq(str, STR(accused(&s, PARTY_HOST, 7)), STR("no answer within 0.2 s")));
	/* Its answer comes after all: too late. The second was never handed out, and is asked for anew. */
	answer(host, tag, first, CANDOR_DELIVERED, "");
	close(host);
	host = host_up(&s, "mail", 7);
	give(&s, wanted(&s, "mail"), "mail", 2, 1, 0, 0);
	serve(&s, host, 2, CANDOR_DELIVERED);
	one_outcome(&s, "mail", 2, CANDOR_DELIVERED);
	test_room_stop(&s.room);
}

Test(dispatch, a_host_that_dies_costs_one_try_of_what_it_had_in_hand, .timeout = 60)
{
	struct stage s = start(1, 30000);
	const Candor__Outcome *o;
	unsigned first;
	size_t n;
	int host;

	expect_states(&s, 1);
	host = host_up(&s, "mail", 0);
	give(&s, wanted(&s, "mail"), "mail", 1, 3, 0, 0);
	given(&s, host, &first, &n);
	close(host);
	expect_state(&s, "mail", "starting");
	o = one_outcome(&s, "mail", 1, CANDOR_RETRY);
	cr_assert(eq(str, o->error, STR("the plugin's process died")));
	host = host_up(&s, "mail", 0);
	wanted(&s, "mail");
	test_room_stop(&s.room);
}

Test(dispatch, a_host_that_dies_idle_or_unready_is_an_error_and_one_that_leaves_is_not,
    .timeout = 60)
{
	struct stage s = start(1, 30000);
	Candor__PluginState leaving = CANDOR__PLUGIN_STATE__INIT;
	const Candor__PluginState *told;
	int host;

	expect_states(&s, 1);
	host = host_up(&s, "mail", 0);
	wanted(&s, "mail");
	close(host);
	told = (const void *)at_store(&s, MSG_PLUGIN_STATE).msg;
	cr_assert(eq(str, told->state, STR("starting")));
	cr_assert(
	    eq(str, told->error, STR("the plugin's process died while it had nothing to do")));
	host = host_up(&s, "mail", 0);
	leaving.state = STR("leaving"); /* as on a reload */
	test_room_send(host, MSG_HOST_STATE, 0, &leaving.base);
	close(host);
	told = (const void *)at_store(&s, MSG_PLUGIN_STATE).msg;
	cr_assert(eq(str, told->state, STR("starting")));
	cr_assert(eq(str, told->error, STR("")));
	host = test_room_peer(&s.room, PARTY_HOST, 0, "mail");
	expect_state(&s, "mail", "starting");
	close(host);
	told = (const void *)at_store(&s, MSG_PLUGIN_STATE).msg;
	cr_assert(eq(str, told->state, STR("starting")));
	cr_assert(eq(str, told->error, STR("the plugin's process died while it was opened")));
	test_room_kill(&s.room);
}

Test(dispatch, the_last_words_of_a_host_are_heard_though_the_next_one_is_there, .timeout = 60)
{
	struct stage s = start(1, 30000);
	Candor__PluginState leaving = CANDOR__PLUGIN_STATE__INIT;
	const Candor__PluginState *told;
	unsigned first;
	size_t n;
	int host, next;

	expect_states(&s, 1);
	host = host_up(&s, "mail", 0);
	give(&s, wanted(&s, "mail"), "mail", 1, 2, 0, 0);
	given(&s, host, &first, &n);
	/* Both are waiting when dispatch looks. */
	kill(s.room.pid, SIGSTOP);
	leaving.state = STR("leaving");
	test_room_send(host, MSG_HOST_STATE, 0, &leaving.base);
	close(host);
	next = test_room_peer(&s.room, PARTY_HOST, 0, "mail");
	kill(s.room.pid, SIGCONT);
	for (unsigned i = 0; i < 2; i++) {
		told = (const void *)at_store(&s, MSG_PLUGIN_STATE).msg;
		cr_assert(eq(str, told->state, STR("starting")));
		cr_assert(eq(str, told->error, STR("")), "no try, and no death");
	}
	host_ready(next);
	expect_state(&s, "mail", "ready");
	wanted(&s, "mail");
	test_room_kill(&s.room);
}

Test(dispatch, what_a_leaving_host_has_in_hand_is_no_failed_try, .timeout = 60)
{
	struct stage s = start(1, 30000);
	Candor__PluginState leaving = CANDOR__PLUGIN_STATE__INIT;
	const Candor__PluginState *told;
	unsigned first;
	uint32_t tag;
	size_t n;
	int host;

	expect_states(&s, 1);
	host = host_up(&s, "mail", 0);
	give(&s, wanted(&s, "mail"), "mail", 1, 3, 0, 0);
	tag = given(&s, host, &first, &n);
	cr_assert(eq(sz, n, 3));
	answer(host, tag, 1, CANDOR_DELIVERED, "");
	leaving.state = STR("leaving");
	test_room_send(host, MSG_HOST_STATE, 0, &leaving.base);
	told = (const void *)at_store(&s, MSG_PLUGIN_STATE).msg;
	cr_assert(eq(str, told->state, STR("starting")));
	cr_assert(eq(str, told->error, STR("")));
	one_outcome(&s, "mail", 1, CANDOR_DELIVERED);
	close(host);
	cr_assert(test_room_silent(s.store, 200), "the second one was not tried");
	host = host_up(&s, "mail", 0);
	give(&s, wanted(&s, "mail"), "mail", 2, 1, 0, 0);
	serve(&s, host, 2, CANDOR_DELIVERED);
	one_outcome(&s, "mail", 2, CANDOR_DELIVERED);
	test_room_kill(&s.room);
}

Test(dispatch, one_dead_plugin_never_delays_another, .timeout = 60)
{
	struct stage s = start(2, 30000);
	unsigned first;
	size_t n;
	int mail, ticket;

	expect_states(&s, 2);
	mail = host_up(&s, "mail", 0);
	give(&s, wanted(&s, "mail"), "mail", 1, 1, 0, 0);
	given(&s, mail, &first, &n); /* and is never answered */
	ticket = host_up(&s, "ticket", 1);
	for (unsigned i = 0; i < 5; i++) {
		give(&s, wanted(&s, "ticket"), "ticket", 10 + i, 1, 0, 0);
		serve(&s, ticket, 10 + i, CANDOR_DELIVERED);
		one_outcome(&s, "ticket", 10 + i, CANDOR_DELIVERED);
	}
	test_room_kill(&s.room);
}

Test(dispatch, a_failed_plugin_is_asked_nothing_and_its_reason_is_told, .timeout = 60)
{
	struct stage s = start(1, 30000);
	Candor__PluginState m = CANDOR__PLUGIN_STATE__INIT;
	const Candor__PluginState *told;
	int host;

	expect_states(&s, 1);
	host = test_room_peer(&s.room, PARTY_HOST, 0, "mail");
	expect_state(&s, "mail", "starting");
	m.state = STR("failed");
	m.error = STR("host must be the mail server's name");
	test_room_send(host, MSG_HOST_STATE, 0, &m.base);
	told = (const void *)at_store(&s, MSG_PLUGIN_STATE).msg;
	cr_assert(eq(str, told->state, STR("failed")));
	cr_assert(eq(str, told->error, m.error));
	cr_assert(test_room_silent(s.store, 200));
	test_room_stop(&s.room);
}

Test(dispatch, nothing_due_means_to_ask_again_when_store_said_or_wakes_it, .timeout = 60)
{
	struct stage s = start(1, 30000);

	expect_states(&s, 1);
	host_up(&s, "mail", 0);
	give(&s, wanted(&s, "mail"), "mail", 0, 0, 0, 150);
	/* By the clock, */
	give(&s, wanted(&s, "mail"), "mail", 0, 0, 0, 0);
	cr_assert(test_room_silent(s.store, 200));
	/* and by a word of store's. */
	give(&s, 0, "mail", 0, 0, 0, 0);
	wanted(&s, "mail");
	test_room_stop(&s.room);
}

Test(dispatch, a_refusal_of_store_is_tried_again, .timeout = 60)
{
	struct stage s = start(1, 30000);
	Candor__Refusal no = CANDOR__REFUSAL__INIT;

	expect_states(&s, 1);
	host_up(&s, "mail", 0);
	no.code = 75;
	test_room_send(s.store, MSG_REFUSAL, wanted(&s, "mail"), &no.base);
	wanted(&s, "mail");
	test_room_stop(&s.room);
}

Test(dispatch, outcomes_wait_for_a_store_that_vanished, .timeout = 60)
{
	struct stage s = start(1, 30000);
	const Candor__Outcomes *m;
	unsigned first;
	uint32_t tag;
	size_t n;
	int host;

	expect_states(&s, 1);
	host = host_up(&s, "mail", 0);
	give(&s, wanted(&s, "mail"), "mail", 1, 3, 0, 0);
	tag = given(&s, host, &first, &n);
	answer(host, tag, 1, CANDOR_DELIVERED, "");
	one_outcome(&s, "mail", 1, CANDOR_DELIVERED); /* read, but never committed */
	close(s.store);
	answer(host, tag, 2, CANDOR_DELIVERED, "");
	answer(host, tag, 3, CANDOR_RETRY, "busy");
	s.store = test_room_peer(&s.room, PARTY_STORE, 0, "");
	expect_state(&s, "mail", "ready");
	m = (const void *)at_store(&s, MSG_OUTCOMES).msg;
	cr_assert(ge(sz, m->n_outcomes, 1));
	for (size_t seen = 0, in_this = 0; seen < 3; seen++, in_this++) {
		if (in_this == m->n_outcomes) {
			m = (const void *)at_store(&s, MSG_OUTCOMES).msg;
			in_this = 0;
		}
		cr_assert(eq(uint, m->outcomes[in_this]->key.data[0], seen + 1));
	}
	wanted(&s, "mail");
	/* A store that goes away with a question open is asked anew. */
	close(s.store);
	s.store = test_room_peer(&s.room, PARTY_STORE, 0, "");
	expect_state(&s, "mail", "ready");
	at_store(&s, MSG_OUTCOMES);
	give(&s, wanted(&s, "mail"), "mail", 9, 1, 0, 0);
	serve(&s, host, 9, CANDOR_DELIVERED);
	one_outcome(&s, "mail", 9, CANDOR_DELIVERED);
	test_room_stop(&s.room);
}

Test(dispatch, a_host_that_lies_about_what_it_delivered_is_accused, .timeout = 60)
{
	static const struct {
		uint32_t tag, result;
		unsigned first;
	} lies[] = { { 1, 0, 1 }, { 0, 3, 1 }, { 0, 0, 2 } };

	for (size_t i = 0; i < NELEM(lies); i++) {
		struct stage s = start(1, 30000);
		unsigned first;
		uint32_t tag;
		size_t n;
		int host;

		expect_states(&s, 1);
		host = host_up(&s, "mail", 3);
		give(&s, wanted(&s, "mail"), "mail", 1, 1, 0, 0);
		tag = given(&s, host, &first, &n);
		answer(host, tag + lies[i].tag, lies[i].first, lies[i].result, "");
		accused(&s, PARTY_HOST, 3);
		expect_state(&s, "mail", "starting");
		one_outcome(&s, "mail", 1, CANDOR_RETRY);
		test_room_stop(&s.room);
	}
}

Test(dispatch, deliveries_that_nobody_asked_for_are_refused, .timeout = 60)
{
	struct stage s = start(1, 30000);

	expect_states(&s, 1);
	give(&s, 77, "mail", 1, 1, 0, 0);
	accused(&s, PARTY_STORE, 0);
	test_room_stop(&s.room);
}

Test(dispatch, a_longest_error_stays_whole_characters_when_it_is_cut, .timeout = 60)
{
	struct stage s = start(1, 30000);
	char error[CANDOR_TEXT_MAX] = "";
	const Candor__Outcome *o;
	unsigned first;
	uint32_t tag;
	size_t n;
	int host;

	for (size_t i = 0; i + 3 <= sizeof(error) - 1; i += 3)
		memcpy(error + i, "\xe2\x82\xac", 4);
	expect_states(&s, 1);
	host = host_up(&s, "mail", 0);
	give(&s, wanted(&s, "mail"), "mail", 1, 1, 2, 0);
	tag = given(&s, host, &first, &n);
	answer(host, tag, first, CANDOR_RETRY, error);
	/* Not UTF-8 would not unpack. */
	o = one_outcome(&s, "mail", 1, CANDOR_REFUSED);
	cr_assert(gt(sz, strlen(o->error), CANDOR_TEXT_MAX - 5));
	test_room_stop(&s.room);
}

Test(dispatch, a_reload_brings_and_takes_plugins, .timeout = 60)
{
	struct stage s = start(2, 30000);
	Candor__RoomSetup setup;
	Candor__Plugin plugins[2], *list[2];
	int mail, ticket;

	expect_states(&s, 2);
	mail = host_up(&s, "mail", 0);
	give(&s, wanted(&s, "mail"), "mail", 0, 0, 0, 0);
	ticket = host_up(&s, "ticket", 1);
	give(&s, wanted(&s, "ticket"), "ticket", 0, 0, 0, 0);
	fill(&setup, plugins, list, 1, 150);
	test_room_reload(&s.room, &setup);
	/* What comes behind the slice shows that it was read. */
	test_room_peer(&s.room, PARTY_HOST, 2, "third");
	expect_state(&s, "third", "starting"); /* as a new plugin, */
	expect_state(&s, "third", "starting"); /* and as one whose host is up */
	close(ticket);
	expect_state(&s, "ticket", "starting");
	/* Its deliveries, should they still come, are no offence; the other's new deadline counts. */
	give(&s, 0, "ticket", 0, 0, 0, 0);
	give(&s, 0, "mail", 0, 0, 0, 0);
	give(&s, wanted(&s, "mail"), "mail", 1, 1, 0, 0);
	expect_state(&s, "mail", "starting");
	one_outcome(&s, "mail", 1, CANDOR_RETRY);
	accused(&s, PARTY_HOST, 0);
	close(mail);
	test_room_stop(&s.room);
}

/* Answer questions with as many as were asked for, all of which fail, until dispatch rests. */
static unsigned
fail_until_it_rests(const struct stage *s, int host)
{
	unsigned tried = 0;

	do {
		uint32_t tag = wanted(s, "mail"), n = last_limit;

		give(s, tag, "mail", 1, n, 0, 0);
		serve(s, host, 1, CANDOR_RETRY);
		tried += n;
		for (const Candor__Outcomes *m; n > 0; n -= (uint32_t)m->n_outcomes)
			m = (const void *)at_store(s, MSG_OUTCOMES).msg;
	} while (!test_room_silent(s->store, 300));
	return tried;
}

Test(dispatch, a_sink_that_is_away_is_left_alone_and_noticed_when_it_is_back, .timeout = 60)
{
	struct stage s = start(1, 30000);
	unsigned tried;
	int host;

	expect_states(&s, 1);
	host = host_up(&s, "mail", 0);
	tried = fail_until_it_rests(&s, host);
	cr_assert(ge(uint, tried, 64));
	cr_assert(le(uint, tried, 256));
	/* News: one is tried, and no more while it fails. */
	for (unsigned i = 0; i < 3; i++) {
		give(&s, 0, "mail", 0, 0, 0, 0);
		give(&s, wanted(&s, "mail"), "mail", 7, 1, 0, 0);
		cr_assert(eq(u32, last_limit, 1));
		serve(&s, host, 7, CANDOR_RETRY);
		one_outcome(&s, "mail", 7, CANDOR_RETRY);
		cr_assert(test_room_silent(s.store, 100), "it rests");
	}
	/* When that works, so does the rest, at once. */
	give(&s, 0, "mail", 0, 0, 0, 0);
	give(&s, wanted(&s, "mail"), "mail", 7, 1, 0, 0);
	serve(&s, host, 7, CANDOR_DELIVERED);
	one_outcome(&s, "mail", 7, CANDOR_DELIVERED);
	wanted(&s, "mail");
	cr_assert(ge(u32, last_limit, 16));
	test_room_stop(&s.room);
}

Test(dispatch, single_failures_between_others_are_no_reason_to_rest, .timeout = 60)
{
	struct stage s = start(1, 30000);
	int host;

	expect_states(&s, 1);
	host = host_up(&s, "mail", 0);
	for (unsigned i = 0; i < 200; i++) {
		uint32_t result = i % 20 == 0 ? CANDOR_DELIVERED : CANDOR_RETRY;

		give(&s, wanted(&s, "mail"), "mail", 1, 1, 0, 0);
		serve(&s, host, 1, result);
		one_outcome(&s, "mail", 1, result);
	}
	test_room_stop(&s.room);
}

Test(dispatch, it_leaves_when_what_is_in_hand_is_done, .timeout = 60)
{
	struct stage s = start(1, 30000);
	const Candor__Empty stop = CANDOR__EMPTY__INIT;
	Candor__PluginState leaving = CANDOR__PLUGIN_STATE__INIT;
	unsigned first;
	uint32_t tag;
	size_t n;
	int host;

	expect_states(&s, 1);
	host = host_up(&s, "mail", 0);
	give(&s, wanted(&s, "mail"), "mail", 1, 2, 0, 0);
	tag = given(&s, host, &first, &n);
	test_room_send(s.room.fd, MSG_ROOM_STOP, 0, &stop.base);
	cr_assert(test_room_silent(s.store, 100));
	answer(host, tag, first, CANDOR_DELIVERED, "");
	one_outcome(&s, "mail", 1, CANDOR_DELIVERED);
	/* Its host is told to stop as well, and has not looked at the second. */
	leaving.state = STR("leaving");
	test_room_send(host, MSG_HOST_STATE, 0, &leaving.base);
	expect_state(&s, "mail", "starting");
	cr_assert(zero(int, test_room_wait(&s.room)));
}
