/*
 * settle.c
 *		Work that row triggers gather and the end of the statement settles.
 */
#include "cc_compat.h"

#include <limits.h>

#include "access/xact.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "nodes/pg_list.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "settle.h"

/* In TopTransactionContext, oldest first; NIL outside a transaction. */
static List *batches = NIL;

static int
trigger_depth(void)
{
	return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0));
}

SettleBatch *
settle_batch(const SettleKind *kind, Oid nspoid)
{
	int			level = GetCurrentTransactionNestLevel();
	int			depth = trigger_depth();
	MemoryContext old;
	SettleBatch *batch;
	ListCell   *lc;

	foreach(lc, batches)
	{
		batch = lfirst(lc);
		if (batch->kind == kind && batch->nspoid == nspoid &&
			batch->nest_level == level && batch->depth == depth && !batch->settling)
			return batch;
	}

	old = MemoryContextSwitchTo(TopTransactionContext);
	batch = palloc0(sizeof(SettleBatch));
	batch->kind = kind;
	batch->nspoid = nspoid;
	batch->nest_level = level;
	batch->depth = depth;
	batch->cxt = AllocSetContextCreate(TopTransactionContext, "credit_control batch",
									   ALLOCSET_DEFAULT_SIZES);
	batches = lappend(batches, batch);
	MemoryContextSwitchTo(batch->cxt);
	batch->state = kind->create(batch);
	MemoryContextSwitchTo(old);
	return batch;
}

static void
drop_batch(SettleBatch *batch)
{
	batches = list_delete_ptr(batches, batch);
	MemoryContextDelete(batch->cxt);
	pfree(batch);
}

/*
 * Only what was gathered at this nesting: an outer statement settles its own,
 * for if we did it here and this subtransaction rolled back, it would be lost.
 */
static SettleBatch *
next_batch(Oid nspoid)
{
	int			level = GetCurrentTransactionNestLevel();
	ListCell   *lc;

	foreach(lc, batches)
	{
		SettleBatch *batch = lfirst(lc);

		if (!batch->settling && !batch->settled && batch->nest_level == level &&
			(nspoid == InvalidOid || batch->nspoid == nspoid))
			return batch;
	}
	return NULL;
}

/* Batches of statements at `depth` and deeper are over; outer ones may be kept. */
static void
settle(Oid nspoid, int depth)
{
	SettleBatch *batch;
	ListCell   *lc;

	while ((batch = next_batch(nspoid)) != NULL)
	{
		/*
		 * Kept in the list while it runs: an error inside drops it with its
		 * (sub)transaction, and triggers it fires gather a batch of their own.
		 */
		batch->settling = true;
		batch->kind->settle(batch);
		batch->settling = false;
		if (batch->depth < depth && batch->kind->keep && batch->kind->keep(batch))
			batch->settled = true;
		else
			drop_batch(batch);
	}
	foreach(lc, batches)
		((SettleBatch *) lfirst(lc))->settled = false;
}

void
settle_ledger(Oid nspoid)
{
	settle(nspoid, INT_MAX);
}

void
settle_statement(Oid nspoid)
{
	settle(nspoid, trigger_depth());
}

static void
settle_xact_callback(XactEvent event, void *arg)
{
	(void) arg;
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			while (batches != NIL)
			{
				PushActiveSnapshot(GetTransactionSnapshot());
				settle(InvalidOid, 0);
				PopActiveSnapshot();
				/* Deferred constraints on what was written just now. */
				AfterTriggerFireDeferred();
			}
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			/* The memory went, or goes, with TopTransactionContext. */
			batches = NIL;
			break;
		default:
			break;
	}
}

static void
settle_subxact_callback(SubXactEvent event, SubTransactionId mySubid,
						SubTransactionId parentSubid, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();
	ListCell   *lc;

	(void) mySubid;
	(void) parentSubid;
	(void) arg;
	if (event == SUBXACT_EVENT_COMMIT_SUB)
	{
		foreach(lc, batches)
		{
			SettleBatch *batch = lfirst(lc);

			if (batch->nest_level >= level)
				batch->nest_level = level - 1;
		}
	}
	else if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		List	   *all = list_copy(batches);

		foreach(lc, all)
		{
			SettleBatch *batch = lfirst(lc);

			if (batch->nest_level >= level)
				drop_batch(batch);
		}
		list_free(all);
	}
}

void
settle_init(void)
{
	RegisterXactCallback(settle_xact_callback, NULL);
	RegisterSubXactCallback(settle_subxact_callback, NULL);
}
