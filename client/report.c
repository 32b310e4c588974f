/* SPDX-License-Identifier: ISC */
/* candor report: checks, filing, and the way in for programs. The dialogue is in dialogue.c. See
 * report.h. */
#include "report.h"

#include <stddef.h>
#include <string.h>

#include <sodium/utils.h>

#include "candor/day.h"

#include "json.h"
#include "link.h"
#include "term.h"
#include "verb.h"

/* Waits of 0.5, 1, 2, 4, 8 and 15 seconds between them. */
#define FILE_TRIES 7
#define JSON_MAX (256u * 1024)

/* ---- what every report must be ---------------------------------------------------------------- */

static bool
has_site(const struct guide *g, const char *id)
{
	for (size_t i = 0; i < g->said->n_sites; i++)
		if (strcmp(g->said->sites[i]->id, id) == 0)
			return true;
	return false;
}

/* Names to officers. All that are unknown are listed at once. */
static int
find_keep_out(
    struct client *c, const struct report *r, const struct guide *g, const struct officer **out)
{
	char unknown[512] = "";

	for (size_t i = 0; i < r->n_keep_out; i++) {
		size_t used = strlen(unknown);

		out[i] =
		    g->directory == NULL ? NULL : directory_by_name(g->directory, r->keep_out[i]);
		if (out[i] == NULL)
			snprintf(unknown + used, sizeof(unknown) - used, "%s\"%.*s\"",
			    used > 0 ? ", " : "", OFFICER_NAME_MAX, r->keep_out[i]);
	}
	if (*unknown != '\0')
		return client_fail(c, EX_DATAERR,
		    "keep_out: no officer is called %s; `candor guide` lists their names. Nothing "
		    "was "
		    "filed",
		    unknown);
	return 0;
}

int
report_check(struct client *c, const struct report *r, const struct guide *g)
{
	const struct officer *keep_out[DIRECTORY_OFFICERS_MAX], *readers[DIRECTORY_OFFICERS_MAX];
	const Candor__Category *category = guide_category(g, r->category);
	int e;

	if (category == NULL)
		return guide_no_category(c, g, r->category);
	if (r->site != NULL && *r->site != '\0' && !has_site(g, r->site))
		return guide_no_site(c, g, r->site);
	if ((e = find_keep_out(c, r, g, keep_out)) != 0)
		return e;
	if (guide_readers(g, category, NULL, 0, readers) == 0)
		return client_fail(c, EX_DATAERR,
		    "nobody reads reports of the category \"%s\" at present, so none can be taken: "
		    "choose another, or one of the outside bodies that `candor guide` names. "
		    "Nothing "
		    "was filed",
		    category->id);
	if (guide_readers(g, category, keep_out, r->n_keep_out, readers) == 0)
		return client_fail(c, EX_DATAERR,
		    "everybody who reads reports of the category \"%s\" is kept out, so that "
		    "nobody could "
		    "read this one: choose another category, or one of the outside bodies that "
		    "`candor "
		    "guide` names. Nothing was filed",
		    category->id);
	return 0;
}

static void
add_field(struct report *r, const char *name, const char *text)
{
	struct draft_field *f = &r->fields[r->n_fields++];

	*f = (struct draft_field){ 0 };
	snprintf(f->name, sizeof(f->name), "%s", name);
	f->given = (struct span){ (const uint8_t *)text, text == NULL ? 0 : strlen(text) };
}

void
report_fields(struct report *r)
{
	r->n_fields = 0;
	add_field(r, "place", r->place);
	add_field(r, "platform", r->platform);
	add_field(r, "narrative", r->narrative);
	for (size_t i = 0; i < r->n_urls; i++) {
		char name[16];

		snprintf(name, sizeof(name), "urls[%u]", (unsigned)i % DRAFT_URLS_MAX);
		add_field(r, name, r->urls[i]);
	}
}

bool
report_mentions(const struct report *r, const struct officer *o)
{
	for (size_t i = 0; i < r->n_keep_out; i++)
		if (strcmp(r->keep_out[i], o->name) == 0)
			return false;
	for (size_t i = 0; i < r->n_fields; i++)
		if (strip_mentions(
			(const char *)r->fields[i].given.p, r->fields[i].given.len, o->name))
			return true;
	return false;
}

/* ---- filing ----------------------------------------------------------------------------------- */

struct filing {
	struct report *r;
	struct receipt_keys keys;
	Candor__Filed filed;
	bool sent;
};

/* The wire's strings are not const. */
static char *mutable(const void *p)
{
	union {
		const void *c;
		char *m;
	} u = { .c = p };

	return u.m;
}

/* A report as it travels, with the lists that it points to. */
struct message {
	Candor__Report msg;
	char *urls[DRAFT_URLS_MAX], *keep_out[DIRECTORY_OFFICERS_MAX];
	struct draft_wish wish;
};

static void
message_fill(struct message *m, struct report *r, const struct receipt_keys *keys)
{
	Candor__Report *msg = &m->msg;

	candor__report__init(msg);
	msg->kind = (uint32_t)r->kind;
	msg->category = mutable(r->category);
	if (r->site != NULL)
		msg->site = mutable(r->site);
	msg->seen_on = r->seen_on;
	msg->place = mutable(r->fields[0].result.text.p);
	msg->platform = mutable(r->fields[1].result.text.p);
	msg->narrative = mutable(r->fields[2].result.text.p);
	for (size_t i = 0; i < r->n_urls; i++)
		if (r->fields[3 + i].result.text.len > 0)
			m->urls[msg->n_urls++] = mutable(r->fields[3 + i].result.text.p);
	msg->urls = m->urls;
	for (size_t i = 0; i < r->n_keep_out; i++)
		m->keep_out[msg->n_keep_out++] = mutable(r->keep_out[i]);
	msg->keep_out = m->keep_out;
	draft_wish(&m->wish, &r->choice);
	msg->keep = m->wish.labels;
	msg->n_keep = m->wish.n_labels;
	msg->keep_words = m->wish.words;
	msg->n_keep_words = m->wish.n_words;
	msg->lookup = wire_bytes(keys->lookup, sizeof(keys->lookup));
	msg->recipient = wire_bytes(keys->recipient, sizeof(keys->recipient));
	msg->n_attachments = (uint32_t)(r->n_attachments * (r->keep_original ? 2 : 1));
}

int
report_fits(struct client *c, struct report *r)
{
	static const struct receipt_keys none;
	struct message m;
	size_t len;

	message_fill(&m, r, &none);
	len = protobuf_c_message_get_packed_size(&m.msg.base);
	if (len <= WIRE_BODY_MAX)
		return 0;
	return client_fail(c, EX_DATAERR,
	    "the report is %zu bytes too long in all: shorten what happened or give fewer "
	    "addresses, or attach the rest as a file. Nothing was filed",
	    len - WIRE_BODY_MAX);
}

static int
send_report(struct client *c, struct link *l, struct filing *f)
{
	ProtobufCMessage *answer;
	struct message m;
	int e;

	message_fill(&m, f->r, &f->keys);
	f->sent = true;
	e = link_call(l, &c->scratch, MSG_REPORT, &m.msg.base, MSG_FILED, &answer);
	if (e == 0)
		f->filed = *(const Candor__Filed *)answer;
	return e;
}

static int
send_attachments(struct client *c, struct link *l, const struct report *r)
{
	unsigned n = 0;
	int e;

	for (size_t i = 0; i < r->n_attachments; i++) {
		if ((e = attachment_send(c, l, n++, r->attachments[i])) != 0 ||
		    (r->keep_original &&
			(e = attachment_send_original(c, l, n++, r->attachments[i])) != 0))
			return e;
	}
	return 0;
}

static int
file_attempt(struct client *c, void *arg)
{
	arena_mark_t mark = arena_mark(&c->arena), step = arena_mark(&c->scratch);
	struct filing *f = arg;
	struct link *l = NULL;
	struct guide g;
	int e;

	/* The directory may have changed since the first question. */
	if ((e = link_open_intake(c, &l)) == 0 && (e = guide_fetch(c, l, &g)) == 0)
		e = report_check(c, f->r, &g);
	if (e == 0)
		e = send_attachments(c, l, f->r);
	if (e == 0)
		e = send_report(c, l, f);
	link_close(l);
	arena_release(&c->scratch, step);
	arena_release(&c->arena, mark);
	return e;
}

int
report_file(struct client *c, struct report *r, unsigned tries, Candor__Filed *filed, bool *sent)
{
	struct filing *f = arena_alloc(&c->arena, sizeof(*f));
	int e;

	if (f == NULL)
		return client_fail_memory(c);
	f->r = r;
	if (receipt_derive(&f->keys, r->receipt, c->site.site_id) < 0)
		return client_fail(c, EX_OSERR,
		    "%u MiB of memory are needed for a moment and are not to be had: close "
		    "something and try again",
		    RECEIPT_ARGON2_BYTES / 1024 / 1024);
	e = link_retry(c, tries, file_attempt, f);
	*filed = f->filed;
	*sent = f->sent;
	sodium_memzero(f, sizeof(*f));
	return e;
}

/* ---- JSON ------------------------------------------------------------------------------------- */

/* The members of the object. TEXT: const char *; LIST: size_t n and const char *[most]. */
enum member_type { TEXT, LIST, OTHER };

/* clang-format off */
static const struct member {
	const char *name;
	enum member_type type;
	size_t offset, n_offset;
	size_t max; /* bytes of each text */
	size_t most;
} members[] = {
	{ "kind",          OTHER, 0, 0, 0, 0 },
	{ "category",      TEXT,  offsetof(struct report, category),  0, CATEGORY_ID_MAX, 1 },
	{ "site",          TEXT,  offsetof(struct report, site),      0, 64, 1 },
	{ "place",         TEXT,  offsetof(struct report, place),     0, DRAFT_PLACE_MAX, 1 },
	{ "platform",      TEXT,  offsetof(struct report, platform),  0, DRAFT_PLATFORM_MAX, 1 },
	{ "narrative",     TEXT,  offsetof(struct report, narrative), 0, WIRE_TEXT_MAX, 1 },
	{ "seen_on",       OTHER, 0, 0, 0, 0 },
	{ "urls",          LIST,  offsetof(struct report, urls),
	  offsetof(struct report, n_urls), DRAFT_URL_MAX, DRAFT_URLS_MAX },
	{ "keep_out",      LIST,  offsetof(struct report, keep_out),
	  offsetof(struct report, n_keep_out), 4 * OFFICER_NAME_MAX, DIRECTORY_OFFICERS_MAX },
	{ "attachments",   LIST,  offsetof(struct report, attachments),
	  offsetof(struct report, n_attachments), 4096, ATTACHMENTS_MAX },
	{ "keep",          OTHER, 0, 0, 0, 0 },
	{ "keep_words",    OTHER, 0, 0, 0, 0 },
	{ "keep_original", OTHER, 0, 0, 0, 0 },
	{ "receipt",       OTHER, 0, 0, 0, 0 },
};
/* clang-format on */

static int
read_text(struct client *c, const char **out, const json_t *value, const char *name, size_t max)
{
	if (!json_is_string(value))
		return client_fail(c, EX_DATAERR, "\"%s\" must be a text", name);
	if (json_string_length(value) > max)
		return client_fail(c, EX_DATAERR,
		    "\"%s\" is %zu bytes long, %zu are allowed: shorten it%s", name,
		    json_string_length(value), max,
		    max == WIRE_TEXT_MAX ? ", or attach the rest as a text file" : "");
	*out = json_string_value(value);
	return 0;
}

static int
read_list(struct client *c, const struct member *m, struct report *r, const json_t *value)
{
	const char **out = (const char **)(void *)((char *)r + m->offset);
	size_t *n = (size_t *)(void *)((char *)r + m->n_offset);
	int e;

	if (!json_is_array(value))
		return client_fail(c, EX_DATAERR, "\"%s\" must be a list of texts", m->name);
	if (json_array_size(value) > m->most)
		return client_fail(c, EX_DATAERR, "\"%s\" has %zu entries, %zu are allowed",
		    m->name, json_array_size(value), m->most);
	for (*n = 0; *n < json_array_size(value); (*n)++) {
		char name[64];

		snprintf(name, sizeof(name), "%s[%zu]", m->name, *n);
		if ((e = read_text(c, &out[*n], json_array_get(value, *n), name, m->max)) != 0)
			return e;
	}
	return 0;
}

static int
read_member(struct client *c, struct report *r, const char *name, const json_t *value)
{
	const char *names[NELEM(members)], *near;

	for (size_t i = 0; i < NELEM(members); i++) {
		const struct member *m = &members[i];

		names[i] = m->name;
		if (strcmp(m->name, name) != 0)
			continue;
		if (json_is_null(value) || m->type == OTHER)
			return 0;
		if (m->type == LIST)
			return read_list(c, m, r, value);
		return read_text(
		    c, (const char **)(void *)((char *)r + m->offset), value, name, m->max);
	}
	near = verb_nearest(name, names, NELEM(names));
	return client_fail(c, EX_DATAERR,
	    "there is no field \"%.40s\"%s%s%s; `candor report --help` "
	    "lists them",
	    name, near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
	    near != NULL ? "\"?" : "");
}

static int
read_keep(struct client *c, struct report *r, const json_t *value)
{
	if (value == NULL || json_is_null(value))
		return 0;
	if (!json_is_array(value))
		return client_fail(c, EX_DATAERR, "\"keep\" must be a list of labels");
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *name = json_string_value(json_array_get(value, i));
		enum strip_label label;

		if (name == NULL || strip_label_parse(&label, name) < 0)
			return client_fail(c, EX_DATAERR,
			    "keep[%zu] is no label: they are the ones that \"removed\" and `candor "
			    "strip "
			    "--jsonl` show, such as \"reporter-role\"",
			    i);
		r->choice.keep |= 1u << label;
	}
	return 0;
}

static int
read_keep_words(struct client *c, struct draft_words *words, const json_t *value)
{
	if (value == NULL || json_is_null(value))
		return 0;
	if (!json_is_array(value) || json_array_size(value) > NELEM(words->v))
		return client_fail(c, EX_DATAERR,
		    "\"keep_words\" must be a list of at most %zu texts", NELEM(words->v));
	for (words->n = 0; words->n < json_array_size(value); words->n++) {
		const json_t *text = json_array_get(value, words->n);
		size_t len = json_string_length(text);

		if (len == 0 || len > STRIP_KEEP_WORD_BYTES)
			return client_fail(c, EX_DATAERR,
			    "keep_words[%zu] must be words that stand in the text, of at most %d "
			    "bytes",
			    words->n, STRIP_KEEP_WORD_BYTES);
		memcpy(words->v[words->n], json_string_value(text), len + 1);
	}
	return 0;
}

/* The members that are not plain text or lists of it. */
static int
read_others(struct client *c, struct report *r, const json_t *root)
{
	const json_t *kind = json_object_get(root, "kind"), *day = json_object_get(root, "seen_on");
	const json_t *receipt = json_object_get(root, "receipt");
	const json_t *original = json_object_get(root, "keep_original");
	const char *text;
	unsigned word, n;
	int e;

	text = json_string_value(kind);
	if (text != NULL && strcmp(text, "question") == 0)
		r->kind = REPORT_QUESTION;
	else if (kind != NULL && !json_is_null(kind) &&
		 (text == NULL || strcmp(text, "incident") != 0))
		return client_fail(c, EX_DATAERR, "\"kind\" must be \"incident\" or \"question\"");
	text = json_string_value(day);
	if (day != NULL && !json_is_null(day) &&
	    (text == NULL || day_parse(&r->seen_on, text, strlen(text)) < 0))
		return client_fail(c, EX_DATAERR,
		    "\"seen_on\" must be a day that exists, as \"2026-11-22\"; leave it out when "
		    "you do "
		    "not know");
	if (original != NULL && !json_is_null(original) && !json_is_boolean(original))
		return client_fail(c, EX_DATAERR,
		    "\"keep_original\" must be true (the untouched files are sealed to the escrow "
		    "as "
		    "well) or false");
	r->keep_original = json_is_true(original);
	text = json_string_value(receipt);
	if (receipt != NULL && !json_is_null(receipt) &&
	    (text == NULL || receipt_parse(r->receipt, text, strlen(text), &word, &n) < 0))
		return client_fail(c, EX_DATAERR,
		    "\"receipt\" must be the seven words of a report that was not acknowledged; "
		    "leave "
		    "it out to file a new one");
	if ((e = read_keep(c, r, json_object_get(root, "keep"))) != 0)
		return e;
	return read_keep_words(c, &r->choice.keep_words, json_object_get(root, "keep_words"));
}

static int
read_report(struct client *c, struct report *r, json_t *root)
{
	const char *name;
	json_t *value;
	int e;

	json_object_foreach(
	    root, name, value) if ((e = read_member(c, r, name, value)) != 0) return e;
	if ((e = read_others(c, r, root)) != 0)
		return e;
	if (r->category == NULL || *r->category == '\0')
		return client_fail(
		    c, EX_DATAERR, "\"category\" is missing: `candor guide --json` lists the ids");
	if (r->narrative == NULL || *r->narrative == '\0')
		return client_fail(c, EX_DATAERR, "\"narrative\" is missing: say what happened");
	return 0;
}

/* Strip all fields and look at the attachments; what went is added to removed, what they are to kinds. */
static int
prepare(struct client *c, struct report *r, const struct guide *g, json_t *removed, json_t *kinds)
{
	int e;

	draft_tell_not_keepable(r->choice.keep, g->not_keepable);
	r->choice.keep &= ~g->not_keepable;
	report_fields(r);
	for (size_t i = 0; i < r->n_fields; i++) {
		if ((e = draft_strip(c, &r->fields[i], &r->choice, g->not_keepable)) != 0)
			return e;
		draft_removed(removed, r->fields[i].name, &r->fields[i].result, 0);
	}
	for (size_t i = 0; g->directory != NULL && i < g->directory->n_officers; i++)
		if (report_mentions(r, &g->directory->officers[i]))
			fprintf(stderr,
			    "candor: the report names %s; who must not learn of it belongs in "
			    "\"keep_out\"\n",
			    g->directory->officers[i].name);
	if (r->fields[2].result.text.len == 0)
		return client_fail(c, EX_DATAERR,
		    "nothing of \"narrative\" remains once it no longer says who wrote it: say "
		    "what "
		    "happened");
	for (size_t i = 0; i < r->n_attachments; i++) {
		struct attachment is;
		char name[40];

		snprintf(name, sizeof(name), "attachments[%zu]", i);
		if ((e = attachment_check(c, &is, r->attachments[i], name, removed)) != 0)
			return e;
		json_array_append_new(
		    kinds, json_pack("{s:s,s:I}", "type", is.type, "bytes", (json_int_t)is.bytes));
	}
	return report_fits(c, r);
}

static int
file_json(struct client *c, struct report *r, json_t *removed, json_t *kinds)
{
	Candor__Filed filed;
	bool sent;
	int e;

	if (r->receipt[0] == '\0')
		receipt_new(r->receipt);
	e = report_file(c, r, FILE_TRIES, &filed, &sent);
	if (e == 0)
		return cjson_print(
		    c, json_pack("{s:s,s:O,s:O,s:o,s:o}", "receipt", r->receipt, "removed", removed,
			   "attachments", kinds, "acknowledge_by", cjson_day(filed.acknowledge_by),
			   "feedback_by", cjson_day(filed.feedback_by)));
	if (!link_may_retry(e))
		return e;
	/* Only who may have filed it needs the receipt: the same one again is the same report. */
	if (sent && cjson_print(c, json_pack("{s:s,s:n}", "receipt", r->receipt, "filed")) != 0)
		return EX_IOERR;
	return client_fail(c, EX_TEMPFAIL,
	    sent ? "the service took the report and never acknowledged it: it may be filed or not. "
		   "The "
		   "receipt is on standard output: send the same again with it as \"receipt\", "
		   "which "
		   "cannot file it twice, or look with `candor follow`"
		 : "the service could not be reached, and nothing was acknowledged: nothing was "
		   "filed. "
		   "Try again later");
}

static int
report_json(struct client *c, struct report *r, const char *path)
{
	json_t *root, *removed, *kinds;
	struct guide g;
	int e;

	if ((e = site_load(c)) != 0 || (e = cjson_read(c, &root, path, JSON_MAX)) != 0)
		return e;
	if ((removed = json_array()) == NULL || (kinds = json_array()) == NULL)
		return client_fail_memory(c);
	if ((e = read_report(c, r, root)) == 0 && (e = guide_look(c, &g)) == 0 &&
	    (e = report_check(c, r, &g)) == 0 && (e = prepare(c, r, &g, removed, kinds)) == 0)
		e = file_json(c, r, removed, kinds);
	json_decref(kinds);
	json_decref(removed);
	json_decref(root);
	return e;
}

int
verb_report(struct client *c, int argc, char **argv)
{
	struct report *r;
	struct guide g;
	int e;

	if ((e = verb_options(c, "report [--json FILE|-]", NULL, 0, &argc, argv, c->json ? 1 : 0,
		 c->json ? 1 : 0)) != 0)
		return e;
	if ((r = arena_alloc(&c->arena, sizeof(*r))) == NULL)
		return client_fail_memory(c);
	if (c->json)
		return report_json(c, r, argv[1]);
	if (!c->interactive)
		return client_fail(c, EX_USAGE,
		    "a report is written on a terminal; for a program there is `candor report "
		    "--json "
		    "FILE` or `--json -` (see `candor report --help`)");
	term_quiet(c);
	if ((e = guide_look(c, &g)) != 0)
		return e;
	return report_dialogue(c, &g, r);
}
