/* SPDX-License-Identifier: ISC */
/*
 * candor report on a terminal: the opening screen, the questions, the receipt. All of it goes to the
 * terminal itself; the only copy of the words is in locked memory.
 */
#include <string.h>
#include <strings.h>
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

/* What a step gives beside exit codes and TERM_BACK. */
#define STEP_NONE (-2)   /* there is nothing to ask */
#define STEP_CHANGE (-3) /* go to d->change, and come back */

struct dialogue {
	struct client *c;
	const struct guide *g;
	struct report *r;
	size_t change;
	bool asked_of[DIRECTORY_OFFICERS_MAX]; /* whether the one named shall be kept out */
};

static void
heading(struct client *c, const char *text)
{
	putc('\n', c->tty);
	fputs(term_style(c, c->tty, TERM_BOLD), c->tty);
	term_wrap(c, c->tty, 0, text);
	fputs(term_style(c, c->tty, TERM_PLAIN), c->tty);
}

static void
opening(struct client *c, const struct guide *g)
{
	const Candor__Guide *said = g->said;
	FILE *t = c->tty;

	heading(c, said->site_name);
	term_wrap(c, t, 0,
	    "Not for emergencies: if somebody is in danger now, call for help first.\n"
	    "\n"
	    "Here you can report what goes wrong, or ask before you post something. Your name, "
	    "address and account are neither asked for nor kept.\n"
	    "Who reads it: the compliance officers who are named for the category that you choose. "
	    "It is encrypted to them; no administrator can read it, and you can keep officers "
	    "out.\n"
	    "What cannot be hidden: what only you could know points to you; whoever looks over "
	    "your shoulder or controls this computer sees what you write; others on this computer "
	    "may see that `candor` runs. A machine of your own is better.\n"
	    "Nobody may retaliate against you for reporting in good faith. If somebody does, "
	    "report that as well.");
	if (said->n_outside_bodies > 0)
		term_wrap(c, t, 0, "You may turn to these outside bodies instead:");
	for (size_t i = 0; i < said->n_outside_bodies; i++)
		term_wrap(c, t, 2, said->outside_bodies[i]);
	term_wrap(c, t, 0,
	    "\nNothing is sent before you have seen all of it. At every question, < goes back to "
	    "the one before, and Ctrl-C stops.");
	putc('\n', t);
	term_warn_recorded(c);
}

static int
ask_kind(struct dialogue *d)
{
	static const struct term_item items[] = {
		[REPORT_INCIDENT] = { "incident", "something happened", NULL },
		[REPORT_QUESTION] = { "question", "may I post or share this?", NULL },
	};
	size_t choice;
	int e;

	heading(d->c, "What is it?");
	if ((e = term_choose(d->c, &choice, "Number: ", items, NELEM(items))) == 0)
		d->r->kind = (enum report_kind)choice;
	return e;
}

static int
ask_category(struct dialogue *d)
{
	const struct officer *readers[DIRECTORY_OFFICERS_MAX];
	struct client *c = d->c;
	size_t n = d->g->said->n_categories, choice, n_readers;
	struct term_item *items = arena_alloc(&c->arena, (n + 1) * sizeof(*items));
	const Candor__Category *category;
	struct term_flow w;
	int e;

	if (items == NULL)
		return client_fail_memory(c);
	if (n == 0)
		return client_fail(
		    c, EX_UNAVAILABLE, "this site takes no reports yet: it has no categories");
	for (size_t i = 0; i < n; i++)
		items[i] = (struct term_item){ .name = d->g->said->categories[i]->title,
			.id = d->g->said->categories[i]->id };
	heading(c, "What is it about?");
	term_list(c, items, n);
	for (;;) {
		if ((e = term_pick(c, &choice, "Number: ", items, n, SIZE_MAX)) != 0)
			return e;
		category = d->g->said->categories[choice];
		if ((n_readers = guide_readers(d->g, category, NULL, 0, readers)) > 0)
			break;
		term_wrap(c, c->tty, 0,
		    "Nobody reads reports of this category at present, so none can be taken. "
		    "Please choose another.");
	}
	d->r->category = category->id;
	putc('\n', c->tty);
	term_wrap(c, c->tty, 2, category->guidance);
	term_flow_begin(&w, c->tty, 2);
	term_flow_text(c, &w, "It will be read by ", 19);
	for (size_t i = 0; i < n_readers; i++) {
		if (i > 0)
			term_flow_text(c, &w, ", ", 2);
		term_flow_text(c, &w, readers[i]->name, strlen(readers[i]->name));
	}
	term_flow_text(c, &w, ".", 1);
	term_flow_end(&w);
	if (category->immediate)
		term_wrap(c, c->tty, 2,
		    "It is passed on at once, since somebody may come to harm; the hour may then "
		    "say something about you.");
	return 0;
}

static int
ask_site(struct dialogue *d)
{
	size_t n = d->g->said->n_sites, choice;
	struct term_item *items = arena_alloc(&d->c->arena, (n + 1) * sizeof(*items));
	int e;

	if (items == NULL)
		return client_fail_memory(d->c);
	if (n == 0)
		return STEP_NONE;
	for (size_t i = 0; i < n; i++)
		items[i] = (struct term_item){ .name = d->g->said->sites[i]->title,
			.id = d->g->said->sites[i]->id };
	items[n] =
	    (struct term_item){ .name = "I would rather not say, or elsewhere", .id = "none" };
	heading(d->c, "Which place of work?");
	term_list(d->c, items, n + 1);
	if ((e = term_pick(d->c, &choice, "Number (Enter: do not say): ", items, n + 1, n)) == 0)
		d->r->site = choice < n ? d->g->said->sites[choice]->id : NULL;
	return e;
}

/* One line, what was answered before to be changed; Enter alone leaves it out. */
static int
ask_line(struct dialogue *d, const char **answer, const char *prompt, size_t max)
{
	struct span text;
	int e;

	if ((e = term_line(d->c, &d->c->arena, &text, prompt, *answer, max)) == 0)
		*answer = (const char *)text.p;
	return e;
}

static int
ask_place(struct dialogue *d)
{
	heading(d->c, "Where was it? A ward, a room, a page.");
	return ask_line(d, &d->r->place, "Place (Enter: do not say): ", DRAFT_PLACE_MAX);
}

static int
ask_day(struct dialogue *d)
{
	char prompt[64], today[DAY_CHARS + 1], *before = arena_alloc(&d->c->arena, DAY_CHARS + 1);
	time_t now = time(NULL);
	const char *text = before, *typed;
	struct tm tm;
	int32_t day;
	int e;

	if (before == NULL || localtime_r(&now, &tm) == NULL)
		return client_fail_memory(d->c);
	day = day_from_civil(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday);
	day_format(today, day);
	if (d->r->seen_on != 0)
		day_format(before, d->r->seen_on);
	heading(d->c, "When was it, or when did you see it?");
	snprintf(prompt, sizeof(prompt), "Day (%s, today, yesterday; Enter: do not say): ", today);
	for (;;) {
		int32_t seen = day;

		if ((e = ask_line(d, &text, prompt, 32)) != 0)
			return e;
		typed = text;
		text = NULL;
		d->r->seen_on = 0;
		if (*typed == '\0')
			return 0;
		if (strcasecmp(typed, "yesterday") == 0)
			seen = day - 1;
		else if (strcasecmp(typed, "today") != 0 &&
			 day_parse(&seen, typed, strlen(typed)) != 0) {
			fprintf(d->c->tty, "Please give a day like this: %s\n", today);
			continue;
		}
		/* One ahead: the day may have begun elsewhere. */
		if (seen <= day + 1) {
			d->r->seen_on = seen;
			return 0;
		}
		fprintf(d->c->tty, "That day is still to come. Today is %s.\n", today);
	}
}

static int
ask_urls(struct dialogue *d)
{
	struct report *r = d->r;
	int e;

	heading(d->c, "If it was posted or sent somewhere: on which platform?");
	if ((e = ask_line(d, &r->platform, "Platform (Enter: none): ", DRAFT_PLATFORM_MAX)) != 0)
		return e;
	r->n_urls = 0;
	while (*r->platform != '\0' && r->n_urls < DRAFT_URLS_MAX) {
		if ((e = ask_line(d, &r->urls[r->n_urls],
			 r->n_urls == 0 ? "Its address (Enter: none): "
					: "Another address (Enter: no more): ",
			 DRAFT_URL_MAX)) != 0)
			return e;
		if (*r->urls[r->n_urls] == '\0')
			break;
		r->n_urls++;
	}
	return 0;
}

static bool
is_kept_out(const struct report *r, const char *name)
{
	for (size_t i = 0; i < r->n_keep_out; i++)
		if (strcmp(r->keep_out[i], name) == 0)
			return true;
	return false;
}

static int
ask_keep_out(struct dialogue *d)
{
	size_t n = d->g->directory->n_officers, choice;
	struct report *r = d->r;
	struct client *c = d->c;
	struct term_item *items;
	int e;

	if ((items = arena_alloc(&c->arena, (n + 1) * sizeof(*items))) == NULL)
		return client_fail_memory(c);
	items[0] = (struct term_item){ .name = "nobody" };
	for (size_t i = 0; i < n; i++)
		items[i + 1] = (struct term_item){ .name = d->g->directory->officers[i].name,
			.title = role_name(d->g->directory->officers[i].role) };
	heading(c, "Is one of these involved, or close to somebody who is? Whom you keep out does "
		   "not learn of it.");
	term_list(c, items, n + 1);
	r->n_keep_out = 0;
	for (;;) {
		if ((e = term_pick(c, &choice,
			 r->n_keep_out == 0 ? "Keep out (Enter: nobody): "
					    : "Keep out as well (Enter: nobody else): ",
			 items, n + 1, 0)) != 0)
			return e;
		if (choice == 0 || r->n_keep_out == DIRECTORY_OFFICERS_MAX)
			return 0;
		if (!is_kept_out(r, items[choice].name))
			r->keep_out[r->n_keep_out++] = items[choice].name;
		if ((e = report_check(c, r, d->g)) == 0) {
			fprintf(c->tty, "%s is kept out.\n", items[choice].name);
			continue;
		}
		r->n_keep_out--;
		term_tell(c);
	}
}

static int
ask_narrative(struct dialogue *d)
{
	struct report *r = d->r;
	struct span text;
	int e;

	putc('\n', d->c->tty);
	do {
		if ((e = term_text(d->c, &d->c->arena, &text,
			 "What happened? Who did what, where, who saw it. Leave yourself out.",
			 r->narrative, WIRE_TEXT_MAX)) != 0)
			return e;
		if (text.len == 0)
			fprintf(d->c->tty, "Please write at least a sentence.\n\n");
		else
			r->narrative = (const char *)text.p;
	} while (text.len == 0);
	d->c->draft = true;
	return 0;
}

static int
ask_original(struct dialogue *d)
{
	term_wrap(d->c, d->c->tty, 0,
	    "\nWhat was taken out can be evidence, too. The untouched files can be sent as well: "
	    "sealed to the escrow alone, whose key no officer has. The risk is that they tell "
	    "whoever "
	    "opens them one day who made them, where and when.");
	return term_confirm(d->c, &d->r->keep_original, false, "Send the untouched files as well?");
}

static int
ask_attachments(struct dialogue *d)
{
	struct report *r = d->r;
	int e;

	heading(d->c,
	    "Do you have evidence in files? Pictures, documents, recordings, text. What could tell "
	    "who "
	    "made them, where and when is taken out first, and their names are not sent.");
	r->n_attachments = 0;
	r->keep_original = false;
	while (r->n_attachments < ATTACHMENTS_MAX) {
		const char **path = &r->attachments[r->n_attachments];
		struct attachment is;

		if ((e = ask_line(d, path,
			 r->n_attachments == 0 ? "File (Enter: none): "
					       : "Another file (Enter: no more): ",
			 4096)) != 0)
			return e;
		if (**path == '\0')
			break;
		if (attachment_check(d->c, &is, *path, "", NULL) != 0) {
			term_tell(d->c);
			*path = NULL;
		} else {
			r->n_attachments++;
			attachment_tell(d->c, *path, &is);
		}
	}
	return r->n_attachments > 0 ? ask_original(d) : 0;
}

static void
summary(struct dialogue *d)
{
	const Candor__Category *category = guide_category(d->g, d->r->category);
	FILE *t = d->c->tty;
	char day[DAY_CHARS + 1];

	heading(d->c, d->r->kind == REPORT_QUESTION ? "Your question" : "Your report");
	fputs("  about     ", t);
	term_show_str(d->c, t, category != NULL ? category->title : d->r->category);
	fputs("\n  at        ", t);
	term_show_str(d->c, t, d->r->site != NULL ? d->r->site : "(not said)");
	fprintf(t, "\n  day       %s\n",
	    d->r->seen_on != 0 ? client_day(day, d->r->seen_on) : "(not said)");
	for (size_t i = 0; i < d->r->n_keep_out; i++)
		fprintf(t, "  kept out  %s\n", d->r->keep_out[i]);
	if (d->r->n_attachments > 0)
		fprintf(t, "  attached  %zu file%s, cleaned%s\n", d->r->n_attachments,
		    d->r->n_attachments == 1 ? "" : "s",
		    d->r->keep_original ? "; untouched for the escrow alone" : "");
}

/* Ask once of each officer whom the report names. */
static int
ask_mentioned(struct dialogue *d)
{
	const struct directory *people = d->g->directory;
	struct report *r = d->r;
	struct client *c = d->c;
	bool out;
	int e;

	for (size_t i = 0; i < people->n_officers; i++) {
		const struct officer *o = &people->officers[i];
		char question[2 * OFFICER_NAME_MAX + 96];

		if (d->asked_of[i] || !report_mentions(r, o) ||
		    r->n_keep_out == DIRECTORY_OFFICERS_MAX)
			continue;
		snprintf(question, sizeof(question),
		    "\nYou mention %s. Keep %s out, so as not to learn of it?", o->name, o->name);
		if ((e = term_confirm(c, &out, true, question)) != 0)
			return e;
		d->asked_of[i] = true;
		if (!out)
			continue;
		r->keep_out[r->n_keep_out++] = o->name;
		if (report_check(c, r, d->g) != 0) {
			r->n_keep_out--;
			term_tell(c);
		}
	}
	return 0;
}

static int preview(struct dialogue *d);

/* clang-format off */
static const struct step {
	int (*ask)(struct dialogue *d);
	struct term_item item; /* as what can be changed */
} steps[] = {
	{ ask_narrative,   { "what happened", NULL, NULL } }, /* first here, asked where order says */
	{ ask_kind,        { "incident or question", NULL, NULL } },
	{ ask_category,    { "category", NULL, NULL } },
	{ ask_site,        { "place of work", NULL, NULL } },
	{ ask_place,       { "place", NULL, NULL } },
	{ ask_day,         { "day", NULL, NULL } },
	{ ask_urls,        { "platform and addresses", NULL, NULL } },
	{ ask_keep_out,    { "who is kept out", NULL, NULL } },
	{ ask_attachments, { "attached files", NULL, NULL } },
	{ preview,         { "nothing", "see it again", NULL } },
};
/* clang-format on */
static const uint8_t order[] = { 1, 2, 3, 4, 5, 6, 7, 0, 8, 9 };
#define PREVIEW (NELEM(order) - 1)

static int
preview(struct dialogue *d)
{
	struct term_item items[NELEM(steps)];
	struct report *r = d->r;
	struct client *c = d->c;
	bool send = false;
	size_t choice;
	int e;

	report_fields(r);
	if ((e = ask_mentioned(d)) != 0)
		return e;
	summary(d);
	if ((e = draft_preview(c, r->fields, r->n_fields, &r->choice, d->g->not_keepable,
		 "it is right; show me my receipt", &send)) != 0)
		return e;
	/* The category may have been changed since somebody was kept out. */
	if (send && (report_check(c, r, d->g) != 0 || report_fits(c, r) != 0)) {
		term_tell(c);
		send = false;
	} else if (send && r->fields[2].result.text.len == 0) {
		fprintf(c->tty, "Nothing remains of what happened. Please write it anew.\n");
		send = false;
	}
	if (send)
		return 0;
	heading(c, "What would you like to change?");
	for (size_t i = 0; i < NELEM(steps); i++)
		items[i] = steps[i].item;
	if ((e = term_choose(c, &choice, "Number: ", items, NELEM(items))) > 0)
		return e;
	d->change = e == TERM_BACK ? NELEM(steps) - 1 : choice;
	return STEP_CHANGE;
}

/* Ask everything from step at on, back and forth, until it may be sent. */
static int
ask_all(struct dialogue *d, size_t at)
{
	size_t last = PREVIEW + 1;
	bool forward = true;
	int e;

	while (at <= PREVIEW) {
		d->c->may_go_back = true;
		e = steps[order[at]].ask(d);
		if (e > 0)
			return e;
		if (e == STEP_CHANGE) {
			for (last = at, at = 0; order[at] != d->change;)
				at++;
			continue;
		}
		if (e != STEP_NONE)
			forward = e == 0;
		if (last <= PREVIEW) { /* one answer was changed, or not */
			at = last;
			last = PREVIEW + 1;
		} else if (forward) {
			at++;
		} else if (at > 0) {
			at--;
		} else {
			forward = true;
		}
	}
	d->c->may_go_back = false;
	return 0;
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
	struct span typed;
	int e;

	if (word == NULL)
		return client_fail_memory(c);
	receipt_new(r->receipt);
	heading(c, "Your receipt. NOT YET FILED: write it down first, on paper.");
	putc('\n', c->tty);
	for (unsigned i = 0; i < RECEIPT_WORDS; i++) {
		nth_word(word, r->receipt, i);
		fprintf(c->tty, "    %u  %s%s%s\n", i + 1, term_style(c, c->tty, TERM_GREEN), word,
		    term_style(c, c->tty, TERM_PLAIN));
	}
	putc('\n', c->tty);
	nth_word(word, r->receipt, which);
	term_wrap(c, c->tty, 0,
	    "With these seven words, and only with them, you can see what became of your report "
	    "and "
	    "answer questions (`candor follow`). Nobody can give them to you again.");
	snprintf(prompt, sizeof(prompt), "Written down? Type the %s word: ", ordinals[which]);
	for (;;) {
		if ((e = term_line(c, &c->arena, &typed, prompt, NULL, 32)) != 0)
			return e;
		while (typed.len > 0 && typed.p[typed.len - 1] == ' ')
			typed.len--;
		if (typed.len == strlen(word) &&
		    strncasecmp((const char *)typed.p, word, typed.len) == 0)
			return 0;
		fprintf(c->tty, "That is not the %s word.\n", ordinals[which]);
	}
}

static int
file(struct client *c, struct report *r)
{
	char day[2][DAY_CHARS + 1], said[256];
	Candor__Filed filed;
	bool sent = false, ever_sent = false, again = true;
	int e;

	fprintf(c->tty, "\nSending …\n");
	for (;;) {
		e = report_file(c, r, DIALOGUE_TRIES, &filed, &sent);
		ever_sent |= sent;
		if (!link_may_retry(e))
			break;
		putc('\n', c->tty);
		term_tell(c);
		term_wrap(c, c->tty, 0,
		    ever_sent
			? "Nothing was acknowledged: it may be filed or not. Your words are still "
			  "here. Trying again with the same receipt cannot file it twice."
			: "Nothing was filed yet. Your words are still here, in memory; you can "
			  "wait, and try again as often as you like.");
		if (term_confirm(c, &again, true, "Try again? (n throws your words away)") != 0 ||
		    !again)
			return client_fail(c, EX_TEMPFAIL,
			    ever_sent
				? "nothing was acknowledged: `candor follow` with your receipt "
				  "tells later whether it was filed"
				: "nothing was filed; the receipt is of no use");
	}
	if (e != 0)
		return e;
	fprintf(c->tty, "\n%sFILED.%s\n\n", term_style(c, c->tty, TERM_GREEN),
	    term_style(c, c->tty, TERM_PLAIN));
	snprintf(said, sizeof(said),
	    "Somebody acknowledges it by %s; you hear what came of it by %s. Look with `candor "
	    "follow` and your receipt.\n",
	    client_day(day[0], filed.acknowledge_by), client_day(day[1], filed.feedback_by));
	term_wrap(c, c->tty, 0, said);
	putc('\n', c->tty);
	return 0;
}

int
report_dialogue(struct client *c, const struct guide *g, struct report *r)
{
	struct dialogue d = { .c = c, .g = g, .r = r };
	struct guide now;
	bool go;
	int e;

	opening(c, g);
	if (g->directory == NULL)
		return client_fail(c, EX_UNAVAILABLE,
		    "this site takes no reports yet: compliance has not signed the list of who may "
		    "read them");
	if ((e = term_confirm(c, &go, true, "Go on?")) != 0)
		return e;
	if (!go)
		return client_fail(c, EX_NOINPUT, "stopped: nothing was sent");
	for (size_t from = 0;; from = PREVIEW) {
		if ((e = ask_all(&d, from)) != 0 ||
		    (r->receipt[0] == '\0' && (e = show_receipt(c, r)) != 0) ||
		    (e = file(c, r)) != EX_DATAERR)
			break;
		/* Refused, as when the officers changed meanwhile. */
		putc('\n', c->tty);
		term_tell(c);
		term_wrap(c, c->tty, 0,
		    "Your words are still here: choose `edit` to change what is in the way. Your "
		    "receipt "
		    "stays the same.");
		if ((e = guide_look(c, &now)) != 0)
			break;
		d.g = &now;
		memset(d.asked_of, 0, sizeof(d.asked_of));
	}
	c->may_go_back = c->draft = false;
	if (r->narrative != NULL)
		term_offer_clear(c);
	return e;
}
