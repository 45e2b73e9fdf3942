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
#include "access/tableam.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
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
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/snapmgr.h"

#include "cc_error.h"
#include "credit_check.h"
#include "currency.h"
#include "entry.h"
#include "money.h"
#include "watched_table.h"

PG_FUNCTION_INFO_V1(cc_order_condition);
PG_FUNCTION_INFO_V1(cc_check_watched);

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

static void
pin(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

/*
 * A stored condition must read back as what was stored, whatever the session
 * has set; the same settings that pg_dump and postgres_fdw pin.  Returns the
 * level for AtEOXact_GUC().
 */
int
pin_settings(void)
{
	int			guc_level = NewGUCNestLevel();

	pin("search_path", "pg_catalog, pg_temp");
	pin("standard_conforming_strings", "on");
	pin("DateStyle", "ISO");
	pin("IntervalStyle", "postgres");
	pin("extra_float_digits", "3");
	return guc_level;
}

/* Points error positions at the condition instead of at the query that led here. */
static void
condition_error_callback(void *arg)
{
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery((const char *) arg);
	}
}

static bool
is_users_function(Oid function, void *context)
{
	(void) context;
	return function >= FirstNormalObjectId;
}

/*
 * Functions that users can replace would run as whoever recounts the orders:
 * only what PostgreSQL brings along is let in.
 */
static bool
uses_users_code(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, is_users_function, context) || IsA(node, CoerceToDomain))
		return true;
	return expression_tree_walker(node, uses_users_code, context);
}

/*
 * Parse a condition on the rows of `rel` the way a CHECK constraint is
 * parsed: no subqueries, no aggregates.  The caller pins search_path.
 */
static Node *
parse_condition(Relation rel, const char *text, bool no_generated)
{
	char	   *sql = psprintf("SELECT (%s)", text);
	ErrorContextCallback callback = {error_context_stack, condition_error_callback, sql};
	ParseState *pstate = make_parsestate(NULL);
	ParseNamespaceItem *nsitem;
	List	   *raw;
	SelectStmt *select = NULL;
	Node	   *expr;
	Bitmapset  *attrs = NULL;
	int			attno = -1;

	error_context_stack = &callback;
	pstate->p_sourcetext = sql;
	raw = raw_parser(sql, RAW_PARSE_DEFAULT);
	if (list_length(raw) == 1 && IsA(linitial_node(RawStmt, raw)->stmt, SelectStmt))
		select = (SelectStmt *) linitial_node(RawStmt, raw)->stmt;
	/* Anything but one bare expression means the text closed our parenthesis. */
	if (select == NULL || list_length(select->targetList) != 1 ||
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
	if (uses_users_code(expr, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("condition may use built-in functions and operators only"),
				 errdetail("The condition is \"%s\".", text),
				 errhint("Keep what a function of yours would say in a column of the table.")));

	pull_varattnos(expr, 1, &attrs);
	while ((attno = bms_next_member(attrs, attno)) >= 0)
	{
		AttrNumber	att = attno + FirstLowInvalidHeapAttributeNumber;
		char		generated = att > 0 ? TupleDescAttr(RelationGetDescr(rel), att - 1)->attgenerated : '\0';

		if ((no_generated && generated) || generated == 'v')
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("condition must not use the generated column \"%s\"",
							NameStr(TupleDescAttr(RelationGetDescr(rel), att - 1)->attname)),
					 errdetail("It has no value yet when the order is decided on in mode hold; a virtual one never has.")));
	}
	free_parsestate(pstate);
	error_context_stack = callback.previous;
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
	Relation	rel;
	Node	   *expr;
	int			level;
	char	   *canonical;

	if (get_rel_name(relid) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("there is no table with OID %u", relid)));
	rel = table_open(relid, AccessShareLock);
	expr = parse_condition(rel, text_to_cstring(PG_GETARG_TEXT_PP(1)), PG_GETARG_BOOL(2));
	level = pin_settings();
	canonical = deparse_expression(expr, deparse_context_for(RelationGetRelationName(rel), relid), false, false);
	AtEOXact_GUC(true, level);
	table_close(rel, AccessShareLock);
	PG_RETURN_TEXT_P(cstring_to_text(canonical));
}

/* ---- the registration ---- */

/* Row of LQ_WATCHED_READ, copied out of SPI */
typedef struct Registration
{
	char	   *source;
	char	   *customer_column;
	char	   *amount_column;
	char	   *order_id_column;
	char	   *currency_column;	/* may be NULL, as the four below */
	char	   *ship_date_column;
	char	   *open_when;
	char	   *mode;
	char	   *status_column;
	char	   *open_value;
	char	   *hold_value;
	bool		record;
} Registration;

static char *
text_column(int col, MemoryContext cxt)
{
	bool		isnull;
	Datum		value = ledger_value(0, col, &isnull);

	return isnull ? NULL : MemoryContextStrdup(cxt, TextDatumGetCString(value));
}

/* The registration of rel or of a partitioned table above it; source is NULL if none. */
static void
read_registration(Relation rel, Ledger *ledger, Registration *reg)
{
	MemoryContext caller = CurrentMemoryContext;
	List	   *candidates = list_make1_oid(RelationGetRelid(rel));
	LedgerScope scope;
	ListCell   *lc;

	reg->source = NULL;
	if (rel->rd_rel->relispartition)
		candidates = list_concat(candidates, get_partition_ancestors(RelationGetRelid(rel)));
	ledger_enter(ledger, true, &scope);
	foreach(lc, candidates)
	{
		char	   *schema = get_namespace_name(get_rel_namespace(lfirst_oid(lc)));
		char	   *name = get_rel_name(lfirst_oid(lc));
		Datum		args[2];
		bool		isnull;

		if (schema == NULL || name == NULL)
			continue;
		args[0] = CStringGetTextDatum(schema);
		args[1] = CStringGetTextDatum(name);
		if (ledger_run(ledger, LQ_WATCHED_READ, args, NULL) != 1)
			continue;
		reg->source = MemoryContextStrdup(caller, quote_qualified_identifier(schema, name));
		reg->customer_column = text_column(1, caller);
		reg->amount_column = text_column(2, caller);
		reg->order_id_column = text_column(3, caller);
		reg->currency_column = text_column(4, caller);
		reg->open_when = text_column(5, caller);
		reg->mode = text_column(6, caller);
		reg->status_column = text_column(7, caller);
		reg->open_value = text_column(8, caller);
		reg->hold_value = text_column(9, caller);
		reg->record = DatumGetBool(ledger_value(0, 10, &isnull));
		reg->ship_date_column = text_column(11, caller);
		break;
	}
	ledger_leave(&scope);
}

/* Whether the table's owner let watch_orders() of this ledger attach its triggers. */
bool
has_hold_trigger(Relation rel, Ledger *ledger)
{
	for (int i = 0; rel->trigdesc && i < rel->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &rel->trigdesc->triggers[i];

		if (strcmp(trigger->tgname, "credit_control_gather") == 0 && trigger->tgnargs == 1 &&
			strcmp(trigger->tgargs[0], NameStr(ledger->name)) == 0)
			return true;
	}
	return false;
}

bool
is_watched(Relation rel, Ledger *ledger)
{
	Registration reg;

	if (has_hold_trigger(rel, ledger))
		return true;
	read_registration(rel, ledger, &reg);
	return reg.source != NULL;
}

/* ---- columns ---- */

static bool
is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

static bool
is_amount(Oid type)
{
	return type == NUMERICOID || is_integer(type);
}

static bool
is_label(Oid type)
{
	return type == TEXTOID || type == VARCHAROID || type == BPCHAROID || type_is_enum(type);
}

static bool
is_date(Oid type)
{
	return type == DATEOID;
}

static bool
is_any(Oid type)
{
	return OidIsValid(type);
}

/*
 * Number of a registered column.  What watch_orders() checked is checked
 * again, for the table may have been altered since.
 */
static AttrNumber
column_number(Relation rel, const char *column, bool (*fits) (Oid type), bool no_generated)
{
	int			attnum = SPI_fnumber(RelationGetDescr(rel), column);
	Form_pg_attribute att;

	if (attnum <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("watched table \"%s\" has no column \"%s\"", RelationGetRelationName(rel), column),
				 errhint("If it was renamed, call unwatch_orders() and watch_orders() again.")));
	att = TupleDescAttr(RelationGetDescr(rel), attnum - 1);
	/* A virtual column (PostgreSQL 18) is in no stored row at all. */
	if (!fits(att->atttypid) || (no_generated && att->attgenerated) || att->attgenerated == 'v')
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of watched table \"%s\" was altered and cannot be used any more",
						column, RelationGetRelationName(rel)),
				 errdetail("It is of type %s%s.", format_type_be(att->atttypid), att->attgenerated ? ", generated" : ""),
				 errhint("Call unwatch_orders() and watch_orders() again.")));
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

/* Compile a registered condition as if by the writer, names resolved in pg_catalog. */
static Node *
parse_registered_condition(Relation rel, const char *text, bool no_generated)
{
	int			guc_level = pin_settings();
	Node	   *expr;

	expr = parse_condition(rel, text, no_generated);
	AtEOXact_GUC(true, guc_level);
	return expr;
}

/*
 * Look the registration up as the ledger's owner, but resolve it as the user
 * who writes: what belongs to the order table must not run with the rights
 * of the ledger.
 */
static void
load_watched(WatchedTable *table, Relation rel, Ledger *ledger)
{
	TupleDesc	desc = RelationGetDescr(rel);
	Registration reg;
	MemoryContext old;
	Node	   *expr;
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

	read_registration(rel, ledger, &reg);
	if (reg.source == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not watched by ledger \"%s\"", RelationGetRelationName(rel), NameStr(ledger->name)),
				 errhint("watch_orders() registers a table. If it was renamed, call unwatch_orders() with its old name, then watch_orders().")));

	old = MemoryContextSwitchTo(table->cxt);
	table->nspoid = ledger->nspoid;
	table->source = pstrdup(reg.source);
	table->hold_mode = strcmp(reg.mode, "hold") == 0;
	table->record = reg.record;
	table->customer = column_number(rel, reg.customer_column, is_integer, table->hold_mode);
	table->amount = column_number(rel, reg.amount_column, is_amount, table->hold_mode);
	table->order_id = column_number(rel, reg.order_id_column, is_any, false);
	table->currency = reg.currency_column ? column_number(rel, reg.currency_column, is_label, table->hold_mode) : 0;
	table->ship_date = reg.ship_date_column ? column_number(rel, reg.ship_date_column, is_date, table->hold_mode) : 0;
	table->customer_type = TupleDescAttr(desc, table->customer - 1)->atttypid;
	table->amount_type = TupleDescAttr(desc, table->amount - 1)->atttypid;
	getTypeOutputInfo(TupleDescAttr(desc, table->order_id - 1)->atttypid, &function, &varlena);
	fmgr_info_cxt(function, &table->order_id_out, table->cxt);
	table->status = 0;
	if (table->hold_mode)
	{
		Form_pg_attribute att;

		table->status = column_number(rel, reg.status_column, is_label, true);
		att = TupleDescAttr(desc, table->status - 1);
		getTypeOutputInfo(att->atttypid, &function, &varlena);
		fmgr_info_cxt(function, &table->status_out, table->cxt);
		table->hold_datum = value_of_type(reg.hold_value, att);
		table->open_datum = value_of_type(reg.open_value, att);
		/* As the type prints it, which is what stored rows are compared with. */
		table->hold_value = OutputFunctionCall(&table->status_out, table->hold_datum);
	}

	expr = parse_registered_condition(rel, reg.open_when, table->hold_mode);
	table->econtext = CreateStandaloneExprContext();
	table->open_when = ExecInitExpr(expression_planner((Expr *) expr), NULL);
	MemoryContextSwitchTo(old);
	table->valid = true;
}

/*
 * check_watched(table_schema, table_name, customer_column, amount_column,
 * order_id_column, currency_column, status_column, open_when text, hold
 * boolean, ship_date_column text) returns void: an error of class 42 or 3F unless the table is what
 * watch_orders() let in.
 *
 * Reads catalogs only: whoever owns the order table can put anything in its
 * place.
 */
Datum
cc_check_watched(PG_FUNCTION_ARGS)
{
	char	   *name[8];
	Oid			relid;
	Relation	rel;
	bool		hold = PG_GETARG_BOOL(8);

	for (int i = 0; i < 8; i++)
		name[i] = PG_ARGISNULL(i) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(i));
	if (!name[0] || !name[1] || !name[2] || !name[3] || !name[4] || !name[7] || PG_ARGISNULL(8))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table is not watched")));

	relid = get_relname_relid(name[1], get_namespace_oid(name[0], false));
	rel = OidIsValid(relid) ? try_relation_open(relid, AccessShareLock) : NULL;
	if (rel == NULL || strcmp(RelationGetRelationName(rel), name[1]) != 0 ||
		(rel->rd_rel->relkind != RELKIND_RELATION && rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE) ||
		rel->rd_rel->relispartition)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("watched table %s is gone", quote_qualified_identifier(name[0], name[1]))));
	column_number(rel, name[2], is_integer, hold);
	column_number(rel, name[3], is_amount, hold);
	column_number(rel, name[4], is_any, false);
	if (name[5])
		column_number(rel, name[5], is_label, hold);
	if (name[6])
		column_number(rel, name[6], is_label, true);
	/* Before ALTER EXTENSION UPDATE the SQL of 0.1.0 calls this with nine arguments. */
	if (PG_NARGS() > 9 && !PG_ARGISNULL(9))
		column_number(rel, text_to_cstring(PG_GETARG_TEXT_PP(9)), is_date, hold);
	parse_registered_condition(rel, name[7], hold);
	relation_close(rel, AccessShareLock);
	PG_RETURN_VOID();
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

static void
read_currency(WatchedTable *table, Ledger *ledger, TupleTableSlot *slot, OrderShare *share)
{
	Datum		currency = (Datum) 0;
	bool		isnull = true;
	Oid			function;
	bool		varlena;
	char	   *code;
	int			len;

	strlcpy(share->currency, ledger->base_currency, sizeof(share->currency));
	share->scale = ledger->base_scale;
	if (table->currency)
		currency = slot_getattr(slot, table->currency, &isnull);
	if (isnull)
		return;
	getTypeOutputInfo(TupleDescAttr(slot->tts_tupleDescriptor, table->currency - 1)->atttypid, &function, &varlena);
	code = OidOutputFunctionCall(function, currency);
	/* char(n) pads with blanks. */
	for (len = strlen(code); len > 0 && code[len - 1] == ' '; len--)
		code[len - 1] = '\0';
	share->scale = currency_minor_unit(code, len);
	if (share->scale < 0)
		ereport(ERROR,
				(errcode(ERRCODE_CREDIT_CURRENCY),
				 errmsg("\"%s\" is not a currency", code),
				 errdetail("Order %s of \"%s\" is in it.", share->order_id ? share->order_id : "(without id)", table->source),
				 errhint("Currencies are three capital letters of ISO 4217.")));
	strlcpy(share->currency, code, sizeof(share->currency));
}

void
order_share(WatchedTable *table, Ledger *ledger, TupleTableSlot *slot, OrderShare *share)
{
	Datum		value;
	bool		isnull;
	MoneyFault	fault;

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
	read_currency(table, ledger, slot, share);
	if (table->amount_type != NUMERICOID)
		value = NumericGetDatum(int64_to_numeric(integer_value(value, table->amount_type)));
	fault = entry_amount(value, share->scale, &share->amount);
	if (fault != MONEY_OK)
		entry_refuse(fault, value, share->scale,
					 psprintf("amount of order %s of customer " INT64_FORMAT,
							  share->order_id ? share->order_id : "(without id)", share->customer_id));
	if (share->amount < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("amount of order %s of \"%s\" must not be negative", share->order_id ? share->order_id : "(without id)", table->source),
				 errdetail("The amount is %s, for customer " INT64_FORMAT ".",
						   money_out(share->amount, share->scale), share->customer_id)));

	share->ship_date = NO_SHIP_DATE;
	if (table->ship_date)
	{
		value = slot_getattr(slot, table->ship_date, &isnull);
		if (!isnull)
			share->ship_date = DatumGetDateADT(value);
	}
}
