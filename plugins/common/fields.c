/* SPDX-License-Identifier: ISC */
/* Fields, templates and sentences: see fields.h. Pure. */
#include "common/fields.h"

#include <stdio.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static const struct {
	const char *name;
	size_t offset, end;
} fields[] = {
#define X(field)                                                                                   \
	{ #field, offsetof(struct candor_event, field),                                            \
		offsetof(struct candor_event, field) + sizeof(const char *) },
	EVENT_FIELDS(X)
#undef X
};

/* clang-format off */
static const struct {
	const char *kind, *subject, *sentence;
} kinds[] = {
	{ "filed",     "%{number}: new report (%{severity}, %{category})", "A report was filed: %{number}." },
	{ "message",   "%{number}: message from the reporter", "The reporter has added a message to %{number}." },
	{ "assigned",  "%{number}: assigned", "Case %{number} was assigned." },
	{ "due",       "%{number}: %{clock} is due on %{due}", "A clock of case %{number} runs out soon: %{clock}, on %{due}." },
	{ "overdue",   "%{number}: %{clock} was due on %{due}", "A clock of case %{number} ran out: %{clock}, on %{due}." },
	{ "escalated", "%{number}: escalated, %{clock} was due on %{due}", "Case %{number} is brought to you because a clock ran out: %{clock}, on %{due}." },
	{ "resolved",  "%{number}: resolved", "Case %{number} was resolved." },
	{ "closed",    "%{number}: closed", "Case %{number} was closed." },
	{ "reopened",  "%{number}: reopened", "Case %{number} was reopened." },
	{ "changed",   "%{number}: %{state}", "Case %{number} is %{state} now." },
	{ "digest",    "What happened up to %{on}", "What happened up to %{on}:" },
	{ "alarm",     "Plugin %{plugin} delivers nothing any more", "The plugin %{plugin} delivers nothing any more: see candor admin plugin list." },
	{ "audit",     "Audit log of %{on}", "The audit log ended on %{on} with a line of this hash. Keep it: candor admin verify --head %{head} tells whether the log still holds that line." },
	{ "test",      "Test of notifications", "This is a test that an administrator asked for. No case is behind it." },
	/* A kind that came after this plugin. */
	{ NULL,        "%{number}: %{kind}", "Case %{number}: %{kind}." },
};
/* clang-format on */

const char event_facts[] = "Category:      %{category}\n"
			   "Severity:      %{severity}\n"
			   "Site:          %{site}\n"
			   "State:         %{state}\n"
			   "Outcome:       %{outcome}\n"
			   "Assigned to    %{assignee}\n"
			   "Acknowledge by %{acknowledge_by}\n"
			   "Feedback by    %{feedback_by}\n";

const char *
field_name(size_t i)
{
	return i < NELEM(fields) ? fields[i].name : NULL;
}

const char *
field_value(const struct candor_event *e, size_t i)
{
	const char *value = NULL;

	if (i < NELEM(fields) && e->size >= fields[i].end)
		memcpy(&value, (const char *)e + fields[i].offset, sizeof(value));
	return value != NULL ? value : "";
}

/* keyed: an item of a digest has no key and no items of its own. */
static bool
sound(const struct candor_event *e, bool keyed, char *why, size_t why_cap)
{
	size_t key = strspn(e->key, "0123456789abcdef");

	for (size_t i = 0; i < NELEM(fields); i++) {
		if (text_has_control(field_value(e, i), "")) {
			snprintf(why, why_cap, "the event's %s holds a control character",
			    fields[i].name);
			return false;
		}
	}
	if (e->key[key] != '\0' || key != (keyed ? CANDOR_KEY_CHARS : 0) ||
	    strspn(e->number, LETTERS DIGITS "-") != strlen(e->number)) {
		snprintf(why, why_cap,
		    "the event's key is not %d hex digits, or its number not letters, digits and "
		    "dashes",
		    CANDOR_KEY_CHARS);
		return false;
	}
	for (size_t i = 0; keyed && CANDOR_EVENT_HAS(e, n_items) && i < e->n_items; i++)
		if (!sound(&e->items[i], false, why, why_cap))
			return false;
	return true;
}

bool
event_sound(const struct candor_event *e, char *why, size_t why_cap)
{
	return sound(e, true, why, why_cap);
}

/* ---- templates ----------------------------------------------------------------------------------- */

/* The value of a name of len bytes; NULL: nobody knows it. *known even where there is no event. */
static const char *
value_of(const struct values *v, const char *name, size_t len, bool *known)
{
	*known = true;
	for (size_t i = 0; i < NELEM(fields); i++)
		if (strlen(fields[i].name) == len && memcmp(fields[i].name, name, len) == 0)
			return v->event != NULL ? field_value(v->event, i) : "";
	for (size_t i = 0; i < v->n_own; i++)
		if (strlen(v->own[i].name) == len && memcmp(v->own[i].name, name, len) == 0)
			return v->own[i].value != NULL ? v->own[i].value : "";
	*known = false;
	return "";
}

/* A placeholder begins at s with "%{": the length of its name. False where no } ends it. */
static bool
placeholder(const char *s, size_t *len)
{
	const char *end = strchr(s, '}');

	*len = end != NULL ? (size_t)(end - s - 2) : 0;
	return end != NULL;
}

int
template_check(const char *setting, const char *pattern, const char *allowed,
    const struct values *own, char *why, size_t why_cap)
{
	char names[512];
	struct text list = TEXT(names);
	size_t len;
	bool known;

	if (text_has_control(pattern, allowed)) {
		snprintf(why, why_cap, "%s holds a control character; %s", setting,
		    *allowed != '\0' ? "only line breaks and tabs are allowed" : "it is one line");
		return -1;
	}
	for (const char *s = pattern; (s = strstr(s, "%{")) != NULL; s += len + 3) {
		if (placeholder(s, &len) && (value_of(own, s + 2, len, &known), known))
			continue;
		for (size_t i = 0; i < NELEM(fields); i++) {
			text_adds(&list, i > 0 ? " %{" : "%{");
			text_adds(&list, fields[i].name);
			text_adds(&list, "}");
		}
		for (size_t i = 0; i < own->n_own; i++) {
			text_adds(&list, " %{");
			text_adds(&list, own->own[i].name);
			text_adds(&list, "}");
		}
		len = strcspn(s, "}");
		snprintf(why, why_cap, "%s has the unknown placeholder %.*s%s; allowed are %s",
		    setting, (int)(len < 60 ? len : 60), s, s[len] == '}' ? "}" : "", names);
		return -1;
	}
	return 0;
}

bool
template_fill(struct text *out, const char *pattern, const struct values *values, template_add *add,
    bool by_line)
{
	bool any_asked = false, any_got = false;

	while (*pattern != '\0') {
		const char *end = pattern + (by_line ? strcspn(pattern, "\n") : strlen(pattern));
		size_t start = out->len, len;
		bool asked = false, got = false;

		while (pattern < end) {
			const char *value = "";
			bool known = false;

			if (pattern[0] == '%' && pattern[1] == '{' && placeholder(pattern, &len))
				value = value_of(values, pattern + 2, len, &known);
			if (!known) {
				text_add(out, pattern++, 1);
				continue;
			}
			asked = true;
			got |= *value != '\0';
			add(out, value);
			pattern += len + 3;
		}
		any_asked |= asked;
		any_got |= got;
		if (*end == '\n')
			pattern++;
		if (by_line && asked && !got)
			out->p[out->len = start] = '\0';
		else if (*end == '\n')
			text_adds(out, "\n");
	}
	return any_got || !any_asked;
}

/* ---- sentences ----------------------------------------------------------------------------------- */

static size_t
kind_row(const char *kind)
{
	size_t k = 0;

	while (kinds[k].kind != NULL && strcmp(kinds[k].kind, kind) != 0)
		k++;
	return k;
}

const char *
kind_subject(const char *kind)
{
	return kinds[kind_row(kind)].subject;
}

const char *
kind_sentence(const char *kind)
{
	return kinds[kind_row(kind)].sentence;
}

void
event_items(struct text *out, const struct candor_event *e)
{
	if (strcmp(e->kind, "digest") != 0 || !CANDOR_EVENT_HAS(e, n_items))
		return;
	for (size_t i = 0; i < e->n_items; i++) {
		const struct candor_event *item = &e->items[i];
		const char *const parts[] = { item->on, item->number, item->kind, item->state,
			item->severity, item->category, item->site };

		for (size_t k = 0; k < NELEM(parts); k++) {
			text_adds(out, k > 0 && *parts[k] != '\0' ? "  " : "");
			text_adds(out, parts[k]);
		}
		text_adds(out, "\n");
	}
	if (e->n_items == 0)
		text_adds(out, strcmp(e->activity, "yes") == 0 ? "Something happened.\n"
							       : "Nothing happened.\n");
}
