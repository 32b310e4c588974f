/* SPDX-License-Identifier: ISC */
/* `candord -c FILE --restore BACKUP`: a database from a backup. Runs instead of the daemon. */
#ifndef CANDOR_RESTORE_H
#define CANDOR_RESTORE_H

/*
 * Put the backup, an age file as `candor admin backup` makes it or what `age -d` left of one, into the
 * state folder of the configuration at path, which must be empty and no daemon's.
 *
 * identity  file of the age identity that opens it, "-" for standard input; NULL: escrow.key beside
 *           the configuration, where `candord --init` put it
 *
 * Returns one of sysexits.h, after a line on standard error unless it is 0. Blocks.
 */
int restore_run(const char *path, const char *backup, const char *identity);

#endif
