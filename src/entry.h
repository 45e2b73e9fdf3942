/*
 * entry.h
 *		Amounts at the door: what a user may give as an amount of money.
 *
 * Everything kept was let in here once, so sums over any number of rows and
 * products with a percentage stay far below the 38 digits that C can hold.
 */
#ifndef ENTRY_H
#define ENTRY_H

#include "cc_compat.h"

#include "money.h"

/* Major units.  A quintillion is more money than there is, in any currency. */
#define ENTRY_LIMIT INT64CONST(1000000000000000000)

/* Read an amount as units of `scale`, the minor unit of its currency. */
extern MoneyFault entry_amount(Datum num, int scale, int128 *units);

/*
 * Refuse it (22003): `what` names the value and whose it is ("amount of order
 * 7 of customer 3"); the detail has the figure and the bound.
 */
extern void entry_refuse(MoneyFault fault, Datum num, int scale, const char *what) pg_attribute_noreturn();

#endif							/* ENTRY_H */
