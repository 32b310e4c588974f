/* SPDX-License-Identifier: ISC */
/* Telling who started us how it goes: sd_notify(3)'s protocol, and a line on a descriptor. */
#ifndef CANDOR_NOTIFY_H
#define CANDOR_NOTIFY_H

#include "candor/base.h"

/* Send a state ("READY=1\nSTATUS=…") to $NOTIFY_SOCKET; nothing happens when there is none. */
void notify_send(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* "RELOADING=1" with the time that systemd wants beside it. */
void notify_reloading(void);

/* Write "ready" and a line feed to fd and close it; -1 is fine. */
void notify_ready_fd(int fd);

#endif
