/* SPDX-License-Identifier: ISC */
/* The types of files that can be attached: see candor/filetype.h. Pure. */
#include "candor/filetype.h"

#include <string.h>

static const struct {
	const char *name, *ending, *format;
} types[] = {
#define X(name, ending, format) { name, ending, #format },
	FILE_TYPES(X)
#undef X
};

#define X(name, ending, format) _Static_assert(sizeof(name) <= FILE_TYPE_MAX, "its limit");
FILE_TYPES(X)
#undef X

int
file_type_find(const char *name)
{
	for (size_t i = 0; i < NELEM(types); i++)
		if (strcmp(types[i].name, name) == 0)
			return (int)i;
	return -1;
}

const char *
file_type_name(int type)
{
	return types[type].name;
}

bool
file_type_is_text(const char *name)
{
	int type = file_type_find(name);

	return type >= 0 && strcmp(types[type].format, "text") == 0;
}

const char *
file_type_ending(const char *name)
{
	int type = file_type_find(name);

	return type < 0 ? ".bin" : types[type].ending;
}
