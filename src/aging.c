/*
 * aging.c
 *		Making, adding and comparing values of credit.aging; the aggregates.
 */
#include "cc_compat.h"

#include "common/hashfn.h"
#include "common/int.h"
#include "utils/date.h"

#include "aging.h"

StaticAssertDecl(__alignof__(int128) <= MAXIMUM_ALIGNOF,
				 "int128 must be usable wherever a varlena may be");
StaticAssertDecl(sizeof(AgingSum) == 40, "AgingSum is stored: no padding");
StaticAssertDecl(offsetof(Aging, bounds) == 16, "Aging is stored: no padding");

/* What credit.aging() uses when no buckets are given. */
static const int32 default_bounds[] = {0, 30, 60, 90};

Aging *
aging_new(const int32 *bounds, int nbounds)
{
	uint8		flags = AGING_PAST_DUE_APART;
	Size		size;
	Aging	   *aging;

	for (int i = 0; i < nbounds; i++)
		if (bounds[i] == 0)
			flags = 0;

	size = AGING_SUMS_OFFSET(nbounds) +
		(nbounds + 1 + (flags ? 1 : 0)) * sizeof(AgingSum);
	aging = palloc0(size);
	SET_VARSIZE(aging, size);
	aging->version = AGING_VERSION;
	aging->flags = flags;
	aging->nbounds = nbounds;
	memcpy(aging->bounds, bounds, nbounds * sizeof(int32));
	return aging;
}

static void
check_version(const Aging *aging)
{
	if (unlikely(aging->version != AGING_VERSION ||
				 (aging->flags & ~AGING_KNOWN_FLAGS) != 0))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("version %d of type %s is not supported",
						aging->version, "credit.aging"),
				 errhint("The value was written by a newer release of credit_control.")));
}

Aging *
aging_from_datum(Datum value)
{
	Aging	   *aging = (Aging *) PG_DETOAST_DATUM(value);

	check_version(aging);
	return aging;
}

void
aging_set_scale(Aging *aging, int scale)
{
	AgingSum   *sums = aging_sums(aging);

	for (int i = 0; i < aging_nsums(aging); i++)
	{
		sums[i].amount = money_rescale(sums[i].amount, aging->scale, scale);
		sums[i].amount_days = money_rescale(sums[i].amount_days, aging->scale, scale);
	}
	aging->scale = scale;
}

int128
aging_total(const Aging *aging)
{
	const AgingSum *sums = aging_sums(aging);
	int128		total = 0;

	for (int i = 0; i < aging_nbuckets(aging); i++)
		total = money_add(total, sums[i].amount);
	return total;
}

static inline int64
add_items(int64 a, int64 b)
{
	int64		sum;

	if (unlikely(pg_add_s64_overflow(a, b, &sum)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number of items out of range")));
	return sum;
}

static inline void
add_to_sum(AgingSum *sum, int128 amount, int128 amount_days, int64 items)
{
	sum->amount = money_add(sum->amount, amount);
	sum->amount_days = money_add(sum->amount_days, amount_days);
	sum->items = add_items(sum->items, items);
}

AgingSum
aging_past_due(const Aging *aging)
{
	const AgingSum *sums = aging_sums(aging);
	AgingSum	past_due = {0};

	if (aging->flags & AGING_PAST_DUE_APART)
		return sums[aging_nbuckets(aging)];

	/* Zero is a bound: the buckets after it are past due. */
	for (int i = 0; i < aging->nbounds; i++)
		if (aging->bounds[i] >= 0)
			add_to_sum(&past_due, sums[i + 1].amount, sums[i + 1].amount_days,
					   sums[i + 1].items);
	return past_due;
}

static void
add_aging(Aging *aging, const Aging *other)
{
	AgingSum   *sums = aging_sums(aging);
	const AgingSum *more = aging_sums(other);

	if (!aging_has_bounds(aging, other->bounds, other->nbounds))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot add agings with different buckets"),
				 errdetail("One has bounds %s, the other %s.",
						   aging_bounds_out(aging->bounds, aging->nbounds),
						   aging_bounds_out(other->bounds, other->nbounds)),
				 errhint("Age the items of both with the same buckets.")));

	if (other->scale > aging->scale)
		aging_set_scale(aging, other->scale);
	aging->undated = add_items(aging->undated, other->undated);
	for (int i = 0; i < aging_nsums(aging); i++)
		add_to_sum(&sums[i],
				   money_rescale(more[i].amount, other->scale, aging->scale),
				   money_rescale(more[i].amount_days, other->scale, aging->scale),
				   more[i].items);
}

/*
 * Argument 0 of a transition, as something we may write to; NULL if there is no
 * state yet.  Inside an aggregate it is ours and is changed in place.  Anywhere
 * else it is somebody's value, possibly on a disk page, and is copied.
 *
 * A new state is left in the short-lived context we are called in: the executor
 * copies whatever differs from its own state into the aggregate's context, and a
 * state made there would only be left behind.
 */
static inline Aging *
writable_state(FunctionCallInfo fcinfo)
{
	Aging	   *state;

	if (PG_ARGISNULL(0))
		return NULL;
	state = (Aging *) PG_GETARG_POINTER(0);
	if (unlikely(VARATT_IS_EXTENDED(state) ||
				 !AggCheckCallContext(fcinfo, NULL)))
		state = (Aging *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0));
	check_version(state);
	return state;
}

static void
check_not_null(FunctionCallInfo fcinfo, int arg, const char *what)
{
	if (unlikely(PG_ARGISNULL(arg)))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", what)));
}

static void
check_finite(DateADT date, const char *what, const char *hint)
{
	if (unlikely(DATE_NOT_FINITE(date)))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s must be finite", what),
				 errdetail("It is %s.", DATE_IS_NOBEGIN(date) ? "-infinity" : "infinity"),
				 hint ? errhint("%s", hint) : 0));
}

/* One step of credit.aging(); arguments 1 to 3 are amount, due, as_of. */
static inline Datum
accumulate(FunctionCallInfo fcinfo, const int32 *bounds, int nbounds, int items)
{
	Aging	   *state = writable_state(fcinfo);
	DateADT		as_of;
	int			days = 0;
	int128		amount;
	int128		amount_days;
	int			scale;
	AgingSum   *sums;

	check_not_null(fcinfo, 3, "as-of date");
	as_of = PG_GETARG_DATEADT(3);
	check_finite(as_of, "as-of date", NULL);

	if (state == NULL)
		state = aging_new(bounds, nbounds);
	else if (unlikely(!aging_has_bounds(state, bounds, nbounds)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("aging buckets must be the same for all rows of a group"),
				 errdetail("Bounds were %s and are now %s.",
						   aging_bounds_out(state->bounds, state->nbounds),
						   aging_bounds_out(bounds, nbounds)),
				 errhint("Group by the buckets as well.")));

	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(state);
	amount = money_from_numeric(PG_GETARG_DATUM(1), &scale, "amount");

	if (PG_ARGISNULL(2))
		state->undated = add_items(state->undated, items);
	else
	{
		DateADT		due = PG_GETARG_DATEADT(2);

		check_finite(due, "due date",
					 "A due date that is not known yet is null.");
		/* All finite dates are less than 2^31 days apart. */
		days = as_of - due;
	}

	if (unlikely(scale != state->scale))
	{
		if (scale > state->scale)
			aging_set_scale(state, scale);
		else
			amount = money_rescale(amount, scale, state->scale);
	}
	amount_days = money_mul(amount, days);

	sums = aging_sums(state);
	add_to_sum(&sums[aging_bucket_of(bounds, nbounds, days)],
			   amount, amount_days, items);
	if (days > 0 && (state->flags & AGING_PAST_DUE_APART))
		add_to_sum(&sums[nbounds + 1], amount, amount_days, items);
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(aging_accum);
Datum
aging_accum(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, default_bounds, lengthof(default_bounds), 1);
}

PG_FUNCTION_INFO_V1(aging_accum_buckets);
Datum
aging_accum_buckets(PG_FUNCTION_ARGS)
{
	AgingBuckets *buckets;

	check_not_null(fcinfo, 4, "aging buckets");
	buckets = aging_buckets_from_datum(PG_GETARG_DATUM(4));
	return accumulate(fcinfo, buckets->bounds, aging_buckets_nbounds(buckets), 1);
}

PG_FUNCTION_INFO_V1(aging_accum_items);
Datum
aging_accum_items(PG_FUNCTION_ARGS)
{
	AgingBuckets *buckets;

	check_not_null(fcinfo, 4, "aging buckets");
	check_not_null(fcinfo, 5, "number of items");
	buckets = aging_buckets_from_datum(PG_GETARG_DATUM(4));
	return accumulate(fcinfo, buckets->bounds, aging_buckets_nbounds(buckets),
					  PG_GETARG_INT32(5));
}

/*
 * Add two values, NULL being nothing: the operator +, one step of
 * credit.merge(), and the combine function of both aggregates.
 */
PG_FUNCTION_INFO_V1(aging_add);
Datum
aging_add(PG_FUNCTION_ARGS)
{
	Aging	   *state = writable_state(fcinfo);
	Aging	   *other;

	if (PG_ARGISNULL(1))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	other = aging_from_datum(PG_GETARG_DATUM(1));
	if (state == NULL)
		PG_RETURN_POINTER(other);
	add_aging(state, other);
	PG_RETURN_POINTER(state);
}

/* Equal whatever the scales: 1.5 and 1.50 are the same amount. */
static bool
same_amount(int128 a, int a_scale, int128 b, int b_scale)
{
	for (; a_scale < b_scale; b_scale--, b /= 10)
		if (b % 10 != 0)
			return false;
	for (; b_scale < a_scale; a_scale--, a /= 10)
		if (a % 10 != 0)
			return false;
	return a == b;
}

static bool
same_aging(const Aging *a, const Aging *b)
{
	const AgingSum *x = aging_sums(a);
	const AgingSum *y = aging_sums(b);

	if (!aging_has_bounds(a, b->bounds, b->nbounds) || a->undated != b->undated)
		return false;
	for (int i = 0; i < aging_nsums(a); i++)
		if (x[i].items != y[i].items ||
			!same_amount(x[i].amount, a->scale, y[i].amount, b->scale) ||
			!same_amount(x[i].amount_days, a->scale, y[i].amount_days, b->scale))
			return false;
	return true;
}

PG_FUNCTION_INFO_V1(aging_eq);
Datum
aging_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(same_aging(aging_from_datum(PG_GETARG_DATUM(0)),
							  aging_from_datum(PG_GETARG_DATUM(1))));
}

PG_FUNCTION_INFO_V1(aging_ne);
Datum
aging_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!same_aging(aging_from_datum(PG_GETARG_DATUM(0)),
							   aging_from_datum(PG_GETARG_DATUM(1))));
}

/* Equal values must hash alike, so decimals that say nothing are dropped first. */
PG_FUNCTION_INFO_V1(aging_hash);
Datum
aging_hash(PG_FUNCTION_ARGS)
{
	Aging	   *aging = aging_from_datum(PG_GETARG_DATUM(0));
	uint32		hash = hash_bytes((unsigned char *) aging->bounds,
								  aging->nbounds * sizeof(int32));

	for (int i = 0; i < aging_nbuckets(aging); i++)
	{
		int128		amount = aging_sums(aging)[i].amount;

		for (int scale = aging->scale; scale > 0 && amount % 10 == 0; scale--)
			amount /= 10;
		hash = hash_combine(hash, hash_bytes((unsigned char *) &amount,
											 sizeof(amount)));
	}
	PG_RETURN_UINT32(hash);
}
