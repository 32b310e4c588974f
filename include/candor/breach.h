/* SPDX-License-Identifier: ISC */
/*
 * Is it a breach of patients' data, and who has to be told until when? The four factors of 45 CFR 164.402
 * (2), and the notices of 164.404, 164.406 and 164.408. Pure; officers' clients.
 */
#ifndef CANDOR_BREACH_H
#define CANDOR_BREACH_H

#include "candor/day.h"

#define BREACH_NOTICE_DAYS                                                                         \
	60 /* calendar days from discovery, at most; and from the end of a year */
#define BREACH_MANY 500

/* In the order of the rule; on the wire by their place. */
#define BREACH_FACTORS(X)                                                                          \
	X(NATURE, "nature", "Nature and extent of the data",                                       \
	    "which identifiers, how likely is it that somebody is recognised?")                    \
	X(RECIPIENT, "recipient", "Who used it or saw it",                                         \
	    "the public, colleagues, somebody who is bound to secrecy?")                           \
	X(ACQUIRED, "acquired", "Was it acquired or viewed",                                       \
	    "seen, copied, shared on, or only within reach?")                                      \
	X(MITIGATION, "mitigation", "How far the risk was reduced",                                \
	    "taken down, deleted, assured in writing?")

enum breach_factor {
#define X(name, id, title, question) BREACH_##name,
	BREACH_FACTORS(X)
#undef X
	    BREACH_FACTOR__N
};

/* How much a factor speaks for a compromise; on the wire by number. */
#define BREACH_LEVELS(X)                                                                           \
	X(NONE, "")                                                                                \
	X(LOW, "low")                                                                              \
	X(MEDIUM, "medium")                                                                        \
	X(HIGH, "high")

enum breach_level {
#define X(name, text) BREACH_LEVEL_##name,
	BREACH_LEVELS(X)
#undef X
	    BREACH_LEVEL__N
};

extern const char *const breach_factor_ids[BREACH_FACTOR__N];
extern const char *const breach_factor_titles[BREACH_FACTOR__N];
extern const char *const breach_factor_questions[BREACH_FACTOR__N];
/* "?" for a number out of range. */
const char *breach_level_name(unsigned level);

/* Somebody to be told. */
struct breach_notice {
	const char *id;   /* individuals, hhs, media */
	const char *who;  /* for people */
	const char *rule; /* of 45 CFR */
	day_t by;         /* without unreasonable delay, and by this day at the latest */
};
#define BREACH_NOTICES_MAX 3

/*
 * Who is to be told of a breach that was discovered on a day, of the data of so many patients, at most
 * so many of whom live in one State. How many of out were filled.
 */
size_t breach_notices(struct breach_notice out[static BREACH_NOTICES_MAX], day_t discovered,
    unsigned patients, unsigned residents);

#endif
