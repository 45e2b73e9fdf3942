/*
 * period.c
 *		No writer gets into a closed period.
 *
 * All that is posted, applied or re-dated shares a lock on ledger_info, in a mode that does not
 * conflict with itself: it stays in this backend's fast path and costs next to nothing.  Who closes a
 * period takes the mode that conflicts, which waits for the writers under way and makes later ones
 * wait, and moves ledger_info.closed_through before letting go.  A backend keeps that date; a trigger
 * on ledger_info invalidates it, and whoever gets the lock has by then received the invalidation.
 */
#include "cc_compat.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "cc_error.h"
#include "dates.h"
#include "period.h"

PG_FUNCTION_INFO_V1(cc_refuse_closed);

static void
lock_info(Ledger *ledger)
{
	if (!OidIsValid(ledger->info_relid))
		ledger->info_relid = get_relname_relid("ledger_info", ledger->nspoid);
	if (!OidIsValid(ledger->info_relid))
		elog(ERROR, "ledger \"%s\" has no table \"ledger_info\"", NameStr(ledger->name));
	LockRelationOid(ledger->info_relid, RowExclusiveLock);
}

DateADT
period_closed_through(Ledger *ledger)
{
	lock_info(ledger);
	if (!ledger->closed_valid)
	{
		LedgerScope scope;
		Datum		value;
		uint64		changes;
		bool		isnull = true;

		/* The schema may have been dropped and made again. */
		ledger->info_relid = InvalidOid;
		lock_info(ledger);
		changes = ledger->closed_changes;
		ledger_enter(ledger, true, &scope);
		if (ledger_run(ledger, LQ_CLOSED_THROUGH, NULL, NULL) != 1)
			elog(ERROR, "ledger \"%s\" has no row in ledger_info", NameStr(ledger->name));
		value = ledger_value(0, 1, &isnull);
		ledger->closed_through = isnull ? DATEVAL_NOBEGIN : DatumGetDateADT(value);
		ledger_leave(&scope);
		/* Not if a change arrived while reading, nor after an error: the day kept then is an old one. */
		ledger->closed_valid = changes == ledger->closed_changes;
	}
	return ledger->closed_through;
}

DateADT
period_open_day(Ledger *ledger, DateADT date)
{
	DateADT		closed = period_closed_through(ledger);

	return date > closed ? date : closed + 1;
}

void
period_refuse(const char *what, const char *whose, DateADT date, DateADT closed)
{
	ereport(ERROR,
			(errcode(ERRCODE_CREDIT_PERIOD_CLOSED),
			 errmsg("%s of %s is in a closed period", what, whose),
			 errdetail("It is %s; the books are closed through %s.", date_text(date), date_text(closed)),
			 errhint("Date it %s or later. Who has the authority opens a period again with reopen_period().", date_text(closed + 1))));
}

/*
 * BEFORE INSERT FOR EACH ROW on a table of what happened on a business date
 * and past reports depend on.  The argument names the column.
 */
Datum
cc_refuse_closed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleDesc	desc;
	HeapTuple	tuple;
	const char *column;
	Ledger	   *ledger;
	DateADT		closed;
	Datum		date;
	bool		isnull;
	int			attnum;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BY_INSERT(trigger->tg_event) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || trigger->tg_trigger->tgnargs != 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be called as a BEFORE INSERT trigger for each row", "refuse_closed"),
				 errhint("Its argument is the name of a column of type date.")));
	desc = RelationGetDescr(trigger->tg_relation);
	tuple = trigger->tg_trigtuple;
	column = trigger->tg_trigger->tgargs[0];
	attnum = SPI_fnumber(desc, column);
	if (attnum <= 0 || SPI_gettypeid(desc, attnum) != DATEOID)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table \"%s\" has no column \"%s\" of type date", RelationGetRelationName(trigger->tg_relation), column)));
	ledger = ledger_of_table(trigger->tg_relation);
	closed = period_closed_through(ledger);
	date = SPI_getbinval(tuple, desc, attnum, &isnull);
	if (!isnull && DatumGetDateADT(date) <= closed)
	{
		int			customer = SPI_fnumber(desc, "customer_id");

		period_refuse(column, psprintf("a new row of \"%s\" of customer %s", RelationGetRelationName(trigger->tg_relation),
									   customer > 0 ? SPI_getvalue(tuple, desc, customer) : "(none)"),
					  DatumGetDateADT(date), closed);
	}
	return PointerGetDatum(tuple);
}
