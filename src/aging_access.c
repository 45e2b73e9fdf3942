/*
 * aging_access.c
 *		Reading a value of credit.aging: accessors, the set of its buckets, casts.
 */
#include "cc_compat.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "aging.h"

/* Decimals of average_days_past_due(). */
#define AVERAGE_SCALE	2

/* A bucket shows an amount or stands for items; a balance of 0.00 in one item counts. */
static bool
is_empty(const AgingSum *bucket)
{
	return bucket->amount == 0 && bucket->items == 0;
}

/*
 * Amount-weighted mean of the days past due, in units of AVERAGE_SCALE; the one
 * place of this type that rounds: half away from zero.  False if nothing is past
 * due, or if credits make up for all that is.
 */
static bool
average_days(const Aging *aging, int128 *average)
{
	AgingSum	past_due = aging_past_due(aging);
	int128		amount = past_due.amount;
	int128		days;
	int128		rest;

	if (amount == 0)
		return false;
	days = money_rescale(past_due.amount_days, 0, AVERAGE_SCALE);
	*average = days / amount;
	rest = days % amount;
	if (rest != 0)
	{
		/* Compared without doubling, which could overflow. */
		uint128		r = rest < 0 ? -(uint128) rest : (uint128) rest;
		uint128		a = amount < 0 ? -(uint128) amount : (uint128) amount;

		if (r >= a - r)
			*average += ((days < 0) == (amount < 0)) ? 1 : -1;
	}
	return true;
}

PG_FUNCTION_INFO_V1(aging_total_of);
Datum
aging_total_of(PG_FUNCTION_ARGS)
{
	Aging	   *aging = aging_from_datum(PG_GETARG_DATUM(0));

	return money_to_numeric(aging_total(aging), aging->scale);
}

PG_FUNCTION_INFO_V1(aging_past_due_of);
Datum
aging_past_due_of(PG_FUNCTION_ARGS)
{
	Aging	   *aging = aging_from_datum(PG_GETARG_DATUM(0));

	return money_to_numeric(aging_past_due(aging).amount, aging->scale);
}

PG_FUNCTION_INFO_V1(aging_bucket);
Datum
aging_bucket(PG_FUNCTION_ARGS)
{
	Aging	   *aging = aging_from_datum(PG_GETARG_DATUM(0));
	int32		number = PG_GETARG_INT32(1);

	aging_bucket_number_check(number, aging->nbounds);
	return money_to_numeric(aging_sums(aging)[number - 1].amount, aging->scale);
}

PG_FUNCTION_INFO_V1(aging_amounts);
Datum
aging_amounts(PG_FUNCTION_ARGS)
{
	Aging	   *aging = aging_from_datum(PG_GETARG_DATUM(0));
	Datum		elements[AGING_MAX_BUCKETS];

	for (int i = 0; i < aging_nbuckets(aging); i++)
		elements[i] = money_to_numeric(aging_sums(aging)[i].amount, aging->scale);
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, aging_nbuckets(aging),
										  NUMERICOID, -1, false, TYPALIGN_INT));
}

PG_FUNCTION_INFO_V1(aging_counts);
Datum
aging_counts(PG_FUNCTION_ARGS)
{
	Aging	   *aging = aging_from_datum(PG_GETARG_DATUM(0));
	Datum		elements[AGING_MAX_BUCKETS];

	for (int i = 0; i < aging_nbuckets(aging); i++)
		elements[i] = Int64GetDatum(aging_sums(aging)[i].items);
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, aging_nbuckets(aging),
										  INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
										  TYPALIGN_DOUBLE));
}

PG_FUNCTION_INFO_V1(aging_undated);
Datum
aging_undated(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(aging_from_datum(PG_GETARG_DATUM(0))->undated);
}

PG_FUNCTION_INFO_V1(aging_average_days_past_due);
Datum
aging_average_days_past_due(PG_FUNCTION_ARGS)
{
	Aging	   *aging = aging_from_datum(PG_GETARG_DATUM(0));
	int128		average;

	if (!average_days(aging, &average))
		PG_RETURN_NULL();
	return money_to_numeric(average, AVERAGE_SCALE);
}

PG_FUNCTION_INFO_V1(aging_oldest);
Datum
aging_oldest(PG_FUNCTION_ARGS)
{
	Aging	   *aging = aging_from_datum(PG_GETARG_DATUM(0));

	for (int i = aging_nbuckets(aging); i > 0; i--)
		if (!is_empty(&aging_sums(aging)[i - 1]))
			PG_RETURN_INT32(i);
	PG_RETURN_NULL();
}

PG_FUNCTION_INFO_V1(aging_get_buckets);
Datum
aging_get_buckets(PG_FUNCTION_ARGS)
{
	Aging	   *aging = aging_from_datum(PG_GETARG_DATUM(0));

	PG_RETURN_POINTER(aging_buckets_make(aging->bounds, aging->nbounds));
}

/* SETOF (bucket, label, from_days, to_days, amount, items) */
PG_FUNCTION_INFO_V1(aging_bucket_rows);
Datum
aging_bucket_rows(PG_FUNCTION_ARGS)
{
	Aging	   *aging = aging_from_datum(PG_GETARG_DATUM(0));
	const int32 *bounds = aging->bounds;
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < aging_nbuckets(aging); i++)
	{
		Datum		values[6];
		bool		nulls[6] = {false};

		values[0] = Int32GetDatum(i + 1);
		values[1] = CStringGetTextDatum(aging_bucket_label(bounds, aging->nbounds, i));
		/* The outer buckets are open: there is no first or last day. */
		if (i == 0)
			nulls[2] = true;
		else
			values[2] = Int32GetDatum(bounds[i - 1] + 1);
		if (i == aging->nbounds)
			nulls[3] = true;
		else
			values[3] = Int32GetDatum(bounds[i]);
		values[4] = money_to_numeric(aging_sums(aging)[i].amount, aging->scale);
		values[5] = Int64GetDatum(aging_sums(aging)[i].items);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* Labels hold no character that JSON would have to escape. */
static char *
json_text(const Aging *aging)
{
	const int32 *bounds = aging->bounds;
	int128		average;
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "{\"total\": %s, \"past_due\": %s, \"average_days_past_due\": %s"
					 ", \"undated\": " INT64_FORMAT ", \"buckets\": [",
					 money_out(aging_total(aging), aging->scale),
					 money_out(aging_past_due(aging).amount, aging->scale),
					 average_days(aging, &average) ? money_out(average, AVERAGE_SCALE) : "null",
					 aging->undated);
	for (int i = 0; i < aging_nbuckets(aging); i++)
	{
		appendStringInfo(&buf, "%s{\"bucket\": %d, \"label\": \"%s\"",
						 i == 0 ? "" : ", ", i + 1,
						 aging_bucket_label(bounds, aging->nbounds, i));
		if (i == 0)
			appendStringInfoString(&buf, ", \"from_days\": null");
		else
			appendStringInfo(&buf, ", \"from_days\": %d", bounds[i - 1] + 1);
		if (i == aging->nbounds)
			appendStringInfoString(&buf, ", \"to_days\": null");
		else
			appendStringInfo(&buf, ", \"to_days\": %d", bounds[i]);
		appendStringInfo(&buf, ", \"amount\": %s, \"items\": " INT64_FORMAT "}",
						 money_out(aging_sums(aging)[i].amount, aging->scale),
						 aging_sums(aging)[i].items);
	}
	appendStringInfoString(&buf, "]}");
	return buf.data;
}

PG_FUNCTION_INFO_V1(aging_to_json);
Datum
aging_to_json(PG_FUNCTION_ARGS)
{
	Aging	   *aging = aging_from_datum(PG_GETARG_DATUM(0));

	PG_RETURN_TEXT_P(cstring_to_text(json_text(aging)));
}

PG_FUNCTION_INFO_V1(aging_to_jsonb);
Datum
aging_to_jsonb(PG_FUNCTION_ARGS)
{
	Aging	   *aging = aging_from_datum(PG_GETARG_DATUM(0));

	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json_text(aging)));
}
