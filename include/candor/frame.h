/* SPDX-License-Identifier: ISC */
/*
 * What travels in a user's session: frames. On the wire a two-byte length (big endian) and that many
 * bytes. The first two are the Noise handshake's messages; every later one is a Noise transport
 * message of a padded plaintext: kind (two bytes, big endian), body, padding (candor/pad.h). Pure;
 * clients, intake, desk.
 */
#ifndef CANDOR_FRAME_H
#define CANDOR_FRAME_H

#include "candor/noise.h"
#include "candor/wire.h"

#define FRAME_LENGTH_BYTES 2
#define FRAME_KIND_BYTES 2
/* The largest frame on the wire: Padmé's largest size in one Noise message. */
#define FRAME_MAX (FRAME_LENGTH_BYTES + 63488 + NOISE_TAG_BYTES)
/* Mixed into the handshake, followed by the site's id: another version is another protocol. */
#define FRAME_PROLOGUE "candor/1"
#define FRAME_PROLOGUE_BYTES (sizeof(FRAME_PROLOGUE) - 1 + 16)

/* The prologue for a site. */
void frame_prologue(uint8_t out[FRAME_PROLOGUE_BYTES], const uint8_t site_id[16]);

/* Bytes on the wire for a body of len bytes. */
size_t frame_bytes(size_t len);

/*
 * Encrypt one message to out, which holds frame_bytes(len). CANDOR_ETOOBIG over WIRE_BODY_MAX, else
 * as noise_encrypt().
 */
int frame_seal(struct noise_session *s, uint8_t *out, size_t *out_len, unsigned kind,
    const uint8_t *body, size_t len) MUST_CHECK;

/*
 * Decrypt what follows a frame's length, len bytes at message, into plain (len bytes, in the slab):
 * *kind and *body (a part of plain). CANDOR_EBADMSG: close the session.
 */
int frame_open(struct noise_session *s, uint8_t *plain, unsigned *kind, struct span *body,
    const uint8_t *message, size_t len) MUST_CHECK;

#endif
