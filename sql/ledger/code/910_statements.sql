-- Statements of account.

CREATE OR REPLACE FUNCTION statement(p_customer_id bigint, p_from date, p_to date, p_form text DEFAULT 'open_item')
RETURNS TABLE (currency text, line_no bigint, section text, label text, doc_date date, posting_date date, kind text, number text, reference text,
	due_date date, days_past_due integer, amount numeric, open_amount numeric, balance numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF p_form IS NULL OR p_form NOT IN ('open_item', 'balance_forward') THEN
		RAISE EXCEPTION 'unknown form of statement "%"', p_form
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Forms are open_item and balance_forward.';
	END IF;
	IF p_from IS NULL OR p_to IS NULL OR NOT isfinite(p_from) OR NOT isfinite(p_to) OR p_to < p_from THEN
		RAISE EXCEPTION 'statement of customer % has impossible days', p_customer_id
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It is from %s to %s.', COALESCE(p_from::text, 'null'), COALESCE(p_to::text, 'null'));
	END IF;
	IF NOT EXISTS (SELECT FROM customer c WHERE c.customer_id = p_customer_id) THEN
		RAISE EXCEPTION 'there is no customer %', p_customer_id USING ERRCODE = 'foreign_key_violation';
	END IF;
	RETURN QUERY
		WITH ends AS MATERIALIZED (
			SELECT a.currency AS cur, a.total, a.unapplied, a.aging FROM aging_at(p_to, p_customer_id => p_customer_id) a),
		starts AS MATERIALIZED (
			SELECT a.currency AS cur, a.total FROM aging_at(p_from - 1, p_customer_id => p_customer_id) a WHERE p_form = 'balance_forward'),
		posted AS MATERIALIZED (
			SELECT d.currency AS cur, d.doc_date AS dated, d.posting_date AS posted_on, d.kind AS of_kind, d.number AS no, d.reference AS ref, d.due_date AS due, d.document_id AS id,
				round(CASE d.side WHEN 'debit' THEN d.amount ELSE -d.amount END, credit.minor_unit(d.currency)) AS value
			FROM document d WHERE d.customer_id = p_customer_id AND d.posting_date BETWEEN p_from AND p_to AND p_form = 'balance_forward'),
		used AS (SELECT e.cur FROM ends e UNION SELECT s.cur FROM starts s UNION SELECT p.cur FROM posted p),
		zero AS (SELECT u.cur, round(0::numeric, credit.minor_unit(u.cur)) AS zero FROM used u),
		lines AS (
			SELECT z.cur, 1 AS part, 0::bigint AS place, 0::bigint AS id, 'opening' AS sec, 'Balance brought forward' AS lab, NULL::date AS dated, p_from AS posted_on,
				NULL::text AS of_kind, NULL::text AS no, NULL::text AS ref, NULL::date AS due, NULL::integer AS days, COALESCE(s.total, z.zero) AS value, NULL::numeric AS open
			FROM zero z LEFT JOIN starts s ON s.cur = z.cur WHERE p_form = 'balance_forward'
			UNION ALL
			SELECT p.cur, 2, (p.posted_on - p_from)::bigint, p.id, 'document', initcap(replace(p.of_kind, '_', ' ')), p.dated, p.posted_on, p.of_kind, p.no, p.ref, p.due, NULL, p.value, NULL
			FROM posted p
			UNION ALL
			SELECT i.currency, 2, (i.doc_date - DATE '1900-01-01')::bigint, i.item_id, 'item', initcap(replace(d.kind, '_', ' ')) || CASE WHEN i.instalment_no > 1 THEN format(', instalment %s', i.instalment_no) ELSE '' END,
				i.doc_date, i.posting_date, d.kind, d.number, d.reference, i.due_date, CASE WHEN i.amount > 0 THEN p_to - i.due_date END, i.amount, i.open_amount
			FROM items_at(p_to, p_customer_id) i JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
			WHERE p_form = 'open_item'
			UNION ALL
			SELECT z.cur, 3, 0, 0, 'closing', 'Balance', NULL, p_to, NULL, NULL, NULL, NULL, NULL, COALESCE(e.total, z.zero), NULL
			FROM zero z LEFT JOIN ends e ON e.cur = z.cur
			UNION ALL
			SELECT e.cur, 4, b.bucket, 0, 'aging', b.label, NULL, NULL, NULL, NULL, NULL, NULL, NULL, b.amount, NULL
			FROM ends e, credit.buckets(e.aging) b
			UNION ALL
			SELECT e.cur, 5, 0, 0, 'aging', 'unapplied', NULL, NULL, NULL, NULL, NULL, NULL, NULL, e.unapplied, NULL FROM ends e)
		SELECT l.cur, row_number() OVER (PARTITION BY l.cur ORDER BY l.part, l.place, l.id), l.sec, l.lab, l.dated, l.posted_on, l.of_kind, l.no, l.ref, l.due, l.days,
			l.value, l.open,
			-- The balance runs over what is listed; the closing one is the ledger's own.
			CASE WHEN l.sec IN ('opening', 'document', 'item')
				THEN sum(COALESCE(l.open, l.value)) FILTER (WHERE l.part <= 2) OVER (PARTITION BY l.cur ORDER BY l.part, l.place, l.id)
				WHEN l.sec = 'closing' THEN l.value END
		FROM lines l
		ORDER BY l.cur, l.part, l.place, l.id;
END $$;
COMMENT ON FUNCTION statement(bigint, date, date, text) IS 'Statement of account, per currency. p_form open_item: the items open at the end of p_to; balance_forward: the balance before p_from, every document posted until p_to with the balance after it. Both end with the balance and its aging (section aging).';
