-- Watching in between: early warnings, and the risk of the whole portfolio.

CREATE OR REPLACE FUNCTION warnings_on(p_on date, p_customer_id bigint DEFAULT NULL)
RETURNS TABLE (customer_id bigint, rule_no integer, kind text, severity integer, figure numeric, threshold numeric, details jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	base text := (SELECT l.base_currency FROM ledger_info l);
	known timestamptz := end_of_day(p_on);
BEGIN
	PERFORM require_as_of(p_on);
	RETURN QUERY
		WITH rule AS MATERIALIZED (SELECT r.* FROM warning_rule r WHERE p_on BETWEEN r.valid_from AND r.valid_to),
		attribute AS MATERIALIZED (SELECT a.customer_id, a.attributes AS now FROM attributes_at(p_on, known, p_customer_id) a),
		-- Only asked for where a rule does.  As known today the past costs no more than what was applied since.
		earlier AS MATERIALIZED (
			SELECT b.customer_id, max(credit.oldest(b.aging)) AS oldest_bucket
			FROM aging_at(p_on - 30, p_known_at => CASE WHEN p_on < ledger_today() THEN known END, p_customer_id => p_customer_id) b
			WHERE EXISTS (SELECT FROM rule r WHERE r.kind = 'bucket_reached') GROUP BY b.customer_id),
		-- The score against the best of 90 days by the same card: a job that scores every night must not hide a fall after a day.
		scored AS (
			SELECT DISTINCT ON (h.customer_id) h.customer_id, h.score, h.grade, h.grade_rank, max(h.score) OVER w AS best_score, min(h.grade_rank) OVER w AS best_rank
			FROM score_history h WHERE h.as_of <= p_on AND h.as_of > p_on - 90 AND h.recorded_at <= known AND (p_customer_id IS NULL OR h.customer_id = p_customer_id)
			WINDOW w AS (PARTITION BY h.customer_id, h.score_card_id)
			ORDER BY h.customer_id, h.as_of DESC, h.score_history_id DESC),
		report AS (
			SELECT o.customer_id, o.bureau, o.score, row_number() OVER w AS n, lead(o.score) OVER w AS score_before, lead(o.report_date) OVER w AS reported_before
			FROM credit_report o WHERE o.received_on <= p_on AND o.recorded_at <= known AND o.score IS NOT NULL AND (p_customer_id IS NULL OR o.customer_id = p_customer_id)
			WINDOW w AS (PARTITION BY o.customer_id, o.bureau ORDER BY o.report_date DESC, o.credit_report_id DESC)),
		measured AS (
			SELECT a.customer_id, v.kind, v.figure, v.details
			FROM attribute a, LATERAL (VALUES
				('days_late_drift', (a.now ->> 'days_late_trend')::numeric, jsonb_build_object('recent', a.now -> 'days_late_recent', 'before', a.now -> 'days_late_before')),
				('utilisation', (a.now ->> 'utilisation')::numeric * 100, jsonb_build_object('balance', a.now -> 'balance', 'limit', a.now -> 'limit_amount')),
				('broken_promises', (a.now ->> 'broken_promises')::numeric, '{}'::jsonb),
				('returned_payments', (a.now ->> 'returned_payments')::numeric, '{}'),
				('dilution', (a.now ->> 'dilution')::numeric * 100, jsonb_build_object('invoiced', a.now -> 'invoiced')),
				('dispute_surge', ((a.now ->> 'dispute_share_recent')::numeric - COALESCE((a.now ->> 'dispute_share_before')::numeric, 0)) * 100,
					jsonb_build_object('recent', a.now -> 'dispute_share_recent', 'before', a.now -> 'dispute_share_before', 'disputed', a.now -> 'disputed')),
				('statement_age', (a.now ->> 'statement_age_days')::numeric, '{}')) v (kind, figure, details)
			UNION ALL
			SELECT a.customer_id, 'bucket_reached', (a.now ->> 'oldest_bucket')::numeric - COALESCE(e.oldest_bucket, 1),
				jsonb_build_object('bucket', a.now -> 'oldest_bucket', 'bucket_then', COALESCE(e.oldest_bucket, 1), 'past_due', a.now -> 'past_due')
			FROM attribute a LEFT JOIN earlier e ON e.customer_id = a.customer_id WHERE (a.now ->> 'oldest_bucket')::integer > 1
			UNION ALL
			SELECT p.customer_id, 'limit_requests', count(*), jsonb_build_object('largest', max(p.amount)) FROM approval p
			WHERE p.action = 'limit' AND p.requested_at <= known AND p.requested_at > known - interval '90 days' AND (p_customer_id IS NULL OR p.customer_id = p_customer_id)
			GROUP BY p.customer_id
			UNION ALL
			SELECT e.customer_id, 'order_spike', round(e.ordered * 1200 / NULLIF((a.now ->> 'invoiced')::numeric, 0), 2),
				jsonb_build_object('ordered', e.ordered, 'monthly_invoiced', round((a.now ->> 'invoiced')::numeric / 12, 2))
			FROM exposure_in(base, p_on, p_customer_id) e JOIN attribute a ON a.customer_id = e.customer_id WHERE e.ordered > 0
			UNION ALL
			SELECT s.customer_id, v.kind, v.figure, v.details
			FROM scored s, LATERAL (VALUES
				('score_drop', s.best_score - s.score, jsonb_build_object('score', s.score, 'best', s.best_score)),
				('grade_drop', (s.grade_rank - s.best_rank)::numeric, jsonb_build_object('grade', s.grade, 'rank', s.grade_rank, 'best_rank', s.best_rank))) v (kind, figure, details)
			UNION ALL
			SELECT r.customer_id, 'bureau_drop', r.score_before - r.score, jsonb_build_object('bureau', r.bureau, 'score', r.score, 'before', r.score_before, 'on', r.reported_before)
			FROM report r WHERE r.n = 1
			UNION ALL
			SELECT i.customer_id, 'insured_overdue', (p_on - min(i.due_date) - min(l.max_overdue_days))::numeric, jsonb_build_object('oldest_due', min(i.due_date), 'allowed', min(l.max_overdue_days))
			FROM credit_limit l JOIN item i ON i.customer_id = l.customer_id AND i.open_amount > 0
			WHERE l.kind = 'insured' AND l.max_overdue_days IS NOT NULL AND l.in_force @> p_on AND (p_customer_id IS NULL OR l.customer_id = p_customer_id)
			GROUP BY i.customer_id
			UNION ALL
			SELECT s.customer_id, 'security_expiring', 100 - min(s.valid_to - p_on), jsonb_build_object('valid_to', min(s.valid_to), 'amount', sum(s.amount))
			FROM (SELECT y.customer_id, y.valid_to, y.amount FROM security y WHERE y.valid_to BETWEEN p_on AND p_on + 100
					AND NOT EXISTS (SELECT FROM security_release x WHERE x.customer_id = y.customer_id AND x.security_id = y.security_id)
				UNION ALL SELECT g.customer_id, g.valid_to, g.amount FROM credit_limit g WHERE g.kind = 'guarantee' AND g.valid_to BETWEEN p_on AND p_on + 100) s
			WHERE p_customer_id IS NULL OR s.customer_id = p_customer_id GROUP BY s.customer_id)
		SELECT m.customer_id, r.rule_no, r.kind, r.severity, m.figure, r.threshold, jsonb_strip_nulls(m.details)
		FROM measured m JOIN rule r ON r.kind = m.kind AND m.figure > r.threshold JOIN customer c ON c.customer_id = m.customer_id
		WHERE r.risk_class IS NULL OR r.risk_class = c.risk_class
		UNION ALL
		SELECT a.customer_id, r.rule_no, r.kind, r.severity, f.figure, r.threshold, jsonb_build_object(r.ratio, f.figure)
		FROM rule r CROSS JOIN attribute a JOIN customer c ON c.customer_id = a.customer_id,
			LATERAL (SELECT CASE WHEN jsonb_typeof(a.now -> r.ratio) = 'number' THEN (a.now ->> r.ratio)::numeric END AS figure) f
		WHERE r.ratio IS NOT NULL AND CASE r.kind WHEN 'ratio_below' THEN f.figure < r.threshold ELSE f.figure > r.threshold END
			AND (r.risk_class IS NULL OR r.risk_class = c.risk_class);
END $$;
COMMENT ON FUNCTION warnings_on(date, bigint) IS 'What the warning rules find on a day, from what was known then; of all customers or one. Orders, open items and limits are those of now.';

CREATE OR REPLACE VIEW early_warning AS
SELECT w.customer_id, c.name AS customer_name, w.rule_no, w.kind, w.severity, w.figure, w.threshold, w.details
FROM ledger_info l, LATERAL warnings_on((statement_timestamp() AT TIME ZONE l.time_zone)::date) w JOIN customer c ON c.customer_id = w.customer_id;
COMMENT ON VIEW early_warning IS 'Signs that a customer gets worse, by the rules in warning_rule: one row per rule that warns, with its figures.';
COMMENT ON COLUMN early_warning.customer_id IS 'The debtor.';
COMMENT ON COLUMN early_warning.customer_name IS 'Its name.';
COMMENT ON COLUMN early_warning.rule_no IS 'The rule.';
COMMENT ON COLUMN early_warning.kind IS 'What is measured.';
COMMENT ON COLUMN early_warning.severity IS '1 to 5, 5 the most severe.';
COMMENT ON COLUMN early_warning.figure IS 'What was found.';
COMMENT ON COLUMN early_warning.threshold IS 'The rule''s threshold.';
COMMENT ON COLUMN early_warning.details IS 'The figures behind it.';

CREATE OR REPLACE VIEW portfolio_risk AS
WITH RECURSIVE owed AS MATERIALIZED (
	SELECT e.customer_id, GREATEST(e.exposure, 0) AS exposure FROM ledger_info l, LATERAL exposure_in(l.base_currency) e WHERE e.exposure > 0),
-- From the heads down: whoever has no parent is one.
head AS (
	SELECT c.customer_id, c.customer_id AS group_id FROM customer c WHERE c.parent_id IS NULL
	UNION ALL SELECT c.customer_id, h.group_id FROM head h JOIN customer c ON c.parent_id = h.customer_id),
rated AS MATERIALIZED (
	SELECT o.customer_id, o.exposure, s.grade, s.pd, s.loss_given_default, h.group_id
	FROM owed o JOIN head h ON h.customer_id = o.customer_id LEFT JOIN (
		SELECT DISTINCT ON (h.customer_id) h.customer_id, h.grade, h.pd, k.loss_given_default FROM score_history h JOIN score_card k ON k.score_card_id = h.score_card_id
		ORDER BY h.customer_id, h.as_of DESC, h.score_history_id DESC) s ON s.customer_id = o.customer_id),
grouped AS MATERIALIZED (
	SELECT r.group_id, count(*) AS customers, sum(r.exposure) AS exposure, sum(r.exposure * r.pd * r.loss_given_default / 100) AS loss,
		sum(r.exposure) FILTER (WHERE r.pd IS NULL) AS unrated, bool_or(r.customer_id <> r.group_id) AS has_members
	FROM rated r GROUP BY r.group_id),
total AS MATERIALIZED (SELECT sum(g.exposure) AS exposure FROM grouped g),
part AS (
	SELECT 'total' AS section, NULL::text AS label, NULL::bigint AS customer_id, count(*) AS customers, sum(r.exposure) AS exposure,
		sum(r.exposure * r.pd * r.loss_given_default / 100) AS loss, sum(r.exposure) FILTER (WHERE r.pd IS NULL) AS unrated,
		-- Groups fail together: they count as one.
		(SELECT sum((g.exposure / t.exposure) ^ 2) * 10000 FROM grouped g, total t) AS hhi, 0 AS rank
	FROM rated r HAVING count(*) > 0
	UNION ALL
	SELECT 'grade' AS section, r.grade, NULL::bigint AS customer_id, count(*), sum(r.exposure), sum(r.exposure * r.pd * r.loss_given_default / 100),
		sum(r.exposure) FILTER (WHERE r.pd IS NULL), NULL::numeric AS hhi, row_number() OVER (ORDER BY avg(r.pd) NULLS LAST, r.grade) FROM rated r GROUP BY r.grade
	UNION ALL
	SELECT 'group' AS section, c.name, g.group_id, g.customers, g.exposure, g.loss, g.unrated, NULL::numeric AS hhi, row_number() OVER (ORDER BY g.exposure DESC, g.group_id)
	FROM grouped g JOIN customer c ON c.customer_id = g.group_id WHERE g.has_members
	UNION ALL
	SELECT 'top' AS section, c.name, t.group_id, t.customers, t.exposure, t.loss, t.unrated, NULL::numeric AS hhi, t.n
	FROM (SELECT g.*, row_number() OVER (ORDER BY g.exposure DESC, g.group_id) AS n FROM grouped g ORDER BY g.exposure DESC, g.group_id LIMIT 20) t JOIN customer c ON c.customer_id = t.group_id)
SELECT p.section, p.label, p.customer_id, p.rank::integer AS rank, p.customers, l.base_currency AS currency, p.exposure,
	round(p.exposure * 100 / NULLIF(t.exposure, 0), 2) AS share_percent, round(p.loss, credit.minor_unit(l.base_currency)) AS expected_loss, COALESCE(p.unrated, 0) AS unrated_exposure,
	round(p.hhi, 2) AS hhi
FROM part p CROSS JOIN total t CROSS JOIN ledger_info l;
COMMENT ON VIEW portfolio_risk IS 'The risk of all customers together, now, in base currency: in total, by grade, by group, and the 20 largest (a group counts as one). What owes nothing, or less than nothing, is not in it.';
COMMENT ON COLUMN portfolio_risk.section IS 'total, grade, group (those of several customers), or top (the 20 largest).';
COMMENT ON COLUMN portfolio_risk.label IS 'The grade (NULL: not scored), or the name of the customer at the head.';
COMMENT ON COLUMN portfolio_risk.customer_id IS 'The customer at the head of the group.';
COMMENT ON COLUMN portfolio_risk.rank IS 'Order within the section, from 1.';
COMMENT ON COLUMN portfolio_risk.customers IS 'Customers in it with an exposure.';
COMMENT ON COLUMN portfolio_risk.currency IS 'Base currency.';
COMMENT ON COLUMN portfolio_risk.exposure IS 'Their exposure.';
COMMENT ON COLUMN portfolio_risk.share_percent IS 'Percent of the total.';
COMMENT ON COLUMN portfolio_risk.expected_loss IS 'Exposure x probability of bad x loss given default of the card, of those with a score; NULL where none has one.';
COMMENT ON COLUMN portfolio_risk.unrated_exposure IS 'Exposure of those without a probability: not in expected_loss.';
COMMENT ON COLUMN portfolio_risk.hhi IS 'Total: Herfindahl-Hirschman index of the groups'' shares in percent, 0 to 10000.';
