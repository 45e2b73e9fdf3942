/*
 * dates.c
 *		Dates in checks and messages.
 */
#include "cc_compat.h"

#include "fmgr.h"
#include "utils/fmgrprotos.h"

#include "dates.h"

char *
date_text(DateADT date)
{
	return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(date)));
}

void
date_refuse(const char *what, const char *whose)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("%s of %s must be a calendar date, not infinity", what, whose)));
}
