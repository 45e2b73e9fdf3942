/*
 * models.c
 *		Named models of failure that weigh ratios of a company's statements: Altman,
 *		Springate, Zmijewski, Ohlson.
 *
 * Each has two SQL functions: one takes figures of the statements and returns the
 * ratios too, the other takes the ratios, for those who have no more.  The zone is
 * found by the score as returned, so that nobody sees a 1.81 in a zone that ends
 * below 1.81.
 */
#include "cc_compat.h"

#include <math.h>

#include "decimal.h"
#include "statement.h"

#define BALANCE_SHEET(figure)	figure " of the balance sheet"

/*
 * E. I. Altman, "Financial Ratios, Discriminant Analysis and the Prediction of
 * Corporate Bankruptcy", Journal of Finance 23 (1968).  The fifth weight is 0.999
 * there and 1.0 in most texts since, so the caller gives it.
 */
static const char *const altman_weights[] = {"1.2", "1.4", "3.3", "0.6"};

/* Altman, "Corporate Financial Distress" (1983): book value of equity. */
static const char *const altman_private_weights[] = {"0.717", "0.847", "3.107", "0.420", "0.998"};

/*
 * Altman, Hartzell and Peck, "Emerging Markets Corporate Bonds: A Scoring System"
 * (1995): no sales, for they differ by industry.  The constant makes 0 a rating of
 * D; the zones were published without it and move with it.
 */
static const char *const altman_em_weights[] = {"6.56", "3.26", "6.72", "1.05"};
#define ALTMAN_EM_CONSTANT	"3.25"

/* G. L. V. Springate, "Predicting the Possibility of Failure in a Canadian Firm" (1978). */
static const char *const springate_weights[] = {"1.03", "3.07", "0.66", "0.4"};

/*
 * M. E. Zmijewski, "Methodological Issues Related to the Estimation of Financial
 * Distress Prediction Models", Journal of Accounting Research 22 (1984).  Texts
 * disagree about the sign of the third weight, so the caller gives it.
 */
static const char *const zmijewski_weights[] = {"-4.513", "5.679", "0.004"};
#define ZMIJEWSKI_CONSTANT	"-4.336"

/*
 * J. A. Ohlson, "Financial Ratios and the Probabilistic Prediction of Bankruptcy",
 * Journal of Accounting Research 18 (1980), model 1.
 */
static const char *const ohlson_weights[] = {
	"-0.407", "6.03", "-1.43", "0.0757", "-1.72", "-2.37", "-1.83", "0.285", "-0.521"
};
#define OHLSON_CONSTANT		"-1.32"
#define OHLSON_NVARIABLES	lengthof(ohlson_weights)

/* Lower bounds of ratings by the 1968 score, the best first. */
static const struct
{
	const char *from;
	const char *rating;
}			altman_ratings[] = {
	{"4", "AAA"}, {"3.5", "AA"}, {"2.9", "A"}, {"2.5", "BBB"},
	{"2.25", "BB"}, {"2", "B"}, {"1.8", "C"},
};

static Datum
weighted_sum(const char *constant, const char *const *weights,
			 const Datum *ratios, int n)
{
	Datum		sum = decimal_of(constant);

	for (int i = 0; i < n; i++)
		sum = decimal_add(sum, decimal_mul(decimal_of(weights[i]), ratios[i]));
	return sum;
}

/* Grey includes both its ends. */
static Datum
zone_of(Datum score, Datum distress_below, Datum safe_above)
{
	const char *zone = "grey";

	if (decimal_cmp(score, distress_below) < 0)
		zone = "distress";
	else if (decimal_cmp(score, safe_above) > 0)
		zone = "safe";
	return CStringGetTextDatum(zone);
}

/* Result of a model of two cut-offs: score, zone, and the ratios if there are any to show. */
static Datum
score_row(FunctionCallInfo fcinfo, Datum sum,
		  Datum distress_below, Datum safe_above,
		  const Datum *ratios, int nratios)
{
	Datum		values[STATEMENT_MAX_COLUMNS];

	values[0] = decimal_round(sum, DECIMAL_RESULT);
	values[1] = zone_of(values[0], distress_below, safe_above);
	for (int i = 0; i < nratios; i++)
		values[2 + i] = decimal_round(ratios[i], DECIMAL_RESULT);
	return statement_result(fcinfo, values);
}

/* Arguments that are ratios already. */
static void
read_ratios(FunctionCallInfo fcinfo, Datum *ratios, int n)
{
	for (int i = 0; i < n; i++)
		ratios[i] = statement_figure(fcinfo, i, "ratios");
}

/* The first four ratios of all Altman models and their figures, which come first. */
static void
altman_ratios(FunctionCallInfo fcinfo, const char *equity, Datum *ratios)
{
	Datum		current_assets = statement_figure(fcinfo, 0, "current assets");
	Datum		current_liabilities = statement_figure(fcinfo, 1, "current liabilities");
	Datum		assets = statement_divisor(fcinfo, 2, BALANCE_SHEET("total assets"));
	Datum		retained = statement_figure(fcinfo, 3, "retained earnings");
	Datum		ebit = statement_figure(fcinfo, 4, "earnings before interest and taxes");
	Datum		equity_value = statement_figure(fcinfo, 5, equity);
	Datum		liabilities = statement_divisor(fcinfo, 6, BALANCE_SHEET("total liabilities"));

	ratios[0] = decimal_div(decimal_sub(current_assets, current_liabilities), assets);
	ratios[1] = decimal_div(retained, assets);
	ratios[2] = decimal_div(ebit, assets);
	ratios[3] = decimal_div(equity_value, liabilities);
}

/* Argument 7, after those of altman_ratios(). */
static Datum
sales_to_assets(FunctionCallInfo fcinfo)
{
	return decimal_div(statement_figure(fcinfo, 7, "sales"), PG_GETARG_DATUM(2));
}

static Datum
altman_row(FunctionCallInfo fcinfo, const Datum *ratios, Datum sales_weight, int shown)
{
	Datum		sum = weighted_sum("0", altman_weights, ratios, 4);

	sum = decimal_add(sum, decimal_mul(sales_weight, ratios[4]));
	return score_row(fcinfo, sum, decimal_of("1.81"), decimal_of("2.99"), ratios, shown);
}

PG_FUNCTION_INFO_V1(altman_z);
Datum
altman_z(PG_FUNCTION_ARGS)
{
	Datum		ratios[5];

	altman_ratios(fcinfo, "market value of equity", ratios);
	ratios[4] = sales_to_assets(fcinfo);
	return altman_row(fcinfo, ratios, statement_figure(fcinfo, 8, "sales coefficient"), 5);
}

PG_FUNCTION_INFO_V1(altman_z_ratios);
Datum
altman_z_ratios(PG_FUNCTION_ARGS)
{
	Datum		ratios[5];

	read_ratios(fcinfo, ratios, 5);
	return altman_row(fcinfo, ratios, statement_figure(fcinfo, 5, "sales coefficient"), 0);
}

static Datum
altman_private_row(FunctionCallInfo fcinfo, const Datum *ratios, int shown)
{
	return score_row(fcinfo, weighted_sum("0", altman_private_weights, ratios, 5),
					 decimal_of("1.23"), decimal_of("2.90"), ratios, shown);
}

PG_FUNCTION_INFO_V1(altman_z_private);
Datum
altman_z_private(PG_FUNCTION_ARGS)
{
	Datum		ratios[5];

	altman_ratios(fcinfo, "book value of equity", ratios);
	ratios[4] = sales_to_assets(fcinfo);
	return altman_private_row(fcinfo, ratios, 5);
}

PG_FUNCTION_INFO_V1(altman_z_private_ratios);
Datum
altman_z_private_ratios(PG_FUNCTION_ARGS)
{
	Datum		ratios[5];

	read_ratios(fcinfo, ratios, 5);
	return altman_private_row(fcinfo, ratios, 0);
}

static Datum
altman_em_row(FunctionCallInfo fcinfo, const Datum *ratios, bool with_constant, int shown)
{
	Datum		constant = decimal_of(with_constant ? ALTMAN_EM_CONSTANT : "0");

	return score_row(fcinfo,
					 decimal_add(constant, weighted_sum("0", altman_em_weights, ratios, 4)),
					 decimal_add(constant, decimal_of("1.10")),
					 decimal_add(constant, decimal_of("2.60")), ratios, shown);
}

PG_FUNCTION_INFO_V1(altman_z_em);
Datum
altman_z_em(PG_FUNCTION_ARGS)
{
	Datum		ratios[4];

	altman_ratios(fcinfo, "book value of equity", ratios);
	return altman_em_row(fcinfo, ratios, PG_GETARG_BOOL(7), 4);
}

PG_FUNCTION_INFO_V1(altman_z_em_ratios);
Datum
altman_z_em_ratios(PG_FUNCTION_ARGS)
{
	Datum		ratios[4];

	read_ratios(fcinfo, ratios, 4);
	return altman_em_row(fcinfo, ratios, PG_GETARG_BOOL(4), 0);
}

PG_FUNCTION_INFO_V1(altman_rating);
Datum
altman_rating(PG_FUNCTION_ARGS)
{
	Datum		score = statement_figure(fcinfo, 0, "score");

	for (size_t i = 0; i < lengthof(altman_ratings); i++)
		if (decimal_cmp(score, decimal_of(altman_ratings[i].from)) >= 0)
			PG_RETURN_TEXT_P(cstring_to_text(altman_ratings[i].rating));
	PG_RETURN_TEXT_P(cstring_to_text("D"));
}

/* One cut-off, so no grey zone. */
static Datum
springate_row(FunctionCallInfo fcinfo, const Datum *ratios, int shown)
{
	Datum		values[STATEMENT_MAX_COLUMNS];

	values[0] = decimal_round(weighted_sum("0", springate_weights, ratios, 4), DECIMAL_RESULT);
	values[1] = CStringGetTextDatum(decimal_cmp(values[0], decimal_of("0.862")) < 0 ? "distress" : "safe");
	for (int i = 0; i < shown; i++)
		values[2 + i] = decimal_round(ratios[i], DECIMAL_RESULT);
	return statement_result(fcinfo, values);
}

PG_FUNCTION_INFO_V1(springate);
Datum
springate(PG_FUNCTION_ARGS)
{
	Datum		current_assets = statement_figure(fcinfo, 0, "current assets");
	Datum		current_liabilities = statement_divisor(fcinfo, 1, BALANCE_SHEET("current liabilities"));
	Datum		assets = statement_divisor(fcinfo, 2, BALANCE_SHEET("total assets"));
	Datum		ratios[4];

	ratios[0] = decimal_div(decimal_sub(current_assets, current_liabilities), assets);
	ratios[1] = decimal_div(statement_figure(fcinfo, 3, "earnings before interest and taxes"), assets);
	ratios[2] = decimal_div(statement_figure(fcinfo, 4, "earnings before taxes"), current_liabilities);
	ratios[3] = decimal_div(statement_figure(fcinfo, 5, "sales"), assets);
	return springate_row(fcinfo, ratios, 4);
}

PG_FUNCTION_INFO_V1(springate_ratios);
Datum
springate_ratios(PG_FUNCTION_ARGS)
{
	Datum		ratios[4];

	read_ratios(fcinfo, ratios, 4);
	return springate_row(fcinfo, ratios, 0);
}

/* A probit model: the probability is the normal distribution function of the score. */
static Datum
zmijewski_row(FunctionCallInfo fcinfo, const Datum *ratios, int sign, int shown)
{
	Datum		terms[3] = {ratios[0], ratios[1], ratios[2]};
	Datum		values[STATEMENT_MAX_COLUMNS];

	if (sign != 1 && sign != -1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("sign of the current ratio must be 1 or -1"),
				 errdetail("It is %d.", sign)));
	if (sign < 0)
		terms[2] = DirectFunctionCall1(numeric_uminus, terms[2]);

	values[0] = decimal_round(weighted_sum(ZMIJEWSKI_CONSTANT, zmijewski_weights, terms, 3), DECIMAL_RESULT);
	values[1] = decimal_from_double(0.5 * erfc(-decimal_to_double(values[0]) / M_SQRT2),
									DECIMAL_PROBABILITY);
	values[2] = CStringGetTextDatum(decimal_cmp(values[1], decimal_of("0.5")) >= 0 ? "distress" : "safe");
	for (int i = 0; i < shown; i++)
		values[3 + i] = decimal_round(ratios[i], DECIMAL_RESULT);
	return statement_result(fcinfo, values);
}

PG_FUNCTION_INFO_V1(zmijewski);
Datum
zmijewski(PG_FUNCTION_ARGS)
{
	Datum		net_income = statement_figure(fcinfo, 0, "net income");
	Datum		assets = statement_divisor(fcinfo, 1, BALANCE_SHEET("total assets"));
	Datum		liabilities = statement_figure(fcinfo, 2, "total liabilities");
	Datum		current_assets = statement_figure(fcinfo, 3, "current assets");
	Datum		current_liabilities = statement_divisor(fcinfo, 4, BALANCE_SHEET("current liabilities"));
	Datum		ratios[3];

	ratios[0] = decimal_div(net_income, assets);
	ratios[1] = decimal_div(liabilities, assets);
	ratios[2] = decimal_div(current_assets, current_liabilities);
	return zmijewski_row(fcinfo, ratios, PG_GETARG_INT32(5), 3);
}

PG_FUNCTION_INFO_V1(zmijewski_ratios);
Datum
zmijewski_ratios(PG_FUNCTION_ARGS)
{
	Datum		ratios[3];

	read_ratios(fcinfo, ratios, 3);
	return zmijewski_row(fcinfo, ratios, PG_GETARG_INT32(3), 0);
}

/* A logit model.  The variables come and go in the paper's order and by its names. */
static Datum
ohlson_row(FunctionCallInfo fcinfo, const Datum *variables, Datum cutoff, bool show)
{
	Datum		values[STATEMENT_MAX_COLUMNS];

	if (decimal_sign(cutoff) <= 0 || decimal_cmp(cutoff, decimal_of("1")) >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cutoff must be between 0 and 1"),
				 errhint("It is the probability above which a company is expected to fail.")));

	values[0] = decimal_round(weighted_sum(OHLSON_CONSTANT, ohlson_weights, variables, OHLSON_NVARIABLES),
							  DECIMAL_RESULT);
	values[1] = decimal_from_double(1 / (1 + exp(-decimal_to_double(values[0]))),
									DECIMAL_PROBABILITY);
	values[2] = CStringGetTextDatum(decimal_cmp(values[1], cutoff) > 0 ? "distress" : "safe");
	if (show)
	{
		for (size_t i = 0; i < OHLSON_NVARIABLES; i++)
			values[3 + i] = decimal_round(variables[i], DECIMAL_RESULT);
		values[3 + 4] = BoolGetDatum(decimal_sign(variables[4]) != 0);
		values[3 + 7] = BoolGetDatum(decimal_sign(variables[7]) != 0);
	}
	return statement_result(fcinfo, values);
}

static Datum
flag(bool set)
{
	return decimal_of(set ? "1" : "0");
}

static Datum
logarithm(Datum of, text *base)
{
	const char *name = text_to_cstring(base);

	if (strcmp(name, "e") == 0)
		return DirectFunctionCall1(numeric_ln, of);
	if (strcmp(name, "10") == 0)
		return DirectFunctionCall2(numeric_log, decimal_of("10"), of);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("base of the logarithm must be \"e\" or \"10\""),
			 errdetail("It is \"%s\".", name)));
}

PG_FUNCTION_INFO_V1(ohlson_o);
Datum
ohlson_o(PG_FUNCTION_ARGS)
{
	Datum		assets = statement_divisor(fcinfo, 0, BALANCE_SHEET("total assets"));
	Datum		liabilities = statement_divisor(fcinfo, 1, BALANCE_SHEET("total liabilities"));
	Datum		current_assets = statement_divisor(fcinfo, 2, BALANCE_SHEET("current assets"));
	Datum		current_liabilities = statement_figure(fcinfo, 3, "current liabilities");
	Datum		net_income = statement_figure(fcinfo, 4, "net income");
	Datum		prior_income = statement_figure(fcinfo, 5, "net income of the prior year");
	Datum		funds = statement_figure(fcinfo, 6, "funds from operations");
	Datum		price_level = statement_figure(fcinfo, 7, "GNP price-level index");
	Datum		incomes = decimal_add(decimal_abs(net_income), decimal_abs(prior_income));
	Datum		variables[OHLSON_NVARIABLES];

	if (decimal_sign(price_level) <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("GNP price-level index must be greater than zero"),
				 errhint("The model was estimated with 1968 as 100.")));
	if (decimal_sign(incomes) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DIVISION_BY_ZERO),
				 errmsg("net income of both income statements is zero"),
				 errhint("The model has a ratio to it and is not defined for this company.")));

	variables[0] = logarithm(decimal_div(assets, price_level), PG_GETARG_TEXT_PP(8));
	variables[1] = decimal_div(liabilities, assets);
	variables[2] = decimal_div(decimal_sub(current_assets, current_liabilities), assets);
	variables[3] = decimal_div(current_liabilities, current_assets);
	variables[4] = flag(decimal_cmp(liabilities, assets) > 0);
	variables[5] = decimal_div(net_income, assets);
	variables[6] = decimal_div(funds, liabilities);
	variables[7] = flag(decimal_sign(net_income) < 0 && decimal_sign(prior_income) < 0);
	variables[8] = decimal_div(decimal_sub(net_income, prior_income), incomes);
	return ohlson_row(fcinfo, variables, statement_figure(fcinfo, 9, "cutoff"), true);
}

PG_FUNCTION_INFO_V1(ohlson_o_ratios);
Datum
ohlson_o_ratios(PG_FUNCTION_ARGS)
{
	Datum		variables[OHLSON_NVARIABLES];

	for (size_t i = 0; i < OHLSON_NVARIABLES; i++)
		variables[i] = (i == 4 || i == 7) ? flag(PG_GETARG_BOOL(i)) : statement_figure(fcinfo, i, "ratios");
	return ohlson_row(fcinfo, variables, statement_figure(fcinfo, 9, "cutoff"), false);
}
