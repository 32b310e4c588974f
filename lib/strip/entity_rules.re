/* SPDX-License-Identifier: ISC */
/*
 * Stage 3 of stripping, for de-identification: the rules over the kinds of tokens (kinds.h). Each is a
 * regular expression, and the label of what stands between @b and @e in it. The longest counts. Any
 * process; pure. No rule may reach further than STRIP_REACH tokens. What was put in (GONE_…) is context
 * for what stands beside it, and is never taken again.
 */
#include "strip/internal.h"

/*!include:re2c "lib/strip/kinds.re" */
/*!re2c
	re2c:define:YYCTYPE = "unsigned char";
	re2c:yyfill:enable = 0;
	re2c:tags = 1;

	stop   = "\x00";
	nl     = LINE | BLANK;
	gap    = nl | COMMA;
	start  = nl | END | QUOTE | COLON | LEFT | DASH | OTHER;
	fin    = nl | stop | END;

	// people
	sure   = GIVEN | FAMILY | NAMEPLACE;
	soft   = SOFT_GIVEN | SOFT_FAMILY | SOFT_PLACE;
	name   = sure | soft | PLACE | CAP | LANDNAME;
	capped = name | STREET | SHOUT;
	init   = INITIAL | LETTER;
	more   = PARTICLE{0,2} (capped | CAPS | ROAD | TITLED) | init | PARTICLE{0,2} DASH capped;
	part   = PARTICLE{0,2} (capped | CAPS) | init;
	lowly  = LOW_GIVEN | LOW_FAMILY | LOW_PLACE | ODD;
	who    = PATIENT | NURSE | SURGEON | KIN | STAFF | NAMED | LIKE;
	verb   = SAYS | IS | MAY;
	small  = LOW | LOW_SOFT | ODD | FUNC | THE | BY | TO | FROM | OF | ON | AND | IS | SAYS | NAMED | LIKE | LIVES | MAY | KIN | STAFF | PATIENT
	       | NURSE | SURGEON | MEDNOUN | PERIOD | LAST | EMAILWORD | PHONEWORD | AGE | OLDAGE;

	// places
	word   = name | TITLED | LOUD | SHOUT | CAPS | KNOWN | STATE | COUNTRY | STREET | ROAD | SAINT | DIRECTION | STATEABBR | FIRM
	       | INITIAL | LETTER | MONTH | SOFT_MONTH | WAY | DEPT;
	head   = name | SHOUT | CAPS | STATE | COUNTRY | SAINT | STATEABBR | DIRECTION | CREDENTIAL | INITIAL;
	join   = POSSESSIVE? (AND | OF THE? | DASH | PARTICLE)?;
	house  = FACILITY | DEPT;
	land   = STATE | STATEABBR | COUNTRY | LANDNAME;

	// streets
	num    = MAYCODE | N1 | N3 | N4 | N5 | N6 | NINETY | YEARNUM | OLDYEAR | CODE | RANGE | SHORTDATE;
	digits = N1 | N3 | N4 | N5 | N6 | N7 | NINETY | YEARNUM | OLDYEAR;
	road   = ROAD | STREET | SAINT | FACILITY | DOCTOR;
	lot    = COMMA? LINE? (UNIT | LOW_UNIT | INITIAL){1,2} (HASH | NUMNOUN)? (num | LETTER | INITIAL | LONGCODE) | COMMA? HASH num;
	post   = N5 | N4 | N6 | POSTCODE | MAYCODE | N3 DASH N4 | N1 DASH N3 | N3 N1 | LONGCODE | PHONE | RANGE | YEARNUM | OLDYEAR | CODE CODE;

	// numbers
	id     = N3 | N4 | N5 | N6 | N7 | NINETY | CODE | LONGCODE | NPI | PHONE | SSN | CARD | RANGE | IBAN | DATE | UNDER | POSTCODE | MAYCODE;
	any_id = (CAPS | LETTER | STATEABBR | INITIAL | SHOUT | CAP)? DASH? id ((DASH | SLASH)? (id | N1 | YEARNUM | OLDYEAR)){0,4} ((DASH | SLASH)? (LETTER | CAPS))?;
	mixed  = (CAPS | LETTER | STATEABBR)? (N1 | YEARNUM | OLDYEAR) (DASH? (id | N1 | YEARNUM | LETTER)){0,5};
	link   = NUMNOUN | HASH | COLON | IS | LEFT | OF | DASH | OTHER | FUNC;
	told   = NUMNOUN | HASH | COLON;
*/

#define BEGIN                                                                                   \
	const unsigned char *YYCURSOR = cls, *YYMARKER = cls, *b = cls, *e = cls

#define RULE(what)                                                                              \
	return (struct strip_match){ .label = STRIP_##what,                                     \
		.start = (size_t)(b - cls), .end = (size_t)(e - cls), .len = (size_t)(YYCURSOR - cls) }

#define NO_RULE return (struct strip_match){ .label = STRIP__N }

static struct strip_match
people(const uint8_t *cls)
{
	BEGIN;
	/*!stags:re2c:people format = 'const unsigned char *@@{tag} = cls;\n'; */
	/*!re2c:people
	@b sure more{0,4} @e                            { RULE(NAME); }
	@b GIVEN init? KNOWN @e                         { RULE(NAME); }
	small @b SOFT_FAMILY init? (CAP | FAMILY) part{0,2} @e { RULE(NAME); }
	start @b CAP (capped | init){1,3} @e            { RULE(NAME); }
	@b SOFT_GIVEN (sure | CAP | SOFT_FAMILY | init | SHOUT) part{0,3} @e
	                                                { RULE(NAME); }
	@b CAP init? sure part{0,3} @e                  { RULE(NAME); }
	@b LANDNAME (sure | init | CAP | SOFT_FAMILY) part{0,2} @e { RULE(NAME); }
	small @b soft init? sure part{0,3} @e           { RULE(NAME); }
	@b INITIAL{1,3} PARTICLE{0,2} (capped | SHOUT | CAPS | KNOWN) part{0,2} @e
	                                                { RULE(NAME); }
	@b LETTER{1,2} sure part{0,2} @e                { RULE(NAME); }
	(TITLE | DOCTOR) @b PARTICLE{0,2} (init{0,2} (capped | CAPS | TITLED | KNOWN | ROAD | COUNTRY)) more{0,4} @e
	                                                { RULE(NAME); }
	(TITLE | DOCTOR) @b (lowly | LOW | LOW_SOFT) (lowly | LOW_SOFT)? @e { RULE(NAME); }
	(TITLE | DOCTOR) @b init @e                     { RULE(NAME); }
	@b capped part{0,3} @e COMMA? CREDENTIAL        { RULE(NAME); }
	who (COMMA | COLON | IS | LEFT | DASH | QUOTE)? @b (capped | TITLED) part{0,4} @e
	                                                { RULE(NAME); }
	(NAMED | KIN | LIKE) (COMMA | COLON | IS)? @b (LOW_GIVEN | LOW_FAMILY | ODD) lowly? @e
	                                                { RULE(NAME); }
	NAMED (COLON | IS COLON?) QUOTE? @b (LOW | LOW_SOFT | lowly | SMALL | capped | init | PARTICLE | CAPS){1,4} @e (nl | COMMA | stop | END | QUOTE)
	                                                { RULE(NAME); }
	small @b (CAP | SOFT_GIVEN) part{0,3} @e        { RULE(NAME); }
	small POSSESSIVE? COMMA QUOTE? @b (CAP | SOFT_GIVEN) part{0,3} @e
	                                                { RULE(NAME); }
	start @b (CAP | SOFT_GIVEN) part{0,3} @e (verb | POSSESSIVE)
	                                                { RULE(NAME); }
	start @b SOFT_FAMILY @e (SAYS | AND capped (verb | POSSESSIVE))
	                                                { RULE(NAME); }
	start @b (soft | STREET | CAP) @e AND (soft | STREET | CAP | GONE_NAME) verb
	                                                { RULE(NAME); }
	GONE_NAME (AND | COMMA AND? | DASH | SLASH) @b (soft | STREET | CAP | TITLED) part{0,3} @e (AND | COMMA | verb | fin | LOW | BY | FROM | ON)
	                                                { RULE(NAME); }
	GONE_NAME @b (capped | init) part{0,3} @e       { RULE(NAME); }
	GONE_NAME DASH @b capped @e                     { RULE(NAME); }
	@b (FAMILY | NAMEPLACE | PLACE | SHOUT | CAPS) part? COMMA (GIVEN | NAMEPLACE | SOFT_GIVEN | INITIAL) part{0,2} @e
	                                                { RULE(NAME); }
	(nl | COLON) @b (soft | CAP | STREET) COMMA (GIVEN | NAMEPLACE | SOFT_GIVEN | INITIAL | CAP) part{0,2} @e
	                                                { RULE(NAME); }
	@b (capped | CAPS | TITLED | LOW) (CARET (capped | CAPS | TITLED | init | LOW)){1,4} @e
	                                                { RULE(NAME); }
	(nl | nl QUOTE) @b (CAP | SOFT_GIVEN) (capped | init){1,3} @e (nl | stop | COMMA CREDENTIAL | COLON)
	                                                { RULE(NAME); }
	@b LOW_GIVEN (LOW_GIVEN | LOW_FAMILY | SMALL (LOW_FAMILY | ODD)? | ODD) @e
	                                                { RULE(NAME); }
	@b LOW_GIVEN @e                                 { RULE(NAME); }
	@b (LOW_SOFT | LOW_GIVEN) (LOW_FAMILY | LOW_SOFT) @e { RULE(NAME); }
	(NAMED | KIN | PATIENT | NURSE) (COMMA | COLON | IS)? @b LOW_SOFT (lowly | LOW_SOFT)? @e
	                                                { RULE(NAME); }
	* { NO_RULE; }
	*/
}

static struct strip_match
places(const uint8_t *cls)
{
	BEGIN;
	/*!stags:re2c:places format = 'const unsigned char *@@{tag} = cls;\n'; */
	/*!re2c:places
	@b (word join){1,5} FACILITY (house | STREET){0,3} @e
	                                                { RULE(PLACE); }
	@b (head join) (word join){0,3} DEPT house{0,3} @e { RULE(PLACE); }
	(AT | THE | IN | FROM | BY | TO) @b FACILITY house{1,3} @e
	                                                { RULE(PLACE); }
	@b SAINT (name | KNOWN | TITLED) POSSESSIVE? (house | STREET){0,4} @e
	                                                { RULE(PLACE); }
	@b FACILITY{1,2} OF THE? (word | FACILITY){1,4} house{0,3} @e
	                                                { RULE(PLACE); }
	@b PLACE @e                                     { RULE(PLACE); }
	@b name{1,2} COMMA? STATE @e                    { RULE(PLACE); }
	@b name{1,3} @e COMMA? STATEABBR                { RULE(PLACE); }
	@b name{1,2} COMMA COUNTRY @e                   { RULE(PLACE); }
	(AT | AT THE) @b (head join) (word join){0,3} house{0,3} @e
	                                                { RULE(PLACE); }
	(AT | AT THE | TO | FROM) @b (TITLED | LOUD) join (name | SHOUT | house) (word join){0,2} house{0,3} @e
	                                                { RULE(PLACE); }
	(TO | FROM | IN | BY) @b (CAPS | STATEABBR) (CAP | FAMILY | NAMEPLACE | PLACE | GIVEN){1,2} house{0,2} @e
	                                                { RULE(PLACE); }
	TO @b (soft | CAP | SHOUT | PLACE | NAMEPLACE) (PARTICLE? (name | STREET)){0,2} @e
	                                                { RULE(PLACE); }
	(IN | LIVES (FROM | AT)? | FROM) @b ((DIRECTION | PARTICLE){0,2} (name | SHOUT) (PARTICLE (name | TITLED) | name | STREET){0,2}) @e
	                                                { RULE(PLACE); }
	(IN | AT) @b LOW_PLACE @e                       { RULE(PLACE); }
	LIVES (IN | FROM | AT) @b lowly @e              { RULE(PLACE); }
	@b (PLACE | NAMEPLACE | STATE | COUNTRY | CAP | LANDNAME){1,2} LOW_FACILITY @e
	                                                { RULE(PLACE); }
	@b (PLACE | NAMEPLACE | STATE | COUNTRY | CAP | LANDNAME){1,2} @e OFFICE
	                                                { RULE(PLACE); }
	@b COUNTRY @e                                   { RULE(PLACE); }
	(FROM | LIVES IN | IN | LIVES FROM) @b LOW_LAND @e { RULE(PLACE); }
	@b LANDNAME @e                                  { RULE(PLACE); }
	GONE_PLACE COMMA? @b (STATE | COUNTRY | LOW_LAND) @e
	                                                { RULE(PLACE); }
	GONE_PLACE (AND | DASH | SLASH) @b (head | TITLED) word{0,2} house{0,3} @e
	                                                { RULE(PLACE); }
	GONE_PLACE POSSESSIVE? @b (word{0,2} FACILITY{1,3} | DEPT house{0,2}) @e { RULE(PLACE); }
	* { NO_RULE; }
	*/
}

static struct strip_match
streets(const uint8_t *cls)
{
	BEGIN;
	/*!stags:re2c:streets format = 'const unsigned char *@@{tag} = cls;\n'; */
	/*!re2c:streets
	way    = word | FACILITY | ORDINAL | UNIVERSITY | TITLE | DOCTOR;
	cw     = word | ODD | lowly | FACILITY | PARTICLE | STREETWORD | ORDINAL;
	@b num{1,2} (DASH? (LETTER | num))? (way POSSESSIVE? | num){1,4} road DIRECTION? (COMMA? DIRECTION)? lot{0,2} @e
	                                                { RULE(ADDRESS); }
	@b num{1,2} (LOW | LOW_SOFT | lowly | num | SMALL | PARTICLE | ORDINAL | DIGITWORD | DIRECTION){1,4} (LOW_STREET | ROAD) DIRECTION? lot{0,2} @e
	                                                { RULE(ADDRESS); }
	@b num (CODE | LETTER | PARTICLE)? COMMA? WAY (PARTICLE | way | THE | LOW_FAMILY | ODD | FUNC){1,5} (COMMA? num)? lot{0,2} @e
	                                                { RULE(ADDRESS); }
	@b num{0,2} WAY (PARTICLE | way | LOW_FAMILY | ODD){1,4} COMMA? num (DASH? LETTER)? lot{0,2} @e
	                                                { RULE(ADDRESS); }
	@b num{0,2} (way | PARTICLE){0,2} STREETWORD COMMA? num (DASH? LETTER)? lot{0,2} @e
	                                                { RULE(ADDRESS); }
	@b num{1,2} (way | PARTICLE){0,2} STREETWORD lot{0,2} @e
	                                                { RULE(ADDRESS); }
	@b num (name | SHOUT | STREETWORD | PARTICLE (name | SHOUT)) (cw | LOW_STREET | LOW | PARTICLE | LOW_FAMILY){0,3} num (DASH? LETTER)? lot{0,2} @e
	                                                { RULE(ADDRESS); }
	(gap | COLON) @b (name | SHOUT) (cw | PARTICLE){0,3} num (DASH? LETTER)? @e (gap | stop | UNIT | POSTCODE)
	                                                { RULE(ADDRESS); }
	(gap | COLON | AT | IN) @b (UNIT (num | LETTER) COMMA)? num COMMA? (way | PARTICLE){1,4} road? @e gap (PLACE | NAMEPLACE | POSTCODE | GONE_PLACE | GONE_ADDRESS | UNIT)
	                                                { RULE(ADDRESS); }
	@b (INITIAL | BOX | CAPS)? (UNIT | BOX){1,2} (HASH | NUMNOUN)? (num | LETTER | LONGCODE) (COMMA? UNIT num)? @e
	                                                { RULE(ADDRESS); }
	@b MILITARY (word){1,3} @e                      { RULE(ADDRESS); }
	@b MILITARY (STATEABBR | CAPS){1,2} (N5 | POSTCODE) @e { RULE(ADDRESS); }
	@b POSTCODE @e                                  { RULE(ADDRESS); }
	(STATE | STATEABBR) COMMA? @b N5 @e             { RULE(ADDRESS); }
	(GONE_ADDRESS | GONE_PLACE) (gap | STATE | STATEABBR | CAPS | COUNTRY | LETTER | lowly | LOW | KNOWN | LEFT | RIGHT){0,5} @b post @e
	                                                { RULE(ADDRESS); }
	gap @b (N5 | N4 | MAYCODE | N3 N1 | LETTER DASH (N4 | N5) | N1 DASH N3 | CODE | POSTCODE | RANGE) @e (GONE_PLACE | name{1,3} (gap | fin))
	                                                { RULE(ADDRESS); }
	gap @b N5 @e name
	                                                { RULE(ADDRESS); }
	@b num{1,2} (WAY | ROAD | STREET) PARTICLE (way | PARTICLE){1,4} lot{0,2} @e
	                                                { RULE(ADDRESS); }
	@b (WAY | ROAD) PARTICLE (way | PARTICLE){1,4} COMMA? num lot{0,2} @e
	                                                { RULE(ADDRESS); }
	@b (name | SHOUT) (ODD | lowly | LOW){0,2} WAY num @e { RULE(ADDRESS); }
	@b LETTER SLASH (way | PARTICLE){1,4} COMMA? num @e { RULE(ADDRESS); }
	@b (name | SHOUT | STREET) (name | STREET | TITLED){0,2} ROAD num? @e
	                                                { RULE(ADDRESS); }
	(small | AT | IN | ON) @b (TITLED | ROAD) (STREET | ROAD) num? @e { RULE(ADDRESS); }
	(small | AT | IN) @b (name | TITLED | SHOUT){1,3} @e GONE_ADDRESS
	                                                { RULE(ADDRESS); }
	@b (N5 | MAYCODE) @e GONE_PLACE                 { RULE(ADDRESS); }
	@b digits{1,2} @e GONE_ADDRESS                  { RULE(ADDRESS); }
	GONE_ADDRESS COMMA? @b (digits | LETTER | lot | (way | PARTICLE){1,3} (ROAD | STREET) lot?) @e
	                                                { RULE(ADDRESS); }
	GONE_ADDRESS gap{0,3} @b (way | PARTICLE){1,4} @e (gap | fin | RIGHT | num | POSTCODE | MAYCODE | STATEABBR | BY | LEFT)
	                                                { RULE(PLACE); }
	(GONE_ADDRESS | GONE_PLACE) gap{1,3} @b (LOW | LOW_SOFT | lowly){1,2} @e gap{0,2} (num | lowly | LOW | LOW_LAND | POSTCODE | CAPS | GONE_ADDRESS)
	                                                { RULE(PLACE); }
	GONE_ADDRESS @b (LOW_PLACE | lowly | LOW_LAND){1,3} @e fin
	                                                { RULE(PLACE); }
	GONE_PLACE gap{1,3} @b (name | SHOUT) (name | SHOUT){0,2} @e gap{1,2} (post | GONE_ADDRESS)
	                                                { RULE(PLACE); }
	GONE_PLACE nl{1,2} @b (CAPS | STATEABBR) @e nl  { RULE(PLACE); }
	GONE_PLACE LEFT @b (KNOWN | name) @e RIGHT (post | GONE_ADDRESS) { RULE(PLACE); }
	(GONE_ADDRESS | GONE_PLACE) nl{1,2} @b N3 @e (nl | stop) { RULE(ADDRESS); }
	GONE_PLACE gap{1,3} @b CAPS @e gap{0,2} (post | GONE_ADDRESS)
	                                                { RULE(PLACE); }
	* { NO_RULE; }
	*/
}

static struct strip_match
days(const uint8_t *cls)
{
	BEGIN;
	/*!stags:re2c:days format = 'const unsigned char *@@{tag} = cls;\n'; */
	/*!re2c:days
	when   = ON | FROM | IN | BY | AT | OF | BORN | LAST | AND | AGED;
	@b LAST? DATE @e                                { RULE(DATE); }
	@b (LAST | CENTURY)? MONTH (DASH MONTH)? YEARNUM? @e { RULE(DATE); }
	(when | THE) @b (LAST | CENTURY)? SOFT_MONTH YEARNUM? @e { RULE(DATE); }
	GONE_DATE (AND | DASH | COMMA) @b (SOFT_MONTH | SHORTDATE | MONTH | ORDINAL | N1) @e
	                                                { RULE(DATE); }
	when (COLON | LEFT | THE)? @b SHORTDATE @e      { RULE(DATE); }
	(GONE_PLACE | WEEKDAY | GONE_NAME) COMMA? @b SHORTDATE @e { RULE(DATE); }
	(nl | LEFT) @b SHORTDATE @e (COLON | DASH | RIGHT | COMMA) { RULE(DATE); }
	@b SHORTDATE (DASH | AND) SHORTDATE @e          { RULE(DATE); }
	(ON | FROM | BY | IN | OF) THE @b ORDINAL @e    { RULE(DATE); }
	ON @b ORDINAL @e                                { RULE(DATE); }
	@b LAST (PERIOD | YEAR | DATE) @e               { RULE(DATE); }
	@b HOLIDAY YEARNUM? @e                          { RULE(DATE); }
	@b OLDAGE @e                                    { RULE(AGE); }
	@b NINETY DASH? YEARS @e                        { RULE(AGE); }
	@b NINETY DASH? YEAR DASH? OLD @e               { RULE(AGE); }
	AGED COLON? @b NINETY @e                        { RULE(AGE); }
	FUNC IS FUNC? @b NINETY @e (COMMA | END | AND | stop) { RULE(AGE); }
	(PATIENT | KIN | GONE_NAME | LEFT) (COMMA | FUNC | IS | LEFT){1,2} @b NINETY @e (COMMA | END | AND | RIGHT | LETTER | stop)
	                                                { RULE(AGE); }
	GONE_NAME COMMA @b NINETY @e                    { RULE(AGE); }
	BORN (COLON | IN | ON)? @b OLDYEAR @e           { RULE(AGE); }
	* { NO_RULE; }
	*/
}

static struct strip_match
numbers(const uint8_t *cls)
{
	BEGIN;
	/*!stags:re2c:numbers format = 'const unsigned char *@@{tag} = cls;\n'; */
	/*!re2c:numbers
	n      = digits | CODE | PHONE | LONGCODE | DECIMAL | RANGE | SHORTDATE | POSTCODE | DATE | SSN;
	dial   = LEFT? n (RIGHT? (DASH | SLASH)? n){1,6} | LEFT? (N3 | N4 | N5 | N6 | N7 | YEARNUM | OLDYEAR | PHONE | LONGCODE | RANGE | POSTCODE | SSN) RIGHT?;
	@b EMAIL @e                                     { RULE(EMAIL); }
	@b (LOW | LOW_SOFT | lowly | ODD | CAP | SOFT_GIVEN | sure | UNDER | CODE | TITLED) (DOT (LOW | LOW_SOFT | lowly | CODE))? LEFT? AT RIGHT? (LOW | LOW_SOFT | lowly | CAP | TITLED | KNOWN | CODE) (DOT (LOW | LOW_SOFT | lowly)){1,2} @e
	                                                { RULE(EMAIL); }
	@b PHONE @e                                     { RULE(PHONE); }
	@b DIGITWORD ((COMMA | DASH)? DIGITWORD){6,14} @e { RULE(PHONE); }
	PHONEWORD (NUMNOUN | COLON | IS | AT | OF | LEFT | ON | FUNC | END | PHONEWORD | BY){0,3} @b dial @e
	                                                { RULE(PHONE); }
	@b URL @e                                       { RULE(URL); }
	@b IP @e                                        { RULE(IP); }
	@b SSN @e                                       { RULE(SSN); }
	SSNWORD (link | SSNWORD){0,4} @b (any_id | mixed) @e { RULE(SSN); }
	@b CARD @e                                      { RULE(CARD); }
	@b IBAN @e                                      { RULE(IBAN); }
	@b VIN @e                                       { RULE(VEHICLE); }
	@b PATH @e                                      { RULE(OTHER_ID); }
	@b (HANDLE | UNDER) @e                          { RULE(OTHER_ID); }
	@b (CAPS (LONGCODE | N4 N5 | N4 N4) | LONGCODE) (DASH LETTER)? @e { RULE(OTHER_ID); }
	@b N3 N3 N3 @e                                  { RULE(OTHER_ID); }
	@b N7 (DASH? (N1 | N3 | N4))? @e                { RULE(OTHER_ID); }
	@b NPI @e                                       { RULE(LICENCE); }
	HASH @b any_id @e                               { RULE(OTHER_ID); }
	RECORD (link | RECORD){0,4} @b HASH? any_id @e  { RULE(RECORD); }
	RECORD link{0,3} told @b HASH? mixed @e         { RULE(RECORD); }
	ACCOUNT (link | ACCOUNT){0,4} @b HASH? any_id @e { RULE(ACCOUNT); }
	ACCOUNT (link | ACCOUNT){0,3} told @b HASH? mixed @e { RULE(ACCOUNT); }
	LICENCE (link | LICENCE){0,4} @b HASH? any_id @e { RULE(LICENCE); }
	LICENCE (link | LICENCE){0,3} told @b HASH? mixed @e { RULE(LICENCE); }
	VEHICLE (link | VEHICLE){0,4} @b (any_id | (CAPS | LETTER | STATEABBR | CODE) (DASH? (id | N1 | CAPS | LETTER)){1,2}) @e
	                                                { RULE(VEHICLE); }
	DEVICE (link | DEVICE){0,4} @b HASH? any_id @e  { RULE(DEVICE); }
	@b BIOMETRIC{1,2} link? any_id @e               { RULE(OTHER_ID); }
	OTHERID (link | OTHERID){0,4} @b HASH? any_id @e { RULE(OTHER_ID); }
	OTHERID (link | OTHERID){0,3} told @b HASH? mixed @e { RULE(OTHER_ID); }
	* { NO_RULE; }
	*/
}

static struct strip_match (*const groups[])(const uint8_t *) = { people, places, streets, days, numbers };

/* Words that begin a rule only before something else. */
static const uint8_t quiet[E__N] = {
	[E_LOW] = 1, [E_ODD] = 1, [E_FUNC] = 1, [E_THE] = 1, [E_OF] = 1, [E_IS] = 1, [E_SAYS] = 1, [E_MAY] = 1, [E_SMALL] = 1,
	[E_AND] = 1, [E_COMMA] = 1, [E_END] = 1, [E_MEDNOUN] = 1, [E_YEAR] = 1, [E_PERIOD] = 1, [E_BY] = 1, [E_TIME] = 1,
	[E_DECIMAL] = 1, [E_AGE] = 1, [E_N1] = 1, [E_LOW_FACILITY] = 1, [E_OTHER] = 1, [E_SLASH] = 1, [E_RIGHT] = 1,
	[E_NONE] = 1,
};

struct strip_match
strip_entity_rules(const uint8_t *cls)
{
	struct strip_match best = { .label = STRIP__N };

	if (quiet[cls[0]] && quiet[cls[1]])
		return best;
	for (size_t i = 0; i < NELEM(groups); i++) {
		struct strip_match m = groups[i](cls);

		if (m.len > best.len)
			best = m;
	}
	return best;
}
