/* SPDX-License-Identifier: ISC */
/*
 * ticket: keeps one ticket for each case in a ticket system that speaks JSON over HTTP: Request Tracker,
 * Redmine, Jira, GitLab and others, each by a mapping file (ticket/mapping.h). A plugin, in a host process
 * of its own.
 *
 * It must never make a second ticket for a case: it looks for one by the case's number before it makes one.
 * It must never believe that a change took because the answer was 200: it reads the ticket again. What
 * it sends holds no word of a report, since an event holds none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <jansson.h>

#include "candor/plugin.h"

#include "common/fields.h"
#include "common/http.h"
#include "common/settings.h"
#include "ticket/mapping.h"

#define URL_MAX 4096
#define BODY_MAX (64u << 10)
#define HEADER_MAX 1024
#define ID_MAX 64
#define TEXT_MAX 2048
#define SENTENCE_MAX 200
#define SETTLE_S 5
#define FIXED_SETTINGS 8

struct conf {
	const char *url, *mapping_file, *token_file, *username, *ca_file, *owners, *timeout_s,
	    *settle_s;
	const char *parameters[PARAMETERS_MAX];
	unsigned timeout_number, settle_number;
};

struct ticket {
	struct mapping mapping;
	struct http *http;
	char *url, *ca, *owners, *parameters[PARAMETERS_MAX];
	char headers[HEADERS_MAX + 2][HEADER_MAX]; /* with the token in them */
	const char *header_list[HEADERS_MAX + 2];
	size_t n_headers;
	unsigned settle_s;
	bool settled; /* nothing that an earlier process asked for can still be under way */
	char body[BODY_MAX];
};

/* ---- settings ------------------------------------------------------------------------------------ */

static bool
owners_ok(const char *list)
{
	for (const char *s = list; *s != '\0'; s += *s == ',') {
		size_t len = strcspn(s, ","), mail = strcspn(s, "=,");

		if (mail == 0 || mail + 1 >= len || memchr(s, '@', mail) == NULL)
			return false;
		s += len;
	}
	return !text_has_control(list, "");
}

/* What check() and open() both must know. The mapping is to be freed in any case. */
static int
parse(
    struct conf *c, struct mapping *m, const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	struct setting known[FIXED_SETTINGS + PARAMETERS_MAX] = { { "url", &c->url },
		{ "mapping_file", &c->mapping_file }, { "token_file", &c->token_file },
		{ "username", &c->username }, { "ca_file", &c->ca_file }, { "owners", &c->owners },
		{ "timeout_s", &c->timeout_s }, { "settle_s", &c->settle_s } };
	size_t n_known = FIXED_SETTINGS;

	*c = (struct conf){ .timeout_number = HTTP_TIMEOUT_S, .settle_number = SETTLE_S };
	memset(m, 0, sizeof(*m));
	/* Which settings there are stands in the mapping. */
	for (size_t i = 0; i < n; i++)
		if (strcmp(kv[i].name, "mapping_file") == 0)
			c->mapping_file = kv[i].value;
	if (c->mapping_file == NULL)
		return settings_fail(why, cap,
		    "mapping_file must be given: the file that says how the ticket system is "
		    "spoken to, such as plugins.d/ticket/rt5.conf");
	if (mapping_read(m, c->mapping_file, why, cap) < 0)
		return -1;
	for (size_t i = 0; i < m->n_parameters; i++)
		known[n_known++] = (struct setting){ m->parameters[i], &c->parameters[i] };
	if (settings_read(known, n_known, kv, n, why, cap) < 0)
		return -1;
	if (c->url == NULL)
		return settings_fail(why, cap, "url must be given: where the ticket system is");
	if (http_check_url("url", c->url, false, why, cap) < 0)
		return -1;
	if (c->token_file == NULL)
		return settings_fail(why, cap,
		    "token_file must be given: a file with one line, the token or password");
	if (c->username != NULL && (*c->username == '\0' || text_has_control(c->username, "")))
		return settings_fail(why, cap, "username is empty or holds a control character");
	if (c->owners != NULL && !owners_ok(c->owners))
		return settings_fail(why, cap,
		    "owners must be a list such as [\"dana@hospital.example=dana\"]: an officer's "
		    "address "
		    "and who that is in the ticket system");
	for (size_t i = 0; i < m->n_parameters; i++) {
		const char *value = c->parameters[i];

		if (value == NULL && !m->optional[i])
			return settings_fail(why, cap, "%s must be given: %s needs it",
			    m->parameters[i], c->mapping_file);
		if (value != NULL && (*value == '\0' || text_has_control(value, "")))
			return settings_fail(
			    why, cap, "%s is empty or holds a control character", m->parameters[i]);
	}
	if (settings_number(&c->timeout_number, "timeout_s", c->timeout_s, 1, 600,
		", and below the plugin's deadline", why, cap) < 0)
		return -1;
	return settings_number(&c->settle_number, "settle_s", c->settle_s, 0, 60, "", why, cap);
}

static int
ticket_check(const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	struct mapping m;
	struct conf c;
	int r = parse(&c, &m, kv, n, why, cap);

	mapping_free(&m);
	return r;
}

/* ---- life ---------------------------------------------------------------------------------------- */

static void
ticket_close(void *state)
{
	struct ticket *t = state;

	if (t == NULL)
		return;
	http_free(t->http);
	mapping_free(&t->mapping);
	free(t->url);
	free(t->ca);
	free(t->owners);
	for (size_t i = 0; i < PARAMETERS_MAX; i++)
		free(t->parameters[i]);
	explicit_bzero(t, sizeof(*t));
	free(t);
}

static int
make_headers(struct ticket *t, const struct conf *c, char *why, size_t cap)
{
	static const char *const always[] = { "Content-Type: application/json",
		"Accept: application/json" };
	char *token =
	    settings_secret("token_file", "the token or password", c->token_file, why, cap);
	char pair[HEADER_MAX], digits[2 * HEADER_MAX];
	struct text user = TEXT(pair), basic = TEXT(digits);
	struct candor_kv own[3 + PARAMETERS_MAX] = { { "token", token },
		{ "username", c->username }, { "basic", digits } };
	struct values v = { .own = own, .n_own = 3 };
	int r = 0;

	if (token == NULL)
		return -1;
	text_adds(&user, c->username != NULL ? c->username : "");
	text_adds(&user, ":");
	text_adds(&user, token);
	text_base64(&basic, user.p, user.len, SIZE_MAX);
	for (size_t i = 0; i < t->mapping.n_parameters; i++)
		own[v.n_own++] = (struct candor_kv){ t->mapping.parameters[i], c->parameters[i] };
	for (size_t i = 0; i < t->mapping.n_headers + NELEM(always); i++) {
		struct text line = TEXT(t->headers[i]);

		if (i < NELEM(always))
			text_adds(&line, always[i]);
		else
			template_fill(
			    &line, t->mapping.headers[i - NELEM(always)], &v, text_adds, false);
		if (line.full || user.full || basic.full)
			r = settings_fail(why, cap, "token_file: the token is longer than %d bytes",
			    HEADER_MAX / 2);
		t->header_list[t->n_headers++] = t->headers[i];
	}
	explicit_bzero(pair, sizeof(pair));
	explicit_bzero(digits, sizeof(digits));
	text_wipe(token);
	return r;
}

static int
ticket_open(void **state, const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	struct ticket *t = calloc(1, sizeof(*t));
	struct conf c;
	size_t ca_len = 0, len;

	if (t == NULL)
		return settings_fail(why, cap, "out of memory");
	if (parse(&c, &t->mapping, kv, n, why, cap) < 0 || make_headers(t, &c, why, cap) < 0 ||
	    (c.ca_file != NULL && (t->ca = settings_ca(c.ca_file, &ca_len, why, cap)) == NULL) ||
	    (t->http = http_new(t->ca, ca_len, c.timeout_number, HTTP_ANSWER_MAX, why, cap)) ==
		NULL)
		goto out;
	settings_fail(why, cap, "out of memory");
	for (size_t i = 0; i < t->mapping.n_parameters; i++)
		if (!settings_copy(&t->parameters[i], c.parameters[i]))
			goto out;
	if (!settings_copy(&t->url, c.url) || !settings_copy(&t->owners, c.owners))
		goto out;
	for (len = strlen(t->url); len > 0 && t->url[len - 1] == '/'; len--)
		t->url[len - 1] = '\0';
	t->settle_s = c.settle_number;
	json_object_seed(0); /* now: behind the walls there is no /dev/urandom */
	*state = t;
	return 0;
out:
	ticket_close(t);
	return -1;
}

/* ---- JSON ---------------------------------------------------------------------------------------- */

/* RFC 6901; NULL: there is nothing. Not the caller's to free. */
static json_t *
at(json_t *root, const char *pointer)
{
	while (root != NULL && *pointer == '/') {
		char token[128];
		size_t n = 0;

		for (pointer++; *pointer != '\0' && *pointer != '/' && n + 1 < sizeof(token);
		     pointer++) {
			if (*pointer == '~' && (pointer[1] == '0' || pointer[1] == '1'))
				token[n++] = *++pointer == '0' ? '~' : '/';
			else
				token[n++] = *pointer;
		}
		token[n] = '\0';
		if (json_is_array(root))
			root = n > 0 && n < 9 && strspn(token, "0123456789") == n
				   ? json_array_get(root, strtoul(token, NULL, 10))
				   : NULL;
		else
			root = json_object_get(root, token);
	}
	return root;
}

/* A text, number or truth as text; "" for anything else. */
static const char *
scalar(char *out, size_t cap, const json_t *j)
{
	out[0] = '\0';
	if (json_is_string(j))
		snprintf(out, cap, "%s", json_string_value(j));
	else if (json_is_integer(j))
		snprintf(out, cap, "%lld", (long long)json_integer_value(j));
	else if (json_is_boolean(j))
		snprintf(out, cap, "%s", json_is_true(j) ? "true" : "false");
	return out;
}

/* All texts in it, with "; " between, as long as they fit; members of objects under their names. */
static void
gather(struct text *out, const char *name, json_t *j, int depth)
{
	if (json_is_string(j) && *json_string_value(j) != '\0') {
		text_adds(out, out->len > 0 ? "; " : "");
		text_adds(out, name);
		text_adds(out, *name != '\0' ? ": " : "");
		text_adds(out, json_string_value(j));
	}
	if (depth > 2)
		return;
	for (size_t i = 0; i < json_array_size(j); i++)
		gather(out, name, json_array_get(j, i), depth + 1);
	for (void *i = json_object_iter(j); i != NULL; i = json_object_iter_next(j, i))
		gather(out, json_object_iter_key(i), json_object_iter_value(i), depth + 1);
}

/* ---- one request --------------------------------------------------------------------------------- */

/* One event on its way. */
struct job {
	struct ticket *t;
	const struct candor_event *e;
	struct candor_answer *answer;
	char id[ID_MAX + 1], choice[ID_MAX + 1], mark[CANDOR_KEY_CHARS + 16], text[TEXT_MAX];
	char owner[256];
	const char *status; /* to set */
	bool passed;        /* a later event of the same digest says how the case stands */
	/* Of the last request. */
	json_t *json;
	unsigned code;
	char said[SENTENCE_MAX]; /* ": " and the server's own words, or nothing */
};

static struct values
values_of(const struct job *j, struct candor_kv own[OWN__N + PARAMETERS_MAX])
{
	const char *const mine[OWN__N] = { [OWN_id] = j->id,
		[OWN_status] = j->status,
		[OWN_owner] = j->owner,
		[OWN_choice] = j->choice,
		[OWN_text] = j->text,
		[OWN_mark] = j->mark,
		[OWN_url] = j->t->url };
	struct values v = { j->e, own, 0 };

	for (size_t i = 0; i < OWN__N; i++)
		own[v.n_own++] = (struct candor_kv){ own_names[i], mine[i] };
	for (size_t i = 0; i < j->t->mapping.n_parameters; i++)
		own[v.n_own++] =
		    (struct candor_kv){ j->t->mapping.parameters[i], j->t->parameters[i] };
	return v;
}

/* What the server says went wrong: where the mapping knows its sentences to stand, else its first words. */
static void
hear(struct job *j, const struct http_answer *a)
{
	const struct mapping *m = &j->t->mapping;
	char words[SENTENCE_MAX - 2];
	struct text said = TEXT(words);

	for (size_t i = 0; i < m->n_sentences && said.len == 0; i++)
		gather(&said, "", at(j->json, m->sentences[i]), 0);
	if (said.len == 0)
		http_excerpt(&said, a);
	snprintf(j->said, sizeof(j->said), "%s%s", said.len > 0 ? ": " : "", words);
}

/*
 * Ask the server one thing. DELIVERED: it agreed; j->json is what it said, maybe NULL. Otherwise the answer to
 * dispatch says why.
 */
static enum candor_result
ask(struct job *j, enum step step)
{
	struct ticket *t = j->t;
	const struct request *r = &t->mapping.steps[step];
	struct candor_kv own[OWN__N + PARAMETERS_MAX];
	struct values v = values_of(j, own);
	char address[URL_MAX];
	struct text url = TEXT(address), body = { .p = t->body, .cap = sizeof(t->body) };
	struct http_request q = { r->method, address, t->header_list, t->n_headers, NULL, 0 };
	struct http_answer a;
	json_error_t fault;

	json_decref(j->json);
	j->json = NULL;
	j->said[0] = '\0';
	text_adds(&url, t->url);
	t->body[0] = '\0';
	if (r->body != NULL) {
		mapping_body(&body, r->body, &v);
		q.body = body.p;
		q.body_len = body.len;
	}
	if (!mapping_url(&url, r, &v) || url.full || body.full) {
		answer_say(j->answer, "the request %s of mapping_file is %s with this event",
		    step_names[step],
		    url.full || body.full ? "too long" : "without a value in its path");
		return CANDOR_REFUSED;
	}
	j->code = 0;
	if (!http_ask(t->http, &q, &a)) {
		answer_say(j->answer, "%s: %s", step_names[step], a.error);
		return CANDOR_RETRY;
	}
	j->code = a.status;
	if (!a.cut)
		j->json = json_loadb(a.body, a.len, JSON_DECODE_ANY, &fault);
	hear(j, &a);
	if (http_judge(a.status) == CANDOR_DELIVERED)
		return CANDOR_DELIVERED;
	j->answer->retry_after_s = a.retry_after_s;
	if (a.status == 401 || a.status == 403) {
		/* An administrator mends that: it is not the event's fault. */
		answer_say(j->answer, "%s does not allow %s with what token_file holds (%u)%s",
		    t->mapping.system, step_names[step], a.status, j->said);
		return CANDOR_RETRY;
	}
	answer_say(j->answer, "%s answers %u to %s%s%s", t->mapping.system, a.status,
	    step_names[step],
	    a.status >= 300 && a.status < 400
		? " and points elsewhere: url must be the last address"
		: "",
	    j->said);
	return http_judge(a.status);
}

/* The server agreed and said nothing that can be used. */
static enum candor_result
nonsense(struct job *j, enum step step, const char *what)
{
	answer_say(j->answer, "%s answers %u to %s without %s%s", j->t->mapping.system, j->code,
	    step_names[step], what, j->said);
	return CANDOR_RETRY;
}

/* Take an id of an answer. False: it is none that could stand in a path. */
static bool
take_id(char out[ID_MAX + 1], const json_t *from)
{
	char text[ID_MAX + 2];
	size_t len = strlen(scalar(text, sizeof(text), from));

	if (len < 1 || len > ID_MAX ||
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") != len)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

/* Is this item of an answer the one that is looked for? */
static bool
fits(const struct job *j, const struct request *r, json_t *item)
{
	struct candor_kv own[OWN__N + PARAMETERS_MAX];
	struct values v = values_of(j, own);
	char wanted[512], text[512];
	struct text filled = TEXT(wanted);
	json_t *there = at(item, r->where != NULL ? r->where : "");
	char *whole = NULL;
	bool fit;

	if (r->where == NULL)
		return true;
	template_fill(&filled, r->is != NULL ? r->is : r->has, &v, text_adds, false);
	if (filled.len == 0 || filled.full)
		return false;
	if (r->is != NULL)
		return strcmp(scalar(text, sizeof(text), there), wanted) == 0;
	if (json_is_string(there))
		return strstr(json_string_value(there), wanted) != NULL;
	whole = json_dumps(there, JSON_ENCODE_ANY | JSON_COMPACT);
	fit = whole != NULL && strstr(whole, wanted) != NULL;
	free(whole);
	return fit;
}

/* The first item that fits; NULL: none. *list: were there items at all, as the mapping says? */
static json_t *
pick(const struct job *j, enum step step, bool *list)
{
	const struct request *r = &j->t->mapping.steps[step];
	json_t *items = at(j->json, r->items);

	*list = json_is_array(items);
	for (size_t i = 0; i < json_array_size(items); i++)
		if (fits(j, r, json_array_get(items, i)))
			return json_array_get(items, i);
	return NULL;
}

/* ---- the ticket of a case ------------------------------------------------------------------------ */

static void
refer(struct job *j)
{
	struct candor_kv own[OWN__N + PARAMETERS_MAX];
	struct values v = values_of(j, own);
	struct text out = { .p = j->answer->reference, .cap = sizeof(j->answer->reference) };

	text_adds(&out, j->id);
	text_adds(&out, " ");
	template_fill(&out, j->t->mapping.link, &v, text_adds, false);
}

/* Our reference of earlier, if it is one of this ticket system: "ID URL". */
static bool
recall(struct job *j)
{
	const char *earlier = j->e->reference;
	size_t len = strcspn(earlier, " ");
	bool same;

	if (len < 1 || len > ID_MAX)
		return false;
	memcpy(j->id, earlier, len);
	j->id[len] = '\0';
	refer(j);
	same = strcmp(j->answer->reference, earlier) == 0;
	if (!same)
		j->id[0] = j->answer->reference[0] = '\0';
	return same;
}

static enum candor_result
find(struct job *j, bool *found)
{
	const struct request *r = &j->t->mapping.steps[STEP_find];
	enum candor_result result = ask(j, STEP_find);
	bool list;
	json_t *item;

	*found = false;
	if (result != CANDOR_DELIVERED)
		return result;
	item = pick(j, STEP_find, &list);
	if (!list)
		return nonsense(j, STEP_find, r->items);
	if (item != NULL && !take_id(j->id, at(item, r->id)))
		return nonsense(j, STEP_find, r->id);
	*found = item != NULL;
	return CANDOR_DELIVERED;
}

/*
 * The case's ticket into j->id. *made: it was made just now.
 *
 * What a process asked for before it was killed may still be under way in the server: the first time that
 * nothing is found, look again after a while.
 */
static enum candor_result
locate(struct job *j, bool *made)
{
	struct ticket *t = j->t;
	enum candor_result result;
	bool found = recall(j);

	*made = false;
	if (found)
		return CANDOR_DELIVERED;
	if ((result = find(j, &found)) != CANDOR_DELIVERED || found)
		return result;
	if (!t->settled && t->settle_s > 0) {
		long half = http_left_ms(t->http) / 2, ms = (long)t->settle_s * 1000;
		struct timespec pause;

		ms = ms < half ? ms : half;
		pause = (struct timespec){ ms / 1000, ms % 1000 * 1000000 };
		nanosleep(&pause, NULL);
		if ((result = find(j, &found)) != CANDOR_DELIVERED)
			return result;
	}
	t->settled = true;
	if (found)
		return CANDOR_DELIVERED;
	if ((result = ask(j, STEP_create)) != CANDOR_DELIVERED)
		return result;
	if (!take_id(j->id, at(j->json, t->mapping.steps[STEP_create].id)))
		return nonsense(j, STEP_create, t->mapping.steps[STEP_create].id);
	*made = true;
	return CANDOR_DELIVERED;
}

struct now {
	char status[128], owner[256];
};

/* How the ticket stands; follows one that was merged into another. */
static enum candor_result
look(struct job *j, struct now *now)
{
	const struct mapping *m = &j->t->mapping;
	const struct request *r = &m->steps[STEP_read];
	enum candor_result result = ask(j, STEP_read);

	if (j->code == 404 || j->code == 410) {
		answer_say(j->answer,
		    "ticket %s is not there any more: it was deleted or moved in %s (%u %s). "
		    "Restore it "
		    "there, then: candor admin delivery retry",
		    j->id, m->system, j->code, j->said);
		return CANDOR_REFUSED;
	}
	if (result != CANDOR_DELIVERED)
		return result;
	if (r->id != NULL && !take_id(j->id, at(j->json, r->id)))
		return nonsense(j, STEP_read, r->id);
	scalar(now->status, sizeof(now->status), at(j->json, r->status));
	scalar(now->owner, sizeof(now->owner), r->owner != NULL ? at(j->json, r->owner) : NULL);
	if (now->status[0] == '\0')
		return nonsense(j, STEP_read, r->status);
	for (size_t i = 0; i < m->n_gone; i++) {
		if (strcmp(m->gone[i], now->status) == 0) {
			answer_say(j->answer,
			    "ticket %s was deleted in %s (its status is %s). Restore it there, "
			    "then: "
			    "candor admin delivery retry",
			    j->id, m->system, now->status);
			return CANDOR_REFUSED;
		}
	}
	return CANDOR_DELIVERED;
}

/* ---- changes ------------------------------------------------------------------------------------- */

/* A value that the ticket should have, and what became of it. */
struct change {
	enum step step;
	const char *want; /* as it reads; NULL: leave it as it is */
	const char *have;
	bool asked;
	char said[SENTENCE_MAX];
};

/* Ask for it. What the server refuses is judged once the ticket was read again: other changes go on. */
static enum candor_result
change(struct job *j, struct change *c)
{
	const struct request *choose = &j->t->mapping.steps[STEP_choose];
	enum candor_result result;
	bool list;

	if (c->want == NULL || strcmp(c->want, c->have) == 0)
		return CANDOR_DELIVERED;
	if (c->step == STEP_status && choose->path != NULL) {
		json_t *item;

		if ((result = ask(j, STEP_choose)) != CANDOR_DELIVERED)
			return result;
		item = pick(j, STEP_choose, &list);
		if (!list || (item != NULL && !take_id(j->choice, at(item, choose->id))))
			return nonsense(j, STEP_choose, list ? choose->id : choose->items);
		if (item == NULL) {
			c->asked = true;
			snprintf(c->said, sizeof(c->said), ": nothing that it offers leads there");
			return CANDOR_DELIVERED;
		}
	}
	result = ask(j, c->step);
	c->asked = true;
	snprintf(c->said, sizeof(c->said), "%s", j->said);
	return result == CANDOR_RETRY ? CANDOR_RETRY : CANDOR_DELIVERED;
}

static enum candor_result
add_comment(struct job *j)
{
	enum candor_result result;
	bool list;

	if (j->t->mapping.steps[STEP_seen].path != NULL) {
		if ((result = ask(j, STEP_seen)) != CANDOR_DELIVERED)
			return result;
		if (pick(j, STEP_seen, &list) != NULL)
			return CANDOR_DELIVERED;
		if (!list)
			return nonsense(j, STEP_seen, j->t->mapping.steps[STEP_seen].items);
	}
	return ask(j, STEP_comment);
}

/* Who the case's officer is over there, into j->owner; "" when that is not known or nobody has it. */
static void
find_owner(struct job *j)
{
	const char *mail =
	    CANDOR_EVENT_HAS(j->e, assignee) && j->e->assignee != NULL ? j->e->assignee : "";
	const char *list = j->t->owners != NULL ? j->t->owners : "";
	size_t len = strlen(mail);

	j->owner[0] = '\0';
	if (len == 0)
		return;
	for (const char *s = list; *s != '\0'; s += strcspn(s, ","), s += *s == ',') {
		if (strncasecmp(s, mail, len) == 0 && s[len] == '=') {
			s += len + 1;
			snprintf(j->owner, sizeof(j->owner), "%.*s", (int)strcspn(s, ","), s);
			return;
		}
	}
	if (j->t->mapping.owners_by_name)
		snprintf(j->owner, sizeof(j->owner), "%.*s", (int)strcspn(mail, "@"), mail);
}

/* Bring the ticket to where the case is. */
static enum candor_result
bring(struct job *j, struct now *now, bool made)
{
	const struct mapping *m = &j->t->mapping;
	const struct status *s = mapping_status(m, j->e->state);
	bool ends = strcmp(j->e->state, "resolved") == 0 || strcmp(j->e->state, "closed") == 0;
	bool tells = !made && strcmp(j->e->kind, "filed") != 0;
	struct change owner = { .step = STEP_owner, .have = now->owner };
	struct change status = { .step = STEP_status, .have = now->status };
	struct change *const changes[] = { &status, &owner };
	enum candor_result result = CANDOR_DELIVERED, told = CANDOR_DELIVERED;

	find_owner(j);
	if (j->owner[0] != '\0' && m->steps[STEP_owner].path != NULL &&
	    m->steps[STEP_read].owner != NULL)
		owner.want = j->owner;
	/* A ticket that is there already has seen more than that its case was filed. */
	if (s != NULL && !j->passed && (made || strcmp(j->e->kind, "filed") != 0))
		status.want = s->reads;
	j->status = s != NULL ? s->set : NULL;
	/* Many systems let nobody touch what is closed: open it first, close it last. */
	if (!ends)
		result = change(j, &status);
	if (result == CANDOR_DELIVERED)
		result = change(j, &owner);
	if (result == CANDOR_DELIVERED && tells)
		told = add_comment(j);
	if (result == CANDOR_DELIVERED && told != CANDOR_RETRY && ends)
		result = change(j, &status);
	if (result != CANDOR_DELIVERED)
		return result;
	if (told != CANDOR_DELIVERED || (!status.asked && !owner.asked))
		return told;
	if ((result = look(j, now)) != CANDOR_DELIVERED)
		return result;
	for (size_t i = 0; i < NELEM(changes); i++) {
		const struct change *c = changes[i];

		if (c->asked && strcmp(c->want, c->have) != 0) {
			answer_say(j->answer, "%s left the %s of ticket %s at \"%s\", not \"%s\"%s",
			    m->system, step_names[c->step], j->id, c->have, c->want, c->said);
			return CANDOR_REFUSED;
		}
	}
	return CANDOR_DELIVERED;
}

/* ---- delivery ------------------------------------------------------------------------------------ */

static enum candor_result
deliver_one(struct job *j)
{
	const struct values v = { .event = j->e };
	struct text text = TEXT(j->text);
	enum candor_result result;
	struct now now;
	bool made;

	template_fill(&text, kind_sentence(j->e->kind), &v, text_adds, true);
	text_adds(&text, "\n\n");
	template_fill(&text, event_facts, &v, text_adds, true);
	if ((result = locate(j, &made)) == CANDOR_DELIVERED &&
	    (result = look(j, &now)) == CANDOR_DELIVERED)
		result = bring(j, &now, made);
	if (j->id[0] != '\0')
		refer(j);
	return result;
}

/* No case and nothing to be done: a ticket is no place for it. */
static enum candor_result
refuse_audit(struct job *j)
{
	snprintf(j->answer->error, sizeof(j->answer->error),
	    "a head of the audit log is nothing for a ticket: take audit out of events");
	return CANDOR_REFUSED;
}

/*
 * A plugin that delivers nothing any more gets a ticket too, one a day however often it is tried: under
 * the name and the day in place of a case's number.
 */
static enum candor_result
deliver_alarm(struct job *j)
{
	const struct candor_event *given = j->e;
	struct candor_event e = *given;
	const char *plugin = CANDOR_EVENT_HAS(&e, plugin) ? e.plugin : "";
	enum candor_result result;
	char number[96];

	snprintf(number, sizeof(number), "alarm-%.40s-%.10s", plugin, e.on);
	e.number = number;
	e.category = "notifications";
	e.severity = "high";
	j->e = &e;
	result = deliver_one(j);
	j->e = given;
	return result;
}

/* Is the credential good? Nothing is made. */
static enum candor_result
deliver_test(struct job *j)
{
	const struct mapping *m = &j->t->mapping;
	const struct request *r = &m->steps[STEP_login];
	enum candor_result result = ask(j, STEP_login);
	char says[128] = "";

	if (result != CANDOR_DELIVERED)
		return result;
	if (r->says != NULL && scalar(says, sizeof(says), at(j->json, r->says))[0] == '\0')
		return nonsense(j, STEP_login, r->says);
	snprintf(j->answer->reference, sizeof(j->answer->reference), "%.80s lets us in%s%s",
	    m->system, says[0] != '\0' ? ": " : "", says);
	return CANDOR_DELIVERED;
}

static enum candor_result
ticket_deliver(void *state, const struct candor_event *e, struct candor_answer *answer)
{
	struct ticket *t = state;
	bool digest = strcmp(e->kind, "digest") == 0;
	size_t n = digest ? (CANDOR_EVENT_HAS(e, n_items) ? e->n_items : 0) : 1;
	enum candor_result result = CANDOR_DELIVERED;

	if (!event_sound(e, answer->error, sizeof(answer->error)))
		return CANDOR_REFUSED;
	http_begin(t->http);
	/* Of a digest, each event by itself; the first that fails is tried again, with those before it. */
	for (size_t i = 0; i < n && result == CANDOR_DELIVERED; i++) {
		struct job j = { .t = t, .e = digest ? &e->items[i] : e, .answer = answer };

		for (size_t k = i + 1; k < n && !j.passed; k++)
			j.passed = strcmp(e->items[k].number, j.e->number) == 0;
		snprintf(j.mark, sizeof(j.mark), digest ? "%s-%zu" : "%s", e->key, i);
		result = strcmp(e->kind, "test") == 0    ? deliver_test(&j)
			 : strcmp(e->kind, "alarm") == 0 ? deliver_alarm(&j)
			 : strcmp(e->kind, "audit") == 0 ? refuse_audit(&j)
							 : deliver_one(&j);
		json_decref(j.json);
	}
	if (digest)
		answer->reference[0] = '\0'; /* it is of no single case */
	return result;
}

CANDOR_PLUGIN_EXPORT const struct candor_plugin candor_plugin = {
	.abi = CANDOR_PLUGIN_ABI,
	.size = sizeof(struct candor_plugin),
	.name = "ticket",
	.version = CANDOR_VERSION,
	.check = ticket_check,
	.open = ticket_open,
	.deliver = ticket_deliver,
	.close = ticket_close,
};
