/* SPDX-License-Identifier: ISC */
/* Sealing: who can read a case, and who cannot. */
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>

#include "candor/pad.h"
#include "candor/seal.h"
#include "support/files.h"

static void
setup(void)
{
	cr_assert(ge(int, sodium_init(), 0));
}

TestSuite(seal, .init = setup, .timeout = 60);

/* Ada and Bob serve privacy, Bob safety as well, Cy nothing; Dee is an auditor. */
static struct officer officers[] = {
	{ .name = "Ada", .role = ROLE_OFFICER, .categories = "privacy" },
	{ .name = "Bob", .role = ROLE_LEAD, .categories = "privacy,safety" },
	{ .name = "Cy", .role = ROLE_OFFICER, .categories = "" },
	{ .name = "Dee", .role = ROLE_AUDITOR, .categories = "*" },
};
enum { ADA, BOB, CY, DEE, N };

static uint8_t secret[N][32], escrow_secret[32], case_id[32], case_pub[32];
static struct directory d = { .n_officers = N, .officers = officers };
static const unsigned both = 1u << ROLE_OFFICER | 1u << ROLE_LEAD;

static void
fill(void)
{
	for (unsigned i = 0; i < N; i++)
		age_keypair(secret[i], officers[i].keys.age);
	age_keypair(escrow_secret, d.escrow);
	age_keypair(case_id, case_pub);
}

static int
make(struct arena *a, struct sealed_case *c, const char *category, unsigned mask,
    const struct officer *keep_out)
{
	return seal_case(a, c, &d, case_id, case_pub, category, mask, &keep_out, keep_out != NULL);
}

static void
opens(struct arena *a, struct span file, const uint8_t key[32], bool expected)
{
	uint8_t id[32] = { 0 };
	int r = seal_open_case(a, id, file, key);

	cr_assert(eq(int, r, expected ? 0 : CANDOR_ENOTFOUND));
	cr_assert(eq(u8, memcmp(id, case_id, 32) == 0, expected));
}

Test(seal, a_case_opens_for_its_readers_and_the_escrow_alone)
{
	struct arena a = test_arena(1 << 20);
	struct sealed_case c;

	fill();
	cr_assert(zero(int, make(&a, &c, "privacy", both, NULL)));
	cr_assert(eq(sz, c.n_readers, 2));
	cr_assert(zero(int, memcmp(c.recipient, case_pub, 32)));
	opens(&a, c.secret, secret[ADA], true);
	opens(&a, c.secret, secret[BOB], true);
	opens(&a, c.secret, secret[CY], false);
	opens(&a, c.secret, secret[DEE], false);
	opens(&a, c.secret, escrow_secret, true);
}

Test(seal, who_is_kept_out_cannot_open)
{
	struct arena a = test_arena(1 << 20);
	struct sealed_case c;

	fill();
	cr_assert(zero(int, make(&a, &c, "privacy", both, &officers[ADA])));
	cr_assert(eq(sz, c.n_readers, 1));
	cr_assert(eq(ptr, (void *)(uintptr_t)c.readers[0], &officers[BOB]));
	opens(&a, c.secret, secret[ADA], false);
	opens(&a, c.secret, secret[BOB], true);
}

Test(seal, a_category_goes_to_its_roles)
{
	struct arena a = test_arena(1 << 20);
	struct sealed_case c;

	fill();
	cr_assert(zero(int, make(&a, &c, "privacy", 1u << ROLE_LEAD, NULL)));
	opens(&a, c.secret, secret[ADA], false);
	opens(&a, c.secret, secret[BOB], true);
}

Test(seal, a_case_that_nobody_could_read_is_not_made)
{
	struct arena a = test_arena(1 << 20);
	struct sealed_case c;

	fill();
	cr_assert(eq(int, make(&a, &c, "safety", both, &officers[BOB]), CANDOR_ENOTFOUND));
	cr_assert(eq(int, make(&a, &c, "fraud", both, NULL), CANDOR_ENOTFOUND));
	cr_assert(eq(int, make(&a, &c, "privacy", 1u << ROLE_AUDITOR, NULL), CANDOR_ENOTFOUND));
}

Test(seal, no_copy_of_a_cases_identity_stays_in_the_arena)
{
	struct arena a = test_arena(1 << 20);
	struct sealed_case c;
	char text[AGE_IDENTITY_CHARS + 1];

	fill();
	cr_assert(zero(int, make(&a, &c, "privacy", both, NULL)));
	age_identity_format(text, case_id);
	cr_assert(zero(ptr, memmem(a.base, a.size, text, AGE_IDENTITY_CHARS)));
	cr_assert(zero(ptr, memmem(a.base, a.size, case_id, 32)));
	/* Nor does opening leave one. */
	opens(&a, c.secret, secret[BOB], true);
	cr_assert(zero(ptr, memmem(a.base, a.size, text, AGE_IDENTITY_CHARS)));
}

Test(seal, rewrapping_changes_who_can_open)
{
	struct arena a = test_arena(1 << 20);
	const struct officer *const readers[] = { &officers[CY] };
	struct span file;

	fill();
	cr_assert(zero(int, seal_rewrap(&a, &file, case_id, readers, 1, d.escrow)));
	opens(&a, file, secret[CY], true);
	opens(&a, file, secret[ADA], false);
	opens(&a, file, escrow_secret, true);
}

Test(seal, what_is_no_case_secret_is_refused)
{
	struct arena a = test_arena(1 << 20);
	struct span file;
	uint8_t id[32];

	fill();
	cr_assert(zero(int, age_seal(&a, &file, (const uint8_t *)"x", 1,
				(const uint8_t(*)[32])officers[ADA].keys.age, 1)));
	cr_assert(eq(int, seal_open_case(&a, id, file, secret[ADA]), CANDOR_EBADMSG));
}

Test(seal, entries_of_any_length_come_back_and_show_only_padded_sizes)
{
	static const size_t lens[] = { 0, 1, 4095, 4096, 65535, 65536, 200000 };
	struct arena a = test_arena(8 << 20);
	uint8_t receipt_id[32], receipt[32], *plain;
	struct span e, back;

	fill();
	age_keypair(receipt_id, receipt);
	plain = arena_alloc(&a, 200000);
	memset(plain, 'x', 200000);
	for (size_t i = 0; i < NELEM(lens); i++) {
		for (int both_readers = 0; both_readers < 2; both_readers++) {
			cr_assert(zero(int, seal_entry(&a, &e, plain, lens[i], case_pub,
						both_readers ? receipt : NULL)));
			cr_assert(eq(sz, e.len,
			    age_file_bytes(pad_size(lens[i]), 1u + (unsigned)both_readers)));
			cr_assert(zero(int, seal_open_entry(&a, &back, e, case_id)));
			cr_assert(eq(sz, back.len, lens[i]));
			cr_assert(zero(int, memcmp(back.p, plain, lens[i])));
			cr_assert(eq(int, seal_open_entry(&a, &back, e, receipt_id),
			    both_readers ? 0 : CANDOR_ENOTFOUND));
		}
	}
}

Test(seal, an_entry_without_padding_is_refused)
{
	static const uint8_t zeros[4096];
	struct arena a = test_arena(1 << 20);
	struct span e, back;

	fill();
	cr_assert(
	    zero(int, age_seal(&a, &e, zeros, sizeof(zeros), (const uint8_t(*)[32])case_pub, 1)));
	cr_assert(eq(int, seal_open_entry(&a, &back, e, case_id), CANDOR_EBADMSG));
	cr_assert(zero(int, age_seal(&a, &e, zeros, 100, (const uint8_t(*)[32])case_pub, 1)));
	cr_assert(eq(int, seal_open_entry(&a, &back, e, case_id), CANDOR_EBADMSG));
}

Test(seal, a_small_arena_is_an_error)
{
	struct arena a = test_arena(5000);
	struct span e;

	fill();
	cr_assert(eq(int, seal_entry(&a, &e, NULL, 0, case_pub, NULL), CANDOR_ENOMEM));
	cr_assert(eq(int, seal_entry(&a, &e, NULL, SIZE_MAX, case_pub, NULL), CANDOR_ENOMEM));
}
