/* SPDX-License-Identifier: ISC */
/* The table of messages, and what wire_unpack() takes and refuses. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "candor/candor_pb.h"
#include "candor/wire.h"

#define ARENA_BYTES (8u << 20)

static struct arena arena;

static void
setup(void)
{
	arena_init(&arena, malloc(ARENA_BYTES), ARENA_BYTES);
}

static void
teardown(void)
{
	free(arena.base);
}

/* clang-format off */
static const unsigned kinds[] = {
#define X(number, name, from, to, max, message, doc) number,
	WIRE_KINDS(X)
#undef X
};
/* clang-format on */

TestSuite(wire, .init = setup, .fini = teardown, .timeout = 30);

Test(wire, each_row_is_unique_and_found_by_its_number)
{
	for (size_t i = 0; i < NELEM(kinds); i++) {
		const struct wire_row *row = wire_row(kinds[i]);

		cr_assert(row != NULL);
		cr_assert(eq(u32, row->kind, kinds[i]));
		cr_assert(gt(u32, row->kind, 0), "0 is no kind");
		for (size_t k = 0; k < i; k++) {
			cr_expect(ne(u32, kinds[k], kinds[i]), "%s", row->name);
			cr_expect(ne(int, strcmp(wire_row(kinds[k])->name, row->name), 0), "%s",
			    row->name);
		}
	}
	for (unsigned kind = 0; kind < 70000; kind++) {
		bool known = false;

		for (size_t i = 0; i < NELEM(kinds); i++)
			known = known || kinds[i] == kind;
		cr_assert(eq(int, wire_row(kind) != NULL, known), "%u", kind);
	}
}

Test(wire, each_row_fits_into_its_carrier)
{
	for (size_t i = 0; i < NELEM(kinds); i++) {
		const struct wire_row *row = wire_row(kinds[i]);
		bool user = row->from == PARTY_REPORTER || row->from == PARTY_OFFICER ||
			    row->to == PARTY_REPORTER || row->to == PARTY_OFFICER;

		cr_expect(
		    le(u32, row->max, user ? WIRE_BODY_MAX : WIRE_PACKET_MAX - 8), "%s", row->name);
	}
}

Test(wire, no_message_contains_itself)
{
	/* protobuf-c recurses without a limit: a type in itself would let a body choose the depth. */
	for (size_t i = 0; i < NELEM(kinds); i++) {
		const ProtobufCMessageDescriptor *path[16] = { wire_row(kinds[i])->message };
		unsigned field[16] = { 0 };
		int depth = 0;

		while (depth >= 0) {
			const ProtobufCMessageDescriptor *d = path[depth];

			if (field[depth] == d->n_fields) {
				depth--;
				continue;
			}
			const ProtobufCFieldDescriptor *f = &d->fields[field[depth]++];

			if (f->type != PROTOBUF_C_TYPE_MESSAGE)
				continue;
			for (int k = 0; k <= depth; k++)
				cr_assert(path[k] != f->descriptor, "%s", d->name);
			cr_assert(lt(int, depth, 6), "%s is too deep", d->name);
			path[++depth] = f->descriptor;
			field[depth] = 0;
		}
	}
}

Test(wire, every_kind_goes_its_own_way_and_no_other)
{
	for (size_t i = 0; i < NELEM(kinds); i++) {
		const struct wire_row *row = wire_row(kinds[i]);

		for (unsigned from = PARTY_REPORTER; from < PARTY__N; from++) {
			for (unsigned to = PARTY_REPORTER; to < PARTY__N; to++) {
				/* Store answers an officer's request to desk, which passes it on. */
				bool by_desk = row->from == PARTY_DESK &&
					       row->to == PARTY_OFFICER && from == PARTY_STORE &&
					       to == PARTY_DESK;
				bool allowed =
				    by_desk || ((row->from == PARTY_NONE || row->from == from) &&
						   (row->to == PARTY_NONE || row->to == to));
				ProtobufCMessage *msg = NULL;
				int r = wire_unpack(&arena, &msg, kinds[i], (enum wire_party)from,
				    (enum wire_party)to, (const uint8_t *)"", 0);

				cr_expect(eq(int, r, allowed ? 0 : CANDOR_EBADMSG),
				    "%s from %u to %u", row->name, from, to);
				arena_end(&arena);
			}
		}
	}
}

Test(wire, no_user_can_speak_as_a_room)
{
	for (size_t i = 0; i < NELEM(kinds); i++) {
		const struct wire_row *row = wire_row(kinds[i]);

		if (row->from == PARTY_REPORTER)
			cr_expect(eq(int, row->to, PARTY_INTAKE), "%s", row->name);
		if (row->from == PARTY_OFFICER)
			cr_expect(eq(int, row->to, PARTY_DESK), "%s", row->name);
	}
}

Test(wire, a_body_of_its_limit_passes_and_one_byte_more_does_not)
{
	static uint8_t body[1026] = { 0x12, 0xfd, 0x07 }; /* Refusal.text of 1021 bytes */
	ProtobufCMessage *msg;

	memset(body + 3, 'x', sizeof(body) - 3);
	cr_assert(eq(
	    int, wire_unpack(&arena, &msg, MSG_REFUSAL, PARTY_STORE, PARTY_DESK, body, 1024), 0));
	body[1]++;
	cr_assert(
	    eq(int, wire_unpack(&arena, &msg, MSG_REFUSAL, PARTY_STORE, PARTY_DESK, body, 1025),
		CANDOR_EBADMSG));
}

Test(wire, what_the_schema_does_not_say_is_refused)
{
	/* clang-format off */
	const struct {
		const char *what;
		const ProtobufCMessageDescriptor *type;
		struct span body;
	} bad[] = {
		{ "an unknown number",             &candor__empty__descriptor,      SPAN_STR("\x08\x01") },
		{ "an unknown text",               &candor__refusal__descriptor,    SPAN_STR("\x1a\x01x") },
		{ "an unknown field after known",  &candor__refusal__descriptor,    SPAN_STR("\x08\x01\x12\x01x\x78\x01") },
		{ "an unknown fixed64",            &candor__refusal__descriptor,    SPAN_STR("\x79""12345678") },
		{ "an unknown fixed32",            &candor__refusal__descriptor,    SPAN_STR("\x7d""1234") },
		{ "an unknown field in a message", &candor__looked_up__descriptor,  SPAN_STR("\x12\x02\x78\x01") },
		{ "an unknown field two deep",     &candor__looked_up__descriptor,  SPAN_STR("\x12\x04\x42\x02\x78\x01") },
		{ "the same, the second of two",   &candor__looked_up__descriptor,  SPAN_STR("\x12\x08\x42\x02\x08\x01\x42\x02\x78\x01") },
		{ "an unknown field in a setting", &candor__room_setup__descriptor, SPAN_STR("\x8a\x01\x04\x52\x02\x78\x01") },
		{ "a text with NUL",               &candor__refusal__descriptor,    SPAN_STR("\x12\x03" "a\0b") },
		{ "a text that is NUL",            &candor__refusal__descriptor,    SPAN_STR("\x12\x01\0") },
		{ "a text that is not UTF-8",      &candor__refusal__descriptor,    SPAN_STR("\x12\x02\xc3\x28") },
		{ "an overlong character",         &candor__refusal__descriptor,    SPAN_STR("\x12\x02\xc0\xaf") },
		{ "a surrogate",                   &candor__refusal__descriptor,    SPAN_STR("\x12\x03\xed\xa0\x80") },
		{ "a text not UTF-8 in a list",    &candor__report__descriptor,     SPAN_STR("\x3a\x01" "a" "\x3a\x01\xff") },
		{ "a text not UTF-8 two deep",     &candor__room_setup__descriptor, SPAN_STR("\x8a\x01\x05\x52\x03\x0a\x01\xff") },
		{ "a number of zero, spelled out", &candor__refusal__descriptor,    SPAN_STR("\x08\x00") },
		{ "a text of nothing, spelled out", &candor__refusal__descriptor,   SPAN_STR("\x12\x00") },
		{ "bytes of nothing, spelled out", &candor__lookup__descriptor,     SPAN_STR("\x0a\x00") },
		{ "a number with leading zeros",   &candor__refusal__descriptor,    SPAN_STR("\x08\x81\x00") },
		{ "a number beyond 32 bits",       &candor__refusal__descriptor,    SPAN_STR("\x08\x81\x80\x80\x80\x10") },
		{ "a tag with leading zeros",      &candor__refusal__descriptor,    SPAN_STR("\x88\x00\x01") },
		{ "a length with leading zeros",   &candor__refusal__descriptor,    SPAN_STR("\x12\x81\x00x") },
		{ "a number given twice",          &candor__refusal__descriptor,    SPAN_STR("\x08\x01\x08\x02") },
		{ "a text given twice",            &candor__refusal__descriptor,    SPAN_STR("\x12\x01" "a" "\x12\x01" "b") },
		{ "a message given twice",         &candor__looked_up__descriptor,  SPAN_STR("\x12\x02\x10\x01\x12\x02\x18\x02") },
		{ "a group",                       &candor__empty__descriptor,      SPAN_STR("\x0b\x0c") },
		{ "tag 0",                         &candor__empty__descriptor,      SPAN_STR("\x00\x01") },
		{ "a number where text is due",    &candor__refusal__descriptor,    SPAN_STR("\x10\x01") },
		{ "text where a number is due",    &candor__refusal__descriptor,    SPAN_STR("\x0a\x01x") },
		{ "a cut number",                  &candor__refusal__descriptor,    SPAN_STR("\x08") },
		{ "an endless number",             &candor__refusal__descriptor,    SPAN_STR("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01") },
		{ "a cut text",                    &candor__refusal__descriptor,    SPAN_STR("\x12\x02x") },
		{ "a text as long as 64 bits say", &candor__refusal__descriptor,    SPAN_STR("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01") },
		{ "a message that ends early",     &candor__looked_up__descriptor,  SPAN_STR("\x12\x03\x0a\x02x") },
	};
	/* clang-format on */

	for (size_t i = 0; i < NELEM(bad); i++) {
		ProtobufCMessage *const untouched = (ProtobufCMessage *)(void *)&arena;
		ProtobufCMessage *msg = untouched;

		cr_expect(
		    eq(int,
			wire_unpack_as(&arena, &msg, bad[i].type, bad[i].body.p, bad[i].body.len),
			CANDOR_EBADMSG),
		    "%s", bad[i].what);
		cr_expect(msg == untouched, "%s: out was touched", bad[i].what);
		arena_end(&arena);
	}
}

Test(wire, what_was_packed_unpacks_to_the_same)
{
	char state[] = "investigating", action[] = "training \xe2\x82\xac",
	     *actions[] = { action, action };
	uint8_t sealed[3] = { 0, 0xff, 0 };
	Candor__Reply reply = CANDOR__REPLY__INIT, *replies[] = { &reply };
	Candor__Followed followed = CANDOR__FOLLOWED__INIT;
	const Candor__Followed *back;
	ProtobufCMessage *msg;
	struct span body;

	reply.n = UINT32_MAX;
	reply.on = INT32_MIN;
	reply.sealed = wire_bytes(sealed, sizeof(sealed));
	followed.state = state;
	followed.actions = actions;
	followed.n_actions = 2;
	followed.replies = replies;
	followed.n_replies = 1;
	followed.more = true;
	cr_assert(eq(int, wire_pack(&arena, &body, &followed.base), 0));
	cr_assert(eq(int,
	    wire_unpack(&arena, &msg, MSG_FOLLOWED, PARTY_INTAKE, PARTY_REPORTER, body.p, body.len),
	    0));
	back = (const Candor__Followed *)msg;
	cr_assert(eq(str, back->state, state));
	cr_assert(eq(str, back->actions[1], action));
	cr_assert(eq(u32, back->replies[0]->n, UINT32_MAX));
	cr_assert(eq(i32, back->replies[0]->on, INT32_MIN));
	cr_assert(eq(sz, back->replies[0]->sealed.len, 3));
	cr_assert(back->more);
}

Test(wire, hostile_bodies_take_no_more_than_fifty_times_their_size)
{
	/* Empty sub-messages are the cheapest to send and the dearest to hold. */
	static uint8_t body[WIRE_BODY_MAX];
	static const uint8_t tags[] = { 0x52, 0x5a }; /* RoomSetup: limits; categories */

	for (size_t t = 0; t < NELEM(tags); t++) {
		for (size_t len = 2; len <= sizeof(body); len = len * 2 + 2) {
			ProtobufCMessage *msg;

			for (size_t i = 0; i + 1 < len; i += 2) {
				body[i] = tags[t];
				body[i + 1] = 0;
			}
			(void)!wire_unpack_as(
			    &arena, &msg, &candor__room_setup__descriptor, body, len);
			cr_expect(le(sz, arena.peak, 50 * len + 4096 + 16 * len), "%zu bytes", len);
			arena_end(&arena);
		}
	}
}

Test(wire, a_small_arena_is_an_error_and_not_a_crash)
{
	static const uint8_t body[] = "\x08\x4b\x12\x05hello";
	uint8_t memory[512] __attribute__((aligned(16)));
	ProtobufCMessage *msg;
	bool ever = false;

	for (size_t size = 0; size <= sizeof(memory); size += 8) {
		struct arena small;
		int r;

		arena_init(&small, memory, size);
		r = wire_unpack(
		    &small, &msg, MSG_REFUSAL, PARTY_STORE, PARTY_DESK, body, sizeof(body) - 1);
		if (r == 0)
			ever = true;
		else
			cr_assert(not(ever), "%zu", size);
	}
	cr_assert(ever);
}

Test(wire, every_prefix_and_every_flipped_bit_of_a_message_is_taken_or_refused_cleanly)
{
	char place[] = "ward 3", text[] = "what happened", url[] = "https://example.org/x",
	     *urls[] = { url };
	Candor__Report report = CANDOR__REPORT__INIT;
	ProtobufCMessage *msg;
	struct span body;
	uint8_t copy[256];

	report.place = place;
	report.narrative = text;
	report.seen_on = 20000;
	report.urls = urls;
	report.n_urls = 1;
	cr_assert(eq(int, wire_pack(&arena, &body, &report.base), 0));
	memcpy(copy, body.p, body.len);
	for (size_t len = 0; len <= body.len; len++) {
		arena_mark_t mark = arena_mark(&arena);

		(void)!wire_unpack(
		    &arena, &msg, MSG_REPORT, PARTY_REPORTER, PARTY_INTAKE, copy, len);
		arena_release(&arena, mark);
	}
	for (size_t bit = 0; bit < 8 * body.len; bit++) {
		arena_mark_t mark = arena_mark(&arena);

		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		(void)!wire_unpack(
		    &arena, &msg, MSG_REPORT, PARTY_REPORTER, PARTY_INTAKE, copy, body.len);
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		arena_release(&arena, mark);
	}
}
