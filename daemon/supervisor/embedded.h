/* SPDX-License-Identifier: ISC */
/* Files of etc/ as they were when candord was built, for `candord --init`. Supervisor only. */
#ifndef CANDOR_EMBEDDED_H
#define CANDOR_EMBEDDED_H

/* Texts with a NUL at the end. */
extern const char embedded_categories[];
extern const char embedded_email[];

#endif
