/* SPDX-License-Identifier: ISC */
/*
 * ZIP archives as the cleaner reads and writes them: stored or deflated members in memory, nothing
 * else. What is written has no times, no extra fields, no comments, and no names but ours. Not libzip:
 * that asks the time zone's file, and brings ciphers and compressors that nobody needs behind walls.
 */
#ifndef CANDOR_CLEANER_PACK_H
#define CANDOR_CLEANER_PACK_H

#include "cleaner/clean.h"

#define PACK_MEMBERS_MAX 4096
#define PACK_NAME_MAX 512

struct pack_member {
	char *name; /* NUL-terminated; relative, without "..", backslash or control characters */
	const uint8_t *data;
	size_t compressed, size;
	uint32_t crc;
	bool deflated;
};

/* An archive that is read: its members sorted by name, no name twice. */
struct pack {
	struct pack_member *members;
	size_t n;
	size_t left; /* bytes that pack_read may still give out */
};

/*
 * Read the directory of the archive in, which must outlive the pack. Returns 0, or as clean_fn does:
 * CANDOR_EBADMSG for what is damaged, encrypted, of another method, or has names that point elsewhere.
 */
MUST_CHECK int pack_open(struct pack *pack, const uint8_t *in, size_t len, const char **why);
void pack_close(struct pack *pack);

/* The member of this name, or NULL. */
const struct pack_member *pack_find(const struct pack *pack, const char *name);

/*
 * The bytes of a member, for the caller to free(), followed by a NUL. All reads of one pack together
 * give out at most CLEAN_OUTPUT_MAX bytes: CANDOR_ETOOBIG beyond.
 */
MUST_CHECK int pack_read(struct pack *pack, const struct pack_member *member, uint8_t **out,
    size_t *len, const char **why);

/* An archive that is written at the end of out. Start with { .out = out }. */
struct pack_writer {
	struct clean_out *out;
	struct clean_out directory;
	unsigned n;
};

/* Append a member; plain ones are stored, as ODF wants its mimetype. The first goes first. */
MUST_CHECK int pack_add(
    struct pack_writer *w, const char *name, const void *data, size_t len, bool plain);

/* Write the directory, when ok, and let go of everything. */
MUST_CHECK int pack_finish(struct pack_writer *w, int ok);

/* The type of document that an archive is, as libmagic would name it; NULL for one that is just an
 * archive. For those whose parts stand in an order that libmagic does not know. */
const char *zip_type_of(const uint8_t *in, size_t len);

/* The error of an output that took no more. */
int clean_put_error(const struct clean_out *out);

#endif
