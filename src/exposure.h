/*
 * exposure.h
 *		The kept exposure of customers: reading, locking and adding to it.
 *
 * Kept figures have no rates and no clocks: per customer and currency, plain
 * components.  What they mean for a limit is decided at check time.
 */
#ifndef EXPOSURE_H
#define EXPOSURE_H

#include "cc_compat.h"

#include "nodes/pg_list.h"
#include "utils/date.h"

#include "chain.h"
#include "ledger.h"

typedef struct Exposure
{
	int64		customer_id;
	/* Units of the base currency */
	int128		receivable;
	int128		unapplied;
	int128		ordered;
	int128		reserved;		/* deposits, each for its own order only */
	int128		uncleared;		/* as kept; after exposure_complete() what is not cleared today */
	bool		has_other_currency;
	bool		complete;		/* other currencies are in it, and what the policy leaves out is not */
	bool		in_group;		/* group limits may apply */
	bool		inactive;		/* the customer's status is not active */
	int			open_holds;
	/* The limit in force on the day of reading */
	bool		has_limit;
	int128		limit_amount;
} Exposure;

/* Receivables less unapplied credits plus open orders plus what has not cleared, in base currency units. */
extern int128 exposure_total(const Exposure *exposure);

typedef enum ExposureAccess
{
	EXPOSURE_READ,				/* look, for an answer that binds nobody */
	EXPOSURE_LOCK				/* take the customer's lock */
} ExposureAccess;

/*
 * Read the customer's base-currency row as `access` says, inside
 * ledger_enter().  Error 23503 if there is no such customer.
 */
extern void exposure_read(Ledger *ledger, int64 customer_id, ExposureAccess access, Exposure *exposure);

/*
 * Lock the row and add units of the base currency to ordered; the figures
 * returned include them.  `growing`: some of its orders grow, which one that
 * was merged into another customer refuses (23503).  other_currency: there
 * are orders in another one, which exposure_order_other() adds.
 */
extern void exposure_order(Ledger *ledger, int64 customer_id, int128 add, bool growing, bool other_currency,
						   Exposure *exposure);
extern void exposure_order_other(Ledger *ledger, int64 customer_id, const char *currency, int scale, int128 add);

/* What an amount in a currency is worth today, in base currency units.  Error RC006 without a rate. */
extern int128 exposure_value(Ledger *ledger, int64 customer_id, const char *currency, int scale, int128 units);

/*
 * Add what depends on the day: the customer's other currencies at today's
 * rates, and payments that have not cleared yet.  Take away what the
 * exposure policy does not count.  Error RC006 where a rate is missing.
 */
extern void exposure_complete(Ledger *ledger, Exposure *exposure);

/* Take the locks of customers and of all above them, in id order, inside ledger_enter(). */
extern void exposure_lock_groups(Ledger *ledger, const int64 *customers, int64 n);

/* Which of these customers belong to a group: list of int64 *. */
extern List *exposure_group_members(Ledger *ledger, int64 group_id, const int64 *customers, int64 n);

extern void exposure_unknown_customer(Ledger *ledger, int64 customer_id) pg_attribute_noreturn();

/* What a statement changes, summed up per customer and currency. */
typedef struct ExposureDeltas ExposureDeltas;

typedef struct ExposureChange
{
	int128		receivable;
	int128		unapplied;
	int128		reserved;
	int128		uncleared;
} ExposureChange;

extern ExposureDeltas *exposure_deltas_create(MemoryContext cxt);
extern void exposure_deltas_add(ExposureDeltas *deltas, int64 customer_id, const char *currency,
								int scale, const ExposureChange *change);

/* A row that was added to the customer's history, for the audit chain. */
extern void exposure_deltas_chain(ExposureDeltas *deltas, int64 customer_id, const char *source,
								  int64 id, const ChainDigest *digest);

/* New business of the customer, which one that was merged into another does not take. */
extern void exposure_deltas_trade(ExposureDeltas *deltas, int64 customer_id);

/* Write them, customers in id order, each locked first. */
extern void exposure_deltas_post(Ledger *ledger, ExposureDeltas *deltas);

#endif							/* EXPOSURE_H */
