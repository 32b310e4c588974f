/* SPDX-License-Identifier: ISC */
/* Files of etc/ as they were when candord was built, for `candord --init`. Supervisor only. */
#ifndef CANDOR_EMBEDDED_H
#define CANDOR_EMBEDDED_H

struct embedded_file {
	const char *name; /* in the instance's folder */
	const char *text; /* with a NUL at its end */
};

/* What --init writes as it is; a name NULL at the end. */
extern const struct embedded_file embedded_files[];

#endif
