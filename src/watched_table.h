/*
 * watched_table.h
 *		An application's order table as the hold trigger sees it.
 */
#ifndef WATCHED_TABLE_H
#define WATCHED_TABLE_H

#include "cc_compat.h"

#include "executor/tuptable.h"
#include "fmgr.h"
#include "nodes/execnodes.h"
#include "utils/date.h"
#include "utils/relcache.h"

#include "ledger.h"
#include "order_schedule.h"

typedef struct WatchedTable
{
	Oid			relid;			/* hash key: the table, or a partition of it */
	bool		valid;
	Oid			nspoid;			/* the ledger */
	char	   *source;			/* "shop.orders": the registered table */
	bool		hold_mode;
	bool		record;			/* store decisions */
	AttrNumber	customer;
	AttrNumber	amount;
	AttrNumber	order_id;
	AttrNumber	currency;		/* 0: base currency */
	AttrNumber	ship_date;		/* 0: none */
	AttrNumber	status;			/* 0 in mode reject */
	Oid			customer_type;
	Oid			amount_type;
	FmgrInfo	order_id_out;
	FmgrInfo	status_out;
	char	   *hold_value;
	Datum		hold_datum;		/* hold_value and open_value as the column has them */
	Datum		open_datum;
	ExprState  *open_when;
	ExprContext *econtext;
	MemoryContext cxt;
} WatchedTable;

/* What one row of an order table means for its customer. */
typedef struct OrderShare
{
	bool		open;			/* counts toward exposure */
	bool		held;			/* has the hold status */
	/* The next five only when open */
	int64		customer_id;
	char		currency[4];
	int			scale;			/* minor unit of currency */
	int128		amount;			/* units of currency */
	DateADT		ship_date;		/* NO_SHIP_DATE: it counts in every horizon */
	char	   *order_id;		/* NULL when null */
} OrderShare;

/*
 * The registration of `rel`, or of the partitioned table it is part of, in
 * the ledger.  Error 55000 if it is not registered there: a trigger alone
 * makes nothing count.
 */
extern WatchedTable *watched_table(Relation rel, Ledger *ledger);

/*
 * Whether rel counts in the ledger: it, or a partitioned table it is part of,
 * is registered there, or still has the trigger that counts (renamed).
 */
extern bool is_watched(Relation rel, Ledger *ledger);

/* Whether the table's owner let watch_orders() of this ledger attach its triggers. */
extern bool has_hold_trigger(Relation rel, Ledger *ledger);

/*
 * Settings that make a stored condition, or what a table's expressions print,
 * read the same whatever the session has set.  Returns the level for
 * AtEOXact_GUC().
 */
extern int	pin_settings(void);

/*
 * Read a row, as the user who writes it.  Errors 23502 (order without
 * customer or amount), 22023 (negative amount), RC006 (no such currency).
 */
extern void order_share(WatchedTable *table, Ledger *ledger, TupleTableSlot *slot, OrderShare *share);

#endif							/* WATCHED_TABLE_H */
