-- Limits, holds, and checking an order.

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

CREATE OR REPLACE FUNCTION place_hold(p_customer_id bigint, p_reason text)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	IF COALESCE(btrim(p_reason), '') = '' THEN
		RAISE EXCEPTION 'a hold on customer % needs a reason', p_customer_id USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM lock_customer(p_customer_id);
	INSERT INTO hold (customer_id, reason) VALUES (p_customer_id, p_reason) RETURNING hold_id INTO id;
	UPDATE exposure e SET open_holds = e.open_holds + 1
	WHERE e.customer_id = p_customer_id AND e.currency = (SELECT l.base_currency FROM ledger_info l);
	RETURN id;
END $$;
COMMENT ON FUNCTION place_hold(bigint, text) IS 'Places a manual credit hold: from its commit on no order of the customer passes (RC001). Returns the hold''s id.';

CREATE OR REPLACE FUNCTION release_hold(p_customer_id bigint, p_hold_id bigint, p_reason text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF COALESCE(btrim(p_reason), '') = '' THEN
		RAISE EXCEPTION 'the release of a hold on customer % needs a reason', p_customer_id USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM lock_customer(p_customer_id);
	PERFORM FROM hold h WHERE h.customer_id = p_customer_id AND h.hold_id = p_hold_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'customer % has no hold %', p_customer_id, p_hold_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'Table hold lists them.';
	END IF;
	PERFORM use_approval(p_customer_id, 'hold_release', NULL, NULL, jsonb_build_object('hold_id', p_hold_id));
	INSERT INTO hold_release (customer_id, hold_id, reason) VALUES (p_customer_id, p_hold_id, p_reason)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'hold % of customer % is released already', p_hold_id, p_customer_id USING ERRCODE = 'unique_violation';
	END IF;
	UPDATE exposure e SET open_holds = e.open_holds - 1
	WHERE e.customer_id = p_customer_id AND e.currency = (SELECT l.base_currency FROM ledger_info l);
END $$;
COMMENT ON FUNCTION release_hold(bigint, bigint, text) IS 'Ends a manual credit hold. Other holds of the customer stay.';

CREATE OR REPLACE FUNCTION check_credit(p_customer_id bigint, p_amount numeric, p_currency text DEFAULT NULL, p_record boolean DEFAULT false,
	OUT outcome text, OUT exposure numeric, OUT limit_amount numeric, OUT available numeric, OUT shortfall numeric, OUT checks jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	SELECT c.outcome, c.exposure, c.limit_amount, c.available, c.shortfall, c.checks
	INTO outcome, exposure, limit_amount, available, shortfall, checks
	FROM credit.check_order(current_schema(), p_customer_id, p_amount, p_currency, p_record) c;
END $$;
COMMENT ON FUNCTION check_credit(bigint, numeric, text, boolean) IS 'What would be decided on a new order of p_amount: outcome (approve, warn, hold, reject), exposure before it, the limit, what is available of it, the shortfall, and each rule with its figures. Writes nothing unless p_record stores the decision.';
