/*
 * open_orders.c
 *		credit.open_orders(): the orders of a watched table, recounted from its
 *		rows.
 */
#include "cc_compat.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "money.h"
#include "watched_table.h"

PG_FUNCTION_INFO_V1(cc_open_orders);

typedef struct OpenOrdersKey
{
	int64		customer_id;
	DateADT		ship_date;
	char		currency[4];
} OpenOrdersKey;

typedef struct OpenOrders
{
	OpenOrdersKey key;
	int			scale;
	int128		amount;
} OpenOrders;

static void
count_open_orders(Relation rel, Ledger *ledger, HTAB *sums)
{
	WatchedTable *table = watched_table(rel, ledger);
	TableScanDesc scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	MemoryContext per_row = AllocSetContextCreate(CurrentMemoryContext, "credit_control recount", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		OrderShare	share;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(per_row);
		old = MemoryContextSwitchTo(per_row);
		order_share(table, ledger, slot, &share);
		MemoryContextSwitchTo(old);
		if (share.open)
		{
			OpenOrdersKey key = {.customer_id = share.customer_id, .ship_date = share.ship_date};
			OpenOrders *sum;
			bool		found;

			memcpy(key.currency, share.currency, sizeof(key.currency));
			sum = hash_search(sums, &key, HASH_ENTER, &found);
			sum->scale = share.scale;
			sum->amount = found ? money_add(sum->amount, share.amount) : share.amount;
		}
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	MemoryContextDelete(per_row);
}

/*
 * open_orders(ledger, table_schema, table_name text) returns set of
 * (customer_id bigint, currency text, ship_date date, amount numeric): the
 * orders of a watched table that count, summed up, in no order.
 *
 * Reads rows with the trigger's own order_share(), so the two cannot differ,
 * and as the owner of the order table in a restricted context, as REFRESH
 * MATERIALIZED VIEW does: whatever code is in that table runs as its owner.
 * The hold trigger on the table is that owner's consent.
 */
Datum
cc_open_orders(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Ledger	   *ledger = ledger_by_name(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	char	   *schema = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(2));
	Oid			relid = get_relname_relid(name, get_namespace_oid(schema, false));
	Relation	rel = OidIsValid(relid) ? try_relation_open(relid, AccessShareLock) : NULL;
	HASHCTL		ctl = {.keysize = sizeof(OpenOrdersKey), .entrysize = sizeof(OpenOrders), .hcxt = CurrentMemoryContext};
	HTAB	   *sums;
	HASH_SEQ_STATUS seq;
	OpenOrders *sum;
	Oid			userid;
	int			sec_context;
	int			guc_level;
	List	   *tables;
	ListCell   *lc;

	if (rel == NULL || (rel->rd_rel->relkind != RELKIND_RELATION && rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE) ||
		!has_hold_trigger(rel, ledger))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table %s is not watched by ledger \"%s\"", quote_qualified_identifier(schema, name), NameStr(ledger->name)),
				 errhint("Table watched_table lists those that are, as schema.table.")));
	InitMaterializedSRF(fcinfo, 0);
	(void) ledger_base_currency(ledger->nspoid);
	sums = hash_create("credit_control open orders", 256, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);

	tables = find_all_inheritors(relid, AccessShareLock, NULL);
	guc_level = pin_settings();
	GetUserIdAndSecContext(&userid, &sec_context);
	SetUserIdAndSecContext(rel->rd_rel->relowner, sec_context | SECURITY_RESTRICTED_OPERATION | SECURITY_LOCAL_USERID_CHANGE);
	foreach(lc, tables)
	{
		Relation	part = table_open(lfirst_oid(lc), NoLock);

		if (part->rd_rel->relkind == RELKIND_RELATION)
			count_open_orders(part, ledger, sums);
		else if (part->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("orders in \"%s\" cannot be counted", RelationGetRelationName(part)),
					 errdetail("It is a foreign table.")));
		table_close(part, NoLock);
	}
	SetUserIdAndSecContext(userid, sec_context);
	AtEOXact_GUC(true, guc_level);
	relation_close(rel, NoLock);

	hash_seq_init(&seq, sums);
	while ((sum = hash_seq_search(&seq)) != NULL)
	{
		Datum		values[4] = {Int64GetDatum(sum->key.customer_id), CStringGetTextDatum(sum->key.currency),
			DateADTGetDatum(sum->key.ship_date), money_to_numeric(sum->amount, sum->scale)};
		bool		nulls[4] = {false, false, sum->key.ship_date == NO_SHIP_DATE, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
