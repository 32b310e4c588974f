/* SPDX-License-Identifier: ISC */
/* Coded pictures and sound without what an encoder says: see coded.h. The cleaner; pure. */
#include "cleaner/coded.h"

#include <stdlib.h>
#include <string.h>

#define BIT(n) (1ULL << (n))
#define BITS(from, to) ((BIT(to) << 1) - BIT(from))

int
coded_as_is(struct sink *to, struct span in, unsigned length_bytes)
{
	(void)length_bytes;
	sink_span(to, in);
	return 0;
}

/* ---- AVC and HEVC: NAL units --------------------------------------------------------------------- */

static const struct nal {
	size_t head;          /* bytes */
	unsigned shift, mask; /* of the type in its first byte */
	uint64_t keep, sei;   /* sets of types */
} avc = { 1, 0, 0x1f, BITS(1, 5) | BITS(7, 11) | BITS(13, 15) | BIT(19) | BIT(20), BIT(6) },
  hevc = { 2, 1, 0x3f, BITS(0, 9) | BITS(16, 21) | BITS(32, 37), BIT(39) | BIT(40) };

#define AVC_SPS 7u
#define AVC_PPS 8u
#define AVC_SPS_EXT 13u
#define HEVC_VPS 32u
#define HEVC_PPS 34u

/* Supplemental messages that a picture is shown by; of the same number in both standards. All others
 * go: user data, time codes, clocks, film grain of a maker. */
static const uint8_t shown_by[] = {
	6,   /* where decoding may begin */
	45,  /* two views in one picture */
	47,  /* how it is turned */
	137, /* colours of the screen it was made on */
	144, /* its brightest light */
	147, /* another transfer function */
	148, /* the light around */
	165, /* transparency */
};

/* A number that goes on as long as bytes are 255. */
static bool
sei_number(struct span *in, uint32_t *v)
{
	struct span byte;

	*v = 0;
	do {
		if (!media_take(in, 1, &byte))
			return false;
		*v += byte.p[0];
	} while (byte.p[0] == 255);
	return true;
}

static void
put_sei_number(struct sink *to, uint32_t v)
{
	for (; v >= 255; v -= 255)
		sink_number(to, 255, 1);
	sink_number(to, v, 1);
}

/* Two zeros and a small byte would look like the start of a unit. */
static void
put_escaped(struct sink *to, struct span in)
{
	unsigned zeros = 0;

	for (size_t i = 0; i < in.len; i++) {
		if (zeros == 2 && in.p[i] <= 3) {
			sink_number(to, 3, 1);
			zeros = 0;
		}
		sink_number(to, in.p[i], 1);
		zeros = in.p[i] == 0 ? zeros + 1 : 0;
	}
}

static size_t
unescape(uint8_t *to, struct span in)
{
	size_t n = 0, zeros = 0;

	for (size_t i = 0; i < in.len; i++) {
		if (zeros >= 2 && in.p[i] == 3) {
			zeros = 0;
			continue;
		}
		to[n++] = in.p[i];
		zeros = in.p[i] == 0 ? zeros + 1 : 0;
	}
	return n;
}

/* The messages in "in" that stay, to "kept". */
static void
keep_messages(struct sink *kept, struct span in)
{
	struct span message;
	uint32_t type, size;

	/* The last byte is a bit and zeros. */
	while (in.len > 1) {
		if (!sei_number(&in, &type) || !sei_number(&in, &size) ||
		    !media_take(&in, size, &message))
			return;
		if (type > UINT8_MAX || memchr(shown_by, (int)type, sizeof(shown_by)) == NULL)
			continue;
		put_sei_number(kept, type);
		put_sei_number(kept, size);
		sink_span(kept, message);
	}
}

static void
put_sei(struct sink *to, struct span unit, size_t head, unsigned length_bytes)
{
	struct clean_out kept = { 0 }, escaped = { 0 };
	struct sink messages = { .out = &kept }, body = { .out = &escaped };
	uint8_t *plain = malloc(unit.len);
	size_t n;

	if (plain == NULL) {
		to->failed = true;
		return;
	}
	n = unescape(plain, (struct span){ unit.p + head, unit.len - head });
	keep_messages(&messages, (struct span){ plain, n });
	if (kept.len > 0) {
		sink_number(&messages, 0x80, 1);
		sink_put(&body, unit.p, head);
		put_escaped(&body, (struct span){ kept.p, kept.len });
		sink_number(to, escaped.len, length_bytes);
		sink_put(to, escaped.p, escaped.len);
	}
	to->failed |= messages.failed || body.failed;
	free(plain);
	free(kept.p);
	free(escaped.p);
}

static int
put_units(struct sink *to, struct span in, unsigned length_bytes, const struct nal *nal)
{
	while (in.len > 0 && !to->failed) {
		struct span unit;
		uint64_t n, type;

		if (!media_number(&in, length_bytes, &n) || !media_take(&in, n, &unit))
			return CANDOR_EBADMSG;
		if (unit.len <= nal->head)
			continue;
		type = BIT(unit.p[0] >> nal->shift & nal->mask);
		if ((nal->keep & type) != 0) {
			sink_number(to, unit.len, length_bytes);
			sink_span(to, unit);
		} else if ((nal->sei & type) != 0)
			put_sei(to, unit, nal->head, length_bytes);
	}
	return 0;
}

int
coded_avc(struct sink *to, struct span in, unsigned length_bytes)
{
	return put_units(to, in, length_bytes, &avc);
}

int
coded_hevc(struct sink *to, struct span in, unsigned length_bytes)
{
	return put_units(to, in, length_bytes, &hevc);
}

/* n units of the types from..to, each behind two bytes of length. */
static int
put_parameters(struct sink *to, struct span *in, uint64_t n, const struct nal *nal, unsigned from,
    unsigned up_to)
{
	for (; n > 0; n--) {
		struct span unit;
		uint64_t len;
		unsigned type;

		if (!media_number(in, 2, &len) || !media_take(in, len, &unit) ||
		    unit.len <= nal->head)
			return CANDOR_EBADMSG;
		type = (unsigned)unit.p[0] >> nal->shift & nal->mask;
		if (type < from || type > up_to)
			return CANDOR_EBADMSG;
		sink_number(to, len, 2);
		sink_span(to, unit);
	}
	return 0;
}

#define AVCC_HEAD 5
#define AVCC_EXTENDED 4 /* bytes, of the high profiles */
#define HVCC_HEAD 22
#define HVCC_LENGTH 21

static bool
has_extension(uint8_t profile)
{
	return profile == 100 || profile == 110 || profile == 122 || profile == 144;
}

int
coded_avc_config(struct sink *to, struct span in, unsigned *length_bytes)
{
	struct span head, extended;
	uint64_t n;
	int r;

	if (!media_take(&in, AVCC_HEAD, &head) || head.p[0] != 1)
		return CANDOR_EBADMSG;
	*length_bytes = (head.p[4] & 3u) + 1;
	sink_span(to, head);
	if (!media_number(&in, 1, &n))
		return CANDOR_EBADMSG;
	sink_number(to, n, 1);
	if ((r = put_parameters(to, &in, n & 0x1f, &avc, AVC_SPS, AVC_SPS)) < 0)
		return r;
	if (!media_number(&in, 1, &n))
		return CANDOR_EBADMSG;
	sink_number(to, n, 1);
	if ((r = put_parameters(to, &in, n, &avc, AVC_PPS, AVC_PPS)) < 0)
		return r;
	/* Some leave it out. */
	if (!has_extension(head.p[1]) || !media_take(&in, AVCC_EXTENDED, &extended))
		return 0;
	sink_span(to, extended);
	return put_parameters(to, &in, extended.p[3], &avc, AVC_SPS_EXT, AVC_SPS_EXT);
}

int
coded_hevc_config(struct sink *to, struct span in, unsigned *length_bytes)
{
	struct span head;
	uint64_t n_arrays;
	size_t start;
	uint8_t *count, kept = 0;

	if (!media_take(&in, HVCC_HEAD, &head) || head.p[0] != 1 ||
	    !media_number(&in, 1, &n_arrays))
		return CANDOR_EBADMSG;
	*length_bytes = (head.p[HVCC_LENGTH] & 3u) + 1;
	sink_span(to, head);
	start = sink_at(to);
	sink_zeros(to, 1);
	for (; n_arrays > 0; n_arrays--) {
		uint64_t type, n;
		struct span unit;
		int r;

		if (!media_number(&in, 1, &type) || !media_number(&in, 2, &n))
			return CANDOR_EBADMSG;
		if ((type & 0x3f) >= HEVC_VPS && (type & 0x3f) <= HEVC_PPS) {
			sink_number(to, type, 1);
			sink_number(to, n, 2);
			if ((r = put_parameters(to, &in, n, &hevc, HEVC_VPS, HEVC_PPS)) < 0)
				return r;
			kept++;
			continue;
		}
		for (uint64_t len; n > 0; n--)
			if (!media_number(&in, 2, &len) || !media_take(&in, len, &unit))
				return CANDOR_EBADMSG;
	}
	if ((count = sink_from(to, start)) != NULL)
		*count = kept;
	return 0;
}

/* ---- AV1: open bitstream units ------------------------------------------------------------------- */

#define OBU_METADATA 5
#define OBU_HAS_EXTENSION 4u
#define OBU_HAS_SIZE 2u
/* Sequence, frame and tile headers, and tiles. */
#define OBU_KEEP (BIT(1) | BIT(3) | BIT(4) | BIT(6) | BIT(7))
/* Kinds of metadata: the brightest light, and the screen it was made on. */
#define METADATA_KEEP (BIT(1) | BIT(2))

/* A number in groups of seven bits, least first; the AV1 specification, 4.10.5. */
static bool
leb128(struct span *in, uint64_t *v)
{
	struct span byte;

	*v = 0;
	for (unsigned i = 0; i < 8; i++) {
		if (!media_take(in, 1, &byte))
			return false;
		*v |= (uint64_t)(byte.p[0] & 0x7f) << 7 * i;
		if ((byte.p[0] & 0x80) == 0)
			return true;
	}
	return false;
}

int
coded_av1(struct sink *to, struct span in, unsigned length_bytes)
{
	(void)length_bytes;
	while (in.len > 0 && !to->failed) {
		const uint8_t *start = in.p;
		struct span head, body, look;
		uint64_t n, kind, type;

		if (!media_take(&in, 1, &head) ||
		    ((head.p[0] & OBU_HAS_EXTENSION) != 0 && !media_take(&in, 1, &look)))
			return CANDOR_EBADMSG;
		n = in.len;
		if ((head.p[0] & OBU_HAS_SIZE) != 0 && !leb128(&in, &n))
			return CANDOR_EBADMSG;
		if (!media_take(&in, n, &body))
			return CANDOR_EBADMSG;
		type = head.p[0] >> 3 & 0xf;
		look = body;
		if ((OBU_KEEP & BIT(type)) != 0 ||
		    (type == OBU_METADATA && leb128(&look, &kind) && kind < 64 &&
			(METADATA_KEEP & BIT(kind)) != 0))
			sink_put(to, start, (size_t)(in.p - start));
	}
	return 0;
}

#define AV1C_HEAD 4

int
coded_av1_config(struct sink *to, struct span in, unsigned *length_bytes)
{
	struct span head;

	if (!media_take(&in, AV1C_HEAD, &head))
		return CANDOR_EBADMSG;
	*length_bytes = 0;
	sink_span(to, head);
	return coded_av1(to, in, 0);
}

/* ---- MPEG-4 part 2: start codes ------------------------------------------------------------------ */

#define START_BYTES 4
#define USER_DATA 0xb2

int
coded_mpeg4(struct sink *to, struct span in, unsigned length_bytes)
{
	bool keep = true;
	size_t from = 0;

	(void)length_bytes;
	for (size_t i = 0; i < in.len; i++) {
		if (in.len - i < START_BYTES || in.p[i] != 0 || in.p[i + 1] != 0 ||
		    in.p[i + 2] != 1)
			continue;
		if (keep)
			sink_put(to, in.p + from, i - from);
		keep = in.p[i + 3] != USER_DATA;
		from = i;
	}
	if (keep)
		sink_put(to, in.p + from, in.len - from);
	return 0;
}

/* ---- AAC: elements before the sound -------------------------------------------------------------- */

#define ELEMENT_DATA 4
#define ELEMENT_PROGRAM 5
#define ELEMENT_FILL 6

struct bits {
	uint8_t *p;
	size_t at, end; /* bits */
};

/* 0..32 bits; zeros, and at behind end, when there are not so many. */
static uint32_t
take(struct bits *b, size_t n)
{
	uint32_t v = 0;

	if (n > b->end - b->at || b->at > b->end) {
		b->at = b->end;
		return 0;
	}
	for (; n > 0; n--, b->at++)
		v = v << 1 | ((uint32_t)b->p[b->at / 8] >> (7 - b->at % 8) & 1u);
	return v;
}

static void
skip(struct bits *b, size_t n)
{
	b->at = n > b->end - b->at ? b->end : b->at + n;
}

static void
blank(struct bits *b, size_t n)
{
	size_t end = n > b->end - b->at ? b->end : b->at + n;

	for (; b->at < end; b->at++)
		b->p[b->at / 8] &= (uint8_t) ~(0x80 >> b->at % 8);
}

/* A program_config_element: which channels there are, and a comment. */
static void
blank_comment(struct bits *b)
{
	/* Bits of each element by its kind: front, side, back, LFE, data, coupling. */
	static const uint8_t count_bits[] = { 4, 4, 4, 2, 3, 4 }, each[] = { 5, 5, 5, 4, 4, 5 };
	size_t n = 0;

	skip(b, 4 + 2 + 4);
	for (size_t i = 0; i < sizeof(each); i++)
		n += (size_t)take(b, count_bits[i]) * each[i];
	for (int i = 0; i < 2; i++) /* mixed down to one channel, or two */
		if (take(b, 1) != 0)
			skip(b, 4);
	if (take(b, 1) != 0) /* by a matrix */
		skip(b, 3);
	skip(b, n);
	skip(b, (8 - b->at % 8) % 8);
	blank(b, (size_t)take(b, 8) * 8);
}

static struct bits
copy_bits(struct sink *to, struct span in)
{
	size_t start = sink_at(to);
	struct bits b = { .end = in.len * 8 };

	sink_span(to, in);
	if ((b.p = sink_from(to, start)) == NULL)
		b.end = 0;
	return b;
}

int
coded_aac(struct sink *to, struct span in, unsigned length_bytes)
{
	struct bits b = copy_bits(to, in);

	(void)length_bytes;
	while (b.at < b.end) {
		uint32_t n, aligned;

		switch (take(&b, 3)) {
		case ELEMENT_FILL:
			if ((n = take(&b, 4)) == 15)
				n += take(&b, 8) - 1;
			blank(&b, (size_t)n * 8);
			break;
		case ELEMENT_DATA:
			skip(&b, 4);
			aligned = take(&b, 1);
			if ((n = take(&b, 8)) == 255)
				n += take(&b, 8);
			skip(&b, aligned != 0 ? (8 - b.at % 8) % 8 : 0);
			blank(&b, (size_t)n * 8);
			break;
		case ELEMENT_PROGRAM:
			blank_comment(&b);
			break;
		default: /* sound: where it ends only a decoder knows */
			return 0;
		}
	}
	return 0;
}

#define TYPE_ESCAPE 31
#define RATE_ESCAPE 15

int
coded_aac_config(struct sink *to, struct span in)
{
	struct bits b = copy_bits(to, in);

	if (take(&b, 5) == TYPE_ESCAPE)
		skip(&b, 6);
	if (take(&b, 4) == RATE_ESCAPE)
		skip(&b, 24);
	if (take(&b, 4) != 0) /* a common arrangement of channels */
		return 0;
	skip(&b, 1);
	if (take(&b, 1) != 0)
		skip(&b, 14);
	skip(&b, 1);
	blank_comment(&b);
	return 0;
}
