/* SPDX-License-Identifier: ISC */
/* Case numbers: see candor/number.h. */
#include "candor/number.h"

#include <string.h>

static const char form[] = "C-dddd-dddd";
static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void
number_format(char out[NUMBER_CHARS + 1], int64_t number)
{
	memcpy(out, form, sizeof(form));
	for (size_t i = NUMBER_CHARS; i-- > 0;) {
		if (form[i] != 'd')
			continue;
		out[i] = digits[number & 31];
		number >>= 5;
	}
}

static int
digit_of(char c)
{
	const char *at;

	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'O')
		c = '0';
	if (c == 'I' || c == 'L')
		c = '1';
	at = c != '\0' ? strchr(digits, c) : NULL;
	return at != NULL ? (int)(at - digits) : -1;
}

int
number_parse(int64_t *out, const char *text)
{
	int64_t number = 0;

	if (strlen(text) != NUMBER_CHARS)
		return CANDOR_EINVAL;
	for (size_t i = 0; i < NUMBER_CHARS; i++) {
		int digit = digit_of(text[i]);

		if (form[i] != 'd') {
			if (text[i] != form[i] && !(form[i] == 'C' && text[i] == 'c'))
				return CANDOR_EINVAL;
			continue;
		}
		if (digit < 0)
			return CANDOR_EINVAL;
		number = number << 5 | digit;
	}
	*out = number;
	return 0;
}
