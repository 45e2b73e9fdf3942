-- The open items of a past day.

CREATE OR REPLACE FUNCTION items_at(p_as_of date, p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, item_id bigint, document_id bigint, instalment_no integer, currency text, amount numeric, open_amount numeric,
	doc_date date, posting_date date, due_date date)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_as_of(p_as_of);
	-- Open then is open now and what was applied since; what is neither open nor touched since was not open.
	RETURN QUERY EXECUTE format($q$
		WITH since AS (
			SELECT m.customer_id, m.item_id, sum(m.amount) AS amount
			FROM (SELECT customer_id, debit_item_id AS item_id, amount FROM allocation WHERE applied_on > $1 %1$s
				UNION ALL SELECT customer_id, credit_item_id, -amount FROM allocation WHERE applied_on > $1 %1$s) m
			GROUP BY m.customer_id, m.item_id)
		SELECT i.customer_id, i.item_id, i.document_id, i.instalment_no, i.currency, i.amount, i.open_amount + COALESCE(s.amount, 0), i.doc_date, i.posting_date,
			CASE WHEN i.due_changed_on > $1 THEN %2$s ELSE i.due_date END
		FROM (SELECT * FROM item WHERE (open_amount > 0 OR open_amount < 0 OR last_applied_on > $1) AND posting_date <= $1 %1$s) i
			LEFT JOIN since s ON s.customer_id = i.customer_id AND s.item_id = i.item_id
		WHERE i.open_amount + COALESCE(s.amount, 0) <> 0$q$,
		CASE WHEN p_customer_id IS NOT NULL THEN 'AND customer_id = $2' ELSE '' END, due_on_query('i', '$1'))
		USING p_as_of, p_customer_id;
END $$;
COMMENT ON FUNCTION items_at(date, bigint) IS 'The items open at the end of a day, what was open of them and when they were due as of that day. Positive: the customer owes it. Rows come in no order.';
