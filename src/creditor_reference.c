/*
 * creditor_reference.c
 *		ISO 11649 creditor references: made, and recognised.
 */
#include "cc_compat.h"

#include "mod_97.h"
#include "reference_key.h"

#include "fmgr.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(cc_creditor_reference);
Datum
cc_creditor_reference(PG_FUNCTION_ARGS)
{
	text	   *number = PG_GETARG_TEXT_PP(0);
	int			length = VARSIZE_ANY_EXHDR(number);
	char	   *stripped = palloc(length + CREDITOR_REFERENCE_HEAD + 1);
	char	   *body = stripped + CREDITOR_REFERENCE_HEAD;
	bool		ascii = true;
	int			check;

	strcpy(stripped, "RF00");
	length = reference_strip(VARDATA_ANY(number), length, reference_utf8(), false, body);
	for (int i = 0; i < length; i++)
		ascii = ascii && !IS_HIGHBIT_SET(body[i]);
	if (length == 0 || length > CREDITOR_REFERENCE_MAX - CREDITOR_REFERENCE_HEAD || !ascii)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a creditor reference is made of 1 to %d letters A to Z and digits",
						CREDITOR_REFERENCE_MAX - CREDITOR_REFERENCE_HEAD),
				 ascii ? errdetail_plural("There is %d of them.", "There are %d of them.", length, length) : 0));

	/* With the right check digits the remainder is 1; 00 leaves what they must add. */
	check = 98 - mod_97(stripped, length + CREDITOR_REFERENCE_HEAD);
	stripped[2] = '0' + check / 10;
	stripped[3] = '0' + check % 10;
	PG_RETURN_TEXT_P(cstring_to_text_with_len(stripped, length + CREDITOR_REFERENCE_HEAD));
}

PG_FUNCTION_INFO_V1(cc_is_creditor_reference);
Datum
cc_is_creditor_reference(PG_FUNCTION_ARGS)
{
	text	   *code = PG_GETARG_TEXT_PP(0);
	const char *data = VARDATA_ANY(code);
	char		stripped[CREDITOR_REFERENCE_MAX];
	int			length = 0;

	/* The printed form has groups of four with a space between; no other separator is part of it. */
	for (int i = 0; i < (int) VARSIZE_ANY_EXHDR(code); i++)
	{
		if (data[i] == ' ')
			continue;
		if (length == CREDITOR_REFERENCE_MAX)
			PG_RETURN_BOOL(false);
		stripped[length++] = data[i] >= 'a' && data[i] <= 'z' ? data[i] - 'a' + 'A' : data[i];
	}
	PG_RETURN_BOOL(is_creditor_reference(stripped, length));
}
