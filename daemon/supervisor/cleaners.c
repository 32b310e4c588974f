/* SPDX-License-Identifier: ISC */
/*
 * See cleaners.h. Supervisor, which never reads a byte of what goes between intake and a cleaner. One that
 * crashes says that somebody sent an attachment: the log hears how many did, and hours later.
 */
#include "supervisor/cleaners.h"

#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/log.h"
#include "supervisor/places.h"

#define CLEANERS_MAX (64 * CLEANERS_WORKER_MAX)
#define TRIAL UINT32_MAX /* in place of an intake process */
#define HOUR_S 3600u

struct cleaner {
	pid_t pid; /* 0: a free slot */
	unsigned worker;
};

struct cleaners {
	struct cleaner v[CLEANERS_MAX];
	int trial_fd;
	struct event *later;
	unsigned n_died; /* since it was last said */
	int how;         /* the last one */
};

static void
say(struct cleaners *all)
{
	if (all->n_died == 0)
		return;
	log_warning("%u cleaners died at their work within a day, the last one of %s %d: what "
		    "they had in hand was refused",
	    all->n_died, WIFSIGNALED(all->how) ? "signal" : "status",
	    WIFSIGNALED(all->how) ? WTERMSIG(all->how) : WEXITSTATUS(all->how));
	all->n_died = 0;
}

static void
on_later(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	say(arg);
}

struct cleaners *
cleaners_new(struct event_base *base)
{
	struct cleaners *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->trial_fd = -1;
	if ((all->later = event_new(base, -1, 0, on_later, all)) == NULL) {
		free(all);
		return NULL;
	}
	return all;
}

void
cleaners_free(struct cleaners *all)
{
	if (all == NULL)
		return;
	say(all);
	event_free(all->later);
	if (all->trial_fd >= 0)
		close(all->trial_fd);
	free(all);
}

static int
start(struct cleaners *all, const struct config *c, unsigned worker)
{
	size_t i = 0;
	int fd;

	while (i < CLEANERS_MAX && all->v[i].pid != 0)
		i++;
	if (i == CLEANERS_MAX)
		return -1;
	all->v[i].worker = worker;
	if ((all->v[i].pid = places_start_cleaner(c, worker == TRIAL, &fd)) < 0) {
		all->v[i].pid = 0;
		return -1;
	}
	return fd;
}

int
cleaners_try(struct cleaners *all, const struct config *c)
{
	if ((all->trial_fd = start(all, c, TRIAL)) < 0)
		return EX_OSERR;
	shutdown(all->trial_fd, SHUT_WR);
	return 0;
}

int
cleaners_start(struct cleaners *all, const struct config *c, unsigned worker)
{
	unsigned n = 0;

	for (size_t i = 0; i < CLEANERS_MAX; i++)
		n += all->v[i].pid != 0 && all->v[i].worker == worker;
	return n < c->cleaners ? start(all, c, worker) : -1;
}

/* Well, with a reason, or when intake no longer wanted to hear it. */
static bool
orderly(int status)
{
	return WIFEXITED(status) &&
	       (WEXITSTATUS(status) == EX_OK || WEXITSTATUS(status) == EX_DATAERR ||
		   WEXITSTATUS(status) == EX_IOERR);
}

static enum cleaners_end
trial_ended(struct cleaners *all, int status)
{
	close(all->trial_fd);
	all->trial_fd = -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EX_DATAERR)
		return CLEANERS_WORKS;
	log_error("candor-cleaner does not work (%s %d), so that no attachment could be taken: see "
		  "the lines above",
	    WIFSIGNALED(status) ? "signal" : "status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return CLEANERS_FAULTY;
}

enum cleaners_end
cleaners_reap(struct cleaners *all, int *status, unsigned *worker)
{
	size_t i = 0;

	while (i < CLEANERS_MAX &&
	       (all->v[i].pid == 0 || waitpid(all->v[i].pid, status, WNOHANG) != all->v[i].pid))
		i++;
	if (i == CLEANERS_MAX)
		return CLEANERS_NONE;
	*worker = all->v[i].worker;
	all->v[i].pid = 0;
	if (*worker == TRIAL)
		return trial_ended(all, *status);
	if (!orderly(*status)) {
		const struct timeval hours = { .tv_sec =
						   HOUR_S + randombytes_uniform(23 * HOUR_S) };

		if (all->n_died++ == 0)
			(void)event_add(all->later, &hours);
		all->how = *status;
	}
	return CLEANERS_ENDED;
}
