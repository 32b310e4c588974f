/* SPDX-License-Identifier: ISC */
/*
 * Between the four stages of stripping: even out the text, scan it into tokens, find what goes by
 * the context rules, apply. Pure; any process. Nothing here may allocate outside the arena, and no
 * stage may take more than linear time.
 */
#ifndef CANDOR_STRIP_INTERNAL_H
#define CANDOR_STRIP_INTERNAL_H

#include "candor/strip.h"

/* ---- stage 1: even.c ------------------------------------------------------------------------- */

/* in_len bytes at in of the text as given became out_len bytes at out of the evened text. */
struct strip_edit {
	uint32_t in, in_len, out;
	uint32_t out_len : 24, label : 8; /* STRIP__N: evened out without a span */
};

struct strip_evened {
	uint8_t *p; /* NUL-terminated */
	size_t len;
	struct strip_edit *edits; /* in order, only where lengths or labels differ */
	size_t n_edits;
	size_t n_normalised;
};

/* Returns 0, CANDOR_EINVAL (not UTF-8, or NUL in it), CANDOR_ENOMEM. */
int strip_even(
    struct arena *a, struct strip_evened *out, const uint8_t *text, size_t len) MUST_CHECK;

/* ---- stage 2: scan.re ------------------------------------------------------------------------ */

/*
 * The classes of tokens, a character each, so that the rules are regular expressions over a string
 * of classes. rules.re names the same letters.
 */
enum strip_class {
	C_NONE = 0,
	C_ADDRESS_END = 'H', /* street, road */
	C_ALLCAPS = 'A',
	C_AM = 'a',
	C_AND = '&',
	C_ARTICLE = '~', /* a, an */
	C_AS = '\'',
	C_ASK = '[',
	C_BARE = 'p', /* ten digits that may be a telephone number */
	C_BEEN = 'Q',
	C_BLANK_LINE = 'B',
	C_CAP = 'N', /* Capitalised */
	C_CARD = 'C',
	C_CLOSER = 'u', /* regards, thanks */
	C_CLOCK = '_',  /* badged, arrived */
	C_CODE = 'c',   /* digits and letters, T-20917 */
	C_COLON = ':',
	C_COMMA = ',',
	C_COMMON = 'o', /* a word that is no name */
	C_CONTACT = 'x',
	C_CREDENTIAL = 'R', /* RN, MD */
	C_DASH = '-',
	C_DATE = 'Y',
	C_DEVICE = '`', /* iPhone */
	C_EMAIL = 'E',
	C_END = '.',
	C_EXTENSION = 'X',
	C_FIELD = 'F',  /* reporter: */
	C_FILLER = 'y', /* kind, many: beside a closer */
	C_FOR = '4',
	C_FROM = 'f', /* from, calling, here */
	C_HANDLE = '@',
	C_HASH = '#',
	C_HAVE = 'J',
	C_HERE = '8',
	C_HIRED = '+', /* hired, graduated */
	C_I = 'i',
	C_IDNOUN = 'b', /* badge, licence */
	C_IM = 'j',
	C_IN = '6',
	C_INITIAL = 'T', /* J. or Y.B. */
	C_INITIALS = 'I',
	C_IP = 'V',
	C_IS = '=',
	C_ITS = 'q',
	C_IVE = 'v',
	C_JOB = ';',  /* my role: */
	C_LAST = '}', /* last, first */
	C_LEFT = '(',
	C_LINE = 'n',
	C_LOGIN = '\\', /* login, user name */
	C_MANAGE = '|', /* supervise, run */
	C_ME = 'e',
	C_MY = 'm',
	C_NAME = 'k',
	C_NUMBER = 'd',
	C_NUMNOUN = 'g', /* number, no. */
	C_NUMWORD = '1',
	C_ONLY = '!',
	C_OPENING = '<', /* a quotation mark before what is quoted */
	C_OTHER = '*',
	C_PATH = 'L',
	C_PERSON = 'O', /* patient, witness: not the writer */
	C_PHONE = 'P',
	C_PLACEHOLDER = 'Z',
	C_PLACE = 1, /* surgery, desk, north: no name, but says which */
	C_POSSESSIVE = 's',
	C_PREP = 'G',
	C_PROBATION = '{',
	C_QUOTE = '"',
	C_REACH = 'l',    /* call, text */
	C_REPORTED = '2', /* reported, submitted (by) */
	C_RECORD = 'M',   /* MRN, chart */
	C_RELATION = 'K',
	C_RIGHT = ')',
	C_ROLE = 'r',
	C_SEASON = ']',
	C_SENT = '%',
	C_SINCE = '7',
	C_SLASH = '/',
	C_SPELT = '?', /* jane at mail dot example: perhaps an address */
	C_SSN = 'S',
	C_STARTED = '9',
	C_THE = '^',
	C_THEY = 'h', /* he, her, their */
	C_THIS = 't',
	C_TIME = '0', /* 18:52 */
	C_TITLE = 'D',
	C_TRACK = '>', /* what a link says of who shared it */
	C_UNIT = 'z',  /* years, months */
	C_URL = 'U',
	C_VERBAL = '$', /* ends in -ing, -ed, -ly: no name */
	C_WAS = 'W',
	C_WE = '5',
	C_WORD = 'w',
	C_WORK = '3',
};

struct strip_token {
	uint32_t start, end; /* bytes of the evened text */
	uint32_t label : 8;  /* of a placeholder put in: what it stands for; else STRIP__N */
	uint32_t quoted : 1; /* stands between quotation marks */
	uint32_t kept : 1;   /* the writer wants it kept, unless its label is never kept */
	uint32_t kind : 8;   /* of a word: enum strip_kind */
	uint32_t marks : 14; /* of a word: LEX_… */
};

/* One more than there are: a class of 0 ends the string. Token 0 is an empty line before the text.
 */
struct strip_tokens {
	struct strip_token *tok;
	uint8_t *cls;
	size_t n;
	const uint8_t *text;
};

/* Returns 0 or CANDOR_ENOMEM. The evened text ends in NUL and contains no other. */
int strip_scan(
    struct arena *a, struct strip_tokens *out, const struct strip_evened *text) MUST_CHECK;

/* What the language packs say of a word beside its class. Many words have several. */
enum strip_mark {
	LEX_GIVEN = 1,   /* a given name */
	LEX_FAMILY = 2,  /* a family name */
	LEX_PLACE = 4,   /* a town, a county */
	LEX_LONGER = 8,  /* names of several words begin with it: "san" */
	LEX_COMMON = 16, /* an everyday word, too */
	LEX_WORD = 32,   /* a rarer word */
	LEX_KNOWN = 64,  /* a name that is nobody's: of a drug, a firm, a language */
};

/* What a word is beside names, for de-identification: a line each, as with the classes. */
enum strip_kind {
	E_NONE,
};

struct strip_lex {
	uint8_t class; /* enum strip_class; C_NONE when the rules do not know it */
	uint8_t kind;  /* enum strip_kind */
	uint8_t marks; /* enum strip_mark */
};

/* What the language packs know of a word, folded; all 0 when nothing. len may be any. */
struct strip_lex strip_word(const uint8_t *folded, size_t len);

/* Write a word folded as the packs have it: in lower case, without marks. Returns the length, 0 when
 * it does not fit into room bytes. */
size_t strip_fold(uint8_t *out, size_t room, const uint8_t *word, size_t len);

/* ---- stage 3: rules.re and context.c --------------------------------------------------------- */

/* What must hold beside the pattern itself. */
enum strip_when {
	WHEN_ALWAYS,
	WHEN_MINE,       /* the nearest person in the sentence is the writer */
	WHEN_NOT_THEIRS, /* it is not somebody else */
	WHEN_CONTACT,    /* as NOT_THEIRS; labelled by kind where nobody is near */
	WHEN_BLOCK,      /* begins where a signature can begin */
	WHEN_FORM,       /* the line before it is not about somebody else */
	WHEN_TOP,        /* no sentence stands before it */
};

struct strip_match {
	enum strip_label label; /* STRIP__N: none */
	enum strip_when when;
	size_t start, end; /* tokens, counted from where the match began */
	size_t len;        /* of the whole match */
};

/* No rule looks at more tokens than this from where it begins. */
#define STRIP_REACH 48

/* The longest rule that matches at cls, a string of classes that ends in 0. */
struct strip_match strip_rules(const uint8_t *cls);

/* Names that the writer gave as the writer's own. Few: the first ones count. */
#define KNOWN_NAMES 4
#define KNOWN_PARTS 4

struct strip_known {
	struct strip_known_name {
		struct strip_word_ref {
			const uint8_t *p;
			size_t len;
			bool small; /* written without a capital */
		} part[KNOWN_PARTS];
		size_t n;
	} name[KNOWN_NAMES];
	size_t n;
};

/* Keep the name at the head of tokens start..end, if there is one. */
void strip_known_add(
    struct strip_known *known, const struct strip_tokens *t, size_t start, size_t end);

/* Put placeholders in the place of known names, and of user names made of them; tokens only become
 * fewer. Returns whether any was put in. */
bool strip_known_find(
    struct strip_tokens *t, const struct strip_known *known, unsigned take, unsigned never);

/* Put placeholders in the place of all that goes; tokens only become fewer. */
void strip_context(
    struct strip_tokens *t, enum strip_profile profile, const struct strip_keep *keep);

#endif
