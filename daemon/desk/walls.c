/* SPDX-License-Identifier: ISC */
/* What desk may ask the kernel for: see walls.h. A table of its own, so that tests can stand behind it. */
#include "desk/walls.h"

#include <sys/syscall.h>

const struct sandbox_call desk_calls[DESK_CALLS] = {
	ALLOW_IF(accept4, 1, 0, "somebody calls; without an address to write to"),
};
