/*
 * aging.h
 *		The SQL type credit.aging: open items sorted by how long they are past due.
 *
 * A value is what is left of any number of open items when only their buckets
 * are kept: for each bucket the exact sum, the number of items, and the sum of
 * amount times days past due.  Values over the same buckets can be added, so an
 * aging of a group is the sum of the agings of its members, in any order.
 *
 * The past-due part (days > 0) is also kept apart from the buckets, because a
 * bucket may hold both items that are due and items that are not ('15,45').
 */
#ifndef AGING_H
#define AGING_H

#include "cc_compat.h"

#include "fmgr.h"

#include "aging_buckets.h"
#include "money.h"

#define AGING_VERSION	1

typedef struct AgingBucket
{
	int128		amount;			/* units at the value's scale */
	int128		amount_days;	/* sum of amount x days past due, same scale */
	int64		items;			/* may pass through zero, see credit.aging(…, items) */
} AgingBucket;

/*
 * On disk and as transition state alike: one flat value, no pointers, so that it
 * needs no serialization to travel between workers or nodes.  PostgreSQL aligns
 * its int128 like a double, and the SQL type is declared with that alignment.
 */
typedef struct Aging
{
	int32		vl_len_;		/* varlena header */
	uint8		version;		/* AGING_VERSION */
	uint8		scale;			/* decimals of every sum: the most seen so far */
	uint8		nbounds;
	uint8		reserved;		/* zero */
	int64		undated;		/* items without a due date; they age as 0 days */
	int128		past_due;		/* sum of the amounts with days > 0 */
	int128		past_due_days;	/* their amount x days */
	AgingBucket buckets[FLEXIBLE_ARRAY_MEMBER];	/* nbounds + 1 */
	/* then int32 bounds[nbounds] */
} Aging;

#define AGING_SIZE(nbounds) \
	(offsetof(Aging, buckets) + ((nbounds) + 1) * sizeof(AgingBucket) + \
	 (nbounds) * sizeof(int32))

static inline int
aging_nbuckets(const Aging *aging)
{
	return aging->nbounds + 1;
}

static inline int32 *
aging_bounds(const Aging *aging)
{
	return (int32 *) &aging->buckets[aging_nbuckets(aging)];
}

static inline bool
aging_has_bounds(const Aging *aging, const int32 *bounds, int nbounds)
{
	return aging->nbounds == nbounds &&
		memcmp(aging_bounds(aging), bounds, nbounds * sizeof(int32)) == 0;
}

/* An empty value with these bounds, palloc'd. */
extern Aging *aging_new(const int32 *bounds, int nbounds);

/* Detoast for reading; refuses a version this library does not know. */
extern Aging *aging_from_datum(Datum value);

/* Express every sum with this many decimals, which must not be fewer. */
extern void aging_set_scale(Aging *aging, int scale);

/* The sum over all buckets. */
extern int128 aging_total(const Aging *aging);

#endif							/* AGING_H */
