/* SPDX-License-Identifier: ISC */
/*
 * What the verbs of officers and administrators share: see officer.h. Runs in the client. Must never
 * use a directory that the charter key did not sign, nor let a key or a word leave locked memory
 * but encrypted.
 */
#include "officer.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <sodium.h>

#include "candor/day.h"
#include "candor/strip.h"
#include "candor/utf8.h"

#include "directory_diff.h"
#include "json.h"
#include "officer_audit.h"
#include "private_file.h"
#include "seen.h"
#include "term.h"
#include "verb.h"

#define PASSPHRASE_TRIES 3
#define READ_TRIES 4

/* ---- the key -------------------------------------------------------------------------------- */

/* Ask for the passphrase until it opens the file; *e is what keys_file_parse() said last. */
static int
unlock(
    struct client *c, int *e, uint8_t identity[AGE_KEY_BYTES], struct span file, const char *prompt)
{
	unsigned tries = c->passphrase_fd < 0 && c->interactive ? PASSPHRASE_TRIES : 1;
	struct span pass;
	int r;

	while ((r = term_passphrase(c, &c->arena, &pass, prompt, false)) == 0) {
		*e = keys_file_parse(
		    &c->arena, identity, file.p, file.len, (const char *)pass.p, pass.len);
		if (*e != CANDOR_EBADMSG || --tries == 0)
			break;
		fputs("candor: the passphrase is wrong; once more\n", stderr);
	}
	return r;
}

int
officer_read_key(struct client *c, const char *path, struct officer_secret *out, const char *prompt)
{
	uint8_t identity[AGE_KEY_BYTES] = { 0 };
	struct span file;
	int r, e;

	/* No arena_release() at the end: a passphrase from --passphrase-fd stays there. */
	if ((r = private_file_read(c, &file, path)) != 0)
		return r;
	e = keys_file_parse(&c->arena, identity, file.p, file.len, NULL, 0);
	if (e == CANDOR_EPERM)
		r = unlock(c, &e, identity, file, prompt);
	if (r != 0)
		goto out;
	if (e == 0)
		keys_derive(out, identity);
	else if (e == CANDOR_EBADMSG)
		r = client_fail(c, EX_DATAERR,
		    "%s does not open: the passphrase is wrong, or the file is damaged", path);
	else if (e == CANDOR_ENOMEM)
		r = client_fail(c, EX_OSERR,
		    "there is not enough memory to open %s (a passphrase takes 256 MiB)", path);
	else
		r = client_fail(c, EX_DATAERR,
		    "%s is no key file: it must be one that `candor key new` or `age-keygen` made",
		    path);
out:
	sodium_memzero(identity, sizeof(identity));
	return r;
}

int
officer_load_key(struct officer_session *s)
{
	struct client *c = s->c;
	struct officer_secret *keys;
	int r;

	if (s->keys != NULL)
		return 0;
	if (c->key_path == NULL && !s->anyone)
		return client_fail(c, EX_USAGE,
		    "this needs your key: name its file with --key FILE or in $CANDOR_KEY\n"
		    "(`candor key new FILE` makes one)");
	if ((keys = arena_alloc(&c->arena, sizeof(*keys))) == NULL)
		return client_fail_memory(c);
	if (s->anyone) {
		age_keypair(keys->age, keys->pub.age);
		keys_derive(keys, keys->age);
	} else if ((r = officer_read_key(c, c->key_path, keys, "Passphrase of your key: ")) != 0) {
		return r;
	}
	s->keys = keys;
	return 0;
}

/* ---- the session ---------------------------------------------------------------------------- */

int
officer_connect(struct officer_session *s)
{
	return s->link != NULL ? 0 : link_open_desk(s->c, &s->link, s->keys->noise);
}

static void
disconnect(struct officer_session *s)
{
	link_close(s->link);
	s->link = NULL;
}

struct call {
	struct officer_session *s;
	struct arena *a;
	unsigned kind, want;
	const ProtobufCMessage *msg;
	ProtobufCMessage **answer;
};

static int
call_once(struct client *c, void *arg)
{
	const struct call *call = arg;
	struct officer_session *s = call->s;
	int r;

	(void)c;
	if ((r = officer_connect(s)) != 0)
		return r;
	r = link_call(s->link, call->a, call->kind, call->msg, call->want, call->answer);
	if (r == EX_UNAVAILABLE || r == EX_PROTOCOL)
		disconnect(s);
	return r;
}

/* What changes nothing may be asked again. */
static bool
only_reads(unsigned kind)
{
	static const unsigned kinds[] = { MSG_DIRECTORY_GET, MSG_CASE_LIST, MSG_CASE_GET,
		MSG_ENTRY_GET, MSG_PLUGIN_LIST, MSG_DELIVERY_LIST, MSG_DELIVERY_GET, MSG_AUDIT_LIST,
		MSG_AUDIT_CHAIN, MSG_AUDIT_HEAD_GET, MSG_CERTIFICATE_GET, MSG_STATUS_GET,
		MSG_CASE_SCAN, MSG_APPROVAL_LIST };

	for (size_t i = 0; i < NELEM(kinds); i++)
		if (kinds[i] == kind)
			return true;
	return false;
}

int
officer_call(struct officer_session *s, struct arena *a, unsigned kind, const ProtobufCMessage *msg,
    unsigned want, ProtobufCMessage **answer)
{
	struct call call = { s, a, kind, want, msg, answer };
	bool old = s->link != NULL;
	int r;

	if (!only_reads(kind))
		return call_once(s->c, &call);
	/* The desk closes sessions that idle: that is no news. */
	if (old && (r = call_once(s->c, &call)) != EX_UNAVAILABLE && r != EX_TEMPFAIL)
		return r;
	return link_retry(s->c, READ_TRIES, call_once, &call);
}

static int
fetch_directory(struct officer_session *s)
{
	Candor__Empty empty = CANDOR__EMPTY__INIT;
	ProtobufCMessage *answer;
	int r =
	    officer_call(s, &s->c->arena, MSG_DIRECTORY_GET, &empty.base, MSG_DIRECTORY, &answer);

	if (r == 0)
		s->got = (const Candor__Directory *)answer;
	return r;
}

static int
verify_directory(struct officer_session *s)
{
	const Candor__Directory *got = s->got;
	struct client *c = s->c;
	int e;

	s->directory = NULL;
	s->me = NULL;
	s->charter = c->site.charter;
	s->chain = 0;
	if (got->text.len == 0)
		return 0;
	e = directory_open(&c->arena, &s->directory, got->text.data, got->text.len,
	    got->signature.data, got->signature.len, &c->site.charter, c->site.site_id);
	if (e == CANDOR_ENOMEM)
		return client_fail_memory(c);
	if (e != 0)
		return client_fail(c, EX_DATAERR,
		    e == CANDOR_EBADMSG
			? "the daemon's directory of officers is not signed by the charter key in "
			  "your site.conf: nothing was done. Tell the charter holder"
			: "the daemon's directory of officers is damaged, or another site's: "
			  "nothing "
			  "was done. Tell the charter holder");
	if (directory_charter(&s->charter, &s->chain, got->signature.data, got->signature.len,
		c->site.site_id) != 0)
		return client_fail(c, EX_DATAERR, "the directory's signature is damaged");
	if ((e = seen_charter(c, c->site.site_id, WIRE_SPAN(got->signature), &s->charter)) != 0)
		return e;
	s->me = directory_by_noise(s->directory, s->keys->pub.noise);
	return seen_directory(c, c->site.site_id, s->directory->version);
}

int
officer_begin(struct officer_session *s)
{
	struct client *c = s->c;
	int r;

	if ((r = site_load(c)) != 0 || (r = site_need_desk(c)) != 0 ||
	    (r = officer_load_key(s)) != 0 || (r = fetch_directory(s)) != 0 ||
	    (r = verify_directory(s)) != 0)
		return r;
	if (s->me == NULL && !s->anyone)
		return client_fail(c, EX_NOPERM,
		    "this key is not in the signed directory of %s: give the line that `candor key "
		    "show` prints to an\nadministrator, who proposes it (`candor admin officer "
		    "propose`); the charter holder's signature makes it count",
		    *c->site.name != '\0' ? c->site.name : "the site");
	return s->me != NULL ? audit_look(s) : 0;
}

void
officer_end(struct officer_session *s)
{
	disconnect(s);
	if (s->keys != NULL)
		sodium_memzero(s->keys, sizeof(*s->keys));
	s->keys = NULL;
}

int
officer_done(struct client *c, const char *text)
{
	if (c->json)
		return cjson_print(c, json_pack("{s:s}", "done", text));
	term_show_str(c, stdout, *text != '\0' ? text : "done");
	putchar('\n');
	return 0;
}

int
officer_do(struct officer_session *s, unsigned kind, const ProtobufCMessage *msg)
{
	ProtobufCMessage *answer;
	int r = officer_call(s, &s->c->arena, kind, msg, MSG_DONE, &answer);

	return r != 0 ? r : officer_done(s->c, ((const Candor__Done *)answer)->text);
}

int
officer_words(struct officer_session *s, struct span *out, const char *prompt)
{
	if (s->words != NULL)
		return s->words(s, out, WIRE_TEXT_MAX);
	return term_words(s->c, &s->c->arena, out, prompt, WIRE_TEXT_MAX);
}

int
officer_check_words(struct client *c, struct span *words)
{
	if (!utf8_valid((const char *)words->p, words->len) ||
	    memchr(words->p, 0, words->len) != NULL)
		return client_fail(c, EX_DATAERR,
		    "standard input is not plain text (UTF-8 without NUL): convert it first");
	while (words->len > 0 && words->p[words->len - 1] <= ' ')
		words->len--;
	return 0;
}

int
officer_find(struct officer_session *s, const struct officer **out, const char *name)
{
	const struct directory *d = s->directory;
	const struct officer *o = d != NULL ? directory_by_name(d, name) : NULL;
	char known[512] = "";

	if (o != NULL) {
		*out = o;
		return 0;
	}
	for (size_t i = 0; d != NULL && i < d->n_officers; i++) {
		size_t used = strlen(known);

		if (used + strlen(d->officers[i].name) + 6 > sizeof(known)) {
			strcpy(known + used, ", …");
			break;
		}
		sprintf(known + used, "%s%s", used > 0 ? ", " : "", d->officers[i].name);
	}
	return client_fail(s->c, EX_DATAERR,
	    "nobody in the directory is called \"%s\": there are %s", name,
	    *known != '\0' ? known : "no officers yet");
}

/* ---- verbs ---------------------------------------------------------------------------------- */

#define VERBS_MAX 48

int
officer_run(struct officer_session *s, const char *verb, const struct officer_verb *verbs, size_t n,
    int argc, char **argv)
{
	const char *names[VERBS_MAX], *meant;
	char list[768] = "";

	for (size_t i = 0; i < n && i < VERBS_MAX; i++) {
		size_t used = strlen(list);

		names[i] = verbs[i].name;
		if (argc > 1 && strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(s, argc - 1, argv + 1);
		snprintf(list + used, sizeof(list) - used, "%s%s", i > 0 ? ", " : "", names[i]);
	}
	if (argc < 2)
		return client_fail(
		    s->c, EX_USAGE, "`candor %s` needs one word more: %s", verb, list);
	meant = verb_nearest(argv[1], names, n);
	return client_fail(s->c, EX_USAGE, "`candor %s` has no \"%s\"%s%s%s: there are %s", verb,
	    argv[1], meant != NULL ? " (did you mean " : "", meant != NULL ? meant : "",
	    meant != NULL ? "?)" : "", list);
}

int
officer_verb(struct client *c, const char *verb, const struct officer_verb *verbs, size_t n,
    int argc, char **argv)
{
	struct officer_session s = { .c = c };
	int r = officer_run(&s, verb, verbs, n, argc, argv);

	officer_end(&s);
	return r;
}

int
officer_number(struct client *c, uint32_t *out, const char *text, uint32_t max, const char *what)
{
	unsigned long long v = 0;

	if (*text == '\0' || strlen(text) > 10 || strspn(text, "0123456789") != strlen(text) ||
	    (v = strtoull(text, NULL, 10)) > max)
		return client_fail(
		    c, EX_USAGE, "\"%s\" is no %s: it must be a number up to %u", text, what, max);
	*out = (uint32_t)v;
	return 0;
}

int
officer_case_number(struct client *c, char **out, const char *text)
{
	bool ok = strlen(text) == 11 && toupper((unsigned char)text[0]) == 'C' && text[1] == '-' &&
		  text[6] == '-';
	char *number;

	for (size_t i = 2; ok && i < 11; i++)
		ok = i == 6 || isalnum((unsigned char)text[i]) != 0;
	if (!ok)
		return client_fail(c, EX_USAGE,
		    "\"%s\" is no case: a case's number looks like C-7F3K-22QD (`candor cases` "
		    "lists "
		    "them)",
		    text);
	if ((number = officer_string(c, text)) == NULL)
		return client_fail_memory(c);
	/* As the daemon writes it: Crockford's base32 has no I, L and O. */
	for (char *p = number; *p != '\0'; p++) {
		*p = (char)toupper((unsigned char)*p);
		*p = *p == 'O' ? '0' : *p == 'I' || *p == 'L' ? '1' : *p;
	}
	*out = number;
	return 0;
}

char *
officer_string(struct client *c, const char *text)
{
	return arena_copy(&c->arena, text, strlen(text));
}

int
officer_day(struct client *c, int32_t *out, const char *text)
{
	if (day_parse(out, text, strlen(text)) == 0)
		return 0;
	return client_fail(
	    c, EX_USAGE, "\"%s\" is no day: write it as YYYY-MM-DD, like 2026-11-22", text);
}

int
officer_text(struct client *c, char **out, const char *value)
{
	if (value == NULL)
		return 0;
	*out = officer_string(c, value);
	return *out != NULL ? 0 : client_fail_memory(c);
}

/* ---- days and tables ------------------------------------------------------------------------ */

int32_t
officer_today(void)
{
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	return day_from_civil(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday);
}

/* Columns that a text takes, roughly: one a character. */
static size_t
columns_of(struct span text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += (text.p[i] & 0xc0) != 0x80;
	return n;
}

void
officer_cell(struct client *c, const char *text, unsigned width)
{
	arena_mark_t mark = arena_mark(&c->scratch);
	struct span inert;
	size_t n;

	if (strip_inert(&c->scratch, &inert, text, strlen(text)) == 0) {
		fwrite(inert.p, 1, inert.len, stdout);
		n = columns_of(inert);
		if (width > 0)
			printf("%*s", n < width ? (int)(width - n) + 1 : 1, "");
	}
	arena_release(&c->scratch, mark);
}

void
officer_heading(struct client *c, const struct officer_column *columns, size_t n)
{
	fputs(term_style(c, stdout, TERM_DIM), stdout);
	for (size_t i = 0; i < n; i++)
		officer_cell(c, columns[i].title, columns[i].width);
	fputs(term_style(c, stdout, TERM_PLAIN), stdout);
	putchar('\n');
}
