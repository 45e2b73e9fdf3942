/*
 * statement.h
 *		Figures of a financial statement as arguments of the models that rate a
 *		company by them.
 */
#ifndef STATEMENT_H
#define STATEMENT_H

#include "cc_compat.h"

#include "fmgr.h"

/* Argument n; 22003 if it is NaN or infinite.  `name` is in the plural: "total assets". */
extern Datum statement_figure(FunctionCallInfo fcinfo, int n, const char *name);

/*
 * Argument n, by which others are divided: an error naming it if it is zero (22012)
 * or negative (22023).  `name` says which statement it is of: "total assets of the
 * balance sheet".
 */
extern Datum statement_divisor(FunctionCallInfo fcinfo, int n, const char *name);

/* A row of the function's result type, without NULLs. */
#define STATEMENT_MAX_COLUMNS 16
extern Datum statement_result(FunctionCallInfo fcinfo, Datum *values);

#endif							/* STATEMENT_H */
