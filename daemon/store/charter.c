/* SPDX-License-Identifier: ISC */
/*
 * The directory of officers: the text that the charter key signed counts; an administrator may
 * propose another. Store only; holds no key that signs.
 */
#include <string.h>
#include <sysexits.h>

#include "common/log.h"
#include "store.h"

int
charter_load(struct store *s)
{
	struct charter *c = &s->charter;
	struct arena *a = &c->arena;
	unsigned bad_line;
	const char *why;

	arena_end(a);
	c->directory = NULL;
	c->text = c->signature = (struct span){ 0 };
	if (!db_row0(s->db, DIRECTORY_GET))
		return db_failed(s->db) ? CANDOR_ESYS : 0;
	c->text = db_copy(s->db, DB_DIRECTORY_GET, 1, a);
	c->signature = db_copy(s->db, DB_DIRECTORY_GET, 2, a);
	db_reset(s->db);
	/* The signature was checked before it was stored, and everybody else checks it again. */
	if (directory_parse(a, &c->directory, c->text.p, c->text.len, &bad_line, &why) < 0) {
		log_error("the stored directory does not parse: line %u: %s", bad_line, why);
		c->directory = NULL;
		return CANDOR_ESYS;
	}
	return 0;
}

uint64_t
charter_version(const struct store *s)
{
	return s->charter.directory != NULL ? s->charter.directory->version : 0;
}

const struct officer *
charter_officer(const struct store *s, const char *name)
{
	return s->charter.directory != NULL ? directory_by_name(s->charter.directory, name) : NULL;
}

/* Text, signature and proposal travel in one message. */
static bool
fits(size_t text, size_t signature, size_t proposal)
{
	return text + signature + proposal + 16 <= WIRE_BODY_MAX;
}

/*
 * Once the charter key was handed on, the former one counts no more, whatever the configuration still
 * says: what was signed then stands before every signature from then on.
 */
static bool
keeps_chain(struct store *s, const struct minisign_public *charter, struct span signature)
{
	const struct span now = s->charter.signature;
	struct minisign_public key = *charter;
	size_t chain;

	return now.len == 0 ||
	       (directory_charter(&key, &chain, now.p, now.len, s->setup->site_id.data) == 0 &&
		   chain <= signature.len && memcmp(now.p, signature.p, chain) == 0);
}

/* The text in force, signed by the charter's successor. */
static enum verdict
adopt_signature(struct store *s, struct span signature, struct answer *out)
{
	const struct span now = s->charter.signature;
	uint64_t version = charter_version(s);

	if (now.len == signature.len && memcmp(now.p, signature.p, now.len) == 0)
		return store_done(
		    s, out, "version %llu is in force already", (unsigned long long)version);
	db_run(s->db, DIRECTORY_SIGN, db_i((int64_t)version), db_b(signature.p, signature.len));
	s->effects.directory = true;
	if (charter_load(s) < 0)
		return store_refuse(s, out, EX_TEMPFAIL, "the directory cannot be stored");
	return store_done(
	    s, out, "version %llu is in force with this signature", (unsigned long long)version);
}

enum verdict
charter_adopt(struct store *s, struct span text, struct span signature, struct answer *out)
{
	struct minisign_public charter;
	struct directory *d;
	int r;

	if (minisign_public_parse(&charter, s->setup->charter, strlen(s->setup->charter)) < 0)
		return store_refuse(s, out, EX_CONFIG,
		    "this site has no charter key: set `charter` in the daemon's configuration");
	if (s->setup->site_id.len != SITE_ID_BYTES || signature.len > DIRECTORY_SIGNATURE_MAX ||
	    text.len > DIRECTORY_MAX_BYTES || !fits(text.len, signature.len, 0))
		return store_refuse(s, out, EX_DATAERR, "a directory has %u bytes at most",
		    (unsigned)DIRECTORY_MAX_BYTES);
	r = directory_open(s->arena, &d, text.p, text.len, signature.p, signature.len, &charter,
	    s->setup->site_id.data);
	if (r == CANDOR_EBADMSG || (r == 0 && !keeps_chain(s, &charter, signature)))
		return store_refuse(s, out, EX_NOPERM,
		    "the signature is not one of this site's charter key over this text");
	if (r < 0)
		return store_refuse(s, out, EX_DATAERR, "the text is no directory of this site");
	if (d->version <= charter_version(s)) {
		const struct span now = s->charter.text;

		if (d->version == charter_version(s) && now.len == text.len &&
		    memcmp(now.p, text.p, text.len) == 0)
			return adopt_signature(s, signature, out);
		return store_refuse(s, out, EX_DATAERR,
		    d->version == charter_version(s)
			? "version %llu is in force already, with another text"
			: "version %llu is older than the one in force",
		    (unsigned long long)d->version);
	}
	if (people_adopt(s, s->charter.directory, d, out) != KEEP)
		return UNDO;
	db_run(s->db, DIRECTORY_ADD, db_i((int64_t)d->version), db_b(text.p, text.len),
	    db_b(signature.p, signature.len));
	db_run0(s->db, PROPOSAL_CLEAR);
	if (db_run0(s->db, DELIVERY_WAKE_ALL) > 0)
		s->effects.deliveries = true;
	s->effects.directory = true;
	if (charter_load(s) < 0)
		return store_refuse(s, out, EX_TEMPFAIL, "the directory cannot be stored");
	return KEEP; /* people_adopt() answered */
}

enum verdict
charter_propose(struct store *s, struct span text, struct answer *out)
{
	uint64_t next = charter_version(s) + 1;
	struct answer trial = { 0 };
	struct directory *d;
	unsigned bad_line;
	const char *why;
	bool refused;

	if (text.len > DIRECTORY_MAX_BYTES ||
	    !fits(s->charter.text.len, s->charter.signature.len, text.len))
		return store_refuse(s, out, EX_DATAERR,
		    "the directory is too large: it and the one in force may have %u bytes "
		    "together",
		    (unsigned)WIRE_BODY_MAX);
	if (directory_parse(s->arena, &d, text.p, text.len, &bad_line, &why) < 0)
		return store_refuse(s, out, EX_DATAERR, "line %u: %s", bad_line, why);
	if (s->setup->site_id.len != SITE_ID_BYTES ||
	    memcmp(d->site_id, s->setup->site_id.data, SITE_ID_BYTES) != 0)
		return store_refuse(s, out, EX_DATAERR, "this is the directory of another site");
	if (d->version != next)
		return store_refuse(s, out, EX_DATAERR,
		    "a proposal follows the version in force: it must have `version %llu`",
		    (unsigned long long)next);
	db_savepoint(s->db);
	refused = people_adopt(s, s->charter.directory, d, &trial) != KEEP;
	db_undo(s->db);
	db_run(s->db, PROPOSAL_SET, db_b(text.p, text.len));
	return store_done(s, out,
	    "version %llu is proposed; it counts once the charter holder has signed it: `candor "
	    "directory sign --charter FILE`%s%s",
	    (unsigned long long)next, refused ? "\nAs it is, that will be refused: " : "",
	    refused ? ((const Candor__Refusal *)trial.msg)->text : "");
}

Candor__Directory *
charter_message(struct store *s, bool with_proposal)
{
	Candor__Directory *m = STORE_NEW(s, Directory, directory);

	m->text = wire_bytes(s->charter.text.p, s->charter.text.len);
	m->signature = wire_bytes(s->charter.signature.p, s->charter.signature.len);
	if (with_proposal && db_row0(s->db, PROPOSAL_GET)) {
		struct span text = db_copy(s->db, DB_PROPOSAL_GET, 0, s->arena);

		m->proposal = wire_bytes(text.p, text.len);
	}
	return m;
}

size_t
charter_unserved(struct store *s, char ***out)
{
	const struct directory *d = s->charter.directory;
	size_t n = 0;

	*out = store_alloc(s, (s->setup->n_categories + 1) * sizeof(**out));
	for (size_t i = 0; i < s->setup->n_categories; i++) {
		const Candor__Category *c = s->setup->categories[i];
		bool served = false;

		for (size_t o = 0; d != NULL && o < d->n_officers && !served; o++)
			served = officer_serves(&d->officers[o], c->id, c->roles_mask);
		if (!served)
			(*out)[n++] = c->id;
	}
	return n;
}
