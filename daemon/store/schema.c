/* SPDX-License-Identifier: ISC */
/*
 * The tables of candor.db. Store.
 *
 * In the clear are only random numbers, kinds, categories, states, days and names of officers; what
 * has words in it is a blob that store cannot open. Two rules shape the tables:
 *
 * - nothing that outlives a release may tell in which order reports came: a case's rowid is random,
 *   and whatever else it consists of is copied out of the inbox in shuffled order (a page's place in
 *   the file would tell as well as a rowid);
 * - a page of a list is read off one index, however many cases there are: hence what a list is
 *   filtered by stands in case_reader, once for each reader.
 */
#include "schema.h"

/* clang-format off */
static const char *const version_1[] = {
	"CREATE TABLE meta ("                  /* 'next_release': seconds since the epoch */
	"  name TEXT PRIMARY KEY,"
	"  value INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID",

	/* ---- who may read what ---- */
	"CREATE TABLE directory ("
	"  version INTEGER PRIMARY KEY,"
	"  text BLOB NOT NULL,"
	"  signature BLOB NOT NULL"
	") STRICT",
	"CREATE TABLE proposal ("
	"  id INTEGER PRIMARY KEY CHECK (id = 1),"
	"  text BLOB NOT NULL"
	") STRICT",
	"CREATE TABLE officer ("               /* every name that a case ever had to do with */
	"  id INTEGER PRIMARY KEY,"
	"  name TEXT NOT NULL UNIQUE"
	") STRICT",

	/* ---- what waits for the release ---- */
	"CREATE TABLE inbox ("
	"  id INTEGER PRIMARY KEY,"
	"  lookup_hash BLOB NOT NULL UNIQUE,"
	"  immediate INTEGER NOT NULL,"
	"  stage INTEGER,"                     /* id of a stage, or NULL */
	"  report BLOB NOT NULL"               /* StoreReport */
	") STRICT",
	"CREATE INDEX inbox_immediate ON inbox (id) WHERE immediate = 1",
	"CREATE TABLE inbox_message ("
	"  id INTEGER PRIMARY KEY,"
	"  lookup_hash BLOB NOT NULL,"
	"  message_id BLOB NOT NULL,"
	"  stage INTEGER,"                     /* id of a stage, or NULL */
	"  entries INTEGER NOT NULL,"          /* that it will make: one, and its attachments */
	"  message BLOB NOT NULL,"             /* StoreMessage */
	"  UNIQUE (lookup_hash, message_id)"
	") STRICT",
	"CREATE TABLE stage ("
	"  id INTEGER PRIMARY KEY,"
	"  name BLOB UNIQUE,"                  /* NULL: belongs to a row of the inbox */
	"  worker INTEGER NOT NULL,"           /* whose session it is */
	"  bytes INTEGER NOT NULL,"
	"  n INTEGER NOT NULL,"                /* the attachment at hand, */
	"  seq INTEGER NOT NULL,"              /* its last piece */
	"  n_bytes INTEGER NOT NULL"           /* and how large it is by now */
	") STRICT",
	"CREATE TABLE stage_piece ("
	"  id INTEGER PRIMARY KEY,"
	"  stage INTEGER NOT NULL REFERENCES stage ON DELETE CASCADE,"
	"  n INTEGER NOT NULL,"
	"  at INTEGER NOT NULL,"
	"  data BLOB NOT NULL,"
	"  UNIQUE (stage, n, at)"
	") STRICT",

	/* ---- cases ---- */
	"CREATE TABLE cases ("
	"  number INTEGER PRIMARY KEY,"
	"  lookup_hash BLOB NOT NULL UNIQUE,"
	"  kind INTEGER NOT NULL,"
	"  category TEXT NOT NULL,"
	"  severity TEXT NOT NULL,"
	"  site TEXT NOT NULL,"
	"  received_on INTEGER NOT NULL,"
	"  state INTEGER NOT NULL,"
	"  outcome INTEGER NOT NULL,"
	"  actions TEXT NOT NULL,"             /* one a line */
	"  assignee INTEGER REFERENCES officer,"
	"  feedback_months INTEGER NOT NULL"
	") STRICT",
	"CREATE INDEX cases_assignee ON cases (assignee, received_on, number)"
	"  WHERE assignee IS NOT NULL",
	"CREATE TABLE case_key ("              /* apart from cases, so that lists touch small rows */
	"  number INTEGER PRIMARY KEY REFERENCES cases,"
	"  case_recipient BLOB NOT NULL,"
	"  case_proof BLOB NOT NULL,"          /* what makes intake seal to it again */
	"  secret BLOB NOT NULL,"
	"  version INTEGER NOT NULL"
	") STRICT",
	"CREATE TABLE case_reader ("
	"  officer INTEGER NOT NULL REFERENCES officer,"
	"  received_on INTEGER NOT NULL,"
	"  number INTEGER NOT NULL REFERENCES cases,"
	"  state INTEGER NOT NULL,"
	"  category TEXT NOT NULL,"
	"  due INTEGER NOT NULL,"              /* the earliest clock that is not met; 0: none */
	"  PRIMARY KEY (officer, received_on, number)"
	") STRICT, WITHOUT ROWID",
	"CREATE UNIQUE INDEX case_reader_number ON case_reader (number, officer)",
	"CREATE INDEX case_reader_state ON case_reader (officer, state, received_on, number)",
	"CREATE INDEX case_reader_category ON case_reader (officer, category, received_on, number)",
	"CREATE INDEX case_reader_due ON case_reader (officer, received_on, number, due)"
	"  WHERE due > 0",
	"CREATE TABLE clock ("
	"  number INTEGER NOT NULL REFERENCES cases,"
	"  name TEXT NOT NULL,"
	"  due INTEGER NOT NULL,"
	"  met_on INTEGER NOT NULL,"
	"  PRIMARY KEY (number, name)"
	") STRICT, WITHOUT ROWID",
	"CREATE TABLE entry ("
	"  id INTEGER PRIMARY KEY,"
	"  number INTEGER NOT NULL REFERENCES cases,"
	"  n INTEGER NOT NULL,"
	"  kind INTEGER NOT NULL,"             /* enum entry_kind */
	"  officer INTEGER REFERENCES officer,"/* NULL: the reporter */
	"  written_on INTEGER NOT NULL,"
	"  bytes INTEGER NOT NULL,"
	"  of INTEGER NOT NULL,"
	"  message_id BLOB,"
	"  UNIQUE (number, n)"
	") STRICT",
	"CREATE UNIQUE INDEX entry_message ON entry (number, message_id)"
	"  WHERE message_id IS NOT NULL",
	"CREATE TABLE piece ("                 /* of a sealed file */
	"  id INTEGER PRIMARY KEY,"
	"  entry INTEGER NOT NULL REFERENCES entry,"
	"  at INTEGER NOT NULL,"
	"  data BLOB NOT NULL,"
	"  UNIQUE (entry, at)"
	") STRICT",

	/* ---- who is told ---- */
	"CREATE TABLE event ("
	"  id INTEGER PRIMARY KEY,"
	"  key BLOB NOT NULL,"
	"  kind TEXT NOT NULL,"
	"  number INTEGER REFERENCES cases,"   /* NULL: a test */
	"  state INTEGER NOT NULL,"
	"  happened_on INTEGER NOT NULL"
	") STRICT",
	"CREATE TABLE delivery ("
	"  id INTEGER PRIMARY KEY,"
	"  key BLOB NOT NULL UNIQUE,"
	"  plugin TEXT NOT NULL,"
	"  event INTEGER NOT NULL REFERENCES event,"
	"  number INTEGER REFERENCES cases,"
	"  state INTEGER NOT NULL,"            /* enum delivery_state */
	"  attempts INTEGER NOT NULL,"
	"  next_try INTEGER NOT NULL,"
	"  error TEXT NOT NULL,"
	"  reference TEXT NOT NULL"
	") STRICT",
	"CREATE INDEX delivery_due ON delivery (plugin, next_try, id) WHERE state = 0",
	"CREATE INDEX delivery_line ON delivery (plugin, number, id) WHERE state = 0",
	"CREATE INDEX delivery_failed ON delivery (id, plugin) WHERE state = 2",
	"CREATE TABLE reference ("             /* under which name a plugin's other side knows a case */
	"  number INTEGER NOT NULL REFERENCES cases,"
	"  plugin TEXT NOT NULL,"
	"  reference TEXT NOT NULL,"
	"  PRIMARY KEY (number, plugin)"
	") STRICT, WITHOUT ROWID",
	"CREATE TABLE plugin ("
	"  name TEXT PRIMARY KEY,"
	"  state TEXT NOT NULL,"
	"  version TEXT NOT NULL,"
	"  last_success INTEGER NOT NULL,"
	"  last_error TEXT NOT NULL"
	") STRICT, WITHOUT ROWID",

	/* ---- what officers and administrators did ---- */
	"CREATE TABLE audit ("
	"  n INTEGER PRIMARY KEY,"
	"  done_on INTEGER NOT NULL,"
	"  actor TEXT NOT NULL,"
	"  action TEXT NOT NULL,"
	"  number INTEGER NOT NULL,"           /* 0: no case */
	"  detail TEXT NOT NULL,"
	"  hash BLOB NOT NULL"                 /* of the line before and of this one */
	") STRICT",
};

/* Who is told of what: routing, digests, clocks that run out, plugins that fall silent. */
static const char *const version_2[] = {
	"ALTER TABLE event ADD COLUMN clock TEXT NOT NULL DEFAULT ''",
	"ALTER TABLE event ADD COLUMN due INTEGER NOT NULL DEFAULT 0",
	/* As it was when it happened: */
	"ALTER TABLE event ADD COLUMN assignee INTEGER REFERENCES officer",
	"ALTER TABLE event ADD COLUMN outcome INTEGER NOT NULL DEFAULT 0",
	"ALTER TABLE event ADD COLUMN plugin TEXT NOT NULL DEFAULT ''",      /* of an alarm */
	"ALTER TABLE event ADD COLUMN activity INTEGER NOT NULL DEFAULT 0",  /* of a digest */
	"ALTER TABLE event ADD COLUMN recipient TEXT NOT NULL DEFAULT ''",   /* of a daily one */
	"UPDATE event SET"
	"  assignee = (SELECT assignee FROM cases c WHERE c.number = event.number),"
	"  outcome = coalesce((SELECT outcome FROM cases c WHERE c.number = event.number), 0)"
	"  WHERE id IN (SELECT event FROM delivery WHERE state = 0)",

	"ALTER TABLE delivery ADD COLUMN digest INTEGER",  /* state 4: the delivery that stands for it */
	"CREATE INDEX delivery_digest ON delivery (digest, id) WHERE digest IS NOT NULL",
	"CREATE INDEX delivery_waiting ON delivery (id, plugin, number) WHERE state = 3",

	"ALTER TABLE plugin ADD COLUMN failing INTEGER NOT NULL DEFAULT 0",      /* enum failing */
	"ALTER TABLE plugin ADD COLUMN silent_since INTEGER NOT NULL DEFAULT 0", /* seconds */
	"ALTER TABLE plugin ADD COLUMN alarmed_on INTEGER NOT NULL DEFAULT 0",
	"ALTER TABLE plugin ADD COLUMN digest_on INTEGER NOT NULL DEFAULT 0",    /* the last daily one, */
	"ALTER TABLE plugin ADD COLUMN digest_event INTEGER NOT NULL DEFAULT 0", /* which saw events up to it */

	"ALTER TABLE clock ADD COLUMN told INTEGER NOT NULL DEFAULT 0",          /* enum clock_told */
	"CREATE INDEX clock_due ON clock (due) WHERE met_on = 0 AND told < 2",
};
/* No upsert: in a trigger, the statement that fires it decides what becomes of a conflict. */
#define COUNT_MORE \
	"INSERT INTO reader_count SELECT new.officer, new.mine, new.state, 0 WHERE NOT EXISTS" \
	"  (SELECT 1 FROM reader_count c WHERE c.officer = new.officer AND c.mine = new.mine" \
	"  AND c.state = new.state);" \
	"UPDATE reader_count SET n = n + 1 WHERE officer = new.officer AND mine = new.mine" \
	"  AND state = new.state;"
#define COUNT_LESS \
	"UPDATE reader_count SET n = n - 1 WHERE officer = old.officer AND mine = old.mine" \
	"  AND state = old.state;"

/* The compliance desk: who may open what, clocks, the legal record, figures. */
static const char *const version_3[] = {
	/* ---- who can open what ---- */
	"ALTER TABLE officer ADD COLUMN key BLOB NOT NULL DEFAULT x''",  /* age; x'': not in the directory */
	"ALTER TABLE officer ADD COLUMN since INTEGER NOT NULL DEFAULT 0", /* as of which directory */
	"ALTER TABLE cases ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0", /* to which directory's keys */
	"CREATE TABLE closed ("                /* cases that nobody can open but the escrow */
	"  number INTEGER PRIMARY KEY REFERENCES cases"
	") STRICT",

	/* ---- four eyes ---- */
	"CREATE TABLE approval ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT," /* one that was approved is never another one later */
	"  what TEXT NOT NULL,"                /* as in the setting four_eyes */
	"  number INTEGER NOT NULL,"           /* 0: no case */
	"  asked_by TEXT NOT NULL,"
	"  detail TEXT NOT NULL,"              /* for whom */
	"  state INTEGER NOT NULL,"            /* enum approval_state */
	"  judged_by TEXT NOT NULL,"
	"  since INTEGER NOT NULL,"            /* day of the last change */
	"  UNIQUE (what, number, asked_by, detail)"
	") STRICT",

	/* ---- the legal record ---- */
	"ALTER TABLE cases ADD COLUMN hold INTEGER NOT NULL DEFAULT 0",      /* 1: never destroyed */
	"ALTER TABLE cases ADD COLUMN unread INTEGER NOT NULL DEFAULT 0",    /* 1: nobody saw what came last */
	/* Of this clock, told is the day on which officers were warned. */
	"CREATE INDEX clock_retention ON clock (due, number)"
	"  WHERE name = 'retention' AND met_on = 0 AND due > 0",
	"CREATE INDEX clock_unwarned ON clock (due, number)"
	"  WHERE name = 'retention' AND met_on = 0 AND due > 0 AND told = 0",
	"CREATE TABLE disposal ("              /* who wants a case destroyed before its time */
	"  number INTEGER PRIMARY KEY REFERENCES cases,"
	"  officer TEXT NOT NULL,"
	"  reason TEXT NOT NULL"
	") STRICT",
	"CREATE TABLE tombstone ("             /* what is left of a destroyed case, beside its row */
	"  number INTEGER PRIMARY KEY REFERENCES cases,"
	"  destroyed_on INTEGER NOT NULL,"
	"  officer TEXT NOT NULL,"             /* who wanted it; empty: its time was over */
	"  reason TEXT NOT NULL,"
	"  entries INTEGER NOT NULL,"
	"  bytes INTEGER NOT NULL,"
	"  line INTEGER NOT NULL REFERENCES audit"
	") STRICT",
	"CREATE TABLE head ("                  /* the audit log's last line, signed once a day */
	"  day INTEGER PRIMARY KEY,"
	"  line INTEGER NOT NULL UNIQUE,"
	"  hash BLOB NOT NULL,"
	"  signature BLOB NOT NULL"
	") STRICT",
	"ALTER TABLE event ADD COLUMN head TEXT NOT NULL DEFAULT ''",        /* of an audit: that line's hash */
	"CREATE INDEX audit_case ON audit (number, n) WHERE number > 0",
	"CREATE INDEX audit_actor ON audit (actor, n) WHERE actor <> ''",
	"CREATE INDEX audit_action ON audit (action, n)",

	/* ---- clocks ---- */
	"ALTER TABLE cases ADD COLUMN discovered_on INTEGER NOT NULL DEFAULT 0", /* 0: no officer said */
	"ALTER TABLE clock ADD COLUMN started_on INTEGER NOT NULL DEFAULT 0", /* 0: waits for that day */
	"ALTER TABLE clock ADD COLUMN span INTEGER NOT NULL DEFAULT 0",
	"ALTER TABLE clock ADD COLUMN unit INTEGER NOT NULL DEFAULT 0",      /* enum clock_unit */
	"ALTER TABLE clock ADD COLUMN base INTEGER NOT NULL DEFAULT 0",      /* enum clock_base */
	"ALTER TABLE clock ADD COLUMN met_by INTEGER NOT NULL DEFAULT 0",    /* enum clock_met_by */
	"ALTER TABLE clock ADD COLUMN paused_on INTEGER NOT NULL DEFAULT 0", /* 0: runs */
	"ALTER TABLE clock ADD COLUMN paused INTEGER NOT NULL DEFAULT 0",    /* units, before paused_on */
	"ALTER TABLE clock ADD COLUMN ended INTEGER NOT NULL DEFAULT 0",     /* enum clock_end, on met_on */
	"UPDATE clock SET ended = 1 WHERE met_on > 0",
	"UPDATE clock SET met_by = 1, started_on = (SELECT received_on FROM cases c"
	"  WHERE c.number = clock.number) WHERE name = 'acknowledge'",
	"UPDATE clock SET span = due - started_on WHERE name = 'acknowledge'",
	"UPDATE clock SET base = 2, unit = 2, span = (SELECT feedback_months FROM cases c"
	"  WHERE c.number = clock.number), started_on = coalesce((SELECT a.met_on FROM clock a"
	"  WHERE a.number = clock.number AND a.name = 'acknowledge'), 0) WHERE name = 'feedback'",
	/* What was told, and the day: all that a pass over clocks looks at. */
	"DROP INDEX clock_due",
	"CREATE INDEX clock_step ON clock (told, due, number)"
	"  WHERE met_on = 0 AND paused_on = 0 AND due > 0 AND name <> 'retention'",
	"CREATE INDEX clock_working ON clock (number) WHERE met_on = 0 AND unit = 1",
	/* The longest overdue first. */
	"DROP INDEX case_reader_due",
	"CREATE INDEX case_reader_due ON case_reader (officer, due, number) WHERE due <> 0",

	/* ---- figures ---- */
	"CREATE TABLE figures ("               /* of periods that are over, as published: never changed */
	"  first INTEGER PRIMARY KEY,"
	"  last INTEGER NOT NULL,"
	"  packed BLOB NOT NULL"               /* FigurePeriod */
	") STRICT",
	"CREATE INDEX cases_received ON cases (received_on, category, site, severity, kind)",
	"CREATE INDEX clock_closed ON clock (started_on, number)"
	"  WHERE name = 'retention' AND started_on > 0",
	/* What is counted of a hundred thousand cases, without their rows. */
	"CREATE INDEX clock_acknowledge ON clock (number, due, met_on) WHERE name = 'acknowledge'",
	"CREATE INDEX cases_outcome ON cases (number, received_on, outcome)",
	"CREATE INDEX entry_said ON entry (number) WHERE kind = 1", /* by the reporter, after the report */

	/* ---- work on a case ---- */
	"ALTER TABLE cases ADD COLUMN merged_into INTEGER NOT NULL DEFAULT 0",
	"CREATE INDEX cases_merged ON cases (merged_into) WHERE merged_into > 0",
	"CREATE INDEX cases_alike ON cases (category, site, received_on) WHERE kind = 0",
	"CREATE TABLE link ("                  /* both ways */
	"  number INTEGER NOT NULL REFERENCES cases,"
	"  other INTEGER NOT NULL REFERENCES cases,"
	"  PRIMARY KEY (number, other)"
	") STRICT, WITHOUT ROWID",
	"CREATE INDEX link_other ON link (other)",
	"CREATE TABLE tag ("
	"  number INTEGER NOT NULL REFERENCES cases,"
	"  tag TEXT NOT NULL,"                 /* of the setting tags */
	"  PRIMARY KEY (number, tag)"
	") STRICT, WITHOUT ROWID",
	"CREATE TABLE tag_reader ("            /* for lists, as case_reader */
	"  officer INTEGER NOT NULL REFERENCES officer,"
	"  tag TEXT NOT NULL,"
	"  received_on INTEGER NOT NULL,"
	"  number INTEGER NOT NULL REFERENCES cases,"
	"  PRIMARY KEY (officer, tag, received_on, number)"
	") STRICT, WITHOUT ROWID",
	"CREATE INDEX tag_reader_number ON tag_reader (number)",
	"CREATE TABLE corrective ("            /* its clock is action-N */
	"  number INTEGER NOT NULL REFERENCES cases,"
	"  n INTEGER NOT NULL,"
	"  action TEXT NOT NULL,"              /* of the setting actions */
	"  owner INTEGER NOT NULL REFERENCES officer,"
	"  due INTEGER NOT NULL,"
	"  ended_on INTEGER NOT NULL,"
	"  dropped INTEGER NOT NULL,"
	"  PRIMARY KEY (number, n)"
	") STRICT, WITHOUT ROWID",
	"CREATE INDEX corrective_open ON corrective (owner, due, number) WHERE ended_on = 0",
	"CREATE TABLE checkin ("               /* becomes a reply on its day */
	"  id INTEGER PRIMARY KEY,"
	"  number INTEGER NOT NULL REFERENCES cases,"
	"  day INTEGER NOT NULL,"
	"  officer INTEGER NOT NULL REFERENCES officer,"
	"  sealed BLOB NOT NULL"
	") STRICT",
	"CREATE INDEX checkin_day ON checkin (day, id)",
	"CREATE INDEX checkin_number ON checkin (number, day)",
	"CREATE TABLE pattern ("
	"  category TEXT NOT NULL,"
	"  site TEXT NOT NULL,"
	"  last_on INTEGER NOT NULL,"
	"  PRIMARY KEY (category, site)"
	") STRICT, WITHOUT ROWID",
	"CREATE INDEX pattern_last ON pattern (last_on)",
	/* The board: a column is read off one index, and how many are in it is not counted each time. */
	"ALTER TABLE case_reader ADD COLUMN mine INTEGER NOT NULL DEFAULT 0", /* assigned to officer */
	"UPDATE case_reader SET mine = 1 WHERE officer = (SELECT assignee FROM cases c"
	"  WHERE c.number = case_reader.number)",
	"CREATE INDEX case_reader_board ON case_reader (officer, state, due = 0, due, number)",
	"CREATE INDEX case_reader_mine ON case_reader (officer, state, due = 0, due, number)"
	"  WHERE mine = 1",
	"CREATE INDEX case_reader_mine_due ON case_reader (officer, due, number)"
	"  WHERE mine = 1 AND due <> 0",
	"CREATE TABLE reader_count ("
	"  officer INTEGER NOT NULL REFERENCES officer,"
	"  mine INTEGER NOT NULL,"
	"  state INTEGER NOT NULL,"
	"  n INTEGER NOT NULL,"
	"  PRIMARY KEY (officer, mine, state)"
	") STRICT, WITHOUT ROWID",
	"INSERT INTO reader_count SELECT officer, mine, state, count(*) FROM case_reader"
	"  GROUP BY officer, mine, state",
	"CREATE TRIGGER reader_count_add AFTER INSERT ON case_reader BEGIN"
	"  " COUNT_MORE
	" END",
	"CREATE TRIGGER reader_count_drop AFTER DELETE ON case_reader BEGIN"
	"  " COUNT_LESS
	" END",
	"CREATE TRIGGER reader_count_move AFTER UPDATE OF state, mine ON case_reader"
	"  WHEN old.state <> new.state OR old.mine <> new.mine BEGIN"
	"  " COUNT_LESS COUNT_MORE
	" END",
};
/* clang-format on */

const struct schema_step schema_steps[] = {
	{ version_1, NELEM(version_1) },
	{ version_2, NELEM(version_2) },
	{ version_3, NELEM(version_3) },
};
_Static_assert(NELEM(schema_steps) == SCHEMA_VERSION, "one for each version");
const unsigned schema_version = NELEM(schema_steps);
