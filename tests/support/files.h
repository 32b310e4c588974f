/* SPDX-License-Identifier: ISC */
/* For tests: files of the source tree, folders of their own, other programs, hex. */
#ifndef CANDOR_TEST_FILES_H
#define CANDOR_TEST_FILES_H

#include "candor/arena.h"

/* Memory for the life of the test's process, and an arena of size bytes in such memory. */
void *test_alloc(size_t size);
struct arena test_arena(size_t size);

/* The path of a file of the source tree: $CANDOR_TOP (else the current folder) and rel. */
const char *test_path(const char *rel);

/* The whole file, NUL behind it, for the life of the test. The test fails where it cannot be read. */
struct span test_read(const char *path);
void test_write(const char *path, const void *p, size_t len);

/* A new folder, removed with what is in it by test_rmdir(). */
const char *test_mkdir(void);
void test_rmdir(const char *dir);

/* The path of a file in a folder; valid for the life of the test. */
const char *test_join(const char *dir, const char *name);

/* Is there such a program in PATH? */
bool test_has_program(const char *name);

/* Run argv (NULL at the end), its standard output and error thrown away; the exit code, or -1. */
int test_spawn(const char *const argv[]);

/* Bytes of a hex string, for the life of the test; *len gets how many. */
uint8_t *test_unhex(const char *hex, size_t *len);

#endif
