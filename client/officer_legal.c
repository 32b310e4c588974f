/* SPDX-License-Identifier: ISC */
/*
 * `candor case hold|destroy|certificate`: what stops destruction, what brings it about before its time,
 * and what proves it. Runs in the client. Must never take a certificate for one that the daemon's
 * audit key did not sign.
 */
#include <string.h>

#include <jansson.h>

#include "json.h"
#include "officer_case.h"
#include "private_file.h"
#include "term.h"
#include "verb.h"

int
case_hold(struct officer_session *s, int argc, char **argv)
{
	Candor__CaseHold hold = CANDOR__CASE_HOLD__INIT;
	bool on = false, off = false;
	const struct verb_option options[] = { { "--on", .flag = &on }, { "--off", .flag = &off } };
	struct open_case k;
	struct span sealed;
	int r;

	if ((r = verb_options(s->c, "case hold CASE --on|--off", options, NELEM(options), &argc,
		 argv, 1, 1)) != 0 ||
	    (r = officer_case_number(s->c, &hold.number, argv[1])) != 0)
		return r;
	if (on == off)
		return client_fail(s->c, EX_USAGE,
		    "say which: --on sets the hold, --off lifts it; the reason comes from standard "
		    "input");
	if ((r = officer_begin(s)) != 0 || (r = case_open(s, &k, hold.number)) != 0)
		return r;
	if (k.record->summary->held == on)
		return client_fail(
		    s->c, EX_DATAERR, "%s is %s already", hold.number, on ? "held" : "not held");
	if ((r = case_take_words(s, &k,
		 on ? "Why it is held (a note to the case)" : "Why it is held no longer (a note)",
		 false, &sealed)) != 0)
		return r;
	hold.on = on;
	hold.entry = wire_bytes(sealed.p, sealed.len);
	return case_send_words(s, MSG_CASE_HOLD, &hold.base);
}

int
case_destroy(struct officer_session *s, int argc, char **argv)
{
	Candor__CaseDestroy destroy = CANDOR__CASE_DESTROY__INIT;
	const char *reason = NULL;
	bool yes = false;
	const struct verb_option options[] = {
		{ "--reason", .value = &reason },
		{ "--yes", .flag = &yes },
	};
	struct client *c = s->c;
	char question[128];
	int r;

	if ((r = verb_options(c, "case destroy CASE --reason erasure|error|order [--yes]", options,
		 NELEM(options), &argc, argv, 1, 1)) != 0 ||
	    (r = officer_case_number(c, &destroy.number, argv[1])) != 0)
		return r;
	if (reason == NULL)
		return client_fail(c, EX_USAGE,
		    "say why before its time: --reason erasure (somebody's right), error (it "
		    "should "
		    "never have been filed)\nor order (a court's or authority's)");
	if ((destroy.reason = officer_string(c, reason)) == NULL)
		return client_fail_memory(c);
	if ((r = officer_begin(s)) != 0)
		return r;
	snprintf(question, sizeof(question),
	    "Destroy %s for ever, with all that was written to it?", destroy.number);
	if (!yes && !c->interactive)
		return client_fail(
		    c, EX_USAGE, "this cannot be undone: without a terminal to ask on, say --yes");
	if (!yes && ((r = term_confirm(c, &yes, false, question)) != 0 || !yes))
		return r != 0 ? r : client_fail(c, EX_USAGE, "nothing was destroyed");
	return officer_do(s, MSG_CASE_DESTROY, &destroy.base);
}

/* ---- the certificate ------------------------------------------------------------------------ */

/* Its lines as an object: "word rest". */
static json_t *
json_of(const char *text)
{
	json_t *all = json_object();

	for (const char *end; *text != '\0'; text = *end != '\0' ? end + 1 : end) {
		size_t word = strcspn(text, " \n"), rest;

		end = text + strcspn(text, "\n");
		rest = (size_t)(end - text) > word ? word + 1 : word;
		if (json_object_setn_new(all, text, word,
			json_stringn(text + rest, (size_t)(end - text) - rest)) != 0) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

static int
print_certificate(struct client *c, const Candor__Certificate *m)
{
	json_t *all;

	if (!c->json) {
		term_show_str(c, stdout, m->text);
		return 0;
	}
	if ((all = json_of(m->text)) == NULL ||
	    json_object_set_new(all, "text", json_string(m->text)) != 0 ||
	    json_object_set_new(all, "signature", cjson_text(WIRE_SPAN(m->signature))) != 0) {
		json_decref(all);
		return client_fail_memory(c);
	}
	return cjson_print(c, all);
}

/* FILE and FILE.minisig, as minisign wants them. */
static int
save_certificate(struct client *c, const Candor__Certificate *m, const char *path)
{
	char *beside = arena_alloc(&c->arena, strlen(path) + sizeof(".minisig")), said[256];
	int r;

	if (beside == NULL)
		return client_fail_memory(c);
	strcpy(stpcpy(beside, path), ".minisig");
	if ((r = private_file_create(
		 c, path, (struct span){ (const uint8_t *)m->text, strlen(m->text) })) != 0 ||
	    (r = private_file_create(c, beside, WIRE_SPAN(m->signature))) != 0)
		return r;
	snprintf(said, sizeof(said),
	    "the certificate is saved; its signature lies beside it, for "
	    "`minisign -V` with audit_key of site.conf");
	return officer_done(c, said);
}

int
case_certificate(struct officer_session *s, int argc, char **argv)
{
	Candor__CaseRef ref = CANDOR__CASE_REF__INIT;
	const Candor__Certificate *m;
	ProtobufCMessage *answer;
	struct client *c = s->c;
	int r;

	if ((r = verb_options(c, "case certificate CASE [FILE]", NULL, 0, &argc, argv, 1, 2)) !=
		0 ||
	    (r = officer_case_number(c, &ref.number, argv[1])) != 0 ||
	    (r = officer_begin(s)) != 0 ||
	    (r = officer_call(
		 s, &c->arena, MSG_CERTIFICATE_GET, &ref.base, MSG_CERTIFICATE, &answer)) != 0)
		return r;
	m = (const Candor__Certificate *)answer;
	if (!c->site.has_audit)
		fputs("candor: your site.conf has no audit_key: the signature was not checked\n",
		    stderr);
	else if (minisign_verify((const uint8_t *)m->text, strlen(m->text), m->signature.data,
		     m->signature.len, &c->site.audit) != 0)
		return client_fail(c, EX_DATAERR,
		    "the certificate is not signed by the audit key in your site.conf: it proves "
		    "nothing");
	return argc == 3 ? save_certificate(c, m, argv[2]) : print_certificate(c, m);
}
