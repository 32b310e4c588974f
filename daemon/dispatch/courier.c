/* SPDX-License-Identifier: ISC */
/* One plugin's deliveries: see courier.h. dispatch; sees no more of a case than an Event holds. */
#include "dispatch/courier.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "candor/plugin.h"

#include "dispatch/backoff.h"

#define KEY_BYTES 16
/* Outcomes wait so long for others to share a packet, and a commit in store, with. */
#define FLUSH_MS 20
/* As many of the largest outcomes (about 1060 bytes) as surely fit one body. */
#define OUTCOMES_PER_MESSAGE 48
/* Ask store at least so often, whatever it said. */
#define ASK_MAX_MS 3600000u
/* And never faster than this when it said that nothing is due. */
#define ASK_MIN_MS 20u
/* Store is busy, or we are short of memory. */
#define AGAIN_MS 1000u

/* What is asked for at a time follows how fast the plugin is: what is more urgent waits for no more. */
#define BATCH_FIRST 16u
#define BATCH_MIN 4u
#define BATCH_FAST_MS 200
#define BATCH_SLOW_MS 1000

/* So many failed tries in a row, of whatever events, and the other side is taken to be away: a pause
 * then, so that a long line is not worn out on it, nor others' time. Longer each time, up to this. */
#define AWAY_AFTER 64u
#define AWAY_MAX_S 300u

/* For a plugin to be loaded and opened, beyond the deadline that its host sets itself. */
#define OPEN_MORE_MS 10000u
#define DEADLINE_MS 30000u
#define MAX_ATTEMPTS 12u
#define RETRY_MIN_S 30u
#define RETRY_MAX_S 3600u

struct settled {
	uint8_t key[KEY_BYTES];
	uint32_t result, retry_after_s;
	char reference[CANDOR_TEXT_MAX];
	char error[CANDOR_TEXT_MAX];
};

struct courier {
	struct courier *next;
	struct room *room;
	char *name;
	uint32_t (*random)(void);
	uint32_t deadline_ms, max_attempts, retry_min_s, retry_max_s;

	struct channel *host, *store; /* NULL: away */
	bool told;                    /* the host said how its plugin is; it does so once */
	bool ready;                   /* the plugin is open and its host takes deliveries */
	bool stopping;
	const char *state; /* as store was told, or will be when it is back */
	char version[CANDOR_TEXT_MAX / 4];
	char error[CANDOR_TEXT_MAX];

	Candor__Deliveries
	    *batch;   /* on the heap; NULL: none. All of it goes to the host at once, */
	size_t at;    /* which works on this one, or will, */
	bool in_hand; /* once it has it */
	int64_t handed_ms;
	uint32_t limit;             /* how many to ask for */
	uint32_t hand_tag, ask_tag; /* of what is out; ask_tag 0: nothing was asked */
	uint32_t last_tag;

	uint32_t row;     /* failed tries since something else came of one */
	uint32_t pauses;  /* since then */
	uint32_t asked_s; /* by the last of them */
	bool rested;      /* the pause is over, or something came in it */
	bool probe;       /* then ask for one only */

	/* Of the current batch. Kept until store answers the next question: it has read them then. */
	struct settled settled[COURIER_BATCH];
	size_t n_settled, n_sent;

	struct event *deadline, *flush, *ask;
};

/* Copy text to out, of cap bytes, without cutting a character in two. */
static void
copy_cut(char *out, size_t cap, const char *text)
{
	size_t n = strlen(text);

	if (n >= cap)
		for (n = cap - 1; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
			;
	memcpy(out, text, n);
	out[n] = '\0';
}

static void
arm(struct event *timer, uint32_t ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000 };

	if (event_add(timer, &tv) < 0)
		fatal(71, "cannot set a timer");
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint32_t
new_tag(struct courier *c)
{
	if (++c->last_tag == 0)
		c->last_tag = 1;
	return c->last_tag;
}

static void
tell_state(struct courier *c)
{
	Candor__PluginState msg = CANDOR__PLUGIN_STATE__INIT;

	if (c->store == NULL)
		return; /* courier_store() tells */
	msg.name = c->name;
	msg.state = (char *)(uintptr_t)c->state;
	msg.version = c->version;
	msg.error = c->error;
	if (channel_send(c->store, MSG_PLUGIN_STATE, 0, &msg.base) < 0)
		log_warning("plugin %s: store did not take its state", c->name);
}

static void
set_state(struct courier *c, const char *state, const char *error)
{
	c->state = state;
	copy_cut(c->error, sizeof(c->error), error);
	tell_state(c);
}

/* Send what was not sent yet; when store's channel takes no more, again in a while. */
static void
send_outcomes(struct courier *c)
{
	event_del(c->flush);
	while (c->store != NULL && c->n_sent < c->n_settled) {
		Candor__Outcomes msg = CANDOR__OUTCOMES__INIT;
		Candor__Outcome each[OUTCOMES_PER_MESSAGE], *list[OUTCOMES_PER_MESSAGE];
		size_t n = c->n_settled - c->n_sent;

		if (n > OUTCOMES_PER_MESSAGE)
			n = OUTCOMES_PER_MESSAGE;
		for (size_t i = 0; i < n; i++) {
			struct settled *s = &c->settled[c->n_sent + i];

			candor__outcome__init(&each[i]);
			each[i].key = wire_bytes(s->key, sizeof(s->key));
			each[i].result = s->result;
			each[i].reference = s->reference;
			each[i].error = s->error;
			each[i].retry_after_s = s->retry_after_s;
			list[i] = &each[i];
		}
		msg.plugin = c->name;
		msg.n_outcomes = n;
		msg.outcomes = list;
		if (channel_send(c->store, MSG_OUTCOMES, 0, &msg.base) < 0) {
			arm(c->flush, AGAIN_MS);
			return;
		}
		c->n_sent += n;
	}
}

static void
drop_batch(struct courier *c)
{
	if (c->batch != NULL)
		candor__deliveries__free_unpacked(c->batch, NULL);
	c->batch = NULL;
	c->at = 0;
	c->in_hand = false;
	event_del(c->deadline);
}

/* All of the batch was answered. */
static void
end_batch(struct courier *c)
{
	int64_t took = now_ms() - c->handed_ms;

	if (took > BATCH_SLOW_MS && c->limit > BATCH_MIN)
		c->limit /= 2;
	else if (took < BATCH_FAST_MS && c->limit <= c->batch->n_deliveries &&
		 c->limit < COURIER_BATCH)
		c->limit *= 2;
	drop_batch(c);
}

/* The delivery in hand came to an end; *c->batch has others, or ended. */
static void
settle(
    struct courier *c, uint32_t result, const char *reference, const char *error, uint32_t asked_s)
{
	const Candor__Delivery *d = c->batch->deliveries[c->at];
	uint32_t failures = d->attempts < UINT32_MAX ? d->attempts + 1 : UINT32_MAX;
	struct settled *s = &c->settled[c->n_settled++];
	char text[CANDOR_TEXT_MAX + 64];

	memset(s, 0, sizeof(*s));
	memcpy(s->key, d->key.data, KEY_BYTES);
	s->result = result;
	if (result == CANDOR_RETRY && failures >= c->max_attempts) {
		s->result = CANDOR_REFUSED;
		snprintf(
		    text, sizeof(text), "given up after %" PRIu32 " tries: %s", failures, error);
		error = text;
	} else if (result == CANDOR_RETRY) {
		s->retry_after_s =
		    backoff_delay_s(failures, c->retry_min_s, c->retry_max_s, asked_s, c->random());
	}
	copy_cut(s->reference, sizeof(s->reference), reference);
	copy_cut(s->error, sizeof(s->error), error);

	if (result == CANDOR_RETRY) {
		c->row++;
		c->asked_s = asked_s;
	} else {
		c->row = c->pauses = 0;
		c->probe = false;
	}
	c->at++;
	if (!event_pending(c->flush, EV_TIMEOUT, NULL))
		arm(c->flush, FLUSH_MS);
}

static void
hand_out(struct courier *c)
{
	c->hand_tag = new_tag(c);
	c->handed_ms = now_ms();
	if (channel_send(c->host, MSG_DELIVER, c->hand_tag, &c->batch->base) < 0) {
		c->ready = false; /* its channel is about to go down */
		return;
	}
	c->in_hand = true;
	arm(c->deadline, c->deadline_ms);
}

/* The other side is away: ask again after a while, or for a single one when there is news. */
static bool
rest(struct courier *c)
{
	uint32_t most_s = c->retry_max_s < AWAY_MAX_S ? c->retry_max_s : AWAY_MAX_S;

	if (c->row < AWAY_AFTER || c->rested)
		return false;
	if (!c->probe && c->pauses < UINT32_MAX)
		c->pauses++;
	c->probe = false;
	arm(c->ask,
	    backoff_delay_s(c->pauses, c->retry_min_s, most_s, c->asked_s, c->random()) * 1000);
	return true;
}

static void
ask(struct courier *c)
{
	Candor__DeliveriesWanted msg = CANDOR__DELIVERIES_WANTED__INIT;
	uint32_t tag;

	if (!c->ready || c->store == NULL || c->stopping || c->ask_tag != 0 ||
	    c->n_sent < c->n_settled || event_pending(c->ask, EV_TIMEOUT, NULL) || rest(c))
		return;
	tag = new_tag(c);
	msg.plugin = c->name;
	msg.limit = c->probe ? 1 : c->row > 0 && c->limit > BATCH_FIRST ? BATCH_FIRST : c->limit;
	if (channel_send(c->store, MSG_DELIVERIES_WANTED, tag, &msg.base) < 0) {
		arm(c->ask, AGAIN_MS);
		return;
	}
	c->ask_tag = tag;
	c->rested = false;
}

/* Do whatever is next, if anything can be done now. */
static void
pump(struct courier *c)
{
	if (c->in_hand)
		return;
	if (c->batch != NULL && c->ready && !c->stopping)
		hand_out(c);
	if (c->batch != NULL && !c->stopping)
		return;
	drop_batch(c);
	send_outcomes(c);
	ask(c);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct courier *c = arg;
	char why[128];

	(void)fd;
	(void)what;
	snprintf(why, sizeof(why), "%s within %g s", c->told ? "no answer" : "it did not open",
	    (c->deadline_ms + (c->told ? 0 : OPEN_MORE_MS)) / 1000.0);
	log_warning("plugin %s: %s; its process is replaced", c->name, why);
	if (c->in_hand)
		settle(c, CANDOR_RETRY, "", why, 0);
	c->ready = false;
	drop_batch(c); /* the rest is asked for when the new process is ready */
	set_state(c, "starting", why);
	send_outcomes(c);
	room_accuse(c->room, PARTY_HOST, channel_peer_index(c->host), why);
}

static void
on_flush(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	send_outcomes(arg);
	pump(arg);
}

static void
on_ask(evutil_socket_t fd, short what, void *arg)
{
	struct courier *c = arg;

	(void)fd;
	(void)what;
	c->rested = true;
	pump(c);
}

struct courier *
courier_new(struct room *r, const char *name, uint32_t (*random)(void))
{
	struct courier *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->room = r;
	c->random = random;
	c->state = "starting";
	c->name = strdup(name);
	c->deadline = evtimer_new(r->base, on_deadline, c);
	c->flush = evtimer_new(r->base, on_flush, c);
	c->ask = evtimer_new(r->base, on_ask, c);
	if (c->name == NULL || c->deadline == NULL || c->flush == NULL || c->ask == NULL) {
		courier_free(c);
		return NULL;
	}
	c->limit = BATCH_FIRST;
	courier_limits(c, &(Candor__Plugin)CANDOR__PLUGIN__INIT);
	return c;
}

void
courier_free(struct courier *c)
{
	struct event *timers[3];

	if (c == NULL)
		return;
	timers[0] = c->deadline;
	timers[1] = c->flush;
	timers[2] = c->ask;
	for (size_t i = 0; i < NELEM(timers); i++)
		if (timers[i] != NULL)
			event_free(timers[i]);
	drop_batch(c);
	free(c->name);
	free(c);
}

const char *
courier_name(const struct courier *c)
{
	return c->name;
}

struct courier **
courier_next(struct courier *c)
{
	return &c->next;
}

void
courier_limits(struct courier *c, const Candor__Plugin *plugin)
{
	c->deadline_ms = plugin->deadline_ms > 0 ? plugin->deadline_ms : DEADLINE_MS;
	c->max_attempts = plugin->max_attempts > 0 ? plugin->max_attempts : MAX_ATTEMPTS;
	c->retry_min_s = plugin->retry_min_s > 0 ? plugin->retry_min_s : RETRY_MIN_S;
	c->retry_max_s = plugin->retry_max_s > 0 ? plugin->retry_max_s : RETRY_MAX_S;
}

void
courier_host_up(struct courier *c, struct channel *host)
{
	if (c->host != NULL)
		courier_host_down(c); /* replaced before the old one was seen to be gone */
	c->host = host;
	c->ready = c->told = false;
	arm(c->deadline, c->deadline_ms + OPEN_MORE_MS);
	set_state(c, "starting", c->error);
}

void
courier_host_down(struct courier *c)
{
	bool was_in_hand = c->in_hand;

	if (was_in_hand)
		settle(c, CANDOR_RETRY, "", "the plugin's process died", 0);
	c->host = NULL;
	c->ready = false;
	drop_batch(c);
	event_del(c->deadline);
	/* What is known already (late, failed) is better than that its process ended. One that was told to
	 * leave, by a reload, said so: that is no error. */
	if (was_in_hand)
		set_state(c, "starting", "the plugin's process died");
	else if (strcmp(c->state, "ready") == 0)
		set_state(c, "starting", "the plugin's process died while it had nothing to do");
	else if (!c->told && c->error[0] == '\0')
		set_state(c, "starting", "the plugin's process died while it was opened");
	send_outcomes(c);
}

const struct channel *
courier_host(const struct courier *c)
{
	return c->host;
}

void
courier_store(struct courier *c, struct channel *store)
{
	c->store = store;
	c->ask_tag = 0;
	c->n_sent = 0;
	event_del(c->ask);
	if (store == NULL)
		return;
	tell_state(c);
	send_outcomes(c);
	pump(c);
}

/* It was told to leave, and has not looked at the rest of what it has: that is no try, the next host gets it. */
static void
host_leaves(struct courier *c)
{
	c->ready = false;
	drop_batch(c);
	set_state(c, "starting", "");
	send_outcomes(c);
}

int
courier_on_host_state(struct courier *c, const Candor__PluginState *state)
{
	bool ready = strcmp(state->state, "ready") == 0;

	if (c->told && strcmp(state->state, "leaving") == 0) {
		host_leaves(c);
		return 0;
	}
	if (c->told || (!ready && strcmp(state->state, "failed") != 0))
		return CANDOR_EBADMSG;
	c->told = true;
	event_del(c->deadline);
	copy_cut(c->version, sizeof(c->version), state->version);
	if (!ready)
		log_error("plugin %s: %s", c->name, state->error);
	c->ready = ready;
	set_state(c, ready ? "ready" : "failed", state->error);
	pump(c);
	return 0;
}

int
courier_on_delivered(struct courier *c, uint32_t tag, const Candor__Outcome *o)
{
	const Candor__Delivery *d;

	if (tag != c->hand_tag || o->result > CANDOR_REFUSED || o->key.len != KEY_BYTES ||
	    strlen(o->reference) >= CANDOR_TEXT_MAX || strlen(o->error) >= CANDOR_TEXT_MAX)
		return CANDOR_EBADMSG;
	if (!c->in_hand) /* after its deadline: the try was counted as failed; else nobody asked */
		return c->ready ? CANDOR_EBADMSG : 0;
	d = c->batch->deliveries[c->at];
	if (memcmp(o->key.data, d->key.data, KEY_BYTES) != 0)
		return CANDOR_EBADMSG;
	settle(c, o->result, o->reference, o->error, o->retry_after_s);
	if (c->at < c->batch->n_deliveries)
		arm(c->deadline, c->deadline_ms);
	else
		end_batch(c);
	pump(c);
	return 0;
}

int
courier_on_deliveries(
    struct courier *c, uint32_t tag, const Candor__Deliveries *d, struct span body)
{
	if (c->ask_tag == 0 || tag != c->ask_tag) {
		if (d->n_deliveries > 0)
			return CANDOR_EBADMSG;
		/* Unasked: something is due now. */
		c->rested = c->probe = c->row >= AWAY_AFTER;
		event_del(c->ask);
		pump(c);
		return 0;
	}
	if (d->n_deliveries > COURIER_BATCH)
		return CANDOR_EBADMSG;
	for (size_t i = 0; i < d->n_deliveries; i++)
		if (d->deliveries[i]->key.len != KEY_BYTES || d->deliveries[i]->event == NULL)
			return CANDOR_EBADMSG;
	c->ask_tag = 0;
	c->n_settled = c->n_sent = 0;
	if (d->n_deliveries == 0) {
		uint32_t ms = d->next_ms > 0 && d->next_ms < ASK_MAX_MS ? d->next_ms : ASK_MAX_MS;

		arm(c->ask, ms > ASK_MIN_MS ? ms : ASK_MIN_MS);
		return 0;
	}
	if (!c->ready)
		return 0; /* its host went meanwhile: ask anew when there is one */
	if ((c->batch = candor__deliveries__unpack(NULL, body.len, body.p)) == NULL) {
		log_warning("plugin %s: no memory for a batch", c->name);
		arm(c->ask, AGAIN_MS);
		return 0;
	}
	pump(c);
	return 0;
}

bool
courier_on_refusal(struct courier *c, uint32_t tag)
{
	if (c->ask_tag == 0 || tag != c->ask_tag)
		return false;
	c->ask_tag = 0;
	arm(c->ask, AGAIN_MS);
	return true;
}

bool
courier_stop(struct courier *c)
{
	c->stopping = true;
	if (c->in_hand)
		return false;
	drop_batch(c);
	send_outcomes(c);
	return true;
}
