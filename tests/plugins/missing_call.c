/* SPDX-License-Identifier: ISC */
/* For tests: a plugin that cannot deliver. */
#include "malformed.h"

MALFORMED(.abi = CANDOR_PLUGIN_ABI, .size = sizeof(struct candor_plugin), .name = "missing_call",
    .version = "1", .check = called, .open = called_open, .close = called_close);
