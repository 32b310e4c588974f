/* SPDX-License-Identifier: ISC */
/* Settings: see settings.h. Never repeats what stands in a file of secrets. */
#include "common/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX_BYTES (1u << 20)

int
settings_fail(char *why, size_t cap, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, cap, fmt, ap);
	va_end(ap);
	return -1;
}

void
answer_say(struct candor_answer *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->error, sizeof(a->error), fmt, ap);
	va_end(ap);
}

int
settings_read(const struct setting *known, size_t n_known, const struct candor_kv *kv, size_t n,
    char *why, size_t cap)
{
	char names[512];
	struct text list = TEXT(names);
	size_t i;

	for (size_t k = 0; k < n; k++) {
		for (i = 0; i < n_known && strcmp(known[i].name, kv[k].name) != 0; i++)
			;
		if (i < n_known) {
			*known[i].value = kv[k].value;
			continue;
		}
		for (i = 0; i < n_known; i++) {
			text_adds(&list, i > 0 ? ", " : "");
			text_adds(&list, known[i].name);
		}
		return settings_fail(
		    why, cap, "unknown setting %.40s; allowed are %s", kv[k].name, names);
	}
	return 0;
}

int
settings_number(unsigned *out, const char *name, const char *value, unsigned low, unsigned high,
    const char *but, char *why, size_t cap)
{
	size_t len = value != NULL ? strlen(value) : 0;
	unsigned long n;

	if (value == NULL)
		return 0;
	if (len >= 1 && len <= 9 && strspn(value, "0123456789") == len &&
	    (n = strtoul(value, NULL, 10)) >= low && n <= high) {
		*out = (unsigned)n;
		return 0;
	}
	return settings_fail(
	    why, cap, "%s = \"%.40s\" must be %u to %u%s", name, value, low, high, but);
}

int
settings_bool(bool *out, const char *name, const char *value, char *why, size_t cap)
{
	if (value == NULL)
		return 0;
	*out = strcmp(value, "true") == 0;
	if (*out || strcmp(value, "false") == 0)
		return 0;
	return settings_fail(why, cap, "%s = \"%.40s\" must be true or false", name, value);
}

char *
settings_file(const char *setting, const char *path, size_t *len, char *why, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *p = NULL;
	ssize_t n = -1;
	size_t size = 0;

	if (fd >= 0 && (p = malloc(FILE_MAX_BYTES + 1)) != NULL)
		while ((n = read(fd, p + size, FILE_MAX_BYTES - size)) > 0)
			size += (size_t)n;
	if (n < 0 || size == FILE_MAX_BYTES) {
		settings_fail(why, cap, "%s: %s: %s", setting, path,
		    n < 0 ? strerror(errno) : "larger than any such file is");
		if (p != NULL)
			explicit_bzero(p, size);
		free(p);
		p = NULL;
	} else {
		p[size] = '\0';
		if (len != NULL)
			*len = size;
	}
	if (fd >= 0)
		close(fd);
	return p;
}

char *
settings_secret(const char *setting, const char *what, const char *path, char *why, size_t cap)
{
	size_t len, line;
	char *text = settings_file(setting, path, &len, why, cap), *secret = NULL;

	if (text == NULL)
		return NULL;
	line = strcspn(text, "\r\n");
	if (line == 0 || strspn(text + line, "\r\n") != len - line) {
		settings_fail(why, cap, "%s: %s must hold one line, %s", setting, path, what);
	} else {
		text[line] = '\0';
		if (text_has_control(text, ""))
			settings_fail(why, cap, "%s: %s holds a control character", setting, path);
		else if ((secret = strdup(text)) == NULL)
			settings_fail(why, cap, "out of memory");
	}
	explicit_bzero(text, len);
	free(text);
	return secret;
}

char *
settings_ca(const char *path, size_t *len, char *why, size_t cap)
{
	char *pem = settings_file("ca_file", path, len, why, cap);

	if (pem == NULL || strstr(pem, "-----BEGIN ") != NULL)
		return pem;
	settings_fail(why, cap, "ca_file: %s holds no certificate in PEM form", path);
	free(pem);
	return NULL;
}

bool
settings_is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
	       strcmp(host, "[::1]") == 0 ||
	       (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host));
}

bool
settings_copy(char **to, const char *from)
{
	*to = from != NULL ? strdup(from) : NULL;
	return from == NULL || *to != NULL;
}
