/* SPDX-License-Identifier: ISC */
/* The audit log in an officer's, auditor's or administrator's client. Client. */
#ifndef CANDOR_CLIENT_OFFICER_AUDIT_H
#define CANDOR_CLIENT_OFFICER_AUDIT_H

#include "candor/auditline.h"

#include "officer.h"

/* Is the head signed by the audit key of site.conf, which must have one? */
bool audit_head_signed(const struct client *c, const Candor__AuditHead *head);

/*
 * Does the log go on from the head that this client saw last? Once a session, from officer_begin().
 * Warns on standard error if it does not, and remembers the new head if it does; work goes on. As
 * link_call().
 */
int audit_look(struct officer_session *s) MUST_CHECK;

/* {"n","on","by","action","case","detail","hash"}; NULL when out of memory. */
struct json_t *audit_line_json(const Candor__AuditLine *line);

#endif
