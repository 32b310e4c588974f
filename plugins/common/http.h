/* SPDX-License-Identifier: ISC */
/*
 * HTTP for plugins, over libcurl: the certificate is always verified, nothing is followed, no proxy, no
 * cookie, one deadline for all that one delivery asks, and answers of a size that is known beforehand.
 * In a host process only.
 */
#ifndef CANDOR_PLUGIN_HTTP_H
#define CANDOR_PLUGIN_HTTP_H

#include "candor/plugin.h"

#include "common/text.h"

#define HTTP_TIMEOUT_S 25 /* below the 30 s after which the daemon gives a plugin up */
#define HTTP_ANSWER_MAX (1u << 20)
#define HTTP_HEADERS_MAX 16

struct http;

struct http_request {
	const char *method; /* "GET", "POST", "PUT" … */
	const char *url;
	const char *const *headers; /* "Name: value", without control characters */
	size_t n_headers;
	const char *body; /* NULL: none */
	size_t body_len;
};

struct http_answer {
	unsigned status; /* 0: there was none, and error says why */
	char *body;      /* NUL-terminated; http's until its next request */
	size_t len;
	bool cut;               /* the body was longer than was wanted */
	uint32_t retry_after_s; /* Retry-After, as seconds or as a date; 0: none */
	char error[400];
};

/*
 * Is this a URL that may be asked: https, or http to this machine; a host; no user, no fragment, no
 * control character? 0, or -1 and a sentence about `setting`. `query`: may it have one? Pure.
 */
int http_check_url(const char *setting, const char *url, bool query, char *why, size_t cap);

/* Of a URL, the bytes up to its path: what a log may show, as the rest can be a secret. For "%.*s". */
int http_origin(const char *url);

/*
 * A client. ca (PEM; NULL: the system's CAs) is not copied. answer_max: bytes of a body that are wanted, up to
 * HTTP_ANSWER_MAX. timeout_s: for all requests after http_begin(). NULL and why when libcurl cannot.
 */
struct http *http_new(
    const char *ca, size_t ca_len, unsigned timeout_s, size_t answer_max, char *why, size_t cap);
/* NULL is fine. */
void http_free(struct http *h);

/* A delivery begins: its time runs. */
void http_begin(struct http *h);

/* Whole milliseconds that are left of it; 0: none. */
long http_left_ms(const struct http *h);

/* Ask, and wait for the answer. Blocks as long as there is time. False: no answer; a->error says why. */
bool http_ask(struct http *h, const struct http_request *q, struct http_answer *a);

/*
 * What a status means for a delivery: 2xx delivered; 408, 409, 412, 423, 425, 429, 5xx and no answer at all
 * (0): again; the rest: refused.
 */
enum candor_result http_judge(unsigned status);

/* Of an answer's body, what people can read: its first words on one line. */
void http_excerpt(struct text *out, const struct http_answer *a);

#endif
