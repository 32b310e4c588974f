/* SPDX-License-Identifier: ISC */
/* For tests: descriptors that must be refused before anything in them is called. */
#ifndef CANDOR_TEST_MALFORMED_H
#define CANDOR_TEST_MALFORMED_H

#include <stdlib.h>

#include "candor/plugin.h"

/* Whoever calls it has not looked at the descriptor. */
static inline int
called(const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	(void)kv;
	(void)n;
	(void)why;
	(void)cap;
	abort();
}

static inline int
called_open(void **state, const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	(void)state;
	return called(kv, n, why, cap);
}

static inline enum candor_result
called_deliver(void *state, const struct candor_event *e, struct candor_answer *a)
{
	(void)state;
	(void)e;
	(void)a;
	abort();
}

static inline void
called_close(void *state)
{
	(void)state;
	abort();
}

#define MALFORMED(...)                                                                             \
	CANDOR_PLUGIN_EXPORT const struct candor_plugin candor_plugin = { __VA_ARGS__ }
#define ALL_CALLS                                                                                  \
	.check = called, .open = called_open, .deliver = called_deliver, .close = called_close

#endif
