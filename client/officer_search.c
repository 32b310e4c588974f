/* SPDX-License-Identifier: ISC */
/*
 * `candor search`: words in what an officer can read. The daemon cannot search what it cannot open: so case
 * after case is fetched and opened here, one entry at a time, and nothing of it is kept. Runs in the
 * client. Must never write a word to a disk.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <sodium/utils.h>
#include <utf8proc.h>

#include "candor/casestate.h"

#include "json.h"
#include "officer_case.h"
#include "officer_work.h"
#include "term.h"
#include "verb.h"

#define WORDS_MAX 16
#define QUERY_MAX 512
#define PAGE 100
/* Of a character that is folded; the worst case of compatibility decomposition is 18. */
#define FOLDED_MAX 18
#define PROGRESS_EVERY 25

/* Words, folded, one behind the other. */
struct query {
	int32_t *chars;
	size_t n_chars;
	struct {
		size_t at, len;
	} word[WORDS_MAX];
	size_t n;
};

/*
 * A text comes in pieces, character by character; the words that occur in it are marked. Each word has an
 * automaton of Knuth, Morris and Pratt, so that nothing of the text is held.
 */
struct search {
	struct officer_session *s;
	struct query q;
	size_t *fall;            /* of each character of the words: where to go on */
	size_t state[WORDS_MAX]; /* characters of the word matched so far */
	uint32_t found, all;     /* a bit for each word */
	uint32_t looked, hits;
	json_t *out;
};

/* ---- folding ---------------------------------------------------------------------------------- */

/* What does not matter in a search: case, accents, width, and what cannot be seen. */
#define FOLDING                                                                                    \
	(UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK |           \
	    UTF8PROC_IGNORE)

/* One character into its folded ones; how many. */
static size_t
fold(int32_t c, int32_t out[FOLDED_MAX])
{
	int boundary = 0;
	utf8proc_ssize_t n =
	    utf8proc_decompose_char(c, out, FOLDED_MAX, (utf8proc_option_t)FOLDING, &boundary);

	return n < 0 || n > FOLDED_MAX ? 0 : (size_t)n;
}

static bool
is_blank(int32_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0x2028 || c == 0x2029;
}

static int
take_query(struct client *c, struct query *q, struct span text)
{
	const uint8_t *p = text.p, *end = p + text.len;
	int32_t folded[FOLDED_MAX], ch;
	bool in_word = false;

	if ((q->chars = arena_alloc(&c->arena, (text.len + 1) * FOLDED_MAX * sizeof(int32_t))) ==
	    NULL)
		return client_fail_memory(c);
	while (p < end) {
		utf8proc_ssize_t len = utf8proc_iterate(p, end - p, &ch);
		size_t n;

		if (len <= 0)
			return client_fail(c, EX_DATAERR, "the words are not UTF-8");
		p += len;
		n = fold(ch, folded);
		for (size_t i = 0; i < n; i++) {
			if (is_blank(folded[i])) {
				in_word = false;
				continue;
			}
			if (!in_word && q->n == WORDS_MAX)
				return client_fail(c, EX_DATAERR,
				    "more than %d words: take the rarest of them", WORDS_MAX);
			if (!in_word)
				q->word[q->n++].at = q->n_chars;
			in_word = true;
			q->word[q->n - 1].len++;
			q->chars[q->n_chars++] = folded[i];
		}
	}
	return q->n > 0 ? 0 : client_fail(c, EX_DATAERR, "there are no words to search for");
}

/* ---- finding ---------------------------------------------------------------------------------- */

static int
prepare(struct search *f)
{
	struct client *c = f->s->c;

	if ((f->fall = arena_alloc(&c->arena, f->q.n_chars * sizeof(*f->fall))) == NULL)
		return client_fail_memory(c);
	for (size_t w = 0; w < f->q.n; w++) {
		const int32_t *p = f->q.chars + f->q.word[w].at;
		size_t *fall = f->fall + f->q.word[w].at, k = 0;

		fall[0] = 0;
		for (size_t i = 1; i < f->q.word[w].len; i++) {
			while (k > 0 && p[i] != p[k])
				k = fall[k - 1];
			k += p[i] == p[k];
			fall[i] = k;
		}
		f->all |= 1u << w;
	}
	return 0;
}

static void
step(struct search *f, size_t w, int32_t ch)
{
	const int32_t *p = f->q.chars + f->q.word[w].at;
	const size_t *fall = f->fall + f->q.word[w].at;
	size_t k = f->state[w];

	while (k > 0 && ch != p[k])
		k = fall[k - 1];
	k += ch == p[k];
	if (k == f->q.word[w].len) {
		f->found |= 1u << w;
		k = fall[k - 1];
	}
	f->state[w] = k;
}

static void
look(struct search *f, const char *text)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + strlen(text);
	int32_t folded[FOLDED_MAX], ch;

	/* No word goes from one text into the next. */
	memset(f->state, 0, sizeof(f->state));
	while (p < end) {
		utf8proc_ssize_t len = utf8proc_iterate(p, end - p, &ch);
		size_t n;

		p += len > 0 ? len : 1;
		n = len > 0 ? fold(ch, folded) : 0;
		for (size_t i = 0; i < n; i++)
			for (size_t w = 0; w < f->q.n; w++)
				step(f, w, folded[i]);
	}
	sodium_memzero(folded, sizeof(folded));
}

static void
look_at_report(struct search *f, const Candor__ReportEntry *e)
{
	look(f, e->narrative);
	look(f, e->place);
	look(f, e->platform);
	look(f, e->site);
	for (size_t i = 0; i < e->n_urls; i++)
		look(f, e->urls[i]);
	for (size_t i = 0; i < e->n_keep_out; i++)
		look(f, e->keep_out[i]);
}

/* ---- one case --------------------------------------------------------------------------------- */

static void
tell_progress(const struct search *f, bool end)
{
	if (!isatty(STDERR_FILENO) || (!end && f->looked % PROGRESS_EVERY != 0))
		return;
	fprintf(stderr, "\r\033[K");
	if (!end)
		fprintf(stderr, "%u cases searched, %u found", f->looked, f->hits);
	fflush(stderr);
}

static int
print_hit(struct search *f, const Candor__CaseSummary *k, const char *entries)
{
	static const struct officer_column columns[] = { { "CASE", 11 }, { "STATE", 17 },
		{ "CATEGORY", 18 }, { "RECEIVED", 10 }, { "ENTRIES", 0 } };
	struct client *c = f->s->c;
	char day[11];
	const char *cells[] = { k->number, k->state, k->category, client_day(day, k->received_on),
		entries };

	tell_progress(f, true);
	if (f->hits++ == 0)
		officer_heading(c, columns, NELEM(columns));
	for (size_t i = 0; i < NELEM(columns); i++)
		officer_cell(c, cells[i], columns[i].width);
	putchar('\n');
	fflush(stdout);
	return 0;
}

static int
json_hit(struct search *f, const Candor__CaseSummary *k, json_t *entries)
{
	json_t *hit = json_pack("{s:s, s:s, s:s, s:o, s:O}", "case", k->number, "state", k->state,
	    "category", k->category, "received_on", cjson_day(k->received_on), "entries", entries);

	f->hits++;
	return json_array_append_new(f->out, hit) == 0 ? 0 : client_fail_memory(f->s->c);
}

static int
look_at_entries(struct search *f, const struct open_case *k, json_t *in, char *list, size_t cap)
{
	struct client *c = f->s->c;
	uint32_t all = 0;
	int r;

	for (size_t i = 0; i < k->record->n_entries; i++) {
		const Candor__EntryInfo *info = k->record->entries[i];
		arena_mark_t mark = arena_mark(&c->scratch);
		ProtobufCMessage *entry;
		size_t used = strlen(list);

		if (entry_is(info, "attachment"))
			continue;
		f->found = 0;
		r = case_entry(f->s, k, info, &entry);
		if (r == 0 && entry_is(info, "report"))
			look_at_report(f, (const Candor__ReportEntry *)entry);
		else if (r == 0)
			look(f, ((const Candor__TextEntry *)entry)->text);
		arena_release(&c->scratch, mark);
		if (r != 0 && r != EX_DATAERR)
			return r;
		if (r != 0)
			fprintf(stderr, "candor: %s: %s\n", k->record->summary->number, c->error);
		if (f->found == 0)
			continue;
		all |= f->found;
		snprintf(list + used, cap - used, "%s%u", used > 0 ? ", " : "", info->n);
		if (in != NULL && json_array_append_new(in, json_integer(info->n)) != 0)
			return client_fail_memory(c);
	}
	f->found = all;
	return 0;
}

/* A case in which every word occurs, wherever it does. */
static int
look_at_case(struct search *f, const char *number)
{
	struct client *c = f->s->c;
	arena_mark_t mark = arena_mark(&c->arena);
	json_t *entries = c->json ? json_array() : NULL;
	char list[128] = "", *copy = officer_string(c, number);
	struct open_case k;
	int r = copy != NULL ? case_open_to_search(f->s, &k, copy) : client_fail_memory(c);

	if (r == 0)
		r = look_at_entries(f, &k, entries, list, sizeof(list));
	else if (r == EX_DATAERR ||
		 r == EX_NOPERM) { /* gone meanwhile, or not for this key: tell, go on */
		fprintf(stderr, "candor: %s\n", c->error);
		f->found = 0;
		r = 0;
	}
	if (r == 0 && f->found == f->all)
		r = c->json ? json_hit(f, k.record->summary, entries)
			    : print_hit(f, k.record->summary, list);
	json_decref(entries);
	arena_release(&c->arena, mark);
	return r;
}

/* ---- all of them ------------------------------------------------------------------------------ */

/* Page by page, newest first, until they came before since. */
static int
search_all(struct search *f, Candor__CaseQuery *query, int32_t since)
{
	struct client *c = f->s->c;
	char after[16] = "";
	bool more = true;
	int r = 0;

	while (r == 0 && more) {
		arena_mark_t mark = arena_mark(&c->arena);
		const Candor__CaseList *page;
		ProtobufCMessage *answer;

		query->limit = PAGE;
		query->after = after;
		if ((r = officer_call(
			 f->s, &c->arena, MSG_CASE_LIST, &query->base, MSG_CASES, &answer)) != 0)
			break;
		page = (const Candor__CaseList *)answer;
		more = page->more && page->n_cases > 0;
		for (size_t i = 0; r == 0 && i < page->n_cases; i++) {
			const Candor__CaseSummary *k = page->cases[i];
			enum case_state state;

			if (k->received_on < since) {
				more = false;
				break;
			}
			snprintf(after, sizeof(after), "%s", k->number);
			if (case_state_parse(&state, k->state) == 0 && state == CASE_DESTROYED)
				continue;
			tell_progress(f, false);
			f->looked++;
			r = look_at_case(f, k->number);
		}
		arena_release(&c->arena, mark);
	}
	tell_progress(f, true);
	return r;
}

int
officer_search(struct officer_session *s, int argc, char **argv)
{
	Candor__CaseQuery query = CANDOR__CASE_QUERY__INIT;
	const char *state = NULL, *category = NULL, *tag = NULL, *since = NULL;
	const struct verb_option options[] = {
		{ "--state", .value = &state },
		{ "--category", .value = &category },
		{ "--tag", .value = &tag },
		{ "--since", .value = &since },
	};
	struct search f = { .s = s };
	struct client *c = s->c;
	struct span words;
	int32_t from = 0;
	int r;

	if (argc > 1 && argv[1][0] != '-')
		return client_fail(c, EX_USAGE,
		    "words are never given as arguments, which others on this computer can read: "
		    "they "
		    "are asked for, or read from standard input");
	if ((r = verb_options(c, "search [--category C] [--state S] [--tag T] [--since DATE]",
		 options, NELEM(options), &argc, argv, 0, 0)) != 0 ||
	    (r = officer_text(c, &query.state, state)) != 0 ||
	    (r = officer_text(c, &query.category, category)) != 0 ||
	    (r = officer_text(c, &query.tag, tag)) != 0 ||
	    (since != NULL && (r = officer_day(c, &from, since)) != 0) ||
	    (r = officer_begin(s)) != 0)
		return r;
	if (c->interactive && s->words == NULL)
		r = term_line(c, &c->arena, &words, "Words, all of which occur: ", NULL, QUERY_MAX);
	else
		r = officer_words(s, &words, "Words");
	if (r != 0)
		return r;
	if (words.len > QUERY_MAX)
		return client_fail(c, EX_DATAERR, "more than %d bytes to search for", QUERY_MAX);
	if (c->json && (f.out = json_array()) == NULL)
		return client_fail_memory(c);
	if ((r = take_query(c, &f.q, words)) == 0 && (r = prepare(&f)) == 0)
		r = search_all(&f, &query, from);
	if (r == 0 && c->json)
		return cjson_print(c, f.out);
	json_decref(f.out);
	if (r == 0)
		fprintf(stderr, "%u of %u case%s\n", f.hits, f.looked, f.looked == 1 ? "" : "s");
	return r;
}

OFFICER_VERB(verb_search, officer_search)
