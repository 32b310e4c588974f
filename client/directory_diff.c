/* SPDX-License-Identifier: ISC */
/*
 * The difference between two directories, for the eyes of the one who signs: see directory_diff.h.
 * Runs in the client. Must never leave out a key, role or category that changes: what is signed is
 * what was shown.
 */
#include "directory_diff.h"

#include <string.h>

static void
print_fingerprint(FILE *out, const char *label, const struct officer_public *keys)
{
	char text[KEYS_FINGERPRINT_CHARS + 1];

	keys_fingerprint(text, keys);
	fprintf(out, "      %s %s\n", label, text);
}

void
officer_print_categories(FILE *out, const struct officer *o)
{
	if (strcmp(o->categories, "*") == 0)
		fputs("every category", out);
	else if (*o->categories == '\0')
		fputs("no category", out);
	else
		for (const char *c = o->categories; *c != '\0'; c++)
			fputs(*c == ',' ? ", " : (char[2]){ *c }, out);
}

static void
print_person(FILE *out, char sign, const struct officer *o)
{
	fprintf(out, "  %c %s: %s, reads ", sign, o->name, role_name(o->role));
	officer_print_categories(out, o);
	fprintf(out, "%s%s\n", *o->email != '\0' ? ", mail to " : "", o->email);
	print_fingerprint(out, "fingerprint", &o->keys);
}

static bool
same_person(const struct officer *a, const struct officer *b)
{
	return strcmp(a->name, b->name) == 0 && a->role == b->role &&
	       memcmp(&a->keys, &b->keys, sizeof(a->keys)) == 0 &&
	       strcmp(a->email, b->email) == 0 && strcmp(a->categories, b->categories) == 0;
}

static void
print_change(FILE *out, const struct officer *was, const struct officer *is)
{
	const char *none = "none";

	fprintf(out, "  * %s\n", was->name);
	if (strcmp(was->name, is->name) != 0)
		fprintf(out, "      name: now written %s\n", is->name);
	if (was->role != is->role)
		fprintf(out, "      role: %s -> %s\n", role_name(was->role), role_name(is->role));
	if (strcmp(was->categories, is->categories) != 0) {
		fputs("      reads: ", out);
		officer_print_categories(out, was);
		fputs(" -> ", out);
		officer_print_categories(out, is);
		fputc('\n', out);
	}
	if (strcmp(was->email, is->email) != 0)
		fprintf(out, "      mail: %s -> %s\n", *was->email != '\0' ? was->email : none,
		    *is->email != '\0' ? is->email : none);
	if (memcmp(&was->keys, &is->keys, sizeof(was->keys)) != 0) {
		fputs("      THE KEY CHANGES: compare the new fingerprint by telephone\n", out);
		print_fingerprint(out, "before", &was->keys);
		print_fingerprint(out, "after ", &is->keys);
	}
}

size_t
directory_diff(FILE *out, const struct directory *before, const struct directory *after)
{
	size_t n = 0;

	for (size_t i = 0; i < after->n_officers; i++) {
		const struct officer *is = &after->officers[i];
		const struct officer *was =
		    before != NULL ? directory_by_name(before, is->name) : NULL;

		if (was != NULL && same_person(was, is))
			continue;
		n++;
		if (was == NULL)
			print_person(out, '+', is);
		else
			print_change(out, was, is);
	}
	for (size_t i = 0; before != NULL && i < before->n_officers; i++)
		if (directory_by_name(after, before->officers[i].name) == NULL) {
			n++;
			print_person(out, '-', &before->officers[i]);
		}
	if (before == NULL || memcmp(before->escrow, after->escrow, AGE_KEY_BYTES) != 0) {
		char text[AGE_RECIPIENT_CHARS + 1];

		n++;
		age_recipient_format(text, after->escrow);
		fprintf(out,
		    "  %s escrow, which can open every report filed from then on:\n      %s\n",
		    before == NULL ? "+" : "* THE ESCROW CHANGES: the new", text);
	}
	return n;
}
