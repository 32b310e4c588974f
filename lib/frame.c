/* SPDX-License-Identifier: ISC */
/* Frames of a user's session: see candor/frame.h. Pure; any process. */
#include "candor/frame.h"

#include <string.h>

#include <sodium/utils.h>

#include "candor/pad.h"

_Static_assert(FRAME_MAX - FRAME_LENGTH_BYTES <= NOISE_MESSAGE_MAX, "a frame is one Noise message");

void
frame_prologue(uint8_t out[FRAME_PROLOGUE_BYTES], const uint8_t site_id[16])
{
	memcpy(out, FRAME_PROLOGUE, sizeof(FRAME_PROLOGUE) - 1);
	memcpy(out + sizeof(FRAME_PROLOGUE) - 1, site_id, 16);
}

size_t
frame_bytes(size_t len)
{
	return FRAME_LENGTH_BYTES + pad_size(FRAME_KIND_BYTES + len) + NOISE_TAG_BYTES;
}

int
frame_seal(struct noise_session *s, uint8_t *out, size_t *out_len, unsigned kind,
    const uint8_t *body, size_t len)
{
	uint8_t *plain = out + FRAME_LENGTH_BYTES;
	size_t padded, message;
	int r;

	if (len > WIRE_BODY_MAX)
		return CANDOR_ETOOBIG;
	padded = pad_size(FRAME_KIND_BYTES + len);
	message = padded + NOISE_TAG_BYTES;
	out[0] = (uint8_t)(message >> 8);
	out[1] = (uint8_t)message;
	plain[0] = (uint8_t)(kind >> 8);
	plain[1] = (uint8_t)kind;
	if (len > 0)
		memmove(plain + FRAME_KIND_BYTES, body, len);
	pad_apply(plain, FRAME_KIND_BYTES + len);
	if ((r = noise_encrypt(s, plain, plain, padded)) < 0) {
		sodium_memzero(plain, padded);
		return r;
	}
	*out_len = FRAME_LENGTH_BYTES + message;
	return 0;
}

int
frame_open(struct noise_session *s, uint8_t *plain, unsigned *kind, struct span *body,
    const uint8_t *message, size_t len)
{
	size_t content;
	int r;

	if (len < NOISE_TAG_BYTES || len > FRAME_MAX - FRAME_LENGTH_BYTES)
		return CANDOR_EBADMSG;
	if ((r = noise_decrypt(s, plain, message, len)) < 0)
		return r;
	if (pad_remove(plain, len - NOISE_TAG_BYTES, &content) < 0 || content < FRAME_KIND_BYTES)
		return CANDOR_EBADMSG;
	*kind = (unsigned)plain[0] << 8 | plain[1];
	*body = (struct span){ plain + FRAME_KIND_BYTES, content - FRAME_KIND_BYTES };
	return 0;
}
