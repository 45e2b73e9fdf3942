/*
 * credit_check.c
 *		Checking an order against the rules, and the decision that results.
 *
 * Rules are rows of check_rule, kept per backend until one changes; figures
 * come from the exposure row the caller has locked, and are read fresh where
 * they do not.  What cannot be known is refused, never approved.
 */
#include "cc_compat.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/inval.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "cc_error.h"
#include "credit_check.h"
#include "entry.h"
#include "money.h"
#include "settle.h"

PG_FUNCTION_INFO_V1(cc_check_order);
PG_FUNCTION_INFO_V1(cc_settle);

static const char *const outcome_names[] = {"approve", "warn", "hold", "reject"};
/* As check_rule has them; the last is no rule of the table. */
static const char *const rule_names[] = {"manual_hold", "limit_missing", "limit_use", "oldest_overdue", "none"};

const char *
outcome_name(Outcome outcome)
{
	return outcome_names[outcome];
}

static int
name_index(const char *name, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	elog(ERROR, "\"%s\" is unknown to this version of the kernel", name);
}

/* ---- rules ---- */

/* Read the rules with the rights and into the context of the moment. */
static List *
read_rules(Ledger *ledger)
{
	List	   *rules = NIL;
	uint64		n = ledger_run(ledger, LQ_RULES_READ, NULL, NULL);

	for (uint64 i = 0; i < n; i++)
	{
		CheckRule  *rule = palloc0(sizeof(CheckRule));
		bool		isnull;
		Datum		value;

		rule->rule_no = DatumGetInt32(ledger_value(i, 1, &isnull));
		rule->kind = name_index(TextDatumGetCString(ledger_value(i, 2, &isnull)), rule_names, RULE_NONE);
		value = ledger_value(i, 3, &isnull);
		if (!isnull)
			rule->threshold = money_from_numeric(value, &rule->threshold_scale, "threshold");
		rule->action = name_index(TextDatumGetCString(ledger_value(i, 4, &isnull)), outcome_names, lengthof(outcome_names));
		value = ledger_value(i, 5, &isnull);
		rule->for_one_customer = !isnull;
		rule->customer_id = isnull ? 0 : DatumGetInt64(value);
		rule->valid_from = DatumGetDateADT(ledger_value(i, 6, &isnull));
		rule->valid_to = DatumGetDateADT(ledger_value(i, 7, &isnull));
		rules = lappend(rules, rule);
	}
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

		ledger->rules_relid = get_relname_relid("check_rule", ledger->nspoid);
		changes = ledger->rules_changes;
		rules = read_rules(ledger);
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

/* ---- evaluation ---- */

/* What one rule found: JSON text of the figure ("null" where there is none) */
typedef struct Finding
{
	bool		broken;
	bool		skipped;		/* nothing to measure: another rule speaks for that */
	const char *figure;
} Finding;

void
credit_check_currency(Ledger *ledger, int64 customer_id, const char *currency)
{
	if (strcmp(currency, ledger->base_currency) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_CREDIT_CURRENCY),
				 errmsg("no exchange rate from %s to %s", currency, ledger->base_currency),
				 errdetail("The credit limit of customer " INT64_FORMAT " is in %s.", customer_id, ledger->base_currency),
				 errhint("Orders are checked in the ledger's base currency.")));
}

static Finding
find_limit_use(CreditCheck *check, const CheckRule *rule)
{
	Finding		finding = {.figure = "null"};
	Exposure   *exposure = &check->exposure;
	int128		after = money_sub(money_add(exposure_total(exposure), check->amount), check->deposit);
	int128		allowed;		/* limit x threshold, at scale base + threshold + 2 (percent) */
	int128		used;

	if (!exposure->has_limit)
	{
		finding.skipped = true;
		return finding;
	}
	allowed = money_mul(exposure->limit_amount, rule->threshold);
	used = money_rescale(after, 0, rule->threshold_scale + 2);
	finding.broken = used > allowed;
	if (finding.broken)
	{
		/* Rounded up: paying the shortfall must be enough. */
		int128		unit = money_rescale(1, 0, rule->threshold_scale + 2);
		int128		missing = money_sub(used, allowed);
		int128		shortfall = missing / unit + (missing % unit != 0);

		if (rule->action >= OUTCOME_HOLD && shortfall > check->shortfall)
			check->shortfall = shortfall;
	}
	if (exposure->limit_amount > 0)
	{
		/* Percent of the limit in use with the order, two decimals, toward zero. */
		finding.figure = money_out(money_mul(after, 10000) / exposure->limit_amount, 2);
	}
	return finding;
}

static Finding
find_oldest_overdue(Ledger *ledger, CreditCheck *check, const CheckRule *rule)
{
	Finding		finding = {.figure = "0"};
	Datum		args[1];
	Datum		due;
	bool		isnull;
	int			days;

	args[0] = Int64GetDatum(check->customer_id);
	if (ledger_run(ledger, LQ_OLDEST_DUE, args, NULL) != 1)
		elog(ERROR, "oldest due date could not be read");
	due = ledger_value(0, 1, &isnull);
	if (isnull)
		return finding;
	days = ledger_today(ledger) - DatumGetDateADT(due);
	if (days <= 0)
		return finding;
	finding.figure = psprintf("%d", days);
	finding.broken = money_rescale(days, 0, rule->threshold_scale) > rule->threshold;
	return finding;
}

static bool
in_force(const CheckRule *rule, int64 customer_id, DateADT today)
{
	return today >= rule->valid_from && today <= rule->valid_to &&
		(!rule->for_one_customer || rule->customer_id == customer_id);
}

void
credit_check(Ledger *ledger, List *rules, CreditCheck *check)
{
	DateADT		today = ledger_today(ledger);
	StringInfoData json;
	bool		limit_missing_rule = false;
	int			evaluated = 0;
	ListCell   *lc;

	check->outcome = OUTCOME_APPROVE;
	check->shortfall = 0;
	exposure_complete(ledger, &check->exposure);
	/* A deposit covers its own order, up to what the order is for. */
	check->deposit = Min(exposure_reserved_for(ledger, &check->exposure, check->order_id), Max(check->amount, 0));

	foreach(lc, rules)
	{
		const CheckRule *rule = lfirst(lc);

		if (rule->kind == RULE_LIMIT_MISSING && in_force(rule, check->customer_id, today))
			limit_missing_rule = true;
	}

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	foreach(lc, rules)
	{
		const CheckRule *rule = lfirst(lc);
		Finding		finding = {.figure = "null"};

		if (!in_force(rule, check->customer_id, today))
			continue;
		switch (rule->kind)
		{
			case RULE_MANUAL_HOLD:
				finding.broken = check->exposure.open_holds > 0;
				finding.figure = psprintf("%d", check->exposure.open_holds);
				break;
			case RULE_LIMIT_MISSING:
				finding.broken = !check->exposure.has_limit;
				break;
			case RULE_LIMIT_USE:
				finding = find_limit_use(check, rule);
				/* Where no other rule speaks for a missing limit, this one does. */
				if (finding.skipped && !limit_missing_rule)
				{
					finding.skipped = false;
					finding.broken = true;
				}
				break;
			case RULE_OLDEST_OVERDUE:
				finding = find_oldest_overdue(ledger, check, rule);
				break;
			case RULE_NONE:
				break;
		}
		if (finding.broken && rule->action > check->outcome)
		{
			check->outcome = rule->action;
			check->decisive = rule->kind == RULE_LIMIT_USE && !check->exposure.has_limit ? RULE_LIMIT_MISSING : rule->kind;
		}
		if (!finding.skipped)
			evaluated++;
		appendStringInfo(&json, "%s{\"rule_no\": %d, \"kind\": \"%s\", \"figure\": %s, \"threshold\": %s, \"outcome\": \"%s\"}",
						 json.len > 1 ? ", " : "", rule->rule_no, rule_names[rule->kind], finding.figure,
						 rule->kind == RULE_LIMIT_USE || rule->kind == RULE_OLDEST_OVERDUE
						 ? money_out(rule->threshold, rule->threshold_scale) : "null",
						 finding.skipped ? "skipped" : finding.broken ? outcome_names[rule->action] : "approve");
	}
	/* Without a rule there is no approval. */
	if (evaluated == 0)
	{
		check->outcome = OUTCOME_HOLD;
		check->decisive = RULE_NONE;
	}
	appendStringInfoChar(&json, ']');
	check->checks = json.data;
}

/* ---- decision ---- */

void
credit_check_record(Ledger *ledger, const CreditCheck *check)
{
	const Exposure *exposure = &check->exposure;
	int			scale = ledger->base_scale;
	Datum		args[13];
	char		nulls[14] = "             ";

	args[0] = Int64GetDatum(check->customer_id);
	args[1] = CStringGetTextDatum(outcome_names[check->outcome]);
	args[2] = CStringGetTextDatum(check->source);
	if (check->order_id)
		args[3] = CStringGetTextDatum(check->order_id);
	else
		nulls[3] = 'n';
	args[4] = money_to_numeric(check->amount, scale);
	args[5] = CStringGetTextDatum(ledger->base_currency);
	args[6] = money_to_numeric(exposure->receivable, scale);
	args[7] = money_to_numeric(exposure->unapplied, scale);
	args[8] = money_to_numeric(exposure->ordered, scale);
	if (exposure->has_limit)
		args[9] = money_to_numeric(exposure->limit_amount, scale);
	else
		nulls[9] = 'n';
	args[10] = DirectFunctionCall1(jsonb_in, CStringGetDatum(check->checks));
	args[11] = money_to_numeric(exposure->uncleared, scale);
	args[12] = money_to_numeric(check->deposit, scale);
	ledger_run(ledger, LQ_DECISION_ADD, args, nulls);
}

static char *
decision_json(Ledger *ledger, const CreditCheck *check)
{
	const Exposure *exposure = &check->exposure;
	int			scale = ledger->base_scale;
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfo(&json, "{\"outcome\": \"reject\", \"customer_id\": " INT64_FORMAT ", \"source\": ", check->customer_id);
	escape_json(&json, check->source);
	appendStringInfoString(&json, ", \"order_id\": ");
	if (check->order_id)
		escape_json(&json, check->order_id);
	else
		appendStringInfoString(&json, "null");
	appendStringInfo(&json, ", \"amount\": %s, \"currency\": \"%s\", \"receivable\": %s, \"unapplied\": %s, \"ordered\": %s, \"uncleared\": %s, \"deposit\": %s"
					 ", \"exposure\": %s, \"limit\": %s, \"shortfall\": %s, \"checks\": %s}",
					 money_out(check->amount, scale), ledger->base_currency,
					 money_out(exposure->receivable, scale), money_out(exposure->unapplied, scale),
					 money_out(exposure->ordered, scale), money_out(exposure->uncleared, scale), money_out(check->deposit, scale),
					 money_out(exposure_total(exposure), scale),
					 exposure->has_limit ? money_out(exposure->limit_amount, scale) : "null",
					 money_out(check->shortfall, scale), check->checks);
	return json.data;
}

void
credit_check_refuse(Ledger *ledger, const CreditCheck *check)
{
	const char *order = check->order_id ? check->order_id : "(without id)";
	int64		customer = check->customer_id;
	char	   *detail = decision_json(ledger, check);
	char	   *shortfall = money_out(check->shortfall, ledger->base_scale);

	switch (check->decisive)
	{
		case RULE_MANUAL_HOLD:
			ereport(ERROR,
					(errcode(ERRCODE_CREDIT_HOLD),
					 errmsg("customer " INT64_FORMAT " is on credit hold: order %s refused", customer, order),
					 errdetail("%s", detail),
					 errhint("release_hold() ends a hold; table hold says why it was placed.")));
			break;
		case RULE_OLDEST_OVERDUE:
			ereport(ERROR,
					(errcode(ERRCODE_CREDIT_HOLD),
					 errmsg("customer " INT64_FORMAT " has items too long overdue: order %s refused", customer, order),
					 errdetail("%s", detail),
					 errhint("Collect and apply the oldest items; view open_items shows them.")));
			break;
		case RULE_NONE:
			ereport(ERROR,
					(errcode(ERRCODE_CREDIT_HOLD),
					 errmsg("no check rule is in force for customer " INT64_FORMAT ": order %s refused", customer, order),
					 errdetail("%s", detail),
					 errhint("Table check_rule holds the rules and their validity.")));
			break;
		case RULE_LIMIT_MISSING:
			ereport(ERROR,
					(errcode(ERRCODE_CREDIT_LIMIT_EXCEEDED),
					 errmsg("customer " INT64_FORMAT " has no credit limit: order %s refused", customer, order),
					 errdetail("%s", detail),
					 errhint("set_credit_limit() sets one.")));
			break;
		case RULE_LIMIT_USE:
			ereport(ERROR,
					(errcode(ERRCODE_CREDIT_LIMIT_EXCEEDED),
					 errmsg("order %s exceeds the credit limit of customer " INT64_FORMAT " by %s %s", order, customer,
							shortfall, ledger->base_currency),
					 errdetail("%s", detail),
					 errhint("A payment of %s %s or a higher limit frees the credit.", shortfall, ledger->base_currency)));
			break;
	}
	elog(ERROR, "unknown check rule");
}

/*
 * check_order(ledger text, customer_id bigint, amount numeric, currency text,
 * record boolean) returns (outcome, exposure, limit_amount, available,
 * shortfall, checks): what would be decided on a new order.
 *
 * Runs with the caller's own rights on the ledger; the ledger's
 * check_credit() lends its owner's.
 */
Datum
cc_check_order(PG_FUNCTION_ARGS)
{
	Ledger	   *ledger;
	LedgerScope scope;
	CreditCheck check = {0};
	TupleDesc	desc;
	Datum		values[6];
	bool		nulls[6] = {false};
	bool		record = !PG_ARGISNULL(4) && PG_GETARG_BOOL(4);
	MoneyFault	fault;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext spi;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("ledger, customer and amount of a credit check must not be null")));
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	desc = BlessTupleDesc(desc);

	ledger = ledger_by_name(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	/* An order in a partition written directly still waits to be counted. */
	settle_ledger(ledger->nspoid);
	ledger_enter(ledger, false, &scope);
	spi = CurrentMemoryContext;
	check.customer_id = PG_GETARG_INT64(1);
	check.source = "check_credit";
	fault = entry_amount(PG_GETARG_DATUM(2), ledger->base_scale, &check.amount);
	if (fault != MONEY_OK)
		entry_refuse(fault, PG_GETARG_DATUM(2), ledger->base_scale,
					 psprintf("order amount for customer " INT64_FORMAT, check.customer_id));
	if (check.amount < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("order amount must not be negative"),
				 errdetail("The amount is %s, for customer " INT64_FORMAT ".",
						   money_out(check.amount, ledger->base_scale), check.customer_id)));
	if (!PG_ARGISNULL(3))
		credit_check_currency(ledger, check.customer_id, text_to_cstring(PG_GETARG_TEXT_PP(3)));
	exposure_read(ledger, check.customer_id, record ? EXPOSURE_LOCK : EXPOSURE_READ, 0, &check.exposure);
	/* Rules read with the caller's rights (row security) are for this call only. */
	credit_check(ledger, read_rules(ledger), &check);
	if (record)
		credit_check_record(ledger, &check);

	MemoryContextSwitchTo(caller);
	values[0] = CStringGetTextDatum(outcome_names[check.outcome]);
	values[1] = money_to_numeric(exposure_total(&check.exposure), ledger->base_scale);
	nulls[2] = nulls[3] = !check.exposure.has_limit;
	if (check.exposure.has_limit)
	{
		values[2] = money_to_numeric(check.exposure.limit_amount, ledger->base_scale);
		values[3] = money_to_numeric(money_sub(check.exposure.limit_amount, exposure_total(&check.exposure)), ledger->base_scale);
	}
	values[4] = money_to_numeric(check.shortfall, ledger->base_scale);
	values[5] = DirectFunctionCall1(jsonb_in, CStringGetDatum(check.checks));
	MemoryContextSwitchTo(spi);
	ledger_leave(&scope);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}

/*
 * settle(ledger text): count now what this transaction has written and no
 * statement trigger has settled yet (rows written straight into a partition).
 */
Datum
cc_settle(PG_FUNCTION_ARGS)
{
	settle_ledger(ledger_by_name(text_to_cstring(PG_GETARG_TEXT_PP(0)))->nspoid);
	PG_RETURN_VOID();
}
