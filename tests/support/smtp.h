/* SPDX-License-Identifier: ISC */
/* For tests: the mail server of tests/support/smtpd.py, on loopback, in a folder of its own. */
#ifndef CANDOR_TEST_SMTP_H
#define CANDOR_TEST_SMTP_H

#include <sys/types.h>

struct test_smtp {
	const char *dir; /* ca.pem, and a file `password` that holds the right one */
	char port[8];
	pid_t pid;
	int stop; /* its standard input */
};

/* Start it, with options of smtpd.py (NULL at the end, or NULL for none). */
struct test_smtp test_smtp_start(const char *const options[]);
void test_smtp_stop(struct test_smtp *s);

/* The n-th message that the server was sent, from 1; NULL when it did not keep it. */
const char *test_smtp_mail(const struct test_smtp *s, unsigned n);

#endif
