/* SPDX-License-Identifier: ISC */
/*
 * ASCII armor of age files: see candor/age.h. PEM as age has it: strict within, white space allowed
 * around, lines ended by LF or CRLF. Any process.
 */
#include "candor/age.h"

#include <string.h>

#include <sodium.h>

#include "base64.h"

#define BEGIN "-----BEGIN AGE ENCRYPTED FILE-----"
#define END "-----END AGE ENCRYPTED FILE-----"
#define LINE_CHARS 64
#define LINE_BYTES 48
/* The lines that a file for a passphrase begins with, and they fit the first armored line. */
#define PASSPHRASE_HEAD "age-encryption.org/v1\n-> scrypt "

_Static_assert(sizeof(PASSPHRASE_HEAD) - 1 <= LINE_BYTES, "the first line tells");

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span
skip_space(struct span s)
{
	while (s.len > 0 && is_space(*s.p)) {
		s.p++;
		s.len--;
	}
	return s;
}

/* Cut off a line without its end; the last one may lack it. */
static struct span
next_line(struct span *rest)
{
	const uint8_t *lf = rest->len > 0 ? memchr(rest->p, '\n', rest->len) : NULL;
	struct span line = { rest->p, lf != NULL ? (size_t)(lf - rest->p) : rest->len };
	size_t cut = line.len + (lf != NULL);

	rest->p += cut;
	rest->len -= cut;
	if (lf != NULL && line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool
is_line(struct span line, const char *text)
{
	return line.len == strlen(text) && memcmp(line.p, text, line.len) == 0;
}

/* One line of base64; strict: canonical, padding only where bytes are missing. */
static bool
decode_line(uint8_t out[LINE_BYTES], size_t *n, struct span line)
{
	return line.len > 0 && line.len <= LINE_CHARS &&
	       base64_decode(out, LINE_BYTES, n, line.p, line.len, sodium_base64_VARIANT_ORIGINAL);
}

bool
age_is_armored(const uint8_t *file, size_t len)
{
	struct span rest = skip_space((struct span){ file, len });

	return rest.len >= sizeof(BEGIN) - 1 && memcmp(rest.p, BEGIN, sizeof(BEGIN) - 1) == 0;
}

bool
age_wants_passphrase(const uint8_t *file, size_t len)
{
	uint8_t head[LINE_BYTES];
	struct span rest = { file, len };
	size_t n;

	if (age_is_armored(file, len)) {
		rest = skip_space(rest);
		next_line(&rest);
		if (!decode_line(head, &n, next_line(&rest)))
			return false;
		rest = (struct span){ head, n };
	}
	return rest.len >= sizeof(PASSPHRASE_HEAD) - 1 &&
	       memcmp(rest.p, PASSPHRASE_HEAD, sizeof(PASSPHRASE_HEAD) - 1) == 0;
}

int
age_armor(struct arena *a, struct span *out, const uint8_t *file, size_t len)
{
	size_t lines = len / LINE_BYTES + (len % LINE_BYTES != 0), size;
	uint8_t *text, *p;

	if (len > SIZE_MAX / 2)
		return CANDOR_ENOMEM;
	size = sizeof(BEGIN) + sizeof(END) + (len + 2) / 3 * 4 + lines;
	if ((text = p = arena_alloc(a, size + 1)) == NULL)
		return CANDOR_ENOMEM;
	memcpy(p, BEGIN "\n", sizeof(BEGIN));
	p += sizeof(BEGIN);
	while (len > 0) {
		size_t n = len < LINE_BYTES ? len : LINE_BYTES, chars = (n + 2) / 3 * 4;

		/* Its NUL stands where the LF goes. */
		sodium_bin2base64((char *)p, chars + 1, file, n, sodium_base64_VARIANT_ORIGINAL);
		p[chars] = '\n';
		p += chars + 1;
		file += n;
		len -= n;
	}
	memcpy(p, END "\n", sizeof(END));
	*out = (struct span){ text, size };
	return 0;
}

int
age_dearmor(struct arena *a, struct span *out, const uint8_t *text, size_t len)
{
	arena_mark_t mark = arena_mark(a);
	struct span rest = { text, len }, line;
	uint8_t *file, *p;
	size_t n = LINE_BYTES;

	if (!age_is_armored(text, len))
		return CANDOR_EINVAL;
	rest = skip_space(rest);
	if (!is_line(next_line(&rest), BEGIN))
		return CANDOR_EBADMSG;
	/* Never larger than this; every line decodes into a buffer of its own size. */
	if ((file = p = arena_alloc(a, rest.len / 4 * 3 + LINE_BYTES)) == NULL)
		return CANDOR_ENOMEM;
	for (;;) {
		uint8_t bytes[LINE_BYTES];

		line = next_line(&rest);
		if (is_line(line, END))
			break;
		/* Behind a short line nothing but the end may come. */
		if (n < LINE_BYTES || !decode_line(bytes, &n, line))
			goto bad;
		memcpy(p, bytes, n);
		p += n;
	}
	if (skip_space(rest).len > 0)
		goto bad;
	*out = (struct span){ file, (size_t)(p - file) };
	return 0;
bad:
	arena_release(a, mark);
	return CANDOR_EBADMSG;
}
