/* SPDX-License-Identifier: ISC */
/*
 * `candor desk`: one session, the key unlocked once, and the verbs of officers one after the other, from
 * a prompt or from standard input. Runs in the client. Must never take words for a command: those of
 * a reply stand between the command and a line with a single dot.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "officer.h"
#include "term.h"
#include "verb.h"

#define LINE_MAX_BYTES 4096
#define WORDS_MAX 64 /* of a command */

/* Standard input, line by line, in c->arena: it may hold words. */
struct reader {
	char *buf;
	size_t start, end;
	bool ended;
};

struct desk {
	struct officer_session s; /* first, so that words() finds the rest */
	struct reader in;
};

static const struct officer_verb verbs[] = {
	{ "board", officer_board },
	{ "cases", officer_cases },
	{ "case", officer_case },
	{ "search", officer_search },
	{ "template", officer_template },
	{ "directory", officer_directory },
	{ "stats", officer_stats },
	{ "audit", officer_audit },
	{ "hand-over", officer_hand_over },
	{ "reseal", officer_reseal },
	{ "approve", officer_approve },
};

/* ---- lines ---------------------------------------------------------------------------------- */

#define READER_BYTES (WIRE_TEXT_MAX + 2)

/*
 * The next line, without its end, in the reader's buffer until the next call; its p is NULL at the
 * end of input. EX_DATAERR when it is longer than a whole message may be.
 */
static int
read_line(struct client *c, struct reader *in, struct span *out)
{
	for (;;) {
		char *begin = in->buf + in->start;
		char *lf = memchr(begin, '\n', in->end - in->start);
		ssize_t n;

		if (lf != NULL || (in->ended && in->end > in->start)) {
			size_t len = lf != NULL ? (size_t)(lf - begin) : in->end - in->start;

			in->start += len + (lf != NULL);
			*out = (struct span){ (const uint8_t *)begin, len };
			return 0;
		}
		if (in->ended) {
			*out = (struct span){ 0 };
			return 0;
		}
		memmove(in->buf, begin, in->end - in->start);
		in->end -= in->start;
		in->start = 0;
		if (in->end == READER_BYTES)
			return client_fail(c, EX_DATAERR,
			    "a line of standard input is longer than %d bytes", WIRE_TEXT_MAX);
		n = read(STDIN_FILENO, in->buf + in->end, READER_BYTES - in->end);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return client_fail(c, EX_IOERR, "standard input: %s", strerror(errno));
		in->ended = n == 0;
		in->end += (size_t)n;
	}
}

/* Words from standard input, up to a line with a single dot. */
static int
words_from_input(struct officer_session *s, struct span *out, size_t max)
{
	struct desk *desk = (struct desk *)s;
	char *words = arena_alloc(&s->c->arena, max + 1);
	bool too_long = false;
	size_t len = 0;
	int r;

	if (words == NULL)
		return client_fail_memory(s->c);
	for (;;) {
		struct span line;

		if ((r = read_line(s->c, &desk->in, &line)) != 0)
			return r;
		if (line.p == NULL)
			return client_fail(s->c, EX_DATAERR,
			    "standard input ended before the line with a single dot that ends the "
			    "words: nothing was sent");
		if (line.len == 1 && *line.p == '.')
			break;
		/* What is too long is read to its end all the same, so as not to run it. */
		too_long = too_long || line.len + 1 > max - len;
		if (too_long)
			continue;
		memcpy(words + len, line.p, line.len);
		len += line.len;
		words[len++] = '\n';
	}
	if (too_long)
		return client_fail(
		    s->c, EX_DATAERR, "more than %zu bytes of words: nothing was sent", max);
	*out = (struct span){ (const uint8_t *)words, len };
	if ((r = officer_check_words(s->c, out)) != 0)
		return r;
	return out->len > 0
		   ? 0
		   : client_fail(s->c, EX_DATAERR, "there were no words: nothing was sent");
}

/* ---- commands ------------------------------------------------------------------------------- */

/*
 * Split a line into words, in place: blanks between them, "…" or '…' around a word that holds some.
 * EX_USAGE for an open quote or too many words.
 */
static int
split(struct client *c, char *line, char **argv, int *argc)
{
	char *out = line;

	*argc = 1; /* argv[0] is the verb `desk` */
	for (char *p = line + strspn(line, " \t"); *p != '\0'; p += strspn(p, " \t")) {
		char *word = out;

		if (*argc == WORDS_MAX - 1)
			return client_fail(
			    c, EX_USAGE, "a command has %d words at most", WORDS_MAX - 2);
		while (*p != '\0' && *p != ' ' && *p != '\t') {
			char quote = *p == '"' || *p == '\'' ? *p++ : '\0';

			if (quote == '\0') {
				*out++ = *p++;
				continue;
			}
			while (*p != '\0' && *p != quote)
				*out++ = *p++;
			if (*p == '\0')
				return client_fail(
				    c, EX_USAGE, "the quote %c is not closed", quote);
			p++;
		}
		if (*p != '\0')
			p++;
		*out++ = '\0';
		argv[(*argc)++] = word;
	}
	argv[*argc] = NULL;
	return 0;
}

static void
help(void)
{
	puts(
	    "board [--mine] [--limit N]\n"
	    "cases [--state S] [--category C] [--mine] [--overdue] [--tag T] [--limit N] [--after "
	    "CASE]\n"
	    "search [--category C] [--state S] [--tag T] [--since DATE]      words follow\n"
	    "case show|ack|triage|investigate|close|reopen|recuse CASE\n"
	    "case await|reply|note CASE          words follow, up to a line with a single dot\n"
	    "case assign|grant CASE \"OFFICER\"\n"
	    "case resolve CASE --outcome O [--action A]…\n"
	    "  await, reply, resolve: --template ID [--language L]; template list|show ID [--case "
	    "CASE]\n"
	    "case link CASE OTHER [--remove]; case merge CASE INTO; case tag CASE TAG… [--remove "
	    "TAG]…\n"
	    "case action CASE [--add ACTION --owner \"OFFICER\" --by DATE | --done N | --drop N]\n"
	    "case checkin CASE --on DATE | --every 30d [--times N] | --stop\n"
	    "case breach CASE                    the worksheet; from a pipe, as JSON that follows\n"
	    "case save CASE N FILE\n"
	    "case hold CASE --on|--off           words follow\n"
	    "case export CASE FILE [--deidentified]\n"
	    "case destroy CASE --reason erasure|error|order\n"
	    "case certificate CASE [FILE]\n"
	    "audit [--case C] [--action A] [--since DATE] [--until DATE] [--exports] [--limit N]\n"
	    "case clocks CASE; case discovered CASE [DATE]; case met CASE CLOCK [--on DATE]\n"
	    "case pause|waive CASE CLOCK         why: words follow; case resume CASE CLOCK\n"
	    "stats [--from YYYY-MM] [--to YYYY-MM] [--by TABLE] [--format F] [FILE]\n"
	    "directory show\n"
	    "hand-over \"FROM\" \"TO\"… [--category C] [--keep]\n"
	    "reseal\n"
	    "approve [ID | --refuse ID]\n"
	    "help, quit");
}

/* Take --json out of a command: the verbs know it as an option of the whole client. */
static bool
take_json(int *argc, char **argv)
{
	int kept = 1, before = *argc;

	for (int i = 1; i < before; i++)
		if (strcmp(argv[i], "--json") != 0)
			argv[kept++] = argv[i];
	*argc = kept;
	argv[kept] = NULL;
	return kept != before;
}

/* Run one line; *quit when it says so. */
static int
run_line(struct desk *desk, char *line, bool *quit)
{
	struct client *c = desk->s.c;
	char *argv[WORDS_MAX] = { NULL };
	bool json = c->json;
	int argc, r;

	if ((r = split(c, line, argv, &argc)) != 0 || argc == 1 || *argv[1] == '#')
		return r;
	if (strcmp(argv[1], "quit") == 0 || strcmp(argv[1], "exit") == 0) {
		*quit = true;
		return 0;
	}
	if (strcmp(argv[1], "help") == 0) {
		help();
		return 0;
	}
	c->json = take_json(&argc, argv) || json;
	r = officer_run(&desk->s, "desk", verbs, NELEM(verbs), argc, argv);
	c->json = json;
	return r;
}

/* Run one line and give back what it took of c->arena; the session is kept. */
static int
run_and_forget(struct desk *desk, char *line, bool *quit)
{
	struct client *c = desk->s.c;
	arena_mark_t mark = arena_mark(&c->arena);
	int r = run_line(desk, line, quit);

	desk->s.got = NULL;
	desk->s.directory = NULL;
	desk->s.me = NULL;
	arena_release(&c->arena, mark);
	fflush(stdout);
	if (r != 0)
		fprintf(stderr, "candor: %s\n", c->error);
	c->error[0] = '\0';
	return r;
}

/* The next command, NUL-terminated, in c->scratch; NULL at the end. */
static int
next_command(struct desk *desk, char **out)
{
	struct client *c = desk->s.c;
	struct span line;
	int r;

	*out = NULL;
	if (c->interactive) {
		/* Ctrl-D is how one leaves. */
		if ((r = term_line(c, &c->scratch, &line, "desk> ", NULL, LINE_MAX_BYTES)) != 0)
			return r == EX_NOINPUT ? 0 : r;
	} else if ((r = read_line(c, &desk->in, &line)) != 0 || line.p == NULL) {
		return r;
	} else if (line.len > LINE_MAX_BYTES || memchr(line.p, 0, line.len) != NULL) {
		return client_fail(
		    c, EX_DATAERR, "a command is a line of text of up to %d bytes", LINE_MAX_BYTES);
	}
	*out = arena_copy(&c->scratch, line.p, line.len);
	return *out != NULL ? 0 : client_fail_memory(c);
}

/* Command after command. From a pipe, the first error is what the whole gives. */
static int
serve(struct desk *desk)
{
	struct client *c = desk->s.c;
	bool quit = false;
	int first = 0, r;

	while (!quit) {
		arena_mark_t mark = arena_mark(&c->scratch);
		char *line;

		if ((r = next_command(desk, &line)) != 0 || line == NULL)
			return r != 0 ? r : first;
		r = run_and_forget(desk, line, &quit);
		arena_release(&c->scratch, mark);
		if (r != 0 && first == 0 && !c->interactive)
			first = r;
	}
	return first;
}

static int
desk_begin(struct desk *desk)
{
	struct client *c = desk->s.c;
	int r;

	if ((r = officer_begin(&desk->s)) != 0)
		return r;
	if (c->interactive) {
		printf("%s: you are ", *c->site.name != '\0' ? c->site.name : "Candor");
		term_show_str(c, stdout, desk->s.me->name);
		printf(" (%s). `help` lists the commands.\n", role_name(desk->s.me->role));
		return 0;
	}
	desk->s.words = words_from_input;
	desk->in.buf = arena_alloc(&c->arena, READER_BYTES);
	return desk->in.buf != NULL ? 0 : client_fail_memory(c);
}

int
verb_desk(struct client *c, int argc, char **argv)
{
	struct desk desk = { .s = { .c = c } };
	int r;

	if ((r = verb_options(c, "desk", NULL, 0, &argc, argv, 0, 0)) != 0)
		return r;
	if ((r = desk_begin(&desk)) == 0)
		r = serve(&desk);
	officer_end(&desk.s);
	return r;
}
