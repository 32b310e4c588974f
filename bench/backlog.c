/* SPDX-License-Identifier: ISC */
/*
 * A backlog of notifications in the database of a daemon that is down: cases, one event each, and a
 * delivery of it for each plugin named. Used by `make bench`.
 *
 *   backlog STATE EVENTS PLUGIN…
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "store/store.h"

#define ARENA_BYTES (1u << 20)
#define PLUGINS_MAX 8

static void
add_case(struct store *s)
{
	Candor__Clock clocks[] = { CANDOR__CLOCK__INIT, CANDOR__CLOCK__INIT };
	Candor__Clock *list[] = { &clocks[0], &clocks[1] };
	Candor__StoreReport report = CANDOR__STORE_REPORT__INIT;
	char names[][16] = { "acknowledge", "feedback" };
	uint8_t hash[32];
	int64_t number;

	for (size_t i = 0; i < NELEM(list); i++) {
		clocks[i].name = names[i];
		clocks[i].due = s->today + 7 + 90 * (int32_t)i;
	}
	report.received_on = s->today;
	report.clocks = list;
	report.n_clocks = NELEM(list);
	randombytes_buf(hash, sizeof(hash));
	memcpy(&number, hash, sizeof(number));
	number &= NUMBER_END - 1;
	if (number == 0 || db_row(s->db, CASE_EXISTS, db_i(number)))
		return;
	db_run(s->db, CASE_ADD, db_i(number), db_b(hash, sizeof(hash)), db_i(1),
	    db_t("phi-disclosure"), db_t("high"), db_t(""), db_i(s->today), db_i(CASE_NEW),
	    db_i(3));
	clocks_begin(s, number, &report);
	for (size_t i = 0; s->charter.directory != NULL && i < s->charter.directory->n_officers;
	     i++)
		db_run(
		    s->db, READER_ADD, db_i(number), db_t(s->charter.directory->officers[i].name));
	store_event(s, "filed", number, CASE_NEW);
}

int
main(int argc, char **argv)
{
	static struct store s;
	static struct arena arena;
	Candor__RoomSetup setup = CANDOR__ROOM_SETUP__INIT;
	Candor__Plugin plugins[PLUGINS_MAX], *list[PLUGINS_MAX];
	unsigned long n = argc > 3 ? strtoul(argv[2], NULL, 10) : 0;
	void *memory = malloc(2 * ARENA_BYTES);

	if (n == 0 || argc - 3 > PLUGINS_MAX || memory == NULL || sodium_init() < 0) {
		fprintf(stderr, "usage: backlog STATE EVENTS PLUGIN…\n");
		return EX_USAGE;
	}
	for (int i = 3; i < argc; i++) {
		candor__plugin__init(&plugins[i - 3]);
		plugins[i - 3].name = argv[i];
		list[setup.n_plugins++] = &plugins[i - 3];
	}
	setup.plugins = list;
	arena_init(&arena, memory, ARENA_BYTES);
	arena_init(&s.charter.arena, (char *)memory + ARENA_BYTES, ARENA_BYTES);
	s.arena = &arena;
	s.setup = &setup;
	s.now = time(NULL);
	s.today = clock_day(s.now);
	if (chdir(argv[1]) < 0 || db_open(&s.db) < 0 || charter_load(&s) < 0) {
		fprintf(stderr, "backlog: %s is no state folder that can be used\n", argv[1]);
		return EX_NOINPUT;
	}
	db_begin(s.db);
	for (unsigned long i = 0; i < n; i++) {
		add_case(&s);
		arena_end(&arena);
	}
	if (db_commit(s.db) < 0)
		return EX_IOERR;
	db_truncate_log(s.db);
	db_close(s.db);
	return 0;
}
