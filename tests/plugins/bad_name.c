/* SPDX-License-Identifier: ISC */
/* For tests: a name that is none. */
#include "malformed.h"

MALFORMED(.abi = CANDOR_PLUGIN_ABI, .size = sizeof(struct candor_plugin), .name = "../Evil",
    .version = "1", ALL_CALLS);
