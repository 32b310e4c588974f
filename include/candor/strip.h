/* SPDX-License-Identifier: ISC */
/*
 * Stripping: text in, text without what identifies its writer out, with a span for each removal.
 * The same function in intake (every text field of every message), in the client's preview and in
 * `candor strip`. Pure, linear in time, no allocation but from the arena.
 */
#ifndef CANDOR_STRIP_H
#define CANDOR_STRIP_H

#include "candor/arena.h"

enum strip_profile {
	STRIP_REPORTER,   /* who wrote it goes; whom it is about stays */
	STRIP_DEIDENTIFY, /* every identifier of a person goes (45 CFR 164.514(b)(2)) */
};

/* Labels of removals; their names are part of the command line's JSON: append only. INVISIBLE
 * and LOOKALIKE even out the text itself and cannot be kept. */
#define STRIP_LABELS(X)                                                                            \
	X(REPORTER_NAME, "reporter-name", "your name")                                             \
	X(REPORTER_CONTACT, "reporter-contact", "how to reach you")                                \
	X(REPORTER_ID, "reporter-id", "a number or account of yours")                              \
	X(REPORTER_ROLE, "reporter-role", "a role that few people have")                           \
	X(REPORTER_TENURE, "reporter-tenure", "how long you have worked here")                     \
	X(REPORTER_RELATION, "reporter-relation", "somebody close to you")                         \
	X(SIGN_OFF, "sign-off", "a closing line that signs the text")                              \
	X(EMAIL, "email", "an e-mail address")                                                     \
	X(PHONE, "phone", "a telephone number")                                                    \
	X(INVISIBLE, "invisible", "characters that cannot be seen")                                \
	X(LOOKALIKE, "lookalike", "letters of another script that look the same")                  \
	X(NAME, "name", "a person's name")                                                         \
	X(URL, "url", "a link")                                                                    \
	X(SSN, "ssn", "a social security number")                                                  \
	X(CARD, "card", "a payment card's number")                                                 \
	X(IP, "ip", "an address on the network")                                                   \
	X(RECORD, "record", "a record's or an account's number")                                   \
	X(DATE, "date", "a date")                                                                  \
	X(REPORTER_TIME, "reporter-time", "when you came or left")                                 \
	X(PLACE, "place", "a place, or what is in it")                                             \
	X(ADDRESS, "address", "a postal address")                                                  \
	X(AGE, "age", "an age of 90 or over")                                                      \
	X(ACCOUNT, "account", "an account's or a policy's number")                                 \
	X(LICENCE, "licence", "a licence's number")                                                \
	X(VEHICLE, "vehicle", "a vehicle's number")                                                \
	X(DEVICE, "device", "a device's number")                                                   \
	X(IBAN, "iban", "a bank account's number")                                                 \
	X(OTHER_ID, "other-id", "a number or a handle that tells who it is")

enum strip_label {
#define X(name, text, reason) STRIP_##name,
	STRIP_LABELS(X)
#undef X
	    STRIP__N
};

/* One removal: bytes start..end (end exclusive, UTF-8 boundaries) of the text as given. */
struct strip_span {
	size_t start, end;
	enum strip_label label;
};

struct strip_result {
	struct span text;         /* what remains; NUL-terminated beyond its length */
	struct strip_span *spans; /* in order, not overlapping */
	size_t n_spans;
	size_t n_normalised; /* characters evened out without a span (spaces, NFC, line ends) */
};

/* What the writer wants kept. Evening-out labels go all the same. */
struct strip_keep {
	unsigned labels; /* a mask: 1u << label */
	unsigned never; /* a mask of what goes although it is kept: what the site forbids to keep */
	const struct strip_span
	    *spans; /* bytes of the text as given of which nothing goes, whatever it
					 * is labelled; in order, not overlapping */
	size_t n_spans;
};

/* So many words or phrases of a text can be kept, each so long in bytes. */
#define STRIP_KEEP_WORDS 16
#define STRIP_KEEP_WORD_BYTES 256

/*
 * Set keep's spans, in the arena, to wherever one of the words (or phrases; NUL-terminated, compared
 * byte by byte, not within a longer word) stands in the text. The time is words times len: cap the
 * words. CANDOR_ENOMEM. Any process.
 */
int strip_keep_words(struct arena *a, struct strip_keep *keep, const char *text, size_t len,
    char *const *words, size_t n_words) MUST_CHECK;

/*
 * Strip len bytes of UTF-8.
 *
 * keep   what stays although it would go; NULL: nothing
 * out    in the arena a, which needs STRIP_ARENA_BYTES(len)
 *
 * With no spans kept, strip(strip(x)) gives the same text as strip(x). Returns 0, CANDOR_EINVAL when
 * the text is not valid UTF-8 or contains NUL, or when kept spans are out of order or reach beyond it,
 * CANDOR_ENOMEM. Process: any.
 */
int strip(struct arena *a, struct strip_result *out, const char *text, size_t len,
    enum strip_profile profile, const struct strip_keep *keep) MUST_CHECK;

/* Enough for any text of len bytes: the worst has a control character after every other one. Prose
 * takes about a fifth of it. */
#define STRIP_ARENA_BYTES(len) (32 * (size_t)(len) + 65536)

const char *strip_label_name(enum strip_label label);
const char *strip_label_reason(enum strip_label label);
/* CANDOR_EINVAL for a name that is none. */
int strip_label_parse(enum strip_label *out, const char *name) MUST_CHECK;
/* The mask of the labels named; names that are none are left out, as from a newer version. */
unsigned strip_mask(char *const *names, size_t n);
/* May a reporter keep it at all? */
bool strip_label_keepable(enum strip_label label);

/*
 * Does a text of len bytes name the person called name: by the whole name, or by its last part behind a
 * title or a calling ("Dr. Fox", "Officer Fox")? Case and marks on letters do not count; a part of a
 * longer word is none. Linear in len. Any process; pure.
 */
bool strip_mentions(const char *text, size_t len, const char *name);

/*
 * Make somebody else's text harmless to a terminal, in the arena: control and escape characters,
 * bidi overrides and invalid UTF-8 become U+FFFD; LF and TAB stay. NUL-terminated. Any process.
 */
int strip_inert(struct arena *a, struct span *out, const char *text, size_t len) MUST_CHECK;

#endif
