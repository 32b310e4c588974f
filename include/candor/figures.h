/* SPDX-License-Identifier: ISC */
/*
 * What of a count may be published: see doc/THREATS.md, "Figures". Pure; store decides with it, clients
 * add up what came of it.
 */
#ifndef CANDOR_FIGURES_H
#define CANDOR_FIGURES_H

#include "candor/day.h"

#define FIGURES_K 5
#define FIGURES_K_MIN 3 /* of two, each is known to be one as soon as both are withheld */
#define FIGURES_K_MAX 100
#define FIGURES_MONTHS 12

/* One cell of a table. Where it is withheld, n is a number that it is not below; mostly 0. */
struct figure {
	uint32_t n;
	bool withheld;
};

/* How much of a table may be published. */
enum figures_show { FIGURES_ALL, FIGURES_SOME, FIGURES_NOTHING /* not even how many there are */ };

/*
 * Withhold cells of a table that divides a number of cases, each of them in one cell; k from
 * FIGURES_K_MIN. What stays may be published together with the total (unless it is FIGURES_NOTHING),
 * and with other tables that divide the same cases by something else.
 *
 * Cells from 1 to k - 1 are not published, nor any cell that is not larger than one that is withheld:
 * from the smallest up as many as it takes until the withheld ones are k cases or more and not all the
 * same number. Only how large they are decides, so that any two withheld cells could as well have
 * each other's number: no one of them can be recovered, not even by somebody who knows this rule.
 *
 * Where there are but two cells, and one of them is small, the other is known to be the total less k - 1
 * or more, which leaves k - 1 possibilities.
 */
enum figures_show figures_withhold(struct figure *cells, size_t n, uint32_t k);

/* The smallest number that at least `part` in a hundred of the values are not above, n of them, counted
 * in times[0..n_times): values of 0, 1, … 0 when there are none. */
uint32_t figures_quantile(const uint32_t *times, size_t n_times, unsigned part);

/* The month, quarter, half or year (months 1, 3, 6, 12) that a day is in. */
void figures_period(day_t *first, day_t *last, day_t day, unsigned months);
/* "YYYY-MM" and back: a month's first day. CANDOR_EINVAL as day_parse(). */
#define MONTH_CHARS 7
void figures_month(char out[MONTH_CHARS + 1], day_t day);
int figures_month_parse(day_t *out, const char *text) MUST_CHECK;

#endif
