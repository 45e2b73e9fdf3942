/*
 * entry.c
 *		Amounts at the door: what a user may give as an amount of money.
 */
#include "cc_compat.h"

#include "fmgr.h"
#include "utils/fmgrprotos.h"

#include "entry.h"

MoneyFault
entry_amount(Datum num, int scale, int128 *units)
{
	MoneyFault	fault = money_read(num, scale, units);

	if (fault == MONEY_OK)
	{
		int128		limit = money_rescale(ENTRY_LIMIT, 0, scale);

		if (*units >= limit || *units <= -limit)
			fault = MONEY_TOO_LARGE;
	}
	return fault;
}

void
entry_refuse(MoneyFault fault, Datum num, int scale, const char *what)
{
	char	   *figure = DatumGetCString(DirectFunctionCall1(numeric_out, num));

	switch (fault)
	{
		case MONEY_NOT_FINITE:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("%s must be a finite number", what),
					 errdetail("It is %s.", figure)));
			break;
		case MONEY_TOO_LARGE:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("%s is out of range", what),
					 errdetail("It is %s; amounts are kept below " INT64_FORMAT ".", figure, ENTRY_LIMIT)));
			break;
		case MONEY_TOO_FINE:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("%s has more decimals than its currency has", what),
					 errdetail("It is %s; the currency has %d decimals.", figure, scale),
					 errhint("Round it before it is entered.")));
			break;
		case MONEY_OK:
			break;
	}
	elog(ERROR, "nothing to refuse");
	pg_unreachable();
}
