/*
 * document.c
 *		Posting: what happens when a row enters document.
 *
 * BEFORE ROW checks it (document_check.c).  AFTER ROW gathers; the end of the
 * statement makes the open items, adds to the exposure and to the audit
 * chain, customers in id order.
 */
#include "cc_compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "chain.h"
#include "currency.h"
#include "document.h"
#include "exposure.h"
#include "ledger.h"
#include "money.h"
#include "settle.h"

PG_FUNCTION_INFO_V1(cc_post_document);

/*
 * Items are written this many at a time, so that a load of any size needs
 * little memory; customer by customer, since every index on item begins with
 * the customer and likes its neighbours together.
 */
#define ITEM_CHUNK 20000

/* Columns of LQ_ITEM_ADD_MANY */
enum
{
	I_CUSTOMER_ID, I_DOCUMENT_ID, I_INSTALMENT_NO, I_CURRENCY, I_AMOUNT, I_DOC_DATE, I_POSTING_DATE, I_DUE_DATE,
	I_BASE_AMOUNT, I_RESERVED_FOR, I_COLUMNS
};

static const Oid item_types[I_COLUMNS] = {
	INT8OID, INT8OID, INT4OID, TEXTOID, NUMERICOID, DATEOID, DATEOID, DATEOID, NUMERICOID, TEXTOID
};

typedef struct ItemRow
{
	int			seq;
	Datum		values[I_COLUMNS];
	bool		nulls[I_COLUMNS];
} ItemRow;

/* A document that reverses one: what it takes out of uncleared is read under the customer's lock. */
typedef struct Reversal
{
	int64		customer_id;
	int64		reverses;
	char		currency[4];
	int			scale;
} Reversal;

typedef struct DocumentBatch
{
	DocumentLookups *lookups;
	ExposureDeltas *deltas;
	List	   *reversals;		/* of Reversal */
	MemoryContext item_cxt;		/* the values of the items not yet written */
	int			n;
	int			size;
	ItemRow    *items;			/* not yet written */
} DocumentBatch;

static void *
document_create(SettleBatch *batch)
{
	DocumentBatch *state = palloc0(sizeof(DocumentBatch));

	state->size = 4;
	state->items = palloc(state->size * sizeof(ItemRow));
	state->lookups = document_lookups_create(batch->cxt);
	state->deltas = exposure_deltas_create(batch->cxt);
	state->item_cxt = AllocSetContextCreate(batch->cxt, "credit_control items", ALLOCSET_DEFAULT_SIZES);
	return state;
}

static int
compare_items(const void *a, const void *b)
{
	const ItemRow *x = a;
	const ItemRow *y = b;
	int64		cx = DatumGetInt64(x->values[I_CUSTOMER_ID]);
	int64		cy = DatumGetInt64(y->values[I_CUSTOMER_ID]);

	if (cx != cy)
		return cx < cy ? -1 : 1;
	return x->seq < y->seq ? -1 : 1;
}

static void
write_items(Ledger *ledger, DocumentBatch *state)
{
	LedgerScope scope;
	Datum		args[I_COLUMNS];
	int			n = state->n;

	if (n == 0)
		return;
	ledger_enter(ledger, true, &scope);
	if (n == 1)
	{
		char		nulls[I_COLUMNS + 1] = "          ";

		for (int c = 0; c < I_COLUMNS; c++)
		{
			args[c] = state->items[0].values[c];
			if (state->items[0].nulls[c])
				nulls[c] = 'n';
		}
		ledger_run(ledger, LQ_ITEM_ADD, args, nulls);
	}
	else
	{
		Datum	   *values = palloc(n * sizeof(Datum));
		bool	   *nulls = palloc(n * sizeof(bool));
		int			dims[1] = {n};
		int			lbs[1] = {1};

		qsort(state->items, n, sizeof(ItemRow), compare_items);
		for (int c = 0; c < I_COLUMNS; c++)
		{
			int16		len;
			bool		byval;
			char		align;

			for (int i = 0; i < n; i++)
			{
				values[i] = state->items[i].values[c];
				nulls[i] = state->items[i].nulls[c];
			}
			get_typlenbyvalalign(item_types[c], &len, &byval, &align);
			args[c] = PointerGetDatum(construct_md_array(values, nulls, 1, dims, lbs, item_types[c], len, byval, align));
		}
		ledger_run(ledger, LQ_ITEM_ADD_MANY, args, NULL);
	}
	ledger_leave(&scope);
	MemoryContextReset(state->item_cxt);
	state->n = 0;
}

/* A payment that is reversed waits for its money no more. */
static void
settle_reversals(Ledger *ledger, DocumentBatch *state)
{
	LedgerScope scope;
	ListCell   *lc;

	if (state->reversals == NIL)
		return;
	ledger_enter(ledger, true, &scope);
	foreach(lc, state->reversals)
	{
		Reversal   *reversal = lfirst(lc);
		Datum		args[2];
		bool		isnull;
		Exposure	exposure;

		exposure_read(ledger, reversal->customer_id, EXPOSURE_LOCK, &exposure);
		args[0] = Int64GetDatum(reversal->customer_id);
		args[1] = Int64GetDatum(reversal->reverses);
		if (ledger_run(ledger, LQ_UNCLEARED_OF, args, NULL) == 1)
		{
			ExposureChange change = {.uncleared = -money_units(ledger_value(0, 1, &isnull), reversal->scale, "amount")};

			exposure_deltas_add(state->deltas, reversal->customer_id, reversal->currency, reversal->scale, &change);
		}
	}
	ledger_leave(&scope);
}

static void
document_settle(SettleBatch *batch)
{
	DocumentBatch *state = batch->state;
	Ledger	   *ledger = ledger_open(batch->nspoid);

	write_items(ledger, state);
	settle_reversals(ledger, state);
	exposure_deltas_post(ledger, state->deltas);
}

static const SettleKind document_batch = {document_create, document_settle, NULL};

DocumentLookups *
document_lookups(Oid nspoid)
{
	return ((DocumentBatch *) settle_batch(&document_batch, nspoid)->state)->lookups;
}

/*
 * One item of a document.  Its part of the base amount is what the document's
 * units up to here are worth less what they were worth before: the parts add
 * up exactly.
 */
static void
add_item(SettleBatch *batch, const DocumentRow *row, int no, const TermsInstalment *instalment,
		 bool debit, bool deposit, int minor, int128 before, int128 total)
{
	DocumentBatch *state = batch->state;
	ItemRow    *item;
	MemoryContext old;

	if (state->n == state->size)
	{
		state->size *= 2;
		state->items = repalloc_huge(state->items, state->size * sizeof(ItemRow));
	}
	item = &state->items[state->n];
	memset(item, 0, sizeof(ItemRow));
	item->seq = state->n++;
	old = MemoryContextSwitchTo(state->item_cxt);
	item->values[I_CUSTOMER_ID] = row->v[D_CUSTOMER_ID];
	item->values[I_DOCUMENT_ID] = row->v[D_DOCUMENT_ID];
	item->values[I_INSTALMENT_NO] = Int32GetDatum(no);
	item->values[I_CURRENCY] = PointerGetDatum(PG_DETOAST_DATUM_COPY(row->v[D_CURRENCY]));
	/* Also brings the amount to the currency's own decimals. */
	item->values[I_AMOUNT] = money_to_numeric(debit ? instalment->units : -instalment->units, minor);
	item->values[I_DOC_DATE] = row->v[D_DOC_DATE];
	item->values[I_POSTING_DATE] = row->v[D_POSTING_DATE];
	item->values[I_DUE_DATE] = DateADTGetDatum(instalment->due_date);
	item->nulls[I_DUE_DATE] = !instalment->dated;
	item->nulls[I_BASE_AMOUNT] = row->isnull[D_BASE_AMOUNT];
	if (!row->isnull[D_BASE_AMOUNT])
		item->values[I_BASE_AMOUNT] = money_share(row->v[D_BASE_AMOUNT], ledger_open(batch->nspoid)->base_scale,
												  before, money_add(before, instalment->units), total, debit);
	item->nulls[I_RESERVED_FOR] = !deposit;
	if (deposit)
		item->values[I_RESERVED_FOR] = PointerGetDatum(PG_DETOAST_DATUM_COPY(row->v[D_ORDER_ID]));
	MemoryContextSwitchTo(old);

	if (state->n == ITEM_CHUNK)
	{
		/* A user's trigger on item may post as well: not into this batch. */
		batch->settling = true;
		write_items(ledger_open(batch->nspoid), state);
		batch->settling = false;
	}
}

static void
gather_document(TriggerData *trigger, const AttrNumber *cols)
{
	Ledger	   *ledger = ledger_of_table(trigger->tg_relation);
	SettleBatch *batch = settle_batch(&document_batch, ledger->nspoid);
	DocumentBatch *state = batch->state;
	DocumentRow row;
	TermsInstalment schedule[TERMS_MAX_INSTALMENTS];
	ExposureChange change = {0};
	ChainDigest digest;
	const ColumnSet *chained = chain_columns("document");
	const DocumentKind *kind;
	int64		customer;
	text	   *name;
	text	   *currency;
	bool		debit;
	bool		deposit;
	int			minor;
	int			n;
	int128		units;
	int128		before = 0;

	document_read(trigger->tg_trigslot, cols, &row);
	customer = DatumGetInt64(row.v[D_CUSTOMER_ID]);
	name = DatumGetTextPP(row.v[D_KIND]);
	kind = document_kind(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	currency = DatumGetTextPP(row.v[D_CURRENCY]);
	minor = currency_minor_unit(VARDATA_ANY(currency), VARSIZE_ANY_EXHDR(currency));
	if (kind == NULL || minor < 0)
		elog(ERROR, "document that was not checked");
	name = DatumGetTextPP(row.v[D_SIDE]);
	debit = VARDATA_ANY(name)[0] == 'd';
	deposit = strcmp(kind->name, "deposit") == 0 && !debit;
	units = money_units(row.v[D_AMOUNT], minor, "amount");

	n = document_schedule(&row, debit, units, schedule);
	for (int i = 0; i < n; i++)
	{
		/* A cent in three instalments makes one item. */
		if (schedule[i].units == 0)
			continue;
		add_item(batch, &row, i + 1, &schedule[i], debit, deposit, minor, before, units);
		before = money_add(before, schedule[i].units);
	}

	if (debit)
		change.receivable = units;
	else if (deposit)
		change.reserved = units;
	else
		change.unapplied = units;
	if (!row.isnull[D_CLEARS_ON])
		change.uncleared = units;
	exposure_deltas_add(state->deltas, customer, VARDATA_ANY(currency), minor, &change);
	if (kind->trade && row.isnull[D_REVERSES])
		exposure_deltas_trade(state->deltas, customer);
	if (!row.isnull[D_REVERSES])
	{
		MemoryContext old = MemoryContextSwitchTo(batch->cxt);
		Reversal   *reversal = palloc0(sizeof(Reversal));

		reversal->customer_id = customer;
		reversal->reverses = DatumGetInt64(row.v[D_REVERSES]);
		memcpy(reversal->currency, VARDATA_ANY(currency), 3);
		reversal->scale = minor;
		state->reversals = lappend(state->reversals, reversal);
		MemoryContextSwitchTo(old);
	}
	chain_entry_digest("document", columns_of(trigger->tg_relation, chained), chained->n, trigger->tg_trigslot, &digest);
	exposure_deltas_chain(state->deltas, customer, "document", DatumGetInt64(row.v[D_DOCUMENT_ID]), &digest);
}

/*
 * Trigger on document: BEFORE INSERT FOR EACH ROW, AFTER INSERT FOR EACH ROW
 * and FOR EACH STATEMENT.
 */
Datum
cc_post_document(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	const AttrNumber *cols;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be called as an INSERT trigger", "post_document")));
	if (TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event))
	{
		settle_statement(ledger_of_table(trigger->tg_relation)->nspoid);
		return PointerGetDatum(NULL);
	}

	/* Says that a ledger of an older template is to be upgraded, before its columns are missed. */
	if (TRIGGER_FIRED_BEFORE(trigger->tg_event))
		(void) ledger_base_currency(ledger_of_table(trigger->tg_relation)->nspoid);
	cols = columns_of(trigger->tg_relation, &document_columns);
	if (TRIGGER_FIRED_BEFORE(trigger->tg_event))
		return PointerGetDatum(document_check(trigger, cols));
	gather_document(trigger, cols);
	return PointerGetDatum(NULL);
}
