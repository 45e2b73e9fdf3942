/*
 * order_settle.c
 *		The end of a statement on orders: what it did is added to the exposure,
 *		and what it added is checked.
 *
 * What the statement gives up counts first, whatever the order of its rows;
 * then each row is checked in turn, with the rows before it counted.
 */
#include "cc_compat.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "credit_check.h"
#include "money.h"
#include "order_batch.h"
#include "order_schedule.h"

static void *
order_create(SettleBatch *batch)
{
	OrderBatch *state = palloc0(sizeof(OrderBatch));

	(void) batch;
	state->size = 8;
	state->entries = palloc(state->size * sizeof(OrderEntry));
	return state;
}

/* What BEFORE approved and held counts until the statement is over. */
static bool
order_keep(SettleBatch *batch)
{
	OrderBatch *state = batch->state;

	return state->pending != NULL || state->held != NIL || state->moving.order_id != NULL;
}

static bool
is_base(Ledger *ledger, const OrderEntry *entry)
{
	return strcmp(entry->currency, ledger->base_currency) == 0;
}

static int128
entry_value(Ledger *ledger, const OrderEntry *entry, int128 units)
{
	return units == 0 ? 0 : exposure_value(ledger, entry->customer_id, entry->currency, entry->scale, units);
}

Pending *
pending_of(SettleBatch *batch, int64 customer_id)
{
	OrderBatch *state = batch->state;
	Pending    *pending;
	bool		found;

	if (state->pending == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(int64), .entrysize = sizeof(Pending), .hcxt = batch->cxt};

		state->pending = hash_create("credit_control pending orders", 16, &ctl,
									 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	pending = hash_search(state->pending, &customer_id, HASH_ENTER, &found);
	if (!found)
		pending->amount = 0;
	return pending;
}

static int
compare_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int
compare_order(const void *a, const void *b)
{
	const OrderEntry *x = a;
	const OrderEntry *y = b;
	int			c;

	if (x->customer_id != y->customer_id)
		return x->customer_id < y->customer_id ? -1 : 1;
	if ((c = strcmp(x->source->name, y->source->name)) != 0)
		return c;
	if ((c = compare_text(x->order_id, y->order_id)) != 0)
		return c;
	return x->seq < y->seq ? -1 : 1;
}

static int
compare_seq(const void *a, const void *b)
{
	const OrderEntry *x = a;
	const OrderEntry *y = b;

	if (x->customer_id != y->customer_id)
		return x->customer_id < y->customer_id ? -1 : 1;
	return x->seq < y->seq ? -1 : 1;
}

/*
 * An update that moves a row to another partition arrives as a delete and an
 * insert: make one entry of both, so that only an increase is checked.
 */
static void
merge_moved(OrderBatch *state)
{
	int64		kept = 0;

	qsort(state->entries, state->n, sizeof(OrderEntry), compare_order);
	for (int64 i = 0; i < state->n; i++)
	{
		OrderEntry *last = kept > 0 ? &state->entries[kept - 1] : NULL;
		OrderEntry *entry = &state->entries[i];

		if (last && entry->order_id && last->customer_id == entry->customer_id &&
			strcmp(last->source->name, entry->source->name) == 0 &&
			compare_text(last->order_id, entry->order_id) == 0 && strcmp(last->currency, entry->currency) == 0 &&
			last->after == entry->before && !last->held && !entry->held)
		{
			last->after = entry->after;
			last->ship_after = entry->ship_after;
			last->opens = last->opens && last->before == 0;
		}
		else
			state->entries[kept++] = *entry;
	}
	state->n = kept;
}

/*
 * What an entry takes out of the schedule: all of a day that is not its day
 * any more, or what it shrank by.
 */
static List *
unscheduled(List *days, const OrderEntry *entry)
{
	int128		gone = entry->ship_before == entry->ship_after ? Max(money_sub(entry->before, entry->after), 0) : entry->before;

	return schedule_add(days, entry->currency, entry->scale, entry->ship_before, -gone);
}

/* What it brings into the schedule. */
static List *
scheduled(List *days, const OrderEntry *entry)
{
	int128		come = entry->ship_before == entry->ship_after ? Max(money_sub(entry->after, entry->before), 0) : entry->after;

	return schedule_add(days, entry->currency, entry->scale, entry->ship_after, come);
}

/* What is left to add to the exposure of an entry's currency. */
static int128
to_add(const OrderEntry *entry, bool decreases_only)
{
	int128		own = money_sub(entry->after, entry->before);

	return entry->given_up || (decreases_only && own > 0) ? 0 : own;
}

/*
 * Add the entries of one customer, or those that are less than before, to
 * its exposure, and take out of the schedule what they give up; what they
 * bring is scheduled when all of them are checked.  Returns what they add, in
 * base currency units.
 */
static int128
add_to_exposure(Ledger *ledger, OrderEntry *entries, int64 n, bool decreases_only, Exposure *exposure)
{
	int128		change = 0;
	int128		increase = 0;
	bool		other_currency = false;
	List	   *gone = NIL;

	for (int64 i = 0; i < n; i++)
	{
		OrderEntry *entry = &entries[i];

		if (entry->after > entry->before && !decreases_only)
			entry->increase = entry_value(ledger, entry, money_sub(entry->after, entry->before));
		increase = money_add(increase, entry->increase);
		if (is_base(ledger, entry))
			change = money_add(change, to_add(entry, decreases_only));
		else if (to_add(entry, decreases_only) != 0)
			other_currency = true;
	}
	exposure_order(ledger, entries[0].customer_id, change, increase > 0, other_currency, exposure);
	for (int64 i = 0; i < n; i++)
	{
		OrderEntry *entry = &entries[i];
		int128		add = to_add(entry, decreases_only);

		if (add != 0 && !is_base(ledger, entry))
			exposure_order_other(ledger, entry->customer_id, entry->currency, entry->scale, add);
		if (!entry->given_up && (add < 0 || !decreases_only))
			gone = unscheduled(gone, entry);
		entry->given_up = entry->given_up || (decreases_only && add < 0);
	}
	schedule_write(ledger, entries[0].customer_id, gone);
	return increase;
}

/* It grows, opens, or ships earlier, and was not put on hold before. */
static bool
is_checked(const OrderEntry *entry)
{
	return entry->held == NULL &&
		(entry->increase > 0 || entry->opens || (entry->ship_after < entry->ship_before && entry->after > 0));
}

static void
check_entry(Ledger *ledger, const OrderEntry *entry, const Exposure *exposure, List *groups, List *deposits, List *coming)
{
	CreditCheck check = {0};
	List	   *rules;

	check.customer_id = entry->customer_id;
	check.source = entry->source->name;
	check.order_id = entry->order_id;
	check.amount = entry->increase;
	check.exposure = *exposure;
	check.groups = groups;
	check.deposits = deposits;
	check.currency = entry->currency;
	check.scale = entry->scale;
	check.order_amount = entry->after;
	check.coming = coming;
	check.ship_date = entry->ship_after;
	check.scheduled_on = entry->ship_before;
	check.rescheduled = entry->increase == 0 && !entry->opens;
	rules = credit_rules(ledger);
	if (entry->ship_before != NO_SHIP_DATE || entry->ship_after != NO_SHIP_DATE)
	{
		check.order_value = entry_value(ledger, entry, entry->after);
		/* unscheduled() left what did not change its day. */
		if (entry->ship_before == entry->ship_after)
			check.scheduled = entry_value(ledger, entry, Min(entry->before, entry->after));
	}
	credit_check(ledger, rules, &check);
	if (check.outcome >= OUTCOME_HOLD)
		credit_check_refuse(ledger, &check);
	if (entry->source->record && !(check.rescheduled && check.outcome == OUTCOME_APPROVE))
		credit_check_record(ledger, &check);
}

/*
 * The customer's deposits.  What the statement's own orders count is known:
 * as much as before while they are not checked, or less.
 */
static List *
deposits_before(Ledger *ledger, const Exposure *exposure, const OrderEntry *entries, int64 n)
{
	List	   *deposits = order_deposits(ledger, exposure);

	if (deposits == NIL)
		return NIL;
	for (int64 i = 0; i < n; i++)
	{
		const OrderEntry *entry = &entries[i];
		OrderDeposit *deposit = deposit_for(deposits, entry->order_id);

		if (deposit == NULL)
			continue;
		deposit->known = true;
		deposit->counted = money_add(deposit->counted, entry_value(ledger, entry, Min(entry->before, entry->after)));
		deposit->ship_date = Max(deposit->ship_date, Max(entry->ship_before, entry->ship_after));
	}
	find_deposited_orders(ledger, exposure->customer_id, deposits);
	return deposits;
}

/* All entries of one customer, in row order. */
static void
settle_customer(Ledger *ledger, OrderEntry *entries, int64 n)
{
	Exposure	exposure;
	int128		increase;
	bool		any_checked = false;
	List	   *groups;
	List	   *deposits;
	List	   *coming = NIL;
	MemoryContext per_order = AllocSetContextCreate(CurrentMemoryContext, "credit_control order", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;

	/* What the statement gives up counts first, whatever the order of its rows. */
	increase = add_to_exposure(ledger, entries, n, false, &exposure);
	if (increase > 0)
	{
		exposure_complete(ledger, &exposure);
		/* It joined a group since the locks were taken: late, but still before anything is decided. */
		if (exposure.in_group && !ledger->has_groups)
			exposure_lock_groups(ledger, &entries[0].customer_id, 1);
	}
	exposure.ordered = money_sub(exposure.ordered, increase);
	for (int64 i = 0; i < n; i++)
		any_checked = any_checked || is_checked(&entries[i]);
	groups = credit_group_limits(ledger, &exposure);
	deposits = any_checked ? deposits_before(ledger, &exposure, entries, n) : NIL;

	for (int64 i = 0; i < n; i++)
	{
		OrderEntry *entry = &entries[i];
		OrderDeposit *deposit = deposit_for(deposits, entry->order_id);

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(per_order);
		old = MemoryContextSwitchTo(per_order);
		if (entry->held)
		{
			if (entry->source->record)
				credit_check_record(ledger, entry->held);
		}
		else if (is_checked(entry))
			check_entry(ledger, entry, &exposure, groups, deposits, coming);
		exposure.ordered = money_add(exposure.ordered, entry->increase);
		if (deposit)
			deposit->counted = money_add(deposit->counted, entry->increase);
		MemoryContextSwitchTo(old);
		coming = scheduled(coming, entry);
	}
	schedule_write(ledger, entries[0].customer_id, coming);
	MemoryContextDelete(per_order);
}

/* The customers of the statement and all above them, before any of them is touched. */
static void
lock_groups(Ledger *ledger, const OrderBatch *state)
{
	int64	   *customers = palloc_extended(state->n * sizeof(int64), MCXT_ALLOC_HUGE);
	int64		n = 0;

	for (int64 i = 0; i < state->n; i++)
		if (n == 0 || customers[n - 1] != state->entries[i].customer_id)
			customers[n++] = state->entries[i].customer_id;
	exposure_lock_groups(ledger, customers, n);
}

/*
 * What a statement takes from one member of a group and gives to another is
 * not used twice: all that it gives up counts before anything is decided.
 * The locks are held already, so the order of customers is free.
 */
static void
give_up_first(Ledger *ledger, OrderBatch *state)
{
	for (int64 from = 0, to; from < state->n; from = to)
	{
		int64		customer_id = state->entries[from].customer_id;
		bool		less = false;
		Exposure	exposure;

		CHECK_FOR_INTERRUPTS();
		for (to = from; to < state->n && state->entries[to].customer_id == customer_id; to++)
			less = less || state->entries[to].after < state->entries[to].before;
		if (less)
			(void) add_to_exposure(ledger, &state->entries[from], to - from, true, &exposure);
	}
}

static void
order_settle(SettleBatch *batch)
{
	OrderBatch *state = batch->state;
	Ledger	   *ledger = ledger_open(batch->nspoid);
	LedgerScope scope;
	MemoryContext per_customer;
	MemoryContext old;

	if (state->n == 0)
		return;
	if (state->n > 1)
	{
		if (state->has_decrease)
			merge_moved(state);
		qsort(state->entries, state->n, sizeof(OrderEntry), compare_seq);
	}
	ledger_enter(ledger, true, &scope);
	(void) credit_rules(ledger);
	if (ledger->has_groups)
	{
		lock_groups(ledger, state);
		if (state->has_decrease && state->entries[0].customer_id != state->entries[state->n - 1].customer_id)
			give_up_first(ledger, state);
	}
	per_customer = AllocSetContextCreate(CurrentMemoryContext, "credit_control orders", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(per_customer);
	for (int64 from = 0, to; from < state->n; from = to)
	{
		for (to = from + 1; to < state->n; to++)
			if (state->entries[to].customer_id != state->entries[from].customer_id)
				break;
		settle_customer(ledger, &state->entries[from], to - from);
		MemoryContextReset(per_customer);
	}
	MemoryContextSwitchTo(old);
	ledger_leave(&scope);
	/* What is in the exposure now is pending no more. */
	for (int64 i = 0; state->pending && i < state->n; i++)
	{
		Pending    *pending = pending_of(batch, state->entries[i].customer_id);

		pending->amount = Max(pending->amount - state->entries[i].increase, 0);
	}
	state->n = 0;
	state->has_decrease = false;
}

const SettleKind order_kind = {order_create, order_settle, order_keep};
