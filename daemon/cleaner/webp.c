/* SPDX-License-Identifier: ISC */
/*
 * WebP: the frames are put into a new file, and nothing else: no Exif, XMP, colour profile, unknown
 * chunk or bytes behind the end. Turned as Exif said. The cleaner.
 */
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include "cleaner/clean.h"
#include "cleaner/picture.h"

#define EXIF_MAGIC "Exif\0"
#define EXIF_MAGIC_BYTES 6
#define RIFF_HEAD_BYTES 8 /* "RIFF" and the size of what follows */
#define EXTENDED_AT 12    /* behind these and "WEBP", the chunk of the extended form */
#define CHUNK_HEAD_BYTES 8
#define EXTENDED_BYTES 10 /* flags, and width and height less 1 */
#define QUALITY 95
#define FORMAT_LOSSLESS 2 /* of WebPBitstreamFeatures */

static int
error_of(WebPMuxError e)
{
	return e == WEBP_MUX_OK ? 0 : e == WEBP_MUX_MEMORY_ERROR ? CANDOR_ENOMEM : CANDOR_EBADMSG;
}

static int
put(struct clean_out *out, const uint8_t *p, size_t len)
{
	return clean_put(out, p, len) ? 0 : out->full ? CANDOR_ETOOBIG : CANDOR_ENOMEM;
}

static unsigned
orientation_of(const WebPMux *from)
{
	WebPData exif;

	if (WebPMuxGetChunk(from, "EXIF", &exif) != WEBP_MUX_OK)
		return UPRIGHT;
	if (exif.size >= EXIF_MAGIC_BYTES && memcmp(exif.bytes, EXIF_MAGIC, EXIF_MAGIC_BYTES) == 0)
		return picture_orientation(
		    exif.bytes + EXIF_MAGIC_BYTES, exif.size - EXIF_MAGIC_BYTES);
	return picture_orientation(exif.bytes, exif.size);
}

/* Whether the bits are a picture that a decoder takes to its end; that they are looked at also bounds
 * what the next reader has to. */
static int
check_frame(const WebPData *bits, uint64_t *pixels)
{
	WebPDecoderConfig config;
	int r;

	if (!WebPInitDecoderConfig(&config))
		return CANDOR_ENOMEM;
	if (WebPGetFeatures(bits->bytes, bits->size, &config.input) != VP8_STATUS_OK)
		return CANDOR_EBADMSG;
	*pixels += (uint64_t)config.input.width * (uint64_t)config.input.height;
	if (*pixels > CLEAN_PIXELS_MAX)
		return CANDOR_ETOOBIG;
	switch (WebPDecode(bits->bytes, bits->size, &config)) {
	case VP8_STATUS_OK:
		r = 0;
		break;
	case VP8_STATUS_OUT_OF_MEMORY:
		r = CANDOR_ENOMEM;
		break;
	default:
		r = CANDOR_EBADMSG;
	}
	WebPFreeDecBuffer(&config.output);
	return r;
}

static int
copy_frames(WebPMux *to, const WebPMux *from, bool moving)
{
	uint64_t pixels = 0;

	for (uint32_t n = 1;; n++) {
		WebPMuxFrameInfo frame;
		WebPMuxError e = WebPMuxGetFrame(from, n, &frame);
		int r;

		if (e == WEBP_MUX_NOT_FOUND && n > 1)
			return 0;
		if (e != WEBP_MUX_OK)
			return error_of(e);
		if ((r = check_frame(&frame.bitstream, &pixels)) == 0)
			r = error_of(moving ? WebPMuxPushFrame(to, &frame, 1)
					    : WebPMuxSetImage(to, &frame.bitstream, 1));
		WebPDataClear(&frame.bitstream);
		if (r < 0 || !moving)
			return r;
	}
}

static int
copy(WebPMux *to, const WebPMux *from, bool moving)
{
	WebPMuxAnimParams params;
	int width, height, r;

	if ((r = copy_frames(to, from, moving)) < 0 || !moving)
		return r;
	if ((r = error_of(WebPMuxGetAnimationParams(from, &params))) == 0)
		r = error_of(WebPMuxSetAnimationParams(to, &params));
	if (r == 0)
		r = error_of(WebPMuxGetCanvasSize(from, &width, &height));
	return r < 0 ? r : error_of(WebPMuxSetCanvasSize(to, width, height));
}

static void
put_le(uint8_t *p, size_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* The file as it came out, in the extended form when it came in so: some programs take the two for two
 * formats. What they do not need of it says nothing. */
static int
put_file(struct clean_out *out, const WebPData *file, bool extended)
{
	uint8_t head[EXTENDED_AT + CHUNK_HEAD_BYTES + EXTENDED_BYTES] = { 0 },
						      *chunk = head + EXTENDED_AT;
	WebPBitstreamFeatures features;
	size_t size;

	if (!extended || file->size < EXTENDED_AT + 4 ||
	    memcmp(file->bytes + EXTENDED_AT, "VP8X", 4) == 0)
		return put(out, file->bytes, file->size);
	if (WebPGetFeatures(file->bytes, file->size, &features) != VP8_STATUS_OK)
		return CANDOR_EBADMSG;
	size = file->size - RIFF_HEAD_BYTES + CHUNK_HEAD_BYTES + EXTENDED_BYTES;
	memcpy(head, file->bytes, EXTENDED_AT);
	put_le(head + 4, size, 4);
	memcpy(chunk, "VP8X", 4);
	put_le(chunk + 4, EXTENDED_BYTES, 4);
	chunk[8] = features.has_alpha ? ALPHA_FLAG : 0;
	put_le(chunk + 12, (size_t)features.width - 1, 3);
	put_le(chunk + 15, (size_t)features.height - 1, 3);
	if (!clean_put(out, head, sizeof(head)))
		return out->full ? CANDOR_ETOOBIG : CANDOR_ENOMEM;
	return put(out, file->bytes + EXTENDED_AT, file->size - EXTENDED_AT);
}

static int
turn(struct clean_out *out, const WebPData *in, unsigned orientation, bool extended)
{
	struct picture before = { .bytes_each = 4 }, after = { 0 };
	WebPBitstreamFeatures features;
	int width, height, r = CANDOR_EBADMSG;
	uint8_t *encoded = NULL;
	size_t n;

	if (WebPGetFeatures(in->bytes, in->size, &features) != VP8_STATUS_OK ||
	    (before.pixels = WebPDecodeRGBA(in->bytes, in->size, &width, &height)) == NULL)
		return CANDOR_EBADMSG;
	before.width = (uint32_t)width;
	before.height = (uint32_t)height;
	after.pixels = malloc((size_t)width * (size_t)height * before.bytes_each);
	if (after.pixels == NULL) {
		r = CANDOR_ENOMEM;
		goto out;
	}
	picture_turn(&after, &before, orientation);
	width = (int)after.width;
	height = (int)after.height;
	n = features.format == FORMAT_LOSSLESS
		? WebPEncodeLosslessRGBA(after.pixels, width, height, width * 4, &encoded)
		: WebPEncodeRGBA(after.pixels, width, height, width * 4, QUALITY, &encoded);
	r = n == 0 ? CANDOR_ENOMEM : put_file(out, &(WebPData){ encoded, n }, extended);
out:
	WebPFree(encoded);
	WebPFree(before.pixels);
	free(after.pixels);
	return r;
}

/* The file without what follows it. */
static WebPData
file_of(const uint8_t *in, size_t len)
{
	size_t size;

	if (len < RIFF_HEAD_BYTES)
		return (WebPData){ in, len };
	size = (size_t)in[4] | (size_t)in[5] << 8 | (size_t)in[6] << 16 | (size_t)in[7] << 24;
	size += RIFF_HEAD_BYTES + size % 2;
	return (WebPData){ in, size < len ? size : len };
}

int
clean_webp(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	const WebPData data = file_of(in, len);
	WebPMux *from = WebPMuxCreate(&data, 0), *to = WebPMuxNew();
	WebPData assembled = { 0 };
	unsigned orientation;
	uint32_t flags;
	bool moving, extended = len >= EXTENDED_AT + 4 && memcmp(in + EXTENDED_AT, "VP8X", 4) == 0;
	int r = CANDOR_EBADMSG;

	(void)depth;
	*why = "it is damaged; take a screenshot of it";
	if (from == NULL || to == NULL || WebPMuxGetFeatures(from, &flags) != WEBP_MUX_OK)
		goto out;
	moving = (flags & ANIMATION_FLAG) != 0;
	orientation = orientation_of(from);
	if (moving && orientation != UPRIGHT) {
		*why = "a moving picture that lies on its side; take a screenshot of it";
		goto out;
	}
	if ((r = copy(to, from, moving)) < 0 || (r = error_of(WebPMuxAssemble(to, &assembled))) < 0)
		goto out;
	r = orientation == UPRIGHT ? put_file(out, &assembled, extended)
				   : turn(out, &assembled, orientation, extended);
out:
	WebPDataClear(&assembled);
	WebPMuxDelete(from);
	WebPMuxDelete(to);
	return r;
}
