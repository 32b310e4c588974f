/* SPDX-License-Identifier: ISC */
/*
 * When a delivery that failed is tried again. Pure: no clock, and the caller brings the random
 * number, so that tests own both. dispatch.
 */
#ifndef CANDOR_DISPATCH_BACKOFF_H
#define CANDOR_DISPATCH_BACKOFF_H

#include "candor/base.h"

/* What a plugin may ask for at most: one day. A delivery that never comes back would be lost. */
#define BACKOFF_ASKED_MAX_S 86400u

/*
 * Seconds until the next try, drawn evenly from min_s to min(max_s, min_s * 2^failures).
 *
 * failures  failed tries so far, this one included; 1 or more
 * min_s     at least so long, 1 or more (0 counts as 1)
 * max_s     at most so long; below min_s counts as min_s
 * asked_s   what the plugin asked for: a larger value wins, up to BACKOFF_ASKED_MAX_S
 * random    32 random bits
 */
uint32_t backoff_delay_s(
    uint32_t failures, uint32_t min_s, uint32_t max_s, uint32_t asked_s, uint32_t random);

#endif
