/*
 * guard.c
 *		Small triggers that guard the ledger's own tables.
 */
#include "cc_compat.h"

#include "commands/trigger.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "cc_error.h"

PG_FUNCTION_INFO_V1(cc_refuse_change);
PG_FUNCTION_INFO_V1(cc_rules_changed);
PG_FUNCTION_INFO_V1(cc_info_changed);

/*
 * BEFORE UPDATE OR DELETE FOR EACH ROW, and BEFORE TRUNCATE: what an auditor
 * reads is never changed.  The trigger's argument says what to do instead.
 */
Datum
cc_refuse_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	const char *what;

	if (!CALLED_AS_TRIGGER(fcinfo) || TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be called as an UPDATE, DELETE or TRUNCATE trigger", "refuse_change")));
	what = TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event) ? "TRUNCATE" :
		TRIGGER_FIRED_BY_DELETE(trigger->tg_event) ? "DELETE" : "UPDATE";
	ereport(ERROR,
			(errcode(ERRCODE_CREDIT_APPEND_ONLY),
			 errmsg("%s of \"%s\" refused: its rows are never changed", what,
					RelationGetRelationName(trigger->tg_relation)),
			 trigger->tg_trigger->tgnargs > 0 ? errhint("%s", trigger->tg_trigger->tgargs[0]) : 0));
	return PointerGetDatum(NULL);
}

/* AFTER any change FOR EACH STATEMENT on check_rule and check_exclusion: every backend reads the rules again. */
Datum
cc_rules_changed(PG_FUNCTION_ARGS)
{
	Relation	rel;
	Oid			rules;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be called as a trigger", "rules_changed")));
	rel = ((TriggerData *) fcinfo->context)->tg_relation;
	CacheInvalidateRelcache(rel);
	rules = get_relname_relid("check_rule", RelationGetNamespace(rel));
	if (OidIsValid(rules) && rules != RelationGetRelid(rel))
		CacheInvalidateRelcacheByRelid(rules);
	return PointerGetDatum(NULL);
}

/* AFTER any change FOR EACH STATEMENT on ledger_info: every backend reads the last closed day again. */
Datum
cc_info_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be called as a trigger", "info_changed")));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	return PointerGetDatum(NULL);
}
