/* SPDX-License-Identifier: ISC */
/*
 * candor-intake: the room that reporters talk to. It opens what they send, strips who they are, seals
 * what remains, hands it to store and says FILED when store says durable.
 *
 * Hears   intake.sock (anyone, Noise NK), store, the supervisor, and a cleaner for each attachment.
 * May     read and write those, ask for the time and for random bytes.
 * Never   opens a file, reaches a network, learns who the peer is, keeps plaintext past one request.
 *
 * Plaintext and keys exist in the slab alone; what waits on the heap is ciphertext.
 */
#include <sodium.h>
#include <string.h>
#include <sysexits.h>

#include "intake.h"
#include "intake/walls.h"

/* The largest report with all that strip() needs for it, and a frame. */
#define ARENA_BYTES (STRIP_ARENA_BYTES(WIRE_BODY_MAX) + 4 * WIRE_PACKET_MAX)
#define SLAB_BYTES                                                                                 \
	(ARENA_BYTES + 4096 + ATTACH_WRITERS * sizeof(struct attach_writer) +                      \
	    SESSION_TABLES_BYTES +                                                                 \
	    SESSIONS_MAX * SESSION_SLAB_BYTES(sizeof(struct intake_session)))

_Static_assert(SLAB_BYTES <= SESSION_ROOM_SLAB_MAX, "an ordinary user may lock it");

static void
request(struct room *r, struct session *s, unsigned kind, const ProtobufCMessage *msg)
{
	const struct intake *in = r->state;

	if (in->guide.p == NULL || room_channel(r, PARTY_STORE, 0) == NULL) {
		session_refuse(s, EX_TEMPFAIL, "the service is starting: try again in a moment");
		return;
	}
	switch (kind) {
	case MSG_GUIDE_GET:
		guide_answer(r, s);
		return;
	case MSG_REPORT:
		report_request(r, s, (const Candor__Report *)msg);
		return;
	case MSG_ATTACH:
		attach_request(r, s, (const Candor__Attach *)msg);
		return;
	case MSG_FOLLOW:
		follow_request(r, s, (const Candor__Follow *)msg);
		return;
	case MSG_MESSAGE:
		message_request(r, s, (const Candor__Message *)msg);
		return;
	default:
		session_refuse(s, EX_PROTOCOL, "this request is not known here");
	}
}

static void
closed(struct room *r, struct session *s)
{
	attach_forget(r, session_extra(s));
}

bool
intake_send(struct room *r, struct session *s, unsigned kind, const ProtobufCMessage *msg)
{
	struct intake *in = r->state;
	struct channel *store = room_channel(r, PARTY_STORE, 0);

	if (store == NULL || channel_send(store, kind, session_tag(s), msg) < 0) {
		session_refuse(s, EX_TEMPFAIL, "the service is busy: try again in a moment");
		return false;
	}
	if (channel_full(store))
		session_server_pause(in->server, true);
	return true;
}

const char intake_too_large_text[] = "this is larger than can be worked on: shorten it";

void
intake_too_large(struct session *s)
{
	session_refuse(s, EX_DATAERR, "%s", intake_too_large_text);
}

/* Store could not do it: its words go on to the reporter as they are. */
static int
on_refusal(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg)
{
	const Candor__Refusal *refusal = (const Candor__Refusal *)msg;
	struct intake *in = r->state;
	struct session *s = session_find(in->server, tag);

	struct intake_session *x;

	(void)from;
	if (s == NULL)
		return 0;
	x = session_extra(s);
	if (x->pieces_waiting > 0) /* it was a piece that store did not take */
		attach_forget(r, x);
	session_refuse(s, refusal->code, "%s", refusal->text);
	return 0;
}

static void
drained(struct room *r, struct channel *ch)
{
	struct intake *in = r->state;

	(void)ch;
	session_server_pause(in->server, false);
}

static void
store_down(struct room *r, struct channel *ch)
{
	struct intake *in = r->state;

	if (channel_peer(ch) != PARTY_STORE)
		return;
	in->store_life++;
	attach_store_down(r);
	session_server_pause(in->server, false);
	session_refuse_all(in->server, EX_TEMPFAIL,
	    "the service is restarting: nothing was acknowledged, try again in a moment");
}

static void
stop(struct room *r)
{
	struct intake *in = r->state;

	session_server_stop(in->server);
}

/* What the configuration may change while we run. */
static void
reload(struct room *r)
{
	struct intake *in = r->state;

	in->not_keepable = strip_mask(r->setup->not_keepable, r->setup->n_not_keepable);
	guide_make(r);
}

static int
setup(struct room *r)
{
	const Candor__RoomSetup *c = r->setup;
	struct intake *in = calloc(1, sizeof(*in));
	uint8_t *key;
	struct session_config config = {
		.pattern = NOISE_NK,
		.client = PARTY_REPORTER,
		.listen_fd = room_fd(r, "listen"),
		.max_sessions = c->limits->sessions,
		.handshake_ms = c->limits->handshake_ms,
		.idle_ms = c->limits->idle_ms,
		.extra_bytes = sizeof(struct intake_session),
		.request = request,
		.closed = closed,
	};

	if (in == NULL)
		return CANDOR_ENOMEM;
	r->state = in;
	if (roster_init(&in->roster, c) < 0)
		return CANDOR_EINVAL;
	memcpy(config.site_id, in->roster.site_id, SITE_ID_BYTES);
	reload(r);
	key = slab_carve(&r->slab, 2 * NOISE_KEY_BYTES);
	in->proof_key = slab_carve(&r->slab, crypto_kdf_KEYBYTES);
	in->writers = slab_carve(&r->slab, ATTACH_WRITERS * sizeof(*in->writers));
	if (key == NULL || in->proof_key == NULL || in->writers == NULL ||
	    room_read_key(room_fd(r, "key"), key) < 0) {
		log_error("the key of intake cannot be read");
		return CANDOR_EINVAL;
	}
	attach_init(in);
	crypto_scalarmult_base(key + NOISE_KEY_BYTES, key);
	crypto_kdf_derive_from_key(in->proof_key, crypto_kdf_KEYBYTES, 1, "caseproof", key);
	config.key = key;
	config.key_public = key + NOISE_KEY_BYTES;
	if ((in->server = session_server_new(r, &config)) == NULL) {
		log_error("limits.sessions = %u does not fit the locked memory of intake",
		    config.max_sessions);
		return CANDOR_ENOMEM;
	}
	return 0;
}

static const struct room_handler on[] = {
	{ MSG_STORED, on_stored },
	{ MSG_STAGED, on_staged },
	{ MSG_LOOKED_UP, on_looked_up },
	{ MSG_DIRECTORY_NOW, on_directory },
	{ MSG_REFUSAL, on_refusal },
	{ MSG_CLEANER, on_cleaner },
};

static const struct room_spec intake = {
	.id = PARTY_INTAKE,
	.on = on,
	.n_on = NELEM(on),
	.setup = setup,
	.reload = reload,
	.peer_down = store_down,
	.drained = drained,
	.stop = stop,
	.calls = intake_calls,
	.n_calls = NELEM(intake_calls),
	.slab_bytes = SLAB_BYTES,
	.arena_bytes = ARENA_BYTES,
};

int
main(void)
{
	return room_run(&intake);
}
