/*
 * check_rules.c
 *		The rules that orders are checked against, kept until one changes.
 */
#include "cc_compat.h"

#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "credit_check.h"
#include "money.h"

static const char *const outcome_names[] = {"approve", "warn", "hold", "reject"};

/* As check_rule has them, in the order of RuleKind; the last two are no rules of the table. */
const RuleKindInfo rule_kinds[] =
{
	[RULE_MANUAL_HOLD] = {"manual_hold", BREAKS_FOUND, false},
	[RULE_LIMIT_MISSING] = {"limit_missing", BREAKS_FOUND, false},
	[RULE_LIMIT_USE] = {"limit_use", BREAKS_ABOVE, false},
	[RULE_OLDEST_OVERDUE] = {"oldest_overdue", BREAKS_ABOVE, false},
	[RULE_DOCUMENT_VALUE] = {"document_value", BREAKS_ABOVE, false},
	[RULE_HORIZON_USE] = {"horizon_use", BREAKS_ABOVE, false},
	[RULE_CUSTOMER_STATUS] = {"customer_status", BREAKS_FOUND, false},
	[RULE_BY_FIGURE] = {"overdue_amount", BREAKS_ABOVE, false},
	{"overdue_percent", BREAKS_ABOVE, false},
	{"dunning_level", BREAKS_ABOVE, false},
	{"broken_promises", BREAKS_ABOVE, false},
	{"payment_index", BREAKS_BELOW, true},
	{"score", BREAKS_BELOW, true},
	{"grade", BREAKS_ABOVE, true},
	{"limit_expired", BREAKS_FOUND, false},
	{"limit_expiring", BREAKS_WITHIN, false},
	{"review_overdue", BREAKS_ABOVE, false},
	{"returned_payment", BREAKS_WITHIN, false},
	{"terms_changed", BREAKS_WITHIN, false},
	{"dormant", BREAKS_ABOVE, false},
	[RULE_GROUP_LIMIT] = {"group_limit", BREAKS_ABOVE, false},
	[RULE_NONE] = {"none", BREAKS_FOUND, false},
};

const char *
outcome_name(Outcome outcome)
{
	return outcome_names[outcome];
}

static Outcome
outcome_of(const char *name)
{
	for (size_t i = 0; i < lengthof(outcome_names); i++)
		if (strcmp(name, outcome_names[i]) == 0)
			return (Outcome) i;
	elog(ERROR, "action \"%s\" is unknown to this version of the kernel", name);
}

static int
rule_kind(const char *name)
{
	for (int i = 0; i < RULE_GROUP_LIMIT; i++)
		if (strcmp(name, rule_kinds[i].name) == 0)
			return i;
	elog(ERROR, "check rule \"%s\" is unknown to this version of the kernel", name);
}

static void
read_exclusions(Ledger *ledger, List *rules)
{
	uint64		n = ledger_run(ledger, LQ_EXCLUSIONS_READ, NULL, NULL);

	for (uint64 i = 0; i < n; i++)
	{
		CheckExclusion *exclusion = palloc0(sizeof(CheckExclusion));
		bool		isnull;
		int			rule_no = DatumGetInt32(ledger_value(i, 1, &isnull));
		Datum		value;
		ListCell   *lc;

		value = ledger_value(i, 2, &isnull);
		exclusion->for_one_customer = !isnull;
		exclusion->customer_id = isnull ? 0 : DatumGetInt64(value);
		value = ledger_value(i, 3, &isnull);
		exclusion->risk_class = isnull ? NULL : TextDatumGetCString(value);
		value = ledger_value(i, 4, &isnull);
		exclusion->spared = isnull;
		if (!isnull)
			exclusion->threshold = money_from_numeric(value, &exclusion->threshold_scale, "threshold");
		exclusion->valid_from = DatumGetDateADT(ledger_value(i, 5, &isnull));
		exclusion->valid_to = DatumGetDateADT(ledger_value(i, 6, &isnull));
		foreach(lc, rules)
		{
			CheckRule  *rule = lfirst(lc);

			if (rule->rule_no == rule_no)
				rule->exclusions = lappend(rule->exclusions, exclusion);
		}
	}
}

/* Read the rules with the rights and into the context of the moment. */
List *
credit_read_rules(Ledger *ledger)
{
	List	   *rules = NIL;
	uint64		n = ledger_run(ledger, LQ_RULES_READ, NULL, NULL);

	for (uint64 i = 0; i < n; i++)
	{
		CheckRule  *rule = palloc0(sizeof(CheckRule));
		bool		isnull;
		Datum		value;

		rule->rule_no = DatumGetInt32(ledger_value(i, 1, &isnull));
		rule->kind = rule_kind(TextDatumGetCString(ledger_value(i, 2, &isnull)));
		value = ledger_value(i, 3, &isnull);
		if (!isnull)
			rule->threshold = money_from_numeric(value, &rule->threshold_scale, "threshold");
		rule->action = outcome_of(TextDatumGetCString(ledger_value(i, 4, &isnull)));
		value = ledger_value(i, 5, &isnull);
		rule->for_one_customer = !isnull;
		rule->customer_id = isnull ? 0 : DatumGetInt64(value);
		rule->valid_from = DatumGetDateADT(ledger_value(i, 6, &isnull));
		rule->valid_to = DatumGetDateADT(ledger_value(i, 7, &isnull));
		value = ledger_value(i, 8, &isnull);
		rule->risk_class = isnull ? NULL : TextDatumGetCString(value);
		rule->grace_days = DatumGetInt32(ledger_value(i, 9, &isnull));
		rule->net_of_unapplied = DatumGetBool(ledger_value(i, 10, &isnull));
		value = ledger_value(i, 11, &isnull);
		rule->horizon_days = isnull ? 0 : DatumGetInt32(value);
		rule->when_unknown = outcome_of(TextDatumGetCString(ledger_value(i, 12, &isnull)));
		value = ledger_value(i, 13, &isnull);
		rule->for_group = !isnull;
		rule->group_id = isnull ? 0 : DatumGetInt64(value);
		rules = lappend(rules, rule);
	}
	read_exclusions(ledger, rules);
	return rules;
}

/*
 * The new list is built aside and takes the old one's place only when it is
 * whole: an error in between (a timeout) leaves the rules to be read again,
 * never a part of them in force.
 */
List *
credit_rules(Ledger *ledger)
{
	/* A prepared statement whose locks are held already has read no messages since its transaction began. */
	AcceptInvalidationMessages();
	if (!ledger->rules_valid)
	{
		MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "credit_control rules", ALLOCSET_SMALL_SIZES);
		MemoryContext old = MemoryContextSwitchTo(cxt);
		uint64		changes;
		List	   *rules;
		bool		isnull;

		ledger->rules_relid = get_relname_relid("check_rule", ledger->nspoid);
		changes = ledger->rules_changes;
		rules = credit_read_rules(ledger);
		ledger_run(ledger, LQ_GROUPS_EXIST, NULL, NULL);
		ledger->has_groups = DatumGetBool(ledger_value(0, 1, &isnull));
		ledger_run(ledger, LQ_POLICIES_EXIST, NULL, NULL);
		ledger->has_policies = DatumGetBool(ledger_value(0, 1, &isnull));
		MemoryContextSwitchTo(old);

		MemoryContextSetParent(cxt, CacheMemoryContext);
		if (ledger->rules_cxt)
			MemoryContextDelete(ledger->rules_cxt);
		ledger->rules_cxt = cxt;
		ledger->rules = rules;
		/* Not if a change arrived while reading. */
		ledger->rules_valid = changes == ledger->rules_changes;
	}
	return ledger->rules;
}
