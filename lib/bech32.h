/* SPDX-License-Identifier: ISC */
/* Bech32 (BIP 173) of 32-byte keys, as age writes them: for lib/age.c alone. Pure. */
#ifndef CANDOR_BECH32_H
#define CANDOR_BECH32_H

#include "candor/base.h"

#define BECH32_KEY_BYTES 32
/* "1", 52 characters of data, 6 of checksum. */
#define BECH32_CHARS(prefix_chars) ((prefix_chars) + 1 + 52 + 6)

/* Write BECH32_CHARS(strlen(prefix)) characters and a NUL; in capitals where prefix is. */
void bech32_encode(char *out, const char *prefix, const uint8_t key[BECH32_KEY_BYTES]);

/* The key back. CANDOR_EINVAL when the prefix is another, in other letters or anything else is
 * wrong; key is untouched then. */
int bech32_decode(uint8_t key[BECH32_KEY_BYTES], const char *prefix, const char *text,
    size_t text_len) MUST_CHECK;

#endif
