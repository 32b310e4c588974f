/* SPDX-License-Identifier: ISC */
/*
 * Rich Text Format (1.9.1): text and formatting stay. Starred groups go unless they are known to carry
 * formatting, and so does every group or word that says who, when, on which machine or from where. What
 * was deleted under change tracking is deleted. Pictures are cleaned as their own format is. Runs in the
 * cleaner. Never copies what it did not read as a token.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cleaner/pack.h"
#include "cleaner/picture.h"

#define GROUPS_MAX 200
#define WORD_MAX 40

static const char damaged[] =
    "The RTF document is damaged. Open it in its program, print it to a PDF, "
    "and attach that.";
static const char foreign_picture[] =
    "The document holds a picture of a kind that cannot be cleaned. "
    "Print the document to a PDF and attach that.";

struct group {
	size_t start; /* of the output, where it goes back to when the group is dropped */
	bool drop;    /* together with all groups in it */
	bool deleted; /* text under change tracking */
	bool starred; /* \* came, the word that says what it is has not */
	bool picture; /* hex digits of a raster picture */
	bool wanted;  /* text is kept to decide on the group at its end */
	size_t text;  /* where the text to decide on begins */
};

struct rtf {
	struct clean_out *out;
	const uint8_t *p, *end;
	struct group groups[GROUPS_MAX];
	unsigned n, depth;
	const char **why;
};

/* clang-format off */
/* Starred groups that formatting, lists, links and shapes are made of. */
static const char *const starred_kept[] = {
	"bkmkend", "bkmkstart", "cs", "defchp", "defpap", "ds", "falt", "fldinst", "ftnsep", "ftnsepc",
	"aftnsep", "aftnsepc", "listlevel", "listoverridetable", "listpicture", "listtable", "panose", "pn",
	"pnseclvl", "pntxta", "pntxtb", "shpinst", "shppict", "shptxt", "ts", "tx", "ud", "upr", NULL,
};
/* Groups that go, starred or not. */
static const char *const groups_dropped[] = {
	"annotation", "atnauthor", "atndate", "atnicn", "atnid", "atnparent", "atnref", "atntime",
	"atrfend", "atrfstart", "author", "background", "blipuid", "buptim", "category", "colorschememapping", "comment",
	"company", "creatim", "datafield", "datastore", "docvar", "doccomm", "filetbl", "fname", "generator",
	"hlinkbase", "info", "keywords", "latentstyles", "linkval", "mailmerge", "manager", "nonshppict",
	"objalias", "objclass", "objdata", "objname", "objsect", "operator", "oldcprops", "oldpprops",
	"oldsprops", "oldtprops", "passwordhash", "picprop", "printim", "private", "private1", "protusertbl",
	"revtbl", "revtim", "rsidtbl", "subject", "template", "themedata", "title", "userprops",
	"wgrffmtfilter", "writereservation", "xe", "xmlclose", "xmlnstbl", "xmlopen", NULL,
};
/* Words that go alone: revisions' authors and times, objects, numbers that link documents. */
static const char *const words_dropped[] = {
	"chatn", "crauth", "crdate", "deleted", "edmins", "nofchars", "nofcharsws", "nofpages",
	"nofwords", "objalign", "objautlink", "objemb", "object", "objh", "objicemb", "objhtml", "objlink",
	"objlock", "objocx", "objpub", "objscalex", "objscaley", "objsetsize", "objsub", "objtransy",
	"objupdate", "objw", "result", "revauth", "revauthdel", "revdttm", "revdttmdel", "revised",
	"revisions", "revprop", "rsltbmp", "rslthtml", "rsltmerge", "rsltpict", "rsltrtf", "rslttxt",
	"vern", "version", "bliptag", "blipupi", "listtemplateid", "edited", "linkself", NULL,
};
static const char *const fields_dropped[] = {
	"AUTHOR", "COMMENTS", "CREATEDATE", "DATABASE", "DDE", "DDEAUTO", "DOCPROPERTY", "DOCVARIABLE",
	"EDITTIME", "EMBED", "FILENAME", "INCLUDEPICTURE", "INCLUDETEXT", "IMPORT", "INCLUDE", "INFO",
	"KEYWORDS", "LASTSAVEDBY", "LINK", "PRINTDATE", "REVNUM", "SAVEDATE", "SUBJECT", "TEMPLATE", "TITLE",
	"USERADDRESS", "USERINITIALS", "USERNAME", NULL,
};
/* Of a shape: what its picture's file was called and what it shows. */
static const char *const properties_dropped[] = {
	"wzName", "wzDescription", "wzTooltip", "pibName", "pibFlags", "pihlShape", "metroBlob", "wzScript",
	"wzScriptExtAttr", "wzScriptLangAttr", "gtextUNICODEDescription", "fillBlipName", "lineFillBlipName",
	NULL,
};
static const char *const pictures_foreign[] = {
	"dibitmap", "emfblip", "macpict", "pmmetafile", "wbitmap", "wmetafile", NULL,
};
/* clang-format on */

static bool
in_list(const char *word, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

static int
put(struct rtf *rtf, const void *p, size_t len)
{
	return clean_put(rtf->out, p, len) ? 0 : clean_put_error(rtf->out);
}

static bool
is_dropping(const struct rtf *rtf)
{
	return rtf->n > 0 && rtf->groups[rtf->n - 1].drop;
}

static bool
is_silent(const struct rtf *rtf)
{
	return is_dropping(rtf) || (rtf->n > 0 && rtf->groups[rtf->n - 1].deleted);
}

static const char digits[] = "0123456789abcdef";

static int
put_hex(struct rtf *rtf, uint8_t byte)
{
	const char hex[] = { digits[byte >> 4], digits[byte & 15] };

	return put(rtf, hex, sizeof(hex));
}

/* From hex digits behind the group's words, through the picture's cleaner, and back to hex digits. */
static int
clean_picture(struct rtf *rtf, struct group *g)
{
	uint8_t *from = rtf->out->p + g->text, *bytes = from;
	size_t n = rtf->out->len - g->text, len = 0;
	const struct clean_format *format;
	struct clean_out cleaned = { 0 };
	int half = -1, r = 0;

	/* In place: two digits are a byte. */
	for (size_t i = 0; i < n; i++) {
		const char *d = from[i] == 0 ? NULL : strchr(digits, tolower(from[i]));

		if (isspace(from[i]))
			continue;
		if (d == NULL) {
			*rtf->why = damaged;
			return CANDOR_EBADMSG;
		}
		if (half >= 0)
			bytes[len++] = (uint8_t)(half << 4 | (int)(d - digits));
		half = half >= 0 ? -1 : (int)(d - digits);
	}
	r = picture_clean_inner(&cleaned, &format, bytes, len, rtf->depth + 1, rtf->why);
	*rtf->why = damaged;
	if (r == 0)
		rtf->out->len = g->text;
	/* There is a word for no other. */
	if (r == 0 && strcmp(format->type, "image/jpeg") != 0 &&
	    strcmp(format->type, "image/png") != 0) {
		*rtf->why = foreign_picture;
		r = CANDOR_EBADMSG;
	}
	for (size_t i = 0; i < cleaned.len && r == 0; i++) {
		if ((r = put_hex(rtf, cleaned.p[i])) == 0 && i % 64 == 63)
			r = put(rtf, "\n", 1);
	}
	free(cleaned.p);
	return r;
}

/* The first word of the text that was kept to decide on. */
static void
first_word(const struct rtf *rtf, const struct group *g, char word[static WORD_MAX])
{
	size_t at = g->text, n = 0;

	/* Word dresses it in groups and formatting. */
	while (at < rtf->out->len && strchr(" \r\n{}\\\"", rtf->out->p[at]) != NULL)
		if (rtf->out->p[at++] == '\\')
			while (at < rtf->out->len &&
			       (isalnum(rtf->out->p[at]) || rtf->out->p[at] == '-' ||
				   rtf->out->p[at] == '*'))
				at++;
	while (at < rtf->out->len && isalnum(rtf->out->p[at]) && n + 1 < WORD_MAX)
		word[n++] = (char)rtf->out->p[at++];
	word[n] = 0;
}

/*
 * A field's instruction or a shape property's name is over: its parent goes when it says so. Fields that
 * show their text in parts, or links that lead to no web address, go too.
 */
static void
decide(struct rtf *rtf, struct group *g)
{
	char word[WORD_MAX];
	struct group *parent = rtf->n >= 2 ? &rtf->groups[rtf->n - 2] : NULL;
	const uint8_t *text = rtf->out->p + g->text;
	size_t len = rtf->out->len - g->text;

	first_word(rtf, g, word);
	if (parent == NULL)
		return;
	if (in_list(word, properties_dropped)) {
		parent->drop = true;
		return;
	}
	for (char *c = word; *c != 0; c++)
		*c = (char)toupper(*c);
	if (in_list(word, fields_dropped))
		parent->drop = true;
	/* The words of a link that leads to a file stay, the link goes. */
	if (strcmp(word, "HYPERLINK") == 0 && memmem(text, len, "http:", 5) == NULL &&
	    memmem(text, len, "https:", 6) == NULL && memmem(text, len, "mailto:", 7) == NULL)
		g->drop = true;
}

static int
close_group(struct rtf *rtf)
{
	struct group *g = &rtf->groups[rtf->n - 1];
	int r = 0;

	if (!g->drop && g->picture)
		r = clean_picture(rtf, g);
	if (!g->drop && g->wanted && g->text > 0)
		decide(rtf, g);
	if (g->drop)
		rtf->out->len = g->start;
	else if (r == 0)
		r = put(rtf, "}", 1);
	rtf->n--;
	return r;
}

static int
open_group(struct rtf *rtf)
{
	struct group *g = &rtf->groups[rtf->n];

	if (rtf->n == GROUPS_MAX)
		return CANDOR_EBADMSG;
	*g = (struct group){ .start = rtf->out->len };
	if (rtf->n > 0) {
		g->drop = g[-1].drop;
		g->deleted = g[-1].deleted;
	}
	rtf->n++;
	return put(rtf, "{", 1);
}

/* Bytes as they are, of a picture or of what goes. */
static int
take_bytes(struct rtf *rtf, const struct group *g, long n)
{
	int r = 0;

	if (n < 0 || n > rtf->end - rtf->p)
		return CANDOR_EBADMSG;
	for (; n > 0 && r == 0; n--, rtf->p++)
		if (g->picture && !g->drop)
			r = put_hex(rtf, *rtf->p);
	return r;
}

/* A control word, which lies in the input from at to rtf->p. */
static int
control_word(struct rtf *rtf, const uint8_t *at, const char *word, bool has_value, long value)
{
	struct group *g = &rtf->groups[rtf->n - 1];
	bool starred = g->starred;
	int r;

	g->starred = false;
	if (strcmp(word, "bin") == 0)
		return take_bytes(rtf, g, has_value ? value : 0);
	if (g->drop)
		return 0;
	if ((starred && !in_list(word, starred_kept)) || in_list(word, groups_dropped)) {
		g->drop = true;
		return 0;
	}
	if (strcmp(word, "deleted") == 0)
		g->deleted = !has_value || value != 0;
	if (strcmp(word, "plain") == 0)
		g->deleted = false;
	if (in_list(word, words_dropped) || strstr(word, "rsid") != NULL)
		return 0;
	if (strcmp(word, "fldinst") == 0 || strcmp(word, "sn") == 0)
		g->wanted = true;
	if (strcmp(word, "pict") == 0) {
		g->picture = true;
		g->drop = g->deleted;
	}
	if (starred && (r = put(rtf, "\\*", 2)) < 0)
		return r;
	/* What comes out instead is a PNG. */
	if (in_list(word, pictures_foreign))
		r = put(rtf, "\\pngblip ", 9);
	else
		r = put(rtf, at, (size_t)(rtf->p - at));
	if (r < 0)
		return r;
	if (g->wanted || g->picture) {
		r = put(rtf, " ", rtf->p[-1] == ' ' ? 0 : 1);
		if (g->picture || g->text == 0)
			g->text = rtf->out->len;
	}
	return r;
}

/* What begins with a backslash; it has been read. */
static int
control(struct rtf *rtf)
{
	const uint8_t *at = rtf->p - 1;
	bool has_value = false, negative = false;
	char word[WORD_MAX];
	long value = 0;
	size_t n = 0;

	if (rtf->p == rtf->end || *rtf->p == 0)
		return CANDOR_EBADMSG;
	if (!isalpha(*rtf->p)) {
		uint8_t c = *rtf->p++;

		if (c == '*') {
			rtf->groups[rtf->n - 1].starred = true;
			return 0;
		}
		if (c == '\'') {
			if (rtf->end - rtf->p < 2 || !isxdigit(rtf->p[0]) || !isxdigit(rtf->p[1]))
				return CANDOR_EBADMSG;
			rtf->p += 2;
		} else if (c >= 0x80 || (c < ' ' && c != '\n' && c != '\r' && c != '\t')) {
			return CANDOR_EBADMSG;
		}
		return is_silent(rtf) ? 0 : put(rtf, at, (size_t)(rtf->p - at));
	}
	while (rtf->p < rtf->end && isalpha(*rtf->p)) {
		if (n + 1 == WORD_MAX)
			return CANDOR_EBADMSG;
		word[n++] = (char)*rtf->p++;
	}
	word[n] = 0;
	if (rtf->end - rtf->p >= 2 && *rtf->p == '-' && isdigit(rtf->p[1])) {
		negative = true;
		rtf->p++;
	}
	while (rtf->p < rtf->end && isdigit(*rtf->p)) {
		has_value = true;
		if (value > 999999999)
			return CANDOR_EBADMSG;
		value = value * 10 + (*rtf->p++ - '0');
	}
	if (rtf->p < rtf->end && *rtf->p == ' ')
		rtf->p++;
	return control_word(rtf, at, word, has_value, negative ? -value : value);
}

int
clean_rtf(struct clean_out *out, const uint8_t *in, size_t len, unsigned depth, const char **why)
{
	struct rtf rtf = { .out = out, .p = in, .end = in + len, .depth = depth, .why = why };
	int r = 0;

	*why = damaged;
	if (len < 6 || memcmp(in, "{\\rtf", 5) != 0)
		return CANDOR_EBADMSG;
	do {
		uint8_t c;

		if (rtf.p == rtf.end)
			return CANDOR_EBADMSG;
		switch (c = *rtf.p++) {
		case '{':
			r = open_group(&rtf);
			break;
		case '}':
			r = close_group(&rtf);
			break;
		case '\\':
			r = control(&rtf);
			break;
		case 0:
			r = CANDOR_EBADMSG;
			break;
		default:
			if (!is_silent(&rtf))
				r = put(&rtf, &c, 1);
		}
	} while (r == 0 && rtf.n > 0); /* what lies behind the document is not of it */
	return r;
}
