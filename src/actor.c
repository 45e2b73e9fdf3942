/*
 * actor.c
 *		The person who acts, where an application's login stands for many.
 *
 * An assertion holds for one ledger, the login that made it and the rest of
 * the transaction; a subtransaction that rolls back restores the former one.
 * It is kept here and not in a setting, since anybody can write a setting.
 */
#include "cc_compat.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "actor.h"
#include "ledger.h"

PG_FUNCTION_INFO_V1(cc_set_actor);
PG_FUNCTION_INFO_V1(cc_actor);

typedef struct Assertion
{
	Oid			nspoid;			/* the ledger */
	Oid			login;			/* session user who asserted */
	int			nest_level;		/* transaction nesting at which it was made */
	char	   *person;
} Assertion;

/* In TopTransactionContext, newest first; NIL outside a transaction. */
static List *assertions = NIL;

static Assertion *
asserted(Oid nspoid)
{
	ListCell   *lc;

	foreach(lc, assertions)
	{
		Assertion  *assertion = lfirst(lc);

		if (assertion->nspoid == nspoid && assertion->login == GetSessionUserId())
			return assertion;
	}
	return NULL;
}

static void
drop_assertion(Assertion *assertion)
{
	assertions = list_delete_ptr(assertions, assertion);
	pfree(assertion->person);
	pfree(assertion);
}

/* set_actor(ledger text, person text) returns void */
Datum
cc_set_actor(PG_FUNCTION_ARGS)
{
	Ledger	   *ledger = ledger_by_name(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	char	   *person = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Assertion  *assertion;
	MemoryContext old;

	/* The ledger's function has the owner's rights, and asks for the right to assert. */
	if (GetUserId() != ledger_owner(ledger))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only ledger \"%s\" itself can set who acts", NameStr(ledger->name)),
				 errhint("Call the ledger's function set_actor().")));

	assertion = asserted(ledger->nspoid);
	if (assertion != NULL && assertion->nest_level == GetCurrentTransactionNestLevel())
		drop_assertion(assertion);
	old = MemoryContextSwitchTo(TopTransactionContext);
	assertion = palloc(sizeof(Assertion));
	assertion->nspoid = ledger->nspoid;
	assertion->login = GetSessionUserId();
	assertion->nest_level = GetCurrentTransactionNestLevel();
	assertion->person = pstrdup(person);
	assertions = lcons(assertion, assertions);
	MemoryContextSwitchTo(old);
	PG_RETURN_VOID();
}

/* actor(ledger text) returns text */
Datum
cc_actor(PG_FUNCTION_ARGS)
{
	Oid			nspoid = get_namespace_oid(text_to_cstring(PG_GETARG_TEXT_PP(0)), true);
	Assertion  *assertion = asserted(nspoid);

	if (assertion == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(assertion->person));
}

static void
actor_xact_callback(XactEvent event, void *arg)
{
	(void) arg;
	/* The memory went, or goes, with TopTransactionContext. */
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		assertions = NIL;
}

static void
actor_subxact_callback(SubXactEvent event, SubTransactionId mySubid,
					   SubTransactionId parentSubid, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();
	List	   *all;
	ListCell   *lc;

	(void) mySubid;
	(void) parentSubid;
	(void) arg;
	if (assertions == NIL || (event != SUBXACT_EVENT_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB))
		return;
	all = list_copy(assertions);
	foreach(lc, all)
	{
		Assertion  *assertion = lfirst(lc);

		if (assertion->nest_level < level)
			continue;
		if (event == SUBXACT_EVENT_ABORT_SUB)
			drop_assertion(assertion);
		else
			assertion->nest_level = level - 1;
	}
	list_free(all);
}

void
actor_init(void)
{
	RegisterXactCallback(actor_xact_callback, NULL);
	RegisterSubXactCallback(actor_subxact_callback, NULL);
}
