/* SPDX-License-Identifier: ISC */
/*
 * Stage 3 of stripping: the table of rules. Each is a regular expression over the classes of tokens
 * (see internal.h: the same letters), the label of what stands between @b and @e in it, and what
 * must hold beside. The longest rule counts. Any process; pure. No rule may reach further than
 * STRIP_REACH tokens, and no span may hold a quotation mark: so what has been stripped stays as
 * it is.
 */
#include "strip/internal.h"

/*!re2c
	re2c:define:YYCTYPE = "unsigned char";
	re2c:yyfill:enable = 0;
	re2c:tags = 1;
	re2c:flags:case-ranges = 1;

	ADDRESS_END = "H"; ALLCAPS = "A"; AM = "a"; AND = "&"; ARTICLE = "~"; AS = "'"; ASK = "[";
	BARE = "p"; CLOCK = "_"; DEVICE = "`"; HIRED = "+"; LAST = "}"; LOGIN = "\\"; MANAGE = "|";
	OPENING = "<"; PLACE = "\x01"; PROBATION = "{"; SEASON = "]"; SPELT = "?"; TIME = "0";
	TRACK = ">";
	BEEN = "Q"; BLANK_LINE = "B"; CAP = "N"; CARD = "C"; CLOSER = "u"; CODE = "c";
	COLON = ":"; COMMA = ","; COMMON = "o"; CONTACT = "x"; CREDENTIAL = "R"; DASH = "-";
	DATE = "Y"; EMAIL = "E"; END = "."; EXTENSION = "X"; FIELD = "F"; FILLER = "y";
	FOR = "4"; FROM = "f"; HANDLE = "@"; HASH = "#"; HAVE = "J"; HERE = "8"; I = "i";
	IDNOUN = "b"; IM = "j"; IN = "6"; INITIAL = "T"; INITIALS = "I"; IP = "V"; IS = "=";
	ITS = "q"; IVE = "v"; JOB = ";"; LEFT = "("; LINE = "n"; ME = "e"; MY = "m"; NAME = "k";
	NUMBER = "d"; NUMNOUN = "g"; NUMWORD = "1"; ONLY = "!"; OTHER = "*"; PATH = "L";
	PERSON = "O"; PHONE = "P"; PLACEHOLDER = "Z"; POSSESSIVE = "s"; PREP = [G'];
	QUOTE = ["<]; REACH = "l"; RECORD = "M"; RELATION = "K"; REPORTED = "2"; RIGHT = ")";
	ROLE = "r"; SENT = "%"; SINCE = "7"; SLASH = "/"; SSN = "S"; STARTED = "9"; THE = "^";
	THEY = "h"; THIS = "t"; TITLE = "D"; UNIT = "z"; URL = "U"; WAS = "W"; WE = "5";
	VERBAL = "$"; WORD = "w"; WORK = "3";

	stop  = "\x00";
	nl    = LINE | BLANK_LINE;
	bound = nl | END;
	fin   = END? RIGHT? nl? stop;
	any   = [^\x00nB."<];                     // no span may hold a quotation mark
	in_cl = [^\x00nB.,"<];                    // within a clause
	low   = WORD;
	mod   = [^\x00nB.,"<ijvmeh5^~tq=Wa];        // says what kind of, and no more
	plain = WORD | CAP | ALLCAPS | POSSESSIVE | DASH | VERBAL | PERSON | PLACE | MANAGE;
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
	season = SEASON | LAST (SEASON | UNIT | DATE) | DATE NUMBER? | NUMBER;
	when   = season | (NUMBER | NUMWORD) UNIT COMMON?;
	tail   = END | COMMA | AND | nl | stop | LEFT | DASH;
	greet  = COMMON COMMA?;
	role   = (ROLE | CREDENTIAL){1,2};
	of     = (PREP | IN | FOR) THE? (plain | AND | COMMON | NUMBER | ROLE | DATE){1,4};
	line   = LINE (CAP | ALLCAPS | ROLE | CREDENTIAL | PLACE | AND | COMMA | PREP | IN | SLASH | MANAGE
	       | UNIT | DASH | PERSON){1,7};
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
	MY (WORD | COMMON)? NAME (IS | POSSESSIVE | COLON){0,2} @b full creds @e        { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	MY NAME (IS | POSSESSIVE) @b low{1,2} @e (fin | COMMA | AND | nl | FROM | END)
	                                                { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	im @b sure creds (COMMA plain{0,3} ROLE)? @e    { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	(THIS (IS | POSSESSIVE) | ITS) @b full creds @e (COMMA? (FROM | HERE) | COMMA (THE | ARTICLE))
	                                                { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	im @b low{1,2} END? @e FROM                     { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	im @b low INITIAL @e (FROM | IN | tail)         { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	nl greet? im @b low{1,2} @e (IN | COMMA | AND | FROM | END | COMMON | I)
	                                                { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	I AM @b ALLCAPS{2,3} @e tail                    { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	im @b ROLE sure creds @e                        { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	nl greet? (THIS IS | ITS) @b ROLE? sure creds @e (END | COMMA | AND | DASH | I)
	                                                { RULE(REPORTER_NAME, WHEN_TOP); }
	bound NAME (POSSESSIVE | IS) @b full creds @e   { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	MY NAME COMMA @b full creds @e (tail | RIGHT)   { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	bound @b sure creds @e IS MY (WORD | COMMON)? NAME
	                                                { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	nl @b sure creds @e COMMA? LEFT? (IDNOUN | LOGIN) (NUMNOUN | HASH | COLON)? number
	                                                { RULE(REPORTER_NAME, WHEN_TOP); }
	I COMMA @b sure creds @e COMMA                  { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	nl THE NAME IS @b full creds @e                 { RULE(REPORTER_NAME, WHEN_TOP); }
	(nl | nl greet) (ITS | IM) @b low (low | INITIAL)? @e (FROM | HERE)
	                                                { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	nl greet @b (low{1,2} | one{1,3}) @e HERE (COMMA | END | FROM | DASH | I | IM)
	                                                { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	REACH (ME | PHONE) any{0,5} ASK FOR @b sure @e  { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	nl FROM COLON QUOTE? @b full creds @e           { RULE(REPORTER_NAME, WHEN_TOP); }
	@b full creds @e QUOTE? LEFT EMAIL RIGHT        { RULE(REPORTER_NAME, WHEN_NOT_THEIRS); }
	THIS IS @b low (low | INITIAL){0,1} END? @e FROM { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	(COMMON COMMA? | END COMMON? | nl) @b given one{0,2} @e HERE (COMMA | END | FROM | DASH | COLON)
	                                                { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	REACH ME @b sure @e                             { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	nl (FIELD | REPORTED PREP | MY NAME | THEY NAME | CONTACT) (FIELD? NAME | PERSON)? (LEFT any{1,3} RIGHT)?
	    COLON @b (full creds | low{1,2}) @e         { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	REPORTED PREP @b sure @e                        { RULE(REPORTER_NAME, WHEN_ALWAYS); }
	nl NAME COLON @b (full creds | low{1,2}) @e (nl | stop | END | COMMA)
	                                                { RULE(REPORTER_NAME, WHEN_FORM); }
	@b MY RELATION @e                               { RULE(REPORTER_RELATION, WHEN_ALWAYS); }
	@b MY RELATION COMMA? full @e                   { RULE(REPORTER_RELATION, WHEN_ALWAYS); }
	@b MY RELATION WORK (IN | PREP) (THE | ARTICLE)? (plain | COMMON | ROLE){1,4} @e
	                                                { RULE(REPORTER_RELATION, WHEN_ALWAYS); }
	@b MY RELATION IS (ARTICLE | THE) mod{0,4} ROLE (IN MY? (plain | COMMON){1,3})? @e
	                                                { RULE(REPORTER_RELATION, WHEN_ALWAYS); }
	im @b THE RELATION PREP (THE | ARTICLE)? plain{1,3} @e
	                                                { RULE(REPORTER_RELATION, WHEN_ALWAYS); }
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
	reached = (COMMA | LEFT | SLASH)? (CONTACT | REACH)? COLON? reach;
	CLOSER FILLER{0,3} (COMMA | dash | END | nl | AND){1,3} @b signer @e (fin | END | nl | dash | reached)
	                                                { RULE(SIGN_OFF, WHEN_ALWAYS); }
	CLOSER FILLER{0,3} (COMMA | dash | END | nl){1,3} @b signer line{1,3} @e
	    (fin | BLANK_LINE | nl (CONTACT | INITIAL | REACH | PLACE)? COLON? reach)
	                                                { RULE(SIGN_OFF, WHEN_ALWAYS); }
	CLOSER FILLER{0,3} (COMMA | dash | END | nl){1,3} @b (low{1,2} | (INITIAL | ARTICLE END) low) @e fin
	                                                { RULE(SIGN_OFF, WHEN_ALWAYS); }
	CLOSER FILLER{0,3} @b (sure creds | low) @e fin { RULE(SIGN_OFF, WHEN_ALWAYS); }
	(bound | RIGHT | QUOTE) dash @b (signer | low{1,2}) @e (fin | nl)   { RULE(SIGN_OFF, WHEN_ALWAYS); }
	@b SENT FROM MY any{1,4} @e (END | nl | stop)   { RULE(SIGN_OFF, WHEN_ALWAYS); }
	bound @b one{2,4} (COMMA? (CREDENTIAL | ROLE)){0,4} @e fin { RULE(SIGN_OFF, WHEN_BLOCK); }
	bound @b TITLE one{1,4} (COMMA? (CREDENTIAL | ROLE)){0,4} @e fin { RULE(SIGN_OFF, WHEN_BLOCK); }
	bound @b INITIAL{1,2} @e fin                       { RULE(SIGN_OFF, WHEN_BLOCK); }
	nl @b one creds @e nl? stop                     { RULE(SIGN_OFF, WHEN_BLOCK); }
	bound @b signer line{0,3} @e (COMMA | END | COLON | dash | LEFT | SLASH | nl)? (CONTACT | REACH | COMMON | PREP | ME){0,3} (COLON | END)? reach any{0,8} fin
	                                                { RULE(SIGN_OFF, WHEN_BLOCK); }
	nl @b one{2,3} creds line{0,3} @e nl (CONTACT COLON?)? reach
	                                                { RULE(SIGN_OFF, WHEN_TOP); }
	bound @b signer @e LEFT any{1,8} RIGHT fin         { RULE(SIGN_OFF, WHEN_BLOCK); }
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
	(REACH | CONTACT | ME) in_cl{0,5} @b SPELT @e   { RULE(REPORTER_CONTACT, WHEN_MINE); }
	MY in_cl{0,3} CONTACT in_cl{0,4} @b SPELT @e    { RULE(REPORTER_CONTACT, WHEN_ALWAYS); }
	@b SPELT @e                                     { RULE(REPORTER_CONTACT, WHEN_MINE); }
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
	MY COMMON? LOGIN NAME? (IS | COLON) QUOTE? @b (WORD | CAP | CODE | HANDLE) @e
	                                                { RULE(REPORTER_ID, WHEN_ALWAYS); }
	MY COMMON? LOGIN NAME? QUOTE? @b (WORD | CAP | CODE | HANDLE) @e (IN | PREP | tail)
	                                                { RULE(REPORTER_ID, WHEN_ALWAYS); }
	nl LOGIN NAME? (IS | COLON)+ @b (WORD | CAP | CODE | HANDLE) @e
	                                                { RULE(REPORTER_ID, WHEN_FORM); }
	LOGIN (NUMNOUN | HASH | COLON | IS | LEFT | OTHER){0,3} @b (number | HANDLE) @e
	                                                { RULE(REPORTER_ID, WHEN_NOT_THEIRS); }
	nl @b (CAP | ALLCAPS | INITIAL) POSSESSIVE DEVICE any{0,2} @e nl
	                                                { RULE(REPORTER_ID, WHEN_ALWAYS); }
	(SENT | REPORTED) FROM @b (CAP | ALLCAPS) POSSESSIVE DEVICE any{0,2} @e (END | nl | stop)
	                                                { RULE(REPORTER_ID, WHEN_ALWAYS); }
	@b (CAP | ALLCAPS | WORD) POSSESSIVE DEVICE @e  { RULE(REPORTER_ID, WHEN_MINE); }
	@b (CAP | ALLCAPS | WORD) POSSESSIVE DEVICE @e (COMMA | LEFT)? (COMMON | THIS)? IS? MY
	                                                { RULE(REPORTER_ID, WHEN_ALWAYS); }
	nl (CAP | WORD) COLON LEFT? @b IP @e            { RULE(REPORTER_ID, WHEN_ALWAYS); }
	MY in_cl{0,3} CAP? IS? @b IP @e                 { RULE(REPORTER_ID, WHEN_ALWAYS); }
	@b TRACK @e                                     { RULE(REPORTER_ID, WHEN_ALWAYS); }
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
	who = COMMON WAS IN (DATE | COMMON | PLACE)?;
	was @b THE mod{0,5} role who @e                 { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	was @b THE mod{0,5} role of? @e                 { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	was @b ARTICLE mod{0,4} role of @e              { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	was @b NUMWORD PREP (THE | COMMON | ONLY)? (NUMWORD | NUMBER) (plain | ROLE | COMMON){1,3} of? @e
	                                                { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	was @b THEY mod{0,3} ROLE @e                    { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	was @b ARTICLE mod{0,3} role COMMA NUMWORD PREP (NUMWORD | NUMBER) @e
	                                                { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	was @b ((THE | ARTICLE)? ONLY | THE NUMWORD (PERSON | COMMON) | THE PERSON COMMON) in_cl{1,12} @e (COMMA | END | nl | stop)
	                                                { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	im sure POSSESSIVE @b @e                        { RULE(_N, WHEN_ALWAYS); }
	im @b sure POSSESSIVE mod{0,3} ROLE @e          { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	im @b plain{0,4} ROLE role? ALLCAPS? of? @e     { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
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
	@b MY time @e                                   { RULE(REPORTER_TENURE, WHEN_ALWAYS); }
	@b MY LAST UNIT @e                              { RULE(REPORTER_TENURE, WHEN_ALWAYS); }
	COMMA @b (VERBAL | COMMON)? (IN | PREP | FOR) time COMMON? @e (COMMA | fin | END)
	                                                { RULE(REPORTER_TENURE, WHEN_MINE); }
	im (IN | COMMON) @b MY LAST UNIT @e             { RULE(REPORTER_TENURE, WHEN_ALWAYS); }
	@b HERE SINCE (CAP | DATE | NUMBER){1,2} @e     { RULE(REPORTER_TENURE, WHEN_NOT_THEIRS); }
	* { NO_RULE; }
	*/
}

/* How it began, and whether it just did. */
static struct strip_match
starts(const uint8_t *cls)
{
	BEGIN;
	/*!stags:re2c:starts format = 'const unsigned char *@@{tag} = cls;\n'; */
	/*!re2c:starts
	(im | I WORK | IVE WORK) in_cl{0,4} @b SINCE when @e
	                                                { RULE(REPORTER_TENURE, WHEN_ALWAYS); }
	(IVE | I HAVE) (COMMON | ONLY){0,2} BEEN? (HERE | (IN | PREP) (THE | THIS | MY)? (plain | COMMON){1,3}) @b SINCE when @e
	                                                { RULE(REPORTER_TENURE, WHEN_ALWAYS); }
	im COMMON? ARTICLE? @b COMMON? PROBATION @e     { RULE(REPORTER_TENURE, WHEN_ALWAYS); }
	(I | im | IVE) COMMON{0,2} @b HIRED (MY | THE)? PROBATION @e
	                                                { RULE(REPORTER_TENURE, WHEN_ALWAYS); }
	im COMMON{0,2} @b (IN MY? PROBATION | IN? MY PROBATION) @e
	                                                { RULE(REPORTER_TENURE, WHEN_ALWAYS); }
	(I | I (WAS | HAVE) | IVE) COMMON{0,2} @b HIRED HERE? (IN | PREP)? season @e
	                                                { RULE(REPORTER_TENURE, WHEN_ALWAYS); }
	(I | I (WAS | HAVE) | IVE) COMMON{0,2} @b HIRED in_cl{0,2} when @e
	                                                { RULE(REPORTER_TENURE, WHEN_ALWAYS); }
	I COMMON{0,2} @b STARTED [^\x00nB.,"<$hi]{0,7} season @e
	                                                { RULE(REPORTER_TENURE, WHEN_ALWAYS); }
	* { NO_RULE; }
	*/
}

/* What few people are, said otherwise than "I am". */
static struct strip_match
duties(const uint8_t *cls)
{
	BEGIN;
	/*!stags:re2c:duties format = 'const unsigned char *@@{tag} = cls;\n'; */
	/*!re2c:duties
	(bound | COMMA) AS @b THE? ONLY in_cl{1,6} @e (COMMA | I | IVE | IM)
	                                                { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	(bound | COMMA) AS @b THE mod{1,5} role of? @e COMMA? (I | IVE | IM | MY)
	                                                { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	I COMMON? @b MANAGE (THE | MY | ARTICLE) (plain | COMMON | role | NUMBER){1,5} @e
	                                                { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	im IN @b MANAGE PREP (THE | MY)? plain{1,4} @e  { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	REPORTED PREP (sure | PLACEHOLDER) LEFT @b in_cl{0,4} (ROLE | CREDENTIAL) any{0,4} @e RIGHT
	                                                { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	@b ONLY (NUMWORD | NUMBER) PREP ME (WORD | WORK | COMMON){0,2} ((IN | PREP) THE? (plain | COMMON){1,2})? @e
	                                                { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	MY (JOB | WORD) AS (THE | ARTICLE)? @b mod{0,4} role of? @e
	                                                { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	I COMMA @b THE mod{0,4} role of? @e COMMA       { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	I WORK @b THE (plain | COMMON){1,4} of? @e      { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	MY JOB (IS | COLON) (THE | ARTICLE)? @b mod{0,4} ROLE @e                    { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	I WORK @b IN THE? plain{1,4} COMMON? of? @e     { RULE(REPORTER_ROLE, WHEN_ALWAYS); }
	* { NO_RULE; }
	*/
}

/* Where the writer was, and when. */
static struct strip_match
hours(const uint8_t *cls)
{
	BEGIN;
	/*!stags:re2c:hours format = 'const unsigned char *@@{tag} = cls;\n'; */
	/*!re2c:hours
	at = (PREP | COMMON | DASH | AND);
	I COMMON{0,2} CLOCK [^\x00nB.,"<&0Z]{0,5} @b TIME @e       { RULE(REPORTER_TIME, WHEN_ALWAYS); }
	I COMMON{0,2} CLOCK IN? (THE (WORD | PERSON | PLACE))? PREP @b NUMBER @e tail
	                                                { RULE(REPORTER_TIME, WHEN_ALWAYS); }
	MY (COMMON | WORD | PLACE){1,3} (STARTED | VERBAL | WAS | IS) at{0,2} FROM? @b TIME (at TIME)? @e
	                                                { RULE(REPORTER_TIME, WHEN_ALWAYS); }
	I (WAS | WORK) (IN | VERBAL)? FROM? @b TIME at TIME @e
	                                                { RULE(REPORTER_TIME, WHEN_ALWAYS); }
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
	roles, duties, tenures, starts, hours, anybody };

/* Which groups have rules that begin with a class: most tokens begin none. */
enum {
	NA = 1,
	CL = 2,
	CO = 4,
	NU = 8,
	RO = 16,
	DU = 32,
	TE = 64,
	ST = 128,
	HO = 256,
	AN = 512
};

static const uint16_t begins[256] = {
	[C_ALLCAPS] = NA | NU, [C_AS] = NU | DU, [C_BLANK_LINE] = NA | CL | NU | DU, [C_CAP] = NA | NU,
	[C_CARD] = AN, [C_CLOSER] = CL, [C_COMMA] = TE | DU, [C_COMMON] = NA, [C_CONTACT] = CO,
	[C_DATE] = AN, [C_EMAIL] = CO, [C_END] = NA | CL | DU, [C_EXTENSION] = CO, [C_FOR] = TE,
	[C_HANDLE] = NU, [C_HERE] = TE, [C_I] = NA | RO | TE | HO | DU | ST, [C_IDNOUN] = NU,
	[C_IM] = NA | RO | TE | DU | ST, [C_INITIAL] = NA | NU, [C_IP] = AN, [C_IS] = NU, [C_ITS] = NA,
	[C_IVE] = RO | TE | ST, [C_LINE] = NA | CL | NU | DU, [C_LOGIN] = NU, [C_ME] = CO,
	[C_MY] = NA | CO | NU | RO | TE | HO | DU, [C_NUMBER] = CO | TE, [C_NUMWORD] = TE,
	[C_NAME] = NA, [C_ONLY] = DU,
	[C_OPENING] = CL, [C_PATH] = NU, [C_PHONE] = CO, [C_PREP] = NU, [C_QUOTE] = CL,
	[C_REACH] = NA | CO, [C_RECORD] = AN, [C_REPORTED] = NA | NU | DU, [C_RIGHT] = CL,
	[C_SENT] = CL | NU, [C_SPELT] = CO, [C_SSN] = AN, [C_THIS] = NA, [C_TITLE] = NA | AN,
	[C_TRACK] = NU, [C_URL] = AN, [C_WE] = NA | RO | TE | DU | ST, [C_WORD] = NU,
};

struct strip_match
strip_rules(const uint8_t *cls)
{
	struct strip_match best = { .label = STRIP__N };
	unsigned todo = begins[cls[0]];

	/* Plain words are most, and begin one rule. */
	if (cls[0] == C_WORD && cls[1] != C_POSSESSIVE)
		return best;
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
