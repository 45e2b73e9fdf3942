/*
 * aging.h
 *		The SQL type credit.aging: open items sorted by how long they are past due.
 *
 * A value is what is left of any number of open items when only their buckets
 * are kept: for each bucket the exact sum, the number of items, and the sum of
 * amount times days past due.  Values over the same buckets can be added, so an
 * aging of a group is the sum of the agings of its members, in any order.
 *
 * What is past due (days > 0) is the sum of some of the buckets if zero days is
 * a bound, as it nearly always is.  If not ('15,45'), one bucket holds both items
 * that are due and items that are not, and the past-due part is kept apart, like
 * one more bucket.
 */
#ifndef AGING_H
#define AGING_H

#include "cc_compat.h"

#include "fmgr.h"

#include "aging_buckets.h"
#include "money.h"

#define AGING_VERSION			1

#define AGING_PAST_DUE_APART	0x01	/* flags: zero is not a bound */
#define AGING_KNOWN_FLAGS		AGING_PAST_DUE_APART

typedef struct AgingSum
{
	int128		amount;			/* units at the value's scale */
	int128		amount_days;	/* sum of amount x days past due, same scale */
	int64		items;			/* rows may stand for 0 or -1 items: any value */
} AgingSum;

#define AGING_MAX_SUMS	(AGING_MAX_BUCKETS + 1)

/*
 * On disk and as transition state alike: one flat value, no pointers, so that it
 * needs no serialization to travel between workers or nodes.  PostgreSQL aligns
 * its int128 like a double, and the SQL type is declared with that alignment.
 *
 * A group with the default buckets takes 232 bytes, which palloc rounds to 256:
 * the memory of a hash aggregate, and so where it spills, depends on that.
 */
typedef struct Aging
{
	int32		vl_len_;		/* varlena header */
	uint8		version;		/* AGING_VERSION */
	uint8		flags;			/* AGING_PAST_DUE_APART, other bits zero */
	uint8		scale;			/* decimals of every sum: the most seen so far */
	uint8		nbounds;
	int64		undated;		/* items without a due date; they age as 0 days */
	int32		bounds[FLEXIBLE_ARRAY_MEMBER];	/* nbounds */
	/* then, aligned, an AgingSum for each bucket and for what is kept apart */
} Aging;

#define AGING_SUMS_OFFSET(nbounds) \
	MAXALIGN(offsetof(Aging, bounds) + (nbounds) * sizeof(int32))

static inline AgingSum *
aging_sums(const Aging *aging)
{
	return (AgingSum *) ((char *) aging + AGING_SUMS_OFFSET(aging->nbounds));
}

static inline int
aging_nbuckets(const Aging *aging)
{
	return aging->nbounds + 1;
}

/* The buckets and, if it is kept apart, the past-due part after them. */
static inline int
aging_nsums(const Aging *aging)
{
	return aging_nbuckets(aging) + ((aging->flags & AGING_PAST_DUE_APART) ? 1 : 0);
}

static inline bool
aging_has_bounds(const Aging *aging, const int32 *bounds, int nbounds)
{
	return aging->nbounds == nbounds &&
		memcmp(aging->bounds, bounds, nbounds * sizeof(int32)) == 0;
}

/* An empty value with these bounds, palloc'd. */
extern Aging *aging_new(const int32 *bounds, int nbounds);

/* Detoast for reading; refuses a version this library does not know. */
extern Aging *aging_from_datum(Datum value);

/* Express every sum with this many decimals, which must not be fewer. */
extern void aging_set_scale(Aging *aging, int scale);

/* The sum over all buckets. */
extern int128 aging_total(const Aging *aging);

/* The sum over what is past due. */
extern AgingSum aging_past_due(const Aging *aging);

#endif							/* AGING_H */
