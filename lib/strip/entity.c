/* SPDX-License-Identifier: ISC */
/*
 * Stage 3 of stripping, for de-identification: run the rules of entity_rules.re over the tokens until none
 * matches, look for the names found in the rest of the text, and give each person a pseudonym. Any
 * process; pure. The outcome must be a fixed point: what is left matches no rule, so that stripping
 * twice is stripping once.
 */
#include <string.h>

#include "strip/internal.h"
#include "strip/lexicon.h"

#define BIT(label) (1u << (label))

_Static_assert(STRIP__N <= 32, "labels fit a mask");

/* ---- the rules, until none matches ------------------------------------------------------------ */

/*
 * The tokens with a gap in them, as in context.c: those left of it are done, the rest begins right of
 * it. Each find makes them fewer.
 */
struct gap {
	struct strip_tokens *t;
	/* How many tokens the outcome at each hangs on: no rule matches there as long as these stay what
	 * they are. 0: not known. */
	uint8_t *look;
	unsigned take, never; /* masks: what goes at all, and where it is kept, too */
	size_t left, right;
	size_t reach; /* how far to go back behind a find */
};

/* No rule looks at more tokens than this from where it begins. */
#define REACH 32

static uint8_t
gone(enum strip_label label)
{
	switch (label) {
	case STRIP_NAME:
		return E_GONE_NAME;
	case STRIP_PLACE:
		return E_GONE_PLACE;
	case STRIP_ADDRESS:
		return E_GONE_ADDRESS;
	case STRIP_DATE:
		return E_GONE_DATE;
	default:
		return E_GONE;
	}
}

static bool
kept(const struct strip_token *tok, size_t n, enum strip_label label, unsigned take, unsigned never)
{
	if ((take & BIT(label)) == 0)
		return true;
	for (size_t i = 0; i < n && (never & BIT(label)) == 0; i++)
		if (tok[i].kept)
			return true;
	return false;
}

/* What stands so many tokens behind those that end at end has changed. */
static void
stir(struct gap *g, size_t end, size_t behind)
{
	for (size_t n = 1; n <= REACH && n <= end; n++)
		if (g->look[end - n] >= n + behind)
			g->look[end - n] = 0;
}

/* Move n tokens. */
static void
move(struct gap *g, size_t to, size_t from, size_t n)
{
	memmove(g->t->tok + to, g->t->tok + from, n * sizeof(*g->t->tok));
	memmove(g->t->cls + to, g->t->cls + from, n);
	memmove(g->look + to, g->look + from, n);
}

static void
replace(struct gap *g, const struct strip_match *m)
{
	struct strip_tokens *t = g->t;
	size_t start = g->right + m->start, to = g->right + m->end - 1, back;

	t->tok[to].start = t->tok[start].start;
	t->tok[to].label = m->label & 0x7f;
	t->tok[to].kind = 0;
	t->tok[to].marks = 0;
	t->cls[to] = gone(m->label);
	g->look[to] = 0;
	move(g, to - m->start, g->right, m->start);
	g->right = to - m->start;
	memset(g->look + g->right, 0, m->start);
	stir(g, g->left, m->start);

	back = g->left < g->reach ? g->left : g->reach;
	g->left -= back;
	g->right -= back;
	move(g, g->right, g->left, back);
}

/* The longest rule at cls; where one is found by what stands before it, a rule that begins with the
 * find itself may take more. */
static struct strip_match
best(const uint8_t *cls, unsigned *look)
{
	struct strip_match m = strip_entity_rules(cls, look), more;
	unsigned there;

	if (m.label == STRIP__N || m.start == 0)
		return m;
	more = strip_entity_rules(cls + m.start, &there);
	if (more.label == STRIP__N || more.start != 0 || more.end + m.start <= m.end)
		return m;
	more.start += m.start;
	more.end += m.start;
	return more;
}

/* Returns whether any matched. */
static bool
sweep(struct gap *g, size_t reach)
{
	bool found = false;

	g->left = g->right = 0;
	g->reach = reach;
	while (g->right < g->t->n) {
		struct strip_token *tok = &g->t->tok[g->right];

		if (g->look[g->right] == 0) {
			unsigned look;
			struct strip_match m = best(g->t->cls + g->right, &look);

			if (m.label != STRIP__N && m.end > m.start &&
			    !kept(tok + m.start, m.end - m.start, m.label, g->take, g->never)) {
				replace(g, &m);
				found = true;
				continue;
			}
			g->look[g->right] = (uint8_t)look;
		}
		if (g->left < g->right) {
			g->t->tok[g->left] = *tok;
			g->t->cls[g->left] = g->t->cls[g->right];
			g->look[g->left] = g->look[g->right];
		}
		g->left++;
		g->right++;
	}
	g->t->n = g->left;
	g->t->cls[g->t->n] = 0;
	return found;
}

/* ---- eponyms ---------------------------------------------------------------------------------- */

static bool
named(uint8_t kind)
{
	return (kind >= E_GIVEN && kind <= E_CAP) || kind == E_SHOUT || kind == E_STREET;
}

/* Of whom a disease, a sign or a device has its name is nobody in the text: "Foley catheter". */
#define EPONYM_WORDS 4

static void
know_eponyms(struct strip_tokens *t)
{
	for (size_t i = 1; i < t->n; i++) {
		bool noun = t->cls[i] == E_MEDNOUN, whose = t->cls[i] == E_POSSESSIVE,
		     listed = false, between;
		size_t first = i, n = 0;

		if (whose &&
		    (named(t->cls[i + 1]) || t->cls[i + 1] == E_KIN || t->cls[i + 1] == E_LOW ||
			t->cls[i + 1] == E_LOW_ROW || t->cls[i + 1] == E_FACILITY))
			continue;
		if (!noun && !whose)
			continue;
		if (noun && t->cls[i - 1] == E_POSSESSIVE) {
			whose = true;
			first--;
		}
		/* What stands between: the coma of the Glasgow coma scale. */
		while (noun && !whose && i - first < 2 && first > 1 &&
		       (t->cls[first - 1] == E_TITLED || t->cls[first - 1] == E_CAPS ||
			   t->cls[first - 1] == E_LOW || t->cls[first - 1] == E_LOW_ROW ||
			   t->cls[first - 1] == E_RARE))
			first--;
		between = first < i && !whose;
		for (; first > 1 && n < EPONYM_WORDS; first--) {
			const struct strip_token *tok = &t->tok[first - 1];

			if (named(t->cls[first - 1]) || t->cls[first - 1] == E_KNOWN ||
			    t->cls[first - 1] == E_KNOWN_NAME) {
				listed |= (tok->marks & LEX_EPONYM) != 0;
				n++;
			} else if (n == 0 ||
				   (t->cls[first - 1] != E_DASH && t->cls[first - 1] != E_AND)) {
				break;
			}
		}
		if (n == 0 || t->cls[first - 1] == E_TITLE || t->cls[first - 1] == E_DOCTOR ||
		    t->cls[first - 1] == E_INITIAL)
			continue;
		if (!listed &&
		    (whose || between || t->cls[first] == E_GIVEN || t->cls[first] == E_SOFT_GIVEN))
			continue;
		for (size_t k = first; k < i; k++)
			if (named(t->cls[k]))
				t->cls[k] = E_KNOWN;
	}
}

/* ---- names found, in the rest of the text ----------------------------------------------------- */

/* The parts of names that are remembered, and how many a person has of them. */
#define PARTS_MAX 4096
#define PERSON_PARTS 4
#define PART_MIN 3

struct part {
	uint32_t hash; /* 0: free */
	uint32_t person;
};

struct person {
	uint32_t part[PERSON_PARTS];
	uint8_t first[PERSON_PARTS]; /* letter of each part */
	uint8_t n, role;
};

struct names {
	struct part *table;
	size_t slots; /* a power of two */
	struct person *persons;
	size_t n_persons, room;
	size_t n_parts;
};

static uint32_t
hash_of(const uint8_t *p, size_t len, uint8_t *first)
{
	uint8_t low[64];
	size_t n = len <= 48 ? strip_fold(low, sizeof(low), p, len) : 0;
	uint64_t hash;

	if (n == 0)
		return 0;
	*first = low[0];
	hash = lexicon_hash(low, n);
	return (uint32_t)(hash ^ hash >> 32) | 1;
}

static struct part *
slot_of(const struct names *names, uint32_t hash)
{
	size_t i = (hash >> 1) & (names->slots - 1);

	while (names->table[i].hash != 0 && names->table[i].hash != hash)
		i = (i + 1) & (names->slots - 1);
	return &names->table[i];
}

static bool
letter(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c >= 0x80 ||
	       c == '\'';
}

/* What a name in the text is made of. */
struct mention {
	uint32_t part[PERSON_PARTS];
	uint8_t first[PERSON_PARTS];
	bool initial[PERSON_PARTS];
	size_t n;
};

static void
read_mention(struct mention *m, const uint8_t *p, size_t len)
{
	m->n = 0;
	for (size_t i = 0; i < len && m->n < PERSON_PARTS;) {
		size_t from;

		while (i < len && !letter(p[i]))
			i++;
		from = i;
		while (i < len && letter(p[i]))
			i++;
		if (i == from)
			break;
		m->initial[m->n] = i - from < PART_MIN;
		if ((m->part[m->n] = hash_of(p + from, i - from, &m->first[m->n])) != 0)
			m->n++;
	}
}

static bool
has_part(const struct person *who, uint32_t part)
{
	for (size_t i = 0; i < who->n; i++)
		if (who->part[i] == part)
			return true;
	return false;
}

static bool
has_letter(const struct person *who, uint8_t first)
{
	for (size_t i = 0; i < who->n; i++)
		if (who->first[i] == first)
			return true;
	return false;
}

/* Can the mention be of that person? Each part is the person's, or one an initial of the other. */
static bool
can_be(const struct mention *m, const struct person *who)
{
	size_t known = 0;

	for (size_t i = 0; i < m->n; i++) {
		bool has = m->initial[i] ? has_letter(who, m->first[i]) : has_part(who, m->part[i]);

		known += has;
		if (!has && who->n >= 2 && m->n >= 2)
			return false;
	}
	return known > 0;
}

static struct person *
person_of(struct names *names, const struct mention *m)
{
	struct person *who = NULL;

	for (size_t i = 0; i < m->n && who == NULL; i++) {
		const struct part *part = slot_of(names, m->part[i]);

		if (!m->initial[i] && part->hash != 0 && can_be(m, &names->persons[part->person]))
			who = &names->persons[part->person];
	}
	if (who == NULL) {
		if (names->n_persons == names->room)
			return NULL;
		who = &names->persons[names->n_persons++];
	}
	for (size_t i = 0; i < m->n; i++) {
		struct part *part = slot_of(names, m->part[i]);

		if (who->n < PERSON_PARTS && !has_part(who, m->part[i])) {
			who->first[who->n] = m->first[i];
			who->part[who->n++] = m->part[i];
		}
		if (part->hash == 0 && names->n_parts < names->slots / 2) {
			part->hash = m->part[i];
			names->n_parts++;
		}
		if (part->hash != 0)
			part->person = (uint32_t)(who - names->persons);
	}
	return who;
}

static bool
put_in(const struct strip_tokens *t, size_t i)
{
	return t->tok[i].label == STRIP_NAME && t->cls[i] == E_GONE_NAME;
}

/* Remember the parts of the names found so far. */
static void
remember(struct names *names, const struct strip_tokens *t)
{
	struct mention m;

	for (size_t i = 0; i < t->n; i++) {
		if (!put_in(t, i))
			continue;
		read_mention(&m, t->text + t->tok[i].start, t->tok[i].end - t->tok[i].start);
		for (size_t k = 0; k < m.n; k++) {
			struct part *part = slot_of(names, m.part[k]);

			if (!m.initial[k] && part->hash == 0 && names->n_parts < names->slots / 2) {
				part->hash = m.part[k];
				names->n_parts++;
			}
		}
	}
}

/* Is token i a part of a name that was found? */
static bool
known(const struct names *names, const struct strip_tokens *t, size_t i)
{
	const struct strip_token *tok = &t->tok[i];
	uint8_t kind = t->cls[i], first;
	uint32_t hash;

	if (!named(kind) && !(kind >= E_ODD && kind <= E_LOW_PLACE) && kind != E_CAPS &&
	    kind != E_SOFT_MONTH && kind != E_RARE)
		return false;
	if (tok->end - tok->start < PART_MIN)
		return false;
	hash = hash_of(t->text + tok->start, tok->end - tok->start, &first);
	return hash != 0 && slot_of(names, hash)->hash != 0;
}

static bool
find_known(struct gap *g, const struct names *names)
{
	struct strip_tokens *t = g->t;
	size_t to = 1;
	bool found = false, last = false;

	for (size_t i = 1; i < t->n; i++) {
		bool here =
		    known(names, t, i) && !kept(&t->tok[i], 1, STRIP_NAME, g->take, g->never);

		found |= here;
		if (here && last) {
			t->tok[to - 1].end = t->tok[i].end;
			continue;
		}
		last = here;
		if (to < i) {
			t->tok[to] = t->tok[i];
			t->cls[to] = t->cls[i];
			g->look[to] = g->look[i];
		}
		if (here) {
			t->tok[to].label = STRIP_NAME;
			t->tok[to].kind = 0;
			t->tok[to].marks = 0;
			t->cls[to] = E_GONE_NAME;
			g->look[to] = 0;
			stir(g, to, 0);
		}
		to++;
	}
	if (t->n > 0) {
		t->n = to;
		t->cls[to] = 0;
	}
	return found;
}

/* ---- pseudonyms ------------------------------------------------------------------------------- */

enum { PERSON, PATIENT, NURSE, DOCTOR };

static const char *const roles[] = {
	[PERSON] = "Person", [PATIENT] = "Patient", [NURSE] = "Nurse", [DOCTOR] = "Dr."
};

/* How far before a name the text may tell that it is a patient's. */
#define LOOK_BACK 14

static unsigned
role_of(const struct strip_tokens *t, size_t i)
{
	for (size_t k = i; k > 0 && i - k < LOOK_BACK; k--) {
		uint8_t kind = t->cls[k - 1];

		if (kind == E_NURSE && i - k < 2)
			return NURSE;
		if (kind == E_DOCTOR && i == k)
			return DOCTOR;
		if (kind == E_PATIENT || kind == E_AGE || kind == E_YEARS)
			return PATIENT;
		if (kind == E_END || kind == E_BLANK || kind == E_GONE_NAME || kind == E_TITLE ||
		    kind == E_BY || kind == E_SURGEON || kind == E_STAFF || kind == E_KIN)
			break;
	}
	return PERSON;
}

/* The number of the last letter in "[Person AB]", which the text had already. */
static size_t
letters_of(const uint8_t *p, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (p[i] == ' ')
			n = 0;
		else if (p[i] >= 'A' && p[i] <= 'Z')
			n = n * 26 + p[i] - 'A' + 1;
		else if (p[i] >= 'a')
			n = 0;
	}
	return n;
}

/* Each name gets the number of its person, and the role that the text gives; "Dr." becomes a part of
 * it. Returns whether any did. */
static bool
name_persons(struct names *names, struct gap *g)
{
	struct strip_tokens *t = g->t;
	size_t first = 1, to = 0;
	bool taken = false;
	struct mention m;

	for (size_t i = 0; i < t->n; i++) {
		size_t n = 0;

		if (t->cls[i] == E_GONE_NAME && t->tok[i].label == STRIP__N)
			n = letters_of(t->text + t->tok[i].start, t->tok[i].end - t->tok[i].start);
		first = n + 1 > first ? n + 1 : first;
	}
	for (size_t i = 0; i < t->n; i++) {
		struct person *who;
		unsigned role;

		if (!put_in(t, i))
			continue;
		read_mention(&m, t->text + t->tok[i].start, t->tok[i].end - t->tok[i].start);
		if ((who = person_of(names, &m)) == NULL)
			continue;
		role = role_of(t, i);
		if (who->role == PERSON)
			who->role = (uint8_t)role;
		t->tok[i].marks = (unsigned)(who - names->persons + 1) & 0x3fff;
	}
	for (size_t i = 0; i < t->n; i++, to++) {
		struct strip_token tok = t->tok[i];

		if (put_in(t, i) && tok.marks != 0) {
			tok.kind = names->persons[tok.marks - 1].role;
			tok.marks = (tok.marks - 1 + first) & 0x3fff;
			if (tok.kind == DOCTOR && to > 0 && t->cls[to - 1] == E_DOCTOR &&
			    !t->tok[to - 1].kept) {
				tok.start = t->tok[to - 1].start;
				to--;
				taken = true;
			}
		}
		t->cls[to] = t->cls[i];
		t->tok[to] = tok;
		g->look[to] = 0;
	}
	t->n = to;
	t->cls[to] = 0;
	return taken;
}

size_t
strip_pseudonym(char out[STRIP_PSEUDONYM_MAX], const struct strip_token *tok)
{
	const char *role = roles[tok->kind % NELEM(roles)];
	size_t len = 0, n = tok->marks;
	char letters[4];
	size_t n_letters = 0;

	for (; n > 0 && n_letters < sizeof(letters); n = (n - 1) / 26)
		letters[n_letters++] = (char)('A' + (n - 1) % 26);
	out[len++] = '[';
	memcpy(out + len, role, strlen(role));
	len += strlen(role);
	if (n_letters > 0)
		out[len++] = ' ';
	while (n_letters > 0)
		out[len++] = letters[--n_letters];
	out[len++] = ']';
	return len;
}

/* ---- the stage -------------------------------------------------------------------------------- */

static int
new_names(struct names *names, struct arena *a, size_t n)
{
	*names = (struct names){ .slots = 16, .room = n < PARTS_MAX ? n + 1 : PARTS_MAX };
	while (names->slots < 2 * names->room)
		names->slots *= 2;
	names->table = arena_alloc(a, names->slots * sizeof(*names->table));
	names->persons = arena_alloc(a, names->room * sizeof(*names->persons));
	if (names->table == NULL || names->persons == NULL)
		return CANDOR_ENOMEM;
	memset(names->persons, 0, names->room * sizeof(*names->persons));
	return 0;
}

static void
forget(struct names *names)
{
	memset(names->table, 0, names->slots * sizeof(*names->table));
	names->n_parts = 0;
}

/* Names that only come up among what the known ones left are looked for once more, then no more: the
 * rules have the last word. */
#define ROUNDS 2

int
strip_entities(struct arena *a, struct strip_tokens *t, const struct strip_keep *keep)
{
	unsigned take = ~0u & ~(keep->labels & ~keep->never);
	struct gap g = { .t = t, .take = take, .never = keep->never };
	struct names names;
	size_t found = 0;
	int r;

	know_eponyms(t);
	if ((g.look = arena_alloc(a, t->n + 1)) == NULL)
		return CANDOR_ENOMEM;
	memset(g.look, 0, t->n + 1);
	/* Most is found at once; what a find makes possible before it, then. */
	if (!sweep(&g, 0))
		return 0;
	(void)sweep(&g, REACH);
	for (size_t i = 0; i < t->n; i++)
		found += put_in(t, i);
	if (found == 0)
		return 0;
	if ((r = new_names(&names, a, found * PERSON_PARTS)) < 0)
		return r;
	for (unsigned round = 0; round < ROUNDS; round++) {
		forget(&names);
		remember(&names, t);
		if (!find_known(&g, &names))
			break;
		(void)sweep(&g, REACH);
	}
	forget(&names);
	if (name_persons(&names, &g))
		(void)sweep(&g, REACH);
	return 0;
}
