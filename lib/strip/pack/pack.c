/* SPDX-License-Identifier: ISC */
/*
 * Runs on the machine that builds, never in a room: makes of the language packs (see en/README.md)
 *
 *   pack lexicon LIST...   C: the table that lib/strip/lexicon.c looks words up in
 *   pack forms LIST...     re2c: the forms that lib/strip/scan.re includes
 *
 * A list's blocks are named after classes (AM: …), marks (+GIVEN: …), kinds (=FACILITY: …) of
 * internal.h, in capitals, or after forms, in small letters. Where lists differ about a word, the
 * first class and the first kind count, and marks add up.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "strip/lexicon.h"

#define NAME_MAX_BYTES 32
#define NAMES 256
#define SORTS (1u << LEXICON_SORT_BITS)
#define ENTRIES (1u << LEXICON_SLOT_BITS)

enum { CLASS, KIND, N_PREFIX };

struct entry {
	char *word;
	unsigned char name[N_PREFIX]; /* index of names; 0: none */
	unsigned marks;
};

static char names[NAMES][NAME_MAX_BYTES] = { "NONE" };
static char marks[8][NAME_MAX_BYTES];
static struct entry entries[ENTRIES];
static size_t n_entries;

/* The forms, each a re2c alternative as it grows. */
static struct form {
	char name[NAME_MAX_BYTES];
	char *words[256];
	size_t n;
} forms[16];

static void
die(const char *path, size_t line, const char *what)
{
	fprintf(stderr, "%s:%zu: %s\n", path, line, what);
	exit(1);
}

static size_t
index_of(char table[][NAME_MAX_BYTES], size_t n, size_t from, const char *name)
{
	for (size_t i = from; i < n; i++) {
		if (table[i][0] == 0)
			strcpy(table[i], name);
		if (strcmp(table[i], name) == 0)
			return i;
	}
	return n;
}

static struct entry *
entry_of(const char *word)
{
	size_t i = (size_t)lexicon_hash(word, strlen(word)) & (ENTRIES - 1);

	while (entries[i].word != NULL && strcmp(entries[i].word, word) != 0)
		i = (i + 1) & (ENTRIES - 1);
	if (entries[i].word == NULL) {
		if (++n_entries > ENTRIES / 2)
			die(word, 0, "too many words: raise LEXICON_SLOT_BITS");
		entries[i].word = strdup(word);
	}
	return &entries[i];
}

static unsigned
mark_of(const char *name)
{
	size_t i = index_of(marks, 8, 0, name);

	if (i == 8)
		die(name, 0, "more than 8 marks");
	return 1u << i;
}

/* A longer name is known by its first word. */
static void
add(const char *path, size_t line, const char *block, char *word)
{
	char *blank;
	int prefix = *block == '=' ? KIND : CLASS;
	size_t i;

	if (strlen(word) > LEXICON_WORD_MAX)
		die(path, line, "a word is too long");
	for (char *p = word; (p = strchr(p, '_')) != NULL;)
		*p = ' ';
	if (islower((unsigned char)*block)) {
		for (i = 0; i < 16 && forms[i].n > 0 && strcmp(forms[i].name, block) != 0; i++)
			;
		if (i == 16 || forms[i].n == 256)
			die(path, line, "too many forms");
		strcpy(forms[i].name, block);
		forms[i].words[forms[i].n++] = strdup(word);
		return;
	}
	if (*block == '+') {
		entry_of(word)->marks |= mark_of(block + 1);
	} else {
		struct entry *e = entry_of(word);

		i = index_of(names, NAMES, 1, block + (prefix == KIND ? 1 : 0));
		if (i == NAMES)
			die(path, line, "too many names");
		if (e->name[prefix] == 0)
			e->name[prefix] = (unsigned char)i;
	}
	if ((blank = strchr(word, ' ')) != NULL) {
		*blank = 0;
		entry_of(word)->marks |= mark_of("LONGER");
	}
}

static void
read_list(const char *path)
{
	static char text[1 << 16], block[NAME_MAX_BYTES];
	FILE *f = fopen(path, "r");
	size_t line = 0;

	if (f == NULL)
		die(path, 0, "cannot be read");
	for (block[0] = 0; fgets(text, sizeof(text), f) != NULL;) {
		char *p = text, *colon;

		line++;
		if (*p == '#')
			continue;
		if (!isspace((unsigned char)*p)) {
			if ((colon = strchr(p, ':')) == NULL || colon - p >= NAME_MAX_BYTES)
				die(path, line, "a block begins with its name and a colon");
			*colon = 0;
			strcpy(block, p);
			p = colon + 1;
		}
		for (p = strtok(p, " \t\n"); p != NULL; p = strtok(NULL, " \t\n")) {
			if (block[0] == 0)
				die(path, line, "words before the first block");
			add(path, line, block, p);
		}
	}
	fclose(f);
}

static void
print_marks(unsigned set)
{
	const char *before = "";

	for (unsigned i = 0; i < 8; i++)
		if ((set & 1u << i) != 0) {
			printf("%sLEX_%s", before, marks[i]);
			before = " | ";
		}
	if (set == 0)
		printf("0");
}

static void
print_lexicon(void)
{
	static struct entry sorts[SORTS];
	static unsigned long slots[ENTRIES];
	size_t n_sorts = 1;

	for (size_t i = 0; i < ENTRIES; i++) {
		const struct entry *e = &entries[i];
		unsigned long long hash;
		size_t sort = 1, slot;

		if (e->word == NULL)
			continue;
		while (sort < n_sorts && (memcmp(sorts[sort].name, e->name, N_PREFIX) != 0 ||
					     sorts[sort].marks != e->marks))
			sort++;
		if (sort == n_sorts) {
			if (n_sorts == SORTS)
				die(e->word, 0, "too many sorts of words");
			sorts[n_sorts++] = *e;
		}
		hash = lexicon_hash(e->word, strlen(e->word));
		slot = lexicon_slot(hash);
		while (slots[slot] != 0)
			slot = (slot + 1) & (ENTRIES - 1);
		slots[slot] = lexicon_print(hash) << LEXICON_SORT_BITS | sort;
	}
	printf("#include \"strip/internal.h\"\n#include \"strip/lexicon.h\"\n\n"
	       "const struct strip_lex strip_sorts[] = {\n\t{ 0, 0, 0 },\n");
	for (size_t i = 1; i < n_sorts; i++) {
		printf("\t{ C_%s, E_%s, ", names[sorts[i].name[CLASS]], names[sorts[i].name[KIND]]);
		print_marks(sorts[i].marks);
		printf(" },\n");
	}
	printf("};\n\nconst uint32_t strip_lexicon[%u] = {", ENTRIES);
	for (size_t i = 0; i < ENTRIES; i++)
		printf("%s%lu,", i % 16 == 0 ? "\n" : "", slots[i]);
	printf("\n};\n");
}

static void
print_forms(void)
{
	printf("/*!re2c\n");
	for (size_t i = 0; i < 16 && forms[i].n > 0; i++) {
		printf("say_%s = ", forms[i].name);
		for (size_t k = 0; k < forms[i].n; k++)
			printf("%s'%s'", k > 0 ? " | " : "", forms[i].words[k]);
		printf(";\n");
	}
	printf("*/\n");
}

int
main(int argc, char **argv)
{
	if (argc < 3)
		die("pack", 0, "usage: pack lexicon|forms LIST...");
	for (int i = 2; i < argc; i++)
		read_list(argv[i]);
	if (strcmp(argv[1], "forms") == 0)
		print_forms();
	else
		print_lexicon();
	return 0;
}
