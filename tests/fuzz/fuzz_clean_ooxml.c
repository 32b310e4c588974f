/* SPDX-License-Identifier: ISC */
#include "fuzz_members.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return fuzz_members(clean_ooxml, data, len);
}
