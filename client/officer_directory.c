/* SPDX-License-Identifier: ISC */
/*
 * `candor directory show|sign|save|rotate-charter`: who may read what, the charter holder's signature under what
 * an administrator proposed, and the charter key that signs its office over to another. Runs in the client. Must never sign what it did not show, nor show as
 * valid what the charter key did not sign.
 */
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <sodium.h>

#include "directory_diff.h"
#include "json.h"
#include "officer.h"
#include "private_file.h"
#include "seen.h"
#include "term.h"
#include "verb.h"

/* What was proposed and not signed yet, in *out; NULL when nothing waits. EX_DATAERR when it is
 * not a proposal for this site. */
static int
parse_proposal(struct officer_session *s, struct directory **out)
{
	const Candor__Directory *got = s->got;
	struct client *c = s->c;
	const char *why;
	unsigned line;
	int e;

	*out = NULL;
	if (got->proposal.len == 0)
		return 0;
	e = directory_parse(&c->arena, out, got->proposal.data, got->proposal.len, &line, &why);
	if (e == CANDOR_ENOMEM)
		return client_fail_memory(c);
	if (e != 0)
		return client_fail(
		    c, EX_DATAERR, "the proposal is damaged in line %u: %s", line, why);
	if (memcmp((*out)->site_id, c->site.site_id, SITE_ID_BYTES) != 0)
		return client_fail(c, EX_DATAERR,
		    "the proposal is for another site than your site.conf: do not sign it");
	return 0;
}

static json_t *
json_of_officer(const struct officer *o)
{
	char line[KEYS_PUBLIC_MAX], fingerprint[KEYS_FINGERPRINT_CHARS + 1];
	json_t *categories = json_array();

	for (const char *p = o->categories; *p != '\0'; p += *p == ',') {
		size_t len = strcspn(p, ",");

		json_array_append_new(categories, json_stringn(p, len));
		p += len;
	}
	keys_public_format(line, &o->keys);
	keys_fingerprint(fingerprint, &o->keys);
	return json_pack("{s:s, s:s, s:o, s:o, s:s, s:s}", "name", o->name, "role",
	    role_name(o->role), "email", cjson_or_null(o->email), "categories", categories, "key",
	    line, "fingerprint", fingerprint);
}

static json_t *
json_of_directory(const struct directory *d)
{
	char site[2 * SITE_ID_BYTES + 1], escrow[AGE_RECIPIENT_CHARS + 1];
	json_t *officers = json_array();

	if (d == NULL) {
		json_decref(officers);
		return json_null();
	}
	for (size_t i = 0; i < d->n_officers; i++)
		json_array_append_new(officers, json_of_officer(&d->officers[i]));
	sodium_bin2hex(site, sizeof(site), d->site_id, SITE_ID_BYTES);
	age_recipient_format(escrow, d->escrow);
	return json_pack("{s:s, s:I, s:s, s:o}", "site", site, "version", (json_int_t)d->version,
	    "escrow", escrow, "officers", officers);
}

static void
print_directory(struct client *c, const struct directory *d)
{
	static const struct officer_column columns[] = {
		{ "NAME", 24 },
		{ "ROLE", 8 },
		{ "FINGERPRINT", KEYS_FINGERPRINT_CHARS },
		{ "READS", 0 },
	};

	printf("%s: version %" PRIu64 ", signed by the charter key\n",
	    *c->site.name != '\0' ? c->site.name : "directory", d->version);
	officer_heading(c, columns, NELEM(columns));
	for (size_t i = 0; i < d->n_officers; i++) {
		const struct officer *o = &d->officers[i];
		char fingerprint[KEYS_FINGERPRINT_CHARS + 1];

		keys_fingerprint(fingerprint, &o->keys);
		officer_cell(c, o->name, columns[0].width);
		officer_cell(c, role_name(o->role), columns[1].width);
		officer_cell(c, fingerprint, columns[2].width);
		officer_print_categories(stdout, o);
		printf("%s%s\n", *o->email != '\0' ? "; mail to " : "", o->email);
	}
}

static int
directory_show(struct officer_session *s, int argc, char **argv)
{
	struct client *c = s->c;
	struct directory *proposal;
	int r;

	if ((r = verb_options(c, "directory show", NULL, 0, &argc, argv, 0, 0)) != 0 ||
	    (r = officer_begin(s)) != 0 || (r = parse_proposal(s, &proposal)) != 0)
		return r;
	if (c->json) {
		json_t *all = json_of_directory(s->directory);

		if (s->directory == NULL)
			all = json_object();
		json_object_set_new(all, "proposal", json_of_directory(proposal));
		return cjson_print(c, all);
	}
	if (s->directory == NULL)
		puts("Nothing is signed yet: no report can be filed.");
	else
		print_directory(c, s->directory);
	if (proposal != NULL) {
		printf("\nProposed as version %" PRIu64 ", not signed: it does not count until the "
		       "charter holder signs it\n",
		    proposal->version);
		directory_diff(stdout, s->directory, proposal);
	}
	return 0;
}

/* A charter's secret key, its passphrase asked for if it has one. */
static int
read_secret(struct client *c, struct minisign_secret *out, const char *path)
{
	struct span file, pass;
	int e, r;

	if ((r = private_file_read(c, &file, path)) != 0)
		return r;
	e = minisign_secret_parse(out, (const char *)file.p, file.len, NULL, 0);
	if (e == CANDOR_EPERM) {
		if ((r = term_passphrase(
			 c, &c->arena, &pass, "Passphrase of the charter key: ", false)) != 0)
			return r;
		e = minisign_secret_parse(
		    out, (const char *)file.p, file.len, (const char *)pass.p, pass.len);
	}
	if (e == CANDOR_ENOMEM)
		return client_fail(c, EX_OSERR, "there is not enough memory to open %s", path);
	if (e != 0)
		return client_fail(c, EX_DATAERR,
		    e == CANDOR_EBADMSG
			? "%s does not open: the passphrase is wrong, or the file is damaged"
			: "%s is no secret key of minisign's: name the charter key that `candord "
			  "--init` made",
		    path);
	return 0;
}

/* The same, and it must be the one in force. */
static int
read_charter(struct officer_session *s, struct minisign_secret *out, const char *path)
{
	struct client *c = s->c;
	int r;

	if ((r = read_secret(c, out, path)) != 0)
		return r;
	if (memcmp(&out->pub, &s->charter, sizeof(out->pub)) != 0)
		return client_fail(c, EX_NOPERM,
		    s->chain > 0 ? "%s is not the charter key in force: it was handed on to another"
				 : "%s is not the charter key that your site.conf names: its "
				   "signature would "
				   "not count",
		    path);
	return 0;
}

/* May this proposal be signed at all? */
static int
check_proposal(struct officer_session *s, const struct directory *proposal)
{
	uint64_t now = s->directory != NULL ? s->directory->version : 0;

	if (proposal == NULL)
		return client_fail(s->c, EX_NOINPUT,
		    "nothing is proposed: there is nothing to sign (an administrator proposes with "
		    "`candor admin officer propose`)");
	if (proposal->version != now + 1)
		return client_fail(s->c, EX_DATAERR,
		    "the proposal is version %" PRIu64 ", but version %" PRIu64
		    " is signed: only %" PRIu64 " can follow. Have it proposed anew",
		    proposal->version, now, now + 1);
	return 0;
}

static int
confirm(struct client *c, bool yes)
{
	int r;

	if (yes)
		return 0;
	if (!c->interactive)
		return client_fail(c, EX_USAGE,
		    "there is no terminal to ask on: read the difference, then call again with "
		    "--yes");
	if ((r = term_confirm(c, &yes, false,
		 "Did you compare the fingerprints by telephone, and do you sign this?")) != 0)
		return r;
	return yes ? 0 : client_fail(c, EX_NOPERM, "not signed: the directory stays as it is");
}

/* Sign a text and hand it in, with the statements (chain) that made the key the charter. */
static int
put_signed(struct officer_session *s, const struct minisign_secret *key,
    const ProtobufCBinaryData *text, uint64_t version, struct span chain)
{
	Candor__DirectoryText put = CANDOR__DIRECTORY_TEXT__INIT;
	char site[2 * SITE_ID_BYTES + 1], comment[128];
	struct client *c = s->c;
	struct span sig;
	uint8_t *whole;

	sodium_bin2hex(site, sizeof(site), c->site.site_id, SITE_ID_BYTES);
	snprintf(comment, sizeof(comment), "candor directory %s version %" PRIu64, site, version);
	if (minisign_sign(&c->arena, &sig, text->data, text->len, key, comment) != 0 ||
	    (whole = arena_alloc(&c->arena, chain.len + sig.len)) == NULL)
		return client_fail_memory(c);
	if (chain.len > 0)
		memcpy(whole, chain.p, chain.len);
	memcpy(whole + chain.len, sig.p, sig.len);
	put.text = *text;
	put.signature = wire_bytes(whole, chain.len + sig.len);
	return officer_do(s, MSG_DIRECTORY_PUT, &put.base);
}

/* By which statements the charter key in force became that. */
static struct span
chain_of(const struct officer_session *s)
{
	return (struct span){ s->got->signature.data, s->chain };
}

static int
directory_sign(struct officer_session *s, int argc, char **argv)
{
	struct client *c = s->c;
	const char *charter = NULL;
	bool yes = false;
	const struct verb_option options[] = {
		{ "--charter", .value = &charter },
		{ "--yes", .flag = &yes },
	};
	struct minisign_secret *key;
	struct directory *proposal;
	int r;

	if ((r = verb_options(c, "directory sign --charter FILE [--yes]", options, NELEM(options),
		 &argc, argv, 0, 0)) != 0)
		return r;
	if (charter == NULL)
		return client_fail(
		    c, EX_USAGE, "name the charter key: candor directory sign --charter FILE");
	if ((r = officer_begin(s)) != 0 || (r = parse_proposal(s, &proposal)) != 0 ||
	    (r = check_proposal(s, proposal)) != 0)
		return r;
	fprintf(
	    c->json ? stderr : stdout, "Version %" PRIu64 " would change:\n", proposal->version);
	if (directory_diff(c->json ? stderr : stdout, s->directory, proposal) == 0)
		fputs("  nothing but the version\n", c->json ? stderr : stdout);
	fflush(stdout);
	if ((key = arena_alloc(&c->arena, sizeof(*key))) == NULL)
		return client_fail_memory(c);
	if ((r = confirm(c, yes)) != 0 || (r = read_charter(s, key, charter)) != 0 ||
	    (r = put_signed(s, key, &s->got->proposal, proposal->version, chain_of(s))) != 0)
		return r;
	return seen_directory(c, c->site.site_id, proposal->version);
}

/* The directory in force as files that minisign verifies, and that candor.conf may name. */
static int
directory_save(struct officer_session *s, int argc, char **argv)
{
	struct client *c = s->c;
	const Candor__Directory *got;
	char signature[PATH_MAX];
	int r;

	if ((r = verb_options(c, "directory save FILE", NULL, 0, &argc, argv, 1, 1)) != 0)
		return r;
	if ((size_t)snprintf(signature, sizeof(signature), "%s.minisig", argv[1]) >=
	    sizeof(signature))
		return client_fail(c, EX_USAGE, "that name is too long");
	if ((r = officer_begin(s)) != 0)
		return r;
	if (s->directory == NULL)
		return client_fail(c, EX_DATAERR, "there is no signed directory");
	got = s->got;
	if ((r = private_file_create(c, argv[1], WIRE_SPAN(got->text))) != 0 ||
	    (r = private_file_create(c, signature,
		 (struct span){ got->signature.data + s->chain, got->signature.len - s->chain })) !=
		0)
		return r;
	return officer_done(
	    c, "the directory in force is saved, its signature beside it (.minisig)");
}

/* The new charter key: made, unless its file is there from a time before that was broken off. */
static int
new_charter(struct client *c, struct minisign_secret *out, const char *path)
{
	struct span file;
	int r;

	if (access(path, F_OK) == 0)
		return read_secret(c, out, path);
	minisign_keypair(out);
	if (minisign_secret_format(&c->arena, &file, out) != 0)
		return client_fail_memory(c);
	if ((r = private_file_create(c, path, file)) != 0)
		return r;
	fprintf(stderr,
	    "The new charter key is in %s. It belongs to compliance, not to IT: keep it, and a "
	    "copy, "
	    "where\nnobody else can read it.\n",
	    path);
	return 0;
}

static int
directory_rotate(struct officer_session *s, int argc, char **argv)
{
	struct client *c = s->c;
	const char *charter = NULL, *new = NULL;
	const struct verb_option options[] = {
		{ "--charter", .value = &charter },
		{ "--new", .value = &new },
	};
	char public[MINISIGN_PUBLIC_CHARS + 1];
	struct minisign_secret *old, *next;
	struct span chain;
	int r, e;

	if ((r = verb_options(c, "directory rotate-charter --charter PRESENT --new FILE", options,
		 NELEM(options), &argc, argv, 0, 0)) != 0)
		return r;
	if (charter == NULL || new == NULL)
		return client_fail(c, EX_USAGE,
		    "name both keys: candor directory rotate-charter --charter PRESENT --new FILE");
	old = arena_alloc(&c->arena, sizeof(*old));
	next = arena_alloc(&c->arena, sizeof(*next));
	if (old == NULL || next == NULL)
		return client_fail_memory(c);
	if ((r = officer_begin(s)) != 0)
		return r;
	if (s->directory == NULL)
		return client_fail(c, EX_DATAERR, "there is no signed directory");
	if ((r = read_charter(s, old, charter)) != 0 || (r = new_charter(c, next, new)) != 0)
		return r;
	if (memcmp(&old->pub, &next->pub, sizeof(old->pub)) == 0)
		return client_fail(c, EX_DATAERR, "%s and %s are the same key", charter, new);
	e = directory_succeed(
	    &c->arena, &chain, s->got->signature.data, s->chain, old, &next->pub, c->site.site_id);
	if (e == CANDOR_ETOOBIG)
		return client_fail(c, EX_DATAERR,
		    "the charter key was handed on too often to be followed: have everybody's "
		    "site.conf name the one in force, and begin anew");
	if (e != 0)
		return client_fail_memory(c);
	if ((r = put_signed(s, next, &s->got->text, s->directory->version, chain)) != 0)
		return r;
	minisign_public_format(public, &next->pub);
	fprintf(stderr,
	    "The new charter key counts from now on, the former one no more. Whoever has the "
	    "former one in "
	    "site.conf\nfollows its signature; have the new one written there, and into "
	    "candor.conf "
	    "(with the files of\n`candor directory save` as its directory), so that a stolen "
	    "former key "
	    "is worth nothing:\ncharter = \"%s\";\n",
	    public);
	return 0;
}

int
officer_directory(struct officer_session *s, int argc, char **argv)
{
	static const struct officer_verb verbs[] = {
		{ "show", directory_show },
		{ "sign", directory_sign },
		{ "save", directory_save },
		{ "rotate-charter", directory_rotate },
	};

	int r;

	/* The charter holder may be nobody of the directory: what is signed speaks for itself. */
	s->anyone = true;
	r = officer_run(s, "directory", verbs, NELEM(verbs), argc, argv);
	s->anyone = false;
	return r;
}

OFFICER_VERB(verb_directory, officer_directory)
