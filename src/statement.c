/*
 * statement.c
 *		Figures of a financial statement as arguments of the models that rate a
 *		company by them.
 *
 * A score must never be guessed: a ratio to nothing is an error that names the
 * figure, and so is one to a negative total, which would turn its sign.
 */
#include "cc_compat.h"

#include "access/htup_details.h"
#include "funcapi.h"

#include "decimal.h"
#include "statement.h"

Datum
statement_figure(FunctionCallInfo fcinfo, int n, const char *name)
{
	Numeric		figure = PG_GETARG_NUMERIC(n);

	if (numeric_is_nan(figure) || numeric_is_inf(figure))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s must be finite", name),
				 errdetail("The value is %s.", numeric_is_nan(figure) ? "NaN" : "infinite")));
	return NumericGetDatum(figure);
}

Datum
statement_divisor(FunctionCallInfo fcinfo, int n, const char *name)
{
	Datum		figure = statement_figure(fcinfo, n, name);
	int			sign = decimal_sign(figure);

	if (sign == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DIVISION_BY_ZERO),
				 errmsg("%s are zero", name),
				 errhint("The model has a ratio to them and is not defined for this company.")));
	if (sign < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s are negative", name),
				 errdetail("The figure is %s.",
						   DatumGetCString(DirectFunctionCall1(numeric_out, figure))),
				 errhint("Enter assets, liabilities and sales as positive figures.")));
	return figure;
}

Datum
statement_result(FunctionCallInfo fcinfo, Datum *values)
{
	TupleDesc	desc;
	bool		nulls[STATEMENT_MAX_COLUMNS] = {0};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	Assert(desc->natts <= STATEMENT_MAX_COLUMNS);
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}
