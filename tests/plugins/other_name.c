/* SPDX-License-Identifier: ISC */
/* For tests: a plugin whose name is not that of its object. */
#include "malformed.h"

MALFORMED(.abi = CANDOR_PLUGIN_ABI, .size = sizeof(struct candor_plugin), .name = "email",
    .version = "1", ALL_CALLS);
