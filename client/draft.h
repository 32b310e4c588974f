/* SPDX-License-Identifier: ISC */
/*
 * What a reporter writes before it is sent: its fields, what strip() takes out of them, and showing
 * that. Shared by report and follow. Client; all of it in locked memory.
 */
#ifndef CANDOR_CLIENT_DRAFT_H
#define CANDOR_CLIENT_DRAFT_H

#include <jansson.h>

#include "candor/strip.h"

struct client;

/* What intake takes, in bytes and numbers (the narrative: WIRE_TEXT_MAX). */
#define DRAFT_PLACE_MAX 1024
#define DRAFT_PLATFORM_MAX 256
#define DRAFT_URL_MAX 2048
#define DRAFT_URLS_MAX 16

/* Words of a text, compared byte by byte. */
struct draft_words {
	size_t n;
	char v[STRIP_KEEP_WORDS][STRIP_KEEP_WORD_BYTES + 1];
};

/* What the reporter wants kept, and taken out beside what strip() finds. */
struct draft_choice {
	unsigned keep; /* a mask of labels */
	struct draft_words keep_words, drop_words;
};

/* One field of words. */
struct draft_field {
	char name[16];              /* as in the JSON: "narrative", "urls[3]" */
	struct span given;          /* the caller's */
	struct span shown;          /* less the words taken out; in c->arena, as all below */
	struct strip_result result; /* spans of what is shown; text as it will be sealed */
	struct strip_span *kept;    /* where words are kept */
	size_t n_kept;
};

/* Strip a field as intake will, less what the site lets nobody keep. EX_DATAERR when it is no UTF-8
 * or holds NUL. */
int draft_strip(struct client *c, struct draft_field *f, struct draft_choice *choice,
    unsigned not_keepable) MUST_CHECK;

/* Append a field's removals, moved by offset, to list, as CLI.md has them. */
void draft_removed(
    json_t *list, const char *field, const struct strip_result *result, uint64_t offset);

/*
 * Show the fields with their removals in place on the terminal, and ask: true when it shall go like
 * that, with *choice as the reporter made it; false: edit again. Labels in not_keepable always go. The
 * fields are stripped anew whenever the choice changes. go says what comes next, for the person who
 * chooses. EX_NOINPUT: abandoned. TERM_BACK as a prompt.
 */
int draft_preview(struct client *c, struct draft_field *fields, size_t n,
    struct draft_choice *choice, unsigned not_keepable, const char *go, bool *send) MUST_CHECK;

/* What is kept, for the wire; points into the choice and to static strings. */
struct draft_wish {
	char *labels[STRIP__N], *words[STRIP_KEEP_WORDS];
	size_t n_labels, n_words;
};
void draft_wish(struct draft_wish *out, struct draft_choice *choice);

/* The names of labels that have been kept but may not be, told on standard error. */
void draft_tell_not_keepable(unsigned keep, unsigned not_keepable);

#endif
