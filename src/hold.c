/*
 * hold.c
 *		credit.enforce_hold(): the trigger on any table of orders.
 *
 * Count after, decide by mode.  Counting happens only in AFTER ROW triggers,
 * because a BEFORE trigger also fires for upserts that insert nothing and in
 * a multi-row INSERT runs before any AFTER.  In mode reject the end of the
 * statement decides.  In mode hold a BEFORE ROW trigger decides on the
 * exposure plus what this statement has approved so far (over-counting
 * holds an order too many, never one too few), and the end of the statement
 * checks what was really stored again.
 */
#include "cc_compat.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "cc_error.h"
#include "credit_check.h"
#include "hold.h"
#include "money.h"
#include "order_batch.h"
#include "settle.h"
#include "watched_table.h"

PG_FUNCTION_INFO_V1(cc_enforce_hold);

/*
 * An UPDATE that takes orders off hold leaves those that do not pass as they
 * are, instead of failing: reevaluate_holds() tries many in one statement.
 * Anybody may set it, for nothing passes by it that would not otherwise.
 */
static bool skip_refused = false;

void
hold_init(void)
{
	DefineCustomBoolVariable("credit_control.skip_refused",
							 "An UPDATE skips orders that cannot be taken off hold, instead of failing.",
							 NULL, &skip_refused, false, PGC_USERSET, 0, NULL, NULL, NULL);
}

static const OrderSource *
batch_source(SettleBatch *batch, WatchedTable *table)
{
	OrderBatch *state = batch->state;
	MemoryContext old;
	OrderSource *source;
	ListCell   *lc;

	foreach(lc, state->sources)
	{
		source = lfirst(lc);
		if (source->relid == table->relid)
			return source;
	}
	old = MemoryContextSwitchTo(batch->cxt);
	source = palloc(sizeof(OrderSource));
	source->relid = table->relid;
	source->name = pstrdup(table->source);
	source->record = table->record;
	state->sources = lappend(state->sources, source);
	MemoryContextSwitchTo(old);
	return source;
}

static OrderEntry *
add_entry(SettleBatch *batch, WatchedTable *table, const OrderShare *share, int64 customer_id)
{
	OrderBatch *state = batch->state;
	OrderEntry *entry;

	if (state->n == state->size)
	{
		state->size *= 2;
		state->entries = repalloc_huge(state->entries, state->size * sizeof(OrderEntry));
	}
	entry = &state->entries[state->n];
	memset(entry, 0, sizeof(OrderEntry));
	entry->seq = state->n++;
	entry->customer_id = customer_id;
	memcpy(entry->currency, share->currency, sizeof(entry->currency));
	entry->scale = share->scale;
	entry->ship_before = entry->ship_after = share->ship_date;
	entry->source = batch_source(batch, table);
	entry->order_id = share->order_id ? MemoryContextStrdup(batch->cxt, share->order_id) : NULL;
	return entry;
}

/* ---- BEFORE ROW, mode hold ---- */

/* A decision that outlives the SPI connection. */
static CreditCheck *
keep_check(SettleBatch *batch, const CreditCheck *check)
{
	MemoryContext old = MemoryContextSwitchTo(batch->cxt);
	CreditCheck *copy = palloc(sizeof(CreditCheck));

	*copy = *check;
	copy->source = pstrdup(check->source);
	copy->order_id = check->order_id ? pstrdup(check->order_id) : NULL;
	copy->currency = NULL;		/* decided: nothing is looked up any more */
	copy->deposits = NIL;
	copy->checks = pstrdup(check->checks);
	MemoryContextSwitchTo(old);
	return copy;
}

static HeapTuple
with_status(TriggerData *trigger, HeapTuple tuple, AttrNumber status, Datum value)
{
	int			cols[1] = {status};
	bool		nulls[1] = {false};

	return heap_modify_tuple_by_cols(tuple, RelationGetDescr(trigger->tg_relation), 1, cols, &value, nulls);
}

/*
 * A row that an UPDATE moves to another partition passes BEFORE UPDATE on the
 * old one and at once BEFORE INSERT on the new one: the second must not count
 * the whole amount again.
 */
static void
remember_moving(SettleBatch *batch, const OrderShare *share)
{
	OrderBatch *state = batch->state;

	state->moving.order_id = share->open && share->order_id ? MemoryContextStrdup(batch->cxt, share->order_id) : NULL;
	state->moving.customer_id = share->customer_id;
	memcpy(state->moving.currency, share->currency, sizeof(share->currency));
	state->moving.amount = share->amount;
}

static int128
take_moving(SettleBatch *batch, const OrderShare *share)
{
	OrderBatch *state = batch->state;
	Moving	   *moving = &state->moving;
	bool		same = moving->order_id && share->order_id && moving->customer_id == share->customer_id &&
		strcmp(moving->currency, share->currency) == 0 && strcmp(moving->order_id, share->order_id) == 0;

	moving->order_id = NULL;
	return same ? moving->amount : 0;
}

/* What this statement has approved for other members of the customer's groups uses their limits, too. */
static void
add_pending_of_others(Ledger *ledger, OrderBatch *state, CreditCheck *check)
{
	int64	   *others = palloc_extended(Max(hash_get_num_entries(state->pending), 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	int64		n = 0;
	HASH_SEQ_STATUS seq;
	Pending    *pending;
	ListCell   *lc;

	if (check->groups == NIL)
		return;
	hash_seq_init(&seq, state->pending);
	while ((pending = hash_seq_search(&seq)) != NULL)
		if (pending->customer_id != check->customer_id && pending->amount > 0)
			others[n++] = pending->customer_id;
	if (n == 0)
		return;
	foreach(lc, check->groups)
	{
		GroupLimit *group = lfirst(lc);
		List	   *members = exposure_group_members(ledger, group->group_id, others, n);
		ListCell   *member;

		foreach(member, members)
		{
			pending = hash_search(state->pending, lfirst(member), HASH_FIND, NULL);
			group->others = money_add(group->others, pending->amount);
		}
	}
}

typedef enum Decision
{
	ORDER_PASSES,
	ORDER_HELD,
	ORDER_STAYS_HELD			/* its row is left as it is */
} Decision;

/*
 * The customer's deposits.  An order this statement has approved already
 * counts, in what is pending, as it will; its row may be the old one still.
 */
static List *
deposits_before(Ledger *ledger, const OrderBatch *state, const CreditCheck *check)
{
	List	   *deposits = order_deposits(ledger, &check->exposure);
	OrderDeposit *own = deposit_for(deposits, check->order_id);
	ListCell   *lc;

	if (own)
	{
		own->known = true;
		own->counted = money_sub(check->order_value, check->amount);
		own->ship_date = check->ship_date;
	}
	foreach(lc, state->approved)
	{
		const ApprovedOrder *order = lfirst(lc);
		OrderDeposit *deposit = order->customer_id == check->customer_id ? deposit_for(deposits, order->order_id) : NULL;

		if (deposit == NULL || deposit == own)
			continue;
		deposit->known = true;
		deposit->counted = order->value;
		deposit->ship_date = order->ship_date;
	}
	find_deposited_orders(ledger, check->customer_id, deposits);
	return deposits;
}

static void
remember_approved(SettleBatch *batch, const CreditCheck *check)
{
	OrderBatch *state = batch->state;
	MemoryContext old = MemoryContextSwitchTo(batch->cxt);
	ApprovedOrder *order = palloc(sizeof(ApprovedOrder));

	order->customer_id = check->customer_id;
	order->order_id = pstrdup(check->order_id);
	order->value = check->order_value;
	order->ship_date = check->ship_date;
	state->approved = lappend(state->approved, order);
	MemoryContextSwitchTo(old);
}

/*
 * Decide on an order that counted `before` units of its currency, shipping on
 * another day perhaps.
 */
static Decision
decide_increase(SettleBatch *batch, WatchedTable *table, Ledger *ledger,
				const OrderShare *share, int128 before, DateADT ship_before, bool release)
{
	OrderBatch *state = batch->state;
	Pending    *pending = pending_of(batch, share->customer_id);
	CreditCheck check = {0};
	Decision	decision = ORDER_PASSES;
	List	   *rules;
	LedgerScope scope;

	ledger_enter(ledger, true, &scope);
	check.customer_id = share->customer_id;
	check.source = table->source;
	check.order_id = share->order_id;
	check.amount = exposure_value(ledger, share->customer_id, share->currency, share->scale, share->amount - before);
	check.currency = share->currency;
	check.scale = share->scale;
	check.order_amount = share->amount;
	check.order_value = exposure_value(ledger, share->customer_id, share->currency, share->scale, share->amount);
	check.ship_date = share->ship_date;
	check.scheduled = check.order_value - check.amount;
	check.scheduled_on = ship_before;
	check.rescheduled = before > 0 && check.amount <= 0;
	rules = credit_rules(ledger);
	if (ledger->has_groups)
		exposure_lock_groups(ledger, &share->customer_id, 1);
	exposure_read(ledger, share->customer_id, EXPOSURE_LOCK, &check.exposure);
	check.groups = credit_group_limits(ledger, &check.exposure);
	add_pending_of_others(ledger, state, &check);
	check.deposits = deposits_before(ledger, state, &check);
	check.exposure.ordered = money_add(check.exposure.ordered, pending->amount);
	credit_check(ledger, rules, &check);
	/*
	 * Whoever takes an order off hold must be told that it cannot be; but a
	 * replicated update carries the status it has at home, which nobody chose
	 * here, and an error would stall the subscription for ever.
	 */
	release = release && SessionReplicationRole != SESSION_REPLICATION_ROLE_REPLICA;
	if (release && skip_refused && check.outcome >= OUTCOME_HOLD)
		decision = ORDER_STAYS_HELD;
	else if (check.outcome == OUTCOME_REJECT || (check.outcome == OUTCOME_HOLD && release))
		credit_check_refuse(ledger, &check);
	else if (check.outcome == OUTCOME_HOLD)
	{
		CreditCheck *kept = keep_check(batch, &check);
		MemoryContext old = MemoryContextSwitchTo(batch->cxt);

		state->held = lappend(state->held, kept);
		MemoryContextSwitchTo(old);
		decision = ORDER_HELD;
	}
	else
	{
		pending->amount = money_add(pending->amount, Max(check.amount, 0));
		if (check.deposits && check.order_id)
			remember_approved(batch, &check);
	}
	ledger_leave(&scope);
	return decision;
}

static HeapTuple
decide_before(TriggerData *trigger, WatchedTable *table, Ledger *ledger)
{
	bool		update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	TupleTableSlot *slot = update ? trigger->tg_newslot : trigger->tg_trigslot;
	HeapTuple	tuple = update ? trigger->tg_newtuple : trigger->tg_trigtuple;
	bool		partition = trigger->tg_relation->rd_rel->relispartition;
	OrderShare	new_share;
	OrderShare	old_share = {0};
	int128		before = 0;
	DateADT		ship_before;
	bool		counted;		/* as an open order of this customer */
	SettleBatch *batch = NULL;
	bool		no_status;

	(void) slot_getattr(slot, table->status, &no_status);
	order_share(table, ledger, slot, &new_share);
	if (update)
		order_share(table, ledger, trigger->tg_trigslot, &old_share);
	counted = old_share.open && old_share.customer_id == new_share.customer_id &&
		strcmp(old_share.currency, new_share.currency) == 0;
	ship_before = new_share.ship_date;
	if (counted)
	{
		before = old_share.amount;
		ship_before = old_share.ship_date;
	}
	if (partition)
	{
		batch = settle_batch(&order_kind, ledger->nspoid);
		if (!update && (before = take_moving(batch, &new_share)) > 0)
			counted = true;
	}

	if (new_share.open && no_status)
		tuple = with_status(trigger, tuple, table->status, table->open_datum);
	if (new_share.open && !(counted && new_share.amount <= before && (new_share.ship_date >= ship_before || new_share.amount == 0)))
	{
		if (batch == NULL)
			batch = settle_batch(&order_kind, ledger->nspoid);
		switch (decide_increase(batch, table, ledger, &new_share, before, ship_before, old_share.held))
		{
			case ORDER_PASSES:
				break;
			case ORDER_HELD:
				new_share.open = false;
				tuple = with_status(trigger, tuple, table->status, table->hold_datum);
				break;
			case ORDER_STAYS_HELD:
				return NULL;
		}
	}
	if (partition && update)
		remember_moving(batch, &new_share);
	return tuple;
}

/* ---- AFTER ROW ---- */

/*
 * The decision BEFORE took on this held order, if it was held here and not by
 * the application itself.  Rows come in the same order, so the search starts
 * where the last one ended.
 */
static CreditCheck *
take_held(OrderBatch *state, const OrderShare *share)
{
	for (int i = state->held_next; i < list_length(state->held); i++)
	{
		CreditCheck *check = list_nth(state->held, i);

		if (check->order_id == NULL ? share->order_id == NULL :
			share->order_id != NULL && strcmp(check->order_id, share->order_id) == 0)
		{
			state->held_next = i + 1;
			return check;
		}
		/* Another row's, or of a row that was not stored after all. */
	}
	return NULL;
}

static void
gather_order(TriggerData *trigger, WatchedTable *table, Ledger *ledger)
{
	TriggerEvent event = trigger->tg_event;
	OrderShare	old_share = {0};
	OrderShare	new_share = {0};
	SettleBatch *batch;
	OrderBatch *state;
	OrderEntry *entry;
	CreditCheck *held = NULL;
	bool		same_account;

	if (TRIGGER_FIRED_BY_INSERT(event))
		order_share(table, ledger, trigger->tg_trigslot, &new_share);
	else
		order_share(table, ledger, trigger->tg_trigslot, &old_share);
	if (TRIGGER_FIRED_BY_UPDATE(event))
		order_share(table, ledger, trigger->tg_newslot, &new_share);

	same_account = old_share.open && new_share.open && old_share.customer_id == new_share.customer_id &&
		strcmp(old_share.currency, new_share.currency) == 0;
	if (old_share.open == new_share.open && old_share.held == new_share.held &&
		(!old_share.open || (same_account && old_share.amount == new_share.amount && old_share.ship_date == new_share.ship_date)))
		return;

	batch = settle_batch(&order_kind, ledger->nspoid);
	state = batch->state;
	if (new_share.held && !old_share.held)
		held = take_held(state, &new_share);

	if (same_account)
	{
		entry = add_entry(batch, table, &new_share, new_share.customer_id);
		entry->before = old_share.amount;
		entry->after = new_share.amount;
		entry->ship_before = old_share.ship_date;
		if (entry->after < entry->before || entry->ship_before != entry->ship_after)
			state->has_decrease = true;
		return;
	}
	if (old_share.open)
	{
		entry = add_entry(batch, table, &old_share, old_share.customer_id);
		entry->before = old_share.amount;
		state->has_decrease = true;
	}
	if (new_share.open)
	{
		entry = add_entry(batch, table, &new_share, new_share.customer_id);
		entry->after = new_share.amount;
		entry->opens = true;
	}
	if (held)
	{
		entry = add_entry(batch, table, &new_share, held->customer_id);
		entry->held = held;
	}
}

/*
 * Only the triggers that watch_orders() makes may count: names are unique per
 * table, so with a name for each event nothing counts an order twice.
 */
static void
check_trigger_name(TriggerData *trigger)
{
	const char *expected;

	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		expected = "credit_control_truncate";
	else if (TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event))
		expected = "credit_control_settle";
	else if (TRIGGER_FIRED_BEFORE(trigger->tg_event))
		expected = "zz_credit_control_decide";
	else
		expected = "credit_control_gather";
	if (strcmp(trigger->tg_trigger->tgname, expected) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" on \"%s\" was not made by watch_orders()",
						trigger->tg_trigger->tgname, RelationGetRelationName(trigger->tg_relation)),
				 errhint("Drop it; watch_orders() makes the triggers that are needed.")));
}

/*
 * enforce_hold(ledger): attached by watch_orders() as AFTER INSERT OR UPDATE
 * OR DELETE FOR EACH ROW and FOR EACH STATEMENT, BEFORE TRUNCATE, and in mode
 * hold BEFORE INSERT OR UPDATE FOR EACH ROW.
 */
Datum
cc_enforce_hold(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Ledger	   *ledger;
	WatchedTable *table;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be called as a trigger", "enforce_hold")));
	if (trigger->tg_trigger->tgnargs != 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be attached by watch_orders()", "enforce_hold")));
	check_trigger_name(trigger);
	ledger = ledger_by_name(trigger->tg_trigger->tgargs[0]);

	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
	{
		/* A partition that was detached counts no more. */
		if (!is_watched(trigger->tg_relation, ledger))
			return PointerGetDatum(NULL);
		ereport(ERROR,
				(errcode(ERRCODE_CREDIT_APPEND_ONLY),
				 errmsg("TRUNCATE of \"%s\" refused: its open orders are part of customers' exposure",
						RelationGetRelationName(trigger->tg_relation)),
				 errhint("Delete the orders, or call unwatch_orders() first.")));
	}
	if (TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event))
	{
		settle_statement(ledger->nspoid);
		return PointerGetDatum(NULL);
	}

	table = watched_table(trigger->tg_relation, ledger);
	if (TRIGGER_FIRED_BEFORE(trigger->tg_event) && table->hold_mode)
		return PointerGetDatum(decide_before(trigger, table, ledger));
	if (TRIGGER_FIRED_BEFORE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("table \"%s\" is not watched in mode hold", RelationGetRelationName(trigger->tg_relation)),
				 errhint("Drop trigger \"%s\".", trigger->tg_trigger->tgname)));
	gather_order(trigger, table, ledger);
	return PointerGetDatum(NULL);
}
