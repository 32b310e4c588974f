/* SPDX-License-Identifier: ISC */
/* Load a plugin and let it check its settings, in a confined child that may crash or hang. Supervisor only. */
#ifndef CANDOR_PLUGIN_CHECK_H
#define CANDOR_PLUGIN_CHECK_H

#include "candor/base.h"
#include "candor/candor_pb.h"

#define PLUGIN_CHECK_WHY_MAX 1024

/*
 * Run check() of the plugin's object with its settings, behind the walls of a host (best_effort: as far as
 * the kernel has them). Returns true when it is content; otherwise
 * why (PLUGIN_CHECK_WHY_MAX bytes, NUL-terminated, one printable line) says what is wrong and *of_setting
 * whether that is one of the settings, not the object. Blocks for at most ten seconds.
 */
bool plugin_check(const Candor__Plugin *plugin, bool best_effort, char why[PLUGIN_CHECK_WHY_MAX],
    bool *of_setting);

#endif
