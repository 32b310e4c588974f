/* SPDX-License-Identifier: ISC */
/* The client's editor, fed with the bytes that keys send; what it draws is checked on a terminal of
 * our own that knows the handful of sequences it may use. */
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "../client/editor.h"
#include "../client/verb.h"

#define UP "\033[A"
#define DOWN "\033[B"
#define RIGHT "\033[C"
#define LEFT "\033[D"
#define PASTE(s) "\033[200~" s "\033[201~"

struct typed {
	struct editor e;
	char text[256];
};

static enum editor_result
type(struct editor *e, const char *keys)
{
	enum editor_result r = EDITOR_MORE;

	for (; *keys != '\0' && r == EDITOR_MORE; keys++)
		r = editor_feed(e, (uint8_t)*keys);
	return r;
}

static void
begin(struct typed *t, enum editor_mode mode, const char *initial)
{
	memset(t, 0, sizeof(*t));
	memcpy(t->text, initial, strlen(initial));
	editor_init(&t->e, mode, t->text, strlen(initial), sizeof(t->text) - 1, NULL);
}

/* ---- a terminal ------------------------------------------------------------------------------- */

#define ROWS 12
#define COLUMNS 24

struct screen {
	char cell[ROWS][COLUMNS + 1][8];
	unsigned row, col;
	bool wrap; /* the last column is written: the next character goes to the next row */
	bool bad;  /* something came that a terminal might obey */
};

static void
clear_from(struct screen *s, unsigned row, unsigned col)
{
	for (; row < ROWS; row++, col = 0)
		for (; col < COLUMNS; col++)
			s->cell[row][col][0] = '\0';
}

static size_t
escape(struct screen *s, const char *p, size_t len)
{
	unsigned n = 0;
	size_t i = 2;

	if (len < 3 || p[1] != '[') {
		s->bad = true;
		return 1;
	}
	while (i < len && p[i] >= '0' && p[i] <= '9')
		n = n * 10 + (unsigned)(p[i++] - '0');
	s->wrap = false;
	switch (i < len ? p[i] : 0) {
	case 'A':
		s->bad |= n > s->row;
		s->row -= n > s->row ? s->row : n;
		break;
	case 'C':
		s->col = s->col + n < COLUMNS ? s->col + n : COLUMNS - 1;
		break;
	case 'H':
		s->row = s->col = 0;
		break;
	case 'J':
		clear_from(s, n == 2 ? 0 : s->row, n == 2 ? 0 : s->col);
		break;
	default:
		s->bad = true;
	}
	return i + 1;
}

static void
print(struct screen *s, const char *p, size_t n)
{
	if (s->wrap || s->col >= COLUMNS) {
		s->row++;
		s->col = 0;
		s->wrap = false;
	}
	if (s->row >= ROWS) {
		s->bad = true;
		return;
	}
	memcpy(s->cell[s->row][s->col], p, n);
	s->cell[s->row][s->col][n] = '\0';
	if (++s->col == COLUMNS) {
		s->col = COLUMNS - 1;
		s->wrap = true;
	}
}

static void
show(void *ctx, const char *p, size_t len)
{
	struct screen *s = ctx;

	for (size_t i = 0; i < len;) {
		size_t n = 1;

		if (p[i] == '\033') {
			n = escape(s, p + i, len - i);
		} else if (p[i] == '\r' || p[i] == '\n') {
			s->wrap = false;
			if (p[i] == '\r')
				s->col = 0;
			else
				s->row++;
		} else if ((uint8_t)p[i] < 0x20 || p[i] == 0x7f) {
			s->bad = true;
		} else {
			while (i + n < len && ((uint8_t)p[i + n] & 0xc0) == 0x80)
				n++;
			print(s, p + i, n);
		}
		i += n;
	}
}

static const char *
row_text(const struct screen *s, unsigned row)
{
	static char out[COLUMNS * 8];
	size_t used = 0;

	for (unsigned i = 0; i < COLUMNS && s->cell[row][i][0] != '\0'; i++) {
		strcpy(out + used, s->cell[row][i]);
		used += strlen(s->cell[row][i]);
	}
	out[used] = '\0';
	return out;
}

/* ---- typing ----------------------------------------------------------------------------------- */

Test(prompt, keys_edit_a_line)
{
	static const struct {
		const char *initial, *keys, *want;
	} cases[] = {
		{ "", "abc", "abc" }, { "abc", LEFT LEFT "x", "axbc" },
		{ "abc",
		    "\033[H"
		    "x",
		    "xabc" },
		{ "abc",
		    "\033OH"
		    "x"
		    "\033OF"
		    "y",
		    "xabcy" },
		{ "abc", "\x01\033[3~", "bc" }, { "abc", "\x7f", "ab" },
		{ "abc", "\x01\x7f", "abc" }, { "one two three", "\x17", "one two " },
		{ "one two  ", "\x17", "one " }, { "one two", "\x15", "" },
		{ "one two", "\033b\x0b", "one " }, { "one two", "\x01\033d", " two" },
		{ "one two", "\033\x7f", "one " },
		{ "one two",
		    "\033[1;5D"
		    "x",
		    "one xtwo" },
		{ "a\xc3\xa9", "\x7f", "a" },                    /* é */
		{ "ae\xcc\x81", "\x7f", "a" },                   /* e with a combining accent */
		{ "a\xe6\xbc\xa2", LEFT "x", "ax\xe6\xbc\xa2" }, /* a wide character */
	};

	for (size_t i = 0; i < NELEM(cases); i++) {
		struct typed t;

		begin(&t, EDITOR_LINE, cases[i].initial);
		cr_assert(eq(int, (int)type(&t.e, cases[i].keys), EDITOR_MORE));
		t.text[t.e.len] = '\0';
		cr_assert(eq(str, t.text, (char *)cases[i].want), "case %zu", i);
	}
}

Test(prompt, enter_ends_a_line_and_not_a_text)
{
	struct typed t;

	begin(&t, EDITOR_LINE, "a");
	cr_assert(eq(int, (int)type(&t.e, "\r"), EDITOR_DONE));
	begin(&t, EDITOR_TEXT, "a");
	cr_assert(eq(int, (int)type(&t.e, "\rb\r"), EDITOR_MORE));
	cr_assert(eq(str, t.text, "a\nb\n"));
	cr_assert(eq(int, (int)type(&t.e, "\x04"), EDITOR_DONE));
}

Test(prompt, a_single_dot_on_the_last_line_ends_a_text_and_is_no_part_of_it)
{
	struct typed t;

	begin(&t, EDITOR_TEXT, "");
	cr_assert(eq(int, (int)type(&t.e, "one\r.\r"), EDITOR_DONE));
	cr_assert(eq(str, t.text, "one\n"));
	cr_assert(eq(sz, t.e.len, 4));

	begin(&t, EDITOR_TEXT, "");
	cr_assert(eq(int, (int)type(&t.e, "one.\r..\r"), EDITOR_MORE));
}

Test(prompt, a_paste_never_ends_the_text_nor_moves_the_cursor)
{
	struct typed t;

	begin(&t, EDITOR_TEXT, "");
	cr_assert(eq(int, (int)type(&t.e, PASTE("a\r\n.\rb\x04\x03\x01")), EDITOR_MORE));
	cr_assert(eq(str, t.text, "a\n.\nb"));
	cr_assert(eq(sz, t.e.cursor, 5));

	begin(&t, EDITOR_LINE, "");
	cr_assert(eq(int, (int)type(&t.e, PASTE("a\rb")), EDITOR_MORE));
	cr_assert(eq(str, t.text, "a b"));
}

Test(prompt, ctrl_c_interrupts_and_loses_nothing)
{
	struct typed t;

	begin(&t, EDITOR_TEXT, "words");
	cr_assert(eq(int, (int)type(&t.e, "\x03"), EDITOR_INTERRUPT));
	cr_assert(eq(str, t.text, "words"));
	cr_assert(eq(int, (int)type(&t.e, "!"), EDITOR_MORE));
	cr_assert(eq(str, t.text, "words!"));
}

Test(prompt, ctrl_d_on_an_empty_line_is_the_end)
{
	struct typed t;

	begin(&t, EDITOR_LINE, "");
	cr_assert(eq(int, (int)type(&t.e, "\x04"), EDITOR_END));
	begin(&t, EDITOR_LINE, "ab");
	cr_assert(eq(int, (int)type(&t.e, "\x01\x04"), EDITOR_MORE));
	cr_assert(eq(str, t.text, "b"));
}

Test(prompt, up_and_down_keep_the_column_over_shorter_lines)
{
	struct typed t;

	begin(&t, EDITOR_TEXT, "abcdef\nx\nghijkl");
	type(&t.e, LEFT LEFT UP);
	cr_assert(eq(sz, t.e.cursor, 8), "behind the x");
	type(&t.e, UP);
	cr_assert(eq(sz, t.e.cursor, 4));
	type(&t.e, DOWN DOWN);
	cr_assert(eq(sz, t.e.cursor, 13));
	type(&t.e, UP UP UP UP);
	cr_assert(eq(sz, t.e.cursor, 0));
	type(&t.e, DOWN DOWN DOWN DOWN);
	cr_assert(eq(sz, t.e.cursor, t.e.len));
}

Test(prompt, more_than_fits_is_refused_and_told)
{
	char text[8] = "";
	struct editor e;

	editor_init(&e, EDITOR_LINE, text, 0, 4, NULL);
	type(&e, "abcdefgh");
	cr_assert(eq(sz, e.len, 4));
	cr_assert(e.full);
	cr_assert(eq(str, text, "abcd"));
	/* A character of two bytes does not get in by half. */
	type(&e, "\x7f\xc3\xa9");
	cr_assert(eq(str, text, "abc"));
}

Test(prompt, what_is_no_utf8_and_what_controls_a_terminal_is_left_out)
{
	struct typed t;

	begin(&t, EDITOR_LINE, "");
	type(&t.e, "a\xff\xc3(b\xed\xa0\x80\xc2\x9b"
		   "c\x1e\x07");
	cr_assert(eq(str, t.text, "a(bc"));
}

Test(prompt, endless_and_unknown_sequences_do_nothing)
{
	struct typed t;

	begin(&t, EDITOR_LINE, "a");
	type(&t.e, "\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16A\033[99~\033Ob\033zb");
	cr_assert(eq(str, t.text, "ab"));
}

Test(prompt, any_bytes_leave_text_that_is_utf8_and_a_cursor_on_its_border)
{
	uint32_t seed = 12345;
	struct typed t;

	begin(&t, EDITOR_TEXT, "");
	editor_resize(&t.e, COLUMNS, ROWS - 1);
	for (unsigned i = 0; i < 200000; i++) {
		static const char favourites[] =
		    "\033[ABCDHF3~200~201~\x01\x05\x0b\x15\x17\r\t \xc3\xa9";
		struct screen s = { 0 };
		uint8_t byte;

		seed = seed * 1103515245 + 12345;
		byte = seed >> 24 & 1
			   ? (uint8_t)(seed >> 16)
			   : (uint8_t)favourites[(seed >> 16) % (sizeof(favourites) - 1)];
		editor_feed(&t.e, byte);
		cr_assert(t.e.len <= t.e.cap && t.e.cursor <= t.e.len);
		cr_assert(t.e.cursor == t.e.len || ((uint8_t)t.text[t.e.cursor] & 0xc0) != 0x80);
		if (i % 64 != 0)
			continue;
		t.e.drawn_row = 0;
		editor_draw(&t.e, show, &s);
		cr_assert(not(s.bad), "after %u bytes", i);
	}
}

/* ---- drawing ---------------------------------------------------------------------------------- */

Test(prompt, long_lines_wrap_and_the_cursor_stands_where_it_types)
{
	struct screen s = { 0 };
	struct typed t;

	begin(&t, EDITOR_TEXT, "");
	t.e.prompt = "";
	editor_resize(&t.e, COLUMNS, ROWS);
	type(&t.e, "abcdefghijklmnopqrstuvwxyz\rsecond");
	editor_draw(&t.e, show, &s);
	cr_assert(eq(str, (char *)row_text(&s, 0), "abcdefghijklmnopqrstuvwx"));
	cr_assert(eq(str, (char *)row_text(&s, 1), "yz"));
	cr_assert(eq(str, (char *)row_text(&s, 2), "second"));
	cr_assert(eq(u32, s.row, 2));
	cr_assert(eq(u32, s.col, 6));

	/* Drawn again after a change, nothing of the old remains. */
	type(&t.e, "\x15" UP "\x15");
	editor_draw(&t.e, show, &s);
	cr_assert(eq(str, (char *)row_text(&s, 0), "yz"));
	cr_assert(eq(str, (char *)row_text(&s, 1), ""));
	cr_assert(not(s.bad));
}

Test(prompt, the_prompt_stands_before_the_line_and_a_hidden_line_shows_nothing)
{
	struct screen s = { 0 };
	char text[32] = "";
	struct editor e;

	editor_init(&e, EDITOR_LINE, text, 0, 31, "Name: ");
	editor_resize(&e, COLUMNS, ROWS);
	type(&e, "Ann");
	editor_draw(&e, show, &s);
	cr_assert(eq(str, (char *)row_text(&s, 0), "Name: Ann"));
	cr_assert(eq(u32, s.col, 9));

	memset(&s, 0, sizeof(s));
	editor_init(&e, EDITOR_HIDDEN, text, 0, 31, "Secret: ");
	type(&e, "passphrase");
	editor_draw(&e, show, &s);
	cr_assert(eq(str, (char *)row_text(&s, 0), "Secret: "));
	cr_assert(eq(str, text, "passphrase"));
}

Test(prompt, a_text_taller_than_the_terminal_shows_the_rows_around_the_cursor)
{
	struct screen s = { 0 };
	struct typed t;

	begin(&t, EDITOR_TEXT, "1\n2\n3\n4\n5\n6\n7");
	editor_resize(&t.e, COLUMNS, 3);
	editor_draw(&t.e, show, &s);
	cr_assert(eq(str, (char *)row_text(&s, 0), "5"));
	cr_assert(eq(str, (char *)row_text(&s, 2), "7"));
	type(&t.e, UP UP UP);
	editor_draw(&t.e, show, &s);
	cr_assert(eq(str, (char *)row_text(&s, 0), "4"));
	cr_assert(eq(str, (char *)row_text(&s, 2), "6"));
	cr_assert(eq(u32, s.row, 0));
	cr_assert(not(s.bad));
}

Test(prompt, leaving_can_wipe_what_was_typed_from_the_screen)
{
	struct screen s = { 0 };
	struct typed t;

	begin(&t, EDITOR_LINE, "seven secret words that wrap around");
	editor_resize(&t.e, COLUMNS, ROWS);
	editor_draw(&t.e, show, &s);
	editor_leave(&t.e, true, show, &s);
	for (unsigned i = 0; i < ROWS; i++)
		cr_assert(eq(str, (char *)row_text(&s, i), ""));
	cr_assert(eq(u32, s.row, 0));
}

Test(prompt, characters_that_would_reorder_or_hide_text_are_drawn_as_a_mark)
{
	struct screen s = { 0 };
	struct typed t;

	begin(&t, EDITOR_LINE,
	    "a\xe2\x80\xae"
	    "b\x07");
	editor_draw(&t.e, show, &s);
	cr_assert(eq(str, (char *)row_text(&s, 0),
	    "a\xef\xbf\xbd"
	    "b\xef\xbf\xbd"));
	cr_assert(not(s.bad));
}

/* ---- words that were meant -------------------------------------------------------------------- */

Test(prompt, the_nearest_verb_is_found_and_a_far_one_is_not)
{
	static const char *const names[] = { "report", "follow", "guide" };

	cr_assert(eq(str, (char *)verb_nearest("reprot", names, 3), "report"));
	cr_assert(eq(str, (char *)verb_nearest("folow", names, 3), "follow"));
	cr_assert(zero(ptr, (void *)verb_nearest("banana", names, 3)));
	cr_assert(zero(ptr, (void *)verb_nearest("", names, 3)));
}
