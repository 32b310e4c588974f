/* SPDX-License-Identifier: ISC */
/*
 * Persons: who may ask for what, by hand-made messages as well; four eyes; who can open which case when
 * keys change and persons leave. Store's functions on a database of their own, and the desk as a
 * process, its store played by the test.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>

#include "candor/frame.h"
#include "common/channel.h"
#include "store/officer.h"
#include "support/files.h"
#include "support/rooms.h"

#define TODAY 20000

enum { ANNA, BO, CLEO, ADA, ROOT, N_PEOPLE, ESCROW = N_PEOPLE, NOBODY, N_CALLERS };

static struct person {
	char name[OFFICER_NAME_MAX + 1];
	enum officer_role role;
	uint8_t seed; /* of the key; 0: not in the directory */
} people[N_PEOPLE];

static struct store s;
static struct arena arena;
static Candor__RoomSetup setup_msg;
static Candor__Limits limits;
static Candor__Category category, *categories[] = { &category };
static struct minisign_secret charter;
static char charter_line[MINISIGN_PUBLIC_CHARS + 1], word_privacy[] = "privacy",
						     word_high[] = "high";
static uint8_t site_id[SITE_ID_BYTES] = "0123456789abcde", escrow_seed = 200;
static uint64_t version;
static const char *folder;
static struct answer out;

/* ---- the fixture ------------------------------------------------------------------------------ */

static void
keys_of(struct officer_secret *k, uint8_t seed)
{
	uint8_t identity[AGE_KEY_BYTES];

	memset(identity, seed, sizeof(identity));
	keys_derive(k, identity);
}

/* The directory of those who have a key, as the next version. */
static struct span
directory_text(void)
{
	static char all[] = "*", none[] = "";
	struct officer list[N_PEOPLE];
	struct directory d = { .version = version + 1, .officers = list };
	struct officer_secret k;
	struct span text;

	memset(list, 0, sizeof(list));
	memcpy(d.site_id, site_id, sizeof(site_id));
	keys_of(&k, escrow_seed);
	memcpy(d.escrow, k.pub.age, sizeof(d.escrow));
	for (size_t i = 0; i < N_PEOPLE; i++) {
		struct officer *o = &list[d.n_officers];

		if (people[i].seed == 0)
			continue;
		keys_of(&k, people[i].seed);
		memcpy(o->name, people[i].name, sizeof(o->name));
		o->role = people[i].role;
		o->keys = k.pub;
		o->categories = o->role <= ROLE_LEAD ? all : none;
		d.n_officers++;
	}
	cr_assert(eq(int, directory_format(&arena, &text, &d), 0));
	return text;
}

static struct span
sign(struct span text, const struct minisign_secret *key)
{
	struct span sig;

	cr_assert(eq(int, minisign_sign(&arena, &sig, text.p, text.len, key, "test"), 0));
	return sig;
}

static void
prepare(void)
{
	static const struct person all[] = { [ANNA] = { "Anna Berg", ROLE_OFFICER, 1 },
		[BO] = { "Bo Carls", ROLE_LEAD, 2 },
		[CLEO] = { "Cleo Dahl", ROLE_OFFICER, 3 },
		[ADA] = { "Ada Audit", ROLE_AUDITOR, 4 },
		[ROOT] = { "Root Admin", ROLE_ADMIN, 5 } };

	cr_assert(ge(int, sodium_init(), 0));
	setenv("TZ", "UTC", 1);
	tzset();
	memcpy(people, all, sizeof(all));
	arena = test_arena(32u << 20);
	folder = test_mkdir();
	minisign_keypair(&charter);
	minisign_public_format(charter_line, &charter.pub);
	candor__room_setup__init(&setup_msg);
	candor__limits__init(&limits);
	candor__category__init(&category);
	setup_msg.site_id = wire_bytes(site_id, sizeof(site_id));
	setup_msg.charter = charter_line;
	category.id = category.title = word_privacy;
	category.severity = word_high;
	category.roles_mask = 1u << ROLE_OFFICER | 1u << ROLE_LEAD;
	setup_msg.categories = categories;
	setup_msg.n_categories = 1;
	limits.attachment_bytes = limits.staged_bytes = 100000;
	setup_msg.limits = &limits;
}

/* Put the directory of now into force. */
static enum verdict
adopt(void)
{
	struct span text = directory_text();
	enum verdict v;

	db_savepoint(s.db);
	out = (struct answer){ 0 };
	v = charter_adopt(&s, text, sign(text, &charter), &out);
	cr_assert(not(db_failed(s.db)));
	if (v == KEEP)
		db_keep(s.db);
	else
		db_undo(s.db);
	version += v == KEEP;
	return v;
}

static void
begin(void)
{
	prepare();
	cr_assert(eq(int, chdir(folder), 0));
	s = (struct store){ .arena = &arena, .setup = &setup_msg, .today = TODAY };
	s.now = (int64_t)TODAY * 86400;
	s.charter.arena = test_arena(1u << 20);
	cr_assert(eq(int, db_open(&s.db), 0));
	db_begin(s.db);
	cr_assert(eq(int, adopt(), KEEP));
}

static void
end(void)
{
	db_close(s.db);
	cr_assert(eq(int, chdir("/"), 0));
	test_rmdir(folder);
}

TestSuite(people, .init = begin, .fini = end, .timeout = 60);

/* ---- requests --------------------------------------------------------------------------------- */

/* Run a request as the room does. */
static enum verdict
call_as(unsigned who, unsigned kind, struct span body)
{
	Candor__OfficerCall c = CANDOR__OFFICER_CALL__INIT;
	enum verdict v;

	c.actor = who < N_PEOPLE ? people[who].name : (char *)"";
	c.role = who < N_PEOPLE ? people[who].role : who == ESCROW ? ROLE_ESCROW : ROLE_ANYONE;
	c.kind = kind;
	c.body = wire_bytes(body.p, body.len);
	out = (struct answer){ 0 };
	db_savepoint(s.db);
	v = store_officer_call(&s, 0, &c.base, &out);
	cr_assert(not(db_failed(s.db)));
	if (v == KEEP || v == WAIT)
		db_keep(s.db);
	else
		db_undo(s.db);
	return v;
}

static enum verdict
call(unsigned who, unsigned kind, const void *msg)
{
	struct span body;

	cr_assert(eq(int, wire_pack(&arena, &body, msg), 0));
	return call_as(who, kind, body);
}

static const char *
said(void)
{
	if (out.kind == MSG_DONE)
		return ((const Candor__Done *)out.msg)->text;
	cr_assert(eq(u32, out.kind, MSG_REFUSAL));
	return ((const Candor__Refusal *)out.msg)->text;
}

static bool
says(const char *words)
{
	return strstr(said(), words) != NULL;
}

static unsigned
code(void)
{
	return out.kind == MSG_REFUSAL ? ((const Candor__Refusal *)out.msg)->code : 0;
}

/* A report that these read (bits 1 << ANNA, …) reaches the inbox. */
static void
hand_in(unsigned readers, uint8_t hash[32])
{
	static uint32_t serial;
	static uint8_t bytes[256];
	Candor__StoreReport m = CANDOR__STORE_REPORT__INIT;
	char *list[N_PEOPLE];

	serial++;
	crypto_generichash(hash, 32, (uint8_t *)&serial, sizeof(serial), NULL, 0);
	m.lookup_hash = wire_bytes(hash, 32);
	m.case_recipient = m.case_proof = wire_bytes(bytes, 32);
	m.secret = m.entry = wire_bytes(bytes, sizeof(bytes));
	m.category = word_privacy;
	m.severity = word_high;
	m.received_on = TODAY;
	m.directory_version = version;
	for (unsigned i = 0; i < N_PEOPLE; i++)
		if (readers & 1u << i)
			list[m.n_readers++] = people[i].name;
	m.readers = list;
	out = (struct answer){ 0 };
	cr_assert(eq(int, store_report(&s, 0, &m.base, &out), KEEP));
}

/* The same, released; its number. */
static char *
file(unsigned readers)
{
	char *number = test_alloc(NUMBER_CHARS + 1);
	uint8_t hash[32];

	hand_in(readers, hash);
	store_release(&s, false);
	cr_assert(not(db_failed(s.db)));
	cr_assert(db_row(s.db, CASE_BY_LOOKUP, db_b(hash, sizeof(hash))));
	number_format(number, db_int(s.db, DB_CASE_BY_LOOKUP, 0));
	return number;
}

/* Seal a case to these, as the clients do. */
static enum verdict
wrap(unsigned who, char *number, unsigned readers)
{
	Candor__CaseWrap m = CANDOR__CASE_WRAP__INIT;
	char *list[N_PEOPLE];
	int64_t n;

	cr_assert(eq(int, number_parse(&n, number), 0));
	cr_assert(db_row(s.db, KEY_GET, db_i(n)));
	m.wrap_version = (uint32_t)db_int(s.db, DB_KEY_GET, 1);
	m.directory_version = version;
	m.number = number;
	m.secret = wire_bytes("wrap", 4);
	for (unsigned i = 0; i < N_PEOPLE; i++)
		if (readers & 1u << i)
			list[m.n_readers++] = people[i].name;
	m.readers = list;
	return call(who, MSG_CASE_WRAP, &m);
}

static bool
reads(unsigned who, char *number)
{
	Candor__CaseRef ref = CANDOR__CASE_REF__INIT;

	ref.number = number;
	return call(who, MSG_CASE_GET, &ref) == KEEP;
}

/* ---- roles ------------------------------------------------------------------------------------ */

/* Who may ask for it: o(fficer), l(ead), a(uditor), r (administrator), e(scrow), n(obody). What
 * is not built yet is passed over; what is built and not here fails. */
static const struct {
	const char *kind, *who;
} may[] = {
	{ "DIRECTORY_GET", "olaren" },
	{ "DIRECTORY_PUT", "olarn" }, /* signed by the charter, or an administrator's proposal */
	{ "CASE_LIST", "ol" }, { "CASE_GET", "ole" }, { "ENTRY_GET", "ole" }, { "CASE_ACT", "ol" },
	{ "CASE_WRITE", "ol" }, { "CASE_ASSIGN", "ol" }, { "CASE_CLOCK", "ol" },
	{ "CASE_WRAP", "ole" }, { "CASE_SCAN", "ole" }, { "APPROVAL_LIST", "ol" },
	{ "BOARD_GET", "ol" }, { "CASE_LINK", "ol" }, { "CASE_MERGE", "ol" }, { "CASE_TAG", "ol" },
	{ "CASE_CORRECTIVE", "ol" }, { "CASE_CHECKIN", "ol" },
	{ "TEMPLATE_LIST", "ol" }, /* answered by the desk itself */
	{ "APPROVE", "ol" }, { "CASE_HOLD", "ol" }, { "CASE_DESTROY", "l" },
	{ "CERTIFICATE_GET", "ola" }, { "CASE_EXPORT", "ol" }, { "AUDIT_LIST", "ola" },
	{ "AUDIT_CHAIN", "ar" }, { "AUDIT_HEAD_GET", "olar" }, { "BACKUP_GET", "r" },
	{ "FIGURES_GET", "ola" }, { "STATUS_GET", "lar" }, { "PLUGIN_LIST", "r" },
	{ "PLUGIN_TEST", "r" }, { "DELIVERY_LIST", "r" }, { "DELIVERY_GET", "r" },
	{ "DELIVERY_RETRY", "r" }, { "DELIVERY_DISCARD", "r" }, { "RELEASE", "r" },
	{ "RELOAD", "r" }, /* the supervisor's, by the desk */
};

static const char letters[N_CALLERS] = { [ANNA] = 'o',
	[BO] = 'l',
	[CLEO] = 'o',
	[ADA] = 'a',
	[ROOT] = 'r',
	[ESCROW] = 'e',
	[NOBODY] = 'n' };

static bool
expected(unsigned kind, unsigned who)
{
	for (size_t i = 0; i < NELEM(may); i++)
		if (strcmp(may[i].kind, wire_row(kind)->name) == 0)
			return strchr(may[i].who, letters[who]) != NULL;
	cr_fatal("say in tests/test_people.c who may ask for %s", wire_row(kind)->name);
}

static bool
is_officers(unsigned kind)
{
	return wire_row(kind) != NULL && wire_row(kind)->from == PARTY_OFFICER;
}

/* Hand-made: empty bodies, which every message of proto3 can be. */
Test(people, store_does_for_each_role_what_it_may_ask_and_nothing_else)
{
	const struct span empty = { (const uint8_t *)"", 0 };

	for (unsigned kind = 0; kind < 256; kind++)
		for (unsigned who = 0; who < N_CALLERS; who++) {
			enum verdict v = call_as(who, kind, empty);

			if (!is_officers(kind) || kind == MSG_RELOAD || kind == MSG_TEMPLATE_LIST) {
				cr_assert(eq(int, v, DISHONEST), "kind %u", kind);
				continue;
			}
			cr_assert(eq(int, v == UNDO && says("does not let you do this"),
				      !expected(kind, who)),
			    "%s as %c", wire_row(kind)->name, letters[who]);
			if (!expected(kind, who))
				cr_assert(eq(u32, code(), EX_NOPERM));
		}
}

/* ---- the state table, for each role ------------------------------------------------------------ */

static const struct {
	enum case_state from;
	enum case_event event;
	enum case_state to;
} moves[] = {
	{ CASE_NEW, EV_ACK, CASE_ACKNOWLEDGED },
	{ CASE_ACKNOWLEDGED, EV_TRIAGE, CASE_TRIAGED },
	{ CASE_ACKNOWLEDGED, EV_INVESTIGATE, CASE_INVESTIGATING },
	{ CASE_ACKNOWLEDGED, EV_AWAIT, CASE_AWAITING_REPORTER },
	{ CASE_ACKNOWLEDGED, EV_RESOLVE, CASE_RESOLVED },
	{ CASE_TRIAGED, EV_INVESTIGATE, CASE_INVESTIGATING },
	{ CASE_TRIAGED, EV_AWAIT, CASE_AWAITING_REPORTER },
	{ CASE_TRIAGED, EV_RESOLVE, CASE_RESOLVED },
	{ CASE_INVESTIGATING, EV_AWAIT, CASE_AWAITING_REPORTER },
	{ CASE_INVESTIGATING, EV_RESOLVE, CASE_RESOLVED },
	{ CASE_AWAITING_REPORTER, EV_INVESTIGATE, CASE_INVESTIGATING },
	{ CASE_AWAITING_REPORTER, EV_RESOLVE, CASE_RESOLVED },
	{ CASE_RESOLVED, EV_CLOSE, CASE_CLOSED },
	{ CASE_RESOLVED, EV_REOPEN, CASE_REOPENED },
	{ CASE_CLOSED, EV_REOPEN, CASE_REOPENED },
	{ CASE_REOPENED, EV_TRIAGE, CASE_TRIAGED },
	{ CASE_REOPENED, EV_INVESTIGATE, CASE_INVESTIGATING },
	{ CASE_REOPENED, EV_AWAIT, CASE_AWAITING_REPORTER },
	{ CASE_REOPENED, EV_RESOLVE, CASE_RESOLVED },
	{ CASE_MERGED, EV_REOPEN, CASE_REOPENED },
};

static enum case_state
led_to(enum case_state from, unsigned event)
{
	for (size_t i = 0; i < NELEM(moves); i++)
		if (moves[i].from == from && moves[i].event == event)
			return moves[i].to;
	return CASE_NONE;
}

static enum case_state
state_of(int64_t number)
{
	cr_assert(db_row(s.db, CASE_ANY, db_i(number)));
	return (enum case_state)db_int(s.db, DB_CASE_ANY, 1);
}

Test(people, every_event_in_every_state_does_what_the_table_says_for_those_who_read_the_case)
{
	char *number = file(1u << ANNA | 1u << BO); /* not Cleo, who is an officer as well */
	Candor__CaseAct m = CANDOR__CASE_ACT__INIT;
	int64_t n;

	cr_assert(eq(int, number_parse(&n, number), 0));
	m.number = number;
	for (unsigned state = CASE_NEW; state < CASE__N; state++)
		for (unsigned event = 0; event <= EV__N; event++)
			for (unsigned who = 0; who < N_CALLERS; who++) {
				bool reader = who == ANNA || who == BO;
				enum case_state to = reader ? led_to(state, event) : CASE_NONE;
				enum verdict v;

				db_run(s.db, CASE_SET_STATE, db_i(n), db_i(state));
				m.event = event;
				m.outcome = (char *)(event == EV_RESOLVE ? "partly" : "");
				v = call(who, MSG_CASE_ACT, &m);
				cr_assert(eq(int, v, to != CASE_NONE ? KEEP : UNDO),
				    "%s in %s by %c", case_event_name(event),
				    case_state_name(state), letters[who]);
				cr_assert(
				    eq(u32, state_of(n), to != CASE_NONE ? (unsigned)to : state));
				if (v == UNDO)
					cr_assert(says(reader        ? "allowed now"
						       : who == CLEO ? "there is no case"
								     : "does not let you"));
			}
}

/* ---- any values at all ------------------------------------------------------------------------ */

static uint32_t
dice(uint32_t sides)
{
	static uint32_t state = 20261122;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % sides;
}

/* Where a value is stored, a field of any type: what is likely to be wrong, or right by chance. */
static void
any_value(const ProtobufCFieldDescriptor *f, void *out_value, char *const *numbers, size_t n)
{
	const int64_t ints[] = { 0, 0, 0, 0, 1, 1, 2, 3, 5, 9, 31, 200, s.today - 1, s.today,
		s.today + 1, s.today + 30, INT32_MAX, UINT32_MAX, INT64_MAX, INT64_MIN, -1,
		INT32_MIN };
	static const char *const words[] = { "", "Anna Berg", "Bo Carls", "Root Admin", "(escrow)",
		"privacy", "training", "press", "erasure", "order", "new", "closed", "merged",
		"substantiated", "acknowledge", "action-1", "retention", "breach-notice", "read",
		"C-0000-0000", "C-", "\xc3\xa5", "%s%n", "mail", "' OR 1=1" };
	static uint8_t bytes[60000];
	static char longest[600];

	memset(longest, 'x', sizeof(longest) - 1);
	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		/* Mostly what fits the field, so that its neighbours are looked at, too. */
		if (dice(8) == 0)
			*(char **)out_value =
			    dice(9) == 0 ? longest : (char *)words[dice(NELEM(words))];
		else if (strstr("number into other after", f->name) != NULL)
			*(char **)out_value = numbers[dice((uint32_t)n)];
		else if (strstr("readers owner officer assignee to actor", f->name) != NULL)
			*(char **)out_value = people[dice(N_PEOPLE)].name;
		else
			*(char **)out_value = (char *)words[dice(NELEM(words))];
		break;
	case PROTOBUF_C_TYPE_BYTES: {
		static const size_t lengths[] = { 0, 1, 15, 16, 31, 32, 33, 500, 51000, 60000 };

		*(ProtobufCBinaryData *)out_value =
		    wire_bytes(bytes, lengths[dice(dice(4) == 0 ? NELEM(lengths) : 8)]);
		break;
	}
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)out_value = dice(2) == 0;
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_SINT64:
		*(int64_t *)out_value = ints[dice(NELEM(ints))];
		break;
	default:
		*(int32_t *)out_value = (int32_t)ints[dice(NELEM(ints))];
	}
}

static size_t
size_of(const ProtobufCFieldDescriptor *f)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_SINT64:
		return sizeof(int64_t);
	default:
		return sizeof(int32_t);
	}
}

static ProtobufCMessage *
any_message(const ProtobufCMessageDescriptor *d, char *const *numbers, size_t n)
{
	ProtobufCMessage *m = arena_alloc(&arena, d->sizeof_message);

	protobuf_c_message_init(d, m);
	for (unsigned i = 0; i < d->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &d->fields[i];
		bool many = f->label == PROTOBUF_C_LABEL_REPEATED;
		size_t count = many ? dice(dice(10) == 0 ? 50 : 4) : dice(8) != 0;
		uint8_t *at = (uint8_t *)m + f->offset;

		if (count == 0)
			continue;
		if (many) {
			*(size_t *)((uint8_t *)m + f->quantifier_offset) = count;
			at = *(uint8_t **)at = arena_alloc(&arena, count * size_of(f));
		}
		for (size_t k = 0; k < count; k++, at += size_of(f))
			if (f->type == PROTOBUF_C_TYPE_MESSAGE)
				*(ProtobufCMessage **)at = any_message(f->descriptor, numbers, n);
			else
				any_value(f, at, numbers, n);
	}
	return m;
}

/* Desk unpacked it as store does, so that no officer can make store call desk a liar. */
Test(people, whatever_values_a_request_has_it_is_answered_or_refused)
{
	static char *actions[] = { (char *)"training" }, *tags[] = { (char *)"press" },
		    *four_eyes[] = { (char *)"export", (char *)"destroy", (char *)"escrow" };
	char *numbers[12];
	unsigned kinds[96], n_kinds = 0, done = 0;

	setup_msg.actions = actions;
	setup_msg.tags = tags;
	setup_msg.n_actions = setup_msg.n_tags = 1;
	setup_msg.four_eyes = four_eyes;
	setup_msg.n_four_eyes = NELEM(four_eyes);
	setup_msg.warning_days = 30;
	setup_msg.immediate = true;
	for (unsigned kind = 32; kind < 96; kind++)
		if (is_officers(kind) && kind != MSG_TEMPLATE_LIST && kind != MSG_RELOAD)
			kinds[n_kinds++] = kind;
	for (size_t i = 0; i < NELEM(numbers); i++)
		numbers[i] = file(i % 3 == 0 ? 1u << ANNA | 1u << BO : 7u);
	for (unsigned i = 0; i < 30000; i++) {
		arena_mark_t mark = arena_mark(&arena);
		const struct wire_row *row = wire_row(kinds[dice(n_kinds)]);
		ProtobufCMessage *back;
		struct span body;

		if (wire_pack(&arena, &body, any_message(row->message, numbers, 12)) == 0 &&
		    body.len <= row->max &&
		    wire_unpack(&arena, &back, row->kind, PARTY_OFFICER, PARTY_DESK, body.p,
			body.len) == 0) {
			enum verdict v = call_as(dice(N_CALLERS), row->kind, body);

			cr_assert(ne(int, v, DISHONEST), "%s", row->name);
			cr_assert(eq(int, wire_pack(&arena, &body, out.msg), 0));
			cr_assert(le(sz, body.len, wire_row(out.kind)->max), "%s", row->name);
			done++;
		}
		if (i % 1000 == 999) {
			s.today += 40;
			work_pass(&s);
			store_clock_pass(&s);
			while (legal_pass(&s))
				;
			cr_assert(not(db_failed(s.db)));
		}
		arena_release(&arena, mark);
	}
	cr_assert(gt(uint, done, 25000));
}

/* ---- four eyes -------------------------------------------------------------------------------- */

static char eyes_export[] = "export", eyes_escrow[] = "escrow", *four_eyes[2];

static void
ask_for(char *what, char *and)
{
	four_eyes[0] = what;
	four_eyes[1] = and;
	setup_msg.four_eyes = four_eyes;
	setup_msg.n_four_eyes = and != NULL ? 2 : 1;
}

static enum verdict
wanted(unsigned who, char *number)
{
	struct call c = { .who = charter_officer(&s, people[who].name), .actor = people[who].name };
	int64_t n;

	cr_assert(eq(int, number_parse(&n, number), 0));
	out = (struct answer){ 0 };
	return approval_wanted(&s, &c, "export", n, &out);
}

static const Candor__ApprovalList *
approvals(unsigned who)
{
	Candor__Empty empty = CANDOR__EMPTY__INIT;

	cr_assert(eq(int, call(who, MSG_APPROVAL_LIST, &empty), KEEP));
	return (const Candor__ApprovalList *)out.msg;
}

static enum verdict
judge(unsigned who, uint32_t id, bool refuse)
{
	Candor__Approve m = CANDOR__APPROVE__INIT;

	m.id = id;
	m.refuse = refuse;
	return call(who, MSG_APPROVE, &m);
}

Test(people, nobody_waits_where_the_site_does_not_ask)
{
	char *number = file(1u << ANNA);

	cr_assert(eq(int, wanted(ANNA, number), KEEP));
	ask_for(eyes_escrow, NULL);
	cr_assert(eq(int, wanted(ANNA, number), KEEP));
	cr_assert(eq(sz, approvals(ANNA)->n_approvals, 0));
}

Test(people, an_approval_is_for_one_person_one_case_and_once)
{
	char *number = file(1u << ANNA | 1u << BO), *other = file(1u << ANNA | 1u << BO);
	uint32_t id;

	ask_for(eyes_export, NULL);
	cr_assert(eq(int, wanted(ANNA, number), WAIT));
	cr_assert(says("waits for the approval of another reader"));
	cr_assert(eq(u32, code(), EX_NOPERM));
	cr_assert(eq(int, wanted(ANNA, number), WAIT), "asking again is no other request");
	cr_assert(eq(sz, approvals(BO)->n_approvals, 1));
	id = approvals(BO)->approvals[0]->id;
	cr_assert(eq(str, approvals(BO)->approvals[0]->what, (char *)"export"));
	cr_assert(eq(str, approvals(BO)->approvals[0]->number, number));
	cr_assert(not(approvals(BO)->approvals[0]->yours));
	cr_assert(approvals(ANNA)->approvals[0]->yours);

	cr_assert(eq(sz, approvals(CLEO)->n_approvals, 0), "who may not know of the case");
	cr_assert(eq(int, judge(CLEO, id, false), UNDO));
	cr_assert(says("there is no request"));
	cr_assert(eq(int, judge(ANNA, id, false), UNDO));
	cr_assert(says("another person decides"));
	cr_assert(eq(int, judge(BO, id + 1, false), UNDO));

	cr_assert(eq(int, judge(BO, id, false), KEEP));
	cr_assert(eq(int, judge(BO, id, true), UNDO), "it was given");
	cr_assert(eq(int, wanted(BO, number), WAIT), "for Anna, not for Bo");
	cr_assert(eq(int, wanted(ANNA, other), WAIT), "nor for another case");
	cr_assert(eq(int, wanted(ANNA, number), KEEP));
	cr_assert(eq(int, wanted(ANNA, number), WAIT), "it is used up");
	cr_assert(ne(u32, approvals(ANNA)->approvals[0]->id, id));
}

Test(people, what_is_refused_may_be_asked_for_anew_and_what_is_old_is_forgotten)
{
	char *number = file(1u << ANNA | 1u << BO);
	uint32_t id;

	ask_for(eyes_export, NULL);
	cr_assert(eq(int, wanted(ANNA, number), WAIT));
	id = approvals(BO)->approvals[0]->id;
	cr_assert(eq(int, judge(BO, id, true), KEEP));
	cr_assert(eq(str, approvals(ANNA)->approvals[0]->state, (char *)"refused"));
	cr_assert(eq(str, approvals(ANNA)->approvals[0]->by, people[BO].name));
	cr_assert(eq(int, wanted(ANNA, number), WAIT));
	id = approvals(BO)->approvals[0]->id;
	cr_assert(eq(int, judge(BO, id, false), KEEP));
	s.today += 31;
	cr_assert(eq(sz, approvals(BO)->n_approvals, 0));
	cr_assert(eq(int, wanted(ANNA, number), WAIT), "thirty days are over");
}

Test(people, where_nobody_could_approve_it_is_said)
{
	char *number = file(1u << ANNA);

	ask_for(eyes_export, NULL);
	cr_assert(eq(int, wanted(ANNA, number), UNDO));
	cr_assert(says("nobody else reads this case"));
}

/* ---- who leaves ------------------------------------------------------------------------------- */

Test(people, nobody_leaves_whom_a_case_depends_on)
{
	char *alone = file(1u << ANNA), *shared = file(1u << ANNA | 1u << BO);
	static const struct {
		enum officer_role role;
		uint8_t seed;
	} leaves[] = { { ROLE_OFFICER, 0 }, { ROLE_AUDITOR, 1 }, { ROLE_ADMIN, 1 } };

	for (size_t i = 0; i < NELEM(leaves); i++) {
		people[ANNA].role = leaves[i].role;
		people[ANNA].seed = leaves[i].seed;
		cr_assert(eq(int, adopt(), UNDO), "%zu", i);
		cr_assert(says("1 case could be opened by nobody without Anna Berg"), "%s", said());
		people[ANNA].role = ROLE_OFFICER;
		people[ANNA].seed = 1;
		cr_assert(reads(ANNA, alone));
	}
	cr_assert(eq(int, wrap(ANNA, alone, 1u << ANNA | 1u << CLEO), KEEP));
	people[ANNA].seed = 0;
	cr_assert(eq(int, adopt(), KEEP));
	cr_assert(not(reads(ANNA, alone)));
	cr_assert(says("does not let you do this"));
	cr_assert(reads(CLEO, alone));
	cr_assert(reads(BO, shared));
	cr_assert(eq(i64, people_closed(&s), 0));
}

Test(people, a_proposal_says_what_would_be_refused)
{
	Candor__DirectoryText m = CANDOR__DIRECTORY_TEXT__INIT;
	struct span text;

	file(1u << ANNA);
	people[ANNA].seed = 0;
	text = directory_text();
	people[ANNA].seed = 1;
	m.text = wire_bytes(text.p, text.len);
	cr_assert(eq(int, call(ROOT, MSG_DIRECTORY_PUT, &m), KEEP));
	cr_assert(says("As it is, that will be refused: 1 case could be opened by nobody"));
	cr_assert(eq(u64, charter_version(&s), 1));
	cr_assert(eq(i64, people_closed(&s), 0), "a proposal changes nothing");
	cr_assert(eq(int, call(BO, MSG_DIRECTORY_PUT, &m), UNDO), "a lead proposes nobody");
}

Test(people, a_changed_key_closes_what_it_read_alone_until_it_is_sealed_anew)
{
	char *alone = file(1u << ANNA), *shared = file(1u << ANNA | 1u << BO);
	Candor__CaseScan scan = CANDOR__CASE_SCAN__INIT;
	const Candor__CaseNumbers *found;

	people[ANNA].seed = 11;
	cr_assert(eq(int, adopt(), KEEP));
	cr_assert(says("1 cases are sealed to nobody's present key"), "%s", said());
	cr_assert(eq(i64, people_closed(&s), 1));
	scan.stale = true;
	cr_assert(eq(int, call(ANNA, MSG_CASE_SCAN, &scan), KEEP));
	found = (const Candor__CaseNumbers *)out.msg;
	cr_assert(eq(sz, found->n_numbers, 2));
	cr_assert(eq(int, call(BO, MSG_CASE_SCAN, &scan), KEEP));
	cr_assert(eq(sz, ((const Candor__CaseNumbers *)out.msg)->n_numbers, 1));

	people[BO].seed = 0;
	cr_assert(eq(int, adopt(), UNDO), "only he can open the other one now");
	people[BO].seed = 2;
	people[ANNA].seed = 0;
	cr_assert(eq(int, adopt(), UNDO), "her former key may still open it");
	people[ANNA].seed = 11;

	cr_assert(eq(int, wrap(ANNA, alone, 1u << ANNA), KEEP));
	cr_assert(eq(int, wrap(ANNA, shared, 1u << ANNA | 1u << BO), KEEP));
	cr_assert(eq(i64, people_closed(&s), 0));
	cr_assert(eq(int, call(ANNA, MSG_CASE_SCAN, &scan), KEEP));
	cr_assert(eq(sz, ((const Candor__CaseNumbers *)out.msg)->n_numbers, 0));
	people[BO].seed = 0;
	cr_assert(eq(int, adopt(), KEEP));
}

Test(people, a_database_of_before_is_taken_as_sealed_to_the_directory_in_force)
{
	file(1u << ANNA);
	for (unsigned i = 0; i < N_PEOPLE; i++)
		db_run(s.db, OFFICER_KEY, db_t(people[i].name), db_b("", 0), db_i(0));
	for (unsigned again = 0; again < 2; again++) {
		people_begin(&s);
		people[ANNA].seed = 0;
		cr_assert(eq(int, adopt(), UNDO), "she is needed");
		people[ANNA].seed = 1;
		people[BO].seed = again == 0 ? 0 : 2;
		cr_assert(eq(int, adopt(), KEEP));
		cr_assert(eq(i64, people_closed(&s), 0), "nobody's key changed");
	}
}

Test(people, a_report_sealed_before_a_key_changed_is_known_to_be_closed)
{
	uint8_t hash[32];

	hand_in(1u << ANNA, hash);
	people[ANNA].seed = 11;
	cr_assert(eq(int, adopt(), KEEP));
	cr_assert(eq(i64, people_closed(&s), 0), "nobody learns of it before the release");
	store_release(&s, false);
	cr_assert(eq(i64, people_closed(&s), 1));
}

Test(people, a_new_escrow_makes_every_case_one_to_seal_anew)
{
	char *number = file(1u << ANNA | 1u << BO);
	Candor__CaseScan scan = CANDOR__CASE_SCAN__INIT;

	scan.stale = true;
	cr_assert(eq(int, call(ANNA, MSG_CASE_SCAN, &scan), KEEP));
	cr_assert(eq(sz, ((const Candor__CaseNumbers *)out.msg)->n_numbers, 0));
	escrow_seed = 201;
	cr_assert(eq(int, adopt(), KEEP));
	cr_assert(eq(int, call(ANNA, MSG_CASE_SCAN, &scan), KEEP));
	cr_assert(eq(sz, ((const Candor__CaseNumbers *)out.msg)->n_numbers, 1));
	cr_assert(eq(int, wrap(BO, number, 1u << ANNA | 1u << BO), KEEP));
	cr_assert(eq(int, call(ANNA, MSG_CASE_SCAN, &scan), KEEP));
	cr_assert(eq(sz, ((const Candor__CaseNumbers *)out.msg)->n_numbers, 0));
}

/* ---- who reads -------------------------------------------------------------------------------- */

Test(people, only_oneself_or_a_lead_takes_a_case_from_a_colleague)
{
	char *number = file(1u << ANNA | 1u << BO | 1u << CLEO);

	cr_assert(eq(int, wrap(ANNA, number, 1u << ANNA | 1u << BO), UNDO));
	cr_assert(says("only a lead, or Cleo Dahl"));
	cr_assert(eq(int, wrap(CLEO, number, 1u << ANNA | 1u << BO), KEEP), "she recuses");
	cr_assert(not(reads(CLEO, number)));
	cr_assert(eq(int, wrap(BO, number, 1u << BO), KEEP), "a lead");
	cr_assert(eq(int, wrap(BO, number, 0), UNDO));
	cr_assert(says("somebody must be able to read"));
	for (unsigned who = ADA; who <= ROOT; who++)
		cr_assert(eq(int, wrap(BO, number, 1u << BO | 1u << who), UNDO), "no content");
	cr_assert(eq(int, wrap(ANNA, number, 1u << ANNA), UNDO), "who does not read it");
	cr_assert(says("there is no case"));
	people[CLEO].seed = 0;
	cr_assert(eq(int, wrap(BO, number, 1u << BO | 1u << CLEO), KEEP));
	cr_assert(eq(int, adopt(), KEEP));
	cr_assert(eq(int, wrap(BO, number, 1u << ANNA | 1u << BO), KEEP));
	cr_assert(reads(ANNA, number));
}

Test(people, a_scan_shows_what_both_read_page_by_page)
{
	enum { MANY = 600 };
	Candor__CaseScan scan = CANDOR__CASE_SCAN__INIT;
	size_t n = 0, pages = 0;
	bool more = true;

	file(1u << ANNA);
	for (unsigned i = 0; i < MANY; i++) {
		arena_mark_t mark = arena_mark(&arena);

		file(1u << ANNA | 1u << BO);
		arena_release(&arena, mark);
	}
	scan.officer = people[ANNA].name;
	for (; more; pages++) {
		const Candor__CaseNumbers *found;

		cr_assert(eq(int, call(BO, MSG_CASE_SCAN, &scan), KEEP));
		found = (const Candor__CaseNumbers *)out.msg;
		n += found->n_numbers;
		scan.after = found->last;
		scan.after_on = found->last_on;
		more = found->more;
	}
	cr_assert(eq(sz, n, MANY), "not the one that Bo does not read");
	cr_assert(eq(sz, pages, 2));
}

/* ---- the escrow ------------------------------------------------------------------------------- */

Test(people, the_escrow_opens_cases_for_whom_it_is_approved_and_takes_them_from_nobody)
{
	char *number = file(1u << ANNA);
	Candor__CaseScan scan = CANDOR__CASE_SCAN__INIT;
	Candor__EntryGet entry = CANDOR__ENTRY_GET__INIT;

	people[ANNA].seed = 11;
	cr_assert(eq(int, adopt(), KEEP));
	ask_for(eyes_escrow, NULL);
	entry.number = number;
	entry.n = 1;
	cr_assert(not(reads(ESCROW, number)));
	cr_assert(says("not approved"));
	cr_assert(eq(int, call(ESCROW, MSG_ENTRY_GET, &entry), UNDO));
	cr_assert(eq(int, wrap(ESCROW, number, 1u << ANNA), UNDO));
	scan.closed = true;
	cr_assert(eq(int, call(ESCROW, MSG_CASE_SCAN, &scan), UNDO));
	cr_assert(says("for an officer or lead"));
	scan.to = people[ADA].name;
	cr_assert(eq(int, call(ESCROW, MSG_CASE_SCAN, &scan), UNDO), "an auditor reads nothing");
	scan.to = people[CLEO].name;
	cr_assert(eq(int, call(ESCROW, MSG_CASE_SCAN, &scan), WAIT));
	cr_assert(eq(str, approvals(BO)->approvals[0]->detail, people[CLEO].name));
	cr_assert(eq(int, judge(BO, approvals(BO)->approvals[0]->id, false), KEEP));

	cr_assert(eq(int, call(ESCROW, MSG_CASE_SCAN, &scan), KEEP));
	cr_assert(eq(sz, ((const Candor__CaseNumbers *)out.msg)->n_numbers, 1));
	cr_assert(reads(ESCROW, number));
	cr_assert(eq(int, call(ESCROW, MSG_ENTRY_GET, &entry), KEEP));
	cr_assert(eq(int, wrap(ESCROW, number, 1u << ANNA | 1u << BO), UNDO), "not for Bo");
	cr_assert(eq(int, wrap(ESCROW, number, 1u << CLEO), UNDO), "Anna stays");
	cr_assert(eq(int, wrap(ESCROW, number, 1u << ANNA | 1u << CLEO), KEEP));
	cr_assert(reads(CLEO, number));
	cr_assert(eq(i64, people_closed(&s), 0));
}

/* ---- the charter ------------------------------------------------------------------------------ */

static enum verdict
put(struct span text, struct span sig)
{
	Candor__DirectoryText m = CANDOR__DIRECTORY_TEXT__INIT;

	m.text = wire_bytes(text.p, text.len);
	m.signature = wire_bytes(sig.p, sig.len);
	return call(NOBODY, MSG_DIRECTORY_PUT, &m);
}

static struct span
join(struct span a, struct span b)
{
	uint8_t *p = test_alloc(a.len + b.len);

	memcpy(p, a.p, a.len);
	memcpy(p + a.len, b.p, b.len);
	return (struct span){ p, a.len + b.len };
}

Test(people, once_the_charter_is_handed_on_the_former_key_signs_nothing)
{
	struct span before = { test_alloc(4096), s.charter.signature.len }, text, chain;
	struct minisign_secret next, thief;

	memcpy((uint8_t *)(uintptr_t)before.p, s.charter.signature.p, before.len);
	text = (struct span){ test_alloc(s.charter.text.len), s.charter.text.len };
	memcpy((uint8_t *)(uintptr_t)text.p, s.charter.text.p, text.len);
	minisign_keypair(&next);
	minisign_keypair(&thief);
	cr_assert(
	    eq(int, directory_succeed(&arena, &chain, NULL, 0, &thief, &next.pub, site_id), 0));
	cr_assert(eq(int, put(text, join(chain, sign(text, &next))), UNDO), "whoever may say so");
	cr_assert(
	    eq(int, directory_succeed(&arena, &chain, NULL, 0, &charter, &next.pub, site_id), 0));
	cr_assert(eq(int, put(text, join(chain, sign(text, &charter))), UNDO));
	cr_assert(eq(int, put(text, join(chain, sign(text, &next))), KEEP));
	cr_assert(s.effects.directory);
	cr_assert(eq(u64, charter_version(&s), 1));
	cr_assert(eq(int, put(text, before), UNDO), "the same text, signed by the former key");
	text = directory_text();
	cr_assert(eq(int, put(text, sign(text, &charter)), UNDO));
	cr_assert(eq(int, put(text, sign(text, &next)), UNDO), "without what made it the charter");
	cr_assert(eq(int, put(text, join(chain, sign(text, &next))), KEEP));
	cr_assert(eq(u64, charter_version(&s), 2));
}

/* ---- the desk, over Noise --------------------------------------------------------------------- */

static struct test_room room;
static int store_end;
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static uint8_t desk_key[32], desk_public[32];

static void
send_directory(void)
{
	Candor__Directory d = CANDOR__DIRECTORY__INIT;
	struct span text = directory_text(), sig = sign(text, &charter);

	d.text = wire_bytes(text.p, text.len);
	d.signature = wire_bytes(sig.p, sig.len);
	test_room_send(store_end, MSG_DIRECTORY_NOW, 0, &d.base);
	version++;
}

static void
begin_desk(void)
{
	static char listen_name[] = "listen", key_name[] = "key",
		    *names[] = { listen_name, key_name };
	const char *build = getenv("CANDOR_BUILD");
	const char *path = test_join(build != NULL ? build : "build/debug", "candor-desk");
	int ends[2], key_pipe[2], fds[2];
	char hex[65];

	prepare();
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", folder);
	randombytes_buf(desk_key, sizeof(desk_key));
	crypto_scalarmult_base(desk_public, desk_key);
	cr_assert(eq(int, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0));
	room = (struct test_room){ .id = PARTY_DESK, .fd = ends[0] };
	if ((room.pid = fork()) == 0) {
		char *const argv[] = { (char *)"candor-desk", NULL }, *const env[] = { NULL };

		dup2(ends[1], 3);
		execve(path, argv, env);
		_exit(127);
	}
	close(ends[1]);
	fds[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert(eq(int, bind(fds[0], (struct sockaddr *)&address, sizeof(address)), 0));
	cr_assert(eq(int, listen(fds[0], 64), 0));
	cr_assert(eq(int, pipe(key_pipe), 0));
	sodium_bin2hex(hex, sizeof(hex), desk_key, sizeof(desk_key));
	cr_assert(eq(int, (int)write(key_pipe[1], hex, 64), 64));
	close(key_pipe[1]);
	fds[1] = key_pipe[0];
	limits.sessions = 16;
	limits.handshake_ms = 10000;
	limits.idle_ms = 60000;
	setup_msg.room = PARTY_DESK;
	setup_msg.log_level = 1;
	setup_msg.fds = names;
	setup_msg.n_fds = 2;
	cr_assert(eq(int, channel_send_fds(room.fd, MSG_ROOM_SETUP, &setup_msg.base, fds, 2), 0));
	close(fds[0]);
	close(fds[1]);
	test_room_expect(&room, room.fd, PARTY_SUPERVISOR, MSG_ROOM_READY);
	store_end = test_room_peer(&room, PARTY_STORE, 0, "");
	send_directory();
}

static void
end_desk(void)
{
	test_room_kill(&room);
	test_rmdir(folder);
}

TestSuite(desk, .init = begin_desk, .fini = end_desk, .timeout = 60);

struct session_of {
	int fd;
	struct noise_session noise;
};

static void
read_whole(int fd, void *p, size_t len)
{
	cr_assert(eq(sz, (size_t)recv(fd, p, len, MSG_WAITALL), len));
}

/* A session with the key of one of the callers. */
static void
dial(struct session_of *c, unsigned who)
{
	uint8_t prologue[FRAME_PROLOGUE_BYTES], hello[FRAME_LENGTH_BYTES + 96], own[32], public[32];
	const struct timeval patience = { .tv_sec = 10 };
	struct noise_handshake hs;
	struct officer_secret k;
	size_t n;

	keys_of(&k, who < N_PEOPLE ? people[who].seed : who == ESCROW ? escrow_seed : 99);
	memcpy(own, who == ESCROW ? k.age : k.noise, sizeof(own));
	crypto_scalarmult_base(public, own);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert(eq(int, connect(c->fd, (struct sockaddr *)&address, sizeof(address)), 0));
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	frame_prologue(prologue, site_id);
	cr_assert(eq(int,
	    noise_begin(&hs, NOISE_IK, NOISE_INITIATOR, prologue, sizeof(prologue), own, public,
		desk_public),
	    0));
	cr_assert(eq(int, noise_write(&hs, hello + 2, sizeof(hello) - 2, &n, NULL, 0), 0));
	hello[0] = 0;
	hello[1] = (uint8_t)n;
	cr_assert(eq(sz, (size_t)send(c->fd, hello, n + 2, MSG_NOSIGNAL), n + 2));
	read_whole(c->fd, hello, FRAME_LENGTH_BYTES + 48);
	cr_assert(eq(int, noise_read(&hs, own, 0, &n, hello + 2, 48), 0));
	cr_assert(eq(int, noise_split(&hs, &c->noise), 0));
}

static void
ask_desk(struct session_of *c, unsigned kind)
{
	static uint8_t frame[FRAME_MAX];
	size_t n;

	cr_assert(eq(int, frame_seal(&c->noise, frame, &n, kind, NULL, 0), 0));
	cr_assert(eq(sz, (size_t)send(c->fd, frame, n, MSG_NOSIGNAL), n));
}

/* The answer: a refusal's text, "" for anything else, NULL when the desk closed. */
static const char *
hear(struct session_of *c)
{
	static uint8_t frame[FRAME_MAX], plain[FRAME_MAX];
	ProtobufCMessage *msg;
	struct span body;
	unsigned kind;
	size_t n;

	if (recv(c->fd, frame, 2, MSG_WAITALL) != 2)
		return NULL;
	n = (size_t)frame[0] << 8 | frame[1];
	read_whole(c->fd, frame + 2, n);
	cr_assert(eq(int, frame_open(&c->noise, plain, &kind, &body, frame + 2, n), 0));
	cr_assert(eq(
	    int, wire_unpack(&arena, &msg, kind, PARTY_DESK, PARTY_OFFICER, body.p, body.len), 0));
	return kind == MSG_REFUSAL ? ((const Candor__Refusal *)msg)->text : "";
}

/* What the desk passed on, if it did, is answered, so that the session goes on. */
static void
expect_passed_on(struct session_of *c, unsigned kind, unsigned who)
{
	Candor__Done done = CANDOR__DONE__INIT;
	const Candor__OfficerCall *passed;
	struct test_packet p;

	if (kind == MSG_TEMPLATE_LIST) {
		/* The desk answers out of its own part of the configuration. */
	} else if (kind == MSG_RELOAD) {
		p = test_room_expect(&room, room.fd, PARTY_SUPERVISOR, MSG_RELOAD_ASK);
		test_room_send(room.fd, MSG_RELOADED, p.tag, &done.base);
	} else {
		p = test_room_expect(&room, store_end, PARTY_STORE, MSG_OFFICER_CALL);
		passed = (const Candor__OfficerCall *)p.msg;
		cr_assert(eq(u32, passed->kind, kind));
		cr_assert(eq(str, passed->actor, (char *)(who < N_PEOPLE ? people[who].name : "")));
		cr_assert(eq(u32, passed->role,
		    who < N_PEOPLE  ? people[who].role
		    : who == ESCROW ? ROLE_ESCROW
				    : ROLE_ANYONE));
		test_room_send(store_end, MSG_DONE, p.tag, &done.base);
	}
	cr_assert(eq(str, (char *)hear(c), (char *)""));
}

Test(desk, passes_on_what_each_role_may_ask_and_nothing_else)
{
	struct session_of c;

	for (unsigned who = 0; who < N_CALLERS; who++) {
		dial(&c, who);
		for (unsigned kind = 0; kind < 256; kind++) {
			const char *text;

			ask_desk(&c, kind);
			if (is_officers(kind) && expected(kind, who)) {
				expect_passed_on(&c, kind, who);
				continue;
			}
			text = hear(&c);
			if (is_officers(kind))
				cr_assert(
				    text != NULL && (strstr(text, "may not do this") != NULL ||
							strstr(text, "not in the") != NULL),
				    "kind %u as %c", kind, letters[who]);
			/* What no officer's client sends ends the session, with a word or without. */
			cr_assert(text == NULL || *text != '\0');
			if (!is_officers(kind)) {
				close(c.fd);
				dial(&c, who);
			}
		}
		close(c.fd);
		cr_assert(test_room_silent(store_end, 0), "nothing more was passed on");
	}
}

Test(desk, who_is_removed_or_has_another_key_is_out_in_the_session_that_is_open)
{
	struct session_of anna, bo;

	dial(&anna, ANNA);
	dial(&bo, BO);
	ask_desk(&anna, MSG_CASE_LIST);
	expect_passed_on(&anna, MSG_CASE_LIST, ANNA);
	people[ANNA].seed = 0;
	people[BO].seed = 22;
	send_directory();
	/* The directory is before this in store's channel: once it is answered, it counts. */
	ask_desk(&bo, MSG_DIRECTORY_GET);
	expect_passed_on(&bo, MSG_DIRECTORY_GET, NOBODY);
	ask_desk(&anna, MSG_CASE_LIST);
	cr_assert(strstr(hear(&anna), "not in the directory") != NULL);
	ask_desk(&bo, MSG_CASE_LIST);
	cr_assert(strstr(hear(&bo), "not in the directory") != NULL);
	cr_assert(test_room_silent(store_end, 0));
}
