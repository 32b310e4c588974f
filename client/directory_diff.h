/* SPDX-License-Identifier: ISC */
/*
 * What a proposal would change in the directory of officers, in words: what the charter holder reads
 * before signing. Pure but for the stream that it writes to.
 */
#ifndef CANDOR_CLIENT_DIRECTORY_DIFF_H
#define CANDOR_CLIENT_DIRECTORY_DIFF_H

#include <stdio.h>

#include "candor/directory.h"

/*
 * Write to out what is in after and not in before (NULL: there was none), person by person: who
 * comes, who goes, whose role, categories, e-mail or key changes, and whether the escrow does.
 * Returns the number of persons and things that change. Client.
 */
size_t directory_diff(FILE *out, const struct directory *before, const struct directory *after);

/* "every category", "no category" or "privacy, posting", for people, of an officer's categories. */
void officer_print_categories(FILE *out, const struct officer *o);

#endif
