/* SPDX-License-Identifier: ISC */
/*
 * candor strip: a filter from text to stripped text. Needs no site and no daemon. Texts that strip()
 * can work on within locked memory stay there; longer ones get a mapping that is kept out of core dumps.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "candor/strip.h"
#include "candor/wire.h"

#include "json.h"
#include "pieces.h"
#include "verb.h"

#define TEXT_MAX (1024u * 1024)

#define USAGE "strip [--profile reporter|deidentify] [--jsonl] [FILE]"

struct filter {
	struct client *c;
	enum strip_profile profile;
	struct pieces in;
	size_t line;
	struct arena large; /* mapped when it is first needed */
};

static struct arena *
arena_for(struct filter *f, size_t len)
{
	size_t size = STRIP_ARENA_BYTES(TEXT_MAX);
	void *map;

	if (len <= WIRE_TEXT_MAX)
		return &f->c->scratch;
	if (f->large.base == NULL) {
		map = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (map == MAP_FAILED)
			return NULL;
		(void)madvise(map, size, MADV_DONTDUMP);
		arena_init(&f->large, map, size);
	}
	return &f->large;
}

/* Strip one text; the arena that holds the result is released by the caller to mark 0. */
static int
strip_text(
    struct filter *f, struct arena *a, struct strip_result *out, const char *text, size_t len)
{
	int r = a == NULL ? CANDOR_ENOMEM : strip(a, out, text, len, f->profile, NULL);

	if (r == CANDOR_EINVAL)
		return client_fail(f->c, EX_DATAERR,
		    "%s: not plain text: UTF-8 without NUL is wanted; convert it first, as with "
		    "`iconv -t UTF-8`",
		    f->in.what);
	return r < 0 ? client_fail_memory(f->c) : 0;
}

static int
filter_text(struct filter *f)
{
	for (;;) {
		struct strip_result result;
		struct span piece;
		struct arena *a;
		int r;

		if ((r = pieces_next(f->c, &f->in, &piece)) != 0 || piece.len == 0)
			return r;
		a = arena_for(f, piece.len);
		if ((r = strip_text(f, a, &result, (const char *)piece.p, piece.len)) != 0)
			return r;
		fwrite(result.text.p, 1, result.text.len, stdout);
		arena_end(a);
	}
}

static json_t *
removed_json(const struct strip_result *result)
{
	json_t *list = json_array();

	for (size_t i = 0; i < result->n_spans; i++) {
		const struct strip_span *s = &result->spans[i];

		if (json_array_append_new(
			list, json_pack("{s:s,s:I,s:I}", "label", strip_label_name(s->label),
				  "start", (json_int_t)s->start, "end", (json_int_t)s->end)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static int
filter_line(struct filter *f, struct span line)
{
	json_t *root = json_loadb((const char *)line.p, line.len, JSON_REJECT_DUPLICATES, NULL);
	json_t *text = json_object_get(root, "text");
	struct strip_result result;
	struct arena *a;
	int r;

	if (!json_is_string(text) || json_string_length(text) > TEXT_MAX) {
		json_decref(root);
		return client_fail(f->c, EX_DATAERR,
		    "%s:%zu: must be an object like {\"text\": \"…\"}, the text at most %u bytes "
		    "long",
		    f->in.what, f->line, TEXT_MAX);
	}
	a = arena_for(f, json_string_length(text));
	r = strip_text(f, a, &result, json_string_value(text), json_string_length(text));
	if (r == 0)
		r = cjson_print(f->c, json_pack("{s:o,s:o}", "text", cjson_text(result.text),
					  "removed", removed_json(&result)));
	if (a != NULL)
		arena_end(a);
	json_decref(root);
	return r;
}

static int
filter_lines(struct filter *f)
{
	for (;;) {
		struct span line;
		bool more;
		int r;

		if ((r = pieces_line(f->c, &f->in, &line, &more)) != 0 || !more)
			return r;
		f->line++;
		if ((r = filter_line(f, line)) != 0)
			return r;
	}
}

int
verb_strip(struct client *c, int argc, char **argv)
{
	const char *profile = "reporter";
	bool jsonl = false;
	const struct verb_option options[] = {
		{ "--profile", NULL, &profile, NULL },
		{ "--jsonl", &jsonl, NULL, NULL },
	};
	struct filter f = { .c = c, .in = { .fd = STDIN_FILENO, .what = "standard input" } };
	int r;

	if ((r = verb_options(c, USAGE, options, NELEM(options), &argc, argv, 0, 1)) != 0)
		return r;
	if (c->json)
		return client_fail(
		    c, EX_USAGE, "--json is no option here; --jsonl is\nusage: candor %s", USAGE);
	if (strcmp(profile, "reporter") == 0)
		f.profile = STRIP_REPORTER;
	else if (strcmp(profile, "deidentify") == 0)
		f.profile = STRIP_DEIDENTIFY;
	else
		return client_fail(
		    c, EX_USAGE, "--profile is reporter or deidentify, not \"%s\"", profile);
	if (argc == 2 && strcmp(argv[1], "-") != 0) {
		f.in.what = argv[1];
		if ((f.in.fd = open(argv[1], O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0)
			return client_fail(c, EX_NOINPUT, "%s: %s", argv[1], strerror(errno));
	}
	f.in.cap = TEXT_MAX;
	if ((f.in.buf = arena_alloc(&c->arena, f.in.cap)) == NULL)
		return client_fail_memory(c);
	r = jsonl ? filter_lines(&f) : filter_text(&f);
	if (f.large.base != NULL) {
		arena_end(&f.large);
		munmap(f.large.base, f.large.size);
	}
	return r;
}
