/* SPDX-License-Identifier: ISC */
/*
 * Between the four stages of stripping: even out the text, scan it into tokens, find what goes by
 * the context rules, apply. Pure; any process. Nothing here may allocate outside the arena, and no
 * stage may take more than linear time.
 */
#ifndef CANDOR_STRIP_INTERNAL_H
#define CANDOR_STRIP_INTERNAL_H

#include "candor/strip.h"
#include "strip/kinds.h"

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
 * The classes of tokens, a byte each, so that phrases and rules are regular expressions over a string
 * of classes. classes.awk tells re2c their names: a line each, in order.
 */
enum strip_class {
	C_NONE,
	C_ADDRESS_END, /* street, road */
	C_ALLCAPS,
	C_AM,
	C_AND,
	C_ARTICLE, /* a, an */
	C_AS,
	C_ASK,
	C_BARE, /* ten digits that may be a telephone number */
	C_BEEN,
	C_BLANK_LINE,
	C_CAP, /* Capitalised */
	C_CARD,
	C_CLOSER, /* regards, thanks */
	C_CLOCK,  /* badged, arrived */
	C_CODE,   /* digits and letters, T-20917 */
	C_COLON,
	C_COMMA,
	C_COMMON, /* a word that is no name */
	C_CONTACT,
	C_CREDENTIAL, /* RN, MD */
	C_DASH,
	C_DATE,
	C_DEVICE, /* iPhone */
	C_EMAIL,
	C_END,
	C_EXTENSION,
	C_FIELD,  /* reporter: */
	C_FILLER, /* kind, many: beside a closer */
	C_FOR,
	C_FROM,
	C_HANDLE,
	C_HASH,
	C_HAVE,
	C_HERE,
	C_HIRED, /* hired, graduated */
	C_I,
	C_IDNOUN, /* badge, licence */
	C_IM,
	C_IN,
	C_INITIAL, /* J. or Y.B. */
	C_INITIALS,
	C_IP,
	C_IS,
	C_ITS,
	C_IVE,
	C_JOB,  /* my role: */
	C_LAST, /* last, first */
	C_LEFT,
	C_LINE,
	C_LOGIN,  /* login, user name */
	C_MANAGE, /* supervise, run */
	C_ME,
	C_MY,
	C_NAME,
	C_NUMBER,
	C_NUMNOUN, /* number, no. */
	C_NUMWORD,
	C_ONLY,
	C_OPENING, /* a quotation mark before what is quoted */
	C_OTHER,
	C_PATH,
	C_PERSON, /* patient, witness: not the writer */
	C_PHONE,
	C_PLACEHOLDER,
	C_PLACE, /* surgery, desk, north: no name, but says which */
	C_POSSESSIVE,
	C_PREP,
	C_PROBATION,
	C_QUOTE,
	C_REACH,    /* call, text */
	C_REPORTED, /* reported, submitted (by) */
	C_RECORD,   /* MRN, chart */
	C_RELATION,
	C_RIGHT,
	C_ROLE,
	C_SEASON,
	C_SENT,
	C_SINCE,
	C_SLASH,
	C_SPELT, /* jane at mail dot example: perhaps an address */
	C_SSN,
	C_STARTED,
	C_THE,
	C_THEY, /* he, her, their */
	C_THIS,
	C_TIME, /* 18:52 */
	C_TITLE,
	C_TRACK, /* what a link says of who shared it */
	C_UNIT,  /* years, months */
	C_URL,
	C_VERBAL, /* ends in -ing, -ed: no name */
	C_WAS,
	C_WE,
	C_WORD,
	C_WORK,
	C_DOT,    /* the word, in an address that is spelt */
	C_MAILER, /* gmail: an address without the rest */
	C_QUESTION,
	C_NOT,
	C_BUT,       /* but, because, when: a clause begins */
	C_WHO,       /* who, that, which: a clause that tells more */
	C_VERB,      /* has, would, said: words of a clause, not of a name */
	C_SOMEONE,   /* person, guy */
	C_DEPT,      /* radiology, billing */
	C_DAY,       /* Memorial Day */
	C_DURATION,  /* two years and a half */
	C_POINT,     /* last fall, March 2019 */
	C_ROLE_GONE, /* placeholders that others are told by */
	C_NAME_GONE,
	C_AT,   /* the word, before a host that is spelt */
	C_AGO,  /* ago, later */
	C_LONG, /* a number of many digits */
	C_CALLING,
	C_YOUR,
	C_MARK,    /* a quotation mark that neither opens nor closes, an apostrophe */
	C_BOX,     /* P.O. box */
	C_AREA,    /* before a telephone number's first part */
	C_ADDRESS, /* 12 Hill Road, Dunmore */
	C_ORG,     /* clinic, vendor: a company's, not the writer's */
	C_TAG,     /* a code that is hardly a dose or a room */
	C_THING,   /* van, case: has a number, but may be anybody's */
	C_USER,    /* moth_lamp_88: a user name by its letters */
	C_HOUR,    /* ten past nine */
	C__N,
};
_Static_assert(C__N <= 128 && STRIP__N < 128, "they fit a token");

struct strip_token {
	uint32_t start, end; /* bytes of the evened text */
	uint32_t label : 7;  /* of a placeholder put in: what it stands for; else STRIP__N */
	uint32_t quoted : 1; /* stands between quotation marks */
	uint32_t kept : 1;   /* the writer wants it kept, unless its label is never kept */
	uint32_t kind : 8;   /* of a word: enum strip_kind; of a pseudonym: the person's role */
	uint32_t marks : 14; /* of a word: LEX_…; of a pseudonym: which person's */
	uint32_t told : 1;   /* the tagger found nothing in its sentence as it stands */
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
	LEX_GIVEN = 1,    /* a given name */
	LEX_FAMILY = 2,   /* a family name */
	LEX_PLACE = 4,    /* a town, a county */
	LEX_LONGER = 8,   /* names of several words begin with it: "san" */
	LEX_COMMON = 16,  /* an everyday word, too */
	LEX_WORD = 32,    /* a rarer word */
	LEX_KNOWN = 64,   /* a name that is nobody's: of a drug, a firm, a language */
	LEX_EPONYM = 128, /* of whom a disease or a sign has its name */
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

/* ---- between: phrases.re --------------------------------------------------------------------- */

/* Make one token of those that are one phrase. */
void strip_phrases(struct strip_tokens *t);

/* ---- stage 3: rules.re and context.c --------------------------------------------------------- */

/* What must hold beside the pattern itself. */
enum strip_when {
	WHEN_ALWAYS,
	WHEN_MINE,       /* the nearest person in the sentence is the writer */
	WHEN_NOT_THEIRS, /* it is not somebody else */
	WHEN_CONTACT,    /* as NOT_THEIRS; labelled by kind where nobody is near */
	WHEN_BLOCK,      /* begins where a signature can begin */
	WHEN_FORM,       /* the line before it is not about somebody else */
	WHEN_OWN,        /* the last person before it in the sentence is the writer */
	WHEN_SERVED,     /* the writer has, or is, or works, in the same clause */
	WHEN_TOP,        /* no sentence stands before it */
	WHEN_WRITERS,    /* as MINE, or it is nobody and nothing but stops is beside it */
};

struct strip_match {
	enum strip_label label; /* STRIP__N: none */
	enum strip_when when;
	size_t start, end; /* tokens, counted from where the match began */
	size_t len;        /* of the whole match */
};

/* What a rule leaves open: how far what goes reaches. */
enum strip_extent {
	REST_SELF,    /* what the writer is */
	REST_APPOSED, /* the same, set off by stops */
	REST_SINCE,   /* up to the end of a clause that tells a time, not a reason */
	REST_WHERE,   /* where the writer works */
	REST_WHEN,    /* up to the time it tells, in its clause */
	REST_NAME,    /* a name that can be nothing else */
	REST_FULL,    /* any name */
	REST_FIELD,   /* a name that is all there is up to the end of the line, or of the cell */
	REST_DIGITS,  /* a number, with the letters that belong to it */
	REST_QUOTED,  /* all between two quotation marks, and these */
};

/* How many tokens from cls on it has; 0: there is none. */
size_t strip_rest(const uint8_t *cls, enum strip_extent extent);

/* What is next to go of a signature that begins behind the token at cls; its label is STRIP__N when none
 * does. */
struct strip_match strip_sign(const uint8_t *cls, const struct strip_token *tok);

/* No rule looks at more tokens than this from where it begins. */
#define STRIP_REACH 64

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

/* The class of the placeholder for label. */
uint8_t strip_gone(enum strip_label label);

/* Keep the name at the head of tokens start..end, if there is one. */
void strip_known_add(
    struct strip_known *known, const struct strip_tokens *t, size_t start, size_t end);

/* Do tokens start..end, or one beside them, stay because the writer wants it? */
bool strip_beside_kept(const struct strip_tokens *t, size_t start, size_t end);

/* Is what begins with token k somebody else's: quoted from them, or the number of a patient or a paper? */
bool strip_others(struct strip_tokens *t, size_t k, enum strip_label label);

/* One placeholder for each run of tokens that were given the same label; tokens only become fewer. */
void strip_join(struct strip_tokens *t);

/* Masks of labels: what goes at all, and what goes where the writer keeps it, too. */
struct strip_taking {
	unsigned take, never;
};

/* Put placeholders in the place of what the rules, known names (and user names made of them), and the
 * tagger find, and note the names among it. Each returns whether it found any. */
bool strip_by_rules(
    struct strip_tokens *t, struct strip_known *known, const struct strip_taking *taking);
bool strip_known_find(
    struct strip_tokens *t, const struct strip_known *known, const struct strip_taking *taking);
/* How many sentences there were is kept in *sentences, 0 before. */
bool strip_tag(struct strip_tokens *t, struct strip_known *known, const struct strip_taking *taking,
    unsigned *sentences);

/* What the reporter profile takes, less what is kept. */
struct strip_taking strip_reporter_takes(const struct strip_keep *keep);

/* Put placeholders in the place of all that goes; tokens only become fewer. */
void strip_reporter(struct strip_tokens *t, const struct strip_keep *keep);

/* ---- de-identification: entity_scan.re, entity_rules.re and entity.c --------------------------------- */

/* As strip_scan(), but the classes are kinds. */
int strip_entity_scan(
    struct arena *a, struct strip_tokens *out, const struct strip_evened *text) MUST_CHECK;

/* The longest rule that matches at cls, a string of kinds that ends in 0. *look is how many of them
 * that hangs on. */
struct strip_match strip_entity_rules(const uint8_t *cls, unsigned *look);

/* Put placeholders in the place of all that goes; tokens only become fewer. Returns 0 or
 * CANDOR_ENOMEM. */
int strip_entities(
    struct arena *a, struct strip_tokens *t, const struct strip_keep *keep) MUST_CHECK;

/* What stands for a name that went: "[Patient A]". Returns its length. */
#define STRIP_PSEUDONYM_MAX 16
size_t strip_pseudonym(char out[STRIP_PSEUDONYM_MAX], const struct strip_token *tok);

#endif
