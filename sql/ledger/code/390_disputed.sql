-- What is disputed: a part of what is open, never a bucket of its own.

CREATE OR REPLACE VIEW disputed_items AS
SELECT i.customer_id, i.item_id, i.currency, i.due_date, i.open_amount, LEAST(d.amount, i.open_amount) AS disputed_amount
FROM (SELECT o.customer_id, o.item_id, sum(o.amount) AS amount FROM dispute o WHERE o.ended_on IS NULL GROUP BY o.customer_id, o.item_id) d
	JOIN item i ON i.customer_id = d.customer_id AND i.item_id = d.item_id AND i.open_amount > 0;
COMMENT ON VIEW disputed_items IS 'Open items of which something is disputed now.';
COMMENT ON COLUMN disputed_items.customer_id IS 'The debtor.';
COMMENT ON COLUMN disputed_items.item_id IS 'Key of the item, with customer_id.';
COMMENT ON COLUMN disputed_items.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN disputed_items.due_date IS 'When it is due.';
COMMENT ON COLUMN disputed_items.open_amount IS 'What is open of it.';
COMMENT ON COLUMN disputed_items.disputed_amount IS 'What of that is disputed; the rest is to be paid.';

-- As a text, for aging_at() must not call a function: what it runs would not be parallel.  Arguments are SQL expressions.  Few items
-- are disputed: what was open of each is added up.
CREATE OR REPLACE FUNCTION disputed_query(p_as_of text, p_known_at text DEFAULT NULL, p_customer_id text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN format($q$
SELECT d.customer_id, d.item_id, i.currency, o.open_amount, LEAST(d.amount, o.open_amount) AS disputed_amount
FROM (
		SELECT customer_id, item_id, sum(amount) AS amount FROM dispute
		WHERE opened_on <= %1$s AND %2$s %4$s
		GROUP BY customer_id, item_id) d
	-- The item of a merged customer is younger than the dispute that came with it.
	JOIN item i ON i.customer_id = d.customer_id AND i.item_id = d.item_id AND i.posting_date <= %1$s
	CROSS JOIN LATERAL (SELECT i.amount - COALESCE(sum(a.amount), 0) AS open_amount FROM allocation a
		WHERE a.customer_id = i.customer_id AND a.debit_item_id = i.item_id AND a.applied_on <= %1$s %3$s) o
WHERE o.open_amount > 0$q$, p_as_of,
		CASE WHEN p_known_at IS NULL THEN format('(ended_on IS NULL OR ended_on > %s)', p_as_of)
			ELSE format($q$recorded_at <= %2$s AND NOT EXISTS (SELECT FROM dispute_event e WHERE e.customer_id = dispute.customer_id AND e.dispute_id = dispute.dispute_id
				AND e.state IN ('rejected', 'settled', 'moved') AND e.happened_on <= %1$s AND e.recorded_at <= %2$s)$q$, p_as_of, p_known_at) END,
		CASE WHEN p_known_at IS NULL THEN '' ELSE format('AND a.recorded_at <= %s', p_known_at) END,
		CASE WHEN p_customer_id IS NULL THEN '' ELSE format('AND customer_id = %s', p_customer_id) END);
END $$;
COMMENT ON FUNCTION disputed_query(text, text, text) IS 'The text of the query for what was disputed of each item on a day. Arguments are SQL expressions. Behind disputed_at() and aging_at().';

CREATE OR REPLACE FUNCTION disputed_at(p_as_of date, p_known_at timestamptz DEFAULT NULL, p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, item_id bigint, currency text, open_amount numeric, disputed_amount numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_as_of(p_as_of);
	RETURN QUERY EXECUTE disputed_query('$1', CASE WHEN p_known_at IS NOT NULL THEN '$2' END, CASE WHEN p_customer_id IS NOT NULL THEN '$3' END)
		USING p_as_of, p_known_at, p_customer_id;
END $$;
COMMENT ON FUNCTION disputed_at(date, timestamptz, bigint) IS 'What was disputed at the end of any business date, one row per item: what was open of it, and what of that was disputed. p_known_at: as known at that record time. p_customer_id: only that customer. View disputed_items is the same now.';

-- The part that the rules on what is past due leave alone: nothing, unless the exposure policy says so.
CREATE OR REPLACE FUNCTION spared_items(p_customer_id bigint)
RETURNS TABLE (item_id bigint, currency text, due_date date, open_amount numeric, amount numeric)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY SELECT d.item_id, d.currency, d.due_date, d.open_amount, d.disputed_amount FROM disputed_items d
		WHERE d.customer_id = p_customer_id AND NOT (SELECT p.disputed_overdue FROM exposure_policy p, customer c
			WHERE c.customer_id = p_customer_id AND (p.risk_class = c.risk_class OR p.risk_class IS NULL) ORDER BY p.risk_class NULLS LAST LIMIT 1);
END $$;
COMMENT ON FUNCTION spared_items(bigint) IS 'The items of a customer, and what is disputed of them, that do not count as past due by the exposure policy.';

CREATE OR REPLACE FUNCTION oldest_due(p_customer_id bigint)
RETURNS date LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN (SELECT min(f.due_date) FROM exposure e, LATERAL (
		SELECT i.due_date FROM item i
		WHERE i.customer_id = e.customer_id AND i.currency = e.currency AND i.open_amount > 0
			AND i.item_id NOT IN (SELECT s.item_id FROM spared_items(p_customer_id) s WHERE s.amount = s.open_amount)
		ORDER BY i.due_date LIMIT 1) f
		WHERE e.customer_id = p_customer_id);
END $$;
COMMENT ON FUNCTION oldest_due(bigint) IS 'Earliest due date of a customer''s open debit items, but for those that are disputed as a whole where the exposure policy spares these. Behind the rule oldest_overdue.';
