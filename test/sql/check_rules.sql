-- check_rules.sql: each kind of check rule just not broken and just broken, scopes and exclusions.
\set VERBOSITY terse
SET client_min_messages = warning;
-- The ledger's day is the session's.
SET timezone = 'Etc/UTC';
CREATE EXTENSION IF NOT EXISTS credit_control;
SELECT credit.create_ledger('rul', 'USD', time_zone => 'Etc/UTC');
SET search_path = rul, public;
SELECT add_customer('Customer ' || g, g) FROM generate_series(1, 30) g;
SELECT count(set_credit_limit(c.customer_id, 1000000)) FROM customer c;
TRUNCATE check_rule CASCADE;

-- What a check says of one rule: figure, threshold and outcome.
CREATE FUNCTION pg_temp.says(p_customer_id bigint, p_amount numeric DEFAULT 10) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', c ->> 'kind', c ->> 'figure', 'of', c ->> 'threshold', c ->> 'outcome'), '; ' ORDER BY c -> 'rule_no')
	FROM rul.check_credit(p_customer_id, p_amount), jsonb_array_elements(checks) c $$;
CREATE FUNCTION pg_temp.rule(p_kind text, p_threshold numeric DEFAULT NULL, p_grace integer DEFAULT 0, p_net boolean DEFAULT true) RETURNS void LANGUAGE sql AS $$
	DELETE FROM rul.check_exclusion; DELETE FROM rul.check_rule;
	INSERT INTO rul.check_rule (rule_no, kind, threshold, grace_days, net_of_unapplied) VALUES (1, p_kind, p_threshold, p_grace, p_net) $$;

CREATE FUNCTION pg_temp.unknown(p_kind text, p_when_unknown text) RETURNS void LANGUAGE sql AS $$
	DELETE FROM rul.check_rule;
	INSERT INTO rul.check_rule (rule_no, kind, threshold, action, when_unknown) VALUES (1, p_kind, 5, 'warn', p_when_unknown) $$;

-- No rule is no approval.
SELECT outcome FROM check_credit(1, 10);

SELECT pg_temp.rule('document_value', 500);
SELECT pg_temp.says(1, 500), pg_temp.says(1, 500.01);

-- 990 of 100,000 past due is 0.99 percent, and more than none.
SELECT post_invoice(2, 'A', current_date - 60, 990, current_date - 2), post_invoice(2, 'B', current_date - 60, 99010, current_date + 30);
SELECT pg_temp.rule('overdue_percent', 0);
SELECT pg_temp.says(2), pg_temp.says(1);
SELECT pg_temp.rule('overdue_percent', 0.99);
SELECT pg_temp.says(2);
SELECT pg_temp.rule('overdue_percent', 0.9899);
SELECT pg_temp.says(2);
-- Two days past due are within three days of grace, and beyond one.
SELECT pg_temp.rule('overdue_amount', 0, 3);
SELECT pg_temp.says(2);
SELECT pg_temp.rule('overdue_amount', 0, 1);
SELECT pg_temp.says(2);
-- Unapplied credit is taken off, unless gross is asked for.
SELECT post_payment(2, 'P', current_date, 900) > 0 AS paid;
SELECT pg_temp.rule('overdue_amount', 90);
SELECT pg_temp.says(2);
SELECT pg_temp.rule('overdue_amount', 90, 0, false);
SELECT pg_temp.says(2);

-- Days past due: everybody above 61 is held; an exclusion says 100 for one customer, and spares a class altogether.
SELECT count(post_invoice(c, 'O', current_date - 120, 10, current_date - d)) FROM (VALUES (3, 61), (4, 62), (5, 80), (6, 100), (7, 101), (8, 90)) v (c, d);
SELECT pg_temp.rule('oldest_overdue', 61);
INSERT INTO check_exclusion (rule_no, customer_id, threshold) VALUES (1, 5, 100), (1, 6, 100), (1, 7, 100);
INSERT INTO check_exclusion (rule_no, risk_class) VALUES (1, 'key account');
SELECT set_risk_class(8, 'key account'), set_risk_class(7, 'key account');
SELECT c, pg_temp.says(c) FROM generate_series(3, 8) c;
SELECT outcome FROM check_credit(8, 10);

-- A rule for one class.
SELECT pg_temp.rule('document_value', 5);
UPDATE check_rule SET risk_class = 'key account';
SELECT pg_temp.says(8), pg_temp.says(9);

-- A rule for a group: its head and all below it, also when the head is put below another; and those who leave are out.
SELECT pg_temp.rule('document_value', 5);
SELECT set_parent(27, 26), set_parent(28, 27);
UPDATE check_rule SET group_id = 26;
SELECT c, pg_temp.says(c) FROM generate_series(25, 29) c;
SELECT set_parent(26, 25), set_parent(28, NULL);
SELECT c, pg_temp.says(c) FROM generate_series(25, 29) c;
UPDATE check_rule SET customer_id = 1;
UPDATE check_rule SET group_id = 999;
SELECT set_parent(26, NULL), set_parent(27, NULL);

-- Levels, index, score, grade.  Who has no index, score or grade is not approved by a rule on them, unless it says so.
SELECT set_risk_figure(10, 'dunning_level', 2), set_risk_figure(10, 'broken_promises', 1), set_risk_figure(10, 'payment_index', 70),
	set_risk_figure(10, 'score', 600), set_risk_figure(10, 'grade', 3), set_risk_figure(10, 'score', 1, current_date + 1);
SELECT k AS kind, t AS threshold, (SELECT pg_temp.says(10) FROM pg_temp.rule(k, t)) AS customer_10, (SELECT pg_temp.says(11) FROM pg_temp.rule(k, t)) AS customer_11
FROM (VALUES ('dunning_level', 2), ('dunning_level', 1), ('broken_promises', 1), ('broken_promises', 0), ('payment_index', 70), ('payment_index', 71),
	('score', 600), ('score', 601), ('grade', 3), ('grade', 2)) v (k, t);

SELECT k AS kind, u AS when_unknown, (SELECT pg_temp.says(11) FROM pg_temp.unknown(k, u)) AS customer_11
FROM unnest('{payment_index,score,grade}'::text[]) k, unnest('{approve,warn,hold,reject}'::text[]) u;
UPDATE check_rule SET when_unknown = 'perhaps';

-- Limits that ended, and that soon will.
SELECT add_customer('Expired', 40), add_customer('Expiring', 41), add_customer('Renewed', 42), add_customer('Never', 43);
SELECT set_credit_limit(40, 5, current_date - 10, current_date - 3), set_credit_limit(41, 5, current_date - 10, current_date + 6),
	set_credit_limit(42, 5, current_date - 10, current_date + 6), set_credit_limit(42, 5, current_date + 7);
SELECT pg_temp.rule('limit_expired');
SELECT c, pg_temp.says(c) FROM generate_series(40, 43) c;
SELECT pg_temp.rule('limit_expiring', 7);
SELECT c, pg_temp.says(c) FROM generate_series(40, 43) c;
SELECT pg_temp.rule('limit_expiring', 6);
SELECT pg_temp.says(41);

-- Reviews, returned payments, status, changed terms, dormant accounts.
SELECT set_review_due(12, current_date - 5), set_review_due(13, current_date + 5);
SELECT pg_temp.rule('review_overdue', 4);
SELECT pg_temp.says(12), pg_temp.says(13), pg_temp.says(14);
SELECT pg_temp.rule('review_overdue', 5);
SELECT pg_temp.says(12);
SELECT return_payment(15, post_payment(15, 'P', current_date - 40, 10), current_date - 30) > 0 AS returned;
SELECT pg_temp.rule('returned_payment', 30);
SELECT pg_temp.says(15), pg_temp.says(16);
SELECT pg_temp.rule('returned_payment', 29);
SELECT pg_temp.says(15);
SELECT set_customer_status(17, 'sanctioned');
SELECT pg_temp.rule('customer_status');
SELECT pg_temp.says(17), pg_temp.says(18);
-- However the status is written.
UPDATE customer SET status = CASE customer_id WHEN 18 THEN 'closed' ELSE 'active' END WHERE customer_id IN (17, 18);
SELECT pg_temp.says(17), pg_temp.says(18);
INSERT INTO customer (customer_id, name, status) VALUES (98, 'Gone before it came', 'closed');
SELECT pg_temp.says(98);
SELECT * FROM verify_ledger();
SELECT set_terms(19, 'net 60');
SELECT pg_temp.rule('terms_changed', 0);
SELECT pg_temp.says(19), pg_temp.says(20);
SELECT post_invoice(21, 'I', current_date - 400, 1, current_date - 370), post_invoice(22, 'I', current_date - 365, 1, current_date - 330);
SELECT pg_temp.rule('dormant', 365);
SELECT pg_temp.says(21), pg_temp.says(22), pg_temp.says(23);

-- An order table sees the same, with the rule in the error.
CREATE SCHEMA rul_shop;
CREATE TABLE rul_shop.orders (id bigint PRIMARY KEY, customer_id bigint, total numeric);
SELECT watch_orders('rul_shop.orders', 'customer_id', 'total', 'id');
INSERT INTO rul_shop.orders VALUES (1, 21, 10);
INSERT INTO rul_shop.orders VALUES (1, 22, 10);

-- Rules that cannot be.
INSERT INTO check_rule (rule_no, kind, threshold) VALUES (2, 'horoscope', 1);
INSERT INTO check_rule (rule_no, kind) VALUES (2, 'score');
INSERT INTO check_rule (rule_no, kind, threshold) VALUES (2, 'customer_status', 1);
INSERT INTO check_rule (rule_no, kind, threshold) VALUES (2, 'limit_use', 1000000);
INSERT INTO check_rule (rule_no, kind, threshold) VALUES (2, 'document_value', -1);
INSERT INTO check_rule (rule_no, kind, threshold, customer_id, risk_class) VALUES (2, 'document_value', 1, 1, 'x');
INSERT INTO check_exclusion (rule_no) VALUES (1);
INSERT INTO check_exclusion (rule_no, customer_id) VALUES (77, 1);
SELECT set_customer_status(1, 'unlucky');
SELECT set_risk_figure(1, 'shoe_size', 44);
SELECT set_risk_figure(1, 'payment_index', 101);
SELECT set_risk_figure(1, 'grade', -1);
SELECT set_risk_figure(99, 'grade', 1);
SELECT set_review_due(1, 'infinity');
DROP SCHEMA rul_shop, rul CASCADE;
