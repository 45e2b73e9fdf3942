/*
 * decimal.h
 *		Arithmetic of numerics for ratios and scores.
 *
 * Ratios do not end after some decimals, as amounts do (money.h).  They are taken
 * to DECIMAL_WORKING places, and a result is rounded once, to DECIMAL_RESULT
 * places: a score that ends there is exact although its ratios do not end, so that
 * one which lies on the edge of a zone is seen on it.
 */
#ifndef DECIMAL_H
#define DECIMAL_H

#include "cc_compat.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#define DECIMAL_WORKING		40
#define DECIMAL_RESULT		16
/* Probabilities and logarithms come out of double precision, which has no more to offer. */
#define DECIMAL_PROBABILITY	10

/* A constant of a model, as its source prints it. */
static inline Datum
decimal_of(const char *text)
{
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

static inline Datum
decimal_add(Datum a, Datum b)
{
	return DirectFunctionCall2(numeric_add, a, b);
}

static inline Datum
decimal_sub(Datum a, Datum b)
{
	return DirectFunctionCall2(numeric_sub, a, b);
}

static inline Datum
decimal_mul(Datum a, Datum b)
{
	return DirectFunctionCall2(numeric_mul, a, b);
}

static inline Datum
decimal_abs(Datum a)
{
	return DirectFunctionCall1(numeric_abs, a);
}

/* To DECIMAL_WORKING places; b must not be zero. */
static inline Datum
decimal_div(Datum a, Datum b)
{
	/* A quotient has at least as many places as its operands show. */
	return DirectFunctionCall2(numeric_div,
							   DirectFunctionCall2(numeric_round, a, Int32GetDatum(DECIMAL_WORKING)), b);
}

/* <0, 0, >0 */
static inline int
decimal_cmp(Datum a, Datum b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, a, b));
}

/* <0, 0, >0 */
static inline int
decimal_sign(Datum a)
{
	return decimal_cmp(a, NumericGetDatum(int64_to_numeric(0)));
}

/* Half away from zero, without zeros at the end. */
static inline Datum
decimal_round(Datum a, int places)
{
	return DirectFunctionCall1(numeric_trim_scale,
							   DirectFunctionCall2(numeric_round, a, Int32GetDatum(places)));
}

static inline double
decimal_to_double(Datum a)
{
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, a));
}

static inline Datum
decimal_from_double(double a, int places)
{
	return decimal_round(DirectFunctionCall1(float8_numeric, Float8GetDatum(a)), places);
}

#endif							/* DECIMAL_H */
