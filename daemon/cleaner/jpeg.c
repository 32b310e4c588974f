/* SPDX-License-Identifier: ISC */
/*
 * JPEG: the coefficients are taken out and written into a new file, so that no pixel changes and nothing
 * but what a decoder needs comes along: no Exif, XMP, IPTC, colour profile, comment, thumbnail, second
 * picture behind the first, or other bytes there. Turned as Exif said, without loss wherever the size is
 * a multiple of the blocks. The cleaner.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
/* after jpeglib.h */
#include <jerror.h>
#include <turbojpeg.h>

#include "cleaner/clean.h"
#include "cleaner/picture.h"

#define EXIF_MARKER (JPEG_APP0 + 1)
#define EXIF_MAGIC "Exif\0"
#define EXIF_MAGIC_BYTES 6
#define MARKER_MAX 0xffff
#define DEST_BYTES 65536
/* A progressive picture of a camera has about 10; more are there to keep a decoder busy. */
#define SCANS_MAX 100
/* Of a picture that cannot be turned without loss: not to be told from the original by eye. */
#define QUALITY 95

struct jpeg {
	struct jpeg_error_mgr errors;
	struct jpeg_progress_mgr progress;
	struct jpeg_destination_mgr dest;
	struct jpeg_decompress_struct from;
	struct jpeg_compress_struct to;
	jmp_buf failed;
	int result;
	unsigned orientation;
	struct clean_out *out;
	uint8_t buf[DEST_BYTES];
};

static void __attribute__((noreturn)) give_up(struct jpeg *j, int result)
{
	j->result = result;
	longjmp(j->failed, 1);
}

static void
on_error(j_common_ptr info)
{
	give_up(info->client_data,
	    info->err->msg_code == JERR_OUT_OF_MEMORY ? CANDOR_ENOMEM : CANDOR_EBADMSG);
}

/* Warnings are damage, but for these that cameras are known for. */
static void
on_message(j_common_ptr info, int level)
{
	int code = info->err->msg_code;

	if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_ADOBE_XFORM &&
	    code != JWRN_JFIF_MAJOR)
		give_up(info->client_data, CANDOR_EBADMSG);
}

static void
on_progress(j_common_ptr info)
{
	struct jpeg *j = info->client_data;

	if (info->is_decompressor && j->from.input_scan_number > SCANS_MAX)
		give_up(j, CANDOR_EBADMSG);
}

static void
dest_begin(j_compress_ptr to)
{
	struct jpeg *j = to->client_data;

	to->dest->next_output_byte = j->buf;
	to->dest->free_in_buffer = sizeof(j->buf);
}

static boolean
dest_flush(j_compress_ptr to)
{
	struct jpeg *j = to->client_data;

	if (!clean_put(j->out, j->buf, sizeof(j->buf)))
		give_up(j, j->out->full ? CANDOR_ETOOBIG : CANDOR_ENOMEM);
	dest_begin(to);
	return TRUE;
}

static void
dest_end(j_compress_ptr to)
{
	struct jpeg *j = to->client_data;

	if (!clean_put(j->out, j->buf, sizeof(j->buf) - to->dest->free_in_buffer))
		give_up(j, j->out->full ? CANDOR_ETOOBIG : CANDOR_ENOMEM);
}

static unsigned
orientation_of(const struct jpeg_decompress_struct *from)
{
	for (const struct jpeg_marker_struct *m = from->marker_list; m != NULL; m = m->next)
		if (m->data_length >= EXIF_MAGIC_BYTES &&
		    memcmp(m->data, EXIF_MAGIC, EXIF_MAGIC_BYTES) == 0)
			return picture_orientation(
			    m->data + EXIF_MAGIC_BYTES, m->data_length - EXIF_MAGIC_BYTES);
	return UPRIGHT;
}

static void
rewrite(struct jpeg *j, const uint8_t *in, size_t len)
{
	jvirt_barray_ptr *coefficients;

	if (setjmp(j->failed) != 0)
		return;
	jpeg_create_decompress(&j->from);
	jpeg_create_compress(&j->to);
	j->from.progress = &j->progress;
	j->to.dest = &j->dest;
	jpeg_mem_src(&j->from, in, (unsigned long)len);
	jpeg_save_markers(&j->from, EXIF_MARKER, MARKER_MAX);
	if (jpeg_read_header(&j->from, TRUE) != JPEG_HEADER_OK)
		give_up(j, CANDOR_EBADMSG);
	if (picture_too_large(j->from.image_width, j->from.image_height))
		give_up(j, CANDOR_ETOOBIG);
	j->orientation = orientation_of(&j->from);
	coefficients = jpeg_read_coefficients(&j->from);
	jpeg_copy_critical_parameters(&j->from, &j->to);
	/* Dots per inch tell a scanner from a telephone. */
	j->to.density_unit = 0;
	j->to.X_density = j->to.Y_density = 1;
	if (j->from.progressive_mode)
		jpeg_simple_progression(&j->to);
	j->to.optimize_coding = TRUE;
	jpeg_write_coefficients(&j->to, coefficients);
	jpeg_finish_compress(&j->to);
}

static int
strip_markers(struct clean_out *out, unsigned *orientation, const uint8_t *in, size_t len)
{
	struct jpeg *j = calloc(1, sizeof(*j));
	int r;

	if (j == NULL)
		return CANDOR_ENOMEM;
	j->out = out;
	j->from.err = j->to.err = jpeg_std_error(&j->errors);
	j->errors.error_exit = on_error;
	j->errors.emit_message = on_message;
	j->progress.progress_monitor = on_progress;
	j->dest = (struct jpeg_destination_mgr){
		.init_destination = dest_begin,
		.empty_output_buffer = dest_flush,
		.term_destination = dest_end,
	};
	j->from.client_data = j->to.client_data = j;
	rewrite(j, in, len);
	*orientation = j->orientation;
	r = j->result;
	jpeg_destroy_compress(&j->to);
	jpeg_destroy_decompress(&j->from);
	free(j);
	return r;
}

/* ---- turning ---------------------------------------------------------------------------------- */

static const int lossless[ORIENTATION_MAX + 1] = { TJXOP_NONE, TJXOP_NONE, TJXOP_HFLIP,
	TJXOP_ROT180, TJXOP_VFLIP, TJXOP_TRANSPOSE, TJXOP_ROT90, TJXOP_TRANSVERSE, TJXOP_ROT270 };

static int
put(struct clean_out *out, const uint8_t *p, size_t len)
{
	return clean_put(out, p, len) ? 0 : out->full ? CANDOR_ETOOBIG : CANDOR_ENOMEM;
}

/* Decode, turn and encode again. */
static int
turn_pixels(struct clean_out *out, const struct clean_out *in, unsigned orientation)
{
	tjhandle from = tjInitDecompress(), to = tjInitCompress();
	struct picture before = { 0 }, after = { 0 };
	int width, height, subsampling, space, format, r = CANDOR_EBADMSG;
	unsigned char *jpeg = NULL;
	unsigned long len = 0;
	size_t size;

	if (from == NULL || to == NULL ||
	    tjDecompressHeader3(from, in->p, in->len, &width, &height, &subsampling, &space) < 0)
		goto out;
	format = space == TJCS_GRAY                         ? TJPF_GRAY
		 : space == TJCS_CMYK || space == TJCS_YCCK ? TJPF_CMYK
							    : TJPF_RGB;
	before.width = (uint32_t)width;
	before.height = (uint32_t)height;
	before.bytes_each = (size_t)tjPixelSize[format];
	size = (size_t)width * (size_t)height * before.bytes_each;
	before.pixels = malloc(size);
	after.pixels = malloc(size);
	r = CANDOR_ENOMEM;
	if (before.pixels == NULL || after.pixels == NULL)
		goto out;
	r = CANDOR_EBADMSG;
	if (tjDecompress2(from, in->p, in->len, before.pixels, width, 0, height, format,
		TJFLAG_ACCURATEDCT) < 0)
		goto out;
	picture_turn(&after, &before, orientation);
	if (tjCompress2(to, after.pixels, (int)after.width, 0, (int)after.height, format, &jpeg,
		&len, format == TJPF_GRAY ? TJSAMP_GRAY : TJSAMP_444, QUALITY,
		TJFLAG_ACCURATEDCT) < 0)
		goto out;
	r = put(out, jpeg, len);
out:
	tjFree(jpeg);
	free(before.pixels);
	free(after.pixels);
	tjDestroy(from);
	tjDestroy(to);
	return r;
}

static int
turn(struct clean_out *out, const struct clean_out *in, unsigned orientation)
{
	tjhandle h = tjInitTransform();
	tjtransform how = { .op = lossless[orientation],
		.options = TJXOPT_PERFECT | TJXOPT_COPYNONE };
	unsigned char *jpeg = NULL;
	unsigned long len = 0;
	int r;

	if (h == NULL)
		return CANDOR_ENOMEM;
	if (tjTransform(h, in->p, in->len, 1, &jpeg, &len, &how, 0) == 0)
		r = put(out, jpeg, len);
	else
		r = turn_pixels(out, in, orientation);
	tjFree(jpeg);
	tjDestroy(h);
	return r;
}

int
clean_jpeg(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	struct clean_out stripped = { 0 };
	unsigned orientation;
	int r;

	(void)depth;
	*why = "it is damaged; take a screenshot of it";
	if ((r = strip_markers(&stripped, &orientation, in, len)) == 0)
		r = orientation == UPRIGHT ? put(out, stripped.p, stripped.len)
					   : turn(out, &stripped, orientation);
	free(stripped.p);
	return r;
}
