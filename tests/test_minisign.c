/* SPDX-License-Identifier: ISC */
/* Signatures in minisign's format, and Debian's minisign on the other side. */
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sodium.h>

#include "candor/minisign.h"
#include "support/files.h"

static void
setup(void)
{
	cr_assert(ge(int, sodium_init(), 0));
}

TestSuite(minisign, .init = setup, .timeout = 120);

static const uint8_t text[] = "candor-directory 1\nsite 00\n";
#define LEN (sizeof(text) - 1)

Test(minisign, a_signature_verifies_and_every_changed_byte_that_counts_is_noticed)
{
	struct arena a = test_arena(1 << 16);
	struct minisign_secret k, other;
	struct span sig;
	uint8_t bad[MINISIGN_SIGNATURE_MAX], bad_text[sizeof(text)];
	const char *lf;

	minisign_keypair(&k);
	minisign_keypair(&other);
	cr_assert(zero(int, minisign_sign(&a, &sig, text, LEN, &k, "version 1")));
	cr_assert(zero(int, minisign_verify(text, LEN, sig.p, sig.len, &k.pub)));
	cr_assert(eq(int, minisign_verify(text, LEN, sig.p, sig.len, &other.pub), CANDOR_EBADMSG));
	memcpy(other.pub.key_id, k.pub.key_id, 8);
	cr_assert(eq(int, minisign_verify(text, LEN, sig.p, sig.len, &other.pub), CANDOR_EBADMSG));
	cr_assert(eq(int, minisign_verify(text, LEN - 1, sig.p, sig.len, &k.pub), CANDOR_EBADMSG));
	for (size_t i = 0; i < LEN; i++) {
		memcpy(bad_text, text, LEN);
		bad_text[i] ^= 1;
		cr_assert(eq(
		    int, minisign_verify(bad_text, LEN, sig.p, sig.len, &k.pub), CANDOR_EBADMSG));
	}
	/* The first line is not signed: it says so. */
	lf = memchr(sig.p, '\n', sig.len);
	for (size_t i = (size_t)(lf - (const char *)sig.p); i + 1 < sig.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			memcpy(bad, sig.p, sig.len);
			bad[i] ^= (uint8_t)(1u << bit);
			cr_assert(eq(int, minisign_verify(text, LEN, bad, sig.len, &k.pub),
				      CANDOR_EBADMSG),
			    "byte %zu bit %u", i, bit);
		}
	}
	for (size_t i = 0; i + 1 < sig.len; i++)
		cr_assert(eq(int, minisign_verify(text, LEN, sig.p, i, &k.pub), CANDOR_EBADMSG));
	cr_assert(eq(int, minisign_verify(text, LEN, NULL, 0, &k.pub), CANDOR_EBADMSG));
}

Test(minisign, more_behind_a_signature_is_refused)
{
	struct arena a = test_arena(1 << 16);
	struct minisign_secret k;
	struct span sig;
	char more[MINISIGN_SIGNATURE_MAX + 64];

	minisign_keypair(&k);
	cr_assert(zero(int, minisign_sign(&a, &sig, text, LEN, &k, "c")));
	snprintf(more, sizeof(more), "%.*s\n", (int)sig.len, (const char *)sig.p);
	cr_assert(eq(int, minisign_verify(text, LEN, (uint8_t *)more, strlen(more), &k.pub),
	    CANDOR_EBADMSG));
	memset(more, 'x', sizeof(more));
	cr_assert(eq(int, minisign_verify(text, LEN, (uint8_t *)more, sizeof(more), &k.pub),
	    CANDOR_EBADMSG));
}

Test(minisign, a_comment_is_one_line_that_fits)
{
	struct arena a = test_arena(1 << 16);
	struct minisign_secret k;
	struct span sig;
	char comment[1000];

	minisign_keypair(&k);
	cr_assert(eq(int, minisign_sign(&a, &sig, text, LEN, &k, "a\nb"), CANDOR_EINVAL));
	cr_assert(eq(int, minisign_sign(&a, &sig, text, LEN, &k, "a\r"), CANDOR_EINVAL));
	memset(comment, 'x', sizeof(comment));
	comment[sizeof(comment) - 1] = '\0';
	cr_assert(eq(int, minisign_sign(&a, &sig, text, LEN, &k, comment), CANDOR_EINVAL));
	comment[700] = '\0';
	cr_assert(zero(int, minisign_sign(&a, &sig, text, LEN, &k, comment)));
	cr_assert(zero(int, minisign_verify(text, LEN, sig.p, sig.len, &k.pub)));
}

Test(minisign, keys_as_text_come_back)
{
	struct arena a = test_arena(1 << 16);
	struct minisign_secret k, back;
	struct minisign_public pub;
	char line[MINISIGN_PUBLIC_CHARS + 1];
	uint8_t *bad;
	struct span file;

	minisign_keypair(&k);
	minisign_public_format(line, &k.pub);
	cr_assert(zero(int, strncmp(line, "RW", 2)));
	cr_assert(zero(int, minisign_public_parse(&pub, line, MINISIGN_PUBLIC_CHARS)));
	cr_assert(zero(int, memcmp(&pub, &k.pub, sizeof(pub))));
	cr_assert(
	    eq(int, minisign_public_parse(&pub, line, MINISIGN_PUBLIC_CHARS - 1), CANDOR_EINVAL));
	line[0] = 'S';
	cr_assert(eq(int, minisign_public_parse(&pub, line, MINISIGN_PUBLIC_CHARS), CANDOR_EINVAL));

	cr_assert(zero(int, minisign_secret_format(&a, &file, &k)));
	cr_assert(zero(int, minisign_secret_parse(&back, (const char *)file.p, file.len, NULL, 0)));
	cr_assert(zero(int, memcmp(&back, &k, sizeof(back))));
	bad = arena_copy(&a, file.p, file.len);
	/* Its last LF may be missing. */
	for (size_t i = 0; i + 1 < file.len; i++)
		cr_assert(
		    ne(int, minisign_secret_parse(&back, (const char *)file.p, i, NULL, 0), 0));
	bad[200] ^= 1;
	cr_assert(ne(int, minisign_secret_parse(&back, (const char *)bad, file.len, NULL, 0), 0));
}

#define NEED_MINISIGN()                                                                            \
	do {                                                                                       \
		if (!test_has_program("minisign"))                                                 \
			cr_skip_test("SKIPPED: minisign is not installed (make deps)");            \
	} while (0)

Test(minisign, debians_minisign_verifies_ours)
{
	struct arena a = test_arena(1 << 16);
	struct minisign_secret k;
	struct span sig;
	char line[MINISIGN_PUBLIC_CHARS + 1];
	const char *dir, *file;

	NEED_MINISIGN();
	dir = test_mkdir();
	file = test_join(dir, "directory");
	minisign_keypair(&k);
	minisign_public_format(line, &k.pub);
	cr_assert(zero(int, minisign_sign(&a, &sig, text, LEN, &k, "candor directory version 1")));
	test_write(file, text, LEN);
	test_write(test_join(dir, "directory.minisig"), sig.p, sig.len);
	cr_assert(zero(
	    int, test_spawn((const char *[]){ "minisign", "-V", "-P", line, "-m", file, NULL })));
	test_write(file, text, LEN - 1);
	cr_assert(ne(int,
	    test_spawn((const char *[]){ "minisign", "-V", "-P", line, "-m", file, NULL }), 0));
	test_rmdir(dir);
}

/* The key on the second line of a file that minisign wrote. */
static struct minisign_public
public_of(const char *path)
{
	struct span s = test_read(path);
	const char *line = strchr((const char *)s.p, '\n') + 1;
	struct minisign_public k;

	cr_assert(zero(int, minisign_public_parse(&k, line, MINISIGN_PUBLIC_CHARS)));
	return k;
}

Test(minisign, we_verify_debians_and_share_its_secret_keys)
{
	struct arena a = test_arena(1 << 16);
	struct minisign_public pub;
	struct minisign_secret k;
	struct span sig, file;
	const char *dir, *p, *s, *m, *x;

	NEED_MINISIGN();
	dir = test_mkdir();
	p = test_join(dir, "pub");
	s = test_join(dir, "sec");
	m = test_join(dir, "m");
	x = test_join(dir, "x");
	test_write(m, text, LEN);
	cr_assert(zero(
	    int, test_spawn((const char *[]){ "minisign", "-G", "-W", "-p", p, "-s", s, NULL })));
	pub = public_of(p);
	/* Prehashed, and as minisign signed until 2023. */
	for (int legacy = 0; legacy < 2; legacy++) {
		cr_assert(
		    zero(int, test_spawn((const char *[]){ "minisign", legacy ? "-Slm" : "-SHm", m,
				  "-s", s, "-x", x, "-t", "a trusted comment", NULL })));
		sig = test_read(x);
		cr_assert(zero(int, minisign_verify(text, LEN, sig.p, sig.len, &pub)));
		cr_assert(
		    eq(int, minisign_verify(text, LEN - 1, sig.p, sig.len, &pub), CANDOR_EBADMSG));
	}
	file = test_read(s);
	cr_assert(zero(int, minisign_secret_parse(&k, (const char *)file.p, file.len, NULL, 0)));
	cr_assert(zero(int, memcmp(&k.pub, &pub, sizeof(pub))));

	/* And minisign signs with a secret key that we wrote. */
	minisign_keypair(&k);
	cr_assert(zero(int, minisign_secret_format(&a, &file, &k)));
	test_write(s, file.p, file.len);
	cr_assert(zero(
	    int, test_spawn((const char *[]){ "minisign", "-Sm", m, "-s", s, "-x", x, NULL })));
	sig = test_read(x);
	cr_assert(zero(int, minisign_verify(text, LEN, sig.p, sig.len, &k.pub)));
	test_rmdir(dir);
}

Test(minisign, secret_keys_with_a_passphrase_open_with_it_alone)
{
	struct minisign_secret k = { .pub = { .key_id = { 0 } } };
	struct minisign_public pub;
	struct span file;
	const char *dir, *p, *s;
	char buf[256];
	int fd, status;
	pid_t pid;
	bool colon = false;

	NEED_MINISIGN();
	dir = test_mkdir();
	p = test_join(dir, "pub");
	s = test_join(dir, "sec");
	/* It asks on a terminal, twice. */
	pid = forkpty(&fd, NULL, NULL, NULL);
	cr_assert(ge(int, pid, 0));
	if (pid == 0) {
		execlp("minisign", "minisign", "-G", "-p", p, "-s", s, (char *)NULL);
		_exit(127);
	}
	for (ssize_t n; (n = read(fd, buf, sizeof(buf))) > 0;) {
		for (ssize_t i = 0; i < n; i++) {
			if (colon && buf[i] == ' ')
				cr_assert(eq(long, write(fd, "pass\n", 5), 5));
			colon = buf[i] == ':';
		}
	}
	close(fd);
	cr_assert(eq(int, waitpid(pid, &status, 0), pid));
	cr_assert(zero(int, status));
	pub = public_of(p);
	file = test_read(s);
	cr_assert(eq(
	    int, minisign_secret_parse(&k, (const char *)file.p, file.len, NULL, 0), CANDOR_EPERM));
	cr_assert(eq(int, minisign_secret_parse(&k, (const char *)file.p, file.len, "Pass", 4),
	    CANDOR_EBADMSG));
	cr_assert(zero(int, k.pub.key_id[0]));
	cr_assert(zero(int, minisign_secret_parse(&k, (const char *)file.p, file.len, "pass", 4)));
	cr_assert(zero(int, memcmp(&k.pub, &pub, sizeof(pub))));
	test_rmdir(dir);
}
