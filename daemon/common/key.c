/* SPDX-License-Identifier: ISC */
/* Reading a room's secret key from a descriptor: see room_read_key() in room.h. Before the sandbox. */
#include "common/room.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sodium/utils.h>

#include "candor/age.h"

/* A key file: an identity of age-keygen's with its comments, or 64 hex digits. */
#define KEY_FILE_MAX 4096

static int
parse_line(uint8_t out[32], const char *line, size_t len)
{
	size_t n = 0;

	if (len == AGE_IDENTITY_CHARS)
		return age_identity_parse(out, line, len);
	if (len == 64 && sodium_hex2bin(out, 32, line, len, NULL, &n, NULL) == 0 && n == 32)
		return 0;
	return CANDOR_EINVAL;
}

int
room_read_key(int fd, uint8_t out[32])
{
	char file[KEY_FILE_MAX];
	uint8_t key[32];
	size_t len = 0;
	ssize_t n;
	int r = CANDOR_ESYS;

	do {
		n = read(fd, file + len, sizeof(file) - len);
		if (n > 0)
			len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	close(fd);
	if (n < 0)
		goto out;
	/* The first line that is neither empty nor a comment is the key, and the last. */
	r = CANDOR_EINVAL;
	for (size_t at = 0; at < len;) {
		const char *line = file + at;
		const char *newline = memchr(line, '\n', len - at);
		size_t line_len = newline != NULL ? (size_t)(newline - line) : len - at;

		at += line_len + 1;
		while (line_len > 0 && strchr(" \t\r", line[line_len - 1]) != NULL)
			line_len--;
		if (line_len == 0 || line[0] == '#')
			continue;
		if (r == 0 || parse_line(key, line, line_len) < 0) {
			r = CANDOR_EINVAL;
			break;
		}
		r = 0;
	}
	if (r == 0)
		memcpy(out, key, sizeof(key));
out:
	sodium_memzero(file, sizeof(file));
	sodium_memzero(key, sizeof(key));
	return r;
}
