/* SPDX-License-Identifier: ISC */
/*
 * candor-cleaner: one attachment from standard input, the same without metadata to standard output, and
 * the end. Hears nobody else; may touch nothing but its memory once it has read libmagic's database.
 * Must never say anything of what is in the attachment but its type, and never on standard error, which
 * may be a log.
 *
 * Out comes one line, "candor-clean 1 TYPE BYTES", and that many bytes. What cannot be cleaned: one line,
 * "candor-refuse 1 CODE TEXT", with a code of sysexits.h (65) that it leaves with, and what to tell the
 * reporter.
 *
 * The supervisor gives a uid to change to (0: none) and "enforce" or "best-effort" as arguments; whoever
 * runs it by hand, none.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cleaner/clean.h"
#include "cleaner/walls.h"
#include "common/log.h"

#define MIB(bytes) ((unsigned)((bytes) >> 20))

static bool
write_all(const void *p, size_t len)
{
	const uint8_t *b = p;

	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, b, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		b += n;
		len -= (size_t)n;
	}
	return true;
}

/* Either answer begins so, and it is said first: whoever gave up meanwhile has closed the other end. */
#define BEGIN "candor-"
#define REFUSE "refuse 1 65 "
_Static_assert(EX_DATAERR == 65, "as it is written");

static int refuse(const char *fmt, ...) PRINTF_LIKE(1, 2);

static int
refuse(const char *fmt, ...)
{
	char line[512] = REFUSE;
	const size_t head = sizeof(REFUSE) - 1, cap = sizeof(line) - 1 - head;
	va_list ap;
	size_t len;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line + head, cap, fmt, ap);
	va_end(ap);
	if (n < 0)
		return EX_SOFTWARE;
	len = head + ((size_t)n < cap ? (size_t)n : cap - 1);
	line[len++] = '\n';
	return write_all(line, len) ? EX_DATAERR : EX_IOERR;
}

/* The processor time is used up: say so, unless the answer has begun. */
static volatile sig_atomic_t answering;

static void
too_slow(int sig)
{
	static const char line[] =
	    REFUSE "cleaning it takes longer than is allowed; make it smaller, or take a "
		   "screenshot of it\n";

	(void)sig;
	if (!answering)
		(void)!write(STDOUT_FILENO, line, sizeof(line) - 1);
	_exit(answering ? EX_IOERR : EX_DATAERR);
}

/* All of standard input; one byte more than allowed tells that it is too long. */
static bool
read_all(uint8_t *buf, size_t *len)
{
	for (*len = 0; *len < CLEAN_INPUT_MAX + 1;) {
		ssize_t n = read(STDIN_FILENO, buf + *len, CLEAN_INPUT_MAX + 1 - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		*len += (size_t)n;
	}
	return true;
}

static int
clean(const uint8_t *in, size_t len)
{
	const char *type, *why = "it is damaged; take a screenshot of it, or copy the text";
	const struct clean_format *format;
	struct clean_out out = { 0 };
	char head[256];
	int n, r;

	if (len > CLEAN_INPUT_MAX)
		return refuse("it is larger than the %u MiB allowed; send a part of it",
		    MIB(CLEAN_INPUT_MAX));
	if (len == 0)
		return refuse("it is empty; nothing is left to clean");
	if ((format = clean_format_of(in, len, &type)) == NULL)
		return refuse("a file of type %s cannot be cleaned: what it holds about you is not "
			      "known; take a screenshot of it, or copy the text",
		    type);
	r = format->clean(&out, in, len, 0, &why);
	if (r == 0 && out.full)
		r = CANDOR_ETOOBIG;
	switch (r) {
	case 0:
		break;
	case CANDOR_EBADMSG:
		return refuse("a file of type %s cannot be cleaned: %s", format->type, why);
	case CANDOR_ETOOBIG:
		return refuse(
		    "a file of type %s cannot be cleaned: it holds more than the %u million "
		    "pixels or %u MiB allowed; make it smaller, or take a screenshot",
		    format->type, CLEAN_PIXELS_MAX / 1000000, MIB(CLEAN_OUTPUT_MAX));
	case CANDOR_ENOMEM:
		return refuse(
		    "a file of type %s cannot be cleaned: it needs more than the %u MiB of "
		    "memory allowed; make it smaller, or take a screenshot",
		    format->type, MIB(CLEANER_MEMORY_BYTES));
	default:
		fatal(EX_SOFTWARE, "%s: unexpected result %d", format->type, r);
	}
	n = snprintf(head, sizeof(head), "clean 1 %s %zu\n", format->type, out.len);
	if (n < 0 || (size_t)n >= sizeof(head))
		fatal(EX_SOFTWARE, "%s: a name that is too long", format->type);
	answering = 1;
	return write_all(head, (size_t)n) && write_all(out.p, out.len) ? 0 : EX_IOERR;
}

int
main(int argc, char **argv)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN },
			       slow = { .sa_handler = too_slow };
	uint32_t uid = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
	uint8_t *in;
	size_t len;
	int r = EX_IOERR;

	log_init("candor-cleaner", LOG_LEVEL_WARNING);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXCPU, &slow, NULL);
	if (!clean_formats_load())
		fatal(EX_CONFIG, "the database of libmagic cannot be read: install libmagic-mgc");
	if (cleaner_walls(uid, argc > 2 && strcmp(argv[2], "best-effort") == 0) < 0)
		return EX_OSERR;
	if ((in = malloc(CLEAN_INPUT_MAX + 1)) == NULL)
		fatal(EX_OSERR, "no memory");
	if (read_all(in, &len) && write_all(BEGIN, sizeof(BEGIN) - 1))
		r = clean(in, len);
	free(in);
	/* The buffers of libraries go with the process. */
	_exit(r);
}
