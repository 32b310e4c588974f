/* SPDX-License-Identifier: ISC */
/*
 * What the verbs of officers and administrators share: the key, the session with the desk, the
 * directory that the charter key signed, words to be sealed, and tables. Client.
 *
 * As all of the client: functions return an exit code of sysexits.h and leave the sentence that goes
 * with it in the client.
 */
#ifndef CANDOR_CLIENT_OFFICER_H
#define CANDOR_CLIENT_OFFICER_H

#include "candor/candor_pb.h"
#include "candor/directory.h"

#include "client.h"
#include "link.h"

struct json_t;

/* An officer at work: one verb, or a whole `candor desk`. Zeroed but for c; end with officer_end(). */
struct officer_session {
	struct client *c;
	struct officer_secret *keys; /* in c->arena; NULL before officer_load_key() */
	const uint8_t *opener;       /* what opens cases, when it is not keys->age: a former key */
	bool anyone; /* needs nobody of the directory: a key is made up rather than unlocked */
	struct link *link; /* NULL: not connected */

	bool audit_looked; /* see audit_look() */

	/* After officer_begin(), in c->arena: */
	const Candor__Directory *got;   /* as it came */
	struct minisign_public charter; /* the charter key in force */
	size_t chain;                   /* bytes of the signature by which it was handed on */
	struct directory *directory;    /* its signed part, verified; NULL: nothing is signed yet */
	const struct officer *me;       /* NULL: this key is not in it */

	/* Where words come from when they are not to be had as term_words() gets them; or NULL. */
	int (*words)(struct officer_session *s, struct span *out, size_t max);
};

/*
 * Read the key of --key into s->keys, asking for its passphrase when it has one (three times on a
 * terminal). EX_USAGE when there is no --key; as private_file_read(); EX_DATAERR when it is no key
 * file or the passphrase is wrong. Once: further calls do nothing.
 */
int officer_load_key(struct officer_session *s) MUST_CHECK;

/* The same for any file, at any time. Blocks for a second or so when there is a passphrase. */
int officer_read_key(
    struct client *c, const char *path, struct officer_secret *out, const char *prompt) MUST_CHECK;

/*
 * Load the site and the key, connect to the desk unless connected, fetch the directory and verify it;
 * connect anew when the session idled out. Every verb calls it once its arguments are read. Needs a
 * person of the directory unless s->anyone: EX_NOPERM says what to do; EX_DATAERR when the
 * directory is forged or older than one seen before.
 */
int officer_begin(struct officer_session *s) MUST_CHECK;

/* Connect, or find that we are. */
int officer_connect(struct officer_session *s) MUST_CHECK;

/* Disconnect and wipe the keys. */
void officer_end(struct officer_session *s);

/* A verb of candor that is fn() in a session of its own. */
#define OFFICER_VERB(verb, fn)                                                                     \
	int verb(struct client *c, int argc, char **argv)                                          \
	{                                                                                          \
		struct officer_session s = { .c = c };                                             \
		int r = fn(&s, argc, argv);                                                        \
                                                                                                   \
		officer_end(&s);                                                                   \
		return r;                                                                          \
	}

/* One request; the answer lies in a. As link_call(), and drops a link that broke. */
int officer_call(struct officer_session *s, struct arena *a, unsigned kind,
    const ProtobufCMessage *msg, unsigned want, ProtobufCMessage **answer) MUST_CHECK;

/* One request that is answered by DONE, whose text is shown. With --json: {"done": text}. */
int officer_do(struct officer_session *s, unsigned kind, const ProtobufCMessage *msg) MUST_CHECK;
/* Say that it was done. */
int officer_done(struct client *c, const char *text);

/* The words of a note or reply, in c->arena: see term_words(). */
int officer_words(struct officer_session *s, struct span *out, const char *prompt) MUST_CHECK;

/* Take trailing white space off words; EX_DATAERR unless they are UTF-8 without NUL. None may be left. */
int officer_check_words(struct client *c, struct span *words) MUST_CHECK;

/* The officer of that name in the directory; EX_DATAERR lists who there is. */
int officer_find(
    struct officer_session *s, const struct officer **out, const char *name) MUST_CHECK;

/* The sub-verbs of a verb. */
struct officer_verb {
	const char *name;
	int (*run)(struct officer_session *s, int argc, char **argv); /* argv[0] is name */
};

/* Run the one that argv[1] names; EX_USAGE lists those that there are. */
int officer_run(struct officer_session *s, const char *verb, const struct officer_verb *verbs,
    size_t n, int argc, char **argv) MUST_CHECK;

/* As a verb of its own: a session that begins and ends with it. */
int officer_verb(struct client *c, const char *verb, const struct officer_verb *verbs, size_t n,
    int argc, char **argv) MUST_CHECK;

/* The verbs that `candor desk` knows, too. */
int officer_cases(struct officer_session *s, int argc, char **argv);
int officer_case(struct officer_session *s, int argc, char **argv);
int officer_board(struct officer_session *s, int argc, char **argv);
int officer_search(struct officer_session *s, int argc, char **argv);
int officer_template(struct officer_session *s, int argc, char **argv);
int officer_directory(struct officer_session *s, int argc, char **argv);
int officer_stats(struct officer_session *s, int argc, char **argv);
int officer_audit(struct officer_session *s, int argc, char **argv);
int officer_hand_over(struct officer_session *s, int argc, char **argv);
int officer_reseal(struct officer_session *s, int argc, char **argv);
int officer_approve(struct officer_session *s, int argc, char **argv);

/* ---- keys: officer_key.c; and of `candor key`, what needs a daemon: officer_people.c ---- */
/* The line to enrol, and the fingerprint to compare. */
int officer_show_public(struct client *c, const struct officer_public *pub);
/* Make a key and write its file, which is not there yet, with a passphrase that is asked for unless bare.
 * EX_CANTCREAT. */
int officer_new_key(
    struct client *c, const char *path, struct officer_secret *out, bool bare) MUST_CHECK;
int officer_key_rotate(struct officer_session *s, int argc, char **argv);

/* A non-negative decimal number up to max; EX_USAGE names what it was for. */
int officer_number(
    struct client *c, uint32_t *out, const char *text, uint32_t max, const char *what) MUST_CHECK;

/* A case's number in the form C-XXXX-XXXX, in c->arena; EX_USAGE. */
int officer_case_number(struct client *c, char **out, const char *text) MUST_CHECK;

/* A copy of a string in c->arena that a message may hold. NULL when it does not fit. */
char *officer_string(struct client *c, const char *text);

/* YYYY-MM-DD; EX_USAGE. */
int officer_day(struct client *c, int32_t *out, const char *text) MUST_CHECK;

/* An option's value as a string of a message: it stays as it is when there is none. */
int officer_text(struct client *c, char **out, const char *value) MUST_CHECK;

/* A case as lists show it; NULL when out of memory. */
struct json_t *officer_case_json(const Candor__CaseSummary *k, int32_t today);

/* Today, where the client is. */
int32_t officer_today(void);

/* ---- clocks, as of a day that the daemon says: officer_clocks.c ---- */
/* The deadline that runs out next; NULL: none runs. */
const Candor__Clock *officer_next_clock(Candor__Clock *const *clocks, size_t n);

/* How it stands: "in 3 days", "2 days over", "met 2026-11-25, 1 day late", …; true: it is overdue. */
#define CLOCK_TEXT_MAX 64
bool officer_clock_text(char out[CLOCK_TEXT_MAX], const Candor__Clock *k, int32_t today);

/* [{"name","due","met_on","overdue",…}…]; NULL when out of memory. */
struct json_t *officer_clocks_json(Candor__Clock *const *clocks, size_t n, int32_t today);

/* One cell of a table: text of others, made inert, padded to width columns (0: the last one). */
void officer_cell(struct client *c, const char *text, unsigned width);
/* A heading of a table, ended by NULL. */
struct officer_column {
	const char *title;
	unsigned width;
};
void officer_heading(struct client *c, const struct officer_column *columns, size_t n);

#endif
