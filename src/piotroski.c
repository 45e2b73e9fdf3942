/*
 * piotroski.c
 *		The F-score: nine tests of two years' statements, a point for each one passed.
 *
 * J. D. Piotroski, "Value Investing: The Use of Historical Financial Statement
 * Information to Separate Winners from Losers", Journal of Accounting Research 38
 * (2000).  There income and sales are measured against assets at the beginning of
 * their year and debt against average assets, which takes a third balance sheet.
 * Who has two measures all of them against assets at the end of the year.
 *
 * Ratios are compared multiplied out, exactly: a/b > c/d is ad > cb, b and d being
 * positive.  What has not changed has neither risen nor fallen.
 */
#include "cc_compat.h"

#include "decimal.h"
#include "statement.h"

#define NTESTS	9

/* Compares a / b with c / d. */
static int
compare_ratios(Datum a, Datum b, Datum c, Datum d)
{
	return decimal_cmp(decimal_mul(a, d), decimal_mul(c, b));
}

/* score, zone, then the tests */
static Datum
piotroski_row(FunctionCallInfo fcinfo, const bool *passed, bool show)
{
	Datum		values[2 + NTESTS];
	int			score = 0;

	for (int i = 0; i < NTESTS; i++)
	{
		score += passed[i];
		if (show)
			values[2 + i] = BoolGetDatum(passed[i]);
	}
	values[0] = Int32GetDatum(score);
	/* The paper's high and low portfolios. */
	values[1] = CStringGetTextDatum(score >= 8 ? "strong" : score <= 1 ? "weak" : "middle");
	return statement_result(fcinfo, values);
}

PG_FUNCTION_INFO_V1(piotroski_f);
Datum
piotroski_f(PG_FUNCTION_ARGS)
{
	Datum		income;
	Datum		prior_income;
	Datum		cash_flow;
	Datum		assets;
	Datum		prior_assets;
	Datum		base;			/* of income and sales */
	Datum		prior_base;
	Datum		debt_base;
	Datum		prior_debt_base;
	Datum		sales;
	Datum		prior_sales;
	bool		passed[NTESTS];

	for (int i = 0; i < 17; i++)
		if (PG_ARGISNULL(i))
			PG_RETURN_NULL();

	income = statement_figure(fcinfo, 0, "net income");
	prior_income = statement_figure(fcinfo, 1, "net income of the prior year");
	cash_flow = statement_figure(fcinfo, 2, "cash flow from operations");
	assets = statement_divisor(fcinfo, 3, "total assets of the balance sheet");
	prior_assets = statement_divisor(fcinfo, 4, "total assets of the prior year's balance sheet");
	sales = statement_divisor(fcinfo, 15, "sales of the income statement");
	prior_sales = statement_divisor(fcinfo, 16, "sales of the prior year's income statement");

	base = debt_base = assets;
	prior_base = prior_debt_base = prior_assets;
	if (!PG_ARGISNULL(17))
	{
		Datum		assets_before = statement_divisor(fcinfo, 17, "total assets of the balance sheet of two years ago");

		base = prior_assets;
		prior_base = assets_before;
		/* Twice the averages, which compare like the averages. */
		debt_base = decimal_add(assets, prior_assets);
		prior_debt_base = decimal_add(prior_assets, assets_before);
	}

	passed[0] = decimal_sign(income) > 0;
	passed[1] = decimal_sign(cash_flow) > 0;
	passed[2] = compare_ratios(income, base, prior_income, prior_base) > 0;
	passed[3] = decimal_cmp(cash_flow, income) > 0;
	passed[4] = compare_ratios(statement_figure(fcinfo, 5, "long-term debt"), debt_base,
							   statement_figure(fcinfo, 6, "long-term debt of the prior year"), prior_debt_base) < 0;
	passed[5] = compare_ratios(statement_figure(fcinfo, 7, "current assets"),
							   statement_divisor(fcinfo, 9, "current liabilities of the balance sheet"),
							   statement_figure(fcinfo, 8, "current assets of the prior year"),
							   statement_divisor(fcinfo, 10, "current liabilities of the prior year's balance sheet")) > 0;
	passed[6] = decimal_cmp(statement_figure(fcinfo, 11, "shares outstanding"),
							statement_figure(fcinfo, 12, "shares outstanding of the prior year")) <= 0;
	passed[7] = compare_ratios(statement_figure(fcinfo, 13, "gross profit"), sales,
							   statement_figure(fcinfo, 14, "gross profit of the prior year"), prior_sales) > 0;
	passed[8] = compare_ratios(sales, base, prior_sales, prior_base) > 0;
	return piotroski_row(fcinfo, passed, true);
}

PG_FUNCTION_INFO_V1(piotroski_f_flags);
Datum
piotroski_f_flags(PG_FUNCTION_ARGS)
{
	bool		passed[NTESTS];

	for (int i = 0; i < NTESTS; i++)
		passed[i] = PG_GETARG_BOOL(i);
	return piotroski_row(fcinfo, passed, false);
}
