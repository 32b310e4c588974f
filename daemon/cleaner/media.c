/* SPDX-License-Identifier: ISC */
/* Numbers, views and the output of sound, film and HEIC: see media.h. The cleaner; pure. */
#include "cleaner/media.h"

#include "cleaner/pack.h"

bool
media_take(struct span *in, size_t n, struct span *out)
{
	if (n > in->len)
		return false;
	*out = (struct span){ in->p, n };
	in->p += n;
	in->len -= n;
	return true;
}

bool
media_number(struct span *in, size_t bytes, uint64_t *v)
{
	struct span s;

	if (bytes > sizeof(*v) || !media_take(in, bytes, &s))
		return false;
	*v = 0;
	for (size_t i = 0; i < bytes; i++)
		*v = *v << 8 | s.p[i];
	return true;
}

void
sink_put(struct sink *to, const void *p, size_t len)
{
	if (!to->failed && !clean_put(to->out, p, len))
		to->failed = true;
}

void
sink_span(struct sink *to, struct span s)
{
	sink_put(to, s.p, s.len);
}

void
sink_zeros(struct sink *to, size_t n)
{
	static const uint8_t zeros[256];

	for (; n > sizeof(zeros) && !to->failed; n -= sizeof(zeros))
		sink_put(to, zeros, sizeof(zeros));
	sink_put(to, zeros, n <= sizeof(zeros) ? n : 0);
}

void
sink_number(struct sink *to, uint64_t v, size_t bytes)
{
	uint8_t p[8];

	for (size_t i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
	sink_put(to, p, bytes);
}

void
sink_little(struct sink *to, uint64_t v, size_t bytes)
{
	uint8_t p[8];

	for (size_t i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
	sink_put(to, p, bytes);
}

size_t
sink_at(const struct sink *to)
{
	return to->out->len;
}

uint8_t *
sink_from(struct sink *to, size_t at)
{
	return to->failed || to->out->p == NULL ? NULL : to->out->p + at;
}

int
sink_result(const struct sink *to)
{
	return to->failed ? clean_put_error(to->out) : 0;
}
