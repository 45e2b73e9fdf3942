/*
 * allocation.h
 *		Which credit pays which debit, and how much of it.
 *
 * Plain C without SQL or catalogs, so that triggers and batch posting can use
 * it on items they already hold.  Amounts are whole units of one currency's
 * minor unit (see money.h).
 */
#ifndef ALLOCATION_H
#define ALLOCATION_H

#include "cc_compat.h"

#include "utils/date.h"

typedef enum AllocationMethod
{
	ALLOCATE_OLDEST_FIRST,		/* due date ascending */
	ALLOCATE_NEWEST_FIRST,		/* due date descending */
	ALLOCATE_LARGEST_FIRST,
	ALLOCATE_SMALLEST_FIRST,
	ALLOCATE_PRO_RATA			/* in proportion to the open amounts */
} AllocationMethod;

/* Not owed until dated, so paid after everything that is: sorts behind any date. */
#define ALLOCATION_UNDATED DATEVAL_NOEND

typedef struct AllocationItem
{
	int128		open;			/* units, greater than zero */
	DateADT		due;			/* of debits only; finite or ALLOCATION_UNDATED */
	int			no;				/* the caller's number; settles the last tie */
} AllocationItem;

typedef struct Allocation
{
	int			credit_no;
	int			debit_no;
	int128		amount;			/* units, greater than zero */
} Allocation;

/* The method of that name; an unknown one is an error (22023). */
extern AllocationMethod allocation_method(const char *name);

/*
 * Allocate credits, in the order given, to debits, in the order of `method`.
 * Fills `allocations`, which must have room for ncredits + ndebits of them, and
 * returns how many there are.  Their sum is the smaller of both sides' sums.
 * pro_rata needs each side's sum to fit in int128 (22003 if not).
 *
 * Afterwards `open` of every item is what is left of it, and the debits stand
 * in the order in which they were paid.
 */
extern int	allocation_merge(AllocationItem *credits, int ncredits,
							 AllocationItem *debits, int ndebits,
							 AllocationMethod method,
							 Allocation *allocations);

#endif							/* ALLOCATION_H */
