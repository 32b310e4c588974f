/* SPDX-License-Identifier: ISC */
/*
 * email: sends an event to officers by SMTP. A plugin, in a host process of its own.
 *
 * It must never send in the clear (TLS is required but on loopback), to a server whose certificate no
 * known CA signed, or a header that a value could break out of. What it sends holds no word of a
 * report, since an event holds none.
 *
 * Messages follow RFC 5322, 2045 and 2047. The Message-ID comes from the event's key: a message that is
 * sent twice, because its acknowledgement was lost, is one message to mail programs.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include <curl/curl.h>

#include "candor/plugin.h"

#include "common/fields.h"
#include "common/settings.h"

#define ADDRESS_MAX 254    /* RFC 5321 4.5.3.1.3, less its brackets */
#define HOST_MAX 253       /* RFC 1035 */
#define SUBJECT_MAX 300    /* bytes, once filled in */
#define BODY_MAX 16384     /* bytes, once filled in */
#define LINE_MAX_BYTES 900 /* RFC 5322 2.1.1 says 998 */
#define RECIPIENTS_MAX 512
#define TIMEOUT_S 25 /* below the 30 s after which the daemon gives a plugin up */
#define CONNECT_TIMEOUT_S 10
/* Mail servers hang up on idle clients after some minutes (RFC 5321 4.5.3.2.7): do not rely on it. */
#define IDLE_MAX_S 30
/* (event, address) pairs that were accepted while others were not: see accepted_before(). */
#define ACCEPTED_MAX 1024

enum tls { TLS_REQUIRED, TLS_IMPLICIT, TLS_NONE };

static const struct {
	const char *name;
	const char *scheme;
	unsigned port;
} tls_modes[] = {
	[TLS_REQUIRED] = { "required", "smtp", 587 },
	[TLS_IMPLICIT] = { "implicit", "smtps", 465 },
	[TLS_NONE] = { "none", "smtp", 25 },
};

/* Behind the sentence and the facts of a case; a test and a digest are of no case. */
static const char trailer[] = "\n"
			      "Read it with:  candor case show %{number}\n"
			      "\n"
			      "This message holds no word of the report. Answers to it are not "
			      "read.\n";

/* What templates know beside an event's fields. */
static const struct candor_kv own_names[] = { { "items", NULL } };

/* One setting each; NULL: not given. */
struct conf {
	const char *host, *port, *starttls, *username, *password_file, *ca_file, *from;
	const char *subject, *body, *timeout_s;
	enum tls tls;
	unsigned port_number, timeout_number;
};

struct email {
	CURL *curl;
	char *url, *username, *password, *from, *subject, *body, *ca;
	size_t ca_len;
	const char *domain; /* of from */
	enum tls tls;
	unsigned timeout_s;
	uint64_t accepted[ACCEPTED_MAX];
	size_t n_accepted;
};

/* ---- settings ------------------------------------------------------------------------------------ */

/* A mailbox that needs no quoting, in ASCII: all that may stand between < and >. */
static bool
address_ok(const char *s, size_t len)
{
	const char *at = memchr(s, '@', len);

	if (at == NULL || at == s || at == s + len - 1 || len > ADDRESS_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool letter = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') ||
			      (s[i] >= '0' && s[i] <= '9');

		if (letter || s + i == at)
			continue;
		if (s[i] == '\0' ||
		    strchr(s + i < at ? "!#$%&'*+-/=?^_`{|}~." : ".-", s[i]) == NULL)
			return false;
	}
	return true;
}

static bool
host_ok(const char *host)
{
	size_t len = strlen(host);

	return len >= 1 && len <= HOST_MAX && host[0] != '-' &&
	       strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:") ==
		   len;
}

static int
check_template(const char *name, const char *text, const char *allowed, char *why, size_t cap)
{
	const struct values own = { .own = own_names, .n_own = NELEM(own_names) };

	return text == NULL ? 0 : template_check(name, text, allowed, &own, why, cap);
}

/* Take the settings apart; whatever check() and open() both must know. */
static int
parse(struct conf *c, const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	const struct setting known[] = { { "host", &c->host }, { "port", &c->port },
		{ "starttls", &c->starttls }, { "username", &c->username },
		{ "password_file", &c->password_file }, { "ca_file", &c->ca_file },
		{ "from", &c->from }, { "subject", &c->subject }, { "body", &c->body },
		{ "timeout_s", &c->timeout_s } };

	memset(c, 0, sizeof(*c));
	if (settings_read(known, NELEM(known), kv, n, why, cap) < 0)
		return -1;
	if (c->host == NULL || !host_ok(c->host))
		return settings_fail(why, cap, "host must be the mail server's name or address");
	while (c->starttls != NULL && strcmp(tls_modes[c->tls].name, c->starttls) != 0)
		if (++c->tls == NELEM(tls_modes))
			return settings_fail(why, cap,
			    "starttls = \"%.40s\" must be \"required\", \"implicit\" (TLS from the "
			    "start) "
			    "or, on this machine only, \"none\"",
			    c->starttls);
	if (c->tls == TLS_NONE && !settings_is_loopback(c->host))
		return settings_fail(why, cap,
		    "starttls = \"none\" is allowed only when host is localhost, 127.* or ::1: "
		    "mails must not cross a network in the clear");
	c->port_number = tls_modes[c->tls].port;
	c->timeout_number = TIMEOUT_S;
	if (settings_number(&c->port_number, "port", c->port, 1, 65535, "", why, cap) < 0 ||
	    settings_number(&c->timeout_number, "timeout_s", c->timeout_s, 1, 600,
		", and below the plugin's deadline", why, cap) < 0)
		return -1;
	if ((c->username == NULL) != (c->password_file == NULL))
		return settings_fail(
		    why, cap, "username and password_file go together: give both or none");
	if (c->username != NULL && (*c->username == '\0' || text_has_control(c->username, "")))
		return settings_fail(why, cap, "username is empty or holds a control character");
	if (c->from == NULL || !address_ok(c->from, strlen(c->from)))
		return settings_fail(
		    why, cap, "from must be one address, such as candor@hospital.example");
	if (check_template("subject", c->subject, "", why, cap) < 0)
		return -1;
	return check_template("body", c->body, "\n\t", why, cap);
}

static int
email_check(const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	struct conf c;

	return parse(&c, kv, n, why, cap);
}

/* ---- text ---------------------------------------------------------------------------------------- */

static bool
is_ascii(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)p[i] >= 0x80)
			return false;
	return true;
}

/* A header's text: as it is when plain and short, else RFC 2047 encoded words, folded. */
static void
add_header(struct text *t, const char *name, const char *value)
{
	size_t len = strlen(value);

	text_adds(t, name);
	text_adds(t, ": ");
	if (is_ascii(value, len) && len <= 66 && strstr(value, "=?") == NULL) {
		text_adds(t, value);
	} else {
		/* 39 bytes are 52 digits: with the header's name within the 76 of RFC 2047 section 2. */
		for (size_t i = 0, n; i < len; i += n) {
			n = len - i < 39 ? len - i : 39;
			while (
			    i + n < len && ((unsigned char)value[i + n] & 0xc0) == 0x80 && n > 36)
				n--; /* no character is cut in two */
			text_adds(t, i > 0 ? "\r\n =?UTF-8?B?" : "=?UTF-8?B?");
			text_base64(t, value + i, n, SIZE_MAX);
			text_adds(t, "?=");
		}
	}
	text_adds(t, "\r\n");
}

/* RFC 5322 3.3, at midnight: a day is the finest that an event knows. */
static bool
add_date(struct text *t, const char *day)
{
	static const char week[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	unsigned y, m, d;
	struct tm tm = { 0 };
	char line[64];
	int end = 0;

	if (strlen(day) != 10 || sscanf(day, "%4u-%2u-%2u%n", &y, &m, &d, &end) != 3 || end != 10 ||
	    m < 1 || m > 12 || d < 1 || d > 31)
		return false;
	tm.tm_year = (int)y - 1900;
	tm.tm_mon = (int)m - 1;
	tm.tm_mday = (int)d;
	if (timegm(&tm) == (time_t)-1)
		return false;
	snprintf(line, sizeof(line), "Date: %s, %d %s %d 00:00:00 +0000\r\n", week[tm.tm_wday],
	    tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900);
	text_adds(t, line);
	return true;
}

/* The message's text: line breaks as CRLF, or base64 where mail could not carry it as it is. */
static void
add_body(struct text *t, const char *body)
{
	size_t longest = 0;
	bool plain = is_ascii(body, strlen(body));

	for (const char *s = body; *s != '\0'; s += strcspn(s, "\n"), s += *s == '\n')
		if (strcspn(s, "\n") > longest)
			longest = strcspn(s, "\n");
	plain = plain && longest <= LINE_MAX_BYTES;
	text_adds(t, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n"
		     "Content-Transfer-Encoding: ");
	if (!plain) {
		text_adds(t, "base64\r\n\r\n");
		text_base64(t, body, strlen(body), 76);
		text_adds(t, "\r\n");
		return;
	}
	text_adds(t, "7bit\r\n\r\n");
	while (*body != '\0') {
		size_t len = strcspn(body, "\n");

		text_add(t, body, len);
		text_adds(t, "\r\n");
		body += len + (body[len] == '\n');
	}
}

/* Make the whole message. False: the event's day is none, or it does not fit. */
static bool
compose(const struct email *m, const struct candor_event *e, const struct curl_slist *to,
    struct text *out)
{
	char subject[SUBJECT_MAX + 1], body[BODY_MAX + 1], list[BODY_MAX + 1], id[32] = "";
	struct text s = TEXT(subject), b = TEXT(body), items = TEXT(list);
	const struct candor_kv own[] = { { "items", list } };
	const struct values v = { e, own, NELEM(own) };
	bool of_case = *e->number != '\0';

	event_items(&items, e);
	template_fill(
	    &s, m->subject != NULL ? m->subject : kind_subject(e->kind), &v, text_adds, true);
	if (m->body != NULL) {
		template_fill(&b, m->body, &v, text_adds, true);
	} else {
		template_fill(&b, kind_sentence(e->kind), &v, text_adds, true);
		text_adds(&b, "\n\n");
		template_fill(&b, of_case ? event_facts : "%{items}", &v, text_adds, true);
		template_fill(&b, of_case ? trailer : "", &v, text_adds, true);
	}
	if (!add_date(out, e->on))
		return false;
	text_adds(out, "From: <");
	text_adds(out, m->from);
	text_adds(out, ">\r\nTo: ");
	for (const struct curl_slist *at = to; at != NULL; at = at->next) {
		text_adds(out, "<");
		text_adds(out, at->data);
		text_adds(out, at->next != NULL ? ">,\r\n " : ">\r\n");
	}
	add_header(out, "Subject", subject);
	text_adds(out, "Message-ID: <");
	text_adds(out, e->key);
	text_adds(out, "@");
	text_adds(out, m->domain);
	text_adds(out, ">\r\n");
	/* All of a case's messages answer one that was never sent: mail programs show them as one thread. */
	for (size_t i = 0; i < sizeof(id) - 1 && e->number[i] != '\0'; i++) {
		char c = e->number[i];

		id[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	if (id[0] != '\0') {
		static const char *const names[] = { "In-Reply-To: <", "References: <" };

		for (size_t i = 0; i < NELEM(names); i++) {
			text_adds(out, names[i]);
			text_adds(out, id);
			text_adds(out, "@");
			text_adds(out, m->domain);
			text_adds(out, ">\r\n");
		}
	}
	text_adds(out, "Auto-Submitted: auto-generated\r\n");
	add_body(out, body);
	return !out->full && !s.full && !b.full && !items.full;
}

/* ---- sending ------------------------------------------------------------------------------------- */

/* What the server said to each recipient, gathered from the conversation. */
struct talk {
	const char *out; /* the message, and how much of it was sent */
	size_t left;
	enum { BEFORE_MAIL, IN_RCPT, AFTER_MAIL } at;
	size_t asked;                   /* recipients so far */
	uint16_t codes[RECIPIENTS_MAX]; /* the server's answer to each; 0: none came */
	int last_code;
	char last_line[160];
};

static size_t
give(char *to, size_t size, size_t n, void *arg)
{
	struct talk *t = arg;
	size_t len = t->left < size * n ? t->left : size * n;

	memcpy(to, t->out, len);
	t->out += len;
	t->left -= len;
	return len;
}

/*
 * libcurl's account of the conversation is the only place that tells which recipient was refused. It
 * also passes the password by: only the lines looked for are looked at, none is kept but an answer.
 */
static int
listen_in(CURL *curl, curl_infotype type, char *data, size_t len, void *arg)
{
	struct talk *t = arg;

	(void)curl;
	if (type == CURLINFO_HEADER_OUT) {
		if (len >= 8 && strncasecmp(data, "RCPT TO:", 8) == 0) {
			t->at = IN_RCPT;
			t->asked++;
		} else if (len >= 10 && strncasecmp(data, "MAIL FROM:", 10) == 0) {
			t->at = AFTER_MAIL;
			t->asked = 0;
		} else if (t->at == IN_RCPT) {
			t->at = AFTER_MAIL;
		}
	} else if (type == CURLINFO_HEADER_IN && len >= 4 && data[0] >= '2' && data[0] <= '5' &&
		   data[3] != '-') {
		t->last_code = (data[0] - '0') * 100 + (data[1] - '0') * 10 + (data[2] - '0');
		while (len > 0 && (data[len - 1] == '\n' || data[len - 1] == '\r'))
			len--;
		snprintf(
		    t->last_line, sizeof(t->last_line), "%.*s", (int)(len < 150 ? len : 150), data);
		if (t->at == IN_RCPT && t->asked >= 1 && t->asked <= RECIPIENTS_MAX)
			t->codes[t->asked - 1] = (uint16_t)t->last_code;
	}
	return 0;
}

/* FNV-1a over event and address. */
static uint64_t
pair_hash(const char *key, const char *address)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (const char *s = key; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3u;
	for (const char *s = address; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3u;
	return h;
}

/*
 * When some recipients take a message and others say "later", the event is tried again: those who
 * have it must not get it anew each time. Lost with the process, which is a second copy at worst.
 */
static bool
accepted_before(const struct email *m, uint64_t pair)
{
	for (size_t i = 0; i < ACCEPTED_MAX; i++)
		if (m->accepted[i] == pair)
			return true;
	return false;
}

struct recipients {
	const struct email *m;
	const char *key;
	struct curl_slist *list;
	size_t n, skipped; /* skipped: got it at an earlier try */
	struct text *bad;  /* what is no address */
	bool no_memory;
};

static void
add_recipient(struct recipients *r, const char *address)
{
	struct curl_slist *more;
	size_t len = strlen(address);

	if (!address_ok(address, len) || r->n == RECIPIENTS_MAX) {
		text_adds(r->bad, r->bad->len > 0 ? ", " : "no address or one too many: ");
		text_add(r->bad, address, len < 80 ? len : 80);
		return;
	}
	if (accepted_before(r->m, pair_hash(r->key, address))) {
		r->skipped++;
		return;
	}
	/* The same person may be named twice. */
	for (const struct curl_slist *at = r->list; at != NULL; at = at->next)
		if (strcasecmp(at->data, address) == 0)
			return;
	if ((more = curl_slist_append(r->list, address)) == NULL) {
		r->no_memory = true;
		return;
	}
	r->list = more;
	r->n++;
}

/* The conversation failed as a whole: later, or never. */
static enum candor_result
judge_failure(const struct email *m, CURLcode code, const struct talk *t, const char *detail,
    struct candor_answer *a)
{
	/* RFC 4954 section 6: what an administrator mends in the settings. */
	static const int auth_codes[] = { 530, 534, 535, 538 };
	bool auth = code == CURLE_LOGIN_DENIED;

	for (size_t i = 0; i < NELEM(auth_codes); i++)
		auth = auth || t->last_code == auth_codes[i];
	if (auth)
		answer_say(a, "%s does not let us in with these username and password_file: %s",
		    m->url, t->last_line);
	else if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
		answer_say(a,
		    "the certificate of %s is not one that a known CA signed for that name: %s; "
		    "ca_file "
		    "names a CA of your own",
		    m->url, detail);
	else if (code == CURLE_USE_SSL_FAILED)
		answer_say(a, "%s offers no STARTTLS, and mails are not sent in the clear: %s",
		    m->url, detail);
	else if (t->at != BEFORE_MAIL && t->last_code >= 400)
		answer_say(a, "%s says: %s", m->url, t->last_line);
	else
		answer_say(
		    a, "%s: %s", m->url, *detail != '\0' ? detail : curl_easy_strerror(code));
	return !auth && t->at != BEFORE_MAIL && t->last_code >= 500 ? CANDOR_REFUSED : CANDOR_RETRY;
}

/* Look at each recipient's fate. sent: the message itself was taken. */
static enum candor_result
judge_recipients(struct email *m, const struct recipients *r, const struct talk *t, bool sent,
    struct candor_answer *a)
{
	struct text error = { .p = a->error, .cap = sizeof(a->error) };
	const struct curl_slist *at = r->list;
	size_t n_later = 0, n_taken = 0;

	text_adds(&error, r->bad->p);
	for (size_t i = 0; i < r->n; i++, at = at->next) {
		char one[ADDRESS_MAX + 32];

		if (t->codes[i] < 400) {
			n_taken++;
			continue;
		}
		n_later += t->codes[i] < 500;
		snprintf(one, sizeof(one), "%s%s: %s (%u)", error.len > 0 ? ", " : "", at->data,
		    t->codes[i] < 500 ? "not now" : "refused", t->codes[i]);
		text_adds(&error, one);
	}
	if (n_later == 0)
		return (sent && n_taken > 0) || r->skipped > 0 ? CANDOR_DELIVERED : CANDOR_REFUSED;
	at = r->list;
	for (size_t i = 0; sent && i < r->n; i++, at = at->next)
		if (t->codes[i] < 400)
			m->accepted[m->n_accepted++ % ACCEPTED_MAX] = pair_hash(r->key, at->data);
	return CANDOR_RETRY;
}

/*
 * Cut the connection. Closing it, libcurl would say QUIT and wait up to two minutes for an answer
 * that a server in trouble does not give.
 */
static void
hang_up(CURL *c)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (curl_easy_getinfo(c, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD)
		shutdown(fd, SHUT_RDWR);
}

static enum candor_result
send_mail(struct email *m, const struct recipients *r, const struct text *message,
    struct candor_answer *a)
{
	struct talk t = { .out = message->p, .left = message->len };
	struct curl_blob ca = { m->ca, m->ca_len, CURL_BLOB_NOCOPY };
	char detail[CURL_ERROR_SIZE] = "";
	size_t refused = 0;
	CURL *c = m->curl;
	CURLcode code;

	curl_easy_reset(c); /* keeps the connection */
	curl_easy_setopt(c, CURLOPT_URL, m->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT,
	    (long)(m->timeout_s < CONNECT_TIMEOUT_S ? m->timeout_s : CONNECT_TIMEOUT_S));
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)m->timeout_s);
	curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, (long)IDLE_MAX_S);
	if (m->tls != TLS_NONE)
		curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (m->ca != NULL) {
		curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &ca);
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL); /* that CA, and no other */
	}
	if (m->username != NULL) {
		curl_easy_setopt(c, CURLOPT_USERNAME, m->username);
		curl_easy_setopt(c, CURLOPT_PASSWORD, m->password);
		curl_easy_setopt(c, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
	}
	curl_easy_setopt(c, CURLOPT_MAIL_FROM, m->from);
	curl_easy_setopt(c, CURLOPT_MAIL_RCPT, r->list);
	curl_easy_setopt(c, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(c, CURLOPT_READDATA, &t);
	curl_easy_setopt(c, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, listen_in);
	curl_easy_setopt(c, CURLOPT_DEBUGDATA, &t);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, detail);
	code = curl_easy_perform(c);
	if (code != CURLE_OK)
		hang_up(c);
	/* They lie on this stack. */
	curl_easy_setopt(c, CURLOPT_DEBUGDATA, NULL);
	curl_easy_setopt(c, CURLOPT_VERBOSE, 0L);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, NULL);

	for (size_t i = 0; i < r->n; i++)
		refused += t.codes[i] >= 400;
	if (code != CURLE_OK && refused < r->n)
		return judge_failure(m, code, &t, detail, a);
	return judge_recipients(m, r, &t, code == CURLE_OK, a);
}

static enum candor_result
email_deliver(void *state, const struct candor_event *e, struct candor_answer *a)
{
	struct email *m = state;
	struct text bad = { .p = (char[200]){ "" }, .cap = 200 };
	struct recipients r = { .m = m, .key = e->key, .bad = &bad };
	struct text message = { .cap = 4 * BODY_MAX + RECIPIENTS_MAX * (ADDRESS_MAX + 8) };
	enum candor_result result = CANDOR_RETRY;

	if (!event_sound(e, a->error, sizeof(a->error)))
		return CANDOR_REFUSED;
	for (size_t i = 0; i < e->n_to && !r.no_memory; i++)
		add_recipient(&r, e->to[i]);
	if ((message.p = calloc(1, message.cap)) == NULL || r.no_memory) {
		answer_say(a, "out of memory");
	} else if (r.n == 0 && r.skipped > 0) {
		result = CANDOR_DELIVERED;
	} else if (r.n == 0) {
		answer_say(a, "no officer of this case has an e-mail address%s%s",
		    bad.len > 0 ? "; " : "", bad.p);
		result = CANDOR_REFUSED;
	} else if (!compose(m, e, r.list, &message)) {
		answer_say(a,
		    "the message cannot be made: subject over %d or body over %d bytes, or no date",
		    SUBJECT_MAX, BODY_MAX);
		result = CANDOR_REFUSED;
	} else {
		result = send_mail(m, &r, &message, a);
	}
	free(message.p);
	curl_slist_free_all(r.list);
	return result;
}

/* ---- life ---------------------------------------------------------------------------------------- */

static void
email_close(void *state)
{
	struct email *m = state;

	if (m == NULL)
		return;
	if (m->curl != NULL) {
		hang_up(m->curl);
		curl_easy_cleanup(m->curl);
	}
	text_wipe(m->password);
	free(m->url);
	free(m->username);
	free(m->from);
	free(m->subject);
	free(m->body);
	free(m->ca);
	free(m);
	curl_global_cleanup();
}

static int
email_open(void **state, const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	struct email *m;
	struct conf c;
	bool colon;

	if (parse(&c, kv, n, why, cap) < 0)
		return -1;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return settings_fail(why, cap, "libcurl cannot be used");
	if ((m = calloc(1, sizeof(*m))) == NULL) {
		curl_global_cleanup();
		return settings_fail(why, cap, "out of memory");
	}
	m->tls = c.tls;
	m->timeout_s = c.timeout_number;
	if (c.password_file != NULL && (m->password = settings_secret("password_file",
					    "the password", c.password_file, why, cap)) == NULL)
		goto out;
	if (c.ca_file != NULL && (m->ca = settings_ca(c.ca_file, &m->ca_len, why, cap)) == NULL)
		goto out;
	settings_fail(why, cap, "out of memory");
	if (!settings_copy(&m->from, c.from) || !settings_copy(&m->username, c.username) ||
	    !settings_copy(&m->subject, c.subject) || !settings_copy(&m->body, c.body) ||
	    (m->curl = curl_easy_init()) == NULL)
		goto out;
	m->domain = strchr(m->from, '@') + 1;
	/* The URL's path is the name to greet the server with. */
	colon = strchr(c.host, ':') != NULL;
	if (asprintf(&m->url, "%s://%s%s%s:%u/%s", tls_modes[c.tls].scheme, colon ? "[" : "",
		c.host, colon ? "]" : "", c.port_number, m->domain) < 0) {
		m->url = NULL;
		goto out;
	}
	*state = m;
	return 0;
out:
	email_close(m);
	return -1;
}

CANDOR_PLUGIN_EXPORT const struct candor_plugin candor_plugin = {
	.abi = CANDOR_PLUGIN_ABI,
	.size = sizeof(struct candor_plugin),
	.name = "email",
	.version = CANDOR_VERSION,
	.check = email_check,
	.open = email_open,
	.deliver = email_deliver,
	.close = email_close,
};
