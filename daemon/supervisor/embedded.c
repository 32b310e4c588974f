/* SPDX-License-Identifier: ISC */
/*
 * etc/categories.conf and etc/plugins.d/email.conf, byte for byte, so that `candord --init` needs no
 * file beside the binary. Paths are those of the source tree, where make runs.
 */
#include "supervisor/embedded.h"

#define EMBED(symbol, file)                                                                        \
	__asm__(".pushsection .rodata\n"                                                           \
		".global " #symbol "\n"                                                            \
		".type " #symbol ", %object\n" #symbol ":\n"                                       \
		".incbin \"" file "\"\n"                                                           \
		".byte 0\n"                                                                        \
		".popsection\n")

EMBED(embedded_categories, "etc/categories.conf");
EMBED(embedded_email, "etc/plugins.d/email.conf");
