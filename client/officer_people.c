/* SPDX-License-Identifier: ISC */
/*
 * When persons and keys change: `candor hand-over`, `key rotate`, `reseal` and `recover`, which give many cases to
 * other keys; and `candor approve`, the second pair of eyes. Runs in the client. Must never give a case to a
 * key that the charter did not sign, nor let who reads cases use the escrow.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <sodium.h>

#include "json.h"
#include "officer_wrap.h"
#include "private_file.h"
#include "term.h"
#include "verb.h"

/* ---- handing over --------------------------------------------------------------------------- */

/* Those to hand over to. */
static int
find_takers(struct officer_session *s, const struct officer **to, char **names, size_t n)
{
	int r;

	for (size_t i = 0; i < n; i++)
		if ((r = officer_find(s, &to[i], names[i])) != 0 ||
		    (r = officer_check_reads(s->c, to[i])) != 0)
			return r;
	return 0;
}

/* "Anna Berg and Bo Carls", in c->arena. */
static const char *
join_names(struct client *c, const struct officer *const *to, size_t n)
{
	char *out = arena_alloc(&c->arena, n * (OFFICER_NAME_MAX + 6) + 1);
	size_t used = 0;

	for (size_t i = 0; out != NULL && i < n; i++)
		used += (size_t)sprintf(out + used, "%s%s",
		    i == 0      ? ""
		    : i + 1 < n ? ", "
				: " and ",
		    to[i]->name);
	return out != NULL ? out : "";
}

int
officer_hand_over(struct officer_session *s, int argc, char **argv)
{
	const struct officer *to[VERB_STRINGS_MAX], *from;
	Candor__CaseScan scan = CANDOR__CASE_SCAN__INIT;
	const char *category = NULL, *name;
	struct client *c = s->c;
	struct rewrapped b = { 0 };
	char text[512];
	bool keep = false;
	const struct verb_option options[] = {
		{ "--category", .value = &category },
		{ "--keep", .flag = &keep },
	};
	struct rewrap w = { .plus = to };
	int r;

	if ((r = verb_options(c, "hand-over FROM TO… [--category C] [--keep]", options,
		 NELEM(options), &argc, argv, 2, VERB_STRINGS_MAX)) != 0 ||
	    (r = officer_begin(s)) != 0)
		return r;
	w.n_plus = (size_t)argc - 2;
	if ((r = find_takers(s, to, argv + 2, w.n_plus)) != 0)
		return r;
	/* Who left the directory may still have cases. */
	from = directory_by_name(s->directory, argv[1]);
	name = from != NULL ? from->name : argv[1];
	for (size_t i = 0; i < w.n_plus; i++)
		if (to[i] == from)
			return client_fail(c, EX_USAGE, "%s cannot be handed to %s", name, name);
	if (!keep && from != NULL && from != s->me && s->me->role != ROLE_LEAD)
		return client_fail(c, EX_NOPERM,
		    "only a lead, or %s, takes cases from %s; with --keep they go on reading them",
		    name, name);
	w.minus = keep ? NULL : name;
	if ((scan.officer = officer_string(c, name)) == NULL ||
	    (category != NULL && (scan.category = officer_string(c, category)) == NULL))
		return client_fail_memory(c);
	if ((r = cases_rewrap(s, &scan, &w, &b)) != 0)
		return r;
	if (from == NULL && b.done + b.failed == 0)
		return client_fail(c, EX_DATAERR,
		    "nobody in the directory is called \"%s\", and you read no case that was "
		    "theirs",
		    name);
	snprintf(text, sizeof(text), "of %s: read by %s%s", name, join_names(c, to, w.n_plus),
	    keep ? " as well" : " instead");
	r = cases_rewrap_end(c, &b, text);
	fflush(stdout);
	if (from != s->me)
		fprintf(stderr,
		    "candor: what %s reads and you do not is not among them: %s hands it over, or "
		    "the "
		    "escrow's holder opens it\n",
		    name, name);
	return r;
}

/* ---- keys that change ----------------------------------------------------------------------- */

/* Seal anew what is not sealed to the keys in force. */
static int
reseal(struct officer_session *s)
{
	Candor__CaseScan scan = CANDOR__CASE_SCAN__INIT;
	const struct rewrap same = { 0 };
	struct rewrapped b = { 0 };
	int r;

	scan.stale = true;
	if ((r = cases_rewrap(s, &scan, &same, &b)) != 0)
		return r;
	return cases_rewrap_end(s->c, &b, "sealed to the keys of the directory in force");
}

int
officer_reseal(struct officer_session *s, int argc, char **argv)
{
	int r;

	if ((r = verb_options(s->c, "reseal", NULL, 0, &argc, argv, 0, 0)) != 0 ||
	    (r = officer_begin(s)) != 0 || (r = officer_check_reads(s->c, s->me)) != 0)
		return r;
	return reseal(s);
}

/* The new key is not signed yet. */
static int
show_for_enrolment(struct client *c, const struct officer *me, const struct officer_public *pub)
{
	fprintf(stderr,
	    "This line is to be proposed for %s. Your present key counts until that is signed: "
	    "then run "
	    "the\nsame command again, and keep the present key until it says that no case is "
	    "left.\n",
	    me->name);
	return officer_show_public(c, pub);
}

int
officer_key_rotate(struct officer_session *s, int argc, char **argv)
{
	struct client *c = s->c;
	bool bare = false;
	const struct verb_option options[] = { { "--no-passphrase", .flag = &bare } };
	struct officer_secret *old, *new;
	const struct officer *before;
	int r;

	if ((r = verb_options(c, "key rotate NEWFILE --key PRESENT [--no-passphrase]", options,
		 NELEM(options), &argc, argv, 1, 1)) != 0)
		return r;
	if (c->key_path == NULL)
		return client_fail(c, EX_USAGE,
		    "name your present key with --key FILE or in $CANDOR_KEY, and the new one's "
		    "file "
		    "behind `rotate`");
	old = arena_alloc(&c->arena, sizeof(*old));
	new = arena_alloc(&c->arena, sizeof(*new));
	if (old == NULL || new == NULL)
		return client_fail_memory(c);
	if ((r = officer_read_key(c, c->key_path, old, "Passphrase of your present key: ")) != 0)
		return r;
	r = access(argv[1], F_OK) == 0
		? officer_read_key(c, argv[1], new, "Passphrase of your new key: ")
		: officer_new_key(c, argv[1], new, bare);
	if (r != 0)
		goto out;
	s->keys = new;
	s->anyone = true;
	if ((r = officer_begin(s)) != 0)
		goto out;
	before = s->directory != NULL ? directory_by_noise(s->directory, old->pub.noise) : NULL;
	if (s->me == NULL) {
		r = before != NULL
			? show_for_enrolment(c, before, &new->pub)
			: client_fail(c, EX_NOPERM, "neither %s nor %s is in the signed directory",
			      c->key_path, argv[1]);
	} else if (before != NULL) {
		r = client_fail(c, EX_DATAERR,
		    before == s->me ? "%s and %s are the same key: name a new file"
				    : "%s and %s are keys of two persons",
		    c->key_path, argv[1]);
	} else if (s->me->role != ROLE_OFFICER && s->me->role != ROLE_LEAD) {
		r = officer_done(c, "the new key counts; your role reads no cases");
	} else {
		s->opener = old->age;
		r = reseal(s);
	}
out:
	sodium_memzero(old, sizeof(*old));
	sodium_memzero(new, sizeof(*new));
	return r;
}

/* ---- the escrow ----------------------------------------------------------------------------- */

/* Whoever reads cases must not hold the escrow: neither as this key, nor at this moment. */
static int
check_holder(struct officer_session *s, const uint8_t escrow[AGE_KEY_BYTES])
{
	const struct directory *d = s->directory;
	struct client *c = s->c;
	const struct officer *o = NULL;
	struct officer_secret *keys;
	int r = 0;

	if (d == NULL)
		return client_fail(c, EX_DATAERR, "there is no signed directory");
	for (size_t i = 0; i < d->n_officers; i++)
		if (memcmp(d->officers[i].keys.age, escrow, AGE_KEY_BYTES) == 0)
			o = &d->officers[i];
	if (o != NULL)
		return client_fail(c, EX_NOPERM,
		    "this is the key of %s, not the escrow: the escrow is nobody's own key",
		    o->name);
	if (memcmp(d->escrow, escrow, AGE_KEY_BYTES) != 0)
		return client_fail(c, EX_NOPERM,
		    "this is not the escrow identity that the signed directory names");
	if (c->key_path == NULL)
		return 0;
	if ((keys = arena_alloc(&c->arena, sizeof(*keys))) == NULL)
		return client_fail_memory(c);
	if ((r = officer_read_key(c, c->key_path, keys, "Passphrase of your own key: ")) == 0 &&
	    (o = directory_by_noise(d, keys->pub.noise)) != NULL &&
	    (o->role == ROLE_OFFICER || o->role == ROLE_LEAD))
		r = client_fail(c, EX_NOPERM,
		    "%s is %s: the escrow is never held by one who reads cases. Let its holder do "
		    "this, without --key and $CANDOR_KEY",
		    o->name, role_name(o->role));
	sodium_memzero(keys, sizeof(*keys));
	return r;
}

/* The escrow's session is made with the very key that the directory names. */
static int
begin_as_escrow(struct officer_session *s, const char *path)
{
	struct client *c = s->c;
	struct officer_secret *keys = arena_alloc(&c->arena, sizeof(*keys));
	int r;

	if (keys == NULL)
		return client_fail_memory(c);
	if ((r = officer_read_key(c, path, keys, "Passphrase of the escrow identity: ")) != 0)
		return r;
	memcpy(keys->noise, keys->age, sizeof(keys->noise));
	memcpy(keys->pub.noise, keys->pub.age, sizeof(keys->pub.noise));
	s->keys = keys;
	s->anyone = true;
	if ((r = officer_begin(s)) != 0)
		return r;
	return check_holder(s, keys->pub.age);
}

/* Those that the arguments name; the first scan asks whether this may be done at all. */
static int
recover_named(struct officer_session *s, Candor__CaseScan *scan, const struct rewrap *w, int n,
    char **numbers, struct rewrapped *b)
{
	struct client *c = s->c;
	char *number;
	int r;

	if ((r = officer_call(s, &c->arena, MSG_CASE_SCAN, &scan->base, MSG_SCANNED, NULL)) != 0)
		return r;
	for (int i = 0; i < n && r == 0; i++)
		if ((r = officer_case_number(c, &number, numbers[i])) == 0)
			r = cases_rewrap_one(s, number, w, b);
	return r;
}

static int
recover(struct officer_session *s, int argc, char **argv)
{
	Candor__CaseScan scan = CANDOR__CASE_SCAN__INIT;
	const char *escrow = NULL, *to = NULL, *of = NULL;
	struct client *c = s->c;
	struct rewrapped b = { 0 };
	const struct officer *o = NULL, *former;
	bool closed = false;
	const struct verb_option options[] = {
		{ "--escrow", .value = &escrow },
		{ "--to", .value = &to },
		{ "--of", .value = &of },
		{ "--closed", .flag = &closed },
	};
	struct rewrap w = { .plus = &o, .n_plus = 1 };
	char text[OFFICER_NAME_MAX + 32];
	int r;

	if ((r = verb_options(c,
		 "recover --escrow FILE --to OFFICER [--of NAME | --closed | CASE…]", options,
		 NELEM(options), &argc, argv, 0, VERB_STRINGS_MAX)) != 0)
		return r;
	if (escrow == NULL || to == NULL || (of != NULL) + closed + (argc > 1) > 1)
		return client_fail(c, EX_USAGE,
		    "name the escrow identity, and for whom: candor recover --escrow FILE --to "
		    "OFFICER "
		    "[--of NAME | --closed | CASE…]");
	if ((r = begin_as_escrow(s, escrow)) != 0 || (r = officer_find(s, &o, to)) != 0 ||
	    (r = officer_check_reads(c, o)) != 0)
		return r;
	former = of != NULL ? directory_by_name(s->directory, of) : o;
	scan.to = officer_string(c, o->name);
	scan.officer = officer_string(c, former != NULL ? former->name : of);
	if (scan.to == NULL || scan.officer == NULL)
		return client_fail_memory(c);
	scan.stale = true;
	scan.closed = closed;
	r = argc > 1 ? recover_named(s, &scan, &w, argc - 1, argv + 1, &b)
		     : cases_rewrap(s, &scan, &w, &b);
	snprintf(text, sizeof(text), "opened for %s", o->name);
	return r != 0 ? r : cases_rewrap_end(c, &b, text);
}

/* ---- four eyes ------------------------------------------------------------------------------ */

static json_t *
json_of_approval(const Candor__Approval *a)
{
	return json_pack("{s:i, s:s, s:o, s:o, s:s, s:s, s:o, s:o, s:b}", "id", (int)a->id, "what",
	    a->what, "case", cjson_or_null(a->number), "for", cjson_or_null(a->detail), "asked_by",
	    a->asked_by, "state", a->state, "by", cjson_or_null(a->by), "on", cjson_day(a->on),
	    "yours", a->yours);
}

static int
print_approvals(struct client *c, const Candor__ApprovalList *list)
{
	static const struct officer_column columns[] = { { "ID", 4 }, { "WHAT", 8 }, { "CASE", 11 },
		{ "ASKED BY", 24 }, { "STATE", 24 }, { "SINCE", 0 } };
	json_t *all;

	if (c->json) {
		all = json_array();
		for (size_t i = 0; i < list->n_approvals; i++)
			json_array_append_new(all, json_of_approval(list->approvals[i]));
		return cjson_print(c, all);
	}
	if (list->n_approvals == 0) {
		puts("Nothing waits for anybody's approval.");
		return 0;
	}
	officer_heading(c, columns, NELEM(columns));
	for (size_t i = 0; i < list->n_approvals; i++) {
		const Candor__Approval *a = list->approvals[i];
		char id[16], state[96], day[11];

		snprintf(id, sizeof(id), "%u", a->id);
		snprintf(state, sizeof(state), "%s%s%s", a->state, *a->by != '\0' ? " by " : "",
		    *a->by != '\0' ? a->by
		    : a->yours     ? " for another"
				   : " for you");
		officer_cell(c, id, columns[0].width);
		officer_cell(c, a->what, columns[1].width);
		officer_cell(c,
		    *a->number != '\0'   ? a->number
		    : *a->detail != '\0' ? a->detail
					 : "-",
		    columns[2].width);
		officer_cell(c, a->yours ? "you" : a->asked_by, columns[3].width);
		officer_cell(c, state, columns[4].width);
		officer_cell(c, client_day(day, a->on), columns[5].width);
		putchar('\n');
	}
	return 0;
}

static int
fetch_approvals(struct officer_session *s, const Candor__ApprovalList **out)
{
	Candor__Empty empty = CANDOR__EMPTY__INIT;
	ProtobufCMessage *answer;
	int r =
	    officer_call(s, &s->c->arena, MSG_APPROVAL_LIST, &empty.base, MSG_APPROVALS, &answer);

	if (r == 0)
		*out = (const Candor__ApprovalList *)answer;
	return r;
}

/* Why not, as a note for the readers of the case that it is about. */
static int
take_reason(struct officer_session *s, uint32_t id, Candor__Approve *m)
{
	const Candor__ApprovalList *list;
	struct open_case k;
	struct span sealed;
	char *number = NULL;
	int r;

	if ((r = fetch_approvals(s, &list)) != 0)
		return r;
	for (size_t i = 0; i < list->n_approvals; i++)
		if (list->approvals[i]->id == id)
			number = list->approvals[i]->number;
	if (number == NULL || *number == '\0')
		return 0;
	if ((r = case_open(s, &k, number)) != 0 ||
	    (r = case_take_words(
		 s, &k, "Why not? A note for the case's readers", false, &sealed)) != 0)
		return r;
	m->entry = wire_bytes(sealed.p, sealed.len);
	return 0;
}

int
officer_approve(struct officer_session *s, int argc, char **argv)
{
	Candor__Approve m = CANDOR__APPROVE__INIT;
	const Candor__ApprovalList *list;
	struct client *c = s->c;
	bool refuse = false;
	const struct verb_option options[] = { { "--refuse", .flag = &refuse } };
	int r;

	if ((r = verb_options(c, "approve [ID | --refuse ID]", options, NELEM(options), &argc, argv,
		 0, 1)) != 0 ||
	    (argc > 1 && (r = officer_number(c, &m.id, argv[1], UINT32_MAX, "request")) != 0))
		return r;
	if (refuse && argc == 1)
		return client_fail(c, EX_USAGE, "say which request: candor approve --refuse ID");
	if ((r = officer_begin(s)) != 0)
		return r;
	if (argc == 1)
		return (r = fetch_approvals(s, &list)) != 0 ? r : print_approvals(c, list);
	m.refuse = refuse;
	if (refuse && (r = take_reason(s, m.id, &m)) != 0)
		return r;
	return officer_do(s, MSG_APPROVE, &m.base);
}

/* ---- as verbs ------------------------------------------------------------------------------- */

OFFICER_VERB(verb_hand_over, officer_hand_over)
OFFICER_VERB(verb_reseal, officer_reseal)
OFFICER_VERB(verb_recover, recover)
OFFICER_VERB(verb_approve, officer_approve)
