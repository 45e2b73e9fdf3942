/*
 * payment_index.c
 *		How promptly a company pays, as one number from 0 to 100: the index of each
 *		trade experience, weighted by its amount.
 *
 * The scale is the one trade credit bureaus print.  Between two of its points a
 * point of the index is lost when the days it stands for are reached, as in the
 * chart of all hundred that Dun & Bradstreet published: 23 days beyond terms are
 * 59, 25 are 57, 33 are 49.
 */
#include "cc_compat.h"

#include "common/int.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "decimal.h"
#include "money.h"

/* Decimals of the weighted mean. */
#define INDEX_PLACES	2

#define WORST_INDEX_OF_120_DAYS	20

/*
 * Days beyond terms, negative if early, in ascending order.  The bureaus end at 120
 * days and call all that is later 0 to 19; the line is drawn on to 0 at 180.
 */
static const struct
{
	int			days;
	int			index;
}			scale_points[] = {
	{-30, 100}, {-20, 90}, {-10, 85}, {0, 80}, {15, 70}, {22, 60}, {26, 55},
	{30, 50}, {45, 45}, {60, 40}, {90, 30}, {120, WORST_INDEX_OF_120_DAYS}, {180, 0},
};

/* Finer than this, days could not be multiplied; 30 decimals of a day are a moment. */
#define MAX_DAYS_SCALE	30

/* The index of `days` units at `scale`. */
static int
index_of(int128 days, int scale)
{
	int128		one;
	int			last = lengthof(scale_points) - 1;
	int			i = 0;
	int			index;
	int128		from;
	int128		lost;
	int			length;

	for (; scale > MAX_DAYS_SCALE; scale--)
		days /= 10;
	one = money_rescale(1, 0, scale);

	if (days <= scale_points[0].days * one)
		return scale_points[0].index;
	while (i < last && scale_points[i + 1].days * one <= days)
		i++;
	if (i == last)
		return scale_points[last].index;

	/* Points lost since the last point of the scale, rounded down. */
	from = scale_points[i].days * one;
	length = scale_points[i + 1].days - scale_points[i].days;
	lost = (days - from) * (scale_points[i].index - scale_points[i + 1].index) /
		(length * one);
	index = scale_points[i].index - (int) lost;

	/* Over 120 days is below 20 from the first hour. */
	if (scale_points[i].index == WORST_INDEX_OF_120_DAYS && days > from)
		index = Min(index, WORST_INDEX_OF_120_DAYS - 1);
	return index;
}

/*
 * One flat value, so that partial results travel between workers and nodes.  SQL
 * sees bytea, which may stand at any address: the state is copied out and in.
 */
typedef struct IndexState
{
	int128		weighted;		/* sum of amount x index, at `scale` */
	int128		amount;			/* sum of amounts, at `scale` */
	int64		experiences;
	int32		minimum;		/* experiences it takes to have an index */
	int32		scale;
} IndexState;

#define STATE_SIZE	(VARHDRSZ + sizeof(IndexState))

StaticAssertDecl(sizeof(IndexState) == 48, "IndexState travels: no padding");

/* Anybody may call the functions below with bytes of his own. */
static void
read_state(struct varlena *value, IndexState *state)
{
	if (VARSIZE_ANY_EXHDR(value) == sizeof(IndexState))
	{
		memcpy(state, VARDATA_ANY(value), sizeof(IndexState));
		if (state->scale >= 0 && state->scale <= MONEY_MAX_SCALE &&
			state->experiences >= 0 && state->minimum >= 0 &&
			state->amount >= 0 && state->weighted >= 0)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid state of aggregate %s", "credit.payment_index")));
}

/* Into `old` if it is the aggregate's own, as it nearly always is. */
static Datum
write_state(FunctionCallInfo fcinfo, struct varlena *old, const IndexState *state)
{
	if (old == NULL || VARATT_IS_EXTENDED(old) || !AggCheckCallContext(fcinfo, NULL))
	{
		old = palloc(STATE_SIZE);
		SET_VARSIZE(old, STATE_SIZE);
	}
	memcpy(VARDATA(old), state, sizeof(IndexState));
	return PointerGetDatum(old);
}

static void
set_scale(IndexState *state, int scale)
{
	state->weighted = money_rescale(state->weighted, state->scale, scale);
	state->amount = money_rescale(state->amount, state->scale, scale);
	state->scale = scale;
}

static int64
add_experiences(int64 a, int64 b)
{
	int64		sum;

	if (pg_add_s64_overflow(a, b, &sum))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number of experiences out of range")));
	return sum;
}

static void
check_minimum(const IndexState *state, int minimum)
{
	if (state->minimum != minimum)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("minimum number of experiences must be the same for all rows of a group"),
				 errdetail("It was %d and is now %d.", state->minimum, minimum)));
}

static Datum
accumulate(FunctionCallInfo fcinfo, int minimum)
{
	struct varlena *old = NULL;
	IndexState	state = {.minimum = minimum};
	int128		amount;
	int128		days;
	int			scale;
	int			days_scale;

	if (!PG_ARGISNULL(0))
	{
		old = PG_GETARG_RAW_VARLENA_P(0);
		if (VARATT_IS_EXTENDED(old))
			old = PG_DETOAST_DATUM(PG_GETARG_DATUM(0));
		read_state(old, &state);
		check_minimum(&state, minimum);
	}

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return write_state(fcinfo, old, &state);

	amount = money_from_numeric(PG_GETARG_DATUM(1), &scale, "amount");
	days = money_from_numeric(PG_GETARG_DATUM(2), &days_scale, "days beyond terms");
	if (amount < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("amount of a payment experience must not be negative"),
				 errdetail("The amount is %s.", money_out(amount, scale))));
	/* Without weight it is no experience. */
	if (amount == 0)
		return write_state(fcinfo, old, &state);

	if (scale > state.scale)
		set_scale(&state, scale);
	amount = money_rescale(amount, scale, state.scale);
	state.amount = money_add(state.amount, amount);
	state.weighted = money_add(state.weighted, money_mul(amount, index_of(days, days_scale)));
	state.experiences = add_experiences(state.experiences, 1);
	return write_state(fcinfo, old, &state);
}

PG_FUNCTION_INFO_V1(payment_index_accum);
Datum
payment_index_accum(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, 1);
}

PG_FUNCTION_INFO_V1(payment_index_accum_minimum);
Datum
payment_index_accum_minimum(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("minimum number of experiences must not be null")));
	if (PG_GETARG_INT32(3) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("minimum number of experiences must be at least 1"),
				 errdetail("It is %d.", PG_GETARG_INT32(3))));
	return accumulate(fcinfo, PG_GETARG_INT32(3));
}

PG_FUNCTION_INFO_V1(payment_index_combine);
Datum
payment_index_combine(PG_FUNCTION_ARGS)
{
	struct varlena *old;
	IndexState	state;
	IndexState	other;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0))
		PG_RETURN_DATUM(PG_GETARG_DATUM(1));
	if (PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));

	old = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	read_state(old, &state);
	read_state(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1)), &other);
	check_minimum(&state, other.minimum);

	set_scale(&state, Max(state.scale, other.scale));
	set_scale(&other, state.scale);
	state.amount = money_add(state.amount, other.amount);
	state.weighted = money_add(state.weighted, other.weighted);
	state.experiences = add_experiences(state.experiences, other.experiences);
	return write_state(fcinfo, old, &state);
}

PG_FUNCTION_INFO_V1(payment_index_final);
Datum
payment_index_final(PG_FUNCTION_ARGS)
{
	IndexState	state;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	read_state(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)), &state);
	if (state.experiences < state.minimum || state.amount == 0)
		PG_RETURN_NULL();
	return DirectFunctionCall2(numeric_round,
							   decimal_div(money_to_numeric(state.weighted, state.scale),
										   money_to_numeric(state.amount, state.scale)),
							   Int32GetDatum(INDEX_PLACES));
}

PG_FUNCTION_INFO_V1(payment_index_of);
Datum
payment_index_of(PG_FUNCTION_ARGS)
{
	int			scale;
	int128		days = money_from_numeric(PG_GETARG_DATUM(0), &scale, "days beyond terms");

	PG_RETURN_INT32(index_of(days, scale));
}

PG_FUNCTION_INFO_V1(payment_index_risk);
Datum
payment_index_risk(PG_FUNCTION_ARGS)
{
	int			scale;
	int128		index = money_from_numeric(PG_GETARG_DATUM(0), &scale, "payment index");
	int128		one = money_rescale(1, 0, scale);
	const char *risk = "high";

	if (index < 0 || index > money_mul(100, one))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("payment index must be between 0 and 100"),
				 errdetail("It is %s.", money_out(index, scale))));
	if (index >= money_mul(80, one))
		risk = "low";
	else if (index >= money_mul(50, one))
		risk = "medium";
	PG_RETURN_TEXT_P(cstring_to_text(risk));
}
