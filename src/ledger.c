/*
 * ledger.c
 *		Finding a ledger, its kept plans, and acting with its owner's rights.
 */
#include "cc_compat.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "cc_error.h"
#include "currency.h"
#include "ledger.h"

#define MAX_ARGS 14

typedef struct QueryText
{
	const char *sql;			/* @L stands for the ledger's quoted schema */
	int			nargs;
	Oid			argtypes[MAX_ARGS];
} QueryText;

/*
 * Names and operators are written qualified or resolve in pg_catalog, which
 * is all that search_path holds while these run.
 *
 * exposure: the row in the base currency is the customer's lock.  Whoever
 * posts, checks or tightens updates it, so that a waiter reads on from the
 * newest figures and REPEATABLE READ fails with 40001 instead of deciding on
 * old ones.
 */
#define EXPOSURE_FIGURES \
	"receivable, unapplied, ordered, has_other_currency, open_holds, limit_amount, limit_since, limit_until, reserved," \
	" uncleared, merged_into, in_group, inactive"

static const QueryText query_texts[LQ_COUNT] = {
	[LQ_LEDGER_INFO] = {
		"SELECT base_currency, time_zone, template_version FROM @L.ledger_info", 0, {0}},
	[LQ_CLOSED_THROUGH] = {
		"SELECT closed_through FROM @L.ledger_info", 0, {0}},
	[LQ_CUSTOMER_ADD] = {
		"INSERT INTO @L.exposure (customer_id, currency, inactive)"
		" SELECT customer_id, $2, status <> 'active' FROM @L.customer WHERE customer_id = $1",
		2, {INT8OID, TEXTOID}},
	[LQ_CUSTOMER_ADD_MANY] = {
		"INSERT INTO @L.exposure (customer_id, currency, inactive)"
		" SELECT customer_id, $2, status <> 'active' FROM @L.customer WHERE customer_id = ANY ($1)",
		2, {INT8ARRAYOID, TEXTOID}},

	[LQ_CUSTOMER_TERMS] = {
		"SELECT terms FROM @L.customer WHERE customer_id = $1", 1, {INT8OID}},
	[LQ_DOCUMENT_REVERSED] = {
		"SELECT kind, side, currency, amount, reverses, posting_date, number FROM @L.document"
		" WHERE customer_id = $1 AND document_id = $2",
		2, {INT8OID, INT8OID}},
	/* What a payment that is reversed has in exposure.uncleared */
	[LQ_UNCLEARED_OF] = {
		"SELECT amount FROM @L.document d WHERE customer_id = $1 AND document_id = $2 AND clears_on IS NOT NULL"
		" AND NOT EXISTS (SELECT FROM @L.clearing c WHERE c.customer_id = d.customer_id AND c.document_id = d.document_id)",
		2, {INT8OID, INT8OID}},
	[LQ_FX_VALUE] = {
		"SELECT pg_catalog.round($3 * rate, $4) FROM @L.fx_rate WHERE currency = $1 AND valid_from <= $2 ORDER BY valid_from DESC LIMIT 1",
		4, {TEXTOID, DATEOID, NUMERICOID, INT4OID}},
	[LQ_FX_RATE] = {
		"SELECT rate FROM @L.fx_rate WHERE currency = $1 AND valid_from <= $2 ORDER BY valid_from DESC LIMIT 1",
		2, {TEXTOID, DATEOID}},

	[LQ_ITEM_ADD] = {
		"INSERT INTO @L.item (customer_id, document_id, instalment_no, currency, amount, open_amount, doc_date, posting_date,"
		" due_date, base_amount, open_base_amount, reserved_for) VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $9, $10)",
		10, {INT8OID, INT8OID, INT4OID, TEXTOID, NUMERICOID, DATEOID, DATEOID, DATEOID, NUMERICOID, TEXTOID}},
	[LQ_ITEM_ADD_MANY] = {
		"INSERT INTO @L.item (customer_id, document_id, instalment_no, currency, amount, open_amount, doc_date, posting_date,"
		" due_date, base_amount, open_base_amount, reserved_for)"
		" SELECT c, d, no, cur, a, a, dd, pd, due, b, b, r FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
		" u (c, d, no, cur, a, dd, pd, due, b, r)",
		10, {INT8ARRAYOID, INT8ARRAYOID, INT4ARRAYOID, TEXTARRAYOID, NUMERICARRAYOID, DATEARRAYOID, DATEARRAYOID, DATEARRAYOID,
			NUMERICARRAYOID, TEXTARRAYOID}},
	[LQ_ITEM_FACTS] = {
		"SELECT item_id, currency, amount, doc_date, posting_date, due_date, reserved_for FROM @L.item"
		" WHERE customer_id = $1 AND item_id IN ($2, $3)",
		3, {INT8OID, INT8OID, INT8OID}},
	/* Whether deposit $2, reserved to order $4, may be applied to debit item $3 */
	[LQ_RESERVATION] = {
		"SELECT coalesce(d.order_id = $4, false) OR d.kind IN ('refund', 'returned_payment', 'transfer')"
		" OR d.reverses IS NOT NULL AND d.reverses = c.document_id"
		" FROM @L.item c, @L.item i JOIN @L.document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id"
		" WHERE c.customer_id = $1 AND c.item_id = $2 AND i.customer_id = $1 AND i.item_id = $3",
		4, {INT8OID, INT8OID, INT8OID, TEXTOID}},
	[LQ_ITEM_READ] = {
		"SELECT item_id, amount, open_amount, reversed_on, last_applied_on, open_base_amount, reserved_for IS NOT NULL"
		" FROM @L.item WHERE customer_id = $1 AND item_id = ANY ($2) ORDER BY item_id",
		2, {INT8OID, INT8ARRAYOID}},
	[LQ_ITEM_WRITE] = {
		"UPDATE @L.item i SET open_amount = u.open_amount, reversed_on = u.reversed_on, last_applied_on = u.last_applied_on,"
		" open_base_amount = u.open_base_amount"
		" FROM unnest($2, $3, $4, $5, $6) u (item_id, open_amount, reversed_on, last_applied_on, open_base_amount)"
		" WHERE i.customer_id = $1 AND i.item_id = u.item_id",
		6, {INT8OID, INT8ARRAYOID, NUMERICARRAYOID, DATEARRAYOID, DATEARRAYOID, NUMERICARRAYOID}},
	[LQ_ITEM_LABEL] = {
		"SELECT pg_catalog.format('%s %s', pg_catalog.replace(d.kind, '_', ' '), d.number) FROM @L.item i"
		" JOIN @L.document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id"
		" WHERE i.customer_id = $1 AND i.item_id = $2",
		2, {INT8OID, INT8OID}},
	[LQ_ALLOCATION_READ] = {
		"SELECT a.credit_item_id, a.debit_item_id, a.amount, a.applied_on, a.reverses,"
		/* whether it closes a document with the one that voids or returns it */
		" cd.reverses = dd.document_id OR dd.reverses = cd.document_id"
		" FROM @L.allocation a"
		" JOIN @L.item c ON c.customer_id = a.customer_id AND c.item_id = a.credit_item_id"
		" JOIN @L.item d ON d.customer_id = a.customer_id AND d.item_id = a.debit_item_id"
		" JOIN @L.document cd ON cd.customer_id = a.customer_id AND cd.document_id = c.document_id"
		" JOIN @L.document dd ON dd.customer_id = a.customer_id AND dd.document_id = d.document_id"
		" WHERE a.customer_id = $1 AND a.allocation_id = $2",
		2, {INT8OID, INT8OID}},
	[LQ_DIFFERENCE_READ] = {
		"SELECT debit_base, credit_base FROM @L.exchange_difference WHERE customer_id = $1 AND allocation_id = $2",
		2, {INT8OID, INT8OID}},
	[LQ_DIFFERENCE_ADD] = {
		"INSERT INTO @L.exchange_difference (customer_id, allocation_id, applied_on, debit_base, credit_base, difference)"
		" VALUES ($1, $2, $3, $4, $5, $5 - $4)",
		5, {INT8OID, INT8OID, DATEOID, NUMERICOID, NUMERICOID}},

	[LQ_EXPOSURE_LOCK] = {
		"SELECT " EXPOSURE_FIGURES " FROM @L.exposure WHERE customer_id = $1 AND currency = $2 FOR NO KEY UPDATE",
		2, {INT8OID, TEXTOID}},
	[LQ_EXPOSURE_READ] = {
		"SELECT " EXPOSURE_FIGURES " FROM @L.exposure WHERE customer_id = $1 AND currency = $2",
		2, {INT8OID, TEXTOID}},
	[LQ_EXPOSURE_POST] = {
		"UPDATE @L.exposure SET receivable = receivable + $3, unapplied = unapplied + $4, reserved = reserved + $5,"
		" uncleared = uncleared + $6, has_other_currency = has_other_currency OR $7"
		" WHERE customer_id = $1 AND currency = $2 RETURNING merged_into",
		7, {INT8OID, TEXTOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, BOOLOID}},
	[LQ_EXPOSURE_ORDER] = {
		"UPDATE @L.exposure SET ordered = ordered + $3, has_other_currency = has_other_currency OR $4,"
		" check_seq = check_seq + $4::integer WHERE customer_id = $1 AND currency = $2"
		" RETURNING " EXPOSURE_FIGURES,
		4, {INT8OID, TEXTOID, NUMERICOID, BOOLOID}},
	[LQ_EXPOSURE_ORDER_OTHER] = {
		"INSERT INTO @L.exposure AS e (customer_id, currency, ordered) VALUES ($1, $2, $3)"
		" ON CONFLICT (customer_id, currency) DO UPDATE SET ordered = e.ordered + excluded.ordered RETURNING e.ordered",
		3, {INT8OID, TEXTOID, NUMERICOID}},
	[LQ_SCHEDULE_ADD] = {
		"INSERT INTO @L.order_schedule AS s (customer_id, currency, ship_date, amount) VALUES ($1, $2, $3, $4)"
		" ON CONFLICT (customer_id, currency, ship_date) DO UPDATE SET amount = s.amount + excluded.amount RETURNING s.amount",
		4, {INT8OID, TEXTOID, DATEOID, NUMERICOID}},
	[LQ_SCHEDULE_DROP] = {
		"DELETE FROM @L.order_schedule WHERE customer_id = $1 AND currency = $2 AND ship_date = $3 AND amount = 0",
		3, {INT8OID, TEXTOID, DATEOID}},
	/* Orders to ship after $3; NULL where a currency has no rate */
	[LQ_SCHEDULE_BEYOND] = {
		"SELECT CASE WHEN bool_and(s.currency = $2 OR r.rate IS NOT NULL) IS NOT FALSE THEN coalesce(sum(CASE WHEN s.currency = $2"
		"  THEN s.amount ELSE pg_catalog.round(s.amount * r.rate, $5) END), 0) END"
		" FROM (SELECT o.currency, sum(o.amount) AS amount FROM @L.order_schedule o"
		"  WHERE o.customer_id = $1 AND o.ship_date > $3 GROUP BY o.currency) s"
		" LEFT JOIN LATERAL (SELECT f.rate FROM @L.fx_rate f WHERE f.currency = s.currency"
		"  AND f.valid_from <= $4 ORDER BY f.valid_from DESC LIMIT 1) r ON true",
		5, {INT8OID, TEXTOID, DATEOID, DATEOID, INT4OID}},
	[LQ_LEFT_OUT] = {
		"SELECT counts_unapplied, counts_uncleared, amount FROM @L.left_out($1, $2)", 2, {INT8OID, DATEOID}},
	/* The latest release of an order, if it is in force for so much */
	[LQ_ORDER_RELEASED] = {
		"SELECT r.order_release_id, r.amount FROM (SELECT o.order_release_id, o.amount, o.currency, o.valid_until FROM @L.order_release o"
		"  WHERE o.customer_id = $1 AND o.source = $2 AND o.order_id = $3 ORDER BY o.order_release_id DESC LIMIT 1) r"
		" WHERE r.currency = $4 AND r.amount >= $5 AND r.amount > 0 AND r.valid_until >= $6",
		6, {INT8OID, TEXTOID, TEXTOID, TEXTOID, NUMERICOID, DATEOID}},
	[LQ_POLICIES_EXIST] = {
		"SELECT EXISTS (SELECT FROM @L.exposure_policy)", 0, {0}},
	[LQ_EXPOSURE_POST_OTHER] = {
		"INSERT INTO @L.exposure AS e (customer_id, currency, receivable, unapplied, reserved, uncleared)"
		" VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (customer_id, currency) DO UPDATE SET receivable = e.receivable + excluded.receivable,"
		" unapplied = e.unapplied + excluded.unapplied, reserved = e.reserved + excluded.reserved, uncleared = e.uncleared + excluded.uncleared",
		6, {INT8OID, TEXTOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID}},

	/* Other currencies at the rate of the day; NULL where there is none. */
	[LQ_EXPOSURE_OTHER] = {
		"SELECT e.currency, pg_catalog.round(e.receivable * r.rate, $4), pg_catalog.round(e.unapplied * r.rate, $4),"
		" pg_catalog.round(e.ordered * r.rate, $4)"
		" FROM @L.exposure e LEFT JOIN LATERAL (SELECT f.rate FROM @L.fx_rate f WHERE f.currency = e.currency"
		"  AND f.valid_from <= $3 ORDER BY f.valid_from DESC LIMIT 1) r ON true"
		" WHERE e.customer_id = $1 AND e.currency <> $2 AND (e.receivable <> 0 OR e.unapplied <> 0 OR e.ordered <> 0)",
		4, {INT8OID, TEXTOID, DATEOID, INT4OID}},
	/*
	 * Payments whose day of clearing is still to come, at the rate of the day
	 * like the debt that they close: at their own, who books one at a low rate
	 * would free credit with it.  The second column is a currency without rate.
	 * What is reserved of a deposit frees nothing, so it need not be undone.
	 */
	[LQ_UNCLEARED] = {
		"SELECT coalesce(sum(pg_catalog.round(u.amount * r.rate, $4)), 0), min(u.currency) FILTER (WHERE r.rate IS NULL)"
		" FROM (SELECT d.currency, sum(d.amount + coalesce(i.open_amount, 0)) AS amount"
		"  FROM @L.document d LEFT JOIN @L.item i ON i.customer_id = d.customer_id AND i.document_id = d.document_id"
		"   AND i.reserved_for IS NOT NULL"
		"  WHERE d.customer_id = $1 AND d.clears_on > $3"
		"  AND NOT EXISTS (SELECT FROM @L.clearing c WHERE c.customer_id = d.customer_id AND c.document_id = d.document_id)"
		"  AND NOT EXISTS (SELECT FROM @L.document r WHERE r.customer_id = d.customer_id AND r.reverses = d.document_id)"
		"  GROUP BY d.currency HAVING sum(d.amount + coalesce(i.open_amount, 0)) <> 0) u"
		" LEFT JOIN LATERAL (SELECT 1::pg_catalog.numeric AS rate WHERE u.currency = $2 UNION ALL"
		"  (SELECT f.rate FROM @L.fx_rate f WHERE f.currency = u.currency AND f.valid_from <= $3 AND u.currency <> $2"
		"  ORDER BY f.valid_from DESC LIMIT 1)) r ON true",
		4, {INT8OID, TEXTOID, DATEOID, INT4OID}},
	/* Open deposits whose money is good, per order; one in a currency without a rate takes nothing off */
	[LQ_DEPOSITS] = {
		"SELECT i.reserved_for, -sum(CASE WHEN i.currency = $2 THEN i.open_amount ELSE pg_catalog.round(i.open_amount * r.rate, $4) END)"
		" FROM @L.item i JOIN @L.document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id"
		" LEFT JOIN LATERAL (SELECT f.rate FROM @L.fx_rate f WHERE f.currency = i.currency"
		"  AND f.valid_from <= $3 ORDER BY f.valid_from DESC LIMIT 1) r ON true"
		" WHERE i.customer_id = $1 AND i.reserved_for IS NOT NULL AND i.open_amount < 0 AND (i.currency = $2 OR r.rate IS NOT NULL)"
		" AND (d.clears_on IS NULL OR d.clears_on <= $3"
		"  OR EXISTS (SELECT FROM @L.clearing c WHERE c.customer_id = d.customer_id AND c.document_id = d.document_id))"
		" GROUP BY i.reserved_for ORDER BY i.reserved_for",
		4, {INT8OID, TEXTOID, DATEOID, INT4OID}},
	/* LQ_EXPOSURE_POST with a link for the chain: one statement is cheaper than two. */
	[LQ_EXPOSURE_CHAIN] = {
		"WITH head AS (UPDATE @L.exposure SET receivable = receivable + $3, unapplied = unapplied + $4, reserved = reserved + $5,"
		"  uncleared = uncleared + $6, has_other_currency = has_other_currency OR $7,"
		"  chain_seq = chain_seq + 1, chain_hash = pg_catalog.sha256(chain_hash || $8)"
		"  WHERE customer_id = $1 AND currency = $2 RETURNING merged_into, chain_seq, chain_hash)"
		" INSERT INTO @L.chain_link (customer_id, chain_seq, source, entry_ids, hash)"
		" SELECT $1, head.chain_seq, $9, $10, head.chain_hash FROM head RETURNING (SELECT merged_into FROM head)",
		10, {INT8OID, TEXTOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, BOOLOID, BYTEAOID, TEXTOID, INT8ARRAYOID}},

	[LQ_HOLDS] = {
		"SELECT count(*) FROM @L.hold h WHERE h.customer_id = $1 AND (h.expires_on IS NULL OR h.expires_on >= $2)"
		" AND h.scope IN ('all', $3) AND NOT EXISTS"
		" (SELECT FROM @L.hold_release r WHERE r.customer_id = h.customer_id AND r.hold_id = h.hold_id)",
		3, {INT8OID, DATEOID, TEXTOID}},
	[LQ_LIMIT_READ] = {
		"SELECT amount FROM @L.limit_on($1, $2) WHERE amount IS NOT NULL", 2, {INT8OID, DATEOID}},
	/*
	 * One step into the index of open debit items per currency, however many
	 * there are.
	 */
	[LQ_OLDEST_DUE] = {
		"SELECT min(first.due_date) FROM @L.exposure e, LATERAL"
		" (SELECT due_date FROM @L.item i WHERE i.customer_id = e.customer_id AND i.currency = e.currency"
		"  AND i.open_amount > 0 ORDER BY due_date LIMIT 1) first WHERE e.customer_id = $1",
		1, {INT8OID}},
	/* The same where an exposure policy may spare what is disputed. */
	[LQ_OLDEST_DUE_BY_POLICY] = {
		"SELECT @L.oldest_due($1)", 1, {INT8OID}},
	[LQ_RULES_READ] = {
		"SELECT rule_no, kind, threshold, action, customer_id, valid_from, valid_to, risk_class, grace_days, net_of_unapplied, horizon_days,"
		" when_unknown, group_id FROM @L.check_rule ORDER BY rule_no",
		0, {0}},
	[LQ_EXCLUSIONS_READ] = {
		"SELECT rule_no, customer_id, risk_class, threshold, valid_from, valid_to FROM @L.check_exclusion"
		" ORDER BY rule_no, customer_id NULLS LAST, check_exclusion_id DESC",
		0, {0}},
	[LQ_ANCESTORS] = {
		"SELECT a FROM @L.ancestors($1) a", 1, {INT8OID}},
	[LQ_RISK_CLASS] = {
		"SELECT risk_class FROM @L.customer WHERE customer_id = $1", 1, {INT8OID}},
	[LQ_RULE_FIGURE] = {
		"SELECT @L.rule_figure($1, $2, $3, $4, $5)", 5, {TEXTOID, INT8OID, DATEOID, INT4OID, BOOLOID}},
	[LQ_GROUPS_EXIST] = {
		"SELECT EXISTS (SELECT FROM @L.exposure WHERE in_group)", 0, {0}},
	[LQ_GROUP_LOCK] = {
		"SELECT @L.lock_group($1)", 1, {INT8ARRAYOID}},
	[LQ_GROUP_MEMBERS] = {
		"SELECT m.id FROM @L.group_members($1) m (id) WHERE m.id = ANY ($2)", 2, {INT8OID, INT8ARRAYOID}},
	[LQ_GROUP_LIMITS] = {
		"SELECT group_id, limit_amount, others FROM @L.group_limits($1, $2)", 2, {INT8OID, DATEOID}},
	[LQ_DECISION_ADD] = {
		"INSERT INTO @L.decision (customer_id, outcome, source, order_id, amount, currency, receivable, unapplied, ordered,"
		" limit_amount, checks, decided_for, uncleared, deposit)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, session_user, $12, $13)",
		13, {INT8OID, TEXTOID, TEXTOID, TEXTOID, NUMERICOID, TEXTOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, JSONBOID, NUMERICOID,
			NUMERICOID}},
	[LQ_WATCHED_TABLES] = {
		"SELECT table_schema, table_name FROM @L.watched_table ORDER BY table_schema, table_name", 0, {0}},
	[LQ_WATCHED_READ] = {
		"SELECT customer_column, amount_column, order_id_column, currency_column, open_when, mode, status_column,"
		" open_value, hold_value, record_decisions, ship_date_column FROM @L.watched_table WHERE table_schema = $1 AND table_name = $2",
		2, {TEXTOID, TEXTOID}},
};

static HTAB *ledgers = NULL;

/*
 * A rule or the last closed day changed: credit.rules_changed() invalidates
 * the relcache entry of check_rule, credit.info_changed() that of ledger_info,
 * and that reaches every backend at its commit.
 */
static void
ledger_inval_callback(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS seq;
	Ledger	   *ledger;

	(void) arg;
	hash_seq_init(&seq, ledgers);
	while ((ledger = hash_seq_search(&seq)) != NULL)
	{
		if (relid == InvalidOid || relid == ledger->info_relid)
		{
			ledger->closed_valid = false;
			ledger->closed_changes++;
		}
		if (relid == InvalidOid || relid == ledger->rules_relid)
		{
			ledger->rules_valid = false;
			ledger->rules_changes++;
		}
	}
}

static void
forget_plans(Ledger *ledger)
{
	for (int i = 0; i < LQ_COUNT; i++)
	{
		if (ledger->plans[i])
			SPI_freeplan(ledger->plans[i]);
		ledger->plans[i] = NULL;
	}
	ledger->rules_valid = false;
	ledger->closed_valid = false;
}

static char *
query_for(Ledger *ledger, LedgerQuery query)
{
	StringInfoData sql;
	const char *schema = quote_identifier(NameStr(ledger->name));

	initStringInfo(&sql);
	for (const char *p = query_texts[query].sql; *p; p++)
	{
		if (p[0] == '@' && p[1] == 'L')
		{
			appendStringInfoString(&sql, schema);
			p++;
		}
		else
			appendStringInfoChar(&sql, *p);
	}
	return sql.data;
}

Ledger *
ledger_open(Oid nspoid)
{
	Ledger	   *ledger;
	bool		found;
	char	   *name = get_namespace_name(nspoid);

	if (ledgers == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(Oid), .entrysize = sizeof(Ledger)};

		ledgers = hash_create("credit_control ledgers", 4, &ctl, HASH_ELEM | HASH_BLOBS);
		CacheRegisterRelcacheCallback(ledger_inval_callback, (Datum) 0);
	}
	if (name == NULL)
		elog(ERROR, "cache lookup failed for schema %u", nspoid);

	ledger = hash_search(ledgers, &nspoid, HASH_ENTER, &found);
	if (!found)
	{
		MemSet((char *) ledger + sizeof(Oid), 0, sizeof(Ledger) - sizeof(Oid));
		namestrcpy(&ledger->name, name);
	}
	else if (strcmp(NameStr(ledger->name), name) != 0)
	{
		/* The schema was renamed: the texts behind the plans name the old one. */
		forget_plans(ledger);
		namestrcpy(&ledger->name, name);
	}
	pfree(name);
	return ledger;
}

Ledger *
ledger_by_name(const char *name)
{
	Oid			nspoid = get_namespace_oid(name, true);

	if (!OidIsValid(nspoid) || !OidIsValid(get_relname_relid("ledger_info", nspoid)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("there is no ledger \"%s\"", name),
				 errhint("credit.create_ledger() makes one. A ledger whose schema was renamed needs its tables watched again.")));
	return ledger_open(nspoid);
}

Oid
ledger_owner(Ledger *ledger)
{
	Oid			relid = get_relname_relid("exposure", ledger->nspoid);
	HeapTuple	tuple = OidIsValid(relid) ? SearchSysCache1(RELOID, ObjectIdGetDatum(relid)) : NULL;
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("schema \"%s\" is not a ledger: it has no table \"exposure\"", NameStr(ledger->name)),
				 errhint("Ledgers are made by credit.create_ledger().")));
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

Ledger *
ledger_of_table(Relation rel)
{
	Ledger	   *ledger = ledger_open(RelationGetNamespace(rel));

	if (rel->rd_rel->relowner != ledger_owner(ledger))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("table \"%s\" does not belong to the owner of ledger \"%s\"",
						RelationGetRelationName(rel), NameStr(ledger->name))));
	return ledger;
}

void
ledger_enter(Ledger *ledger, bool as_owner, LedgerScope *scope)
{
	GetUserIdAndSecContext(&scope->userid, &scope->sec_context);
	if (as_owner)
		SetUserIdAndSecContext(ledger_owner(ledger),
							   scope->sec_context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);

	scope->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp",
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");

	if (ledger->base_currency[0] == '\0')
	{
		bool		isnull;
		char	   *base;
		int			scale;
		int			version;

		if (ledger_run(ledger, LQ_LEDGER_INFO, NULL, NULL) != 1)
			elog(ERROR, "ledger \"%s\" has no row in ledger_info", NameStr(ledger->name));
		version = DatumGetInt32(ledger_value(0, 3, &isnull));
		if (version != LEDGER_TEMPLATE_VERSION)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("ledger \"%s\" is of template version %d, this kernel works with version %d",
							NameStr(ledger->name), version, LEDGER_TEMPLATE_VERSION),
					 version < LEDGER_TEMPLATE_VERSION
					 ? errhint("Run ALTER EXTENSION credit_control UPDATE; then SELECT credit.upgrade_ledger(%s);", quote_literal_cstr(NameStr(ledger->name)))
					 : errhint("Install the newer credit_control.")));
		base = TextDatumGetCString(ledger_value(0, 1, &isnull));
		scale = currency_minor_unit(base, strlen(base));
		if (scale < 0)
			elog(ERROR, "ledger \"%s\" has an unknown base currency", NameStr(ledger->name));
		ledger->time_zone = pg_tzset(TextDatumGetCString(ledger_value(0, 2, &isnull)));
		if (ledger->time_zone == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("ledger \"%s\" has an unknown time zone", NameStr(ledger->name)),
					 errhint("Set ledger_info.time_zone to a name of view pg_timezone_names.")));
		strlcpy(ledger->base_currency, base, sizeof(ledger->base_currency));
		ledger->base_scale = scale;
	}
}

void
ledger_leave(LedgerScope *scope)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	AtEOXact_GUC(true, scope->guc_level);
	SetUserIdAndSecContext(scope->userid, scope->sec_context);
}

DateADT
ledger_today(Ledger *ledger)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			tz;

	if (timestamp2tm(GetCurrentStatementStartTimestamp(), &tz, &tm, &fsec, NULL, ledger->time_zone) != 0)
		elog(ERROR, "statement start out of range");
	return date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) - POSTGRES_EPOCH_JDATE;
}

const char *
ledger_base_currency(Oid nspoid)
{
	Ledger	   *ledger = ledger_open(nspoid);

	if (ledger->base_currency[0] == '\0')
	{
		LedgerScope scope;

		ledger_enter(ledger, true, &scope);
		ledger_leave(&scope);
	}
	return ledger->base_currency;
}

uint64
ledger_run(Ledger *ledger, LedgerQuery query, Datum *values, const char *nulls)
{
	SPIPlanPtr	plan = ledger->plans[query];
	/* SPI leaves its own context current; the caller's is to stay. */
	MemoryContext caller = CurrentMemoryContext;
	int			rc;

	/* One result at a time: a bulk load runs these statements by the thousand. */
	if (SPI_tuptable)
		SPI_freetuptable(SPI_tuptable);
	if (plan == NULL)
	{
		QueryText	text = query_texts[query];

		plan = SPI_prepare(query_for(ledger, query), text.nargs, text.argtypes);
		if (plan == NULL)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
		if (SPI_keepplan(plan) != 0)
			elog(ERROR, "SPI_keepplan failed");
		ledger->plans[query] = plan;
	}

	/*
	 * Rules and the last closed day are kept beyond this transaction, so they must be read with the
	 * latest snapshot even where the transaction's own is older.
	 */
	if (query == LQ_CLOSED_THROUGH || query == LQ_RULES_READ || query == LQ_EXCLUSIONS_READ || query == LQ_GROUPS_EXIST || query == LQ_POLICIES_EXIST)
	{
		Snapshot	latest = RegisterSnapshot(GetLatestSnapshot());

		rc = SPI_execute_snapshot(plan, values, nulls, latest, InvalidSnapshot, true, false, 0);
		UnregisterSnapshot(latest);
	}
	else
		rc = SPI_execute_plan(plan, values, nulls, false, 0);
	if (rc < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(rc));
	MemoryContextSwitchTo(caller);
	return SPI_processed;
}

Datum
ledger_value(uint64 row, int col, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, col, isnull);
}
