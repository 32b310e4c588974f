/* SPDX-License-Identifier: ISC */
/* An officer's keys: derived, enrolled, kept in files. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>

#include "candor/keys.h"
#include "support/files.h"

static void
setup(void)
{
	cr_assert(ge(int, sodium_init(), 0));
}

TestSuite(keys, .init = setup, .timeout = 120);

Test(keys, hkdf_agrees_with_rfc_5869)
{
	/* Appendix A, cases 1 and 3. */
	uint8_t ikm[22], salt[13], info[10], out[42];
	char hex[2 * sizeof(out) + 1];

	memset(ikm, 0x0b, sizeof(ikm));
	for (uint8_t i = 0; i < sizeof(salt); i++)
		salt[i] = i;
	for (uint8_t i = 0; i < sizeof(info); i++)
		info[i] = (uint8_t)(0xf0 + i);
	hkdf_sha256(out, sizeof(out), ikm, sizeof(ikm), salt, sizeof(salt), info, sizeof(info));
	sodium_bin2hex(hex, sizeof(hex), out, sizeof(out));
	cr_assert(eq(str, hex,
	    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b88718586"
	    "5"));
	hkdf_sha256(out, sizeof(out), ikm, sizeof(ikm), NULL, 0, NULL, 0);
	sodium_bin2hex(hex, sizeof(hex), out, sizeof(out));
	cr_assert(eq(str, hex,
	    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c"
	    "8"));
}

static struct officer_secret
officer(uint8_t fill)
{
	struct officer_secret s;
	uint8_t identity[AGE_KEY_BYTES];

	memset(identity, fill, sizeof(identity));
	keys_derive(&s, identity);
	return s;
}

Test(keys, derived_keys_are_those_of_the_protocol)
{
	struct officer_secret s = officer(1);
	char line[KEYS_PUBLIC_MAX], print[KEYS_FINGERPRINT_CHARS + 1];

	keys_public_format(line, &s.pub);
	/* Computed apart, with Python and OpenSSL. */
	cr_assert(eq(str, line,
	    "age15nsf9y4k28p83wth93tf7hafhvfajp45d2mge80ems45gz0c5gys3me64l "
	    "yOoqJDx4q69_U1FEUpiFCWc04D5No23FKErk5ghAAH4 "
	    "UjDy2srPey3yW06qiGuVAzYz6n5ObW5calaUEokAUek"));
	keys_fingerprint(print, &s.pub);
	cr_assert(eq(str, print, "c9b1 f41f ca32 07b4 60ca 2cf2 c546 888f"));
}

Test(keys, the_three_keys_belong_together_and_differ)
{
	struct officer_secret s = officer(2), t = officer(2);
	uint8_t pub[32], sig[64];

	cr_assert(zero(int, memcmp(&s, &t, sizeof(s))));
	crypto_scalarmult_base(pub, s.noise);
	cr_assert(zero(int, memcmp(pub, s.pub.noise, 32)));
	age_recipient_of(pub, s.age);
	cr_assert(zero(int, memcmp(pub, s.pub.age, 32)));
	crypto_sign_detached(sig, NULL, (const uint8_t *)"x", 1, s.sign);
	cr_assert(zero(int, crypto_sign_verify_detached(sig, (const uint8_t *)"x", 1, s.pub.sign)));
	cr_assert(ne(int, memcmp(s.age, s.noise, 32), 0));
	cr_assert(ne(int, memcmp(s.noise, s.sign, 32), 0));
	cr_assert(ne(int, memcmp(s.age, s.sign, 32), 0));
}

Test(keys, the_line_comes_back_and_a_damaged_one_does_not)
{
	struct officer_secret s = officer(3);
	struct officer_public back;
	char line[KEYS_PUBLIC_MAX], spaced[2 * KEYS_PUBLIC_MAX];
	size_t len;

	keys_public_format(line, &s.pub);
	len = strlen(line);
	cr_assert(zero(int, keys_public_parse(&back, line, len)));
	cr_assert(zero(int, memcmp(&back, &s.pub, sizeof(back))));
	snprintf(spaced, sizeof(spaced), " \t%s\r\n", line);
	cr_assert(zero(int, keys_public_parse(&back, spaced, strlen(spaced))));
	for (size_t i = 0; i < len; i++)
		cr_assert(eq(int, keys_public_parse(&back, line, i), CANDOR_EINVAL), "%zu", i);
	snprintf(spaced, sizeof(spaced), "%s x", line);
	cr_assert(eq(int, keys_public_parse(&back, spaced, strlen(spaced)), CANDOR_EINVAL));
	line[AGE_RECIPIENT_CHARS + 2] = (char)0xe9;
	cr_assert(eq(int, keys_public_parse(&back, line, len), CANDOR_EINVAL));
	cr_assert(eq(int, keys_public_parse(&back, NULL, 0), CANDOR_EINVAL));
}

Test(keys, points_of_low_order_are_refused_and_only_those)
{
	uint8_t key[32], out[32], secret[32];
	struct officer_secret s = officer(4);
	struct officer_public back;
	char line[KEYS_PUBLIC_MAX];
	unsigned low = 0;

	memset(secret, 7, sizeof(secret));
	/* Values near 0 and near the prime, with and without the bit that does not count. */
	for (unsigned top = 0; top < 2; top++) {
		for (unsigned first = 0; first < 256; first++) {
			for (unsigned fill = 0; fill < 2; fill++) {
				memset(key, fill ? 0xff : 0, sizeof(key));
				key[0] = (uint8_t)first;
				key[31] = (uint8_t)((fill ? 0x7f : 0) | (top ? 0x80 : 0));
				bool ok = crypto_scalarmult(out, secret, key) == 0;

				cr_assert(eq(u8, keys_x25519_valid(key), ok), "%u %u %u", top,
				    first, fill);
				low += !ok;
			}
		}
	}
	cr_assert(eq(u32, low, 10));
	for (unsigned i = 0; i < 2; i++) {
		static const char *const order8[] = {
			"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
			"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"
		};
		size_t n;
		uint8_t *k = test_unhex(order8[i], &n);

		cr_assert(ne(int, crypto_scalarmult(out, secret, k), 0));
		cr_assert(not(keys_x25519_valid(k)));
		k[31] |= 0x80;
		cr_assert(not(keys_x25519_valid(k)));
	}
	memset(s.pub.age, 0, 32);
	keys_public_format(line, &s.pub);
	cr_assert(eq(int, keys_public_parse(&back, line, strlen(line)), CANDOR_EINVAL));
}

Test(keys, a_key_file_comes_back)
{
	struct arena a = test_arena(1 << 16);
	struct officer_secret s = officer(5);
	uint8_t back[32];
	struct span file;

	cr_assert(zero(int, keys_file_format(&a, &file, s.age, NULL, 0)));
	cr_assert(zero(int, keys_file_parse(&a, back, file.p, file.len, NULL, 0)));
	cr_assert(zero(int, memcmp(back, s.age, 32)));
}

Test(keys, a_key_file_with_passphrase_opens_with_it_alone)
{
	struct arena a = test_arena(1 << 16);
	struct officer_secret s = officer(6);
	uint8_t back[32] = { 0 };
	struct span file;

	cr_assert(zero(int, keys_file_format(&a, &file, s.age, "pass", 4)));
	cr_assert(age_is_armored(file.p, file.len));
	cr_assert(eq(int, keys_file_parse(&a, back, file.p, file.len, NULL, 0), CANDOR_EPERM));
	cr_assert(eq(int, keys_file_parse(&a, back, file.p, file.len, "Pass", 4), CANDOR_EBADMSG));
	cr_assert(
	    eq(int, keys_file_parse(&a, back, file.p, file.len - 9, "pass", 4), CANDOR_EBADMSG));
	cr_assert(zero(int, back[0]));
	cr_assert(zero(int, keys_file_parse(&a, back, file.p, file.len, "pass", 4)));
	cr_assert(zero(int, memcmp(back, s.age, 32)));
}

Test(keys, files_of_age_keygen_are_read)
{
	struct arena a = test_arena(1 << 16);
	uint8_t id[32];
	const char *dir, *path;
	struct span file;

	if (!test_has_program("age-keygen"))
		cr_skip_test("SKIPPED: age is not installed (make deps)");
	dir = test_mkdir();
	path = test_join(dir, "key");
	cr_assert(zero(int, test_spawn((const char *[]){ "age-keygen", "-o", path, NULL })));
	file = test_read(path);
	cr_assert(zero(int, keys_file_parse(&a, id, file.p, file.len, NULL, 0)));
	test_rmdir(dir);
}

Test(keys, files_without_exactly_one_identity_are_refused)
{
#define ID "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0"
	static const char *const bad[] = { "", "\n\n# nothing\n", ID "\n" ID "\n", ID " x\n",
		"x\n" ID, ID "\nssh-ed25519 AAAA\n", "AGE-SECRET-KEY-1EGTZ\n" };
	static const char *const good[] = { ID, "\n# c\r\n" ID "\r\n\n", "  " ID "  \n#x" };
	struct arena a = test_arena(1 << 16);
	uint8_t id[32];

	for (size_t i = 0; i < NELEM(bad); i++)
		cr_assert(
		    eq(int,
			keys_file_parse(&a, id, (const uint8_t *)bad[i], strlen(bad[i]), NULL, 0),
			CANDOR_EINVAL),
		    "%zu", i);
	for (size_t i = 0; i < NELEM(good); i++)
		cr_assert(zero(int, keys_file_parse(&a, id, (const uint8_t *)good[i],
					strlen(good[i]), NULL, 0)),
		    "%zu", i);
}
