/* SPDX-License-Identifier: ISC */
/*
 * Stage 3 of stripping, for de-identification: the rules over the kinds of tokens (kinds.h). Each is
 * a regular expression, and the label of what stands between @b and @e in it. The longest counts. Any
 * process; pure. No rule may look at more tokens than REACH of entity.c. What was put in (GONE_…) is
 * context for what stands beside it, and is never taken again.
 */
#include "strip/internal.h"

/*!include:re2c "lib/strip/kinds.re" */
/*!re2c
	re2c:define:YYCTYPE = "unsigned char";
	re2c:yyfill:enable = 0;
	re2c:tags = 1;
	re2c:api = custom;
	re2c:api:style = free-form;
	re2c:define:YYPEEK = "*(far = YYCURSOR)";
	re2c:define:YYSKIP = "++YYCURSOR;";
	re2c:define:YYBACKUP = "YYMARKER = YYCURSOR;";
	re2c:define:YYRESTORE = "YYCURSOR = YYMARKER;";
	re2c:define:YYSHIFT = "YYCURSOR += @@;";
	re2c:define:YYSTAGP = "@@ = YYCURSOR;";
	re2c:define:YYSTAGN = "@@ = cls;";
	re2c:define:YYSHIFTSTAG = "@@{tag} += @@{shift};";

	low    = LOW | LOW_ROW;
	titled = TITLED | RARE;
	known  = KNOWN | KNOWN_NAME;
	stop   = "\x00";
	nl     = LINE | BLANK;
	gap    = nl | COMMA;
	start  = nl | END | QUOTE | COLON | LEFT | DASH | OTHER;
	fin    = nl | stop | END;

	// people
	sure   = GIVEN | FAMILY | NAMEPLACE;
	soft   = SOFT_GIVEN | SOFT_FAMILY | SOFT_PLACE;
	name   = sure | soft | PLACE | CAP | LANDNAME;
	capped = name | STREET | SHOUT | STREETWORD;
	init   = INITIAL | LETTER;
	more   = PARTICLE{0,2} (capped | CAPS | ROAD | titled) | init | PARTICLE{0,2} DASH
	    capped;
	part   = PARTICLE{0,2} (capped | CAPS) | init;
	lowly  = LOW_GIVEN | LOW_FAMILY | LOW_PLACE | ODD;
	who    = PATIENT | NURSE | SURGEON | KIN | STAFF | NAMED | LIKE;
	verb   = SAYS | IS | MAY;
	small  = low | LOW_SOFT | ODD | FUNC | THE | BY | TO | FROM | OF | ON | AND | IS | SAYS
	    | NAMED | LIKE | LIVES | MAY | KIN | STAFF | PATIENT
	       | NURSE | SURGEON | MEDNOUN | PERIOD | LAST | EMAILWORD | PHONEWORD | AGE |
	    OLDAGE;

	// places
	word   = name | titled | LOUD | SHOUT | CAPS | known | STATE | COUNTRY | STREET | ROAD |
	    SAINT | DIRECTION | STATEABBR | FIRM
	       | INITIAL | LETTER | MONTH | SOFT_MONTH | WAY | DEPT;
	head   = name | SHOUT | CAPS | STATE | COUNTRY | SAINT | STATEABBR | DIRECTION |
	    CREDENTIAL | INITIAL;
	join   = POSSESSIVE? (AND | OF THE? | DASH | PARTICLE)?;
	house  = FACILITY | DEPT;
	land   = STATE | STATEABBR | COUNTRY | LANDNAME;

	// streets
	num    = MAYCODE | N1 | N3 | N4 | N5 | N6 | NINETY | YEARNUM | OLDYEAR | CODE | RANGE |
	    SHORTDATE;
	digits = N1 | N3 | N4 | N5 | N6 | N7 | NINETY | YEARNUM | OLDYEAR;
	road   = ROAD | STREET | SAINT | FACILITY | DOCTOR | OFFICE;
	lot    = COMMA? LINE? (UNIT | LOW_UNIT | INITIAL){1,2} (HASH | NUMNOUN)? (num | LETTER |
	    INITIAL | LONGCODE | DECIMAL) | COMMA? HASH num | COMMA? (NUMNOUN COLON? | FUNC COLON) num
	    (SLASH
	    num)? | COMMA? SMALL END? num
	       | COMMA? ORDINAL low | COMMA (titled | STREET) num;
	post   = N5 | N4 | N6 | POSTCODE | MAYCODE | N3 DASH N4 | N1 DASH N3 | N3 N1 | LONGCODE
	    | PHONE | RANGE | YEARNUM | OLDYEAR | CODE CODE | N3 (N3 | NINETY) | N1 N3;

	// numbers
	id     = N3 | N4 | N5 | N6 | N7 | NINETY | CODE | LONGCODE | NPI | PHONE | SSN | CARD |
	    RANGE | IBAN | DATE | UNDER | POSTCODE | MAYCODE;
	any_id = (CAPS | LETTER | STATEABBR | INITIAL | SHOUT | CAP)? DASH? id ((DASH | SLASH)?
	    (id | N1 | YEARNUM | OLDYEAR)){0,4} ((DASH | SLASH)? (LETTER | CAPS))?;
	mixed  = (CAPS | LETTER | STATEABBR)? (N1 | YEARNUM | OLDYEAR) (DASH? (id | N1 | YEARNUM
	    | LETTER)){0,5};
	link   = NUMNOUN | HASH | COLON | IS | LEFT | OF | DASH | OTHER | FUNC;
	told   = NUMNOUN | HASH | COLON;

	way    = word | FACILITY | ORDINAL | UNIVERSITY | TITLE | DOCTOR;
	unitno = (UNIT | LOW_UNIT) (HASH | NUMNOUN)? (num | DATE | LETTER | INITIAL | LONGCODE)
	    COMMA?;
	cw     = word | ODD | lowly | FACILITY | PARTICLE | STREETWORD | ORDINAL;
*/

#define BEGIN const unsigned char *YYCURSOR = cls, *YYMARKER = cls, *far, *b = cls, *e = cls

/* As strip_match, but small enough for a register. */
struct found {
	uint8_t start, end, len, label;
	uint8_t look; /* how many tokens were looked at */
};

#define RULE(what)                                                                                 \
	return (struct found)                                                                      \
	{                                                                                          \
		.label = STRIP_##what, .start = (uint8_t)(b - cls), .end = (uint8_t)(e - cls),     \
		.len = (uint8_t)(YYCURSOR - cls), .look = (uint8_t)(far - cls + 1)                 \
	}

#define NO_RULE                                                                                    \
	return (struct found)                                                                      \
	{                                                                                          \
		.label = STRIP__N, .look = (uint8_t)(far - cls + 1)                                \
	}

/*
 * Three automata: rules that begin alike in one would multiply its states, those that do not only
 * add up.
 */
static struct found
persons(const uint8_t *cls)
{
	BEGIN;
	/*!stags:re2c:persons format = 'const unsigned char *@@{tag} = cls;\n'; */
	/*!re2c:persons
	// people
	@b sure more{0,4} @e                    { RULE(NAME); }
	@b (GIVEN | NAMEPLACE | SOFT_GIVEN) init? KNOWN_NAME @e { RULE(NAME); }
	@b GIVEN init? known @e                 { RULE(NAME); }
	small @b SOFT_FAMILY init? (CAP | FAMILY) part{0,2} @e { RULE(NAME); }
	@b MONTH (CAP | FAMILY | GIVEN) part{0,2} @e    { RULE(NAME); }
	small @b (soft | RARE){2,3} @e (fin | COMMA | small | POSSESSIVE)
	                                                { RULE(NAME); }
	small @b (SOFT_FAMILY | RARE) @e (fin | COMMA | small | POSSESSIVE | QUOTE | RIGHT |
	    COLON)
                                                { RULE(NAME); }
	small @b PARTICLE{1,3} capped part{0,2} @e { RULE(NAME); }
	start @b PARTICLE{1,3} (sure | CAP | SOFT_FAMILY) part{0,2} @e { RULE(NAME); }
	start @b (titled | soft | CAP) init (sure | CAP | SOFT_FAMILY) part{0,2} @e
                                                { RULE(NAME); }
	nl @b (titled | soft) (sure | CAP) part{0,2} @e (nl | stop)
                                                { RULE(NAME); }
	start @b CAP @e (small | COMMA | QUOTE | fin) { RULE(NAME); }
	start @b KNOWN_NAME @e AND (capped | KNOWN_NAME | GONE_NAME) verb
                                                { RULE(NAME); }
	start @b KNOWN_NAME @e (SAYS | AND GONE_NAME) { RULE(NAME); }
	@b KNOWN_NAME (init (sure | CAP | SOFT_FAMILY) | sure | CAP) part{0,2} @e { RULE(NAME); }
	nl @b (sure | SOFT_GIVEN | CAP) init (titled | STREET | FACILITY | PERIOD | DIRECTION |
	    known | MONTH | SOFT_MONTH) @e nl
                                                { RULE(NAME); }
	small @b KNOWN_NAME @e SAYS             { RULE(NAME); }
	COLON @b soft @e (nl | stop)            { RULE(NAME); }
	start @b (capped | KNOWN_NAME | MAY) (COMMA (capped | KNOWN_NAME | SOFT_MONTH)){1,3}
	    COMMA? AND (capped | KNOWN_NAME) @e
                                                { RULE(NAME); }
	start @b CAP (capped | init){1,3} @e    { RULE(NAME); }
	@b SOFT_GIVEN (sure | CAP | SOFT_FAMILY | init | SHOUT) part{0,3} @e
                                                { RULE(NAME); }
	@b CAP init? sure part{0,3} @e          { RULE(NAME); }
	@b LANDNAME (sure | init | CAP | SOFT_FAMILY) part{0,2} @e { RULE(NAME); }
	small @b soft init? sure part{0,3} @e   { RULE(NAME); }
	@b INITIAL{1,3} PARTICLE{0,2} (capped | SHOUT | CAPS | known) part{0,2} @e
                                                { RULE(NAME); }
	@b LETTER{1,2} sure part{0,2} @e        { RULE(NAME); }
	(TITLE | DOCTOR) @b PARTICLE{0,2} (init{0,2} (capped | CAPS | titled | known | ROAD |
	    COUNTRY)) more{0,4} @e
                                                { RULE(NAME); }
	(TITLE | DOCTOR) @b (lowly | low | LOW_SOFT) (lowly | LOW_SOFT)? @e { RULE(NAME); }
	(TITLE | DOCTOR) @b init @e             { RULE(NAME); }
	@b capped part{0,3} @e COMMA? CREDENTIAL { RULE(NAME); }
	who (COMMA | COLON | IS | LEFT | DASH | QUOTE)? @b (capped | titled) part{0,4} @e
                                                { RULE(NAME); }
	(NAMED | KIN | LIKE) (COMMA | COLON | IS)? @b (LOW_GIVEN | LOW_FAMILY | ODD) lowly? @e
                                                { RULE(NAME); }
	NAMED (COLON | IS COLON?) QUOTE? @b (low | LOW_SOFT | lowly | SMALL | capped | init |
	    PARTICLE | CAPS){1,4} @e (nl | COMMA | stop | END | QUOTE)
                                                { RULE(NAME); }
	small @b (CAP | SOFT_GIVEN) part{0,3} @e { RULE(NAME); }
	POSSESSIVE? COMMA QUOTE? @b (CAP | SOFT_GIVEN) part{0,3} @e
                                                { RULE(NAME); }
	start @b (CAP | SOFT_GIVEN) part{0,3} @e (verb | POSSESSIVE)
                                                { RULE(NAME); }
	start @b SOFT_FAMILY @e (SAYS | AND capped (verb | POSSESSIVE))
                                                { RULE(NAME); }
	start @b (soft | STREET | CAP) @e AND (soft | STREET | CAP | GONE_NAME) verb
                                                { RULE(NAME); }
	@b (FAMILY | NAMEPLACE | PLACE | SHOUT | CAPS) part? COMMA (GIVEN | NAMEPLACE |
	    SOFT_GIVEN | INITIAL) part{0,2} @e
                                                { RULE(NAME); }
	(nl | COLON) @b (soft | CAP | STREET) COMMA (GIVEN | NAMEPLACE | SOFT_GIVEN | INITIAL |
	    CAP) part{0,2} @e
                                                { RULE(NAME); }
	@b (capped | CAPS | titled | low) (CARET (capped | CAPS | titled | init | low)){1,4} @e
                                                { RULE(NAME); }
	(nl | nl QUOTE) @b (CAP | SOFT_GIVEN) (capped | init){1,3} @e (nl | stop | COMMA
	    CREDENTIAL | COLON)
                                                { RULE(NAME); }
	@b LOW_GIVEN (LOW_GIVEN | LOW_FAMILY | SMALL (LOW_FAMILY | ODD)? | ODD) @e
                                                { RULE(NAME); }
	@b LOW_GIVEN @e                         { RULE(NAME); }
	@b (LOW_SOFT | LOW_GIVEN) (LOW_FAMILY | LOW_SOFT) @e { RULE(NAME); }
	(NAMED | KIN | PATIENT | NURSE) (COMMA | COLON | IS)? @b LOW_SOFT (lowly | LOW_SOFT)? @e
                                                { RULE(NAME); }

	// addresses that begin with a number
	nr     = num{1,2} COMMA? (SLASH num)? (DASH? (LETTER | num))?;
	say    = name | SHOUT | STREETWORD | titled;
	@b nr (way POSSESSIVE? | PARTICLE){1,4} road DIRECTION? (COMMA? DIRECTION)? @e
                                                { RULE(ADDRESS); }
	@b nr (way POSSESSIVE? | num){1,2} num? road DIRECTION? @e { RULE(ADDRESS); }
	@b nr (low | LOW_SOFT | lowly | num | SMALL | PARTICLE | ORDINAL | DIGITWORD |
	    DIRECTION){1,4} (LOW_STREET | ROAD) DIRECTION? @e
                                                { RULE(ADDRESS); }
	@b nr say{1,3} (LOW_STREET | LOW_ROW) @e { RULE(ADDRESS); }
	@b num{1,2} (way | PARTICLE | low){1,4} COMMA? LINE? (UNIT | LOW_UNIT){1,2} num @e
                                                { RULE(ADDRESS); }
	@b nr LOW_ROW PARTICLE{0,2} (name | SHOUT){1,3} @e { RULE(ADDRESS); }
	@b nr STREET (CODE | num) @e            { RULE(ADDRESS); }
	@b nr PARTICLE? (WAY | LOW_STREET | ROAD) (PARTICLE | THE | FUNC){0,2} (way | ODD |
	    LOW_FAMILY) (way | PARTICLE | ODD | LOW_FAMILY){0,3} (COMMA? num (SLASH num)? (DASH?
	    LETTER)?)? @e
                                                { RULE(ADDRESS); }
	@b num{1,2} (way | PARTICLE){0,2} STREETWORD ((PARTICLE | ODD | name){0,3} COMMA? num
	    (DASH? LETTER)?)? @e
                                                { RULE(ADDRESS); }
	@b num PARTICLE? say (cw | LOW_STREET | low | PARTICLE | LOW_FAMILY){0,3} num (DASH?
	    LETTER)? @e
                                                { RULE(ADDRESS); }
	@b (N5 | MAYCODE) @e GONE_PLACE         { RULE(ADDRESS); }
	@b digits{1,2} @e GONE_ADDRESS          { RULE(ADDRESS); }
	tail   = titled | soft | MEDNOUN | PHONEWORD | OTHERID | UNIVERSITY | FACILITY | OFFICE
	    | VEHICLE;
	@b (N1 | N3 | N4 | N5 | N6){1,2} (SLASH num)? (sure | CAP | SOFT_FAMILY |
	    SOFT_GIVEN){1,2} tail @e
                                                { RULE(ADDRESS); }

	// what stands beside what went
	GONE_NAME AND? @b KNOWN_NAME @e         { RULE(NAME); }
	GONE_NAME (AND | COMMA AND? | DASH | SLASH) @b (soft | STREET | CAP | titled) part{0,3}
	    @e (AND | COMMA | verb | fin | low | BY | FROM | ON)
                                                { RULE(NAME); }
	GONE_NAME @b (capped | init) part{0,3} @e { RULE(NAME); }
	GONE_NAME DASH @b capped @e             { RULE(NAME); }
	GONE_PLACE @b (PARTICLE | ODD){1,3} (name | SHOUT | titled | low | ODD)? @e
                                                { RULE(PLACE); }
	GONE_PLACE @b FUNC (name | SHOUT) @e    { RULE(PLACE); }
	(GONE_NAME | GONE_PLACE) DASH? @b (join (name | titled | STREET)){0,3} COMMA? AND?
	    COMPANY{1,2} @e
                                                { RULE(PLACE); }
	GONE_PLACE COMMA? @b (STATE | COUNTRY | LOW_LAND) @e
                                                { RULE(PLACE); }
	GONE_PLACE (AND | DASH | SLASH) @b (head | titled) word{0,2} house{0,3} @e
                                                { RULE(PLACE); }
	GONE_PLACE POSSESSIVE? @b (word{0,2} FACILITY{1,3} | DEPT house{0,2}) @e { RULE(PLACE); }
	(GONE_ADDRESS | GONE_PLACE) (gap | STATE | STATEABBR | CAPS | COUNTRY | LETTER | lowly |
	    low | known | LEFT | RIGHT){0,5} @b post @e
                                                { RULE(ADDRESS); }
	GONE_ADDRESS COMMA? @b (digits | LETTER | (way | PARTICLE){1,3} (ROAD | STREET)) @e
                                                { RULE(ADDRESS); }
	GONE_ADDRESS gap{0,3} @b (way | PARTICLE){1,4} @e (gap | fin | RIGHT | num | POSTCODE |
	    MAYCODE | STATEABBR | BY | LEFT)
                                                { RULE(PLACE); }
	(GONE_ADDRESS | GONE_PLACE) gap{1,3} @b (low | LOW_SOFT | lowly){1,2} @e gap{0,2} (num |
	    lowly | low | LOW_LAND | POSTCODE | CAPS | GONE_ADDRESS | GONE_PLACE)
                                                { RULE(PLACE); }
	GONE_ADDRESS @b (LOW_PLACE | lowly | LOW_LAND){1,3} @e fin
                                                { RULE(PLACE); }
	GONE_PLACE gap{1,3} @b (name | SHOUT) (name | SHOUT){0,2} @e gap{1,2} (post |
	    GONE_ADDRESS)
                                                { RULE(PLACE); }
	GONE_PLACE nl{1,2} @b (CAPS | STATEABBR) @e nl { RULE(PLACE); }
	GONE_PLACE LEFT @b (known | name | low | lowly) @e RIGHT (post | GONE_ADDRESS)
						{ RULE(PLACE); }
	(GONE_ADDRESS | GONE_PLACE) gap{1,3} @b LOW_LAND @e { RULE(PLACE); }
	GONE_PLACE @b CODE @e (nl | stop)               { RULE(ADDRESS); }
	(GONE_NAME | GONE_PLACE) @b (STREET | ROAD) @e { RULE(ADDRESS); }
	GONE_ADDRESS gap{0,2} @b (name | SHOUT){1,2} (LOW_ROW | LOW_STREET | STREET | ROAD) @e
                                                { RULE(ADDRESS); }
	GONE_NAME POSSESSIVE? @b FACILITY{1,3} @e { RULE(PLACE); }
	GONE_NAME @b titled @e GONE_NAME        { RULE(NAME); }
	(GONE_ADDRESS | GONE_PLACE) nl{1,2} @b N3 @e (nl | stop) { RULE(ADDRESS); }
	GONE_NAME nl{1,2} @b post @e (nl | stop) { RULE(ADDRESS); }
	(GONE_NAME | GONE_PLACE | GONE_ADDRESS) nl{1,2} @b CODE @e { RULE(ADDRESS); }
	(GONE_ADDRESS | GONE_PLACE) gap{0,3} @b (CAP | SHOUT | sure | SOFT_PLACE |
	    STREETWORD){1,3} @e
                                                { RULE(PLACE); }
	(GONE_ADDRESS | GONE_PLACE) COMMA @b (titled | name | STREET | UNIT){1,2} num @e (gap |
	    fin)
                                                { RULE(ADDRESS); }
	GONE_PLACE gap{1,3} @b CAPS @e gap{0,2} (post | GONE_ADDRESS)
                                                { RULE(PLACE); }
	GONE_DATE (AND | DASH | COMMA) @b (SOFT_MONTH | SHORTDATE | MONTH | ORDINAL | N1) @e
                                                { RULE(DATE); }
	(GONE_PLACE | GONE_NAME) COMMA? @b SHORTDATE @e { RULE(DATE); }
	GONE_NAME COMMA @b NINETY @e            { RULE(AGE); }
	* { NO_RULE; }
	*/
}

static struct found
facts(const uint8_t *cls)
{
	BEGIN;
	/*!stags:re2c:facts format = 'const unsigned char *@@{tag} = cls;\n'; */
	/*!re2c:facts
	// places
	@b (word join){1,5} FACILITY (house | STREET){0,3} @e
                                                { RULE(PLACE); }
	@b (head join) (word join){0,3} DEPT house{0,3} @e { RULE(PLACE); }
	(AT | THE | IN | FROM | BY | TO) @b FACILITY house{1,3} @e
                                                { RULE(PLACE); }
	@b DIRECTION{1,2} (name | SHOUT | STREETWORD) @e { RULE(PLACE); }
	small @b SHOUT{1,3} @e                  { RULE(PLACE); }
	@b (name | SHOUT) (ODD | PARTICLE) (name | SHOUT) @e { RULE(PLACE); }
	@b (name | SHOUT | CAPS) (join (name | titled | SHOUT | CAPS | STREET | known |
	    init)){0,4} COMMA? AND? COMPANY{1,2} @e
                                                { RULE(PLACE); }
	AT @b (STREET | titled | LOUD) (STREET | house){1,3} @e { RULE(PLACE); }
	AT @b (lowly | LOW_SOFT | low) LOW_FACILITY{2,3} @e { RULE(PLACE); }
	@b SAINT (name | known | titled | SHOUT) POSSESSIVE? (house | STREET){0,4} @e
                                                { RULE(PLACE); }
	@b FACILITY{1,2} OF THE? (word | FACILITY){1,4} house{0,3} @e
                                                { RULE(PLACE); }
	@b PLACE @e                             { RULE(PLACE); }
	@b name{1,2} COMMA? STATE @e            { RULE(PLACE); }
	@b name{1,3} @e COMMA? STATEABBR        { RULE(PLACE); }
	@b name{1,2} COMMA COUNTRY @e           { RULE(PLACE); }
	(AT | AT THE) @b (head join) (word join){0,3} house{0,3} @e
                                                { RULE(PLACE); }
	(AT | AT THE | TO | FROM) @b (titled | LOUD) join (name | SHOUT | house) (word
	    join){0,2} house{0,3} @e
                                                { RULE(PLACE); }
	(TO | FROM | IN | BY) @b (CAPS | STATEABBR) (CAP | FAMILY | NAMEPLACE | PLACE |
	    GIVEN){1,2} house{0,2} @e
                                                { RULE(PLACE); }
	TO @b (soft | CAP | SHOUT | PLACE | NAMEPLACE) (PARTICLE? (name | STREET)){0,2} @e
                                                { RULE(PLACE); }
	(IN | LIVES (FROM | AT)? | FROM) @b ((DIRECTION | PARTICLE){0,2} (name | SHOUT)
	    (PARTICLE (name | titled) | name | STREET){0,2}) @e
                                                { RULE(PLACE); }
	(IN | AT) @b LOW_PLACE LOW_FACILITY{0,3} @e { RULE(PLACE); }
	LIVES (IN | FROM | AT) @b lowly @e      { RULE(PLACE); }
	@b (PLACE | NAMEPLACE | STATE | COUNTRY | CAP | LANDNAME){1,2} LOW_FACILITY @e
                                                { RULE(PLACE); }
	@b (PLACE | NAMEPLACE | STATE | COUNTRY | CAP | LANDNAME){1,2} @e OFFICE
                                                { RULE(PLACE); }
	@b COUNTRY @e                           { RULE(PLACE); }
	(FROM | LIVES IN | IN | LIVES FROM) @b LOW_LAND @e { RULE(PLACE); }
	@b LANDNAME @e                          { RULE(PLACE); }

	// days
	when   = ON | FROM | IN | BY | AT | OF | BORN | LAST | AND | AGED;
	@b LAST? DATE @e                        { RULE(DATE); }
	@b WEEKDAY COMMA? (THE | AT | OF)? (DATE | SHORTDATE | ORDINAL) @e { RULE(DATE); }
	@b LAST WEEKDAY @e                      { RULE(DATE); }
	@b (LAST | CENTURY)? MONTH (DASH MONTH)? YEARNUM? @e { RULE(DATE); }
	(when | THE) @b (LAST | CENTURY)? SOFT_MONTH YEARNUM? @e { RULE(DATE); }
	when (COLON | LEFT | THE)? @b SHORTDATE @e { RULE(DATE); }
	(nl | LEFT) @b SHORTDATE @e (COLON | DASH | RIGHT | COMMA) { RULE(DATE); }
	@b SHORTDATE (DASH | AND) SHORTDATE @e  { RULE(DATE); }
	(ON | FROM | BY | IN | OF) THE @b ORDINAL @e { RULE(DATE); }
	ON @b ORDINAL @e                        { RULE(DATE); }
	@b LAST (PERIOD | YEAR | DATE) @e       { RULE(DATE); }
	@b HOLIDAY YEARNUM? @e                  { RULE(DATE); }
	@b OLDAGE @e                            { RULE(AGE); }
	@b NINETY DASH? YEARS @e                { RULE(AGE); }
	@b NINETY DASH? YEAR DASH? OLD @e       { RULE(AGE); }
	AGED COLON? @b NINETY @e                { RULE(AGE); }
	FUNC IS FUNC? @b NINETY @e (COMMA | END | AND | stop) { RULE(AGE); }
	(PATIENT | KIN | GONE_NAME | LEFT) (COMMA | FUNC | IS | LEFT){1,2} @b NINETY @e (COMMA |
	    END | AND | RIGHT | LETTER | stop)
                                                { RULE(AGE); }
	BORN (COLON | IN | ON)? @b OLDYEAR @e   { RULE(AGE); }

	// numbers
	n      = digits | CODE | PHONE | LONGCODE | DECIMAL | RANGE | SHORTDATE | POSTCODE |
	    DATE | SSN;
	dial   = LEFT? n (RIGHT? (DASH | SLASH | END)? n){1,6} | LEFT? (N3 | N4 | N5 | N6 | N7 |
	    YEARNUM | OLDYEAR | PHONE | LONGCODE | RANGE | POSTCODE | SSN) RIGHT?;
	four   = N4 | YEARNUM | OLDYEAR;
	@b EMAIL @e                             { RULE(EMAIL); }
	@b (low | LOW_SOFT | lowly | ODD | CAP | SOFT_GIVEN | sure | UNDER | CODE | titled) (DOT
	    (low | LOW_SOFT | lowly | CODE))? LEFT? AT RIGHT? (low | LOW_SOFT | lowly | CAP |
	    titled | known | CODE) (DOT (low | LOW_SOFT | lowly)){1,2} @e
                                                { RULE(EMAIL); }
	@b PHONE @e                             { RULE(PHONE); }
	@b DIGITWORD ((COMMA | DASH)? DIGITWORD){6,14} @e { RULE(PHONE); }
	PHONEWORD (NUMNOUN | COLON | IS | AT | OF | LEFT | ON | FUNC | END | PHONEWORD |
	    BY){0,3} @b dial @e
                                                { RULE(PHONE); }
	@b URL @e                               { RULE(URL); }
	@b IP @e                                { RULE(IP); }
	@b SSN @e                               { RULE(SSN); }
	SSNWORD (link | SSNWORD){0,4} @b (any_id | mixed) @e { RULE(SSN); }
	@b CARD @e                              { RULE(CARD); }
	@b IBAN @e                              { RULE(IBAN); }
	@b VIN @e                               { RULE(VEHICLE); }
	@b PATH @e                              { RULE(OTHER_ID); }
	@b (HANDLE | UNDER) @e                  { RULE(OTHER_ID); }
	@b (CAPS (LONGCODE | N4 N5 | N4 N4) | LONGCODE) (DASH LETTER)? @e { RULE(OTHER_ID); }
	@b N3 N3 N3 @e                          { RULE(OTHER_ID); }
	@b four{4} (N1 | N3)? @e                { RULE(CARD); }
	@b four (N6 | N5 N1) (N5 | N4) @e       { RULE(CARD); }
	@b N7 (DASH? (N1 | N3 | N4))? @e        { RULE(OTHER_ID); }
	@b NPI @e                               { RULE(LICENCE); }
	HASH @b any_id @e                       { RULE(OTHER_ID); }
	RECORD (link | RECORD){0,4} @b HASH? any_id @e { RULE(RECORD); }
	RECORD link{0,3} told @b HASH? mixed @e { RULE(RECORD); }
	ACCOUNT (link | ACCOUNT){0,4} @b HASH? any_id @e { RULE(ACCOUNT); }
	ACCOUNT (link | ACCOUNT){0,3} told @b HASH? mixed @e { RULE(ACCOUNT); }
	LICENCE (link | LICENCE){0,4} @b HASH? any_id @e { RULE(LICENCE); }
	LICENCE (link | LICENCE){0,3} told @b HASH? mixed @e { RULE(LICENCE); }
	VEHICLE (link | VEHICLE){0,4} @b (any_id | (CAPS | LETTER | STATEABBR | CODE) (DASH? (id
	    | N1 | CAPS | LETTER)){1,2}) @e
                                                { RULE(VEHICLE); }
	DEVICE (link | DEVICE){0,4} @b HASH? any_id @e { RULE(DEVICE); }
	@b BIOMETRIC{1,2} link? any_id @e       { RULE(OTHER_ID); }
	OTHERID (link | OTHERID){0,4} @b HASH? any_id @e { RULE(OTHER_ID); }
	OTHERID (link | OTHERID){0,3} told @b HASH? mixed @e { RULE(OTHER_ID); }
	* { NO_RULE; }
	*/
}

static struct found
streets(const uint8_t *cls)
{
	BEGIN;
	/*!stags:re2c:streets format = 'const unsigned char *@@{tag} = cls;\n'; */
	/*!re2c:streets
	// addresses that begin otherwise
	nl @b num{1,2} (PARTICLE | low | lowly | LETTER | SMALL | FUNC){1,6} num? LOW_UNIT num
	    @e
                                                { RULE(ADDRESS); }
	nl @b (low | ODD | FUNC | lowly){1,3} num COMMA? (N5 | N4) (low | ODD | lowly) @e nl
                                                { RULE(ADDRESS); }
	@b (name | titled | FACILITY | STATE | CAPS | STATEABBR) ROAD num @e { RULE(ADDRESS); }
	(gap | COLON | AT | TO | IN | ON) @b (name | titled | SHOUT | STREETWORD | LETTER){1,4}
	    NUMNOUN num @e
                                                { RULE(ADDRESS); }
	@b WAY num ((name | titled | LETTER | DIRECTION | PARTICLE)? (NUMNOUN | HASH) num)? @e
						{ RULE(ADDRESS); }
	@b (name | titled){1,3} WAY (NUMNOUN | FUNC)? COLON? num @e { RULE(ADDRESS); }
	@b (FACILITY | titled) ROAD @e gap      { RULE(ADDRESS); }
	(AT | IN | TO | COLON | gap) @b INITIAL NUMNOUN num @e { RULE(ADDRESS); }
	@b LOW_ROW OF @e GONE_ADDRESS           { RULE(ADDRESS); }
	@b LOW_ROW OF (name | STREET | titled | ORDINAL){1,2} AND (name | STREET | titled |
	    ORDINAL){1,2} (ROAD | STREET)? @e
                                                { RULE(ADDRESS); }
	(gap | COLON | LIVES? (AT | TO | BY | IN | ON)) @b (titled | LETTER)? (name | SHOUT |
	    STREETWORD) (name | SHOUT | titled | STREETWORD | ODD | lowly | PARTICLE | low |
	    DIRECTION | SAINT | FACILITY | WAY | SMALL){0,3} num (DASH? LETTER)? @e (gap | fin |
	    GONE_PLACE)
                                                { RULE(ADDRESS); }
	(gap | COLON) @b (name | SHOUT) (cw | PARTICLE){0,3} num (DASH? LETTER)? @e (gap | stop
	    | UNIT | POSTCODE)
                                                { RULE(ADDRESS); }
	(gap | COLON | AT | IN) @b (UNIT (num | LETTER) COMMA)? num COMMA? (way | PARTICLE){1,4}
	    road? @e gap (PLACE | NAMEPLACE | POSTCODE | GONE_PLACE | GONE_ADDRESS | UNIT)
                                                { RULE(ADDRESS); }
	BOX (NUMNOUN | COLON | IS){0,2} @b post @e { RULE(ADDRESS); }
	@b (INITIAL | CAPS)? UNIT{1,2} (HASH | NUMNOUN)? (num | LETTER | LONGCODE) (COMMA? UNIT
	    num)? @e
                                                { RULE(ADDRESS); }
	@b MILITARY (word){1,3} @e              { RULE(ADDRESS); }
	@b MILITARY (STATEABBR | CAPS){1,2} (N5 | POSTCODE) @e { RULE(ADDRESS); }
	@b POSTCODE @e                          { RULE(ADDRESS); }
	(STATE | STATEABBR) COMMA? @b N5 @e     { RULE(ADDRESS); }
	gap @b (N5 | N4 | MAYCODE | N3 N1 | LETTER DASH (N4 | N5) | N1 DASH N3 | CODE | POSTCODE
	    | RANGE) @e (GONE_PLACE | name{1,3} (gap | fin))
                                                { RULE(ADDRESS); }
	(gap | COLON) @b N5 @e name
                                                { RULE(ADDRESS); }
	@b (WAY | ROAD) PARTICLE (way | PARTICLE){1,4} COMMA? num @e
                                                { RULE(ADDRESS); }
	@b (name | SHOUT) (ODD | lowly | low){0,2} WAY num @e { RULE(ADDRESS); }
	@b LETTER SLASH (way | PARTICLE){1,4} COMMA? num @e { RULE(ADDRESS); }
	@b (name | SHOUT | STREET) (name | STREET | titled | SAINT){0,2} ROAD num? @e
                                                { RULE(ADDRESS); }
	(small | AT | IN | ON) @b (titled | ROAD) (STREET | ROAD) num? @e { RULE(ADDRESS); }
	(small | AT | IN | COLON) @b (name | titled | SHOUT | MEDNOUN){1,3} @e GONE_ADDRESS
                                                { RULE(ADDRESS); }
	@b (WAY | LOW_STREET) (PARTICLE | FUNC){0,2} (name | SHOUT | STREETWORD | titled) (way |
	    PARTICLE){0,3} (COMMA? num (SLASH num)? (DASH? LETTER)?)? @e
                                                { RULE(ADDRESS); }
	@b WAY (PARTICLE | way | LOW_FAMILY | ODD){1,4} COMMA? num (DASH? LETTER)? @e
                                                { RULE(ADDRESS); }
	@b (way | PARTICLE){0,2} STREETWORD (PARTICLE | ODD | name){0,3} COMMA? num (DASH?
	    LETTER)? @e
                                                { RULE(ADDRESS); }
	@b UNIT DATE (way | num){1,3} road @e   { RULE(ADDRESS); }
	@b unitno{1,2} (way | num){1,3} (road | LOW_STREET | LOW_ROW)? @e gap { RULE(ADDRESS); }
	* { NO_RULE; }
	*/
}

/* Flats and floors behind an address belong to it. */
static size_t
lots(const uint8_t *cls)
{
	const unsigned char *YYCURSOR = cls, *YYMARKER = cls, *far;

	/*!re2c:lots
	lot{1,3} { return (size_t)(YYCURSOR - cls); }
	* { return 0; }
	*/
}

static struct found (*const groups[])(const uint8_t *) = { persons, facts, streets };

static struct found
longest(const uint8_t *cls)
{
	struct found best = { .label = STRIP__N };

	for (size_t i = 0; i < NELEM(groups); i++) {
		struct found m = groups[i](cls);

		if (m.len > best.len) {
			m.look = m.look > best.look ? m.look : best.look;
			best = m;
		} else if (m.look > best.look) {
			best.look = m.look;
		}
	}
	return best;
}

/*
 * Most pairs of tokens begin no rule. Which ones do is found out when Candor is built: this file,
 * with MAKE_PAIRS, is a program that tries them all and prints the table, a bit for each pair.
 */
#ifdef MAKE_PAIRS
#include <stdio.h>

int
main(void)
{
	for (unsigned i = 0; i < E__N; i++) {
		uint8_t row[E__N / 8 + 1] = { 0 };

		for (unsigned k = 0; i > 0 && k < E__N; k++)
			for (unsigned q = 0; q < E__N; q++) {
				uint8_t cls[] = { (uint8_t)i, (uint8_t)k, k > 0 ? (uint8_t)q : 0, 0,
					0 };
				struct found m = longest(cls);

				if (m.label != STRIP__N || m.look > 3)
					row[k / 8] |= (uint8_t)(1u << k % 8);
			}
		for (unsigned k = 0; k < sizeof(row); k++)
			printf("%u,%s", row[k], k + 1 == sizeof(row) ? "\n" : "");
	}
	return 0;
}
#else
static const uint8_t pairs[E__N][E__N / 8 + 1] = {
#include "lib/strip/pairs.h"
};

struct strip_match
strip_entity_rules(const uint8_t *cls, unsigned *look)
{
	struct strip_match m = { .label = STRIP__N };
	struct found best;

	*look = 2;
	if ((pairs[cls[0]][cls[1] / 8] >> cls[1] % 8 & 1) == 0)
		return m;
	best = longest(cls);
	*look = best.look;
	m.label = best.label;
	m.start = best.start;
	m.end = best.end;
	m.len = best.len;
	if (m.label == STRIP_ADDRESS)
		m.end += lots(cls + m.end);
	return m;
}
#endif
