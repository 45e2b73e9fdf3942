-- Who will pay late: from each customer's own experience, so that it can be asked before it is late.

-- Items paid in the year before, each counted alike, its days late as internal_behaviour counts them.  What another source
-- said is left alone: a model that somebody trusts is not overwritten every night.
CREATE OR REPLACE FUNCTION late_payment_changes(p_as_of date, p_customer_ids bigint[])
RETURNS TABLE (customer_id bigint, figure text, value numeric)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		WITH paid AS (
			SELECT a.customer_id, a.debit_item_id, sum(a.amount * (GREATEST(a.credit_posting_date, a.debit_doc_date) - COALESCE(t.debit_due_date, a.debit_due_date))) / sum(a.amount) AS days
			FROM allocation a
				JOIN item i ON i.customer_id = a.customer_id AND i.item_id = a.credit_item_id
				JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
				JOIN item o ON o.customer_id = a.customer_id AND o.item_id = a.debit_item_id
				JOIN document e ON e.customer_id = o.customer_id AND e.document_id = o.document_id
				-- What is taken off again takes its days with it, whatever the due date is now.
				LEFT JOIN allocation t ON t.customer_id = a.customer_id AND t.allocation_id = a.reverses
			WHERE a.credit_posting_date > p_as_of - 365 AND a.applied_on <= p_as_of AND a.debit_due_date IS NOT NULL
				AND d.kind IN ('payment', 'deposit', 'set_off') AND e.kind IN ('invoice', 'debit_note', 'finance_charge', 'fee', 'core_charge', 'adjustment')
				AND (p_customer_ids IS NULL OR a.customer_id = ANY (p_customer_ids))
			GROUP BY a.customer_id, a.debit_item_id
			-- What came back, or was taken off again, paid nothing.
			HAVING sum(a.amount) > 0),
		experience AS (
			SELECT p.customer_id, count(*) AS items, count(*) FILTER (WHERE p.days > 0) AS late, count(*) FILTER (WHERE p.days > 30) AS very_late
			FROM paid p GROUP BY p.customer_id
			-- Of fewer nothing can be said.
			HAVING count(*) >= 3),
		known AS (
			SELECT DISTINCT ON (f.customer_id, f.figure) f.customer_id, f.figure, f.value, f.source
			FROM risk_figure f
			WHERE f.figure IN ('late_probability', 'very_late_probability') AND f.valid_from <= p_as_of AND (p_customer_ids IS NULL OR f.customer_id = ANY (p_customer_ids))
			ORDER BY f.customer_id, f.figure, f.valid_from DESC, f.risk_figure_id DESC)
		SELECT x.customer_id, v.figure, v.value
		FROM experience x
			JOIN exposure e ON e.customer_id = x.customer_id AND e.currency = (SELECT l.base_currency FROM ledger_info l) AND e.merged_into IS NULL
			CROSS JOIN LATERAL (VALUES ('late_probability', round(x.late * 100.0 / x.items, 2)), ('very_late_probability', round(x.very_late * 100.0 / x.items, 2))) v (figure, value)
			LEFT JOIN known k ON k.customer_id = x.customer_id AND k.figure = v.figure
		WHERE k.customer_id IS NULL OR (k.source = 'payment experience' AND k.value <> v.value);
END $$;
COMMENT ON FUNCTION late_payment_changes(date, bigint[]) IS 'Figures of predict_late_payment() that are not those in force on a day, of all customers (NULL), or of some.';

CREATE OR REPLACE FUNCTION predict_late_payment(p_as_of date DEFAULT NULL, p_customer_id bigint DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	as_of date := COALESCE(p_as_of, ledger_today());
	changed bigint[] := CASE WHEN p_customer_id IS NOT NULL THEN ARRAY[p_customer_id] END;
	n bigint;
BEGIN
	PERFORM require_as_of(as_of);
	IF as_of > ledger_today() THEN
		RAISE EXCEPTION 'late payment cannot be predicted as of %', as_of
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('Today is %s.', ledger_today()), HINT = 'What will have been paid by then is not known yet.';
	END IF;
	IF p_customer_id IS NOT NULL THEN
		PERFORM lock_customer(p_customer_id);
	ELSE
		changed := ARRAY(SELECT DISTINCT c.customer_id FROM late_payment_changes(as_of, NULL) c);
		PERFORM FROM exposure e WHERE e.customer_id = ANY (changed) AND e.currency = (SELECT l.base_currency FROM ledger_info l) ORDER BY e.customer_id FOR NO KEY UPDATE;
	END IF;
	-- Read again under the locks: of two at once, the second finds nothing left to write.
	WITH written AS (
		INSERT INTO risk_figure (customer_id, figure, value, valid_from, source)
		SELECT c.customer_id, c.figure, c.value, as_of, 'payment experience' FROM late_payment_changes(as_of, changed) c ORDER BY c.customer_id, c.figure
		RETURNING customer_id)
	SELECT count(DISTINCT w.customer_id) INTO n FROM written w;
	RETURN n;
END $$;
COMMENT ON FUNCTION predict_late_payment(date, bigint) IS 'Enters the risk figures late_probability and very_late_probability as of a day (default today), of all customers or one: of the items that payments of the year before paid, each counted alike, the percentage paid after the due date, and more than 30 days after it. Nothing for fewer than 3 such items, where the figure is that already, or where one of another source than ''payment experience'' is in force. Returns how many customers have a new figure. 22008 a future day.';
