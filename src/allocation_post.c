/*
 * allocation_post.c
 *		Applying: what happens when a row enters allocation.
 *
 * BEFORE ROW checks the row (allocation_check.c).  AFTER ROW gathers; the end of the statement locks
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

#include "allocation_post.h"
#include "cc_error.h"
#include "chain.h"
#include "columns.h"
#include "currency.h"
#include "dates.h"
#include "exposure.h"
#include "ledger.h"
#include "money.h"
#include "settle.h"

PG_FUNCTION_INFO_V1(cc_post_allocation);

/* ---- AFTER ROW: gather ---- */

typedef struct AllocationRow
{
	int64		customer_id;
	int64		allocation_id;
	int64		reverses;		/* if `reversal` */
	ChainDigest digest;
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
	const ColumnSet *chained = chain_columns("allocation");
	AllocationRow *row;
	Datum		v[A_COLUMNS];
	bool		isnull[A_COLUMNS];
	text	   *currency;

	for (int c = 0; c < A_COLUMNS; c++)
		v[c] = slot_getattr(trigger->tg_trigslot, cols[c], &isnull[c]);
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
	row->allocation_id = DatumGetInt64(v[A_ALLOCATION_ID]);
	row->reverses = row->reversal ? DatumGetInt64(v[A_REVERSES]) : 0;
	currency = DatumGetTextPP(v[A_CURRENCY]);
	memcpy(row->currency, VARDATA_ANY(currency), 3);
	row->scale = currency_minor_unit(row->currency, 3);
	row->units = money_units(v[A_AMOUNT], row->scale, "amount");
	chain_entry_digest("allocation", columns_of(trigger->tg_relation, chained), chained->n, trigger->tg_trigslot, &row->digest);
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
	bool		foreign;		/* has a value in base currency */
	int128		open_base;		/* what is open of it, in base currency units, signed */
	bool		reserved;
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

/*
 * What an allocation takes out of an item's value in base currency: its share
 * of what is open, all of it with the last one.
 */
static int128
base_portion(const OpenItem *item, const AllocationRow *row, int base_scale)
{
	int128		open = item->open < 0 ? -item->open : item->open;
	int128		base = item->open_base < 0 ? -item->open_base : item->open_base;
	Datum		share;

	if (row->units == open)
		return base;
	/* Over-allocation, which is refused next. */
	if (row->units > open)
		return 0;
	share = money_share(money_to_numeric(base, base_scale), base_scale, 0, row->units, open, true);
	return money_units(share, base_scale, "amount in base currency");
}

/* Both sides give up base value, each at its document's rate; what is between them is gained or lost. */
static void
record_difference(Ledger *ledger, const AllocationRow *row, OpenItem *credit, OpenItem *debit)
{
	int128		debit_base;
	int128		credit_base;
	Datum		args[5];
	bool		isnull;

	if (!credit->foreign && !debit->foreign)
		return;
	args[0] = Int64GetDatum(row->customer_id);
	if (row->reversal)
	{
		/* Gives back exactly what was taken. */
		args[1] = Int64GetDatum(row->reverses);
		if (ledger_run(ledger, LQ_DIFFERENCE_READ, args, NULL) != 1)
			return;
		debit_base = -money_units(ledger_value(0, 1, &isnull), ledger->base_scale, "exchange difference");
		credit_base = -money_units(ledger_value(0, 2, &isnull), ledger->base_scale, "exchange difference");
	}
	else
	{
		/* An item posted before there were rates has no value of its own: it takes the other's, and nothing is gained. */
		debit_base = base_portion(debit->foreign ? debit : credit, row, ledger->base_scale);
		credit_base = base_portion(credit->foreign ? credit : debit, row, ledger->base_scale);
	}
	debit->open_base = money_sub(debit->open_base, debit_base);
	credit->open_base = money_add(credit->open_base, credit_base);
	args[1] = Int64GetDatum(row->allocation_id);
	args[2] = DateADTGetDatum(row->applied_on);
	args[3] = money_to_numeric(debit_base, ledger->base_scale);
	args[4] = money_to_numeric(credit_base, ledger->base_scale);
	ledger_run(ledger, LQ_DIFFERENCE_ADD, args, NULL);
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
	Datum	   *bases;
	bool	   *no_base;
	OpenItem   *items;
	int			nids = 0;
	Datum		args[6];
	int			dims[1];
	int			lbs[1] = {1};

	exposure_read(ledger, customer_id, EXPOSURE_LOCK, &exposure);

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
		date = ledger_value(i, 6, &isnull);
		items[i].foreign = !isnull;
		items[i].open_base = isnull ? 0 : money_units(date, ledger->base_scale, "open amount in base currency");
		items[i].reserved = DatumGetBool(ledger_value(i, 7, &isnull));
	}

	for (int64 i = 0; i < n; i++)
	{
		AllocationRow *row = &rows[i];
		OpenItem   *credit = find_item(items, nids, row->credit_item_id);
		OpenItem   *debit = find_item(items, nids, row->debit_item_id);
		ExposureChange change = {.receivable = -row->units};

		CHECK_FOR_INTERRUPTS();
		record_difference(ledger, row, credit, debit);
		apply_to_item(ledger, row, credit, row->units);
		apply_to_item(ledger, row, debit, -row->units);
		if (credit->reserved)
			change.reserved = -row->units;
		else
			change.unapplied = -row->units;
		exposure_deltas_add(deltas, customer_id, row->currency, row->scale, &change);
		exposure_deltas_chain(deltas, customer_id, "allocation", row->allocation_id, &row->digest);
	}

	opens = palloc(nids * sizeof(Datum));
	reversed = palloc(nids * sizeof(Datum));
	applied = palloc(nids * sizeof(Datum));
	not_reversed = palloc(nids * sizeof(bool));
	bases = palloc(nids * sizeof(Datum));
	no_base = palloc(nids * sizeof(bool));
	for (int i = 0; i < nids; i++)
	{
		opens[i] = money_to_numeric(items[i].open, rows[0].scale);
		reversed[i] = DateADTGetDatum(items[i].reversed_on);
		not_reversed[i] = !items[i].was_reversed;
		applied[i] = DateADTGetDatum(items[i].last_applied_on);
		bases[i] = money_to_numeric(items[i].open_base, ledger->base_scale);
		no_base[i] = !items[i].foreign;
	}
	dims[0] = nids;
	args[2] = PointerGetDatum(construct_array(opens, nids, NUMERICOID, -1, false, TYPALIGN_INT));
	args[3] = PointerGetDatum(construct_md_array(reversed, not_reversed, 1, dims, lbs, DATEOID, 4, true, TYPALIGN_INT));
	args[4] = PointerGetDatum(construct_array(applied, nids, DATEOID, 4, true, TYPALIGN_INT));
	args[5] = PointerGetDatum(construct_md_array(bases, no_base, 1, dims, lbs, NUMERICOID, -1, false, TYPALIGN_INT));
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
		return PointerGetDatum(allocation_check(trigger, cols));
	gather_allocation(trigger, cols);
	return PointerGetDatum(NULL);
}
