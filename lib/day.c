/* SPDX-License-Identifier: ISC */
/* Calendar days: see candor/day.h. Any process; asks no clock and no time zone. */
#include "candor/day.h"

#define DAYS_400_YEARS 146097
#define DAYS_100_YEARS 36524
#define DAYS_4_YEARS 1461
/* From 0000-03-01 to 1970-01-01. Years are counted from March here, so that a leap day is the last
 * of its year. */
#define EPOCH 719468

struct civil {
	int year;
	unsigned month, day;
};

static unsigned
days_in(int year, unsigned month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

day_t
day_from_civil(int year, unsigned month, unsigned day)
{
	/* March is month 0; (153 m + 2) / 5 are the days before it. */
	unsigned m = (month + 9) % 12;
	int y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400;
	int of_era = y - era * 400;
	int of_year = (int)((153 * m + 2) / 5 + day - 1);

	return era * DAYS_400_YEARS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH;
}

static struct civil
civil_from_day(day_t day)
{
	int64_t z = (int64_t)day + EPOCH;
	int64_t era = (z >= 0 ? z : z - (DAYS_400_YEARS - 1)) / DAYS_400_YEARS;
	int of_era = (int)(z - era * DAYS_400_YEARS);
	/* Taking the leap days out first makes every year 365 days long. */
	int leap =
	    of_era / (DAYS_4_YEARS - 1) - of_era / DAYS_100_YEARS + of_era / (DAYS_400_YEARS - 1);
	int y = (of_era - leap) / 365;
	unsigned of_year = (unsigned)(of_era - (365 * y + y / 4 - y / 100));
	unsigned m = (5 * of_year + 2) / 153;
	unsigned month = m < 10 ? m + 3 : m - 9;

	return (struct civil){ (int)(y + era * 400) + (month <= 2), month,
		of_year - (153 * m + 2) / 5 + 1 };
}

void
day_format(char out[DAY_CHARS + 1], day_t day)
{
	struct civil c = civil_from_day(day);
	unsigned year = c.year < 0 ? 0 : c.year > 9999 ? 9999 : (unsigned)c.year;
	const unsigned part[] = { year / 100, year % 100, c.month, c.day };
	char *p = out;

	for (size_t i = 0; i < NELEM(part); i++) {
		if (i >= 2)
			*p++ = '-';
		*p++ = (char)('0' + part[i] / 10);
		*p++ = (char)('0' + part[i] % 10);
	}
	*p = '\0';
}

int
day_parse(day_t *out, const char *text, size_t len)
{
	static const char form[] = "dddd-dd-dd";
	unsigned part[3] = { 0 }, n = 0;

	if (len != DAY_CHARS)
		return CANDOR_EINVAL;
	for (size_t i = 0; i < DAY_CHARS; i++) {
		if (form[i] == '-' ? text[i] != '-' : text[i] < '0' || text[i] > '9')
			return CANDOR_EINVAL;
		if (form[i] == '-')
			n++;
		else
			part[n] = part[n] * 10 + (unsigned)(text[i] - '0');
	}
	if (part[0] < 1970 || part[1] < 1 || part[1] > 12 || part[2] < 1 ||
	    part[2] > days_in((int)part[0], part[1]))
		return CANDOR_EINVAL;
	*out = day_from_civil((int)part[0], part[1], part[2]);
	return 0;
}

day_t
day_add_months(day_t day, unsigned n)
{
	struct civil c = civil_from_day(day);
	unsigned months, month, last;
	int year;

	if (n > DAY_MONTHS_MAX)
		n = DAY_MONTHS_MAX;
	months = c.month - 1 + n;
	month = months % 12 + 1;
	year = c.year + (int)(months / 12);
	last = days_in(year, month);
	return day_from_civil(year, month, c.day < last ? c.day : last);
}

#define MONDAY_TO_FRIDAY 31u

bool
day_works(const struct calendar *c, day_t day)
{
	/* 1970-01-01 was a Thursday. */
	unsigned weekday = (unsigned)(((int64_t)day % 7 + 7 + 3) % 7);
	unsigned week = c->week & 127u;

	if (((week != 0 ? week : MONDAY_TO_FRIDAY) & 1u << weekday) == 0)
		return false;
	for (size_t i = 0; i < c->n_holidays; i++)
		if (c->holidays[i] == day)
			return false;
	return true;
}

day_t
day_add_working(const struct calendar *c, day_t day, unsigned n)
{
	while (n > 0)
		n -= day_works(c, ++day);
	return day;
}

unsigned
day_count_working(const struct calendar *c, day_t from, day_t to)
{
	unsigned n = 0;

	while (from < to)
		n += day_works(c, ++from);
	return n;
}
