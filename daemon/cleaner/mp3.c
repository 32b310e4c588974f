/* SPDX-License-Identifier: ISC */
/*
 * MP3: the frames that decode go into a new file; no ID3 (1 or 2), APE or Lyrics3 tag, no bytes between,
 * before or behind frames. In the frames: the first, which tells players how long it plays, is written
 * anew, and what an encoder writes where no sound is ("LAME3.100" over and over) becomes zeros. A walker
 * of our own: frames are headed by their size. ISO 11172-3, 2.4.1; the first frame is described in
 * "MP3 Info Tag revision 1". The cleaner.
 */
#include <string.h>

#include "cleaner/media.h"

#define HEAD_BYTES 4
#define CRC_BYTES 2
#define SAMPLE_RATE_CODES 3
#define ID3_BYTES 10
#define APE_BYTES 32
#define ID3V1_BYTES 128

struct head {
	bool lsf; /* MPEG 2 and 2.5: one granule a frame */
	unsigned layer, rate_code, version;
	bool mono;
	size_t crc, side; /* bytes of the checksum and the side information */
	size_t room_at;   /* where the room for sound begins */
	size_t size;      /* of the frame */
};

/* kbit/s by MPEG 2 or 1, layer, and code. */
static const uint16_t kbits[2][3][15] = {
	{
	    { 0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448 },
	    { 0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384 },
	    { 0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320 },
	},
	{
	    { 0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256 },
	    { 0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160 },
	    { 0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160 },
	},
};
static const uint16_t hertz[SAMPLE_RATE_CODES] = { 44100, 48000, 32000 };

/* The four bytes at p; false when they head no frame. */
static bool
parse_head(const uint8_t *p, struct head *h)
{
	unsigned code, hz, kbit, padding;

	if (p[0] != 0xff || (p[1] & 0xe0) != 0xe0)
		return false;
	h->version = p[1] >> 3 & 3;
	h->layer = 4 - (p[1] >> 1 & 3);
	h->rate_code = p[2] >> 2 & 3;
	code = p[2] >> 4;
	/* Code 0 is a frame of free size, which says only where the next begins. */
	if (h->version == 1 || h->layer == 4 || code == 0 || code == 15 ||
	    h->rate_code >= SAMPLE_RATE_CODES)
		return false;
	h->lsf = h->version != 3;
	h->mono = p[3] >> 6 == 3;
	h->crc = (p[1] & 1) != 0 ? 0 : CRC_BYTES;
	h->side = h->lsf ? h->mono ? 9 : 17 : h->mono ? 17 : 32;
	hz = (unsigned)hertz[h->rate_code] >> (3 - h->version - (h->version == 0));
	kbit = kbits[h->lsf][h->layer - 1][code];
	padding = p[2] >> 1 & 1;
	h->size = h->layer == 1 ? (12000 * kbit / hz + padding) * 4
				: (h->layer == 3 && h->lsf ? 72000 : 144000) * kbit / hz + padding;
	h->room_at = HEAD_BYTES + h->crc + h->side;
	return h->size >= h->room_at;
}

static bool
read_head(struct span in, struct head *h)
{
	return in.len >= HEAD_BYTES && parse_head(in.p, h) && h->size <= in.len;
}

static bool
same_kind(const struct head *a, const struct head *b)
{
	return a->version == b->version && a->layer == b->layer && a->rate_code == b->rate_code;
}

/* ---- what an encoder wrote where no sound is ------------------------------------------------------ */

/* Bits from the front, most significant first. */
static uint32_t
bits(const uint8_t *p, size_t *at, unsigned n)
{
	uint32_t v = 0;

	for (; n > 0; n--, ++*at)
		v = v << 1 | ((uint32_t)p[*at / 8] >> (7 - *at % 8) & 1u);
	return v;
}

/* How many bytes before this frame its sound begins, and how many bits it has. */
static void
read_side(const uint8_t *frame, const struct head *h, size_t *before, size_t *n_bits)
{
	const uint8_t *p = frame + HEAD_BYTES + ((frame[1] & 1) != 0 ? 0 : CRC_BYTES);
	unsigned channels = h->mono ? 1 : 2, granules = h->lsf ? 1 : 2;
	size_t at = 0;

	*before = bits(p, &at, h->lsf ? 8 : 9);
	at += h->lsf ? (h->mono ? 1 : 2) : (h->mono ? 5 + 4 : 3 + 8);
	*n_bits = 0;
	for (unsigned i = 0; i < channels * granules; i++) {
		*n_bits += bits(p, &at, 12);
		at += h->lsf ? 51 : 47;
	}
}

/*
 * The sound of a frame may begin in frames before it: all frames' room for sound is one stream, and
 * "zeroed", "begins" and "ends" are places in it. Walks through the frames of the output once more.
 */
struct room {
	uint8_t *frame; /* the one whose room is from begins to ends */
	size_t zeroed, begins, ends;
};

static void
zero(struct room *room, size_t from, size_t to)
{
	struct head h;

	if (room->zeroed < from)
		room->zeroed = from;
	while (room->zeroed < to) {
		size_t n = to < room->ends ? to : room->ends;

		(void)parse_head(room->frame, &h);
		if (room->zeroed < n) {
			memset(room->frame + h.room_at + (room->zeroed - room->begins), 0,
			    n - room->zeroed);
			room->zeroed = n;
		} else {
			room->frame += h.size;
			(void)parse_head(room->frame, &h);
			room->begins = room->ends;
			room->ends += h.size - h.room_at;
		}
	}
}

/* The frames are valid and fill len bytes. */
static void
zero_gaps(uint8_t *frames, size_t len)
{
	struct room room = { .frame = frames };
	size_t used = 0, here = 0, before, n_bits;
	struct head h;

	for (size_t at = 0; at < len; at += h.size) {
		size_t begins;

		(void)parse_head(frames + at, &h);
		if (at == 0)
			room.ends = h.size - h.room_at;
		read_side(frames + at, &h, &before, &n_bits);
		begins = here > before ? here - before : 0;
		zero(&room, used, begins);
		if (used < begins + (n_bits + 7) / 8)
			used = begins + (n_bits + 7) / 8;
		here += h.size - h.room_at;
	}
	zero(&room, used, here);
}

/* ---- the first frame -------------------------------------------------------------------------------- */

#define INFO_FRAMES 1u
#define INFO_BYTES 2u
#define INFO_TOC 4u
#define INFO_QUALITY 8u
#define TOC_BYTES 100
#define LAME_BYTES 36
#define AT_DELAY 21 /* of the first sample, and padding behind the last: 12 bits each */
#define DELAY_BYTES 3

/* What writes an extension with a delay that players believe. */
static const char *const believed[] = { "LAME", "Lavc", "Lavf" };

struct info {
	uint32_t frames; /* claimed; 0: not known */
	size_t bytes_at; /* in the output; 0: is not there */
};

/*
 * Write the first frame anew when it is the one that tells the length: numbers of frames and bytes, the
 * table to seek by, and the delay, without which a player would add some milliseconds of silence.
 * Believed is the delay only behind a name, so that all get the same. False: it holds sound.
 */
static bool
put_info(struct sink *to, const uint8_t *frame, const struct head *h, struct info *info)
{
	size_t at = HEAD_BYTES + h->side;
	struct span in = { frame + at, h->size - at }, magic, part;
	size_t start = sink_at(to);
	uint64_t flags, frames;

	if (h->layer != 3 || !media_take(&in, 4, &magic) ||
	    (memcmp(magic.p, "Xing", 4) != 0 && memcmp(magic.p, "Info", 4) != 0) ||
	    !media_number(&in, 4, &flags))
		return false;
	sink_put(to, frame, HEAD_BYTES);
	sink_zeros(to, h->side);
	sink_span(to, magic);
	sink_number(to, flags & (INFO_FRAMES | INFO_BYTES | INFO_TOC | INFO_QUALITY), 4);
	if ((flags & INFO_FRAMES) != 0 && media_number(&in, 4, &frames)) {
		info->frames = (uint32_t)frames;
		sink_number(to, frames, 4);
	}
	if ((flags & INFO_BYTES) != 0 && media_take(&in, 4, &part)) {
		info->bytes_at = sink_at(to);
		sink_zeros(to, 4);
	}
	if ((flags & INFO_TOC) != 0 && media_take(&in, TOC_BYTES, &part))
		sink_span(to, part);
	if ((flags & INFO_QUALITY) != 0 && media_take(&in, 4, &part))
		sink_zeros(to, 4);
	for (size_t i = 0; i < NELEM(believed) && in.len >= LAME_BYTES; i++)
		if (memcmp(in.p, believed[i], 4) == 0) {
			sink_put(to, believed[0], 4);
			sink_zeros(to, AT_DELAY - 4);
			sink_put(to, in.p + AT_DELAY, DELAY_BYTES);
			break;
		}
	sink_zeros(to, h->size - (sink_at(to) - start));
	return true;
}

/* ---- the file --------------------------------------------------------------------------------------- */

/* Bytes of the tag here; 0 when here is none. */
static size_t
tag_bytes(struct span in)
{
	size_t n = 0;

	if (in.len >= ID3_BYTES && memcmp(in.p, "ID3", 3) == 0) {
		for (size_t i = 6; i < ID3_BYTES; i++)
			n = n << 7 | (in.p[i] & 0x7f);
		n += (in.p[5] & 0x10) != 0 ? 2 * ID3_BYTES : ID3_BYTES;
	} else if (in.len >= APE_BYTES && memcmp(in.p, "APETAGEX", 8) == 0)
		n = APE_BYTES + ((in.p[23] & 0x20) != 0 ? (size_t)le32(in.p + 12) : 0);
	else if (in.len >= 3 && memcmp(in.p, "TAG", 3) == 0)
		n = ID3V1_BYTES;
	return n < in.len ? n : in.len;
}

/* Is here a frame, and behind it another of its kind, a tag, or the end? */
static bool
frame_here(struct span in, const struct head *kind, struct head *h)
{
	struct span rest;
	struct head next;

	if (!read_head(in, h) || (kind->size > 0 && !same_kind(kind, h)))
		return false;
	rest = (struct span){ in.p + h->size, in.len - h->size };
	if (rest.len < HEAD_BYTES || tag_bytes(rest) > 0)
		return kind->size > 0;
	return parse_head(rest.p, &next) && same_kind(h, &next);
}

int
clean_mp3(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	struct span rest = { in, len }, skipped;
	struct sink to = { .out = out };
	struct head kind = { 0 }, h;
	struct info info = { 0 };
	size_t start = sink_at(&to), sound = start;
	uint32_t frames = 0;
	uint8_t *p;

	(void)depth;
	*why =
	    "it is damaged, cut off, or not an MP3; save it again with a program that can play it";
	while (rest.len > 0) {
		if (frame_here(rest, &kind, &h)) {
			if (kind.size == 0 && put_info(&to, rest.p, &h, &info))
				sound = sink_at(&to);
			else {
				sink_put(&to, rest.p, h.size);
				frames++;
			}
			kind = h;
			(void)media_take(&rest, h.size, &skipped);
		} else {
			size_t n = tag_bytes(rest);

			(void)media_take(&rest, n > 0 ? n : 1, &skipped);
		}
	}
	/* Some count the first frame too. */
	if (frames == 0 || (uint64_t)frames + 1 < info.frames)
		return CANDOR_EBADMSG;
	if (kind.layer == 3 && (p = sink_from(&to, sound)) != NULL)
		zero_gaps(p, sink_at(&to) - sound);
	if (info.bytes_at > 0 && (p = sink_from(&to, info.bytes_at)) != NULL)
		for (size_t i = 0; i < 4; i++)
			p[i] = (uint8_t)((sink_at(&to) - start) >> 8 * (3 - i));
	return sink_result(&to);
}
