/* SPDX-License-Identifier: ISC */
/* Events as JSON: see event_json.h. Pure. */
#include "common/event_json.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/fields.h"

static void
add_fields(struct text *out, const struct candor_event *e)
{
	const char *name;

	for (size_t i = 0; (name = field_name(i)) != NULL; i++) {
		text_adds(out, i > 0 ? "," : "{");
		text_json(out, name);
		text_adds(out, ":");
		text_json(out, field_value(e, i));
	}
}

void
event_json(struct text *out, const struct candor_event *e)
{
	char number[16];

	add_fields(out, e);
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
	text_adds(out, "],\"items\":[");
	for (size_t i = 0; CANDOR_EVENT_HAS(e, n_items) && i < e->n_items; i++) {
		text_adds(out, i > 0 ? "," : "");
		add_fields(out, &e->items[i]);
		text_adds(out, "}");
	}
	text_adds(out, "]}");
}
