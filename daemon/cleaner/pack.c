/* SPDX-License-Identifier: ISC */
/*
 * ZIP archives in memory (APPNOTE 6.3.9, sections 4.3.7, 4.3.12, 4.3.16). Runs in the cleaner. Believes
 * no length before it has been held against the bytes that are there, and inflates nothing beyond what
 * was declared and is still allowed.
 */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "cleaner/pack.h"

#define END_BYTES 22
#define ENTRY_BYTES 46
#define LOCAL_BYTES 30
#define FLAG_ENCRYPTED 0x0041 /* traditional, strong */
#define DOS_DATE 0x0021       /* 1980-01-01, the first that there is */

static const char damaged[] = "The archive or document is damaged. Open it in its program, save it "
			      "anew, and attach that.";
static const char too_large[] = "What the archive or document unpacks to is too large. Attach the "
				"parts that matter, or print them to a PDF.";

static unsigned
le16(const uint8_t *p)
{
	return (unsigned)(p[0] | p[1] << 8);
}

static uint32_t
le32(const uint8_t *p)
{
	return le16(p) | (uint32_t)le16(p + 2) << 16;
}

static bool
name_is_fine(const char *name, size_t len)
{
	if (len == 0 || len > PACK_NAME_MAX || name[0] == '/')
		return false;
	for (size_t i = 0, start = 0; i <= len; i++) {
		if (i < len && ((unsigned char)name[i] < ' ' || name[i] == '\\' || name[i] == ':'))
			return false;
		if (i < len && name[i] != '/')
			continue;
		if (i - start == 2 && memcmp(name + start, "..", 2) == 0)
			return false;
		start = i + 1;
	}
	return true;
}

/* The end record: the last one. What follows it, its comment or anything else, is not looked at. */
static const uint8_t *
find_end(const uint8_t *in, size_t len)
{
	for (size_t back = END_BYTES; back <= len && back <= END_BYTES + 65535; back++) {
		const uint8_t *p = in + len - back;

		if (memcmp(p, "PK\5\6", 4) == 0)
			return p;
	}
	return NULL;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct pack_member *)a)->name, ((const struct pack_member *)b)->name);
}

/* One entry of the directory at p, with left bytes there. Returns its length, or an error. */
static int
read_entry(struct pack_member *m, const uint8_t *p, size_t left, const uint8_t *in, size_t len,
    const char **why)
{
	size_t name, total, at, skip;
	unsigned method;

	if (left < ENTRY_BYTES || memcmp(p, "PK\1\2", 4) != 0)
		return CANDOR_EBADMSG;
	name = le16(p + 28);
	total = ENTRY_BYTES + name + le16(p + 30) + le16(p + 32);
	if (total > left)
		return CANDOR_EBADMSG;
	if (le16(p + 8) & FLAG_ENCRYPTED) {
		*why = "The archive is encrypted. Unpack it with its password and attach the "
		       "files themselves.";
		return CANDOR_EBADMSG;
	}
	method = le16(p + 10);
	if (method != 0 && method != Z_DEFLATED) {
		*why = "The archive is packed in an unusual way. Unpack it and attach the files "
		       "themselves, or pack them as an ordinary ZIP.";
		return CANDOR_EBADMSG;
	}
	if (!name_is_fine((const char *)p + ENTRY_BYTES, name)) {
		*why = "A file in the archive has a name that points outside of it. Pack the files "
		       "anew, or attach them one by one.";
		return CANDOR_EBADMSG;
	}
	m->crc = le32(p + 16);
	m->compressed = le32(p + 20);
	m->size = le32(p + 24);
	m->deflated = method == Z_DEFLATED;
	at = le32(p + 42);
	if (at > len || len - at < LOCAL_BYTES || memcmp(in + at, "PK\3\4", 4) != 0)
		return CANDOR_EBADMSG;
	skip = LOCAL_BYTES + le16(in + at + 26) + le16(in + at + 28);
	if (len - at < skip || len - at - skip < m->compressed)
		return CANDOR_EBADMSG;
	if (!m->deflated && m->compressed != m->size)
		return CANDOR_EBADMSG;
	m->data = in + at + skip;
	if ((m->name = strndup((const char *)p + ENTRY_BYTES, name)) == NULL)
		return CANDOR_ENOMEM;
	return (int)total;
}

static int
by_place(const void *a, const void *b)
{
	const struct pack_member *x = a, *y = b;

	return x->data < y->data ? -1 : x->data > y->data;
}

/* Members that share bytes: an archive that means to unpack to more than it can hold. */
static bool
overlap(struct pack *pack)
{
	if (pack->n > 0)
		qsort(pack->members, pack->n, sizeof(*pack->members), by_place);
	for (size_t i = 1; i < pack->n; i++)
		if (pack->members[i - 1].data + pack->members[i - 1].compressed >
		    pack->members[i].data - LOCAL_BYTES)
			return true;
	return false;
}

int
pack_open(struct pack *pack, const uint8_t *in, size_t len, const char **why)
{
	const uint8_t *end = find_end(in, len), *p;
	size_t n, at, left;
	int r = CANDOR_EBADMSG;

	*pack = (struct pack){ .left = CLEAN_OUTPUT_MAX };
	*why = damaged;
	if (end == NULL)
		return CANDOR_EBADMSG;
	n = le16(end + 10);
	left = le32(end + 12);
	at = le32(end + 16);
	if (n > PACK_MEMBERS_MAX) {
		*why = too_large;
		return CANDOR_ETOOBIG;
	}
	if (at > (size_t)(end - in) || left > (size_t)(end - in) - at)
		return CANDOR_EBADMSG;
	if ((pack->members = calloc(n + 1, sizeof(*pack->members))) == NULL)
		return CANDOR_ENOMEM;
	for (p = in + at; pack->n < n; p += r, left -= (size_t)r) {
		if ((r = read_entry(&pack->members[pack->n], p, left, in, len, why)) < 0)
			goto out;
		pack->n++;
	}
	r = CANDOR_EBADMSG;
	if (overlap(pack))
		goto out;
	if (n > 0)
		qsort(pack->members, n, sizeof(*pack->members), by_name);
	for (size_t i = 1; i < n; i++)
		if (strcmp(pack->members[i - 1].name, pack->members[i].name) == 0)
			goto out;
	return 0;
out:
	pack_close(pack);
	return r;
}

void
pack_close(struct pack *pack)
{
	for (size_t i = 0; i < pack->n; i++)
		free(pack->members[i].name);
	free(pack->members);
	*pack = (struct pack){ 0 };
}

const struct pack_member *
pack_find(const struct pack *pack, const char *name)
{
	struct pack_member key = { .name = (char *)(uintptr_t)name };

	return pack->n == 0 ? NULL : bsearch(&key, pack->members, pack->n, sizeof(key), by_name);
}

int
pack_read(
    struct pack *pack, const struct pack_member *m, uint8_t **out, size_t *len, const char **why)
{
	z_stream z = { .next_in = (uint8_t *)(uintptr_t)m->data, .avail_in = (uInt)m->compressed };
	uint8_t *p;
	int r = Z_STREAM_END;

	if (m->size > pack->left) {
		*why = too_large;
		return CANDOR_ETOOBIG;
	}
	if ((p = malloc(m->size + 1)) == NULL)
		return CANDOR_ENOMEM;
	if (m->deflated) {
		if (inflateInit2(&z, -MAX_WBITS) != Z_OK) {
			free(p);
			return CANDOR_ENOMEM;
		}
		z.next_out = p;
		z.avail_out = (uInt)m->size + 1; /* one more, to see it run over */
		r = inflate(&z, Z_FINISH);
		(void)inflateEnd(&z);
	} else {
		memcpy(p, m->data, m->size);
		z.total_out = m->size;
	}
	if (r != Z_STREAM_END || z.total_out != m->size || crc32_z(0, p, m->size) != m->crc) {
		free(p);
		*why = damaged;
		return CANDOR_EBADMSG;
	}
	pack->left -= m->size;
	p[m->size] = 0;
	*out = p;
	*len = m->size;
	return 0;
}

int
clean_put_error(const struct clean_out *out)
{
	return out->full ? CANDOR_ETOOBIG : CANDOR_ENOMEM;
}

static uint8_t *
put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	return p + 2;
}

static uint8_t *
put32(uint8_t *p, size_t v)
{
	return put16(put16(p, v), v >> 16);
}

/* What the local header and the directory say alike, from "version needed" to the extra length. */
static uint8_t *
put_common(uint8_t *p, bool plain, uint32_t crc, size_t compressed, size_t size, size_t name)
{
	p = put16(p, 20);
	p = put16(p, 0);
	p = put16(p, plain ? 0 : Z_DEFLATED);
	p = put16(p, 0);
	p = put16(p, DOS_DATE);
	p = put32(p, crc);
	p = put32(p, compressed);
	p = put32(p, size);
	p = put16(p, name);
	return put16(p, 0);
}

int
pack_add(struct pack_writer *w, const char *name, const void *data, size_t len, bool plain)
{
	uint8_t local[LOCAL_BYTES] = "PK\3\4", entry[ENTRY_BYTES] = "PK\1\2";
	uint32_t crc = (uint32_t)crc32_z(0, data, len);
	size_t at = w->out->len, compressed = len;
	uint8_t *packed = NULL;
	z_stream z = { 0 };
	int r = CANDOR_ENOMEM;

	if (len > CLEAN_OUTPUT_MAX)
		return CANDOR_ETOOBIG;
	if (!plain) {
		if (deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
			return CANDOR_ENOMEM;
		compressed = deflateBound(&z, len);
		if ((packed = malloc(compressed)) != NULL) {
			z.next_in = (uint8_t *)(uintptr_t)data;
			z.avail_in = (uInt)len;
			z.next_out = packed;
			z.avail_out = (uInt)compressed;
			if (deflate(&z, Z_FINISH) == Z_STREAM_END)
				r = 0;
			compressed = z.total_out;
		}
		(void)deflateEnd(&z);
		if (r < 0)
			goto out;
	}
	(void)put_common(local + 4, plain, crc, compressed, len, strlen(name));
	put32(put_common(put16(entry + 4, 20), plain, crc, compressed, len, strlen(name)) + 10, at);
	r = CANDOR_ENOMEM;
	if (clean_put(w->out, local, sizeof(local)) && clean_put(w->out, name, strlen(name)) &&
	    clean_put(w->out, plain ? data : packed, compressed) &&
	    clean_put(&w->directory, entry, sizeof(entry)) &&
	    clean_put(&w->directory, name, strlen(name))) {
		w->n++;
		r = 0;
	} else {
		r = clean_put_error(w->out);
	}
out:
	free(packed);
	return r;
}

int
pack_finish(struct pack_writer *w, int ok)
{
	uint8_t end[END_BYTES] = "PK\5\6";
	size_t at = w->out->len;

	if (ok == 0) {
		(void)put32(put32(put16(put16(end + 8, w->n), w->n), w->directory.len), at);
		if (!clean_put(w->out, w->directory.p, w->directory.len) ||
		    !clean_put(w->out, end, sizeof(end)))
			ok = clean_put_error(w->out);
	}
	free(w->directory.p);
	w->directory = (struct clean_out){ 0 };
	return ok;
}
