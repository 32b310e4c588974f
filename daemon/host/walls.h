/* SPDX-License-Identifier: ISC */
/* What a plugin may ask the kernel for: two profiles, with and without a network. host. */
#ifndef CANDOR_HOST_WALLS_H
#define CANDOR_HOST_WALLS_H

#include "common/room.h"

/* Choose r->sandbox by the plugin's configuration. CANDOR_EINVAL after a sentence in why. In setup(). */
int walls_choose(
    struct room *r, const Candor__Plugin *plugin, char *why, size_t why_cap) MUST_CHECK;

#endif
