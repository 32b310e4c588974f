/* SPDX-License-Identifier: ISC */
/* Breaches of patients' data: see candor/breach.h. Pure. */
#include "candor/breach.h"

#include <stdlib.h>

#define X(name, id, title, question) id,
const char *const breach_factor_ids[BREACH_FACTOR__N] = { BREACH_FACTORS(X) };
#undef X
#define X(name, id, title, question) title,
const char *const breach_factor_titles[BREACH_FACTOR__N] = { BREACH_FACTORS(X) };
#undef X
#define X(name, id, title, question) question,
const char *const breach_factor_questions[BREACH_FACTOR__N] = { BREACH_FACTORS(X) };
#undef X

const char *
breach_level_name(unsigned level)
{
#define X(name, text) text,
	static const char *const names[] = { BREACH_LEVELS(X) };
#undef X

	return level < NELEM(names) ? names[level] : "?";
}

static day_t
end_of_year(day_t day)
{
	char text[DAY_CHARS + 1];

	day_format(text, day);
	return day_from_civil(atoi(text), 12, 31);
}

size_t
breach_notices(struct breach_notice out[static BREACH_NOTICES_MAX], day_t discovered,
    unsigned patients, unsigned residents)
{
	const day_t soon = discovered + BREACH_NOTICE_DAYS;
	size_t n = 0;

	if (patients == 0)
		return 0;
	out[n++] =
	    (struct breach_notice){ "individuals", "each patient, in writing", "164.404", soon };
	out[n++] =
	    patients >= BREACH_MANY
		? (struct breach_notice){ "hhs", "the Secretary of HHS, with the patients",
			  "164.408(b)", soon }
		: (struct breach_notice){ "hhs", "the Secretary of HHS, with the year's others",
			  "164.408(c)", end_of_year(discovered) + BREACH_NOTICE_DAYS };
	/* More than 500 residents of one State, where the Secretary's rule says 500 or more. */
	if (residents > BREACH_MANY)
		out[n++] =
		    (struct breach_notice){ "media", "media of that State", "164.406", soon };
	return n;
}
