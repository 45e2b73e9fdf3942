/*
 * edit_distance.c
 *		Levenshtein distance, for any text and for many short words.
 */
#include "cc_compat.h"

#include "edit_distance.h"
#include "money.h"
#include "reference_key.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

/* Time and memory grow with the product of both lengths; no document number is so long. */
#define MAX_CHARACTERS 1000

int
edit_similarity(int edits, int longer)
{
	if (longer == 0)
		return EDIT_SIMILARITY_ONE;
	return ((longer - edits) * EDIT_SIMILARITY_ONE + longer / 2) / longer;
}

static inline int
symbol_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return -1;
}

bool
edit_pattern(const char *word, int length, EditPattern *pattern)
{
	if (length < 1 || length > EDIT_PATTERN_MAX)
		return false;
	memset(pattern, 0, sizeof(*pattern));
	pattern->length = length;
	for (int i = 0; i < length; i++)
	{
		int			symbol = symbol_of(word[i]);

		if (symbol < 0)
			return false;
		pattern->where[symbol] |= UINT64CONST(1) << i;
	}
	return true;
}

/*
 * The bit-parallel algorithm of Myers (J. ACM 46, 1999) in the form of Hyyro
 * (2003): a column of the distance matrix as one bit for each step up and one
 * for each step down, advanced by one character in a dozen instructions.
 */
int
edit_pattern_distance(const EditPattern *pattern, const char *word, int length)
{
	uint64		up = ~UINT64CONST(0);
	uint64		down = 0;
	uint64		last = UINT64CONST(1) << (pattern->length - 1);
	int			distance = pattern->length;

	for (int i = 0; i < length; i++)
	{
		uint64		match = pattern->where[symbol_of(word[i])];
		uint64		diagonal = (((match & up) + up) ^ up) | match | down;
		uint64		right_up = down | ~(diagonal | up);
		uint64		right_down = up & diagonal;

		if (right_up & last)
			distance++;
		if (right_down & last)
			distance--;
		right_up = right_up << 1 | 1;
		right_down <<= 1;
		up = right_down | ~(diagonal | right_up);
		down = right_up & diagonal;
	}
	return distance;
}

/* The classic matrix, one row at a time; a and b are not empty. */
static int
distance(const pg_wchar *a, int a_length, const pg_wchar *b, int b_length)
{
	int			row[MAX_CHARACTERS + 1];

	row[0] = 0;
	for (int j = 1; j <= b_length; j++)
		row[j] = j;
	for (int i = 1; i <= a_length; i++)
	{
		int			diagonal = row[0];

		CHECK_FOR_INTERRUPTS();
		row[0] = i;
		for (int j = 1; j <= b_length; j++)
		{
			int			above = row[j];

			row[j] = Min(Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_length];
}

/* The characters of a text that count, in upper case. */
static int
get_characters(text *value, pg_wchar *characters)
{
	int			bytes = VARSIZE_ANY_EXHDR(value);
	char	   *stripped = palloc(bytes + 1);
	int			length = reference_strip(VARDATA_ANY(value), bytes, reference_utf8(), false, stripped);
	int			n = pg_mbstrlen_with_len(stripped, length);

	if (n > MAX_CHARACTERS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("text to compare is too long"),
				 errdetail("It has %d letters and digits; at most %d are compared.", n, MAX_CHARACTERS)));
	stripped[length] = '\0';
	pg_mb2wchar_with_len(stripped, characters, length);
	pfree(stripped);
	return n;
}

PG_FUNCTION_INFO_V1(cc_similarity_edits);
Datum
cc_similarity_edits(PG_FUNCTION_ARGS)
{
	pg_wchar	a[MAX_CHARACTERS + 1];
	pg_wchar	b[MAX_CHARACTERS + 1];
	int			a_length = get_characters(PG_GETARG_TEXT_PP(0), a);
	int			b_length = get_characters(PG_GETARG_TEXT_PP(1), b);
	int			longer = Max(a_length, b_length);

	PG_RETURN_DATUM(money_to_numeric(edit_similarity(distance(a, a_length, b, b_length), longer),
									 EDIT_SIMILARITY_SCALE));
}
