/* SPDX-License-Identifier: ISC */
/*
 * Work on a case beside its states: tags, links between cases, duplicates, corrective actions, and
 * questions to the reporter that were sealed ahead of their day. In the clear are numbers, days, names of
 * officers and words of the site's own lists. Store only.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "officer.h"

#define TAGS_MAX 16
#define LINKS_MAX 32
#define CHECKINS_MAX 12
#define CHECKIN_DAYS_MAX 1100 /* three years ahead */
#define CORRECTIVE_DAYS_MAX 3660

/* ---- tags ------------------------------------------------------------------------------------- */

size_t
work_tags(struct store *s, int64_t number, char ***out)
{
	size_t n = 0;

	/* One more than may be, so that it is seen. */
	*out = store_alloc(s, (TAGS_MAX + 1) * sizeof(**out));
	for (bool ok = db_row(s->db, TAGS, db_i(number)); ok && n <= TAGS_MAX;
	     ok = db_next(s->db, DB_TAGS))
		(*out)[n++] = db_text(s->db, DB_TAGS, 0, s->arena);
	return n;
}

void
work_readers(struct store *s, int64_t number)
{
	db_run(s->db, TAG_READERS_DROP, db_i(number));
	db_run(s->db, TAG_READERS_ADD, db_i(number));
}

enum verdict
case_tag(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseTag *m = (const Candor__CaseTag *)c->msg;
	const Candor__RoomSetup *site = s->setup;
	struct found f;
	char **tags;
	size_t n;

	if (officer_find_kept(s, c, m->number, &f, out) != KEEP)
		return UNDO;
	for (size_t i = 0; i < m->n_add; i++) {
		if (!store_has_word(site->tags, site->n_tags, m->add[i]))
			return store_refuse(s, out, EX_DATAERR,
			    site->n_tags > 0 ? "a tag is not one of this site's: %s"
					     : "this site has no tags: an administrator sets them "
					       "in candor.conf%s",
			    store_words(s, site->tags, site->n_tags));
		if (db_run(s->db, TAG_ADD, db_i(f.number), db_t(m->add[i])) > 0)
			audit(s, c->actor, "tag", f.number, m->add[i]);
	}
	/* One that the site no longer has can be taken off. */
	for (size_t i = 0; i < m->n_remove; i++) {
		if (db_run(s->db, TAG_DROP, db_i(f.number), db_t(m->remove[i])) == 0)
			return store_refuse(s, out, EX_DATAERR, "%s has no tag \"%s\"", f.text,
			    store_cut(s, m->remove[i], CATEGORY_ID_MAX));
		audit(s, c->actor, "untag", f.number, m->remove[i]);
	}
	work_readers(s, f.number);
	if ((n = work_tags(s, f.number, &tags)) > TAGS_MAX)
		return store_refuse(s, out, EX_DATAERR, "a case has %d tags at most", TAGS_MAX);
	return store_done(s, out, "%s: %s", f.text, n > 0 ? store_words(s, tags, n) : "no tags");
}

/* ---- links ------------------------------------------------------------------------------------ */

/* Of a query that gives number, state, category, unread, and whether the asker reads it. */
static Candor__LinkedCase *
linked_of_row(struct store *s, enum db_query q)
{
	Candor__LinkedCase *l = STORE_NEW(s, LinkedCase, linked_case);

	if (db_int(s->db, q, 4) == 0)
		return l;
	l->number = store_number(s, db_int(s->db, q, 0));
	l->state = store_text(s, case_state_name((enum case_state)db_int(s->db, q, 1)));
	l->category = db_text(s->db, q, 2, s->arena);
	l->unread = db_int(s->db, q, 3) != 0;
	return l;
}

/* Only those that the asker reads: of others, not even how many there are. */
static size_t
linked(struct store *s, enum db_query q, int64_t number, const char *who, Candor__LinkedCase ***out)
{
	size_t n = 0;

	*out = store_alloc(s, LINKS_MAX * sizeof(**out));
	for (bool ok = db_row_(s->db, q, DB_ARGS(db_i(number), db_t(who))); ok && n < LINKS_MAX;
	     ok = db_next(s->db, q))
		if (db_int(s->db, q, 4) != 0)
			(*out)[n++] = linked_of_row(s, q);
	return n;
}

static bool
has_room_for_link(struct store *s, int64_t number)
{
	return !db_row(s->db, LINK_COUNT, db_i(number)) ||
	       db_int(s->db, DB_LINK_COUNT, 0) < LINKS_MAX;
}

enum verdict
case_link(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseLink *m = (const Candor__CaseLink *)c->msg;
	struct found f, g;
	int64_t n;

	if (officer_find_kept(s, c, m->number, &f, out) != KEEP ||
	    officer_find_kept(s, c, m->other, &g, out) != KEEP)
		return UNDO;
	if (f.number == g.number)
		return store_refuse(s, out, EX_DATAERR, "these are one case, not two");
	if (!m->remove && (!has_room_for_link(s, f.number) || !has_room_for_link(s, g.number)))
		return store_refuse(
		    s, out, EX_DATAERR, "a case is linked to %d others at most", LINKS_MAX);
	n = m->remove ? db_run(s->db, LINK_DROP, db_i(f.number), db_i(g.number))
		      : db_run(s->db, LINK_ADD, db_i(f.number), db_i(g.number));
	if (n == 0)
		return store_refuse(s, out, EX_DATAERR, "%s and %s are %s", f.text, g.text,
		    m->remove ? "not linked" : "linked already");
	/* Without the other's number: not everybody who reads one reads both. */
	audit(s, c->actor, m->remove ? "unlink" : "link", f.number, "");
	audit(s, c->actor, m->remove ? "unlink" : "link", g.number, "");
	return store_done(
	    s, out, "%s and %s are linked%s", f.text, g.text, m->remove ? " no more" : "");
}

/* ---- duplicates ------------------------------------------------------------------------------- */

bool
work_merged_into(struct store *s, int64_t number, struct merged_into *m)
{
	const enum db_query q = DB_MERGED_INTO;

	if (!db_row(s->db, MERGED_INTO, db_i(number), db_t("")))
		return false;
	m->number = db_int(s->db, q, 0);
	m->state = (enum case_state)db_int(s->db, q, 1);
	m->outcome = (enum case_outcome)db_int(s->db, q, 5);
	m->actions = db_text(s->db, q, 6, s->arena);
	return true;
}

size_t
work_duplicates(struct store *s, int64_t number, int64_t out[DUPLICATES_MAX])
{
	size_t n = 0;

	for (bool ok = db_row(s->db, MERGED, db_i(number), db_t("")); ok && n < DUPLICATES_MAX;
	     ok = db_next(s->db, DB_MERGED))
		out[n++] = db_int(s->db, DB_MERGED, 0);
	return n;
}

/* May f be merged into g? */
static enum verdict
check_merge(struct store *s, const struct found *f, const struct found *g, struct answer *out)
{
	int64_t duplicates[DUPLICATES_MAX];

	if (f->number == g->number)
		return store_refuse(s, out, EX_DATAERR, "these are one case, not two");
	if (case_next(f->state, EV_MERGE) == CASE_NONE)
		return store_refuse(s, out, EX_DATAERR,
		    "%s is %s: it must be open, or resolved, to become a duplicate", f->text,
		    case_state_name(f->state));
	if (case_next(g->state, EV_MERGE) == CASE_NONE)
		return store_refuse(s, out, EX_DATAERR,
		    "%s is %s: the case that goes on must be open, or resolved", g->text,
		    case_state_name(g->state));
	if (case_is_held(s, f->number))
		return store_refuse(s, out, EX_NOPERM,
		    "%s is held: it stays as it is until the hold is lifted", f->text);
	if (work_duplicates(s, f->number, duplicates) > 0)
		return store_refuse(s, out, EX_DATAERR,
		    "%s has duplicates of its own: merge %s into it instead, or reopen them first",
		    f->text, g->text);
	if (work_duplicates(s, g->number, duplicates) == DUPLICATES_MAX)
		return store_refuse(
		    s, out, EX_DATAERR, "a case has %d duplicates at most", DUPLICATES_MAX);
	return KEEP;
}

/* Somebody of the directory who reads f, and not g; NULL: nobody. */
static const char *
reads_one_only(struct store *s, const struct found *f, const struct found *g)
{
	char *names[DIRECTORY_OFFICERS_MAX];
	size_t n = 0;

	for (bool ok = db_row(s->db, READERS, db_i(f->number)); ok && n < NELEM(names);
	     ok = db_next(s->db, DB_READERS))
		names[n++] = db_text(s->db, DB_READERS, 0, s->arena);
	for (size_t i = 0; i < n; i++)
		if (charter_officer(s, names[i]) != NULL &&
		    !db_row(s->db, READER_HAS, db_i(g->number), db_t(names[i])))
			return names[i];
	return NULL;
}

/* From now on, whoever reads one reads the other: a duplicate tells that there is a case that it went
 * into, which somebody may be kept out of. */
static enum verdict
check_merged_readers(
    struct store *s, const struct found *f, const struct found *g, struct answer *out)
{
	const char *name;

	if (reads_one_only(s, g, f) != NULL)
		return store_refuse(
		    s, out, EX_TEMPFAIL, "who reads %s changed meanwhile: try again", g->text);
	if ((name = reads_one_only(s, f, g)) != NULL)
		return store_refuse(s, out, EX_NOPERM,
		    "%s reads %s and not %s: grant it to them first, or link the two instead", name,
		    f->text, g->text);
	return KEEP;
}

enum verdict
case_merge(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseMerge *m = (const Candor__CaseMerge *)c->msg;
	struct found f, g;

	if (m->wrap == NULL || m->note.len == 0 || m->note_into.len == 0)
		return store_refuse(s, out, EX_DATAERR, "a merge needs readers and a note to each");
	if (officer_find(s, c, m->wrap->number, &f, out) != KEEP ||
	    officer_find(s, c, m->into, &g, out) != KEEP || check_merge(s, &f, &g, out) != KEEP ||
	    case_take_wrap(s, c, m->wrap, out) != KEEP ||
	    check_merged_readers(s, &f, &g, out) != KEEP ||
	    case_add_note(s, c, f.number, &m->note, out) != KEEP ||
	    case_add_note(s, c, g.number, &m->note_into, out) != KEEP)
		return UNDO;
	/* Whoever merges it took notice of it. */
	if (f.state == CASE_NEW)
		clocks_follow(s, f.number, EV_ACK);
	clocks_follow(s, f.number, EV_MERGE);
	db_run(s->db, CASE_MERGE, db_i(f.number), db_i(g.number));
	db_run(s->db, CASE_SET_STATE, db_i(f.number), db_i(CASE_MERGED));
	db_run(s->db, CASE_SET_OUTCOME, db_i(f.number), db_i(OUTCOME_NONE), db_t(""));
	db_run(s->db, READER_REFRESH, db_i(f.number));
	/* Who reads the duplicate one day need not read the other. */
	audit(s, c->actor, "merge", f.number, "");
	audit(s, c->actor, "merged-in", g.number, "");
	store_event(s, "closed", f.number, CASE_MERGED);
	return store_done(s, out, "%s is merged into %s; `candor case reopen %s` undoes it", f.text,
	    g.text, f.text);
}

/* ---- corrective actions ----------------------------------------------------------------------- */

static Candor__Corrective *
corrective_of_row(struct store *s, enum db_query q)
{
	Candor__Corrective *k = STORE_NEW(s, Corrective, corrective);

	k->number = store_number(s, db_int(s->db, q, 0));
	k->n = (uint32_t)db_int(s->db, q, 1);
	k->action = db_text(s->db, q, 2, s->arena);
	k->owner = db_text(s->db, q, 3, s->arena);
	k->due = (int32_t)db_int(s->db, q, 4);
	k->ended_on = (int32_t)db_int(s->db, q, 5);
	k->dropped = db_int(s->db, q, 6) != 0;
	return k;
}

size_t
work_correctives_of(struct store *s, const char *owner, size_t max, Candor__Corrective ***out)
{
	size_t n = 0;

	*out = store_alloc(s, max * sizeof(**out));
	for (bool ok = db_row(s->db, CORRECTIVES_MINE, db_t(owner), db_i((int64_t)max));
	     ok && n < max; ok = db_next(s->db, DB_CORRECTIVES_MINE))
		(*out)[n++] = corrective_of_row(s, DB_CORRECTIVES_MINE);
	return n;
}

#define CLOCK_OF_ACTION "action-%u"

static enum verdict
add_corrective(struct store *s, const struct call *c, const struct found *f, struct answer *out)
{
	const Candor__CaseCorrective *m = (const Candor__CaseCorrective *)c->msg;
	const struct officer *owner = charter_officer(s, m->owner);
	char clock[CLOCK_NAME_MAX], day[DAY_CHARS + 1];
	unsigned n = 1;

	if (case_check_action(s, m->action, out) != KEEP)
		return UNDO;
	if (owner == NULL)
		return store_refuse(
		    s, out, EX_DATAERR, "there is no such officer: see `candor directory show`");
	/* That there is something to do tells that there is a case. */
	if (!db_row(s->db, READER_HAS, db_i(f->number), db_t(owner->name)))
		return store_refuse(s, out, EX_DATAERR,
		    "%s cannot read %s: grant first (`candor case grant`)", owner->name, f->text);
	if (m->due < s->today || m->due > s->today + CORRECTIVE_DAYS_MAX)
		return store_refuse(
		    s, out, EX_DATAERR, "the day is today or later, within ten years");
	if (db_row(s->db, CORRECTIVE_LAST, db_i(f->number)))
		n += (unsigned)db_int(s->db, DB_CORRECTIVE_LAST, 0);
	if (n > CLOCKS_ACTIONS_MAX)
		return store_refuse(s, out, EX_DATAERR,
		    "%s has %u corrective actions, as many as "
		    "a case can have",
		    f->text, n - 1);
	db_run(s->db, CORRECTIVE_ADD, db_i(f->number), db_i(n), db_t(m->action), db_t(owner->name),
	    db_i(m->due));
	snprintf(clock, sizeof(clock), CLOCK_OF_ACTION, n);
	db_run(s->db, CLOCK_ADD, db_i(f->number), db_t(clock), db_i(m->due),
	    db_i(m->due - s->today), db_i(CLOCK_IN_DAYS), db_i(CLOCK_FROM_SET), db_i(CLOCK_BY_HAND),
	    db_i(s->today));
	db_run(s->db, READER_REFRESH, db_i(f->number));
	audit(s, c->actor, "action", f->number, m->action);
	day_format(day, m->due);
	return store_done(
	    s, out, "%s: action %u, %s, is %s's until %s", f->text, n, m->action, owner->name, day);
}

enum verdict
case_corrective(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseCorrective *m = (const Candor__CaseCorrective *)c->msg;
	unsigned n = m->done != 0 ? m->done : m->drop;
	char clock[CLOCK_NAME_MAX];
	struct found f;

	if (officer_find_kept(s, c, m->number, &f, out) != KEEP)
		return UNDO;
	if (n == 0)
		return add_corrective(s, c, &f, out);
	if (db_run(s->db, CORRECTIVE_END, db_i(f.number), db_i(n), db_i(s->today),
		db_i(m->done == 0)) == 0)
		return store_refuse(s, out, EX_DATAERR,
		    "%s has no open action %u: `candor case action %s` lists them", f.text, n,
		    f.text);
	snprintf(clock, sizeof(clock), CLOCK_OF_ACTION, n);
	clocks_end(s, f.number, clock, m->done != 0 ? CLOCK_ACT_MEET : CLOCK_ACT_WAIVE, s->today);
	audit(s, c->actor, m->done != 0 ? "action-done" : "action-dropped", f.number, clock);
	return store_done(
	    s, out, "%s: action %u is %s", f.text, n, m->done != 0 ? "done" : "dropped");
}

/* ---- questions ahead -------------------------------------------------------------------------- */

static size_t
checkins(struct store *s, int64_t number, Candor__Checkin ***out)
{
	size_t n = 0;

	*out = store_alloc(s, CHECKINS_MAX * sizeof(**out));
	for (bool ok = db_row(s->db, CHECKINS, db_i(number)); ok && n < CHECKINS_MAX;
	     ok = db_next(s->db, DB_CHECKINS)) {
		Candor__Checkin *k = STORE_NEW(s, Checkin, checkin);

		k->on = (int32_t)db_int(s->db, DB_CHECKINS, 0);
		(*out)[n++] = k;
	}
	return n;
}

static enum verdict
stop_checkins(struct store *s, const struct call *c, const struct found *f, struct answer *out)
{
	if (db_run(s->db, DESTROY_CHECKINS, db_i(f->number)) == 0)
		return store_refuse(s, out, EX_DATAERR, "%s has no questions to come", f->text);
	audit(s, c->actor, "checkin-stop", f->number, "");
	return store_done(s, out, "%s: the reporter is not asked any more", f->text);
}

enum verdict
case_checkin(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__CaseCheckin *m = (const Candor__CaseCheckin *)c->msg;
	Candor__Checkin **waiting;
	char first[DAY_CHARS + 1];
	struct found f;

	if (officer_find_kept(s, c, m->number, &f, out) != KEEP)
		return UNDO;
	if (m->stop)
		return stop_checkins(s, c, &f, out);
	if (m->n_ahead == 0)
		return store_refuse(s, out, EX_DATAERR, "a question needs a day");
	if (checkins(s, f.number, &waiting) + m->n_ahead > CHECKINS_MAX)
		return store_refuse(s, out, EX_DATAERR,
		    "a case has %d questions to come at most: `candor case checkin %s --stop` "
		    "drops "
		    "those that it has",
		    CHECKINS_MAX, f.text);
	for (size_t i = 0; i < m->n_ahead; i++) {
		const Candor__Checkin *k = m->ahead[i];

		if (k->sealed.len == 0 || k->sealed.len > REPLY_MAX_BYTES)
			return store_refuse(s, out, EX_DATAERR,
			    "a question has %u bytes at most, sealed", (unsigned)REPLY_MAX_BYTES);
		if (k->on <= s->today || k->on > s->today + CHECKIN_DAYS_MAX)
			return store_refuse(s, out, EX_DATAERR,
			    "the day of a question is tomorrow or later, within three years");
		db_run(s->db, CHECKIN_ADD, db_i(f.number), db_i(k->on), db_t(c->who->name),
		    db_b(k->sealed.data, k->sealed.len));
	}
	day_format(first, m->ahead[0]->on);
	audit(s, c->actor, "checkin", f.number, first);
	return store_done(s, out, "%s: the reporter is asked on %s%s", f.text, first,
	    m->n_ahead > 1 ? " and after that" : "");
}

bool
work_pass(struct store *s)
{
	enum { AT_A_TIME = 64 };
	const enum db_query q = DB_CHECKIN_DUE;
	unsigned done = 0, n;

	while (done < AT_A_TIME && db_row(s->db, CHECKIN_DUE, db_i(s->today))) {
		arena_mark_t mark = arena_mark(s->arena);
		int64_t id = db_int(s->db, q, 0), number = db_int(s->db, q, 1);
		const char *officer = db_text(s->db, q, 2, s->arena);
		struct span sealed = db_copy(s->db, q, 3, s->arena);

		/* A case that is full gets no more questions. */
		if (!db_row(s->db, ENTRY_LAST, db_i(number)) ||
		    db_int(s->db, DB_ENTRY_LAST, 0) < ENTRIES_MAX) {
			store_entry(s, number, ENTRY_REPLY, officer, s->today, sealed, sealed.len,
			    0, NULL, &n);
			audit(s, "", "checkin", number, "asked");
		}
		db_run(s->db, CHECKIN_DROP, db_i(id));
		arena_release(s->arena, mark);
		done++;
	}
	return done == AT_A_TIME;
}

/* ---- all of it -------------------------------------------------------------------------------- */

void
work_record(struct store *s, const char *who, int64_t number, Candor__CaseRecord *r)
{
	r->n_links = linked(s, DB_LINKS, number, who, &r->links);
	r->n_merged = linked(s, DB_MERGED, number, who, &r->merged);
	if (db_row(s->db, MERGED_INTO, db_i(number), db_t(who)))
		r->merged_into = linked_of_row(s, DB_MERGED_INTO);
	r->correctives = store_alloc(s, CLOCKS_ACTIONS_MAX * sizeof(*r->correctives));
	for (bool ok = db_row(s->db, CORRECTIVES, db_i(number));
	     ok && r->n_correctives < CLOCKS_ACTIONS_MAX; ok = db_next(s->db, DB_CORRECTIVES))
		r->correctives[r->n_correctives++] = corrective_of_row(s, DB_CORRECTIVES);
	r->n_checkins = checkins(s, number, &r->checkins);
}
