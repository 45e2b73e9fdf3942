/*
 * mod_97.c
 *		Check digits of IBAN and of creditor references.
 */
#include "cc_compat.h"

#include "mod_97.h"

/* The number so far, with one more character behind it. */
static inline int
append_mod_97(int sum, char c)
{
	if (c >= 'A' && c <= 'Z')
		return (sum * 100 + c - 'A' + 10) % 97;
	return (sum * 10 + c - '0') % 97;
}

int
mod_97(const char *code, int length)
{
	int			sum = 0;

	for (int i = CREDITOR_REFERENCE_HEAD; i < length; i++)
		sum = append_mod_97(sum, code[i]);
	for (int i = 0; i < CREDITOR_REFERENCE_HEAD && i < length; i++)
		sum = append_mod_97(sum, code[i]);
	return sum;
}

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
is_creditor_reference(const char *code, int length)
{
	int			check;

	if (length <= CREDITOR_REFERENCE_HEAD || length > CREDITOR_REFERENCE_MAX ||
		code[0] != 'R' || code[1] != 'F' || !is_digit(code[2]) || !is_digit(code[3]))
		return false;
	for (int i = CREDITOR_REFERENCE_HEAD; i < length; i++)
		if (!is_digit(code[i]) && !(code[i] >= 'A' && code[i] <= 'Z'))
			return false;

	/* They are made as 98 less a remainder; 00, 01 and 99 would pass for 97, 98 and 02. */
	check = (code[2] - '0') * 10 + (code[3] - '0');
	return check >= 2 && check <= 98 && mod_97(code, length) == 1;
}
