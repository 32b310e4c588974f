/* SPDX-License-Identifier: ISC */
/* Stripping: what goes, what stays, and what holds for every text, hostile ones too. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <jansson.h>

#include "candor/strip.h"
#include "candor/utf8.h"

#define CORPUS "tests/corpus/first.jsonl"
#define LINE_MAX_BYTES 16384

/* strip() in memory of just the size the header promises; its result is gone with free(*mem). */
static int
run(void **mem, struct strip_result *out, const char *text, size_t len, enum strip_profile profile,
    const struct strip_keep *keep)
{
	struct arena a;

	*mem = malloc(STRIP_ARENA_BYTES(len));
	cr_assert(ne(ptr, *mem, NULL));
	arena_init(&a, *mem, STRIP_ARENA_BYTES(len));
	return strip(&a, out, text, len, profile, keep);
}

static void
gives_profile(
    const char *text, const char *want, enum strip_profile profile, const struct strip_keep *keep)
{
	struct strip_result r;
	void *mem;

	cr_assert(eq(int, run(&mem, &r, text, strlen(text), profile, keep), 0));
	cr_expect(eq(str, (char *)(uintptr_t)r.text.p, (char *)(uintptr_t)want));
	free(mem);
}

static void
gives(const char *text, const char *want)
{
	gives_profile(text, want, STRIP_REPORTER, NULL);
}

static bool
boundary(const char *text, size_t len, size_t at)
{
	return at == len || ((unsigned char)text[at] & 0xc0) != 0x80;
}

/* What holds for every text, whatever is in it. */
static void
holds(const char *text, size_t len, enum strip_profile profile)
{
	struct strip_result once, twice;
	void *mem, *mem2;
	size_t last = 0;

	cr_assert(eq(int, run(&mem, &once, text, len, profile, NULL), 0));
	cr_assert(utf8_valid((const char *)once.text.p, once.text.len));
	cr_assert(eq(chr, (char)once.text.p[once.text.len], 0));
	for (size_t i = 0; i < once.n_spans; i++) {
		const struct strip_span *s = &once.spans[i];

		cr_assert(le(sz, last, s->start));
		cr_assert(lt(sz, s->start, s->end));
		cr_assert(le(sz, s->end, len));
		cr_assert(boundary(text, len, s->start) && boundary(text, len, s->end));
		cr_assert(lt(int, (int)s->label, (int)STRIP__N));
		last = s->end;
	}
	cr_assert(eq(
	    int, run(&mem2, &twice, (const char *)once.text.p, once.text.len, profile, NULL), 0));
	cr_assert(eq(sz, twice.text.len, once.text.len));
	cr_assert(memcmp(twice.text.p, once.text.p, once.text.len) == 0);
	free(mem);
	free(mem2);
}

static void
repeat(const char *unit, size_t size)
{
	size_t n = strlen(unit);
	char *text = malloc(size);

	cr_assert(ne(ptr, text, NULL));
	size -= size % n;
	for (size_t i = 0; i < size; i += n)
		memcpy(text + i, unit, n);
	holds(text, size, STRIP_REPORTER);
	holds(text, size, STRIP_DEIDENTIFY);
	free(text);
}

typedef void corpus_check(const char *text, size_t len, enum strip_profile profile, json_t *spans);

static void
each_of(const char *path, size_t least, corpus_check *check)
{
	FILE *f = fopen(path, "r");
	static char line[LINE_MAX_BYTES];
	size_t n = 0;

	cr_assert(f != NULL, "run from the top of the tree: no %s", path);
	for (; fgets(line, sizeof(line), f) != NULL; n++) {
		json_t *j = json_loads(line, 0, NULL), *text = json_object_get(j, "text");

		cr_assert(text != NULL, "line %zu", n + 1);
		check(json_string_value(text), json_string_length(text),
		    json_object_get(j, "profile") != NULL ? STRIP_DEIDENTIFY : STRIP_REPORTER,
		    json_object_get(j, "spans"));
		json_decref(j);
	}
	cr_assert(ge(sz, n, least));
	fclose(f);
}

static void
each(corpus_check *check)
{
	each_of(CORPUS, 60, check);
}

static void
is_as_labelled(const char *text, size_t len, enum strip_profile profile, json_t *spans)
{
	struct strip_result r;
	void *mem;

	cr_assert(eq(int, run(&mem, &r, text, len, profile, NULL), 0));
	cr_assert(eq(sz, r.n_spans, json_array_size(spans)), "%s", text);
	for (size_t i = 0; i < r.n_spans; i++) {
		json_t *s = json_array_get(spans, i);
		const char *label = json_string_value(json_object_get(s, "label"));

		cr_assert(eq(sz, r.spans[i].start,
			      (size_t)json_integer_value(json_object_get(s, "start"))),
		    "%s", text);
		cr_assert(
		    eq(sz, r.spans[i].end, (size_t)json_integer_value(json_object_get(s, "end"))),
		    "%s", text);
		cr_assert(strcmp(strip_label_name(r.spans[i].label), label) == 0, "%s: %s", text,
		    strip_label_name(r.spans[i].label));
	}
	free(mem);
}

Test(strip, the_corpus_comes_out_as_it_is_labelled)
{
	each(is_as_labelled);
}

/* The corpus has no text in which evening out changes what stands outside a span. */
static void
rest_is_untouched(const char *text, size_t len, enum strip_profile profile, json_t *spans)
{
	struct strip_result r;
	void *mem;
	size_t at = 0, out = 0;

	(void)spans;
	cr_assert(eq(int, run(&mem, &r, text, len, profile, NULL), 0));
	for (size_t i = 0; i <= r.n_spans; i++) {
		size_t end = i < r.n_spans ? r.spans[i].start : len;

		cr_assert(le(sz, out + end - at, r.text.len));
		cr_assert(memcmp(r.text.p + out, text + at, end - at) == 0, "%s", text);
		out += end - at;
		if (i == r.n_spans)
			break;
		at = r.spans[i].end;
		if (r.text.p[out] == '[')
			out = (size_t)((uint8_t *)memchr(r.text.p + out, ']', r.text.len - out) -
				       r.text.p) +
			      1;
		else if (r.spans[i].label == STRIP_LOOKALIKE)
			out++;
	}
	cr_assert(eq(sz, out, r.text.len));
	free(mem);
}

Test(strip, what_is_outside_the_spans_stays_byte_for_byte)
{
	each(rest_is_untouched);
}

static void
holds_for(const char *text, size_t len, enum strip_profile profile, json_t *spans)
{
	(void)spans;
	holds(text, len, profile);
	for (size_t cut = 0; cut < len; cut++)
		if (boundary(text, len, cut)) {
			holds(text, cut, profile);
			holds(text + cut, len - cut, profile);
		}
}

Test(strip, twice_is_once_for_every_head_and_tail_of_the_corpus)
{
	each(holds_for);
}

/* ---- whole reports, in many hands ------------------------------------------------------------- */

/* The labels of the corpora: the writer's go, all others stay. */
static const char *const kinds[] = { "REPORTER_NAME", "REPORTER_CONTACT", "REPORTER_ID",
	"REPORTER_ROLE", "REPORTER_TENURE", "REPORTER_RELATION", "REPORTER_TIME", "ACCUSED_NAME",
	"ACCUSED_HANDLE", "ACCUSED_CONTACT", "PATIENT_NAME", "PATIENT_ID", "OTHER_NAME",
	"POST_LINK", "DATE" };
#define N_OWN 7

static struct {
	size_t spans[NELEM(kinds)], right[NELEM(kinds)];
	size_t removed, removed_right, words, lost;
} tally;

static bool
word_byte(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	       ((unsigned char)c & 0x80) != 0;
}

static void
count(const char *text, size_t len, enum strip_profile profile, json_t *spans)
{
	enum { NOBODYS, OWN, OTHERS };
	static uint8_t whose[LINE_MAX_BYTES], gone[LINE_MAX_BYTES];
	struct strip_result r;
	void *mem;

	cr_assert(lt(sz, len, LINE_MAX_BYTES));
	memset(whose, NOBODYS, len);
	memset(gone, 0, len);
	cr_assert(eq(int, run(&mem, &r, text, len, profile, NULL), 0));
	for (size_t i = 0; i < r.n_spans; i++)
		memset(gone + r.spans[i].start, 1, r.spans[i].end - r.spans[i].start);
	for (size_t i = 0; i < json_array_size(spans); i++) {
		json_t *s = json_array_get(spans, i);
		size_t start = (size_t)json_integer_value(json_object_get(s, "start"));
		size_t end = (size_t)json_integer_value(json_object_get(s, "end"));
		const char *label = json_string_value(json_object_get(s, "label"));
		size_t kind = 0, bytes = 0, taken = 0;

		cr_assert(start < end && end <= len);
		while (kind < NELEM(kinds) && strcmp(kinds[kind], label) != 0)
			kind++;
		cr_assert(kind < NELEM(kinds), "%s", label);
		memset(whose + start, kind < N_OWN ? OWN : OTHERS, end - start);
		for (size_t k = start; k < end; k++)
			if (word_byte(text[k])) {
				bytes++;
				taken += gone[k];
			}
		tally.spans[kind]++;
		tally.right[kind] += kind < N_OWN ? taken == bytes : taken == 0;
	}
	for (size_t i = 0; i < r.n_spans; i++) {
		tally.removed++;
		tally.removed_right += memchr(whose + r.spans[i].start, OWN,
					   r.spans[i].end - r.spans[i].start) != NULL;
	}
	for (size_t k = 0; k < len; k++)
		if (word_byte(text[k]) && (k == 0 || !word_byte(text[k - 1])) && whose[k] != OWN) {
			tally.words++;
			tally.lost += gone[k];
		}
	free(mem);
}

static double
percent(size_t part, size_t of)
{
	return of == 0 ? 100 : 100.0 * (double)part / (double)of;
}

/* Counts one corpus, tells the figures, and holds it to the floors given, all in per cent. */
static void
reaches(const char *path, double recall, double precision, double kept, double lost)
{
	size_t own = 0, own_right = 0, others = 0, others_right = 0;

	memset(&tally, 0, sizeof(tally));
	each_of(path, 40, count);
	for (size_t i = 0; i < NELEM(kinds); i++) {
		*(i < N_OWN ? &own : &others) += tally.spans[i];
		*(i < N_OWN ? &own_right : &others_right) += tally.right[i];
		if (tally.spans[i] > 0)
			fprintf(stderr, "  figure: %s %s %s %zu of %zu\n", path, kinds[i],
			    i < N_OWN ? "removed" : "kept", tally.right[i], tally.spans[i]);
	}
	fprintf(stderr,
	    "  figure: %s recall %.1f %%, precision %.1f %%, others kept %.1f %%, other words lost "
	    "%.2f %%\n",
	    path, percent(own_right, own), percent(tally.removed_right, tally.removed),
	    percent(others_right, others), percent(tally.lost, tally.words));
	cr_assert(ge(dbl, percent(own_right, own), recall));
	cr_assert(ge(dbl, percent(tally.removed_right, tally.removed), precision));
	cr_assert(ge(dbl, percent(others_right, others), kept));
	cr_assert(le(dbl, percent(tally.lost, tally.words), lost));
}

Test(strip, reports_in_many_hands_lose_their_writer_and_little_else)
{
	reaches("tests/corpus/hands.jsonl", 95, 91, 98, 2);
}

/* Written before the rules were, and one fault apart (a clause too far after "I got in at") not
 * used to mend them: nearer than the others to what an unknown text fares like. */
Test(strip, reports_that_no_rule_was_written_for_fare_nearly_as_well)
{
	reaches("tests/corpus/held-out.jsonl", 80, 88, 97, 4);
}

static void
holds_whole(const char *text, size_t len, enum strip_profile profile, json_t *spans)
{
	(void)profile;
	(void)spans;
	holds(text, len, STRIP_REPORTER);
	holds(text, len, STRIP_DEIDENTIFY);
}

Test(strip, twice_is_once_for_whole_reports)
{
	each_of("tests/corpus/hands.jsonl", 40, holds_whole);
	each_of("tests/corpus/held-out.jsonl", 40, holds_whole);
}

Test(strip, a_text_of_one_short_line_is_no_signature)
{
	static const char *const lines[] = { "Hallo", "Thank you", "Please help", "Room 412",
		"Operating Room", "Dana Kessler", "St. Brigid Hospital", "RN", "Dr. Vale" };

	for (size_t i = 0; i < NELEM(lines); i++)
		gives(lines[i], lines[i]);
}

Test(strip, what_others_are_quoted_with_is_theirs)
{
	gives("Dr. Vale said \"call me at 312-555-0144\".",
	    "Dr. Vale said \"call me at 312-555-0144\".");
	gives("I said \"call me at 312-555-0144\".", "I said \"call me at [contact removed]\".");
	gives("Dr. Vale said \"no. I can be called at 312-555-0144.",
	    "Dr. Vale said \"no. I can be called at [contact removed].");
}

Test(strip, a_name_once_known_goes_everywhere_and_nobody_elses)
{
	gives("My name is Rosa Delgado. Ask Rosa, or look for rdelgado2 in the log.",
	    "My name is [name removed]. Ask [name removed], or look for [id removed] in the log.");
	gives("My name is Rosa Delgado. Rosa Jimenez and Dr. Hector Delgado left. Roses too.",
	    "My name is [name removed]. Rosa Jimenez and Dr. Hector Delgado left. Roses too.");
	gives("Her name is Rosa Delgado. Ask Rosa.", "Her name is Rosa Delgado. Ask Rosa.");
}

/* An apostrophe closes no quotation, and nothing is read behind the last word. */
Test(strip, a_removal_leaves_what_is_quoted_as_it_was)
{
	static const char *const texts[] = {
		"I found my name on the board as \"@tlong' I'm the newest CRNA, here since "
		"Memorial Day. So.",
		"He filmed her \" and I am on it as \"abc 12 \" x\" here since June.",
		"I saw all of it and wrote it up at once. Solomon Game dRN",
	};

	for (size_t i = 0; i < NELEM(texts); i++)
		holds(texts[i], strlen(texts[i]), STRIP_REPORTER);
}

Test(strip, text_is_evened_out)
{
	gives("a\r\nb\rc\x0b"
	      "d\u2028e  \t\nf \t",
	    "a\nb\nc\nd\ne\nf");
	gives("a\u00a0b\u2003c\td", "a b c\td");
	gives("\u201cno\u201d \u2018it\u2019 \u2014 \u2013 \u2212", "\"no\" 'it' - - -");
	gives("cafe\u0301 \u212b", "caf\u00e9 \u00c5");
	gives("a\u200bb\u2066c\u2069d\U000e0041e\ue000f\ufeffg\u00adh\x1b[31m", "abcdefgh[31m");
}

Test(strip, letters_that_look_alike_become_latin_inside_latin_words_only)
{
	gives("p\u0430ti\u0435nt \uff2d\uff32\uff29 \U0001d5d4\U0001d5ef", "patient MRI Ab");
	gives("\u0421\u043e\u0432\u0430 \u0431\u043e\u043b\u044c\u043d\u0438\u0446\u0430",
	    "\u0421\u043e\u0432\u0430 \u0431\u043e\u043b\u044c\u043d\u0438\u0446\u0430");
	gives("\u03bf \u03b9\u03b1\u03c4\u03c1\u03cc\u03c2 TNF\u03b1 5 \u03bcg",
	    "\u03bf \u03b9\u03b1\u03c4\u03c1\u03cc\u03c2 TNF\u03b1 5 \u03bcg");
	gives("ka\u0436\u043e", "ka\u0436\u043e");
}

Test(strip, joiners_and_selectors_stay_in_emoji_and_nowhere_else)
{
	gives("\U0001f468\u200d\U0001f469\u200d\U0001f466 \u2764\ufe0f 1\ufe0f\u20e3",
	    "\U0001f468\u200d\U0001f469\u200d\U0001f466 \u2764\ufe0f 1\ufe0f\u20e3");
	gives("a\u200db x\ufe0fy \U0001f468\u200dx", "ab xy \U0001f468x");
}

Test(strip, kept_labels_stay_and_evening_out_is_never_kept)
{
	gives_profile("My name is Ola. Call me at 312-555-0144.\u200b",
	    "My name is Ola. Call me at [contact removed].", STRIP_REPORTER,
	    &(struct strip_keep){ .labels = 1u << STRIP_REPORTER_NAME | 1u << STRIP_INVISIBLE });
	cr_assert(strip_label_keepable(STRIP_SIGN_OFF));
	cr_assert(not(strip_label_keepable(STRIP_INVISIBLE)));
	cr_assert(not(strip_label_keepable(STRIP_LOOKALIKE)));
}

Test(strip, what_the_site_forbids_to_keep_goes_all_the_same)
{
	static const char text[] = "My name is Ola. Call me at 312-555-0144.";
	static const struct strip_span all = { 0, sizeof(text) - 1, STRIP_NAME };
	struct strip_keep keep = { .labels =
				       1u << STRIP_REPORTER_NAME | 1u << STRIP_REPORTER_CONTACT,
		.never = 1u << STRIP_REPORTER_NAME };

	gives_profile(
	    text, "My name is [name removed]. Call me at 312-555-0144.", STRIP_REPORTER, &keep);
	keep.labels = 0;
	keep.spans = &all;
	keep.n_spans = 1;
	gives_profile(
	    text, "My name is [name removed]. Call me at 312-555-0144.", STRIP_REPORTER, &keep);
}

Test(strip, a_kept_span_stays_and_nothing_else_of_its_kind)
{
	static const char text[] = "\u200bMy\u200b name is Ola Berg. Text 312-555-0144, Ola Berg.";
	struct strip_span s[] = { { 0, 3, STRIP_INVISIBLE }, { 21, 22, STRIP_NAME },
		{ 32, 44, STRIP_PHONE } };
	struct strip_keep keep = { .spans = s, .n_spans = NELEM(s) };

	gives(text, "My name is [name removed]. Text [phone removed], [name removed].");
	gives_profile(
	    text, "My name is Ola Berg. Text 312-555-0144, [name removed].", STRIP_REPORTER, &keep);
	keep.n_spans = 1;
	gives_profile(text, "My name is [name removed]. Text [phone removed], [name removed].",
	    STRIP_REPORTER, &keep);
	keep.spans = s + 2;
	gives_profile(text, "My name is [name removed]. Text 312-555-0144, [name removed].",
	    STRIP_REPORTER, &keep);
}

Test(strip, kept_spans_out_of_order_or_beyond_the_text_are_refused)
{
	static const struct strip_span bad[][2] = { { { 2, 3, STRIP_NAME }, { 1, 2, STRIP_NAME } },
		{ { 1, 3, STRIP_NAME }, { 2, 4, STRIP_NAME } },
		{ { 0, 1, STRIP_NAME }, { 3, 6, STRIP_NAME } },
		{ { 0, 1, STRIP_NAME }, { 3, 2, STRIP_NAME } } };

	for (size_t i = 0; i < NELEM(bad); i++) {
		struct strip_keep keep = { .spans = bad[i], .n_spans = 2 };
		struct strip_result r;
		void *mem;

		cr_assert(eq(int, run(&mem, &r, "hallo", 5, STRIP_REPORTER, &keep), CANDOR_EINVAL),
		    "%zu", i);
		free(mem);
	}
}

Test(strip, a_name_with_an_invisible_character_in_it_is_one_span)
{
	static const char text[] = "My name is Wan\u200bda Oka\u0301for.";
	struct strip_result r;
	void *mem;

	cr_assert(eq(int, run(&mem, &r, text, sizeof(text) - 1, STRIP_REPORTER, NULL), 0));
	cr_assert(eq(sz, r.n_spans, 1));
	cr_assert(eq(sz, r.spans[0].start, 11));
	cr_assert(eq(sz, r.spans[0].end, sizeof(text) - 2));
	free(mem);
}

Test(strip, a_message_of_several_lines_loses_its_signature)
{
	gives("He filmed her in bay 4.\r\nI told the lead.\r\n\r\nBest wishes,\r\nEsme Tran, RN\r\n"
	      "312-555-0144\r\n",
	    "He filmed her in bay 4.\nI told the lead.\n\nBest wishes,\n[signature removed]\n"
	    "[phone removed]\n");
	gives("nothing to strip here", "nothing to strip here");
	gives("", "");
}

Test(strip, what_is_not_utf_8_or_has_nul_is_refused)
{
	static const struct {
		const char *p;
		size_t len;
	} bad[] = { { "a\0b", 3 }, { "\0", 1 }, { "\xff", 1 }, { "\xc0\xaf", 2 }, { "\xe2\x82", 2 },
		{ "\xed\xa0\x80", 3 }, { "\xf4\x90\x80\x80", 4 }, { "ok \x80", 4 } };

	for (size_t i = 0; i < NELEM(bad); i++) {
		struct strip_result r = { .n_spans = 77 };
		void *mem;

		cr_assert(eq(int, run(&mem, &r, bad[i].p, bad[i].len, STRIP_REPORTER, NULL),
			      CANDOR_EINVAL),
		    "%zu", i);
		cr_assert(eq(sz, r.n_spans, 77));
		free(mem);
	}
}

Test(strip, too_small_an_arena_is_an_error_and_no_crash)
{
	static const char text[] = "My name is Wanda Okafor.\u200b\u0430 Call me at 312-555-0144.";
	static uint8_t mem[STRIP_ARENA_BYTES(sizeof(text))];

	for (size_t size = 0;; size++) {
		struct strip_result r;
		struct arena a;
		int rc;

		arena_init(&a, mem, size);
		if ((rc = strip(&a, &r, text, sizeof(text) - 1, STRIP_REPORTER, NULL)) == 0)
			break;
		cr_assert(eq(int, rc, CANDOR_ENOMEM));
		cr_assert(lt(sz, size, sizeof(mem)));
	}
}

/* Without the name the time is within reach of "I've": so it must be seen at once. */
Test(strip, a_removal_that_brings_words_together_is_looked_at_again)
{
	static const char text[] = "I've told my husband Emil Sorge that the man lies nine years.";

	holds(text, sizeof(text) - 1, STRIP_REPORTER);
	gives(text, "I've told [relation removed] that the man lies nine years.");
	gives("case [[id removed] <x.com/(312) 555-0144",
	    "case [[id removed] <x.com/[phone removed]");
}

/* Growing sizes: were any stage worse than linear, the largest would not end within the limit. */
Test(strip, hostile_texts_of_a_mebibyte_fit_and_end, .timeout = 120)
{
	static const char *const units[] = { "(", "a@", "\u0301", "7", "a.", "a-", "a/", "a_", "7-",
		"7 ", " ", "\n", "'s", "x's", "My name is ", "I'm Jo Ek. ", "Thanks, ", "- Bo\n",
		"call me 312-555-0144 ", "my my ", "(\x01)\x01", "\u202e\u2066", "o\u043e\u200b",
		"\u1100\u1161", "\U0001d160", "\U0001f468\u200d", "\u00a0\n", "e\u0301\u200b",
		"http://a", "J. ", "I am the " };

	for (size_t i = 0; i < NELEM(units); i++)
		for (size_t size = 1 << 10; size <= 1 << 20; size <<= 5)
			repeat(units[i], size);
}

Test(strip, every_label_has_a_name_that_parses_back)
{
	enum strip_label label;

	for (unsigned i = 0; i < STRIP__N; i++) {
		cr_assert(
		    eq(int, strip_label_parse(&label, strip_label_name((enum strip_label)i)), 0));
		cr_assert(eq(int, (int)label, (int)i));
		cr_assert(gt(sz, strlen(strip_label_reason(label)), 0));
	}
	cr_assert(eq(int, strip_label_parse(&label, "reporter"), CANDOR_EINVAL));
	cr_assert(eq(int, strip_label_parse(&label, ""), CANDOR_EINVAL));
}

Test(strip, inert_text_cannot_move_the_cursor)
{
	static const char text[] = "a\x1b[2J\tb\n\xff\u202e\u2764\ufe0f\xc2\x9b\x7f\0c";
	static const char want[] = "a\ufffd[2J\tb\n\ufffd\ufffd\u2764\ufe0f\ufffd\ufffd\ufffdc";
	uint8_t mem[256];
	struct arena a;
	struct span out;

	arena_init(&a, mem, sizeof(mem));
	cr_assert(eq(int, strip_inert(&a, &out, text, sizeof(text) - 1), 0));
	cr_assert(eq(sz, out.len, sizeof(want) - 1));
	cr_assert(memcmp(out.p, want, sizeof(want)) == 0);
	arena_init(&a, mem, 16);
	cr_assert(eq(int, strip_inert(&a, &out, text, sizeof(text) - 1), CANDOR_ENOMEM));
}

/* ---- whom a text names ------------------------------------------------------------------------- */

static bool
mentions(const char *text, const char *name)
{
	return strip_mentions(text, strlen(text), name);
}

Test(strip, an_officer_is_mentioned_by_the_whole_name_or_behind_a_title)
{
	static const char *const yes[] = { "I told Miriam Fox about it", "MIRIAM FOX's office",
		"the officer, miriam fox, laughed", "Officer Fox said no", "ask dr. fox", "Mrs Fox",
		"M. told Miriam, then Miriam Fox", "director Fox" };
	static const char *const no[] = { "", "Fox", "a fox ran", "Miriam", "Miriam Foxworth",
		"Officer Foxworth", "Miriam and Fox", "Officer Dunn met Fox News", "Marion Fox" };

	for (size_t i = 0; i < NELEM(yes); i++)
		cr_assert(mentions(yes[i], "Dr. Miriam Fox"), "%s", yes[i]);
	for (size_t i = 0; i < NELEM(no); i++)
		cr_assert(not(mentions(no[i], "Dr. Miriam Fox")), "%s", no[i]);
	cr_assert(mentions("so I wrote to jose ibanez", "Jos\u00e9 Ib\u00e1\u00f1ez"));
	cr_assert(not(mentions("Officer", "Officer")));
	cr_assert(not(mentions("anything", "")));
}

/* ---- the rules --------------------------------------------------------------------------------- */

/* What goes and, beside it, what is nearly the same and stays. */
static const struct pair {
	const char *text, *left;
} pairs[] = {
	/* clang-format off */
	/* what the writer is, to the end of the clause */
	{ "I'm the midwife who was on for that transfer.", "I'm [role removed]." },
	{ "I'm the triage nurse on Easter, 11a-11p. There was one.", "I'm [role removed], [id removed]. There was one." },
	{ "I'm the triage nurse on Easter night. There was one.", "I'm [role removed]. There was one." },
	{ "I work in sterile processing, second shift, assembly table 6.", "I work in [role removed]." },
	{ "I'm a neurology fellow, one of three, and she writes my evaluation.",
		"I'm [role removed], and she writes my evaluation." },
	{ "I'm the one person with an alarm code after 7pm besides the doctors.", "I'm [role removed]." },
	{ "I'm the other name on the door, so it will be no mystery.", "I'm [role removed], so it will be no mystery." },
	{ "I have personal knowledge as the revenue auditor assigned to that practice.",
		"I have personal knowledge as [role removed]." },
	{ "I've been his transcriptionist for eighteen years, and I know.",
		"I've been [role removed] [time removed], and I know." },
	{ "I am the charge nurse and the doctor told me so.", "I am [role removed] and the doctor told me so." },
	{ "I'm a nurse and I'm tired.", "I'm a nurse and I'm tired." },
	{ "I'm worried, not sure, and on break in the lobby.", "I'm worried, not sure, and on break in the lobby." },
	{ "She is the night pharmacist at the Elm Street site.", "She is the night pharmacist at the Elm Street site." },
	{ "A night nurse told me that the midwife was on.", "A night nurse told me that the midwife was on." },
	{ "I am the patient.", "I am the patient." },
	{ "I'm one of those on the list.", "I'm one of those on the list." },
	{ "Dr. Vale said \"I'm the only surgeon here\".", "Dr. Vale said \"I'm the only surgeon here\"." },
	/* the writer's name */
	{ "I found my own name, Tabitha Longmire, on it.", "I found my own name, [name removed], on it." },
	{ "I am on the minutes as the dissent: M. Achterhof, who was alone.",
		"I am on the minutes as [role removed]: [name removed], who was alone." },
	{ "My surname is \u0130\u015f\u0131k\u00e7\u0131.", "My surname is [name removed]." },
	{ "I'm \u015eule B\u00edch Ng\u1ecdc and I saw it.", "I'm [name removed] and I saw it." },
	{ "Dr. Ilic filmed him. I told Kyle Brenner, who laughed.", "Dr. Ilic filmed him. I told Kyle Brenner, who laughed." },
	/* the end of a text */
	{ "He filmed her and posted it. Sunniva Aas, cell (802) 555-0161",
		"He filmed her and posted it. [name removed], [contact removed]" },
	{ "He filmed her and posted it. Mo (biomed, bench 2)", "He filmed her and posted it. [name removed] ([role removed])" },
	{ "He filmed her and posted it.\n\nAda Quill, RN\nFacility social worker\nada@mail.example",
		"He filmed her and posted it.\n\n[name removed]\n[role removed]\n[e-mail removed]" },
	{ "He filmed her and posted it. Ask the unit.", "He filmed her and posted it. Ask the unit." },
	/* numbers and accounts */
	{ "Lawson no. 00211764 is mine.", "[id removed] is mine." },
	{ "I messaged from my profile \"Pearl Whitaker\", which is me.", "I messaged from my profile [id removed], which is me." },
	{ "MRN 00847731 was on the board in room 412.", "MRN 00847731 was on the board in room 412." },
	{ "His badge is T-20917.", "His badge is T-20917." },
	{ "I gave 5mg in room 14 at 2pm.", "I gave 5mg in room 14 at 2pm." },
	/* how to be reached */
	{ "Write to me at P.O. Box 77, Gantry.", "Write to me at [contact removed]." },
	{ "My office number, area code 928, 555-0106.", "My office number, [contact removed]." },
	{ "Dr. Ruff lives at 12 Hill Road, Dunmore.", "Dr. Ruff lives at 12 Hill Road, Dunmore." },
	/* since when */
	{ "I have worked as a PTA for him going on three years.", "I have worked as a PTA for him [time removed]." },
	{ "I've been lifting people since before it had a roof.", "I've been lifting people [time removed]." },
	{ "First job out of college, five weeks in.", "[time removed]." },
	{ "He has worked here for three years.", "He has worked here for three years." },
	{ "It was posted two years ago.", "It was posted two years ago." },
	/* numbers by whose sentence they stand in */
	{ "I sweep there and my roster entry is H-22.", "I sweep there and my roster entry is [id removed]." },
	{ "I comment there as tired_rn_88. His handle is doc_wow_1.",
		"I comment there as [id removed]. His handle is doc_wow_1." },
	{ "The call was taken by operator 217, which is me.", "The call was taken by [id removed], which is me." },
	{ "I posted it under \"Sad Porter\", which everybody knows.",
		"I posted it under [id removed], which everybody knows." },
	{ "I am logged in as mfontaine, as you can see.", "I am logged in as [id removed], as you can see." },
	{ "The boy's handle is \"goalie_finn_09\".", "The boy's handle is \"goalie_finn_09\"." },
	{ "We're bound by policy HR-22 not to. He drove van 12.", "We're bound by policy HR-22 not to. He drove van 12." },
	{ "The MRN is AB-22190 and I saw it.", "The MRN is AB-22190 and I saw it." },
	/* set off by stops */
	{ "I teach there, the guy who does the CPR class in the gym.", "I teach there, [role removed]." },
	{ "I told Dr. Vale, the surgeon who sold it, and left.", "I told Dr. Vale, the surgeon who sold it, and left." },
	{ "The scheduling manager, Lorna Fitch, posted it.", "The scheduling manager, Lorna Fitch, posted it." },
	/* whole clauses that tell since when, and reasons, which do not */
	{ "I've shared a waiting room with him since 1998.", "[time removed]." },
	{ "We entered on the same day in 1961.", "[time removed]." },
	{ "I know it, since the printer is upstairs.", "I know it, since the printer is upstairs." },
	{ "He's been there since 2010.", "He's been there since 2010." },
	/* the hours of the writer */
	{ "I clocked out at six fifteen.", "I clocked out at [time removed]." },
	{ "I unlocked at 4:38. She posted it at 9:15.", "I unlocked at [time removed]. She posted it at 9:15." },
	/* somebody close */
	{ "My sister-in-law runs the gift shop.", "[relation removed] runs the gift shop." },
	{ "My supervisor Dana Vale said so.", "My supervisor Dana Vale said so." },
	/* clang-format on */
};

Test(strip, each_rule_takes_its_phrase_whole_and_leaves_its_neighbour)
{
	for (size_t i = 0; i < NELEM(pairs); i++) {
		gives(pairs[i].text, pairs[i].left);
		holds(pairs[i].text, strlen(pairs[i].text), STRIP_REPORTER);
	}
}
