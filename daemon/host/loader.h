/* SPDX-License-Identifier: ISC */
/*
 * Loading a plugin: the shared object, its one symbol, and whether what that points to can be called. host.
 */
#ifndef CANDOR_HOST_LOADER_H
#define CANDOR_HOST_LOADER_H

#include "candor/base.h"
#include "candor/plugin.h"

/*
 * Load the shared object at path, an absolute one, and check its descriptor before anything in it is called.
 * 0 and *out, which stays valid as long as the process; CANDOR_EINVAL and a sentence in why.
 * Code that the object runs while it is loaded cannot be held back: it is the administrator's choice.
 */
int loader_open(
    const struct candor_plugin **out, const char *path, char *why, size_t why_cap) MUST_CHECK;

/*
 * Copy text of a plugin's, which may lack its NUL, to out: of the cap bytes there only printable UTF-8 before
 * the first NUL, at most out_cap - 1 bytes. Whatever else stands there is left out.
 */
void loader_text(char *out, size_t out_cap, const char *text, size_t cap);

#endif
