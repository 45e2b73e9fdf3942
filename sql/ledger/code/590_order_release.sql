-- Letting one order pass in spite of the check rules.
--
-- The check reads it only where an order would otherwise be held or refused (credit_check.c).

CREATE OR REPLACE FUNCTION release_order(p_customer_id bigint, p_source text, p_order_id text, p_amount numeric, p_reason text,
	p_currency text DEFAULT NULL, p_valid_until date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	used_currency text := COALESCE(p_currency, (SELECT l.base_currency FROM ledger_info l));
	until date := COALESCE(p_valid_until, ledger_today() + 7);
	id bigint;
BEGIN
	PERFORM require_reason(p_reason, format('the release of order %s of customer %s', p_order_id, p_customer_id));
	IF p_order_id IS NULL OR p_source IS NULL OR NOT EXISTS (SELECT FROM watched_table w WHERE format('%I.%I', w.table_schema, w.table_name) = p_source) THEN
		RAISE EXCEPTION 'order % of table % cannot be released', COALESCE(p_order_id, 'null'), COALESCE(p_source, 'null')
			USING ERRCODE = 'undefined_object', HINT = 'Table watched_table lists the order tables, as schema.table.';
	END IF;
	IF p_amount IS NULL OR p_amount < 0 OR p_amount >= 1e18 OR p_amount = 'NaN' OR p_amount <> round(p_amount, credit.minor_unit(used_currency)) THEN
		RAISE EXCEPTION 'amount up to which order % of customer % is released is impossible', p_order_id, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s %s.', COALESCE(p_amount::text, 'null'), used_currency),
				HINT = 'Say what the whole order may come to, in its currency; 0 takes a release back.';
	END IF;
	IF NOT isfinite(until) OR until < ledger_today() THEN
		RAISE EXCEPTION 'release of order % of customer % would be over', p_order_id, p_customer_id
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('Its last day is %s, today is %s.', until, ledger_today());
	END IF;
	PERFORM lock_customer(p_customer_id);
	PERFORM use_approval(p_customer_id, 'order_release', p_amount, used_currency, jsonb_build_object('source', p_source, 'order_id', p_order_id));
	INSERT INTO order_release (customer_id, source, order_id, amount, currency, valid_until, reason)
	VALUES (p_customer_id, p_source, p_order_id, round(p_amount, credit.minor_unit(used_currency)), used_currency, until, p_reason)
	RETURNING order_release_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION release_order(bigint, text, text, numeric, text, text, date) IS 'Lets an order of a watched table pass in spite of the check rules until p_valid_until (default a week), as long as the whole order does not come to more than p_amount in p_currency (default the base currency). Holds and the customer''s status are not concerned: these are ended themselves. An order on hold is taken off by reevaluate_holds() or by setting its status. 0 takes a release back. Returns the id of the release.';

CREATE OR REPLACE FUNCTION is_released(p_customer_id bigint, p_source text, p_order_id text)
RETURNS boolean LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN COALESCE((SELECT r.amount > 0 AND r.valid_until >= ledger_today() FROM order_release r
		WHERE r.customer_id = p_customer_id AND r.source = p_source AND r.order_id = p_order_id ORDER BY r.order_release_id DESC LIMIT 1), false);
END $$;
COMMENT ON FUNCTION is_released(bigint, text, text) IS 'Whether a release of an order is in force today, whatever the order comes to.';
