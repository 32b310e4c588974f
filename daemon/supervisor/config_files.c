/* SPDX-License-Identifier: ISC */
/*
 * The files that a configuration names: are the keys private, is the first directory signed, where are
 * the rooms? Runs in the supervisor, at start and on reload; never reads a key's bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "candor/directory.h"

#include "supervisor/config_parts.h"

bool
config_key_file_ok(int fd, const char **why)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		*why = "cannot be read: make it with candord --init, or restore it";
	else if (!S_ISREG(st.st_mode))
		*why = "is no regular file";
	else if ((st.st_mode & 077) != 0)
		*why = "can be read by others, so it may be known already: run chmod 600 on it";
	else
		return true;
	return false;
}

void
config_key_check(
    struct setting_reader *r, const config_setting_t *root, const char *name, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *why = NULL;

	if (!config_key_file_ok(fd, &why))
		setting_error(
		    r, config_setting_get_member(root, name), "%s: %s %s", name, path, why);
	if (fd >= 0)
		close(fd);
}

struct span
config_read_small(struct setting_reader *r, const config_setting_t *root, const char *name,
    const char *path, size_t max)
{
	const config_setting_t *s = root != NULL ? config_setting_get_member(root, name) : NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	uint8_t *p = setting_alloc(r, max + 1);
	size_t len = 0;
	ssize_t n = -1;

	if (fd < 0)
		setting_error(r, s, "%s: %s cannot be read: %s", name, path, strerror(errno));
	if (fd < 0 || p == NULL)
		return (struct span){ NULL, 0 };
	while (len <= max && (n = read(fd, p + len, max + 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		setting_error(r, s, "%s: %s cannot be read: %s", name, path, strerror(errno));
	else if (len > max)
		setting_error(r, s, "%s: %s is larger than %zu bytes", name, path, max);
	close(fd);
	return n < 0 || len > max ? (struct span){ NULL, 0 } : (struct span){ p, len };
}

void
config_directory_check(struct config *c, struct setting_reader *r, const config_setting_t *root)
{
	const config_setting_t *s = config_setting_get_member(root, "directory");
	struct span text =
	    config_read_small(r, root, "directory", c->directory, DIRECTORY_MAX_BYTES);
	struct span sig = config_read_small(
	    r, root, "directory_signature", c->directory_signature, MINISIGN_SIGNATURE_MAX);
	struct minisign_public charter;
	struct directory *d = NULL;
	const char *why = NULL;
	unsigned line = 0;

	if (text.p == NULL || sig.p == NULL ||
	    minisign_public_parse(&charter, c->charter, strlen(c->charter)) < 0)
		return;
	if (directory_parse(r->a, &d, text.p, text.len, &line, &why) < 0)
		setting_error(r, s, "directory: %s:%u: %s", c->directory, line,
		    why != NULL ? why : "is no directory");
	else if (memcmp(d->site_id, c->site_id, sizeof(c->site_id)) != 0)
		setting_error(r, s, "directory: %s is for another site than site_id", c->directory);
	else if (minisign_verify(text.p, text.len, sig.p, sig.len, &charter) < 0)
		setting_error(r, s,
		    "directory: %s is not signed by the charter key in %s; the charter's holder "
		    "must sign it",
		    c->directory, c->directory_signature);
}

/* Where our own binary lies tells where the rooms and plugins are: beside it in a build tree. */
void
config_find_programs(struct config *c, struct setting_reader *r)
{
	char self[PATH_MAX], path[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	bool tree;

	self[n > 0 ? n : 0] = '\0';
	dirname(self);
	snprintf(path, sizeof(path), "%s/candor-intake", self);
	tree = access(path, X_OK) == 0;
	if (c->libexec[0] == '\0') {
		snprintf(path, sizeof(path), tree ? "%s" : "%s/../libexec/candor", self);
		c->libexec = setting_copy(r, path);
	}
	if (c->plugin_path[0] == '\0') {
		snprintf(
		    path, sizeof(path), tree ? "%s/plugins" : "%s/../lib/candor/plugins", self);
		c->plugin_path = setting_copy(r, path);
	}
}
