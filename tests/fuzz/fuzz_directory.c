/* SPDX-License-Identifier: ISC */
/* A directory of any bytes: what is read is written again byte for byte. */
#include <string.h>

#include "candor/directory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static _Alignas(16) uint8_t memory[1 << 20];
	struct directory *d;
	struct span text;
	struct arena a;
	const char *why;
	unsigned line;

	arena_init(&a, memory, sizeof(memory));
	if (directory_parse(&a, &d, data, len, &line, &why) < 0)
		return 0;
	if (directory_format(&a, &text, d) < 0 || text.len != len || memcmp(text.p, data, len) != 0)
		__builtin_trap();
	return 0;
}
