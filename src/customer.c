/*
 * customer.c
 *		What happens when a row enters customer: it gets its exposure row.
 */
#include "cc_compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "columns.h"
#include "ledger.h"
#include "settle.h"

PG_FUNCTION_INFO_V1(cc_post_customer);

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
