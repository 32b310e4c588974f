/* SPDX-License-Identifier: ISC */
/*
 * What a plugin may say of an event: its fields under their names, templates with %{field} in them, and a
 * sentence for each kind. Pure. In a host process, and in `candord -t`.
 */
#ifndef CANDOR_PLUGIN_FIELDS_H
#define CANDOR_PLUGIN_FIELDS_H

#include "candor/plugin.h"

#include "common/text.h"

/* Every field of an event that is one text: X(name). The order is that of messages to people. */
#define EVENT_FIELDS(X)                                                                            \
	X(number)                                                                                  \
	X(kind)                                                                                    \
	X(category)                                                                                \
	X(severity)                                                                                \
	X(state)                                                                                   \
	X(on)                                                                                      \
	X(acknowledge_by)                                                                          \
	X(feedback_by)                                                                             \
	X(site)                                                                                    \
	X(assignee)                                                                                \
	X(outcome)                                                                                 \
	X(clock)                                                                                   \
	X(due)                                                                                     \
	X(activity)                                                                                \
	X(plugin)                                                                                  \
	X(head)                                                                                    \
	X(key)

/* The i-th of them: its name, or NULL behind the last; and its value, "" where the host knows none. */
const char *field_name(size_t i);
const char *field_value(const struct candor_event *e, size_t i);

/*
 * The host promises that nothing in an event holds a control character, and that key and number are made
 * of letters, digits and dashes; what goes into headers and URLs is no place to rely on it. False, and
 * which field it is in why: refuse the event. Looks at the items of a digest too.
 */
bool event_sound(const struct candor_event *e, char *why, size_t why_cap);

/* What placeholders stand for: the fields of an event (NULL: none), then names of the plugin's own. */
struct values {
	const struct candor_event *event;
	const struct candor_kv *own;
	size_t n_own;
};

/*
 * Is every %{name} of the template a field, or one of own's names (whose values are not looked at)? 0, or
 * -1 and a sentence about `setting`. Text between is free but for control characters not in `allowed`.
 */
int template_check(const char *setting, const char *pattern, const char *allowed,
    const struct values *own, char *why, size_t why_cap);

/* How to write a value: text_adds, text_url … */
typedef void template_add(struct text *t, const char *value);

/*
 * Fill the template in. With by_line, a line whose placeholders are all empty is left out. Returns whether
 * something came of it: false when it has placeholders and all are empty.
 */
bool template_fill(struct text *out, const char *pattern, const struct values *values,
    template_add *add, bool by_line);

/* A template: one line on an event of this kind, and a sentence; for kinds of later versions too. */
const char *kind_subject(const char *kind);
const char *kind_sentence(const char *kind);

/* A template: the facts of a case, one a line. */
extern const char event_facts[];

/* The events of a digest, one a line; nothing for other events. A value for the name "items". */
void event_items(struct text *out, const struct candor_event *e);

#endif
