/* SPDX-License-Identifier: ISC */
/* Calendar days against the C library's calendar. */
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "candor/day.h"

Test(day, every_day_from_1970_to_2200_is_the_c_librarys)
{
	struct tm end = { .tm_year = 2201 - 1900, .tm_mon = 0, .tm_mday = 1 };
	day_t last = (day_t)(timegm(&end) / 86400);

	for (day_t d = 0; d < last; d++) {
		time_t t = (time_t)d * 86400;
		struct tm tm;
		char expected[32], text[DAY_CHARS + 1];
		day_t back;

		gmtime_r(&t, &tm);
		strftime(expected, sizeof(expected), "%Y-%m-%d", &tm);
		day_format(text, d);
		cr_assert(eq(str, text, expected));
		cr_assert(zero(int, day_parse(&back, text, DAY_CHARS)));
		cr_assert(eq(i32, back, d));
		cr_assert(eq(i32,
		    day_from_civil(
			tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday),
		    d));
	}
}

Test(day, days_outside_its_years_still_format)
{
	char text[DAY_CHARS + 1];

	day_format(text, -1);
	cr_assert(eq(str, text, "1969-12-31"));
	day_format(text, day_from_civil(1600, 2, 29));
	cr_assert(eq(str, text, "1600-02-29"));
	day_format(text, INT32_MAX);
	cr_assert(eq(sz, strlen(text), DAY_CHARS));
	day_format(text, INT32_MIN);
	cr_assert(eq(sz, strlen(text), DAY_CHARS));
}

Test(day, what_is_no_day_is_refused)
{
	static const char *const bad[] = { "", "2026-11-2", "2026-11-222", "2026-13-01",
		"2026-00-10", "2026-01-00", "2026-04-31", "2026-02-29", "2100-02-29", "1969-12-31",
		"2026/11/22", "+026-11-22", "2026-1a-22", " 026-11-22", "2026-11 22" };
	day_t d = 42;

	for (size_t i = 0; i < NELEM(bad); i++)
		cr_assert(
		    eq(int, day_parse(&d, bad[i], strlen(bad[i])), CANDOR_EINVAL), "%s", bad[i]);
	cr_assert(eq(i32, d, 42));
	cr_assert(zero(int, day_parse(&d, "2000-02-29", 10)));
	cr_assert(zero(int, day_parse(&d, "9999-12-31", 10)));
}

Test(day, months_end_where_the_calendar_ends_them)
{
	static const struct {
		const char *from;
		unsigned n;
		const char *to;
	} c[] = {
		{ "2026-08-31", 1, "2026-09-30" },
		{ "2026-11-22", 3, "2027-02-22" },
		{ "2026-11-30", 3, "2027-02-28" },
		{ "2023-11-30", 3, "2024-02-29" },
		{ "2024-02-29", 12, "2025-02-28" },
		{ "2024-02-29", 72, "2030-02-28" },
		{ "2026-12-31", 1, "2027-01-31" },
		{ "2026-01-31", 0, "2026-01-31" },
		{ "2026-12-01", 24, "2028-12-01" },
		{ "2000-01-31", DAY_MONTHS_MAX + 1, "3000-01-31" },
	};

	for (size_t i = 0; i < NELEM(c); i++) {
		day_t d;
		char text[DAY_CHARS + 1];

		cr_assert(zero(int, day_parse(&d, c[i].from, DAY_CHARS)));
		day_format(text, day_add_months(d, c[i].n));
		cr_assert(eq(str, text, c[i].to));
	}
}
