/*
 * allocation_post.h
 *		Columns of allocation as its triggers read them.
 */
#ifndef ALLOCATION_POST_H
#define ALLOCATION_POST_H

#include "cc_compat.h"

#include "commands/trigger.h"

#include "columns.h"

enum
{
	A_CUSTOMER_ID, A_ALLOCATION_ID, A_CREDIT_ITEM_ID, A_DEBIT_ITEM_ID, A_AMOUNT, A_APPLIED_ON, A_REVERSES,
	A_CURRENCY, A_DEBIT_DUE_DATE, A_DEBIT_DOC_DATE, A_DEBIT_POSTING_DATE,
	A_CREDIT_POSTING_DATE, A_COLUMNS
};

extern const ColumnSet allocation_columns;

/* BEFORE ROW: check the row by itself and fill the copies of item facts. */
extern HeapTuple allocation_check(TriggerData *trigger, const AttrNumber *cols);

#endif							/* ALLOCATION_POST_H */
