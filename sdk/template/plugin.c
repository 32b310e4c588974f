/*
 * @NAME@: a line in the daemon's log for each event of a case from some severity on. A beginning: put your
 * own into deliver(). candor/plugin.h says what each field is and what each call may do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <candor/plugin.h>

struct state {
	int from; /* of severities[] */
};

static const char *const severities[] = { "low", "medium", "high", "critical" };

/* Its place in the list; -1: none, as in a test. */
static int
severity(const char *name)
{
	for (int i = 0; i < (int)(sizeof(severities) / sizeof(severities[0])); i++)
		if (strcmp(severities[i], name) == 0)
			return i;
	return -1;
}

/* Take the settings apart: what check() and open() have in common. */
static int
parse(int *from, const struct candor_kv *settings, size_t n, char *why, size_t why_cap)
{
	*from = 0;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(settings[i].name, "severity") != 0) {
			snprintf(why, why_cap, "unknown setting %.40s; allowed is severity",
			    settings[i].name);
			return -1;
		}
		if ((*from = severity(settings[i].value)) < 0) {
			snprintf(why, why_cap,
			    "severity = \"%.40s\" must be \"low\", \"medium\", \"high\" or "
			    "\"critical\"",
			    settings[i].value);
			return -1;
		}
	}
	return 0;
}

static int
check(const struct candor_kv *settings, size_t n, char *why, size_t why_cap)
{
	int from;

	return parse(&from, settings, n, why, why_cap);
}

static int
open_(void **state, const struct candor_kv *settings, size_t n, char *why, size_t why_cap)
{
	struct state *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		snprintf(why, why_cap, "out of memory");
		return -1;
	}
	if (parse(&s->from, settings, n, why, why_cap) < 0) {
		free(s);
		return -1;
	}
	*state = s;
	return 0;
}

static enum candor_result
deliver(void *state, const struct candor_event *event, struct candor_answer *answer)
{
	const struct state *s = state;
	int is = severity(event->severity);

	if (is >= 0 && is < s->from)
		return CANDOR_DELIVERED; /* nothing is to be done */
	if (fprintf(stderr, "%s %s %s\n", event->on, event->kind, event->number) < 0) {
		snprintf(answer->error, sizeof(answer->error), "the log cannot be written");
		return CANDOR_RETRY;
	}
	return CANDOR_DELIVERED;
}

static void
close_(void *state)
{
	free(state);
}

CANDOR_PLUGIN_EXPORT const struct candor_plugin candor_plugin = {
	.abi = CANDOR_PLUGIN_ABI,
	.size = sizeof(struct candor_plugin),
	.name = "@NAME@",
	.version = "0.1",
	.check = check,
	.open = open_,
	.deliver = deliver,
	.close = close_,
};
