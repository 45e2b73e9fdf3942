/*
 * document.c
 *		Posting: what happens when a row enters customer or document.
 *
 * BEFORE ROW checks the document by itself and fills what is left out; it
 * touches no table, since it also fires for upserts that insert nothing.
 * AFTER ROW gathers; the end of the statement makes the open items and adds
 * to the exposure, customers in id order.
 */
#include "cc_compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "cc_error.h"
#include "columns.h"
#include "currency.h"
#include "dates.h"
#include "document.h"
#include "entry.h"
#include "exposure.h"
#include "ledger.h"
#include "money.h"
#include "settle.h"

PG_FUNCTION_INFO_V1(cc_post_customer);
PG_FUNCTION_INFO_V1(cc_post_document);

/* Items are written this many at a time, so that a load of any size needs little memory. */
#define ITEM_CHUNK 1000

static const struct
{
	const char *kind;
	DocumentSide side;
}			document_kinds[] =
{
	{"invoice", SIDE_DEBIT},
	{"debit_note", SIDE_DEBIT},
	{"credit_note", SIDE_CREDIT},
	{"payment", SIDE_CREDIT},
};

DocumentSide
document_side(const char *kind, int len)
{
	for (size_t i = 0; i < lengthof(document_kinds); i++)
		if (strlen(document_kinds[i].kind) == (size_t) len &&
			memcmp(document_kinds[i].kind, kind, len) == 0)
			return document_kinds[i].side;
	return SIDE_NONE;
}

/* ---- customer ---- */

typedef struct CustomerBatch
{
	int			n;
	int			size;
	Datum	   *ids;
} CustomerBatch;

static void *
customer_create(SettleBatch *batch)
{
	CustomerBatch *state = palloc0(sizeof(CustomerBatch));

	(void) batch;
	state->size = 64;
	state->ids = palloc(state->size * sizeof(Datum));
	return state;
}

/* Every customer has an exposure row in the base currency: it is the lock. */
static void
customer_settle(SettleBatch *batch)
{
	CustomerBatch *state = batch->state;
	Ledger	   *ledger = ledger_open(batch->nspoid);
	LedgerScope scope;
	Datum		args[2];

	ledger_enter(ledger, true, &scope);
	args[1] = CStringGetTextDatum(ledger->base_currency);
	if (state->n == 1)
	{
		args[0] = state->ids[0];
		ledger_run(ledger, LQ_CUSTOMER_ADD, args, NULL);
	}
	else
	{
		args[0] = PointerGetDatum(construct_array(state->ids, state->n, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
		ledger_run(ledger, LQ_CUSTOMER_ADD_MANY, args, NULL);
	}
	ledger_leave(&scope);
}

static const SettleKind customer_kind = {customer_create, customer_settle, NULL};
static const ColumnSet customer_columns = {1, {"customer_id"}};

/* Trigger on customer: AFTER INSERT FOR EACH ROW and FOR EACH STATEMENT. */
Datum
cc_post_customer(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	SettleBatch *batch;
	CustomerBatch *state;
	bool		isnull;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ||
		!TRIGGER_FIRED_AFTER(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be called as an AFTER INSERT trigger", "post_customer")));
	if (TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event))
	{
		settle_statement(ledger_of_table(trigger->tg_relation)->nspoid);
		return PointerGetDatum(NULL);
	}

	batch = settle_batch(&customer_kind, ledger_of_table(trigger->tg_relation)->nspoid);
	state = batch->state;
	if (state->n == state->size)
	{
		state->size *= 2;
		state->ids = repalloc_huge(state->ids, (Size) state->size * sizeof(Datum));
	}
	state->ids[state->n++] = heap_getattr(trigger->tg_trigtuple,
										  columns_of(trigger->tg_relation, &customer_columns)[0],
										  RelationGetDescr(trigger->tg_relation), &isnull);
	return PointerGetDatum(NULL);
}

/* ---- document ---- */

enum
{
	D_CUSTOMER_ID, D_DOCUMENT_ID, D_KIND, D_NUMBER, D_DOC_DATE, D_POSTING_DATE,
	D_DUE_DATE, D_CURRENCY, D_AMOUNT, D_COLUMNS
};

static const ColumnSet document_columns = {D_COLUMNS, {
	"customer_id", "document_id", "kind", "number", "doc_date", "posting_date",
	"due_date", "currency", "amount"
}};

/* Columns of LQ_ITEM_ADD_MANY */
enum
{
	I_CUSTOMER_ID, I_DOCUMENT_ID, I_CURRENCY, I_AMOUNT, I_DOC_DATE, I_POSTING_DATE, I_DUE_DATE, I_COLUMNS
};

typedef struct DocumentBatch
{
	ExposureDeltas *deltas;
	MemoryContext item_cxt;		/* the values of the items not yet written */
	int			n;
	Datum		values[I_COLUMNS][ITEM_CHUNK];
	bool		due_null[ITEM_CHUNK];
} DocumentBatch;

static void *
document_create(SettleBatch *batch)
{
	/* Not zeroed: the values of a thousand items would be, for every single posting. */
	DocumentBatch *state = palloc(sizeof(DocumentBatch));

	state->n = 0;
	state->deltas = exposure_deltas_create(batch->cxt);
	state->item_cxt = AllocSetContextCreate(batch->cxt, "credit_control items", ALLOCSET_DEFAULT_SIZES);
	return state;
}

static void
write_items(Ledger *ledger, DocumentBatch *state)
{
	static const Oid types[I_COLUMNS] = {INT8OID, INT8OID, TEXTOID, NUMERICOID, DATEOID, DATEOID, DATEOID};
	LedgerScope scope;
	Datum		args[I_COLUMNS];

	if (state->n == 0)
		return;
	ledger_enter(ledger, true, &scope);
	if (state->n == 1)
	{
		char		nulls[I_COLUMNS + 1] = "       ";

		for (int c = 0; c < I_COLUMNS; c++)
			args[c] = state->values[c][0];
		if (state->due_null[0])
			nulls[I_DUE_DATE] = 'n';
		ledger_run(ledger, LQ_ITEM_ADD, args, nulls);
	}
	else
	{
		for (int c = 0; c < I_COLUMNS; c++)
		{
			int16		len;
			bool		byval;
			char		align;
			int			dims[1] = {state->n};
			int			lbs[1] = {1};

			get_typlenbyvalalign(types[c], &len, &byval, &align);
			args[c] = PointerGetDatum(construct_md_array(state->values[c],
														 c == I_DUE_DATE ? state->due_null : NULL,
														 1, dims, lbs, types[c], len, byval, align));
		}
		ledger_run(ledger, LQ_ITEM_ADD_MANY, args, NULL);
	}
	ledger_leave(&scope);
	MemoryContextReset(state->item_cxt);
	state->n = 0;
}

static void
document_settle(SettleBatch *batch)
{
	DocumentBatch *state = batch->state;
	Ledger	   *ledger = ledger_open(batch->nspoid);

	write_items(ledger, state);
	exposure_deltas_post(ledger, state->deltas);
}

static const SettleKind document_kind = {document_create, document_settle, NULL};

/* "invoice INV-7 of customer 3", for messages about a row that may be half filled */
static char *
describe(HeapTuple tuple, TupleDesc desc, const AttrNumber *cols)
{
	char	   *kind = SPI_getvalue(tuple, desc, cols[D_KIND]);
	char	   *number = SPI_getvalue(tuple, desc, cols[D_NUMBER]);
	char	   *customer = SPI_getvalue(tuple, desc, cols[D_CUSTOMER_ID]);

	for (char *p = kind; p && *p; p++)
		if (*p == '_')
			*p = ' ';
	return psprintf("%s %s of customer %s", kind ? kind : "document",
					number ? number : "without number", customer ? customer : "(none)");
}

/* Check the document by itself, and fill currency and posting date where left out. */
static HeapTuple
check_document(TriggerData *trigger, const AttrNumber *cols)
{
	HeapTuple	tuple = trigger->tg_trigtuple;
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	Datum		v[D_COLUMNS];
	bool		isnull[D_COLUMNS];
	int			fill[2];
	Datum		fill_values[2];
	bool		fill_nulls[2] = {false, false};
	int			nfill = 0;
	text	   *kind;
	text	   *currency;
	DocumentSide side;
	int			minor;
	int128		units;
	MoneyFault	fault;

	for (int c = 0; c < D_COLUMNS; c++)
		v[c] = heap_getattr(tuple, cols[c], desc, &isnull[c]);

	if (isnull[D_CURRENCY])
	{
		fill[nfill] = cols[D_CURRENCY];
		v[D_CURRENCY] = fill_values[nfill++] = CStringGetTextDatum(ledger_base_currency(ledger_of_table(trigger->tg_relation)->nspoid));
	}
	if (isnull[D_POSTING_DATE] && !isnull[D_DOC_DATE])
	{
		fill[nfill] = cols[D_POSTING_DATE];
		v[D_POSTING_DATE] = fill_values[nfill++] = v[D_DOC_DATE];
		isnull[D_POSTING_DATE] = false;
	}
	if (nfill > 0)
		tuple = heap_modify_tuple_by_cols(tuple, desc, nfill, fill, fill_values, fill_nulls);
	/* The NOT NULL constraints speak for these. */
	if (isnull[D_CUSTOMER_ID] || isnull[D_KIND] || isnull[D_NUMBER] || isnull[D_DOC_DATE] || isnull[D_AMOUNT])
		return tuple;

	kind = DatumGetTextPP(v[D_KIND]);
	side = document_side(VARDATA_ANY(kind), VARSIZE_ANY_EXHDR(kind));
	if (side == SIDE_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown kind of document \"%s\"", text_to_cstring(kind)),
				 errdetail("It is %s.", describe(tuple, desc, cols)),
				 errhint("Kinds are invoice, debit_note, credit_note and payment.")));

	currency = DatumGetTextPP(v[D_CURRENCY]);
	minor = currency_minor_unit(VARDATA_ANY(currency), VARSIZE_ANY_EXHDR(currency));
	if (minor < 0)
		ereport(ERROR,
				(errcode(ERRCODE_CREDIT_CURRENCY),
				 errmsg("unknown currency \"%s\"", text_to_cstring(currency)),
				 errdetail("It is the currency of %s.", describe(tuple, desc, cols)),
				 errhint("Use a three-letter code of ISO 4217, such as USD.")));

	fault = entry_amount(v[D_AMOUNT], minor, &units);
	if (fault != MONEY_OK)
		entry_refuse(fault, v[D_AMOUNT], minor, psprintf("amount of %s", describe(tuple, desc, cols)));
	if (units <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("amount of %s must be positive", describe(tuple, desc, cols)),
				 errdetail("The amount is %s %s.", money_out(units, minor), text_to_cstring(currency)),
				 errhint("What is in the customer's favour is a credit_note or a payment, with a positive amount.")));

	if (DATE_NOT_FINITE(DatumGetDateADT(v[D_DOC_DATE])))
		date_refuse("document date", describe(tuple, desc, cols));
	if (DATE_NOT_FINITE(DatumGetDateADT(v[D_POSTING_DATE])))
		date_refuse("posting date", describe(tuple, desc, cols));

	if (!isnull[D_DUE_DATE])
	{
		if (DATE_NOT_FINITE(DatumGetDateADT(v[D_DUE_DATE])))
			date_refuse("due date", describe(tuple, desc, cols));
		if (side == SIDE_DEBIT && DatumGetDateADT(v[D_DUE_DATE]) < DatumGetDateADT(v[D_DOC_DATE]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s is due before its own date", describe(tuple, desc, cols)),
					 errdetail("The document date is %s, the due date %s.",
							   date_text(DatumGetDateADT(v[D_DOC_DATE])), date_text(DatumGetDateADT(v[D_DUE_DATE])))));
	}
	else if (side == SIDE_DEBIT)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("%s has no due date", describe(tuple, desc, cols)),
				 errhint("Give a due date; for payment on receipt it is the document date.")));
	return tuple;
}

static Datum
keep_datum(Datum value, MemoryContext cxt)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	Datum		copy = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));

	MemoryContextSwitchTo(old);
	return copy;
}

static void
gather_document(TriggerData *trigger, const AttrNumber *cols)
{
	Oid			nspoid = ledger_of_table(trigger->tg_relation)->nspoid;
	SettleBatch *batch = settle_batch(&document_kind, nspoid);
	DocumentBatch *state = batch->state;
	Datum		v[D_COLUMNS];
	bool		isnull[D_COLUMNS];
	text	   *kind;
	text	   *currency;
	bool		debit;
	int			minor;
	int128		units;
	int			n;

	for (int c = 0; c < D_COLUMNS; c++)
		v[c] = heap_getattr(trigger->tg_trigtuple, cols[c],
							RelationGetDescr(trigger->tg_relation), &isnull[c]);
	kind = DatumGetTextPP(v[D_KIND]);
	debit = document_side(VARDATA_ANY(kind), VARSIZE_ANY_EXHDR(kind)) == SIDE_DEBIT;
	currency = DatumGetTextPP(v[D_CURRENCY]);
	minor = currency_minor_unit(VARDATA_ANY(currency), VARSIZE_ANY_EXHDR(currency));
	if (minor < 0)
		elog(ERROR, "document with an unchecked currency");
	units = money_units(v[D_AMOUNT], minor, "amount");

	n = state->n++;
	state->values[I_CUSTOMER_ID][n] = v[D_CUSTOMER_ID];
	state->values[I_DOCUMENT_ID][n] = v[D_DOCUMENT_ID];
	state->values[I_CURRENCY][n] = keep_datum(v[D_CURRENCY], state->item_cxt);
	{
		/* Also brings the amount to the currency's own decimals. */
		MemoryContext old = MemoryContextSwitchTo(state->item_cxt);

		state->values[I_AMOUNT][n] = money_to_numeric(debit ? units : -units, minor);
		MemoryContextSwitchTo(old);
	}
	state->values[I_DOC_DATE][n] = v[D_DOC_DATE];
	state->values[I_POSTING_DATE][n] = v[D_POSTING_DATE];
	state->values[I_DUE_DATE][n] = v[D_DUE_DATE];
	/* Credits are never due, whatever the document says. */
	state->due_null[n] = !debit || isnull[D_DUE_DATE];

	exposure_deltas_add(state->deltas, DatumGetInt64(v[D_CUSTOMER_ID]), VARDATA_ANY(currency), minor,
						debit ? units : 0, debit ? 0 : units);
	if (state->n == ITEM_CHUNK)
	{
		/* A user's trigger on item may post as well: not into this batch. */
		batch->settling = true;
		write_items(ledger_open(nspoid), state);
		batch->settling = false;
	}
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

	cols = columns_of(trigger->tg_relation, &document_columns);
	if (TRIGGER_FIRED_BEFORE(trigger->tg_event))
		return PointerGetDatum(check_document(trigger, cols));
	gather_document(trigger, cols);
	return PointerGetDatum(NULL);
}
