/* SPDX-License-Identifier: ISC */
/* What desk may ask the kernel for, beyond what every room may. */
#ifndef CANDOR_DESK_WALLS_H
#define CANDOR_DESK_WALLS_H

#include "common/sandbox.h"

#define DESK_CALLS 1

extern const struct sandbox_call desk_calls[DESK_CALLS];

#endif
