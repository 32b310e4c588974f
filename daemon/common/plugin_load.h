/* SPDX-License-Identifier: ISC */
/*
 * Loading a plugin: the shared object, its one symbol, and whether what that points to can be called.
 * host, and the child in which `candord -t` checks settings.
 */
#ifndef CANDOR_PLUGIN_LOAD_H
#define CANDOR_PLUGIN_LOAD_H

#include "candor/base.h"
#include "candor/plugin.h"

#define PLUGIN_SETTINGS_MAX 64

/*
 * Load the shared object at path, an absolute one, and check its descriptor before anything in it is called.
 * 0 and *out, which stays valid as long as the process; CANDOR_EINVAL and a sentence in why.
 * The object runs code of its own while it is loaded: stand behind the walls of plugin_walls.h.
 */
int plugin_load(
    const struct candor_plugin **out, const char *path, char *why, size_t why_cap) MUST_CHECK;

/*
 * Copy text of a plugin's, which may lack its NUL, to out: of the cap bytes there only printable UTF-8 before
 * the first NUL, at most out_cap - 1 bytes. Whatever else stands there is left out.
 */
void plugin_text(char *out, size_t out_cap, const char *text, size_t cap);

#endif
