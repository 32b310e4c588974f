/* SPDX-License-Identifier: ISC */
/*
 * A plugin's settings: known names to pointers, and complaints that name the setting and what is allowed.
 * In a host process before its walls are up, and in `candord -t`. Files are read when it opens only, unless
 * a function says otherwise; what was secret is wiped.
 */
#ifndef CANDOR_PLUGIN_SETTINGS_H
#define CANDOR_PLUGIN_SETTINGS_H

#include "candor/plugin.h"

#include "common/text.h"

/* One that the plugin knows, and where its value goes; untouched where it is not given. */
struct setting {
	const char *name;
	const char **value;
};

/* A sentence into why, and -1: what check() and open() return. */
int settings_fail(char *why, size_t cap, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same into the answer's error. */
void answer_say(struct candor_answer *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Take the settings apart. 0, or -1: there is an unknown one. Values live as long as kv's. */
int settings_read(const struct setting *known, size_t n_known, const struct candor_kv *kv, size_t n,
    char *why, size_t cap);

/* A number of digits only, low to high (below 10^9). value NULL: *out stays. but: more words for why. */
int settings_number(unsigned *out, const char *name, const char *value, unsigned low, unsigned high,
    const char *but, char *why, size_t cap);

/* true or false. value NULL: *out stays. */
int settings_bool(bool *out, const char *name, const char *value, char *why, size_t cap);

/* A whole file of up to 1 MiB with a NUL behind it, the caller's to free; NULL and why. len may be NULL. */
char *settings_file(const char *setting, const char *path, size_t *len, char *why, size_t cap);

/* The one line of a file, `what` it is in words: without control characters; text_wipe() it. */
char *settings_secret(
    const char *setting, const char *what, const char *path, char *why, size_t cap);

/* A file of certificates in PEM form. */
char *settings_ca(const char *path, size_t *len, char *why, size_t cap);

/* Is this host name or address the machine itself? */
bool settings_is_loopback(const char *host);

/* strdup that takes NULL: *to is NULL then. False: no memory. */
bool settings_copy(char **to, const char *from);

#endif
