/* SPDX-License-Identifier: ISC */
/*
 * Stage 2 of stripping: evened text in, tokens and their classes out. The words and the forms of
 * numbers are here and nowhere else. Any process. Every pattern either takes what it has read or
 * reads a bounded length, so that scanning is linear.
 */
#include <string.h>
#include <strings.h>

#include <utf8proc.h>

#include "candor/utf8.h"
#include "strip/internal.h"

/* An e-mail address has at most 64 bytes before its @ (RFC 5321, 4.5.3.1.1). */
#define LOCAL_PART_MAX 64
#define GROW 64

/* Words that are half as long are in no list: folding may make one longer. */
#define WORD_MAX 64

struct scan {
	uint8_t low[WORD_MAX]; /* the word at hand, folded */
	struct arena *a;
	struct strip_tokens *to;
	const uint8_t *text;
	size_t cap;
	struct strip_lex lex; /* of the word at hand */
	size_t opened; /* the token of the quotation mark that is open; 0: none is */
};

/* Room for the classes is taken behind the tokens when their number is known: until then a token's
 * label holds its class. */
static int
push(struct scan *s, enum strip_class class, size_t start, size_t end)
{
	struct strip_tokens *to = s->to;

	if (to->n == s->cap) {
		/* Nothing else is taken meanwhile: what comes now lies behind what is there. */
		struct strip_token *more = arena_alloc(s->a, GROW * sizeof(*more));

		if (more == NULL)
			return CANDOR_ENOMEM;
		if (to->tok == NULL)
			to->tok = more;
		s->cap += GROW;
	}
	to->tok[to->n++] = (struct strip_token){ .start = (uint32_t)start,
		.end = (uint32_t)end,
		.label = class & 0x7f,
		.quoted = s->opened != 0,
		.kind = s->lex.kind,
		.marks = s->lex.marks };
	s->lex = (struct strip_lex){ 0 };
	return 0;
}

/* A quotation ends before token n. What was never closed is none, so that a stray mark hides
 * nothing. */
static void
close_quote(struct scan *s, size_t n, bool closed)
{
	if (!closed)
		for (size_t i = s->opened; s->opened != 0 && i < n; i++)
			s->to->tok[i].quoted = 0;
	s->opened = 0;
}

static bool
local_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	    (c != 0 && strchr("._%+-'", c) != NULL) || c >= 0x80;
}

/* An @ and a domain stand at start: what touches it on the left is the rest of the address. Returns
 * false when there is nothing, or when that is no local part. */
static bool
take_local_part(struct scan *s, size_t *start)
{
	struct strip_tokens *to = s->to;
	size_t from = *start, n = to->n;

	while (n > 1 && to->tok[n - 1].end == from && *start - to->tok[n - 1].start <= LOCAL_PART_MAX) {
		const struct strip_token *t = &to->tok[n - 1];
		size_t i = t->end;

		while (i > t->start && local_char(s->text[i - 1]))
			i--;
		if (i > t->start)
			break;
		from = t->start;
		n--;
	}
	while (from < *start && strchr(".'-", s->text[from]) != NULL) {
		from = to->tok[n].end;
		n++;
	}
	if (from == *start)
		return false;
	to->n = n;
	*start = from;
	return true;
}

static bool
ends(const uint8_t *word, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len > n + 1 && memcmp(word + len - n, with, n) == 0;
}

/* How words end that name a calling. */
static const char *const callings[] = { "ologist", "ographer", "iatrist", "usionist", "etrist",
	"entionist", "talist", "ivist" };

/* What a word is by its letters alone. */
static enum strip_class
shape(const uint8_t *word, size_t len, unsigned marks)
{
	size_t small = 0, big = 0;
	uint32_t first = 0;

	for (size_t i = 0; (word[len - 1] == 't' || word[len - 1] == 'r') && i < NELEM(callings); i++)
		if (ends(word, len, callings[i]))
			return C_ROLE;
	for (size_t i = 0; i < len; i++) {
		small += (word[i] >= 'a' && word[i] <= 'z') || word[i] >= 0x80;
		big += word[i] >= 'A' && word[i] <= 'Z';
	}
	if (small == 0)
		return len > 4 && (ends(word, len, "ING") || ends(word, len, "ED") ||
				      ends(word, len, "LY")) ?
			   C_VERBAL :
			   C_ALLCAPS;
	if (ends(word, len, "n't"))
		return C_COMMON;
	if (len > 6 && (memcmp(word, "svc-", 4) == 0 || memcmp(word, "adm-", 4) == 0))
		return C_USER;
	if ((big == 0 || (marks & (LEX_COMMON | LEX_WORD)) != 0) && ends(word, len, "ly"))
		return C_COMMON;
	if (big == 0 && (ends(word, len, "ing") || ends(word, len, "ed")))
		return C_VERBAL;
	if (word[0] >= 0x80)
		utf8_decode(&first, (const char *)word, len);
	if ((word[0] >= 'A' && word[0] <= 'Z') ||
	    (first >= 0xc0 && utf8proc_category((int32_t)first) == UTF8PROC_CATEGORY_LU))
		return C_CAP;
	return C_WORD;
}

/* The class of the word from start to *end, which may move: a full stop belongs to "Dr.", the 's
 * to "it's" but not to "Jane's", where it is cut off. What else is known of it goes to s. */
static enum strip_class
word_class(struct scan *s, const unsigned char **end, const unsigned char *start, bool cut)
{
	size_t len = (size_t)(*end - start), n;
	uint8_t *low = s->low;

	s->lex = (struct strip_lex){ 0 };
	if (len <= WORD_MAX / 2 && (n = strip_fold(low, sizeof(s->low) - 1, start, len)) > 0) {
		struct strip_lex found;

		low[n] = '.';
		if (start[len] == '.' && (found = strip_word(low, n + 1)).class != C_NONE) {
			(*end)++;
			s->lex = found;
			return found.class;
		}
		s->lex = strip_word(low, n);
		if (start[0] < 'a' && start[1] < 'a' && (found = strip_word(start, len)).class != C_NONE)
			return found.class;
		if (s->lex.class != C_NONE)
			return s->lex.class;
	}
	if (!cut && len > 2 && start[len - 2] == '\'' && (start[len - 1] | 0x20) == 's') {
		*end -= 2;
		return word_class(s, end, start, true);
	}
	return shape(start, len, s->lex.marks);
}

/* What apps put behind a link to know who shared it: the name before a "=". */
static const char *const tracks[] = { "igsh", "igshid", "utm_source", "utm_medium", "utm_campaign",
	"fbclid", "gclid", "ttclid", "_t", "_r", "si", "mibextid", "share_id", "share_link_id",
	"sharer", "shared_by", "u_code", "uid", "user_id", "userid", "ref", "rdid", "refid",
	"is_from_webapp", "sender_device", "sender_web_id", "tt_from", "xmt", "s", "context",
	"rcm", "invite" };

/* Where in a link of len bytes that begins, and all behind it goes; len when nowhere. What is left
 * must be a link still. */
static size_t
tracked(const uint8_t *url, size_t len)
{
	for (size_t i = 2; i < len; i++) {
		const uint8_t *eq;
		size_t room = len - i < 24 ? len - i : 24;

		if ((url[i] != '?' && url[i] != '&') || strchr(".,;:!?", url[i - 1]) != NULL ||
		    (url[i - 1] == '/' && url[i - 2] == '/'))
			continue;
		eq = memchr(url + i, '=', room);
		for (size_t k = 0; eq != NULL && k < NELEM(tracks); k++)
			if (strlen(tracks[k]) == (size_t)(eq - url) - i - 1 &&
			    memcmp(url + i + 1, tracks[k], strlen(tracks[k])) == 0)
				return i;
	}
	return len;
}

/* What a link may hold, and what it does not end with. */
static const char link_stops[] = "<>\"'(){}|\\^`[]", link_tails[] = ".,;:!?";

static const uint8_t *
link_end(const uint8_t *p)
{
	const uint8_t *from = p;

	while (*p > ' ' && strchr(link_stops, *p) == NULL && !(*p == 0xc2 && p[1] < 0xc0))
		p++;
	while (p > from && strchr(link_tails, p[-1]) != NULL)
		p--;
	return p;
}

/* The names of a site that may stand without "www.": how many, and how they end. */
#define SITE_NAMES 5
static const char *const site_tails[] = { "com", "org", "net", "edu", "gov", "io", "example" };

static bool
ascii_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Where the name of a site ends that begins at start with what ends at p; NULL: it is none. */
static const uint8_t *
site_end(const uint8_t *start, const uint8_t *p)
{
	const uint8_t *end = NULL;

	if (*p != '.' || !ascii_word(p[1]))
		return NULL;
	for (const uint8_t *c = start; c < p; c++)
		if (!ascii_word(*c) && *c != '-' && *c != '.')
			return NULL;
	for (size_t n = 1; n < SITE_NAMES && *p == '.' && ascii_word(p[1]); n++) {
		const uint8_t *name = ++p;

		while (ascii_word(*p) || *p == '-')
			p++;
		for (size_t i = 0; i < NELEM(site_tails); i++)
			if (strlen(site_tails[i]) == (size_t)(p - name) &&
			    strncasecmp(site_tails[i], (const char *)name, (size_t)(p - name)) == 0)
				end = p;
	}
	return end != NULL && *end == '/' ? end + 1 : end;
}

/* How many bytes the letter at p has; 0: there is none. */
static size_t
letter(const uint8_t *p)
{
	uint32_t c = 0;
	size_t n;

	if (*p < 0x80)
		return ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z');
	n = utf8_decode(&c, (const char *)p, 4);
	return c < 0xc0 || (c >= 0x2000 && c < 0x2c00) || (c >= 0x2e00 && c < 0x3040) ||
			       (c >= 0xd800 && c < 0xf900) || (c >= 0xfe0f && c < 0xfe20) ||
			       (c >= 0xff00 && c < 0xff21) || (c >= 0xffdd && c < 0x10000) ||
			       (c >= 0x1f000 && c < 0x20000) ?
		   0 :
		   n;
}

/* Where the word ends of which all before p is read. */
static const uint8_t *
word_end(const uint8_t *p)
{
	for (size_t n;;) {
		if ((n = letter(p)) > 0)
			p += n;
		else if ((*p == '\'' || *p == '-') && letter(p + 1) > 0)
			p++;
		else
			return p;
	}
}

/* Is a code too long to be a dose, a room or a day? */
static bool
tag(const uint8_t *p, const uint8_t *end)
{
	size_t digits = 0, others = 0;

	for (; p < end; p++)
		*(*p >= '0' && *p <= '9' ? &digits : &others) += 1;
	return digits > 2 && others > 0 && digits + others > 4;
}

/* The check digit of payment cards (ISO/IEC 7812-1, annex B). */
static bool
luhn(const uint8_t *p, size_t len)
{
	unsigned sum = 0, place = 0;

	for (size_t i = len; i-- > 0;) {
		unsigned d = p[i] - (unsigned)'0';

		if (d > 9)
			continue;
		if (place++ % 2 == 1)
			d = d * 2 > 9 ? d * 2 - 9 : d * 2;
		sum += d;
	}
	return sum % 10 == 0;
}

int
strip_scan(struct arena *a, struct strip_tokens *out, const struct strip_evened *text)
{
	struct scan s = { .a = a, .to = out, .text = text->p };
	const unsigned char *YYCURSOR = text->p, *YYMARKER, *YYCTXMARKER = NULL, *start, *end;

	(void)YYCTXMARKER;
	*out = (struct strip_tokens){ .text = text->p };
	if (push(&s, C_BLANK_LINE, 0, 0) < 0)
		return CANDOR_ENOMEM;
#define T(class)                                                                                \
	do {                                                                                    \
		if (push(&s, (class), (size_t)(start - s.text), (size_t)(YYCURSOR - s.text)) < 0) \
			return CANDOR_ENOMEM;                                                   \
		goto next;                                                                      \
	} while (0)
next:
	start = YYCURSOR;
	/*!include:re2c "lib/strip/forms.re" */ /* say_month, say_weekday: of the language packs */
	/*!re2c
	re2c:define:YYCTYPE = "unsigned char";
	re2c:yyfill:enable = 0;
	re2c:flags:case-ranges = 1;

	d      = [0-9];
	an     = [0-9A-Za-z];
	letter = [A-Za-z];                        // word_end() goes on beyond ASCII
	sep    = [ .-];

	// ---- numbers and addresses -------------------------------------------------------
	nanp   = ("+"? "1" [ .-]?)? ("(" d{3} ")" sep? | d{3} [ ./-]) d{3} [ .-]? d{4};
	local  = [2-9] d{2} [.-] d{4};
	intl   = "+" d [0-9 .()-]{6,18} d;
	trunk  = "0" d{2,4} [ -] d{3,4} [ -]? d{3,4} | "0" d "-" d{8} | "00" d{2,3} (" " d{2,4}){3};
	phone  = nanp | local | intl | trunk;
	// over lines
	br     = [ .-]? "\n" | [ .-];
	broken = "("? d{3} ")"? (br d{3} "\n" | "\n" d{3} br) d{4};
	time   = d{1,2} ":" d{2} (":" d{2})? (" "? ([ap] "m" | [ap] ".m." | [AP] "M"))?
	       | d{1,2} " "? ([ap] ".m." | [ap] "m" | [AP] "M");
	card   = d{4} [ -]? (d{4} [ -]? d{4} [ -]? d{1,7} | d{6} [ -]? d{5});
	ipv4   = d{1,3} "." d{1,3} "." d{1,3} "." d{1,3};
	hex    = [0-9A-Fa-f]{1,4};
	ipv6   = (hex ":"){7} hex | (hex ":"){1,6} (":" hex){1,6};
	code   = ([A-Za-z]+ [_/.-]?){0,2} [A-Za-z]* d+ an* ([_/-] an+)*;
	under  = an+ "_" an+ ("_" an+)*;
	domain = [A-Za-z0-9] [A-Za-z0-9-]* ("." [A-Za-z0-9-]+)+;
	pathch = [^\x00-\x20<>"|];
	path   = "\\\\" pathch+ | [A-Za-z] ":\\" pathch+ | "/home/" pathch+ | "/Users/" pathch+
	       | 'smb://' pathch+ | 'file://' pathch+;
	day    = d{1,2} ('st' | 'nd' | 'rd' | 'th')?;
	date   = say_month "."? " " day (","? " " d{4})? | day " " ('of ')? say_month (","? " " d{4})?
	       | say_month "."? ","? " " d{4} | d{4} "-" d{2} "-" d{2} | d{1,2} "/" d{1,2} ("/" d{2,4})?
	       | d{1,2} [.-] d{1,2} [.-] (d{4} | d{2});

	// ---- words -------------------------------------------------------------------------
	word   = letter (letter | "'" letter | [-] letter)*;

	[\x00]                  { goto done; }
	[ \t]+                  { goto next; }
	"\n"                    { T(C_LINE); }
	"\n\n" "\n"*            {
		close_quote(&s, out->n, false);
		T(C_BLANK_LINE);
	}

	"[" ('contact' | 'id' | 'time' | 'relation' | 'e-mail' | 'words' | 'phone' | 'link' | 'number' | 'card'
	    | 'address' | 'record' | 'date') " removed]" { T(C_PLACEHOLDER); }
	"[" ('name' | 'signature') " removed]" { T(C_NAME_GONE); }
	"[role removed]"        { T(C_ROLE_GONE); }

	"@" domain              {
		size_t from = (size_t)(start - s.text);

		if (take_local_part(&s, &from))
			start = s.text + from;
		T(C_EMAIL);
	}
	"@" [A-Za-z0-9] [A-Za-z0-9._]* [A-Za-z0-9_] { T(C_HANDLE); }
	'http' 's'? "://" | 'www.' {
		YYCURSOR = link_end(YYCURSOR);
		goto link;
	}
	path                    { T(C_PATH); }
	d{3} "-" d{2} "-" d{4}  { T(C_SSN); }
	date | say_weekday | say_month  {
		if (*YYCURSOR >= 0x80 && letter(YYCURSOR) > 0)
			goto word; // marché
		T(C_DATE);
	}
	phone                   { T(C_PHONE); }
	[2-9] d{9} | broken     { T(C_BARE); }
	time                    { T(C_TIME); }
	card                    { T(luhn(start, (size_t)(YYCURSOR - start)) ? C_CARD : C_LONG); }
	ipv4 | ipv6             { T(C_IP); }
	('x' " "? d{2,6} | 'ext' 'ension'? "."? " "? (d{1,6} | d "-" d{3,5})) { T(C_EXTENSION); }
	d{7,}                   { T(C_LONG); }
	d+                      {
		if ((end = site_end(start, YYCURSOR)) != NULL)
			goto site;
		T(C_NUMBER);
	}
	code | under            {
		if ((end = site_end(start, YYCURSOR)) != NULL)
			goto site;
		T(memchr(start, '_', (size_t)(YYCURSOR - start)) != NULL ? C_USER :
		  tag(start, YYCURSOR) ?                                   C_TAG :
										 C_CODE);
	}

	[A-Z] | ([A-Z] "."){1,4} {
		if (YYCURSOR == start + 1 && *YYCURSOR >= 0x80 && letter(YYCURSOR) > 0)
			goto word;
		T(*start == 'I' && YYCURSOR == start + 1 ? C_I : C_INITIAL);
	}
	word                    {
		enum strip_class class;
	word:
		if ((end = site_end(start, YYCURSOR)) != NULL)
			goto site;
		YYCURSOR = word_end(YYCURSOR);
		class = word_class(&s, &YYCURSOR, start, false);
		T(class);
	}
	"'s" | "'"              { T(YYCURSOR - start == 2 ? C_POSSESSIVE : C_MARK); }

	[.!?]+                  { T(memchr(start, '?', (size_t)(YYCURSOR - start)) != NULL ? C_QUESTION : C_END); }
	[,;]+                   { T(C_COMMA); }
	":"                     { T(C_COLON); }
	[-~]+                   { T(C_DASH); }
	[({<]+ | "["            { T(C_LEFT); }     // a placeholder may follow
	[)\]}>]+                { T(C_RIGHT); }
	["]+                    {
		bool before = start == text->p || start[-1] == ' ' || start[-1] == '\n' ||
		    start[-1] == '\t';
		bool behind = *YYCURSOR == 0 || *YYCURSOR == ' ' || *YYCURSOR == '\n' ||
		    *YYCURSOR == '\t';

		if (before && !behind && s.opened == 0) {
			size_t at = out->n;

			if (push(&s, C_OPENING, (size_t)(start - s.text),
				(size_t)(YYCURSOR - s.text)) < 0)
				return CANDOR_ENOMEM;
			s.opened = at;
			goto next;
		}
		if (before)
			T(C_MARK);
		close_quote(&s, out->n, true);
		T(C_QUOTE);
	}
	[/|]+                   { T(C_SLASH); }
	"#"+                    { T(C_HASH); }
	[*_=+]+                 { T(C_OTHER); }
	[\x80-\xff]             {
		uint32_t c;

		YYCURSOR = start;
		if (letter(start) > 0)
			goto word;
		YYCURSOR += utf8_decode(&c, (const char *)start, 4);
		T(C_OTHER);
	}
	*                       { T(C_OTHER); }
	*/
site:
	YYCURSOR = end[-1] == '/' ? link_end(end) : end;
link:
	end = start + tracked(start, (size_t)(YYCURSOR - start));
	if (end < YYCURSOR) {
		if (push(&s, C_URL, (size_t)(start - s.text), (size_t)(end - s.text)) < 0)
			return CANDOR_ENOMEM;
		start = end;
		T(C_TRACK);
	}
	T(C_URL);
#undef T
done:
	close_quote(&s, out->n, false);
	explicit_bzero(s.low, sizeof(s.low));
	if (push(&s, 0, text->len, text->len) < 0)
		return CANDOR_ENOMEM;
	out->n--;
	if ((out->cls = arena_alloc(a, out->n + 1)) == NULL)
		return CANDOR_ENOMEM;
	for (size_t i = 0; i <= out->n; i++) {
		out->cls[i] = (uint8_t)out->tok[i].label;
		out->tok[i].label = STRIP__N;
	}
	return 0;
}
