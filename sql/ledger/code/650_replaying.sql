-- What other rules would have found in orders of the past.
--
-- A figure is known in one of two ways.  The decision has it: its own amounts, and what the rules found that were in force.
-- Or it follows from what was on record when the order came: rows recorded later are left out, and what was recorded
-- later about older rows is taken back.  Record times are those of transactions, so this is tried first: if it does not
-- add up to what the decision says was owed, or if the same transaction wrote to the account, nothing is claimed.

CREATE OR REPLACE FUNCTION order_decisions(p_from date, p_to date)
RETURNS SETOF decision LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	zone text := (SELECT l.time_zone FROM ledger_info l);
BEGIN
	RETURN QUERY
		SELECT d.* FROM decision d
		-- What check_credit() was asked and told to record is no order.
		WHERE d.source NOT IN ('check_credit', 'check_credit: shipment')
			-- An order that is only to ship earlier meets no rule but horizon_use, and is not told from a new one of nothing.
			AND (d.amount > 0 OR d.checks @? '$[*] ? (@.kind != "horizon_use" && @.kind != "order_release")' OR (d.checks = '[]' AND d.outcome = 'hold'))
			AND (p_from IS NULL OR d.decided_at >= p_from::timestamp AT TIME ZONE zone)
			AND (p_to IS NULL OR d.decided_at < (p_to + 1)::timestamp AT TIME ZONE zone);
END $$;
COMMENT ON FUNCTION order_decisions(date, date) IS 'The decisions on orders from one day to another; NULL: without beginning or end. Used by simulate_policy().';

CREATE OR REPLACE FUNCTION replay_rules(p_rules jsonb, p_from date, p_to date, p_recorded boolean DEFAULT true)
RETURNS TABLE (customer_id bigint, decision_id bigint, rule_no integer, kind text, group_id bigint, figure numeric, threshold numeric, action text,
	state text)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	zone text := (SELECT l.time_zone FROM ledger_info l);
	minor integer := credit.minor_unit((SELECT l.base_currency FROM ledger_info l));
	by_items text[] := ARRAY['oldest_overdue', 'overdue_amount', 'overdue_percent'];
	outcomes text[] := ARRAY['approve', 'warn', 'hold', 'reject'];
BEGIN
	RETURN QUERY
	WITH rules AS MATERIALIZED (SELECT r.* FROM policy_rules(p_rules) r),
	decided AS MATERIALIZED (
		SELECT d.*, (d.decided_at AT TIME ZONE zone)::date AS on_day, d.receivable - d.unapplied + d.ordered + d.uncleared + d.amount - d.deposit AS used,
			CASE WHEN h.customer_id IS NULL THEN c.risk_class ELSE h.risk_class END AS class_then,
			CASE WHEN h.customer_id IS NULL THEN c.status ELSE h.status END AS status_then,
			CASE WHEN h.customer_id IS NULL THEN c.terms_changed_on ELSE h.terms_changed_on END AS terms_changed_then,
			CASE WHEN h.customer_id IS NULL THEN c.review_due ELSE h.review_due END AS review_then,
			d.checks @? '$[*] ? (exists (@.group_id))' AS has_groups,
			-- Groups come with the rules on limits; without them there is none where nobody had a group limit.
			d.checks @? '$[*] ? (@.kind == "limit_use" || @.kind == "horizon_use")' OR NOT EXISTS (SELECT FROM credit_limit l WHERE l.kind = 'group' AND l.set_at <= d.decided_at) AS groups_known,
			-- Whether the class was changed before the order or after
			(d.customer_id, d.decided_at) IN (SELECT w.customer_id, w.recorded_at FROM customer_change w) AS class_tied,
			(d.customer_id, d.decided_at) IN (
				SELECT w.customer_id, w.recorded_at FROM document w UNION ALL SELECT w.customer_id, w.recorded_at FROM allocation w
				UNION ALL SELECT w.customer_id, w.recorded_at FROM dispute_event w UNION ALL SELECT w.customer_id, w.recorded_at FROM due_date_change w UNION ALL SELECT w.customer_id, w.recorded_at FROM deposit_release w
				UNION ALL SELECT w.customer_id, w.recorded_at FROM risk_figure w UNION ALL SELECT w.customer_id, w.recorded_at FROM customer_change w
				UNION ALL SELECT w.customer_id, w.set_at FROM credit_limit w UNION ALL SELECT w.customer_id, w.placed_at FROM hold w
				UNION ALL SELECT w.customer_id, w.released_at FROM hold_release w) AS tied
		FROM order_decisions(p_from, p_to) d JOIN customer c ON c.customer_id = d.customer_id
			LEFT JOIN LATERAL (SELECT * FROM customer_change x WHERE x.customer_id = d.customer_id AND x.recorded_at > d.decided_at
				ORDER BY x.customer_change_id LIMIT 1) h ON true),
	-- rule_for() in credit_check.c
	ruled AS (
		SELECT d.customer_id, d.decision_id, r.rule_no, r.kind, r.action, r.grace_days, r.net_of_unapplied, r.horizon_days, r.breaks, r.may_be_unknown, r.when_unknown,
			CASE WHEN x.found THEN x.threshold ELSE r.threshold END AS threshold, NOT u.unsure AND x.found IS TRUE AND (x.threshold IS NULL OR r.breaks = 'found') AS spared, u.unsure,
			-- Of rules with grace_days or net_of_unapplied the decision does not say which.
			CASE WHEN (p_recorded OR r.kind = 'horizon_use') AND r.kind NOT IN ('overdue_amount', 'overdue_percent') THEN (SELECT c.value FROM jsonb_array_elements(d.checks) c
				WHERE c.value ->> 'kind' = r.kind AND NOT c.value ? 'group_id' AND (c.value ->> 'horizon_days')::integer IS NOT DISTINCT FROM r.horizon_days
				ORDER BY (c.value ->> 'threshold')::numeric = COALESCE(x.threshold, r.threshold) DESC LIMIT 1) END AS recorded
		FROM decided d CROSS JOIN rules r
			-- As a column, for the planner would take so many conditions for none that hold.
			CROSS JOIN LATERAL (SELECT d.on_day BETWEEN r.valid_from AND r.valid_to AND (r.customer_id IS NULL OR r.customer_id = d.customer_id)
				AND (r.risk_class IS NULL OR COALESCE(r.risk_class = d.class_then, false) OR d.class_tied)
				AND (r.group_id IS NULL OR r.group_id = d.customer_id OR r.group_id IN (SELECT a FROM ancestors(d.customer_id) a)) AS counts OFFSET 0) m
			CROSS JOIN LATERAL (SELECT d.class_tied AND (r.risk_class IS NOT NULL OR r.exclusions @? '$[*] ? (exists (@.risk_class))') AS unsure) u
			LEFT JOIN LATERAL (
				SELECT true AS found, (e.value ->> 'threshold')::numeric AS threshold FROM jsonb_array_elements(r.exclusions) WITH ORDINALITY e (value, n)
				WHERE d.on_day BETWEEN COALESCE(e.value ->> 'valid_from', '-infinity')::date AND COALESCE(e.value ->> 'valid_to', 'infinity')::date
					AND ((e.value ->> 'customer_id')::bigint = d.customer_id OR e.value ->> 'risk_class' = d.class_then)
				ORDER BY e.value ->> 'customer_id' IS NULL, e.n DESC LIMIT 1) x ON true
		WHERE m.counts),
	counting AS MATERIALIZED (
		SELECT r.*, r.kind = ANY (by_items) AND r.recorded IS NULL AS needs_items,
			-- Whether there is such a rule for the order: NULL if only those of which it is unsure that they count.
			bool_or(r.kind = 'limit_missing' AND NOT r.unsure) OVER w OR NULLIF(bool_or(r.kind = 'limit_missing' AND r.unsure) OVER w, true) AS limit_missing_rule,
			bool_or(r.kind = 'limit_use' AND NOT r.spared AND NOT r.unsure) OVER w OR NULLIF(bool_or(r.kind = 'limit_use' AND r.unsure) OVER w, true) AS limit_use_rule
		FROM ruled r WINDOW w AS (PARTITION BY r.customer_id, r.decision_id)),
	-- Items open then
	looking AS MATERIALIZED (
		SELECT d.customer_id, d.decision_id, d.decided_at, d.on_day, d.receivable, d.unapplied, d.tied,
			COALESCE(p.left_out, '{}') AS left_out, p.counts_unapplied IS NOT FALSE AS counts_unapplied, p.counts_disputed IS NOT FALSE AS counts_disputed,
			NOT p.disputed_overdue IS NOT FALSE AS spares_disputed
		FROM decided d LEFT JOIN LATERAL (SELECT x.* FROM exposure_policy x WHERE x.risk_class = d.class_then OR x.risk_class IS NULL
			ORDER BY x.risk_class NULLS LAST LIMIT 1) p ON true
		WHERE EXISTS (SELECT FROM counting c WHERE c.customer_id = d.customer_id AND c.decision_id = d.decision_id AND c.needs_items)),
	items AS MATERIALIZED (
		SELECT i.customer_id, i.item_id, i.currency, i.open_amount, i.due_date, i.due_changed_on, d.kind, d.recorded_at, a.last_at, r.recorded_at AS released_at,
			CASE WHEN d.kind = 'deposit' AND d.side = 'credit' THEN d.order_id END AS order_id
		FROM item i JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
			LEFT JOIN (SELECT p.customer_id, s.item_id, max(p.recorded_at) AS last_at
				FROM allocation p, LATERAL (VALUES (p.debit_item_id), (p.credit_item_id)) s (item_id) GROUP BY 1, 2) a
				ON a.customer_id = i.customer_id AND a.item_id = i.item_id
			LEFT JOIN deposit_release r ON r.customer_id = d.customer_id AND r.document_id = d.document_id
		WHERE i.customer_id IN (SELECT l.customer_id FROM looking l)),
	opened AS MATERIALIZED (
		SELECT l.customer_id, l.decision_id, i.currency, t.amount, rate.rate, i.kind = ANY (l.left_out) AS left_out,
			CASE WHEN l.spares_disputed THEN q.amount ELSE 0 END AS spared, CASE WHEN l.counts_disputed THEN 0 ELSE q.amount END AS not_counted,
			i.order_id IS NOT NULL AND (i.released_at IS NULL OR i.released_at > l.decided_at) AS reserved,
			l.on_day - CASE WHEN i.due_changed_on IS NULL THEN i.due_date ELSE (
				SELECT c.due_date FROM (
					SELECT 1 AS preference, n.due_date, n.effective_on, n.due_date_change_id FROM due_date_change n
					WHERE n.customer_id = i.customer_id AND n.item_id = i.item_id AND n.recorded_at <= l.decided_at
					UNION ALL
					(SELECT 2, o.previous_due_date, o.effective_on, o.due_date_change_id FROM due_date_change o
					WHERE o.customer_id = i.customer_id AND o.item_id = i.item_id ORDER BY o.due_date_change_id LIMIT 1)) c
				ORDER BY c.preference, c.effective_on DESC, c.due_date_change_id DESC LIMIT 1) END AS days_late
		FROM looking l JOIN items i ON i.customer_id = l.customer_id AND i.recorded_at <= l.decided_at AND (i.open_amount <> 0 OR i.last_at > l.decided_at)
			CROSS JOIN LATERAL (SELECT CASE WHEN i.last_at > l.decided_at THEN i.open_amount
				+ COALESCE((SELECT sum(a.amount) FROM allocation a WHERE a.customer_id = i.customer_id AND a.debit_item_id = i.item_id AND a.recorded_at > l.decided_at), 0)
				- COALESCE((SELECT sum(a.amount) FROM allocation a WHERE a.customer_id = i.customer_id AND a.credit_item_id = i.item_id AND a.recorded_at > l.decided_at), 0)
				ELSE i.open_amount END AS amount) t
			CROSS JOIN LATERAL (SELECT CASE WHEN t.amount > 0 AND (l.spares_disputed OR NOT l.counts_disputed) THEN LEAST(t.amount, COALESCE((SELECT sum(s.amount)
				FROM dispute s WHERE s.customer_id = i.customer_id AND s.item_id = i.item_id AND s.recorded_at <= l.decided_at AND NOT EXISTS (SELECT FROM dispute_event e
					WHERE e.customer_id = s.customer_id AND e.dispute_id = s.dispute_id AND e.state IN ('rejected', 'settled', 'moved') AND e.recorded_at <= l.decided_at)), 0)) ELSE 0 END AS amount) q
			-- A rate of the same transaction was there before the order, or was not: unknown.
			LEFT JOIN LATERAL (SELECT 1::numeric AS rate WHERE i.currency = base UNION ALL
				(SELECT CASE WHEN f.recorded_at < l.decided_at THEN f.rate END FROM fx_rate f
				WHERE f.currency = i.currency AND f.valid_from <= l.on_day AND f.recorded_at <= l.decided_at AND i.currency <> base
				ORDER BY f.valid_from DESC LIMIT 1)) rate ON true
		WHERE t.amount <> 0),
	-- The decision says what was owed and unapplied: what is found must add up to that, with or without what the exposure
	-- policy of now leaves out.
	trusted AS MATERIALIZED (
		SELECT l.customer_id, l.decision_id, bool_and(COALESCE(o.rated, true)) AND NOT bool_or(l.tied)
			AND min(l.receivable) IN (COALESCE(sum(o.receivable), 0), COALESCE(sum(o.receivable - o.left_out), 0), COALESCE(sum(o.receivable - o.left_out - o.not_counted), 0))
			AND (min(l.unapplied) = COALESCE(sum(o.unapplied), 0) OR (min(l.unapplied) = 0 AND NOT bool_or(l.counts_unapplied))) AS adds_up
		FROM looking l
			LEFT JOIN (SELECT o.customer_id, o.decision_id, o.currency, bool_and(o.rate IS NOT NULL) AS rated,
					round(COALESCE(sum(o.amount) FILTER (WHERE o.amount > 0), 0) * min(o.rate), minor) AS receivable,
					round(COALESCE(sum(o.amount) FILTER (WHERE o.amount > 0 AND o.left_out), 0) * min(o.rate), minor) AS left_out,
					round(COALESCE(sum(o.not_counted) FILTER (WHERE NOT o.left_out), 0) * min(o.rate), minor) AS not_counted,
					round(-COALESCE(sum(o.amount) FILTER (WHERE o.amount < 0 AND NOT o.reserved), 0) * min(o.rate), minor) AS unapplied
				FROM opened o GROUP BY 1, 2, 3) o ON o.customer_id = l.customer_id AND o.decision_id = l.decision_id
		GROUP BY l.customer_id, l.decision_id),
	overdue AS MATERIALIZED (
		SELECT c.customer_id, c.decision_id, c.rule_no,
			GREATEST(max(o.days_late) FILTER (WHERE o.amount > o.spared), 0) AS oldest,
			GREATEST(COALESCE(sum(round(o.amount * o.rate, minor) - round(o.spared * o.rate, minor)) FILTER (WHERE o.amount > 0 AND o.days_late > c.grace_days), 0)
				+ COALESCE(sum(round(o.amount * o.rate, minor)) FILTER (WHERE c.net_of_unapplied AND o.amount < 0 AND NOT o.reserved), 0), 0) AS amount,
			COALESCE(sum(round(o.amount * o.rate, minor)) FILTER (WHERE o.amount > 0), 0) AS owed
		FROM counting c JOIN trusted t ON t.customer_id = c.customer_id AND t.decision_id = c.decision_id
			LEFT JOIN opened o ON o.customer_id = c.customer_id AND o.decision_id = c.decision_id
		WHERE c.needs_items AND t.adds_up
		GROUP BY c.customer_id, c.decision_id, c.rule_no),
	-- Limits as they were in force with what was known then: one ends before the next of its kind, the later of one day counts.
	limits AS (
		SELECT d.decision_id, d.customer_id, d.on_day, l.kind, l.valid_from, LEAST(l.valid_to, lead(l.valid_from) OVER w - 1) AS valid_to,
			lead(l.valid_from) OVER w AS next_from
		FROM decided d, LATERAL (
			SELECT DISTINCT ON (x.kind, x.valid_from, g.n) x.kind || COALESCE(g.n::text, '') AS kind, x.valid_from, x.valid_to
			FROM credit_limit x, LATERAL (SELECT CASE WHEN x.kind = 'guarantee' THEN x.credit_limit_id END AS n) g
			WHERE x.customer_id = d.customer_id AND x.kind <> 'group' AND x.set_at <= d.decided_at
			ORDER BY x.kind, x.valid_from, g.n, x.credit_limit_id DESC) l
		WHERE EXISTS (SELECT FROM rules r WHERE r.kind IN ('limit_expired', 'limit_expiring'))
		WINDOW w AS (PARTITION BY d.decision_id, d.customer_id, l.kind ORDER BY l.valid_from)),
	limit_days AS MATERIALIZED (
		SELECT l.customer_id, l.decision_id,
			CASE WHEN NOT bool_or(l.on_day BETWEEN l.valid_from AND COALESCE(l.valid_to, 'infinity')) THEN min(l.on_day) - max(l.valid_to) FILTER (WHERE l.valid_to < l.on_day) END AS days_expired,
			min(l.valid_to - l.on_day) FILTER (WHERE l.kind = 'own' AND l.on_day BETWEEN l.valid_from AND l.valid_to AND l.next_from IS DISTINCT FROM l.valid_to + 1) AS days_left
		FROM limits l GROUP BY l.customer_id, l.decision_id),
	-- FULL although each row of overdue has its rule: never a nested loop, however few rows the planner expects.
	measured AS MATERIALIZED (
		SELECT c.*, o.rule_no IS NOT NULL AS items_known, o.oldest, o.amount AS overdue_amount, o.owed
		FROM counting c FULL JOIN overdue o ON o.customer_id = c.customer_id AND o.decision_id = c.decision_id AND o.rule_no = c.rule_no),
	found AS (
		SELECT c.*, d.on_day, d.decided_at, d.limit_amount, d.used, d.has_groups, d.groups_known, d.tied,
			CASE
				WHEN c.kind = 'document_value' THEN d.amount
				WHEN c.kind = 'limit_use' THEN trunc(d.used * 100 / NULLIF(d.limit_amount, 0), 2)
				WHEN c.kind = 'limit_missing' THEN NULL
				WHEN c.recorded IS NOT NULL THEN (c.recorded ->> 'figure')::numeric
				WHEN c.kind = 'manual_hold' THEN (SELECT count(*) FROM hold h
					WHERE h.customer_id = d.customer_id AND h.placed_at <= d.decided_at AND (h.expires_on IS NULL OR h.expires_on >= d.on_day) AND h.scope IN ('all', 'new_orders')
						AND NOT EXISTS (SELECT FROM hold_release r WHERE r.customer_id = h.customer_id AND r.hold_id = h.hold_id AND r.released_at <= d.decided_at))
				WHEN c.kind = 'oldest_overdue' THEN c.oldest
				WHEN c.kind = 'overdue_amount' THEN c.overdue_amount
				WHEN c.kind = 'overdue_percent' THEN CASE WHEN c.owed = 0 THEN 0 ELSE trim_scale(round(c.overdue_amount * 100 / c.owed, 16)) END
				WHEN c.kind IN ('dunning_level', 'broken_promises', 'payment_index', 'score', 'grade') THEN GREATEST(COALESCE((SELECT f.value FROM risk_figure f
					WHERE f.customer_id = d.customer_id AND f.figure = c.kind AND f.valid_from <= d.on_day AND f.recorded_at <= d.decided_at
					ORDER BY f.valid_from DESC, f.risk_figure_id DESC LIMIT 1), CASE WHEN c.kind IN ('dunning_level', 'broken_promises') THEN 0 END),
					CASE WHEN c.kind = 'dunning_level' THEN dunning_level_of(d.customer_id, d.on_day, d.decided_at) END)
				WHEN c.kind = 'limit_expired' THEN l.days_expired
				WHEN c.kind = 'limit_expiring' THEN l.days_left
				WHEN c.kind = 'review_overdue' THEN d.on_day - d.review_then
				WHEN c.kind = 'terms_changed' THEN d.on_day - d.terms_changed_then
				WHEN c.kind = 'customer_status' THEN (d.status_then <> 'active')::integer
				WHEN c.kind = 'returned_payment' THEN d.on_day - (SELECT max(p.posting_date) FROM document p
					WHERE p.customer_id = d.customer_id AND p.kind = 'returned_payment' AND p.posting_date <= d.on_day AND p.recorded_at <= d.decided_at)
				WHEN c.kind = 'dormant' THEN d.on_day - (SELECT max(i.posting_date) FROM item i JOIN document p ON p.customer_id = i.customer_id AND p.document_id = i.document_id
					WHERE i.customer_id = d.customer_id AND i.amount > 0 AND i.posting_date <= d.on_day AND p.recorded_at <= d.decided_at)
			END AS figure, (c.recorded ->> 'figure')::numeric AS percent,
			c.kind = 'limit_use' OR (c.kind = 'horizon_use' AND NOT c.limit_use_rule) AS speaks_for_groups,
			CASE WHEN c.unsure THEN false WHEN c.kind IN ('document_value', 'limit_use', 'horizon_use', 'limit_missing') OR c.recorded IS NOT NULL THEN true
				WHEN c.kind = ANY (by_items) THEN c.items_known
				ELSE NOT d.tied END AS known
		FROM measured c JOIN decided d ON d.customer_id = c.customer_id AND d.decision_id = c.decision_id
			LEFT JOIN limit_days l ON l.customer_id = c.customer_id AND l.decision_id = c.decision_id
		WHERE NOT c.spared),
	-- Group limits, for which horizon_use speaks only where there is no limit_use: the decision has the percent in use, two decimals, toward zero.  Only at the threshold itself that is too
	-- little, unless the threshold was the same.
	grouped AS (
		SELECT f.customer_id, f.decision_id, f.rule_no, g.group_id, g.figure,
			CASE WHEN NOT f.known OR f.speaks_for_groups IS NULL THEN NULL WHEN g.figure IS NULL THEN g.broken WHEN g.figure > f.threshold THEN true WHEN g.figure + 0.01 <= f.threshold THEN false
				WHEN g.threshold = f.threshold THEN g.broken END AS broken
		FROM found f, LATERAL (
			SELECT DISTINCT ON (e.group_id) e.* FROM (
				SELECT (c.value ->> 'group_id')::bigint AS group_id, (c.value ->> 'figure')::numeric AS figure, (c.value ->> 'threshold')::numeric AS threshold,
					c.value ->> 'outcome' <> 'approve' AS broken, c.n
				FROM decision d, jsonb_array_elements(d.checks) WITH ORDINALITY c (value, n)
				WHERE d.customer_id = f.customer_id AND d.decision_id = f.decision_id AND c.value ? 'group_id') e
			ORDER BY e.group_id, e.threshold = f.threshold DESC) g
		WHERE f.speaks_for_groups IS NOT FALSE),
	-- find() in credit_check.c
	judged AS (
		SELECT f.customer_id, f.decision_id, f.rule_no, f.kind, NULL::bigint AS group_id, f.figure, f.threshold,
			CASE WHEN NOT f.may_be_unknown OR f.known AND f.figure IS NOT NULL THEN f.action WHEN f.known THEN f.when_unknown
				ELSE outcomes[GREATEST(array_position(outcomes, f.action), array_position(outcomes, f.when_unknown))] END AS action, CASE
			WHEN NOT f.known THEN 'unknown'
			WHEN f.kind = 'limit_missing' THEN CASE WHEN f.limit_amount IS NOT NULL OR f.has_groups THEN 'passed' WHEN f.groups_known THEN 'broken'
				WHEN f.recorded IS NULL THEN 'unknown' WHEN f.recorded ->> 'outcome' = 'approve' THEN 'passed' ELSE 'broken' END
			WHEN f.kind IN ('limit_use', 'horizon_use') AND f.limit_amount IS NULL THEN CASE
				WHEN f.has_groups OR f.limit_missing_rule THEN 'skipped'
				WHEN f.groups_known AND f.limit_missing_rule IS NOT NULL THEN 'broken' ELSE 'unknown' END
			WHEN f.kind = 'limit_use' AND (f.recorded IS NULL OR f.figure IS NOT DISTINCT FROM (f.recorded ->> 'figure')::numeric)
				THEN CASE WHEN f.used * 100 > f.limit_amount * f.threshold THEN 'broken' ELSE 'passed' END
			-- Only the percent is known, as for groups.
			WHEN f.kind IN ('limit_use', 'horizon_use') THEN CASE WHEN f.recorded IS NULL THEN 'unknown'
				WHEN f.percent > f.threshold THEN 'broken' WHEN f.percent + 0.01 <= f.threshold THEN 'passed'
				WHEN f.percent IS NULL OR (f.recorded ->> 'threshold')::numeric = f.threshold THEN CASE WHEN f.recorded ->> 'outcome' = 'approve' THEN 'passed' ELSE 'broken' END
				ELSE 'unknown' END
			WHEN f.figure IS NULL THEN CASE WHEN NOT f.may_be_unknown THEN 'skipped' WHEN f.when_unknown = 'approve' THEN 'passed' ELSE 'broken' END
			WHEN CASE f.breaks WHEN 'above' THEN f.figure > f.threshold WHEN 'below' THEN f.figure < f.threshold WHEN 'within' THEN f.figure <= f.threshold
				ELSE f.figure > 0 OR f.kind = 'limit_expired' END THEN 'broken'
			ELSE 'passed' END AS state
		FROM found f)
	SELECT j.customer_id, j.decision_id, j.rule_no, j.kind, j.group_id, CASE WHEN j.state <> 'unknown' THEN j.figure END, j.threshold, j.action, j.state FROM judged j
	UNION ALL
	SELECT g.customer_id, g.decision_id, g.rule_no, 'group_limit', g.group_id, g.figure, f.threshold, f.action,
		CASE g.broken WHEN true THEN 'broken' WHEN false THEN 'passed' ELSE 'unknown' END
	FROM grouped g JOIN found f ON f.customer_id = g.customer_id AND f.decision_id = g.decision_id AND f.rule_no = g.rule_no
	UNION ALL
	SELECT f.customer_id, f.decision_id, f.rule_no, 'group_limit', NULL, NULL, f.threshold, f.action, 'unknown' FROM found f WHERE f.speaks_for_groups IS NOT FALSE AND NOT f.groups_known
	UNION ALL
	SELECT c.customer_id, c.decision_id, c.rule_no, c.kind, NULL, NULL, c.threshold, c.action, 'spared' FROM counting c WHERE c.spared;
END $$;
COMMENT ON FUNCTION replay_rules(jsonb, date, date, boolean) IS 'What each rule of a policy would have found in each order decided from p_from to p_to: broken, passed, skipped (nothing to measure), spared (by an exclusion), or unknown. p_recorded false: without what rules in force then found, from records alone. Used by simulate_policy().';
