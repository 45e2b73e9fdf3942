/*
 * credit_check.c
 *		Checking an order against the rules, and the decision that results.
 *
 * Rules are rows of check_rule (check_rules.c); figures
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
#include "utils/json.h"
#include "utils/jsonb.h"

#include "cc_error.h"
#include "credit_check.h"
#include "currency.h"
#include "entry.h"
#include "money.h"
#include "settle.h"

PG_FUNCTION_INFO_V1(cc_check_order);
PG_FUNCTION_INFO_V1(cc_settle);

/* ---- what one rule finds ---- */

/* What one rule found: JSON text of the figure ("null" where there is none) */
typedef struct Finding
{
	bool		broken;
	bool		skipped;		/* nothing to measure: another rule speaks for that */
	bool		unknown;		/* somebody should have entered the figure: when_unknown counts */
	const char *figure;
} Finding;

/* What is done about a rule that is broken. */
static Outcome
action_of(const CheckRule *rule, const Finding *finding)
{
	return finding->unknown ? rule->when_unknown : rule->action;
}

/*
 * Whether `used` exceeds the rule's percentage of a limit; the figure is the
 * percent in use, two decimals, toward zero.
 */
static Finding
find_use(CreditCheck *check, const CheckRule *rule, int128 limit, int128 used)
{
	Finding		finding = {.figure = "null"};
	int128		allowed = money_mul(limit, rule->threshold);	/* at scale base + threshold + 2 (percent) */
	int128		taken = money_rescale(used, 0, rule->threshold_scale + 2);

	finding.broken = taken > allowed;
	if (finding.broken && rule->action >= OUTCOME_HOLD)
	{
		/* Rounded up: paying the shortfall must be enough. */
		int128		unit = money_rescale(1, 0, rule->threshold_scale + 2);
		int128		missing = money_sub(taken, allowed);

		check->shortfall = Max(check->shortfall, missing / unit + (missing % unit != 0));
	}
	if (limit > 0)
		finding.figure = money_out(money_mul(used, 10000) / limit, 2);
	return finding;
}

/*
 * The exposure row counts every hold not released; which of them concern this
 * check today is looked up only when there are any.
 */
static Finding
find_hold(Ledger *ledger, const CreditCheck *check)
{
	Datum		args[3];
	bool		isnull;
	int64		holds = 0;

	if (check->exposure.open_holds > 0)
	{
		args[0] = Int64GetDatum(check->customer_id);
		args[1] = DateADTGetDatum(ledger_today(ledger));
		args[2] = CStringGetTextDatum(check->shipment ? "shipments" : "new_orders");
		if (ledger_run(ledger, LQ_HOLDS, args, NULL) != 1)
			elog(ERROR, "holds could not be read");
		holds = DatumGetInt64(ledger_value(0, 1, &isnull));
	}
	return (Finding) {.broken = holds > 0, .figure = psprintf(INT64_FORMAT, holds)};
}

/* Whether it is reserved to the order itself. */
static bool
is_own(const CreditCheck *check, const OrderDeposit *deposit)
{
	return check->order_id && strcmp(check->order_id, deposit->order_id) == 0;
}

/* A deposit covers its own order, up to what that counts, and no other. */
static void
take_off_deposits(CreditCheck *check)
{
	ListCell   *lc;

	check->deposit = 0;
	foreach(lc, check->deposits)
	{
		const OrderDeposit *deposit = lfirst(lc);

		if (is_own(check, deposit))
			check->deposit = Min(deposit->amount, money_add(deposit->counted, Max(check->amount, 0)));
		else
			check->exposure.ordered = money_sub(check->exposure.ordered, deposit_cover(deposit));
	}
}

static int128
exposure_after(const CreditCheck *check)
{
	return money_sub(money_add(exposure_total(&check->exposure), check->amount), check->deposit);
}

static Finding
find_limit_use(CreditCheck *check, const CheckRule *rule)
{
	if (!check->exposure.has_limit)
		return (Finding) {.figure = "null", .skipped = true};
	return find_use(check, rule, check->exposure.limit_amount, exposure_after(check));
}

/*
 * Orders that ship after the horizon, this one too, do not count yet (the
 * dynamic credit check).
 */
static Finding
find_horizon_use(Ledger *ledger, CreditCheck *check, const CheckRule *rule)
{
	DateADT		last_day = ledger_today(ledger) + rule->horizon_days;
	bool		counts = check->ship_date <= last_day;
	int128		beyond;
	ListCell   *lc;

	if (!check->exposure.has_limit || (check->rescheduled && (!counts || check->scheduled_on <= last_day)))
		return (Finding) {.figure = "null", .skipped = true};
	beyond = schedule_beyond(ledger, check->customer_id, check->coming, last_day);
	if (check->scheduled_on > last_day)
		beyond = money_sub(beyond, check->scheduled);
	/* What a deposit covers was taken off already. */
	foreach(lc, check->deposits)
	{
		const OrderDeposit *deposit = lfirst(lc);

		if (deposit->ship_date > last_day && !is_own(check, deposit))
			beyond = money_sub(beyond, deposit_cover(deposit));
	}
	/* A deposit covers its own order only. */
	if (!counts)
		beyond = money_sub(money_add(beyond, check->order_value), check->deposit);
	return find_use(check, rule, check->exposure.limit_amount, money_sub(exposure_after(check), beyond));
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
	if (ledger_run(ledger, ledger->has_policies ? LQ_OLDEST_DUE_BY_POLICY : LQ_OLDEST_DUE, args, NULL) != 1)
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

/* One rule's part of the decision; group_id is 0 where no group is concerned. */
static void
append_finding(StringInfo json, const CheckRule *rule, int64 group_id, const Finding *finding)
{
	bool		has_threshold = rule_kinds[rule->kind].breaks != BREAKS_FOUND;

	appendStringInfo(json, "%s{\"rule_no\": %d, \"kind\": \"%s\", ", json->len > 1 ? ", " : "", rule->rule_no, rule_kinds[rule->kind].name);
	if (group_id != 0)
		appendStringInfo(json, "\"group_id\": " INT64_FORMAT ", ", group_id);
	if (rule->kind == RULE_HORIZON_USE)
		appendStringInfo(json, "\"horizon_days\": %d, ", rule->horizon_days);
	appendStringInfo(json, "\"figure\": %s, \"threshold\": %s, \"outcome\": \"%s\"}", finding->figure,
					 has_threshold ? money_out(rule->threshold, rule->threshold_scale) : "null",
					 finding->skipped ? "skipped" : finding->broken ? outcome_name(action_of(rule, finding)) : "approve");
}

List *
credit_group_limits(Ledger *ledger, const Exposure *exposure)
{
	List	   *groups = NIL;
	Datum		args[2];
	uint64		n;

	if (!exposure->in_group)
		return NIL;
	args[0] = Int64GetDatum(exposure->customer_id);
	args[1] = DateADTGetDatum(ledger_today(ledger));
	n = ledger_run(ledger, LQ_GROUP_LIMITS, args, NULL);
	for (uint64 i = 0; i < n; i++)
	{
		GroupLimit *group = palloc(sizeof(GroupLimit));
		bool		isnull;

		group->group_id = DatumGetInt64(ledger_value(i, 1, &isnull));
		group->limit_amount = money_units(ledger_value(i, 2, &isnull), ledger->base_scale, "group limit");
		group->others = money_units(ledger_value(i, 3, &isnull), ledger->base_scale, "group exposure");
		groups = lappend(groups, group);
	}
	return groups;
}

/*
 * Group limits come before the customer's own.  A credit balance of this
 * member funds no other: it counts as nothing.
 */
static void
check_groups(CreditCheck *check, const CheckRule *rule, StringInfo json)
{
	ListCell   *lc;

	foreach(lc, check->groups)
	{
		const GroupLimit *group = lfirst(lc);
		Finding		finding = find_use(check, rule, group->limit_amount, money_add(group->others, Max(exposure_after(check), 0)));

		if (finding.broken && rule->action > check->outcome)
		{
			check->outcome = rule->action;
			check->decisive = RULE_GROUP_LIMIT;
			check->group_id = group->group_id;
		}
		append_finding(json, rule, group->group_id, &finding);
	}
}

static Finding
find_document_value(const CreditCheck *check, const CheckRule *rule, int scale)
{
	Finding		finding = {.figure = money_out(check->amount, scale)};
	int			wider = Max(scale, rule->threshold_scale);

	finding.broken = money_rescale(check->amount, scale, wider) > money_rescale(rule->threshold, rule->threshold_scale, wider);
	return finding;
}

static Finding
find_status(const CreditCheck *check)
{
	return (Finding) {.broken = check->exposure.inactive, .figure = check->exposure.inactive ? "1" : "0"};
}

/* The ledger's rule_figure() measures; what breaks the rule follows from its kind. */
static Finding
find_by_figure(Ledger *ledger, const CreditCheck *check, const CheckRule *rule)
{
	Finding		finding = {.figure = "null"};
	Datum		args[5];
	Datum		value;
	bool		isnull;
	int			scale;
	int			wider;
	int128		figure;
	int128		threshold;

	args[0] = CStringGetTextDatum(rule_kinds[rule->kind].name);
	args[1] = Int64GetDatum(check->customer_id);
	args[2] = DateADTGetDatum(ledger_today(ledger));
	args[3] = Int32GetDatum(rule->grace_days);
	args[4] = BoolGetDatum(rule->net_of_unapplied);
	if (ledger_run(ledger, LQ_RULE_FIGURE, args, NULL) != 1)
		elog(ERROR, "figure of a check rule could not be read");
	value = ledger_value(0, 1, &isnull);
	if (isnull)
	{
		finding.unknown = rule_kinds[rule->kind].may_be_unknown;
		finding.skipped = !finding.unknown;
		finding.broken = finding.unknown && rule->when_unknown > OUTCOME_APPROVE;
		return finding;
	}
	figure = money_from_numeric(value, &scale, "figure of a check rule");
	finding.figure = money_out(figure, scale);
	wider = Max(scale, rule->threshold_scale);
	figure = money_rescale(figure, scale, wider);
	threshold = money_rescale(rule->threshold, rule->threshold_scale, wider);
	switch (rule_kinds[rule->kind].breaks)
	{
		case BREAKS_ABOVE:
			finding.broken = figure > threshold;
			break;
		case BREAKS_BELOW:
			finding.broken = figure < threshold;
			break;
		case BREAKS_WITHIN:
			finding.broken = figure <= threshold;
			break;
		case BREAKS_FOUND:
			finding.broken = figure > 0 || strcmp(rule_kinds[rule->kind].name, "limit_expired") == 0;
			break;
	}
	return finding;
}

/* ---- evaluation of all rules ---- */

static bool
same_class(Ledger *ledger, CreditCheck *check, const char *risk_class)
{
	if (!check->class_known)
	{
		Datum		args[1];
		Datum		value;
		bool		isnull = true;

		args[0] = Int64GetDatum(check->customer_id);
		if (ledger_run(ledger, LQ_RISK_CLASS, args, NULL) == 1)
		{
			value = ledger_value(0, 1, &isnull);
			if (!isnull)
				check->risk_class = TextDatumGetCString(value);
		}
		check->class_known = true;
	}
	return check->risk_class && strcmp(check->risk_class, risk_class) == 0;
}

/* Whether it is the customer, or above it. */
static bool
same_group(Ledger *ledger, CreditCheck *check, int64 group_id)
{
	ListCell   *lc;

	if (group_id == check->customer_id)
		return true;
	if (!check->ancestors_known && check->exposure.in_group)
	{
		Datum		args[1];
		uint64		n;
		bool		isnull;

		args[0] = Int64GetDatum(check->customer_id);
		n = ledger_run(ledger, LQ_ANCESTORS, args, NULL);
		for (uint64 i = 0; i < n; i++)
		{
			int64	   *ancestor = palloc(sizeof(int64));

			*ancestor = DatumGetInt64(ledger_value(i, 1, &isnull));
			check->ancestors = lappend(check->ancestors, ancestor);
		}
	}
	check->ancestors_known = true;
	foreach(lc, check->ancestors)
		if (*(int64 *) lfirst(lc) == group_id)
			return true;
	return false;
}

/*
 * Whether the rule counts for this customer today, with what threshold: NULL,
 * the rule itself, or a copy with that of an exclusion.
 */
static const CheckRule *
rule_for(Ledger *ledger, CreditCheck *check, const CheckRule *rule, DateADT today)
{
	ListCell   *lc;

	if (today < rule->valid_from || today > rule->valid_to ||
		(rule->for_one_customer && rule->customer_id != check->customer_id) ||
		(rule->risk_class && !same_class(ledger, check, rule->risk_class)) ||
		(rule->for_group && !same_group(ledger, check, rule->group_id)))
		return NULL;
	foreach(lc, rule->exclusions)
	{
		const CheckExclusion *exclusion = lfirst(lc);
		CheckRule  *changed;

		if (today < exclusion->valid_from || today > exclusion->valid_to ||
			!(exclusion->for_one_customer ? exclusion->customer_id == check->customer_id
			  : same_class(ledger, check, exclusion->risk_class)))
			continue;
		/* A rule without a threshold is either spared or not. */
		if (exclusion->spared || rule_kinds[rule->kind].breaks == BREAKS_FOUND)
		{
			check->spared = true;
			if (rule->kind == RULE_LIMIT_MISSING)
				check->needs_no_limit = true;
			return NULL;
		}
		changed = palloc(sizeof(CheckRule));
		*changed = *rule;
		changed->threshold = exclusion->threshold;
		changed->threshold_scale = exclusion->threshold_scale;
		return changed;
	}
	return rule;
}

static Finding
find(Ledger *ledger, CreditCheck *check, const CheckRule *rule)
{
	switch (rule->kind)
	{
		case RULE_MANUAL_HOLD:
			return find_hold(ledger, check);
		case RULE_LIMIT_MISSING:
			/* A group's limit is a limit for those below it. */
			return (Finding) {.broken = !check->exposure.has_limit && check->groups == NIL, .figure = "null"};
		case RULE_LIMIT_USE:
			return find_limit_use(check, rule);
		case RULE_OLDEST_OVERDUE:
			return find_oldest_overdue(ledger, check, rule);
		case RULE_HORIZON_USE:
			return find_horizon_use(ledger, check, rule);
		case RULE_DOCUMENT_VALUE:
			return find_document_value(check, rule, ledger->base_scale);
		case RULE_CUSTOMER_STATUS:
			return find_status(check);
		default:
			return find_by_figure(ledger, check, rule);
	}
}

/* What no release of an order overrides: holds and the customer's status are ended themselves. */
static bool
is_released_apart(const CheckRule *rule)
{
	return rule->kind == RULE_MANUAL_HOLD || strcmp(rule_kinds[rule->kind].name, "customer_status") == 0;
}

/* A person let the order pass, up to an amount: says so among the checks. */
static bool
is_released(Ledger *ledger, const CreditCheck *check, StringInfo json)
{
	Datum		args[6];
	bool		isnull;

	if (check->order_id == NULL || check->currency == NULL)
		return false;
	args[0] = Int64GetDatum(check->customer_id);
	args[1] = CStringGetTextDatum(check->source);
	args[2] = CStringGetTextDatum(check->order_id);
	args[3] = CStringGetTextDatum(check->currency);
	args[4] = money_to_numeric(check->order_amount, check->scale);
	args[5] = DateADTGetDatum(ledger_today(ledger));
	if (ledger_run(ledger, LQ_ORDER_RELEASED, args, NULL) != 1)
		return false;
	appendStringInfo(json, ", {\"kind\": \"order_release\", \"order_release_id\": " INT64_FORMAT ", \"figure\": %s, \"threshold\": %s, \"outcome\": \"warn\"}",
					 DatumGetInt64(ledger_value(0, 1, &isnull)), money_out(check->order_amount, check->scale),
					 money_out(money_units(ledger_value(0, 2, &isnull), check->scale, "release of an order"), check->scale));
	return true;
}

static bool
uses_limit(const CheckRule *rule)
{
	return rule->kind == RULE_LIMIT_USE || rule->kind == RULE_HORIZON_USE;
}

void
credit_check(Ledger *ledger, List *rules, CreditCheck *check)
{
	DateADT		today = ledger_today(ledger);
	StringInfoData json;
	List	   *counting = NIL;
	bool		limit_missing_rule = false;
	int			group_rule = RULE_HORIZON_USE;	/* the kind that speaks for groups, which have no horizon */
	int			evaluated = 0;
	Outcome		apart = OUTCOME_APPROVE;	/* what a release of the order leaves */
	ListCell   *lc;

	check->outcome = OUTCOME_APPROVE;
	check->shortfall = 0;
	check->spared = false;
	check->needs_no_limit = false;
	exposure_complete(ledger, &check->exposure);
	take_off_deposits(check);

	foreach(lc, rules)
	{
		const CheckRule *rule = rule_for(ledger, check, lfirst(lc), today);

		if (rule == NULL || (check->rescheduled && rule->kind != RULE_HORIZON_USE))
			continue;
		if (rule->kind == RULE_LIMIT_USE)
			group_rule = RULE_LIMIT_USE;
		counting = lappend(counting, (void *) rule);
		limit_missing_rule = limit_missing_rule || rule->kind == RULE_LIMIT_MISSING;
	}

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	foreach(lc, counting)
	{
		const CheckRule *rule = lfirst(lc);
		Finding		finding;

		if (rule->kind == group_rule && !check->rescheduled)
		{
			check_groups(check, rule, &json);
			evaluated += list_length(check->groups);
		}
		finding = find(ledger, check, rule);
		/* Where no other rule speaks for a missing limit, this one does. */
		if (uses_limit(rule) && !check->exposure.has_limit && !check->rescheduled && check->groups == NIL && !limit_missing_rule && !check->needs_no_limit)
		{
			finding.skipped = false;
			finding.broken = true;
		}
		if (finding.broken && is_released_apart(rule))
			apart = Max(apart, rule->action);
		if (finding.broken && action_of(rule, &finding) > check->outcome)
		{
			check->outcome = action_of(rule, &finding);
			check->decisive = uses_limit(rule) && !check->exposure.has_limit ? RULE_LIMIT_MISSING : rule->kind;
			check->decisive_rule_no = rule->rule_no;
		}
		if (!finding.skipped)
			evaluated++;
		append_finding(&json, rule, 0, &finding);
	}
	/* Without a rule there is no approval; that a rule spares the customer was somebody's decision. */
	if (evaluated == 0 && !check->spared && !check->rescheduled)
	{
		check->outcome = OUTCOME_HOLD;
		check->decisive = RULE_NONE;
	}
	else if (check->outcome >= OUTCOME_HOLD && apart < OUTCOME_HOLD && is_released(ledger, check, &json))
		check->outcome = OUTCOME_WARN;
	appendStringInfoChar(&json, ']');
	check->checks = json.data;
}

/* ---- asked by SQL ---- */

/*
 * check_order(ledger text, customer_id bigint, amount numeric, currency text,
 * record boolean, purpose text, ship_date date) returns (outcome, exposure, limit_amount,
 * available, shortfall, checks): what would be decided on a new order, or on
 * a shipment that adds so much to the exposure.
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
	const char *purpose;
	const char *currency;
	int			scale;
	int128		amount;
	bool		has_policies;
	MoneyFault	fault;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext spi;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("ledger, customer and amount of a credit check must not be null")));
	/* Before ALTER EXTENSION UPDATE the SQL of 0.1.0 calls this with five arguments. */
	purpose = PG_NARGS() < 6 ? "order" : PG_ARGISNULL(5) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(5));
	check.shipment = strcmp(purpose, "shipment") == 0;
	if (!check.shipment && strcmp(purpose, "order") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown purpose \"%s\" of a credit check", purpose),
				 errhint("Purposes are order and shipment.")));
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	desc = BlessTupleDesc(desc);

	ledger = ledger_by_name(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	/* An order in a partition written directly still waits to be counted. */
	settle_ledger(ledger->nspoid);
	ledger_enter(ledger, false, &scope);
	spi = CurrentMemoryContext;
	check.customer_id = PG_GETARG_INT64(1);
	check.source = check.shipment ? "check_credit: shipment" : "check_credit";
	currency = PG_ARGISNULL(3) ? ledger->base_currency : text_to_cstring(PG_GETARG_TEXT_PP(3));
	scale = currency_minor_unit(currency, strlen(currency));
	if (scale < 0)
		ereport(ERROR,
				(errcode(ERRCODE_CREDIT_CURRENCY),
				 errmsg("\"%s\" is not a currency", currency),
				 errhint("Currencies are three capital letters of ISO 4217.")));
	fault = entry_amount(PG_GETARG_DATUM(2), scale, &amount);
	if (fault != MONEY_OK)
		entry_refuse(fault, PG_GETARG_DATUM(2), scale, psprintf("order amount for customer " INT64_FORMAT, check.customer_id));
	if (amount < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("order amount must not be negative"),
				 errdetail("The amount is %s, for customer " INT64_FORMAT ".", money_out(amount, scale), check.customer_id)));
	check.ship_date = PG_NARGS() < 7 || PG_ARGISNULL(6) ? NO_SHIP_DATE : PG_GETARG_DATEADT(6);
	check.scheduled_on = NO_SHIP_DATE;
	exposure_read(ledger, check.customer_id, record ? EXPOSURE_LOCK : EXPOSURE_READ, &check.exposure);
	check.amount = check.order_value = exposure_value(ledger, check.customer_id, currency, scale, amount);
	check.groups = credit_group_limits(ledger, &check.exposure);
	check.deposits = order_deposits(ledger, &check.exposure);
	find_deposited_orders(ledger, check.customer_id, check.deposits);
	/* What is read with the caller's rights (row security) is for this call only; looking for a policy in vain does no harm. */
	has_policies = ledger->has_policies;
	ledger->has_policies = true;
	credit_check(ledger, credit_read_rules(ledger), &check);
	ledger->has_policies = has_policies;
	if (record)
		credit_check_record(ledger, &check);

	MemoryContextSwitchTo(caller);
	values[0] = CStringGetTextDatum(outcome_name(check.outcome));
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
