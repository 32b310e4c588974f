/* SPDX-License-Identifier: ISC */
/* The guide, and the verb that shows it: see guide.h. */
#include "guide.h"

#include <string.h>

#include "candor/strip.h"

#include "json.h"
#include "link.h"
#include "term.h"
#include "verb.h"

#define LOOK_TRIES 3

int
guide_fetch(struct client *c, struct link *l, struct guide *out)
{
	Candor__Empty ask = CANDOR__EMPTY__INIT;
	ProtobufCMessage *answer;
	struct guide g = { 0 };
	enum strip_label label;
	struct span text, sig;
	int r;

	if ((r = link_call(l, &c->arena, MSG_GUIDE_GET, &ask.base, MSG_GUIDE, &answer)) != 0)
		return r;
	g.said = (Candor__Guide *)answer;
	text = WIRE_SPAN(g.said->directory);
	sig = WIRE_SPAN(g.said->directory_signature);
	if (text.len > 0 && (r = directory_open(&c->arena, &g.directory, text.p, text.len, sig.p,
				 sig.len, &c->site.charter, c->site.site_id)) < 0)
		return r == CANDOR_ENOMEM ? client_fail_memory(c)
					  : client_fail(c, EX_NOPERM,
						"the list of who may read reports is not signed by "
						"the charter key "
						"that site.conf names: nothing is sent. Tell "
						"compliance, in person");
	for (size_t i = 0; i < g.said->n_not_keepable; i++)
		if (strip_label_parse(&label, g.said->not_keepable[i]) == 0)
			g.not_keepable |= 1u << label;
	*out = g;
	return 0;
}

static int
look(struct client *c, void *arg)
{
	struct link *l;
	int r;

	if ((r = link_open_intake(c, &l)) != 0)
		return r;
	r = guide_fetch(c, l, arg);
	link_close(l);
	return r;
}

int
guide_look(struct client *c, struct guide *out)
{
	int r;

	if ((r = site_load(c)) != 0)
		return r;
	return link_retry(c, LOOK_TRIES, look, out);
}

const Candor__Category *
guide_category(const struct guide *g, const char *id)
{
	for (size_t i = 0; i < g->said->n_categories; i++)
		if (strcmp(g->said->categories[i]->id, id) == 0)
			return g->said->categories[i];
	return NULL;
}

size_t
guide_readers(const struct guide *g, const Candor__Category *category,
    const struct officer *const *keep_out, size_t n_keep_out, const struct officer **out)
{
	size_t n = 0;

	for (size_t i = 0; g->directory != NULL && i < g->directory->n_officers; i++) {
		const struct officer *o = &g->directory->officers[i];
		bool kept_out = false;

		for (size_t k = 0; k < n_keep_out; k++)
			kept_out |= keep_out[k] == o;
		if (!kept_out && officer_serves(o, category->id, category->roles_mask))
			out[n++] = o;
	}
	return n;
}

/* Ids as "a, b, c", cut where they do not fit. */
static void
append_id(char *out, size_t cap, const char *id)
{
	size_t used = strlen(out);

	snprintf(out + used, cap - used, "%s%s", used > 0 ? ", " : "", id);
}

int
guide_no_category(struct client *c, const struct guide *g, const char *id)
{
	char ids[512] = "";

	for (size_t i = 0; i < g->said->n_categories; i++)
		append_id(ids, sizeof(ids), g->said->categories[i]->id);
	return client_fail(
	    c, EX_DATAERR, "there is no category \"%.64s\"; this site has %s", id, ids);
}

int
guide_no_site(struct client *c, const struct guide *g, const char *id)
{
	char ids[512] = "";

	for (size_t i = 0; i < g->said->n_sites; i++)
		append_id(ids, sizeof(ids), g->said->sites[i]->id);
	return client_fail(c, EX_DATAERR, "there is no site \"%.64s\"; known are %s", id,
	    *ids != '\0' ? ids : "none: leave it out");
}

/* ---- candor guide ----------------------------------------------------------------------------- */

static json_t *
category_json(const struct guide *g, const Candor__Category *category)
{
	const struct officer *readers[DIRECTORY_OFFICERS_MAX];
	size_t n = guide_readers(g, category, NULL, 0, readers);
	json_t *names = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(names, json_string(readers[i]->name));
	return json_pack("{s:s,s:s,s:s,s:s,s:i,s:i,s:i,s:b,s:o}", "id", category->id, "title",
	    category->title, "guidance", category->guidance, "severity", category->severity,
	    "acknowledge_days", (int)category->acknowledge_days, "feedback_months",
	    (int)category->feedback_months, "retention_years", (int)category->retention_years,
	    "immediate", category->immediate, "recipients", names);
}

static json_t *
officers_json(const struct guide *g)
{
	json_t *list = json_array();

	for (size_t i = 0; g->directory != NULL && i < g->directory->n_officers; i++) {
		const struct officer *o = &g->directory->officers[i];

		json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "name", o->name, "role",
						role_name(o->role), "categories", o->categories));
	}
	return list;
}

static json_t *
guide_json(const struct guide *g)
{
	const Candor__Guide *said = g->said;
	json_t *categories = json_array(), *sites = json_array();

	for (size_t i = 0; i < said->n_categories; i++)
		json_array_append_new(categories, category_json(g, said->categories[i]));
	for (size_t i = 0; i < said->n_sites; i++)
		json_array_append_new(sites, json_pack("{s:s,s:s}", "id", said->sites[i]->id,
						 "title", said->sites[i]->title));
	return json_pack("{s:s,s:o,s:o,s:o,s:o,s:b,s:o,s:o}", "site_name", said->site_name,
	    "categories", categories, "sites", sites, "officers", officers_json(g), "not_keepable",
	    cjson_strings(said->not_keepable, said->n_not_keepable), "immediate", said->immediate,
	    "release_times", cjson_strings(said->release_times, said->n_release_times),
	    "outside_bodies", cjson_strings(said->outside_bodies, said->n_outside_bodies));
}

static const char *
plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

/* A category; with its guidance when it is the one that was asked for. */
static void
show_category(
    struct client *c, const struct guide *g, const Candor__Category *category, bool guidance)
{
	const struct officer *readers[DIRECTORY_OFFICERS_MAX];
	size_t n = guide_readers(g, category, NULL, 0, readers);

	fputs(term_style(c, stdout, TERM_BOLD), stdout);
	term_show_str(c, stdout, category->id);
	printf("%s  ", term_style(c, stdout, TERM_PLAIN));
	term_show_str(c, stdout, category->title);
	putchar('\n');
	if (guidance)
		term_wrap(c, stdout, 4, category->guidance);
	printf("    Read by: ");
	for (size_t i = 0; i < n; i++)
		printf("%s%s", i > 0 ? ", " : "", readers[i]->name);
	printf("%s.\n", n == 0 ? "nobody at present, so that no report of it can be taken" : "");
	if (!guidance)
		return;
	printf("    Acknowledged within %u day%s, feedback within %u month%s of that.%s\n",
	    category->acknowledge_days, plural(category->acknowledge_days),
	    category->feedback_months, plural(category->feedback_months),
	    category->immediate ? " Passed on at once." : "");
}

static void
show_guide(struct client *c, const struct guide *g)
{
	const Candor__Guide *said = g->said;

	printf("%s", term_style(c, stdout, TERM_BOLD));
	term_show_str(c, stdout, said->site_name);
	printf("%s\n\nWhat can be reported:\n\n", term_style(c, stdout, TERM_PLAIN));
	for (size_t i = 0; i < said->n_categories; i++)
		show_category(c, g, said->categories[i], false);
	printf("\n`candor guide CATEGORY` says what counts, what helps and what happens next.\n");
	if (said->n_sites > 0)
		printf("\nPlaces of work:\n");
	for (size_t i = 0; i < said->n_sites; i++) {
		printf("  ");
		term_show_str(c, stdout, said->sites[i]->id);
		printf("  ");
		term_show_str(c, stdout, said->sites[i]->title);
		putchar('\n');
	}
	printf("\nOfficers (any of them can be kept out of a report):\n");
	for (size_t i = 0; g->directory != NULL && i < g->directory->n_officers; i++)
		printf("  %s (%s)\n", g->directory->officers[i].name,
		    role_name(g->directory->officers[i].role));
	if (g->directory == NULL)
		printf("  none yet: compliance has not signed a list\n");
	if (said->n_outside_bodies > 0)
		printf("\nOutside bodies you may turn to instead:\n");
	for (size_t i = 0; i < said->n_outside_bodies; i++)
		term_wrap(c, stdout, 2, said->outside_bodies[i]);
}

int
verb_guide(struct client *c, int argc, char **argv)
{
	const Candor__Category *category = NULL;
	struct guide g;
	int r;

	if ((r = verb_options(c, "guide [CATEGORY] [--json]", NULL, 0, &argc, argv, 0, 1)) != 0 ||
	    (r = guide_look(c, &g)) != 0)
		return r;
	if (argc == 2 && (category = guide_category(&g, argv[1])) == NULL)
		return guide_no_category(c, &g, argv[1]);
	if (c->json)
		return cjson_print(
		    c, category != NULL ? category_json(&g, category) : guide_json(&g));
	if (category != NULL)
		show_category(c, &g, category, true);
	else
		show_guide(c, &g);
	return 0;
}
