/* SPDX-License-Identifier: ISC */
/*
 * What the handlers of officers' and administrators' requests share. officer.c has the table of them:
 * which request, whose roles, which handler. Store only.
 */
#ifndef CANDOR_STORE_OFFICER_H
#define CANDOR_STORE_OFFICER_H

#include "store.h"

/* The escrow's name in the audit log: one that no officer can have. */
#define ACTOR_ESCROW "(escrow)"

/* A request's sender and its body. */
struct call {
	const struct officer *who; /* NULL: nobody of the directory */
	const char *actor;         /* their name; ACTOR_ESCROW; "": an unknown key */
	const ProtobufCMessage *msg;
};

/* A case that the sender may read; its parts lie in the request's memory. */
struct found {
	int64_t number;
	char text[NUMBER_CHARS + 1];
	enum case_state state;
	enum case_outcome outcome;
	unsigned feedback_months;
	const char *category;
	char *actions; /* one a line */
	Candor__CaseSummary *summary;
};

typedef enum verdict (*call_fn)(struct store *s, const struct call *c, struct answer *out);

/* The case with the number that a request names; UNDO, and the answer says why: it is no number, or
 * no case that the sender may read. The escrow (c->who NULL) may read any, once that is approved. */
enum verdict officer_find(struct store *s, const struct call *c, const char *text, struct found *f,
    struct answer *out) MUST_CHECK;
/* The same; UNDO as well when it is destroyed. */
enum verdict officer_find_kept(struct store *s, const struct call *c, const char *text,
    struct found *f, struct answer *out) MUST_CHECK;

/* ---- cases.c ---- */
enum verdict case_list(struct store *s, const struct call *c, struct answer *out);
enum verdict case_get(struct store *s, const struct call *c, struct answer *out);
enum verdict entry_get(struct store *s, const struct call *c, struct answer *out);

/* A case as lists show it, from the columns with which the queries CASE_GET, PAGE_… and BOARD_… begin. */
Candor__CaseSummary *officer_summary(struct store *s, enum db_query q);

/* ---- board.c ---- */
enum verdict board_get(struct store *s, const struct call *c, struct answer *out);

/* ---- work.c ---- */
enum verdict case_tag(struct store *s, const struct call *c, struct answer *out);
enum verdict case_link(struct store *s, const struct call *c, struct answer *out);
enum verdict case_merge(struct store *s, const struct call *c, struct answer *out);
enum verdict case_corrective(struct store *s, const struct call *c, struct answer *out);
enum verdict case_checkin(struct store *s, const struct call *c, struct answer *out);
/* The tags of a case, as a list for a message. */
size_t work_tags(struct store *s, int64_t number, char ***out);
/* What of a case's record is kept there, as far as the officer of that name may know it. */
void work_record(struct store *s, const char *who, int64_t number, Candor__CaseRecord *r);
/* At most max open corrective actions of an owner, as a list for a message; the first due first. */
size_t work_correctives_of(
    struct store *s, const char *owner, size_t max, Candor__Corrective ***out);

/* ---- casework.c ---- */
/* New readers, as CASE_WRAP asks for. */
enum verdict case_take_wrap(struct store *s, const struct call *c, const Candor__CaseWrap *m,
    struct answer *out) MUST_CHECK;
enum verdict case_act(struct store *s, const struct call *c, struct answer *out);
enum verdict case_write(struct store *s, const struct call *c, struct answer *out);
enum verdict case_assign(struct store *s, const struct call *c, struct answer *out);
enum verdict case_wrap(struct store *s, const struct call *c, struct answer *out);
/* Is it an action of the site's list? */
enum verdict case_check_action(struct store *s, const char *action, struct answer *out) MUST_CHECK;
/* Add a sealed note of the sender's to a case that they read, and that is not destroyed. */
enum verdict case_add_note(struct store *s, const struct call *c, int64_t number,
    const ProtobufCBinaryData *entry, struct answer *out) MUST_CHECK;

/* ---- people.c ---- */
enum verdict case_scan(struct store *s, const struct call *c, struct answer *out);

/* ---- legal.c ---- */
enum verdict case_hold(struct store *s, const struct call *c, struct answer *out);
enum verdict case_destroy(struct store *s, const struct call *c, struct answer *out);
enum verdict case_certificate(struct store *s, const struct call *c, struct answer *out);
enum verdict case_export(struct store *s, const struct call *c, struct answer *out);

/* ---- backup.c ---- */
enum verdict backup_get(struct store *s, const struct call *c, struct answer *out);

/* ---- audit.c ---- */
enum verdict audit_page(struct store *s, const struct call *c, struct answer *out);
enum verdict audit_chain(struct store *s, const struct call *c, struct answer *out);
enum verdict audit_head_get(struct store *s, const struct call *c, struct answer *out);
/* Answer with a first page of the lines of a case. */
enum verdict audit_of_case(struct store *s, int64_t number, struct answer *out);

/* ---- clocks.c ---- */
enum verdict case_clock(struct store *s, const struct call *c, struct answer *out);

/* ---- figures.c ---- */
enum verdict figures_get(struct store *s, const struct call *c, struct answer *out);

/* ---- approve.c: four eyes ---- */
/*
 * May the sender do what now ("export", "destroy") to the case? KEEP: yes, since the site does not ask
 * for four eyes in it, or another reader of the case approved it within 30 days, which this call uses
 * up. Else the answer says what to wait for: return the verdict as it is. To be called before
 * anything else is written. Handlers that call it change something: `reads` is false in the table.
 */
enum verdict approval_wanted(struct store *s, const struct call *c, const char *what,
    int64_t number, struct answer *out) MUST_CHECK;
/* The same with whom it is for; once: used up by this call, else it stays good for the 30 days. */
enum verdict approval_wanted_for(struct store *s, const struct call *c, const char *what,
    int64_t number, const char *detail, bool once, struct answer *out) MUST_CHECK;
/* Was this approved for the sender, and is it still good? detail NULL: for anybody. True as
 * well when the site does not ask. */
bool approval_stands(
    struct store *s, const struct call *c, const char *what, int64_t number, const char *detail);
enum verdict approval_list(struct store *s, const struct call *c, struct answer *out);
enum verdict approval_judge(struct store *s, const struct call *c, struct answer *out);

#endif
