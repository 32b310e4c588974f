/* SPDX-License-Identifier: ISC */
/* age files and armor from anywhere: whatever the bytes, no more than an error. */
#include "candor/age.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static _Alignas(16) uint8_t memory[1 << 20];
	static const uint8_t identity[AGE_KEY_BYTES] = { 1 };
	struct span file = { data, len }, out;
	struct age_stream s;
	struct arena a;
	size_t used;

	arena_init(&a, memory, sizeof(memory));
	(void)age_wants_passphrase(data, len);
	if (age_is_armored(data, len) && age_dearmor(&a, &file, data, len) < 0)
		return 0;
	if (age_open(&a, &out, file.p, file.len, identity) == 0 &&
	    age_stream_open(&a, &s, &used, file.p, file.len, identity) != 0)
		__builtin_trap();
	return 0;
}
