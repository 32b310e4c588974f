/* SPDX-License-Identifier: ISC */
/* Any bytes through one of the cleaner's formats: an end, well or with a reason, and no more than allowed. */
#ifndef CANDOR_FUZZ_CLEAN_H
#define CANDOR_FUZZ_CLEAN_H

#include <stdlib.h>

#include "cleaner/clean.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int
fuzz_clean(clean_fn *clean, const uint8_t *data, size_t len)
{
	struct clean_out out = { 0 };
	static bool loaded; /* for what documents hold */
	const char *why = "";
	int r;

	if (!loaded && !(loaded = clean_formats_load()))
		abort();
	r = clean(&out, data, len, 0, &why);

	if ((r != 0 && r != CANDOR_EBADMSG && r != CANDOR_ETOOBIG && r != CANDOR_ENOMEM) ||
	    out.len > CLEAN_OUTPUT_MAX)
		abort();
	free(out.p);
	return 0;
}

#endif
