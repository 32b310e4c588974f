/* SPDX-License-Identifier: ISC */
/*
 * ZIP archives of other formats: each file cleaned as if it had come alone, and packed anew under a
 * number, since names of files and folders tell much. Runs in the cleaner. Passes nothing through that
 * no format's cleaner has written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "candor/filetype.h"

#include "cleaner/pack.h"

const char *
zip_type_of(const uint8_t *in, size_t len)
{
	static const char *const mains[][2] = {
		{ "word/", "wordprocessingml.document" },
		{ "xl/", "spreadsheetml.sheet" },
		{ "ppt/", "presentationml.presentation" },
	};
	static char type[FILE_TYPE_MAX];
	const struct pack_member *mimetype;
	const char *found = NULL, *why;
	uint8_t *p = NULL;
	struct pack pack;
	size_t n;

	if (pack_open(&pack, in, len, &why) < 0)
		return NULL;
	if ((mimetype = pack_find(&pack, "mimetype")) != NULL && mimetype->size < sizeof(type) &&
	    pack_read(&pack, mimetype, &p, &n, &why) == 0) {
		(void)snprintf(
		    type, sizeof(type), "%.*s", (int)strcspn((char *)p, " \r\n"), (char *)p);
		found = type;
	}
	for (size_t i = 0; i < NELEM(mains) && pack_find(&pack, "_rels/.rels") != NULL; i++)
		for (size_t m = 0; m < pack.n; m++)
			if (strncmp(pack.members[m].name, mains[i][0], strlen(mains[i][0])) == 0) {
				(void)snprintf(type, sizeof(type),
				    "application/vnd.openxmlformats-officedocument.%s",
				    mains[i][1]);
				found = type;
			}
	free(p);
	pack_close(&pack);
	return found;
}

/* Clean one file of the archive into w, as number. */
static int
add_cleaned(struct pack_writer *w, struct pack *pack, const struct pack_member *m, unsigned number,
    unsigned depth, const char **why)
{
	const struct clean_format *format;
	struct clean_out cleaned = { 0 };
	const char *type;
	uint8_t *p = NULL;
	char name[32];
	size_t len;
	int r;

	if ((r = pack_read(pack, m, &p, &len, why)) < 0)
		return r;
	if ((format = clean_format_of(p, len, &type)) == NULL) {
		*why = "The archive holds a file of a kind that cannot be cleaned. Unpack it, and "
		       "attach the others, or a screenshot or PDF of that one.";
		r = CANDOR_EBADMSG;
	} else if (format->clean == clean_zip && depth + 1 >= CLEAN_DEPTH_MAX) {
		*why = "The archive holds archives in archives. Unpack them, and attach the files "
		       "themselves.";
		r = CANDOR_EBADMSG;
	} else if ((r = format->clean(&cleaned, p, len, depth + 1, why)) == 0) {
		(void)snprintf(name, sizeof(name), "file%03u%s", number, format->extension);
		r = pack_add(w, name, cleaned.p, cleaned.len, false);
	}
	free(cleaned.p);
	free(p);
	return r;
}

int
clean_zip(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	struct pack_writer w = { .out = out };
	struct pack pack;
	int r;

	if ((r = pack_open(&pack, in, len, why)) < 0)
		return r;
	for (size_t i = 0; i < pack.n && r == 0; i++) {
		const struct pack_member *m = &pack.members[i];

		if (m->name[strlen(m->name) - 1] != '/')
			r = add_cleaned(&w, &pack, m, w.n + 1, depth, why);
	}
	if (r == 0 && w.n == 0) {
		*why = "There is no file in the archive.";
		r = CANDOR_EBADMSG;
	}
	r = pack_finish(&w, r);
	pack_close(&pack);
	return r;
}
