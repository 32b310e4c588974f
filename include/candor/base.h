/* SPDX-License-Identifier: ISC */
/*
 * What every file of Candor may assume: the error codes, a view on bytes, and a few
 * macros. Included by all other headers; includes nothing of ours.
 */
#ifndef CANDOR_BASE_H
#define CANDOR_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NELEM(a) (sizeof(a) / sizeof((a)[0]))
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

/* Every function that can fail returns 0 or one of these; out-pointers stay untouched then. */
enum candor_error {
	CANDOR_OK = 0,
	CANDOR_EINVAL = -1,  /* a value is outside what the format allows */
	CANDOR_EBADMSG = -2, /* bytes do not decode, or fail authentication: one code on purpose */
	CANDOR_ENOMEM = -3,  /* the arena or the process is out of memory */
	CANDOR_ETOOBIG = -4, /* larger than the limit that the header names */
	CANDOR_ENOTFOUND = -5, /* no such thing, or not for you */
	CANDOR_EPERM = -6,     /* known, but not permitted */
	CANDOR_EAGAIN = -7,    /* not now; the same call may succeed later */
	CANDOR_EVERSION = -8,  /* of another version than the one that counts */
	CANDOR_EEXIST = -9,    /* is there already */
	CANDOR_ESYS = -10,     /* a system call failed; errno says how */
};

/* A read-only view on bytes that somebody else owns. Not NUL-terminated. */
struct span {
	const uint8_t *p;
	size_t len;
};

/* A view on a C string, for tables and tests. */
#define SPAN_STR(s) ((struct span){ (const uint8_t *)(s), sizeof(s) - 1 })

#endif
