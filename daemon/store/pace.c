/* SPDX-License-Identifier: ISC */
/* A token bucket: see pace.h. Pure; store. */
#include "pace.h"

#define ONE 3600

size_t
pace_tokens(struct pace *p, uint32_t burst, uint32_t per_hour, int64_t now)
{
	int64_t most = (int64_t)burst * ONE, passed = now - p->at;

	/* A clock that was set back gives nothing; one that leapt ahead gives a full bucket. */
	if (p->at == 0 || passed > most / per_hour)
		p->level = most;
	else if (passed > 0)
		p->level += passed * per_hour;
	if (p->level > most)
		p->level = most;
	p->at = now;
	return p->level > 0 ? (size_t)(p->level / ONE) : 0;
}

void
pace_take(struct pace *p)
{
	p->level -= p->level > ONE ? ONE : p->level;
}

uint32_t
pace_wait_s(const struct pace *p, uint32_t per_hour)
{
	int64_t lacks = ONE - p->level % ONE;

	return (uint32_t)((lacks + per_hour - 1) / per_hour);
}
