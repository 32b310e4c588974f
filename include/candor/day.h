/* SPDX-License-Identifier: ISC */
/*
 * Calendar days: the finest time that Candor keeps. A day is the number of days since 1970-01-01
 * in the site's time zone. Pure arithmetic on the proleptic Gregorian calendar; no clock.
 */
#ifndef CANDOR_DAY_H
#define CANDOR_DAY_H

#include "candor/base.h"

typedef int32_t day_t;

#define DAY_CHARS 10 /* "2026-11-22" */
#define DAY_MONTHS_MAX 12000

day_t day_from_civil(int year, unsigned month, unsigned day);
/* A year outside 0..9999 is shown as the nearest of them. */
void day_format(char out[DAY_CHARS + 1], day_t day);
/* Exactly YYYY-MM-DD and a day that exists, years 1970..9999; else CANDOR_EINVAL. */
int day_parse(day_t *out, const char *text, size_t len) MUST_CHECK;
/* n calendar months later; a day that the month lacks becomes its last (31 Aug + 1 = 30 Sep).
 * More than DAY_MONTHS_MAX counts as that many. */
day_t day_add_months(day_t day, unsigned n);

/* On which days a site works. */
struct calendar {
	unsigned week; /* bits 1 << weekday, 0: Monday; none: Monday to Friday */
	const day_t *holidays;
	size_t n_holidays;
};

bool day_works(const struct calendar *c, day_t day);
/* The n-th working day after day; 0: day itself, whatever it is. */
day_t day_add_working(const struct calendar *c, day_t day, unsigned n);
/* Working days after from, up to and with to; 0 when to is not later. */
unsigned day_count_working(const struct calendar *c, day_t from, day_t to);

#endif
