/* SPDX-License-Identifier: ISC */
/*
 * Which format it is, by its bytes and never by its name: libmagic says, the list of candor/filetype.h
 * knows who cleans it. The cleaner; the database is read before the walls go up, nothing after.
 */
#include <magic.h>
#include <stdlib.h>
#include <string.h>

#include "candor/filetype.h"

#include "cleaner/pack.h"

static const struct clean_format formats[] = {
#define X(type, ending, format) { type, ending, clean_##format },
	FILE_TYPES(X)
#undef X
};

/* What prose that begins with "static" or "import" is taken for. */
static const struct clean_format prose = { "text/plain", ".txt", clean_text };
#define PROSE_PREFIX "text/x-"

/* Where there is better advice than a screenshot. */
#define REFUSE(name, advice)                                                                       \
	static int refuse_##name(struct clean_out *out, const uint8_t *in, size_t len,             \
	    unsigned depth, const char **why)                                                      \
	{                                                                                          \
		(void)out, (void)in, (void)len, (void)depth;                                       \
		*why = advice;                                                                     \
		return CANDOR_EBADMSG;                                                             \
	}

REFUSE(old_office, "save it in today's format (.docx, .xlsx, .pptx), or print it to a PDF")
REFUSE(encrypted, "it is protected with a password; save it without one, or print it to a PDF")
REFUSE(program, "it is a program that draws; print it to a PDF, and attach that")
REFUSE(page, "it fetches what it shows; print the page to a PDF, or take a screenshot")
REFUSE(archive, "pack the files anew as an ordinary ZIP, or attach them one by one")

/* clang-format off */
static const struct clean_format refused[] = {
	{ "application/msword",            "", refuse_old_office },
	{ "application/vnd.ms-excel",      "", refuse_old_office },
	{ "application/vnd.ms-powerpoint", "", refuse_old_office },
	{ "application/vnd.ms-office",     "", refuse_old_office },
	{ "application/CDFV2",             "", refuse_old_office },
	{ "application/encrypted",         "", refuse_encrypted },
	{ "application/postscript",        "", refuse_program },
	{ "image/x-eps",                   "", refuse_program },
	{ "text/html",                     "", refuse_page },
	{ "application/x-7z-compressed",   "", refuse_archive },
	{ "application/x-rar",             "", refuse_archive },
	{ "application/gzip",              "", refuse_archive },
	{ "application/x-tar",             "", refuse_archive },
};
/* clang-format on */

#define HEAD_WITHIN 4096 /* bytes of a file, in which it must say what it is */

static magic_t magic;

bool
clean_formats_load(void)
{
	magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF);
	return magic != NULL && magic_load(magic, NULL) == 0;
}

static const struct clean_format *
find(const struct clean_format *list, size_t n, const char *type)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].type, type) == 0)
			return &list[i];
	return NULL;
}

/* What libmagic takes for less than it is: documents in archives, drawings without a declaration, films
 * of makers' own brands. */
static const char *
look_closer(const uint8_t *in, size_t len, const char *type)
{
	size_t head = len < HEAD_WITHIN ? len : HEAD_WITHIN, blank = 0;
	const char *better = NULL;

	if (len > 4 && memcmp(in, "PK\3\4", 4) == 0)
		better = zip_type_of(in, len);
	while (blank < head && strchr("\xef\xbb\xbf \t\r\n", in[blank]) != NULL && in[blank] != 0)
		blank++;
	if (blank < head && in[blank] == '<' && memmem(in, head, "<svg", 4) != NULL)
		better = "image/svg+xml";
	if (strcmp(type, "application/octet-stream") == 0 && memmem(in, head, "%PDF-", 5) != NULL)
		better = "application/pdf";
	if (better == NULL && len > 12 && memcmp(in + 4, "ftyp", 4) == 0 &&
	    (strcmp(type, "application/octet-stream") == 0 ||
		(strcmp(type, "audio/mp4") == 0 && memcmp(in + 8, "M4", 2) != 0)))
		better = "video/mp4";
	return better != NULL                            ? better
	       : len > 4 && memcmp(in, "PK\3\4", 4) == 0 ? "application/zip"
							 : type;
}

const struct clean_format *
clean_format_of(const uint8_t *in, size_t len, const char **type)
{
	const char *found = magic == NULL ? NULL : magic_buffer(magic, in, len);
	const struct clean_format *format;

	*type = found == NULL ? "unknown" : found;
	format = find(formats, NELEM(formats), *type);
	if (format == NULL || format->clean == clean_zip || format->clean == clean_text ||
	    format->clean == clean_mp4) {
		*type = look_closer(in, len, *type);
		format = find(formats, NELEM(formats), *type);
	}
	if (format == NULL)
		format = find(refused, NELEM(refused), *type);
	if (format == NULL && strncmp(*type, PROSE_PREFIX, sizeof(PROSE_PREFIX) - 1) == 0)
		format = &prose;
	return format;
}
