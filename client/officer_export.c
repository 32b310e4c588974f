/* SPDX-License-Identifier: ISC */
/*
 * `candor case export`: one tar file with all of a case, each part an age file to the officer's own key, the
 * hashes of both sides, the case's audit lines, the signed head of the audit log, and a manifest that
 * says how to check it all with age, sha256sum and minisign. With --deidentified: the words alone,
 * without what says whom or where they are about, for somebody outside.
 *
 * Runs in the client. Must never write a word to the file that is not encrypted.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "candor/day.h"
#include "candor/strip.h"

#include "officer_audit.h"
#include "officer_case.h"
#include "officer_work.h"
#include "private_file.h"
#include "sealer.h"
#include "tar.h"
#include "verb.h"

#define TEXT_BYTES 65536 /* of a list of files or of audit lines that is being put together */

/* A text that grows, in c->arena. */
struct text {
	char *p;
	size_t len;
	bool full;
};

struct export
{
	struct officer_session *s;
	struct open_case k;
	const char *path;
	bool deidentified;
	struct tar tar;
	struct sealer sealer;
	struct text contents; /* sums of what is inside the age files */
	struct text entries;  /* sums of the age files: the ledger has the hash of this list */
	struct text all;      /* sums of all files: SHA256SUMS */
	unsigned n_entries, n_attachments, n_left_out;
};

static int
no_memory(struct export *x)
{
	return client_fail_memory(x->s->c);
}

static int
write_failed(struct export *x)
{
	return client_fail(x->s->c, EX_IOERR, "%s: %s", x->path, strerror(errno));
}

static void add(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->p + t->len, TEXT_BYTES - t->len, fmt, ap);
	va_end(ap);
	t->full = t->full || n < 0 || (size_t)n >= TEXT_BYTES - t->len;
	t->len = t->full ? t->len : t->len + (size_t)n;
}

static int
text_begin(struct export *x, struct text *t)
{
	*t = (struct text){ .p = arena_alloc(&x->s->c->arena, TEXT_BYTES) };
	return t->p != NULL ? 0 : no_memory(x);
}

static void
add_sum(struct text *list, const uint8_t sum[crypto_hash_sha256_BYTES], const char *name)
{
	char hex[2 * crypto_hash_sha256_BYTES + 1];

	sodium_bin2hex(hex, sizeof(hex), sum, crypto_hash_sha256_BYTES);
	add(list, "%s  %s\n", hex, name);
}

/* ---- files of the archive ------------------------------------------------------------------- */

static bool
to_tar(void *ctx, const void *p, size_t len)
{
	return tar_write(ctx, p, len);
}

static int
crypto_failed(struct export *x, int e)
{
	return e == CANDOR_ESYS ? write_failed(x) : no_memory(x);
}

/* Begin NAME.age. */
static int
sealed_begin(struct export *x, const char *name)
{
	char file[TAR_NAME_MAX + 1];
	int e;

	snprintf(file, sizeof(file), "%s.age", name);
	if (!tar_begin(&x->tar, file))
		return write_failed(x);
	e = sealer_begin(&x->sealer, &x->s->c->scratch, x->s->keys->pub.age);
	return e == 0 ? 0 : crypto_failed(x, e);
}

/* It is complete; part of the case, or what is added to it. */
static int
sealed_end(struct export *x, const char *name, bool part)
{
	uint8_t plain[crypto_hash_sha256_BYTES], sealed[crypto_hash_sha256_BYTES];
	int e = sealer_end(&x->sealer, plain, sealed);

	if (e != 0)
		return crypto_failed(x, e);
	if (!tar_end(&x->tar))
		return write_failed(x);
	if (part) {
		add_sum(&x->contents, plain, name);
		add_sum(&x->entries, sealed, x->tar.name);
	}
	add_sum(&x->all, sealed, x->tar.name);
	return 0;
}

static int
sealed_file(struct export *x, const char *name, const void *p, size_t len, bool part)
{
	int r, e;

	if ((r = sealed_begin(x, name)) != 0)
		return r;
	if ((e = sealer_write(&x->sealer, p, len)) != 0)
		return crypto_failed(x, e);
	return sealed_end(x, name, part);
}

static int
clear_file(struct export *x, const char *name, struct span content)
{
	uint8_t sum[crypto_hash_sha256_BYTES];

	if (!tar_begin(&x->tar, name) || !tar_write(&x->tar, content.p, content.len) ||
	    !tar_end(&x->tar))
		return write_failed(x);
	crypto_hash_sha256(sum, content.p, content.len);
	add_sum(&x->all, sum, name);
	return 0;
}

static struct span
span_of(const struct text *t)
{
	return (struct span){ (const uint8_t *)t->p, t->len };
}

/* ---- the case ------------------------------------------------------------------------------- */

/* A day; outside the house no more than its year (45 CFR 164.514(b)(2)(i)(C)). */
static const char *
day_of(const struct export *x, char out[11], int32_t day)
{
	client_day(out, day);
	if (x->deidentified && day != 0)
		out[4] = '\0';
	return out;
}

static void
add_list(struct text *t, const char *label, char *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add(t, "%s: %s\n", label, items[i]);
}

static void
add_linked(struct text *t, const char *label, Candor__LinkedCase *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (*list[i]->number != '\0')
			add(t, "%s: %s\n", label, list[i]->number);
}

/* Where the house works on it, and with whom. */
static void
add_inside(struct text *t, const Candor__CaseRecord *record)
{
	const Candor__CaseSummary *k = record->summary;
	char day[11], standing[CLOCK_TEXT_MAX];

	add(t, "site: %s\nassignee: %s\nheld: %s\n", k->site, k->assignee, k->held ? "yes" : "no");
	if (record->discovered_on != 0)
		add(t, "discovered: %s\n", client_day(day, record->discovered_on));
	add_list(t, "reader", record->readers, record->n_readers);
	add_list(t, "tag", k->tags, k->n_tags);
	add_linked(t, "merged into", &record->merged_into, record->merged_into != NULL);
	add_linked(t, "duplicate", record->merged, record->n_merged);
	add_linked(t, "linked to", record->links, record->n_links);
	for (size_t i = 0; i < record->n_references; i++)
		add(t, "reference: %s %s\n", record->references[i]->plugin,
		    record->references[i]->reference);
	for (size_t i = 0; i < k->n_clocks; i++) {
		officer_clock_text(standing, k->clocks[i], record->today);
		add(t, "clock: %s by %s, %s\n", k->clocks[i]->name,
		    client_day(day, k->clocks[i]->due), standing);
	}
	for (size_t i = 0; i < record->n_correctives; i++) {
		const Candor__Corrective *a = record->correctives[i];

		add(t, "corrective action: %s, %s, by %s, %s", a->action, a->owner,
		    client_day(day, a->due), corrective_state(a));
		add(t, "%s%s\n", a->ended_on != 0 ? " on " : "",
		    a->ended_on != 0 ? client_day(day, a->ended_on) : "");
	}
	for (size_t i = 0; i < record->n_checkins; i++)
		add(t, "reporter is asked: %s\n", client_day(day, record->checkins[i]->on));
}

static int
export_record(struct export *x)
{
	const Candor__CaseRecord *record = x->k.record;
	const Candor__CaseSummary *k = record->summary;
	arena_mark_t mark = arena_mark(&x->s->c->arena);
	char day[11];
	struct text t;
	int r;

	if ((r = text_begin(x, &t)) != 0)
		return r;
	if (!x->deidentified)
		add(&t, "case: %s\nstate: %s\n", k->number, k->state);
	add(&t, "kind: %s\ncategory: %s\nseverity: %s\nreceived: %s\n",
	    k->kind == 1 ? "question" : "incident", k->category, k->severity,
	    day_of(x, day, k->received_on));
	if (*record->outcome != '\0')
		add(&t, "outcome: %s\n", record->outcome);
	add_list(&t, "action", record->actions, record->n_actions);
	if (!x->deidentified)
		add_inside(&t, record);
	r = t.full ? no_memory(x) : sealed_file(x, "case.txt", t.p, t.len, true);
	arena_release(&x->s->c->arena, mark);
	return r;
}

/* The words as they may be shown. */
static int
words_of(struct export *x, const char *text, struct span *out)
{
	struct strip_result clean;

	*out = (struct span){ (const uint8_t *)text, strlen(text) };
	if (!x->deidentified)
		return 0;
	if (strip(&x->s->c->scratch, &clean, text, out->len, STRIP_DEIDENTIFY, NULL) < 0)
		return no_memory(x);
	*out = clean.text;
	return 0;
}

/* What stands above the words. */
static void
add_head(
    struct export *x, struct text *t, const Candor__EntryInfo *info, const ProtobufCMessage *entry)
{
	const Candor__ReportEntry *e = (const Candor__ReportEntry *)entry;
	const char *from = *info->from == '\0' ? "reporter"
			   : x->deidentified   ? "officer"
					       : info->from;
	char day[11];

	add(t, "entry: %u\nkind: %s\nfrom: %s\non: %s\n", info->n, info->kind, from,
	    day_of(x, day, info->on));
	if (!entry_is(info, "report"))
		return;
	if (e->seen_on != 0)
		add(t, "seen on: %s\n", day_of(x, day, e->seen_on));
	if (*e->platform != '\0')
		add(t, "platform: %s\n", e->platform);
	if (x->deidentified)
		return;
	add(t, "site: %s\nplace: %s\n", e->site, e->place);
	add_list(t, "address", e->urls, e->n_urls);
	add_list(t, "keep out", e->keep_out, e->n_keep_out);
}

static int
export_words(struct export *x, const Candor__EntryInfo *info, const ProtobufCMessage *entry)
{
	struct client *c = x->s->c;
	arena_mark_t mark = arena_mark(&c->arena);
	char name[TAR_NAME_MAX + 1];
	struct span words;
	struct text head;
	int r, e;

	if ((r = text_begin(x, &head)) != 0)
		return r;
	add_head(x, &head, info, entry);
	add(&head, "\n");
	snprintf(name, sizeof(name), "entries/%03u-%.16s.txt", info->n, info->kind);
	if ((r = words_of(x,
		 entry_is(info, "report") ? ((const Candor__ReportEntry *)entry)->narrative
					  : ((const Candor__TextEntry *)entry)->text,
		 &words)) == 0 &&
	    (r = sealed_begin(x, name)) == 0) {
		if ((e = sealer_write(&x->sealer, (const uint8_t *)head.p, head.len)) != 0 ||
		    (e = sealer_write(&x->sealer, words.p, words.len)) != 0 ||
		    (e = sealer_write(&x->sealer, (const uint8_t *)"\n", 1)) != 0)
			r = crypto_failed(x, e);
		else
			r = sealed_end(x, name, true);
	}
	x->n_entries++;
	arena_release(&c->arena, mark);
	return r;
}

static int
to_sealer(void *ctx, const uint8_t *p, size_t len)
{
	return sealer_write(ctx, p, len);
}

static int
export_attachment(
    struct export *x, const Candor__EntryInfo *info, const Candor__AttachmentInfo *what)
{
	struct client *c = x->s->c;
	arena_mark_t mark = arena_mark(&c->arena);
	char file[ATTACHMENT_NAME_MAX], name[TAR_NAME_MAX + 1];
	int r;

	if (x->deidentified || (what != NULL && what->original)) {
		x->n_left_out++;
		return 0;
	}
	attachment_name(file, info->n, what != NULL ? what->type : "");
	snprintf(name, sizeof(name), "attachments/%s", file);
	if ((r = sealed_begin(x, name)) == 0 &&
	    (r = case_attachment(
		 x->s, &x->k, info->n, x->k.identity, to_sealer, &x->sealer, x->path)) == 0)
		r = sealed_end(x, name, true);
	x->n_attachments++;
	arena_release(&c->arena, mark);
	return r;
}

/* An entry's words, and the attachments that came with it, in their order. */
static int
export_entry(struct export *x, const Candor__EntryInfo *info)
{
	struct client *c = x->s->c;
	arena_mark_t mark = arena_mark(&c->scratch);
	Candor__AttachmentInfo **what;
	ProtobufCMessage *entry;
	size_t n, found = 0;
	int r;

	if ((r = case_entry(x->s, &x->k, info, &entry)) != 0)
		goto out;
	what = entry_is(info, "report") ? ((Candor__ReportEntry *)entry)->attachments
					: ((Candor__TextEntry *)entry)->attachments;
	n = entry_is(info, "report") ? ((Candor__ReportEntry *)entry)->n_attachments
				     : ((Candor__TextEntry *)entry)->n_attachments;
	r = export_words(x, info, entry);
	for (size_t i = 0; r == 0 && i < x->k.record->n_entries; i++) {
		const Candor__EntryInfo *a = x->k.record->entries[i];

		if (entry_is(a, "attachment") && a->of == info->n) {
			r = export_attachment(x, a, found < n ? what[found] : NULL);
			found++;
		}
	}
out:
	arena_release(&c->scratch, mark);
	return r;
}

/* ---- what goes with it ---------------------------------------------------------------------- */

static void
add_lines(struct text *t, const Candor__AuditPage *page)
{
	for (size_t i = 0; i < page->n_lines; i++) {
		const Candor__AuditLine *line = page->lines[i];
		char day[11], hex[2 * AUDIT_HASH_BYTES + 1] = "";

		if (line->hash.len == AUDIT_HASH_BYTES)
			sodium_bin2hex(hex, sizeof(hex), line->hash.data, line->hash.len);
		add(t, "%s\t%s\t%s\t%s\t%s\n", client_day(day, line->on), line->actor, line->action,
		    line->detail, hex);
	}
}

/* Lines behind the first page, newest first, and so written into the file. */
static int
further_lines(struct export *x, const Candor__AuditPage *page)
{
	Candor__AuditQuery query = CANDOR__AUDIT_QUERY__INIT;
	struct client *c = x->s->c;
	int r = 0;

	query.number = x->k.record->summary->number;
	query.limit = 500;
	query.next = page->next;
	while (r == 0 && query.next != 0) {
		arena_mark_t mark = arena_mark(&c->scratch), inner = arena_mark(&c->arena);
		ProtobufCMessage *answer;
		struct text t;
		int e;

		r = officer_call(
		    x->s, &c->scratch, MSG_AUDIT_LIST, &query.base, MSG_AUDIT_PAGE, &answer);
		if (r == 0 && (r = text_begin(x, &t)) == 0) {
			page = (const Candor__AuditPage *)answer;
			add_lines(&t, page);
			query.next = page->next;
			if (t.full)
				r = no_memory(x);
			else if ((e = sealer_write(&x->sealer, (const uint8_t *)t.p, t.len)) != 0)
				r = crypto_failed(x, e);
		}
		arena_release(&c->arena, inner);
		arena_release(&c->scratch, mark);
	}
	return r;
}

static int
export_lines(struct export *x, const Candor__AuditPage *page)
{
	arena_mark_t mark = arena_mark(&x->s->c->arena);
	struct text t;
	int r, e;

	if ((r = text_begin(x, &t)) != 0 || (r = sealed_begin(x, "audit.txt")) != 0)
		return r;
	add_lines(&t, page);
	if (t.full)
		return no_memory(x);
	if ((e = sealer_write(&x->sealer, (const uint8_t *)t.p, t.len)) != 0)
		return crypto_failed(x, e);
	if ((r = further_lines(x, page)) == 0)
		r = sealed_end(x, "audit.txt", false);
	arena_release(&x->s->c->arena, mark);
	return r;
}

static int
export_head(struct export *x, const Candor__AuditHead *head)
{
	struct client *c = x->s->c;
	char text[AUDIT_HEAD_CHARS];
	int r;

	if (head == NULL || head->hash.len != AUDIT_HASH_BYTES)
		return client_fail(
		    c, EX_PROTOCOL, "the daemon sent no head of its audit log: nothing is saved");
	if (c->site.has_audit && !audit_head_signed(c, head))
		return client_fail(c, EX_DATAERR,
		    "the audit log's head is not signed by the audit key in your site.conf: "
		    "nothing "
		    "is saved");
	audit_head_text(text, c->site.site_id, head->on, head->hash.data);
	if ((r = clear_file(x, "head.txt", (struct span){ (const uint8_t *)text, strlen(text) })) ==
	    0)
		r = clear_file(x, "head.txt.minisig", WIRE_SPAN(head->signature));
	return r;
}

static int
export_manifest(struct export *x, const struct minisign_secret *signer)
{
	struct client *c = x->s->c;
	char day[11], recipient[AGE_RECIPIENT_CHARS + 1], key[MINISIGN_PUBLIC_CHARS + 1];
	struct text t;
	int r;

	if ((r = text_begin(x, &t)) != 0)
		return r;
	client_day(day, officer_today());
	add(&t, "candor-export 1\n%s\n", x->deidentified ? "deidentified" : "full");
	if (!x->deidentified) {
		age_recipient_format(recipient, x->s->keys->pub.age);
		minisign_public_format(key, &signer->pub);
		add(&t, "case %s\nof %s\nexported %s by %s\nencrypted-to %s\nsigned-by %s\n",
		    x->k.record->summary->number, c->site.name, day, x->s->me->name, recipient,
		    key);
	}
	add(&t, "entries %u\nattachments %u\nleft-out %u%s\n\n", x->n_entries, x->n_attachments,
	    x->n_left_out,
	    x->n_left_out == 0 ? ""
	    : x->deidentified  ? " attachments"
			       : " untouched originals, which the escrow alone opens");
	add(&t, "To check it, without Candor:\n"
		"  sha256sum -c SHA256SUMS                 every file is as it was written\n");
	if (!x->deidentified) {
		add(&t,
		    "  minisign -V -P %s -m SHA256SUMS\n"
		    "                                          and who wrote them\n",
		    key);
		minisign_public_format(key, &c->site.audit);
		if (c->site.has_audit)
			add(&t,
			    "  minisign -V -P %s -m head.txt\n"
			    "                                          what the service signed of "
			    "its audit log\n",
			    key);
	}
	add(&t,
	    "  sha256sum entries.sha256                is in the line \"export\" of the audit log\n"
	    "To read it:\n"
	    "  for f in $(find . -name '*.age'); do age -d -i KEY -o \"${f%%.age}\" \"$f\"; done\n"
	    "  sha256sum -c contents.sha256            what was inside is what was exported\n");
	if (t.full)
		return no_memory(x);
	return clear_file(x, "manifest.txt", span_of(&t));
}

static int
export_sums(struct export *x, const struct minisign_secret *signer)
{
	struct client *c = x->s->c;
	struct span sums = span_of(&x->all), signature;
	int r;

	if (x->all.full || x->entries.full || x->contents.full)
		return no_memory(x);
	if ((r = clear_file(x, "SHA256SUMS", sums)) != 0 || x->deidentified)
		return r;
	if (minisign_sign(&c->arena, &signature, sums.p, sums.len, signer, "Candor export") != 0)
		return no_memory(x);
	return clear_file(x, "SHA256SUMS.minisig", signature);
}

/* Have it noted that this leaves the house, and add what the daemon says to that. */
static int
export_record_of_it(struct export *x)
{
	Candor__CaseExport ask = CANDOR__CASE_EXPORT__INIT;
	struct client *c = x->s->c;
	arena_mark_t mark = arena_mark(&c->scratch);
	uint8_t hash[crypto_hash_sha256_BYTES];
	const Candor__AuditPage *page;
	ProtobufCMessage *answer;
	int r;

	crypto_hash_sha256(hash, (const uint8_t *)x->entries.p, x->entries.len);
	ask.number = x->k.record->summary->number;
	ask.deidentified = x->deidentified;
	ask.hash = wire_bytes(hash, sizeof(hash));
	r = officer_call(x->s, &c->scratch, MSG_CASE_EXPORT, &ask.base, MSG_AUDIT_PAGE, &answer);
	page = (const Candor__AuditPage *)answer;
	if (r == 0 && !x->deidentified && (r = export_lines(x, page)) == 0)
		r = export_head(x, page->head);
	arena_release(&c->scratch, mark);
	return r;
}

static int
export_all(struct export *x)
{
	const Candor__CaseRecord *record = x->k.record;
	struct minisign_secret *signer = arena_alloc(&x->s->c->arena, sizeof(*signer));
	int r;

	if (signer == NULL ||
	    (x->sealer.buf = arena_alloc(&x->s->c->arena, SEALER_BUF_BYTES)) == NULL)
		return no_memory(x);
	minisign_from_seed(signer, x->s->keys->sign);
	x->sealer.sink = to_tar;
	x->sealer.ctx = &x->tar;
	if ((r = text_begin(x, &x->contents)) != 0 || (r = text_begin(x, &x->entries)) != 0 ||
	    (r = text_begin(x, &x->all)) != 0 || (r = export_record(x)) != 0)
		return r;
	for (size_t i = 0; i < record->n_entries; i++)
		if (!entry_is(record->entries[i], "attachment") &&
		    (r = export_entry(x, record->entries[i])) != 0)
			return r;
	if ((r = sealed_file(x, "contents.sha256", x->contents.p, x->contents.len, false)) != 0 ||
	    (r = clear_file(x, "entries.sha256", span_of(&x->entries))) != 0 ||
	    (r = export_record_of_it(x)) != 0 || (r = export_manifest(x, signer)) != 0 ||
	    (r = export_sums(x, signer)) != 0)
		return r;
	return tar_finish(&x->tar) ? 0 : write_failed(x);
}

int
case_export(struct officer_session *s, int argc, char **argv)
{
	struct export x = { .s = s };
	const struct verb_option options[] = { { "--deidentified", .flag = &x.deidentified } };
	char *number, said[256];
	int r, end;

	if ((r = verb_options(s->c, "case export CASE FILE [--deidentified]", options,
		 NELEM(options), &argc, argv, 2, 2)) != 0 ||
	    (r = officer_case_number(s->c, &number, argv[1])) != 0 || (r = officer_begin(s)) != 0 ||
	    (r = case_open(s, &x.k, number)) != 0)
		return r;
	x.path = argv[2];
	x.tar.time = (int64_t)officer_today() * 86400;
	if ((r = private_file_open_new(s->c, &x.tar.fd, x.path)) != 0)
		return r;
	r = export_all(&x);
	end = private_file_finish(s->c, x.tar.fd, x.path, r == 0);
	if (r != 0 || end != 0)
		return r != 0 ? r : end;
	snprintf(said, sizeof(said),
	    "%s is exported%s: %u %s and %u %s, encrypted to your key; manifest.txt in it says how "
	    "to check it",
	    number, x.deidentified ? ", deidentified" : "", x.n_entries,
	    x.n_entries == 1 ? "entry" : "entries", x.n_attachments,
	    x.n_attachments == 1 ? "attachment" : "attachments");
	return officer_done(s->c, said);
}
