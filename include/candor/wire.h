/* SPDX-License-Identifier: ISC */
/*
 * The one table of messages: which kind goes from whom to whom, how large its body may be, and
 * which message of candor.proto it is. Users' sockets and the channels between rooms share it.
 */
#ifndef CANDOR_WIRE_H
#define CANDOR_WIRE_H

#include <protobuf-c/protobuf-c.h>

#include "candor/arena.h"

/* Who sends or hears. REPORTER and OFFICER are clients; the others are rooms. */
enum wire_party {
	PARTY_NONE,
	PARTY_REPORTER,
	PARTY_OFFICER,
	PARTY_SUPERVISOR,
	PARTY_INTAKE,
	PARTY_CLEANER,
	PARTY_DESK,
	PARTY_STORE,
	PARTY_DISPATCH,
	PARTY_HOST,
	PARTY__N
};

/* A body, so that a whole packet between rooms (header included) stays within 64 KiB and a padded
 * frame within one Noise message. */
#define WIRE_BODY_MAX 63400
#define WIRE_PACKET_MAX 65536
/* Text of a report, message or note, in bytes. */
#define WIRE_TEXT_MAX 32768
/* What one Attach or Stage message carries at most. */
#define WIRE_PIECE_MAX 61440

/* clang-format off */
/*      number name               from        to          max body       message            meaning */
#define WIRE_KINDS(X) \
	/* ---- reporters, in a Noise NK session ---- */ \
	X(   1, GUIDE_GET,          REPORTER,   INTAKE,     16,            empty,             "what counts and who reads it") \
	X(   2, GUIDE,              INTAKE,     REPORTER,   WIRE_BODY_MAX, guide,             "categories, sites, the signed directory") \
	X(   3, REPORT,             REPORTER,   INTAKE,     WIRE_BODY_MAX, report,            "a report") \
	X(   4, ATTACH,             REPORTER,   INTAKE,     WIRE_BODY_MAX, attach,            "a piece of an attachment to what follows") \
	X(   5, ATTACHED,           INTAKE,     REPORTER,   16,            empty,             "go on") \
	X(   6, FILED,              INTAKE,     REPORTER,   64,            filed,             "durable on disk") \
	X(   7, FOLLOW,             REPORTER,   INTAKE,     128,           follow,            "how does it stand under this receipt") \
	X(   8, FOLLOWED,           INTAKE,     REPORTER,   WIRE_BODY_MAX, followed,          "state, dates, replies sealed to the receipt") \
	X(   9, MESSAGE,            REPORTER,   INTAKE,     WIRE_BODY_MAX, message,           "a further message of the reporter's") \
	X(  10, REFUSAL,            NONE,       NONE,       1024,          refusal,           "from any to any: not done, why, what to do") \
	/* ---- officers and administrators, in a Noise IK session; desk passes them on in OFFICER_CALL ---- */ \
	X(  32, DIRECTORY_GET,      OFFICER,    DESK,       16,            empty,             "the signed directory and the proposal") \
	X(  33, DIRECTORY,          DESK,       OFFICER,    WIRE_BODY_MAX, directory,         "the same") \
	X(  34, DIRECTORY_PUT,      OFFICER,    DESK,       WIRE_BODY_MAX, directory_text,    "a proposal, or its signature") \
	X(  35, CASE_LIST,          OFFICER,    DESK,       1024,          case_query,        "a page of cases") \
	X(  36, CASES,              DESK,       OFFICER,    WIRE_BODY_MAX, case_list,         "the same") \
	X(  37, CASE_GET,           OFFICER,    DESK,       64,            case_ref,          "one case") \
	X(  38, CASE,               DESK,       OFFICER,    WIRE_BODY_MAX, case_record,       "its record and sealed secret") \
	X(  39, ENTRY_GET,          OFFICER,    DESK,       64,            entry_get,         "a piece of a sealed entry") \
	X(  40, ENTRY,              DESK,       OFFICER,    WIRE_BODY_MAX, entry_part,        "the same") \
	X(  41, CASE_ACT,           OFFICER,    DESK,       WIRE_BODY_MAX, case_act,          "an event of the state table") \
	X(  42, CASE_WRITE,         OFFICER,    DESK,       WIRE_BODY_MAX, case_write,        "a note or a reply") \
	X(  43, CASE_ASSIGN,        OFFICER,    DESK,       256,           case_assign,       "whose case it is") \
	X(  44, CASE_WRAP,          OFFICER,    DESK,       WIRE_BODY_MAX, case_wrap,         "new readers: grant, recuse") \
	X(  45, DONE,               DESK,       OFFICER,    4096,          done,              "done") \
	X(  46, CASE_CLOCK,         OFFICER,    DESK,       WIRE_BODY_MAX, case_clock,        "a clock is paused, resumed, met, waived; a discovery is dated") \
	X(  50, APPROVAL_LIST,      OFFICER,    DESK,       16,            empty,             "what waits for four eyes") \
	X(  51, APPROVALS,          DESK,       OFFICER,    WIRE_BODY_MAX, approval_list,     "the same") \
	X(  52, APPROVE,            OFFICER,    DESK,       WIRE_BODY_MAX, approve,           "approve such a request, or refuse it") \
	X(  53, CASE_SCAN,          OFFICER,    DESK,       512,           case_scan,         "cases whose readers are to change") \
	X(  54, SCANNED,            DESK,       OFFICER,    WIRE_BODY_MAX, case_numbers,      "the same") \
	X(  55, BOARD_GET,          OFFICER,    DESK,       32,            board_query,       "cases by state and deadline") \
	X(  56, BOARD,              DESK,       OFFICER,    WIRE_BODY_MAX, board,             "the same") \
	X(  57, CASE_LINK,          OFFICER,    DESK,       64,            case_link,         "two cases have to do with each other, or no more") \
	X(  58, CASE_MERGE,         OFFICER,    DESK,       WIRE_BODY_MAX, case_merge,        "one case is another's duplicate") \
	X(  59, CASE_TAG,           OFFICER,    DESK,       2048,          case_tag,          "tags of a case") \
	X(  60, CASE_CORRECTIVE,    OFFICER,    DESK,       512,           case_corrective,   "a corrective action: wanted, done, dropped") \
	X(  61, CASE_CHECKIN,       OFFICER,    DESK,       WIRE_BODY_MAX, case_checkin,      "questions to the reporter, sealed ahead of their day") \
	X(  62, TEMPLATE_LIST,      OFFICER,    DESK,       16,            empty,             "the site's answers in advance") \
	X(  63, TEMPLATES,          DESK,       OFFICER,    WIRE_BODY_MAX, templates,         "the same") \
	X(  64, STATUS_GET,         OFFICER,    DESK,       16,            empty,             "health") \
	X(  65, STATUS,             DESK,       OFFICER,    32768,         status,            "the same") \
	X(  66, PLUGIN_LIST,        OFFICER,    DESK,       16,            empty,             "plugins") \
	X(  67, PLUGINS,            DESK,       OFFICER,    32768,         plugin_list,       "the same") \
	X(  68, PLUGIN_TEST,        OFFICER,    DESK,       64,            plugin_ref,        "send a test event; answered by DELIVERIES_PAGE") \
	X(  69, DELIVERY_LIST,      OFFICER,    DESK,       128,           delivery_query,    "the ledger") \
	X(  70, DELIVERIES_PAGE,    DESK,       OFFICER,    WIRE_BODY_MAX, delivery_list,     "the same") \
	X(  71, DELIVERY_RETRY,     OFFICER,    DESK,       96,            delivery_ref,      "try a dead letter again, or all of a plugin") \
	X(  72, DELIVERY_DISCARD,   OFFICER,    DESK,       96,            delivery_ref,      "give a dead letter up, or all of a plugin") \
	X(  73, RELEASE,            OFFICER,    DESK,       16,            empty,             "release now") \
	X(  74, RELOAD,             OFFICER,    DESK,       16,            empty,             "read the configuration anew") \
	X(  75, DELIVERY_GET,       OFFICER,    DESK,       64,            delivery_ref,      "how one delivery is; answered by DELIVERIES_PAGE") \
	X(  76, CASE_HOLD,          OFFICER,    DESK,       WIRE_BODY_MAX, case_hold,         "a legal hold, on or off, with a reason") \
	X(  77, CASE_DESTROY,       OFFICER,    DESK,       64,            case_destroy,      "destroy a case before its time") \
	X(  78, CERTIFICATE_GET,    OFFICER,    DESK,       64,            case_ref,          "that a case was destroyed") \
	X(  79, CERTIFICATE,        DESK,       OFFICER,    4096,          certificate,       "the same, signed") \
	X(  80, CASE_EXPORT,        OFFICER,    DESK,       96,            case_export,       "a case leaves the house; answered by AUDIT_PAGE, its lines") \
	X(  81, AUDIT_HEAD,         DESK,       OFFICER,    1024,          audit_head,        "the signed head of the audit log") \
	X(  82, BACKUP_GET,         OFFICER,    DESK,       64,            backup_get,        "a piece of the database as it was when the backup began") \
	X(  83, BACKUP,             DESK,       OFFICER,    WIRE_BODY_MAX, backup_part,       "the same") \
	X(  84, AUDIT_LIST,         OFFICER,    DESK,       512,           audit_query,       "lines of the audit log, newest first") \
	X(  85, AUDIT_PAGE,         DESK,       OFFICER,    WIRE_BODY_MAX, audit_page,        "the same") \
	X(  86, AUDIT_CHAIN,        OFFICER,    DESK,       32,            audit_after,       "all lines, from the first on, to be followed; answered by AUDIT_PAGE") \
	X(  87, AUDIT_HEAD_GET,     OFFICER,    DESK,       16,            audit_head_ref,    "the last head, and what became of an earlier one") \
	X(  88, FIGURES_GET,        OFFICER,    DESK,       32,            figures_get,       "figures of some periods") \
	X(  89, FIGURES,            DESK,       OFFICER,    WIRE_BODY_MAX, figures,           "the same") \
	/* ---- between rooms ---- */ \
	X( 128, STORE_REPORT,       INTAKE,     STORE,      WIRE_BODY_MAX, store_report,      "a sealed report, identity stripped") \
	X( 129, STORED,             STORE,      INTAKE,     64,            stored,            "durable") \
	X( 130, STAGE,              INTAKE,     STORE,      WIRE_BODY_MAX, stage,             "a piece of a sealed attachment") \
	X( 131, STAGED,             STORE,      INTAKE,     16,            empty,             "kept until the session ends") \
	X( 132, STAGE_DROP,         INTAKE,     STORE,      64,            stage_drop,        "the session ended without a report") \
	X( 133, LOOKUP,             INTAKE,     STORE,      128,           lookup,            "follow") \
	X( 134, LOOKED_UP,          STORE,      INTAKE,     WIRE_BODY_MAX, looked_up,         "the same") \
	X( 135, STORE_MESSAGE,      INTAKE,     STORE,      WIRE_BODY_MAX, store_message,     "a sealed message of a reporter's") \
	X( 136, DIRECTORY_NOW,      STORE,      NONE,       WIRE_BODY_MAX, directory,         "to intake and desk: the directory that counts") \
	X( 137, OFFICER_CALL,       DESK,       STORE,      65000,         officer_call,      "an officer's request; answered by the kind it asks for") \
	X( 160, DELIVERIES_WANTED,  DISPATCH,   STORE,      64,            deliveries_wanted, "what is due for this plugin") \
	X( 161, DELIVERIES,         STORE,      DISPATCH,   WIRE_BODY_MAX, deliveries,        "the same; unasked with none: something is due now") \
	X( 162, OUTCOMES,           DISPATCH,   STORE,      WIRE_BODY_MAX, outcomes,          "how deliveries went") \
	X( 163, PLUGIN_STATE,       DISPATCH,   STORE,      1024,          plugin_state,      "how a plugin is") \
	X( 176, DELIVER,            DISPATCH,   HOST,       WIRE_BODY_MAX, deliveries,        "events for the plugin, one after the other") \
	X( 177, DELIVERED,          HOST,       DISPATCH,   2048,          outcome,           "how one of them went, as soon as it is known") \
	X( 178, HOST_STATE,         HOST,       DISPATCH,   1024,          plugin_state,      "ready, or why not") \
	X( 192, ROOM_SETUP,         SUPERVISOR, NONE,       65000,         room_setup,        "a room's slice of the configuration, at start and on reload") \
	X( 193, ROOM_PEER,          SUPERVISOR, NONE,       128,           room_peer,         "a channel to another room") \
	X( 194, ROOM_READY,         NONE,       SUPERVISOR, 16,            empty,             "set up and sandboxed") \
	X( 195, ROOM_ACCUSE,        NONE,       SUPERVISOR, 512,           room_accuse,       "that room sent garbage, or hangs: restart it") \
	X( 196, ROOM_STOP,          SUPERVISOR, NONE,       16,            empty,             "finish what is in hand and leave") \
	X( 197, RELOAD_ASK,         DESK,       SUPERVISOR, 16,            empty,             "an administrator wants a reload") \
	X( 198, RELOADED,           SUPERVISOR, DESK,       4096,          done,              "it is done; or a REFUSAL that says why not") \
	X( 199, CLEANER_ASK,        INTAKE,     SUPERVISOR, 16,            empty,             "an attachment waits for a cleaner") \
	X( 200, CLEANER,            SUPERVISOR, INTAKE,     16,            empty,             "a cleaner of one life: brings its stream")
/* clang-format on */

enum wire_kind {
#define X(number, name, from, to, max, message, doc) MSG_##name = number,
	WIRE_KINDS(X)
#undef X
};

struct wire_row {
	uint16_t kind;
	const char *name;
	enum wire_party from, to; /* PARTY_NONE: any */
	uint32_t max;
	const ProtobufCMessageDescriptor *message;
};

/* The row of a kind, or NULL. Any process. */
const struct wire_row *wire_row(unsigned kind);

/*
 * May this kind go from one party to another? Either its row says so, or it is an answer to an
 * officer on its way from store to desk, which passes it on as it is.
 */
bool wire_allowed(const struct wire_row *row, enum wire_party from, enum wire_party to);

/* "intake", … for logs. */
const char *wire_party_name(enum wire_party party);

/*
 * Unpack a body of len bytes that came from one party to another, into the arena: refuses a kind that
 * may not go that way, a body over its limit, an unknown field at any depth, a string that is not
 * UTF-8 or holds NUL, an encoding that is not canonical, and more than 50 times len of memory.
 * *out lies in the arena: never free it. CANDOR_EBADMSG, CANDOR_ENOMEM. Any process.
 */
int wire_unpack(struct arena *a, ProtobufCMessage **out, unsigned kind, enum wire_party from,
    enum wire_party to, const uint8_t *body, size_t len) MUST_CHECK;

/* Unpack what is no message on the wire but lies sealed in an entry: same checks. */
int wire_unpack_as(struct arena *a, ProtobufCMessage **out, const ProtobufCMessageDescriptor *type,
    const uint8_t *body, size_t len) MUST_CHECK;

/* Pack msg into the arena. CANDOR_ENOMEM. */
int wire_pack(struct arena *a, struct span *out, const ProtobufCMessage *msg) MUST_CHECK;

/* bytes fields and spans into each other. */
#define WIRE_SPAN(b) ((struct span){ (b).data, (b).len })
static inline ProtobufCBinaryData
wire_bytes(const void *p, size_t len)
{
	union {
		const void *c;
		uint8_t *m;
	} u = { .c = p };

	return (ProtobufCBinaryData){ .len = len, .data = u.m };
}

#endif
