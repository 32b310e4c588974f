/* SPDX-License-Identifier: ISC */
/*
 * webhook: posts an event as JSON to a URL, signed as Standard Webhooks 1.0 says (standardwebhooks.com). A
 * plugin, in a host process of its own.
 *
 * It must never send in the clear but to this machine, to a server whose certificate no known CA
 * signed, or anywhere that a server's answer points to. What it sends holds no word of a report and no
 * hour but that of the sending itself: events exist only once a report was released.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "candor/plugin.h"

#include "common/event_json.h"
#include "common/fields.h"
#include "common/http.h"
#include "common/settings.h"

#define SECRETS_MAX 8
#define SECRET_PREFIX "whsec_"
#define SECRET_MIN_BYTES 24 /* Standard Webhooks: 24 to 64 bytes of randomness */
#define SECRET_MAX_BYTES 64
#define BODY_MAX EVENT_JSON_MAX
#define ANSWER_MAX 4096 /* only its first words are of interest */

struct conf {
	const char *url, *secret_file, *ca_file, *timeout_s;
	unsigned timeout_number;
};

struct secret {
	unsigned char key[SECRET_MAX_BYTES];
	size_t len;
};

struct webhook {
	struct http *http;
	char *url, *ca, *body;
	struct secret secrets[SECRETS_MAX];
	size_t n_secrets;
};

static int
parse(struct conf *c, const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	const struct setting known[] = { { "url", &c->url }, { "secret_file", &c->secret_file },
		{ "ca_file", &c->ca_file }, { "timeout_s", &c->timeout_s } };

	*c = (struct conf){ .timeout_number = HTTP_TIMEOUT_S };
	if (settings_read(known, NELEM(known), kv, n, why, cap) < 0)
		return -1;
	if (c->url == NULL)
		return settings_fail(why, cap, "url must be given: where events are posted to");
	if (c->secret_file == NULL)
		return settings_fail(why, cap,
		    "secret_file must be given: a file with a line " SECRET_PREFIX
		    "… that the receiver has too");
	if (http_check_url("url", c->url, true, why, cap) < 0)
		return -1;
	return settings_number(&c->timeout_number, "timeout_s", c->timeout_s, 1, 600,
	    ", and below the plugin's deadline", why, cap);
}

static int
webhook_check(const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	struct conf c;

	return parse(&c, kv, n, why, cap);
}

/* ---- life ---------------------------------------------------------------------------------------- */

static int
read_secrets(struct webhook *w, const char *path, char *why, size_t cap)
{
	const size_t prefix = sizeof(SECRET_PREFIX) - 1;
	char *text = settings_file("secret_file", path, NULL, why, cap);
	unsigned line = 0;
	int r = 0;

	if (text == NULL)
		return -1;
	for (char *s = text, *next; r == 0 && *s != '\0'; s = next) {
		struct secret *to = &w->secrets[w->n_secrets];

		next = s + strcspn(s, "\n");
		next += *next == '\n';
		s[strcspn(s, "\r\n")] = '\0';
		line++;
		if (*s == '\0')
			continue;
		if (w->n_secrets == SECRETS_MAX)
			r = settings_fail(why, cap, "secret_file: %s holds more than %d secrets",
			    path, SECRETS_MAX);
		else if (strncmp(s, SECRET_PREFIX, prefix) != 0 ||
			 sodium_base642bin(to->key, sizeof(to->key), s + prefix, strlen(s + prefix),
			     NULL, &to->len, NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
			 to->len < SECRET_MIN_BYTES)
			r = settings_fail(why, cap,
			    "secret_file: line %u of %s must be " SECRET_PREFIX
			    " and %d to %d bytes in base64",
			    line, path, SECRET_MIN_BYTES, SECRET_MAX_BYTES);
		else
			w->n_secrets++;
	}
	if (r == 0 && w->n_secrets == 0)
		r = settings_fail(why, cap, "secret_file: %s holds no secret", path);
	text_wipe(text);
	return r;
}

static void
webhook_close(void *state)
{
	struct webhook *w = state;

	if (w == NULL)
		return;
	http_free(w->http);
	free(w->url);
	free(w->ca);
	free(w->body);
	sodium_memzero(w, sizeof(*w));
	free(w);
}

static int
webhook_open(void **state, const struct candor_kv *kv, size_t n, char *why, size_t cap)
{
	struct webhook *w;
	struct conf c;
	size_t ca_len = 0;

	if (parse(&c, kv, n, why, cap) < 0)
		return -1;
	if (sodium_init() < 0 || (w = calloc(1, sizeof(*w))) == NULL)
		return settings_fail(why, cap, "out of memory");
	if (read_secrets(w, c.secret_file, why, cap) < 0 ||
	    (c.ca_file != NULL && (w->ca = settings_ca(c.ca_file, &ca_len, why, cap)) == NULL) ||
	    (w->http = http_new(w->ca, ca_len, c.timeout_number, ANSWER_MAX, why, cap)) == NULL) {
		webhook_close(w);
		return -1;
	}
	if (!settings_copy(&w->url, c.url) || (w->body = malloc(BODY_MAX)) == NULL) {
		webhook_close(w);
		return settings_fail(why, cap, "out of memory");
	}
	*state = w;
	return 0;
}

/* ---- delivery ------------------------------------------------------------------------------------ */

/*
 * {"type", "timestamp", "data"}, as Standard Webhooks proposes. The same bytes at every try: the timestamp
 * is midnight of the event's day, the finest that it knows.
 */
static void
compose(struct text *out, const struct candor_event *e)
{
	char type[64], day[32];

	snprintf(type, sizeof(type), "%s%.40s", *e->number != '\0' ? "case." : "", e->kind);
	snprintf(day, sizeof(day), "%.10sT00:00:00Z", e->on);
	text_adds(out, "{\"type\":");
	text_json(out, type);
	text_adds(out, ",\"timestamp\":");
	text_json(out, day);
	text_adds(out, ",\"data\":");
	event_json_fields(out, e, true);
	if (strcmp(e->kind, "digest") == 0)
		event_json_items(out, e, true);
	text_adds(out, "}}");
}

/* v1,BASE64(HMAC-SHA256(secret, id.timestamp.body)), one for each secret, blanks between. */
static void
sign(struct text *out, const struct webhook *w, const char *id, const char *timestamp,
    const struct text *body)
{
	for (size_t i = 0; i < w->n_secrets; i++) {
		crypto_auth_hmacsha256_state mac;
		unsigned char digest[crypto_auth_hmacsha256_BYTES];

		crypto_auth_hmacsha256_init(&mac, w->secrets[i].key, w->secrets[i].len);
		crypto_auth_hmacsha256_update(&mac, (const unsigned char *)id, strlen(id));
		crypto_auth_hmacsha256_update(&mac, (const unsigned char *)".", 1);
		crypto_auth_hmacsha256_update(
		    &mac, (const unsigned char *)timestamp, strlen(timestamp));
		crypto_auth_hmacsha256_update(&mac, (const unsigned char *)".", 1);
		crypto_auth_hmacsha256_update(&mac, (const unsigned char *)body->p, body->len);
		crypto_auth_hmacsha256_final(&mac, digest);
		sodium_memzero(&mac, sizeof(mac));
		text_adds(out, i > 0 ? " v1," : "v1,");
		text_base64(out, (const char *)digest, sizeof(digest), SIZE_MAX);
	}
}

static enum candor_result
webhook_deliver(void *state, const struct candor_event *e, struct candor_answer *answer)
{
	struct webhook *w = state;
	struct text body = { .p = w->body, .cap = BODY_MAX };
	char id[64], stamp[32], timestamp[64], line[64 + 64 * SECRETS_MAX], words[200];
	struct text signature = TEXT(line), excerpt = TEXT(words);
	const char *const headers[] = { "Content-Type: application/json",
		"Accept: application/json", id, timestamp, line };
	struct http_request q = { "POST", w->url, headers, NELEM(headers), w->body, 0 };
	struct http_answer a;

	if (!event_sound(e, answer->error, sizeof(answer->error)))
		return CANDOR_REFUSED;
	compose(&body, e);
	if (body.full) {
		answer_say(answer, "the event is larger than %u bytes as JSON", BODY_MAX);
		return CANDOR_REFUSED;
	}
	q.body_len = body.len;
	snprintf(stamp, sizeof(stamp), "%" PRId64, (int64_t)time(NULL));
	snprintf(id, sizeof(id), "webhook-id: %s", e->key);
	snprintf(timestamp, sizeof(timestamp), "webhook-timestamp: %s", stamp);
	text_adds(&signature, "webhook-signature: ");
	sign(&signature, w, e->key, stamp, &body);

	http_begin(w->http);
	if (!http_ask(w->http, &q, &a)) {
		answer_say(answer, "%s", a.error);
		return CANDOR_RETRY;
	}
	if (http_judge(a.status) == CANDOR_DELIVERED)
		return CANDOR_DELIVERED;
	answer->retry_after_s = a.retry_after_s;
	http_excerpt(&excerpt, &a);
	answer_say(answer, "%.*s answers %u%s%s%s", http_origin(w->url), w->url, a.status,
	    a.status >= 300 && a.status < 400 ? ", to ask elsewhere: url must be the last address"
	    : a.status == 410                 ? ", gone: it wants no more events"
					      : "",
	    excerpt.len > 0 ? ": " : "", words);
	return http_judge(a.status);
}

CANDOR_PLUGIN_EXPORT const struct candor_plugin candor_plugin = {
	.abi = CANDOR_PLUGIN_ABI,
	.size = sizeof(struct candor_plugin),
	.name = "webhook",
	.version = CANDOR_VERSION,
	.check = webhook_check,
	.open = webhook_open,
	.deliver = webhook_deliver,
	.close = webhook_close,
};
