-- Limits, holds, and checking an order.

-- Everything that tightens a customer updates its exposure row, so that an order that waits for it sees
-- the change, and one in REPEATABLE READ fails with a serialization error instead of missing it.

CREATE OR REPLACE FUNCTION set_credit_limit(p_customer_id bigint, p_amount numeric, p_valid_from date DEFAULT NULL,
	p_valid_to date DEFAULT NULL, p_reason text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	id bigint;
BEGIN
	IF p_amount IS NULL OR p_amount < 0 OR p_amount IN ('NaN', 'Infinity') THEN
		RAISE EXCEPTION 'credit limit of customer % must be zero or more', p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', COALESCE(p_amount::text, 'null')),
				HINT = 'To allow nothing, set 0.';
	END IF;
	IF p_amount >= 1e18 THEN
		RAISE EXCEPTION 'credit limit of customer % is out of range', p_customer_id
			USING ERRCODE = 'numeric_value_out_of_range', DETAIL = format('It is %s; amounts are kept below 1000000000000000000.', p_amount);
	END IF;
	IF p_amount <> round(p_amount, credit.minor_unit(base)) THEN
		RAISE EXCEPTION 'credit limit of customer % has more decimals than % has', p_customer_id, base
			USING ERRCODE = 'numeric_value_out_of_range', DETAIL = format('It is %s.', p_amount);
	END IF;
	IF NOT isfinite(COALESCE(p_valid_from, ledger_today())) OR NOT isfinite(COALESCE(p_valid_to, ledger_today()))
		OR p_valid_to < COALESCE(p_valid_from, ledger_today()) THEN
		RAISE EXCEPTION 'credit limit of customer % has an impossible validity', p_customer_id
			USING ERRCODE = 'datetime_field_overflow',
				DETAIL = format('It is from %s to %s.', COALESCE(p_valid_from, ledger_today()), COALESCE(p_valid_to::text, 'without end')),
				HINT = 'Leave p_valid_to out for a limit without end.';
	END IF;
	PERFORM lock_customer(p_customer_id);
	INSERT INTO credit_limit (customer_id, amount, currency, valid_from, valid_to, reason)
	VALUES (p_customer_id, round(p_amount, credit.minor_unit(base)), base, COALESCE(p_valid_from, ledger_today()), p_valid_to, p_reason)
	RETURNING credit_limit_id INTO id;
	PERFORM keep_limit(p_customer_id);
	RETURN id;
END $$;
COMMENT ON FUNCTION set_credit_limit(bigint, numeric, date, date, text) IS 'Sets a customer''s credit limit, in the base currency, from p_valid_from (default today) to p_valid_to (default without end). Of limits that overlap the one that starts latest counts. Returns its id.';

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

-- The limit that is in force on a day, and the last day for which that is known.
CREATE OR REPLACE FUNCTION limit_on(p_customer_id bigint, p_on date, OUT amount numeric, OUT until date)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	found_to date;
BEGIN
	SELECT l.amount, l.valid_to INTO amount, found_to FROM credit_limit l
	WHERE l.customer_id = p_customer_id AND l.valid_from <= p_on AND (l.valid_to IS NULL OR l.valid_to >= p_on)
	ORDER BY l.valid_from DESC, l.credit_limit_id DESC LIMIT 1;
	SELECT LEAST(COALESCE(found_to, 'infinity'), min(l.valid_from) - 1, 'infinity') INTO until FROM credit_limit l
	WHERE l.customer_id = p_customer_id AND l.valid_from > p_on;
END $$;
COMMENT ON FUNCTION limit_on(bigint, date) IS 'The credit limit in force on a day (NULL: none) and the last day for which it is known to stay.';

CREATE OR REPLACE FUNCTION keep_limit(p_customer_id bigint)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	UPDATE exposure e SET limit_amount = l.amount, limit_since = ledger_today(), limit_until = l.until
	FROM limit_on(p_customer_id, ledger_today()) l
	WHERE e.customer_id = p_customer_id AND e.currency = (SELECT i.base_currency FROM ledger_info i);
END $$;
COMMENT ON FUNCTION keep_limit(bigint) IS 'Keeps the limit in force today in the exposure row, where every order check finds it.';

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
