/* SPDX-License-Identifier: ISC */
/* HTTP over libcurl: see http.h. Never sends to a server whose certificate no known CA signed. */
#include "common/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "common/settings.h"

#define CONNECT_TIMEOUT_MS 10000L
#define IDLE_MAX_S 30L
#define RETRY_AFTER_MAX_S (7 * 86400)
#define EXCERPT_BYTES 160

struct http {
	CURL *curl;
	const char *ca;
	size_t ca_len;
	unsigned timeout_s;
	int64_t until_ms;
	char *body;
	size_t body_cap;
};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int
http_check_url(const char *setting, const char *url, bool query, char *why, size_t cap)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *host = NULL, *user = NULL, *fragment = NULL, *asked = NULL;
	int r = -1;

	if (u != NULL && !text_has_control(url, "") && strchr(url, ' ') == NULL &&
	    curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK) {
		curl_url_get(u, CURLUPART_SCHEME, &scheme, 0);
		curl_url_get(u, CURLUPART_HOST, &host, 0);
		curl_url_get(u, CURLUPART_USER, &user, 0);
		curl_url_get(u, CURLUPART_FRAGMENT, &fragment, 0);
		curl_url_get(u, CURLUPART_QUERY, &asked, 0);
	}
	if (scheme == NULL || host == NULL || user != NULL || fragment != NULL ||
	    (asked != NULL && !query))
		settings_fail(why, cap,
		    "%s = \"%.80s\" must be a URL: https://host[:port][/path], without a user, a "
		    "password, %sa fragment or a blank",
		    setting, url, query ? "" : "a query, ");
	else if (strcmp(scheme, "http") == 0 && !settings_is_loopback(host))
		settings_fail(why, cap,
		    "%s = \"%.80s\" must begin with https://: http:// is allowed only to "
		    "localhost, 127.* or [::1], since nothing may cross a network in the clear",
		    setting, url);
	else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
		settings_fail(why, cap, "%s = \"%.80s\" must begin with https://", setting, url);
	else
		r = 0;
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_free(fragment);
	curl_free(asked);
	curl_url_cleanup(u);
	return r;
}

int
http_origin(const char *url)
{
	const char *host = strstr(url, "://");
	size_t len = host != NULL ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?") : 0;

	return len < 120 ? (int)len : 120;
}

struct http *
http_new(
    const char *ca, size_t ca_len, unsigned timeout_s, size_t answer_max, char *why, size_t cap)
{
	struct http *h;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		settings_fail(why, cap, "libcurl cannot be used");
		return NULL;
	}
	if (answer_max > HTTP_ANSWER_MAX)
		answer_max = HTTP_ANSWER_MAX;
	if ((h = calloc(1, sizeof(*h))) == NULL || (h->body = malloc(answer_max + 1)) == NULL ||
	    (h->curl = curl_easy_init()) == NULL) {
		settings_fail(why, cap, "out of memory");
		if (h != NULL)
			free(h->body);
		free(h);
		curl_global_cleanup();
		return NULL;
	}
	h->ca = ca;
	h->ca_len = ca_len;
	h->timeout_s = timeout_s;
	h->body_cap = answer_max;
	return h;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	curl_easy_cleanup(h->curl);
	free(h->body);
	free(h);
	curl_global_cleanup();
}

void
http_begin(struct http *h)
{
	h->until_ms = now_ms() + (int64_t)h->timeout_s * 1000;
}

long
http_left_ms(const struct http *h)
{
	int64_t left = h->until_ms - now_ms();

	return left > 0 ? (long)left : 0;
}

struct receiver {
	struct http *h;
	struct http_answer *a;
};

/* More than is wanted ends the transfer: what counts stood before it. */
static size_t
take(char *p, size_t size, size_t n, void *arg)
{
	struct receiver *to = arg;
	size_t len = size * n, room = to->h->body_cap - to->a->len;

	if (len > room) {
		to->a->cut = true;
		len = room;
	}
	memcpy(to->h->body + to->a->len, p, len);
	to->a->len += len;
	to->h->body[to->a->len] = '\0';
	return to->a->cut ? CURL_WRITEFUNC_ERROR : len;
}

static struct curl_slist *
header_list(const struct http_request *q)
{
	/* Not what libcurl would add of itself. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:"), *more;

	for (size_t i = 0; list != NULL && i < q->n_headers; i++) {
		if ((more = curl_slist_append(list, q->headers[i])) == NULL) {
			curl_slist_free_all(list);
			return NULL;
		}
		list = more;
	}
	return list;
}

static void
explain(struct http_answer *a, const char *url, CURLcode code, const char *detail)
{
	int len = http_origin(url);

	if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
		snprintf(a->error, sizeof(a->error),
		    "the certificate of %.*s is not one that a known CA signed for that name: %s; "
		    "ca_file names a CA of your own",
		    len, url, detail);
	else
		snprintf(a->error, sizeof(a->error), "%.*s: %s", len, url,
		    *detail != '\0' ? detail : curl_easy_strerror(code));
}

bool
http_ask(struct http *h, const struct http_request *q, struct http_answer *a)
{
	struct curl_blob ca = { (void *)(uintptr_t)h->ca, h->ca_len, CURL_BLOB_NOCOPY };
	struct receiver to = { h, a };
	char detail[CURL_ERROR_SIZE] = "";
	bool reads = strcmp(q->method, "GET") == 0;
	struct curl_slist *headers;
	long left = http_left_ms(h), status = 0;
	curl_off_t later = 0;
	CURL *c = h->curl;
	CURLcode code;

	memset(a, 0, sizeof(*a));
	a->body = h->body;
	h->body[0] = '\0';
	if (left == 0) {
		explain(a, q->url, CURLE_OPERATION_TIMEDOUT, "no time is left (timeout_s)");
		return false;
	}
	if ((headers = header_list(q)) == NULL) {
		explain(a, q->url, CURLE_OUT_OF_MEMORY, "");
		return false;
	}
	curl_easy_reset(c); /* keeps the connection */
	curl_easy_setopt(c, CURLOPT_URL, q->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(
	    c, CURLOPT_CONNECTTIMEOUT_MS, left < CONNECT_TIMEOUT_MS ? left : CONNECT_TIMEOUT_MS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, left);
	curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, IDLE_MAX_S);
	/* On a connection that was idle, libcurl may send a request twice: not one that changes something. */
	curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, reads ? 0L : 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (h->ca != NULL) {
		curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &ca);
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL); /* that CA, and no other */
	}
	curl_easy_setopt(c, CURLOPT_USERAGENT, "Candor/" CANDOR_VERSION);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	if (q->body != NULL) {
		curl_easy_setopt(c, CURLOPT_POST, 1L);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_len);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, q->body);
	}
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &to);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, detail);
	code = curl_easy_perform(c);
	/* They lie on this stack. */
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);

	if (code == CURLE_OK || a->cut) {
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
		curl_easy_getinfo(c, CURLINFO_RETRY_AFTER, &later);
		a->status = status > 0 && status < 1000 ? (unsigned)status : 0;
		if (later > 0)
			a->retry_after_s =
			    (uint32_t)(later < RETRY_AFTER_MAX_S ? later : RETRY_AFTER_MAX_S);
	}
	if (a->status == 0)
		explain(a, q->url, code, detail);
	return a->status != 0;
}

enum candor_result
http_judge(unsigned status)
{
	/* Timeout, conflict, precondition, locked, too early, too many: they pass. */
	static const unsigned pass[] = { 0, 408, 409, 412, 423, 425, 429 };

	if (status >= 200 && status < 300)
		return CANDOR_DELIVERED;
	for (size_t i = 0; i < NELEM(pass); i++)
		if (status == pass[i])
			return CANDOR_RETRY;
	return status >= 500 ? CANDOR_RETRY : CANDOR_REFUSED;
}

void
http_excerpt(struct text *out, const struct http_answer *a)
{
	bool blank = false;

	for (size_t i = 0; i < a->len && i < EXCERPT_BYTES; i++) {
		unsigned char c = (unsigned char)a->body[i];

		if (c <= 0x20 || c == 0x7f) {
			blank = out->len > 0;
			continue;
		}
		if (blank)
			text_adds(out, " ");
		blank = false;
		text_add(out, a->body + i, 1);
	}
}
