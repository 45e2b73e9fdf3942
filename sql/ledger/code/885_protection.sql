-- What is not to be asked for on a day, and why.
CREATE OR REPLACE FUNCTION protected_items(p_as_of date, p_customer_ids bigint[])
RETURNS TABLE (customer_id bigint, item_id bigint, reason text, amount numeric, until date, subject_id bigint)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		SELECT d.customer_id, d.item_id, 'disputed', LEAST(d.amount, i.open_amount), NULL::date, d.dispute_id
		FROM dispute d JOIN item i ON i.customer_id = d.customer_id AND i.item_id = d.item_id AND i.open_amount > 0
		WHERE d.opened_on <= p_as_of AND (d.ended_on IS NULL OR d.ended_on > p_as_of) AND (p_customer_ids IS NULL OR d.customer_id = ANY (p_customer_ids))
		UNION ALL
		SELECT p.customer_id, i.item_id, 'promised', LEAST(COALESCE(t.amount, i.open_amount), i.open_amount), p.due_on + p.tolerance_days, p.promise_id
		FROM promise p
			LEFT JOIN promise_item t ON t.customer_id = p.customer_id AND t.promise_id = p.promise_id
			-- Without items, the promise is about all that was owed.
			JOIN item i ON i.customer_id = p.customer_id AND i.open_amount > 0
				AND CASE WHEN t.item_id IS NOT NULL THEN i.item_id = t.item_id ELSE i.currency = p.currency AND i.posting_date <= p.promised_on END
		WHERE p.promised_on <= p_as_of AND p_as_of <= p.due_on + p.tolerance_days AND (p.state = 'open' OR p.state_on > p_as_of)
			AND (p_customer_ids IS NULL OR p.customer_id = ANY (p_customer_ids))
		UNION ALL
		SELECT p.customer_id, i.item_id, 'planned', i.open_amount,
			(SELECT max(n.due_date) FROM payment_plan_instalment n WHERE n.customer_id = p.customer_id AND n.payment_plan_id = p.payment_plan_id), p.payment_plan_id
		FROM payment_plan p
			JOIN payment_plan_item t ON t.customer_id = p.customer_id AND t.payment_plan_id = p.payment_plan_id
			JOIN item i ON i.customer_id = t.customer_id AND i.item_id = t.item_id AND i.open_amount > 0
		WHERE (p_customer_ids IS NULL OR p.customer_id = ANY (p_customer_ids)) AND (p.state = 'active' OR p.state_on > p_as_of)
			AND (SELECT e.state FROM payment_plan_event e WHERE e.customer_id = p.customer_id AND e.payment_plan_id = p.payment_plan_id AND e.state_on <= p_as_of
				ORDER BY e.payment_plan_event_id DESC LIMIT 1) = 'active'
		UNION ALL
		SELECT s.customer_id, i.item_id, 'settled', i.open_amount, s.due_on, s.settlement_id
		FROM settlement s
			JOIN settlement_item t ON t.customer_id = s.customer_id AND t.settlement_id = s.settlement_id
			JOIN item i ON i.customer_id = t.customer_id AND i.item_id = t.item_id AND i.open_amount > 0
		WHERE s.agreed_on <= p_as_of AND p_as_of <= s.due_on AND (s.state = 'agreed' OR s.state_on > p_as_of) AND (p_customer_ids IS NULL OR s.customer_id = ANY (p_customer_ids))
		UNION ALL
		SELECT o.customer_id, o.item_id, 'placed', i.open_amount, NULL, o.escalation_id
		FROM open_placements(p_as_of, p_customers => p_customer_ids) o
			JOIN item i ON i.customer_id = o.customer_id AND i.item_id = o.item_id AND i.open_amount > 0
		WHERE p_customer_ids IS NULL OR o.customer_id = ANY (p_customer_ids);
END $$;
COMMENT ON FUNCTION protected_items(date, bigint[]) IS 'item_protection() of some customers (NULL: of all).';

CREATE OR REPLACE FUNCTION item_protection(p_as_of date, p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, item_id bigint, reason text, amount numeric, until date, subject_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	PERFORM require_as_of(p_as_of);
	RETURN QUERY SELECT g.* FROM protected_items(p_as_of, CASE WHEN p_customer_id IS NOT NULL THEN ARRAY[p_customer_id] END) g;
END $$;
COMMENT ON FUNCTION item_protection(date, bigint) IS 'Open items that are not to be asked for on a day, of all customers or one, a row for each reason: disputed (the amount in dispute), promised (until the tolerance ends) or planned (in a payment plan in force), settled (a settlement is agreed, until its day) or placed (with lawyers or an agency); and by which dispute, promise, plan, settlement or escalation.';

CREATE OR REPLACE FUNCTION planned_aging(p_as_of date, p_buckets credit.aging_buckets DEFAULT NULL, p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, currency text, aging credit.aging)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	bounds credit.aging_buckets := COALESCE(p_buckets, (SELECT l.aging_buckets FROM ledger_info l));
	by_plan boolean := (SELECT y.ages_by = 'plan' FROM plan_policy y);
BEGIN
	PERFORM require_as_of(p_as_of);
	RETURN QUERY
		WITH open AS (
			SELECT i.customer_id, i.item_id, i.currency, i.due_date, i.open_amount + COALESCE(a.amount, 0) AS open_amount, p.payment_plan_id
			FROM item i
				LEFT JOIN (SELECT l.customer_id, l.debit_item_id, sum(l.amount) AS amount FROM allocation l WHERE l.applied_on > p_as_of GROUP BY 1, 2) a
					ON a.customer_id = i.customer_id AND a.debit_item_id = i.item_id
				LEFT JOIN item_protection(p_as_of, p_customer_id) x ON by_plan AND x.customer_id = i.customer_id AND x.item_id = i.item_id AND x.reason = 'planned'
				LEFT JOIN payment_plan p ON p.customer_id = x.customer_id AND p.payment_plan_id = x.subject_id
			WHERE i.amount > 0 AND i.posting_date <= p_as_of AND (p_customer_id IS NULL OR i.customer_id = p_customer_id)),
		-- What is open of a plan is its last instalments.
		instalment AS (
			SELECT n.customer_id, n.payment_plan_id, n.due_date, n.amount + n.interest_amount AS amount,
				sum(n.amount + n.interest_amount) OVER (PARTITION BY n.customer_id, n.payment_plan_id ORDER BY n.instalment_no DESC) - n.amount - n.interest_amount AS after
			FROM payment_plan_instalment n),
		aged AS (
			SELECT o.customer_id, o.currency, o.due_date, o.open_amount FROM open o WHERE o.payment_plan_id IS NULL AND o.open_amount > 0
			UNION ALL
			SELECT s.customer_id, s.currency, n.due_date, LEAST(n.amount, s.open_amount - n.after)
			FROM (SELECT o.customer_id, o.currency, o.payment_plan_id, sum(o.open_amount) AS open_amount FROM open o WHERE o.payment_plan_id IS NOT NULL GROUP BY 1, 2, 3) s
				JOIN instalment n ON n.customer_id = s.customer_id AND n.payment_plan_id = s.payment_plan_id AND n.after < s.open_amount)
		SELECT g.customer_id, g.currency, credit.aging(g.open_amount, g.due_date, p_as_of, bounds) FROM aged g GROUP BY g.customer_id, g.currency;
END $$;
COMMENT ON FUNCTION planned_aging(date, credit.aging_buckets, bigint) IS 'Aging of the debit items as of a date in which items of payment plans age as plan_policy says: by their own due dates, as everywhere else, or by those of the instalments that are not paid, the last ones first.';
