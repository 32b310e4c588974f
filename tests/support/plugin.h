/* SPDX-License-Identifier: ISC */
/* For tests: a plugin as it is shipped, loaded like the host loads it, and an event for it. */
#ifndef CANDOR_TEST_PLUGIN_H
#define CANDOR_TEST_PLUGIN_H

#include "candor/plugin.h"

#define TEST_KEY "0123456789abcdef0123456789abcdef"
#define TEST_SETTINGS_MAX 16

/* The plugin of this name in the build's folder. */
const struct candor_plugin *test_plugin(const char *name);

struct test_settings {
	struct candor_kv kv[TEST_SETTINGS_MAX];
	size_t n;
};

/* Set one, or with value NULL take it away. Texts are not copied. */
void test_set(struct test_settings *s, const char *name, const char *value);

/* Check and open; the test fails where that fails. */
void *test_open(const struct candor_plugin *p, const struct test_settings *s);

/* "filed", for a case of high severity in the category privacy. */
struct candor_event test_event(void);

/* Deliver; what the plugin answered goes to test_answer. */
extern struct candor_answer test_answer;
enum candor_result test_deliver(
    const struct candor_plugin *p, void *state, const struct candor_event *e);

/* Every field of an event that is one text: offsets, for tests that spoil each in turn. */
extern const size_t test_event_fields[];
extern const size_t n_test_event_fields;

#define HAS(text, part)                                                                            \
	cr_assert(ne(ptr, (void *)(uintptr_t)strstr(text, part), NULL), "no %s in:\n%s", part, text)
#define HAS_NOT(text, part)                                                                        \
	cr_assert(eq(ptr, (void *)(uintptr_t)strstr(text, part), NULL), "%s in:\n%s", part, text)

#endif
