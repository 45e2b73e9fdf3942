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
StaticAssertDecl(sizeof(AgingBucket) == 40, "AgingBucket is stored: no padding");
StaticAssertDecl(offsetof(Aging, buckets) == 48, "Aging is stored: no padding");

/* What credit.aging() uses when no buckets are given. */
static const int32 default_bounds[] = {0, 30, 60, 90};

Aging *
aging_new(const int32 *bounds, int nbounds)
{
	Size		size = AGING_SIZE(nbounds);
	Aging	   *aging = palloc0(size);

	SET_VARSIZE(aging, size);
	aging->version = AGING_VERSION;
	aging->nbounds = nbounds;
	memcpy(aging_bounds(aging), bounds, nbounds * sizeof(int32));
	return aging;
}

static void
check_version(const Aging *aging)
{
	if (unlikely(aging->version != AGING_VERSION || aging->reserved != 0))
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
	int			from = aging->scale;

	aging->past_due = money_rescale(aging->past_due, from, scale);
	aging->past_due_days = money_rescale(aging->past_due_days, from, scale);
	for (int i = 0; i < aging_nbuckets(aging); i++)
	{
		AgingBucket *bucket = &aging->buckets[i];

		bucket->amount = money_rescale(bucket->amount, from, scale);
		bucket->amount_days = money_rescale(bucket->amount_days, from, scale);
	}
	aging->scale = scale;
}

int128
aging_total(const Aging *aging)
{
	int128		total = 0;

	for (int i = 0; i < aging_nbuckets(aging); i++)
		total = money_add(total, aging->buckets[i].amount);
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
add_item(Aging *aging, int128 amount, int scale, int days, int items)
{
	AgingBucket *bucket;
	int128		amount_days;

	if (unlikely(scale != aging->scale))
	{
		if (scale > aging->scale)
			aging_set_scale(aging, scale);
		else
			amount = money_rescale(amount, scale, aging->scale);
	}
	amount_days = money_mul(amount, days);

	bucket = &aging->buckets[aging_bucket_of(aging_bounds(aging),
											 aging->nbounds, days)];
	bucket->amount = money_add(bucket->amount, amount);
	bucket->amount_days = money_add(bucket->amount_days, amount_days);
	bucket->items = add_items(bucket->items, items);
	if (days > 0)
	{
		aging->past_due = money_add(aging->past_due, amount);
		aging->past_due_days = money_add(aging->past_due_days, amount_days);
	}
}

static void
add_aging(Aging *aging, const Aging *other)
{
	int			from = other->scale;

	if (!aging_has_bounds(aging, aging_bounds(other), other->nbounds))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot add agings with different buckets"),
				 errdetail("One has bounds %s, the other %s.",
						   aging_bounds_out(aging_bounds(aging), aging->nbounds),
						   aging_bounds_out(aging_bounds(other), other->nbounds)),
				 errhint("Age the items of both with the same buckets.")));

	if (from > aging->scale)
		aging_set_scale(aging, from);
	aging->undated = add_items(aging->undated, other->undated);
	aging->past_due = money_add(aging->past_due,
								money_rescale(other->past_due, from, aging->scale));
	aging->past_due_days = money_add(aging->past_due_days,
									 money_rescale(other->past_due_days, from, aging->scale));
	for (int i = 0; i < aging_nbuckets(aging); i++)
	{
		AgingBucket *to = &aging->buckets[i];
		const AgingBucket *add = &other->buckets[i];

		to->amount = money_add(to->amount,
							   money_rescale(add->amount, from, aging->scale));
		to->amount_days = money_add(to->amount_days,
									money_rescale(add->amount_days, from, aging->scale));
		to->items = add_items(to->items, add->items);
	}
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
	int			scale;

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
						   aging_bounds_out(aging_bounds(state), state->nbounds),
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

	add_item(state, amount, scale, days, items);
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
	if (!aging_has_bounds(a, aging_bounds(b), b->nbounds) ||
		a->undated != b->undated ||
		!same_amount(a->past_due, a->scale, b->past_due, b->scale) ||
		!same_amount(a->past_due_days, a->scale, b->past_due_days, b->scale))
		return false;
	for (int i = 0; i < aging_nbuckets(a); i++)
	{
		const AgingBucket *x = &a->buckets[i];
		const AgingBucket *y = &b->buckets[i];

		if (x->items != y->items ||
			!same_amount(x->amount, a->scale, y->amount, b->scale) ||
			!same_amount(x->amount_days, a->scale, y->amount_days, b->scale))
			return false;
	}
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
	uint32		hash = hash_bytes((unsigned char *) aging_bounds(aging),
								  aging->nbounds * sizeof(int32));

	for (int i = 0; i < aging_nbuckets(aging); i++)
	{
		int128		amount = aging->buckets[i].amount;

		for (int scale = aging->scale; scale > 0 && amount % 10 == 0; scale--)
			amount /= 10;
		hash = hash_combine(hash, hash_bytes((unsigned char *) &amount,
											 sizeof(amount)));
	}
	PG_RETURN_UINT32(hash);
}
