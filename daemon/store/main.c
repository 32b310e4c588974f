/* SPDX-License-Identifier: ISC */
/*
 * candor-store: the room that owns the database. Whatever it acknowledged is on the disk: requests
 * are worked off as they come, each in a savepoint of one open transaction; when no more wait, or 64
 * are done, the transaction is committed, and only then the answers leave.
 *
 * Hears   intake, desk, dispatch, the supervisor.
 * May     read and write candor.db and its log, in the state folder.
 * Never   sees plaintext; hears a user or a network; opens another file.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <sodium/core.h>
#include <sodium/crypto_sign.h>
#include <sodium/utils.h>

#include "common/room.h"
#include "store.h"
#include "store/walls.h"

/* A request, its envelope and what is in it, each unpacked (wire_unpack() takes up to 50 times the
 * body), and the largest answer. Pages that stay empty cost nothing. */
#define ARENA_BYTES (8u << 20)
/* A directory's text and signature, and its officers parsed. */
#define CHARTER_ARENA_BYTES (1u << 20)
#define BATCH_REQUESTS 64
#define BATCH_BYTES (1u << 20)
#define TICK_MAX_S 60

/* An answer that waits for the commit. */
struct waiting {
	struct channel *to; /* NULL: went away meanwhile, or wants none */
	uint32_t tag;
	unsigned kind;
	uint8_t *body;
	size_t len;
};

struct batch {
	struct store store;
	struct slab keys; /* locked: the key that signs the audit log's heads */
	bool open;
	unsigned n_requests;
	struct waiting waiting[BATCH_REQUESTS];
	size_t n_waiting, bytes;
	struct event *commit, *tick;
	int64_t next_release;
	bool urgent_again; /* an immediate release failed */
	bool clocks_left;  /* more clocks ran out than were told of in one go */
	bool log_dirty;    /* rows left the inbox and the log was not cut yet */
	bool legal_left;   /* cases may have to be warned of or destroyed */
	bool figures_left; /* more periods are over than were published in one go */
	day_t legal_on;    /* when that was looked for last */
};

static void release_now(struct room *r);

/* What the functions of store.h work with, as it is now. */
static struct store *
store_of(struct room *r)
{
	struct batch *b = r->state;
	struct store *s = &b->store;

	s->arena = &r->arena;
	s->setup = r->setup;
	s->now = time(NULL);
	s->today = clock_day(s->now);
	return s;
}

/* ---- answers ---------------------------------------------------------------------------------- */

static void
send_refusal(struct channel *to, uint32_t tag, unsigned code, const char *text)
{
	Candor__Refusal refusal = CANDOR__REFUSAL__INIT;
	char copy[128];

	strncpy(copy, text, sizeof(copy) - 1);
	copy[sizeof(copy) - 1] = '\0';
	refusal.code = code;
	refusal.text = copy;
	if (channel_send(to, MSG_REFUSAL, tag, &refusal.base) < 0)
		log_debug("a refusal was not delivered");
}

static void
send_body(struct room *r, const struct waiting *w)
{
	int e = channel_send_packed(w->to, w->kind, w->tag, w->body, w->len);

	if (e == CANDOR_ETOOBIG || e == CANDOR_EINVAL) {
		log_error("an answer of kind %u does not fit a message", w->kind);
		send_refusal(w->to, w->tag, EX_SOFTWARE, "the answer does not fit a message");
	} else if (e == CANDOR_EAGAIN) {
		room_accuse(r, channel_peer(w->to), channel_peer_index(w->to),
		    "it does not take its answers");
	}
	/* Who does not read its answers is not heard either, until it does. */
	if (channel_full(w->to))
		channel_pause(w->to);
}

static void
drained(struct room *r, struct channel *ch)
{
	(void)r;
	channel_resume(ch);
}

static void
push_directory_to(struct room *r, struct channel *ch, void *arg)
{
	struct store *s = store_of(r);
	arena_mark_t mark = arena_mark(&r->arena);

	(void)arg;
	if (s->charter.directory != NULL &&
	    channel_send(ch, MSG_DIRECTORY_NOW, 0, &charter_message(s, false)->base) < 0)
		log_warning("%s %u does not take the directory", wire_party_name(channel_peer(ch)),
		    channel_peer_index(ch));
	arena_release(&r->arena, mark);
}

static void
push_directory(struct room *r)
{
	room_each_channel(r, PARTY_INTAKE, push_directory_to, NULL);
	room_each_channel(r, PARTY_DESK, push_directory_to, NULL);
}

static void
warn_unserved(struct room *r)
{
	arena_mark_t mark = arena_mark(&r->arena);
	char **ids;
	size_t n = charter_unserved(store_of(r), &ids);

	if (n == 1)
		log_warning(
		    "nobody in the directory receives category %s: reports of it are refused; have "
		    "an officer enrolled, or change its recipients",
		    ids[0]);
	else if (n > 1)
		log_warning(
		    "nobody in the directory receives %zu categories, %s to %s: reports of them "
		    "are "
		    "refused; `candor admin status` lists them; have officers enrolled, or change "
		    "their recipients",
		    n, ids[0], ids[n - 1]);
	store_warn_unheard(store_of(r));
	arena_release(&r->arena, mark);
}

/* Tell dispatch for which plugins something is due. */
static void
poke_dispatch(struct room *r)
{
	struct store *s = store_of(r);
	struct channel *ch = room_channel(r, PARTY_DISPATCH, 0);

	for (size_t i = 0; ch != NULL && i < r->setup->n_plugins; i++) {
		Candor__Deliveries none = CANDOR__DELIVERIES__INIT;

		none.plugin = r->setup->plugins[i]->name;
		if (store_due(s, none.plugin) &&
		    channel_send(ch, MSG_DELIVERIES, 0, &none.base) < 0)
			log_debug("dispatch was not told that something is due");
	}
}

/* ---- the batch -------------------------------------------------------------------------------- */

static void
begin(struct batch *b)
{
	if (b->open)
		return;
	db_begin(b->store.db);
	b->open = true;
	event_active(b->commit, 0, 0);
}

/* Release what may not wait, beside what else is in the transaction; if it cannot be, the reports
 * stay in the inbox and it is tried again. */
static void
release_urgent(struct room *r, struct batch *b)
{
	struct store *s = store_of(r);
	struct effects before = s->effects;

	db_savepoint(s->db);
	store_release(s, !r->setup->immediate);
	b->urgent_again = db_failed(s->db);
	if (b->urgent_again) {
		db_undo(s->db);
		s->effects = before;
	} else {
		db_keep(s->db);
	}
}

/* What follows from a transaction that is on the disk. */
static void
take_effect(struct room *r, struct effects done)
{
	struct batch *b = r->state;

	if (done.directory) {
		log_info("directory version %llu is in force",
		    (unsigned long long)charter_version(&b->store));
		warn_unserved(r);
	}
	if (done.released) {
		/* Where everything is released at once, order is no secret: the log waits for the tick. */
		if (r->setup->immediate)
			b->log_dirty = true;
		else
			db_truncate_log(b->store.db);
	}
	if (done.deliveries)
		poke_dispatch(r);
	if (done.watch)
		event_active(b->tick, 0, 0);
	if (done.backup_ends)
		backup_end(&b->store);
	if (done.backup)
		backup_begin(&b->store);
	if (done.legal && r->setup->immediate) {
		b->legal_left = true;
		event_active(b->tick, 0, 0);
	}
	if (done.release)
		release_now(r);
}

static void
finish(struct room *r)
{
	struct batch *b = r->state;
	struct store *s = store_of(r);
	struct effects done;
	bool durable;

	if (!b->open)
		return;
	if (s->effects.urgent && !db_failed(s->db))
		release_urgent(r, b);
	durable = db_commit(s->db) == 0;
	done = durable ? s->effects : (struct effects){ 0 };
	if (!durable && s->effects.directory && charter_load(s) < 0)
		log_error("the directory cannot be read again");
	s->effects = (struct effects){ 0 };
	b->open = false;
	event_del(b->commit);
	/* Before the answer: whoever hears that somebody is removed may count on it. */
	if (done.directory)
		push_directory(r);
	for (size_t i = 0; i < b->n_waiting; i++) {
		struct waiting *w = &b->waiting[i];

		if (w->to != NULL && durable)
			send_body(r, w);
		else if (w->to != NULL)
			send_refusal(w->to, w->tag, EX_TEMPFAIL,
			    "the service cannot write to its disk: nothing was stored, try again "
			    "later");
		free(w->body);
	}
	b->n_requests = 0;
	b->n_waiting = b->bytes = 0;
	take_effect(r, done);
}

static void
on_commit(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	finish(arg);
}

/* Answer now, or once the transaction is durable of which the answer tells. */
static void
answer(struct room *r, struct channel *to, uint32_t tag, const struct answer *a)
{
	struct batch *b = r->state;
	size_t len = protobuf_c_message_get_packed_size(a->msg);
	struct waiting w = { .to = to, .tag = tag, .kind = a->kind, .len = len };

	if ((w.body = malloc(len + 1)) == NULL)
		fatal(EX_OSERR, "out of memory");
	protobuf_c_message_pack(a->msg, w.body);
	if (b->open) {
		b->waiting[b->n_waiting++] = w;
		b->bytes += len;
	} else {
		send_body(r, &w);
		free(w.body);
	}
}

/* End a request's savepoint, or what was read outside of any. */
static enum verdict
conclude(struct batch *b, enum verdict v, struct effects before, struct answer *out)
{
	struct store *s = &b->store;

	if (db_failed(s->db) && v != DISHONEST)
		v = store_refuse(s, out, EX_TEMPFAIL,
		    "the service cannot use its disk: nothing was stored, try again later");
	if (!b->open)
		db_rollback(s->db);
	else if (v == KEEP || v == WAIT)
		db_keep(s->db);
	else
		db_undo(s->db);
	if (v != KEEP) {
		if (s->effects.directory && !before.directory && charter_load(s) < 0)
			log_error("the directory cannot be read again");
		s->effects = before;
	}
	return v;
}

static const struct {
	uint16_t kind;
	store_fn fn;
	bool reads; /* and changes nothing: needs no transaction */
} requests[] = {
	{ MSG_STORE_REPORT, store_report, false },
	{ MSG_STAGE, store_stage, false },
	{ MSG_STAGE_DROP, store_stage_drop, false },
	{ MSG_LOOKUP, store_lookup, true },
	{ MSG_STORE_MESSAGE, store_message, false },
	{ MSG_OFFICER_CALL, store_officer_call, false },
	{ MSG_DELIVERIES_WANTED, store_deliveries, false },
	{ MSG_OUTCOMES, store_outcomes, false },
	{ MSG_PLUGIN_STATE, store_plugin_state, false },
};

static int
on_request(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg)
{
	struct batch *b = r->state;
	struct store *s = store_of(r);
	struct answer out = { 0 };
	struct effects before = s->effects;
	enum verdict v;
	bool reads;
	size_t i = 0;

	while (requests[i].kind != channel_kind(from))
		i++; /* room.c brings no other kinds */
	reads =
	    requests[i].reads || (requests[i].kind == MSG_OFFICER_CALL &&
				     store_officer_reads(((const Candor__OfficerCall *)msg)->kind));
	if (!reads)
		begin(b);
	if (b->open)
		db_savepoint(s->db);
	v = requests[i].fn(s, channel_peer_index(from), msg, &out);
	v = conclude(b, v, before, &out);
	if (v != DISHONEST) {
		if (out.push_directory)
			push_directory_to(r, from, NULL);
		if (out.kind != 0)
			answer(r, from, tag, &out);
	}
	b->n_requests += b->open;
	if (b->open && (b->n_requests == BATCH_REQUESTS || b->bytes > BATCH_BYTES ||
			   !db_in_transaction(s->db)))
		finish(r);
	return v == DISHONEST ? CANDOR_EBADMSG : 0;
}

/* ---- the release ------------------------------------------------------------------------------ */

static void
set_next_release(struct room *r, struct batch *b)
{
	struct store *s = store_of(r);

	b->next_release = clock_next(s->now, r->setup->release_times, r->setup->n_release_times);
	db_run(s->db, META_SET, db_t("next_release"), db_i(b->next_release));
}

/* Officers are told of clocks, reporters asked what they are to be asked. True: there is more. */
static bool
by_the_clock(struct store *s)
{
	bool clocks = store_clock_pass(s), questions = work_pass(s);

	return clocks || questions;
}

/* Everything that waits becomes a case. Looks the same, and is noted the same, when nothing does. */
static void
release_now(struct room *r)
{
	struct batch *b = r->state;
	struct store *s = store_of(r);
	struct effects done;

	finish(r);
	db_begin(s->db);
	store_release(s, false);
	b->clocks_left = by_the_clock(s);
	b->figures_left = figures_pass(s, true);
	b->legal_left = true; /* what the reporters wrote meanwhile is known now */
	event_active(b->tick, 0, 0);
	set_next_release(r, b);
	done = s->effects;
	s->effects = (struct effects){ 0 };
	if (db_commit(s->db) < 0) {
		db_complain(s->db);
		log_error("the release failed; it is tried again within a minute");
		b->next_release = s->now;
		return;
	}
	db_truncate_log(s->db);
	b->log_dirty = false;
	done.released = false;
	take_effect(r, done);
}

/* What is done by the hour rather than on request. The seconds until it should be done again; 0: no
 * hurry. */
static int64_t
daily(struct room *r)
{
	int64_t wait;
	struct batch *b = r->state;
	struct store *s = store_of(r);

	begin(b);
	db_savepoint(s->db);
	if (r->setup->immediate || b->clocks_left)
		b->clocks_left = by_the_clock(s);
	if (r->setup->immediate && b->legal_on != s->today)
		b->legal_left = true;
	b->legal_on = s->today;
	if (b->legal_left)
		b->legal_left = legal_pass(s);
	if (r->setup->immediate || b->figures_left)
		b->figures_left = figures_pass(s, false);
	audit_daily(s);
	digest_daily(s);
	wait = store_watch(s);
	if (db_failed(s->db))
		db_undo(s->db);
	else
		db_keep(s->db);
	finish(r);
	arena_end(&r->arena);
	return b->clocks_left || b->legal_left || b->figures_left ? 1 : wait;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct room *r = arg;
	struct batch *b = r->state;
	struct store *s = store_of(r);
	struct timeval tv = { .tv_sec = TICK_MAX_S };
	int64_t wait;

	(void)fd;
	(void)what;
	if (b->next_release > 0 && b->next_release <= s->now) {
		release_now(r);
	} else if (b->urgent_again) {
		begin(b);
		s->effects.urgent = true;
		finish(r);
	}
	if (!b->open)
		backup_watch(s);
	wait = daily(r);
	if (wait > 0 && wait < tv.tv_sec)
		tv.tv_sec = (time_t)wait;
	db_complain(s->db);
	if (b->log_dirty && !b->open) {
		db_truncate_log(s->db);
		b->log_dirty = false;
	}
	if (b->next_release > s->now && b->next_release - s->now < tv.tv_sec)
		tv.tv_sec = (time_t)(b->next_release - s->now);
	event_add(b->tick, &tv);
}

/* ---- the room's life -------------------------------------------------------------------------- */

static void
peer_up(struct room *r, struct channel *ch)
{
	finish(r); /* so that the directory pushed is one that is stored */
	if (channel_peer(ch) == PARTY_DISPATCH)
		poke_dispatch(r);
	else
		push_directory_to(r, ch, NULL);
}

static void
peer_down(struct room *r, struct channel *ch)
{
	struct batch *b = r->state;
	struct store *s = store_of(r);

	for (size_t i = 0; i < b->n_waiting; i++)
		if (b->waiting[i].to == ch)
			b->waiting[i].to = NULL;
	if (channel_peer(ch) != PARTY_INTAKE)
		return;
	/* Nobody will ever commit what its sessions have staged. */
	begin(b);
	db_savepoint(s->db);
	db_run(s->db, STAGE_DROP_WORKER, db_i(channel_peer_index(ch)));
	if (db_failed(s->db))
		db_undo(s->db);
	else
		db_keep(s->db);
}

static void
reload(struct room *r)
{
	struct batch *b = r->state;
	struct store *s;

	finish(r);
	s = store_of(r);
	db_begin(s->db);
	set_next_release(r, b);
	store_plugins_begin(s);
	clocks_set_calendar(s);
	clocks_follow_calendar(s);
	if (db_commit(s->db) < 0)
		log_error("the next release's time was not stored");
	s->effects = (struct effects){ 0 }; /* dispatch is told below */
	if (r->setup->immediate)
		b->next_release = s->now; /* for what still waits */
	event_active(b->tick, 0, 0);
	warn_unserved(r);
	poke_dispatch(r);
}

static void
stop(struct room *r)
{
	struct batch *b = r->state;

	finish(r);
	db_truncate_log(b->store.db);
	db_complain(b->store.db);
	/* What still comes is not committed, hence not answered: its sender tries again. */
	room_leave(r);
}

/* All of a small file that the supervisor opened. */
static struct span
read_all(struct store *s, int fd, size_t max)
{
	uint8_t *p = store_alloc(s, max + 1);
	size_t n = 0;
	ssize_t got = 1;

	while (fd >= 0 && n <= max && got > 0)
		if ((got = pread(fd, p + n, max + 1 - n, (off_t)n)) > 0)
			n += (size_t)got;
	return (struct span){ p, fd >= 0 && got >= 0 ? n : 0 };
}

/* The first directory comes from files that `candord --init` wrote; later ones over the desk. */
static int
import_directory(struct room *r, struct store *s)
{
	struct span text = read_all(s, room_fd(r, "directory"), DIRECTORY_MAX_BYTES);
	struct span sig = read_all(s, room_fd(r, "directory_signature"), DIRECTORY_SIGNATURE_MAX);
	struct answer out = { 0 };

	if (s->charter.directory != NULL)
		return 0;
	if (text.len == 0 || sig.len == 0) {
		log_error(
		    "there is no directory of officers: set `directory` and "
		    "`directory_signature` to a text and its signature by the charter key, as "
		    "`candord --init` makes them");
		return CANDOR_ENOTFOUND;
	}
	if (charter_adopt(s, text, sig, &out) != KEEP) {
		log_error("the directory of officers cannot be used: %s",
		    ((const Candor__Refusal *)out.msg)->text);
		return CANDOR_EBADMSG;
	}
	audit(s, "", "directory", 0, "imported");
	return 0;
}

/* The key that signs the heads of the audit log. */
static int
load_audit_key(struct room *r, struct batch *b)
{
	struct minisign_secret *key;
	uint8_t *seed;

	if (slab_init(&b->keys, sizeof(*key) + 128) < 0 ||
	    (key = slab_carve(&b->keys, sizeof(*key))) == NULL ||
	    (seed = slab_carve(&b->keys, crypto_sign_SEEDBYTES)) == NULL)
		return CANDOR_ENOMEM;
	if (room_read_key(room_fd(r, "audit_key"), seed) < 0) {
		log_error("the key of the audit log cannot be read");
		return CANDOR_EINVAL;
	}
	minisign_from_seed(key, seed);
	sodium_memzero(seed, crypto_sign_SEEDBYTES);
	b->store.audit_key = key;
	return 0;
}

/* A pinned time zone: mktime() would otherwise look for the file again, behind the walls. */
static void
pin_time_zone(void)
{
	if (getenv("TZ") == NULL)
		setenv("TZ", ":/etc/localtime", 1);
	tzset();
}

/* The room works under a uid of its own, which the files are to belong to. */
static void
hand_over_files(const struct room *r)
{
	static const char *const files[] = { "candor.db", "candor.db-wal" };

	if (r->setup->uid == 0 || geteuid() != 0)
		return;
	for (size_t i = 0; i < NELEM(files); i++)
		if (lchown(files[i], r->setup->uid, r->setup->uid) < 0)
			log_debug("%s keeps its owner", files[i]);
}

static int
setup(struct room *r)
{
	static struct sandbox_path state;
	struct batch *b = calloc(1, sizeof(*b));
	void *charter = malloc(CHARTER_ARENA_BYTES);
	struct store *s;
	int64_t bad;

	if (b == NULL || charter == NULL || sodium_init() < 0)
		return CANDOR_ENOMEM;
	r->state = b;
	s = store_of(r);
	pin_time_zone();
	if (load_audit_key(r, b) < 0)
		return CANDOR_EINVAL;
	arena_init(&s->charter.arena, charter, CHARTER_ARENA_BYTES);
	state = (struct sandbox_path){ .fd = room_fd(r, "state"), .write = true };
	umask(077);
	if (state.fd < 0 || fchdir(state.fd) < 0) {
		log_error("the state folder cannot be used");
		return CANDOR_ESYS;
	}
	r->sandbox.paths = &state;
	r->sandbox.n_paths = 1;
	if (db_open(&s->db) < 0 || charter_load(s) < 0)
		return CANDOR_ESYS;
	hand_over_files(r);
	s = store_of(r);
	db_begin(s->db);
	db_run0(s->db, STAGE_DROP_ALL);
	if (import_directory(r, s) < 0)
		return CANDOR_EINVAL;
	if (db_row(s->db, META_GET, db_t("next_release")))
		b->next_release = db_int(s->db, DB_META_GET, 0);
	else
		set_next_release(r, b);
	people_begin(s);
	legal_begin(s);
	store_plugins_begin(s);
	clocks_set_calendar(s);
	clocks_follow_calendar(s);
	s->effects = (struct effects){ 0 };
	if (db_commit(s->db) < 0)
		return CANDOR_ESYS;
	if (audit_check(s, &bad) == CANDOR_EBADMSG) {
		s->audit_bad = bad;
		log_error(
		    "the audit log was tampered with: line %lld is not what was signed, or does "
		    "not follow from what is before it; see `candor admin verify`",
		    (long long)bad);
	}
	db_reset(s->db);
	arena_end(&r->arena);
	return 0;
}

static int
start(struct room *r)
{
	struct batch *b = r->state;

	b->commit = event_new(r->base, -1, 0, on_commit, r);
	b->tick = event_new(r->base, -1, 0, on_tick, r);
	if (b->commit == NULL || b->tick == NULL || event_priority_set(b->commit, 1) < 0 ||
	    event_priority_set(b->tick, 1) < 0)
		return CANDOR_ENOMEM;
	warn_unserved(r);
	db_be_quiet(b->store.db);
	/* What should have been released while we were down, is; the tick sees to it. */
	if (r->setup->immediate)
		b->next_release = time(NULL);
	b->urgent_again = true;
	event_active(b->tick, 0, 0);
	return 0;
}

static const struct room_handler on[] = {
	{ MSG_STORE_REPORT, on_request },
	{ MSG_STAGE, on_request },
	{ MSG_STAGE_DROP, on_request },
	{ MSG_LOOKUP, on_request },
	{ MSG_STORE_MESSAGE, on_request },
	{ MSG_OFFICER_CALL, on_request },
	{ MSG_DELIVERIES_WANTED, on_request },
	{ MSG_OUTCOMES, on_request },
	{ MSG_PLUGIN_STATE, on_request },
};

static const struct room_spec store_room = {
	.id = PARTY_STORE,
	.on = on,
	.n_on = NELEM(on),
	.setup = setup,
	.start = start,
	.reload = reload,
	.peer_up = peer_up,
	.peer_down = peer_down,
	.drained = drained,
	.stop = stop,
	.calls = store_calls,
	.n_calls = NELEM(store_calls),
	.arena_bytes = ARENA_BYTES,
};

int
main(void)
{
	return room_run(&store_room);
}
