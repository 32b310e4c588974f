/* SPDX-License-Identifier: ISC */
/* What intake's files share. Private to the room. */
#ifndef INTAKE_H
#define INTAKE_H

#include "candor/seal.h"
#include "candor/strip.h"

#include "common/roster.h"
#include "common/session.h"

#define ATTACHMENTS_MAX 16
/* Attachments that may be on their way at once in one worker. */
#define ATTACH_WRITERS 8
/* Fields beside the narrative, in bytes. */
#define PLACE_MAX 1024
#define PLATFORM_MAX 256
#define URL_MAX 2048
#define URLS_MAX 16

/* An attachment on its way: sealed as it comes, one age chunk at a time. In the slab. */
struct attach_writer {
	struct intake_session *owner; /* NULL: free */
	uint64_t since_ms;            /* when its last piece came */
	struct age_stream stream;
	unsigned seq;   /* next piece's number in store */
	uint64_t total; /* plaintext bytes so far */
	size_t fill;    /* of them in chunk */
	uint8_t chunk[AGE_CHUNK_BYTES + AGE_TAG_BYTES];
};

/* What a reporter's session has under way. In the slab, wiped when the session ends. */
struct intake_session {
	bool following;          /* a case that store has found */
	bool has_key;            /* and whose key we made, so that recipient is its own */
	uint8_t lookup_hash[32]; /* of the case followed, or looked up */

	bool staged;
	bool lost; /* another session got its writer: what is staged is half of something */
	uint8_t identity[AGE_KEY_BYTES];  /* of a new case with attachments, until it is filed */
	uint8_t recipient[AGE_KEY_BYTES]; /* of it, or of the case followed */
	uint8_t stage[16];                /* store's name for the attachments' pieces */
	unsigned store_life;              /* of the store that has them */
	unsigned n_attachments;
	uint64_t bytes[ATTACHMENTS_MAX];
	unsigned pieces_waiting; /* sent to store in this request, not yet answered */
	struct attach_writer *writer;
};

struct intake {
	struct session_server *server;
	struct roster roster;      /* who may read what */
	struct span directory_now; /* as store sent it last */
	struct span guide;         /* made from it and the configuration; empty until then */
	unsigned not_keepable;     /* mask of strip labels */
	bool tampered;             /* with the database; the log will tell */
	unsigned store_life;       /* another one each time store went away */

	uint8_t *proof_key;            /* in the slab: see case_proof() in report.c */
	struct attach_writer *writers; /* ATTACH_WRITERS of them */
};

/* guide.c: the directory that counts and what reporters are told. */
int on_directory(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg);
void guide_make(struct room *r);
void guide_answer(struct room *r, struct session *s);

/* report.c: a report, a message, what stands under a receipt. */
void report_request(struct room *r, struct session *s, const Candor__Report *report);
void message_request(struct room *r, struct session *s, const Candor__Message *message);
void follow_request(struct room *r, struct session *s, const Candor__Follow *follow);
int on_stored(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg);
int on_looked_up(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg);

/* attach.c: attachments, in pieces. */
void attach_request(struct room *r, struct session *s, const Candor__Attach *piece);
int on_staged(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg);
/* Are n attachments there, and none half? False: refused, and forgotten. */
bool attach_complete(struct room *r, struct session *s, uint32_t n);
/* Forget what came so far, here and in store. */
void attach_forget(struct room *r, struct intake_session *x);

/* Send to store under the session's tag; refuses the request with "try again" when it cannot. */
bool intake_send(struct room *r, struct session *s, unsigned kind, const ProtobufCMessage *msg);
/* Refuse since there is no memory: the request is too large to be worked on. */
extern const char intake_too_large_text[];
void intake_too_large(struct session *s);

#endif
