/* SPDX-License-Identifier: ISC */
/*
 * Who is told of what: which events a plugin takes, and whom it is to tell. Store only.
 *
 * One rule stands above all configuration: whoever is in the directory is told of a case only while
 * they read it. A report may keep out anybody, and store cannot see whom: so a lead who does not
 * read the case, an administrator, and an address that is somebody's of the directory count alike.
 */
#include <string.h>
#include <strings.h>

#include "store.h"

/* No list: any. */
static bool
one_of(char *const *list, size_t n, const char *text)
{
	return n == 0 || store_has_word(list, n, text);
}

const Candor__Plugin *
store_plugin(const struct store *s, const char *name)
{
	for (size_t i = 0; i < s->setup->n_plugins; i++)
		if (strcmp(s->setup->plugins[i]->name, name) == 0)
			return s->setup->plugins[i];
	return NULL;
}

bool
route_takes(const Candor__Plugin *p, const struct case_facts *f)
{
	return one_of(p->events, p->n_events, f->kind) &&
	       one_of(p->categories, p->n_categories, f->category) &&
	       one_of(p->severities, p->n_severities, f->severity) &&
	       one_of(p->sites, p->n_sites, f->site);
}

bool
route_takes_alarm(const Candor__Plugin *p)
{
	return p->n_events > 0 ? one_of(p->events, p->n_events, "alarm") : p->needs_to;
}

bool
route_takes_audit(const Candor__Plugin *p)
{
	return p->n_events > 0 && one_of(p->events, p->n_events, "audit");
}

bool
route_omits(const Candor__Plugin *p, const char *field)
{
	return p->n_omit > 0 && one_of(p->omit, p->n_omit, field);
}

/* ---- recipients ------------------------------------------------------------------------------- */

void
recipients_init(struct store *s, struct recipients *r)
{
	r->n = 0;
	r->to = store_alloc(s, RECIPIENTS_MAX * sizeof(*r->to));
}

/* Once each: the same address may come in several ways. */
static void
add(struct store *s, struct recipients *r, const char *address)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcasecmp(r->to[i], address) == 0)
			return;
	if (address[0] != '\0' && r->n < RECIPIENTS_MAX)
		r->to[r->n++] = store_text(s, address);
}

static bool
does_casework(const struct officer *o)
{
	return o->role == ROLE_OFFICER || o->role == ROLE_LEAD;
}

static const struct officer *
by_address(const struct store *s, const char *address)
{
	const struct directory *d = s->charter.directory;

	for (size_t i = 0; d != NULL && i < d->n_officers; i++)
		if (strcasecmp(d->officers[i].email, address) == 0)
			return &d->officers[i];
	return NULL;
}

static void
add_role(struct store *s, struct recipients *r, enum officer_role role)
{
	const struct directory *d = s->charter.directory;

	for (size_t i = 0; d != NULL && i < d->n_officers; i++)
		if (d->officers[i].role == role)
			add(s, r, d->officers[i].email);
}

/* Who reads a case, as they stand in the directory now. */
struct readers {
	const struct officer *who[DIRECTORY_OFFICERS_MAX];
	size_t n;
};

static void
find_readers(struct store *s, struct readers *out, int64_t number)
{
	out->n = 0;
	for (bool ok = db_row(s->db, READERS, db_i(number)); ok && out->n < DIRECTORY_OFFICERS_MAX;
	     ok = db_next(s->db, DB_READERS)) {
		const struct officer *o =
		    charter_officer(s, db_text(s->db, DB_READERS, 0, s->arena));

		if (o != NULL && does_casework(o))
			out->who[out->n++] = o;
	}
}

static bool
reads(const struct readers *readers, const struct officer *o)
{
	for (size_t i = 0; i < readers->n; i++)
		if (readers->who[i] == o)
			return true;
	return false;
}

/* Readers of the case, all of them or only leads. */
static void
add_readers(struct store *s, struct recipients *r, const struct readers *readers, bool leads)
{
	for (size_t i = 0; i < readers->n; i++)
		if (!leads || readers->who[i]->role == ROLE_LEAD)
			add(s, r, readers->who[i]->email);
}

static const struct officer *
assignee_of(struct store *s, int64_t number)
{
	if (!db_row(s->db, CASE_ROUTE, db_i(number)) || db_is_null(s->db, DB_CASE_ROUTE, 3))
		return NULL;
	return charter_officer(s, db_text(s->db, DB_CASE_ROUTE, 3, s->arena));
}

static void
add_word(struct store *s, struct recipients *r, const char *word, int64_t number,
    const struct readers *readers)
{
	const struct officer *o;

	if (strcmp(word, "readers") == 0 || strcmp(word, "leads") == 0) {
		add_readers(s, r, readers, word[0] == 'l');
	} else if (strcmp(word, "assignee") == 0) {
		/* Somebody must hear of a case that nobody has yet. */
		if ((o = assignee_of(s, number)) != NULL && reads(readers, o))
			add(s, r, o->email);
		else
			add_readers(s, r, readers, false);
	} else if (strcmp(word, "admins") != 0) {
		if ((o = by_address(s, word)) == NULL || reads(readers, o))
			add(s, r, word);
	}
}

/* The words that say whom this plugin tells of such an event. */
static void
words_for(const Candor__Plugin *p, const char *kind, char *const **words, size_t *n)
{
	*words = p->to;
	*n = p->n_to;
	for (size_t i = 0; i < p->n_routes; i++)
		if (strcmp(p->routes[i]->event, kind) == 0) {
			*words = p->routes[i]->to;
			*n = p->routes[i]->n_to;
		}
}

static bool
has_route(const Candor__Plugin *p, const char *kind)
{
	for (size_t i = 0; i < p->n_routes; i++)
		if (strcmp(p->routes[i]->event, kind) == 0)
			return true;
	return false;
}

void
recipients_of(struct store *s, struct recipients *r, const Candor__Plugin *p, struct told_event e)
{
	struct readers readers;
	char *const *words;
	size_t n;

	recipients_init(s, r);
	if (e.number == 0) {
		/* The audit log is kept from those whom it watches: auditors hold its heads. */
		if (p->n_to > 0 && strcmp(e.kind, "audit") == 0)
			add_role(s, r, ROLE_AUDITOR);
		if (p->n_to > 0 && r->n == 0)
			add_role(s, r, ROLE_ADMIN);
		return;
	}
	find_readers(s, &readers, e.number);
	words_for(p, e.kind, &words, &n);
	for (size_t i = 0; i < n; i++)
		add_word(s, r, words[i], e.number, &readers);
	/* Up the ladder, unless the configuration says where that leads. */
	if (strcmp(e.kind, "escalated") == 0 && n > 0 && !has_route(p, e.kind))
		add_word(s, r,
		    strcmp(e.up_to, ESCALATED_TO_CONTACT) == 0 ? s->setup->escalation_contact
							       : "leads",
		    e.number, &readers);
}

bool
recipients_same(const struct recipients *a, const struct recipients *b)
{
	size_t i = 0;

	if (a->n != b->n)
		return false;
	while (i < a->n && strcmp(a->to[i], b->to[i]) == 0)
		i++;
	return i == a->n;
}

const char *
route_assignee(struct store *s, int64_t number, const char *name)
{
	const struct officer *o = charter_officer(s, name);
	struct readers readers;

	find_readers(s, &readers, number);
	return o != NULL && reads(&readers, o) ? o->email : "";
}

/* ---- a day in one word ------------------------------------------------------------------------ */

static bool
audience_has(const struct audience *a, const char *address)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcasecmp(a->who[i].address, address) == 0)
			return true;
	return false;
}

static void
audience_add(struct audience *a, const char *address, const struct officer *o)
{
	if (address[0] != '\0' && a->n < RECIPIENTS_MAX && !audience_has(a, address))
		a->who[a->n++] = (struct listener){ address, o, false };
}

void
audience_of(struct store *s, struct audience *a, const Candor__Plugin *p)
{
	const struct directory *d = s->charter.directory;

	a->n = 0;
	for (size_t i = 0; i < p->n_to; i++) {
		const char *word = p->to[i];
		bool leads = strcmp(word, "leads") == 0;

		if (leads || strcmp(word, "readers") == 0 || strcmp(word, "assignee") == 0) {
			for (size_t k = 0; d != NULL && k < d->n_officers; k++)
				if (leads ? d->officers[k].role == ROLE_LEAD
					  : does_casework(&d->officers[k]))
					audience_add(a, d->officers[k].email, &d->officers[k]);
		} else if (strcmp(word, "admins") != 0) {
			const struct officer *o = by_address(s, word);

			if (o == NULL || does_casework(o))
				audience_add(a, word, o);
		}
	}
}

void
audience_hears(struct store *s, struct audience *a, int64_t number)
{
	struct readers readers;

	find_readers(s, &readers, number);
	for (size_t i = 0; i < a->n; i++)
		if (a->who[i].officer == NULL || reads(&readers, a->who[i].officer))
			a->who[i].heard = true;
}

/* ---- what is missing -------------------------------------------------------------------------- */

/* Could anybody be told of a report of this category? */
static bool
reaches_somebody(struct store *s, const Candor__Plugin *p, const Candor__Category *c)
{
	const struct directory *d = s->charter.directory;
	char *const *words;
	size_t n;

	words_for(p, "filed", &words, &n);
	for (size_t i = 0; i < n; i++) {
		bool leads = strcmp(words[i], "leads") == 0;
		bool role =
		    leads || strcmp(words[i], "readers") == 0 || strcmp(words[i], "assignee") == 0;
		const struct officer *o = role ? NULL : by_address(s, words[i]);

		if (!role && strcmp(words[i], "admins") != 0 &&
		    (o == NULL || officer_serves(o, c->id, c->roles_mask)))
			return true;
		for (size_t k = 0; role && d != NULL && k < d->n_officers; k++)
			if (d->officers[k].email[0] != '\0' &&
			    (!leads || d->officers[k].role == ROLE_LEAD) &&
			    officer_serves(&d->officers[k], c->id, c->roles_mask))
				return true;
	}
	return false;
}

size_t
route_unheard(struct store *s, const Candor__Plugin *p, char ***out)
{
	size_t n = 0;
	bool alarms_only = p->n_events == 1 && strcmp(p->events[0], "alarm") == 0;

	*out = store_alloc(s, (s->setup->n_categories + 1) * sizeof(**out));
	for (size_t i = 0; p->needs_to && !alarms_only && i < s->setup->n_categories; i++) {
		const Candor__Category *c = s->setup->categories[i];

		if (one_of(p->categories, p->n_categories, c->id) && !reaches_somebody(s, p, c))
			(*out)[n++] = c->id;
	}
	return n;
}

size_t
route_untold(struct store *s, char ***out)
{
	size_t n = 0;

	*out = store_alloc(s, (s->setup->n_categories + 1) * sizeof(**out));
	for (size_t i = 0; s->setup->n_plugins > 0 && i < s->setup->n_categories; i++) {
		const Candor__Category *c = s->setup->categories[i];
		bool told = false;

		for (size_t k = 0; k < s->setup->n_plugins && !told; k++) {
			const Candor__Plugin *p = s->setup->plugins[k];

			told = one_of(p->events, p->n_events, "filed") &&
			       one_of(p->categories, p->n_categories, c->id) &&
			       one_of(p->severities, p->n_severities, c->severity);
		}
		if (!told)
			(*out)[n++] = c->id;
	}
	return n;
}
