/* Load the object as the daemon does and see what it does: test ./@NAME@.so. Put your own cases behind these. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <candor/plugin.h>

#define MUST(what)                                                                                 \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(                                                                   \
			    stderr, "%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #what, why);   \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static const struct candor_event event = {
	.size = sizeof(event),
	.key = "0123456789abcdef0123456789abcdef",
	.kind = "filed",
	.number = "C-7K3M-9QX2",
	.category = "other",
	.severity = "medium",
	.site = "",
	.state = "new",
	.on = "2026-11-22",
	.acknowledge_by = "2026-11-29",
	.feedback_by = "",
	.reference = "",
	.assignee = "",
	.outcome = "",
	.clock = "",
	.due = "",
	.activity = "",
	.plugin = "",
	.head = "",
};

int
main(int argc, char **argv)
{
	const struct candor_kv good[] = { { "severity", "medium" } },
			       bad[] = { { "severity", "grave" } },
			       unknown[] = { { "colour", "red" } };
	const struct candor_plugin *p;
	struct candor_answer answer = { .size = sizeof(answer) };
	char why[256] = "";
	void *object = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL, *state = NULL;

	MUST(object != NULL);
	p = dlsym(object, CANDOR_PLUGIN_SYMBOL);
	MUST(p != NULL && p->abi == CANDOR_PLUGIN_ABI && p->size >= sizeof(*p));

	/* Settings: each that is wrong is named. */
	MUST(p->check(good, 1, why, sizeof(why)) == 0);
	MUST(p->check(bad, 1, why, sizeof(why)) < 0 && strstr(why, "severity = \"grave\"") != NULL);
	MUST(p->check(unknown, 1, why, sizeof(why)) < 0 && strstr(why, "colour") != NULL);

	/* An event. */
	MUST(p->open(&state, good, 1, why, sizeof(why)) == 0);
	MUST(p->deliver(state, &event, &answer) == CANDOR_DELIVERED);
	p->close(state);
	puts("ok");
	return 0;
}
