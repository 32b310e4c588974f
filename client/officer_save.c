/* SPDX-License-Identifier: ISC */
/*
 * `candor case save`: an attachment or entry to a file of the officer's choosing, byte for byte; or, by
 * whoever brings the escrow's identity, an untouched original, which nobody else opens. Runs in the
 * client. Must never hold a whole attachment in memory, nor leave half a file.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "officer_case.h"
#include "private_file.h"
#include "verb.h"

#define SEALED_CHUNK (AGE_CHUNK_BYTES + AGE_TAG_BYTES)

/* Where it goes. */
struct target {
	struct client *c;
	const char *path;
	int fd;
};

static int
write_out(void *ctx, const uint8_t *p, size_t len)
{
	const struct target *t = ctx;

	return write_all(t->fd, p, len) ? 0 : CANDOR_ESYS;
}

/* What was fetched and not decrypted yet. */
struct intake {
	struct entry_reader from;
	uint8_t *buf; /* SEALED_CHUNK + WIRE_PIECE_MAX, in c->arena */
	size_t have;
};

/* Fetch until there is a whole sealed chunk, or the end. */
static int
fill(struct intake *in)
{
	struct arena *a = &in->from.s->c->scratch;

	while (
	    in->have < SEALED_CHUNK && (in->from.offset == 0 || in->from.offset < in->from.total)) {
		arena_mark_t mark = arena_mark(a);
		struct span piece;
		int r;

		if ((r = entry_next(&in->from, a, &piece)) != 0)
			return r;
		if (piece.len > WIRE_PIECE_MAX)
			return client_fail(in->from.s->c, EX_PROTOCOL,
			    "the daemon sent a piece of more than %d bytes", WIRE_PIECE_MAX);
		memcpy(in->buf + in->have, piece.p, piece.len);
		in->have += piece.len;
		arena_release(a, mark);
	}
	return 0;
}

static void
drop(struct intake *in, size_t n)
{
	in->have -= n;
	memmove(in->buf, in->buf + n, in->have);
}

static int
damaged(struct client *c, uint32_t n)
{
	return client_fail(
	    c, EX_DATAERR, "attachment %u is damaged, or was cut short: it is not saved", n);
}

static int
write_failed(struct client *c, const char *path)
{
	return client_fail(c, EX_IOERR, "%s: %s", path, strerror(errno));
}

int
case_attachment(struct officer_session *s, const struct open_case *k, uint32_t n,
    const uint8_t identity[AGE_KEY_BYTES], unpad_sink *sink, void *ctx, const char *path)
{
	struct client *c = s->c;
	struct intake in = { .from = { .s = s, .number = k->record->summary->number, .n = n } };
	struct unpad unpad = { .sink = sink, .ctx = ctx };
	struct age_stream *stream = arena_alloc(&c->arena, sizeof(*stream));
	uint8_t *plain = arena_alloc(&c->arena, AGE_CHUNK_BYTES);
	size_t used;
	bool last;
	int r, e;

	in.buf = arena_alloc(&c->arena, SEALED_CHUNK + WIRE_PIECE_MAX);
	if (stream == NULL || plain == NULL || in.buf == NULL)
		return client_fail_memory(c);
	if ((r = fill(&in)) != 0)
		return r;
	e = age_stream_open(&c->arena, stream, &used, in.buf, in.have, identity);
	if (e == CANDOR_ENOTFOUND)
		return client_fail(c, EX_NOPERM,
		    identity == k->identity ? "attachment %u is an untouched original, sealed to "
					      "the escrow alone: whoever "
					      "holds its identity opens it with --identity"
					    : "attachment %u is not sealed to this identity: the "
					      "escrow's opens untouched "
					      "originals, and nothing else is opened with one",
		    n);
	if (e != 0)
		return e == CANDOR_ENOMEM ? client_fail_memory(c) : damaged(c, n);
	drop(&in, used);
	do {
		size_t len;

		if ((r = fill(&in)) != 0)
			return r;
		last = in.from.offset == in.from.total && in.have <= SEALED_CHUNK;
		len = in.have < SEALED_CHUNK ? in.have : SEALED_CHUNK;
		if (len < AGE_TAG_BYTES ||
		    age_stream_decrypt(stream, plain, in.buf, len, last) != 0)
			return damaged(c, n);
		if (unpad_write(&unpad, plain, len - AGE_TAG_BYTES) != 0)
			return write_failed(c, path);
		drop(&in, len);
	} while (!last);
	return unpad_end(&unpad) == 0 ? 0 : damaged(c, n);
}

/* An entry's words. */
static int
save_words(struct officer_session *s, const struct open_case *k, const Candor__EntryInfo *info,
    struct target *t)
{
	struct client *c = s->c;
	arena_mark_t mark = arena_mark(&c->scratch);
	ProtobufCMessage *entry;
	const char *text;
	int r;

	if ((r = case_entry(s, k, info, &entry)) == 0) {
		text = entry_is(info, "report") ? ((const Candor__ReportEntry *)entry)->narrative
						: ((const Candor__TextEntry *)entry)->text;
		if (!write_all(t->fd, text, strlen(text)))
			r = write_failed(c, t->path);
	}
	arena_release(&c->scratch, mark);
	return r;
}

static int
save(struct officer_session *s, const struct open_case *k, const Candor__EntryInfo *info,
    const uint8_t identity[AGE_KEY_BYTES], struct target *t)
{
	return entry_is(info, "attachment")
		   ? case_attachment(s, k, info->n, identity, write_out, t, t->path)
		   : save_words(s, k, info, t);
}

static int
save_to_stdout(struct officer_session *s, const struct open_case *k, const Candor__EntryInfo *info,
    const uint8_t identity[AGE_KEY_BYTES])
{
	struct target t = { .c = s->c, .path = "standard output", .fd = STDOUT_FILENO };

	if (isatty(STDOUT_FILENO))
		return client_fail(s->c, EX_USAGE,
		    "standard output is a terminal, which somebody else's bytes must not reach: "
		    "name a "
		    "file, or a pipe");
	return save(s, k, info, identity, &t);
}

static int
save_to_file(struct officer_session *s, const struct open_case *k, const Candor__EntryInfo *info,
    const uint8_t identity[AGE_KEY_BYTES], const char *path)
{
	struct target t = { .c = s->c, .path = path };
	char said[64];
	int r, end;

	if ((r = private_file_open_new(s->c, &t.fd, path)) != 0)
		return r;
	r = save(s, k, info, identity, &t);
	end = private_file_finish(s->c, t.fd, path, r == 0);
	if (r != 0 || end != 0)
		return r != 0 ? r : end;
	snprintf(said, sizeof(said), "entry %u is saved", info->n);
	return officer_done(s->c, said);
}

/* The identity that opens it: the case's, or that of the file that was named. */
static int
opener(struct officer_session *s, const struct open_case *k, const char *path, const uint8_t **out)
{
	struct officer_secret *secret;
	int r;

	*out = k->identity;
	if (path == NULL)
		return 0;
	if ((secret = arena_alloc(&s->c->arena, sizeof(*secret))) == NULL)
		return client_fail_memory(s->c);
	if ((r = officer_read_key(s->c, path, secret, "Passphrase of that identity: ")) == 0)
		*out = secret->age;
	return r;
}

int
case_save(struct officer_session *s, int argc, char **argv)
{
	const char *identity_path = NULL;
	const struct verb_option options[] = { { "--identity", .value = &identity_path } };
	const Candor__EntryInfo *info;
	const uint8_t *identity;
	struct open_case k;
	char *number;
	uint32_t n;
	int r;

	if ((r = verb_options(s->c, "case save CASE N FILE [--identity FILE]", options,
		 NELEM(options), &argc, argv, 3, 3)) != 0 ||
	    (r = officer_case_number(s->c, &number, argv[1])) != 0 ||
	    (r = officer_number(s->c, &n, argv[2], UINT32_MAX, "entry")) != 0 ||
	    (r = officer_begin(s)) != 0 || (r = case_open(s, &k, number)) != 0 ||
	    (r = opener(s, &k, identity_path, &identity)) != 0)
		return r;
	if ((info = case_entry_info(&k, n)) == NULL)
		return client_fail(s->c, EX_NOINPUT,
		    "%s has no entry %u: `candor case show %s` has their numbers", number, n,
		    number);
	if (strcmp(argv[3], "-") == 0)
		return save_to_stdout(s, &k, info, identity);
	return save_to_file(s, &k, info, identity, argv[3]);
}
