/*
 * scorecard_bins.c
 *		Which bin of a scorecard a value falls into, whatever way it comes.
 */
#include "cc_compat.h"

#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "scorecard_bins.h"

/* Bytes of a category that an error shows at most. */
#define SHOWN	40

/* The name of an attribute, for messages. */
static char *
attribute_name(const Scorecard *card, const ScorecardAttribute *attribute)
{
	return pnstrdup(scorecard_text(card) + attribute->name.offset, attribute->name.length);
}

int
scorecard_bin_of_null(const Scorecard *card, const ScorecardAttribute *attribute)
{
	if (!attribute->has_null)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("attribute \"%s\" of the scorecard is null or missing",
						attribute_name(card, attribute)),
				 errdetail("The scorecard has no points for that."),
				 errhint("Give the attribute a value, or a bin such as null => 0 in the scorecard.")));
	return attribute->nlisted + attribute->has_else;
}

static void
wrong_type(const Scorecard *card, const ScorecardAttribute *attribute)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("attribute \"%s\" of the scorecard must be %s",
					attribute_name(card, attribute),
					attribute->kind == SCORECARD_NUMBER ? "a number" : "text")));
}

static int
bin_of_text(const Scorecard *card, const ScorecardAttribute *attribute,
			const char *text, int length)
{
	int			number;

	if (attribute->kind == SCORECARD_ANY)
		return 0;
	if (attribute->kind != SCORECARD_CATEGORY)
		wrong_type(card, attribute);
	number = scorecard_category(card, attribute, text, length);
	if (number >= 0)
		return scorecard_categories(card)[attribute->first_category + number].bin;
	if (!attribute->has_else)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("attribute \"%s\" of the scorecard has no category \"%s\"",
						attribute_name(card, attribute),
						pnstrdup(text, pg_mbcliplen(text, length, SHOWN))),
				 errhint("Correct the value, or give the attribute an else bin in the scorecard.")));
	return attribute->nlisted;
}

/* A category by its number as the card lists them, from 1; 0 is any other. */
static int
bin_of_category_number(const Scorecard *card, const ScorecardAttribute *attribute,
					   int64 position)
{
	int64		number = position / 2;

	if (number == 0 && position == 0 && attribute->has_else)
		return attribute->nlisted;
	if (position % 2 != 0 || number < 1 || number > attribute->ncategories)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("attribute \"%s\" of the scorecard has no category of that number",
						attribute_name(card, attribute)),
				 errdetail("Its categories are numbered from 1 to %d in the order of the scorecard%s.",
						   attribute->ncategories,
						   attribute->has_else ? ", and 0 is any other" : "")));
	return scorecard_categories(card)[attribute->first_category + number - 1].bin;
}

/* By position among units of the attribute's scale, which is 0 for categories. */
static inline int
bin_of_position(const Scorecard *card, const ScorecardAttribute *attribute, int64 position)
{
	if (likely(attribute->kind == SCORECARD_NUMBER))
		return scorecard_bin_at(card, attribute, position);
	if (attribute->kind == SCORECARD_ANY)
		return 0;
	return bin_of_category_number(card, attribute, position);
}

int
scorecard_bin_of_other_numeric(const Scorecard *card, const ScorecardAttribute *attribute,
							   Datum value)
{
	int64		position = money_position(value, attribute->bound_scale);

	if (position == MONEY_POSITION_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("attribute \"%s\" of the scorecard must be a finite number",
						attribute_name(card, attribute))));
	return bin_of_position(card, attribute, position);
}

static inline int
bin_of_integer(const Scorecard *card, const ScorecardAttribute *attribute, int64 value)
{
	int64		position;

	if (pg_mul_s64_overflow(value, 2, &position))
		position = value < 0 ? -MONEY_POSITION_LIMIT : MONEY_POSITION_LIMIT;
	for (int i = attribute->bound_scale; i > 0; i--)
	{
		if (pg_mul_s64_overflow(position, 10, &position))
		{
			position = value < 0 ? -MONEY_POSITION_LIMIT : MONEY_POSITION_LIMIT;
			break;
		}
	}
	return bin_of_position(card, attribute, position);
}

void
scorecard_check_values(const Scorecard *card, int n)
{
	if (n != card->nattributes)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there must be one value for each attribute of the scorecard"),
				 errdetail("The scorecard has %d attributes, and there are %d values.",
						   card->nattributes, n)));
}

void
scorecard_bins_of_array(const Scorecard *card, ArrayType *array, ScorecardBins bins)
{
	const char *p = ARR_DATA_PTR(array);
	const bits8 *nulls = ARR_NULLBITMAP(array);

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("attributes must be a one-dimensional array")));
	scorecard_check_values(card, ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)));

	for (int i = 0; i < card->nattributes; i++)
	{
		const ScorecardAttribute *attribute = &card->attributes[i];

		if (nulls != NULL && att_isnull(i, nulls))
		{
			bins[i] = scorecard_bin_of_null(card, attribute);
			continue;
		}
		p = (const char *) att_align_pointer(p, TYPALIGN_INT, -1, p);
		bins[i] = scorecard_bin_of_numeric(card, attribute, PointerGetDatum(p));
		p = att_addlength_pointer(p, -1, p);
	}
}

static int
bin_of_json(const Scorecard *card, const ScorecardAttribute *attribute,
			const JsonbValue *value)
{
	/* One bin for all that is not missing: whatever it is. */
	if (attribute->kind == SCORECARD_ANY)
		return 0;
	switch (value->type)
	{
		case jbvNumeric:
			/* By name, a category is itself: its number would be a surprise. */
			if (attribute->kind == SCORECARD_CATEGORY)
				wrong_type(card, attribute);
			return scorecard_bin_of_numeric(card, attribute, NumericGetDatum(value->val.numeric));
		case jbvString:
			return bin_of_text(card, attribute, value->val.string.val, value->val.string.len);
		case jbvBool:
			return value->val.boolean ? bin_of_text(card, attribute, "true", 4)
				: bin_of_text(card, attribute, "false", 5);
		default:
			wrong_type(card, attribute);
			return 0;
	}
}

/* There is a key that is no attribute: say which. */
static void
refuse_unknown_key(const Scorecard *card, Jsonb *json)
{
	JsonbIterator *iterator = JsonbIteratorInit(&json->root);
	JsonbIteratorToken token;
	JsonbValue	key;

	while ((token = JsonbIteratorNext(&iterator, &key, true)) != WJB_DONE)
	{
		bool		known = false;

		if (token != WJB_KEY)
			continue;
		for (int i = 0; i < card->nattributes && !known; i++)
			known = scorecard_compare_text(scorecard_text(card) + card->attributes[i].name.offset,
										   card->attributes[i].name.length,
										   key.val.string.val, key.val.string.len) == 0;
		if (!known)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("scorecard has no attribute \"%s\"",
							pnstrdup(key.val.string.val, key.val.string.len))));
	}
}

void
scorecard_bins_of_jsonb(const Scorecard *card, Jsonb *json, bool strict, ScorecardBins bins)
{
	int			found = 0;

	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("attributes must be a JSON object")));
	for (int i = 0; i < card->nattributes; i++)
	{
		const ScorecardAttribute *attribute = &card->attributes[i];
		JsonbValue	room;
		JsonbValue *value;

		value = getKeyJsonValueFromContainer(&json->root,
											 scorecard_text(card) + attribute->name.offset,
											 attribute->name.length, &room);
		found += (value != NULL);
		if (value == NULL || value->type == jbvNull)
			bins[i] = scorecard_bin_of_null(card, attribute);
		else
			bins[i] = bin_of_json(card, attribute, value);
	}
	if (strict && found < (int) JB_ROOT_COUNT(json))
		refuse_unknown_key(card, json);
}

int
scorecard_bin_of_value(const Scorecard *card, const ScorecardAttribute *attribute,
				Datum value, Oid type)
{
	text	   *string;
	int			length;

	switch (type)
	{
		case NUMERICOID:
			return scorecard_bin_of_numeric(card, attribute, value);
		case INT2OID:
			return bin_of_integer(card, attribute, DatumGetInt16(value));
		case INT4OID:
			return bin_of_integer(card, attribute, DatumGetInt32(value));
		case INT8OID:
			return bin_of_integer(card, attribute, DatumGetInt64(value));
		case FLOAT4OID:
			return scorecard_bin_of_numeric(card, attribute, DirectFunctionCall1(float4_numeric, value));
		case FLOAT8OID:
			return scorecard_bin_of_numeric(card, attribute, DirectFunctionCall1(float8_numeric, value));
		case BOOLOID:
			return DatumGetBool(value) ? bin_of_text(card, attribute, "true", 4)
				: bin_of_text(card, attribute, "false", 5);
		case UNKNOWNOID:
			return bin_of_text(card, attribute, DatumGetCString(value),
							   strlen(DatumGetCString(value)));
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			string = DatumGetTextPP(value);
			length = VARSIZE_ANY_EXHDR(string);
			/* Blanks that fill up a character(n) are no part of it. */
			if (type == BPCHAROID)
				length = bpchartruelen(VARDATA_ANY(string), length);
			return bin_of_text(card, attribute, VARDATA_ANY(string), length);
		default:
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("attribute \"%s\" of the scorecard cannot be of type %s",
							attribute_name(card, attribute), format_type_be(type)),
					 errhint("Cast it to numeric or text.")));
			return 0;
	}
}
