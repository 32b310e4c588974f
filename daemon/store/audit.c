/* SPDX-License-Identifier: ISC */
/*
 * The audit log: a line for each thing that an officer or administrator did, and for each release
 * of a case; each line's hash covers the line before. Store only.
 */
#include <string.h>

#include <sodium/crypto_generichash.h>
#include <sodium/utils.h>

#include "store.h"

#define HASH_BYTES 32

static void
feed(crypto_generichash_state *h, const void *p, size_t len)
{
	uint64_t n = len;

	crypto_generichash_update(h, (const unsigned char *)&n, sizeof(n));
	crypto_generichash_update(h, p, len);
}

/* BLAKE2b of the hash before (none for the first line) and the line's fields, lengths between them;
 * numbers are little-endian, as on every machine that Candor runs on. */
static void
line_hash(uint8_t out[HASH_BYTES], struct span before, int64_t n, int64_t day, struct span actor,
    struct span action, int64_t number, struct span detail)
{
	const int64_t numbers[] = { n, day, number };
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, HASH_BYTES);
	feed(&h, before.p, before.len);
	feed(&h, numbers, sizeof(numbers));
	feed(&h, actor.p, actor.len);
	feed(&h, action.p, action.len);
	feed(&h, detail.p, detail.len);
	crypto_generichash_final(&h, out, HASH_BYTES);
}

static struct span
span_of(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

void
audit(struct store *s, const char *actor, const char *action, int64_t number, const char *detail)
{
	uint8_t before[HASH_BYTES], hash[HASH_BYTES];
	struct span last = { before, 0 };
	int64_t n = 1;

	if (db_row0(s->db, AUDIT_LAST)) {
		last = db_span(s->db, DB_AUDIT_LAST, 1);
		last.len = last.len < HASH_BYTES ? last.len : HASH_BYTES;
		memcpy(before, last.p, last.len);
		last.p = before;
		n = db_int(s->db, DB_AUDIT_LAST, 0) + 1;
	}
	line_hash(
	    hash, last, n, s->today, span_of(actor), span_of(action), number, span_of(detail));
	db_run(s->db, AUDIT_ADD, db_i(n), db_i(s->today), db_t(actor), db_t(action), db_i(number),
	    db_t(detail), db_b(hash, sizeof(hash)));
}

int
audit_verify(struct store *s, int64_t *bad)
{
	uint8_t before[HASH_BYTES], hash[HASH_BYTES];
	struct span last = { before, 0 };
	int64_t n = 0;

	for (bool ok = db_row0(s->db, AUDIT_ALL); ok; ok = db_next(s->db, DB_AUDIT_ALL)) {
		struct span stored = db_span(s->db, DB_AUDIT_ALL, 6);

		n++;
		line_hash(hash, last, n, db_int(s->db, DB_AUDIT_ALL, 1),
		    db_span(s->db, DB_AUDIT_ALL, 2), db_span(s->db, DB_AUDIT_ALL, 3),
		    db_int(s->db, DB_AUDIT_ALL, 4), db_span(s->db, DB_AUDIT_ALL, 5));
		if (db_int(s->db, DB_AUDIT_ALL, 0) != n || stored.len != HASH_BYTES ||
		    memcmp(stored.p, hash, HASH_BYTES) != 0) {
			*bad = n;
			db_reset(s->db);
			return CANDOR_EBADMSG;
		}
		memcpy(before, hash, HASH_BYTES);
		last.len = HASH_BYTES;
	}
	return db_failed(s->db) ? CANDOR_ESYS : 0;
}
