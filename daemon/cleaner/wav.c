/* SPDX-License-Identifier: ISC */
/*
 * WAV: how the sound is coded, how long it is, and the sound go into a new file; no broadcast extension,
 * LIST, ID3, XMP, iXML, cue points, padding or bytes behind the end. A walker of our own: the format is
 * three chunks, and no library would be smaller. The cleaner.
 */
#include <string.h>

#include "cleaner/media.h"

#define HEAD_BYTES 12
#define CHUNK_BYTES 8
#define FMT_BYTES 16 /* of PCM; others say in two bytes how many more follow */

/* Codings whose sound is nothing but sound, and what their fmt chunk has beyond FMT_BYTES + 2. */
static const struct {
	uint16_t tag;
	uint8_t more;
} codings[] = {
	{ 1, 0 },       /* PCM */
	{ 2, 32 },      /* Microsoft's ADPCM: samples per block, 7 pairs of coefficients */
	{ 3, 0 },       /* float */
	{ 6, 0 },       /* A-law */
	{ 7, 0 },       /* mu-law */
	{ 0x11, 2 },    /* IMA's ADPCM: samples per block */
	{ 0xfffe, 22 }, /* extensible: bits, loudspeakers, the coding again as a GUID */
};
#define TAG_PCM 1
#define TAG_EXTENSIBLE 0xfffe
#define AT_GUID 24
/* The coding's two bytes stand before it (mmreg.h). */
static const uint8_t guid_rest[] = { 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71 };

struct wav {
	struct span fmt, fact, data;
};

static int
read_chunks(struct wav *w, struct span in)
{
	struct span head, body, padding;

	/* A sound that does not say where it ends (as from a pipe) would take along what is behind it. */
	while (w->data.p == NULL && media_take(&in, CHUNK_BYTES, &head)) {
		uint32_t size = le32(head.p + 4);
		bool data = memcmp(head.p, "data", 4) == 0;

		if (!media_take(&in, size, &body))
			return CANDOR_EBADMSG;
		if (size % 2 != 0)
			(void)media_take(&in, 1, &padding);
		if (data)
			w->data = body;
		else if (memcmp(head.p, "fmt ", 4) == 0 && w->fmt.p == NULL)
			w->fmt = body;
		else if (memcmp(head.p, "fact", 4) == 0 && size >= 4)
			w->fact = (struct span){ body.p, 4 };
	}
	return w->data.p == NULL || w->fmt.len < FMT_BYTES ? CANDOR_EBADMSG : 0;
}

static void
put_chunk(struct sink *to, const char *name, struct span body)
{
	sink_put(to, name, 4);
	sink_little(to, body.len, 4);
	sink_span(to, body);
	sink_zeros(to, body.len % 2);
}

/* The description without what does not belong to its coding. */
static int
put_fmt(struct sink *to, struct span fmt)
{
	uint16_t tag = le16(fmt.p), inner = tag;
	size_t more = 0, i;

	if (tag == TAG_EXTENSIBLE) {
		if (fmt.len < AT_GUID + 2 + sizeof(guid_rest) ||
		    memcmp(fmt.p + AT_GUID + 2, guid_rest, sizeof(guid_rest)) != 0)
			return CANDOR_EBADMSG;
		inner = le16(fmt.p + AT_GUID);
	}
	for (i = 0; i < NELEM(codings) && codings[i].tag != inner; i++)
		;
	if (i == NELEM(codings) || inner == TAG_EXTENSIBLE)
		return CANDOR_EBADMSG;
	for (i = 0; codings[i].tag != tag; i++)
		;
	more = codings[i].more;
	if (more > 0 && (fmt.len < FMT_BYTES + 2 + more || le16(fmt.p + FMT_BYTES) < more))
		return CANDOR_EBADMSG;
	sink_put(to, "fmt ", 4);
	sink_little(to, tag == TAG_PCM ? FMT_BYTES : FMT_BYTES + 2 + more, 4);
	sink_put(to, fmt.p, FMT_BYTES);
	if (tag != TAG_PCM) {
		sink_little(to, more, 2);
		if (more > 0)
			sink_put(to, fmt.p + FMT_BYTES + 2, more);
	}
	return 0;
}

int
clean_wav(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	struct sink to = { .out = out };
	struct span file = { in, len }, head;
	struct wav w = { 0 };
	size_t start = sink_at(&to);
	uint8_t *size;
	int r;

	(void)depth;
	*why = "it is damaged, or cut off; save it again with a program that can play it";
	if (!media_take(&file, HEAD_BYTES, &head) || memcmp(head.p, "RIFF", 4) != 0 ||
	    memcmp(head.p + 8, "WAVE", 4) != 0)
		return CANDOR_EBADMSG;
	if ((r = read_chunks(&w, file)) < 0)
		return r;
	*why = "its sound is coded in an uncommon way; save it as PCM (uncompressed) or as FLAC";
	sink_put(&to, "RIFF\0\0\0\0WAVE", HEAD_BYTES);
	if ((r = put_fmt(&to, w.fmt)) < 0)
		return r;
	if (w.fact.p != NULL)
		put_chunk(&to, "fact", w.fact);
	put_chunk(&to, "data", w.data);
	if ((size = sink_from(&to, start)) != NULL)
		for (size_t i = 0; i < 4; i++)
			size[4 + i] = (uint8_t)((sink_at(&to) - start - 8) >> 8 * i);
	return sink_result(&to);
}
