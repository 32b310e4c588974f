/* SPDX-License-Identifier: ISC */
/*
 * UTF-8 (RFC 3629), and which characters may stand where a person reads them: in a terminal, a mail
 * header, a list of names. A table of ranges, no library, so that every room can use it. Pure.
 */
#ifndef CANDOR_UTF8_H
#define CANDOR_UTF8_H

#include "candor/base.h"

#define UTF8_MAX_BYTES 4

/*
 * Decode the character at text, of which len bytes are left. Returns the bytes it took (1..4) and
 * sets *c; 0 when there is none or it is not UTF-8 (overlong, surrogate, beyond U+10FFFF, cut
 * short), *c is untouched then. NUL is a character here.
 */
size_t utf8_decode(uint32_t *c, const char *text, size_t len);

/* Write the character c, which must be one, to out; returns the bytes written (1..4). */
size_t utf8_encode(char out[UTF8_MAX_BYTES], uint32_t c);

/* Is all of text UTF-8? NUL and control characters count as such: see utf8_printable(). */
bool utf8_valid(const char *text, size_t len);

/*
 * Does c leave a mark or a blank where it stands, and nothing else? False for control characters
 * (tab and newline too), for those that reorder what follows (bidi), for those that cannot be seen
 * (zero width, fillers, variation selectors, tags), for private use and non-characters.
 */
bool utf8_char_printable(uint32_t c);

/* A blank of any width (category Zs): U+0020, U+00A0, U+2003, U+3000 and their kin. */
bool utf8_char_blank(uint32_t c);

/* Is text UTF-8 of printable characters throughout? True for none at all. */
bool utf8_printable(const char *text, size_t len);

#endif
