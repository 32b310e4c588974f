/* SPDX-License-Identifier: ISC */
/*
 * Ogg with Vorbis or Opus: pages are checked, numbered anew and written again; the comment header, where
 * a title, a performer, a cover or an encoder would stand, is an empty one, and the serial number, which
 * is random and tells two parts of one recording, is the stream's place in the file. What the sound is
 * made of stays byte by byte. A walker of our own: pages and three header packets, RFC 3533, RFC 7845,
 * Vorbis I. The cleaner.
 */
#include <stdlib.h>
#include <string.h>

#include "cleaner/media.h"

#define PAGE_HEAD_BYTES 27
#define SEGMENTS_MAX 255
#define FLAG_CONTINUED 1
#define FLAG_FIRST 2
#define FLAG_LAST 4
#define AT_FLAGS 5
#define AT_SERIAL 14
#define AT_NUMBER 18
#define AT_CRC 22
#define AT_SEGMENTS 26

#define STREAMS_MAX 64 /* one after another */

struct page {
	struct span head; /* with the table of segments */
	struct span body;
};

#define HEADERS_MAX 3

static const struct coding {
	const char *id; /* begins the first packet */
	size_t id_len, first_min, first_max;
	const char *comment; /* begins the second */
	size_t comment_len;
	const char *empty; /* what is written instead */
	size_t empty_len;
	unsigned headers;
} codings[] = {
	{ "\1vorbis", 7, 30, 30, "\3vorbis", 7, "\3vorbis\0\0\0\0\0\0\0\0\1", 16, 3 },
	{ "OpusHead", 8, 19, 19 + 2 + 255, "OpusTags", 8, "OpusTags\0\0\0\0\0\0\0\0", 16, 2 },
};

struct ogg {
	struct span in;
	struct sink to;
	const char **why;
	uint32_t table[256];
	uint32_t theirs, ours, number; /* serial numbers; of the next page */
};

static void
make_crc(uint32_t table[static 256])
{
	for (uint32_t n = 0; n < 256; n++) {
		table[n] = n << 24;
		for (int i = 0; i < 8; i++)
			table[n] = table[n] << 1 ^ (table[n] & 0x80000000u ? 0x04c11db7u : 0);
	}
}

static uint32_t
crc_on(const struct ogg *o, uint32_t crc, const uint8_t *p, size_t len)
{
	while (len-- > 0)
		crc = crc << 8 ^ o->table[crc >> 24 ^ *p++];
	return crc;
}

/* 1, 0 at the end of the file, or CANDOR_EBADMSG. Taggers append an ID3 tag: the end. */
static int
next_page(struct ogg *o, struct page *page)
{
	static const uint8_t zeros[4];
	size_t n_segments, n = 0;
	uint32_t crc;

	if (o->in.len == 0 || (o->in.len >= 3 && memcmp(o->in.p, "TAG", 3) == 0))
		return 0;
	if (o->in.len < PAGE_HEAD_BYTES || memcmp(o->in.p, "OggS\0", 5) != 0)
		return CANDOR_EBADMSG;
	n_segments = o->in.p[AT_SEGMENTS];
	if (!media_take(&o->in, PAGE_HEAD_BYTES + n_segments, &page->head))
		return CANDOR_EBADMSG;
	for (size_t i = 0; i < n_segments; i++)
		n += page->head.p[PAGE_HEAD_BYTES + i];
	if (!media_take(&o->in, n, &page->body))
		return CANDOR_EBADMSG;
	crc = crc_on(o, 0, page->head.p, AT_CRC);
	crc = crc_on(o, crc, zeros, sizeof(zeros));
	crc = crc_on(o, crc, page->head.p + AT_CRC + 4, page->head.len - AT_CRC - 4);
	crc = crc_on(o, crc, page->body.p, page->body.len);
	return crc == le32(page->head.p + AT_CRC) ? 1 : CANDOR_EBADMSG;
}

static void
put_page(struct ogg *o, unsigned flags, const uint8_t granule[static 8], struct span segments,
    struct span body)
{
	size_t start = sink_at(&o->to), n;
	uint32_t crc;
	uint8_t *p;

	sink_put(&o->to, "OggS\0", 5);
	sink_number(&o->to, flags & (FLAG_CONTINUED | FLAG_FIRST | FLAG_LAST), 1);
	sink_put(&o->to, granule, 8);
	sink_little(&o->to, o->ours, 4);
	sink_little(&o->to, o->number++, 4);
	sink_zeros(&o->to, 4);
	sink_number(&o->to, segments.len, 1);
	sink_span(&o->to, segments);
	sink_span(&o->to, body);
	if ((p = sink_from(&o->to, start)) == NULL)
		return;
	n = sink_at(&o->to) - start;
	crc = crc_on(o, 0, p, n);
	for (size_t i = 0; i < 4; i++)
		p[AT_CRC + i] = (uint8_t)(crc >> 8 * i);
}

/* Packets on pages of their own, none of which ends with sound. */
static void
put_headers(struct ogg *o, const struct span *packets, size_t n, unsigned flags)
{
	static const uint8_t done[8] = { 0 },
			     unfinished[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };
	struct clean_out lacing = { 0 }, body = { 0 };
	struct sink segments = { .out = &lacing }, bytes = { .out = &body };
	struct span left, rest, page, part;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = packets[i].len / 255; k > 0; k--)
			sink_number(&segments, 255, 1);
		sink_number(&segments, packets[i].len % 255, 1);
		sink_span(&bytes, packets[i]);
	}
	o->to.failed |= segments.failed || bytes.failed;
	left = (struct span){ lacing.p, lacing.len };
	rest = (struct span){ body.p, body.len };
	while (left.len > 0 && !o->to.failed) {
		size_t size = 0;
		bool ends = false;

		(void)media_take(&left, left.len < SEGMENTS_MAX ? left.len : SEGMENTS_MAX, &page);
		for (size_t i = 0; i < page.len; i++) {
			size += page.p[i];
			ends |= page.p[i] < 255;
		}
		if (!media_take(&rest, size, &part))
			break;
		put_page(o, flags, ends ? done : unfinished, page, part);
		flags = page.p[page.len - 1] == 255 ? FLAG_CONTINUED : 0;
	}
	free(lacing.p);
	free(body.p);
}

static uint32_t
serial_of(const struct page *page)
{
	return le32(page->head.p + AT_SERIAL);
}

/* Gather the packets of the headers from this page on; ends[] is where each ends in all. */
static int
gather_headers(struct ogg *o, struct page *page, unsigned want, struct clean_out *all,
    size_t ends[HEADERS_MAX])
{
	unsigned have = 0;
	int r = 1;

	for (; r == 1; r = have < want ? next_page(o, page) : 1) {
		struct span rest = page->body, piece;

		if (have == want)
			return 0;
		if (serial_of(page) != o->theirs)
			return CANDOR_EBADMSG;
		for (size_t i = 0; i < page->head.p[AT_SEGMENTS]; i++) {
			uint8_t n = page->head.p[PAGE_HEAD_BYTES + i];

			/* Sound begins on a page of its own. */
			if (have == want || !media_take(&rest, n, &piece))
				return CANDOR_EBADMSG;
			if (!clean_put(all, piece.p, piece.len))
				return CANDOR_ENOMEM;
			if (n < 255)
				ends[have++] = all->len;
		}
	}
	return r < 0 ? r : CANDOR_EBADMSG;
}

static bool
begins(struct span packet, const char *with, size_t len)
{
	return packet.len >= len && memcmp(packet.p, with, len) == 0;
}

/* OpusHead says itself how long it is: RFC 7845, 5.1. */
static size_t
first_bytes(const struct coding *coding, struct span first)
{
	return first.len < coding->first_min ? coding->first_min
	       : coding->first_max == coding->first_min || first.p[coding->first_min - 1] == 0
		   ? coding->first_min
		   : coding->first_min + 2 + first.p[9];
}

static int
put_stream_head(struct ogg *o, struct page *page)
{
	const struct coding *coding = NULL;
	struct clean_out all = { 0 };
	size_t ends[HEADERS_MAX];
	struct span packets[HEADERS_MAX];
	int r;

	for (size_t i = 0; i < NELEM(codings); i++)
		if (begins(page->body, codings[i].id, codings[i].id_len))
			coding = &codings[i];
	if (coding == NULL) {
		*o->why =
		    "it holds something else than sound coded as Vorbis or Opus; save its sound "
		    "as one of these";
		return CANDOR_EBADMSG;
	}
	o->theirs = serial_of(page);
	o->ours++;
	o->number = 0;
	if ((r = gather_headers(o, page, coding->headers, &all, ends)) == 0) {
		for (unsigned i = 0; i < coding->headers; i++)
			packets[i] = (struct span){ all.p + (i > 0 ? ends[i - 1] : 0),
				ends[i] - (i > 0 ? ends[i - 1] : 0) };
		if (packets[0].len != first_bytes(coding, packets[0]) ||
		    !begins(packets[1], coding->comment, coding->comment_len))
			r = CANDOR_EBADMSG;
	}
	if (r == 0) {
		packets[1] = (struct span){ (const uint8_t *)coding->empty, coding->empty_len };
		put_headers(o, packets, 1, FLAG_FIRST);
		put_headers(o, packets + 1, coding->headers - 1, 0);
		r = sink_result(&o->to);
	}
	free(all.p);
	return r;
}

int
clean_ogg(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	struct ogg o = { .in = { in, len }, .to = { .out = out }, .why = why };
	struct page page;
	int r;

	(void)depth;
	*why = "it is damaged, or cut off; save it again with a program that can play it";
	make_crc(o.table);
	while ((r = next_page(&o, &page)) == 1) {
		unsigned flags = page.head.p[AT_FLAGS];

		if ((flags & FLAG_FIRST) != 0 && o.ours < STREAMS_MAX)
			r = put_stream_head(&o, &page);
		else if ((flags & FLAG_FIRST) != 0 || o.ours == 0 || serial_of(&page) != o.theirs)
			r = CANDOR_EBADMSG;
		else
			put_page(&o, flags, page.head.p + AT_FLAGS + 1,
			    (struct span){
				page.head.p + PAGE_HEAD_BYTES, page.head.p[AT_SEGMENTS] },
			    page.body);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : o.ours == 0 ? CANDOR_EBADMSG : sink_result(&o.to);
}
