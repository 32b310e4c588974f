/* SPDX-License-Identifier: ISC */
/* Exponential back-off with jitter: see backoff.h. Pure; dispatch. */
#include "dispatch/backoff.h"

uint32_t
backoff_delay_s(
    uint32_t failures, uint32_t min_s, uint32_t max_s, uint32_t asked_s, uint32_t random)
{
	uint64_t low = min_s > 0 ? min_s : 1;
	uint64_t most = max_s > low ? max_s : low;
	/* 32 doublings exceed any max_s: no need to shift further. */
	uint64_t high = failures < 32 ? low << failures : most;
	uint64_t delay;

	if (high > most)
		high = most;
	/* Scaling instead of a remainder: even, and without a loop. */
	delay = low + (((high - low + 1) * random) >> 32);
	if (asked_s > BACKOFF_ASKED_MAX_S)
		asked_s = BACKOFF_ASKED_MAX_S;
	return (uint32_t)(asked_s > delay ? asked_s : delay);
}
