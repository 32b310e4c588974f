/* SPDX-License-Identifier: ISC */
/* For tests: the mail server of tests/support/smtpd.py, on loopback, in a folder of its own. */
#ifndef CANDOR_TEST_SMTP_H
#define CANDOR_TEST_SMTP_H

#include "server.h"

/*
 * Start it, with options of smtpd.py (NULL at the end, or NULL for none). Its folder has a file `password` too,
 * which holds the right one. test_server_stop() ends it.
 */
struct test_server test_smtp_start(const char *const options[]);

/* The n-th message that the server was sent, from 1; NULL when it did not keep it. */
const char *test_smtp_mail(const struct test_server *s, unsigned n);

#endif
