/* SPDX-License-Identifier: ISC */
/* For tests: a server of tests/support, a Python script, on loopback and in a folder of its own. */
#ifndef CANDOR_TEST_SERVER_H
#define CANDOR_TEST_SERVER_H

#include <sys/types.h>

struct test_server {
	const char *dir; /* with ca.pem, and what the server keeps */
	char port[8];
	pid_t pid;
	int stop; /* its standard input */
};

/* Start tests/support/NAME with options (NULL at the end, or NULL for none); wait until it is ready. */
struct test_server test_server_start(const char *name, const char *const options[]);
void test_server_stop(struct test_server *s);

/* What the server keeps of the n-th request, from 1, as one line of JSON; NULL: it got none. */
const char *test_server_request(const struct test_server *s, unsigned n);

#endif
