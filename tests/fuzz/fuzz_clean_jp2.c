/* SPDX-License-Identifier: ISC */
#include "fuzz_clean.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return fuzz_clean(clean_jp2, data, len);
}
