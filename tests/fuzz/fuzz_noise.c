/* SPDX-License-Identifier: ISC */
/* A stranger's handshake and transport messages: none is taken, none does harm. */
#include "candor/noise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t s[NOISE_KEY_BYTES] = { 1 }, s_public[NOISE_KEY_BYTES] = { 2 };
	static uint8_t out[NOISE_MESSAGE_MAX];
	struct noise_session session = { .receive = { .key = { 3 } } };

	for (unsigned pattern = NOISE_NK; pattern <= NOISE_IK; pattern++) {
		struct noise_handshake hs;
		size_t n;

		if (noise_begin(&hs, (enum noise_pattern)pattern, NOISE_RESPONDER, NULL, 0, s,
			s_public, NULL) < 0 ||
		    noise_read(&hs, out, sizeof(out), &n, data, len) == 0 || noise_done(&hs))
			__builtin_trap();
	}
	if (len >= NOISE_TAG_BYTES && len <= NOISE_MESSAGE_MAX &&
	    noise_decrypt(&session, out, data, len) == 0)
		__builtin_trap();
	return 0;
}
