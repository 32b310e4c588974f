/* SPDX-License-Identifier: ISC */
/*
 * The terminal: prompts, choices, secrets, and showing what others wrote without letting it do
 * anything. Prompts go to the terminal itself (/dev/tty), never into a redirected standard output.
 */
#ifndef CANDOR_CLIENT_TERM_H
#define CANDOR_CLIENT_TERM_H

#include <stdio.h>

#include "candor/arena.h"

struct client;

/* Is there a terminal to ask on? c->interactive, c->tty and colours follow; buffer (size bytes, in the
 * slab) becomes the terminal's. Called by client_begin(). */
void term_begin(struct client *c, char *buffer, size_t size);

/* Escape sequences, or "" where colours are unwelcome (no terminal, NO_COLOR, TERM=dumb). */
enum term_style { TERM_PLAIN, TERM_BOLD, TERM_DIM, TERM_RED, TERM_GREEN, TERM_YELLOW, TERM__N };
const char *term_style(const struct client *c, FILE *f, enum term_style style);

/* Print text that came from somebody else: strip_inert(), then the stream. */
void term_show(struct client *c, FILE *f, const char *text, size_t len);
void term_show_str(struct client *c, FILE *f, const char *text);
/* The same, wrapped at the terminal's width with indent blanks before each line. */
void term_wrap(struct client *c, FILE *f, unsigned indent, const char *text);

/*
 * Text as it comes, in pieces, broken at blanks to the terminal's width with indent blanks before each
 * line. Style escapes take no columns. begun: the line has its indent already. Holds words: ended with
 * term_flow_end(), which wipes it and ends the line.
 */
struct term_flow {
	FILE *f;
	unsigned indent, width;
	unsigned col, blanks, columns; /* printed; blanks and columns of the word to come */
	bool begun;
	size_t len;
	char word[256];
};
void term_flow_begin(struct term_flow *w, FILE *f, unsigned indent);
void term_flow_text(struct client *c, struct term_flow *w, const char *text, size_t len);
void term_flow_style(struct term_flow *w, const char *escape);
void term_flow_end(struct term_flow *w);

/* Show c->error in a dialogue; on standard error, where a program may read it on one line. */
void term_tell(struct client *c);
void term_complain(struct client *c);

/* Columns of the terminal; 80 when it does not say. */
unsigned term_columns(void);

/*
 * No echo of what is typed while no prompt waits for it, until term_end() (client_end() calls it) or a
 * signal puts the terminal back. For dialogues.
 */
void term_quiet(struct client *c);
void term_end(void);

/* What a prompt gives, while c->may_go_back, for a "<" alone. */
#define TERM_BACK (-1)

/*
 * Ask for one line, with line editing; text goes to the arena, NUL-terminated. initial may be NULL.
 * EX_DATAERR when it is longer than max bytes cannot happen (the editor refuses to grow); EX_NOINPUT
 * when there is no terminal or the person abandons with Ctrl-C or Ctrl-D on an empty line.
 */
int term_line(struct client *c, struct arena *a, struct span *out, const char *prompt,
    const char *initial, size_t max) MUST_CHECK;

/* The same; what was typed is wiped from the screen afterwards. For receipts. */
int term_line_erased(
    struct client *c, struct arena *a, struct span *out, const char *prompt, size_t max) MUST_CHECK;

/* Ask for many lines, ended by Ctrl-D or a line with a single dot. Codes as term_line(). */
int term_text(struct client *c, struct arena *a, struct span *out, const char *prompt,
    const char *initial, size_t max) MUST_CHECK;

/* Ask for one line without echo. */
int term_secret(struct client *c, struct arena *a, struct span *out, const char *prompt) MUST_CHECK;

/*
 * A passphrase: the first line of --passphrase-fd when that is given (read once, kept), else
 * term_secret(); twice and compared when confirm. EX_NOINPUT when there is neither.
 */
int term_passphrase(struct client *c, struct arena *a, struct span *out, const char *prompt,
    bool confirm) MUST_CHECK;

/* Ask yes or no; *yes gets the answer, and usual when just Enter is pressed. */
int term_confirm(struct client *c, bool *yes, bool usual, const char *question) MUST_CHECK;

/* Ask for one of n items by number or (a unique beginning of) name or id; *choice from 0. The items
 * are printed first, made inert. */
struct term_item {
	const char *name;
	const char *title; /* or NULL */
	const char *id;    /* not shown; or NULL */
};
int term_choose(struct client *c, size_t *choice, const char *question,
    const struct term_item *items, size_t n) MUST_CHECK;

/* The two halves of term_choose(); usual is what just Enter means, SIZE_MAX: nothing. */
void term_list(struct client *c, const struct term_item *items, size_t n);
int term_pick(struct client *c, size_t *choice, const char *question, const struct term_item *items,
    size_t n, size_t usual) MUST_CHECK;

/*
 * Words of a message: from the editor on a terminal, else all of standard input; at most max bytes,
 * UTF-8 without NUL, not empty (EX_DATAERR says which).
 */
int term_words(
    struct client *c, struct arena *a, struct span *out, const char *prompt, size_t max) MUST_CHECK;

/* Warn when tmux, screen or script keeps what is shown; offer to clear screen and scrollback. */
void term_warn_recorded(struct client *c);
void term_offer_clear(struct client *c);

#endif
