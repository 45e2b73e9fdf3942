/*
 * reference_key.c
 *		The normal form of a document number.
 *
 * "Inv. 00123", "INV-123" and "inv/123" are one number to people, so they have
 * one key, INV123, which an index can hold.
 */
#include "cc_compat.h"

#include "reference_key.h"

/*
 * Beyond ASCII, punctuation and spaces by ranges of UTF-8 bytes: U+0080 to
 * U+00BF, U+2000 to U+206F (dashes, quotes, spaces), U+2116 (numero sign),
 * U+20A0 to U+20CF (currency signs), U+3000 to U+303F, U+FEFF.
 */
static bool
is_utf8_separator(const unsigned char *p, int length)
{
	unsigned	code;

	if (length == 2)
		return p[0] == 0xC2;
	if (length != 3)
		return false;
	code = (p[0] & 0x0F) << 12 | (p[1] & 0x3F) << 6 | (p[2] & 0x3F);
	return (code >= 0x2000 && code <= 0x206F) || (code >= 0x20A0 && code <= 0x20CF) ||
		code == 0x2116 || (code >= 0x3000 && code <= 0x303F) || code == 0xFEFF;
}

/* Full-width forms U+FF01 to U+FF5E stand for ASCII 0x21 to 0x7E; 0 for any other character. */
static char
full_width_ascii(const unsigned char *p, int length)
{
	unsigned	code;

	if (length != 3 || p[0] != 0xEF)
		return 0;
	code = (p[0] & 0x0F) << 12 | (p[1] & 0x3F) << 6 | (p[2] & 0x3F);
	return code >= 0xFF01 && code <= 0xFF5E ? (char) (code - 0xFF01 + 0x21) : 0;
}

ReferenceChar
reference_char(const char *p, const char *end, bool utf8, int *length, char *ascii)
{
	const unsigned char *u = (const unsigned char *) p;
	char		c = *p;

	*length = 1;
	*ascii = 0;
	if (IS_HIGHBIT_SET(c))
	{
		/* Elsewhere any such byte is (part of) a letter. */
		if (!utf8)
			return REFERENCE_LETTER;
		*length = u[0] >= 0xF0 ? 4 : u[0] >= 0xE0 ? 3 : u[0] >= 0xC0 ? 2 : 1;
		if (*length > end - p)
			*length = end - p;
		c = full_width_ascii(u, *length);
		if (c == 0)
			return is_utf8_separator(u, *length) ? REFERENCE_SEPARATOR : REFERENCE_LETTER;
	}
	if (c >= '0' && c <= '9')
	{
		*ascii = c;
		return REFERENCE_DIGIT;
	}
	if (c >= 'a' && c <= 'z')
		c += 'A' - 'a';
	if (c >= 'A' && c <= 'Z')
	{
		*ascii = c;
		return REFERENCE_LETTER;
	}
	return REFERENCE_SEPARATOR;
}

int
reference_strip(const char *text, int length, bool utf8, bool marks, char *stripped)
{
	const char *end = text + length;
	int			n = 0;
	bool		after_number = false;	/* only separators stand between a number and here */

	while (text < end)
	{
		int			bytes;
		char		ascii;
		ReferenceChar kind = reference_char(text, end, utf8, &bytes, &ascii);

		if (kind != REFERENCE_SEPARATOR)
		{
			/* At least one separator has been left out, so there is room. */
			if (marks && after_number && kind == REFERENCE_DIGIT &&
				stripped[n - 1] >= '0' && stripped[n - 1] <= '9')
				stripped[n++] = REFERENCE_MARK;
			after_number = false;
			if (ascii)
				stripped[n++] = ascii;
			else
			{
				memcpy(stripped + n, text, bytes);
				n += bytes;
			}
		}
		else
			after_number = n > 0;
		text += bytes;
	}
	return n;
}

char
reference_twin(char c)
{
	switch (c)
	{
		case 'O':
		case 'Q':
			return '0';
		case 'I':
		case 'L':
			return '1';
		case 'Z':
			return '2';
		case 'S':
			return '5';
		case 'G':
			return '6';
		case 'B':
			return '8';
		default:
			return c;
	}
}

/* Leave out the leading zeros of every number, of a number of zeros alone all but one; and the marks. */
static int
without_zeros(const char *stripped, int length, ReferenceForm form, char *key)
{
	bool		in_number = false;	/* a digit has been kept of the number at hand */
	bool		zeros = false;	/* only zeros have been left out of it so far */
	int			n = 0;

	for (int i = 0; i < length; i++)
	{
		char		c = form == REFERENCE_TWINS ? reference_twin(stripped[i]) : stripped[i];

		if (c == REFERENCE_MARK && form == REFERENCE_JOINED)
			continue;
		if (c == '0' && !in_number)
		{
			zeros = true;
			continue;
		}
		if (c >= '0' && c <= '9')
			in_number = true;
		else
		{
			if (zeros)
				key[n++] = '0';
			in_number = false;
		}
		zeros = false;
		if (c != REFERENCE_MARK)
			key[n++] = c;
	}
	if (zeros)
		key[n++] = '0';
	return n;
}

int
reference_normal(const char *stripped, int length, ReferenceForm form, char *key)
{
	int			n = without_zeros(stripped, length, form, key);

	/* 0-5 has become 05, one number now.  A place is written only after it has been read. */
	return form == REFERENCE_JOINED ? n : without_zeros(key, n, REFERENCE_JOINED, key);
}
