/* SPDX-License-Identifier: ISC */
/*
 * What day it is, and when to release next, in the site's time zone. The time comes in as an
 * argument, so that tests own it. Store; reads the zone that tzset() loaded and nothing else.
 */
#ifndef CANDOR_STORE_CLOCK_H
#define CANDOR_STORE_CLOCK_H

#include "candor/day.h"

/* The day that an hour (seconds since the epoch) belongs to. */
day_t clock_day(int64_t now);

/* The first of the times ("HH:MM", local) strictly after now; 0 when there is none to be had. A time
 * that a change of the clock leaves out comes an hour off; one that it repeats counts once. */
int64_t clock_next(int64_t now, char *const *times, size_t n_times);

/* Is it the time ("HH:MM", local) of the day of now, or later? False for what is no time. */
bool clock_past(int64_t now, const char *time);

#endif
