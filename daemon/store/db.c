/* SPDX-License-Identifier: ISC */
/*
 * SQLite, and all SQL of Candor: see db.h. Store only. Statements are prepared once, values bound
 * always, no SQL is built.
 */
#include "db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "common/log.h"
#include "schema.h"

#define FILE_NAME "candor.db"
/* Pages of the log before SQLite writes them back: a group of 64 reports is some 100. */
#define LOG_PAGES 4000
#define PRAGMAS_BEFORE                                                                             \
	"PRAGMA page_size = 8192;"                                                                 \
	"PRAGMA locking_mode = EXCLUSIVE;"                                                         \
	"PRAGMA journal_mode = WAL;"                                                               \
	"PRAGMA synchronous = FULL;"                                                               \
	"PRAGMA secure_delete = ON;"                                                               \
	"PRAGMA foreign_keys = ON;"                                                                \
	"PRAGMA trusted_schema = OFF;"                                                             \
	"PRAGMA temp_store = MEMORY;"                                                              \
	"PRAGMA cache_size = -65536;"                                                              \
	"PRAGMA wal_autocheckpoint = 4000;" /* LOG_PAGES */
_Static_assert(SCHEMA_PAGE_BYTES == 8192, "as in the pragma");

struct db {
	sqlite3 *lite;
	sqlite3_stmt *stmt[DB__N];
	unsigned version;
	unsigned depth; /* of savepoints */
	bool failed;
	bool pinned;         /* the file stays as it is: a backup is read from it */
	bool quiet;          /* remember what went wrong instead of logging it at once */
	char complaint[160]; /* empty: nothing */
};

/* clang-format off */
/*
 * A page of the cases that officer ?1 may read, newest first, behind (received_on ?2, number ?3).
 * ?4 state, ?5 category, ?6 mine, ?7 today, ?9 tag: 0 or '' when it does not matter. ?8 rows.
 */
#define PAGE_COLUMNS \
	"SELECT c.number, c.state, c.kind, c.category, c.severity, c.site, a.name, c.received_on "
#define PAGE_FILTER \
	" AND (?4 = 0 OR r.state = ?4) AND (?5 = '' OR r.category = ?5)" \
	" AND (?6 = 0 OR c.assignee = o.id) AND (?7 = 0 OR (r.due > 0 AND r.due < ?7))" \
	" AND (?9 = '' OR EXISTS (SELECT 1 FROM tag g WHERE g.number = r.number AND g.tag = ?9)) "
#define PAGE_BY_READER(index, condition) \
	PAGE_COLUMNS \
	"FROM officer o CROSS JOIN case_reader r " index \
	" CROSS JOIN cases c ON c.number = r.number LEFT JOIN officer a ON a.id = c.assignee" \
	" WHERE o.name = ?1 AND r.officer = o.id AND (r.received_on, r.number) < (?2, ?3) " condition \
	PAGE_FILTER \
	"ORDER BY r.received_on DESC, r.number DESC LIMIT ?8"

/* Of the board: cases that officer ?1 reads, in state ?2, those that run out first, ?3 of them; and those that
 * ran out before day ?2. */
#define BOARD_FROM(index) \
	PAGE_COLUMNS \
	"FROM officer o CROSS JOIN case_reader r INDEXED BY " index \
	" CROSS JOIN cases c ON c.number = r.number LEFT JOIN officer a ON a.id = c.assignee" \
	" WHERE o.name = ?1 AND r.officer = o.id "
#define BOARD_STATE_BY(index, mine) \
	BOARD_FROM(index) "AND r.state = ?2" mine " ORDER BY r.due = 0, r.due, r.number LIMIT ?3"
#define BOARD_OVERDUE_BY(index, mine) \
	BOARD_FROM(index) "AND r.due <> 0 AND r.due < ?2" mine " ORDER BY r.due, r.number LIMIT ?3"
#define OVERDUE_COUNT_BY(index, mine) \
	"SELECT count(*) FROM (SELECT 1 FROM officer o CROSS JOIN case_reader r INDEXED BY " index \
	" WHERE o.name = ?1 AND r.officer = o.id AND r.due <> 0 AND r.due < ?2" mine " LIMIT ?3)"
/* Does officer ?n read the case? */
#define READ_BY(number, n) \
	"EXISTS (SELECT 1 FROM officer b CROSS JOIN case_reader q ON q.officer = b.id" \
	" WHERE b.name = ?" n " AND q.number = " number ")"

/* Word for word what the index clock_step is made for: it runs, and officers have to see to it. */
#define CLOCK_RUNS(k) \
	k "met_on = 0 AND " k "paused_on = 0 AND " k "due > 0 AND " k "name <> 'retention'"

/* Of plugin ?1 for ?2. A digest that stands for others is no daily one. */
#define DAILY_EVENTS \
	" (SELECT e.id FROM delivery d INDEXED BY delivery_due CROSS JOIN event e ON e.id = d.event" \
	" WHERE d.plugin = ?1 AND d.state = 0 AND d.number IS NULL AND e.kind = 'digest'" \
	" AND e.recipient = ?2 AND NOT EXISTS (SELECT 1 FROM delivery f INDEXED BY delivery_digest" \
	" WHERE f.digest = d.id))"

/* A delivery, as the ledger shows it. */
#define DELIVERY_COLUMNS \
	"SELECT d.id, d.plugin, d.number, d.state, d.attempts, e.kind, d.key, d.next_try, d.error," \
	" d.reference, g.key FROM delivery d "
#define DELIVERY_JOINS \
	" CROSS JOIN event e ON e.id = d.event LEFT JOIN delivery g ON g.id = d.digest "

/* A case's record. */
#define CASE_COLUMNS \
	"SELECT c.number, c.state, c.kind, c.category, c.severity, c.site, a.name," \
	" c.received_on, c.outcome, c.actions, c.feedback_months"

/* Readers of a case that is sealed to their present key. state 9: CASE_DESTROYED */
#define SEALED_TO_SOMEBODY(number) \
	"SELECT 1 FROM case_reader q CROSS JOIN officer b ON b.id = q.officer" \
	" CROSS JOIN cases k ON k.number = q.number" \
	" WHERE q.number = " number " AND b.since <= k.sealed"

/* Requests for approval that officer ?n sees: their own, those of cases that they read, and those of
 * no case. */
#define APPROVAL_COLUMNS \
	"SELECT p.id, p.what, p.number, p.asked_by, p.detail, p.state, p.judged_by, p.since" \
	" FROM approval p WHERE "
#define APPROVAL_SEEN_BY(n) \
	"(p.number = 0 OR p.asked_by = ?" n " OR EXISTS (SELECT 1 FROM officer o" \
	" JOIN case_reader r ON r.officer = o.id WHERE r.number = p.number AND o.name = ?" n "))"

/* Cases c that officer ?3 reads, or ?3 is ''. By the primary key, whose rows lie together by the day. */
#define FIGURES_OF_READER \
	"(?3 = '' OR EXISTS (SELECT 1 FROM case_reader r INDEXED BY sqlite_autoindex_case_reader_1" \
	" WHERE r.received_on = c.received_on" \
	" AND r.number = c.number AND r.officer = (SELECT id FROM officer WHERE name = ?3)))"

#define AUDIT_COLUMNS "SELECT n, done_on, actor, action, number, detail, hash "
#define AUDIT_PAGE_OF(index, condition) \
	AUDIT_COLUMNS "FROM audit INDEXED BY " index " WHERE n < ?1 AND " condition \
	" ORDER BY n DESC LIMIT -1 OFFSET ?3"

static const char *const sql[DB__N] = {
	[DB_META_GET] = "SELECT value FROM meta WHERE name = ?1",
	[DB_META_SET] = "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)",

	[DB_DIRECTORY_GET] =
		"SELECT version, text, signature FROM directory ORDER BY version DESC LIMIT 1",
	[DB_DIRECTORY_ADD] = "INSERT INTO directory (version, text, signature) VALUES (?1, ?2, ?3)",
	[DB_DIRECTORY_SIGN] = "UPDATE directory SET signature = ?2 WHERE version = ?1",
	[DB_PROPOSAL_GET] = "SELECT text FROM proposal",
	[DB_PROPOSAL_SET] = "INSERT OR REPLACE INTO proposal (id, text) VALUES (1, ?1)",
	[DB_PROPOSAL_CLEAR] = "DELETE FROM proposal",
	/* since: in no directory that we know of (INT64_MAX), until one says otherwise. */
	[DB_OFFICER_ADD] =
		"INSERT INTO officer (name, since) VALUES (?1, 9223372036854775807)"
		" ON CONFLICT DO NOTHING",
	[DB_OFFICER_KEY] = "UPDATE officer SET key = ?2, since = ?3 WHERE name = ?1 AND key <> ?2",
	/* What a database of before this was noted begins with. */
	[DB_OFFICER_KEY_FIRST] =
		"UPDATE officer SET key = ?2, since = 0 WHERE name = ?1 AND key = x''",
	[DB_OFFICER_KEY_NONE] = "UPDATE officer SET since = ?1 WHERE key = x''",

	[DB_INBOX_GET] = "SELECT report FROM inbox WHERE lookup_hash = ?1",
	[DB_INBOX_ADD] =
		"INSERT INTO inbox (lookup_hash, immediate, stage, report) VALUES (?1, ?2, ?3, ?4)",
	[DB_INBOX_IDS] = "SELECT id FROM inbox ORDER BY id",
	[DB_INBOX_IDS_IMMEDIATE] =
		"SELECT id FROM inbox INDEXED BY inbox_immediate WHERE immediate = 1"
		" ORDER BY id",
	[DB_INBOX_ROW] = "SELECT stage, report FROM inbox WHERE id = ?1",
	[DB_INBOX_DROP] = "DELETE FROM inbox WHERE id = ?1",

	[DB_WAITING_HAS] = "SELECT 1 FROM inbox_message WHERE lookup_hash = ?1 AND message_id = ?2",
	[DB_WAITING_COUNT] = 
		"SELECT coalesce(sum(entries), 0) FROM inbox_message WHERE lookup_hash = ?1",
	[DB_WAITING_ADD] =
		"INSERT INTO inbox_message (lookup_hash, message_id, stage, entries, message)"
		" VALUES (?1, ?2, ?3, ?4, ?5)",
	[DB_WAITING_OF] =
		"SELECT id, stage, message FROM inbox_message WHERE lookup_hash = ?1 ORDER BY id",
	[DB_WAITING_DROP] = "DELETE FROM inbox_message WHERE id = ?1",
	[DB_WAITING_CASES] =
		"SELECT c.number FROM (SELECT DISTINCT lookup_hash AS h FROM inbox_message)"
		" CROSS JOIN cases c ON c.lookup_hash = h",

	[DB_STAGE_GET] = "SELECT id, bytes, n, seq, n_bytes FROM stage WHERE name = ?1",
	[DB_STAGE_ADD] =
		"INSERT INTO stage (name, worker, bytes, n, seq, n_bytes) VALUES (?1, ?2, ?3, 0, 0, ?3)",
	[DB_STAGE_MOVE] =
		"UPDATE stage SET bytes = ?2, n = ?3, seq = ?4, n_bytes = ?5 WHERE id = ?1",
	[DB_STAGE_KEEP] = "UPDATE stage SET name = NULL WHERE id = ?1",
	[DB_STAGE_DROP] = "DELETE FROM stage WHERE name = ?1 AND worker = ?2",
	[DB_STAGE_DROP_WORKER] = "DELETE FROM stage WHERE name IS NOT NULL AND worker = ?1",
	[DB_STAGE_DROP_ALL] = "DELETE FROM stage WHERE name IS NOT NULL",
	[DB_STAGE_DONE] = "DELETE FROM stage WHERE id = ?1",
	[DB_STAGE_TOTAL] = "SELECT coalesce(sum(bytes), 0) FROM stage WHERE name IS NOT NULL",
	[DB_STAGE_PIECE_ADD] =
		"INSERT INTO stage_piece (stage, n, at, data) VALUES (?1, ?2, ?3, ?4)",
	[DB_STAGE_SIZE] =
		"SELECT coalesce(max(at + length(data)), 0) FROM stage_piece WHERE stage = ?1 AND n = ?2",

	[DB_CASE_EXISTS] = "SELECT 1 FROM cases WHERE number = ?1",
	[DB_CASE_ADD] =
		"INSERT INTO cases (number, lookup_hash, kind, category, severity, site, received_on,"
		" state, outcome, actions, assignee, feedback_months)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, '', NULL, ?9)",
	[DB_CASE_LOOKUP] = "SELECT lookup_hash FROM cases WHERE number = ?1",
	/* Only if officer ?2 reads it: to anybody else it does not exist. */
	[DB_CASE_GET] =
		CASE_COLUMNS
		" FROM cases c JOIN officer o ON o.name = ?2"
		" JOIN case_reader r ON r.number = c.number AND r.officer = o.id"
		" LEFT JOIN officer a ON a.id = c.assignee WHERE c.number = ?1",
	[DB_CASE_BY_LOOKUP] =
		"SELECT c.number, c.state, c.kind, c.outcome, c.actions, k.case_recipient, c.category,"
		" k.case_proof"
		" FROM cases c JOIN case_key k USING (number) WHERE c.lookup_hash = ?1",
	[DB_CASE_SET_STATE] = "UPDATE cases SET state = ?2 WHERE number = ?1",
	[DB_CASE_SET_OUTCOME] = "UPDATE cases SET outcome = ?2, actions = ?3 WHERE number = ?1",
	[DB_CASE_ASSIGN] =
		"UPDATE cases SET assignee = (SELECT id FROM officer WHERE name = ?2) WHERE number = ?1",
	/* When the assignee does not read it any longer. */
	[DB_CASE_UNASSIGN] =
		"UPDATE cases SET assignee = NULL WHERE number = ?1 AND assignee NOT IN"
		" (SELECT officer FROM case_reader WHERE number = ?1)",

	[DB_CASE_ROUTE] =
		"SELECT c.category, c.severity, c.site, a.name FROM cases c"
		" LEFT JOIN officer a ON a.id = c.assignee WHERE c.number = ?1",

	[DB_KEY_ADD] =
		"INSERT INTO case_key (number, case_recipient, case_proof, secret, version)"
		" VALUES (?1, ?2, ?3, ?4, 1)",
	[DB_KEY_GET] =
		"SELECT secret, version FROM case_key WHERE number = ?1",
	[DB_KEY_SET] =
		"UPDATE case_key SET secret = ?3, version = version + 1 WHERE number = ?1 AND version = ?2",

	[DB_CASE_DISCOVERED] =
		"SELECT received_on, discovered_on FROM cases WHERE number = ?1",
	[DB_CASE_SET_DISCOVERED] = "UPDATE cases SET discovered_on = ?2 WHERE number = ?1",

	[DB_CLOCK_ADD] =
		"INSERT INTO clock (number, name, due, met_on, span, unit, base, met_by, started_on)"
		" VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
	[DB_CLOCK_SET] =
		"UPDATE clock SET due = ?3, started_on = ?4, paused_on = ?5, paused = ?6, met_on = ?7,"
		" ended = ?8, told = ?9 WHERE number = ?1 AND name = ?2",
	[DB_CLOCKS] =
		"SELECT name, due, started_on, paused_on, met_on, paused, span, unit, base, met_by, ended,"
		" told FROM clock WHERE number = ?1 ORDER BY due = 0, due, name",

	/* That run, of which ?1 steps were told, and run out by day ?2. At most ?3. */
	[DB_CLOCKS_AT_STEP] =
		"SELECT k.number, k.name, k.due, c.state FROM clock k INDEXED BY clock_step"
		" CROSS JOIN cases c ON c.number = k.number"
		" WHERE " CLOCK_RUNS("k.") " AND k.told = ?1 AND k.due <= ?2"
		" ORDER BY k.due, k.number LIMIT ?3",
	[DB_CLOCK_TOLD] = "UPDATE clock SET told = ?3 WHERE number = ?1 AND name = ?2",
	/* Too early: the day is ?1, and it is told of from day ?2 on that a clock runs out. */
	[DB_CLOCKS_UNTELL] =
		"UPDATE clock INDEXED BY clock_step SET told = 0"
		" WHERE " CLOCK_RUNS("") " AND told > 0 AND due >= ?1 AND (told > 1 OR due > ?2)",
	[DB_CLOCKS_WORKING] =
		"SELECT DISTINCT number FROM clock INDEXED BY clock_working"
		" WHERE met_on = 0 AND unit = 1 AND number > ?1 ORDER BY number LIMIT ?2",

	[DB_READER_ADD] =
		"INSERT INTO case_reader (officer, received_on, number, state, category, due)"
		" SELECT o.id, c.received_on, c.number, c.state, c.category, 0 FROM officer o, cases c"
		" WHERE c.number = ?1 AND o.name = ?2 ON CONFLICT DO NOTHING",
	/* After a change of state or clocks. */
	[DB_READER_REFRESH] =
		"UPDATE case_reader SET state = (SELECT state FROM cases WHERE number = ?1),"
		" due = coalesce((SELECT min(due) FROM clock WHERE number = ?1 AND " CLOCK_RUNS("") "), 0),"
		" mine = officer = coalesce((SELECT assignee FROM cases WHERE number = ?1), 0)"
		" WHERE number = ?1",
	[DB_READER_HAS] =
		"SELECT r.received_on, r.due FROM officer o JOIN case_reader r ON r.officer = o.id"
		" WHERE r.number = ?1 AND o.name = ?2",
	[DB_READERS] =
		"SELECT o.name FROM case_reader r JOIN officer o ON o.id = r.officer"
		" WHERE r.number = ?1 ORDER BY o.name",
	[DB_READER_DROP_ALL] = "DELETE FROM case_reader WHERE number = ?1",

	[DB_PAGE_ALL] = PAGE_BY_READER("", ""),
	[DB_PAGE_STATE] = PAGE_BY_READER("INDEXED BY case_reader_state", "AND r.state = ?4"),
	[DB_PAGE_CATEGORY] =
		PAGE_BY_READER("INDEXED BY case_reader_category", "AND r.category = ?5"),
	/* The longest overdue first, behind (due ?2, number ?3). */
	[DB_PAGE_OVERDUE] =
		PAGE_COLUMNS
		"FROM officer o CROSS JOIN case_reader r INDEXED BY case_reader_due"
		" CROSS JOIN cases c ON c.number = r.number LEFT JOIN officer a ON a.id = c.assignee"
		" WHERE o.name = ?1 AND r.officer = o.id AND r.due <> 0 AND r.due < ?7"
		" AND (r.due, r.number) > (?2, ?3)"
		PAGE_FILTER
		"ORDER BY r.due, r.number LIMIT ?8",
	[DB_PAGE_MINE] =
		PAGE_COLUMNS
		"FROM officer o CROSS JOIN cases c INDEXED BY cases_assignee"
		" CROSS JOIN case_reader r ON r.officer = o.id AND r.received_on = c.received_on"
		" AND r.number = c.number JOIN officer a ON a.id = o.id"
		" WHERE o.name = ?1 AND c.assignee = o.id AND (c.received_on, c.number) < (?2, ?3)"
		PAGE_FILTER
		"ORDER BY c.received_on DESC, c.number DESC LIMIT ?8",

	[DB_ENTRY_ADD] =
		"INSERT INTO entry (number, n, kind, officer, written_on, bytes, of, message_id)"
		" VALUES (?1, ?2, ?3, (SELECT id FROM officer WHERE name = ?4), ?5, ?6, ?7, ?8)",
	[DB_ENTRY_LAST] = "SELECT coalesce(max(n), 0) FROM entry WHERE number = ?1",
	[DB_ENTRY_GET] = "SELECT id, bytes FROM entry WHERE number = ?1 AND n = ?2",
	[DB_ENTRY_HAS_MESSAGE] = "SELECT 1 FROM entry WHERE number = ?1 AND message_id = ?2",
	[DB_ENTRIES] =
		"SELECT e.n, e.kind, o.name, e.written_on, e.bytes, e.of FROM entry e"
		" LEFT JOIN officer o ON o.id = e.officer WHERE e.number = ?1 ORDER BY e.n",
	/* kind 3: ENTRY_REPLY, which is one piece. */
	[DB_REPLIES] =
		"SELECT e.n, e.written_on, p.data FROM entry e JOIN piece p ON p.entry = e.id"
		" WHERE e.number = ?1 AND e.n > ?2 AND e.kind = 3 ORDER BY e.n",

	[DB_PIECE_ADD] = "INSERT INTO piece (entry, at, data) VALUES (?1, ?2, ?3)",
	[DB_PIECE_AT] =
		"SELECT at, data FROM piece WHERE entry = ?1 AND at <= ?2 ORDER BY at DESC LIMIT 1",
	[DB_PIECES_FROM_STAGE] =
		"INSERT INTO piece (entry, at, data) SELECT ?1, at, data FROM stage_piece"
		" WHERE stage = ?2 AND n = ?3 ORDER BY at",

	[DB_EVENT_ADD] =
		"INSERT INTO event (key, kind, number, state, happened_on, clock, due, plugin, activity,"
		" recipient, head, assignee, outcome) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
		" (SELECT assignee FROM cases WHERE number = ?3),"
		" coalesce((SELECT outcome FROM cases WHERE number = ?3), 0))",
	[DB_EVENT_LAST] = "SELECT coalesce(max(id), 0) FROM event",
	[DB_EVENTS_AFTER] =
		"SELECT e.number, e.kind, c.category, c.severity, c.site FROM event e"
		" CROSS JOIN cases c ON c.number = e.number WHERE e.id > ?1 ORDER BY e.id",
	[DB_DELIVERY_ADD] =
		"INSERT INTO delivery"
		" (key, plugin, event, number, state, attempts, next_try, error, reference)"
		" VALUES (?1, ?2, ?3, ?4, 0, 0, ?5, '', '')",
	/*
	 * What plugin ?1 is to be told next, of what is due from ?2 to ?3, first due first. A case's
	 * events go one after the other: the reference that the first one brings makes the second one
	 * find its ticket. What is given up, or waits for somebody to tell, holds nothing up.
	 */
	[DB_DELIVERY_DUE] =
		"SELECT d.next_try, d.key, d.attempts, e.key, e.kind, e.number, e.state, e.happened_on,"
		" c.category, c.severity, c.site, f.reference, d.id, e.clock, e.due, e.plugin, e.activity,"
		" e.recipient, a.name, e.outcome, e.head"
		" FROM delivery d INDEXED BY delivery_due CROSS JOIN event e ON e.id = d.event"
		" LEFT JOIN cases c ON c.number = d.number"
		" LEFT JOIN reference f ON f.number = d.number AND f.plugin = d.plugin"
		" LEFT JOIN officer a ON a.id = e.assignee"
		" WHERE d.plugin = ?1 AND d.state = 0 AND d.next_try BETWEEN ?2 AND ?3"
		" AND NOT EXISTS (SELECT 1 FROM delivery b INDEXED BY delivery_line"
		" WHERE b.plugin = ?1 AND b.number = d.number AND b.id < d.id AND b.state = 0)"
		" ORDER BY d.next_try, d.id LIMIT ?4",
	[DB_DELIVERY_GET] = DELIVERY_COLUMNS DELIVERY_JOINS "WHERE d.key = ?1",
	[DB_DELIVERY_SET] =
		"UPDATE delivery SET state = ?2, attempts = ?3, next_try = ?4, error = ?5, reference = ?6"
		" WHERE id = ?1",
	[DB_DELIVERY_WAIT] = "UPDATE delivery SET state = 3, error = ?2 WHERE id = ?1",
	[DB_DELIVERY_WAKE] =
		"UPDATE delivery INDEXED BY delivery_waiting SET state = 0, next_try = 0, error = ''"
		" WHERE state = 3 AND number = ?1",
	[DB_DELIVERY_WAKE_ALL] =
		"UPDATE delivery INDEXED BY delivery_waiting SET state = 0, next_try = 0, error = ''"
		" WHERE state = 3",
	[DB_DELIVERY_FOLD] =
		"UPDATE delivery SET state = 4, digest = ?2 WHERE id = ?1",
	[DB_DELIVERY_UNFOLD] =
		"UPDATE delivery SET state = 0, next_try = 0, digest = NULL WHERE digest = ?1",
	[DB_DELIVERY_FOLDED] =
		"SELECT e.number, e.kind, e.state, e.happened_on, c.category, c.severity, c.site,"
		" e.recipient FROM delivery d INDEXED BY delivery_digest CROSS JOIN event e ON e.id = d.event"
		" LEFT JOIN cases c ON c.number = d.number WHERE d.digest = ?1 ORDER BY d.id",
	[DB_DELIVERY_DROP] = "DELETE FROM delivery WHERE id = ?1",
	[DB_DELIVERY_DROP_FOLDED] = "DELETE FROM delivery WHERE digest = ?1",
	/* Daily words of plugin ?1 for ?2 that it did not get yet: did any say yes? And no such word. */
	[DB_DAILY_PENDING] = "SELECT max(activity) FROM event WHERE id IN" DAILY_EVENTS,
	[DB_DAILY_DROP] = "DELETE FROM delivery WHERE plugin = ?1 AND state = 0 AND event IN" DAILY_EVENTS,
	/* Tests of plugin ?1 that came to an end. */
	[DB_DELIVERY_DROP_TESTS] =
		"DELETE FROM delivery WHERE plugin = ?1 AND number IS NULL AND state IN (1, 5)"
		" AND event IN (SELECT id FROM event WHERE kind = 'test')",
	[DB_DELIVERY_RETRY_ALL] =
		"UPDATE delivery SET state = 0, attempts = 0, next_try = 0, error = ''"
		" WHERE plugin = ?1 AND state = 2",
	/* What was given up, and what digests that were given up stand for. */
	[DB_DELIVERY_DROP_ALL] =
		"DELETE FROM delivery WHERE plugin = ?1 AND (state = 2 OR (state = 4 AND digest IN"
		" (SELECT id FROM delivery WHERE plugin = ?1 AND state = 2)))",
	/* Of a plugin that is not there any more: the same and what it did not get. */
	[DB_DELIVERY_DROP_ORPHANS] =
		"DELETE FROM delivery WHERE plugin = ?1 AND (state IN (0, 2, 3) OR (state = 4 AND digest IN"
		" (SELECT id FROM delivery WHERE plugin = ?1 AND state IN (0, 2, 3))))",
	/* In state ?2, if that is not negative; of plugin ?3, if that is not ''. */
	[DB_DELIVERY_PAGE] =
		DELIVERY_COLUMNS DELIVERY_JOINS "WHERE d.id < ?1 AND (?2 < 0 OR d.state = ?2)"
		" AND (?3 = '' OR d.plugin = ?3) ORDER BY d.id DESC",
	[DB_DELIVERY_PAGE_FAILED] =
		DELIVERY_COLUMNS "INDEXED BY delivery_failed" DELIVERY_JOINS
		"WHERE d.state = 2 AND d.id < ?1 AND d.state = ?2 AND (?3 = '' OR d.plugin = ?3)"
		" ORDER BY d.id DESC",
	[DB_DELIVERY_PAGE_WAITING] =
		DELIVERY_COLUMNS "INDEXED BY delivery_waiting" DELIVERY_JOINS
		"WHERE d.state = 3 AND d.id < ?1 AND d.state = ?2 AND (?3 = '' OR d.plugin = ?3)"
		" ORDER BY d.id DESC",
	[DB_DELIVERY_COUNTS] =
		"SELECT (SELECT count(*) FROM delivery INDEXED BY delivery_due"
		" WHERE plugin = ?1 AND state = 0),"
		" (SELECT count(*) FROM delivery INDEXED BY delivery_failed"
		" WHERE plugin = ?1 AND state = 2),"
		" (SELECT count(*) FROM delivery INDEXED BY delivery_waiting"
		" WHERE plugin = ?1 AND state = 3)",
	[DB_REFERENCE_SET] =
		"INSERT OR REPLACE INTO reference (number, plugin, reference) VALUES (?1, ?2, ?3)",
	[DB_REFERENCES] =
		"SELECT plugin, reference FROM reference WHERE number = ?1 ORDER BY plugin",

	[DB_PLUGIN_GET] =
		"SELECT state, version, last_success, last_error, failing, silent_since, alarmed_on,"
		" digest_on, digest_event FROM plugin WHERE name = ?1",
	[DB_PLUGIN_SEEN] =
		"INSERT INTO plugin (name, state, version, last_success, last_error)"
		" VALUES (?1, '', '', 0, '') ON CONFLICT DO NOTHING",
	[DB_PLUGINS] = "SELECT name FROM plugin ORDER BY name",
	[DB_PLUGIN_SET] =
		"UPDATE plugin SET state = ?2, version = iif(?3 = '', version, ?3),"
		" last_error = iif(?4 = '', last_error, ?4) WHERE name = ?1",
	[DB_PLUGIN_SUCCESS] =
		"UPDATE plugin SET last_success = ?2, failing = 0, silent_since = 0, alarmed_on = 0"
		" WHERE name = ?1 AND (last_success <> ?2 OR failing > 0)",
	[DB_PLUGIN_ERROR] = "UPDATE plugin SET last_error = ?2 WHERE name = ?1",
	/* In way ?2 (a graver one stays), from ?3 on unless it is already. */
	[DB_PLUGIN_FAILING] =
		"UPDATE plugin SET failing = ?2, silent_since = iif(failing = 0, ?3, silent_since)"
		" WHERE name = ?1 AND failing < ?2",
	/* It starts again, which mends what kept it from starting only. */
	[DB_PLUGIN_WORKS] =
		"UPDATE plugin SET failing = 0, silent_since = 0, alarmed_on = 0"
		" WHERE name = ?1 AND failing = 1",
	[DB_PLUGIN_ALARMED] = "UPDATE plugin SET alarmed_on = ?2 WHERE name = ?1",
	[DB_PLUGIN_DIGEST] =
		"UPDATE plugin SET digest_on = ?2, digest_event = ?3 WHERE name = ?1",

	[DB_CASE_SEALED] = "UPDATE cases SET sealed = ?2 WHERE number = ?1",
	/*
	 * Cases that person ?1 reads behind (?2, ?3), with: is it not sealed to their key; is it not sealed
	 * to somebody's key, or to the escrow's, which changed with directory ?5; does ?4 read it?
	 */
	[DB_CASE_SCAN] =
		"SELECT r.number, r.received_on, r.category, c.sealed < o.since,"
		" c.sealed < max(?5, (SELECT max(b.since) FROM case_reader q"
		" CROSS JOIN officer b ON b.id = q.officer WHERE q.number = r.number)),"
		" EXISTS (SELECT 1 FROM officer b CROSS JOIN case_reader q ON q.officer = b.id"
		" WHERE b.name = ?4 AND q.number = r.number)"
		" FROM officer o CROSS JOIN case_reader r ON r.officer = o.id"
		" CROSS JOIN cases c ON c.number = r.number"
		" WHERE o.name = ?1 AND (r.received_on, r.number) < (?2, ?3) AND c.state <> 9"
		" ORDER BY r.received_on DESC, r.number DESC LIMIT ?6",
	/* As CASE_GET, for the escrow. */
	[DB_CASE_ANY] =
		CASE_COLUMNS
		" FROM cases c LEFT JOIN officer a ON a.id = c.assignee WHERE c.number = ?1",
	[DB_CLOSED_ADD] =
		"INSERT INTO closed (number) SELECT ?1 WHERE NOT EXISTS (" SEALED_TO_SOMEBODY("?1") ")"
		" ON CONFLICT DO NOTHING",
	[DB_CLOSED_ADD_OF] =
		"INSERT INTO closed (number) SELECT r.number FROM officer o"
		" CROSS JOIN case_reader r ON r.officer = o.id WHERE o.name = ?1 AND r.state <> 9"
		" AND NOT EXISTS (" SEALED_TO_SOMEBODY("r.number") ") ON CONFLICT DO NOTHING",
	[DB_CLOSED_COUNT] = "SELECT count(*) FROM closed",
	[DB_CLOSED_COUNT_OF] =
		"SELECT count(*) FROM closed p CROSS JOIN case_reader r ON r.number = p.number"
		" CROSS JOIN officer o ON o.id = r.officer WHERE o.name = ?1",
	[DB_CLOSED_DROP] = "DELETE FROM closed WHERE number = ?1",
	[DB_CLOSED] =
		"SELECT number FROM closed WHERE number > ?1 ORDER BY number LIMIT ?2",

	[DB_APPROVAL_ANY] =
		"SELECT 1 FROM approval"
		" WHERE what = ?1 AND number = ?2 AND asked_by = ?3 AND state = 2 AND since >= ?4",
	[DB_APPROVAL_EXPIRE] = "DELETE FROM approval WHERE since < ?1",
	[DB_APPROVAL_OF] =
		"SELECT id, state, since FROM approval"
		" WHERE what = ?1 AND number = ?2 AND asked_by = ?3 AND detail = ?4",
	/* state 1: APPROVAL_WAITS */
	[DB_APPROVAL_ADD] =
		"INSERT INTO approval (what, number, asked_by, detail, state, judged_by, since)"
		" VALUES (?1, ?2, ?3, ?4, 1, '', ?5)",
	[DB_APPROVAL_DROP] = "DELETE FROM approval WHERE id = ?1",
	[DB_APPROVAL_SET] =
		"UPDATE approval SET state = ?2, judged_by = ?3, since = ?4 WHERE id = ?1",
	[DB_APPROVAL_GET] =
		APPROVAL_COLUMNS "p.id = ?1 AND p.since >= ?3 AND " APPROVAL_SEEN_BY("2"),
	[DB_APPROVALS] =
		APPROVAL_COLUMNS "p.since >= ?2 AND " APPROVAL_SEEN_BY("1") " ORDER BY p.id",

	[DB_AUDIT_LAST] = "SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1",
	[DB_AUDIT_ADD] =
		"INSERT INTO audit (n, done_on, actor, action, number, detail, hash)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[DB_AUDIT_AT] = "SELECT done_on, hash FROM audit WHERE n = ?1",
	[DB_AUDIT_FROM] = AUDIT_COLUMNS "FROM audit WHERE n > ?1 ORDER BY n",
	/* Before line ?1, newest first; of the case, officer or action ?2, less the first ?3. */
	[DB_AUDIT_PAGE] = AUDIT_COLUMNS "FROM audit WHERE n < ?1 ORDER BY n DESC",
	[DB_AUDIT_PAGE_CASE] = AUDIT_PAGE_OF("audit_case", "number = ?2 AND number > 0"),
	[DB_AUDIT_PAGE_ACTOR] = AUDIT_PAGE_OF("audit_actor", "actor = ?2 AND actor <> ''"),
	[DB_AUDIT_PAGE_ACTION] = AUDIT_PAGE_OF("audit_action", "action = ?2"),
	[DB_HEAD_ADD] =
		"INSERT OR REPLACE INTO head (day, line, hash, signature) VALUES (?1, ?2, ?3, ?4)",
	[DB_HEAD_LAST] = "SELECT day, line, hash, signature FROM head ORDER BY day DESC LIMIT 1",
	[DB_HEADS] =
		"SELECT day, line, hash, signature FROM head WHERE line > ?1 AND line <= ?2"
		" ORDER BY line",
	/* What the line that was signed on day ?1 has for a hash today. */
	[DB_HEAD_OF] =
		"SELECT a.hash FROM head h JOIN audit a ON a.n = h.line WHERE h.day = ?1",

	[DB_CASE_LEGAL] =
		"SELECT state, hold, unread, category, outcome, lookup_hash FROM cases"
		" WHERE number = ?1",
	[DB_CASE_HOLD] = "UPDATE cases SET hold = ?2 WHERE number = ?1",
	[DB_CASE_UNREAD] = "UPDATE cases SET unread = ?2 WHERE number = ?1 AND unread <> ?2",
	[DB_RETENTION_TOLD] =
		"UPDATE clock SET told = ?2 WHERE number = ?1 AND name = 'retention' AND told <> ?2",
	[DB_RETENTION_DUE] =
		"UPDATE clock SET due = ?2 WHERE number = ?1 AND name = 'retention'",
	[DB_RETENTION_TERM] =
		"SELECT started_on, span FROM clock WHERE number = ?1 AND name = 'retention'",
	[DB_CASE_WEIGHT] =
		"SELECT count(*), coalesce(sum(bytes), 0) FROM entry WHERE number = ?1",
	/* From day ?2 for ?3 months, until ?4. unit 2: CLOCK_IN_MONTHS, base 3: CLOCK_FROM_CLOSED */
	[DB_RETENTION_SET] =
		"INSERT INTO clock (number, name, started_on, span, due, met_on, unit, base)"
		" VALUES (?1, 'retention', ?2, ?3, ?4, 0, 2, 3) ON CONFLICT (number, name)"
		" DO UPDATE SET started_on = ?2, span = ?3, due = ?4, met_on = 0, unit = 2, base = 3,"
		" told = 0",
	/* Cases in state ?1, read and not held, whose time is over before day ?2 and of which nobody was
	 * warned yet, at most ?3; or was warned by day ?3, at most ?4. */
	[DB_RETENTION_SOON] =
		"SELECT c.number, k.due FROM clock k INDEXED BY clock_unwarned"
		" CROSS JOIN cases c ON c.number = k.number"
		" WHERE k.name = 'retention' AND k.met_on = 0 AND k.due > 0 AND k.told = 0"
		" AND k.due < ?2 AND c.state = ?1 AND c.hold = 0 AND c.unread = 0"
		" ORDER BY k.due, k.number LIMIT ?3",
	[DB_RETENTION_OVER] =
		"SELECT c.number, k.due FROM clock k INDEXED BY clock_retention"
		" CROSS JOIN cases c ON c.number = k.number"
		" WHERE k.name = 'retention' AND k.met_on = 0 AND k.due > 0 AND k.due < ?2"
		" AND k.told BETWEEN 1 AND ?3 AND c.state = ?1 AND c.hold = 0 AND c.unread = 0"
		" ORDER BY k.due, k.number LIMIT ?4",
	/* In state ?1 behind case ?2, of a time when that clock was not kept; and when each was closed. */
	[DB_RETENTION_NONE] =
		"SELECT c.number, (SELECT max(a.done_on) FROM audit a INDEXED BY audit_case"
		" WHERE a.number = c.number AND a.number > 0 AND a.action = 'close') FROM cases c"
		" WHERE c.state = ?1 AND c.number > ?2 AND NOT EXISTS (SELECT 1 FROM clock k"
		" WHERE k.number = c.number AND k.name = 'retention' AND k.due > 0)"
		" ORDER BY c.number LIMIT 1",
	/* A thousand at most. */
	[DB_RETENTION_COUNT] =
		"SELECT count(*) FROM (SELECT 1 FROM clock INDEXED BY clock_retention"
		" WHERE name = 'retention' AND met_on = 0 AND due > 0 AND due < ?1 LIMIT 1000)",
	[DB_DESTROY_PIECES] =
		"DELETE FROM piece WHERE entry IN (SELECT id FROM entry WHERE number = ?1)",
	[DB_DESTROY_ENTRIES] = "DELETE FROM entry WHERE number = ?1",
	/* The public half stays, with which the receipt still finds what became of the case. */
	[DB_DESTROY_KEY] = "UPDATE case_key SET secret = x'', version = 0 WHERE number = ?1",
	[DB_DESTROY_CLOCKS] = "DELETE FROM clock WHERE number = ?1",
	[DB_DESTROY_REFERENCES] = "DELETE FROM reference WHERE number = ?1",
	[DB_DESTROY_APPROVALS] = "DELETE FROM approval WHERE number = ?1",
	[DB_DESTROY_CASE] =
		"UPDATE cases SET state = ?2, site = '', actions = '', assignee = NULL, unread = 0"
		" WHERE number = ?1",
	[DB_DISPOSAL_SET] =
		"INSERT OR REPLACE INTO disposal (number, officer, reason) VALUES (?1, ?2, ?3)",
	[DB_DISPOSAL_GET] = "SELECT officer, reason FROM disposal WHERE number = ?1",
	[DB_DISPOSAL_DROP] = "DELETE FROM disposal WHERE number = ?1",
	[DB_TOMBSTONE_ADD] =
		"INSERT INTO tombstone (number, destroyed_on, officer, reason, entries, bytes, line)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[DB_TOMBSTONE_GET] =
		"SELECT t.destroyed_on, t.officer, t.reason, t.entries, t.bytes, a.hash, c.kind,"
		" c.category, c.received_on, c.outcome FROM tombstone t"
		" JOIN audit a ON a.n = t.line JOIN cases c ON c.number = t.number"
		" WHERE t.number = ?1",

	[DB_FIGURES_ADD] = "INSERT INTO figures (first, last, packed) VALUES (?1, ?2, ?3)",
	[DB_FIGURES_LAST] = "SELECT last FROM figures ORDER BY first DESC LIMIT 1",
	[DB_FIGURES_FROM] =
		"SELECT first, last, packed FROM figures WHERE first >= ?1 AND last <= ?2 ORDER BY first",
	[DB_FIGURES_FIRST_CASE] =
		"SELECT received_on FROM cases INDEXED BY cases_received ORDER BY received_on LIMIT 1",
	/* Received from day ?1 to ?2; ?3 at most. */
	[DB_FIGURES_ENOUGH] =
		"SELECT count(*) FROM (SELECT 1 FROM cases INDEXED BY cases_received"
		" WHERE received_on BETWEEN ?1 AND ?2 LIMIT ?3)",
	/* From day ?1 to ?2; ?3: those that this officer reads, or '': all. */
	[DB_FIGURES_FILED] =
		"SELECT c.category, c.site, c.severity, c.kind, c.received_on, k.due, k.met_on"
		" FROM cases c INDEXED BY cases_received"
		" LEFT JOIN clock k INDEXED BY clock_acknowledge"
		" ON k.number = c.number AND k.name = 'acknowledge'"
		" WHERE c.received_on BETWEEN ?1 AND ?2 AND " FIGURES_OF_READER,
	[DB_FIGURES_CLOSED] =
		"SELECT c.outcome, k.started_on - c.received_on, EXISTS (SELECT 1 FROM entry e"
		" INDEXED BY entry_said WHERE e.number = c.number AND e.kind = 1)"
		" FROM clock k INDEXED BY clock_closed"
		" CROSS JOIN cases c INDEXED BY cases_outcome ON c.number = k.number"
		" WHERE k.name = 'retention' AND k.started_on > 0 AND k.started_on BETWEEN ?1 AND ?2"
		" AND " FIGURES_OF_READER,
	/* Cases with a deadline that ran out before day ?1. */
	[DB_FIGURES_OVERDUE] =
		"SELECT count(DISTINCT number) FROM clock INDEXED BY clock_step"
		" WHERE " CLOCK_RUNS("") " AND due < ?1",
	[DB_FIGURES_OVERDUE_OF] =
		"SELECT count(*) FROM officer o CROSS JOIN case_reader r INDEXED BY case_reader_due"
		" WHERE o.name = ?2 AND r.officer = o.id AND r.due <> 0 AND r.due > 0 AND r.due < ?1",

	[DB_TAG_ADD] = "INSERT INTO tag (number, tag) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
	[DB_TAG_DROP] = "DELETE FROM tag WHERE number = ?1 AND tag = ?2",
	[DB_TAGS] = "SELECT tag FROM tag WHERE number = ?1 ORDER BY tag",
	[DB_TAG_READERS_DROP] = "DELETE FROM tag_reader WHERE number = ?1",
	[DB_TAG_READERS_ADD] =
		"INSERT INTO tag_reader (officer, tag, received_on, number)"
		" SELECT r.officer, t.tag, r.received_on, r.number FROM tag t"
		" CROSS JOIN case_reader r ON r.number = t.number WHERE t.number = ?1",
	[DB_PAGE_TAG] =
		PAGE_COLUMNS
		"FROM officer o CROSS JOIN tag_reader t CROSS JOIN case_reader r"
		" ON r.number = t.number AND r.officer = t.officer"
		" CROSS JOIN cases c ON c.number = r.number LEFT JOIN officer a ON a.id = c.assignee"
		" WHERE o.name = ?1 AND t.officer = o.id AND t.tag = ?9"
		" AND (t.received_on, t.number) < (?2, ?3)"
		PAGE_FILTER
		"ORDER BY t.received_on DESC, t.number DESC LIMIT ?8",
	[DB_LINK_ADD] =
		"INSERT INTO link (number, other) VALUES (?1, ?2), (?2, ?1) ON CONFLICT DO NOTHING",
	[DB_LINK_DROP] =
		"DELETE FROM link WHERE (number = ?1 AND other = ?2) OR (number = ?2 AND other = ?1)",
	[DB_LINK_COUNT] = "SELECT count(*) FROM link WHERE number = ?1",
	/* Linked cases, duplicates and what a case was merged into: number, state, category, unread, does
	 * officer ?2 read it? */
	[DB_LINKS] =
		"SELECT c.number, c.state, c.category, c.unread, " READ_BY("c.number", "2")
		" FROM link l CROSS JOIN cases c ON c.number = l.other WHERE l.number = ?1"
		" ORDER BY c.number",
	[DB_MERGED] =
		"SELECT c.number, c.state, c.category, c.unread, " READ_BY("c.number", "2")
		" FROM cases c WHERE c.merged_into = ?1 AND c.merged_into > 0 ORDER BY c.number",
	[DB_MERGED_INTO] =
		"SELECT i.number, i.state, i.category, i.unread, " READ_BY("i.number", "2") ","
		" i.outcome, i.actions FROM cases c JOIN cases i ON i.number = c.merged_into"
		" WHERE c.number = ?1 AND c.merged_into > 0",
	[DB_CASE_MERGE] = "UPDATE cases SET merged_into = ?2 WHERE number = ?1",

	[DB_CORRECTIVE_ADD] =
		"INSERT INTO corrective (number, n, action, owner, due, ended_on, dropped)"
		" SELECT ?1, ?2, ?3, id, ?5, 0, 0 FROM officer WHERE name = ?4",
	[DB_CORRECTIVE_END] =
		"UPDATE corrective SET ended_on = ?3, dropped = ?4"
		" WHERE number = ?1 AND n = ?2 AND ended_on = 0",
	[DB_CORRECTIVE_LAST] = "SELECT coalesce(max(n), 0) FROM corrective WHERE number = ?1",
	[DB_CORRECTIVES] =
		"SELECT k.number, k.n, k.action, o.name, k.due, k.ended_on, k.dropped FROM corrective k"
		" JOIN officer o ON o.id = k.owner WHERE k.number = ?1 ORDER BY k.n",
	/* Open ones of officer ?1, of cases that they read. */
	[DB_CORRECTIVES_MINE] =
		"SELECT k.number, k.n, k.action, o.name, k.due, 0, 0 FROM officer o"
		" CROSS JOIN corrective k INDEXED BY corrective_open ON k.owner = o.id"
		" JOIN case_reader r ON r.number = k.number AND r.officer = o.id"
		" WHERE o.name = ?1 AND k.ended_on = 0 ORDER BY k.due, k.number LIMIT ?2",

	[DB_CHECKIN_ADD] =
		"INSERT INTO checkin (number, day, officer, sealed)"
		" SELECT ?1, ?2, id, ?4 FROM officer WHERE name = ?3",
	[DB_CHECKINS] = "SELECT day FROM checkin WHERE number = ?1 ORDER BY day, id",
	[DB_CHECKIN_DUE] =
		"SELECT k.id, k.number, o.name, k.sealed FROM checkin k"
		" JOIN officer o ON o.id = k.officer WHERE k.day <= ?1 ORDER BY k.day, k.id LIMIT 1",
	[DB_CHECKIN_DROP] = "DELETE FROM checkin WHERE id = ?1",

	[DB_BOARD_COUNTS] =
		"SELECT c.state, sum(c.n) FROM officer o JOIN reader_count c ON c.officer = o.id"
		" WHERE o.name = ?1 AND c.mine >= ?2 GROUP BY c.state",
	[DB_BOARD_STATE] = BOARD_STATE_BY("case_reader_board", ""),
	[DB_BOARD_STATE_MINE] = BOARD_STATE_BY("case_reader_mine", " AND r.mine = 1"),
	[DB_BOARD_OVERDUE] = BOARD_OVERDUE_BY("case_reader_due", ""),
	[DB_BOARD_OVERDUE_MINE] = BOARD_OVERDUE_BY("case_reader_mine_due", " AND r.mine = 1"),
	[DB_OVERDUE_COUNT] = OVERDUE_COUNT_BY("case_reader_due", ""),
	[DB_OVERDUE_COUNT_MINE] = OVERDUE_COUNT_BY("case_reader_mine_due", " AND r.mine = 1"),

	/* Of a category ?1 at a place ?2 since day ?3; ?4 at most. */
	[DB_ALIKE_COUNT] =
		"SELECT count(*) FROM (SELECT 1 FROM cases INDEXED BY cases_alike"
		" WHERE kind = 0 AND category = ?1 AND site = ?2 AND received_on >= ?3 LIMIT ?4)",
	[DB_PATTERN_SET] =
		"INSERT INTO pattern (category, site, last_on) VALUES (?1, ?2, ?3)"
		" ON CONFLICT DO UPDATE SET last_on = max(last_on, ?3)",
	[DB_PATTERNS] =
		"SELECT category, site FROM pattern WHERE last_on >= ?1"
		" ORDER BY last_on DESC, category, site LIMIT ?2",
	/* As ALIKE_COUNT, of those that officer ?5 reads. state 9: CASE_DESTROYED, 10: CASE_MERGED */
	[DB_PATTERN_COUNT] =
		"SELECT count(*) FROM officer o CROSS JOIN (SELECT number FROM cases"
		" INDEXED BY cases_alike WHERE kind = 0 AND category = ?1 AND site = ?2 AND received_on >= ?3"
		" ORDER BY received_on DESC LIMIT ?4) c CROSS JOIN case_reader r"
		" ON r.number = c.number AND r.officer = o.id"
		" WHERE o.name = ?5 AND r.state NOT IN (9, 10)",

	[DB_DESTROY_TAGS] = "DELETE FROM tag WHERE number = ?1",
	[DB_DESTROY_LINKS] = "DELETE FROM link WHERE number = ?1 OR other = ?1",
	[DB_DESTROY_CORRECTIVES] = "DELETE FROM corrective WHERE number = ?1",
	[DB_DESTROY_CHECKINS] = "DELETE FROM checkin WHERE number = ?1",
};

static const char *const names[] = {
#define X(name) #name,
	DB_QUERIES(X)
#undef X
};
/* clang-format on */

/*
 * SQLite's own file layer, but for two things. The database is named relative to the folder that the
 * room stands in: made absolute, the name would need search permission on every folder above. And no
 * page reaches the database with anything in it that is not its content.
 */

/*
 * When SQLite moves cells from one page to another it leaves their bytes behind, between the pointers
 * and the cells of the first one, and secure_delete does not look there: parts of what was deleted
 * since would stay for years. All pages come by here on their way from the log into the database.
 *
 * https://www.sqlite.org/fileformat2.html section 1.6. Other pages begin with the number of a page, whose
 * first byte is none of these as long as the file is smaller than PAGES_TOLD_APART pages (128 GiB).
 */
#define PAGES_TOLD_APART (1 << 24)

static void
scrub(uint8_t page[SCHEMA_PAGE_BYTES], size_t header)
{
	const uint8_t *h = page + header;
	size_t pointers = header + (h[0] == 0x02 || h[0] == 0x05 ? 12u : 8u);
	size_t content = (size_t)h[5] << 8 | h[6];

	if (h[0] != 0x02 && h[0] != 0x05 && h[0] != 0x0a && h[0] != 0x0d)
		return;
	pointers += 2 * ((size_t)h[3] << 8 | h[4]);
	if (pointers < content && content <= SCHEMA_PAGE_BYTES)
		memset(page + pointers, 0, content - pointers);
}

static const sqlite3_vfs *own;
static const sqlite3_io_methods *own_methods;

static int
write_page(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
	uint8_t page[SCHEMA_PAGE_BYTES];

	if (n == SCHEMA_PAGE_BYTES && at % n == 0 && at / n < PAGES_TOLD_APART) {
		memcpy(page, p, sizeof(page));
		scrub(page, at == 0 ? 100 : 0);
		p = page;
	}
	return own_methods->xWrite(file, p, n, at);
}

static int
open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
	static sqlite3_io_methods methods;
	int r = own->xOpen(vfs, name, file, flags, out);

	if (r == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB) != 0) {
		own_methods = file->pMethods;
		methods = *own_methods;
		methods.xWrite = write_page;
		file->pMethods = &methods;
	}
	return r;
}

static int
name_as_it_is(sqlite3_vfs *vfs, const char *name, int cap, char *out)
{
	size_t len = strlen(name);

	(void)vfs;
	if (len >= (size_t)cap)
		return SQLITE_CANTOPEN;
	memcpy(out, name, len + 1);
	return SQLITE_OK;
}

static const char *
relative_vfs(void)
{
	static sqlite3_vfs vfs;
	static const char name[] = "candor";

	if (vfs.zName == NULL && (own = sqlite3_vfs_find("unix")) != NULL) {
		vfs = *own;
		vfs.zName = name;
		vfs.pNext = NULL;
		vfs.xFullPathname = name_as_it_is;
		vfs.xOpen = open_file;
		sqlite3_vfs_register(&vfs, 0);
	}
	return name;
}

static void
fail(struct db *db, const char *what)
{
	if (!db->quiet)
		log_error("database: %s: %s", what, sqlite3_errmsg(db->lite));
	else if (db->complaint[0] == '\0')
		snprintf(
		    db->complaint, sizeof(db->complaint), "%s: %s", what, sqlite3_errmsg(db->lite));
	db->failed = true;
}

static void
script(struct db *db, const char *text)
{
	if (!db->failed && sqlite3_exec(db->lite, text, NULL, NULL, NULL) != SQLITE_OK)
		fail(db, "cannot run a script");
}

static void
migrate(struct db *db)
{
	static const char *const set_version[] = { "", "PRAGMA user_version = 1",
		"PRAGMA user_version = 2", "PRAGMA user_version = 3" };
	sqlite3_stmt *get = NULL;

	_Static_assert(NELEM(set_version) == SCHEMA_VERSION + 1, "one for each version");
	if (sqlite3_prepare_v2(db->lite, "PRAGMA user_version", -1, &get, NULL) != SQLITE_OK ||
	    sqlite3_step(get) != SQLITE_ROW)
		fail(db, "cannot read its version");
	else
		db->version = (unsigned)sqlite3_column_int(get, 0);
	sqlite3_finalize(get);
	while (!db->failed && db->version < schema_version) {
		script(db, "BEGIN IMMEDIATE");
		for (size_t i = 0; i < schema_steps[db->version].n; i++)
			script(db, schema_steps[db->version].statement[i]);
		script(db, set_version[db->version + 1]);
		script(db, "COMMIT");
		db->version++;
	}
}

int
db_open(struct db **out)
{
	struct db *db = calloc(1, sizeof(*db));
	int r = CANDOR_ESYS;
	uint8_t seed;

	*out = NULL;
	sqlite3_randomness(sizeof(seed), &seed); /* opens /dev/urandom, once and for all */
	if (db == NULL)
		return CANDOR_ENOMEM;
	if (sqlite3_open_v2(FILE_NAME, &db->lite,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW,
		relative_vfs()) != SQLITE_OK) {
		fail(db, "cannot open " FILE_NAME);
		goto out;
	}
	sqlite3_extended_result_codes(db->lite, 1);
	sqlite3_db_config(db->lite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* Takes the lock, too, since the mode is exclusive. */
	if (sqlite3_exec(db->lite, PRAGMAS_BEFORE "BEGIN IMMEDIATE; COMMIT;", NULL, NULL, NULL) !=
	    SQLITE_OK) {
		if ((sqlite3_errcode(db->lite) & 0xff) == SQLITE_BUSY) {
			log_error(FILE_NAME " is in use by another candord: stop that one first");
			r = CANDOR_EAGAIN;
		} else {
			fail(db, "cannot set up " FILE_NAME);
		}
		goto out;
	}
	migrate(db);
	if (db->version > schema_version) {
		log_error(FILE_NAME " is of version %u, and this candord knows %u: install the "
				    "one that it was last used with, or a later one",
		    db->version, schema_version);
		r = CANDOR_EVERSION;
		goto out;
	}
	for (size_t q = 0; q < DB__N && !db->failed; q++)
		if (sqlite3_prepare_v3(db->lite, sql[q], -1, SQLITE_PREPARE_PERSISTENT,
			&db->stmt[q], NULL) != SQLITE_OK)
			fail(db, names[q]);
	if (db->failed)
		goto out;
	*out = db;
	db = NULL;
	r = 0;
out:
	db_close(db);
	return r;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t q = 0; q < DB__N; q++)
		sqlite3_finalize(db->stmt[q]);
	sqlite3_close(db->lite);
	free(db);
}

unsigned
db_version(const struct db *db)
{
	return db->version;
}

void
db_be_quiet(struct db *db)
{
	db->quiet = true;
}

void
db_complain(struct db *db)
{
	if (db->complaint[0] == '\0')
		return;
	log_error("database: %s", db->complaint);
	db->complaint[0] = '\0';
}

void
db_reset(struct db *db)
{
	for (size_t q = 0; q < DB__N; q++)
		sqlite3_reset(db->stmt[q]);
}

void
db_begin(struct db *db)
{
	db->depth = 0;
	script(db, "BEGIN IMMEDIATE");
}

int
db_commit(struct db *db)
{
	db_reset(db);
	if (!db_in_transaction(db))
		db->failed = true;
	script(db, "COMMIT");
	if (!db->failed)
		return 0;
	db_rollback(db);
	return CANDOR_ESYS;
}

void
db_rollback(struct db *db)
{
	db_reset(db);
	db->failed = false;
	db->depth = 0;
	if (db_in_transaction(db))
		script(db, "ROLLBACK");
	db->failed = false;
}

bool
db_in_transaction(const struct db *db)
{
	return !sqlite3_get_autocommit(db->lite);
}

void
db_savepoint(struct db *db)
{
	static const char *const text[] = { "SAVEPOINT a", "SAVEPOINT b" };

	if (db->depth >= NELEM(text))
		abort();
	script(db, text[db->depth++]);
}

void
db_keep(struct db *db)
{
	static const char *const text[] = { "RELEASE a", "RELEASE b" };

	db_reset(db);
	script(db, text[--db->depth]);
}

void
db_undo(struct db *db)
{
	static const char *const text[] = { "ROLLBACK TO a; RELEASE a",
		"ROLLBACK TO b; RELEASE b" };

	db_reset(db);
	db->failed = false;
	db->depth--;
	if (db_in_transaction(db))
		script(db, text[db->depth]);
}

bool
db_failed(const struct db *db)
{
	return db->failed;
}

static bool
truncate_log(struct db *db)
{
	db_reset(db);
	if (sqlite3_wal_checkpoint_v2(db->lite, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) ==
	    SQLITE_OK)
		return true;
	log_error("database: cannot truncate the log: %s", sqlite3_errmsg(db->lite));
	return false;
}

void
db_truncate_log(struct db *db)
{
	if (!db->pinned)
		(void)truncate_log(db);
}

static sqlite3_file *
file_of(struct db *db)
{
	sqlite3_file *file = NULL;

	sqlite3_file_control(db->lite, "main", SQLITE_FCNTL_FILE_POINTER, &file);
	return file;
}

int64_t
db_pin(struct db *db)
{
	sqlite3_file *file = file_of(db);
	sqlite3_int64 size = -1;

	if (db->pinned || !truncate_log(db))
		return -1;
	sqlite3_wal_autocheckpoint(db->lite, 0);
	db->pinned = true;
	return file->pMethods->xFileSize(file, &size) == SQLITE_OK ? size : -1;
}

void
db_unpin(struct db *db)
{
	if (!db->pinned)
		return;
	db->pinned = false;
	sqlite3_wal_autocheckpoint(db->lite, LOG_PAGES);
	(void)truncate_log(db);
}

bool
db_read_file(struct db *db, void *out, size_t n, int64_t offset)
{
	sqlite3_file *file = file_of(db);

	return file->pMethods->xRead(file, out, (int)n, offset) == SQLITE_OK;
}

static int
bind(sqlite3_stmt *stmt, int at, const struct db_value *v)
{
	switch (v->type) {
	case DB_INT:
		return sqlite3_bind_int64(stmt, at, v->i);
	case DB_TEXT:
		return sqlite3_bind_text(stmt, at, v->p, -1, SQLITE_STATIC);
	case DB_BLOB:
		return sqlite3_bind_blob64(stmt, at, v->p, v->len, SQLITE_STATIC);
	default:
		return sqlite3_bind_null(stmt, at);
	}
}

bool
db_row_(struct db *db, enum db_query q, const struct db_value *v, size_t n)
{
	sqlite3_stmt *stmt = db->stmt[q];

	if (db->failed)
		return false;
	if (n != (size_t)sqlite3_bind_parameter_count(stmt))
		abort();
	sqlite3_reset(stmt);
	for (size_t i = 0; i < n; i++) {
		if (bind(stmt, (int)i + 1, &v[i]) != SQLITE_OK) {
			fail(db, names[q]);
			return false;
		}
	}
	return db_next(db, q);
}

bool
db_next(struct db *db, enum db_query q)
{
	int r;

	if (db->failed)
		return false;
	r = sqlite3_step(db->stmt[q]);
	if (r == SQLITE_ROW)
		return true;
	if (r != SQLITE_DONE)
		fail(db, names[q]);
	/* The text of what was bound is the caller's, and gone soon. */
	sqlite3_reset(db->stmt[q]);
	return false;
}

int64_t
db_run_(struct db *db, enum db_query q, const struct db_value *v, size_t n)
{
	db_row_(db, q, v, n);
	return db->failed ? 0 : sqlite3_changes64(db->lite);
}

int64_t
db_last_id(const struct db *db)
{
	return sqlite3_last_insert_rowid(db->lite);
}

int64_t
db_int(struct db *db, enum db_query q, int col)
{
	return sqlite3_column_int64(db->stmt[q], col);
}

bool
db_is_null(struct db *db, enum db_query q, int col)
{
	return sqlite3_column_type(db->stmt[q], col) == SQLITE_NULL;
}

struct span
db_span(struct db *db, enum db_query q, int col)
{
	const uint8_t *p = sqlite3_column_blob(db->stmt[q], col);

	return (struct span){ p, (size_t)sqlite3_column_bytes(db->stmt[q], col) };
}

struct span
db_copy(struct db *db, enum db_query q, int col, struct arena *a)
{
	struct span from = db_span(db, q, col);
	uint8_t *to = arena_copy(a, from.p, from.len);

	return (struct span){ to, to != NULL ? from.len : 0 };
}

char *
db_text(struct db *db, enum db_query q, int col, struct arena *a)
{
	struct span from = db_span(db, q, col);

	return arena_copy(a, from.p, from.len);
}
