/*
 * credit_decision.c
 *		The decision on an order: stored, or thrown as the error that refuses
 *		it.
 */
#include "cc_compat.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "cc_error.h"
#include "credit_check.h"
#include "money.h"

void
credit_check_record(Ledger *ledger, const CreditCheck *check)
{
	const Exposure *exposure = &check->exposure;
	int			scale = ledger->base_scale;
	Datum		args[13];
	char		nulls[14] = "             ";

	args[0] = Int64GetDatum(check->customer_id);
	args[1] = CStringGetTextDatum(outcome_name(check->outcome));
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
		case RULE_CUSTOMER_STATUS:
			ereport(ERROR,
					(errcode(ERRCODE_CREDIT_HOLD),
					 errmsg("customer " INT64_FORMAT " is not active: order %s refused", customer, order),
					 errdetail("%s", detail),
					 errhint("Column status of table customer says what it is; set_customer_status() changes it.")));
			break;
		case RULE_OLDEST_OVERDUE:
			ereport(ERROR,
					(errcode(ERRCODE_CREDIT_HOLD),
					 errmsg("customer " INT64_FORMAT " has items too long overdue: order %s refused", customer, order),
					 errdetail("%s", detail),
					 errhint("Collect and apply the oldest items; view open_items shows them.")));
			break;
		case RULE_GROUP_LIMIT:
			ereport(ERROR,
					(errcode(ERRCODE_CREDIT_LIMIT_EXCEEDED),
					 errmsg("order %s of customer " INT64_FORMAT " exceeds the limit of group " INT64_FORMAT " by %s %s", order, customer,
							check->group_id, shortfall, ledger->base_currency),
					 errdetail("%s", detail),
					 errhint("A payment of %s %s by a customer of the group, or a higher group limit, frees the credit.",
							 shortfall, ledger->base_currency)));
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
		case RULE_HORIZON_USE:
			ereport(ERROR,
					(errcode(ERRCODE_CREDIT_LIMIT_EXCEEDED),
					 errmsg("order %s exceeds the credit limit of customer " INT64_FORMAT " by %s %s within the horizon", order,
							customer, shortfall, ledger->base_currency),
					 errdetail("%s", detail),
					 errhint("A payment of %s %s, a higher limit or a later ship date frees the credit.", shortfall,
							 ledger->base_currency)));
			break;
	}
	ereport(ERROR,
			(errcode(ERRCODE_CREDIT_HOLD),
			 errmsg("check rule %d (%s) holds customer " INT64_FORMAT ": order %s refused", check->decisive_rule_no,
					rule_kinds[check->decisive].name, customer, order),
			 errdetail("%s", detail),
			 errhint("Table check_rule says what the rule allows.")));
}
