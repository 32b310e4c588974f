/* SPDX-License-Identifier: ISC */
/*
 * `candor key new|show|passphrase`: an officer's key file. Runs in the client, needs no daemon. Must
 * never overwrite a key, nor write one where others can read it.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <sodium.h>

#include "json.h"
#include "officer.h"
#include "private_file.h"
#include "term.h"
#include "verb.h"

int
officer_show_public(struct client *c, const struct officer_public *pub)
{
	char line[KEYS_PUBLIC_MAX], fingerprint[KEYS_FINGERPRINT_CHARS + 1];

	keys_public_format(line, pub);
	keys_fingerprint(fingerprint, pub);
	if (c->json)
		return cjson_print(
		    c, json_pack("{s:s, s:s}", "public", line, "fingerprint", fingerprint));
	printf("%s\nfingerprint: %s\n", line, fingerprint);
	return 0;
}

static int
new_passphrase(struct client *c, struct span *out)
{
	int r = term_passphrase(c, &c->arena, out, "New passphrase: ", true);

	if (r == 0 && out->len == 0)
		r = client_fail(c, EX_DATAERR,
		    "the passphrase is empty: choose one, or say --no-passphrase if the file is "
		    "safe "
		    "otherwise");
	return r;
}

static int
format_key(struct client *c, struct span *file, const uint8_t identity[AGE_KEY_BYTES], bool bare,
    struct span pass)
{
	int e = keys_file_format(
	    &c->arena, file, identity, bare ? NULL : (const char *)pass.p, bare ? 0 : pass.len);

	return e == 0 ? 0 : client_fail_memory(c);
}

int
officer_new_key(struct client *c, const char *path, struct officer_secret *out, bool bare)
{
	struct span pass = { 0 }, file;
	int r;

	if (access(path, F_OK) == 0)
		return client_fail(c, EX_CANTCREAT,
		    "%s is there already and is not overwritten: name another file", path);
	if (!bare && (r = new_passphrase(c, &pass)) != 0)
		return r;
	age_keypair(out->age, out->pub.age);
	keys_derive(out, out->age);
	if ((r = format_key(c, &file, out->age, bare, pass)) != 0 ||
	    (r = private_file_create(c, path, file)) != 0)
		return r;
	fprintf(stderr,
	    "Your key is in %s. Keep a copy where nobody else can read it: without it no report "
	    "can be\n"
	    "opened. Give the line below to an administrator, and read the fingerprint to the "
	    "charter\n"
	    "holder by telephone.\n",
	    path);
	return 0;
}

static int
key_new(struct officer_session *s, int argc, char **argv)
{
	struct client *c = s->c;
	bool bare = false;
	const struct verb_option options[] = { { "--no-passphrase", .flag = &bare } };
	struct officer_secret *keys;
	int r;

	if ((r = verb_options(c, "key new FILE [--no-passphrase]", options, NELEM(options), &argc,
		 argv, 1, 1)) != 0)
		return r;
	if ((keys = arena_alloc(&c->arena, sizeof(*keys))) == NULL)
		return client_fail_memory(c);
	if ((r = officer_new_key(c, argv[1], keys, bare)) != 0)
		return r;
	return officer_show_public(c, &keys->pub);
}

/* The file that the verb names, else that of --key. */
static int
key_path(struct client *c, const char **path, int argc, char **argv)
{
	*path = argc > 1 ? argv[1] : c->key_path;
	return *path != NULL
		   ? 0
		   : client_fail(c, EX_USAGE, "name the key file: candor key %s FILE", argv[0]);
}

static int
key_show(struct officer_session *s, int argc, char **argv)
{
	struct client *c = s->c;
	struct officer_secret *keys;
	const char *path;
	int r;

	if ((r = verb_options(c, "key show FILE", NULL, 0, &argc, argv, 0, 1)) != 0 ||
	    (r = key_path(c, &path, argc, argv)) != 0)
		return r;
	if ((keys = arena_alloc(&c->arena, sizeof(*keys))) == NULL)
		return client_fail_memory(c);
	if ((r = officer_read_key(c, path, keys, "Passphrase: ")) != 0)
		return r;
	return officer_show_public(c, &keys->pub);
}

/* The first line of a descriptor: a passphrase for scripts. */
static int
passphrase_from(struct client *c, struct span *out, const char *fd_text)
{
	uint32_t fd;
	uint8_t *end;
	int r;

	if ((r = officer_number(c, &fd, fd_text, INT_MAX, "descriptor")) != 0 ||
	    (r = client_read_fd(c, &c->arena, out, (int)fd, "--new-passphrase-fd", 4096)) != 0)
		return r;
	if ((end = memchr(out->p, '\n', out->len)) != NULL)
		out->len = (size_t)(end - out->p);
	if (out->len == 0)
		return client_fail(c, EX_DATAERR, "the new passphrase is empty");
	return 0;
}

static int
key_passphrase(struct officer_session *s, int argc, char **argv)
{
	struct client *c = s->c;
	bool bare = false;
	const char *fd = NULL, *path;
	const struct verb_option options[] = {
		{ "--no-passphrase", .flag = &bare },
		{ "--new-passphrase-fd", .value = &fd },
	};
	struct span pass = { 0 }, file;
	struct officer_secret *keys;
	int r;

	if ((r = verb_options(c, "key passphrase FILE [--new-passphrase-fd N | --no-passphrase]",
		 options, NELEM(options), &argc, argv, 0, 1)) != 0 ||
	    (r = key_path(c, &path, argc, argv)) != 0)
		return r;
	if (!bare && fd == NULL && c->passphrase_fd >= 0)
		return client_fail(c, EX_USAGE,
		    "--passphrase-fd gives the present passphrase: name the new one with "
		    "--new-passphrase-fd N, or say --no-passphrase");
	if ((keys = arena_alloc(&c->arena, sizeof(*keys))) == NULL)
		return client_fail_memory(c);
	if ((r = officer_read_key(c, path, keys, "Present passphrase: ")) != 0)
		return r;
	if (!bare)
		r = fd != NULL ? passphrase_from(c, &pass, fd) : new_passphrase(c, &pass);
	if (r != 0 || (r = format_key(c, &file, keys->age, bare, pass)) != 0 ||
	    (r = private_file_replace(c, path, file)) != 0)
		return r;
	return officer_done(
	    c, bare ? "the key file has no passphrase any more: whoever reads it is you"
		    : "the passphrase is changed; copies of the file keep the old one");
}

int
verb_key(struct client *c, int argc, char **argv)
{
	static const struct officer_verb verbs[] = {
		{ "new", key_new },
		{ "show", key_show },
		{ "passphrase", key_passphrase },
		{ "rotate", officer_key_rotate },
	};

	return officer_verb(c, "key", verbs, NELEM(verbs), argc, argv);
}
