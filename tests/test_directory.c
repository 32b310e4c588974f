/* SPDX-License-Identifier: ISC */
/* The directory: what is read is what was written, and nothing else is read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>

#include "candor/directory.h"
#include "support/files.h"

static void
setup(void)
{
	cr_assert(ge(int, sodium_init(), 0));
}

TestSuite(directory, .init = setup, .timeout = 60);

static struct officer
officer(const char *name, uint8_t fill, enum officer_role role, const char *email, char *categories)
{
	struct officer o = { .role = role, .categories = categories };
	struct officer_secret s;
	uint8_t identity[32];

	memset(identity, fill, sizeof(identity));
	keys_derive(&s, identity);
	snprintf(o.name, sizeof(o.name), "%s", name);
	snprintf(o.email, sizeof(o.email), "%s", email);
	o.keys = s.pub;
	return o;
}

static struct officer staff[4];
static struct directory d;

static void
fill(void)
{
	uint8_t escrow[32] = { 77 };

	staff[0] = officer("Zoë Kravčenko", 1, ROLE_OFFICER, "zoe@hospital.example", "*");
	staff[1] = officer("Ada Lovelace", 2, ROLE_LEAD, "", "privacy,patient-safety");
	staff[2] = officer("李 小龍", 3, ROLE_AUDITOR, "x+y@a.b", "");
	staff[3] = officer("Bob O'Neil, MD", 4, ROLE_ADMIN, "", "");
	d = (struct directory){ .version = 41, .n_officers = 4, .officers = staff };
	memset(d.site_id, 0xab, sizeof(d.site_id));
	age_recipient_of(d.escrow, escrow);
}

static struct directory *
reread(struct arena *a, struct span text)
{
	struct directory *back;
	unsigned line = 0;
	const char *why = "";

	cr_assert(zero(int, directory_parse(a, &back, text.p, text.len, &line, &why)), "%u: %s",
	    line, why);
	return back;
}

Test(directory, what_was_written_is_read_back_in_the_order_of_names)
{
	static const unsigned order[] = { 1, 3, 0, 2 };
	struct arena a = test_arena(1 << 20);
	struct directory *back;
	struct span text, again;

	fill();
	cr_assert(zero(int, directory_format(&a, &text, &d)));
	back = reread(&a, text);
	cr_assert(eq(u64, back->version, 41));
	cr_assert(zero(int, memcmp(back->site_id, d.site_id, SITE_ID_BYTES)));
	cr_assert(zero(int, memcmp(back->escrow, d.escrow, 32)));
	cr_assert(eq(sz, back->n_officers, 4));
	for (unsigned i = 0; i < 4; i++) {
		const struct officer *o = &back->officers[i], *was = &staff[order[i]];

		cr_assert(eq(str, (char *)(uintptr_t)o->name, (char *)(uintptr_t)was->name));
		cr_assert(eq(str, (char *)(uintptr_t)o->email, (char *)(uintptr_t)was->email));
		cr_assert(eq(str, o->categories, was->categories));
		cr_assert(eq(int, o->role, was->role));
		cr_assert(zero(int, memcmp(&o->keys, &was->keys, sizeof(o->keys))));
	}
	cr_assert(zero(int, directory_format(&a, &again, back)));
	cr_assert(eq(sz, again.len, text.len));
	cr_assert(zero(int, memcmp(again.p, text.p, text.len)));
}

Test(directory, an_empty_one_is_a_directory)
{
	struct arena a = test_arena(1 << 20);
	struct span text;

	fill();
	d.n_officers = 0;
	cr_assert(zero(int, directory_format(&a, &text, &d)));
	cr_assert(zero(sz, reread(&a, text)->n_officers));
}

Test(directory, as_many_officers_as_allowed_fit_and_one_more_does_not)
{
	static struct officer many[DIRECTORY_OFFICERS_MAX + 1];
	struct arena a = test_arena(1 << 20);
	struct span text;
	struct directory *back;
	unsigned line;
	const char *why;
	char *more;

	fill();
	for (unsigned i = 0; i < NELEM(many); i++) {
		char name[32];

		snprintf(name, sizeof(name), "Officer %03u", i);
		many[i] =
		    officer(name, (uint8_t)(i + 1), ROLE_OFFICER, "someone@hospital.example", "*");
	}
	d.officers = many;
	d.n_officers = DIRECTORY_OFFICERS_MAX;
	cr_assert(zero(int, directory_format(&a, &text, &d)));
	cr_assert(eq(sz, reread(&a, text)->n_officers, DIRECTORY_OFFICERS_MAX));
	cr_assert(eq(sz, a.used < a.size, 1));
	more = malloc(text.len + 200);
	memcpy(more, text.p, text.len);
	memcpy(more + text.len, "officer\n", 8);
	cr_assert(eq(int, directory_parse(&a, &back, (uint8_t *)more, text.len + 8, &line, &why),
	    CANDOR_EINVAL));
	cr_assert(eq(u32, line, DIRECTORY_OFFICERS_MAX + 5));
	d.n_officers++;
	cr_assert(eq(int, directory_format(&a, &text, &d), CANDOR_ETOOBIG));
	free(more);
}

/* Replace the first old by new in a directory's text, and read that. */
static int
edited(struct arena *a, const char *old, const char *new, unsigned *line)
{
	struct span text;
	struct directory *back = NULL;
	char *copy, *at;
	const char *why = NULL;
	size_t len;
	int r;

	fill();
	cr_assert(zero(int, directory_format(a, &text, &d)));
	copy = calloc(1, text.len + strlen(new) + 1);
	at = memmem(text.p, text.len, old, strlen(old));
	cr_assert(ne(ptr, at, NULL), "no %s", old);
	len = (size_t)((const uint8_t *)at - text.p);
	memcpy(copy, text.p, len);
	strcpy(copy + len, new);
	memcpy(copy + len + strlen(new), at + strlen(old), text.len - len - strlen(old));
	len = text.len - strlen(old) + strlen(new);
	*line = 0;
	r = directory_parse(a, &back, (uint8_t *)copy, len, line, &why);
	cr_assert(eq(int, why != NULL && *why != '\0', r != 0));
	free(copy);
	return r;
}

Test(directory, every_line_is_held_to_its_form)
{
	static const struct {
		const char *old, *new;
		unsigned line;
	} c[] = {
		{ "candor-directory 1", "candor-directory 2", 1 },
		{ "candor-directory 1\n", "", 1 },
		{ "directory 1\n", "directory 1\r\n", 1 },
		{ "site ", "site  ", 2 },
		{ "abab", "ABab", 2 },
		{ "abab", "abaz", 2 },
		{ "abab", "aba", 2 },
		{ "abab\n", "abab \n", 2 },
		{ "version 41", "version 0", 3 },
		{ "version 41", "version 041", 3 },
		{ "version 41", "version -1", 3 },
		{ "version 41", "version ", 3 },
		{ "version 41", "version 4 1", 3 },
		{ "version 41", "version 99999999999999999999", 3 },
		{ "escrow age1", "escrow age2", 4 },
		{ "escrow", "Escrow", 4 },
		{ "\nofficer", "\n\nofficer", 5 },
		{ "\nofficer", "\n# comment\nofficer", 5 },
		{ "\tlead\t", "\tboss\t", 5 },
		{ "\tlead\t", "\tLead\t", 5 },
		{ "\tlead\t", "\t\t", 5 },
		{ "\tlead\tage1", "\tlead\tage2", 5 },
		{ "Ada Lovelace", "", 5 },
		{ "Ada Lovelace", "Ada  Lovelace", 5 },
		{ "Ada Lovelace", " Ada Lovelace", 5 },
		{ "Ada Lovelace", "Ada Lovelace ", 5 },
		{ "Ada Lovelace", "Ada\x1b[31m", 5 },
		{ "Ada Lovelace", "Ada\u202eecalevoL", 5 },
		{ "Ada Lovelace", "Ada\u200bLovelace", 5 },
		{ "Ada Lovelace", "Ada\u00a0Lovelace", 5 },
		{ "Ada Lovelace", "Ada\xff", 5 },
		{ "Ada Lovelace", "Ada <ada@x>", 5 },
		{ "Ada Lovelace", "=1+1", 5 },
		{ "Ada Lovelace", "-rf", 5 },
		{ "Ada Lovelace", "Bob O'Neil, MD", 6 }, /* a twin */
		{ "Ada Lovelace", "Cy", 6 },             /* out of order */
		{ "Ada Lovelace", "BOB o'neil, md", 6 },
		{ "privacy,", "privacy,,", 5 },
		{ "privacy,", ",", 5 },
		{ "patient-safety", "patient-safety,", 5 },
		{ "patient-safety", "-safety", 5 },
		{ "patient-safety", "Patient", 5 },
		{ "patient-safety", "*", 5 },
		{ "patient-safety", "a-name-of-a-category-that-is-too-long", 5 },
		{ "zoe@", "zoe", 7 },
		{ "zoe@", "zo e@", 7 },
		{ "zoe@", "@", 7 },
		{ "zoe@hospital.example", "", 7 },
		{ "x+y@a.b", "-oX@a.b", 8 },
		{ "x+y@a.b", "x@y@a.b", 8 },
		{ "x+y@a.b", "x..y@a.b", 8 },
		{ "x+y@a.b", "x@-a.b", 8 },
		{ "x+y@a.b", "x@a.b.", 8 },
		{ "x+y@a.b", "x@\xc3\xa4.b", 8 },
		{ "x+y@a.b\t-", "x+y@a.b\t-\t", 8 },
		{ "x+y@a.b\t-", "x+y@a.b", 8 },
		{ "x+y@a.b\t-\n", "x+y@a.b\t-", 8 }, /* the last LF */
		{ "x+y@a.b\t-\n", "x+y@a.b\t-\n\n", 9 },
	};
	struct arena a = test_arena(1 << 20);

	for (size_t i = 0; i < NELEM(c); i++) {
		unsigned line;

		cr_expect(eq(int, edited(&a, c[i].old, c[i].new, &line), CANDOR_EINVAL), "%s -> %s",
		    c[i].old, c[i].new);
		cr_expect(eq(u32, line, c[i].line), "%s -> %s", c[i].old, c[i].new);
		arena_end(&a);
	}
}

Test(directory, no_prefix_of_a_directory_that_ends_within_a_line_is_one)
{
	struct arena a = test_arena(1 << 20);
	struct span text;

	fill();
	cr_assert(zero(int, directory_format(&a, &text, &d)));
	for (size_t n = 0; n < text.len; n++) {
		/* A copy of its own, so that reading beyond it is seen. */
		uint8_t *copy = malloc(n == 0 ? 1 : n);
		struct directory *back;
		unsigned line, lines = 0;
		const char *why;
		arena_mark_t mark = arena_mark(&a);
		bool whole;

		cr_assert(ne(ptr, copy, NULL));
		memcpy(copy, text.p, n);
		for (size_t i = 0; i < n; i++)
			lines += copy[i] == '\n';
		whole = lines >= 4 && copy[n - 1] == '\n';
		cr_assert(eq(int, directory_parse(&a, &back, copy, n, &line, &why),
			      whole ? 0 : CANDOR_EINVAL),
		    "%zu", n);
		arena_release(&a, mark);
		free(copy);
	}
}

Test(directory, what_could_not_be_read_is_not_written)
{
	struct arena a = test_arena(1 << 20);
	struct span text;

#define BREAKS(change, code)                                                                       \
	do {                                                                                       \
		fill();                                                                            \
		change;                                                                            \
		cr_expect(eq(int, directory_format(&a, &text, &d), code), #change);                \
		arena_end(&a);                                                                     \
	} while (0)
	BREAKS(strcpy(staff[0].name, "Ada\nofficer"), CANDOR_EINVAL);
	BREAKS(strcpy(staff[0].name, "Ada\tlead"), CANDOR_EINVAL);
	BREAKS(strcpy(staff[0].name, ""), CANDOR_EINVAL);
	BREAKS(strcpy(staff[0].name, "ADA LOVELACE"), CANDOR_EINVAL);
	BREAKS(strcpy(staff[0].email, "a@b\nx"), CANDOR_EINVAL);
	BREAKS(staff[0].categories = "a\tb", CANDOR_EINVAL);
	BREAKS(staff[0].role = ROLE__N, CANDOR_EINVAL);
	BREAKS(staff[0].keys = staff[1].keys, CANDOR_EINVAL);
	BREAKS(memcpy(staff[0].keys.sign, staff[1].keys.sign, 32), CANDOR_EINVAL);
	BREAKS(memset(staff[0].keys.age, 0, 32), CANDOR_EINVAL);
	BREAKS(memcpy(staff[0].keys.age, d.escrow, 32), CANDOR_EINVAL);
	BREAKS(d.version = 0, CANDOR_EINVAL);
	BREAKS(d.n_officers = 4, 0);
}

Test(directory, officers_are_found_by_name_however_it_is_typed)
{
	fill();
	cr_assert(eq(ptr, (void *)(uintptr_t)directory_by_name(&d, "Ada Lovelace"), &staff[1]));
	cr_assert(
	    eq(ptr, (void *)(uintptr_t)directory_by_name(&d, "  ada \t LOVELACE\n"), &staff[1]));
	cr_assert(eq(ptr, (void *)(uintptr_t)directory_by_name(&d, "Zoë Kravčenko"), &staff[0]));
	cr_assert(zero(ptr, (void *)(uintptr_t)directory_by_name(&d, "AdaLovelace")));
	cr_assert(zero(ptr, (void *)(uintptr_t)directory_by_name(&d, "Ada")));
	cr_assert(zero(ptr, (void *)(uintptr_t)directory_by_name(&d, "Ada Lovelace2")));
	cr_assert(zero(ptr, (void *)(uintptr_t)directory_by_name(&d, "")));
	cr_assert(zero(ptr, (void *)(uintptr_t)directory_by_name(&d, " ")));
	cr_assert(
	    eq(ptr, (void *)(uintptr_t)directory_by_noise(&d, staff[2].keys.noise), &staff[2]));
	cr_assert(zero(ptr, (void *)(uintptr_t)directory_by_noise(&d, staff[2].keys.age)));
}

Test(directory, categories_are_served_by_whom_they_are_given_to)
{
	const unsigned lead = 1u << ROLE_LEAD, all = 0xff;

	fill();
	cr_assert(officer_serves(&staff[0], "anything", all));
	cr_assert(officer_serves(&staff[1], "privacy", all));
	cr_assert(officer_serves(&staff[1], "patient-safety", lead));
	cr_assert(not(officer_serves(&staff[1], "patient", all)));
	cr_assert(not(officer_serves(&staff[1], "safety", all)));
	cr_assert(not(officer_serves(&staff[1], "privacy,patient-safety", all)));
	cr_assert(not(officer_serves(&staff[1], "", all)));
	cr_assert(not(officer_serves(&staff[0], "privacy", lead)));
	staff[2].categories = staff[3].categories = "*";
	cr_assert(not(officer_serves(&staff[2], "privacy", all)));
	cr_assert(not(officer_serves(&staff[3], "privacy", all)));
}

Test(directory, only_what_the_charter_signed_for_this_site_opens)
{
	struct arena a = test_arena(1 << 20);
	struct minisign_secret charter, other;
	struct directory *back;
	struct span text, sig;
	uint8_t site[SITE_ID_BYTES], *bad;

	fill();
	minisign_keypair(&charter);
	minisign_keypair(&other);
	memcpy(site, d.site_id, sizeof(site));
	cr_assert(zero(int, directory_format(&a, &text, &d)));
	cr_assert(zero(int, minisign_sign(&a, &sig, text.p, text.len, &charter, "version 41")));
#define OPEN(bytes, key)                                                                           \
	directory_open(&a, &back, bytes, text.len, sig.p, sig.len, &(key).pub, site)
	cr_assert(zero(int, OPEN(text.p, charter)));
	cr_assert(eq(sz, back->n_officers, 4));
	cr_assert(eq(int, OPEN(text.p, other), CANDOR_EBADMSG));
	bad = arena_copy(&a, text.p, text.len);
	bad[text.len / 2] ^= 1;
	cr_assert(eq(int, OPEN(bad, charter), CANDOR_EBADMSG));
	site[0] ^= 1;
	cr_assert(eq(int, OPEN(text.p, charter), CANDOR_EINVAL));
	site[0] ^= 1;
	bad[text.len - 1] = 'x';
	cr_assert(zero(int, minisign_sign(&a, &sig, bad, text.len, &charter, "")));
	cr_assert(eq(int, OPEN(bad, charter), CANDOR_EINVAL));
}

/* ---- the charter handed on ------------------------------------------------------------------- */

static struct minisign_secret charters[3];

/* From each to the next, n times; in a. */
static struct span
chain_of(struct arena *a, size_t n)
{
	struct span chain = { NULL, 0 };

	for (size_t i = 0; i < n; i++)
		cr_assert(eq(int,
		    directory_succeed(a, &chain, chain.p, chain.len, &charters[i],
			&charters[i + 1].pub, d.site_id),
		    0));
	return chain;
}

Test(directory, whoever_pins_any_charter_key_of_a_chain_comes_to_its_last)
{
	struct arena a = test_arena(1u << 20);
	struct minisign_secret other;
	struct minisign_public key;
	struct span chain;
	size_t len;

	memcpy(d.site_id, "0123456789abcdef", sizeof(d.site_id));
	for (size_t i = 0; i < NELEM(charters); i++)
		minisign_keypair(&charters[i]);
	minisign_keypair(&other);
	for (size_t n = 0; n < NELEM(charters); n++) {
		chain = chain_of(&a, n);
		for (size_t i = 0; i < NELEM(charters); i++) {
			key = charters[i].pub;
			cr_assert(eq(
			    int, directory_charter(&key, &len, chain.p, chain.len, d.site_id), 0));
			cr_assert(eq(sz, len, chain.len));
			cr_assert(
			    eq(int, memcmp(&key, &charters[i > n ? i : n].pub, sizeof(key)), 0),
			    "%zu from %zu", n, i);
		}
	}
	key = other.pub;
	cr_assert(eq(int, directory_charter(&key, &len, chain.p, chain.len, d.site_id), 0));
	cr_assert(
	    eq(int, memcmp(&key, &other.pub, sizeof(key)), 0), "a stranger's is not followed");
}

Test(directory, a_statement_that_is_cut_changed_or_anothers_hands_nothing_on)
{
	struct arena a = test_arena(8u << 20);
	struct minisign_public key;
	uint8_t site[SITE_ID_BYTES] = "another site 16";
	const uint8_t *comment;
	struct span chain;
	uint8_t *copy;
	size_t len;

	memcpy(d.site_id, "0123456789abcdef", sizeof(d.site_id));
	for (size_t i = 0; i < NELEM(charters); i++)
		minisign_keypair(&charters[i]);
	chain = chain_of(&a, 1);
	copy = test_alloc(chain.len);
	key = charters[0].pub;
	cr_assert(lt(int, directory_charter(&key, &len, chain.p, chain.len, site), 0));
	for (size_t cut = 0; cut < chain.len; cut++) {
		key = charters[0].pub;
		if (directory_charter(&key, &len, chain.p, cut, d.site_id) == 0)
			cr_assert(
			    eq(int, memcmp(&key, &charters[0].pub, sizeof(key)), 0), "%zu", cut);
	}
	comment = memmem(chain.p, chain.len, "untrusted comment", 17);
	cr_assert(ne(ptr, (void *)(uintptr_t)comment, NULL));
	for (size_t at = 0; at < chain.len; at++) {
		/* The one line that minisign does not sign. */
		if (chain.p + at >= comment &&
		    chain.p + at <= (const uint8_t *)memchr(comment, '\n', 200))
			continue;
		memcpy(copy, chain.p, chain.len);
		copy[at] ^= 1;
		key = charters[0].pub;
		if (directory_charter(&key, &len, copy, chain.len, d.site_id) == 0)
			cr_assert(eq(int, memcmp(&key, &charters[0].pub, sizeof(key)), 0),
			    "byte %zu", at);
	}
}

Test(directory, roles_have_names)
{
	enum officer_role r;

	for (unsigned i = 0; i < ROLE__N; i++) {
		cr_assert(zero(int, role_parse(&r, role_name((enum officer_role)i))));
		cr_assert(eq(u32, r, i));
	}
	cr_assert(eq(int, role_parse(&r, "root"), CANDOR_EINVAL));
	cr_assert(eq(str, (char *)(uintptr_t)role_name(ROLE__N), "?"));
}
