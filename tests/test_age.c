/* SPDX-License-Identifier: ISC */
/* age files against the published vectors (C2SP CCTV) and Debian's age. */
#include <dirent.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>
#include <zlib.h>

#include "candor/age.h"
#include "support/files.h"

static void
setup(void)
{
	cr_assert(ge(int, sodium_init(), 0));
}

TestSuite(age, .init = setup, .timeout = 300);

/* ---- The published vectors ---------------------------------------------------------------------- */

#define KEYS_MAX 4
/* For a vector that names none: it must fail before. */
#define SOME_IDENTITY "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0"

struct vector {
	char expect[32];
	char payload[65]; /* SHA-256, hex */
	char identity[KEYS_MAX][128], passphrase[KEYS_MAX][128];
	unsigned n_identities, n_passphrases;
	bool armored, compressed, hybrid;
	struct span file;
};

static struct span
inflate_all(struct span in)
{
	uLong size = 64 << 20;
	uint8_t *p = test_alloc(size);

	cr_assert(zero(int, uncompress(p, &size, in.p, in.len)));
	return (struct span){ p, size };
}

static void
vector_read(struct vector *v, const char *path, const char *name)
{
	struct span all = test_read(path);
	const char *p = (const char *)all.p, *end;

	*v = (struct vector){ .hybrid = strstr(name, "hybrid") != NULL };
	for (; *p != '\n'; p = end + 1) {
		char value[128];

		end = strchr(p, '\n');
		cr_assert(ne(ptr, (void *)end, NULL));
		if (sscanf(p, "expect: %31[^\n]", v->expect) == 1)
			continue;
		if (sscanf(p, "payload: %64s", v->payload) == 1)
			continue;
		if (strncmp(p, "armored: yes\n", 13) == 0)
			v->armored = true;
		else if (strncmp(p, "compressed: zlib\n", 17) == 0)
			v->compressed = true;
		else if (strncmp(p, "identity: AGE-SECRET-KEY-PQ", 27) == 0)
			v->hybrid = true;
		else if (sscanf(p, "identity: %127[^\n]", value) == 1)
			strcpy(v->identity[v->n_identities++], value);
		else if (sscanf(p, "passphrase: %127[^\n]", value) == 1)
			strcpy(v->passphrase[v->n_passphrases++], value);
		cr_assert(lt(u32, v->n_identities, KEYS_MAX));
		cr_assert(lt(u32, v->n_passphrases, KEYS_MAX));
	}
	if (v->n_identities + v->n_passphrases == 0)
		strcpy(v->identity[v->n_identities++], SOME_IDENTITY);
	v->file =
	    (struct span){ (const uint8_t *)p + 1, (size_t)(all.p + all.len - (uint8_t *)p) - 1 };
	if (v->compressed)
		v->file = inflate_all(v->file);
}

static void
hash_hex(char out[65], const uint8_t *p, size_t len)
{
	uint8_t h[32];

	crypto_hash_sha256(h, p, len);
	sodium_bin2hex(out, 65, h, 32);
}

/* Of several keys the one that opens counts; else what went wrong before "not for us". */
static int
better(int r, int other)
{
	return other == 0 || r == CANDOR_ENOTFOUND ? other : r;
}

static int
vector_open(struct arena *a, struct span *out, const struct vector *v)
{
	struct span file = v->file;
	int r = CANDOR_ENOTFOUND;

	if (v->armored && (r = age_dearmor(a, &file, v->file.p, v->file.len)) < 0)
		return r == CANDOR_EINVAL ? CANDOR_EBADMSG : r;
	r = CANDOR_ENOTFOUND;
	for (unsigned i = 0; i < v->n_identities && r != 0; i++) {
		uint8_t id[AGE_KEY_BYTES];

		cr_assert(
		    zero(int, age_identity_parse(id, v->identity[i], strlen(v->identity[i]))));
		r = better(r, age_open(a, out, file.p, file.len, id));
	}
	for (unsigned i = 0; i < v->n_passphrases && r != 0; i++) {
		const char *p = v->passphrase[i];

		r = better(r, age_open_passphrase(a, out, file.p, file.len, p, strlen(p)));
	}
	return r;
}

/* Chunk by chunk: what came out before the first error, and that error. */
static int
vector_stream(struct arena *a, struct span *out, const struct vector *v)
{
	uint8_t id[AGE_KEY_BYTES];
	struct span file = v->file;
	struct age_stream s;
	size_t used, len = 0;
	uint8_t *plain;
	int r;

	*out = (struct span){ NULL, 0 };
	if (v->armored && age_dearmor(a, &file, v->file.p, v->file.len) < 0)
		return CANDOR_EBADMSG;
	cr_assert(zero(int, age_identity_parse(id, v->identity[0], strlen(v->identity[0]))));
	if ((r = age_stream_open(a, &s, &used, file.p, file.len, id)) < 0)
		return r;
	plain = arena_alloc(a, file.len);
	out->p = plain;
	do {
		size_t n = file.len - used, max = AGE_CHUNK_BYTES + AGE_TAG_BYTES;

		n = n < max ? n : max;
		if ((r = age_stream_decrypt(
			 &s, plain + len, file.p + used, n, used + n == file.len)) < 0)
			return r;
		used += n;
		len += n - AGE_TAG_BYTES;
		out->len = len;
	} while (used < file.len);
	return 0;
}

static int
expected_code(const char *expect)
{
	if (strcmp(expect, "success") == 0)
		return 0;
	if (strcmp(expect, "no match") == 0)
		return CANDOR_ENOTFOUND;
	cr_assert(ne(ptr, strstr(expect, "failure"), NULL), "unknown expectation %s", expect);
	return CANDOR_EBADMSG;
}

static int
is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

Test(age, every_published_vector_has_its_expected_end)
{
	struct arena a = test_arena(128 << 20);
	const char *dir = test_path("tests/vectors/age");
	unsigned checked = 0, skipped = 0, streamed = 0;
	struct dirent **names;
	int n = scandir(dir, &names, is_visible, alphasort);

	cr_assert(gt(int, n, 0));
	for (int i = 0; i < n; i++) {
		struct vector v;
		struct span out = { NULL, 0 };
		char hash[65];
		int expected;

		vector_read(&v, test_join(dir, names[i]->d_name), names[i]->d_name);
		if (v.hybrid) {
			skipped++;
			free(names[i]);
			continue;
		}
		expected = expected_code(v.expect);
		cr_expect(eq(int, vector_open(&a, &out, &v), expected), "%s: %s", names[i]->d_name,
		    v.expect);
		if (expected == 0) {
			hash_hex(hash, out.p, out.len);
			cr_expect(eq(str, hash, v.payload), "%s", names[i]->d_name);
		}
		arena_end(&a);
		if (v.n_identities == 1 && v.n_passphrases == 0) {
			int r = vector_stream(&a, &out, &v);

			cr_expect(eq(int, r == CANDOR_EAGAIN ? CANDOR_EBADMSG : r, expected), "%s",
			    names[i]->d_name);
			if (expected == 0) {
				hash_hex(hash, out.p, out.len);
				cr_expect(
				    eq(str, hash, v.payload), "%s, streamed", names[i]->d_name);
			}
			streamed++;
			arena_end(&a);
		}
		checked++;
		free(names[i]);
	}
	free(names);
	fprintf(stderr,
	    "age: %u vectors checked, %u of them streamed as well; %u hybrid ones skipped\n",
	    checked, streamed, skipped);
	cr_assert(gt(u32, checked, 100));
}

/* ---- Our own files ------------------------------------------------------------------------------ */

static const size_t sizes[] = { 0, 1, AGE_CHUNK_BYTES - 1, AGE_CHUNK_BYTES, AGE_CHUNK_BYTES + 1,
	2 * AGE_CHUNK_BYTES, 300000 };

static uint8_t *
random_bytes(size_t len)
{
	static const uint8_t seed[randombytes_SEEDBYTES] = { 1 };
	uint8_t *p = malloc(len + 1);

	cr_assert(ne(ptr, p, NULL));
	randombytes_buf_deterministic(p, len, seed);
	return p;
}

struct people {
	uint8_t identity[3][AGE_KEY_BYTES], recipient[3][AGE_KEY_BYTES];
};

static struct people
people(void)
{
	struct people p = { 0 };

	for (int i = 0; i < 3; i++)
		age_keypair(p.identity[i], p.recipient[i]);
	return p;
}

#define TO(p) ((const uint8_t(*)[AGE_KEY_BYTES])(p).recipient)

Test(age, every_recipient_opens_what_was_sealed_and_nobody_else)
{
	struct arena a = test_arena(8 << 20);
	struct people p = people();

	for (size_t i = 0; i < NELEM(sizes); i++) {
		uint8_t *plain = random_bytes(sizes[i]);
		struct span file, back;

		cr_assert(zero(int, age_seal(&a, &file, plain, sizes[i], TO(p), 2)));
		cr_assert(eq(sz, file.len, age_file_bytes(sizes[i], 2)));
		for (int k = 0; k < 2; k++) {
			cr_assert(zero(int, age_open(&a, &back, file.p, file.len, p.identity[k])));
			cr_assert(eq(sz, back.len, sizes[i]));
			cr_assert(zero(int, memcmp(back.p, plain, sizes[i])));
		}
		cr_assert(eq(
		    int, age_open(&a, &back, file.p, file.len, p.identity[2]), CANDOR_ENOTFOUND));
		arena_end(&a);
		free(plain);
	}
}

Test(age, streaming_writes_and_reads_what_one_call_does)
{
	struct arena a = test_arena(8 << 20);
	struct people p = people();

	for (size_t i = 0; i < NELEM(sizes); i++) {
		size_t len = sizes[i], at = 0, done;
		uint8_t *plain = random_bytes(len), *file = malloc(len + 1024);
		struct age_stream s;
		struct span head, back;

		cr_assert(zero(int, age_stream_begin(&a, &s, &head, TO(p), 3)));
		cr_assert(eq(sz, head.len, age_header_bytes(3) + AGE_NONCE_BYTES));
		memcpy(file, head.p, head.len);
		done = head.len;
		do {
			size_t n = len - at < AGE_CHUNK_BYTES ? len - at : AGE_CHUNK_BYTES;

			/* In place, as large attachments are. */
			memcpy(file + done, plain + at, n);
			cr_assert(zero(int,
			    age_stream_encrypt(&s, file + done, file + done, n, at + n == len)));
			done += n + AGE_TAG_BYTES;
			at += n;
		} while (at < len);
		cr_assert(eq(int, age_stream_encrypt(&s, file, file, 0, true), CANDOR_EINVAL));
		cr_assert(eq(sz, done, age_file_bytes(len, 3)));
		cr_assert(zero(int, age_open(&a, &back, file, done, p.identity[1])));
		cr_assert(eq(sz, back.len, len));
		cr_assert(zero(int, memcmp(back.p, plain, len)));
		arena_end(&a);
		free(plain);
		free(file);
	}
}

Test(age, a_stream_takes_whole_chunks_and_one_last)
{
	static uint8_t buf[AGE_CHUNK_BYTES + 2 * AGE_TAG_BYTES];
	struct age_stream s = { .counter = 0 };

	cr_assert(
	    eq(int, age_stream_encrypt(&s, buf, buf, AGE_CHUNK_BYTES - 1, false), CANDOR_EINVAL));
	cr_assert(
	    eq(int, age_stream_encrypt(&s, buf, buf, AGE_CHUNK_BYTES + 1, true), CANDOR_EINVAL));
	cr_assert(zero(int, age_stream_encrypt(&s, buf, buf, AGE_CHUNK_BYTES, false)));
	cr_assert(eq(int, age_stream_encrypt(&s, buf, buf, 0, true), CANDOR_EINVAL));
	cr_assert(
	    eq(int, age_stream_decrypt(&s, buf, buf, AGE_TAG_BYTES - 1, true), CANDOR_EBADMSG));
	cr_assert(eq(int, age_stream_decrypt(&s, buf, buf, sizeof(buf), true), CANDOR_EBADMSG));
}

Test(age, a_header_that_is_not_there_yet_is_asked_for_again)
{
	struct arena a = test_arena(1 << 20);
	struct people p = people();
	struct span file;
	struct age_stream s;
	size_t used = 0, head = age_header_bytes(2) + AGE_NONCE_BYTES;

	cr_assert(zero(int, age_seal(&a, &file, (const uint8_t *)"x", 1, TO(p), 2)));
	for (size_t n = 0; n < head; n++)
		cr_assert(eq(int, age_stream_open(&a, &s, &used, file.p, n, p.identity[1]),
			      CANDOR_EAGAIN),
		    "%zu", n);
	cr_assert(zero(int, age_stream_open(&a, &s, &used, file.p, head, p.identity[1])));
	cr_assert(eq(sz, used, head));
}

Test(age, a_header_without_end_is_refused)
{
	static char text[70000] = "age-encryption.org/v1\n";
	struct arena a = test_arena(1 << 20);
	struct people p = people();
	struct age_stream s;
	size_t used, n = strlen(text);

	while (n + 16 < sizeof(text))
		n += (size_t)sprintf(text + n, "-> grease\n\n");
	cr_assert(eq(int, age_stream_open(&a, &s, &used, (uint8_t *)text, 65536, p.identity[0]),
	    CANDOR_EAGAIN));
	cr_assert(eq(int, age_stream_open(&a, &s, &used, (uint8_t *)text, n, p.identity[0]),
	    CANDOR_EBADMSG));
}

Test(age, no_changed_or_missing_byte_goes_unnoticed)
{
	struct arena a = test_arena(4 << 20);
	struct people p = people();
	struct span file, back;
	uint8_t *bad;

	cr_assert(zero(int, age_seal(&a, &file, (const uint8_t *)"hello", 5, TO(p), 1)));
	bad = arena_copy(&a, file.p, file.len);
	for (size_t i = 0; i < file.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			bad[i] ^= (uint8_t)(1u << bit);
			cr_assert(ne(int, age_open(&a, &back, bad, file.len, p.identity[0]), 0),
			    "byte %zu bit %u", i, bit);
			bad[i] ^= (uint8_t)(1u << bit);
		}
		cr_assert(eq(int, age_open(&a, &back, file.p, i, p.identity[0]), CANDOR_EBADMSG));
	}
	bad = arena_copy(&a, file.p, file.len);
	cr_assert(eq(int, age_open(&a, &back, bad, file.len + 1, p.identity[0]), CANDOR_EBADMSG));
}

Test(age, recipients_out_of_range_or_of_low_order_are_refused)
{
	static const uint8_t none[AGE_RECIPIENTS_MAX + 1][AGE_KEY_BYTES];
	struct arena a = test_arena(1 << 20);
	struct age_stream s;
	struct span out = { NULL, 7 };

	cr_assert(eq(int, age_seal(&a, &out, NULL, 0, none, 0), CANDOR_EINVAL));
	cr_assert(
	    eq(int, age_seal(&a, &out, NULL, 0, none, AGE_RECIPIENTS_MAX + 1), CANDOR_EINVAL));
	cr_assert(eq(int, age_seal(&a, &out, NULL, 0, none, 1), CANDOR_EINVAL));
	cr_assert(eq(int, age_stream_begin(&a, &s, &out, none, 1), CANDOR_EINVAL));
	cr_assert(eq(sz, out.len, 7));
	cr_assert(zero(sz, a.used));
}

Test(age, a_full_arena_is_an_error_and_stays_usable)
{
	struct arena a = test_arena(300);
	struct people p = people();
	struct span out;

	cr_assert(eq(
	    int, age_seal(&a, &out, (const uint8_t *)"0123456789", 500, TO(p), 1), CANDOR_ENOMEM));
	cr_assert(zero(int, age_seal(&a, &out, (const uint8_t *)"0123456789", 10, TO(p), 1)));
	cr_assert(eq(int, age_seal(&a, &out, NULL, SIZE_MAX - 5, TO(p), 1), CANDOR_ENOMEM));
}

Test(age, keys_as_text_come_back_and_mistyped_ones_do_not)
{
	struct people p = people();
	char r[AGE_RECIPIENT_CHARS + 1], s[AGE_IDENTITY_CHARS + 1];
	uint8_t back[AGE_KEY_BYTES];

	age_recipient_format(r, p.recipient[0]);
	age_identity_format(s, p.identity[0]);
	cr_assert(eq(sz, strlen(r), AGE_RECIPIENT_CHARS));
	cr_assert(eq(sz, strlen(s), AGE_IDENTITY_CHARS));
	cr_assert(zero(int, age_recipient_parse(back, r, strlen(r))));
	cr_assert(zero(int, memcmp(back, p.recipient[0], sizeof(back))));
	cr_assert(zero(int, age_identity_parse(back, s, strlen(s))));
	cr_assert(zero(int, memcmp(back, p.identity[0], sizeof(back))));
	cr_assert(eq(int, age_recipient_parse(back, s, strlen(s)), CANDOR_EINVAL));
	cr_assert(eq(int, age_identity_parse(back, r, strlen(r)), CANDOR_EINVAL));
	cr_assert(eq(int, age_recipient_parse(back, r, strlen(r) - 1), CANDOR_EINVAL));
	for (size_t i = 0; i < strlen(r); i++) {
		char was = r[i];

		r[i] = was == 'q' ? 'p' : 'q';
		cr_assert(
		    eq(int, age_recipient_parse(back, r, strlen(r)), CANDOR_EINVAL), "%zu", i);
		r[i] = (char)(was ^ 0x20); /* the other case, or no letter at all */
		cr_assert(
		    eq(int, age_recipient_parse(back, r, strlen(r)), CANDOR_EINVAL), "%zu", i);
		r[i] = was;
	}
}

Test(age, a_known_identity_has_its_known_recipient)
{
	/* The identity of the vectors; its recipient by age-keygen -y. */
	static const char secret[] =
	    "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
	char text[AGE_RECIPIENT_CHARS + 1];
	uint8_t id[AGE_KEY_BYTES], r[AGE_KEY_BYTES];

	cr_assert(zero(int, age_identity_parse(id, secret, strlen(secret))));
	age_recipient_of(r, id);
	age_recipient_format(text, r);
	cr_assert(eq(str, text, "age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0mypdrwsvlul66mv4q47ryef"));
}

Test(age, armor_comes_off_as_it_went_on)
{
	struct arena a = test_arena(4 << 20);

	for (size_t len = 0; len < 200; len++) {
		uint8_t *plain = random_bytes(len);
		struct span text, back;

		cr_assert(zero(int, age_armor(&a, &text, plain, len)));
		cr_assert(age_is_armored(text.p, text.len));
		cr_assert(zero(int, age_dearmor(&a, &back, text.p, text.len)));
		cr_assert(eq(sz, back.len, len));
		cr_assert(zero(int, memcmp(back.p, plain, len)));
		for (size_t cut = 0; cut + 1 < text.len; cut++)
			cr_assert(ne(int, age_dearmor(&a, &back, text.p, cut), 0));
		arena_end(&a);
		free(plain);
	}
	struct span back;
	cr_assert(eq(int, age_dearmor(&a, &back, (const uint8_t *)"age", 3), CANDOR_EINVAL));
	cr_assert(eq(int, age_dearmor(&a, &back, NULL, 0), CANDOR_EINVAL));
}

Test(age, a_passphrase_opens_what_it_sealed_and_no_other_does)
{
	struct arena a = test_arena(1 << 20);
	struct people p = people();
	struct span file, text, back;

	cr_assert(
	    zero(int, age_seal_passphrase(&a, &file, (const uint8_t *)"hello", 5, "pass", 4, 10)));
	cr_assert(age_wants_passphrase(file.p, file.len));
	cr_assert(zero(int, age_armor(&a, &text, file.p, file.len)));
	cr_assert(age_wants_passphrase(text.p, text.len));
	cr_assert(zero(int, age_open_passphrase(&a, &back, file.p, file.len, "pass", 4)));
	cr_assert(eq(sz, back.len, 5));
	cr_assert(zero(int, memcmp(back.p, "hello", 5)));
	cr_assert(
	    eq(int, age_open_passphrase(&a, &back, file.p, file.len, "Pass", 4), CANDOR_ENOTFOUND));
	cr_assert(eq(int, age_open(&a, &back, file.p, file.len, p.identity[0]), CANDOR_ENOTFOUND));
	cr_assert(zero(int, age_seal(&a, &file, (const uint8_t *)"hello", 5, TO(p), 1)));
	cr_assert(not(age_wants_passphrase(file.p, file.len)));
	cr_assert(not(age_wants_passphrase(NULL, 0)));
	cr_assert(
	    eq(int, age_open_passphrase(&a, &back, file.p, file.len, "pass", 4), CANDOR_ENOTFOUND));
	cr_assert(eq(int, age_seal_passphrase(&a, &file, NULL, 0, "p", 1, 0), CANDOR_EINVAL));
	cr_assert(eq(int, age_seal_passphrase(&a, &file, NULL, 0, "p", 1, AGE_SCRYPT_LOG_N_MAX + 1),
	    CANDOR_EINVAL));
}

/* ---- Debian's age ------------------------------------------------------------------------------- */

static const size_t interop_sizes[] = { 0, AGE_CHUNK_BYTES - 1, AGE_CHUNK_BYTES,
	AGE_CHUNK_BYTES + 1, 20 << 20 };

#define NEED_AGE()                                                                                 \
	do {                                                                                       \
		if (!test_has_program("age"))                                                      \
			cr_skip_test("SKIPPED: age is not installed (make deps)");                 \
	} while (0)

Test(age, debians_age_opens_our_files)
{
	struct arena a = test_arena(128 << 20);
	struct people p = people();
	char secret[AGE_IDENTITY_CHARS + 1];
	const char *dir, *in, *out, *key;

	NEED_AGE();
	dir = test_mkdir();
	in = test_join(dir, "in.age");
	out = test_join(dir, "out");
	key = test_join(dir, "key");
	age_identity_format(secret, p.identity[1]);
	test_write(key, secret, strlen(secret));
	for (size_t i = 0; i < NELEM(interop_sizes); i++) {
		uint8_t *plain = random_bytes(interop_sizes[i]);
		struct span file, text, back;

		cr_assert(zero(int, age_seal(&a, &file, plain, interop_sizes[i], TO(p), 3)));
		cr_assert(zero(int, age_armor(&a, &text, file.p, file.len)));
		for (int armored = 0; armored < 2; armored++) {
			const struct span *s = armored ? &text : &file;

			test_write(in, s->p, s->len);
			test_write(out, "", 0); /* age creates none for nothing */
			cr_assert(zero(int, test_spawn((const char *[]){
						"age", "-d", "-i", key, "-o", out, in, NULL })));
			back = test_read(out);
			cr_assert(eq(sz, back.len, interop_sizes[i]));
			cr_assert(zero(int, memcmp(back.p, plain, back.len)));
		}
		arena_end(&a);
		free(plain);
	}
	test_rmdir(dir);
}

Test(age, we_open_debians_ages_files)
{
	struct arena a = test_arena(128 << 20);
	struct people p = people();
	char r0[AGE_RECIPIENT_CHARS + 1], r1[AGE_RECIPIENT_CHARS + 1];
	const char *dir, *in, *out;

	NEED_AGE();
	dir = test_mkdir();
	in = test_join(dir, "in");
	out = test_join(dir, "out.age");
	age_recipient_format(r0, p.recipient[0]);
	age_recipient_format(r1, p.recipient[1]);
	for (size_t i = 0; i < NELEM(interop_sizes); i++) {
		uint8_t *plain = random_bytes(interop_sizes[i]);

		test_write(in, plain, interop_sizes[i]);
		for (int armored = 0; armored < 2; armored++) {
			struct span file, back;

			cr_assert(zero(int, test_spawn((const char *[]){ "age", "-r", r0, "-r", r1,
						"-o", out, armored ? "-a" : "-e", in, NULL })));
			file = test_read(out);
			cr_assert(eq(u8, age_is_armored(file.p, file.len), armored));
			if (armored)
				cr_assert(zero(int, age_dearmor(&a, &file, file.p, file.len)));
			cr_assert(zero(int, age_open(&a, &back, file.p, file.len, p.identity[1])));
			cr_assert(eq(sz, back.len, interop_sizes[i]));
			cr_assert(zero(int, memcmp(back.p, plain, back.len)));
			cr_assert(eq(int, age_open(&a, &back, file.p, file.len, p.identity[2]),
			    CANDOR_ENOTFOUND));
			arena_end(&a);
		}
		free(plain);
	}
	test_rmdir(dir);
}

/* Run argv on a terminal of its own, and type line at each prompt, which ends in ": ". */
static int
spawn_typing(const char *const argv[], const char *line)
{
	char buf[256];
	int fd, status;
	pid_t pid = forkpty(&fd, NULL, NULL, NULL);
	bool colon = false;
	ssize_t n;

	cr_assert(ge(int, pid, 0));
	if (pid == 0) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (colon && buf[i] == ' ')
				cr_assert(
				    eq(long, write(fd, line, strlen(line)), (long)strlen(line)));
			colon = buf[i] == ':';
		}
	}
	close(fd);
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(age, passphrase_files_pass_between_us_and_debians_age)
{
	struct arena a = test_arena(1 << 20);
	const char *dir, *in, *out, *back_path;
	struct span file, back;

	NEED_AGE();
	dir = test_mkdir();
	in = test_join(dir, "in");
	out = test_join(dir, "out.age");
	back_path = test_join(dir, "back");
	test_write(in, "hello", 5);
	for (int armored = 0; armored < 2; armored++) {
		cr_assert(zero(int, spawn_typing((const char *[]){ "age", "-p",
						     armored ? "-a" : "-e", "-o", out, in, NULL },
					"correct horse\n")));
		file = test_read(out);
		cr_assert(age_wants_passphrase(file.p, file.len));
		if (armored)
			cr_assert(zero(int, age_dearmor(&a, &file, file.p, file.len)));
		cr_assert(zero(
		    int, age_open_passphrase(&a, &back, file.p, file.len, "correct horse", 13)));
		cr_assert(eq(sz, back.len, 5));
		cr_assert(zero(int, memcmp(back.p, "hello", 5)));
	}
	cr_assert(zero(int, age_seal_passphrase(&a, &file, (const uint8_t *)"world", 5,
				"correct horse", 13, AGE_SCRYPT_LOG_N)));
	test_write(in, file.p, file.len);
	cr_assert(zero(int, spawn_typing((const char *[]){ "age", "-d", "-o", back_path, in, NULL },
				"correct horse\n")));
	back = test_read(back_path);
	cr_assert(eq(sz, back.len, 5));
	cr_assert(zero(int, memcmp(back.p, "world", 5)));
	test_rmdir(dir);
}
