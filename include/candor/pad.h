/* SPDX-License-Identifier: ISC */
/*
 * Padding: whatever is sent or stored has one of few sizes. A floor of 4 KiB, above it Padmé (Nikitin
 * et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", PETS 2019;
 * at most 12 %). The end of the content is marked as in ISO/IEC 7816-4: a byte 0x80, then zeros.
 * Pure; any process.
 */
#ifndef CANDOR_PAD_H
#define CANDOR_PAD_H

#include "candor/base.h"

#define PAD_FLOOR_BYTES 4096

/* The padded size of len bytes of content: the smallest allowed size > len; SIZE_MAX (which is none)
 * where there is no such size. */
size_t pad_size(size_t len);

/* Write the mark and zeros behind len bytes of content at buf, which holds pad_size(len). */
void pad_apply(uint8_t *buf, size_t len);

/* Find the content's length in padded_len bytes. CANDOR_EBADMSG when there is no mark or
 * padded_len is not an allowed size. In constant time for one size. */
int pad_remove(const uint8_t *buf, size_t padded_len, size_t *len) MUST_CHECK;

#endif
