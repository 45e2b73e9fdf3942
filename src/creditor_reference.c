/*
 * creditor_reference.c
 *		The check digits of a creditor reference, ISO 11649.
 *
 * "RF", two check digits and up to 21 letters and digits.  With the first four
 * characters moved to the end and letters read as 10 to 35, the number leaves 1
 * when divided by 97 (ISO 7064, MOD 97-10).
 */
#include "cc_compat.h"

#include "slice.h"

#include "fmgr.h"

#define MAX_REFERENCE 25

/* The remainder after a further digit or letter, or -1 if it is neither. */
static int
take_character(int remainder, char c)
{
	if (is_digit(c))
		return (remainder * 10 + (c - '0')) % 97;
	if (c >= 'A' && c <= 'Z')
		return (remainder * 100 + (c - 'A' + 10)) % 97;
	return -1;
}

static bool
is_creditor_reference(Slice text)
{
	char		reference[MAX_REFERENCE] = {0};
	int			len = 0;
	int			remainder = 0;
	int			digits;

	/* Printed in groups of four, and people type small letters. */
	for (const char *p = text.start; p < text.end; p++)
	{
		if (*p == ' ')
			continue;
		if (len == MAX_REFERENCE)
			return false;
		reference[len++] = *p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p;
	}
	if (len < 5 || reference[0] != 'R' || reference[1] != 'F' ||
		!is_digit(reference[2]) || !is_digit(reference[3]))
		return false;

	/* They are made as 98 less a remainder; 00, 01 and 99 would pass for 97, 98 and 02. */
	digits = (reference[2] - '0') * 10 + (reference[3] - '0');
	if (digits < 2 || digits > 98)
		return false;

	for (int i = 0; i < len && remainder >= 0; i++)
		remainder = take_character(remainder, reference[(i + 4) % len]);
	return remainder == 1;
}

PG_FUNCTION_INFO_V1(cc_is_creditor_reference);
Datum
cc_is_creditor_reference(PG_FUNCTION_ARGS)
{
	text	   *reference = PG_GETARG_TEXT_PP(0);
	const char *start = VARDATA_ANY(reference);

	PG_RETURN_BOOL(is_creditor_reference(slice_make(start, start + VARSIZE_ANY_EXHDR(reference))));
}
