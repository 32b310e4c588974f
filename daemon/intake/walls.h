/* SPDX-License-Identifier: ISC */
/* What intake may ask the kernel for, beyond what every room may. */
#ifndef CANDOR_INTAKE_WALLS_H
#define CANDOR_INTAKE_WALLS_H

#include "common/sandbox.h"

#define INTAKE_CALLS 2

extern const struct sandbox_call intake_calls[INTAKE_CALLS];

#endif
