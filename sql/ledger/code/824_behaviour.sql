-- How customers pay us: from the ledger itself, as of any day and as known then.

-- Money counts from the day it came, not from the day somebody applied it, and never before the invoice was written.
CREATE OR REPLACE FUNCTION behaviour_at(p_as_of date, p_known_at timestamptz DEFAULT NULL, p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, first_sale_on date, months_since_first_sale integer, invoiced numeric, paid numeric, items_paid bigint,
	days_late numeric, days_late_weighted numeric, days_late_recent numeric, days_late_before numeric, days_late_trend numeric, payment_index numeric,
	returned_payments bigint, broken_promises integer, discount_share numeric, dilution numeric,
	disputes bigint, disputes_rejected bigint, dispute_share numeric, dispute_share_recent numeric, dispute_share_before numeric,
	balance numeric, past_due numeric, past_due_share numeric, oldest_bucket integer, disputed numeric, limit_amount numeric, utilisation numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	buckets text := (SELECT quote_literal(l.aging_buckets::text) || '::credit.aging_buckets' FROM ledger_info l);
	known timestamptz := COALESCE(p_known_at, end_of_day(p_as_of));
	one text := CASE WHEN p_customer_id IS NULL THEN '' ELSE format('AND %%1$s.customer_id = %s', p_customer_id) END;
	one_customer text := CASE WHEN p_customer_id IS NOT NULL THEN p_customer_id::text END;
	-- Nothing can have been recorded later: open items are enough, and nothing has to be rolled back.
	of_now boolean := p_as_of >= ledger_today() AND known >= statement_timestamp();
	aging text := CASE WHEN of_now THEN aging_query('$1', 'due_date', buckets, one_customer)
		ELSE aging_known_query('$1', 'due_date', buckets, '$2', NULL, one_customer) END;
	disputes_query text := disputed_query('$1', CASE WHEN NOT of_now THEN '$2' END, one_customer);
BEGIN
	PERFORM require_as_of(p_as_of);
	RETURN QUERY EXECUTE format($q$
		WITH paid AS MATERIALIZED (
			SELECT a.customer_id, a.debit_item_id, a.credit_posting_date AS paid_on,
				GREATEST(a.credit_posting_date, a.debit_doc_date) - a.debit_due_date AS days, sum(COALESCE(x.debit_base, a.amount)) AS amount
			FROM allocation a
				JOIN item i ON i.customer_id = a.customer_id AND i.item_id = a.credit_item_id
				JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
				JOIN item o ON o.customer_id = a.customer_id AND o.item_id = a.debit_item_id
				JOIN document e ON e.customer_id = o.customer_id AND e.document_id = o.document_id
				LEFT JOIN exchange_difference x ON a.currency <> $3 AND x.customer_id = a.customer_id AND x.allocation_id = a.allocation_id
			WHERE a.credit_posting_date > $1 - 365 AND a.applied_on <= $1 AND a.recorded_at <= $2 AND a.debit_due_date IS NOT NULL
				-- A payment that came back, or was refunded, paid nothing.
				AND d.kind IN ('payment', 'deposit', 'set_off') AND e.kind IN ('invoice', 'debit_note', 'finance_charge', 'fee', 'core_charge', 'adjustment') %1$s
			GROUP BY 1, 2, 3, 4
			-- What was reversed was not paid.
			HAVING sum(a.amount) > 0),
		pay AS (
			SELECT p.customer_id, sum(p.amount) AS paid, sum(p.amount * p.days) / NULLIF(sum(p.amount), 0) AS weighted,
				sum(p.amount * p.days) FILTER (WHERE p.paid_on > $1 - 90) / NULLIF(sum(p.amount) FILTER (WHERE p.paid_on > $1 - 90), 0) AS recent,
				sum(p.amount * p.days) FILTER (WHERE p.paid_on <= $1 - 90) / NULLIF(sum(p.amount) FILTER (WHERE p.paid_on <= $1 - 90), 0) AS before,
				credit.payment_index(p.amount, p.days) AS payment_index
			FROM paid p GROUP BY p.customer_id),
		per_item AS (
			SELECT i.customer_id, count(*) AS items, avg(i.days) AS days
			FROM (SELECT p.customer_id, p.debit_item_id, sum(p.amount * p.days) / NULLIF(sum(p.amount), 0) AS days FROM paid p GROUP BY 1, 2) i
			GROUP BY i.customer_id),
		docs AS (
			SELECT d.customer_id, min(d.posting_date) FILTER (WHERE d.kind = 'invoice') AS first_sale,
				sum(v.amount) FILTER (WHERE d.kind = 'invoice' AND d.posting_date > $1 - 365) AS invoiced,
				sum(v.amount) FILTER (WHERE d.kind = 'invoice' AND d.posting_date > $1 - 90) AS invoiced_recent,
				-sum(v.amount) FILTER (WHERE d.kind = 'credit_note' AND d.posting_date > $1 - 365) AS credited,
				count(*) FILTER (WHERE d.kind = 'returned_payment' AND d.posting_date > $1 - 365) AS returned,
				sum(CASE d.side WHEN 'credit' THEN 1 ELSE -1 END) FILTER (WHERE d.kind = 'discount' AND d.posting_date > $1 - 365) AS discounts
			FROM document d, LATERAL (SELECT CASE d.side WHEN 'debit' THEN 1 ELSE -1 END * CASE WHEN d.currency = $3 THEN d.amount ELSE d.base_amount END AS amount) v
			WHERE d.kind IN ('invoice', 'credit_note', 'returned_payment', 'discount') AND d.posting_date <= $1 AND d.recorded_at <= $2 %2$s
			GROUP BY d.customer_id),
		aged AS (
			SELECT q.customer_id, sum(CASE WHEN q.currency = $3 THEN v.total ELSE convert(v.total, q.currency, $3, $1) END) AS balance,
				sum(CASE WHEN q.currency = $3 THEN v.past_due ELSE convert(v.past_due, q.currency, $3, $1) END) AS past_due,
				sum(CASE WHEN q.currency = $3 THEN v.owed ELSE convert(v.owed, q.currency, $3, $1) END) AS owed,
				max(credit.oldest(q.aging)) AS oldest
			FROM (%3$s) q, LATERAL (SELECT credit.total(q.aging) + q.unapplied AS total, credit.past_due(q.aging) AS past_due, credit.total(q.aging) AS owed) v
			GROUP BY q.customer_id),
		quarrels AS (
			SELECT d.customer_id, count(*) AS opened, sum(v.amount) AS amount, COALESCE(sum(v.amount) FILTER (WHERE d.opened_on > $1 - 90), 0) AS recent,
				count(*) FILTER (WHERE EXISTS (SELECT FROM dispute_event e WHERE e.customer_id = d.customer_id AND e.dispute_id = d.dispute_id
					AND e.state = 'rejected' AND e.happened_on <= $1 AND e.recorded_at <= $2)) AS rejected
			FROM dispute d, LATERAL (SELECT CASE WHEN d.currency = $3 THEN d.amount ELSE convert(d.amount, d.currency, $3, $1) END AS amount) v
			WHERE d.opened_on > $1 - 365 AND d.opened_on <= $1 AND d.recorded_at <= $2 %2$s
			GROUP BY d.customer_id),
		disputed AS (
			SELECT q.customer_id, sum(CASE WHEN q.currency = $3 THEN q.disputed_amount ELSE convert(q.disputed_amount, q.currency, $3, $1) END) AS amount
			FROM (%7$s) q GROUP BY q.customer_id),
		-- The limit as known then: of each kind the one that started last.
		limits AS (
			SELECT l.customer_id, CASE WHEN bool_or(l.replaces_own) THEN sum(l.amount) FILTER (WHERE l.replaces_own) ELSE sum(l.amount) END AS amount
			FROM (SELECT DISTINCT ON (c.customer_id, c.kind) c.customer_id, c.replaces_own, c.valid_to,
					CASE WHEN c.currency = $3 THEN c.amount ELSE convert(c.amount, c.currency, $3, $1) END AS amount
				FROM credit_limit c WHERE c.kind IN ('own', 'temporary') AND c.valid_from <= $1 AND c.set_at <= $2 %4$s
				ORDER BY c.customer_id, c.kind, c.valid_from DESC, c.credit_limit_id DESC) l
			WHERE COALESCE(l.valid_to, 'infinity') >= $1 GROUP BY l.customer_id),
		promises AS (
			SELECT DISTINCT ON (f.customer_id) f.customer_id, f.value FROM risk_figure f
			WHERE f.figure = 'broken_promises' AND f.valid_from <= $1 AND f.recorded_at <= $2 %5$s
			ORDER BY f.customer_id, f.valid_from DESC, f.risk_figure_id DESC)
		SELECT c.customer_id, d.first_sale, (extract(year FROM age($1, d.first_sale)) * 12 + extract(month FROM age($1, d.first_sale)))::integer,
			COALESCE(d.invoiced, 0), COALESCE(p.paid, 0), COALESCE(i.items, 0), round(i.days, 2), round(p.weighted, 2), round(p.recent, 2), round(p.before, 2),
			round(p.recent, 2) - round(p.before, 2), p.payment_index, COALESCE(d.returned, 0), COALESCE(b.value, 0)::integer,
			CASE WHEN i.items > 0 THEN round(LEAST(GREATEST(COALESCE(d.discounts, 0), 0)::numeric / i.items, 1), 4) END,
			CASE WHEN d.invoiced > 0 THEN round(COALESCE(d.credited, 0) / d.invoiced, 4) END,
			COALESCE(s.opened, 0), COALESCE(s.rejected, 0), CASE WHEN d.invoiced > 0 THEN round(COALESCE(s.amount, 0) / d.invoiced, 4) END,
			-- Who buys nothing any more may still dispute what it bought.
			CASE WHEN d.invoiced > 0 THEN round(COALESCE(s.recent, 0) / CASE WHEN d.invoiced_recent > 0 THEN d.invoiced_recent ELSE d.invoiced END, 4) END,
			CASE WHEN d.invoiced > GREATEST(d.invoiced_recent, 0) THEN round(COALESCE(s.amount - s.recent, 0) / (d.invoiced - GREATEST(d.invoiced_recent, 0)), 4) END,
			COALESCE(a.balance, 0), COALESCE(a.past_due, 0), CASE WHEN a.owed > 0 THEN round(a.past_due / a.owed, 4) END, a.oldest,
			COALESCE(q.amount, 0), l.amount, CASE WHEN l.amount > 0 THEN round(GREATEST(COALESCE(a.balance, 0), 0) / l.amount, 4) END
		FROM customer c
			LEFT JOIN docs d ON d.customer_id = c.customer_id
			LEFT JOIN pay p ON p.customer_id = c.customer_id
			LEFT JOIN per_item i ON i.customer_id = c.customer_id
			LEFT JOIN aged a ON a.customer_id = c.customer_id
			LEFT JOIN quarrels s ON s.customer_id = c.customer_id
			LEFT JOIN disputed q ON q.customer_id = c.customer_id
			LEFT JOIN limits l ON l.customer_id = c.customer_id
			LEFT JOIN promises b ON b.customer_id = c.customer_id
		WHERE c.created_at <= $2 %6$s$q$,
		format(one, 'a'), format(one, 'd'), aging, format(one, 'c'), format(one, 'f'), format(one, 'c'), disputes_query)
		USING p_as_of, known, base;
END $$;
COMMENT ON FUNCTION behaviour_at(date, timestamptz, bigint) IS 'How customers pay us, in the year up to p_as_of, as recorded by p_known_at (default the end of that day); of all customers or one, in base currency at the rates of p_as_of. Columns as in view internal_behaviour.';

CREATE OR REPLACE VIEW internal_behaviour AS
SELECT b.customer_id, c.name AS customer_name, b.first_sale_on, b.months_since_first_sale, b.invoiced, b.paid, b.items_paid, b.days_late, b.days_late_weighted,
	b.days_late_recent, b.days_late_before, b.days_late_trend, b.payment_index, b.returned_payments, b.broken_promises, b.discount_share, b.dilution,
	b.disputes, b.disputes_rejected, b.dispute_share, b.dispute_share_recent, b.dispute_share_before,
	b.balance, b.past_due, b.past_due_share, b.oldest_bucket, b.disputed, b.limit_amount, b.utilisation
FROM ledger_info l, LATERAL behaviour_at((statement_timestamp() AT TIME ZONE l.time_zone)::date) b JOIN customer c ON c.customer_id = b.customer_id;
COMMENT ON VIEW internal_behaviour IS 'How customers pay us, from the ledger itself: the year up to today, in base currency. Of one customer behaviour_at() is faster.';
COMMENT ON COLUMN internal_behaviour.customer_id IS 'The debtor.';
COMMENT ON COLUMN internal_behaviour.customer_name IS 'Its name.';
COMMENT ON COLUMN internal_behaviour.first_sale_on IS 'Posting date of its first invoice.';
COMMENT ON COLUMN internal_behaviour.months_since_first_sale IS 'Whole months since.';
COMMENT ON COLUMN internal_behaviour.invoiced IS 'Invoices of the year, less those voided.';
COMMENT ON COLUMN internal_behaviour.paid IS 'What payments of the year were applied to dated items.';
COMMENT ON COLUMN internal_behaviour.items_paid IS 'Items they were applied to.';
COMMENT ON COLUMN internal_behaviour.days_late IS 'Average days between due date and payment, each item counted alike; negative: early.';
COMMENT ON COLUMN internal_behaviour.days_late_weighted IS 'The same, weighted by amount.';
COMMENT ON COLUMN internal_behaviour.days_late_recent IS 'The same of what came in the last 90 days.';
COMMENT ON COLUMN internal_behaviour.days_late_before IS 'The same of what came before that.';
COMMENT ON COLUMN internal_behaviour.days_late_trend IS 'days_late_recent - days_late_before: positive is worse than its own past.';
COMMENT ON COLUMN internal_behaviour.payment_index IS 'credit.payment_index() of these payments, 0 to 100; 80 is prompt.';
COMMENT ON COLUMN internal_behaviour.returned_payments IS 'Payments returned in the year.';
COMMENT ON COLUMN internal_behaviour.broken_promises IS 'The risk figure broken_promises.';
COMMENT ON COLUMN internal_behaviour.discount_share IS 'Cash discounts granted, by number, to items_paid; at most 1.';
COMMENT ON COLUMN internal_behaviour.dilution IS 'Credit notes to invoices of the year, by amount.';
COMMENT ON COLUMN internal_behaviour.disputes IS 'Disputes opened in the year.';
COMMENT ON COLUMN internal_behaviour.disputes_rejected IS 'Those of them in which the customer was wrong.';
COMMENT ON COLUMN internal_behaviour.dispute_share IS 'What the disputes of the year are about, to its invoices.';
COMMENT ON COLUMN internal_behaviour.dispute_share_recent IS 'The same of the last 90 days; to the invoices of the year if there are none of these days.';
COMMENT ON COLUMN internal_behaviour.dispute_share_before IS 'The same of the year before that; NULL without invoices.';
COMMENT ON COLUMN internal_behaviour.balance IS 'Open balance: debit items less unapplied credits.';
COMMENT ON COLUMN internal_behaviour.past_due IS 'Open debit items past due.';
COMMENT ON COLUMN internal_behaviour.past_due_share IS 'past_due to all open debit items.';
COMMENT ON COLUMN internal_behaviour.oldest_bucket IS 'Number of the oldest bucket of the ledger with something open in it, from 1.';
COMMENT ON COLUMN internal_behaviour.disputed IS 'What of the open items is disputed.';
COMMENT ON COLUMN internal_behaviour.limit_amount IS 'Own and temporary credit limit in force.';
COMMENT ON COLUMN internal_behaviour.utilisation IS 'balance to limit_amount; 0 while the balance is in its favour, NULL without a limit.';
