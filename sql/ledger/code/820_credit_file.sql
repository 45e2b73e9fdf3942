-- The credit file: entering statements, reports, references and security.

ALTER TABLE financial_statement ALTER actor SET DEFAULT actor();
ALTER TABLE credit_report ALTER actor SET DEFAULT actor();
ALTER TABLE trade_reference ALTER actor SET DEFAULT actor();
ALTER TABLE bank_reference ALTER actor SET DEFAULT actor();
ALTER TABLE security ALTER actor SET DEFAULT actor();
ALTER TABLE security_release ALTER actor SET DEFAULT actor();

-- A fact is known from a day on, which has come.
CREATE OR REPLACE FUNCTION require_past_day(p_day date, p_what text)
RETURNS void LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	IF p_day IS NULL OR NOT isfinite(p_day) OR p_day > ledger_today() THEN
		RAISE EXCEPTION '% must be of a day that has come', p_what
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It is %s; today is %s.', COALESCE(p_day::text, 'null'), ledger_today());
	END IF;
END $$;
COMMENT ON FUNCTION require_past_day(date, text) IS 'Error 22008 unless the day is a calendar date, today or before.';

CREATE OR REPLACE FUNCTION require_text(p_value text, p_what text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	IF COALESCE(btrim(p_value), '') = '' THEN
		RAISE EXCEPTION '% is missing', p_what USING ERRCODE = 'null_value_not_allowed';
	END IF;
END $$;
COMMENT ON FUNCTION require_text(text, text) IS 'Error 22004 for a text that is NULL or blank.';

CREATE OR REPLACE FUNCTION require_figure(p_value numeric, p_what text, p_least numeric DEFAULT NULL)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	IF p_value < p_least OR p_value = 'NaN' OR abs(p_value) >= 1e18 THEN
		RAISE EXCEPTION '% is out of range', p_what USING ERRCODE = 'numeric_value_out_of_range', DETAIL = format('It is %s.', p_value);
	END IF;
END $$;
COMMENT ON FUNCTION require_figure(numeric, text, numeric) IS 'Error 22003 for what is no number, too large, or below the least value given. NULL passes.';

CREATE OR REPLACE FUNCTION check_statement(p_what text, p_lines jsonb, p_scale numeric)
RETURNS void LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	wrong record;
	sum_of numeric;
BEGIN
	FOR wrong IN
		SELECT e.key AS field, e.value, f.field IS NOT NULL AS known, f.may_be_negative
		FROM jsonb_each(p_lines) e LEFT JOIN statement_field f ON f.field = e.key ORDER BY f.field IS NOT NULL, e.key
	LOOP
		IF NOT wrong.known THEN
			RAISE EXCEPTION 'unknown field "%" in the %', wrong.field, p_what
				USING ERRCODE = 'invalid_parameter_value', HINT = 'Table statement_field lists the fields.';
		END IF;
		IF jsonb_typeof(wrong.value) <> 'number' THEN
			RAISE EXCEPTION 'field "%" in the % is not a number', wrong.field, p_what
				USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', left(wrong.value::text, 100)), HINT = 'Leave out what is not known.';
		END IF;
		PERFORM require_figure(wrong.value::numeric * p_scale, format('field "%s" in the %s', wrong.field, p_what),
			CASE WHEN NOT wrong.may_be_negative THEN 0 END);
	END LOOP;
	FOR wrong IN SELECT f.field FROM unnest(ARRAY['total_assets', 'total_liabilities', 'equity']) f (field) WHERE NOT p_lines ? f.field LOOP
		RAISE EXCEPTION 'the % has no field "%"', p_what, wrong.field
			USING ERRCODE = 'null_value_not_allowed', HINT = 'Without total_assets, total_liabilities and equity nobody can tell whether it balances.';
	END LOOP;
	sum_of := (p_lines ->> 'total_liabilities')::numeric + (p_lines ->> 'equity')::numeric;
	IF (p_lines ->> 'total_assets')::numeric <> sum_of THEN
		RAISE EXCEPTION 'the % does not balance', p_what
			USING ERRCODE = 'check_violation', DETAIL = format('total_assets %s, total_liabilities %s + equity %s = %s: the difference is %s.',
				p_lines ->> 'total_assets', p_lines ->> 'total_liabilities', p_lines ->> 'equity', sum_of, (p_lines ->> 'total_assets')::numeric - sum_of);
	END IF;
	-- Rounded to thousands, each part may be half a unit off.
	SELECT f.part_of AS total, sum((p_lines ->> f.field)::numeric) AS parts, string_agg(f.field, ' + ' ORDER BY f.field) AS names INTO wrong
	FROM statement_field f WHERE p_lines ? f.field AND p_lines ? f.part_of GROUP BY f.part_of
	HAVING sum((p_lines ->> f.field)::numeric) > (p_lines ->> f.part_of)::numeric + (p_scale > 1)::integer * count(*) * 0.5 ORDER BY 1 LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'the parts of field "%" in the % are more than it', wrong.total, p_what
			USING ERRCODE = 'check_violation', DETAIL = format('%s is %s, and %s = %s.', wrong.total, p_lines ->> wrong.total, wrong.names, wrong.parts);
	END IF;
	IF p_lines ?& ARRAY['sales', 'cost_of_sales', 'gross_profit']
		AND abs((p_lines ->> 'sales')::numeric - (p_lines ->> 'cost_of_sales')::numeric - (p_lines ->> 'gross_profit')::numeric) > (p_scale > 1)::integer * 1.5 THEN
		RAISE EXCEPTION 'field "gross_profit" in the % is not sales less cost_of_sales', p_what
			USING ERRCODE = 'check_violation', DETAIL = format('sales %s, cost_of_sales %s, gross_profit %s.',
				p_lines ->> 'sales', p_lines ->> 'cost_of_sales', p_lines ->> 'gross_profit');
	END IF;
END $$;
COMMENT ON FUNCTION check_statement(text, jsonb, numeric) IS 'Error unless the lines of a statement are known fields with numbers, balance, and no parts are more than their total.';

CREATE OR REPLACE FUNCTION add_financial_statement(p_customer_id bigint, p_period_from date, p_period_to date, p_lines jsonb, p_audited boolean,
	p_currency text DEFAULT NULL, p_scale numeric DEFAULT 1, p_received_on date DEFAULT NULL, p_restates bigint DEFAULT NULL, p_source text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	used_currency text := COALESCE(p_currency, (SELECT l.base_currency FROM ledger_info l));
	received date := COALESCE(p_received_on, ledger_today());
	what text := format('statement of customer %s for %s to %s', p_customer_id, p_period_from, p_period_to);
	other financial_statement;
	id bigint;
BEGIN
	IF p_period_from IS NULL OR p_period_to IS NULL OR NOT isfinite(p_period_from) OR NOT isfinite(p_period_to)
		OR p_period_to <= p_period_from OR p_period_to - p_period_from > 740 THEN
		RAISE EXCEPTION 'the % has an impossible period', what
			USING ERRCODE = 'datetime_field_overflow', HINT = 'A period has a first and a last day, at most two years apart.';
	END IF;
	PERFORM require_past_day(received, format('receipt of the %s', what));
	IF received < p_period_to THEN
		RAISE EXCEPTION 'the % was received before its period ended', what USING ERRCODE = 'datetime_field_overflow', DETAIL = format('That was on %s.', received);
	END IF;
	IF p_audited IS NULL OR p_scale IS NULL OR p_lines IS NULL OR jsonb_typeof(p_lines) <> 'object' THEN
		RAISE EXCEPTION 'the % needs lines, a scale, and whether it is audited', what
			USING ERRCODE = 'null_value_not_allowed', HINT = 'Lines are an object such as {"total_assets": 1000, "total_liabilities": 600, "equity": 400}.';
	END IF;
	IF p_scale NOT IN (1, 10, 100, 1000, 10000, 100000, 1000000, 1000000000) THEN
		RAISE EXCEPTION 'scale of the % must be a power of ten', what
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', p_scale), HINT = 'It is 1000 for a statement in thousands.';
	END IF;
	PERFORM lock_customer(p_customer_id);
	PERFORM check_statement(what, p_lines, p_scale);
	-- Refused now, not when somebody reads it.
	PERFORM fx_rate_on(used_currency, p_period_to);
	IF p_restates IS NULL THEN
		SELECT s.* INTO other FROM financial_statement s WHERE s.customer_id = p_customer_id AND s.period_from = p_period_from AND s.period_to = p_period_to
		ORDER BY s.financial_statement_id DESC LIMIT 1;
		IF FOUND THEN
			RAISE EXCEPTION 'there is a % already', what
				USING ERRCODE = 'unique_violation', DETAIL = format('It is %s, received on %s.', other.financial_statement_id, other.received_on),
					HINT = format('If this one restates it, say p_restates => %s.', other.financial_statement_id);
		END IF;
	ELSE
		SELECT s.* INTO other FROM financial_statement s WHERE s.customer_id = p_customer_id AND s.financial_statement_id = p_restates;
		IF NOT FOUND OR (other.period_from, other.period_to) <> (p_period_from, p_period_to) OR other.received_on > received THEN
			RAISE EXCEPTION 'the % cannot restate statement %', what, p_restates
				USING ERRCODE = 'foreign_key_violation', DETAIL = CASE WHEN other.customer_id IS NULL THEN 'The customer has no such statement.'
					ELSE format('That is for %s to %s, received on %s.', other.period_from, other.period_to, other.received_on) END, HINT = 'A restatement is of the same customer and period, and comes later.';
		END IF;
		IF EXISTS (SELECT FROM financial_statement s WHERE s.customer_id = p_customer_id AND s.restates = p_restates) THEN
			RAISE EXCEPTION 'statement % of customer % is restated already', p_restates, p_customer_id
				USING ERRCODE = 'unique_violation', HINT = 'Restate the latest one.';
		END IF;
	END IF;
	INSERT INTO financial_statement (customer_id, period_from, period_to, currency, scale, audited, lines, restates, source, received_on)
	VALUES (p_customer_id, p_period_from, p_period_to, used_currency, p_scale, p_audited, p_lines, p_restates, p_source, received)
	RETURNING financial_statement_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION add_financial_statement(bigint, date, date, jsonb, boolean, text, numeric, date, bigint, text) IS 'Enters a statement: p_lines by field (table statement_field), in p_currency (default the base currency) and p_scale, known from p_received_on (default today). It must balance. p_restates: the statement of the same period that it takes the place of. Returns its id.';

CREATE OR REPLACE FUNCTION add_credit_report(p_customer_id bigint, p_bureau text, p_report_date date, p_score numeric DEFAULT NULL, p_grade text DEFAULT NULL,
	p_recommended_limit numeric DEFAULT NULL, p_currency text DEFAULT NULL, p_facts jsonb DEFAULT '{}', p_reference text DEFAULT NULL, p_received_on date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	used_currency text := CASE WHEN p_recommended_limit IS NOT NULL THEN COALESCE(p_currency, (SELECT l.base_currency FROM ledger_info l)) END;
	received date := COALESCE(p_received_on, ledger_today());
	what text := format('credit report on customer %s', p_customer_id);
	id bigint;
BEGIN
	PERFORM require_text(p_bureau, format('the bureau of the %s', what));
	PERFORM require_past_day(p_report_date, 'date of the ' || what);
	PERFORM require_past_day(received, 'receipt of the ' || what);
	IF received < p_report_date THEN
		RAISE EXCEPTION 'the % was received before its date', what USING ERRCODE = 'datetime_field_overflow', DETAIL = format('That was on %s.', received);
	END IF;
	PERFORM require_figure(p_score, 'score in the ' || what);
	PERFORM require_figure(p_recommended_limit, 'limit in the ' || what, 0);
	IF p_facts IS NULL OR jsonb_typeof(p_facts) <> 'object' THEN
		RAISE EXCEPTION 'facts of the % must be an object', what
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('They are %s.', COALESCE(left(p_facts::text, 100), 'null'));
	END IF;
	PERFORM lock_customer(p_customer_id);
	IF used_currency IS NOT NULL THEN
		PERFORM fx_rate_on(used_currency, p_report_date);
	END IF;
	INSERT INTO credit_report (customer_id, bureau, report_date, score, grade, recommended_limit, currency, facts, reference, received_on)
	VALUES (p_customer_id, p_bureau, p_report_date, p_score, p_grade, p_recommended_limit, used_currency, p_facts, p_reference, received)
	RETURNING credit_report_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION add_credit_report(bigint, text, date, numeric, text, numeric, text, jsonb, text, date) IS 'Enters a bureau''s report, known from p_received_on (default today). p_facts: what else it says, as an object, for scorecards. Returns its id.';

CREATE OR REPLACE FUNCTION add_trade_reference(p_customer_id bigint, p_supplier text, p_high_credit numeric, p_given_on date DEFAULT NULL, p_terms text DEFAULT NULL,
	p_balance numeric DEFAULT NULL, p_past_due numeric DEFAULT NULL, p_days_beyond_terms integer DEFAULT NULL, p_customer_since date DEFAULT NULL, p_currency text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	used_currency text := COALESCE(p_currency, (SELECT l.base_currency FROM ledger_info l));
	given date := COALESCE(p_given_on, ledger_today());
	what text := format('trade reference on customer %s', p_customer_id);
	id bigint;
BEGIN
	PERFORM require_text(p_supplier, format('the supplier of the %s', what));
	PERFORM require_past_day(given, what);
	IF p_high_credit IS NULL OR p_past_due > COALESCE(p_balance, 0) OR p_days_beyond_terms NOT BETWEEN -3660 AND 3660 OR p_customer_since > given THEN
		RAISE EXCEPTION 'figures of the % are impossible', what
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('High credit %s, balance %s, past due %s, %s days beyond terms, customer since %s.',
				COALESCE(p_high_credit::text, 'null'), COALESCE(p_balance::text, 'null'), COALESCE(p_past_due::text, 'null'),
				COALESCE(p_days_beyond_terms::text, 'null'), COALESCE(p_customer_since::text, 'null')),
				HINT = 'High credit is needed; what is past due is part of the balance.';
	END IF;
	PERFORM require_figure(p_high_credit, 'high credit of the ' || what, 0);
	PERFORM require_figure(p_balance, 'balance of the ' || what, 0);
	PERFORM require_figure(p_past_due, 'past due of the ' || what, 0);
	PERFORM lock_customer(p_customer_id);
	PERFORM fx_rate_on(used_currency, given);
	INSERT INTO trade_reference (customer_id, supplier, given_on, high_credit, currency, terms, balance, past_due, days_beyond_terms, customer_since)
	VALUES (p_customer_id, p_supplier, given, p_high_credit, used_currency, p_terms, p_balance, p_past_due, p_days_beyond_terms, p_customer_since)
	RETURNING trade_reference_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION add_trade_reference(bigint, text, numeric, date, text, numeric, numeric, integer, date, text) IS 'Enters what another supplier told on p_given_on (default today): facts of the past, in p_currency (default the base currency). Returns its id.';

CREATE OR REPLACE FUNCTION add_bank_reference(p_customer_id bigint, p_bank text, p_given_on date DEFAULT NULL, p_account_since date DEFAULT NULL, p_average_balance numeric DEFAULT NULL,
	p_loans numeric DEFAULT NULL, p_loans_secured boolean DEFAULT NULL, p_returned_items integer DEFAULT NULL, p_remarks text DEFAULT NULL, p_currency text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	used_currency text := COALESCE(p_currency, (SELECT l.base_currency FROM ledger_info l));
	given date := COALESCE(p_given_on, ledger_today());
	what text := format('bank reference on customer %s', p_customer_id);
	id bigint;
BEGIN
	PERFORM require_text(p_bank, format('the bank of the %s', what));
	PERFORM require_past_day(given, what);
	IF p_account_since > given OR p_returned_items < 0 THEN
		RAISE EXCEPTION 'figures of the % are impossible', what
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Account since %s, %s items returned.',
				COALESCE(p_account_since::text, 'null'), COALESCE(p_returned_items::text, 'null'));
	END IF;
	PERFORM require_figure(p_average_balance, 'balance of the ' || what);
	PERFORM require_figure(p_loans, 'loans of the ' || what, 0);
	PERFORM lock_customer(p_customer_id);
	PERFORM fx_rate_on(used_currency, given);
	INSERT INTO bank_reference (customer_id, bank, given_on, currency, account_since, average_balance, loans, loans_secured, returned_items, remarks)
	VALUES (p_customer_id, p_bank, given, used_currency, p_account_since, p_average_balance, p_loans, p_loans_secured, p_returned_items, p_remarks)
	RETURNING bank_reference_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION add_bank_reference(bigint, text, date, date, numeric, numeric, boolean, integer, text, text) IS 'Enters what a bank told on p_given_on (default today), in p_currency (default the base currency). Returns its id.';

CREATE OR REPLACE FUNCTION add_security(p_customer_id bigint, p_kind text, p_amount numeric, p_provider text, p_valid_from date DEFAULT NULL, p_valid_to date DEFAULT NULL,
	p_document_no text DEFAULT NULL, p_currency text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	used_currency text := COALESCE(p_currency, (SELECT l.base_currency FROM ledger_info l));
	starts date := COALESCE(p_valid_from, ledger_today());
	what text := format('security of customer %s', p_customer_id);
	id bigint;
BEGIN
	IF p_kind IS NULL OR p_kind NOT IN ('personal_guarantee', 'parent_guarantee', 'bank_guarantee', 'letter_of_credit', 'deposit', 'lien', 'mortgage', 'other') THEN
		RAISE EXCEPTION 'unknown kind of security "%"', p_kind USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Kinds are personal_guarantee, parent_guarantee, bank_guarantee, letter_of_credit, deposit, lien, mortgage and other.';
	END IF;
	PERFORM require_text(p_provider, format('the provider of the %s', what));
	IF p_amount IS NULL OR p_amount <= 0 THEN
		RAISE EXCEPTION 'the % must be good for more than zero', what USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', COALESCE(p_amount::text, 'null'));
	END IF;
	PERFORM require_figure(p_amount, 'amount of the ' || what);
	IF NOT isfinite(starts) OR NOT isfinite(COALESCE(p_valid_to, starts)) OR p_valid_to < starts THEN
		RAISE EXCEPTION 'the % has an impossible validity', what
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It is from %s to %s.', starts, COALESCE(p_valid_to::text, 'without end'));
	END IF;
	PERFORM lock_customer(p_customer_id);
	PERFORM fx_rate_on(used_currency, starts);
	INSERT INTO security (customer_id, kind, amount, currency, provider, valid_from, valid_to, document_no)
	VALUES (p_customer_id, p_kind, p_amount, used_currency, p_provider, starts, p_valid_to, p_document_no) RETURNING security_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION add_security(bigint, text, numeric, text, date, date, text, text) IS 'Enters a guarantee or other security from p_valid_from (default today) to p_valid_to (default without end), in p_currency (default the base currency). Returns its id.';

CREATE OR REPLACE FUNCTION release_security(p_customer_id bigint, p_security_id bigint, p_reason text, p_released_on date DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	released date := COALESCE(p_released_on, ledger_today());
BEGIN
	PERFORM require_reason(p_reason, format('the release of security %s of customer %s', p_security_id, p_customer_id));
	PERFORM require_past_day(released, format('release of security %s of customer %s', p_security_id, p_customer_id));
	PERFORM lock_customer(p_customer_id);
	IF NOT EXISTS (SELECT FROM security s WHERE s.customer_id = p_customer_id AND s.security_id = p_security_id) THEN
		RAISE EXCEPTION 'customer % has no security %', p_customer_id, p_security_id USING ERRCODE = 'foreign_key_violation';
	END IF;
	INSERT INTO security_release (customer_id, security_id, released_on, reason) VALUES (p_customer_id, p_security_id, released, p_reason);
EXCEPTION WHEN unique_violation THEN
	RAISE EXCEPTION 'security % of customer % is released already', p_security_id, p_customer_id USING ERRCODE = 'object_not_in_prerequisite_state';
END $$;
COMMENT ON FUNCTION release_security(bigint, bigint, text, date) IS 'Gives a security back, from p_released_on (default today) on.';

-- Two customers that are one: what is known of the old one is known of the other.  A period that both have stays the other's.
CREATE OR REPLACE FUNCTION move_credit_file(p_customer_id bigint, p_into_customer_id bigint)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	INSERT INTO financial_statement (customer_id, period_from, period_to, currency, scale, audited, lines, source, received_on)
	SELECT p_into_customer_id, s.period_from, s.period_to, s.currency, s.scale, s.audited, s.lines, concat_ws(', ', s.source, format('of customer %s', p_customer_id)), s.received_on
	FROM financial_statement s
	WHERE s.customer_id = p_customer_id AND NOT EXISTS (SELECT FROM financial_statement r WHERE r.customer_id = p_customer_id AND r.restates = s.financial_statement_id)
	ORDER BY s.period_to ON CONFLICT (customer_id, period_from, period_to) WHERE restates IS NULL DO NOTHING;
	INSERT INTO credit_report (customer_id, bureau, report_date, score, grade, recommended_limit, currency, facts, reference, received_on)
	SELECT p_into_customer_id, r.bureau, r.report_date, r.score, r.grade, r.recommended_limit, r.currency, r.facts, r.reference, r.received_on
	FROM credit_report r WHERE r.customer_id = p_customer_id
		AND NOT EXISTS (SELECT FROM credit_report o WHERE o.customer_id = p_into_customer_id AND o.bureau = r.bureau AND o.report_date >= r.report_date)
	ORDER BY r.credit_report_id;
	INSERT INTO trade_reference (customer_id, supplier, given_on, high_credit, currency, terms, balance, past_due, days_beyond_terms, customer_since)
	SELECT p_into_customer_id, r.supplier, r.given_on, r.high_credit, r.currency, r.terms, r.balance, r.past_due, r.days_beyond_terms, r.customer_since
	FROM trade_reference r WHERE r.customer_id = p_customer_id
		AND NOT EXISTS (SELECT FROM trade_reference o WHERE o.customer_id = p_into_customer_id AND o.supplier = r.supplier AND o.given_on >= r.given_on)
	ORDER BY r.trade_reference_id;
	INSERT INTO bank_reference (customer_id, bank, given_on, currency, account_since, average_balance, loans, loans_secured, returned_items, remarks)
	SELECT p_into_customer_id, r.bank, r.given_on, r.currency, r.account_since, r.average_balance, r.loans, r.loans_secured, r.returned_items, r.remarks
	FROM bank_reference r WHERE r.customer_id = p_customer_id
		AND NOT EXISTS (SELECT FROM bank_reference o WHERE o.customer_id = p_into_customer_id AND o.bank = r.bank AND o.given_on >= r.given_on)
	ORDER BY r.bank_reference_id;
	WITH moved AS (
		INSERT INTO security_release (customer_id, security_id, released_on, reason)
		SELECT s.customer_id, s.security_id, ledger_today(), format('goes on with customer %s', p_into_customer_id)
		FROM security s WHERE s.customer_id = p_customer_id AND COALESCE(s.valid_to, 'infinity') >= ledger_today()
			AND NOT EXISTS (SELECT FROM security_release r WHERE r.customer_id = s.customer_id AND r.security_id = s.security_id)
		RETURNING security_id)
	INSERT INTO security (customer_id, kind, amount, currency, provider, valid_from, valid_to, document_no)
	SELECT p_into_customer_id, s.kind, s.amount, s.currency, s.provider, s.valid_from, s.valid_to, s.document_no
	FROM security s JOIN moved m ON m.security_id = s.security_id WHERE s.customer_id = p_customer_id ORDER BY s.security_id;
END $$;
COMMENT ON FUNCTION move_credit_file(bigint, bigint) IS 'Copies what is known of a customer into the credit file of another one, and moves the security in force. Behind merge_customers().';
