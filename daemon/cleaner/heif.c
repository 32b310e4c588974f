/* SPDX-License-Identifier: ISC */
/*
 * HEIC, HEIF and AVIF: the main picture as it is coded (one image, or tiles of one, and its
 * transparency), how large it is and how it lies go into a new file; no Exif, XMP, colour profile,
 * thumbnail, depth, second picture, names or times, and no bytes that no picture points to. Own code
 * instead of libheif: that brings decoders, which nobody needs to copy coded bytes. ISO 23008-12, ISO
 * 14496-12. The cleaner.
 */
#include <stdlib.h>
#include <string.h>

#include "cleaner/iso.h"
#include "cleaner/picture.h"

#define TILES_MAX 1024
#define IMAGES_MAX (2 * (TILES_MAX + 1)) /* and as many of transparency */
#define ENTRIES_MAX 4096                 /* items, of which some are looked for */
#define EXTENTS_MAX 16                   /* of an item */
#define ITEM_PROPERTIES_MAX 32
#define PROPERTIES_MAX 1024
#define ESSENTIAL 0x8000u

#define BROKEN "it is damaged, or cut off; take a screenshot of it"
#define UNCOMMON "it is not built as telephones and cameras do; take a screenshot of it"

struct image {
	uint32_t id, type;
	unsigned properties[ITEM_PROPERTIES_MAX]; /* numbers in the new file, ESSENTIAL or not */
	unsigned n_properties;
	unsigned n_tiles; /* of a grid: that many images behind it */
	size_t at, len;   /* in data, or grids */
	unsigned length_bytes;
	bool tile;
};

struct property {
	bool looked;
	size_t at, len;  /* as it would be written, in looked; 0: not at all */
	unsigned number; /* in the new file, from 1; 0: is not there */
	struct iso_coding coding;
};

struct heif {
	struct span file, iinf, iloc, iref, ipco, ipma, idat;
	unsigned iloc_version, iref_version, ipma_version, ipma_flags;
	uint32_t primary;
	struct image *images;
	unsigned n_images;
	bool premultiplied;
	struct property known[PROPERTIES_MAX]; /* by their numbers in the old file, less 1 */
	unsigned n_properties;
	struct clean_out looked, properties, data, grids;
	size_t copied;
	const char **why;
};

/* ---- reading ------------------------------------------------------------------------------------ */

/* The version and flags of a full box, taken from its front. */
static bool
take_full(struct span *body, unsigned *version, unsigned *flags)
{
	uint64_t v;

	if (!media_number(body, 4, &v))
		return false;
	*version = (unsigned)(v >> 24);
	*flags = (unsigned)(v & 0xffffff);
	return true;
}

static bool
find_full(struct span in, const char *type, struct span *body, unsigned *version, unsigned *flags)
{
	return iso_find(in, type, body) && take_full(body, version, flags);
}

static int
read_meta(struct heif *h)
{
	struct span meta, hdlr, pitm, iprp;
	unsigned version, flags;
	uint64_t id;

	if (!find_full(h->file, "meta", &meta, &version, &flags) ||
	    !find_full(meta, "hdlr", &hdlr, &version, &flags) || hdlr.len < 8 ||
	    memcmp(hdlr.p + 4, "pict", 4) != 0 ||
	    !find_full(meta, "pitm", &pitm, &version, &flags) ||
	    !media_number(&pitm, version == 0 ? 2 : 4, &id))
		return CANDOR_EBADMSG;
	h->primary = (uint32_t)id;
	if (!find_full(meta, "iinf", &h->iinf, &version, &flags) ||
	    !media_number(&h->iinf, version == 0 ? 2 : 4, &id) ||
	    !find_full(meta, "iloc", &h->iloc, &h->iloc_version, &flags) ||
	    !iso_find(meta, "iprp", &iprp) || !iso_find(iprp, "ipco", &h->ipco) ||
	    !find_full(iprp, "ipma", &h->ipma, &h->ipma_version, &h->ipma_flags))
		return CANDOR_EBADMSG;
	if (!find_full(meta, "iref", &h->iref, &h->iref_version, &flags))
		h->iref = (struct span){ 0 };
	if (!iso_find(meta, "idat", &h->idat))
		h->idat = (struct span){ 0 };
	return 0;
}

static int
item_type(const struct heif *h, uint32_t id, uint32_t *type)
{
	struct span in = h->iinf;
	struct iso_box box;

	for (unsigned n = 0; n < ENTRIES_MAX && iso_next(&in, &box) == 1; n++) {
		unsigned version, flags;
		uint64_t found, protection, is;

		if (box.type != ISO_TYPE("infe") || !take_full(&box.body, &version, &flags) ||
		    version < 2 || !media_number(&box.body, version == 2 ? 2 : 4, &found) ||
		    !media_number(&box.body, 2, &protection) || !media_number(&box.body, 4, &is))
			continue;
		if (found == id && protection == 0) {
			*type = (uint32_t)is;
			return 0;
		}
	}
	return CANDOR_EBADMSG;
}

/* The pieces of an item, one after another, to "to". */
static int
take_extents(struct heif *h, struct span *in, unsigned method, const size_t bytes[static 4],
    uint64_t base, uint64_t n, struct sink *to)
{
	struct span from = method == 0 ? h->file : h->idat;

	for (; n > 0; n--) {
		uint64_t index, at, len;

		if (!media_number(in, bytes[3], &index) || !media_number(in, bytes[0], &at) ||
		    !media_number(in, bytes[1], &len))
			return CANDOR_EBADMSG;
		if (to == NULL)
			continue;
		if (method > 1 || base > from.len || at > from.len - base ||
		    len > from.len - base - at || len == 0 || len > h->file.len - h->copied)
			return CANDOR_EBADMSG;
		/* Pieces that overlap could be more than the file. */
		h->copied += len;
		sink_put(to, from.p + base + at, len);
	}
	return 0;
}

static int
item_data(struct heif *h, uint32_t id, struct sink *to)
{
	size_t id_bytes = h->iloc_version < 2 ? 2 : 4;
	struct span in = h->iloc;
	uint64_t sizes, n;
	size_t bytes[4]; /* of offset, length, base, index */

	if (!media_number(&in, 2, &sizes) || !media_number(&in, id_bytes, &n) || n > ENTRIES_MAX)
		return CANDOR_EBADMSG;
	for (size_t i = 0; i < 4; i++)
		bytes[i] = sizes >> (12 - 4 * i) & 0xf;
	if (h->iloc_version == 0)
		bytes[3] = 0;
	for (; n > 0; n--) {
		uint64_t found, method = 0, reference, base, extents;
		int r;

		if (!media_number(&in, id_bytes, &found) ||
		    (h->iloc_version > 0 && !media_number(&in, 2, &method)) ||
		    !media_number(&in, 2, &reference) || !media_number(&in, bytes[2], &base) ||
		    !media_number(&in, 2, &extents))
			return CANDOR_EBADMSG;
		if (found == id && reference != 0)
			return CANDOR_EBADMSG;
		if (extents > EXTENTS_MAX)
			return CANDOR_EBADMSG;
		r = take_extents(
		    h, &in, method & 0xf, bytes, base, extents, found == id ? to : NULL);
		if (r < 0 || found == id)
			return r;
	}
	return CANDOR_EBADMSG;
}

/* Go through the references of this type: from an item to n others, of each of which ids has the number. */
static bool
next_reference(const struct heif *h, struct span *in, const char *type, uint64_t *from, uint64_t *n,
    struct span *ids)
{
	size_t bytes = h->iref_version == 0 ? 2 : 4;
	struct iso_box box;

	while (iso_next(in, &box) == 1) {
		*ids = box.body;
		if (box.type == ISO_TYPE(type) && media_number(ids, bytes, from) &&
		    media_number(ids, 2, n) && ids->len >= *n * bytes)
			return true;
	}
	return false;
}

/* ---- properties --------------------------------------------------------------------------------- */

/* The property of this number as it would be written, looked at once. */
static int
look(struct heif *h, uint64_t there, struct property **found)
{
	struct property *p = &h->known[there - 1];
	struct sink to = { .out = &h->looked };
	struct iso_box box = { 0 };
	struct span in = h->ipco;
	int r = 1;

	*found = p;
	if (p->looked)
		return 0;
	for (uint64_t n = 0; n < there && r == 1; n++)
		r = iso_next(&in, &box);
	p->at = h->looked.len;
	if (r != 1 || iso_keep(&to, &box, &p->coding) < 0)
		return CANDOR_EBADMSG;
	p->len = h->looked.len - p->at;
	p->looked = true;
	return p->coding.pixels > CLEAN_PIXELS_MAX ? CANDOR_ETOOBIG : sink_result(&to);
}

/* Go through the properties of an item, up to ITEM_PROPERTIES_MAX: from where *in starts, *n are left. */
static int
find_associations(const struct heif *h, uint32_t id, struct span *in, uint64_t *n)
{
	size_t id_bytes = h->ipma_version == 0 ? 2 : 4, bytes = (h->ipma_flags & 1) != 0 ? 2 : 1;
	struct span skipped;
	uint64_t entries, found;

	*in = h->ipma;
	if (!media_number(in, 4, &entries) || entries > ENTRIES_MAX)
		return CANDOR_EBADMSG;
	for (; entries > 0; entries--) {
		if (!media_number(in, id_bytes, &found) || !media_number(in, 1, n) ||
		    *n > ITEM_PROPERTIES_MAX || in->len < *n * bytes)
			return CANDOR_EBADMSG;
		if (found == id)
			return 0;
		(void)media_take(in, *n * bytes, &skipped);
	}
	*n = 0;
	return 0;
}

static int
next_association(
    struct heif *h, struct span *in, uint64_t *n, struct property **property, bool *essential)
{
	size_t bytes = (h->ipma_flags & 1) != 0 ? 2 : 1;
	uint64_t top = bytes == 2 ? 0x8000 : 0x80, v;
	int r;

	for (; *n > 0; --*n) {
		(void)media_number(in, bytes, &v);
		if ((v & (top - 1)) == 0)
			continue;
		if ((v & (top - 1)) > PROPERTIES_MAX)
			return CANDOR_EBADMSG;
		*essential = (v & top) != 0;
		if ((r = look(h, v & (top - 1), property)) < 0)
			return r;
		--*n;
		return 1;
	}
	return 0;
}

static int
keep_properties(struct heif *h, struct image *image)
{
	struct property *p;
	struct span in;
	bool essential;
	uint64_t n;
	int r;

	if ((r = find_associations(h, image->id, &in, &n)) < 0)
		return r;
	while ((r = next_association(h, &in, &n, &p, &essential)) == 1) {
		if (p->len == 0 && essential)
			return CANDOR_EBADMSG;
		if (p->len == 0)
			continue;
		if (p->number == 0) {
			if (!clean_put(&h->properties, h->looked.p + p->at, p->len))
				return CANDOR_ENOMEM;
			p->number = ++h->n_properties;
		}
		if (p->coding.length_bytes > 0)
			image->length_bytes = p->coding.length_bytes;
		image->properties[image->n_properties++] = p->number | (essential ? ESSENTIAL : 0u);
	}
	return r;
}

static bool
is_alpha(struct heif *h, uint32_t id)
{
	struct property *p;
	bool essential;
	struct span in;
	uint64_t n;

	if (find_associations(h, id, &in, &n) < 0)
		return false;
	while (next_association(h, &in, &n, &p, &essential) == 1)
		if (p->coding.alpha)
			return true;
	return false;
}

/* ---- images ------------------------------------------------------------------------------------- */

static int
add_coded(struct heif *h, struct image *image)
{
	struct clean_out whole = { 0 };
	struct sink raw = { .out = &whole }, to = { .out = &h->data };
	int r = item_data(h, image->id, &raw);

	if (r == 0 && (r = sink_result(&raw)) == 0) {
		struct span in = { whole.p, whole.len };

		image->at = h->data.len;
		if (image->type == ISO_TYPE("av01"))
			r = coded_av1(&to, in, 0);
		else if (image->length_bytes == 0)
			r = CANDOR_EBADMSG; /* no configuration */
		else
			r = coded_hevc(&to, in, image->length_bytes);
		image->len = h->data.len - image->at;
	}
	free(whole.p);
	return r < 0 ? r : sink_result(&to);
}

static int add_image(struct heif *h, uint32_t id, bool tile);

#define GRID_BYTES 8 /* version, flags, rows - 1, columns - 1, width and height */
#define GRID_LARGE 1 /* flag: of four bytes each */

static int
add_grid(struct heif *h, struct image *image)
{
	struct sink to = { .out = &h->grids };
	struct span in = h->iref, ids = { 0 };
	uint64_t from, n = 0, id;
	const uint8_t *p;
	size_t side;
	int r;

	image->at = h->grids.len;
	if ((r = item_data(h, image->id, &to)) < 0 || (r = sink_result(&to)) < 0)
		return r;
	image->len = h->grids.len - image->at;
	if (image->len < GRID_BYTES)
		return CANDOR_EBADMSG;
	p = h->grids.p + image->at;
	if (p[0] != 0)
		return CANDOR_EBADMSG;
	side = (p[1] & GRID_LARGE) != 0 ? 4 : 2;
	if (image->len < 4 + 2 * side)
		return CANDOR_EBADMSG;
	h->grids.len = image->at + (image->len = 4 + 2 * side);
	if (side == 4 ? picture_too_large(be32(p + 4), be32(p + 8))
		      : picture_too_large(be16(p + 4), be16(p + 6)))
		return CANDOR_ETOOBIG;
	while (next_reference(h, &in, "dimg", &from, &n, &ids) && from != image->id)
		n = 0;
	if (n == 0 || n > TILES_MAX || n != (p[2] + 1u) * (p[3] + 1u))
		return CANDOR_EBADMSG;
	image->n_tiles = (unsigned)n;
	while (n-- > 0) {
		(void)media_number(&ids, h->iref_version == 0 ? 2 : 4, &id);
		if ((r = add_image(h, (uint32_t)id, true)) < 0)
			return r;
	}
	return 0;
}

static int
add_image(struct heif *h, uint32_t id, bool tile)
{
	struct image *image;
	int r;

	if (h->n_images == IMAGES_MAX)
		return CANDOR_EBADMSG;
	image = &h->images[h->n_images];
	*image = (struct image){ .id = id, .tile = tile };
	h->n_images++;
	if ((r = item_type(h, id, &image->type)) < 0 || (r = keep_properties(h, image)) < 0)
		return r;
	if (image->type == ISO_TYPE("hvc1") || image->type == ISO_TYPE("av01"))
		return add_coded(h, image);
	if (image->type == ISO_TYPE("grid") && !tile)
		return add_grid(h, image);
	*h->why = UNCOMMON;
	return CANDOR_EBADMSG;
}

static bool
has(struct span ids, size_t bytes, uint64_t n, uint32_t id)
{
	for (uint64_t v; n > 0 && media_number(&ids, bytes, &v); n--)
		if (v == id)
			return true;
	return false;
}

/* The picture's transparency, without which hidden parts would be seen. Other auxiliary images, as of
 * depth, go. */
static int
add_alpha(struct heif *h)
{
	size_t bytes = h->iref_version == 0 ? 2 : 4;
	struct span in = h->iref, ids;
	uint64_t from, n, alpha;
	int r;

	do
		if (!next_reference(h, &in, "auxl", &alpha, &n, &ids))
			return 0;
	while (!has(ids, bytes, n, h->primary) || !is_alpha(h, (uint32_t)alpha));
	if ((r = add_image(h, (uint32_t)alpha, false)) < 0)
		return r;
	in = h->iref;
	while (next_reference(h, &in, "prem", &from, &n, &ids))
		h->premultiplied |= from == h->primary && has(ids, bytes, n, (uint32_t)alpha);
	return 0;
}

/* ---- writing ------------------------------------------------------------------------------------ */

static void
put_items(const struct heif *h, struct sink *to)
{
	size_t begun = iso_begin_full(to, "iinf", 0, 0);

	sink_number(to, h->n_images, 2);
	for (unsigned i = 0; i < h->n_images; i++) {
		/* Tiles are not shown by themselves. */
		size_t entry = iso_begin_full(to, "infe", 2, i == 0 ? 0 : 1);

		sink_number(to, i + 1, 2);
		sink_zeros(to, 2);
		sink_number(to, h->images[i].type, 4);
		sink_zeros(to, 1);
		iso_end(to, entry);
	}
	iso_end(to, begun);
}

static void
put_reference(struct sink *to, const char *type, unsigned from, unsigned first, unsigned n)
{
	size_t begun = iso_begin(to, type);

	sink_number(to, from, 2);
	sink_number(to, n, 2);
	for (unsigned i = 0; i < n; i++)
		sink_number(to, first + i, 2);
	iso_end(to, begun);
}

static void
put_references(const struct heif *h, struct sink *to)
{
	size_t begun;

	if (h->n_images == 1)
		return;
	begun = iso_begin_full(to, "iref", 0, 0);
	for (unsigned i = 0; i < h->n_images; i++) {
		if (h->images[i].n_tiles > 0)
			put_reference(to, "dimg", i + 1, i + 2, h->images[i].n_tiles);
		if (i > 0 && !h->images[i].tile) {
			put_reference(to, "auxl", i + 1, 1, 1);
			if (h->premultiplied)
				put_reference(to, "prem", 1, i + 1, 1);
		}
	}
	iso_end(to, begun);
}

static void
put_properties(const struct heif *h, struct sink *to)
{
	size_t iprp = iso_begin(to, "iprp"), begun = iso_begin(to, "ipco");

	sink_put(to, h->properties.p, h->properties.len);
	iso_end(to, begun);
	begun = iso_begin_full(to, "ipma", 0, 1);
	sink_number(to, h->n_images, 4);
	for (unsigned i = 0; i < h->n_images; i++) {
		sink_number(to, i + 1, 2);
		sink_number(to, h->images[i].n_properties, 1);
		for (unsigned k = 0; k < h->images[i].n_properties; k++)
			sink_number(to, h->images[i].properties[k], 2);
	}
	iso_end(to, begun);
	iso_end(to, iprp);
}

static void
put_meta(const struct heif *h, struct sink *to, size_t data_at)
{
	size_t meta = iso_begin_full(to, "meta", 0, 0), begun;

	begun = iso_begin_full(to, "hdlr", 0, 0);
	sink_zeros(to, 4);
	sink_put(to, "pict", 4);
	sink_zeros(to, 13);
	iso_end(to, begun);
	begun = iso_begin_full(to, "pitm", 0, 0);
	sink_number(to, 1, 2);
	iso_end(to, begun);
	put_items(h, to);
	put_references(h, to);
	put_properties(h, to);
	if (h->grids.len > 0) {
		begun = iso_begin(to, "idat");
		sink_put(to, h->grids.p, h->grids.len);
		iso_end(to, begun);
	}
	begun = iso_begin_full(to, "iloc", 1, 0);
	sink_number(to, 0x4400, 2);
	sink_number(to, h->n_images, 2);
	for (unsigned i = 0; i < h->n_images; i++) {
		const struct image *image = &h->images[i];
		bool grid = image->n_tiles > 0;

		sink_number(to, i + 1, 2);
		sink_number(to, grid, 2);
		sink_zeros(to, 2);
		sink_number(to, 1, 2);
		sink_number(to, image->at + (grid ? 0 : data_at), 4);
		sink_number(to, image->len, 4);
	}
	iso_end(to, begun);
	iso_end(to, meta);
}

/* What the brands promise: how the picture is coded, and which program can open it. */
static void
put_brands(struct sink *to, uint32_t major, bool av1)
{
	size_t begun = iso_begin(to, "ftyp");

	if (major != ISO_TYPE("mif1") && major != ISO_TYPE("heix"))
		major = av1 ? ISO_TYPE("avif") : ISO_TYPE("heic");
	sink_number(to, major, 4);
	sink_zeros(to, 4);
	sink_put(to, "mif1", 4);
	sink_put(to, av1 ? "avifmiaf" : "heic", av1 ? 8 : 4);
	if (major == ISO_TYPE("heix"))
		sink_put(to, "heix", 4);
	iso_end(to, begun);
}

static int
write_file(const struct heif *h, struct clean_out *out, uint32_t major)
{
	struct sink to = { .out = out };
	size_t start = sink_at(&to), meta, meta_end, begun;

	put_brands(&to, major, h->images[h->n_images - 1].type == ISO_TYPE("av01"));
	/* Twice: offsets have the same size, whatever they are. */
	meta = sink_at(&to);
	put_meta(h, &to, 0);
	meta_end = sink_at(&to);
	if (!to.failed)
		out->len = meta;
	put_meta(h, &to, meta_end - start + 8);
	begun = iso_begin(&to, "mdat");
	sink_put(&to, h->data.p, h->data.len);
	iso_end(&to, begun);
	return sink_result(&to);
}

static int
rewrite(struct heif *h, struct clean_out *out)
{
	struct span ftyp, moov;
	int r;

	if (!iso_find(h->file, "ftyp", &ftyp) || ftyp.len < 8)
		return CANDOR_EBADMSG;
	if (iso_find(h->file, "moov", &moov)) {
		*h->why = "it is a moving picture, or a row of them; take a screenshot of it";
		return CANDOR_EBADMSG;
	}
	if ((r = read_meta(h)) < 0 || (r = add_image(h, h->primary, false)) < 0 ||
	    (r = add_alpha(h)) < 0)
		return r;
	return write_file(h, out, be32(ftyp.p));
}

int
clean_heif(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	struct heif *h = calloc(1, sizeof(*h));
	int r = CANDOR_ENOMEM;

	(void)depth;
	*why = BROKEN;
	if (h == NULL)
		return CANDOR_ENOMEM;
	h->file = (struct span){ in, len };
	h->why = why;
	if ((h->images = calloc(IMAGES_MAX, sizeof(*h->images))) != NULL)
		r = rewrite(h, out);
	free(h->images);
	free(h->looked.p);
	free(h->properties.p);
	free(h->data.p);
	free(h->grids.p);
	free(h);
	return r;
}
