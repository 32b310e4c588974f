/* SPDX-License-Identifier: ISC */
/*
 * One case in an officer's client: its record as the daemon has it, its identity opened with the
 * officer's key, and its entries one by one. Client.
 */
#ifndef CANDOR_CLIENT_OFFICER_CASE_H
#define CANDOR_CLIENT_OFFICER_CASE_H

#include "officer.h"
#include "unpad.h"

struct open_case {
	const Candor__CaseRecord *record; /* in c->arena */
	uint8_t *identity;                /* 32 bytes in c->arena; NULL: not opened */
};

/* Fetch a case's record. As link_call(). */
int case_fetch(struct officer_session *s, struct open_case *k, char *number) MUST_CHECK;

/* Fetch it, and open its identity: EX_NOPERM when it is not wrapped to this key, EX_DATAERR when it
 * is damaged or does not belong to the case's public key. */
int case_open(struct officer_session *s, struct open_case *k, char *number) MUST_CHECK;

/*
 * A sealed entry, piece by piece: zero it, set session, number and n, and call entry_next() until
 * offset equals total. *piece lies in a.
 */
struct entry_reader {
	struct officer_session *s;
	char *number;
	uint32_t n;
	uint64_t offset, total; /* total: after the first piece */
};
int entry_next(struct entry_reader *e, struct arena *a, struct span *piece) MUST_CHECK;

/*
 * Fetch and open a whole entry that is no attachment: *out is a Candor__ReportEntry (kind "report")
 * or a Candor__TextEntry, in c->scratch, which the caller marks and releases. EX_DATAERR when it
 * does not open.
 */
int case_entry(struct officer_session *s, const struct open_case *k, const Candor__EntryInfo *info,
    ProtobufCMessage **out) MUST_CHECK;

/* The day on which the reporter saw it, as the report says; 0: it does not, or cannot be opened. */
int case_seen_on(struct officer_session *s, const struct open_case *k, int32_t *day) MUST_CHECK;

/* As case_open(), for what a machine looks for: nobody has read the case for it. */
int case_open_to_search(struct officer_session *s, struct open_case *k, char *number) MUST_CHECK;

/* Seal an entry to the case and, unless it is a note, to the receipt; *out lies in c->arena. */
int case_seal(struct officer_session *s, const struct open_case *k, const Candor__TextEntry *entry,
    bool to_reporter, struct span *out) MUST_CHECK;
/* The same of mere words. */
int case_seal_words(struct officer_session *s, const struct open_case *k, struct span words,
    bool to_reporter, struct span *out) MUST_CHECK;

/* Read words (see term_words()) and seal them to the case and, unless they are a note, to the
 * receipt; *out lies in c->arena. */
int case_take_words(struct officer_session *s, const struct open_case *k, const char *prompt,
    bool to_reporter, struct span *out) MUST_CHECK;

/*
 * The same of words that need not be: out->len is 0 without any. On a terminal it is asked; else
 * standard input says so by holding words. In `candor desk` with commands from a pipe there are none.
 */
int case_optional_words(struct officer_session *s, const struct open_case *k, const char *question,
    const char *prompt, bool to_reporter, struct span *out) MUST_CHECK;

/*
 * Send what was written. Writing takes a person longer than the desk keeps a session, and words are
 * not to be lost: connect anew before, and ask before giving up.
 */
int case_send_words(
    struct officer_session *s, unsigned kind, const ProtobufCMessage *msg) MUST_CHECK;

bool entry_is(const Candor__EntryInfo *info, const char *kind);

/* The report, and the entry of a number; NULL when there is none. */
const Candor__EntryInfo *case_report(const struct open_case *k);
const Candor__EntryInfo *case_entry_info(const struct open_case *k, uint32_t n);

/*
 * An attachment, decrypted with the identity chunk by chunk and the padding taken off, into sink, which
 * sets errno when it fails: EX_IOERR then names path. EX_NOPERM when it is sealed to another identity,
 * EX_DATAERR when it is damaged. Takes some 200 KiB of c->arena.
 */
int case_attachment(struct officer_session *s, const struct open_case *k, uint32_t n,
    const uint8_t identity[AGE_KEY_BYTES], unpad_sink *sink, void *ctx,
    const char *path) MUST_CHECK;

/* "attachment-3.pdf", into out. */
#define ATTACHMENT_NAME_MAX 40
void attachment_name(char out[ATTACHMENT_NAME_MAX], uint32_t n, const char *type);

/* The sub-verbs that are files of their own. */
int case_show(struct officer_session *s, int argc, char **argv);
int case_save(struct officer_session *s, int argc, char **argv);
int case_hold(struct officer_session *s, int argc, char **argv);
int case_destroy(struct officer_session *s, int argc, char **argv);
int case_certificate(struct officer_session *s, int argc, char **argv);
int case_export(struct officer_session *s, int argc, char **argv);
int case_clocks(struct officer_session *s, int argc, char **argv);
int case_discovered(struct officer_session *s, int argc, char **argv);
int case_clock(struct officer_session *s, int argc, char **argv); /* pause, resume, met, waive */

int case_link(struct officer_session *s, int argc, char **argv);
int case_merge(struct officer_session *s, int argc, char **argv);
int case_tag(struct officer_session *s, int argc, char **argv);
int case_action(struct officer_session *s, int argc, char **argv);
int case_checkin(struct officer_session *s, int argc, char **argv);
int case_breach(struct officer_session *s, int argc, char **argv);

/* {"discovered_on","factors","patients",…}; NULL when out of memory. */
struct json_t *breach_json(const Candor__Worksheet *w);

/* What `case show` says of clocks: a line each behind its label, and what is to be done about the day
 * of discovery (seen_on: what the report says; 0: nothing). */
void case_print_clocks(struct client *c, const Candor__CaseRecord *record,
    void (*label)(struct client *c, const char *text));
void case_print_discovery(struct client *c, const Candor__CaseRecord *record, int32_t seen_on);

#endif
