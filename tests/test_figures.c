/* SPDX-License-Identifier: ISC */
/*
 * What of a count may be published. By brute force: every table there can be is made, published, and all
 * those that come out the same are held against each other, as somebody would who knows the rule.
 */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "candor/figures.h"

#define CELLS_MAX 6

static uint32_t
sum_of(const uint32_t *n, size_t cells)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < cells; i++)
		sum += n[i];
	return sum;
}

/* ---- all that can be seen of a table, as a number --------------------------------------------- */

#define WITHHELD 63u

/* Six bits a cell, and the total in front; *least: what withheld cells are not below, eight bits each. */
static uint64_t
published(const uint32_t *n, size_t cells, uint32_t k, uint64_t *least)
{
	struct figure f[CELLS_MAX];
	enum figures_show show;
	uint64_t seen;

	for (size_t i = 0; i < cells; i++)
		f[i] = (struct figure){ n[i], false };
	show = figures_withhold(f, cells, k);
	seen = show == FIGURES_NOTHING ? WITHHELD : sum_of(n, cells);
	for (size_t i = 0; i < cells; i++) {
		seen = seen << 6 | (f[i].withheld ? WITHHELD : f[i].n);
		*least = *least << 8 | (f[i].withheld ? f[i].n : 0);
	}
	return seen;
}

struct world {
	uint64_t seen[3]; /* all that is published of it; the last one: least */
	uint8_t n[CELLS_MAX * 2];
};

static int
by_what_is_seen(const void *a, const void *b)
{
	return memcmp(((const struct world *)a)->seen, ((const struct world *)b)->seen,
	    sizeof(((const struct world *)a)->seen));
}

/* Of worlds that look alike, no withheld cell may be the same number in all. `at`: where a cell's six
 * bits are in seen[0] (and, behind n_first, in seen[1]). */
static void
nothing_is_recovered(struct world *w, size_t n_worlds, size_t n_first, size_t n_cells)
{
	size_t end;

	qsort(w, n_worlds, sizeof(*w), by_what_is_seen);
	for (size_t at = 0; at < n_worlds; at = end) {
		for (end = at; end < n_worlds && by_what_is_seen(&w[at], &w[end]) == 0;)
			end++;
		for (size_t i = 0; i < n_cells; i++) {
			size_t left = i < n_first ? n_first - 1 - i : n_cells - 1 - i;
			bool known = true;

			if ((w[at].seen[i >= n_first] >> 6 * left & WITHHELD) != WITHHELD)
				continue;
			for (size_t x = at + 1; x < end && known; x++)
				known = w[x].n[i] == w[at].n[i];
			cr_assert(not(known),
			    "cell %zu can only be %u, in a table like %u %u %u %u", i, w[at].n[i],
			    w[at].n[0], w[at].n[1], w[at].n[2], w[at].n[3]);
		}
	}
}

/* Every table of so many cells and up to `most` cases. */
static void
try_all(size_t cells, uint32_t most, uint32_t k)
{
	size_t n_tables = 1, made = 0;
	struct world *w;

	for (size_t i = 0; i < cells; i++)
		n_tables *= most + 1;
	w = calloc(n_tables, sizeof(*w));
	for (size_t at = 0; at < n_tables; at++) {
		uint32_t n[CELLS_MAX];
		size_t rest = at;

		for (size_t i = 0; i < cells; i++, rest /= most + 1)
			n[i] = (uint32_t)(rest % (most + 1));
		if (sum_of(n, cells) > most)
			continue;
		for (size_t i = 0; i < cells; i++)
			w[made].n[i] = (uint8_t)n[i];
		w[made].seen[0] = published(n, cells, k, &w[made].seen[2]);
		made++;
	}
	nothing_is_recovered(w, made, cells, cells);
	free(w);
}

Test(figures, no_withheld_cell_can_be_recovered_from_what_is_published, .timeout = 60)
{
	for (uint32_t k = FIGURES_K_MIN; k <= 6; k++) {
		try_all(2, 60, k);
		try_all(3, 40, k);
		try_all(4, 24, k);
	}
	try_all(5, 14, 3);
	try_all(6, 9, 3);
}

/* The same cases divided twice: by something with three values, and by something with two. */
Test(figures, no_withheld_cell_can_be_recovered_from_two_tables_of_the_same_cases, .timeout = 60)
{
	enum { A = 3, B = 2, MOST = 9, K = 3 };
	size_t cap = 1u << 20, made = 0;
	struct world *w = calloc(cap, sizeof(*w));
	uint32_t n[A * B] = { 0 };

	for (;;) {
		uint32_t a[A] = { 0 }, b[B] = { 0 };
		size_t i = 0;

		if (sum_of(n, A * B) <= MOST) {
			for (size_t k = 0; k < A * B; k++) {
				a[k % A] += n[k];
				b[k / A] += n[k];
			}
			cr_assert(lt(sz, made, cap));
			w[made].seen[0] = published(a, A, K, &w[made].seen[2]);
			w[made].seen[1] = published(b, B, K, &w[made].seen[2]);
			for (size_t k = 0; k < A; k++)
				w[made].n[k] = (uint8_t)a[k];
			for (size_t k = 0; k < B; k++)
				w[made].n[A + k] = (uint8_t)b[k];
			made++;
		}
		while (i < A * B && n[i] == MOST)
			n[i++] = 0;
		if (i == A * B)
			break;
		n[i]++;
	}
	nothing_is_recovered(w, made, A, A + B);
	free(w);
}

/* ---- what it keeps and what it gives ---------------------------------------------------------- */

#define GIVES(expected, ...)                                                                       \
	do {                                                                                       \
		const uint32_t n_[] = { __VA_ARGS__ };                                             \
		uint64_t least_ = 0;                                                               \
		cr_assert(eq(u64, published(n_, NELEM(n_), 5, &least_), expected));                \
	} while (0)
#define SEEN3(total, a, b, c) ((((uint64_t)(total) << 6 | (a)) << 6 | (b)) << 6 | (c))

Test(figures, only_what_is_small_and_what_would_give_it_away_is_withheld, .timeout = 5)
{
	GIVES(SEEN3(60, 10, 20, 30), 10, 20, 30);
	GIVES(SEEN3(30, 10, 0, 20), 10, 0, 20);
	GIVES(SEEN3(0, 0, 0, 0), 0, 0, 0);
	/* One alone would follow from the total. */
	GIVES(SEEN3(33, WITHHELD, WITHHELD, 20), 3, 10, 20);
	/* Two ones are known to be ones. */
	GIVES(SEEN3(22, WITHHELD, WITHHELD, WITHHELD), 1, 1, 20);
	GIVES(SEEN3(27, WITHHELD, WITHHELD, 20), 3, 4, 20);
	/* A zero beside a small one looks like it, but alone does not hide it. */
	GIVES(SEEN3(24, WITHHELD, WITHHELD, WITHHELD), 4, 0, 20);
	/* Fewer than k in all: not even how many. */
	GIVES(SEEN3(WITHHELD, WITHHELD, WITHHELD, WITHHELD), 4, 0, 0);
}

Test(figures, no_small_number_is_ever_published, .timeout = 5)
{
	for (uint32_t a = 0; a < 12; a++)
		for (uint32_t b = 0; b < 12; b++)
			for (uint32_t c = 0; c < 12; c++) {
				struct figure f[] = { { a, false }, { b, false }, { c, false } };
				enum figures_show show = figures_withhold(f, 3, 5);
				uint32_t rest = a + b + c;

				for (size_t i = 0; i < 3; i++) {
					cr_assert(f[i].n == 0 || f[i].n >= 5);
					rest -= f[i].withheld ? 0 : f[i].n;
				}
				/* Nor what is left of the total. */
				cr_assert(show == FIGURES_NOTHING || rest == 0 || rest >= 5);
			}
}

Test(figures, of_two_cells_the_large_one_is_told_as_far_as_it_leaves_the_small_one_open,
    .timeout = 5)
{
	struct figure f[] = { { 38, false }, { 2, false } }, g[] = { { 3, false }, { 5, false } };

	cr_assert(eq(int, figures_withhold(f, 2, 5), FIGURES_SOME));
	cr_assert(f[0].withheld && f[1].withheld);
	cr_assert(eq(u32, f[0].n, 36));
	cr_assert(eq(u32, f[1].n, 0));
	cr_assert(eq(int, figures_withhold(g, 2, 5), FIGURES_SOME));
	cr_assert(g[0].withheld && g[1].withheld && g[0].n == 0 && g[1].n == 0);
}

/* ---- times and periods ------------------------------------------------------------------------ */

Test(figures, quantiles_are_values_that_occur, .timeout = 5)
{
	const uint32_t times[] = { 0, 1, 0, 5, 0, 3, 0, 0, 1 };

	cr_assert(eq(u32, figures_quantile(times, NELEM(times), 50), 3));
	cr_assert(eq(u32, figures_quantile(times, NELEM(times), 90), 5));
	cr_assert(eq(u32, figures_quantile(times, NELEM(times), 100), 8));
	cr_assert(eq(u32, figures_quantile(times, 0, 50), 0));
}

Test(figures, periods_are_whole_and_do_not_overlap, .timeout = 5)
{
	static const unsigned months[] = { 1, 3, 6, 12 };
	day_t first, last, day;
	char month[MONTH_CHARS + 1];

	for (size_t i = 0; i < NELEM(months); i++)
		for (day_t d = day_from_civil(2023, 1, 1); d < day_from_civil(2026, 1, 1);
		     d = last + 1) {
			figures_period(&first, &last, d, months[i]);
			cr_assert(eq(i32, first, d));
			cr_assert(eq(i32, day_add_months(first, months[i]), last + 1));
			figures_period(&day, &last, last, months[i]);
			cr_assert(eq(i32, day, first));
		}
	figures_month(month, day_from_civil(2024, 2, 29));
	cr_assert(eq(str, month, "2024-02"));
	cr_assert(eq(int, figures_month_parse(&day, "2024-02"), 0));
	cr_assert(eq(i32, day, day_from_civil(2024, 2, 1)));
	cr_assert(ne(int, figures_month_parse(&day, "2024-13"), 0));
	cr_assert(ne(int, figures_month_parse(&day, "2024-1"), 0));
	cr_assert(ne(int, figures_month_parse(&day, "2024-02-01"), 0));
}
