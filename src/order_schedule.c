/*
 * order_schedule.c
 *		Open orders that have a ship date, summed up per customer, currency
 *		and day.
 */
#include "cc_compat.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "exposure.h"
#include "money.h"
#include "order_schedule.h"

List *
schedule_add(List *days, const char *currency, int scale, DateADT ship_date, int128 amount)
{
	ScheduledDay *day;
	ListCell   *lc;

	if (ship_date == NO_SHIP_DATE || amount == 0)
		return days;
	foreach(lc, days)
	{
		day = lfirst(lc);
		if (day->ship_date == ship_date && strcmp(day->currency, currency) == 0)
		{
			day->amount = money_add(day->amount, amount);
			return days;
		}
	}
	day = palloc0(sizeof(ScheduledDay));
	strlcpy(day->currency, currency, sizeof(day->currency));
	day->scale = scale;
	day->ship_date = ship_date;
	day->amount = amount;
	return lappend(days, day);
}

void
schedule_write(Ledger *ledger, int64 customer_id, List *days)
{
	ListCell   *lc;

	foreach(lc, days)
	{
		const ScheduledDay *day = lfirst(lc);
		Datum		args[4];
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		args[0] = Int64GetDatum(customer_id);
		args[1] = CStringGetTextDatum(day->currency);
		args[2] = DateADTGetDatum(day->ship_date);
		args[3] = money_to_numeric(day->amount, day->scale);
		if (ledger_run(ledger, LQ_SCHEDULE_ADD, args, NULL) != 1)
			elog(ERROR, "order schedule could not be written");
		if (money_units(ledger_value(0, 1, &isnull), day->scale, "order schedule") == 0)
			ledger_run(ledger, LQ_SCHEDULE_DROP, args, NULL);
	}
}

int128
schedule_beyond(Ledger *ledger, int64 customer_id, List *coming, DateADT last_day)
{
	Datum		args[5];
	Datum		value;
	bool		isnull;
	int128		beyond;
	ListCell   *lc;

	args[0] = Int64GetDatum(customer_id);
	args[1] = CStringGetTextDatum(ledger->base_currency);
	args[2] = DateADTGetDatum(last_day);
	args[3] = DateADTGetDatum(ledger_today(ledger));
	args[4] = Int32GetDatum(ledger->base_scale);
	if (ledger_run(ledger, LQ_SCHEDULE_BEYOND, args, NULL) != 1)
		elog(ERROR, "order schedule could not be read");
	value = ledger_value(0, 1, &isnull);
	/* A currency without a rate was refused when the exposure was read. */
	if (isnull)
		elog(ERROR, "orders to come have no exchange rate");
	beyond = money_units(value, ledger->base_scale, "order schedule");
	foreach(lc, coming)
	{
		const ScheduledDay *day = lfirst(lc);

		if (day->ship_date > last_day)
			beyond = money_add(beyond, exposure_value(ledger, customer_id, day->currency, day->scale, day->amount));
	}
	return beyond;
}
