/* SPDX-License-Identifier: ISC */
/* De-identification: what goes of each kind, what stays beside it, and what holds for every text. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "candor/strip.h"
#include "candor/utf8.h"

#include "support/score.h"

static int
run(void **mem, struct strip_result *out, const char *text, size_t len)
{
	struct arena a;

	*mem = malloc(STRIP_ARENA_BYTES(len));
	cr_assert(ne(ptr, *mem, NULL));
	arena_init(&a, *mem, STRIP_ARENA_BYTES(len));
	return strip(&a, out, text, len, STRIP_DEIDENTIFY, NULL);
}

static void
gives(const char *text, const char *want)
{
	struct strip_result r;
	void *mem;

	cr_assert(eq(int, run(&mem, &r, text, strlen(text)), 0));
	cr_assert(eq(str, (char *)(uintptr_t)r.text.p, (char *)(uintptr_t)want));
	free(mem);
}

static void
stays(const char *text)
{
	gives(text, text);
}

/* ---- people ----------------------------------------------------------------------------------- */

Test(strip_deidentify, a_name_goes_in_every_order_and_with_every_addition)
{
	static const char *const names[] = { "Robert Johnson", "Karen L.", "J. Doe", "Anna S.",
		"Jane A. Doe", "Marisol Iturbe", "Wouter Hoekstra-Jansen", "Maika van de Noort",
		"Grace Holloway", "Sean O'Brien", "Åsa Laine", "Kamila Červinková" };
	char text[128], want[128];

	for (size_t i = 0; i < NELEM(names); i++) {
		snprintf(text, sizeof(text), "This was seen by %s on the ward.", names[i]);
		snprintf(want, sizeof(want), "This was seen by [Person A] on the ward.");
		gives(text, want);
	}
	gives("Smith, John", "[Person A]");
	gives("SMITH^JOHN^Q", "[Person A]");
	gives("the chart of anna smith", "the chart of [Person A]");
}

Test(strip_deidentify, the_same_person_has_the_same_pseudonym_and_the_role_that_the_text_gives)
{
	gives("Patient Anna Smith saw nurse Karen Lopez. Smith thanked Karen; Anna left.",
	    "Patient [Patient A] saw nurse [Nurse B]. [Patient A] thanked [Nurse B]; [Patient A] "
	    "left.");
	gives("Dr. Nguyen called. Then Dr. Nguyen left with Robert Olsen.",
	    "[Dr. A] called. Then [Dr. A] left with [Person B].");
	gives("[Person C] met Robert Olsen.", "[Person C] met [Person D].");
}

Test(strip_deidentify, eponyms_drugs_and_firms_are_nobodys_names)
{
	stays(
	    "Parkinson's disease, Crohn's colitis, a Foley catheter and a positive Babinski sign.");
	stays("Glasgow Coma Scale 14 after Lisinopril and Paxlovid, says Medicare on Facebook.");
	stays("Does a high Wells score help in Alzheimer's disease or Lynch syndrome?");
	gives("Dr. Foley placed a Foley catheter.", "[Dr. A] placed a Foley catheter.");
}

Test(strip_deidentify, names_that_no_list_has_go)
{
	gives("Nkechi whispered to Bogdan.", "[Person A] whispered to [Person B].");
	gives("Its founder, Arminas Gaižauskas, retired.", "Its founder, [Person A], retired.");
	gives("He told van Duyvenvoorde so.", "He told [Person A] so.");
	gives("We'll tell Åse.", "We'll tell [Person A].");
}

Test(strip_deidentify, companies_go_by_the_word_behind_their_names)
{
	gives("She left Quillfeather Ltd. in 2019.", "She left [location removed] in 2019.");
	stays("She is in good company with Pfizer.");
}

Test(strip_deidentify, words_that_are_names_elsewhere_stay_words)
{
	stays("May I mark the bill? I will hope for grace, and chase it in the summer.");
	gives("Grace told us to ask Mark.", "[Person A] told us to ask [Person B].");
}

/* ---- places and addresses --------------------------------------------------------------------- */

Test(strip_deidentify, places_below_a_state_go_and_states_stay)
{
	gives("Seen at St. Mary's Hospital in Denver, CO.",
	    "Seen at [location removed] in [location removed], CO.");
	gives("He lives in San Francisco.", "He lives in [location removed].");
	stays("A study from Ohio and Texas, in room 12.");
}

Test(strip_deidentify, addresses_of_many_countries_go)
{
	gives("Send it to 123 Maple St, Apt. 3C now.", "Send it to [address removed] now.");
	gives("Write to P.O. Box 2218, please.", "Write to [address removed], please.");
	gives("He moved to Feldstrasse 42 then.", "He moved to [address removed] then.");
	gives("at 71 Via Franscini 71 then", "at [address removed] then");
	gives("a flat in Sheffield S3 8QT.", "a flat in [location removed] [address removed].");
	gives("in Gainesville FL 32605.", "in [location removed] FL [address removed].");
	gives("It is in 112 Holloway Road now.", "It is in [address removed] now.");
	gives("It is in 12 Yorkville Ave now.", "It is in [address removed] now.");
	gives("at 84373 Demirel Lights Suite 814.", "at [address removed].");
	gives("at Gran Vía 28, please", "at [address removed], please");
	gives("at 448, rue de Gauthier.", "at [address removed].");
	stays("He took 112 h of leave, or 12 yo and 3 pm shifts.");
}

/* ---- dates and ages --------------------------------------------------------------------------- */

Test(strip_deidentify, dates_of_every_form_go_and_years_and_times_stay)
{
	static const char *const dates[] = { "April 12, 2023", "Feb 10th 2021", "14 August 2024",
		"9th of November 1964", "04/17/1951", "3/14/24", "2015-12-22", "12.05.2020",
		"10-04-2023", "19380622", "04-Apr-2023", "January 20th", "March 3-5, 2023" };
	char text[128];

	for (size_t i = 0; i < NELEM(dates); i++) {
		snprintf(text, sizeof(text), "It was on %s at 14:32.", dates[i]);
		gives(text, "It was on [date removed] at 14:32.");
	}
	stays("Diagnosed in 2021 at 8:15 am, BP 120/80, 1/2 tablet, EF 30%, from 2019-2023.");
	stays("may 5 people come, 50-100 mg of it?");
}

Test(strip_deidentify, ages_of_90_and_over_go_and_others_stay)
{
	gives("A 94-year-old man, and she is aged 93.",
	    "A [age 90 or over] man, and she is aged [age 90 or over].");
	stays("A 34-year-old man, a 70yo woman, aged 89, weight 94 kg.");
}

/* ---- numbers ---------------------------------------------------------------------------------- */

Test(strip_deidentify, telephone_numbers_of_many_countries_go)
{
	static const char *const numbers[] = { "(312) 555-0144", "312-555-0144", "312.555.0144",
		"+1 312 555 0144", "+44 20 7946 0188", "07700 900472", "06 39 98 41 07",
		"+31 6 1234 5019", "555-0116" };
	char text[96];

	for (size_t i = 0; i < NELEM(numbers); i++) {
		snprintf(text, sizeof(text), "It is %s now", numbers[i]);
		gives(text, "It is [phone removed] now");
	}
	gives("Phone: 72 128 827", "Phone: [phone removed]");
	gives("pager 80142", "pager [phone removed]");
}

Test(strip_deidentify, numbers_with_a_check_digit_go_when_it_is_right_and_cards_by_their_groups)
{
	gives("card 4111 1111 1111 1111.", "card [card removed].");
	gives("card 4716 9032 1187 0428.", "card [card removed].");
	gives("to GB82 WEST 1234 5698 7654 32 at once", "to [account removed] at once");
	gives("the car 1HGBH41JXMN109186 there", "the car [vehicle removed] there");
	gives("by 1234567893 there", "by [licence removed] there");
}

Test(strip_deidentify, numbers_go_by_what_the_text_says_they_are)
{
	gives("MRN: EM-123456", "MRN: [record removed]");
	gives("MRN 789-65-4321", "MRN [record removed]");
	gives("insurance plan #DB-2345678.", "insurance plan #[account removed].");
	gives("SSN: 123-45-6789", "SSN: [number removed]");
	gives("plate 7KRT 882 there", "plate [vehicle removed] there");
	gives("serial number VFTR70133", "serial number [device removed]");
	gives("badge 0441 there", "badge [id removed] there");
	stays("CYP2D6, COVID-19, T2DM, IL-6, F508del, 12-lead, 2,140 and 84.1 kg.");
}

Test(strip_deidentify, what_is_on_the_network_goes)
{
	gives("jane.doe@mail.example", "[e-mail removed]");
	gives("see https://a.example/b?c=1.", "see [link removed].");
	gives("x.com/who/status/1 there", "[link removed] there");
	gives("from 198.51.100.23 and 2001:db8::1 and 00:1b:44:11:3a:b7",
	    "from [ip removed] and [ip removed] and [ip removed]");
	gives("by @kirstie.shifts.", "by [id removed].");
	gives("in C:\\Users\\jdoe\\x.doc", "in [id removed]");
}

/* ---- every text ------------------------------------------------------------------------------- */

static void
holds(const char *text, size_t len)
{
	struct strip_result once, twice;
	void *mem, *mem2;
	size_t last = 0;

	cr_assert(eq(int, run(&mem, &once, text, len), 0));
	cr_assert(utf8_valid((const char *)once.text.p, once.text.len));
	for (size_t i = 0; i < once.n_spans; i++) {
		const struct strip_span *s = &once.spans[i];

		cr_assert(le(sz, last, s->start));
		cr_assert(lt(sz, s->start, s->end));
		cr_assert(le(sz, s->end, len));
		cr_assert(s->end == len || (text[s->end] & 0xc0) != 0x80);
		last = s->end;
	}
	cr_assert(eq(int, run(&mem2, &twice, (const char *)once.text.p, once.text.len), 0));
	cr_assert(eq(str, (char *)(uintptr_t)twice.text.p, (char *)(uintptr_t)once.text.p));
	free(mem);
	free(mem2);
}

static const char *const corpora[] = { "tests/corpus/deidentify/letters.txt",
	"tests/corpus/deidentify/notes.txt", "tests/corpus/deidentify/queries.txt",
	"tests/corpus/deidentify/questions.txt", "tests/corpus/deidentify/reports.txt",
	"tests/corpus/deidentify/sentences.txt", "tests/corpus/deidentify/smalltalk.txt" };

Test(strip_deidentify, twice_is_once_for_heads_and_tails_of_the_corpus)
{
	for (size_t i = 0; i < NELEM(corpora); i++) {
		struct corpus c;

		corpus_read(&c, corpora[i]);
		for (size_t k = 0; k < c.n_texts; k++)
			for (size_t cut = 0; cut <= c.texts[k].len; cut += 7) {
				if (cut < c.texts[k].len && (c.texts[k].p[cut] & 0xc0) == 0x80)
					continue;
				holds(c.texts[k].p, cut);
				holds(c.texts[k].p + cut, c.texts[k].len - cut);
			}
		corpus_free(&c);
	}
}

/* What the rules reach on the corpus; they may reach more. */
Test(strip_deidentify, the_corpus_loses_who_is_in_it_and_little_else)
{
	struct corpus_score score = { 0 };
	size_t spans = 0, right = 0;

	for (size_t i = 0; i < NELEM(corpora); i++) {
		struct corpus c;

		corpus_read(&c, corpora[i]);
		for (size_t k = 0; k < c.n_texts; k++) {
			struct strip_result r;
			void *mem;

			cr_assert(eq(int, run(&mem, &r, c.texts[k].p, c.texts[k].len), 0));
			corpus_judge(
			    &score, &c, &c.texts[k], &r, STRIP_DEIDENTIFY, corpora[i], NULL);
			free(mem);
		}
		corpus_free(&c);
	}
	for (size_t i = 0; i < score.n_labels; i++) {
		spans += score.labels[i].spans;
		right += score.labels[i].right;
	}
	fprintf(stderr,
	    "  figure: tests/corpus/deidentify recall %.1f %%, other words lost %.2f %%\n",
	    100.0 * (double)right / (double)spans,
	    100.0 * (double)score.lost / (double)score.words);
	cr_assert(ge(dbl, 100.0 * (double)right / (double)spans, 93.5));
	cr_assert(le(dbl, 100.0 * (double)score.lost / (double)score.words, 2.5));
}
