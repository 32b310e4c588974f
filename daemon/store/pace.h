/* SPDX-License-Identifier: ISC */
/*
 * How many deliveries may go out now: a bucket that holds `burst` of them and fills up by `per_hour`.
 * Pure: the time comes in. What is in it lives in store's memory only: after a restart it is full. Store.
 */
#ifndef CANDOR_STORE_PACE_H
#define CANDOR_STORE_PACE_H

#include "candor/base.h"

/* Zeroed: never used, hence full. */
struct pace {
	int64_t level; /* in deliveries / 3600 */
	int64_t at;    /* seconds since the epoch; 0: never */
};

/* Fill it up to now, in seconds, and tell how many may go. per_hour is 1 or more, burst too. */
size_t pace_tokens(struct pace *p, uint32_t burst, uint32_t per_hour, int64_t now);
/* One went. */
void pace_take(struct pace *p);
/* Seconds until one more may go, 1 or more; after pace_tokens(). */
uint32_t pace_wait_s(const struct pace *p, uint32_t per_hour);

#endif
