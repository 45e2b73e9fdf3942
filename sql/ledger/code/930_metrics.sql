-- Metrics of the portfolio over any days and by any group, and their trend.
--
-- One tax basis: balances and sales both include tax.  Balances are net of unapplied credit, which is counted against
-- what is past due first; shares are of debit items alone.  Intercompany customers are left out.  Amounts are in base
-- currency, all at the rates of the last day.

CREATE OR REPLACE FUNCTION require_grouping(p_group_by text, p_value text)
RETURNS void LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	IF p_group_by IS NULL OR p_group_by NOT IN ('all', 'customer', 'group', 'risk_class', 'segment', 'region', 'salesperson', 'collector', 'currency') THEN
		RAISE EXCEPTION 'reports are not grouped by "%"', p_group_by
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Group by all, customer, group, risk_class, segment, region, salesperson, collector or currency.';
	END IF;
	IF p_group_by IN ('segment', 'region', 'salesperson', 'collector') AND p_value IS NOT NULL
		AND NOT EXISTS (SELECT FROM customer_dimension d WHERE d.dimension = p_group_by AND d.value = p_value) THEN
		RAISE EXCEPTION 'there is no % "%"', p_group_by, p_value
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Table customer_dimension lists them; set_dimension() sets one.';
	ELSIF p_group_by = 'risk_class' AND p_value IS NOT NULL AND NOT EXISTS (SELECT FROM customer c WHERE c.risk_class = p_value) THEN
		RAISE EXCEPTION 'there is no risk class "%"', p_value USING ERRCODE = 'invalid_parameter_value', HINT = 'set_risk_class() sets that of a customer.';
	ELSIF p_group_by IN ('customer', 'group') AND p_value IS NOT NULL
		AND (p_value !~ '^-?\d{1,18}$' OR NOT EXISTS (SELECT FROM customer c WHERE c.customer_id = CASE WHEN p_value ~ '^-?\d{1,18}$' THEN p_value::bigint END)) THEN
		RAISE EXCEPTION 'there is no customer "%"', p_value USING ERRCODE = 'invalid_parameter_value', HINT = 'Groups are called by the number of the customer at their top.';
	END IF;
END $$;
COMMENT ON FUNCTION require_grouping(text, text) IS 'Error 22023 unless reports are grouped by that, and some customer has the value, or is it.';

CREATE OR REPLACE FUNCTION report_groups(p_group_by text, p_value text DEFAULT NULL, p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, group_value text)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	value text;
	source text := 'customer c';
BEGIN
	value := CASE WHEN p_group_by IN ('all', 'currency') THEN quote_literal('all') WHEN p_group_by = 'customer' THEN 'c.customer_id::text' WHEN p_group_by = 'risk_class' THEN 'c.risk_class'
		WHEN p_group_by = 'group' THEN 'COALESCE(a.top, c.customer_id)::text' WHEN p_group_by IN ('segment', 'region', 'salesperson', 'collector') THEN 'd.value' END;
	PERFORM require_grouping(p_group_by, p_value);
	IF p_group_by = 'group' THEN
		source := 'customer c LEFT JOIN LATERAL (SELECT t.id AS top FROM ancestors(c.customer_id) WITH ORDINALITY t (id, n) WHERE c.parent_id IS NOT NULL ORDER BY t.n DESC LIMIT 1) a ON true';
	ELSIF p_group_by IN ('segment', 'region', 'salesperson', 'collector') THEN
		source := format('customer c LEFT JOIN customer_dimension d ON d.customer_id = c.customer_id AND d.dimension = %L', p_group_by);
	END IF;
	IF p_customer_id IS NOT NULL AND NOT EXISTS (SELECT FROM customer c WHERE c.customer_id = p_customer_id) THEN
		RAISE EXCEPTION 'there is no customer %', p_customer_id USING ERRCODE = 'foreign_key_violation';
	END IF;
	RETURN QUERY EXECUTE format('SELECT c.customer_id, %1$s FROM %2$s WHERE NOT c.intercompany %3$s %4$s', value, source,
		CASE WHEN p_customer_id IS NOT NULL THEN 'AND c.customer_id = $1' ELSE '' END,
		CASE WHEN p_value IS NOT NULL AND p_group_by NOT IN ('all', 'currency') THEN format('AND %s = $2', value) ELSE '' END)
		USING p_customer_id, p_value;
END $$;
COMMENT ON FUNCTION report_groups(text, text, bigint) IS 'Customers with the value they are grouped by (NULL: they have none), intercompany ones left out. group: the customer at the top. 22023 unless reports are grouped by that, or for a value that no customer has.';

-- Groups are few, and said to be: the guess of a thousand would have a small report compiled.

-- What metrics are made of, per group; "days_" figures are amounts times days.
CREATE OR REPLACE FUNCTION metric_figures(p_from date, p_to date, p_group_by text, p_value text, p_customer_id bigint, p_top integer)
RETURNS TABLE (group_value text, opening numeric, closing numeric, debits numeric, past_due numeric, disputed numeric, sales numeric, write_offs numeric,
	recoveries numeric, paid numeric, days_late numeric, countback numeric, true_dso numeric, true_complete boolean, owed numeric[], top numeric)
LANGUAGE plpgsql STABLE ROWS 20 SET search_path FROM CURRENT AS $$
DECLARE
	one text := CASE WHEN p_customer_id IS NOT NULL THEN 'AND customer_id = $4' ELSE '' END;
	by_currency boolean := p_group_by = 'currency';
BEGIN
	RETURN QUERY EXECUTE format($q$
		WITH members AS MATERIALIZED (SELECT g.customer_id, g.group_value AS grp FROM report_groups($3, $5, $4) g),
		rates AS MATERIALIZED (
			SELECT c.currency, CASE WHEN $7 THEN 1 ELSE fx_rate_on(c.currency, $2) END AS rate
			FROM (SELECT DISTINCT e.currency FROM exposure e WHERE ($5 IS NULL OR NOT $7 OR e.currency = $5) %1$s) c),
		raw AS (
			SELECT a.customer_id, a.currency, 'opening' AS what, NULL::date AS month, a.total AS amount, 0::numeric AS days FROM aging_at($1 - 1, p_customer_id => $4) a
			UNION ALL
			SELECT a.customer_id, a.currency, v.what, NULL, v.amount, 0
			FROM aging_at($2, p_customer_id => $4) a, LATERAL (VALUES ('closing', a.total), ('debits', credit.total(a.aging)), ('past_due', a.past_due)) v (what, amount)
			UNION ALL
			SELECT d.customer_id, d.currency, 'disputed', NULL, d.disputed_amount, 0 FROM disputed_at($2, p_customer_id => $4) d
			UNION ALL
			SELECT d.customer_id, d.currency, 'sales', NULL, sum(CASE d.side WHEN 'debit' THEN d.amount ELSE -d.amount END), 0
			FROM document d WHERE d.posting_date BETWEEN $1 AND $2 AND d.kind IN ('invoice', 'debit_note', 'credit_note') %1$s
			GROUP BY 1, 2
			UNION ALL
			SELECT b.customer_id, b.currency, CASE b.kind WHEN 'write_off' THEN 'write_offs' ELSE 'recoveries' END, NULL, sum(b.amount), 0
			FROM bad_debts b WHERE b.posting_date BETWEEN $1 AND $2 %1$s
			GROUP BY 1, 2, 3
			UNION ALL
			SELECT d.customer_id, d.currency, 'month', date_trunc('month', d.posting_date)::date, sum(CASE d.side WHEN 'debit' THEN d.amount ELSE -d.amount END), 0
			FROM document d WHERE d.posting_date <= $2 AND d.kind IN ('invoice', 'debit_note', 'credit_note') %1$s
			GROUP BY 1, 2, 4
			UNION ALL
			SELECT i.customer_id, i.currency, 'open', date_trunc('month', i.posting_date)::date, sum(i.open_amount), sum(i.open_amount * GREATEST($2 - i.doc_date, 0))
			FROM items_at($2, $4) i WHERE i.open_amount > 0 GROUP BY 1, 2, 4
			UNION ALL
			-- Money counts by the day it came, as in bi_allocations, and on what was sold or charged: a refund or a return is not paid.
			-- What is taken off again takes its days with it, unless these are of another range: that was reported, and none was paid now.
			SELECT a.customer_id, a.currency, 'paid', NULL, sum(a.amount), sum(a.amount * (GREATEST(a.credit_posting_date, a.debit_doc_date) - COALESCE(t.debit_due_date, a.debit_due_date)))
			FROM (SELECT * FROM allocation WHERE applied_on BETWEEN $1 AND $2 AND debit_due_date IS NOT NULL %1$s) a
				JOIN item i ON i.customer_id = a.customer_id AND i.item_id = a.credit_item_id
				JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id AND d.kind IN ('payment', 'deposit', 'set_off') AND d.side = 'credit'
				JOIN item o ON o.customer_id = a.customer_id AND o.item_id = a.debit_item_id
				JOIN document e ON e.customer_id = o.customer_id AND e.document_id = o.document_id
					AND e.kind IN ('invoice', 'debit_note', 'finance_charge', 'fee', 'core_charge', 'adjustment')
				LEFT JOIN allocation t ON t.customer_id = a.customer_id AND t.allocation_id = a.reverses
			WHERE a.reverses IS NULL OR t.applied_on >= $1
			GROUP BY 1, 2),
		facts AS MATERIALIZED (
			-- Of the customers only what each owes is looked at again.
			SELECT CASE WHEN $7 THEN r.currency ELSE m.grp END AS grp, CASE w.what WHEN 'debits' THEN w.customer_id END AS customer_id, w.what, w.month,
				sum(w.amount * r.rate) AS amount, sum(w.days * r.rate) AS days
			FROM raw w JOIN members m ON m.customer_id = w.customer_id JOIN rates r ON r.currency = w.currency
			GROUP BY 1, 2, 3, 4),
		sums AS (
			SELECT f.grp, COALESCE(sum(f.amount) FILTER (WHERE f.what = 'opening'), 0) AS opening,
				COALESCE(sum(f.amount) FILTER (WHERE f.what = 'closing'), 0) AS closing, COALESCE(sum(f.amount) FILTER (WHERE f.what = 'debits'), 0) AS debits,
				COALESCE(sum(f.amount) FILTER (WHERE f.what = 'past_due'), 0) AS past_due, COALESCE(sum(f.amount) FILTER (WHERE f.what = 'disputed'), 0) AS disputed,
				COALESCE(sum(f.amount) FILTER (WHERE f.what = 'sales'), 0) AS sales, COALESCE(sum(f.amount) FILTER (WHERE f.what = 'write_offs'), 0) AS write_offs,
				COALESCE(sum(f.amount) FILTER (WHERE f.what = 'recoveries'), 0) AS recoveries, COALESCE(sum(f.amount) FILTER (WHERE f.what = 'paid'), 0) AS paid,
				COALESCE(sum(f.days) FILTER (WHERE f.what = 'paid'), 0) AS days_late
			FROM facts f GROUP BY f.grp),
		months AS (
			SELECT f.grp, f.month, sum(f.amount) FILTER (WHERE f.what = 'month') AS sold, sum(f.days) FILTER (WHERE f.what = 'open') AS open_days
			FROM facts f WHERE f.month IS NOT NULL GROUP BY f.grp, f.month),
		calendar AS (
			SELECT b.grp, g.month::date AS month, COALESCE(m.sold, 0) AS sold, m.open_days, LEAST((g.month + interval '1 month')::date - 1, $2) - g.month::date + 1 AS days
			FROM (SELECT o.grp, min(o.month) AS first_month FROM months o GROUP BY o.grp) b
				CROSS JOIN LATERAL generate_series(b.first_month::timestamp, date_trunc('month', $2::timestamp), interval '1 month') g (month)
				LEFT JOIN months m ON m.grp IS NOT DISTINCT FROM b.grp AND m.month = g.month::date),
		counted AS (
			SELECT c.grp, array_agg(c.sold ORDER BY c.month DESC) AS sold, array_agg(c.days ORDER BY c.month DESC) AS days,
				-- Each month's own sales; what is open of a month without any is told of by true_complete.
				sum(c.open_days / NULLIF(c.sold, 0)) AS true_dso, bool_and(c.open_days IS NULL OR c.sold > 0) AS true_complete
			FROM calendar c GROUP BY c.grp),
		shares AS (
			SELECT d.grp, array_agg(d.amount ORDER BY d.amount DESC) AS owed, sum(d.amount) FILTER (WHERE d.place <= $6) AS top
			FROM (SELECT f.grp, f.amount, row_number() OVER (PARTITION BY f.grp ORDER BY f.amount DESC) AS place
				FROM (SELECT n.grp, n.customer_id, sum(n.amount) AS amount FROM facts n WHERE n.what = 'debits' GROUP BY 1, 2) f WHERE f.amount > 0) d
			GROUP BY d.grp)
		SELECT s.grp, s.opening, s.closing, s.debits, s.past_due, s.disputed, s.sales, s.write_offs, s.recoveries, s.paid, s.days_late,
			credit.dso_countback(s.closing, c.sold, c.days), c.true_dso, c.true_complete, h.owed, h.top
		FROM sums s
			LEFT JOIN counted c ON c.grp IS NOT DISTINCT FROM s.grp
			LEFT JOIN shares h ON h.grp IS NOT DISTINCT FROM s.grp$q$, one)
		USING p_from, p_to, p_group_by, p_customer_id, p_value, p_top, by_currency;
END $$;
COMMENT ON FUNCTION metric_figures(date, date, text, text, bigint, integer) IS 'The figures that metrics() divides by each other, per group.';

CREATE OR REPLACE FUNCTION receipts_matched(p_from date, p_to date, p_group_by text, p_value text, p_customer_id bigint)
RETURNS TABLE (group_value text, receipts bigint, by_rule bigint)
LANGUAGE plpgsql STABLE ROWS 20 SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT CASE WHEN p_group_by = 'currency' THEN b.currency WHEN p_group_by = 'all' THEN 'all' ELSE g.group_value END, count(*), count(*) FILTER (WHERE NOT m.by_person)
		FROM bank_receipt b
			LEFT JOIN cash_match m ON m.bank_receipt_id = b.bank_receipt_id AND m.status = 'applied'
			LEFT JOIN report_groups(p_group_by, p_value, p_customer_id) g ON g.customer_id = m.customer_id
		WHERE b.credit_debit = 'credit' AND NOT b.reversal AND b.amount > 0 AND b.duplicate_of IS NULL AND b.booking_date BETWEEN p_from AND p_to
			-- Receipts that nobody is known to have paid are nobody's group.
			AND (g.customer_id IS NOT NULL OR (p_group_by IN ('all', 'currency') AND p_customer_id IS NULL AND m.customer_id IS NULL))
			AND (p_group_by <> 'currency' OR p_value IS NULL OR b.currency = p_value)
		GROUP BY 1;
END $$;
COMMENT ON FUNCTION receipts_matched(date, date, text, text, bigint) IS 'Receipts of the bank booked in these days, and how many of them rules applied, per group.';

CREATE OR REPLACE FUNCTION promises_judged(p_from date, p_to date, p_group_by text, p_value text, p_customer_id bigint)
RETURNS TABLE (group_value text, promises bigint, kept bigint)
LANGUAGE plpgsql STABLE ROWS 20 SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT CASE WHEN p_group_by = 'currency' THEN p.currency ELSE g.group_value END, count(*), count(*) FILTER (WHERE p.state = 'kept')
		FROM promise p JOIN report_groups(p_group_by, p_value, p_customer_id) g ON g.customer_id = p.customer_id
		WHERE p.due_on BETWEEN p_from AND p_to AND p.state IN ('kept', 'partly_kept', 'broken') AND p.replaced_by IS NULL AND (p_group_by <> 'currency' OR p_value IS NULL OR p.currency = p_value)
		GROUP BY 1;
END $$;
COMMENT ON FUNCTION promises_judged(date, date, text, text, bigint) IS 'Promises that were due in these days and have been judged, and how many of them were kept, per group.';

CREATE OR REPLACE FUNCTION metrics(p_from date, p_to date, p_group_by text DEFAULT 'all', p_value text DEFAULT NULL, p_customer_id bigint DEFAULT NULL, p_top integer DEFAULT 10)
RETURNS TABLE (group_value text, metric text, value numeric, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	minor integer := credit.minor_unit(COALESCE(CASE WHEN p_group_by = 'currency' THEN p_value END, (SELECT l.base_currency FROM ledger_info l)));
BEGIN
	IF p_from IS NULL OR p_to IS NULL OR NOT isfinite(p_from) OR NOT isfinite(p_to) OR p_to < p_from THEN
		RAISE EXCEPTION 'metrics are of impossible days'
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('They are from %s to %s.', COALESCE(p_from::text, 'null'), COALESCE(p_to::text, 'null'));
	END IF;
	IF p_top IS NULL OR p_top < 1 THEN
		RAISE EXCEPTION 'number of the largest debtors must be positive' USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', COALESCE(p_top::text, 'null'));
	END IF;
	RETURN QUERY
		SELECT f.group_value, v.name, v.result, CASE WHEN v.result IS NULL THEN v.missing END
		FROM metric_figures(p_from, p_to, p_group_by, p_value, p_customer_id, p_top) f
			LEFT JOIN receipts_matched(p_from, p_to, p_group_by, p_value, p_customer_id) r ON r.group_value IS NOT DISTINCT FROM f.group_value
			LEFT JOIN promises_judged(p_from, p_to, p_group_by, p_value, p_customer_id) k ON k.group_value IS NOT DISTINCT FROM f.group_value,
			LATERAL (SELECT p_to - p_from + 1 AS days, f.debits - f.past_due AS not_due, GREATEST(LEAST(f.debits - f.past_due, f.closing), 0) AS best) n,
			LATERAL (VALUES
				(1, 'opening_balance', round(f.opening, minor), NULL),
				(2, 'sales', round(f.sales, minor), NULL),
				(3, 'closing_balance', round(f.closing, minor), NULL),
				(4, 'dso', credit.dso(f.closing, f.sales, n.days), 'no sales in these days'),
				(5, 'dso_countback', f.countback, 'more is owed than all sales until then'),
				(6, 'dso_true', CASE WHEN f.true_complete THEN round(COALESCE(f.true_dso, 0), 2) END, 'something is open of a month without sales'),
				(7, 'best_possible_dso', credit.best_possible_dso(n.best, f.sales, n.days), 'no sales in these days'),
				(8, 'average_days_delinquent', credit.average_days_delinquent(f.closing, n.best, f.sales, n.days), 'no sales in these days'),
				(9, 'collection_effectiveness', credit.collection_effectiveness(f.opening, f.sales, f.closing, n.best), 'nothing was to be collected'),
				(10, 'receivables_turnover', credit.receivables_turnover(f.sales, f.opening, f.closing), 'no receivables'),
				(11, 'collection_period', round(n.days * (f.opening + f.closing) / NULLIF(2 * f.sales, 0), 2), 'no sales in these days'),
				(12, 'bad_debt_gross', credit.bad_debt_ratio(f.write_offs, f.sales), 'no sales in these days'),
				(13, 'bad_debt_net', credit.bad_debt_ratio(f.write_offs, f.sales, f.recoveries), 'no sales in these days'),
				(14, 'percent_current', round(100 * n.not_due / NULLIF(f.debits, 0), 2), 'no receivables'),
				(15, 'days_late', round(f.days_late / NULLIF(f.paid, 0), 2), 'no payments in these days'),
				(16, 'disputed_share', round(100 * f.disputed / NULLIF(f.debits, 0), 2), 'no receivables'),
				(17, 'concentration', credit.concentration(f.owed), 'no receivables'),
				(18, 'top_share', round(100 * f.top / NULLIF(f.debits, 0), 2), 'no receivables'),
				(19, 'auto_match_rate', round(100.0 * r.by_rule / NULLIF(r.receipts, 0), 2), 'no receipts in these days'),
				(20, 'promise_kept_rate', round(100.0 * k.kept / NULLIF(k.promises, 0), 2), 'no promises that were due in these days')) v (place, name, result, missing)
		ORDER BY f.group_value NULLS LAST, v.place;
END $$;
COMMENT ON FUNCTION metrics(date, date, text, text, bigint, integer) IS 'Metrics over the days from p_from to p_to, by p_group_by: all, customer, group, risk_class, segment, region, salesperson, collector or currency (group_value NULL: customers that have none). p_value: one group only; p_customer_id: one customer only; p_top: debtors in top_share. Amounts in base currency at the rates of p_to, by currency in that. Balances and sales include tax; balances are net of unapplied credit, counted against what is past due first. Intercompany customers are left out. A metric that would be divided by zero is NULL, with the reason.';

CREATE OR REPLACE FUNCTION metrics_by_month(p_from date, p_to date, p_group_by text DEFAULT 'all', p_value text DEFAULT NULL, p_customer_id bigint DEFAULT NULL,
	p_top integer DEFAULT 10)
RETURNS TABLE (month date, group_value text, metric text, value numeric, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	today date := ledger_today();
BEGIN
	IF p_from IS NULL OR p_to IS NULL OR NOT isfinite(p_from) OR NOT isfinite(p_to) OR p_to < p_from THEN
		RAISE EXCEPTION 'metrics are of impossible days'
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('They are from %s to %s.', COALESCE(p_from::text, 'null'), COALESCE(p_to::text, 'null'));
	END IF;
	RETURN QUERY
		SELECT g.month::date, m.group_value, m.metric, m.value, m.reason
		-- A month that is not over yet has as many days as have passed.
		FROM generate_series(date_trunc('month', p_from::timestamp), date_trunc('month', LEAST(p_to, today)::timestamp), interval '1 month') g (month),
			LATERAL metrics(g.month::date, LEAST((g.month + interval '1 month')::date - 1, today), p_group_by, p_value, p_customer_id, p_top) m;
END $$;
COMMENT ON FUNCTION metrics_by_month(date, date, text, text, bigint, integer) IS 'metrics() of each calendar month from that of p_from to that of p_to; the running month ends today.';
