/* SPDX-License-Identifier: ISC */
/*
 * The message table and the one way to turn bytes into a message: see candor/wire.h. Pure; any
 * process.
 */
#include "candor/wire.h"

#include <string.h>

#include "candor/candor_pb.h"
#include "candor/utf8.h"

/* protobuf-c unpacks a hostile 1 MiB to 47 MiB; small messages need some room to start with. */
#define UNPACK_FACTOR 50
#define UNPACK_FLOOR 4096

/* clang-format off */
static const struct wire_row rows[] = {
#define X(number, name, from, to, max, message, doc) \
	{ number, #name, PARTY_##from, PARTY_##to, max, &candor__##message##__descriptor },
	WIRE_KINDS(X)
#undef X
};
/* clang-format on */

const struct wire_row *
wire_row(unsigned kind)
{
	for (size_t i = 0; i < NELEM(rows); i++)
		if (rows[i].kind == kind)
			return &rows[i];
	return NULL;
}

bool
wire_allowed(const struct wire_row *row, enum wire_party from, enum wire_party to)
{
	if (row->from == PARTY_DESK && row->to == PARTY_OFFICER && from == PARTY_STORE)
		return to == PARTY_DESK;
	return (row->from == PARTY_NONE || row->from == from) &&
	       (row->to == PARTY_NONE || row->to == to);
}

const char *
wire_party_name(enum wire_party party)
{
	static const char *const names[PARTY__N] = {
		[PARTY_NONE] = "anyone",
		[PARTY_REPORTER] = "reporter",
		[PARTY_OFFICER] = "officer",
		[PARTY_SUPERVISOR] = "supervisor",
		[PARTY_INTAKE] = "intake",
		[PARTY_CLEANER] = "cleaner",
		[PARTY_DESK] = "desk",
		[PARTY_STORE] = "store",
		[PARTY_DISPATCH] = "dispatch",
		[PARTY_HOST] = "host",
	};

	return party < PARTY__N ? names[party] : "nobody";
}

/* An allocator for protobuf-c: the arena, up to a cap; nothing is given back before arena_end(). */
struct budget {
	struct arena *arena;
	size_t left;
};

static void *
budget_alloc(void *data, size_t n)
{
	struct budget *b = data;

	if (n > b->left)
		return NULL;
	b->left -= n;
	return arena_alloc(b->arena, n);
}

static void
budget_free(void *data, void *p)
{
	(void)data;
	(void)p;
}

static bool known_message(const ProtobufCMessage *msg);

/* One value of a field: what protobuf-c leaves unchecked. */
static bool
known_value(const ProtobufCFieldDescriptor *f, const void *value)
{
	const char *const *text = value;
	const ProtobufCMessage *const *sub = value;

	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		return *text == NULL || utf8_valid(*text, strlen(*text));
	case PROTOBUF_C_TYPE_MESSAGE:
		return *sub == NULL || known_message(*sub);
	default:
		return true;
	}
}

static bool
known_message(const ProtobufCMessage *msg)
{
	const ProtobufCMessageDescriptor *d = msg->descriptor;

	if (msg->n_unknown_fields > 0)
		return false;
	for (unsigned i = 0; i < d->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &d->fields[i];
		const uint8_t *at = (const uint8_t *)msg + f->offset;

		if (f->type != PROTOBUF_C_TYPE_STRING && f->type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		if (f->label == PROTOBUF_C_LABEL_REPEATED) {
			const size_t *n =
			    (const void *)((const uint8_t *)msg + f->quantifier_offset);
			const void *const *values = *(const void *const *const *)(const void *)at;

			for (size_t v = 0; v < *n; v++)
				if (!known_value(f, &values[v]))
					return false;
		} else if (!known_value(f, at)) {
			return false;
		}
	}
	return true;
}

int
wire_unpack_as(struct arena *a, ProtobufCMessage **out, const ProtobufCMessageDescriptor *type,
    const uint8_t *body, size_t len)
{
	struct budget budget = { .arena = a, .left = UNPACK_FACTOR * len + UNPACK_FLOOR };
	ProtobufCAllocator allocator = { budget_alloc, budget_free, &budget };
	ProtobufCMessage *msg = protobuf_c_message_unpack(type, &allocator, len, body);

	if (msg == NULL)
		return CANDOR_EBADMSG;
	/* The canonical encoding has one size: this catches NUL in strings, fields given twice,
	 * defaults spelled out and numbers with leading zeros. */
	if (!known_message(msg) || protobuf_c_message_get_packed_size(msg) != len)
		return CANDOR_EBADMSG;
	*out = msg;
	return 0;
}

int
wire_unpack(struct arena *a, ProtobufCMessage **out, unsigned kind, enum wire_party from,
    enum wire_party to, const uint8_t *body, size_t len)
{
	const struct wire_row *row = wire_row(kind);

	if (row == NULL || !wire_allowed(row, from, to) || len > row->max)
		return CANDOR_EBADMSG;
	return wire_unpack_as(a, out, row->message, body, len);
}

int
wire_pack(struct arena *a, struct span *out, const ProtobufCMessage *msg)
{
	size_t len = protobuf_c_message_get_packed_size(msg);
	uint8_t *p = arena_alloc(a, len);

	if (p == NULL)
		return CANDOR_ENOMEM;
	protobuf_c_message_pack(msg, p);
	*out = (struct span){ p, len };
	return 0;
}
