-- Recommending a limit: every method with its inputs, and what the policy makes of them.

ALTER TABLE limit_recommendation ALTER actor SET DEFAULT actor();

CREATE OR REPLACE FUNCTION policy_for(p_customer_id bigint, p_on date)
RETURNS limit_policy LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	policy limit_policy;
BEGIN
	SELECT p.* INTO policy FROM limit_policy p, customer c
	WHERE c.customer_id = p_customer_id AND p.valid_from <= p_on AND (p.risk_class = c.risk_class OR p.risk_class IS NULL)
	ORDER BY p.risk_class NULLS LAST, p.valid_from DESC LIMIT 1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'no limit policy is in force for customer % on %', p_customer_id, p_on
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'The ledger''s owner enters one into limit_policy.';
	END IF;
	RETURN policy;
END $$;
COMMENT ON FUNCTION policy_for(bigint, date) IS 'The limit policy that counts for a customer on a day.';

-- A method is said whether it can be worked out or not; what is missing has a name, and no value stands in for it.
CREATE OR REPLACE FUNCTION method_result(p_method text, p_inputs jsonb, p_result numeric, p_missing text[], p_policy limit_policy)
RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	absent text[] := ARRAY(SELECT m FROM unnest(p_missing) m WHERE m IS NOT NULL);
	base text := (SELECT l.base_currency FROM ledger_info l);
BEGIN
	RETURN jsonb_build_object('method', p_method, 'inputs', jsonb_strip_nulls(p_inputs), 'missing', to_jsonb(absent), 'counts', p_method = ANY (p_policy.methods),
		'result', CASE WHEN absent = '{}' THEN round(GREATEST(p_result, 0), credit.minor_unit(base)) END);
END $$;
COMMENT ON FUNCTION method_result(text, jsonb, numeric, text[], limit_policy) IS 'A method of recommend_limit() as it is stored.';

-- Day by day from the documents: what was applied does not change the balance.
CREATE OR REPLACE FUNCTION highest_balance(p_customer_id bigint, p_as_of date, p_known_at timestamptz)
RETURNS numeric LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
BEGIN
	RETURN (SELECT max(b.balance) FROM (
		SELECT d.posting_date, sum(sum(CASE d.side WHEN 'debit' THEN 1 ELSE -1 END * CASE WHEN d.currency = base THEN d.amount ELSE d.base_amount END))
			OVER (ORDER BY d.posting_date) AS balance, lead(d.posting_date) OVER (ORDER BY d.posting_date) AS until
		FROM document d WHERE d.customer_id = p_customer_id AND d.posting_date <= p_as_of AND d.recorded_at <= p_known_at
		GROUP BY d.posting_date) b WHERE COALESCE(b.until, 'infinity') > p_as_of - 365);
END $$;
COMMENT ON FUNCTION highest_balance(bigint, date, timestamptz) IS 'The highest balance at the end of a day in the year up to p_as_of, in base currency as booked. NULL without documents.';

CREATE OR REPLACE FUNCTION median(p_values numeric[])
RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
	n integer := cardinality(p_values);
	sorted numeric[] := ARRAY(SELECT v FROM unnest(p_values) v ORDER BY v);
BEGIN
	RETURN CASE WHEN n > 0 THEN trim_scale((sorted[(n + 1) / 2] + sorted[n / 2 + 1]) / 2) END;
END $$;
COMMENT ON FUNCTION median(numeric[]) IS 'The middle value, of an even number the mean of the two in the middle, exactly; NULL of nothing.';

CREATE OR REPLACE FUNCTION limit_methods(p_customer_id bigint, p_as_of date, p_known_at timestamptz, p_policy limit_policy, p_terms credit.payment_terms, p_grade text)
RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	statement record;
	behaviour record;
	refs record;
	report record;
	application record;
	worth numeric;
	capital numeric;
	daily numeric;
	terms_days integer := credit.due_date(p_terms, p_as_of) - p_as_of;
	delay numeric;
	highest numeric := highest_balance(p_customer_id, p_as_of, p_known_at);
	graded numeric;
	cover record;
	held numeric;
	factor numeric;
	ours numeric := p_policy.own_sales;
	methods jsonb := jsonb_build_array();
BEGIN
	SELECT r.* INTO statement FROM ratios_at(p_as_of, p_known_at, p_customer_id) r
	WHERE r.latest AND p_as_of - r.period_to <= p_policy.statement_days ORDER BY r.financial_statement_id DESC LIMIT 1;
	worth := convert(statement.tangible_net_worth, statement.currency, base, p_as_of);
	capital := convert(statement.working_capital, statement.currency, base, p_as_of);
	SELECT b.* INTO behaviour FROM behaviour_at(p_as_of, p_known_at, p_customer_id) b;
	methods := methods || method_result('net_worth', jsonb_build_object('tangible_net_worth', worth, 'percent', p_policy.net_worth_percent,
			'low', round(worth * p_policy.net_worth_low / 100, credit.minor_unit(base)), 'high', round(worth * p_policy.net_worth_high / 100, credit.minor_unit(base)),
			'financial_statement_id', statement.financial_statement_id),
		worth * p_policy.net_worth_percent / 100, ARRAY[CASE WHEN statement.customer_id IS NULL THEN 'financial statement' END], p_policy);
	methods := methods || method_result('working_capital', jsonb_build_object('working_capital', capital, 'percent', p_policy.working_capital_percent,
			'financial_statement_id', statement.financial_statement_id),
		capital * p_policy.working_capital_percent / 100, ARRAY[CASE WHEN statement.customer_id IS NULL THEN 'financial statement'
			WHEN capital IS NULL THEN 'current_assets or current_liabilities' END], p_policy);

	SELECT array_agg(convert(f.high_credit, f.currency, base, p_as_of) ORDER BY f.supplier) AS amounts, count(*) AS n INTO refs
	FROM (SELECT DISTINCT ON (r.supplier) r.* FROM trade_reference r
		WHERE r.customer_id = p_customer_id AND r.given_on <= p_as_of AND p_as_of - r.given_on <= p_policy.reference_days AND r.recorded_at <= p_known_at
		ORDER BY r.supplier, r.given_on DESC, r.trade_reference_id DESC) f;
	methods := methods || method_result('median_reference', jsonb_build_object('high_credits', to_jsonb(refs.amounts)), median(refs.amounts),
		ARRAY[CASE WHEN refs.n = 0 THEN 'trade reference' END], p_policy);
	methods := methods || method_result('highest_reference', jsonb_build_object('high_credits', to_jsonb(refs.amounts)), (SELECT max(a) FROM unnest(refs.amounts) a),
		ARRAY[CASE WHEN refs.n = 0 THEN 'trade reference' END], p_policy);

	SELECT r.* INTO report FROM credit_report r
	WHERE r.customer_id = p_customer_id AND r.recommended_limit IS NOT NULL AND r.received_on <= p_as_of AND p_as_of - r.report_date <= p_policy.reference_days
		AND r.recorded_at <= p_known_at
	ORDER BY r.report_date DESC, r.credit_report_id DESC LIMIT 1;
	methods := methods || method_result('bureau', jsonb_build_object('bureau', report.bureau, 'credit_report_id', report.credit_report_id),
		convert(report.recommended_limit, report.currency, base, p_as_of), ARRAY[CASE WHEN report.customer_id IS NULL THEN 'credit report with a limit' END], p_policy);

	-- What the customer says it will buy, or else what it bought.
	SELECT a.credit_application_id, convert(a.monthly_sales, a.currency, base, p_as_of) AS monthly_sales INTO application FROM credit_application a
	WHERE a.customer_id = p_customer_id AND a.monthly_sales IS NOT NULL AND a.received_on <= p_as_of AND a.received_on > p_as_of - 365 AND a.recorded_at <= p_known_at
	ORDER BY a.credit_application_id DESC LIMIT 1;
	daily := COALESCE(application.monthly_sales / 30, NULLIF(behaviour.invoiced, 0) / 365);
	delay := COALESCE(p_policy.delay_days, GREATEST(behaviour.days_late_weighted, 0));
	methods := methods || method_result('requirement', jsonb_build_object('sales_per_day', round(daily, 4), 'monthly_sales', application.monthly_sales,
			'terms_days', terms_days, 'delay_days', delay, 'peak_factor', p_policy.peak_factor),
		daily * (terms_days + delay) * p_policy.peak_factor,
		ARRAY[CASE WHEN daily IS NULL THEN 'sales: an application with monthly_sales, or invoices' END, CASE WHEN terms_days IS NULL THEN 'payment terms with a due date' END,
			CASE WHEN delay IS NULL THEN 'days late: payments, or limit_policy.delay_days' END], p_policy);

	SELECT g.limit_amount INTO graded FROM grade_policy g WHERE g.grade = p_grade AND g.valid_from <= p_as_of ORDER BY g.valid_from DESC LIMIT 1;
	methods := methods || method_result('score_grade', jsonb_build_object('grade', p_grade), graded,
		ARRAY[CASE WHEN p_grade IS NULL THEN 'grade of a score' WHEN graded IS NULL THEN format('limit of grade %s', p_grade) END], p_policy);

	factor := CASE credit.payment_index_risk(behaviour.payment_index) WHEN 'low' THEN p_policy.low_risk_factor WHEN 'medium' THEN p_policy.medium_risk_factor
		WHEN 'high' THEN p_policy.high_risk_factor END;
	methods := methods || method_result('payment_behaviour', jsonb_build_object('highest_balance', highest, 'payment_index', behaviour.payment_index, 'factor', factor),
		highest * factor, ARRAY[CASE WHEN behaviour.payment_index IS NULL THEN 'payments to us' END], p_policy);

	SELECT l.credit_limit_id, l.covered_percent, convert(l.amount, l.currency, base, p_as_of) AS amount INTO cover FROM credit_limit l
	WHERE l.customer_id = p_customer_id AND l.kind = 'insured' AND l.valid_from <= p_as_of AND COALESCE(l.valid_to, 'infinity') >= p_as_of AND l.set_at <= p_known_at
	ORDER BY l.valid_from DESC, l.credit_limit_id DESC LIMIT 1;
	methods := methods || method_result('insured', jsonb_build_object('amount', cover.amount, 'covered_percent', cover.covered_percent, 'credit_limit_id', cover.credit_limit_id),
		cover.amount * cover.covered_percent / 100, ARRAY[CASE WHEN cover.credit_limit_id IS NULL THEN 'insured limit' END], p_policy);

	SELECT sum(convert(s.amount, s.currency, base, p_as_of)) INTO held FROM security s
	WHERE s.customer_id = p_customer_id AND s.valid_from <= p_as_of AND COALESCE(s.valid_to, 'infinity') >= p_as_of AND s.recorded_at <= p_known_at
		AND NOT EXISTS (SELECT FROM security_release r WHERE r.customer_id = s.customer_id AND r.security_id = s.security_id AND r.released_on <= p_as_of AND r.recorded_at <= p_known_at);
	methods := methods || method_result('secured', jsonb_build_object('security', held), held, ARRAY[CASE WHEN held IS NULL THEN 'security' END], p_policy);

	IF p_policy.own_sales_percent IS NOT NULL THEN
		IF ours IS NULL THEN
			SELECT sum(CASE d.side WHEN 'debit' THEN 1 ELSE -1 END * CASE WHEN d.currency = base THEN d.amount ELSE d.base_amount END) INTO ours
			FROM document d WHERE d.kind = 'invoice' AND d.posting_date > p_as_of - 365 AND d.posting_date <= p_as_of AND d.recorded_at <= p_known_at;
		END IF;
		methods := methods || method_result('cap', jsonb_build_object('own_sales', ours, 'percent', p_policy.own_sales_percent), ours * p_policy.own_sales_percent / 100,
			ARRAY[CASE WHEN ours IS NULL THEN 'own sales' END], p_policy);
	END IF;
	RETURN methods;
END $$;
COMMENT ON FUNCTION limit_methods(bigint, date, timestamptz, limit_policy, credit.payment_terms, text) IS 'Every method of recommend_limit() with its inputs, its result, and what is missing; and the cap by our own sales.';

CREATE OR REPLACE FUNCTION recommend_limit(p_customer_id bigint, p_as_of date DEFAULT NULL, p_known_at timestamptz DEFAULT NULL,
	OUT recommendation_id bigint, OUT amount numeric, OUT currency text, OUT terms credit.payment_terms, OUT methods jsonb, OUT missing text[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	as_of_day date := COALESCE(p_as_of, ledger_today());
	known timestamptz := COALESCE(p_known_at, LEAST(end_of_day(as_of_day), now()));
	policy limit_policy;
	used_grade text;
	cap numeric;
BEGIN
	PERFORM require_as_of(as_of_day);
	PERFORM lock_customer(p_customer_id);
	policy := policy_for(p_customer_id, as_of_day);
	SELECT h.grade INTO used_grade FROM score_history h WHERE h.customer_id = p_customer_id AND h.as_of <= as_of_day AND h.recorded_at <= known
	ORDER BY h.as_of DESC, h.score_history_id DESC LIMIT 1;
	SELECT COALESCE((SELECT g.terms FROM grade_policy g WHERE g.grade = used_grade AND g.valid_from <= as_of_day ORDER BY g.valid_from DESC LIMIT 1), c.terms,
		(SELECT a.terms FROM credit_application a WHERE a.customer_id = p_customer_id AND a.received_on <= as_of_day ORDER BY a.credit_application_id DESC LIMIT 1))
	INTO terms FROM customer c WHERE c.customer_id = p_customer_id;
	methods := limit_methods(p_customer_id, as_of_day, known, policy, terms, used_grade);
	currency := base;
	SELECT CASE policy.pick WHEN 'minimum' THEN min(m.result) WHEN 'maximum' THEN max(m.result) WHEN 'average' THEN avg(m.result)
			ELSE sum(m.result * COALESCE((policy.weights ->> m.method)::numeric, 1)) / NULLIF(sum(COALESCE((policy.weights ->> m.method)::numeric, 1)), 0) END
	INTO amount FROM jsonb_to_recordset(methods) m (method text, counts boolean, result numeric) WHERE m.counts AND m.result IS NOT NULL;
	SELECT m.result INTO cap FROM jsonb_to_recordset(methods) m (method text, result numeric) WHERE m.method = 'cap';
	amount := LEAST(amount, cap);
	amount := CASE WHEN policy.round_to IS NOT NULL THEN trunc(amount / policy.round_to) * policy.round_to ELSE amount END;
	amount := round(amount, credit.minor_unit(base));
	IF EXISTS (SELECT FROM jsonb_to_recordset(methods) m (method text, result numeric) WHERE m.method = ANY (policy.needed) AND m.result IS NULL) THEN
		amount := NULL;
	END IF;
	missing := ARRAY(SELECT DISTINCT x FROM jsonb_array_elements(methods) m, jsonb_array_elements_text(m -> 'missing') x
		WHERE (m ->> 'counts')::boolean OR m ->> 'method' = 'cap' ORDER BY x);
	INSERT INTO limit_recommendation (customer_id, as_of, known_at, amount, currency, terms, methods, missing, policy)
	VALUES (p_customer_id, as_of_day, known, recommend_limit.amount, base, recommend_limit.terms, recommend_limit.methods, recommend_limit.missing, to_jsonb(policy))
	RETURNING limit_recommendation_id INTO recommendation_id;
END $$;
COMMENT ON FUNCTION recommend_limit(bigint, date, timestamptz) IS 'Recommends a limit and terms as of p_as_of (default today), from what was known then or at p_known_at: every method with its inputs and result, what the policy makes of those that count, and what is missing. Stored; set_credit_limit(..., p_recommendation_id => ...) cites it. A NULL amount: too little is known.';

CREATE OR REPLACE VIEW limit_recommendation_method AS
SELECT r.customer_id, r.limit_recommendation_id, r.as_of, m.method, m.result, m.counts, m.inputs, ARRAY(SELECT jsonb_array_elements_text(m.missing)) AS missing,
	r.amount AS recommended, r.currency
FROM limit_recommendation r, jsonb_to_recordset(r.methods) m (method text, result numeric, counts boolean, inputs jsonb, missing jsonb);
COMMENT ON VIEW limit_recommendation_method IS 'The methods of each recommendation, one row each.';
COMMENT ON COLUMN limit_recommendation_method.customer_id IS 'The debtor.';
COMMENT ON COLUMN limit_recommendation_method.limit_recommendation_id IS 'The recommendation, with customer_id.';
COMMENT ON COLUMN limit_recommendation_method.as_of IS 'Business date it speaks of.';
COMMENT ON COLUMN limit_recommendation_method.method IS 'net_worth, working_capital, median_reference, highest_reference, bureau, requirement, score_grade, payment_behaviour, insured, secured, or cap.';
COMMENT ON COLUMN limit_recommendation_method.result IS 'The limit by this method; NULL where something is missing.';
COMMENT ON COLUMN limit_recommendation_method.counts IS 'Whether the policy counts it; the cap does not count, it limits.';
COMMENT ON COLUMN limit_recommendation_method.inputs IS 'Its inputs by name.';
COMMENT ON COLUMN limit_recommendation_method.missing IS 'What is missing.';
COMMENT ON COLUMN limit_recommendation_method.recommended IS 'The limit recommended in the end.';
COMMENT ON COLUMN limit_recommendation_method.currency IS 'Currency of the amounts: the base currency.';
