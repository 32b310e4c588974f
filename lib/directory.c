/* SPDX-License-Identifier: ISC */
/*
 * The directory: see candor/directory.h. Any process. Must not let a name through that does
 * something to a terminal, a mail header or a table of figures.
 */
#include "candor/directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "candor/utf8.h"

#define FIRST_LINE "candor-directory 1"
#define FIELDS 8 /* of an officer's line */

/* ---- What may stand in a field ---------------------------------------------------------------- */

static const char *const role_names[] = {
	[ROLE_OFFICER] = "officer",
	[ROLE_LEAD] = "lead",
	[ROLE_AUDITOR] = "auditor",
	[ROLE_ADMIN] = "admin",
};

const char *
role_name(enum officer_role role)
{
	return (unsigned)role < ROLE__N ? role_names[role] : "?";
}

int
role_parse(enum officer_role *out, const char *text)
{
	for (unsigned i = 0; i < ROLE__N; i++) {
		if (strcmp(text, role_names[i]) == 0) {
			*out = (enum officer_role)i;
			return 0;
		}
	}
	return CANDOR_EINVAL;
}

static bool
is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool
is_letter_or_digit(char c)
{
	return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

bool
officer_name_valid(const char *name, const char **why)
{
	size_t len = strlen(name);
	uint32_t c;

	*why = "a name is 1 to 64 bytes long";
	if (len < 1 || len > OFFICER_NAME_MAX)
		return false;
	/* A leading sign makes a formula of a cell, and an option of an argument. */
	*why = "a name begins with a letter or a digit";
	if (!is_letter_or_digit(name[0]) && !((uint8_t)name[0] & 0x80))
		return false;
	*why = "a name holds printable UTF-8, single blanks, and none of < > @ \" \\";
	for (size_t i = 0, n; i < len; i += n) {
		if ((n = utf8_decode(&c, name + i, len - i)) == 0 || !utf8_char_printable(c))
			return false;
		if (c < 0x80 ? strchr("<>@\"\\", (int)c) != NULL : utf8_char_blank(c))
			return false;
		if (c == ' ' && (i + 1 == len || name[i + 1] == ' '))
			return false;
	}
	return true;
}

/* Dot-separated, non-empty atoms of the letters that ok allows; none longer than max. */
static bool
is_dotted(const char *p, size_t len, size_t max, bool (*ok)(char), bool hyphen_at_edge)
{
	size_t atom = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && p[i] != '.') {
			if (!ok(p[i]) || ++atom > max)
				return false;
			continue;
		}
		if (atom == 0 || (!hyphen_at_edge && (p[i - 1] == '-' || p[i - atom] == '-')))
			return false;
		atom = 0;
	}
	return true;
}

static bool
is_atext(char c)
{
	return is_letter_or_digit(c) || (c != '\0' && strchr("!#$%&'*+/=?^_`{|}~-", c) != NULL);
}

static bool
is_hostname(char c)
{
	return is_letter_or_digit(c) || c == '-';
}

bool
officer_email_valid(const char *email, const char **why)
{
	const char *at = strchr(email, '@');
	size_t len = strlen(email);

	*why = "an e-mail address is local-part@domain in ASCII, at most 254 characters";
	return len <= OFFICER_EMAIL_MAX && at != NULL && at - email <= 64 &&
	       is_letter_or_digit(email[0]) &&
	       is_dotted(email, (size_t)(at - email), 64, is_atext, true) &&
	       is_dotted(at + 1, len - (size_t)(at + 1 - email), 63, is_hostname, false);
}

/* "*", "-" or ids with commas between; an id begins with a letter or a digit. */
static bool
categories_valid(const char *p, size_t len)
{
	size_t id = 0;

	if (len == 1 && (*p == '*' || *p == '-'))
		return true;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && p[i] != ',') {
			if (!is_lower_or_digit(p[i]) && (p[i] != '-' || id == 0))
				return false;
			if (++id > CATEGORY_ID_MAX)
				return false;
		} else if (id == 0) {
			return false;
		} else {
			id = 0;
		}
	}
	return true;
}

/* ---- Looking up --------------------------------------------------------------------------------- */

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next character of a name in small letters: runs of white space as one blank, none at the
 * ends. '\0' when there is no more. */
static char
next_folded(const char **p)
{
	const char *start = *p;
	char c = *start;

	if (is_space(c)) {
		while (is_space(**p))
			(*p)++;
		return **p == '\0' ? '\0' : ' ';
	}
	if (c != '\0')
		(*p)++;
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_same_name(const char *a, const char *b)
{
	char ca, cb;

	while (is_space(*a))
		a++;
	while (is_space(*b))
		b++;
	do {
		ca = next_folded(&a);
		cb = next_folded(&b);
	} while (ca == cb && ca != '\0');
	return ca == cb;
}

const struct officer *
directory_by_name(const struct directory *d, const char *name)
{
	for (size_t i = 0; i < d->n_officers; i++) {
		if (is_same_name(d->officers[i].name, name))
			return &d->officers[i];
	}
	return NULL;
}

const struct officer *
directory_by_noise(const struct directory *d, const uint8_t noise[32])
{
	for (size_t i = 0; i < d->n_officers; i++) {
		if (memcmp(d->officers[i].keys.noise, noise, 32) == 0)
			return &d->officers[i];
	}
	return NULL;
}

bool
officer_serves(const struct officer *o, const char *category, unsigned roles_mask)
{
	size_t n = strlen(category);

	if ((o->role != ROLE_OFFICER && o->role != ROLE_LEAD) || !(roles_mask & 1u << o->role))
		return false;
	if (strcmp(o->categories, "*") == 0)
		return true;
	for (const char *p = o->categories; n > 0 && *p != '\0';) {
		size_t id = strcspn(p, ",");

		if (id == n && memcmp(p, category, n) == 0)
			return true;
		p += id + (p[id] == ',');
	}
	return false;
}

/* ---- Reading ------------------------------------------------------------------------------------ */

/* What the reader is at; line and why tell the caller where it stopped. */
struct reader {
	struct arena *a;
	const char *p, *end;
	unsigned line;
	const char *why;
};

/* A view on a part of the text. */
struct text {
	const char *p;
	size_t len;
};

static bool
next_line(struct reader *r, struct text *line)
{
	const char *lf = r->p < r->end ? memchr(r->p, '\n', (size_t)(r->end - r->p)) : NULL;

	r->line++;
	r->why = "the text ends too early: every line ends in LF";
	if (lf == NULL)
		return false;
	*line = (struct text){ r->p, (size_t)(lf - r->p) };
	r->p = lf + 1;
	return true;
}

/* The rest of a line behind "word ". */
static bool
next_value(struct reader *r, const char *word, const char *why, struct text *value)
{
	size_t n = strlen(word);

	if (!next_line(r, value))
		return false;
	r->why = why;
	if (value->len <= n || memcmp(value->p, word, n) != 0 || value->p[n] != ' ')
		return false;
	value->p += n + 1;
	value->len -= n + 1;
	return true;
}

static bool
parse_site(uint8_t id[SITE_ID_BYTES], struct text t)
{
	size_t n;

	if (t.len != (size_t)2 * SITE_ID_BYTES)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (t.p[i] >= 'A' && t.p[i] <= 'F')
			return false;
	}
	return sodium_hex2bin(id, SITE_ID_BYTES, t.p, t.len, NULL, &n, NULL) == 0 &&
	       n == SITE_ID_BYTES;
}

static bool
parse_version(uint64_t *out, struct text t)
{
	uint64_t v = 0;

	if (t.len < 1 || t.len > 19 || t.p[0] == '0')
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (t.p[i] < '0' || t.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(t.p[i] - '0');
	}
	*out = v;
	return true;
}

/* A copy with a NUL behind it; false when it does not fit or holds a NUL. */
static bool
copy_text(char *out, size_t cap, struct text t)
{
	if (t.len >= cap || memchr(t.p, '\0', t.len) != NULL)
		return false;
	memcpy(out, t.p, t.len);
	out[t.len] = '\0';
	return true;
}

static bool
parse_name(char out[OFFICER_NAME_MAX + 1], struct text t, const char **why)
{
	*why = "a name is 1 to 64 bytes long, without NUL";
	return t.len > 0 && copy_text(out, OFFICER_NAME_MAX + 1, t) && officer_name_valid(out, why);
}

static bool
parse_email(char out[OFFICER_EMAIL_MAX + 1], struct text t, const char **why)
{
	if (t.len == 1 && *t.p == '-') {
		out[0] = '\0';
		return true;
	}
	*why = "an e-mail address, or - for none";
	return t.len > 0 && copy_text(out, OFFICER_EMAIL_MAX + 1, t) &&
	       officer_email_valid(out, why);
}

static bool
parse_role(enum officer_role *out, struct text t)
{
	char word[16];

	return t.len > 0 && copy_text(word, sizeof(word), t) && role_parse(out, word) == 0;
}

static int
parse_officer(struct reader *r, struct officer *o)
{
	struct text line, field[FIELDS];
	size_t n = 0;

	if (!next_line(r, &line))
		return CANDOR_EINVAL;
	r->why = "an officer's line has eight fields with tabs between";
	for (const char *end = line.p + line.len, *p = line.p; n < FIELDS; n++) {
		const char *tab = p < end ? memchr(p, '\t', (size_t)(end - p)) : NULL;

		field[n] = (struct text){ p, (size_t)((tab != NULL ? tab : end) - p) };
		if ((tab == NULL) != (n == FIELDS - 1))
			return CANDOR_EINVAL;
		p = tab != NULL ? tab + 1 : end;
	}
	if (field[0].len != 7 || memcmp(field[0].p, "officer", 7) != 0)
		return CANDOR_EINVAL;
	if (!parse_name(o->name, field[1], &r->why))
		return CANDOR_EINVAL;
	r->why = "a role is officer, lead, auditor or admin";
	if (!parse_role(&o->role, field[2]))
		return CANDOR_EINVAL;
	r->why = "the keys are three words as `candor key show` prints them";
	if (age_recipient_parse(o->keys.age, field[3].p, field[3].len) < 0 ||
	    keys_base64_parse(o->keys.noise, field[4].p, field[4].len) < 0 ||
	    keys_base64_parse(o->keys.sign, field[5].p, field[5].len) < 0 ||
	    !keys_x25519_valid(o->keys.age) || !keys_x25519_valid(o->keys.noise))
		return CANDOR_EINVAL;
	if (!parse_email(o->email, field[6], &r->why))
		return CANDOR_EINVAL;
	r->why = "categories are *, - or ids of a-z, 0-9 and - with commas between";
	if (field[7].len == 0 || !categories_valid(field[7].p, field[7].len))
		return CANDOR_EINVAL;
	if (*field[7].p == '-')
		field[7].len = 0;
	if ((o->categories = arena_copy(r->a, field[7].p, field[7].len)) == NULL)
		return CANDOR_ENOMEM;
	return 0;
}

/* Is officer i of another name and other keys than all before it, and behind them? */
static bool
is_distinct(const struct directory *d, size_t i, const char **why)
{
	const struct officer *o = &d->officers[i];

	*why = "officers stand in the order of their names";
	if (i > 0 && strcmp(d->officers[i - 1].name, o->name) >= 0)
		return false;
	for (size_t k = 0; k < i; k++) {
		const struct officer *other = &d->officers[k];

		*why = "two officers have the same name";
		if (is_same_name(other->name, o->name))
			return false;
		*why = "two officers have the same key";
		if (memcmp(other->keys.age, o->keys.age, 32) == 0 ||
		    memcmp(other->keys.noise, o->keys.noise, 32) == 0 ||
		    memcmp(other->keys.sign, o->keys.sign, 32) == 0)
			return false;
	}
	*why = "the escrow is nobody's own key";
	return memcmp(o->keys.age, d->escrow, 32) != 0;
}

static int
parse(struct reader *r, struct directory *d)
{
	struct text t;
	size_t n = 0;
	int e;

	if (!next_line(r, &t))
		return CANDOR_EINVAL;
	r->why = "the first line is \"" FIRST_LINE "\"";
	if (t.len != sizeof(FIRST_LINE) - 1 || memcmp(t.p, FIRST_LINE, t.len) != 0)
		return CANDOR_EINVAL;
	if (!next_value(r, "site", "\"site\" and 32 small hex digits", &t) ||
	    !parse_site(d->site_id, t))
		return CANDOR_EINVAL;
	if (!next_value(r, "version", "\"version\" and a number from 1", &t) ||
	    !parse_version(&d->version, t))
		return CANDOR_EINVAL;
	if (!next_value(r, "escrow", "\"escrow\" and an age recipient", &t) ||
	    age_recipient_parse(d->escrow, t.p, t.len) < 0 || !keys_x25519_valid(d->escrow))
		return CANDOR_EINVAL;

	for (const char *p = r->p; p < r->end && (p = memchr(p, '\n', (size_t)(r->end - p))); p++)
		n++;
	if (n > DIRECTORY_OFFICERS_MAX) {
		r->line += DIRECTORY_OFFICERS_MAX + 1;
		r->why = "a directory has at most 128 officers";
		return CANDOR_EINVAL;
	}
	/* One more: the text's last bytes may lack their LF, and were not counted. */
	if ((d->officers = arena_alloc(r->a, (n + 1) * sizeof(*d->officers))) == NULL)
		return CANDOR_ENOMEM;
	for (; r->p < r->end; d->n_officers++) {
		if ((e = parse_officer(r, &d->officers[d->n_officers])) < 0)
			return e;
		if (!is_distinct(d, d->n_officers, &r->why))
			return CANDOR_EINVAL;
	}
	return 0;
}

int
directory_parse(struct arena *a, struct directory **out, const uint8_t *text, size_t len,
    unsigned *bad_line, const char **why)
{
	arena_mark_t mark = arena_mark(a);
	struct reader r = { .a = a, .p = (const char *)text, .end = (const char *)text + len };
	struct directory *d = arena_alloc(a, sizeof(*d));
	int e;

	if (d == NULL)
		return CANDOR_ENOMEM;
	if (len > DIRECTORY_MAX_BYTES) {
		r.why = "a directory has at most 49152 bytes";
		e = CANDOR_EINVAL;
	} else {
		e = parse(&r, d);
	}
	if (e < 0) {
		*bad_line = r.line;
		*why = e == CANDOR_ENOMEM ? "out of memory" : r.why;
		arena_release(a, mark);
		return e;
	}
	*out = d;
	return 0;
}

/* ---- The charter -------------------------------------------------------------------------------- */

#define CHARTER_LINE "candor-charter 1"
#define STATEMENT_LINES 3
#define SIGNATURE_LINES 4

/* Bytes of the first n lines; 0 when there are not as many. */
static size_t
lines_len(const uint8_t *p, size_t len, unsigned n)
{
	size_t at = 0;

	for (; n > 0; n--) {
		const uint8_t *lf = at < len ? memchr(p + at, '\n', len - at) : NULL;

		if (lf == NULL)
			return 0;
		at = (size_t)(lf - p) + 1;
	}
	return at;
}

/* Whom a statement names. */
static int
parse_statement(
    struct minisign_public *out, const uint8_t *p, size_t len, const uint8_t site_id[SITE_ID_BYTES])
{
	struct reader r = { .p = (const char *)p, .end = (const char *)p + len };
	uint8_t site[SITE_ID_BYTES];
	struct text t;

	if (!next_line(&r, &t) || t.len != sizeof(CHARTER_LINE) - 1 ||
	    memcmp(t.p, CHARTER_LINE, t.len) != 0 || !next_value(&r, "site", "", &t) ||
	    !parse_site(site, t) || memcmp(site, site_id, sizeof(site)) != 0 ||
	    !next_value(&r, "successor", "", &t) || minisign_public_parse(out, t.p, t.len) < 0)
		return CANDOR_EBADMSG;
	return 0;
}

int
directory_charter(struct minisign_public *charter, size_t *chain, const uint8_t *sig,
    size_t sig_len, const uint8_t site_id[SITE_ID_BYTES])
{
	struct minisign_public now = *charter, next;
	size_t at = 0;

	if (sig_len > DIRECTORY_SIGNATURE_MAX)
		return CANDOR_EBADMSG;
	while (sig_len - at > sizeof(CHARTER_LINE) &&
	       memcmp(sig + at, CHARTER_LINE "\n", sizeof(CHARTER_LINE)) == 0) {
		size_t text = lines_len(sig + at, sig_len - at, STATEMENT_LINES);
		size_t whole = lines_len(sig + at, sig_len - at, STATEMENT_LINES + SIGNATURE_LINES);

		if (whole == 0 || parse_statement(&next, sig + at, text, site_id) < 0)
			return CANDOR_EBADMSG;
		if (minisign_verify(sig + at, text, sig + at + text, whole - text, &now) == 0)
			now = next;
		at += whole;
	}
	*charter = now;
	*chain = at;
	return 0;
}

int
directory_succeed(struct arena *a, struct span *out, const uint8_t *chain, size_t chain_len,
    const struct minisign_secret *charter, const struct minisign_public *successor,
    const uint8_t site_id[SITE_ID_BYTES])
{
	char text[256], site[2 * SITE_ID_BYTES + 1], key[MINISIGN_PUBLIC_CHARS + 1];
	struct span sig;
	uint8_t *p;
	size_t len;

	sodium_bin2hex(site, sizeof(site), site_id, SITE_ID_BYTES);
	minisign_public_format(key, successor);
	len = (size_t)snprintf(
	    text, sizeof(text), CHARTER_LINE "\nsite %s\nsuccessor %s\n", site, key);
	if (minisign_sign(a, &sig, (const uint8_t *)text, len, charter, "candor charter") < 0)
		return CANDOR_ENOMEM;
	if (chain_len + len + sig.len + MINISIGN_SIGNATURE_MAX > DIRECTORY_SIGNATURE_MAX)
		return CANDOR_ETOOBIG;
	if ((p = arena_alloc(a, chain_len + len + sig.len)) == NULL)
		return CANDOR_ENOMEM;
	if (chain_len > 0)
		memcpy(p, chain, chain_len);
	memcpy(p + chain_len, text, len);
	memcpy(p + chain_len + len, sig.p, sig.len);
	*out = (struct span){ p, chain_len + len + sig.len };
	return 0;
}

int
directory_open(struct arena *a, struct directory **out, const uint8_t *text, size_t len,
    const uint8_t *sig, size_t sig_len, const struct minisign_public *charter,
    const uint8_t site_id[SITE_ID_BYTES])
{
	arena_mark_t mark = arena_mark(a);
	struct minisign_public now = *charter;
	struct directory *d;
	const char *why;
	unsigned line;
	size_t chain;
	int r;

	/* Not a byte of it is looked at before the charter vouches for it. */
	if ((r = directory_charter(&now, &chain, sig, sig_len, site_id)) < 0 ||
	    (r = minisign_verify(text, len, sig + chain, sig_len - chain, &now)) < 0)
		return r;
	if ((r = directory_parse(a, &d, text, len, &line, &why)) < 0)
		return r;
	if (memcmp(d->site_id, site_id, SITE_ID_BYTES) != 0) {
		arena_release(a, mark);
		return CANDOR_EINVAL;
	}
	*out = d;
	return 0;
}

/* ---- Writing ------------------------------------------------------------------------------------ */

static int
compare_names(const void *a, const void *b)
{
	const struct officer *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* What a line could not hold, or would be read as more than one. */
static bool
is_writable(const struct officer *o)
{
	const char *why;

	return (unsigned)o->role < ROLE__N && officer_name_valid(o->name, &why) &&
	       (o->email[0] == '\0' || officer_email_valid(o->email, &why)) &&
	       (o->categories[0] == '\0' || categories_valid(o->categories, strlen(o->categories)));
}

int
directory_format(struct arena *a, struct span *out, const struct directory *d)
{
	const struct officer *sorted[DIRECTORY_OFFICERS_MAX];
	char age[AGE_RECIPIENT_CHARS + 1], site[2 * SITE_ID_BYTES + 1], keys[KEYS_PUBLIC_MAX];
	size_t cap = DIRECTORY_MAX_BYTES + 1, used;
	struct directory *back;
	const char *why;
	arena_mark_t mark;
	unsigned line;
	char *text;
	int r;

	if (d->n_officers > DIRECTORY_OFFICERS_MAX)
		return CANDOR_ETOOBIG;
	if ((text = arena_alloc(a, cap)) == NULL)
		return CANDOR_ENOMEM;
	sodium_bin2hex(site, sizeof(site), d->site_id, sizeof(d->site_id));
	age_recipient_format(age, d->escrow);
	used = (size_t)snprintf(text, cap, FIRST_LINE "\nsite %s\nversion %llu\nescrow %s\n", site,
	    (unsigned long long)d->version, age);

	for (size_t i = 0; i < d->n_officers; i++)
		sorted[i] = &d->officers[i];
	qsort(sorted, d->n_officers, sizeof(sorted[0]), compare_names);
	for (size_t i = 0; i < d->n_officers; i++) {
		const struct officer *o = sorted[i];

		if (!is_writable(o))
			return CANDOR_EINVAL;
		keys_public_format(keys, &o->keys);
		for (char *p = keys; (p = strchr(p, ' ')) != NULL;)
			*p = '\t';
		used += (size_t)snprintf(text + used, cap - used, "officer\t%s\t%s\t%s\t%s\t%s\n",
		    o->name, role_name(o->role), keys, o->email[0] != '\0' ? o->email : "-",
		    o->categories[0] != '\0' ? o->categories : "-");
		if (used >= cap)
			return CANDOR_ETOOBIG;
	}
	/* What is left to find are twins and keys of low order: the reader knows. */
	mark = arena_mark(a);
	r = directory_parse(a, &back, (const uint8_t *)text, used, &line, &why);
	arena_release(a, mark);
	if (r == 0)
		*out = (struct span){ (const uint8_t *)text, used };
	return r;
}
