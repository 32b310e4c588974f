/* SPDX-License-Identifier: ISC */
/* What of a count may be published: see candor/figures.h. Any process; asks no clock. */
#include "candor/figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The cells up to a limit. */
struct below {
	uint64_t sum;
	uint32_t least, most,
	    next; /* next: the smallest one above, UINT32_MAX when there is none */
};

static struct below
below(const struct figure *cells, size_t n, uint32_t limit)
{
	struct below b = { .least = UINT32_MAX, .next = UINT32_MAX };

	for (size_t i = 0; i < n; i++) {
		uint32_t x = cells[i].n;

		if (x > limit) {
			b.next = x < b.next ? x : b.next;
			continue;
		}
		b.sum += x;
		b.least = x < b.least ? x : b.least;
		b.most = x > b.most ? x : b.most;
	}
	return b;
}

/* Of two cells that are withheld, since one is small: how many the other is at least. */
static void
tell_least(struct figure *cells, const uint32_t n[2], uint32_t k)
{
	size_t large = n[1] > n[0];

	if (n[!large] > 0 && n[!large] < k && n[0] + n[1] >= 2 * k - 1)
		cells[large].n = n[0] + n[1] - (k - 1);
}

enum figures_show
figures_withhold(struct figure *cells, size_t n, uint32_t k)
{
	const uint32_t first[2] = { n > 0 ? cells[0].n : 0, n > 1 ? cells[1].n : 0 };
	uint32_t limit = k - 1;
	uint64_t total = 0;
	struct below b;

	for (size_t i = 0; i < n; i++) {
		cells[i].withheld = false;
		total += cells[i].n;
	}
	b = below(cells, n, limit);
	if (b.sum == 0)
		return FIGURES_ALL;
	/* The next one is k or more, and another number than those. */
	if ((b.sum < k || b.least == b.most) && b.next != UINT32_MAX)
		limit = b.next;
	for (size_t i = 0; i < n; i++)
		if (cells[i].n <= limit)
			cells[i] = (struct figure){ .withheld = true };
	if (n == 2)
		tell_least(cells, first, k);
	return total < k ? FIGURES_NOTHING : FIGURES_SOME;
}

uint32_t
figures_quantile(const uint32_t *times, size_t n_times, unsigned part)
{
	uint64_t n = 0, seen = 0, wanted;

	for (size_t i = 0; i < n_times; i++)
		n += times[i];
	wanted = (n * part + 99) / 100;
	for (size_t i = 0; i < n_times; i++)
		if ((seen += times[i]) >= wanted && seen > 0)
			return (uint32_t)i;
	return 0;
}

void
figures_month(char out[MONTH_CHARS + 1], day_t day)
{
	char text[DAY_CHARS + 1];

	day_format(text, day);
	memcpy(out, text, MONTH_CHARS);
	out[MONTH_CHARS] = '\0';
}

int
figures_month_parse(day_t *out, const char *text)
{
	char day[DAY_CHARS + 1];

	if (strlen(text) != MONTH_CHARS)
		return CANDOR_EINVAL;
	snprintf(day, sizeof(day), "%s-01", text);
	return day_parse(out, day, DAY_CHARS);
}

void
figures_period(day_t *first, day_t *last, day_t day, unsigned months)
{
	char text[MONTH_CHARS + 1];
	unsigned month;
	int year;

	figures_month(text, day);
	year = atoi(text);
	month = (unsigned)atoi(text + 5) - 1;
	*first = day_from_civil(year, month - month % months + 1, 1);
	*last = day_add_months(*first, months) - 1;
}
