/* SPDX-License-Identifier: ISC */
/*
 * `candor case show`: one case with its entries opened, for people or as JSON. Runs in the client.
 * What others wrote is shown inert; an entry that does not open is said to be damaged, the rest is
 * shown.
 */
#include <string.h>

#include <jansson.h>

#include "candor/day.h"

#include "json.h"
#include "officer_work.h"
#include "term.h"
#include "verb.h"

/* What the loop over the entries fills. */
struct view {
	struct officer_session *s;
	struct open_case k;
	unsigned n_damaged;
	json_t *all, *entries, *attachments, *originals; /* --json */
};

/* ---- for people ----------------------------------------------------------------------------- */

/* Columns of a label; every field of `case show` stands behind one. */
#define LABEL_COLUMNS 16

static void
print_label(struct client *c, const char *label)
{
	fputs("  ", stdout);
	officer_cell(c, label, LABEL_COLUMNS);
}

static void
print_field(struct client *c, const char *label, const char *text)
{
	if (*text == '\0')
		return;
	print_label(c, label);
	term_show_str(c, stdout, text);
	putchar('\n');
}

static void
print_list(struct client *c, const char *label, char *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i == 0)
			print_label(c, label);
		term_show_str(c, stdout, items[i]);
		fputs(i + 1 < n ? ", " : "\n", stdout);
	}
}

static void
print_head(struct client *c, const Candor__CaseRecord *record)
{
	const Candor__CaseSummary *k = record->summary;
	char received[11], what[128];

	fputs(term_style(c, stdout, TERM_BOLD), stdout);
	officer_cell(c, k->number, 12);
	officer_cell(c, k->state, 0);
	printf("%s\n", term_style(c, stdout, TERM_PLAIN));
	snprintf(what, sizeof(what), "%s, severity %s%s", k->category, k->severity,
	    k->kind == 1 ? ", a question before posting" : "");
	print_field(c, "category", what);
	print_field(c, "site", k->site);
	print_field(c, "received", client_day(received, k->received_on));
	case_print_clocks(c, record, print_label);
	if (k->held)
		print_field(c, "legal hold", "on: it is not destroyed");
	print_field(c, "assignee", *k->assignee != '\0' ? k->assignee : "nobody");
	print_list(c, "readers", record->readers, record->n_readers);
	print_field(c, "outcome", record->outcome);
	print_list(c, "actions", record->actions, record->n_actions);
	for (size_t i = 0; i < record->n_references; i++)
		print_field(c, record->references[i]->plugin, record->references[i]->reference);
	print_list(c, "tags", k->tags, k->n_tags);
	work_print(c, record, print_label);
	print_field(c, "possible now", record->allowed);
}

static void
print_report(struct client *c, const Candor__ReportEntry *report)
{
	char day[11];

	if (report->seen_on != 0)
		print_field(c, "seen on", client_day(day, report->seen_on));
	print_field(c, "place", report->place);
	print_field(c, "platform", report->platform);
	for (size_t i = 0; i < report->n_urls; i++)
		print_field(c, "address", report->urls[i]);
	print_list(c, "keep out", report->keep_out, report->n_keep_out);
	if (*report->narrative != '\0') {
		putchar('\n');
		term_wrap(c, stdout, 2, report->narrative);
	}
}

static void
print_entry_head(struct client *c, const Candor__EntryInfo *info)
{
	char day[11];

	printf("\n%s%u  ", term_style(c, stdout, TERM_BOLD), info->n);
	term_show_str(c, stdout, info->kind);
	fputs(", ", stdout);
	if (*info->from != '\0') {
		fputs("by ", stdout);
		term_show_str(c, stdout, info->from);
		fputs(", ", stdout);
	} else if (!entry_is(info, "report")) {
		fputs("by the reporter, ", stdout);
	}
	printf("%s%s\n", client_day(day, info->on), term_style(c, stdout, TERM_PLAIN));
}

static void
print_attachment(struct view *v, const Candor__EntryInfo *info, const Candor__AttachmentInfo *what)
{
	char name[ATTACHMENT_NAME_MAX];

	attachment_name(name, info->n, what != NULL ? what->type : "");
	if (what != NULL && what->original)
		printf("  %u: an untouched original is held for the escrow", info->n);
	else
		printf("  %s", name);
	if (what != NULL) {
		fputs(": ", stdout);
		term_show_str(v->s->c, stdout, what->type);
		printf(", %llu %s", (unsigned long long)what->bytes,
		    what->bytes == 1 ? "byte" : "bytes");
	}
	if (what != NULL && what->original)
		putchar('\n');
	else
		printf("; to a file: candor case save %s %u FILE\n", v->k.record->summary->number,
		    info->n);
}

/* ---- for programs --------------------------------------------------------------------------- */

static json_t *
json_of_references(const Candor__CaseRecord *record)
{
	json_t *list = json_array();

	for (size_t i = 0; i < record->n_references; i++)
		if (json_array_append_new(
			list, json_pack("{s:s, s:s}", "plugin", record->references[i]->plugin,
				  "reference", record->references[i]->reference)) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *
json_of_record(const Candor__CaseRecord *record)
{
	const Candor__CaseSummary *k = record->summary;

	return json_pack(
	    "{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:b}",
	    "case", k->number, "state", k->state, "kind", k->kind == 1 ? "question" : "incident",
	    "category", k->category, "severity", k->severity, "site", cjson_or_null(k->site),
	    "assignee", cjson_or_null(k->assignee), "received_on", cjson_day(k->received_on),
	    "discovered_on", cjson_day(record->discovered_on), "clocks",
	    officer_clocks_json(k->clocks, k->n_clocks, record->today), "readers",
	    cjson_strings(record->readers, record->n_readers), "outcome",
	    cjson_or_null(record->outcome), "actions",
	    cjson_strings(record->actions, record->n_actions), "references",
	    json_of_references(record), "allowed", record->allowed, "held", k->held);
}

static int
json_add_work(json_t *all, const Candor__CaseRecord *record)
{
	json_t *parts = work_json(record);
	int r = parts != NULL ? json_object_update(all, parts) : -1;

	json_decref(parts);
	return r;
}

/* What stands in the report, empty when there is none that opens. */
static int
json_add_report(json_t *all, const Candor__ReportEntry *report)
{
	static const Candor__ReportEntry none = CANDOR__REPORT_ENTRY__INIT;
	const Candor__ReportEntry *e = report != NULL ? report : &none;
	json_t *parts = json_pack("{s:s, s:s, s:o, s:s, s:o, s:o}", "place", e->place, "narrative",
	    e->narrative, "seen_on", cjson_day(e->seen_on), "platform", e->platform, "urls",
	    cjson_strings(e->urls, e->n_urls), "keep_out",
	    cjson_strings(e->keep_out, e->n_keep_out));
	int r = parts != NULL ? json_object_update(all, parts) : -1;

	json_decref(parts);
	return r;
}

static int
json_add_entry(struct view *v, const Candor__EntryInfo *info, const char *text,
    const Candor__Worksheet *worksheet)
{
	json_t *entry = json_pack("{s:I, s:s, s:s, s:o, s:o}", "n", (json_int_t)info->n, "kind",
	    info->kind, "from", *info->from != '\0' ? info->from : "reporter", "on",
	    cjson_day(info->on), "text", text != NULL ? json_string(text) : json_null());

	if (worksheet != NULL)
		json_object_set_new(entry, "worksheet", breach_json(worksheet));
	return json_array_append_new(v->entries, entry);
}

static int
json_add_attachment(
    struct view *v, const Candor__EntryInfo *info, const Candor__AttachmentInfo *what)
{
	const char *type = what != NULL ? what->type : "application/octet-stream";
	char name[ATTACHMENT_NAME_MAX];

	/* Beside what officers can save, not among it. */
	if (what != NULL && what->original)
		return json_array_append_new(
		    v->originals, json_pack("{s:I, s:s, s:I, s:I, s:o}", "n", (json_int_t)info->n,
				      "type", type, "bytes", (json_int_t)what->bytes, "entry",
				      (json_int_t)info->of, "on", cjson_day(info->on)));
	attachment_name(name, info->n, type);
	return json_array_append_new(
	    v->attachments, json_pack("{s:I, s:s, s:s, s:o, s:I, s:o}", "n", (json_int_t)info->n,
				"name", name, "type", type, "bytes",
				what != NULL ? json_integer((json_int_t)what->bytes) : json_null(),
				"entry", (json_int_t)info->of, "on", cjson_day(info->on)));
}

/* ---- entries -------------------------------------------------------------------------------- */

/* The attachments that came with an entry, in their order; it says of what type they are. */
static int
show_attachments(struct view *v, uint32_t of, Candor__AttachmentInfo *const *what, size_t n)
{
	const Candor__CaseRecord *record = v->k.record;
	size_t found = 0;

	for (size_t i = 0; i < record->n_entries; i++) {
		const Candor__EntryInfo *info = record->entries[i];
		const Candor__AttachmentInfo *a = found < n ? what[found] : NULL;

		if (!entry_is(info, "attachment") || info->of != of)
			continue;
		found++;
		if (v->all == NULL)
			print_attachment(v, info, a);
		else if (json_add_attachment(v, info, a) != 0)
			return client_fail_memory(v->s->c);
	}
	return 0;
}

static int
show_report(struct view *v, const Candor__EntryInfo *info, const Candor__ReportEntry *e)
{
	if (v->all == NULL) {
		case_print_discovery(v->s->c, v->k.record, e->seen_on);
		print_report(v->s->c, e);
	} else if (json_add_report(v->all, e) != 0 ||
		   json_add_entry(v, info, e->narrative, NULL) != 0)
		return client_fail_memory(v->s->c);
	return show_attachments(v, info->n, e->attachments, e->n_attachments);
}

static int
show_text(struct view *v, const Candor__EntryInfo *info, const Candor__TextEntry *e)
{
	if (v->all == NULL)
		term_wrap(v->s->c, stdout, 2, e->text);
	else if (json_add_entry(v, info, e->text, e->worksheet) != 0)
		return client_fail_memory(v->s->c);
	return show_attachments(v, info->n, e->attachments, e->n_attachments);
}

static int
show_damaged(struct view *v, const Candor__EntryInfo *info)
{
	v->n_damaged++;
	if (v->all == NULL)
		puts("  (damaged: cannot be opened)");
	else if (json_add_entry(v, info, NULL, NULL) != 0)
		return client_fail_memory(v->s->c);
	return show_attachments(v, info->n, NULL, 0);
}

static int
show_entry(struct view *v, const Candor__EntryInfo *info)
{
	struct client *c = v->s->c;
	arena_mark_t mark = arena_mark(&c->scratch);
	ProtobufCMessage *entry;
	int r;

	if (v->all == NULL)
		print_entry_head(c, info);
	r = case_entry(v->s, &v->k, info, &entry);
	if (r == EX_DATAERR)
		r = show_damaged(v, info);
	else if (r == 0 && entry_is(info, "report"))
		r = show_report(v, info, (const Candor__ReportEntry *)entry);
	else if (r == 0)
		r = show_text(v, info, (const Candor__TextEntry *)entry);
	arena_release(&c->scratch, mark);
	return r;
}

static int
show(struct view *v)
{
	const Candor__CaseRecord *record = v->k.record;
	struct client *c = v->s->c;
	int r;

	if (c->json) {
		v->all = json_of_record(record);
		v->entries = json_array();
		v->attachments = json_array();
		v->originals = json_array();
		if (json_object_set(v->all, "entries", v->entries) != 0 ||
		    json_object_set(v->all, "attachments", v->attachments) != 0 ||
		    json_object_set(v->all, "originals", v->originals) != 0 ||
		    json_add_work(v->all, record) != 0 || json_add_report(v->all, NULL) != 0)
			return client_fail_memory(c);
	} else {
		print_head(c, record);
	}
	for (size_t i = 0; i < record->n_entries; i++)
		if (!entry_is(record->entries[i], "attachment") &&
		    (r = show_entry(v, record->entries[i])) != 0)
			return r;
	if (v->all != NULL && (r = cjson_print(c, json_incref(v->all))) != 0)
		return r;
	if (v->n_damaged > 0)
		return client_fail(c, EX_DATAERR,
		    "%u of the entries cannot be opened: they are damaged. Tell an administrator",
		    v->n_damaged);
	return 0;
}

int
case_show(struct officer_session *s, int argc, char **argv)
{
	struct view v = { .s = s };
	char *number;
	int r;

	if ((r = verb_options(s->c, "case show CASE", NULL, 0, &argc, argv, 1, 1)) != 0 ||
	    (r = officer_case_number(s->c, &number, argv[1])) != 0 || (r = officer_begin(s)) != 0 ||
	    (r = case_open(s, &v.k, number)) != 0)
		return r;
	r = show(&v);
	json_decref(v.entries);
	json_decref(v.attachments);
	json_decref(v.originals);
	json_decref(v.all);
	return r;
}
