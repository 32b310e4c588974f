/* SPDX-License-Identifier: ISC */
/*
 * candor-desk: the room that officers and administrators talk to. It knows each by the Noise key that
 * the signed directory holds, checks that the role may ask for that, and passes requests to store and
 * answers back as they are: sealed bodies that it cannot open.
 *
 * Hears   desk.sock (Noise IK), store, the supervisor.
 * May     read and write those.
 * Never   opens a file, reaches a network, holds a key that opens a case.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/roster.h"
#include "common/session.h"
#include "desk/walls.h"

/* The largest request, twice (as it came, unpacked), and the envelope for store. */
#define ARENA_BYTES (16 * WIRE_PACKET_MAX)
#define SLAB_BYTES                                                                                 \
	(ARENA_BYTES + 4096 + SESSION_TABLES_BYTES + SESSIONS_MAX * SESSION_SLAB_BYTES(0))

_Static_assert(SLAB_BYTES <= SESSION_ROOM_SLAB_MAX, "an ordinary user may lock it");

struct desk {
	struct session_server *server;
	struct roster roster;
};

/* Who may ask for what. A kind that is not here is refused. */
#define OF(role) (1u << ROLE_##role)
#define CASEWORK (OF(OFFICER) | OF(LEAD))
#define ENROLLED (CASEWORK | OF(AUDITOR) | OF(ADMIN))
#define ANYONE OF(ANYONE) /* an unknown key too: what is signed speaks for itself */
#define ESCROW OF(ESCROW)

static const struct permission {
	uint16_t kind;
	unsigned roles;
} permissions[] = {
	{ MSG_DIRECTORY_GET, ENROLLED | ANYONE | ESCROW },
	{ MSG_DIRECTORY_PUT,
	    ENROLLED | ANYONE }, /* store checks signature, or role for a proposal */
	{ MSG_CASE_LIST, CASEWORK },
	{ MSG_CASE_GET, CASEWORK | ESCROW },
	{ MSG_ENTRY_GET, CASEWORK | ESCROW },
	{ MSG_CASE_ACT, CASEWORK },
	{ MSG_CASE_WRITE, CASEWORK },
	{ MSG_CASE_ASSIGN, CASEWORK },
	{ MSG_CASE_CLOCK, CASEWORK },
	{ MSG_CASE_WRAP, CASEWORK | ESCROW },
	{ MSG_BOARD_GET, CASEWORK },
	{ MSG_CASE_LINK, CASEWORK },
	{ MSG_CASE_MERGE, CASEWORK },
	{ MSG_CASE_TAG, CASEWORK },
	{ MSG_CASE_CORRECTIVE, CASEWORK },
	{ MSG_CASE_CHECKIN, CASEWORK },
	{ MSG_TEMPLATE_LIST, CASEWORK },
	{ MSG_CASE_SCAN, CASEWORK | ESCROW },
	{ MSG_CASE_HOLD, CASEWORK },
	{ MSG_CASE_DESTROY, OF(LEAD) },
	{ MSG_CERTIFICATE_GET, CASEWORK | OF(AUDITOR) },
	{ MSG_CASE_EXPORT, CASEWORK },
	{ MSG_AUDIT_LIST, CASEWORK | OF(AUDITOR) },
	{ MSG_AUDIT_CHAIN, OF(AUDITOR) | OF(ADMIN) },
	{ MSG_AUDIT_HEAD_GET, ENROLLED },
	{ MSG_BACKUP_GET, OF(ADMIN) },
	{ MSG_APPROVAL_LIST, CASEWORK },
	{ MSG_APPROVE, CASEWORK },
	{ MSG_STATUS_GET, OF(ADMIN) | OF(LEAD) | OF(AUDITOR) },
	{ MSG_PLUGIN_LIST, OF(ADMIN) },
	{ MSG_PLUGIN_TEST, OF(ADMIN) },
	{ MSG_DELIVERY_LIST, OF(ADMIN) },
	{ MSG_DELIVERY_GET, OF(ADMIN) },
	{ MSG_DELIVERY_RETRY, OF(ADMIN) },
	{ MSG_DELIVERY_DISCARD, OF(ADMIN) },
	{ MSG_RELEASE, OF(ADMIN) },
	{ MSG_FIGURES_GET, CASEWORK | OF(AUDITOR) },
	{ MSG_RELOAD, OF(ADMIN) },
};

static unsigned
roles_for(unsigned kind)
{
	for (size_t i = 0; i < NELEM(permissions); i++)
		if (permissions[i].kind == kind)
			return permissions[i].roles;
	return 0;
}

/* What the site has prepared for its officers stands in our part of the configuration. */
static void
send_templates(struct room *r, struct session *s)
{
	const Candor__RoomSetup *setup = r->setup;
	Candor__Templates m = CANDOR__TEMPLATES__INIT;
	Candor__Category *all = arena_alloc(&r->arena, setup->n_categories * sizeof(*all));
	Candor__Category **list = arena_alloc(&r->arena, setup->n_categories * sizeof(*list));

	if (all == NULL || list == NULL) {
		session_refuse(s, EX_TEMPFAIL, "the service is out of memory: try again");
		return;
	}
	for (size_t i = 0; i < setup->n_categories; i++) {
		candor__category__init(list[i] = &all[i]);
		all[i].id = setup->categories[i]->id;
		all[i].title = setup->categories[i]->title;
	}
	m.n_categories = setup->n_categories;
	m.categories = list;
	m.n_templates = setup->n_templates;
	m.templates = setup->templates;
	m.n_tags = setup->n_tags;
	m.tags = setup->tags;
	m.n_actions = setup->n_actions;
	m.actions = setup->actions;
	session_answer(s, MSG_TEMPLATES, &m.base);
}

/* A reload is the supervisor's; all else is store's. */
static void
pass_on(struct room *r, struct session *s, unsigned kind, const struct officer *who, unsigned role)
{
	Candor__OfficerCall call = CANDOR__OFFICER_CALL__INIT;
	struct channel *store = room_channel(r, PARTY_STORE, 0);
	struct span body = session_body(s);
	char nobody[] = "", *actor = nobody;
	int e;

	if (who != NULL && (actor = arena_copy(&r->arena, who->name, strlen(who->name))) == NULL) {
		session_refuse(s, EX_TEMPFAIL, "the service is out of memory: try again");
		return;
	}
	if (kind == MSG_RELOAD) {
		Candor__Empty ask = CANDOR__EMPTY__INIT;

		e = channel_send(r->supervisor, MSG_RELOAD_ASK, session_tag(s), &ask.base);
	} else {
		call.actor = actor;
		call.role = role;
		call.kind = kind;
		call.body = wire_bytes(body.p, body.len);
		e = store == NULL
			? CANDOR_ENOTFOUND
			: channel_send(store, MSG_OFFICER_CALL, session_tag(s), &call.base);
	}
	if (e < 0)
		session_refuse(s, EX_TEMPFAIL, "the service is busy: try again in a moment");
}

/* The escrow's holder talks to us with the very key that the directory names, and nothing else. */
static unsigned
role_of_stranger(const struct roster *t, const uint8_t key[NOISE_KEY_BYTES])
{
	return memcmp(t->directory->escrow, key, NOISE_KEY_BYTES) == 0 ? ROLE_ESCROW : ROLE_ANYONE;
}

static void
request(struct room *r, struct session *s, unsigned kind, const ProtobufCMessage *msg)
{
	const struct desk *desk = r->state;
	unsigned roles = roles_for(kind), role;
	const struct officer *who;

	(void)msg;
	if (desk->roster.directory == NULL) {
		session_refuse(s, EX_TEMPFAIL, "the service is starting: try again in a moment");
		return;
	}
	/* Looked up at each request, so that somebody removed from the directory is out at once. */
	who = directory_by_noise(desk->roster.directory, session_remote_key(s));
	role = who != NULL ? who->role : role_of_stranger(&desk->roster, session_remote_key(s));
	if (roles == 0)
		session_refuse(s, EX_PROTOCOL, "this request is not known here");
	else if (role == ROLE_ANYONE && (roles & ANYONE) == 0)
		session_refuse(s, EX_NOPERM,
		    "this key is not in the directory: give the line of `candor key show` to an "
		    "administrator, and have the charter holder sign the proposal");
	else if ((roles & 1u << role) == 0)
		session_refuse(s, EX_NOPERM, "the role %s may not do this",
		    who != NULL ? role_name(who->role) : "of the escrow");
	else if (kind == MSG_TEMPLATE_LIST)
		send_templates(r, s);
	else
		pass_on(r, s, kind, who, role);
}

/* What store or the supervisor answered, on its way to the officer as it is. */
static int
on_answer(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg)
{
	struct desk *desk = r->state;
	struct session *s = session_find(desk->server, tag);
	struct span body = channel_body(from);

	(void)msg;
	if (s != NULL)
		session_answer_packed(s, channel_kind(from), body.p, body.len);
	return 0;
}

static int
on_reloaded(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg)
{
	struct desk *desk = r->state;
	struct session *s = session_find(desk->server, tag);

	(void)from;
	if (s != NULL)
		session_answer(s, MSG_DONE, msg);
	return 0;
}

static int
on_directory_now(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg)
{
	struct desk *desk = r->state;

	(void)from;
	(void)tag;
	if (roster_update(&desk->roster, (const Candor__Directory *)msg) < 0)
		return 0;
	/* Whoever called before we know anybody waits in the socket's backlog. */
	if (session_server_start(desk->server) < 0)
		fatal(EX_OSERR, "out of memory");
	return 0;
}

static void
store_down(struct room *r, struct channel *ch)
{
	struct desk *desk = r->state;

	if (channel_peer(ch) == PARTY_STORE)
		session_refuse_all(
		    desk->server, EX_TEMPFAIL, "the service is restarting: try again in a moment");
}

static void
stop(struct room *r)
{
	struct desk *desk = r->state;

	session_server_stop(desk->server);
}

static int
setup(struct room *r)
{
	const Candor__RoomSetup *c = r->setup;
	struct desk *desk = calloc(1, sizeof(*desk));
	uint8_t *key = slab_carve(&r->slab, 2 * NOISE_KEY_BYTES);
	struct session_config config = {
		.pattern = NOISE_IK,
		.client = PARTY_OFFICER,
		.listen_fd = room_fd(r, "listen"),
		.max_sessions = c->limits->sessions,
		.handshake_ms = c->limits->handshake_ms,
		.idle_ms = c->limits->idle_ms,
		.request = request,
	};

	if (desk == NULL || key == NULL)
		return CANDOR_ENOMEM;
	r->state = desk;
	if (roster_init(&desk->roster, c) < 0)
		return CANDOR_EINVAL;
	memcpy(config.site_id, desk->roster.site_id, SITE_ID_BYTES);
	if (room_read_key(room_fd(r, "key"), key) < 0) {
		log_error("the key of desk cannot be read");
		return CANDOR_EINVAL;
	}
	crypto_scalarmult_base(key + NOISE_KEY_BYTES, key);
	config.key = key;
	config.key_public = key + NOISE_KEY_BYTES;
	if ((desk->server = session_server_new(r, &config)) == NULL) {
		log_error("limits.sessions = %u does not fit the locked memory of desk",
		    config.max_sessions);
		return CANDOR_ENOMEM;
	}
	return 0;
}

static const struct room_handler on[] = {
	{ MSG_DIRECTORY, on_answer },
	{ MSG_CASES, on_answer },
	{ MSG_CASE, on_answer },
	{ MSG_ENTRY, on_answer },
	{ MSG_DONE, on_answer },
	{ MSG_BOARD, on_answer },
	{ MSG_APPROVALS, on_answer },
	{ MSG_CERTIFICATE, on_answer },
	{ MSG_AUDIT_HEAD, on_answer },
	{ MSG_AUDIT_PAGE, on_answer },
	{ MSG_BACKUP, on_answer },
	{ MSG_SCANNED, on_answer },
	{ MSG_STATUS, on_answer },
	{ MSG_PLUGINS, on_answer },
	{ MSG_DELIVERIES_PAGE, on_answer },
	{ MSG_FIGURES, on_answer },
	{ MSG_REFUSAL, on_answer },
	{ MSG_RELOADED, on_reloaded },
	{ MSG_DIRECTORY_NOW, on_directory_now },
};

static const struct room_spec desk_room = {
	.id = PARTY_DESK,
	.on = on,
	.n_on = NELEM(on),
	.setup = setup,
	.peer_down = store_down,
	.stop = stop,
	.calls = desk_calls,
	.n_calls = NELEM(desk_calls),
	.slab_bytes = SLAB_BYTES,
	.arena_bytes = ARENA_BYTES,
};

int
main(void)
{
	return room_run(&desk_room);
}
