/* SPDX-License-Identifier: ISC */
/* The editor: see editor.h. Pure. */
#include "editor.h"

#include <stdio.h>
#include <string.h>

#include <utf8proc.h>

#include "candor/utf8.h"

#define TAB_COLUMNS 4
#define CTRL(c) ((c)&0x1f)

void
editor_init(
    struct editor *e, enum editor_mode mode, char *text, size_t len, size_t cap, const char *prompt)
{
	*e = (struct editor){ .mode = mode,
		.text = text,
		.len = len,
		.cap = cap,
		.cursor = len,
		.prompt = prompt == NULL ? "" : prompt };
	editor_resize(e, 80, 24);
}

void
editor_resize(struct editor *e, unsigned columns, unsigned rows)
{
	e->columns = columns < 20 ? 20 : columns;
	e->rows = rows < 3 ? 3 : rows;
}

/* ---- characters ------------------------------------------------------------------------------ */

/* The character at offset at; bytes it takes. Bytes that are none count as one U+FFFD. */
static size_t
char_at(const char *text, size_t len, size_t at, uint32_t *c)
{
	size_t n = utf8_decode(c, text + at, len - at);

	if (n == 0) {
		*c = 0xfffd;
		return 1;
	}
	return n;
}

/* Columns that a character takes at column col; what must not reach a terminal is shown as U+FFFD. */
static unsigned
width_of(uint32_t c, unsigned col)
{
	int w;

	if (c == '\t')
		return TAB_COLUMNS - col % TAB_COLUMNS;
	if (!utf8_char_printable(c))
		return 1;
	w = utf8proc_charwidth((utf8proc_int32_t)c);
	return w < 0 ? 1 : (unsigned)w;
}

/* Does the character join the one before it? */
static bool
joins(uint32_t c)
{
	return c != '\n' && width_of(c, 0) == 0;
}

static size_t
previous(const struct editor *e, size_t at)
{
	uint32_t c;

	while (at > 0) {
		do
			at--;
		while (at > 0 && ((uint8_t)e->text[at] & 0xc0) == 0x80);
		char_at(e->text, e->len, at, &c);
		if (!joins(c))
			break;
	}
	return at;
}

static size_t
following(const struct editor *e, size_t at)
{
	uint32_t c;

	if (at < e->len)
		at += char_at(e->text, e->len, at, &c);
	while (at < e->len) {
		size_t n = char_at(e->text, e->len, at, &c);

		if (!joins(c))
			break;
		at += n;
	}
	return at;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t';
}

static size_t
word_left(const struct editor *e, size_t at)
{
	while (at > 0 && is_blank(e->text[at - 1]))
		at--;
	while (at > 0 && !is_blank(e->text[at - 1]))
		at--;
	return at;
}

static size_t
word_right(const struct editor *e, size_t at)
{
	while (at < e->len && is_blank(e->text[at]))
		at++;
	while (at < e->len && !is_blank(e->text[at]))
		at++;
	return at;
}

static size_t
line_start(const struct editor *e, size_t at)
{
	while (at > 0 && e->text[at - 1] != '\n')
		at--;
	return at;
}

static size_t
line_end(const struct editor *e, size_t at)
{
	while (at < e->len && e->text[at] != '\n')
		at++;
	return at;
}

/* ---- where things stand on the screen --------------------------------------------------------- */

/* A walk over the text as it is wrapped; row and col are where the character at stands. */
struct walk {
	size_t at;
	unsigned row, col;
	uint32_t c;
	unsigned width;
	size_t n; /* bytes of c; 0 at the end of the text */
};

static void
walk_fit(const struct editor *e, struct walk *w)
{
	w->n = 0;
	w->width = 0;
	if (w->at < e->len) {
		w->n = char_at(e->text, e->len, w->at, &w->c);
		if (w->c != '\n')
			w->width = width_of(w->c, w->col);
	}
	/* The cursor, too, needs a column at a row's end. */
	if (w->col + (w->width > 0 ? w->width : 1) > e->columns && !(w->n > 0 && joins(w->c))) {
		w->row++;
		w->col = 0;
	}
}

static unsigned
prompt_columns(const struct editor *e)
{
	size_t len = strlen(e->prompt);
	unsigned col = 0;
	uint32_t c;

	for (size_t i = 0; i < len; i += char_at(e->prompt, len, i, &c)) {
		char_at(e->prompt, len, i, &c);
		col += width_of(c, col);
	}
	return col;
}

static struct walk
walk_begin(const struct editor *e)
{
	unsigned col = prompt_columns(e);
	struct walk w = { .row = col / e->columns, .col = col % e->columns };

	walk_fit(e, &w);
	return w;
}

static void
walk_next(const struct editor *e, struct walk *w)
{
	if (w->c == '\n') {
		w->row++;
		w->col = 0;
	} else {
		w->col += w->width;
	}
	w->at += w->n;
	walk_fit(e, w);
}

static struct walk
walk_to(const struct editor *e, size_t at)
{
	struct walk w = walk_begin(e);

	while (w.n > 0 && w.at < at)
		walk_next(e, &w);
	return w;
}

/* The offset in a row nearest to a column; false when there is no such row. */
static bool
offset_at(const struct editor *e, unsigned row, unsigned col, size_t *out)
{
	struct walk w = walk_begin(e);
	bool found = false;

	for (;; walk_next(e, &w)) {
		if (w.row > row)
			break;
		if (w.row == row && (!found || (w.col <= col && (w.n == 0 || !joins(w.c))))) {
			*out = w.at;
			found = true;
		}
		if (w.n == 0)
			break;
	}
	return found;
}

/* ---- editing ---------------------------------------------------------------------------------- */

static void
erase(struct editor *e, size_t from, size_t to)
{
	memmove(e->text + from, e->text + to, e->len - to);
	memset(e->text + e->len - (to - from), 0, to - from);
	e->len -= to - from;
	e->cursor = from;
}

static void
insert(struct editor *e, const char *p, size_t n)
{
	if (n > e->cap - e->len) {
		e->full = true;
		return;
	}
	memmove(e->text + e->cursor + n, e->text + e->cursor, e->len - e->cursor);
	memcpy(e->text + e->cursor, p, n);
	e->len += n;
	e->cursor += n;
	e->goal_set = false;
}

static void
move_rows(struct editor *e, bool up)
{
	struct walk at = walk_to(e, e->cursor);

	if (!e->goal_set) {
		e->goal = at.col;
		e->goal_set = true;
	}
	if (up ? at.row == 0 : !offset_at(e, at.row + 1, e->goal, &e->cursor))
		e->cursor = up ? 0 : e->len;
	else if (up)
		(void)offset_at(e, at.row - 1, e->goal, &e->cursor);
}

/* Enter. A line of a single dot ends a text. */
static enum editor_result
enter(struct editor *e)
{
	size_t start;

	if (e->pasting || (e->mode == EDITOR_TEXT && e->cursor != e->len)) {
		insert(e, e->mode == EDITOR_TEXT ? "\n" : " ", 1);
		return EDITOR_MORE;
	}
	if (e->mode != EDITOR_TEXT)
		return EDITOR_DONE;
	start = line_start(e, e->cursor);
	if (e->len - start == 1 && e->text[start] == '.') {
		erase(e, start, e->len);
		return EDITOR_DONE;
	}
	insert(e, "\n", 1);
	return EDITOR_MORE;
}

/* ---- keys ------------------------------------------------------------------------------------- */

enum action {
	LEFT,
	RIGHT,
	UP,
	DOWN,
	HOME,
	END,
	WORD_LEFT,
	WORD_RIGHT,
	RUB_LEFT,
	RUB_RIGHT,
	RUB_WORD_LEFT,
	RUB_WORD_RIGHT,
	RUB_TO_START,
	RUB_TO_END,
	CLEAR,
	PASTE_BEGIN,
	PASTE_END,
};

static void
act(struct editor *e, enum action action)
{
	size_t at = e->cursor;

	if (action != UP && action != DOWN)
		e->goal_set = false;
	switch (action) {
	case LEFT:
		e->cursor = previous(e, at);
		break;
	case RIGHT:
		e->cursor = following(e, at);
		break;
	case UP:
	case DOWN:
		move_rows(e, action == UP);
		break;
	case HOME:
		e->cursor = line_start(e, at);
		break;
	case END:
		e->cursor = line_end(e, at);
		break;
	case WORD_LEFT:
		e->cursor = word_left(e, at);
		break;
	case WORD_RIGHT:
		e->cursor = word_right(e, at);
		break;
	case RUB_LEFT:
		erase(e, previous(e, at), at);
		break;
	case RUB_RIGHT:
		erase(e, at, following(e, at));
		break;
	case RUB_WORD_LEFT:
		erase(e, word_left(e, at), at);
		break;
	case RUB_WORD_RIGHT:
		erase(e, at, word_right(e, at));
		break;
	case RUB_TO_START:
		erase(e, line_start(e, at), at);
		break;
	case RUB_TO_END:
		/* At a line's end, its line feed. */
		erase(e, at, line_end(e, at) > at ? line_end(e, at) : following(e, at));
		break;
	case CLEAR:
		e->clear = true;
		break;
	case PASTE_BEGIN:
	case PASTE_END:
		e->pasting = action == PASTE_BEGIN;
		e->after_cr = false;
		break;
	}
}

/* clang-format off */
static const struct {
	const char *sequence; /* "^[" left out: "[A", "OA", "b"; or a control character */
	enum action action;
} bindings[] = {
	{ "[A", UP },            { "OA", UP },            { "\x10", UP },           /* Ctrl-P */
	{ "[B", DOWN },          { "OB", DOWN },          { "\x0e", DOWN },         /* Ctrl-N */
	{ "[C", RIGHT },         { "OC", RIGHT },         { "\x06", RIGHT },        /* Ctrl-F */
	{ "[D", LEFT },          { "OD", LEFT },          { "\x02", LEFT },         /* Ctrl-B */
	{ "[H", HOME },          { "OH", HOME },          { "\x01", HOME },         /* Ctrl-A */
	{ "[1~", HOME },         { "[7~", HOME },
	{ "[F", END },           { "OF", END },           { "\x05", END },          /* Ctrl-E */
	{ "[4~", END },          { "[8~", END },
	{ "[1;5D", WORD_LEFT },  { "[1;3D", WORD_LEFT },  { "b", WORD_LEFT },
	{ "[1;5C", WORD_RIGHT }, { "[1;3C", WORD_RIGHT }, { "f", WORD_RIGHT },
	{ "\x7f", RUB_LEFT },    { "\x08", RUB_LEFT },
	{ "[3~", RUB_RIGHT },
	{ "\x17", RUB_WORD_LEFT },                                                  /* Ctrl-W */
	{ "d", RUB_WORD_RIGHT },
	{ "\x15", RUB_TO_START },                                                   /* Ctrl-U */
	{ "\x0b", RUB_TO_END },                                                     /* Ctrl-K */
	{ "\x0c", CLEAR },                                                          /* Ctrl-L */
	{ "[200~", PASTE_BEGIN },
	{ "[201~", PASTE_END },
};
/* clang-format on */

/* Do what a complete sequence asks for; one that is not bound does nothing. */
static void
act_on(struct editor *e, const char *sequence, size_t n)
{
	for (size_t i = 0; i < NELEM(bindings); i++)
		if (strlen(bindings[i].sequence) == n &&
		    memcmp(bindings[i].sequence, sequence, n) == 0 &&
		    (!e->pasting || bindings[i].action == PASTE_END)) {
			act(e, bindings[i].action);
			return;
		}
}

static void
feed_sequence(struct editor *e, uint8_t byte)
{
	/* A sequence that is too long is swallowed to its end. */
	if (e->n_sequence < EDITOR_SEQUENCE_MAX)
		e->sequence[e->n_sequence] = (char)byte;
	e->n_sequence++;
	if (e->keys == KEYS_ESCAPE && (byte == '[' || byte == 'O')) {
		e->keys = byte == '[' ? KEYS_CSI : KEYS_SS3;
		return;
	}
	if (e->keys == KEYS_CSI && (byte < 0x40 || byte > 0x7e))
		return;
	if (e->keys == KEYS_ESCAPE && byte == 0x7f)
		act(e, RUB_WORD_LEFT);
	else if (e->n_sequence <= EDITOR_SEQUENCE_MAX)
		act_on(e, e->sequence, e->n_sequence);
	e->keys = KEYS_PLAIN;
}

static enum editor_result
feed_control(struct editor *e, uint8_t byte)
{
	char c = (char)byte;
	bool lf_of_crlf = byte == '\n' && e->after_cr;

	e->after_cr = e->pasting && byte == '\r';
	if (byte == '\r' || byte == '\n')
		return lf_of_crlf ? EDITOR_MORE : enter(e);
	if (byte == '\t') {
		insert(e, &c, 1);
		return EDITOR_MORE;
	}
	if (e->pasting)
		return EDITOR_MORE;
	if (byte == CTRL('C'))
		return EDITOR_INTERRUPT;
	if (byte == CTRL('D')) {
		if (e->mode == EDITOR_TEXT)
			return EDITOR_DONE;
		if (e->len == 0)
			return EDITOR_END;
		act(e, RUB_RIGHT);
		return EDITOR_MORE;
	}
	act_on(e, &c, 1);
	return EDITOR_MORE;
}

/* Bytes of a character beyond ASCII; what does not decode is left out. */
static void
feed_utf8(struct editor *e, uint8_t byte)
{
	size_t want;
	uint32_t c;

	if (byte >= 0xc0)
		e->n_partial = 0;
	else if (e->n_partial == 0)
		return;
	e->partial[e->n_partial++] = (char)byte;
	want = (uint8_t)e->partial[0] >= 0xf0 ? 4 : (uint8_t)e->partial[0] >= 0xe0 ? 3 : 2;
	if (e->n_partial < want)
		return;
	/* C1 controls are no text, and some terminals obey them. */
	if (utf8_decode(&c, e->partial, e->n_partial) == want && c >= 0xa0)
		insert(e, e->partial, want);
	e->n_partial = 0;
}

enum editor_result
editor_feed(struct editor *e, uint8_t byte)
{
	char c = (char)byte;

	if (e->keys != KEYS_PLAIN) {
		feed_sequence(e, byte);
		return EDITOR_MORE;
	}
	if (byte == 0x1b) {
		e->keys = KEYS_ESCAPE;
		e->n_sequence = 0;
		e->n_partial = 0;
		return EDITOR_MORE;
	}
	if (byte < 0x20 || byte == 0x7f) {
		e->n_partial = 0;
		return feed_control(e, byte);
	}
	e->after_cr = false;
	if (byte >= 0x80) {
		feed_utf8(e, byte);
	} else {
		e->n_partial = 0;
		insert(e, &c, 1);
	}
	return EDITOR_MORE;
}

/* ---- drawing ---------------------------------------------------------------------------------- */

static void
put(editor_sink *sink, void *ctx, const char *s)
{
	sink(ctx, s, strlen(s));
}

static void
put_move(editor_sink *sink, void *ctx, unsigned n, char direction)
{
	char out[16];

	if (n > 0)
		sink(ctx, out, (size_t)snprintf(out, sizeof(out), "\033[%u%c", n, direction));
}

static void
put_char(editor_sink *sink, void *ctx, const char *text, const struct walk *w)
{
	if (w->c == '\t')
		sink(ctx, "    ", w->width);
	else if (!utf8_char_printable(w->c))
		put(sink, ctx, "\xef\xbf\xbd");
	else
		sink(ctx, text + w->at, w->n);
}

/* The printable part of the prompt. */
static void
put_prompt(const struct editor *e, editor_sink *sink, void *ctx)
{
	size_t len = strlen(e->prompt), n;

	for (size_t i = 0; i < len; i += n) {
		struct walk w = { .at = i };

		w.n = n = char_at(e->prompt, len, i, &w.c);
		w.width = width_of(w.c, 0);
		put_char(sink, ctx, e->prompt, &w);
	}
}

void
editor_draw(struct editor *e, editor_sink *sink, void *ctx)
{
	struct walk cursor = walk_to(e, e->mode == EDITOR_HIDDEN ? 0 : e->cursor);
	struct walk w = walk_begin(e);
	unsigned row;

	if (cursor.row < e->top)
		e->top = cursor.row;
	if (cursor.row >= e->top + e->rows)
		e->top = cursor.row - e->rows + 1;
	if (e->clear) {
		put(sink, ctx, "\033[H\033[2J");
		e->clear = false;
	} else {
		put_move(sink, ctx, e->drawn_row, 'A');
		put(sink, ctx, "\r\033[J");
	}
	row = e->top;
	if (e->top == 0 && w.at == 0 && *e->prompt != '\0') {
		put_prompt(e, sink, ctx);
		row = (prompt_columns(e) - 1) / e->columns;
	}
	for (; w.n > 0 && e->mode != EDITOR_HIDDEN; walk_next(e, &w)) {
		if (w.row < e->top)
			continue;
		if (w.row >= e->top + e->rows)
			break;
		for (; row < w.row; row++)
			put(sink, ctx, "\r\n");
		if (w.c != '\n')
			put_char(sink, ctx, e->text, &w);
	}
	/* The row behind a last line feed, or a full last row, is there for the cursor. */
	for (; row < cursor.row; row++)
		put(sink, ctx, "\r\n");
	put_move(sink, ctx, row - cursor.row, 'A');
	put(sink, ctx, "\r");
	put_move(sink, ctx, cursor.col, 'C');
	e->drawn_row = cursor.row - e->top;
}

void
editor_leave(struct editor *e, bool erase_it, editor_sink *sink, void *ctx)
{
	if (erase_it) {
		put_move(sink, ctx, e->drawn_row, 'A');
		put(sink, ctx, "\r\033[J");
	} else {
		e->cursor = e->len;
		editor_draw(e, sink, ctx);
		put(sink, ctx, "\r\n");
	}
	e->drawn_row = 0;
}
