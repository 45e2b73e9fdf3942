-- Check rules as one value, a policy: what is in force, and what might be.

CREATE OR REPLACE FUNCTION keep_customer_change()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	INSERT INTO customer_change (customer_id, risk_class, status, terms_changed_on, review_due)
	VALUES (OLD.customer_id, OLD.risk_class, OLD.status, OLD.terms_changed_on, OLD.review_due);
	UPDATE exposure e SET inactive = NEW.status <> 'active', check_seq = e.check_seq + 1
	WHERE e.customer_id = NEW.customer_id AND e.currency = (SELECT l.base_currency FROM ledger_info l) AND e.inactive <> (NEW.status <> 'active');
	RETURN NULL;
END $$;
COMMENT ON FUNCTION keep_customer_change() IS 'Trigger on customer: keeps in customer_change what check rules knew until now, and exposure.inactive.';

CREATE OR REPLACE TRIGGER customer_changed AFTER UPDATE ON customer
	FOR EACH ROW WHEN (OLD.risk_class IS DISTINCT FROM NEW.risk_class OR OLD.status IS DISTINCT FROM NEW.status
		OR OLD.terms_changed_on IS DISTINCT FROM NEW.terms_changed_on OR OLD.review_due IS DISTINCT FROM NEW.review_due) EXECUTE FUNCTION keep_customer_change();

-- As C has them in check_rules.c.
CREATE OR REPLACE FUNCTION rule_kinds()
RETURNS TABLE (kind text, breaks text, may_be_unknown boolean)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY VALUES
		('manual_hold', 'found', false), ('limit_missing', 'found', false), ('limit_expired', 'found', false), ('customer_status', 'found', false),
		('limit_use', 'above', false), ('horizon_use', 'above', false), ('document_value', 'above', false), ('oldest_overdue', 'above', false), ('overdue_amount', 'above', false),
		('overdue_percent', 'above', false), ('dunning_level', 'above', false), ('broken_promises', 'above', false), ('grade', 'above', true),
		('review_overdue', 'above', false), ('dormant', 'above', false), ('payment_index', 'below', true), ('score', 'below', true),
		('limit_expiring', 'within', false), ('returned_payment', 'within', false), ('terms_changed', 'within', false);
END $$;
COMMENT ON FUNCTION rule_kinds() IS 'Kinds of check rules: broken by a figure above, below, or within (up to) the threshold, or by being found at all; and whether a figure that is missing is unknown, so that when_unknown counts, or nothing to measure.';

CREATE OR REPLACE FUNCTION current_policy()
RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN COALESCE((SELECT jsonb_agg(jsonb_strip_nulls(to_jsonb(r)) || jsonb_build_object('exclusions', COALESCE((
			SELECT jsonb_agg(jsonb_strip_nulls(to_jsonb(x) - 'check_exclusion_id' - 'rule_no') ORDER BY x.check_exclusion_id)
			FROM check_exclusion x WHERE x.rule_no = r.rule_no), '[]')) ORDER BY r.rule_no)
		FROM check_rule r), '[]');
END $$;
COMMENT ON FUNCTION current_policy() IS 'The rows of check_rule as a JSON array of objects, each with its exclusions: what simulate_policy() takes, to be changed.';

CREATE OR REPLACE FUNCTION refuse_policy(p_rule bigint, p_detail text, p_hint text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RAISE EXCEPTION 'rule % of the policy is impossible', p_rule
		USING ERRCODE = 'invalid_parameter_value', DETAIL = COALESCE(p_detail, ''),
			HINT = COALESCE(p_hint, 'current_policy() shows the rules in force as they are to be written.');
END $$;
COMMENT ON FUNCTION refuse_policy(bigint, text, text) IS 'Refuses a policy. Used by policy_rules().';

-- Columns of a rule or of an exclusion, with what every one of both must be.
CREATE OR REPLACE FUNCTION policy_part(p_rule bigint, p_part jsonb, p_columns text[])
RETURNS check_rule LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	one check_rule;
	message text;
	unknown text;
BEGIN
	IF jsonb_typeof(p_part) IS DISTINCT FROM 'object' THEN
		PERFORM refuse_policy(p_rule, format('It is %s, not an object.', COALESCE(p_part::text, 'null')));
	END IF;
	SELECT k INTO unknown FROM jsonb_object_keys(p_part) k WHERE k <> ALL (p_columns) ORDER BY k LIMIT 1;
	IF FOUND THEN
		PERFORM refuse_policy(p_rule, format('There is no column "%s".', unknown), format('Columns are %s.', array_to_string(p_columns, ', ')));
	END IF;
	BEGIN
		one := jsonb_populate_record(NULL::check_rule, p_part);
	EXCEPTION WHEN data_exception THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
		PERFORM refuse_policy(p_rule, format('It does not fit the columns of check_rule: %s.', message));
	END;
	one.valid_from := COALESCE(one.valid_from, '-infinity');
	one.valid_to := COALESCE(one.valid_to, 'infinity');
	IF one.threshold < 0 OR one.threshold >= 1e15 OR one.threshold = 'NaN' OR scale(one.threshold) > 4 THEN
		PERFORM refuse_policy(p_rule, format('Its threshold is %s.', one.threshold), 'Thresholds are 0 or more, below 10^15, and have at most four decimals.');
	END IF;
	IF one.valid_to < one.valid_from THEN
		PERFORM refuse_policy(p_rule, format('It is valid from %s to %s.', p_part ->> 'valid_from', p_part ->> 'valid_to'));
	END IF;
	IF NOT EXISTS (SELECT FROM customer c WHERE c.customer_id = COALESCE(one.customer_id, one.group_id)) AND num_nonnulls(one.customer_id, one.group_id) > 0 THEN
		PERFORM refuse_policy(p_rule, format('There is no customer %s.', COALESCE(one.customer_id, one.group_id)));
	END IF;
	RETURN one;
END $$;
COMMENT ON FUNCTION policy_part(bigint, jsonb, text[]) IS 'A rule, or an exclusion, of a policy. Used by policy_rules().';

CREATE OR REPLACE FUNCTION policy_rules(p_rules jsonb)
RETURNS TABLE (rule_no integer, kind text, threshold numeric, action text, customer_id bigint, risk_class text, grace_days integer,
	net_of_unapplied boolean, horizon_days integer, valid_from date, valid_to date, when_unknown text, group_id bigint, breaks text, may_be_unknown boolean, exclusions jsonb)
LANGUAGE plpgsql STABLE ROWS 10 SET search_path FROM CURRENT AS $$
DECLARE
	columns text[] := ARRAY['rule_no', 'kind', 'threshold', 'action', 'customer_id', 'risk_class', 'grace_days', 'net_of_unapplied', 'horizon_days',
		'when_unknown', 'group_id', 'valid_from', 'valid_to', 'exclusions'];
	exclusion_columns text[] := ARRAY['customer_id', 'risk_class', 'threshold', 'valid_from', 'valid_to'];
	actions text[] := ARRAY['approve', 'warn', 'hold', 'reject'];
	element record;
	rule check_rule;
	spared check_rule;
	part record;
	seen integer[] := ARRAY[]::integer[];
BEGIN
	IF jsonb_typeof(p_rules) IS DISTINCT FROM 'array' THEN
		RAISE EXCEPTION 'a policy must be an array of rules'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', COALESCE(jsonb_typeof(p_rules), 'null')),
				HINT = 'current_policy() shows the rules in force as they are to be written.';
	END IF;
	FOR element IN SELECT e.value, e.n FROM jsonb_array_elements(p_rules) WITH ORDINALITY e (value, n) LOOP
		rule := policy_part(element.n, CASE jsonb_typeof(element.value) WHEN 'object' THEN element.value - 'exclusions' ELSE element.value END, columns);
		rule_no := COALESCE(rule.rule_no, 10 * element.n); kind := rule.kind; threshold := rule.threshold; action := COALESCE(rule.action, 'hold');
		customer_id := rule.customer_id; risk_class := rule.risk_class; grace_days := COALESCE(rule.grace_days, 0);
		net_of_unapplied := COALESCE(rule.net_of_unapplied, true); horizon_days := rule.horizon_days; when_unknown := COALESCE(rule.when_unknown, 'hold'); group_id := rule.group_id; valid_from := rule.valid_from; valid_to := rule.valid_to;
		exclusions := COALESCE(element.value -> 'exclusions', '[]');
		SELECT k.breaks, k.may_be_unknown INTO breaks, may_be_unknown FROM rule_kinds() k WHERE k.kind = rule.kind;
		IF NOT FOUND THEN
			PERFORM refuse_policy(element.n, format('Its kind is %s.', COALESCE('"' || kind || '"', 'missing')),
				(SELECT format('Kinds are %s.', string_agg(k.kind, ', ')) FROM rule_kinds() k));
		END IF;
		IF action <> ALL (actions[2:]) THEN
			PERFORM refuse_policy(element.n, format('Its action is "%s".', action), 'Actions are warn, hold and reject.');
		END IF;
		IF when_unknown <> ALL (actions) THEN
			PERFORM refuse_policy(element.n, format('Its when_unknown is "%s".', when_unknown), 'It is approve, warn, hold or reject.');
		END IF;
		IF (threshold IS NULL) <> (breaks = 'found') THEN
			PERFORM refuse_policy(element.n, format('Its kind is %s, its threshold %s.', kind, COALESCE(threshold::text, 'missing')),
				'All kinds have a threshold but manual_hold, limit_missing, limit_expired and customer_status.');
		END IF;
		IF threshold >= 1000000 AND kind NOT IN ('document_value', 'overdue_amount', 'score') THEN
			PERFORM refuse_policy(element.n, format('Its threshold is %s.', threshold), 'Percent, days, levels and ranks are below 1000000.');
		END IF;
		IF grace_days NOT BETWEEN 0 AND 3660 THEN
			PERFORM refuse_policy(element.n, format('Its grace_days are %s.', grace_days), 'They are 0 to 3660.');
		END IF;
		IF (horizon_days IS NOT NULL) <> (kind = 'horizon_use') OR horizon_days NOT BETWEEN 0 AND 3660 THEN
			PERFORM refuse_policy(element.n, format('Its kind is %s, its horizon_days %s.', kind, COALESCE(horizon_days::text, 'missing')),
				'horizon_use, and no other kind, has horizon_days; they are 0 to 3660.');
		END IF;
		IF num_nonnulls(customer_id, risk_class, group_id) > 1 THEN
			PERFORM refuse_policy(element.n, 'It is for two of customer, group and risk class.', 'It is for one of them, or for everyone.');
		END IF;
		IF rule_no = ANY (seen) THEN
			PERFORM refuse_policy(element.n, format('There are two rules %s.', rule_no), 'Left out, rule_no is ten times the place in the array.');
		END IF;
		seen := seen || rule_no;
		IF jsonb_typeof(exclusions) <> 'array' THEN
			PERFORM refuse_policy(element.n, 'Its exclusions are not an array.');
		END IF;
		FOR part IN SELECT e.value FROM jsonb_array_elements(exclusions) e LOOP
			spared := policy_part(element.n, part.value, exclusion_columns);
			IF num_nonnulls(spared.customer_id, spared.risk_class) <> 1 THEN
				PERFORM refuse_policy(element.n, 'An exclusion names no one to spare, or two.', 'It has a customer_id or a risk_class.');
			END IF;
		END LOOP;
		RETURN NEXT;
	END LOOP;
END $$;
COMMENT ON FUNCTION policy_rules(jsonb) IS 'The rules of a policy, one row each, once all of it has been found to be possible: 22023 otherwise. Used by replay_rules().';
