-- The customer's lock, and checking an order.

-- Everything that tightens a customer updates its exposure row, so that an order that waits for it sees
-- the change, and one in REPEATABLE READ fails with a serialization error instead of missing it.

CREATE OR REPLACE FUNCTION lock_customer(p_customer_id bigint)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM FROM exposure e WHERE e.customer_id = p_customer_id
		AND e.currency = (SELECT l.base_currency FROM ledger_info l) FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no customer %', p_customer_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'Add the customer first, with add_customer().';
	END IF;
END $$;
COMMENT ON FUNCTION lock_customer(bigint) IS 'Takes the customer''s lock until the end of the transaction. Take several in id order.';

CREATE OR REPLACE FUNCTION check_credit(p_customer_id bigint, p_amount numeric, p_currency text DEFAULT NULL, p_record boolean DEFAULT false,
	p_purpose text DEFAULT 'order', p_ship_date date DEFAULT NULL,
	OUT outcome text, OUT exposure numeric, OUT limit_amount numeric, OUT available numeric, OUT shortfall numeric, OUT checks jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	SELECT c.outcome, c.exposure, c.limit_amount, c.available, c.shortfall, c.checks
	INTO outcome, exposure, limit_amount, available, shortfall, checks
	FROM credit.check_order(current_schema(), p_customer_id, p_amount, p_currency, p_record, p_purpose, p_ship_date) c;
END $$;
COMMENT ON FUNCTION check_credit(bigint, numeric, text, boolean, text, date) IS 'What would be decided on a new order of p_amount, or with p_purpose shipment on sending goods that add p_amount to the exposure (0 where their order counts already), in p_currency (default the base currency), to ship on p_ship_date: outcome (approve, warn, hold, reject), exposure before it, the limit, what is available of it, the shortfall, and each rule with its figures. Writes nothing unless p_record stores the decision.';
