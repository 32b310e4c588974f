/* SPDX-License-Identifier: ISC */
/*
 * Reports, further messages, and what stands under a receipt: check, strip, seal, hand to store, and
 * turn store's answer into the reporter's. Plaintext lives in the request's arena and is gone when the
 * request function returns; what waits for store is ciphertext. Intake alone.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "candor/day.h"
#include "candor/filetype.h"

#include "intake.h"

static day_t
today(void)
{
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	return day_from_civil(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday);
}

static const Candor__Category *
category_find(const struct room *r, const char *id)
{
	for (size_t i = 0; i < r->setup->n_categories; i++)
		if (strcmp(r->setup->categories[i]->id, id) == 0)
			return r->setup->categories[i];
	return NULL;
}

static const Candor__Site *
site_find(const struct room *r, const char *id)
{
	for (size_t i = 0; i < r->setup->n_sites; i++)
		if (strcmp(r->setup->sites[i]->id, id) == 0)
			return r->setup->sites[i];
	return NULL;
}

/* The site that may stand in the clear: the nearest above with enough people not to point at one. */
static const char *
site_in_clear(const struct room *r, const char *id)
{
	const Candor__Site *site = site_find(r, id);

	for (size_t i = 0; site != NULL && i < r->setup->n_sites; i++) {
		if (site->headcount >= r->setup->headcount_k)
			return site->id;
		site = site_find(r, site->parent);
	}
	return "";
}

/* One field of a request, its limit, and where its stripped text goes. */
struct field {
	const char *name;
	char **text;
	size_t max;
};

/* What a reporter wants kept: kinds of removals, and words. */
struct wish {
	char *const *labels, *const *words;
	size_t n_labels, n_words;
};

static bool
wish_fits(struct session *s, const struct wish *wish)
{
	if (wish->n_words > STRIP_KEEP_WORDS) {
		session_refuse(s, EX_DATAERR, "%zu words are kept, allowed are %d: keep fewer",
		    wish->n_words, STRIP_KEEP_WORDS);
		return false;
	}
	for (size_t i = 0; i < wish->n_words; i++)
		if (strlen(wish->words[i]) > STRIP_KEEP_WORD_BYTES) {
			session_refuse(s, EX_DATAERR,
			    "words that are kept have %zu bytes, allowed are %d: keep fewer at a "
			    "time",
			    strlen(wish->words[i]), STRIP_KEEP_WORD_BYTES);
			return false;
		}
	return true;
}

/* Replace each field by what strip() leaves of it. False: the request was refused. */
static bool
strip_fields(struct room *r, struct session *s, const struct field *fields, size_t n,
    const struct wish *wish)
{
	const struct intake *in = r->state;
	struct strip_keep keep = { .labels = strip_mask(wish->labels, wish->n_labels),
		.never = in->not_keepable };

	if (!wish_fits(s, wish))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct field *f = &fields[i];
		size_t len = strlen(*f->text);
		struct strip_result clean;

		if (len > f->max) {
			session_refuse(s, EX_DATAERR,
			    "%s has %zu bytes, allowed are %zu: shorten it", f->name, len, f->max);
			return false;
		}
		if (strip_keep_words(&r->arena, &keep, *f->text, len, wish->words, wish->n_words) <
			0 ||
		    strip(&r->arena, &clean, *f->text, len, STRIP_REPORTER, &keep) < 0) {
			intake_too_large(s);
			return false;
		}
		*f->text = arena_copy(&r->arena, clean.text.p, clean.text.len);
		if (*f->text == NULL) {
			intake_too_large(s);
			return false;
		}
	}
	return true;
}

/* What the sealed entry says of its attachments. NULL when there is no memory. */
static Candor__AttachmentInfo **
attachment_infos(struct arena *a, const struct intake_session *x)
{
	Candor__AttachmentInfo **infos =
	    arena_alloc(a, (x->n_attachments + 1) * sizeof(struct { void *p; }));

	for (unsigned i = 0; infos != NULL && i < x->n_attachments; i++) {
		const struct attached *is = &x->attached[i];
		const char *type = file_type_name(is->type);

		if ((infos[i] = arena_alloc(a, sizeof(*infos[i]))) == NULL)
			return NULL;
		candor__attachment_info__init(infos[i]);
		if ((infos[i]->type = arena_copy(a, type, strlen(type))) == NULL)
			return NULL;
		infos[i]->bytes = is->bytes;
		infos[i]->original = is->original;
	}
	return infos;
}

/* Pack an entry's content and seal it to the case. */
static bool
entry_seal(struct room *r, struct session *s, ProtobufCBinaryData *out,
    const ProtobufCMessage *entry, const uint8_t recipient[AGE_KEY_BYTES])
{
	struct span plain, sealed;

	if (wire_pack(&r->arena, &plain, entry) < 0 ||
	    seal_entry(&r->arena, &sealed, plain.p, plain.len, recipient, NULL) < 0) {
		intake_too_large(s);
		return false;
	}
	*out = wire_bytes(sealed.p, sealed.len);
	return true;
}

/* The officers a report keeps out, by name; the report then holds their names proper. False: refused,
 * since a name that is not found keeps nobody out. */
static bool
keep_out_find(
    struct room *r, struct session *s, const struct officer **out, const Candor__Report *report)
{
	const struct intake *in = r->state;

	if (report->n_keep_out > DIRECTORY_OFFICERS_MAX) {
		session_refuse(
		    s, EX_DATAERR, "keep_out names more than %d officers", DIRECTORY_OFFICERS_MAX);
		return false;
	}
	for (size_t i = 0; i < report->n_keep_out; i++) {
		if ((out[i] = directory_by_name(in->roster.directory, report->keep_out[i])) ==
		    NULL) {
			session_refuse(s, EX_DATAERR,
			    "keep_out[%zu] is no officer of the directory: `candor guide` lists "
			    "their names; nothing was filed",
			    i);
			return false;
		}
		/* As the directory spells it: how somebody writes a name tells of them. */
		report->keep_out[i] = arena_copy(&r->arena, out[i]->name, strlen(out[i]->name));
		if (report->keep_out[i] == NULL) {
			intake_too_large(s);
			return false;
		}
	}
	return true;
}

static bool
report_check(struct room *r, struct session *s, const Candor__Report *report,
    const Candor__Category *category)
{
	if (category == NULL)
		session_refuse(
		    s, EX_DATAERR, "category is not one of this site's: `candor guide` lists them");
	else if (report->kind > 1)
		session_refuse(s, EX_DATAERR, "kind is neither 0 (incident) nor 1 (question)");
	else if (report->site[0] != '\0' && site_find(r, report->site) == NULL)
		session_refuse(
		    s, EX_DATAERR, "site is not one of this site's: `candor guide` lists them");
	else if (report->narrative[0] == '\0')
		session_refuse(s, EX_DATAERR, "narrative is empty: say what happened");
	else if (report->lookup.len != RECEIPT_LOOKUP_BYTES ||
		 report->recipient.len != AGE_KEY_BYTES)
		session_refuse(s, EX_PROTOCOL, "lookup and recipient have 32 bytes each");
	else if (!keys_x25519_valid(report->recipient.data))
		session_refuse(s, EX_PROTOCOL, "recipient is a key to which nothing can be sealed");
	else if (report->n_urls > URLS_MAX)
		session_refuse(s, EX_DATAERR, "urls has %zu entries, allowed are %d",
		    report->n_urls, URLS_MAX);
	else
		return true;
	return false;
}

/* The words of a report, stripped and sealed. */
static bool
report_entry(struct room *r, struct session *s, ProtobufCBinaryData *out,
    const Candor__Report *report, const uint8_t recipient[AGE_KEY_BYTES])
{
	Candor__ReportEntry entry = CANDOR__REPORT_ENTRY__INIT;
	const struct intake_session *x = session_extra(s);
	struct field fields[3 + URLS_MAX] = {
		{ "place", &entry.place, PLACE_MAX },
		{ "platform", &entry.platform, PLATFORM_MAX },
		{ "narrative", &entry.narrative, WIRE_TEXT_MAX },
	};
	size_t n_fields = 3;
	char *urls[URLS_MAX];

	entry.place = report->place;
	entry.platform = report->platform;
	entry.narrative = report->narrative;
	for (size_t i = 0; i < report->n_urls; i++) {
		urls[i] = report->urls[i];
		fields[n_fields++] = (struct field){ "urls", &urls[i], URL_MAX };
	}
	if (!strip_fields(r, s, fields, n_fields,
		&(struct wish){ .labels = report->keep,
		    .n_labels = report->n_keep,
		    .words = report->keep_words,
		    .n_words = report->n_keep_words }))
		return false;
	entry.urls = urls;
	entry.n_urls = report->n_urls;
	entry.site = report->site;
	entry.receipt_recipient = report->recipient;
	entry.seen_on = report->seen_on;
	entry.keep_out = report->keep_out;
	entry.n_keep_out = report->n_keep_out;
	entry.n_attachments = x->n_attachments;
	if ((entry.attachments = attachment_infos(&r->arena, x)) == NULL) {
		intake_too_large(s);
		return false;
	}
	return entry_seal(r, s, out, &entry.base, recipient);
}

static Candor__Clock
clock_of(const char *name, day_t due)
{
	union {
		const char *c;
		char *m;
	} u = { .c = name };
	Candor__Clock clock = CANDOR__CLOCK__INIT;

	clock.name = u.m;
	clock.due = due;
	return clock;
}

/*
 * What intake gives store with a case's public key, and wants back with it before it seals a further
 * message: so that a database in which somebody changed the key gets nothing sealed to it.
 */
static void
case_proof(uint8_t out[32], const struct intake *in, const uint8_t lookup_hash[32],
    const uint8_t recipient[AGE_KEY_BYTES])
{
	uint8_t both[32 + AGE_KEY_BYTES];

	memcpy(both, lookup_hash, 32);
	memcpy(both + 32, recipient, AGE_KEY_BYTES);
	crypto_generichash(out, 32, both, sizeof(both), in->proof_key, crypto_kdf_KEYBYTES);
}

void
report_request(struct room *r, struct session *s, const Candor__Report *report)
{
	const struct intake *in = r->state;
	struct intake_session *x = session_extra(s);
	const Candor__Category *category = category_find(r, report->category);
	const struct officer *keep_out[DIRECTORY_OFFICERS_MAX];
	Candor__StoreReport out = CANDOR__STORE_REPORT__INIT;
	Candor__Clock acknowledge, feedback, *clocks[] = { &acknowledge, &feedback };
	struct sealed_case sealed;
	char *readers[DIRECTORY_OFFICERS_MAX];
	uint8_t lookup_hash[32], proof[32], recipient[AGE_KEY_BYTES], *identity = x->identity;
	int e;

	if (x->following) {
		session_refuse(s, EX_PROTOCOL, "a session that follows a case files no other");
		return;
	}
	if (!report_check(r, s, report, category) || !keep_out_find(r, s, keep_out, report) ||
	    !attach_complete(r, s, report->n_attachments))
		return;
	/* Each report has a key of its own, and of one without attachments it is gone with this request. */
	if (x->staged)
		memcpy(recipient, x->recipient, sizeof(recipient));
	else if ((identity = arena_alloc(&r->arena, AGE_KEY_BYTES)) != NULL)
		age_keypair(identity, recipient);
	else {
		intake_too_large(s);
		return;
	}
	e = seal_case(&r->arena, &sealed, in->roster.directory, identity, recipient, category->id,
	    category->roles_mask, keep_out, report->n_keep_out);
	if (e == CANDOR_ENOTFOUND) {
		session_refuse(s, EX_UNAVAILABLE,
		    report->n_keep_out > 0
			? "everybody who receives this category is kept out: nothing was filed; "
			  "choose another "
			  "category or one of the outside bodies that `candor guide` names"
			: "nobody receives this category at present: nothing was filed; choose "
			  "another category or "
			  "one of the outside bodies that `candor guide` names");
		return;
	}
	if (e < 0) {
		intake_too_large(s);
		return;
	}
	if (!report_entry(r, s, &out.entry, report, recipient))
		return;

	receipt_lookup_hash(lookup_hash, report->lookup.data);
	for (size_t i = 0; i < sealed.n_readers; i++) {
		readers[i] =
		    arena_copy(&r->arena, sealed.readers[i]->name, strlen(sealed.readers[i]->name));
		if (readers[i] == NULL) {
			intake_too_large(s);
			return;
		}
	}
	out.lookup_hash = wire_bytes(lookup_hash, sizeof(lookup_hash));
	out.case_recipient = wire_bytes(recipient, sizeof(recipient));
	case_proof(proof, in, lookup_hash, recipient);
	out.case_proof = wire_bytes(proof, sizeof(proof));
	out.secret = wire_bytes(sealed.secret.p, sealed.secret.len);
	out.readers = readers;
	out.n_readers = sealed.n_readers;
	out.kind = report->kind;
	out.category = category->id;
	out.severity = category->severity;
	out.site = arena_copy(
	    &r->arena, site_in_clear(r, report->site), strlen(site_in_clear(r, report->site)));
	if (out.site == NULL) {
		intake_too_large(s);
		return;
	}
	out.received_on = today();
	acknowledge = clock_of("acknowledge", out.received_on + (day_t)category->acknowledge_days);
	feedback = clock_of("feedback", day_add_months(acknowledge.due, category->feedback_months));
	out.clocks = clocks;
	out.n_clocks = NELEM(clocks);
	out.feedback_months = category->feedback_months;
	out.directory_version = in->roster.directory->version;
	out.immediate = category->immediate;
	if (x->n_attachments > 0)
		out.stage = wire_bytes(x->stage, sizeof(x->stage));
	out.n_attachments = x->n_attachments;
	(void)intake_send(r, s, MSG_STORE_REPORT, &out.base);
}

void
message_request(struct room *r, struct session *s, const Candor__Message *message)
{
	struct intake_session *x = session_extra(s);
	Candor__TextEntry entry = CANDOR__TEXT_ENTRY__INIT;
	Candor__StoreMessage out = CANDOR__STORE_MESSAGE__INIT;
	const struct field text = { "text", &entry.text, WIRE_TEXT_MAX };

	if (!x->following || message->id.len != 16) {
		session_refuse(s, EX_PROTOCOL,
		    "a message follows a FOLLOW in the same session, with an id of 16 "
		    "bytes");
		return;
	}
	if (!x->has_key) {
		session_refuse(s, EX_UNAVAILABLE,
		    "this case's key is not one that this service made, so nothing is sealed to "
		    "it: "
		    "nothing was sent; file a new report and mention this one");
		return;
	}
	if (message->text[0] == '\0' && message->n_attachments == 0) {
		session_refuse(
		    s, EX_DATAERR, "the message is empty: say something or attach something");
		return;
	}
	entry.text = message->text;
	if (!attach_complete(r, s, message->n_attachments) ||
	    !strip_fields(r, s, &text, 1,
		&(struct wish){ .labels = message->keep,
		    .n_labels = message->n_keep,
		    .words = message->keep_words,
		    .n_words = message->n_keep_words }))
		return;
	entry.n_attachments = x->n_attachments;
	if ((entry.attachments = attachment_infos(&r->arena, x)) == NULL) {
		intake_too_large(s);
		return;
	}
	if (!entry_seal(r, s, &out.entry, &entry.base, x->recipient))
		return;
	out.lookup_hash = wire_bytes(x->lookup_hash, sizeof(x->lookup_hash));
	out.id = message->id;
	out.received_on = today();
	if (x->n_attachments > 0)
		out.stage = wire_bytes(x->stage, sizeof(x->stage));
	out.n_attachments = x->n_attachments;
	(void)intake_send(r, s, MSG_STORE_MESSAGE, &out.base);
}

/* Durable: the one place where FILED is said. */
int
on_stored(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg)
{
	const Candor__Stored *stored = (const Candor__Stored *)msg;
	struct intake *in = r->state;
	struct session *s = session_find(in->server, tag);
	Candor__Filed filed = CANDOR__FILED__INIT;
	struct intake_session *x;

	(void)from;
	if (s == NULL)
		return 0;
	x = session_extra(s);
	x->staged = false; /* the case has them now; or had them before, and store dropped these */
	attach_forget(r, x);
	filed.again = stored->again;
	filed.acknowledge_by = stored->acknowledge_by;
	filed.feedback_by = stored->feedback_by;
	session_answer(s, MSG_FILED, &filed.base);
	return 0;
}

void
follow_request(struct room *r, struct session *s, const Candor__Follow *follow)
{
	struct intake_session *x = session_extra(s);
	Candor__Lookup out = CANDOR__LOOKUP__INIT;

	if (follow->lookup.len != RECEIPT_LOOKUP_BYTES) {
		session_refuse(s, EX_PROTOCOL, "lookup has %d bytes", RECEIPT_LOOKUP_BYTES);
		return;
	}
	/* Whatever was attached was sealed to another case, or to this one as it was known before. */
	attach_forget(r, x);
	x->following = x->has_key = false; /* until store has found it */
	receipt_lookup_hash(x->lookup_hash, follow->lookup.data);
	out.lookup_hash = wire_bytes(x->lookup_hash, sizeof(x->lookup_hash));
	out.after = follow->after;
	(void)intake_send(r, s, MSG_LOOKUP, &out.base);
}

static void
say_tampered(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	log_error("a case's public key in the database is not one that intake made: nothing is "
		  "sealed to it; was the database or intake_key changed?");
}

/* Who changed a key may be who reads the log: a line at once would tell when the reporter came. */
static void
tampered(struct room *r)
{
	struct intake *in = r->state;
	struct timeval later = { .tv_sec = 3600 + randombytes_uniform(23 * 3600) };

	if (!in->tampered)
		in->tampered =
		    event_base_once(r->base, -1, EV_TIMEOUT, say_tampered, NULL, &later) == 0;
}

int
on_looked_up(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg)
{
	const Candor__LookedUp *found = (const Candor__LookedUp *)msg;
	struct intake *in = r->state;
	struct session *s = session_find(in->server, tag);
	struct intake_session *x;
	uint8_t proof[32];

	(void)from;
	if (s == NULL)
		return 0;
	x = session_extra(s);
	if (!found->found) {
		session_refuse(s, EX_DATAERR, "nothing was filed under this receipt");
		return 0;
	}
	if (found->followed == NULL || found->case_recipient.len != AGE_KEY_BYTES)
		return CANDOR_EBADMSG;
	memcpy(x->recipient, found->case_recipient.data, AGE_KEY_BYTES);
	case_proof(proof, in, x->lookup_hash, x->recipient);
	x->following = true;
	x->has_key = found->case_proof.len == sizeof(proof) &&
		     sodium_memcmp(found->case_proof.data, proof, sizeof(proof)) == 0;
	if (!x->has_key)
		tampered(r);
	session_answer(s, MSG_FOLLOWED, &found->followed->base);
	return 0;
}
