/* SPDX-License-Identifier: ISC */
/* Bech32: see bech32.h. Any process; wipes what it held of a key. */
#include "bech32.h"

#include <string.h>

#include <sodium/utils.h>

#define GROUPS 52 /* of 5 bits: 256 bits and 4 zeros */
#define CHECKSUM 6

static const char charset[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static uint32_t
polymod(uint32_t chk, uint8_t value)
{
	static const uint32_t generator[] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
		0x2a1462b3 };
	uint32_t top = chk >> 25;

	chk = (chk & 0x1ffffff) << 5 ^ value;
	for (unsigned i = 0; i < NELEM(generator); i++)
		chk ^= top >> i & 1 ? generator[i] : 0;
	return chk;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The checksum's state behind the prefix, which counts in small letters. */
static uint32_t
begin(const char *prefix)
{
	uint32_t chk = 1;

	for (const char *p = prefix; *p != '\0'; p++)
		chk = polymod(chk, (uint8_t)lower(*p) >> 5);
	chk = polymod(chk, 0);
	for (const char *p = prefix; *p != '\0'; p++)
		chk = polymod(chk, (uint8_t)lower(*p) & 0x1f);
	return chk;
}

static bool
is_upper(const char *prefix)
{
	return prefix[0] != lower(prefix[0]);
}

void
bech32_encode(char *out, const char *prefix, const uint8_t key[BECH32_KEY_BYTES])
{
	uint8_t group[GROUPS + CHECKSUM] = { 0 };
	uint32_t chk = begin(prefix);
	size_t n = strlen(prefix);

	for (unsigned bit = 0; bit < 8 * BECH32_KEY_BYTES; bit++)
		group[bit / 5] |= (uint8_t)((key[bit / 8] >> (7 - bit % 8) & 1) << (4 - bit % 5));
	for (unsigned i = 0; i < GROUPS + CHECKSUM; i++)
		chk = polymod(chk, group[i]);
	chk ^= 1;
	for (unsigned i = 0; i < CHECKSUM; i++)
		group[GROUPS + i] = chk >> 5 * (CHECKSUM - 1 - i) & 0x1f;

	memcpy(out, prefix, n);
	out += n;
	*out++ = '1';
	for (unsigned i = 0; i < GROUPS + CHECKSUM; i++) {
		char c = charset[group[i]];

		*out++ = is_upper(prefix) && c >= 'a' ? (char)(c - 'a' + 'A') : c;
	}
	*out = '\0';
	sodium_memzero(group, sizeof(group));
}

int
bech32_decode(uint8_t key[BECH32_KEY_BYTES], const char *prefix, const char *text, size_t text_len)
{
	uint8_t bytes[BECH32_KEY_BYTES + 1] = { 0 }; /* the last one holds the 4 zeros */
	uint32_t chk = begin(prefix);
	size_t n = strlen(prefix);
	int r = CANDOR_EINVAL;

	if (text_len != BECH32_CHARS(n) || memcmp(text, prefix, n) != 0 || text[n] != '1')
		return CANDOR_EINVAL;
	text += n + 1;
	for (unsigned i = 0; i < GROUPS + CHECKSUM; i++) {
		char c = lower(text[i]);
		const char *at = memchr(charset, c, sizeof(charset) - 1);
		uint8_t value;

		/* Letters of the other case than the prefix's are refused. */
		if (at == NULL || (c >= 'a' && (c != text[i]) != is_upper(prefix)))
			goto out;
		value = (uint8_t)(at - charset);
		chk = polymod(chk, value);
		for (unsigned b = 0; i < GROUPS && b < 5; b++) {
			unsigned bit = 5 * i + b;

			bytes[bit / 8] |= (uint8_t)((value >> (4 - b) & 1) << (7 - bit % 8));
		}
	}
	if (chk != 1 || bytes[BECH32_KEY_BYTES] != 0)
		goto out;
	memcpy(key, bytes, BECH32_KEY_BYTES);
	r = 0;
out:
	sodium_memzero(bytes, sizeof(bytes));
	return r;
}
