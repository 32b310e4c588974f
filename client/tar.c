/* SPDX-License-Identifier: ISC */
/* Writing a tar archive: see tar.h. Runs in the client. */
#include "tar.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "private_file.h"

#define BLOCK 512

/* POSIX.1-2017, pax, "ustar Interchange Format"; numbers are octal text. */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
	char link[100], magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155];
	char unused[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "all members are bytes");

static const char zeros[2 * BLOCK];

bool
tar_write(struct tar *t, const void *p, size_t len)
{
	t->at += len;
	return write_all(t->fd, p, len);
}

bool
tar_begin(struct tar *t, const char *name)
{
	if (strlen(name) > TAR_NAME_MAX) {
		errno = ENAMETOOLONG;
		return false;
	}
	strcpy(t->name, name);
	t->header = t->at;
	return tar_write(t, zeros, BLOCK);
}

bool
tar_end(struct tar *t)
{
	unsigned long long size = t->at - t->header - BLOCK;
	struct header h = { .type = '0', .magic = "ustar", .version = { '0', '0' } };
	const unsigned char *bytes = (const unsigned char *)&h;
	unsigned sum = 0;

	if (size >= 1ull << 33) {
		errno = EFBIG;
		return false;
	}
	memcpy(h.name, t->name, strlen(t->name));
	snprintf(h.mode, sizeof(h.mode), "%07o", 0600u);
	snprintf(h.uid, sizeof(h.uid), "%07o", 0u);
	snprintf(h.gid, sizeof(h.gid), "%07o", 0u);
	snprintf(h.size, sizeof(h.size), "%011llo", size);
	snprintf(
	    h.mtime, sizeof(h.mtime), "%011llo", (unsigned long long)t->time & 077777777777ull);
	memset(h.checksum, ' ', sizeof(h.checksum));
	for (size_t i = 0; i < sizeof(h); i++)
		sum += bytes[i];
	snprintf(h.checksum, sizeof(h.checksum), "%06o", sum & 0777777);
	if (pwrite(t->fd, &h, sizeof(h), (off_t)t->header) != (ssize_t)sizeof(h))
		return false;
	return size % BLOCK == 0 || tar_write(t, zeros, BLOCK - size % BLOCK);
}

bool
tar_finish(struct tar *t)
{
	return tar_write(t, zeros, sizeof(zeros));
}
