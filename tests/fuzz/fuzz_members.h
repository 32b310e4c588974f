/* SPDX-License-Identifier: ISC */
/*
 * Any bytes as the members of an archive, which are then cleaned: checksums and compression would keep a
 * fuzzer from what is inside. Members begin with a line "=== NAME".
 */
#ifndef CANDOR_FUZZ_MEMBERS_H
#define CANDOR_FUZZ_MEMBERS_H

#include <stdio.h>
#include <string.h>

#include "cleaner/pack.h"
#include "fuzz_clean.h"

#define MEMBER "=== "

static int
fuzz_members(clean_fn *clean, const uint8_t *data, size_t len)
{
	const uint8_t *end = data + len, *at = memmem(data, len, MEMBER, strlen(MEMBER)), *next;
	struct clean_out archive = { 0 };
	struct pack_writer w = { .out = &archive };
	int r = 0;

	for (; at != NULL && r == 0; at = next) {
		const uint8_t *name = at + strlen(MEMBER), *line;
		char text[64];
		size_t n;

		if ((line = memchr(name, '\n', (size_t)(end - name))) == NULL)
			break;
		(void)snprintf(text, sizeof(text), "%.*s", (int)(line - name), (const char *)name);
		line++;
		next = memmem(line, (size_t)(end - line), MEMBER, strlen(MEMBER));
		n = (size_t)((next == NULL ? end : next) - line);
		if (n > 0 && line[n - 1] == '\n')
			n--;
		r = pack_add(&w, text, line, n, true);
	}
	r = pack_finish(&w, r);
	if (r == 0)
		fuzz_clean(clean, archive.p, archive.len);
	free(archive.p);
	return 0;
}

#endif
