/* SPDX-License-Identifier: ISC */
/*
 * The verbs: one table in main.c, one function each, and the reading of their options.
 */
#ifndef CANDOR_CLIENT_VERB_H
#define CANDOR_CLIENT_VERB_H

#include "client.h"

struct verb {
	const char *name;
	const char *args;    /* after the name, for the usage line */
	const char *summary; /* one line */
	/* argv[0] is the verb's name; the global options (--site, --key, --passphrase-fd, --json) are
	 * taken out already. Returns an exit code. */
	int (*run)(struct client *c, int argc, char **argv);
	const char *help; /* further lines, LF at the end of each */
};

/* Everyone and reporters. */
int verb_guide(struct client *c, int argc, char **argv);
int verb_strip(struct client *c, int argc, char **argv);
int verb_clean(struct client *c, int argc, char **argv);
int verb_report(struct client *c, int argc, char **argv);
int verb_follow(struct client *c, int argc, char **argv);
/* Officers and administrators. */
int verb_key(struct client *c, int argc, char **argv);
int verb_directory(struct client *c, int argc, char **argv);
int verb_cases(struct client *c, int argc, char **argv);
int verb_case(struct client *c, int argc, char **argv);
int verb_board(struct client *c, int argc, char **argv);
int verb_search(struct client *c, int argc, char **argv);
int verb_template(struct client *c, int argc, char **argv);
int verb_hand_over(struct client *c, int argc, char **argv);
int verb_reseal(struct client *c, int argc, char **argv);
int verb_recover(struct client *c, int argc, char **argv);
int verb_approve(struct client *c, int argc, char **argv);
int verb_audit(struct client *c, int argc, char **argv);
int verb_stats(struct client *c, int argc, char **argv);
int verb_desk(struct client *c, int argc, char **argv);
int verb_admin(struct client *c, int argc, char **argv);

#define VERB_STRINGS_MAX 32
struct verb_strings {
	size_t n;
	const char *v[VERB_STRINGS_MAX];
};

/* An option of a verb. Exactly one of the targets is set: a flag, a value (the last one counts), or
 * values (each one is added). */
struct verb_option {
	const char *name; /* "--reply" */
	bool *flag;
	const char **value;
	struct verb_strings *values;
};

/*
 * Take the options out of argv ("--name value", "--name=value", "--" ends them): what remains is
 * argv[1..*argc-1]. Fewer than least or more than most of those: EX_USAGE, as for an option that
 * is not in the table. The error shows the usage line of `candor usage`. A first word that is a
 * sub-verb stays argv[0]: hand over argc - 1 and argv + 1.
 */
int verb_options(struct client *c, const char *usage, const struct verb_option *options, size_t n,
    int *argc, char **argv, int least, int most) MUST_CHECK;

/* The one of n names nearest to word (Damerau-Levenshtein up to 2), or NULL. */
const char *verb_nearest(const char *word, const char *const *names, size_t n);

#endif
