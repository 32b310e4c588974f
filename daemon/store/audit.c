/* SPDX-License-Identifier: ISC */
/*
 * The audit log: a line for each thing that an officer or administrator did, and for each release
 * of a case; each line's hash covers the line before. Once a day the last one is signed, and plugins
 * that want to hear of it carry its hash out of the house, so that nobody can cut the log unseen.
 *
 * Who sees which line: an auditor all of them; others those of a case that they read, and their
 * own, without their numbers: gaps would tell of cases that they are not to know of. Store only.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <sodium/utils.h>

#include "common/log.h"
#include "officer.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 500
#define PAGE_MAX_BYTES 60000
/* Lines of AUDIT_CHAIN in one page, and what was signed of them: together in one message. */
#define CHAIN_MAX_BYTES 40000
#define HEADS_MAX 48
/* Lines that one request looks at, however few of them it wants. */
#define LOOKED_AT_MAX 2048

static struct span
span_of(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

void
audit(struct store *s, const char *actor, const char *action, int64_t number, const char *detail)
{
	struct audit_line line = { .n = 1,
		.day = s->today,
		.actor = span_of(actor),
		.action = span_of(action),
		.number = number,
		.detail = span_of(detail) };
	uint8_t hash[AUDIT_HASH_BYTES];
	struct span before = { NULL, 0 };

	if (db_row0(s->db, AUDIT_LAST)) {
		line.n = db_int(s->db, DB_AUDIT_LAST, 0) + 1;
		before = db_span(s->db, DB_AUDIT_LAST, 1);
	}
	audit_line_hash(hash, before, &line);
	db_run(s->db, AUDIT_ADD, db_i(line.n), db_i(s->today), db_t(actor), db_t(action),
	    db_i(number), db_t(detail), db_b(hash, sizeof(hash)));
}

/* From the columns with which AUDIT_FROM and AUDIT_PAGE… begin; valid until the statement moves on. */
static struct audit_line
line_of_row(struct store *s, enum db_query q)
{
	return (struct audit_line){ .n = db_int(s->db, q, 0),
		.day = db_int(s->db, q, 1),
		.actor = db_span(s->db, q, 2),
		.action = db_span(s->db, q, 3),
		.number = db_int(s->db, q, 4),
		.detail = db_span(s->db, q, 5) };
}

/* Follow the chain from behind line n, whose hash is *before. */
static int
follow(struct store *s, int64_t n, struct span before, int64_t *bad)
{
	uint8_t last[AUDIT_HASH_BYTES];
	int r = 0;

	for (bool ok = db_row(s->db, AUDIT_FROM, db_i(n)); ok && r == 0;
	     ok = db_next(s->db, DB_AUDIT_FROM)) {
		struct audit_line line = line_of_row(s, DB_AUDIT_FROM);
		struct span stored = db_span(s->db, DB_AUDIT_FROM, 6);

		audit_line_hash(last, before, &line);
		before = (struct span){ last, sizeof(last) };
		*bad = ++n;
		if (line.n != n || stored.len != sizeof(last) ||
		    memcmp(stored.p, last, sizeof(last)) != 0)
			r = CANDOR_EBADMSG;
	}
	db_reset(s->db);
	return db_failed(s->db) ? CANDOR_ESYS : r;
}

int
audit_verify(struct store *s, int64_t *bad)
{
	return follow(s, 0, (struct span){ NULL, 0 }, bad);
}

/* ---- heads ------------------------------------------------------------------------------------ */

/* Sign the hash as that of today's last line. False: this store has no key. */
static bool
sign_head(struct store *s, struct span hash, struct span *signature)
{
	char text[AUDIT_HEAD_CHARS];

	if (s->audit_key == NULL || hash.len != AUDIT_HASH_BYTES)
		return false;
	audit_head_text(text, s->setup->site_id.data, s->today, hash.p);
	if (minisign_sign(s->arena, signature, (const uint8_t *)text, strlen(text), s->audit_key,
		"Candor audit head") < 0)
		fatal(EX_SOFTWARE, "the audit log's head cannot be signed");
	return true;
}

Candor__AuditHead *
audit_head_now(struct store *s)
{
	Candor__AuditHead *head;
	struct span hash, signature;

	if (!db_row0(s->db, AUDIT_LAST))
		return NULL;
	hash = db_copy(s->db, DB_AUDIT_LAST, 1, s->arena);
	if (!sign_head(s, hash, &signature))
		return NULL;
	head = STORE_NEW(s, AuditHead, audit_head);
	head->on = s->today;
	head->hash = wire_bytes(hash.p, hash.len);
	head->signature = wire_bytes(signature.p, signature.len);
	return head;
}

void
audit_daily(struct store *s)
{
	const Candor__AuditHead *head;
	char hex[2 * AUDIT_HASH_BYTES + 1];
	const struct bare_event e = { .kind = "audit", .head = hex };
	int64_t signed_line = 0, line;

	if (db_row0(s->db, HEAD_LAST)) {
		if (db_int(s->db, DB_HEAD_LAST, 0) >= s->today)
			return;
		signed_line = db_int(s->db, DB_HEAD_LAST, 1);
	}
	if (!db_row0(s->db, AUDIT_LAST) ||
	    (line = db_int(s->db, DB_AUDIT_LAST, 0)) == signed_line ||
	    (head = audit_head_now(s)) == NULL)
		return;
	db_run(s->db, HEAD_ADD, db_i(s->today), db_i(line), db_b(head->hash.data, head->hash.len),
	    db_b(head->signature.data, head->signature.len));
	sodium_bin2hex(hex, sizeof(hex), head->hash.data, head->hash.len);
	for (size_t i = 0; i < s->setup->n_plugins; i++)
		if (route_takes_audit(s->setup->plugins[i]))
			store_bare_event(s, s->setup->plugins[i]->name, &e, NULL);
}

/*
 * What can be told at once: does the line that was signed last still stand there as it was signed, and
 * does what came since follow from it? All of it is followed by whoever asks for it (audit_chain).
 */
int
audit_check(struct store *s, int64_t *bad)
{
	struct minisign_public key;
	char text[AUDIT_HEAD_CHARS];
	struct span hash, signature, now;
	int64_t line;

	if (s->audit_key == NULL || !db_row0(s->db, HEAD_LAST))
		return audit_verify(s, bad);
	key = s->audit_key->pub;
	line = *bad = db_int(s->db, DB_HEAD_LAST, 1);
	hash = db_copy(s->db, DB_HEAD_LAST, 2, s->arena);
	signature = db_copy(s->db, DB_HEAD_LAST, 3, s->arena);
	if (hash.len != AUDIT_HASH_BYTES || !db_row(s->db, AUDIT_AT, db_i(line)))
		return db_failed(s->db) ? CANDOR_ESYS : CANDOR_EBADMSG;
	now = db_copy(s->db, DB_AUDIT_AT, 1, s->arena);
	audit_head_text(
	    text, s->setup->site_id.data, (day_t)db_int(s->db, DB_HEAD_LAST, 0), hash.p);
	if (minisign_verify((const uint8_t *)text, strlen(text), signature.p, signature.len, &key) <
	    0)
		return CANDOR_EBADMSG;
	if (now.len != hash.len || memcmp(now.p, hash.p, hash.len) != 0)
		return CANDOR_EBADMSG;
	/* From the one before on, so that the line itself is looked at, too. */
	now = (struct span){ NULL, 0 };
	if (line > 1 && db_row(s->db, AUDIT_AT, db_i(line - 1)))
		now = db_copy(s->db, DB_AUDIT_AT, 1, s->arena);
	return follow(s, line - 1, now, bad);
}

/* From the columns with which HEAD_LAST and HEADS begin. */
static Candor__AuditHead *
head_of_row(struct store *s, enum db_query q)
{
	Candor__AuditHead *head = STORE_NEW(s, AuditHead, audit_head);
	struct span hash = db_copy(s->db, q, 2, s->arena), sig = db_copy(s->db, q, 3, s->arena);

	head->on = (int32_t)db_int(s->db, q, 0);
	head->hash = wire_bytes(hash.p, hash.len);
	head->signature = wire_bytes(sig.p, sig.len);
	return head;
}

enum verdict
audit_head_get(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__AuditHeadRef *m = (const Candor__AuditHeadRef *)c->msg;
	Candor__AuditHead *head = STORE_NEW(s, AuditHead, audit_head);
	struct span part;

	(void)c;
	if (db_row0(s->db, HEAD_LAST))
		head = head_of_row(s, DB_HEAD_LAST);
	if (m->on != 0 && db_row(s->db, HEAD_OF, db_i(m->on))) {
		part = db_copy(s->db, DB_HEAD_OF, 0, s->arena);
		head->earlier = wire_bytes(part.p, part.len);
	}
	return store_answer(out, MSG_AUDIT_HEAD, head);
}

/* ---- lines ------------------------------------------------------------------------------------ */

static Candor__AuditLine *
message_of_row(struct store *s, enum db_query q, bool with_number)
{
	Candor__AuditLine *line = STORE_NEW(s, AuditLine, audit_line);
	int64_t number = db_int(s->db, q, 4);
	struct span hash = db_copy(s->db, q, 6, s->arena);

	line->n = with_number ? (uint64_t)db_int(s->db, q, 0) : 0;
	line->on = (int32_t)db_int(s->db, q, 1);
	line->actor = db_text(s->db, q, 2, s->arena);
	line->action = db_text(s->db, q, 3, s->arena);
	if (number != 0)
		line->number = store_number(s, number);
	line->detail = db_text(s->db, q, 5, s->arena);
	line->hash = wire_bytes(hash.p, hash.len);
	return line;
}

enum verdict
audit_chain(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__AuditAfter *m = (const Candor__AuditAfter *)c->msg;
	Candor__AuditPage *page = STORE_NEW(s, AuditPage, audit_page);
	int64_t after = m->n < (uint64_t)INT64_MAX ? (int64_t)m->n : INT64_MAX;
	int64_t until = INT64_MAX;
	size_t bytes = 0;

	(void)c;
	page->lines = store_alloc(s, LOOKED_AT_MAX * sizeof(*page->lines));
	for (bool ok = db_row(s->db, AUDIT_FROM, db_i(after)); ok;
	     ok = db_next(s->db, DB_AUDIT_FROM)) {
		Candor__AuditLine *line = message_of_row(s, DB_AUDIT_FROM, true);

		bytes += protobuf_c_message_get_packed_size(&line->base) + 4;
		if (bytes > CHAIN_MAX_BYTES || page->n_lines == LOOKED_AT_MAX) {
			page->next = page->lines[page->n_lines - 1]->n;
			until = (int64_t)page->next;
			break;
		}
		page->lines[page->n_lines++] = line;
	}
	page->heads = store_alloc(s, HEADS_MAX * sizeof(*page->heads));
	for (bool ok = db_row(s->db, HEADS, db_i(after), db_i(until)); ok;
	     ok = db_next(s->db, DB_HEADS)) {
		if (page->n_heads == HEADS_MAX) {
			/* Where little is done in a day: the others go with the next page's lines. */
			const uint64_t last = page->heads[HEADS_MAX - 1]->n;

			for (; page->n_lines > 1 && page->lines[page->n_lines - 1]->n > last;
			     page->n_lines--)
				page->next = page->lines[page->n_lines - 2]->n;
			break;
		}
		page->heads[page->n_heads] = head_of_row(s, DB_HEADS);
		page->heads[page->n_heads++]->n = (uint64_t)db_int(s->db, DB_HEADS, 1);
	}
	return store_answer(out, MSG_AUDIT_PAGE, page);
}

/* The first line after that day: lines are as good as in the order of their days. */
static int64_t
line_after(struct store *s, day_t day)
{
	int64_t low = 1, high = 1;

	if (db_row0(s->db, AUDIT_LAST))
		high = db_int(s->db, DB_AUDIT_LAST, 0) + 1;
	while (low < high) {
		int64_t middle = low + (high - low) / 2;

		if (db_row(s->db, AUDIT_AT, db_i(middle)) && db_int(s->db, DB_AUDIT_AT, 0) > day)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* What is asked for, and what the sender may see of it. */
struct search {
	enum db_query q;
	int64_t number, before, skip;
	const char *actor, *action;
	day_t since;
	size_t limit;
	bool all; /* an auditor's */
};

static enum verdict
search_of(struct store *s, const struct call *c, struct search *f, struct answer *out)
{
	const Candor__AuditQuery *m = (const Candor__AuditQuery *)c->msg;
	struct found found;

	*f = (struct search){ .q = DB_AUDIT_PAGE,
		.before = INT64_MAX,
		.actor = m->actor,
		.action = m->action,
		.since = m->since,
		.limit = m->limit == 0          ? LIMIT_DEFAULT
			 : m->limit < LIMIT_MAX ? m->limit
						: LIMIT_MAX,
		.all = c->who->role == ROLE_AUDITOR };
	if (m->number[0] != '\0' && f->all) {
		if (number_parse(&f->number, m->number) < 0)
			return store_refuse(s, out, EX_DATAERR,
			    "that is no case number: they look like C-7K3M-9QX2");
	} else if (m->number[0] != '\0') {
		if (officer_find(s, c, m->number, &found, out) != KEEP)
			return UNDO;
		f->number = found.number;
	} else if (!f->all && f->actor[0] == '\0') {
		f->actor = c->actor;
	} else if (!f->all && strcmp(f->actor, c->actor) != 0) {
		return store_refuse(s, out, EX_NOPERM,
		    "you see the lines of a case that you read (--case), and your own; an auditor "
		    "sees all");
	}
	if (m->until != 0)
		f->before = line_after(s, m->until);
	if (!f->all)
		f->skip = m->next < (uint64_t)INT32_MAX ? (int64_t)m->next : INT32_MAX;
	else if (m->next != 0 && m->next < (uint64_t)f->before)
		f->before = (int64_t)m->next;
	return KEEP;
}

static bool
search_begin(struct store *s, struct search *f)
{
	const struct {
		bool wanted;
		enum db_query q;
		struct db_value key;
	} by[] = {
		{ f->number != 0, DB_AUDIT_PAGE_CASE, db_i(f->number) },
		{ f->actor[0] != '\0', DB_AUDIT_PAGE_ACTOR, db_t(f->actor) },
		{ f->action[0] != '\0', DB_AUDIT_PAGE_ACTION, db_t(f->action) },
	};

	for (size_t i = 0; i < NELEM(by); i++)
		if (by[i].wanted) {
			f->q = by[i].q;
			return db_row_(
			    s->db, f->q, DB_ARGS(db_i(f->before), by[i].key, db_i(f->skip)));
		}
	return db_row(s->db, AUDIT_PAGE, db_i(f->before));
}

static bool
is_text(struct span p, const char *text)
{
	return p.len == strlen(text) && memcmp(p.p, text, p.len) == 0;
}

static void
search_fill(struct store *s, struct search *f, Candor__AuditPage *page)
{
	size_t bytes = 0, looked_at = 0;
	int64_t n = 0;

	page->lines = store_alloc(s, f->limit * sizeof(*page->lines));
	for (bool ok = search_begin(s, f); ok; ok = db_next(s->db, f->q)) {
		struct audit_line line = line_of_row(s, f->q);
		Candor__AuditLine *one;

		if (page->n_lines == f->limit || bytes > PAGE_MAX_BYTES ||
		    looked_at == LOOKED_AT_MAX) {
			page->next = f->all ? (uint64_t)n : (uint64_t)f->skip + looked_at;
			break;
		}
		if (line.day < f->since)
			break;
		n = line.n;
		looked_at++;
		if ((f->action[0] != '\0' && !is_text(line.action, f->action)) ||
		    (f->actor[0] != '\0' && !is_text(line.actor, f->actor)))
			continue;
		one = message_of_row(s, f->q, f->all);
		bytes += protobuf_c_message_get_packed_size(&one->base) + 4;
		page->lines[page->n_lines++] = one;
	}
	db_reset(s->db);
}

enum verdict
audit_page(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__AuditQuery *m = (const Candor__AuditQuery *)c->msg;
	Candor__AuditPage *page = STORE_NEW(s, AuditPage, audit_page);
	struct search f;

	if (search_of(s, c, &f, out) != KEEP)
		return UNDO;
	search_fill(s, &f, page);
	if (m->next == 0) {
		audit(s, c->actor, "audit", f.number, "");
		/* Which stands before the others from now on. */
		if (!f.all && page->next != 0 && (m->until == 0 || m->until >= s->today))
			page->next++;
		page->head = audit_head_now(s);
	}
	return store_answer(out, MSG_AUDIT_PAGE, page);
}

enum verdict
audit_of_case(struct store *s, int64_t number, struct answer *out)
{
	Candor__AuditPage *page = STORE_NEW(s, AuditPage, audit_page);
	struct search f = {
		.number = number, .before = INT64_MAX, .actor = "", .action = "", .limit = LIMIT_MAX
	};

	search_fill(s, &f, page);
	page->head = audit_head_now(s);
	return store_answer(out, MSG_AUDIT_PAGE, page);
}
