/* SPDX-License-Identifier: ISC */
/*
 * Which format it is, by its bytes and never by its name: libmagic says, a table knows who cleans it.
 * The cleaner; the database is read before the walls go up, nothing after.
 */
#include <magic.h>
#include <stdlib.h>
#include <string.h>

#include "cleaner/clean.h"

/* clang-format off */
static const struct clean_format formats[] = {
	{ "image/jpeg",       ".jpg",  clean_jpeg },
	{ "image/png",        ".png",  clean_png },
	{ "image/apng",       ".png",  clean_png },
	{ "image/vnd.mozilla.apng", ".png", clean_png },
	{ "image/gif",        ".gif",  clean_gif },
	{ "image/webp",       ".webp", clean_webp },
	{ "image/tiff",       ".tif",  clean_tiff },
	{ "text/plain",       ".txt",  clean_text },
	{ "text/csv",         ".csv",  clean_text },
	{ "application/json", ".json", clean_text },
	{ "text/rtf",         ".rtf",  clean_rtf },
	{ "image/svg+xml",    ".svg",  clean_svg },
	{ "application/pdf",  ".pdf",  clean_pdf },
	{ "application/zip",  ".zip",  clean_zip },
	{ "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx", clean_ooxml },
	{ "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx", clean_ooxml },
	{ "application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx", clean_ooxml },
	{ "application/vnd.oasis.opendocument.text", ".odt", clean_odf },
	{ "application/vnd.oasis.opendocument.spreadsheet", ".ods", clean_odf },
	{ "application/vnd.oasis.opendocument.presentation", ".odp", clean_odf },
	{ "application/vnd.oasis.opendocument.graphics", ".odg", clean_odf },
};
/* clang-format on */

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
