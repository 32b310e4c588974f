/* SPDX-License-Identifier: ISC */
/*
 * The folder of answers in advance: which files there are, and whether each is what it should be. Runs in
 * the supervisor, at start and on reload.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "candor/template.h"

#include "supervisor/config_parts.h"

static int
ends_in_txt(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return len > 4 && strcmp(e->d_name + len - 4, ".txt") == 0 && e->d_name[0] != '.';
}

/* Of a file that libconfig does not read. */
static void
complain(struct setting_reader *r, const char *path, unsigned line, const char *why)
{
	fprintf(r->err, "%s:%u: %s\n", path, line > 0 ? line : 1, why);
	r->n_errors++;
}

static void
read_template(struct config *c, struct setting_reader *r, const char *path, const char *name)
{
	struct template_fault fault;
	Candor__Template *t;
	struct span text = config_read_small(r, NULL, "templates", path, TEMPLATE_MAX_BYTES);

	if (text.p == NULL)
		return;
	if (template_parse(r->a, &t, name, (const char *)text.p, text.len, &fault) < 0) {
		complain(r, path, fault.line,
		    fault.why[0] != '\0' ? fault.why : "there is not enough memory for it");
		return;
	}
	for (size_t i = 0; i < t->n_categories; i++)
		if (!config_has_category(c, t->categories[i]))
			complain(r, path, 1,
			    "one of its categories is none of this site's; allowed: their ids");
	c->templates[c->n_templates++] = t;
}

void
config_templates_read(struct config *c, struct setting_reader *r)
{
	const char *before = r->file;
	struct dirent **files = NULL;
	int n = scandir(c->templates_dir, &files, ends_in_txt, alphasort);
	size_t bytes = 0;

	r->file = c->templates_dir;
	c->templates = setting_alloc(r, TEMPLATES_MAX * sizeof(*c->templates));
	if (n < 0 && errno != ENOENT)
		setting_error(r, NULL, "templates: %s", strerror(errno));
	if (n > TEMPLATES_MAX)
		setting_error(r, NULL, "templates: %d files; at most %d", n, TEMPLATES_MAX);
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX + NAME_MAX + 2];

		snprintf(path, sizeof(path), "%s/%s", c->templates_dir, files[i]->d_name);
		if (n <= TEMPLATES_MAX && c->templates != NULL)
			read_template(c, r, path, files[i]->d_name);
		free(files[i]);
	}
	free(files);
	for (size_t i = 0; i < c->n_templates; i++)
		bytes += candor__template__get_packed_size(c->templates[i]) + 4;
	if (bytes > TEMPLATES_MAX_BYTES)
		setting_error(r, NULL, "templates: all of them take %zu bytes; at most %d", bytes,
		    TEMPLATES_MAX_BYTES);
	r->file = before;
}
