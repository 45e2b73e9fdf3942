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

#include "utils/date.h"

#include "ledger.h"

typedef struct Exposure
{
	int64		customer_id;
	/* Units of the base currency */
	int128		receivable;
	int128		unapplied;
	int128		ordered;
	bool		has_other_currency;
	int			open_holds;
	/* The limit in force on the day of reading */
	bool		has_limit;
	int128		limit_amount;
} Exposure;

/* Receivables less unapplied credits plus open orders, in base currency units. */
extern int128 exposure_total(const Exposure *exposure);

typedef enum ExposureAccess
{
	EXPOSURE_READ,				/* look, for an answer that binds nobody */
	EXPOSURE_LOCK,				/* take the customer's lock */
	EXPOSURE_ORDER				/* lock and add to ordered */
} ExposureAccess;

/*
 * Read the customer's base-currency row as `access` says, inside
 * ledger_enter().  With EXPOSURE_ORDER `add` units of the base currency are
 * added to ordered; the figures returned include them.
 * Error 23503 if there is no such customer.
 */
extern void exposure_read(Ledger *ledger, int64 customer_id, ExposureAccess access,
						  int128 add, Exposure *exposure);

extern void exposure_unknown_customer(Ledger *ledger, int64 customer_id) pg_attribute_noreturn();

/* Changes to receivable and unapplied, summed up per customer and currency. */
typedef struct ExposureDeltas ExposureDeltas;

extern ExposureDeltas *exposure_deltas_create(MemoryContext cxt);
extern void exposure_deltas_add(ExposureDeltas *deltas, int64 customer_id, const char *currency,
								int scale, int128 receivable, int128 unapplied);

/* Write them, customers in id order, each locked first. */
extern void exposure_deltas_post(Ledger *ledger, ExposureDeltas *deltas);

#endif							/* EXPOSURE_H */
