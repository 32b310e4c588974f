/* SPDX-License-Identifier: ISC */
/*
 * `candor case …`: opening a case, moving it through its states, writing to its reporter, and changing
 * who can read it. Runs in the client. Must never send words but sealed to the case.
 */
#include "officer_case.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "candor/casestate.h"
#include "candor/filetype.h"
#include "candor/seal.h"

#include "officer_template.h"
#include "officer_wrap.h"
#include "term.h"
#include "verb.h"

#define HINT_MS 2000

/* ---- opening -------------------------------------------------------------------------------- */

static int
fetch(struct officer_session *s, struct open_case *k, char *number, bool search)
{
	Candor__CaseRef ref = CANDOR__CASE_REF__INIT;
	ProtobufCMessage *answer;
	int r;

	ref.number = number;
	ref.search = search;
	r = officer_call(s, &s->c->arena, MSG_CASE_GET, &ref.base, MSG_CASE, &answer);
	if (r != 0)
		return r;
	*k = (struct open_case){ .record = (const Candor__CaseRecord *)answer };
	if (k->record->summary == NULL || strcmp(k->record->summary->number, number) != 0)
		return client_fail(
		    s->c, EX_PROTOCOL, "the daemon sent another case than was asked for");
	return 0;
}

int
case_fetch(struct officer_session *s, struct open_case *k, char *number)
{
	return fetch(s, k, number, false);
}

/* The key opens it no more, or not yet: who can help? */
static int
not_sealed(struct officer_session *s, const struct open_case *k, const char *number)
{
	const char *me = s->me != NULL ? s->me->name : "your name";
	char others[256] = "";

	for (size_t i = 0; i < k->record->n_readers; i++) {
		size_t used = strlen(others);

		if (strcmp(k->record->readers[i], me) != 0)
			snprintf(others + used, sizeof(others) - used, "%s%s", used > 0 ? ", " : "",
			    k->record->readers[i]);
	}
	if (others[0] == '\0')
		return client_fail(s->c, EX_NOPERM,
		    "%s is not sealed to your key, and nobody else reads it: if your key changed, "
		    "run `candor key rotate`; if the old one is lost, the escrow opens it (`candor "
		    "recover`)",
		    number);
	return client_fail(s->c, EX_NOPERM,
	    "%s is not sealed to your key: ask one of its readers (%s) to run `candor case grant "
	    "%s "
	    "\"%s\"`",
	    number, others, number, me);
}

static int
open_fetched(struct officer_session *s, struct open_case *k, char *number, bool search)
{
	struct client *c = s->c;
	int r, e;

	if ((r = fetch(s, k, number, search)) != 0)
		return r;
	if (strcmp(k->record->summary->state, case_state_name(CASE_DESTROYED)) == 0)
		return client_fail(c, EX_DATAERR,
		    "%s is destroyed: `candor case certificate %s` says when, and why", number,
		    number);
	if ((k->identity = arena_alloc(&c->arena, AGE_KEY_BYTES)) == NULL)
		return client_fail_memory(c);
	e = seal_open_case(&c->arena, k->identity, WIRE_SPAN(k->record->secret),
	    s->opener != NULL ? s->opener : s->keys->age);
	if (e == CANDOR_ENOMEM)
		return client_fail_memory(c);
	if (e == CANDOR_ENOTFOUND)
		return not_sealed(s, k, number);
	if (e != 0)
		return client_fail(c, EX_DATAERR,
		    "the secret of %s is damaged: nothing was done. Tell an administrator", number);
	return 0;
}

int
case_open(struct officer_session *s, struct open_case *k, char *number)
{
	return open_fetched(s, k, number, false);
}

int
case_open_to_search(struct officer_session *s, struct open_case *k, char *number)
{
	return open_fetched(s, k, number, true);
}

int
entry_next(struct entry_reader *e, struct arena *a, struct span *piece)
{
	Candor__EntryGet get = CANDOR__ENTRY_GET__INIT;
	const Candor__EntryPart *part;
	ProtobufCMessage *answer;
	int r;

	get.number = e->number;
	get.n = e->n;
	get.offset = e->offset;
	if ((r = officer_call(e->s, a, MSG_ENTRY_GET, &get.base, MSG_ENTRY, &answer)) != 0)
		return r;
	part = (const Candor__EntryPart *)answer;
	if (part->data.len == 0 || (e->offset > 0 && part->total != e->total) ||
	    part->data.len > part->total - e->offset)
		return client_fail(
		    e->s->c, EX_PROTOCOL, "the daemon's pieces of entry %u do not fit", e->n);
	e->total = part->total;
	e->offset += part->data.len;
	*piece = WIRE_SPAN(part->data);
	return 0;
}

/* All of a sealed entry, in c->scratch. */
static int
fetch_entry(struct officer_session *s, char *number, uint32_t n, struct span *out)
{
	struct entry_reader e = { .s = s, .number = number, .n = n };
	struct arena *a = &s->c->scratch;
	uint8_t *p = arena_alloc(a, WIRE_PACKET_MAX);

	if (p == NULL)
		return client_fail_memory(s->c);
	do {
		arena_mark_t mark = arena_mark(a);
		size_t at = (size_t)e.offset;
		struct span piece;
		int r;

		if ((r = entry_next(&e, a, &piece)) != 0)
			return r;
		if (e.total > WIRE_PACKET_MAX)
			return client_fail(s->c, EX_DATAERR,
			    "entry %u is too large for words: `candor case save` may take it", n);
		memcpy(p + at, piece.p, piece.len);
		arena_release(a, mark);
	} while (e.offset < e.total);
	*out = (struct span){ p, (size_t)e.total };
	return 0;
}

bool
entry_is(const Candor__EntryInfo *info, const char *kind)
{
	return strcmp(info->kind, kind) == 0;
}

const Candor__EntryInfo *
case_report(const struct open_case *k)
{
	for (size_t i = 0; i < k->record->n_entries; i++)
		if (entry_is(k->record->entries[i], "report"))
			return k->record->entries[i];
	return NULL;
}

const Candor__EntryInfo *
case_entry_info(const struct open_case *k, uint32_t n)
{
	for (size_t i = 0; i < k->record->n_entries; i++)
		if (k->record->entries[i]->n == n)
			return k->record->entries[i];
	return NULL;
}

int
case_entry(struct officer_session *s, const struct open_case *k, const Candor__EntryInfo *info,
    ProtobufCMessage **out)
{
	struct client *c = s->c;
	struct span sealed, plain;
	int r, e;

	if ((r = fetch_entry(s, k->record->summary->number, info->n, &sealed)) != 0)
		return r;
	if ((e = seal_open_entry(&c->scratch, &plain, sealed, k->identity)) == 0)
		e = wire_unpack_as(&c->scratch, out,
		    entry_is(info, "report") ? &candor__report_entry__descriptor
					     : &candor__text_entry__descriptor,
		    plain.p, plain.len);
	if (e == CANDOR_ENOMEM)
		return client_fail_memory(c);
	if (e != 0)
		return client_fail(
		    c, EX_DATAERR, "entry %u cannot be opened: it is damaged", info->n);
	return 0;
}

int
case_seen_on(struct officer_session *s, const struct open_case *k, int32_t *day)
{
	arena_mark_t mark = arena_mark(&s->c->scratch);
	const Candor__EntryInfo *info = case_report(k);
	ProtobufCMessage *report;
	int r = info != NULL ? case_entry(s, k, info, &report) : EX_DATAERR;

	*day = r == 0 ? ((const Candor__ReportEntry *)report)->seen_on : 0;
	arena_release(&s->c->scratch, mark);
	return r == EX_DATAERR ? 0 : r;
}

void
attachment_name(char out[ATTACHMENT_NAME_MAX], uint32_t n, const char *type)
{
	snprintf(out, ATTACHMENT_NAME_MAX, "attachment-%u%s", n, file_type_ending(type));
}

/* ---- words ---------------------------------------------------------------------------------- */

/*
 * The receipt that replies are sealed to stands in the sealed report: what a database says of it
 * would not count. And a report that opens shows that the case's secret is the one that it was
 * sealed to.
 */
static int
receipt_of(struct officer_session *s, const struct open_case *k, uint8_t receipt[AGE_KEY_BYTES])
{
	arena_mark_t mark = arena_mark(&s->c->scratch);
	const Candor__EntryInfo *info = case_report(k);
	const ProtobufCBinaryData *found;
	ProtobufCMessage *report;
	int r;

	if (info == NULL)
		return client_fail(s->c, EX_DATAERR, "this case has no report: nothing was sent");
	if ((r = case_entry(s, k, info, &report)) == 0) {
		found = &((const Candor__ReportEntry *)report)->receipt_recipient;
		if (found->len == AGE_KEY_BYTES)
			memcpy(receipt, found->data, AGE_KEY_BYTES);
		else
			r = client_fail(s->c, EX_DATAERR,
			    "this case has no receipt: nobody could read a reply, nothing was "
			    "sent");
	}
	arena_release(&s->c->scratch, mark);
	return r;
}

int
case_seal(struct officer_session *s, const struct open_case *k, const Candor__TextEntry *entry,
    bool to_reporter, struct span *out)
{
	uint8_t recipient[AGE_KEY_BYTES], receipt[AGE_KEY_BYTES];
	struct client *c = s->c;
	struct span plain;
	int r;

	if ((r = receipt_of(s, k, receipt)) != 0)
		return r;
	if (wire_pack(&c->arena, &plain, &entry->base) != 0)
		return client_fail_memory(c);
	age_recipient_of(recipient, k->identity);
	r = seal_entry(&c->arena, out, plain.p, plain.len, recipient, to_reporter ? receipt : NULL);
	if (r == CANDOR_ENOMEM)
		return client_fail_memory(c);
	return r == 0 ? 0
		      : client_fail(
			    c, EX_DATAERR, "the receipt's public key is damaged: nothing was sent");
}

int
case_seal_words(struct officer_session *s, const struct open_case *k, struct span words,
    bool to_reporter, struct span *out)
{
	Candor__TextEntry entry = CANDOR__TEXT_ENTRY__INIT;

	if ((entry.text = arena_copy(&s->c->arena, words.p, words.len)) == NULL)
		return client_fail_memory(s->c);
	return case_seal(s, k, &entry, to_reporter, out);
}

int
case_take_words(struct officer_session *s, const struct open_case *k, const char *prompt,
    bool to_reporter, struct span *out)
{
	struct span words;
	int r;

	if ((r = officer_words(s, &words, prompt)) != 0)
		return r;
	return case_seal_words(s, k, words, to_reporter, out);
}

int
case_send_words(struct officer_session *s, unsigned kind, const ProtobufCMessage *msg)
{
	struct client *c = s->c;
	bool again = true;
	int r;

	for (;;) {
		if ((r = officer_begin(s)) == 0)
			r = officer_do(s, kind, msg);
		if (!link_may_retry(r) || !c->interactive)
			return r;
		fprintf(stderr, "candor: %s\n", c->error);
		if (term_confirm(c, &again, true,
			"Your words are still here, and may not have arrived. Send them again?") !=
			0 ||
		    !again)
			return r;
	}
}

static int
case_write(struct officer_session *s, int argc, char **argv)
{
	bool to_reporter = strcmp(argv[0], "reply") == 0;
	Candor__CaseWrite write = CANDOR__CASE_WRITE__INIT;
	struct template_choice t = { 0 };
	const struct verb_option options[] = { TEMPLATE_OPTIONS(t) };
	struct open_case k;
	struct span sealed;
	char *number;
	int r;

	if ((r = verb_options(s->c,
		 to_reporter ? "case reply CASE " TEMPLATE_USAGE : "case note CASE", options,
		 to_reporter ? NELEM(options) : 0, &argc, argv, 1, 1)) != 0 ||
	    (r = officer_case_number(s->c, &number, argv[1])) != 0 || (r = officer_begin(s)) != 0 ||
	    (r = case_open(s, &k, number)) != 0)
		return r;
	r = to_reporter
		? template_take_words(s, &k, &t, NULL, "Your words to the reporter", &sealed)
		: case_take_words(s, &k, "A note for the case's readers", false, &sealed);
	if (r != 0)
		return r;
	write.number = number;
	write.entry = wire_bytes(sealed.p, sealed.len);
	write.to_reporter = to_reporter;
	return case_send_words(s, MSG_CASE_WRITE, &write.base);
}

/* ---- states --------------------------------------------------------------------------------- */

/* Say before anybody writes words that the state does not allow it. */
static int
check_event(struct officer_session *s, const struct open_case *k, enum case_event event)
{
	const char *name = k->record->summary->state;
	enum case_state state;
	char allowed[256];

	if (case_state_parse(&state, name) != 0 || case_next(state, event) != CASE_NONE)
		return 0;
	case_allowed(allowed, sizeof(allowed), state);
	return client_fail(s->c, EX_DATAERR, "%s is %s: %s is not possible now, but %s",
	    k->record->summary->number, name, case_event_name(event), allowed);
}

static int
case_move(struct officer_session *s, int argc, char **argv)
{
	static const enum case_event events[] = { EV_ACK, EV_TRIAGE, EV_INVESTIGATE, EV_CLOSE,
		EV_REOPEN };
	Candor__CaseAct act = CANDOR__CASE_ACT__INIT;
	char usage[64];
	int r;

	snprintf(usage, sizeof(usage), "case %s CASE", argv[0]);
	if ((r = verb_options(s->c, usage, NULL, 0, &argc, argv, 1, 1)) != 0 ||
	    (r = officer_case_number(s->c, &act.number, argv[1])) != 0)
		return r;
	for (size_t i = 0; i < NELEM(events); i++)
		if (strcmp(argv[0], case_event_name(events[i])) == 0)
			act.event = events[i];
	if ((r = officer_begin(s)) != 0)
		return r;
	return officer_do(s, MSG_CASE_ACT, &act.base);
}

static int
case_await(struct officer_session *s, int argc, char **argv)
{
	Candor__CaseAct act = CANDOR__CASE_ACT__INIT;
	struct template_choice t = { 0 };
	const struct verb_option options[] = { TEMPLATE_OPTIONS(t) };
	struct open_case k;
	struct span sealed;
	int r;

	if ((r = verb_options(s->c, "case await CASE " TEMPLATE_USAGE, options, NELEM(options),
		 &argc, argv, 1, 1)) != 0 ||
	    (r = officer_case_number(s->c, &act.number, argv[1])) != 0 ||
	    (r = officer_begin(s)) != 0 || (r = case_open(s, &k, act.number)) != 0 ||
	    (r = check_event(s, &k, EV_AWAIT)) != 0 ||
	    (r = template_take_words(s, &k, &t, NULL, "Your question to the reporter", &sealed)) !=
		0)
		return r;
	act.event = EV_AWAIT;
	act.entry = wire_bytes(sealed.p, sealed.len);
	act.to_reporter = true;
	return case_send_words(s, MSG_CASE_ACT, &act.base);
}

static int
check_outcome(struct client *c, const char *outcome)
{
	enum case_outcome parsed;
	char known[256] = "";

	if (outcome != NULL && case_outcome_parse(&parsed, outcome) == 0 && parsed != OUTCOME_NONE)
		return 0;
	for (int i = OUTCOME_NONE + 1; i < OUTCOME__N; i++) {
		size_t used = strlen(known);

		snprintf(known + used, sizeof(known) - used, "%s%s", used > 0 ? ", " : "",
		    case_outcome_name((enum case_outcome)i));
	}
	if (outcome == NULL)
		return client_fail(c, EX_USAGE, "say how it ended: --outcome is one of %s", known);
	return client_fail(c, EX_USAGE, "\"%s\" is no outcome: there are %s", outcome, known);
}

int
case_optional_words(struct officer_session *s, const struct open_case *k, const char *question,
    const char *prompt, bool to_reporter, struct span *sealed)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	struct client *c = s->c;
	struct span words;
	bool wanted;
	int r;

	*sealed = (struct span){ 0 };
	if (s->words != NULL)
		return 0;
	if (c->interactive) {
		if ((r = term_confirm(c, &wanted, false, question)) != 0)
			return r;
		return wanted ? case_take_words(s, k, prompt, to_reporter, sealed) : 0;
	}
	if (isatty(STDIN_FILENO))
		return 0;
	/* A pipe that a script forgot to close looks like somebody who thinks. */
	if (poll(&in, 1, HINT_MS) == 0)
		fputs("candor: reading words from standard input, up to its end; for none: "
		      "</dev/null\n",
		    stderr);
	if ((r = client_read_fd(
		 c, &c->arena, &words, STDIN_FILENO, "standard input", WIRE_TEXT_MAX)) != 0)
		return r;
	if ((r = officer_check_words(c, &words)) != 0)
		return r;
	return words.len > 0 ? case_seal_words(s, k, words, to_reporter, sealed) : 0;
}

static int
case_resolve(struct officer_session *s, int argc, char **argv)
{
	struct client *c = s->c;
	Candor__CaseAct act = CANDOR__CASE_ACT__INIT;
	char *actions[VERB_STRINGS_MAX];
	struct verb_strings given = { 0 };
	const char *outcome = NULL, *prompt = "Your words to the reporter";
	struct template_choice t = { 0 };
	const struct verb_option options[] = {
		{ "--outcome", .value = &outcome },
		{ "--action", .values = &given },
		TEMPLATE_OPTIONS(t),
	};
	struct open_case k;
	struct span sealed;
	int r;

	if ((r = verb_options(c, "case resolve CASE --outcome O [--action A]… " TEMPLATE_USAGE,
		 options, NELEM(options), &argc, argv, 1, 1)) != 0 ||
	    (r = officer_case_number(c, &act.number, argv[1])) != 0 ||
	    (r = check_outcome(c, outcome)) != 0)
		return r;
	for (size_t i = 0; i < given.n; i++)
		if ((actions[i] = officer_string(c, given.v[i])) == NULL)
			return client_fail_memory(c);
	if ((act.outcome = officer_string(c, outcome)) == NULL)
		return client_fail_memory(c);
	act.event = EV_RESOLVE;
	act.actions = actions;
	act.n_actions = given.n;
	if ((r = officer_begin(s)) != 0 || (r = case_open(s, &k, act.number)) != 0 ||
	    (r = check_event(s, &k, EV_RESOLVE)) != 0)
		return r;
	r = t.id != NULL ? template_take_words(s, &k, &t, outcome, prompt, &sealed)
			 : case_optional_words(
			       s, &k, "Write to the reporter as well?", prompt, true, &sealed);
	if (r != 0)
		return r;
	act.entry = wire_bytes(sealed.p, sealed.len);
	act.to_reporter = sealed.len > 0;
	return case_send_words(s, MSG_CASE_ACT, &act.base);
}

/* ---- readers ----------------------------------------------------------------------------- */

/* The case and the officer that the arguments name. */
static int
case_and_officer(
    struct officer_session *s, int argc, char **argv, char **number, const struct officer **o)
{
	char usage[64];
	int r;

	snprintf(usage, sizeof(usage), "case %s CASE OFFICER", argv[0]);
	if ((r = verb_options(s->c, usage, NULL, 0, &argc, argv, 2, 2)) != 0 ||
	    (r = officer_case_number(s->c, number, argv[1])) != 0 || (r = officer_begin(s)) != 0 ||
	    (r = officer_find(s, o, argv[2])) != 0)
		return r;
	return officer_check_reads(s->c, *o);
}

static int
case_grant(struct officer_session *s, int argc, char **argv)
{
	const struct officer *o;
	const struct rewrap w = { .plus = &o, .n_plus = 1 };
	char *number, said[128];
	int r;

	if ((r = case_and_officer(s, argc, argv, &number, &o)) != 0 ||
	    (r = case_rewrap(s, number, &w)) != 0)
		return r;
	snprintf(said, sizeof(said), "%s can read %s now", o->name, number);
	return officer_done(s->c, said);
}

static int
case_assign(struct officer_session *s, int argc, char **argv)
{
	Candor__CaseAssign assign = CANDOR__CASE_ASSIGN__INIT;
	const struct officer *o;
	const struct rewrap w = { .plus = &o, .n_plus = 1 };
	struct open_case k;
	int r;

	if ((r = case_and_officer(s, argc, argv, &assign.number, &o)) != 0 ||
	    (r = case_fetch(s, &k, assign.number)) != 0)
		return r;
	if (!case_is_read_by(&k, o) && (r = case_rewrap(s, assign.number, &w)) != 0)
		return r;
	if ((assign.officer = officer_string(s->c, o->name)) == NULL)
		return client_fail_memory(s->c);
	return officer_do(s, MSG_CASE_ASSIGN, &assign.base);
}

static int
case_recuse(struct officer_session *s, int argc, char **argv)
{
	char *number, said[128];
	struct rewrap w = { 0 };
	int r;

	if ((r = verb_options(s->c, "case recuse CASE", NULL, 0, &argc, argv, 1, 1)) != 0 ||
	    (r = officer_case_number(s->c, &number, argv[1])) != 0 || (r = officer_begin(s)) != 0)
		return r;
	w.minus = s->me->name;
	if ((r = case_rewrap(s, number, &w)) != 0)
		return r;
	snprintf(said, sizeof(said), "you read %s no more", number);
	return officer_done(s->c, said);
}

/* ---- the verb ------------------------------------------------------------------------------- */

int
officer_case(struct officer_session *s, int argc, char **argv)
{
	static const struct officer_verb verbs[] = {
		{ "show", case_show },
		{ "ack", case_move },
		{ "triage", case_move },
		{ "investigate", case_move },
		{ "await", case_await },
		{ "reply", case_write },
		{ "note", case_write },
		{ "assign", case_assign },
		{ "grant", case_grant },
		{ "recuse", case_recuse },
		{ "resolve", case_resolve },
		{ "close", case_move },
		{ "reopen", case_move },
		{ "save", case_save },
		{ "link", case_link },
		{ "merge", case_merge },
		{ "tag", case_tag },
		{ "action", case_action },
		{ "checkin", case_checkin },
		{ "breach", case_breach },
		{ "hold", case_hold },
		{ "destroy", case_destroy },
		{ "certificate", case_certificate },
		{ "export", case_export },
		{ "clocks", case_clocks },
		{ "discovered", case_discovered },
		{ "pause", case_clock },
		{ "resume", case_clock },
		{ "met", case_clock },
		{ "waive", case_clock },
	};

	return officer_run(s, "case", verbs, NELEM(verbs), argc, argv);
}

OFFICER_VERB(verb_case, officer_case)
