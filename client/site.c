/* SPDX-License-Identifier: ISC */
/* Reading site.conf: see site.h. */
#include "site.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <libconfig.h>
#include <sodium/utils.h>

#include "candor/utf8.h"

#include "client.h"
#include "verb.h"

/* Each reader fills its part of the site; NULL or what is allowed. */
typedef const char *read_setting(struct site *s, const char *text);

static const char *
hex(uint8_t *out, size_t n, const char *text)
{
	size_t got;
	const char *end;

	if (strlen(text) != 2 * n || sodium_hex2bin(out, n, text, 2 * n, NULL, &got, &end) != 0 ||
	    got != n)
		return n == 16 ? "must be 32 hex digits" : "must be 64 hex digits";
	return NULL;
}

static const char *
connect_text(char *out, const char *text)
{
	const size_t path_max = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
	size_t len = strlen(text);

	if (len > SITE_CONNECT_MAX)
		return "is longer than 1024 bytes";
	if (strncmp(text, "unix:/", 6) == 0) {
		if (len - 5 > path_max)
			return "names a socket whose path is longer than the 107 bytes that the "
			       "system allows";
	} else if (strncmp(text, "exec:", 5) != 0 || text[5] == '\0') {
		return "must be \"unix:/absolute/path\" or \"exec:command\"";
	}
	memcpy(out, text, len + 1);
	return NULL;
}

static const char *
read_connect(struct site *s, const char *text)
{
	return connect_text(s->connect, text);
}

static const char *
read_desk(struct site *s, const char *text)
{
	return connect_text(s->desk, text);
}

static const char *
read_daemon_key(struct site *s, const char *text)
{
	return hex(s->daemon_key, sizeof(s->daemon_key), text);
}

static const char *
read_desk_key(struct site *s, const char *text)
{
	s->has_desk_key = true;
	return hex(s->desk_key, sizeof(s->desk_key), text);
}

static const char *
read_charter(struct site *s, const char *text)
{
	if (minisign_public_parse(&s->charter, text, strlen(text)) < 0)
		return "must be a minisign public key (\"RW\" and 54 more characters)";
	return NULL;
}

static const char *
read_audit(struct site *s, const char *text)
{
	s->has_audit = true;
	if (minisign_public_parse(&s->audit, text, strlen(text)) < 0)
		return "must be a minisign public key (\"RW\" and 54 more characters)";
	return NULL;
}

static const char *
read_site_id(struct site *s, const char *text)
{
	return hex(s->site_id, sizeof(s->site_id), text);
}

static const char *
read_name(struct site *s, const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > SITE_NAME_MAX || !utf8_printable(text, len))
		return "must be 1 to 128 bytes of printable UTF-8";
	memcpy(s->name, text, len + 1);
	return NULL;
}

/* clang-format off */
static const struct {
	const char *name;
	read_setting *read;
	bool needed;
} settings[] = {
	{ "connect",    read_connect,    true  },
	{ "daemon_key", read_daemon_key, true  },
	{ "charter",    read_charter,    true  },
	{ "site_id",    read_site_id,    true  },
	{ "site_name",  read_name,       true  },
	{ "desk",       read_desk,       false },
	{ "desk_key",   read_desk_key,   false },
	{ "audit_key",  read_audit,      false },
};
/* clang-format on */

static int
read_setting_of(struct client *c, const char *path, struct site *s, config_setting_t *at)
{
	const char *names[NELEM(settings)], *why, *near;
	const char *name = config_setting_name(at);
	unsigned line = config_setting_source_line(at);

	for (size_t i = 0; i < NELEM(settings); i++) {
		names[i] = settings[i].name;
		if (strcmp(settings[i].name, name) != 0)
			continue;
		if (config_setting_type(at) != CONFIG_TYPE_STRING)
			why = "must be a text in double quotes";
		else
			why = settings[i].read(s, config_setting_get_string(at));
		if (why != NULL)
			return client_fail(c, EX_CONFIG, "%s:%u: %s %s", path, line, name, why);
		return 0;
	}
	near = verb_nearest(name, names, NELEM(names));
	return client_fail(c, EX_CONFIG,
	    "%s:%u: there is no setting \"%s\"%s%s%s; known are connect, daemon_key, charter, "
	    "site_id, "
	    "site_name, desk and desk_key",
	    path, line, name, near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
	    near != NULL ? "\"?" : "");
}

static int
read_file(struct client *c, const char *path, FILE *f, config_t *config)
{
	struct site s = { 0 };
	config_setting_t *root;
	int r;

	if (config_read(config, f) != CONFIG_TRUE)
		return client_fail(c, EX_CONFIG, "%s:%d: %s", path, config_error_line(config),
		    config_error_text(config));
	root = config_root_setting(config);
	for (int i = 0; i < config_setting_length(root); i++)
		if ((r = read_setting_of(
			 c, path, &s, config_setting_get_elem(root, (unsigned)i))) != 0)
			return r;
	for (size_t i = 0; i < NELEM(settings); i++)
		if (settings[i].needed && config_lookup(config, settings[i].name) == NULL)
			return client_fail(c, EX_CONFIG,
			    "%s: the setting \"%s\" is missing: ask whoever runs the service for "
			    "the "
			    "site.conf that `candord --init` wrote",
			    path, settings[i].name);
	s.loaded = true;
	c->site = s;
	return 0;
}

int
site_load(struct client *c)
{
	const char *path = c->site_path;
	struct stat st;
	config_t config;
	FILE *f;
	int r;

	if (c->site.loaded)
		return 0;
	if (path == NULL && ((path = getenv("CANDOR_SITE")) == NULL || *path == '\0'))
		path = SITE_DEFAULT_PATH;
	if ((f = fopen(path, "re")) == NULL)
		return client_fail(c, EX_NOINPUT,
		    "%s: %s. This file says which service to talk to: ask whoever runs it for "
		    "site.conf, then name it with --site FILE or $CANDOR_SITE, or put it at %s",
		    path, strerror(errno), SITE_DEFAULT_PATH);
	if (fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode)) {
		fclose(f);
		return client_fail(
		    c, EX_NOINPUT, "%s is a folder: --site names the file site.conf in it", path);
	}
	config_init(&config);
	r = read_file(c, path, f, &config);
	config_destroy(&config);
	fclose(f);
	return r;
}

int
site_need_desk(struct client *c)
{
	int r;

	if ((r = site_load(c)) != 0)
		return r;
	if (c->site.desk[0] == '\0' || !c->site.has_desk_key)
		return client_fail(c, EX_CONFIG,
		    "site.conf names no desk: this needs the settings desk and desk_key, which "
		    "officers' copies of the file have");
	return 0;
}
