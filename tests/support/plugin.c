/* SPDX-License-Identifier: ISC */
/* For tests: plugins. See plugin.h. */
#include "plugin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"

struct candor_answer test_answer;

#define AT(field) offsetof(struct candor_event, field)
const size_t test_event_fields[] = { AT(key), AT(kind), AT(number), AT(category), AT(severity),
	AT(site), AT(state), AT(on), AT(acknowledge_by), AT(feedback_by), AT(assignee), AT(outcome),
	AT(clock), AT(due), AT(activity), AT(plugin) };
const size_t n_test_event_fields = NELEM(test_event_fields);

static void
must(bool ok, const char *what, const char *why)
{
	if (ok)
		return;
	fprintf(stderr, "%s: %s\n", what, why);
	abort();
}

const struct candor_plugin *
test_plugin(const char *name)
{
	const char *build = getenv("CANDOR_BUILD");
	char file[64];
	void *object;
	const struct candor_plugin *p = NULL;

	snprintf(file, sizeof(file), "plugins/%s.so", name);
	object =
	    dlopen(test_join(build != NULL ? build : "build/debug", file), RTLD_NOW | RTLD_LOCAL);
	must(object != NULL, file, object == NULL ? dlerror() : "");
	p = dlsym(object, CANDOR_PLUGIN_SYMBOL);
	must(p != NULL, file, "exports no plugin");
	return p;
}

void
test_set(struct test_settings *s, const char *name, const char *value)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->kv[i].name, name) == 0) {
			if (value != NULL)
				s->kv[i].value = value;
			else
				s->kv[i] = s->kv[--s->n];
			return;
		}
	}
	if (value != NULL)
		s->kv[s->n++] = (struct candor_kv){ name, value };
}

void *
test_open(const struct candor_plugin *p, const struct test_settings *s)
{
	char why[1024] = "";
	void *state = NULL;

	must(p->check(s->kv, s->n, why, sizeof(why)) == 0, "check()", why);
	must(p->open(&state, s->kv, s->n, why, sizeof(why)) == 0, "open()", why);
	return state;
}

struct candor_event
test_event(void)
{
	static const char *const officers[] = { "ada@hospital.example", "bo@hospital.example" };

	return (struct candor_event){ .size = sizeof(struct candor_event),
		.key = TEST_KEY,
		.kind = "filed",
		.number = "C-7K3M-9QX2",
		.category = "privacy",
		.severity = "high",
		.site = "",
		.state = "new",
		.on = "2026-11-22",
		.acknowledge_by = "2026-11-29",
		.feedback_by = "",
		.reference = "",
		.to = officers,
		.n_to = NELEM(officers),
		.assignee = "",
		.outcome = "",
		.clock = "",
		.due = "",
		.activity = "",
		.plugin = "" };
}

enum candor_result
test_deliver(const struct candor_plugin *p, void *state, const struct candor_event *e)
{
	memset(&test_answer, 0, sizeof(test_answer));
	test_answer.size = sizeof(test_answer);
	return p->deliver(state, e, &test_answer);
}
