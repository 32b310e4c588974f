/* SPDX-License-Identifier: ISC */
/* Any bytes through strip(), in both profiles: never too little memory, and twice is once. */
#include <stdlib.h>
#include <string.h>

#include "candor/strip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	for (unsigned profile = STRIP_REPORTER; profile <= STRIP_DEIDENTIFY; profile++) {
		struct strip_result once, twice;
		struct arena a, b;
		size_t size = STRIP_ARENA_BYTES(len), size2;
		void *mem = malloc(size), *mem2;
		int r;

		arena_init(&a, mem, size);
		r = strip(&a, &once, (const char *)data, len, (enum strip_profile)profile, NULL);
		if (r == 0) {
			size2 = STRIP_ARENA_BYTES(once.text.len);
			mem2 = malloc(size2);
			arena_init(&b, mem2, size2);
			if (strip(&b, &twice, (const char *)once.text.p, once.text.len,
				(enum strip_profile)profile, NULL) != 0 ||
			    twice.text.len != once.text.len ||
			    memcmp(twice.text.p, once.text.p, once.text.len) != 0)
				abort();
			free(mem2);
		} else if (r != CANDOR_EINVAL) {
			abort();
		}
		free(mem);
	}
	return 0;
}
