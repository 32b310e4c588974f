/* SPDX-License-Identifier: ISC */
/* The audit log as everybody can check it: see candor/auditline.h. Pure. */
#include "candor/auditline.h"

#include <stdio.h>

#include <sodium/crypto_generichash.h>
#include <sodium/utils.h>

static void
feed(crypto_generichash_state *h, const void *p, size_t len)
{
	uint64_t n = len;

	crypto_generichash_update(h, (const unsigned char *)&n, sizeof(n));
	crypto_generichash_update(h, p, len);
}

/* Lengths stand before fields; numbers are little-endian, as on every machine that Candor runs on. */
void
audit_line_hash(uint8_t out[AUDIT_HASH_BYTES], struct span before, const struct audit_line *line)
{
	const int64_t numbers[] = { line->n, line->day, line->number };
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, AUDIT_HASH_BYTES);
	feed(&h, before.p, before.len);
	feed(&h, numbers, sizeof(numbers));
	feed(&h, line->actor.p, line->actor.len);
	feed(&h, line->action.p, line->action.len);
	feed(&h, line->detail.p, line->detail.len);
	crypto_generichash_final(&h, out, AUDIT_HASH_BYTES);
}

void
audit_head_text(char out[AUDIT_HEAD_CHARS], const uint8_t site_id[SITE_ID_BYTES], day_t day,
    const uint8_t hash[AUDIT_HASH_BYTES])
{
	char site[2 * SITE_ID_BYTES + 1], hex[2 * AUDIT_HASH_BYTES + 1], on[DAY_CHARS + 1];

	sodium_bin2hex(site, sizeof(site), site_id, SITE_ID_BYTES);
	sodium_bin2hex(hex, sizeof(hex), hash, AUDIT_HASH_BYTES);
	day_format(on, day);
	snprintf(out, AUDIT_HEAD_CHARS, "candor-audit-head 1\nsite %s\nday %s\nhash %s\n", site, on,
	    hex);
}
