/*
 * period.h
 *		The day through which a ledger's books are closed.
 */
#ifndef PERIOD_H
#define PERIOD_H

#include "cc_compat.h"

#include "utils/date.h"

#include "ledger.h"

/*
 * The last closed day, before every day if nothing is closed.  Until this transaction ends no
 * period is closed that it has written to, so what this says stays true for what it writes.
 */
extern DateADT period_closed_through(Ledger *ledger);

/* RC003: `what` (such as "posting date") of `whose` is not after `closed`, the last closed day. */
extern void period_refuse(const char *what, const char *whose, DateADT date, DateADT closed) pg_attribute_noreturn();

/* Day that follows the last closed one, or `date` if that is later. */
extern DateADT period_open_day(Ledger *ledger, DateADT date);

#endif							/* PERIOD_H */
