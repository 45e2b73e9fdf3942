/*
 * watched_table.c
 *		An application's order table as the hold trigger sees it.
 *
 * watch_orders() registers a table by name in the ledger; here the
 * registration is looked up, resolved to column numbers and a compiled
 * condition, and kept per relation until its definition changes.
 */
#include "cc_compat.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_node.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "cc_error.h"
#include "credit_check.h"
#include "money.h"
#include "watched_table.h"

PG_FUNCTION_INFO_V1(cc_order_condition);

static HTAB *watched = NULL;

static void
watched_inval_callback(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS seq;
	WatchedTable *table;

	(void) arg;
	hash_seq_init(&seq, watched);
	while ((table = hash_seq_search(&seq)) != NULL)
		if (relid == InvalidOid || relid == table->relid)
			table->valid = false;
}

/* ---- the condition ---- */

/*
 * Parse a condition on the rows of `rel` the way a CHECK constraint is
 * parsed: no subqueries, no aggregates.  The caller pins search_path.
 */
static Node *
parse_condition(Relation rel, const char *text, bool no_generated)
{
	ParseState *pstate = make_parsestate(NULL);
	ParseNamespaceItem *nsitem;
	List	   *raw;
	SelectStmt *select;
	Node	   *expr;
	Bitmapset  *attrs = NULL;
	int			attno = -1;

	raw = raw_parser(psprintf("SELECT (%s)", text), RAW_PARSE_DEFAULT);
	select = (SelectStmt *) linitial_node(RawStmt, raw)->stmt;
	/* Anything but one bare expression means the text closed our parenthesis. */
	if (list_length(raw) != 1 || !IsA(select, SelectStmt) || list_length(select->targetList) != 1 ||
		select->distinctClause || select->intoClause || select->fromClause || select->whereClause ||
		select->groupClause || select->havingClause || select->windowClause || select->valuesLists ||
		select->sortClause || select->limitOffset || select->limitCount || select->lockingClause ||
		select->withClause || select->op != SETOP_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("condition must be one expression on the columns of \"%s\"", RelationGetRelationName(rel)),
				 errdetail("The condition is \"%s\".", text)));

	nsitem = addRangeTableEntryForRelation(pstate, rel, AccessShareLock, NULL, false, true);
	addNSItemToQuery(pstate, nsitem, true, true, true);
	expr = transformExpr(pstate, linitial_node(ResTarget, select->targetList)->val, EXPR_KIND_CHECK_CONSTRAINT);
	expr = coerce_to_boolean(pstate, expr, "open_when");
	assign_expr_collations(pstate, expr);
	if (contain_mutable_functions(expr))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("condition must be immutable"),
				 errdetail("The condition \"%s\" calls a function that is not.", text),
				 errhint("What an order counts may depend on its own columns only, not on time, settings or other tables.")));

	pull_varattnos(expr, 1, &attrs);
	while (no_generated && (attno = bms_next_member(attrs, attno)) >= 0)
	{
		AttrNumber	att = attno + FirstLowInvalidHeapAttributeNumber;

		if (att > 0 && TupleDescAttr(RelationGetDescr(rel), att - 1)->attgenerated)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("condition must not use the generated column \"%s\" in mode hold",
							NameStr(TupleDescAttr(RelationGetDescr(rel), att - 1)->attname)),
					 errdetail("It has no value yet when the order is decided on.")));
	}
	free_parsestate(pstate);
	return expr;
}

/*
 * order_condition(orders regclass, condition text, no_generated boolean)
 * returns text: the condition checked, with every name qualified, so that it
 * means the same whatever search_path is.
 */
Datum
cc_order_condition(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	Relation	rel = table_open(relid, AccessShareLock);
	Node	   *expr = parse_condition(rel, text_to_cstring(PG_GETARG_TEXT_PP(1)), PG_GETARG_BOOL(2));
	int			level = NewGUCNestLevel();
	char	   *canonical;

	(void) set_config_option("search_path", "pg_catalog, pg_temp",
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	canonical = deparse_expression(expr, deparse_context_for(RelationGetRelationName(rel), relid), false, false);
	AtEOXact_GUC(true, level);
	table_close(rel, AccessShareLock);
	PG_RETURN_TEXT_P(cstring_to_text(canonical));
}

/* ---- the registration ---- */

static AttrNumber
column_number(Relation rel, Datum name)
{
	char	   *column = TextDatumGetCString(name);
	int			attnum = SPI_fnumber(RelationGetDescr(rel), column);

	if (attnum <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("watched table \"%s\" has no column \"%s\"", RelationGetRelationName(rel), column),
				 errhint("If it was renamed, call unwatch_orders() and watch_orders() again.")));
	return attnum;
}

static Datum
value_of_type(const char *value, Form_pg_attribute att)
{
	Oid			input;
	Oid			ioparam;

	getTypeInputInfo(att->atttypid, &input, &ioparam);
	return OidInputFunctionCall(input, pstrdup(value), ioparam, att->atttypmod);
}

/* The registered name of rel or of a partitioned table above it; NULL if none. */
static char *
find_registration(Relation rel, Ledger *ledger)
{
	List	   *candidates = list_make1_oid(RelationGetRelid(rel));
	ListCell   *lc;

	if (rel->rd_rel->relispartition)
		candidates = list_concat(candidates, get_partition_ancestors(RelationGetRelid(rel)));
	foreach(lc, candidates)
	{
		char	   *schema = get_namespace_name(get_rel_namespace(lfirst_oid(lc)));
		char	   *name = get_rel_name(lfirst_oid(lc));
		Datum		args[2];

		if (schema == NULL || name == NULL)
			continue;
		args[0] = CStringGetTextDatum(schema);
		args[1] = CStringGetTextDatum(name);
		if (ledger_run(ledger, LQ_WATCHED_READ, args, NULL) == 1)
			return psprintf("%s.%s", quote_identifier(schema), quote_identifier(name));
	}
	return NULL;
}

static void
load_watched(WatchedTable *table, Relation rel, Ledger *ledger)
{
	TupleDesc	desc = RelationGetDescr(rel);
	LedgerScope scope;
	MemoryContext old;
	char	   *source;
	char	   *condition;
	Node	   *expr;
	Datum		v[11];
	bool		isnull[11];
	Oid			function;
	bool		varlena;

	if (table->cxt)
	{
		/* Shuts down what the old condition's functions registered. */
		if (table->econtext)
			FreeExprContext(table->econtext, true);
		table->econtext = NULL;
		MemoryContextReset(table->cxt);
	}
	else
		table->cxt = AllocSetContextCreate(CacheMemoryContext, "credit_control watched table", ALLOCSET_SMALL_SIZES);

	ledger_enter(ledger, true, &scope);
	source = find_registration(rel, ledger);
	if (source == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not watched by ledger \"%s\"", RelationGetRelationName(rel), NameStr(ledger->name)),
				 errhint("watch_orders() registers a table. If it was renamed, call unwatch_orders() with its old name, then watch_orders().")));
	for (int c = 1; c <= 10; c++)
		v[c] = ledger_value(0, c, &isnull[c]);

	old = MemoryContextSwitchTo(table->cxt);
	table->nspoid = ledger->nspoid;
	table->source = pstrdup(source);
	table->customer = column_number(rel, v[1]);
	table->amount = column_number(rel, v[2]);
	table->order_id = column_number(rel, v[3]);
	table->currency = isnull[4] ? 0 : column_number(rel, v[4]);
	condition = TextDatumGetCString(v[5]);
	table->hold_mode = strcmp(TextDatumGetCString(v[6]), "hold") == 0;
	table->record = DatumGetBool(v[10]);
	table->customer_type = TupleDescAttr(desc, table->customer - 1)->atttypid;
	table->amount_type = TupleDescAttr(desc, table->amount - 1)->atttypid;
	getTypeOutputInfo(TupleDescAttr(desc, table->order_id - 1)->atttypid, &function, &varlena);
	fmgr_info_cxt(function, &table->order_id_out, table->cxt);
	table->status = 0;
	if (table->hold_mode)
	{
		Form_pg_attribute att;

		table->status = column_number(rel, v[7]);
		att = TupleDescAttr(desc, table->status - 1);
		getTypeOutputInfo(att->atttypid, &function, &varlena);
		fmgr_info_cxt(function, &table->status_out, table->cxt);
		table->hold_datum = value_of_type(TextDatumGetCString(v[9]), att);
		table->open_datum = value_of_type(TextDatumGetCString(v[8]), att);
		/* As the type prints it, which is what stored rows are compared with. */
		table->hold_value = OutputFunctionCall(&table->status_out, table->hold_datum);
	}
	expr = parse_condition(rel, condition, false);
	table->econtext = CreateStandaloneExprContext();
	table->open_when = ExecInitExpr(expression_planner((Expr *) expr), NULL);
	MemoryContextSwitchTo(old);
	ledger_leave(&scope);
	table->valid = true;
}

WatchedTable *
watched_table(Relation rel, Ledger *ledger)
{
	Oid			relid = RelationGetRelid(rel);
	WatchedTable *table;
	bool		found;

	if (watched == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(Oid), .entrysize = sizeof(WatchedTable)};

		watched = hash_create("credit_control watched tables", 16, &ctl, HASH_ELEM | HASH_BLOBS);
		CacheRegisterRelcacheCallback(watched_inval_callback, (Datum) 0);
	}
	table = hash_search(watched, &relid, HASH_ENTER, &found);
	if (!found)
		MemSet((char *) table + sizeof(Oid), 0, sizeof(WatchedTable) - sizeof(Oid));
	if (!table->valid || table->nspoid != ledger->nspoid)
	{
		table->valid = false;
		load_watched(table, rel, ledger);
	}
	return table;
}

/* ---- reading a row ---- */

static int64
integer_value(Datum value, Oid type)
{
	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		default:
			return DatumGetInt64(value);
	}
}

static bool
is_open(WatchedTable *table, TupleTableSlot *slot)
{
	MemoryContext old;
	bool		isnull;
	Datum		open;

	ResetExprContext(table->econtext);
	table->econtext->ecxt_scantuple = slot;
	old = MemoryContextSwitchTo(table->econtext->ecxt_per_tuple_memory);
	open = ExecEvalExpr(table->open_when, table->econtext, &isnull);
	MemoryContextSwitchTo(old);
	/* An order counts unless it is known not to. */
	return isnull || DatumGetBool(open);
}

void
order_share(WatchedTable *table, Ledger *ledger, TupleTableSlot *slot, OrderShare *share)
{
	Datum		value;
	bool		isnull;

	memset(share, 0, sizeof(OrderShare));
	if (table->status)
	{
		value = slot_getattr(slot, table->status, &isnull);
		share->held = !isnull && strcmp(OutputFunctionCall(&table->status_out, value), table->hold_value) == 0;
	}
	value = slot_getattr(slot, table->order_id, &isnull);
	if (!isnull)
		share->order_id = OutputFunctionCall(&table->order_id_out, value);
	if (share->held || !is_open(table, slot))
		return;

	share->open = true;
	value = slot_getattr(slot, table->customer, &isnull);
	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("order %s of \"%s\" has no customer", share->order_id ? share->order_id : "(without id)", table->source),
				 errhint("An order that counts needs a customer whose credit can be checked.")));
	share->customer_id = integer_value(value, table->customer_type);

	value = slot_getattr(slot, table->amount, &isnull);
	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("order %s of \"%s\" has no amount", share->order_id ? share->order_id : "(without id)", table->source),
				 errdetail("The customer is " INT64_FORMAT ".", share->customer_id)));
	if (table->currency)
	{
		Datum		currency = slot_getattr(slot, table->currency, &isnull);

		if (!isnull)
		{
			Oid			function;
			bool		varlena;

			getTypeOutputInfo(TupleDescAttr(slot->tts_tupleDescriptor, table->currency - 1)->atttypid, &function, &varlena);
			credit_check_currency(ledger, share->customer_id, OidOutputFunctionCall(function, currency));
		}
	}
	if (table->amount_type == NUMERICOID)
		share->amount = money_units(value, ledger->base_scale, "order amount");
	else
		share->amount = money_rescale(integer_value(value, table->amount_type), 0, ledger->base_scale);
	if (share->amount < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("amount of order %s of \"%s\" must not be negative", share->order_id ? share->order_id : "(without id)", table->source),
				 errdetail("The amount is %s, for customer " INT64_FORMAT ".",
						   money_out(share->amount, ledger->base_scale), share->customer_id)));
}
