/* SPDX-License-Identifier: ISC */
/*
 * A report before it is filed, however it was made (asked for on the terminal, or read as JSON), and
 * the filing. Client; words and receipt in locked memory.
 */
#ifndef CANDOR_CLIENT_REPORT_H
#define CANDOR_CLIENT_REPORT_H

#include "candor/receipt.h"

#include "attachment.h"
#include "draft.h"
#include "guide.h"

enum report_kind { REPORT_INCIDENT, REPORT_QUESTION };

/* All texts are NUL-terminated; NULL or empty: not given. */
struct report {
	enum report_kind kind;
	const char *category, *site, *place, *platform, *narrative;
	int32_t seen_on;
	size_t n_urls, n_keep_out, n_attachments;
	const char *urls[DRAFT_URLS_MAX];
	const char *keep_out[DIRECTORY_OFFICERS_MAX];
	const char *attachments[ATTACHMENTS_MAX];
	bool keep_original; /* send the files untouched as well, for the escrow */
	struct draft_choice choice;

	/* Its words as fields; report_fields() makes them. */
	size_t n_fields;
	struct draft_field fields[3 + DRAFT_URLS_MAX];

	char receipt[RECEIPT_MAX_CHARS];
};

/* Check category, site, and that somebody remains to read it: EX_DATAERR says which is wrong. */
int report_check(struct client *c, const struct report *r, const struct guide *g) MUST_CHECK;

/* Once its fields are stripped: does it go into one message? EX_DATAERR says by how much it does not. */
int report_fits(struct client *c, struct report *r) MUST_CHECK;

/* List place, platform, urls and narrative as fields, given but not stripped. */
void report_fields(struct report *r);

/* Does a field, as given, name this officer, who is not kept out? The officer would read it. */
bool report_mentions(const struct report *r, const struct officer *o);

/*
 * File the report under r->receipt (its fields are stripped): derive the keys, connect, send, and
 * try again while that may help, tries times in all. 0 only when the daemon has said FILED. *sent tells, after a
 * failure, whether it may have been filed all the same.
 */
int report_file(struct client *c, struct report *r, unsigned tries, Candor__Filed *filed,
    bool *sent) MUST_CHECK;

/* The dialogue: fills r and files it. */
int report_dialogue(struct client *c, const struct guide *g, struct report *r) MUST_CHECK;

#endif
