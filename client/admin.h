/* SPDX-License-Identifier: ISC */
/* Sub-verbs of `candor admin` that are files of their own. Client. */
#ifndef CANDOR_CLIENT_ADMIN_H
#define CANDOR_CLIENT_ADMIN_H

#include "officer.h"

int admin_verify(struct officer_session *s, int argc, char **argv);
int admin_backup(struct officer_session *s, int argc, char **argv);

#endif
