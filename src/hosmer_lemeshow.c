/*
 * hosmer_lemeshow.c
 *		Are predicted probabilities of default borne out: the test of D. W. Hosmer and
 *		S. Lemeshow, "Goodness of Fit Tests for the Multiple Logistic Regression Model",
 *		Communications in Statistics A9 (1980).
 *
 * Customers are put into groups of about the same size by their predicted
 * probability, and each group's defaults are compared with those predicted.  Group
 * j of g ends at the quantile j/g, rounded down to a customer's own probability;
 * equal probabilities stay together, so groups can be less equal, or fewer.
 */
#include "cc_compat.h"

#include <math.h>

#include "miscadmin.h"

#include "decimal.h"
#include "score_histogram.h"
#include "statement.h"

#define DEFAULT_GROUPS	10

/*
 * Upper tail of the chi-square distribution with a whole number of degrees of
 * freedom, by the closed forms: a Poisson sum, to which odd degrees add the normal
 * tail.  Terms are taken as logarithms, for e^-x alone can be nothing where the
 * whole is not.
 */
static double
chi_square_tail(double statistic, int df)
{
	double		x = statistic / 2;
	double		sum = df % 2 ? erfc(sqrt(x)) : 0;

	if (x <= 0)
		return 1;
	if (isinf(x))
		return 0;
	for (int i = 0; i < df / 2; i++)
	{
		double		k = i + (df % 2 ? 0.5 : 0);

		sum += exp(k * log(x) - x - lgamma(k + 1));
	}
	return Min(sum, 1);
}

PG_FUNCTION_INFO_V1(chi_square_p);
Datum
chi_square_p(PG_FUNCTION_ARGS)
{
	double		statistic = decimal_to_double(PG_GETARG_DATUM(0));
	int			df = PG_GETARG_INT32(1);

	if (!(statistic >= 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("chi-square statistic must not be negative")));
	if (df < 1 || df > SCORE_MAX_GROUPS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("degrees of freedom must be between 1 and %d", SCORE_MAX_GROUPS),
				 errdetail("They are %d.", df)));
	return decimal_from_double(chi_square_tail(statistic, df), DECIMAL_PROBABILITY);
}

/* Customers of one group. */
typedef struct Group
{
	double		customers;
	double		defaults;
	double		predicted;		/* sum of their probabilities */
} Group;

/*
 * The squared distance between observed and predicted defaults in units of their
 * variance.  Without variance, all being sure, any distance is infinite.
 */
static double
group_statistic(const Group *group)
{
	double		distance = group->defaults - group->predicted;
	double		variance = group->predicted * (1 - group->predicted / group->customers);

	if (distance == 0)
		return 0;
	return variance > 0 ? distance * distance / variance : INFINITY;
}

PG_FUNCTION_INFO_V1(hosmer_lemeshow);
Datum
hosmer_lemeshow(PG_FUNCTION_ARGS)
{
	SortedScores pds;
	int			groups;
	int			ngroups = 0;	/* not empty */
	int128		current = 0;	/* group at hand */
	int64		before = 0;		/* customers with a lower probability */
	int64		last;			/* position of the last customer, from 0 */
	Group		group = {0};
	double		statistic = 0;
	Datum		values[4];

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	score_histogram_sort(fcinfo, &pds);
	if (pds.n == 0)
		PG_RETURN_NULL();
	if (pds.counts[0].score < 0 || pds.counts[pds.n - 1].score > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("probability of default must be between 0 and 1"),
				 errdetail("The values go from %g to %g.",
						   pds.counts[0].score, pds.counts[pds.n - 1].score)));

	groups = pds.groups > 0 ? pds.groups : DEFAULT_GROUPS;
	last = pds.goods + pds.bads - 1;
	for (int i = 0; i < pds.n; i++)
	{
		const ScoreCount *count = &pds.counts[i];
		int64		customers = (int64) count->goods + count->bads;
		int128		number = 1;

		CHECK_FOR_INTERRUPTS();

		/* The first group whose last customer, at last * number / groups, is not below. */
		if (before > 0)
			number = ((int128) before * groups + last - 1) / last;
		if (number != current)
		{
			if (ngroups > 0)
				statistic += group_statistic(&group);
			group = (Group) {0};
			current = number;
			ngroups++;
		}
		group.customers += customers;
		group.defaults += count->bads;
		group.predicted += customers * count->score;
		before += customers;
	}
	statistic += group_statistic(&group);

	if (ngroups < SCORE_MIN_GROUPS)
		PG_RETURN_NULL();
	values[0] = decimal_from_double(statistic, DECIMAL_PROBABILITY);
	values[1] = Int32GetDatum(ngroups);
	values[2] = Int32GetDatum(ngroups - 2);
	values[3] = decimal_from_double(chi_square_tail(statistic, ngroups - 2), DECIMAL_PROBABILITY);
	return statement_result(fcinfo, values);
}
