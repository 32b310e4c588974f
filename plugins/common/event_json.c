/* SPDX-License-Identifier: ISC */
/* Events as JSON: see event_json.h. Pure. */
#include "common/event_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/fields.h"

void
event_json_fields(struct text *out, const struct candor_event *e, bool brief)
{
	const char *name, *between = "{";

	for (size_t i = 0; (name = field_name(i)) != NULL; i++) {
		const char *value = field_value(e, i);

		if (brief && (*value == '\0' || strcmp(name, "key") == 0))
			continue;
		text_adds(out, between);
		text_json(out, name);
		text_adds(out, ":");
		text_json(out, value);
		between = ",";
	}
	text_adds(out, *between == '{' ? between : "");
}

void
event_json_items(struct text *out, const struct candor_event *e, bool brief)
{
	text_adds(out, ",\"items\":[");
	for (size_t i = 0; CANDOR_EVENT_HAS(e, n_items) && i < e->n_items; i++) {
		text_adds(out, i > 0 ? "," : "");
		event_json_fields(out, &e->items[i], brief);
		text_adds(out, "}");
	}
	text_adds(out, "]");
}

void
event_json(struct text *out, const struct candor_event *e)
{
	char number[16];

	event_json_fields(out, e, false);
	snprintf(number, sizeof(number), "%" PRIu32, e->attempts);
	text_adds(out, ",\"attempts\":");
	text_adds(out, number);
	text_adds(out, ",\"reference\":");
	text_json(out, e->reference);
	text_adds(out, ",\"to\":[");
	for (size_t i = 0; i < e->n_to; i++) {
		text_adds(out, i > 0 ? "," : "");
		text_json(out, e->to[i]);
	}
	text_adds(out, "]");
	event_json_items(out, e, false);
	text_adds(out, "}");
}
