-- Credit limits: kinds, days in force, and how they combine.

CREATE OR REPLACE FUNCTION is_lower_limit(p_customer_id bigint, p_amount numeric, p_currency text, p_starts date, p_ends date, p_kind text,
	p_replaces_own boolean, p_covered_percent numeric, p_max_overdue_days integer)
RETURNS boolean LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	ends date := COALESCE(p_ends, (SELECT min(lower(c.in_force)) - 1 FROM credit_limit c
		WHERE c.customer_id = p_customer_id AND c.kind = p_kind AND lower(c.in_force) > p_starts));
BEGIN
	-- One of the same kind, as large and no stricter, on all these days; a guarantee is always one more.
	RETURN p_kind <> 'guarantee' AND EXISTS (SELECT FROM credit_limit c
		WHERE c.customer_id = p_customer_id AND c.kind = p_kind AND c.in_force @> daterange(p_starts, ends, '[]')
			AND c.currency = p_currency AND c.amount >= p_amount AND c.replaces_own = p_replaces_own
			AND c.covered_percent IS NOT DISTINCT FROM p_covered_percent AND c.max_overdue_days IS NOT DISTINCT FROM p_max_overdue_days);
END $$;
COMMENT ON FUNCTION is_lower_limit(bigint, numeric, text, date, date, text, boolean, numeric, integer) IS 'Whether a new credit limit takes the place of one that allows as much or more on all its days: that needs no approval.';

CREATE OR REPLACE FUNCTION set_credit_limit(p_customer_id bigint, p_amount numeric, p_valid_from date DEFAULT NULL,
	p_valid_to date DEFAULT NULL, p_reason text DEFAULT NULL, p_kind text DEFAULT 'own', p_currency text DEFAULT NULL,
	p_replaces_own boolean DEFAULT false, p_covered_percent numeric DEFAULT NULL, p_max_overdue_days integer DEFAULT NULL,
	p_provider text DEFAULT NULL, p_policy_no text DEFAULT NULL, p_requested_by text DEFAULT NULL, p_approved_by text DEFAULT NULL,
	p_recommendation_id bigint DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	used_currency text := COALESCE(p_currency, (SELECT l.base_currency FROM ledger_info l));
	starts date := COALESCE(p_valid_from, ledger_today());
	ends date := p_valid_to;
	neighbour record;
	approved record;
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
	IF p_amount <> round(p_amount, credit.minor_unit(used_currency)) THEN
		RAISE EXCEPTION 'credit limit of customer % has more decimals than % has', p_customer_id, used_currency
			USING ERRCODE = 'numeric_value_out_of_range', DETAIL = format('It is %s.', p_amount);
	END IF;
	IF NOT isfinite(starts) OR NOT isfinite(COALESCE(ends, starts)) OR ends < starts THEN
		RAISE EXCEPTION 'credit limit of customer % has an impossible validity', p_customer_id
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It is from %s to %s.', starts, COALESCE(ends::text, 'without end')),
				HINT = 'Leave p_valid_to out for a limit without end.';
	END IF;
	IF p_kind IS NULL OR p_kind NOT IN ('own', 'temporary', 'group', 'insured', 'guarantee') THEN
		RAISE EXCEPTION 'unknown kind of credit limit "%"', p_kind
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Kinds are own, temporary, group, insured and guarantee.';
	END IF;
	IF p_kind = 'temporary' AND ends IS NULL THEN
		RAISE EXCEPTION 'temporary limit of customer % has no end', p_customer_id
			USING ERRCODE = 'null_value_not_allowed', HINT = 'Give p_valid_to, or set an own limit.';
	END IF;
	IF p_replaces_own AND p_kind <> 'temporary' THEN
		RAISE EXCEPTION 'only a temporary limit can replace the own limit of customer %', p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', p_kind);
	END IF;
	IF p_kind IN ('insured', 'guarantee') AND COALESCE(p_provider, '') = '' THEN
		RAISE EXCEPTION '% limit of customer % does not say who provides it', p_kind, p_customer_id USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF (p_kind = 'insured') <> (p_covered_percent IS NOT NULL) OR p_covered_percent <= 0 OR p_covered_percent > 100
		OR (p_max_overdue_days IS NOT NULL AND (p_kind <> 'insured' OR p_max_overdue_days < 0)) THEN
		RAISE EXCEPTION 'cover of the % limit of customer % is impossible', p_kind, p_customer_id
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Covered are %s percent, up to %s days past due.',
				COALESCE(p_covered_percent::text, 'no'), COALESCE(p_max_overdue_days::text, 'any number of')),
				HINT = 'An insured limit, and no other, covers more than 0 and at most 100 percent.';
	END IF;

	PERFORM lock_customer(p_customer_id);
	IF p_recommendation_id IS NOT NULL
		AND NOT EXISTS (SELECT FROM limit_recommendation r WHERE r.customer_id = p_customer_id AND r.limit_recommendation_id = p_recommendation_id) THEN
		RAISE EXCEPTION 'customer % has no recommendation %', p_customer_id, p_recommendation_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'recommend_limit() makes one.';
	END IF;
	IF NOT is_lower_limit(p_customer_id, p_amount, used_currency, starts, ends, p_kind, p_replaces_own, p_covered_percent, p_max_overdue_days) THEN
		approved := use_approval(p_customer_id, 'limit', p_amount, used_currency, jsonb_strip_nulls(jsonb_build_object('kind', NULLIF(p_kind, 'own'),
			'valid_to', ends, 'replaces_own', NULLIF(p_replaces_own, false), 'covered_percent', p_covered_percent,
			'max_overdue_days', p_max_overdue_days)));
	ELSE
		SELECT NULL::text AS requested_by, NULL::text AS approved_by INTO approved;
	END IF;
	IF p_kind <> 'guarantee' THEN
		-- Takes the place of one that starts the same day; ends one without end; ends itself where the next one starts.
		UPDATE credit_limit c SET in_force = 'empty'
		WHERE c.customer_id = p_customer_id AND c.kind = p_kind AND c.valid_from = starts AND NOT isempty(c.in_force);
		UPDATE credit_limit c SET in_force = daterange(c.valid_from, starts - 1, '[]')
		WHERE c.customer_id = p_customer_id AND c.kind = p_kind AND c.valid_to IS NULL AND c.valid_from < starts AND c.in_force @> starts;
		IF ends IS NULL THEN
			SELECT min(lower(c.in_force)) - 1 INTO ends FROM credit_limit c
			WHERE c.customer_id = p_customer_id AND c.kind = p_kind AND lower(c.in_force) > starts;
		END IF;
		SELECT c.credit_limit_id, c.amount, c.currency, c.in_force INTO neighbour FROM credit_limit c
		WHERE c.customer_id = p_customer_id AND c.kind = p_kind AND c.in_force && daterange(starts, ends, '[]') ORDER BY c.valid_from LIMIT 1;
		IF FOUND THEN
			RAISE EXCEPTION '% limit of customer % overlaps another one', p_kind, p_customer_id
				USING ERRCODE = 'exclusion_violation', DETAIL = format('It is from %s to %s; limit %s of %s %s is in force from %s to %s.', starts,
					COALESCE(ends::text, 'without end'), neighbour.credit_limit_id, neighbour.amount, neighbour.currency, lower(neighbour.in_force),
					COALESCE((upper(neighbour.in_force) - 1)::text, 'without end')),
					HINT = 'Begin after it, on its first day, or set a temporary limit.';
		END IF;
	END IF;
	INSERT INTO credit_limit (customer_id, amount, currency, valid_from, valid_to, reason, kind, in_force, replaces_own, covered_percent,
		max_overdue_days, provider, policy_no, requested_by, approved_by, recommendation_id)
	VALUES (p_customer_id, round(p_amount, credit.minor_unit(used_currency)), used_currency, starts, p_valid_to, p_reason, p_kind,
		daterange(starts, ends, '[]'), p_replaces_own, p_covered_percent, p_max_overdue_days, p_provider, p_policy_no,
		COALESCE(approved.requested_by, p_requested_by), COALESCE(approved.approved_by, p_approved_by), p_recommendation_id)
	RETURNING credit_limit_id INTO id;
	PERFORM keep_limit(p_customer_id);
	IF p_kind = 'group' THEN
		PERFORM mark_group(p_customer_id);
	END IF;
	RETURN id;
END $$;
COMMENT ON FUNCTION set_credit_limit(bigint, numeric, date, date, text, text, text, boolean, numeric, integer, text, text, text, text, bigint) IS 'Sets a credit limit from p_valid_from (default today) to p_valid_to (default without end), in p_currency (default the base currency). p_kind: own; temporary (adds to the own limit, or with p_replaces_own stands for it, and must end); group (of the customer and all below it); insured (p_covered_percent, p_max_overdue_days, p_provider, p_policy_no); guarantee. A limit without end ends where the next of its kind starts; other overlaps are refused (23P01). Returns its id.';

-- What the customer may owe by itself on a day: the temporary limit in place of the own, or the own with a temporary one
-- added; and the cover on top.  Group limits are checked apart.
CREATE OR REPLACE FUNCTION limit_on(p_customer_id bigint, p_on date, OUT amount numeric, OUT until date, OUT steady boolean)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	part record;
	own numeric;
	temporary numeric;
	replaces boolean := false;
	cover numeric;
	value numeric;
	oldest date;
BEGIN
	steady := true;
	FOR part IN
		SELECT l.kind, l.amount AS of_amount, l.currency, l.replaces_own, l.covered_percent, l.max_overdue_days
		FROM credit_limit l WHERE l.customer_id = p_customer_id AND l.kind <> 'group' AND l.in_force @> p_on
	LOOP
		value := convert(part.of_amount, part.currency, base, p_on);
		steady := steady AND part.currency = base AND part.max_overdue_days IS NULL;
		CASE part.kind
			WHEN 'own' THEN own := value;
			WHEN 'temporary' THEN
				temporary := value;
				replaces := part.replaces_own;
			WHEN 'guarantee' THEN cover := COALESCE(cover, 0) + value;
			ELSE
				IF part.max_overdue_days IS NOT NULL THEN
					SELECT min(first.due_date) INTO oldest FROM exposure e, LATERAL
						(SELECT i.due_date FROM item i WHERE i.customer_id = e.customer_id AND i.currency = e.currency AND i.open_amount > 0
						ORDER BY i.due_date LIMIT 1) first
					WHERE e.customer_id = p_customer_id;
				END IF;
				IF part.max_overdue_days IS NULL OR oldest IS NULL OR p_on - oldest <= part.max_overdue_days THEN
					cover := COALESCE(cover, 0) + round(value * part.covered_percent / 100, credit.minor_unit(base));
				END IF;
		END CASE;
	END LOOP;
	amount := CASE WHEN replaces THEN temporary WHEN own IS NULL AND temporary IS NULL THEN NULL ELSE COALESCE(own, 0) + COALESCE(temporary, 0) END;
	IF cover IS NOT NULL THEN
		amount := COALESCE(amount, 0) + cover;
	END IF;
	SELECT LEAST(min(lower(l.in_force)) FILTER (WHERE lower(l.in_force) > p_on) - 1,
		min(upper(l.in_force)) FILTER (WHERE l.in_force @> p_on) - 1, 'infinity') INTO until
	FROM credit_limit l WHERE l.customer_id = p_customer_id AND l.kind <> 'group' AND NOT isempty(l.in_force);
END $$;
COMMENT ON FUNCTION limit_on(bigint, date) IS 'The credit limit in force on a day in base currency, all kinds but group combined (NULL: none), the last day for which it is known to stay, and whether it stays until then whatever rates and overdue items do.';

CREATE OR REPLACE FUNCTION keep_limit(p_customer_id bigint)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	UPDATE exposure e SET limit_amount = l.amount, limit_since = CASE WHEN l.steady THEN ledger_today() END, limit_until = l.until
	FROM limit_on(p_customer_id, ledger_today()) l
	WHERE e.customer_id = p_customer_id AND e.currency = (SELECT i.base_currency FROM ledger_info i);
END $$;
COMMENT ON FUNCTION keep_limit(bigint) IS 'Keeps the limit in force today in the exposure row, where every order check finds it.';

-- What the exposure policy of a customer's risk class says; no row where everything counts.
CREATE OR REPLACE FUNCTION left_out(p_customer_id bigint, p_on date, OUT counts_unapplied boolean, OUT counts_uncleared boolean, OUT amount numeric)
RETURNS SETOF record LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	policy exposure_policy;
BEGIN
	SELECT p.* INTO policy FROM exposure_policy p, customer c
	WHERE c.customer_id = p_customer_id AND (p.risk_class = c.risk_class OR p.risk_class IS NULL) ORDER BY p.risk_class NULLS LAST LIMIT 1;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	counts_unapplied := policy.counts_unapplied;
	counts_uncleared := policy.counts_uncleared;
	amount := round(0::numeric, credit.minor_unit(base));
	IF policy.left_out <> '{}' THEN
		SELECT amount + COALESCE(sum(convert(o.open_amount, o.currency, base, p_on)), 0) INTO amount
		FROM (SELECT i.currency, sum(i.open_amount) AS open_amount
			FROM item i JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
			WHERE i.customer_id = p_customer_id AND i.open_amount > 0 AND d.kind = ANY (policy.left_out) GROUP BY i.currency) o;
	END IF;
	IF NOT policy.counts_disputed THEN
		SELECT amount + COALESCE(sum(convert(o.disputed_amount, o.currency, base, p_on)), 0) INTO amount
		FROM (SELECT q.currency, sum(q.disputed_amount) AS disputed_amount
			FROM disputed_items q
				JOIN item i ON i.customer_id = q.customer_id AND i.item_id = q.item_id
				JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
			WHERE q.customer_id = p_customer_id AND d.kind <> ALL (policy.left_out) GROUP BY q.currency) o;
	END IF;
	RETURN NEXT;
END $$;
COMMENT ON FUNCTION left_out(bigint, date) IS 'What the exposure policy for a customer says when an order is checked: whether unapplied and uncleared money counts, and what the open items of kinds left out, and what is disputed if that is left out, come to, in base currency. No row: there is no policy.';
