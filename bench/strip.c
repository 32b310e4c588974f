/* SPDX-License-Identifier: ISC */
/*
 * How well, and how fast, stripping works on texts with marked spans.
 *
 *   strip [-m] reporter|deidentify FILE...   recall by label, precision by reason, other words lost
 *   strip speed FILE...                      MB/s of one core, beside one pass that validates UTF-8
 *
 * Prints tab-separated figure, value, unit, limit, ratio, as bench/run does. -m: each fault on standard
 * error, a line each, with file and line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "candor/utf8.h"
#include "../tests/support/score.h"

#define ARENA_BYTES (64u << 20)
#define SPEED_SECONDS 1.0
#define SHORT_BYTES 2048

static const char *const profiles[] = {
	[STRIP_REPORTER] = "reporter", [STRIP_DEIDENTIFY] = "deidentify"
};

static void
must(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "strip: %s\n", what);
		exit(EX_SOFTWARE);
	}
}

static double
percent(size_t part, size_t of)
{
	return of == 0 ? 100 : 100.0 * (double)part / (double)of;
}

static void
show(const struct corpus_score *score, const char *profile, size_t n_texts)
{
	printf("strip-%s-texts\t%zu\tcount\t-\t-\n", profile, n_texts);
	for (size_t i = 0; i < score->n_labels; i++) {
		const struct corpus_score_label *l = &score->labels[i];

		printf("strip-%s-%s-%s\t%.1f\t%% of %zu\t100\t%.3f\n", profile,
		    l->goes ? "recall" : "kept", l->name, percent(l->right, l->spans), l->spans,
		    percent(l->right, l->spans) / 100);
	}
	for (unsigned i = 0; i < STRIP__N; i++)
		if (score->removals[i].words > 0)
			printf("strip-%s-precision-%s\t%.1f\t%% of %zu words\t100\t%.3f\n", profile,
			    strip_label_name((enum strip_label)i),
			    percent(score->removals[i].right, score->removals[i].words),
			    score->removals[i].words,
			    percent(score->removals[i].right, score->removals[i].words) / 100);
	printf("strip-%s-other-words-lost\t%.2f\t%% of %zu\t0\t-\n", profile,
	    percent(score->lost, score->words), score->words);
}

static void
judge(struct arena *a, enum strip_profile profile, char **paths, int n, FILE *misses)
{
	struct corpus_score score = { 0 };
	size_t n_texts = 0;

	for (int i = 0; i < n; i++) {
		struct corpus c;

		corpus_read(&c, paths[i]);
		for (size_t k = 0; k < c.n_texts; k++) {
			struct strip_result r;

			arena_end(a);
			must(strip(a, &r, c.texts[k].p, c.texts[k].len, profile, NULL) == 0,
			    "a text could not be stripped");
			corpus_judge(&score, &c, &c.texts[k], &r, profile, paths[i], misses);
		}
		n_texts += c.n_texts;
		corpus_free(&c);
	}
	show(&score, profiles[profile], n_texts);
}

/* ---- speed ------------------------------------------------------------------------------------ */

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What one core must do at least: see that it is UTF-8. */
static size_t
utf8_pass(struct arena *a, const char *p, size_t len, enum strip_profile profile)
{
	(void)a;
	(void)profile;
	return utf8_valid(p, len) ? len : 0;
}

static size_t
strip_pass(struct arena *a, const char *p, size_t len, enum strip_profile profile)
{
	struct strip_result r;

	arena_end(a);
	must(strip(a, &r, p, len, profile, NULL) == 0, "a text could not be stripped");
	return len;
}

typedef size_t pass_fn(struct arena *a, const char *p, size_t len, enum strip_profile profile);

/* Seconds a byte. */
static double
cost(struct arena *a, const struct corpus *c, size_t n, pass_fn *pass, enum strip_profile profile)
{
	double start = seconds(), used;
	size_t done = 0;

	do {
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < c[i].n_texts; k++)
				done += pass(a, c[i].texts[k].p, c[i].texts[k].len, profile);
		used = seconds() - start;
	} while (used < SPEED_SECONDS);
	return used / (double)done;
}

static void
speed(struct arena *a, char **paths, int n)
{
	struct corpus *c = calloc((size_t)n, sizeof(*c));
	double limit;

	must(c != NULL, "no memory");
	for (int i = 0; i < n; i++)
		corpus_read(&c[i], paths[i]);
	limit = cost(a, c, (size_t)n, utf8_pass, STRIP_REPORTER);
	for (unsigned p = 0; p < NELEM(profiles); p++) {
		double took = cost(a, c, (size_t)n, strip_pass, (enum strip_profile)p);

		printf("strip-%s-speed\t%.1f\tMB/s\t%.0f\t%.3f\n", profiles[p], 1e-6 / took,
		    1e-6 / limit, limit / took);
		printf("strip-%s-2KiB\t%.1f\tus\t%.1f\t%.1f\n", profiles[p],
		    took * SHORT_BYTES * 1e6, limit * SHORT_BYTES * 1e6, took / limit);
	}
	for (int i = 0; i < n; i++)
		corpus_free(&c[i]);
	free(c);
}

int
main(int argc, char **argv)
{
	struct arena a;
	FILE *misses = NULL;
	void *mem;
	int opt;

	while ((opt = getopt(argc, argv, "m")) == 'm')
		misses = stderr;
	argc -= optind;
	argv += optind;
	if (opt != -1 || argc < 2) {
		fprintf(stderr, "usage: strip [-m] reporter|deidentify|speed FILE...\n");
		return EX_USAGE;
	}
	must((mem = malloc(ARENA_BYTES)) != NULL, "no memory");
	arena_init(&a, mem, ARENA_BYTES);
	if (strcmp(argv[0], "speed") == 0)
		speed(&a, argv + 1, argc - 1);
	for (unsigned p = 0; p < NELEM(profiles); p++)
		if (strcmp(argv[0], profiles[p]) == 0)
			judge(&a, (enum strip_profile)p, argv + 1, argc - 1, misses);
	free(mem);
	return 0;
}
