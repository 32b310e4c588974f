/* SPDX-License-Identifier: ISC */
/* The terminal: see term.h. What is typed lives in the caller's arena; the terminal is put back as it
 * was whatever happens, signals included. */
#include "term.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <sodium/utils.h>
#include <utf8proc.h>

#include "candor/strip.h"
#include "candor/utf8.h"
#include "candor/wire.h"

#include "client.h"
#include "editor.h"

#define LINE_MAX_BYTES 1024
#define PASTE_ON "\033[?2004h"
#define PASTE_OFF "\033[?2004l"

/* For the signal handlers alone. */
static struct {
	volatile sig_atomic_t raw, changed;
	int fd;
	struct termios usual;
} tty = { .fd = -1 };

/* ---- what there is ---------------------------------------------------------------------------- */

static bool
wants_colour(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && (no == NULL || *no == '\0') && term != NULL && *term != '\0' &&
	       strcmp(term, "dumb") != 0;
}

void
term_begin(struct client *c, char *buffer, size_t size)
{
	tty.fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty.fd < 0 && isatty(STDIN_FILENO) && isatty(STDERR_FILENO))
		tty.fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (tty.fd >= 0 && (c->tty = fdopen(tty.fd, "w")) != NULL) {
		setvbuf(c->tty, buffer, _IOLBF, size);
		c->interactive = isatty(STDIN_FILENO);
		c->colour_tty = wants_colour(tty.fd);
	}
	c->colour_out = wants_colour(STDOUT_FILENO);
	c->colour_err = wants_colour(STDERR_FILENO);
}

const char *
term_style(const struct client *c, FILE *f, enum term_style style)
{
	static const char *const escapes[TERM__N] = {
		[TERM_PLAIN] = "\033[0m",
		[TERM_BOLD] = "\033[1m",
		[TERM_DIM] = "\033[2m",
		[TERM_RED] = "\033[31m",
		[TERM_GREEN] = "\033[32m",
		[TERM_YELLOW] = "\033[33m",
	};
	bool colour = f == stdout ? c->colour_out : f == stderr ? c->colour_err : c->colour_tty;

	return colour ? escapes[style] : "";
}

unsigned
term_columns(void)
{
	struct winsize size;

	if ((ioctl(tty.fd >= 0 ? tty.fd : STDOUT_FILENO, TIOCGWINSZ, &size) == 0) &&
	    size.ws_col > 0)
		return size.ws_col;
	return 80;
}

/* ---- showing ---------------------------------------------------------------------------------- */

void
term_show(struct client *c, FILE *f, const char *text, size_t len)
{
	arena_mark_t mark = arena_mark(&c->scratch);
	struct span inert;

	if (strip_inert(&c->scratch, &inert, text, len) == 0)
		fwrite(inert.p, 1, inert.len, f);
	else
		fputs("(more than fits in memory)", f);
	arena_release(&c->scratch, mark);
}

void
term_show_str(struct client *c, FILE *f, const char *text)
{
	term_show(c, f, text, strlen(text));
}

/* Columns of len bytes of inert text. */
static unsigned
columns_of(const char *p, size_t len)
{
	unsigned columns = 0;
	uint32_t ch;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		int w;

		if ((n = utf8_decode(&ch, p + i, len - i)) == 0)
			return columns;
		w = utf8proc_charwidth((utf8proc_int32_t)ch);
		columns += w > 0 ? (unsigned)w : 0;
	}
	return columns;
}

/* One line of inert text, broken at blanks. */
static void
wrap_line(FILE *f, unsigned indent, unsigned width, const char *p, size_t len)
{
	unsigned col = 0;

	fprintf(f, "%*s", (int)indent, "");
	for (size_t i = 0; i < len;) {
		size_t n = 0, word;

		while (i + n < len && p[i + n] == ' ')
			n++;
		word = n;
		while (i + n < len && p[i + n] != ' ')
			n++;
		if (col > 0 && col + columns_of(p + i, n) > width) {
			fprintf(f, "\n%*s", (int)indent, "");
			i += word;
			n -= word;
			col = 0;
		}
		fwrite(p + i, 1, n, f);
		col += columns_of(p + i, n);
		i += n;
	}
	putc('\n', f);
}

void
term_wrap(struct client *c, FILE *f, unsigned indent, const char *text)
{
	arena_mark_t mark = arena_mark(&c->scratch);
	unsigned columns = term_columns();
	unsigned width = columns > indent + 20 ? columns - indent - 1 : 20;
	struct span inert;
	const char *p;
	size_t left;

	if (width > 90)
		width = 90;
	if (strip_inert(&c->scratch, &inert, text, strlen(text)) == 0) {
		p = (const char *)inert.p;
		left = inert.len;
		while (left > 0) {
			const char *lf = memchr(p, '\n', left);
			size_t n = lf != NULL ? (size_t)(lf - p) : left;

			wrap_line(f, indent, width, p, n);
			n += lf != NULL;
			p += n;
			left -= n;
		}
	}
	arena_release(&c->scratch, mark);
}

/* ---- the raw terminal ------------------------------------------------------------------------- */

static void
raw_leave(void)
{
	if (!tty.raw)
		return;
	tty.raw = 0;
	(void)!write(tty.fd, PASTE_OFF, sizeof(PASTE_OFF) - 1);
	tcsetattr(tty.fd, TCSANOW, &tty.usual); /* draining might wait for ever, in a handler too */
}

static void
raw_set(void)
{
	struct termios raw = tty.usual;

	raw.c_iflag &= (tcflag_t) ~(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
	raw.c_lflag &= (tcflag_t) ~(ECHO | ICANON | IEXTEN | ISIG);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(tty.fd, TCSADRAIN, &raw);
	(void)!write(tty.fd, PASTE_ON, sizeof(PASTE_ON) - 1);
}

static void
on_end(int sig)
{
	raw_leave();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void
on_change(int sig)
{
	(void)sig;
	tty.changed = 1;
}

/* Signals while the terminal is raw, and what they were before. */
static const struct {
	int sig;
	void (*handler)(int);
} handlers[] = {
	{ SIGINT, on_end },
	{ SIGTERM, on_end },
	{ SIGHUP, on_end },
	{ SIGQUIT, on_end },
	{ SIGWINCH, on_change },
	{ SIGCONT, on_change },
};

static int
raw_enter(struct sigaction before[NELEM(handlers)])
{
	if (tcgetattr(tty.fd, &tty.usual) < 0)
		return -1;
	for (size_t i = 0; i < NELEM(handlers); i++) {
		struct sigaction a = { .sa_handler = handlers[i].handler };

		sigaction(handlers[i].sig, &a, &before[i]);
	}
	tty.raw = 1;
	raw_set();
	return 0;
}

static void
raw_end(const struct sigaction before[NELEM(handlers)])
{
	raw_leave();
	for (size_t i = 0; i < NELEM(handlers); i++)
		sigaction(handlers[i].sig, &before[i], NULL);
}

static void
sink(void *ctx, const char *p, size_t len)
{
	fwrite(p, 1, len, ctx);
}

static void
resize(struct editor *e)
{
	struct winsize size;

	if (ioctl(tty.fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 1)
		editor_resize(e, size.ws_col, size.ws_row - 1u);
}

/* Feed what is typed until the editor is done; draws once per burst of bytes. */
static enum editor_result
edit_loop(struct client *c, struct editor *e)
{
	uint8_t burst[256];

	for (;;) {
		enum editor_result r = EDITOR_MORE;
		ssize_t n;

		if (tty.changed) {
			tty.changed = 0;
			raw_set();
			resize(e);
		}
		editor_draw(e, sink, c->tty);
		if (e->full) {
			putc('\a', c->tty);
			e->full = false;
		}
		fflush(c->tty);
		n = read(tty.fd, burst, sizeof(burst));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return EDITOR_END;
		for (ssize_t i = 0; i < n && r == EDITOR_MORE; i++)
			r = editor_feed(e, burst[i]);
		sodium_memzero(burst, sizeof(burst));
		if (r != EDITOR_MORE)
			return r;
	}
}

/* Run the editor with the terminal raw. Ctrl-C asks before it throws away a text. */
static enum editor_result
edit_raw(struct client *c, struct editor *e, bool erase)
{
	struct sigaction before[NELEM(handlers)];
	enum editor_result r;
	bool stop = true;

	for (;;) {
		resize(e);
		if (raw_enter(before) < 0)
			return EDITOR_END;
		r = edit_loop(c, e);
		editor_leave(e, erase, sink, c->tty);
		fflush(c->tty);
		raw_end(before);
		if (r != EDITOR_INTERRUPT || e->mode != EDITOR_TEXT || e->len == 0)
			return r;
		if (term_confirm(c, &stop, false, "Abandon what you wrote?") != 0 || stop)
			return r;
	}
}

/* Edit in the arena; what is not used of max bytes goes back. erase: leave nothing on the screen. */
static int
edit(struct client *c, struct arena *a, struct span *out, enum editor_mode mode, const char *prompt,
    const char *initial, size_t max, bool erase)
{
	arena_mark_t mark = arena_mark(a);
	size_t len = initial == NULL ? 0 : strlen(initial);
	enum editor_result r;
	struct editor e;
	char *text;

	if (c->tty == NULL)
		return client_fail(c, EX_NOINPUT, "there is no terminal to ask on");
	if (len > max || (text = arena_alloc(a, max + 1)) == NULL)
		return client_fail_memory(c);
	if (len > 0)
		memcpy(text, initial, len);
	fflush(stdout);
	fflush(stderr);
	editor_init(&e, mode, text, len, max, prompt);
	r = edit_raw(c, &e, erase);
	sodium_memzero(e.partial, sizeof(e.partial));
	if (r != EDITOR_DONE) {
		arena_release(a, mark);
		return client_fail(c, EX_NOINPUT, "abandoned: nothing was sent");
	}
	memset(text + e.len, 0, max + 1 - e.len);
	a->used = (size_t)((uint8_t *)text - a->base) + e.len + 1;
	*out = (struct span){ (uint8_t *)text, e.len };
	return 0;
}

int
term_line(struct client *c, struct arena *a, struct span *out, const char *prompt,
    const char *initial, size_t max)
{
	return edit(c, a, out, EDITOR_LINE, prompt, initial, max, false);
}

int
term_line_erased(
    struct client *c, struct arena *a, struct span *out, const char *prompt, size_t max)
{
	return edit(c, a, out, EDITOR_LINE, prompt, NULL, max, true);
}

int
term_text(struct client *c, struct arena *a, struct span *out, const char *prompt,
    const char *initial, size_t max)
{
	if (c->tty != NULL)
		fprintf(c->tty,
		    "%s%s%s\n%s(Ctrl-D, or a line with a single dot, ends; Ctrl-C abandons)%s\n",
		    term_style(c, c->tty, TERM_BOLD), prompt, term_style(c, c->tty, TERM_PLAIN),
		    term_style(c, c->tty, TERM_DIM), term_style(c, c->tty, TERM_PLAIN));
	return edit(c, a, out, EDITOR_TEXT, NULL, initial, max, false);
}

int
term_secret(struct client *c, struct arena *a, struct span *out, const char *prompt)
{
	return edit(c, a, out, EDITOR_HIDDEN, prompt, NULL, LINE_MAX_BYTES, false);
}

/* The first line of --passphrase-fd. */
static int
passphrase_from_fd(struct client *c, struct arena *a, struct span *out)
{
	char *text = arena_alloc(a, LINE_MAX_BYTES + 1);
	size_t len = 0;

	if (text == NULL)
		return client_fail_memory(c);
	/* Byte by byte: what follows the line is somebody else's. */
	while (len <= LINE_MAX_BYTES) {
		ssize_t n = read(c->passphrase_fd, text + len, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return client_fail(c, EX_NOINPUT, "--passphrase-fd %d: %s",
			    c->passphrase_fd, strerror(errno));
		if (n == 0 || text[len] == '\n')
			break;
		len++;
	}
	if (len > LINE_MAX_BYTES)
		return client_fail(c, EX_DATAERR, "--passphrase-fd %d: longer than %d bytes",
		    c->passphrase_fd, LINE_MAX_BYTES);
	text[len] = '\0';
	*out = (struct span){ (uint8_t *)text, len };
	return 0;
}

int
term_passphrase(
    struct client *c, struct arena *a, struct span *out, const char *prompt, bool confirm)
{
	struct span first, second;
	int r;

	if (c->passphrase_fd >= 0) {
		if (c->passphrase.p == NULL &&
		    (r = passphrase_from_fd(c, &c->arena, &c->passphrase)) != 0)
			return r;
		*out = c->passphrase;
		return 0;
	}
	if (c->tty == NULL)
		return client_fail(c, EX_NOINPUT,
		    "a passphrase is needed and there is no terminal to ask on: give it on a "
		    "descriptor with --passphrase-fd N");
	for (;;) {
		if ((r = term_secret(c, a, &first, prompt)) != 0)
			return r;
		if (!confirm)
			break;
		if ((r = term_secret(c, a, &second, "Again, to be sure: ")) != 0)
			return r;
		if (first.len == second.len && sodium_memcmp(first.p, second.p, first.len) == 0)
			break;
		fprintf(c->tty, "The two are not the same.\n");
	}
	*out = first;
	return 0;
}

int
term_confirm(struct client *c, bool *yes, bool usual, const char *question)
{
	char prompt[256];

	snprintf(prompt, sizeof(prompt), "%s [%s] ", question, usual ? "Y/n" : "y/N");
	for (;;) {
		arena_mark_t mark = arena_mark(&c->scratch);
		struct span answer;
		char first;
		int r;

		if ((r = term_line(c, &c->scratch, &answer, prompt, NULL, 8)) != 0)
			return r;
		first = answer.len == 0 ? (usual ? 'y' : 'n') : (char)(answer.p[0] | 0x20);
		arena_release(&c->scratch, mark);
		if (first == 'y' || first == 'n') {
			*yes = first == 'y';
			return 0;
		}
		fprintf(c->tty, "Please answer y or n.\n");
	}
}

/* The item that was meant: its number, its name, or a beginning that only one name has. */
static bool
find_item(size_t *choice, const char *answer, const struct term_item *items, size_t n)
{
	char *end;
	unsigned long number = strtoul(answer, &end, 10);
	size_t hits = 0;

	if (*answer == '\0')
		return false;
	if (*end == '\0' && number >= 1 && number <= n) {
		*choice = number - 1;
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		if (strcasecmp(items[i].name, answer) == 0) {
			*choice = i;
			return true;
		}
	}
	for (size_t i = 0; i < n; i++)
		if (strncasecmp(items[i].name, answer, strlen(answer)) == 0) {
			*choice = i;
			hits++;
		}
	return hits == 1;
}

int
term_choose(
    struct client *c, size_t *choice, const char *question, const struct term_item *items, size_t n)
{
	if (c->tty == NULL)
		return client_fail(c, EX_NOINPUT, "there is no terminal to ask on");
	for (size_t i = 0; i < n; i++) {
		fprintf(c->tty, "  %s%2zu%s  ", term_style(c, c->tty, TERM_BOLD), i + 1,
		    term_style(c, c->tty, TERM_PLAIN));
		term_show_str(c, c->tty, items[i].name);
		if (items[i].title != NULL) {
			fprintf(c->tty, "  %s", term_style(c, c->tty, TERM_DIM));
			term_show_str(c, c->tty, items[i].title);
			fputs(term_style(c, c->tty, TERM_PLAIN), c->tty);
		}
		putc('\n', c->tty);
	}
	for (;;) {
		arena_mark_t mark = arena_mark(&c->scratch);
		struct span answer;
		bool found;
		int r;

		if ((r = term_line(c, &c->scratch, &answer, question, NULL, 128)) != 0)
			return r;
		found = find_item(choice, (const char *)answer.p, items, n);
		arena_release(&c->scratch, mark);
		if (found)
			return 0;
		fprintf(c->tty, "Please give one of the numbers 1 to %zu, or a name.\n", n);
	}
}

int
term_words(struct client *c, struct arena *a, struct span *out, const char *prompt, size_t max)
{
	bool typed = c->interactive;
	int r;

	if (typed)
		r = term_text(c, a, out, prompt, NULL, max);
	else
		r = client_read_fd(c, a, out, STDIN_FILENO, "standard input", max);
	if (r != 0)
		return r;
	if (!utf8_valid((const char *)out->p, out->len) || memchr(out->p, 0, out->len) != NULL)
		return client_fail(c, EX_DATAERR,
		    "standard input is not plain text (UTF-8 without NUL): convert it first");
	while (out->len > 0 && out->p[out->len - 1] == '\n')
		out->len--;
	if (out->len == 0)
		return client_fail(c, EX_DATAERR,
		    typed ? "nothing was written: nothing was sent"
			  : "standard input is empty: the words are read from there");
	a->base[out->p + out->len - a->base] = '\0';
	return 0;
}

/* ---- what keeps a copy ------------------------------------------------------------------------ */

/* The name of the process that started us. */
static bool
started_by(const char *name)
{
	char path[64], comm[32] = "";
	bool is = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/comm", (long)getppid());
	if ((f = fopen(path, "re")) == NULL)
		return false;
	if (fgets(comm, sizeof(comm), f) != NULL) {
		comm[strcspn(comm, "\n")] = '\0';
		is = strcmp(comm, name) == 0;
	}
	fclose(f);
	return is;
}

static bool
is_set(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0';
}

static const char *
recorder(void)
{
	const char *term = getenv("TERM");

	if (is_set("TMUX") || (term != NULL && strncmp(term, "tmux", 4) == 0))
		return "tmux";
	if (is_set("STY") || (term != NULL && strncmp(term, "screen", 6) == 0))
		return "screen";
	if (started_by("script"))
		return "script";
	return NULL;
}

void
term_warn_recorded(struct client *c)
{
	const char *name = recorder();

	if (name != NULL && c->tty != NULL)
		fprintf(c->tty,
		    "%sThis terminal runs inside %s, which keeps a copy of what is shown, in "
		    "memory or in a "
		    "file. Better: leave it and start again in a plain terminal.%s\n\n",
		    term_style(c, c->tty, TERM_YELLOW), name, term_style(c, c->tty, TERM_PLAIN));
}

void
term_offer_clear(struct client *c)
{
	bool yes;

	if (c->tty == NULL ||
	    term_confirm(c, &yes, true, "Clear the screen and what can be scrolled back to?") != 0)
		return;
	if (yes)
		fputs("\033[H\033[2J\033[3J", c->tty);
	fflush(c->tty);
}
