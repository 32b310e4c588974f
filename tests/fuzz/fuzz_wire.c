/* SPDX-License-Identifier: ISC */
/*
 * Any bytes as the body of any kind, from whom it may come: what unpacks must pack to a body that
 * unpacks again. The first byte chooses the kind.
 */
#include <stdlib.h>

#include "candor/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static _Alignas(16) uint8_t memory[8u << 20];
	const struct wire_row *row = len > 0 ? wire_row(data[0]) : NULL;
	ProtobufCMessage *msg, *again;
	struct arena a;
	struct span packed;

	if (row == NULL)
		return 0;
	arena_init(&a, memory, sizeof(memory));
	if (wire_unpack(&a, &msg, row->kind, row->from, row->to, data + 1, len - 1) == 0 &&
	    (wire_pack(&a, &packed, msg) < 0 ||
		wire_unpack(&a, &again, row->kind, row->from, row->to, packed.p, packed.len) < 0))
		abort();
	arena_end(&a);
	return 0;
}
