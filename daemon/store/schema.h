/* SPDX-License-Identifier: ISC */
/* The tables of candor.db, one script a version: see schema.c. Store. */
#ifndef CANDOR_STORE_SCHEMA_H
#define CANDOR_STORE_SCHEMA_H

#include "candor/base.h"

#define SCHEMA_PAGE_BYTES 8192
#define SCHEMA_VERSION 3

struct schema_step {
	const char *const *statement;
	size_t n;
};

/* schema_steps[v] leads from version v (PRAGMA user_version) to v + 1. Never edited, only appended. */
extern const struct schema_step schema_steps[];
extern const unsigned schema_version;

#endif
