/*
 * exposure.c
 *		The kept exposure of customers: reading, locking and adding to it.
 */
#include "cc_compat.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "exposure.h"
#include "money.h"

int128
exposure_total(const Exposure *exposure)
{
	return money_add(money_sub(exposure->receivable, exposure->unapplied), exposure->ordered);
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

void
exposure_read(Ledger *ledger, int64 customer_id, ExposureAccess access,
			  int128 add, Exposure *exposure)
{
	Datum		args[3];
	bool		isnull;
	LedgerQuery query = LQ_EXPOSURE_READ;

	args[0] = Int64GetDatum(customer_id);
	args[1] = CStringGetTextDatum(ledger->base_currency);
	if (access == EXPOSURE_LOCK)
		query = LQ_EXPOSURE_LOCK;
	else if (access == EXPOSURE_ORDER)
	{
		query = LQ_EXPOSURE_ORDER;
		args[2] = money_to_numeric(add, ledger->base_scale);
	}
	if (ledger_run(ledger, query, args, NULL) != 1)
		exposure_unknown_customer(ledger, customer_id);

	exposure->customer_id = customer_id;
	exposure->receivable = amount_at(1, ledger->base_scale);
	exposure->unapplied = amount_at(2, ledger->base_scale);
	exposure->ordered = amount_at(3, ledger->base_scale);
	if (access == EXPOSURE_ORDER && exposure->ordered < 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("open orders of customer " INT64_FORMAT " would become negative", customer_id),
				 errdetail("They would be %s %s.", money_out(exposure->ordered, ledger->base_scale), ledger->base_currency),
				 errhint("Something was written past the triggers: verify_ledger() shows what, rebuild_ledger() mends it.")));
	exposure->has_other_currency = DatumGetBool(ledger_value(0, 4, &isnull));
	exposure->open_holds = DatumGetInt32(ledger_value(0, 5, &isnull));
	read_limit(ledger, exposure);
}

/*
 * Make sure the customer has a row in this other currency, under its lock.
 * Every posting updates the base-currency row, also when the flag is set
 * already: a check in REPEATABLE READ must not decide on older figures.
 */
static void
open_other_currency(Ledger *ledger, int64 customer_id, const char *currency)
{
	Datum		args[2];

	args[0] = Int64GetDatum(customer_id);
	args[1] = CStringGetTextDatum(ledger->base_currency);
	if (ledger_run(ledger, LQ_EXPOSURE_MARK_OTHER, args, NULL) != 1)
		exposure_unknown_customer(ledger, customer_id);
	args[1] = CStringGetTextDatum(currency);
	ledger_run(ledger, LQ_EXPOSURE_ADD, args, NULL);
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
	int128		receivable;
	int128		unapplied;
} Delta;

struct ExposureDeltas
{
	MemoryContext cxt;
	HTAB	   *table;
};

ExposureDeltas *
exposure_deltas_create(MemoryContext cxt)
{
	ExposureDeltas *deltas = MemoryContextAllocZero(cxt, sizeof(ExposureDeltas));
	HASHCTL		ctl = {.keysize = sizeof(DeltaKey), .entrysize = sizeof(Delta), .hcxt = cxt};

	deltas->cxt = cxt;
	deltas->table = hash_create("credit_control exposure deltas", 16, &ctl,
								HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return deltas;
}

void
exposure_deltas_add(ExposureDeltas *deltas, int64 customer_id, const char *currency,
					int scale, int128 receivable, int128 unapplied)
{
	DeltaKey	key = {.customer_id = customer_id};
	Delta	   *delta;
	bool		found;

	memcpy(key.currency, currency, 3);
	delta = hash_search(deltas->table, &key, HASH_ENTER, &found);
	if (!found)
	{
		delta->scale = scale;
		delta->receivable = 0;
		delta->unapplied = 0;
	}
	delta->receivable = money_add(delta->receivable, receivable);
	delta->unapplied = money_add(delta->unapplied, unapplied);
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

void
exposure_deltas_post(Ledger *ledger, ExposureDeltas *deltas)
{
	long		n = hash_get_num_entries(deltas->table);
	Delta	  **sorted = MemoryContextAllocHuge(deltas->cxt, Max(n, 1) * sizeof(Delta *));
	HASH_SEQ_STATUS seq;
	Delta	   *delta;
	LedgerScope scope;
	MemoryContext per_customer;
	MemoryContext old;
	long		i = 0;

	if (n == 0)
		return;
	hash_seq_init(&seq, deltas->table);
	while ((delta = hash_seq_search(&seq)) != NULL)
		sorted[i++] = delta;
	/* Two loads that touch the same customers must lock them in one order. */
	qsort(sorted, n, sizeof(Delta *), compare_deltas);

	ledger_enter(ledger, true, &scope);
	per_customer = AllocSetContextCreate(CurrentMemoryContext, "credit_control exposure", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(per_customer);
	for (i = 0; i < n; i++)
	{
		Datum		args[4];

		CHECK_FOR_INTERRUPTS();
		delta = sorted[i];
		if (strcmp(delta->key.currency, ledger->base_currency) != 0)
			open_other_currency(ledger, delta->key.customer_id, delta->key.currency);
		args[0] = Int64GetDatum(delta->key.customer_id);
		args[1] = CStringGetTextDatum(delta->key.currency);
		args[2] = money_to_numeric(delta->receivable, delta->scale);
		args[3] = money_to_numeric(delta->unapplied, delta->scale);
		if (ledger_run(ledger, LQ_EXPOSURE_POST, args, NULL) != 1)
			exposure_unknown_customer(ledger, delta->key.customer_id);
		MemoryContextReset(per_customer);
	}
	MemoryContextSwitchTo(old);
	ledger_leave(&scope);
}
