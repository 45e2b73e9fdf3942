/*
 * aging_buckets.h
 *		The buckets of an aging: upper bounds in days past due, inclusive.
 *
 * '0,30,60,90' makes five buckets: not due (days <= 0), 1-30, 31-60, 61-90 and
 * over 90.  n bounds make n + 1 buckets and leave no day out; buckets are
 * numbered from 1 in SQL and from 0 in C.  Negative bounds split what is coming
 * due: '-30,0,30'.
 */
#ifndef AGING_BUCKETS_H
#define AGING_BUCKETS_H

#include "cc_compat.h"

#include "fmgr.h"

#define AGING_MAX_BOUNDS	32
#define AGING_MAX_BUCKETS	(AGING_MAX_BOUNDS + 1)

/*
 * The SQL type credit.aging_buckets.  Its storage is plain (at most 132 bytes),
 * so a value never has a short header and is never toasted.
 */
typedef struct AgingBuckets
{
	int32		vl_len_;		/* varlena header */
	int32		bounds[FLEXIBLE_ARRAY_MEMBER];	/* strictly ascending */
} AgingBuckets;

static inline int
aging_buckets_nbounds(const AgingBuckets *buckets)
{
	return (VARSIZE(buckets) - VARHDRSZ) / sizeof(int32);
}

/* Plain storage makes the detoast a test that never holds; it costs nothing to be sure. */
static inline AgingBuckets *
aging_buckets_from_datum(Datum value)
{
	AgingBuckets *buckets = (AgingBuckets *) DatumGetPointer(value);

	if (unlikely(VARATT_IS_EXTENDED(buckets)))
		buckets = (AgingBuckets *) PG_DETOAST_DATUM(value);
	return buckets;
}

extern AgingBuckets *aging_buckets_make(const int32 *bounds, int nbounds);

/* The bucket, from 0, that holds an item so many days past due. */
static inline int
aging_bucket_of(const int32 *bounds, int nbounds, int days)
{
	int			bucket = 0;

	/* A bound belongs to the younger bucket: people read "1-30" as inclusive. */
	for (int i = 0; i < nbounds; i++)
		bucket += (days > bounds[i]);
	return bucket;
}

/* '0,30,60,90'; palloc'd. */
extern char *aging_bounds_out(const int32 *bounds, int nbounds);

/* 'not due', '1-30', '> 90': what credit.bucket_label() shows; palloc'd. */
extern char *aging_bucket_label(const int32 *bounds, int nbounds, int bucket);

/* Raise 22023 unless `number`, from 1, is that of a bucket. */
extern void aging_bucket_number_check(int32 number, int nbounds);

/*
 * Are these the bounds of a valid value?  If not: report to escontext (raise if
 * it is NULL) and return false.
 */
extern bool aging_bounds_check(const int32 *bounds, int nbounds,
							   struct Node *escontext);

/*
 * Read a comma-separated list of integers at *cursor, spaces allowed, and move
 * it past them; *nbounds is 0 if there is none.  `whole` and `type` are for the
 * message.  False if reported to escontext.  The result is not checked.
 */
extern bool aging_bounds_parse(const char **cursor, int32 *bounds, int *nbounds,
							   const char *whole, const char *type,
							   struct Node *escontext);

/* Read a decimal integer at *cursor and move past it; false if none or too large. */
extern bool aging_parse_int64(const char **cursor, int64 *value);

#endif							/* AGING_BUCKETS_H */
