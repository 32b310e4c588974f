/* SPDX-License-Identifier: ISC */
/* Colour profiles: see icc.h. The cleaner. Believes no offset before it is held against the length. */
#include "cleaner/icc.h"

#include <stdlib.h>
#include <string.h>

#include "cleaner/pack.h"

#define HEAD_BYTES 128
#define ENTRY_BYTES 12
#define TAGS_MAX 100

/* clang-format off */
/* The tags that compute colours. Two more have to be there: a name and a notice, which say nothing. */
static const char kept[][5] = {
	"rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC", "kTRC", "wtpt", "bkpt", "chad", "gamt",
	"A2B0", "A2B1", "A2B2", "B2A0", "B2A1", "B2A2", "D2B0", "D2B1", "D2B2", "B2D0", "B2D1", "B2D2",
};
/* Fields of the header that name programs, machines and times: zero is "not said". */
static const struct { unsigned at, bytes; } silenced[] = {
	{ 4, 4 },   /* preferred program */
	{ 24, 12 }, /* when it was made */
	{ 40, 4 },  /* platform */
	{ 48, 8 },  /* device: maker and model */
	{ 80, 20 }, /* creator, checksum */
	{ 100, 28 },
};
/* clang-format on */

/* "desc" and "cprt" of version 2, as their types have it, and of 4. */
static const uint8_t name_2[92] = { 'd', 'e', 's', 'c', 0, 0, 0, 0, 0, 0, 0, 2, '-' };
static const uint8_t notice_2[12] = { 't', 'e', 'x', 't', 0, 0, 0, 0, '-' };
static const uint8_t words_4[32] = { 'm', 'l', 'u', 'c', 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 12, 'e',
	'n', 'U', 'S', 0, 0, 0, 2, 0, 0, 0, 28, 0, '-' };

struct writer {
	uint8_t table[4 + (NELEM(kept) + 2) * ENTRY_BYTES];
	size_t n;
	struct clean_out data;
};

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void
put32(uint8_t *p, size_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static bool
add(struct writer *w, const char *tag, const uint8_t *p, size_t len)
{
	static const uint8_t zeros[4];
	uint8_t *entry = w->table + 4 + w->n++ * ENTRY_BYTES;

	memcpy(entry, tag, 4);
	put32(entry + 4, w->data.len);
	put32(entry + 8, len);
	return clean_put(&w->data, p, len) && clean_put(&w->data, zeros, (4 - len % 4) % 4);
}

int
icc_strip(struct clean_out *out, const uint8_t *in, size_t len)
{
	uint8_t head[HEAD_BYTES];
	struct writer w = { 0 };
	bool ok = true, four;
	size_t n, table;

	if (len < HEAD_BYTES + 4 || memcmp(in + 36, "acsp", 4) != 0 ||
	    (n = be32(in + HEAD_BYTES)) > TAGS_MAX || n * ENTRY_BYTES > len - HEAD_BYTES - 4)
		return CANDOR_EBADMSG;
	four = in[8] >= 4;
	ok = add(&w, "desc", four ? words_4 : name_2, four ? sizeof(words_4) : sizeof(name_2)) &&
	     add(&w, "cprt", four ? words_4 : notice_2, four ? sizeof(words_4) : sizeof(notice_2));
	for (size_t k = 0; k < NELEM(kept) && ok; k++)
		for (size_t i = 0; i < n && ok; i++) {
			const uint8_t *entry = in + HEAD_BYTES + 4 + i * ENTRY_BYTES;
			size_t at = be32(entry + 4), size = be32(entry + 8);

			if (memcmp(entry, kept[k], 4) != 0)
				continue;
			if (at > len || size > len - at) {
				free(w.data.p);
				return CANDOR_EBADMSG;
			}
			ok = add(&w, kept[k], in + at, size);
			break;
		}
	table = 4 + w.n * ENTRY_BYTES;
	for (size_t i = 0; i < w.n; i++) {
		uint8_t *at = w.table + 4 + i * ENTRY_BYTES + 4;

		put32(at, be32(at) + HEAD_BYTES + table);
	}
	put32(w.table, w.n);
	memcpy(head, in, HEAD_BYTES);
	for (size_t i = 0; i < NELEM(silenced); i++)
		memset(head + silenced[i].at, 0, silenced[i].bytes);
	put32(head, HEAD_BYTES + table + w.data.len);
	ok = ok && clean_put(out, head, HEAD_BYTES) && clean_put(out, w.table, table) &&
	     clean_put(out, w.data.p, w.data.len);
	free(w.data.p);
	return ok ? 0 : clean_put_error(out);
}
