/* SPDX-License-Identifier: ISC */
/*
 * What is done about a case beside its states and words, as far as others show it. Client of an officer.
 */
#ifndef CANDOR_CLIENT_OFFICER_WORK_H
#define CANDOR_CLIENT_OFFICER_WORK_H

#include "officer_case.h"

/* Lines of `case show`; and {"tags","merged_into","duplicates","links","corrective_actions",
 * "checkins"}, NULL when out of memory. */
void work_print(struct client *c, const Candor__CaseRecord *record,
    void (*label)(struct client *c, const char *text));
struct json_t *work_json(const Candor__CaseRecord *record);

/* "open", "done" or "dropped". */
const char *corrective_state(const Candor__Corrective *k);
/* "training, Omar Reyes, by 2026-12-01", with its line feed; and [{"case","n","action","owner",…}…]. */
void corrective_print(struct client *c, const Candor__Corrective *k, int32_t today);
struct json_t *corrective_json(Candor__Corrective *const *list, size_t n, int32_t today);

#endif
