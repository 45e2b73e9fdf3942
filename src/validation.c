/*
 * validation.c
 *		Does a score still tell good customers from bad ones, and is the population
 *		still the one it was made for: final functions of auc, gini, ks and psi.
 *
 * Everywhere a higher score means a better customer.
 */
#include "cc_compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"

#include "decimal.h"
#include "money.h"
#include "score_histogram.h"

/* What an empty bin counts as, for the logarithm of nothing is not finite. */
#define PSI_FLOOR	0.0001

/* False if one side is missing, so that there is nothing to compare. */
static bool
read_scores(FunctionCallInfo fcinfo, SortedScores *scores)
{
	if (PG_ARGISNULL(0))
		return false;
	score_histogram_sort(fcinfo, scores);
	return scores->goods > 0 && scores->bads > 0;
}

/* Both are counts, so the quotient is exact up to its rounding. */
static Datum
count_ratio(int128 part, int128 whole)
{
	return decimal_round(decimal_div(money_to_numeric(part, 0), money_to_numeric(whole, 0)),
						 DECIMAL_RESULT);
}

/*
 * Twice the number of pairs of a good and a bad in which the good has the higher
 * score, ties counting half.
 */
static int128
doubled_wins(const SortedScores *scores)
{
	int128		wins = 0;
	int64		bads_below = 0;

	for (int i = 0; i < scores->n; i++)
	{
		const ScoreCount *count = &scores->counts[i];

		CHECK_FOR_INTERRUPTS();
		wins += (int128) count->goods * (2 * bads_below + count->bads);
		bads_below += count->bads;
	}
	return wins;
}

PG_FUNCTION_INFO_V1(score_auc);
Datum
score_auc(PG_FUNCTION_ARGS)
{
	SortedScores scores;

	if (!read_scores(fcinfo, &scores))
		PG_RETURN_NULL();
	return count_ratio(doubled_wins(&scores), 2 * (int128) scores.goods * scores.bads);
}

/* 2 auc - 1 */
PG_FUNCTION_INFO_V1(score_gini);
Datum
score_gini(PG_FUNCTION_ARGS)
{
	SortedScores scores;
	int128		pairs;

	if (!read_scores(fcinfo, &scores))
		PG_RETURN_NULL();
	pairs = (int128) scores.goods * scores.bads;
	return count_ratio(doubled_wins(&scores) - pairs, pairs);
}

/* The largest distance between the distribution functions of goods and bads. */
PG_FUNCTION_INFO_V1(score_ks);
Datum
score_ks(PG_FUNCTION_ARGS)
{
	SortedScores scores;
	int128		largest = 0;
	int64		goods = 0;
	int64		bads = 0;

	if (!read_scores(fcinfo, &scores))
		PG_RETURN_NULL();
	for (int i = 0; i < scores.n; i++)
	{
		int128		distance;

		CHECK_FOR_INTERRUPTS();
		goods += scores.counts[i].goods;
		bads += scores.counts[i].bads;
		distance = (int128) bads * scores.goods - (int128) goods * scores.bads;
		largest = Max(largest, distance < 0 ? -distance : distance);
	}
	return count_ratio(largest, (int128) scores.goods * scores.bads);
}

/* One bin of the population stability index, which is symmetric in its two shares. */
static double
psi_term(double expected, double actual, double least)
{
	expected = Max(expected, least);
	actual = Max(actual, least);
	return expected == actual ? 0 : (actual - expected) * log(actual / expected);
}

/* Of a histogram over (bin, is_actual): its goods are expected, its bads actual. */
PG_FUNCTION_INFO_V1(score_psi);
Datum
score_psi(PG_FUNCTION_ARGS)
{
	SortedScores bins;
	double		sum = 0;

	if (!read_scores(fcinfo, &bins))
		PG_RETURN_NULL();
	for (int i = 0; i < bins.n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		sum += psi_term((double) bins.counts[i].goods / bins.goods,
						(double) bins.counts[i].bads / bins.bads, PSI_FLOOR);
	}
	return decimal_from_double(sum, DECIMAL_PROBABILITY);
}

/* Counts or shares of the bins as shares, which sum to 1. */
static double *
read_shares(ArrayType *array, const char *name, int *n)
{
	Datum	   *values;
	bool	   *nulls;
	double	   *shares;
	double		sum = 0;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s bins must be a one-dimensional array", name)));
	deconstruct_array(array, NUMERICOID, -1, false, TYPALIGN_INT, &values, &nulls, n);
	shares = palloc(Max(*n, 1) * sizeof(double));
	for (int i = 0; i < *n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s bin %d of %d must not be null", name, i + 1, *n)));
		shares[i] = decimal_to_double(values[i]);
		if (!(shares[i] >= 0) || isinf(shares[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s bin %d of %d must be a count or a share", name, i + 1, *n),
					 errdetail("The value is %s.",
							   DatumGetCString(DirectFunctionCall1(numeric_out, values[i])))));
		sum += shares[i];
	}
	if (sum == 0 || isinf(sum))
		ereport(ERROR,
				(sum == 0 ? errcode(ERRCODE_DIVISION_BY_ZERO) : errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 sum == 0 ? errmsg("all %s bins are empty", name) : errmsg("sum of %s bins out of range", name)));
	for (int i = 0; i < *n; i++)
		shares[i] /= sum;
	return shares;
}

PG_FUNCTION_INFO_V1(psi_of_bins);
Datum
psi_of_bins(PG_FUNCTION_ARGS)
{
	int			nexpected;
	int			nactual;
	double	   *expected = read_shares(PG_GETARG_ARRAYTYPE_P(0), "expected", &nexpected);
	double	   *actual = read_shares(PG_GETARG_ARRAYTYPE_P(1), "actual", &nactual);
	double		least = decimal_to_double(PG_GETARG_DATUM(2));
	double		sum = 0;

	if (nexpected != nactual)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("expected and actual must have the same bins"),
				 errdetail("There are %d expected and %d actual bins.", nexpected, nactual)));
	if (!(least > 0 && least < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("least share must be greater than 0 and less than 1")));
	for (int i = 0; i < nexpected; i++)
	{
		CHECK_FOR_INTERRUPTS();
		sum += psi_term(expected[i], actual[i], least);
	}
	return decimal_from_double(sum, DECIMAL_PROBABILITY);
}
