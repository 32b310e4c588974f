/* SPDX-License-Identifier: ISC */
/*
 * `candor audit` and `candor admin verify`: reading the audit log, and following it from its first line
 * to its last against what was signed, what this client saw before, and what plugins carried out of
 * the house. Runs in the client, which believes the daemon nothing of it but what the hashes say.
 */
#include "officer_audit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "candor/number.h"

#include "admin.h"
#include "json.h"
#include "seen.h"
#include "term.h"
#include "verb.h"

#define HEX_BYTES (2 * AUDIT_HASH_BYTES + 1)

/* ---- heads ---------------------------------------------------------------------------------- */

bool
audit_head_signed(const struct client *c, const Candor__AuditHead *head)
{
	char text[AUDIT_HEAD_CHARS];

	if (head->hash.len != AUDIT_HASH_BYTES)
		return false;
	audit_head_text(text, c->site.site_id, head->on, head->hash.data);
	return minisign_verify((const uint8_t *)text, strlen(text), head->signature.data,
		   head->signature.len, &c->site.audit) == 0;
}

/* What is wrong with the head that the daemon shows, given the one that was seen; NULL: nothing. */
static const char *
suspicion(const struct client *c, const Candor__AuditHead *head, day_t day,
    const uint8_t hash[AUDIT_HASH_BYTES])
{
	if (head->hash.len == 0 && day == 0)
		return NULL; /* a new site: nothing was signed yet */
	if (!audit_head_signed(c, head))
		return "its head is not signed by the audit key in your site.conf";
	if (day == 0)
		return NULL;
	if (head->on < day || head->earlier.len != AUDIT_HASH_BYTES ||
	    memcmp(head->earlier.data, hash, AUDIT_HASH_BYTES) != 0)
		return "it does not go on from where you saw it last: lines were changed or cut "
		       "off, or the\nsite was restored from a backup";
	return NULL;
}

int
audit_look(struct officer_session *s)
{
	Candor__AuditHeadRef ref = CANDOR__AUDIT_HEAD_REF__INIT;
	struct client *c = s->c;
	arena_mark_t mark = arena_mark(&c->scratch);
	uint8_t hash[AUDIT_HASH_BYTES];
	const Candor__AuditHead *head;
	ProtobufCMessage *answer;
	const char *why;
	day_t day;
	int r;

	if (!c->site.has_audit || s->audit_looked)
		return 0;
	seen_head(c->site.site_id, &day, hash);
	ref.on = day;
	r = officer_call(s, &c->scratch, MSG_AUDIT_HEAD_GET, &ref.base, MSG_AUDIT_HEAD, &answer);
	if (r != 0)
		goto out;
	s->audit_looked = true;
	head = (const Candor__AuditHead *)answer;
	if ((why = suspicion(c, head, day, hash)) != NULL)
		fprintf(stderr,
		    "candor: WARNING: the audit log may have been tampered with: %s.\n"
		    "Have an auditor run `candor admin verify`; when it is explained, remove %s\n",
		    why, seen_path(c->site.site_id));
	else if (head->hash.len == AUDIT_HASH_BYTES && head->on != day)
		seen_set_head(c, c->site.site_id, head->on, head->hash.data);
out:
	arena_release(&c->scratch, mark);
	return r;
}

/* ---- reading -------------------------------------------------------------------------------- */

static char *
hex_of(char out[HEX_BYTES], const ProtobufCBinaryData *hash)
{
	out[0] = '\0';
	if (hash->len == AUDIT_HASH_BYTES)
		sodium_bin2hex(out, HEX_BYTES, hash->data, hash->len);
	return out;
}

json_t *
audit_line_json(const Candor__AuditLine *line)
{
	char hex[HEX_BYTES];

	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:s, s:s}", "n",
	    line->n != 0 ? json_integer((json_int_t)line->n) : json_null(), "on",
	    cjson_day(line->on), "by", cjson_or_null(line->actor), "action", line->action, "case",
	    cjson_or_null(line->number), "detail", line->detail, "hash", hex_of(hex, &line->hash));
}

static void
print_line(struct client *c, const Candor__AuditLine *line)
{
	char day[11];

	officer_cell(c, client_day(day, line->on), 10);
	officer_cell(c, *line->actor != '\0' ? line->actor : "(the service)", 22);
	officer_cell(c, line->action, 14);
	officer_cell(c, *line->number != '\0' ? line->number : "-", 11);
	officer_cell(c, line->detail, 0);
	putchar('\n');
}

/* Page after page, up to limit lines, into list or (NULL) for people. */
static int
read_lines(struct officer_session *s, Candor__AuditQuery *query, uint32_t limit, json_t *list)
{
	struct client *c = s->c;
	int r = 0;

	do {
		arena_mark_t mark = arena_mark(&c->scratch);
		const Candor__AuditPage *page;
		ProtobufCMessage *answer;

		query->limit = limit;
		r = officer_call(
		    s, &c->scratch, MSG_AUDIT_LIST, &query->base, MSG_AUDIT_PAGE, &answer);
		page = (const Candor__AuditPage *)answer;
		for (size_t i = 0; r == 0 && i < page->n_lines && limit > 0; i++, limit--)
			if (list == NULL)
				print_line(c, page->lines[i]);
			else if (json_array_append_new(list, audit_line_json(page->lines[i])) != 0)
				r = client_fail_memory(c);
		if (r == 0)
			query->next = page->next;
		arena_release(&c->scratch, mark);
	} while (r == 0 && query->next != 0 && limit > 0);
	return r;
}

/* What the options ask for, in c->arena. */
static int
take_query(struct client *c, Candor__AuditQuery *query, uint32_t *limit, int argc, char **argv)
{
	const char *number = NULL, *by = NULL, *action = NULL, *since = NULL, *until = NULL;
	const char *most = NULL;
	bool exports = false;
	const struct verb_option options[] = {
		{ "--case", .value = &number },
		{ "--by", .value = &by },
		{ "--action", .value = &action },
		{ "--since", .value = &since },
		{ "--until", .value = &until },
		{ "--limit", .value = &most },
		{ "--exports", .flag = &exports },
	};
	int r;

	if ((r = verb_options(c,
		 "audit [--case C] [--by NAME] [--action A] [--since DATE] [--until DATE] "
		 "[--exports] [--limit N]",
		 options, NELEM(options), &argc, argv, 0, 0)) != 0 ||
	    (number != NULL && (r = officer_case_number(c, &query->number, number)) != 0) ||
	    (since != NULL && (r = officer_day(c, &query->since, since)) != 0) ||
	    (until != NULL && (r = officer_day(c, &query->until, until)) != 0) ||
	    (most != NULL && (r = officer_number(c, limit, most, 10000000, "limit")) != 0))
		return r;
	if (exports && action != NULL)
		return client_fail(
		    c, EX_USAGE, "--exports is short for --action export: give one of them");
	if (exports)
		action = "export";
	if ((r = officer_text(c, &query->actor, by)) != 0)
		return r;
	return officer_text(c, &query->action, action);
}

int
officer_audit(struct officer_session *s, int argc, char **argv)
{
	static const struct officer_column columns[] = { { "on", 10 }, { "by", 22 },
		{ "action", 14 }, { "case", 11 }, { "detail", 0 } };
	Candor__AuditQuery query = CANDOR__AUDIT_QUERY__INIT;
	struct client *c = s->c;
	uint32_t limit = 50;
	json_t *list = NULL;
	int r;

	if ((r = take_query(c, &query, &limit, argc, argv)) != 0 || (r = officer_begin(s)) != 0)
		return r;
	if (c->json && (list = json_array()) == NULL)
		return client_fail_memory(c);
	if (list == NULL)
		officer_heading(c, columns, NELEM(columns));
	if ((r = read_lines(s, &query, limit, list)) == 0 && list != NULL)
		return cjson_print(c, list);
	json_decref(list);
	return r;
}

OFFICER_VERB(verb_audit, officer_audit)

/* ---- following it --------------------------------------------------------------------------- */

#define FAULTS_SHOWN 20
#define WANTED_MAX VERB_STRINGS_MAX

/* A hash that one of the lines must have. */
struct wanted {
	uint8_t hash[AUDIT_HASH_BYTES];
	const char *what; /* says where it comes from */
	bool found;
};

struct walk {
	struct officer_session *s;
	uint64_t n; /* lines so far */
	uint8_t last[AUDIT_HASH_BYTES];
	uint64_t n_faults;
	json_t *faults; /* [{"line", "text"}…] */
	uint64_t fits;  /* the last line that was signed and is as it was */
	struct wanted wanted[WANTED_MAX + 1];
	size_t n_wanted;
};

static int fault(struct walk *w, uint64_t line, const char *fmt, ...) PRINTF_LIKE(3, 4);

static int
fault(struct walk *w, uint64_t line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (++w->n_faults > FAULTS_SHOWN)
		return 0;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return json_array_append_new(
		   w->faults, json_pack("{s:I, s:s}", "line", (json_int_t)line, "text", text)) == 0
		   ? 0
		   : client_fail_memory(w->s->c);
}

static struct span
span_of(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

static int
walk_line(struct walk *w, const Candor__AuditLine *m)
{
	uint64_t expected = w->n + 1;
	struct audit_line line = { .n = (int64_t)m->n,
		.day = m->on,
		.actor = span_of(m->actor),
		.action = span_of(m->action),
		.detail = span_of(m->detail) };
	struct span before = { w->last, w->n > 0 ? sizeof(w->last) : 0 };
	uint8_t hash[AUDIT_HASH_BYTES];
	char day[11];
	int r = 0;

	if (m->n <= w->n || m->hash.len != sizeof(hash) ||
	    (*m->number != '\0' && number_parse(&line.number, m->number) < 0))
		return client_fail(
		    w->s->c, EX_PROTOCOL, "the daemon's lines of the audit log are out of order");
	audit_line_hash(hash, before, &line);
	if (m->n != expected)
		r = m->n == expected + 1
			? fault(w, expected, "line %" PRIu64 " is missing", expected)
			: fault(w, expected, "lines %" PRIu64 " to %" PRIu64 " are missing",
			      expected, m->n - 1);
	else if (memcmp(hash, m->hash.data, sizeof(hash)) != 0)
		r = fault(w, m->n,
		    "line %" PRIu64
		    " was changed, or is not where it was: it says now %s, %s, %s%s%s%s%s",
		    m->n, client_day(day, m->on), *m->actor != '\0' ? m->actor : "the service",
		    m->action, *m->number != '\0' ? " of " : "", m->number,
		    *m->detail != '\0' ? ", " : "", m->detail);
	/* Go on from what stands there, so as to name each. */
	memcpy(w->last, m->hash.data, sizeof(w->last));
	w->n = m->n;
	for (size_t i = 0; i < w->n_wanted; i++)
		if (memcmp(w->wanted[i].hash, w->last, sizeof(w->last)) == 0)
			w->wanted[i].found = true;
	return r;
}

/* What was signed of a line that we have just passed, or that is not there any more. */
static int
walk_head(struct walk *w, const Candor__AuditHead *head, const Candor__AuditLine *line)
{
	char day[11];
	int r = 0;

	client_day(day, head->on);
	if (w->s->c->site.has_audit && !audit_head_signed(w->s->c, head))
		return fault(w, head->n,
		    "the head of %s is not signed by the audit key in your site.conf", day);
	if (line == NULL)
		return fault(w, head->n,
		    "line %" PRIu64 ", the last one on %s when it was signed, is missing: the log "
		    "was cut",
		    head->n, day);
	if (line->hash.len != head->hash.len ||
	    memcmp(line->hash.data, head->hash.data, head->hash.len) != 0)
		r = fault(w, head->n,
		    "lines %" PRIu64 " to %" PRIu64
		    " are not those that were signed on %s: one of them was changed, and all "
		    "behind it made to fit",
		    w->fits + 1, head->n, day);
	w->fits = head->n;
	return r;
}

static int
walk_page(struct walk *w, const Candor__AuditPage *page)
{
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < page->n_lines; i++) {
		const Candor__AuditLine *line = page->lines[i];

		r = walk_line(w, line);
		while (r == 0 && at < page->n_heads && page->heads[at]->n <= line->n) {
			const Candor__AuditHead *head = page->heads[at++];

			r = walk_head(w, head, head->n == line->n ? line : NULL);
		}
	}
	while (r == 0 && page->next == 0 && at < page->n_heads)
		r = walk_head(w, page->heads[at++], NULL);
	return r;
}

static int
walk_all(struct walk *w)
{
	struct client *c = w->s->c;
	Candor__AuditAfter after = CANDOR__AUDIT_AFTER__INIT;
	bool more = true;
	int r = 0;

	while (r == 0 && more) {
		arena_mark_t mark = arena_mark(&c->scratch);
		ProtobufCMessage *answer;

		after.n = w->n;
		r = officer_call(
		    w->s, &c->scratch, MSG_AUDIT_CHAIN, &after.base, MSG_AUDIT_PAGE, &answer);
		if (r == 0 && (r = walk_page(w, (const Candor__AuditPage *)answer)) == 0)
			more = ((const Candor__AuditPage *)answer)->next != 0;
		if (r == 0 && more && w->n == after.n)
			r = client_fail(c, EX_PROTOCOL,
			    "the daemon's lines of the audit log do not come to an end");
		arena_release(&c->scratch, mark);
	}
	for (size_t i = 0; r == 0 && i < w->n_wanted; i++)
		if (!w->wanted[i].found)
			r = fault(w, 0,
			    "no line has the hash %s: the log was cut or rewritten, or is not that "
			    "site's",
			    w->wanted[i].what);
	return r;
}

static int
want(struct walk *w, const char *hex)
{
	struct wanted *x = &w->wanted[w->n_wanted++];
	size_t len;

	x->what = hex;
	if (strlen(hex) == HEX_BYTES - 1 &&
	    sodium_hex2bin(x->hash, sizeof(x->hash), hex, strlen(hex), NULL, &len, NULL) == 0 &&
	    len == sizeof(x->hash))
		return 0;
	return client_fail(w->s->c, EX_USAGE,
	    "--head takes the 64 hexadecimal digits of a line's hash, as heads that were sent out "
	    "have it");
}

static int
report(struct walk *w)
{
	struct client *c = w->s->c;
	char hex[HEX_BYTES];
	size_t i;
	json_t *one;
	int r;

	sodium_bin2hex(hex, sizeof(hex), w->last, sizeof(w->last));
	if (c->json) {
		r = cjson_print(c, json_pack("{s:b, s:I, s:s, s:I, s:O}", "whole", w->n_faults == 0,
				       "lines", (json_int_t)w->n, "head", hex, "signed_until",
				       (json_int_t)w->fits, "faults", w->faults));
		if (r != 0)
			return r;
	} else {
		json_array_foreach(w->faults, i, one)
		{
			fputs(term_style(c, stdout, TERM_RED), stdout);
			term_show_str(c, stdout, json_string_value(json_object_get(one, "text")));
			printf("%s\n", term_style(c, stdout, TERM_PLAIN));
		}
		if (w->n_faults > FAULTS_SHOWN)
			printf("and %" PRIu64 " more\n", w->n_faults - FAULTS_SHOWN);
		if (w->n_faults == 0)
			printf("the audit log is whole: %" PRIu64 " %s, signed up to line %" PRIu64
			       "%s\nhead %s\n",
			    w->n, w->n == 1 ? "line" : "lines", w->fits,
			    c->site.has_audit ? ""
					      : " (your site.conf has no audit_key: the "
						"signatures were not checked)",
			    hex);
	}
	if (w->n_faults == 0)
		return 0;
	return client_fail(c, EX_DATAERR,
	    "the audit log was tampered with (%" PRIu64
	    " %s): keep the database and its backups as they are, and tell compliance",
	    w->n_faults, w->n_faults == 1 ? "finding" : "findings");
}

int
admin_verify(struct officer_session *s, int argc, char **argv)
{
	struct client *c = s->c;
	struct verb_strings heads = { 0 };
	const struct verb_option options[] = { { "--head", .values = &heads } };
	struct walk w = { .s = s };
	char seen[HEX_BYTES];
	uint8_t hash[AUDIT_HASH_BYTES];
	day_t day;
	int r;

	if ((r = verb_options(c, "admin verify [--head HASH]…", options, NELEM(options), &argc,
		 argv, 0, 0)) != 0)
		return r;
	for (size_t i = 0; i < heads.n; i++)
		if ((r = want(&w, heads.v[i])) != 0)
			return r;
	if ((r = site_load(c)) != 0)
		return r;
	if (seen_head(c->site.site_id, &day, hash)) {
		sodium_bin2hex(seen, sizeof(seen), hash, sizeof(hash));
		if ((r = want(&w, seen)) != 0)
			return r;
	}
	if ((r = officer_begin(s)) != 0)
		return r;
	if ((w.faults = json_array()) == NULL)
		return client_fail_memory(c);
	if ((r = walk_all(&w)) == 0)
		r = report(&w);
	json_decref(w.faults);
	return r;
}
