/* SPDX-License-Identifier: ISC */
/*
 * `candor case link|merge|tag|action|checkin`, and how `case show` tells of them. Runs in the client.
 * Must never let anybody read a duplicate who is to be kept out of it.
 */
#include "officer_work.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "candor/day.h"

#include "json.h"
#include "officer_template.h"
#include "officer_wrap.h"
#include "term.h"
#include "verb.h"

#define MERGE_TRIES 6
#define CHECKINS_MAX 12
#define CHECKIN_TEMPLATE "checkin"

/* ---- links and duplicates -------------------------------------------------------------------- */

int
case_link(struct officer_session *s, int argc, char **argv)
{
	Candor__CaseLink link = CANDOR__CASE_LINK__INIT;
	bool remove = false;
	const struct verb_option options[] = { { "--remove", .flag = &remove } };
	int r;

	if ((r = verb_options(s->c, "case link CASE OTHER [--remove]", options, NELEM(options),
		 &argc, argv, 2, 2)) != 0 ||
	    (r = officer_case_number(s->c, &link.number, argv[1])) != 0 ||
	    (r = officer_case_number(s->c, &link.other, argv[2])) != 0 ||
	    (r = officer_begin(s)) != 0)
		return r;
	link.remove = remove;
	return officer_do(s, MSG_CASE_LINK, &link.base);
}

static int
note(struct officer_session *s, const struct open_case *k, const char *text,
    ProtobufCBinaryData *out)
{
	struct span words = { (const uint8_t *)text, strlen(text) }, sealed;
	int r = case_seal_words(s, k, words, false, &sealed);

	if (r == 0)
		*out = wire_bytes(sealed.p, sealed.len);
	return r;
}

/* Who reads the case that goes on reads the duplicate, too, from now on: all of them, or it stays one. */
static int
merge_once(struct officer_session *s, char *number, char *into)
{
	Candor__CaseMerge merge = CANDOR__CASE_MERGE__INIT;
	Candor__CaseWrap wrap = CANDOR__CASE_WRAP__INIT;
	const struct officer *plus[DIRECTORY_OFFICERS_MAX];
	struct rewrap w = { .plus = plus, .all = true };
	struct open_case from, to;
	int r;

	if ((r = case_open(s, &to, into)) != 0)
		return r;
	for (size_t i = 0; i < to.record->n_readers && i < NELEM(plus); i++) {
		const struct officer *o = directory_by_name(s->directory, to.record->readers[i]);

		if (o != NULL && officer_check_reads(s->c, o) == 0)
			plus[w.n_plus++] = o;
	}
	if ((r = case_wrap_prepare(s, number, &w, &from, &wrap)) != 0 ||
	    /* Who reads one of them one day need not read the other. */
	    (r = note(s, &from, "Merged into another case, as its duplicate.", &merge.note)) != 0 ||
	    (r = note(s, &to, "A duplicate was merged into this case.", &merge.note_into)) != 0)
		return r;
	merge.wrap = &wrap;
	merge.into = into;
	return officer_do(s, MSG_CASE_MERGE, &merge.base);
}

int
case_merge(struct officer_session *s, int argc, char **argv)
{
	static const struct timespec pause = { .tv_nsec = 200 * 1000000 };
	char *number, *into;
	int r = EX_TEMPFAIL;

	if ((r = verb_options(s->c, "case merge CASE INTO", NULL, 0, &argc, argv, 2, 2)) != 0 ||
	    (r = officer_case_number(s->c, &number, argv[1])) != 0 ||
	    (r = officer_case_number(s->c, &into, argv[2])) != 0 || (r = officer_begin(s)) != 0)
		return r;
	if (strcmp(number, into) == 0)
		return client_fail(s->c, EX_USAGE, "a case is not its own duplicate");
	r = EX_TEMPFAIL;
	for (unsigned i = 0; i < MERGE_TRIES && r == EX_TEMPFAIL; i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		r = merge_once(s, number, into);
	}
	return r;
}

/* ---- tags ------------------------------------------------------------------------------------- */

static int
strings_of(struct client *c, const struct verb_strings *from, char **to, size_t *n)
{
	for (*n = 0; *n < from->n; (*n)++)
		if ((to[*n] = officer_string(c, from->v[*n])) == NULL)
			return client_fail_memory(c);
	return 0;
}

int
case_tag(struct officer_session *s, int argc, char **argv)
{
	Candor__CaseTag tag = CANDOR__CASE_TAG__INIT;
	char *add[VERB_STRINGS_MAX], *remove[VERB_STRINGS_MAX];
	struct verb_strings plus = { 0 }, minus = { 0 };
	const struct verb_option options[] = { { "--remove", .values = &minus } };
	struct client *c = s->c;
	int r;

	if ((r = verb_options(c, "case tag CASE [TAG]… [--remove TAG]…", options, NELEM(options),
		 &argc, argv, 1, 1 + VERB_STRINGS_MAX)) != 0 ||
	    (r = officer_case_number(c, &tag.number, argv[1])) != 0)
		return r;
	for (int i = 2; i < argc; i++)
		plus.v[plus.n++] = argv[i];
	if ((r = strings_of(c, &plus, add, &tag.n_add)) != 0 ||
	    (r = strings_of(c, &minus, remove, &tag.n_remove)) != 0 || (r = officer_begin(s)) != 0)
		return r;
	tag.add = add;
	tag.remove = remove;
	return officer_do(s, MSG_CASE_TAG, &tag.base);
}

/* ---- corrective actions ----------------------------------------------------------------------- */

const char *
corrective_state(const Candor__Corrective *k)
{
	return k->ended_on == 0 ? "open" : k->dropped ? "dropped" : "done";
}

static json_t *
json_of_corrective(const Candor__Corrective *k, int32_t today)
{
	return json_pack("{s:s, s:I, s:s, s:s, s:o, s:s, s:o, s:b}", "case", k->number, "n",
	    (json_int_t)k->n, "action", k->action, "owner", k->owner, "due", cjson_day(k->due),
	    "state", corrective_state(k), "ended_on", cjson_day(k->ended_on), "overdue",
	    k->ended_on == 0 && k->due < today);
}

json_t *
corrective_json(Candor__Corrective *const *list, size_t n, int32_t today)
{
	json_t *out = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(out, json_of_corrective(list[i], today));
	return out;
}

void
corrective_print(struct client *c, const Candor__Corrective *k, int32_t today)
{
	bool late = k->ended_on == 0 && k->due < today;
	char day[11];

	term_show_str(c, stdout, k->action);
	fputs(", ", stdout);
	term_show_str(c, stdout, k->owner);
	if (k->ended_on != 0)
		printf(", %s %s\n", corrective_state(k), client_day(day, k->ended_on));
	else
		printf(", by %s%s%s%s\n", client_day(day, k->due),
		    late ? term_style(c, stdout, TERM_RED) : "", late ? " OVERDUE" : "",
		    late ? term_style(c, stdout, TERM_PLAIN) : "");
}

static int
list_correctives(struct officer_session *s, char *number)
{
	struct client *c = s->c;
	struct open_case k;
	int r;

	if ((r = case_fetch(s, &k, number)) != 0)
		return r;
	if (c->json)
		return cjson_print(c, corrective_json(k.record->correctives,
					  k.record->n_correctives, k.record->today));
	for (size_t i = 0; i < k.record->n_correctives; i++) {
		printf("%u  ", k.record->correctives[i]->n);
		corrective_print(c, k.record->correctives[i], k.record->today);
	}
	if (k.record->n_correctives == 0)
		fprintf(stderr, "%s has no corrective actions.\n", number);
	return 0;
}

int
case_action(struct officer_session *s, int argc, char **argv)
{
	Candor__CaseCorrective k = CANDOR__CASE_CORRECTIVE__INIT;
	const char *add = NULL, *owner = NULL, *by = NULL, *done = NULL, *drop = NULL;
	const struct verb_option options[] = {
		{ "--add", .value = &add },
		{ "--owner", .value = &owner },
		{ "--by", .value = &by },
		{ "--done", .value = &done },
		{ "--drop", .value = &drop },
	};
	const char *usage = "case action CASE [--add ACTION --owner OFFICER --by DATE | --done N | "
			    "--drop N]";
	const struct officer *o;
	struct client *c = s->c;
	int r;

	if ((r = verb_options(c, usage, options, NELEM(options), &argc, argv, 1, 1)) != 0 ||
	    (r = officer_case_number(c, &k.number, argv[1])) != 0)
		return r;
	if ((add != NULL) + (done != NULL) + (drop != NULL) > 1 ||
	    (add != NULL) != (owner != NULL) || (add != NULL) != (by != NULL))
		return client_fail(c, EX_USAGE,
		    "--add needs --owner and --by, and goes without --done and --drop\nusage: "
		    "candor %s",
		    usage);
	if ((by != NULL && (r = officer_day(c, &k.due, by)) != 0) ||
	    (done != NULL &&
		(r = officer_number(c, &k.done, done, 999, "number of an action")) != 0) ||
	    (drop != NULL &&
		(r = officer_number(c, &k.drop, drop, 999, "number of an action")) != 0) ||
	    (r = officer_begin(s)) != 0)
		return r;
	if (add == NULL && k.done == 0 && k.drop == 0)
		return list_correctives(s, k.number);
	if (add != NULL) {
		if ((r = officer_find(s, &o, owner)) != 0)
			return r;
		k.action = officer_string(c, add);
		k.owner = officer_string(c, o->name);
		if (k.action == NULL || k.owner == NULL)
			return client_fail_memory(c);
	}
	return officer_do(s, MSG_CASE_CORRECTIVE, &k.base);
}

/* ---- check-ins -------------------------------------------------------------------------------- */

/* "30" or "30d" */
static int
read_every(struct client *c, uint32_t *out, const char *text)
{
	char digits[12];
	size_t len = strlen(text);

	if (len > 1 && len < sizeof(digits) && text[len - 1] == 'd')
		len--;
	if (len >= sizeof(digits))
		len = sizeof(digits) - 1;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (officer_number(c, out, digits, 366, "number of days") != 0 || *out == 0)
		return client_fail(
		    c, EX_USAGE, "\"%s\": how often is a number of days, as in 30d", text);
	return 0;
}

/* The days to ask on: one, or times of them. */
static int
read_days(struct client *c, const char *on, const char *every, const char *times,
    int32_t days[CHECKINS_MAX], uint32_t *n)
{
	uint32_t step = 0;
	int r;

	*n = on != NULL ? 1 : 3;
	if ((on != NULL) == (every != NULL))
		return client_fail(
		    c, EX_USAGE, "say when: --on DATE for one day, or --every 30d for several");
	if ((on != NULL && (r = officer_day(c, &days[0], on)) != 0) ||
	    (every != NULL && (r = read_every(c, &step, every)) != 0) ||
	    (times != NULL &&
		(r = officer_number(c, n, times, CHECKINS_MAX, "number of times")) != 0))
		return r;
	if (*n == 0 || (on != NULL && *n > 1))
		return client_fail(
		    c, EX_USAGE, "--times is 1 to %d, and goes with --every", CHECKINS_MAX);
	for (uint32_t i = 0; every != NULL && i < *n; i++)
		days[i] = (int32_t)((i + 1) * step);
	return 0;
}

/* Each sealed for itself, so that nothing tells that they say the same. */
static int
seal_ahead(struct officer_session *s, const struct open_case *k, const int32_t *days, uint32_t n,
    bool relative, struct span words, Candor__Checkin *all, Candor__Checkin **list)
{
	for (uint32_t i = 0; i < n; i++) {
		struct span sealed;
		int r;

		if ((r = case_seal_words(s, k, words, true, &sealed)) != 0)
			return r;
		candor__checkin__init(list[i] = &all[i]);
		all[i].on = relative ? k->record->today + days[i] : days[i];
		all[i].sealed = wire_bytes(sealed.p, sealed.len);
	}
	return 0;
}

int
case_checkin(struct officer_session *s, int argc, char **argv)
{
	Candor__CaseCheckin ask = CANDOR__CASE_CHECKIN__INIT;
	Candor__Checkin all[CHECKINS_MAX], *list[CHECKINS_MAX];
	const char *on = NULL, *every = NULL, *times = NULL;
	struct template_choice t = { 0 };
	bool stop = false;
	const struct verb_option options[] = {
		{ "--on", .value = &on },
		{ "--every", .value = &every },
		{ "--times", .value = &times },
		{ "--stop", .flag = &stop },
		TEMPLATE_OPTIONS(t),
	};
	struct client *c = s->c;
	int32_t days[CHECKINS_MAX];
	struct open_case k;
	struct span words;
	uint32_t n = 0;
	int r;

	if ((r = verb_options(c,
		 "case checkin CASE --on DATE | --every 30d [--times N] [--template ID] "
		 "[--language "
		 "L] | --stop",
		 options, NELEM(options), &argc, argv, 1, 1)) != 0 ||
	    (r = officer_case_number(c, &ask.number, argv[1])) != 0)
		return r;
	if (!stop && (r = read_days(c, on, every, times, days, &n)) != 0)
		return r;
	if (t.id == NULL)
		t.id = CHECKIN_TEMPLATE;
	if ((r = officer_begin(s)) != 0)
		return r;
	ask.stop = stop;
	if (stop)
		return officer_do(s, MSG_CASE_CHECKIN, &ask.base);
	if ((r = case_open(s, &k, ask.number)) != 0 ||
	    (r = template_words(s, &k, &t, NULL, "Your question to the reporter", &words)) != 0 ||
	    (r = seal_ahead(s, &k, days, n, every != NULL, words, all, list)) != 0)
		return r;
	ask.ahead = list;
	ask.n_ahead = n;
	return case_send_words(s, MSG_CASE_CHECKIN, &ask.base);
}

/* ---- as part of `case show` ------------------------------------------------------------------- */

static void
print_linked(struct client *c, const Candor__LinkedCase *k)
{
	if (*k->number == '\0') {
		puts("a case that you cannot read");
		return;
	}
	printf("%s  ", k->number);
	term_show_str(c, stdout, k->state);
	fputs(", ", stdout);
	term_show_str(c, stdout, k->category);
	puts(k->unread ? "; has something that nobody read yet" : "");
}

void
work_print(struct client *c, const Candor__CaseRecord *record,
    void (*label)(struct client *c, const char *text))
{
	char day[11];

	if (record->merged_into != NULL) {
		label(c, "merged into");
		print_linked(c, record->merged_into);
	}
	for (size_t i = 0; i < record->n_merged; i++) {
		label(c, "duplicate");
		print_linked(c, record->merged[i]);
	}
	for (size_t i = 0; i < record->n_links; i++) {
		label(c, "linked to");
		print_linked(c, record->links[i]);
	}
	for (size_t i = 0; i < record->n_correctives; i++) {
		char name[24];

		snprintf(name, sizeof(name), "action %u", record->correctives[i]->n);
		label(c, name);
		corrective_print(c, record->correctives[i], record->today);
	}
	for (size_t i = 0; i < record->n_checkins; i++) {
		if (i == 0)
			label(c, "check-ins");
		printf("%s%s", i > 0 ? ", " : "", client_day(day, record->checkins[i]->on));
	}
	if (record->n_checkins > 0)
		putchar('\n');
}

static json_t *
json_of_linked(const Candor__LinkedCase *k)
{
	return *k->number == '\0' ? json_pack("{s:n}", "case")
				  : json_pack("{s:s, s:s, s:s, s:b}", "case", k->number, "state",
					k->state, "category", k->category, "unread", k->unread);
}

static json_t *
json_of_all_linked(Candor__LinkedCase *const *list, size_t n)
{
	json_t *out = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(out, json_of_linked(list[i]));
	return out;
}

json_t *
work_json(const Candor__CaseRecord *record)
{
	json_t *checkins = json_array();

	for (size_t i = 0; i < record->n_checkins; i++)
		json_array_append_new(checkins, cjson_day(record->checkins[i]->on));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "tags",
	    cjson_strings(record->summary->tags, record->summary->n_tags), "merged_into",
	    record->merged_into != NULL ? json_of_linked(record->merged_into) : json_null(),
	    "duplicates", json_of_all_linked(record->merged, record->n_merged), "links",
	    json_of_all_linked(record->links, record->n_links), "corrective_actions",
	    corrective_json(record->correctives, record->n_correctives, record->today), "checkins",
	    checkins);
}
