/* SPDX-License-Identifier: ISC */
/* Days and release times: see clock.h. Store. */
#include "clock.h"

#include <time.h>

day_t
clock_day(int64_t now)
{
	time_t t = (time_t)now;
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL)
		return 0;
	return day_from_civil(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday);
}

/* "HH:MM" as minutes, or -1. */
static int
minutes_of(const char *text)
{
	int hour, minute;

	for (size_t i = 0; i < 5; i++)
		if (i == 2 ? text[i] != ':' : text[i] < '0' || text[i] > '9')
			return -1;
	hour = (text[0] - '0') * 10 + text[1] - '0';
	minute = (text[3] - '0') * 10 + text[4] - '0';
	return text[5] == '\0' && hour < 24 && minute < 60 ? hour * 60 + minute : -1;
}

int64_t
clock_next(int64_t now, char *const *times, size_t n_times)
{
	time_t t = (time_t)now;
	int64_t best = 0;
	struct tm today;

	if (localtime_r(&t, &today) == NULL)
		return 0;
	for (size_t i = 0; i < n_times; i++) {
		int minutes = minutes_of(times[i]);

		/* The day after tomorrow: when today's is past and tomorrow's is left out. */
		for (int day = 0; minutes >= 0 && day <= 2; day++) {
			struct tm tm = { .tm_year = today.tm_year,
				.tm_mon = today.tm_mon,
				.tm_mday = today.tm_mday + day,
				.tm_hour = minutes / 60,
				.tm_min = minutes % 60,
				.tm_isdst = -1 };
			int64_t at = mktime(&tm);

			if (at > now && (best == 0 || at < best))
				best = at;
		}
	}
	return best;
}

bool
clock_past(int64_t now, const char *time)
{
	time_t t = (time_t)now;
	int minutes = minutes_of(time);
	struct tm tm;

	return minutes >= 0 && localtime_r(&t, &tm) != NULL &&
	       tm.tm_hour * 60 + tm.tm_min >= minutes;
}
