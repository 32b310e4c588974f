/* SPDX-License-Identifier: ISC */
/*
 * A plugin that does nothing, as fast as can be, for benches and for tests of what is around it. Settings:
 *
 *   say      N: after N deliveries and each N more it logs "N in S s" since the first of them
 *   stamp    true: the reference is when the event came, in microseconds of the machine's clock
 *   away     true: it says "later" to everything
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "candor/plugin.h"

static struct {
	unsigned long say, n;
	bool stamp, away;
	double first;
} noop;

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
noop_check(const struct candor_kv *settings, size_t n, char *why, size_t why_cap)
{
	(void)settings;
	(void)n;
	(void)why;
	(void)why_cap;
	return 0;
}

static int
noop_open(void **state, const struct candor_kv *settings, size_t n, char *why, size_t why_cap)
{
	(void)why;
	(void)why_cap;
	*state = &noop;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(settings[i].name, "say") == 0)
			noop.say = strtoul(settings[i].value, NULL, 10);
		noop.stamp |= strcmp(settings[i].name, "stamp") == 0;
		noop.away |= strcmp(settings[i].name, "away") == 0;
	}
	return 0;
}

static enum candor_result
noop_deliver(void *state, const struct candor_event *e, struct candor_answer *answer)
{
	(void)state;
	(void)e;
	if (noop.n++ == 0)
		noop.first = now_s();
	if (noop.away) {
		snprintf(answer->error, sizeof(answer->error), "away");
		return CANDOR_RETRY;
	}
	if (noop.stamp)
		snprintf(answer->reference, sizeof(answer->reference), "%.0f", now_s() * 1e6);
	if (noop.say > 0 && noop.n == noop.say) {
		fprintf(stderr, "%lu in %.6f s\n", noop.n, now_s() - noop.first);
		noop.n = 0;
	}
	return CANDOR_DELIVERED;
}

static void
noop_close(void *state)
{
	(void)state;
}

CANDOR_PLUGIN_EXPORT const struct candor_plugin candor_plugin = {
	.abi = CANDOR_PLUGIN_ABI,
	.size = sizeof(struct candor_plugin),
	.name = "noop",
	.version = "1",
	.check = noop_check,
	.open = noop_open,
	.deliver = noop_deliver,
	.close = noop_close,
};
