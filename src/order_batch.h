/*
 * order_batch.h
 *		What a statement does to orders: gathered row by row (hold.c), counted
 *		and checked at its end (order_settle.c).
 */
#ifndef ORDER_BATCH_H
#define ORDER_BATCH_H

#include "cc_compat.h"

#include "nodes/pg_list.h"
#include "utils/date.h"
#include "utils/hsearch.h"

#include "credit_check.h"
#include "settle.h"

/* A watched table as one batch knows it, whatever happens to the cache meanwhile. */
typedef struct OrderSource
{
	Oid			relid;
	char	   *name;
	bool		record;
} OrderSource;

/* One order's change of exposure for one customer. */
typedef struct OrderEntry
{
	int64		customer_id;
	char		currency[4];
	int			scale;
	int128		before;			/* what it counted, units of currency */
	int128		after;			/* what it counts now */
	int128		increase;		/* what it adds, base currency units; known when it is settled */
	DateADT		ship_before;
	DateADT		ship_after;
	bool		opens;			/* it did not count before: checked even at amount 0 */
	bool		given_up;		/* a decrease that the exposure has already */
	const OrderSource *source;
	char	   *order_id;
	CreditCheck *held;			/* it was put on hold: the decision to record */
	int64		seq;
} OrderEntry;

/* Mode hold: what BEFORE approved for a customer in this statement */
typedef struct Pending
{
	int64		customer_id;
	int128		amount;			/* base currency units */
} Pending;

/* Mode hold: an order that BEFORE approved of a customer who has deposits */
typedef struct ApprovedOrder
{
	int64		customer_id;
	char	   *order_id;
	int128		value;			/* all of it, base currency units */
	DateADT		ship_date;
} ApprovedOrder;

/* Mode hold: an updated row that may be on its way to another partition */
typedef struct Moving
{
	char	   *order_id;		/* NULL: none */
	int64		customer_id;
	char		currency[4];
	int128		amount;			/* decided on already, units of currency */
} Moving;

typedef struct OrderBatch
{
	int64		n;
	int64		size;
	OrderEntry *entries;
	bool		has_decrease;
	List	   *sources;		/* of OrderSource */
	HTAB	   *pending;
	List	   *approved;		/* of ApprovedOrder */
	List	   *held;			/* of CreditCheck, in row order */
	int			held_next;		/* the first AFTER has not seen */
	Moving		moving;
} OrderBatch;

extern const SettleKind order_kind;

/* What this statement has approved for a customer so far, to be added to. */
extern Pending *pending_of(SettleBatch *batch, int64 customer_id);

#endif							/* ORDER_BATCH_H */
