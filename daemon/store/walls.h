/* SPDX-License-Identifier: ISC */
/* What store may ask the kernel for, beyond what every room may. */
#ifndef CANDOR_STORE_WALLS_H
#define CANDOR_STORE_WALLS_H

#include "common/sandbox.h"

#define STORE_CALLS 8

extern const struct sandbox_call store_calls[STORE_CALLS];

#endif
