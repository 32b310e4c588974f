/* SPDX-License-Identifier: ISC */
/*
 * Reading a libconfig group by a table: each row is one setting, with its type, its limits and a
 * line of help. Every complaint says file, line, what is wrong and what is allowed; reading goes on
 * after one, so that all are seen at once. Supervisor only.
 */
#ifndef CANDOR_SETTING_H
#define CANDOR_SETTING_H

#include <libconfig.h>
#include <stdio.h>

#include "candor/arena.h"

#define SETTING_LIST_MAX 64

enum setting_type {
	SETTING_TEXT,   /* char *: printable, min..max bytes; with words: one of them */
	SETTING_PROSE,  /* char *: as TEXT, line feeds allowed */
	SETTING_PATH,   /* char *: absolute, or relative to the reader's folder */
	SETTING_HEX,    /* uint8_t[max] */
	SETTING_NUMBER, /* uint32_t: min..max */
	SETTING_BOOL,   /* int */
	SETTING_CHOICE, /* uint32_t: index in words */
	SETTING_TEXTS,  /* size_t, then char **: as protobuf-c lays out a repeated string */
	SETTING_PATHS,  /* the same, each as PATH */
	SETTING_MASK,   /* uint32_t: a list of words as bits 1 << index, at least one */
	SETTING_OTHER,  /* a known name that the caller reads */
};

#define SETTING_REQUIRED 1u /* no fallback: a complaint when it is missing */
#define SETTING_FIXED 2u    /* cannot change while the daemon runs */

struct setting_key {
	const char *name;
	enum setting_type type;
	unsigned flags;
	size_t offset; /* of the field in the caller's struct */
	uint32_t min, max;
	uint32_t number;          /* NUMBER, BOOL, CHOICE: when it is missing */
	const char *text;         /* TEXT, PROSE, PATH: when it is missing; NULL: "" */
	const char *const *words; /* what may be said, NULL at the end */
	/* A further test of a text; form then says what is allowed. Both or neither. */
	bool (*valid)(const char *text);
	const char *form;
	const char *doc; /* one line, for people */
};

struct setting_reader {
	struct arena *a;    /* holds what is read */
	FILE *err;          /* complaints, a line each */
	unsigned n_errors;  /* complaints so far */
	const char *file;   /* for complaints on the file as a whole */
	const char *folder; /* relative paths begin here; absolute */
};

/*
 * Read the settings of group into out (offsets of the n keys); prefix stands before names in
 * complaints ("limits."). What is missing gets its fallback; names that keys does not hold are
 * refused, with the nearest one that it does. group may be NULL: all fallbacks.
 */
void setting_read(struct setting_reader *r, const config_setting_t *group, const char *prefix,
    const struct setting_key *keys, size_t n, void *out);

/* Complain about a setting (NULL: the file as a whole). */
void setting_error(struct setting_reader *r, const config_setting_t *at, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* A list of texts that satisfy key's limits, whatever SETTING_ type the key has. */
void setting_texts(struct setting_reader *r, const config_setting_t *s, const char *prefix,
    const struct setting_key *key, size_t *n_out, char ***out);

/* Copies in the reader's arena; no memory left is a complaint and gives "". */
char *setting_copy(struct setting_reader *r, const char *text);
void *setting_alloc(struct setting_reader *r, size_t n);
char *setting_path(struct setting_reader *r, const char *path);

/*
 * Parse the file at path into lc, its @includes relative to folder. False after a complaint: it cannot
 * be read, or its grammar is at fault. Complaints on files as a whole name this one from here on.
 */
bool setting_file(struct setting_reader *r, config_t *lc, const char *path, const char *folder);

/*
 * Copy what is SETTING_FIXED from old to now, into arena a, and write the names of those that differed to
 * names, separated by ", ". Returns how many did.
 */
unsigned setting_keep_fixed(struct arena *a, const struct setting_key *keys, size_t n, void *now,
    const void *old, FILE *names);

#endif
