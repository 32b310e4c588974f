/* SPDX-License-Identifier: ISC */
/*
 * The database of store: every statement has a name here and its text in db.c, and nothing else of
 * Candor speaks SQL. A second back end implements the same names.
 *
 * Errors are remembered: after one, db_row() finds nothing and db_run() does nothing until
 * db_undo() or db_rollback(), and db_failed() tells. A handler thus reads like what it does, and its
 * caller asks once, before anything is acknowledged.
 *
 * Store only; blocks on the disk.
 */
#ifndef CANDOR_STORE_DB_H
#define CANDOR_STORE_DB_H

#include "candor/arena.h"

struct db;

/* What an entry is; in the database by number: append only. */
enum entry_kind {
	ENTRY_REPORT,
	ENTRY_MESSAGE,
	ENTRY_NOTE,
	ENTRY_REPLY,
	ENTRY_ATTACHMENT,
	ENTRY_WORKSHEET,
	ENTRY__N
};
/* What became of a delivery; by number, too. */
enum delivery_state {
	DELIVERY_PENDING,
	DELIVERY_DELIVERED,
	DELIVERY_FAILED,   /* a dead letter: an administrator retries it or gives it up */
	DELIVERY_WAITING,  /* nobody is there to be told: goes out when somebody is */
	DELIVERY_DIGESTED, /* a digest stands for it */
	DELIVERY_TESTED,   /* a test that failed: nothing that anybody is to mend */
	DELIVERY__N
};
/* What became of a request for approval; by number, too. */
enum approval_state { APPROVAL_NONE, APPROVAL_WAITS, APPROVAL_GIVEN, APPROVAL_REFUSED };
/* What was told of a clock that runs; by number, too. Behind the last one, the steps of the ladder. */
enum clock_told { CLOCK_TOLD_NOTHING, CLOCK_TOLD_DUE, CLOCK_TOLD_OVERDUE };
/* Why a plugin is silent; by number, too. */
enum failing { FAILING_NOT, FAILING_TO_START, FAILING_TO_DELIVER };

/* clang-format off */
#define DB_QUERIES(X) \
	X(META_GET) X(META_SET) \
	X(DIRECTORY_GET) X(DIRECTORY_ADD) X(DIRECTORY_SIGN) X(PROPOSAL_GET) X(PROPOSAL_SET) X(PROPOSAL_CLEAR) \
	X(OFFICER_ADD) \
	X(INBOX_GET) X(INBOX_ADD) X(INBOX_IDS) X(INBOX_IDS_IMMEDIATE) X(INBOX_ROW) X(INBOX_DROP) \
	X(WAITING_HAS) X(WAITING_COUNT) X(WAITING_ADD) X(WAITING_OF) X(WAITING_DROP) X(WAITING_CASES) \
	X(STAGE_GET) X(STAGE_ADD) X(STAGE_MOVE) X(STAGE_KEEP) X(STAGE_DROP) X(STAGE_DROP_WORKER) \
	X(STAGE_DROP_ALL) X(STAGE_DONE) X(STAGE_TOTAL) X(STAGE_PIECE_ADD) X(STAGE_SIZE) \
	X(CASE_EXISTS) X(CASE_ADD) X(CASE_LOOKUP) X(CASE_GET) X(CASE_BY_LOOKUP) X(CASE_SET_STATE) \
	X(CASE_SET_OUTCOME) X(CASE_ASSIGN) X(CASE_UNASSIGN) X(CASE_ROUTE) \
	X(KEY_ADD) X(KEY_GET) X(KEY_SET) \
	X(CASE_DISCOVERED) X(CASE_SET_DISCOVERED) \
	X(CLOCK_ADD) X(CLOCK_SET) X(CLOCKS) X(CLOCKS_AT_STEP) X(CLOCK_TOLD) X(CLOCKS_UNTELL) \
	X(CLOCKS_WORKING) \
	X(READER_ADD) X(READER_REFRESH) X(READER_HAS) X(READERS) X(READER_DROP_ALL) \
	X(PAGE_ALL) X(PAGE_STATE) X(PAGE_CATEGORY) X(PAGE_MINE) X(PAGE_OVERDUE) \
	X(ENTRY_ADD) X(ENTRY_LAST) X(ENTRY_GET) X(ENTRY_HAS_MESSAGE) X(ENTRIES) X(REPLIES) \
	X(PIECE_ADD) X(PIECE_AT) X(PIECES_FROM_STAGE) \
	X(EVENT_ADD) X(EVENT_LAST) X(EVENTS_AFTER) \
	X(DELIVERY_ADD) X(DELIVERY_DUE) X(DELIVERY_GET) X(DELIVERY_SET) \
	X(DELIVERY_WAIT) X(DELIVERY_WAKE) X(DELIVERY_WAKE_ALL) \
	X(DELIVERY_FOLD) X(DELIVERY_UNFOLD) X(DELIVERY_FOLDED) \
	X(DELIVERY_DROP) X(DELIVERY_DROP_FOLDED) X(DELIVERY_DROP_TESTS) \
	X(DAILY_PENDING) X(DAILY_DROP) \
	X(DELIVERY_RETRY_ALL) X(DELIVERY_DROP_ALL) X(DELIVERY_DROP_ORPHANS) \
	X(DELIVERY_PAGE) X(DELIVERY_PAGE_FAILED) X(DELIVERY_PAGE_WAITING) X(DELIVERY_COUNTS) \
	X(REFERENCE_SET) X(REFERENCES) \
	X(PLUGIN_GET) X(PLUGIN_SEEN) X(PLUGINS) X(PLUGIN_SET) X(PLUGIN_SUCCESS) X(PLUGIN_ERROR) \
	X(PLUGIN_FAILING) X(PLUGIN_WORKS) X(PLUGIN_ALARMED) X(PLUGIN_DIGEST) \
	X(OFFICER_KEY) X(OFFICER_KEY_FIRST) X(OFFICER_KEY_NONE) X(CASE_SEALED) X(CASE_SCAN) X(CASE_ANY) \
	X(CLOSED_ADD) X(CLOSED_ADD_OF) X(CLOSED_COUNT) X(CLOSED_COUNT_OF) X(CLOSED_DROP) X(CLOSED) \
	X(APPROVAL_ANY) X(APPROVAL_EXPIRE) X(APPROVAL_OF) X(APPROVAL_ADD) X(APPROVAL_DROP) X(APPROVAL_SET) \
	X(APPROVAL_GET) X(APPROVALS) \
	X(AUDIT_LAST) X(AUDIT_ADD) X(AUDIT_AT) X(AUDIT_FROM) \
	X(AUDIT_PAGE) X(AUDIT_PAGE_CASE) X(AUDIT_PAGE_ACTOR) X(AUDIT_PAGE_ACTION) \
	X(HEAD_ADD) X(HEAD_LAST) X(HEAD_OF) X(HEADS) \
	X(CASE_LEGAL) X(CASE_HOLD) X(CASE_UNREAD) X(CASE_WEIGHT) \
	X(RETENTION_SET) X(RETENTION_DUE) X(RETENTION_TERM) X(RETENTION_TOLD) X(RETENTION_SOON) X(RETENTION_OVER) X(RETENTION_COUNT) X(RETENTION_NONE) \
	X(DESTROY_PIECES) X(DESTROY_ENTRIES) X(DESTROY_KEY) X(DESTROY_CLOCKS) X(DESTROY_REFERENCES) \
	X(DESTROY_APPROVALS) X(DESTROY_CASE) X(TOMBSTONE_ADD) X(TOMBSTONE_GET) \
	X(DISPOSAL_SET) X(DISPOSAL_GET) X(DISPOSAL_DROP) \
	X(FIGURES_ADD) X(FIGURES_LAST) X(FIGURES_FROM) X(FIGURES_ENOUGH) X(FIGURES_FIRST_CASE) \
	X(FIGURES_FILED) X(FIGURES_CLOSED) X(FIGURES_OVERDUE) X(FIGURES_OVERDUE_OF) \
	X(TAG_ADD) X(TAG_DROP) X(TAGS) X(TAG_READERS_DROP) X(TAG_READERS_ADD) X(PAGE_TAG) \
	X(LINK_ADD) X(LINK_DROP) X(LINK_COUNT) X(LINKS) \
	X(CASE_MERGE) X(MERGED) X(MERGED_INTO) \
	X(CORRECTIVE_ADD) X(CORRECTIVE_END) X(CORRECTIVE_LAST) X(CORRECTIVES) X(CORRECTIVES_MINE) \
	X(CHECKIN_ADD) X(CHECKINS) X(CHECKIN_DUE) X(CHECKIN_DROP) \
	X(BOARD_COUNTS) X(BOARD_STATE) X(BOARD_STATE_MINE) X(BOARD_OVERDUE) X(BOARD_OVERDUE_MINE) \
	X(OVERDUE_COUNT) X(OVERDUE_COUNT_MINE) \
	X(ALIKE_COUNT) X(PATTERN_SET) X(PATTERNS) X(PATTERN_COUNT) \
	X(DESTROY_TAGS) X(DESTROY_LINKS) X(DESTROY_CORRECTIVES) X(DESTROY_CHECKINS)
/* clang-format on */

enum db_query {
#define X(name) DB_##name,
	DB_QUERIES(X)
#undef X
	    DB__N
};

/* What is bound to ?1, ?2, …: in that order, as many as the statement has. Not kept. */
struct db_value {
	enum { DB_NULL, DB_INT, DB_TEXT, DB_BLOB } type;
	int64_t i;
	const void *p;
	size_t len;
};

static inline struct db_value
db_i(int64_t i)
{
	return (struct db_value){ .type = DB_INT, .i = i };
}

static inline struct db_value
db_t(const char *text)
{
	return (struct db_value){ .type = text != NULL ? DB_TEXT : DB_NULL, .p = text };
}

/* p may be NULL: SQL's NULL. */
static inline struct db_value
db_b(const void *p, size_t len)
{
	return (struct db_value){ .type = p != NULL ? DB_BLOB : DB_NULL, .p = p, .len = len };
}

#define DB_ARGS(...)                                                                               \
	(const struct db_value[]){ __VA_ARGS__ },                                                  \
	    sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value)

/*
 * Open candor.db in the current folder, make or migrate its tables, and keep everybody else out of
 * it until db_close(). *db is NULL after a failure, which was logged: CANDOR_EAGAIN another process
 * has it; CANDOR_EVERSION made by a later version of Candor; CANDOR_ESYS anything else.
 */
int db_open(struct db **db) MUST_CHECK;
/* What is not committed is lost. NULL is fine. */
void db_close(struct db *db);
unsigned db_version(const struct db *db);

/*
 * A line in the log at the moment of a failed request would tell when somebody filed. From
 * db_be_quiet() on, the first error is kept until db_complain(), which the caller's timer calls.
 */
void db_be_quiet(struct db *db);
void db_complain(struct db *db);

/* One transaction holds a batch of requests; each of them in a savepoint. */
void db_begin(struct db *db);
/* 0 when all of it is on the disk; CANDOR_ESYS, and the transaction is rolled back. */
int db_commit(struct db *db) MUST_CHECK;
void db_rollback(struct db *db);
/* False as well when an error (a full disk) made SQLite roll back on its own. */
bool db_in_transaction(const struct db *db);
/* Savepoints nest; db_undo() and db_keep() end the innermost. db_undo() forgets the error. */
void db_savepoint(struct db *db);
void db_keep(struct db *db);
void db_undo(struct db *db);
bool db_failed(const struct db *db);
/* End all statements that were not read to their end. */
void db_reset(struct db *db);

/* Write the log into the database and cut it to nothing: what was deleted is gone from both. */
void db_truncate_log(struct db *db);

/*
 * Do that, and then keep the file as it is, whatever is committed, until db_unpin(), which writes the
 * log back; db_truncate_log() waits for it. The file's size in bytes; -1: it could not be done. Outside
 * a transaction.
 */
int64_t db_pin(struct db *db) MUST_CHECK;
void db_unpin(struct db *db);
/* n bytes of the file from offset on. */
bool db_read_file(struct db *db, void *out, size_t n, int64_t offset) MUST_CHECK;

/* Run a statement that gives no rows; how many rows it changed. */
int64_t db_run_(struct db *db, enum db_query q, const struct db_value *v, size_t n);
/* Start a statement and go to its first row; false when there is none. */
bool db_row_(struct db *db, enum db_query q, const struct db_value *v, size_t n);
#define db_run(db, q, ...) db_run_(db, DB_##q, DB_ARGS(__VA_ARGS__))
#define db_row(db, q, ...) db_row_(db, DB_##q, DB_ARGS(__VA_ARGS__))
#define db_run0(db, q) db_run_(db, DB_##q, NULL, 0)
#define db_row0(db, q) db_row_(db, DB_##q, NULL, 0)
/* Go on to the next row. */
bool db_next(struct db *db, enum db_query q);
/* The rowid of the last insertion. */
int64_t db_last_id(const struct db *db);

/* Columns of the current row, from 0. A span is valid until the statement moves on. */
int64_t db_int(struct db *db, enum db_query q, int col);
bool db_is_null(struct db *db, enum db_query q, int col);
struct span db_span(struct db *db, enum db_query q, int col);
/* Copies, in the arena, NUL behind them. NULL when it is full. */
char *db_text(struct db *db, enum db_query q, int col, struct arena *a) MUST_CHECK;
struct span db_copy(struct db *db, enum db_query q, int col, struct arena *a);

#endif
