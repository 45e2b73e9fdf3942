-- Interest for late payment, by contract or by law, and the fixed sums of the law.
--
-- With simple interest a run computes what an item has cost from its due date until p_as_of, from all that was paid and
-- disputed meanwhile, and charges what was not charged before: however many runs there were, the sum is the same.

ALTER TABLE interest_policy ALTER actor SET DEFAULT actor();
ALTER TABLE interest_run ALTER actor SET DEFAULT actor();
DO $do$
DECLARE
	guarded record;
BEGIN
	FOR guarded IN SELECT * FROM (VALUES ('interest_policy', 'Set a policy that starts later, with set_interest_policy().'), ('interest_run', 'What was charged stays on record.'),
			('interest_charge', 'Void its document, and what was charged is open no more.'), ('reference_rate', 'Enter a rate that starts later, with set_reference_rate().')) t (name, hint) LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION credit.refuse_change(%L)',
			guarded.name || '_append_only', guarded.name, guarded.hint);
		EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION credit.refuse_change(%L)',
			guarded.name || '_no_truncate', guarded.name, guarded.hint);
	END LOOP;
END $do$;

-- ---- Rates and laws ----

CREATE OR REPLACE FUNCTION set_reference_rate(p_rate_code text, p_valid_from date, p_valid_to date, p_rate numeric, p_source text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_text(p_rate_code, 'the name of a reference rate'), require_text(p_source, format('the source of reference rate %s', p_rate_code)),
		require_figure(p_rate, format('reference rate %s', p_rate_code), -99.9999);
	IF p_rate IS NULL OR p_rate >= 1000 OR p_valid_from IS NULL OR p_valid_to IS NULL OR NOT isfinite(p_valid_from) OR NOT isfinite(p_valid_to) OR p_valid_to < p_valid_from THEN
		RAISE EXCEPTION 'reference rate % cannot be entered like this', p_rate_code
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s from %s to %s.', COALESCE(p_rate::text, 'null'), COALESCE(p_valid_from::text, 'null'),
				COALESCE(p_valid_to::text, 'null')), HINT = 'It is percent a year, from one calendar date to the last day for which it is known.';
	END IF;
	INSERT INTO reference_rate (rate_code, valid_from, valid_to, rate, source) VALUES (p_rate_code, p_valid_from, p_valid_to, p_rate, p_source);
END $$;
COMMENT ON FUNCTION set_reference_rate(text, date, date, numeric, text) IS 'Enters a reference rate of interest in percent a year, in force from p_valid_from and known up to p_valid_to. One that starts later takes its place.';

CREATE OR REPLACE FUNCTION reference_rate_on(p_rate_code text, p_on date)
RETURNS numeric LANGUAGE plpgsql STABLE SECURITY DEFINER SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
DECLARE
	known reference_rate;
BEGIN
	SELECT * INTO known FROM reference_rate r WHERE r.rate_code = p_rate_code AND r.valid_from <= p_on ORDER BY r.valid_from DESC LIMIT 1;
	IF NOT FOUND OR known.valid_to < p_on THEN
		RAISE EXCEPTION 'reference rate "%" of % is not known', p_rate_code, p_on
			USING ERRCODE = 'RC006', DETAIL = CASE WHEN known.valid_to IS NULL THEN 'There is none that early.' ELSE format('The last one is known up to %s.', known.valid_to) END,
				HINT = 'set_reference_rate() enters it.';
	END IF;
	RETURN known.rate;
END $$;
COMMENT ON FUNCTION reference_rate_on(text, date) IS 'A reference rate on a day, in percent a year; RC006 where nobody has entered it.';

CREATE OR REPLACE FUNCTION late_payment_rate(p_jurisdiction text, p_late_since date, p_on date DEFAULT NULL)
RETURNS numeric LANGUAGE plpgsql STABLE SECURITY DEFINER SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
DECLARE
	law late_payment_law;
	day date := COALESCE(p_on, p_late_since);
BEGIN
	SELECT * INTO law FROM late_payment_law l WHERE l.jurisdiction = p_jurisdiction AND l.valid_from <= p_late_since ORDER BY l.valid_from DESC LIMIT 1;
	IF NOT FOUND OR NOT isfinite(p_late_since) OR NOT isfinite(day) THEN
		RAISE EXCEPTION 'no law of late payment of "%" is known for %', p_jurisdiction, p_late_since
			USING ERRCODE = 'RC006', HINT = format('Table late_payment_law has %s.', (SELECT string_agg(DISTINCT l.jurisdiction, ', ') FROM late_payment_law l));
	END IF;
	IF law.fixed THEN
		day := p_late_since;
	END IF;
	day := make_date(extract(year FROM day)::integer, CASE WHEN extract(month FROM day) <= 6 THEN 1 ELSE 7 END, 1);
	RETURN law.margin + reference_rate_on(law.rate_code, CASE law.read_on WHEN 'half_year' THEN day ELSE day - 1 END);
END $$;
COMMENT ON FUNCTION late_payment_rate(text, date, date) IS 'Percent a year that a law gives on p_on (default p_late_since) for a debt whose first late day is p_late_since. RC006 for an unknown law, or a reference rate nobody has entered.';

CREATE OR REPLACE FUNCTION late_payment_sum_for(p_jurisdiction text, p_late_since date, p_debt numeric, p_currency text, p_rates_on date DEFAULT NULL)
RETURNS numeric LANGUAGE plpgsql STABLE SECURITY DEFINER SET plan_cache_mode = force_generic_plan SET search_path FROM CURRENT AS $$
DECLARE
	given late_payment_sum;
BEGIN
	IF p_jurisdiction IS NULL OR p_late_since IS NULL OR p_debt IS NULL OR p_currency IS NULL THEN
		RETURN NULL;
	END IF;
	SELECT s.* INTO given FROM late_payment_sum s
	WHERE s.jurisdiction = p_jurisdiction
		AND s.valid_from = (SELECT max(o.valid_from) FROM late_payment_sum o WHERE o.jurisdiction = p_jurisdiction AND o.valid_from <= p_late_since)
		AND s.least_debt <= convert(p_debt, p_currency, s.currency, COALESCE(p_rates_on, p_late_since))
	ORDER BY s.least_debt DESC LIMIT 1;
	RETURN CASE WHEN given.amount IS NULL THEN 0 ELSE convert(given.amount, given.currency, p_currency, COALESCE(p_rates_on, p_late_since)) END;
END $$;
COMMENT ON FUNCTION late_payment_sum_for(text, date, numeric, text, date) IS 'The fixed sum that a law gives for a debt of this size whose first late day is p_late_since, in the currency of the debt; 0 where it gives none, NULL for NULL. RC006 where a rate is missing.';

CREATE OR REPLACE FUNCTION set_interest_policy(p_name text, p_currency text, p_rate numeric DEFAULT NULL, p_jurisdiction text DEFAULT NULL, p_risk_class text DEFAULT NULL,
	p_valid_from date DEFAULT NULL, p_method text DEFAULT 'simple', p_basis text DEFAULT 'overdue_items', p_period_days integer DEFAULT NULL,
	p_day_count text DEFAULT 'actual/365', p_rounding text DEFAULT 'total', p_grace_days integer DEFAULT 0, p_minimum_amount numeric DEFAULT 0,
	p_minimum_charge numeric DEFAULT 0, p_on_disputed boolean DEFAULT false, p_fixed_sum boolean DEFAULT false)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	starts date := COALESCE(p_valid_from, ledger_today());
	id bigint;
BEGIN
	PERFORM require_text(p_name, 'the name of an interest policy'), require_text(p_currency, 'the currency of an interest policy'), credit.minor_unit(p_currency);
	IF p_rate IS NULL AND p_jurisdiction IS NULL THEN
		RAISE EXCEPTION 'interest policy "%" has no rate', p_name
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give p_rate by contract, or p_jurisdiction whose law gives it.';
	END IF;
	IF COALESCE(p_basis, 'overdue_items') NOT IN ('overdue_items', 'average_daily_balance') OR COALESCE(p_method, 'simple') NOT IN ('flat', 'simple', 'compound')
		OR COALESCE(p_rounding, 'total') NOT IN ('total', 'daily') THEN
		RAISE EXCEPTION 'interest policy "%" cannot be like this', p_name
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s, %s, rounded %s.', p_basis, p_method, p_rounding),
				HINT = 'Bases are overdue_items and average_daily_balance, methods flat, simple and compound; the total is rounded, or daily.';
	END IF;
	PERFORM credit.day_count(starts, starts, COALESCE(p_day_count, 'actual/365'));
	IF (p_rate IS NULL OR p_rounding = 'daily' OR p_basis = 'average_daily_balance') AND COALESCE(p_method, 'simple') <> 'simple'
		OR (p_basis = 'average_daily_balance' AND (p_rate IS NULL OR p_rounding = 'daily' OR p_fixed_sum)) OR (p_fixed_sum AND p_jurisdiction IS NULL)
		OR (p_rate IS NOT NULL AND p_jurisdiction IS NOT NULL AND NOT COALESCE(p_fixed_sum, false)) THEN
		RAISE EXCEPTION 'parts of interest policy "%" do not go together', p_name
			USING ERRCODE = 'invalid_parameter_value', HINT = 'What the law gives, daily rounding and the average daily balance are simple interest; the average has a rate by contract; the fixed sum is of a jurisdiction, whose rate counts where there is none by contract.';
	END IF;
	IF p_jurisdiction IS NOT NULL AND NOT EXISTS (SELECT FROM late_payment_law l WHERE l.jurisdiction = p_jurisdiction) THEN
		RAISE EXCEPTION 'there is no law of late payment of "%"', p_jurisdiction USING ERRCODE = 'foreign_key_violation', HINT = 'Table late_payment_law lists them.';
	END IF;
	INSERT INTO interest_policy (name, currency, risk_class, valid_from, basis, method, rate, period_days, jurisdiction, day_count, rounding, grace_days, minimum_amount,
		minimum_charge, on_disputed, fixed_sum)
	VALUES (p_name, p_currency, p_risk_class, starts, COALESCE(p_basis, 'overdue_items'), COALESCE(p_method, 'simple'), p_rate, p_period_days, p_jurisdiction,
		COALESCE(p_day_count, 'actual/365'), COALESCE(p_rounding, 'total'), COALESCE(p_grace_days, 0), COALESCE(p_minimum_amount, 0), COALESCE(p_minimum_charge, 0),
		COALESCE(p_on_disputed, false), COALESCE(p_fixed_sum, false))
	RETURNING interest_policy_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION set_interest_policy(text, text, numeric, text, text, date, text, text, integer, text, text, integer, numeric, numeric, boolean, boolean) IS 'Sets what late payment costs in a currency, for items whose first late day is p_valid_from (default today) or later: p_rate percent per p_period_days (default a year) by contract, or as the law of p_jurisdiction says. The other arguments are columns of interest_policy. Returns its id.';

-- ---- What is to be charged ----

CREATE OR REPLACE FUNCTION interest_costs(p_as_of date, p_customers bigint[] DEFAULT NULL, p_charged boolean DEFAULT false)
RETURNS TABLE (customer_id bigint, currency text, item_id bigint, interest_policy_id bigint, from_day date, charged numeric, topped_up numeric, cost numeric, minimum numeric, fixed_sum numeric)
LANGUAGE plpgsql STABLE ROWS 100000 SET plan_cache_mode = force_custom_plan SET search_path FROM CURRENT AS $$
DECLARE
	-- What was settled long before the last run was charged by then.
	settled_since date := COALESCE((SELECT max(r.as_of) FROM interest_run r) - 366, '-infinity');
BEGIN
	PERFORM require_as_of(p_as_of);
	RETURN QUERY
	WITH late AS MATERIALIZED (
		SELECT i.customer_id, i.currency, i.item_id, i.amount, i.due_date, credit.minor_unit(i.currency) AS minor, p AS policy,
			-- In time after all, or within the grace; and what was posted by mistake was never owed.
			LEAST(p_as_of, z.settled_on) - i.due_date <= p.grace_days
				OR (i.open_amount = 0 AND EXISTS (SELECT FROM document v WHERE v.customer_id = i.customer_id AND v.reverses = i.document_id)) AS spared
		FROM item i JOIN customer c ON c.customer_id = i.customer_id
			JOIN document n ON n.customer_id = i.customer_id AND n.document_id = i.document_id
			-- The debtor was late until the money came, however late it was applied.
			CROSS JOIN LATERAL (SELECT CASE WHEN i.open_amount = 0 THEN (SELECT max(a.credit_posting_date) FROM allocation a
				WHERE a.customer_id = i.customer_id AND a.debit_item_id = i.item_id AND a.reverses IS NULL
					AND NOT EXISTS (SELECT FROM allocation x WHERE x.customer_id = a.customer_id AND x.reverses = a.allocation_id)) END AS settled_on) z
			CROSS JOIN LATERAL (SELECT o.* FROM interest_policy o
				WHERE o.currency = i.currency AND (o.risk_class = c.risk_class OR o.risk_class IS NULL) AND o.valid_from <= i.due_date + 1
				ORDER BY o.risk_class NULLS LAST, o.valid_from DESC LIMIT 1) p
		WHERE i.amount > 0 AND i.due_date < p_as_of AND i.posting_date <= p_as_of AND (p_customers IS NULL OR i.customer_id = ANY (p_customers)) AND p.basis = 'overdue_items'
			-- What was open of a merged customer costs where it went, and goes on there; nothing is posted to the customer itself.
			AND (p_charged OR i.customer_id NOT IN (SELECT m.customer_id FROM customer_merge m))
			AND CASE WHEN p_charged THEN EXISTS (SELECT FROM interest_charge h WHERE h.customer_id = i.customer_id AND h.item_id = i.item_id AND h.kind = 'interest')
				ELSE i.open_amount > 0 OR (i.open_amount = 0 AND i.last_applied_on > i.due_date AND i.last_applied_on > settled_since) END
			-- No interest on interest, whoever charged it.
			AND n.kind <> 'finance_charge'
			AND NOT EXISTS (SELECT FROM dunning_letter f WHERE f.customer_id = i.customer_id AND f.fee_document_id = i.document_id)
			AND NOT EXISTS (SELECT FROM interest_charge f WHERE f.customer_id = i.customer_id AND f.document_id = i.document_id)),
	-- From when on an item's days are counted: compound interest goes on where it stopped, and so does what came from another customer.
	counted AS (
		SELECT l.*, COALESCE(h.amount, 0) AS charged, COALESCE(h.topped_up, 0) AS topped_up, COALESCE(h.moved, 0) AS moved, h.to_day AS charged_to,
			CASE WHEN (l.policy).method = 'compound' THEN COALESCE(h.to_day, l.due_date) ELSE COALESCE(h.moved_to, l.due_date) END AS start
		FROM late l CROSS JOIN LATERAL (
			SELECT sum(o.amount) FILTER (WHERE o.kind <> 'moved' OR (l.policy).method <> 'simple') AS amount, sum(o.amount) FILTER (WHERE o.kind = 'minimum') AS topped_up,
				sum(o.amount) FILTER (WHERE o.kind = 'moved' AND (l.policy).method = 'simple') AS moved, max(o.to_day) AS to_day, max(o.to_day) FILTER (WHERE o.kind = 'moved') AS moved_to
			FROM interest_charge o WHERE o.customer_id = l.customer_id AND o.item_id = l.item_id AND o.kind <> 'fixed_sum') h
		WHERE p_charged OR NOT l.spared)
	-- Item by item, by index: it costs as much for each, however many there are.
	SELECT c.customer_id, c.currency, c.item_id, (c.policy).interest_policy_id, COALESCE(c.charged_to, c.due_date), c.charged, c.topped_up,
		CASE WHEN c.spared THEN 0 WHEN (c.policy).method = 'compound' THEN c.charged - c.topped_up + round(k.amount, c.minor) ELSE round(k.amount, c.minor) END,
		CASE WHEN c.spared OR round(k.amount, c.minor) = 0 THEN 0 ELSE GREATEST((c.policy).minimum_charge - c.moved, 0) END,
		-- Nothing is late of what is disputed as a whole.
		CASE WHEN (c.policy).fixed_sum AND k.late AND NOT p_charged
				AND NOT EXISTS (SELECT FROM interest_charge h WHERE h.customer_id = c.customer_id AND h.item_id = c.item_id AND h.kind = 'fixed_sum')
			THEN late_payment_sum_for((c.policy).jurisdiction, c.due_date + 1, c.amount, c.currency, p_as_of) ELSE 0 END
	FROM counted c CROSS JOIN LATERAL (
		SELECT COALESCE(CASE WHEN (c.policy).method = 'flat' THEN max(credit.interest(s.amount, (c.policy).rate, method => 'flat')) FILTER (WHERE s.next_day > c.due_date + (c.policy).grace_days)
				WHEN (c.policy).rounding = 'daily' THEN sum(round(credit.interest(s.amount, r.rate, 1, d.period), c.minor) * d.days)
				ELSE sum(credit.interest(s.amount, r.rate, d.days, d.period, (c.policy).method, s.charges)) END, 0) AS amount,
			count(*) > 0 AS late
		FROM (
			SELECT e.day, lead(e.day, 1, p_as_of) OVER w AS next_day, sum(sum(e.owed)) OVER w - sum(sum(e.disputed)) OVER w AS amount, sum(sum(e.charges)) OVER w AS charges
			-- What changed the amount that costs, or its rate.  On the day of a payment the money still cost.
			FROM (
				SELECT c.start AS day, c.amount AS owed, 0::numeric AS disputed, 0::numeric AS charges
				-- Money counts from the day it came, as it does for promises; what takes it back from its own.
				UNION ALL SELECT GREATEST(CASE WHEN a.reverses IS NULL THEN a.credit_posting_date ELSE a.applied_on END, c.start), -a.amount, 0, 0
				FROM allocation a WHERE a.customer_id = c.customer_id AND a.debit_item_id = c.item_id
				UNION ALL SELECT GREATEST(t.day, c.start), 0, t.amount, 0
				FROM dispute d CROSS JOIN LATERAL (VALUES (d.opened_on, d.amount), (d.ended_on, -d.amount)) t (day, amount)
				WHERE d.customer_id = c.customer_id AND d.item_id = c.item_id AND d.state <> 'rejected' AND NOT (c.policy).on_disputed AND t.day < p_as_of
				-- While a payment plan with interest of its own is in force, that is what the item costs.
				UNION ALL SELECT GREATEST(t.day, c.start), 0, t.amount, 0
				FROM payment_plan_item m JOIN payment_plan n ON n.customer_id = m.customer_id AND n.payment_plan_id = m.payment_plan_id AND n.interest_rate > 0
					CROSS JOIN LATERAL (VALUES (n.starts_on, c.amount), (CASE WHEN n.state <> 'active' THEN GREATEST(n.state_on, n.starts_on) END, -c.amount)) t (day, amount)
				WHERE m.customer_id = c.customer_id AND m.item_id = c.item_id AND t.day < p_as_of
					AND EXISTS (SELECT FROM payment_plan_event e WHERE e.customer_id = n.customer_id AND e.payment_plan_id = n.payment_plan_id AND e.state = 'active')
				UNION ALL SELECT b.day, 0, 0, 0
				FROM (SELECT make_date(y, m, 1) - 1 AS day
					FROM generate_series(extract(year FROM c.start)::integer, extract(year FROM p_as_of)::integer) y, unnest(ARRAY[1, 7]) m) b
				WHERE (c.policy).rate IS NULL AND b.day > c.start
				-- What the item was charged before costs too, its share in each finance charge, until that is paid.
				UNION ALL SELECT GREATEST(t.day, c.start), 0, 0, t.share * h.amount / f.amount
				FROM interest_charge h JOIN item f ON f.customer_id = h.customer_id AND f.document_id = h.document_id
					CROSS JOIN LATERAL (SELECT c.start AS day, f.amount AS share
						UNION ALL SELECT CASE WHEN a.reverses IS NULL THEN a.credit_posting_date ELSE a.applied_on END, -a.amount
						FROM allocation a WHERE a.customer_id = f.customer_id AND a.debit_item_id = f.item_id) t
				WHERE (c.policy).method = 'compound' AND h.customer_id = c.customer_id AND h.item_id = c.item_id AND h.kind IN ('interest', 'minimum')) e
			WHERE e.day < p_as_of GROUP BY e.day WINDOW w AS (ORDER BY e.day)) s
			CROSS JOIN LATERAL (SELECT COALESCE((c.policy).rate, late_payment_rate((c.policy).jurisdiction, c.due_date + 1, s.day + 1)) AS rate) r
			CROSS JOIN LATERAL (SELECT CASE WHEN (c.policy).period_days IS NULL THEN y.days ELSE s.next_day - s.day END AS days,
				COALESCE((c.policy).period_days, y.period) AS period FROM credit.day_count(s.day, s.next_day, (c.policy).day_count) y) d
		WHERE s.amount > 0 AND s.next_day > s.day AND NOT c.spared) k;
EXCEPTION WHEN SQLSTATE 'RC006' THEN
	-- Whoever has to enter rates wants to know of all of them at once.
	PERFORM require_interest_rates(p_as_of, p_customers);
	RAISE;
END $$;
COMMENT ON FUNCTION interest_costs(date, bigint[], boolean) IS 'What late payment of items costs up to and including p_as_of (cost, and the least that is charged for it), and what was charged of it by then (charged, of which topped_up to come to the minimum), of all customers or of some; fixed_sum: what the law gives besides and was not charged yet. p_charged: also of items that were charged and, as is known now, cost nothing. Behind interest_items() and view interest_overcharged.';

CREATE OR REPLACE FUNCTION require_interest_rates(p_as_of date, p_customers bigint[] DEFAULT NULL)
RETURNS void LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	missing text;
	hints text;
	n bigint;
BEGIN
	WITH late AS (
		SELECT i.customer_id, i.currency, p.name, p.jurisdiction, p.rate IS NULL AS by_law, p.fixed_sum, i.due_date + 1 AS since, LEAST(p_as_of, CASE WHEN i.open_amount = 0 THEN i.last_applied_on END) AS until
		FROM item i JOIN customer c ON c.customer_id = i.customer_id
			CROSS JOIN LATERAL (SELECT o.* FROM interest_policy o
				WHERE o.currency = i.currency AND (o.risk_class = c.risk_class OR o.risk_class IS NULL) AND o.valid_from <= i.due_date + 1
				ORDER BY o.risk_class NULLS LAST, o.valid_from DESC LIMIT 1) p
		WHERE i.amount > 0 AND i.due_date < p_as_of AND i.posting_date <= p_as_of AND p.jurisdiction IS NOT NULL AND (p_customers IS NULL OR i.customer_id = ANY (p_customers))
			AND i.customer_id NOT IN (SELECT m.customer_id FROM customer_merge m)
			AND (i.open_amount > 0 OR i.last_applied_on > GREATEST(i.due_date + p.grace_days, (SELECT max(r.as_of) FROM interest_run r) - 366))),
	-- One look for each day, not for each item.
	asked AS (
		SELECT l.name, l.currency, l.jurisdiction, l.since, b.day, l.fixed_sum, l.by_law, array_agg(DISTINCT l.customer_id) AS customers
		FROM late l CROSS JOIN LATERAL (
			SELECT l.since AS day UNION SELECT make_date(y, m, 1) FROM generate_series(extract(year FROM l.since)::integer, extract(year FROM l.until)::integer) y, unnest(ARRAY[1, 7]) m
			WHERE l.by_law AND make_date(y, m, 1) BETWEEN l.since AND l.until) b
		GROUP BY l.name, l.currency, l.jurisdiction, l.since, b.day, l.fixed_sum, l.by_law),
	looked AS (
		SELECT a.*, w.rate_code, CASE WHEN w.jurisdiction IS NULL THEN 'law' WHEN r.rate_code IS NULL THEN 'reference' END AS what, d.day AS rate_day
		FROM asked a LEFT JOIN LATERAL (SELECT o.* FROM late_payment_law o WHERE o.jurisdiction = a.jurisdiction AND o.valid_from <= a.since ORDER BY o.valid_from DESC LIMIT 1) w ON true
			CROSS JOIN LATERAL (SELECT CASE WHEN w.fixed THEN a.since ELSE a.day END AS day) f
			CROSS JOIN LATERAL (SELECT make_date(extract(year FROM f.day)::integer, CASE WHEN extract(month FROM f.day) <= 6 THEN 1 ELSE 7 END, 1)
				- CASE w.read_on WHEN 'day_before_half_year' THEN 1 ELSE 0 END AS day) d
			LEFT JOIN LATERAL (SELECT o.* FROM reference_rate o WHERE o.rate_code = w.rate_code AND o.valid_from <= d.day ORDER BY o.valid_from DESC LIMIT 1) r ON r.valid_to >= d.day
		WHERE a.by_law
		UNION ALL SELECT a.*, x.currency, 'exchange', p_as_of
		FROM asked a CROSS JOIN LATERAL (SELECT DISTINCT s.currency FROM late_payment_sum s WHERE s.jurisdiction = a.jurisdiction AND s.currency <> a.currency) s
			CROSS JOIN LATERAL (VALUES (s.currency), (a.currency)) x (currency)
		WHERE a.fixed_sum AND x.currency <> base AND NOT EXISTS (SELECT FROM fx_rate o WHERE o.currency = x.currency AND o.valid_from <= p_as_of)),
	wanted AS (
		SELECT o.what, CASE o.what WHEN 'law' THEN o.jurisdiction ELSE o.rate_code END AS code, min(o.rate_day) AS day, string_agg(DISTINCT format('"%s" (%s)', o.name, o.currency), ', ') AS policies,
			count(DISTINCT k) AS customers FROM looked o CROSS JOIN LATERAL unnest(o.customers) k
		WHERE o.what IS NOT NULL GROUP BY 1, 2)
	SELECT string_agg(format('%s, from %s on, for %s of %s customers', format(CASE w.what WHEN 'law' THEN 'The law of late payment of "%s"' WHEN 'exchange' THEN 'The exchange rate of %s'
				ELSE 'Reference rate "%s"' END, w.code), w.day, w.policies, w.customers) || '.', ' ' ORDER BY w.what, w.code),
		string_agg(DISTINCT CASE w.what WHEN 'law' THEN 'Table late_payment_law has the laws.' WHEN 'exchange' THEN 'set_fx_rate() enters exchange rates.' ELSE 'set_reference_rate() enters reference rates.' END, ' '),
		count(*)
	INTO missing, hints, n FROM wanted w;
	IF n > 0 THEN
		RAISE EXCEPTION 'interest up to % cannot be computed: % rates or laws are not known', p_as_of, n USING ERRCODE = 'RC006', DETAIL = missing, HINT = hints;
	END IF;
END $$;
COMMENT ON FUNCTION require_interest_rates(date, bigint[]) IS 'RC006 where a rate or a law is missing that interest up to a day needs, of all customers or of some: each that is, the first day, for which policies and how many customers. Behind interest_costs().';

CREATE OR REPLACE FUNCTION interest_items(p_as_of date, p_customers bigint[] DEFAULT NULL)
RETURNS TABLE (customer_id bigint, currency text, item_id bigint, interest_policy_id bigint, kind text, from_day date, to_day date, amount numeric)
LANGUAGE plpgsql STABLE ROWS 100000 SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
	WITH costs AS MATERIALIZED (
		SELECT c.*, GREATEST(c.cost, c.minimum) - c.charged AS due, GREATEST(c.cost - c.charged + c.topped_up, 0) AS more FROM interest_costs(p_as_of, p_customers) c)
	-- What was charged to come to the minimum pays for later days first: then that row is below zero.
	SELECT c.customer_id, c.currency, c.item_id, c.interest_policy_id, t.kind, c.from_day, p_as_of, t.amount
	FROM costs c CROSS JOIN LATERAL (VALUES ('interest', c.more), ('minimum', c.due - c.more)) t (kind, amount)
	WHERE c.due > 0 AND t.amount <> 0 AND p_as_of > c.from_day
	UNION ALL
	SELECT c.customer_id, c.currency, c.item_id, c.interest_policy_id, 'fixed_sum', c.from_day, p_as_of, c.fixed_sum FROM costs c WHERE c.fixed_sum > 0
	UNION ALL
	SELECT b.* FROM balance_interest(p_as_of, p_customers) b;
END $$;
COMMENT ON FUNCTION interest_items(date, bigint[]) IS 'What late payment has cost up to and including p_as_of and was not charged yet, by item (NULL: by average daily balance), of all customers or of some. Items settled more than a year before the last run are left alone. RC006 where rates are missing, and which.';

CREATE OR REPLACE FUNCTION balance_interest(p_as_of date, p_customers bigint[] DEFAULT NULL)
RETURNS TABLE (customer_id bigint, currency text, item_id bigint, interest_policy_id bigint, kind text, from_day date, to_day date, amount numeric)
LANGUAGE plpgsql STABLE ROWS 1000 SET plan_cache_mode = force_custom_plan SET search_path FROM CURRENT AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM interest_policy p WHERE p.basis = 'average_daily_balance') THEN
		RETURN;
	END IF;
	RETURN QUERY
	WITH accounts AS MATERIALIZED (
		SELECT e.customer_id, e.currency, p AS policy, y.basis, COALESCE(h.to_day, p.valid_from - 1) AS start, COALESCE(h.interest, 0) AS interest, COALESCE(h.topped_up, 0) AS topped_up
		FROM exposure e JOIN customer c ON c.customer_id = e.customer_id
			CROSS JOIN LATERAL (SELECT o.* FROM interest_policy o
				WHERE o.currency = e.currency AND (o.risk_class = c.risk_class OR o.risk_class IS NULL) AND o.valid_from <= p_as_of AND o.basis = 'average_daily_balance'
				ORDER BY o.risk_class NULLS LAST, o.valid_from DESC LIMIT 1) p
			CROSS JOIN LATERAL (SELECT o.basis FROM interest_policy o
				WHERE o.currency = e.currency AND (o.risk_class = c.risk_class OR o.risk_class IS NULL) AND o.valid_from <= p_as_of
				ORDER BY o.risk_class NULLS LAST, o.valid_from DESC LIMIT 1) y
			CROSS JOIN LATERAL (SELECT max(o.to_day) FILTER (WHERE o.kind = 'interest') AS to_day, sum(o.amount) FILTER (WHERE o.kind = 'interest') AS interest,
					sum(o.amount) FILTER (WHERE o.kind = 'minimum') AS topped_up
				FROM interest_charge o WHERE o.customer_id = e.customer_id AND o.currency = e.currency AND o.kind IN ('interest', 'minimum') AND o.item_id IS NULL) h
		WHERE (p_customers IS NULL OR e.customer_id = ANY (p_customers)) AND e.customer_id NOT IN (SELECT m.customer_id FROM customer_merge m)),
	items AS MATERIALIZED (
		-- What came from another customer goes on where it stopped there.
		SELECT a.customer_id, a.currency, i.item_id, i.amount, GREATEST(CASE WHEN i.amount > 0 THEN i.due_date ELSE i.posting_date END, a.start,
			(SELECT max(h.to_day) FROM interest_charge h WHERE h.customer_id = i.customer_id AND h.item_id = i.item_id AND h.kind = 'moved')) AS day
		FROM accounts a JOIN customer c ON c.customer_id = a.customer_id JOIN item i ON i.customer_id = a.customer_id AND i.currency = a.currency
			JOIN document n ON n.customer_id = i.customer_id AND n.document_id = i.document_id AND n.kind <> 'finance_charge'
			-- An item keeps the policy of its first late day; one that was late before there was any has that of today.
			LEFT JOIN LATERAL (SELECT o.basis FROM interest_policy o
				WHERE o.currency = i.currency AND (o.risk_class = c.risk_class OR o.risk_class IS NULL) AND o.valid_from <= i.due_date + 1
				ORDER BY o.risk_class NULLS LAST, o.valid_from DESC LIMIT 1) y ON i.amount > 0
		WHERE (i.amount < 0 OR COALESCE(y.basis, a.basis) = 'average_daily_balance') AND i.posting_date < p_as_of AND (i.amount < 0 OR i.due_date + (a.policy).grace_days < p_as_of) AND i.reserved_for IS NULL
			AND (i.open_amount <> 0 OR i.last_applied_on > a.start)
			AND NOT EXISTS (SELECT FROM dunning_letter f WHERE f.customer_id = i.customer_id AND f.fee_document_id = i.document_id)
			AND NOT EXISTS (SELECT FROM interest_charge f WHERE f.customer_id = i.customer_id AND f.document_id = i.document_id)),
	events AS (
		SELECT i.customer_id, i.currency, i.day, i.amount FROM items i
		UNION ALL SELECT i.customer_id, i.currency, GREATEST(a.applied_on, i.day), CASE WHEN i.amount > 0 THEN -a.amount ELSE a.amount END
		FROM items i JOIN allocation a ON a.customer_id = i.customer_id AND ((i.amount > 0 AND a.debit_item_id = i.item_id) OR (i.amount < 0 AND a.credit_item_id = i.item_id))
		WHERE a.applied_on < p_as_of
		UNION ALL SELECT i.customer_id, i.currency, GREATEST(t.day, i.day), t.amount
		FROM items i JOIN accounts a ON a.customer_id = i.customer_id AND a.currency = i.currency
			JOIN dispute d ON d.customer_id = i.customer_id AND d.item_id = i.item_id AND d.state <> 'rejected'
			CROSS JOIN LATERAL (VALUES (d.opened_on, -d.amount), (d.ended_on, d.amount)) t (day, amount)
		WHERE NOT (a.policy).on_disputed AND t.day < p_as_of),
	steps AS (
		SELECT e.customer_id, e.currency, e.day, lead(e.day, 1, p_as_of) OVER w AS next_day, sum(sum(e.amount)) OVER w AS amount
		FROM events e GROUP BY e.customer_id, e.currency, e.day WINDOW w AS (PARTITION BY e.customer_id, e.currency ORDER BY e.day)),
	due AS (
		SELECT a.customer_id, a.currency, (a.policy).interest_policy_id, min(s.day) AS from_day, a.topped_up, (a.policy).minimum_charge - a.interest - a.topped_up AS least,
			round(sum(credit.interest(s.amount, (a.policy).rate, CASE WHEN (a.policy).period_days IS NULL THEN k.days ELSE s.next_day - s.day END,
				COALESCE((a.policy).period_days, k.period))), credit.minor_unit(a.currency)) AS amount
		FROM steps s JOIN accounts a ON a.customer_id = s.customer_id AND a.currency = s.currency
			CROSS JOIN LATERAL credit.day_count(s.day, s.next_day, (a.policy).day_count) k
		WHERE s.amount > 0 AND s.next_day > s.day
		GROUP BY a.customer_id, a.currency, a.policy, a.interest, a.topped_up)
	SELECT d.customer_id, d.currency, NULL::bigint, d.interest_policy_id, t.kind, d.from_day, p_as_of, t.amount
	FROM due d CROSS JOIN LATERAL (VALUES ('interest', d.amount), ('minimum', GREATEST(-d.topped_up, d.least - d.amount))) t (kind, amount)
	WHERE d.amount > 0 AND t.amount <> 0 AND GREATEST(d.amount - d.topped_up, d.least) > 0;
END $$;
COMMENT ON FUNCTION balance_interest(date, bigint[]) IS 'Interest on the average daily balance past due, less unapplied credit, since it was charged last, for customers with such a policy. Behind interest_items().';

-- ---- Runs ----

CREATE OR REPLACE FUNCTION charge_interest(p_interest_run_id bigint, p_customers bigint[])
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	as_of date := (SELECT r.as_of FROM interest_run r WHERE r.interest_run_id = p_interest_run_id);
	n integer;
BEGIN
	IF as_of IS NULL THEN
		RAISE EXCEPTION 'there is no interest run %', p_interest_run_id USING ERRCODE = 'foreign_key_violation', HINT = 'start_interest() begins one.';
	END IF;
	-- Another run, a payment or a dispute that had the customer first is seen by what is read below.
	PERFORM FROM exposure e WHERE e.customer_id = ANY (p_customers) AND e.currency = (SELECT l.base_currency FROM ledger_info l) ORDER BY e.customer_id FOR NO KEY UPDATE;
	WITH found AS MATERIALIZED (
		SELECT i.* FROM interest_items(as_of, p_customers) i WHERE i.customer_id NOT IN (SELECT s.customer_id FROM collection_stops(as_of, p_customers) s WHERE s.reason IN ('bankruptcy', 'sanctions'))),
	raised AS MATERIALIZED (
		SELECT f.customer_id, f.currency, f.kind = 'fixed_sum' AS fixed_sum, sum(f.amount) AS amount FROM found f GROUP BY f.customer_id, f.currency, f.kind = 'fixed_sum'
		HAVING f.kind = 'fixed_sum' OR sum(f.amount) FILTER (WHERE f.kind = 'interest') >= (SELECT p.minimum_amount FROM interest_policy p WHERE p.interest_policy_id = min(f.interest_policy_id))),
	posted AS (
		INSERT INTO document (customer_id, kind, number, doc_date, due_date, currency, amount, reason)
		SELECT r.customer_id, CASE WHEN r.fixed_sum THEN 'fee' ELSE 'finance_charge' END,
			format('%s %s %s', CASE WHEN r.fixed_sum THEN 'late payment' ELSE 'interest' END, p_interest_run_id, r.currency), as_of, as_of, r.currency, r.amount,
			CASE WHEN r.fixed_sum THEN 'fixed sum for late payment' ELSE format('late payment up to %s', as_of) END
		FROM raised r ORDER BY r.customer_id
		RETURNING document.customer_id, document.currency, document.kind, document.document_id)
	INSERT INTO interest_charge (customer_id, interest_run_id, interest_policy_id, kind, item_id, currency, from_day, to_day, amount, document_id)
	SELECT f.customer_id, p_interest_run_id, f.interest_policy_id, f.kind, f.item_id, f.currency, f.from_day, f.to_day, f.amount, p.document_id
	FROM found f
		JOIN posted p ON p.customer_id = f.customer_id AND p.currency = f.currency AND p.kind = CASE f.kind WHEN 'fixed_sum' THEN 'fee' ELSE 'finance_charge' END
	ORDER BY f.customer_id, f.item_id;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;
COMMENT ON FUNCTION charge_interest(bigint, bigint[]) IS 'Charges some customers in a run what late payment has cost and was not charged yet, under their locks: a finance charge for interest, and a fee for fixed sums, per currency. Returns how many rows of interest_charge it wrote. Behind run_interest() and dunning letters.';

CREATE OR REPLACE FUNCTION start_interest(p_as_of date)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	id bigint;
BEGIN
	PERFORM require_past_day(p_as_of, 'an interest run');
	INSERT INTO interest_run (as_of) VALUES (p_as_of) RETURNING interest_run_id INTO id;
	RETURN id;
END $$;
COMMENT ON FUNCTION start_interest(date) IS 'Begins an interest run up to a day and returns its id; 22008 for a day to come. Behind run_interest().';

CREATE OR REPLACE FUNCTION customers_to_charge(p_as_of date)
RETURNS bigint[] LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN ARRAY(SELECT DISTINCT i.customer_id FROM interest_items(p_as_of) i ORDER BY i.customer_id);
END $$;
COMMENT ON FUNCTION customers_to_charge(date) IS 'Customers whom late payment has cost something that was not charged yet, in id order.';

CREATE OR REPLACE FUNCTION run_interest(p_as_of date, p_simulate boolean DEFAULT false)
RETURNS TABLE (customer_id bigint, currency text, kind text, items integer, amount numeric, document_id bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	run bigint;
BEGIN
	IF COALESCE(p_simulate, false) THEN
		RETURN QUERY
			WITH found AS (
				SELECT i.*, sum(i.amount) FILTER (WHERE i.kind = 'interest') OVER w AS interest, min(i.interest_policy_id) FILTER (WHERE i.kind <> 'fixed_sum') OVER w AS policy
				FROM interest_items(p_as_of) i
				WHERE i.customer_id NOT IN (SELECT s.customer_id FROM collection_stops(p_as_of) s WHERE s.reason IN ('bankruptcy', 'sanctions'))
				WINDOW w AS (PARTITION BY i.customer_id, i.currency))
			SELECT f.customer_id, f.currency, f.kind, count(*)::integer, sum(f.amount), NULL::bigint FROM found f
			WHERE f.kind = 'fixed_sum' OR f.interest >= (SELECT p.minimum_amount FROM interest_policy p WHERE p.interest_policy_id = f.policy)
			GROUP BY f.customer_id, f.currency, f.kind ORDER BY f.customer_id, f.currency, f.kind;
		RETURN;
	END IF;
	run := start_interest(p_as_of);
	PERFORM charge_interest(run, customers_to_charge(p_as_of));
	RETURN QUERY SELECT h.customer_id, h.currency, h.kind, count(*)::integer, sum(h.amount), h.document_id FROM interest_charge h
		WHERE h.interest_run_id = run GROUP BY h.customer_id, h.currency, h.kind, h.document_id ORDER BY h.customer_id, h.currency, h.kind;
END $$;
COMMENT ON FUNCTION run_interest(date, boolean) IS 'Charges all customers what late payment has cost up to and including p_as_of and was not charged before, in one transaction: a row for each customer, currency and kind of charge. p_simulate: shows it and changes nothing. The same day again charges nothing. run_interest_in_batches() is for many customers.';

DO $do$
BEGIN
	EXECUTE format($f$
		CREATE OR REPLACE PROCEDURE %1$I.run_interest_in_batches(p_as_of date, p_batch_size integer DEFAULT 5000, INOUT charges integer DEFAULT 0)
		LANGUAGE plpgsql AS $p$
		DECLARE
			run bigint;
			customers bigint[];
			n integer := 1;
			size integer := pg_catalog.int4larger(1, COALESCE(p_batch_size, 5000));
			written integer;
			message text;
		BEGIN
			charges := 0;
			run := %1$I.start_interest(p_as_of);
			customers := %1$I.customers_to_charge(p_as_of);
			COMMIT;
			WHILE n OPERATOR(pg_catalog.<=) pg_catalog.cardinality(customers) LOOP
				BEGIN
					written := %1$I.charge_interest(run, customers[n : n OPERATOR(pg_catalog.+) size OPERATOR(pg_catalog.-) 1]);
					charges := charges OPERATOR(pg_catalog.+) written;
				EXCEPTION WHEN OTHERS THEN
					GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
					written := NULL;
				END;
				COMMIT;
				IF written IS NULL AND size OPERATOR(pg_catalog.>) 1 THEN
					size := size OPERATOR(pg_catalog./) 2;
					CONTINUE;
				ELSIF written IS NULL THEN
					RAISE WARNING 'customer %% was not charged: %%', customers[n], message;
				END IF;
				n := n OPERATOR(pg_catalog.+) size;
				size := pg_catalog.int4smaller(size OPERATOR(pg_catalog.*) 2, pg_catalog.int4larger(1, COALESCE(p_batch_size, 5000)));
			END LOOP;
		END $p$$f$, current_schema());
END $do$;
COMMENT ON PROCEDURE run_interest_in_batches(date, integer, integer) IS 'Charges late payment as run_interest() does, p_batch_size customers at a time, and commits after each batch; a customer that cannot be charged is left out with a warning. charges: how many rows of interest_charge were written. Run it outside a transaction block.';

-- ---- What was charged too much ----

CREATE OR REPLACE FUNCTION overcharged_items(p_as_of date DEFAULT NULL)
RETURNS TABLE (customer_id bigint, currency text, item_id bigint, as_of date, charged numeric, cost numeric, overcharged numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100 SET search_path FROM CURRENT AS $$
DECLARE
	day date := COALESCE(p_as_of, (SELECT max(r.as_of) FROM interest_run r));
BEGIN
	IF day IS NULL THEN
		RETURN;
	END IF;
	RETURN QUERY
		SELECT c.customer_id, c.currency, c.item_id, day, c.charged - v.amount, GREATEST(c.cost, c.minimum), c.charged - v.amount - GREATEST(c.cost, c.minimum)
		FROM interest_costs(day, p_charged => true) c JOIN interest_policy p ON p.interest_policy_id = c.interest_policy_id AND p.method <> 'compound'
			-- A charge that was voided is charged no more.
			CROSS JOIN LATERAL (SELECT COALESCE(sum(h.amount), 0) AS amount FROM interest_charge h JOIN document d ON d.customer_id = h.customer_id AND d.reverses = h.document_id
				WHERE h.customer_id = c.customer_id AND h.item_id = c.item_id AND h.kind <> 'fixed_sum') v
		WHERE c.charged - v.amount > GREATEST(c.cost, c.minimum);
END $$;
COMMENT ON FUNCTION overcharged_items(date) IS 'Items that were charged more interest than they had cost by a day (default that of the last run), as is known now: payments that were entered late, disputes of before, voids. Flat and simple interest by item.';

CREATE OR REPLACE VIEW interest_overcharged AS
SELECT o.customer_id, c.name AS customer_name, o.currency, o.item_id, d.number, i.due_date, o.as_of, o.charged, o.cost, o.overcharged
FROM overcharged_items() o JOIN customer c ON c.customer_id = o.customer_id
	JOIN item i ON i.customer_id = o.customer_id AND i.item_id = o.item_id
	JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id;
COMMENT ON VIEW interest_overcharged IS 'Items that were charged more interest than they had cost by the last run, as is known now. The difference is taken off what the item costs later; where it costs no more, void the charge or enter a credit note.';
COMMENT ON COLUMN interest_overcharged.customer_id IS 'The debtor.';
COMMENT ON COLUMN interest_overcharged.customer_name IS 'Its name.';
COMMENT ON COLUMN interest_overcharged.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN interest_overcharged.item_id IS 'Key of the item, with customer_id.';
COMMENT ON COLUMN interest_overcharged.number IS 'Number of its document.';
COMMENT ON COLUMN interest_overcharged.due_date IS 'When it was due.';
COMMENT ON COLUMN interest_overcharged.as_of IS 'Day of the last interest run.';
COMMENT ON COLUMN interest_overcharged.charged IS 'What it was charged, less what was voided.';
COMMENT ON COLUMN interest_overcharged.cost IS 'What it has cost up to that day, the minimum of its policy included.';
COMMENT ON COLUMN interest_overcharged.overcharged IS 'The difference.';

-- ---- What letters need of it ----

CREATE OR REPLACE FUNCTION late_charges(p_customer_id bigint)
RETURNS TABLE (customer_id bigint, document_id bigint)
LANGUAGE plpgsql STABLE ROWS 10 SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY SELECT l.customer_id, l.fee_document_id FROM dunning_letter l WHERE l.customer_id = p_customer_id AND l.fee_document_id IS NOT NULL
		UNION SELECT h.customer_id, h.document_id FROM interest_charge h WHERE h.customer_id = p_customer_id AND h.document_id IS NOT NULL;
END $$;
COMMENT ON FUNCTION late_charges(bigint) IS 'Documents of dunning fees, interest and other claims for late payment of a customer.';

CREATE OR REPLACE FUNCTION charge_with_letters(p_dunning_run_id bigint, p_customers bigint[])
RETURNS integer LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	charged bigint[];
BEGIN
	charged := ARRAY(SELECT DISTINCT l.customer_id FROM dunning_letter l JOIN dunning_level v ON v.dunning_policy_id = l.dunning_policy_id AND v.level = l.level
		WHERE l.dunning_run_id = p_dunning_run_id AND l.customer_id = ANY (p_customers) AND v.charges_interest);
	IF cardinality(charged) = 0 THEN
		RETURN 0;
	END IF;
	RETURN charge_interest(start_interest((SELECT r.as_of FROM dunning_run r WHERE r.dunning_run_id = p_dunning_run_id)), charged);
END $$;
COMMENT ON FUNCTION charge_with_letters(bigint, bigint[]) IS 'Charges the interest of customers whose letter in a dunning run is of a level that does. Behind dun_customers().';

CREATE OR REPLACE VIEW receivable_parts AS
SELECT i.customer_id, c.name AS customer_name, i.currency, COALESCE(sum(i.open_amount) FILTER (WHERE d.kind NOT IN ('fee', 'finance_charge')), 0) AS principal,
	COALESCE(sum(i.open_amount) FILTER (WHERE d.kind = 'fee'), 0) AS fees, COALESCE(sum(i.open_amount) FILTER (WHERE d.kind = 'finance_charge'), 0) AS interest
FROM item i JOIN customer c ON c.customer_id = i.customer_id JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
WHERE i.open_amount > 0 GROUP BY i.customer_id, c.name, i.currency;
COMMENT ON VIEW receivable_parts IS 'What customers owe, by what it is owed for.';
COMMENT ON COLUMN receivable_parts.customer_id IS 'The debtor.';
COMMENT ON COLUMN receivable_parts.customer_name IS 'Its name.';
COMMENT ON COLUMN receivable_parts.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN receivable_parts.principal IS 'Open debit items other than fees and interest.';
COMMENT ON COLUMN receivable_parts.fees IS 'Open fees, fixed sums for late payment among them.';
COMMENT ON COLUMN receivable_parts.interest IS 'Open finance charges.';

CREATE OR REPLACE FUNCTION open_charges(p_customer_id bigint, p_currency text, p_as_of date, p_fee_document_id bigint, OUT interest numeric, OUT charges numeric)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	SELECT COALESCE(sum(u.amount) FILTER (WHERE d.kind = 'finance_charge' AND d.doc_date = p_as_of), 0),
		COALESCE(sum(u.amount) FILTER (WHERE NOT (d.kind = 'finance_charge' AND d.doc_date = p_as_of) AND d.document_id IS DISTINCT FROM p_fee_document_id), 0)
	INTO interest, charges
	FROM item i JOIN document d ON d.customer_id = i.customer_id AND d.document_id = i.document_id
		CROSS JOIN LATERAL (SELECT i.open_amount - COALESCE((SELECT x.disputed_amount FROM disputed_items x WHERE x.customer_id = p_customer_id AND x.item_id = i.item_id), 0) AS amount) u
	WHERE i.customer_id = p_customer_id AND i.currency = p_currency AND i.open_amount > 0
		-- Of this customer: what is asked for each letter must not read the letters of all.
		AND (EXISTS (SELECT FROM dunning_letter l WHERE l.customer_id = p_customer_id AND l.fee_document_id = d.document_id)
			OR EXISTS (SELECT FROM interest_charge h WHERE h.customer_id = p_customer_id AND h.document_id = d.document_id));
END $$;
COMMENT ON FUNCTION open_charges(bigint, text, date, bigint) IS 'What is open, and not disputed, of interest charged on a day, and of other charges for late payment but the fee named. Behind letter_texts().';
