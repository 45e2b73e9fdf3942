-- Orders of the past under other rules, and what became of them.

-- An invoice belongs to the order it names; one that names none, to the customer's last order up to p_window_days before
-- that no invoice names.  So each invoice counts once.
CREATE OR REPLACE FUNCTION order_fates(p_late_days integer, p_window_days integer)
RETURNS TABLE (customer_id bigint, source text, order_id text, linked_by text, invoiced numeric, open_amount numeric,
	overdue numeric, paid_late numeric, written_off numeric, days_late integer)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	minor integer := credit.minor_unit((SELECT l.base_currency FROM ledger_info l));
	zone text := (SELECT l.time_zone FROM ledger_info l);
	today date := ledger_today();
BEGIN
	RETURN QUERY
	WITH invoices AS MATERIALIZED (
		SELECT d.customer_id, d.document_id, d.order_id, d.posting_date FROM document d
		WHERE d.kind = 'invoice' AND d.side = 'debit' AND d.reverses IS NULL
			AND NOT EXISTS (SELECT FROM document v WHERE v.customer_id = d.customer_id AND v.reverses = d.document_id)),
	orders AS MATERIALIZED (
		SELECT o.*, i.order_id IS NOT NULL AS named,
			row_number() OVER (PARTITION BY o.customer_id ORDER BY o.on_day, o.first_decision) AS n
		FROM (SELECT d.customer_id, d.source, d.order_id, (min(d.decided_at) AT TIME ZONE zone)::date AS on_day, min(d.decision_id) AS first_decision
			FROM decision d WHERE d.order_id IS NOT NULL AND d.source NOT IN ('check_credit', 'check_credit: shipment')
			GROUP BY d.customer_id, d.source, d.order_id) o
			LEFT JOIN (SELECT DISTINCT n.customer_id, n.order_id FROM invoices n) i ON i.customer_id = o.customer_id AND i.order_id = o.order_id),
	-- The last order up to the day of each invoice
	followed AS (
		SELECT e.customer_id, e.document_id, e.on_day, max(e.n) OVER (PARTITION BY e.customer_id ORDER BY e.on_day, e.document_id IS NOT NULL
			ROWS UNBOUNDED PRECEDING) AS n
		FROM (SELECT o.customer_id, NULL::bigint AS document_id, o.on_day, o.n FROM orders o WHERE NOT o.named
			UNION ALL SELECT i.customer_id, i.document_id, i.posting_date, NULL FROM invoices i WHERE i.order_id IS NULL) e),
	linked AS MATERIALIZED (
		SELECT o.customer_id, o.source, o.order_id, 'order' AS linked_by, i.document_id
		FROM orders o JOIN invoices i ON i.customer_id = o.customer_id AND i.order_id = o.order_id
		UNION ALL
		SELECT o.customer_id, o.source, o.order_id, 'window', f.document_id
		FROM followed f JOIN orders o ON o.customer_id = f.customer_id AND o.n = f.n
		WHERE f.document_id IS NOT NULL AND f.on_day - o.on_day <= p_window_days),
	-- What is applied and stands, on the day the money came.  A write-off granted to a payment is a small difference, not a loss.
	settled AS (
		SELECT a.customer_id, a.debit_item_id,
			sum(a.amount) FILTER (WHERE c.kind IN ('payment', 'deposit') AND c.posting_date > i.due_date + p_late_days) AS late,
			sum(a.amount) FILTER (WHERE c.kind = 'write_off' AND c.source_document_id IS NULL) AS lost,
			max(c.posting_date - i.due_date) FILTER (WHERE c.kind IN ('payment', 'deposit')) AS days
		FROM allocation a JOIN item i ON i.customer_id = a.customer_id AND i.item_id = a.debit_item_id
			JOIN item p ON p.customer_id = a.customer_id AND p.item_id = a.credit_item_id
			JOIN document c ON c.customer_id = p.customer_id AND c.document_id = p.document_id
		WHERE a.reverses IS NULL AND NOT EXISTS (SELECT FROM allocation r WHERE r.customer_id = a.customer_id AND r.reverses = a.allocation_id)
		GROUP BY a.customer_id, a.debit_item_id)
	SELECT l.customer_id, l.source, l.order_id, min(l.linked_by), sum(round(i.amount * b.rate, minor)), sum(round(i.open_amount * b.rate, minor)),
		sum(CASE WHEN i.due_date + p_late_days < today THEN round(i.open_amount * b.rate, minor) ELSE round(0::numeric, minor) END),
		sum(round(COALESCE(s.late, 0) * b.rate, minor)), sum(round(COALESCE(s.lost, 0) * b.rate, minor)),
		GREATEST(max(s.days), max(CASE WHEN i.open_amount > 0 THEN today - i.due_date END), 0)
	FROM linked l JOIN item i ON i.customer_id = l.customer_id AND i.document_id = l.document_id
		LEFT JOIN settled s ON s.customer_id = i.customer_id AND s.debit_item_id = i.item_id,
		LATERAL (SELECT COALESCE(i.base_amount / i.amount, 1) AS rate) b
	GROUP BY l.customer_id, l.source, l.order_id;
END $$;
COMMENT ON FUNCTION order_fates(integer, integer) IS 'What became of the invoices of each order, in base currency at the rates they were booked at. Used by simulate_policy().';

CREATE OR REPLACE FUNCTION simulate_policy(p_rules jsonb DEFAULT NULL, p_from date DEFAULT NULL, p_to date DEFAULT NULL,
	p_late_days integer DEFAULT 0, p_window_days integer DEFAULT 90)
RETURNS TABLE (decision_id bigint, customer_id bigint, source text, order_id text, decided_at timestamptz, amount numeric, currency text,
	outcome_then text, outcome_simulated text, rule_no integer, kind text, group_id bigint, figure numeric, threshold numeric, unknown text[],
	linked_by text, invoiced numeric, open_amount numeric, overdue numeric, paid_late numeric, written_off numeric, days_late integer, later text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	outcomes text[] := ARRAY['approve', 'warn', 'hold', 'reject'];
BEGIN
	IF NOT isfinite(p_from) OR NOT isfinite(p_to) OR p_to < p_from THEN
		RAISE EXCEPTION 'days to simulate are impossible'
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('They are from %s to %s.', p_from, p_to), HINT = 'NULL is without beginning or end.';
	END IF;
	IF COALESCE(p_late_days, -1) NOT BETWEEN 0 AND 3660 OR COALESCE(p_window_days, -1) NOT BETWEEN 0 AND 3660 THEN
		RAISE EXCEPTION 'p_late_days and p_window_days must be 0 to 3660'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('They are %s and %s.', COALESCE(p_late_days::text, 'null'), COALESCE(p_window_days::text, 'null'));
	END IF;
	-- Refused also where there is nothing to replay.
	PERFORM FROM policy_rules(COALESCE(p_rules, current_policy()));
	RETURN QUERY
	WITH found AS MATERIALIZED (
		SELECT r.*, array_position(outcomes, r.action) AS severity FROM replay_rules(COALESCE(p_rules, current_policy()), p_from, p_to) r),
	summed AS (
		SELECT f.customer_id, f.decision_id, COALESCE(max(f.severity) FILTER (WHERE f.state = 'broken'), 1) AS broken,
			max(f.severity) FILTER (WHERE f.state = 'unknown') AS unknown, bool_or(f.state IN ('broken', 'passed', 'spared')) AS evaluated,
			-- What no release of the order overrides
			COALESCE(max(f.severity) FILTER (WHERE f.state = 'broken' AND f.kind IN ('manual_hold', 'customer_status')), 1) AS broken_apart,
			COALESCE(max(f.severity) FILTER (WHERE f.state = 'unknown' AND f.kind IN ('manual_hold', 'customer_status')), 1) AS unknown_apart,
			array_agg(DISTINCT f.kind) FILTER (WHERE f.state = 'unknown') AS kinds
		FROM found f GROUP BY f.customer_id, f.decision_id),
	-- The first rule of the strictest action decides; group limits come before the customer's own.
	decisive AS (
		SELECT DISTINCT ON (f.customer_id, f.decision_id) f.* FROM found f WHERE f.state = 'broken'
		ORDER BY f.customer_id, f.decision_id, f.severity DESC, f.rule_no, f.kind = 'group_limit' DESC, f.group_id)
	SELECT d.decision_id, d.customer_id, d.source, d.order_id, d.decided_at, d.amount, d.currency, d.outcome,
		-- What a person released then passes again.  Where nothing is evaluated there is no approval.
		CASE WHEN s.broken >= 3 AND s.broken_apart < 3 AND s.unknown_apart < 3 AND d.checks @? '$[*] ? (@.kind == "order_release")' THEN 'warn'
			WHEN s.unknown > s.broken THEN 'unknown' WHEN s.evaluated OR s.unknown IS NOT NULL THEN outcomes[s.broken] ELSE 'hold' END,
		x.rule_no, CASE WHEN x.kind IN ('limit_use', 'horizon_use') AND d.limit_amount IS NULL THEN 'limit_missing'
			WHEN s.evaluated OR s.unknown IS NOT NULL THEN x.kind ELSE 'none' END, x.group_id, x.figure, x.threshold, COALESCE(s.kinds, '{}'),
		f.linked_by, f.invoiced, f.open_amount, f.overdue, f.paid_late, f.written_off, f.days_late,
		CASE WHEN f.invoiced IS NULL THEN 'unknown' WHEN f.written_off > 0 THEN 'lost' WHEN f.overdue > 0 THEN 'overdue' WHEN f.paid_late > 0 THEN 'late'
			WHEN f.open_amount > 0 THEN 'open' ELSE 'paid' END
	FROM order_decisions(p_from, p_to) d
		LEFT JOIN summed s ON s.customer_id = d.customer_id AND s.decision_id = d.decision_id
		LEFT JOIN decisive x ON x.customer_id = d.customer_id AND x.decision_id = d.decision_id
		LEFT JOIN order_fates(p_late_days, p_window_days) f ON f.customer_id = d.customer_id AND f.source = d.source AND f.order_id = d.order_id;
END $$;
COMMENT ON FUNCTION simulate_policy(jsonb, date, date, integer, integer) IS 'What the rules of a policy (default those in force) would have decided on the orders decided from p_from to p_to, with the figures known then, and which rule decides; unknown where a rule that might be stricter needs a figure that nobody recorded. And what became of the order''s invoices, or where no invoice names it of those posted up to p_window_days after it: later is paid, open, late (paid more than p_late_days after the due date), overdue, lost (written off) or unknown. Changes nothing.';

CREATE OR REPLACE FUNCTION simulate_policy_summary(p_rules jsonb DEFAULT NULL, p_from date DEFAULT NULL, p_to date DEFAULT NULL,
	p_late_days integer DEFAULT 0, p_window_days integer DEFAULT 90,
	OUT orders bigint, OUT amount numeric, OUT unknown bigint, OUT held_then bigint, OUT held_then_amount numeric, OUT held bigint, OUT held_amount numeric,
	OUT newly_held bigint, OUT newly_passed bigint, OUT held_bad bigint, OUT held_bad_amount numeric, OUT held_good bigint, OUT held_good_amount numeric,
	OUT passed_bad bigint, OUT passed_bad_amount numeric, OUT passed_good bigint, OUT passed_good_amount numeric,
	OUT loss_caught numeric, OUT loss_missed numeric, OUT currency text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	nothing numeric;
BEGIN
	currency := (SELECT l.base_currency FROM ledger_info l);
	nothing := round(0::numeric, credit.minor_unit(currency));
	-- An order decided on several times is held if one of them says so, and counts with its largest amount.
	SELECT count(*), COALESCE(sum(o.amount), nothing), count(*) FILTER (WHERE o.is_held IS NULL),
		count(*) FILTER (WHERE o.was_held), COALESCE(sum(o.amount) FILTER (WHERE o.was_held), nothing),
		count(*) FILTER (WHERE o.is_held), COALESCE(sum(o.amount) FILTER (WHERE o.is_held), nothing),
		count(*) FILTER (WHERE o.is_held AND NOT o.was_held), count(*) FILTER (WHERE NOT o.is_held AND o.was_held),
		count(*) FILTER (WHERE o.is_held AND o.bad), COALESCE(sum(o.amount) FILTER (WHERE o.is_held AND o.bad), nothing),
		count(*) FILTER (WHERE o.is_held AND o.good), COALESCE(sum(o.amount) FILTER (WHERE o.is_held AND o.good), nothing),
		count(*) FILTER (WHERE NOT o.is_held AND o.bad), COALESCE(sum(o.amount) FILTER (WHERE NOT o.is_held AND o.bad), nothing),
		count(*) FILTER (WHERE NOT o.is_held AND o.good), COALESCE(sum(o.amount) FILTER (WHERE NOT o.is_held AND o.good), nothing),
		COALESCE(sum(o.loss) FILTER (WHERE o.is_held), nothing), COALESCE(sum(o.loss) FILTER (WHERE NOT o.is_held), nothing)
	INTO orders, amount, unknown, held_then, held_then_amount, held, held_amount, newly_held, newly_passed, held_bad, held_bad_amount, held_good, held_good_amount,
		passed_bad, passed_bad_amount, passed_good, passed_good_amount, loss_caught, loss_missed
	FROM (SELECT max(s.amount) AS amount, bool_or(s.outcome_then IN ('hold', 'reject')) AS was_held,
			CASE WHEN bool_or(s.outcome_simulated IN ('hold', 'reject')) THEN true WHEN bool_or(s.outcome_simulated = 'unknown') THEN NULL ELSE false END AS is_held,
			min(s.later) IN ('late', 'overdue', 'lost') AS bad, min(s.later) = 'paid' AS good, min(s.overdue + s.written_off) AS loss
		FROM simulate_policy(p_rules, p_from, p_to, p_late_days, p_window_days) s
		GROUP BY s.customer_id, s.source, COALESCE(s.order_id, 'decision ' || s.decision_id)) o;
END $$;
COMMENT ON FUNCTION simulate_policy_summary(jsonb, date, date, integer, integer) IS 'simulate_policy() in one row, by orders: how many were held then and would have been held; of these how many turned out bad (late, overdue or lost) or good (paid in time: false alarms), likewise of those that pass; and what is overdue or lost of both. Neither where that is not known yet, or the outcome is not.';
