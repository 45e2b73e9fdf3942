/*
 * allocation.c
 *		The allocation kernel: credits applied to debits in one merge pass.
 *
 * Both sides are laid end to end in their order; where a credit and a debit
 * overlap, that much of the one pays the other.  Walking both sides at once
 * finds every overlap, so the cost is that of sorting the debits.
 */
#include "cc_compat.h"

#include "allocation.h"
#include "money.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* Far finer than any currency; leaves 20 digits before the point. */
#define MAX_MINOR_UNIT 18

typedef struct MethodName
{
	const char *name;
	AllocationMethod method;
} MethodName;

static const MethodName method_names[] = {
	{"oldest_first", ALLOCATE_OLDEST_FIRST},
	{"newest_first", ALLOCATE_NEWEST_FIRST},
	{"largest_first", ALLOCATE_LARGEST_FIRST},
	{"smallest_first", ALLOCATE_SMALLEST_FIRST},
	{"pro_rata", ALLOCATE_PRO_RATA},
};

/* What rounding down took from the share of debits[index], in units / all open. */
typedef struct ShareRemainder
{
	int128		remainder;
	int			index;
} ShareRemainder;

AllocationMethod
allocation_method(const char *name)
{
	for (size_t i = 0; i < lengthof(method_names); i++)
		if (strcmp(name, method_names[i].name) == 0)
			return method_names[i].method;

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown allocation method \"%s\"", name),
			 errhint("Methods are oldest_first, newest_first, largest_first, smallest_first and pro_rata.")));
	pg_unreachable();
}

/* An array of n elements, which may be larger than palloc's 1 GB. */
static void *
alloc_array(int n, Size size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, mul_size(n, size));
}

/* The order in which debits are paid; total, so that results are reproducible. */
static int
compare_debits(const void *left, const void *right, void *method)
{
	const AllocationItem *a = left;
	const AllocationItem *b = right;

	CHECK_FOR_INTERRUPTS();

	switch (*(const AllocationMethod *) method)
	{
		case ALLOCATE_OLDEST_FIRST:
		case ALLOCATE_PRO_RATA:
			break;
		case ALLOCATE_NEWEST_FIRST:
			/* The undated stay last, as they do below. */
			if (a->due != b->due &&
				a->due != ALLOCATION_UNDATED && b->due != ALLOCATION_UNDATED)
				return a->due > b->due ? -1 : 1;
			break;
		case ALLOCATE_LARGEST_FIRST:
			if (a->open != b->open)
				return a->open > b->open ? -1 : 1;
			break;
		case ALLOCATE_SMALLEST_FIRST:
			if (a->open != b->open)
				return a->open < b->open ? -1 : 1;
			break;
	}
	if (a->due != b->due)
		return a->due < b->due ? -1 : 1;
	return a->no < b->no ? -1 : a->no > b->no;
}

/* Largest first; among equals the debit that stands earlier, which is the older. */
static int
compare_remainders(const void *left, const void *right)
{
	const ShareRemainder *a = left;
	const ShareRemainder *b = right;

	CHECK_FOR_INTERRUPTS();

	if (a->remainder != b->remainder)
		return a->remainder > b->remainder ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static int128
total_open(const AllocationItem *items, int nitems)
{
	int128		total = 0;

	for (int i = 0; i < nitems; i++)
	{
		CHECK_FOR_INTERRUPTS();
		total = money_add(total, items[i].open);
	}
	return total;
}

/*
 * a * b / divisor rounded down, and the remainder, exact even when a * b needs
 * 256 bits.  For 0 <= a < divisor and b >= 0.
 */
static int128
multiply_divide(int128 a, int128 b, int128 divisor, int128 *remainder)
{
	int128		product;
	uint128		quotient = 0;
	uint128		rest = 0;

	if (likely(!__builtin_mul_overflow(a, b, &product)))
	{
		int128		result = product / divisor;

		*remainder = product - result * divisor;
		return result;
	}

	/*
	 * Multiply and divide bit by bit together, from the top of b.  At each
	 * step quotient * divisor + rest = a * (the bits of b seen so far) and
	 * rest < divisor < 2^127, so neither doubling rest nor adding a to it can
	 * overflow; and as a < divisor, quotient <= b.
	 */
	for (int bit = 126; bit >= 0; bit--)
	{
		quotient *= 2;
		rest *= 2;
		if (rest >= (uint128) divisor)
		{
			rest -= divisor;
			quotient++;
		}
		if ((b >> bit) & 1)
		{
			rest += a;
			if (rest >= (uint128) divisor)
			{
				rest -= divisor;
				quotient++;
			}
		}
	}
	*remainder = rest;
	return quotient;
}

/*
 * Shares of `total` in proportion to the debits' open amounts, which sum to
 * `all`, total < all.  Largest remainder (Hamilton): every share is rounded
 * down to the minor unit, and the units left over go one each to the debits
 * that rounding took most from, the older first among equals.
 *
 * The shares sum to `total` exactly: what was rounded off sums to a whole
 * number of units, fewer than there are debits with a remainder.  And none
 * exceeds its debit: total < all makes the exact share less than `open`, so
 * one unit more than its floor is at most `open`.
 */
static int128 *
pro_rata_shares(const AllocationItem *debits, int ndebits,
				int128 total, int128 all)
{
	int128	   *shares = alloc_array(ndebits, sizeof(int128));
	ShareRemainder *remainders = alloc_array(ndebits, sizeof(ShareRemainder));
	int128		left_over = total;

	for (int i = 0; i < ndebits; i++)
	{
		CHECK_FOR_INTERRUPTS();
		shares[i] = multiply_divide(total, debits[i].open, all,
									&remainders[i].remainder);
		remainders[i].index = i;
		left_over -= shares[i];
	}

	Assert(left_over >= 0 && left_over < ndebits);
	qsort(remainders, ndebits, sizeof(ShareRemainder), compare_remainders);
	for (int i = 0; i < left_over; i++)
		shares[remainders[i].index]++;

	pfree(remainders);
	return shares;
}

int
allocation_merge(AllocationItem *credits, int ncredits,
				 AllocationItem *debits, int ndebits,
				 AllocationMethod method, Allocation *allocations)
{
	int128	   *shares = NULL;	/* NULL: each debit may be paid in full */
	int			credit = 0;
	int			nallocations = 0;

	qsort_arg(debits, ndebits, sizeof(AllocationItem), compare_debits, &method);

	if (method == ALLOCATE_PRO_RATA)
	{
		int128		total = total_open(credits, ncredits);
		int128		all = total_open(debits, ndebits);

		if (total < all)
			shares = pro_rata_shares(debits, ndebits, total, all);
	}

	for (int debit = 0; debit < ndebits && credit < ncredits; debit++)
	{
		int128		wanted = shares ? shares[debit] : debits[debit].open;

		CHECK_FOR_INTERRUPTS();

		while (wanted > 0 && credit < ncredits)
		{
			int128		amount = Min(credits[credit].open, wanted);

			CHECK_FOR_INTERRUPTS();
			Assert(amount > 0);

			allocations[nallocations].credit_no = credits[credit].no;
			allocations[nallocations].debit_no = debits[debit].no;
			allocations[nallocations].amount = amount;
			nallocations++;

			wanted -= amount;
			debits[debit].open -= amount;
			credits[credit].open -= amount;
			if (credits[credit].open == 0)
				credit++;
		}
	}

	if (shares)
		pfree(shares);
	return nallocations;
}

/* Only due_dates may be left out. */
static void
reject_null(FunctionCallInfo fcinfo, int argno, const char *name)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
}

/* Lower bounds do not matter: elements are known by their position from 1. */
static ArrayType *
get_array(FunctionCallInfo fcinfo, int argno, const char *name)
{
	ArrayType  *array;

	reject_null(fcinfo, argno, name);
	array = PG_GETARG_ARRAYTYPE_P(argno);
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s must be a one-dimensional array", name)));
	return array;
}

/* `side` names an element in errors, as in "credit 2 of 3". */
static AllocationItem *
read_items(ArrayType *array, const char *side, int minor_unit, int *nitems)
{
	Datum	   *amounts;
	bool	   *nulls;
	int			n;
	AllocationItem *items;
	char		name[64];
	char	   *number = name + sprintf(name, "%s ", side);
	char		of_all[32];

	deconstruct_array(array, NUMERICOID, -1, false, TYPALIGN_INT,
					  &amounts, &nulls, &n);
	items = alloc_array(n, sizeof(AllocationItem));
	sprintf(of_all, " of %d", n);

	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();

		/* Made for every element, so without the cost of sprintf. */
		strcpy(number + pg_ltoa(i + 1, number), of_all);

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be null", name)));

		items[i].open = money_units(amounts[i], minor_unit, name);
		items[i].due = ALLOCATION_UNDATED;
		items[i].no = i + 1;

		if (items[i].open <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s must be greater than zero", name),
					 errdetail("The amount is %s.",
							   money_out(items[i].open, minor_unit))));
	}

	pfree(amounts);
	pfree(nulls);
	*nitems = n;
	return items;
}

static void
read_due_dates(ArrayType *array, AllocationItem *debits, int ndebits)
{
	Datum	   *dates;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, DATEOID, sizeof(DateADT), true, TYPALIGN_INT,
					  &dates, &nulls, &n);
	if (n != ndebits)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("due_dates must have one element for each debit"),
				 errdetail("There are %d due dates and %d debits.", n, ndebits)));

	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			continue;

		debits[i].due = DatumGetDateADT(dates[i]);
		if (DATE_NOT_FINITE(debits[i].due))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("due date %d of %d must be finite", i + 1, n),
					 errhint("A debit that is not due yet on any date has a null due date.")));
	}

	pfree(dates);
	pfree(nulls);
}

PG_FUNCTION_INFO_V1(cc_allocate);
Datum
cc_allocate(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	AllocationMethod method;
	int			minor_unit;
	AllocationItem *credits;
	AllocationItem *debits;
	int			ncredits;
	int			ndebits;
	Allocation *allocations;
	int			nallocations;

	reject_null(fcinfo, 3, "method");
	method = allocation_method(text_to_cstring(PG_GETARG_TEXT_PP(3)));

	reject_null(fcinfo, 4, "minor_unit");
	minor_unit = PG_GETARG_INT32(4);
	if (minor_unit < 0 || minor_unit > MAX_MINOR_UNIT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("minor_unit must be between 0 and %d", MAX_MINOR_UNIT)));

	credits = read_items(get_array(fcinfo, 0, "credits"), "credit",
						 minor_unit, &ncredits);
	debits = read_items(get_array(fcinfo, 1, "debits"), "debit",
						minor_unit, &ndebits);
	if (!PG_ARGISNULL(2))
		read_due_dates(get_array(fcinfo, 2, "due_dates"), debits, ndebits);

	allocations = alloc_array(ncredits + ndebits, sizeof(Allocation));
	nallocations = allocation_merge(credits, ncredits, debits, ndebits,
									method, allocations);

	/* The declared columns are what the caller expects; saves a look-up per call. */
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	for (int i = 0; i < nallocations; i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false};

		CHECK_FOR_INTERRUPTS();
		values[0] = Int32GetDatum(allocations[i].credit_no);
		values[1] = Int32GetDatum(allocations[i].debit_no);
		values[2] = money_to_numeric(allocations[i].amount, minor_unit);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		pfree(DatumGetPointer(values[2]));
	}

	PG_RETURN_NULL();
}
