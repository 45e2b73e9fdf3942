-- Periodic reviews: who is due, what changed since the last one.

ALTER TABLE credit_review ALTER actor SET DEFAULT actor();

CREATE OR REPLACE FUNCTION review_figures(p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, figures jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	today date := ledger_today();
BEGIN
	RETURN QUERY
		SELECT a.customer_id, a.attributes || jsonb_strip_nulls(jsonb_build_object('risk_class', c.risk_class, 'status', c.status, 'terms', c.terms::text,
			'exposure', COALESCE(e.exposure, 0), 'score', s.score, 'grade', s.grade))
		FROM attributes_at(today, NULL, p_customer_id) a JOIN customer c ON c.customer_id = a.customer_id
			LEFT JOIN exposure_in(base, today, p_customer_id) e ON e.customer_id = a.customer_id
			LEFT JOIN LATERAL (SELECT h.score, h.grade FROM score_history h WHERE h.customer_id = a.customer_id AND h.as_of <= today
				ORDER BY h.as_of DESC, h.score_history_id DESC LIMIT 1) s ON true;
END $$;
COMMENT ON FUNCTION review_figures(bigint) IS 'What a review looks at, today: attributes_at() with score, grade, risk class, status, terms and exposure; of all customers or one.';

CREATE OR REPLACE FUNCTION review_months(p_risk_class text, p_exposure numeric)
RETURNS integer LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
	RETURN (SELECT p.months FROM review_policy p WHERE (p.risk_class = p_risk_class OR p.risk_class IS NULL) AND p.least_exposure <= COALESCE(p_exposure, 0)
		ORDER BY p.risk_class IS NULL, p.least_exposure DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION review_months(text, numeric) IS 'Months from one review to the next, by the review policy; NULL where it says nothing.';

CREATE OR REPLACE FUNCTION complete_review(p_customer_id bigint, p_outcome text, p_reason text, p_next_review date DEFAULT NULL, p_recommendation_id bigint DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	today date := ledger_today();
	known jsonb;
	next_day date := p_next_review;
	id bigint;
BEGIN
	PERFORM require_reason(p_reason, format('the review of customer %s', p_customer_id));
	IF p_outcome IS NULL OR p_outcome NOT IN ('confirmed', 'raised', 'lowered', 'watched', 'stopped') THEN
		RAISE EXCEPTION 'unknown outcome "%" of a review', p_outcome
			USING ERRCODE = 'invalid_parameter_value', HINT = 'It is confirmed, raised, lowered, watched or stopped.';
	END IF;
	IF p_next_review <= today OR NOT isfinite(p_next_review) THEN
		RAISE EXCEPTION 'next review of customer % must be after this one', p_customer_id
			USING ERRCODE = 'datetime_field_overflow', DETAIL = format('It is %s; today is %s.', p_next_review, today);
	END IF;
	PERFORM lock_customer(p_customer_id);
	IF p_recommendation_id IS NOT NULL
		AND NOT EXISTS (SELECT FROM limit_recommendation r WHERE r.customer_id = p_customer_id AND r.limit_recommendation_id = p_recommendation_id) THEN
		RAISE EXCEPTION 'customer % has no recommendation %', p_customer_id, p_recommendation_id
			USING ERRCODE = 'foreign_key_violation', HINT = 'recommend_limit() makes one.';
	END IF;
	SELECT f.figures INTO known FROM review_figures(p_customer_id) f;
	IF next_day IS NULL THEN
		next_day := today + make_interval(months => review_months(known ->> 'risk_class', GREATEST((known ->> 'exposure')::numeric, (known ->> 'limit_amount')::numeric)));
	END IF;
	INSERT INTO credit_review (customer_id, reviewed_on, outcome, reason, next_review, figures, recommendation_id)
	VALUES (p_customer_id, today, p_outcome, p_reason, next_day, known, p_recommendation_id) RETURNING credit_review_id INTO id;
	PERFORM set_review_due(p_customer_id, next_day);
	RETURN id;
END $$;
COMMENT ON FUNCTION complete_review(bigint, text, text, date, bigint) IS 'Notes that a customer was reviewed today, with the figures of today, and when the next review is due: p_next_review, or as the review policy says. Returns its id.';

-- Each change of a customer is kept by a trigger; the lock is taken as tighten() does, for all in id order.
CREATE OR REPLACE FUNCTION schedule_reviews()
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	today date := ledger_today();
	customers bigint[];
	dates date[];
BEGIN
	SELECT array_agg(d.customer_id ORDER BY d.customer_id), array_agg(d.due ORDER BY d.customer_id) INTO customers, dates
	FROM (
		SELECT c.customer_id, (COALESCE(r.reviewed_on, c.created_at::date) + make_interval(months => m.months))::date AS due, c.review_due
		FROM customer c
			JOIN exposure k ON k.customer_id = c.customer_id AND k.currency = base AND k.merged_into IS NULL
			LEFT JOIN exposure_in(base, today) e ON e.customer_id = c.customer_id
			LEFT JOIN (SELECT DISTINCT ON (v.customer_id) v.customer_id, v.reviewed_on FROM credit_review v ORDER BY v.customer_id, v.credit_review_id DESC) r
				ON r.customer_id = c.customer_id
			CROSS JOIN LATERAL review_months(c.risk_class, GREATEST(e.exposure, k.limit_amount)) m (months)
		WHERE c.status = 'active') d
	-- A review is brought forward by the policy, and put off by a person only.
	WHERE d.due IS NOT NULL AND (d.review_due IS NULL OR d.due < d.review_due);
	PERFORM FROM exposure e WHERE e.customer_id = ANY (customers) AND e.currency = base ORDER BY e.customer_id FOR NO KEY UPDATE;
	UPDATE exposure e SET check_seq = e.check_seq + 1 WHERE e.customer_id = ANY (customers) AND e.currency = base;
	UPDATE customer c SET review_due = d.due FROM unnest(customers, dates) d (customer_id, due) WHERE c.customer_id = d.customer_id;
	RETURN COALESCE(cardinality(customers), 0);
END $$;
COMMENT ON FUNCTION schedule_reviews() IS 'Sets by when active customers are to be reviewed, by the review policy from their last review (or since they were added): of those who have no day yet, and of those for whom it is earlier now, because their class or exposure changed. Returns how many.';

CREATE OR REPLACE FUNCTION review_changes(p_customer_id bigint)
RETURNS TABLE (figure text, value_then jsonb, value_now jsonb, change numeric)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
	RETURN QUERY
		WITH last AS (SELECT v.figures FROM credit_review v WHERE v.customer_id = p_customer_id ORDER BY v.credit_review_id DESC LIMIT 1),
		today AS (SELECT f.figures FROM review_figures(p_customer_id) f)
		SELECT COALESCE(b.key, n.key), b.value, n.value,
			CASE WHEN jsonb_typeof(b.value) = 'number' AND jsonb_typeof(n.value) = 'number' THEN n.value::numeric - b.value::numeric END
		FROM (SELECT e.* FROM last l, jsonb_each(l.figures) e) b FULL JOIN (SELECT e.* FROM today t, jsonb_each(t.figures) e) n ON n.key = b.key
		-- 1 and 1.00 are the same.
		WHERE EXISTS (SELECT FROM last) AND b.value IS DISTINCT FROM n.value ORDER BY 1;
END $$;
COMMENT ON FUNCTION review_changes(bigint) IS 'What changed since a customer''s last review: each figure that is another one, then and now, and by how much. No rows without a review.';

CREATE OR REPLACE VIEW review_queue AS
-- Once for all, not once for each.
WITH owed AS MATERIALIZED (SELECT e.customer_id, e.exposure FROM ledger_info l, LATERAL exposure_in(l.base_currency) e)
SELECT c.customer_id, c.name AS customer_name, c.risk_class, c.review_due, t.today - c.review_due AS days_overdue,
	CASE WHEN c.review_due < t.today THEN 'overdue' WHEN c.review_due <= t.today + 30 THEN 'due' ELSE 'planned' END AS status,
	l.base_currency AS currency, COALESCE(e.exposure, 0) AS exposure, k.limit_amount, r.reviewed_on AS last_reviewed_on, r.outcome AS last_outcome, r.actor AS last_reviewed_by,
	COALESCE(e.exposure, 0) - (r.figures ->> 'exposure')::numeric AS exposure_change, s.score - (r.figures ->> 'score')::numeric AS score_change,
	r.figures ->> 'grade' AS grade_then, s.grade AS grade_now
FROM ledger_info l
	CROSS JOIN LATERAL (SELECT (statement_timestamp() AT TIME ZONE l.time_zone)::date AS today) t
	JOIN customer c ON c.review_due IS NOT NULL
	JOIN exposure k ON k.customer_id = c.customer_id AND k.currency = l.base_currency AND k.merged_into IS NULL
	LEFT JOIN owed e ON e.customer_id = c.customer_id
	LEFT JOIN (SELECT DISTINCT ON (v.customer_id) v.* FROM credit_review v ORDER BY v.customer_id, v.credit_review_id DESC) r ON r.customer_id = c.customer_id
	LEFT JOIN (SELECT DISTINCT ON (h.customer_id) h.customer_id, h.score, h.grade FROM score_history h ORDER BY h.customer_id, h.as_of DESC, h.score_history_id DESC) s
		ON s.customer_id = c.customer_id;
COMMENT ON VIEW review_queue IS 'Customers to be reviewed: when, and what has changed most since the last time; review_changes() has all of it.';
COMMENT ON COLUMN review_queue.customer_id IS 'The debtor.';
COMMENT ON COLUMN review_queue.customer_name IS 'Its name.';
COMMENT ON COLUMN review_queue.risk_class IS 'Its risk class.';
COMMENT ON COLUMN review_queue.review_due IS 'Day by which it is to be reviewed.';
COMMENT ON COLUMN review_queue.days_overdue IS 'Days since; zero or less: still in time.';
COMMENT ON COLUMN review_queue.status IS 'overdue, due (within 30 days) or planned.';
COMMENT ON COLUMN review_queue.currency IS 'Base currency, of the amounts.';
COMMENT ON COLUMN review_queue.exposure IS 'Its exposure now.';
COMMENT ON COLUMN review_queue.limit_amount IS 'Its credit limit in force.';
COMMENT ON COLUMN review_queue.last_reviewed_on IS 'Day of the last review.';
COMMENT ON COLUMN review_queue.last_outcome IS 'Its outcome.';
COMMENT ON COLUMN review_queue.last_reviewed_by IS 'Person who did it.';
COMMENT ON COLUMN review_queue.exposure_change IS 'Exposure now less exposure then.';
COMMENT ON COLUMN review_queue.score_change IS 'Score now less score then.';
COMMENT ON COLUMN review_queue.grade_then IS 'Grade at the last review.';
COMMENT ON COLUMN review_queue.grade_now IS 'Grade now.';
