/* SPDX-License-Identifier: ISC */
/*
 * The interface between Candor and a notifier plugin. This file is the manual: it is all that a
 * plugin's author needs, and it includes nothing but the standard library.
 *
 * A plugin is a shared object that exports one symbol, CANDOR_PLUGIN_SYMBOL, a struct candor_plugin.
 * The object is NAME.so, as its name says. It is loaded into a confined process of its own, which may
 * block, leak or crash and costs only itself: it is restarted, and what it had not delivered is
 * delivered again.
 *
 * What a plugin sees of a case is struct candor_event: a case number and dates, never a word of a
 * report, nothing on who filed it, no hour. It may send that anywhere.
 *
 * Compatibility: fields are appended, never moved or reused. The host passes structs with the size
 * it knows; look at `size` before you read a field that came later than your header.
 */
#ifndef CANDOR_PLUGIN_H
#define CANDOR_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define CANDOR_PLUGIN_ABI 1u
#define CANDOR_PLUGIN_SYMBOL "candor_plugin"
#define CANDOR_KEY_CHARS 32
#define CANDOR_TEXT_MAX 512 /* room in struct candor_answer, NUL included */

/* How a delivery went. */
enum candor_result {
	CANDOR_DELIVERED = 0, /* the other side has it; `reference` may say under which name */
	CANDOR_RETRY = 1,     /* not now: try again, not before retry_after_s if that is not 0 */
	CANDOR_REFUSED = 2,   /* never: an administrator must look; goes to the dead letters */
};

/* What can have happened: X(kind, what it is). Another may come with a later version: treat what you
 * do not know as what you can say of any event. */
#define CANDOR_KINDS(X)                                                                            \
	X(filed, "a report came")                                                                  \
	X(message, "the reporter wrote again")                                                     \
	X(assigned, "somebody has the case now")                                                   \
	X(due, "a clock runs out soon")                                                            \
	X(overdue, "a clock ran out")                                                              \
	X(escalated, "the next one up is told, since a clock ran out")                             \
	X(resolved, "it has an outcome")                                                           \
	X(closed, "it is closed")                                                                  \
	X(reopened, "it is open again")                                                            \
	X(digest, "several events in one, or the daily word that there were some or none")         \
	X(test, "an administrator asked for it")                                                   \
	X(alarm, "another plugin delivers nothing any more")                                       \
	X(audit, "the audit log's last line, once a day, to be kept where nobody can cut it")      \
	X(changed, "it was acknowledged, triaged, is looked into, or waits for the reporter")

/* A setting of plugins.d/NAME.conf, `settings` group; numbers and booleans as text. */
struct candor_kv {
	const char *name;
	const char *value;
};

/* Something that happened to a case. Strings are UTF-8, never NULL, without control characters. */
struct candor_event {
	uint32_t size;        /* of this struct, as the host knows it */
	uint32_t attempts;    /* deliveries of this event that were tried before */
	const char *key;      /* 32 hex digits; the same over all retries: the idempotency key */
	const char *kind;     /* one of CANDOR_KINDS */
	const char *number;   /* "C-7K3M-9QX2"; empty in a test, a digest, an alarm and an audit */
	const char *category; /* its id */
	const char *severity; /* "low", "medium", "high", "critical" */
	const char *site;     /* its id, or empty */
	const char *state;    /* "new", … */
	const char *on;       /* the day, "2026-11-22" */
	const char *acknowledge_by; /* days; empty when there is no such clock */
	const char *feedback_by;
	const char *reference; /* this plugin's answer to the case's earlier events, or empty */
	const char *const *to; /* e-mail addresses of those it is routed to */
	size_t n_to;

	/* Later than the first version of this interface: ask CANDOR_EVENT_HAS() first. */
	const char *assignee; /* e-mail address of the officer who has the case, or empty */
	const char *outcome;  /* "substantiated", …; empty before the case is resolved */
	const char *clock;    /* of due, overdue, escalated: "acknowledge", …; else empty */
	const char *due;      /* the day on which that clock runs out, or empty */
	const char *activity; /* of a digest: "yes" or "no": did anything happen? else empty */
	const struct candor_event *items; /* of a digest: what it stands for, maybe nothing */
	size_t n_items;
	const char *plugin; /* of an alarm: the name of the plugin that is silent; else empty */
	const char *head;   /* of an audit: the hash of that line, 64 hex digits; else empty */
};

/* Is the field there in this event, or is the host older than this header? */
#define CANDOR_EVENT_HAS(event, field)                                                             \
	((event)->size >= offsetof(struct candor_event, field) + sizeof((event)->field))

/* What deliver() says. Zeroed before the call. Texts are cut to printable characters. */
struct candor_answer {
	uint32_t size;
	uint32_t retry_after_s;
	char reference[CANDOR_TEXT_MAX]; /* under which name the other side knows the case */
	char error[CANDOR_TEXT_MAX];     /* why not, for the administrator: no secrets */
};

struct candor_plugin {
	uint32_t abi;        /* CANDOR_PLUGIN_ABI */
	uint32_t size;       /* sizeof(struct candor_plugin) */
	const char *name;    /* [a-z0-9_]{1,31} */
	const char *version; /* for people */

	/*
	 * Check the settings without any effect outside (no network): 0, or -1 with a sentence in why
	 * (why_cap bytes) that names the setting and what is allowed. `candord -t` calls it.
	 */
	int (*check)(const struct candor_kv *settings, size_t n, char *why, size_t why_cap);

	/*
	 * Make ready; *state is yours until close(). Settings are gone after the return: copy. 0, or -1 with why.
	 * Files that settings name as NAME_file may be opened here for the last time; read_paths lists others.
	 */
	int (*open)(
	    void **state, const struct candor_kv *settings, size_t n, char *why, size_t why_cap);

	/*
	 * Deliver one event. May block up to the deadline of the configuration (30 s by default), after
	 * which the process is killed and the event delivered again. Called from one thread.
	 */
	enum candor_result (*deliver)(
	    void *state, const struct candor_event *event, struct candor_answer *answer);

	/* Let go. Not called when the process is killed. */
	void (*close)(void *state);
};

#define CANDOR_PLUGIN_EXPORT __attribute__((visibility("default")))

#endif
