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
	volatile sig_atomic_t raw, quiet, changed;
	int fd;
	struct termios usual;  /* between prompts */
	struct termios shells; /* before term_quiet() */
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

/* ---- lines that fit --------------------------------------------------------------------------- */

void
term_flow_begin(struct term_flow *w, FILE *f, unsigned indent)
{
	unsigned columns = term_columns();
	unsigned width = columns > indent + 20 ? columns - indent - 1 : 20;

	*w = (struct term_flow){ .f = f, .indent = indent, .width = width < 90 ? width : 90 };
}

/* Print the word that was gathered, on the next line if it does not fit on this one. */
static void
flow_word(struct term_flow *w)
{
	if (w->len == 0)
		return;
	if (w->col > 0 && w->col + w->blanks + w->columns > w->width) {
		putc('\n', w->f);
		w->begun = false;
		w->col = w->blanks = 0;
	}
	fprintf(w->f, "%*s", (int)((w->begun ? 0 : w->indent) + w->blanks), "");
	fwrite(w->word, 1, w->len, w->f);
	w->begun = true;
	w->col += w->blanks + w->columns;
	w->blanks = w->columns = 0;
	w->len = 0;
}

static void
flow_bytes(struct term_flow *w, const char *p, size_t len)
{
	if (len > sizeof(w->word) - w->len)
		flow_word(w);
	memcpy(w->word + w->len, p, len);
	w->len += len;
}

void
term_flow_style(struct term_flow *w, const char *escape)
{
	flow_bytes(w, escape, strlen(escape));
}

void
term_flow_text(struct client *c, struct term_flow *w, const char *text, size_t len)
{
	arena_mark_t mark = arena_mark(&c->scratch);
	struct span inert;
	uint32_t ch;

	if (strip_inert(&c->scratch, &inert, text, len) != 0)
		inert = (struct span){ (const uint8_t *)"(more than fits in memory)", 26 };
	for (size_t i = 0, n; i < inert.len; i += n) {
		const char *p = (const char *)inert.p + i;

		n = utf8_decode(&ch, p, inert.len - i);
		n = n == 0 ? 1 : n;
		if (ch == '\n') {
			flow_word(w);
			putc('\n', w->f);
			w->begun = false;
			w->col = w->blanks = 0;
		} else if (ch == ' ' || ch == '\t') {
			flow_word(w);
			w->blanks += ch == '\t' ? 4 : 1;
		} else {
			flow_bytes(w, p, n);
			w->columns += columns_of(p, n);
		}
	}
	arena_release(&c->scratch, mark);
}

void
term_flow_end(struct term_flow *w)
{
	flow_word(w);
	if (w->begun)
		putc('\n', w->f);
	sodium_memzero(w, sizeof(*w));
}

void
term_wrap(struct client *c, FILE *f, unsigned indent, const char *text)
{
	struct term_flow w;

	term_flow_begin(&w, f, indent);
	term_flow_text(c, &w, text, strlen(text));
	term_flow_end(&w);
}

void
term_tell(struct client *c)
{
	term_wrap(c, c->tty, 0, c->error);
}

void
term_complain(struct client *c)
{
	struct term_flow w;

	if (!isatty(STDERR_FILENO)) {
		fprintf(stderr, "candor: %s\n", c->error);
		return;
	}
	term_flow_begin(&w, stderr, 0);
	term_flow_text(c, &w, "candor: ", 8);
	term_flow_text(c, &w, c->error, strlen(c->error));
	term_flow_end(&w);
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

void
term_end(void)
{
	raw_leave();
	if (tty.quiet)
		tcsetattr(tty.fd, TCSANOW, &tty.shells);
	tty.quiet = 0;
}

static void
on_end(int sig)
{
	term_end();
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

void
term_quiet(struct client *c)
{
	struct termios quiet;

	if (c->tty == NULL || tty.quiet || tcgetattr(tty.fd, &tty.shells) < 0)
		return;
	for (size_t i = 0; i < NELEM(handlers); i++)
		if (handlers[i].handler == on_end)
			signal(handlers[i].sig, on_end);
	/* The shell would have the terminal back without an echo. */
	signal(SIGTSTP, SIG_IGN);
	quiet = tty.shells;
	quiet.c_lflag &= (tcflag_t)~ECHO;
	tty.quiet = 1;
	tcsetattr(tty.fd, TCSANOW, &quiet);
}

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

/*
 * Feed what is typed until the editor is done; draws once per burst. Byte by byte: what follows an
 * Enter is the answer to the next question.
 */
static enum editor_result
edit_loop(struct client *c, struct editor *e)
{
	struct pollfd in = { .fd = tty.fd, .events = POLLIN };

	for (;;) {
		enum editor_result r;
		uint8_t byte;
		ssize_t n;

		if (tty.changed) {
			tty.changed = 0;
			raw_set();
			resize(e);
		}
		if (poll(&in, 1, 0) <= 0) {
			editor_draw(e, sink, c->tty);
			if (e->full) {
				putc('\a', c->tty);
				e->full = false;
			}
			fflush(c->tty);
		}
		n = read(tty.fd, &byte, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return EDITOR_END;
		r = editor_feed(e, byte);
		sodium_memzero(&byte, 1);
		if (r != EDITOR_MORE)
			return r;
	}
}

/* Run the editor with the terminal raw. Ctrl-C asks before it throws away what was written, here or
 * at an earlier prompt. */
static enum editor_result
edit_raw(struct client *c, struct editor *e, bool erase)
{
	struct sigaction before[NELEM(handlers)];
	enum editor_result r;
	bool draft = c->draft, stop = true;
	int failed;

	for (;;) {
		resize(e);
		if (raw_enter(before) < 0)
			return EDITOR_END;
		r = edit_loop(c, e);
		editor_leave(e, erase, sink, c->tty);
		fflush(c->tty);
		raw_end(before);
		if ((r != EDITOR_INTERRUPT && r != EDITOR_END) ||
		    (!draft && (e->mode != EDITOR_TEXT || e->len == 0)))
			return r;
		c->draft = false; /* a second Ctrl-C is an answer */
		failed = term_confirm(c, &stop, false, "Abandon what you wrote?");
		c->draft = draft;
		if (failed != 0 || stop)
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

/* A single "<" where that means the question before. */
static int
went_back(const struct client *c, int r, struct span text)
{
	return r == 0 && c->may_go_back && text.len == 1 && *text.p == '<' ? TERM_BACK : r;
}

int
term_line(struct client *c, struct arena *a, struct span *out, const char *prompt,
    const char *initial, size_t max)
{
	int r = edit(c, a, out, EDITOR_LINE, prompt, initial, max, false);

	return went_back(c, r, *out);
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
	int r;

	if (c->tty != NULL) {
		fputs(term_style(c, c->tty, TERM_BOLD), c->tty);
		term_wrap(c, c->tty, 0, prompt);
		fprintf(c->tty, "%s%s", term_style(c, c->tty, TERM_PLAIN),
		    term_style(c, c->tty, TERM_DIM));
		term_wrap(c, c->tty, 0,
		    "(Write as many lines as you like. When you are done: Ctrl-D, or a line with a "
		    "single dot. Ctrl-C abandons.)");
		fputs(term_style(c, c->tty, TERM_PLAIN), c->tty);
	}
	r = edit(c, a, out, EDITOR_TEXT, NULL, initial, max, false);
	while (r == 0 && out->len > 0 && out->p[out->len - 1] == '\n')
		out->len--;
	if (r == 0)
		a->base[out->p + out->len - a->base] = '\0';
	return went_back(c, r, *out);
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

		if ((r = term_line(c, &c->scratch, &answer, prompt, NULL, 8)) > 0)
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

/* The item that was meant: its number, its name, or a beginning that only one has. */
static bool
find_item(size_t *choice, const char *answer, const struct term_item *items, size_t n)
{
	char *end;
	unsigned long number = strtoul(answer, &end, 10);
	size_t hits = 0, len = strlen(answer);

	if (*answer == '\0')
		return false;
	if (*end == '\0' && number >= 1 && number <= n) {
		*choice = number - 1;
		return true;
	}
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(items[i].name, answer) == 0 ||
		    (items[i].id != NULL && strcasecmp(items[i].id, answer) == 0)) {
			*choice = i;
			return true;
		}
	for (size_t i = 0; i < n; i++)
		if (strncasecmp(items[i].name, answer, len) == 0 ||
		    (items[i].id != NULL && strncasecmp(items[i].id, answer, len) == 0)) {
			*choice = i;
			hits++;
		}
	return hits == 1;
}

/* "   1  name   title", titles below one another and each within its column. */
void
term_list(struct client *c, const struct term_item *items, size_t n)
{
	unsigned widest = 0, column;

	for (size_t i = 0; i < n; i++) {
		unsigned columns = columns_of(items[i].name, strlen(items[i].name));

		widest = items[i].title != NULL && columns > widest ? columns : widest;
	}
	column = 6 + widest + 2;
	for (size_t i = 0; i < n; i++) {
		const char *name = items[i].name, *title = items[i].title;
		unsigned columns = columns_of(name, strlen(name));
		struct term_flow w;

		fprintf(c->tty, "  %s%2zu%s  ", term_style(c, c->tty, TERM_BOLD), i + 1,
		    term_style(c, c->tty, TERM_PLAIN));
		term_flow_begin(&w, c->tty, 6);
		w.begun = true;
		term_flow_text(c, &w, name, strlen(name));
		if (title == NULL) {
			term_flow_end(&w);
			continue;
		}
		flow_word(&w);
		term_flow_begin(&w, c->tty, column + 20 < term_columns() ? column : 8);
		w.begun = true;
		/* Where there is no room beside the name, its title goes below. */
		if (w.indent == column)
			fprintf(c->tty, "%*s", (int)(column - 6 - columns), "");
		else
			term_flow_text(c, &w, "\n", 1);
		term_flow_style(&w, term_style(c, c->tty, TERM_DIM));
		term_flow_text(c, &w, title, strlen(title));
		term_flow_style(&w, term_style(c, c->tty, TERM_PLAIN));
		term_flow_end(&w);
	}
}

int
term_pick(struct client *c, size_t *choice, const char *question, const struct term_item *items,
    size_t n, size_t usual)
{
	for (;;) {
		arena_mark_t mark = arena_mark(&c->scratch);
		struct span answer;
		bool found = true;
		int r;

		if ((r = term_line(c, &c->scratch, &answer, question, NULL, 128)) != 0)
			return r;
		if (answer.len == 0 && usual < n)
			*choice = usual;
		else
			found = find_item(choice, (const char *)answer.p, items, n);
		arena_release(&c->scratch, mark);
		if (found)
			return 0;
		fprintf(c->tty, "Please give a number from 1 to %zu%s.\n", n,
		    usual < n ? ", or just press Enter" : "");
	}
}

int
term_choose(
    struct client *c, size_t *choice, const char *question, const struct term_item *items, size_t n)
{
	if (c->tty == NULL)
		return client_fail(c, EX_NOINPUT, "there is no terminal to ask on");
	term_list(c, items, n);
	return term_pick(c, choice, question, items, n, SIZE_MAX);
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

/* What keeps what a terminal shows, by the name of its process. */
static const char *const recorders[] = { "script", "scriptlive", "tmux: server", "tmux", "screen",
	"SCREEN", "asciinema", "ttyrec" };

/* Is one of them among those who started us? Where others' processes are hidden, nothing is found. */
static const char *
started_by_recorder(void)
{
	pid_t pid = getppid();

	for (unsigned depth = 0; depth < 16 && pid > 1; depth++) {
		char path[64], stat[256], *name, *end;
		FILE *f;
		size_t n;

		snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
		if ((f = fopen(path, "re")) == NULL)
			return NULL;
		n = fread(stat, 1, sizeof(stat) - 1, f);
		fclose(f);
		stat[n] = '\0';
		/* "PID (NAME) S PPID …"; the name may hold anything. */
		if ((name = strchr(stat, '(')) == NULL || (end = strrchr(stat, ')')) == NULL ||
		    strlen(end) < 4)
			return NULL;
		*end = '\0';
		for (size_t i = 0; i < NELEM(recorders); i++)
			if (strcmp(name + 1, recorders[i]) == 0)
				return i == 2 ? "tmux" : recorders[i];
		pid = (pid_t)strtol(end + 4, NULL, 10);
	}
	return NULL;
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
	return started_by_recorder();
}

void
term_warn_recorded(struct client *c)
{
	static const char said[] = ", which keeps a copy of what is shown, in memory or in a file. "
				   "Better: leave it, and start again in a plain terminal.";
	const char *name = recorder();

	struct term_flow w;

	if (name == NULL || c->tty == NULL)
		return;
	term_flow_begin(&w, c->tty, 0);
	term_flow_style(&w, term_style(c, c->tty, TERM_YELLOW));
	term_flow_text(c, &w, "This terminal runs inside ", 26);
	term_flow_text(c, &w, name, strlen(name));
	term_flow_text(c, &w, said, sizeof(said) - 1);
	term_flow_style(&w, term_style(c, c->tty, TERM_PLAIN));
	term_flow_end(&w);
	putc('\n', c->tty);
}

void
term_offer_clear(struct client *c)
{
	bool yes;

	const char *term = getenv("TERM");

	if (c->tty == NULL)
		return;
	if (term == NULL || strcmp(term, "dumb") == 0) {
		fputs("What is shown here stays on the screen: close this window.\n", c->tty);
		return;
	}
	if (term_confirm(c, &yes, true, "Clear the screen and what can be scrolled back to?") != 0)
		return;
	if (yes)
		fputs("\033[H\033[2J\033[3J", c->tty);
	fflush(c->tty);
}
