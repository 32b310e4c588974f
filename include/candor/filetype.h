/* SPDX-License-Identifier: ISC */
/*
 * The types of files that can be cleaned, and so attached: the one list, for the cleaner (which function
 * cleans it), intake (what it believes the cleaner) and the client (how a saved file's name ends). Pure.
 */
#ifndef CANDOR_FILETYPE_H
#define CANDOR_FILETYPE_H

#include "candor/base.h"

#define FILE_TYPE_MAX 80 /* characters of a type's name, and a NUL */

/* clang-format off */
/* What libmagic calls it, how its names end, and what the cleaner's function is called: clean_… */
#define FILE_TYPES(X) \
	X("image/jpeg",       ".jpg",  jpeg) \
	X("image/png",        ".png",  png) \
	X("image/apng",       ".png",  png) \
	X("image/vnd.mozilla.apng", ".png", png) \
	X("image/gif",        ".gif",  gif) \
	X("image/webp",       ".webp", webp) \
	X("image/tiff",       ".tif",  tiff) \
	X("image/jp2",        ".jp2",  jp2) \
	X("image/bmp",        ".bmp",  bmp) \
	X("image/x-portable-bitmap", ".pbm", pnm) \
	X("image/x-portable-greymap", ".pgm", pnm) \
	X("image/x-portable-pixmap", ".ppm", pnm) \
	X("image/heic",       ".heic", heif) \
	X("image/heif",       ".heif", heif) \
	X("image/heic-sequence", ".heic", heif) \
	X("image/heif-sequence", ".heif", heif) \
	X("image/avif",       ".avif", heif) \
	X("audio/mpeg",       ".mp3",  mp3) \
	X("audio/flac",       ".flac", flac) \
	X("audio/ogg",        ".ogg",  ogg) \
	X("application/ogg",  ".ogg",  ogg) \
	X("video/ogg",        ".ogv",  ogg) \
	X("audio/x-wav",      ".wav",  wav) \
	X("audio/x-m4a",      ".m4a",  mp4) \
	X("audio/mp4",        ".m4a",  mp4) \
	X("video/mp4",        ".mp4",  mp4) \
	X("video/x-m4v",      ".m4v",  mp4) \
	X("video/3gpp",       ".3gp",  mp4) \
	X("video/3gpp2",      ".3g2",  mp4) \
	X("video/quicktime",  ".mov",  mp4) \
	X("text/plain",       ".txt",  text) \
	X("text/csv",         ".csv",  text) \
	X("application/json", ".json", text) \
	X("text/rtf",         ".rtf",  rtf) \
	X("image/svg+xml",    ".svg",  svg) \
	X("application/pdf",  ".pdf",  pdf) \
	X("application/zip",  ".zip",  zip) \
	X("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx", ooxml) \
	X("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx", ooxml) \
	X("application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx", ooxml) \
	X("application/vnd.oasis.opendocument.text", ".odt", odf) \
	X("application/vnd.oasis.opendocument.spreadsheet", ".ods", odf) \
	X("application/vnd.oasis.opendocument.presentation", ".odp", odf) \
	X("application/vnd.oasis.opendocument.graphics", ".odg", odf) \
	X("application/vnd.oasis.opendocument.formula", ".odf", odf) \
	X("application/vnd.oasis.opendocument.text-template", ".ott", odf) \
	X("application/vnd.oasis.opendocument.spreadsheet-template", ".ots", odf) \
	X("application/vnd.oasis.opendocument.presentation-template", ".otp", odf)
/* clang-format on */

/* The place of a type in the list, or -1 when it is not there. Any process. */
int file_type_find(const char *name);

/* The name at a place that file_type_find() gave. Static. */
const char *file_type_name(int type);

/* Is it read as a text, and stripped like words of a report? */
bool file_type_is_text(const char *name);

/* How names of files of this type end, with the dot; ".bin" for one that is not in the list. Static. */
const char *file_type_ending(const char *name);

#endif
