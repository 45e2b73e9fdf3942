/*
 * order_deposit.h
 *		Deposits that customers made for orders, and what they take off the
 *		exposure.
 */
#ifndef ORDER_DEPOSIT_H
#define ORDER_DEPOSIT_H

#include "cc_compat.h"

#include "nodes/pg_list.h"
#include "utils/date.h"

#include "exposure.h"
#include "ledger.h"

/* What is reserved to one order, and what that order counts */
typedef struct OrderDeposit
{
	char	   *order_id;
	int128		amount;			/* open, its money good; base currency units */
	bool		known;			/* the next two are */
	int128		counted;		/* of the order in the exposure, base currency units */
	DateADT		ship_date;		/* of the order, or NO_SHIP_DATE */
} OrderDeposit;

/*
 * The customer's deposits (list of OrderDeposit), inside ledger_enter() and
 * after the customer was locked if the answer is to bind.
 */
extern List *order_deposits(Ledger *ledger, const Exposure *exposure);

/* That of one order, or NULL. */
extern OrderDeposit *deposit_for(List *deposits, const char *order_id);

/*
 * Read what the orders count that are not known yet, from the watched
 * tables.  One that cannot be read there counts as not open: its deposit
 * takes nothing off.
 */
extern void find_deposited_orders(Ledger *ledger, int64 customer_id, List *deposits);

/* What the deposit takes off: no more than what its order counts. */
extern int128 deposit_cover(const OrderDeposit *deposit);

#endif							/* ORDER_DEPOSIT_H */
