/* SPDX-License-Identifier: ISC */
/* Drafts: stripping, preview, attachments. See draft.h. */
#include "draft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "candor/candor_pb.h"

#include "client.h"
#include "link.h"
#include "pieces.h"
#include "term.h"

int
draft_strip(struct client *c, struct draft_field *f, unsigned keep)
{
	arena_mark_t mark = arena_mark(&c->scratch);
	struct strip_result got, kept;
	const char *given = f->given.len > 0 ? (const char *)f->given.p : "";
	int r = strip(&c->scratch, &got, given, f->given.len, STRIP_REPORTER,
	    &(struct strip_keep){ .labels = keep });

	if (r == 0) {
		kept = got;
		kept.text.p = arena_copy(&c->arena, got.text.p, got.text.len);
		kept.spans = arena_copy(&c->arena, got.spans, got.n_spans * sizeof(*got.spans));
		if (kept.text.p == NULL || kept.spans == NULL)
			r = CANDOR_ENOMEM;
		else
			f->result = kept;
	}
	arena_release(&c->scratch, mark);
	if (r == CANDOR_EINVAL)
		return client_fail(c, EX_DATAERR,
		    "\"%s\" is not plain text: UTF-8 without NUL is wanted", f->name);
	return r < 0 ? client_fail_memory(c) : 0;
}

void
draft_removed(json_t *list, const char *field, const struct strip_result *result, uint64_t offset)
{
	for (size_t i = 0; i < result->n_spans; i++) {
		const struct strip_span *s = &result->spans[i];

		json_array_append_new(
		    list, json_pack("{s:s,s:s,s:I,s:I}", "field", field, "label",
			      strip_label_name(s->label), "start", (json_int_t)(offset + s->start),
			      "end", (json_int_t)(offset + s->end)));
	}
}

size_t
draft_keep_names(char **out, unsigned keep)
{
	size_t n = 0;

	for (unsigned i = 0; i < STRIP__N; i++) {
		union {
			const char *c;
			char *m;
		} u;

		if ((keep & 1u << i) == 0)
			continue;
		u.c = strip_label_name((enum strip_label)i);
		out[n++] = u.m;
	}
	return n;
}

void
draft_tell_not_keepable(unsigned keep, unsigned not_keepable)
{
	for (unsigned i = 0; i < STRIP__N; i++)
		if ((keep & 1u << i) != 0 &&
		    ((not_keepable & 1u << i) != 0 || !strip_label_keepable((enum strip_label)i)))
			fprintf(stderr,
			    "candor: \"%s\" is taken out all the same: this site lets nobody "
			    "keep it\n",
			    strip_label_name((enum strip_label)i));
}

/* ---- preview ---------------------------------------------------------------------------------- */

/* What a field is called before its writer. */
static const char *
title_of(const char *name)
{
	static const char *const titles[][2] = {
		{ "place", "Place" },
		{ "platform", "Platform" },
		{ "narrative", "What happened" },
		{ "text", "Your message" },
	};

	for (size_t i = 0; i < NELEM(titles); i++)
		if (strcmp(titles[i][0], name) == 0)
			return titles[i][1];
	return "Address";
}

/* The text as given, what goes marked in place: in red, and in brackets with its label. */
static void
show_field(struct client *c, const struct draft_field *f)
{
	const struct strip_result *r = &f->result;
	const char *text = (const char *)f->given.p;
	struct term_flow w;
	FILE *t = c->tty;
	size_t at = 0;

	fprintf(t, "%s%s%s\n", term_style(c, t, TERM_BOLD), title_of(f->name),
	    term_style(c, t, TERM_PLAIN));
	term_flow_begin(&w, t, 2);
	for (size_t i = 0; i < r->n_spans; i++) {
		const struct strip_span *s = &r->spans[i];
		const char *label = strip_label_name(s->label);

		term_flow_text(c, &w, text + at, s->start - at);
		term_flow_style(&w, term_style(c, t, TERM_RED));
		term_flow_text(c, &w, "[-", 2);
		term_flow_text(c, &w, text + s->start, s->end - s->start);
		term_flow_text(c, &w, "-|", 2);
		term_flow_text(c, &w, label, strlen(label));
		term_flow_text(c, &w, "]", 1);
		term_flow_style(&w, term_style(c, t, TERM_PLAIN));
		at = s->end;
	}
	term_flow_text(c, &w, text + at, f->given.len - at);
	term_flow_end(&w);
	if (r->n_spans > 0) {
		fprintf(t, "%sas it will be sent:%s\n", term_style(c, t, TERM_DIM),
		    term_style(c, t, TERM_PLAIN));
		term_flow_begin(&w, t, 2);
		term_flow_text(c, &w, (const char *)r->text.p, r->text.len);
		term_flow_end(&w);
	}
	putc('\n', t);
}

/* Everything, what the marks mean, and what is kept. Returns the mask of labels that were found. */
static unsigned
show_fields(struct client *c, const struct draft_field *fields, size_t n, unsigned keep)
{
	unsigned found = 0;
	FILE *t = c->tty;

	fputs(term_style(c, t, TERM_BOLD), t);
	term_wrap(c, t, 0,
	    "\nThis is what you wrote. What stands in [-…-] is taken out, since it may say who you "
	    "are.");
	fprintf(t, "%s\n", term_style(c, t, TERM_PLAIN));
	for (size_t i = 0; i < n; i++) {
		if (fields[i].given.len == 0)
			continue;
		show_field(c, &fields[i]);
		for (size_t k = 0; k < fields[i].result.n_spans; k++)
			found |= 1u << fields[i].result.spans[k].label;
	}
	for (unsigned i = 0; i < STRIP__N; i++)
		if ((found & 1u << i) != 0)
			fprintf(t, "  %-18s %s\n", strip_label_name((enum strip_label)i),
			    strip_label_reason((enum strip_label)i));
	for (unsigned i = 0; i < STRIP__N; i++)
		if ((keep & 1u << i) != 0)
			fprintf(t, "  %-18s kept, as you wish\n",
			    strip_label_name((enum strip_label)i));
	if (found == 0 && keep == 0)
		term_wrap(c, t, 0, "Nothing was found that says who you are.");
	term_wrap(c, t, 0,
	    "A program does not see everything: read it once more as somebody who knows you "
	    "would.");
	putc('\n', t);
	return found;
}

/* Ask for one label, and let it stay or go. */
static int
toggle(struct client *c, unsigned *keep, unsigned found, unsigned not_keepable)
{
	struct term_item items[STRIP__N + 1];
	enum strip_label labels[STRIP__N];
	size_t n = 0, choice;
	int r;

	for (unsigned i = 0; i < STRIP__N; i++) {
		enum strip_label label = (enum strip_label)i;

		if (((found | *keep) & 1u << i) == 0)
			continue;
		if ((not_keepable & 1u << i) != 0 || !strip_label_keepable(label)) {
			fprintf(c->tty, "  %s goes in any case.\n", strip_label_name(label));
			continue;
		}
		labels[n] = label;
		items[n++] = (struct term_item){ strip_label_name(label),
			(*keep & 1u << i) != 0 ? "kept: take it out" : strip_label_reason(label),
			NULL };
	}
	if (n == 0) {
		fprintf(c->tty, "There is nothing that you can keep.\n");
		return 0;
	}
	items[n] = (struct term_item){ "none", "leave it as it is", NULL };
	if ((r = term_choose(c, &choice, "Which? ", items, n + 1)) != 0 || choice == n)
		return r;
	*keep ^= 1u << labels[choice];
	return 0;
}

int
draft_preview(struct client *c, struct draft_field *fields, size_t n, unsigned *keep,
    unsigned not_keepable, const char *go, bool *send)
{
	enum { GO, KEEP, EDIT, QUIT };
	const struct term_item items[] = {
		[GO] = { "go", go, NULL },
		[KEEP] = { "keep", "keep something that would go, or take it out after all", NULL },
		[EDIT] = { "edit", "change what you wrote", NULL },
		[QUIT] = { "quit", "stop here; nothing is sent", NULL },
	};
	size_t choice;
	int r;

	for (;;) {
		arena_mark_t mark = arena_mark(&c->arena);
		unsigned found;

		for (size_t i = 0; i < n; i++)
			if ((r = draft_strip(c, &fields[i], *keep & ~not_keepable)) != 0)
				return r;
		found = show_fields(c, fields, n, *keep);
		if ((r = term_choose(c, &choice, "What next? ", items, NELEM(items))) != 0)
			return r;
		*send = choice == GO;
		if (choice == GO)
			return 0;
		arena_release(&c->arena, mark);
		if (choice == EDIT)
			return 0;
		if (choice == QUIT)
			return client_fail(c, EX_NOINPUT, "abandoned: nothing was sent");
		if ((r = toggle(c, keep, found, not_keepable)) > 0)
			return r;
	}
}

/* ---- attachments ------------------------------------------------------------------------------ */

/* What is done with each stripped piece; offset is where it began in the file. */
typedef int on_piece(
    struct client *c, void *arg, const struct strip_result *piece, uint64_t offset, bool last);

static int
attachment_open(struct client *c, const char *path, int *out)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) < 0) {
		int e = errno;

		if (fd >= 0)
			close(fd);
		return client_fail(c, EX_NOINPUT, "%s: %s", path, strerror(e));
	}
	*out = fd;
	if (!S_ISREG(st.st_mode))
		client_fail(c, EX_DATAERR, "%s is no plain file: name a text file", path);
	else if (st.st_size == 0)
		client_fail(c, EX_DATAERR, "%s is empty: there is nothing to attach", path);
	else if (st.st_size > DRAFT_ATTACHMENT_BYTES)
		client_fail(c, EX_DATAERR,
		    "%s is larger than the %u MiB that are allowed: attach a part of it", path,
		    DRAFT_ATTACHMENT_BYTES / 1024 / 1024);
	else
		return 0;
	close(fd);
	return EX_DATAERR;
}

static int
strip_piece(struct client *c, struct strip_result *out, struct span piece, const char *path)
{
	int r = strip(&c->scratch, out, (const char *)piece.p, piece.len, STRIP_REPORTER, NULL);

	if (r == CANDOR_EINVAL)
		return client_fail(c, EX_DATAERR,
		    "%s is not plain text (UTF-8). Only plain text can be cleaned of what says who "
		    "made "
		    "it, so only that is taken: describe what the file shows, or copy its words "
		    "into a "
		    "text file",
		    path);
	return r < 0 ? client_fail_memory(c) : 0;
}

/* Strip a file piece by piece. */
static int
attachment_each(struct client *c, const char *path, on_piece *call, void *arg)
{
	arena_mark_t mark = arena_mark(&c->arena);
	struct pieces in = { .what = path, .cap = WIRE_TEXT_MAX };
	uint64_t total = 0;
	int r;

	if ((r = attachment_open(c, path, &in.fd)) != 0)
		return r;
	if ((in.buf = arena_alloc(&c->arena, in.cap)) == NULL)
		r = client_fail_memory(c);
	while (r == 0) {
		arena_mark_t step = arena_mark(&c->scratch);
		struct strip_result result = { 0 };
		struct span piece;

		if ((r = pieces_next(c, &in, &piece)) != 0)
			break;
		total += piece.len;
		if (total > DRAFT_ATTACHMENT_BYTES)
			r = client_fail(c, EX_DATAERR, "%s grew while it was read", path);
		else if (piece.len > 0)
			r = strip_piece(c, &result, piece, path);
		if (r == 0)
			r = call(c, arg, &result, in.offset, piece.len == 0);
		arena_release(&c->scratch, step);
		if (piece.len == 0)
			break;
	}
	arena_release(&c->arena, mark);
	close(in.fd);
	return r;
}

struct check {
	const char *field;
	json_t *removed;
};

static int
check_piece(
    struct client *c, void *arg, const struct strip_result *piece, uint64_t offset, bool last)
{
	const struct check *check = arg;

	(void)c;
	(void)last;
	if (check->removed != NULL)
		draft_removed(check->removed, check->field, piece, offset);
	return 0;
}

int
draft_attachment_check(struct client *c, const char *path, const char *field, json_t *removed)
{
	struct check check = { field, removed };

	return attachment_each(c, path, check_piece, &check);
}

struct sending {
	struct link *l;
	unsigned n;
};

static int
send_piece(
    struct client *c, void *arg, const struct strip_result *piece, uint64_t offset, bool last)
{
	const struct sending *to = arg;
	size_t left = piece->text.len;
	const uint8_t *p = piece->text.p;
	int r;

	(void)offset;
	do {
		Candor__Attach msg = CANDOR__ATTACH__INIT;
		size_t n = left < WIRE_TEXT_MAX ? left : WIRE_TEXT_MAX;

		/* Evening out may lengthen a piece: never cut inside a character. */
		while (n < left && n > 0 && (p[n] & 0xc0) == 0x80)
			n--;
		msg.n = to->n;
		msg.data = wire_bytes(p, n);
		msg.last = last;
		if ((r = link_call(
			 to->l, &c->scratch, MSG_ATTACH, &msg.base, MSG_ATTACHED, NULL)) != 0)
			return r;
		p += n;
		left -= n;
	} while (left > 0);
	return 0;
}

int
draft_attachment_send(struct client *c, struct link *l, unsigned n, const char *path)
{
	struct sending to = { l, n };

	return attachment_each(c, path, send_piece, &to);
}
