/*
 * document_check.c
 *		BEFORE ROW on document: checks it by itself and fills what is left out.
 */
#include "cc_compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "cc_error.h"
#include "currency.h"
#include "dates.h"
#include "document.h"
#include "entry.h"
#include "ledger.h"
#include "money.h"
#include "period.h"

static const DocumentKind document_kinds[] =
{
	/* name, side, needs_terms, trade */
	{"invoice", SIDE_DEBIT, true, true},
	{"debit_note", SIDE_DEBIT, true, true},
	{"credit_note", SIDE_CREDIT, false, true},
	{"payment", SIDE_CREDIT, false, true},
	{"returned_payment", SIDE_DEBIT, false, false},
	{"discount", SIDE_CREDIT, false, false},
	{"fx_difference", SIDE_EITHER, false, false},
	{"finance_charge", SIDE_DEBIT, true, true},
	{"fee", SIDE_DEBIT, true, false},
	{"write_off", SIDE_CREDIT, false, false},
	{"recovery", SIDE_DEBIT, false, false},
	{"refund", SIDE_DEBIT, false, false},
	{"adjustment", SIDE_EITHER, false, false},
	{"transfer", SIDE_EITHER, false, false},
	{"set_off", SIDE_CREDIT, false, true},
	{"deposit", SIDE_CREDIT, false, true},
	{"core_charge", SIDE_DEBIT, true, true},
};

const DocumentKind *
document_kind(const char *name, int len)
{
	for (size_t i = 0; i < lengthof(document_kinds); i++)
		if (strlen(document_kinds[i].name) == (size_t) len &&
			memcmp(document_kinds[i].name, name, len) == 0)
			return &document_kinds[i];
	return NULL;
}

const ColumnSet document_columns = {D_COLUMNS, {
	"customer_id", "document_id", "kind", "number", "doc_date", "posting_date", "due_date", "currency", "amount",
	"side", "terms", "received_on", "clears_on", "order_id", "fx_rate", "base_amount", "reverses",
	"idempotency_key"
}};

void
document_read(TupleTableSlot *slot, const AttrNumber *cols, DocumentRow *row)
{
	slot_getallattrs(slot);
	for (int c = 0; c < D_COLUMNS; c++)
	{
		row->v[c] = slot->tts_values[cols[c] - 1];
		row->isnull[c] = slot->tts_isnull[cols[c] - 1];
	}
}

char *
document_label(const DocumentRow *row)
{
	char	   *kind = row->isnull[D_KIND] ? pstrdup("document") : TextDatumGetCString(row->v[D_KIND]);

	for (char *p = kind; *p; p++)
		if (*p == '_')
			*p = ' ';
	return psprintf("%s %s of customer %s", kind,
					row->isnull[D_NUMBER] ? "without number" : TextDatumGetCString(row->v[D_NUMBER]),
					row->isnull[D_CUSTOMER_ID] ? "(none)" : psprintf(INT64_FORMAT, DatumGetInt64(row->v[D_CUSTOMER_ID])));
}

/* ---- lookups, each made once per statement ---- */

typedef struct TermsEntry
{
	int64		customer_id;
	bool		isnull;
	Datum		terms;
} TermsEntry;

typedef struct RateKey
{
	char		currency[4];
	DateADT		date;
} RateKey;

typedef struct RateEntry
{
	RateKey		key;
	bool		found;
	Datum		rate;
} RateEntry;

struct DocumentLookups
{
	MemoryContext cxt;
	HTAB	   *terms;
	HTAB	   *rates;
};

DocumentLookups *
document_lookups_create(MemoryContext cxt)
{
	DocumentLookups *lookups = MemoryContextAllocZero(cxt, sizeof(DocumentLookups));

	lookups->cxt = cxt;
	return lookups;
}

/* The payment terms of a customer, valid as long as the statement; false if it has none. */
static bool
customer_terms(Ledger *ledger, int64 customer_id, Datum *terms)
{
	DocumentLookups *lookups = document_lookups(ledger->nspoid);
	TermsEntry *entry;
	bool		found;

	if (lookups->terms == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(int64), .entrysize = sizeof(TermsEntry), .hcxt = lookups->cxt};

		lookups->terms = hash_create("credit_control customer terms", 16, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	entry = hash_search(lookups->terms, &customer_id, HASH_FIND, NULL);
	if (entry == NULL)
	{
		TermsEntry	read = {.customer_id = customer_id, .isnull = true};
		LedgerScope scope;
		Datum		args[1];

		args[0] = Int64GetDatum(customer_id);
		ledger_enter(ledger, true, &scope);
		if (ledger_run(ledger, LQ_CUSTOMER_TERMS, args, NULL) == 1)
		{
			read.terms = ledger_value(0, 1, &read.isnull);
			if (!read.isnull)
			{
				MemoryContext old = MemoryContextSwitchTo(lookups->cxt);

				read.terms = PointerGetDatum(PG_DETOAST_DATUM_COPY(read.terms));
				MemoryContextSwitchTo(old);
			}
		}
		ledger_leave(&scope);
		entry = hash_search(lookups->terms, &customer_id, HASH_ENTER, &found);
		*entry = read;
	}
	*terms = entry->terms;
	return !entry->isnull;
}

/* The rate of a currency on a day; RC006 if there is none. */
static Datum
rate_on(Ledger *ledger, const char *currency, DateADT date, const DocumentRow *row)
{
	DocumentLookups *lookups = document_lookups(ledger->nspoid);
	RateKey		key = {.date = date};
	RateEntry  *entry;
	bool		found;

	if (lookups->rates == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(RateKey), .entrysize = sizeof(RateEntry), .hcxt = lookups->cxt};

		lookups->rates = hash_create("credit_control rates", 16, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	memcpy(key.currency, currency, 3);
	entry = hash_search(lookups->rates, &key, HASH_FIND, NULL);
	if (entry == NULL)
	{
		RateEntry	read = {.key = key};
		LedgerScope scope;
		Datum		args[2];
		bool		isnull;

		args[0] = CStringGetTextDatum(currency);
		args[1] = DateADTGetDatum(date);
		ledger_enter(ledger, true, &scope);
		if (ledger_run(ledger, LQ_FX_RATE, args, NULL) == 1)
		{
			MemoryContext old = MemoryContextSwitchTo(lookups->cxt);

			read.found = true;
			read.rate = PointerGetDatum(PG_DETOAST_DATUM_COPY(ledger_value(0, 1, &isnull)));
			MemoryContextSwitchTo(old);
		}
		ledger_leave(&scope);
		entry = hash_search(lookups->rates, &key, HASH_ENTER, &found);
		*entry = read;
	}
	if (!entry->found)
		ereport(ERROR,
				(errcode(ERRCODE_CREDIT_CURRENCY),
				 errmsg("no exchange rate from %s to %s on %s", currency, ledger->base_currency, date_text(date)),
				 errdetail("It is needed to book %s.", document_label(row)),
				 errhint("set_fx_rate() enters one; a document may also say its own fx_rate.")));
	return entry->rate;
}

/* ---- the parts of the check ---- */

/* A new row's values, and which of them were filled in here */
typedef struct Filling
{
	DocumentRow *row;
	const AttrNumber *cols;
	int			n;
	int			attnums[D_COLUMNS];
	Datum		values[D_COLUMNS];
	bool		nulls[D_COLUMNS];
} Filling;

static void
fill(Filling *filling, int column, Datum value, bool isnull)
{
	int			i = filling->n++;

	filling->attnums[i] = filling->cols[column];
	filling->values[i] = filling->row->v[column] = value;
	filling->nulls[i] = filling->row->isnull[column] = isnull;
}

static void
check_date(const DocumentRow *row, int column, const char *what)
{
	if (!row->isnull[column] && DATE_NOT_FINITE(DatumGetDateADT(row->v[column])))
		date_refuse(what, document_label(row));
}

static void
check_texts(const DocumentRow *row)
{
	if (VARSIZE_ANY_EXHDR(DatumGetTextPP(row->v[D_NUMBER])) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("number of a document of customer " INT64_FORMAT " must not be empty", DatumGetInt64(row->v[D_CUSTOMER_ID]))));
	if (!row->isnull[D_IDEMPOTENCY_KEY] && VARSIZE_ANY_EXHDR(DatumGetTextPP(row->v[D_IDEMPOTENCY_KEY])) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("idempotency key of %s must not be empty", document_label(row))));
}

static const DocumentKind *
check_kind(const DocumentRow *row)
{
	text	   *name = DatumGetTextPP(row->v[D_KIND]);
	const DocumentKind *kind = document_kind(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));

	if (kind == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown kind of document \"%s\"", text_to_cstring(name)),
				 errdetail("It is %s.", document_label(row)),
				 errhint("Kinds are invoice, debit_note, credit_note, payment, returned_payment, discount, fx_difference, finance_charge, fee, write_off, recovery, refund, adjustment, transfer, set_off, deposit and core_charge.")));
	return kind;
}

/* The side: the kind's own, the other one for a document that voids another. */
static bool
check_side(Filling *filling, const DocumentKind *kind)
{
	DocumentRow *row = filling->row;
	bool		returns = strcmp(kind->name, "returned_payment") == 0;
	bool		voids = !row->isnull[D_REVERSES] && !returns;
	char	   *side;

	if (row->isnull[D_SIDE])
	{
		if (kind->side == SIDE_EITHER)
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("%s does not say its side", document_label(row)),
					 errhint("debit: the customer owes it; credit: in the customer's favour.")));
		fill(filling, D_SIDE, CStringGetTextDatum((kind->side == SIDE_DEBIT) != voids ? "debit" : "credit"), false);
	}
	side = TextDatumGetCString(row->v[D_SIDE]);
	if (strcmp(side, "debit") != 0 && strcmp(side, "credit") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown side \"%s\" of %s", side, document_label(row)),
				 errhint("Sides are debit and credit.")));
	if (kind->side != SIDE_EITHER && (strcmp(side, "debit") == 0) != ((kind->side == SIDE_DEBIT) != voids))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s cannot be on the %s side", document_label(row), side),
				 errdetail("Documents of its kind are on the other side%s.", voids ? " when they void one" : ""),
				 errhint("Leave the side out: it follows from the kind.")));
	return strcmp(side, "debit") == 0;
}

static int
check_amount(Filling *filling, Ledger *ledger)
{
	DocumentRow *row = filling->row;
	text	   *currency;
	int			minor;
	int128		units;
	MoneyFault	fault;

	if (row->isnull[D_CURRENCY])
		fill(filling, D_CURRENCY, CStringGetTextDatum(ledger_base_currency(ledger->nspoid)), false);
	currency = DatumGetTextPP(row->v[D_CURRENCY]);
	minor = currency_minor_unit(VARDATA_ANY(currency), VARSIZE_ANY_EXHDR(currency));
	if (minor < 0)
		ereport(ERROR,
				(errcode(ERRCODE_CREDIT_CURRENCY),
				 errmsg("unknown currency \"%s\"", text_to_cstring(currency)),
				 errdetail("It is the currency of %s.", document_label(row)),
				 errhint("Use a three-letter code of ISO 4217, such as USD.")));

	fault = entry_amount(row->v[D_AMOUNT], minor, &units);
	if (fault != MONEY_OK)
		entry_refuse(fault, row->v[D_AMOUNT], minor, psprintf("amount of %s", document_label(row)));
	if (units <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("amount of %s must be positive", document_label(row)),
				 errdetail("The amount is %s %s.", money_out(units, minor), text_to_cstring(currency)),
				 errhint("What is in the customer's favour is a credit_note or a payment, with a positive amount.")));
	return minor;
}

/* The amount in base currency, from the document's own rate or that of its posting date. */
static void
check_base_amount(Filling *filling, Ledger *ledger)
{
	DocumentRow *row = filling->row;
	char	   *currency = TextDatumGetCString(row->v[D_CURRENCY]);
	const char *base = ledger_base_currency(ledger->nspoid);
	int128		units;
	MoneyFault	fault;

	if (strcmp(currency, base) == 0)
	{
		if (!row->isnull[D_FX_RATE] || !row->isnull[D_BASE_AMOUNT])
			ereport(ERROR,
					(errcode(ERRCODE_CREDIT_CURRENCY),
					 errmsg("%s is in the base currency and has no exchange rate", document_label(row)),
					 errhint("Leave fx_rate and base_amount out.")));
		return;
	}
	if (row->isnull[D_BASE_AMOUNT])
	{
		if (row->isnull[D_FX_RATE])
			fill(filling, D_FX_RATE, rate_on(ledger, currency, DatumGetDateADT(row->v[D_POSTING_DATE]), row), false);
		fill(filling, D_BASE_AMOUNT,
			 DirectFunctionCall2(numeric_round, DirectFunctionCall2(numeric_mul, row->v[D_AMOUNT], row->v[D_FX_RATE]),
								 Int32GetDatum(ledger->base_scale)), false);
	}
	fault = entry_amount(row->v[D_BASE_AMOUNT], ledger->base_scale, &units);
	if (fault != MONEY_OK)
		entry_refuse(fault, row->v[D_BASE_AMOUNT], ledger->base_scale, psprintf("amount in %s of %s", base, document_label(row)));
	if (units < 0 || (!row->isnull[D_FX_RATE] && DatumGetBool(DirectFunctionCall2(numeric_le, row->v[D_FX_RATE], DirectFunctionCall1(int4_numeric, Int32GetDatum(0))))))
		ereport(ERROR,
				(errcode(ERRCODE_CREDIT_CURRENCY),
				 errmsg("exchange rate of %s must be positive", document_label(row)),
				 errdetail("Its amount in %s would be %s.", base, money_out(units, ledger->base_scale))));
}

/* What a reversing document undoes: one document, whole, not itself a reversal. */
static void
check_reverses(const DocumentRow *row, Ledger *ledger, const DocumentKind *kind, bool debit, int minor)
{
	int64		customer = DatumGetInt64(row->v[D_CUSTOMER_ID]);
	int64		original = DatumGetInt64(row->v[D_REVERSES]);
	bool		returns = strcmp(kind->name, "returned_payment") == 0;
	LedgerScope scope;
	Datum		args[2];
	bool		isnull;
	char	   *original_kind;

	args[0] = row->v[D_CUSTOMER_ID];
	args[1] = row->v[D_REVERSES];
	ledger_enter(ledger, true, &scope);
	if (ledger_run(ledger, LQ_DOCUMENT_REVERSED, args, NULL) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("customer " INT64_FORMAT " has no document " INT64_FORMAT, customer, original),
				 errdetail("%s would reverse it.", document_label(row))));
	(void) ledger_value(0, 5, &isnull);
	if (!isnull)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("document " INT64_FORMAT " of customer " INT64_FORMAT " is itself a reversal", original, customer),
				 errhint("Post the document again instead.")));
	original_kind = TextDatumGetCString(ledger_value(0, 1, &isnull));
	if (returns ? (strcmp(original_kind, "payment") != 0 && strcmp(original_kind, "deposit") != 0)
		: strcmp(original_kind, kind->name) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s cannot reverse document " INT64_FORMAT, document_label(row), original),
				 errdetail("That is of kind %s.", original_kind),
				 errhint("void_document() and return_payment() write the right one.")));
	if ((strcmp(TextDatumGetCString(ledger_value(0, 2, &isnull)), "debit") == 0) == debit ||
		strcmp(TextDatumGetCString(ledger_value(0, 3, &isnull)), TextDatumGetCString(row->v[D_CURRENCY])) != 0 ||
		money_units(ledger_value(0, 4, &isnull), minor, "amount") != money_units(row->v[D_AMOUNT], minor, "amount"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s does not match document " INT64_FORMAT " that it reverses", document_label(row), original),
				 errdetail("A reversal has the other side, the same currency and the same amount.")));
	if (DatumGetDateADT(row->v[D_POSTING_DATE]) < DatumGetDateADT(ledger_value(0, 6, &isnull)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is posted before the document that it reverses", document_label(row)),
				 errdetail("That was posted on %s, this on %s.", date_text(DatumGetDateADT(ledger_value(0, 6, &isnull))),
						   date_text(DatumGetDateADT(row->v[D_POSTING_DATE])))));
	ledger_leave(&scope);
}

int
document_schedule(const DocumentRow *row, bool debit, int128 units, TermsInstalment *out)
{
	int			n;

	if (debit && !row->isnull[D_TERMS] && row->isnull[D_REVERSES])
	{
		const TermsInstalment *last;

		n = terms_schedule(DatumGetPaymentTermsP(row->v[D_TERMS]), DatumGetDateADT(row->v[D_DOC_DATE]),
						   !row->isnull[D_RECEIVED_ON], DatumGetDateADT(row->v[D_RECEIVED_ON]), units, out);
		last = &out[n - 1];
		if (row->isnull[D_DUE_DATE] ? !last->dated : last->dated && last->due_date == DatumGetDateADT(row->v[D_DUE_DATE]))
			return n;
	}
	/* Credits are never due, whatever the document says. */
	out[0].dated = debit && !row->isnull[D_DUE_DATE];
	out[0].due_date = out[0].dated ? DatumGetDateADT(row->v[D_DUE_DATE]) : 0;
	out[0].units = units;
	return 1;
}

static void
check_due_date(Filling *filling, Ledger *ledger, const DocumentKind *kind, bool debit)
{
	DocumentRow *row = filling->row;
	Datum		terms;

	if (!debit || !row->isnull[D_DUE_DATE])
		return;
	if (!kind->needs_terms || !row->isnull[D_REVERSES])
	{
		fill(filling, D_DUE_DATE, row->v[D_DOC_DATE], false);
		return;
	}
	if (row->isnull[D_TERMS] && customer_terms(ledger, DatumGetInt64(row->v[D_CUSTOMER_ID]), &terms))
		fill(filling, D_TERMS, terms, false);
	if (!row->isnull[D_TERMS])
	{
		DateADT		due;

		if (terms_due_date(DatumGetPaymentTermsP(row->v[D_TERMS]), DatumGetDateADT(row->v[D_DOC_DATE]),
						   !row->isnull[D_RECEIVED_ON], DatumGetDateADT(row->v[D_RECEIVED_ON]), &due))
			fill(filling, D_DUE_DATE, DateADTGetDatum(due), false);
		return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 errmsg("%s has no due date", document_label(row)),
			 errdetail("Neither it nor its customer has payment terms."),
			 errhint("Give a due date or terms; for payment on receipt the terms are 'due on receipt'.")));
}

static void
check_dates(const DocumentRow *row)
{
	check_date(row, D_DOC_DATE, "document date");
	check_date(row, D_POSTING_DATE, "posting date");
	check_date(row, D_DUE_DATE, "due date");
	check_date(row, D_RECEIVED_ON, "receipt date");
	check_date(row, D_CLEARS_ON, "clearing date");
}

/* The posting date, by default the document date or the first open day. */
static void
check_posting_date(Filling *filling, Ledger *ledger)
{
	DocumentRow *row = filling->row;
	DateADT		closed = period_closed_through(ledger);

	if (row->isnull[D_POSTING_DATE])
		fill(filling, D_POSTING_DATE, DateADTGetDatum(period_open_day(ledger, DatumGetDateADT(row->v[D_DOC_DATE]))), false);
	if (DatumGetDateADT(row->v[D_POSTING_DATE]) <= closed)
		period_refuse("posting date", document_label(row), DatumGetDateADT(row->v[D_POSTING_DATE]), closed);
}

static void
check_order_of_dates(const DocumentRow *row, bool debit)
{
	if (debit && !row->isnull[D_DUE_DATE] && DatumGetDateADT(row->v[D_DUE_DATE]) < DatumGetDateADT(row->v[D_DOC_DATE]))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is due before its own date", document_label(row)),
				 errdetail("The document date is %s, the due date %s.",
						   date_text(DatumGetDateADT(row->v[D_DOC_DATE])), date_text(DatumGetDateADT(row->v[D_DUE_DATE])))));
}

HeapTuple
document_check(TriggerData *trigger, const AttrNumber *cols)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	Ledger	   *ledger = ledger_of_table(trigger->tg_relation);
	DocumentRow row;
	Filling		filling = {.row = &row, .cols = cols};
	const DocumentKind *kind;
	bool		debit;
	int			minor;

	document_read(trigger->tg_trigslot, cols, &row);
	/* The NOT NULL constraints speak for these. */
	if (row.isnull[D_CUSTOMER_ID] || row.isnull[D_KIND] || row.isnull[D_NUMBER] || row.isnull[D_DOC_DATE])
		return trigger->tg_trigtuple;

	check_texts(&row);
	kind = check_kind(&row);
	if (row.isnull[D_AMOUNT])
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("%s has no amount", document_label(&row))));
	check_dates(&row);
	check_posting_date(&filling, ledger);
	debit = check_side(&filling, kind);
	minor = check_amount(&filling, ledger);
	if (!row.isnull[D_REVERSES])
		check_reverses(&row, ledger, kind, debit, minor);
	else if (strcmp(kind->name, "returned_payment") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("%s does not say which payment was returned", document_label(&row)),
				 errhint("return_payment() writes it.")));
	check_base_amount(&filling, ledger);
	check_due_date(&filling, ledger, kind, debit);
	check_order_of_dates(&row, debit);
	if (!row.isnull[D_CLEARS_ON] && strcmp(kind->name, "payment") != 0 && strcmp(kind->name, "deposit") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has a clearing date, which only money received can have", document_label(&row))));
	if (strcmp(kind->name, "deposit") == 0 && row.isnull[D_ORDER_ID] && row.isnull[D_REVERSES])
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("%s does not say for which order", document_label(&row)),
				 errdetail("A deposit is reserved to its order."),
				 errhint("Money for no particular order is a payment.")));

	if (filling.n == 0)
		return trigger->tg_trigtuple;
	return heap_modify_tuple_by_cols(trigger->tg_trigtuple, desc, filling.n, filling.attnums, filling.values, filling.nulls);
}
