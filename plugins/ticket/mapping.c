/* SPDX-License-Identifier: ISC */
/* Mapping files: see mapping.h. Pure but for mapping_read(). */
#include "ticket/mapping.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/settings.h"

#define TEMPLATE_MAX 8192
#define NUMBER_MARK ":number}"

#define X(name, must) #name,
const char *const step_names[STEP__N] = { STEPS(X) };
#undef X
#define X(name) #name,
const char *const own_names[OWN__N] = { OWN_NAMES(X) };
#undef X
#define X(name, must) must,
static const bool step_must[STEP__N] = { STEPS(X) };
#undef X

/* ---- tables -------------------------------------------------------------------------------------- */

enum type { TEXT_KEY, POINTER_KEY, TEMPLATE_KEY, TEXTS_KEY, GROUP_KEY, BODY_KEY };

struct key {
	const char *name;
	enum type type;
	size_t offset;
	size_t count; /* TEXTS_KEY: where their number goes */
	size_t max;
};

#define TEXTS(field, most)                                                                         \
	TEXTS_KEY, offsetof(struct mapping, field), offsetof(struct mapping, n_##field), most
#define OF(field) offsetof(struct request, field)
#define M(name) (1u << KEY_##name)
#define S(name) (1u << OWN_##name)

/* clang-format off */
static const struct key file_keys[] = {
	{ "system",     TEXT_KEY, offsetof(struct mapping, system), 0, 0 },
	{ "link",       TEMPLATE_KEY, offsetof(struct mapping, link), 0, 0 },
	{ "parameters", TEXTS(parameters, PARAMETERS_MAX) },
	{ "headers",    TEXTS(headers, HEADERS_MAX) },
	{ "sentences",  TEXTS(sentences, SENTENCES_MAX) },
	{ "gone",       TEXTS(gone, GONE_MAX) },
	/* These are read by functions of their own. */
	{ "owners",     GROUP_KEY, 0, 0, 0 },
	{ "statuses",   GROUP_KEY, 0, 0, 0 },
#define X(name, must) { #name, GROUP_KEY, 0, 0, 0 },
	STEPS(X)
#undef X
};

enum { KEY_method, KEY_path, KEY_query, KEY_body, KEY_items, KEY_where, KEY_is, KEY_has, KEY_id, KEY_status,
	KEY_owner, KEY_says };

static const struct key step_keys[] = {
	[KEY_method] = { "method", TEXT_KEY,     OF(method), 0, 0 },
	[KEY_path]   = { "path",   TEMPLATE_KEY, OF(path), 0, 0 },
	[KEY_query]  = { "query",  GROUP_KEY,    OF(query), 0, 0 },
	[KEY_body]   = { "body",   BODY_KEY,     OF(body), 0, 0 },
	[KEY_items]  = { "items",  POINTER_KEY,  OF(items), 0, 0 },
	[KEY_where]  = { "where",  POINTER_KEY,  OF(where), 0, 0 },
	[KEY_is]     = { "is",     TEMPLATE_KEY, OF(is), 0, 0 },
	[KEY_has]    = { "has",    TEMPLATE_KEY, OF(has), 0, 0 },
	[KEY_id]     = { "id",     POINTER_KEY,  OF(id), 0, 0 },
	[KEY_status] = { "status", POINTER_KEY,  OF(status), 0, 0 },
	[KEY_owner]  = { "owner",  POINTER_KEY,  OF(owner), 0, 0 },
	[KEY_says]   = { "says",   POINTER_KEY,  OF(says), 0, 0 },
};

#define ASK (M(method) | M(path) | M(query) | M(body))
#define PICK (M(items) | M(where) | M(is) | M(has))

/* Which keys a step may have, which it must, and which names of our own its templates know. */
static const struct {
	unsigned may, must, names;
} steps[STEP__N] = {
	[STEP_login]   = { ASK | M(says), M(path), 0 },
	[STEP_find]    = { ASK | PICK | M(id), M(path) | M(items) | M(where) | M(id), 0 },
	[STEP_create]  = { ASK | M(id), M(path) | M(body) | M(id), S(text) | S(mark) },
	[STEP_read]    = { ASK | M(id) | M(status) | M(owner), M(path) | M(status), S(id) },
	[STEP_seen]    = { ASK | PICK, M(path) | M(items), S(id) | S(mark) },
	[STEP_comment] = { ASK, M(path) | M(body), S(id) | S(text) | S(mark) },
	[STEP_choose]  = { ASK | PICK | M(id), M(path) | M(items) | M(where) | M(id), S(id) | S(status) },
	[STEP_status]  = { ASK, M(path) | M(body), S(id) | S(status) | S(choice) },
	[STEP_owner]   = { ASK, M(path) | M(body), S(id) | S(owner) },
};

static const char *const states[] = { "new", "acknowledged", "triaged", "investigating", "awaiting-reporter",
	"resolved", "closed", "reopened" };
static const char *const methods[] = { "GET", "POST", "PUT", "PATCH" };
/* clang-format on */

/* ---- complaints ---------------------------------------------------------------------------------- */

struct reader {
	struct mapping *m;
	char *why;
	size_t cap;
};

static int complain(struct reader *r, const config_setting_t *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int
complain(struct reader *r, const config_setting_t *at, const char *fmt, ...)
{
	char what[800];
	const char *file = config_setting_source_file(at);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return settings_fail(r->why, r->cap, "mapping_file: %s:%u: %s",
	    file != NULL ? file : r->m->path, config_setting_source_line(at), what);
}

/* The names of keys whose bit is in mask, with commas. */
static void
list_keys(struct text *out, const struct key *keys, size_t n, unsigned mask)
{
	for (size_t i = 0; i < n; i++) {
		if ((mask & 1u << i) == 0)
			continue;
		text_adds(out, out->len > 0 ? ", " : "");
		text_adds(out, keys[i].name);
	}
}

/* ---- reading ------------------------------------------------------------------------------------- */

static bool
one_of(const char *const *list, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], text) == 0)
			return true;
	return false;
}

/* Is the text one that templates of a step may hold, given the names of our own that it knows? */
static int
check_text(struct reader *r, const config_setting_t *at, const char *text, unsigned names)
{
	struct candor_kv own[OWN__N + PARAMETERS_MAX];
	struct values v = { .own = own };
	char what[600], copy[TEMPLATE_MAX], *mark;

	for (size_t i = 0; i < OWN__N; i++)
		if (names & 1u << i)
			own[v.n_own++] = (struct candor_kv){ own_names[i], NULL };
	for (size_t i = 0; i < r->m->n_parameters; i++)
		own[v.n_own++] = (struct candor_kv){ r->m->parameters[i], NULL };
	if (strlen(text) >= sizeof(copy))
		return complain(r, at, "the text is longer than %d bytes", TEMPLATE_MAX - 1);
	strcpy(copy, text);
	/* "%{name:number}", alone in its text: a number of JSON. */
	if (strncmp(copy, "%{", 2) == 0 && (mark = strstr(copy, NUMBER_MARK)) != NULL &&
	    mark[sizeof(NUMBER_MARK) - 1] == '\0')
		strcpy(mark, "}");
	if (template_check(config_setting_name(at) != NULL ? config_setting_name(at) : "the text",
		copy, "\n\t", &v, what, sizeof(what)) < 0)
		return complain(r, at, "%s", what);
	return 0;
}

/* All texts of a body or query, however deep. */
static int
check_body(struct reader *r, const config_setting_t *at, unsigned names)
{
	if (config_setting_type(at) == CONFIG_TYPE_STRING)
		return check_text(r, at, config_setting_get_string(at), names);
	for (int i = 0; config_setting_is_aggregate(at) && i < config_setting_length(at); i++)
		if (check_body(r, config_setting_get_elem(at, (unsigned)i), names) < 0)
			return -1;
	return 0;
}

static int
read_texts(struct reader *r, const config_setting_t *at, const struct key *key, void *into)
{
	const char **list = (const char **)(void *)((char *)into + key->offset);
	size_t *n = (size_t *)(void *)((char *)into + key->count);
	int length = config_setting_is_aggregate(at) ? config_setting_length(at) : 0;

	if (length < 1 || config_setting_is_group(at) || (size_t)length > key->max)
		return complain(r, at,
		    "%s must be a list of 1 to %zu texts, such as [\"…\", \"…\"]", key->name,
		    key->max);
	for (int i = 0; i < length; i++) {
		const char *text = config_setting_get_string_elem(at, i);

		if (text == NULL || text_has_control(text, ""))
			return complain(r, at, "%s must hold texts of one line", key->name);
		list[(*n)++] = text;
	}
	return 0;
}

static int
read_key(
    struct reader *r, const config_setting_t *at, const struct key *key, void *into, unsigned names)
{
	void *to = (char *)into + key->offset;
	const char *text =
	    config_setting_type(at) == CONFIG_TYPE_STRING ? config_setting_get_string(at) : NULL;

	if (key->type == TEXTS_KEY)
		return read_texts(r, at, key, into);
	if (key->type == BODY_KEY || key->type == GROUP_KEY) {
		if (!config_setting_is_group(at))
			return complain(
			    r, at, "%s must be a group: { name = value; … }", key->name);
		memcpy(to, &at, sizeof(at));
		return check_body(r, at, names);
	}
	if (text == NULL)
		return complain(r, at, "%s must be a text, in quotation marks", key->name);
	if (key->type == POINTER_KEY && *text != '\0' && *text != '/')
		return complain(r, at,
		    "%s = \"%.60s\" must be a JSON pointer, such as /ticket/id; \"\" is the whole",
		    key->name, text);
	if (key->type == TEXT_KEY && text_has_control(text, ""))
		return complain(r, at, "%s holds a control character", key->name);
	memcpy(to, &text, sizeof(text));
	return key->type == TEMPLATE_KEY ? check_text(r, at, text, names) : 0;
}

static int
read_step(struct reader *r, const config_setting_t *group, enum step id)
{
	struct request *to = &r->m->steps[id];
	const char *step = step_names[id];
	char list[200];
	struct text names = TEXT(list);
	unsigned have = 0;

	if (!config_setting_is_group(group))
		return complain(r, group, "%s must be a group: { path = \"…\"; … }", step);
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *at = config_setting_get_elem(group, (unsigned)i);
		size_t k = 0;

		while (
		    k < NELEM(step_keys) && strcmp(step_keys[k].name, config_setting_name(at)) != 0)
			k++;
		if (k == NELEM(step_keys) || (steps[id].may & 1u << k) == 0) {
			list_keys(&names, step_keys, NELEM(step_keys), steps[id].may);
			return complain(r, at, "%s.%s is unknown; allowed are %s", step,
			    config_setting_name(at), list);
		}
		if (read_key(r, at, &step_keys[k], to, steps[id].names) < 0)
			return -1;
		have |= 1u << k;
	}
	if ((have & steps[id].must) != steps[id].must) {
		list_keys(&names, step_keys, NELEM(step_keys), steps[id].must & ~have);
		return complain(r, group, "%s lacks %s", step, list);
	}
	if (to->where != NULL && (to->is == NULL) == (to->has == NULL))
		return complain(r, group, "%s.where needs one of is and has", step);
	if (to->where == NULL && (to->is != NULL || to->has != NULL))
		return complain(
		    r, group, "%s.is and has need where: a JSON pointer to a text", step);
	if (to->path[0] != '/')
		return complain(
		    r, group, "%s.path must begin with a /: it follows the setting url", step);
	if (to->method == NULL)
		to->method = to->body != NULL ? "POST" : "GET";
	if (!one_of(methods, NELEM(methods), to->method))
		return complain(r, group, "%s.method must be GET, POST, PUT or PATCH", step);
	return 0;
}

static int
read_statuses(struct reader *r, const config_setting_t *group)
{
	struct mapping *m = r->m;

	if (!config_setting_is_group(group))
		return complain(r, group, "statuses must be a group: { new = \"…\"; … }");
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *at = config_setting_get_elem(group, (unsigned)i);
		struct status *to = &m->statuses[m->n_statuses++];

		to->state = config_setting_name(at);
		if (!one_of(states, NELEM(states), to->state))
			return complain(r, at, "statuses.%s is no state of a case", to->state);
		to->reads = to->set = config_setting_type(at) == CONFIG_TYPE_STRING
					  ? config_setting_get_string(at)
					  : NULL;
		if (config_setting_is_group(at) &&
		    (!config_setting_lookup_string(at, "reads", &to->reads) ||
			!config_setting_lookup_string(at, "set", &to->set)))
			to->reads = NULL;
		if (to->reads == NULL || *to->reads == '\0' || text_has_control(to->reads, "") ||
		    text_has_control(to->set, ""))
			return complain(r, at,
			    "statuses.%s must be a text, or { reads = \"…\"; set = \"…\"; } where "
			    "what is read and what is set differ",
			    to->state);
	}
	for (size_t i = 0; i < NELEM(states); i++)
		if (mapping_status(m, states[i]) == NULL)
			return complain(r, group, "statuses lacks %s", states[i]);
	return 0;
}

/* Names that nothing else has, for settings of ticket.conf. */
static int
check_parameters(struct reader *r, const config_setting_t *at)
{
	static const char *const taken[] = { "mapping_file", "token_file", "ca_file", "timeout_s",
		"settle_s", "owners" };
	struct mapping *m = r->m;

	for (size_t i = 0; i < m->n_parameters; i++) {
		const char *name = m->parameters[i], *field;
		size_t len = strlen(name);
		bool bad;

		if (len > 1 && len <= PARAMETER_MAX && name[len - 1] == '?') {
			m->optional[i] = true;
			memcpy(m->names[i], name, len - 1);
			m->parameters[i] = name = m->names[i];
		}
		bad = *name == '\0' || strlen(name) > PARAMETER_MAX ||
		      strspn(name, "abcdefghijklmnopqrstuvwxyz_") != strlen(name) ||
		      one_of(taken, NELEM(taken), name) ||
		      one_of(own_names, NELEM(own_names), name) || one_of(m->parameters, i, name);

		for (size_t k = 0; (field = field_name(k)) != NULL; k++)
			bad = bad || strcmp(field, name) == 0;
		if (bad)
			return complain(r, at,
			    "parameters has \"%.40s\": each must be 1 to 31 of a-z and _, and no "
			    "name "
			    "that has a meaning already",
			    name);
	}
	return 0;
}

static int
read_all(struct reader *r, const config_setting_t *root)
{
	struct mapping *m = r->m;
	const config_setting_t *at;
	char list[400];
	struct text names = TEXT(list);

	for (int i = 0; i < config_setting_length(root); i++) {
		size_t k = 0;

		at = config_setting_get_elem(root, (unsigned)i);
		while (
		    k < NELEM(file_keys) && strcmp(file_keys[k].name, config_setting_name(at)) != 0)
			k++;
		if (k == NELEM(file_keys)) {
			list_keys(&names, file_keys, NELEM(file_keys), ~0u);
			return complain(
			    r, at, "%s is unknown; allowed are %s", config_setting_name(at), list);
		}
	}
	/* Parameters first: the templates of all others know them. */
	for (size_t pass = 0; pass < 2; pass++) {
		for (size_t k = 0; k < NELEM(file_keys); k++) {
			bool first = strcmp(file_keys[k].name, "parameters") == 0;

			at = config_setting_get_member(root, file_keys[k].name);
			if (at == NULL || file_keys[k].type == GROUP_KEY || first != (pass == 0))
				continue;
			if (read_key(r, at, &file_keys[k], m, S(id) | S(url)) < 0 ||
			    (first && check_parameters(r, at) < 0))
				return -1;
		}
	}
	for (size_t i = 0; i < m->n_headers; i++) {
		at = config_setting_get_member(root, "headers");
		if (strstr(m->headers[i], ": ") == NULL)
			return complain(r, at,
			    "headers has \"%.40s\": each must be \"Name: value\"", m->headers[i]);
		if (check_text(r, at, m->headers[i], S(token) | S(username) | S(basic)) < 0)
			return -1;
	}
	for (size_t i = 0; i < m->n_sentences; i++)
		if (m->sentences[i][0] != '/' && m->sentences[i][0] != '\0')
			return complain(r, config_setting_get_member(root, "sentences"),
			    "sentences has \"%.40s\": each must be a JSON pointer, such as "
			    "/message",
			    m->sentences[i]);
	for (size_t i = 0; i < STEP__N; i++) {
		at = config_setting_get_member(root, step_names[i]);
		if (at != NULL && read_step(r, at, (enum step)i) < 0)
			return -1;
		if (at == NULL && step_must[i])
			return complain(r, root, "%s is missing", step_names[i]);
	}
	if (m->system == NULL || m->link == NULL)
		return complain(r, root, "%s is missing", m->system == NULL ? "system" : "link");
	if ((at = config_setting_get_member(root, "owners")) != NULL) {
		const char *how = config_setting_get_string(at);

		m->owners_by_name = how != NULL && strcmp(how, "by-name") == 0;
		if (!m->owners_by_name && (how == NULL || strcmp(how, "listed") != 0))
			return complain(r, at,
			    "owners must be \"by-name\" (the part of an address before the @) or "
			    "\"listed\" (only who stands in the setting owners)");
	}
	if ((at = config_setting_get_member(root, "statuses")) == NULL)
		return complain(r, root, "statuses is missing");
	return read_statuses(r, at);
}

int
mapping_read(struct mapping *m, const char *path, char *why, size_t cap)
{
	struct reader r = { m, why, cap };
	char *text;

	memset(m, 0, sizeof(*m));
	if ((text = settings_file("mapping_file", path, NULL, why, cap)) == NULL)
		return -1;
	free(text); /* readable, and not too large */
	if ((m->path = strdup(path)) == NULL)
		return settings_fail(why, cap, "out of memory");
	config_init(&m->file);
	if (config_read_file(&m->file, path) != CONFIG_TRUE)
		return settings_fail(why, cap, "mapping_file: %s:%d: %s", path,
		    config_error_line(&m->file), config_error_text(&m->file));
	return read_all(&r, config_root_setting(&m->file));
}

void
mapping_free(struct mapping *m)
{
	if (m->path == NULL)
		return;
	config_destroy(&m->file);
	free(m->path);
	m->path = NULL;
}

/* ---- use ----------------------------------------------------------------------------------------- */

const struct status *
mapping_status(const struct mapping *m, const char *state)
{
	for (size_t i = 0; i < m->n_statuses; i++)
		if (strcmp(m->statuses[i].state, state) == 0)
			return &m->statuses[i];
	return NULL;
}

bool
mapping_url(struct text *out, const struct request *r, const struct values *v)
{
	const char *path = r->path, *between = "?";
	bool whole = true;

	/* Each placeholder by itself: none may be empty. */
	while (*path != '\0') {
		const char *end = strncmp(path, "%{", 2) == 0 ? strchr(path, '}') + 1 : path + 1;
		char piece[64];

		snprintf(piece, sizeof(piece), "%.*s", (int)(end - path), path);
		whole &= template_fill(out, piece, v, end - path > 1 ? text_url : text_adds, false);
		path = end;
	}
	for (int i = 0; r->query != NULL && i < config_setting_length(r->query); i++) {
		const config_setting_t *at = config_setting_get_elem(r->query, (unsigned)i);
		const char *text = config_setting_get_string(at);
		char filled[TEMPLATE_MAX], number[32] = "";
		struct text value = TEXT(filled);

		if (text == NULL)
			snprintf(number, sizeof(number), "%d", config_setting_get_int(at));
		if (!template_fill(&value, text != NULL ? text : number, v, text_adds, false))
			continue;
		text_adds(out, between);
		text_url(out, config_setting_name(at));
		text_adds(out, "=");
		text_url(out, filled);
		between = "&";
	}
	return whole;
}

/* A text of a body. False: it is to be left out. */
static bool
add_string(struct text *out, const char *text, const struct values *v)
{
	char filled[TEMPLATE_MAX], copy[64], *mark;
	struct text value = TEXT(filled);
	bool number = false;

	snprintf(copy, sizeof(copy), "%s", text);
	if (strncmp(copy, "%{", 2) == 0 && (mark = strstr(copy, NUMBER_MARK)) != NULL &&
	    mark[sizeof(NUMBER_MARK) - 1] == '\0') {
		strcpy(mark, "}");
		text = copy;
		number = true;
	}
	if (!template_fill(&value, text, v, text_adds, false))
		return false;
	number = number && filled[0] != '0' && strlen(filled) < 16 &&
		 strspn(filled, "0123456789") == strlen(filled);
	if (number)
		text_adds(out, filled);
	else
		text_json(out, filled);
	out->full |= value.full;
	return true;
}

static bool
add_value(struct text *out, const config_setting_t *at, const struct values *v)
{
	char number[64];

	switch (config_setting_type(at)) {
	case CONFIG_TYPE_STRING:
		return add_string(out, config_setting_get_string(at), v);
	case CONFIG_TYPE_BOOL:
		text_adds(out, config_setting_get_bool(at) ? "true" : "false");
		return true;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		snprintf(number, sizeof(number), "%lld", config_setting_get_int64(at));
		text_adds(out, number);
		return true;
	case CONFIG_TYPE_FLOAT:
		snprintf(number, sizeof(number), "%.15g", config_setting_get_float(at));
		text_adds(out, number);
		return true;
	default:
		mapping_body(out, at, v);
		return true;
	}
}

void
mapping_body(struct text *out, const config_setting_t *body, const struct values *v)
{
	bool group = config_setting_is_group(body), any = false;

	text_adds(out, group ? "{" : "[");
	for (int i = 0; i < config_setting_length(body); i++) {
		const config_setting_t *at = config_setting_get_elem(body, (unsigned)i);
		size_t before = out->len;

		text_adds(out, any ? "," : "");
		if (group) {
			text_json(out, config_setting_name(at));
			text_adds(out, ":");
		}
		if (add_value(out, at, v))
			any = true;
		else
			out->p[out->len = before] = '\0';
	}
	text_adds(out, group ? "}" : "]");
}
