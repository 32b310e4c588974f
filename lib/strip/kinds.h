/* SPDX-License-Identifier: ISC */
/*
 * What a token is to de-identification (entity_rules.re has the rules over them). Any process.
 */
#ifndef CANDOR_STRIP_KINDS_H
#define CANDOR_STRIP_KINDS_H

/* A line each, so that classes.awk can tell them to re2c in their order. */
enum strip_kind {
	E_NONE,
	/* Words, by their letters and by what the packs' lists of names say. */
	E_LOW,       /* in small letters */
	E_ODD,       /* in small letters, and in no list */
	E_LOW_SOFT,  /* in small letters, a name and a rare word: anna */
	E_LOW_GIVEN, /* in small letters, but a given name and no word */
	E_LOW_FAMILY,
	E_LOW_PLACE,
	E_GIVEN, /* a given name and no word; these have a capital */
	E_FAMILY,
	E_NAMEPLACE,  /* a name and a town */
	E_LANDNAME,   /* a given name and a country or state */
	E_SOFT_GIVEN, /* a given name and a word */
	E_SOFT_FAMILY,
	E_PLACE,
	E_SOFT_PLACE, /* a town and a word */
	E_CAP,        /* in no list */
	E_TITLED,     /* an everyday word with a capital */
	E_RARE,       /* a rarer one */
	E_LOUD,       /* an everyday word in capitals */
	E_KNOWN,      /* a name that is nobody's */
	E_KNOWN_NAME, /* the same, but people have it, too */
	E_CAPS,       /* in capitals, and in no list: MRI */
	E_SHOUT,      /* the same, of five letters and more */
	E_INITIAL,    /* J. */
	E_LETTER,     /* a capital alone */
	E_SMALL,      /* a small letter alone */
	/* Words, by the lists of the packs. */
	E_FUNC,
	E_THE,
	E_MAY,
	E_TO,
	E_BY,
	E_FROM,
	E_IN,
	E_AT,
	E_OF,
	E_ON,
	E_AND,
	E_IS,
	E_DOT,
	E_DIGITWORD,
	E_SAYS,
	E_NAMED,
	E_LIKE,
	E_LIVES,
	E_AGED,
	E_YEARS,
	E_YEAR,
	E_OLD,
	E_PARTICLE,
	E_TITLE,
	E_DOCTOR,
	E_CREDENTIAL,
	E_PATIENT,
	E_NURSE,
	E_SURGEON,
	E_KIN,
	E_STAFF,
	E_FACILITY,
	E_LOW_FACILITY,
	E_OFFICE,
	E_SAINT,
	E_UNIVERSITY,
	E_DEPT, /* cardiology: with a name before it */
	E_STREET,
	E_ROAD, /* the same, where it is no other word */
	E_LOW_STREET,
	E_LOW_ROW,    /* of STREET, in small letters */
	E_STREETWORD, /* Hauptstrasse */
	E_WAY,
	E_UNIT,
	E_LOW_UNIT,
	E_BOX,
	E_DIRECTION,
	E_MILITARY,
	E_STATE,
	E_STATEABBR,
	E_COUNTRY,
	E_LOW_LAND,
	E_WEEKDAY,
	E_MONTH,
	E_SOFT_MONTH,
	E_LAST,
	E_PERIOD,
	E_HOLIDAY,
	E_BORN,
	E_CENTURY,
	E_RECORD,
	E_ACCOUNT,
	E_LICENCE,
	E_VEHICLE,
	E_DEVICE,
	E_OTHERID,
	E_BIOMETRIC,
	E_SSNWORD,
	E_NUMNOUN,
	E_PHONEWORD,
	E_EMAILWORD,
	E_FIRM,
	E_COMPANY, /* Ltd: with a name before it */
	E_MEDNOUN,
	/* Numbers and forms. */
	E_N1, /* of one or two digits, and so on */
	E_N3,
	E_N4,
	E_N5,
	E_N6,
	E_N7, /* of seven digits and more */
	E_YEARNUM,
	E_NINETY,  /* 90 and over, where it could be an age */
	E_OLDYEAR, /* a year of which somebody born in it is 90 */
	E_RANGE,   /* 500-1000 */
	E_AGE,     /* 34-year-old */
	E_OLDAGE,  /* 94-year-old */
	E_DECIMAL,
	E_TIME,
	E_ORDINAL,
	E_CODE,
	E_LONGCODE, /* with five digits and more */
	E_DATE,
	E_SHORTDATE, /* 3/14, or a fraction */
	E_PHONE,
	E_SSN,
	E_CARD,
	E_IBAN,
	E_VIN,
	E_NPI,
	E_IP,
	E_EMAIL,
	E_URL,
	E_PATH,
	E_HANDLE,
	E_UNDER, /* with_an_underscore */
	E_POSTCODE,
	E_MAYCODE, /* 1017 ZX: a postcode beside a place */
	/* Marks. */
	E_LINE,
	E_BLANK, /* an empty line */
	E_END,
	E_COMMA,
	E_COLON,
	E_DASH,
	E_LEFT,
	E_RIGHT,
	E_QUOTE,
	E_SLASH,
	E_HASH,
	E_CARET,
	E_POSSESSIVE,
	E_OTHER,
	/* What was put in. */
	E_GONE,
	E_GONE_NAME,
	E_GONE_PLACE,
	E_GONE_ADDRESS,
	E_GONE_DATE,
	E__N,
};

#endif
