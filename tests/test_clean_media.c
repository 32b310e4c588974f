/* SPDX-License-Identifier: ISC */
/*
 * Cleaning sound, film, HEIC and AVIF: files in which telephones and programs left a name, a place and a
 * time lose them, and what is heard and seen stays. The files are in vectors/media, with how they were
 * made; decoders (ffmpeg, heif-convert) judge where they are installed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "cleaner/clean.h"
#include "cleaner/coded.h"
#include "support/files.h"

/* Planted wherever nobody should find anything. */
#define WHO "KODAK-OF-NURSE-ELLIS"

static const struct vector {
	const char *name, *type;
	clean_fn *clean;
	bool picture;
} vectors[] = {
	{ "film.mp4", "video/mp4", clean_mp4, false },
	{ "film.mov", "video/quicktime", clean_mp4, false },
	{ "sound.m4a", "audio/x-m4a", clean_mp4, false },
	{ "sound.mp3", "audio/mpeg", clean_mp3, false },
	{ "sound.flac", "audio/flac", clean_flac, false },
	{ "sound.ogg", "audio/ogg", clean_ogg, false },
	{ "sound.opus", "audio/ogg", clean_ogg, false },
	{ "sound.wav", "audio/x-wav", clean_wav, false },
	{ "still.heic", "image/heic", clean_heif, true },
	{ "tiles.heic", "image/heic", clean_heif, true },
	{ "still.avif", "image/avif", clean_heif, true },
};

/* What programs sign with. "LAME" alone is what every cleaned MP3 with a delay says. */
static const char *const tells[] = { WHO, "Lavc", "Lavf", "LAME3", "x264", "x265", "Apple", "2024",
	"prof", "Exif", "adobe", "udta", "meta:", "tmcd", "TAG", "ID3", "bext", "LIST", "fiin" };

static void
load(void)
{
	cr_assert(clean_formats_load());
}

TestSuite(clean_media, .init = load, .timeout = 120);

static struct span
vector(const char *name)
{
	return test_read(test_join(test_path("tests/vectors/media"), name));
}

/* A copy that may be changed. */
static uint8_t *
copy(struct span s)
{
	uint8_t *p = test_alloc(s.len + 1);

	memcpy(p, s.p, s.len);
	return p;
}

static uint8_t *
find(struct span s, const char *what, size_t len)
{
	return memmem(s.p, s.len, what, len);
}

static bool
holds(struct span s, const char *what)
{
	return s.len > 0 && find(s, what, strlen(what)) != NULL;
}

struct cleaned {
	int result;
	struct span file;
	const char *why;
};

static struct cleaned
clean(clean_fn *fn, struct span in)
{
	struct cleaned c = { .why = "" };
	struct clean_out out = { 0 };

	c.result = fn(&out, in.p, in.len, 0, &c.why);
	if (c.result == 0)
		c.file = (struct span){ copy((struct span){ out.p, out.len }), out.len };
	free(out.p);
	return c;
}

static void
refused(struct cleaned c, const char *reason)
{
	cr_assert(eq(int, c.result, CANDOR_EBADMSG));
	cr_assert(ne(ptr, strstr(c.why, reason), NULL), "%s", c.why);
}

static void
tells_nothing(struct span file, const char *name)
{
	for (size_t i = 0; i < NELEM(tells); i++)
		cr_assert(not(holds(file, tells[i])), "%s: %s", name, tells[i]);
}

/* ---- all of them -------------------------------------------------------------------------------- */

Test(clean_media, nothing_that_tells_comes_out)
{
	for (size_t i = 0; i < NELEM(vectors); i++) {
		struct span in = vector(vectors[i].name);
		struct cleaned c = clean(vectors[i].clean, in);

		cr_assert(eq(int, c.result, 0), "%s: %s", vectors[i].name, c.why);
		cr_assert(holds(in, WHO), "%s", vectors[i].name);
		tells_nothing(c.file, vectors[i].name);
	}
}

Test(clean_media, what_is_clean_comes_out_as_it_is)
{
	for (size_t i = 0; i < NELEM(vectors); i++) {
		struct cleaned once = clean(vectors[i].clean, vector(vectors[i].name)),
			       twice = clean(vectors[i].clean, once.file);

		cr_assert(eq(int, twice.result, 0), "%s: %s", vectors[i].name, twice.why);
		cr_assert(eq(sz, twice.file.len, once.file.len), "%s", vectors[i].name);
		cr_assert(eq(int, memcmp(twice.file.p, once.file.p, once.file.len), 0), "%s",
		    vectors[i].name);
	}
}

Test(clean_media, the_type_stays_the_same)
{
	for (size_t i = 0; i < NELEM(vectors); i++) {
		struct span in = vector(vectors[i].name);
		struct cleaned c = clean(vectors[i].clean, in);
		const char *type;

		cr_assert(ne(ptr, (void *)clean_format_of(in.p, in.len, &type), NULL));
		cr_assert(eq(str, (char *)type, (char *)vectors[i].type));
		(void)clean_format_of(c.file.p, c.file.len, &type);
		cr_assert(eq(str, (char *)type, (char *)vectors[i].type));
	}
}

Test(clean_media, what_is_cut_off_is_refused)
{
	for (size_t i = 0; i < NELEM(vectors); i++) {
		struct span whole = vector(vectors[i].name);

		for (size_t n = 1; n < 32; n++) {
			struct span part = { whole.p, whole.len * n / 32 };
			struct cleaned c = clean(vectors[i].clean, part);

			/* Behind all that is needed there may be something that is not. */
			cr_assert(c.result != 0 || n > (vectors[i].picture ? 16 : 24),
			    "%s cut at %zu/32", vectors[i].name, n);
			tells_nothing(c.file, vectors[i].name);
		}
	}
}

Test(clean_media, damage_anywhere_ends_orderly)
{
	for (size_t i = 0; i < NELEM(vectors); i++) {
		struct span in = vector(vectors[i].name);

		for (size_t n = 0; n < in.len; n += 1 + in.len / 2000) {
			uint8_t *p = copy(in);
			struct cleaned c;

			p[n] ^= 0xff;
			c = clean(vectors[i].clean, (struct span){ p, in.len });
			cr_assert(c.result == 0 || c.result == CANDOR_EBADMSG ||
				      c.result == CANDOR_ETOOBIG,
			    "%s at %zu", vectors[i].name, n);
			cr_assert(not(holds(c.file, WHO)), "%s at %zu", vectors[i].name, n);
		}
	}
}

Test(clean_media, a_flac_keeps_its_seek_points_whole)
{
	struct span in = clean(clean_flac, vector("sound.flac")).file;
	struct clean_out out = { 0 };
	struct cleaned c;

	/* Behind STREAMINFO, which is the last no more: one point, and two bytes. */
	cr_assert(clean_put(&out, "fLaC\0", 5) && clean_put(&out, in.p + 5, 37));
	cr_assert(clean_put(&out, "\203\0\0\24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\20\0xx", 24));
	cr_assert(clean_put(&out, in.p + 42, in.len - 42));
	c = clean(clean_flac, (struct span){ out.p, out.len });
	cr_assert(eq(int, c.result, 0), "%s", c.why);
	cr_assert(eq(sz, c.file.len, in.len + 4 + 18));
	cr_assert(eq(int, memcmp(c.file.p + 42, "\203\0\0\22", 4), 0));
	free(out.p);
}

Test(clean_media, a_flac_of_fewer_samples_than_it_claims_is_refused)
{
	struct span in = vector("sound.flac");
	uint8_t *p = copy(in);

	p[8 + 16] = 0xff;
	refused(clean(clean_flac, (struct span){ p, in.len }), "cut off");
}

/* Run the cleaner itself; what it says first, up to the end of the line, in line. */
static struct span
run_cleaner(const char *path, char line[static 256])
{
	const char *build = getenv("CANDOR_BUILD"), *dir = test_mkdir(),
		   *out = test_join(dir, "out"),
		   *cleaner = test_join(build != NULL ? build : "build/debug", "candor-cleaner");
	struct span said;
	int status;
	size_t n;
	pid_t pid;

	if ((pid = fork()) == 0) {
		char *argv[] = { "candor-cleaner", NULL }, *envp[] = { NULL };

		dup2(open(path, O_RDONLY), STDIN_FILENO);
		dup2(open(out, O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
		execve(cleaner, argv, envp);
		_exit(127);
	}
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	cr_assert(eq(int, status, 0), "%s", path);
	said = test_read(out);
	n = (size_t)((uint8_t *)memchr(said.p, '\n', said.len) - said.p);
	snprintf(line, 256, "%.*s", (int)n, (const char *)said.p);
	test_rmdir(dir);
	return (struct span){ said.p + n + 1, said.len - n - 1 };
}

Test(clean_media, behind_its_walls_the_cleaner_does_the_same)
{
	for (size_t i = 0; i < NELEM(vectors); i++) {
		const char *path = test_join(test_path("tests/vectors/media"), vectors[i].name);
		struct cleaned c = clean(vectors[i].clean, vector(vectors[i].name));
		char line[256], expected[256];
		struct span file = run_cleaner(path, line);

		snprintf(expected, sizeof(expected), "candor-clean 1 %s %zu", vectors[i].type,
		    c.file.len);
		cr_assert(eq(str, line, expected));
		cr_assert(eq(sz, file.len, c.file.len));
		cr_assert(eq(int, memcmp(file.p, c.file.p, file.len), 0));
	}
}

/* ---- judges ------------------------------------------------------------------------------------- */

/* What a shell command prints about "$f". */
static struct span
ask(const char *command, const char *file)
{
	char *all = test_alloc(strlen(command) + strlen(file) + 16), *said = test_alloc(1 << 20);
	size_t n;
	FILE *f;

	sprintf(all, "f='%s'; %s", file, command);
	f = popen(all, "r");
	cr_assert(ne(ptr, f, NULL));
	n = fread(said, 1, 1 << 20, f);
	pclose(f);
	return (struct span){ (uint8_t *)said, n };
}

static void
ask_before_and_after(const char *command, const struct vector *v)
{
	const char *dir = test_mkdir(), *path = test_join(dir, v->name);
	struct cleaned c = clean(v->clean, vector(v->name));
	struct span before, after;

	test_write(path, c.file.p, c.file.len);
	before = ask(command, test_join(test_path("tests/vectors/media"), v->name));
	after = ask(command, path);
	cr_assert(gt(sz, before.len, 0), "%s", v->name);
	cr_assert(eq(sz, after.len, before.len), "%s", v->name);
	cr_assert(eq(int, memcmp(after.p, before.p, before.len), 0),
	    "%s: before:\n%.*s\nafter:\n%.*s", v->name, (int)before.len, before.p, (int)after.len,
	    after.p);
	test_rmdir(dir);
}

/* Times, durations and sums of what a decoder makes of each frame. */
Test(clean_media, sounds_and_films_decode_to_the_same)
{
	if (!test_has_program("ffmpeg"))
		cr_skip_test("ffmpeg is not installed");
	for (size_t i = 0; i < NELEM(vectors); i++)
		if (!vectors[i].picture)
			ask_before_and_after(
			    strncmp(vectors[i].name, "film", 4) == 0
				? "ffmpeg -loglevel error -i \"$f\" -map 0:v -map 0:a -f framemd5 -"
				: "ffmpeg -loglevel error -i \"$f\" -map 0:a -f framemd5 -",
			    &vectors[i]);
}

Test(clean_media, pictures_decode_to_the_same)
{
	if (!test_has_program("heif-convert"))
		cr_skip_test("heif-convert (libheif-examples) is not installed");
	/* Without what heif-convert copies from the picture into its own. */
	for (size_t i = 0; i < NELEM(vectors); i++)
		if (vectors[i].picture)
			ask_before_and_after("o=$(mktemp -d); heif-convert -q 100 \"$f\" $o/a.jpg "
					     ">$o/said 2>&1 && exiftool -q -all= $o/a.jpg && "
					     "sha256sum <$o/a.jpg; rm -r $o",
			    &vectors[i]);
}

Test(clean_media, exiftool_finds_nothing_that_tells)
{
	const char *dir = test_mkdir();

	if (!test_has_program("exiftool"))
		cr_skip_test("exiftool is not installed");
	for (size_t i = 0; i < NELEM(vectors); i++) {
		const char *path = test_join(dir, vectors[i].name);
		struct cleaned c = clean(vectors[i].clean, vector(vectors[i].name));
		struct span said;

		test_write(path, c.file.p, c.file.len);
		said =
		    ask("exiftool -a -G1 -s \"$f\" | grep -v '^.System.' | grep -iE "
			"'gps|author|artist|make|model|creat.*: [^0]|title|comment|software|"
			"20[0-9][0-9]:|location|chapter|timecode|picture *:|thumb|profile_?desc'",
			path);
		cr_assert(eq(sz, said.len, 0), "%s: %.*s", vectors[i].name, (int)said.len, said.p);
	}
	test_rmdir(dir);
}

/* ---- MP4 ---------------------------------------------------------------------------------------- */

#define MATRIX_BYTES 36

Test(clean_media, a_film_lies_as_the_telephone_was_held)
{
	struct span in = vector("film.mp4");
	struct cleaned c = clean(clean_mp4, in);
	uint8_t *before = find(in, "tkhd", 4), *after = find(c.file, "tkhd", 4);

	cr_assert(ne(ptr, before, NULL));
	cr_assert(ne(ptr, after, NULL));
	cr_assert(ne(int, before[4 + 41], 1), "the vector is not turned");
	cr_assert(eq(int, memcmp(before + 4 + 40, after + 4 + 40, MATRIX_BYTES), 0));
	cr_assert(eq(int, memcmp(after + 8, "\0\0\0\0\0\0\0\0", 8), 0), "its times are left");
}

Test(clean_media, only_films_and_sounds_are_left_of_a_movie)
{
	struct span in = vector("film.mov");
	struct cleaned c = clean(clean_mp4, in);

	cr_assert(holds(in, "tmcd"));
	cr_assert(holds(c.file, "vide") && holds(c.file, "soun"));
	for (size_t i = 0; i < 3; i++) {
		static const char *const gone[] = { "tmcd", "gmhd", "tref" };

		cr_assert(not(holds(c.file, gone[i])), "%s", gone[i]);
	}
}

/* The place of a box's body in a copy. */
static uint8_t *
body_of(uint8_t *p, size_t len, const char *type)
{
	uint8_t *at = find((struct span){ p, len }, type, 4);

	cr_assert(ne(ptr, at, NULL), "%s", type);
	return at + 4;
}

static const struct {
	const char *box;
	size_t at;
	const char *with;
	size_t n;
} lies[] = {
	{ "stsz", 8, "\xff\xff\xff\xff", 4 },         /* samples */
	{ "stsz", 4, "\0\0\0\1\xff\xff\xff\xff", 8 }, /* of one byte each */
	{ "stsz", 12, "\xff\xff\xff\xff", 4 },        /* the first, as large as nothing is */
	{ "stco", 4, "\xff\xff\xff\xff", 4 },         /* chunks */
	{ "stco", 8, "\xff\xff\xff\xff", 4 },         /* the first, behind the end */
	{ "stsc", 4, "\xff\xff\xff\xff", 4 },         /* runs */
	{ "stsc", 8, "\0\0\0\2", 4 },                 /* the first chunk is in none */
	{ "stsc", 12, "\xff\xff\xff\xff", 4 },        /* samples in a chunk */
	{ "stsc", 16, "\0\0\0\0", 4 },                /* no description */
	{ "stsc", 16, "\0\0\1\0", 4 },                /* one that is not there */
	{ "stts", 4, "\xff\xff\xff\xff", 4 },         /* runs */
	{ "stsd", 4, "\0\0\0\0", 4 },                 /* no description at all */
	{ "stsd", 4, "\xff\xff\xff\xff", 4 },         /* and too many */
	{ "stsd", (size_t)-8, "\0\0\0\4", 4 },        /* smaller than its own head */
	{ "moov", (size_t)-8, "\0\0\0\1", 4 },        /* a large size that is none */
	{ "moov", (size_t)-8, "\xff\xff\xff\xff", 4 },
	{ "trak", (size_t)-8, "\xff\xff\xff\xff", 4 },
	{ "avcC", 0, "\1\144\0\12\377\377\377\377", 8 }, /* a parameter set of 64 KiB */
	{ "dref", 8, "\0\0\0\14url \0\0\0\0", 12 },      /* the data is in another file */
};

Test(clean_media, a_movie_that_lies_is_refused)
{
	struct span in = vector("film.mp4");

	for (size_t i = 0; i < NELEM(lies); i++) {
		uint8_t *p = copy(in);
		struct cleaned c;

		memcpy(body_of(p, in.len, lies[i].box) + (ptrdiff_t)lies[i].at, lies[i].with,
		    lies[i].n);
		c = clean(clean_mp4, (struct span){ p, in.len });
		cr_assert(eq(int, c.result, CANDOR_EBADMSG), "%zu: %s", i, lies[i].box);
	}
}

/* Of chunks that overlap a file could be made that is larger than any: here two of 1024 samples with four
 * channels each begin where the file does, which is shorter than both. */
Test(clean_media, a_movie_that_plays_the_same_again_and_again_is_refused)
{
	struct span in = vector("film.mov");
	uint8_t *p = copy(in), *sound = find((struct span){ p, in.len }, "soun", 4);
	size_t rest;

	cr_assert(ne(ptr, sound, NULL));
	rest = in.len - (size_t)(sound - p);
	cr_assert(lt(sz, in.len, 2 * 1024 * 8));
	memcpy(body_of(sound, rest, "sowt") + 16, "\0\4", 2);
	memcpy(body_of(sound, rest, "stsz") + 4, "\0\0\0\1\0\0\10\0", 8);
	memcpy(body_of(sound, rest, "stsc") + 12, "\0\0\4\0", 4);
	memcpy(body_of(sound, rest, "stsc") + 24, "\0\0\4\0", 4);
	cr_assert(eq(int, body_of(sound, rest, "stco")[7], 2));
	memcpy(body_of(sound, rest, "stco") + 8, "\0\0\0\0\0\0\0\0", 8);
	cr_assert(eq(int, clean(clean_mp4, (struct span){ p, in.len }).result, CANDOR_EBADMSG));
	/* Once is fine. */
	memcpy(body_of(sound, rest, "stsz") + 8, "\0\0\4\0", 4);
	memcpy(body_of(sound, rest, "stco") + 4, "\0\0\0\1", 4);
	cr_assert(eq(int, clean(clean_mp4, (struct span){ p, in.len }).result, 0));
}

static const uint8_t *
language_of(struct span file, const char *after)
{
	uint8_t *from = find(file, after, strlen(after)), *hdlr = find(file, "mdhd", 4);

	/* mdhd stands before the handler's name of its track. */
	for (uint8_t *next = hdlr; next != NULL && next < from;) {
		hdlr = next;
		next = find(
		    (struct span){ next + 1, file.len - (size_t)(next + 1 - file.p) }, "mdhd", 4);
	}
	return hdlr + 4 + 20;
}

Test(clean_media, a_sounds_language_goes)
{
	struct span in = vector("film.mp4");

	cr_assert(eq(int, memcmp(language_of(in, "soun"), "\x10\xb5", 2), 0), "deu");
	cr_assert(
	    eq(int, memcmp(language_of(clean(clean_mp4, in).file, "soun"), "\x55\xc4", 2), 0));
}

Test(clean_media, a_film_of_a_cameras_own_brand_is_a_film)
{
	struct span in = vector("film.mp4");
	uint8_t *p = copy(in);
	const char *type;

	for (size_t i = 0; i < 2; i++) {
		memcpy(p + 8, i == 0 ? "XAVC" : "MSNV", 4);
		cr_assert(ne(ptr, (void *)clean_format_of(p, in.len, &type), NULL));
		cr_assert(eq(str, (char *)type, "video/mp4"));
		cr_assert(holds(clean(clean_mp4, (struct span){ p, in.len }).file, "ftypmp42"));
	}
}

/* Audio books have a track of pictures, one a chapter. */
Test(clean_media, pictures_of_chapters_go)
{
	struct span in = vector("film.mp4");
	uint8_t *p = copy(in);
	struct cleaned c;

	memcpy(body_of(p, in.len, "chap"), "\0\0\0\1", 4);
	c = clean(clean_mp4, (struct span){ p, in.len });
	cr_assert(eq(int, c.result, 0), "%s", c.why);
	cr_assert(holds(c.file, "soun") && !holds(c.file, "vide"));
}

Test(clean_media, what_cannot_be_cleaned_in_a_movie_is_said)
{
	struct span in = vector("film.mp4");
	uint8_t *p = copy(in);

	memcpy(body_of(p, in.len, "udta") - 4, "mvex", 4);
	refused(clean(clean_mp4, (struct span){ p, in.len }), "fragments");
	p = copy(in);
	memcpy(body_of(p, in.len, "avc1\0") - 4, "qdrw", 4);
	/* The first is the brand. */
	memcpy(body_of(p, in.len, "avc1\0") - 4, "qdrw", 4);
	refused(clean(clean_mp4, (struct span){ p, in.len }), "H.264");
}

/* ---- HEIC --------------------------------------------------------------------------------------- */

Test(clean_media, of_a_heic_the_main_picture_is_left_as_it_lies)
{
	struct span in = vector("tiles.heic");
	struct cleaned c = clean(clean_heif, in);

	for (size_t i = 0; i < 5; i++) {
		static const char *const gone[] = { "thmb", "auxl", "auxC", "cdsc", "mime" };

		cr_assert(holds(in, gone[i]) && !holds(c.file, gone[i]), "%s", gone[i]);
	}
	cr_assert(holds(c.file, "irot\3"));
	cr_assert(holds(c.file, "grid"));
	cr_assert(ne(ptr, find(c.file, "\0\0\0\1\0\x80\0\x40", 8), NULL), "two tiles, 128 by 64");
}

static const struct {
	const char *box;
	size_t at;
	const char *with;
	size_t n;
} heif_lies[] = {
	{ "pitm", 4, "\0\143", 2 },            /* no such item */
	{ "pitm", 4, "\0\17", 2 },             /* Exif */
	{ "dimg", 6, "\0\14", 2 },             /* a grid of itself */
	{ "dimg", 4, "\0\143", 2 },            /* a tile that is not there */
	{ "dimg", 2, "\0\3", 2 },              /* three tiles in a grid of two */
	{ "iinf", (size_t)-8, "\0\0\0\0", 4 }, /* up to the end of meta */
	{ "iloc", 6, "\377\377", 2 },          /* places */
	{ "iloc", 14, "\377\377", 2 },         /* pieces */
	{ "iloc", 16, "\377\377\377\377", 4 }, /* behind the end */
	{ "iloc", 20, "\377\377\377\377", 4 }, /* as long as nothing is */
	{ "iloc", 20, "\0\0\0\0", 4 },         /* of no length */
	{ "ipma", 4, "\377\377\377\377", 4 },  /* items with properties */
	{ "ipma", 11, "\0", 1 },               /* no decoder's parameters */
	{ "ipma", 11, "\177", 1 },             /* a property that is not there */
	{ "hvcC", 22, "\377", 1 },             /* parameters */
	{ "irot", (size_t)-4, "iXot", 4 },     /* essential, and not understood */
	{ "idat", 3, "\2", 1 },                /* a grid of three for two tiles */
	{ "meta", (size_t)-8, "\0\0\0\1", 4 },
};

Test(clean_media, a_heic_that_lies_is_refused)
{
	struct span in = vector("tiles.heic");

	for (size_t i = 0; i < NELEM(heif_lies); i++) {
		uint8_t *p = copy(in);
		struct cleaned c;

		memcpy(body_of(p, in.len, heif_lies[i].box) + (ptrdiff_t)heif_lies[i].at,
		    heif_lies[i].with, heif_lies[i].n);
		c = clean(clean_heif, (struct span){ p, in.len });
		cr_assert(eq(int, c.result, CANDOR_EBADMSG), "%zu: %s", i, heif_lies[i].box);
	}
}

Test(clean_media, a_heic_of_too_many_pixels_is_refused)
{
	struct span in = vector("still.heic");
	uint8_t *p = copy(in);

	memcpy(body_of(p, in.len, "ispe") + 4, "\0\1\0\0\0\1\0\0", 8);
	cr_assert(eq(int, clean(clean_heif, (struct span){ p, in.len }).result, CANDOR_ETOOBIG));
}

Test(clean_media, a_moving_heic_is_refused)
{
	struct span in = vector("still.heic");
	uint8_t *p = test_alloc(in.len + 8);

	memcpy(p, in.p, in.len);
	memcpy(p + in.len, "\0\0\0\10moov", 8);
	refused(clean(clean_heif, (struct span){ p, in.len + 8 }), "moving");
}

/* ---- coded pictures and sound ------------------------------------------------------------------- */

static struct span
code(coded_fn *fn, const char *bytes, size_t len)
{
	struct clean_out out = { 0 };
	struct sink to = { .out = &out };
	struct span s;

	cr_assert(eq(int, fn(&to, (struct span){ (const uint8_t *)bytes, len }, 1), 0));
	s = (struct span){ copy((struct span){ out.p, out.len }), out.len };
	free(out.p);
	return s;
}

static void
becomes(coded_fn *fn, const char *bytes, size_t len, const char *expected, size_t n)
{
	struct span s = code(fn, bytes, len);

	cr_assert(eq(sz, s.len, n));
	cr_assert(eq(int, memcmp(s.p, expected, n), 0));
}

Test(clean_media, of_supplemental_messages_only_those_stay_that_a_picture_is_shown_by)
{
	/* User data; alone, and beside the brightest light, in which a byte is escaped. */
	becomes(coded_avc, "\6\6\5\2xy\200\3\145\1\2", 11, "\3\145\1\2", 4);
	becomes(coded_avc, "\15\6\5\2xy\220\4\0\0\3\1\2\200\3\145\1\2", 18,
	    "\11\6\220\4\0\0\3\1\2\200\3\145\1\2", 14);
	/* The same of HEVC, whose heads have two bytes. */
	becomes(coded_hevc, "\7\116\1\5\2xy\200\7\116\1\220\2xy\200\3\46\1A", 20,
	    "\7\116\1\220\2xy\200\3\46\1A", 12);
}

Test(clean_media, of_av1_only_pictures_stay)
{
	/* A delimiter, a sequence, metadata of a television standard, of light, padding, a frame. */
	becomes(coded_av1, "\22\0\12\1A\52\2\4X\52\3\1Y\200\172\1Z\62\1F", 20,
	    "\12\1A\52\3\1Y\200\62\1F", 11);
}

Test(clean_media, of_mpeg_4_user_data_goes)
{
	becomes(
	    coded_mpeg4, "\0\0\1\260A\0\0\1\262Lavc\0\0\1\266B", 18, "\0\0\1\260A\0\0\1\266B", 10);
}

/* 6, 15, 1: fifteen bytes of filling; then a channel. */
Test(clean_media, an_encoder_that_signs_aac_is_forgotten)
{
	static const char frame[] = "\336\2\0Lavc60\0\0\0\0\0\0\0\0\2";
	struct span s = code(coded_aac, frame, sizeof(frame) - 1);

	cr_assert(eq(sz, s.len, sizeof(frame) - 1));
	cr_assert(not(holds(s, "Lavc")));
	cr_assert(eq(int, s.p[0], 0336));
}

/* ---- sounds ------------------------------------------------------------------------------------- */

static struct span
wav(const char *fmt, size_t len, const char *data_size)
{
	struct clean_out out = { 0 };
	uint8_t size[4] = { (uint8_t)len };
	struct span s;

	cr_assert(clean_put(&out, "RIFF\0\0\0\0WAVELIST\24\0\0\0" WHO, 40));
	cr_assert(clean_put(&out, "fmt ", 4) && clean_put(&out, size, 4));
	cr_assert(clean_put(&out, fmt, len) && clean_put(&out, "data", 4));
	cr_assert(clean_put(&out, data_size, 4) && clean_put(&out, "abcd", 4));
	s = (struct span){ copy((struct span){ out.p, out.len }), out.len };
	free(out.p);
	return s;
}

#define PCM "\1\0\1\0\100\37\0\0\200\76\0\0\2\0\20\0"

Test(clean_media, of_a_wav_the_sound_is_left_and_how_it_is_coded)
{
	struct cleaned c = clean(clean_wav, wav(PCM "\12\0" WHO, 28, "\4\0\0\0"));

	cr_assert(eq(int, c.result, 0), "%s", c.why);
	cr_assert(eq(sz, c.file.len, 48));
	cr_assert(eq(
	    int, memcmp(c.file.p, "RIFF\50\0\0\0WAVEfmt \20\0\0\0" PCM "data\4\0\0\0abcd", 48), 0));
	refused(clean(clean_wav, wav(PCM, 16, "\377\377\377\377")), "damaged");
	refused(clean(clean_wav, wav(PCM, 16, "\5\0\0\0")), "damaged");
	refused(clean(clean_wav, wav("\125\0" PCM, 16, "\4\0\0\0")), "PCM");
	refused(clean(clean_wav, wav("\2\0" PCM, 16, "\4\0\0\0")), "PCM");
}

Test(clean_media, two_recordings_in_an_ogg_stay_two)
{
	struct span one = vector("sound.opus");
	uint8_t *p = test_alloc(2 * one.len);
	struct cleaned first = clean(clean_ogg, one), both;

	memcpy(p, one.p, one.len);
	memcpy(p + one.len, one.p, one.len);
	both = clean(clean_ogg, (struct span){ p, 2 * one.len });
	cr_assert(eq(int, both.result, 0), "%s", both.why);
	cr_assert(eq(sz, both.file.len, 2 * first.file.len));
	/* The serial numbers. */
	cr_assert(eq(int, first.file.p[14], 1));
	cr_assert(eq(int, both.file.p[first.file.len + 14], 2));
}

Test(clean_media, an_ogg_whose_sums_are_wrong_is_refused)
{
	struct span in = vector("sound.ogg");
	uint8_t *p = copy(in);

	p[in.len - 1] ^= 1;
	refused(clean(clean_ogg, (struct span){ p, in.len }), "damaged");
}

static size_t
count(struct span s, const char *what)
{
	size_t n = 0;

	for (uint8_t *p = NULL; (p = find(s, what, strlen(what))) != NULL; n++) {
		s.len -= (size_t)(p + 1 - s.p);
		s.p = p + 1;
	}
	return n;
}

Test(clean_media, what_an_encoder_writes_between_sounds_becomes_nothing)
{
	struct span in = vector("sound.mp3");
	struct cleaned c = clean(clean_mp3, in);

	cr_assert(gt(sz, count(in, "LAME3"), 2));
	cr_assert(eq(sz, count(c.file, "LAME"), 1));
	cr_assert(not(holds(c.file, "UUUU")));
	cr_assert(ne(ptr, find(c.file, "LAME\0\0\0\0\0", 9), NULL));
}

Test(clean_media, tags_around_an_mp3_go)
{
	struct span in = clean(clean_mp3, vector("sound.mp3")).file;
	struct clean_out dirty = { 0 };
	struct cleaned c;

	cr_assert(clean_put(&dirty, "ID3\4\0\20\0\0\0\24" WHO "3DI\4\0\20\0\0\0\24", 40));
	cr_assert(clean_put(&dirty, in.p, in.len));
	cr_assert(
	    clean_put(&dirty, "APETAGEX\320\7\0\0\64\0\0\0\1\0\0\0\0\0\0\240\0\0\0\0\0\0\0\0", 32));
	cr_assert(clean_put(
	    &dirty, WHO "APETAGEX\320\7\0\0\64\0\0\0\1\0\0\0\0\0\0\200\0\0\0\0\0\0\0\0", 52));
	cr_assert(clean_put(&dirty, "LYRICSBEGIN" WHO "000031LYRICS200TAG" WHO, 69));
	c = clean(clean_mp3, (struct span){ dirty.p, dirty.len });
	cr_assert(eq(int, c.result, 0), "%s", c.why);
	cr_assert(eq(sz, c.file.len, in.len));
	cr_assert(eq(int, memcmp(c.file.p, in.p, in.len), 0));
	free(dirty.p);
	refused(clean(clean_mp3, SPAN_STR("ID3\4\0\0\177\177\177\177")), "MP3");
}
