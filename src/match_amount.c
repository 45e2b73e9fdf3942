/*
 * match_amount.c
 *		Which open items make exactly this payment, and is that the only way.
 *
 * subset_sum.c counts sets; here is what a set is worth as evidence.
 */
#include "cc_compat.h"

#include "match_amount.h"
#include "money.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* The count is kept in 64 bits, and so are products of counts. */
#define MAX_MAX_SOLUTIONS 1000000

/* A step takes 16 bytes at most: 1.6 GB. */
#define MAX_MAX_WORK 100000000

static const char *const outcome_names[] = {
	[MATCH_NONE] = "none",
	[MATCH_UNIQUE] = "unique",
	[MATCH_AMBIGUOUS] = "ambiguous",
	[MATCH_UNKNOWN] = "unknown",
};

static const char *const structure_names[] = {
	[SUBSET_ALL] = "all",
	[SUBSET_PAST_DUE] = "past_due",
	[SUBSET_OLDEST] = "oldest",
	[SUBSET_SINGLE] = "single",
	[SUBSET_PAIR] = "pair",
	[SUBSET_SMALL] = "small",
	[SUBSET_ANY] = "any",
};

static void *
alloc_array(int n, Size size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, mul_size(Max(n, 1), size));
}

/* Oldest first; numbers decide only between items that are the same in all else. */
static int
compare_age(const void *left, const void *right)
{
	const SubsetItem *a = left;
	const SubsetItem *b = right;

	CHECK_FOR_INTERRUPTS();
	if (a->due != b->due)
		return a->due < b->due ? -1 : 1;
	if (a->full != b->full)
		return a->full > b->full ? -1 : 1;
	if (a->discounted != b->discounted)
		return a->discounted > b->discounted ? -1 : 1;
	return a->no < b->no ? -1 : a->no > b->no;
}

/* What the items due up to some date sum to. */
typedef struct Run
{
	int			nitems;			/* the first so many by age */
	int128		full;
	int128		discounted;		/* every discount taken; full if there is none */
} Run;

/*
 * The runs of oldest items, the shortest first.  They end only where the due
 * date changes, for within one day nothing says which items come first.  The
 * last run is all items.  A run of one item is left to subset_single, unless
 * there is no other item.
 */
static int
make_runs(const SubsetItem *items, int nitems, Run *runs)
{
	Run			run = {0};
	int			nruns = 0;

	while (run.nitems < nitems)
	{
		const SubsetItem *item = &items[run.nitems++];

		CHECK_FOR_INTERRUPTS();
		run.full += item->full;
		run.discounted += item->discounted;
		if (run.nitems == nitems ||
			(item->due != items[run.nitems].due && run.nitems > 1))
			runs[nruns++] = run;
	}
	return nruns;
}

/* Count the runs that do, in full or with every discount taken. */
static void
count_runs(SubsetSearch *search, const SubsetItem *by_age, const Run *runs, int nruns, int npast_due)
{
	for (int i = 0; i < nruns; i++)
	{
		const Run  *run = &runs[i];
		SubsetStructure structure = SUBSET_OLDEST;

		CHECK_FOR_INTERRUPTS();
		if (run->nitems == search->nitems)
			structure = SUBSET_ALL;
		else if (run->nitems == npast_due)
			structure = SUBSET_PAST_DUE;

		for (int way = 0; way < 2; way++)
		{
			int128		total = way ? run->discounted : run->full;

			if (total < search->lowest || total > search->highest ||
				(way && run->discounted == run->full))
				continue;
			for (int age = 0; age < run->nitems; age++)
			{
				search->candidate[age].age = age;
				search->candidate[age].discounted = way && by_age[age].discounted != by_age[age].full;
			}
			if (!subset_found(search, structure, total, 1, search->candidate, run->nitems))
				return;
		}
	}
}

/* Report what the search has found; its picks name items by age. */
static void
report(const SubsetSearch *search, const SubsetItem *by_age, MatchResult *result)
{
	result->solutions = Min(search->solutions, search->max_solutions);
	result->capped = search->exhausted || search->solutions > search->max_solutions;
	if (search->solutions > 1)
		result->outcome = MATCH_AMBIGUOUS;
	else if (search->exhausted)
		result->outcome = MATCH_UNKNOWN;
	else
		result->outcome = search->solutions == 1 ? MATCH_UNIQUE : MATCH_NONE;

	result->structure = search->structure;
	result->total = search->total;
	result->nitems = search->npicks;
	for (int i = 0; i < search->npicks; i++)
	{
		result->items[i].no = by_age[search->picks[i].age].no;
		result->items[i].discounted = search->picks[i].discounted;
	}
}

/*
 * One pass over the ranks, exact or within the tolerance.  True if there is
 * evidence; if not, what was found is reported where nothing was before.
 */
static bool
match_within(SubsetSearch *search, const SubsetItem *by_age, const Run *runs, int nruns,
			 int npast_due, MatchResult *result)
{
	subset_reset(search);
	if (!subset_impossible(search))
	{
		count_runs(search, by_age, runs, nruns, npast_due);
		if (search->nitems > 1)
			subset_single(search);
		if (search->solutions == 0 && search->max_items >= 2)
			subset_pair(search);
		if (search->solutions == 0 && search->max_items > 2)
			subset_small(search);
		if (search->solutions > 0)
		{
			report(search, by_age, result);
			return true;
		}

		/* Goes through the small sets too, so if it comes to an end no matter whether they did. */
		if (search->max_items > SUBSET_SMALL_ITEMS)
			subset_any(search);
	}
	if (result->solutions == 0)
		report(search, by_age, result);
	return result->outcome == MATCH_UNIQUE;
}

static int
compare_matched(const void *left, const void *right)
{
	const MatchedItem *a = left;
	const MatchedItem *b = right;

	return a->no < b->no ? -1 : a->no > b->no;
}

void
match_amount(const MatchRequest *request, MatchResult *result)
{
	int			nitems = request->nitems;
	SubsetItem *by_age = request->items;
	SubsetItem *by_group = alloc_array(nitems, sizeof(SubsetItem));
	Run		   *runs = alloc_array(nitems, sizeof(Run));
	int			nruns;
	int			npast_due = 0;
	SubsetSearch search = {
		.items = by_group,
		.nitems = nitems,
		.target = request->target,
		.max_items = request->max_items,
		.max_solutions = request->max_solutions,
		.max_work = request->max_work,
		.picks = alloc_array(nitems, sizeof(SubsetPick)),
		.candidate = alloc_array(nitems, sizeof(SubsetPick)),
	};

	qsort(by_age, nitems, sizeof(SubsetItem), compare_age);
	for (int age = 0; age < nitems; age++)
	{
		by_age[age].age = age;
		if (by_age[age].due < request->as_of)
			npast_due++;
	}
	memcpy(by_group, by_age, nitems * sizeof(SubsetItem));
	search.groups = subset_groups(by_group, nitems, &search.ngroups);
	nruns = make_runs(by_age, nitems, runs);

	*result = (MatchResult) {.items = alloc_array(nitems, sizeof(MatchedItem))};
	search.lowest = search.highest = request->target;
	if (!match_within(&search, by_age, runs, nruns, npast_due, result) && request->tolerance > 0)
	{
		search.lowest = request->target - request->tolerance;
		search.highest = request->target + request->tolerance;
		match_within(&search, by_age, runs, nruns, npast_due, result);
	}
	qsort(result->items, result->nitems, sizeof(MatchedItem), compare_matched);
}

/* What may not be left out. */
static void
reject_null(FunctionCallInfo fcinfo, int argno, const char *name)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
}

/* The elements of a list, whatever its lower bound: they are known by position from 1. */
static Datum *
get_elements(FunctionCallInfo fcinfo, int argno, const char *name, Oid type, bool **nulls, int *n)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(argno);
	Datum	   *elements;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s must be a one-dimensional array", name)));
	if (type == DATEOID)
		deconstruct_array(array, type, sizeof(DateADT), true, TYPALIGN_INT, &elements, nulls, n);
	else
		deconstruct_array(array, type, -1, false, TYPALIGN_INT, &elements, nulls, n);
	return elements;
}

static void
check_length(const char *name, int n, int namounts)
{
	if (n != namounts)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must have one element for each amount", name),
				 errdetail("There are %d elements and %d amounts.", n, namounts)));
}

/* An integer argument that must lie in a range. */
static int
get_limit(FunctionCallInfo fcinfo, int argno, const char *name, int least, int most)
{
	int			value;

	reject_null(fcinfo, argno, name);
	value = PG_GETARG_INT32(argno);
	if (value < least || value > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be between %d and %d", name, least, most)));
	return value;
}

/* Amounts as units of the finest scale among them. */
typedef struct Amounts
{
	int128	   *units;
	int		   *scales;			/* only until they are brought to one */
	bool	   *nulls;
	int			n;
} Amounts;

static Amounts
get_amounts(FunctionCallInfo fcinfo, int argno, const char *name, const char *one, int *scale)
{
	Amounts		amounts;
	Datum	   *elements = get_elements(fcinfo, argno, name, NUMERICOID, &amounts.nulls, &amounts.n);

	amounts.units = alloc_array(amounts.n, sizeof(int128));
	amounts.scales = alloc_array(amounts.n, sizeof(int));
	for (int i = 0; i < amounts.n; i++)
	{
		char		what[64];

		CHECK_FOR_INTERRUPTS();
		if (amounts.nulls[i])
			continue;
		snprintf(what, sizeof(what), "%s %d of %d", one, i + 1, amounts.n);
		amounts.units[i] = money_from_numeric(elements[i], &amounts.scales[i], what);
		*scale = Max(*scale, amounts.scales[i]);
	}
	pfree(elements);
	return amounts;
}

static void
rescale_amounts(Amounts *amounts, int scale)
{
	for (int i = 0; i < amounts->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!amounts->nulls[i])
			amounts->units[i] = money_rescale(amounts->units[i], amounts->scales[i], scale);
	}
}

/*
 * The items of positive or negative amount; an amount of zero is part of no
 * set.  Adds their magnitudes to `magnitude`.
 */
static SubsetItem *
make_items(const Amounts *amounts, const Amounts *discounted, const Datum *due_dates, const bool *undated,
		   int scale, int128 *magnitude, int *nitems)
{
	SubsetItem *items = alloc_array(amounts->n, sizeof(SubsetItem));
	int			n = 0;

	for (int i = 0; i < amounts->n; i++)
	{
		int128		full = amounts->units[i];
		int128		less = full;

		CHECK_FOR_INTERRUPTS();
		if (amounts->nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("amount %d of %d must not be null", i + 1, amounts->n)));
		if (discounted && !discounted->nulls[i])
		{
			less = discounted->units[i];
			if (full > 0 ? less <= 0 || less > full : less >= 0 || less < full)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("discounted amount %d of %d must be between zero and the amount", i + 1, amounts->n),
						 errdetail("The amount is %s and the discounted amount %s.",
								   money_out(full, scale), money_out(less, scale)),
						 errhint("An item without a discount has a null discounted amount.")));
		}
		if (full == 0)
			continue;

		items[n].full = full;
		items[n].discounted = less;
		items[n].no = i + 1;
		items[n].due = DATEVAL_NOEND;
		if (due_dates && !undated[i])
		{
			items[n].due = DatumGetDateADT(due_dates[i]);
			if (DATE_NOT_FINITE(items[n].due))
				ereport(ERROR,
						(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						 errmsg("due date %d of %d must be finite", i + 1, amounts->n),
						 errhint("An item that is not due yet on any date has a null due date.")));
		}
		*magnitude = money_add(*magnitude, full < 0 ? -full : full);
		n++;
	}
	*nitems = n;
	return items;
}

static Datum
result_row(FunctionCallInfo fcinfo, const MatchResult *result, int128 target, int scale)
{
	Datum		values[7];
	bool		nulls[7] = {false};
	TupleDesc	desc;

	values[0] = CStringGetTextDatum(outcome_names[result->outcome]);
	if (result->nitems > 0)
	{
		Datum	   *nos = alloc_array(result->nitems, sizeof(Datum));
		Datum	   *taken = alloc_array(result->nitems, sizeof(Datum));

		for (int i = 0; i < result->nitems; i++)
		{
			nos[i] = Int32GetDatum(result->items[i].no);
			taken[i] = BoolGetDatum(result->items[i].discounted);
		}
		values[1] = CStringGetTextDatum(structure_names[result->structure]);
		values[2] = PointerGetDatum(construct_array(nos, result->nitems, INT4OID, sizeof(int32), true, TYPALIGN_INT));
		values[3] = PointerGetDatum(construct_array(taken, result->nitems, BOOLOID, sizeof(bool), true, TYPALIGN_CHAR));
		values[4] = money_to_numeric(target - result->total, scale);
	}
	else
		nulls[1] = nulls[2] = nulls[3] = nulls[4] = true;
	values[5] = Int32GetDatum((int32) result->solutions);
	values[6] = BoolGetDatum(result->capped);

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

PG_FUNCTION_INFO_V1(cc_match_amount);
Datum
cc_match_amount(PG_FUNCTION_ARGS)
{
	MatchRequest request = {.as_of = DATEVAL_NOBEGIN, .max_items = PG_INT32_MAX};
	MatchResult result;
	int			target_scale;
	int			tolerance_scale;
	int			scale;
	int128		magnitude;
	Amounts		amounts;
	Amounts		discounted = {0};
	Datum	   *due_dates = NULL;
	bool	   *undated = NULL;

	reject_null(fcinfo, 0, "target");
	reject_null(fcinfo, 1, "amounts");
	reject_null(fcinfo, 2, "tolerance");
	request.max_solutions = get_limit(fcinfo, 3, "max_solutions", 2, MAX_MAX_SOLUTIONS);
	if (!PG_ARGISNULL(7))
		request.max_items = get_limit(fcinfo, 7, "max_items", 1, PG_INT32_MAX);
	request.max_work = get_limit(fcinfo, 8, "max_work", 1, MAX_MAX_WORK);

	request.target = money_from_numeric(PG_GETARG_DATUM(0), &target_scale, "target");
	request.tolerance = money_from_numeric(PG_GETARG_DATUM(2), &tolerance_scale, "tolerance");
	if (request.tolerance < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("tolerance must not be negative"),
				 errdetail("The tolerance is %s.", money_out(request.tolerance, tolerance_scale))));
	scale = Max(target_scale, tolerance_scale);
	amounts = get_amounts(fcinfo, 1, "amounts", "amount", &scale);
	if (!PG_ARGISNULL(4))
	{
		discounted = get_amounts(fcinfo, 4, "discounted", "discounted amount", &scale);
		check_length("discounted", discounted.n, amounts.n);
	}
	if (!PG_ARGISNULL(5))
	{
		int			n;

		due_dates = get_elements(fcinfo, 5, "due_dates", DATEOID, &undated, &n);
		check_length("due_dates", n, amounts.n);
	}
	if (!PG_ARGISNULL(6))
	{
		request.as_of = PG_GETARG_DATEADT(6);
		if (DATE_NOT_FINITE(request.as_of))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("as_of must be finite")));
	}

	request.target = money_rescale(request.target, target_scale, scale);
	request.tolerance = money_rescale(request.tolerance, tolerance_scale, scale);
	rescale_amounts(&amounts, scale);
	rescale_amounts(&discounted, scale);
	magnitude = money_add(request.tolerance, request.target < 0 ? -request.target : request.target);
	request.items = make_items(&amounts, discounted.n > 0 ? &discounted : NULL, due_dates, undated,
							   scale, &magnitude, &request.nitems);
	if (magnitude > SUBSET_MAX_TOTAL)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("sum of the amounts out of range"),
				 errdetail("The amounts, the target and the tolerance together may have 37 digits, decimals included.")));

	match_amount(&request, &result);
	PG_RETURN_DATUM(result_row(fcinfo, &result, request.target, scale));
}
