-- What check rules know of a customer besides its exposure.

-- A waiting order must see what tightens the customer, and one in REPEATABLE READ must not miss it.
CREATE OR REPLACE FUNCTION tighten(p_customer_id bigint)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM lock_customer(p_customer_id);
	UPDATE exposure e SET check_seq = e.check_seq + 1
	WHERE e.customer_id = p_customer_id AND e.currency = (SELECT l.base_currency FROM ledger_info l);
END $$;
COMMENT ON FUNCTION tighten(bigint) IS 'Takes the customer''s lock and marks its exposure row as changed. Before anything that a check rule reads elsewhere is written.';

CREATE OR REPLACE FUNCTION set_customer_status(p_customer_id bigint, p_status text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF p_status IS NULL OR p_status NOT IN ('active', 'legal', 'bankrupt', 'sanctioned', 'closed') THEN
		RAISE EXCEPTION 'unknown customer status "%"', p_status
			USING ERRCODE = 'invalid_parameter_value', HINT = 'A customer is active, legal, bankrupt, sanctioned or closed.';
	END IF;
	PERFORM tighten(p_customer_id);
	UPDATE customer c SET status = p_status WHERE c.customer_id = p_customer_id;
END $$;
COMMENT ON FUNCTION set_customer_status(bigint, text) IS 'Says that a customer is active, legal (with lawyers), bankrupt, sanctioned or closed. The rule customer_status holds orders of all but active ones.';

CREATE OR REPLACE FUNCTION set_risk_class(p_customer_id bigint, p_risk_class text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM tighten(p_customer_id);
	UPDATE customer c SET risk_class = p_risk_class WHERE c.customer_id = p_customer_id;
END $$;
COMMENT ON FUNCTION set_risk_class(bigint, text) IS 'Puts a customer into a risk class, by which check rules and exclusions may speak of it; NULL: none.';

CREATE OR REPLACE FUNCTION set_review_due(p_customer_id bigint, p_review_due date)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	IF NOT isfinite(p_review_due) THEN
		RAISE EXCEPTION 'review of customer % must be due on a calendar date', p_customer_id USING ERRCODE = 'datetime_field_overflow';
	END IF;
	PERFORM tighten(p_customer_id);
	UPDATE customer c SET review_due = p_review_due WHERE c.customer_id = p_customer_id;
END $$;
COMMENT ON FUNCTION set_review_due(bigint, date) IS 'Says by when a customer''s credit is to be reviewed; NULL: never.';

CREATE OR REPLACE FUNCTION set_risk_figure(p_customer_id bigint, p_figure text, p_value numeric, p_valid_from date DEFAULT NULL, p_source text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	IF p_figure IS NULL OR p_figure NOT IN ('dunning_level', 'broken_promises', 'payment_index', 'score', 'grade', 'late_probability', 'very_late_probability') THEN
		RAISE EXCEPTION 'unknown risk figure "%"', p_figure
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Figures are dunning_level, broken_promises, payment_index, score, grade (its rank, 1 the best), late_probability and very_late_probability.';
	END IF;
	IF p_value IS NULL OR p_value = 'NaN' OR abs(p_value) >= 1e15 OR (p_value < 0 AND p_figure <> 'score') OR (p_figure IN ('payment_index', 'late_probability', 'very_late_probability') AND p_value > 100) THEN
		RAISE EXCEPTION '% of customer % is out of range', replace(p_figure, '_', ' '), p_customer_id
			USING ERRCODE = 'numeric_value_out_of_range', DETAIL = format('It is %s.', COALESCE(p_value::text, 'null'));
	END IF;
	IF NOT isfinite(p_valid_from) THEN
		RAISE EXCEPTION '% of customer % must count from a calendar date', replace(p_figure, '_', ' '), p_customer_id USING ERRCODE = 'datetime_field_overflow';
	END IF;
	PERFORM tighten(p_customer_id);
	INSERT INTO risk_figure (customer_id, figure, value, valid_from, source)
	VALUES (p_customer_id, p_figure, p_value, COALESCE(p_valid_from, ledger_today()), p_source) RETURNING risk_figure_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION set_risk_figure(bigint, text, numeric, date, text) IS 'Enters what check rules and the worklist are to know of a customer from p_valid_from (default today) on: dunning_level, broken_promises, payment_index, score, grade (its rank, 1 the best), late_probability or very_late_probability (percent). Returns its id.';

-- One figure per kind of rule that C does not measure itself.  NULL: there is nothing to measure.
CREATE OR REPLACE FUNCTION rule_figure(p_kind text, p_customer_id bigint, p_on date, p_grace_days integer, p_net boolean)
RETURNS numeric LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	figure numeric;
	overdue numeric;
	owed numeric;
BEGIN
	CASE p_kind
		WHEN 'overdue_amount', 'overdue_percent' THEN
			SELECT COALESCE(sum(convert(i.open_amount, i.currency, base, p_on)) FILTER (WHERE i.open_amount > 0 AND i.due_date < p_on - p_grace_days), 0)
				+ COALESCE(sum(convert(i.open_amount, i.currency, base, p_on)) FILTER (WHERE p_net AND i.open_amount < 0 AND i.reserved_for IS NULL), 0),
				COALESCE(sum(convert(i.open_amount, i.currency, base, p_on)) FILTER (WHERE i.open_amount > 0), 0)
			INTO overdue, owed
			FROM item i WHERE i.customer_id = p_customer_id AND (i.open_amount > 0 OR i.open_amount < 0);
			overdue := GREATEST(overdue - COALESCE((SELECT sum(convert(s.amount, s.currency, base, p_on)) FROM spared_items(p_customer_id) s
				WHERE s.due_date < p_on - p_grace_days), 0), 0);
			-- Compared exactly: 990 of 100,000 is 0.99 percent, and above 0.
			figure := CASE WHEN p_kind = 'overdue_amount' THEN overdue WHEN owed = 0 THEN 0 ELSE trim_scale(round(overdue * 100 / owed, 16)) END;
		WHEN 'dunning_level', 'broken_promises', 'payment_index', 'score', 'grade' THEN
			SELECT r.value INTO figure FROM risk_figure r
			WHERE r.customer_id = p_customer_id AND r.figure = p_kind AND r.valid_from <= p_on
			ORDER BY r.valid_from DESC, r.risk_figure_id DESC LIMIT 1;
			IF figure IS NULL AND p_kind IN ('dunning_level', 'broken_promises') THEN
				figure := 0;
			END IF;
			IF p_kind = 'dunning_level' THEN
				figure := GREATEST(figure, dunning_level_of(p_customer_id, p_on));
			END IF;
		WHEN 'limit_expired' THEN
			SELECT p_on - max(upper(c.in_force)) + 1 INTO figure FROM credit_limit c
			WHERE c.customer_id = p_customer_id AND c.kind <> 'group' AND upper(c.in_force) <= p_on
				AND NOT EXISTS (SELECT FROM credit_limit o WHERE o.customer_id = p_customer_id AND o.kind <> 'group' AND o.in_force @> p_on);
		WHEN 'limit_expiring' THEN
			SELECT min(upper(c.in_force)) - 1 - p_on INTO figure FROM credit_limit c
			WHERE c.customer_id = p_customer_id AND c.kind = 'own' AND c.in_force @> p_on
				AND NOT EXISTS (SELECT FROM credit_limit o WHERE o.customer_id = p_customer_id AND o.kind = 'own' AND lower(o.in_force) = upper(c.in_force));
		WHEN 'review_overdue' THEN
			SELECT p_on - c.review_due INTO figure FROM customer c WHERE c.customer_id = p_customer_id;
		WHEN 'terms_changed' THEN
			SELECT p_on - c.terms_changed_on INTO figure FROM customer c WHERE c.customer_id = p_customer_id;
		WHEN 'returned_payment' THEN
			SELECT p_on - max(d.posting_date) INTO figure FROM document d
			WHERE d.customer_id = p_customer_id AND d.kind = 'returned_payment' AND d.posting_date <= p_on;
		WHEN 'dormant' THEN
			SELECT p_on - max(i.posting_date) INTO figure FROM item i WHERE i.customer_id = p_customer_id AND i.amount > 0 AND i.posting_date <= p_on;
		ELSE
			RAISE EXCEPTION 'unknown kind of check rule "%"', p_kind USING ERRCODE = 'invalid_parameter_value';
	END CASE;
	RETURN figure;
END $$;
COMMENT ON FUNCTION rule_figure(text, bigint, date, integer, boolean) IS 'What a check rule of this kind finds for a customer on a day: an amount in base currency, percent, days, level, index, score or rank. NULL where there is nothing to measure.';
