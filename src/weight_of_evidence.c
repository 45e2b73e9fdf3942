/*
 * weight_of_evidence.c
 *		Weight of evidence and information value of bins, from their outcomes.
 *
 * A bin with g of all G good ones and b of all B bad ones has the weight of
 * evidence ln((g/G) / (b/B)), positive where there are more good ones than
 * elsewhere; the information value of the bins is the sum of
 * (g/G - b/B) x weight of evidence.  (N. Siddiqi, Credit Risk Scorecards, 2006.)
 *
 * A bin without good ones or without bad ones has no finite weight: an adjustment
 * is then added to both of its counts in the weight, and only there.  A bin without
 * any is no evidence: zero.
 *
 * Floating point: statistics are not money.  SQL sees numerics of 6 decimals.
 */
#include "cc_compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "arrays.h"

#define EVIDENCE_SCALE	6

/* What information_value() adds to both counts of a bin of which one is zero. */
#define DEFAULT_ADJUSTMENT	0.5

static Datum
evidence_datum(double value)
{
	Datum		number = DirectFunctionCall1(float8_numeric, Float8GetDatum(value));

	return DirectFunctionCall2(numeric_round, number, Int32GetDatum(EVIDENCE_SCALE));
}

static double
read_count(Datum number, const char *what)
{
	double		count = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, number));

	if (!isfinite(count) || count < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a finite number, not negative", what),
				 errdetail("It is %s.",
						   DatumGetCString(DirectFunctionCall1(numeric_out, number)))));
	return count;
}

static void
check_totals(double goods, double bads)
{
	if (goods == 0 || bads == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DIVISION_BY_ZERO),
				 errmsg("there are no %s outcomes", goods == 0 ? "good" : "bad"),
				 errdetail("Evidence is the share of the good ones against the share of the bad ones.")));
}

/*
 * ln(g / b), adjusted; what is left to the weight of evidence is ln(B / G), which is
 * the same for all bins.  Of an empty bin there is none: false.
 */
static bool
log_odds(double goods, double bads, double adjustment, double *log_odds)
{
	if (goods == 0 && bads == 0)
		return false;
	if (goods == 0 || bads == 0)
	{
		if (adjustment == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DIVISION_BY_ZERO),
					 errmsg("a bin has no %s outcomes", goods == 0 ? "good" : "bad"),
					 errhint("Join it to its neighbour, or give an adjustment such as 0.5.")));
		goods += adjustment;
		bads += adjustment;
	}
	*log_odds = log(goods / bads);
	return true;
}

static double
weight_of_evidence(double goods, double bads, double all_goods, double all_bads,
				   double adjustment)
{
	double		own;

	if (!log_odds(goods, bads, adjustment, &own))
		return 0;
	return own + log(all_bads / all_goods);
}

PG_FUNCTION_INFO_V1(evidence_woe);
Datum
evidence_woe(PG_FUNCTION_ARGS)
{
	double		goods = read_count(PG_GETARG_DATUM(0), "goods");
	double		bads = read_count(PG_GETARG_DATUM(1), "bads");
	double		all_goods = read_count(PG_GETARG_DATUM(2), "total_goods");
	double		all_bads = read_count(PG_GETARG_DATUM(3), "total_bads");
	double		adjustment = read_count(PG_GETARG_DATUM(4), "adjustment");

	check_totals(all_goods, all_bads);
	if (goods > all_goods || bads > all_bads)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a bin cannot have more outcomes than there are in all")));
	return evidence_datum(weight_of_evidence(goods, bads, all_goods, all_bads, adjustment));
}

static double *
read_counts(FunctionCallInfo fcinfo, int argno, const char *what, int nbins, double *total)
{
	Datum	   *elements = cc_array_elements(PG_GETARG_ARRAYTYPE_P(argno), NUMERICOID, what, nbins);
	double	   *counts = palloc(nbins * sizeof(double));

	*total = 0;
	for (int i = 0; i < nbins; i++)
	{
		counts[i] = read_count(elements[i], what);
		*total += counts[i];
	}
	return counts;
}

/* SETOF (bin, goods, bads, good_share, bad_share, woe, iv) */
PG_FUNCTION_INFO_V1(evidence_woe_table);
Datum
evidence_woe_table(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ArrayType  *bins = PG_GETARG_ARRAYTYPE_P(0);
	int			nbins = ArrayGetNItems(ARR_NDIM(bins), ARR_DIMS(bins));
	Datum	   *names = cc_array_elements(bins, TEXTOID, "bins", nbins);
	double		all_goods;
	double		all_bads;
	double	   *goods = read_counts(fcinfo, 1, "goods", nbins, &all_goods);
	double	   *bads = read_counts(fcinfo, 2, "bads", nbins, &all_bads);
	Datum	   *good_numbers = cc_array_elements(PG_GETARG_ARRAYTYPE_P(1), NUMERICOID, "goods", nbins);
	Datum	   *bad_numbers = cc_array_elements(PG_GETARG_ARRAYTYPE_P(2), NUMERICOID, "bads", nbins);
	double		adjustment = read_count(PG_GETARG_DATUM(3), "adjustment");

	InitMaterializedSRF(fcinfo, 0);
	if (nbins > 0)
		check_totals(all_goods, all_bads);
	for (int i = 0; i < nbins; i++)
	{
		double		good_share = goods[i] / all_goods;
		double		bad_share = bads[i] / all_bads;
		double		woe = weight_of_evidence(goods[i], bads[i], all_goods, all_bads, adjustment);
		Datum		values[7];
		bool		nulls[7] = {false};

		CHECK_FOR_INTERRUPTS();
		values[0] = names[i];
		values[1] = good_numbers[i];
		values[2] = bad_numbers[i];
		values[3] = evidence_datum(good_share);
		values[4] = evidence_datum(bad_share);
		values[5] = evidence_datum(woe);
		values[6] = evidence_datum((good_share - bad_share) * woe);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * The state of information_value(): double precision[], so that it is flat and has a
 * text form.  With l = ln(g / b) of each bin the result is
 * sum(g x l) / G - sum(b x l) / B, for what ln(B / G) adds to each bin cancels out.
 */
typedef enum EvidenceSum
{
	SUM_GOODS,
	SUM_BADS,
	SUM_GOODS_LOG,
	SUM_BADS_LOG,
	EVIDENCE_NSUMS
} EvidenceSum;

static double *
evidence_sums(ArrayType *array)
{
	if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] != EVIDENCE_NSUMS ||
		ARR_HASNULL(array) || ARR_ELEMTYPE(array) != FLOAT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("state of information_value() must be %d numbers", EVIDENCE_NSUMS)));
	return (double *) ARR_DATA_PTR(array);
}

/* The state may be changed in place only if the aggregate owns it. */
static ArrayType *
evidence_state(FunctionCallInfo fcinfo)
{
	return AggCheckCallContext(fcinfo, NULL) ? PG_GETARG_ARRAYTYPE_P(0)
		: PG_GETARG_ARRAYTYPE_P_COPY(0);
}

PG_FUNCTION_INFO_V1(evidence_accum);
Datum
evidence_accum(PG_FUNCTION_ARGS)
{
	ArrayType  *state = evidence_state(fcinfo);
	double	   *sums = evidence_sums(state);
	double		goods = read_count(PG_GETARG_DATUM(1), "goods");
	double		bads = read_count(PG_GETARG_DATUM(2), "bads");
	double		own;

	if (log_odds(goods, bads, DEFAULT_ADJUSTMENT, &own))
	{
		sums[SUM_GOODS] += goods;
		sums[SUM_BADS] += bads;
		sums[SUM_GOODS_LOG] += goods * own;
		sums[SUM_BADS_LOG] += bads * own;
	}
	PG_RETURN_ARRAYTYPE_P(state);
}

PG_FUNCTION_INFO_V1(evidence_combine);
Datum
evidence_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *state = evidence_state(fcinfo);
	double	   *sums = evidence_sums(state);
	double	   *others = evidence_sums(PG_GETARG_ARRAYTYPE_P(1));

	for (int i = 0; i < EVIDENCE_NSUMS; i++)
		sums[i] += others[i];
	PG_RETURN_ARRAYTYPE_P(state);
}

PG_FUNCTION_INFO_V1(evidence_information_value);
Datum
evidence_information_value(PG_FUNCTION_ARGS)
{
	double	   *sums = evidence_sums(PG_GETARG_ARRAYTYPE_P(0));

	if (sums[SUM_GOODS] == 0 || sums[SUM_BADS] == 0)
		PG_RETURN_NULL();
	return evidence_datum(sums[SUM_GOODS_LOG] / sums[SUM_GOODS] -
						  sums[SUM_BADS_LOG] / sums[SUM_BADS]);
}
