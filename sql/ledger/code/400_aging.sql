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
	changed_items text := '';
BEGIN
	IF p_basis = 'due_date' THEN
		-- What the branches below say of an item whose due date changed is taken back, and said with the date in force then.
		changed_items := format($q$
	UNION ALL
	SELECT c.customer_id, c.currency, credit.aging(e.amount, e.due_date, %1$s, %2$s, e.items) AS aging, NULL::numeric AS unapplied
	FROM (
		SELECT i.customer_id, i.item_id, i.currency, i.due_date, i.open_amount,
			i.open_amount = 0 AND i.reversed_on IS NULL AND i.last_applied_on > %1$s AS settled_since,
			i.amount - COALESCE((SELECT sum(a.amount) FROM allocation a
				WHERE a.customer_id = i.customer_id AND a.debit_item_id = i.item_id AND a.applied_on <= %1$s), 0::numeric) AS open_then,
			CASE WHEN i.due_changed_on <= %1$s THEN i.due_date ELSE %3$s END AS due_then
		FROM item i
		WHERE i.due_changed_on IS NOT NULL AND i.amount > 0 AND i.posting_date <= %1$s %4$s) c,
		LATERAL (
			VALUES (-c.open_amount, c.due_date, -(c.open_amount > 0)::integer - c.settled_since::integer),
				(c.open_then, c.due_then, (c.open_then > 0)::integer)
			UNION ALL
			SELECT -a.amount, a.debit_due_date, 0 FROM allocation a
			WHERE a.customer_id = c.customer_id AND a.debit_item_id = c.item_id AND a.applied_on > %1$s) e (amount, due_date, items)
	GROUP BY c.customer_id, c.currency$q$, p_as_of, p_buckets, due_on_query('i', p_as_of), this_customer);
	END IF;
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
		WHERE i.reversed_on IS NOT NULL %7$s AND i.amount > 0 AND i.posting_date <= %1$s %4$s) r
	GROUP BY r.customer_id, r.currency%6$s
) u
GROUP BY u.customer_id, u.currency$q$, p_as_of, p_basis, p_buckets, this_customer, COALESCE(p_applied_after, p_as_of), changed_items,
		CASE WHEN p_basis = 'due_date' THEN 'AND i.due_changed_on IS NULL' ELSE '' END);
END $$;
COMMENT ON FUNCTION aging_query(text, text, text, text, text) IS 'The text of the aging query as of a date, from today''s open items and what was applied since. Arguments are SQL expressions, p_basis is due_date or doc_date; p_applied_after is p_as_of again, in a form the planner can estimate with. Behind aging_summary and aging_at().';

-- What was known at a record time needs every item and allocation recorded until then.  Known is either what has
-- an early enough record time, or what the customers' chains had reached at a mark.
CREATE OR REPLACE FUNCTION aging_known_query(p_as_of text, p_basis text, p_buckets text, p_known_at text, p_mark text, p_customer_id text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
	this_customer text := CASE WHEN p_customer_id IS NULL THEN '' ELSE format('AND customer_id = %s', p_customer_id) END;
	marked text := '';
	known_document text := format('AND d.recorded_at <= %s', p_known_at);
	known_allocation text := format('AND recorded_at <= %s', p_known_at);
	known_change text := format('AND n.recorded_at <= %s', p_known_at);
BEGIN
	IF p_mark IS NOT NULL THEN
		marked := format($q$
marked AS MATERIALIZED (
	SELECT l.customer_id, l.source, e.id
	FROM mark_head h JOIN chain_link l ON l.customer_id = h.customer_id AND l.chain_seq <= h.chain_seq, unnest(l.entry_ids) e (id)
	WHERE h.mark_id = %s),$q$, p_mark);
		known_document := $q$AND EXISTS (SELECT FROM marked m WHERE m.source = 'document' AND m.customer_id = d.customer_id AND m.id = d.document_id)$q$;
		known_allocation := $q$AND (customer_id, allocation_id) IN (SELECT m.customer_id, m.id FROM marked m WHERE m.source = 'allocation')$q$;
		known_change := $q$AND (n.customer_id, n.due_date_change_id) IN (SELECT m.customer_id, m.id FROM marked m WHERE m.source = 'due_date_change')$q$;
	END IF;
	RETURN format($q$
WITH %6$s applied AS (
	SELECT customer_id, item_id, sum(amount) AS amount
	FROM (
		SELECT customer_id, debit_item_id AS item_id, amount FROM allocation WHERE applied_on <= %1$s %8$s %5$s
		UNION ALL
		SELECT customer_id, credit_item_id, -amount FROM allocation WHERE applied_on <= %1$s %8$s %5$s) a
	GROUP BY customer_id, item_id),
known AS (
	SELECT customer_id, i.currency, %4$s AS age_date, i.amount - COALESCE(a.amount, 0) AS open_amount
	FROM item i
		JOIN document d USING (customer_id, document_id)
		LEFT JOIN applied a USING (customer_id, item_id)
	WHERE i.posting_date <= %1$s %7$s %5$s)
SELECT customer_id, currency,
	credit.aging(GREATEST(open_amount, round(0::numeric, credit.minor_unit(currency))), age_date, %1$s, %3$s, (open_amount > 0)::integer) AS aging,
	COALESCE(sum(open_amount) FILTER (WHERE open_amount < 0), round(0::numeric, credit.minor_unit(currency))) AS unapplied
FROM known
WHERE open_amount <> 0
GROUP BY customer_id, currency$q$, p_as_of, NULL, p_buckets,
		CASE WHEN p_basis = 'due_date' THEN format('CASE WHEN i.due_changed_on IS NULL THEN i.due_date ELSE %s END',
			due_on_query('i', p_as_of, known_change)) ELSE 'i.doc_date' END,
		this_customer, marked, known_document, known_allocation);
END $$;
COMMENT ON FUNCTION aging_known_query(text, text, text, text, text, text) IS 'The text of the aging query as of a date and as known at a record time or at a mark. Behind aging_at().';

CREATE OR REPLACE FUNCTION aging_at(p_as_of date, p_basis text DEFAULT 'due_date', p_known_at timestamptz DEFAULT NULL,
	p_buckets credit.aging_buckets DEFAULT NULL, p_customer_id bigint DEFAULT NULL, p_mark bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, currency text, total numeric, past_due numeric, unapplied numeric, amounts numeric[], aging credit.aging, disputed numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	buckets credit.aging_buckets := COALESCE(p_buckets, (SELECT l.aging_buckets FROM ledger_info l));
	one_customer text := CASE WHEN p_customer_id IS NOT NULL THEN '$4' END;
BEGIN
	PERFORM require_as_of(p_as_of);
	IF p_basis IS NULL OR p_basis NOT IN ('due_date', 'doc_date') THEN
		RAISE EXCEPTION 'unknown aging basis "%"', p_basis
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Age by due_date or by doc_date.';
	END IF;
	IF p_mark IS NOT NULL AND (p_known_at IS NOT NULL OR NOT EXISTS (SELECT FROM mark m WHERE m.mark_id = p_mark)) THEN
		RAISE EXCEPTION 'aging is as known at a mark that exists or at a record time, not both'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('The mark is %s, the record time %s.', p_mark, COALESCE(p_known_at::text, 'not given')),
				HINT = 'take_mark() takes a mark; table mark lists them.';
	END IF;
	RETURN QUERY EXECUTE format(
		'SELECT q.customer_id, q.currency, credit.total(q.aging) + q.unapplied, credit.past_due(q.aging), q.unapplied,
			credit.amounts(q.aging), q.aging, CASE WHEN $5 IS NULL THEN COALESCE(d.disputed, round(0::numeric, credit.minor_unit(q.currency))) END
		FROM (%s) q
			LEFT JOIN (SELECT o.customer_id, o.currency, sum(o.disputed_amount) AS disputed FROM (%s) o GROUP BY o.customer_id, o.currency) d
				ON d.customer_id = q.customer_id AND d.currency = q.currency
		WHERE credit.total(q.aging) <> 0 OR q.unapplied <> 0',
		CASE WHEN p_known_at IS NULL AND p_mark IS NULL THEN aging_query('$1', p_basis, '$2', one_customer)
			ELSE aging_known_query('$1', p_basis, '$2', '$3', CASE WHEN p_mark IS NOT NULL THEN '$5' END, one_customer) END,
		disputed_query('$1', CASE WHEN p_known_at IS NOT NULL THEN '$3' END, one_customer))
		USING p_as_of, buckets, p_known_at, p_customer_id, p_mark;
END $$;
COMMENT ON FUNCTION aging_at(date, text, timestamptz, credit.aging_buckets, bigint, bigint) IS 'Aging at the end of any business date, one row per customer and currency with something open. p_basis: due_date or doc_date. p_known_at: as known at that record time (exact when older than the oldest transaction then writing). p_buckets: default the ledger''s. p_customer_id: only that customer. p_mark: as known at that mark, exactly. total = sum of amounts + unapplied (negative: open payments and credit notes). disputed: what of the debit items was disputed, in the amounts, too; NULL as known at a mark, for disputes are in no chain. Rows come in no order.';

CREATE OR REPLACE VIEW open_items AS
SELECT i.customer_id, c.name AS customer_name, i.item_id, i.document_id, d.kind, d.number, i.instalment_no, i.currency,
	i.amount, i.open_amount, i.doc_date, i.posting_date, i.due_date,
	CASE WHEN i.amount > 0 THEN (now() AT TIME ZONE l.time_zone)::date - i.due_date END AS days_past_due,
	CASE WHEN i.amount > 0 THEN credit.bucket_label(l.aging_buckets,
		credit.bucket_of(l.aging_buckets, COALESCE((now() AT TIME ZONE l.time_zone)::date - i.due_date, 0))) ELSE 'unapplied' END AS bucket,
	i.open_base_amount, d.terms::text, d.sold_to_id, i.reserved_for,
	CASE WHEN q.amount > 0 THEN LEAST(q.amount, GREATEST(i.open_amount, 0)) END AS disputed_amount
FROM item i
	JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
	JOIN customer c ON c.customer_id = i.customer_id
	LEFT JOIN (SELECT o.customer_id, o.item_id, sum(o.amount) AS amount FROM dispute o WHERE o.ended_on IS NULL GROUP BY o.customer_id, o.item_id) q
		ON q.customer_id = i.customer_id AND q.item_id = i.item_id
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
COMMENT ON COLUMN open_items.open_base_amount IS 'What is open in base currency, at the rate it was booked; NULL in the base currency.';
COMMENT ON COLUMN open_items.terms IS 'Payment terms of the document.';
COMMENT ON COLUMN open_items.sold_to_id IS 'Customer who ordered, where that is not the debtor.';
COMMENT ON COLUMN open_items.reserved_for IS 'Order a deposit is reserved to.';
COMMENT ON COLUMN open_items.disputed_amount IS 'What of open_amount is disputed; NULL: nothing.';

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
			credit.past_due(q.aging) AS past_due, q.unapplied%s,
			COALESCE(d.disputed, round(0::numeric, credit.minor_unit(q.currency))) AS disputed
		FROM (%s) q JOIN customer c ON c.customer_id = q.customer_id
			LEFT JOIN (SELECT o.customer_id, o.currency, sum(o.disputed_amount) AS disputed FROM disputed_items o GROUP BY o.customer_id, o.currency) d
				ON d.customer_id = q.customer_id AND d.currency = q.currency
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
COMMENT ON COLUMN aging_summary.disputed IS 'What of the debit items is disputed now; it is in the bucket columns, too.';
