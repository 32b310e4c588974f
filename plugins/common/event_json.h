/* SPDX-License-Identifier: ISC */
/* An event as one JSON object, whole: for programs that decide themselves what they need. Pure. */
#ifndef CANDOR_PLUGIN_EVENT_JSON_H
#define CANDOR_PLUGIN_EVENT_JSON_H

#include "candor/plugin.h"

#include "common/text.h"

/* Room for the largest event that a host is given. */
#define EVENT_JSON_MAX (256u << 10)

/*
 * Every field of the event, empty ones too, so that nothing need be asked for: {"key": "…", …,
 * "attempts": 0, "reference": "…", "to": ["…"], "items": [{…}]}; doc/PLUGINS.md has the list. out->full
 * when it does not fit.
 */
void event_json(struct text *out, const struct candor_event *e);

/* Of that, an object's one-line fields, not closed yet, and its items. brief: nothing empty, and no key. */
void event_json_fields(struct text *out, const struct candor_event *e, bool brief);
void event_json_items(struct text *out, const struct candor_event *e, bool brief);

#endif
