/* SPDX-License-Identifier: ISC */
/* What intake may ask the kernel for: see walls.h. A table of its own, so that tests can stand behind it. */
#include "intake/walls.h"

#include <sys/socket.h>
#include <sys/syscall.h>

const struct sandbox_call intake_calls[INTAKE_CALLS] = {
	ALLOW_IF(accept4, 1, 0, "somebody calls; without an address to write to"),
	ALLOW_IF(shutdown, 1, SHUT_WR, "an attachment's end, for its cleaner"),
};
