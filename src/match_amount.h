/*
 * match_amount.h
 *		Which open items make exactly this payment.
 *
 * Plain C without SQL or catalogs, for callers that hold the items already.
 */
#ifndef MATCH_AMOUNT_H
#define MATCH_AMOUNT_H

#include "cc_compat.h"

#include "subset_sum.h"

typedef enum MatchOutcome
{
	MATCH_NONE,					/* no set of items does */
	MATCH_UNIQUE,				/* one set is the only one of its rank, and none of a higher rank does */
	MATCH_AMBIGUOUS,			/* several sets of one rank do */
	MATCH_UNKNOWN				/* the work limit was reached first */
} MatchOutcome;

typedef struct MatchRequest
{
	SubsetItem *items;			/* reordered */
	int			nitems;
	int128		target;
	int128		tolerance;
	DateADT		as_of;			/* items due before are past due; DATEVAL_NOBEGIN: none is */
	int			max_items;		/* of a set without structure */
	int64		max_solutions;
	int64		max_work;
} MatchRequest;

typedef struct MatchedItem
{
	int			no;
	bool		discounted;		/* taken at the discounted amount */
} MatchedItem;

typedef struct MatchResult
{
	MatchOutcome outcome;
	int64		solutions;		/* sets of the best rank, up to max_solutions */
	bool		capped;			/* there may be more of them */
	SubsetStructure structure;	/* of the best set, if solutions > 0 */
	int128		total;			/* what its items sum to */
	MatchedItem *items;			/* by number, palloc'd */
	int			nitems;
} MatchResult;

/*
 * Sets are looked for rank by rank, and the first rank that has any decides:
 *
 *	 1	exact: all items, all past due, the oldest up to a date, or one item
 *	 2	exact: two items
 *	 3	exact: three or four items
 *	 4	exact: more items, if that is the only such set
 *	 5-8	the same within the tolerance
 *
 * There are at most about 2n sets of the first kind, n^2 / 2 of the second,
 * n^4 / 24 of the third and 2^n of the last: the fewer there are, the less
 * likely one of them does by chance.  Among 24 items about 5 sets of any size
 * make a random amount, among 40 about 100,000, so a large set tells something
 * only while it is the only one.  If nothing better is found, the sets of rank
 * 4 or 8 are what is reported, as ambiguous or unknown.
 */
extern void match_amount(const MatchRequest *request, MatchResult *result);

#endif							/* MATCH_AMOUNT_H */
