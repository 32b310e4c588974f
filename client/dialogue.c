/* SPDX-License-Identifier: ISC */
/*
 * candor report on a terminal: the opening screen, the questions, the receipt. All of it goes to the
 * terminal itself; the only copy of the words is in locked memory.
 */
#include <string.h>
#include <time.h>

#include <sodium/randombytes.h>

#include "candor/day.h"
#include "candor/strip.h"
#include "candor/wire.h"

#include "client.h"
#include "link.h"
#include "report.h"
#include "term.h"

/* Waits of 0.5, 1 and 2 seconds; then we ask. */
#define DIALOGUE_TRIES 4

static void
heading(struct client *c, const char *text)
{
	fprintf(c->tty, "\n%s%s%s\n", term_style(c, c->tty, TERM_BOLD), text,
	    term_style(c, c->tty, TERM_PLAIN));
}

static void
opening(struct client *c, const struct guide *g)
{
	const Candor__Guide *said = g->said;
	FILE *t = c->tty;

	heading(c, said->site_name);
	term_wrap(c, t, 0,
	    "You can report here what goes wrong, or ask before you post something. Nobody is told "
	    "who "
	    "you are: your name, address and account are neither asked for nor kept.\n"
	    "\n"
	    "This is not for emergencies: if somebody is in danger now, call for help first.\n"
	    "\n"
	    "Your report is encrypted to the compliance officers who are named for the category "
	    "you "
	    "choose. No administrator can read it, and you can keep officers out.\n"
	    "\n"
	    "What cannot be hidden: what only you could know points to you; who can look over your "
	    "shoulder or controls this computer sees what you write; and others on this computer "
	    "may "
	    "see that `candor` runs. A machine of your own is better.\n"
	    "\n"
	    "Nobody may retaliate against you for reporting in good faith. If somebody does, "
	    "report "
	    "that as well.");
	if (said->n_outside_bodies > 0)
		term_wrap(c, t, 0, "\nYou may turn to these outside bodies instead:");
	for (size_t i = 0; i < said->n_outside_bodies; i++)
		term_wrap(c, t, 2, said->outside_bodies[i]);
	putc('\n', t);
	term_warn_recorded(c);
}

static int
ask_kind(struct client *c, struct report *r)
{
	static const struct term_item items[] = {
		[REPORT_INCIDENT] = { "incident", "something happened" },
		[REPORT_QUESTION] = { "question", "may I post or share this?" },
	};
	size_t choice;
	int e;

	heading(c, "What is it?");
	if ((e = term_choose(c, &choice, "Number: ", items, NELEM(items))) == 0)
		r->kind = (enum report_kind)choice;
	return e;
}

static int
ask_category(struct client *c, const struct guide *g, struct report *r)
{
	const struct officer *readers[DIRECTORY_OFFICERS_MAX];
	size_t n = g->said->n_categories, choice, n_readers;
	struct term_item *items = arena_alloc(&c->arena, (n + 1) * sizeof(*items));
	const Candor__Category *category;
	int e;

	if (items == NULL)
		return client_fail_memory(c);
	if (n == 0)
		return client_fail(
		    c, EX_UNAVAILABLE, "this site takes no reports yet: it has no categories");
	for (size_t i = 0; i < n; i++)
		items[i] =
		    (struct term_item){ g->said->categories[i]->id, g->said->categories[i]->title };
	heading(c, "What is it about?");
	for (;;) {
		if ((e = term_choose(c, &choice, "Number: ", items, n)) != 0)
			return e;
		category = g->said->categories[choice];
		if ((n_readers = guide_readers(g, category, NULL, 0, readers)) > 0)
			break;
		fprintf(c->tty, "Nobody reads reports of this category at present, so none can be "
				"taken. Please choose another.\n");
	}
	r->category = category->id;
	putc('\n', c->tty);
	term_wrap(c, c->tty, 2, category->guidance);
	fprintf(c->tty, "  It will be read by ");
	for (size_t i = 0; i < n_readers; i++)
		fprintf(c->tty, "%s%s", i > 0 ? ", " : "", readers[i]->name);
	fprintf(c->tty, ".\n");
	if (category->immediate)
		term_wrap(c, c->tty, 2,
		    "It is passed on at once, since somebody may come to harm; the hour may then "
		    "say "
		    "something about you.");
	return 0;
}

static int
ask_site(struct client *c, const struct guide *g, struct report *r)
{
	size_t n = g->said->n_sites, choice;
	struct term_item *items = arena_alloc(&c->arena, (n + 1) * sizeof(*items));
	int e;

	if (items == NULL)
		return client_fail_memory(c);
	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		items[i] = (struct term_item){ g->said->sites[i]->id, g->said->sites[i]->title };
	items[n] = (struct term_item){ "none", "I would rather not say, or it is elsewhere" };
	heading(c, "Which place of work?");
	if ((e = term_choose(c, &choice, "Number: ", items, n + 1)) == 0 && choice < n)
		r->site = g->said->sites[choice]->id;
	return e;
}

/* One line; Enter alone leaves it out. */
static int
ask_line(struct client *c, const char **out, const char *question, const char *prompt, size_t max)
{
	struct span text;
	int e;

	if (question != NULL)
		heading(c, question);
	if ((e = term_line(c, &c->arena, &text, prompt, NULL, max)) == 0)
		*out = (const char *)text.p;
	return e;
}

static int
ask_day(struct client *c, struct report *r)
{
	const char *text;
	time_t now = time(NULL);
	struct tm tm;
	int e;

	heading(c, "When was it, or when did you see it?");
	for (;;) {
		if ((e = ask_line(c, &text, NULL,
			 "Day (2026-11-22, or today; Enter: do not say): ", 10)) != 0)
			return e;
		if (*text == '\0')
			return 0;
		if (strcmp(text, "today") == 0 && localtime_r(&now, &tm) != NULL) {
			r->seen_on = day_from_civil(
			    tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday);
			return 0;
		}
		if (day_parse(&r->seen_on, text, strlen(text)) == 0)
			return 0;
		fprintf(c->tty, "Please give a day that exists, as 2026-11-22.\n");
	}
}

static int
ask_urls(struct client *c, struct report *r)
{
	int e = ask_line(c, &r->platform, "If it was posted or sent somewhere: on which platform?",
	    "Platform (Enter: none): ", DRAFT_PLATFORM_MAX);

	if (e != 0 || *r->platform == '\0')
		return e;
	while (r->n_urls < DRAFT_URLS_MAX) {
		if ((e = ask_line(c, &r->urls[r->n_urls], NULL,
			 "Its address (Enter: no more): ", DRAFT_URL_MAX)) != 0)
			return e;
		if (*r->urls[r->n_urls] == '\0')
			break;
		r->n_urls++;
	}
	return 0;
}

static int
ask_keep_out(struct client *c, const struct guide *g, struct report *r)
{
	struct term_item *items;
	size_t n = g->directory->n_officers, choice;
	int e;

	if ((items = arena_alloc(&c->arena, (n + 1) * sizeof(*items))) == NULL)
		return client_fail_memory(c);
	items[0] = (struct term_item){ "nobody", "or nobody else" };
	for (size_t i = 0; i < n; i++)
		items[i + 1] = (struct term_item){ g->directory->officers[i].name,
			role_name(g->directory->officers[i].role) };
	heading(
	    c, "Is one of these involved, or close to somebody who is? They will not learn of it.");
	for (;;) {
		if ((e = term_choose(c, &choice, "Keep out (1: nobody): ", items, n + 1)) != 0)
			return e;
		if (choice == 0 || r->n_keep_out == DIRECTORY_OFFICERS_MAX)
			return 0;
		r->keep_out[r->n_keep_out++] = items[choice].name;
		if ((e = report_check(c, r, g)) == 0) {
			fprintf(c->tty, "%s is kept out.\n", items[choice].name);
			continue;
		}
		r->n_keep_out--;
		fprintf(c->tty, "%s\n", c->error);
	}
}

static int
ask_narrative(struct client *c, struct report *r)
{
	struct span text;
	int e;

	putc('\n', c->tty);
	do {
		if ((e = term_text(c, &c->arena, &text,
			 "What happened? Who did what, where, who saw it. Leave yourself out.",
			 r->narrative, WIRE_TEXT_MAX)) != 0)
			return e;
		r->narrative = (const char *)text.p;
	} while (text.len == 0);
	return 0;
}

static int
ask_attachments(struct client *c, struct report *r)
{
	int e;

	heading(
	    c, "Evidence: plain text files, cleaned like your words. Their names are not sent.");
	while (r->n_attachments < DRAFT_ATTACHMENTS_MAX) {
		const char **path = &r->attachments[r->n_attachments];

		if ((e = ask_line(c, path, NULL, "File (Enter: no more): ", 4096)) != 0)
			return e;
		if (**path == '\0')
			break;
		if (draft_attachment_check(c, *path, "", NULL) != 0)
			fprintf(c->tty, "%s\n", c->error);
		else
			r->n_attachments++;
	}
	return 0;
}

static int
preview(struct client *c, const struct guide *g, struct report *r)
{
	bool send = false;
	int e;

	for (;;) {
		report_fields(r);
		if ((e = draft_preview(
			 c, r->fields, r->n_fields, &r->keep, g->not_keepable, &send)) != 0)
			return e;
		if (send && r->fields[2].result.text.len > 0)
			return 0;
		if (send)
			fprintf(
			    c->tty, "Nothing remains of what happened. Please write it anew.\n");
		if ((e = ask_narrative(c, r)) != 0)
			return e;
	}
}

/* The number-th of the receipt's words. */
static void
nth_word(char out[16], const char *receipt, unsigned number)
{
	while (number-- > 0)
		receipt += strcspn(receipt, " ") + 1;
	snprintf(out, 16, "%.*s", (int)strcspn(receipt, " "), receipt);
}

static int
show_receipt(struct client *c, struct report *r)
{
	static const char *const ordinals[RECEIPT_WORDS] = { "first", "second", "third", "fourth",
		"fifth", "sixth", "seventh" };
	unsigned which = randombytes_uniform(RECEIPT_WORDS);
	char *word = arena_alloc(&c->arena, 16), prompt[64];
	const char *typed;
	int e;

	if (word == NULL)
		return client_fail_memory(c);
	receipt_new(r->receipt);
	nth_word(word, r->receipt, which);
	heading(c, "Your receipt. NOT YET FILED: write it down first, on paper.");
	fprintf(c->tty, "\n    %s%s%s\n\n", term_style(c, c->tty, TERM_GREEN), r->receipt,
	    term_style(c, c->tty, TERM_PLAIN));
	term_wrap(c, c->tty, 0,
	    "With these words, and only with them, you can see what became of your report and "
	    "answer "
	    "questions (`candor follow`). Nobody can give them to you again.");
	snprintf(prompt, sizeof(prompt), "To go on, type the %s word: ", ordinals[which]);
	for (;;) {
		if ((e = ask_line(c, &typed, NULL, prompt, 32)) != 0)
			return e;
		if (strcmp(typed, word) == 0)
			return 0;
		fprintf(c->tty, "That is not the %s word.\n", ordinals[which]);
	}
}

static int
file(struct client *c, struct report *r)
{
	char day[2][DAY_CHARS + 1];
	Candor__Filed filed;
	bool sent = false, ever_sent = false, again = true;
	int e;

	fprintf(c->tty, "\nSending …\n");
	for (;;) {
		e = report_file(c, r, DIALOGUE_TRIES, &filed, &sent);
		ever_sent |= sent;
		if (!link_may_retry(e))
			break;
		fprintf(c->tty, "\n%s\n%s\n", c->error,
		    ever_sent
			? "Nothing was acknowledged: it may be filed or not. Trying again with the "
			  "same receipt cannot file it twice."
			: "Nothing was filed yet. Your words are still here, in memory.");
		if (term_confirm(c, &again, true, "Try again?") != 0 || !again)
			return client_fail(c, EX_TEMPFAIL,
			    ever_sent
				? "nothing was acknowledged: `candor follow` with your receipt "
				  "tells later whether it was filed"
				: "nothing was filed; the receipt is of no use");
	}
	if (e != 0)
		return e;
	fprintf(c->tty,
	    "\n%sFILED.%s\n\n"
	    "Somebody acknowledges it by %s; you hear what came of it by %s.\n"
	    "Look with `candor follow` and your receipt.\n\n",
	    term_style(c, c->tty, TERM_GREEN), term_style(c, c->tty, TERM_PLAIN),
	    client_day(day[0], filed.acknowledge_by), client_day(day[1], filed.feedback_by));
	return 0;
}

int
report_dialogue(struct client *c, const struct guide *g, struct report *r)
{
	bool go;
	int e;

	opening(c, g);
	if (g->directory == NULL)
		return client_fail(c, EX_UNAVAILABLE,
		    "this site takes no reports yet: compliance has not signed the list of who may "
		    "read "
		    "them");
	if ((e = term_confirm(c, &go, true, "Go on?")) != 0)
		return e;
	if (!go)
		return client_fail(c, EX_NOINPUT, "nothing was sent");
	if ((e = ask_kind(c, r)) == 0 && (e = ask_category(c, g, r)) == 0 &&
	    (e = ask_site(c, g, r)) == 0 &&
	    (e = ask_line(c, &r->place, "Where was it? A ward, a room, a page.",
		 "Place (Enter: do not say): ", DRAFT_PLACE_MAX)) == 0 &&
	    (e = ask_day(c, r)) == 0 && (e = ask_urls(c, r)) == 0 &&
	    (e = ask_keep_out(c, g, r)) == 0 && (e = ask_narrative(c, r)) == 0 &&
	    (e = ask_attachments(c, r)) == 0 && (e = preview(c, g, r)) == 0 &&
	    (e = show_receipt(c, r)) == 0)
		e = file(c, r);
	if (r->narrative != NULL)
		term_offer_clear(c);
	return e;
}
