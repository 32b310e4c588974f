/* SPDX-License-Identifier: ISC */
/* Loading a plugin: see plugin_load.h. Trusts no value of the descriptor before it was checked. */
#include "common/plugin_load.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "candor/utf8.h"

#define NAME_MAX_CHARS 31
/* Interface 1 began with all fields up to close(): less was never valid. What is appended later may be missing. */
#define PLUGIN_SIZE_MIN                                                                            \
	(offsetof(struct candor_plugin, close) + sizeof(((struct candor_plugin *)NULL)->close))

/* [a-z0-9_]{1,31}; never reads behind the first character that is none of them. */
static bool
name_ok(const char *name)
{
	size_t n = 0;

	while (n <= NAME_MAX_CHARS && name[n] != '\0') {
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_", name[n]) == NULL)
			return false;
		n++;
	}
	return n >= 1 && n <= NAME_MAX_CHARS;
}

/* Is the object the file NAME.so, or NAME.so.VERSION? Else what is in force could not be told from outside. */
static bool
named_like(const char *path, const char *name)
{
	const char *base = strrchr(path, '/') + 1;
	size_t len = strlen(name);

	return strncmp(base, name, len) == 0 && strncmp(base + len, ".so", 3) == 0 &&
	       (base[len + 3] == '\0' || base[len + 3] == '.');
}

static const char *
missing_of(const struct candor_plugin *p)
{
	return p->version == NULL   ? "version"
	       : p->check == NULL   ? "check()"
	       : p->open == NULL    ? "open()"
	       : p->deliver == NULL ? "deliver()"
	       : p->close == NULL   ? "close()"
				    : NULL;
}

int
plugin_load(const struct candor_plugin **out, const char *path, char *why, size_t why_cap)
{
	const struct candor_plugin *p;
	const char *missing;
	void *object;

	/* Without a slash dlopen() would search the system's folders. */
	if (path[0] != '/') {
		snprintf(why, why_cap, "object = \"%s\" must be an absolute path", path);
		return CANDOR_EINVAL;
	}
	if ((object = dlopen(path, RTLD_NOW | RTLD_LOCAL)) == NULL) {
		snprintf(why, why_cap, "cannot be loaded: %s", dlerror());
		return CANDOR_EINVAL;
	}
	if ((p = dlsym(object, CANDOR_PLUGIN_SYMBOL)) == NULL) {
		snprintf(why, why_cap, "%s exports no %s: it is no plugin for Candor", path,
		    CANDOR_PLUGIN_SYMBOL);
	} else if (p->abi != CANDOR_PLUGIN_ABI) {
		snprintf(why, why_cap,
		    "%s is built for interface %u, this daemon has %u: build it anew", path,
		    (unsigned)p->abi, CANDOR_PLUGIN_ABI);
	} else if (p->size < PLUGIN_SIZE_MIN) {
		snprintf(why, why_cap,
		    "%s says its descriptor has %u bytes, it must have %zu: set size to "
		    "sizeof(struct candor_plugin) and build it anew",
		    path, (unsigned)p->size, PLUGIN_SIZE_MIN);
	} else if (p->name == NULL || !name_ok(p->name)) {
		snprintf(why, why_cap, "%s has a name that is not [a-z0-9_]{1,%d}", path,
		    NAME_MAX_CHARS);
	} else if (!named_like(path, p->name)) {
		snprintf(why, why_cap,
		    "%s calls itself %s: an object has the name of its plugin, %s.so", path,
		    p->name, p->name);
	} else if ((missing = missing_of(p)) != NULL) {
		snprintf(why, why_cap, "%s has no %s: it may not be NULL", path, missing);
	} else {
		*out = p;
		return 0;
	}
	/* Its destructors are code too: leave it mapped, uncalled. */
	return CANDOR_EINVAL;
}

void
plugin_text(char *out, size_t out_cap, const char *text, size_t cap)
{
	size_t len = strnlen(text, cap), n = 0;

	for (size_t i = 0; i < len;) {
		uint32_t c;
		size_t took = utf8_decode(&c, text + i, len - i);

		if (took > 0 && utf8_char_printable(c)) {
			if (n + took >= out_cap)
				break;
			memcpy(out + n, text + i, took);
			n += took;
		} else if (n > 0 && out[n - 1] != ' ' && n + 1 < out_cap) {
			out[n++] = ' '; /* a line break must not join two words */
		}
		i += took > 0 ? took : 1;
	}
	out[n] = '\0';
}
