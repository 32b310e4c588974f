/* SPDX-License-Identifier: ISC */
/* Options of verbs, and the word that was probably meant: see verb.h. Pure but for the error. */
#include "verb.h"

#include <string.h>

/* Find "--name" or "--name=value" among the options. */
static const struct verb_option *
find(const struct verb_option *options, size_t n, const char *word, const char **value)
{
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < n; i++)
		if (strlen(options[i].name) == len && memcmp(options[i].name, word, len) == 0) {
			*value = word[len] == '=' ? word + len + 1 : NULL;
			return &options[i];
		}
	return NULL;
}

static int
apply(struct client *c, const char *usage, const struct verb_option *o, const char *value)
{
	if (o->flag != NULL) {
		if (value != NULL)
			return client_fail(
			    c, EX_USAGE, "%s takes no value\nusage: candor %s", o->name, usage);
		*o->flag = true;
	} else if (value == NULL) {
		return client_fail(
		    c, EX_USAGE, "%s needs a value\nusage: candor %s", o->name, usage);
	} else if (o->value != NULL) {
		*o->value = value;
	} else if (o->values->n == VERB_STRINGS_MAX) {
		return client_fail(
		    c, EX_USAGE, "%s can be given %d times at most", o->name, VERB_STRINGS_MAX);
	} else {
		o->values->v[o->values->n++] = value;
	}
	return 0;
}

int
verb_options(struct client *c, const char *usage, const struct verb_option *options, size_t n,
    int *argc, char **argv, int least, int most)
{
	int kept = 1, r;
	bool ended = false;

	for (int i = 1; i < *argc; i++) {
		const struct verb_option *o;
		const char *value;

		if (ended || argv[i][0] != '-' || argv[i][1] == '\0') {
			argv[kept++] = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			ended = true;
			continue;
		}
		if ((o = find(options, n, argv[i], &value)) == NULL)
			return client_fail(c, EX_USAGE, "%.*s is no option here\nusage: candor %s",
			    (int)strcspn(argv[i], "="), argv[i], usage);
		if (o->flag == NULL && value == NULL && i + 1 < *argc)
			value = argv[++i];
		if ((r = apply(c, usage, o, value)) != 0)
			return r;
	}
	if (kept - 1 < least || kept - 1 > most)
		return client_fail(c, EX_USAGE, "%s\nusage: candor %s",
		    kept - 1 < least ? "something is missing" : "that is one word too many", usage);
	*argc = kept;
	argv[kept] = NULL;
	return 0;
}

#define WORD_MAX 32

/* Damerau-Levenshtein (optimal string alignment); more than WORD_MAX characters are far from all. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];
	size_t n = strlen(a), m = strlen(b);

	if (n > WORD_MAX || m > WORD_MAX)
		return WORD_MAX;
	for (size_t i = 0; i <= n; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= m; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		for (size_t j = 1; j <= m; j++) {
			unsigned best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	}
	return d[n][m];
}

const char *
verb_nearest(const char *word, const char *const *names, size_t n)
{
	const char *best = NULL;
	unsigned least = 3;

	for (size_t i = 0; i < n; i++) {
		unsigned d = distance(word, names[i]);

		if (d < least && d < strlen(names[i])) {
			least = d;
			best = names[i];
		}
	}
	return best;
}
