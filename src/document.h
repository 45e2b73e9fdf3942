/*
 * document.h
 *		Documents: their kinds, and their columns as the triggers read them.
 */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include "cc_compat.h"

#include "commands/trigger.h"

#include "columns.h"
#include "terms.h"

typedef enum DocumentSide
{
	SIDE_NONE,					/* no such kind */
	SIDE_DEBIT,					/* the customer owes it */
	SIDE_CREDIT,				/* in the customer's favour */
	SIDE_EITHER					/* the document says which */
} DocumentSide;

typedef struct DocumentKind
{
	const char *name;
	DocumentSide side;
	bool		needs_terms;	/* due when terms or a date say so; other debits are due at once */
	bool		trade;			/* new business, which a merged customer does not take */
} DocumentKind;

/* NULL if there is no such kind */
extern const DocumentKind *document_kind(const char *name, int len);

/* Columns in the order of document_columns */
enum
{
	D_CUSTOMER_ID, D_DOCUMENT_ID, D_KIND, D_NUMBER, D_DOC_DATE, D_POSTING_DATE, D_DUE_DATE, D_CURRENCY, D_AMOUNT,
	D_SIDE, D_TERMS, D_RECEIVED_ON, D_CLEARS_ON, D_ORDER_ID, D_FX_RATE, D_BASE_AMOUNT, D_REVERSES, D_IDEMPOTENCY_KEY, D_COLUMNS
};

extern const ColumnSet document_columns;

typedef struct DocumentRow
{
	Datum		v[D_COLUMNS];
	bool		isnull[D_COLUMNS];
} DocumentRow;

extern void document_read(TupleTableSlot *slot, const AttrNumber *cols, DocumentRow *row);

/* "invoice INV-7 of customer 3", for messages about a row that may be half filled */
extern char *document_label(const DocumentRow *row);

/*
 * Check the document by itself and fill what was left out; touches no table,
 * since BEFORE ROW also fires for upserts that insert nothing.
 */
extern HeapTuple document_check(TriggerData *trigger, const AttrNumber *cols);

/*
 * What a statement has looked up already: customers' terms and the rates of
 * days.  Lives with the statement's batch.
 */
typedef struct DocumentLookups DocumentLookups;

extern DocumentLookups *document_lookups_create(MemoryContext cxt);
extern DocumentLookups *document_lookups(Oid nspoid);

/*
 * The items of a document: what its terms split `units` into, if its due date
 * is the one these terms give, else one.  Returns their number.
 */
extern int	document_schedule(const DocumentRow *row, bool debit, int128 units, TermsInstalment *out);

#endif							/* DOCUMENT_H */
