/*
 * scorecard_access.c
 *		Reading a scorecard: its bins, grades, scaling and range of scores.
 */
#include "cc_compat.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "money.h"
#include "scorecard_text.h"

/* Decimals of what is computed in floating point. */
#define FLOAT_SCALE	6

static Datum
text_datum(const Scorecard *card, ScorecardString string)
{
	return PointerGetDatum(cstring_to_text_with_len(scorecard_text(card) + string.offset,
													string.length));
}

/* Without decimals that are zero at the end, as in the text form. */
static Datum
number_datum(int64 units, int scale)
{
	for (; scale > 0 && units % 10 == 0; scale--)
		units /= 10;
	return money_to_numeric(units, scale);
}

static Datum
points_datum(int64 points)
{
	return number_datum(points, SCORECARD_SCALE);
}

static Datum
float_datum(double value)
{
	Datum		number;

	if (!isfinite(value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("odds out of range")));
	number = DirectFunctionCall1(float8_numeric, Float8GetDatum(value));
	return DirectFunctionCall2(numeric_round, number, Int32GetDatum(FLOAT_SCALE));
}

static int64
score_argument(FunctionCallInfo fcinfo)
{
	int128		units = money_units(PG_GETARG_DATUM(1), SCORECARD_SCALE, "score");

	if (units > PG_INT64_MAX / 2 || units < -PG_INT64_MAX / 2)
		money_out_of_range("score");
	return (int64) units;
}

/* Where a bin of numbers begins or ends, from the position of the bound between. */
static void
bound_datums(int64 position, int scale, Datum *number, bool *after)
{
	*after = (position % 2 != 0);
	*number = number_datum((position - *after) / 2, scale);
}

/* The categories of a bin. */
static Datum
categories_datum(const Scorecard *card, const ScorecardAttribute *attribute, int bin)
{
	const ScorecardCategory *categories = scorecard_categories(card) + attribute->first_category;
	Datum	   *elements = palloc(attribute->ncategories * sizeof(Datum));
	int			n = 0;

	for (int i = 0; i < attribute->ncategories; i++)
		if (categories[i].bin == bin)
			elements[n++] = text_datum(card, categories[i].text);
	return PointerGetDatum(construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * SETOF (attribute, bin, condition, from_value, from_inclusive, to_value, to_inclusive,
 * categories, points, reason)
 */
static void
put_bin(ReturnSetInfo *rsinfo, const Scorecard *card, const ScorecardAttribute *attribute, int bin)
{
	const int64 *bounds = scorecard_bounds(card) + attribute->first_bound;
	char	   *condition = palloc(scorecard_write_condition(card, attribute, bin, NULL) + 1);
	Datum		values[10];
	bool		nulls[10] = {false};
	bool		after;

	scorecard_write_condition(card, attribute, bin, condition);
	values[0] = text_datum(card, attribute->name);
	values[1] = Int32GetDatum(bin + 1);
	values[2] = CStringGetTextDatum(condition);

	/* A bin of numbers begins after "<=3" or with what "<3" leaves. */
	nulls[3] = nulls[4] = nulls[5] = nulls[6] = nulls[7] = true;
	if (attribute->kind == SCORECARD_NUMBER && bin > 0 && bin <= attribute->nlisted)
	{
		bound_datums(bounds[bin - 1], attribute->bound_scale, &values[3], &after);
		values[4] = BoolGetDatum(!after);
		nulls[3] = nulls[4] = false;
	}
	if (attribute->kind == SCORECARD_NUMBER && bin < attribute->nlisted)
	{
		bound_datums(bounds[bin], attribute->bound_scale, &values[5], &after);
		values[6] = BoolGetDatum(after);
		nulls[5] = nulls[6] = false;
	}
	if (attribute->kind == SCORECARD_CATEGORY && bin < attribute->nlisted)
	{
		values[7] = categories_datum(card, attribute, bin);
		nulls[7] = false;
	}
	values[8] = points_datum(scorecard_points(card)[attribute->first_bin + bin]);
	values[9] = text_datum(card, scorecard_reason(card, attribute, bin));
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(scorecard_attribute_rows);
Datum
scorecard_attribute_rows(PG_FUNCTION_ARGS)
{
	Scorecard  *card = scorecard_from_datum(PG_GETARG_DATUM(0));

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < card->nattributes; i++)
	{
		for (int bin = 0; bin < scorecard_nbins(&card->attributes[i]); bin++)
		{
			CHECK_FOR_INTERRUPTS();
			put_bin((ReturnSetInfo *) fcinfo->resultinfo, card, &card->attributes[i], bin);
		}
	}
	return (Datum) 0;
}

/* SETOF (grade, from_score, below_score) */
PG_FUNCTION_INFO_V1(scorecard_grade_rows);
Datum
scorecard_grade_rows(PG_FUNCTION_ARGS)
{
	Scorecard  *card = scorecard_from_datum(PG_GETARG_DATUM(0));
	const ScorecardGrade *grades = scorecard_grades(card);
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < card->ngrades; i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false};

		values[0] = text_datum(card, grades[i].name);
		nulls[1] = (i == card->ngrades - 1);
		if (!nulls[1])
			values[1] = points_datum(grades[i].from);
		nulls[2] = (i == 0);
		if (!nulls[2])
			values[2] = points_datum(grades[i - 1].from);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(scorecard_maximum);
Datum
scorecard_maximum(PG_FUNCTION_ARGS)
{
	Scorecard  *card = scorecard_from_datum(PG_GETARG_DATUM(0));
	int64		sum = card->start;

	for (int i = 0; i < card->nattributes; i++)
		sum += card->attributes[i].best;
	return scorecard_datum(card, scorecard_round(card, sum));
}

PG_FUNCTION_INFO_V1(scorecard_minimum);
Datum
scorecard_minimum(PG_FUNCTION_ARGS)
{
	Scorecard  *card = scorecard_from_datum(PG_GETARG_DATUM(0));
	int64		sum = card->start;

	for (int i = 0; i < card->nattributes; i++)
	{
		const int64 *points = scorecard_points(card) + card->attributes[i].first_bin;
		int64		least = points[0];

		for (int bin = 1; bin < scorecard_nbins(&card->attributes[i]); bin++)
			least = Min(least, points[bin]);
		sum += least;
	}
	return scorecard_datum(card, scorecard_round(card, sum));
}

PG_FUNCTION_INFO_V1(scorecard_grade_of);
Datum
scorecard_grade_of(PG_FUNCTION_ARGS)
{
	Scorecard  *card = scorecard_from_datum(PG_GETARG_DATUM(0));
	int			grade = scorecard_grade(card, score_argument(fcinfo));

	if (grade < 0)
		PG_RETURN_NULL();
	return text_datum(card, scorecard_grades(card)[grade].name);
}

PG_FUNCTION_INFO_V1(scorecard_odds_of);
Datum
scorecard_odds_of(PG_FUNCTION_ARGS)
{
	Scorecard  *card = scorecard_from_datum(PG_GETARG_DATUM(0));

	if (!card->scaled)
		PG_RETURN_NULL();
	return float_datum(scorecard_odds(card, score_argument(fcinfo)));
}

PG_FUNCTION_INFO_V1(scorecard_pd_of);
Datum
scorecard_pd_of(PG_FUNCTION_ARGS)
{
	Scorecard  *card = scorecard_from_datum(PG_GETARG_DATUM(0));

	if (!card->scaled)
		PG_RETURN_NULL();
	return scorecard_pd(card, score_argument(fcinfo));
}

/* (base, odds, pdo, factor, "offset") */
PG_FUNCTION_INFO_V1(scorecard_scaling);
Datum
scorecard_scaling(PG_FUNCTION_ARGS)
{
	Scorecard  *card = scorecard_from_datum(PG_GETARG_DATUM(0));
	double		unit = SCORECARD_UNIT;
	double		factor = card->pdo / unit / M_LN2;
	TupleDesc	row;
	Datum		values[5];
	bool		nulls[5] = {false};

	if (!card->scaled)
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = points_datum(card->base);
	values[1] = points_datum(card->odds);
	values[2] = points_datum(card->pdo);
	values[3] = float_datum(factor);
	values[4] = float_datum(card->base / unit - factor * log(card->odds / unit));
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}
