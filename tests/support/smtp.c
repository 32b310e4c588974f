/* SPDX-License-Identifier: ISC */
/* For tests: a real mail server. See smtp.h. */
#include "smtp.h"

#include <stdio.h>
#include <unistd.h>

#include "files.h"

struct test_server
test_smtp_start(const char *const options[])
{
	struct test_server s = test_server_start("smtpd.py", options);

	test_write(test_join(s.dir, "password"), "pw\n", 3);
	return s;
}

const char *
test_smtp_mail(const struct test_server *s, unsigned n)
{
	char name[32];
	const char *path;

	snprintf(name, sizeof(name), "mail/new/%u.eml", n);
	path = test_join(s->dir, name);
	return access(path, R_OK) == 0 ? (const char *)test_read(path).p : NULL;
}
