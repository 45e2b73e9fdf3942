/*
 * allocation_check.c
 *		BEFORE ROW on allocation: checks the row by itself, and fills the copies
 *		of item facts that make past balances need no join.
 */
#include "cc_compat.h"

#include "access/htup_details.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/rel.h"

#include "allocation_post.h"
#include "cc_error.h"
#include "currency.h"
#include "dates.h"
#include "entry.h"
#include "ledger.h"
#include "money.h"
#include "period.h"

const ColumnSet allocation_columns = {A_COLUMNS, {
	"customer_id", "allocation_id", "credit_item_id", "debit_item_id", "amount", "applied_on", "reverses",
	"currency", "debit_due_date", "debit_doc_date", "debit_posting_date",
	"credit_posting_date"
}};

typedef struct ItemFacts
{
	bool		found;
	bool		debit;
	Datum		currency;
	Datum		amount;
	Datum		doc_date;
	Datum		posting_date;
	Datum		due_date;
	bool		due_null;
	Datum		reserved_for;
	bool		reserved;
} ItemFacts;

static void
read_facts(uint64 row, ItemFacts *facts)
{
	bool		isnull;
	int			scale;

	facts->found = true;
	facts->currency = ledger_value(row, 2, &isnull);
	facts->amount = ledger_value(row, 3, &isnull);
	facts->debit = money_from_numeric(facts->amount, &scale, "amount") > 0;
	facts->doc_date = ledger_value(row, 4, &isnull);
	facts->posting_date = ledger_value(row, 5, &isnull);
	facts->due_date = ledger_value(row, 6, &facts->due_null);
	facts->reserved_for = ledger_value(row, 7, &isnull);
	facts->reserved = !isnull;
}

static void
refuse_side(const ItemFacts *facts, bool want_debit, int64 item, int64 customer)
{
	if (!facts->found)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("customer " INT64_FORMAT " has no item " INT64_FORMAT, customer, item),
				 errhint("View open_items shows the items of a customer.")));
	if (facts->debit != want_debit)
		ereport(ERROR,
				(errcode(ERRCODE_CREDIT_OVER_ALLOCATION),
				 errmsg("item " INT64_FORMAT " of customer " INT64_FORMAT " is not a %s item",
						item, customer, want_debit ? "debit" : "credit"),
				 errhint("An allocation applies a credit item (payment, credit note) to a debit item (invoice, debit note).")));
}

/* A reversal undoes exactly one earlier row, whole, on or after its date. */
static void
check_reversal(Ledger *ledger, const Datum *v, int128 units, int scale)
{
	int64		customer = DatumGetInt64(v[A_CUSTOMER_ID]);
	int64		original = DatumGetInt64(v[A_REVERSES]);
	Datum		args[2];
	bool		isnull;
	bool		is_reversal;
	DateADT		applied_on;

	args[0] = v[A_CUSTOMER_ID];
	args[1] = v[A_REVERSES];
	if (ledger_run(ledger, LQ_ALLOCATION_READ, args, NULL) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("customer " INT64_FORMAT " has no allocation " INT64_FORMAT, customer, original)));
	(void) ledger_value(0, 5, &is_reversal);
	is_reversal = !is_reversal;
	applied_on = DatumGetDateADT(ledger_value(0, 4, &isnull));
	if (is_reversal)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("allocation " INT64_FORMAT " of customer " INT64_FORMAT " is itself a reversal", original, customer),
				 errhint("Allocate again instead.")));
	/* Else what was voided or returned could be collected, or spent, once more. */
	if (DatumGetBool(ledger_value(0, 6, &isnull)) && !isnull)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("allocation " INT64_FORMAT " of customer " INT64_FORMAT " cannot be reversed", original, customer),
				 errdetail("It closes a document with the one that voided or returned it."),
				 errhint("Post the document again instead.")));
	if (DatumGetInt64(ledger_value(0, 1, &isnull)) != DatumGetInt64(v[A_CREDIT_ITEM_ID]) ||
		DatumGetInt64(ledger_value(0, 2, &isnull)) != DatumGetInt64(v[A_DEBIT_ITEM_ID]) ||
		money_units(ledger_value(0, 3, &isnull), scale, "amount") != -units)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("reversal of allocation " INT64_FORMAT " of customer " INT64_FORMAT " does not match it", original, customer),
				 errdetail("A reversal has the same items and the negative amount."),
				 errhint("reverse_allocation() writes it.")));
	if (DatumGetDateADT(v[A_APPLIED_ON]) < applied_on)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("reversal of allocation " INT64_FORMAT " of customer " INT64_FORMAT " is dated before it", original, customer),
				 errdetail("The allocation is of %s, the reversal of %s.",
						   date_text(applied_on), date_text(DatumGetDateADT(v[A_APPLIED_ON])))));
}

/* A deposit pays for its own order, or goes back. */
static void
check_reservation(Ledger *ledger, const Datum *v, const ItemFacts *credit)
{
	Datum		args[4];
	bool		isnull;
	char	   *order = TextDatumGetCString(credit->reserved_for);

	args[0] = v[A_CUSTOMER_ID];
	args[1] = v[A_CREDIT_ITEM_ID];
	args[2] = v[A_DEBIT_ITEM_ID];
	/* Not the item's own copy: the next query's result takes its place. */
	args[3] = CStringGetTextDatum(order);
	if (ledger_run(ledger, LQ_RESERVATION, args, NULL) != 1 || !DatumGetBool(ledger_value(0, 1, &isnull)) || isnull)
		ereport(ERROR,
				(errcode(ERRCODE_CREDIT_OVER_ALLOCATION),
				 errmsg("item " INT64_FORMAT " of customer " INT64_FORMAT " is a deposit reserved to order %s",
						DatumGetInt64(v[A_CREDIT_ITEM_ID]), DatumGetInt64(v[A_CUSTOMER_ID]), order),
				 errdetail("Item " INT64_FORMAT " does not belong to that order.", DatumGetInt64(v[A_DEBIT_ITEM_ID])),
				 errhint("release_deposit() makes it plain unapplied credit.")));
}

HeapTuple
allocation_check(TriggerData *trigger, const AttrNumber *cols)
{
	HeapTuple	tuple = trigger->tg_trigtuple;
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	Ledger	   *ledger = ledger_of_table(trigger->tg_relation);
	LedgerScope scope;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext spi;
	Datum		v[A_COLUMNS];
	bool		isnull[A_COLUMNS];
	Datum		args[3];
	ItemFacts	debit = {0};
	ItemFacts	credit = {0};
	int64		customer;
	int64		debit_id;
	int64		credit_id;
	DateADT		applied_on;
	DateADT		closed;
	int128		units;
	MoneyFault	fault;
	int			minor;
	text	   *currency;
	uint64		n;

	for (int c = 0; c < A_COLUMNS; c++)
		v[c] = heap_getattr(tuple, cols[c], desc, &isnull[c]);
	/* The NOT NULL constraints speak for these. */
	if (isnull[A_CUSTOMER_ID] || isnull[A_CREDIT_ITEM_ID] || isnull[A_DEBIT_ITEM_ID] ||
		isnull[A_AMOUNT] || isnull[A_APPLIED_ON])
		return tuple;
	customer = DatumGetInt64(v[A_CUSTOMER_ID]);
	credit_id = DatumGetInt64(v[A_CREDIT_ITEM_ID]);
	debit_id = DatumGetInt64(v[A_DEBIT_ITEM_ID]);
	applied_on = DatumGetDateADT(v[A_APPLIED_ON]);

	if (DATE_NOT_FINITE(applied_on))
		date_refuse("date", psprintf("an allocation of customer " INT64_FORMAT, customer));

	closed = period_closed_through(ledger);
	if (applied_on <= closed)
		period_refuse("date", psprintf("an allocation of customer " INT64_FORMAT, customer), applied_on, closed);

	ledger_enter(ledger, true, &scope);
	spi = CurrentMemoryContext;
	args[0] = v[A_CUSTOMER_ID];
	args[1] = v[A_CREDIT_ITEM_ID];
	args[2] = v[A_DEBIT_ITEM_ID];
	n = ledger_run(ledger, LQ_ITEM_FACTS, args, NULL);
	for (uint64 row = 0; row < n; row++)
	{
		bool		null;
		int64		id = DatumGetInt64(ledger_value(row, 1, &null));

		if (id == debit_id)
			read_facts(row, &debit);
		if (id == credit_id)
			read_facts(row, &credit);
	}
	refuse_side(&credit, false, credit_id, customer);
	refuse_side(&debit, true, debit_id, customer);

	currency = DatumGetTextPP(debit.currency);
	if (strcmp(TextDatumGetCString(credit.currency), text_to_cstring(currency)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_CREDIT_CURRENCY),
				 errmsg("items " INT64_FORMAT " and " INT64_FORMAT " of customer " INT64_FORMAT " are in different currencies",
						credit_id, debit_id, customer),
				 errdetail("The credit item is in %s, the debit item in %s.",
						   TextDatumGetCString(credit.currency), text_to_cstring(currency))));
	minor = currency_minor_unit(VARDATA_ANY(currency), VARSIZE_ANY_EXHDR(currency));
	fault = entry_amount(v[A_AMOUNT], minor, &units);
	if (fault != MONEY_OK)
		entry_refuse(fault, v[A_AMOUNT], minor,
					 psprintf("amount of the allocation of item " INT64_FORMAT " to item " INT64_FORMAT " of customer " INT64_FORMAT,
							  credit_id, debit_id, customer));
	if (isnull[A_REVERSES] ? units <= 0 : units >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 isnull[A_REVERSES]
				 ? errmsg("amount of an allocation must be positive")
				 : errmsg("amount of a reversal must be negative"),
				 errdetail("It is %s %s, of item " INT64_FORMAT " to item " INT64_FORMAT " of customer " INT64_FORMAT ".",
						   money_out(units, minor), text_to_cstring(currency), credit_id, debit_id, customer),
				 errhint("To undo an allocation, call reverse_allocation().")));

	if (applied_on < DatumGetDateADT(credit.posting_date) || applied_on < DatumGetDateADT(debit.posting_date))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("allocation of customer " INT64_FORMAT " is dated before one of its documents", customer),
				 errdetail("It is of %s; item " INT64_FORMAT " was posted on %s, item " INT64_FORMAT " on %s.",
						   date_text(applied_on), credit_id, date_text(DatumGetDateADT(credit.posting_date)),
						   debit_id, date_text(DatumGetDateADT(debit.posting_date))),
				 errhint("Date it on the later of the two, or after.")));

	/* The copies outlive the SPI connection. */
	MemoryContextSwitchTo(caller);
	{
		int			fill[] = {cols[A_AMOUNT], cols[A_CURRENCY], cols[A_DEBIT_DUE_DATE],
			cols[A_DEBIT_DOC_DATE], cols[A_DEBIT_POSTING_DATE], cols[A_CREDIT_POSTING_DATE]};
		Datum		values[lengthof(fill)] = {
			money_to_numeric(units, minor), debit.currency, debit.due_date,
			debit.doc_date, debit.posting_date, credit.posting_date
		};
		bool		nulls[lengthof(fill)] = {false, false, debit.due_null};

		tuple = heap_modify_tuple_by_cols(tuple, desc, lengthof(fill), fill, values, nulls);
	}
	MemoryContextSwitchTo(spi);
	if (!isnull[A_REVERSES])
		check_reversal(ledger, v, units, minor);
	else if (credit.reserved)
		check_reservation(ledger, v, &credit);
	ledger_leave(&scope);
	return tuple;
}
