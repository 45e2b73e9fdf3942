-- The roll-forward: opening balance, every kind of document, closing balance, and nothing else.

CREATE OR REPLACE FUNCTION roll_forward(p_period text, p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, currency text, opening numeric, invoice numeric, debit_note numeric, credit_note numeric, payment numeric,
	returned_payment numeric, discount numeric, fx_difference numeric, finance_charge numeric, fee numeric, write_off numeric, recovery numeric,
	refund numeric, adjustment numeric, transfer numeric, set_off numeric, deposit numeric, core_charge numeric, closing numeric, difference numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	this period := read_period(p_period);
	this_customer text := CASE WHEN p_customer_id IS NOT NULL THEN 'AND d.customer_id = $3' ELSE '' END;
	kind text;
	kinds text;
BEGIN
	FOREACH kind IN ARRAY ARRAY['opening', 'invoice', 'debit_note', 'credit_note', 'payment', 'returned_payment', 'discount', 'fx_difference', 'finance_charge', 'fee',
			'write_off', 'recovery', 'refund', 'adjustment', 'transfer', 'set_off', 'deposit', 'core_charge', 'closing'] LOOP
		kinds := concat_ws(', ', kinds, format('COALESCE(sum(m.amount) FILTER (WHERE m.line = %L), round(0::numeric, credit.minor_unit(m.currency)))', kind));
	END LOOP;
	-- Opening and closing are balances of their own, rolled back from what is open now: no line is what is left over.
	RETURN QUERY EXECUTE format($q$
		SELECT m.customer_id, m.currency, %s,
			sum(CASE m.line WHEN 'closing' THEN m.amount ELSE -m.amount END)
		FROM (SELECT a.customer_id, a.currency, 'opening' AS line, a.total AS amount FROM aging_at($1 - 1, p_customer_id => $3) a
			UNION ALL
			SELECT d.customer_id, d.currency, d.kind, round(sum(CASE d.side WHEN 'debit' THEN d.amount ELSE -d.amount END), credit.minor_unit(d.currency))
			FROM document d WHERE d.posting_date BETWEEN $1 AND $2 %s GROUP BY d.customer_id, d.currency, d.kind
			UNION ALL
			SELECT a.customer_id, a.currency, 'closing', a.total FROM aging_at($2, p_customer_id => $3) a) m
		GROUP BY m.customer_id, m.currency$q$, kinds, this_customer)
		USING this.starts_on, this.ends_on, p_customer_id;
END $$;
COMMENT ON FUNCTION roll_forward(text, bigint) IS 'Opening balance, what each kind of document posted in the period added (positive) or took away, closing balance, per customer and currency with any of these. A void counts against its kind. opening and closing are the balances of their days, not computed from the lines: difference is closing less opening and all lines, and is 0. p_customer_id: only that customer. Rows come in no order.';

CREATE OR REPLACE FUNCTION roll_forward_total(p_period text)
RETURNS TABLE (currency text, customers bigint, opening numeric, invoice numeric, debit_note numeric, credit_note numeric, payment numeric,
	returned_payment numeric, discount numeric, fx_difference numeric, finance_charge numeric, fee numeric, write_off numeric, recovery numeric,
	refund numeric, adjustment numeric, transfer numeric, set_off numeric, deposit numeric, core_charge numeric, closing numeric, difference numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT r.currency, count(*), sum(r.opening), sum(r.invoice), sum(r.debit_note), sum(r.credit_note), sum(r.payment), sum(r.returned_payment), sum(r.discount),
			sum(r.fx_difference), sum(r.finance_charge), sum(r.fee), sum(r.write_off), sum(r.recovery), sum(r.refund), sum(r.adjustment), sum(r.transfer),
			sum(r.set_off), sum(r.deposit), sum(r.core_charge), sum(r.closing), sum(r.difference)
		FROM roll_forward(p_period) r GROUP BY r.currency ORDER BY r.currency;
END $$;
COMMENT ON FUNCTION roll_forward_total(text) IS 'The roll-forward of all customers, per currency.';
