/* SPDX-License-Identifier: ISC */
/*
 * Work on a case, as store does it on a database of its own: the board and its counts, tags, links,
 * duplicates, corrective actions, questions ahead, patterns; and that none of it tells anybody of a case
 * that they cannot read.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>

#include "store/officer.h"
#include "support/files.h"

#define TODAY 20000

enum { ANNA, BO, CLEO, N_PEOPLE };
#define ALL 7u

static char people[N_PEOPLE][16] = { "Anna Berg", "Bo Carls", "Cleo Dahl" };
static struct store s;
static struct arena arena;
static Candor__RoomSetup setup_msg;
static struct minisign_secret charter;
static char charter_line[MINISIGN_PUBLIC_CHARS + 1];
static uint8_t site_id[SITE_ID_BYTES] = "0123456789abcde", hash[32];
static const char *folder;
static struct answer out;

static char *
text(const char *t)
{
	return strcpy(test_alloc(strlen(t) + 1), t);
}

/* ---- the fixture ------------------------------------------------------------------------------ */

static void
adopt(void)
{
	struct officer list[N_PEOPLE];
	struct directory d = { .version = 1, .n_officers = N_PEOPLE, .officers = list };
	struct span made, sig;

	memset(list, 0, sizeof(list));
	memcpy(d.site_id, site_id, sizeof(site_id));
	for (size_t i = 0; i < N_PEOPLE; i++) {
		struct officer_secret k;
		uint8_t seed[32];

		memset(seed, (int)i + 1, sizeof(seed));
		keys_derive(&k, seed);
		memcpy(d.escrow, k.pub.age, sizeof(d.escrow));
		d.escrow[0] ^= 1;
		memcpy(list[i].name, people[i], sizeof(people[i]));
		list[i].role = i == BO ? ROLE_LEAD : ROLE_OFFICER;
		list[i].keys = k.pub;
		list[i].categories = text("*");
	}
	cr_assert(eq(int, directory_format(&arena, &made, &d), 0));
	cr_assert(eq(int, minisign_sign(&arena, &sig, made.p, made.len, &charter, "test"), 0));
	cr_assert(eq(int, charter_adopt(&s, made, sig, &out), KEEP));
}

static void
begin(void)
{
	static Candor__Category category = CANDOR__CATEGORY__INIT, *categories[] = { &category };
	static Candor__Limits limits = CANDOR__LIMITS__INIT;
	static char *actions[2], *tags[2];

	cr_assert(ge(int, sodium_init(), 0));
	arena = test_arena(32u << 20);
	folder = test_mkdir();
	cr_assert(eq(int, chdir(folder), 0));
	minisign_keypair(&charter);
	minisign_public_format(charter_line, &charter.pub);
	candor__room_setup__init(&setup_msg);
	setup_msg.site_id = wire_bytes(site_id, sizeof(site_id));
	setup_msg.charter = charter_line;
	category.id = category.title = text("privacy");
	category.severity = text("high");
	category.roles_mask = 1u << ROLE_OFFICER | 1u << ROLE_LEAD;
	setup_msg.categories = categories;
	setup_msg.n_categories = 1;
	limits.attachment_bytes = limits.staged_bytes = 100000;
	setup_msg.limits = &limits;
	actions[0] = text("training");
	actions[1] = text("post-removed");
	setup_msg.actions = actions;
	setup_msg.n_actions = 2;
	tags[0] = text("press");
	tags[1] = text("union");
	setup_msg.tags = tags;
	setup_msg.n_tags = 2;
	setup_msg.pattern_cases = 3;
	setup_msg.pattern_days = 90;
	s = (struct store){ .arena = &arena, .setup = &setup_msg, .today = TODAY };
	s.now = (int64_t)TODAY * 86400;
	s.charter.arena = test_arena(1u << 20);
	cr_assert(eq(int, db_open(&s.db), 0));
	db_begin(s.db);
	adopt();
}

static void
end(void)
{
	db_close(s.db);
	cr_assert(eq(int, chdir("/"), 0));
	test_rmdir(folder);
}

TestSuite(work, .init = begin, .fini = end, .timeout = 60);

/* ---- requests --------------------------------------------------------------------------------- */

static enum verdict
call(unsigned who, unsigned kind, const void *msg)
{
	Candor__OfficerCall c = CANDOR__OFFICER_CALL__INIT;
	struct span body;
	enum verdict v;

	cr_assert(eq(int, wire_pack(&arena, &body, msg), 0));
	c.actor = people[who];
	c.kind = kind;
	c.body = wire_bytes(body.p, body.len);
	out = (struct answer){ 0 };
	db_savepoint(s.db);
	v = store_officer_call(&s, 0, &c.base, &out);
	cr_assert(not(db_failed(s.db)));
	if (v == KEEP)
		db_keep(s.db);
	else
		db_undo(s.db);
	return v;
}

static bool
says(const char *words)
{
	if (out.kind == MSG_DONE)
		return strstr(((const Candor__Done *)out.msg)->text, words) != NULL;
	cr_assert(eq(u32, out.kind, MSG_REFUSAL));
	return strstr(((const Candor__Refusal *)out.msg)->text, words) != NULL;
}

/* A report of that day and kind, which these read (bits 1 << ANNA, …), released; its number. */
static char *
file_as(unsigned readers, unsigned kind, day_t on)
{
	static uint32_t serial;
	static uint8_t bytes[256];
	Candor__StoreReport m = CANDOR__STORE_REPORT__INIT;
	Candor__Clock ack = CANDOR__CLOCK__INIT, *clocks[] = { &ack };
	char *list[N_PEOPLE], *number = test_alloc(NUMBER_CHARS + 1);

	serial++;
	crypto_generichash(hash, 32, (uint8_t *)&serial, sizeof(serial), NULL, 0);
	ack.name = text("acknowledge");
	ack.due = on + 7;
	m.lookup_hash = wire_bytes(hash, 32);
	m.case_recipient = m.case_proof = wire_bytes(bytes, 32);
	m.secret = m.entry = wire_bytes(bytes, sizeof(bytes));
	m.category = text("privacy");
	m.severity = text("high");
	m.site = text("main");
	m.kind = kind;
	m.received_on = on;
	m.directory_version = 1;
	m.clocks = clocks;
	m.n_clocks = 1;
	for (unsigned i = 0; i < N_PEOPLE; i++)
		if (readers & 1u << i)
			list[m.n_readers++] = people[i];
	m.readers = list;
	out = (struct answer){ 0 };
	cr_assert(eq(int, store_report(&s, 0, &m.base, &out), KEEP));
	store_release(&s, false);
	cr_assert(not(db_failed(s.db)));
	cr_assert(db_row(s.db, CASE_BY_LOOKUP, db_b(hash, sizeof(hash))));
	number_format(number, db_int(s.db, DB_CASE_BY_LOOKUP, 0));
	return number;
}

static char *
file(unsigned readers)
{
	return file_as(readers, 0, TODAY);
}

static const Candor__CaseRecord *
record(unsigned who, char *number)
{
	Candor__CaseRef ref = CANDOR__CASE_REF__INIT;

	ref.number = number;
	cr_assert(eq(int, call(who, MSG_CASE_GET, &ref), KEEP));
	return (const Candor__CaseRecord *)out.msg;
}

static const Candor__Board *
board(unsigned who, bool mine)
{
	Candor__BoardQuery q = CANDOR__BOARD_QUERY__INIT;

	q.mine = mine;
	cr_assert(eq(int, call(who, MSG_BOARD_GET, &q), KEEP));
	return (const Candor__Board *)out.msg;
}

static const Candor__BoardColumn *
column(const Candor__Board *b, enum case_state state)
{
	for (size_t i = 0; i < b->n_columns; i++)
		if (strcmp(b->columns[i]->state, case_state_name(state)) == 0)
			return b->columns[i];
	cr_fatal("no column %s", case_state_name(state));
}

static enum verdict
act(unsigned who, char *number, enum case_event event)
{
	Candor__CaseAct m = CANDOR__CASE_ACT__INIT;

	m.number = number;
	m.event = event;
	if (event == EV_RESOLVE)
		m.outcome = text("substantiated");
	return call(who, MSG_CASE_ACT, &m);
}

static enum verdict
assign(unsigned who, char *number, unsigned to)
{
	Candor__CaseAssign m = CANDOR__CASE_ASSIGN__INIT;

	m.number = number;
	m.officer = people[to];
	return call(who, MSG_CASE_ASSIGN, &m);
}

static void
fill_wrap(Candor__CaseWrap *m, char *number, unsigned readers)
{
	int64_t n;

	candor__case_wrap__init(m);
	cr_assert(eq(int, number_parse(&n, number), 0));
	cr_assert(db_row(s.db, KEY_GET, db_i(n)));
	m->wrap_version = (uint32_t)db_int(s.db, DB_KEY_GET, 1);
	m->directory_version = 1;
	m->number = number;
	m->secret = wire_bytes("wrap", 4);
	m->readers = test_alloc(N_PEOPLE * sizeof(char *));
	for (unsigned i = 0; i < N_PEOPLE; i++)
		if (readers & 1u << i)
			m->readers[m->n_readers++] = people[i];
}

static enum verdict
merge(unsigned who, char *number, char *into, unsigned readers)
{
	Candor__CaseMerge m = CANDOR__CASE_MERGE__INIT;
	Candor__CaseWrap wrap;

	fill_wrap(&wrap, number, readers);
	m.wrap = &wrap;
	m.into = into;
	m.note = m.note_into = wire_bytes("note", 4);
	return call(who, MSG_CASE_MERGE, &m);
}

static enum verdict
tag(unsigned who, char *number, const char *add, const char *remove)
{
	Candor__CaseTag m = CANDOR__CASE_TAG__INIT;
	char *adds[] = { text(add) }, *removes[] = { text(remove) };

	m.number = number;
	m.add = adds;
	m.n_add = *add != '\0';
	m.remove = removes;
	m.n_remove = *remove != '\0';
	return call(who, MSG_CASE_TAG, &m);
}

/* How many cases a list holds. */
static size_t
listed(unsigned who, const char *state, const char *with_tag)
{
	Candor__CaseQuery q = CANDOR__CASE_QUERY__INIT;

	q.state = text(state);
	q.tag = text(with_tag);
	cr_assert(eq(int, call(who, MSG_CASE_LIST, &q), KEEP));
	return ((const Candor__CaseList *)out.msg)->n_cases;
}

/* ---- tags ------------------------------------------------------------------------------------- */

Test(work, tag_finds_its_cases_for_those_who_read_them_and_for_nobody_else)
{
	char *both = file(1u << ANNA | 1u << BO), *alone = file(1u << BO);

	cr_assert(eq(int, tag(ANNA, both, "press", ""), KEEP));
	cr_assert(eq(int, tag(BO, alone, "press", ""), KEEP));
	cr_assert(eq(sz, listed(ANNA, "", "press"), 1));
	cr_assert(eq(sz, listed(BO, "", "press"), 2));
	cr_assert(eq(sz, listed(CLEO, "", "press"), 0));
	cr_assert(eq(sz, listed(BO, "", "union"), 0));
	cr_assert(eq(sz, listed(BO, "acknowledged", "press"), 0));
	cr_assert(eq(sz, listed(BO, "new", "press"), 2));
	cr_assert(eq(str, record(BO, alone)->summary->tags[0], (char *)"press"));
	cr_assert(eq(int, tag(BO, alone, "", "press"), KEEP));
	cr_assert(eq(sz, listed(BO, "", "press"), 1));
}

Test(work, tag_follows_who_reads_the_case)
{
	char *number = file(1u << ANNA | 1u << BO);
	Candor__CaseWrap wrap;

	cr_assert(eq(int, tag(ANNA, number, "press", ""), KEEP));
	fill_wrap(&wrap, number, 1u << BO | 1u << CLEO);
	cr_assert(eq(int, call(BO, MSG_CASE_WRAP, &wrap), KEEP));
	cr_assert(eq(sz, listed(ANNA, "", "press"), 0));
	cr_assert(eq(sz, listed(CLEO, "", "press"), 1));
}

Test(work, tag_is_a_word_of_the_site)
{
	char *number = file(ALL);

	cr_assert(eq(int, tag(ANNA, number, "dr-smith", ""), UNDO));
	cr_assert(says("press, union"));
	cr_assert(eq(int, tag(ANNA, number, "", "press"), UNDO));
	cr_assert(says("has no tag"));
}

/* ---- links ------------------------------------------------------------------------------------ */

static enum verdict
link_of(unsigned who, char *number, char *other, bool remove)
{
	Candor__CaseLink m = CANDOR__CASE_LINK__INIT;

	m.number = number;
	m.other = other;
	m.remove = remove;
	return call(who, MSG_CASE_LINK, &m);
}

Test(work, link_shows_on_both_cases_but_only_to_those_who_read_both)
{
	char *a = file(ALL), *b = file(1u << ANNA);

	cr_assert(eq(int, link_of(BO, a, b, false), UNDO));
	cr_assert(says("that you can read"));
	cr_assert(eq(int, link_of(ANNA, a, b, false), KEEP));
	cr_assert(eq(int, link_of(ANNA, b, a, false), UNDO));
	cr_assert(says("linked already"));
	cr_assert(eq(str, record(ANNA, a)->links[0]->number, b));
	cr_assert(eq(str, record(ANNA, b)->links[0]->number, a));
	cr_assert(eq(sz, record(BO, a)->n_links, 0));
	cr_assert(eq(int, link_of(ANNA, b, a, true), KEEP));
	cr_assert(eq(sz, record(ANNA, a)->n_links, 0));
	cr_assert(eq(int, link_of(ANNA, a, a, false), UNDO));
}

/* ---- duplicates ------------------------------------------------------------------------------- */

static const Candor__Followed *
follow(const uint8_t lookup[32])
{
	Candor__Lookup m = CANDOR__LOOKUP__INIT;

	m.lookup_hash = wire_bytes(lookup, 32);
	out = (struct answer){ 0 };
	cr_assert(eq(int, store_lookup(&s, 0, &m.base, &out), KEEP));
	return ((const Candor__LookedUp *)out.msg)->followed;
}

Test(work, reporter_of_a_duplicate_sees_how_the_case_stands_that_it_went_into)
{
	char *into = file(ALL), *number = file(ALL);
	uint8_t receipt[32];

	memcpy(receipt, hash, 32);
	cr_assert(eq(int, merge(ANNA, number, into, ALL), KEEP));
	cr_assert(says("is merged into"));
	cr_assert(eq(str, follow(receipt)->state, (char *)"new"));
	cr_assert(eq(int, act(ANNA, into, EV_ACK), KEEP));
	cr_assert(eq(int, act(ANNA, into, EV_INVESTIGATE), KEEP));
	cr_assert(eq(str, follow(receipt)->state, (char *)"investigating"));
	cr_assert(eq(int, act(ANNA, into, EV_AWAIT), KEEP));
	cr_assert(eq(str, follow(receipt)->state, (char *)"investigating"),
	    "what the other reporter is asked is none of theirs");
	cr_assert(eq(int, act(ANNA, into, EV_RESOLVE), KEEP));
	cr_assert(eq(str, follow(receipt)->state, (char *)"resolved"));
	cr_assert(eq(str, follow(receipt)->outcome, (char *)"substantiated"));
	cr_assert(eq(int, act(ANNA, number, EV_REOPEN), KEEP));
	cr_assert(eq(str, follow(receipt)->state, (char *)"reopened"));
	cr_assert(record(ANNA, number)->merged_into == NULL);
}

Test(work, duplicate_stays_readable_and_each_case_names_the_other)
{
	char *into = file(ALL), *number = file(1u << ANNA);
	const Candor__CaseRecord *r;

	cr_assert(eq(int, merge(ANNA, number, into, ALL), KEEP));
	r = record(CLEO, number);
	cr_assert(eq(str, r->summary->state, (char *)"merged"));
	cr_assert(eq(str, r->merged_into->number, into));
	cr_assert(eq(sz, r->n_entries, 2));
	cr_assert(eq(str, r->summary->clocks[0]->name, (char *)"acknowledge"));
	cr_assert(eq(int, r->summary->clocks[0]->met_on, TODAY));
	r = record(CLEO, into);
	cr_assert(eq(sz, r->n_merged, 1));
	cr_assert(eq(str, r->merged[0]->number, number));
	cr_assert(eq(sz, r->n_entries, 2));
}

Test(work, merge_is_refused_where_somebody_would_lose_or_nobody_decided)
{
	char *into = file(ALL), *number = file(ALL), *third = file(ALL);
	int64_t n;

	cr_assert(eq(int, merge(ANNA, number, number, ALL), UNDO));
	cr_assert(says("one case, not two"));
	cr_assert(eq(int, merge(ANNA, number, into, 1u << ANNA | 1u << BO), UNDO));
	cr_assert(says("only a lead"), "Cleo would lose it");
	cr_assert(eq(int, merge(BO, number, into, 1u << ANNA | 1u << BO), UNDO));
	cr_assert(says("changed meanwhile"), "Cleo reads the other");
	cr_assert(eq(int, merge(ANNA, number, file(1u << ANNA | 1u << BO), ALL), UNDO));
	cr_assert(says("Cleo Dahl reads"),
	    "and would learn that there is a case that she is kept out of");
	cr_assert(eq(int, number_parse(&n, number), 0));
	db_run(s.db, CASE_HOLD, db_i(n), db_i(1));
	cr_assert(eq(int, merge(ANNA, number, into, ALL), UNDO));
	cr_assert(says("is held"));
	db_run(s.db, CASE_HOLD, db_i(n), db_i(0));
	cr_assert(eq(int, merge(ANNA, number, into, ALL), KEEP));
	cr_assert(eq(int, merge(ANNA, number, into, ALL), UNDO));
	cr_assert(says("is merged"));
	cr_assert(eq(int, merge(ANNA, third, number, ALL), UNDO));
	cr_assert(eq(int, merge(ANNA, into, third, ALL), UNDO));
	cr_assert(says("has duplicates of its own"));
	cr_assert(eq(int, merge(ANNA, third, into, ALL), KEEP));
	cr_assert(eq(sz, record(ANNA, into)->n_merged, 2));
}

Test(work, merge_cannot_be_had_as_an_event)
{
	char *number = file(ALL);

	cr_assert(eq(int, act(ANNA, number, EV_MERGE), UNDO));
	cr_assert(eq(str, record(ANNA, number)->summary->state, (char *)"new"));
}

/* A child merges and reopens, over and over, until it is killed; whatever was committed is whole. */
Test(work, killed_merge_leaves_two_cases_that_can_be_read)
{
	char *into = file(ALL), *number = file(ALL);
	bool merged = false;
	pid_t child;
	int status;

	cr_assert(eq(int, db_commit(s.db), 0));
	db_close(s.db);
	for (unsigned round = 0; round < 8; round++) {
		const Candor__CaseRecord *r;
		int go[2];
		char c;

		cr_assert(eq(int, pipe(go), 0));
		if ((child = fork()) == 0) {
			if (db_open(&s.db) != 0 || write(go[1], "x", 1) != 1)
				_exit(1);
			for (;;) {
				db_begin(s.db);
				if (merge(ANNA, number, into, ALL) != KEEP &&
				    act(ANNA, number, EV_REOPEN) != KEEP)
					_exit(2);
				if (db_commit(s.db) != 0)
					_exit(3);
				arena_end(&arena);
				if (write(go[1], "x", 1) != 1)
					_exit(4);
			}
		}
		close(go[1]);
		for (unsigned i = 0; i < 2 + round; i++)
			cr_assert(eq(int, (int)read(go[0], &c, 1), 1));
		kill(child, SIGKILL);
		cr_assert(eq(int, waitpid(child, &status, 0), child));
		cr_assert(eq(int, WTERMSIG(status), SIGKILL));
		close(go[0]);
		cr_assert(eq(int, db_open(&s.db), 0));
		db_begin(s.db);
		r = record(CLEO, number);
		merged = strcmp(r->summary->state, "merged") == 0;
		cr_assert(eq(int, r->merged_into != NULL, merged));
		cr_assert(eq(sz, r->n_readers, N_PEOPLE));
		cr_assert(r->secret.len > 0 && r->n_entries > 0);
		cr_assert(eq(sz, record(CLEO, into)->n_merged, merged));
		cr_assert(eq(int, db_commit(s.db), 0));
		db_close(s.db);
	}
	cr_assert(eq(int, db_open(&s.db), 0));
}

/* ---- corrective actions ----------------------------------------------------------------------- */

static enum verdict
corrective(unsigned who, char *number, const char *action, unsigned owner, day_t due)
{
	Candor__CaseCorrective m = CANDOR__CASE_CORRECTIVE__INIT;

	m.number = number;
	m.action = text(action);
	m.owner = people[owner];
	m.due = due;
	return call(who, MSG_CASE_CORRECTIVE, &m);
}

static enum verdict
settle(char *number, unsigned done, unsigned drop)
{
	Candor__CaseCorrective m = CANDOR__CASE_CORRECTIVE__INIT;

	m.number = number;
	m.done = done;
	m.drop = drop;
	return call(ANNA, MSG_CASE_CORRECTIVE, &m);
}

Test(work, corrective_action_has_a_clock_that_outlives_its_case)
{
	char *number = file(ALL);
	const Candor__CaseRecord *r;

	cr_assert(eq(int, corrective(ANNA, number, "training", BO, TODAY + 5), KEEP));
	cr_assert(eq(int, act(ANNA, number, EV_ACK), KEEP));
	cr_assert(eq(int, act(ANNA, number, EV_RESOLVE), KEEP));
	cr_assert(eq(int, act(ANNA, number, EV_CLOSE), KEEP));
	r = record(ANNA, number);
	cr_assert(eq(sz, r->n_correctives, 1));
	cr_assert(eq(str, r->correctives[0]->owner, people[BO]));
	cr_assert(eq(int, r->correctives[0]->ended_on, 0));
	cr_assert(eq(sz, board(BO, false)->n_correctives, 1));
	cr_assert(eq(sz, board(ANNA, false)->n_correctives, 0));
	s.today = TODAY + 6;
	cr_assert(eq(u32, board(ANNA, false)->overdue->count, 1));
	cr_assert(eq(int, settle(number, 1, 0), KEEP));
	cr_assert(eq(u32, board(ANNA, false)->overdue->count, 0));
	cr_assert(eq(sz, board(BO, false)->n_correctives, 0));
	r = record(ANNA, number);
	cr_assert(eq(int, r->correctives[0]->ended_on, TODAY + 6));
	cr_assert(eq(int, settle(number, 1, 0), UNDO));
	cr_assert(says("no open action"));
}

Test(work, corrective_action_that_is_dropped_runs_no_longer)
{
	char *number = file(ALL);

	cr_assert(eq(int, corrective(ANNA, number, "training", BO, TODAY + 1), KEEP));
	cr_assert(eq(int, settle(number, 0, 1), KEEP));
	cr_assert(record(ANNA, number)->correctives[0]->dropped);
	s.today = TODAY + 3;
	cr_assert(eq(u32, board(ANNA, false)->overdue->count, 0));
}

Test(work, corrective_action_is_of_the_sites_list_for_a_reader_and_a_day_to_come)
{
	char *number = file(1u << ANNA | 1u << BO);

	cr_assert(eq(int, corrective(ANNA, number, "flogging", BO, TODAY + 1), UNDO));
	cr_assert(says("training, post-removed"));
	cr_assert(eq(int, corrective(ANNA, number, "training", CLEO, TODAY + 1), UNDO));
	cr_assert(says("grant first"));
	cr_assert(eq(int, corrective(ANNA, number, "training", BO, TODAY - 1), UNDO));
	for (unsigned i = 0; i < CLOCKS_ACTIONS_MAX; i++)
		cr_assert(eq(int, corrective(ANNA, number, "training", BO, TODAY), KEEP));
	cr_assert(eq(int, corrective(ANNA, number, "training", BO, TODAY), UNDO));
	cr_assert(eq(sz, record(ANNA, number)->n_correctives, CLOCKS_ACTIONS_MAX));
}

/* ---- questions ahead -------------------------------------------------------------------------- */

static enum verdict
checkin(char *number, day_t first, unsigned n, bool stop)
{
	Candor__CaseCheckin m = CANDOR__CASE_CHECKIN__INIT;
	Candor__Checkin *all = test_alloc(n * sizeof(*all)), **list = test_alloc(n * sizeof(*list));

	for (unsigned i = 0; i < n; i++) {
		candor__checkin__init(list[i] = &all[i]);
		all[i].on = first + (day_t)(30 * i);
		all[i].sealed = wire_bytes("sealed", 6);
	}
	m.number = number;
	m.ahead = list;
	m.n_ahead = n;
	m.stop = stop;
	return call(ANNA, MSG_CASE_CHECKIN, &m);
}

Test(work, question_ahead_is_under_the_receipt_on_its_day_and_not_before)
{
	char *number = file(ALL);

	cr_assert(eq(int, checkin(number, TODAY + 30, 2, false), KEEP));
	cr_assert(eq(sz, record(ANNA, number)->n_checkins, 2));
	cr_assert(not(work_pass(&s)));
	cr_assert(eq(sz, follow(hash)->n_replies, 0));
	s.today = TODAY + 29;
	work_pass(&s);
	cr_assert(eq(sz, follow(hash)->n_replies, 0));
	s.today = TODAY + 30;
	work_pass(&s);
	work_pass(&s);
	cr_assert(eq(sz, follow(hash)->n_replies, 1));
	cr_assert(eq(int, follow(hash)->replies[0]->on, TODAY + 30));
	/* The daemon was down for a while. */
	s.today = TODAY + 75;
	work_pass(&s);
	cr_assert(eq(sz, follow(hash)->n_replies, 2));
	cr_assert(eq(sz, record(ANNA, number)->n_checkins, 0));
}

Test(work, question_ahead_can_be_stopped_and_has_limits)
{
	char *number = file(ALL);

	cr_assert(eq(int, checkin(number, TODAY, 1, false), UNDO));
	cr_assert(says("tomorrow or later"));
	cr_assert(eq(int, checkin(number, TODAY + 1, 12, false), KEEP));
	cr_assert(eq(int, checkin(number, TODAY + 1, 1, false), UNDO));
	cr_assert(says("at most"));
	cr_assert(eq(int, checkin(number, 0, 0, true), KEEP));
	s.today = TODAY + 400;
	work_pass(&s);
	cr_assert(eq(sz, follow(hash)->n_replies, 0));
	cr_assert(eq(int, checkin(number, 0, 0, true), UNDO));
}

/* ---- the board -------------------------------------------------------------------------------- */

/* What the columns say is what there is, after whatever happened. */
static void
check_counts(unsigned who)
{
	const Candor__Board *b = board(who, false);

	for (unsigned state = CASE_NEW; state < CASE__N; state++)
		cr_assert(eq(u32, column(b, (enum case_state)state)->count,
			      listed(who, case_state_name((enum case_state)state), "")),
		    "%s: %s", people[who], case_state_name((enum case_state)state));
}

Test(work, board_counts_what_there_is_after_whatever_happened)
{
	char *numbers[12];
	Candor__CaseWrap wrap;

	for (unsigned i = 0; i < NELEM(numbers); i++)
		numbers[i] = file(i % 3 == 0 ? ALL : 1u << ANNA | 1u << BO);
	for (unsigned i = 0; i < 8; i++)
		cr_assert(eq(int, act(ANNA, numbers[i], EV_ACK), KEEP));
	for (unsigned i = 0; i < 3; i++)
		cr_assert(eq(int, act(ANNA, numbers[i], EV_RESOLVE), KEEP));
	cr_assert(eq(int, act(ANNA, numbers[0], EV_CLOSE), KEEP));
	cr_assert(eq(int, act(ANNA, numbers[1], EV_REOPEN), KEEP));
	cr_assert(eq(int, merge(ANNA, numbers[3], numbers[6], ALL), KEEP));
	fill_wrap(&wrap, numbers[9], 1u << BO);
	cr_assert(eq(int, call(BO, MSG_CASE_WRAP, &wrap), KEEP));
	for (unsigned who = 0; who < N_PEOPLE; who++)
		check_counts(who);
	cr_assert(eq(u32, column(board(ANNA, false), CASE_ACKNOWLEDGED)->count, 4));
}

Test(work, board_shows_first_what_runs_out_first)
{
	const Candor__BoardColumn *k;
	char *late = file_as(ALL, 0, TODAY - 20), *soon = file_as(ALL, 0, TODAY - 3), *last;

	last = file(ALL);
	k = column(board(BO, false), CASE_NEW);
	cr_assert(eq(u32, k->count, 3));
	cr_assert(eq(str, k->cases[0]->number, late));
	cr_assert(eq(str, k->cases[1]->number, soon));
	cr_assert(eq(str, k->cases[2]->number, last));
	cr_assert(eq(u32, board(BO, false)->overdue->count, 1));
	cr_assert(eq(str, board(BO, false)->overdue->cases[0]->number, late));
}

Test(work, board_of_ones_own_holds_what_is_assigned)
{
	char *a = file_as(ALL, 0, TODAY - 20), *b = file(ALL);
	Candor__CaseWrap wrap;

	cr_assert(eq(sz, column(board(ANNA, true), CASE_NEW)->n_cases, 0));
	cr_assert(eq(int, assign(BO, a, ANNA), KEEP));
	cr_assert(eq(int, assign(BO, b, CLEO), KEEP));
	cr_assert(eq(u32, column(board(ANNA, true), CASE_NEW)->count, 1));
	cr_assert(eq(str, column(board(ANNA, true), CASE_NEW)->cases[0]->number, a));
	cr_assert(eq(u32, board(ANNA, true)->overdue->count, 1));
	cr_assert(eq(u32, board(CLEO, true)->overdue->count, 0));
	cr_assert(eq(int, assign(BO, a, BO), KEEP));
	cr_assert(eq(u32, column(board(ANNA, true), CASE_NEW)->count, 0));
	fill_wrap(&wrap, b, 1u << ANNA | 1u << BO);
	cr_assert(eq(int, call(BO, MSG_CASE_WRAP, &wrap), KEEP));
	cr_assert(eq(u32, column(board(CLEO, true), CASE_NEW)->count, 0));
	cr_assert(eq(u32, column(board(BO, false), CASE_NEW)->count, 2));
}

/* ---- patterns --------------------------------------------------------------------------------- */

Test(work, many_alike_are_a_pattern_to_those_who_read_enough_of_them)
{
	file(ALL);
	file(ALL);
	file_as(ALL, 1, TODAY); /* a question is none */
	cr_assert(eq(sz, board(ANNA, false)->n_patterns, 0));
	file(1u << ANNA | 1u << BO);
	cr_assert(eq(sz, board(ANNA, false)->n_patterns, 1));
	cr_assert(eq(u32, board(ANNA, false)->patterns[0]->cases, 3));
	cr_assert(eq(str, board(ANNA, false)->patterns[0]->site, (char *)"main"));
	cr_assert(eq(sz, board(CLEO, false)->n_patterns, 0), "Cleo reads two");
	s.today = TODAY + 91;
	cr_assert(eq(sz, board(ANNA, false)->n_patterns, 0));
}

Test(work, cases_far_apart_are_no_pattern)
{
	file_as(ALL, 0, TODAY - 200);
	file_as(ALL, 0, TODAY - 100);
	file(ALL);
	cr_assert(eq(sz, board(ANNA, false)->n_patterns, 0));
}

Test(work, duplicates_are_no_pattern)
{
	char *a = file(ALL), *b = file(ALL);

	file(ALL);
	cr_assert(eq(sz, board(ANNA, false)->n_patterns, 1));
	cr_assert(eq(int, merge(ANNA, b, a, ALL), KEEP));
	cr_assert(eq(sz, board(ANNA, false)->n_patterns, 0));
}

/* ---- reading by a machine --------------------------------------------------------------------- */

Test(work, search_leaves_unread_what_nobody_read)
{
	Candor__CaseRef ref = CANDOR__CASE_REF__INIT;
	char *number = file(ALL);
	int64_t n;

	cr_assert(eq(int, number_parse(&n, number), 0));
	ref.number = number;
	ref.search = true;
	cr_assert(eq(int, call(ANNA, MSG_CASE_GET, &ref), KEEP));
	cr_assert(db_row(s.db, CASE_LEGAL, db_i(n)));
	cr_assert(eq(int, (int)db_int(s.db, DB_CASE_LEGAL, 2), 1));
	record(ANNA, number);
	cr_assert(db_row(s.db, CASE_LEGAL, db_i(n)));
	cr_assert(eq(int, (int)db_int(s.db, DB_CASE_LEGAL, 2), 0));
}

/* ---- the end ---------------------------------------------------------------------------------- */

static void
years_pass(void)
{
	for (unsigned days = 0; days < 7 * 366; days += 61) {
		s.today = TODAY + (day_t)days;
		while (legal_pass(&s))
			;
	}
}

Test(work, duplicate_is_destroyed_with_the_case_that_it_went_into)
{
	char *into = file(ALL), *number = file(ALL), *other = file(ALL);
	Candor__CaseDestroy m = CANDOR__CASE_DESTROY__INIT;
	int64_t held;

	m.reason = text("order");
	cr_assert(eq(int, merge(ANNA, number, into, ALL), KEEP));
	cr_assert(eq(int, tag(ANNA, number, "press", ""), KEEP));
	cr_assert(eq(int, link_of(ANNA, into, other, false), KEEP));
	cr_assert(eq(int, corrective(ANNA, into, "training", BO, TODAY + 900), KEEP));
	cr_assert(eq(int, checkin(into, TODAY + 900, 1, false), KEEP));
	cr_assert(eq(int, act(ANNA, into, EV_ACK), KEEP));
	cr_assert(eq(int, act(ANNA, into, EV_RESOLVE), KEEP));
	cr_assert(eq(int, act(ANNA, into, EV_CLOSE), KEEP));
	record(ANNA, into);
	record(ANNA, number);
	/* What keeps one keeps both. */
	cr_assert(eq(int, number_parse(&held, number), 0));
	db_run(s.db, CASE_HOLD, db_i(held), db_i(1));
	years_pass();
	cr_assert(eq(str, record(ANNA, number)->summary->state, (char *)"merged"));
	m.number = into;
	cr_assert(eq(int, call(BO, MSG_CASE_DESTROY, &m), UNDO));
	cr_assert(says("a duplicate of it, is held"));
	db_run(s.db, CASE_HOLD, db_i(held), db_i(0));
	years_pass();
	cr_assert(eq(str, record(ANNA, into)->summary->state, (char *)"destroyed"));
	cr_assert(eq(str, record(ANNA, number)->summary->state, (char *)"destroyed"));
	cr_assert(eq(sz, record(ANNA, number)->n_entries, 0));
	cr_assert(eq(sz, record(ANNA, into)->n_correctives, 0));
	cr_assert(eq(sz, record(ANNA, into)->n_checkins, 0));
	cr_assert(eq(sz, record(ANNA, other)->n_links, 0));
	cr_assert(eq(sz, listed(ANNA, "", "press"), 0));
	cr_assert(eq(str, record(ANNA, other)->summary->state, (char *)"new"));
}

Test(work, what_is_destroyed_is_neither_given_to_others_nor_sealed_again)
{
	char *number = file(ALL);
	Candor__CaseWrap w = CANDOR__CASE_WRAP__INIT;
	Candor__CaseAssign a = CANDOR__CASE_ASSIGN__INIT;
	char *readers[] = { people[ANNA] };

	cr_assert(eq(int, act(ANNA, number, EV_ACK), KEEP));
	cr_assert(eq(int, act(ANNA, number, EV_RESOLVE), KEEP));
	cr_assert(eq(int, act(ANNA, number, EV_CLOSE), KEEP));
	record(ANNA, number);
	years_pass();
	w.number = a.number = number;
	w.directory_version = charter_version(&s);
	w.secret = wire_bytes("wrap", 4);
	w.readers = readers;
	w.n_readers = 1;
	cr_assert(eq(int, call(BO, MSG_CASE_WRAP, &w), UNDO));
	cr_assert(says("is destroyed"));
	a.officer = people[ANNA];
	cr_assert(eq(int, call(BO, MSG_CASE_ASSIGN, &a), UNDO));
	cr_assert(says("is destroyed"));
}
