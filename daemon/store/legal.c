/* SPDX-License-Identifier: ISC */
/*
 * The legal record: holds, the end of retention, destruction and what is left of it, exports.
 *
 * A case's time runs from the day on which it is closed. Officers are warned before it ends; then its
 * key, every wrap of it and all that was sealed to it are deleted, and a tombstone, audit lines
 * and a certificate remain. Never of a case that is open, held, or of which nobody saw what came
 * last. Store only.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <sodium/utils.h>

#include "officer.h"

/* Cases looked at in one go, so that nobody waits for long. */
#define AT_A_TIME 32
#define TIME_IS_OVER "retention"
#define EXPORT_HASH_BYTES 32

/* ---- retention -------------------------------------------------------------------------------- */

static unsigned
retention_years(const struct store *s, const char *category, enum case_outcome outcome)
{
	const Candor__Category *c = store_category(s, category);

	for (size_t i = 0; c != NULL && i < c->n_retention; i++)
		if (strcmp(c->retention[i]->outcome, case_outcome_name(outcome)) == 0)
			return c->retention[i]->years;
	/* Of a category that the site no longer has: as long as HIPAA asks for. */
	return c != NULL && c->retention_years > 0 ? c->retention_years : 6;
}

static void
closed_on(struct store *s, int64_t number, day_t day)
{
	char *category;
	unsigned months;

	if (!db_row(s->db, CASE_LEGAL, db_i(number)))
		return;
	category = db_text(s->db, DB_CASE_LEGAL, 3, s->arena);
	months =
	    12 * retention_years(s, category, (enum case_outcome)db_int(s->db, DB_CASE_LEGAL, 4));
	db_run(s->db, RETENTION_SET, db_i(number), db_i(day), db_i(months),
	    db_i(day_add_months(day, months)));
}

void
legal_closed(struct store *s, int64_t number)
{
	closed_on(s, number, s->today);
}

void
legal_begin(struct store *s)
{
	int64_t number = 0;

	if (db_row(s->db, META_GET, db_t("retention")))
		return;
	while (db_row(s->db, RETENTION_NONE, db_i(CASE_CLOSED), db_i(number))) {
		arena_mark_t mark = arena_mark(s->arena);
		bool known = !db_is_null(s->db, DB_RETENTION_NONE, 1);
		day_t day = known ? (day_t)db_int(s->db, DB_RETENTION_NONE, 1) : s->today;

		number = db_int(s->db, DB_RETENTION_NONE, 0);
		closed_on(s, number, day);
		arena_release(s->arena, mark);
	}
	db_run(s->db, META_SET, db_t("retention"), db_i(1));
}

/* Nobody wants it destroyed before its time any more, which ends when it did before; officers are
 * warned anew. */
static void
drop_disposal(struct store *s, int64_t number)
{
	if (db_run(s->db, DISPOSAL_DROP, db_i(number)) > 0 &&
	    db_row(s->db, RETENTION_TERM, db_i(number)) &&
	    db_int(s->db, DB_RETENTION_TERM, 0) > 0) {
		day_t since = (day_t)db_int(s->db, DB_RETENTION_TERM, 0);
		unsigned months = (unsigned)db_int(s->db, DB_RETENTION_TERM, 1);

		db_run(s->db, RETENTION_DUE, db_i(number), db_i(day_add_months(since, months)));
	}
	db_run(s->db, RETENTION_TOLD, db_i(number), db_i(0));
}

void
legal_reopened(struct store *s, int64_t number)
{
	drop_disposal(s, number);
}

bool
case_is_held(struct store *s, int64_t number)
{
	return db_row(s->db, CASE_LEGAL, db_i(number)) && db_int(s->db, DB_CASE_LEGAL, 1) != 0;
}

/* ---- holds ------------------------------------------------------------------------------------ */

enum verdict
case_hold(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseHold *m = (const Candor__CaseHold *)c->msg;
	struct found f;

	if (officer_find_kept(s, c, m->number, &f, out) != KEEP)
		return UNDO;
	if (m->entry.len == 0)
		return store_refuse(s, out, EX_DATAERR,
		    "a hold is set and lifted with a reason, as a note to the case");
	if (case_is_held(s, f.number) == (bool)m->on)
		return store_refuse(
		    s, out, EX_DATAERR, "%s is %s already", f.text, m->on ? "held" : "not held");
	if (case_add_note(s, c, f.number, &m->entry, out) != KEEP)
		return UNDO;
	db_run(s->db, CASE_HOLD, db_i(f.number), db_i(m->on));
	/* Whoever wanted it destroyed before may want so again. */
	drop_disposal(s, f.number);
	audit(s, c->actor, "hold", f.number, m->on ? "on" : "off");
	return store_done(s, out,
	    m->on ? "%s is held: it is not destroyed until the hold is lifted"
		  : "%s is held no longer: it is destroyed when its time is over",
	    f.text);
}

/* ---- destruction ------------------------------------------------------------------------------ */

static void
destroy_one(struct store *s, int64_t number)
{
	/* Whatever holds words, opens them or points elsewhere; pieces before their entries. */
	static const enum db_query gone[] = { DB_DESTROY_PIECES, DB_DESTROY_ENTRIES, DB_DESTROY_KEY,
		DB_DESTROY_CLOCKS, DB_DESTROY_REFERENCES, DB_DESTROY_APPROVALS, DB_DESTROY_TAGS,
		DB_TAG_READERS_DROP, DB_DESTROY_LINKS, DB_DESTROY_CORRECTIVES, DB_DESTROY_CHECKINS,
		DB_CLOSED_DROP };
	const char *who = "", *reason = TIME_IS_OVER;
	int64_t entries = 0, bytes = 0, line = 0;

	if (db_row(s->db, DISPOSAL_GET, db_i(number))) {
		who = db_text(s->db, DB_DISPOSAL_GET, 0, s->arena);
		reason = db_text(s->db, DB_DISPOSAL_GET, 1, s->arena);
		db_run(s->db, DISPOSAL_DROP, db_i(number));
	}
	if (db_row(s->db, CASE_WEIGHT, db_i(number))) {
		entries = db_int(s->db, DB_CASE_WEIGHT, 0);
		bytes = db_int(s->db, DB_CASE_WEIGHT, 1);
	}
	for (size_t i = 0; i < NELEM(gone); i++)
		db_run_(s->db, gone[i], DB_ARGS(db_i(number)));
	db_run(s->db, DESTROY_CASE, db_i(number), db_i(case_next(CASE_CLOSED, EV_DESTROY)));
	db_run(s->db, READER_REFRESH, db_i(number));
	audit(s, who, "destroy", number, reason);
	if (db_row0(s->db, AUDIT_LAST))
		line = db_int(s->db, DB_AUDIT_LAST, 0);
	db_run(s->db, TOMBSTONE_ADD, db_i(number), db_i(s->today), db_t(who), db_t(reason),
	    db_i(entries), db_i(bytes), db_i(line));
	s->effects.released = true; /* the log holds what is gone: cut it */
}

/* A case, and its duplicates with it. */
static void
destroy(struct store *s, int64_t number)
{
	int64_t duplicates[DUPLICATES_MAX];
	size_t n = work_duplicates(s, number, duplicates);

	for (size_t i = 0; i < n; i++)
		destroy_one(s, duplicates[i]);
	destroy_one(s, number);
}

/* Nobody saw what came last. */
static bool
is_unread(struct store *s, int64_t number)
{
	return db_row(s->db, CASE_LEGAL, db_i(number)) && db_int(s->db, DB_CASE_LEGAL, 2) != 0;
}

/* A message that waits for the release would be lost. */
static bool
reporter_wrote(struct store *s, int64_t number)
{
	struct span hash;

	if (!db_row(s->db, CASE_LEGAL, db_i(number)))
		return true;
	hash = db_copy(s->db, DB_CASE_LEGAL, 5, s->arena);
	return db_row(s->db, WAITING_COUNT, db_b(hash.p, hash.len)) &&
	       db_int(s->db, DB_WAITING_COUNT, 0) > 0;
}

/* Is the case so, or a duplicate, which is destroyed with it? */
static bool
any_is(struct store *s, int64_t number, bool (*is)(struct store *s, int64_t number))
{
	int64_t duplicates[DUPLICATES_MAX];
	size_t n = work_duplicates(s, number, duplicates);
	bool any = is(s, number);

	for (size_t i = 0; i < n && !any; i++)
		any = is(s, duplicates[i]);
	return any;
}

/* Some of those that a query finds: their numbers and days. */
static size_t
find(struct store *s, enum db_query q, const struct db_value *v, size_t n_v, int64_t *number,
    day_t *due)
{
	size_t n = 0;

	for (bool ok = db_row_(s->db, q, v, n_v); ok && n < AT_A_TIME; ok = db_next(s->db, q)) {
		number[n] = db_int(s->db, q, 0);
		due[n++] = (day_t)db_int(s->db, q, 1);
	}
	db_reset(s->db);
	return n;
}

static void
warn(struct store *s, int64_t number, day_t due)
{
	db_run(s->db, RETENTION_TOLD, db_i(number), db_i(s->today));
	audit(s, "", "warn", number, "");
	store_clock_event(s, "due", number, CASE_CLOSED, "retention", due);
}

bool
legal_pass(struct store *s)
{
	const day_t days = (day_t)s->setup->warning_days;
	int64_t number[AT_A_TIME];
	day_t due[AT_A_TIME];
	size_t soon, over, done = 0;

	soon = find(s, DB_RETENTION_SOON,
	    DB_ARGS(db_i(CASE_CLOSED), db_i(s->today + days), db_i(AT_A_TIME)), number, due);
	for (size_t i = 0; i < soon && !db_failed(s->db); i++) {
		arena_mark_t mark = arena_mark(s->arena);

		warn(s, number[i], due[i]);
		arena_release(s->arena, mark);
	}
	over = find(s, DB_RETENTION_OVER,
	    DB_ARGS(db_i(CASE_CLOSED), db_i(s->today), db_i(s->today - days), db_i(AT_A_TIME)),
	    number, due);
	for (size_t i = 0; i < over && !db_failed(s->db); i++) {
		arena_mark_t mark = arena_mark(s->arena);

		if (!any_is(s, number[i], case_is_held) && !any_is(s, number[i], is_unread) &&
		    !any_is(s, number[i], reporter_wrote)) {
			destroy(s, number[i]);
			done++;
		}
		arena_release(s->arena, mark);
	}
	return soon == AT_A_TIME || (over == AT_A_TIME && done > 0);
}

enum verdict
case_destroy(struct store *s, const struct call *c, struct answer *out)
{
	static const char *const reasons[] = { "erasure", "error", "order" };
	const Candor__CaseDestroy *m = (const Candor__CaseDestroy *)c->msg;
	bool known = false;
	enum verdict v;
	struct found f;

	if (officer_find(s, c, m->number, &f, out) != KEEP)
		return UNDO;
	for (size_t i = 0; i < NELEM(reasons); i++)
		known = known || strcmp(m->reason, reasons[i]) == 0;
	if (!known)
		return store_refuse(s, out, EX_DATAERR,
		    "to destroy a case before its time takes a reason: erasure (somebody's right), "
		    "error (it should never have been filed) or order (a court's or authority's)");
	if (f.state != CASE_CLOSED)
		return store_refuse(s, out, EX_DATAERR,
		    "%s is %s: only a closed case can be destroyed", f.text,
		    case_state_name(f.state));
	if (any_is(s, f.number, case_is_held))
		return store_refuse(s, out, EX_NOPERM,
		    "%s, or a duplicate of it, is held: it cannot be destroyed until the hold is "
		    "lifted (`candor case "
		    "hold "
		    "%s --off`)",
		    f.text, f.text);
	if (any_is(s, f.number, is_unread))
		return store_refuse(s, out, EX_DATAERR,
		    "nobody has read yet what came last to %s, or to a duplicate of it: read it "
		    "first (`candor case show "
		    "%s`)",
		    f.text, f.text);
	if ((v = approval_wanted(s, c, "destroy", f.number, out)) != KEEP)
		return v;
	/* Its time is over as of today, and whoever wants so was warned. */
	db_run(s->db, RETENTION_DUE, db_i(f.number), db_i(s->today - 1));
	db_run(
	    s->db, RETENTION_TOLD, db_i(f.number), db_i(s->today - (day_t)s->setup->warning_days));
	db_run(s->db, DISPOSAL_SET, db_i(f.number), db_t(c->actor), db_t(m->reason));
	audit(s, c->actor, "destroy-wanted", f.number, m->reason);
	s->effects.legal = true;
	return store_done(s, out,
	    s->setup->immediate ? "%s is destroyed now; `candor case certificate %s` proves it"
				: "%s is destroyed at the next release, unless the reporter writes "
				  "before; then `candor case certificate %s` proves it",
	    f.text, f.text);
}

/* ---- what is left ----------------------------------------------------------------------------- */

/* The case that an auditor names, or that an officer names and reads. */
static enum verdict
find_any(
    struct store *s, const struct call *c, const char *text, int64_t *number, struct answer *out)
{
	struct found f;

	if (c->who->role == ROLE_AUDITOR) {
		if (number_parse(number, text) < 0 || !db_row(s->db, CASE_EXISTS, db_i(*number)))
			return store_refuse(s, out, EX_DATAERR, "there is no such case");
		return KEEP;
	}
	if (officer_find(s, c, text, &f, out) != KEEP)
		return UNDO;
	*number = f.number;
	return KEEP;
}

static char *
certificate_text(struct store *s, int64_t number)
{
	enum { CERTIFICATE_MAX = 1024 };
	const enum db_query q = DB_TOMBSTONE_GET;
	char site[2 * SITE_ID_BYTES + 1], line[2 * AUDIT_HASH_BYTES + 1], text[NUMBER_CHARS + 1];
	char destroyed[DAY_CHARS + 1], received[DAY_CHARS + 1], *out;
	struct span hash = db_span(s->db, q, 5);

	sodium_bin2hex(site, sizeof(site), s->setup->site_id.data, SITE_ID_BYTES);
	sodium_bin2hex(
	    line, sizeof(line), hash.p, hash.len < AUDIT_HASH_BYTES ? hash.len : AUDIT_HASH_BYTES);
	number_format(text, number);
	day_format(destroyed, (day_t)db_int(s->db, q, 0));
	day_format(received, (day_t)db_int(s->db, q, 8));
	out = store_alloc(s, CERTIFICATE_MAX);
	snprintf(out, CERTIFICATE_MAX,
	    "candor-disposal-certificate 1\n"
	    "site %s\ncase %s\nkind %s\ncategory %s\nreceived %s\noutcome %s\n"
	    "destroyed %s\nreason %s\nordered-by %s\n"
	    "removed %lld entries of %lld bytes, the case's secret key and every wrap of it\n"
	    "audit-line %s\n",
	    site, text, db_int(s->db, q, 6) == 1 ? "question" : "incident",
	    db_text(s->db, q, 7, s->arena), received,
	    case_outcome_name((enum case_outcome)db_int(s->db, q, 9)), destroyed,
	    db_text(s->db, q, 2, s->arena),
	    db_span(s->db, q, 1).len > 0 ? db_text(s->db, q, 1, s->arena) : "-",
	    (long long)db_int(s->db, q, 3), (long long)db_int(s->db, q, 4), line);
	return out;
}

enum verdict
case_certificate(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseRef *m = (const Candor__CaseRef *)c->msg;
	Candor__Certificate *certificate = STORE_NEW(s, Certificate, certificate);
	struct span signature = { 0 };
	int64_t number;

	if (find_any(s, c, m->number, &number, out) != KEEP)
		return UNDO;
	if (!db_row(s->db, TOMBSTONE_GET, db_i(number)))
		return store_refuse(s, out, EX_DATAERR,
		    "it is not destroyed: a certificate says when, and why, a case was");
	certificate->text = certificate_text(s, number);
	if (s->audit_key == NULL ||
	    minisign_sign(s->arena, &signature, (const uint8_t *)certificate->text,
		strlen(certificate->text), s->audit_key, "Candor disposal certificate") < 0)
		return store_refuse(s, out, EX_SOFTWARE, "the certificate cannot be signed");
	certificate->signature = wire_bytes(signature.p, signature.len);
	return store_answer(out, MSG_CERTIFICATE, certificate);
}

/* ---- exports ---------------------------------------------------------------------------------- */

enum verdict
case_export(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseExport *m = (const Candor__CaseExport *)c->msg;
	char detail[96], hex[2 * EXPORT_HASH_BYTES + 1];
	enum verdict v;
	struct found f;

	if (officer_find_kept(s, c, m->number, &f, out) != KEEP)
		return UNDO;
	if (m->hash.len != EXPORT_HASH_BYTES)
		return store_refuse(
		    s, out, EX_DATAERR, "an export needs the hash of what is in it");
	if ((v = approval_wanted(s, c, "export", f.number, out)) != KEEP)
		return v;
	sodium_bin2hex(hex, sizeof(hex), m->hash.data, m->hash.len);
	snprintf(
	    detail, sizeof(detail), "%s sha256:%s", m->deidentified ? "deidentified" : "full", hex);
	audit(s, c->actor, "export", f.number, detail);
	return audit_of_case(s, f.number, out);
}
