/* SPDX-License-Identifier: ISC */
/*
 * A plugin for tests that does what its setting `do` says: everything that a plugin should not, and as
 * `echo` what it should. It is built like somebody else's: with candor/plugin.h alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "candor/plugin.h"

static char how[64], path[256];

static enum candor_result
crash(const struct candor_event *e, struct candor_answer *a)
{
	(void)e;
	(void)a;
	abort();
}

static enum candor_result
hang(const struct candor_event *e, struct candor_answer *a)
{
	(void)e;
	(void)a;
	for (bool never = false; !never;)
		pause();
	return CANDOR_DELIVERED;
}

static enum candor_result
garbage(const struct candor_event *e, struct candor_answer *a)
{
	int nonsense = 77;
	enum candor_result r;

	(void)e;
	memset(a->reference, 'x', sizeof(a->reference));
	a->retry_after_s = UINT32_MAX;
	memcpy(&r, &nonsense, sizeof(r));
	return r;
}

/* Texts without an end, with escapes, with broken UTF-8. */
static enum candor_result
huge(const struct candor_event *e, struct candor_answer *a)
{
	(void)e;
	memset(a->reference, 'x', sizeof(a->reference));
	for (size_t i = 0; i + 1 < sizeof(a->error); i += 2)
		memcpy(a->error + i, "\xc3\xa4", 2);
	memcpy(a->error, "\x1b[31m\r\n\xff\xc0\xafok ", 13);
	return CANDOR_RETRY;
}

static enum candor_result
leak(const struct candor_event *e, struct candor_answer *a)
{
	static void *volatile last;

	(void)e;
	(void)a;
	if ((last = malloc(1u << 20)) != NULL)
		memset(last, 1, 1u << 20);
	return CANDOR_DELIVERED;
}

/* Each forbidden thing that worked is named in the error. */
static enum candor_result
escape(const struct candor_event *e, struct candor_answer *a)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd;

	(void)e;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (open(path, O_RDONLY) >= 0)
		strcat(a->error, "read ");
	if (open("/etc/passwd", O_RDONLY) >= 0)
		strcat(a->error, "passwd ");
	if (open("/tmp", O_RDWR | O_TMPFILE, 0600) >= 0)
		strcat(a->error, "write ");
	if ((fd = socket(AF_INET, SOCK_STREAM, 0)) >= 0)
		strcat(a->error, "socket ");
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EACCES &&
	    errno != EPERM)
		strcat(a->error, "connect ");
	if (fd >= 0 && listen(fd, 1) == 0)
		strcat(a->error, "listen ");
	if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0)
		strcat(a->error, "unix ");
	if (fork() >= 0)
		strcat(a->error, "fork ");
	execl("/bin/true", "true", (char *)NULL);
	return CANDOR_DELIVERED;
}

/* With programs: as many processes as there can be, none of which wants to be found or ended. */
static enum candor_result
bomb(const struct candor_event *e, struct candor_answer *a)
{
	(void)e;
	if (setsid() >= 0) {
		strcat(a->error, "setsid ");
		return CANDOR_REFUSED;
	}
	for (bool for_ever = true; for_ever;) {
		if (fork() != 0) {
			usleep(1000);
			continue;
		}
		(void)setsid();
		(void)setpgid(0, 0);
		if (daemon(0, 0) < 0)
			errno = 0;
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
	}
	return CANDOR_DELIVERED;
}

/* What it saw, so that a test sees it too. */
static enum candor_result
echo(const struct candor_event *e, struct candor_answer *a)
{
	snprintf(a->reference, sizeof(a->reference), "%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%u|%zu|%s",
	    e->key, e->kind, e->number, e->category, e->severity, e->site, e->state, e->on,
	    e->acknowledge_by, e->feedback_by, e->reference, e->attempts, e->n_to,
	    e->n_to > 0 ? e->to[0] : "");
	a->retry_after_s = 42;
	return CANDOR_DELIVERED;
}

static const struct {
	const char *name;
	enum candor_result (*fn)(const struct candor_event *e, struct candor_answer *a);
} acts[] = { { "crash", crash }, { "hang", hang }, { "garbage", garbage }, { "huge", huge },
	{ "leak", leak }, { "escape", escape }, { "bomb", bomb }, { "echo", echo } };

static int
check(const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	for (size_t i = 0; i < n; i++) {
		snprintf(strcmp(kv[i].name, "do") == 0 ? how : path,
		    strcmp(kv[i].name, "do") == 0 ? sizeof(how) : sizeof(path), "%s", kv[i].value);
	}
	if (strcmp(how, "check") == 0) {
		snprintf(why, cap, "do = \"check\" is not allowed");
		return -1;
	}
	return 0;
}

static int
open_(void **state, const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	(void)kv;
	(void)n;
	*state = how;
	if (strcmp(how, "open") == 0)
		return -1; /* without a word */
	for (bool hang_here = strcmp(how, "open_hang") == 0; hang_here;)
		pause();
	if (strcmp(how, "open_garbage") == 0) {
		memset(why, '\x1b', cap); /* and without an end */
		return -1;
	}
	return 0;
}

static enum candor_result
deliver(void *state, const struct candor_event *e, struct candor_answer *a)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (strcmp(acts[i].name, state) == 0)
			return acts[i].fn(e, a);
	return CANDOR_REFUSED;
}

static void
close_(void *state)
{
	(void)state;
}

CANDOR_PLUGIN_EXPORT const struct candor_plugin candor_plugin = {
	.abi = CANDOR_PLUGIN_ABI,
	.size = sizeof(struct candor_plugin),
	.name = "hostile",
	.version = "1",
	.check = check,
	.open = open_,
	.deliver = deliver,
	.close = close_,
};
