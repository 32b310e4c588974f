/* SPDX-License-Identifier: ISC */
/* `candord --init DIR`: a private instance, ready to be tried. Runs instead of the daemon. */
#ifndef CANDOR_INIT_H
#define CANDOR_INIT_H

/*
 * Fill dir, which must be empty or not there yet, with configuration, keys, a signed directory of one
 * administrator, and folders; say on standard output what comes next. Returns one of sysexits.h
 * after a line on standard error: EX_CANTCREAT, EX_NOPERM.
 */
int init_run(const char *dir);

#endif
