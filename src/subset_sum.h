/*
 * subset_sum.h
 *		Which items of a list sum to a given amount, and how many choices do.
 *
 * Plain C without SQL or catalogs.  Amounts are whole units at one scale (see
 * money.h), of either sign and never zero; the magnitudes of all items and of the
 * target together are at most SUBSET_MAX_TOTAL, so that no sum overflows.
 *
 * An item is taken whole, in one of two ways where it has a discount: at its
 * full amount or at its discounted one.  Of items that are alike (the same
 * amount and the same discounted amount) the one due earlier is taken first: a
 * choice that takes the later and leaves the earlier is none.  Where due dates
 * do not decide, each choice counts.
 */
#ifndef SUBSET_SUM_H
#define SUBSET_SUM_H

#include "cc_compat.h"

#include "utils/date.h"

/* A few times this still fits in int128. */
#define SUBSET_MAX_TOTAL ((int128) 1 << 123)

typedef struct SubsetItem
{
	int128		full;
	int128		discounted;		/* equal to full if there is no discount */
	DateADT		due;
	int			no;				/* the caller's number */
	int			age;			/* rank by due date from 0; unique */
} SubsetItem;

/* Items that are alike, the oldest first. */
typedef struct SubsetGroup
{
	int128		full;
	int128		discounted;
	int			first;			/* index of its first item */
	int			size;
} SubsetGroup;

/* What a set of items looks like, the stronger evidence first. */
typedef enum SubsetStructure
{
	SUBSET_ALL,					/* every item */
	SUBSET_PAST_DUE,			/* every item past due */
	SUBSET_OLDEST,				/* the items due up to some date */
	SUBSET_SINGLE,
	SUBSET_PAIR,
	SUBSET_SMALL,				/* three or four items */
	SUBSET_ANY
} SubsetStructure;

/* The most items of a set that counts as small. */
#define SUBSET_SMALL_ITEMS 4

typedef struct SubsetPick
{
	int			age;			/* which item */
	bool		discounted;		/* taken at its discounted amount */
} SubsetPick;

/* A search: what it looks for, in what, and what it has found so far. */
typedef struct SubsetSearch
{
	const SubsetItem *items;	/* group by group */
	int			nitems;
	const SubsetGroup *groups;	/* largest magnitude first */
	int			ngroups;

	int128		target;
	int128		lowest;			/* sums that do: lowest <= target <= highest */
	int128		highest;
	int			max_items;		/* the largest set to look at */
	int64		max_solutions;	/* count no further than this */
	int64		max_work;		/* steps for each of subset_small and subset_any */

	int64		solutions;		/* how many sets; max_solutions + 1: more than that */
	bool		exhausted;		/* the steps ran out, so there may be more */

	/* The best of them: nearest to the target, then by structure, then fewest items, then oldest items. */
	SubsetStructure structure;
	int128		total;
	SubsetPick *picks;			/* by age; room for nitems */
	int			npicks;

	int64		work_left;
	SubsetPick *candidate;		/* room for nitems */
} SubsetSearch;

/* Sort items by group and make the groups, palloc'd; `age` must be set. */
extern SubsetGroup *subset_groups(SubsetItem *items, int nitems, int *ngroups);

/* Start over: nothing found. */
extern void subset_reset(SubsetSearch *search);

/*
 * A cheap proof that no set does: amounts that are all multiples of 500.00
 * never make 1,234.56.  False tells nothing.
 */
extern bool subset_impossible(const SubsetSearch *search);

/*
 * Count a set given by its picks, in order of age.  False when there is no
 * need to look for more.
 */
extern bool subset_found(SubsetSearch *search, SubsetStructure structure,
						 int128 total, int64 times,
						 const SubsetPick *picks, int npicks);

/*
 * Count the sets of one item, of two, of three or four, of any number.  Not
 * more than max_items; subset_small needs that to be 3 or more.
 */
extern void subset_single(SubsetSearch *search);
extern void subset_pair(SubsetSearch *search);
extern void subset_small(SubsetSearch *search);
extern void subset_any(SubsetSearch *search);

#endif							/* SUBSET_SUM_H */
