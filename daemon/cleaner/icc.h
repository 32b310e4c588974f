/* SPDX-License-Identifier: ISC */
/* Colour profiles (ICC.1:2010) in documents: what they compute stays, who made them when does not. */
#ifndef CANDOR_CLEANER_ICC_H
#define CANDOR_CLEANER_ICC_H

#include "cleaner/clean.h"

/* Append the profile without names, dates and notes. CANDOR_EBADMSG when it is none. The cleaner; pure. */
MUST_CHECK int icc_strip(struct clean_out *out, const uint8_t *in, size_t len);

#endif
