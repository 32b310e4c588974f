/* SPDX-License-Identifier: ISC */
/*
 * candord, the supervisor: reads the configuration, opens sockets and files, starts the rooms,
 * restarts one that dies, passes on signals. Hears signals, its rooms' channels, and nobody else;
 * must never read a byte that a user sent.
 */
#include <fcntl.h>
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/log.h"
#include "supervisor/init.h"
#include "supervisor/restore.h"
#include "supervisor/supervise.h"

static const char usage[] =
    "usage: candord -c FILE [-t] [--ready-fd N]\n"
    "       candord -c FILE --restore BACKUP [--identity FILE]\n"
    "       candord --init DIR\n"
    "\n"
    "  -c, --config FILE   run in the foreground with this configuration; SIGHUP reads it\n"
    "                      again, SIGTERM finishes what is in hand and leaves\n"
    "  -t, --test          only check the configuration and its plugins' settings\n"
    "      --ready-fd N    write \"ready\" to descriptor N once all is served\n"
    "      --restore BACKUP put a backup's database into the state folder, which must be empty\n"
    "      --identity FILE  the age identity that opens it (else escrow.key beside FILE; - is\n"
    "                      standard input)\n"
    "      --init DIR      make a private instance for a trial in DIR, which must be empty\n"
    "      --help, --version\n";

enum { OPT_READY_FD = 256, OPT_INIT, OPT_RESTORE, OPT_IDENTITY };

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "test", no_argument, NULL, 't' },
	{ "ready-fd", required_argument, NULL, OPT_READY_FD },
	{ "init", required_argument, NULL, OPT_INIT },
	{ "restore", required_argument, NULL, OPT_RESTORE },
	{ "identity", required_argument, NULL, OPT_IDENTITY },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static int
bad_usage(const char *why)
{
	fprintf(stderr, "candord: %s\n%s", why, usage);
	return EX_USAGE;
}

/* An open descriptor's number, or -1. */
static int
parse_fd(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	return *text != '\0' && *end == '\0' && n >= 0 && n < 1 << 20 && fcntl((int)n, F_GETFD) >= 0
		   ? (int)n
		   : -1;
}

static int
run(const char *path, int ready_fd)
{
	struct config *c;
	int status;

	if ((c = config_load(path, CONFIG_WITH_FILES, stderr, &status)) == NULL)
		return status;
	log_init("candord", (enum log_level)c->log_level);
	return supervise(path, c, ready_fd);
}

static int
check(const char *path)
{
	int status;

	config_free(config_load(path, CONFIG_WITH_FILES | CONFIG_WITH_PLUGINS, stderr, &status));
	return status;
}

int
main(int argc, char **argv)
{
	const char *path = NULL, *init = NULL, *backup = NULL, *identity = NULL;
	bool test = false;
	int ready_fd = -1, opt, fd;

	/* What we open must not become our standard error. */
	while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
		;
	if (fd >= 0)
		close(fd);
	if (sodium_init() < 0)
		fatal(EX_OSERR, "no random bytes to be had");
	while ((opt = getopt_long(argc, argv, "c:th", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			path = optarg;
			break;
		case 't':
			test = true;
			break;
		case OPT_READY_FD:
			if ((ready_fd = parse_fd(optarg)) < 0)
				return bad_usage("--ready-fd: allowed is the number of an open "
						 "descriptor");
			/* The rooms get nothing of ours. */
			(void)fcntl(ready_fd, F_SETFD, FD_CLOEXEC);
			break;
		case OPT_INIT:
			init = optarg;
			break;
		case OPT_RESTORE:
			backup = optarg;
			break;
		case OPT_IDENTITY:
			identity = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return EX_OK;
		case 'V':
			puts("candord " CANDOR_VERSION);
			return EX_OK;
		default:
			fputs(usage, stderr);
			return EX_USAGE;
		}
	}
	if (optind < argc)
		return bad_usage("there are no arguments beside options");
	if (init != NULL)
		return path != NULL || test || ready_fd >= 0 || backup != NULL || identity != NULL
			   ? bad_usage("--init stands alone")
			   : init_run(init);
	if (path == NULL)
		return bad_usage("-c FILE is missing");
	if (identity != NULL && backup == NULL)
		return bad_usage("--identity goes with --restore");
	if (backup != NULL)
		return test || ready_fd >= 0
			   ? bad_usage("--restore goes with -c and --identity alone")
			   : restore_run(path, backup, identity);
	return test ? check(path) : run(path, ready_fd);
}
