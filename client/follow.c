/* SPDX-License-Identifier: ISC */
/*
 * candor follow: how a report stands, what the officers wrote, and an answer to them. The receipt comes
 * from a prompt or standard input and stays in locked memory.
 */
#include <string.h>
#include <unistd.h>

#include <sodium/randombytes.h>
#include <sodium/utils.h>

#include "candor/casestate.h"
#include "candor/day.h"
#include "candor/seal.h"
#include "candor/utf8.h"

#include "attachment.h"
#include "draft.h"
#include "guide.h"
#include "json.h"
#include "link.h"
#include "term.h"
#include "verb.h"

#define USAGE "follow [--reply] [--attach FILE]... [--json]"
#define TRIES 5
#define ID_BYTES 16
/* Anything that may be a receipt with numbers before its words. */
#define RECEIPT_LINE_MAX 512

struct following {
	struct receipt_keys keys;
	json_t *messages; /* with --json; else they are shown as they come */
	json_t *answer;
	uint32_t after; /* shown so far: a retry goes on from there */
	bool shown;

	/* An answer to send. */
	bool reply;
	struct draft_field text;
	struct draft_choice choice;
	uint8_t id[ID_BYTES];
	const struct verb_strings *attachments;
};

/* ---- the receipt ------------------------------------------------------------------------------ */

static int
parse_receipt(struct client *c, char out[RECEIPT_MAX_CHARS], struct span typed)
{
	unsigned word, n;

	if (receipt_parse(out, (const char *)typed.p, typed.len, &word, &n) == 0)
		return 0;
	if (word == 0)
		return client_fail(c, EX_DATAERR,
		    "a receipt has %d words, these are %u: read it once more", RECEIPT_WORDS, n);
	return client_fail(c, EX_DATAERR,
	    "word %u is not one that receipts are made of: look for a letter that was misread",
	    word);
}

static int
ask_receipt(struct client *c, char out[RECEIPT_MAX_CHARS])
{
	for (;;) {
		arena_mark_t mark = arena_mark(&c->scratch);
		struct span typed;
		int r;

		if ((r = term_line_erased(c, &c->scratch, &typed,
			 "Your receipt (seven words): ", RECEIPT_LINE_MAX)) != 0)
			return r;
		r = parse_receipt(c, out, typed);
		arena_release(&c->scratch, mark);
		if (r == 0)
			return 0;
		term_tell(c);
	}
}

/* Standard input: the receipt on the first line, the message behind it. */
static int
read_input(struct client *c, char receipt[RECEIPT_MAX_CHARS], struct span *message)
{
	struct span all, line;
	const uint8_t *lf;
	int r;

	if ((r = client_read_fd(c, &c->arena, &all, STDIN_FILENO, "standard input",
		 WIRE_TEXT_MAX + RECEIPT_LINE_MAX)) != 0)
		return r;
	lf = memchr(all.p, '\n', all.len);
	line = (struct span){ all.p, lf != NULL ? (size_t)(lf - all.p) : all.len };
	if (line.len == 0)
		return client_fail(c, EX_NOINPUT,
		    "the receipt is read from the first line of standard input, which is empty");
	*message = (struct span){ all.p + line.len, all.len - line.len };
	return parse_receipt(c, receipt, line);
}

/* ---- how it stands ---------------------------------------------------------------------------- */

static const char *
state_meaning(const char *state)
{
	/* clang-format off */
	static const struct { const char *state, *meaning; } meanings[] = {
		{ "received",          "safely kept; the officers see it at their next hour" },
		{ "new",               "the officers have it" },
		{ "acknowledged",      "an officer has read it" },
		{ "triaged",           "they know what it is and how urgent" },
		{ "investigating",     "they are looking into it" },
		{ "awaiting-reporter", "they asked you something: answer with `candor follow --reply`" },
		{ "resolved",          "they have come to a result" },
		{ "closed",            "finished" },
		{ "reopened",          "they look into it again" },
		{ "destroyed",         "its content was destroyed at the end of its time" },
	};
	/* clang-format on */

	for (size_t i = 0; i < NELEM(meanings); i++)
		if (strcmp(meanings[i].state, state) == 0)
			return meanings[i].meaning;
	return "";
}

static void
show_state(struct client *c, const Candor__Followed *f)
{
	const char *meaning = state_meaning(f->state);
	char day[DAY_CHARS + 1];
	struct term_flow w;

	printf("State:        ");
	term_flow_begin(&w, stdout, 14);
	w.begun = true;
	term_flow_style(&w, term_style(c, stdout, TERM_BOLD));
	term_flow_text(c, &w, f->state, strlen(f->state));
	term_flow_style(&w, term_style(c, stdout, TERM_PLAIN));
	term_flow_text(c, &w, "  ", 2);
	term_flow_text(c, &w, meaning, strlen(meaning));
	term_flow_end(&w);
	printf("Kind:         %s\n", f->kind == 0 ? "incident" : "question");
	if (f->acknowledged_on != 0)
		printf("Acknowledged: %s\n", client_day(day, f->acknowledged_on));
	else
		printf("Acknowledged: not yet; by %s\n", client_day(day, f->acknowledge_by));
	printf("Feedback by:  %s\n", client_day(day, f->feedback_by));
	if (*f->outcome != '\0' && strcmp(f->outcome, "none") != 0) {
		printf("Outcome:      ");
		term_show_str(c, stdout, f->outcome);
		putchar('\n');
	}
	for (size_t i = 0; i < f->n_actions; i++) {
		printf("Action:       ");
		term_show_str(c, stdout, f->actions[i]);
		putchar('\n');
	}
	putchar('\n');
}

static json_t *
state_json(const Candor__Followed *f, json_t *messages)
{
	bool outcome = strcmp(f->outcome, "none") != 0;

	return json_pack("{s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:O}", "state", f->state, "kind",
	    f->kind == 0 ? "incident" : "question", "acknowledge_by", cjson_day(f->acknowledge_by),
	    "acknowledged_on", cjson_day(f->acknowledged_on), "feedback_by",
	    cjson_day(f->feedback_by), "outcome", cjson_or_null(outcome ? f->outcome : NULL),
	    "actions", cjson_strings(f->actions, f->n_actions), "messages", messages);
}

/* Open one reply with the receipt's key, and show or collect it. One that does not open is said to be
 * there: it may be damaged, but never silently missing. */
static int
take_reply(struct client *c, struct following *f, const Candor__Reply *reply)
{
	arena_mark_t mark = arena_mark(&c->scratch);
	const ProtobufCMessageDescriptor *type = &candor__text_entry__descriptor;
	const char *text = "(this message is damaged and cannot be opened)";
	char day[DAY_CHARS + 1];
	ProtobufCMessage *entry;
	struct span plain;
	int r = 0;

	if (seal_open_entry(&c->scratch, &plain, WIRE_SPAN(reply->sealed), f->keys.identity) == 0 &&
	    wire_unpack_as(&c->scratch, &entry, type, plain.p, plain.len) == 0)
		text = ((const Candor__TextEntry *)entry)->text;
	if (!c->json) {
		printf("%s%s, the officers:%s\n", term_style(c, stdout, TERM_BOLD),
		    client_day(day, reply->on), term_style(c, stdout, TERM_PLAIN));
		term_wrap(c, stdout, 2, text);
		putchar('\n');
	} else if (json_array_append_new(
		       f->messages, json_pack("{s:i,s:o,s:s}", "n", (int)reply->n, "on",
					cjson_day(reply->on), "text", text)) != 0) {
		r = client_fail_memory(c);
	}
	arena_release(&c->scratch, mark);
	return r;
}

/* One page after another; the state from the first. */
static int
fetch_all(struct client *c, struct link *l, struct following *f)
{
	bool more = true;
	int r = 0;

	while (r == 0 && more) {
		arena_mark_t mark = arena_mark(&c->arena);
		Candor__Follow ask = CANDOR__FOLLOW__INIT;
		const Candor__Followed *page;
		ProtobufCMessage *answer;

		ask.lookup = wire_bytes(f->keys.lookup, sizeof(f->keys.lookup));
		ask.after = f->after;
		if ((r = link_call(l, &c->arena, MSG_FOLLOW, &ask.base, MSG_FOLLOWED, &answer)) !=
		    0)
			break;
		page = (const Candor__Followed *)answer;
		if (!f->shown && c->json)
			f->answer = state_json(page, f->messages);
		else if (!f->shown)
			show_state(c, page);
		f->shown = true;
		for (size_t i = 0; r == 0 && i < page->n_replies; i++) {
			r = take_reply(c, f, page->replies[i]);
			if (page->replies[i]->n > f->after)
				f->after = page->replies[i]->n;
		}
		more = page->more && page->n_replies > 0;
		arena_release(&c->arena, mark);
	}
	return r;
}

static int
send_message(struct client *c, struct link *l, struct following *f)
{
	Candor__Message msg = CANDOR__MESSAGE__INIT;
	struct draft_wish wish;
	union {
		const uint8_t *c;
		char *m;
	} text = { .c = f->text.result.text.p };
	int r;

	for (unsigned i = 0; i < f->attachments->n; i++)
		if ((r = attachment_send(c, l, i, f->attachments->v[i])) != 0)
			return r;
	msg.id = wire_bytes(f->id, sizeof(f->id));
	msg.text = text.m;
	draft_wish(&wish, &f->choice);
	msg.keep = wish.labels;
	msg.n_keep = wish.n_labels;
	msg.keep_words = wish.words;
	msg.n_keep_words = wish.n_words;
	msg.n_attachments = (uint32_t)f->attachments->n;
	return link_call(l, &c->scratch, MSG_MESSAGE, &msg.base, MSG_FILED, NULL);
}

/* Handshake, guide, follow and, when there is one, the message: the same each time. */
static int
attempt(struct client *c, void *arg)
{
	arena_mark_t mark = arena_mark(&c->arena), step = arena_mark(&c->scratch);
	struct following *f = arg;
	struct link *l = NULL;
	struct guide g;
	int r;

	if ((r = link_open_intake(c, &l)) == 0 && (r = guide_fetch(c, l, &g)) == 0)
		r = fetch_all(c, l, f);
	if (r == 0 && f->reply)
		r = send_message(c, l, f);
	link_close(l);
	arena_release(&c->scratch, step);
	arena_release(&c->arena, mark);
	return r;
}

/* ---- the verb --------------------------------------------------------------------------------- */

/* Strip the message and, on a terminal, show it; removed gets what went. */
static int
prepare_reply(struct client *c, struct following *f, struct span message, json_t *removed)
{
	const char *initial = NULL;
	struct guide g;
	bool send = false;
	int r;

	if ((r = guide_look(c, &g)) != 0)
		return r;
	for (size_t i = 0; i < f->attachments->n; i++) {
		const char *path = f->attachments->v[i];
		struct attachment is;
		char name[40];

		snprintf(name, sizeof(name), "attachments[%zu]", i);
		if ((r = attachment_check(c, &is, path, name, removed)) != 0)
			return r;
		if (c->interactive)
			attachment_tell(c, path, &is);
	}
	snprintf(f->text.name, sizeof(f->text.name), "text");
	while (c->interactive && !send) {
		if ((r = term_text(c, &c->arena, &f->text.given, "Your message to the officers",
			 initial, WIRE_TEXT_MAX)) != 0)
			return r;
		initial = (const char *)f->text.given.p;
		c->draft = true;
		if ((r = draft_preview(c, &f->text, 1, &f->choice, g.not_keepable,
			 "send it like this", &send)) != 0)
			return r;
	}
	if (!c->interactive) {
		while (message.len > 0 && (*message.p == '\n' || *message.p == '\r')) {
			message.p++;
			message.len--;
		}
		f->text.given = message;
		if (message.len > WIRE_TEXT_MAX)
			return client_fail(c, EX_DATAERR,
			    "the message is %zu bytes long, %d are allowed: shorten it, or attach "
			    "the "
			    "rest as a text file",
			    message.len, WIRE_TEXT_MAX);
		if ((r = draft_strip(c, &f->text, &f->choice, g.not_keepable)) != 0)
			return r;
	}
	draft_removed(removed, "text", &f->text.result, 0);
	if (f->text.result.text.len == 0 && f->attachments->n == 0)
		return client_fail(c, EX_DATAERR,
		    f->text.given.len == 0
			? "the message is empty: it is what follows the receipt on standard input"
			: "nothing of the message remains once it no longer says who you are");
	randombytes_buf(f->id, sizeof(f->id));
	return 0;
}

/* Words are not to be lost because the service is away. */
static bool
ask_again(struct client *c)
{
	bool again = true;

	putc('\n', c->tty);
	term_tell(c);
	term_wrap(c, c->tty, 0,
	    "Your message was not acknowledged. It is still here; sending it again cannot make two "
	    "of "
	    "it.");
	return term_confirm(c, &again, true, "Try again?") == 0 && again;
}

static int
finish(struct client *c, struct following *f, json_t *removed)
{
	int r;

	do
		r = link_retry(c, TRIES, attempt, f);
	while (link_may_retry(r) && f->reply && c->interactive && ask_again(c));
	if (link_may_retry(r) && f->reply)
		return client_fail(c, EX_TEMPFAIL,
		    "the message was not acknowledged: look with `candor follow` in a while, and "
		    "send "
		    "it again if need be");
	if (r != 0)
		return r;
	if (c->json) {
		if (f->reply && (json_object_set_new(f->answer, "sent", json_true()) != 0 ||
				    json_object_set(f->answer, "removed", removed) != 0))
			return client_fail_memory(c);
		return cjson_print(c, json_incref(f->answer));
	}
	if (f->reply)
		printf("Your message is SENT%s.\n",
		    json_array_size(removed) > 0 ? ", without what says who you are" : "");
	return 0;
}

int
verb_follow(struct client *c, int argc, char **argv)
{
	struct verb_strings attachments = { 0 };
	bool reply = false, wants_reply;
	const struct verb_option options[] = {
		{ "--reply", &reply, NULL, NULL },
		{ "--attach", NULL, NULL, &attachments },
	};
	struct following *f;
	char *receipt;
	struct span message = { NULL, 0 };
	json_t *removed;
	int r;

	if ((r = verb_options(
		 c, USAGE, options, NELEM(options), &argc, argv, 0, VERB_STRINGS_MAX * 4)) != 0)
		return r;
	if (argc > 1)
		return client_fail(c, EX_USAGE,
		    "a receipt is never given as an argument, since others on this computer can "
		    "read "
		    "arguments and the shell keeps them: it is asked for, or read from standard "
		    "input. If "
		    "you typed it just now, remove that line from your shell's history\nusage: "
		    "candor %s",
		    USAGE);
	if (attachments.n > ATTACHMENTS_MAX)
		return client_fail(
		    c, EX_USAGE, "--attach can be given %d times at most", ATTACHMENTS_MAX);
	f = arena_alloc(&c->arena, sizeof(*f));
	receipt = arena_alloc(&c->arena, RECEIPT_MAX_CHARS);
	if (f == NULL || receipt == NULL)
		return client_fail_memory(c);
	wants_reply = reply || attachments.n > 0;
	f->attachments = &attachments;
	if ((r = site_load(c)) != 0)
		return r;
	if (c->interactive) {
		term_quiet(c);
		term_warn_recorded(c);
	}
	r = c->interactive ? ask_receipt(c, receipt) : read_input(c, receipt, &message);
	if (r != 0)
		return r;
	if (receipt_derive(&f->keys, receipt, c->site.site_id) < 0)
		return client_fail(c, EX_OSERR,
		    "%u MiB of memory are needed for a moment and are not to be had",
		    RECEIPT_ARGON2_BYTES / 1024 / 1024);
	sodium_memzero(receipt, RECEIPT_MAX_CHARS);
	f->messages = json_array();
	removed = json_array();
	if (f->messages == NULL || removed == NULL)
		r = client_fail_memory(c);
	/* On a terminal one reads before one answers. */
	if (r == 0 && wants_reply && c->interactive)
		r = link_retry(c, TRIES, attempt, f);
	f->reply = wants_reply;
	if (r == 0 && wants_reply)
		r = prepare_reply(c, f, message, removed);
	if (r == 0)
		r = finish(c, f, removed);
	c->draft = false;
	if (c->interactive && !c->json && f->shown) {
		fflush(stdout);
		term_offer_clear(c);
	}
	json_decref(removed);
	json_decref(f->messages);
	json_decref(f->answer);
	return r;
}
