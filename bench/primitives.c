/* SPDX-License-Identifier: ISC */
/*
 * The machine's limit for one durable report: the primitives alone, measured in the same run as the
 * daemon. For n officers (and the escrow): 3 X25519 operations for the session, 1 for the case's key,
 * 2 for each recipient of its secret, 2 for the one entry, and the insert of a sealed report into
 * SQLite in groups of 64, each durable.
 *
 *   primitives FOLDER OFFICERS
 *
 * Prints tab-separated CPU microseconds of a report: the session's curve operations, the other ones, the
 * insert; then wall microseconds of one write and fdatasync of 4 KiB.
 */
#include <fcntl.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define CURVE_ROUNDS 20000
#define INSERT_GROUPS 100
#define GROUP 64
#define SEALED_BYTES 5200 /* a 2 KiB narrative padded and sealed, wraps, clear fields */
#define SYNC_ROUNDS 200

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
must(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "primitives: %s failed\n", what);
		exit(EX_OSERR);
	}
}

static double
insert_cpu_us(const char *folder)
{
	uint8_t blob[SEALED_BYTES], id[32];
	char path[4096];
	sqlite3 *db;
	sqlite3_stmt *insert;
	double start;

	snprintf(path, sizeof(path), "%s/primitives.db", folder);
	unlink(path);
	must(sqlite3_open(path, &db) == SQLITE_OK, "opening a database");
	must(sqlite3_exec(db,
		 "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		 "PRAGMA secure_delete = ON; PRAGMA locking_mode = EXCLUSIVE;"
		 "CREATE TABLE t (n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, report BLOB NOT "
		 "NULL) STRICT",
		 NULL, NULL, NULL) == SQLITE_OK,
	    "making a table");
	must(sqlite3_prepare_v2(
		 db, "INSERT INTO t (id, report) VALUES (?, ?)", -1, &insert, NULL) == SQLITE_OK,
	    "preparing");
	randombytes_buf(blob, sizeof(blob));
	start = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (int g = 0; g < INSERT_GROUPS; g++) {
		must(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK, "begin");
		for (int i = 0; i < GROUP; i++) {
			randombytes_buf(id, sizeof(id));
			sqlite3_bind_blob(insert, 1, id, sizeof(id), SQLITE_STATIC);
			sqlite3_bind_blob(insert, 2, blob, sizeof(blob), SQLITE_STATIC);
			must(sqlite3_step(insert) == SQLITE_DONE, "insert");
			sqlite3_reset(insert);
		}
		must(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK, "commit");
	}
	start = seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
	sqlite3_finalize(insert);
	sqlite3_close(db);
	unlink(path);
	return start * 1e6 / (INSERT_GROUPS * GROUP);
}

static double
sync_us(const char *folder)
{
	static uint8_t block[4096];
	char path[4096];
	double start;
	int fd;

	snprintf(path, sizeof(path), "%s/primitives.sync", folder);
	must((fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600)) >= 0, "opening a file");
	start = seconds(CLOCK_MONOTONIC);
	for (int i = 0; i < SYNC_ROUNDS; i++)
		must(write(fd, block, sizeof(block)) == sizeof(block) && fdatasync(fd) == 0,
		    "fdatasync");
	start = seconds(CLOCK_MONOTONIC) - start;
	close(fd);
	unlink(path);
	return start * 1e6 / SYNC_ROUNDS;
}

int
main(int argc, char **argv)
{
	uint8_t secret[32], public[32], shared[32];
	unsigned long n_officers;
	unsigned long sealing;
	double cpu;

	if (argc != 3 || (n_officers = strtoul(argv[2], NULL, 10)) == 0) {
		fprintf(stderr, "usage: primitives FOLDER OFFICERS\n");
		return EX_USAGE;
	}
	must(sodium_init() >= 0, "libsodium");
	randombytes_buf(secret, sizeof(secret));
	crypto_scalarmult_base(public, secret);

	/* Half of the operations of a report are fixed-base, half are not; so are these. */
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < CURVE_ROUNDS / 2; i++) {
		secret[0] = (uint8_t)i;
		crypto_scalarmult_base(shared, secret);
		must(crypto_scalarmult(shared, secret, public) == 0, "X25519");
	}
	cpu = (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e6 / CURVE_ROUNDS;

	sealing = 1 + 2 * (n_officers + 1) + 2;
	printf("%.2f\t%.2f\t%.2f\t%.2f\n", 3 * cpu, cpu * (double)sealing, insert_cpu_us(argv[1]),
	    sync_us(argv[1]));
	return 0;
}
