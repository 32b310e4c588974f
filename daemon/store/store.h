/* SPDX-License-Identifier: ISC */
/*
 * What store does with a request, apart from the room that it does it in: main.c brings requests,
 * opens transactions, commits them and sends the answers; the functions here read and write the
 * database and say what to answer. Store and its tests.
 */
#ifndef CANDOR_STORE_STORE_H
#define CANDOR_STORE_STORE_H

#include "candor/auditline.h"
#include "candor/candor_pb.h"
#include "candor/casestate.h"
#include "candor/clocks.h"
#include "candor/directory.h"
#include "candor/number.h"
#include "candor/wire.h"

#include "clock.h"
#include "db.h"
#include "pace.h"

/* Attachments to one report or message. */
#define ATTACHMENTS_MAX 32
/* Entries of one case, so that its record fits into one message; a reporter gets no further than
 * this, so that officers can still write. */
#define ENTRIES_MAX 360
#define ENTRIES_REPORTER_MAX 300
/* Of a sealed reply, so that one fits into the answer to LOOKUP, and of all in it. */
#define REPLY_MAX_BYTES 50000
#define REPLIES_MAX_BYTES 56000
#define SEAL_HASH_BYTES 32
#define KEY_BYTES 16
/* Of one delivery: as many as a message takes when every address is as long as can be. */
#define RECIPIENTS_MAX 192
#define STORE_PLUGINS_MAX 32
#define HOLIDAYS_MAX 64

/* The directory that counts, parsed, in memory of its own. */
struct charter {
	struct arena arena;
	struct directory *directory; /* NULL: none yet */
	struct span text, signature;
};

/* What the open transaction changes outside the database, once it is durable. */
struct effects {
	bool urgent;     /* rows to be released before the commit */
	bool released;   /* rows left the inbox: cut the log */
	bool deliveries; /* tell dispatch */
	bool directory;  /* tell intake and desk */
	bool release;    /* an administrator wants one */
	bool watch;      /* a plugin may have fallen silent */
	bool legal;      /* a case is to be destroyed */
	bool backup;     /* one begins: see backup.c */
	bool backup_ends;
};

/* A backup that a client fetches. */
struct backup {
	uint8_t id[KEY_BYTES];
	int64_t
	    size; /* of the database's file, which stays as it is meanwhile; 0: none is fetched */
	int64_t used_at;
};

struct store {
	struct db *db;
	struct arena *arena; /* of the request at hand */
	const Candor__RoomSetup *setup;
	struct charter charter;
	struct effects effects;
	struct backup backup;
	const struct minisign_secret *audit_key; /* signs heads and certificates; NULL: none */
	int64_t audit_bad; /* the first line of the audit log that does not fit; 0: none is known */
	struct {
		char plugin[32];
		struct pace pace;
	} paces[STORE_PLUGINS_MAX];
	struct calendar calendar; /* of the site: clocks_set_calendar() */
	day_t holidays[HOLIDAYS_MAX];
	int64_t now;
	day_t today;
};

/* What to do with a request's savepoint. */
enum verdict {
	KEEP,
	WAIT, /* what it wrote stays, but it was not done yet; the answer says what is missing */
	UNDO, /* nothing of it stays; the answer says why */
	DISHONEST, /* no honest peer sends this */
};

struct answer {
	unsigned kind; /* 0: none */
	const ProtobufCMessage *msg;
	bool push_directory; /* the peer's is out of date: send the one that counts first */
};

typedef enum verdict (*store_fn)(
    struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out);

/* ---- helpers ---- */
/* Memory of the request; never NULL, since arenas are made for the largest request. */
void *store_alloc(struct store *s, size_t n);
char *store_text(struct store *s, const char *text);
/* Cut in front of a broken character so that at most max bytes remain. */
char *store_cut(struct store *s, const char *text, size_t max);
#define STORE_NEW(s, type, upper)                                                                  \
	store_init((s), sizeof(Candor__##type), &candor__##upper##__descriptor)
void *store_init(struct store *s, size_t size, const ProtobufCMessageDescriptor *type);
enum verdict store_answer(struct answer *out, unsigned kind, const void *msg);
enum verdict store_done(struct store *s, struct answer *out, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
enum verdict store_refuse(struct store *s, struct answer *out, unsigned code, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* The lines of a text, which is cut into them, as a list for a message. */
size_t store_lines(struct store *s, char *text, char ***out);
/* A case's number as people write it. */
char *store_number(struct store *s, int64_t number);
/* Is the word one of the list? */
bool store_has_word(char *const *list, size_t n, const char *word);
/* "a, b, c" */
char *store_words(struct store *s, char *const *list, size_t n);
/* NULL: the site has no such category, or no longer. */
const Candor__Category *store_category(const struct store *s, const char *id);

/* ---- intake's requests: reporter.c ---- */
enum verdict store_report(
    struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out);
enum verdict store_stage(
    struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out);
enum verdict store_stage_drop(
    struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out);
enum verdict store_lookup(
    struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out);
enum verdict store_message(
    struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out);

/* ---- from the inbox to the cases: release.c ---- */
/* Move all of the inbox, or what is immediate, in random order. Inside a savepoint. */
void store_release(struct store *s, bool only_immediate);
/* Add an entry of one piece, or (file.p NULL) of bytes that the caller adds. Its rowid; *n. */
int64_t store_entry(struct store *s, int64_t number, enum entry_kind kind, const char *officer,
    day_t on, struct span file, size_t bytes, unsigned of, const struct span *message_id,
    unsigned *n);

/* ---- who is told: outbox.c ---- */
/* Something happened to a case: an event, and a delivery of it for each plugin that takes it. */
void store_event(struct store *s, const char *kind, int64_t number, enum case_state state);
/* The same of a clock that runs on the case: due, overdue, escalated. */
void store_clock_event(struct store *s, const char *kind, int64_t number, enum case_state state,
    const char *clock, day_t due);
/* Escalated, to the leads ("") or to whom the site calls in last. */
#define ESCALATED_TO_CONTACT "contact"
void store_escalation(struct store *s, int64_t number, enum case_state state, const char *clock,
    day_t due, const char *to);
/* An event without a case. */
struct bare_event {
	const char *kind;
	const char *plugin; /* of an alarm, or NULL */
	const char
	    *recipient; /* of a daily digest: whose it is; or NULL: those that routing finds */
	bool activity;
	const char *head; /* of an audit, or NULL */
};
/* Add it for one plugin, ahead of all that waits. Returns the delivery's rowid, and its key if that is
 * not NULL. */
int64_t store_bare_event(
    struct store *s, const char *plugin, const struct bare_event *e, uint8_t key[KEY_BYTES]);
enum verdict store_deliveries(
    struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out);
enum verdict store_outcomes(
    struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out);
enum verdict store_plugin_state(
    struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out);
/* Others read a case now: look again whom to tell of it. */
void store_wake(struct store *s, int64_t number);
/* Is anything due for this plugin? */
bool store_due(struct store *s, const char *plugin);
/* At start and after a reload: note which plugins there are, and look again whom to tell. In a
 * transaction. */
void store_plugins_begin(struct store *s);

/* ---- whom: route.c ---- */
/* The plugin of that name, if it is configured. */
const Candor__Plugin *store_plugin(const struct store *s, const char *name);

/* What a plugin may choose by. */
struct case_facts {
	const char *kind, *category, *severity, *site;
};
bool route_takes(const Candor__Plugin *p, const struct case_facts *f);
/* One that asks for alarms, or for nothing in particular and tells people: no ticket for it. */
bool route_takes_alarm(const Candor__Plugin *p);
/* One that asks for the audit log's heads by name. */
bool route_takes_audit(const Candor__Plugin *p);
/* Is "category", "site" or "severity" kept from it? */
bool route_omits(const Candor__Plugin *p, const char *field);

struct recipients {
	char **to; /* addresses, each once, in the request's memory */
	size_t n;
};
/* Whom the plugin tells of such an event; of no case (number 0), the administrators. */
struct told_event {
	const char *kind;
	int64_t number;    /* 0: of no case */
	const char *up_to; /* escalated: ESCALATED_TO_CONTACT, or "" */
};
void recipients_of(
    struct store *s, struct recipients *r, const Candor__Plugin *p, struct told_event e);
void recipients_init(struct store *s, struct recipients *r);
bool recipients_same(const struct recipients *a, const struct recipients *b);
/* The address of the officer of that name, if they read the case; else "". */
const char *route_assignee(struct store *s, int64_t number, const char *name);

/* Everybody whom a plugin might ever tell of a case, and who of them has anything to hear. */
struct listener {
	const char *address;
	const struct officer *officer; /* NULL: nobody of the directory */
	bool heard;
};
struct audience {
	struct listener who[RECIPIENTS_MAX];
	size_t n;
};
void audience_of(struct store *s, struct audience *a, const Candor__Plugin *p);
/* Something happened to this case: mark who may know. */
void audience_hears(struct store *s, struct audience *a, int64_t number);

/* Categories, as a list for a message, of which the plugin could tell nobody; and of whose new reports
 * no plugin tells. */
size_t route_unheard(struct store *s, const Candor__Plugin *p, char ***out);
size_t route_untold(struct store *s, char ***out);

/* ---- many in one: digest.c ---- */
#define DIGEST_ITEMS_MAX 100
/* One for the deliveries of these rowids, which are settled by it. */
void digest_fold(struct store *s, const char *plugin, const int64_t *ids, size_t n);
/* Put what a digest (by its delivery's rowid) stands for into the event. False: it stands for nothing,
 * being a daily one. */
bool digest_fill(struct store *s, Candor__Event *e, const Candor__Plugin *p, int64_t id);
/* Who is told of what it stands for; false when that is not the same for all of it any more. */
bool digest_recipients(
    struct store *s, struct recipients *r, const Candor__Plugin *p, int64_t id) MUST_CHECK;
/* Make the daily ones whose hour has come. In a transaction. */
void digest_daily(struct store *s);

/* ---- the clocks of a case: clocks.c ---- */
/* They as a list for a message; the next to run out first. */
size_t store_clocks(struct store *s, int64_t number, Candor__Clock ***out);
/* Those of a case that was just released. */
void clocks_begin(struct store *s, int64_t number, const Candor__StoreReport *m);
/* Something happened to the case, which may meet, start or end clocks; READER_REFRESH included. */
void clocks_follow(struct store *s, int64_t number, enum case_event event);
/* It was done what a clock waits for, if the case has one of that name that did not end. */
void clocks_meet(struct store *s, int64_t number, const char *name, day_t on);
/* Which deadlines still run, as "feedback by 2026-11-29, …", or "". */
const char *clocks_left(struct store *s, int64_t number);
/* Take working week and holidays from the setup: at start and on reload. */
void clocks_set_calendar(struct store *s);
/* And reckon anew, if they are others than before, when clocks in working days run out. In a
 * transaction. */
void clocks_follow_calendar(struct store *s);

/* Nothing of that name runs any longer: it was met, or (CLOCK_ACT_WAIVE) given up. */
void clocks_end(struct store *s, int64_t number, const char *name, enum clock_act act, day_t on);

/* ---- work on a case: work.c ---- */
#define DUPLICATES_MAX 32
/* The case that this one is a duplicate of. False: it is none. */
struct merged_into {
	int64_t number;
	enum case_state state;
	enum case_outcome outcome;
	char *actions; /* one a line */
};
bool work_merged_into(struct store *s, int64_t number, struct merged_into *m);
/* The numbers of its duplicates. */
size_t work_duplicates(struct store *s, int64_t number, int64_t out[DUPLICATES_MAX]);
/* Others read the case now. */
void work_readers(struct store *s, int64_t number);
/* Ask reporters what was to be asked by today. In a transaction. True: there is more of it. */
bool work_pass(struct store *s);

/* ---- many cases alike: board.c ---- */
/* A case was released: is it one of many? */
void board_noticed(struct store *s, const char *category, const char *site, day_t on);

/* ---- clocks that run out: due.c ---- */
/* Events for clocks that run out soon, or did, each once; often enough is once a day. True: there are
 * more of them than one pass takes. In a transaction. */
bool store_clock_pass(struct store *s);

/* ---- what is wrong: watch.c ---- */
/* The plugins, configured or with deliveries left, as a list for a message. */
size_t store_plugins(struct store *s, Candor__PluginInfo ***out);
/* What an administrator should look at, gravest first, as a list for a message. */
size_t store_problems(struct store *s, Candor__Problem ***out);
/* Tell of plugins that fell silent, once a day: in the log and through those that work. In a
 * transaction. Returns the seconds after which there may be another to tell of; 0: none in sight. */
int64_t store_watch(struct store *s);
/* Tell the log who could be told of nothing. */
void store_warn_unheard(struct store *s);

/* ---- the ledger, as an administrator sees it: ledger.c ---- */
enum verdict ledger_test(
    struct store *s, const char *actor, const ProtobufCMessage *msg, struct answer *out);
enum verdict ledger_get(
    struct store *s, const char *actor, const ProtobufCMessage *msg, struct answer *out);
enum verdict ledger_list(
    struct store *s, const char *actor, const ProtobufCMessage *msg, struct answer *out);
enum verdict ledger_retry(
    struct store *s, const char *actor, const ProtobufCMessage *msg, struct answer *out);
enum verdict ledger_discard(
    struct store *s, const char *actor, const ProtobufCMessage *msg, struct answer *out);

/* ---- the directory: charter.c ---- */
/* Read the one in the database. CANDOR_ESYS; 0 as well when there is none. */
int charter_load(struct store *s) MUST_CHECK;
uint64_t charter_version(const struct store *s);
const struct officer *charter_officer(const struct store *s, const char *name);
/* Make a signed text the one that counts, if it is. */
enum verdict charter_adopt(
    struct store *s, struct span text, struct span signature, struct answer *out);
enum verdict charter_propose(struct store *s, struct span text, struct answer *out);
/* What DIRECTORY and DIRECTORY_NOW carry. */
Candor__Directory *charter_message(struct store *s, bool with_proposal);
/* The categories that nobody serves, as a list for a message. */
size_t charter_unserved(struct store *s, char ***out);

/* ---- who can open what: people.c ---- */
/* At start, in a transaction: note the keys of the directory in force, where that was not done yet. */
void people_begin(struct store *s);
/* A directory comes into force instead of another (NULL: none): whose keys change, who leaves. UNDO, and the
 * answer says so: a case would be left that nobody could open. */
enum verdict people_adopt(struct store *s, const struct directory *before,
    const struct directory *after, struct answer *out) MUST_CHECK;
/* The case is sealed to the keys that this version of the directory has for its readers. */
void people_sealed(struct store *s, int64_t number, uint64_t version);
/* How many cases nobody can open but the escrow. */
int64_t people_closed(struct store *s);

/* ---- officers' and administrators' requests: officer.c (and officer.h) ---- */
enum verdict store_officer_call(
    struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out);
/* Does this request change nothing? */
bool store_officer_reads(unsigned kind);

/* ---- what was done: audit.c ---- */
void audit(
    struct store *s, const char *actor, const char *action, int64_t number, const char *detail);
/* Follow the chain from its first line: 0, or CANDOR_EBADMSG and the number of the first line that
 * does not fit. Takes a second for a million lines. */
int audit_verify(struct store *s, int64_t *bad) MUST_CHECK;
/* The same from the last signed head on, which must be there as it was signed. At start. */
int audit_check(struct store *s, int64_t *bad) MUST_CHECK;
/* Once a day: sign the last line, and hand its hash to the plugins that want it. In a transaction. */
void audit_daily(struct store *s);
/* The head as of now, for a message; NULL without a key. */
Candor__AuditHead *audit_head_now(struct store *s);

/* ---- the legal record: legal.c ---- */
/* At start: cases that were closed before their time was kept get it. In a transaction. */
void legal_begin(struct store *s);
/* A case was closed: its time runs. Or it was reopened: it does not. */
void legal_closed(struct store *s, int64_t number);
void legal_reopened(struct store *s, int64_t number);
bool case_is_held(struct store *s, int64_t number);
/* Warn of cases whose time ends soon, destroy those whose time is over. In a transaction. True: there
 * are more. */
bool legal_pass(struct store *s);

/* ---- figures: figures.c ---- */
/* Publish one more period that is over, if there is one. released: all that had been filed until now is
 * among the cases. In a transaction. True: there are more. */
bool figures_pass(struct store *s, bool released);

/* ---- a copy of the database: backup.c ---- */
/* Outside a transaction: from now on the file stays as it is, and what changes goes to the log; and the
 * end of it. */
void backup_begin(struct store *s);
void backup_end(struct store *s);
/* Forget one that nobody fetches any more. Outside a transaction. */
void backup_watch(struct store *s);

#endif
