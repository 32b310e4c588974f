/* SPDX-License-Identifier: ISC */
/* What the supervisor may do, and what it lets its rooms inherit. Supervisor only. */
#ifndef CANDOR_PRIVILEGE_H
#define CANDOR_PRIVILEGE_H

/* Raise what rooms inherit, locked memory and descriptors, as far as we are allowed to. */
void privilege_limits(void);

/*
 * Give up what starting, restarting and stopping rooms does not need: as root all capabilities but
 * a few; for everybody new privileges by exec, core dumps, being traced. What the kernel refuses is
 * logged and goes on: the walls that matter are the rooms'.
 */
void privilege_drop(void);

#endif
