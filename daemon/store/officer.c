/* SPDX-License-Identifier: ISC */
/*
 * What officers and administrators ask. Desk knows them by their keys and checked their roles; here
 * their names are looked up in the directory again, and the table at the end says who may ask what.
 * What is asked of cases is answered in files of its own. Store only.
 */
#include <sysexits.h>

#include "officer.h"

/* ---- the directory ---------------------------------------------------------------------------- */

static enum verdict
directory_get(struct store *s, const struct call *c, struct answer *out)
{
	/* The proposal, too: the charter holder who is to sign it may be nobody of the directory. */
	(void)c;
	return store_answer(out, MSG_DIRECTORY, charter_message(s, true));
}

static enum verdict
directory_put(struct store *s, const struct call *c, struct answer *out)
{
	const Candor__DirectoryText *m = (const Candor__DirectoryText *)c->msg;
	const char *actor = c->actor;
	uint64_t before = charter_version(s);
	enum verdict v;

	if (m->signature.len > 0) {
		/* The officer's name lies in the directory that is about to be replaced. */
		actor = store_text(s, actor);
		v = charter_adopt(s, WIRE_SPAN(m->text), WIRE_SPAN(m->signature), out);
		if (v == KEEP && s->effects.directory)
			audit(s, actor, "directory", 0,
			    charter_version(s) > before ? "signed" : "charter handed on");
		return v;
	}
	if (c->who == NULL || c->who->role != ROLE_ADMIN)
		return store_refuse(s, out, EX_NOPERM, "only an administrator may propose");
	if ((v = charter_propose(s, WIRE_SPAN(m->text), out)) == KEEP)
		audit(s, actor, "directory", 0, "proposed");
	return v;
}

/* ---- administrators --------------------------------------------------------------------------- */

static enum verdict
status_get(struct store *s, const struct call *c, struct answer *out)
{
	Candor__Status *m = STORE_NEW(s, Status, status);

	(void)c;
	m->version = store_text(s, CANDOR_VERSION);
	m->directory_version = charter_version(s);
	m->n_officers = (uint32_t)(s->charter.directory ? s->charter.directory->n_officers : 0);
	m->n_categories_without_officer = charter_unserved(s, &m->categories_without_officer);
	m->immediate = s->setup->immediate;
	m->n_release_times = s->setup->n_release_times;
	m->release_times = s->setup->release_times;
	m->n_plugins = store_plugins(s, &m->plugins);
	m->proposal_waits = db_row0(s->db, PROPOSAL_GET);
	m->schema_version = db_version(s->db);
	m->n_problems = store_problems(s, &m->problems);
	m->warning_days = s->setup->warning_days;
	if (db_row(s->db, RETENTION_COUNT, db_i(s->today + (day_t)m->warning_days)))
		m->ending = (uint32_t)db_int(s->db, DB_RETENTION_COUNT, 0);
	return store_answer(out, MSG_STATUS, m);
}

static enum verdict
plugin_list(struct store *s, const struct call *c, struct answer *out)
{
	Candor__PluginList *m = STORE_NEW(s, PluginList, plugin_list);

	(void)c;
	m->n_plugins = store_plugins(s, &m->plugins);
	return store_answer(out, MSG_PLUGINS, m);
}

/* The ledger's requests are in ledger.c. */
#define LEDGER(handler, fn)                                                                        \
	static enum verdict handler(struct store *s, const struct call *c, struct answer *out)     \
	{                                                                                          \
		return fn(s, c->who->name, c->msg, out);                                           \
	}

LEDGER(plugin_test, ledger_test)
LEDGER(delivery_get, ledger_get)
LEDGER(delivery_list, ledger_list)
LEDGER(delivery_retry, ledger_retry)
LEDGER(delivery_discard, ledger_discard)

/* The answer goes out before the inbox is looked at: neither it nor its timing tells what was in it. */
static enum verdict
release(struct store *s, const struct call *c, struct answer *out)
{
	s->effects.release = true;
	db_run(s->db, META_SET, db_t("next_release"), db_i(s->now));
	audit(s, c->who->name, "release", 0, "");
	return store_done(s, out, "whatever waited is released");
}

/* ---- the table -------------------------------------------------------------------------------- */

#define OF(role) (1u << ROLE_##role)
#define CASEWORK (OF(OFFICER) | OF(LEAD))
#define ENROLLED (CASEWORK | OF(AUDITOR) | OF(ADMIN))
#define ANYONE OF(ANYONE)
#define ESCROW OF(ESCROW)

/* clang-format off */
static const struct {
	uint16_t kind;
	unsigned roles;
	bool reads; /* and changes nothing */
	call_fn fn;
} calls[] = {
	{ MSG_DIRECTORY_GET,    ENROLLED | ANYONE | ESCROW,       true,  directory_get },
	{ MSG_DIRECTORY_PUT,    ENROLLED | ANYONE,                false, directory_put },
	{ MSG_CASE_LIST,        CASEWORK,                         true,  case_list },
	{ MSG_CASE_GET,         CASEWORK | ESCROW,                false, case_get },
	{ MSG_ENTRY_GET,        CASEWORK | ESCROW,                true,  entry_get },
	{ MSG_CASE_ACT,         CASEWORK,                         false, case_act },
	{ MSG_CASE_WRITE,       CASEWORK,                         false, case_write },
	{ MSG_CASE_ASSIGN,      CASEWORK,                         false, case_assign },
	{ MSG_CASE_CLOCK,       CASEWORK,                         false, case_clock },
	{ MSG_CASE_WRAP,        CASEWORK | ESCROW,                false, case_wrap },
	{ MSG_BOARD_GET,        CASEWORK,                         true,  board_get },
	{ MSG_CASE_LINK,        CASEWORK,                         false, case_link },
	{ MSG_CASE_MERGE,       CASEWORK,                         false, case_merge },
	{ MSG_CASE_TAG,         CASEWORK,                         false, case_tag },
	{ MSG_CASE_CORRECTIVE,  CASEWORK,                         false, case_corrective },
	{ MSG_CASE_CHECKIN,     CASEWORK,                         false, case_checkin },
	{ MSG_CASE_SCAN,        CASEWORK | ESCROW,                false, case_scan },
	{ MSG_CASE_HOLD,        CASEWORK,                         false, case_hold },
	{ MSG_CASE_DESTROY,     OF(LEAD),                         false, case_destroy },
	{ MSG_CERTIFICATE_GET,  CASEWORK | OF(AUDITOR),           true,  case_certificate },
	{ MSG_CASE_EXPORT,      CASEWORK,                         false, case_export },
	{ MSG_AUDIT_LIST,       CASEWORK | OF(AUDITOR),           false, audit_page },
	{ MSG_AUDIT_CHAIN,      OF(AUDITOR) | OF(ADMIN),          true,  audit_chain },
	{ MSG_AUDIT_HEAD_GET,   ENROLLED,                         true,  audit_head_get },
	{ MSG_BACKUP_GET,       OF(ADMIN),                        false, backup_get },
	{ MSG_APPROVAL_LIST,    CASEWORK,                         true,  approval_list },
	{ MSG_APPROVE,          CASEWORK,                         false, approval_judge },
	{ MSG_STATUS_GET,       OF(ADMIN) | OF(LEAD) | OF(AUDITOR), true, status_get },
	{ MSG_PLUGIN_LIST,      OF(ADMIN),                        true,  plugin_list },
	{ MSG_PLUGIN_TEST,      OF(ADMIN),                        false, plugin_test },
	{ MSG_DELIVERY_LIST,    OF(ADMIN),                        true,  delivery_list },
	{ MSG_DELIVERY_GET,     OF(ADMIN),                        true,  delivery_get },
	{ MSG_DELIVERY_RETRY,   OF(ADMIN),                        false, delivery_retry },
	{ MSG_DELIVERY_DISCARD, OF(ADMIN),                        false, delivery_discard },
	{ MSG_RELEASE,          OF(ADMIN),                        false, release },
	{ MSG_FIGURES_GET,      CASEWORK | OF(AUDITOR),           false, figures_get },
};
/* clang-format on */

bool
store_officer_reads(unsigned kind)
{
	for (size_t i = 0; i < NELEM(calls); i++)
		if (calls[i].kind == kind)
			return calls[i].reads;
	return true;
}

enum verdict
store_officer_call(
    struct store *s, unsigned worker, const ProtobufCMessage *msg, struct answer *out)
{
	const Candor__OfficerCall *m = (const Candor__OfficerCall *)msg;
	struct call c = { .who = m->actor[0] != '\0' ? charter_officer(s, m->actor) : NULL };
	bool escrow = c.who == NULL && m->actor[0] == '\0' && m->role == ROLE_ESCROW;
	unsigned role = c.who != NULL ? 1u << c.who->role : escrow ? ESCROW : ANYONE;
	ProtobufCMessage *body;
	size_t i = 0;

	(void)worker;
	while (i < NELEM(calls) && calls[i].kind != m->kind)
		i++;
	if (i == NELEM(calls) || wire_unpack(s->arena, &body, m->kind, PARTY_OFFICER, PARTY_DESK,
				     m->body.data, m->body.len) < 0)
		return DISHONEST;
	if ((calls[i].roles & role) == 0)
		return store_refuse(
		    s, out, EX_NOPERM, "the directory of officers does not let you do this");
	c.msg = body;
	c.actor = c.who != NULL ? c.who->name : escrow ? ACTOR_ESCROW : "";
	return calls[i].fn(s, &c, out);
}
