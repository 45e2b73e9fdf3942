-- What is disputed now: a part of what is open, never a bucket of its own.

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
