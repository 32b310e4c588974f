/* SPDX-License-Identifier: ISC */
/* Boxes: see iso.h. The cleaner; pure. */
#include "cleaner/iso.h"

#include <string.h>

#define HEAD_BYTES 8
#define SIZE_TO_END 0
#define SIZE_LARGE 1

int
iso_next(struct span *in, struct iso_box *box)
{
	struct span rest = *in, head;
	uint64_t size, used = HEAD_BYTES;

	if (!media_take(&rest, HEAD_BYTES, &head))
		return 0;
	size = be32(head.p);
	box->type = be32(head.p + 4);
	if (size == SIZE_LARGE) {
		if (!media_number(&rest, 8, &size))
			return CANDOR_EBADMSG;
		used += 8;
	} else if (size == SIZE_TO_END)
		size = in->len;
	if (size < used || !media_take(&rest, size - used, &box->body))
		return CANDOR_EBADMSG;
	*in = rest;
	return 1;
}

bool
iso_find(struct span in, const char *type, struct span *body)
{
	struct iso_box box;

	while (iso_next(&in, &box) == 1)
		if (box.type == ISO_TYPE(type)) {
			*body = box.body;
			return true;
		}
	return false;
}

size_t
iso_begin(struct sink *to, const char *type)
{
	size_t begun = sink_at(to);

	sink_zeros(to, 4);
	sink_put(to, type, 4);
	return begun;
}

size_t
iso_begin_full(struct sink *to, const char *type, unsigned version, uint32_t flags)
{
	size_t begun = iso_begin(to, type);

	sink_number(to, version, 1);
	sink_number(to, flags, 3);
	return begun;
}

void
iso_end(struct sink *to, size_t begun)
{
	uint8_t *p = sink_from(to, begun);
	size_t n = sink_at(to) - begun;

	for (size_t i = 0; p != NULL && i < 4; i++)
		p[i] = (uint8_t)(n >> 8 * (3 - i));
}

/* ---- boxes that stay ----------------------------------------------------------------------------- */

typedef int keep_fn(struct sink *to, struct span body, struct iso_coding *coding);

static int
keep_avcc(struct sink *to, struct span body, struct iso_coding *coding)
{
	return coded_avc_config(to, body, &coding->length_bytes);
}

static int
keep_hvcc(struct sink *to, struct span body, struct iso_coding *coding)
{
	return coded_hevc_config(to, body, &coding->length_bytes);
}

static int
keep_av1c(struct sink *to, struct span body, struct iso_coding *coding)
{
	return coded_av1_config(to, body, &coding->length_bytes);
}

static int
keep_ispe(struct sink *to, struct span body, struct iso_coding *coding)
{
	if (body.len < 12)
		return CANDOR_EBADMSG;
	coding->pixels = (uint64_t)be32(body.p + 4) * be32(body.p + 8);
	sink_put(to, body.p, 12);
	return 0;
}

#define PIXI_MAX 8 /* channels */

static int
keep_pixi(struct sink *to, struct span body, struct iso_coding *coding)
{
	(void)coding;
	if (body.len < 5 || body.p[4] > PIXI_MAX || body.len < 5u + body.p[4])
		return CANDOR_EBADMSG;
	sink_put(to, body.p, 5u + body.p[4]);
	return 0;
}

static int
keep_auxc(struct sink *to, struct span body, struct iso_coding *coding)
{
	static const char *const alpha[] = { "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha",
		"urn:mpeg:hevc:2015:auxid:1" };

	for (size_t i = 0; i < NELEM(alpha); i++)
		if (body.len >= 4 + strlen(alpha[i]) + 1 &&
		    memcmp(body.p + 4, alpha[i], strlen(alpha[i]) + 1) == 0) {
			sink_put(to, body.p, 4 + strlen(alpha[i]) + 1);
			coding->alpha = true;
		}
	return 0;
}

/* Colours by numbers; a profile tells the device. */
static int
keep_colr(struct sink *to, struct span body, struct iso_coding *coding)
{
	size_t n = body.len < 4                     ? 0
		   : memcmp(body.p, "nclx", 4) == 0 ? 11
		   : memcmp(body.p, "nclc", 4) == 0 ? 10
						    : 0;

	(void)coding;
	if (n > body.len)
		return CANDOR_EBADMSG;
	sink_put(to, body.p, n);
	return 0;
}

#define DOPS_BYTES 11
#define DOPS_MAPPING 10 /* family; not 0: a table follows */
#define DOPS_CHANNELS 1

static int
keep_dops(struct sink *to, struct span body, struct iso_coding *coding)
{
	size_t n = DOPS_BYTES;

	(void)coding;
	if (body.len < n)
		return CANDOR_EBADMSG;
	if (body.p[DOPS_MAPPING] != 0)
		n += 2u + body.p[DOPS_CHANNELS];
	if (body.len < n)
		return CANDOR_EBADMSG;
	sink_put(to, body.p, n);
	return 0;
}

#define DFLA_BYTES (4 + 4 + 34)

/* FLAC's blocks, of which the first describes the stream and the others tell. */
static int
keep_dfla(struct sink *to, struct span body, struct iso_coding *coding)
{
	(void)coding;
	if (body.len < DFLA_BYTES || (body.p[4] & 0x7f) != 0)
		return CANDOR_EBADMSG;
	sink_zeros(to, 4);
	sink_number(to, 0x80000022, 4);
	sink_put(to, body.p + 8, DFLA_BYTES - 8);
	return 0;
}

/* Its first four bytes name the maker of the encoder, the fifth the version. */
static int
keep_maker(struct sink *to, struct span body, struct iso_coding *coding)
{
	(void)coding;
	if (body.len < 7 || body.len > 16)
		return CANDOR_EBADMSG;
	sink_zeros(to, 5);
	sink_put(to, body.p + 5, body.len - 5);
	return 0;
}

#define CHAN_BYTES 16
#define CHAN_EACH 20

static int
keep_chan(struct sink *to, struct span body, struct iso_coding *coding)
{
	size_t n;

	(void)coding;
	if (body.len < CHAN_BYTES)
		return CANDOR_EBADMSG;
	n = be32(body.p + 12);
	if (n > (body.len - CHAN_BYTES) / CHAN_EACH)
		return CANDOR_EBADMSG;
	sink_put(to, body.p, CHAN_BYTES + n * CHAN_EACH);
	return 0;
}

/* Descriptors of ISO 14496-1, 7.2.6: a tag, a length in groups of seven bits, and what it is. */
#define TAG_STREAM 3
#define TAG_DECODER 4
#define TAG_SPECIFIC 5
#define TAG_SYNC 6
#define DECODER_BYTES 13
#define SPECIFIC_MAX 1024
#define OBJECT_MPEG4_VISUAL 0x20

static bool
descriptor(struct span *in, uint64_t tag, struct span *body)
{
	uint64_t found, byte, n = 0;

	if (!media_number(in, 1, &found) || found != tag)
		return false;
	for (int i = 0; i < 4; i++) {
		if (!media_number(in, 1, &byte))
			return false;
		n = n << 7 | (byte & 0x7f);
		if ((byte & 0x80) == 0)
			break;
	}
	/* Some say more than there is. */
	return media_take(in, n < in->len ? n : in->len, body);
}

static size_t
begin_descriptor(struct sink *to, unsigned tag)
{
	sink_number(to, tag, 1);
	sink_number(to, 0x80808000, 4);
	return sink_at(to);
}

static void
end_descriptor(struct sink *to, size_t begun)
{
	size_t n = sink_at(to) - begun;
	uint8_t *p = sink_from(to, begun);

	if (p != NULL) {
		p[-2] |= (uint8_t)(n >> 7 & 0x7f);
		p[-1] = (uint8_t)(n & 0x7f);
	}
}

static int
keep_esds(struct sink *to, struct span body, struct iso_coding *coding)
{
	struct span stream, decoder, specific, id;
	size_t outer, inner, most;
	int r = 0;

	if (!media_take(&body, 4, &id) || !descriptor(&body, TAG_STREAM, &stream) ||
	    !media_take(&stream, 3, &id) || (id.p[2] & 0xe0) != 0 ||
	    !descriptor(&stream, TAG_DECODER, &decoder) || decoder.len < DECODER_BYTES)
		return CANDOR_EBADMSG;
	coding->object = decoder.p[0];
	sink_zeros(to, 4);
	outer = begin_descriptor(to, TAG_STREAM);
	sink_zeros(to, 3);
	inner = begin_descriptor(to, TAG_DECODER);
	sink_put(to, decoder.p, DECODER_BYTES);
	decoder.p += DECODER_BYTES;
	decoder.len -= DECODER_BYTES;
	if (descriptor(&decoder, TAG_SPECIFIC, &specific)) {
		if (specific.len > SPECIFIC_MAX)
			return CANDOR_EBADMSG;
		most = begin_descriptor(to, TAG_SPECIFIC);
		r = coding->object == OBJECT_MPEG4_VISUAL ? coded_mpeg4(to, specific, 0)
							  : coded_aac_config(to, specific);
		end_descriptor(to, most);
	}
	end_descriptor(to, inner);
	most = begin_descriptor(to, TAG_SYNC);
	sink_number(to, 2, 1);
	end_descriptor(to, most);
	end_descriptor(to, outer);
	return r;
}

static keep_fn keep_wave;

/* clang-format off */
static const struct {
	char type[5];
	uint8_t bytes; /* as many from its front, or, 0: */
	keep_fn *fn;   /* which leaves the box away by writing nothing */
} kept[] = {
	{ "avcC", 0, keep_avcc },
	{ "hvcC", 0, keep_hvcc },
	{ "av1C", 0, keep_av1c },
	{ "vpcC", 12, NULL }, /* VP9 */
	{ "esds", 0, keep_esds },
	{ "alac", 28, NULL },
	{ "dOps", 0, keep_dops },
	{ "dfLa", 0, keep_dfla },
	{ "damr", 0, keep_maker },
	{ "d263", 0, keep_maker },
	{ "dac3", 3, NULL },
	{ "pcmC", 6, NULL },
	{ "wave", 0, keep_wave }, /* QuickTime: in it some of these */
	{ "frma", 4, NULL },
	{ "enda", 2, NULL },
	{ "chan", 0, keep_chan },
	{ "ispe", 0, keep_ispe },
	{ "irot", 1, NULL },
	{ "imir", 1, NULL },
	{ "pixi", 0, keep_pixi },
	{ "auxC", 0, keep_auxc },
	{ "a1op", 1, NULL },
	{ "lsel", 2, NULL },
	{ "colr", 0, keep_colr },
	{ "clap", 32, NULL },
	{ "pasp", 8, NULL },
	{ "fiel", 2, NULL },
	{ "clli", 4, NULL },
	{ "mdcv", 24, NULL },
	{ "amve", 8, NULL },
};
/* clang-format on */

int
iso_keep(struct sink *to, const struct iso_box *box, struct iso_coding *coding)
{
	size_t i, begun;
	int r = 0;

	for (i = 0; i < NELEM(kept) && ISO_TYPE(kept[i].type) != box->type; i++)
		;
	if (i == NELEM(kept))
		return 0;
	begun = iso_begin(to, kept[i].type);
	if (kept[i].fn != NULL)
		r = kept[i].fn(to, box->body, coding);
	else if (box->body.len < kept[i].bytes)
		r = CANDOR_EBADMSG;
	else
		sink_put(to, box->body.p, kept[i].bytes);
	if (r < 0)
		return r;
	if (!to->failed && sink_at(to) == begun + HEAD_BYTES) {
		to->out->len = begun;
		return 0;
	}
	iso_end(to, begun);
	return 1;
}

/* Boxes of the sound's coding; never another of its own kind. */
static int
keep_wave(struct sink *to, struct span body, struct iso_coding *coding)
{
	struct iso_box box;
	int r;

	while ((r = iso_next(&body, &box)) == 1)
		if (box.type == ISO_TYPE("mp4a"))
			iso_end(to, iso_begin_full(to, "mp4a", 0, 0));
		else if (box.type != ISO_TYPE("wave") && (r = iso_keep(to, &box, coding)) < 0)
			return r;
	sink_number(to, HEAD_BYTES, 4); /* an empty box ends it */
	sink_zeros(to, 4);
	return r;
}
