/*
 * exposure.c
 *		The kept exposure of customers: reading, locking and adding to it.
 */
#include "cc_compat.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "cc_error.h"
#include "dates.h"
#include "exposure.h"
#include "money.h"

int128
exposure_total(const Exposure *exposure)
{
	return money_add(money_add(money_sub(exposure->receivable, exposure->unapplied), exposure->ordered), exposure->uncleared);
}

void
exposure_unknown_customer(Ledger *ledger, int64 customer_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg("there is no customer " INT64_FORMAT, customer_id),
			 errdetail("The ledger is \"%s\".", NameStr(ledger->name)),
			 errhint("Add the customer first, with add_customer().")));
}

static int128
amount_at(int col, int scale)
{
	bool		isnull;
	Datum		value = ledger_value(0, col, &isnull);

	if (isnull)
		elog(ERROR, "exposure has a NULL amount");
	return money_units(value, scale, "exposure");
}

static void
refuse_merged(int64 customer_id, int64 into)
{
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg("customer " INT64_FORMAT " was merged into customer " INT64_FORMAT, customer_id, into),
			 errhint("Post to customer " INT64_FORMAT "; table customer_merge says when and why.", into)));
}

/* The limit in force today: kept in the row for a span of days, else looked up. */
static void
read_limit(Ledger *ledger, Exposure *exposure)
{
	DateADT		today = ledger_today(ledger);
	bool		no_amount;
	bool		no_since;
	bool		no_until;
	Datum		amount = ledger_value(0, 6, &no_amount);
	Datum		since = ledger_value(0, 7, &no_since);
	Datum		until = ledger_value(0, 8, &no_until);

	if (!no_since && !no_until &&
		DatumGetDateADT(since) <= today && today <= DatumGetDateADT(until))
		exposure->has_limit = !no_amount;
	else
	{
		Datum		args[2];

		args[0] = Int64GetDatum(exposure->customer_id);
		args[1] = DateADTGetDatum(today);
		exposure->has_limit = ledger_run(ledger, LQ_LIMIT_READ, args, NULL) > 0;
		if (exposure->has_limit)
			amount = ledger_value(0, 1, &no_amount);
	}
	exposure->limit_amount = exposure->has_limit ? money_units(amount, ledger->base_scale, "credit limit") : 0;
}

static void
read_figures(Ledger *ledger, int64 customer_id, LedgerQuery query, Datum *args, Exposure *exposure)
{
	bool		isnull;

	args[0] = Int64GetDatum(customer_id);
	args[1] = CStringGetTextDatum(ledger->base_currency);
	if (ledger_run(ledger, query, args, NULL) != 1)
		exposure_unknown_customer(ledger, customer_id);
	exposure->customer_id = customer_id;
	exposure->receivable = amount_at(1, ledger->base_scale);
	exposure->unapplied = amount_at(2, ledger->base_scale);
	exposure->ordered = amount_at(3, ledger->base_scale);
	exposure->reserved = amount_at(9, ledger->base_scale);
	exposure->uncleared = amount_at(10, ledger->base_scale);
	exposure->complete = false;
	exposure->has_other_currency = DatumGetBool(ledger_value(0, 4, &isnull));
	exposure->in_group = DatumGetBool(ledger_value(0, 12, &isnull));
	exposure->inactive = DatumGetBool(ledger_value(0, 13, &isnull));
	exposure->open_holds = DatumGetInt32(ledger_value(0, 5, &isnull));
}

void
exposure_read(Ledger *ledger, int64 customer_id, ExposureAccess access, Exposure *exposure)
{
	Datum		args[2];

	read_figures(ledger, customer_id, access == EXPOSURE_LOCK ? LQ_EXPOSURE_LOCK : LQ_EXPOSURE_READ, args, exposure);
	read_limit(ledger, exposure);
}

/* Open orders are never less than nothing. */
static void
refuse_negative(int64 customer_id, int128 ordered, const char *currency, int scale)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("open orders of customer " INT64_FORMAT " would become negative", customer_id),
			 errdetail("They would be %s %s.", money_out(ordered, scale), currency),
			 errhint("Something was written past the triggers: verify_ledger() shows what, rebuild_ledger() mends it.")));
}

void
exposure_order(Ledger *ledger, int64 customer_id, int128 add, bool growing, bool other_currency, Exposure *exposure)
{
	Datum		args[4];
	Datum		into;
	bool		isnull;

	args[2] = money_to_numeric(add, ledger->base_scale);
	args[3] = BoolGetDatum(other_currency);
	read_figures(ledger, customer_id, LQ_EXPOSURE_ORDER, args, exposure);
	into = ledger_value(0, 11, &isnull);
	if (growing && !isnull)
		refuse_merged(customer_id, DatumGetInt64(into));
	if (exposure->ordered < 0)
		refuse_negative(customer_id, exposure->ordered, ledger->base_currency, ledger->base_scale);
	read_limit(ledger, exposure);
}

void
exposure_order_other(Ledger *ledger, int64 customer_id, const char *currency, int scale, int128 add)
{
	Datum		args[3];
	int128		ordered;

	args[0] = Int64GetDatum(customer_id);
	args[1] = CStringGetTextDatum(currency);
	args[2] = money_to_numeric(add, scale);
	if (ledger_run(ledger, LQ_EXPOSURE_ORDER_OTHER, args, NULL) != 1)
		elog(ERROR, "open orders in another currency could not be written");
	ordered = amount_at(1, scale);
	if (ordered < 0)
		refuse_negative(customer_id, ordered, currency, scale);
}

static void
refuse_no_rate(Ledger *ledger, int64 customer_id, Datum currency, bool uncleared)
{
	ereport(ERROR,
			(errcode(ERRCODE_CREDIT_CURRENCY),
			 errmsg("no exchange rate from %s to %s on %s", TextDatumGetCString(currency), ledger->base_currency,
					date_text(ledger_today(ledger))),
			 uncleared
			 ? errdetail("Payments of customer " INT64_FORMAT " in that currency have not cleared.", customer_id)
			 : errdetail("Customer " INT64_FORMAT " owes in that currency, or has ordered in it.", customer_id),
			 errhint("set_fx_rate() enters one.")));
}

int128
exposure_value(Ledger *ledger, int64 customer_id, const char *currency, int scale, int128 units)
{
	Datum		args[4];
	bool		isnull;

	if (strcmp(currency, ledger->base_currency) == 0)
		return units;
	args[0] = CStringGetTextDatum(currency);
	args[1] = DateADTGetDatum(ledger_today(ledger));
	args[2] = money_to_numeric(units, scale);
	args[3] = Int32GetDatum(ledger->base_scale);
	if (ledger_run(ledger, LQ_FX_VALUE, args, NULL) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_CREDIT_CURRENCY),
				 errmsg("no exchange rate from %s to %s on %s", currency, ledger->base_currency, date_text(ledger_today(ledger))),
				 errdetail("An order of customer " INT64_FORMAT " is in %s.", customer_id, currency),
				 errhint("set_fx_rate() enters one.")));
	return money_units(ledger_value(0, 1, &isnull), ledger->base_scale, "order");
}

/* What the exposure policy of the customer's risk class does not count. */
static void
leave_out(Ledger *ledger, Exposure *exposure)
{
	Datum		args[2];
	bool		isnull;

	args[0] = Int64GetDatum(exposure->customer_id);
	args[1] = DateADTGetDatum(ledger_today(ledger));
	if (ledger_run(ledger, LQ_LEFT_OUT, args, NULL) != 1)
		return;
	if (!DatumGetBool(ledger_value(0, 1, &isnull)))
		exposure->unapplied = 0;
	if (!DatumGetBool(ledger_value(0, 2, &isnull)))
		exposure->uncleared = 0;
	exposure->receivable = money_sub(exposure->receivable,
									 money_units(ledger_value(0, 3, &isnull), ledger->base_scale, "items left out"));
}

void
exposure_complete(Ledger *ledger, Exposure *exposure)
{
	Datum		args[4];
	Datum		value;
	bool		isnull;

	if (exposure->complete)
		return;
	exposure->complete = true;
	args[0] = Int64GetDatum(exposure->customer_id);
	args[1] = CStringGetTextDatum(ledger->base_currency);
	args[2] = DateADTGetDatum(ledger_today(ledger));
	args[3] = Int32GetDatum(ledger->base_scale);
	if (exposure->has_other_currency)
	{
		uint64		n = ledger_run(ledger, LQ_EXPOSURE_OTHER, args, NULL);

		for (uint64 row = 0; row < n; row++)
		{
			Datum		converted[3];

			for (int i = 0; i < 3; i++)
			{
				converted[i] = ledger_value(row, 2 + i, &isnull);
				if (isnull)
					refuse_no_rate(ledger, exposure->customer_id, ledger_value(row, 1, &isnull), false);
			}
			exposure->receivable = money_add(exposure->receivable, money_units(converted[0], ledger->base_scale, "exposure"));
			exposure->unapplied = money_add(exposure->unapplied, money_units(converted[1], ledger->base_scale, "exposure"));
			exposure->ordered = money_add(exposure->ordered, money_units(converted[2], ledger->base_scale, "exposure"));
		}
	}
	if (exposure->uncleared > 0 || exposure->has_other_currency)
	{
		if (ledger_run(ledger, LQ_UNCLEARED, args, NULL) != 1)
			elog(ERROR, "uncleared payments could not be read");
		value = ledger_value(0, 2, &isnull);
		if (!isnull)
			refuse_no_rate(ledger, exposure->customer_id, value, true);
		exposure->uncleared = money_units(ledger_value(0, 1, &isnull), ledger->base_scale, "uncleared payments");
	}
	if (ledger->has_policies)
		leave_out(ledger, exposure);
}

static Datum
customer_array(const int64 *customers, int64 n)
{
	Datum	   *ids = palloc_extended(n * sizeof(Datum), MCXT_ALLOC_HUGE);

	for (int64 i = 0; i < n; i++)
		ids[i] = Int64GetDatum(customers[i]);
	return PointerGetDatum(construct_array(ids, n, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

void
exposure_lock_groups(Ledger *ledger, const int64 *customers, int64 n)
{
	Datum		args[1];

	args[0] = customer_array(customers, n);
	ledger_run(ledger, LQ_GROUP_LOCK, args, NULL);
}

List *
exposure_group_members(Ledger *ledger, int64 group_id, const int64 *customers, int64 n)
{
	List	   *members = NIL;
	Datum		args[2];
	uint64		found;

	args[0] = Int64GetDatum(group_id);
	args[1] = customer_array(customers, n);
	found = ledger_run(ledger, LQ_GROUP_MEMBERS, args, NULL);
	for (uint64 i = 0; i < found; i++)
	{
		int64	   *member = palloc(sizeof(int64));
		bool		isnull;

		*member = DatumGetInt64(ledger_value(i, 1, &isnull));
		members = lappend(members, member);
	}
	return members;
}

/* ---- deltas ---- */

typedef struct DeltaKey
{
	int64		customer_id;
	char		currency[4];
	int32		zero;			/* padding is part of a blob key */
} DeltaKey;

typedef struct Delta
{
	DeltaKey	key;
	int			scale;
	ExposureChange change;
} Delta;

/* What one customer's history got in this statement */
typedef struct CustomerDelta
{
	int64		customer_id;
	bool		trade;
	bool		other_currency;
	const char *source;			/* NULL: nothing for the chain */
	int64		n;
	int64		size;
	int64	   *ids;
	ChainDigest *digests;
	struct CustomerDelta *next;	/* of another table: written straight into partitions */
} CustomerDelta;

struct ExposureDeltas
{
	MemoryContext cxt;
	HTAB	   *table;			/* of Delta */
	HTAB	   *customers;		/* of CustomerDelta */
};

ExposureDeltas *
exposure_deltas_create(MemoryContext cxt)
{
	ExposureDeltas *deltas = MemoryContextAllocZero(cxt, sizeof(ExposureDeltas));
	HASHCTL		ctl = {.keysize = sizeof(DeltaKey), .entrysize = sizeof(Delta), .hcxt = cxt};
	HASHCTL		customers = {.keysize = sizeof(int64), .entrysize = sizeof(CustomerDelta), .hcxt = cxt};

	deltas->cxt = cxt;
	deltas->table = hash_create("credit_control exposure deltas", 16, &ctl,
								HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	deltas->customers = hash_create("credit_control customers", 16, &customers,
									HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return deltas;
}

static CustomerDelta *
customer_delta(ExposureDeltas *deltas, int64 customer_id)
{
	bool		found;
	CustomerDelta *customer = hash_search(deltas->customers, &customer_id, HASH_ENTER, &found);

	if (!found)
		memset((char *) customer + sizeof(int64), 0, sizeof(CustomerDelta) - sizeof(int64));
	return customer;
}

void
exposure_deltas_add(ExposureDeltas *deltas, int64 customer_id, const char *currency,
					int scale, const ExposureChange *change)
{
	DeltaKey	key = {.customer_id = customer_id};
	Delta	   *delta;
	bool		found;

	memcpy(key.currency, currency, 3);
	delta = hash_search(deltas->table, &key, HASH_ENTER, &found);
	if (!found)
	{
		delta->scale = scale;
		delta->change = (ExposureChange) {0};
		(void) customer_delta(deltas, customer_id);
	}
	delta->change.receivable = money_add(delta->change.receivable, change->receivable);
	delta->change.unapplied = money_add(delta->change.unapplied, change->unapplied);
	delta->change.reserved = money_add(delta->change.reserved, change->reserved);
	delta->change.uncleared = money_add(delta->change.uncleared, change->uncleared);
}

void
exposure_deltas_chain(ExposureDeltas *deltas, int64 customer_id, const char *source,
					  int64 id, const ChainDigest *digest)
{
	CustomerDelta *customer = customer_delta(deltas, customer_id);

	while (customer->source && strcmp(customer->source, source) != 0)
	{
		if (customer->next == NULL)
			customer->next = MemoryContextAllocZero(deltas->cxt, sizeof(CustomerDelta));
		customer = customer->next;
	}
	customer->source = source;
	if (customer->n == customer->size)
	{
		customer->size = Max(2 * customer->size, 1);
		if (customer->ids == NULL)
		{
			customer->ids = MemoryContextAllocHuge(deltas->cxt, customer->size * sizeof(int64));
			customer->digests = MemoryContextAllocHuge(deltas->cxt, customer->size * sizeof(ChainDigest));
		}
		else
		{
			customer->ids = repalloc_huge(customer->ids, customer->size * sizeof(int64));
			customer->digests = repalloc_huge(customer->digests, customer->size * sizeof(ChainDigest));
		}
	}
	customer->ids[customer->n] = id;
	customer->digests[customer->n++] = *digest;
}

void
exposure_deltas_trade(ExposureDeltas *deltas, int64 customer_id)
{
	customer_delta(deltas, customer_id)->trade = true;
}

static int
compare_deltas(const void *a, const void *b)
{
	const Delta *x = *(Delta *const *) a;
	const Delta *y = *(Delta *const *) b;

	if (x->key.customer_id != y->key.customer_id)
		return x->key.customer_id < y->key.customer_id ? -1 : 1;
	return memcmp(x->key.currency, y->key.currency, 3);
}

static int
compare_customers(const void *a, const void *b)
{
	const CustomerDelta *x = *(CustomerDelta *const *) a;
	const CustomerDelta *y = *(CustomerDelta *const *) b;

	return x->customer_id < y->customer_id ? -1 : x->customer_id > y->customer_id;
}

static void
change_args(Datum *args, const ExposureChange *change, int scale)
{
	args[0] = money_to_numeric(change->receivable, scale);
	args[1] = money_to_numeric(change->unapplied, scale);
	args[2] = money_to_numeric(change->reserved, scale);
	args[3] = money_to_numeric(change->uncleared, scale);
}

/*
 * The base-currency row: the customer's lock, and the head of the chain.
 * Every posting updates it, also one in another currency: a check in
 * REPEATABLE READ must not decide on older figures.
 */
static void
post_customer(Ledger *ledger, CustomerDelta *customer, const ExposureChange *change)
{
	Datum		args[10];
	LedgerQuery query = LQ_EXPOSURE_POST;
	bool		isnull;
	int64		into;

	args[0] = Int64GetDatum(customer->customer_id);
	args[1] = CStringGetTextDatum(ledger->base_currency);
	change_args(&args[2], change, ledger->base_scale);
	args[6] = BoolGetDatum(customer->other_currency);
	if (customer->source)
	{
		bytea	   *link = palloc(VARHDRSZ + sizeof(ChainDigest));
		Datum	   *ids = palloc_extended(customer->n * sizeof(Datum), MCXT_ALLOC_HUGE);

		SET_VARSIZE(link, VARHDRSZ + sizeof(ChainDigest));
		chain_link_digest(customer->digests, customer->n, (ChainDigest *) VARDATA(link));
		for (int64 i = 0; i < customer->n; i++)
			ids[i] = Int64GetDatum(customer->ids[i]);
		args[7] = PointerGetDatum(link);
		args[8] = CStringGetTextDatum(customer->source);
		args[9] = PointerGetDatum(construct_array(ids, customer->n, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
		query = LQ_EXPOSURE_CHAIN;
	}
	if (ledger_run(ledger, query, args, NULL) != 1)
		exposure_unknown_customer(ledger, customer->customer_id);
	into = DatumGetInt64(ledger_value(0, 1, &isnull));
	if (!isnull && customer->trade)
		refuse_merged(customer->customer_id, into);
}

void
exposure_deltas_post(Ledger *ledger, ExposureDeltas *deltas)
{
	long		n = hash_get_num_entries(deltas->table);
	long		ncustomers = hash_get_num_entries(deltas->customers);
	Delta	  **sorted = MemoryContextAllocHuge(deltas->cxt, Max(n, 1) * sizeof(Delta *));
	CustomerDelta **customers = MemoryContextAllocHuge(deltas->cxt, Max(ncustomers, 1) * sizeof(CustomerDelta *));
	HASH_SEQ_STATUS seq;
	Delta	   *delta;
	CustomerDelta *customer;
	LedgerScope scope;
	MemoryContext per_customer;
	MemoryContext old;
	long		i = 0;
	long		next = 0;

	if (ncustomers == 0)
		return;
	hash_seq_init(&seq, deltas->table);
	while ((delta = hash_seq_search(&seq)) != NULL)
		sorted[i++] = delta;
	i = 0;
	hash_seq_init(&seq, deltas->customers);
	while ((customer = hash_seq_search(&seq)) != NULL)
		customers[i++] = customer;
	/* Two loads that touch the same customers must lock them in one order. */
	qsort(sorted, n, sizeof(Delta *), compare_deltas);
	qsort(customers, ncustomers, sizeof(CustomerDelta *), compare_customers);

	ledger_enter(ledger, true, &scope);
	per_customer = AllocSetContextCreate(CurrentMemoryContext, "credit_control exposure", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(per_customer);
	for (i = 0; i < ncustomers; i++)
	{
		static const ExposureChange nothing = {0};
		const ExposureChange *base = &nothing;
		long		first = next;

		CHECK_FOR_INTERRUPTS();
		customer = customers[i];
		for (; next < n && sorted[next]->key.customer_id == customer->customer_id; next++)
		{
			if (strcmp(sorted[next]->key.currency, ledger->base_currency) == 0)
				base = &sorted[next]->change;
			else
				customer->other_currency = true;
		}
		post_customer(ledger, customer, base);
		for (CustomerDelta *more = customer->next; more; more = more->next)
		{
			more->customer_id = customer->customer_id;
			post_customer(ledger, more, &nothing);
		}
		for (long d = first; d < next; d++)
		{
			Datum		args[6];

			if (&sorted[d]->change == base)
				continue;
			args[0] = Int64GetDatum(customer->customer_id);
			args[1] = CStringGetTextDatum(sorted[d]->key.currency);
			change_args(&args[2], &sorted[d]->change, sorted[d]->scale);
			ledger_run(ledger, LQ_EXPOSURE_POST_OTHER, args, NULL);
		}
		MemoryContextReset(per_customer);
	}
	MemoryContextSwitchTo(old);
	ledger_leave(&scope);
}
