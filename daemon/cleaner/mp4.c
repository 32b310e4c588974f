/* SPDX-License-Identifier: ISC */
/*
 * MP4, M4A, MOV and 3GP: the coded pictures and sounds go, chunk by chunk in the order of the file, into
 * a new one, and behind them tables written from what was understood: how long each sample is and is
 * shown, how it is decoded, how the film lies. No user data, times of day, names of handlers and
 * compressors, chapters, covers, tracks of places, time codes or subtitles, no free space, and nothing
 * that no table points to. Own code instead of libavformat: with it every cleaner would map some hundred
 * libraries, its parsers of some hundred formats would be behind the wall with the attachment, and what
 * it writes would still have to be looked through for what its writer adds; here what is written is
 * what is listed below. ISO 14496-12 and -14; Apple's "QuickTime File Format". The cleaner.
 */
#include <stdlib.h>
#include <string.h>

#include "cleaner/iso.h"

#define TRACKS_MAX 16
#define DESCRIPTIONS_MAX 16
#define QUICKTIME ISO_TYPE("qt  ")
#define NOBODYS_LANGUAGE 0x55c4 /* "und" */
#define INCH 0x00480000         /* 72 dots an inch, as a fixed-point number */

#define BROKEN "it is damaged, or cut off; save it again with a program that can play it"
#define CODING                                                                                     \
	"its film or sound is coded in an uncommon way; save it as MP4 with H.264 and AAC, or "    \
	"send "                                                                                    \
	"a part as a picture"

/* How samples are coded, by the type of their description, and for mp4a and mp4v by their esds. */
static const struct coding {
	char type[5];
	uint8_t object; /* 0: any, or none */
	bool sound;
	bool plain; /* samples all of one size: waves */
	coded_fn *fn;
} codings[] = {
	{ "avc1", 0, false, false, coded_avc },
	{ "avc3", 0, false, false, coded_avc },
	{ "hvc1", 0, false, false, coded_hevc },
	{ "hev1", 0, false, false, coded_hevc },
	{ "av01", 0, false, false, coded_av1 },
	{ "vp09", 0, false, false, coded_as_is },
	{ "mp4v", 0x20, false, false, coded_mpeg4 },
	{ "s263", 0, false, false, coded_as_is },
	{ "mp4a", 0x40, true, false, coded_aac },
	{ "mp4a", 0x67, true, false, coded_aac },
	{ "alac", 0, true, false, coded_as_is },
	{ "Opus", 0, true, false, coded_as_is },
	{ "fLaC", 0, true, false, coded_as_is },
	{ "samr", 0, true, false, coded_as_is },
	{ "sawb", 0, true, false, coded_as_is },
	{ "ac-3", 0, true, false, coded_as_is },
	{ "raw ", 0, true, true, coded_as_is },
	{ "twos", 0, true, true, coded_as_is },
	{ "sowt", 0, true, true, coded_as_is },
	{ "in24", 0, true, true, coded_as_is },
	{ "in32", 0, true, true, coded_as_is },
	{ "fl32", 0, true, true, coded_as_is },
	{ "fl64", 0, true, true, coded_as_is },
	{ "ulaw", 0, true, true, coded_as_is },
	{ "alaw", 0, true, true, coded_as_is },
	{ "lpcm", 0, true, true, coded_as_is },
	{ "ipcm", 0, true, true, coded_as_is },
	{ "fpcm", 0, true, true, coded_as_is },
};

struct description {
	const struct coding *coding;
	unsigned length_bytes;
	uint32_t frame_bytes; /* of plain sound */
};

struct track {
	bool sound;
	struct span tkhd, mdhd, elst, stsd, stts, ctts, stss, stsc, stsz, stco, co64;
	struct description descriptions[DESCRIPTIONS_MAX];
	unsigned n_descriptions;
	struct clean_out stsd_new;
	uint32_t id, n_samples, n_chunks;
	uint16_t alternative; /* tracks of one number are the same in other codings; 0: of none */
	uint32_t fixed;       /* bytes of every sample; 0: they differ */
	struct span sizes;
	unsigned elst_version, ctts_version;
	uint32_t *new_sizes, *new_offsets; /* no sizes: they stay as they are */
	/* How far it is copied: chunks, samples, and the run of chunks. */
	uint32_t chunk, sample;
	size_t run;
};

struct movie {
	struct span file, mvhd;
	uint32_t brand;
	struct track tracks[TRACKS_MAX];
	unsigned n_tracks;
	const char **why;
};

/* ---- sample descriptions ------------------------------------------------------------------------ */

#define ENTRY_BYTES 8 /* reserved, and which file the data is in */
#define PICTURE_BYTES 70
#define SOUND_BYTES 20
#define SOUND_MORE_1 16 /* of QuickTime's versions */
#define SOUND_MORE_2 36

static void
put_picture_entry(struct sink *to, struct span fields)
{
	sink_zeros(to, 16); /* versions and vendor */
	sink_put(to, fields.p + 16, 4);
	sink_number(to, INCH, 4);
	sink_number(to, INCH, 4);
	sink_zeros(to, 4);
	sink_number(to, 1, 2);
	sink_zeros(to, 32); /* the compressor's name */
	sink_put(to, fields.p + 66, 2);
	sink_number(to, 0xffff, 2);
}

/* Version and vendor, channels, bits, and rate; *frame_bytes of plain sound. */
static int
put_sound_entry(struct sink *to, struct span fields, struct span *in, uint32_t *frame_bytes)
{
	uint16_t version = be16(fields.p);
	struct span more = { 0 };

	if (version > 2 ||
	    (version > 0 && !media_take(in, version == 1 ? SOUND_MORE_1 : SOUND_MORE_2, &more)))
		return CANDOR_EBADMSG;
	sink_number(to, version, 2);
	sink_zeros(to, 6);
	sink_put(to, fields.p + 8, 12);
	sink_span(to, more);
	*frame_bytes = be16(fields.p + 8) * ((be16(fields.p + 10) + 7u) / 8);
	if (version == 1)
		*frame_bytes = be32(more.p + 8);
	else if (version == 2)
		*frame_bytes = be32(more.p + 28);
	return 0;
}

static const struct coding *
coding_of(uint32_t type, uint8_t object, bool sound)
{
	for (size_t i = 0; i < NELEM(codings); i++)
		if (ISO_TYPE(codings[i].type) == type && codings[i].object == object &&
		    codings[i].sound == sound)
			return &codings[i];
	return NULL;
}

/* 1, or 0 when it is coded as nobody here understands. */
static int
put_description(struct track *t, struct sink *to, const struct iso_box *entry)
{
	struct description *d = &t->descriptions[t->n_descriptions];
	struct span in = entry->body, head, fields;
	struct iso_coding coding = { 0 };
	struct iso_box box;
	size_t begun;
	char type[5] = "";
	int r = 0;

	for (size_t i = 0; i < 4; i++)
		type[i] = (char)(entry->type >> 8 * (3 - i));
	if (!media_take(&in, ENTRY_BYTES, &head) ||
	    !media_take(&in, t->sound ? SOUND_BYTES : PICTURE_BYTES, &fields))
		return CANDOR_EBADMSG;
	begun = iso_begin(to, type);
	sink_zeros(to, 6);
	sink_number(to, 1, 2);
	if (!t->sound)
		put_picture_entry(to, fields);
	else if ((r = put_sound_entry(to, fields, &in, &d->frame_bytes)) < 0)
		return r;
	while ((r = iso_next(&in, &box)) == 1)
		if ((r = iso_keep(to, &box, &coding)) < 0)
			return r;
	iso_end(to, begun);
	if (r < 0)
		return r;
	d->coding = coding_of(entry->type, coding.object, t->sound);
	d->length_bytes = coding.length_bytes;
	if (d->coding == NULL)
		return 0;
	if ((d->coding->fn == coded_avc || d->coding->fn == coded_hevc) && d->length_bytes == 0)
		return CANDOR_EBADMSG;
	t->n_descriptions++;
	return 1;
}

static int
read_descriptions(struct track *t)
{
	struct sink to = { .out = &t->stsd_new };
	struct span in = t->stsd;
	struct iso_box entry;
	uint64_t flags, n;
	size_t begun;
	int r = 1;

	/* Of version 1 the descriptions of sound are others. */
	if (!media_number(&in, 4, &flags) || flags >> 24 != 0 || !media_number(&in, 4, &n) ||
	    n == 0 || n > DESCRIPTIONS_MAX)
		return CANDOR_EBADMSG;
	begun = iso_begin_full(&to, "stsd", 0, 0);
	sink_number(&to, n, 4);
	for (; n > 0 && r == 1; n--) {
		if (iso_next(&in, &entry) != 1)
			return CANDOR_EBADMSG;
		r = put_description(t, &to, &entry);
	}
	iso_end(&to, begun);
	return r < 0 ? r : sink_result(&to) < 0 ? sink_result(&to) : r;
}

/* ---- tracks ------------------------------------------------------------------------------------- */

/* A table: entries of so many bytes, of which there are as many as it says. */
static bool
table(struct span *in, size_t bytes, uint32_t *n)
{
	uint64_t flags, count;

	if (!media_number(in, 4, &flags) || !media_number(in, 4, &count) || count > in->len / bytes)
		return false;
	in->len = count * bytes;
	*n = (uint32_t)count;
	return true;
}

/* A file other than this one would be named here. */
static bool
is_all_here(struct span minf)
{
	struct span dinf, dref;
	struct iso_box box;

	if (!iso_find(minf, "dinf", &dinf) || !iso_find(dinf, "dref", &dref) || dref.len < 8)
		return true;
	dref.p += 8;
	dref.len -= 8;
	while (iso_next(&dref, &box) == 1)
		if (box.body.len < 4 || (box.body.p[3] & 1) == 0)
			return false;
	return true;
}

static int
read_tables(struct track *t, struct span stbl)
{
	struct span stsz;
	uint64_t flags, size, n;
	uint32_t count;

	if (!iso_find(stbl, "stsd", &t->stsd) || !iso_find(stbl, "stts", &t->stts) ||
	    !iso_find(stbl, "stsc", &t->stsc) || !iso_find(stbl, "stsz", &stsz) ||
	    !table(&t->stts, 8, &count) || !table(&t->stsc, 12, &count))
		return CANDOR_EBADMSG;
	if (iso_find(stbl, "stco", &t->stco)
		? !table(&t->stco, 4, &t->n_chunks)
		: !iso_find(stbl, "co64", &t->co64) || !table(&t->co64, 8, &t->n_chunks))
		return CANDOR_EBADMSG;
	if (iso_find(stbl, "ctts", &t->ctts)) {
		t->ctts_version = t->ctts.len > 0 && t->ctts.p[0] == 1;
		if (!table(&t->ctts, 8, &count))
			return CANDOR_EBADMSG;
	}
	if (iso_find(stbl, "stss", &t->stss) && !table(&t->stss, 4, &count))
		return CANDOR_EBADMSG;
	if (!media_number(&stsz, 4, &flags) || !media_number(&stsz, 4, &size) ||
	    !media_number(&stsz, 4, &n) || n > UINT32_MAX || (size == 0 && n > stsz.len / 4))
		return CANDOR_EBADMSG;
	t->fixed = (uint32_t)size;
	t->n_samples = (uint32_t)n;
	t->sizes = (struct span){ stsz.p, size == 0 ? n * 4 : 0 };
	return 0;
}

/* How wide numbers of time are, by the box's version, and what stands before and between them. */
#define TIME_BYTES(body) ((body).p[0] == 1 ? 8u : 4u)
#define TKHD_MIN(body) (4 + 3 * TIME_BYTES(body) + 8 + 60)
#define AT_ALTERNATIVE(body) (4 + (size_t)3 * TIME_BYTES(body) + 8 + 8 + 2)
#define MDHD_MIN(body) (4 + 3 * TIME_BYTES(body) + 4 + 4)
#define MVHD_MIN(body) (4 + 3 * TIME_BYTES(body) + 4 + 80)
#define EDIT_BYTES(version) ((version) == 1 ? 20u : 12u)

/* 1: a film or a sound; 0: something else, which goes. */
static int
read_track(struct track *t, struct span trak)
{
	struct span mdia, hdlr, minf, stbl, edts;
	uint32_t count;
	int r;

	if (!iso_find(trak, "tkhd", &t->tkhd) || !iso_find(trak, "mdia", &mdia) ||
	    !iso_find(mdia, "hdlr", &hdlr) || hdlr.len < 12)
		return CANDOR_EBADMSG;
	t->sound = memcmp(hdlr.p + 8, "soun", 4) == 0;
	if (!t->sound && memcmp(hdlr.p + 8, "vide", 4) != 0)
		return 0;
	if (t->tkhd.len == 0 || t->tkhd.len < TKHD_MIN(t->tkhd) ||
	    !iso_find(mdia, "mdhd", &t->mdhd) || t->mdhd.len == 0 ||
	    t->mdhd.len < MDHD_MIN(t->mdhd) || !iso_find(mdia, "minf", &minf) ||
	    !iso_find(minf, "stbl", &stbl) || !is_all_here(minf))
		return CANDOR_EBADMSG;
	t->id = be32(t->tkhd.p + 4 + (size_t)2 * TIME_BYTES(t->tkhd));
	t->alternative = be16(t->tkhd.p + AT_ALTERNATIVE(t->tkhd));
	if (iso_find(trak, "edts", &edts) && iso_find(edts, "elst", &t->elst)) {
		t->elst_version = t->elst.len > 0 && t->elst.p[0] == 1;
		if (!table(&t->elst, EDIT_BYTES(t->elst_version), &count))
			return CANDOR_EBADMSG;
	}
	if ((r = read_tables(t, stbl)) < 0)
		return r;
	return read_descriptions(t);
}

static void
drop_track(struct track *t)
{
	free(t->stsd_new.p);
	free(t->new_sizes);
	free(t->new_offsets);
}

/* Is this a track of chapters' names or pictures for another? */
static bool
is_chapters(struct span moov, uint32_t id)
{
	struct iso_box trak;

	while (iso_next(&moov, &trak) == 1) {
		struct span tref, chap;
		uint64_t v;

		if (trak.type != ISO_TYPE("trak") || !iso_find(trak.body, "tref", &tref) ||
		    !iso_find(tref, "chap", &chap))
			continue;
		while (media_number(&chap, 4, &v))
			if (v == id)
				return true;
	}
	return false;
}

/* Is there a sound among the tracks that are kept that this one is only another coding of? */
static bool
has_alternative(const struct movie *m, const struct track *missed)
{
	for (unsigned i = 0; i < m->n_tracks; i++)
		if (missed->sound && m->tracks[i].sound && missed->alternative != 0 &&
		    m->tracks[i].alternative == missed->alternative)
			return true;
	return false;
}

static int
read_tracks(struct movie *m, struct span moov)
{
	struct track missed[TRACKS_MAX];
	unsigned n_missed = 0;
	struct span in = moov;
	struct iso_box box;
	int r;

	while ((r = iso_next(&in, &box)) == 1) {
		struct track *t = &m->tracks[m->n_tracks];

		if (box.type != ISO_TYPE("trak"))
			continue;
		if (m->n_tracks == TRACKS_MAX || n_missed == TRACKS_MAX)
			return CANDOR_EBADMSG;
		r = read_track(t, box.body);
		if (r == 1 && !is_chapters(moov, t->id)) {
			m->n_tracks++;
			continue;
		}
		drop_track(t);
		if (r == 0 && t->stsd.p != NULL && !is_chapters(moov, t->id))
			missed[n_missed++] = *t;
		*t = (struct track){ 0 };
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	for (unsigned i = 0; i < n_missed; i++)
		if (!has_alternative(m, &missed[i])) {
			*m->why = CODING;
			return CANDOR_EBADMSG;
		}
	return m->n_tracks > 0 ? 0 : CANDOR_EBADMSG;
}

/* ---- the data ----------------------------------------------------------------------------------- */

#define RUN_BYTES 12 /* first chunk, samples in each, their description */

static int
prepare(const struct movie *m, struct track *t)
{
	bool plain = t->descriptions[0].coding->plain;

	for (unsigned i = 1; i < t->n_descriptions; i++)
		if (t->descriptions[i].coding->plain != plain)
			return CANDOR_EBADMSG;
	if (t->fixed > 0 && t->n_samples > m->file.len / t->fixed)
		return CANDOR_EBADMSG;
	if (t->stsc.len == 0 ? t->n_chunks > 0 : be32(t->stsc.p) != 1)
		return CANDOR_EBADMSG;
	/* Only waves are sure to keep their size. */
	if (!plain || t->fixed == 0) {
		t->new_sizes = calloc((size_t)t->n_samples + 1, sizeof(uint32_t));
		if (t->new_sizes == NULL)
			return CANDOR_ENOMEM;
	}
	t->new_offsets = calloc((size_t)t->n_chunks + 1, sizeof(uint32_t));
	return t->new_offsets == NULL ? CANDOR_ENOMEM : 0;
}

static uint64_t
place_of(const struct track *t)
{
	return t->stco.p != NULL ? be32(t->stco.p + 4 * (size_t)t->chunk)
				 : be64(t->co64.p + 8 * (size_t)t->chunk);
}

/* The track whose next chunk stands first in the file, or NULL. */
static struct track *
next_track(struct movie *m)
{
	struct track *next = NULL;

	for (unsigned i = 0; i < m->n_tracks; i++) {
		struct track *t = &m->tracks[i];

		if (t->chunk < t->n_chunks && (next == NULL || place_of(t) < place_of(next)))
			next = t;
	}
	return next;
}

/* n samples that begin where in does; of the file, *left bytes may yet be copied. */
static int
copy_samples(struct track *t, const struct description *d, uint32_t n, struct span in,
    struct sink *to, size_t *left)
{
	struct span sample;

	if (t->new_sizes == NULL) {
		/* QuickTime may count what the description tells as one byte. */
		uint64_t each = t->fixed == 1 && d->frame_bytes > 0 ? d->frame_bytes : t->fixed;

		if (n * each > *left || !media_take(&in, n * each, &sample))
			return CANDOR_EBADMSG;
		*left -= n * each;
		sink_span(to, sample);
		t->sample += n;
		return 0;
	}
	for (; n > 0; n--, t->sample++) {
		size_t size = t->fixed > 0 ? t->fixed : be32(t->sizes.p + 4 * (size_t)t->sample);
		size_t before = sink_at(to);
		int r;

		if (size > *left || !media_take(&in, size, &sample))
			return CANDOR_EBADMSG;
		*left -= size;
		if ((r = d->coding->fn(to, sample, d->length_bytes)) < 0)
			return r;
		t->new_sizes[t->sample] = (uint32_t)(sink_at(to) - before);
	}
	return sink_result(to);
}

static int
copy_chunk(struct track *t, struct span in, struct sink *to, size_t start, size_t *left)
{
	uint64_t place = place_of(t);
	uint32_t n, description;
	struct span before;

	/* A run goes on until the next begins. */
	if (t->stsc.len - t->run >= (size_t)2 * RUN_BYTES &&
	    be32(t->stsc.p + t->run + RUN_BYTES) == t->chunk + 1)
		t->run += RUN_BYTES;
	n = be32(t->stsc.p + t->run + 4);
	description = be32(t->stsc.p + t->run + 8);
	if (n > t->n_samples - t->sample || description == 0 || description > t->n_descriptions ||
	    place > in.len)
		return CANDOR_EBADMSG;
	(void)media_take(&in, place, &before);
	t->new_offsets[t->chunk++] = (uint32_t)(sink_at(to) - start);
	return copy_samples(t, &t->descriptions[description - 1], n, in, to, left);
}

static int
copy_chunks(struct movie *m, struct sink *to, size_t start)
{
	/* Chunks that overlap could be more than the file. */
	size_t begun = iso_begin(to, "mdat"), left = m->file.len;
	struct track *t;
	int r;

	for (unsigned i = 0; i < m->n_tracks; i++)
		if ((r = prepare(m, &m->tracks[i])) < 0)
			return r;
	while ((t = next_track(m)) != NULL)
		if ((r = copy_chunk(t, m->file, to, start, &left)) < 0)
			return r;
	iso_end(to, begun);
	for (unsigned i = 0; i < m->n_tracks; i++)
		if (m->tracks[i].sample != m->tracks[i].n_samples)
			return CANDOR_EBADMSG;
	return sink_result(to);
}

/* ---- the tables --------------------------------------------------------------------------------- */

/* A header's version and flags, and, for the two times of day, zeros; what is behind them in *rest. */
static size_t
begin_header(struct sink *to, const char *type, struct span body, struct span *rest)
{
	size_t n = (size_t)2 * TIME_BYTES(body),
	       begun = iso_begin_full(to, type, body.p[0] == 1, body.p[3] & 0xf);

	sink_zeros(to, n);
	*rest = (struct span){ body.p + 4 + n, body.len - 4 - n };
	return begun;
}

/* As a header goes on: so many bytes are kept, or are passed over and written as zeros. */
static void
keep(struct sink *to, struct span *rest, size_t n)
{
	struct span kept;

	if (media_take(rest, n, &kept))
		sink_span(to, kept);
}

static void
zero(struct sink *to, struct span *rest, size_t n)
{
	struct span gone;

	if (media_take(rest, n, &gone))
		sink_zeros(to, n);
}

static void
put_mvhd(const struct movie *m, struct sink *to)
{
	struct span rest;
	size_t begun = begin_header(to, "mvhd", m->mvhd, &rest);

	keep(to, &rest, 4 + TIME_BYTES(m->mvhd) + 4 + 2); /* how long, how fast, how loud */
	zero(to, &rest, 10);
	keep(to, &rest, 36); /* how it lies */
	zero(to, &rest, 24); /* where its preview and its poster are */
	sink_number(to, m->n_tracks + 1, 4);
	iso_end(to, begun);
}

static void
put_tkhd(const struct track *t, struct sink *to, unsigned id)
{
	struct span rest;
	size_t begun = begin_header(to, "tkhd", t->tkhd, &rest);

	(void)media_take(&rest, 4, &(struct span){ 0 });
	sink_number(to, id, 4);
	zero(to, &rest, 4);
	keep(to, &rest, TIME_BYTES(t->tkhd));
	zero(to, &rest, 8);
	keep(to, &rest, 6); /* layer, alternatives, how loud */
	zero(to, &rest, 2);
	keep(to, &rest, 44); /* how it lies, width, height */
	iso_end(to, begun);
}

static void
put_mdhd(const struct track *t, struct sink *to)
{
	struct span rest;
	size_t begun = begin_header(to, "mdhd", t->mdhd, &rest);

	keep(to, &rest, 4 + TIME_BYTES(t->mdhd));
	sink_number(to, NOBODYS_LANGUAGE, 2);
	sink_zeros(to, 2);
	iso_end(to, begun);
}

static void
put_table(struct sink *to, const char *type, unsigned version, size_t bytes, struct span entries)
{
	size_t begun;

	if (entries.p == NULL)
		return;
	begun = iso_begin_full(to, type, version, 0);
	sink_number(to, entries.len / bytes, 4);
	sink_span(to, entries);
	iso_end(to, begun);
}

/* Of runs of samples those that there are samples for. */
static struct span
used_runs(struct span runs, uint32_t n_samples)
{
	uint64_t n = 0;

	for (size_t at = 0; at < runs.len; at += 8) {
		if (n >= n_samples)
			runs.len = at;
		else
			n += be32(runs.p + at);
	}
	return runs;
}

/* Of samples where decoding may begin those that there are. */
static struct span
used_samples(struct span syncs, uint32_t n_samples)
{
	uint32_t last = 0;

	for (size_t at = 0; at < syncs.len; at += 4) {
		uint32_t n = be32(syncs.p + at);

		if (n <= last || n > n_samples)
			syncs.len = at;
		last = n;
	}
	return syncs;
}

static void
put_stbl(const struct track *t, struct sink *to)
{
	size_t stbl = iso_begin(to, "stbl"), begun;
	/* The run that the last chunk was in is the last. */
	struct span runs = { t->stsc.p, t->n_chunks == 0 ? 0 : t->run + RUN_BYTES };

	sink_put(to, t->stsd_new.p, t->stsd_new.len);
	put_table(to, "stts", 0, 8, used_runs(t->stts, t->n_samples));
	put_table(to, "ctts", t->ctts_version, 8, used_runs(t->ctts, t->n_samples));
	put_table(to, "stss", 0, 4, used_samples(t->stss, t->n_samples));
	put_table(to, "stsc", 0, RUN_BYTES, runs);
	begun = iso_begin_full(to, "stsz", 0, 0);
	sink_number(to, t->new_sizes == NULL ? t->fixed : 0, 4);
	sink_number(to, t->n_samples, 4);
	for (uint32_t i = 0; t->new_sizes != NULL && i < t->n_samples; i++)
		sink_number(to, t->new_sizes[i], 4);
	iso_end(to, begun);
	begun = iso_begin_full(to, "stco", 0, 0);
	sink_number(to, t->n_chunks, 4);
	for (uint32_t i = 0; i < t->n_chunks; i++)
		sink_number(to, t->new_offsets[i], 4);
	iso_end(to, begun);
	iso_end(to, stbl);
}

static void
put_minf(const struct track *t, struct sink *to)
{
	size_t minf = iso_begin(to, "minf"), dinf, dref;
	size_t begun =
	    t->sound ? iso_begin_full(to, "smhd", 0, 0) : iso_begin_full(to, "vmhd", 0, 1);

	sink_zeros(to, t->sound ? 4 : 8);
	iso_end(to, begun);
	dinf = iso_begin(to, "dinf");
	dref = iso_begin_full(to, "dref", 0, 0);
	sink_number(to, 1, 4);
	iso_end(to, iso_begin_full(to, "url ", 0, 1)); /* here */
	iso_end(to, dref);
	iso_end(to, dinf);
	put_stbl(t, to);
	iso_end(to, minf);
}

static void
put_trak(const struct movie *m, unsigned i, struct sink *to)
{
	const struct track *t = &m->tracks[i];
	size_t trak = iso_begin(to, "trak"), mdia, begun;

	put_tkhd(t, to, i + 1);
	if (t->elst.p != NULL) {
		begun = iso_begin(to, "edts");
		put_table(to, "elst", t->elst_version, EDIT_BYTES(t->elst_version), t->elst);
		iso_end(to, begun);
	}
	mdia = iso_begin(to, "mdia");
	put_mdhd(t, to);
	begun = iso_begin_full(to, "hdlr", 0, 0);
	sink_put(to, m->brand == QUICKTIME ? "mhlr" : "\0\0\0", 4);
	sink_put(to, t->sound ? "soun" : "vide", 4);
	sink_zeros(to, 13);
	iso_end(to, begun);
	put_minf(t, to);
	iso_end(to, mdia);
	iso_end(to, trak);
}

/* ---- the file ----------------------------------------------------------------------------------- */

/* Brands that say what to open it with, and not, as others do, who made the camera. */
static const char brands[][5] = { "qt  ", "M4A ", "M4B ", "M4V ", "mp41", "mp42", "isom", "3gp4",
	"3gp5", "3gp6", "3g2a", "3g2b", "3g2c" };
#define COMMON_BRAND ISO_TYPE("mp42")

static void
put_brand(const struct movie *m, struct sink *to)
{
	size_t begun = iso_begin(to, "ftyp");

	sink_number(to, m->brand, 4);
	sink_zeros(to, 4);
	sink_number(to, m->brand, 4);
	if (m->brand != QUICKTIME)
		sink_put(to, "isommp42", 8);
	iso_end(to, begun);
}

static void
read_brand(struct movie *m)
{
	struct span ftyp;

	/* Before there were brands there was QuickTime. */
	m->brand = QUICKTIME;
	if (!iso_find(m->file, "ftyp", &ftyp) || ftyp.len < 4)
		return;
	m->brand = COMMON_BRAND;
	for (size_t i = 0; i < NELEM(brands); i++)
		if (be32(ftyp.p) == ISO_TYPE(brands[i]))
			m->brand = be32(ftyp.p);
}

static int
rewrite(struct movie *m, struct clean_out *out)
{
	struct sink to = { .out = out };
	size_t start = sink_at(&to), begun;
	struct span moov, other;
	int r;

	read_brand(m);
	if (!iso_find(m->file, "moov", &moov))
		return CANDOR_EBADMSG;
	if (iso_find(moov, "mvex", &other)) {
		*m->why = "it is cut into fragments, as for a broadcast; save it again as an "
			  "ordinary MP4";
		return CANDOR_EBADMSG;
	}
	if (!iso_find(moov, "mvhd", &m->mvhd) || m->mvhd.len == 0 ||
	    m->mvhd.len < MVHD_MIN(m->mvhd))
		return CANDOR_EBADMSG;
	if ((r = read_tracks(m, moov)) < 0)
		return r;
	put_brand(m, &to);
	if ((r = copy_chunks(m, &to, start)) < 0)
		return r;
	begun = iso_begin(&to, "moov");
	put_mvhd(m, &to);
	for (unsigned i = 0; i < m->n_tracks; i++)
		put_trak(m, i, &to);
	iso_end(&to, begun);
	return sink_result(&to);
}

int
clean_mp4(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	struct movie *m = calloc(1, sizeof(*m));
	int r;

	(void)depth;
	*why = BROKEN;
	if (m == NULL)
		return CANDOR_ENOMEM;
	m->file = (struct span){ in, len };
	m->why = why;
	r = rewrite(m, out);
	for (unsigned i = 0; i < TRACKS_MAX; i++)
		drop_track(&m->tracks[i]);
	free(m);
	return r;
}
