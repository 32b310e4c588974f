/* SPDX-License-Identifier: ISC */
/*
 * JSON in and out (jansson), with its memory in the client's locked slab. Only JSON goes to standard
 * output where --json is given: one object or array and a line feed.
 */
#ifndef CANDOR_CLIENT_JSON_H
#define CANDOR_CLIENT_JSON_H

#include <jansson.h>

#include "candor/arena.h"

struct client;

/* Take over jansson's memory. By client_begin(); freed memory is wiped. */
void cjson_begin(struct client *c, void *memory, size_t size);

/*
 * Read one JSON object from a file ("-": standard input), at most max bytes; *out is the caller's to
 * json_decref(). EX_NOINPUT; EX_DATAERR with FILE:LINE for a fault, a duplicate name or trailing text.
 */
int cjson_read(struct client *c, json_t **out, const char *path, size_t max) MUST_CHECK;

/* Print and json_decref(); inert where a terminal would show it. EX_IOERR when standard output fails; EX_OSERR when root is NULL (out of
 * memory while it was built). */
int cjson_print(struct client *c, json_t *root) MUST_CHECK;

/* Builders that take what the wire has: text of others as it is (JSON escapes it), a day or null,
 * a string or null when it is empty. NULL when out of memory. */
json_t *cjson_text(struct span text);
json_t *cjson_day(int32_t day);
json_t *cjson_or_null(const char *text);
json_t *cjson_strings(char *const *items, size_t n);

#endif
