/* SPDX-License-Identifier: ISC */
/*
 * Answers in advance: what a file may hold, what is said of one that is wrong, and how names in braces are
 * filled. And who is to be told of a breach until when.
 */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "candor/breach.h"
#include "candor/template.h"
#include "support/files.h"

static struct template_fault fault;
static Candor__Template *t;

static int
parse(const char *name, const char *text)
{
	struct arena a = test_arena(1u << 16);

	return template_parse(&a, &t, name, text, strlen(text), &fault);
}

Test(template, file_with_everything_is_read)
{
	cr_assert(eq(int,
	    parse("thanks-1.es.txt", "title: Gracias\ncategories: privacy,  photo\nfor: "
				     "question\n\n\nHola {{officer}}:\n"
				     "{{words}}\n\n"),
	    0));
	cr_assert(eq(str, t->id, (char *)"thanks-1"));
	cr_assert(eq(str, t->lang, (char *)"es"));
	cr_assert(eq(str, t->title, (char *)"Gracias"));
	cr_assert(eq(sz, t->n_categories, 2));
	cr_assert(eq(str, t->categories[1], (char *)"photo"));
	cr_assert(eq(str, t->kind, (char *)"question"));
	cr_assert(eq(str, t->text, (char *)"Hola {{officer}}:\n{{words}}"));
	cr_assert(template_suits(t, "photo", 1));
	cr_assert(not(template_suits(t, "photo", 0)));
	cr_assert(not(template_suits(t, "other", 1)));
}

static const struct {
	const char *name, *text, *why;
	unsigned line;
} wrong[] = {
	{ "x.txt", "title: X\n\ny", "ID.LANG.txt", 0 },
	{ "X.en.txt", "title: X\n\ny", "ID.LANG.txt", 0 },
	{ ".en.txt", "title: X\n\ny", "ID.LANG.txt", 0 },
	{ "x.en.txt.bak", "title: X\n\ny", "ID.LANG.txt", 0 },
	{ "x.en.txt", "", "title is missing", 1 },
	{ "x.en.txt", "\ntext", "title is missing", 1 },
	{ "x.en.txt", "title: X\n", "text is missing", 2 },
	{ "x.en.txt", "title: X\n\n \n\n", "text is missing", 3 },
	{ "x.en.txt", "title: X\nDear reporter\n\ny", "header line", 2 },
	{ "x.en.txt", "title: X\nsubject: y\n\nz", "no such header", 2 },
	{ "x.en.txt", "title:\n\ny", "behind the colon", 1 },
	{ "x.en.txt", "title: X\nfor: everybody\n\ny", "incident or question", 2 },
	{ "x.en.txt", "title: X\ncategories: a/b\n\ny", "commas", 2 },
	{ "x.en.txt", "title: \033[31m\n\ny", "printable", 1 },
	{ "x.en.txt", "title: X\n\nto\n\033[31m", "control character", 4 },
	{ "x.en.txt", "title: X\n\n\xff", "UTF-8", 0 },
	{ "x.en.txt", "title: X\n\nDear all,\n{{case}} is yours", "{{case}} is no placeholder", 4 },
	{ "x.en.txt", "title: X\n\n{{words", "no placeholder", 3 },
};

Test(template, what_is_wrong_with_a_file_is_said_with_its_line)
{
	for (size_t i = 0; i < NELEM(wrong); i++) {
		cr_assert(eq(int, parse(wrong[i].name, wrong[i].text), CANDOR_EINVAL), "%zu", i);
		cr_assert(strstr(fault.why, wrong[i].why) != NULL, "%zu: %s", i, fault.why);
		cr_assert(eq(u32, fault.line, wrong[i].line), "%zu: line %u", i, fault.line);
	}
}

Test(template, names_are_filled_and_what_has_no_value_stays)
{
	const char *values[TEMPLATE__N] = {
		[TEMPLATE_CATEGORY] = "Privacy", [TEMPLATE_OFFICER] = "{{words}}"
	};
	struct arena a = test_arena(4096);
	struct span out, left;

	cr_assert(eq(int,
	    template_fill(&a, &out, "{{category}}{{category}} {{today}} {{officer}} {{", values),
	    0));
	cr_assert(eq(str, (char *)out.p, (char *)"PrivacyPrivacy {{today}} {{words}} {{"));
	left = template_left((const char *)out.p, out.len);
	cr_assert(eq(sz, left.len, 9));
	cr_assert(eq(int, memcmp(left.p, "{{today}}", 9), 0));
	cr_assert(eq(sz, template_left("all {filled}", 12).len, 0));
	cr_assert(eq(int, template_fill(&a, &out, "", values), 0));
	cr_assert(eq(sz, out.len, 0));
}

Test(template, text_that_does_not_fit_is_an_error)
{
	const char *values[TEMPLATE__N] = { [TEMPLATE_WORDS] = "0123456789012345678901234567890" };
	struct arena a = test_arena(16);
	struct span out;

	cr_assert(eq(int, template_fill(&a, &out, "{{words}}{{words}}", values), CANDOR_ENOMEM));
}

/* ---- breaches --------------------------------------------------------------------------------- */

static day_t
day(const char *text)
{
	day_t d;

	cr_assert(eq(int, day_parse(&d, text, strlen(text)), 0));
	return d;
}

static void
expect(const char *discovered, unsigned patients, unsigned residents, const char *notices)
{
	struct breach_notice list[BREACH_NOTICES_MAX];
	size_t n = breach_notices(list, day(discovered), patients, residents);
	char said[256] = "", on[DAY_CHARS + 1];

	for (size_t i = 0; i < n; i++) {
		size_t at = strlen(said);

		day_format(on, list[i].by);
		snprintf(
		    said + at, sizeof(said) - at, "%s%s %s", i > 0 ? ", " : "", list[i].id, on);
	}
	cr_assert(eq(str, said, (char *)notices), "%s %u %u", discovered, patients, residents);
}

/* 45 CFR 164.404(b), 164.406, 164.408; days counted by hand. */
Test(breach, notices_are_due_as_the_rule_says)
{
	expect("2026-01-01", 1, 1, "individuals 2026-03-02, hhs 2027-03-01");
	expect("2026-12-31", 499, 499, "individuals 2027-03-01, hhs 2027-03-01");
	expect("2027-12-31", 499, 0, "individuals 2028-02-29, hhs 2028-02-29");
	expect("2028-01-01", 499, 0, "individuals 2028-03-01, hhs 2029-03-01");
	expect("2026-01-01", 500, 500, "individuals 2026-03-02, hhs 2026-03-02");
	expect("2026-01-01", 501, 500, "individuals 2026-03-02, hhs 2026-03-02");
	expect("2026-01-01", 501, 501, "individuals 2026-03-02, hhs 2026-03-02, media 2026-03-02");
	expect("2026-01-01", 0, 0, "");
}

Test(breach, levels_have_names)
{
	cr_assert(eq(str, (char *)breach_level_name(BREACH_LEVEL_HIGH), (char *)"high"));
	cr_assert(eq(str, (char *)breach_level_name(99), (char *)"?"));
}
