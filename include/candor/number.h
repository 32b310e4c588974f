/* SPDX-License-Identifier: ISC */
/*
 * Case numbers: 40 random bits, shown to people as "C-7K3M-9QX2" in Crockford's base32, which has
 * no letter that is taken for another. Pure; any process.
 */
#ifndef CANDOR_NUMBER_H
#define CANDOR_NUMBER_H

#include "candor/base.h"

#define NUMBER_CHARS 11
#define NUMBER_END ((int64_t)1 << 40) /* all numbers are below */

/* Write the number of a case, NUL-terminated. */
void number_format(char out[NUMBER_CHARS + 1], int64_t number);

/* Read what a person typed: any case, O for 0, I and L for 1. CANDOR_EINVAL for anything else. */
int number_parse(int64_t *out, const char *text) MUST_CHECK;

#endif
