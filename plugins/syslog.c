/* SPDX-License-Identifier: ISC */
/*
 * syslog: sends each event as one message of RFC 5424 with structured data, over TLS (RFC 5425), TCP (RFC
 * 6587, octet counting) or UDP (RFC 5426), for a SIEM. A plugin, in a host process of its own.
 *
 * It must never send in the clear to another machine unless `plain` says so, to a server whose certificate
 * is not its own, or anything of an event that could end its parameter, its message or its frame. A
 * connection is for one message: syslog has no answer, but that the collector took in all of it shows when
 * it closes the connection that we ended.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "candor/plugin.h"

#include "common/fields.h"
#include "common/settings.h"

#define TIMEOUT_S 20   /* below the 30 s after which the daemon gives a plugin up */
#define CLOSE_MS 5000  /* for the collector to close in its turn */
#define UDP_WAIT_MS 50 /* for an ICMP error to come back */
/* What receivers should take at least: RFC 5425 section 4.3.1, RFC 5426 section 3.2. */
#define STREAM_MAX 8192
#define UDP_MAX 2048
#define FRAME_DIGITS 6 /* of the octet count, with its blank */
#define UTF8_BOM "\xef\xbb\xbf"

enum transport { TLS, TCP, UDP };
static const char *const transport_names[] = { "tls", "tcp", "udp" };
static const char *const default_ports[] = { "6514", "514", "514" };

/* RFC 5424, table 1, under the names of syslog.conf(5). */
static const char *const facilities[] = { "kern", "user", "mail", "daemon", "auth", "syslog", "lpr",
	"news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock", "local0",
	"local1", "local2", "local3", "local4", "local5", "local6", "local7" };

/* Of a case to that of table 2: critical, error, warning, notice; 6 is informational. */
static const struct {
	const char *name;
	unsigned number;
} severities[] = { { "critical", 2 }, { "high", 3 }, { "medium", 4 }, { "low", 5 } };

struct conf {
	const char *host, *port, *transport, *plain, *ca_file, *cert_file, *key_file, *facility,
	    *sd_id, *hostname, *app_name, *timeout_s;
	unsigned facility_number, timeout;
	enum transport over;
};

struct collector {
	char *host, *port, *sd_id, *hostname, *app_name;
	unsigned facility, timeout;
	enum transport over;
	SSL_CTX *tls;
	char frame[FRAME_DIGITS + STREAM_MAX + 1];
};

/* ---- settings ------------------------------------------------------------------------------------ */

static bool
find(size_t *out, const char *const names[], size_t n, const char *name)
{
	for (*out = 0; *out < n; (*out)++)
		if (strcmp(names[*out], name) == 0)
			return true;
	return false;
}

/* PRINTUSASCII of RFC 5424, without `but`. */
static bool
token(const char *s, size_t max, const char *but)
{
	size_t len = strlen(s);

	for (size_t i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] > '~' || strchr(but, s[i]) != NULL)
			return false;
	return len >= 1 && len <= max;
}

/* NAME@NUMBER: what is no one's own must carry a private enterprise number (RFC 5424, section 7.2.2). */
static bool
sd_id_ok(const char *id)
{
	const char *at = strchr(id, '@');
	const char *digits = "0123456789.";

	return token(id, 32, "=]\"") && at != NULL && at != id && at[1] != '\0' &&
	       strspn(at + 1, digits) == strlen(at + 1);
}

static int
parse(struct conf *c, const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	const struct setting known[] = { { "host", &c->host }, { "port", &c->port },
		{ "transport", &c->transport }, { "plain", &c->plain }, { "ca_file", &c->ca_file },
		{ "cert_file", &c->cert_file }, { "key_file", &c->key_file },
		{ "facility", &c->facility }, { "sd_id", &c->sd_id }, { "hostname", &c->hostname },
		{ "app_name", &c->app_name }, { "timeout_s", &c->timeout_s } };
	unsigned port = 0;
	bool plain = false;
	size_t i;

	*c = (struct conf){ .transport = "tls",
		.facility = "local0",
		.sd_id = "candor@32473",
		.hostname = "-",
		.app_name = "candor",
		.timeout = TIMEOUT_S };
	if (settings_read(known, NELEM(known), kv, n, why, cap) < 0)
		return -1;
	if (c->host == NULL || !token(c->host, 253, ""))
		return settings_fail(
		    why, cap, "host must be the collector's name or address, without blanks");
	if (!find(&i, transport_names, NELEM(transport_names), c->transport))
		return settings_fail(why, cap,
		    "transport = \"%.40s\" must be \"tls\", \"tcp\" or \"udp\"", c->transport);
	c->over = (enum transport)i;
	if (!find(&i, facilities, NELEM(facilities), c->facility))
		return settings_fail(why, cap,
		    "facility = \"%.40s\" must be \"local0\" to \"local7\", \"authpriv\", "
		    "\"daemon\" or another of syslog's",
		    c->facility);
	c->facility_number = (unsigned)i;
	if (settings_bool(&plain, "plain", c->plain, why, cap) < 0 ||
	    settings_number(&port, "port", c->port, 1, 65535, "", why, cap) < 0 ||
	    settings_number(&c->timeout, "timeout_s", c->timeout_s, 1, 600,
		", and below the plugin's deadline", why, cap) < 0)
		return -1;
	if (c->over != TLS && !plain && !settings_is_loopback(c->host))
		return settings_fail(why, cap,
		    "transport = \"%s\" is readable on the way to %s; allowed: \"tls\", a host "
		    "that is this machine, or plain = true",
		    c->transport, c->host);
	if (c->over != TLS && (c->ca_file != NULL || c->cert_file != NULL || c->key_file != NULL))
		return settings_fail(
		    why, cap, "ca_file, cert_file and key_file are for transport = \"tls\" only");
	if ((c->cert_file == NULL) != (c->key_file == NULL))
		return settings_fail(why, cap, "cert_file and key_file must be given together");
	if (!sd_id_ok(c->sd_id))
		return settings_fail(why, cap,
		    "sd_id = \"%.40s\" must be NAME@NUMBER, the number being your private "
		    "enterprise number, up to 32 characters",
		    c->sd_id);
	if (!token(c->hostname, 255, ""))
		return settings_fail(
		    why, cap, "hostname must be 1 to 255 visible ASCII characters");
	if (!token(c->app_name, 48, ""))
		return settings_fail(why, cap, "app_name must be 1 to 48 visible ASCII characters");
	return 0;
}

static int
syslog_check(const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	struct conf c;

	return parse(&c, kv, n, why, cap);
}

/* ---- life ---------------------------------------------------------------------------------------- */

static const char *
tls_reason(void)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	return why != NULL ? why : "no reason is known";
}

static int
trust(SSL_CTX *tls, const char *ca_file, char *why, size_t cap)
{
	size_t len;
	char *pem = settings_ca(ca_file, &len, why, cap);
	BIO *bio = pem != NULL ? BIO_new_mem_buf(pem, (int)len) : NULL;
	unsigned count = 0;
	X509 *cert;

	while (bio != NULL && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		count += X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), cert) == 1;
		X509_free(cert);
	}
	BIO_free(bio);
	free(pem);
	ERR_clear_error();
	return pem == NULL ? -1
	       : count > 0 ? 0
			   : settings_fail(why, cap,
				 "ca_file: %s holds no certificate that can "
				 "be read",
				 ca_file);
}

static int
identify(SSL_CTX *tls, const struct conf *c, char *why, size_t cap)
{
	if (SSL_CTX_use_certificate_chain_file(tls, c->cert_file) != 1)
		return settings_fail(why, cap, "cert_file: %s: %s", c->cert_file, tls_reason());
	if (SSL_CTX_use_PrivateKey_file(tls, c->key_file, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(tls) != 1)
		return settings_fail(why, cap,
		    "key_file: %s is not the key of cert_file, in PEM form without a passphrase: "
		    "%s",
		    c->key_file, tls_reason());
	return 0;
}

/* Nobody is there to be asked for a passphrase. */
static int
no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static int
open_tls(SSL_CTX **out, const struct conf *c, char *why, size_t cap)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (tls == NULL || SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) != 1)
		return settings_fail(why, cap, "TLS cannot be used: %s", tls_reason());
	*out = tls;
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_default_passwd_cb(tls, no_passphrase);
	if (c->ca_file != NULL ? trust(tls, c->ca_file, why, cap) < 0
			       : SSL_CTX_set_default_verify_paths(tls) != 1)
		return c->ca_file != NULL
			   ? -1
			   : settings_fail(why, cap, "the system's CAs: %s", tls_reason());
	return c->cert_file != NULL ? identify(tls, c, why, cap) : 0;
}

static void
syslog_close(void *state)
{
	struct collector *s = state;

	if (s == NULL)
		return;
	SSL_CTX_free(s->tls);
	free(s->host);
	free(s->port);
	free(s->sd_id);
	free(s->hostname);
	free(s->app_name);
	free(s);
}

static int
syslog_open(void **state, const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	struct collector *s;
	struct conf c;

	if (parse(&c, kv, n, why, cap) < 0)
		return -1;
	if ((s = calloc(1, sizeof(*s))) == NULL || !settings_copy(&s->host, c.host) ||
	    !settings_copy(&s->port, c.port != NULL ? c.port : default_ports[c.over]) ||
	    !settings_copy(&s->sd_id, c.sd_id) || !settings_copy(&s->hostname, c.hostname) ||
	    !settings_copy(&s->app_name, c.app_name)) {
		syslog_close(s);
		return settings_fail(why, cap, "out of memory");
	}
	s->over = c.over;
	s->facility = c.facility_number;
	s->timeout = c.timeout;
	if (s->over == TLS && open_tls(&s->tls, &c, why, cap) < 0) {
		syslog_close(s);
		return -1;
	}
	*state = s;
	return 0;
}

/* ---- a message ----------------------------------------------------------------------------------- */

static unsigned
severity_of(const struct candor_event *e)
{
	for (size_t i = 0; i < NELEM(severities); i++)
		if (strcmp(severities[i].name, e->severity) == 0)
			return severities[i].number;
	return 6;
}

/* A parameter's value: RFC 5424, section 6.3.3. */
static void
add_value(struct text *t, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\' || *s == ']')
			text_adds(t, "\\");
		text_add(t, s, 1);
	}
}

static void
add_parameter(struct text *t, const char *name, const char *value)
{
	if (*value == '\0')
		return;
	text_adds(t, " ");
	text_adds(t, name);
	text_adds(t, "=\"");
	add_value(t, value);
	text_adds(t, "\"");
}

/* A digest's events, as many as there is room for. */
static void
add_items(struct text *t, const struct candor_event *e)
{
	static const char more[] = "; and more";

	for (size_t i = 0; CANDOR_EVENT_HAS(e, n_items) && i < e->n_items; i++) {
		const struct candor_event *item = &e->items[i];
		size_t start = t->len;

		text_adds(t, i > 0 ? "; " : " ");
		text_adds(t, item->number);
		text_adds(t, " ");
		text_adds(t, item->kind);
		if (t->full || t->cap - t->len < sizeof(more)) {
			t->p[t->len = start] = '\0';
			t->full = false;
			text_adds(t, more);
			return;
		}
	}
}

static bool
is_day(const char *on)
{
	size_t i = 0;

	while (on[i] != '\0' && (i == 4 || i == 7 ? on[i] == '-' : on[i] >= '0' && on[i] <= '9'))
		i++;
	return i == 10 && on[i] == '\0';
}

/* The same bytes at every try: the time is midnight of the event's day, the finest that it knows. */
static void
compose(struct text *t, const struct collector *s, const struct candor_event *e)
{
	const struct values values = { .event = e };
	char number[16], kind[33], sentence[512];
	struct text words = TEXT(sentence);
	const signed char *p = (const signed char *)sentence;
	const char *name;

	snprintf(number, sizeof(number), "<%u>1 ", s->facility * 8 + severity_of(e));
	text_adds(t, number);
	text_adds(t, is_day(e->on) ? e->on : "-");
	text_adds(t, is_day(e->on) ? "T00:00:00Z " : " ");
	text_adds(t, s->hostname);
	text_adds(t, " ");
	text_adds(t, s->app_name);
	text_adds(t, " - ");
	snprintf(kind, sizeof(kind), "%s", e->kind);
	text_adds(t, token(kind, 32, "") ? kind : "-");
	text_adds(t, " [");
	text_adds(t, s->sd_id);
	for (size_t i = 0; (name = field_name(i)) != NULL; i++)
		add_parameter(t, name, field_value(e, i));
	text_adds(t, "] ");
	(void)template_fill(&words, kind_sentence(e->kind), &values, text_adds, false);
	/* Whoever wants UTF-8 in the message must be told: section 6.4. */
	while (*p > 0)
		p++;
	text_adds(t, *p != '\0' ? UTF8_BOM : "");
	text_adds(t, sentence);
	add_items(t, e);
}

/* ---- a connection -------------------------------------------------------------------------------- */

struct line {
	int fd; /* -1: none */
	SSL *ssl;
	int64_t until_ms;
	struct candor_answer *answer; /* where complaints go */
	const struct collector *to;
};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Always false. */
static bool
complain(struct line *l, const char *what)
{
	answer_say(l->answer, "%s:%s %.300s", l->to->host, l->to->port, what);
	return false;
}

/* Wait for events until there is no time left: false. */
static bool
wait_for(const struct line *l, short events, int64_t until_ms)
{
	struct pollfd p = { .fd = l->fd, .events = events };
	int64_t left;
	int n;

	do {
		if ((left = until_ms - now_ms()) <= 0)
			return false;
		n = poll(&p, 1, (int)left);
	} while (n == 0 || (n < 0 && errno == EINTR));
	return n > 0;
}

static bool
dial_one(struct line *l, const struct addrinfo *a)
{
	int failed = 0;
	socklen_t len = sizeof(failed);

	l->fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
	if (l->fd < 0)
		return false;
	if (connect(l->fd, a->ai_addr, a->ai_addrlen) == 0)
		return true;
	if (errno == EINPROGRESS) {
		errno = ETIMEDOUT;
		if (wait_for(l, POLLOUT, l->until_ms) &&
		    getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &failed, &len) == 0 && failed == 0)
			return true;
		errno = failed != 0 ? failed : errno;
	}
	failed = errno;
	close(l->fd);
	l->fd = -1;
	errno = failed;
	return false;
}

static bool
dial(struct line *l)
{
	const struct addrinfo hints = { .ai_socktype =
					    l->to->over == UDP ? SOCK_DGRAM : SOCK_STREAM };
	struct addrinfo *all;
	char why[128];
	int r = getaddrinfo(l->to->host, l->to->port, &hints, &all);

	if (r != 0) {
		snprintf(why, sizeof(why), "cannot be found: %s", gai_strerror(r));
		return complain(l, why);
	}
	for (const struct addrinfo *a = all; a != NULL && l->fd < 0; a = a->ai_next)
		(void)dial_one(l, a);
	freeaddrinfo(all);
	if (l->fd >= 0)
		return true;
	snprintf(why, sizeof(why), "cannot be reached: %s", strerror(errno));
	return complain(l, why);
}

/* Whether to call OpenSSL again after it returned r, when the line is ready for it. */
static bool
tls_again(struct line *l, int r, int64_t until_ms)
{
	switch (SSL_get_error(l->ssl, r)) {
	case SSL_ERROR_WANT_READ:
		return wait_for(l, POLLIN, until_ms);
	case SSL_ERROR_WANT_WRITE:
		return wait_for(l, POLLOUT, until_ms);
	default:
		return false;
	}
}

static bool
secure(struct line *l)
{
	struct in6_addr address;
	bool is_address = inet_pton(AF_INET, l->to->host, &address) == 1 ||
			  inet_pton(AF_INET6, l->to->host, &address) == 1;
	char why[256];
	long verdict;
	int r;

	ERR_clear_error();
	if ((l->ssl = SSL_new(l->to->tls)) == NULL || SSL_set_fd(l->ssl, l->fd) != 1 ||
	    (is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(l->ssl), l->to->host) != 1
			: SSL_set1_host(l->ssl, l->to->host) != 1 ||
			      SSL_set_tlsext_host_name(l->ssl, l->to->host) != 1))
		return complain(l, "TLS cannot be used");
	while ((r = SSL_connect(l->ssl)) != 1)
		if (!tls_again(l, r, l->until_ms))
			break;
	if (r == 1)
		return true;
	verdict = SSL_get_verify_result(l->ssl);
	snprintf(why, sizeof(why), "is not trusted over TLS: %s",
	    verdict != X509_V_OK      ? X509_verify_cert_error_string(verdict)
	    : now_ms() >= l->until_ms ? "no answer in time"
				      : tls_reason());
	return complain(l, why);
}

static bool
send_all(struct line *l, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = l->ssl != NULL ? SSL_write(l->ssl, p, (int)len)
					   : send(l->fd, p, len, MSG_NOSIGNAL);

		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else if (l->ssl != NULL ? !tls_again(l, (int)n, l->until_ms)
					  : (errno != EAGAIN && errno != EINTR) ||
						!wait_for(l, POLLOUT, l->until_ms)) {
			return complain(l, "hung up, or did not take the message in time");
		}
	}
	return true;
}

/* Has the other side's kernel acknowledged everything, our end of the connection included? */
static bool
all_acknowledged(const struct line *l)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	memset(&info, 0, sizeof(info));
	return getsockopt(l->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
	       (info.tcpi_state == TCP_FIN_WAIT2 || info.tcpi_state == TCP_TIME_WAIT);
}

/*
 * TLS: our farewell, and the other's, which alone cannot be forged on the way (RFC 5425, section 4.4). Its
 * session tickets come first.
 */
static bool
farewell(struct line *l, int64_t until)
{
	char buf[512];
	int r;

	if (SSL_shutdown(l->ssl) < 0)
		return complain(l, "broke the connection off");
	while ((r = SSL_read(l->ssl, buf, sizeof(buf))) > 0 || tls_again(l, r, until))
		;
	if (SSL_get_error(l->ssl, r) == SSL_ERROR_ZERO_RETURN)
		return true;
	snprintf(buf, sizeof(buf),
	    "did not say farewell, so that it may not have read the message: %s", tls_reason());
	return complain(l, buf);
}

/*
 * End our half and wait for the other: a collector that closes has read all of it. One that does not
 * within a while has at least the bytes; a connection that broke may have lost them.
 */
static bool
taken_in(struct line *l)
{
	int64_t until = now_ms() + CLOSE_MS < l->until_ms ? now_ms() + CLOSE_MS : l->until_ms;
	char buf[512];
	ssize_t n;

	if (l->ssl != NULL)
		return farewell(l, l->until_ms);
	if (shutdown(l->fd, SHUT_WR) < 0)
		return complain(l, "broke the connection off");
	while ((n = recv(l->fd, buf, sizeof(buf), 0)) != 0) {
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return complain(l, "broke the connection off before all was read");
		if (!wait_for(l, POLLIN, until))
			return all_acknowledged(l) ? true : complain(l, "does not take it in");
	}
	return true;
}

/* A datagram is gone; at most somebody says at once that nobody is there. */
static bool
not_refused(struct line *l)
{
	int failed = 0;
	socklen_t len = sizeof(failed);
	char why[128];

	(void)wait_for(l, POLLIN, now_ms() + UDP_WAIT_MS);
	if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &failed, &len) < 0 || failed == 0)
		return true;
	snprintf(why, sizeof(why), "refuses: %s", strerror(failed));
	return complain(l, why);
}

/* ---- delivery ------------------------------------------------------------------------------------ */

static enum candor_result
syslog_deliver(void *state, const struct candor_event *e, struct candor_answer *answer)
{
	struct collector *s = state;
	size_t max = s->over == UDP ? UDP_MAX : STREAM_MAX;
	struct text message = { .p = s->frame + FRAME_DIGITS, .cap = max + 1 };
	struct line l = { .fd = -1, .answer = answer, .to = s };
	char count[FRAME_DIGITS + 1];
	char *start = message.p;
	bool done;
	int n;

	if (!event_sound(e, answer->error, sizeof(answer->error)))
		return CANDOR_REFUSED;
	compose(&message, s, e);
	if (message.full) {
		answer_say(answer, "the event is larger than %zu bytes as a message", max);
		return CANDOR_REFUSED;
	}
	if (s->over != UDP) {
		n = snprintf(count, sizeof(count), "%zu ", message.len);
		start -= n;
		memcpy(start, count, (size_t)n);
	}
	l.until_ms = now_ms() + (int64_t)s->timeout * 1000;
	done = dial(&l) && (s->over != TLS || secure(&l)) &&
	       send_all(&l, start, (size_t)(message.p + message.len - start)) &&
	       (s->over == UDP ? not_refused(&l) : taken_in(&l));
	SSL_free(l.ssl);
	if (l.fd >= 0)
		close(l.fd);
	return done ? CANDOR_DELIVERED : CANDOR_RETRY;
}

CANDOR_PLUGIN_EXPORT const struct candor_plugin candor_plugin = {
	.abi = CANDOR_PLUGIN_ABI,
	.size = sizeof(struct candor_plugin),
	.name = "syslog",
	.version = CANDOR_VERSION,
	.check = syslog_check,
	.open = syslog_open,
	.deliver = syslog_deliver,
	.close = syslog_close,
};
