/*
 * money.h
 *		Exact amounts in C: a signed 128-bit count of units at a decimal scale.
 *
 * SQL sees numeric; C never uses floating point for money.  An amount of
 * 123.45 is 12345 units at scale 2.  All arithmetic is checked: what does not
 * fit in 38 digits is an error (22003), never a wrong figure.
 */
#ifndef MONEY_H
#define MONEY_H

#include "cc_compat.h"

/* Scales beyond this cannot be money: 10^38 is the largest power of ten in int128. */
#define MONEY_MAX_SCALE 38

/*
 * Read a numeric at its own display scale, without numeric_* calls or text.
 * `what` names the value in errors ("amount").  Rejects NaN and infinity
 * (22003).  The datum may be toasted or have a short header.
 *
 * A display scale beyond MONEY_MAX_SCALE is read at MONEY_MAX_SCALE, and is an
 * error only if the value really has more decimals.
 */
extern int128 money_from_numeric(Datum num, int *scale, const char *what);

/*
 * Read a numeric as units of `scale`; it is an error (22003) if the value has
 * more decimals than that (trailing zeros are not decimals).
 */
extern int128 money_units(Datum num, int scale, const char *what);

/* The same for a caller that words its own refusal; *units counts only with MONEY_OK. */
typedef enum MoneyFault
{
	MONEY_OK,
	MONEY_NOT_FINITE,			/* NaN or infinity */
	MONEY_TOO_LARGE,			/* beyond 38 digits */
	MONEY_TOO_FINE				/* more decimals than `scale` */
} MoneyFault;

extern MoneyFault money_read(Datum num, int scale, int128 *units);

/*
 * Where a numeric lies among the multiples of one unit of `scale` (at most 18):
 * 2 x its floor in units, plus 1 if it lies above that.  So order against a bound
 * of that scale is kept exactly, however many decimals the value has.  What is
 * beyond MONEY_POSITION_LIMIT either way is given as that; NaN and infinity lie nowhere.
 * Fastest where scale is a multiple of 4.
 */
#define MONEY_POSITION_LIMIT	(INT64CONST(1) << 62)
#define MONEY_POSITION_NONE		PG_INT64_MIN

extern int64 money_position(Datum num, int scale);

/* Make a numeric with exactly `scale` decimals, palloc'd in the current context. */
extern Datum money_to_numeric(int128 units, int scale);

/* Raise 22003 "<what> out of range". */
extern void money_out_of_range(const char *what) pg_attribute_noreturn();

/* Checked arithmetic; 22003 "amount out of range" on overflow. */
static inline int128
money_add(int128 a, int128 b)
{
	int128		sum;

	if (unlikely(__builtin_add_overflow(a, b, &sum)))
		money_out_of_range("amount");
	return sum;
}

static inline int128
money_sub(int128 a, int128 b)
{
	int128		difference;

	if (unlikely(__builtin_sub_overflow(a, b, &difference)))
		money_out_of_range("amount");
	return difference;
}

static inline int128
money_mul(int128 a, int128 b)
{
	int128		product;

	/* Two 64-bit factors cannot overflow, and multiply in one instruction. */
	if (likely((int64) a == a && (int64) b == b))
		return (int128) (int64) a * (int64) b;
	if (unlikely(__builtin_mul_overflow(a, b, &product)))
		money_out_of_range("amount");
	return product;
}

/* Units at scale `from` as units at scale `to`, to >= from. */
extern int128 money_rescale(int128 units, int from, int to);

/*
 * The part of `amount` that belongs to the units from `before` to `after` of
 * `total`: what it is worth up to `after` less what it was up to `before`,
 * each rounded to `scale`, half away from zero.  Parts that meet add up to
 * the amount exactly.  Negative unless `positive`.
 */
extern Datum money_share(Datum amount, int scale, int128 before, int128 after, int128 total, bool positive);

/* "123.45" for messages and text forms, palloc'd; locale-independent. */
extern char *money_out(int128 units, int scale);

/*
 * Read what money_out writes, "-123.45", at *cursor and move it past the
 * number.  False, with *cursor unmoved, if there is no number of that form or
 * it does not fit; never raises.
 */
extern bool money_parse(const char **cursor, int128 *units, int *scale);

#endif							/* MONEY_H */
