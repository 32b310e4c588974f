/* SPDX-License-Identifier: ISC */
/*
 * `candor admin …`: who is proposed for the directory, plugins and what they delivered, health. Runs in
 * the client. An administrator never sees a report: nothing here opens one.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "admin.h"
#include "directory_diff.h"
#include "json.h"
#include "officer.h"
#include "term.h"
#include "verb.h"

/* ---- officers ------------------------------------------------------------------------------- */

/*
 * The directory to change: what is proposed already, if it follows on the signed one, else the signed
 * one; with room for one more officer, its version one above the signed one's.
 */
static int
begin_proposal(struct officer_session *s, struct directory **out)
{
	const Candor__Directory *got = s->got;
	struct client *c = s->c;
	struct directory *base = NULL, *d;
	struct officer *officers;
	const char *why;
	unsigned line;

	if (s->directory == NULL)
		return client_fail(c, EX_DATAERR, "there is no signed directory to build on");
	if (got->proposal.len > 0 && directory_parse(&c->arena, &base, got->proposal.data,
					 got->proposal.len, &line, &why) != 0)
		base = NULL;
	if (base == NULL || base->version != s->directory->version + 1 ||
	    memcmp(base->site_id, c->site.site_id, SITE_ID_BYTES) != 0)
		base = s->directory;
	else
		fputs("There is a proposal that nobody signed yet: this adds to it.\n", stderr);
	d = arena_copy(&c->arena, base, sizeof(*base));
	officers = arena_alloc(&c->arena, (base->n_officers + 1) * sizeof(*officers));
	if (d == NULL || officers == NULL)
		return client_fail_memory(c);
	memcpy(officers, base->officers, base->n_officers * sizeof(*officers));
	d->officers = officers;
	d->version = s->directory->version + 1;
	*out = d;
	return 0;
}

static size_t
count_role(const struct directory *d, enum officer_role role)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_officers; i++)
		n += d->officers[i].role == role;
	return n;
}

/* Hand in a proposal, after showing what it changes. */
static int
put_proposal(struct officer_session *s, const struct directory *d)
{
	Candor__DirectoryText put = CANDOR__DIRECTORY_TEXT__INIT;
	struct client *c = s->c;
	FILE *f = c->json ? stderr : stdout;
	struct span text;
	int e;

	if (count_role(d, ROLE_ADMIN) == 0)
		return client_fail(c, EX_DATAERR,
		    "nobody would be left with the role admin: propose another administrator "
		    "first");
	if ((e = directory_format(&c->arena, &text, d)) != 0)
		return e == CANDOR_ENOMEM
			   ? client_fail_memory(c)
			   : client_fail(c, EX_DATAERR,
				 e == CANDOR_ETOOBIG
				     ? "the directory would be too large: it holds 128 officers"
				     : "the directory would not be valid: two persons of one name "
				       "or "
				       "key, or a category that is not made of a-z, 0-9 and -");
	fprintf(f, "Proposed as version %" PRIu64 ":\n", d->version);
	directory_diff(f, s->directory, d);
	fputs("It does not count before the charter holder signs it (candor directory sign): read "
	      "new\n"
	      "fingerprints to each other by telephone before.\n",
	    f);
	fflush(f);
	put.text = wire_bytes(text.p, text.len);
	return officer_do(s, MSG_DIRECTORY_PUT, &put.base);
}

/* The line of `candor key show`, the first of standard input that is not blank. */
static int
read_key_line(struct client *c, struct officer_public *out)
{
	static const char wanted[] =
	    "the key line of the new officer (what `candor key show` prints) "
	    "must be on standard input";
	struct span text;
	int r;

	if (c->interactive)
		r = term_line(c, &c->arena, &text, "Key line: ", NULL, KEYS_PUBLIC_MAX);
	else
		r = client_read_fd(c, &c->arena, &text, STDIN_FILENO, "standard input", 4096);
	if (r != 0)
		return r;
	while (text.len > 0 && (*text.p == '\n' || *text.p == '\r' || *text.p == ' ')) {
		text.p++;
		text.len--;
	}
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] == '\n')
			text.len = i;
	if (text.len == 0)
		return client_fail(c, EX_NOINPUT, "%s", wanted);
	if (keys_public_parse(out, (const char *)text.p, text.len) != 0)
		return client_fail(c, EX_DATAERR, "this is no key line: %s", wanted);
	return 0;
}

static bool
category_valid(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= CATEGORY_ID_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* "*", "" or "a,b,c" of what was given; its default is the role's. */
static int
join_categories(
    struct client *c, char **out, const struct verb_strings *given, enum officer_role role)
{
	bool reads = role == ROLE_OFFICER || role == ROLE_LEAD;
	char joined[VERB_STRINGS_MAX * (CATEGORY_ID_MAX + 1) + 1] = "";
	bool all = given->n == 0 && reads;

	if (given->n > 0 && !reads)
		return client_fail(c, EX_USAGE,
		    "the role %s reads no reports: leave --category out", role_name(role));
	for (size_t i = 0; i < given->n; i++) {
		if (strcmp(given->v[i], "*") == 0) {
			all = true;
			continue;
		}
		if (!category_valid(given->v[i]))
			return client_fail(c, EX_USAGE,
			    "\"%s\" is no category: it must be an id of `candor guide`, made of "
			    "a-z, 0-9 "
			    "and -, or \"*\"",
			    given->v[i]);
		sprintf(joined + strlen(joined), "%s%s", *joined != '\0' ? "," : "", given->v[i]);
	}
	*out = officer_string(c, all ? "*" : joined);
	return *out != NULL ? 0 : client_fail_memory(c);
}

/* Fill o from the arguments of `officer propose`. */
static int
describe(struct client *c, struct officer *o, const char *name, const char *role, const char *email,
    const struct verb_strings *categories)
{
	const char *why;

	if (!officer_name_valid(name, &why))
		return client_fail(c, EX_USAGE, "\"%s\" can be nobody's name here: %s", name, why);
	if (role == NULL || role_parse(&o->role, role) != 0)
		return client_fail(c, EX_USAGE,
		    "%s%s%s--role is one of officer, lead, auditor, admin",
		    role != NULL ? "there is no role \"" : "", role != NULL ? role : "",
		    role != NULL ? "\": " : "");
	if (email != NULL && !officer_email_valid(email, &why))
		return client_fail(c, EX_USAGE, "\"%s\" is no e-mail address: %s", email, why);
	snprintf(o->name, sizeof(o->name), "%s", name);
	snprintf(o->email, sizeof(o->email), "%s", email != NULL ? email : "");
	return join_categories(c, &o->categories, categories, o->role);
}

/* A new key for a person is no reason to forget what else is known of them. */
static void
keep_known(struct officer *o, const struct officer *known, bool email_given, bool categories_given)
{
	if (!email_given)
		memcpy(o->email, known->email, sizeof(o->email));
	if (!categories_given && o->role == known->role)
		o->categories = known->categories;
}

/* Replace who has that name, or add; EX_DATAERR when the key is somebody else's. */
static int
enter(struct client *c, struct directory *d, struct officer *o, bool email_given,
    bool categories_given)
{
	struct officer *place = NULL;

	for (size_t i = 0; i < d->n_officers; i++) {
		struct officer *other = &d->officers[i];
		const struct directory alone = { .n_officers = 1, .officers = other };

		if (directory_by_name(&alone, o->name) != NULL)
			place = other;
		else if (memcmp(&other->keys, &o->keys, sizeof(o->keys)) == 0)
			return client_fail(c, EX_DATAERR,
			    "this key is enrolled for %s already: everybody has a key of their own",
			    other->name);
	}
	if (place != NULL) {
		keep_known(o, place, email_given, categories_given);
	} else {
		if (d->n_officers == DIRECTORY_OFFICERS_MAX)
			return client_fail(c, EX_DATAERR,
			    "the directory is full: it holds %d officers", DIRECTORY_OFFICERS_MAX);
		place = &d->officers[d->n_officers++];
	}
	*place = *o;
	return 0;
}

static int
officer_propose(struct officer_session *s, int argc, char **argv)
{
	struct client *c = s->c;
	const char *role = NULL, *email = NULL;
	struct verb_strings categories = { 0 };
	const struct verb_option options[] = {
		{ "--role", .value = &role },
		{ "--email", .value = &email },
		{ "--category", .values = &categories },
	};
	struct officer who = { 0 };
	struct directory *d;
	int r;

	if ((r = verb_options(c,
		 "admin officer propose NAME --role officer|lead|auditor|admin [--email A] "
		 "[--category C]…",
		 options, NELEM(options), &argc, argv, 1, 1)) != 0 ||
	    (r = describe(c, &who, argv[1], role, email, &categories)) != 0 ||
	    (r = read_key_line(c, &who.keys)) != 0 || (r = officer_begin(s)) != 0 ||
	    (r = begin_proposal(s, &d)) != 0 ||
	    (r = enter(c, d, &who, email != NULL, categories.n > 0)) != 0)
		return r;
	return put_proposal(s, d);
}

static int
officer_remove(struct officer_session *s, int argc, char **argv)
{
	struct client *c = s->c;
	const struct officer *o;
	struct directory *d;
	size_t i;
	int r;

	if ((r = verb_options(c, "admin officer remove NAME", NULL, 0, &argc, argv, 1, 1)) != 0 ||
	    (r = officer_begin(s)) != 0 || (r = begin_proposal(s, &d)) != 0)
		return r;
	if ((o = directory_by_name(d, argv[1])) == NULL)
		return officer_find(s, &o, argv[1]) != 0
			   ? EX_DATAERR
			   : client_fail(
				 c, EX_DATAERR, "the removal of %s is proposed already", o->name);
	i = (size_t)(o - d->officers);
	memmove(&d->officers[i], &d->officers[i + 1], (--d->n_officers - i) * sizeof(*o));
	return put_proposal(s, d);
}

static int
admin_officer(struct officer_session *s, int argc, char **argv)
{
	static const struct officer_verb verbs[] = {
		{ "propose", officer_propose },
		{ "remove", officer_remove },
	};

	return officer_run(s, "admin officer", verbs, NELEM(verbs), argc, argv);
}

/* ---- plugins -------------------------------------------------------------------------------- */

/* A request without a body. */
static int
ask(struct officer_session *s, const char *usage, int argc, char **argv, unsigned kind,
    unsigned want, ProtobufCMessage **answer)
{
	Candor__Empty empty = CANDOR__EMPTY__INIT;
	int r;

	if ((r = verb_options(s->c, usage, NULL, 0, &argc, argv, 0, 0)) != 0 ||
	    (r = officer_begin(s)) != 0)
		return r;
	if (want == MSG_DONE)
		return officer_do(s, kind, &empty.base);
	return officer_call(s, &s->c->arena, kind, &empty.base, want, answer);
}

static json_t *
json_of_plugins(Candor__PluginInfo *const *plugins, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		const Candor__PluginInfo *p = plugins[i];

		if (json_array_append_new(list,
			json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:I, s:I, s:I}", "name", p->name,
			    "state", p->state, "version", cjson_or_null(p->version), "last_success",
			    cjson_or_null(p->last_success), "last_error",
			    cjson_or_null(p->last_error), "silent_since",
			    cjson_or_null(p->silent_since), "pending", (json_int_t)p->pending,
			    "waiting", (json_int_t)p->waiting, "failed", (json_int_t)p->failed)) !=
		    0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static void
print_plugins(struct client *c, Candor__PluginInfo *const *plugins, size_t n)
{
	static const struct officer_column columns[] = {
		{ "PLUGIN", 16 },
		{ "STATE", 9 },
		{ "VERSION", 9 },
		{ "LAST SUCCESS", 12 },
		{ "PENDING", 7 },
		{ "WAITING", 7 },
		{ "FAILED", 6 },
		{ "LAST ERROR", 0 },
	};

	if (n == 0) {
		puts("There are no plugins: see plugins.d in the daemon's configuration.");
		return;
	}
	officer_heading(c, columns, NELEM(columns));
	for (size_t i = 0; i < n; i++) {
		const Candor__PluginInfo *p = plugins[i];
		char pending[16], waiting[16], failed[16];

		snprintf(pending, sizeof(pending), "%u", p->pending);
		snprintf(waiting, sizeof(waiting), "%u", p->waiting);
		snprintf(failed, sizeof(failed), "%u", p->failed);
		officer_cell(c, p->name, columns[0].width);
		officer_cell(c, p->state, columns[1].width);
		officer_cell(c, *p->version != '\0' ? p->version : "-", columns[2].width);
		officer_cell(
		    c, *p->last_success != '\0' ? p->last_success : "never", columns[3].width);
		officer_cell(c, pending, columns[4].width);
		officer_cell(c, waiting, columns[5].width);
		officer_cell(c, failed, columns[6].width);
		officer_cell(c, *p->last_error != '\0' ? p->last_error : "-", 0);
		putchar('\n');
	}
}

static int
plugin_list(struct officer_session *s, int argc, char **argv)
{
	const Candor__PluginList *list;
	ProtobufCMessage *answer;
	int r;

	if ((r = ask(s, "admin plugin list", argc, argv, MSG_PLUGIN_LIST, MSG_PLUGINS, &answer)) !=
	    0)
		return r;
	list = (const Candor__PluginList *)answer;
	if (s->c->json)
		return cjson_print(s->c, json_of_plugins(list->plugins, list->n_plugins));
	print_plugins(s->c, list->plugins, list->n_plugins);
	return 0;
}

static json_t *json_of_delivery(const Candor__DeliveryInfo *d);

#define TEST_WAIT_S 60
#define TEST_POLL_NS 200000000

static int64_t
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* Ask for the one delivery that ref names, until it came to an end or wait_s are over. */
static int
await_delivery(struct officer_session *s, Candor__DeliveryRef *ref, uint32_t wait_s,
    const Candor__DeliveryInfo **out)
{
	const struct timespec pause = { 0, TEST_POLL_NS };
	int64_t until = now_s() + wait_s;
	struct client *c = s->c;
	arena_mark_t mark = arena_mark(&c->arena);

	for (;;) {
		const Candor__DeliveryList *page;
		ProtobufCMessage *answer;
		int r = officer_call(
		    s, &c->arena, MSG_DELIVERY_GET, &ref->base, MSG_DELIVERIES_PAGE, &answer);

		if (r != 0)
			return r;
		page = (const Candor__DeliveryList *)answer;
		if (page->n_deliveries != 1)
			return client_fail(c, EX_PROTOCOL, "the service lost track of the test");
		*out = page->deliveries[0];
		if (strcmp((*out)->state, "pending") != 0 || now_s() >= until)
			return 0;
		arena_release(&c->arena, mark);
		nanosleep(&pause, NULL);
	}
}

/* What the other side said to a test, in words and as an exit code. */
static int
judge_test(struct client *c, const char *name, const Candor__DeliveryInfo *d)
{
	bool delivered = strcmp(d->state, "delivered") == 0;

	if (c->json) {
		int r = cjson_print(c, json_of_delivery(d));

		if (r != 0)
			return r;
	} else if (delivered) {
		fputs("delivered", stdout);
		if (*d->reference != '\0') {
			fputs("; the other side calls it ", stdout);
			term_show_str(c, stdout, d->reference);
		}
		putchar('\n');
	}
	if (delivered)
		return 0;
	if (strcmp(d->state, "test-failed") == 0)
		return client_fail(c, EX_UNAVAILABLE, "plugin %s: not delivered: %s", name,
		    *d->last_error != '\0' ? d->last_error : "it does not say why");
	return client_fail(c, EX_TEMPFAIL,
	    "plugin %s did not take the test in time; it goes out as soon as it does: see `candor "
	    "admin plugin list`",
	    name);
}

static int
plugin_test(struct officer_session *s, int argc, char **argv)
{
	Candor__PluginRef plugin = CANDOR__PLUGIN_REF__INIT;
	Candor__DeliveryRef ref = CANDOR__DELIVERY_REF__INIT;
	const char *wait = NULL;
	const struct verb_option options[] = { { "--wait", .value = &wait } };
	const Candor__DeliveryInfo *d;
	ProtobufCMessage *answer;
	uint32_t wait_s = TEST_WAIT_S;
	struct client *c = s->c;
	int r;

	if ((r = verb_options(c, "admin plugin test NAME [--wait SECONDS]", options, NELEM(options),
		 &argc, argv, 1, 1)) != 0 ||
	    (wait != NULL && (r = officer_number(c, &wait_s, wait, 3600, "--wait")) != 0) ||
	    (r = officer_begin(s)) != 0)
		return r;
	if ((plugin.name = officer_string(c, argv[1])) == NULL)
		return client_fail_memory(c);
	if ((r = officer_call(
		 s, &c->arena, MSG_PLUGIN_TEST, &plugin.base, MSG_DELIVERIES_PAGE, &answer)) != 0)
		return r;
	d = ((const Candor__DeliveryList *)answer)->n_deliveries == 1
		? ((const Candor__DeliveryList *)answer)->deliveries[0]
		: NULL;
	if (d == NULL || (ref.id = officer_string(c, d->id)) == NULL)
		return client_fail(c, EX_PROTOCOL, "the service lost track of the test");
	if (!c->json)
		fprintf(stderr, "The test is on its way.\n");
	if ((r = await_delivery(s, &ref, wait_s, &d)) != 0)
		return r;
	return judge_test(c, argv[1], d);
}

static int
admin_plugin(struct officer_session *s, int argc, char **argv)
{
	static const struct officer_verb verbs[] = {
		{ "list", plugin_list },
		{ "test", plugin_test },
	};

	return officer_run(s, "admin plugin", verbs, NELEM(verbs), argc, argv);
}

/* ---- deliveries ----------------------------------------------------------------------------- */

#define DELIVERIES_PAGE 100

static const struct officer_column delivery_columns[] = {
	{ "DELIVERY", 32 },
	{ "PLUGIN", 12 },
	{ "EVENT", 10 },
	{ "STATE", 9 },
	{ "TRIES", 5 },
	{ "NEXT", 20 },
	{ "REFERENCE", 12 },
	{ "LAST ERROR", 0 },
};

static void
print_delivery(struct client *c, const Candor__DeliveryInfo *d)
{
	char attempts[16];
	const char *cells[] = { d->id, d->plugin, d->event, d->state, attempts, d->next_try,
		d->reference, d->last_error };

	snprintf(attempts, sizeof(attempts), "%u", d->attempts);
	for (size_t i = 0; i < NELEM(cells); i++)
		officer_cell(c, *cells[i] != '\0' ? cells[i] : "-", delivery_columns[i].width);
	putchar('\n');
}

static json_t *
json_of_delivery(const Candor__DeliveryInfo *d)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o}", "id", d->id, "plugin",
	    d->plugin, "event", d->event, "state", d->state, "attempts", (json_int_t)d->attempts,
	    "next_try", cjson_or_null(d->next_try), "last_error", cjson_or_null(d->last_error),
	    "reference", cjson_or_null(d->reference), "digest", cjson_or_null(d->digest));
}

/* Page after page; into out (--json), or printed. */
static int
list_deliveries(struct officer_session *s, Candor__DeliveryQuery query, json_t *out)
{
	struct client *c = s->c;
	char after[64];
	bool more = true, any = false;
	int r;

	query.limit = DELIVERIES_PAGE;
	while (more) {
		arena_mark_t mark = arena_mark(&c->arena);
		const Candor__DeliveryList *page;
		ProtobufCMessage *answer;

		if ((r = officer_call(s, &c->arena, MSG_DELIVERY_LIST, &query.base,
			 MSG_DELIVERIES_PAGE, &answer)) != 0)
			return r;
		page = (const Candor__DeliveryList *)answer;
		if (!any && page->n_deliveries > 0 && out == NULL)
			officer_heading(c, delivery_columns, NELEM(delivery_columns));
		for (size_t i = 0; i < page->n_deliveries; i++) {
			if (out == NULL)
				print_delivery(c, page->deliveries[i]);
			else if (json_array_append_new(
				     out, json_of_delivery(page->deliveries[i])) != 0)
				return client_fail_memory(c);
			snprintf(after, sizeof(after), "%s", page->deliveries[i]->id);
			query.after = after;
			any = true;
		}
		more = page->more && page->n_deliveries > 0;
		arena_release(&c->arena, mark);
	}
	if (!any && out == NULL)
		puts(*query.state != '\0'    ? "There is none."
		     : *query.plugin != '\0' ? "Nothing was sent to it yet."
					     : "Nothing was sent yet.");
	return 0;
}

static int
delivery_list(struct officer_session *s, int argc, char **argv)
{
	static char states[][16] = { "failed", "waiting", "orphaned" };
	Candor__DeliveryQuery query = CANDOR__DELIVERY_QUERY__INIT;
	struct client *c = s->c;
	bool chosen[NELEM(states)] = { false };
	const char *plugin = NULL;
	const struct verb_option options[] = {
		{ "--failed", .flag = &chosen[0] },
		{ "--waiting", .flag = &chosen[1] },
		{ "--orphaned", .flag = &chosen[2] },
		{ "--plugin", .value = &plugin },
	};
	json_t *out = NULL;
	int r;

	if ((r = verb_options(c,
		 "admin delivery list [--failed|--waiting|--orphaned] [--plugin NAME]", options,
		 NELEM(options), &argc, argv, 0, 0)) != 0)
		return r;
	for (size_t i = 0; i < NELEM(states); i++) {
		if (chosen[i] && *query.state != '\0')
			return client_fail(c, EX_USAGE,
			    "--failed, --waiting and --orphaned are one at a time: give one of "
			    "them");
		if (chosen[i])
			query.state = states[i];
	}
	if ((r = officer_begin(s)) != 0)
		return r;
	if ((plugin != NULL && (query.plugin = officer_string(c, plugin)) == NULL) ||
	    (c->json && (out = json_array()) == NULL))
		return client_fail_memory(c);
	r = list_deliveries(s, query, out);
	if (r == 0 && out != NULL)
		return cjson_print(c, out);
	json_decref(out);
	return r;
}

/* retry and discard, of one or of all that a plugin has of the kind */
static int
delivery_decide(struct officer_session *s, int argc, char **argv)
{
	bool retry = strcmp(argv[0], "retry") == 0;
	Candor__DeliveryRef ref = CANDOR__DELIVERY_REF__INIT;
	const char *plugin = NULL;
	const struct verb_option options[] = { { "--plugin", .value = &plugin } };
	struct client *c = s->c;
	int r;

	if ((r = verb_options(c,
		 retry ? "admin delivery retry ID|--plugin NAME"
		       : "admin delivery discard ID|--plugin NAME",
		 options, NELEM(options), &argc, argv, 0, 1)) != 0)
		return r;
	if ((argc == 2) == (plugin != NULL))
		return client_fail(c, EX_USAGE,
		    "say which: `candor admin delivery %s ID`, of those that `candor admin "
		    "delivery "
		    "list` has, or --plugin NAME for all that failed there",
		    retry ? "retry" : "discard");
	if (argc == 2 && (*argv[1] == '\0' || strlen(argv[1]) > 40 ||
			     strspn(argv[1], "0123456789abcdefABCDEF") != strlen(argv[1])))
		return client_fail(c, EX_USAGE,
		    "\"%s\" is no delivery: `candor admin delivery list` has their numbers",
		    argv[1]);
	if ((r = officer_begin(s)) != 0)
		return r;
	if ((plugin != NULL && (ref.plugin = officer_string(c, plugin)) == NULL) ||
	    (plugin == NULL && (ref.id = officer_string(c, argv[1])) == NULL))
		return client_fail_memory(c);
	return officer_do(s, retry ? MSG_DELIVERY_RETRY : MSG_DELIVERY_DISCARD, &ref.base);
}

static int
admin_delivery(struct officer_session *s, int argc, char **argv)
{
	static const struct officer_verb verbs[] = {
		{ "list", delivery_list },
		{ "retry", delivery_decide },
		{ "discard", delivery_decide },
	};

	return officer_run(s, "admin delivery", verbs, NELEM(verbs), argc, argv);
}

/* ---- health --------------------------------------------------------------------------------- */

static const char *const level_names[] = { "ok", "warning", "critical" };

static uint32_t
level_of(const Candor__Problem *p)
{
	return p->level < NELEM(level_names) ? p->level : (uint32_t)NELEM(level_names) - 1;
}

static json_t *
json_of_problems(Candor__Problem *const *problems, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(
			list, json_pack("{s:s, s:s}", "level", level_names[level_of(problems[i])],
				  "text", problems[i]->text)) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static int
print_status_json(struct client *c, const Candor__Status *t)
{
	return cjson_print(
	    c, json_pack("{s:s, s:I, s:I, s:o, s:b, s:b, s:o, s:o, s:I, s:o, s:I}", "version",
		   t->version, "directory_version", (json_int_t)t->directory_version, "officers",
		   (json_int_t)t->n_officers, "categories_without_officer",
		   cjson_strings(t->categories_without_officer, t->n_categories_without_officer),
		   "proposal_waits", t->proposal_waits, "immediate", t->immediate, "release_times",
		   cjson_strings(t->release_times, t->n_release_times), "plugins",
		   json_of_plugins(t->plugins, t->n_plugins), "schema_version",
		   (json_int_t)t->schema_version, "problems",
		   json_of_problems(t->problems, t->n_problems), "ending", (json_int_t)t->ending));
}

static void
print_words(struct client *c, char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		term_show_str(c, stdout, words[i]);
		fputs(i + 1 < n ? ", " : "", stdout);
	}
	putchar('\n');
}

static void
print_status(struct client *c, const Candor__Status *t)
{
	const char *red = term_style(c, stdout, TERM_RED),
		   *plain = term_style(c, stdout, TERM_PLAIN);

	fputs("version      ", stdout);
	print_words(c, &(char *){ t->version }, 1);
	printf("database     version %u\n"
	       "directory    version %" PRIu64 ", %u officers%s\n",
	    t->schema_version, t->directory_version, t->n_officers,
	    t->proposal_waits ? "; a proposal waits for the charter holder" : "");
	fputs("release      ", stdout);
	if (t->immediate)
		puts("immediate");
	else
		print_words(c, t->release_times, t->n_release_times);
	if (t->ending > 0)
		printf("retention    %u%s cases are destroyed within %u days\n", t->ending,
		    t->ending == 1000 ? " or more" : "", t->warning_days);
	if (t->n_categories_without_officer > 0) {
		printf("%snobody reads%s ", red, plain);
		print_words(c, t->categories_without_officer, t->n_categories_without_officer);
	}
	for (size_t i = 0; i < t->n_problems; i++) {
		printf("%s%-12s%s ", red, level_names[level_of(t->problems[i])], plain);
		print_words(c, &t->problems[i]->text, 1);
	}
	putchar('\n');
	print_plugins(c, t->plugins, t->n_plugins);
}

static int
admin_status(struct officer_session *s, int argc, char **argv)
{
	ProtobufCMessage *answer;
	int r;

	if ((r = ask(s, "admin status", argc, argv, MSG_STATUS_GET, MSG_STATUS, &answer)) != 0)
		return r;
	if (s->c->json)
		return print_status_json(s->c, (const Candor__Status *)answer);
	print_status(s->c, (const Candor__Status *)answer);
	return 0;
}

/* ---- for monitoring -------------------------------------------------------------------------- */

/* As Nagios and its kin want it: one line, and 0 fine, 1 a warning, 2 critical, 3 cannot tell. */
enum { CHECK_OK, CHECK_WARNING, CHECK_CRITICAL, CHECK_UNKNOWN };

static int
check_failed(struct client *c, int r)
{
	bool away = r == EX_UNAVAILABLE || r == EX_TEMPFAIL || r == EX_PROTOCOL;

	fputs(away ? "CANDOR CRITICAL - " : "CANDOR UNKNOWN - ", stdout);
	for (char *at = c->error; *at != '\0'; at++)
		if (*at == '\n')
			*at = ' ';
	term_show_str(c, stdout, c->error);
	putchar('\n');
	c->error[0] = '\0'; /* said */
	return away ? CHECK_CRITICAL : CHECK_UNKNOWN;
}

static int
admin_check(struct officer_session *s, int argc, char **argv)
{
	static const char *const words[] = { "OK", "WARNING", "CRITICAL" };
	const Candor__Status *t;
	ProtobufCMessage *answer;
	struct client *c = s->c;
	uint32_t level = CHECK_OK;
	int r;

	if ((r = ask(s, "admin check", argc, argv, MSG_STATUS_GET, MSG_STATUS, &answer)) != 0)
		return check_failed(c, r);
	t = (const Candor__Status *)answer;
	for (size_t i = 0; i < t->n_problems; i++)
		if (level_of(t->problems[i]) > level)
			level = level_of(t->problems[i]);
	if (c->json) {
		r = cjson_print(c, json_pack("{s:s, s:o}", "level", level_names[level], "problems",
				       json_of_problems(t->problems, t->n_problems)));
		return r != 0 ? CHECK_UNKNOWN : (int)level;
	}
	printf("CANDOR %s - ", words[level]);
	if (t->n_problems == 0)
		printf("%zu plugin%s, %u officers", t->n_plugins, t->n_plugins == 1 ? "" : "s",
		    t->n_officers);
	for (size_t i = 0; i < t->n_problems; i++) {
		fputs(i > 0 ? "; " : "", stdout);
		term_show_str(c, stdout, t->problems[i]->text);
	}
	putchar('\n');
	return (int)level;
}

static int
admin_reload(struct officer_session *s, int argc, char **argv)
{
	return ask(s, "admin reload", argc, argv, MSG_RELOAD, MSG_DONE, NULL);
}

static int
admin_release(struct officer_session *s, int argc, char **argv)
{
	return ask(s, "admin release", argc, argv, MSG_RELEASE, MSG_DONE, NULL);
}

/* The next escrow. What is sealed already opens with the former one until its readers seal it anew. */
static int
admin_escrow(struct officer_session *s, int argc, char **argv)
{
	struct client *c = s->c;
	uint8_t escrow[AGE_KEY_BYTES];
	struct directory *d;
	int r;

	if ((r = verb_options(c, "admin escrow RECIPIENT", NULL, 0, &argc, argv, 1, 1)) != 0)
		return r;
	if (age_recipient_parse(escrow, argv[1], strlen(argv[1])) < 0)
		return client_fail(c, EX_USAGE,
		    "\"%s\" is no age recipient: it must be the public half (age1…) of an identity "
		    "that age-keygen made",
		    argv[1]);
	if ((r = officer_begin(s)) != 0 || (r = begin_proposal(s, &d)) != 0)
		return r;
	for (size_t i = 0; i < d->n_officers; i++)
		if (memcmp(d->officers[i].keys.age, escrow, sizeof(escrow)) == 0)
			return client_fail(c, EX_DATAERR,
			    "this is the key of %s: the escrow is nobody's own key",
			    d->officers[i].name);
	memcpy(d->escrow, escrow, sizeof(escrow));
	if ((r = put_proposal(s, d)) != 0)
		return r;
	fputs("Once it is signed, have every officer and lead run `candor reseal`, and keep the "
	      "former "
	      "escrow\nuntil then: what they have not sealed anew opens with that one alone.\n",
	    stderr);
	return 0;
}

int
verb_admin(struct client *c, int argc, char **argv)
{
	static const struct officer_verb verbs[] = {
		{ "officer", admin_officer },
		{ "plugin", admin_plugin },
		{ "delivery", admin_delivery },
		{ "reload", admin_reload },
		{ "status", admin_status },
		{ "check", admin_check },
		{ "release", admin_release },
		{ "escrow", admin_escrow },
		{ "verify", admin_verify },
		{ "backup", admin_backup },
	};

	return officer_verb(c, "admin", verbs, NELEM(verbs), argc, argv);
}
