/* SPDX-License-Identifier: ISC */
/*
 * The directory: who may read what. One text, signed by the charter key, a line per person. What
 * intake and officers' clients encrypt to comes from here and nowhere else. Pure.
 *
 *   candor-directory 1
 *   site 32-hex-digits
 *   version N
 *   escrow age1…
 *   officer<TAB>Name<TAB>role<TAB>age1…<TAB>NOISE<TAB>SIGN<TAB>e-mail or -<TAB>* or a,b,c or -
 *
 * Lines end in LF; officers stand in the order of their names (bytewise). No other line is allowed.
 */
#ifndef CANDOR_DIRECTORY_H
#define CANDOR_DIRECTORY_H

#include "candor/arena.h"
#include "candor/keys.h"
#include "candor/minisign.h"
#include "candor/receipt.h"

#define DIRECTORY_MAX_BYTES 49152
#define DIRECTORY_SIGNATURE_MAX 8192 /* with all that the charter key was handed on by */
#define DIRECTORY_OFFICERS_MAX 128
#define OFFICER_NAME_MAX 64   /* bytes; printable UTF-8, no tab, no control or bidi character */
#define OFFICER_EMAIL_MAX 254 /* RFC 5321 */
#define CATEGORY_ID_MAX 32    /* [a-z0-9-] */

enum officer_role { ROLE_OFFICER, ROLE_LEAD, ROLE_AUDITOR, ROLE_ADMIN, ROLE__N };
/* Who may talk to the desk and is nobody of the directory: an unknown key; the escrow's. */
#define ROLE_ANYONE ROLE__N
#define ROLE_ESCROW (ROLE__N + 1)

struct officer {
	char name[OFFICER_NAME_MAX + 1];
	enum officer_role role;
	struct officer_public keys;
	char email[OFFICER_EMAIL_MAX + 1]; /* empty: none */
	char *categories;                  /* "*", "" or "a,b,c"; in the directory's arena */
};

struct directory {
	uint8_t site_id[SITE_ID_BYTES];
	uint64_t version; /* from 1 */
	uint8_t escrow[AGE_KEY_BYTES];
	size_t n_officers;
	struct officer *officers; /* in the arena */
};

/*
 * Parse a text. On CANDOR_EINVAL *bad_line is the number of the line from 1 and *why a static
 * sentence on what is allowed there. *out and its parts lie in the arena. Any process.
 */
int directory_parse(struct arena *a, struct directory **out, const uint8_t *text, size_t len,
    unsigned *bad_line, const char **why) MUST_CHECK;

/* Parse and require the charter's signature (or that of the key it was handed on to) and the site's id:
 * CANDOR_EBADMSG when the signature is wrong, CANDOR_EINVAL when the text or the site is. */
int directory_open(struct arena *a, struct directory **out, const uint8_t *text, size_t len,
    const uint8_t *sig, size_t sig_len, const struct minisign_public *charter,
    const uint8_t site_id[SITE_ID_BYTES]) MUST_CHECK;

/*
 * A charter key may sign its office over to another. Such statements stand before the signature proper,
 * each its text and the signature of the key before:
 *
 *   candor-charter 1
 *   site 32-hex-digits
 *   successor RW…
 *
 * Whoever has pinned an earlier key follows them; those of others are passed over.
 *
 * charter  in: the key that is pinned; out: the one in force
 * chain    out: how many bytes of sig are such statements; the rest is the signature proper
 *
 * CANDOR_EBADMSG when they are not in that form. Any process.
 */
int directory_charter(struct minisign_public *charter, size_t *chain, const uint8_t *sig,
    size_t sig_len, const uint8_t site_id[SITE_ID_BYTES]) MUST_CHECK;

/* Sign the office over: sig with one more statement at the end of its chain, and no signature proper yet.
 * CANDOR_ENOMEM; CANDOR_ETOOBIG after many of them. Client. */
int directory_succeed(struct arena *a, struct span *out, const uint8_t *chain, size_t chain_len,
    const struct minisign_secret *charter, const struct minisign_public *successor,
    const uint8_t site_id[SITE_ID_BYTES]) MUST_CHECK;

/* The text of a directory, officers sorted, into the arena. CANDOR_EINVAL for what could not be
 * parsed again (a bad name, two of the same name or key), CANDOR_ETOOBIG. */
int directory_format(struct arena *a, struct span *out, const struct directory *d) MUST_CHECK;

/* NULL when there is none. Names compare without case (ASCII) and with white space folded. */
const struct officer *directory_by_name(const struct directory *d, const char *name);
const struct officer *directory_by_noise(const struct directory *d, const uint8_t noise[32]);

/* "officer", "lead", "auditor", "admin"; CANDOR_EINVAL for another word. */
const char *role_name(enum officer_role role);
int role_parse(enum officer_role *out, const char *text) MUST_CHECK;

/* Does this officer take cases of the category, which goes to the roles in roles_mask (bit
 * 1 << role)? Auditors and admins never do. */
bool officer_serves(const struct officer *o, const char *category, unsigned roles_mask);

/* Is the name one that a directory may hold? And the e-mail? *why is static. */
bool officer_name_valid(const char *name, const char **why);
bool officer_email_valid(const char *email, const char **why);

#endif
