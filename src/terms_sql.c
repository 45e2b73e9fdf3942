/*
 * terms_sql.c
 *		What SQL asks of payment terms: dates, discounts, instalments.
 */
#include "cc_compat.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "money.h"
#include "terms.h"

#define MAX_MINOR_UNIT 18

/* Decimals of an annual cost. */
#define COST_SCALE 6

/* Decimals that any rate of discount has, as a fraction of one. */
#define RATE_SCALE 4

static void
reject_null(FunctionCallInfo fcinfo, int argno, const char *name)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
}

static int
get_minor_unit(FunctionCallInfo fcinfo, int argno)
{
	int			minor_unit;

	reject_null(fcinfo, argno, "minor_unit");
	minor_unit = PG_GETARG_INT32(argno);
	if (minor_unit < 0 || minor_unit > MAX_MINOR_UNIT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("minor_unit must be between 0 and %d", MAX_MINOR_UNIT)));
	return minor_unit;
}

/* The date the goods were received, an argument that may be NULL. */
static inline DateADT
get_received(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? 0 : PG_GETARG_DATEADT(argno);
}

/* (terms, doc_date, received) */
PG_FUNCTION_INFO_V1(cc_due_date);
Datum
cc_due_date(PG_FUNCTION_ARGS)
{
	DateADT		due_date;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) ||
		!terms_due_date(PG_GETARG_PAYMENT_TERMS_P(0), PG_GETARG_DATEADT(1),
						!PG_ARGISNULL(2), get_received(fcinfo, 2), &due_date))
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(due_date);
}

/* (terms, doc_date, received) */
PG_FUNCTION_INFO_V1(cc_discount_date);
Datum
cc_discount_date(PG_FUNCTION_ARGS)
{
	const PaymentTerms *terms;
	DateADT		last_day;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	terms = PG_GETARG_PAYMENT_TERMS_P(0);
	if (terms->ndiscounts == 0 ||
		!terms_discount_date(terms, 0, PG_GETARG_DATEADT(1),
							 !PG_ARGISNULL(2), get_received(fcinfo, 2), &last_day))
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(last_day);
}

/* num / den as a numeric fraction of one: 0.0200; den divides 10^4. */
static Datum
rate_numeric(int num, int den)
{
	return money_to_numeric((int128) num * (TERMS_MAX_DENOMINATOR / den), RATE_SCALE);
}

/* (terms, doc_date, paid_on, received) */
PG_FUNCTION_INFO_V1(cc_discount_rate);
Datum
cc_discount_rate(PG_FUNCTION_ARGS)
{
	int			num;
	int			den;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	switch (terms_discount_earned(PG_GETARG_PAYMENT_TERMS_P(0), PG_GETARG_DATEADT(1),
								  !PG_ARGISNULL(3), get_received(fcinfo, 3),
								  PG_GETARG_DATEADT(2), &num, &den))
	{
		case TERMS_DISCOUNT_EARNED:
			PG_RETURN_DATUM(rate_numeric(num, den));
		case TERMS_DISCOUNT_NONE:
			PG_RETURN_DATUM(money_to_numeric(0, RATE_SCALE));
		case TERMS_DISCOUNT_UNDATED:
			break;
	}
	PG_RETURN_NULL();
}

/* a / b, b > 0, rounded half away from zero. */
static int128
divide_rounded(int128 a, int b)
{
	int128		quotient = a / b;
	int			rest = (int) (a % b);

	if (2 * abs(rest) >= b)
		quotient += a < 0 ? -1 : 1;
	return quotient;
}

/* (terms, doc_date, paid_on, amount, received, basis, minor_unit) */
PG_FUNCTION_INFO_V1(cc_discount);
Datum
cc_discount(PG_FUNCTION_ARGS)
{
	int			minor_unit;
	char	   *basis;
	bool		of_payment;
	int128		units;
	int			num;
	int			den;

	reject_null(fcinfo, 5, "basis");
	basis = text_to_cstring(PG_GETARG_TEXT_PP(5));
	of_payment = strcmp(basis, "payment") == 0;
	if (!of_payment && strcmp(basis, "invoice") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown basis of a cash discount \"%s\"", basis),
				 errhint("It is invoice, for an amount of the invoice that is settled, or payment, for an amount of money received.")));
	minor_unit = get_minor_unit(fcinfo, 6);

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	units = money_units(PG_GETARG_DATUM(3), minor_unit, "amount");
	switch (terms_discount_earned(PG_GETARG_PAYMENT_TERMS_P(0), PG_GETARG_DATEADT(1),
								  !PG_ARGISNULL(4), get_received(fcinfo, 4),
								  PG_GETARG_DATEADT(2), &num, &den))
	{
		case TERMS_DISCOUNT_EARNED:
			/* Money m settles m / (1 - rate), and the discount is what it settles beyond m. */
			units = divide_rounded(money_mul(units, num), of_payment ? den - num : den);
			PG_RETURN_DATUM(money_to_numeric(units, minor_unit));
		case TERMS_DISCOUNT_NONE:
			PG_RETURN_DATUM(money_to_numeric(0, minor_unit));
		case TERMS_DISCOUNT_UNDATED:
			break;
	}
	PG_RETURN_NULL();
}

/* (terms, doc_date, received) to no, rate, last_day */
PG_FUNCTION_INFO_V1(cc_discounts);
Datum
cc_discounts(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const PaymentTerms *terms;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	terms = PG_GETARG_PAYMENT_TERMS_P(0);
	for (int i = 0; i < (int) terms->ndiscounts; i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false};
		DateADT		last_day = 0;

		nulls[2] = !terms_discount_date(terms, i, PG_GETARG_DATEADT(1),
										!PG_ARGISNULL(2), get_received(fcinfo, 2), &last_day);
		values[0] = Int32GetDatum(i + 1);
		values[1] = rate_numeric(terms->clauses[i].num, terms->clauses[i].den);
		values[2] = DateADTGetDatum(last_day);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	PG_RETURN_NULL();
}

/* (terms, doc_date, amount, minor_unit, received) to no, due_date, amount */
PG_FUNCTION_INFO_V1(cc_instalments);
Datum
cc_instalments(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int			minor_unit = get_minor_unit(fcinfo, 3);
	TermsInstalment instalments[TERMS_MAX_INSTALMENTS];
	int			n;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	n = terms_schedule(PG_GETARG_PAYMENT_TERMS_P(0), PG_GETARG_DATEADT(1),
					   !PG_ARGISNULL(4), get_received(fcinfo, 4),
					   money_units(PG_GETARG_DATUM(2), minor_unit, "amount"), instalments);
	for (int i = 0; i < n; i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false, !instalments[i].dated, false};

		values[0] = Int32GetDatum(i + 1);
		values[1] = DateADTGetDatum(instalments[i].dated ? instalments[i].due_date : 0);
		values[2] = money_to_numeric(instalments[i].units, minor_unit);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	PG_RETURN_NULL();
}

/*
 * Days from the end of the best discount to the net date; false if they depend
 * on the invoice and it is not given.
 */
static bool
days_gained(FunctionCallInfo fcinfo, const PaymentTerms *terms, int *days)
{
	const TermsClause *discount = &terms->clauses[0];
	const TermsClause *net = terms_dues(terms);
	DateADT		last_day;
	DateADT		due_date;

	if (net->anchor == discount->anchor && net->months == discount->months &&
		!(net->anchor & TERMS_DAYS_FIRST))
	{
		*days = net->days - discount->days;
		return true;
	}
	if (PG_ARGISNULL(2) ||
		!terms_discount_date(terms, 0, PG_GETARG_DATEADT(2),
							 !PG_ARGISNULL(3), get_received(fcinfo, 3), &last_day) ||
		!terms_due_date(terms, PG_GETARG_DATEADT(2),
						!PG_ARGISNULL(3), get_received(fcinfo, 3), &due_date))
		return false;
	*days = due_date - last_day;
	return true;
}

/*
 * (terms, basis, doc_date, received): what it costs a year to pay the net
 * amount on the net date instead of the discounted one on the last day of the
 * discount.  A rate, not money, and so left to numeric's own arithmetic.
 */
PG_FUNCTION_INFO_V1(cc_discount_cost);
Datum
cc_discount_cost(PG_FUNCTION_ARGS)
{
	const PaymentTerms *terms;
	char	   *basis;
	bool		effective;
	int			year;
	int			days;
	const TermsClause *discount;
	Numeric		interest;
	Numeric		periods;
	Numeric		cost;

	reject_null(fcinfo, 1, "basis");
	basis = text_to_cstring(PG_GETARG_TEXT_PP(1));
	effective = strcmp(basis, "effective") == 0;
	year = strcmp(basis, "simple_360") == 0 ? 360 : 365;
	if (!effective && year == 365 && strcmp(basis, "simple_365") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown basis of the annual cost \"%s\"", basis),
				 errhint("It is simple_360, simple_365 or effective.")));

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	terms = PG_GETARG_PAYMENT_TERMS_P(0);
	if (terms->ndiscounts == 0 || !days_gained(fcinfo, terms, &days) || days <= 0)
		PG_RETURN_NULL();

	discount = &terms->clauses[0];
	interest = numeric_div_opt_error(int64_to_numeric(discount->num),
									 int64_to_numeric(discount->den - discount->num), NULL);
	if (!effective)
		cost = numeric_div_opt_error(int64_to_numeric((int64) discount->num * year),
									 int64_to_numeric((int64) (discount->den - discount->num) * days), NULL);
	else
	{
		periods = numeric_div_opt_error(int64_to_numeric(year), int64_to_numeric(days), NULL);
		cost = DatumGetNumeric(DirectFunctionCall2(numeric_power,
												   NumericGetDatum(numeric_add_opt_error(int64_to_numeric(1), interest, NULL)),
												   NumericGetDatum(periods)));
		cost = numeric_sub_opt_error(cost, int64_to_numeric(1), NULL);
	}
	PG_RETURN_DATUM(DirectFunctionCall2(numeric_round, NumericGetDatum(cost),
										Int32GetDatum(COST_SCALE)));
}

/* Days of plain "net 30"; NULL for all that does not count days. */
PG_FUNCTION_INFO_V1(cc_terms_net_days);
Datum
cc_terms_net_days(PG_FUNCTION_ARGS)
{
	const PaymentTerms *terms = PG_GETARG_PAYMENT_TERMS_P(0);
	const TermsClause *due = terms_dues(terms);

	if (terms_ndues(terms) > 1 || due->anchor != 0 || due->months != 0 ||
		terms->start == TERMS_FROM_SEASON)
		PG_RETURN_NULL();
	PG_RETURN_INT32(due->days + (terms->start == TERMS_FROM_EXTRA ? terms->start_arg : 0));
}

PG_FUNCTION_INFO_V1(cc_terms_is_prepaid);
Datum
cc_terms_is_prepaid(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(terms_is_prepaid(PG_GETARG_PAYMENT_TERMS_P(0)));
}

PG_FUNCTION_INFO_V1(cc_terms_is_cod);
Datum
cc_terms_is_cod(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_PAYMENT_TERMS_P(0)->start == TERMS_COD);
}

PG_FUNCTION_INFO_V1(cc_terms_awaits_goods);
Datum
cc_terms_awaits_goods(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_PAYMENT_TERMS_P(0)->start == TERMS_FROM_GOODS);
}

PG_FUNCTION_INFO_V1(cc_terms_instalment_count);
Datum
cc_terms_instalment_count(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(terms_ndues(PG_GETARG_PAYMENT_TERMS_P(0)));
}

PG_FUNCTION_INFO_V1(cc_terms_grace_days);
Datum
cc_terms_grace_days(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(PG_GETARG_PAYMENT_TERMS_P(0)->grace);
}

/* The best rate the terms offer. */
PG_FUNCTION_INFO_V1(cc_terms_discount_rate);
Datum
cc_terms_discount_rate(PG_FUNCTION_ARGS)
{
	const PaymentTerms *terms = PG_GETARG_PAYMENT_TERMS_P(0);

	if (terms->ndiscounts == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(rate_numeric(terms->clauses[0].num, terms->clauses[0].den));
}
