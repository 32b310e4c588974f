/* SPDX-License-Identifier: ISC */
/*
 * Sealing: what turns words into something only the case's readers can open. Each case has an age
 * identity of its own; its secret is an age file to the readers and the escrow (the identity as
 * age-keygen writes it and a LF, so that age alone can go on from there); every entry is a padded
 * age file to the case. Pure; runs in intake and in officers' clients.
 */
#ifndef CANDOR_SEAL_H
#define CANDOR_SEAL_H

#include "candor/age.h"
#include "candor/directory.h"

struct sealed_case {
	uint8_t recipient[AGE_KEY_BYTES]; /* the case's public key */
	struct span secret;               /* age file: the case's identity, to readers and escrow */
	size_t n_readers;
	const struct officer *readers[DIRECTORY_OFFICERS_MAX];
};

/*
 * Wrap a new case's identity (made with age_keypair(); its public half is recipient) to all officers
 * of d who serve the category, less those in keep_out, plus d's escrow. out->secret lies in the
 * arena; the identity stays the caller's to wipe. CANDOR_ENOTFOUND when nobody remains who could
 * read it (escrow does not count); CANDOR_ENOMEM. Process: intake.
 */
int seal_case(struct arena *a, struct sealed_case *out, const struct directory *d,
    const uint8_t identity[AGE_KEY_BYTES], const uint8_t recipient[AGE_KEY_BYTES],
    const char *category, unsigned roles_mask, const struct officer *const *keep_out,
    size_t n_keep_out) MUST_CHECK;

/* Wrap a case's identity anew to readers and escrow: granting, handing over, recusing. Client of an
 * officer who can open the case. */
int seal_rewrap(struct arena *a, struct span *out, const uint8_t identity[AGE_KEY_BYTES],
    const struct officer *const *readers, size_t n_readers,
    const uint8_t escrow[AGE_KEY_BYTES]) MUST_CHECK;

/* The case's identity out of its secret file. Errors as age_open(). Client. */
int seal_open_case(struct arena *a, uint8_t identity[AGE_KEY_BYTES], struct span secret,
    const uint8_t officer[AGE_KEY_BYTES]) MUST_CHECK;

/* Pad and encrypt one entry to the case and, unless NULL, to the receipt as well. */
int seal_entry(struct arena *a, struct span *out, const uint8_t *plain, size_t len,
    const uint8_t recipient[AGE_KEY_BYTES], const uint8_t *receipt) MUST_CHECK;

/* Decrypt one entry with the case's or the receipt's identity, and take off the padding. */
int seal_open_entry(struct arena *a, struct span *out, struct span sealed,
    const uint8_t identity[AGE_KEY_BYTES]) MUST_CHECK;

#endif
