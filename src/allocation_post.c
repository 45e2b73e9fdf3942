/*
 * allocation_post.c
 *		Applying: what happens when a row enters allocation.
 *
 * BEFORE ROW fills the copies of item facts that never change, so that past
 * balances need no join.  AFTER ROW gathers; the end of the statement locks
 * the customers in id order, replays each one's rows in their order against
 * the open amounts, and writes every touched item and the exposure once.
 *
 * What keeps past balances exact: an allocation is never dated before either
 * of its items, nor before the latest reversal of one of them, so that an
 * item's open amount lies between zero and its amount on every date.
 */
#include "cc_compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "cc_error.h"
#include "columns.h"
#include "currency.h"
#include "dates.h"
#include "entry.h"
#include "exposure.h"
#include "ledger.h"
#include "money.h"
#include "settle.h"

PG_FUNCTION_INFO_V1(cc_post_allocation);

enum
{
	A_CUSTOMER_ID, A_ALLOCATION_ID, A_CREDIT_ITEM_ID, A_DEBIT_ITEM_ID, A_AMOUNT, A_APPLIED_ON, A_REVERSES,
	A_CURRENCY, A_DEBIT_DUE_DATE, A_DEBIT_DOC_DATE, A_DEBIT_POSTING_DATE,
	A_CREDIT_POSTING_DATE, A_COLUMNS
};

static const ColumnSet allocation_columns = {A_COLUMNS, {
	"customer_id", "allocation_id", "credit_item_id", "debit_item_id", "amount", "applied_on", "reverses",
	"currency", "debit_due_date", "debit_doc_date", "debit_posting_date",
	"credit_posting_date"
}};

/* ---- BEFORE ROW: check the row by itself and fill the copies ---- */

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

static HeapTuple
check_allocation(TriggerData *trigger, const AttrNumber *cols)
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
	ledger_leave(&scope);
	return tuple;
}

/* ---- AFTER ROW: gather ---- */

typedef struct AllocationRow
{
	int64		customer_id;
	int64		credit_item_id;
	int64		debit_item_id;
	int128		units;
	DateADT		applied_on;
	bool		reversal;
	int			scale;
	char		currency[4];
	int64		seq;			/* order in the statement */
} AllocationRow;

typedef struct AllocationBatch
{
	int64		n;
	int64		size;
	AllocationRow *rows;
} AllocationBatch;

static void *
allocation_create(SettleBatch *batch)
{
	AllocationBatch *state = palloc0(sizeof(AllocationBatch));

	(void) batch;
	state->size = 16;
	state->rows = palloc(state->size * sizeof(AllocationRow));
	return state;
}

static void allocation_settle(SettleBatch *batch);

static const SettleKind allocation_kind = {allocation_create, allocation_settle, NULL};

static void
gather_allocation(TriggerData *trigger, const AttrNumber *cols)
{
	SettleBatch *batch = settle_batch(&allocation_kind, ledger_of_table(trigger->tg_relation)->nspoid);
	AllocationBatch *state = batch->state;
	AllocationRow *row;
	Datum		v[A_COLUMNS];
	bool		isnull[A_COLUMNS];
	text	   *currency;

	for (int c = 0; c < A_COLUMNS; c++)
		v[c] = heap_getattr(trigger->tg_trigtuple, cols[c],
							RelationGetDescr(trigger->tg_relation), &isnull[c]);
	if (state->n == state->size)
	{
		state->size *= 2;
		state->rows = repalloc_huge(state->rows, state->size * sizeof(AllocationRow));
	}
	row = &state->rows[state->n];
	memset(row, 0, sizeof(AllocationRow));
	row->seq = state->n++;
	row->customer_id = DatumGetInt64(v[A_CUSTOMER_ID]);
	row->credit_item_id = DatumGetInt64(v[A_CREDIT_ITEM_ID]);
	row->debit_item_id = DatumGetInt64(v[A_DEBIT_ITEM_ID]);
	row->applied_on = DatumGetDateADT(v[A_APPLIED_ON]);
	row->reversal = !isnull[A_REVERSES];
	currency = DatumGetTextPP(v[A_CURRENCY]);
	memcpy(row->currency, VARDATA_ANY(currency), 3);
	row->scale = currency_minor_unit(row->currency, 3);
	row->units = money_units(v[A_AMOUNT], row->scale, "amount");
}

/* ---- end of statement: replay ---- */

typedef struct OpenItem
{
	int64		item_id;
	int128		amount;			/* signed, as in table item */
	int128		open;
	DateADT		reversed_on;
	bool		was_reversed;
	DateADT		last_applied_on;	/* DATEVAL_NOBEGIN when never */
} OpenItem;

/* Customers in id order; an item has one currency, so its rows stay in their order. */
static int
compare_rows(const void *a, const void *b)
{
	const AllocationRow *x = a;
	const AllocationRow *y = b;
	int			c;

	if (x->customer_id != y->customer_id)
		return x->customer_id < y->customer_id ? -1 : 1;
	if ((c = memcmp(x->currency, y->currency, 3)) != 0)
		return c;
	return x->seq < y->seq ? -1 : 1;
}

static bool
same_account(const AllocationRow *x, const AllocationRow *y)
{
	return x->customer_id == y->customer_id && memcmp(x->currency, y->currency, 3) == 0;
}

static int
compare_ids(const void *a, const void *b)
{
	int64		x = DatumGetInt64(*(const Datum *) a);
	int64		y = DatumGetInt64(*(const Datum *) b);

	return x < y ? -1 : x > y;
}

static OpenItem *
find_item(OpenItem *items, int n, int64 item_id)
{
	int			low = 0;
	int			high = n - 1;

	while (low <= high)
	{
		int			mid = (low + high) / 2;

		if (items[mid].item_id == item_id)
			return &items[mid];
		if (items[mid].item_id < item_id)
			low = mid + 1;
		else
			high = mid - 1;
	}
	elog(ERROR, "item " INT64_FORMAT " vanished", item_id);
	return NULL;
}

/* "invoice INV-7", for messages */
static char *
item_label(Ledger *ledger, int64 customer_id, int64 item_id)
{
	Datum		args[2];
	bool		isnull;

	args[0] = Int64GetDatum(customer_id);
	args[1] = Int64GetDatum(item_id);
	if (ledger_run(ledger, LQ_ITEM_LABEL, args, NULL) != 1)
		return psprintf("item " INT64_FORMAT, item_id);
	return psprintf("%s (item " INT64_FORMAT ")", TextDatumGetCString(ledger_value(0, 1, &isnull)), item_id);
}

/* Move `change` units (signed as the item is) into the item's open amount. */
static void
apply_to_item(Ledger *ledger, const AllocationRow *row, OpenItem *item, int128 change)
{
	int128		open = money_add(item->open, change);

	if (!row->reversal && item->was_reversed && row->applied_on < item->reversed_on)
		ereport(ERROR,
				(errcode(ERRCODE_CREDIT_OVER_ALLOCATION),
				 errmsg("allocation of customer " INT64_FORMAT " is dated before a reversal of the same item", row->customer_id),
				 errdetail("It is of %s; an allocation of %s was reversed on %s.", date_text(row->applied_on),
						   item_label(ledger, row->customer_id, item->item_id), date_text(item->reversed_on)),
				 errhint("Date it on the day of the reversal, or after.")));
	/* Between zero and the amount, whichever sign that has. */
	if (item->amount > 0 ? (open < 0 || open > item->amount) : (open > 0 || open < item->amount))
	{
		int128		left = item->open < 0 ? -item->open : item->open;

		ereport(ERROR,
				(errcode(ERRCODE_CREDIT_OVER_ALLOCATION),
				 errmsg("allocation exceeds what is open on %s of customer " INT64_FORMAT,
						item_label(ledger, row->customer_id, item->item_id), row->customer_id),
				 errdetail("Open are %s %s, the allocation is of %s.", money_out(left, row->scale), row->currency,
						   money_out(row->units, row->scale)),
				 errhint("Allocate at most what is open on both items; view open_items shows it.")));
	}
	item->open = open;
	item->last_applied_on = Max(item->last_applied_on, row->applied_on);
	if (row->reversal && (!item->was_reversed || item->reversed_on < row->applied_on))
	{
		item->was_reversed = true;
		item->reversed_on = row->applied_on;
	}
}

/* All rows of one customer and currency, in their order. */
static void
settle_account(Ledger *ledger, AllocationRow *rows, int64 n)
{
	int64		customer_id = rows[0].customer_id;
	Exposure	exposure;
	ExposureDeltas *deltas = exposure_deltas_create(CurrentMemoryContext);
	Datum	   *ids = palloc_extended(2 * n * sizeof(Datum), MCXT_ALLOC_HUGE);
	Datum	   *opens;
	Datum	   *reversed;
	Datum	   *applied;
	bool	   *not_reversed;
	OpenItem   *items;
	int			nids = 0;
	Datum		args[5];
	int			dims[1];
	int			lbs[1] = {1};

	exposure_read(ledger, customer_id, EXPOSURE_LOCK, 0, &exposure);

	for (int64 i = 0; i < n; i++)
	{
		ids[2 * i] = Int64GetDatum(rows[i].credit_item_id);
		ids[2 * i + 1] = Int64GetDatum(rows[i].debit_item_id);
	}
	qsort(ids, 2 * n, sizeof(Datum), compare_ids);
	for (int64 i = 0; i < 2 * n; i++)
		if (nids == 0 || ids[nids - 1] != ids[i])
			ids[nids++] = ids[i];

	args[0] = Int64GetDatum(customer_id);
	args[1] = PointerGetDatum(construct_array(ids, nids, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	if (ledger_run(ledger, LQ_ITEM_READ, args, NULL) != (uint64) nids)
		elog(ERROR, "items of customer " INT64_FORMAT " vanished", customer_id);
	items = palloc0(nids * sizeof(OpenItem));
	for (int i = 0; i < nids; i++)
	{
		bool		isnull;
		Datum		date;

		items[i].item_id = DatumGetInt64(ledger_value(i, 1, &isnull));
		items[i].amount = money_units(ledger_value(i, 2, &isnull), rows[0].scale, "item amount");
		items[i].open = money_units(ledger_value(i, 3, &isnull), rows[0].scale, "open amount");
		date = ledger_value(i, 4, &isnull);
		items[i].was_reversed = !isnull;
		items[i].reversed_on = isnull ? 0 : DatumGetDateADT(date);
		date = ledger_value(i, 5, &isnull);
		items[i].last_applied_on = isnull ? DATEVAL_NOBEGIN : DatumGetDateADT(date);
	}

	for (int64 i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		apply_to_item(ledger, &rows[i], find_item(items, nids, rows[i].credit_item_id), rows[i].units);
		apply_to_item(ledger, &rows[i], find_item(items, nids, rows[i].debit_item_id), -rows[i].units);
		exposure_deltas_add(deltas, customer_id, rows[i].currency, rows[i].scale, -rows[i].units, -rows[i].units);
	}

	opens = palloc(nids * sizeof(Datum));
	reversed = palloc(nids * sizeof(Datum));
	applied = palloc(nids * sizeof(Datum));
	not_reversed = palloc(nids * sizeof(bool));
	for (int i = 0; i < nids; i++)
	{
		opens[i] = money_to_numeric(items[i].open, rows[0].scale);
		reversed[i] = DateADTGetDatum(items[i].reversed_on);
		not_reversed[i] = !items[i].was_reversed;
		applied[i] = DateADTGetDatum(items[i].last_applied_on);
	}
	dims[0] = nids;
	args[2] = PointerGetDatum(construct_array(opens, nids, NUMERICOID, -1, false, TYPALIGN_INT));
	args[3] = PointerGetDatum(construct_md_array(reversed, not_reversed, 1, dims, lbs, DATEOID, 4, true, TYPALIGN_INT));
	args[4] = PointerGetDatum(construct_array(applied, nids, DATEOID, 4, true, TYPALIGN_INT));
	if (ledger_run(ledger, LQ_ITEM_WRITE, args, NULL) != (uint64) nids)
		elog(ERROR, "items of customer " INT64_FORMAT " vanished", customer_id);
	exposure_deltas_post(ledger, deltas);
}

static void
allocation_settle(SettleBatch *batch)
{
	AllocationBatch *state = batch->state;
	Ledger	   *ledger = ledger_open(batch->nspoid);
	LedgerScope scope;
	MemoryContext per_customer;
	MemoryContext old;

	qsort(state->rows, state->n, sizeof(AllocationRow), compare_rows);
	ledger_enter(ledger, true, &scope);
	per_customer = AllocSetContextCreate(CurrentMemoryContext, "credit_control allocation", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(per_customer);
	for (int64 from = 0, to; from < state->n; from = to)
	{
		for (to = from + 1; to < state->n; to++)
			if (!same_account(&state->rows[to], &state->rows[from]))
				break;
		settle_account(ledger, &state->rows[from], to - from);
		MemoryContextReset(per_customer);
	}
	MemoryContextSwitchTo(old);
	ledger_leave(&scope);
}

/*
 * Trigger on allocation: BEFORE INSERT FOR EACH ROW, AFTER INSERT FOR EACH ROW
 * and FOR EACH STATEMENT.
 */
Datum
cc_post_allocation(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	const AttrNumber *cols;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be called as an INSERT trigger", "post_allocation")));
	if (TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event))
	{
		settle_statement(ledger_of_table(trigger->tg_relation)->nspoid);
		return PointerGetDatum(NULL);
	}

	cols = columns_of(trigger->tg_relation, &allocation_columns);
	if (TRIGGER_FIRED_BEFORE(trigger->tg_event))
		return PointerGetDatum(check_allocation(trigger, cols));
	gather_allocation(trigger, cols);
	return PointerGetDatum(NULL);
}
