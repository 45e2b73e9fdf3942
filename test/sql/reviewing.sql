-- Reviews, early warnings, and the risk of the whole portfolio.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET datestyle = ISO;
CREATE EXTENSION IF NOT EXISTS credit_control;
DROP SCHEMA IF EXISTS review CASCADE;
SELECT credit.create_ledger('review', 'USD', time_zone => 'Etc/UTC');
SET search_path = review, public;
CREATE FUNCTION pg_temp.says(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN regexp_replace(concat_ws(E'\n', SQLSTATE || ' ' || SQLERRM, NULLIF(detail, ''), NULLIF(hint, '')), '\d{4}-\d\d-\d\d', 'DAY', 'g');
END $$;
SELECT count(add_customer('Customer ' || g, g)) FROM generate_series(1, 12) g;
SELECT set_fx_rate('EUR', 2, '2020-01-01');
SELECT ledger_today() AS today \gset

-- ---- Reviews ----

INSERT INTO review_policy (risk_class, least_exposure, months) VALUES ('high', 0, 3), ('high', 50000, 1);
SELECT review_months(c, e) AS months, c AS risk_class, e AS exposure FROM (VALUES (NULL, 0), (NULL, 9999.99), (NULL, 10000), (NULL, 500000), ('high', 10), ('high', 60000), ('low', 10000), (NULL, NULL)) v (c, e);
SELECT set_risk_class(2, 'high'), set_credit_limit(3, 10000) > 0 AS limited, post_invoice(4, 'I-1', :'today', 60000, :'today', 'EUR') > 0 AS exposed, set_customer_status(5, 'closed');
SELECT set_review_due(6, :'today'::date + 10), set_review_due(7, :'today'::date + 1000);
SELECT schedule_reviews();
SELECT schedule_reviews() AS again;
SELECT customer_id, risk_class, review_due = (:'today'::date + make_interval(months => CASE customer_id WHEN 2 THEN 3 WHEN 3 THEN 12 WHEN 4 THEN 6 ELSE 24 END))::date AS by_policy,
	status, exposure, limit_amount, last_reviewed_on FROM review_queue ORDER BY customer_id;
-- Another class brings it forward, and nothing puts it off.
SELECT set_risk_class(3, 'high'), set_risk_class(2, NULL);
SELECT schedule_reviews();
SELECT customer_id, review_due = (:'today'::date + interval '3 months')::date AS in_three_months FROM review_queue WHERE customer_id IN (2, 3) ORDER BY 1;
SELECT complete_review(3, 'lowered', 'pays late', p_recommendation_id => recommendation_id) FROM recommend_limit(3);
SELECT complete_review(4, 'watched', 'large', :'today'::date + 20);
SELECT customer_id, reviewed_on = :'today' AS today, outcome, next_review IN (:'today'::date + 20, (:'today'::date + interval '3 months')::date) AS next_by_policy_or_person, figures ->> 'exposure' AS exposure, recommendation_id IS NOT NULL AS cites FROM credit_review ORDER BY 2, 1;
SELECT post_payment(4, 'P-1', :'today', 20000, 'EUR') > 0 AS paid, set_risk_class(4, 'high'), set_terms(4, 'net 15');
SELECT * FROM review_changes(4);
SELECT * FROM review_changes(1);
SELECT customer_id, status, last_outcome, exposure_change FROM review_queue WHERE customer_id IN (3, 4, 6) ORDER BY 1;
SELECT set_review_due(6, :'today'::date - 3);
SELECT customer_id, days_overdue, status FROM review_queue WHERE days_overdue > 0;
-- The check rule reads the same day.
INSERT INTO check_rule (rule_no, kind, threshold, action) VALUES (50, 'review_overdue', 2, 'reject');
SELECT set_credit_limit(6, 10) > 0 AS limited;
SELECT c.id, o.outcome FROM unnest('{6,3}'::integer[]) c (id), check_credit(c.id, 1) o;
SELECT pg_temp.says(x) FROM (VALUES ($$SELECT complete_review(1, 'fine', 'x')$$), ($$SELECT complete_review(1, 'confirmed', '')$$), ($$SELECT complete_review(1, 'confirmed', 'x', ledger_today())$$),
	($$SELECT complete_review(1, 'confirmed', 'x', p_recommendation_id => 1)$$), ($$SELECT complete_review(99, 'confirmed', 'x')$$), ('UPDATE credit_review SET reason = 1 RETURNING 1')) v (x);

-- ---- Early warnings ----

TRUNCATE warning_rule;
INSERT INTO warning_rule (rule_no, kind, threshold, ratio, severity, risk_class) VALUES
	(1, 'days_late_drift', 10, NULL, 3, NULL), (2, 'bucket_reached', 0, NULL, 2, NULL), (3, 'utilisation', 90, NULL, 2, NULL), (4, 'limit_requests', 1, NULL, 2, NULL),
	(5, 'order_spike', 200, NULL, 3, NULL), (6, 'broken_promises', 0, NULL, 3, NULL), (7, 'returned_payments', 0, NULL, 4, NULL), (8, 'score_drop', 30, NULL, 3, NULL),
	(9, 'grade_drop', 0, NULL, 3, NULL), (10, 'bureau_drop', 10, NULL, 3, NULL), (11, 'statement_age', 550, NULL, 1, NULL), (12, 'ratio_below', 1, 'current_ratio', 3, NULL),
	(13, 'ratio_above', 3, 'debt_to_equity', 5, NULL), (14, 'dilution', 10, NULL, 2, NULL), (15, 'insured_overdue', 0, NULL, 5, NULL), (16, 'security_expiring', 70, NULL, 1, NULL),
	(17, 'utilisation', 10, NULL, 5, 'watched'), (18, 'dispute_surge', 5, NULL, 2, NULL);
-- What has nothing to be warned of gives none.
SELECT count(*) FROM warnings_on(:'today', 1);
CREATE SCHEMA review_shop;
CREATE TABLE review_shop.orders (id integer, customer_id bigint, total numeric);
SELECT watch_orders('review_shop.orders', 'customer_id', 'total', 'id');
SELECT add_score_card('trade', 'base 600 odds 50 pdo 20 start 500; bureau_score: <50 => 0, else 60, null => 60; grades: A>=540, else B', 'first', '2020-01-01', p_loss_given_default => 50) > 0 AS card;
SELECT rescore_portfolio();
DO $$
DECLARE
	today date := ledger_today();
BEGIN
	-- 8 paid in time, and lately 25 days late; 9 has an invoice that has just become too old, and a high use of its limit.
	FOR n IN 1 .. 10 LOOP
		PERFORM post_invoice(8, 'I-' || n, today - 360 + 30 * n, 100, today - 350 + 30 * n),
			post_payment(8, 'P-' || n, today - 350 + 30 * n + CASE WHEN n > 8 THEN 25 ELSE 0 END, 100);
		PERFORM apply_payment(8, (SELECT d.document_id FROM document d WHERE d.customer_id = 8 AND d.number = 'P-' || n), p_applied_on => today - 350 + 30 * n + CASE WHEN n > 8 THEN 25 ELSE 0 END);
	END LOOP;
	PERFORM post_invoice(9, 'I-1', today - 100, 950, today - 70), set_credit_limit(9, 900), set_credit_limit(9, 500, p_kind => 'insured', p_covered_percent => 90, p_max_overdue_days => 60, p_provider => 'I'),
		post_credit_note(9, 'K-1', today - 5, 100), request_approval(9, 'limit', 5000, 'more'), request_approval(9, 'limit', 6000, 'more still'), set_risk_figure(9, 'broken_promises', 2),
		set_credit_limit(9, 5, p_valid_to => today + 10, p_kind => 'guarantee', p_provider => 'Bank');
	PERFORM return_payment(9, post_payment(9, 'P-1', today - 10, 50), today - 5);
	PERFORM add_credit_report(10, 'Bureau', today - 100, 80), add_credit_report(10, 'Other', today - 50, 45), add_credit_report(10, 'Bureau', today - 10, 40);
	PERFORM add_financial_statement(10, today - 1000, today - 700, '{"total_assets": 1000, "total_liabilities": 800, "equity": 200, "current_assets": 100, "current_liabilities": 400}', false);
	PERFORM set_credit_limit(11, 10000), post_invoice(11, 'I-1', today - 30, 1200, today), set_risk_class(11, 'watched');
	-- 9 disputed nothing before: 95 of 950; 11 does as it always did: 12 of 120 before, and 130 of 1,320.
	PERFORM open_dispute(9, i.item_id, 95, 'service') FROM item i JOIN document d USING (customer_id, document_id) WHERE i.customer_id = 9 AND d.number = 'I-1';
	PERFORM post_invoice(11, 'I-2', today - 200, 120, today - 170), post_invoice(11, 'I-3', today - 20, 120, today + 10);
	PERFORM open_dispute(11, i.item_id, v.amount, 'service', p_opened_on => v.opened_on) FROM (VALUES ('I-2', 12, today - 190), ('I-1', 130, today - 10)) v (number, amount, opened_on)
		JOIN document d ON d.customer_id = 11 AND d.number = v.number JOIN item i ON i.customer_id = 11 AND i.document_id = d.document_id;
	INSERT INTO review_shop.orders VALUES (1, 11, 250);
	-- Scored every night, a fall stays to be seen.
	PERFORM rescore_portfolio(), rescore_portfolio();
END $$;
SELECT customer_id, rule_no, kind, severity, figure, threshold, (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(details) e WHERE e.key !~ '^(on|valid_to|oldest_due)$') AS details
FROM early_warning ORDER BY 1, 2;
-- Each kind was found once at least; of one customer it is the same.
SELECT r.kind FROM warning_rule r WHERE NOT EXISTS (SELECT FROM early_warning w WHERE w.rule_no = r.rule_no);
SELECT count(*) AS differ FROM (SELECT customer_id, rule_no, figure, details FROM early_warning) w
	FULL JOIN (SELECT g AS customer_id, o.rule_no, o.figure, o.details FROM generate_series(1, 12) g, warnings_on(:'today', g) o) o USING (customer_id, rule_no) WHERE w.figure IS DISTINCT FROM o.figure OR w.details IS DISTINCT FROM o.details;
-- At the threshold nothing is above it; rules end, and are for a class.
UPDATE warning_rule SET threshold = 95 WHERE rule_no = 3;
UPDATE warning_rule SET valid_to = :'today'::date - 1 WHERE rule_no = 7;
UPDATE warning_rule SET risk_class = 'nobody' WHERE rule_no = 6;
SELECT count(*) FROM early_warning WHERE rule_no IN (3, 6, 7);
SELECT pg_temp.says($$INSERT INTO warning_rule (rule_no, kind, threshold, severity) VALUES (99, 'mood', 1, 1) RETURNING 1$$) ~ '^23514' AS refused, pg_temp.says($$SELECT * FROM warnings_on(NULL)$$);

-- ---- The portfolio ----

SELECT set_parent(9, 8), set_parent(11, 10), set_parent(10, 4);
SELECT section, label, customer_id, rank, customers, exposure, share_percent, expected_loss, unrated_exposure, hhi FROM portfolio_risk ORDER BY section, rank;
-- By hand: who owes, at 50 percent loss; groups count as one.
WITH e AS (SELECT x.customer_id, x.exposure, credit.pd(k.card, h.score) AS pd, CASE x.customer_id WHEN 9 THEN 8 WHEN 10 THEN 4 WHEN 11 THEN 4 ELSE x.customer_id END AS head
	FROM exposure_in('USD') x JOIN LATERAL (SELECT * FROM score_history h WHERE h.customer_id = x.customer_id ORDER BY score_history_id DESC LIMIT 1) h ON true JOIN score_card k USING (score_card_id) WHERE x.exposure > 0)
SELECT sum(exposure) AS exposure, round(sum(exposure * pd) / 2, 2) AS expected_loss, (SELECT round(sum((g / (SELECT sum(exposure) FROM e) * 100) ^ 2), 2) FROM (SELECT sum(exposure) AS g FROM e GROUP BY head) s) AS hhi FROM e;
SELECT * FROM verify_ledger();
DROP SCHEMA review, review_shop CASCADE;
