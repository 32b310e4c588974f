/* SPDX-License-Identifier: ISC */
/* The daemon's log: see log.h. Every room and the supervisor; never more than one write a line. */
#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static struct {
	char name[64];
	enum log_level level;
} self = { "candor", LOG_LEVEL_INFO };

void
log_init(const char *name, enum log_level level)
{
	snprintf(self.name, sizeof(self.name), "%s", name);
	log_set_level(level);
}

void
log_set_level(enum log_level level)
{
	self.level = level > LOG_LEVEL_DEBUG ? LOG_LEVEL_DEBUG : level;
}

static void say(enum log_level level, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);

static void
say(enum log_level level, const char *fmt, va_list ap)
{
	static const char *const words[] = {
		[LOG_LEVEL_ERROR] = "error: ",
		[LOG_LEVEL_WARNING] = "warning: ",
		[LOG_LEVEL_INFO] = "",
		[LOG_LEVEL_DEBUG] = "debug: ",
	};
	char line[LINE_MAX_BYTES];
	int saved = errno;
	size_t len;
	int n;

	if (level > self.level)
		return;
	n = snprintf(line, sizeof(line) - 1, "%s: %s", self.name, words[level]);
	if (n < 0 || (size_t)n >= sizeof(line) - 1)
		return;
	vsnprintf(line + n, sizeof(line) - 1 - (size_t)n, fmt, ap);
	len = strlen(line);
	/* One record is one line: a name out of the configuration cannot forge another. */
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[len++] = '\n';
	/* Where the log cannot be written there is nobody to tell. */
	if (write(STDERR_FILENO, line, len) < 0)
		errno = saved;
	errno = saved;
}

#define DEFINE_LOG(function, level)                                                                \
	void function(const char *fmt, ...)                                                        \
	{                                                                                          \
		va_list ap;                                                                        \
                                                                                                   \
		va_start(ap, fmt);                                                                 \
		say(level, fmt, ap);                                                               \
		va_end(ap);                                                                        \
	}

DEFINE_LOG(log_error, LOG_LEVEL_ERROR)
DEFINE_LOG(log_warning, LOG_LEVEL_WARNING)
DEFINE_LOG(log_info, LOG_LEVEL_INFO)
DEFINE_LOG(log_debug, LOG_LEVEL_DEBUG)

void
fatal(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
	exit(status);
}
