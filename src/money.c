/*
 * money.c
 *		numeric to scaled int128 and back, exactly.
 *
 * PostgreSQL exports no way to look into a numeric, and going through its
 * arithmetic or text costs more than the sums we make of it.  So the on-disk
 * format is read and written here directly.  That format cannot change without
 * breaking pg_upgrade; it is private to src/backend/utils/adt/numeric.c, so
 * what we rely on is restated:
 *
 *	A numeric is a varlena of 16-bit words in native byte order: a header, in
 *	the long form a second header word, then the digits.  A digit is 0..9999,
 *	most significant first; `weight` is the power of 10000 of the first one.
 *	Zero has no digits.  `dscale` is the number of decimals shown: no digit
 *	beyond it is other than zero, and trailing zero digits are not stored.
 *
 *	header & 0xC000		form
 *	0x8000				short	0x2000 negative, 0x1F80 dscale,
 *								0x0040 weight is negative, 0x003F weight
 *	0x0000, 0x4000		long	positive, negative; 0x3FFF dscale;
 *								the second word is the signed weight
 *	0xC000				special	0xC000 NaN, 0xD000 +Inf, 0xF000 -Inf
 *
 *	A value is stored in the short form whenever its dscale and weight fit.
 *
 * With a one-byte varlena header the words are at odd addresses, hence memcpy.
 */
#include "cc_compat.h"

#include "fmgr.h"
#include "utils/fmgrprotos.h"

#include "money.h"

#define NUM_FORM_MASK			0xC000
#define NUM_SHORT				0x8000
#define NUM_SPECIAL				0xC000
#define NUM_NAN					0xC000
#define NUM_LONG_NEGATIVE		0x4000
#define NUM_LONG_DSCALE_MASK	0x3FFF
#define NUM_SHORT_NEGATIVE		0x2000
#define NUM_SHORT_DSCALE_SHIFT	7
#define NUM_SHORT_DSCALE_MASK	0x3F
#define NUM_SHORT_WEIGHT_SIGN	0x0040
#define NUM_SHORT_WEIGHT_MASK	0x003F

#define NBASE		10000
#define DEC_DIGITS	4			/* decimal digits in a base-NBASE digit */

/* Digits of int128 are 39; a group is cut at the decimal point, which can add one. */
#define MAX_UNITS_DIGITS	((39 + DEC_DIGITS - 1) / DEC_DIGITS + 1)

#define UINT128_MAX_VALUE	(~(uint128) 0)

StaticAssertDecl(sizeof(int128) == 16, "int128 must be 128 bits");
StaticAssertDecl(MONEY_MAX_SCALE <= NUM_SHORT_DSCALE_MASK,
				 "every scale we write must fit numeric's short form");
StaticAssertDecl(39 / DEC_DIGITS + 1 <= NUM_SHORT_WEIGHT_MASK,
				 "every weight we write must fit numeric's short form");

/* Where the parts of a numeric are. */
typedef struct NumericView
{
	const char *digits;			/* unaligned uint16s */
	int			ndigits;
	int			weight;
	int			dscale;
	bool		negative;
	void	   *detoasted;		/* to be freed when done, or NULL */
} NumericView;

typedef enum
{
	DECODE_OK,
	DECODE_TOO_BIG,				/* more than int128 holds */
	DECODE_TOO_FINE				/* more decimals than asked for */
} DecodeResult;

static const int32 small_pow10[DEC_DIGITS + 1] = {1, 10, 100, 1000, 10000};

static inline uint16
word_at(const char *p)
{
	uint16		word;

	memcpy(&word, p, sizeof(word));
	return word;
}

static int128
pow10_int128(int exponent)
{
	int128		power = 1;

	Assert(exponent >= 0 && exponent <= MONEY_MAX_SCALE);
	while (exponent-- > 0)
		power *= 10;
	return power;
}

void
money_out_of_range(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s out of range", what),
			 errdetail("Amounts are kept exactly in 38 digits, decimals included.")));
}

static void
not_finite(uint16 header, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s must be a finite number", what),
			 errdetail("The value is %s.",
					   header == NUM_NAN ? "NaN" : "infinite")));
}

/*
 * Only a compressed or external value is copied; a short header is read in
 * place.  Returns 0, or the header of NaN or infinity.
 */
static inline uint16
view_numeric(Datum num, NumericView *view)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(num);
	const char *data;
	int			len;
	uint16		header;

	view->detoasted = NULL;
	if (unlikely(VARATT_IS_EXTENDED(value) && !VARATT_IS_SHORT(value)))
		view->detoasted = value = pg_detoast_datum_packed(value);

	data = VARDATA_ANY(value);
	len = VARSIZE_ANY_EXHDR(value);
	header = word_at(data);

	if (likely((header & NUM_FORM_MASK) == NUM_SHORT))
	{
		view->negative = (header & NUM_SHORT_NEGATIVE) != 0;
		view->dscale = (header >> NUM_SHORT_DSCALE_SHIFT) & NUM_SHORT_DSCALE_MASK;
		view->weight = header & NUM_SHORT_WEIGHT_MASK;
		if (header & NUM_SHORT_WEIGHT_SIGN)
			view->weight -= NUM_SHORT_WEIGHT_MASK + 1;
		view->digits = data + sizeof(uint16);
	}
	else
	{
		if ((header & NUM_FORM_MASK) == NUM_SPECIAL)
			return header;
		view->negative = (header & NUM_FORM_MASK) == NUM_LONG_NEGATIVE;
		view->dscale = header & NUM_LONG_DSCALE_MASK;
		view->weight = (int16) word_at(data + sizeof(uint16));
		view->digits = data + 2 * sizeof(uint16);
	}
	view->ndigits = (data + len - view->digits) / (int) sizeof(uint16);
	return 0;
}

static inline int
digit_at(const NumericView *view, int i)
{
	return word_at(view->digits + i * sizeof(uint16));
}

/* Any numeric; `units` is without sign. */
static DecodeResult
decode_any(const NumericView *view, int scale, int128 *units)
{
	int128		sum = 0;
	int			exponent = 0;	/* of ten, in units, of the digit at hand */

	for (int i = 0; i < view->ndigits; i++)
	{
		int			digit = digit_at(view, i);
		int			factor = NBASE;

		exponent = DEC_DIGITS * (view->weight - i) + scale;
		if (exponent <= -DEC_DIGITS)
			return DECODE_TOO_FINE;
		if (exponent < 0)
		{
			/* The point falls inside this digit: keep its upper part. */
			int32		below = small_pow10[-exponent];

			if (digit % below != 0)
				return DECODE_TOO_FINE;
			digit /= below;
			factor = NBASE / below;
		}
		if (__builtin_mul_overflow(sum, (int128) factor, &sum) ||
			__builtin_add_overflow(sum, (int128) digit, &sum))
			return DECODE_TOO_BIG;
	}

	if (exponent > 0 && sum != 0)
	{
		if (exponent > MONEY_MAX_SCALE ||
			__builtin_mul_overflow(sum, pow10_int128(exponent), &sum))
			return DECODE_TOO_BIG;
	}
	*units = sum;
	return DECODE_OK;
}

/* As decode_any; most amounts have so few digits that 64 bits do. */
static inline DecodeResult
decode(const NumericView *view, int scale, int128 *units)
{
	int			last = view->ndigits - 1;
	int			exponent = DEC_DIGITS * (view->weight - last) + scale;

	/* Four digits are below 10^16, so two more zeros still fit. */
	if (likely(last >= 0 && last < 4 &&
			   exponent > -DEC_DIGITS && exponent <= 2))
	{
		int64		sum = 0;
		int32		digit = digit_at(view, last);

		for (int i = 0; i < last; i++)
			sum = sum * NBASE + digit_at(view, i);

		if (exponent >= 0)
			*units = (sum * NBASE + digit) * small_pow10[exponent];
		else
		{
			int32		below = small_pow10[-exponent];

			if (unlikely(digit % below != 0))
				return DECODE_TOO_FINE;
			*units = sum * small_pow10[DEC_DIGITS + exponent] + digit / below;
		}
		return DECODE_OK;
	}
	return decode_any(view, scale, units);
}

int128
money_from_numeric(Datum num, int *scale, const char *what)
{
	NumericView view;
	int128		units;
	uint16		special = view_numeric(num, &view);

	if (unlikely(special != 0))
		not_finite(special, what);
	*scale = Min(view.dscale, MONEY_MAX_SCALE);
	if (unlikely(decode(&view, *scale, &units) != DECODE_OK))
		money_out_of_range(what);
	if (unlikely(view.detoasted != NULL))
		pfree(view.detoasted);
	return view.negative ? -units : units;
}

MoneyFault
money_read(Datum num, int scale, int128 *units)
{
	NumericView view;
	DecodeResult result;

	Assert(scale >= 0 && scale <= MONEY_MAX_SCALE);
	if (unlikely(view_numeric(num, &view) != 0))
		return MONEY_NOT_FINITE;
	result = decode(&view, scale, units);
	if (view.negative)
		*units = -*units;
	if (view.detoasted != NULL)
		pfree(view.detoasted);
	switch (result)
	{
		case DECODE_TOO_BIG:
			return MONEY_TOO_LARGE;
		case DECODE_TOO_FINE:
			return MONEY_TOO_FINE;
		default:
			return MONEY_OK;
	}
}

int128
money_units(Datum num, int scale, const char *what)
{
	NumericView view;
	int128		units;
	uint16		special = view_numeric(num, &view);

	Assert(scale >= 0 && scale <= MONEY_MAX_SCALE);
	if (unlikely(special != 0))
		not_finite(special, what);
	switch (decode(&view, scale, &units))
	{
		case DECODE_OK:
			break;
		case DECODE_TOO_BIG:
			money_out_of_range(what);
			break;
		case DECODE_TOO_FINE:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg_plural("%s has more than %d decimal",
								   "%s has more than %d decimals",
								   scale, what, scale)));
	}
	if (view.detoasted != NULL)
		pfree(view.detoasted);
	return view.negative ? -units : units;
}

/*
 * The magnitude in units of `scale`, rounded down, and whether that took something
 * away.  What is MONEY_POSITION_LIMIT / 2 or more is that.
 */
static uint64
floor_any(const NumericView *view, int scale, bool *rest)
{
	uint64		sum = 0;
	uint64		limit = MONEY_POSITION_LIMIT / 2;
	int			exponent = 0;	/* of ten, in units, of the digit at hand */

	*rest = false;
	for (int i = 0; i < view->ndigits && sum < limit; i++)
	{
		int			digit = digit_at(view, i);
		int			factor = NBASE;

		exponent = DEC_DIGITS * (view->weight - i) + scale;
		if (exponent <= -DEC_DIGITS)
		{
			/* The first and the last digit that are stored are not zero. */
			*rest = true;
			break;
		}
		if (exponent < 0)
		{
			int32		below = small_pow10[-exponent];

			*rest = (digit % below != 0);
			digit /= below;
			factor = NBASE / below;
		}
		sum = (sum >= limit / factor) ? limit : sum * factor + digit;
	}
	for (; exponent > 0 && sum > 0 && sum < limit; exponent--)
		sum *= 10;
	return Min(sum, limit);
}

int64
money_position(Datum num, int scale)
{
	NumericView view;
	int			whole;			/* digits not below one unit, if none is cut by it */
	uint64		sum = 0;
	bool		rest;
	int64		away;

	if (unlikely(view_numeric(num, &view) != 0))
		return MONEY_POSITION_NONE;

	whole = view.weight + 1 + scale / DEC_DIGITS;
	if (likely(scale % DEC_DIGITS == 0 && whole <= 4))
	{
		/* Four digits are below 10^16, and nothing has to be divided. */
		for (int i = 0; i < whole; i++)
			sum = sum * NBASE + (i < view.ndigits ? digit_at(&view, i) : 0);
		rest = (view.ndigits > Max(whole, 0));
	}
	else
		sum = floor_any(&view, scale, &rest);
	if (unlikely(view.detoasted != NULL))
		pfree(view.detoasted);

	/* Mirrored: the floor of -2.5 is -3, so its position is -6 + 1. */
	away = (int64) (2 * sum + rest);
	if (sum == MONEY_POSITION_LIMIT / 2)
		away = MONEY_POSITION_LIMIT;
	return view.negative ? -away : away;
}

static inline uint128
magnitude(int128 units)
{
	return units < 0 ? -(uint128) units : (uint128) units;
}

/*
 * The value is made exactly as numeric.c would make it, no zero digit at
 * either end, because numeric's equality by bytes, its hash and its send
 * function count on that.
 */
Datum
money_to_numeric(int128 units, int scale)
{
	uint16		digits[MAX_UNITS_DIGITS];
	int			first = MAX_UNITS_DIGITS;	/* filled from the end */
	int			end = MAX_UNITS_DIGITS;
	uint128		rest = magnitude(units);
	int			point = scale % DEC_DIGITS;
	int			weight = -((scale + DEC_DIGITS - 1) / DEC_DIGITS) - 1;
	uint16		header;
	struct varlena *result;
	Size		size;

	Assert(scale >= 0 && scale <= MONEY_MAX_SCALE);

	/* Groups of four are counted from the decimal point, so the last may be partial. */
	if (point > 0 && rest != 0)
	{
		int32		above = small_pow10[point];

		digits[--first] = (uint16) (rest % above) * small_pow10[DEC_DIGITS - point];
		rest /= above;
		weight++;
	}
	while (rest > PG_UINT64_MAX)
	{
		digits[--first] = (uint16) (rest % NBASE);
		rest /= NBASE;
		weight++;
	}
	/* What is left fits 64 bits, where division is an instruction, not a call. */
	for (uint64 low = (uint64) rest; low != 0; low /= NBASE)
	{
		digits[--first] = (uint16) (low % NBASE);
		weight++;
	}
	while (end > first && digits[end - 1] == 0)
		end--;
	if (end == first)
		weight = 0;

	header = NUM_SHORT | (scale << NUM_SHORT_DSCALE_SHIFT) |
		(weight & (NUM_SHORT_WEIGHT_SIGN | NUM_SHORT_WEIGHT_MASK));
	if (units < 0)
		header |= NUM_SHORT_NEGATIVE;

	size = VARHDRSZ + sizeof(header) + (end - first) * sizeof(uint16);
	result = palloc(size);
	SET_VARSIZE(result, size);
	memcpy(VARDATA(result), &header, sizeof(header));
	memcpy(VARDATA(result) + sizeof(header), digits + first,
		   (end - first) * sizeof(uint16));
	return PointerGetDatum(result);
}

int128
money_rescale(int128 units, int from, int to)
{
	Assert(from >= 0 && from <= to && to <= MONEY_MAX_SCALE);
	if (from == to)
		return units;
	return money_mul(units, pow10_int128(to - from));
}

char *
money_out(int128 units, int scale)
{
	char		buf[48];		/* sign, 39 digits, a leading zero, point, NUL */
	char	   *p = buf + sizeof(buf);
	uint128		rest = magnitude(units);
	int			ndigits = 0;

	Assert(scale >= 0 && scale <= MONEY_MAX_SCALE);
	*--p = '\0';
	do
	{
		if (ndigits == scale && scale > 0)
			*--p = '.';
		*--p = '0' + (int) (rest % 10);
		rest /= 10;
		ndigits++;
	} while (rest != 0 || ndigits <= scale);
	if (units < 0)
		*--p = '-';
	return pstrdup(p);
}

bool
money_parse(const char **cursor, int128 *units, int *scale)
{
	const char *p = *cursor;
	bool		negative = (*p == '-');
	bool		seen_point = false;
	int			ndigits = 0;
	int			decimals = 0;
	uint128		sum = 0;
	uint128		limit = UINT128_MAX_VALUE / 2;	/* largest int128 */

	if (negative)
	{
		p++;
		limit++;
	}
	for (;; p++)
	{
		if (*p == '.' && !seen_point && ndigits > 0)
		{
			seen_point = true;
			continue;
		}
		if (*p < '0' || *p > '9')
			break;
		if (__builtin_mul_overflow(sum, (uint128) 10, &sum) ||
			__builtin_add_overflow(sum, (uint128) (*p - '0'), &sum) ||
			sum > limit)
			return false;
		ndigits++;
		if (seen_point)
			decimals++;
	}
	if (ndigits == 0 || (seen_point && decimals == 0) ||
		decimals > MONEY_MAX_SCALE)
		return false;

	*units = (int128) (negative ? -sum : sum);
	*scale = decimals;
	*cursor = p;
	return true;
}

static Datum
share_up_to(Datum amount, int scale, int128 units, int128 total)
{
	Datum		product;

	if (units == total)
		return amount;
	product = DirectFunctionCall2(numeric_mul, amount, money_to_numeric(units, 0));
	/* numeric_div keeps at least 16 significant digits, and more where the operands have them. */
	return DirectFunctionCall2(numeric_round, DirectFunctionCall2(numeric_div, product, money_to_numeric(total, 0)),
							   Int32GetDatum(scale));
}

Datum
money_share(Datum amount, int scale, int128 before, int128 after, int128 total, bool positive)
{
	Datum		share = DirectFunctionCall2(numeric_sub, share_up_to(amount, scale, after, total),
											share_up_to(amount, scale, before, total));

	return DirectFunctionCall2(numeric_round, positive ? share : DirectFunctionCall1(numeric_uminus, share), Int32GetDatum(scale));
}
