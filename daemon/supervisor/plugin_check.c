/* SPDX-License-Identifier: ISC */
/*
 * `candord -t` asks each plugin whether its settings make sense. The plugin's code runs in a forked
 * child only; the supervisor reads a line of text from it and nothing else.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/plugin_load.h"
#include "common/plugin_walls.h"
#include "common/plugin_walls.h"
#include "supervisor/plugin_check.h"

#define CHECK_TIMEOUT_MS 10000

/* No status that a plugin would leave with by itself. */
enum { CHECK_OK = 201, CHECK_OBJECT, CHECK_SETTING };

static int
check_object(const Candor__Plugin *p, char *why, size_t cap)
{
	struct candor_kv settings[PLUGIN_SETTINGS_MAX];
	const struct candor_plugin *plugin;

	if (p->n_settings > NELEM(settings)) {
		snprintf(why, cap, "%zu settings, at most %zu are allowed", p->n_settings,
		    NELEM(settings));
		return CHECK_OBJECT;
	}
	for (size_t i = 0; i < p->n_settings; i++)
		settings[i] = (struct candor_kv){ p->settings[i]->name, p->settings[i]->value };
	if (plugin_load(&plugin, p->object, why, cap) < 0)
		return CHECK_OBJECT;
	if (plugin->check(settings, p->n_settings, why, cap) == 0)
		return CHECK_OK;
	if (why[0] == '\0')
		snprintf(why, cap, "the plugin refuses its settings and does not say why");
	return CHECK_SETTING;
}

/* Behind the same walls as in a host. */
static int
check_inside(const Candor__Plugin *p, bool best_effort, char *why, size_t cap)
{
	struct sandbox loading = { .name = "the check of a plugin", .best_effort = best_effort },
		       running;

	if (plugin_walls(&loading, &running, p, 0, why, cap) < 0)
		return CHECK_OBJECT;
	if (sandbox_enter(&loading) < 0) {
		snprintf(why, cap, "cannot be checked: its sandbox cannot be put up");
		return CHECK_OBJECT;
	}
	return check_object(p, why, cap);
}

static _Noreturn void
child(const Candor__Plugin *p, bool best_effort, int out)
{
	char why[PLUGIN_CHECK_WHY_MAX] = "";
	int result;

	/* Where its walls let it write. */
	if (dup2(out, STDERR_FILENO) < 0)
		_exit(CHECK_OBJECT);
	result = check_inside(p, best_effort, why, sizeof(why));
	why[sizeof(why) - 1] = '\0';
	if (result != CHECK_OK && write(STDERR_FILENO, why, strlen(why)) < 0)
		result = CHECK_OBJECT;
	_exit(result);
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool
plugin_check(const Candor__Plugin *plugin, bool best_effort, char why[PLUGIN_CHECK_WHY_MAX],
    bool *of_setting)
{
	int64_t deadline = now_ms() + CHECK_TIMEOUT_MS;
	size_t len = 0;
	int ends[2], status = 0;
	bool late = false;
	pid_t pid;

	*of_setting = false;
	fflush(NULL);
	if (pipe(ends) < 0 || (pid = fork()) < 0) {
		snprintf(why, PLUGIN_CHECK_WHY_MAX, "cannot be checked: %s", strerror(errno));
		return false;
	}
	if (pid == 0) {
		close(ends[0]);
		child(plugin, best_effort, ends[1]);
	}
	close(ends[1]);
	while (len < PLUGIN_CHECK_WHY_MAX - 1) {
		struct pollfd p = { .fd = ends[0], .events = POLLIN };
		int64_t left = deadline - now_ms();
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) == 0) {
			late = true;
			break;
		}
		n = read(ends[0], why + len, PLUGIN_CHECK_WHY_MAX - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	close(ends[0]);
	why[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)why[i] < ' ' || why[i] == 0x7f)
			why[i] = ' ';
	if (late)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (late)
		snprintf(why, PLUGIN_CHECK_WHY_MAX, "did not check its settings within %d seconds",
		    CHECK_TIMEOUT_MS / 1000);
	else if (!WIFEXITED(status))
		snprintf(why, PLUGIN_CHECK_WHY_MAX,
		    "died of signal %d (%s) when it checked its settings", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) < CHECK_OK || WEXITSTATUS(status) > CHECK_SETTING)
		snprintf(why, PLUGIN_CHECK_WHY_MAX,
		    "left with status %d when it checked its settings", WEXITSTATUS(status));
	if (late || !WIFEXITED(status))
		return false;
	*of_setting = WEXITSTATUS(status) == CHECK_SETTING;
	return WEXITSTATUS(status) == CHECK_OK;
}
