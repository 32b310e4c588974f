/* SPDX-License-Identifier: ISC */
/* For tests: a descriptor that ends before its calls. */
#include "malformed.h"

MALFORMED(.abi = CANDOR_PLUGIN_ABI, .size = 16, .name = "x", .version = "1", ALL_CALLS);
