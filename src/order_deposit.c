/*
 * order_deposit.c
 *		Deposits that customers made for orders, and what they take off the
 *		exposure.
 *
 * A deposit covers its own order, up to what that order counts, and no other.
 * How much an order counts is nowhere kept; its row is looked up, for the few
 * customers who have deposits.
 */
#include "cc_compat.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "money.h"
#include "order_deposit.h"
#include "watched_table.h"

int128
deposit_cover(const OrderDeposit *deposit)
{
	return Min(deposit->amount, deposit->counted);
}

OrderDeposit *
deposit_for(List *deposits, const char *order_id)
{
	ListCell   *lc;

	foreach(lc, deposits)
	{
		OrderDeposit *deposit = lfirst(lc);

		if (order_id && strcmp(deposit->order_id, order_id) == 0)
			return deposit;
	}
	return NULL;
}

List *
order_deposits(Ledger *ledger, const Exposure *exposure)
{
	List	   *deposits = NIL;
	Datum		args[4];
	bool		isnull;
	uint64		n;

	if (exposure->reserved <= 0 && !exposure->has_other_currency)
		return NIL;
	args[0] = Int64GetDatum(exposure->customer_id);
	args[1] = CStringGetTextDatum(ledger->base_currency);
	args[2] = DateADTGetDatum(ledger_today(ledger));
	args[3] = Int32GetDatum(ledger->base_scale);
	n = ledger_run(ledger, LQ_DEPOSITS, args, NULL);
	for (uint64 i = 0; i < n; i++)
	{
		OrderDeposit *deposit = palloc0(sizeof(OrderDeposit));

		deposit->order_id = TextDatumGetCString(ledger_value(i, 1, &isnull));
		deposit->ship_date = NO_SHIP_DATE;
		deposit->amount = money_units(ledger_value(i, 2, &isnull), ledger->base_scale, "deposits");
		deposits = lappend(deposits, deposit);
	}
	return deposits;
}

/* ---- looking orders up ---- */

/*
 * Ids as text to what the column can be compared with by its index; ids of
 * another table's type are left out.  Of types not named here every row of
 * the customer is read.
 */
static const char *
id_condition(Oid type)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return "o.%s = ANY (ARRAY(SELECT d.id::pg_catalog.int8 FROM pg_catalog.unnest($1) d (id) WHERE d.id ~ '^-?[0-9]{1,18}$'))";
		case UUIDOID:
			return "o.%s = ANY (ARRAY(SELECT d.id::pg_catalog.uuid FROM pg_catalog.unnest($1) d (id)"
				" WHERE d.id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'))";
		case TEXTOID:
		case VARCHAROID:
			return "o.%s = ANY ($1)";
		default:
			return "o.%s IS NOT NULL";
	}
}

/* The open ones among the orders with these ids, of one customer: list of OrderShare. */
static List *
read_orders(Relation rel, Ledger *ledger, int64 customer_id, Datum ids)
{
	WatchedTable *table = watched_table(rel, ledger);
	TupleDesc	desc = RelationGetDescr(rel);
	Form_pg_attribute id = TupleDescAttr(desc, table->order_id - 1);
	Form_pg_attribute customer = TupleDescAttr(desc, table->customer - 1);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsHeapTuple);
	Oid			types[2] = {TEXTARRAYOID, INT8OID};
	Datum		args[2] = {ids, Int64GetDatum(customer_id)};
	List	   *shares = NIL;
	StringInfoData sql;

	initStringInfo(&sql);
	/* The row as a whole, whose columns have the numbers of the table's. */
	appendStringInfo(&sql, "SELECT o FROM %s o WHERE o.%s = $2 AND ",
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)), RelationGetRelationName(rel)),
					 quote_identifier(NameStr(customer->attname)));
	appendStringInfo(&sql, id_condition(id->atttypid), quote_identifier(NameStr(id->attname)));
	if (SPI_execute_with_args(sql.data, 2, types, args, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "orders of table \"%s\" could not be read", RelationGetRelationName(rel));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		HeapTupleHeader row = DatumGetHeapTupleHeader(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row};
		OrderShare *share = palloc(sizeof(OrderShare));

		ItemPointerSetInvalid(&tuple.t_self);
		ExecStoreHeapTuple(&tuple, slot, false);
		order_share(table, ledger, slot, share);
		ExecClearTuple(slot);
		if (share->open && share->customer_id == customer_id && share->order_id)
			shares = lappend(shares, share);
	}
	ExecDropSingleTupleTableSlot(slot);
	return shares;
}

/*
 * The same of a watched table, as its owner in a restricted context: what is
 * in that table runs as its owner, whose consent the hold trigger is.
 */
static List *
read_orders_of_table(Ledger *ledger, const char *schema, const char *name, int64 customer_id, Datum ids)
{
	Oid			nspoid = get_namespace_oid(schema, true);
	Oid			relid = OidIsValid(nspoid) ? get_relname_relid(name, nspoid) : InvalidOid;
	Relation	rel = OidIsValid(relid) ? try_relation_open(relid, AccessShareLock) : NULL;
	List	   *shares = NIL;

	if (rel == NULL)
		return NIL;
	if ((rel->rd_rel->relkind == RELKIND_RELATION || rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE) && has_hold_trigger(rel, ledger))
	{
		Oid			userid;
		int			sec_context;
		int			guc_level = pin_settings();

		GetUserIdAndSecContext(&userid, &sec_context);
		SetUserIdAndSecContext(rel->rd_rel->relowner, sec_context | SECURITY_RESTRICTED_OPERATION | SECURITY_LOCAL_USERID_CHANGE);
		shares = read_orders(rel, ledger, customer_id, ids);
		SetUserIdAndSecContext(userid, sec_context);
		AtEOXact_GUC(true, guc_level);
	}
	relation_close(rel, NoLock);
	return shares;
}

void
find_deposited_orders(Ledger *ledger, int64 customer_id, List *deposits)
{
	Datum	   *ids = palloc(sizeof(Datum) * Max(list_length(deposits), 1));
	List	   *sought = NIL;
	List	   *tables = NIL;
	int			n = 0;
	Datum		id_array;
	uint64		n_tables;
	bool		isnull;
	ListCell   *lc;

	foreach(lc, deposits)
	{
		OrderDeposit *deposit = lfirst(lc);

		if (deposit->known)
			continue;
		deposit->known = true;
		sought = lappend(sought, deposit);
		ids[n++] = CStringGetTextDatum(deposit->order_id);
	}
	if (n == 0)
		return;
	id_array = PointerGetDatum(construct_array(ids, n, TEXTOID, -1, false, TYPALIGN_INT));

	n_tables = ledger_run(ledger, LQ_WATCHED_TABLES, NULL, NULL);
	for (uint64 i = 0; i < n_tables; i++)
		tables = lappend(tables, list_make2(TextDatumGetCString(ledger_value(i, 1, &isnull)), TextDatumGetCString(ledger_value(i, 2, &isnull))));
	foreach(lc, tables)
	{
		List	   *shares = read_orders_of_table(ledger, linitial(lfirst(lc)), lsecond(lfirst(lc)), customer_id, id_array);
		ListCell   *order;

		foreach(order, shares)
		{
			OrderShare *share = lfirst(order);
			OrderDeposit *deposit = deposit_for(sought, share->order_id);

			if (deposit == NULL)
				continue;
			deposit->counted = money_add(deposit->counted,
										 exposure_value(ledger, customer_id, share->currency, share->scale, share->amount));
			deposit->ship_date = Max(deposit->ship_date, share->ship_date);
		}
	}
}
