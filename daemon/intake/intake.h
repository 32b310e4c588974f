/* SPDX-License-Identifier: ISC */
/* What intake's files share. Private to the room. */
#ifndef INTAKE_H
#define INTAKE_H

#include "candor/seal.h"
#include "candor/strip.h"

#include "common/roster.h"
#include "common/session.h"

#define ATTACHMENTS_MAX 16
/* With an untouched original for each. */
#define STAGED_MAX (2 * ATTACHMENTS_MAX)
/* Attachments that may be on their way at once in one worker; limits.cleaners of them have a cleaner. */
#define ATTACH_WRITERS 8
/* Fields beside the narrative, in bytes. */
#define PLACE_MAX 1024
#define PLATFORM_MAX 256
#define URL_MAX 2048
#define URLS_MAX 16

enum attach_state {
	ATTACH_WAITING,  /* for a cleaner; its first piece is here */
	ATTACH_FEEDING,  /* pieces go to the cleaner as they come */
	ATTACH_CLEANING, /* they all went: what does it say? */
	ATTACH_TAKING,   /* what it gives back is sealed and goes to store */
	ATTACH_ORIGINAL, /* no cleaner: pieces are sealed to the escrow and go to store */
	ATTACH_FAILED,   /* between two requests: the next one is told why */
};

/* The longest first line of a cleaner's answer that makes sense. */
#define ATTACH_LINE_MAX 512

/* An attachment on its way: to the cleaner piece by piece, back from it as a stream, sealed one age chunk
 * at a time. In the slab. */
struct attach_writer {
	struct session *session; /* NULL: free */
	struct room *room;
	enum attach_state state;
	bool busy;         /* a request of the session waits for us */
	uint64_t begun_ms; /* when it began, */
	uint64_t since_ms; /* when its last piece came, */
	uint64_t in;       /* and how many bytes came so far */
	struct event *timer;

	/* The cleaner. */
	int fd; /* -1: none */
	struct event *readable, *writable;
	size_t at, held; /* of piece: what the cleaner did not take yet */
	bool last;       /* and nothing comes after it */
	size_t line_len;
	uint8_t line[ATTACH_LINE_MAX]; /* the beginning of its answer; or why it failed */

	/* Store. */
	unsigned type;  /* of file_type_find() */
	uint64_t left;  /* bytes that the cleaner still has */
	uint64_t total; /* plaintext bytes that are sealed */
	unsigned seq;   /* next piece's number in store */
	struct age_stream stream;
	size_t fill; /* of chunk */
	uint8_t chunk[AGE_CHUNK_BYTES + AGE_TAG_BYTES];
	uint8_t piece[WIRE_PIECE_MAX]; /* on its way to the cleaner, or from it */
};

/* An attachment that store has. */
struct attached {
	uint32_t bytes;
	uint16_t type;
	bool original;
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
	unsigned n_attachments;           /* with originals */
	struct attached attached[STAGED_MAX];
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
	unsigned cleaners_asked;       /* of the supervisor, not here yet */
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

/* attach.c: attachments, in pieces, sealed and staged. */
void attach_init(struct intake *in);
void attach_request(struct room *r, struct session *s, const Candor__Attach *piece);
int on_staged(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg);
/* Are n attachments there, and none half? False: refused, and forgotten. */
bool attach_complete(struct room *r, struct session *s, uint32_t n);
/* Forget what came so far, here and in store. */
void attach_forget(struct room *r, struct intake_session *x);
/* Store is gone: what is being staged is, too. */
void attach_store_down(struct room *r);

/* Between attach.c and cleaning.c. A writer may be gone after each of them that returns false. */
/* The session that sent nothing for longest, or sends too slowly, gives way: its writer is free then. With
 * a cleaner: only one that has one. False: none is slow. */
bool attach_displace(struct room *r, bool with_cleaner);
/* Refuse the request that waits, or the next one: what came is forgotten. */
void attach_fail(struct attach_writer *w, unsigned code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The piece at hand is where it belongs: the client may go on. */
void attach_go_on(struct attach_writer *w);
/* Begin, go on and end what is sealed to store. */
bool attach_seal_begin(struct attach_writer *w, const uint8_t recipient[AGE_KEY_BYTES]);
bool attach_seal(struct attach_writer *w, const uint8_t *p, size_t len);
bool attach_seal_end(struct attach_writer *w, bool original);
/* What a time limit counts from. */
uint64_t attach_now_ms(void);

/* cleaning.c: the cleaner of an attachment. */
/* Wait for one. */
bool cleaning_begin(struct attach_writer *w);
/* Take what is held in w->piece to it, as soon as there is one. */
void cleaning_feed(struct attach_writer *w);
/* Store took some of what it gave. */
void cleaning_resume(struct attach_writer *w);
/* Let it go, wherever it is. */
void cleaning_end(struct attach_writer *w);
int on_cleaner(struct room *r, struct channel *from, uint32_t tag, const ProtobufCMessage *msg);

/* Send to store under the session's tag; refuses the request with "try again" when it cannot. */
bool intake_send(struct room *r, struct session *s, unsigned kind, const ProtobufCMessage *msg);
/* Refuse since there is no memory: the request is too large to be worked on. */
extern const char intake_too_large_text[];
void intake_too_large(struct session *s);

#endif
