/*
 * order_schedule.h
 *		Open orders that have a ship date, summed up per customer, currency
 *		and day.
 *
 * Table order_schedule keeps them, under the customer's lock; what one
 * statement changes is gathered first, so that a day is written once.
 */
#ifndef ORDER_SCHEDULE_H
#define ORDER_SCHEDULE_H

#include "cc_compat.h"

#include "nodes/pg_list.h"
#include "utils/date.h"

#include "ledger.h"

/* An order without a ship date: it counts in every horizon, and is not in the schedule. */
#define NO_SHIP_DATE DATEVAL_NOBEGIN

typedef struct ScheduledDay
{
	char		currency[4];
	int			scale;			/* minor unit of currency */
	DateADT		ship_date;
	int128		amount;			/* units of currency */
} ScheduledDay;

/* Add to a list of ScheduledDay, in the current memory context. */
extern List *schedule_add(List *days, const char *currency, int scale, DateADT ship_date, int128 amount);

/* Write a customer's list, inside ledger_enter(). */
extern void schedule_write(Ledger *ledger, int64 customer_id, List *days);

/*
 * What ships after a day, in base currency units: what is written, and what a
 * list will add to it.  Error RC006 where a rate is missing.
 */
extern int128 schedule_beyond(Ledger *ledger, int64 customer_id, List *coming, DateADT last_day);

#endif							/* ORDER_SCHEDULE_H */
