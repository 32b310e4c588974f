/* SPDX-License-Identifier: ISC */
/*
 * A small line and text editor as a state machine: key bytes in, text in a buffer of the caller's
 * (locked memory), and what to write to the terminal out. No descriptor, no clock, no allocation; the
 * terminal itself is term.c's. Client.
 */
#ifndef CANDOR_CLIENT_EDITOR_H
#define CANDOR_CLIENT_EDITOR_H

#include "candor/base.h"

enum editor_mode {
	EDITOR_LINE,   /* one line, ended by Enter */
	EDITOR_TEXT,   /* many, ended by Ctrl-D or a line with a single dot */
	EDITOR_HIDDEN, /* one line, not shown */
};

enum editor_result {
	EDITOR_MORE,      /* go on feeding */
	EDITOR_DONE,      /* the text is complete */
	EDITOR_INTERRUPT, /* Ctrl-C; feeding may go on */
	EDITOR_END,       /* Ctrl-D with nothing typed, in one line */
};

#define EDITOR_SEQUENCE_MAX 16

struct editor {
	enum editor_mode mode;
	char *text;      /* not NUL-terminated */
	size_t len, cap; /* bytes */
	size_t cursor;   /* byte offset, on a character's border */
	const char *prompt;
	bool full;  /* the last insertion did not fit; for the caller to tell and reset */
	bool clear; /* Ctrl-L: draw on an empty screen */

	/* Decoding of what is typed. */
	enum { KEYS_PLAIN, KEYS_ESCAPE, KEYS_CSI, KEYS_SS3 } keys;
	char sequence[EDITOR_SEQUENCE_MAX];
	size_t n_sequence;
	char partial[4]; /* of a UTF-8 character */
	size_t n_partial;
	bool pasting;
	bool after_cr; /* a pasted CR became LF; an LF that follows is part of it */
	bool goal_set;
	unsigned goal; /* column that up and down try to keep */

	/* The terminal, and what was drawn on it last. */
	unsigned columns, rows;
	unsigned top;       /* first row of the text that is shown */
	unsigned drawn_row; /* where the cursor stands, counted from the first drawn row */
};

/*
 * Begin with len bytes at text (UTF-8), which may grow to cap; prompt (printable, or NULL) stands
 * before the first row. All stay the caller's.
 */
void editor_init(struct editor *e, enum editor_mode mode, char *text, size_t len, size_t cap,
    const char *prompt);

/* The terminal's size; at least 20 columns and 3 rows are assumed. */
void editor_resize(struct editor *e, unsigned columns, unsigned rows);

/* Take one byte that was typed. */
enum editor_result editor_feed(struct editor *e, uint8_t byte);

/* Writes len bytes to the terminal. */
typedef void editor_sink(void *ctx, const char *p, size_t len);

/* Draw: from where the cursor was left, the rows of the text that fit, then the cursor in place. */
void editor_draw(struct editor *e, editor_sink *sink, void *ctx);

/* Leave the cursor below the text; or, when erase, on the empty line where it began. */
void editor_leave(struct editor *e, bool erase, editor_sink *sink, void *ctx);

#endif
