/* SPDX-License-Identifier: ISC */
/*
 * Strict base64 for lib/ alone: no white space, no bits left over, padding as the variant wants it.
 * libsodium decodes, but takes some bytes beyond ASCII for letters. Pure.
 */
#ifndef CANDOR_BASE64_H
#define CANDOR_BASE64_H

#include "candor/base.h"

/* Decode text into at most cap bytes; *len gets how many. variant: sodium_base64_VARIANT_*.
 * False when it is not base64 or does not fit; out may hold anything then. */
bool base64_decode(
    uint8_t *out, size_t cap, size_t *len, const void *text, size_t text_len, int variant);

/* The same for what must be exactly len bytes. */
bool base64_exactly(uint8_t *out, size_t len, const void *text, size_t text_len, int variant);

#endif
