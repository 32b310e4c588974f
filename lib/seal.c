/* SPDX-License-Identifier: ISC */
/*
 * Sealing: see candor/seal.h. Runs in intake and in officers' clients; must leave no copy of a
 * case's identity behind. Curve operations are what a report costs: count every further one.
 */
#include "candor/seal.h"

#include <string.h>

#include <sodium.h>

#include "candor/pad.h"

/* The secret file's content: what age takes as an identity file, so that age alone can open a case
 * whose secret somebody decrypted. */
#define SECRET_BYTES (AGE_IDENTITY_CHARS + 1)

static bool
is_among(const struct officer *o, const struct officer *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == o)
			return true;
	}
	return false;
}

int
seal_case(struct arena *a, struct sealed_case *out, const struct directory *d,
    const uint8_t identity[AGE_KEY_BYTES], const uint8_t recipient[AGE_KEY_BYTES],
    const char *category, unsigned roles_mask, const struct officer *const *keep_out,
    size_t n_keep_out)
{
	struct sealed_case c = { .n_readers = 0 };
	int r;

	for (size_t i = 0; i < d->n_officers; i++) {
		const struct officer *o = &d->officers[i];

		if (officer_serves(o, category, roles_mask) && !is_among(o, keep_out, n_keep_out) &&
		    c.n_readers < NELEM(c.readers))
			c.readers[c.n_readers++] = o;
	}
	if (c.n_readers == 0)
		return CANDOR_ENOTFOUND;
	memcpy(c.recipient, recipient, sizeof(c.recipient));
	r = seal_rewrap(a, &c.secret, identity, c.readers, c.n_readers, d->escrow);
	if (r == 0)
		*out = c;
	return r;
}

int
seal_rewrap(struct arena *a, struct span *out, const uint8_t identity[AGE_KEY_BYTES],
    const struct officer *const *readers, size_t n_readers, const uint8_t escrow[AGE_KEY_BYTES])
{
	uint8_t recipients[DIRECTORY_OFFICERS_MAX + 1][AGE_KEY_BYTES];
	char secret[SECRET_BYTES + 1];
	int r;

	if (n_readers > DIRECTORY_OFFICERS_MAX)
		return CANDOR_EINVAL;
	for (size_t i = 0; i < n_readers; i++)
		memcpy(recipients[i], readers[i]->keys.age, AGE_KEY_BYTES);
	memcpy(recipients[n_readers], escrow, AGE_KEY_BYTES);
	age_identity_format(secret, identity);
	secret[AGE_IDENTITY_CHARS] = '\n';
	r = age_seal(a, out, (const uint8_t *)secret, SECRET_BYTES,
	    (const uint8_t(*)[AGE_KEY_BYTES])recipients, n_readers + 1);
	sodium_memzero(secret, sizeof(secret));
	return r;
}

int
seal_open_case(struct arena *a, uint8_t identity[AGE_KEY_BYTES], struct span secret,
    const uint8_t officer[AGE_KEY_BYTES])
{
	arena_mark_t mark = arena_mark(a);
	struct span plain;
	int r = age_open(a, &plain, secret.p, secret.len, officer);

	if (r == 0 &&
	    (plain.len != SECRET_BYTES || plain.p[SECRET_BYTES - 1] != '\n' ||
		age_identity_parse(identity, (const char *)plain.p, AGE_IDENTITY_CHARS) < 0))
		r = CANDOR_EBADMSG;
	arena_release(a, mark);
	return r;
}

int
seal_entry(struct arena *a, struct span *out, const uint8_t *plain, size_t len,
    const uint8_t recipient[AGE_KEY_BYTES], const uint8_t *receipt)
{
	uint8_t recipients[2][AGE_KEY_BYTES];
	size_t padded_len = pad_size(len);
	uint8_t *padded = arena_alloc(a, padded_len);

	if (padded == NULL)
		return CANDOR_ENOMEM;
	if (len > 0)
		memcpy(padded, plain, len);
	pad_apply(padded, len);
	memcpy(recipients[0], recipient, AGE_KEY_BYTES);
	if (receipt != NULL)
		memcpy(recipients[1], receipt, AGE_KEY_BYTES);
	return age_seal(a, out, padded, padded_len, (const uint8_t(*)[AGE_KEY_BYTES])recipients,
	    receipt != NULL ? 2 : 1);
}

int
seal_open_entry(
    struct arena *a, struct span *out, struct span sealed, const uint8_t identity[AGE_KEY_BYTES])
{
	arena_mark_t mark = arena_mark(a);
	struct span padded;
	size_t len;
	int r = age_open(a, &padded, sealed.p, sealed.len, identity);

	if (r < 0)
		return r;
	if ((r = pad_remove(padded.p, padded.len, &len)) < 0) {
		arena_release(a, mark);
		return r;
	}
	*out = (struct span){ padded.p, len };
	return 0;
}
