/* SPDX-License-Identifier: ISC */
/* For tests: a plugin for another interface. */
#include "malformed.h"

MALFORMED(.abi = CANDOR_PLUGIN_ABI + 1, .size = sizeof(struct candor_plugin), .name = "x",
    .version = "1", ALL_CALLS);
