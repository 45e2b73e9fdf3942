-- Aging: today as views, any date as a function.

-- One text for the view and the function, so that they cannot disagree.  Arguments are SQL expressions.
--
-- Roll back, don't replay: open on a date = open now + what was applied after it.  The allocation row
-- carries what that needs, so amounts join nothing.  The number of items comes back on its own: one for
-- every item settled after the date.  Only where an allocation was reversed is there more to it (an item
-- may be open again that was settled then), and those few items are counted one by one.
-- Every branch but the last reads an index made for it.
CREATE OR REPLACE FUNCTION aging_query(p_as_of text, p_basis text, p_buckets text, p_customer_id text DEFAULT NULL, p_applied_after text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
	this_customer text := CASE WHEN p_customer_id IS NULL THEN '' ELSE format('AND customer_id = %s', p_customer_id) END;
BEGIN
	RETURN format($q$
SELECT u.customer_id, u.currency,
	-- Nothing is 0.00, in the currency's own decimals.
	COALESCE(credit.merge(u.aging), credit.aging(round(0::numeric, credit.minor_unit(u.currency)), %1$s, %1$s, %3$s, 0)) AS aging,
	COALESCE(sum(u.unapplied), round(0::numeric, credit.minor_unit(u.currency))) AS unapplied
FROM (
	SELECT customer_id, currency, credit.aging(open_amount, %2$s, %1$s, %3$s) AS aging, NULL::numeric AS unapplied
	FROM item
	WHERE open_amount > 0 AND posting_date <= %1$s %4$s
	GROUP BY customer_id, currency
	UNION ALL
	SELECT customer_id, currency, NULL::credit.aging AS aging, sum(open_amount) AS unapplied
	FROM item
	WHERE open_amount < 0 AND posting_date <= %1$s %4$s
	GROUP BY customer_id, currency
	UNION ALL
	SELECT customer_id, currency,
		credit.aging(CASE WHEN debit_posting_date <= %1$s THEN amount END, debit_%2$s, %1$s, %3$s, 0) AS aging,
		-sum(amount) FILTER (WHERE credit_posting_date <= %1$s) AS unapplied
	FROM allocation
	WHERE applied_on > %5$s %4$s
	GROUP BY customer_id, currency
	UNION ALL
	SELECT customer_id, currency, credit.aging(0::numeric, %2$s, %1$s, %3$s, 1) AS aging, NULL::numeric AS unapplied
	FROM item
	WHERE last_applied_on > %5$s AND open_amount = 0 AND amount > 0 AND reversed_on IS NULL AND posting_date <= %1$s %4$s
	GROUP BY customer_id, currency
	UNION ALL
	SELECT r.customer_id, r.currency, 
		credit.aging(0::numeric, r.%2$s, %1$s, %3$s, (r.open_then > 0)::integer - (r.open_amount > 0)::integer) AS aging, NULL::numeric AS unapplied
	FROM (
		SELECT i.customer_id, i.currency, i.%2$s, i.open_amount,
			i.amount - COALESCE((SELECT sum(a.amount) FROM allocation a
				WHERE a.customer_id = i.customer_id AND a.debit_item_id = i.item_id AND a.applied_on <= %1$s), 0::numeric) AS open_then
		FROM item i
		WHERE i.reversed_on IS NOT NULL AND i.amount > 0 AND i.posting_date <= %1$s %4$s) r
	GROUP BY r.customer_id, r.currency
) u
GROUP BY u.customer_id, u.currency$q$, p_as_of, p_basis, p_buckets, this_customer, COALESCE(p_applied_after, p_as_of));
END $$;
COMMENT ON FUNCTION aging_query(text, text, text, text, text) IS 'The text of the aging query as of a date, from today''s open items and what was applied since. Arguments are SQL expressions, p_basis is due_date or doc_date; p_applied_after is p_as_of again, in a form the planner can estimate with. Behind aging_summary and aging_at().';

-- What was known at a record time needs every item and allocation recorded until then.
CREATE OR REPLACE FUNCTION aging_known_query(p_as_of text, p_basis text, p_buckets text, p_known_at text, p_customer_id text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
	this_customer text := CASE WHEN p_customer_id IS NULL THEN '' ELSE format('AND customer_id = %s', p_customer_id) END;
BEGIN
	RETURN format($q$
WITH applied AS (
	SELECT customer_id, item_id, sum(amount) AS amount
	FROM (
		SELECT customer_id, debit_item_id AS item_id, amount, applied_on, recorded_at FROM allocation
		UNION ALL
		SELECT customer_id, credit_item_id, -amount, applied_on, recorded_at FROM allocation) a
	WHERE applied_on <= %1$s AND recorded_at <= %4$s %5$s
	GROUP BY customer_id, item_id),
known AS (
	SELECT customer_id, i.currency, i.%2$s AS age_date, i.amount - COALESCE(a.amount, 0) AS open_amount
	FROM item i
		JOIN document d USING (customer_id, document_id)
		LEFT JOIN applied a USING (customer_id, item_id)
	WHERE i.posting_date <= %1$s AND d.recorded_at <= %4$s %5$s)
SELECT customer_id, currency,
	credit.aging(GREATEST(open_amount, round(0::numeric, credit.minor_unit(currency))), age_date, %1$s, %3$s, (open_amount > 0)::integer) AS aging,
	COALESCE(sum(open_amount) FILTER (WHERE open_amount < 0), round(0::numeric, credit.minor_unit(currency))) AS unapplied
FROM known
WHERE open_amount <> 0
GROUP BY customer_id, currency$q$, p_as_of, p_basis, p_buckets, p_known_at, this_customer);
END $$;
COMMENT ON FUNCTION aging_known_query(text, text, text, text, text) IS 'The text of the aging query as of a date and as known at a record time. Behind aging_at().';

CREATE OR REPLACE FUNCTION aging_at(p_as_of date, p_basis text DEFAULT 'due_date', p_known_at timestamptz DEFAULT NULL,
	p_buckets credit.aging_buckets DEFAULT NULL, p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, currency text, total numeric, past_due numeric, unapplied numeric, amounts numeric[], aging credit.aging)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	buckets credit.aging_buckets := COALESCE(p_buckets, (SELECT l.aging_buckets FROM ledger_info l));
	one_customer text := CASE WHEN p_customer_id IS NOT NULL THEN '$4' END;
BEGIN
	IF p_as_of IS NULL OR NOT isfinite(p_as_of) THEN
		RAISE EXCEPTION 'as-of date must be a calendar date'
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It is %s.', COALESCE(p_as_of::text, 'null'));
	END IF;
	IF p_basis IS NULL OR p_basis NOT IN ('due_date', 'doc_date') THEN
		RAISE EXCEPTION 'unknown aging basis "%"', p_basis
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Age by due_date or by doc_date.';
	END IF;
	RETURN QUERY EXECUTE format(
		'SELECT q.customer_id, q.currency, credit.total(q.aging) + q.unapplied, credit.past_due(q.aging), q.unapplied,
			credit.amounts(q.aging), q.aging
		FROM (%s) q WHERE credit.total(q.aging) <> 0 OR q.unapplied <> 0',
		CASE WHEN p_known_at IS NULL THEN aging_query('$1', p_basis, '$2', one_customer)
			ELSE aging_known_query('$1', p_basis, '$2', '$3', one_customer) END)
		USING p_as_of, buckets, p_known_at, p_customer_id;
END $$;
COMMENT ON FUNCTION aging_at(date, text, timestamptz, credit.aging_buckets, bigint) IS 'Aging at the end of any business date, one row per customer and currency with something open. p_basis: due_date or doc_date. p_known_at: as known at that record time (exact when older than the oldest transaction then writing). p_buckets: default the ledger''s. p_customer_id: only that customer. total = sum of amounts + unapplied (negative: open payments and credit notes). Rows come in no order.';

CREATE OR REPLACE VIEW open_items AS
SELECT i.customer_id, c.name AS customer_name, i.item_id, i.document_id, d.kind, d.number, i.instalment_no, i.currency,
	i.amount, i.open_amount, i.doc_date, i.posting_date, i.due_date,
	CASE WHEN i.amount > 0 THEN (now() AT TIME ZONE l.time_zone)::date - i.due_date END AS days_past_due,
	CASE WHEN i.amount > 0 THEN credit.bucket_label(l.aging_buckets,
		credit.bucket_of(l.aging_buckets, COALESCE((now() AT TIME ZONE l.time_zone)::date - i.due_date, 0))) ELSE 'unapplied' END AS bucket
FROM item i
	JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
	JOIN customer c ON c.customer_id = i.customer_id
	CROSS JOIN ledger_info l
WHERE i.open_amount > 0 OR i.open_amount < 0;	-- not "<> 0": each half has its index
COMMENT ON VIEW open_items IS 'Every item still open, now: what customers owe (positive) and what is in their favour (negative).';
COMMENT ON COLUMN open_items.customer_id IS 'The debtor.';
COMMENT ON COLUMN open_items.customer_name IS 'Its name.';
COMMENT ON COLUMN open_items.item_id IS 'Key of the item, with customer_id; what allocate() takes.';
COMMENT ON COLUMN open_items.document_id IS 'Its document; what apply_payment() takes.';
COMMENT ON COLUMN open_items.kind IS 'Kind of the document.';
COMMENT ON COLUMN open_items.number IS 'Number of the document.';
COMMENT ON COLUMN open_items.instalment_no IS 'Instalment of the document, from 1.';
COMMENT ON COLUMN open_items.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN open_items.amount IS 'Amount of the item; negative in the customer''s favour.';
COMMENT ON COLUMN open_items.open_amount IS 'What is open of it, same sign.';
COMMENT ON COLUMN open_items.doc_date IS 'Date on the document.';
COMMENT ON COLUMN open_items.posting_date IS 'Business date from which it counts.';
COMMENT ON COLUMN open_items.due_date IS 'When it is due; NULL in the customer''s favour.';
COMMENT ON COLUMN open_items.days_past_due IS 'Days since the due date, today; zero or less: not due. NULL in the customer''s favour.';
COMMENT ON COLUMN open_items.bucket IS 'Label of its aging bucket, or unapplied.';

-- The view's columns follow the ledger's buckets, which never change: it is made by the same text each time.
DO $do$
DECLARE
	buckets credit.aging_buckets := (SELECT aging_buckets FROM ledger_info);
	today text := (SELECT format('(now() AT TIME ZONE %L)::date', time_zone) FROM ledger_info);
	bounds integer[] := buckets::integer[];
	columns text := '';
	labels text[] := '{}';
	column_name text;
	n integer;
BEGIN
	FOR n IN 1 .. cardinality(bounds) + 1 LOOP
		column_name := replace(CASE
			WHEN n = 1 AND bounds[1] = 0 THEN 'not_due'
			WHEN n = 1 THEN format('days_to_%s', bounds[1])
			WHEN n > cardinality(bounds) THEN format('days_over_%s', bounds[n - 1])
			ELSE format('days_%s_%s', bounds[n - 1] + 1, bounds[n]) END, '-', 'minus_');
		columns := columns || format(', credit.bucket(q.aging, %s) AS %I', n, column_name);
		labels := labels || column_name;
	END LOOP;
	EXECUTE format('CREATE OR REPLACE VIEW aging_summary AS
		SELECT q.customer_id, c.name AS customer_name, q.currency, credit.total(q.aging) + q.unapplied AS total,
			credit.past_due(q.aging) AS past_due, q.unapplied%s
		FROM (%s) q JOIN customer c ON c.customer_id = q.customer_id
		WHERE credit.total(q.aging) <> 0 OR q.unapplied <> 0',
		-- The subquery is evaluated once instead of per row; the planner sees through the bare expression.
		columns, aging_query(format('(SELECT %s)', today), 'due_date', format('%L::credit.aging_buckets', buckets), NULL, today));
	FOR n IN 1 .. cardinality(labels) LOOP
		EXECUTE format('COMMENT ON COLUMN aging_summary.%I IS %L', labels[n],
			format('Open debit items in the bucket "%s" (days past due, inclusive).', credit.bucket_label(buckets, n)));
	END LOOP;
END $do$;
COMMENT ON VIEW aging_summary IS 'Aging as of today (in the ledger''s time zone): one row per customer and currency with something open. total = the bucket columns + unapplied.';
COMMENT ON COLUMN aging_summary.customer_id IS 'The debtor.';
COMMENT ON COLUMN aging_summary.customer_name IS 'Its name.';
COMMENT ON COLUMN aging_summary.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN aging_summary.total IS 'Open balance: debit items less unapplied credits.';
COMMENT ON COLUMN aging_summary.past_due IS 'Of the debit items, what is past its due date.';
COMMENT ON COLUMN aging_summary.unapplied IS 'Payments and credit notes not yet applied, as a negative amount.';
