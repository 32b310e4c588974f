/* SPDX-License-Identifier: ISC */
/*
 * Sealing cases anew: see officer_wrap.h. Runs in the client. Must never wrap a case to somebody whom the
 * report names, nor to a key that the signed directory does not hold.
 */
#include "officer_wrap.h"

#include <string.h>
#include <time.h>

#include <jansson.h>
#include <sodium.h>

#include "candor/seal.h"

#include "json.h"
#include "term.h"

#define WRAP_TRIES 12
#define WRAP_PAUSE_MS 200

struct readers {
	size_t n;
	const struct officer *v[DIRECTORY_OFFICERS_MAX];
	char *names[DIRECTORY_OFFICERS_MAX];
};

bool
case_is_read_by(const struct open_case *k, const struct officer *o)
{
	for (size_t i = 0; i < k->record->n_readers; i++)
		if (strcmp(k->record->readers[i], o->name) == 0)
			return true;
	return false;
}

static bool
reads_cases(const struct officer *o)
{
	return o->role == ROLE_OFFICER || o->role == ROLE_LEAD;
}

int
officer_check_reads(struct client *c, const struct officer *o)
{
	if (reads_cases(o))
		return 0;
	return client_fail(c, EX_NOPERM,
	    "%s is enrolled as %s: only those enrolled as officer or lead read cases", o->name,
	    role_name(o->role));
}

/* ---- one case ------------------------------------------------------------------------------- */

static bool
kept_out(const Candor__ReportEntry *report, const struct directory *d, const struct officer *o)
{
	for (size_t i = 0; i < report->n_keep_out; i++)
		if (directory_by_name(d, report->keep_out[i]) == o)
			return true;
	return false;
}

static int
add_reader(struct client *c, struct readers *list, const struct officer *o)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i] == o)
			return 0;
	if (list->n == NELEM(list->v) ||
	    (list->names[list->n] = officer_string(c, o->name)) == NULL)
		return client_fail_memory(c);
	list->v[list->n++] = o;
	return 0;
}

/* Those who read it already and may go on. */
static int
keep_readers(struct officer_session *s, const struct open_case *k,
    const Candor__ReportEntry *report, const char *minus, struct readers *list)
{
	const struct directory *d = s->directory;
	struct client *c = s->c;
	int r;

	for (size_t i = 0; i < k->record->n_readers; i++) {
		const char *name = k->record->readers[i];
		const struct officer *o = directory_by_name(d, name);
		bool here = o != NULL && reads_cases(o);

		if (minus != NULL && strcmp(name, minus) == 0)
			continue;
		if (here && !kept_out(report, d, o)) {
			if ((r = add_reader(c, list, o)) != 0)
				return r;
			continue;
		}
		fputs("candor: ", stderr);
		term_show_str(c, stderr, name);
		fprintf(stderr,
		    here ? " is to be kept out of %s and reads it no more\n"
			 : " is no longer in the directory and reads %s no more\n",
		    k->record->summary->number);
	}
	return 0;
}

/* Who reads from now on; *assignee: whose it becomes, or NULL. */
static int
choose_readers(struct officer_session *s, const struct open_case *k,
    const Candor__ReportEntry *report, const struct rewrap *w, struct readers *list,
    const struct officer **assignee)
{
	const char *number = k->record->summary->number, *whose = k->record->summary->assignee;
	const struct officer *out = NULL;
	struct client *c = s->c;
	bool any = false;
	int r;

	*assignee = NULL;
	list->n = 0;
	if ((r = keep_readers(s, k, report, w->minus, list)) != 0)
		return r;
	for (size_t i = 0; i < w->n_plus; i++) {
		if (kept_out(report, s->directory, w->plus[i])) {
			out = w->plus[i];
			continue;
		}
		if ((r = add_reader(c, list, w->plus[i])) != 0)
			return r;
		any = true;
		if (*assignee == NULL && w->minus != NULL && strcmp(whose, w->minus) == 0)
			*assignee = w->plus[i];
	}
	if (out != NULL && w->all)
		return client_fail(c, EX_NOPERM,
		    "the reporter asked that %s, who would read it from now on, be kept out of %s: "
		    "nothing was done. The two can be linked instead (`candor case link`)",
		    out->name, number);
	if (out != NULL && !any)
		return client_fail(c, EX_NOPERM,
		    "the reporter asked that %s be kept out of %s: it cannot be granted to them",
		    out->name, number);
	if (list->n == 0)
		return client_fail(c, EX_NOPERM,
		    "nobody else reads %s: grant it to somebody first (candor case grant %s "
		    "OFFICER)",
		    number, number);
	return 0;
}

int
case_wrap_prepare(struct officer_session *s, char *number, const struct rewrap *w,
    struct open_case *k, Candor__CaseWrap *wrap)
{
	struct client *c = s->c;
	arena_mark_t mark = arena_mark(&c->scratch);
	struct readers *list = arena_alloc(&c->arena, sizeof(*list));
	const struct officer *assignee;
	const Candor__EntryInfo *info;
	ProtobufCMessage *report;
	struct span secret;
	int r;

	if (list == NULL)
		return client_fail_memory(c);
	if ((r = case_open(s, k, number)) != 0)
		return r;
	if ((info = case_report(k)) == NULL)
		return client_fail(c, EX_DATAERR,
		    "%s has no report to see in whom it names: its readers stay as they are",
		    number);
	if ((r = case_entry(s, k, info, &report)) == 0)
		r = choose_readers(s, k, (const Candor__ReportEntry *)report, w, list, &assignee);
	arena_release(&c->scratch, mark);
	if (r != 0)
		return r;
	if (seal_rewrap(&c->arena, &secret, k->identity, list->v, list->n, s->directory->escrow) !=
		0 ||
	    (assignee != NULL && (wrap->assignee = officer_string(c, assignee->name)) == NULL))
		return client_fail_memory(c);
	wrap->number = number;
	wrap->secret = wire_bytes(secret.p, secret.len);
	wrap->readers = list->names;
	wrap->n_readers = list->n;
	wrap->wrap_version = k->record->wrap_version;
	wrap->directory_version = s->directory->version;
	return 0;
}

static int
rewrap_once(struct officer_session *s, char *number, const struct rewrap *w)
{
	Candor__CaseWrap wrap = CANDOR__CASE_WRAP__INIT;
	struct open_case k;
	int r = case_wrap_prepare(s, number, w, &k, &wrap);

	return r != 0 ? r
		      : officer_call(s, &s->c->arena, MSG_CASE_WRAP, &wrap.base, MSG_DONE, NULL);
}

/* Somebody else may change the readers at the same time: look again, and do it again. */
int
case_rewrap(struct officer_session *s, char *number, const struct rewrap *w)
{
	int r = EX_TEMPFAIL;

	for (unsigned i = 0; i < WRAP_TRIES && r == EX_TEMPFAIL; i++) {
		/* At random, so that those who met once do not meet again. */
		const struct timespec pause = {
			.tv_nsec = (long)randombytes_uniform(WRAP_PAUSE_MS) * 1000000
		};

		if (i > 0)
			nanosleep(&pause, NULL);
		r = rewrap_once(s, number, w);
	}
	return r;
}

/* ---- many ----------------------------------------------------------------------------------- */

int
cases_rewrap_one(
    struct officer_session *s, char *number, const struct rewrap *w, struct rewrapped *b)
{
	struct client *c = s->c;
	arena_mark_t mark = arena_mark(&c->arena);
	int r = case_rewrap(s, number, w);

	arena_release(&c->arena, mark);
	if (r == 0) {
		b->done++;
		return 0;
	}
	if (r != EX_NOPERM && r != EX_DATAERR)
		return r;
	if (b->failed++ == 0)
		b->first = r;
	if (c->json) {
		if (b->why == NULL)
			b->why = json_array();
		json_array_append_new(
		    b->why, json_pack("{s:s, s:s}", "case", number, "why", c->error));
	} else {
		fprintf(stderr, "candor: %s\n", c->error);
	}
	return 0;
}

int
cases_rewrap(
    struct officer_session *s, Candor__CaseScan *scan, const struct rewrap *w, struct rewrapped *b)
{
	struct client *c = s->c;
	arena_mark_t mark = arena_mark(&c->arena);
	char after[16] = "";
	bool more = true;
	int r = 0;

	while (r == 0 && more) {
		const Candor__CaseNumbers *found;
		ProtobufCMessage *answer;

		scan->after = after;
		if ((r = officer_call(
			 s, &c->arena, MSG_CASE_SCAN, &scan->base, MSG_SCANNED, &answer)) != 0)
			break;
		found = (const Candor__CaseNumbers *)answer;
		for (size_t i = 0; i < found->n_numbers && r == 0; i++)
			r = cases_rewrap_one(s, found->numbers[i], w, b);
		more = found->more;
		scan->after_on = found->last_on;
		snprintf(after, sizeof(after), "%s", found->last);
		arena_release(&c->arena, mark);
	}
	if (r != 0 && b->done > 0)
		fprintf(stderr, "candor: %u case%s done; run it again for the others\n", b->done,
		    b->done == 1 ? " is" : "s are");
	return r;
}

int
cases_rewrap_end(struct client *c, struct rewrapped *b, const char *text)
{
	int r;

	if (c->json) {
		r = cjson_print(c, json_pack("{s:i, s:o}", "done", (int)b->done, "failed",
				       b->why != NULL ? b->why : json_array()));
		return r != 0 ? r : b->first;
	}
	printf("%u case%s ", b->done, b->done == 1 ? "" : "s");
	term_show_str(c, stdout, text);
	putchar('\n');
	if (b->failed > 0)
		return client_fail(c, b->first, "%u case%s as before, for the reason%s above",
		    b->failed, b->failed == 1 ? " is" : "s are", b->failed == 1 ? "" : "s");
	return 0;
}
