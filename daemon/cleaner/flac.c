/* SPDX-License-Identifier: ISC */
/*
 * FLAC: the description of the stream, its seek points and its frames go into a new file; no tags, no
 * pictures, no other program's blocks, no bytes between frames or behind them. A walker of our own:
 * frames carry two checksums, so that where each ends needs no decoder. RFC 9639. The cleaner.
 */
#include <string.h>

#include "cleaner/media.h"

#define MAGIC "fLaC"
#define BLOCK_STREAMINFO 0
#define BLOCK_SEEKTABLE 3
#define BLOCK_LAST 0x80
#define BLOCK_HEAD_BYTES 4
#define STREAMINFO_BYTES 34
#define SEEKPOINT_BYTES 18
#define HEAD_MIN_BYTES 6 /* of a frame: sync, codes, one byte of number, checksum */

/* What taggers append (RFC 9639 forbids it, and players skip it). */
static const char *const tails[] = { "TAG", "APETAGEX", "ID3", "LYRICSBEGIN" };

static uint8_t
crc8(const uint8_t *p, size_t len)
{
	uint8_t crc = 0;

	while (len-- > 0) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = (uint8_t)(crc << 1 ^ (crc & 0x80 ? 0x07 : 0));
	}
	return crc;
}

static void
make_crc16(uint16_t table[static 256])
{
	for (unsigned n = 0; n < 256; n++) {
		uint16_t crc = (uint16_t)(n << 8);

		for (int i = 0; i < 8; i++)
			crc = (uint16_t)(crc << 1 ^ (crc & 0x8000 ? 0x8005 : 0));
		table[n] = crc;
	}
}

/* Bytes of the number that the head carries in the manner of UTF-8; 0 when it is none. */
static size_t
number_bytes(uint8_t first)
{
	size_t n = 0;

	while (n < 8 && (first & (0x80 >> n)) != 0)
		n++;
	return n == 0 ? 1 : n == 1 || n == 8 ? 0 : n;
}

/* Does a frame begin here? *samples: how many it has. */
static bool
frame_head(struct span in, uint32_t *samples)
{
	unsigned block, rate, n_size, n_rate;
	size_t n;

	if (in.len < HEAD_MIN_BYTES || in.p[0] != 0xff || (in.p[1] & 0xfe) != 0xf8)
		return false;
	block = in.p[2] >> 4;
	rate = in.p[2] & 0xf;
	if (block == 0 || rate == 15 || in.p[3] >> 4 > 10 || (in.p[3] & 1) != 0 ||
	    (n = number_bytes(in.p[4])) == 0)
		return false;
	n_size = block == 6 ? 1 : block == 7 ? 2 : 0;
	n_rate = rate == 12 ? 1 : rate == 13 || rate == 14 ? 2 : 0;
	n += 4;
	if (in.len < n + n_size + n_rate + 1 || crc8(in.p, n + n_size + n_rate + 1) != 0)
		return false;
	*samples = block == 1    ? 192
		   : block < 6   ? 576u << (block - 2)
		   : n_size == 1 ? in.p[n] + 1u
		   : n_size == 2 ? be16(in.p + n) + 1u
				 : 256u << (block - 8);
	return true;
}

static bool
tail(struct span in)
{
	for (size_t i = 0; i < NELEM(tails); i++)
		if (in.len >= strlen(tails[i]) && memcmp(in.p, tails[i], strlen(tails[i])) == 0)
			return true;
	return in.len == 0;
}

/* Where the frame at the start of in ends: its checksum fits, and what follows is the next frame, or
 * nothing. 0 when it does not end. */
static size_t
frame_end(struct span in, const uint16_t table[static 256])
{
	uint16_t crc = 0;
	uint32_t samples;

	for (size_t at = 0; at < in.len;) {
		struct span rest;

		crc = (uint16_t)(crc << 8 ^ table[crc >> 8 ^ in.p[at++]]);
		if (crc != 0 || at <= HEAD_MIN_BYTES)
			continue;
		rest = (struct span){ in.p + at, in.len - at };
		if (tail(rest) || frame_head(rest, &samples))
			return at;
	}
	return 0;
}

static int
put_frames(struct sink *to, struct span in, uint64_t claimed)
{
	uint16_t table[256];
	uint64_t found = 0;
	uint32_t samples;
	struct span frame;

	make_crc16(table);
	while (!tail(in)) {
		if (!frame_head(in, &samples) || !media_take(&in, frame_end(in, table), &frame) ||
		    frame.len == 0)
			return CANDOR_EBADMSG;
		sink_span(to, frame);
		found += samples;
	}
	/* A recorder that could not go back claims none. */
	return found == 0 || found < claimed ? CANDOR_EBADMSG : sink_result(to);
}

static void
put_block(struct sink *to, unsigned type, bool last, struct span body)
{
	sink_number(to, type | (last ? BLOCK_LAST : 0), 1);
	sink_number(to, body.len, 3);
	sink_span(to, body);
}

int
clean_flac(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	struct span file = { in, len }, head, body, info = { 0 }, seek = { 0 };
	struct sink to = { .out = out };
	bool last = false;

	(void)depth;
	*why = "it is damaged, or cut off; save it again with a program that can play it";
	if (!media_take(&file, sizeof(MAGIC) - 1, &head) || memcmp(head.p, MAGIC, head.len) != 0)
		return CANDOR_EBADMSG;
	while (!last) {
		if (!media_take(&file, BLOCK_HEAD_BYTES, &head) ||
		    !media_take(&file, be32(head.p) & 0xffffff, &body))
			return CANDOR_EBADMSG;
		last = (head.p[0] & BLOCK_LAST) != 0;
		if ((head.p[0] & ~BLOCK_LAST) == BLOCK_STREAMINFO && info.p == NULL)
			info = body;
		else if ((head.p[0] & ~BLOCK_LAST) == BLOCK_SEEKTABLE)
			seek = body;
	}
	if (info.len != STREAMINFO_BYTES)
		return CANDOR_EBADMSG;
	seek.len -= seek.len % SEEKPOINT_BYTES;
	sink_put(&to, MAGIC, sizeof(MAGIC) - 1);
	put_block(&to, BLOCK_STREAMINFO, seek.len == 0, info);
	if (seek.len > 0)
		put_block(&to, BLOCK_SEEKTABLE, true, seek);
	/* 36 bits behind the rate, the channels and the depth. */
	return put_frames(&to, file, be64(info.p + 10) & 0xfffffffffULL);
}
