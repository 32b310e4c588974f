/* SPDX-License-Identifier: ISC */
/* The session against the published vectors of snow and cacophony, and against whoever tampers. */
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <jansson.h>
#include <sodium.h>

#include "candor/noise.h"
#include "support/files.h"

static void
setup(void)
{
	cr_assert(ge(int, sodium_init(), 0));
}

TestSuite(noise, .init = setup, .timeout = 60);

static const char *const pattern_names[] = {
	[NOISE_NK] = "Noise_NK_25519_ChaChaPoly_SHA512",
	[NOISE_IK] = "Noise_IK_25519_ChaChaPoly_SHA512",
};

/* The bytes of a hex field, NULL when the vector has none. */
static uint8_t *
field(const json_t *v, const char *key, size_t *len)
{
	const json_t *s = json_object_get(v, key);

	*len = 0;
	return s != NULL ? test_unhex(json_string_value(s), len) : NULL;
}

static void
begin_both(const json_t *v, enum noise_pattern pattern, struct noise_handshake hs[2])
{
	static const char *const side[] = { "init", "resp" };
	char key[32];
	size_t n;

	for (unsigned r = 0; r < 2; r++) {
		uint8_t *prologue, *s, *e, *rs;
		size_t prologue_len;

		snprintf(key, sizeof(key), "%s_prologue", side[r]);
		prologue = field(v, key, &prologue_len);
		snprintf(key, sizeof(key), "%s_static", side[r]);
		s = field(v, key, &n);
		snprintf(key, sizeof(key), "%s_remote_static", side[r]);
		rs = field(v, key, &n);
		snprintf(key, sizeof(key), "%s_ephemeral", side[r]);
		e = field(v, key, &n);
		cr_assert(zero(int, noise_begin(&hs[r], pattern, (enum noise_role)r, prologue,
					prologue_len, s, NULL, rs)));
		noise_fix_ephemeral(&hs[r], e);
	}
}

static void
replay(const json_t *v, enum noise_pattern pattern)
{
	static uint8_t out[NOISE_MESSAGE_MAX], back[NOISE_MESSAGE_MAX];
	struct noise_handshake hs[2];
	struct noise_session session[2];
	const json_t *m;
	size_t i, n;

	begin_both(v, pattern, hs);
	json_array_foreach(json_object_get(v, "messages"), i, m)
	{
		unsigned from = i % 2, to = !from;
		size_t payload_len, wire_len, out_len, back_len;
		uint8_t *payload = field(m, "payload", &payload_len);
		uint8_t *wire = field(m, "ciphertext", &wire_len);

		if (i < 2) {
			cr_assert(zero(int, noise_write(&hs[from], out, sizeof(out), &out_len,
						payload, payload_len)));
			cr_assert(zero(int,
			    noise_read(&hs[to], back, sizeof(back), &back_len, wire, wire_len)));
		} else {
			cr_assert(
			    zero(int, noise_encrypt(&session[from], out, payload, payload_len)));
			cr_assert(zero(int, noise_decrypt(&session[to], back, wire, wire_len)));
			out_len = payload_len + NOISE_TAG_BYTES;
			back_len = wire_len - NOISE_TAG_BYTES;
		}
		cr_assert(eq(sz, out_len, wire_len), "message %zu", i);
		cr_assert(zero(int, memcmp(out, wire, wire_len)), "message %zu", i);
		cr_assert(eq(sz, back_len, payload_len), "message %zu", i);
		cr_assert(zero(int, memcmp(back, payload, payload_len)), "message %zu", i);
		if (i == 1) {
			uint8_t *hash = field(v, "handshake_hash", &n);

			for (unsigned r = 0; r < 2; r++) {
				cr_assert(noise_done(&hs[r]));
				if (hash != NULL)
					cr_assert(zero(int, memcmp(hs[r].h, hash, n)));
				cr_assert(zero(int, noise_split(&hs[r], &session[r])));
			}
		}
	}
	cr_assert(gt(sz, i, 2));
}

Test(noise, published_vectors_come_out_byte_for_byte_in_both_roles)
{
	static const char *const files[] = { "tests/vectors/noise/snow.json",
		"tests/vectors/noise/cacophony.json" };
	unsigned replayed = 0;

	for (size_t f = 0; f < NELEM(files); f++) {
		json_error_t err;
		json_t *all = json_load_file(test_path(files[f]), 0, &err), *v;
		size_t i;

		cr_assert(ne(ptr, all, NULL), "%s: %s", files[f], err.text);
		json_array_foreach(all, i, v)
		{
			const char *name = json_string_value(json_object_get(v, "protocol_name"));

			for (unsigned p = 0; p < NELEM(pattern_names); p++) {
				if (strcmp(name, pattern_names[p]) == 0) {
					replay(v, (enum noise_pattern)p);
					replayed++;
				}
			}
		}
		json_decref(all);
	}
	cr_assert(eq(u32, replayed, 4));
}

/* A pair of parties that know each other as the pattern demands. */
struct pair {
	uint8_t s[2][32], pub[2][32];
	struct noise_handshake hs[2];
};

static void
pair_begin(struct pair *p, enum noise_pattern pattern)
{
	for (int r = 0; r < 2; r++) {
		randombytes_buf(p->s[r], 32);
		crypto_scalarmult_base(p->pub[r], p->s[r]);
	}
	cr_assert(zero(int, noise_begin(&p->hs[0], pattern, NOISE_INITIATOR, "p", 1,
				pattern == NOISE_IK ? p->s[0] : NULL, p->pub[0], p->pub[1])));
	cr_assert(zero(int,
	    noise_begin(&p->hs[1], pattern, NOISE_RESPONDER, "p", 1, p->s[1], p->pub[1], NULL)));
}

/* Both handshake messages, empty; message i is changed by the caller between write and read. */
static void
pair_finish(struct pair *p, struct noise_session session[2])
{
	uint8_t m[256];
	size_t n, none;

	for (unsigned i = 0; i < 2; i++) {
		cr_assert(zero(int, noise_write(&p->hs[i], m, sizeof(m), &n, NULL, 0)));
		cr_assert(zero(int, noise_read(&p->hs[!i], NULL, 0, &none, m, n)));
		cr_assert(zero(sz, none));
	}
	for (unsigned i = 0; i < 2; i++)
		cr_assert(zero(int, noise_split(&p->hs[i], &session[i])));
}

Test(noise, no_handshake_message_survives_a_changed_or_a_missing_byte)
{
	for (unsigned pattern = 0; pattern < 2; pattern++) {
		for (unsigned target = 0; target < 2; target++) {
			struct pair p;
			uint8_t m[2][256], bad[256], out[64];
			size_t len[2] = { 0 }, n;
			struct noise_handshake reader;

			pair_begin(&p, (enum noise_pattern)pattern);
			for (unsigned i = 0; i <= target; i++) {
				cr_assert(zero(int, noise_write(&p.hs[i], m[i], sizeof(m[i]),
							&len[i], (const uint8_t *)"hi", 2)));
				reader = p.hs[!i];
				cr_assert(zero(int,
				    noise_read(&p.hs[!i], out, sizeof(out), &n, m[i], len[i])));
			}
			for (size_t at = 0; at < len[target]; at++) {
				for (unsigned bit = 0; bit < 8; bit++) {
					struct noise_handshake hs = reader;

					/* RFC 7748 ignores the last bit of a key; Noise hashes it. */
					memcpy(bad, m[target], len[target]);
					bad[at] ^= (uint8_t)(1u << bit);
					cr_assert(eq(int,
						      noise_read(&hs, out, sizeof(out), &n, bad,
							  len[target]),
						      CANDOR_EBADMSG),
					    "pattern %u message %u byte %zu bit %u", pattern,
					    target, at, bit);
				}
			}
			for (size_t cut = 0; cut < len[target]; cut++) {
				struct noise_handshake hs = reader;

				cr_assert(
				    eq(int, noise_read(&hs, out, sizeof(out), &n, m[target], cut),
					CANDOR_EBADMSG));
			}
		}
	}
}

Test(noise, no_transport_message_survives_change_truncation_replay_or_reordering)
{
	struct pair p;
	struct noise_session session[2], s;
	uint8_t m[3][64], out[64];
	const size_t len = 5 + NOISE_TAG_BYTES;

	pair_begin(&p, NOISE_IK);
	pair_finish(&p, session);
	for (unsigned i = 0; i < 3; i++)
		cr_assert(zero(int, noise_encrypt(&session[0], m[i], (const uint8_t *)"hello", 5)));
	for (size_t at = 0; at < len; at++) {
		s = session[1];
		m[0][at] ^= 1;
		cr_assert(eq(int, noise_decrypt(&s, out, m[0], len), CANDOR_EBADMSG));
		m[0][at] ^= 1;
		cr_assert(eq(int, noise_decrypt(&s, out, m[0], at), CANDOR_EBADMSG));
	}
	cr_assert(eq(int, noise_decrypt(&session[1], out, m[1], len), CANDOR_EBADMSG));
	cr_assert(zero(int, noise_decrypt(&session[1], out, m[0], len)));
	cr_assert(zero(int, memcmp(out, "hello", 5)));
	cr_assert(eq(int, noise_decrypt(&session[1], out, m[0], len), CANDOR_EBADMSG));
	cr_assert(zero(int, noise_decrypt(&session[1], out, m[1], len)));
	/* Its own message is not for it. */
	cr_assert(eq(int, noise_decrypt(&session[0], out, m[2], len), CANDOR_EBADMSG));
}

Test(noise, a_message_is_encrypted_and_decrypted_in_place_up_to_the_maximum)
{
	static uint8_t buf[NOISE_MESSAGE_MAX + 1];
	struct pair p;
	struct noise_session session[2];
	const size_t max = NOISE_MESSAGE_MAX - NOISE_TAG_BYTES;

	pair_begin(&p, NOISE_NK);
	pair_finish(&p, session);
	buf[0] = 'a';
	buf[max - 1] = 'z';
	cr_assert(zero(int, noise_encrypt(&session[1], buf, buf, max)));
	cr_assert(zero(int, noise_decrypt(&session[0], buf, buf, NOISE_MESSAGE_MAX)));
	cr_assert(eq(chr, (char)buf[0], 'a'));
	cr_assert(eq(chr, (char)buf[max - 1], 'z'));
	cr_assert(eq(int, noise_encrypt(&session[1], buf, buf, max + 1), CANDOR_ETOOBIG));
	cr_assert(
	    eq(int, noise_decrypt(&session[0], buf, buf, NOISE_MESSAGE_MAX + 1), CANDOR_EBADMSG));
}

Test(noise, used_up_nonces_end_the_session)
{
	struct noise_session s = { .send = { .nonce = UINT64_MAX },
		.receive = { .nonce = UINT64_MAX } };
	uint8_t m[NOISE_TAG_BYTES];

	cr_assert(eq(int, noise_encrypt(&s, m, NULL, 0), CANDOR_EINVAL));
	cr_assert(eq(int, noise_decrypt(&s, m, m, sizeof(m)), CANDOR_EBADMSG));
}

Test(noise, another_prologue_pattern_or_responder_key_does_not_connect)
{
	struct pair p, q;
	struct noise_handshake hs;
	uint8_t m[256];
	size_t n, none;

	pair_begin(&p, NOISE_NK);
	pair_begin(&q, NOISE_NK);
	cr_assert(zero(int, noise_write(&p.hs[0], m, sizeof(m), &n, NULL, 0)));
	cr_assert(eq(int, noise_read(&q.hs[1], NULL, 0, &none, m, n), CANDOR_EBADMSG));
	cr_assert(
	    zero(int, noise_begin(&hs, NOISE_NK, NOISE_RESPONDER, "q", 1, p.s[1], p.pub[1], NULL)));
	cr_assert(eq(int, noise_read(&hs, NULL, 0, &none, m, n), CANDOR_EBADMSG));
	cr_assert(
	    zero(int, noise_begin(&hs, NOISE_IK, NOISE_RESPONDER, "p", 1, p.s[1], p.pub[1], NULL)));
	cr_assert(eq(int, noise_read(&hs, NULL, 0, &none, m, n), CANDOR_EBADMSG));
	cr_assert(zero(int, noise_read(&p.hs[1], NULL, 0, &none, m, n)));
}

Test(noise, a_responder_learns_who_the_officer_is)
{
	struct pair p;
	uint8_t m[256];
	size_t n, none;

	pair_begin(&p, NOISE_IK);
	cr_assert(zero(int, noise_write(&p.hs[0], m, sizeof(m), &n, NULL, 0)));
	cr_assert(zero(int, noise_read(&p.hs[1], NULL, 0, &none, m, n)));
	cr_assert(zero(int, memcmp(p.hs[1].rs, p.pub[0], 32)));
}

Test(noise, a_low_order_key_is_refused)
{
	static const uint8_t zero_key[32];
	struct pair p;
	struct noise_handshake hs;
	uint8_t m[256] = { 0 };
	size_t n;

	pair_begin(&p, NOISE_NK);
	cr_assert(eq(int, noise_read(&p.hs[1], NULL, 0, &n, m, 48), CANDOR_EBADMSG));
	cr_assert(
	    zero(int, noise_begin(&hs, NOISE_NK, NOISE_INITIATOR, "", 0, NULL, NULL, zero_key)));
	cr_assert(eq(int, noise_write(&hs, m, sizeof(m), &n, NULL, 0), CANDOR_EBADMSG));
}

Test(noise, calls_out_of_turn_are_refused)
{
	struct pair p;
	struct noise_session session[2];
	uint8_t m[256] = { 0 };
	size_t n;

	pair_begin(&p, NOISE_IK);
	cr_assert(eq(int, noise_write(&p.hs[1], m, sizeof(m), &n, NULL, 0), CANDOR_EINVAL));
	cr_assert(eq(int, noise_read(&p.hs[0], NULL, 0, &n, m, 48), CANDOR_EINVAL));
	cr_assert(eq(int, noise_split(&p.hs[0], &session[0]), CANDOR_EINVAL));
	cr_assert(eq(int, noise_write(&p.hs[0], m, 95, &n, NULL, 0), CANDOR_ETOOBIG));
	cr_assert(zero(int, noise_write(&p.hs[0], m, 96, &n, NULL, 0)));
	cr_assert(eq(int, noise_write(&p.hs[0], m, sizeof(m), &n, NULL, 0), CANDOR_EINVAL));
	m[40] ^= 1;
	cr_assert(eq(int, noise_read(&p.hs[1], NULL, 0, &n, m, 96), CANDOR_EBADMSG));
	m[40] ^= 1;
	cr_assert(eq(int, noise_read(&p.hs[1], NULL, 0, &n, m, 96), CANDOR_EINVAL));

	pair_begin(&p, NOISE_IK);
	pair_finish(&p, session);
	cr_assert(eq(int, noise_split(&p.hs[0], &session[0]), CANDOR_EINVAL));
	cr_assert(eq(int, noise_write(&p.hs[0], m, sizeof(m), &n, NULL, 0), CANDOR_EINVAL));
}

Test(noise, missing_keys_are_refused)
{
	static const uint8_t k[32] = { 9 };
	struct noise_handshake hs;

	cr_assert(eq(int, noise_begin(&hs, NOISE_NK, NOISE_INITIATOR, "", 0, NULL, NULL, NULL),
	    CANDOR_EINVAL));
	cr_assert(eq(
	    int, noise_begin(&hs, NOISE_IK, NOISE_INITIATOR, "", 0, NULL, NULL, k), CANDOR_EINVAL));
	cr_assert(eq(int, noise_begin(&hs, NOISE_NK, NOISE_RESPONDER, "", 0, NULL, NULL, NULL),
	    CANDOR_EINVAL));
}
