/* SPDX-License-Identifier: ISC */
/*
 * Stage 1 of stripping: even out what a text carries beside its words: invisible characters, odd
 * blanks and line ends, forms of the same letter (NFC), letters of another script that look the
 * same. Any process. Must keep the way back to the bytes as given, and must be idempotent.
 */
#include <string.h>

#include <utf8proc.h>

#include "candor/utf8.h"
#include "strip/internal.h"

/* A character and the marks on it: Unicode's stream-safe format (UAX 15) allows 30. */
#define SEGMENT_MAX 32
#define DECOMPOSED_MAX 4 /* canonical; UAX 15 table 8 */

struct even {
	struct arena *a;
	struct strip_evened *to;
	const uint8_t *in;
	size_t len;
	size_t cap_edits;
	bool full; /* the arena is */

	/* The character at hand with its marks, decomposed, and what was dropped behind it. */
	int32_t seg[SEGMENT_MAX];
	size_t n_seg, seg_start, seg_end, gap_end;
	unsigned seg_label, gap_label;
	int32_t last; /* the last character that stayed */

	size_t word_end; /* up to here the word is judged: */
	bool word_mixed;
	size_t blank_end; /* up to here the blanks are: */
	bool blank_trailing;
};

/* ---- data ------------------------------------------------------------------------------------ */

enum { SLOW, GRAPH, LINE, BLANK };

/* clang-format off */
#define G8 GRAPH, GRAPH, GRAPH, GRAPH, GRAPH, GRAPH, GRAPH, GRAPH
/* ASCII that stays as it is. */
static const uint8_t ascii_kind[256] = {
	['\n'] = LINE, [' '] = BLANK, GRAPH, GRAPH, GRAPH, GRAPH, GRAPH, GRAPH, GRAPH, /* to "'" */
	G8, G8, G8, G8, G8, G8, G8, G8, G8, G8, [0x78] = GRAPH, GRAPH, GRAPH, GRAPH, GRAPH, GRAPH, GRAPH,
};
#undef G8
/* clang-format on */

struct pair {
	uint16_t from;
	char to;
};

/* clang-format off */
/* Punctuation that word processors put in, and dashes. In order. */
static const struct pair plain[] = {
	{ 0x00b4, '\'' }, { 0x02bc, '\'' },
	{ 0x2010, '-' }, { 0x2011, '-' }, { 0x2012, '-' }, { 0x2013, '-' }, { 0x2014, '-' },
	{ 0x2015, '-' }, { 0x2018, '\'' }, { 0x2019, '\'' }, { 0x201a, '\'' }, { 0x201b, '\'' },
	{ 0x201c, '"' }, { 0x201d, '"' }, { 0x201e, '"' }, { 0x201f, '"' }, { 0x2032, '\'' },
	{ 0x2033, '"' }, { 0x2212, '-' },
};

/* Letters of Greek, Cyrillic, Armenian and the phonetic alphabet that cannot be told from a Latin
 * one. Not alpha, beta, mu: "TNF-alpha" and "mug" are written with them. In order. */
static const struct pair twins[] = {
	{ 0x0261, 'g' },
	{ 0x0391, 'A' }, { 0x0392, 'B' }, { 0x0395, 'E' }, { 0x0396, 'Z' }, { 0x0397, 'H' },
	{ 0x0399, 'I' }, { 0x039a, 'K' }, { 0x039c, 'M' }, { 0x039d, 'N' }, { 0x039f, 'O' },
	{ 0x03a1, 'P' }, { 0x03a4, 'T' }, { 0x03a5, 'Y' }, { 0x03a7, 'X' }, { 0x03b9, 'i' },
	{ 0x03bd, 'v' }, { 0x03bf, 'o' }, { 0x03c1, 'p' }, { 0x03f2, 'c' }, { 0x03f3, 'j' },
	{ 0x0405, 'S' }, { 0x0406, 'I' }, { 0x0408, 'J' }, { 0x0410, 'A' }, { 0x0412, 'B' },
	{ 0x0415, 'E' }, { 0x041a, 'K' }, { 0x041c, 'M' }, { 0x041d, 'H' }, { 0x041e, 'O' },
	{ 0x0420, 'P' }, { 0x0421, 'C' }, { 0x0422, 'T' }, { 0x0423, 'Y' }, { 0x0425, 'X' },
	{ 0x0430, 'a' }, { 0x0435, 'e' }, { 0x043e, 'o' }, { 0x0440, 'p' }, { 0x0441, 'c' },
	{ 0x0443, 'y' }, { 0x0445, 'x' }, { 0x0455, 's' }, { 0x0456, 'i' }, { 0x0458, 'j' },
	{ 0x04ae, 'Y' }, { 0x04bb, 'h' }, { 0x04c0, 'I' }, { 0x04cf, 'l' }, { 0x0501, 'd' },
	{ 0x050c, 'G' }, { 0x051a, 'Q' }, { 0x051b, 'q' }, { 0x051c, 'W' }, { 0x051d, 'w' },
	{ 0x054f, 'S' }, { 0x0555, 'O' }, { 0x0570, 'h' }, { 0x057d, 'u' }, { 0x0585, 'o' },
};
/* clang-format on */

static char
lookup(const struct pair *table, size_t n, int32_t c)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (table[mid].from == c)
			return table[mid].to;
		if (table[mid].from < c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return 0;
}

/* ---- characters ------------------------------------------------------------------------------ */

static size_t
decode(const struct even *e, size_t at, int32_t *c)
{
	uint32_t u = 0;
	size_t n = utf8_decode(&u, (const char *)e->in + at, e->len - at);

	*c = (int32_t)u;
	return n;
}

static size_t
decompose(int32_t out[DECOMPOSED_MAX], int32_t c)
{
	int class = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char(
	    c, out, DECOMPOSED_MAX, UTF8PROC_STABLE | UTF8PROC_COMPOSE, &class);

	if (n < 1 || n > DECOMPOSED_MAX) {
		out[0] = c;
		return 1;
	}
	return (size_t)n;
}

/* The character itself, or the one that NFC always writes for it. */
static int32_t
canonical(int32_t c)
{
	int32_t d[DECOMPOSED_MAX];

	return c >= 0x80 && decompose(d, c) == 1 ? d[0] : c;
}

/* A Latin letter or digit dressed up: full width or mathematical. 0 when it is none. */
static char
undressed(int32_t c)
{
	int32_t d[DECOMPOSED_MAX];
	int class = 0;

	if (c >= 0xff01 && c <= 0xff5e)
		d[0] = c - 0xfee0;
	else if (!(c >= 0x1d400 && c <= 0x1d7ff) && !(c >= 0x2102 && c <= 0x2149 && c != 0x2139))
		return 0;
	else if (utf8proc_decompose_char(
		     c, d, DECOMPOSED_MAX, UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE, &class) != 1)
		return 0;
	if ((d[0] >= '0' && d[0] <= '9') || (d[0] >= 'A' && d[0] <= 'Z') ||
	    (d[0] >= 'a' && d[0] <= 'z'))
		return (char)d[0];
	return 0;
}

static bool
line_end(int32_t c)
{
	return (c >= '\n' && c <= '\r') || c == 0x85 || c == 0x2028 || c == 0x2029;
}

static bool
blank(int32_t c)
{
	return c == '\t' || c == 0x2800 || utf8_char_blank((uint32_t)c);
}

/* Dropped wherever it stands, but for emoji. */
static bool
invisible(int32_t c)
{
	return !line_end(c) && !blank(c) && !utf8_char_printable((uint32_t)c);
}

static bool
mark(int32_t c)
{
	const utf8proc_property_t *p = utf8proc_get_property(c);

	return p->combining_class != 0 || p->category == UTF8PROC_CATEGORY_MN ||
	       p->category == UTF8PROC_CATEGORY_MC || p->category == UTF8PROC_CATEGORY_ME;
}

/* May c compose with what stands before it? */
static bool
attaches(int32_t before, int32_t c)
{
	if (c >= 0x1161 && c <= 0x1175)
		return before >= 0x1100 && before <= 0x1112;
	if (c >= 0x11a8 && c <= 0x11c2)
		return before >= 0x1161 && before <= 0x1175;
	return c >= 0x300 && mark(c);
}

static bool
pictograph(int32_t c)
{
	return c > 0x7f &&
	       utf8proc_get_property(c)->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

static bool
variation(int32_t c)
{
	return c == 0xfe0e || c == 0xfe0f;
}

static bool
skin_tone(int32_t c)
{
	return c >= 0x1f3fb && c <= 0x1f3ff;
}

/* ---- output ---------------------------------------------------------------------------------- */

static void
edit(struct even *e, size_t in, size_t in_len, size_t out_len, unsigned label)
{
	struct strip_evened *to = e->to;
	struct strip_edit *prev = to->n_edits > 0 ? &to->edits[to->n_edits - 1] : NULL;

	if (label == STRIP__N)
		to->n_normalised++;
	if (prev != NULL && out_len == 0 && prev->out_len == 0 && prev->label == label &&
	    prev->in + prev->in_len == in) {
		prev->in_len += (uint32_t)in_len;
		return;
	}
	if (label == STRIP__N && in_len == out_len)
		return;
	if (to->n_edits == e->cap_edits) {
		/* Nothing else is taken meanwhile: what comes now lies behind what is there. */
		struct strip_edit *more = arena_alloc(e->a, 64 * sizeof(*more));

		if (more == NULL) {
			e->full = true;
			return;
		}
		if (to->edits == NULL)
			to->edits = more;
		e->cap_edits += 64;
	}
	to->edits[to->n_edits++] = (struct strip_edit){ .in = (uint32_t)in,
		.in_len = (uint32_t)in_len,
		.out = (uint32_t)to->len,
		.out_len = out_len & 0xffffff,
		.label = label & 0xff };
}

/* Order marks by their class, compose, write. */
static void
flush(struct even *e)
{
	struct strip_evened *to = e->to;
	size_t start = to->len, n = e->n_seg, in_len = e->seg_end - e->seg_start, size = 0;
	utf8proc_ssize_t composed;

	if (n == 0)
		return;
	e->n_seg = 0;
	for (size_t i = 1; i < n; i++) {
		int32_t c = e->seg[i];
		int class = utf8proc_get_property(c)->combining_class;
		size_t k = i;

		while (class > 0 && k > 0 &&
		       utf8proc_get_property(e->seg[k - 1])->combining_class > class) {
			e->seg[k] = e->seg[k - 1];
			k--;
		}
		e->seg[k] = c;
	}
	if (n > 1) {
		composed = utf8proc_normalize_utf32(
		    e->seg, (utf8proc_ssize_t)n, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
		n = composed > 0 ? (size_t)composed : n;
	}
	for (size_t i = 0; i < n; i++)
		size += utf8_encode((char *)to->p + start + size, (uint32_t)e->seg[i]);
	if (e->seg_label != STRIP__N || size != in_len ||
	    memcmp(to->p + start, e->in + e->seg_start, size) != 0)
		edit(e, e->seg_start, in_len, size, e->seg_label);
	to->len += size;
	if (e->gap_end > e->seg_end)
		edit(e, e->seg_end, e->gap_end - e->seg_end, 0, e->gap_label);
}

static void
drop(struct even *e, size_t at, size_t n, unsigned label)
{
	if (e->n_seg == 0) {
		edit(e, at, n, 0, label);
		return;
	}
	if (e->gap_end == e->seg_end || e->gap_label == STRIP__N)
		e->gap_label = label;
	e->gap_end = at + n;
}

static void
put(struct even *e, size_t at, size_t n, int32_t c, unsigned label)
{
	int32_t d[DECOMPOSED_MAX];
	size_t n_d = 1;

	d[0] = c;
	if (c >= 0xc0)
		n_d = decompose(d, c);
	e->last = c;
	if (e->n_seg > 0 && attaches(e->seg[e->n_seg - 1], d[0])) {
		if (e->n_seg + n_d > SEGMENT_MAX) {
			drop(e, at, n, STRIP_INVISIBLE);
			return;
		}
		if (e->gap_end > e->seg_end && e->seg_label == STRIP__N)
			e->seg_label = e->gap_label;
	} else {
		flush(e);
		e->seg_start = at;
		e->seg_label = label;
	}
	memcpy(e->seg + e->n_seg, d, n_d * sizeof(d[0]));
	e->n_seg += n_d;
	e->seg_end = e->gap_end = at + n;
}

/* ---- decisions ------------------------------------------------------------------------------- */

enum { LATIN = 1, TWIN = 2, FOREIGN = 4, WORD = 8 };

/* What the character at `at`, of n bytes, makes of its word; 0 when it is not part of one. */
static unsigned
word_part(const struct even *e, size_t at, size_t n, int32_t c)
{
	const utf8proc_property_t *p;
	size_t step;
	int32_t next;

	c = canonical(c);
	if (invisible(c))
		return WORD;
	if (c < 0x80)
		return (c | 0x20) >= 'a' && (c | 0x20) <= 'z' ? WORD | LATIN : 0;
	if (undressed(c) != 0)
		return WORD | LATIN;
	if (mark(c))
		return WORD;
	if (lookup(twins, NELEM(twins), c) != 0) {
		for (at += n; at < e->len; at += step) {
			step = decode(e, at, &next);
			if (!invisible(canonical(next)))
				return WORD | (mark(canonical(next)) ? FOREIGN : TWIN);
		}
		return WORD | TWIN;
	}
	p = utf8proc_get_property(c);
	if (p->category < UTF8PROC_CATEGORY_LU || p->category > UTF8PROC_CATEGORY_LO)
		return 0;
	return WORD | (c < 0x250 || (c >= 0x1e00 && c <= 0x1eff) ? LATIN : FOREIGN);
}

/* Is the word around `at` Latin but for letters that look it? Each word is read once. */
static bool
mixed(struct even *e, size_t at)
{
	unsigned parts = 0, part;
	size_t i = at, n;
	int32_t c;

	if (at < e->word_end)
		return e->word_mixed;
	while (i > e->word_end) {
		size_t k = i - 1;

		while (k > 0 && (e->in[k] & 0xc0) == 0x80)
			k--;
		n = decode(e, k, &c);
		if ((part = word_part(e, k, n, c)) == 0)
			break;
		parts |= part;
		i = k;
	}
	for (i = at; i < e->len; i += n) {
		n = decode(e, i, &c);
		if ((part = word_part(e, i, n, c)) == 0)
			break;
		parts |= part;
	}
	e->word_end = i;
	e->word_mixed = (parts & (LATIN | TWIN | FOREIGN)) == (LATIN | TWIN);
	return e->word_mixed;
}

/* Is the blank at `at` one of those before a line's end? Each run is read once. */
static bool
trailing(struct even *e, size_t at)
{
	size_t i = at;
	int32_t c = '\n';

	if (at < e->blank_end)
		return e->blank_trailing;
	while (i < e->len) {
		size_t n = decode(e, i, &c);

		if (!blank(c) && !invisible(c))
			break;
		i += n;
	}
	e->blank_end = i;
	e->blank_trailing = i == e->len || line_end(c);
	return e->blank_trailing;
}

/* May this invisible character stay, since an emoji is made with it? */
static bool
emoji_needs(const struct even *e, size_t next, int32_t c)
{
	int32_t after = 0;

	if (next < e->len)
		decode(e, next, &after);
	if (variation(c))
		return pictograph(e->last) || (after == 0x20e3 && e->last < 0x80 && e->last > ' ');
	return c == 0x200d && pictograph(after) &&
	       (pictograph(e->last) || variation(e->last) || skin_tone(e->last));
}

static void
one(struct even *e, size_t at, size_t n, int32_t c)
{
	int32_t as = canonical(c);
	char to;

	if (c == '\r' && at + 1 < e->len && e->in[at + 1] == '\n')
		drop(e, at, n, STRIP__N);
	else if (line_end(c))
		put(e, at, n, '\n', STRIP__N);
	else if (blank(as) && trailing(e, at))
		drop(e, at, n, STRIP__N);
	else if (blank(as))
		put(e, at, n, c == '\t' ? c : ' ', STRIP__N);
	else if (invisible(as) && !emoji_needs(e, at + n, as))
		drop(e, at, n, STRIP_INVISIBLE);
	else if (as < 0x80)
		put(e, at, n, as, STRIP__N);
	else if ((to = lookup(plain, NELEM(plain), as)) != 0)
		put(e, at, n, to, STRIP__N);
	else if ((to = undressed(as)) != 0)
		put(e, at, n, to, STRIP_LOOKALIKE);
	else if ((to = lookup(twins, NELEM(twins), as)) != 0 && mixed(e, at))
		put(e, at, n, to, STRIP_LOOKALIKE);
	else
		put(e, at, n, as, STRIP__N);
}

/* How far from `at` does ASCII go that needs no second look? */
static size_t
plain_run(const struct even *e, size_t at)
{
	size_t i = at;

	for (; i < e->len; i++) {
		unsigned kind = ascii_kind[e->in[i]];

		if (kind == GRAPH || kind == LINE)
			continue;
		if (kind == BLANK && i + 1 < e->len && ascii_kind[e->in[i + 1]] == GRAPH)
			continue;
		break;
	}
	/* The last one may have marks to come. */
	if (i > at && i < e->len && e->in[i] != ' ' && e->in[i] != '\t' && e->in[i] != '\r')
		i--;
	return i;
}

int
strip_even(struct arena *a, struct strip_evened *out, const uint8_t *text, size_t len)
{
	struct even e = { .a = a, .to = out, .in = text, .len = len };
	size_t size = len;
	bool full;

	*out = (struct strip_evened){ 0 };
	if (len > UINT32_MAX / 4)
		return CANDOR_ENOMEM;
	if (len > 0 && (memchr(text, 0, len) != NULL || !utf8_valid((const char *)text, len)))
		return CANDOR_EINVAL;
	/* NFC makes no text of UTF-8 longer than three times. */
	for (size_t i = 0; i < len; i++)
		size += text[i] >= 0x80 ? 2 : 0;
	if ((out->p = arena_alloc(a, size + 1)) == NULL)
		return CANDOR_ENOMEM;
	for (size_t i = 0; i < len && !e.full;) {
		size_t n = plain_run(&e, i) - i;
		int32_t c;

		if (n > 0) {
			flush(&e);
			memcpy(out->p + out->len, text + i, n);
			out->len += n;
			e.last = text[i + n - 1];
		} else {
			n = decode(&e, i, &c);
			one(&e, i, n, c);
		}
		i += n;
	}
	flush(&e);
	out->p[out->len] = 0;
	full = e.full;
	explicit_bzero(&e, sizeof(e)); /* the characters at hand */
	return full ? CANDOR_ENOMEM : 0;
}
