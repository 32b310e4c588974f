/* SPDX-License-Identifier: ISC */
/*
 * See supervise.h. Everything here follows from an event: a signal, a room's death, one of the three
 * messages that a room may send (ready, an accusation, a wish to reload), a timer. No byte of a
 * user ever reaches this process.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "supervisor/cleaners.h"
#include "supervisor/notify.h"
#include "supervisor/places.h"
#include "supervisor/privilege.h"
#include "supervisor/supervise.h"

#define WORKERS_MAX 64
/* Desk, store, dispatch; and hosts, twice while old ones make room for new ones. */
#define CHILDREN_MAX (WORKERS_MAX + 3 + 2 * CONFIG_PLUGINS_MAX)
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 30000
#define STEADY_MS 60000      /* a room that lived so long begins with BACKOFF_MIN_MS again */
#define START_MS 30000       /* for a room to say that it is ready */
#define LEAVE_MS 10000       /* for rooms to finish what is in hand */
#define PHASE_MS 3000        /* of it for one that others wait for, so that store gets its share */
#define HOSTS_SETTLE_MS 3000 /* how long the first "ready" waits for plugins */
#define QUEUE_BYTES (1u << 20)
#define ARENA_BYTES (64u << 10)
#define ANSWER_MAX 900 /* a REFUSAL holds 1024 */

enum child_state {
	CHILD_NONE,     /* a free slot */
	CHILD_DOWN,     /* waits for its restart */
	CHILD_STARTING, /* runs, is not ready */
	CHILD_READY,
	CHILD_LEAVING, /* was told to leave */
};

struct child {
	struct supervisor *s;
	enum child_state state;
	enum wire_party room;
	unsigned index;
	char plugin[32]; /* of a host */
	char label[64];  /* for the log */
	pid_t pid;       /* 0: none */
	struct channel *ch;
	struct event *timer; /* restart, or patience, as state says */
	int64_t started_ms;
	unsigned backoff_ms;
	bool settled;             /* was ready or failed, at least once */
	unsigned cleaners_wanted; /* by intake, and not to be had yet */
};

struct supervisor {
	struct event_base *base;
	const char *path;
	struct config *config;
	struct places places;
	struct arena arena;
	struct child children[CHILDREN_MAX];
	struct cleaners *cleaners;
	struct event *signals[4];
	struct event *timer; /* plugins' patience at first, the deadline in the end */
	int ready_fd;
	bool announced, hosts_late, stopping, cleaners_work;
	size_t phase; /* of stopping */
	int status;
};

/* Who talks to whom. */
static const struct {
	enum wire_party a, b;
} links[] = {
	{ PARTY_INTAKE, PARTY_STORE },
	{ PARTY_DESK, PARTY_STORE },
	{ PARTY_DISPATCH, PARTY_STORE },
	{ PARTY_DISPATCH, PARTY_HOST },
};

/* Who leaves after whom: users' doors first, store when nobody needs it any more. */
static const unsigned phases[] = {
	1u << PARTY_INTAKE | 1u << PARTY_DESK,
	1u << PARTY_DISPATCH | 1u << PARTY_HOST,
	1u << PARTY_STORE,
};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
after(struct event *timer, unsigned ms)
{
	const struct timeval tv = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	if (event_add(timer, &tv) < 0)
		fatal(EX_OSERR, "out of memory");
}

static bool
linked(enum wire_party a, enum wire_party b)
{
	for (size_t i = 0; i < NELEM(links); i++)
		if ((links[i].a == a && links[i].b == b) || (links[i].a == b && links[i].b == a))
			return true;
	return false;
}

static void
child_kill(struct child *k)
{
	if (k->pid > 0)
		kill(k->pid, SIGKILL);
}

/* ---- wiring ------------------------------------------------------------------------------------ */

/* Send with descriptors; a room that does not even take this in is not alive. */
static void
child_send_fds(
    struct child *k, unsigned kind, const ProtobufCMessage *msg, const int *fds, size_t n)
{
	struct pollfd writable = { .events = POLLOUT };
	int r = CANDOR_EAGAIN;

	if (k->ch == NULL)
		return; /* on its way out */
	writable.fd = channel_fd(k->ch);
	if (poll(&writable, 1, 0) == 1)
		r = channel_send_fds(writable.fd, kind, msg, fds, n);
	if (r == 0)
		return;
	if (r != CANDOR_ENOTFOUND) /* else it died, and we shall hear of it */
		log_error("%s does not take in what it is sent: killing it", k->label);
	child_kill(k);
}

static void
wire_up(struct child *a, struct child *b)
{
	struct child *ends[2] = { a, b };
	int pair[2];

	if (channel_pair(pair) < 0) {
		log_error("no channel for %s: %s", a->label, strerror(errno));
		child_kill(a);
		return;
	}
	for (int i = 0; i < 2; i++) {
		Candor__RoomPeer peer = CANDOR__ROOM_PEER__INIT;

		peer.room = ends[!i]->room;
		peer.index = ends[!i]->index;
		peer.name = ends[!i]->plugin;
		child_send_fds(ends[i], MSG_ROOM_PEER, &peer.base, &pair[i], 1);
	}
	close(pair[0]);
	close(pair[1]);
}

static void
announce(struct supervisor *s)
{
	const struct config *c = s->config;

	if (s->announced || s->stopping || !s->cleaners_work)
		return;
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		const struct child *k = &s->children[i];

		if (k->state == CHILD_NONE)
			continue;
		if (k->room == PARTY_HOST ? !k->settled && !s->hosts_late : k->state != CHILD_READY)
			return;
	}
	s->announced = true;
	event_del(s->timer);
	log_info(
	    "ready: %s for reporters, %s for officers; %u intake, %zu plugins, %zu categories, "
	    "release %s",
	    c->intake_socket, c->desk_socket, c->workers, c->n_plugins, c->n_categories,
	    c->immediate ? "immediate" : "at its times");
	notify_send("READY=1\nSTATUS=serving %s and %s", c->intake_socket, c->desk_socket);
	notify_ready_fd(s->ready_fd);
	s->ready_fd = -1;
}

static void
on_ready(struct child *k)
{
	struct supervisor *s = k->s;

	if (k->state != CHILD_STARTING)
		return;
	event_del(k->timer);
	k->state = CHILD_READY;
	k->settled = true;
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (s->children[i].state == CHILD_READY && linked(k->room, s->children[i].room))
			wire_up(k, &s->children[i]);
	announce(s);
}

/* ---- messages ---------------------------------------------------------------------------------- */

static bool reload(struct supervisor *s, char *answer, size_t cap);

static void
on_accuse(struct child *from, const Candor__RoomAccuse *m)
{
	struct supervisor *s = from->s;

	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct child *k = &s->children[i];

		if (k->pid == 0 || k->room != m->room || k->index != m->index ||
		    !linked(from->room, k->room))
			continue;
		log_warning("%s accuses %s (%s): restarting it", from->label, k->label, m->why);
		child_kill(k);
	}
}

static void
on_reload_ask(struct child *from, uint32_t tag)
{
	char text[ANSWER_MAX];
	Candor__Done done = CANDOR__DONE__INIT;
	Candor__Refusal no = CANDOR__REFUSAL__INIT;
	int r;

	if (reload(from->s, text, sizeof(text))) {
		done.text = text;
		r = channel_send(from->ch, MSG_RELOADED, tag, &done.base);
	} else {
		no.code = EX_CONFIG;
		no.text = text;
		r = channel_send(from->ch, MSG_REFUSAL, tag, &no.base);
	}
	if (r < 0)
		log_error("%s cannot be told how the reload went", from->label);
}

/* Give an intake process the cleaners that it waits for, as far as it may have them. */
static void
give_cleaners(struct child *k)
{
	const Candor__Empty empty = CANDOR__EMPTY__INIT;
	int fd;

	while (k->cleaners_wanted > 0 &&
	       (fd = cleaners_start(k->s->cleaners, k->s->config, k->index)) >= 0) {
		k->cleaners_wanted--;
		child_send_fds(k, MSG_CLEANER, &empty.base, &fd, 1);
		close(fd);
	}
}

static int
on_cleaner_ask(struct child *from)
{
	if (from->cleaners_wanted < CLEANERS_WORKER_MAX)
		from->cleaners_wanted++;
	give_cleaners(from);
	return 0;
}

static int
on_message(struct channel *ch, unsigned kind, uint32_t tag, const ProtobufCMessage *msg, void *arg)
{
	struct child *k = arg;

	(void)ch;
	switch (kind) {
	case MSG_ROOM_READY: /* once: a plugin has its host's voice */
		if (k->state == CHILD_READY)
			return CANDOR_EBADMSG;
		on_ready(k);
		return 0;
	case MSG_ROOM_ACCUSE: /* for the same reason of nobody by a host */
		if (k->room == PARTY_HOST)
			return CANDOR_EBADMSG;
		on_accuse(k, (const Candor__RoomAccuse *)msg);
		return 0;
	case MSG_RELOAD_ASK:
		on_reload_ask(k, tag);
		return 0;
	case MSG_CLEANER_ASK:
		return on_cleaner_ask(k);
	default:
		return CANDOR_EBADMSG;
	}
}

static void
on_down(struct channel *ch, const char *why, void *arg)
{
	struct child *k = arg;

	if (why != NULL)
		log_error("%s sent %s: killing it", k->label, why);
	k->ch = NULL;
	channel_free(ch);
	/* A room that left gets no chance to: it is dead already. One that closed its channel only must go. */
	if (k->state != CHILD_LEAVING || why != NULL)
		child_kill(k);
}

static const struct channel_events events = { on_message, on_down, NULL };

/* ---- starting ---------------------------------------------------------------------------------- */

/* Restart later, and later still each time, not all at the same moment. */
static void
child_retry(struct child *k)
{
	unsigned half;

	if (now_ms() - k->started_ms >= STEADY_MS || k->backoff_ms == 0)
		k->backoff_ms = BACKOFF_MIN_MS;
	half = k->backoff_ms / 2;
	k->state = CHILD_DOWN;
	after(k->timer, half + randombytes_uniform(half + 1));
	k->backoff_ms = k->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : k->backoff_ms * 2;
}

static bool
child_setup(struct child *k)
{
	struct supervisor *s = k->s;
	Candor__RoomSetup setup;
	int fds[CHANNEL_FDS_MAX], n;
	char *names[CHANNEL_FDS_MAX];

	if ((n = places_files(&s->places, s->config, k->room, fds, names)) < 0)
		return false;
	config_slice(&setup, s->config, k->room, k->index, config_plugin(s->config, k->plugin));
	setup.n_fds = (size_t)n;
	setup.fds = names;
	child_send_fds(k, MSG_ROOM_SETUP, &setup.base, fds, (size_t)n);
	while (n > 0)
		close(fds[--n]);
	return true;
}

static void
child_start(struct child *k)
{
	struct supervisor *s = k->s;
	int fd = -1;

	k->started_ms = now_ms();
	if ((k->pid = places_start(s->config, k->room, &fd)) < 0) {
		k->pid = 0;
		child_retry(k);
		return;
	}
	k->state = CHILD_STARTING;
	k->ch = channel_new(s->base, fd, PARTY_SUPERVISOR, k->room, k->index, k->label, &s->arena,
	    QUEUE_BYTES, &events, k);
	if (k->ch == NULL)
		fatal(EX_OSERR, "out of memory");
	after(k->timer, START_MS);
	if (!child_setup(k))
		child_kill(k);
}

static void
on_child_timer(evutil_socket_t fd, short what, void *arg)
{
	struct child *k = arg;

	(void)fd;
	(void)what;
	if (k->state == CHILD_DOWN) {
		child_start(k);
		return;
	}
	log_error("%s %s: killing it", k->label,
	    k->state == CHILD_STARTING ? "is not ready in time" : "does not leave");
	child_kill(k);
}

/* A slot for one more room; hosts are told apart by their plugin, the others by their index. */
static struct child *
child_add(struct supervisor *s, enum wire_party room, unsigned index, const char *plugin)
{
	struct child *k = NULL;
	bool taken[CHILDREN_MAX] = { false };

	for (size_t i = CHILDREN_MAX; i-- > 0;) {
		if (s->children[i].state == CHILD_NONE)
			k = &s->children[i];
		else if (s->children[i].room == room && s->children[i].index < CHILDREN_MAX)
			taken[s->children[i].index] = true;
	}
	if (k == NULL)
		fatal(EX_SOFTWARE, "more rooms than there is place for");
	while (room == PARTY_HOST && taken[index])
		index++;
	*k = (struct child){ .s = s, .state = CHILD_DOWN, .room = room, .index = index };
	if (plugin != NULL) {
		snprintf(k->plugin, sizeof(k->plugin), "%s", plugin);
		snprintf(k->label, sizeof(k->label), "host[%s]", plugin);
	} else
		snprintf(k->label, sizeof(k->label), "%s[%u]", wire_party_name(room), index);
	if ((k->timer = event_new(s->base, -1, 0, on_child_timer, k)) == NULL)
		fatal(EX_OSERR, "out of memory");
	return k;
}

static void
child_drop(struct child *k)
{
	event_free(k->timer);
	channel_free(k->ch);
	*k = (struct child){ 0 };
}

/* ---- stopping ---------------------------------------------------------------------------------- */

static void
child_stop(struct child *k)
{
	const Candor__Empty empty = CANDOR__EMPTY__INIT;

	if (k->pid == 0) {
		child_drop(k);
		return;
	}
	if (k->state == CHILD_LEAVING)
		return;
	k->state = CHILD_LEAVING;
	after(k->timer, k->s->stopping ? PHASE_MS : LEAVE_MS);
	if (k->ch == NULL || channel_send(k->ch, MSG_ROOM_STOP, 0, &empty.base) < 0)
		child_kill(k);
}

/* Tell the next ones to leave once those before them have. */
static void
stop_next(struct supervisor *s)
{
	for (; s->phase < NELEM(phases); s->phase++) {
		bool waits = false;

		for (size_t i = 0; i < CHILDREN_MAX; i++) {
			struct child *k = &s->children[i];

			if (k->state == CHILD_NONE || !(phases[s->phase] & 1u << k->room))
				continue;
			child_stop(k);
			waits |= k->state != CHILD_NONE;
		}
		if (waits)
			return;
	}
	event_base_loopbreak(s->base);
}

static void
stop(struct supervisor *s, int status)
{
	/* Asked twice, as timeout(1) does, is no reason to cut short what is in hand. */
	if (s->stopping)
		return;
	s->stopping = true;
	s->status = status;
	notify_send("STOPPING=1\nSTATUS=finishing what is in hand");
	after(s->timer, LEAVE_MS);
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (s->children[i].state == CHILD_LEAVING)
			after(s->children[i].timer, PHASE_MS);
	stop_next(s);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct supervisor *s = arg;

	(void)fd;
	(void)what;
	if (s->stopping) {
		log_error("not all rooms left within %d seconds: killing them", LEAVE_MS / 1000);
		for (size_t i = 0; i < CHILDREN_MAX; i++)
			child_kill(&s->children[i]);
		return;
	}
	s->hosts_late = true;
	announce(s);
}

/* ---- a room's death ---------------------------------------------------------------------------- */

static void
on_exit_of(struct child *k, int wait_status)
{
	struct supervisor *s = k->s;
	bool left = k->state == CHILD_LEAVING, was_starting = k->state == CHILD_STARTING;
	int code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0;

	k->pid = 0;
	k->cleaners_wanted = 0;
	channel_free(k->ch);
	k->ch = NULL;
	event_del(k->timer);
	k->settled = true;
	if (WIFSIGNALED(wait_status))
		log_warning("%s died of signal %d (%s)", k->label, WTERMSIG(wait_status),
		    strsignal(WTERMSIG(wait_status)));
	else if (code != 0 || !left)
		log_warning("%s left with status %d", k->label, code);
	if (s->stopping) {
		child_drop(k);
		stop_next(s);
		return;
	}
	if (k->room != PARTY_HOST && was_starting && !s->announced) {
		log_error("%s cannot start, so the daemon cannot: see the lines above", k->label);
		child_drop(k);
		stop(s, code >= EX__BASE && code <= EX__MAX ? code : EX_SOFTWARE);
		return;
	}
	if (k->room == PARTY_HOST && config_plugin(s->config, k->plugin) == NULL)
		child_drop(k);
	else if (left)
		child_start(k); /* it made place for a new one */
	else
		child_retry(k);
	announce(s);
}

/* A cleaner is gone: its intake process may have another. */
static void
on_end_of_cleaner(struct supervisor *s, unsigned worker)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct child *k = &s->children[i];

		if (k->room == PARTY_INTAKE && k->index == worker && k->ch != NULL)
			give_cleaners(k);
	}
}

static void
reap_cleaners(struct supervisor *s)
{
	enum cleaners_end end;
	unsigned worker;
	int status;

	while ((end = cleaners_reap(s->cleaners, &status, &worker)) != CLEANERS_NONE) {
		if (end == CLEANERS_ENDED) {
			on_end_of_cleaner(s, worker);
		} else if (end == CLEANERS_WORKS) {
			s->cleaners_work = true;
			announce(s);
		} else {
			stop(s, WIFEXITED(status) && WEXITSTATUS(status) >= EX__BASE
				    ? WEXITSTATUS(status)
				    : EX_SOFTWARE);
		}
	}
}

static void
on_sigchld(struct supervisor *s)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct child *k = &s->children[i];
		int status;

		if (k->pid > 0 && waitpid(k->pid, &status, WNOHANG) == k->pid)
			on_exit_of(k, status);
	}
	reap_cleaners(s);
}

/* ---- reload ------------------------------------------------------------------------------------ */

static bool
same_plugin(const Candor__Plugin *a, const Candor__Plugin *b)
{
	size_t len = candor__plugin__get_packed_size(a);
	uint8_t *pa, *pb;
	bool same = false;

	if (len != candor__plugin__get_packed_size(b))
		return false;
	pa = malloc(len);
	pb = malloc(len);
	if (pa != NULL && pb != NULL) {
		candor__plugin__pack(a, pa);
		candor__plugin__pack(b, pb);
		same = memcmp(pa, pb, len) == 0;
	}
	free(pa);
	free(pb);
	return same;
}

static struct child *
find_host(struct supervisor *s, const char *plugin)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (s->children[i].state != CHILD_NONE && s->children[i].room == PARTY_HOST &&
		    strcmp(s->children[i].plugin, plugin) == 0)
			return &s->children[i];
	return NULL;
}

/* Stop hosts whose file went or changed (the latter start anew once they left); start new ones. */
static void
reload_hosts(struct supervisor *s, const struct config *old)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct child *k = &s->children[i];
		const Candor__Plugin *was, *now;

		if (k->state == CHILD_NONE || k->room != PARTY_HOST)
			continue;
		was = config_plugin(old, k->plugin);
		now = config_plugin(s->config, k->plugin);
		if (was == NULL || now == NULL || !same_plugin(was, now))
			child_stop(k);
	}
	for (size_t i = 0; i < s->config->n_plugins; i++) {
		const char *name = s->config->plugins[i]->name;

		if (find_host(s, name) == NULL)
			child_start(child_add(s, PARTY_HOST, 0, name));
	}
}

static void
log_lines(const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		log_error("%.*s", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

/* Read the configuration again and hand it round. False: nothing changed, answer says why. */
static bool
reload(struct supervisor *s, char *answer, size_t cap)
{
	char *text = NULL, *fixed = NULL;
	size_t len = 0, fixed_len = 0;
	FILE *err = open_memstream(&text, &len), *names = open_memstream(&fixed, &fixed_len);
	struct config *old = s->config, *c = NULL;
	unsigned n_fixed = 0;
	int status;

	if (err == NULL || names == NULL)
		fatal(EX_OSERR, "out of memory");
	if (s->announced)
		notify_reloading();
	if ((c = config_load(s->path, CONFIG_WITH_FILES, err, &status)) != NULL)
		n_fixed = config_keep_fixed(c, old, names);
	fclose(err);
	fclose(names);
	if (c == NULL) {
		log_error("the configuration has faults; the old one stays in force:");
		log_lines(text);
		snprintf(answer, cap, "the old configuration stays in force:\n%s", text);
	} else {
		s->config = c;
		for (size_t i = 0; i < CHILDREN_MAX; i++) {
			struct child *k = &s->children[i];
			Candor__RoomSetup setup;

			if (k->ch == NULL || k->room == PARTY_HOST || k->state == CHILD_LEAVING)
				continue;
			config_slice(&setup, c, k->room, k->index, NULL);
			child_send_fds(k, MSG_ROOM_SETUP, &setup.base, NULL, 0);
		}
		reload_hosts(s, old);
		config_free(old);
		log_init("candord", (enum log_level)c->log_level);
		snprintf(answer, cap, "reloaded%s%s",
		    n_fixed > 0 ? "; these change when candord is started anew: " : "", fixed);
		log_info("%s", answer);
	}
	if (s->announced)
		notify_send("READY=1\nSTATUS=serving; the last reload %s",
		    c != NULL ? "succeeded" : "failed, the old configuration is in force");
	free(text);
	free(fixed);
	return c != NULL;
}

/* ---- the whole ----------------------------------------------------------------------------------- */

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct supervisor *s = arg;
	char answer[ANSWER_MAX];

	(void)what;
	switch (sig) {
	case SIGCHLD:
		on_sigchld(s);
		break;
	case SIGHUP:
		if (!s->stopping)
			(void)reload(s, answer, sizeof(answer));
		break;
	default:
		if (!s->stopping)
			log_info("stopping");
		stop(s, EX_OK);
	}
}

static void
start_all(struct supervisor *s)
{
	static const enum wire_party single[] = { PARTY_STORE, PARTY_DESK, PARTY_DISPATCH };

	if (cleaners_try(s->cleaners, s->config) != 0)
		fatal(EX_OSERR, "no cleaner can be started");
	for (size_t i = 0; i < NELEM(single); i++)
		child_start(child_add(s, single[i], 0, NULL));
	for (unsigned i = 0; i < s->config->workers; i++)
		child_start(child_add(s, PARTY_INTAKE, i, NULL));
	for (size_t i = 0; i < s->config->n_plugins; i++)
		child_start(child_add(s, PARTY_HOST, 0, s->config->plugins[i]->name));
	after(s->timer, HOSTS_SETTLE_MS);
}

int
supervise(const char *path, struct config *c, int ready_fd)
{
	static const int signals[] = { SIGHUP, SIGTERM, SIGINT, SIGCHLD };
	struct supervisor *s = calloc(1, sizeof(*s));
	void *memory = malloc(ARENA_BYTES);
	int r;

	if (s == NULL || memory == NULL || (s->base = event_base_new()) == NULL ||
	    event_base_priority_init(s->base, 2) < 0)
		fatal(EX_OSERR, "out of memory");
	s->path = path;
	s->config = c;
	s->ready_fd = ready_fd;
	arena_init(&s->arena, memory, ARENA_BYTES);
	if ((s->cleaners = cleaners_new(s->base)) == NULL ||
	    (s->timer = event_new(s->base, -1, 0, on_timer, s)) == NULL)
		fatal(EX_OSERR, "out of memory");
	for (size_t i = 0; i < NELEM(signals); i++) {
		s->signals[i] = evsignal_new(s->base, signals[i], on_signal, s);
		if (s->signals[i] == NULL || event_add(s->signals[i], NULL) < 0)
			fatal(EX_OSERR, "out of memory");
	}
	signal(SIGPIPE, SIG_IGN);
	privilege_limits();
	if ((r = places_open(&s->places, c)) == 0) {
		privilege_drop();
		start_all(s);
		event_base_dispatch(s->base);
		r = s->status;
		places_close(&s->places, s->config);
	}
	for (size_t i = 0; i < NELEM(signals); i++)
		event_free(s->signals[i]);
	event_free(s->timer);
	cleaners_free(s->cleaners);
	event_base_free(s->base);
	config_free(s->config);
	free(memory);
	free(s);
	return r;
}
