/* SPDX-License-Identifier: ISC */
/* What the cleaner may ask the kernel for, beyond what every room may, and how much of it. */
#ifndef CANDOR_CLEANER_WALLS_H
#define CANDOR_CLEANER_WALLS_H

#include "common/sandbox.h"

/* The largest picture takes 4 bytes a pixel, and 20 s are ten times what the slowest file needs. */
#define CLEANER_MEMORY_BYTES (512u << 20)
#define CLEANER_CPU_SECONDS 20
#define CLEANER_NICE 10

#define CLEANER_CALLS 2

extern const struct sandbox_call cleaner_calls[CLEANER_CALLS];

/*
 * Less of the processor than others get, limits on memory, processor time and the size of files, memory
 * that is not swapped where the limit on locked memory allows that, then all walls with this uid (0: as
 * it is). Once, before a byte of the attachment is read. 0, or CANDOR_ESYS with a log line.
 */
int cleaner_walls(uint32_t uid, bool best_effort) MUST_CHECK;

#endif
