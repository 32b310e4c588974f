/* SPDX-License-Identifier: ISC */
/*
 * `candord -t` asks each plugin whether its settings make sense. The plugin's code runs in a forked
 * child only; the supervisor reads a line of text from it and nothing else.
 */
#include <dlfcn.h>
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

#include "candor/base.h"
#include "candor/plugin.h"

#include "supervisor/plugin_check.h"

#define CHECK_TIMEOUT_MS 10000
#define SETTINGS_MAX 64

enum { CHECK_OK, CHECK_OBJECT, CHECK_SETTING };

static int
check_object(const Candor__Plugin *p, char *why, size_t cap)
{
	struct candor_kv settings[SETTINGS_MAX];
	const struct candor_plugin *plugin;
	void *object;

	if (p->n_settings > SETTINGS_MAX) {
		snprintf(why, cap, "has %zu settings; at most %d", p->n_settings, SETTINGS_MAX);
		return CHECK_OBJECT;
	}
	for (size_t i = 0; i < p->n_settings; i++)
		settings[i] = (struct candor_kv){ p->settings[i]->name, p->settings[i]->value };
	if ((object = dlopen(p->object, RTLD_NOW | RTLD_LOCAL)) == NULL) {
		snprintf(why, cap, "cannot be loaded: %s", dlerror());
		return CHECK_OBJECT;
	}
	plugin = dlsym(object, CANDOR_PLUGIN_SYMBOL);
	if (plugin == NULL) {
		snprintf(why, cap, "is no plugin: %s exports no \"%s\"", p->object,
		    CANDOR_PLUGIN_SYMBOL);
		return CHECK_OBJECT;
	}
	if (plugin->abi != CANDOR_PLUGIN_ABI || plugin->size < sizeof(*plugin)) {
		snprintf(why, cap,
		    "was built for ABI %u (descriptor of %u bytes); this candord needs ABI %u "
		    "(%zu bytes or more): build it anew",
		    plugin->abi, plugin->size, CANDOR_PLUGIN_ABI, sizeof(*plugin));
		return CHECK_OBJECT;
	}
	if (plugin->name == NULL || plugin->version == NULL || plugin->check == NULL ||
	    plugin->open == NULL || plugin->deliver == NULL || plugin->close == NULL) {
		snprintf(why, cap,
		    "lacks one of name, version, check, open, deliver, close: none may be NULL");
		return CHECK_OBJECT;
	}
	if (plugin->check(settings, p->n_settings, why, cap) == 0)
		return CHECK_OK;
	if (why[0] == '\0')
		snprintf(why, cap, "the plugin refuses its settings and does not say why");
	return CHECK_SETTING;
}

static _Noreturn void
child(const Candor__Plugin *p, int out)
{
	char why[PLUGIN_CHECK_WHY_MAX] = "";
	const struct rlimit none = { 0, 0 };
	int result;

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	result = check_object(p, why, sizeof(why));
	why[sizeof(why) - 1] = '\0';
	if (result != CHECK_OK && write(out, why, strlen(why)) < 0)
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
plugin_check(const Candor__Plugin *plugin, char why[PLUGIN_CHECK_WHY_MAX], bool *of_setting)
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
		child(plugin, ends[1]);
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
	*of_setting = !late && WIFEXITED(status) && WEXITSTATUS(status) == CHECK_SETTING;
	return !late && WIFEXITED(status) && WEXITSTATUS(status) == CHECK_OK;
}
