/* SPDX-License-Identifier: ISC */
/*
 * The users' side of intake and desk: accept on a listening socket without asking who calls, the Noise
 * handshake, one request and one answer at a time. Ciphertext is read into heap memory; keys and
 * plaintext exist only in the room's slab.
 */
#ifndef CANDOR_SESSION_H
#define CANDOR_SESSION_H

#include "candor/frame.h"

#include "common/room.h"

struct session_server;
struct session;

/* limits.sessions at most. */
#define SESSIONS_MAX 4096
/* Of the slab, for the tables and for each session with extra bytes of the room's own. */
#define SESSION_TABLES_BYTES (68u << 10)
#define SESSION_SLAB_BYTES(extra) ((112 + (extra) + 63) & ~(size_t)63)
/* What a room may lock where nobody raised RLIMIT_MEMLOCK: the kernel's default. */
#define SESSION_ROOM_SLAB_MAX (8u << 20)
/* Descriptors beside those of sessions: channels, the loop, the listening socket, the log. */
#define SESSION_ROOM_FDS 64

struct session_config {
	enum noise_pattern pattern;
	enum wire_party client; /* PARTY_REPORTER or PARTY_OFFICER */
	const uint8_t *key;     /* the daemon's static secret, 32 bytes, in the slab */
	const uint8_t *key_public;
	uint8_t site_id[16];
	int listen_fd;
	unsigned max_sessions; /* the one that has idled longest makes room for a new one */
	unsigned handshake_ms, idle_ms;
	size_t extra_bytes; /* of the room's own per session, zeroed, in the slab */
	/* A checked request, in r->arena. Answer now or later, once: until then no more is read. */
	void (*request)(
	    struct room *r, struct session *s, unsigned kind, const ProtobufCMessage *msg);
	/* The session ends, for whatever reason: extra memory is wiped afterwards. May be NULL. */
	void (*closed)(struct room *r, struct session *s);
};

/*
 * Carve tables from r->slab and remember the configuration; call in setup(). Sets the limit of open
 * files that the sandbox will enforce. NULL when the slab is too small: see SESSION_SLAB_BYTES().
 */
struct session_server *session_server_new(struct room *r, const struct session_config *config);
/* Accept from now on, once the loop is there; again: nothing. CANDOR_ENOMEM. */
int session_server_start(struct session_server *v) MUST_CHECK;
/* Stop accepting, drop whoever waits for nothing, and leave once the others have their answers: what a
 * room does in stop(). */
void session_server_stop(struct session_server *v);
/* How many requests wait for an answer. */
unsigned session_server_waiting(const struct session_server *v);
/* Stop and resume reading requests of all sessions: back-pressure. */
void session_server_pause(struct session_server *v, bool pause);

/* Answer the request at hand and go on reading. */
void session_answer(struct session *s, unsigned kind, const ProtobufCMessage *msg);
/* The same with a body that is packed already. */
void session_answer_packed(struct session *s, unsigned kind, const uint8_t *body, size_t len);
/* Answer with REFUSAL: code of sysexits.h and a sentence that says what to do. */
void session_refuse(struct session *s, unsigned code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Answer every request that waits, of all sessions, so: the store is away. */
void session_refuse_all(struct session_server *v, unsigned code, const char *text);

/* A name for the request at hand that outlives the session: goes to store as tag. */
uint32_t session_tag(const struct session *s);
/* The session that waits under this tag, or NULL when it is gone or was answered. */
struct session *session_find(struct session_server *v, uint32_t tag);
/* The room's own memory of this session. */
void *session_extra(struct session *s);
/* The peer's static key (Noise IK), 32 bytes. */
const uint8_t *session_remote_key(const struct session *s);
/* The request as it came, packed; inside request() only. */
struct span session_body(const struct session *s);

#endif
