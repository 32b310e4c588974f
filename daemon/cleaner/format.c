/* SPDX-License-Identifier: ISC */
/*
 * Which format it is, by its bytes and never by its name: libmagic says, the list of candor/filetype.h
 * knows who cleans it. The cleaner; the database is read before the walls go up, nothing after.
 */
#include <magic.h>
#include <stdlib.h>
#include <string.h>

#include "candor/filetype.h"

#include "cleaner/clean.h"

static const struct clean_format formats[] = {
#define X(type, ending, format) { type, ending, clean_##format },
	FILE_TYPES(X)
#undef X
};

/* What prose that begins with "static" or "import" is taken for. */
static const struct clean_format prose = { "text/plain", ".txt", clean_text };
#define PROSE_PREFIX "text/x-"

static magic_t magic;

bool
clean_formats_load(void)
{
	magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF);
	return magic != NULL && magic_load(magic, NULL) == 0;
}

const struct clean_format *
clean_format_of(const uint8_t *in, size_t len, const char **type)
{
	const char *found = magic == NULL ? NULL : magic_buffer(magic, in, len);

	*type = found == NULL ? "unknown" : found;
	for (size_t i = 0; i < NELEM(formats); i++)
		if (strcmp(formats[i].type, *type) == 0)
			return &formats[i];
	if (strncmp(*type, PROSE_PREFIX, sizeof(PROSE_PREFIX) - 1) == 0)
		return &prose;
	return NULL;
}
