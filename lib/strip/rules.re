/* SPDX-License-Identifier: ISC */
/*
 * Stage 3 of stripping: the table of rules. Each is a regular expression over the classes of tokens
 * (see internal.h: the same letters), the label of what stands between @b and @e in it, and what
 * must hold beside. The longest rule counts. Any process; pure. No rule may reach further than
 * STRIP_REACH tokens, and none may need a placeholder: so what has been stripped stays as it is.
 */
#include "strip/internal.h"

/*!re2c
	re2c:define:YYCTYPE = "unsigned char";
	re2c:yyfill:enable = 0;
	re2c:tags = 1;
	re2c:flags:case-ranges = 1;

	ADDRESS_END = "H"; ALLCAPS = "A"; AM = "a"; AND = "&"; ARTICLE = "~"; BARE = "p";
	BEEN = "Q"; BLANK_LINE = "B"; CAP = "N"; CARD = "C"; CLOSER = "u"; CODE = "c";
	COLON = ":"; COMMA = ","; COMMON = "o"; CONTACT = "x"; CREDENTIAL = "R"; DASH = "-";
	DATE = "Y"; EMAIL = "E"; END = "."; EXTENSION = "X"; FIELD = "F"; FILLER = "y";
	FOR = "4"; FROM = "f"; HANDLE = "@"; HASH = "#"; HAVE = "J"; HERE = "8"; I = "i";
	IDNOUN = "b"; IM = "j"; IN = "6"; INITIAL = "T"; INITIALS = "I"; IP = "V"; IS = "=";
	ITS = "q"; IVE = "v"; JOB = ";"; LEFT = "("; LINE = "n"; ME = "e"; MY = "m"; NAME = "k";
	NUMBER = "d"; NUMNOUN = "g"; NUMWORD = "1"; ONLY = "!"; OTHER = "*"; PATH = "L";
	PERSON = "O"; PHONE = "P"; PLACEHOLDER = "Z"; POSSESSIVE = "s"; PREP = "G";
	QUOTE = "\""; REACH = "l"; RECORD = "M"; RELATION = "K"; REPORTED = "2"; RIGHT = ")";
	ROLE = "r"; SENT = "%"; SINCE = "7"; SLASH = "/"; SSN = "S"; STARTED = "9"; THE = "^";
	THEY = "h"; THIS = "t"; TITLE = "D"; UNIT = "z"; URL = "U"; WAS = "W"; WE = "5";
	VERBAL = "$"; WORD = "w"; WORK = "3";

	stop  = "\x00";
	nl    = LINE | BLANK_LINE;
	bound = nl | END;
	fin   = END? RIGHT? nl? stop;
	any   = [^\x00nB.];
	in_cl = [^\x00nB.,];                      // within a clause
	low   = WORD;
	mod   = [^\x00nB.,ijvmeh5^~tq=Wa];        // says what kind of, and no more
	plain = WORD | CAP | ALLCAPS | POSSESSIVE | DASH | VERBAL | PERSON;
	given = CAP | INITIAL;
	one   = CAP | INITIAL | ALLCAPS;
	creds = (COMMA? CREDENTIAL){0,3};
	full  = (TITLE one{1,4} | one{1,4});
	sure  = (TITLE one{1,4} | given one{0,3});
	im    = IM | (I | WE) AM;
	was   = im | I WAS | IVE BEEN | I WORK PREP;
	reach = EMAIL | PHONE | EXTENSION | BARE;
	dash  = DASH | OTHER;
	signer = full (COMMA? (CREDENTIAL | ROLE)){0,4};
	number = (ALLCAPS | CAP | INITIAL | CREDENTIAL)? DASH? (NUMBER | CODE | BARE);
*/

#define BEGIN                                                                                   \
	const unsigned char *YYCURSOR = cls, *YYMARKER = cls, *b = cls, *e = cls

#define RULE(what, condition)                                                                   \
	return (struct strip_match){ STRIP_##what, (condition), (size_t)(b - cls),              \
		(size_t)(e - cls), (size_t)(YYCURSOR - cls) }

#define NO_RULE return (struct strip_match){ .label = STRIP__N }

/* The writer's name, and whom the writer is close to. */
static struct strip_match
names(const uint8_t *cls)
{
	BEGIN;
	/*!stags:re2c:names format = 'const unsigned char *@@{tag} = cls;\n'; */
	/*!re2c:names
	MY (WORD | COMMON)? NAME (IS | POSSESSIVE | COLON | COMMA){0,2} @b full creds @e    { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	MY NAME (IS | POSSESSIVE) @b low{1,2} @e (fin | COMMA | AND | nl | FROM | END)
	                                                { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	im @b sure creds (COMMA plain{0,3} ROLE)? @e    { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	(THIS (IS | POSSESSIVE) | ITS) @b full creds @e (COMMA? (FROM | HERE) | COMMA (THE | ARTICLE))
	                                                { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	THIS IS @b low (low | INITIAL){0,1} END? @e FROM { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	(COMMON COMMA? | END COMMON? | nl) @b given one{0,2} @e HERE (COMMA | END | FROM)
	                                                { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	REACH ME @b sure @e                             { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	nl (FIELD | REPORTED PREP | MY NAME | THEY NAME | CONTACT) (FIELD? NAME | PERSON)? (LEFT any{1,3} RIGHT)?
	    COLON @b (full creds | low{1,2}) @e         { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	REPORTED PREP @b sure @e                        { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	nl NAME COLON @b (full creds | low{1,2}) @e (nl | stop | END | COMMA)
	                                                { RULE(REPORTER_NAME, WHEN_FORM); }
	@b MY RELATION COMMA? full @e                   { RULE(REPORTER_RELATION, WHEN_ALWAYS); }
	* { NO_RULE; }
	*/
}

/* Closing lines. */
static struct strip_match
closings(const uint8_t *cls)
{
	BEGIN;
	/*!stags:re2c:closings format = 'const unsigned char *@@{tag} = cls;\n'; */
	/*!re2c:closings
	CLOSER FILLER{0,3} (COMMA | dash | END | nl | AND){1,3} @b signer @e (fin | END | nl | dash | (COMMA | LEFT | SLASH)? (CONTACT | REACH)? COLON? reach)
	                                                { RULE(SIGN_OFF, WHEN_ALWAYS); }
	CLOSER FILLER{0,3} (COMMA | dash | END | nl){1,3} @b low{1,2} @e fin
	                                                { RULE(SIGN_OFF, WHEN_ALWAYS); }
	CLOSER FILLER{0,3} @b (sure creds | low) @e fin { RULE(SIGN_OFF, WHEN_ALWAYS); }
	(bound | RIGHT | QUOTE) dash @b (signer | low{1,2}) @e (fin | nl)   { RULE(SIGN_OFF, WHEN_ALWAYS); }
	@b SENT FROM MY any{1,4} @e (END | nl | stop)   { RULE(SIGN_OFF, WHEN_ALWAYS); }
	@b one{2,4} (COMMA? (CREDENTIAL | ROLE)){0,4} @e fin { RULE(SIGN_OFF, WHEN_BLOCK); }
	@b TITLE one{1,4} creds @e fin                  { RULE(SIGN_OFF, WHEN_BLOCK); }
	@b INITIAL @e fin                               { RULE(SIGN_OFF, WHEN_BLOCK); }
	nl @b one creds @e nl? stop                     { RULE(SIGN_OFF, WHEN_BLOCK); }
	@b signer @e (COMMA | END | COLON | dash | LEFT | SLASH)? (CONTACT | REACH | COMMON | PREP | ME){0,3} (COLON | END)? reach any{0,8} fin
	                                                { RULE(SIGN_OFF, WHEN_BLOCK); }
	@b signer @e LEFT any{1,8} RIGHT fin            { RULE(SIGN_OFF, WHEN_BLOCK); }
	* { NO_RULE; }
	*/
}

/* How to reach the writer. */
static struct strip_match
contacts(const uint8_t *cls)
{
	BEGIN;
	/*!stags:re2c:contacts format = 'const unsigned char *@@{tag} = cls;\n'; */
	/*!re2c:contacts
	@b (EMAIL | PHONE | EXTENSION) @e               { RULE(REPORTER_CONTACT, WHEN_CONTACT); }
	@b CONTACT COLON? PHONE @e                      { RULE(REPORTER_CONTACT, WHEN_CONTACT); }
	CONTACT COLON @b (LEFT NUMBER RIGHT)? (NUMBER | CODE | PHONE | BARE){1,5} @e
	                                                { RULE(REPORTER_CONTACT, WHEN_CONTACT); }
	MY in_cl{0,2} CONTACT (IS | COLON) @b (NUMBER | CODE) @e { RULE(REPORTER_CONTACT, WHEN_MINE); }
	(CONTACT | REACH) (CONTACT | NUMNOUN | IS | COLON | PREP | IN | ME | END | OTHER){0,4} @b (BARE | NUMBER (COMMA? PHONE)?) @e
	                                                { RULE(REPORTER_CONTACT, WHEN_CONTACT); }
	MY in_cl{0,3} NUMNOUN (IS | COLON)? @b BARE @e  { RULE(REPORTER_CONTACT, WHEN_MINE); }
	REACH ME in_cl{0,4} @b BARE @e                  { RULE(REPORTER_CONTACT, WHEN_ALWAYS); }
	@b NUMBER CAP{1,3} ADDRESS_END (HASH NUMBER)? (COMMA CAP{1,2})? @e
	                                                { RULE(REPORTER_CONTACT, WHEN_MINE); }
	* { NO_RULE; }
	*/
}

/* The writer's numbers and accounts. */
static struct strip_match
numbers(const uint8_t *cls)
{
	BEGIN;
	/*!stags:re2c:numbers format = 'const unsigned char *@@{tag} = cls;\n'; */
	/*!re2c:numbers
	@b IDNOUN HASH? number @e                       { RULE(REPORTER_ID, WHEN_NOT_THEIRS); }
	IDNOUN{1,3} (NUMNOUN | HASH | COLON | IS | LEFT | PREP | OTHER){0,3} @b number @e
	                                                { RULE(REPORTER_ID, WHEN_NOT_THEIRS); }
	IDNOUN NUMBER UNIT @b @e                        { RULE(_N, WHEN_ALWAYS); }
	MY in_cl{0,3} (NUMNOUN | IDNOUN) (HASH | COLON | IS | LEFT | WORD | PREP | COMMA | DASH){0,3} @b number @e
	                                                { RULE(REPORTER_ID, WHEN_NOT_THEIRS); }
	MY IDNOUN NAME (IS | COLON)? QUOTE? @b (WORD | CAP | CODE) @e
	                                                { RULE(REPORTER_ID, WHEN_ALWAYS); }
	MY INITIALS (COMMA | IS | LEFT){0,2} @b (ALLCAPS | INITIAL{1,4}) @e
	                                                { RULE(REPORTER_ID, WHEN_ALWAYS); }
	(PREP | IS) QUOTE? @b (HANDLE | CODE) @e        { RULE(REPORTER_ID, WHEN_MINE); }
	@b HANDLE @e                                    { RULE(REPORTER_ID, WHEN_MINE); }
	@b PATH @e                                      { RULE(REPORTER_ID, WHEN_ALWAYS); }
	* { NO_RULE; }
	*/
}

/* What few people are. */
static struct strip_match
roles(const uint8_t *cls)
{
	BEGIN;
	/*!stags:re2c:roles format = 'const unsigned char *@@{tag} = cls;\n'; */
	/*!re2c:roles
	role = (ROLE | CREDENTIAL){1,2};
	of = (PREP | IN | FOR) THE? (plain | AND | COMMON | NUMBER | ROLE | DATE){1,4};
	was @b THE mod{0,5} role of? @e                 { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	was @b THEY mod{0,3} ROLE @e                    { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	was @b ARTICLE mod{0,3} role COMMA NUMWORD PREP (NUMWORD | NUMBER) @e
	                                                { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	was @b ((THE | ARTICLE)? ONLY | THE NUMWORD PERSON) in_cl{1,12} @e (COMMA | END | nl | stop)
	                                                { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	im sure POSSESSIVE @b @e                        { RULE(_N, WHEN_ALWAYS); }
	im @b sure POSSESSIVE mod{0,3} ROLE @e          { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	im @b plain{0,4} ROLE role? ALLCAPS? of? @e     { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	MY JOB (IS | COLON) (THE | ARTICLE)? @b mod{0,4} ROLE @e                    { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	I WORK IN THE? @b plain{1,4} of? @e             { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	* { NO_RULE; }
	*/
}

/* Since when. */
static struct strip_match
tenures(const uint8_t *cls)
{
	BEGIN;
	/*!stags:re2c:tenures format = 'const unsigned char *@@{tag} = cls;\n'; */
	/*!re2c:tenures
	count = (NUMBER | NUMWORD);
	time  = count UNIT (AND count UNIT)?;
	lead  = FOR? (COMMON (IN | VERBAL)?)?;
	(IVE | I HAVE) in_cl{0,8} @b lead time @e       { RULE(REPORTER_TENURE, WHEN_ALWAYS); }
	I (WORK | HAVE WORK) in_cl{0,8} @b lead time @e { RULE(REPORTER_TENURE, WHEN_ALWAYS); }
	@b FOR (COMMON | ARTICLE)? time @e              { RULE(REPORTER_TENURE, WHEN_MINE); }
	COMMA @b time ((IN | PREP) (DATE | THIS))? @e (COMMA | fin | END) { RULE(REPORTER_TENURE, WHEN_MINE); }
	IVE @b time @e PREP (plain | CREDENTIAL | ROLE) { RULE(REPORTER_TENURE, WHEN_ALWAYS); }
	@b time @e (HERE | (PREP | IN) THIS)            { RULE(REPORTER_TENURE, WHEN_ALWAYS); }
	(IVE | I HAVE | I WORK) in_cl{0,8} time (WORD | COMMON){1} @b @e { RULE(_N, WHEN_ALWAYS); }
	I @b STARTED in_cl{0,7} (NUMBER | DATE) @e      { RULE(REPORTER_TENURE, WHEN_ALWAYS); }
	@b HERE SINCE (CAP | DATE | NUMBER){1,2} @e     { RULE(REPORTER_TENURE, WHEN_NOT_THEIRS); }
	* { NO_RULE; }
	*/
}

/* Identifiers of anybody, for de-identification only. */
static struct strip_match
anybody(const uint8_t *cls)
{
	BEGIN;
	/*!stags:re2c:anybody format = 'const unsigned char *@@{tag} = cls;\n'; */
	/*!re2c:anybody
	@b URL @e                                       { RULE(URL, WHEN_ALWAYS); }
	@b SSN @e                                       { RULE(SSN, WHEN_ALWAYS); }
	@b CARD @e                                      { RULE(CARD, WHEN_ALWAYS); }
	@b IP @e                                        { RULE(IP, WHEN_ALWAYS); }
	@b DATE @e                                      { RULE(DATE, WHEN_ALWAYS); }
	TITLE @b one{1,4} @e                            { RULE(NAME, WHEN_ALWAYS); }
	RECORD (NUMNOUN | IDNOUN | HASH | COLON | IS){0,3} @b number @e { RULE(RECORD, WHEN_ALWAYS); }
	* { NO_RULE; }
	*/
}

/* In the order in which they win where two match as much. */
static struct strip_match (*const groups[])(const uint8_t *) = { names, closings, contacts, numbers,
	roles, tenures, anybody };

/* Which groups have rules that begin with a class: most tokens begin none. */
enum { NA = 1, CL = 2, CO = 4, NU = 8, RO = 16, TE = 32, AN = 64 };

static const uint8_t begins[256] = {
	[C_ALLCAPS] = CL, [C_BLANK_LINE] = NA | CL, [C_CAP] = CL, [C_CARD] = AN, [C_CLOSER] = CL,
	[C_COMMA] = TE, [C_COMMON] = NA, [C_CONTACT] = CO, [C_DATE] = AN, [C_EMAIL] = CO,
	[C_END] = NA | CL, [C_EXTENSION] = CO, [C_FOR] = TE, [C_HANDLE] = NU, [C_HERE] = TE,
	[C_I] = NA | RO | TE, [C_IDNOUN] = NU, [C_IM] = NA | RO, [C_INITIAL] = CL, [C_IP] = AN,
	[C_IS] = NU, [C_ITS] = NA, [C_IVE] = RO | TE, [C_LINE] = NA | CL,
	[C_MY] = NA | CO | NU | RO, [C_NUMBER] = CO | TE, [C_NUMWORD] = TE, [C_PATH] = NU,
	[C_PHONE] = CO, [C_PREP] = NU, [C_QUOTE] = CL, [C_REACH] = NA | CO, [C_RECORD] = AN,
	[C_REPORTED] = NA, [C_RIGHT] = CL, [C_SENT] = CL, [C_SSN] = AN, [C_THIS] = NA,
	[C_TITLE] = CL | AN, [C_URL] = AN, [C_WE] = NA | RO,
};

struct strip_match
strip_rules(const uint8_t *cls)
{
	struct strip_match best = { .label = STRIP__N };
	unsigned todo = begins[cls[0]];

	for (size_t i = 0; todo != 0; todo >>= 1, i++) {
		struct strip_match m;

		if ((todo & 1) == 0)
			continue;
		m = groups[i](cls);
		if (m.len > best.len)
			best = m;
	}
	return best;
}
